//! Division as Python rounds it: `//` and `%` towards minus infinity, `/` of integers to the nearest float.
//!
//! Contract: for all pairs `a == (a // b) * b + a % b`, the remainder has the sign of `b`, and each operator has its own
//! message for a zero divisor.

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};

use super::scale::scale_round;
use crate::text::{Int, IntRef, TextError, TextResult};

/// `a // b`
pub fn int_floor_div(a: IntRef<'_>, b: IntRef<'_>) -> TextResult<Int> {
    check_divisor(b, "integer division or modulo by zero")?;
    if let (IntRef::Small(a), IntRef::Small(b)) = (a, b) {
        return Ok(match a.checked_div(b) {
            Some(quotient) => Int::Small(quotient - i64::from(a % b != 0 && (a < 0) != (b < 0))),
            None => Int::from(-i128::from(a)),
        });
    }
    let (a, b) = (a.to_big(), b.to_big());
    if let Some(estimate) = Estimate::of(&a, &b)
        && estimate.low == estimate.high
    {
        return Ok(Int::Small(estimate.high as i64));
    }
    Ok(a.div_floor(&b).into())
}

/// Bounds of a quotient that fits 62 bits, from the leading bits of two large positive integers.
///
/// Division costs as much as a product of quotient and divisor at least; where the bounds agree, as they nearly always do, the
/// quotient is known without touching more than the first words. Spigots, continued fractions and Euclid's algorithm
/// live on such quotients.
struct Estimate {
    low: u64,
    high: u64,
}

impl Estimate {
    /// The most bits of a quotient.
    const BITS: u64 = 61;

    fn of(a: &BigInt, b: &BigInt) -> Option<Estimate> {
        if a.sign() != Sign::Plus || b.sign() != Sign::Plus {
            return None;
        }
        let (a, b) = (a.magnitude(), b.magnitude());
        let (long, short) = (a.bits(), b.bits());
        if short < 64 || !(short..=short + Self::BITS).contains(&long) {
            return None;
        }
        let dropped = short - 64;
        let (numerator, divisor) = (leading(a, dropped), leading(b, dropped));
        Some(Estimate {
            low: (numerator / (divisor + 1)) as u64,
            high: (numerator / divisor) as u64,
        })
    }
}

/// The bits of `n` above the lowest `dropped`; at most 128 of them.
fn leading(n: &BigUint, dropped: u64) -> u128 {
    let (skipped, shift) = ((dropped / 64) as usize, dropped % 64);
    let mut words = [0; 3];
    for (slot, word) in words.iter_mut().zip(n.iter_u64_digits().skip(skipped)) {
        *slot = word;
    }
    let low = u128::from(words[0]) | u128::from(words[1]) << 64;
    if shift == 0 {
        low
    } else {
        low >> shift | u128::from(words[2]) << (128 - shift)
    }
}

/// Quotient and remainder of positive integers whose quotient is one machine word.
fn short_quotient(a: &BigInt, b: &BigInt) -> Option<(Int, Int)> {
    let estimate = Estimate::of(a, b)?;
    let mut quotient = estimate.high;
    let mut rest = a - b * quotient;
    while rest.sign() == Sign::Minus {
        quotient -= 1;
        rest += b;
    }
    Some((Int::Small(quotient as i64), rest.into()))
}

/// `a % b`
pub fn int_mod(a: IntRef<'_>, b: IntRef<'_>) -> TextResult<Int> {
    check_divisor(b, "integer modulo by zero")?;
    if let (IntRef::Small(a), IntRef::Small(b)) = (a, b) {
        let rest = a.wrapping_rem(b);
        return Ok(Int::Small(if rest != 0 && (rest < 0) != (b < 0) {
            rest + b
        } else {
            rest
        }));
    }
    let (a, b) = (a.to_big(), b.to_big());
    if let Some((_, rest)) = short_quotient(&a, &b) {
        return Ok(rest);
    }
    Ok(a.mod_floor(&b).into())
}

/// `divmod(a, b)`
pub fn int_divmod(a: IntRef<'_>, b: IntRef<'_>) -> TextResult<(Int, Int)> {
    check_divisor(b, "integer division or modulo by zero")?;
    if let (IntRef::Small(_), IntRef::Small(_)) = (a, b) {
        return Ok((int_floor_div(a, b)?, int_mod(a, b)?));
    }
    let (a, b) = (a.to_big(), b.to_big());
    if let Some(parts) = short_quotient(&a, &b) {
        return Ok(parts);
    }
    let (quotient, rest) = a.div_mod_floor(&b);
    Ok((quotient.into(), rest.into()))
}

/// `a / b`: the float nearest to the exact quotient.
pub fn int_true_div(a: IntRef<'_>, b: IntRef<'_>) -> TextResult<f64> {
    check_divisor(b, "division by zero")?;
    /// Up to here integers are floats without loss.
    const EXACT: u64 = 1 << 53;
    if let (IntRef::Small(a), IntRef::Small(b)) = (a, b)
        && a.unsigned_abs() <= EXACT
        && b.unsigned_abs() <= EXACT
    {
        return Ok(a as f64 / b as f64);
    }
    let negative = a.is_negative() != b.is_negative();
    let size = ratio(&a.magnitude(), &b.magnitude())
        .ok_or_else(|| TextError::overflow("integer division result too large for a float"))?;
    Ok(if negative { -size } else { size })
}

/// The float nearest to `a / b`, or `None` beyond the largest.
fn ratio(a: &BigUint, b: &BigUint) -> Option<f64> {
    if a.is_zero() {
        return Some(0.0);
    }
    let difference = a.bits() as i64 - b.bits() as i64;
    if difference > 1025 {
        return None;
    }
    if difference < -1100 {
        return Some(0.0);
    }
    // Scaled so that the quotient has 62 or 63 bits, the rest of it goes into the sticky bit.
    let shift = 62 - difference;
    let scaled = |value: &BigUint, by: i64| value << by.max(0).unsigned_abs();
    let (quotient, rest) = scaled(a, shift).div_rem(&scaled(b, -shift));
    scale_round(
        quotient.to_u64().expect("63 bits at most"),
        !rest.is_zero(),
        -shift,
    )
}

/// Quotient and remainder such that the remainder is at most half of `b`, ties to the even quotient; `b` is positive.
pub fn divmod_near(a: &BigInt, b: &BigInt) -> (BigInt, BigInt) {
    let (quotient, rest) = a.div_mod_floor(b);
    let twice: BigInt = &rest << 1;
    if twice > *b || (twice == *b && quotient.bit(0)) {
        return (quotient + 1, rest - b);
    }
    (quotient, rest)
}

/// `a / b`
pub fn float_div(a: f64, b: f64) -> TextResult<f64> {
    if b == 0.0 {
        return Err(TextError::zero_division("float division by zero"));
    }
    Ok(a / b)
}

/// `a // b`
pub fn float_floor_div(a: f64, b: f64) -> TextResult<f64> {
    if b == 0.0 {
        return Err(TextError::zero_division("float floor division by zero"));
    }
    Ok(floor_and_rest(a, b).0)
}

/// `a % b`
pub fn float_mod(a: f64, b: f64) -> TextResult<f64> {
    if b == 0.0 {
        return Err(TextError::zero_division("float modulo by zero"));
    }
    Ok(rest(a, b))
}

/// `divmod(a, b)`
pub fn float_divmod(a: f64, b: f64) -> TextResult<(f64, f64)> {
    if b == 0.0 {
        return Err(TextError::zero_division("float divmod()"));
    }
    Ok(floor_and_rest(a, b))
}

/// The remainder with the sign of the divisor, zero included.
fn rest(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        return 0.0f64.copysign(b);
    }
    if (b < 0.0) != (rest < 0.0) {
        rest + b
    } else {
        rest
    }
}

fn floor_and_rest(a: f64, b: f64) -> (f64, f64) {
    let truncated = a % b;
    let rest = rest(a, b);
    // Nearly an integer: exact but for the rounding of this division.
    let mut quotient = (a - truncated) / b;
    if truncated != 0.0 && (b < 0.0) != (truncated < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return (0.0f64.copysign(a / b), rest);
    }
    let floor = quotient.floor();
    (
        if quotient - floor > 0.5 {
            floor + 1.0
        } else {
            floor
        },
        rest,
    )
}

fn check_divisor(b: IntRef<'_>, message: &str) -> TextResult<()> {
    if b.is_zero() {
        Err(TextError::zero_division(message))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::oracle::{self, Number, show_float, show_int};

    #[test]
    fn divisions_agree_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/num_division.tsv")) {
            let [operation, a, b, expected] = row[..] else {
                panic!("four columns: {row:?}")
            };
            let result = match (Number::read(a), Number::read(b)) {
                (Number::Int(a), Number::Int(b)) => of_ints(operation, a.as_ref(), b.as_ref()),
                (a, b) => of_floats(operation, a.float(), b.float()),
            };
            oracle::check(result, expected, &row);
        }
    }

    fn of_ints(operation: &str, a: IntRef<'_>, b: IntRef<'_>) -> TextResult<String> {
        match operation {
            "//" => int_floor_div(a, b).map(show_int),
            "%" => int_mod(a, b).map(show_int),
            "/" => int_true_div(a, b).map(show_float),
            _ => int_divmod(a, b).map(|(q, r)| format!("{} {}", show_int(q), show_int(r))),
        }
    }

    fn of_floats(operation: &str, a: f64, b: f64) -> TextResult<String> {
        match operation {
            "//" => float_floor_div(a, b).map(show_float),
            "%" => float_mod(a, b).map(show_float),
            "/" => float_div(a, b).map(show_float),
            _ => float_divmod(a, b).map(|(q, r)| format!("{} {}", show_float(q), show_float(r))),
        }
    }

    #[test]
    fn the_smallest_word_divides() {
        let (low, one) = (IntRef::Small(i64::MIN), IntRef::Small(-1));
        assert_eq!(
            int_floor_div(low, one).map(show_int).as_deref(),
            Ok("i9223372036854775808")
        );
        assert_eq!(int_mod(low, one), Ok(Int::Small(0)));
    }
}
