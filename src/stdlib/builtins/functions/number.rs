//! Builtin functions on numbers: `abs`, `divmod`, `pow`, `round`.
//!
//! Builtin numbers are computed at once, anything else is asked by its special method. The algorithms are in
//! `text/num`. To add one: a `Native`, its function, a name in the table.

use super::scope::absent;
use crate::runtime::builtin_eq::Number;
use crate::runtime::intern::Sym;
use crate::runtime::{Heap, Raised, Value};
use crate::text::num::complex::complex_abs;
use crate::text::num::rounding::{float_round, float_round_digits, int_round_digits};
use crate::text::{Int, IntRef, TextError};
use crate::vm::protocol::arith::Operator;
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The functions of this file.
pub const FUNCTIONS: &[&Native] = &[&ABS, &DIVMOD, &POW, &ROUND];

const ABS: Native = Native::vm(
    "abs(x, /)",
    "Return the absolute value of the argument.",
    |vm, args| absolute(vm, args.at(0)),
)
.quick(quick_abs);

/// `abs(x)`
pub fn absolute(vm: &mut Vm, x: Local) -> Result<Local, Raised> {
    if let Some(number) = vm.get(x).as_number() {
        return match magnitude(&vm.heap, number) {
            Ok(value) => Ok(vm.local(value)),
            Err(error) => Err(vm.heap.raise_text(error)),
        };
    }
    match vm.call_special(x, Sym::Abs, &[])? {
        Some(result) => Ok(result),
        None => {
            let class = vm.heap.type_name(vm.get(x));
            Err(vm
                .heap
                .type_error(format!("bad operand type for abs(): '{class}'")))
        }
    }
}

fn magnitude<'h>(heap: &'h Heap, number: Number<'h>) -> Result<Value<'h>, TextError> {
    Ok(match number {
        Number::Int(IntRef::Small(n)) if n != i64::MIN => heap.int(n.abs()),
        Number::Int(n) => heap.any_int(Int::from(n.magnitude().into_owned())),
        Number::Float(x) => Value::float(x.abs()),
        Number::Complex(c) => Value::float(complex_abs((c.re, c.im))?),
    })
}

/// `abs` of a small integer or a float.
fn quick_abs<'h>(heap: &'h Heap, args: Args<'h>) -> Option<Value<'h>> {
    let x = args.get(0);
    if args.len() != 1 {
        return None;
    }
    match x.as_float() {
        Some(x) => Some(Value::float(x.abs())),
        None => Some(heap.int(x.as_int()?.abs())),
    }
}

const DIVMOD: Native = Native::vm(
    "divmod(x, y, /) -> tuple",
    "Return the tuple (x//y, x%y).  Invariant: div*y + mod == x.\n\nRaises ZeroDivisionError if y is zero.",
    |vm, args| vm.binary(Operator::DivMod, args.at(0), args.at(1)),
);

const POW: Native = Native::vm(
    "pow(base, exp, mod=None)",
    "Equivalent to base**exp with 2 arguments or base**exp % mod with 3 arguments.\n\n\
     Some types, such as ints, are able to use a more efficient algorithm when\ninvoked using the three argument form.",
    |vm, args| {
        if absent(vm, args.at(2)) {
            return vm.binary(Operator::Pow, args.at(0), args.at(1));
        }
        vm.pow3(args.at(0), args.at(1), args.at(2))
    },
);

const ROUND: Native = Native::vm(
    "round(number, ndigits=None)",
    "Round a number to a given precision in decimal digits.\n\n\
     The return value is an integer if ndigits is omitted or None.  Otherwise\n\
     the return value has the same type as the number.  ndigits may be negative.",
    round,
);

fn round(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let places = (!absent(vm, args.at(1))).then_some(args.at(1));
    match vm.get(args.at(0)).as_number() {
        None | Some(Number::Complex(_)) => return round_object(vm, args.at(0), places),
        _ => {}
    }
    let places = match places {
        Some(places) => Some(vm.index_clipped(places)?),
        None => None,
    };
    let heap = &vm.heap;
    let rounded = match (vm.get(args.at(0)).as_number(), places) {
        (Some(Number::Int(n)), None) => Ok(heap.any_int(n.to_int())),
        (Some(Number::Int(n)), Some(places)) => Ok(heap.any_int(int_round_digits(n, places))),
        (Some(Number::Float(x)), None) => float_round(x).map(|n| heap.any_int(n)),
        (Some(Number::Float(x)), Some(places)) => float_round_digits(x, places).map(Value::float),
        _ => unreachable!("the other numbers went to `round_object`"),
    };
    match rounded {
        Ok(value) => Ok(vm.local(value)),
        Err(error) => Err(vm.heap.raise_text(error)),
    }
}

fn round_object(vm: &mut Vm, number: Local, places: Option<Local>) -> Result<Local, Raised> {
    match vm.call_special(number, Sym::Round, places.as_slice())? {
        Some(result) => Ok(result),
        None => {
            let class = vm.heap.type_name(vm.get(number));
            Err(vm
                .heap
                .type_error(format!("type {class} doesn't define __round__ method")))
        }
    }
}
