//! Durations as plain data: days, seconds and microseconds, normalised, and their arithmetic.
//!
//! A duration has at most 999999999 days, so its microseconds take 67 bits: what may be long is computed in 128 bits. Integers beyond them
//! are cut to the limits of 128 bits, which changes no result: products are too long either way, and quotients are 0 or -1.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

use super::calendar::DAY_MICROS;
use crate::text::IntRef;
use crate::text::num::division::divmod_near;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400;
const MOST_DAYS: i64 = 999_999_999;

/// A duration. The order of the fields is that of comparisons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration {
    /// Days, negative ones before that day.
    pub days: i32,
    /// 0 to 86399.
    pub seconds: i32,
    /// 0 to 999999.
    pub micros: i32,
}

/// Why something is no duration: the message of the OverflowError.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLong(pub String);

type Made = Result<Duration, TooLong>;

impl Duration {
    /// The shortest one, below all others.
    pub const MIN: Duration = Duration {
        days: -(MOST_DAYS as i32),
        seconds: 0,
        micros: 0,
    };
    /// The longest one.
    pub const MAX: Duration = Duration {
        days: MOST_DAYS as i32,
        seconds: DAY as i32 - 1,
        micros: SECOND as i32 - 1,
    };

    /// So many days and microseconds, of which there is less than a day.
    fn of_days(days: i64, rest: i64) -> Made {
        if days.abs() > MOST_DAYS {
            return Err(TooLong(match i32::try_from(days) {
                Ok(days) => format!("days={days}; must have magnitude <= {MOST_DAYS}"),
                Err(_) => "Python int too large to convert to C int".to_owned(),
            }));
        }
        Ok(Duration {
            days: days as i32,
            seconds: (rest / SECOND) as i32,
            micros: (rest % SECOND) as i32,
        })
    }

    /// So many microseconds.
    #[inline]
    pub fn of_micros(micros: i64) -> Made {
        let (days, rest) = (micros.div_euclid(DAY_MICROS), micros.rem_euclid(DAY_MICROS));
        Duration::of_days(days, rest)
    }

    /// So many microseconds, of which there may be more than 64 bits hold.
    pub fn of_long(micros: i128) -> Made {
        if let Ok(micros) = i64::try_from(micros) {
            return Duration::of_micros(micros);
        }
        let day = i128::from(DAY_MICROS);
        let days = i64::try_from(micros.div_euclid(day)).unwrap_or(i64::MAX);
        Duration::of_days(days, micros.rem_euclid(day) as i64)
    }

    /// So many microseconds, as an integer of any size.
    pub fn of_big(micros: &BigInt) -> Made {
        Duration::of_long(clipped(micros))
    }

    /// A sum of parts, each of which is any number of days, seconds or microseconds.
    fn of_parts(days: i64, seconds: i64, micros: i64) -> Made {
        let seconds = seconds + micros.div_euclid(SECOND);
        let days = days + seconds.div_euclid(DAY);
        let rest = seconds.rem_euclid(DAY) * SECOND + micros.rem_euclid(SECOND);
        Duration::of_days(days, rest)
    }

    fn parts(self) -> (i64, i64, i64) {
        (self.days.into(), self.seconds.into(), self.micros.into())
    }

    /// So many days.
    pub fn of_days_only(days: i64) -> Made {
        Duration::of_days(days, 0)
    }

    /// Its days.
    pub fn days(self) -> i64 {
        self.days.into()
    }

    /// All of it in microseconds.
    pub fn long(self) -> i128 {
        let (days, seconds, micros) = self.parts();
        i128::from(days) * i128::from(DAY_MICROS) + i128::from(seconds * SECOND + micros)
    }

    /// All of it in microseconds, if 64 bits hold them.
    #[inline]
    pub fn short(self) -> Option<i64> {
        let (days, seconds, micros) = self.parts();
        (days.abs() < 100_000_000).then(|| (days * DAY + seconds) * SECOND + micros)
    }

    /// Its seconds, without microseconds.
    pub fn whole_seconds(self) -> i64 {
        i64::from(self.days) * DAY + i64::from(self.seconds)
    }

    /// The sum.
    pub fn plus(self, other: Duration) -> Made {
        let (a, b) = (self.parts(), other.parts());
        Duration::of_parts(a.0 + b.0, a.1 + b.1, a.2 + b.2)
    }

    /// The difference.
    pub fn minus(self, other: Duration) -> Made {
        let (a, b) = (self.parts(), other.parts());
        Duration::of_parts(a.0 - b.0, a.1 - b.1, a.2 - b.2)
    }

    /// The duration in the other direction.
    pub fn negated(self) -> Made {
        Duration::default().minus(self)
    }

    /// The product with an integer.
    pub fn times(self, n: i128) -> Made {
        match self.long().checked_mul(n) {
            Some(micros) => Duration::of_long(micros),
            None => Duration::of_days(i64::MAX, 0),
        }
    }

    /// Whether it is strictly between minus a day and a day, as offsets of zones are.
    pub fn is_offset(self) -> bool {
        let last = Duration {
            days: -1,
            seconds: 0,
            micros: 0,
        };
        self > last && self.days < 1
    }
}

/// An integer in 128 bits, cut to their limits.
pub fn clipped(n: &BigInt) -> i128 {
    let limit = if n.is_negative() {
        i128::MIN + 1
    } else {
        i128::MAX
    };
    n.to_i128().unwrap_or(limit)
}

/// The same of any integer.
pub fn long_of(n: IntRef<'_>) -> i128 {
    match n {
        IntRef::Small(n) => n.into(),
        IntRef::Big(n) => clipped(n),
    }
}

/// The quotient rounded down; the divisor is not zero.
pub fn floor_div(a: i128, b: i128) -> i128 {
    let (quotient, rest) = (a / b, a % b);
    if rest != 0 && (rest < 0) != (b < 0) {
        quotient - 1
    } else {
        quotient
    }
}

/// The remainder of that.
pub fn floor_mod(a: i128, b: i128) -> i128 {
    a - floor_div(a, b) * b
}

/// The quotient rounded to the nearest integer, halves to the even one; the divisor is not zero.
pub fn nearest(a: &BigInt, b: &BigInt) -> BigInt {
    match b.is_negative() {
        true => divmod_near(&-a, &-b).0,
        false => divmod_near(a, b).0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_go_to_the_nearest_even_integer() {
        let expected = [
            (5, 2, 2),
            (7, 2, 4),
            (-5, 2, -2),
            (-7, 2, -4),
            (5, -2, -2),
            (8, 3, 3),
        ];
        for (a, b, quotient) in expected {
            assert_eq!(nearest(&a.into(), &b.into()), BigInt::from(quotient));
        }
    }

    #[test]
    fn parts_are_normalised() {
        let made = Duration::of_parts(0, -1, -1).expect("it is short");
        assert_eq!(made.parts(), (-1, 86_398, 999_999));
        assert_eq!(made.long(), -1_000_001);
        assert_eq!(Duration::of_long(made.long()), Ok(made));
    }
}
