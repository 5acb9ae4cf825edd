//! Where in the bytes a text stream stands: what `tell` returns.
//!
//! A text stream reads ahead. `Snapshot` keeps the bytes that its decoded text came from, so that the bytes of the characters that the
//! program has seen can be counted. That is exact for valid text; CPython's cookies of stateful decoders do not arise.

use super::text_codec::{Newline, TextDecoder};
use crate::text::codec::{Encoding, encode};

/// The bytes after the decoded text.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The bytes, those that the decoder holds back included.
    pub bytes: Vec<u8>,
    /// How many bytes at the start are a byte order mark.
    pub mark: usize,
}

impl Snapshot {
    /// How many bytes the first part of the text took.
    pub fn bytes_of(&self, text: &str, end: usize, decoder: &TextDecoder) -> usize {
        let encoding = decoder.codec.current();
        let plain = matches!(encoding, Encoding::Utf8 | Encoding::Utf8Sig);
        if plain && self.bytes.len() == self.mark + text.len() + decoder.held() {
            return if end == 0 { 0 } else { self.mark + end };
        }
        if end == 0 {
            return 0;
        }
        let mut at = self.mark;
        for c in text[..end].chars() {
            at += self.width(at, c, encoding, decoder);
        }
        at.min(self.bytes.len())
    }

    /// How many bytes at `at` became this character.
    fn width(&self, at: usize, c: char, encoding: Encoding, decoder: &TextDecoder) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let unit = decoder.codec.unit();
        if c == '\n' && decoder.lines.newline == Newline::Universal {
            let is = |place: usize, wanted: u8| {
                let place = rest.get(place * unit..(place + 1) * unit);
                place.is_some_and(|unit| {
                    unit.contains(&wanted) && unit.iter().filter(|&&byte| byte != 0).count() == 1
                })
            };
            if is(0, b'\r') && is(1, b'\n') {
                return 2 * unit;
            }
            return unit;
        }
        let encoding = match encoding {
            Encoding::Utf16(None) => {
                Encoding::Utf16(Some(crate::text::num::bytes::ByteOrder::Little))
            }
            Encoding::Utf8Sig => Encoding::Utf8,
            other => other,
        };
        let coded = encode(c.encode_utf8(&mut [0; 4]), encoding, "strict");
        match coded {
            Ok(coded) if rest.starts_with(&coded) => coded.len(),
            // The character stands for bytes that mean nothing.
            _ => invalid_width(rest, encoding),
        }
    }

    /// Drops the bytes of what was consumed.
    pub fn drop_front(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
        self.mark = self.mark.saturating_sub(count);
    }
}

fn invalid_width(rest: &[u8], encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => {
            let chunk = rest.utf8_chunks().next();
            chunk.map_or(1, |chunk| {
                if chunk.valid().is_empty() {
                    chunk.invalid().len().max(1)
                } else {
                    1
                }
            })
        }
        _ => 1,
    }
}
