//! Text to bytes and back: what is under `str.encode`, `bytes.decode`, files and the module `codecs`.
//!
//! A codec runs until a `Fault`: something that it cannot convert, with CPython's range and reason. An error handler says what stands
//! in its place and where to go on: the builtin ones are in `handler.rs`, those of the program in `stdlib/codecs`. To add an
//! encoding: a variant, its names in `names.rs`, an arm in `decode_from` and in `encode_from`.

mod charmaps;
pub mod escape;
pub mod escapes;
pub mod handler;
mod incremental;
mod multibyte;
mod names;
mod narrow;
pub mod puny;
mod utf7;
mod utf8;
mod wide;

use std::ops::Range;

use super::TextResult;
use super::num::bytes::ByteOrder;
use super::pause::{Pause, Work, pieces};
pub use charmaps::Charmap;
pub use handler::Mended;
pub use incremental::{Decoder, is_incomplete};
pub use multibyte::Multibyte;
pub use names::normalized;
use wide::Width;

/// How characters are written as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `utf-8`
    Utf8,
    /// `utf-8-sig`: with a byte order mark in front.
    Utf8Sig,
    /// `utf-7`
    Utf7,
    /// `ascii`
    Ascii,
    /// `latin-1`: the first 256 code points.
    Latin1,
    /// `utf-16`, `utf-16-le`, `utf-16-be`: without an order, a byte order mark tells.
    Utf16(Option<ByteOrder>),
    /// `utf-32`, `utf-32-le`, `utf-32-be`
    Utf32(Option<ByteOrder>),
    /// One byte a character, by a table: `cp1252`, `koi8-r` ...
    Charmap(&'static Charmap),
    /// One or more bytes a character, by the tables of a crate: `gbk`, `shift_jis` ...
    Multibyte(&'static Multibyte),
    /// `unicode_escape`: as in a string literal.
    UnicodeEscape,
    /// `raw_unicode_escape`: as in a raw literal of old.
    RawUnicodeEscape,
    /// `punycode`
    Punycode,
    /// `idna`: names of hosts.
    Idna,
}

/// What a codec cannot convert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The codec's name in messages.
    pub codec: &'static str,
    /// Where: bytes of the input of `decode`, code points of that of `encode`.
    pub range: Range<usize>,
    /// What is wrong with it.
    pub reason: String,
}

/// Why a conversion failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// No encoding has this name: LookupError.
    UnknownEncoding(String),
    /// No error handler has this name: LookupError. Names are looked at only when there is an error to handle.
    UnknownHandler(String),
    /// The handler is not for this direction: TypeError.
    WrongDirection(&'static str),
    /// What the fault says.
    Invalid(Fault),
}

impl Fault {
    fn new(codec: &'static str, range: Range<usize>, reason: impl Into<String>) -> Fault {
        Fault {
            codec,
            range,
            reason: reason.into(),
        }
    }
}

impl Encoding {
    /// The encoding that a program calls by this name.
    pub fn named(name: &str) -> Result<Encoding, CodecError> {
        names::find(name).ok_or_else(|| CodecError::UnknownEncoding(name.to_owned()))
    }

    /// The codec's own name, as `codecs.lookup(..).name` has it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf8Sig => "utf-8-sig",
            Encoding::Utf7 => "utf-7",
            Encoding::Ascii => "ascii",
            Encoding::Latin1 => "iso8859-1",
            Encoding::Utf16(None) => "utf-16",
            Encoding::Utf16(Some(ByteOrder::Little)) => "utf-16-le",
            Encoding::Utf16(Some(ByteOrder::Big)) => "utf-16-be",
            Encoding::Utf32(None) => "utf-32",
            Encoding::Utf32(Some(ByteOrder::Little)) => "utf-32-le",
            Encoding::Utf32(Some(ByteOrder::Big)) => "utf-32-be",
            Encoding::Charmap(map) => map.name,
            Encoding::Multibyte(multibyte) => multibyte.name,
            Encoding::UnicodeEscape => "unicode-escape",
            Encoding::RawUnicodeEscape => "raw-unicode-escape",
            Encoding::Punycode => "punycode",
            Encoding::Idna => "idna",
        }
    }

    /// The byte order mark in front of these bytes, and the encoding of what follows.
    pub fn without_mark(self, bytes: &[u8]) -> (usize, Encoding) {
        match self {
            Encoding::Utf8Sig if bytes.starts_with(BOM) => (BOM.len(), Encoding::Utf8),
            Encoding::Utf8Sig => (0, Encoding::Utf8),
            Encoding::Utf16(None) => {
                let (len, order) = wide::mark(bytes, Width::Two);
                (len, Encoding::Utf16(Some(order)))
            }
            Encoding::Utf32(None) => {
                let (len, order) = wide::mark(bytes, Width::Four);
                (len, Encoding::Utf32(Some(order)))
            }
            other => (0, other),
        }
    }

    /// The byte order mark that encoding begins with; what follows is little-endian.
    pub fn mark(self) -> &'static [u8] {
        match self {
            Encoding::Utf8Sig => BOM,
            Encoding::Utf16(None) => b"\xff\xfe",
            Encoding::Utf32(None) => b"\xff\xfe\0\0",
            _ => b"",
        }
    }
}

/// Decodes from byte `at` on until the end or a fault. The encoding has no byte order mark left to read (`without_mark`).
pub fn decode_from(
    encoding: Encoding,
    bytes: &[u8],
    at: usize,
    text: &mut String,
) -> Result<(), Fault> {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Sig => utf8::decode(bytes, at, text),
        Encoding::Utf7 => utf7::decode(bytes, at, text),
        Encoding::Ascii => narrow::decode_ascii(bytes, at, text),
        Encoding::Latin1 => {
            text.extend(bytes[at..].iter().map(|&byte| char::from(byte)));
            Ok(())
        }
        Encoding::Utf16(order) => wide::decode(bytes, at, Width::Two, order, text),
        Encoding::Utf32(order) => wide::decode(bytes, at, Width::Four, order, text),
        Encoding::Charmap(map) => narrow::decode_charmap(bytes, at, map, text),
        Encoding::Multibyte(multibyte) => multibyte.decode(bytes, at, text),
        Encoding::UnicodeEscape => escapes::decode(bytes, at, escapes::Style::Full, text),
        Encoding::RawUnicodeEscape => escapes::decode(bytes, at, escapes::Style::Raw, text),
        Encoding::Punycode => puny::decode(bytes, at, text),
        Encoding::Idna => puny::decode_idna(bytes, at, text),
    }
}

impl Encoding {
    /// As many bytes as a text has in this encoding, unless it lacks characters of it.
    pub fn most_bytes(self, text: &str) -> usize {
        let mark = self.mark().len();
        let widest = match self {
            Encoding::Utf16(_) => 2 * text.chars().count().saturating_add(text.len() / 4),
            Encoding::Utf32(_) => 4 * text.chars().count(),
            Encoding::UnicodeEscape | Encoding::RawUnicodeEscape if !text.is_ascii() => {
                text.len().saturating_mul(3)
            }
            Encoding::Utf7 => text.len().saturating_mul(3),
            _ => text.len(),
        };
        widest.saturating_add(mark)
    }
}

/// `encode_from` of a whole text, in pieces where what stands for a character does not depend on those before it.
///
/// # Errors
/// `TextError::ended`; the fault is the inner result.
pub fn encode_paused(
    encoding: Encoding,
    text: &str,
    out: &mut Vec<u8>,
    pause: &mut Pause<'_>,
) -> TextResult<Result<(), Fault>> {
    let is_whole = matches!(
        encoding,
        Encoding::Utf8 | Encoding::Utf8Sig | Encoding::Utf7 | Encoding::Punycode | Encoding::Idna
    );
    if is_whole {
        return Ok(encode_from(encoding, text, 0, out));
    }
    let (mut work, mut at) = (Work::new(pause), 0);
    for piece in pieces(text) {
        let part = &text[piece];
        if let Err(fault) = encode_from(encoding, part, at, out) {
            let is_at_end = fault.range.end == at + part.chars().count();
            // A fault may go on in the next piece.
            return Ok(Err(match is_at_end {
                true => encode_from(encoding, skip(text, at), at, &mut Vec::new())
                    .err()
                    .unwrap_or(fault),
                false => fault,
            }));
        }
        at += part.chars().count();
        work.bytes(part.len())?;
    }
    Ok(Ok(()))
}

/// Encodes `rest`, which begins at code point `at` of the text, until the end or a fault. The byte order mark is the caller's.
pub fn encode_from(
    encoding: Encoding,
    rest: &str,
    at: usize,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Sig => utf8::encode(rest, at, out),
        Encoding::Utf7 => {
            utf7::encode(rest, out);
            Ok(())
        }
        Encoding::Ascii => narrow::encode_below(rest, at, &narrow::ASCII, out),
        Encoding::Latin1 => narrow::encode_below(rest, at, &narrow::LATIN_1, out),
        Encoding::Utf16(order) => wide::encode(rest, at, Width::Two, order, out),
        Encoding::Utf32(order) => wide::encode(rest, at, Width::Four, order, out),
        Encoding::Charmap(map) => narrow::encode_charmap(rest, at, map, out),
        Encoding::Multibyte(multibyte) => multibyte.encode(rest, at, out),
        Encoding::UnicodeEscape => {
            escapes::encode(rest, escapes::Style::Full, out);
            Ok(())
        }
        Encoding::RawUnicodeEscape => {
            escapes::encode(rest, escapes::Style::Raw, out);
            Ok(())
        }
        Encoding::Punycode => {
            puny::encode(rest, out);
            Ok(())
        }
        Encoding::Idna => puny::encode_idna(rest, at, out),
    }
}

/// `bytes.decode(encoding, errors)` with a builtin error handler.
pub fn decode(bytes: &[u8], encoding: Encoding, errors: &str) -> Result<String, CodecError> {
    let (mut at, encoding) = encoding.without_mark(bytes);
    let mut text = String::with_capacity(bytes.len());
    while let Err(fault) = decode_from(encoding, bytes, at, &mut text) {
        let (mended, resume) = handler::mend_decoding(errors, fault, encoding, bytes)?;
        text.push_str(&mended);
        at = resume;
    }
    Ok(text)
}

/// `str.encode(encoding, errors)` with a builtin error handler.
pub fn encode(text: &str, encoding: Encoding, errors: &str) -> Result<Vec<u8>, CodecError> {
    let mark = encoding.mark();
    let mut out = Vec::with_capacity(mark.len() + text.len());
    out.extend_from_slice(mark);
    let (mut rest, mut at) = (text, 0);
    while let Err(fault) = encode_from(encoding, rest, at, &mut out) {
        let resume = fault.range.end;
        let mended = handler::mend_encoding(errors, fault, encoding, text)?;
        mended.put(encoding, text, &mut out)?;
        rest = skip(rest, resume - at);
        at = resume;
    }
    Ok(out)
}

/// A text without its first `count` code points.
pub fn skip(text: &str, count: usize) -> &str {
    let start = text.char_indices().nth(count);
    start.map_or("", |(start, _)| &text[start..])
}

/// The code points of a range of a text.
pub fn slice(text: &str, range: &Range<usize>) -> String {
    text.chars()
        .skip(range.start)
        .take(range.end.saturating_sub(range.start))
        .collect()
}

const BOM: &[u8] = "\u{feff}".as_bytes();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::surrogate;

    fn invalid(codec: &'static str, range: Range<usize>, reason: &str) -> CodecError {
        CodecError::Invalid(Fault::new(codec, range, reason))
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

    #[test]
    fn surrogates_pass_where_a_handler_lets_them() {
        let half = surrogate::character(0xD800)
            .expect("a code point")
            .to_string();
        for encoding in ["utf-8", "utf-16-le", "utf-32-be"] {
            let encoding = Encoding::named(encoding).expect("is known");
            assert!(encode(&half, encoding, "strict").is_err());
            let bytes = encode(&half, encoding, "surrogatepass").expect("passes");
            assert_eq!(decode(&bytes, encoding, "surrogatepass"), Ok(half.clone()));
        }
        let text = decode(b"a\xff", Encoding::Ascii, "surrogateescape").expect("escapes");
        assert_eq!(
            encode(&text, Encoding::Utf8, "surrogateescape"),
            Ok(b"a\xff".to_vec())
        );
    }
}
