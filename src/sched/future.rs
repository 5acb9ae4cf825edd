//! Futures: results, cancellation, callbacks.
//!
//! A finished future puts its callbacks into the ready queue; it never calls them.

use super::handle::{Action, Handle};
use super::scheduler;
use crate::runtime::exception::Exception;
use crate::runtime::future::{Callback, Future, FutureState, TaskPart};
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::{Local, Vm};

/// The future in a local that is known to hold one.
#[inline]
pub fn future(vm: &Vm, local: Local) -> Gc<'_, Future> {
    vm.get_gc(local)
        .expect("the caller knows that it is a future")
}

/// The task part of a local that is known to hold a task.
#[inline]
pub fn part(vm: &Vm, task: Local) -> &TaskPart {
    future(vm, task)
        .task()
        .expect("the caller knows that it is a task")
}

/// A new pending future that a timer finishes at a moment, as `clock.monotonic` counts; cancelling it cancels the timer.
///
/// # Errors
/// MemoryError.
pub fn future_at(vm: &Vm, when: f64) -> Result<Gc<'_, Future>, Raised> {
    let future = vm.heap.future();
    future.loop_number.set(scheduler(vm).loop_number());
    scheduler(vm).timers.add_future(&vm.heap, when, future)?;
    future.timed.set(true);
    Ok(future)
}

/// A new pending future.
pub fn new_future(vm: &Vm) -> Local {
    let future = vm.heap.future();
    future.loop_number.set(scheduler(vm).loop_number());
    vm.local(future.value())
}

/// Gives a pending future its result.
///
/// # Errors
/// InvalidStateError if it is done.
pub fn set_result(vm: &Vm, local: Local, value: Local) -> Result<(), Raised> {
    set_result_of(vm, future(vm, local), vm.get(value))
}

/// The same with the future and the value themselves.
///
/// # Errors
/// As `set_result`.
pub fn set_result_of(vm: &Vm, this: Gc<'_, Future>, value: Value<'_>) -> Result<(), Raised> {
    check_pending(vm, this)?;
    finish(vm, this, value);
    Ok(())
}

/// Gives a future that is known to be pending its result.
pub fn finish(vm: &Vm, this: Gc<'_, Future>, value: Value<'_>) {
    debug_assert!(!this.is_done(&vm.heap));
    this.result.set(&vm.heap, value);
    this.state.set(&vm.heap, FutureState::Done);
    schedule_callbacks(vm, this);
}

/// Gives a pending future its exception, an instance.
///
/// # Errors
/// InvalidStateError if it is done.
pub fn set_exception(vm: &Vm, local: Local, exception: Local) -> Result<(), Raised> {
    let this = future(vm, local);
    check_pending(vm, this)?;
    let error: Gc<'_, Exception> = vm.get_gc(exception).expect("callers check the class");
    if error.was_raised() {
        error.note_mark(&vm.heap, &this.get().extra().failed_at);
    }
    this.result.set(&vm.heap, vm.get(exception));
    this.state.set(&vm.heap, FutureState::Failed);
    this.retrieved.set(&vm.heap, false);
    // The collector tells of it if nobody takes the exception: `report::unretrieved`.
    vm.heap.finalise(this.value());
    schedule_callbacks(vm, this);
    Ok(())
}

/// What a future gets instead of a StopIteration, which would end its awaiter as if that had returned: a RuntimeError.
pub fn without_stop_iteration(vm: &Vm, exception: Local) -> Local {
    if !vm
        .heap
        .is_instance(vm.get(exception), Builtin::StopIteration)
    {
        return exception;
    }
    let message =
        "StopIteration interacts badly with generators and cannot be raised into a Future";
    let raised = vm.heap.raise(Builtin::RuntimeError, message);
    let error = vm.heap.peek_raised(&raised);
    error.cause.set(vm.get(exception));
    error.context.set(vm.get(exception));
    error.suppress_context.set(true);
    vm.take_local(raised)
}

fn check_pending(vm: &Vm, this: Gc<'_, Future>) -> Result<(), Raised> {
    if this.is_done(&vm.heap) {
        Err(vm.heap.raise(Builtin::InvalidStateError, "invalid state"))
    } else {
        Ok(())
    }
}

/// Whether a future's class is Future or Task itself, so that its methods are known.
#[inline]
pub fn is_exact(vm: &Vm, local: Local) -> bool {
    has_exact_class(&vm.heap, future(vm, local))
}

/// The same of the future itself.
#[inline]
pub fn has_exact_class(heap: &Heap, this: Gc<'_, Future>) -> bool {
    let shape = this.shape();
    [Builtin::Future, Builtin::Task]
        .iter()
        .any(|&class| shape == heap.types.shape_of(class))
}

/// Makes a pending future cancelled.
pub fn cancel_now(vm: &Vm, local: Local, message: Local) {
    let this = future(vm, local);
    this.result.set(&vm.heap, vm.get(message));
    this.state.set(&vm.heap, FutureState::Cancelled);
    if this.timed.replace(false) {
        scheduler(vm).timers.note_cancelled(&vm.heap);
    }
    schedule_callbacks(vm, this);
}

/// Makes a waiter cancelled, unless it is done.
pub fn cancel_waiter(vm: &Vm, waiter: Gc<'_, Future>) {
    if !waiter.is_done(&vm.heap) {
        waiter.state.set(&vm.heap, FutureState::Cancelled);
        schedule_callbacks(vm, waiter);
    }
}

/// Adds what is to happen in the turn after a future is done; soon, if it is.
pub fn add_callback(vm: &Vm, local: Local, action: Action, target: Local) {
    let context = scheduler(vm).context(&vm.heap);
    add_callback_to(vm, future(vm, local), action, [vm.get(target), context]);
}

/// The same in a context of its own.
pub fn add_callback_in(vm: &Vm, local: Local, action: Action, target: Local, context: Local) {
    add_callback_to(
        vm,
        future(vm, local),
        action,
        [target, context].map(|l| vm.get(l)),
    );
}

/// The same with the future, the target and the context themselves.
#[inline]
pub fn add_callback_to(
    vm: &Vm,
    this: Gc<'_, Future>,
    action: Action,
    [target, context]: [Value<'_>; 2],
) {
    let callback = Callback {
        kind: action.to_number(),
        target: Slot::new(target),
        context: Slot::new(context),
    };
    if this.is_done(&vm.heap) {
        scheduler(vm).call_soon(Handle::of_callback(&callback, this.value()));
    } else {
        this.push_callback(&vm.heap, callback);
    }
}

/// Removes the callbacks with this target; how many there were.
pub fn remove_callback(vm: &Vm, local: Local, action: Action, target: Value<'_>) -> usize {
    let this = future(vm, local);
    this.retain_callbacks(&vm.heap, |c| {
        c.kind != action.to_number() || !c.target.get(&vm.heap).is(target)
    })
}

/// Removes the program's callbacks that are equal to one; how many there were.
///
/// # Errors
/// What a comparison raises.
pub fn remove_equal_callbacks(vm: &mut Vm, local: Local, wanted: Local) -> Result<usize, Raised> {
    let mut targets = Vec::new();
    future(vm, local).each_callback(&vm.heap, |c| {
        if c.kind == Action::Call.to_number() {
            targets.push(vm.local(c.target.get(&vm.heap)));
        }
    });
    // Comparisons may change the callbacks: what is equal is removed by identity, afterwards.
    let mut count = 0;
    for target in targets {
        if vm.get(target).is(vm.get(wanted)) || vm.equal(target, wanted)? {
            count += remove_callback(vm, local, Action::Call, vm.get(target));
        }
    }
    Ok(count)
}

fn schedule_callbacks(vm: &Vm, this: Gc<'_, Future>) {
    let scheduler = scheduler(vm);
    let number = this.loop_number.get();
    let outer = if number == 0 {
        scheduler.loop_number()
    } else {
        scheduler.switch(&vm.heap, number)
    };
    let (first, others) = this.take_callbacks(&vm.heap);
    for callback in first.into_iter().chain(others) {
        scheduler.call_soon(Handle::of_callback(&callback, this.value()));
    }
    scheduler.switch(&vm.heap, outer);
}
