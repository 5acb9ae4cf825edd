//! `repr()` of str, bytes and bytearray, and `ascii()`.
//!
//! Contract: Python's quote choice (double quotes only when the text has single ones and no double ones), its short
//! escapes, and `\x`, `\u`, `\U` for what is not printable. Plain ASCII is copied in runs.

use std::fmt::Write;

use super::TextResult;
use super::pause::pieces;
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
    let mut out = String::with_capacity(bytes.len() + 3);
    write_bytes(bytes, &mut out, &mut |_, _| Ok(())).expect("a String grows by itself");
    out
}

/// Makes room in a text for so many more bytes.
pub type Grow<'g> = dyn FnMut(&mut String, usize) -> TextResult<()> + 'g;

/// The most bytes that one byte becomes.
const MOST: usize = 4;
/// How many bytes are handled between two calls of `Grow`.
const BLOCK: usize = 1 << 14;

/// Appends `repr(text)`.
///
/// # Errors
/// Those of `grow`.
pub fn write_str(text: &str, out: &mut String, grow: &mut Grow<'_>) -> TextResult<()> {
    write_quoted(text, is_printable, out, grow)
}

/// Appends `repr(bytes)`.
///
/// # Errors
/// Those of `grow`.
pub fn write_bytes(bytes: &[u8], out: &mut String, grow: &mut Grow<'_>) -> TextResult<()> {
    let quote = quote_for(bytes);
    grow(out, bytes.len().min(BLOCK) * MOST + MOST)?;
    out.extend(['b', quote]);
    for block in bytes.chunks(BLOCK) {
        grow(out, block.len() * MOST + 1)?;
        for &byte in block {
            let c = char::from(byte);
            if (b' '..=b'~').contains(&byte) && c != quote && c != '\\' {
                out.push(c);
            } else if c == quote || c == '\\' {
                out.extend(['\\', c]);
            } else {
                push_escape(out, c);
            }
        }
    }
    out.push(quote);
    Ok(())
}

/// Appends `repr(bytearray)`.
///
/// # Errors
/// Those of `grow`.
pub fn write_bytearray(bytes: &[u8], out: &mut String, grow: &mut Grow<'_>) -> TextResult<()> {
    out.push_str("bytearray(");
    write_bytes(bytes, out, grow)?;
    out.push(')');
    Ok(())
}

fn quoted(text: &str, shown: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_quoted(text, shown, &mut out, &mut |_, _| Ok(())).expect("a String grows by itself");
    out
}

fn write_quoted(
    text: &str,
    shown: impl Fn(char) -> bool,
    out: &mut String,
    grow: &mut Grow<'_>,
) -> TextResult<()> {
    let quote = quote_for(text.as_bytes());
    grow(out, text.len().min(BLOCK) * MOST + MOST)?;
    out.push(quote);
    for range in pieces(text) {
        let piece = &text[range];
        grow(out, piece.len() * MOST + 1)?;
        let mut copied = 0;
        for (at, c) in piece.char_indices() {
            if c != quote && c != '\\' && shown(c) {
                continue;
            }
            out.push_str(&piece[copied..at]);
            copied = at + c.len_utf8();
            if c == quote || c == '\\' {
                out.extend(['\\', c]);
            } else {
                push_escape(out, c);
            }
        }
        out.push_str(&piece[copied..]);
    }
    out.push(quote);
    Ok(())
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
        let mut out = String::new();
        let written = write_bytearray(b"a'\0", &mut out, &mut |_, _| Ok(()));
        assert!(written.is_ok());
        assert_eq!(out, r#"bytearray(b"a'\x00")"#);
    }
}
