//! Functions of complex numbers: roots, logarithms, trigonometry and their inverses.
//!
//! The formulas are those of W. Kahan, "Branch Cuts for Complex Elementary Functions" (1987), scaled so that nothing overflows on
//! the way; infinities and NaN follow C99, annex G. Contract: the results of CPython's `cmath`. Errors are C's: a pole or an angle
//! without a direction is a domain error, an infinite result of finite parts a range error. To add one: a function here and a
//! `Native` in `stdlib/cmath.rs`.

use std::f64::consts::{E, FRAC_PI_2, FRAC_PI_4, LN_2, LN_10};

use super::complex::{Complex, complex_div};
use super::elementary;
use super::float_parts::{domain_error, range_error};
use crate::text::TextResult;

/// Beyond this the squares in the formulas overflow.
const LARGE: f64 = f64::MAX / 4.0;
/// Its logarithm.
const LOG_LARGE: f64 = 708.396_418_532_264_1;
/// Scales subnormal numbers up by an odd power of two.
const UP: f64 = (1u64 << 53) as f64;
/// The power, and what undoes it under a root.
const UP_BITS: f64 = 53.0;
const DOWN: f64 = 1.0 / (1u64 << 27) as f64;

fn finite(z: Complex) -> bool {
    z.0.is_finite() && z.1.is_finite()
}

/// `log(hypot(z))` of a number that is too large for `hypot`, plus `twos` times the logarithm of two.
fn log_large(z: Complex, twos: f64) -> f64 {
    (z.0 / 2.0).hypot(z.1 / 2.0).ln() + LN_2 * twos
}

fn is_large(z: Complex) -> bool {
    z.0.abs() > LARGE || z.1.abs() > LARGE
}

/// `f(i*z) / i` for the functions that are each other's rotation.
fn rotated(z: Complex, function: fn(Complex) -> TextResult<Complex>) -> TextResult<Complex> {
    let (re, im) = function((-z.1, z.0))?;
    Ok((im, -re))
}

/// The square root.
pub fn sqrt(z: Complex) -> TextResult<Complex> {
    let (re, im) = z;
    if !finite(z) {
        return Ok(sqrt_special(z));
    }
    if re == 0.0 && im == 0.0 {
        return Ok((0.0, im));
    }
    let (width, height) = (re.abs(), im.abs());
    let root = if width < f64::MIN_POSITIVE && height < f64::MIN_POSITIVE {
        let width = width * UP;
        (width + width.hypot(height * UP)).sqrt() * DOWN
    } else {
        let width = width / 8.0;
        2.0 * (width + width.hypot(height / 8.0)).sqrt()
    };
    let other = height / (2.0 * root);
    Ok(if re >= 0.0 {
        (root, other.copysign(im))
    } else {
        (other, root.copysign(im))
    })
}

fn sqrt_special((re, im): Complex) -> Complex {
    if im.is_infinite() {
        (f64::INFINITY, im)
    } else if re == f64::INFINITY {
        (re, if im.is_nan() { im } else { 0.0f64.copysign(im) })
    } else if re.is_infinite() {
        if im.is_nan() {
            (f64::NAN, f64::INFINITY)
        } else {
            (0.0, f64::INFINITY.copysign(im))
        }
    } else {
        (f64::NAN, f64::NAN)
    }
}

/// The natural logarithm.
pub fn log(z: Complex) -> TextResult<Complex> {
    let (re, im) = z;
    if !finite(z) {
        let size = if re.is_infinite() || im.is_infinite() {
            f64::INFINITY
        } else {
            f64::NAN
        };
        return Ok((size, im.atan2(re)));
    }
    let (width, height) = (re.abs(), im.abs());
    let size = if is_large(z) {
        log_large(z, 1.0)
    } else if width < f64::MIN_POSITIVE && height < f64::MIN_POSITIVE {
        if width == 0.0 && height == 0.0 {
            return Err(domain_error());
        }
        (width * UP).hypot(height * UP).ln() - UP_BITS * LN_2
    } else {
        let size = width.hypot(height);
        if (0.71..=1.73).contains(&size) {
            let (more, less) = (width.max(height), width.min(height));
            ((more - 1.0) * (more + 1.0) + less * less).ln_1p() / 2.0
        } else {
            size.ln()
        }
    };
    Ok((size, im.atan2(re)))
}

/// The logarithm to a base.
pub fn log_base(z: Complex, base: Complex) -> TextResult<Complex> {
    complex_div(log(z)?, log(base)?).map_err(|_| domain_error())
}

/// The logarithm to base 10.
pub fn log10(z: Complex) -> TextResult<Complex> {
    let (re, im) = log(z)?;
    Ok((re / LN_10, im / LN_10))
}

/// The inverse of the cosine.
pub fn acos(z: Complex) -> TextResult<Complex> {
    let (re, im) = z;
    if !finite(z) {
        return Ok(acos_special(z));
    }
    if is_large(z) {
        let size = log_large(z, 2.0);
        return Ok((im.abs().atan2(re), size.copysign(-im)));
    }
    let (a, b) = (sqrt((1.0 - re, -im))?, sqrt((1.0 + re, im))?);
    Ok((
        2.0 * a.0.atan2(b.0),
        elementary::asinh(b.0 * a.1 - b.1 * a.0),
    ))
}

fn acos_special((re, im): Complex) -> Complex {
    if im.is_nan() {
        let real = if re == 0.0 { FRAC_PI_2 } else { f64::NAN };
        return (
            real,
            if re.is_infinite() {
                f64::INFINITY
            } else {
                f64::NAN
            },
        );
    }
    if re.is_nan() && im.is_finite() {
        return (f64::NAN, f64::NAN);
    }
    (im.abs().atan2(re), f64::INFINITY.copysign(-im))
}

/// The inverse of the hyperbolic cosine.
pub fn acosh(z: Complex) -> TextResult<Complex> {
    let (re, im) = z;
    if !finite(z) {
        let size = if re.is_infinite() || im.is_infinite() {
            f64::INFINITY
        } else {
            f64::NAN
        };
        return Ok((size, im.atan2(re)));
    }
    if is_large(z) {
        return Ok((log_large(z, 2.0), im.atan2(re)));
    }
    let (a, b) = (sqrt((re - 1.0, im))?, sqrt((re + 1.0, im))?);
    Ok((
        elementary::asinh(a.0 * b.0 + a.1 * b.1),
        2.0 * a.1.atan2(b.0),
    ))
}

/// The inverse of the sine.
pub fn asin(z: Complex) -> TextResult<Complex> {
    rotated(z, asinh)
}

/// The inverse of the hyperbolic sine.
pub fn asinh(z: Complex) -> TextResult<Complex> {
    let (re, im) = z;
    if !finite(z) {
        return Ok(asinh_special(z));
    }
    if is_large(z) {
        return Ok((log_large(z, 2.0).copysign(re), im.atan2(re.abs())));
    }
    let (a, b) = (sqrt((1.0 + im, -re))?, sqrt((1.0 - im, re))?);
    Ok((
        elementary::asinh(a.0 * b.1 - b.0 * a.1),
        im.atan2(a.0 * b.0 - a.1 * b.1),
    ))
}

fn asinh_special((re, im): Complex) -> Complex {
    if re.is_infinite() {
        let angle = if im.is_infinite() { FRAC_PI_4 } else { 0.0 };
        (
            re,
            if im.is_nan() {
                f64::NAN
            } else {
                angle.copysign(im)
            },
        )
    } else if im.is_infinite() {
        if re.is_nan() {
            (f64::INFINITY, f64::NAN)
        } else {
            (f64::INFINITY.copysign(re), FRAC_PI_2.copysign(im))
        }
    } else {
        (f64::NAN, if im == 0.0 { im } else { f64::NAN })
    }
}

/// The inverse of the tangent.
pub fn atan(z: Complex) -> TextResult<Complex> {
    rotated(z, atanh)
}

/// The inverse of the hyperbolic tangent.
pub fn atanh(z: Complex) -> TextResult<Complex> {
    let (re, im) = z;
    if !finite(z) {
        return Ok(atanh_special(z));
    }
    if re.is_sign_negative() {
        let (re, im) = atanh((-re, -im))?;
        return Ok((-re, -im));
    }
    let height = im.abs();
    let root = LARGE.sqrt();
    if re > root || height > root {
        let half = (re / 2.0).hypot(im / 2.0);
        return Ok((re / 4.0 / half / half, FRAC_PI_2.copysign(im)));
    }
    if re == 1.0 && height < f64::MIN_POSITIVE.sqrt() {
        if height == 0.0 {
            return Err(domain_error());
        }
        let real = -(height.sqrt() / height.hypot(2.0).sqrt()).ln();
        return Ok((real, (2.0f64.atan2(-height) / 2.0).copysign(im)));
    }
    let below = 1.0 - re;
    Ok((
        (4.0 * re / (below * below + height * height)).ln_1p() / 4.0,
        -(-2.0 * im).atan2(below * (1.0 + re) - height * height) / 2.0,
    ))
}

fn atanh_special((re, im): Complex) -> Complex {
    let real = match (re.is_nan(), re.is_infinite() || im.is_infinite()) {
        (true, true) => 0.0,
        (false, true) => 0.0f64.copysign(re),
        (false, false) if re == 0.0 => re,
        _ => f64::NAN,
    };
    let has_angle = !im.is_nan() && (re.is_infinite() || im.is_infinite());
    (
        real,
        if has_angle {
            FRAC_PI_2.copysign(im)
        } else {
            f64::NAN
        },
    )
}

/// The cosine.
pub fn cos(z: Complex) -> TextResult<Complex> {
    cosh((-z.1, z.0))
}

/// The sine.
pub fn sin(z: Complex) -> TextResult<Complex> {
    rotated(z, sinh)
}

/// The tangent.
pub fn tan(z: Complex) -> TextResult<Complex> {
    rotated(z, tanh)
}

/// A result that must not be infinite.
fn in_range(z: Complex) -> TextResult<Complex> {
    if z.0.is_infinite() || z.1.is_infinite() {
        Err(range_error())
    } else {
        Ok(z)
    }
}

/// The error of an angle without a direction.
fn directed(is_wrong: bool, z: Complex) -> TextResult<Complex> {
    if is_wrong { Err(domain_error()) } else { Ok(z) }
}

/// The hyperbolic cosine.
pub fn cosh(z: Complex) -> TextResult<Complex> {
    let (re, im) = z;
    if !finite(z) {
        return directed(im.is_infinite() && !re.is_nan(), cosh_special(z));
    }
    let (less, factor) = reduced(re);
    in_range((
        im.cos() * less.cosh() * factor,
        im.sin() * less.sinh() * factor,
    ))
}

/// A number whose `cosh` would overflow, nearer to zero by one, and the factor that is missing for it.
fn reduced(re: f64) -> (f64, f64) {
    if re.abs() > LOG_LARGE {
        (re - 1.0f64.copysign(re), E)
    } else {
        (re, 1.0)
    }
}

fn cosh_special((re, im): Complex) -> Complex {
    if re.is_infinite() {
        if im == 0.0 {
            return (f64::INFINITY, im * 1.0f64.copysign(re));
        }
        if im.is_finite() {
            let sin = f64::INFINITY.copysign(im.sin()) * 1.0f64.copysign(re);
            return (f64::INFINITY.copysign(im.cos()), sin);
        }
        return (f64::INFINITY, f64::NAN);
    }
    let has_zero = re == 0.0 || re.is_nan() && im == 0.0;
    (f64::NAN, if has_zero { 0.0 } else { f64::NAN })
}

/// The hyperbolic sine.
pub fn sinh(z: Complex) -> TextResult<Complex> {
    let (re, im) = z;
    if !finite(z) {
        return directed(im.is_infinite() && !re.is_nan(), sinh_special(z));
    }
    let (less, factor) = reduced(re);
    in_range((
        im.cos() * less.sinh() * factor,
        im.sin() * less.cosh() * factor,
    ))
}

fn sinh_special((re, im): Complex) -> Complex {
    if re.is_infinite() {
        if im == 0.0 {
            return (re, im);
        }
        if im.is_finite() {
            let cos = f64::INFINITY.copysign(im.cos()) * 1.0f64.copysign(re);
            return (cos, f64::INFINITY.copysign(im.sin()));
        }
        return (f64::INFINITY, f64::NAN);
    }
    let imag = if re.is_nan() && im == 0.0 {
        im
    } else {
        f64::NAN
    };
    (if re == 0.0 { 0.0 } else { f64::NAN }, imag)
}

/// The hyperbolic tangent.
pub fn tanh(z: Complex) -> TextResult<Complex> {
    let (re, im) = z;
    if !finite(z) {
        return directed(im.is_infinite() && re.is_finite(), tanh_special(z));
    }
    if re.abs() > LOG_LARGE {
        let imag = 4.0 * im.sin() * im.cos() * (-2.0 * re.abs()).exp();
        return Ok((1.0f64.copysign(re), imag));
    }
    let (width, slope, inverse) = (re.tanh(), im.tan(), 1.0 / re.cosh());
    let product = width * slope;
    let divisor = 1.0 + product * product;
    Ok((
        width * (1.0 + slope * slope) / divisor,
        ((slope / divisor) * inverse) * inverse,
    ))
}

fn tanh_special((re, im): Complex) -> Complex {
    if re.is_infinite() {
        let imag = match im {
            _ if im == 0.0 => im,
            _ if im.is_finite() => 0.0f64.copysign(2.0 * im.sin() * im.cos()),
            _ => 0.0,
        };
        return (1.0f64.copysign(re), imag);
    }
    let imag = if re.is_nan() && im == 0.0 {
        im
    } else {
        f64::NAN
    };
    (f64::NAN, imag)
}

/// `e` to a power.
pub fn exp(z: Complex) -> TextResult<Complex> {
    let (re, im) = z;
    if !finite(z) {
        let is_wrong = im.is_infinite() && (re.is_finite() || re == f64::INFINITY);
        return directed(is_wrong, exp_special(z));
    }
    let (length, factor) = if re > LOG_LARGE {
        ((re - 1.0).exp(), E)
    } else {
        (re.exp(), 1.0)
    };
    in_range((length * im.cos() * factor, length * im.sin() * factor))
}

fn exp_special((re, im): Complex) -> Complex {
    if re.is_infinite() {
        let size = if re > 0.0 { f64::INFINITY } else { 0.0 };
        if im == 0.0 {
            return (size, im);
        }
        if im.is_finite() {
            return (size.copysign(im.cos()), size.copysign(im.sin()));
        }
        return (size, if re > 0.0 { f64::NAN } else { 0.0 });
    }
    (f64::NAN, if im == 0.0 { im } else { f64::NAN })
}

/// The length of a number. The error is a range error, where `abs` has another word for it.
pub fn length(z: Complex) -> TextResult<f64> {
    let size = z.0.hypot(z.1);
    if size.is_infinite() && finite(z) {
        return Err(range_error());
    }
    Ok(size)
}

/// The number of a length and an angle.
pub fn rect(length: f64, angle: f64) -> TextResult<Complex> {
    if length.is_finite() && angle.is_finite() {
        return Ok(if angle == 0.0 {
            (length, length * angle)
        } else {
            (length * angle.cos(), length * angle.sin())
        });
    }
    let is_wrong = length != 0.0 && !length.is_nan() && angle.is_infinite();
    directed(is_wrong, rect_special(length, angle))
}

fn rect_special(length: f64, angle: f64) -> Complex {
    if length == 0.0 {
        return (0.0, 0.0);
    }
    if length.is_infinite() {
        if angle == 0.0 {
            return (length, angle * 1.0f64.copysign(length));
        }
        if angle.is_finite() {
            let sign = 1.0f64.copysign(length);
            return (
                f64::INFINITY.copysign(angle.cos()) * sign,
                f64::INFINITY.copysign(angle.sin()) * sign,
            );
        }
        return (f64::INFINITY, f64::NAN);
    }
    (f64::NAN, if angle == 0.0 { 0.0 } else { f64::NAN })
}
