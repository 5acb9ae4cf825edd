//! Products of two `u128` and their quotients by one: what operations with up to 38 digits need between their operands and the result.
//!
//! The algorithms are the schoolbook's with digits of 64 bits: Knuth, The Art of Computer Programming, 4.3.1. Nothing is allocated, which makes
//! 28 digits as fast as 19.

use num_bigint::BigUint;

/// A number of 256 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wide {
    /// The upper half.
    pub high: u128,
    /// The lower half.
    pub low: u128,
}

const HALF: u128 = (1 << 64) - 1;

impl Wide {
    /// `a * b`
    #[inline]
    pub fn product(a: u128, b: u128) -> Wide {
        let (a1, a0, b1, b0) = (a >> 64, a & HALF, b >> 64, b & HALF);
        let low = a0 * b0;
        let middle = a1 * b0 + (low >> 64);
        let (middle, carry) = middle.overflowing_add(a0 * b1);
        Wide {
            high: a1 * b1 + (middle >> 64) + (u128::from(carry) << 64),
            low: middle << 64 | low & HALF,
        }
    }

    /// The number as a big integer.
    pub fn to_big(self) -> BigUint {
        (BigUint::from(self.high) << 128u8) + self.low
    }

    /// Quotient and remainder by a divisor that is greater than the upper half, so that the quotient fits.
    pub fn div_rem(self, divisor: u128) -> (u128, u128) {
        if self.high == 0 {
            return (self.low / divisor, self.low % divisor);
        }
        // Knuth, 4.3.1, algorithm D, with two digits of 64 bits.
        let shift = divisor.leading_zeros();
        let divisor = divisor << shift;
        let (top, bottom) = (divisor >> 64, divisor & HALF);
        let high = if shift == 0 {
            self.high
        } else {
            self.high << shift | self.low >> (128 - shift)
        };
        let low = self.low << shift;
        let digit = |high: u128, next: u128| {
            let (mut q, mut r) = (high / top, high % top);
            while q > HALF || q * bottom > (r << 64 | next) {
                q -= 1;
                r += top;
                if r > HALF {
                    break;
                }
            }
            let rest = (high << 64 | next).wrapping_sub(q.wrapping_mul(divisor));
            (q, rest)
        };
        let (first, rest) = digit(high, low >> 64);
        let (second, rest) = digit(rest, low & HALF);
        (first << 64 | second, rest >> shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_undo_products() {
        let numbers = [
            1,
            7,
            1 << 63,
            HALF,
            1 << 64,
            10u128.pow(28) + 3,
            u128::MAX,
            0x1234_5678_9abc_def0 << 50,
        ];
        for a in numbers {
            for b in numbers {
                let product = Wide::product(a, b);
                assert_eq!(product.to_big(), BigUint::from(a) * b);
                if product.high < b {
                    assert_eq!(product.div_rem(b), (a, 0));
                }
                if b > 1 && product.high < b {
                    let more = Wide {
                        low: product.low.wrapping_add(b - 1),
                        high: product.high + u128::from(product.low.checked_add(b - 1).is_none()),
                    };
                    if more.high < b {
                        assert_eq!(more.div_rem(b), (a, b - 1));
                    }
                }
            }
        }
    }
}
