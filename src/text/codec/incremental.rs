//! Decoding piece by piece: for streams.
//!
//! A sequence that is not complete is held back until the next piece. The byte order mark at the start is taken off once.

use super::{BOM, CodecError, Encoding, Fault, decode_from, handler};
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
        let mut text = String::with_capacity(bytes.len());
        let mut at = 0;
        self.held.clear();
        while let Err(fault) = decode_from(self.current, bytes, at, &mut text) {
            if !last && fault.range.end == bytes.len() && is_incomplete(&fault) {
                self.held = bytes[fault.range.start..].to_vec();
                break;
            }
            let (mended, resume) = handler::mend_decoding(errors, fault, self.current, bytes)?;
            text.push_str(&mended);
            at = resume;
        }
        Ok(text)
    }
}

/// Whether more bytes could make sense of it.
pub fn is_incomplete(fault: &Fault) -> bool {
    let reason = fault.reason.as_str();
    reason.starts_with("truncated ")
        || matches!(
            reason,
            "unexpected end of data"
                | "incomplete multibyte sequence"
                | "unterminated shift sequence"
                | "\\ at end of string"
                | "malformed \\N character escape"
        )
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
