//! Operations on the digits of a number: shift, rotate and the logical ones on digits 0 and 1.
//!
//! They see the last `prec` digits of their operands. Digits are taken as text, because coefficients are binary numbers: this takes linear
//! time for all but giant numbers.

use super::coefficient::Coef;
use super::environment::condition::INVALID_OPERATION;
use super::environment::{Computed, Env};
use super::notation::{coef_of_digits, digit_text};
use super::number::{Kind, Number, Sign};
use crate::text::{TextError, TextResult};

/// The digits of `a` moved to the left, or to the right where `b` is negative.
pub fn shift(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    let places = match distance(env, a, b)? {
        Ok(places) => places,
        Err(result) => return Ok(result),
    };
    let coef = if places < 0 {
        let kept = a.coef.tail(env.prec as u64, env.pause)?;
        kept.cut(places.unsigned_abs(), env.pause)?.0
    } else {
        // Digits that would be moved out of the precision are dropped first.
        let kept = a.coef.tail((env.prec - places) as u64, env.pause)?;
        if env.prec == places {
            Coef::ZERO
        } else {
            kept.raised(places as u64, env.pause)?
        }
    };
    Ok(Number { coef, ..a.clone() })
}

/// The digits of `a` moved in a circle of `prec` digits.
pub fn rotate(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    let places = match distance(env, a, b)? {
        Ok(places) => places,
        Err(result) => return Ok(result),
    };
    let kept = a.coef.tail(env.prec as u64, env.pause)?;
    let left = places.rem_euclid(env.prec) as u64;
    if left == 0 {
        return Ok(Number {
            coef: kept,
            ..a.clone()
        });
    }
    let right = env.prec as u64 - left;
    let high = kept.cut(right, env.pause)?.0;
    let low = kept.tail(right, env.pause)?;
    let coef = low.raised(left, env.pause)?.plus(&high);
    Ok(Number { coef, ..a.clone() })
}

/// How far to move; or the result where nothing is moved.
fn distance(env: &Env<'_>, a: &Number, b: &Number) -> TextResult<Result<i64, Number>> {
    if let Some(nan) = env.nan_of(&[a, b])? {
        return Ok(Err(nan));
    }
    let places = b
        .to_i64()
        .filter(|places| b.exp == 0 && places.abs() <= env.prec);
    Ok(match places {
        None => Err(env.invalid(INVALID_OPERATION)),
        Some(_) if a.is_infinite() => Err(a.clone()),
        Some(places) => Ok(places),
    })
}

/// And, digit by digit.
pub fn logical_and(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    combine(env, a, b, |x, y| x & y)
}

/// Or, digit by digit.
pub fn logical_or(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    combine(env, a, b, |x, y| x | y)
}

/// Exclusive or, digit by digit.
pub fn logical_xor(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    combine(env, a, b, |x, y| x ^ y)
}

/// Zeros to ones and ones to zeros, in `prec` digits.
pub fn logical_invert(env: &Env<'_>, a: &Number) -> Computed {
    let Some(digits) = logical_digits(env, a)? else {
        return Ok(env.invalid(INVALID_OPERATION));
    };
    let length = usize::try_from(env.prec).unwrap_or(usize::MAX);
    let mut all = Vec::new();
    all.try_reserve_exact(length)
        .map_err(|_| TextError::memory())?;
    all.resize(length - digits.len(), b'1');
    all.extend(digits.iter().map(|digit| digit ^ 1));
    of_digits(env, &all)
}

fn combine(env: &Env<'_>, a: &Number, b: &Number, op: impl Fn(u8, u8) -> u8) -> Computed {
    let (Some(a), Some(b)) = (logical_digits(env, a)?, logical_digits(env, b)?) else {
        return Ok(env.invalid(INVALID_OPERATION));
    };
    let length = a.len().max(b.len());
    let digit = |digits: &[u8], place: usize| {
        // Places count from the end.
        digits
            .len()
            .checked_sub(place + 1)
            .map_or(0, |at| digits[at] - b'0')
    };
    let result: Vec<u8> = (0..length)
        .rev()
        .map(|place| b'0' + op(digit(&a, place), digit(&b, place)))
        .collect();
    of_digits(env, &result)
}

fn of_digits(env: &Env<'_>, digits: &[u8]) -> Computed {
    Ok(Number::finite(
        Sign::Plus,
        coef_of_digits(digits, env.pause)?,
        0,
    ))
}

/// The digits of a logical operand, at most `prec`; None if it is none.
fn logical_digits(env: &Env<'_>, n: &Number) -> TextResult<Option<Vec<u8>>> {
    if n.kind != Kind::Finite || n.sign.is_minus() || n.exp != 0 {
        return Ok(None);
    }
    let mut digits = digit_text(&n.coef, env.pause)?.into_bytes();
    if !digits.iter().all(|digit| matches!(digit, b'0' | b'1')) {
        return Ok(None);
    }
    let most = usize::try_from(env.prec).unwrap_or(usize::MAX);
    digits.drain(..digits.len().saturating_sub(most));
    Ok(Some(digits))
}
