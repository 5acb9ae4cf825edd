//! The one primitive under Lock, Event, Condition, Semaphore and Queue: waiters, first come first served.
//!
//! Lineage: the `_waiters` deque of asyncio's locks. A waiter is a future; waking it gives the future its result, so the sleeper goes on
//! two turns later, as there. Guarantees: waiters are woken in the order they came, a waiter that was cancelled is never woken, and
//! one that gave up leaves the others' order alone. Who leaves from the middle is only marked, and swept out together with the next
//! ones: leaving costs the same on average, in whatever order all leave.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::future::{self, new_future};
use super::scheduler;
use crate::runtime::future::{Future, FutureState};
use crate::runtime::heap::traced;
use crate::runtime::{Gc, Slot, Value};
use crate::vm::{Local, Vm, Waiting};

/// A queue of waiters.
#[derive(Default)]
pub struct WaitQueue {
    /// The first and the last have not left.
    waiters: RefCell<VecDeque<Slot>>,
    /// How many in between have left.
    left: Cell<usize>,
    /// The number of the loop whose tasks wait; 0 until one had to.
    loop_number: Cell<u16>,
}

traced!(WaitQueue { waiters } plain { left, loop_number });

impl WaitQueue {
    /// Whether tasks of the current loop may wait here: those of the loop whose task came first.
    pub fn belongs_here(&self, vm: &Vm) -> bool {
        let current = scheduler(vm).loop_number();
        if self.loop_number.get() == 0 {
            self.loop_number.set(current);
        }
        self.loop_number.get() == current
    }

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

    /// Leaves the queue, unless it was taken off already.
    pub fn leave(&self, vm: &Vm, waiter: Gc<'_, Future>) {
        if waiter.cancel_requested.replace(&vm.heap, true) {
            return;
        }
        let mut waiters = self.waiters.borrow_mut();
        let heap = &vm.heap;
        let is_waiter = |slot: Option<&Slot>| slot.is_some_and(|s| s.get(heap).is(waiter.value()));
        if is_waiter(waiters.front()) {
            waiters.pop_front();
        } else if is_waiter(waiters.back()) {
            waiters.pop_back();
        } else {
            self.left.set(self.left.get() + 1);
            if self.left.get() > waiters.len() / 2 {
                waiters.retain(|slot| !has_left(vm, slot));
                self.left.set(0);
            }
            return;
        }
        self.trim(vm, &mut waiters);
    }

    /// Takes off those at both ends that have left.
    fn trim(&self, vm: &Vm, waiters: &mut VecDeque<Slot>) {
        while self.left.get() > 0 && waiters.front().is_some_and(|slot| has_left(vm, slot)) {
            waiters.pop_front();
            self.left.set(self.left.get() - 1);
        }
        while self.left.get() > 0 && waiters.back().is_some_and(|slot| has_left(vm, slot)) {
            waiters.pop_back();
            self.left.set(self.left.get() - 1);
        }
    }

    /// Futures as far as the waiters are, in order: programs look at them, and never see a waiter itself.
    pub fn snapshot(&self, vm: &Vm) -> Vec<Local> {
        let copy = |slot: &Slot| {
            let waiter = slot.get(&vm.heap).as_gc::<Future>()?;
            let copy = new_future(vm);
            future::future(vm, copy)
                .state
                .set(&vm.heap, waiter.state.get(&vm.heap));
            Some(copy)
        };
        let waiters = self.waiters.borrow();
        let waiting = waiters.iter().filter(|slot| !has_left(vm, slot));
        waiting.filter_map(copy).collect()
    }

    /// Number of waiters, woken ones that did not leave yet included.
    pub fn len(&self) -> usize {
        self.waiters.borrow().len() - self.left.get()
    }

    /// Whether there is a waiter that was not cancelled.
    pub fn any_alive(&self, vm: &Vm) -> bool {
        let alive = |slot: &Slot| {
            let waiter = slot.get(&vm.heap).as_gc::<Future>();
            waiter.is_some_and(|f| {
                f.state.get(&vm.heap) != FutureState::Cancelled && !f.cancel_requested.get(&vm.heap)
            })
        };
        self.waiters.borrow().iter().any(alive)
    }

    /// Takes waiters off until one is found that still waits, and wakes it.
    pub fn pop_next(&self, vm: &Vm) -> bool {
        loop {
            let Some(slot) = self.waiters.borrow_mut().pop_front() else {
                return false;
            };
            self.trim(vm, &mut self.waiters.borrow_mut());
            let waiter = pending(vm, &slot);
            if let Some(waiter) = slot.get(&vm.heap).as_gc::<Future>() {
                waiter.cancel_requested.set(&vm.heap, true);
            }
            if let Some(waiter) = waiter {
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
            if pending(vm, slot).is_some() && future::set_exception(vm, waiter, exception).is_err()
            {
                unreachable!("the waiter was found pending");
            }
        }
    }
}

/// Whether a waiter was taken off or left.
fn has_left(vm: &Vm, slot: &Slot) -> bool {
    let waiter = slot.get(&vm.heap).as_gc::<Future>();
    waiter.is_none_or(|waiter| waiter.cancel_requested.get(&vm.heap))
}

/// The waiter, if it still waits.
fn pending<'h>(vm: &'h Vm, waiter: &Slot) -> Option<Gc<'h, Future>> {
    waiter
        .get(&vm.heap)
        .as_gc::<Future>()
        .filter(|f| !f.is_done(&vm.heap) && !f.cancel_requested.get(&vm.heap))
}
