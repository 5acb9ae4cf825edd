//! UTF-7 (RFC 2152): ASCII, and UTF-16 in base 64 between `+` and `-`.
//!
//! Bits that are left over at the end of a shifted part must be zero; what breaks a rule is a `Fault` in CPython's words.

use super::Fault;
use crate::text::surrogate;

/// Characters that stand for themselves.
fn is_direct(c: char) -> bool {
    c.is_ascii_alphanumeric() || "'(),-./:? \t\r\n!\"#$%&*;<=>@[]^_`{|}".contains(c)
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn value(byte: u8) -> Option<u32> {
    let at = DIGITS.iter().position(|&digit| digit == byte)?;
    Some(at as u32)
}

/// Encodes; everything can be.
pub fn encode(text: &str, out: &mut Vec<u8>) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '+' {
            out.extend_from_slice(b"+-");
            continue;
        }
        if is_direct(c) {
            out.push(c as u8);
            continue;
        }
        out.push(b'+');
        let (mut bits, mut count) = (0_u32, 0);
        let mut next = Some(c);
        while let Some(c) = next {
            for unit in units(c) {
                bits = bits << 16 | u32::from(unit);
                count += 16;
                while count >= 6 {
                    count -= 6;
                    out.push(DIGITS[(bits >> count & 0x3f) as usize]);
                    bits &= (1 << count) - 1;
                }
            }
            next = chars.next_if(|&c| !is_direct(c));
        }
        if count > 0 {
            out.push(DIGITS[(bits << (6 - count) & 0x3f) as usize]);
        }
        let follows = chars.peek();
        if follows.is_none_or(|&c| c == '-' || c.is_ascii() && value(c as u8).is_some()) {
            out.push(b'-');
        }
    }
}

fn units(c: char) -> Vec<u16> {
    match surrogate::is_surrogate(c) {
        true => vec![surrogate::code_point(c) as u16],
        false => c.encode_utf16(&mut [0; 2]).to_vec(),
    }
}

/// Decodes from byte `at` on, where no sequence is open.
pub fn decode(bytes: &[u8], mut at: usize, text: &mut String) -> Result<(), Fault> {
    let fault = |range, reason: &str| Err(Fault::new("utf7", range, reason));
    while let Some(&byte) = bytes.get(at) {
        if byte != b'+' {
            if !byte.is_ascii() {
                return fault(at..at + 1, "unexpected special character");
            }
            text.push(char::from(byte));
            at += 1;
            continue;
        }
        let start = at;
        at += 1;
        if bytes.get(at) == Some(&b'-') {
            text.push('+');
            at += 1;
            continue;
        }
        let (mut bits, mut count, mut units) = (0_u32, 0, Vec::new());
        while let Some(digit) = bytes.get(at).copied().and_then(value) {
            bits = bits << 6 | digit;
            count += 6;
            if count >= 16 {
                count -= 16;
                units.push((bits >> count) as u16);
                bits &= (1 << count) - 1;
            }
            at += 1;
        }
        if at == start + 1 {
            let reason = match bytes.get(at) {
                None => "unterminated shift sequence",
                Some(_) => "ill-formed sequence",
            };
            return fault(start..(at + 1).min(bytes.len()), reason);
        }
        if count >= 6 {
            let reason = "partial character in base64 sequence";
            return fault(start..(at + 1).min(bytes.len()), reason);
        }
        if bits != 0 {
            let reason = "non-zero padding bits in shift sequence";
            return fault(start..(at + 1).min(bytes.len()), reason);
        }
        let decoded = char::decode_utf16(units);
        text.extend(decoded.filter_map(|unit| match unit {
            Ok(c) => Some(c),
            Err(half) => surrogate::character(u32::from(half.unpaired_surrogate())),
        }));
        match bytes.get(at) {
            Some(b'-') => at += 1,
            None => return fault(start..at, "unterminated shift sequence"),
            _ => {}
        }
    }
    Ok(())
}
