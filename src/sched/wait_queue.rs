//! The one primitive under Lock, Event, Condition, Semaphore and Queue: those who wait, first come first served.
//!
//! Lineage: the `_waiters` deque of asyncio's locks. A waiter is a future; waking it gives the future its result, so the sleeper goes on
//! two turns later, as there. Guarantees: waiters are woken in the order they came, a waiter that was cancelled is never woken, and
//! removing one that gave up leaves the others' order alone.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::future::{self, new_future};
use crate::runtime::future::{Future, FutureState};
use crate::runtime::heap::Tracer;
use crate::runtime::{Gc, Slot, Value};
use crate::vm::{Local, Vm, Waiting};

/// A queue of waiters.
#[derive(Default)]
pub struct WaitQueue {
    waiters: RefCell<VecDeque<Slot>>,
}

impl WaitQueue {
    /// Joins the queue: the future to await.
    pub fn join(&self, vm: &Vm) -> Local {
        let waiter = new_future(vm);
        self.waiters
            .borrow_mut()
            .push_back(Slot::new(vm.get(waiter)));
        waiter
    }

    /// Joins the queue without a coroutine: the waiter.
    pub fn join_as<'h>(
        &self,
        vm: &'h Vm,
        waiting: &'static Waiting,
        owner: Value<'h>,
    ) -> Gc<'h, Future> {
        let waiter = vm.waiter(waiting, owner);
        self.waiters
            .borrow_mut()
            .push_back(Slot::new(waiter.value()));
        waiter
    }

    /// Leaves the queue.
    pub fn leave(&self, vm: &Vm, waiter: Value<'_>) {
        let mut waiters = self.waiters.borrow_mut();
        if let Some(i) = waiters.iter().position(|w| w.get(&vm.heap).is(waiter)) {
            waiters.remove(i);
        }
    }

    /// Number of waiters, woken ones that did not leave yet included.
    pub fn len(&self) -> usize {
        self.waiters.borrow().len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is a waiter that was not cancelled.
    pub fn any_alive(&self, vm: &Vm) -> bool {
        let alive = |w: &Slot| {
            w.get(&vm.heap)
                .as_gc::<Future>()
                .is_some_and(|f| f.state.get() != FutureState::Cancelled)
        };
        self.waiters.borrow().iter().any(alive)
    }

    /// Takes waiters off until one is found that still waits, and wakes it.
    pub fn pop_next(&self, vm: &Vm) -> bool {
        loop {
            let Some(waiter) = self.waiters.borrow_mut().pop_front() else {
                return false;
            };
            if let Some(waiter) = pending(vm, &waiter) {
                future::finish(vm, waiter, Value::NONE);
                return true;
            }
        }
    }

    /// Wakes the first that still waits, leaving it in the queue; it leaves by itself.
    pub fn wake_next(&self, vm: &Vm) -> bool {
        self.wake(vm, 1) > 0
    }

    /// Wakes the first in the queue, unless it was woken or cancelled and did not leave yet: then its place is taken.
    pub fn wake_first(&self, vm: &Vm) {
        let waiters = self.waiters.borrow();
        if let Some(waiter) = waiters.front().and_then(|w| pending(vm, w)) {
            future::finish(vm, waiter, Value::TRUE);
        }
    }

    /// Wakes the first `n` that still wait, leaving them in the queue; how many there were.
    pub fn wake(&self, vm: &Vm, n: usize) -> usize {
        let waiters = self.waiters.borrow();
        let mut woken = 0;
        for waiter in waiters.iter().filter_map(|w| pending(vm, w)).take(n) {
            future::finish(vm, waiter, Value::TRUE);
            woken += 1;
        }
        woken
    }

    /// Wakes all that still wait with an exception, leaving them in the queue.
    pub fn fail(&self, vm: &Vm, exception: Local) {
        for slot in self.waiters.borrow().iter() {
            let waiter = vm.local(slot.get(&vm.heap));
            if !future::future(vm, waiter).is_done()
                && future::set_exception(vm, waiter, exception).is_err()
            {
                unreachable!("the waiter was found pending");
            }
        }
    }

    /// Reports the slots to the collector.
    pub fn trace(&self, tracer: &mut Tracer<'_>) {
        for waiter in self.waiters.borrow().iter() {
            tracer.slot(waiter);
        }
    }
}

/// The waiter, if it still waits.
fn pending<'h>(vm: &'h Vm, waiter: &Slot) -> Option<Gc<'h, Future>> {
    waiter
        .get(&vm.heap)
        .as_gc::<Future>()
        .filter(|f| !f.is_done())
}
