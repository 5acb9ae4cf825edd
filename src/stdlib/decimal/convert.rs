//! Numbers from and to the other numbers of the language, and their hash.
//!
//! Conversions are exact, except for that to a float, which rounds to the nearest. The hash is that of the equal int, float or
//! fraction.

use num_bigint::BigUint;
use num_traits::{One, ToPrimitive, Zero};

use super::coefficient::{Coef, POWERS, Pause, check_bits, power_of_ten};
use super::notation::{Notation, to_text};
use super::number::{Kind, Number, Sign};
use crate::text::num::hash::MODULUS;
use crate::text::num::long_product::power;
use crate::text::{IntRef, TextResult};

/// An integer as a number.
pub fn of_int(n: IntRef<'_>) -> Number {
    match n {
        IntRef::Small(n) => Number::int(n),
        IntRef::Big(_) => Number::finite(Sign::of(n.is_negative()), n.magnitude().into_owned(), 0),
    }
}

/// The exact value of a float.
pub fn of_float(x: f64, pause: &Pause<'_>) -> TextResult<Number> {
    let sign = Sign::of(x.is_sign_negative());
    if x.is_nan() {
        return Ok(Number::nan().with_sign(sign));
    }
    if x.is_infinite() {
        return Ok(Number::infinity(sign));
    }
    let bits = x.to_bits();
    let (field, fraction) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
    let (mantissa, exp) = if field == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, field - 1075)
    };
    if mantissa == 0 {
        return Ok(Number::finite(sign, Coef::ZERO, 0));
    }
    let zeros = i64::from(mantissa.trailing_zeros()).min((-exp).max(0));
    let (mantissa, exp) = (mantissa >> zeros, exp + zeros);
    if exp >= 0 {
        return Ok(Number::finite(
            sign,
            BigUint::from(mantissa) << exp as u64,
            0,
        ));
    }
    // mantissa / 2**k = mantissa * 5**k / 10**k
    let fives = power(&BigUint::from(5u8), exp.unsigned_abs() as u32, &mut |n| {
        pause(n)
    })?;
    Ok(Number::finite(sign, fives * mantissa, exp))
}

/// The nearest float of a finite number or an infinity.
pub fn to_float(n: &Number, pause: &Pause<'_>) -> TextResult<f64> {
    if let (Kind::Finite, Coef::Small(coef)) = (n.kind, &n.coef)
        && *coef < 1 << 53
        && n.exp.abs() <= 22
    {
        // Both are exact as floats, so that the one operation rounds correctly.
        let unit = POWERS[n.exp.unsigned_abs() as usize] as f64;
        let size = if n.exp < 0 {
            *coef as f64 / unit
        } else {
            *coef as f64 * unit
        };
        return Ok(if n.sign.is_minus() { -size } else { size });
    }
    let text = to_text(n, Notation::Scientific, 'e', pause)?;
    Ok(match text.as_str() {
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        text => text.parse().unwrap_or(f64::NAN),
    })
}

/// A finite number as two integers without common factors, without the sign.
pub fn to_ratio(n: &Number, pause: &Pause<'_>) -> TextResult<(BigUint, BigUint)> {
    if n.exp >= 0 {
        let whole = n.coef.raised(n.exp as u64, pause)?;
        return Ok((whole.into_big(), BigUint::one()));
    }
    let places = n.exp.unsigned_abs();
    if n.coef.is_zero() {
        return Ok((BigUint::zero(), BigUint::one()));
    }
    let (coef, zeros) = n.coef.strip_zeros(places, pause)?;
    let places = places - zeros;
    // Common factors are twos or fives, never both.
    let mut coef = coef.into_big();
    let twos = coef.trailing_zeros().unwrap_or(0).min(places);
    if twos > 0 {
        check_bits(places.saturating_mul(3))?;
        coef >>= twos;
        let fives = power(&BigUint::from(5u8), places as u32, &mut |n| pause(n))?;
        return Ok((coef, fives << (places - twos)));
    }
    let unit = power_of_ten(places, pause)?;
    let common = num_integer::gcd((&coef % &*unit).clone(), power_of_five_near(&coef, places));
    Ok((&coef / &common, &*unit / &common))
}

/// The greatest power of five that can divide a coefficient, at most so many fives.
fn power_of_five_near(coef: &BigUint, places: u64) -> BigUint {
    let most = places.min(coef.bits() / 2 + 1);
    let mut factor = BigUint::one();
    let mut rest = coef.clone();
    for _ in 0..most {
        if !(&rest % 5u8).is_zero() {
            break;
        }
        rest /= 5u8;
        factor *= 5u8;
    }
    factor
}

/// The hash of a number that is no signaling NaN; that of the equal int, float or fraction. None for a NaN, whose identity counts.
pub fn hash(n: &Number) -> Option<i64> {
    const INFINITY: i64 = 314_159;
    let minus = n.sign.is_minus();
    let size = match n.kind {
        Kind::Finite => {
            let coef = match &n.coef {
                Coef::Small(n) => (n % u128::from(MODULUS)) as u64,
                Coef::Big(n) => (n % MODULUS).to_u64().unwrap_or(0),
            };
            // The inverse of ten modulo the prime.
            const INVERSE: u64 = 2_075_258_708_292_324_556;
            let factor = power_below(if n.exp < 0 { INVERSE } else { 10 }, n.exp.unsigned_abs());
            product(coef, factor) as i64
        }
        Kind::Infinite => INFINITY,
        _ => return None,
    };
    let hash = if minus { -size } else { size };
    Some(if hash == -1 { -2 } else { hash })
}

fn product(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(MODULUS)) as u64
}

fn power_below(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = product(result, base);
        }
        base = product(base, base);
        exponent >>= 1;
    }
    result
}
