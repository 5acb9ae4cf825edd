//! The gamma function and the logarithm of its absolute value, as CPython's `math` computes them.
//!
//! Lanczos approximation with g = 6.0246... and 13 terms (Boost's `lanczos13m53`): libm's own differ in the last bits.
//! Contract: poles and overflow are errors with the messages of `math`.

use std::f64::consts::PI;

use crate::text::{TextError, TextResult};

/// `math.lgamma(x)`
pub fn lgamma(x: f64) -> TextResult<f64> {
    if !x.is_finite() {
        return Ok(if x.is_nan() { x } else { f64::INFINITY });
    }
    if x == x.floor() && x <= 2.0 {
        // Poles at zero and below; both one and two have the gamma value one.
        return if x <= 0.0 {
            Err(domain_error())
        } else {
            Ok(0.0)
        };
    }
    let size = x.abs();
    if size < 1e-20 {
        return Ok(-size.ln());
    }
    let mut value = lanczos_sum(size).ln() - G;
    value += (size - 0.5) * ((size + G - 0.5).ln() - 1.0);
    if x < 0.0 {
        value = LOG_PI - sin_pi(size).abs().ln() - size.ln() - value;
    }
    if value.is_infinite() {
        Err(range_error())
    } else {
        Ok(value)
    }
}

/// `math.gamma(x)`
pub fn gamma(x: f64) -> TextResult<f64> {
    if x.is_nan() || x == f64::INFINITY {
        return Ok(x);
    }
    if x == f64::NEG_INFINITY || x == 0.0 {
        return Err(domain_error());
    }
    if x == x.floor() {
        if x < 0.0 {
            return Err(domain_error());
        }
        if x <= EXACT as f64 {
            return Ok((1..x as u64).map(|factor| factor as f64).product());
        }
    }
    let size = x.abs();
    if size < 1e-20 {
        let value = 1.0 / x;
        return if value.is_infinite() {
            Err(range_error())
        } else {
            Ok(value)
        };
    }
    if size > 200.0 {
        return if x < 0.0 {
            Ok(0.0 / sin_pi(x))
        } else {
            Err(range_error())
        };
    }
    let value = moderate_gamma(x, size);
    if value.is_infinite() {
        Err(range_error())
    } else {
        Ok(value)
    }
}

/// Up to here the factorial below is a float without loss.
const EXACT: u32 = 23;

/// Gamma where neither the argument is tiny nor the result certain to over- or underflow.
fn moderate_gamma(x: f64, size: f64) -> f64 {
    let y = size + G_MINUS_HALF;
    // What the addition lost.
    let error = if size > G_MINUS_HALF {
        let q = y - size;
        q - G_MINUS_HALF
    } else {
        let q = y - G_MINUS_HALF;
        q - size
    };
    let z = error * G / y;
    if x < 0.0 {
        let mut value = -PI / sin_pi(size) / size * y.exp() / lanczos_sum(size);
        value -= z * value;
        return if size < 140.0 {
            value / y.powf(size - 0.5)
        } else {
            let root = y.powf(size / 2.0 - 0.25);
            value / root / root
        };
    }
    let mut value = lanczos_sum(size) / y.exp();
    value += z * value;
    if size < 140.0 {
        value * y.powf(size - 0.5)
    } else {
        let root = y.powf(size / 2.0 - 0.25);
        value * root * root
    }
}

/// `sin(pi * x)`, accurate for large x.
fn sin_pi(x: f64) -> f64 {
    let y = x.abs() % 2.0;
    let value = match (2.0 * y).round() as i32 {
        0 => (PI * y).sin(),
        1 => (PI * (y - 0.5)).cos(),
        // Not -sin(pi * (y - 1)): that would be -0 at 1.
        2 => (PI * (1.0 - y)).sin(),
        3 => -(PI * (y - 1.5)).cos(),
        _ => (PI * (y - 2.0)).sin(),
    };
    value.copysign(x.signum() * value)
}

fn lanczos_sum(x: f64) -> f64 {
    let (mut num, mut den) = (0.0, 0.0);
    if x < 5.0 {
        for (n, d) in NUMERATOR.iter().zip(DENOMINATOR).rev() {
            num = num * x + n;
            den = den * x + d;
        }
    } else {
        for (n, d) in NUMERATOR.iter().zip(DENOMINATOR) {
            num = num / x + n;
            den = den / x + d;
        }
    }
    num / den
}

fn domain_error() -> TextError {
    TextError::value("math domain error")
}

fn range_error() -> TextError {
    TextError::overflow("math range error")
}

const G: f64 = 6.024_680_040_776_73;
const G_MINUS_HALF: f64 = 5.524_680_040_776_73;
const LOG_PI: f64 = 1.144_729_885_849_400_2;

#[expect(clippy::excessive_precision, reason = "the published digits")]
const NUMERATOR: [f64; 13] = [
    23531376880.410759688572007674451636754734846804940,
    42919803642.649098768957899047001988850926355848959,
    35711959237.355668049440185451547166705960488635843,
    17921034426.037209699919755754458931112671403265390,
    6039542586.3520280050642916443072979210699388420708,
    1439720407.3117216736632230727949123939715485786372,
    248874557.86205415651146038641322942321632125127801,
    31426415.585400194380614231628318205362874684987640,
    2876370.6289353724412254090516208496135991145378768,
    186056.26539522349504029498971604569928220784236328,
    8071.6720023658162106380029022722506138218516325024,
    210.82427775157934587250973392071336271166969580291,
    2.5066282746310002701649081771338373386264310793408,
];

const DENOMINATOR: [f64; 13] = [
    0.0,
    39916800.0,
    120543840.0,
    150917976.0,
    105258076.0,
    45995730.0,
    13339535.0,
    2637558.0,
    357423.0,
    32670.0,
    1925.0,
    66.0,
    1.0,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::oracle::{self, show_float};

    #[test]
    fn both_agree_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/num_gamma.tsv")) {
            let [name, x, expected] = row[..] else {
                panic!("three columns: {row:?}")
            };
            let function = if name == "gamma" { gamma } else { lgamma };
            oracle::check(function(oracle::float(x)).map(show_float), expected, &row);
        }
    }
}
