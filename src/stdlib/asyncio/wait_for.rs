//! `asyncio.wait_for`: await something for at most so long.
//!
//! As in CPython 3.12+, the awaitable runs inside of the current task: when time is up the task is cancelled, and the cancellation is
//! turned into TimeoutError on its way out.

use super::sleep::{load_timer, seconds, store_timer};
use crate::runtime::exception::Exception;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::future::{self, future, new_future};
use crate::sched::handle::Handle;
use crate::sched::{scheduler, task};
use crate::vm::{Input, Local, Native, NativeCoroutine, Step, Vm};

/// `wait_for(fut, timeout)`.
pub const WAIT_FOR: Native = Native::vm(
    "wait_for(fut, timeout)",
    "Await fut for at most timeout seconds, else cancel it and raise TimeoutError.",
    |vm, args| {
        let none = vm.none();
        Ok(vm.native_coroutine(&WAITING, &[args.at(0), args.at(1), none, none, none, none]))
    },
);

static WAITING: NativeCoroutine = NativeCoroutine {
    name: "wait_for",
    step,
};

// Registers: the awaitable, the timeout, the timer (two), the task's cancel requests at the start, whether time was up.
const AWAITABLE: usize = 0;
const TIMEOUT: usize = 1;
const TIMER: usize = 2;
const CANCELLING: usize = 4;
const EXPIRED: usize = 5;

const START: u32 = 0;
const RUNNING: u32 = 1;
const CANCELLED: u32 = 2;

fn step(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    match vm.step_state(this) {
        START => begin(vm, this),
        RUNNING => finish(vm, this, input),
        _ => after_cancel(vm, this, input),
    }
}

fn begin(vm: &mut Vm, this: Local) -> Result<Step, Raised> {
    let awaitable = vm.local(vm.step_slot(this, AWAITABLE).get(&vm.heap));
    let timeout = vm.local(vm.step_slot(this, TIMEOUT).get(&vm.heap));
    let Some(current) = scheduler(vm).current_task(&vm.heap).map(|t| vm.local(t)) else {
        return Err(vm.heap.raise(
            Builtin::RuntimeError,
            "Timeout should be used inside a task",
        ));
    };
    if !vm.get(timeout).is_none() {
        let delay = seconds(vm, timeout)?;
        if delay <= 0.0 {
            return cancel_at_once(vm, this, awaitable);
        }
        let requests = task::part(vm, current).cancel_requests.get();
        vm.step_slot(this, CANCELLING)
            .set(Value::small_int(i64::from(requests)));
        let scheduler = scheduler(vm);
        let action = scheduler.callback(expire);
        let when = scheduler.now() + delay;
        let timer = scheduler.call_at(when, Handle::new(action, vm.get(this), vm.get(current)));
        store_timer(vm, this, TIMER, timer);
    }
    vm.set_step_state(this, RUNNING);
    Ok(Step::Await(awaitable))
}

/// Time is up: `this` is the waiting coroutine, the argument its task.
fn expire(vm: &mut Vm, this: Local, current: Local) -> Result<(), Raised> {
    let none = vm.none();
    task::cancel(vm, current, none);
    vm.step_slot(this, EXPIRED).set(Value::TRUE);
    Ok(())
}

fn finish(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    if !vm.step_slot(this, TIMER).get(&vm.heap).is_none() {
        scheduler(vm).cancel_timer(load_timer(vm, this, TIMER));
    }
    let expired = vm.step_slot(this, EXPIRED).get(&vm.heap).as_bool() == Some(true);
    let withdrawn = expired && withdraw(vm, this);
    match input {
        Input::Send(value) => Ok(Step::Return(value)),
        Input::Throw(exception)
            if withdrawn
                && vm
                    .heap
                    .is_instance(vm.get(exception), Builtin::CancelledError) =>
        {
            Err(timeout_error(vm, exception))
        }
        Input::Throw(exception) => Err(vm.raise_local(exception)),
    }
}

/// Takes the timeout's own request to cancel back; whether no other was made meanwhile.
fn withdraw(vm: &Vm, this: Local) -> bool {
    let Some(current) = scheduler(vm).current_task(&vm.heap).map(|t| vm.local(t)) else {
        return false;
    };
    let before = vm
        .step_slot(this, CANCELLING)
        .get(&vm.heap)
        .as_int()
        .unwrap_or(0);
    let part = task::part(vm, current);
    let left = part.cancel_requests.get().saturating_sub(1);
    part.cancel_requests.set(left);
    if left == 0 {
        part.must_cancel.set(false);
    }
    i64::from(left) <= before
}

/// TimeoutError from the CancelledError that it stands for.
pub fn timeout_error(vm: &Vm, cancelled: Local) -> Raised {
    let raised = vm.heap.raise_with(Builtin::TimeoutError, &[]);
    link_cause(vm, vm.heap.peek_raised(&raised), cancelled);
    raised
}

fn link_cause(vm: &Vm, error: Gc<'_, Exception>, cause: Local) {
    error.cause.set(vm.get(cause));
    error.context.set(vm.get(cause));
    error.suppress_context.set(true);
}

/// A timeout that is over before it begins: the awaitable is cancelled without having run.
fn cancel_at_once(vm: &mut Vm, this: Local, awaitable: Local) -> Result<Step, Raised> {
    let inner = task::ensure_future(vm, awaitable)?;
    if future(vm, inner).is_done() {
        return vm.future_result(inner).map(Step::Return);
    }
    vm.step_slot(this, AWAITABLE).set(vm.get(inner));
    let over = new_future(vm);
    let action = scheduler(vm).callback(|vm, over, _| {
        if !future(vm, over).is_done() {
            let none = vm.none();
            future::set_result(vm, over, none)?;
        }
        Ok(())
    });
    future::add_callback(vm, inner, action, over);
    let none = vm.none();
    future::cancel(vm, inner, none);
    vm.set_step_state(this, CANCELLED);
    Ok(Step::Await(over))
}

fn after_cancel(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    if let Input::Throw(exception) = input {
        return Err(vm.raise_local(exception));
    }
    let inner = vm.local(vm.step_slot(this, AWAITABLE).get(&vm.heap));
    match vm.future_result(inner) {
        Ok(value) => Ok(Step::Return(value)),
        Err(raised) if vm.is_raised(&raised, Builtin::CancelledError) => {
            let exception = vm.take_local(raised);
            Err(timeout_error(vm, exception))
        }
        Err(raised) => Err(raised),
    }
}
