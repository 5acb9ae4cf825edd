//! What waiting is like in Lock, Semaphore, Event and `Queue.join`: one way for all of them.
//!
//! A primitive says when one may enter and what a waiter leaves behind (`Wait`). From that come the three things that a native
//! coroutine function needs: `direct`, where the call is awaited on the spot; `coroutine` and `step`, where it is kept; `give_up`,
//! where an exception ends the wait. A waiter leaves its queue before the primitive hears of it.

use crate::runtime::future::Future;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::future::future;
use crate::sched::wait_queue::WaitQueue;
use crate::vm::{Direct, Input, Local, NativeCoroutine, Step, Vm, Waiting};

/// Something that can be waited for in one of a primitive's queues.
pub(super) trait Wait {
    /// What the program sees: the lock, the queue.
    type Owner: Payload;

    /// The function's name; its `give_up` is `give_up::<Self>`.
    const WAITING: &'static Waiting;

    /// Where they wait.
    fn queue(owner: &Self::Owner) -> &WaitQueue;

    /// Enters, unless one has to wait.
    fn enter(vm: &Vm, owner: &Self::Owner) -> bool;

    /// A waiter was woken: it enters now.
    fn resume(_: &Vm, _: &Self::Owner) {}

    /// A waiter was interrupted: what it may have been given goes to others.
    fn abandon(_: &Vm, _: &Self::Owner, _: Gc<'_, Future>) {}
}

// Registers: the owner, the waiter, the result.
const OWNER: usize = 0;
const WAITER: usize = 1;
const RESULT: usize = 2;

/// The Rust value of the object that a method was called on.
pub(super) fn payload<T: Payload>(this: Value<'_>) -> &T {
    this.as_gc::<Opaque>()
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}

/// A coroutine that waits and gives `result`; `native`'s step is `step::<W>`.
pub(super) fn coroutine(
    vm: &mut Vm,
    native: &'static NativeCoroutine,
    owner: Local,
    result: Value<'static>,
) -> Local {
    let (none, result) = (vm.none(), vm.local(result));
    vm.native_coroutine(native, &[owner, none, result])
}

/// Enters and gives `result`, or begins to wait.
pub(super) fn direct<'h, W: Wait>(
    vm: &'h Vm,
    owner: Value<'h>,
    woken: Option<Gc<'h, Future>>,
    result: Value<'h>,
) -> Direct<'h> {
    let this = payload(owner);
    if let Some(waiter) = woken {
        W::queue(this).leave(vm, waiter);
        W::resume(vm, this);
    } else if !W::enter(vm, this) {
        if !W::queue(this).belongs_here(vm) {
            return Direct::Coroutine;
        }
        return Direct::Wait(W::queue(this).join_as(vm, W::WAITING, owner));
    }
    Direct::Done(result)
}

/// An exception ended a wait that `direct` began.
pub(super) fn give_up<'h, W: Wait>(vm: &'h Vm, owner: Value<'h>, waiter: Gc<'h, Future>) {
    let this = payload(owner);
    W::queue(this).leave(vm, waiter);
    W::abandon(vm, this, waiter);
}

/// RuntimeError: tasks of another loop wait for it already.
pub(super) fn other_loop(vm: &mut Vm, owner: Local) -> Raised {
    match vm.repr_text(owner) {
        Ok(text) => vm.heap.raise(
            Builtin::RuntimeError,
            format!("{text} is bound to a different event loop"),
        ),
        Err(raised) => raised,
    }
}

/// One step of a coroutine that waits.
pub(super) fn step<W: Wait>(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let owner = vm.step_slot(this, OWNER).get(&vm.heap);
    let result = vm.local(vm.step_slot(this, RESULT).get(&vm.heap));
    if vm.step_state(this) == 0 {
        let owner = payload(owner);
        if W::enter(vm, owner) {
            return Ok(Step::Return(result));
        }
        if !W::queue(owner).belongs_here(vm) {
            let owner = vm.local(vm.step_slot(this, OWNER).get(&vm.heap));
            return Err(other_loop(vm, owner));
        }
        let waiter = W::queue(owner).join(vm);
        vm.step_slot(this, WAITER).set(vm.get(waiter));
        vm.set_step_state(this, 1);
        return Ok(Step::Await(waiter));
    }
    let waiter = vm.local(vm.step_slot(this, WAITER).get(&vm.heap));
    if let Input::Throw(exception) = input {
        give_up::<W>(vm, owner, future(vm, waiter));
        return Err(vm.raise_local(exception));
    }
    W::queue(payload(owner)).leave(vm, future(vm, waiter));
    W::resume(vm, payload(owner));
    Ok(Step::Return(result))
}
