//! UTF-16 and UTF-32: units of two or four bytes, in either order.
//!
//! Pure: bytes to text and back. Errors are `CodecError`s, which the caller words; the name of the codec says the byte order,
//! or the mark at the start of the bytes does.

use std::ops::Range;

use super::{CodecError, mend_decoded};
use crate::text::num::bytes::ByteOrder;

/// Bytes in a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// UTF-16.
    Two = 2,
    /// UTF-32.
    Four = 4,
}

/// The codec's name in error messages.
fn codec(width: Width, order: ByteOrder) -> &'static str {
    match (width, order) {
        (Width::Two, ByteOrder::Little) => "utf-16-le",
        (Width::Two, ByteOrder::Big) => "utf-16-be",
        (Width::Four, ByteOrder::Little) => "utf-32-le",
        (Width::Four, ByteOrder::Big) => "utf-32-be",
    }
}

/// Encodes; without an order of its own in little-endian order behind a byte order mark.
pub fn encode(text: &str, width: Width, order: Option<ByteOrder>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2);
    let mark = if order.is_none() { "\u{feff}" } else { "" };
    for c in mark.chars().chain(text.chars()) {
        match width {
            Width::Two => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|&unit| push(&mut out, unit.to_le_bytes(), order)),
            Width::Four => push(&mut out, u32::from(c).to_le_bytes(), order),
        }
    }
    out
}

fn push<const N: usize>(out: &mut Vec<u8>, mut unit: [u8; N], order: Option<ByteOrder>) {
    if order == Some(ByteOrder::Big) {
        unit.reverse();
    }
    out.extend(unit);
}

/// Decodes; without an order of its own in that of the byte order mark, which is not part of the text.
pub fn decode(
    bytes: &[u8],
    width: Width,
    order: Option<ByteOrder>,
    errors: &str,
) -> Result<String, CodecError> {
    let little = encode("", width, None);
    let big: Vec<u8> = little.iter().rev().copied().collect();
    let (order, start) = match order {
        Some(order) => (order, 0),
        None if bytes.starts_with(&little) => (ByteOrder::Little, width as usize),
        None if bytes.starts_with(&big) => (ByteOrder::Big, width as usize),
        None => (ByteOrder::Little, 0),
    };
    let mut text = String::with_capacity(bytes.len() / 2);
    let mut at = start;
    while at < bytes.len() {
        let step = match width {
            Width::Two => two_bytes(bytes, at, order),
            Width::Four => four_bytes(bytes, at, order),
        };
        match step {
            Ok((c, end)) => {
                text.push(c);
                at = end;
            }
            Err((range, reason)) => {
                at = range.end;
                mend_decoded(&mut text, bytes, codec(width, order), range, reason, errors)?;
            }
        }
    }
    Ok(text)
}

/// The character that begins at a byte and where it ends; or which bytes are wrong, and how.
type Step = Result<(char, usize), (Range<usize>, &'static str)>;

fn two_bytes(bytes: &[u8], at: usize, order: ByteOrder) -> Step {
    let unit = |at: usize| {
        let pair = [*bytes.get(at)?, *bytes.get(at + 1)?];
        Some(if order == ByteOrder::Little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        })
    };
    let first = unit(at).ok_or((at..bytes.len(), "truncated data"))?;
    match first {
        0xdc00..=0xdfff => Err((at..at + 2, "illegal encoding")),
        0xd800..=0xdbff => {
            let second = unit(at + 2).ok_or((at..bytes.len(), "unexpected end of data"))?;
            let pair = char::decode_utf16([first, second])
                .next()
                .and_then(Result::ok);
            pair.map(|c| (c, at + 4))
                .ok_or((at..at + 2, "illegal UTF-16 surrogate"))
        }
        _ => Ok((
            char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER),
            at + 2,
        )),
    }
}

fn four_bytes(bytes: &[u8], at: usize, order: ByteOrder) -> Step {
    let Some(&unit) = bytes[at..].first_chunk::<4>() else {
        return Err((at..bytes.len(), "truncated data"));
    };
    let code = if order == ByteOrder::Little {
        u32::from_le_bytes(unit)
    } else {
        u32::from_be_bytes(unit)
    };
    let reason = match code {
        0xd800..=0xdfff => "code point in surrogate code point range(0xd800, 0xe000)",
        _ => "code point not in range(0x110000)",
    };
    char::from_u32(code)
        .map(|c| (c, at + 4))
        .ok_or((at..at + 4, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_round_trip_in_each_order() {
        for width in [Width::Two, Width::Four] {
            for order in [None, Some(ByteOrder::Little), Some(ByteOrder::Big)] {
                let bytes = encode("a🎉é", width, order);
                assert_eq!(
                    decode(&bytes, width, order, "strict").as_deref(),
                    Ok("a🎉é")
                );
            }
        }
        assert_eq!(encode("a", Width::Two, None), b"\xff\xfea\x00");
    }

    #[test]
    fn halves_of_pairs_are_errors() {
        let reason = |bytes: &[u8]| match decode(bytes, Width::Two, None, "strict") {
            Err(CodecError::Invalid { range, reason, .. }) => (range, reason),
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(b"\x00\xd8a\x00"), (0..2, "illegal UTF-16 surrogate"));
        assert_eq!(reason(b"\x00\xd8a"), (0..3, "unexpected end of data"));
        assert_eq!(reason(b"a\x00b"), (2..3, "truncated data"));
        assert_eq!(
            decode(
                b"\x00\x00\x11\x00a\x00\x00\x00",
                Width::Four,
                None,
                "replace"
            )
            .as_deref(),
            Ok("\u{fffd}a")
        );
    }
}
