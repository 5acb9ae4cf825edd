//! Integers to and from text: `int(text, base)`, `str()`, `hex()`, `oct()`, `bin()`.
//!
//! Contract: reading accepts what Python's `int()` accepts (white space around, a sign, `0x` and friends, underscores
//! between digits, any Unicode decimal digit) and fails with its messages. Decimal conversion of more digits than a
//! [`DigitLimit`] is refused in both directions, because its time is not linear in its size.

use num_bigint::{BigInt, Sign};

use super::num::long_product::{decimal, of_text};
use super::str_repr::str_repr;
use super::unicode::to_ascii_number;
use super::{Int, IntRef, TextError, TextResult, check_text_size};

/// How many decimal digits may be converted: `sys.set_int_max_str_digits`; 0 means any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigitLimit(pub usize);

impl DigitLimit {
    /// No limit at all.
    pub const NONE: Self = Self(0);

    fn exceeded_by(self, digits: usize) -> bool {
        self.0 != 0 && digits > self.0
    }
}

impl Default for DigitLimit {
    fn default() -> Self {
        Self(4300)
    }
}

/// The decimal digits of a machine word, without an allocation.
pub struct Decimal {
    /// Filled from the end; an `i64` has 19 digits at most, and a sign.
    digits: [u8; 20],
    start: usize,
}

impl Decimal {
    /// The digits of `n`.
    pub fn new(n: i64) -> Decimal {
        let mut decimal = Decimal {
            digits: [b'0'; 20],
            start: 20,
        };
        let mut rest = n.unsigned_abs();
        loop {
            decimal.start -= 1;
            decimal.digits[decimal.start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if n < 0 {
            decimal.start -= 1;
            decimal.digits[decimal.start] = b'-';
        }
        decimal
    }

    /// The digits, without the sign.
    pub fn figures(&self) -> &str {
        let digits = self.as_bytes();
        let digits = digits.strip_prefix(b"-").unwrap_or(digits);
        str::from_utf8(digits).expect("digits are ASCII")
    }

    /// The text.
    pub fn text(&self) -> &str {
        str::from_utf8(self.as_bytes()).expect("digits are ASCII")
    }

    /// The text, which is ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}

/// The radixes that have a prefix, and so a text for `hex()`, `oct()` and `bin()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Radix {
    /// `0b`
    Binary,
    /// `0o`
    Octal,
    /// `0x`
    Hex,
}

impl Radix {
    /// The letter of the prefix.
    pub fn letter(self) -> char {
        match self {
            Self::Binary => 'b',
            Self::Octal => 'o',
            Self::Hex => 'x',
        }
    }

    fn base(self) -> u32 {
        match self {
            Self::Binary => 2,
            Self::Octal => 8,
            Self::Hex => 16,
        }
    }
}

/// `int(text, base)`; `int(text)` is base 10.
pub fn int_from_str(text: &str, base: i64, limit: DigitLimit) -> TextResult<Int> {
    int_from_long_str(text, base, limit, &mut |_| Ok(()))
}

/// The same, with a pause now and then (`num/long_product.rs`), which may end the work with an error.
pub fn int_from_long_str(
    text: &str,
    base: i64,
    limit: DigitLimit,
    pause: &mut dyn FnMut(u64) -> TextResult<()>,
) -> TextResult<Int> {
    let base = match base {
        0 | 2..=36 => base as u32,
        _ => return Err(TextError::value("int() base must be >= 2 and <= 36, or 0")),
    };
    let literal =
        Literal::read(&to_ascii_number(text), base).ok_or_else(|| {
            match check_text_size(text.len().saturating_mul(4)) {
                Ok(()) => invalid_literal(&str_repr(text), base),
                Err(error) => error,
            }
        })?;
    literal.value(limit, pause)
}

/// The error of a text that is no integer; `repr` is that of the text or bytes given to `int()`.
pub fn invalid_literal(repr: &str, base: u32) -> TextError {
    let shown = repr
        .char_indices()
        .nth(200)
        .map_or(repr, |(end, _)| &repr[..end]);
    TextError::value(format!(
        "invalid literal for int() with base {base}: {shown}"
    ))
}

/// `str(value)`
pub fn int_to_str(value: IntRef<'_>, limit: DigitLimit) -> TextResult<String> {
    int_to_long_str(value, limit, &mut |_| Ok(()))
}

/// The same, with a pause now and then, which may end the work with an error.
pub fn int_to_long_str(
    value: IntRef<'_>,
    limit: DigitLimit,
    pause: &mut dyn FnMut(u64) -> TextResult<()>,
) -> TextResult<String> {
    match value {
        IntRef::Small(value) => Ok(value.to_string()),
        IntRef::Big(value) => big_to_decimal(value, limit, pause),
    }
}

/// `hex(value)`, `oct(value)`, `bin(value)`
pub fn int_to_radix(value: IntRef<'_>, radix: Radix) -> String {
    let sign = if value.is_negative() { "-" } else { "" };
    format!("{sign}0{}{}", radix.letter(), radix_digits(value, radix))
}

/// The digits of the absolute value, without sign and prefix, in lower case.
pub fn radix_digits(value: IntRef<'_>, radix: Radix) -> String {
    match (value, radix) {
        (IntRef::Big(value), _) => value.magnitude().to_str_radix(radix.base()),
        (IntRef::Small(value), Radix::Binary) => format!("{:b}", value.unsigned_abs()),
        (IntRef::Small(value), Radix::Octal) => format!("{:o}", value.unsigned_abs()),
        (IntRef::Small(value), Radix::Hex) => format!("{:x}", value.unsigned_abs()),
    }
}

fn big_to_decimal(
    value: &BigInt,
    limit: DigitLimit,
    pause: &mut dyn FnMut(u64) -> TextResult<()>,
) -> TextResult<String> {
    let too_long = || {
        TextError::value(format!(
            "Exceeds the limit ({} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase \
             the limit",
            limit.0
        ))
    };
    // A number of n bits has at least 0.30102 n digits: the hopeless are refused before the work.
    let at_least = u128::from(value.bits()) * 30_102 / 100_000;
    if limit.exceeded_by(usize::try_from(at_least).unwrap_or(usize::MAX)) {
        return Err(too_long());
    }
    let mut text = decimal(value.magnitude(), pause)?;
    if value.sign() == Sign::Minus {
        text.insert(0, '-');
    }
    if limit.exceeded_by(text.trim_start_matches('-').len()) {
        Err(too_long())
    } else {
        Ok(text)
    }
}

/// The parts of a well-formed integer text.
struct Literal {
    negative: bool,
    base: u32,
    /// Digits of the base, without underscores.
    figures: String,
}

impl Literal {
    fn read(text: &str, base: u32) -> Option<Self> {
        let body = text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
        let (negative, body) = match body.as_bytes().first()? {
            b'-' => (true, &body[1..]),
            b'+' => (false, &body[1..]),
            _ => (false, body),
        };
        let (base, figures) = match split_prefix(body) {
            // After a prefix one underscore may precede the first digit.
            Some((radix, rest)) if base == 0 || base == radix.base() => {
                (radix.base(), rest.strip_prefix('_').unwrap_or(rest))
            }
            _ if base == 0 => return Self::plain_decimal(negative, body),
            _ => (base, body),
        };
        Some(Self {
            negative,
            base,
            figures: read_digits(figures, base)?,
        })
    }

    /// A literal that chooses its own base and has no prefix: as in a program, `007` is none while `000` is.
    fn plain_decimal(negative: bool, body: &str) -> Option<Self> {
        let figures = read_digits(body, 10)?;
        let octal_of_old = figures.starts_with('0') && figures.bytes().any(|b| b != b'0');
        (!octal_of_old).then_some(Self {
            negative,
            base: 10,
            figures,
        })
    }

    fn value(
        self,
        limit: DigitLimit,
        pause: &mut dyn FnMut(u64) -> TextResult<()>,
    ) -> TextResult<Int> {
        if !self.base.is_power_of_two() && limit.exceeded_by(self.figures.len()) {
            return Err(TextError::value(format!(
                "Exceeds the limit ({} digits) for integer string conversion: value has {} digits; use \
                 sys.set_int_max_str_digits() to increase the limit",
                limit.0,
                self.figures.len()
            )));
        }
        if let Ok(size) = i64::from_str_radix(&self.figures, self.base) {
            return Ok(Int::Small(if self.negative { -size } else { size }));
        }
        let size: BigInt = of_text(self.figures.as_bytes(), self.base, pause)?.into();
        Ok(if self.negative { -size } else { size }.into())
    }
}

fn split_prefix(body: &str) -> Option<(Radix, &str)> {
    let radix = match body.get(..2)? {
        "0x" | "0X" => Radix::Hex,
        "0o" | "0O" => Radix::Octal,
        "0b" | "0B" => Radix::Binary,
        _ => return None,
    };
    Some((radix, &body[2..]))
}

/// Removes underscores; `None` unless the text is digits of the base with single underscores between them.
fn read_digits(text: &str, base: u32) -> Option<String> {
    let placed =
        !text.is_empty() && !text.starts_with('_') && !text.ends_with('_') && !text.contains("__");
    let figures: String = text.chars().filter(|c| *c != '_').collect();
    (placed && figures.chars().all(|c| c.is_digit(base))).then_some(figures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::oracle;

    #[test]
    fn reading_agrees_with_cpython() {
        for row in oracle::rows(include_str!("oracle/int_parse.tsv")) {
            let [text, base, expected] = row[..] else {
                panic!("three columns: {row:?}")
            };
            let text = oracle::unescape(text);
            let value = int_from_str(&text, base.parse().expect("a base"), DigitLimit::default());
            let shown = value.and_then(|value| int_to_str(value.as_ref(), DigitLimit::NONE));
            oracle::check(shown, expected, &(text, base));
        }
    }

    #[test]
    fn radix_texts_of_both_sizes() {
        let big = BigInt::from(-255);
        for value in [IntRef::Small(-255), IntRef::Big(&big)] {
            let texts =
                [Radix::Hex, Radix::Octal, Radix::Binary].map(|radix| int_to_radix(value, radix));
            assert_eq!(texts, ["-0xff", "-0o377", "-0b11111111"]);
        }
        assert_eq!(int_to_radix(IntRef::Small(0), Radix::Hex), "0x0");
        assert_eq!(
            int_to_radix(IntRef::Small(i64::MIN), Radix::Hex),
            "-0x8000000000000000"
        );
    }

    #[test]
    fn the_digit_limit_holds_both_ways() {
        let limit = DigitLimit::default();
        let longest = "9".repeat(4300);
        let value = int_from_str(&longest, 10, limit).expect("at the limit");
        assert_eq!(int_to_str(value.as_ref(), limit), Ok(longest.clone()));
        let error = int_from_str(&(longest + "9"), 10, limit).expect_err("beyond the limit");
        assert_eq!(
            error.message,
            "Exceeds the limit (4300 digits) for integer string conversion: value has 4301 digits; use \
             sys.set_int_max_str_digits() to increase the limit"
        );
        let beyond = Int::from(value.into_big() + 1);
        let error = int_to_str(beyond.as_ref(), limit).expect_err("beyond the limit");
        assert_eq!(
            error.message,
            "Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to \
             increase the limit"
        );
        assert!(int_from_str(&"f".repeat(5000), 16, limit).is_ok());
    }

    #[test]
    fn the_error_quotes_at_most_200_characters() {
        let error =
            int_from_str(&"a".repeat(300), 10, DigitLimit::default()).expect_err("not decimal");
        assert_eq!(
            error.message,
            format!(
                "invalid literal for int() with base 10: '{}",
                "a".repeat(199)
            )
        );
    }
}
