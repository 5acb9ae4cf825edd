//! `format(number, spec)`: the mini-language of format() as decimals read it.
//!
//! The number is rounded as the precision of the specification wants, by the context's rounding; then digits, separators and
//! padding are put together. To add an option: a field of `Spec`, its place in `parse`.

use super::coefficient::Pause;
use super::environment::{Env, Rounding};
use super::notation::{Notation, digit_text, to_text};
use super::number::{Number, Sign};
use crate::text::{TextError, TextResult};

/// A format specification.
struct Spec {
    fill: char,
    align: Align,
    sign: Option<char>,
    positive_zero: bool,
    /// Whether a point is shown even where no digits follow it.
    has_point: bool,
    width: usize,
    separator: Option<char>,
    precision: Option<i64>,
    style: Style,
    /// The letter before an exponent.
    mark: char,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
    Center,
    AfterSign,
    /// Zeros after the sign, as many as the width wants.
    Zeros,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    General,
    Exponent,
    Fixed,
    Percent,
}

/// The number as text; `mark` is the context's letter before exponents.
///
/// # Errors
/// ValueError for a specification that is none.
pub fn format(env: &Env<'_>, n: &Number, spec: &str, mark: char) -> TextResult<String> {
    let spec = parse(spec, mark).ok_or_else(|| TextError::value("invalid format string"))?;
    if !n.is_finite() {
        return special(env.pause, n, &spec);
    }
    let n = prepared(env, n, &spec)?;
    let sign = sign_text(n.sign, &spec);
    let (mut whole, tail) = digits_text(env.pause, &n, &spec)?;
    if spec.align == Align::Zeros {
        let room = spec.width.saturating_sub(sign.len() + tail.len());
        let missing = match spec.separator {
            // Each three digits take four places; no text begins with a separator.
            Some(_) => (room + 1) * 3 / 4 + usize::from(room % 4 == 0),
            None => room,
        };
        let missing = missing.saturating_sub(whole.len());
        let mut zeros = reserved(missing + whole.len())?;
        zeros.extend(std::iter::repeat_n('0', missing));
        whole.insert_str(0, &zeros);
    }
    if let Some(separator) = spec.separator {
        whole = grouped(&whole, separator)?;
    }
    whole.push_str(&tail);
    padded(sign, &whole, &spec, spec.align)
}

fn reserved(bytes: usize) -> TextResult<String> {
    let mut text = String::new();
    text.try_reserve_exact(bytes)
        .map_err(|_| TextError::memory())?;
    Ok(text)
}

fn special(pause: &Pause<'_>, n: &Number, spec: &Spec) -> TextResult<String> {
    let mut body = to_text(&n.magnitude(), Notation::Scientific, 'E', pause)?;
    if spec.style == Style::Percent {
        body.push('%');
    }
    let sign = sign_text(n.sign, spec);
    if spec.align == Align::Zeros {
        let spec = Spec {
            fill: ' ',
            align: Align::Right,
            ..*spec
        };
        return padded(sign, &body, &spec, Align::Right);
    }
    padded(sign, &body, spec, spec.align)
}

fn sign_text(sign: Sign, spec: &Spec) -> String {
    match (sign, spec.sign) {
        (Sign::Minus, _) => "-".to_owned(),
        (Sign::Plus, Some(sign)) => sign.to_string(),
        (Sign::Plus, None) => String::new(),
    }
}

/// The number rounded as the specification wants.
fn prepared(env: &Env<'_>, n: &Number, spec: &Spec) -> TextResult<Number> {
    let mut n = n.clone();
    if spec.style == Style::Percent {
        n.exp = n.exp.saturating_add(2);
    }
    if let Some(precision) = spec.precision {
        n = match spec.style {
            Style::General => to_figures(env, n, precision.max(1))?,
            Style::Exponent => to_figures(env, n, precision + 1)?,
            Style::Fixed | Style::Percent => to_places(env, &n, -precision)?,
        };
        if spec.style == Style::Exponent && !n.coef.is_zero() {
            let missing = precision + 1 - n.coef.digits() as i64;
            if missing > 0 {
                n = Number::finite(
                    n.sign,
                    n.coef.raised(missing as u64, env.pause)?,
                    n.exp - missing,
                );
            }
        }
    }
    if n.coef.is_zero() {
        if matches!(spec.style, Style::Fixed | Style::Percent) {
            n.exp = n.exp.min(0);
        }
        if spec.positive_zero {
            n.sign = Sign::Plus;
        }
    }
    Ok(n)
}

/// At most so many digits.
fn to_figures(env: &Env<'_>, n: Number, figures: i64) -> TextResult<Number> {
    let digits = n.coef.digits() as i64;
    if n.coef.is_zero() || digits <= figures {
        return Ok(n);
    }
    let cut = to_places(env, &n, n.exp + digits - figures)?;
    if cut.coef.digits() as i64 > figures {
        to_places(env, &cut, cut.exp + 1)
    } else {
        Ok(cut)
    }
}

/// The number with this exponent.
fn to_places(env: &Env<'_>, n: &Number, exp: i64) -> TextResult<Number> {
    if exp <= n.exp {
        let coef = n.coef.raised(n.exp.abs_diff(exp), env.pause)?;
        return Ok(Number::finite(n.sign, coef, exp));
    }
    let (coef, rest) = n.coef.cut(exp.abs_diff(n.exp), env.pause)?;
    let rounding: Rounding = env.rounding;
    let coef = if rounding.goes_up(rest, &coef, n.sign) {
        coef.plus(&super::coefficient::Coef::ONE)
    } else {
        coef
    };
    Ok(Number::finite(n.sign, coef, exp))
}

/// The digits before the point, and all that follows them.
fn digits_text(pause: &Pause<'_>, n: &Number, spec: &Spec) -> TextResult<(String, String)> {
    let digits = digit_text(&n.coef, pause)?;
    let length = digits.len() as i64;
    let left = n.exp + length;
    let point = match spec.style {
        Style::Exponent if n.coef.is_zero() => 1 - spec.precision.unwrap_or(0),
        Style::Exponent => 1,
        Style::Fixed | Style::Percent => left,
        Style::General if n.exp <= 0 && left > -6 => left,
        Style::General => 1,
    };
    let (whole, mut tail) = if point <= 0 {
        let zeros = usize::try_from(-point).unwrap_or(usize::MAX);
        let mut tail = reserved(zeros.saturating_add(digits.len() + 24))?;
        tail.push('.');
        tail.extend(std::iter::repeat_n('0', zeros));
        tail.push_str(&digits);
        ("0".to_owned(), tail)
    } else if point >= length {
        let zeros = usize::try_from(point - length).unwrap_or(usize::MAX);
        let mut whole = reserved(zeros.saturating_add(digits.len()))?;
        whole.push_str(&digits);
        whole.extend(std::iter::repeat_n('0', zeros));
        (
            whole,
            if spec.has_point {
                ".".to_owned()
            } else {
                String::new()
            },
        )
    } else {
        let (whole, fraction) = digits.split_at(point as usize);
        (whole.to_owned(), format!(".{fraction}"))
    };
    let exp = left - point;
    if exp != 0 || spec.style == Style::Exponent {
        tail.push_str(&format!("{}{exp:+}", spec.mark));
    }
    if spec.style == Style::Percent {
        tail.push('%');
    }
    Ok((whole, tail))
}

fn grouped(whole: &str, separator: char) -> TextResult<String> {
    let mut out = reserved(whole.len() + whole.len() / 3 + 1)?;
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    Ok(out)
}

fn padded(sign: String, body: &str, spec: &Spec, align: Align) -> TextResult<String> {
    let missing = spec.width.saturating_sub(sign.len() + body.len());
    let mut out = reserved(missing.saturating_mul(spec.fill.len_utf8()) + sign.len() + body.len())?;
    let (before, between, after) = match align {
        Align::Left => (0, 0, missing),
        Align::Right => (missing, 0, 0),
        Align::Center => (missing / 2, 0, missing - missing / 2),
        Align::AfterSign => (0, missing, 0),
        Align::Zeros => (0, 0, 0),
    };
    let fill = |out: &mut String, count| out.extend(std::iter::repeat_n(spec.fill, count));
    fill(&mut out, before);
    out.push_str(&sign);
    fill(&mut out, between);
    out.push_str(body);
    fill(&mut out, after);
    Ok(out)
}

fn parse(text: &str, context_mark: char) -> Option<Spec> {
    let mut spec = Spec {
        fill: ' ',
        align: Align::Right,
        sign: None,
        positive_zero: false,
        has_point: false,
        width: 0,
        separator: None,
        precision: None,
        style: Style::General,
        mark: context_mark,
    };
    let mut rest = text;
    let mut chars = text.chars();
    let (first, second) = (chars.next(), chars.next());
    let mut has_align = false;
    if let (Some(fill), Some(align)) = (first, second.and_then(align_of)) {
        (spec.fill, spec.align, has_align) = (fill, align, true);
        rest = &rest[fill.len_utf8() + 1..];
    } else if let Some(align) = first.and_then(align_of) {
        (spec.align, has_align) = (align, true);
        rest = &rest[1..];
    }
    if let Some(sign) = rest.chars().next().filter(|c| matches!(c, '+' | '-' | ' ')) {
        spec.sign = (sign != '-').then_some(sign);
        rest = &rest[1..];
    }
    if let Some(more) = rest.strip_prefix('z') {
        spec.positive_zero = true;
        rest = more;
    }
    if let Some(more) = rest.strip_prefix('#') {
        spec.has_point = true;
        rest = more;
    }
    if let Some(more) = rest.strip_prefix('0') {
        if has_align {
            return None;
        }
        (spec.fill, spec.align) = ('0', Align::Zeros);
        rest = more;
    }
    let (width, more) = number(rest)?;
    if width.is_some() && rest.starts_with('0') {
        return None;
    }
    spec.width = width.map_or(Some(0), |n| usize::try_from(n).ok())?;
    rest = more;
    if let Some(more) = rest.strip_prefix(',') {
        spec.separator = Some(',');
        rest = more;
    }
    if let Some(more) = rest.strip_prefix('.') {
        let (precision, more) = number(more)?;
        spec.precision = Some(precision?);
        rest = more;
    }
    finish_spec(spec, rest)
}

/// The last letter of a specification.
fn finish_spec(spec: Spec, letter: &str) -> Option<Spec> {
    let (style, mark) = match letter {
        "" => (Style::General, spec.mark),
        "g" => (Style::General, 'e'),
        "n" if spec.separator.is_none() => (Style::General, 'e'),
        "G" => (Style::General, 'E'),
        "e" => (Style::Exponent, 'e'),
        "E" => (Style::Exponent, 'E'),
        "f" | "F" => (Style::Fixed, spec.mark),
        "%" => (Style::Percent, spec.mark),
        _ => return None,
    };
    Some(Spec {
        style,
        mark,
        ..spec
    })
}

fn align_of(c: char) -> Option<Align> {
    Some(match c {
        '<' => Align::Left,
        '>' => Align::Right,
        '^' => Align::Center,
        '=' => Align::AfterSign,
        _ => return None,
    })
}

/// The digits at the beginning of a text as a number, and the rest of it; None for one that is too great.
fn number(text: &str) -> Option<(Option<i64>, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Some((None, rest));
    }
    let n = digits
        .parse::<i64>()
        .ok()
        .filter(|n| *n <= super::number::MAX_EXPONENT)?;
    Some((Some(n), rest))
}
