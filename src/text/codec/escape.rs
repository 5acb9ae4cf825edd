//! Names of the system as texts: UTF-8, and a surrogate for each byte that is none (`surrogateescape`).
//!
//! So names of files keep their bytes on the way through a program.

use crate::text::surrogate;

/// Bytes that should be UTF-8 as text.
pub fn to_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().copied().map(surrogate::of_byte));
    }
    text
}

/// The bytes that `to_text` made a text of.
pub fn to_bytes(text: &str) -> Vec<u8> {
    if surrogate::find(text).is_none() {
        return text.as_bytes().to_vec();
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match surrogate::byte_of(c) {
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
