//! A search: what to look for, why it may end without a result, and the memory it works with (`matcher.rs` is the work itself).
//!
//! The memory is kept between searches, and from where a search stops for a signal to where it goes on.

use crate::runtime::Heap;

/// How many frames the stack may have: 384 MB.
pub const MAX_FRAMES: usize = 1 << 24;
/// A slot that was not saved.
pub const UNSET: usize = usize::MAX;

/// Why a search ended without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GaveUp {
    /// The stack was full.
    Memory,
    /// Something from outside ended it: the exception is pending.
    Outside,
    /// The program has a signal to handle: the same search with the same scratch memory goes on.
    Signal,
}

/// The kind of match to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A match anywhere.
    Search,
    /// A match that begins at the start.
    Match,
    /// A match of everything.
    Full,
}

/// A search.
#[derive(Clone, Copy)]
pub struct Search<'t> {
    /// Whom to ask now and then whether to go on.
    pub heap: &'t Heap,
    /// The text, up to where it counts as ended.
    pub text: &'t [u8],
    /// Where to begin.
    pub from: usize,
    /// The kind of match to look for.
    pub mode: Mode,
    /// A match that begins and ends where the search begins does not count.
    pub must_advance: bool,
}

/// A choice that is left, or a change to undo before it.
#[derive(Clone, Copy, Debug)]
pub enum Retry {
    /// Another instruction at a place.
    Choice { pc: u32, at: usize },
    /// A greedy repetition that may yet give back characters down to `least`.
    Greedy { pc: u32, least: usize, at: usize },
    /// A lazy repetition that may yet take `left` more characters.
    Lazy { pc: u32, left: u32, at: usize },
    /// A lazy loop that may yet run its body once more.
    Body { pc: u32, at: usize },
    /// A slot had another value.
    Slot { slot: u32, last: u32, old: usize },
    /// A loop had another count.
    Loop { id: u32, count: u32, last: usize },
}

/// The memory of a search; kept between searches.
#[derive(Default)]
pub struct Scratch {
    /// The choices that are left, and the changes, last first.
    pub stack: Vec<Retry>,
    /// Where groups begin and end; `UNSET` where they do not.
    pub slots: Vec<usize>,
    /// How often the body of each loop has matched, and where it began last.
    pub loops: Vec<(u32, usize)>,
    /// The height of the stack and the place where each guard was met.
    pub guards: Vec<(usize, usize)>,
    /// Where a match was tried when the search stopped for a signal, and how long the text was.
    pub stopped: Option<(usize, usize)>,
    /// The number of the group that was closed last; 0 for none.
    pub last: u32,
}
