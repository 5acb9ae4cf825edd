//! Arithmetic of complex numbers as pairs of floats.
//!
//! Addition and subtraction are by part and not here. Contract: the results of CPython 3.13 to the bit, which for
//! division means Smith's method and for small integer exponents repeated squaring.

use crate::text::{TextError, TextResult};

/// Real and imaginary part.
pub type Complex = (f64, f64);

/// `a * b`
pub fn complex_mul(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// `a / b`, by R. L. Smith, "Algorithm 116: Complex division" (1962).
pub fn complex_div(a: Complex, b: Complex) -> TextResult<Complex> {
    if b == (0.0, 0.0) {
        return Err(TextError::zero_division("complex division by zero"));
    }
    let (re_size, im_size) = (b.0.abs(), b.1.abs());
    if re_size >= im_size {
        let ratio = b.1 / b.0;
        let divisor = b.0 + b.1 * ratio;
        Ok(((a.0 + a.1 * ratio) / divisor, (a.1 - a.0 * ratio) / divisor))
    } else if im_size >= re_size {
        let ratio = b.0 / b.1;
        let divisor = b.0 * ratio + b.1;
        Ok(((a.0 * ratio + a.1) / divisor, (a.1 * ratio - a.0) / divisor))
    } else {
        Ok((f64::NAN, f64::NAN))
    }
}

/// `abs(a)`
pub fn complex_abs(a: Complex) -> TextResult<f64> {
    let size = a.0.hypot(a.1);
    if size.is_infinite() && a.0.is_finite() && a.1.is_finite() {
        return Err(TextError::overflow("absolute value too large"));
    }
    Ok(size)
}

/// `base ** exponent`
pub fn complex_pow(base: Complex, exponent: Complex) -> TextResult<Complex> {
    let power = match exponent {
        (exponent, 0.0) if exponent == exponent.floor() && exponent.abs() <= 100.0 => {
            integer_power(base, exponent as i32)?
        }
        _ => polar_power(base, exponent)?,
    };
    if power.0.is_infinite() || power.1.is_infinite() {
        return Err(TextError::overflow("complex exponentiation"));
    }
    Ok(power)
}

fn integer_power(base: Complex, exponent: i32) -> TextResult<Complex> {
    if exponent > 0 {
        return Ok(repeated_square(base, exponent.unsigned_abs()));
    }
    complex_div((1.0, 0.0), repeated_square(base, exponent.unsigned_abs())).map_err(|_| zero_base())
}

fn repeated_square(base: Complex, exponent: u32) -> Complex {
    let (mut power, mut square, mut left) = ((1.0, 0.0), base, exponent);
    while left > 0 {
        if left & 1 == 1 {
            power = complex_mul(power, square);
        }
        left >>= 1;
        square = complex_mul(square, square);
    }
    power
}

fn polar_power(base: Complex, exponent: Complex) -> TextResult<Complex> {
    if base == (0.0, 0.0) {
        if exponent.1 != 0.0 || exponent.0 < 0.0 {
            return Err(zero_base());
        }
        return Ok((0.0, 0.0));
    }
    let size = base.0.hypot(base.1);
    let angle = base.1.atan2(base.0);
    let mut length = size.powf(exponent.0);
    let mut phase = angle * exponent.0;
    if exponent.1 != 0.0 {
        length /= (angle * exponent.1).exp();
        phase += exponent.1 * size.ln();
    }
    if phase.is_infinite() {
        // An angle that has no cosine is C's domain error, which CPython takes for the one of a zero base.
        return Err(zero_base());
    }
    Ok((length * phase.cos(), length * phase.sin()))
}

fn zero_base() -> TextError {
    TextError::zero_division("0.0 to a negative or complex power")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::oracle::{self, show_float};

    #[test]
    fn operations_agree_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/num_complex.tsv")) {
            let [operation, a_re, a_im, b_re, b_im, expected] = row[..] else {
                panic!("six columns: {row:?}")
            };
            let a = (oracle::float(a_re), oracle::float(a_im));
            let b = (oracle::float(b_re), oracle::float(b_im));
            let result = match operation {
                "*" => Ok(complex_mul(a, b)),
                "/" => complex_div(a, b),
                "**" => complex_pow(a, b),
                _ => complex_abs(a).map(|size| (size, 0.0)),
            };
            let shown = result.map(|(re, im)| format!("{} {}", show_float(re), show_float(im)));
            oracle::check(shown, expected, &row);
        }
    }
}
