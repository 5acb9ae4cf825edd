//! `a ** b`.
//!
//! Whole powers are products, rounded to some digits more than wanted; all others go by way of the logarithm. Both are done as
//! CPython's library does them where the digits of the result depend on it: the last digit is right except in the rarest cases.

use std::cmp::Ordering;

use super::arithmetic::{multiply, subtract};
use super::coefficient::{Coef, digits_of, power_of_ten};
use super::division::{divide, whole_of};
use super::elementary::{
    Approximation, beyond, exp_of_fixed, half_even, ln_fixed, logarithm_bits, near_one, rounded,
};
use super::environment::condition::{INEXACT, INVALID_OPERATION, ROUNDED, SUBNORMAL, UNDERFLOW};
use super::environment::{Computed, Env, Rounding};
use super::number::{Number, Sign};
use crate::text::TextResult;
use crate::text::num::long_product;

/// `a ** b`
pub fn power(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    if let Some(nan) = env.nan_of(&[a, b])? {
        return Ok(nan);
    }
    let one = Number::int(1);
    if b.is_zero() {
        return Ok(if a.is_zero() {
            env.invalid(INVALID_OPERATION)
        } else {
            one
        });
    }
    let is_whole = b.is_whole();
    let sign = Sign::of(a.sign.is_minus() && is_whole && b.is_odd_whole());
    if a.sign.is_minus() && !a.is_zero() && !is_whole {
        // Also for infinite exponents.
        return Ok(env.invalid(INVALID_OPERATION));
    }
    if a.is_zero() || a.is_infinite() {
        let is_zero = a.is_zero() != b.sign.is_minus();
        return Ok(if is_zero {
            Number::finite(sign, Coef::ZERO, 0)
        } else {
            Number::infinity(sign)
        });
    }
    let order = a.magnitude().compare(&one);
    if order == Ordering::Equal {
        return power_of_one(env, a, b, sign);
    }
    if b.is_infinite() {
        let grows = order.is_gt() != b.sign.is_minus();
        return Ok(if grows {
            Number::infinity(Sign::Plus)
        } else {
            Number::finite(Sign::Plus, Coef::ZERO, 0)
        });
    }
    if let Some(direction) = far_direction(env, a, b) {
        return if direction.is_minus() {
            env.finish(sign, Coef::ONE, env.etiny() - 5)
        } else {
            env.overflow(sign)
        };
    }
    if is_whole {
        whole_power(env, &a.magnitude(), b, sign)
    } else {
        real_power(env, &a.magnitude(), b, sign)
    }
}

/// Where the power is far beyond the exponents: in which direction.
fn far_direction(env: &Env<'_>, a: &Number, b: &Number) -> Option<Sign> {
    let log = estimate(a);
    let direction = Sign::of((log < 0.0) != b.sign.is_minus());
    let limit = if direction.is_minus() {
        env.etiny().unsigned_abs()
    } else {
        env.emax.unsigned_abs()
    };
    // Only places are compared: 10**place is at most the size of the logarithm.
    let place = log.abs().log10().floor();
    let is_far = log != 0.0 && place + b.adjusted() as f64 > digits_of(limit.into()) as f64;
    (is_far || log == 0.0 && b.adjusted() > a.coef.digits() as i64 + 30).then_some(if log == 0.0 {
        Sign::of(b.sign.is_minus() != (a.magnitude().compare(&Number::int(1)).is_lt()))
    } else {
        direction
    })
}

/// A power of 1: of 1.00 with as many digits after the point as the exact power has.
fn power_of_one(env: &Env<'_>, a: &Number, b: &Number, sign: Sign) -> Computed {
    if b.is_whole() && !b.sign.is_minus() {
        let exact = match b.to_i64() {
            Some(n) => i128::from(a.exp) * i128::from(n),
            None if a.exp == 0 => 0,
            None => i128::MIN,
        };
        let least = 1 - env.prec;
        let exp = exact.max(i128::from(least)) as i64;
        if exact < i128::from(least) {
            env.note(ROUNDED);
        }
        if exp >= 0 {
            return Ok(Number::finite(sign, Coef::ONE, 0));
        }
        return Ok(Number::finite(
            sign,
            Coef::ONE.raised(exp.unsigned_abs(), env.pause)?,
            exp,
        ));
    }
    if b.is_whole() {
        return Ok(Number::finite(sign, Coef::ONE, 0));
    }
    env.note(INEXACT | ROUNDED);
    let places = (env.prec - 1) as u64;
    Ok(Number::finite(
        sign,
        Coef::ONE.raised(places, env.pause)?,
        -(places as i64),
    ))
}

/// A whole power, by squaring with some digits more, each product rounded half to even.
fn whole_power(env: &Env<'_>, a: &Number, b: &Number, sign: Sign) -> Computed {
    let more = b.coef.digits() as i64 + b.exp + 2 + i64::from(b.sign.is_minus());
    let work = Env {
        prec: env.prec.saturating_add(more),
        clamp: false,
        ..env.with_rounding(Rounding::HalfEven)
    };
    let base = if b.sign.is_minus() {
        divide(&work, &Number::int(1), a)?
    } else {
        a.clone()
    };
    let exponent = whole_of(&work, b)?.into_big();
    let mut result = base.clone();
    for bit in (0..exponent.bits() - 1).rev() {
        result = multiply(&work, &result, &result)?;
        if exponent.bit(bit) {
            result = multiply(&work, &result, &base)?;
        }
        if !result.is_finite() || result.coef.is_zero() {
            break;
        }
    }
    env.note(work.status.get());
    if result.is_infinite() {
        return env.overflow(sign);
    }
    env.finish(sign, result.coef, result.exp)
}

/// A power of a finite number above zero, other than 1, by way of the logarithm.
fn real_power(env: &Env<'_>, a: &Number, b: &Number, sign: Sign) -> Computed {
    let is_growing = (a.adjusted() >= 0) != b.sign.is_minus();
    let direction = Sign::of(!is_growing);
    let signed = |n: Number| n.with_sign(sign);
    let size = estimate(a) * to_f64(b);
    if size > env.emax as f64 * 1.01 + 100.0 {
        return env.overflow(sign);
    }
    if size < env.etiny() as f64 * 1.01 - 100.0 {
        return beyond(env, direction).map(signed);
    }
    let least = b.adjusted()
        + if a.adjusted() == 0 || a.adjusted() == -1 {
            near_one_digits(env, a)?
        } else {
            20
        };
    if least < -(env.prec + 22) {
        return half_even(env, |env| near_one(env, direction)).map(signed);
    }
    if let Some(exact) = exact_root(env, a, b)? {
        // As all powers that are not whole it counts as inexact.
        env.note(INEXACT | ROUNDED);
        let places = (env.prec as u64).saturating_sub(exact.coef.digits());
        let coef = exact.coef.raised(places, env.pause)?;
        let result = env.finish(sign, coef, exact.exp - places as i64)?;
        if env.status.get() & SUBNORMAL != 0 {
            env.note(UNDERFLOW);
        }
        return Ok(result);
    }
    rounded(env, |places| {
        let more = (b.adjusted().max(0) as u64) + 24;
        let bits = logarithm_bits(a, places + more);
        let (ln_sign, ln) = ln_fixed(env, a, bits)?;
        let (coef, cut) = if b.exp >= 0 {
            (b.coef.raised(b.exp as u64, env.pause)?, 0)
        } else {
            (b.coef.clone(), b.exp.unsigned_abs())
        };
        let factor = coef.into_big();
        let unit = power_of_ten(cut, env.pause)?;
        let product = long_product::multiply(&ln, &factor, &mut |n| (env.pause)(n))?;
        let x = long_product::quotient(&product, &unit, &mut |n| (env.pause)(n))?.0;
        let found = exp_of_fixed(env, (ln_sign.times(b.sign), &x), bits, places)?;
        Ok(Approximation { sign, ..found })
    })
}

/// The first digits of a finite number, and the exponent of the last one of them.
fn leading(n: &Number) -> (f64, f64) {
    let shift = n.coef.digits().saturating_sub(17);
    let top = n
        .coef
        .cut(shift, &|_| Ok(()))
        .map_or(0.0, |(top, _)| match top {
            Coef::Small(n) => n as f64,
            Coef::Big(_) => f64::INFINITY,
        });
    (top, n.exp as f64 + shift as f64)
}

/// Roughly the logarithm to base ten of the size of a number.
fn estimate(n: &Number) -> f64 {
    let (top, exp) = leading(n);
    top.log10() + exp
}

fn to_f64(n: &Number) -> f64 {
    let (top, exp) = leading(n);
    let size = top * 10f64.powf(exp);
    if n.sign.is_minus() { -size } else { size }
}

/// The place of the first digit of the distance from 1.
fn near_one_digits(env: &Env<'_>, a: &Number) -> TextResult<i64> {
    let exact = Env::exact(env.pause);
    let distance = subtract(&exact, a, &Number::int(1))?;
    Ok(distance.adjusted() + 1)
}

/// `a ** b` where `b` is no whole number and the power is exact and not long, such as 4 ** 0.5.
fn exact_root(env: &Env<'_>, a: &Number, b: &Number) -> TextResult<Option<Number>> {
    if b.exp >= 0 || b.exp < -6 {
        return Ok(None);
    }
    // b = n / d in lowest terms.
    let (Coef::Small(n), d) = (&b.coef, 10u128.pow(b.exp.unsigned_abs() as u32)) else {
        return Ok(None);
    };
    let common = num_integer::gcd(*n, d);
    let (Ok(n), Ok(d)) = (u32::try_from(n / common), u32::try_from(d / common)) else {
        return Ok(None);
    };
    let (coef, zeros) = a.coef.strip_zeros(a.coef.digits(), env.pause)?;
    let exp = a.exp + zeros as i64;
    let extra = exp.rem_euclid(i64::from(d)) as u64;
    let length = coef.digits() + extra;
    // A root has at least one digit, so that long powers have short roots only where d is small.
    if d > 4096
        || length > 20_000
        || length.saturating_mul(u64::from(n)) / u64::from(d) > 4 * env.prec as u64 + 200
    {
        return Ok(None);
    }
    let coef = coef.raised(extra, env.pause)?.into_big();
    let root = coef.nth_root(d);
    if root.pow(d) != coef {
        return Ok(None);
    }
    let coef = Coef::from(long_product::power(&root, n, &mut |n| (env.pause)(n))?);
    let exp = (exp - extra as i64) / i64::from(d) * i64::from(n);
    let result = Number::finite(Sign::Plus, coef, exp);
    if !b.sign.is_minus() {
        return Ok(Some(result));
    }
    let quiet = env.quiet();
    let inverse = divide(&quiet, &Number::int(1), &result)?;
    Ok((quiet.status.get() & INEXACT == 0).then_some(inverse))
}
