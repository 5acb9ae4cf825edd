//! From code points to bytes and back, in long texts that are not ASCII.
//!
//! Texts are UTF-8, positions are code points. Where a text is asked for positions again and again (a parser that walks through it by
//! index), counting from its beginning each time would take quadratic time. So where every `STRIDE`th code point begins is noted
//! once; what is left to count is less than that.

/// Code points from one note to the next.
const STRIDE: usize = 64;
/// Texts of fewer bytes than this are counted through each time.
const WORTH: usize = 256;

/// Where every `STRIDE`th code point of a text begins, in bytes.
#[derive(Debug, Default)]
pub struct Positions(Vec<u32>);

impl Positions {
    /// Whether a text of so many bytes and code points needs them.
    pub fn are_worth(bytes: usize, chars: usize) -> bool {
        bytes != chars && bytes >= WORTH
    }

    /// Those of a text.
    pub fn of(text: &str) -> Positions {
        let starts = text.char_indices().step_by(STRIDE);
        Positions(starts.map(|(at, _)| at as u32).collect())
    }

    /// What they take, in bytes.
    pub fn size(&self) -> usize {
        self.0.capacity() * size_of::<u32>()
    }

    /// The byte at which code point `index` of the text begins; the end of the text beyond the last.
    fn byte_of(&self, text: &str, index: usize) -> usize {
        let Some(&from) = self.0.get(index / STRIDE) else {
            return text.len();
        };
        let from = from as usize;
        match self.is_ascii(index / STRIDE) {
            true => from + index % STRIDE,
            false => from + nth_byte(&text[from..], index % STRIDE),
        }
    }

    /// Whether each byte from a note to the next is a character: most parts of a text that is mostly ASCII are such.
    fn is_ascii(&self, note: usize) -> bool {
        match self.0.get(note..note + 2) {
            Some(&[from, next]) => (next - from) as usize == STRIDE,
            _ => false,
        }
    }

    /// The index of the code point that begins at byte `at`.
    fn index_of(&self, text: &str, at: usize) -> usize {
        let note = self.0.partition_point(|&start| start as usize <= at);
        let note = note.saturating_sub(1);
        let from = self.0.get(note).map_or(0, |&from| from as usize);
        let after = match self.is_ascii(note) {
            true => at - from,
            false => text[from..at].chars().count(),
        };
        note * STRIDE + after
    }
}

/// Where code point `index` begins, counted from the front; the length beyond the last.
fn nth_byte(text: &str, index: usize) -> usize {
    let mut starts = text.char_indices();
    starts.nth(index).map_or(text.len(), |(at, _)| at)
}

/// A text and what is known of its positions.
#[derive(Clone, Copy, Debug)]
pub struct Indexed<'a> {
    text: &'a str,
    /// How many code points. Equal to the number of bytes exactly when the text is ASCII.
    len: usize,
    positions: Option<&'a Positions>,
}

impl<'a> Indexed<'a> {
    /// Counts the code points of `text`.
    pub fn new(text: &'a str) -> Self {
        Self::with_len(text, text.chars().count(), None)
    }

    /// A text whose number of code points is known, and its positions if they are.
    pub fn with_len(text: &'a str, len: usize, positions: Option<&'a Positions>) -> Self {
        debug_assert_eq!(len, text.chars().count());
        Self {
            text,
            len,
            positions,
        }
    }

    /// The text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The number of code points.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a length to compute with, not a collection"
    )]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether each byte is a character.
    pub fn is_ascii(&self) -> bool {
        self.len == self.text.len()
    }

    /// The byte at which code point `index` begins; the end of the text beyond the last.
    pub fn byte_of(&self, index: usize) -> usize {
        if index >= self.len {
            return self.text.len();
        }
        match self.positions {
            _ if self.is_ascii() => index,
            Some(positions) => positions.byte_of(self.text, index),
            None => nth_byte(self.text, index),
        }
    }

    /// The index of the code point that begins at byte `at`, which is in the text.
    pub fn index_of(&self, at: usize) -> usize {
        match self.positions {
            _ if self.is_ascii() => at,
            _ if at == self.text.len() => self.len,
            Some(positions) => positions.index_of(self.text, at),
            None => self.text[..at].chars().count(),
        }
    }

    /// The code points from `start` up to `end`, which is not before `start`.
    pub fn slice(&self, start: usize, end: usize) -> &'a str {
        let from = self.byte_of(start);
        let rest = &self.text[from..];
        if self.is_ascii() || self.positions.is_some() {
            return &rest[..self.byte_of(end) - from];
        }
        &rest[..nth_byte(rest, end - start)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_find_the_same_as_counting() {
        let mostly_ascii = format!("{}é", "a".repeat(150)).repeat(4);
        let mixed = ["é", "a漢🙂z", "abc\u{301}"].map(|unit| unit.repeat(150));
        for text in mixed.into_iter().chain([mostly_ascii]) {
            let positions = Positions::of(&text);
            let len = text.chars().count();
            let (plain, noted) = (
                Indexed::new(&text),
                Indexed::with_len(&text, len, Some(&positions)),
            );
            for index in 0..=len + 1 {
                assert_eq!(noted.byte_of(index), plain.byte_of(index));
                let at = noted.byte_of(index);
                assert_eq!(noted.index_of(at), plain.index_of(at));
                assert_eq!(noted.index_of(at), index.min(len));
                let end = (index + 70).min(len + 2);
                assert_eq!(noted.slice(index, end), plain.slice(index, end));
            }
        }
        assert_eq!(Positions::of("").byte_of("", 0), 0);
        assert!(Positions::are_worth(300, 200) && !Positions::are_worth(300, 300));
    }
}
