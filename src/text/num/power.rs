//! Powers: `**` of integers and floats, and `pow()` with a modulus.
//!
//! A power may leave the type of its operands: [`Power`] says which number came out. Contract: an integer power whose
//! result would be larger than `MAX_INT_BITS` is a `MemoryError`.

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::check_bits;
use super::complex::complex_pow;
use super::convert::int_to_float;
use super::long_product;
use crate::text::int::signed;
use crate::text::pause::Pause;
use crate::text::{Int, IntRef, TextError, TextResult};

/// The result of a power.
#[derive(Clone, Debug, PartialEq)]
pub enum Power {
    /// Of integers, the exponent not negative.
    Int(Int),
    /// Of floats, or of integers with a negative exponent.
    Float(f64),
    /// Of a negative float with a broken exponent.
    Complex(f64, f64),
}

/// `base ** exponent`
pub fn int_pow(base: IntRef<'_>, exponent: IntRef<'_>) -> TextResult<Power> {
    if exponent.is_negative() {
        return float_pow(int_to_float(base)?, int_to_float(exponent)?);
    }
    let negative = base.is_negative() && exponent.is_odd();
    let size = base.magnitude();
    if size.is_zero() || size.is_one() || exponent.is_zero() {
        let one = !size.is_zero() || exponent.is_zero();
        return Ok(Power::Int(Int::Small(
            i64::from(one) * if negative { -1 } else { 1 },
        )));
    }
    let exponent = exponent
        .magnitude()
        .to_u64()
        .ok_or_else(TextError::memory)?;
    check_bits(u128::from(size.bits() - 1) * u128::from(exponent))?;
    // The bits of the base are at least two, so the exponent is below the limit of bits.
    let exponent = u32::try_from(exponent).map_err(|_| TextError::memory())?;
    if let IntRef::Small(base) = base
        && let Some(power) = base.checked_pow(exponent)
    {
        return Ok(Power::Int(Int::Small(power)));
    }
    let zeros = size.trailing_zeros().unwrap_or(0);
    let odd: BigUint = size.as_ref() >> zeros;
    Ok(Power::Int(signed(
        negative,
        odd.pow(exponent) << (zeros * u64::from(exponent)),
    )))
}

/// `pow(base, exponent, modulus)`: the result has the sign of the modulus.
pub fn int_pow_mod(
    base: IntRef<'_>,
    exponent: IntRef<'_>,
    modulus: IntRef<'_>,
    pause: &mut Pause<'_>,
) -> TextResult<Int> {
    if modulus.is_zero() {
        return Err(TextError::value("pow() 3rd argument cannot be 0"));
    }
    if let (IntRef::Small(base), IntRef::Small(exponent @ 0..), IntRef::Small(modulus @ 1..)) =
        (base, exponent, modulus)
    {
        return Ok(Int::Small(small_pow_mod(base, exponent, modulus)));
    }
    let modulus = modulus.to_big();
    if modulus.magnitude().is_one() {
        return Ok(Int::Small(0));
    }
    let mut base = base.to_big().mod_floor(&modulus.abs());
    if exponent.is_negative() {
        let not_invertible = || TextError::value("base is not invertible for the given modulus");
        base = base.modinv(&modulus.abs()).ok_or_else(not_invertible)?;
    }
    let power = long_product::power_below(
        base.magnitude(),
        &exponent.magnitude(),
        modulus.magnitude(),
        pause,
    )?;
    Ok(BigInt::from(power).mod_floor(&modulus).into())
}

/// `base ** exponent % modulus` of machine words, the exponent not negative, the modulus positive.
fn small_pow_mod(base: i64, mut exponent: i64, modulus: i64) -> i64 {
    let modulus = modulus as i128;
    let mut square = i128::from(base).rem_euclid(modulus);
    let mut power = 1 % modulus;
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = power * square % modulus;
        }
        square = square * square % modulus;
        exponent >>= 1;
    }
    power as i64
}

/// `base ** exponent`
pub fn float_pow(base: f64, exponent: f64) -> TextResult<Power> {
    let finite = base.is_finite() && exponent.is_finite();
    if finite && base == 0.0 && exponent < 0.0 {
        return Err(TextError::zero_division(
            "0.0 cannot be raised to a negative power",
        ));
    }
    if finite && base < 0.0 && exponent.fract() != 0.0 {
        return complex_pow((base, 0.0), (exponent, 0.0)).map(|(re, im)| Power::Complex(re, im));
    }
    let power = base.powf(exponent);
    if finite && power.is_infinite() {
        return Err(range_error());
    }
    Ok(Power::Float(power))
}

/// The error of a float operation whose result is too large, with C's number for it.
pub fn range_error() -> TextError {
    TextError::overflow("(34, 'Numerical result out of range')")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::oracle::{self, Number, show_float, show_int};
    use crate::text::pause::unpaused;

    #[test]
    fn powers_agree_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/num_power.tsv")) {
            let operands: Vec<Number> = row[..row.len() - 1]
                .iter()
                .map(|cell| Number::read(cell))
                .collect();
            let result = match &operands[..] {
                [Number::Int(base), Number::Int(exponent)] => {
                    int_pow(base.as_ref(), exponent.as_ref()).map(show)
                }
                [
                    Number::Int(base),
                    Number::Int(exponent),
                    Number::Int(modulus),
                ] => {
                    let (base, exponent) = (base.as_ref(), exponent.as_ref());
                    int_pow_mod(base, exponent, modulus.as_ref(), &mut unpaused).map(show_int)
                }
                [base, exponent] => float_pow(base.float(), exponent.float()).map(show),
                _ => panic!("two or three operands: {row:?}"),
            };
            oracle::check(result, row[row.len() - 1], &row);
        }
    }

    fn show(power: Power) -> String {
        match power {
            Power::Int(value) => show_int(value),
            Power::Float(value) => show_float(value),
            Power::Complex(re, im) => format!("{} {}", show_float(re), show_float(im)),
        }
    }

    #[test]
    fn powers_beyond_memory_are_errors() {
        let huge = BigInt::from(10).pow(30);
        for exponent in [IntRef::Small(1 << 33), IntRef::Big(&huge)] {
            assert_eq!(
                int_pow(IntRef::Small(2), exponent),
                Err(TextError::memory())
            );
            assert_eq!(
                int_pow(IntRef::Small(-1), exponent),
                Ok(Power::Int(Int::Small(1)))
            );
            assert_eq!(
                int_pow(IntRef::Small(0), exponent),
                Ok(Power::Int(Int::Small(0)))
            );
        }
    }
}
