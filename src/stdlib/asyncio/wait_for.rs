//! `asyncio.wait_for`: await something for at most so long.
//!
//! As in CPython 3.12+, the awaitable runs inside of the current task, in a `Timeout`.

use super::register;
use super::sleep::seconds;
use super::timeout::{self, timeout_error};
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::future::{self, future, new_future};
use crate::sched::handle::NativeCallback;
use crate::sched::{awaitable, cancel, scheduler};
use crate::vm::{Input, Local, Mention, Native, NativeCoroutine, Step, Vm};

/// `wait_for(fut, timeout)`.
pub const WAIT_FOR: Native = Native::vm(
    "wait_for(fut, timeout) -> coroutine",
    "Await fut for at most timeout seconds, else cancel it and raise TimeoutError.",
    |vm, args| Ok(vm.native_coroutine(&WAITING, &[args.at(0), args.at(1)])),
);

static WAITING: NativeCoroutine =
    NativeCoroutine::new("wait_for", step).mentioned(Mention::Around("wait_for"));

// Registers: the awaitable, the time limit and then the `Timeout`.
const AWAITABLE: usize = 0;
const TIMEOUT: usize = 1;

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
    let (awaitable, limit) = (register(vm, this, AWAITABLE), register(vm, this, TIMEOUT));
    if !vm.get(limit).is_none() && seconds(vm, limit)? <= 0.0 {
        return cancel_at_once(vm, this, awaitable);
    }
    let timeout = timeout::after(vm, limit)?;
    timeout::enter(vm, timeout)?;
    vm.step_slot(this, TIMEOUT).set(vm.get(timeout));
    vm.set_step_state(this, RUNNING);
    Ok(Step::Await(awaitable))
}

fn finish(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let timeout = register(vm, this, TIMEOUT);
    match input {
        Input::Send(value) => {
            timeout::exit(vm, timeout, None)?;
            Ok(Step::Return(value))
        }
        Input::Throw(exception) => {
            timeout::exit(vm, timeout, Some(exception))?;
            Err(vm.raise_local(exception))
        }
    }
}

/// A timeout that is over before it begins: the awaitable is cancelled without having run.
fn cancel_at_once(vm: &mut Vm, this: Local, awaitable: Local) -> Result<Step, Raised> {
    let inner = awaitable::ensure_future(vm, awaitable)?;
    if future(vm, inner).is_done(&vm.heap) {
        return vm.future_result(inner).map(Step::Return);
    }
    vm.step_slot(this, AWAITABLE).set(vm.get(inner));
    let over = new_future(vm);
    let action =
        scheduler(vm).callback(const { &NativeCallback::new("wait_for.cancelled", cancelled) });
    future::add_callback(vm, inner, action, over);
    let unsaid = vm.local(Value::UNDEF);
    cancel::cancel(vm, inner, unsaid)?;
    vm.set_step_state(this, CANCELLED);
    Ok(Step::Await(over))
}

/// What was waited for has taken its cancellation.
fn cancelled(vm: &mut Vm, over: Local, _: Local) -> Result<(), Raised> {
    if !future(vm, over).is_done(&vm.heap) {
        let none = vm.none();
        future::set_result(vm, over, none)?;
    }
    Ok(())
}

fn after_cancel(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    if let Input::Throw(exception) = input {
        return Err(vm.raise_local(exception));
    }
    let inner = register(vm, this, AWAITABLE);
    match vm.future_result(inner) {
        Ok(value) => Ok(Step::Return(value)),
        Err(raised) if vm.is_raised(&raised, Builtin::CancelledError) => {
            let exception = vm.take_local(raised);
            Err(timeout_error(vm, exception))
        }
        Err(raised) => Err(raised),
    }
}
