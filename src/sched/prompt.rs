//! The loop under a prompt.
//!
//! The first Ctrl-C cancels the main task of a program, so that its finally blocks run while other tasks go on; the second raises
//! KeyboardInterrupt wherever the program is. A prompt has no main task: `idle` runs what is ready or due while a person types, and
//! gives way when called; what an input waits for is in the foreground.

use std::time::Duration;

use super::clock::TimeMode;
use super::event_loop::turn_now;
use super::pause::next_event;
use super::{Scheduler, reactor, report, scheduler, shared};
use crate::runtime::Raised;
use crate::vm::Vm;

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
        turn_now(vm, &shared(vm))?;
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
