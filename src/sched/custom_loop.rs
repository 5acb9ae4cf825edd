//! Loops of user classes: each question that such a class may answer goes through its methods.
//!
//! The scheduler keeps handles and timers as for any other loop. Of a loop whose class is not the native one (`Settings::is_custom`)
//! it asks `time()` for the moment, sets timers by `call_later()` and `call_at()`, and runs a turn by `_run_once()`; a selector that
//! user code gave the loop is asked instead of the reactor. Timers count in the loop's own time: `Settings::shift` says how far the
//! clock is ahead of it.

use super::event_loop;
use super::handle::{Action, Handle, HandleState, TimerId};
use super::{clock::TimeMode, green, pause, reactor, scheduler, shared};
use crate::runtime::opaque::Opaque;
use crate::runtime::{Raised, Value};
use crate::vm::{Local, Native, NativeRole, Vm};
use std::time::Duration;

/// As CPython's `_clock_resolution`: timers due within so many seconds run in the same turn.
const RESOLUTION: f64 = 1e-9;

/// The longest wait that a selector is asked for, in seconds.
const LONGEST_WAIT: f64 = 24.0 * 3600.0;

/// The object of the current loop if its class may override what the scheduler else does itself.
fn custom_loop(vm: &mut Vm) -> Result<Option<Local>, Raised> {
    if !scheduler(vm).settings.is_custom.get() {
        return Ok(None);
    }
    match scheduler(vm).face.get() {
        Some(face) => (face.loop_object)(vm).map(Some),
        None => Ok(None),
    }
}

/// The moment on the current loop's clock.
///
/// # Errors
/// Of an overridden `time`.
pub fn time(vm: &mut Vm) -> Result<f64, Raised> {
    match custom_loop(vm)? {
        Some(the_loop) => time_of(vm, the_loop),
        None => Ok(scheduler(vm).now()),
    }
}

fn time_of(vm: &mut Vm, the_loop: Local) -> Result<f64, Raised> {
    let now = vm.call_method(the_loop, "time", &[])?;
    vm.to_float(now)
}

/// Sets a timer of the current loop for so many seconds from now.
///
/// # Errors
/// Of overridden methods.
pub fn call_later(vm: &mut Vm, seconds: f64, call: Call) -> Result<TimerId, Raised> {
    match custom_loop(vm)? {
        Some(the_loop) => by_method(vm, the_loop, "call_later", seconds, call),
        None => {
            let scheduler = scheduler(vm);
            scheduler.call_at(&vm.heap, scheduler.now() + seconds, handle(vm, call))
        }
    }
}

/// Sets a timer of the current loop for a moment of its clock.
///
/// # Errors
/// Of overridden methods.
pub fn call_at(vm: &mut Vm, when: f64, call: Call) -> Result<TimerId, Raised> {
    match custom_loop(vm)? {
        Some(the_loop) => by_method(vm, the_loop, "call_at", when, call),
        None => scheduler(vm).call_at(&vm.heap, when, handle(vm, call)),
    }
}

/// What a timer does: its action, the target, the argument.
pub type Call = (Action, Local, Local);

fn handle(vm: &Vm, (action, target, argument): Call) -> Handle {
    Handle::new(action, vm.get(target), vm.get(argument))
}

/// Performs the action with a number on a target: the callback of a native timer that a user's loop schedules.
const PERFORM: Native = Native::vm(
    "_perform(action, target, argument, /)",
    "Do what a timer of the scheduler is for.",
    |vm, args| {
        let action = vm.get(args.at(0)).as_int().unwrap_or_default();
        let (target, argument) = (vm.get(args.at(1)), vm.get(args.at(2)));
        let handle = Handle::new(Action::from_number(action as u32), target, argument);
        event_loop::run_one(vm, handle)?;
        Ok(vm.none())
    },
);

/// The timer that a method of the loop set; one that cannot be found if the method returned no handle of ours.
fn by_method(
    vm: &mut Vm,
    the_loop: Local,
    method: &str,
    moment: f64,
    (action, target, argument): Call,
) -> Result<TimerId, Raised> {
    let action = i64::from(action.to_number());
    let perform = vm.native_function(&PERFORM, NativeRole::Free);
    let args = [
        vm.local(Value::float(moment)),
        perform,
        vm.local(Value::small_int(action)),
        target,
        vm.local(vm.get(argument).or(Value::NONE)),
    ];
    let made = vm.call_method(the_loop, method, &args)?;
    let state = vm
        .get_gc::<Opaque>(made)
        .and_then(|o| o.payload::<HandleState>());
    let timer = state.and_then(|state| state.timer.get());
    Ok(timer.map_or(TimerId::NONE, |(_, timer)| timer))
}

/// One turn of `run_forever`.
///
/// # Errors
/// As `event_loop::run_forever`, and of overridden methods.
pub(super) fn turn(vm: &mut Vm) -> Result<(), Raised> {
    let mark = vm.mark();
    let result = match custom_loop(vm)? {
        Some(the_loop) => vm.call_method(the_loop, "_run_once", &[]).map(drop),
        None => event_loop::turn(vm, &shared(vm)),
    };
    vm.release(mark);
    result
}

/// `_run_once()` itself.
///
/// # Errors
/// As `turn`.
pub fn run_once(vm: &mut Vm) -> Result<(), Raised> {
    let Some(the_loop) = custom_loop(vm)? else {
        return event_loop::turn(vm, &shared(vm));
    };
    let now = time_of(vm, the_loop)?;
    let shift = scheduler(vm).now() - now;
    scheduler(vm).settings.shift.set(shift);
    let selector = vm.find_attr(the_loop, "_selector")?;
    match selector.filter(|&selector| !vm.get(selector).is_none()) {
        Some(selector) => select(vm, the_loop, selector, now)?,
        None => event_loop::wait(vm)?,
    }
    let now = time_of(vm, the_loop)?;
    event_loop::run_due(vm, &shared(vm), now + RESOLUTION)
}

/// Asks a selector of user code for events, and has the loop process them.
fn select(vm: &mut Vm, the_loop: Local, selector: Local, now: f64) -> Result<(), Raised> {
    let scheduler = scheduler(vm);
    let is_ready = !scheduler.ready.is_empty() || scheduler.settings.stopping.get();
    let due = scheduler.timers.next_due(&vm.heap);
    let timeout = match due {
        _ if is_ready => Value::small_int(0),
        Some(due) => Value::float((due - now).clamp(0.0, LONGEST_WAIT)),
        None => Value::NONE,
    };
    let timeout = vm.local(timeout);
    let events = vm.call_method(selector, "select", &[timeout])?;
    vm.call_method(the_loop, "_process_events", &[events])?;
    reactor::poll(vm, Some(Duration::ZERO))?;
    let is_idle = !is_ready && !green::run_slices(vm)? && self::scheduler(vm).ready.is_empty();
    match due {
        // The selector did not wait: virtual time would else stand still.
        Some(_) if is_idle && self::scheduler(vm).clock.mode() == TimeMode::Virtual => {
            let when = pause::next_event(vm).unwrap_or(now);
            pause::sleep_until(vm, when)
        }
        _ => Ok(()),
    }
}
