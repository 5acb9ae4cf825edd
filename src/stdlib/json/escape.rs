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
    out.reserve(text.len() + 2);
    out.push('"');
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        if is_plain(byte, escapes) || at < done {
            continue;
        }
        out.push_str(&text[done..at]);
        let Some(c) = text[at..].chars().next() else {
            break;
        };
        push_escaped(out, c);
        done = at + c.len_utf8();
    }
    out.push_str(&text[done..]);
    out.push('"');
}

#[inline]
fn is_plain(byte: u8, escapes: Escapes) -> bool {
    match byte {
        b'"' | b'\\' => false,
        b' '..=b'~' => true,
        0x7f.. => escapes == Escapes::Needed,
        0..0x20 => false,
    }
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
            out.push_str(&format!("\\u{:04x}", surrogate::code_point(c)));
            return;
        }
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
            return;
        }
    };
    out.push('\\');
    out.push(letter);
}
