//! Slice objects, and what they select in a sequence.
//!
//! `Selection` is what a slice means for a sequence of a certain length: the first index, the step, how many. Every sequence
//! type slices by it.

use std::ops::Range;

use super::heap::{Slot, traced};

/// `slice(start, stop, step)`: any values, None where omitted.
pub struct Slice {
    /// Where it begins.
    pub start: Slot,
    /// Where it ends, exclusive.
    pub stop: Slot,
    /// The stride.
    pub step: Slot,
}

traced!(Slice { start, stop, step });

/// A slice applied to a sequence: `count` positions from `start` on, `step` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The first position; within the sequence unless `count` is 0.
    pub start: i64,
    /// The end after clipping (needed where an extended slice is assigned to).
    pub stop: i64,
    /// The stride, not zero.
    pub step: i64,
    /// How many positions.
    pub count: usize,
}

impl Selection {
    /// Clips slice bounds to a sequence of `len` items, as CPython's `PySlice_AdjustIndices`.
    pub fn new(start: Option<i64>, stop: Option<i64>, step: i64, len: usize) -> Selection {
        let len = len as i64;
        let (low, high) = if step < 0 { (-1, len - 1) } else { (0, len) };
        let clip = |bound: i64| {
            if bound < 0 {
                (bound.saturating_add(len)).max(low)
            } else {
                bound.min(high)
            }
        };
        let start = start.map_or(if step < 0 { high } else { low }, clip);
        let stop = stop.map_or(if step < 0 { low } else { high }, clip);
        let count = if step < 0 {
            if stop < start {
                (start - stop - 1) / -step.max(-i64::MAX) + 1
            } else {
                0
            }
        } else if start < stop {
            (stop - start - 1) / step + 1
        } else {
            0
        };
        Selection {
            start,
            stop,
            step,
            count: count as usize,
        }
    }

    /// The positions, in order.
    pub fn positions(self) -> impl ExactSizeIterator<Item = usize> {
        (0..self.count).map(move |i| self.position(i))
    }

    /// The position with number `i`, below `count`.
    pub fn position(self, i: usize) -> usize {
        (self.start + i as i64 * self.step) as usize
    }

    /// The positions as a range, where they follow each other.
    pub fn range(self) -> Option<Range<usize>> {
        if self.count == 0 {
            return Some(0..0);
        }
        let start = self.start as usize;
        (self.step == 1).then(|| start..start + self.count)
    }
}
