//! UTF-16 and UTF-32: units of two or four bytes, in either order.
//!
//! The name of the codec says the byte order, or the mark at the start of the bytes does (`mark`).

use std::ops::Range;

use super::Fault;
use crate::text::num::bytes::ByteOrder;
use crate::text::surrogate;

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

/// The length of the byte order mark in front, and the order that it, or its absence, says.
pub fn mark(bytes: &[u8], width: Width) -> (usize, ByteOrder) {
    let little: &[u8] = match width {
        Width::Two => b"\xff\xfe",
        Width::Four => b"\xff\xfe\0\0",
    };
    let big: Vec<u8> = little.iter().rev().copied().collect();
    if bytes.starts_with(little) {
        (little.len(), ByteOrder::Little)
    } else if bytes.starts_with(&big) {
        (big.len(), ByteOrder::Big)
    } else {
        (0, ByteOrder::Little)
    }
}

/// Encodes; each surrogate is a fault.
pub fn encode(
    rest: &str,
    at: usize,
    width: Width,
    order: Option<ByteOrder>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    for (i, c) in rest.chars().enumerate() {
        if surrogate::is_surrogate(c) {
            let (name, range) = (codec_of(width, order), at + i..at + i + 1);
            return Err(Fault::new(name, range, "surrogates not allowed"));
        }
        match width {
            Width::Two => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|&unit| push(out, unit.to_le_bytes(), order)),
            Width::Four => push(out, u32::from(c).to_le_bytes(), order),
        }
    }
    Ok(())
}

fn codec_of(width: Width, order: Option<ByteOrder>) -> &'static str {
    match order {
        Some(order) => codec(width, order),
        None if width == Width::Two => "utf-16",
        None => "utf-32",
    }
}

fn push<const N: usize>(out: &mut Vec<u8>, mut unit: [u8; N], order: Option<ByteOrder>) {
    if order == Some(ByteOrder::Big) {
        unit.reverse();
    }
    out.extend(unit);
}

/// Decodes from byte `at` on.
pub fn decode(
    bytes: &[u8],
    mut at: usize,
    width: Width,
    order: Option<ByteOrder>,
    text: &mut String,
) -> Result<(), Fault> {
    let order = order.unwrap_or(ByteOrder::Little);
    while at < bytes.len() {
        let step = match width {
            Width::Two => two_bytes(bytes, at, order),
            Width::Four => four_bytes(bytes, at, order),
        };
        let (c, end) =
            step.map_err(|(range, reason)| Fault::new(codec(width, order), range, reason))?;
        text.push(c);
        at = end;
    }
    Ok(())
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
    use super::super::{CodecError, Encoding, decode, encode};

    #[test]
    fn texts_round_trip_in_each_order() {
        for name in [
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "utf-32",
            "utf-32-le",
            "utf-32-be",
        ] {
            let encoding = Encoding::named(name).expect("is known");
            let bytes = encode("a🎉é", encoding, "strict").expect("has all of them");
            assert_eq!(decode(&bytes, encoding, "strict").as_deref(), Ok("a🎉é"));
        }
        assert_eq!(
            encode("a", Encoding::Utf16(None), "strict"),
            Ok(b"\xff\xfea\x00".to_vec())
        );
    }

    #[test]
    fn halves_of_pairs_are_errors() {
        let reason = |bytes: &[u8]| match decode(bytes, Encoding::Utf16(None), "strict") {
            Err(CodecError::Invalid(fault)) => (fault.range, fault.reason),
            other => panic!("{other:?}"),
        };
        let said = |range, reason: &str| (range, reason.to_owned());
        assert_eq!(
            reason(b"\x00\xd8a\x00"),
            said(0..2, "illegal UTF-16 surrogate")
        );
        assert_eq!(reason(b"\x00\xd8a"), said(0..3, "unexpected end of data"));
        assert_eq!(reason(b"a\x00b"), said(2..3, "truncated data"));
        assert_eq!(
            decode(
                b"\x00\x00\x11\x00a\x00\x00\x00",
                Encoding::Utf32(None),
                "replace"
            )
            .as_deref(),
            Ok("\u{fffd}a")
        );
    }
}
