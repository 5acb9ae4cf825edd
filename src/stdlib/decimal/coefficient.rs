//! Coefficients of decimal numbers: natural numbers that know their decimal digits.
//!
//! Up to 38 digits a coefficient is a `u128`, beyond that a big integer; no number has two forms, so equal coefficients have
//! equal representations. Work that can be long goes through `text/num/long_product.rs`, which pauses between its pieces; what no memory
//! could hold is refused before the work.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;

use num_bigint::BigUint;
use num_traits::{ToPrimitive, Zero};

use super::wide::Wide;
use crate::text::num::MAX_INT_BITS;
use crate::text::num::long_product::{multiply, power, quotient};
use crate::text::{TextError, TextResult};

/// How many digits a small coefficient has at most.
pub const SMALL_DIGITS: u64 = 38;

/// The powers of ten that a `u128` holds.
pub const POWERS: [u128; 39] = {
    let mut powers = [1; 39];
    let mut i = 1;
    while i < powers.len() {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// Called during long work with the number of 64-bit digits that the next piece handles; an error ends the work.
pub type Pause<'a> = dyn Fn(u64) -> TextResult<()> + 'a;

/// A coefficient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coef {
    /// Less than 10**38.
    Small(u128),
    /// At least 10**38.
    Big(BigUint),
}

/// How the digits that were dropped compare with half a unit of the last one that stayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// They are all zeros.
    Nothing,
    /// Less than a half.
    Less,
    /// Exactly a half.
    Half,
    /// More than a half.
    More,
}

impl Rest {
    /// The class of a rest of a division by an even unit.
    pub fn of_half(is_zero: bool, to_half: Ordering) -> Rest {
        match to_half {
            _ if is_zero => Rest::Nothing,
            Ordering::Less => Rest::Less,
            Ordering::Equal => Rest::Half,
            Ordering::Greater => Rest::More,
        }
    }

    /// Whether a digit other than zero was dropped.
    pub fn is_inexact(self) -> bool {
        self != Rest::Nothing
    }
}

impl From<u128> for Coef {
    fn from(n: u128) -> Coef {
        if n < POWERS[38] {
            Coef::Small(n)
        } else {
            Coef::Big(BigUint::from(n))
        }
    }
}

impl From<BigUint> for Coef {
    fn from(n: BigUint) -> Coef {
        match n.to_u128() {
            Some(small) if small < POWERS[38] => Coef::Small(small),
            _ => Coef::Big(n),
        }
    }
}

/// The number of decimal digits of a `u128`; 1 for zero.
#[inline]
pub fn digits_of(n: u128) -> u64 {
    // 1233 / 4096 is a little less than the logarithm of 2.
    let bits = 128 - (n | 1).leading_zeros();
    let guess = ((bits * 1233) >> 12) as usize;
    guess as u64 + u64::from(guess == 0 || n >= POWERS[guess])
}

impl Coef {
    /// Zero.
    pub const ZERO: Coef = Coef::Small(0);
    /// One.
    pub const ONE: Coef = Coef::Small(1);

    /// Whether it is zero.
    #[inline]
    pub fn is_zero(&self) -> bool {
        matches!(self, Coef::Small(0))
    }

    /// Whether its last digit is odd.
    pub fn is_odd(&self) -> bool {
        match self {
            Coef::Small(n) => n & 1 == 1,
            Coef::Big(n) => n.bit(0),
        }
    }

    /// The last digit.
    pub fn last_digit(&self) -> u8 {
        match self {
            Coef::Small(n) => (n % 10) as u8,
            Coef::Big(n) => (n % 10u8).to_u8().expect("less than ten"),
        }
    }

    /// The number of decimal digits; 1 for zero.
    #[inline]
    pub fn digits(&self) -> u64 {
        match self {
            Coef::Small(n) => digits_of(*n),
            Coef::Big(n) => big_digits(n),
        }
    }

    /// The bytes that it takes beside itself.
    pub fn bytes(&self) -> usize {
        match self {
            Coef::Small(_) => 0,
            Coef::Big(n) => n.bits() as usize / 8,
        }
    }

    /// The number as a big integer.
    pub fn to_big(&self) -> BigUint {
        match self {
            Coef::Small(n) => BigUint::from(*n),
            Coef::Big(n) => n.clone(),
        }
    }

    /// The number as a big integer, taken.
    pub fn into_big(self) -> BigUint {
        match self {
            Coef::Small(n) => BigUint::from(n),
            Coef::Big(n) => n,
        }
    }

    /// `self + other`
    pub fn plus(&self, other: &Coef) -> Coef {
        match (self, other) {
            (Coef::Small(a), Coef::Small(b)) => Coef::from(a + b),
            (Coef::Big(a), Coef::Small(b)) | (Coef::Small(b), Coef::Big(a)) => Coef::Big(a + b),
            (Coef::Big(a), Coef::Big(b)) => Coef::Big(a + b),
        }
    }

    /// `|self - other|`, and how they compare.
    pub fn minus(&self, other: &Coef) -> (Coef, Ordering) {
        let order = self.cmp(other);
        let (more, less) = if order == Ordering::Less {
            (other, self)
        } else {
            (self, other)
        };
        let difference = match (more, less) {
            (Coef::Small(a), Coef::Small(b)) => Coef::Small(a - b),
            (Coef::Big(a), Coef::Small(b)) => Coef::from(a - b),
            (Coef::Big(a), Coef::Big(b)) => Coef::from(a - b),
            (Coef::Small(_), Coef::Big(_)) => Coef::ZERO,
        };
        (difference, order)
    }

    /// `self * other`
    pub fn times(&self, other: &Coef, pause: &Pause<'_>) -> TextResult<Coef> {
        if let (Coef::Small(a), Coef::Small(b)) = (self, other) {
            if let Some(product) = a.checked_mul(*b) {
                return Ok(Coef::from(product));
            }
            return Ok(Coef::from(Wide::product(*a, *b).to_big()));
        }
        let (a, b) = (self.to_big(), other.to_big());
        check_bits(a.bits() + b.bits())?;
        Ok(Coef::from(multiply(&a, &b, &mut |n| pause(n))?))
    }

    /// Quotient and remainder, the divisor not zero.
    pub fn div_rem(&self, other: &Coef, pause: &Pause<'_>) -> TextResult<(Coef, Coef)> {
        match (self, other) {
            (Coef::Small(a), Coef::Small(b)) => Ok((Coef::Small(a / b), Coef::Small(a % b))),
            (Coef::Small(_), Coef::Big(_)) => Ok((Coef::ZERO, self.clone())),
            (Coef::Big(a), _) => {
                let (q, r) = quotient(a, &other.to_big(), &mut |n| pause(n))?;
                Ok((Coef::from(q), Coef::from(r)))
            }
        }
    }

    /// `self * 10**places`
    pub fn raised(&self, places: u64, pause: &Pause<'_>) -> TextResult<Coef> {
        if self.is_zero() || places == 0 {
            return Ok(self.clone());
        }
        if let Coef::Small(n) = self
            && places <= SMALL_DIGITS - digits_of(*n)
        {
            return Ok(Coef::Small(n * POWERS[places as usize]));
        }
        let unit = power_of_ten(places, pause)?;
        let n = self.to_big();
        check_bits(n.bits() + unit.bits())?;
        Ok(Coef::from(multiply(&n, &unit, &mut |n| pause(n))?))
    }

    /// The number without its last digits, and the class of those.
    pub fn cut(&self, places: u64, pause: &Pause<'_>) -> TextResult<(Coef, Rest)> {
        if places == 0 {
            return Ok((self.clone(), Rest::Nothing));
        }
        match self {
            Coef::Small(n) => Ok(cut_small(*n, places)),
            Coef::Big(n) => {
                if places > self.digits() {
                    return Ok((Coef::ZERO, Rest::Less));
                }
                let unit = power_of_ten(places, pause)?;
                let (q, r) = quotient(n, &unit, &mut |n| pause(n))?;
                let rest = Rest::of_half(r.is_zero(), (r << 1u8).cmp(&unit));
                Ok((Coef::from(q), rest))
            }
        }
    }

    /// The last digits only: `self % 10**places`.
    pub fn tail(&self, places: u64, pause: &Pause<'_>) -> TextResult<Coef> {
        if self.digits() <= places {
            return Ok(self.clone());
        }
        let unit = Coef::from((*power_of_ten(places, pause)?).clone());
        Ok(self.div_rem(&unit, pause)?.1)
    }

    /// Drops zeros at the end, at most so many; how many were dropped. Zero stays.
    pub fn strip_zeros(&self, most: u64, pause: &Pause<'_>) -> TextResult<(Coef, u64)> {
        let mut n = self.clone();
        let mut dropped = 0;
        if n.is_zero() || n.is_odd() {
            return Ok((n, 0));
        }
        // Powers of ten that double as long as they divide, then that halve.
        let mut step = 1;
        while let Some(q) = n.exact_quotient(step.min(most - dropped), pause)? {
            dropped += step.min(most - dropped);
            n = q;
            if dropped == most {
                return Ok((n, dropped));
            }
            step *= 2;
        }
        while step > 1 {
            step /= 2;
            if step > most - dropped {
                continue;
            }
            if let Some(q) = n.exact_quotient(step, pause)? {
                dropped += step;
                n = q;
            }
        }
        Ok((n, dropped))
    }

    /// `self / 10**places` where that is a whole number other than zero.
    fn exact_quotient(&self, places: u64, pause: &Pause<'_>) -> TextResult<Option<Coef>> {
        let zeros = match self {
            Coef::Small(n) => u64::from(n.trailing_zeros()),
            Coef::Big(n) => n.trailing_zeros().unwrap_or(0),
        };
        if places == 0 || places > zeros || places >= self.digits() {
            return Ok(None);
        }
        let (q, rest) = self.cut(places, pause)?;
        Ok((!rest.is_inexact()).then_some(q))
    }
}

impl PartialOrd for Coef {
    fn partial_cmp(&self, other: &Coef) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Coef {
    fn cmp(&self, other: &Coef) -> Ordering {
        match (self, other) {
            (Coef::Small(a), Coef::Small(b)) => a.cmp(b),
            (Coef::Small(_), Coef::Big(_)) => Ordering::Less,
            (Coef::Big(_), Coef::Small(_)) => Ordering::Greater,
            (Coef::Big(a), Coef::Big(b)) => a.cmp(b),
        }
    }
}

#[inline]
fn cut_small(n: u128, places: u64) -> (Coef, Rest) {
    if places > SMALL_DIGITS {
        let rest = if n == 0 { Rest::Nothing } else { Rest::Less };
        return (Coef::ZERO, rest);
    }
    let unit = POWERS[places as usize];
    let (q, r) = match (u64::try_from(n), u64::try_from(unit)) {
        (Ok(n), Ok(unit)) => (u128::from(n / unit), u128::from(n % unit)),
        _ => (n / unit, n % unit),
    };
    (Coef::Small(q), Rest::of_half(r == 0, (r << 1).cmp(&unit)))
}

/// The number of decimal digits of a big integer that is not zero.
fn big_digits(n: &BigUint) -> u64 {
    let bits = n.bits();
    let shift = bits.saturating_sub(64);
    let top = (n >> shift).to_u64().expect("64 bits") as f64;
    let log = top.log10() + shift as f64 * std::f64::consts::LOG10_2;
    let near = log.round();
    // Far from a power of ten the logarithm decides.
    if (log - near).abs() > 1e-4 {
        return log.floor() as u64 + 1;
    }
    match power_of_ten(near as u64, &|_| Ok(())) {
        Ok(unit) if *n < *unit => near as u64,
        _ => near as u64 + 1,
    }
}

/// Refuses a number of so many bits that no memory could hold it.
pub fn check_bits(bits: u64) -> TextResult<()> {
    if bits > MAX_INT_BITS {
        Err(TextError::memory())
    } else {
        Ok(())
    }
}

/// Powers of ten above this exponent are not kept.
const LONGEST_KEPT: u64 = 100_000;
/// How many powers are kept.
const KEPT: usize = 8;

thread_local! {
    /// Powers of ten that were asked for: operations of one precision ask for the same ones.
    static RECENT: RefCell<Vec<(u64, Rc<BigUint>)>> = const { RefCell::new(Vec::new()) };
}

/// `10**places`
pub fn power_of_ten(places: u64, pause: &Pause<'_>) -> TextResult<Rc<BigUint>> {
    let known = RECENT.with_borrow(|recent| {
        let found = recent.iter().find(|(known, _)| *known == places);
        found.map(|(_, unit)| Rc::clone(unit))
    });
    if let Some(unit) = known {
        return Ok(unit);
    }
    // A digit takes less than 3.33 bits.
    check_bits(places.saturating_mul(10) / 3)?;
    let fives = power(&BigUint::from(5u8), places as u32, &mut |n| pause(n))?;
    let unit = Rc::new(fives << places);
    if places <= LONGEST_KEPT {
        RECENT.with_borrow_mut(|recent| {
            if recent.len() == KEPT {
                recent.remove(0);
            }
            recent.push((places, Rc::clone(&unit)));
        });
    }
    Ok(unit)
}
