//! What runs next: the ready queue, and the one seam through which an order is chosen.
//!
//! Where several things could come next (handles of a turn, timers that are due, green threads that can run) the scheduler asks a
//! `Choose`. asyncio's order, first in first out, is one; a seed is another; a search of all schedules is a third. To add an order,
//! implement `Choose` and install it with `ReadyQueue::set_order`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::handle::Handle;
use crate::runtime::heap::{Trace, traced};
use crate::runtime::{Heap, Raised};

/// By how many handles the queue grows where there is no room for twice as many.
pub(super) const SMALL_GROWTH: usize = 1 << 10;

/// A place where the order is not settled by the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoicePoint {
    /// The handles of this turn that have not run, in the order in which they became ready.
    Handle,
    /// The timers that are due in one turn, earliest first.
    Timer,
    /// The green threads that can run, in the order in which they became able to.
    Thread,
}

/// An order of events.
pub trait Choose: Trace {
    /// Which of `count` candidates comes next; `count` is at least 2, the result is below it.
    fn choose(&mut self, point: ChoicePoint, count: usize) -> usize;

    /// Whether the first candidate is always chosen: then nobody asks.
    fn is_first_in_first_out(&self) -> bool {
        false
    }
}

/// asyncio's order.
pub struct FirstInFirstOut;

traced!(plain FirstInFirstOut);

impl Choose for FirstInFirstOut {
    fn choose(&mut self, _: ChoicePoint, _: usize) -> usize {
        0
    }

    fn is_first_in_first_out(&self) -> bool {
        true
    }
}

/// An order that a seed chooses: the same in each run with the same seed.
pub struct Seeded {
    state: u64,
}

traced!(plain Seeded);

impl Seeded {
    /// The order of a seed.
    pub fn new(seed: u64) -> Seeded {
        Seeded { state: seed }
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Choose for Seeded {
    fn choose(&mut self, _: ChoicePoint, count: usize) -> usize {
        // The high half of the product: each candidate is equally likely, up to 2^-64 of their number.
        ((u128::from(self.next()) * count as u128) >> 64) as usize
    }
}

/// Handles that are ready, and the order in which they leave.
pub struct ReadyQueue {
    handles: RefCell<VecDeque<Handle>>,
    order: RefCell<Box<dyn Choose>>,
    in_order: Cell<bool>,
}

impl Default for ReadyQueue {
    fn default() -> ReadyQueue {
        ReadyQueue {
            handles: RefCell::default(),
            order: RefCell::new(Box::new(FirstInFirstOut)),
            in_order: Cell::new(true),
        }
    }
}

/// Makes room for a handle that nobody asked room for: by little where there is not twice as much.
#[cold]
fn grow_by_little(handles: &mut VecDeque<Handle>) {
    if handles.try_reserve(1).is_err() {
        handles.reserve_exact(SMALL_GROWTH);
    }
}

impl ReadyQueue {
    /// Changes the order of what comes next, of timers and threads as well.
    pub fn set_order(&self, order: Box<dyn Choose>) {
        self.in_order.set(order.is_first_in_first_out());
        *self.order.borrow_mut() = order;
    }

    /// Which of `count` candidates comes next.
    #[inline]
    pub fn choose(&self, point: ChoicePoint, count: usize) -> usize {
        if self.in_order.get() || count < 2 {
            return 0;
        }
        self.order.borrow_mut().choose(point, count)
    }

    /// Makes room for one more handle.
    ///
    /// # Errors
    /// MemoryError.
    #[inline]
    pub fn room_for_one(&self, heap: &Heap) -> Result<(), Raised> {
        let handles = self.handles.borrow();
        if handles.len() < handles.capacity() {
            return Ok(());
        }
        drop(handles);
        self.grow(heap)
    }

    #[cold]
    fn grow(&self, heap: &Heap) -> Result<(), Raised> {
        let handles = &mut *self.handles.borrow_mut();
        let grown = handles.try_reserve(1);
        let grown = grown.or_else(|_| handles.try_reserve_exact(SMALL_GROWTH));
        grown.map_err(|_| heap.memory_error())
    }

    /// Adds a handle at the end.
    #[inline]
    pub fn push(&self, handle: Handle) {
        let handles = &mut *self.handles.borrow_mut();
        if handles.len() == handles.capacity() {
            grow_by_little(handles);
        }
        handles.push_back(handle);
    }

    /// Takes the next handle, one of the first `among`.
    #[inline]
    pub fn pop(&self, among: usize) -> Option<Handle> {
        if self.in_order.get() {
            return self.handles.borrow_mut().pop_front();
        }
        let at = self.choose(ChoicePoint::Handle, among.min(self.len()));
        self.handles.borrow_mut().remove(at)
    }

    /// Adds handles whose order is open as well: timers that are due at once.
    pub fn push_due(&self, mut due: impl FnMut() -> Option<Handle>) {
        if self.in_order.get() {
            while let Some(handle) = due() {
                self.push(handle);
            }
            return;
        }
        let mut all: Vec<Handle> = std::iter::from_fn(due).collect();
        while !all.is_empty() {
            let at = self.choose(ChoicePoint::Timer, all.len());
            self.push(all.remove(at));
        }
    }

    /// Shows each handle, in order.
    pub fn visit(&self, visit: impl FnMut(&Handle)) {
        self.handles.borrow().iter().for_each(visit);
    }

    /// How many handles are ready.
    pub fn len(&self) -> usize {
        self.handles.borrow().len()
    }

    /// Whether none is ready.
    pub fn is_empty(&self) -> bool {
        self.handles.borrow().is_empty()
    }

    /// Exchanges the handles with another loop's.
    pub fn exchange(&self, other: &RefCell<VecDeque<Handle>>) {
        self.handles.swap(other);
    }

    /// Drops all handles.
    pub fn clear(&self) {
        self.handles.take();
    }
}

traced!(ReadyQueue { handles, order } plain { in_order });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Value;
    use crate::runtime::heap::Heap;
    use crate::sched::handle::Action;

    fn handle(n: i64) -> Handle {
        Handle::new(Action::Step, Value::small_int(n), Value::UNDEF)
    }

    /// The order in which two turns of five and three handles run.
    fn order(order: Box<dyn Choose>) -> Vec<i64> {
        let heap = Heap::new();
        let queue = ReadyQueue::default();
        queue.set_order(order);
        (0..5).for_each(|n| queue.push(handle(n)));
        let mut seen = Vec::new();
        for left in (1..=5).rev() {
            let next = queue.pop(left).expect("five were pushed");
            seen.extend(next.target.get(&heap).as_int());
            if left > 2 {
                queue.push(handle(10 + left as i64));
            }
        }
        while let Some(next) = queue.pop(queue.len()) {
            seen.extend(next.target.get(&heap).as_int());
        }
        seen
    }

    #[test]
    fn first_in_first_out_keeps_the_order() {
        let expected = vec![0, 1, 2, 3, 4, 15, 14, 13];
        assert_eq!(order(Box::new(FirstInFirstOut)), expected);
        assert_eq!(FirstInFirstOut.choose(ChoicePoint::Thread, 3), 0);
    }

    #[test]
    fn a_seed_orders_within_a_turn_and_repeats_itself() {
        let mut orders: Vec<Vec<i64>> = (0..20).map(|s| order(Box::new(Seeded::new(s)))).collect();
        for (seed, seen) in orders.iter().enumerate() {
            assert_eq!(seen, &order(Box::new(Seeded::new(seed as u64))));
            let (mut first, mut second) = (seen[..5].to_vec(), seen[5..].to_vec());
            first.sort_unstable();
            second.sort_unstable();
            assert_eq!((first, second), (vec![0, 1, 2, 3, 4], vec![13, 14, 15]));
        }
        orders.sort();
        orders.dedup();
        assert!(orders.len() > 15, "seeds give different orders");
    }

    #[test]
    fn timers_that_are_due_at_once_come_in_the_chosen_order() {
        let due = |order: Box<dyn Choose>| {
            let heap = Heap::new();
            let queue = ReadyQueue::default();
            queue.set_order(order);
            let mut timers = (0..6).map(handle);
            queue.push_due(|| timers.next());
            queue.set_order(Box::new(FirstInFirstOut));
            let all = std::iter::from_fn(|| queue.pop(1));
            all.filter_map(|h| h.target.get(&heap).as_int())
                .collect::<Vec<_>>()
        };
        assert_eq!(due(Box::new(FirstInFirstOut)), [0, 1, 2, 3, 4, 5]);
        let mut seeded = due(Box::new(Seeded::new(7)));
        assert_ne!(seeded, [0, 1, 2, 3, 4, 5]);
        seeded.sort_unstable();
        assert_eq!(seeded, [0, 1, 2, 3, 4, 5]);
    }
}
