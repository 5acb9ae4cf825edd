//! Sums that round once: `fsum`, `hypot`, `dist` and the float part of `sumprod`.
//!
//! J. R. Shewchuk, "Adaptive precision floating-point arithmetic" (1997) for `fsum`; T. J. Dekker's double-length numbers
//! (1971) for the others, as CPython composes them.

use super::float_parts::frexp;
use crate::text::{TextError, TextResult};

/// A number as the unevaluated sum of a float and its rounding error.
#[derive(Clone, Copy)]
struct Double {
    hi: f64,
    lo: f64,
}

/// The exact sum of two floats.
fn two_sum(a: f64, b: f64) -> Double {
    let hi = a + b;
    let part = hi - a;
    Double {
        hi,
        lo: (a - (hi - part)) + (b - part),
    }
}

/// The exact sum of two floats of which the first is not smaller in size.
fn fast_two_sum(a: f64, b: f64) -> Double {
    let hi = a + b;
    Double {
        hi,
        lo: (a - hi) + b,
    }
}

/// The exact product of two floats.
fn two_product(a: f64, b: f64) -> Double {
    let hi = a * b;
    Double {
        hi,
        lo: a.mul_add(b, -hi),
    }
}

/// `math.fsum`: floats added one by one, rounded at the end.
#[derive(Default)]
pub struct ExactSum {
    /// Floats that do not overlap, in increasing size, whose sum is exact.
    partials: Vec<f64>,
    /// The sum of all operands that are not finite, and of the infinities alone.
    special: f64,
    infinities: f64,
}

impl ExactSum {
    /// Adds one float.
    pub fn add(&mut self, x: f64) -> TextResult<()> {
        let mut sum = x;
        let mut kept = 0;
        for i in 0..self.partials.len() {
            let (mut large, mut small) = (sum, self.partials[i]);
            if large.abs() < small.abs() {
                (large, small) = (small, large);
            }
            let both = fast_two_sum(large, small);
            if both.lo != 0.0 {
                self.partials[kept] = both.lo;
                kept += 1;
            }
            sum = both.hi;
        }
        self.partials.truncate(kept);
        if sum == 0.0 {
            return Ok(());
        }
        if sum.is_finite() {
            self.partials.push(sum);
            return Ok(());
        }
        if x.is_finite() {
            return Err(TextError::overflow("intermediate overflow in fsum"));
        }
        if x.is_infinite() {
            self.infinities += x;
        }
        self.special += x;
        self.partials.clear();
        Ok(())
    }

    /// The sum, rounded half to even.
    pub fn finish(self) -> TextResult<f64> {
        if self.special != 0.0 {
            return if self.infinities.is_nan() {
                Err(TextError::value("-inf + inf in fsum"))
            } else {
                Ok(self.special)
            };
        }
        let mut rest = self.partials.iter().rev().copied();
        let Some(mut sum) = rest.next() else {
            return Ok(0.0);
        };
        let mut error = 0.0;
        for x in rest.by_ref() {
            let both = fast_two_sum(sum, x);
            (sum, error) = (both.hi, both.lo);
            if error != 0.0 {
                break;
            }
        }
        // Exactly halfway so far: what is left decides the direction.
        if let Some(next) = rest.next()
            && error * next > 0.0
        {
            let (doubled, moved) = (error * 2.0, sum + error * 2.0);
            if doubled == moved - sum {
                sum = moved;
            }
        }
        Ok(sum)
    }
}

/// The Euclidean norm: `math.hypot`, and `math.dist` of the differences.
pub fn norm(coordinates: &[f64]) -> f64 {
    let largest = coordinates
        .iter()
        .fold(0.0f64, |largest, x| largest.max(x.abs()));
    if largest.is_infinite() {
        return f64::INFINITY;
    }
    if coordinates.iter().any(|x| x.is_nan()) {
        return f64::NAN;
    }
    if largest == 0.0 || coordinates.len() <= 1 {
        return largest;
    }
    let (_, exponent) = frexp(largest);
    if exponent < -1022 {
        let scaled: Vec<f64> = coordinates.iter().map(|x| x / f64::MIN_POSITIVE).collect();
        return f64::MIN_POSITIVE * norm(&scaled);
    }
    scaled_norm(coordinates, power_of_two(-exponent))
}

/// The norm of coordinates that `scale` brings below 1, corrected by one differential step.
fn scaled_norm(coordinates: &[f64], scale: f64) -> f64 {
    // The sum starts at 1, so that it is never smaller than what is added.
    let mut sum = SquareSum {
        sum: 1.0,
        errors: (0.0, 0.0),
    };
    for x in coordinates {
        let x = x.abs() * scale;
        sum.add(x, x);
    }
    let root = sum.value().sqrt();
    sum.add(-root, root);
    (root + sum.value() / (2.0 * root)) / scale
}

struct SquareSum {
    sum: f64,
    errors: (f64, f64),
}

impl SquareSum {
    fn add(&mut self, a: f64, b: f64) {
        let product = two_product(a, b);
        let sum = fast_two_sum(self.sum, product.hi);
        self.sum = sum.hi;
        self.errors.0 += product.lo;
        self.errors.1 += sum.lo;
    }

    fn value(&self) -> f64 {
        self.sum - 1.0 + (self.errors.0 + self.errors.1)
    }
}

fn power_of_two(exponent: i64) -> f64 {
    // The largest float's exponent is 1024: its reciprocal scale is subnormal.
    if exponent < -1022 {
        return f64::from_bits(1 << (52 - (-1022 - exponent)));
    }
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The sum of products of floats in triple length: the float part of `math.sumprod`.
#[derive(Clone, Copy, Default)]
pub struct DotProduct {
    hi: f64,
    lo: f64,
    tiny: f64,
    /// The plain sum of the products: the result where one of them is infinite or not a number.
    plain: f64,
}

impl DotProduct {
    /// Adds `a * b`.
    pub fn add(&mut self, a: f64, b: f64) {
        let plain = a.mul_add(b, self.plain);
        let product = two_product(a, b);
        let sum = two_sum(self.hi, product.hi);
        let first = two_sum(self.lo, product.lo);
        let second = two_sum(first.hi, sum.lo);
        *self = DotProduct {
            hi: sum.hi,
            lo: second.hi,
            tiny: self.tiny + first.lo + second.lo,
            plain,
        };
    }

    /// The sum as a float.
    pub fn value(self) -> f64 {
        if !self.hi.is_finite() {
            return self.plain;
        }
        let last = two_sum(self.lo, self.hi);
        self.tiny + last.lo + last.hi
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fsum(values: &[f64]) -> TextResult<f64> {
        let mut sum = ExactSum::default();
        values.iter().try_for_each(|&x| sum.add(x))?;
        sum.finish()
    }

    #[test]
    fn sums_round_once() {
        assert_eq!(fsum(&[0.1; 10]), Ok(1.0));
        assert_eq!(
            fsum(&[1e100, 1.0, -1e100, 1e-100, 1e50, -1.0, -1e50]),
            Ok(1e-100)
        );
        assert_eq!(fsum(&[f64::INFINITY, 1.0]), Ok(f64::INFINITY));
        assert!(
            fsum(&[f64::INFINITY, f64::NEG_INFINITY]).is_err() && fsum(&[1e308, 1e308]).is_err()
        );
    }

    #[test]
    fn norms_neither_overflow_nor_vanish() {
        assert_eq!(norm(&[3.0, 4.0]), 5.0);
        assert_eq!(norm(&[1e200, 1e200]), 1.414213562373095e+200);
        assert_eq!(norm(&[1e308, 1e308]), 1.4142135623730951e+308);
        assert_eq!(norm(&[5e-324, 5e-324]), 5e-324);
        assert_eq!(norm(&[f64::NAN, f64::INFINITY]), f64::INFINITY);
    }

    #[test]
    fn products_keep_what_rounding_loses() {
        let mut dot = DotProduct::default();
        (0..10).for_each(|_| dot.add(0.1, 0.1));
        assert_eq!(dot.value(), 0.1);
    }
}
