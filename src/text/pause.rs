//! How long work on plain data is interrupted: it pauses, and the pause may end it.
//!
//! Functions that go through a long text take a `Pause` and count the bytes that they handle in a `Work`, which pauses once in
//! some thousands of bytes. Those that map a text look at one of its `pieces` at a time. The pause is the heap's
//! (`Heap::pause`): it charges steps, hears Ctrl-C, and ends the work with `TextError::ended`.

use std::ops::Range;

use super::{TextError, TextResult};

/// What long work calls with the units of work done since the last call.
pub type Pause<'p> = dyn FnMut(u64) -> TextResult<()> + 'p;

/// Bytes between two pauses.
const PIECE: usize = 1 << 15;
/// Bytes that count as one unit of work.
const BYTES_OF_UNIT: usize = 16;

/// Counts bytes handled, and pauses after enough of them.
pub struct Work<'a, 'p> {
    done: usize,
    pause: &'a mut Pause<'p>,
}

impl<'a, 'p> Work<'a, 'p> {
    /// Nothing done yet.
    pub fn new(pause: &'a mut Pause<'p>) -> Self {
        Work { done: 0, pause }
    }

    /// So many bytes more.
    ///
    /// # Errors
    /// `TextError::ended`
    #[inline]
    pub fn bytes(&mut self, bytes: usize) -> TextResult<()> {
        self.done += bytes;
        if self.done < PIECE {
            return Ok(());
        }
        self.pause()
    }

    #[cold]
    fn pause(&mut self) -> TextResult<()> {
        let done = std::mem::take(&mut self.done);
        (self.pause)((done / BYTES_OF_UNIT) as u64)
    }

    /// Appends `count` times `item` to a text of known size, for which there is room.
    ///
    /// # Errors
    /// `TextError::ended`
    pub fn fill(&mut self, out: &mut String, item: &str, count: usize) -> TextResult<()> {
        let at_once = (PIECE / item.len().max(1)).max(1);
        let block = item.repeat(at_once.min(count));
        for _ in 0..count / at_once {
            out.push_str(&block);
            self.bytes(block.len())?;
        }
        out.push_str(&block[..count % at_once * item.len()]);
        Ok(())
    }

    /// The same for bytes.
    ///
    /// # Errors
    /// `TextError::ended`
    pub fn fill_bytes(&mut self, out: &mut Vec<u8>, item: &[u8], count: usize) -> TextResult<()> {
        let at_once = (PIECE / item.len().max(1)).max(1);
        let block = item.repeat(at_once.min(count));
        for _ in 0..count / at_once {
            out.extend_from_slice(&block);
            self.bytes(block.len())?;
        }
        out.extend_from_slice(&block[..count % at_once * item.len()]);
        Ok(())
    }
}

/// The pieces of a text in order; each ends between two characters.
pub fn pieces(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    std::iter::from_fn(move || {
        if start == text.len() {
            return None;
        }
        let mut end = text.len().min(start + PIECE);
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Some(std::mem::replace(&mut start, end)..end)
    })
}

/// `text` mapped piece by piece.
///
/// # Errors
/// `TextError::ended`, and MemoryError.
pub fn mapped(
    text: &str,
    map: impl Fn(&str, Range<usize>, &mut String),
    pause: &mut Pause<'_>,
) -> TextResult<String> {
    let mut out = String::new();
    if out.try_reserve_exact(text.len()).is_err() {
        return Err(TextError::memory());
    }
    let mut work = Work::new(pause);
    for piece in pieces(text) {
        let bytes = piece.len();
        // No mapping makes more than three characters of four bytes of one.
        if out.try_reserve(bytes * 12).is_err() {
            return Err(TextError::memory());
        }
        map(text, piece, &mut out);
        work.bytes(bytes)?;
    }
    Ok(out)
}

/// The pause of work that nothing interrupts.
///
/// # Errors
/// None.
pub fn unpaused(_: u64) -> TextResult<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_text() {
        for text in ["", "a", &"é".repeat(PIECE), &"aé😀".repeat(PIECE)] {
            let joined: String = pieces(text).map(|piece| &text[piece]).collect();
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn a_pause_ends_the_work() {
        let mut pauses = 0;
        let mut pause = |_| {
            pauses += 1;
            if pauses < 3 {
                Ok(())
            } else {
                Err(TextError::ended())
            }
        };
        let text = "a".repeat(PIECE * 9);
        let copy = |text: &str, piece: Range<usize>, out: &mut String| out.push_str(&text[piece]);
        assert_eq!(mapped(&text, copy, &mut pause), Err(TextError::ended()));
        assert_eq!(pauses, 3);
    }

    #[test]
    fn fills_are_repetitions() {
        for count in [0, 1, PIECE - 1, PIECE, PIECE * 2 + 5] {
            let (mut text, mut bytes) = (String::new(), Vec::new());
            let mut pause = unpaused;
            let mut work = Work::new(&mut pause);
            assert_eq!(work.fill(&mut text, "é", count), Ok(()));
            assert_eq!(work.fill_bytes(&mut bytes, b"xy", count), Ok(()));
            assert_eq!((text, bytes), ("é".repeat(count), b"xy".repeat(count)));
        }
    }
}
