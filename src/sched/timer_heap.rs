//! Timers, earliest first; equal times in the order they were set. Times within a nanosecond are equal, as asyncio's clock resolution
//! has it: `0.1 * 3` and `0.3` are the same moment.
//!
//! A binary heap of (when, number) over a slab of handles. Cancelling empties the slab's entry at once and leaves the heap's,
//! which is skipped later; when most of the heap is such leftovers it is rebuilt, as in CPython's loop.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::handle::Handle;
use crate::runtime::heap::Tracer;

/// Rebuild when there are at least so many cancelled timers, and they are more than half.
const MIN_CANCELLED: usize = 100;

/// A timer that can be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerId {
    index: u32,
    number: u64,
}

impl TimerId {
    /// As two integers, for state registers of native coroutines.
    pub fn to_parts(self) -> (i64, i64) {
        (i64::from(self.index), self.number as i64)
    }

    /// From `to_parts`.
    pub fn from_parts(index: i64, number: i64) -> TimerId {
        TimerId {
            index: index as u32,
            number: number as u64,
        }
    }
}

/// All timers.
#[derive(Default)]
pub struct TimerHeap {
    inner: RefCell<Inner>,
}

#[derive(Default)]
struct Inner {
    heap: BinaryHeap<Entry>,
    slab: Vec<Option<(u64, Handle)>>,
    free: Vec<u32>,
    next_number: u64,
    cancelled: usize,
}

/// Reversed order: `BinaryHeap` gives the greatest first.
#[derive(PartialEq)]
struct Entry {
    when: f64,
    number: u64,
    index: u32,
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        ticks(other.when)
            .total_cmp(&ticks(self.when))
            .then(other.number.cmp(&self.number))
    }
}

/// A time in nanoseconds; stays a float for the infinite ones.
fn ticks(when: f64) -> f64 {
    (when * 1e9).round()
}

impl TimerHeap {
    /// Sets a timer.
    pub fn add(&self, when: f64, handle: Handle) -> TimerId {
        let mut inner = self.inner.borrow_mut();
        let number = inner.next_number;
        inner.next_number += 1;
        let index = inner.free.pop().unwrap_or_else(|| {
            inner.slab.push(None);
            inner.slab.len() as u32 - 1
        });
        inner.slab[index as usize] = Some((number, handle));
        inner.heap.push(Entry {
            when,
            number,
            index,
        });
        TimerId { index, number }
    }

    /// Cancels a timer; one that is gone already is left alone.
    pub fn cancel(&self, id: TimerId) {
        let mut inner = self.inner.borrow_mut();
        if inner.is_live(id.index, id.number) {
            inner.take(id.index);
            inner.cancelled += 1;
            inner.compact();
        }
    }

    /// When the earliest timer is due.
    pub fn next_due(&self) -> Option<f64> {
        let mut inner = self.inner.borrow_mut();
        inner.drop_cancelled();
        inner.heap.peek().map(|entry| entry.when)
    }

    /// Takes the earliest timer if it is due by `now`.
    pub fn pop_due(&self, now: f64) -> Option<Handle> {
        let mut inner = self.inner.borrow_mut();
        inner.drop_cancelled();
        if ticks(inner.heap.peek()?.when) > ticks(now) {
            return None;
        }
        let entry = inner.heap.pop()?;
        inner.take(entry.index)
    }

    /// Whether there are no timers.
    pub fn is_empty(&self) -> bool {
        self.next_due().is_none()
    }

    /// Drops all timers.
    pub fn clear(&self) {
        *self.inner.borrow_mut() = Inner::default();
    }

    /// Reports the slots to the collector.
    pub fn trace(&self, tracer: &mut Tracer<'_>) {
        let inner = self.inner.borrow();
        tracer.external(inner.heap.capacity() * size_of::<Entry>());
        for (_, handle) in inner.slab.iter().flatten() {
            handle.trace(tracer);
        }
    }
}

impl Inner {
    fn is_live(&self, index: u32, number: u64) -> bool {
        matches!(self.slab.get(index as usize), Some(Some((n, _))) if *n == number)
    }

    fn take(&mut self, index: u32) -> Option<Handle> {
        let taken = self.slab[index as usize].take();
        if taken.is_some() {
            self.free.push(index);
        }
        taken.map(|(_, handle)| handle)
    }

    fn drop_cancelled(&mut self) {
        while let Some(entry) = self.heap.peek() {
            if self.is_live(entry.index, entry.number) {
                return;
            }
            self.heap.pop();
            self.cancelled = self.cancelled.saturating_sub(1);
        }
    }

    fn compact(&mut self) {
        if self.cancelled < MIN_CANCELLED || self.cancelled * 2 < self.heap.len() {
            return;
        }
        let heap = std::mem::take(&mut self.heap);
        self.heap = heap
            .into_iter()
            .filter(|e| self.is_live(e.index, e.number))
            .collect();
        self.cancelled = 0;
    }
}
