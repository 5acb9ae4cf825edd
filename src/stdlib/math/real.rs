//! Functions of one or two real numbers: powers, logarithms, trigonometry.
//!
//! Domain errors and overflows are exceptions, as in CPython, never NaN or infinity out of finite arguments. To add a
//! function: a `Native`, its function, a word in the table of `math/mod.rs`.

use super::{float, real_arg};
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::{as_int, checked, given};
use crate::text::TextResult;
use crate::text::num::elementary;
use crate::text::num::float_parts::{domain_error, range_error};
use crate::text::num::gamma;
use crate::vm::{Local, Locals, Native, Vm};

/// What an infinite result of a finite argument means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Infinite {
    /// A pole: "math domain error".
    Domain,
    /// Too much: "math range error".
    Range,
}

fn unary(
    vm: &mut Vm,
    a: Locals,
    function: fn(f64) -> f64,
    infinite: Infinite,
) -> Result<Local, Raised> {
    let x = real_arg(vm, a.at(0))?;
    let y = function(x);
    if y.is_finite() {
        return float(vm, y);
    }
    let error = if y.is_nan() {
        (!x.is_nan()).then(domain_error)
    } else {
        x.is_finite().then(if infinite == Infinite::Range {
            range_error
        } else {
            domain_error
        })
    };
    match error {
        Some(error) => Err(vm.heap.raise_text(error)),
        None => float(vm, y),
    }
}

pub const SQRT: Native = Native::vm(
    "sqrt(x, /) -> float",
    "Return the square root of x. Raises ValueError if x is negative.",
    |vm, a| unary(vm, a, f64::sqrt, Infinite::Domain),
);

pub const CBRT: Native = Native::vm(
    "cbrt(x, /) -> float",
    "Return the cube root of x.",
    |vm, a| unary(vm, a, f64::cbrt, Infinite::Domain),
);

pub const EXP: Native = Native::vm(
    "exp(x, /) -> float",
    "Return e raised to the power of x. Raises OverflowError if that is too large.",
    |vm, a| unary(vm, a, f64::exp, Infinite::Range),
);

pub const EXP2: Native = Native::vm(
    "exp2(x, /) -> float",
    "Return 2 raised to the power of x. Raises OverflowError if that is too large.",
    |vm, a| unary(vm, a, f64::exp2, Infinite::Range),
);

pub const EXPM1: Native = Native::vm(
    "expm1(x, /) -> float",
    "Return exp(x)-1, exact also for small x.",
    |vm, a| unary(vm, a, f64::exp_m1, Infinite::Range),
);

pub const LOG1P: Native = Native::vm(
    "log1p(x, /) -> float",
    "Return the natural logarithm of 1+x, exact also for x near zero. Raises ValueError unless x > -1.",
    |vm, a| unary(vm, a, f64::ln_1p, Infinite::Domain),
);

pub const SIN: Native = Native::vm(
    "sin(x, /) -> float",
    "Return the sine of x (in radians).",
    |vm, a| unary(vm, a, f64::sin, Infinite::Domain),
);

pub const COS: Native = Native::vm(
    "cos(x, /) -> float",
    "Return the cosine of x (in radians).",
    |vm, a| unary(vm, a, f64::cos, Infinite::Domain),
);

pub const TAN: Native = Native::vm(
    "tan(x, /) -> float",
    "Return the tangent of x (in radians).",
    |vm, a| unary(vm, a, f64::tan, Infinite::Domain),
);

pub const ASIN: Native = Native::vm(
    "asin(x, /) -> float",
    "Return the arc sine (in radians) of x. Raises ValueError unless -1 <= x <= 1.",
    |vm, a| unary(vm, a, f64::asin, Infinite::Domain),
);

pub const ACOS: Native = Native::vm(
    "acos(x, /) -> float",
    "Return the arc cosine (in radians) of x, between 0 and pi. Raises ValueError unless -1 <= x <= 1.",
    |vm, a| unary(vm, a, f64::acos, Infinite::Domain),
);

pub const ATAN: Native = Native::vm(
    "atan(x, /) -> float",
    "Return the arc tangent (in radians) of x, between -pi/2 and pi/2.",
    |vm, a| unary(vm, a, f64::atan, Infinite::Domain),
);

pub const SINH: Native = Native::vm(
    "sinh(x, /) -> float",
    "Return the hyperbolic sine of x.",
    |vm, a| unary(vm, a, f64::sinh, Infinite::Range),
);

pub const COSH: Native = Native::vm(
    "cosh(x, /) -> float",
    "Return the hyperbolic cosine of x.",
    |vm, a| unary(vm, a, f64::cosh, Infinite::Range),
);

pub const TANH: Native = Native::vm(
    "tanh(x, /) -> float",
    "Return the hyperbolic tangent of x.",
    |vm, a| unary(vm, a, f64::tanh, Infinite::Domain),
);

pub const ASINH: Native = Native::vm(
    "asinh(x, /) -> float",
    "Return the inverse hyperbolic sine of x.",
    |vm, a| unary(vm, a, elementary::asinh, Infinite::Domain),
);

pub const ACOSH: Native = Native::vm(
    "acosh(x, /) -> float",
    "Return the inverse hyperbolic cosine of x. Raises ValueError if x < 1.",
    |vm, a| unary(vm, a, elementary::acosh, Infinite::Domain),
);

pub const ATANH: Native = Native::vm(
    "atanh(x, /) -> float",
    "Return the inverse hyperbolic tangent of x. Raises ValueError unless -1 < x < 1.",
    |vm, a| unary(vm, a, elementary::atanh, Infinite::Domain),
);

pub const ERF: Native = Native::vm("erf(x, /) -> float", "Error function at x.", |vm, a| {
    unary(vm, a, libm::erf, Infinite::Domain)
});

pub const ERFC: Native = Native::vm(
    "erfc(x, /) -> float",
    "Complementary error function at x: 1.0 - erf(x), exact also for large x.",
    |vm, a| unary(vm, a, libm::erfc, Infinite::Domain),
);

pub const LOG: Native = Native::vm(
    "log(x, base=e, /) -> float",
    "Return the logarithm of x to the given base; without one, the natural logarithm. Raises ValueError unless both are positive.",
    log,
);

pub const LOG2: Native = Native::vm(
    "log2(x, /) -> float",
    "Return the base 2 logarithm of x. Raises ValueError unless x is positive.",
    |vm, a| {
        let y = logarithm(vm, a.at(0), f64::log2)?;
        float(vm, y)
    },
);

pub const LOG10: Native = Native::vm(
    "log10(x, /) -> float",
    "Return the base 10 logarithm of x. Raises ValueError unless x is positive.",
    |vm, a| {
        let y = logarithm(vm, a.at(0), f64::log10)?;
        float(vm, y)
    },
);

pub const POW: Native = Native::vm(
    "pow(x, y, /) -> float",
    "Return x raised to the power of y. Raises OverflowError if that is too large, ValueError if it is no real number.",
    |vm, a| binary(vm, a, elementary::pow),
);

pub const ATAN2: Native = Native::vm(
    "atan2(y, x, /) -> float",
    "Return the arc tangent (in radians) of y/x; unlike atan(y/x), the signs of both say which quadrant.",
    |vm, a| binary(vm, a, |y, x| Ok(y.atan2(x))),
);

pub const GAMMA: Native = Native::vm(
    "gamma(x, /) -> float",
    "Gamma function at x. Raises ValueError for zero and negative integers.",
    |vm, a| {
        let x = real_arg(vm, a.at(0))?;
        float(vm, checked(&vm.heap, gamma::gamma(x))?)
    },
);

pub const LGAMMA: Native = Native::vm(
    "lgamma(x, /) -> float",
    "Natural logarithm of the absolute value of the gamma function at x.",
    |vm, a| {
        let x = real_arg(vm, a.at(0))?;
        float(vm, checked(&vm.heap, gamma::lgamma(x))?)
    },
);

pub const DEGREES: Native = Native::vm(
    "degrees(x, /) -> float",
    "Convert the angle x from radians to degrees.",
    |vm, a| {
        let x = real_arg(vm, a.at(0))?;
        float(vm, x * (180.0 / std::f64::consts::PI))
    },
);

pub const RADIANS: Native = Native::vm(
    "radians(x, /) -> float",
    "Convert the angle x from degrees to radians.",
    |vm, a| {
        let x = real_arg(vm, a.at(0))?;
        float(vm, x * (std::f64::consts::PI / 180.0))
    },
);

pub const FMA: Native = Native::vm(
    "fma(x, y, z, /) -> float",
    "Return (x * y) + z, rounded once.",
    fma,
);

fn binary(
    vm: &mut Vm,
    a: Locals,
    function: fn(f64, f64) -> TextResult<f64>,
) -> Result<Local, Raised> {
    let (x, y) = (real_arg(vm, a.at(0))?, real_arg(vm, a.at(1))?);
    float(vm, checked(&vm.heap, function(x, y))?)
}

/// A logarithm of a real number, or of an integer of any size.
fn logarithm(vm: &mut Vm, x: Local, log: fn(f64) -> f64) -> Result<f64, Raised> {
    if let Some(n) = as_int(&vm.heap, vm.get(x)) {
        return checked(&vm.heap, elementary::log_int(n, log));
    }
    let x = real_arg(vm, x)?;
    checked(&vm.heap, elementary::log(x, log))
}

fn log(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let y = logarithm(vm, a.at(0), f64::ln)?;
    let Some(base) = given(vm, a.at(1)) else {
        return float(vm, y);
    };
    let base = logarithm(vm, base, f64::ln)?;
    if base == 0.0 {
        return Err(vm
            .heap
            .raise(Builtin::ZeroDivisionError, "float division by zero"));
    }
    float(vm, y / base)
}

fn fma(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let (x, y, z) = (
        real_arg(vm, a.at(0))?,
        real_arg(vm, a.at(1))?,
        real_arg(vm, a.at(2))?,
    );
    let result = x.mul_add(y, z);
    if result.is_nan() && ![x, y, z].iter().any(|x| x.is_nan()) {
        return Err(vm.heap.value_error("invalid operation in fma"));
    }
    if result.is_infinite() && [x, y, z].iter().all(|x| x.is_finite()) {
        return Err(vm.heap.raise(Builtin::OverflowError, "overflow in fma"));
    }
    Ok(vm.local(Value::float(result)))
}
