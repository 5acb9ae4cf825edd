//! The foreground of the loop: the task that a run waits for, which Ctrl-C cancels; and the loop under a prompt.
//!
//! The first Ctrl-C cancels the main task of a program, so that its finally blocks run while other tasks go on; the second raises
//! KeyboardInterrupt wherever the program is. A prompt has no main task: `idle` runs what is ready or due while a person types, and
//! gives way when called; what an input waits for is in the foreground.

use std::time::Duration;

use super::clock::TimeMode;
use super::event_loop::{next_event, turn_now};
use super::future::{self, future};
use super::{Scheduler, reactor, report, scheduler, task};
use crate::runtime::future::FutureState;
use crate::runtime::{Builtin, Raised, Value};
use crate::vm::{Local, Vm};

/// How long virtual time stands still between two jumps under a waiting prompt: a task that ticks for ever does not flood it.
const VIRTUAL_PAUSE: Duration = Duration::from_millis(5);

/// How often input and output are looked after under a waiting prompt.
const IO_PAUSE: Duration = Duration::from_millis(5);

/// From now on a prompt attends the loop.
pub fn attend(vm: &mut Vm) {
    scheduler(vm).attended.set(true);
}

/// No prompt attends the loop any more: what is left can be cancelled.
pub fn leave_loop(vm: &Vm) {
    scheduler(vm).attended.set(false);
}

/// Runs handles that are ready or due until input arrives. `called(timeout)` blocks for at most `timeout` (None: until something
/// happens) and returns true when a line is ready.
///
/// # Errors
/// KeyboardInterrupt and SystemExit of any task.
pub fn idle(vm: &mut Vm, called: &mut dyn FnMut(Option<Duration>) -> bool) -> Result<(), Raised> {
    let outer = scheduler(vm).running.replace(true);
    let result = run_until_called(vm, called);
    scheduler(vm).running.set(outer);
    result
}

fn run_until_called(
    vm: &mut Vm,
    called: &mut dyn FnMut(Option<Duration>) -> bool,
) -> Result<(), Raised> {
    loop {
        let patience = patience(vm);
        if patience != Some(Duration::ZERO) {
            report::failures_at_exit(vm);
            // If that fails the next write fails, too, and tells the program.
            let _ = vm.host.flush();
        }
        scheduler(vm).watch.forget();
        if called(patience) {
            return Ok(());
        }
        let came = reactor::poll(vm, Some(Duration::ZERO))?;
        let scheduler = scheduler(vm);
        if scheduler.clock.mode() == TimeMode::Virtual
            && !came
            && !is_busy(scheduler)
            && let Some(when) = next_event(vm)
        {
            scheduler.clock.wait_until(when, || false);
        }
        turn_now(vm)?;
    }
}

fn is_busy(scheduler: &Scheduler) -> bool {
    !scheduler.ready.is_empty() || scheduler.green.any_runnable()
}

/// How long there is nothing to do.
fn patience(vm: &Vm) -> Option<Duration> {
    let scheduler = scheduler(vm);
    if is_busy(scheduler) {
        return Some(Duration::ZERO);
    }
    let due = next_event(vm).map(|when| match scheduler.clock.mode() {
        TimeMode::Virtual => VIRTUAL_PAUSE,
        TimeMode::Real => {
            let left = (when - scheduler.now()).max(0.0);
            // Timers may be set for later than a Duration can say.
            Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX)
        }
    });
    if reactor::may_go_on(vm) {
        return Some(due.map_or(IO_PAUSE, |due| due.min(IO_PAUSE)));
    }
    due
}

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
    if !future(vm, awaited).is_done() {
        let unsaid = vm.local(Value::UNDEF);
        if future(vm, awaited).task().is_some() {
            future::cancel(vm, awaited, unsaid)?;
        }
    } else if interrupted
        && result.is_ok()
        && future(vm, awaited).state.get() == FutureState::Cancelled
    {
        return Err(vm.heap.raise_with(Builtin::KeyboardInterrupt, &[]));
    }
    result
}

/// Ctrl-C has cancelled the main task of a program. KeyboardInterrupt, unless the task took the cancellation for its own business.
fn leave_program(vm: &mut Vm, task: Local) -> Result<(), Raised> {
    if future(vm, task).state.get() != FutureState::Cancelled || task::uncancel(vm, task) > 0 {
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
        if hears && !this.is_done() && this.task().is_some() && !scheduler.interrupted.replace(true)
        {
            let unsaid = vm.local(Value::UNDEF);
            future::cancel(vm, task, unsaid)?;
            return Ok(());
        }
    }
    Err(vm.heap.raise_with(Builtin::KeyboardInterrupt, &[]))
}
