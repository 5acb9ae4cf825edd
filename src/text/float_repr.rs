//! Floats and complex numbers to and from text, as `repr()`, `float()`, `complex()`, `float.hex()` and `fromhex()` do.
//!
//! Contract: `parse_float(&float_repr(x))` is `x` to the bit. Reading accepts what Python's constructors accept
//! (white space around, underscores between digits, any Unicode decimal digit), not what a float literal accepts.

use super::num::float_digits::{Layout, Style, digits, may_be_halfway};
use super::num::scale::scale_round;
use super::str_repr::str_repr;
use super::unicode::to_ascii_number;
use super::{TextError, TextResult};

/// `repr(value)`, which is `str(value)` too.
pub fn float_repr(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-4..1e16).contains(&size) {
        let text = format!("{value:?}");
        let point = text.rfind('.').expect("{:?} of a float has a point");
        if !may_be_halfway(size, (text.len() - point - 1) as i64) {
            return text;
        }
    }
    let sign = if value < 0.0 { "-" } else { "" };
    sign.to_owned()
        + &digits(
            value,
            Style::Repr,
            Layout {
                point_zero: true,
                ..Layout::default()
            },
        )
}

/// `repr(complex(re, im))`: without parentheses when the real part is a positive zero.
pub fn complex_repr(re: f64, im: f64) -> String {
    let imaginary = part_repr(im);
    if re == 0.0 && re.is_sign_positive() {
        return imaginary + "j";
    }
    let sign = if im.is_sign_negative() && !im.is_nan() {
        ""
    } else {
        "+"
    };
    format!("({}{sign}{imaginary}j)", part_repr(re))
}

fn part_repr(value: f64) -> String {
    let sign = if value.is_sign_negative() && !value.is_nan() {
        "-"
    } else {
        ""
    };
    sign.to_owned() + &digits(value, Style::Repr, Layout::default())
}

/// `float(text)`, or the error that names the text.
pub fn float_from_str(text: &str) -> TextResult<f64> {
    parse_float(text).ok_or_else(|| {
        TextError::value(format!(
            "could not convert string to float: {}",
            str_repr(text)
        ))
    })
}

/// `float(text)`, or `None` when the text is not a number.
pub fn parse_float(text: &str) -> Option<f64> {
    let ascii = to_ascii_number(text);
    let plain = without_underscores(trim(&ascii))?;
    let (value, length) = float_prefix(plain.as_bytes())?;
    (length == plain.len()).then_some(value)
}

/// `complex(text)`, as its real and imaginary part.
pub fn complex_from_str(text: &str) -> TextResult<(f64, f64)> {
    let plain = to_ascii_number(text);
    let plain = without_underscores(&plain).ok_or_else(|| {
        TextError::value(format!(
            "could not convert string to complex: {}",
            str_repr(text)
        ))
    })?;
    parse_complex(trim(&plain))
        .ok_or_else(|| TextError::value("complex() arg is a malformed string"))
}

fn parse_complex(text: &str) -> Option<(f64, f64)> {
    let body = match text.strip_prefix('(') {
        Some(inner) => trim(inner.strip_suffix(')')?),
        None => text,
    };
    let bytes = body.as_bytes();
    match float_prefix(bytes) {
        None => Some((0.0, imaginary(bytes)?)),
        Some((value, length)) => match &bytes[length..] {
            [] => Some((value, 0.0)),
            [b'j' | b'J'] => Some((0.0, value)),
            rest @ [b'+' | b'-', ..] => Some((value, imaginary(rest)?)),
            _ => None,
        },
    }
}

/// `[sign] [number] j`, all of it.
fn imaginary(bytes: &[u8]) -> Option<f64> {
    let body = match bytes {
        [body @ .., b'j' | b'J'] => body,
        _ => return None,
    };
    match body {
        [] | [b'+'] => Some(1.0),
        [b'-'] => Some(-1.0),
        _ => float_prefix(body)
            .filter(|(_, length)| *length == body.len())
            .map(|(value, _)| value),
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c'])
}

/// Removes underscores; `None` if one does not stand between two digits.
fn without_underscores(text: &str) -> Option<std::borrow::Cow<'_, str>> {
    if !text.contains('_') {
        return Some(text.into());
    }
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let well_placed = (0..bytes.len())
        .all(|at| bytes[at] != b'_' || (digit(at.checked_sub(1)) && digit(Some(at + 1))));
    well_placed.then(|| text.replace('_', "").into())
}

/// The number that the bytes begin with, and how many bytes it takes; `None` if they begin with none.
fn float_prefix(bytes: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let body = &bytes[sign..];
    let word = |word: &str| {
        body.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    };
    let negative = bytes.first() == Some(&b'-');
    let special = |value: f64, length| Some((if negative { -value } else { value }, sign + length));
    if word("infinity") {
        return special(f64::INFINITY, 8);
    }
    if word("inf") {
        return special(f64::INFINITY, 3);
    }
    if word("nan") {
        return special(f64::NAN, 3);
    }
    let length = sign + decimal_length(body)?;
    let text = std::str::from_utf8(&bytes[..length]).expect("signs, digits and points are ASCII");
    Some((
        text.parse().expect("the grammar of decimals is std's too"),
        length,
    ))
}

/// The length of the unsigned decimal number at the start of `bytes`.
fn decimal_length(bytes: &[u8]) -> Option<usize> {
    let run = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let whole = run(0);
    let mut at = whole;
    let mut figures = whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = run(at + 1);
        at += 1 + fraction;
        figures += fraction;
    }
    if figures == 0 {
        return None;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let from = at + 1 + signed;
        let exponent = if from <= bytes.len() { run(from) } else { 0 };
        if exponent > 0 {
            at = from + exponent;
        }
    }
    Some(at)
}

/// `value.hex()`
pub fn float_hex(value: f64) -> String {
    if !value.is_finite() {
        return float_repr(value);
    }
    let bits = value.to_bits();
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let biased = ((bits >> 52) & 0x7ff) as i32;
    let (lead, exponent) = if biased == 0 {
        (0, -1022)
    } else {
        (1, biased - 1023)
    };
    format!(
        "{sign}0x{lead}.{:013x}p{exponent:+}",
        bits & ((1 << 52) - 1)
    )
}

/// `float.fromhex(text)`
pub fn float_fromhex(text: &str) -> TextResult<f64> {
    let malformed = || TextError::value("invalid hexadecimal floating-point string");
    let body = trim(text);
    let (negative, body) = match body.as_bytes().first() {
        Some(b'-') => (true, &body[1..]),
        Some(b'+') => (false, &body[1..]),
        _ => (false, body),
    };
    let size = match body.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        lower => {
            let number =
                HexNumber::read(lower.strip_prefix("0x").unwrap_or(lower)).ok_or_else(malformed)?;
            scale_round(number.mantissa, number.sticky, number.exponent).ok_or_else(|| {
                TextError::overflow("hexadecimal value too large to represent as a float")
            })?
        }
    };
    Ok(if negative { -size } else { size })
}

/// `mantissa * 2**exponent`, and whether digits beyond the mantissa were not all zero.
struct HexNumber {
    mantissa: u64,
    sticky: bool,
    exponent: i64,
}

impl HexNumber {
    /// Reads `hhh.hhh[p[sign]ddd]`, all of it, in lower case.
    fn read(text: &str) -> Option<Self> {
        let (figures, power) = match text.split_once('p') {
            Some((figures, power)) => (figures, read_exponent(power)?),
            None => (text, 0),
        };
        let (whole, fraction) = figures.split_once('.').unwrap_or((figures, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut number = Self {
            mantissa: 0,
            sticky: false,
            exponent: power,
        };
        for c in whole.chars() {
            number.push(c.to_digit(16)?, 4);
        }
        for c in fraction.chars() {
            number.push(c.to_digit(16)?, 0);
        }
        Some(number)
    }

    /// One more digit; `gain` is what its place adds to the exponent when the mantissa has no room for it.
    fn push(&mut self, digit: u32, gain: i64) {
        if self.mantissa >> 60 == 0 {
            self.mantissa = self.mantissa << 4 | u64::from(digit);
            self.exponent = self.exponent.saturating_add(gain - 4);
        } else {
            self.sticky |= digit != 0;
            self.exponent = self.exponent.saturating_add(gain);
        }
    }
}

/// A decimal exponent; beyond any float's it stops growing.
fn read_exponent(text: &str) -> Option<i64> {
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if body.is_empty() || !body.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size: i64 = body.parse().unwrap_or(i64::MAX).min(1 << 60);
    Some(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::oracle;

    #[test]
    fn reprs_agree_with_cpython() {
        for row in oracle::rows(include_str!("oracle/float_repr.tsv")) {
            let [bits, repr, hex] = row[..] else {
                panic!("three columns: {row:?}")
            };
            let value = oracle::float(bits);
            assert_eq!(float_repr(value), repr);
            assert_eq!(float_hex(value), hex);
            if !value.is_nan() {
                assert_eq!(
                    parse_float(repr).map(f64::to_bits),
                    Some(value.to_bits()),
                    "{repr}"
                );
                assert_eq!(
                    float_fromhex(hex).map(f64::to_bits),
                    Ok(value.to_bits()),
                    "{hex}"
                );
            }
        }
    }

    #[test]
    fn complex_reprs_agree_with_cpython() {
        for row in oracle::rows(include_str!("oracle/complex_repr.tsv")) {
            let [re, im, repr] = row[..] else {
                panic!("three columns: {row:?}")
            };
            assert_eq!(complex_repr(oracle::float(re), oracle::float(im)), repr);
        }
    }

    #[test]
    fn reading_agrees_with_cpython() {
        for row in oracle::rows(include_str!("oracle/float_parse.tsv")) {
            let [kind, text, expected] = row[..] else {
                panic!("three columns: {row:?}")
            };
            let text = oracle::unescape(text);
            let result = match kind {
                "float" => float_from_str(&text).map(float_repr),
                "fromhex" => float_fromhex(&text).map(float_repr),
                _ => complex_from_str(&text).map(|(re, im)| complex_repr(re, im)),
            };
            oracle::check(result, expected, &(kind, text));
        }
    }
}
