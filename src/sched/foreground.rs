//! The foreground of the loop: the task that a run waits for, which Ctrl-C cancels.
//!
//! The first Ctrl-C cancels the main task of a program, so that its finally blocks run while other tasks go on; the second raises
//! KeyboardInterrupt wherever the program is. Under a prompt, what an input waits for is in the foreground.

use super::future::future;
use super::{cancel, scheduler};
use crate::runtime::future::FutureState;
use crate::runtime::{Builtin, Raised, Value};
use crate::vm::{Local, Vm};

/// What was in the foreground outside of a run of the loop.
pub(super) struct Outer {
    foreground: Local,
    interrupted: bool,
}

/// A run of the loop begins that waits for `awaited`.
pub(super) fn enter(vm: &Vm, awaited: Local) -> Outer {
    let scheduler = scheduler(vm);
    let outer = Outer {
        foreground: vm.local(scheduler.foreground.get(&vm.heap)),
        interrupted: scheduler.interrupted.replace(false),
    };
    // Ctrl-C is the main thread's.
    if !vm.is_green() {
        scheduler.foreground.set(vm.get(awaited));
    }
    outer
}

/// The run is over. If Ctrl-C cancelled what it waited for, that is KeyboardInterrupt; what a second Ctrl-C left behind is
/// cancelled again, so that it ends in the background.
pub(super) fn leave(
    vm: &mut Vm,
    awaited: Local,
    outer: Outer,
    result: Result<(), Raised>,
) -> Result<(), Raised> {
    if vm.is_green() {
        return result;
    }
    let foreground = vm.get(outer.foreground);
    scheduler(vm).foreground.set(foreground);
    let interrupted = scheduler(vm).interrupted.replace(outer.interrupted);
    if !scheduler(vm).attended.get() {
        return match interrupted && result.is_ok() {
            true => leave_program(vm, awaited),
            false => result,
        };
    }
    // After a deadlock the input goes on waiting: a later one may bring what it waits for.
    if vm.is_halting() {
        return result;
    }
    if !future(vm, awaited).is_done(&vm.heap) {
        let unsaid = vm.local(Value::UNDEF);
        if future(vm, awaited).task().is_some() {
            cancel::cancel(vm, awaited, unsaid)?;
        }
    } else if interrupted
        && result.is_ok()
        && future(vm, awaited).state.get(&vm.heap) == FutureState::Cancelled
    {
        return Err(vm.heap.raise_with(Builtin::KeyboardInterrupt, &[]));
    }
    result
}

/// Ctrl-C has cancelled the main task of a program. KeyboardInterrupt, unless the task took the cancellation for its own business.
fn leave_program(vm: &mut Vm, task: Local) -> Result<(), Raised> {
    if future(vm, task).state.get(&vm.heap) != FutureState::Cancelled
        || cancel::uncancel(vm, task) > 0
    {
        return Ok(());
    }
    let Err(raised) = vm.future_result(task) else {
        return Ok(());
    };
    let cancelled = vm.take_local(raised);
    let interrupt = vm.heap.raise_with(Builtin::KeyboardInterrupt, &[]);
    let exception = vm.heap.peek_raised(&interrupt);
    exception.context.set(vm.get(cancelled));
    Err(interrupt)
}

/// What Ctrl-C does, unless the program has a handler of its own.
pub(super) fn interrupt(vm: &mut Vm) -> Result<(), Raised> {
    let scheduler = scheduler(vm);
    let heap = &vm.heap;
    if let Some(foreground) = scheduler.foreground.get(heap).defined() {
        let runs_now = scheduler
            .current_task(heap)
            .is_some_and(|task| task.is(foreground));
        let task = vm.local(foreground);
        let this = future(vm, task);
        // At a prompt nobody would see that a task which awaits nothing was cancelled.
        let hears = !runs_now || !scheduler.attended.get();
        if hears
            && !this.is_done(&vm.heap)
            && this.task().is_some()
            && !scheduler.interrupted.replace(true)
        {
            let unsaid = vm.local(Value::UNDEF);
            cancel::cancel(vm, task, unsaid)?;
            return Ok(());
        }
    }
    Err(vm.heap.raise_with(Builtin::KeyboardInterrupt, &[]))
}
