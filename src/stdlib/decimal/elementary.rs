//! Square root, exponential and logarithms.
//!
//! The functions are computed in binary fixed point with more digits than wanted, and once more with twice as many where those
//! lie so near a tie that they do not tell how to round. Results are
//! rounded half to even, whatever the context says, as the specification demands.

use std::cmp::Ordering;

use num_bigint::BigUint;
use num_traits::Zero;

use super::coefficient::Coef;
use super::environment::condition::INVALID_OPERATION;
use super::environment::{Computed, Env, Rounding};
use super::fixed_point::{self, bits_of_digits};
use super::number::{Number, Sign};
use crate::text::num::combinatorics::isqrt;
use crate::text::{Int, IntRef, TextResult};

/// A result in units of 10**exp, off by a few units.
pub struct Approximation {
    /// The sign.
    pub sign: Sign,
    /// The digits.
    pub coef: BigUint,
    /// The unit.
    pub exp: i64,
}

/// Rounds a result that is never exact; `compute` returns it with at least so many digits after the point of its scale.
pub fn rounded(
    env: &Env<'_>,
    mut compute: impl FnMut(u64) -> TextResult<Approximation>,
) -> Computed {
    let mut places = env.prec as u64 + 6;
    loop {
        let found = compute(places)?;
        let coef = Coef::from(found.coef);
        let digits = coef.digits() as i64;
        let drop = digits - env.prec;
        if drop < 4 || coef.is_zero() {
            places += (4 - drop).max(4) as u64;
            continue;
        }
        if is_decided(env, &coef, drop as u64)? {
            return env.finish(found.sign, coef, found.exp);
        }
        places += places.max(16) / 2;
    }
}

/// Whether the last digits tell how to round, though they are off by a few units.
fn is_decided(env: &Env<'_>, coef: &Coef, drop: u64) -> TextResult<bool> {
    const SLACK: u8 = 50;
    let tail = coef.tail(drop, env.pause)?.to_big();
    let half = Coef::Small(5).raised(drop - 1, env.pause)?.to_big();
    let distance = |a: &BigUint, b: &BigUint| if a > b { a - b } else { b - a };
    let slack = BigUint::from(SLACK);
    Ok(tail > slack && distance(&tail, &half) > slack && distance(&tail, &(&half << 1u8)) > slack)
}

/// Runs an operation that rounds half to even.
pub fn half_even(env: &Env<'_>, run: impl FnOnce(&Env<'_>) -> Computed) -> Computed {
    let even = env.with_rounding(Rounding::HalfEven);
    let result = run(&even);
    env.note(even.status.get());
    result
}

/// The square root.
pub fn sqrt(env: &Env<'_>, a: &Number) -> Computed {
    if let Some(nan) = env.nan_of(&[a])? {
        return Ok(nan);
    }
    let ideal = a.exp.div_euclid(2);
    if a.is_zero() {
        return env.finish(a.sign, Coef::ZERO, ideal);
    }
    if a.sign.is_minus() {
        return Ok(env.invalid(INVALID_OPERATION));
    }
    if a.is_infinite() {
        return Ok(a.clone());
    }
    half_even(env, |env| {
        let odd = a.exp.rem_euclid(2) as u64;
        let digits = a.coef.digits() + odd;
        let shift = (env.prec as u64 + 2).saturating_sub(digits.div_ceil(2));
        let square = a
            .coef
            .raised(odd.saturating_add(shift.saturating_mul(2)), env.pause)?;
        let root = root_of(env, &square)?;
        let is_exact = root.times(&root, env.pause)? == square;
        let exp = ideal - shift as i64;
        if is_exact {
            let (root, zeros) = root.strip_zeros(shift, env.pause)?;
            return env.finish(Sign::Plus, root, exp + zeros as i64);
        }
        let root = if matches!(root.last_digit(), 0 | 5) {
            root.plus(&Coef::ONE)
        } else {
            root
        };
        env.finish(Sign::Plus, root, exp)
    })
}

fn root_of(env: &Env<'_>, n: &Coef) -> TextResult<Coef> {
    if let Coef::Small(n) = n {
        return Ok(Coef::Small(n.isqrt()));
    }
    let n = n.to_big().into();
    let root = isqrt(IntRef::Big(&n), &mut |n| (env.pause)(n))?;
    Ok(match root {
        Int::Small(n) => Coef::Small(u128::from(n.unsigned_abs())),
        Int::Big(n) => Coef::from(n.into_parts().1),
    })
}

/// e to the power of `a`.
pub fn exp(env: &Env<'_>, a: &Number) -> Computed {
    if let Some(nan) = env.nan_of(&[a])? {
        return Ok(nan);
    }
    if a.is_infinite() {
        return Ok(if a.sign.is_minus() {
            Number::finite(Sign::Plus, Coef::ZERO, 0)
        } else {
            a.clone()
        });
    }
    if a.coef.is_zero() {
        return Ok(Number::finite(Sign::Plus, Coef::ONE, 0));
    }
    half_even(env, |env| {
        if a.adjusted() > 20 {
            return beyond(env, a.sign);
        }
        if a.adjusted() < -(env.prec + 3) {
            return near_one(env, a.sign);
        }
        rounded(env, |places| exp_of(env, a, places))
    })
}

/// The result of a power that is too great, or (`Minus`) too small.
pub fn beyond(env: &Env<'_>, sign: Sign) -> Computed {
    if sign.is_minus() {
        env.finish(Sign::Plus, Coef::ONE, env.etiny() - 5)
    } else {
        env.overflow(Sign::Plus)
    }
}

/// A result so near 1 that only the direction counts.
pub fn near_one(env: &Env<'_>, direction: Sign) -> Computed {
    let places = env.prec + 5;
    let one = Coef::ONE.raised(places as u64, env.pause)?;
    let coef = if direction.is_minus() {
        one.minus(&Coef::ONE).0
    } else {
        one.plus(&Coef::ONE)
    };
    env.finish(Sign::Plus, coef, -places)
}

/// e**a for a number whose first digit is at 10**20 at most.
fn exp_of(env: &Env<'_>, a: &Number, places: u64) -> TextResult<Approximation> {
    let bits = bits_of_digits(places) + 16 + bits_of_digits(a.adjusted().max(0) as u64);
    let (coef, cut) = if a.exp >= 0 {
        (a.coef.raised(a.exp as u64, env.pause)?, 0)
    } else {
        (a.coef.clone(), a.exp.unsigned_abs())
    };
    let x = fixed_point::of_decimal(&coef, cut, bits, env.pause)?;
    exp_of_fixed(env, (a.sign, &x), bits, places)
}

/// e**x as a number between 1 and 10 in units of 10**-places, times a power of ten.
pub fn exp_of_fixed(
    env: &Env<'_>,
    (sign, x): (Sign, &BigUint),
    bits: u64,
    places: u64,
) -> TextResult<Approximation> {
    let ln10 = fixed_point::ln10(bits, env.pause)?;
    let (mut power, mut rest) = (x / &ln10, x % &ln10);
    if sign.is_minus() && !rest.is_zero() {
        power += 1u8;
        rest = ln10 - rest;
    }
    let value = fixed_point::exp(&rest, bits, env.pause)?;
    let coef = fixed_point::to_decimal(&value, places, bits, env.pause)?;
    // Powers beyond 64 bits are beyond all exponents.
    let power = i64::try_from(&power)
        .unwrap_or(i64::MAX / 2)
        .min(i64::MAX / 2);
    let power = if sign.is_minus() { -power } else { power };
    Ok(Approximation {
        sign: Sign::Plus,
        coef,
        exp: power - places as i64,
    })
}

/// The natural logarithm.
pub fn ln(env: &Env<'_>, a: &Number) -> Computed {
    if let Some(result) = logarithm_special(env, a)? {
        return Ok(result);
    }
    if a.compare(&Number::int(1)) == Ordering::Equal {
        return Ok(Number::finite(Sign::Plus, Coef::ZERO, 0));
    }
    half_even(env, |env| {
        rounded(env, |places| {
            let bits = logarithm_bits(a, places);
            let (sign, value) = ln_fixed(env, a, bits)?;
            let coef = fixed_point::to_decimal(&value, places, bits, env.pause)?;
            Ok(Approximation {
                sign,
                coef,
                exp: -(places as i64),
            })
        })
    })
}

/// The logarithm to base ten.
pub fn log10(env: &Env<'_>, a: &Number) -> Computed {
    if let Some(result) = logarithm_special(env, a)? {
        return Ok(result);
    }
    half_even(env, |env| {
        let adjusted = a.adjusted();
        let (stripped, _) = a.coef.strip_zeros(a.coef.digits(), env.pause)?;
        if stripped == Coef::ONE {
            return env.fix(&Number::int(adjusted));
        }
        rounded(env, |places| {
            let bits = logarithm_bits(a, places);
            let (sign, value) = ln_fixed(env, a, bits)?;
            let ln10 = fixed_point::ln10(bits, env.pause)?;
            let value = fixed_point::ratio(&value, &ln10, bits, env.pause)?;
            let coef = fixed_point::to_decimal(&value, places, bits, env.pause)?;
            Ok(Approximation {
                sign,
                coef,
                exp: -(places as i64),
            })
        })
    })
}

/// The logarithm of what is not a finite number above zero.
fn logarithm_special(env: &Env<'_>, a: &Number) -> TextResult<Option<Number>> {
    if let Some(nan) = env.nan_of(&[a])? {
        return Ok(Some(nan));
    }
    Ok(if a.is_zero() {
        Some(Number::infinity(Sign::Minus))
    } else if a.sign.is_minus() {
        Some(env.invalid(INVALID_OPERATION))
    } else if a.is_infinite() {
        Some(a.clone())
    } else {
        None
    })
}

/// Bits for a logarithm with so many digits after the point.
pub fn logarithm_bits(a: &Number, places: u64) -> u64 {
    bits_of_digits(places) + 80.min(8 + u64::from(64 - a.adjusted().unsigned_abs().leading_zeros()))
}

/// The natural logarithm of a finite number above zero, as sign and size.
pub fn ln_fixed(env: &Env<'_>, a: &Number, bits: u64) -> TextResult<(Sign, BigUint)> {
    // a = m * 10**e with m from 1 to 10; numbers below 1 are taken as inverses where they are near it.
    let (mut e, digits) = (a.adjusted(), a.coef.digits());
    let mut m = fixed_point::of_decimal(&a.coef, digits - 1, bits, env.pause)?;
    let mut inner = Sign::Plus;
    if e == -1 {
        // m / 10 is below 1: its logarithm is that of 10 / m, negative.
        let unit = Coef::ONE.raised(digits, env.pause)?.into_big();
        m = fixed_point::ratio(&unit, &a.coef.to_big(), bits, env.pause)?;
        inner = Sign::Minus;
        e = 0;
    }
    let small = fixed_point::ln(&m, bits, env.pause)?;
    if e == 0 {
        return Ok((inner, small));
    }
    let large = fixed_point::ln10(bits, env.pause)? * e.unsigned_abs();
    Ok(if e > 0 {
        (Sign::Plus, large + small)
    } else {
        (Sign::Minus, large - small)
    })
}
