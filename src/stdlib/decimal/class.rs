//! The class Decimal: its table, conversions to other types, texts, hash and comparisons.
//!
//! Operators are in `operators.rs`, named operations in `methods.rs`; how a Decimal is made of a value is in `construct.rs`.

use super::construct::{FROM_FLOAT, NEW};
use super::convert::{hash, to_float, to_ratio};
use super::environment::{Env, Rounding, condition};
use super::methods::METHODS;
use super::notation::{Notation, digit_text, to_text};
use super::number::{Kind, Number};
use super::operand::{compute, current, is_plain_decimal, new_decimal, new_of_class, receiver};
use super::{context::Context, formatting, quantum};
use crate::runtime::complex::Complex;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::text::int::signed;
use crate::vm::{Local, Locals, Native, Vm};

/// The class.
pub const DECIMAL: ModuleType = ModuleType {
    name: "decimal.Decimal",
    module: "decimal",
    body: NativeType {
        new: Some(&NEW),
        methods: METHODS,
        class_methods: &[&FROM_FLOAT],
        getters: &[
            Getter::vm("real", "The number itself.", |_, args| Ok(args.at(0))),
            Getter::vm("imag", "Zero.", |vm, _| Ok(new_decimal(vm, Number::int(0)))),
        ],
        has_no_dict: true,
        ..NativeType::of(
            Builtin::Opaque,
            "A decimal number, made of a text, an integer, a float (exactly), a tuple (sign, digits, exponent) or another decimal.",
        )
    },
};

/// A result of work on plain data.
fn checked<T>(vm: &Vm, result: crate::text::TextResult<T>) -> Result<T, Raised> {
    result.map_err(|error| vm.heap.raise_text(error))
}

/// The text of a number, by the capitals of a context.
pub fn text_in(vm: &Vm, this: Local, context: Local, notation: Notation) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let mark = vm.payload::<Context>(context).mark();
    let text = checked(
        vm,
        to_text(receiver(vm, this)?, notation, mark, &|n| heap.pause(n)),
    )?;
    Ok(vm.local(heap.str_value(&text)))
}

/// `str(self)`
pub const STR: Native = Native::vm("__str__(self, /)", "Return str(self).", |vm, args| {
    let context = current(vm)?;
    text_in(vm, args.at(0), context, Notation::Scientific)
});

/// `repr(self)`
pub const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let context = current(vm)?;
    let text = text_in(vm, args.at(0), context, Notation::Scientific)?;
    let text = format!("Decimal('{}')", vm.text_of(text)?);
    Ok(vm.local(vm.heap.str_value(&text)))
});

/// `format(self, spec)`
pub const FORMAT: Native = Native::vm(
    "__format__(self, format_spec, /) -> str",
    "Format the number according to format_spec.",
    |vm, args| {
        let context = current(vm)?;
        let heap = &vm.heap;
        let Some(spec) = vm.get_gc::<Str>(args.at(1)) else {
            return Err(heap.type_error("format argument must be str"));
        };
        let pause = |n| heap.pause(n);
        let context = vm.payload::<Context>(context);
        let env = context.env(&pause);
        let text = formatting::format(
            &env,
            receiver(vm, args.at(0))?,
            spec.as_str(),
            context.mark(),
        );
        let text = checked(vm, text)?;
        Ok(vm.local(heap.str_value(&text)))
    },
);

/// `hash(self)`
pub const HASH: Native = Native::vm("__hash__(self, /)", "Return hash(self).", |vm, args| {
    let number = receiver(vm, args.at(0))?;
    if number.kind == Kind::Signaling {
        return Err(vm.heap.type_error("Cannot hash a signaling NaN value"));
    }
    let hash = hash(number).unwrap_or_else(|| vm.heap.id_of(vm.get(args.at(0))));
    Ok(vm.local(vm.heap.int(hash)))
});

/// `bool(self)`
pub const BOOL: Native = Native::vm(
    "__bool__(self, /)",
    "Return True if self is not zero.",
    |vm, args| {
        let is_zero = receiver(vm, args.at(0))?.is_zero();
        Ok(vm.local(Value::bool(!is_zero)))
    },
);

/// The integer that a number is after rounding.
fn whole(vm: &mut Vm, this: Local, rounding: Rounding) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let number = receiver(vm, this)?;
    match number.kind {
        Kind::Finite => {}
        Kind::Infinite => {
            return Err(heap.raise(Builtin::OverflowError, "cannot convert Infinity to integer"));
        }
        _ => return Err(heap.value_error("cannot convert NaN to integer")),
    }
    let pause = |n| heap.pause(n);
    let env = Env {
        rounding,
        ..Env::exact(&pause)
    };
    let result =
        quantum::to_integral_exact(&env, number).and_then(|n| super::division::whole_of(&env, &n));
    let coef = checked(vm, result)?;
    let n = signed(number.sign.is_minus(), coef.into_big());
    Ok(vm.local(heap.any_int(n)))
}

/// `int(self)`
pub const INT: Native = Native::vm("__int__(self, /)", "Return int(self).", |vm, args| {
    whole(vm, args.at(0), Rounding::Down)
});
/// `math.trunc(self)`
pub const TRUNC: Native = Native::vm("__trunc__(self, /)", "The integer part.", |vm, args| {
    whole(vm, args.at(0), Rounding::Down)
});
/// `math.floor(self)`
pub const FLOOR: Native = Native::vm(
    "__floor__(self, /)",
    "The largest integer that is not greater.",
    |vm, args| whole(vm, args.at(0), Rounding::Floor),
);
/// `math.ceil(self)`
pub const CEIL: Native = Native::vm(
    "__ceil__(self, /)",
    "The smallest integer that is not smaller.",
    |vm, args| whole(vm, args.at(0), Rounding::Ceiling),
);

/// `round(self, n)`
pub const ROUND: Native = Native::vm(
    "__round__(self, n=None, /)",
    "Round to n digits after the point as the context says; without n to an integer, halves to even.",
    |vm, args| {
        let value = vm.get(args.at(1));
        if value.is_undef() || value.is_none() {
            return whole(vm, args.at(0), Rounding::HalfEven);
        }
        let Some(places) = crate::stdlib::arg::as_int(&vm.heap, value) else {
            return Err(vm.heap.type_error("optional arg must be an integer"));
        };
        let Some(places) = places.to_i64() else {
            return Err(vm.heap.raise(
                Builtin::OverflowError,
                "Python int too large to convert to C ssize_t",
            ));
        };
        let exp = places.saturating_neg().clamp(i64::MIN / 4, i64::MAX / 4);
        let context = current(vm)?;
        let unit = Number::finite(
            super::number::Sign::Plus,
            super::coefficient::Coef::ONE,
            exp,
        );
        super::operand::compute_decimal(vm, context, |vm, env| {
            Ok(quantum::quantize(env, receiver(vm, args.at(0))?, &unit))
        })
    },
);

/// `float(self)`
pub const FLOAT: Native = Native::vm("__float__(self, /)", "Return float(self).", |vm, args| {
    let x = float_of(vm, args.at(0))?;
    Ok(vm.local(Value::float(x)))
});

fn float_of(vm: &Vm, this: Local) -> Result<f64, Raised> {
    let number = receiver(vm, this)?;
    match number.kind {
        Kind::Signaling => Err(vm.heap.value_error("cannot convert signaling NaN to float")),
        Kind::Quiet => Ok(if number.sign.is_minus() {
            -f64::NAN
        } else {
            f64::NAN
        }),
        _ => checked(vm, to_float(number, &|n| vm.heap.pause(n))),
    }
}

/// `complex(self)`
pub const COMPLEX: Native = Native::vm(
    "__complex__(self, /)",
    "Return complex(self).",
    |vm, args| {
        let x = float_of(vm, args.at(0))?;
        Ok(vm.local(vm.heap.alloc(Complex { re: x, im: 0.0 }).value()))
    },
);

/// `as_integer_ratio`
pub const AS_INTEGER_RATIO: Native = Native::vm(
    "as_integer_ratio(self, /)",
    "Two integers whose quotient it is, the second one positive and as small as can be.",
    |vm, args| {
        let heap = &vm.heap;
        let number = receiver(vm, args.at(0))?;
        match number.kind {
            Kind::Finite => {}
            Kind::Infinite => {
                return Err(heap.raise(
                    Builtin::OverflowError,
                    "cannot convert Infinity to integer ratio",
                ));
            }
            _ => return Err(heap.value_error("cannot convert NaN to integer ratio")),
        }
        let (n, d) = checked(vm, to_ratio(number, &|n| heap.pause(n)))?;
        let n = heap.any_int(signed(number.sign.is_minus(), n));
        let d = heap.any_int(signed(false, d));
        Ok(vm.local(heap.tuple(&[n, d]).value()))
    },
);

/// `as_tuple`
pub const AS_TUPLE: Native = Native::vm(
    "as_tuple(self, /)",
    "Sign, digits and exponent as a named tuple.",
    |vm, args| {
        let module = vm.import_module("decimal")?;
        let class = vm.get_attr_named(module, "DecimalTuple")?;
        let heap = &vm.heap;
        let number = receiver(vm, args.at(0))?;
        let digits = match number.kind {
            Kind::Infinite => "0".to_owned(),
            Kind::Quiet | Kind::Signaling if number.coef.is_zero() => String::new(),
            _ => checked(vm, digit_text(&number.coef, &|n| heap.pause(n)))?,
        };
        heap.room_for(digits.len().saturating_mul(8))?;
        let digits: Vec<Value<'_>> = digits
            .bytes()
            .map(|c| heap.int(i64::from(c - b'0')))
            .collect();
        let exp = match number.kind {
            Kind::Finite => heap.int(number.exp),
            Kind::Infinite => heap.str_value("F"),
            Kind::Quiet => heap.str_value("n"),
            Kind::Signaling => heap.str_value("N"),
        };
        let sign = vm.local(heap.int(i64::from(number.sign.is_minus())));
        let (digits, exp) = (vm.local(heap.tuple(&digits).value()), vm.local(exp));
        vm.call(class, &[sign, digits, exp])
    },
);

/// What pickles a number.
pub const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    let context = current(vm)?;
    let text = text_in(vm, args.at(0), context, Notation::Scientific)?;
    let class = vm.heap.class_of(vm.get(args.at(0))).value();
    let arguments = vm.heap.tuple(&[vm.get(text)]).value();
    Ok(vm.local(vm.heap.tuple(&[class, arguments]).value()))
});

/// A copy: numbers never change, so only one of a subclass is made anew.
pub fn copy(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if is_plain_decimal(vm, args.at(0)) {
        return Ok(args.at(0));
    }
    let number = receiver(vm, args.at(0))?.clone();
    let class = vm.local(vm.heap.class_of(vm.get(args.at(0))).value());
    Ok(new_of_class(vm, class, number))
}

/// Notes that a float was mixed with decimals; raises if that is trapped.
pub fn note_float(vm: &mut Vm, context: Local) -> Result<(), Raised> {
    super::operand::note(vm, context, condition::FLOAT_OPERATION)
}

/// Whether a number is a subnormal or normal one, in a context.
pub fn asks(
    vm: &mut Vm,
    context: Local,
    number: Local,
    question: fn(&Env<'_>, &Number) -> bool,
) -> Result<Local, Raised> {
    let result = compute(vm, context, |vm, env| {
        Ok(Ok(question(env, &*super::operand::needed(vm, number)?)))
    })?;
    Ok(vm.local(Value::bool(result)))
}
