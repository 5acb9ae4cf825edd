//! How a Decimal is made: of a text, an integer, a float, a tuple or another decimal; exactly, or rounded to a context.
//!
//! Nothing is rounded here, except by `create_decimal`. A value beyond the limits of exponents is an invalid operation, which the context
//! may trap.

use super::class::note_float;
use super::context::Context;
use super::convert::{of_float, of_int};
use super::environment::condition::{CONVERSION_SYNTAX, INVALID_OPERATION};
use super::notation::{Fault, coef_of_digits, parse};
use super::number::{Kind, LEAST_EXPONENT, MAX_EXPONENT, Number, Sign};
use super::operand::{
    compute_decimal, decimal, given_context, is_plain_decimal, new_decimal, new_of_class,
    not_supported, note,
};
use crate::runtime::{Builtin, Raised};
use crate::stdlib::arg::{as_int, as_str, plain_value};
use crate::text::unicode::to_ascii_number;
use crate::vm::{Local, Native, Vm};

/// `Decimal(value, context)`
pub const NEW: Native = Native::vm(
    "Decimal(cls, /, value='0', context=None)",
    "A decimal number with exactly the value of the argument.",
    |vm, args| {
        let context = given_context(vm, args.at(2))?;
        if vm.get(args.at(1)).is_undef() {
            return Ok(new_of_class(vm, args.at(0), Number::int(0)));
        }
        if decimal(vm.get(args.at(1))).is_some() && is_plain_decimal(vm, args.at(1)) {
            let plain = new_decimal(vm, Number::int(0));
            let plain = vm.heap.class_of(vm.get(plain)).value();
            if plain.is(vm.get(args.at(0))) {
                return Ok(args.at(1));
            }
        }
        let number = exact(vm, args.at(1), context)?;
        Ok(new_of_class(vm, args.at(0), number))
    },
);

/// The number that is exactly a value.
fn exact(vm: &mut Vm, value: Local, context: Local) -> Result<Number, Raised> {
    if let Some(text) = as_str(&vm.heap, vm.get(value)) {
        let read = read(vm, text.as_str(), Leniency::Python)?;
        return accepted(vm, read, context);
    }
    let number = other(vm, value, context)?;
    let is_beyond = number.exp < LEAST_EXPONENT || number.adjusted() > MAX_EXPONENT;
    accepted(
        vm,
        if is_beyond {
            Err(Fault::Limits)
        } else {
            Ok(number)
        },
        context,
    )
}

/// The number that is exactly a value other than a text.
fn other(vm: &mut Vm, value: Local, context: Local) -> Result<Number, Raised> {
    let heap = &vm.heap;
    let given = vm.get(value);
    if let Some(number) = decimal(given) {
        return Ok(number.clone());
    }
    if let Some(n) = as_int(heap, given) {
        return Ok(of_int(n));
    }
    if let Some(x) = plain_value(heap, given).as_float() {
        let number = of_float(x, &|n| heap.pause(n)).map_err(|error| heap.raise_text(error))?;
        note_float(vm, context)?;
        return Ok(number);
    }
    if heap.is_instance(given, Builtin::Tuple) || heap.is_instance(given, Builtin::List) {
        return of_tuple(vm, value);
    }
    Err(not_supported(heap, given))
}

/// How a text may be written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leniency {
    /// With white space around and underscores between digits, as Python's numbers.
    Python,
    /// As the specification has it.
    Strict,
}

fn read(vm: &Vm, text: &str, leniency: Leniency) -> Result<Result<Number, Fault>, Raised> {
    let heap = &vm.heap;
    let ascii = to_ascii_number(text);
    let mut bytes = ascii.as_bytes();
    let cleaned: Vec<u8>;
    if leniency == Leniency::Python {
        bytes = bytes.trim_ascii();
        // ASCII separators are white space, too.
        while let [0x1c..=0x1f | 0x0b, rest @ ..] | [rest @ .., 0x1c..=0x1f | 0x0b] = bytes {
            bytes = rest.trim_ascii();
        }
        if bytes.contains(&b'_') {
            cleaned = bytes.iter().copied().filter(|c| *c != b'_').collect();
            bytes = &cleaned;
        }
    }
    parse(bytes, &|n| heap.pause(n)).map_err(|error| heap.raise_text(error))
}

/// A number that was read, or the condition that the text has.
fn accepted(vm: &mut Vm, read: Result<Number, Fault>, context: Local) -> Result<Number, Raised> {
    match read {
        Ok(number) => Ok(number),
        Err(fault) => {
            let is_syntax = matches!(fault, Fault::Syntax);
            note(
                vm,
                context,
                if is_syntax {
                    CONVERSION_SYNTAX
                } else {
                    INVALID_OPERATION
                },
            )?;
            Ok(Number::nan())
        }
    }
}

fn of_tuple(vm: &mut Vm, value: Local) -> Result<Number, Raised> {
    let parts = vm.to_list(value)?;
    let items = list_items(vm, parts);
    let [sign, digits, exp] = items[..] else {
        return Err(vm
            .heap
            .value_error("argument must be a sequence of length 3"));
    };
    let sign = match as_int(&vm.heap, vm.get(sign)).map(|n| n.to_i64()) {
        Some(Some(0)) => Sign::Plus,
        Some(Some(1)) => Sign::Minus,
        _ => {
            return Err(vm
                .heap
                .value_error("sign must be an integer with the value 0 or 1"));
        }
    };
    let kind = match as_str(&vm.heap, vm.get(exp)).map(|text| text.as_str()) {
        None => Kind::Finite,
        Some("F") => Kind::Infinite,
        Some("n") => Kind::Quiet,
        Some("N") => Kind::Signaling,
        Some(_) => {
            let message = "string argument in the third position must be 'F', 'n' or 'N'";
            return Err(vm.heap.value_error(message));
        }
    };
    if kind == Kind::Infinite {
        return Ok(Number::infinity(sign));
    }
    let wrong = |vm: &Vm| vm.heap.value_error("coefficient must be a tuple of digits");
    let heap = &vm.heap;
    if !heap.is_instance(vm.get(digits), Builtin::Tuple)
        && !heap.is_instance(vm.get(digits), Builtin::List)
    {
        return Err(wrong(vm));
    }
    let exp = match as_int(heap, vm.get(exp)) {
        Some(exp) => exp
            .to_i64()
            .unwrap_or(i64::MAX)
            .clamp(-i64::MAX / 4, i64::MAX / 4),
        None if kind == Kind::Finite => {
            return Err(heap.value_error("exponent must be an integer"));
        }
        None => 0,
    };
    let list = vm.to_list(digits)?;
    let mut figures = Vec::new();
    for item in list_items(vm, list) {
        match as_int(&vm.heap, vm.get(item)).and_then(|n| n.to_i64()) {
            Some(digit @ 0..=9) => figures.push(b'0' + digit as u8),
            _ => return Err(wrong(vm)),
        }
    }
    let heap = &vm.heap;
    let start = figures
        .iter()
        .position(|c| *c != b'0')
        .unwrap_or(figures.len());
    let coef = coef_of_digits(&figures[start..], &|n| heap.pause(n))
        .map_err(|error| heap.raise_text(error))?;
    if kind != Kind::Finite {
        return Ok(Number {
            coef,
            exp: 0,
            sign,
            kind,
        });
    }
    Ok(Number::finite(sign, coef, exp))
}

/// The items of a list, each in a local of its own.
fn list_items(vm: &Vm, list: Local) -> Vec<Local> {
    let Some(list) = vm.get_gc::<crate::runtime::list::List>(list) else {
        return Vec::new();
    };
    let items = (0..).map_while(|i| list.item(&vm.heap, i));
    items.map(|item| vm.local(item)).collect()
}

/// `Decimal.from_float(f)`
pub const FROM_FLOAT: Native = Native::vm(
    "from_float(cls, f, /)",
    "The exact value of a float or an integer.",
    |vm, args| {
        let number = float_or_int(vm, args.at(1))?;
        let made = new_decimal(vm, number);
        let class = vm.heap.class_of(vm.get(made)).value();
        if class.is(vm.get(args.at(0))) {
            return Ok(made);
        }
        vm.call(args.at(0), &[made])
    },
);

fn float_or_int(vm: &Vm, value: Local) -> Result<Number, Raised> {
    let heap = &vm.heap;
    let given = vm.get(value);
    if let Some(n) = as_int(heap, given) {
        return Ok(of_int(n));
    }
    match plain_value(heap, given).as_float() {
        Some(x) => of_float(x, &|n| heap.pause(n)).map_err(|error| heap.raise_text(error)),
        None => Err(heap.type_error("argument must be int or float")),
    }
}

/// `Context.create_decimal(num)`
pub const CREATE_DECIMAL: Native = Native::vm(
    "create_decimal(self, num='0', /)",
    "A decimal rounded to this context.",
    |vm, args| {
        let context = args.at(0);
        let number = match as_str(&vm.heap, vm.get(args.at(1))) {
            _ if vm.get(args.at(1)).is_undef() => Number::int(0),
            Some(text) => {
                let read = read(vm, text.as_str(), Leniency::Strict)?;
                // A text beyond the limits is rounded to an infinity or zero.
                match read {
                    Err(Fault::Limits) => beyond(text.as_str()),
                    read => accepted(vm, read, context)?,
                }
            }
            None => other(vm, args.at(1), context)?,
        };
        if number.is_nan() {
            let most = vm.payload::<Context>(context).payload_digits();
            if number.coef.digits() as i64 > most {
                note(vm, context, CONVERSION_SYNTAX)?;
                return Ok(new_decimal(vm, Number::nan()));
            }
        }
        compute_decimal(vm, context, |_, env| Ok(env.fix(&number)))
    },
);

/// A number beyond all limits that is as good as the one that a text has.
fn beyond(text: &str) -> Number {
    let sign = Sign::of(text.starts_with('-'));
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let coef = if mantissa.bytes().any(|c| matches!(c, b'1'..=b'9')) {
        1u128
    } else {
        0
    };
    let is_small = text.contains("e-") || text.contains("E-");
    Number::finite(
        sign,
        coef,
        if is_small { i64::MIN / 4 } else { i64::MAX / 4 },
    )
}

/// `Context.create_decimal_from_float(f)`
pub const CREATE_DECIMAL_FROM_FLOAT: Native = Native::vm(
    "create_decimal_from_float(self, f, /)",
    "A float as a decimal rounded to this context.",
    |vm, args| {
        let number = float_or_int(vm, args.at(1))?;
        compute_decimal(vm, args.at(0), |_, env| Ok(env.fix(&number)))
    },
);
