//! What waiting is like in Lock, Semaphore, Event, Condition and Queue: one way for all of them.
//!
//! A primitive says when one may enter and what a waiter leaves behind (`Wait`). From that come the things that a native coroutine
//! function needs: `direct`, where the call is awaited on the spot; `coroutine` and `step`, where it is kept; `give_up`, where an
//! exception ends the wait. A waiter leaves its queue before the primitive hears of it.

use crate::runtime::future::Future;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::future::future;
use crate::sched::wait_queue::WaitQueue;
use crate::vm::{Direct, Input, Local, Locals, NativeCoroutine, Step, Vm, Waiting, payload_of};

/// What trying to enter came to.
pub(super) enum Attempt<'h> {
    /// It entered; the result of the wait.
    Entered(Value<'h>),
    /// It has to wait.
    Blocked,
    /// Only `Wait::enter_slowly` can tell: the program has a say, or it raises.
    Slow,
}

/// Something that can be waited for in one of a primitive's queues.
pub(super) trait Wait {
    /// What the program sees: the lock, the queue.
    type Owner: Payload;

    /// The function's name; its `give_up` is `give_up::<Self>`.
    const WAITING: &'static Waiting;

    /// Where they wait.
    fn queue(owner: &Self::Owner) -> &WaitQueue;

    /// Tries to enter. `given`: what goes along, an item to put or the result.
    fn enter<'h>(vm: &'h Vm, owner: &'h Self::Owner, given: Value<'h>) -> Attempt<'h>;

    /// The same where the program may be asked; None: it has to wait.
    ///
    /// # Errors
    /// What the program raises, or the primitive.
    fn enter_slowly(_: &mut Vm, _: Local, given: Local) -> Result<Option<Local>, Raised> {
        Ok(Some(given))
    }

    /// A waiter was woken: it enters now, or tries again.
    fn resume<'h>(_: &'h Vm, _: &'h Self::Owner, given: Value<'h>) -> Attempt<'h> {
        Attempt::Entered(given)
    }

    /// A waiter was interrupted: what it may have been given goes to others.
    fn abandon(_: &Vm, _: &Self::Owner, _: Gc<'_, Future>) {}
}

/// A list of the futures of those that wait in a queue.
pub(super) fn shown(vm: &Vm, queue: &WaitQueue) -> Local {
    let waiters = queue.snapshot(vm);
    let waiters = waiters.iter().map(|&waiter| vm.get(waiter));
    vm.local(vm.heap.list(waiters).value())
}

/// `_waiters` of a primitive.
pub(super) fn waiters_of<W: Wait>(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    Ok(shown(vm, W::queue(vm.payload(args.at(0)))))
}

// Registers: the owner, the waiter, what goes along.
const OWNER: usize = 0;
const WAITER: usize = 1;
const GIVEN: usize = 2;

/// A coroutine that waits; `native`'s step is `step::<W>`.
pub(super) fn coroutine(
    vm: &mut Vm,
    native: &'static NativeCoroutine,
    owner: Local,
    given: Local,
) -> Local {
    let none = vm.none();
    vm.native_coroutine(native, &[owner, none, given])
}

/// Enters, or begins to wait.
pub(super) fn direct<'h, W: Wait>(
    vm: &'h Vm,
    owner: Value<'h>,
    woken: Option<Gc<'h, Future>>,
    given: Value<'h>,
) -> Direct<'h> {
    let this = payload_of(owner);
    let attempt = match woken {
        Some(waiter) => {
            W::queue(this).leave(vm, waiter);
            W::resume(vm, this, given)
        }
        None => W::enter(vm, this, given),
    };
    match attempt {
        Attempt::Entered(result) => Direct::Done(result),
        Attempt::Blocked if W::queue(this).belongs_here(vm) => {
            Direct::Wait(W::queue(this).join_as(vm, W::WAITING, owner))
        }
        Attempt::Blocked | Attempt::Slow => Direct::Coroutine,
    }
}

/// An exception ended a wait.
pub(super) fn give_up<'h, W: Wait>(vm: &'h Vm, owner: Value<'h>, waiter: Gc<'h, Future>) {
    let this = payload_of(owner);
    W::queue(this).leave(vm, waiter);
    W::abandon(vm, this, waiter);
}

/// RuntimeError if tasks of another loop wait there already.
pub(super) fn check_loop<W: Wait>(vm: &mut Vm, owner: Local) -> Result<(), Raised> {
    if W::queue(vm.payload(owner)).belongs_here(vm) {
        return Ok(());
    }
    let text = vm.repr_text(owner)?;
    Err(vm.heap.raise(
        Builtin::RuntimeError,
        format!("{text} is bound to a different event loop"),
    ))
}

/// Begins to wait: what the step of a coroutine awaits, whose registers are those of `coroutine`.
pub(super) fn begin<W: Wait>(vm: &mut Vm, this: Local, owner: Local) -> Step {
    let waiter = W::queue(vm.payload(owner)).join(vm);
    vm.step_slot(this, WAITER).set(vm.get(waiter));
    vm.set_step_state(this, 1);
    Step::Await(waiter)
}

/// One step of a coroutine that waits.
pub(super) fn step<W: Wait>(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let owner = vm.local(vm.step_slot(this, OWNER).get(&vm.heap));
    let given = vm.local(vm.step_slot(this, GIVEN).get(&vm.heap));
    let waiter = match vm.step_state(this) {
        0 => None,
        _ => Some(vm.local(vm.step_slot(this, WAITER).get(&vm.heap))),
    };
    if let Input::Throw(exception) = input {
        if let Some(waiter) = waiter {
            give_up::<W>(vm, vm.get(owner), future(vm, waiter));
        }
        return Err(vm.raise_local(exception));
    }
    let primitive = vm.payload(owner);
    let attempt = match waiter {
        Some(waiter) => {
            W::queue(primitive).leave(vm, future(vm, waiter));
            W::resume(vm, primitive, vm.get(given))
        }
        None => W::enter(vm, primitive, vm.get(given)),
    };
    let entered = match attempt {
        Attempt::Entered(result) => Some(vm.local(result)),
        Attempt::Blocked => None,
        Attempt::Slow => W::enter_slowly(vm, owner, given)?,
    };
    match entered {
        Some(result) => Ok(Step::Return(result)),
        None => {
            check_loop::<W>(vm, owner)?;
            Ok(begin::<W>(vm, this, owner))
        }
    }
}
