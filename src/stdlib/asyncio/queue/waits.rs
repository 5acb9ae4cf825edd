//! The three waits of a queue: for an item, for room, for all work to be done.
//!
//! What needs no word of the program is settled at once; a priority queue asks the program's `<`, and a queue that is shut down
//! raises, which `enter_slowly` does.

use super::super::waiting::{self, Attempt, Wait};
use super::{Order, Queue, add, is_full, queue, shut_down_error, take};
use crate::runtime::future::{Future, FutureState};
use crate::runtime::{Gc, Raised, Value};
use crate::sched::future;
use crate::sched::wait_queue::WaitQueue;
use crate::vm::{Local, NativeCoroutine, Vm, Waiting};

/// `Queue.get`.
pub(super) struct Getting;

/// `Queue.put`; the item goes along.
pub(super) struct Putting;

/// `Queue.join`.
pub(super) struct Joining;

pub(super) static GETTING: NativeCoroutine =
    NativeCoroutine::new("Queue.get", waiting::step::<Getting>);
pub(super) static PUTTING: NativeCoroutine =
    NativeCoroutine::new("Queue.put", waiting::step::<Putting>);
pub(super) static JOINING: NativeCoroutine =
    NativeCoroutine::new("Queue.join", waiting::step::<Joining>);

impl Wait for Getting {
    type Owner = Queue;
    const WAITING: &'static Waiting = &Waiting {
        name: "Queue.get",
        give_up: waiting::give_up::<Getting>,
    };

    fn queue(owner: &Queue) -> &WaitQueue {
        &owner.getters
    }

    fn enter<'h>(vm: &'h Vm, owner: &'h Queue, _: Value<'h>) -> Attempt<'h> {
        if owner.is_empty() && !owner.shut_down.get(&vm.heap) {
            return Attempt::Blocked;
        }
        if owner.order == Order::Priority {
            return Attempt::Slow;
        }
        let Some(item) = owner.pop() else {
            return Attempt::Slow;
        };
        owner.putters.pop_next(vm);
        Attempt::Entered(item.get(&vm.heap))
    }

    fn enter_slowly(vm: &mut Vm, owner: Local, _: Local) -> Result<Option<Local>, Raised> {
        take(vm, owner).map(Some)
    }

    /// Another one may have taken the item meanwhile.
    fn resume<'h>(vm: &'h Vm, owner: &'h Queue, given: Value<'h>) -> Attempt<'h> {
        Getting::enter(vm, owner, given)
    }

    fn abandon(vm: &Vm, owner: &Queue, waiter: Gc<'_, Future>) {
        if was_woken(vm, waiter) && !owner.is_empty() {
            owner.getters.pop_next(vm);
        }
    }
}

impl Wait for Putting {
    type Owner = Queue;
    const WAITING: &'static Waiting = &Waiting {
        name: "Queue.put",
        give_up: waiting::give_up::<Putting>,
    };

    fn queue(owner: &Queue) -> &WaitQueue {
        &owner.putters
    }

    fn enter<'h>(vm: &'h Vm, owner: &'h Queue, item: Value<'h>) -> Attempt<'h> {
        let Some(maxsize) = owner.maxsize.get(&vm.heap).as_int() else {
            return Attempt::Slow;
        };
        if owner.shut_down.get(&vm.heap) {
            return Attempt::Slow;
        }
        if owner.holds(maxsize) {
            return Attempt::Blocked;
        }
        if owner.order == Order::Priority {
            return Attempt::Slow;
        }
        owner.append(&vm.heap, item);
        owner.getters.pop_next(vm);
        Attempt::Entered(Value::NONE)
    }

    fn enter_slowly(vm: &mut Vm, owner: Local, item: Local) -> Result<Option<Local>, Raised> {
        if queue(vm, owner).shut_down.get(&vm.heap) {
            return Err(shut_down_error(vm));
        }
        if is_full(vm, owner)? {
            return Ok(None);
        }
        add(vm, owner, item)?;
        Ok(Some(vm.none()))
    }

    /// Another one may have taken the room meanwhile.
    fn resume<'h>(vm: &'h Vm, owner: &'h Queue, item: Value<'h>) -> Attempt<'h> {
        Putting::enter(vm, owner, item)
    }

    fn abandon(vm: &Vm, owner: &Queue, waiter: Gc<'_, Future>) {
        let maxsize = owner.maxsize.get(&vm.heap).as_int().unwrap_or(0);
        if was_woken(vm, waiter) && !owner.holds(maxsize) {
            owner.putters.pop_next(vm);
        }
    }
}

/// Whether the interrupted waiter was woken already, so that another one must take its place.
fn was_woken(vm: &Vm, waiter: Gc<'_, Future>) -> bool {
    future::cancel_waiter(vm, waiter);
    waiter.state.get(&vm.heap) != FutureState::Cancelled
}

impl Wait for Joining {
    type Owner = Queue;
    const WAITING: &'static Waiting = &Waiting {
        name: "Queue.join",
        give_up: waiting::give_up::<Joining>,
    };

    fn queue(owner: &Queue) -> &WaitQueue {
        &owner.joiners
    }

    fn enter<'h>(vm: &'h Vm, owner: &'h Queue, given: Value<'h>) -> Attempt<'h> {
        if owner.unfinished.get(&vm.heap) == 0 {
            Attempt::Entered(given)
        } else {
            Attempt::Blocked
        }
    }
}
