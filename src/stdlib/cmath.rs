//! The `cmath` module: functions of complex numbers.
//!
//! Arguments are anything with `__complex__`, `__float__` or `__index__`. The algorithms are in `text/num/complex_functions.rs`.
//! To add a function: a `Native` here and a word in the table.

use super::registry::{NativeModule, bind};
use crate::runtime::complex::Complex as Number;
use crate::runtime::intern::Sym;
use crate::runtime::{Raised, Value};
use crate::stdlib::arg::{checked, given, plain};
use crate::text::TextResult;
use crate::text::num::complex::Complex;
use crate::text::num::complex_functions as functions;
use crate::vm::{Local, Locals, Native, Vm};

/// The module.
pub const CMATH: NativeModule = NativeModule {
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
        ("infj", "Zero, and an infinite imaginary part."),
        ("nanj", "Zero, and an imaginary part that is not a number."),
    ],
    init: constants,
    ..NativeModule::of("cmath", "Mathematical functions of complex numbers.")
};

/// Rows of functions of one number.
macro_rules! unary {
    ($($signature:literal, $doc:literal => $function:path;)*) => {
        &[$(&Native::vm($signature, $doc, |vm, a| unary(vm, a, $function)),)*
            &LOG, &PHASE, &POLAR, &RECT, &ISNAN, &ISINF, &ISFINITE, &ISCLOSE]
    };
}

const FUNCTIONS: &[&Native] = unary! {
    "acos(z, /) -> complex", "Return the arc cosine of z." => functions::acos;
    "acosh(z, /) -> complex", "Return the inverse hyperbolic cosine of z." => functions::acosh;
    "asin(z, /) -> complex", "Return the arc sine of z." => functions::asin;
    "asinh(z, /) -> complex", "Return the inverse hyperbolic sine of z." => functions::asinh;
    "atan(z, /) -> complex", "Return the arc tangent of z." => functions::atan;
    "atanh(z, /) -> complex", "Return the inverse hyperbolic tangent of z." => functions::atanh;
    "cos(z, /) -> complex", "Return the cosine of z." => functions::cos;
    "cosh(z, /) -> complex", "Return the hyperbolic cosine of z." => functions::cosh;
    "exp(z, /) -> complex", "Return the exponential value e**z." => functions::exp;
    "log10(z, /) -> complex", "Return the base-10 logarithm of z." => functions::log10;
    "sin(z, /) -> complex", "Return the sine of z." => functions::sin;
    "sinh(z, /) -> complex", "Return the hyperbolic sine of z." => functions::sinh;
    "sqrt(z, /) -> complex", "Return the square root of z." => functions::sqrt;
    "tan(z, /) -> complex", "Return the tangent of z." => functions::tan;
    "tanh(z, /) -> complex", "Return the hyperbolic tangent of z." => functions::tanh;
};

const LOG: Native = Native::vm(
    "log(z, base=None, /) -> complex",
    "Return the logarithm of z to the given base, by default the natural one. Raises ValueError for zero.",
    |vm, a| {
        let z = complex_arg(vm, a.at(0))?;
        let result = match given(vm, a.at(1)) {
            Some(base) => functions::log_base(z, complex_arg(vm, base)?),
            None => functions::log(z),
        };
        answer(vm, result)
    },
);
const PHASE: Native = Native::vm(
    "phase(z, /) -> float",
    "Return the angle of z, from -pi to pi.",
    |vm, a| {
        let (re, im) = complex_arg(vm, a.at(0))?;
        Ok(vm.local(Value::float(im.atan2(re))))
    },
);
const POLAR: Native = Native::vm(
    "polar(z, /) -> tuple",
    "Return the length and the angle of z.",
    |vm, a| {
        let z = complex_arg(vm, a.at(0))?;
        let length = checked(&vm.heap, functions::length(z))?;
        let parts = [length, z.1.atan2(z.0)].map(Value::float);
        Ok(vm.local(vm.heap.tuple(&parts).value()))
    },
);
const RECT: Native = Native::vm(
    "rect(r, phi, /) -> complex",
    "Return the number of length r and angle phi.",
    |vm, a| {
        let (length, angle) = (vm.to_float(a.at(0))?, vm.to_float(a.at(1))?);
        answer(vm, functions::rect(length, angle))
    },
);
const ISNAN: Native = Native::vm(
    "isnan(z, /) -> bool",
    "Return whether a part of z is not a number.",
    |vm, a| ask(vm, a, |z| z.0.is_nan() || z.1.is_nan()),
);
const ISINF: Native = Native::vm(
    "isinf(z, /) -> bool",
    "Return whether a part of z is infinite.",
    |vm, a| ask(vm, a, |z| z.0.is_infinite() || z.1.is_infinite()),
);
const ISFINITE: Native = Native::vm(
    "isfinite(z, /) -> bool",
    "Return whether both parts of z are finite.",
    |vm, a| ask(vm, a, |z| z.0.is_finite() && z.1.is_finite()),
);
const ISCLOSE: Native = Native::vm(
    "isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0) -> bool",
    "Return whether a and b are close: the length of their difference is at most abs_tol, or at most rel_tol times the larger length.",
    isclose,
);

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
    for (name, im) in [("infj", f64::INFINITY), ("nanj", f64::NAN)] {
        bind(
            vm,
            module,
            name,
            vm.heap.alloc(Number { re: 0.0, im }).value(),
        );
    }
    Ok(())
}

/// A complex argument.
fn complex_arg(vm: &mut Vm, local: Local) -> Result<Complex, Raised> {
    let own = plain(vm, local);
    if let Some(z) = vm.get_gc::<Number>(own) {
        return Ok((z.get().re, z.get().im));
    }
    let Some(made) = vm.call_special(local, Sym::Complex, &[])? else {
        return Ok((vm.to_float(local)?, 0.0));
    };
    let own = plain(vm, made);
    match vm.get_gc::<Number>(own) {
        Some(z) => Ok((z.get().re, z.get().im)),
        None => {
            let found = vm.heap.type_name(vm.get(made));
            Err(vm
                .heap
                .type_error(format!("__complex__ returned non-complex (type {found})")))
        }
    }
}

fn answer(vm: &Vm, result: TextResult<Complex>) -> Result<Local, Raised> {
    let (re, im) = checked(&vm.heap, result)?;
    Ok(vm.local(vm.heap.alloc(Number { re, im }).value()))
}

fn unary(
    vm: &mut Vm,
    a: Locals,
    function: fn(Complex) -> TextResult<Complex>,
) -> Result<Local, Raised> {
    let z = complex_arg(vm, a.at(0))?;
    answer(vm, function(z))
}

fn ask(vm: &mut Vm, a: Locals, question: fn(Complex) -> bool) -> Result<Local, Raised> {
    let z = complex_arg(vm, a.at(0))?;
    Ok(vm.local(Value::bool(question(z))))
}

fn isclose(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let (x, y) = (complex_arg(vm, a.at(0))?, complex_arg(vm, a.at(1))?);
    let mut tolerances = [1e-9, 0.0];
    for (tolerance, index) in tolerances.iter_mut().zip(2..) {
        if let Some(local) = given(vm, a.at(index)) {
            *tolerance = vm.to_float(local)?;
        }
    }
    let [relative, absolute] = tolerances;
    if relative < 0.0 || absolute < 0.0 {
        return Err(vm.heap.value_error("tolerances must be non-negative"));
    }
    let is_infinite = |z: Complex| z.0.is_infinite() || z.1.is_infinite();
    let length = |z: Complex| z.0.hypot(z.1);
    let distance = length((x.0 - y.0, x.1 - y.1));
    let close = x == y
        || !is_infinite(x)
            && !is_infinite(y)
            && (distance <= relative * length(y)
                || distance <= relative * length(x)
                || distance <= absolute);
    Ok(vm.local(Value::bool(close)))
}
