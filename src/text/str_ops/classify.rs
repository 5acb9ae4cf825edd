//! `isalpha` and the other questions about all characters of a text.
//!
//! Contract: the empty text is none of these things, except printable.

use crate::text::unicode;

/// `text.isalpha()`
pub fn is_alpha(text: &str) -> bool {
    all(text, unicode::is_alpha)
}

/// `text.isalnum()`
pub fn is_alnum(text: &str) -> bool {
    all(text, |c| unicode::is_alpha(c) || unicode::is_numeric(c))
}

/// `text.isdecimal()`
pub fn is_decimal(text: &str) -> bool {
    all(text, unicode::is_decimal)
}

/// `text.isdigit()`
pub fn is_digit(text: &str) -> bool {
    all(text, unicode::is_digit)
}

/// `text.isnumeric()`
pub fn is_numeric(text: &str) -> bool {
    all(text, unicode::is_numeric)
}

/// `text.isspace()`
pub fn is_space(text: &str) -> bool {
    all(text, unicode::is_space)
}

/// `text.isprintable()`
pub fn is_printable(text: &str) -> bool {
    text.chars().all(unicode::is_printable)
}

/// `text.isidentifier()`: keywords are identifiers too.
pub fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(unicode::starts_identifier) && chars.all(unicode::continues_identifier)
}

/// `text.isupper()`: some character is uppercase and none is of another case.
pub fn is_upper(text: &str) -> bool {
    text.contains(unicode::is_upper)
        && !text.contains(|c: char| unicode::is_lower(c) || unicode::is_title(c))
}

/// `text.islower()`: some character is lowercase and none is of another case.
pub fn is_lower(text: &str) -> bool {
    text.contains(unicode::is_lower)
        && !text.contains(|c: char| unicode::is_upper(c) || unicode::is_title(c))
}

/// `text.istitle()`: upper- and titlecase only at the start of words, lowercase only within, and some of either.
pub fn is_title(text: &str) -> bool {
    let mut in_word = false;
    let mut any = false;
    for c in text.chars() {
        if unicode::is_upper(c) || unicode::is_title(c) {
            if in_word {
                return false;
            }
            (in_word, any) = (true, true);
        } else if unicode::is_lower(c) {
            if !in_word {
                return false;
            }
        } else {
            in_word = false;
        }
    }
    any
}

fn all(text: &str, test: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(test)
}
