//! Decimal numbers as plain data: sign, coefficient and exponent, or an infinity, or a NaN with its payload.
//!
//! A number never changes. What operations do with numbers is in the files beside this one; the class that programs see is in
//! `class.rs`.

use std::cmp::Ordering;

use super::coefficient::Coef;

/// The greatest precision and the greatest exponent of the first digit.
pub const MAX_EXPONENT: i64 = 999_999_999_999_999_999;
/// The least exponent of a subnormal number.
pub const LEAST_EXPONENT: i64 = -MAX_EXPONENT - (MAX_EXPONENT - 1);

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Coefficient and exponent count.
    Finite,
    /// Infinity.
    Infinite,
    /// A NaN whose payload is the coefficient.
    Quiet,
    /// A NaN that operations signal.
    Signaling,
}

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Not negative.
    Plus,
    /// Negative.
    Minus,
}

impl Sign {
    /// The sign of a number that is negative or not.
    pub fn of(is_negative: bool) -> Sign {
        if is_negative { Sign::Minus } else { Sign::Plus }
    }

    /// Whether it is negative.
    #[inline]
    pub fn is_minus(self) -> bool {
        self == Sign::Minus
    }

    /// The sign of a product.
    #[inline]
    pub fn times(self, other: Sign) -> Sign {
        Sign::of(self != other)
    }

    /// The other sign.
    pub fn opposite(self) -> Sign {
        Sign::of(self == Sign::Plus)
    }
}

/// A decimal number.
#[derive(Clone, Debug)]
pub struct Number {
    /// Digits; the payload of a NaN; zero for infinities.
    pub coef: Coef,
    /// Exponent of the last digit; zero unless finite.
    pub exp: i64,
    /// Sign, of zeros and NaNs, too.
    pub sign: Sign,
    /// What it is.
    pub kind: Kind,
}

impl Number {
    /// A finite number.
    #[inline]
    pub fn finite(sign: Sign, coef: impl Into<Coef>, exp: i64) -> Number {
        Number {
            coef: coef.into(),
            exp,
            sign,
            kind: Kind::Finite,
        }
    }

    /// An infinity.
    pub fn infinity(sign: Sign) -> Number {
        Number {
            coef: Coef::ZERO,
            exp: 0,
            sign,
            kind: Kind::Infinite,
        }
    }

    /// A quiet NaN without a payload.
    pub fn nan() -> Number {
        Number {
            coef: Coef::ZERO,
            exp: 0,
            sign: Sign::Plus,
            kind: Kind::Quiet,
        }
    }

    /// A small integer.
    pub fn int(n: i64) -> Number {
        Number::finite(Sign::of(n < 0), u128::from(n.unsigned_abs()), 0)
    }

    /// Whether it is neither infinite nor NaN.
    #[inline]
    pub fn is_finite(&self) -> bool {
        self.kind == Kind::Finite
    }

    /// Whether it is infinite.
    #[inline]
    pub fn is_infinite(&self) -> bool {
        self.kind == Kind::Infinite
    }

    /// Whether it is a NaN of either kind.
    #[inline]
    pub fn is_nan(&self) -> bool {
        matches!(self.kind, Kind::Quiet | Kind::Signaling)
    }

    /// Whether it is zero.
    #[inline]
    pub fn is_zero(&self) -> bool {
        self.is_finite() && self.coef.is_zero()
    }

    /// The exponent of the first digit.
    #[inline]
    pub fn adjusted(&self) -> i64 {
        self.exp + self.coef.digits() as i64 - 1
    }

    /// The same number with another sign.
    pub fn with_sign(&self, sign: Sign) -> Number {
        Number {
            sign,
            ..self.clone()
        }
    }

    /// The absolute value.
    pub fn magnitude(&self) -> Number {
        self.with_sign(Sign::Plus)
    }

    /// The number with the other sign.
    pub fn negated(&self) -> Number {
        self.with_sign(self.sign.opposite())
    }

    /// Whether it is a whole number; infinities are not.
    pub fn is_whole(&self) -> bool {
        if !self.is_finite() {
            return false;
        }
        if self.exp >= 0 || self.coef.is_zero() {
            return true;
        }
        let places = self.exp.unsigned_abs();
        places < self.coef.digits()
            && self
                .coef
                .cut(places, &|_| Ok(()))
                .is_ok_and(|(_, rest)| !rest.is_inexact())
    }

    /// The digit before the decimal point, of a whole number: whether it is odd.
    pub fn is_odd_whole(&self) -> bool {
        if self.exp > 0 || !self.is_whole() {
            return false;
        }
        let places = self.exp.unsigned_abs();
        self.coef
            .cut(places, &|_| Ok(()))
            .is_ok_and(|(whole, _)| whole.is_odd())
    }

    /// The whole number as a machine integer, if it is one and fits.
    pub fn to_i64(&self) -> Option<i64> {
        if !self.is_whole() || self.adjusted() > 18 {
            return None;
        }
        let Coef::Small(n) = (if self.exp >= 0 {
            self.coef.raised(self.exp as u64, &|_| Ok(())).ok()?
        } else {
            self.coef.cut(self.exp.unsigned_abs(), &|_| Ok(())).ok()?.0
        }) else {
            return None;
        };
        let n = i64::try_from(n).ok()?;
        Some(if self.sign.is_minus() { -n } else { n })
    }

    /// How two numbers that are not NaN compare.
    pub fn compare(&self, other: &Number) -> Ordering {
        let (a, b) = (self.direction(), other.direction());
        if a != b || a == 0 {
            return a.cmp(&b);
        }
        if !self.is_finite() || !other.is_finite() {
            let size = |n: &Number| i8::from(n.is_infinite());
            return if a > 0 {
                size(self).cmp(&size(other))
            } else {
                size(other).cmp(&size(self))
            };
        }
        let order = self.compare_sizes(other);
        if a < 0 { order.reverse() } else { order }
    }

    /// -1, 0 or 1.
    fn direction(&self) -> i8 {
        match self.sign {
            _ if self.is_zero() => 0,
            Sign::Minus => -1,
            Sign::Plus => 1,
        }
    }

    /// How the absolute values of two finite numbers other than zero compare.
    fn compare_sizes(&self, other: &Number) -> Ordering {
        if self.exp == other.exp {
            return self.coef.cmp(&other.coef);
        }
        let order = self.adjusted().cmp(&other.adjusted());
        if order != Ordering::Equal {
            return order;
        }
        let places = self.exp.abs_diff(other.exp);
        // Both have the same first place, so the difference of the exponents is one of the lengths.
        if self.exp > other.exp {
            let raised = self.coef.raised(places, &|_| Ok(()));
            raised.map_or(Ordering::Equal, |raised| raised.cmp(&other.coef))
        } else {
            let raised = other.coef.raised(places, &|_| Ok(()));
            raised.map_or(Ordering::Equal, |raised| self.coef.cmp(&raised))
        }
    }

    /// How two numbers compare in the total order of all representations.
    pub fn compare_total(&self, other: &Number) -> Ordering {
        match (self.sign, other.sign) {
            (Sign::Plus, Sign::Minus) => return Ordering::Greater,
            (Sign::Minus, Sign::Plus) => return Ordering::Less,
            _ => {}
        }
        let rank = |n: &Number| match n.kind {
            Kind::Finite => 0,
            Kind::Infinite => 1,
            Kind::Signaling => 2,
            Kind::Quiet => 3,
        };
        let mut order = rank(self).cmp(&rank(other));
        if order == Ordering::Equal {
            order = match self.kind {
                Kind::Finite => self
                    .magnitude()
                    .compare(&other.magnitude())
                    .then(self.exp.cmp(&other.exp)),
                _ => self.coef.cmp(&other.coef),
            };
        }
        if self.sign.is_minus() {
            order.reverse()
        } else {
            order
        }
    }

    /// -1, 0 or 1 for an order.
    pub fn of_order(order: Ordering) -> Number {
        Number::int(order as i64)
    }
}
