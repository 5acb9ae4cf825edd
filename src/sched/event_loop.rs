//! The loop: turns, until a future is done.
//!
//! A turn: wait for input and output no longer than the next timer, not at all if something is ready; move what completed and then
//! what is due to the ready queue; run what was ready at that moment. Green threads get their slices between turns. When nothing is
//! ready, no timer is set, no thread can run and no socket is open, nothing ever will: the loop reports a deadlock instead of hanging.

use std::time::Duration;

use super::future::{self, future};
use super::handle::{Action, Handle};
use super::pause::{next_event, sleep_until, wait_for_io, wait_for_signal};
use super::task::{self, Turn};
use super::{
    Scheduler, block, callback, deadlock, green, reactor, scheduler, shared, signals, slow_step,
};
use crate::runtime::{Raised, Value};
use crate::vm::Vm;

/// Timers that are due within this many seconds run in the same turn, as with the resolution of CPython's clock.
const RESOLUTION: f64 = 1e-9;

/// One turn. `scheduler`: the VM's, which a run of the loop looks up once.
pub(super) fn turn(vm: &mut Vm, scheduler: &Scheduler) -> Result<(), Raised> {
    let is_ready = !scheduler.ready.is_empty();
    if !is_ready || reactor::is_asked(scheduler) {
        let mark = vm.mark();
        wait(vm)?;
        vm.release(mark);
    }
    turn_now(vm, scheduler)
}

/// One turn that does not wait for anything.
pub(super) fn turn_now(vm: &mut Vm, scheduler: &Scheduler) -> Result<(), Raised> {
    let mut end = f64::NEG_INFINITY;
    if !scheduler.timers.is_empty() {
        end = scheduler.now() + RESOLUTION;
        slow_step::turn(vm, scheduler, end - RESOLUTION);
    }
    run_due(vm, scheduler, end)
}

/// Runs what is ready and the timers that are due by a moment of the loop's clock.
pub(super) fn run_due(vm: &mut Vm, scheduler: &Scheduler, end: f64) -> Result<(), Raised> {
    let begin = vm.mark();
    let turn = Turn::new(vm, scheduler);
    if !scheduler.timers.is_empty() {
        let due = || scheduler.timers.pop_due(&vm.heap, end);
        scheduler.ready.push_due(due);
    }
    let count = scheduler.ready.len();
    let mark = vm.mark();
    for left in (1..=count).rev() {
        let Some(handle) = scheduler.ready.pop(left) else {
            break;
        };
        scheduler.watch.begin();
        if count == 1 {
            scheduler.watch.note_only(handle.target.get(&vm.heap));
        }
        match scheduler.settings.debug.get() {
            true => run_timed(vm, &turn, handle)?,
            false => run_handle(vm, &turn, handle)?,
        }
        if scheduler.watch.is_over() {
            slow_step::end(vm);
        }
        vm.release(mark);
    }
    scheduler.watch.begin();
    if green::has_threads(scheduler) && green::run_slices(vm)? {
        scheduler.watch.forget();
    }
    vm.release(begin);
    Ok(())
}

/// Waits until something is ready or due, and takes what input and output came to after what was ready.
pub(super) fn wait(vm: &mut Vm) -> Result<(), Raised> {
    loop {
        if !scheduler(vm).ready.is_empty() {
            reactor::poll(vm, Some(Duration::ZERO))?;
            return Ok(());
        }
        if vm.is_green() {
            return wait_as_thread(vm);
        }
        if green::run_slices(vm)? {
            continue;
        }
        match next_event(vm) {
            Some(when) if when <= scheduler(vm).now() => {
                reactor::poll(vm, Some(Duration::ZERO))?;
            }
            due if reactor::may_go_on(vm) => {
                scheduler(vm).watch.forget();
                wait_for_io(vm, due)?;
            }
            Some(when) => {
                scheduler(vm).watch.forget();
                sleep_until(vm, when)?;
            }
            None if signals::is_expected(vm) => {
                scheduler(vm).watch.forget();
                wait_for_signal(vm)?;
            }
            None => return Err(deadlock::deadlock(vm)),
        }
        green::wake_sleepers(vm);
        let scheduler = scheduler(vm);
        let is_due = |due| due <= scheduler.now();
        if !scheduler.ready.is_empty() || scheduler.next_timer(&vm.heap).is_some_and(is_due) {
            return Ok(());
        }
    }
}

/// How often a loop on a green thread looks for input and output, in seconds.
const LOOK: f64 = 0.001;

/// The same for a loop on a green thread: only that thread waits.
fn wait_as_thread(vm: &mut Vm) -> Result<(), Raised> {
    loop {
        reactor::poll(vm, Some(Duration::ZERO))?;
        let scheduler = scheduler(vm);
        let now = scheduler.now();
        let due = scheduler.next_timer(&vm.heap);
        if !scheduler.ready.is_empty() || due.is_some_and(|due| due <= now) {
            return Ok(());
        }
        let until = match reactor::may_go_on(vm) {
            true => Some(due.map_or(now + LOOK, |due| due.min(now + LOOK))),
            false => due,
        };
        block::until_ready(vm, until)?;
    }
}

/// Runs one handle outside of the ready queue.
pub(super) fn run_one(vm: &mut Vm, handle: Handle) -> Result<(), Raised> {
    let scheduler = shared(vm);
    let turn = Turn::new(vm, &scheduler);
    run_handle(vm, &turn, handle)
}

/// The same in debug mode, which tells the program's log of callbacks that take long.
#[cold]
fn run_timed(vm: &mut Vm, turn: &Turn<'_>, handle: Handle) -> Result<(), Raised> {
    let began = turn.scheduler.now();
    let object = vm.local(handle.object(&vm.heap));
    let target = match vm.get(object).is_undef() {
        true => vm.local(handle.target.get(&vm.heap)),
        false => object,
    };
    run_handle(vm, turn, handle)?;
    let seconds = turn.scheduler.now() - began;
    match turn.scheduler.face.get() {
        Some(face) if seconds >= turn.scheduler.settings.slow_callback.get() => {
            (face.log_slow)(vm, target, seconds)
        }
        _ => Ok(()),
    }
}

fn run_handle(vm: &mut Vm, turn: &Turn<'_>, handle: Handle) -> Result<(), Raised> {
    let heap = &vm.heap;
    if handle.is_cancelled(heap) {
        return Ok(());
    }
    let target = vm.local(handle.target.get(heap));
    let argument = vm.local(handle.argument.get(heap));
    match handle.action {
        Action::Step => {
            let exception = vm.get(argument).defined().is_some().then_some(argument);
            task::step(vm, turn, target, exception)
        }
        Action::Wake => task::wake(vm, turn, target, argument),
        Action::Finish => {
            let awaited = future(vm, target);
            if !awaited.is_done(&vm.heap) {
                future::finish(vm, awaited, Value::NONE);
            }
            Ok(())
        }
        Action::Native(n) => {
            let callback = turn.scheduler.natives.get(n as usize);
            let callback = callback.expect("numbers come from `Scheduler::callback`");
            (callback.run)(vm, target, argument)
        }
        Action::Call => callback::call_handle(vm, turn.scheduler, &handle, target, argument),
    }
}
