//! `unicode_escape` and `raw_unicode_escape`: text as in string literals, in Latin-1 bytes; and the escapes of bytes literals.
//!
//! Decoding stops at a broken escape with a `Fault`, whose handler decides; the escapes are those of Python's string literals.

use super::Fault;
use super::handler::backslashed;
use crate::text::surrogate;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// All escapes.
    Full,
    /// `\u` and `\U` only.
    Raw,
}

impl Style {
    fn codec(self) -> &'static str {
        match self {
            Style::Full => "unicodeescape",
            Style::Raw => "rawunicodeescape",
        }
    }
}

/// Decodes from byte `at` on.
pub fn decode(bytes: &[u8], mut at: usize, style: Style, text: &mut String) -> Result<(), Fault> {
    while let Some(&byte) = bytes.get(at) {
        if byte != b'\\' {
            text.push(char::from(byte));
            at += 1;
            continue;
        }
        let escape = match style {
            Style::Full => full_escape(bytes, at, text),
            Style::Raw => raw_escape(bytes, at, text),
        };
        at += escape.map_err(|(len, reason)| Fault::new(style.codec(), at..at + len, reason))?;
    }
    Ok(())
}

/// The length of the escape, or that of the bad part and what is wrong.
type Escape = Result<usize, (usize, &'static str)>;

fn raw_escape(bytes: &[u8], at: usize, text: &mut String) -> Escape {
    match bytes.get(at + 1) {
        Some(b'u') => digits(bytes, at, 4, "truncated \\uXXXX escape", text),
        Some(b'U') => digits(bytes, at, 8, "truncated \\UXXXXXXXX escape", text),
        // A backslash quotes the next one.
        Some(b'\\') => {
            text.push_str("\\\\");
            Ok(2)
        }
        _ => {
            text.push('\\');
            Ok(1)
        }
    }
}

fn full_escape(bytes: &[u8], at: usize, text: &mut String) -> Escape {
    let Some(&letter) = bytes.get(at + 1) else {
        return Err((1, "\\ at end of string"));
    };
    let plain = match letter {
        b'\n' => return Ok(2),
        b'\\' | b'\'' | b'"' => char::from(letter),
        b'a' => '\x07',
        b'b' => '\x08',
        b'f' => '\x0c',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\x0b',
        b'0'..=b'7' => {
            let octal = bytes[at + 1..].iter().take(3);
            let octal: Vec<u32> = octal
                .take_while(|digit| (b'0'..=b'7').contains(*digit))
                .map(|digit| u32::from(digit - b'0'))
                .collect();
            let code = octal.iter().fold(0, |code, digit| code * 8 + digit);
            text.extend(char::from_u32(code));
            return Ok(1 + octal.len());
        }
        b'x' => return digits(bytes, at, 2, "truncated \\xXX escape", text),
        b'u' => return digits(bytes, at, 4, "truncated \\uXXXX escape", text),
        b'U' => return digits(bytes, at, 8, "truncated \\UXXXXXXXX escape", text),
        b'N' => return named(bytes, at, text),
        _ => {
            text.push('\\');
            return Ok(1);
        }
    };
    text.push(plain);
    Ok(2)
}

fn digits(bytes: &[u8], at: usize, count: usize, short: &'static str, text: &mut String) -> Escape {
    let found = bytes[at + 2..].iter().take(count);
    let found: Vec<u8> = found.copied().take_while(u8::is_ascii_hexdigit).collect();
    if found.len() < count {
        return Err((2 + found.len(), short));
    }
    let code = found.iter().fold(0_u32, |code, &digit| {
        code * 16 + char::from(digit).to_digit(16).unwrap_or(0)
    });
    match surrogate::character(code) {
        Some(c) => text.push(c),
        None => return Err((2 + count, "illegal Unicode character")),
    }
    Ok(2 + count)
}

fn named(bytes: &[u8], at: usize, text: &mut String) -> Escape {
    let malformed = "malformed \\N character escape";
    if bytes.get(at + 2) != Some(&b'{') {
        return Err((2, malformed));
    }
    let Some(len) = bytes[at + 3..].iter().position(|&byte| byte == b'}') else {
        return Err((bytes.len() - at, malformed));
    };
    let name = std::str::from_utf8(&bytes[at + 3..at + 3 + len]).unwrap_or_default();
    match unicode_names2::character(name) {
        Some(c) => text.push(c),
        None => return Err((len + 4, "unknown Unicode character name")),
    }
    Ok(len + 4)
}

/// Encodes; everything can be.
pub fn encode(text: &str, style: Style, out: &mut Vec<u8>) {
    for c in text.chars() {
        let code = surrogate::code_point(c);
        let shown = match (style, c) {
            (Style::Raw, _) if code < 0x100 => {
                out.push(code as u8);
                continue;
            }
            (Style::Full, '\\') => "\\\\".to_owned(),
            (Style::Full, '\t') => "\\t".to_owned(),
            (Style::Full, '\n') => "\\n".to_owned(),
            (Style::Full, '\r') => "\\r".to_owned(),
            (Style::Full, ' '..='~') => c.to_string(),
            _ => backslashed(c),
        };
        out.extend_from_slice(shown.as_bytes());
    }
}

/// Undoes the escapes of a bytes literal: `codecs.escape_decode`.
///
/// # Errors
/// The message of a ValueError.
pub fn decode_bytes(bytes: &[u8], errors: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        let Some(&letter) = bytes.get(at + 1) else {
            return Err("Trailing \\ in string".to_owned());
        };
        let rest = &bytes[at + 2..];
        let (made, len) = match letter {
            b'\n' => (None, 2),
            b'x' => match rest.first_chunk::<2>().and_then(hex_pair) {
                Some(value) => (Some(value), 4),
                None => {
                    let len = 2 + usize::from(rest.first().is_some_and(u8::is_ascii_hexdigit));
                    match errors {
                        "replace" => (Some(b'?'), len),
                        "ignore" => (None, len),
                        "strict" => {
                            return Err(format!("invalid \\x escape at position {at}"));
                        }
                        other => {
                            return Err(format!(
                                "decoding error; unknown error handling code: {other}"
                            ));
                        }
                    }
                }
            },
            _ => {
                let mut text = String::new();
                let is_text = matches!(letter, b'u' | b'U' | b'N');
                match full_escape(bytes, at, &mut text) {
                    Ok(len) if !is_text && len > 1 => {
                        (text.chars().next().map(|c| u32::from(c) as u8), len)
                    }
                    _ => (Some(b'\\'), 1),
                }
            }
        };
        out.extend(made);
        at += len;
    }
    Ok(out)
}

fn hex_pair(pair: &[u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8)
}
