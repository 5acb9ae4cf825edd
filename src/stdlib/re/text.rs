//! How the matcher reads texts: byte by byte where each character is one byte, else as UTF-8.
//!
//! Places are byte offsets in both; only the classes that programs see turn them into code points.

/// A way to read a text.
pub trait Text {
    /// The character at a place and the place after it. `at` is before the end.
    fn next(text: &[u8], at: usize) -> (u32, usize);
    /// The place before a place, which is not the start.
    fn back(text: &[u8], at: usize) -> usize;

    /// The place so many characters before a place; None where there are not so many.
    #[inline(always)]
    fn back_by(text: &[u8], mut at: usize, count: usize) -> Option<usize> {
        // Each character has a byte at least.
        if at < count {
            return None;
        }
        for _ in 0..count {
            if at == 0 {
                return None;
            }
            at = Self::back(text, at);
        }
        Some(at)
    }

    /// The character before a place, which is not the start.
    #[inline(always)]
    fn previous(text: &[u8], at: usize) -> u32 {
        Self::next(text, Self::back(text, at)).0
    }
}

/// Bytes, and strings that are all ASCII.
pub struct Narrow;

/// Other strings.
pub struct Utf8;

impl Text for Narrow {
    #[inline(always)]
    fn next(text: &[u8], at: usize) -> (u32, usize) {
        (u32::from(text[at]), at + 1)
    }

    #[inline(always)]
    fn back(_: &[u8], at: usize) -> usize {
        at - 1
    }

    #[inline(always)]
    fn back_by(_: &[u8], at: usize, count: usize) -> Option<usize> {
        at.checked_sub(count)
    }
}

impl Text for Utf8 {
    #[inline(always)]
    fn next(text: &[u8], at: usize) -> (u32, usize) {
        let first = text[at];
        if first < 0x80 {
            return (u32::from(first), at + 1);
        }
        let more = |i: usize| u32::from(text.get(at + i).copied().unwrap_or(0) & 0x3f);
        match first {
            0..0xe0 => (u32::from(first & 0x1f) << 6 | more(1), at + 2),
            0xe0..0xf0 => (
                u32::from(first & 0xf) << 12 | more(1) << 6 | more(2),
                at + 3,
            ),
            _ => {
                let high = u32::from(first & 7) << 18 | more(1) << 12;
                (high | more(2) << 6 | more(3), at + 4)
            }
        }
    }

    #[inline(always)]
    fn back(text: &[u8], at: usize) -> usize {
        let mut at = at - 1;
        while at > 0 && text[at] & 0xc0 == 0x80 {
            at -= 1;
        }
        at
    }
}
