//! Text to bytes and back: `str.encode` and `bytes.decode`.
//!
//! Contract: CPython's errors with their exact ranges and reasons, and its error handlers. apy's texts hold no surrogates, so
//! the two handlers that make or read them (`surrogateescape`, `surrogatepass`) do not exist.
//! To add an encoding: a variant, its aliases in `Encoding::named`, an arm in `decode` and in `encode`.

pub mod escape;
mod incremental;
mod wide;

use std::fmt::Write;
use std::ops::Range;

use super::num::bytes::ByteOrder;
pub use incremental::Decoder;
use wide::Width;

/// How characters are written as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `utf-8`
    Utf8,
    /// `utf-8-sig`: with a byte order mark in front.
    Utf8Sig,
    /// `ascii`
    Ascii,
    /// `latin-1`: the first 256 code points.
    Latin1,
    /// `utf-16`, `utf-16-le`, `utf-16-be`: without an order, a byte order mark tells.
    Utf16(Option<ByteOrder>),
    /// `utf-32`, `utf-32-le`, `utf-32-be`
    Utf32(Option<ByteOrder>),
}

/// Why a conversion failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// No encoding has this name: LookupError.
    UnknownEncoding(String),
    /// No error handler has this name: LookupError. Names are looked at only when there is an error to handle.
    UnknownHandler(String),
    /// What stands at `range` (bytes, or code points when encoding) cannot be converted.
    Invalid {
        /// The codec's name in messages.
        codec: &'static str,
        /// Where: bytes of the input of `decode`, code points of that of `encode`.
        range: Range<usize>,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Encoding {
    /// The encoding that a program calls by this name.
    pub fn named(name: &str) -> Result<Encoding, CodecError> {
        let plain = name.to_ascii_lowercase().replace(['-', ' '], "_");
        Ok(match plain.as_str() {
            "utf_8" | "utf8" | "u8" | "utf" | "cp65001" => Encoding::Utf8,
            "utf_8_sig" => Encoding::Utf8Sig,
            "ascii" | "us_ascii" | "646" | "iso646_us" | "us" => Encoding::Ascii,
            "latin_1" | "latin1" | "latin" | "l1" | "iso_8859_1" | "iso8859_1" | "8859"
            | "cp819" => Encoding::Latin1,
            "utf_16" | "utf16" | "u16" => Encoding::Utf16(None),
            "utf_16_le" | "utf_16le" | "unicodelittleunmarked" => {
                Encoding::Utf16(Some(ByteOrder::Little))
            }
            "utf_16_be" | "utf_16be" | "unicodebigunmarked" => {
                Encoding::Utf16(Some(ByteOrder::Big))
            }
            "utf_32" | "utf32" | "u32" => Encoding::Utf32(None),
            "utf_32_le" | "utf_32le" => Encoding::Utf32(Some(ByteOrder::Little)),
            "utf_32_be" | "utf_32be" => Encoding::Utf32(Some(ByteOrder::Big)),
            _ => return Err(CodecError::UnknownEncoding(name.to_owned())),
        })
    }
}

/// `bytes.decode(encoding, errors)`
pub fn decode(bytes: &[u8], encoding: Encoding, errors: &str) -> Result<String, CodecError> {
    match encoding {
        Encoding::Utf8 => decode_utf8(bytes, errors),
        Encoding::Utf8Sig => decode_utf8(bytes.strip_prefix(BOM).unwrap_or(bytes), errors),
        Encoding::Ascii => decode_ascii(bytes, errors),
        Encoding::Latin1 => Ok(bytes.iter().map(|&byte| char::from(byte)).collect()),
        Encoding::Utf16(order) => wide::decode(bytes, Width::Two, order, errors),
        Encoding::Utf32(order) => wide::decode(bytes, Width::Four, order, errors),
    }
}

/// `str.encode(encoding, errors)`
pub fn encode(text: &str, encoding: Encoding, errors: &str) -> Result<Vec<u8>, CodecError> {
    match encoding {
        Encoding::Utf8 => Ok(text.into()),
        Encoding::Utf8Sig => Ok([BOM, text.as_bytes()].concat()),
        Encoding::Ascii if text.is_ascii() => Ok(text.into()),
        Encoding::Ascii => encode_below(text, &ASCII, errors),
        Encoding::Latin1 => encode_below(text, &LATIN_1, errors),
        Encoding::Utf16(order) => Ok(wide::encode(text, Width::Two, order)),
        Encoding::Utf32(order) => Ok(wide::encode(text, Width::Four, order)),
    }
}

const BOM: &[u8] = "\u{feff}".as_bytes();

/// An encoding of one byte a character.
struct Narrow {
    /// Its name in error messages.
    codec: &'static str,
    /// The last character that it has.
    last: char,
    /// What is wrong with the others.
    reason: &'static str,
}

const ASCII: Narrow = Narrow {
    codec: "ascii",
    last: '\u{7f}',
    reason: "ordinal not in range(128)",
};
const LATIN_1: Narrow = Narrow {
    codec: "latin-1",
    last: '\u{ff}',
    reason: "ordinal not in range(256)",
};

fn decode_utf8(bytes: &[u8], errors: &str) -> Result<String, CodecError> {
    let mut text = String::with_capacity(bytes.len());
    let mut at = 0;
    loop {
        let error = match std::str::from_utf8(&bytes[at..]) {
            Ok(rest) => {
                text.push_str(rest);
                return Ok(text);
            }
            Err(error) => error,
        };
        let start = at + error.valid_up_to();
        text.push_str(std::str::from_utf8(&bytes[at..start]).unwrap_or_default());
        let (end, reason) = match error.error_len() {
            None => (bytes.len(), "unexpected end of data"),
            Some(len) if matches!(bytes[start], 0x80..=0xc1 | 0xf5..) => {
                (start + len, "invalid start byte")
            }
            Some(len) => (start + len, "invalid continuation byte"),
        };
        mend_decoded(&mut text, bytes, "utf-8", start..end, reason, errors)?;
        at = end;
    }
}

fn decode_ascii(bytes: &[u8], errors: &str) -> Result<String, CodecError> {
    let mut text = String::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            mend_decoded(
                &mut text,
                bytes,
                ASCII.codec,
                at..at + 1,
                ASCII.reason,
                errors,
            )?;
        }
    }
    Ok(text)
}

/// What an error handler puts in place of bytes that mean nothing.
fn mend_decoded(
    text: &mut String,
    bytes: &[u8],
    codec: &'static str,
    range: Range<usize>,
    reason: &'static str,
    errors: &str,
) -> Result<(), CodecError> {
    match errors {
        "strict" => {
            return Err(CodecError::Invalid {
                codec,
                range,
                reason,
            });
        }
        "ignore" => {}
        "replace" => text.push(char::REPLACEMENT_CHARACTER),
        "backslashreplace" => {
            for byte in &bytes[range] {
                write!(text, "\\x{byte:02x}").expect("a string takes any text");
            }
        }
        other => return Err(CodecError::UnknownHandler(other.to_owned())),
    }
    Ok(())
}

/// Encodes in one byte a character.
fn encode_below(text: &str, narrow: &Narrow, errors: &str) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::with_capacity(text.len());
    let mut chars = text.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        if c <= narrow.last {
            out.push(c as u32 as u8);
            continue;
        }
        // Neighbours that cannot be encoded are one error.
        let mut bad = String::from(c);
        let mut end = at + 1;
        while let Some((_, c)) = chars.next_if(|(_, c)| *c > narrow.last) {
            bad.push(c);
            end += 1;
        }
        mend_encoded(&mut out, &bad, narrow, at..end, errors)?;
    }
    Ok(out)
}

/// What an error handler puts in place of characters that the encoding lacks.
fn mend_encoded(
    out: &mut Vec<u8>,
    bad: &str,
    narrow: &Narrow,
    range: Range<usize>,
    errors: &str,
) -> Result<(), CodecError> {
    let mut put =
        |show: &dyn Fn(char) -> String| bad.chars().for_each(|c| out.extend(show(c).into_bytes()));
    match errors {
        "strict" => {
            return Err(CodecError::Invalid {
                codec: narrow.codec,
                range,
                reason: narrow.reason,
            });
        }
        "ignore" => {}
        "replace" => put(&|_| "?".to_owned()),
        "backslashreplace" => put(&backslashed),
        "xmlcharrefreplace" => put(&|c| format!("&#{};", c as u32)),
        "namereplace" => put(&|c| match unicode_names2::name(c) {
            Some(name) => format!("\\N{{{name}}}"),
            None => backslashed(c),
        }),
        other => return Err(CodecError::UnknownHandler(other.to_owned())),
    }
    Ok(())
}

fn backslashed(c: char) -> String {
    match c as u32 {
        code @ 0..=0xff => format!("\\x{code:02x}"),
        code @ 0x100..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalid(codec: &'static str, range: Range<usize>, reason: &'static str) -> CodecError {
        CodecError::Invalid {
            codec,
            range,
            reason,
        }
    }

    #[test]
    fn decoding_errors_have_cpython_ranges() {
        let strict = |bytes: &[u8]| decode(bytes, Encoding::Utf8, "strict");
        assert_eq!(
            strict(b"a\xff"),
            Err(invalid("utf-8", 1..2, "invalid start byte"))
        );
        assert_eq!(
            strict(b"\xe2\x82"),
            Err(invalid("utf-8", 0..2, "unexpected end of data"))
        );
        assert_eq!(
            strict(b"\xe2\x82a"),
            Err(invalid("utf-8", 0..2, "invalid continuation byte"))
        );
        assert_eq!(
            strict(b"\xed\xa0\x80"),
            Err(invalid("utf-8", 0..1, "invalid continuation byte"))
        );
        assert_eq!(
            decode(b"a\xffb", Encoding::Utf8, "backslashreplace").as_deref(),
            Ok("a\\xffb")
        );
        assert_eq!(
            decode(b"\xef\xbb\xbfa", Encoding::Utf8Sig, "strict").as_deref(),
            Ok("a")
        );
        assert_eq!(
            decode(b"\xff", Encoding::Ascii, "odd"),
            Err(CodecError::UnknownHandler("odd".into()))
        );
    }

    #[test]
    fn encoding_errors_cover_runs() {
        let run = encode("aéè", Encoding::Ascii, "strict");
        assert_eq!(
            run,
            Err(invalid("ascii", 1..3, "ordinal not in range(128)"))
        );
        let handled = [
            "ignore",
            "replace",
            "backslashreplace",
            "xmlcharrefreplace",
            "namereplace",
        ]
        .map(|errors| encode("é€", Encoding::Ascii, errors).map(String::from_utf8));
        let expected = [
            "",
            "??",
            "\\xe9\\u20ac",
            "&#233;&#8364;",
            "\\N{LATIN SMALL LETTER E WITH ACUTE}\\N{EURO SIGN}",
        ];
        assert_eq!(handled, expected.map(|text| Ok(Ok(text.to_owned()))));
        assert_eq!(encode("é", Encoding::Latin1, "strict"), Ok(vec![0xe9]));
    }
}
