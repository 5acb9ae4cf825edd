//! What changes the exponent of a number: quantize, integral values, normalize, scaleb, logb, and the numbers next to one.
//!
//! Each takes any operand and notes its conditions in the environment. To add one: a function, a row in `methods.rs` and one in
//! `context_methods.rs`.

use super::arithmetic::add;
use super::coefficient::Coef;
use super::environment::condition::{
    CLAMPED, DIVISION_BY_ZERO, INEXACT, INVALID_OPERATION, OVERFLOW, ROUNDED, SUBNORMAL, UNDERFLOW,
};
use super::environment::{Computed, Env, Rounding};
use super::number::{Number, Sign};
use std::cmp::Ordering;

/// `a` rounded to the exponent of `b`.
pub fn quantize(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    if !a.is_finite() || !b.is_finite() {
        if let Some(nan) = env.nan_of(&[a, b])? {
            return Ok(nan);
        }
        return Ok(if a.is_infinite() && b.is_infinite() {
            a.clone()
        } else {
            env.invalid(INVALID_OPERATION)
        });
    }
    to_exponent(env, a, b.exp)
}

/// A finite number rounded to an exponent.
pub fn to_exponent(env: &Env<'_>, a: &Number, exp: i64) -> Computed {
    if exp > env.emax || exp < env.etiny() {
        return Ok(env.invalid(INVALID_OPERATION));
    }
    if a.coef.is_zero() {
        return env.finish(a.sign, Coef::ZERO, exp);
    }
    let adjusted = a.adjusted();
    if adjusted > env.emax || adjusted - exp + 1 > env.prec {
        return Ok(env.invalid(INVALID_OPERATION));
    }
    if exp <= a.exp {
        let coef = a.coef.raised(a.exp.abs_diff(exp), env.pause)?;
        return env.finish(a.sign, coef, exp);
    }
    let (coef, rest) = a.coef.cut(exp.abs_diff(a.exp), env.pause)?;
    let coef = if env.rounding.goes_up(rest, &coef, a.sign) {
        coef.plus(&Coef::ONE)
    } else {
        coef
    };
    let digits = coef.digits() as i64;
    if digits > env.prec || exp + digits - 1 > env.emax {
        return Ok(env.invalid(INVALID_OPERATION));
    }
    env.note(ROUNDED | if rest.is_inexact() { INEXACT } else { 0 });
    env.finish(a.sign, coef, exp)
}

/// The number rounded to an integer, with the conditions Inexact and Rounded.
pub fn to_integral_exact(env: &Env<'_>, a: &Number) -> Computed {
    if let Some(nan) = env.nan_of(&[a])? {
        return Ok(nan);
    }
    if !a.is_finite() || a.exp >= 0 {
        return Ok(a.clone());
    }
    if a.coef.is_zero() {
        return Ok(Number::finite(a.sign, Coef::ZERO, 0));
    }
    let (coef, rest) = a.coef.cut(a.exp.unsigned_abs(), env.pause)?;
    env.note(ROUNDED | if rest.is_inexact() { INEXACT } else { 0 });
    let coef = if env.rounding.goes_up(rest, &coef, a.sign) {
        coef.plus(&Coef::ONE)
    } else {
        coef
    };
    Ok(Number::finite(a.sign, coef, 0))
}

/// The number rounded to an integer, without conditions except for NaNs.
pub fn to_integral_value(env: &Env<'_>, a: &Number) -> Computed {
    let quiet = env.quiet();
    let result = to_integral_exact(&quiet, a);
    env.note(quiet.status.get() & INVALID_OPERATION);
    result
}

/// The number without zeros at its end.
pub fn normalize(env: &Env<'_>, a: &Number) -> Computed {
    if let Some(nan) = env.nan_of(&[a])? {
        return Ok(nan);
    }
    let n = env.fix(a)?;
    if !n.is_finite() {
        return Ok(n);
    }
    if n.coef.is_zero() {
        return Ok(Number::finite(n.sign, Coef::ZERO, 0));
    }
    let top = if env.clamp { env.etop() } else { env.emax };
    let (coef, zeros) = n
        .coef
        .strip_zeros(top.saturating_sub(n.exp).max(0) as u64, env.pause)?;
    Ok(Number::finite(n.sign, coef, n.exp + zeros as i64))
}

/// The exponent of the first digit, as a number.
pub fn logb(env: &Env<'_>, a: &Number) -> Computed {
    if let Some(nan) = env.nan_of(&[a])? {
        return Ok(nan);
    }
    if a.is_infinite() {
        return Ok(a.magnitude());
    }
    if a.coef.is_zero() {
        env.note(DIVISION_BY_ZERO);
        return Ok(Number::infinity(Sign::Minus));
    }
    env.fix(&Number::int(a.adjusted()))
}

/// `a` with `b` added to its exponent.
pub fn scaleb(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    if let Some(nan) = env.nan_of(&[a, b])? {
        return Ok(nan);
    }
    let limit = 2 * (env.emax + env.prec);
    let places = b
        .to_i64()
        .filter(|places| b.exp == 0 && places.abs() <= limit);
    let Some(places) = places else {
        return Ok(env.invalid(INVALID_OPERATION));
    };
    if a.is_infinite() {
        return Ok(a.clone());
    }
    env.finish(a.sign, a.coef.clone(), a.exp.saturating_add(places))
}

/// The smallest number of the context that is greater.
pub fn next_plus(env: &Env<'_>, a: &Number) -> Computed {
    next(env, a, Rounding::Ceiling, Sign::Plus)
}

/// The greatest number of the context that is smaller.
pub fn next_minus(env: &Env<'_>, a: &Number) -> Computed {
    next(env, a, Rounding::Floor, Sign::Minus)
}

fn next(env: &Env<'_>, a: &Number, rounding: Rounding, sign: Sign) -> Computed {
    if let Some(nan) = env.nan_of(&[a])? {
        return Ok(nan);
    }
    if a.is_infinite() {
        return if a.sign == sign {
            Ok(a.clone())
        } else {
            env.greatest(a.sign)
        };
    }
    let quiet = env.with_rounding(rounding);
    let fixed = quiet.fix(a)?;
    if fixed.is_infinite() || fixed.compare(a) != Ordering::Equal {
        return Ok(fixed);
    }
    add(&quiet, a, &Number::finite(sign, Coef::ONE, env.etiny() - 1))
}

/// The next number of the context in the direction of another one.
pub fn next_toward(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    if let Some(nan) = env.nan_of(&[a, b])? {
        return Ok(nan);
    }
    let result = match a.compare(b) {
        Ordering::Equal => return Ok(a.with_sign(b.sign)),
        Ordering::Less => next_plus(env, a)?,
        Ordering::Greater => next_minus(env, a)?,
    };
    if result.is_infinite() {
        env.note(OVERFLOW | ROUNDED | INEXACT);
    } else if result.adjusted() < env.emin {
        env.note(UNDERFLOW | SUBNORMAL | ROUNDED | INEXACT);
        if result.coef.is_zero() {
            env.note(CLAMPED);
        }
    }
    Ok(result)
}

/// Whether both have the same exponent, or both are infinite, or both NaN.
pub fn same_quantum(a: &Number, b: &Number) -> bool {
    match (a.is_finite(), b.is_finite()) {
        (true, true) => a.exp == b.exp,
        (false, false) => a.is_nan() == b.is_nan(),
        _ => false,
    }
}

/// Whether it is finite, not zero and its first digit is below `Emin`.
pub fn is_subnormal(env: &Env<'_>, a: &Number) -> bool {
    a.is_finite() && !a.coef.is_zero() && a.adjusted() < env.emin
}

/// Whether it is finite, not zero and not subnormal.
pub fn is_normal(env: &Env<'_>, a: &Number) -> bool {
    a.is_finite() && !a.coef.is_zero() && a.adjusted() >= env.emin
}
