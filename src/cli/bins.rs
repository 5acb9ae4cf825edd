//! Small blocks of memory that were freed and are kept for the next request of their size.
//!
//! A collection frees thousands of small blocks at once, and what runs next asks for as many again. The system's allocator keeps seven
//! of a size at hand and merges, splits and sorts the rest, which was a tenth of the time of usual programs. So the main thread keeps
//! what it frees in lists by size, up to a bound; other threads keep nothing. Contract: every block of a size that has a list is
//! as large as the list's largest, whichever thread asks for it (`whole`); so any of them may be given for any request of the list.
//!
//! In builds with debug assertions nothing is kept, so that sanitizers see each block come and go.

#![expect(unsafe_code, reason = "a part of the allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;

/// How many sizes have a list: up to `16 * (LISTS - 1) + 8` bytes.
const LISTS: usize = 33;
/// The most that a list may keep, in bytes.
const MOST: usize = 1 << 17;
/// Stricter alignments than this go straight to the system.
const ALIGN: usize = 8;

/// The lists of a thread.
struct Bins([Bin; LISTS]);

/// Free blocks of one size, each beginning with the address of the next.
struct Bin {
    first: Cell<*mut u8>,
    /// How many more may be kept.
    room: Cell<usize>,
}

thread_local! {
    static BINS: Bins = const { Bins([const { Bin::new() }; LISTS]) };
}

impl Bin {
    const fn new() -> Bin {
        Bin {
            first: Cell::new(null_mut()),
            room: Cell::new(0),
        }
    }

    /// A block, if one is kept.
    #[inline(always)]
    fn take(&self) -> Option<*mut u8> {
        let first = self.first.get();
        if first.is_null() {
            return None;
        }
        // SAFETY: `keep` wrote the address of the next block there, and nothing has used the block since.
        self.first.set(unsafe { first.cast::<*mut u8>().read() });
        self.room.set(self.room.get() + 1);
        Some(first)
    }

    /// Keeps a block; false: there are enough.
    ///
    /// # Safety
    /// The block is free, has this list's size, and was allocated by `System`.
    #[inline(always)]
    unsafe fn keep(&self, at: *mut u8) -> bool {
        let room = self.room.get();
        if room == 0 {
            return false;
        }
        // SAFETY: the caller says that the block is free; it has eight bytes at least, and is aligned to eight.
        unsafe { at.cast::<*mut u8>().write(self.first.get()) };
        self.first.set(at);
        self.room.set(room - 1);
        true
    }
}

/// The number of the list for blocks of this layout.
#[inline(always)]
fn list_of(layout: Layout) -> Option<usize> {
    let list = list_for(layout.size());
    (list < LISTS && layout.align() <= ALIGN).then_some(list)
}

/// The number that a list for blocks of so many bytes has, if there is one.
#[inline(always)]
const fn list_for(size: usize) -> usize {
    (size + 7) >> 4
}

/// The largest size of a list: what the system's allocator can put beside its eight bytes in a multiple of 16.
const fn size_of_list(list: usize) -> usize {
    list * 16 + 8
}

/// The layout that the system is asked for: as large as the list's largest.
#[inline(always)]
pub(super) fn whole(layout: Layout) -> Layout {
    match list_of(layout) {
        // SAFETY: the size is small, and the alignment that of a layout.
        Some(list) => unsafe {
            Layout::from_size_align_unchecked(size_of_list(list), layout.align())
        },
        None => layout,
    }
}

/// A block that is kept, for a request.
#[inline(always)]
pub(super) fn take(layout: Layout) -> Option<*mut u8> {
    let list = list_of(layout)?;
    BINS.with(|bins| bins.0[list].take())
}

/// Keeps a block that is freed; false: it must go back to the system.
///
/// # Safety
/// It was allocated with this layout made `whole`, and nothing uses it any more.
#[inline(always)]
pub(super) unsafe fn keep(at: *mut u8, layout: Layout) -> bool {
    match list_of(layout) {
        // SAFETY: the caller's contract.
        Some(list) => BINS.with(|bins| unsafe { bins.0[list].keep(at) }),
        None => false,
    }
}

/// Whether a block of one layout does for the other as it is.
#[inline(always)]
pub(super) fn same_list(layout: Layout, size: usize) -> bool {
    let list = list_of(layout);
    list.is_some() && list == Some(list_for(size))
}

/// Lets this thread keep blocks.
pub(super) fn begin() {
    if cfg!(debug_assertions) {
        return;
    }
    BINS.with(|bins| {
        for (list, bin) in bins.0.iter().enumerate() {
            bin.room.set(MOST / size_of_list(list));
        }
    });
}

/// Frees the blocks that this thread keeps: the system has no memory left.
#[cold]
pub(super) fn give_back() {
    BINS.with(|bins| {
        for (list, bin) in bins.0.iter().enumerate() {
            while let Some(at) = bin.take() {
                // SAFETY: the block was allocated by `System` with this size, and is in no list any more.
                unsafe {
                    System.dealloc(
                        at,
                        Layout::from_size_align_unchecked(size_of_list(list), 16),
                    );
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).expect("a size far below the limit")
    }

    #[test]
    fn a_list_holds_sizes_that_its_largest_serves() {
        for size in 1..600 {
            match list_of(layout(size)) {
                Some(list) => {
                    assert!(size <= size_of_list(list) && size_of_list(list) < size + 16);
                    assert_eq!(whole(layout(size)).size(), size_of_list(list));
                    assert!(size_of_list(list) >= size_of::<*mut u8>());
                }
                None => assert_eq!(whole(layout(size)), layout(size)),
            }
        }
        assert_eq!(
            list_of(Layout::from_size_align(32, 64).expect("valid")),
            None
        );
        assert!(same_list(layout(30), 40) && !same_list(layout(30), 41));
        assert!(!same_list(layout(9000), 9000));
    }

    #[test]
    fn blocks_come_back_last_first_and_no_more_than_there_is_room_for() {
        let bin = Bin::new();
        let mut blocks = [[0u64; 3]; 3];
        let [a, b, c] = blocks
            .each_mut()
            .map(|block| block.as_mut_ptr().cast::<u8>());
        // SAFETY: the blocks are free memory of 24 bytes, and none is given to `System`.
        unsafe {
            assert!(!bin.keep(a));
            bin.room.set(2);
            assert!(bin.keep(a) && bin.keep(b) && !bin.keep(c));
        }
        assert_eq!(bin.take(), Some(b));
        assert_eq!(bin.take(), Some(a));
        assert_eq!(bin.take(), None);
        assert_eq!(bin.room.get(), 2);
    }
}
