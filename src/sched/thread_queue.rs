//! What a blocked thread waits for, and the queues of threads that wait.
//!
//! Nothing here runs or blocks a thread: `block.rs` does. A thread that is woken competes with those that run.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::Scheduler;
use crate::runtime::Slot;
use crate::runtime::heap::traced;

/// The number of a thread: the same in each run. The main thread is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadId(pub u64);

/// What a thread waits for, for reports.
pub struct BlockedOn {
    /// The operation: "Lock.acquire".
    pub what: &'static str,
    /// The object, whose payload may know more (`Payload::obstacle`); Undef for none.
    pub object: Slot,
}

traced!(BlockedOn { object } plain { what });

/// Threads that wait for something, first come first served.
#[derive(Default)]
pub struct ThreadQueue {
    pub(super) waiters: RefCell<VecDeque<ThreadId>>,
}

traced!(plain ThreadQueue);

impl ThreadQueue {
    /// Wakes the first.
    pub fn wake_next(&self, scheduler: &Scheduler) {
        let first = self.waiters.borrow_mut().pop_front();
        if let Some(id) = first {
            scheduler.green.wake(id);
        }
    }

    /// Wakes all.
    pub fn wake_all(&self, scheduler: &Scheduler) {
        for id in self.waiters.take() {
            scheduler.green.wake(id);
        }
    }
}
