//! The error handlers that exist without being registered: `strict`, `ignore`, `replace`, `backslashreplace`, `xmlcharrefreplace`,
//! `namereplace`, `surrogateescape`, `surrogatepass`.
//!
//! A handler gets a fault and says what stands in its place; decoding goes on where it says, encoding after the fault.

use std::fmt::Write;

use super::{CodecError, Encoding, Fault, encode_from, slice};
use crate::text::num::bytes::ByteOrder;
use crate::text::surrogate;

/// What stands in place of characters that cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mended {
    /// A text, to be encoded in turn; the fault that it stands for is raised where that fails.
    Text(String, Fault),
    /// Bytes as they are.
    Bytes(Vec<u8>),
}

impl Mended {
    /// Appends it.
    ///
    /// # Errors
    /// The original fault, if the replacement cannot be encoded either.
    pub fn put(self, encoding: Encoding, _text: &str, out: &mut Vec<u8>) -> Result<(), CodecError> {
        match self {
            Mended::Bytes(bytes) => out.extend_from_slice(&bytes),
            Mended::Text(text, fault) => {
                encode_from(encoding, &text, 0, out).map_err(|_| CodecError::Invalid(fault))?;
            }
        }
        Ok(())
    }
}

/// What a builtin handler puts in place of bytes that mean nothing, and where decoding goes on.
pub fn mend_decoding(
    errors: &str,
    fault: Fault,
    encoding: Encoding,
    bytes: &[u8],
) -> Result<(String, usize), CodecError> {
    let end = fault.range.end;
    let bad = &bytes[fault.range.clone()];
    match errors {
        "strict" => Err(CodecError::Invalid(fault)),
        "ignore" => Ok((String::new(), end)),
        "replace" => Ok((char::REPLACEMENT_CHARACTER.to_string(), end)),
        "backslashreplace" => {
            let mut text = String::new();
            for byte in bad {
                write!(text, "\\x{byte:02x}").expect("a string takes any text");
            }
            Ok((text, end))
        }
        "surrogateescape" => {
            let high = bad.iter().take(4).take_while(|byte| !byte.is_ascii());
            let text: String = high.copied().map(surrogate::of_byte).collect();
            if text.is_empty() {
                return Err(CodecError::Invalid(fault));
            }
            let end = fault.range.start + text.chars().count();
            Ok((text, end))
        }
        "surrogatepass" => match passed(encoding, bytes, fault.range.start) {
            Some((c, len)) => Ok((c.to_string(), fault.range.start + len)),
            None => Err(CodecError::Invalid(fault)),
        },
        "xmlcharrefreplace" | "namereplace" => {
            Err(CodecError::WrongDirection("UnicodeDecodeError"))
        }
        other => Err(CodecError::UnknownHandler(other.to_owned())),
    }
}

/// The surrogate that is encoded at a byte, and its length.
fn passed(encoding: Encoding, bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let rest = &bytes[at..];
    let code = match encoding {
        Encoding::Utf8 | Encoding::Utf8Sig => {
            let [a, b, c] = *rest.first_chunk::<3>()?;
            if a & 0xf0 != 0xe0 || b & 0xc0 != 0x80 || c & 0xc0 != 0x80 {
                return None;
            }
            (u32::from(a & 0xf) << 12) | (u32::from(b & 0x3f) << 6) | u32::from(c & 0x3f)
        }
        Encoding::Utf16(Some(ByteOrder::Big)) => {
            u32::from(u16::from_be_bytes(*rest.first_chunk()?))
        }
        Encoding::Utf16(_) => u32::from(u16::from_le_bytes(*rest.first_chunk()?)),
        Encoding::Utf32(Some(ByteOrder::Big)) => u32::from_be_bytes(*rest.first_chunk()?),
        Encoding::Utf32(_) => u32::from_le_bytes(*rest.first_chunk()?),
        _ => return None,
    };
    let len = match encoding {
        Encoding::Utf16(_) => 2,
        Encoding::Utf32(_) => 4,
        _ => 3,
    };
    let c = surrogate::character(code).filter(|&c| surrogate::is_surrogate(c))?;
    Some((c, len))
}

/// What a builtin handler puts in place of characters that the encoding lacks.
pub fn mend_encoding(
    errors: &str,
    fault: Fault,
    encoding: Encoding,
    text: &str,
) -> Result<Mended, CodecError> {
    let bad = slice(text, &fault.range);
    let shown = |show: &dyn Fn(char) -> String| bad.chars().map(show).collect::<String>();
    let shown = match errors {
        "strict" => return Err(CodecError::Invalid(fault)),
        "ignore" => return Ok(Mended::Bytes(Vec::new())),
        "replace" => shown(&|_| "?".to_owned()),
        "backslashreplace" => shown(&backslashed),
        "xmlcharrefreplace" => shown(&|c| format!("&#{};", surrogate::code_point(c))),
        "namereplace" => shown(&|c| match unicode_names2::name(c) {
            Some(name) => format!("\\N{{{name}}}"),
            None => backslashed(c),
        }),
        "surrogateescape" => {
            let bytes: Option<Vec<u8>> = bad.chars().map(surrogate::byte_of).collect();
            return bytes.map(Mended::Bytes).ok_or(CodecError::Invalid(fault));
        }
        "surrogatepass" => {
            let bytes: Option<Vec<Vec<u8>>> = bad.chars().map(|c| pass(encoding, c)).collect();
            let bytes = bytes.map(|bytes| bytes.concat());
            return bytes.map(Mended::Bytes).ok_or(CodecError::Invalid(fault));
        }
        other => return Err(CodecError::UnknownHandler(other.to_owned())),
    };
    Ok(Mended::Text(shown, fault))
}

/// A surrogate as bytes.
fn pass(encoding: Encoding, c: char) -> Option<Vec<u8>> {
    if !surrogate::is_surrogate(c) {
        return None;
    }
    let code = surrogate::code_point(c);
    Some(match encoding {
        Encoding::Utf8 | Encoding::Utf8Sig => vec![
            0xe0 | (code >> 12) as u8,
            0x80 | (code >> 6 & 0x3f) as u8,
            0x80 | (code & 0x3f) as u8,
        ],
        Encoding::Utf16(Some(ByteOrder::Big)) => (code as u16).to_be_bytes().to_vec(),
        Encoding::Utf16(_) => (code as u16).to_le_bytes().to_vec(),
        Encoding::Utf32(Some(ByteOrder::Big)) => code.to_be_bytes().to_vec(),
        Encoding::Utf32(_) => code.to_le_bytes().to_vec(),
        _ => return None,
    })
}

/// A character as a backslash escape.
pub fn backslashed(c: char) -> String {
    match surrogate::code_point(c) {
        code @ 0..=0xff => format!("\\x{code:02x}"),
        code @ 0x100..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}
