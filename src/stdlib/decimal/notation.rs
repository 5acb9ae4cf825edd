//! Numbers from text, and to the text of `str()` and `to_eng_string()`.
//!
//! The syntax is that of the specification; white space and underscores, which Python's numbers may have, are gone before. Reading and
//! writing take the time of a conversion between bases, which pauses.

use std::fmt::Write as _;

use super::coefficient::{Coef, Pause, SMALL_DIGITS};
use super::number::{Kind, LEAST_EXPONENT, MAX_EXPONENT, Number, Sign};
use crate::text::TextResult;
use crate::text::num::long_product::{decimal, of_text};

/// The coefficient with these digits.
pub fn coef_of_digits(digits: &[u8], pause: &Pause<'_>) -> TextResult<Coef> {
    if digits.len() <= SMALL_DIGITS as usize {
        let small = |digits: &[u8]| {
            digits
                .iter()
                .fold(0u64, |n, digit| n * 10 + u64::from(digit - b'0'))
        };
        let (high, low) = digits.split_at(digits.len().saturating_sub(19));
        return Ok(Coef::Small(
            u128::from(small(high)) * 10u128.pow(19) + u128::from(small(low)),
        ));
    }
    Ok(Coef::from(of_text(digits, 10, &mut |n| pause(n))?))
}

/// The digits of a coefficient.
pub fn digit_text(coef: &Coef, pause: &Pause<'_>) -> TextResult<String> {
    match coef {
        Coef::Small(n) => Ok(match u64::try_from(*n) {
            Ok(n) => n.to_string(),
            Err(_) => n.to_string(),
        }),
        Coef::Big(n) => decimal(n, &mut |n| pause(n)),
    }
}

/// Why a text is no number.
#[derive(Debug)]
pub enum Fault {
    /// It is written as none.
    Syntax,
    /// Its exponent is beyond all limits.
    Limits,
}

/// Reads a number; the text is ASCII without white space and underscores.
pub fn parse(text: &[u8], pause: &Pause<'_>) -> TextResult<Result<Number, Fault>> {
    let (sign, body) = match text.split_first() {
        Some((b'-', rest)) => (Sign::Minus, rest),
        Some((b'+', rest)) => (Sign::Plus, rest),
        _ => (Sign::Plus, text),
    };
    if !body
        .first()
        .is_some_and(|c| c.is_ascii_digit() || *c == b'.')
    {
        return special(sign, body, pause);
    }
    let mantissa_end = body
        .iter()
        .position(|c| !c.is_ascii_digit() && *c != b'.')
        .unwrap_or(body.len());
    let (mantissa, tail) = body.split_at(mantissa_end);
    let point = mantissa.iter().position(|c| *c == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, &mantissa[..0]),
    };
    if whole.is_empty() && fraction.is_empty() || fraction.contains(&b'.') {
        return Ok(Err(Fault::Syntax));
    }
    let Some(exp) = exponent(tail) else {
        return Ok(Err(Fault::Syntax));
    };
    let coef = if fraction.is_empty() {
        coef_of_digits(trim_zeros(whole), pause)?
    } else {
        let mut digits = Vec::with_capacity(whole.len() + fraction.len());
        digits.extend_from_slice(whole);
        digits.extend_from_slice(fraction);
        coef_of_digits(trim_zeros(&digits), pause)?
    };
    let exp = exp.saturating_sub(fraction.len() as i64);
    let number = Number::finite(sign, coef, exp);
    let top = exp.saturating_add(number.coef.digits() as i64 - 1);
    let is_beyond = if number.coef.is_zero() {
        exp > MAX_EXPONENT
    } else {
        top > MAX_EXPONENT
    };
    Ok(if is_beyond || exp < LEAST_EXPONENT {
        Err(Fault::Limits)
    } else {
        Ok(number)
    })
}

fn trim_zeros(digits: &[u8]) -> &[u8] {
    let start = digits
        .iter()
        .position(|digit| *digit != b'0')
        .unwrap_or(digits.len());
    &digits[start..]
}

/// The exponent that a text ends with; 0 for none.
fn exponent(tail: &[u8]) -> Option<i64> {
    let Some((b'e' | b'E', text)) = tail.split_first() else {
        return tail.is_empty().then_some(0);
    };
    let (is_negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Beyond all limits the value does not matter.
    let digits = trim_zeros(digits);
    let size = if digits.len() > 18 {
        i64::MAX / 4
    } else {
        digits
            .iter()
            .fold(0, |n, digit| n * 10 + i64::from(digit - b'0'))
    };
    Some(if is_negative { -size } else { size })
}

fn special(sign: Sign, body: &[u8], pause: &Pause<'_>) -> TextResult<Result<Number, Fault>> {
    let lower = body.to_ascii_lowercase();
    if matches!(lower.as_slice(), b"inf" | b"infinity") {
        return Ok(Ok(Number::infinity(sign)));
    }
    let (kind, payload) = match lower.as_slice() {
        [b's', b'n', b'a', b'n', payload @ ..] => (Kind::Signaling, payload),
        [b'n', b'a', b'n', payload @ ..] => (Kind::Quiet, payload),
        _ => return Ok(Err(Fault::Syntax)),
    };
    if !payload.iter().all(u8::is_ascii_digit) {
        return Ok(Err(Fault::Syntax));
    }
    let coef = coef_of_digits(trim_zeros(payload), pause)?;
    Ok(Ok(Number {
        coef,
        exp: 0,
        sign,
        kind,
    }))
}

/// How an exponent is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// One digit before the point.
    Scientific,
    /// An exponent that is a multiple of three.
    Engineering,
}

/// The text of a number; `mark` is the letter before the exponent.
pub fn to_text(
    n: &Number,
    notation: Notation,
    mark: char,
    pause: &Pause<'_>,
) -> TextResult<String> {
    let sign = if n.sign.is_minus() { "-" } else { "" };
    let word = match n.kind {
        Kind::Finite => return finite_text(n, sign, notation, mark, pause),
        Kind::Infinite => return Ok(format!("{sign}Infinity")),
        Kind::Quiet => "NaN",
        Kind::Signaling => "sNaN",
    };
    let payload = if n.coef.is_zero() {
        String::new()
    } else {
        digit_text(&n.coef, pause)?
    };
    Ok(format!("{sign}{word}{payload}"))
}

fn finite_text(
    n: &Number,
    sign: &str,
    notation: Notation,
    mark: char,
    pause: &Pause<'_>,
) -> TextResult<String> {
    let digits = digit_text(&n.coef, pause)?;
    let left = n.exp + digits.len() as i64;
    let point = if n.exp <= 0 && left > -6 {
        left
    } else if notation == Notation::Scientific {
        1
    } else if n.coef.is_zero() {
        (left + 1).rem_euclid(3) - 1
    } else {
        (left - 1).rem_euclid(3) + 1
    };
    let mut out = String::with_capacity(digits.len() + 8);
    out.push_str(sign);
    if point <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', point.unsigned_abs() as usize));
        out.push_str(&digits);
    } else if let Some((whole, fraction)) = digits
        .split_at_checked(point as usize)
        .filter(|(_, f)| !f.is_empty())
    {
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    } else {
        out.push_str(&digits);
        out.extend(std::iter::repeat_n('0', point as usize - digits.len()));
    }
    if left != point {
        let _ = write!(out, "{mark}{:+}", left - point);
    }
    Ok(out)
}
