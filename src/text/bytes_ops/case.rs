//! `title`, `capitalize`, `swapcase`, and the questions about all bytes (`isalpha` and its siblings).
//!
//! `lower` and `upper` are std's. Contract: the empty run of bytes is none of these things, except ASCII.

use super::is_space;

/// `data.title()`
pub fn title(data: &[u8]) -> Vec<u8> {
    let mut in_word = false;
    let one = |&byte: &u8| {
        let shown = if in_word {
            byte.to_ascii_lowercase()
        } else {
            byte.to_ascii_uppercase()
        };
        in_word = byte.is_ascii_alphabetic();
        shown
    };
    data.iter().map(one).collect()
}

/// `data.capitalize()`
pub fn capitalize(data: &[u8]) -> Vec<u8> {
    let mut out = data.to_ascii_lowercase();
    if let Some(first) = out.first_mut() {
        first.make_ascii_uppercase();
    }
    out
}

/// `data.swapcase()`
pub fn swapcase(data: &[u8]) -> Vec<u8> {
    let one = |byte: &u8| {
        if byte.is_ascii_lowercase() {
            byte.to_ascii_uppercase()
        } else {
            byte.to_ascii_lowercase()
        }
    };
    data.iter().map(one).collect()
}

/// `data.isalpha()`
pub fn is_alpha(data: &[u8]) -> bool {
    all(data, |b| b.is_ascii_alphabetic())
}

/// `data.isalnum()`
pub fn is_alnum(data: &[u8]) -> bool {
    all(data, |b| b.is_ascii_alphanumeric())
}

/// `data.isdigit()`
pub fn is_digit(data: &[u8]) -> bool {
    all(data, |b| b.is_ascii_digit())
}

/// `data.isspace()`
pub fn is_space_only(data: &[u8]) -> bool {
    all(data, is_space)
}

/// `data.isupper()`: some letter is upper case and none is lower case.
pub fn is_upper(data: &[u8]) -> bool {
    data.iter().any(u8::is_ascii_uppercase) && !data.iter().any(u8::is_ascii_lowercase)
}

/// `data.islower()`: some letter is lower case and none is upper case.
pub fn is_lower(data: &[u8]) -> bool {
    data.iter().any(u8::is_ascii_lowercase) && !data.iter().any(u8::is_ascii_uppercase)
}

/// `data.istitle()`: upper case only at the start of words, lower case only within, and some of either.
pub fn is_title(data: &[u8]) -> bool {
    let mut in_word = false;
    let mut any = false;
    for byte in data {
        let fits = match byte {
            b'A'..=b'Z' => !in_word,
            b'a'..=b'z' => in_word,
            _ => true,
        };
        if !fits {
            return false;
        }
        in_word = byte.is_ascii_alphabetic();
        any |= in_word;
    }
    any
}

fn all(data: &[u8], test: impl Fn(u8) -> bool) -> bool {
    !data.is_empty() && data.iter().all(|&byte| test(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_that_of_ascii() {
        assert_eq!(title(b"hello WORLD's \xe9x"), b"Hello World'S \xe9X");
        assert_eq!(capitalize(b"hELLO"), b"Hello");
        assert_eq!(swapcase(b"aB1\xe9"), b"Ab1\xe9");
        assert!(is_title(b"Ab Cd") && !is_title(b"ab") && !is_title(b"AB") && !is_title(b"1"));
        assert!(
            is_upper(b"A1")
                && !is_upper(b"1")
                && is_lower(b"a ")
                && !is_alpha(b"")
                && is_space_only(b" \x0b")
        );
    }
}
