//! The countdown of safepoints: one decrement and one branch on the fast path, two reasons to leave it.
//!
//! A time slice is a number of safepoints. A due collection brings the next visit of the slow path forward with `hasten` and keeps
//! what is left of the slice, so a slice has the same length whatever was allocated in it.

use std::cell::Cell;

/// Safepoints until the VM's slow path runs.
#[derive(Default)]
pub struct Budget {
    /// Counts down at each safepoint; the slow path runs when it falls below zero.
    left: Cell<i32>,
    /// What was left of the slice when `hasten` was called.
    held_back: Cell<i32>,
}

impl Budget {
    /// Passes a safepoint; true: the slow path is due.
    #[inline(always)]
    pub fn spend(&self) -> bool {
        let left = self.left.get() - 1;
        self.left.set(left);
        left < 0
    }

    /// Counts a safepoint where only the caller can take the slow path: it asks `is_over`.
    #[inline(always)]
    pub fn count(&self) {
        self.left.set(self.left.get() - 1);
    }

    /// Whether the slow path is due since a safepoint that was counted.
    #[inline(always)]
    pub fn is_over(&self) -> bool {
        self.left.get() < 0
    }

    /// Makes the slow path due at the next safepoint. The slice stays as long as it is.
    #[cold]
    pub fn hasten(&self) {
        let left = self.left.get();
        self.left.set(left.min(0));
        self.held_back.set(self.held_back.get() + left.max(0));
    }

    /// In the slow path: goes on with what is left of the slice; false: the slice is over.
    #[must_use]
    pub fn resume(&self) -> bool {
        // Several may have been counted before the slow path was taken.
        let left = self.held_back.take() + self.left.get().min(-1);
        self.left.set(left.max(0));
        left >= 0
    }

    /// What is left of the slice.
    pub fn left(&self) -> u64 {
        (self.left.get().max(0) + self.held_back.get()) as u64
    }

    /// Starts a slice; what was left of the last one.
    pub fn start(&self, safepoints: i32) -> i32 {
        self.held_back.take() + self.left.replace(safepoints).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Safepoints until the slice is over, `hasten` being called before those in `hastened`.
    fn length(slice: i32, hastened: &[i32]) -> i32 {
        let budget = Budget::default();
        budget.start(slice);
        for n in 0.. {
            if hastened.contains(&n) {
                budget.hasten();
            }
            if budget.spend() && !budget.resume() {
                return n;
            }
        }
        unreachable!("a slice ends")
    }

    #[test]
    fn a_slice_is_as_long_however_often_the_slow_path_is_hastened() {
        let every: Vec<i32> = (0..50).collect();
        for hastened in [&[][..], &[0], &[3, 4, 9], &[10], &every] {
            assert_eq!(length(10, hastened), 10, "{hastened:?}");
        }
    }

    #[test]
    fn starting_a_slice_returns_the_rest_of_the_last_one() {
        let budget = Budget::default();
        budget.start(10);
        assert!(!budget.spend());
        budget.hasten();
        assert_eq!(budget.start(5), 9);
        budget.start(0);
        assert!(budget.spend());
        assert!(!budget.resume());
    }
}
