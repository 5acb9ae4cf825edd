//! `strip` and its siblings, `removeprefix`, `removesuffix`: a slice of the text.
//!
//! Pure and without copies: the caller makes an object of the slice, or keeps the one it has if nothing was cut.

use super::Side;
use crate::text::unicode::is_space;

/// `text.strip()`, `lstrip()`, `rstrip()`: without white space at the ends.
pub fn strip_space(text: &str, side: Side) -> &str {
    trim(text, side, is_space)
}

/// `text.strip(chars)`, `lstrip(chars)`, `rstrip(chars)`: without any of the characters at the ends.
pub fn strip_chars<'a>(text: &'a str, chars: &str, side: Side) -> &'a str {
    trim(text, side, |c| chars.contains(c))
}

fn trim(text: &str, side: Side, gone: impl Fn(char) -> bool) -> &str {
    let text = if side == Side::Right {
        text
    } else {
        text.trim_start_matches(&gone)
    };
    if side == Side::Left {
        text
    } else {
        text.trim_end_matches(&gone)
    }
}

/// `text.removeprefix(prefix)`
pub fn remove_prefix<'a>(text: &'a str, prefix: &str) -> &'a str {
    text.strip_prefix(prefix).unwrap_or(text)
}

/// `text.removesuffix(suffix)`
pub fn remove_suffix<'a>(text: &'a str, suffix: &str) -> &'a str {
    text.strip_suffix(suffix).unwrap_or(text)
}
