//! `surrogateescape` without surrogates: bytes that mean nothing as private characters, and back.
//!
//! CPython decodes such a byte as a lone surrogate, which apy's texts cannot hold. Here byte 0xNN becomes the character U+10FFNN at the end
//! of the last private plane, so that names of files keep their bytes on the way through a program.

/// What the byte 0 would become.
const BASE: u32 = 0x0010_FF00;

/// The character that stands for a byte of 0x80 or more.
pub fn escaped(byte: u8) -> char {
    char::from_u32(BASE + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The byte that a character stands for, if it does.
pub fn byte_of(c: char) -> Option<u8> {
    let byte = u8::try_from((c as u32).checked_sub(BASE)?).ok()?;
    (byte >= 0x80).then_some(byte)
}

/// Bytes that should be UTF-8 as text.
pub fn to_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|&byte| escaped(byte)));
    }
    text
}

/// The bytes that `to_text` made a text of.
pub fn to_bytes(text: &str) -> Vec<u8> {
    if !text.contains(|c| byte_of(c).is_some()) {
        return text.as_bytes().to_vec();
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match byte_of(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_bytes() {
        for name in [
            &b"plain"[..],
            b"\xff\x80x",
            "é漢".as_bytes(),
            b"\xed\xa0\x80",
        ] {
            assert_eq!(to_bytes(&to_text(name)), name);
        }
    }
}
