//! Surrogates: code points that Python's strings may hold and Rust's may not.
//!
//! A string is UTF-8 here, so the 2,048 code points U+D800 to U+DFFF are held as U+DD800 to U+DDFFF, which Unicode assigns to nothing.
//! Contract: where a character becomes a number or is written as bytes it goes through `code_point`, where a number becomes a
//! character through `character`. Everything else needs to know nothing: a stand-in is one character, and no letter.

/// What is added to a surrogate.
const SHIFT: u32 = 0xD_0000;

/// The character for a code point up to U+10FFFF.
pub fn character(code: u32) -> Option<char> {
    match code {
        0xD800..0xE000 => char::from_u32(code + SHIFT),
        _ => char::from_u32(code),
    }
}

/// The code point that a character is, or stands for.
#[inline]
pub fn code_point(c: char) -> u32 {
    if is_surrogate(c) {
        u32::from(c) - SHIFT
    } else {
        u32::from(c)
    }
}

/// Whether a character stands for a surrogate.
#[inline]
pub fn is_surrogate(c: char) -> bool {
    ('\u{dd800}'..='\u{ddfff}').contains(&c)
}

/// The same for a number that may be one of a stand-in.
pub fn of(code: u32) -> u32 {
    char::from_u32(code).map_or(code, code_point)
}

/// The characters from one to another, as ranges of numbers: those for surrogates stand elsewhere than their code points.
pub fn range(lo: u32, hi: u32) -> impl Iterator<Item = (u32, u32)> {
    let (lo, hi) = (of(lo), of(hi));
    let parts = [
        (0, 0xD7FF, 0),
        (0xD800, 0xDFFF, SHIFT),
        (0xE000, 0xD_D7FF, 0),
        (0xD_E000, u32::MAX - SHIFT, 0),
    ];
    parts.into_iter().filter_map(move |(first, last, shift)| {
        let (lo, hi) = (lo.max(first), hi.min(last));
        (lo <= hi).then_some((lo + shift, hi + shift))
    })
}

/// Where the first surrogate of a text stands, in bytes.
pub fn find(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    // In UTF-8 a stand-in is F3 9D A0..BF and one byte more.
    memchr::memchr_iter(0xF3, bytes).find(|&at| bytes[at + 1] == 0x9D && bytes[at + 2] >= 0xA0)
}

/// The surrogate that stands for a byte of 0x80 or more under `surrogateescape`.
pub fn of_byte(byte: u8) -> char {
    character(0xDC00 + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The byte that a character stands for under `surrogateescape`.
pub fn byte_of(c: char) -> Option<u8> {
    let byte = u8::try_from(code_point(c).checked_sub(0xDC00)?).ok()?;
    (byte >= 0x80).then_some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_point_is_one_character() {
        for code in [0, 0x41, 0xD7FF, 0xD800, 0xDC80, 0xDFFF, 0xE000, 0x10_FFFF] {
            assert_eq!(character(code).map(code_point), Some(code));
        }
        assert_eq!(character(0x11_0000), None);
    }

    #[test]
    fn ranges_are_those_of_code_points() {
        let parts = |lo, hi| range(lo, hi).collect::<Vec<_>>();
        assert_eq!(parts(0x41, 0x5A), [(0x41, 0x5A)]);
        assert_eq!(parts(0xD_D800, 0xD_D900), [(0xD_D800, 0xD_D900)]);
        let around = [(0xD7FF, 0xD7FF), (0xD_D800, 0xD_DFFF), (0xE000, 0xE001)];
        assert_eq!(parts(0xD7FF, 0xE001), around);
        let across = [(0x1_F000, 0xD_D7FF), (0xD_E000, 0x10_FFFF)];
        assert_eq!(parts(0x1_F000, 0x10_FFFF), across);
    }

    #[test]
    fn surrogates_are_found() {
        let half = character(0xDFFF).expect("is a code point");
        assert_eq!(find(&format!("é\u{dd7ff}\u{de000}{half}")), Some(10));
        assert_eq!(find("é\u{dd7ff}\u{de000}\u{c0000}"), None);
        assert_eq!(byte_of(of_byte(0xFF)), Some(0xFF));
        assert_eq!(byte_of(half), None);
    }
}
