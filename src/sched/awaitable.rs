//! Futures for awaitables: what `ensure_future`, `gather` and their kin make of their arguments.
//!
//! Futures stand for themselves, a coroutine gets a task, and an object with `__await__` a task around it.

use super::scheduler;
use super::task::{is_coroutine, make};
use crate::runtime::future::Future;
use crate::runtime::intern::Sym;
use crate::runtime::{Raised, Value};
use crate::vm::{Input, Local, Mention, NativeCoroutine, Step, Vm};

/// A future for something awaitable: futures themselves, a task for a coroutine, a task around an object with `__await__`.
///
/// # Errors
/// TypeError if it is not awaitable.
pub fn ensure_future(vm: &mut Vm, awaitable: Local) -> Result<Local, Raised> {
    if vm.get(awaitable).is_gc::<Future>() {
        return Ok(awaitable);
    }
    check_awaitable(vm, awaitable)?;
    if !scheduler(vm).has_loop()
        && let Some(face) = scheduler(vm).face.get()
    {
        (face.enter_loop)(vm)?;
    }
    ensure_future_here(vm, awaitable)
}

/// The same on the loop with a number.
///
/// # Errors
/// As `ensure_future`; ValueError for a future of another loop.
pub fn ensure_future_on(vm: &mut Vm, awaitable: Local, number: u16) -> Result<Local, Raised> {
    if let Some(known) = vm.get_gc::<Future>(awaitable) {
        let own = known.loop_number.get();
        if own != number && own != 0 {
            return Err(vm.heap.value_error(
                "The future belongs to a different loop than the one specified as the loop argument",
            ));
        }
        return Ok(awaitable);
    }
    let outer = scheduler(vm).switch(&vm.heap, number);
    let made = ensure_future_here(vm, awaitable);
    if scheduler(vm).is_running() {
        scheduler(vm).switch(&vm.heap, outer);
    }
    made
}

/// Whether it is a coroutine; TypeError if it cannot be awaited at all.
fn check_awaitable(vm: &Vm, awaitable: Local) -> Result<bool, Raised> {
    let is_coroutine = is_coroutine(vm, awaitable);
    if !is_coroutine && vm.special(vm.get(awaitable), Sym::Await).is_none() {
        return Err(vm
            .heap
            .type_error("An asyncio.Future, a coroutine or an awaitable is required"));
    }
    Ok(is_coroutine)
}

/// The same on the current loop, whether or not it runs.
///
/// # Errors
/// As `ensure_future`.
pub fn ensure_future_here(vm: &mut Vm, awaitable: Local) -> Result<Local, Raised> {
    if vm.get(awaitable).is_gc::<Future>() {
        return Ok(awaitable);
    }
    let is_coroutine = check_awaitable(vm, awaitable)?;
    let undef = vm.local(Value::UNDEF);
    let coroutine = match is_coroutine {
        true => awaitable,
        false => vm.native_coroutine(&WRAP_AWAITABLE, &[awaitable]),
    };
    make(vm, coroutine, undef, undef)
}

/// Awaits the awaitable in its first register.
static WRAP_AWAITABLE: NativeCoroutine =
    NativeCoroutine::new("_wrap_awaitable", wrap_awaitable).mentioned(Mention::Never);

fn wrap_awaitable(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    match (vm.step_state(this), input) {
        (0, Input::Send(_)) => {
            vm.set_step_state(this, 1);
            Ok(Step::Await(vm.local(vm.step_slot(this, 0).get(&vm.heap))))
        }
        (_, Input::Send(value)) => Ok(Step::Return(value)),
        (_, Input::Throw(exception)) => Err(vm.raise_local(exception)),
    }
}
