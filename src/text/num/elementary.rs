//! Functions of `math` that std lacks or computes otherwise than the C library: inverse hyperbolics, `pow` with C's errors,
//! logarithms of integers beyond the floats.
//!
//! The formulas for the inverse hyperbolics are fdlibm's (Sun Microsystems, 1993), on which the C libraries agree.

use std::f64::consts::LN_2;

use num_traits::ToPrimitive;

use super::convert::int_to_float;
use super::float_parts::{domain_error, range_error};
use crate::text::{IntRef, TextResult};

/// Beyond 2**28 the one under the root does not count.
const LARGE: f64 = (1u64 << 28) as f64;

/// `math.asinh(x)`
pub fn asinh(x: f64) -> f64 {
    let size = x.abs();
    if !x.is_finite() || size < 1.0 / LARGE {
        return x;
    }
    let value = if size > LARGE {
        size.ln() + LN_2
    } else if size > 2.0 {
        (2.0 * size + 1.0 / ((x * x + 1.0).sqrt() + size)).ln()
    } else {
        let square = x * x;
        (size + square / (1.0 + (1.0 + square).sqrt())).ln_1p()
    };
    value.copysign(x)
}

/// `math.acosh(x)`; not a number below 1.
pub fn acosh(x: f64) -> f64 {
    if x > LARGE {
        x.ln() + LN_2
    } else if x > 2.0 {
        (2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt())).ln()
    } else {
        let above = x - 1.0;
        (above + (2.0 * above + above * above).sqrt()).ln_1p()
    }
}

/// `math.atanh(x)`; infinite at 1, not a number beyond.
pub fn atanh(x: f64) -> f64 {
    let size = x.abs();
    if size < 1.0 / LARGE {
        return x;
    }
    let twice = size + size;
    let value = if size < 0.5 {
        0.5 * (twice + twice * size / (1.0 - size)).ln_1p()
    } else {
        0.5 * (twice / (1.0 - size)).ln_1p()
    };
    value.copysign(x)
}

/// `math.pow(x, y)`
pub fn pow(x: f64, y: f64) -> TextResult<f64> {
    let power = x.powf(y);
    if !x.is_finite() || !y.is_finite() || power.is_finite() {
        return Ok(power);
    }
    // Only from finite operands: a root of a negative number, a pole at zero, or too much.
    Err(if power.is_nan() || x == 0.0 {
        domain_error()
    } else {
        range_error()
    })
}

/// A logarithm of a float, with C's errors.
pub fn log(x: f64, log: fn(f64) -> f64) -> TextResult<f64> {
    if x.is_nan() || x > 0.0 {
        Ok(log(x))
    } else {
        Err(domain_error())
    }
}

/// The same of an integer of any size: one that no float holds is halved until it fits.
pub fn log_int(n: IntRef<'_>, log: fn(f64) -> f64) -> TextResult<f64> {
    if n.is_negative() || n.is_zero() {
        return Err(domain_error());
    }
    if let Ok(x) = int_to_float(n) {
        return Ok(log(x));
    }
    // As CPython: the mantissa of size 0.5 up to 1, and its exponent.
    let bits = n.bit_length();
    let top = (n.magnitude().as_ref() >> (bits - 64))
        .to_u64()
        .unwrap_or(u64::MAX);
    let sticky = u64::from(
        n.magnitude()
            .trailing_zeros()
            .is_some_and(|zeros| zeros < bits - 64),
    );
    let mantissa = (top | sticky) as f64 / 2f64.powi(64);
    Ok(log(mantissa) + log(2.0) * bits as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_of_large_integers() {
        let n = num_bigint::BigInt::from(10).pow(400);
        assert_eq!(log_int(IntRef::Big(&n), f64::ln), Ok(921.0340371976182));
        assert_eq!(log_int(IntRef::Big(&n), f64::log10), Ok(400.0));
        assert_eq!(log_int(IntRef::Big(&n), f64::log2), Ok(1328.771237954945));
        assert_eq!(log_int(IntRef::Small(0), f64::ln), Err(domain_error()));
    }

    #[test]
    fn powers_have_the_errors_of_c() {
        assert_eq!(pow(0.0, -1.0), Err(domain_error()));
        assert_eq!(pow(-8.0, 1.0 / 3.0), Err(domain_error()));
        assert_eq!(pow(10.0, 400.0), Err(range_error()));
        assert_eq!(pow(f64::NEG_INFINITY, 3.0), Ok(f64::NEG_INFINITY));
        assert_eq!(pow(1.0, f64::NAN), Ok(1.0));
    }
}
