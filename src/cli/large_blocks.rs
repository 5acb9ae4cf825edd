//! The sizes of the large blocks of memory that are in use: how large the largest is.
//!
//! Code that cannot fail may copy any object once, so what the allocator puts by (`reserve.rs`) must be as large as the largest block.
//! Blocks are counted by size class, four to each power of two; so what is said is at most a quarter too much. Small blocks are not
//! counted: `LEAST` is put by for them.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Blocks from this size on are counted.
pub(super) const LEAST: usize = 1 << 20;
/// How many size classes each power of two has, as a power of two.
const CLASSES: u32 = 2;
/// How many there are: the last begins below the largest size that the address space has.
const COUNT: usize = ((48 - LEAST.trailing_zeros()) << CLASSES) as usize;

/// How many large blocks of each size class are in use.
pub(super) struct LargeBlocks {
    counts: [AtomicU32; COUNT],
    /// One more than the class of the largest.
    end: AtomicUsize,
}

impl LargeBlocks {
    pub(super) const fn new() -> LargeBlocks {
        LargeBlocks {
            counts: [const { AtomicU32::new(0) }; COUNT],
            end: AtomicUsize::new(0),
        }
    }

    /// A block came into use.
    pub(super) fn add(&self, size: usize) {
        if size >= LEAST {
            let class = class_of(size);
            self.counts[class].fetch_add(1, Relaxed);
            self.end.fetch_max(class + 1, Relaxed);
        }
    }

    /// A block was freed.
    #[inline(always)]
    pub(super) fn remove(&self, size: usize) {
        if size >= LEAST {
            self.remove_large(size);
        }
    }

    #[cold]
    #[inline(never)]
    fn remove_large(&self, size: usize) {
        if self.counts[class_of(size)].fetch_sub(1, Relaxed) == 1 {
            let used = |count: &AtomicU32| count.load(Relaxed) > 0;
            let end = self.counts.iter().rposition(used);
            self.end.store(end.map_or(0, |class| class + 1), Relaxed);
        }
    }

    /// At least the size of the largest block; 0 if there are none.
    pub(super) fn largest(&self) -> usize {
        match self.end.load(Relaxed) {
            0 => 0,
            end => begin_of(end),
        }
    }
}

/// The size class of a block.
fn class_of(size: usize) -> usize {
    let power = size.ilog2();
    let part = (size >> (power - CLASSES)) & ((1 << CLASSES) - 1);
    let whole = ((power - LEAST.trailing_zeros()) << CLASSES) as usize;
    (whole + part).min(COUNT - 1)
}

/// The smallest size of a class.
fn begin_of(class: usize) -> usize {
    let (power, part) = (class >> CLASSES, class & ((1 << CLASSES) - 1));
    (LEAST + part * (LEAST >> CLASSES)) << power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_holds_sizes_up_to_the_beginning_of_the_next() {
        for size in [
            LEAST,
            LEAST + 1,
            LEAST * 5 / 4,
            3_000_000,
            99_999_999,
            1 << 40,
        ] {
            let class = class_of(size);
            assert!(begin_of(class) <= size && size < begin_of(class + 1));
        }
        assert_eq!(class_of(usize::MAX), COUNT - 1);
    }

    #[test]
    fn the_largest_block_is_known_after_others_came_and_went() {
        let blocks = LargeBlocks::new();
        assert_eq!(blocks.largest(), 0);
        for size in [LEAST - 1, 5 << 20, 9 << 20, 9 << 20] {
            blocks.add(size);
        }
        assert_eq!(blocks.largest(), 10 << 20);
        blocks.remove(9 << 20);
        assert_eq!(blocks.largest(), 10 << 20);
        blocks.remove(9 << 20);
        assert_eq!(blocks.largest(), 6 << 20);
        blocks.remove(5 << 20);
        assert_eq!(blocks.largest(), 0);
    }
}
