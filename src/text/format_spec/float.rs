//! Formatting of floats and complex numbers: `e E f F g G n %`, and none.
//!
//! Digits come from `float_digits`, exact and correctly rounded; signs, grouping and padding are added by `number.rs`. A new
//! presentation type is an arm here and one in the parser of specs, `mod.rs`.

use super::number::{Number, push_fill};
use super::{Align, FormatSpec, Sign};
use crate::text::num::float_digits::{Layout, Style, digits};
use crate::text::{TextError, TextResult, check_copies};

impl FormatSpec {
    /// `format(float, spec)`; `type_name` is that of the value, for messages.
    pub fn format_float(&self, value: f64, type_name: &str) -> TextResult<String> {
        let (value, percent) = match self.kind {
            None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n') => (value, ""),
            Some('%') => (value * 100.0, "%"),
            Some(kind) => return Err(Self::unknown_kind(kind, type_name)),
        };
        let text = self.float_text(value, self.kind.is_none())? + percent;
        Number::decimal(self.shows_minus(value, &text), &text).lay_out(self, 3)
    }

    /// `format(complex, spec)`; `type_name` is that of the value, for messages.
    pub fn format_complex(&self, re: f64, im: f64, type_name: &str) -> TextResult<String> {
        if let Some(kind) = self.kind
            && !matches!(kind, 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n')
        {
            return Err(Self::unknown_kind(kind, type_name));
        }
        let (fill, align) = self.padding(Align::Right);
        if fill == '0' {
            return Err(TextError::value(
                "Zero padding is not allowed in complex format specifier",
            ));
        }
        if align == Align::AfterSign {
            return Err(TextError::value(
                "'=' alignment flag is not allowed in complex format specifier",
            ));
        }
        check_copies(self.width.saturating_mul(fill.len_utf8()), 2)?;
        check_copies(self.precision.unwrap_or(0), 8)?;
        let text = self.complex_text(re, im)?;
        Ok(pad(&text, self.width, fill, align))
    }

    fn complex_text(&self, re: f64, im: f64) -> TextResult<String> {
        let untyped = self.kind.is_none();
        let imaginary_only = untyped && re == 0.0 && re.is_sign_positive();
        let bare = Self {
            fill: None,
            align: None,
            zero_pad: false,
            width: 0,
            ..self.clone()
        };
        let signed = Self {
            sign: Sign::Plus,
            ..bare.clone()
        };
        let part = |value: f64, spec: &Self| {
            let text = self.float_text(value, false)?;
            Number::decimal(self.shows_minus(value, &text), &text).lay_out(spec, 3)
        };
        if imaginary_only {
            return Ok(part(im, &bare)? + "j");
        }
        let sum = format!("{}{}j", part(re, &bare)?, part(im, &signed)?);
        Ok(if untyped { format!("({sum})") } else { sum })
    }

    /// The text of `|value|` in the style of the type letter.
    fn float_text(&self, value: f64, point_zero: bool) -> TextResult<String> {
        let precision = self.digits_wanted()?;
        let style = match (self.kind, precision) {
            (None, None) => Style::Repr,
            (None, Some(precision)) => Style::General(precision),
            (Some('e' | 'E'), precision) => Style::Exp(precision.unwrap_or(6)),
            (Some('f' | 'F' | '%'), precision) => Style::Fixed(precision.unwrap_or(6)),
            (Some(_), precision) => Style::General(precision.unwrap_or(6)),
        };
        let mut text = digits(
            value,
            style,
            Layout {
                alternate: self.alternate,
                point_zero,
            },
        );
        if matches!(self.kind, Some('E' | 'F' | 'G')) {
            text.make_ascii_uppercase();
        }
        Ok(text)
    }

    /// Whether the minus of a value is shown, given the digits it came to.
    fn shows_minus(&self, value: f64, text: &str) -> bool {
        let significand = text.split(['e', 'E']).next().unwrap_or(text);
        let is_zero =
            || value.is_finite() && !significand.bytes().any(|b| (b'1'..=b'9').contains(&b));
        value.is_sign_negative() && !value.is_nan() && !(self.coerce_zero && is_zero())
    }
}

/// The text within `width` characters.
pub fn pad(text: &str, width: usize, fill: char, align: Align) -> String {
    let missing = width.saturating_sub(text.chars().count());
    let left = match align {
        Align::Left => 0,
        Align::Center => missing / 2,
        Align::Right | Align::AfterSign => missing,
    };
    let mut out = String::with_capacity(text.len() + missing * fill.len_utf8());
    push_fill(&mut out, fill, left);
    out.push_str(text);
    push_fill(&mut out, fill, missing - left);
    out
}
