//! Timers, earliest first; equal times in the order they were set. Times within a nanosecond are equal, as asyncio's clock resolution
//! has it: `0.1 * 3` and `0.3` are the same moment.
//!
//! A binary heap of (when, number) entries. An entry's target is a future, that of a sleep, or the index of a handle in a slab. What is
//! cancelled leaves its entry behind, which is skipped later; when most of the heap is such leftovers it is rebuilt, as in CPython's
//! loop.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, TryReserveError};

use super::handle::{Action, Handle, TimerId};
use super::ready_queue::SMALL_GROWTH;
use crate::runtime::future::Future;
use crate::runtime::heap::traced;
use crate::runtime::{Gc, Heap, Raised, Slot, Value};

/// Rebuild when there are at least so many cancelled timers, and they are more than half.
const MIN_CANCELLED: usize = 100;

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
struct Entry {
    /// `when` in nanoseconds: what counts for the order.
    ticks: i64,
    number: u64,
    when: f64,
    /// A future, or the index in the slab.
    target: Slot,
}

traced!(TimerHeap { inner });
traced!(Inner { heap, slab } plain { free, next_number, cancelled });
traced!(Entry { target } plain { ticks, number, when });

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        (other.ticks, other.number).cmp(&(self.ticks, self.number))
    }
}

/// A time in nanoseconds; the infinite ones are the furthest.
fn ticks(when: f64) -> i64 {
    (when * 1e9).round() as i64
}

impl TimerHeap {
    /// Exchanges all timers with another loop's.
    pub fn exchange(&self, other: &TimerHeap) {
        self.inner.swap(&other.inner);
    }

    /// Sets a timer.
    ///
    /// # Errors
    /// MemoryError.
    pub fn add(&self, heap: &Heap, when: f64, handle: Handle) -> Result<TimerId, Raised> {
        let mut inner = self.inner.borrow_mut();
        inner.room_for_one(heap)?;
        let index = inner.free.pop().unwrap_or_else(|| {
            inner.slab.push(None);
            inner.slab.len() as u32 - 1
        });
        let number = inner.push(when, Value::small_int(i64::from(index)));
        inner.slab[index as usize] = Some((number, handle));
        Ok(TimerId { index, number })
    }

    /// Sets the timer that finishes a future.
    ///
    /// # Errors
    /// MemoryError.
    pub fn add_future(&self, heap: &Heap, when: f64, future: Gc<'_, Future>) -> Result<(), Raised> {
        let mut inner = self.inner.borrow_mut();
        inner.room_for_one(heap)?;
        inner.push(when, future.value());
        Ok(())
    }

    /// Cancels a timer; one that is gone already is left alone.
    pub fn cancel(&self, heap: &Heap, id: TimerId) {
        let mut inner = self.inner.borrow_mut();
        if inner.is_in_slab(id.index, id.number) {
            if let Some(handle) = inner.take(id.index) {
                handle.note_cancelled(heap);
            }
            inner.cancelled += 1;
            inner.compact(heap);
        }
    }

    /// A future in the heap was cancelled.
    pub fn note_cancelled(&self, heap: &Heap) {
        let mut inner = self.inner.borrow_mut();
        inner.cancelled += 1;
        inner.compact(heap);
    }

    /// When the earliest timer is due.
    pub fn next_due(&self, heap: &Heap) -> Option<f64> {
        let mut inner = self.inner.borrow_mut();
        inner.drop_cancelled(heap);
        inner.heap.peek().map(|entry| entry.when)
    }

    /// Takes the earliest timer if it is due by `now`.
    pub fn pop_due(&self, heap: &Heap, now: f64) -> Option<Handle> {
        let mut inner = self.inner.borrow_mut();
        let now = ticks(now);
        loop {
            if inner.heap.peek()?.ticks > now {
                return None;
            }
            let entry = inner.heap.pop()?;
            if !inner.is_live(heap, &entry) {
                inner.cancelled = inner.cancelled.saturating_sub(1);
                continue;
            }
            let target = entry.target.get(heap);
            if let Some(future) = target.as_gc::<Future>() {
                future.timed.set(false);
                return Some(Handle::new(Action::Finish, target, Value::UNDEF));
            }
            return target.as_int().and_then(|index| inner.take(index as u32));
        }
    }

    /// The handles of all timers that were not cancelled, earliest first; None for a sleep's.
    pub fn visit(&self, heap: &Heap, mut visit: impl FnMut(Option<&Handle>)) {
        let inner = self.inner.borrow();
        let mut live: Vec<&Entry> = inner
            .heap
            .iter()
            .filter(|e| inner.is_live(heap, e))
            .collect();
        live.sort_unstable_by_key(|entry| (entry.ticks, entry.number));
        for entry in live {
            let index = entry.target.get(heap).as_int();
            let row = index.and_then(|index| inner.slab.get(index as usize)?.as_ref());
            visit(row.map(|(_, handle)| handle));
        }
    }

    /// How many cancelled timers still have their place in the heap.
    pub fn cancelled_count(&self) -> usize {
        self.inner.borrow().cancelled
    }

    /// Whether there are no timers, not even cancelled ones.
    pub fn is_empty(&self) -> bool {
        self.inner.borrow().heap.is_empty()
    }

    /// Drops all timers.
    pub fn clear(&self) {
        *self.inner.borrow_mut() = Inner::default();
    }
}

impl Inner {
    /// Makes room for one more timer of either kind, and for its index once it is free.
    #[inline]
    fn room_for_one(&mut self, heap: &Heap) -> Result<(), Raised> {
        let is_full = self.heap.len() == self.heap.capacity()
            || self.slab.len() == self.slab.capacity()
            || self.free.capacity() < self.slab.capacity();
        if is_full && self.grow().is_err() {
            return Err(heap.memory_error());
        }
        Ok(())
    }

    #[cold]
    fn grow(&mut self) -> Result<(), TryReserveError> {
        let Inner {
            heap, slab, free, ..
        } = self;
        heap.try_reserve(1)
            .or_else(|_| heap.try_reserve_exact(SMALL_GROWTH))?;
        slab.try_reserve(1)
            .or_else(|_| slab.try_reserve_exact(SMALL_GROWTH))?;
        free.try_reserve_exact(slab.capacity() - free.len())
    }

    fn push(&mut self, when: f64, target: Value<'_>) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.heap.push(Entry {
            ticks: ticks(when),
            number,
            when,
            target: Slot::new(target),
        });
        number
    }

    fn is_in_slab(&self, index: u32, number: u64) -> bool {
        matches!(self.slab.get(index as usize), Some(Some((n, _))) if *n == number)
    }

    fn is_live(&self, heap: &Heap, entry: &Entry) -> bool {
        let target = entry.target.get(heap);
        match target.as_gc::<Future>() {
            Some(future) => future.timed.get(),
            None => self.is_in_slab(target.as_int().unwrap_or(-1) as u32, entry.number),
        }
    }

    fn take(&mut self, index: u32) -> Option<Handle> {
        let taken = self.slab[index as usize].take();
        if taken.is_some() {
            self.free.push(index);
        }
        taken.map(|(_, handle)| handle)
    }

    fn drop_cancelled(&mut self, heap: &Heap) {
        while let Some(entry) = self.heap.peek() {
            if self.is_live(heap, entry) {
                return;
            }
            self.heap.pop();
            self.cancelled = self.cancelled.saturating_sub(1);
        }
    }

    fn compact(&mut self, heap: &Heap) {
        if self.cancelled < MIN_CANCELLED || self.cancelled * 2 < self.heap.len() {
            return;
        }
        let all = std::mem::take(&mut self.heap);
        self.heap = all.into_iter().filter(|e| self.is_live(heap, e)).collect();
        self.cancelled = 0;
    }
}
