//! The arithmetic of timedeltas: sums with each other, products with integers and floats, quotients of all of them.
//!
//! Results are of the class `timedelta` itself, whatever class the operands are of.

use num_bigint::BigInt;
use num_traits::Zero;

use super::duration::{Duration, floor_div, floor_mod, long_of, nearest};
use super::state::{fits, length_of, new_delta, this_length};
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::{as_int, plain_value};
use crate::text::IntRef;
use crate::text::num::convert::float_to_ratio;
use crate::text::num::division::int_true_div;
use crate::vm::{Local, Locals, Native, Vm};

/// `self + value`
pub const ADD: Native = Native::vm("__add__(self, value, /)", "Return self+value.", |vm, a| {
    combine(vm, a.at(0), a.at(1), Duration::plus)
});
/// `value + self`
pub const RADD: Native = Native::vm("__radd__(self, value, /)", "Return value+self.", |vm, a| {
    combine(vm, a.at(1), a.at(0), Duration::plus)
});
/// `self - value`
pub const SUB: Native = Native::vm("__sub__(self, value, /)", "Return self-value.", |vm, a| {
    combine(vm, a.at(0), a.at(1), Duration::minus)
});
/// `value - self`
pub const RSUB: Native = Native::vm("__rsub__(self, value, /)", "Return value-self.", |vm, a| {
    combine(vm, a.at(1), a.at(0), Duration::minus)
});
/// `-self`
pub const NEG: Native = Native::vm("__neg__(self, /)", "-self", |vm, a| {
    let length = this_length(&vm.heap, vm.get(a.at(0)))?;
    made(vm, length.negated())
});
/// `+self`
pub const POS: Native = Native::vm("__pos__(self, /)", "+self", |vm, a| {
    let length = this_length(&vm.heap, vm.get(a.at(0)))?;
    Ok(new_delta(vm, length))
});
/// `abs(self)`
pub const ABS: Native = Native::vm("__abs__(self, /)", "abs(self)", |vm, a| {
    let length = this_length(&vm.heap, vm.get(a.at(0)))?;
    match length.days < 0 {
        true => made(vm, length.negated()),
        false => Ok(new_delta(vm, length)),
    }
});
/// `self * value`
pub const MUL: Native = Native::vm("__mul__(self, value, /)", "Return self*value.", multiply);
/// `value * self`
pub const RMUL: Native = Native::vm("__rmul__(self, value, /)", "Return value*self.", multiply);
/// `self / value`
pub const TRUEDIV: Native = Native::vm(
    "__truediv__(self, value, /)",
    "Return self/value.",
    true_divide,
);
/// `value / self`
pub const RTRUEDIV: Native = Native::vm(
    "__rtruediv__(self, value, /)",
    "Return value/self.",
    |vm, a| match length_of(vm.get(a.at(1))) {
        Some(other) => {
            let this = this_length(&vm.heap, vm.get(a.at(0)))?;
            ratio(vm, other, this)
        }
        None => Ok(not_implemented(vm)),
    },
);
/// `self // value`
pub const FLOORDIV: Native = Native::vm(
    "__floordiv__(self, value, /)",
    "Return self//value.",
    floor_divide,
);
/// `value // self`
pub const RFLOORDIV: Native = Native::vm(
    "__rfloordiv__(self, value, /)",
    "Return value//self.",
    |vm, a| match pair(vm, a.at(1), a.at(0)) {
        Some((x, y)) => {
            check_divisor(vm, y, DIVISION)?;
            Ok(integer(vm, floor_div(x, y)))
        }
        None => Ok(not_implemented(vm)),
    },
);
/// `self % value`
pub const MOD: Native = Native::vm("__mod__(self, value, /)", "Return self%value.", |vm, a| {
    remainder(vm, a.at(0), a.at(1))
});
/// `value % self`
pub const RMOD: Native = Native::vm("__rmod__(self, value, /)", "Return value%self.", |vm, a| {
    remainder(vm, a.at(1), a.at(0))
});
/// `divmod(self, value)`
pub const DIVMOD: Native = Native::vm(
    "__divmod__(self, value, /)",
    "Return divmod(self, value).",
    |vm, a| divide_mod(vm, a.at(0), a.at(1)),
);
/// `divmod(value, self)`
pub const RDIVMOD: Native = Native::vm(
    "__rdivmod__(self, value, /)",
    "Return divmod(value, self).",
    |vm, a| divide_mod(vm, a.at(1), a.at(0)),
);

const DIVISION: &str = "integer division or modulo by zero";

fn not_implemented(vm: &Vm) -> Local {
    vm.local(Value::NOT_IMPLEMENTED)
}

/// A timedelta, if it is not too long.
fn made(vm: &Vm, length: Result<Duration, super::duration::TooLong>) -> Result<Local, Raised> {
    let length = fits(&vm.heap, length)?;
    Ok(new_delta(vm, length))
}

fn integer(vm: &Vm, n: i128) -> Local {
    vm.local(match i64::try_from(n) {
        Ok(n) => vm.heap.int(n),
        Err(_) => vm.heap.big_int(BigInt::from(n)),
    })
}

fn combine(
    vm: &mut Vm,
    a: Local,
    b: Local,
    how: fn(Duration, Duration) -> Result<Duration, super::duration::TooLong>,
) -> Result<Local, Raised> {
    match (length_of(vm.get(a)), length_of(vm.get(b))) {
        (Some(x), Some(y)) => made(vm, how(x, y)),
        _ => Ok(not_implemented(vm)),
    }
}

/// The microseconds of two timedeltas.
fn pair(vm: &Vm, a: Local, b: Local) -> Option<(i128, i128)> {
    let (x, y) = (length_of(vm.get(a))?, length_of(vm.get(b))?);
    Some((x.long(), y.long()))
}

fn check_divisor(vm: &Vm, divisor: i128, message: &str) -> Result<(), Raised> {
    match divisor {
        0 => Err(vm.heap.raise(Builtin::ZeroDivisionError, message)),
        _ => Ok(()),
    }
}

fn check_ratio(vm: &Vm, divisor: &BigInt) -> Result<(), Raised> {
    match divisor.is_zero() {
        true => Err(vm.heap.raise(Builtin::ZeroDivisionError, DIVISION)),
        false => Ok(()),
    }
}

/// A float as a ratio of two integers; a class of user code says it by its method. None: it is no float.
fn ratio_of(vm: &mut Vm, value: Local) -> Result<Option<(BigInt, BigInt)>, Raised> {
    if let Some(x) = vm.get(value).as_float() {
        let (n, d) = float_to_ratio(x).map_err(|error| vm.heap.raise_text(error))?;
        return Ok(Some((n.into_big(), d.into_big())));
    }
    if !vm.heap.is_instance(vm.get(value), Builtin::Float) {
        return Ok(None);
    }
    let said = vm.call_method(value, "as_integer_ratio", &[])?;
    let heap = &vm.heap;
    let Some(parts) = plain_value(heap, vm.get(said)).as_gc::<Tuple>() else {
        let given = heap.type_name(vm.get(said));
        let message = format!(
            "unexpected return type from as_integer_ratio(): expected tuple, not '{given}'"
        );
        return Err(heap.type_error(message));
    };
    if parts.len() != 2 {
        return Err(heap.value_error("as_integer_ratio() must return a 2-tuple"));
    }
    let part = |at| parts.at(heap, at).and_then(|part| as_int(heap, part));
    match (part(0), part(1)) {
        (Some(n), Some(d)) => Ok(Some((n.to_big().into_owned(), d.to_big().into_owned()))),
        _ => Err(heap.type_error("as_integer_ratio() must return integers")),
    }
}

fn multiply(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let length = this_length(&vm.heap, vm.get(args.at(0)))?;
    let value = plain_value(&vm.heap, vm.get(args.at(1)));
    if let Some(n) = as_int(&vm.heap, value) {
        return made(vm, length.times(long_of(n)));
    }
    let Some((n, d)) = ratio_of(vm, args.at(1))? else {
        return Ok(not_implemented(vm));
    };
    check_ratio(vm, &d)?;
    made(vm, Duration::of_big(&nearest(&(n * length.long()), &d)))
}

/// The quotient of two timedeltas, a float.
fn ratio(vm: &Vm, a: Duration, b: Duration) -> Result<Local, Raised> {
    check_divisor(vm, b.long(), "division by zero")?;
    let quotient = match (a.short(), b.short()) {
        (Some(x), Some(y)) => int_true_div(IntRef::Small(x), IntRef::Small(y)),
        _ => {
            let (x, y) = (BigInt::from(a.long()), BigInt::from(b.long()));
            int_true_div(IntRef::Big(&x), IntRef::Big(&y))
        }
    };
    let quotient = quotient.map_err(|error| vm.heap.raise_text(error))?;
    Ok(vm.local(Value::float(quotient)))
}

fn true_divide(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let length = this_length(&vm.heap, vm.get(args.at(0)))?;
    let value = plain_value(&vm.heap, vm.get(args.at(1)));
    if let Some(other) = length_of(value) {
        return ratio(vm, length, other);
    }
    let (n, d) = if let Some(n) = as_int(&vm.heap, value) {
        (BigInt::from(1), n.to_big().into_owned())
    } else if let Some((n, d)) = ratio_of(vm, args.at(1))? {
        (d, n)
    } else {
        return Ok(not_implemented(vm));
    };
    check_ratio(vm, &d)?;
    made(vm, Duration::of_big(&nearest(&(n * length.long()), &d)))
}

fn floor_divide(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let length = this_length(&vm.heap, vm.get(args.at(0)))?;
    if let Some((x, y)) = pair(vm, args.at(0), args.at(1)) {
        check_divisor(vm, y, DIVISION)?;
        return Ok(integer(vm, floor_div(x, y)));
    }
    let Some(n) = as_int(&vm.heap, vm.get(args.at(1))).map(long_of) else {
        return Ok(not_implemented(vm));
    };
    check_divisor(vm, n, DIVISION)?;
    made(vm, Duration::of_long(floor_div(length.long(), n)))
}

fn remainder(vm: &mut Vm, a: Local, b: Local) -> Result<Local, Raised> {
    let Some((x, y)) = pair(vm, a, b) else {
        return Ok(not_implemented(vm));
    };
    check_divisor(vm, y, "integer modulo by zero")?;
    made(vm, Duration::of_long(floor_mod(x, y)))
}

fn divide_mod(vm: &mut Vm, a: Local, b: Local) -> Result<Local, Raised> {
    let Some((x, y)) = pair(vm, a, b) else {
        return Ok(not_implemented(vm));
    };
    check_divisor(vm, y, DIVISION)?;
    let quotient = integer(vm, floor_div(x, y));
    let rest = made(vm, Duration::of_long(floor_mod(x, y)))?;
    Ok(vm.tuple_of(&[quotient, rest]))
}
