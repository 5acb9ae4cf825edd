//! Quotients and remainders.
//!
//! A quotient gets one digit more than wanted, which also says whether anything is left: no rounding can take an inexact quotient for an
//! exact one. Remainders are exact where the whole quotient fits the precision.

use super::coefficient::{Coef, POWERS, SMALL_DIGITS, digits_of};
use super::environment::condition::{
    CLAMPED, DIVISION_BY_ZERO, DIVISION_IMPOSSIBLE, DIVISION_UNDEFINED, INVALID_OPERATION,
};
use super::environment::{Computed, Env};
use super::number::{Number, Sign};
use super::wide::Wide;
use crate::text::TextResult;

/// `a / b`
pub fn divide(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    let sign = a.sign.times(b.sign);
    if !a.is_finite() || !b.is_finite() {
        if let Some(nan) = env.nan_of(&[a, b])? {
            return Ok(nan);
        }
        return Ok(match (a.is_infinite(), b.is_infinite()) {
            (true, true) => env.invalid(INVALID_OPERATION),
            (true, false) => Number::infinity(sign),
            _ => {
                env.note(CLAMPED);
                Number::finite(sign, Coef::ZERO, env.etiny())
            }
        });
    }
    if b.coef.is_zero() {
        return Ok(if a.coef.is_zero() {
            env.invalid(DIVISION_UNDEFINED)
        } else {
            env.note(DIVISION_BY_ZERO);
            Number::infinity(sign)
        });
    }
    let ideal = a.exp - b.exp;
    if a.coef.is_zero() {
        return env.finish(sign, Coef::ZERO, ideal);
    }
    let (digits, divisor_digits) = (a.coef.digits() as i64, b.coef.digits() as i64);
    let shift = (divisor_digits - digits)
        .saturating_add(env.prec)
        .saturating_add(1)
        .max(0) as u64;
    let (mut coef, is_exact) = quotient(env, &a.coef, &b.coef, shift)?;
    let mut exp = ideal - shift as i64;
    if is_exact {
        let (stripped, zeros) = coef.strip_zeros(shift, env.pause)?;
        coef = stripped;
        exp += zeros as i64;
    } else if matches!(coef.last_digit(), 0 | 5) {
        // A digit that no rounding takes for exact.
        coef = coef.plus(&Coef::ONE);
    }
    env.finish(sign, coef, exp)
}

/// `a * 10**shift // b`, and whether that is exact.
fn quotient(env: &Env<'_>, a: &Coef, b: &Coef, shift: u64) -> TextResult<(Coef, bool)> {
    if let (Coef::Small(x), Coef::Small(y)) = (a, b) {
        let free = SMALL_DIGITS - digits_of(*x);
        if shift <= free {
            let x = x * POWERS[shift as usize];
            return Ok(match (u64::try_from(x), u64::try_from(*y)) {
                (Ok(x), Ok(y)) => (Coef::Small(u128::from(x / y)), x % y == 0),
                _ => {
                    let q = x / y;
                    (Coef::Small(q), q * y == x)
                }
            });
        }
        if shift - free <= SMALL_DIGITS {
            let dividend =
                Wide::product(x * POWERS[free as usize], POWERS[(shift - free) as usize]);
            if dividend.high < *y {
                let (q, r) = dividend.div_rem(*y);
                return Ok((Coef::from(q), r == 0));
            }
        }
    }
    let (q, r) = a.raised(shift, env.pause)?.div_rem(b, env.pause)?;
    Ok((q, r.is_zero()))
}

/// Quotient and remainder of two finite numbers, the divisor not zero; None where the quotient has too many digits.
fn whole_and_rest(env: &Env<'_>, a: &Number, b: &Number) -> TextResult<Option<(Coef, Coef)>> {
    let gap = a.adjusted() - b.adjusted();
    if gap > env.prec {
        return Ok(None);
    }
    let low = a.exp.min(b.exp);
    let dividend = a.coef.raised(a.exp.abs_diff(low), env.pause)?;
    let divisor = b.coef.raised(b.exp.abs_diff(low), env.pause)?;
    dividend.div_rem(&divisor, env.pause).map(Some)
}

/// Whether the quotient of `a` by `b` is 0 without a division: then the remainder is `a`.
fn is_less(a: &Number, b: &Number) -> bool {
    a.coef.is_zero() || b.is_infinite() || a.adjusted() - b.adjusted() <= -2
}

/// `a` with the exponent of a remainder, as far as that only adds zeros.
fn as_remainder(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    let ideal = if b.is_infinite() {
        a.exp
    } else {
        a.exp.min(b.exp)
    };
    if a.coef.is_zero() {
        return env.finish(a.sign, Coef::ZERO, ideal);
    }
    let room = a
        .exp
        .saturating_sub(env.prec - a.coef.digits() as i64)
        .saturating_sub(1)
        .min(a.exp);
    let exp = ideal.max(room);
    let coef = a.coef.raised(a.exp.abs_diff(exp), env.pause)?;
    env.finish(a.sign, coef, exp)
}

/// `a // b`
pub fn divide_int(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    if let Some(nan) = env.nan_of(&[a, b])? {
        return Ok(nan);
    }
    let sign = a.sign.times(b.sign);
    if a.is_infinite() {
        return Ok(if b.is_infinite() {
            env.invalid(INVALID_OPERATION)
        } else {
            Number::infinity(sign)
        });
    }
    if b.is_zero() {
        return Ok(if a.coef.is_zero() {
            env.invalid(DIVISION_UNDEFINED)
        } else {
            env.note(DIVISION_BY_ZERO);
            Number::infinity(sign)
        });
    }
    if is_less(a, b) {
        return env.finish(sign, Coef::ZERO, 0);
    }
    match whole_and_rest(env, a, b)? {
        Some((whole, _)) if !env.is_too_long(&whole) => env.finish(sign, whole, 0),
        _ => Ok(env.invalid(DIVISION_IMPOSSIBLE)),
    }
}

/// `a % b`
pub fn remainder(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    if let Some(result) = remainder_special(env, a, b)? {
        return Ok(result);
    }
    if is_less(a, b) {
        return as_remainder(env, a, b);
    }
    match whole_and_rest(env, a, b)? {
        Some((whole, rest)) if !env.is_too_long(&whole) => {
            env.finish(a.sign, rest, a.exp.min(b.exp))
        }
        _ => Ok(env.invalid(DIVISION_IMPOSSIBLE)),
    }
}

/// What a remainder is where an operand is not finite or the divisor is zero.
fn remainder_special(env: &Env<'_>, a: &Number, b: &Number) -> TextResult<Option<Number>> {
    if let Some(nan) = env.nan_of(&[a, b])? {
        return Ok(Some(nan));
    }
    Ok(if a.is_infinite() {
        Some(env.invalid(INVALID_OPERATION))
    } else if b.is_zero() {
        Some(env.invalid(if a.is_zero() {
            DIVISION_UNDEFINED
        } else {
            INVALID_OPERATION
        }))
    } else {
        None
    })
}

/// `divmod(a, b)`
pub fn divide_mod(env: &Env<'_>, a: &Number, b: &Number) -> TextResult<(Number, Number)> {
    if let Some(nan) = env.nan_of(&[a, b])? {
        return Ok((nan.clone(), nan));
    }
    let sign = a.sign.times(b.sign);
    if a.is_infinite() {
        let rest = env.invalid(INVALID_OPERATION);
        return Ok((
            if b.is_infinite() {
                Number::nan()
            } else {
                Number::infinity(sign)
            },
            rest,
        ));
    }
    if b.is_zero() {
        if a.is_zero() {
            return Ok((env.invalid(DIVISION_UNDEFINED), Number::nan()));
        }
        env.note(DIVISION_BY_ZERO | INVALID_OPERATION);
        return Ok((Number::infinity(sign), Number::nan()));
    }
    if is_less(a, b) {
        return Ok((env.finish(sign, Coef::ZERO, 0)?, as_remainder(env, a, b)?));
    }
    match whole_and_rest(env, a, b)? {
        Some((whole, rest)) if !env.is_too_long(&whole) => Ok((
            env.finish(sign, whole, 0)?,
            env.finish(a.sign, rest, a.exp.min(b.exp))?,
        )),
        _ => Ok((env.invalid(DIVISION_IMPOSSIBLE), Number::nan())),
    }
}

/// The remainder for the nearest whole quotient, ties to the even one.
pub fn remainder_near(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    if let Some(result) = remainder_special(env, a, b)? {
        return Ok(result);
    }
    if is_less(a, b) {
        return as_remainder(env, a, b);
    }
    let Some((mut whole, mut rest)) = whole_and_rest(env, a, b)? else {
        return Ok(env.invalid(DIVISION_IMPOSSIBLE));
    };
    let exp = a.exp.min(b.exp);
    let divisor = b.coef.raised(b.exp.abs_diff(exp), env.pause)?;
    let (to_next, _) = divisor.minus(&rest);
    let mut sign = a.sign;
    let order = rest.cmp(&to_next);
    if order.is_gt() || order.is_eq() && whole.is_odd() {
        rest = to_next;
        whole = whole.plus(&Coef::ONE);
        sign = if rest.is_zero() {
            sign
        } else {
            sign.opposite()
        };
    }
    if env.is_too_long(&whole) {
        return Ok(env.invalid(DIVISION_IMPOSSIBLE));
    }
    env.finish(sign, rest, exp)
}

/// `a ** b % modulus` of whole numbers.
pub fn power_modulo(env: &Env<'_>, a: &Number, b: &Number, modulus: &Number) -> Computed {
    if let Some(nan) = env.nan_of(&[a, b, modulus])? {
        return Ok(nan);
    }
    let are_whole = [a, b, modulus].iter().all(|n| n.is_whole());
    let is_undefined = b.sign.is_minus() && !b.is_zero()
        || modulus.is_zero()
        || a.is_zero() && b.is_zero()
        || modulus.adjusted() >= env.prec;
    if !are_whole || is_undefined {
        return Ok(env.invalid(INVALID_OPERATION));
    }
    let sign = Sign::of(a.sign.is_minus() && b.is_odd_whole());
    let modulus = whole_of(env, modulus)?.into_big();
    let power = |exponent: &num_bigint::BigUint, base: &num_bigint::BigUint| {
        crate::text::num::long_product::power_below(
            &(base % &modulus),
            exponent,
            &modulus,
            &mut |n| (env.pause)(n),
        )
    };
    if modulus == num_bigint::BigUint::from(1u8) {
        return Ok(Number::finite(sign, Coef::ZERO, 0));
    }
    // Exponents of the operands may be large: 10**exp is taken below the modulus, too.
    let ten = num_bigint::BigUint::from(10u8);
    let base = if a.exp > 0 {
        let unit = power(&num_bigint::BigUint::from(a.exp as u64), &ten)?;
        a.coef.to_big() % &modulus * unit % &modulus
    } else {
        whole_of(env, a)?.into_big() % &modulus
    };
    let exponent = whole_of(env, b)?.into_big();
    let result = power(&exponent, &base)?;
    Ok(Number::finite(sign, Coef::from(result), 0))
}

/// The absolute value of a whole number.
pub fn whole_of(env: &Env<'_>, n: &Number) -> TextResult<Coef> {
    if n.exp >= 0 {
        n.coef.raised(n.exp as u64, env.pause)
    } else {
        Ok(n.coef.cut(n.exp.unsigned_abs(), env.pause)?.0)
    }
}
