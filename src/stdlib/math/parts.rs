//! Floats to integers, floats taken apart, neighbours and comparisons of floats.
//!
//! The exact work is in `text/num`. To add a function: a `Native`, its function, a word in the table of
//! `math/mod.rs`.

use super::{float, real_arg};
use crate::runtime::intern::Sym;
use crate::runtime::{Raised, Value};
use crate::stdlib::arg::{as_int, checked, given};
use crate::text::num::convert::float_to_int;
use crate::text::num::float_parts;
use crate::vm::{Local, Locals, Native, Vm};

pub const FLOOR: Native = Native::vm(
    "floor(x, /) -> int",
    "Return the floor of x: the largest integer that is not larger. Raises OverflowError for an infinity, ValueError for NaN.",
    |vm, a| integer(vm, a, Sym::Floor, f64::floor),
);

pub const CEIL: Native = Native::vm(
    "ceil(x, /) -> int",
    "Return the ceiling of x: the smallest integer that is not smaller. Raises OverflowError for an infinity, ValueError for NaN.",
    |vm, a| integer(vm, a, Sym::Ceil, f64::ceil),
);

pub const TRUNC: Native = Native::vm(
    "trunc(x, /) -> int",
    "Return the integer part of x, by its __trunc__().",
    trunc,
);

pub const FABS: Native = Native::vm(
    "fabs(x, /) -> float",
    "Return the absolute value of x as a float.",
    |vm, a| {
        let x = real_arg(vm, a.at(0))?;
        float(vm, x.abs())
    },
);

pub const FMOD: Native = Native::vm(
    "fmod(x, y, /) -> float",
    "Return the rest of x/y with the sign of x, as C does. Raises ValueError if y is zero or x an infinity.",
    fmod,
);

pub const REMAINDER: Native = Native::vm(
    "remainder(x, y, /) -> float",
    "Return the difference between x and the nearest multiple of y; of two, the even one. Raises ValueError if y is zero or x an infinity.",
    |vm, a| {
        let (x, y) = (real_arg(vm, a.at(0))?, real_arg(vm, a.at(1))?);
        float(vm, checked(&vm.heap, float_parts::remainder(x, y))?)
    },
);

pub const MODF: Native = Native::vm(
    "modf(x, /) -> tuple[float, float]",
    "Return the fractional and the integer part of x, both with its sign.",
    |vm, a| {
        let (fraction, whole) = float_parts::modf(real_arg(vm, a.at(0))?);
        Ok(vm.local(
            vm.heap
                .tuple(&[Value::float(fraction), Value::float(whole)])
                .value(),
        ))
    },
);

pub const FREXP: Native = Native::vm(
    "frexp(x, /) -> tuple[float, int]",
    "Return mantissa and exponent (m, e) such that x == m * 2.0**e and 0.5 <= abs(m) < 1.0, or 0.0 and 0 for zero.",
    |vm, a| {
        let (mantissa, exponent) = float_parts::frexp(real_arg(vm, a.at(0))?);
        Ok(vm.local(
            vm.heap
                .tuple(&[Value::float(mantissa), vm.heap.int(exponent)])
                .value(),
        ))
    },
);

pub const LDEXP: Native = Native::vm(
    "ldexp(x, i, /) -> float",
    "Return x * 2.0**i: the inverse of frexp(). Raises OverflowError if that is too large.",
    ldexp,
);

pub const COPYSIGN: Native = Native::vm(
    "copysign(x, y, /) -> float",
    "Return a float with the absolute value of x and the sign of y; zeros have signs, too.",
    |vm, a| {
        let (x, y) = (real_arg(vm, a.at(0))?, real_arg(vm, a.at(1))?);
        float(vm, x.copysign(y))
    },
);

pub const NEXTAFTER: Native = Native::vm(
    "nextafter(x, y, /, *, steps=None) -> float",
    "Return the float that is so many steps after x towards y, one without steps.",
    nextafter,
);

pub const ULP: Native = Native::vm(
    "ulp(x, /) -> float",
    "Return the value of the least significant bit of the float x.",
    |vm, a| {
        let x = real_arg(vm, a.at(0))?;
        float(vm, float_parts::ulp(x))
    },
);

pub const ISNAN: Native = Native::vm(
    "isnan(x, /) -> bool",
    "Return True if x is not a number.",
    |vm, a| ask(vm, a, f64::is_nan),
);

pub const ISINF: Native = Native::vm(
    "isinf(x, /) -> bool",
    "Return True if x is a positive or negative infinity.",
    |vm, a| ask(vm, a, f64::is_infinite),
);

pub const ISFINITE: Native = Native::vm(
    "isfinite(x, /) -> bool",
    "Return True if x is neither an infinity nor a NaN.",
    |vm, a| ask(vm, a, f64::is_finite),
);

pub const ISCLOSE: Native = Native::vm(
    "isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0) -> bool",
    "Return True if a and b are close: their difference is at most abs_tol, or at most rel_tol times the larger of both. NaN is \
     close to nothing, infinities only to themselves.",
    isclose,
);

fn ask(vm: &mut Vm, a: Locals, question: fn(f64) -> bool) -> Result<Local, Raised> {
    let x = real_arg(vm, a.at(0))?;
    Ok(vm.local(Value::bool(question(x))))
}

/// `floor` and `ceil`: of floats directly, else by the special method, else of what `__float__` gives.
fn integer(vm: &mut Vm, a: Locals, method: Sym, rounding: fn(f64) -> f64) -> Result<Local, Raised> {
    let x = match vm.get(a.at(0)).as_float() {
        Some(x) => x,
        None => match vm.call_special(a.at(0), method, &[])? {
            Some(result) => return Ok(result),
            None => vm.to_float(a.at(0))?,
        },
    };
    Ok(vm.local(
        vm.heap
            .any_int(checked(&vm.heap, float_to_int(rounding(x)))?),
    ))
}

fn trunc(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    match vm.call_special(a.at(0), Sym::Trunc, &[])? {
        Some(result) => Ok(result),
        None => {
            let found = vm.heap.type_name(vm.get(a.at(0)));
            Err(vm
                .heap
                .type_error(format!("type {found} doesn't define __trunc__ method")))
        }
    }
}

fn fmod(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let (x, y) = (real_arg(vm, a.at(0))?, real_arg(vm, a.at(1))?);
    let rest = x % y;
    if rest.is_nan() && !x.is_nan() && !y.is_nan() {
        return Err(vm.heap.raise_text(float_parts::domain_error()));
    }
    float(vm, rest)
}

fn ldexp(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let x = real_arg(vm, a.at(0))?;
    let Some(exponent) = as_int(&vm.heap, vm.get(a.at(1))) else {
        return Err(vm
            .heap
            .type_error("Expected an int as second argument to ldexp."));
    };
    let exponent = exponent.to_i64().unwrap_or(if exponent.is_negative() {
        i64::MIN
    } else {
        i64::MAX
    });
    float(vm, checked(&vm.heap, float_parts::ldexp(x, exponent))?)
}

fn nextafter(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let (x, y) = (real_arg(vm, a.at(0))?, real_arg(vm, a.at(1))?);
    let steps = match given(vm, a.at(2)).filter(|&steps| !vm.get(steps).is_none()) {
        None => 1,
        Some(steps) => {
            let steps = vm.index_value(steps)?;
            match vm.get(steps).as_any_int() {
                Some(n) if n.is_negative() => {
                    return Err(vm.heap.value_error("steps must be a non-negative integer"));
                }
                Some(n) => n.to_i64().map_or(u64::MAX, i64::unsigned_abs),
                None => 1,
            }
        }
    };
    float(vm, float_parts::nextafter(x, y, steps))
}

fn isclose(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let (x, y) = (real_arg(vm, a.at(0))?, real_arg(vm, a.at(1))?);
    let relative = tolerance(vm, a.at(2), 1e-9)?;
    let absolute = tolerance(vm, a.at(3), 0.0)?;
    if relative < 0.0 || absolute < 0.0 {
        return Err(vm.heap.value_error("tolerances must be non-negative"));
    }
    let distance = (y - x).abs();
    let close = x == y
        || !x.is_infinite()
            && !y.is_infinite()
            && (distance <= (relative * y).abs()
                || distance <= (relative * x).abs()
                || distance <= absolute);
    Ok(vm.local(Value::bool(close)))
}

fn tolerance(vm: &mut Vm, local: Local, default: f64) -> Result<f64, Raised> {
    match given(vm, local) {
        Some(local) => real_arg(vm, local),
        None => Ok(default),
    }
}
