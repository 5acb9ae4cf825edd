//! Floats taken apart and moved by steps: `frexp`, `ldexp`, `modf`, `nextafter`, `ulp`, `remainder` of `math`.
//!
//! All exact: bits are taken apart, nothing is computed in between. To add one: a function here, a `Native` in
//! `stdlib/math/parts.rs`.

use super::scale::scale_round;
use crate::text::{TextError, TextResult};

/// `math.frexp(x)`: mantissa of size 0.5 up to 1, and exponent of two.
pub fn frexp(x: f64) -> (f64, i64) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let (mantissa, exponent) = super::convert::decompose(x.abs());
    let bits = i64::from(64 - mantissa.leading_zeros());
    // Both factors are powers of two that keep the quotient exact.
    let size = mantissa as f64 / (1u64 << bits) as f64;
    (size.copysign(x), exponent + bits)
}

/// `math.ldexp(x, exponent)`: `x * 2**exponent`, rounded once.
pub fn ldexp(x: f64, exponent: i64) -> TextResult<f64> {
    if x == 0.0 || !x.is_finite() {
        return Ok(x);
    }
    let (mantissa, own) = super::convert::decompose(x.abs());
    let size = scale_round(mantissa, false, own.saturating_add(exponent));
    size.map(|size| size.copysign(x)).ok_or_else(range_error)
}

/// `math.modf(x)`: fraction and integer part, both with the sign of `x`.
pub fn modf(x: f64) -> (f64, f64) {
    if x.is_infinite() {
        return (0.0f64.copysign(x), x);
    }
    (x.fract().copysign(x), x.trunc())
}

/// `math.nextafter(x, y, steps=steps)`
pub fn nextafter(x: f64, y: f64, steps: u64) -> f64 {
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let (from, to) = (ordinal(x), ordinal(y));
    if steps == 0 || from == to {
        return if steps == 0 { x } else { y };
    }
    let distance = from.abs_diff(to);
    if steps >= distance {
        return y;
    }
    let step = steps as i64;
    let found = from_ordinal(if from < to { from + step } else { from - step });
    // A zero that is reached keeps the sign of the side that it is reached from.
    if found == 0.0 {
        found.copysign(x)
    } else {
        found
    }
}

/// Floats numbered in their order; both zeros are 0.
fn ordinal(x: f64) -> i64 {
    let size = x.abs().to_bits() as i64;
    if x.is_sign_negative() { -size } else { size }
}

fn from_ordinal(n: i64) -> f64 {
    let size = f64::from_bits(n.unsigned_abs());
    if n < 0 { -size } else { size }
}

/// `math.ulp(x)`: the value of the last bit.
pub fn ulp(x: f64) -> f64 {
    let x = x.abs();
    if !x.is_finite() {
        return x;
    }
    let above = nextafter(x, f64::INFINITY, 1);
    if above.is_infinite() {
        x - nextafter(x, 0.0, 1)
    } else {
        above - x
    }
}

/// `math.remainder(x, y)`: `x` minus the nearest multiple of `y`, ties to the even one.
pub fn remainder(x: f64, y: f64) -> TextResult<f64> {
    if x.is_nan() || y.is_nan() {
        return Ok(if x.is_nan() { x } else { y });
    }
    if x.is_infinite() || y == 0.0 {
        return Err(domain_error());
    }
    if y.is_infinite() {
        return Ok(x);
    }
    let (size, divisor) = (x.abs(), y.abs());
    let below = size % divisor;
    let above = divisor - below;
    let rest = if below < above {
        below
    } else if below > above {
        -above
    } else {
        // Halfway: exact arithmetic on the half tells whether the quotient below is even.
        below - 2.0 * ((0.5 * (size - below)) % divisor)
    };
    Ok(1f64.copysign(x) * rest)
}

/// "math domain error"
pub fn domain_error() -> TextError {
    TextError::value("math domain error")
}

/// "math range error"
pub fn range_error() -> TextError {
    TextError::overflow("math range error")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_whole() {
        for x in [1.0, -8.5, 5e-324, f64::MAX, 1e-310, 0.1] {
            let (mantissa, exponent) = frexp(x);
            assert!((0.5..1.0).contains(&mantissa.abs()), "{x}");
            assert_eq!(ldexp(mantissa, exponent), Ok(x));
        }
        assert_eq!(frexp(5e-324), (0.5, -1073));
        assert_eq!(ldexp(1.0, 5000), Err(range_error()));
        assert_eq!(ldexp(1.0, i64::MIN), Ok(0.0));
        assert_eq!(modf(-1.5), (-0.5, -1.0));
    }

    #[test]
    fn steps_cross_zero() {
        assert_eq!(nextafter(0.0, 1.0, 1), 5e-324);
        assert_eq!(nextafter(5e-324, -1.0, 2), -5e-324);
        assert_eq!(
            nextafter(1.0, f64::NEG_INFINITY, u64::MAX),
            f64::NEG_INFINITY
        );
        assert_eq!(nextafter(1.0, 2.0, 3), 1.000_000_000_000_000_7);
        assert_eq!(
            (ulp(1.0), ulp(f64::MAX), ulp(0.0)),
            (f64::EPSILON, 1.99584030953472e+292, 5e-324)
        );
    }

    #[test]
    fn remainders_go_to_the_nearest() {
        let rests = [(7.0, 4.0), (5.0, 3.0), (2.5, 1.0), (3.5, 1.0), (-7.0, 4.0)]
            .map(|(x, y)| remainder(x, y));
        assert_eq!(rests, [-1.0, -1.0, 0.5, -0.5, 1.0].map(Ok));
        assert_eq!(remainder(1.0, 0.0), Err(domain_error()));
    }
}
