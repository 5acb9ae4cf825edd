//! Ranges.
//!
//! Start, stop and step are 64-bit; what does not fit is a `WideRange`. Iterating one in a `for` needs no
//! object (`vm/exec/run.rs`).

use super::heap::traced;

/// `range(start, stop, step)`; the bounds and the length fit 64 bits (larger ones are a `WideRange`).
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// First item.
    pub start: i64,
    /// Where it ends, exclusive.
    pub stop: i64,
    /// Distance of two items, not zero.
    pub step: i64,
}

traced!(Range {} plain { start, stop, step });

impl Range {
    /// Number of items; at most `u64::MAX` as a range spans at most 2^64.
    pub fn len(self) -> u64 {
        let (lo, hi, step) = if self.step > 0 {
            (self.start, self.stop, self.step)
        } else {
            (self.stop, self.start, self.step.wrapping_neg())
        };
        if lo >= hi {
            return 0;
        }
        let span = (hi as i128 - lo as i128 - 1) as u64;
        span / step as u64 + 1
    }

    /// Whether it has no items.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The item at `i`, which must be below the length.
    pub fn at(self, i: u64) -> i64 {
        (self.start as i128 + i as i128 * self.step as i128) as i64
    }

    /// Whether `n` is an item.
    pub fn contains(self, n: i64) -> bool {
        let inside = if self.step > 0 {
            self.start <= n && n < self.stop
        } else {
            self.stop < n && n <= self.start
        };
        inside && (n as i128 - self.start as i128) % self.step as i128 == 0
    }
}
