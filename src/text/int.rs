//! Integers of any size as plain data: [`Int`] owned and [`IntRef`] borrowed.
//!
//! Most integers fit an `i64`, so both have a small case that allocates nothing. Contract: an `Int` made here is `Big`
//! only when it does not fit an `i64`; an `IntRef::Big` from a caller may be of any size.
//! How the heap stores integers is not this file's business.

use std::borrow::Cow;

use num_bigint::{BigInt, BigUint, Sign};
use num_traits::{Signed, ToPrimitive, Zero};

/// An integer of any size; `Big` holds only what does not fit an `i64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Int {
    /// Fits a machine word.
    Small(i64),
    /// Does not.
    Big(BigInt),
}

/// A borrowed integer of any size.
#[derive(Clone, Copy, Debug)]
pub enum IntRef<'a> {
    /// A machine word.
    Small(i64),
    /// Limbs that someone else owns.
    Big(&'a BigInt),
}

impl Int {
    /// The same number, borrowed.
    pub fn as_ref(&self) -> IntRef<'_> {
        match self {
            Self::Small(value) => IntRef::Small(*value),
            Self::Big(value) => IntRef::Big(value),
        }
    }

    /// The same number as limbs.
    pub fn into_big(self) -> BigInt {
        match self {
            Self::Small(value) => BigInt::from(value),
            Self::Big(value) => value,
        }
    }
}

impl From<BigInt> for Int {
    fn from(value: BigInt) -> Self {
        match value.to_i64() {
            Some(small) => Self::Small(small),
            None => Self::Big(value),
        }
    }
}

impl From<BigUint> for Int {
    fn from(value: BigUint) -> Self {
        BigInt::from(value).into()
    }
}

impl From<i64> for Int {
    fn from(value: i64) -> Self {
        Self::Small(value)
    }
}

impl From<i128> for Int {
    fn from(value: i128) -> Self {
        match i64::try_from(value) {
            Ok(small) => Self::Small(small),
            Err(_) => Self::Big(BigInt::from(value)),
        }
    }
}

impl From<u64> for Int {
    fn from(value: u64) -> Self {
        i128::from(value).into()
    }
}

impl From<i64> for IntRef<'_> {
    fn from(value: i64) -> Self {
        Self::Small(value)
    }
}

impl<'a> From<&'a BigInt> for IntRef<'a> {
    fn from(value: &'a BigInt) -> Self {
        Self::Big(value)
    }
}

impl<'a> IntRef<'a> {
    /// The same number as limbs, copied only when it is small.
    pub fn to_big(self) -> Cow<'a, BigInt> {
        match self {
            Self::Small(value) => Cow::Owned(BigInt::from(value)),
            Self::Big(value) => Cow::Borrowed(value),
        }
    }

    /// The same number, owned.
    pub fn to_int(self) -> Int {
        match self {
            Self::Small(value) => Int::Small(value),
            Self::Big(value) => value.clone().into(),
        }
    }

    /// The number as an `i64`, if it fits.
    pub fn to_i64(self) -> Option<i64> {
        match self {
            Self::Small(value) => Some(value),
            Self::Big(value) => value.to_i64(),
        }
    }

    /// Whether the number is below zero.
    pub fn is_negative(self) -> bool {
        match self {
            Self::Small(value) => value < 0,
            Self::Big(value) => value.is_negative(),
        }
    }

    /// Whether the number is zero.
    pub fn is_zero(self) -> bool {
        match self {
            Self::Small(value) => value == 0,
            Self::Big(value) => value.is_zero(),
        }
    }

    /// Whether the number is odd.
    pub fn is_odd(self) -> bool {
        match self {
            Self::Small(value) => value & 1 == 1,
            Self::Big(value) => value.bit(0),
        }
    }

    /// The absolute value as limbs.
    pub fn magnitude(self) -> Cow<'a, BigUint> {
        match self {
            Self::Small(value) => Cow::Owned(BigUint::from(value.unsigned_abs())),
            Self::Big(value) => Cow::Borrowed(value.magnitude()),
        }
    }

    /// The number of bits of the absolute value: Python's `int.bit_length()`.
    pub fn bit_length(self) -> u64 {
        match self {
            Self::Small(value) => u64::from(64 - value.unsigned_abs().leading_zeros()),
            Self::Big(value) => value.bits(),
        }
    }
}

/// A number from its sign and absolute value.
pub fn signed(negative: bool, magnitude: BigUint) -> Int {
    let sign = if negative { Sign::Minus } else { Sign::Plus };
    BigInt::from_biguint(sign, magnitude).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn big_numbers_that_fit_become_small() {
        assert_eq!(Int::from(BigInt::from(i64::MIN)), Int::Small(i64::MIN));
        assert_eq!(Int::from(i64::MAX as i128), Int::Small(i64::MAX));
        assert!(matches!(Int::from(i64::MAX as i128 + 1), Int::Big(_)));
        assert!(matches!(Int::from(u64::MAX), Int::Big(_)));
        assert_eq!(
            signed(true, BigUint::from(1u64 << 63)),
            Int::Small(i64::MIN)
        );
    }

    #[test]
    fn both_sizes_answer_alike() {
        for value in [0, 1, -1, 255, -256, i64::MAX, i64::MIN] {
            let big = BigInt::from(value);
            let (small, big) = (IntRef::from(value), IntRef::from(&big));
            assert_eq!(small.bit_length(), big.bit_length(), "{value}");
            assert_eq!(small.is_odd(), big.is_odd(), "{value}");
            assert_eq!(small.is_negative(), big.is_negative(), "{value}");
            assert_eq!(small.is_zero(), big.is_zero(), "{value}");
            assert_eq!(small.magnitude(), big.magnitude(), "{value}");
        }
    }
}
