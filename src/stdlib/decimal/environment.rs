//! What an operation computes under: precision, limits of the exponent, rounding; and the conditions that it meets.
//!
//! Operations never raise: they note conditions in `status` and return a number. The context, `context.rs`, turns those that are trapped
//! into exceptions. `finish` rounds an exact result; every operation ends with it.

use std::cell::Cell;
use std::cmp::Ordering;

use super::coefficient::{Coef, Pause, Rest};
use super::number::{Kind, MAX_EXPONENT, Number, Sign};
use crate::text::TextResult;

/// What an operation results in; an error is one of memory, or an interruption.
pub type Computed = TextResult<Number>;

/// Conditions, as bits.
pub mod condition {
    /// An exponent was changed to fit.
    pub const CLAMPED: u32 = 1;
    /// A text that is no number.
    pub const CONVERSION_SYNTAX: u32 = 1 << 1;
    /// A finite number divided by zero.
    pub const DIVISION_BY_ZERO: u32 = 1 << 2;
    /// The whole part of a quotient has too many digits.
    pub const DIVISION_IMPOSSIBLE: u32 = 1 << 3;
    /// Zero divided by zero.
    pub const DIVISION_UNDEFINED: u32 = 1 << 4;
    /// A float was mixed with decimals.
    pub const FLOAT_OPERATION: u32 = 1 << 5;
    /// Digits other than zeros were rounded away.
    pub const INEXACT: u32 = 1 << 6;
    /// A context that the operation cannot work with.
    pub const INVALID_CONTEXT: u32 = 1 << 7;
    /// The result is not a number.
    pub const INVALID_OPERATION: u32 = 1 << 8;
    /// The exponent is too great.
    pub const OVERFLOW: u32 = 1 << 9;
    /// Digits were rounded away.
    pub const ROUNDED: u32 = 1 << 10;
    /// The exponent is below `Emin`.
    pub const SUBNORMAL: u32 = 1 << 11;
    /// An inexact subnormal result.
    pub const UNDERFLOW: u32 = 1 << 12;
    /// All conditions that the signal InvalidOperation stands for.
    pub const ALL_INVALID: u32 = CONVERSION_SYNTAX
        | DIVISION_IMPOSSIBLE
        | DIVISION_UNDEFINED
        | INVALID_CONTEXT
        | INVALID_OPERATION;
}

use condition::{CLAMPED, INEXACT, INVALID_OPERATION, OVERFLOW, ROUNDED, SUBNORMAL, UNDERFLOW};

/// How results are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    /// Towards infinity.
    Ceiling,
    /// Towards minus infinity.
    Floor,
    /// To the nearest, ties away from zero.
    HalfUp,
    /// To the nearest, ties towards zero.
    HalfDown,
    /// To the nearest, ties to the even digit.
    HalfEven,
    /// Away from zero if the last digit would be 0 or 5.
    ZeroFiveUp,
}

impl Rounding {
    /// All of them with their names, in the order in which messages list them.
    pub const ALL: [(Rounding, &str); 8] = [
        (Rounding::Ceiling, "ROUND_CEILING"),
        (Rounding::Floor, "ROUND_FLOOR"),
        (Rounding::Up, "ROUND_UP"),
        (Rounding::Down, "ROUND_DOWN"),
        (Rounding::HalfUp, "ROUND_HALF_UP"),
        (Rounding::HalfDown, "ROUND_HALF_DOWN"),
        (Rounding::HalfEven, "ROUND_HALF_EVEN"),
        (Rounding::ZeroFiveUp, "ROUND_05UP"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        let found = Rounding::ALL.iter().find(|(rounding, _)| *rounding == self);
        found.map_or("", |(_, name)| name)
    }

    /// The rounding of this name.
    pub fn named(name: &str) -> Option<Rounding> {
        Rounding::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(rounding, _)| *rounding)
    }

    /// Whether a coefficient goes up by one after digits were dropped.
    #[inline]
    pub fn goes_up(self, rest: Rest, coef: &Coef, sign: Sign) -> bool {
        if rest == Rest::Nothing {
            return false;
        }
        match self {
            Rounding::HalfEven => rest == Rest::More || rest == Rest::Half && coef.is_odd(),
            Rounding::HalfUp => rest != Rest::Less,
            Rounding::HalfDown => rest == Rest::More,
            Rounding::Down => false,
            Rounding::Up => true,
            Rounding::Ceiling => !sign.is_minus(),
            Rounding::Floor => sign.is_minus(),
            Rounding::ZeroFiveUp => matches!(coef.last_digit(), 0 | 5),
        }
    }
}

/// What an operation computes under.
pub struct Env<'a> {
    /// Digits of results.
    pub prec: i64,
    /// The greatest exponent of a first digit.
    pub emax: i64,
    /// The least exponent of the first digit of a normal number.
    pub emin: i64,
    /// How results are rounded.
    pub rounding: Rounding,
    /// Whether exponents are lowered so that the coefficient can have all digits.
    pub clamp: bool,
    /// The conditions that were met.
    pub status: Cell<u32>,
    /// Called during long work.
    pub pause: &'a Pause<'a>,
}

impl<'a> Env<'a> {
    /// The widest context, in which results are exact.
    pub fn exact(pause: &'a Pause<'a>) -> Env<'a> {
        Env {
            prec: MAX_EXPONENT,
            emax: MAX_EXPONENT,
            emin: -MAX_EXPONENT,
            rounding: Rounding::HalfEven,
            clamp: false,
            status: Cell::new(0),
            pause,
        }
    }

    /// The same with conditions of its own.
    pub fn quiet(&self) -> Env<'a> {
        Env {
            status: Cell::new(0),
            ..*self
        }
    }

    /// The same with another rounding, and conditions of its own.
    pub fn with_rounding(&self, rounding: Rounding) -> Env<'a> {
        Env {
            rounding,
            ..self.quiet()
        }
    }

    /// The least exponent of a subnormal number.
    #[inline]
    pub fn etiny(&self) -> i64 {
        self.emin - (self.prec - 1)
    }

    /// The greatest exponent of a number with all digits.
    #[inline]
    pub fn etop(&self) -> i64 {
        self.emax - (self.prec - 1)
    }

    /// Notes conditions.
    #[inline]
    pub fn note(&self, conditions: u32) {
        self.status.set(self.status.get() | conditions);
    }

    /// Notes a kind of invalid operation; a NaN.
    pub fn invalid(&self, condition: u32) -> Number {
        self.note(condition);
        Number::nan()
    }

    /// The NaN that an operation on these operands results in, if one of them is a NaN.
    pub fn nan_of(&self, operands: &[&Number]) -> TextResult<Option<Number>> {
        let signaling = operands.iter().find(|n| n.kind == Kind::Signaling);
        if signaling.is_some() {
            self.note(INVALID_OPERATION);
        }
        match signaling.or_else(|| operands.iter().find(|n| n.is_nan())) {
            Some(nan) => self.quieted(nan).map(Some),
            None => Ok(None),
        }
    }

    /// A NaN as a quiet one whose payload fits.
    fn quieted(&self, nan: &Number) -> Computed {
        let coef = self.fitting_payload(nan)?;
        Ok(Number {
            coef,
            exp: 0,
            sign: nan.sign,
            kind: Kind::Quiet,
        })
    }

    /// The payload of a NaN, cut to the precision.
    fn fitting_payload(&self, nan: &Number) -> TextResult<Coef> {
        nan.coef
            .tail((self.prec - i64::from(self.clamp)) as u64, self.pause)
    }

    /// A number of any kind, rounded.
    pub fn fix(&self, n: &Number) -> Computed {
        match n.kind {
            Kind::Finite => self.finish(n.sign, n.coef.clone(), n.exp),
            Kind::Infinite => Ok(n.clone()),
            _ => Ok(Number {
                coef: self.fitting_payload(n)?,
                ..n.clone()
            }),
        }
    }

    /// An exact result, rounded.
    #[inline]
    pub fn finish(&self, sign: Sign, coef: Coef, exp: i64) -> Computed {
        if let Coef::Small(n) = coef
            && !self.clamp
        {
            let digits = super::coefficient::digits_of(n) as i64;
            let adjusted = exp.saturating_add(digits - 1);
            if digits <= self.prec && adjusted <= self.emax && adjusted >= self.emin {
                return Ok(Number {
                    coef,
                    exp,
                    sign,
                    kind: Kind::Finite,
                });
            }
        }
        self.finish_any(sign, coef, exp)
    }

    fn finish_any(&self, sign: Sign, coef: Coef, exp: i64) -> Computed {
        if coef.is_zero() {
            return Ok(self.finish_zero(sign, exp));
        }
        let digits = coef.digits() as i64;
        let adjusted = exp.saturating_add(digits - 1);
        if adjusted > self.emax {
            return self.overflow(sign);
        }
        let is_tiny = adjusted < self.emin;
        let least = if is_tiny {
            self.etiny()
        } else {
            exp.saturating_add(digits - self.prec).max(exp)
        };
        if is_tiny {
            self.note(SUBNORMAL);
        }
        if exp >= least {
            return self.lower_exponent(sign, coef, exp);
        }
        self.note(ROUNDED);
        let (coef, rest) = coef.cut(least.abs_diff(exp), self.pause)?;
        if rest.is_inexact() {
            self.note(INEXACT | if is_tiny { UNDERFLOW } else { 0 });
        }
        self.finish_rounded(sign, coef, least, rest)
    }

    /// The end of rounding: the coefficient was cut to fit, `rest` is what was dropped.
    pub fn finish_rounded(&self, sign: Sign, coef: Coef, exp: i64, rest: Rest) -> Computed {
        if !self.rounding.goes_up(rest, &coef, sign) {
            if coef.is_zero() {
                self.note(CLAMPED);
            }
            return self.lower_exponent(sign, coef, exp);
        }
        let coef = coef.plus(&Coef::ONE);
        if coef.digits() as i64 <= self.prec {
            return self.lower_exponent(sign, coef, exp);
        }
        let (coef, _) = coef.cut(1, self.pause)?;
        if exp + self.prec > self.emax {
            return self.overflow(sign);
        }
        self.lower_exponent(sign, coef, exp + 1)
    }

    /// Where the context clamps: the exponent as low as one with all digits.
    fn lower_exponent(&self, sign: Sign, coef: Coef, exp: i64) -> Computed {
        if self.clamp && exp > self.etop() && !coef.is_zero() {
            self.note(CLAMPED);
            let coef = coef.raised(exp.abs_diff(self.etop()), self.pause)?;
            return Ok(Number::finite(sign, coef, self.etop()));
        }
        Ok(Number::finite(sign, coef, exp))
    }

    fn finish_zero(&self, sign: Sign, exp: i64) -> Number {
        let top = if self.clamp { self.etop() } else { self.emax };
        let fitting = exp.min(top).max(self.etiny());
        if fitting != exp {
            self.note(CLAMPED);
        }
        Number::finite(sign, Coef::ZERO, fitting)
    }

    /// The result where the exponent is too great.
    pub fn overflow(&self, sign: Sign) -> Computed {
        self.note(OVERFLOW | INEXACT | ROUNDED);
        let to_infinity = match self.rounding {
            Rounding::Down | Rounding::ZeroFiveUp => false,
            Rounding::Ceiling => !sign.is_minus(),
            Rounding::Floor => sign.is_minus(),
            _ => true,
        };
        if to_infinity {
            Ok(Number::infinity(sign))
        } else {
            self.greatest(sign)
        }
    }

    /// The finite number that is farthest from zero.
    pub fn greatest(&self, sign: Sign) -> Computed {
        Ok(Number::finite(sign, self.nines()?, self.etop()))
    }

    /// A coefficient of nines only, with all digits.
    pub fn nines(&self) -> TextResult<Coef> {
        Ok(Coef::ONE
            .raised(self.prec as u64, self.pause)?
            .minus(&Coef::ONE)
            .0)
    }

    /// Whether a coefficient has more digits than the precision.
    pub fn is_too_long(&self, coef: &Coef) -> bool {
        (coef.digits() as i64).cmp(&self.prec) == Ordering::Greater
    }
}
