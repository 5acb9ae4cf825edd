//! Decoding piece by piece: for streams.
//!
//! A sequence that is not complete is held back until the next piece. The byte order mark at the start is taken off once.

use super::{BOM, CodecError, Encoding, decode};
use crate::text::num::bytes::ByteOrder;

/// A decoder in the middle of a stream.
#[derive(Clone, Debug)]
pub struct Decoder {
    /// The encoding that it was made for.
    encoding: Encoding,
    /// The encoding of what follows: that without a mark, once the start was seen.
    current: Encoding,
    /// The start of a sequence.
    held: Vec<u8>,
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new(encoding: Encoding) -> Decoder {
        Decoder {
            encoding,
            current: encoding,
            held: Vec::new(),
        }
    }

    /// Bytes that are held back.
    pub fn held(&self) -> &[u8] {
        &self.held
    }

    /// The encoding of what follows.
    pub fn current(&self) -> Encoding {
        self.current
    }

    /// How many bytes an ASCII character takes.
    pub fn unit(&self) -> usize {
        match self.current {
            Encoding::Utf16(_) => 2,
            Encoding::Utf32(_) => 4,
            _ => 1,
        }
    }

    /// Begins again, at the start of a stream.
    pub fn reset(&mut self) {
        self.current = self.encoding;
        self.held.clear();
    }

    /// Begins again in the middle of a stream, where no mark stands.
    pub fn reset_inside(&mut self) {
        self.held.clear();
    }

    /// The text of the next piece; `last`: nothing follows.
    ///
    /// # Errors
    /// Bytes that mean nothing, at their places in what was held back and the piece together.
    pub fn decode(&mut self, piece: &[u8], errors: &str, last: bool) -> Result<String, CodecError> {
        if self.held.is_empty() && !self.has_mark() {
            return self.decode_all(piece, errors, last);
        }
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(piece);
        let Some(start) = self.skip_mark(&bytes, last) else {
            self.held = bytes;
            return Ok(String::new());
        };
        self.decode_all(&bytes[start..], errors, last)
    }

    fn has_mark(&self) -> bool {
        matches!(
            self.current,
            Encoding::Utf8Sig | Encoding::Utf16(None) | Encoding::Utf32(None)
        )
    }

    /// Where the text begins; None: it takes more bytes to tell.
    fn skip_mark(&mut self, bytes: &[u8], last: bool) -> Option<usize> {
        if !self.has_mark() {
            return Some(0);
        }
        let (mark, reversed, plain): (&[u8], &[u8], _) = match self.current {
            Encoding::Utf8Sig => (BOM, BOM, [Encoding::Utf8; 2]),
            Encoding::Utf16(_) => (
                b"\xff\xfe",
                b"\xfe\xff",
                [ByteOrder::Little, ByteOrder::Big].map(|order| Encoding::Utf16(Some(order))),
            ),
            _ => (
                b"\xff\xfe\0\0",
                b"\0\0\xfe\xff",
                [ByteOrder::Little, ByteOrder::Big].map(|order| Encoding::Utf32(Some(order))),
            ),
        };
        if bytes.is_empty() || (!last && bytes.len() < mark.len() && mark.starts_with(bytes)) {
            return None;
        }
        if bytes.starts_with(reversed) && reversed != mark {
            self.current = plain[1];
            return Some(reversed.len());
        }
        self.current = plain[0];
        Some(if bytes.starts_with(mark) {
            mark.len()
        } else {
            0
        })
    }

    fn decode_all(&mut self, bytes: &[u8], errors: &str, last: bool) -> Result<String, CodecError> {
        let end = match last {
            true => bytes.len(),
            false => bytes.len() - incomplete(bytes, self.current),
        };
        let text = decode(&bytes[..end], self.current, errors)?;
        self.held = bytes[end..].to_vec();
        Ok(text)
    }
}

/// How many bytes at the end are the start of a sequence that may go on.
fn incomplete(bytes: &[u8], encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Sig => {
            let lead = bytes.iter().rev().take(3).position(|&byte| byte >= 0xc0);
            let Some(back) = lead.map(|at| at + 1) else {
                return 0;
            };
            let tail = &bytes[bytes.len() - back..];
            match std::str::from_utf8(tail) {
                Err(error) if error.valid_up_to() == 0 && error.error_len().is_none() => back,
                _ => 0,
            }
        }
        Encoding::Utf16(order) => {
            let odd = bytes.len() % 2;
            let even = &bytes[..bytes.len() - odd];
            let high = even.last_chunk::<2>().is_some_and(|&unit| {
                let unit = match order {
                    Some(ByteOrder::Big) => u16::from_be_bytes(unit),
                    _ => u16::from_le_bytes(unit),
                };
                (0xd800..0xdc00).contains(&unit)
            });
            odd + if high { 2 } else { 0 }
        }
        Encoding::Utf32(_) => bytes.len() % 4,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_give_the_same_text() {
        let text = "aé漢🙂\u{feff}z";
        for encoding in [
            Encoding::Utf8,
            Encoding::Utf8Sig,
            Encoding::Utf16(None),
            Encoding::Utf32(Some(ByteOrder::Big)),
        ] {
            let bytes = super::super::encode(text, encoding, "strict").expect("has all of them");
            for size in 1..bytes.len() {
                let mut decoder = Decoder::new(encoding);
                let mut out = String::new();
                for piece in bytes.chunks(size) {
                    out += &decoder.decode(piece, "strict", false).expect("valid");
                }
                out += &decoder.decode(b"", "strict", true).expect("complete");
                assert_eq!(out, text, "{encoding:?} in pieces of {size}");
            }
        }
    }
}
