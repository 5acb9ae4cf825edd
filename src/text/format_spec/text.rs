//! Formatting of strings: `s`, and none.
//!
//! A precision cuts, a width pads, both by code points. What only numbers may have (signs, grouping) is refused in CPython's
//! words.

use super::float::pad;
use super::{Align, FormatSpec, Sign};
use crate::text::{TextError, TextResult, check_copies};

impl FormatSpec {
    /// `format(str, spec)`; `type_name` is that of the value, for messages.
    pub fn format_str(&self, text: &str, type_name: &str) -> TextResult<String> {
        if let Some(kind) = self.kind.filter(|kind| *kind != 's') {
            return Err(Self::unknown_kind(kind, type_name));
        }
        if let Some(separator) = self.grouping.separator() {
            return Err(TextError::value(format!(
                "Cannot specify '{separator}' with 's'."
            )));
        }
        let (fill, align) = self.padding(Align::Left);
        let refused = match self.sign {
            Sign::Space => Some("Space not allowed in string format specifier"),
            Sign::Plus | Sign::Minus => Some("Sign not allowed in string format specifier"),
            _ if self.coerce_zero => {
                Some("Negative zero coercion (z) not allowed in string format specifier")
            }
            _ if self.alternate => {
                Some("Alternate form (#) not allowed in string format specifier")
            }
            _ if align == Align::AfterSign => {
                Some("'=' alignment not allowed in string format specifier")
            }
            _ => None,
        };
        if let Some(message) = refused {
            return Err(TextError::value(message));
        }
        check_copies(self.width.saturating_mul(fill.len_utf8()), 2)?;
        let shown = match self
            .precision
            .and_then(|most| text.char_indices().nth(most))
        {
            Some((end, _)) => &text[..end],
            None => text,
        };
        Ok(pad(shown, self.width, fill, align))
    }
}
