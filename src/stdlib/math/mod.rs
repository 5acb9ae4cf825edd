//! The `math` module: functions of real numbers and integers, by topic in the files beside; constants here.
//!
//! Arguments are anything with `__float__` or `__index__`. The algorithms are std's or in `text/num`; the errors are C's
//! as CPython words them. To add a function: `const` and code in the file of its topic, its name in that file's table.

mod integer;
mod parts;
mod real;
mod series;

use super::registry::{NativeModule, bind};
use crate::runtime::{Raised, Value};
use crate::vm::{Local, Native, Vm};

/// The module.
pub const MATH: NativeModule = NativeModule {
    functions: FUNCTIONS,
    constants: &[
        (
            "pi",
            "The ratio of a circle's circumference to its diameter.",
        ),
        ("e", "The base of natural logarithms."),
        ("tau", "Twice pi."),
        ("inf", "The positive infinity."),
        ("nan", "A float that is not a number."),
    ],
    init: constants,
    ..NativeModule::of(
        "math",
        "Mathematical functions of real numbers and integers.",
    )
};

const FUNCTIONS: &[&Native] = &[
    &real::SQRT,
    &real::CBRT,
    &real::EXP,
    &real::EXP2,
    &real::EXPM1,
    &real::LOG,
    &real::LOG1P,
    &real::LOG2,
    &real::LOG10,
    &real::POW,
    &real::SIN,
    &real::COS,
    &real::TAN,
    &real::ASIN,
    &real::ACOS,
    &real::ATAN,
    &real::ATAN2,
    &real::SINH,
    &real::COSH,
    &real::TANH,
    &real::ASINH,
    &real::ACOSH,
    &real::ATANH,
    &real::ERF,
    &real::ERFC,
    &real::GAMMA,
    &real::LGAMMA,
    &real::DEGREES,
    &real::RADIANS,
    &real::FMA,
    &parts::FLOOR,
    &parts::CEIL,
    &parts::TRUNC,
    &parts::FABS,
    &parts::FMOD,
    &parts::REMAINDER,
    &parts::MODF,
    &parts::FREXP,
    &parts::LDEXP,
    &parts::COPYSIGN,
    &parts::NEXTAFTER,
    &parts::ULP,
    &parts::ISNAN,
    &parts::ISINF,
    &parts::ISFINITE,
    &parts::ISCLOSE,
    &integer::FACTORIAL,
    &integer::COMB,
    &integer::PERM,
    &integer::GCD,
    &integer::LCM,
    &integer::ISQRT,
    &series::FSUM,
    &series::PROD,
    &series::SUMPROD,
    &series::HYPOT,
    &series::DIST,
];

fn constants(vm: &mut Vm, module: Local) -> Result<(), Raised> {
    use std::f64::consts;
    let table = [
        ("pi", consts::PI),
        ("e", consts::E),
        ("tau", consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ];
    for (name, value) in table {
        bind(vm, module, name, Value::float(value));
    }
    Ok(())
}

/// A real argument.
#[inline]
fn real_arg(vm: &mut Vm, local: Local) -> Result<f64, Raised> {
    match vm.get(local).as_float() {
        Some(x) => Ok(x),
        None => vm.to_float(local),
    }
}

/// A float result.
#[inline]
fn float(vm: &Vm, x: f64) -> Result<Local, Raised> {
    Ok(vm.local(Value::float(x)))
}
