//! Between integers and floats: correctly rounded one way, exact the other.
//!
//! Comparisons of integers with floats go through here, too, so that they are exact and never round first.

use std::cmp::Ordering;

use num_bigint::{BigInt, BigUint};
use num_traits::ToPrimitive;

use super::scale::scale_round;
use crate::text::{Int, IntRef, TextError, TextResult};

/// `float(value)`: the nearest float, half to even.
pub fn int_to_float(value: IntRef<'_>) -> TextResult<f64> {
    match value {
        IntRef::Small(value) => Ok(value as f64),
        IntRef::Big(value) => big_to_float(value),
    }
}

/// `float(value)` of limbs.
pub fn big_to_float(value: &BigInt) -> TextResult<f64> {
    let size = magnitude_to_float(value.magnitude())
        .ok_or_else(|| TextError::overflow("int too large to convert to float"))?;
    Ok(if value.sign() == num_bigint::Sign::Minus {
        -size
    } else {
        size
    })
}

fn magnitude_to_float(size: &BigUint) -> Option<f64> {
    let bits = size.bits();
    if bits > 1024 {
        return None;
    }
    let drop = bits.saturating_sub(64);
    let top = (size >> drop).to_u64().expect("64 bits are left");
    let sticky = size.trailing_zeros().is_some_and(|zeros| zeros < drop);
    scale_round(top, sticky, drop as i64)
}

/// `int(value)`: the integer part.
pub fn float_to_int(value: f64) -> TextResult<Int> {
    if value.is_nan() {
        return Err(TextError::value("cannot convert float NaN to integer"));
    }
    if value.is_infinite() {
        return Err(TextError::overflow(
            "cannot convert float infinity to integer",
        ));
    }
    Ok(truncate(value))
}

/// The integer part of a finite float.
fn truncate(value: f64) -> Int {
    // Both ends are floats themselves; the upper one is the first that does not fit.
    const LOW: f64 = i64::MIN as f64;
    const HIGH: f64 = -LOW;
    if (LOW..HIGH).contains(&value) {
        return Int::Small(value as i64);
    }
    let (mantissa, exponent) = decompose(value.abs());
    // A float this large is an integer: its exponent is positive.
    super::super::int::signed(
        value < 0.0,
        BigUint::from(mantissa) << exponent.unsigned_abs(),
    )
}

/// A finite positive float as `mantissa * 2**exponent`.
pub fn decompose(value: f64) -> (u64, i64) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52) as i64 & 0x7ff {
        0 => (fraction, -1074),
        biased => (fraction | 1 << 52, biased - 1075),
    }
}

/// Compares by exact value, as Python does; `None` for not-a-number.
pub fn compare_int_float(left: IntRef<'_>, right: f64) -> Option<Ordering> {
    if right.is_nan() {
        return None;
    }
    if right.is_infinite() {
        return Some(if right > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        });
    }
    let whole = truncate(right);
    let order = match (left, &whole) {
        (IntRef::Small(left), Int::Small(right)) => left.cmp(right),
        (left, right) => left.to_big().as_ref().cmp(right.as_ref().to_big().as_ref()),
    };
    // Equal to the integer part: what was cut off decides.
    Some(order.then_with(|| {
        0.0.partial_cmp(&right.fract())
            .expect("the fraction of a finite number")
    }))
}

/// `value.as_integer_ratio()`: numerator and positive denominator in lowest terms.
pub fn float_to_ratio(value: f64) -> TextResult<(Int, Int)> {
    if value.is_nan() {
        return Err(TextError::value("cannot convert NaN to integer ratio"));
    }
    if value.is_infinite() {
        return Err(TextError::overflow(
            "cannot convert Infinity to integer ratio",
        ));
    }
    let (mantissa, exponent) = decompose(value.abs());
    if mantissa == 0 {
        return Ok((Int::Small(0), Int::Small(1)));
    }
    let odd = mantissa >> mantissa.trailing_zeros();
    let exponent = exponent + i64::from(mantissa.trailing_zeros());
    let power = |exponent: i64| BigUint::from(1u8) << exponent.max(0).unsigned_abs();
    Ok((
        super::super::int::signed(value < 0.0, BigUint::from(odd) * power(exponent)),
        power(-exponent).into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::int_text::{DigitLimit, int_to_str};
    use crate::text::oracle;

    #[test]
    fn conversions_agree_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/num_convert.tsv")) {
            let (operation, operands) = (row[0], &row[1..row.len() - 1]);
            let int = |cell: &str| -> BigInt { cell.parse().expect("an integer") };
            let show = |value: Int| int_to_str(value.as_ref(), DigitLimit::NONE);
            let result = match operation {
                "float" => {
                    big_to_float(&int(operands[0])).map(|value| format!("{:016x}", value.to_bits()))
                }
                "int" => float_to_int(oracle::float(operands[0])).and_then(show),
                "ratio" => float_to_ratio(oracle::float(operands[0]))
                    .and_then(|(num, den)| Ok(format!("{}/{}", show(num)?, show(den)?))),
                _ => {
                    let left = Int::from(int(operands[0]));
                    let order = compare_int_float(left.as_ref(), oracle::float(operands[1]));
                    Ok(order
                        .map_or("none", |order| ["<", "=", ">"][(order as i8 + 1) as usize])
                        .to_owned())
                }
            };
            oracle::check(result, row[row.len() - 1], &row);
        }
    }
}
