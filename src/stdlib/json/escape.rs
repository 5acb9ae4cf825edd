//! JSON's strings: what has to be escaped, and how.
//!
//! Runs of characters that need nothing are copied at once.

use crate::text::surrogate;

/// Which characters are escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// All that are not printable ASCII.
    NonAscii,
    /// Quotes, backslashes and control characters.
    Needed,
}

/// Appends a string with its quotes.
pub fn push_string(out: &mut String, text: &str, escapes: Escapes) {
    let plain = match escapes {
        Escapes::NonAscii => &PLAIN_ASCII,
        Escapes::Needed => &PLAIN,
    };
    out.reserve(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !plain[usize::from(byte)]) {
        out.push_str(&rest[..at]);
        let mut chars = rest[at..].chars();
        if let Some(c) = chars.next() {
            push_escaped(out, c);
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// Which bytes stand for themselves where all but printable ASCII is escaped.
static PLAIN_ASCII: [bool; 256] = plain(Escapes::NonAscii);
/// Which do where only what must be is.
static PLAIN: [bool; 256] = plain(Escapes::Needed);

const fn plain(escapes: Escapes) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = b' ' as usize;
    while byte < 256 {
        table[byte] = byte < 0x7f || matches!(escapes, Escapes::Needed);
        byte += 1;
    }
    table[b'"' as usize] = false;
    table[b'\\' as usize] = false;
    table
}

fn push_escaped(out: &mut String, c: char) {
    let letter = match c {
        '"' => '"',
        '\\' => '\\',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        _ if surrogate::is_surrogate(c) => {
            return push_unit(out, surrogate::code_point(c) as u16);
        }
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                push_unit(out, *unit);
            }
            return;
        }
    };
    out.push('\\');
    out.push(letter);
}

fn push_unit(out: &mut String, unit: u16) {
    out.push_str("\\u");
    for shift in [12, 8, 4, 0] {
        let digit = u32::from(unit >> shift & 0xf);
        out.extend(char::from_digit(digit, 16));
    }
}
