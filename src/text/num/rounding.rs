//! `round()`: half to even, of floats to decimal digits by their exact value, of integers to powers of ten.
//!
//! The exact decimal value of the float decides, as in CPython, so that `round(2.675, 2)` is 2.67. Integers with a negative
//! number of digits round by division.

use num_bigint::BigInt;

use super::convert::float_to_int;
use super::division::divmod_near;
use crate::text::num::float_digits::{Layout, Style, digits};
use crate::text::{Int, IntRef, TextError, TextResult};

/// `round(value)`
pub fn float_round(value: f64) -> TextResult<Int> {
    float_to_int(value.round_ties_even())
}

/// `round(value, ndigits)`: correctly rounded, as if the float's exact decimal expansion were written out.
pub fn float_round_digits(value: f64, ndigits: i64) -> TextResult<f64> {
    // Beyond these every float is itself, or zero.
    if !value.is_finite() || value == 0.0 || ndigits > 323 {
        return Ok(value);
    }
    if ndigits < -308 {
        return Ok(0.0 * value);
    }
    let size = if ndigits >= 0 {
        digits(
            value,
            Style::Fixed(ndigits.unsigned_abs() as usize),
            Layout::default(),
        )
        .parse()
    } else {
        round_to_power(value.abs(), ndigits.unsigned_abs() as usize).parse()
    };
    let size: f64 = size.expect("digits that were just written");
    if size.is_infinite() {
        return Err(TextError::overflow("rounded value too large to represent"));
    }
    Ok(size.copysign(value))
}

/// The text of `value` rounded to a multiple of `10**places`.
fn round_to_power(value: f64, places: usize) -> String {
    let exact = digits(value, Style::Fixed(1100), Layout::default());
    let (whole, fraction) = exact.split_once('.').expect("1100 decimals were asked for");
    // Zeros in front, so that there is always a digit to keep and one to look at.
    let padded = format!(
        "{}{whole}",
        "0".repeat((places + 1).saturating_sub(whole.len()))
    );
    let (kept, dropped) = padded.split_at(padded.len() - places);
    let beyond_half = dropped[1..]
        .bytes()
        .chain(fraction.bytes())
        .any(|digit| digit != b'0');
    let odd = kept.as_bytes().last().is_some_and(|digit| digit % 2 == 1);
    let up = match dropped.as_bytes()[0] {
        b'5' => beyond_half || odd,
        digit => digit > b'5',
    };
    let kept: BigInt = kept.parse().expect("digits");
    format!("{}e{places}", kept + i64::from(up))
}

/// `round(value, ndigits)`: only a negative `ndigits` changes an integer.
pub fn int_round_digits(value: IntRef<'_>, ndigits: i64) -> Int {
    if ndigits >= 0 {
        return value.to_int();
    }
    // A power of ten with more digits than twice the number rounds it to zero.
    let places = ndigits.unsigned_abs();
    if places > value.bit_length() * 31 / 100 + 2 {
        return Int::Small(0);
    }
    let value = value.to_big();
    let power = BigInt::from(10).pow(places as u32);
    let (_, rest) = divmod_near(&value, &power);
    (value.as_ref() - rest).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::oracle::{self, Number, show_float, show_int};

    #[test]
    fn rounding_agrees_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/num_rounding.tsv")) {
            let [value, ndigits, expected] = row[..] else {
                panic!("three columns: {row:?}")
            };
            let result = match (Number::read(value), ndigits.parse()) {
                (Number::Int(value), Ok(ndigits)) => {
                    Ok(show_int(int_round_digits(value.as_ref(), ndigits)))
                }
                (Number::Float(value), Ok(ndigits)) => {
                    float_round_digits(value, ndigits).map(show_float)
                }
                (value, Err(_)) => float_round(value.float()).map(show_int),
            };
            oracle::check(result, expected, &row);
        }
    }
}
