//! `repr()` of str, bytes and bytearray, and `ascii()`.
//!
//! Contract: Python's quote choice (double quotes only when the text has single ones and no double ones), its short
//! escapes, and `\x`, `\u`, `\U` for what is not printable. Plain ASCII is copied in runs.

use std::fmt::Write;

use super::surrogate;
use super::unicode::is_printable;

/// `repr(text)`
pub fn str_repr(text: &str) -> String {
    quoted(text, is_printable)
}

/// `ascii(text)`: as `repr`, and nothing beyond ASCII.
pub fn str_ascii(text: &str) -> String {
    quoted(text, |c| (' '..='~').contains(&c))
}

/// What `ascii()` makes of the `repr` of any object.
pub fn escape_non_ascii(repr: &str) -> String {
    let mut out = String::with_capacity(repr.len());
    for c in repr.chars() {
        if c.is_ascii() {
            out.push(c)
        } else {
            push_escape(&mut out, c)
        }
    }
    out
}

/// `repr(bytes)`
pub fn bytes_repr(bytes: &[u8]) -> String {
    let quote = quote_for(bytes);
    let mut out = String::with_capacity(bytes.len() + 3);
    out.push('b');
    out.push(quote);
    for &byte in bytes {
        let c = char::from(byte);
        if (b' '..=b'~').contains(&byte) && c != quote && c != '\\' {
            out.push(c);
        } else if c == quote || c == '\\' {
            out.extend(['\\', c]);
        } else {
            push_escape(&mut out, c);
        }
    }
    out.push(quote);
    out
}

/// `repr(bytearray)`
pub fn bytearray_repr(bytes: &[u8]) -> String {
    format!("bytearray({})", bytes_repr(bytes))
}

fn quoted(text: &str, shown: impl Fn(char) -> bool) -> String {
    let quote = quote_for(text.as_bytes());
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    let mut copied = 0;
    for (at, c) in text.char_indices() {
        if c != quote && c != '\\' && shown(c) {
            continue;
        }
        out.push_str(&text[copied..at]);
        copied = at + c.len_utf8();
        if c == quote || c == '\\' {
            out.extend(['\\', c])
        } else {
            push_escape(&mut out, c)
        }
    }
    out.push_str(&text[copied..]);
    out.push(quote);
    out
}

fn quote_for(bytes: &[u8]) -> char {
    if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    }
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => {
            let code = surrogate::code_point(c);
            match code {
                0..=0xff => write!(out, "\\x{code:02x}"),
                0x100..=0xffff => write!(out, "\\u{code:04x}"),
                _ => write!(out, "\\U{code:08x}"),
            }
            .expect("a String takes all");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::oracle;

    #[test]
    fn reprs_agree_with_cpython() {
        for row in oracle::rows(include_str!("oracle/str_repr.tsv")) {
            let [text, repr, ascii, bytes] = row[..] else {
                panic!("four columns: {row:?}")
            };
            let text = oracle::unescape(text);
            assert_eq!(str_repr(&text), oracle::unescape(repr));
            assert_eq!(str_ascii(&text), oracle::unescape(ascii));
            assert_eq!(escape_non_ascii(&str_repr(&text)), oracle::unescape(ascii));
            let latin: Vec<u8> = text.chars().map(|c| c as u32 as u8).collect();
            assert_eq!(bytes_repr(&latin), oracle::unescape(bytes));
        }
    }

    #[test]
    fn bytearray_wraps_bytes() {
        assert_eq!(bytearray_repr(b"a'\0"), r#"bytearray(b"a'\x00")"#);
    }
}
