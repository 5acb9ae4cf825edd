//! Punycode (RFC 3492), and names of hosts made of it (`idna`).
//!
//! The numbers are those of section 5 of the RFC. Labels are checked for length and for what a name may not have, with CPython's
//! words.

use super::Fault;
use crate::text::surrogate;

const BASE: u32 = 36;
const FIRST: u32 = 128;

/// The bias of the next number.
fn adapt(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > (BASE - 1) * 26 / 2 {
        delta /= BASE - 1;
        k += BASE;
    }
    k + BASE * delta / (delta + 38)
}

fn threshold(k: u32, bias: u32) -> u32 {
    k.saturating_sub(bias).clamp(1, 26)
}

fn digit(value: u32) -> u8 {
    match value {
        0..26 => b'a' + value as u8,
        _ => b'0' + (value - 26) as u8,
    }
}

/// Encodes; everything can be.
pub fn encode(text: &str, out: &mut Vec<u8>) {
    let codes: Vec<u32> = text.chars().map(surrogate::code_point).collect();
    let basic = codes.iter().filter(|&&code| code < FIRST);
    let basic: Vec<u8> = basic.map(|&code| code as u8).collect();
    out.extend_from_slice(&basic);
    if !basic.is_empty() {
        out.push(b'-');
    }
    let mut wide: Vec<u32> = codes
        .iter()
        .copied()
        .filter(|&code| code >= FIRST)
        .collect();
    wide.sort_unstable();
    wide.dedup();
    let (mut delta, mut bias, mut done) = (0_u32, 72, basic.len() as u32);
    let mut last = FIRST;
    for next in wide {
        delta = delta.wrapping_add((next - last).wrapping_mul(done + 1));
        for &code in &codes {
            if code < next {
                delta = delta.wrapping_add(1);
            }
            if code == next {
                number(delta, bias, out);
                bias = adapt(delta, done + 1, done == basic.len() as u32);
                delta = 0;
                done += 1;
            }
        }
        delta = delta.wrapping_add(1);
        last = next + 1;
    }
}

fn number(mut value: u32, bias: u32, out: &mut Vec<u8>) {
    let mut k = BASE;
    loop {
        let t = threshold(k, bias);
        if value < t {
            out.push(digit(value));
            return;
        }
        out.push(digit(t + (value - t) % (BASE - t)));
        value = (value - t) / (BASE - t);
        k += BASE;
    }
}

/// Decodes all from byte `at` on.
pub fn decode(bytes: &[u8], at: usize, text: &mut String) -> Result<(), Fault> {
    let input = &bytes[at..];
    let split = input.iter().rposition(|&byte| byte == b'-');
    let (basic, extended) = match split {
        Some(split) => (&input[..split], &input[split + 1..]),
        None => (&input[..0], input),
    };
    let offset = at + input.len() - extended.len();
    if let Some(bad) = basic.iter().position(|byte| !byte.is_ascii()) {
        let range = at + bad..at + bad + 1;
        return Err(Fault::new("punycode", range, "ordinal not in range(128)"));
    }
    let mut chars: Vec<char> = basic.iter().map(|&byte| char::from(byte)).collect();
    let (mut code, mut place, mut bias, mut i) = (FIRST, 0_u32, 72, 0);
    while i < extended.len() {
        let start = i;
        let Some(value) = read_number(extended, &mut i, bias) else {
            let end = (offset + i).min(bytes.len());
            let reason = match i >= extended.len() {
                true => "incomplete punicode string".to_owned(),
                false => format!("Invalid extended code point '{}'", char::from(extended[i])),
            };
            return Err(Fault::new(
                "punycode",
                offset + start..end.max(offset + start + 1).min(bytes.len()),
                reason,
            ));
        };
        let count = chars.len() as u32 + 1;
        place = place.wrapping_add(value);
        code = code.saturating_add(place / count);
        place %= count;
        bias = adapt(value, count, start == 0);
        let Some(c) = surrogate::character(code) else {
            let range = offset + start..offset + i;
            return Err(Fault::new(
                "punycode",
                range,
                format!("Invalid character U+{code:x}"),
            ));
        };
        chars.insert(place as usize, c);
        place += 1;
    }
    text.extend(chars);
    Ok(())
}

fn read_number(bytes: &[u8], i: &mut usize, bias: u32) -> Option<u32> {
    let (mut value, mut weight, mut k) = (0_u32, 1_u32, BASE);
    loop {
        let digit = match bytes.get(*i)? {
            byte @ b'a'..=b'z' => u32::from(byte - b'a'),
            byte @ b'A'..=b'Z' => u32::from(byte - b'A'),
            byte @ b'0'..=b'9' => u32::from(byte - b'0') + 26,
            _ => return None,
        };
        *i += 1;
        value = value.checked_add(digit.checked_mul(weight)?)?;
        let t = threshold(k, bias);
        if digit < t {
            return Some(value);
        }
        weight = weight.checked_mul(BASE - t)?;
        k += BASE;
    }
}

/// Encodes the name of a host, label by label.
pub fn encode_idna(rest: &str, at: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    let dots = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];
    let mut start = at;
    let labels: Vec<&str> = rest.split(dots).collect();
    for (i, label) in labels.iter().enumerate() {
        let count = label.chars().count();
        if i > 0 {
            out.push(b'.');
        }
        let is_last = i + 1 == labels.len();
        let before = out.len();
        if label.is_ascii() {
            out.extend_from_slice(label.as_bytes());
        } else {
            out.extend_from_slice(b"xn--");
            encode(&label.to_lowercase(), out);
        }
        let reason = match out.len() - before {
            0 if !is_last => "label empty",
            0..64 => {
                start += count + 1;
                continue;
            }
            _ => "label too long",
        };
        return Err(Fault::new("idna", start..start + count, reason));
    }
    Ok(())
}

/// Decodes the name of a host from byte `at` on.
pub fn decode_idna(bytes: &[u8], at: usize, text: &mut String) -> Result<(), Fault> {
    let mut start = at;
    for (i, label) in bytes[at..].split(|&byte| byte == b'.').enumerate() {
        if i > 0 {
            text.push('.');
        }
        let end = start + label.len();
        match label.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case(b"xn--") => {
                decode(&bytes[..end], start + 4, text)?;
            }
            _ if label.is_ascii() => text.extend(label.iter().map(|&byte| char::from(byte))),
            _ => {
                let bad = label.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
                let range = start + bad..start + bad + 1;
                return Err(Fault::new("idna", range, "ordinal not in range(128)"));
            }
        }
        start = end + 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_hosts_round_trip() {
        let mut bytes = Vec::new();
        encode_idna("bücher.例え.com.", 0, &mut bytes).expect("valid");
        assert_eq!(bytes, b"xn--bcher-kva.xn--r8jz45g.com.");
        let mut text = String::new();
        decode_idna(&bytes, 0, &mut text).expect("valid");
        assert_eq!(text, "bücher.例え.com.");
    }
}
