//! Letting time pass: the process waits for input and output, for a moment, for a signal.
//!
//! Nothing of the program runs here. On virtual time a wait for a moment is over at once, unless the world outside has a say.

use std::time::Duration;

use super::clock::TimeMode;
use super::reactor::{self, Expects};
use super::scheduler;
use crate::runtime::Raised;
use crate::vm::Vm;

/// Waits for input and output no longer than until `due`. Virtual time jumps only when nothing is on its way between sockets; it
/// passes as real time does while the world outside has a say.
pub(super) fn wait_for_io(vm: &mut Vm, due: Option<f64>) -> Result<(), Raised> {
    // If that fails the next write fails, too, and tells the program.
    let _ = vm.host.flush();
    let Some(reactor) = scheduler(vm).reactor.get() else {
        return Ok(());
    };
    let now = scheduler(vm).now();
    let left = due.map(|due| due - now);
    if scheduler(vm).clock.mode() == TimeMode::Real {
        return listen(vm, left).map(drop);
    }
    let expects = reactor.expects();
    if expects <= Expects::Perhaps {
        if due.is_none() || reactor.has_grown() {
            // What all wait for may be the end of a stream that the program dropped without closing it.
            vm.collect();
        }
        if reactor::poll(vm, Some(Duration::ZERO))? {
            return Ok(());
        }
    } else {
        let began = scheduler(vm).clock.real();
        let came = listen(vm, left)?;
        if expects == Expects::World {
            let clock = &scheduler(vm).clock;
            let passed = clock.real() - began;
            clock.advance(left.map_or(passed, |left| passed.min(left)));
        }
        if came {
            return Ok(());
        }
    }
    match due {
        Some(due) => sleep_until(vm, due),
        None => listen(vm, None).map(drop),
    }
}

/// How long one wait for input and output takes at most: a signal just before it would else be seen only after it.
const SLICE: f64 = 0.1;

/// Really waits for input and output, so many seconds at most; whether some came. Ctrl-C ends the wait.
fn listen(vm: &mut Vm, seconds: Option<f64>) -> Result<bool, Raised> {
    let until = seconds.map(|seconds| scheduler(vm).clock.real() + seconds);
    let mut silent = 0;
    loop {
        let left = until.map_or(SLICE, |until| until - scheduler(vm).clock.real());
        let slice = Duration::from_secs_f64(left.clamp(0.0, SLICE));
        if reactor::poll(vm, Some(slice))? {
            return Ok(true);
        }
        if vm.host.interrupted() {
            return vm.interrupt().map(|()| true);
        }
        if left <= SLICE && until.is_some() {
            return Ok(false);
        }
        silent += 1;
        if silent == 1 {
            // As above: nobody is in a hurry now.
            vm.collect();
        }
    }
}

/// Waits for a signal that the program handles, when nothing else will ever happen.
pub(super) fn wait_for_signal(vm: &mut Vm) -> Result<(), Raised> {
    // If that fails the next write fails, too, and tells the program.
    let _ = vm.host.flush();
    reactor::pause(vm, Duration::from_secs_f64(SLICE))?;
    vm.check_interrupt()
}

/// The earliest moment at which a timer is due or a sleeping thread wakes.
pub(super) fn next_event(vm: &Vm) -> Option<f64> {
    let scheduler = scheduler(vm);
    let timer = scheduler.next_timer(&vm.heap);
    let sleeper = scheduler.green.next_wake();
    match (timer, sleeper) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Lets time pass; Ctrl-C ends the wait.
pub fn sleep_until(vm: &mut Vm, when: f64) -> Result<(), Raised> {
    let Vm { host, .. } = vm;
    let mut interrupted = false;
    let mut host = std::mem::replace(host, Box::new(crate::vm::NoHost));
    if scheduler(vm).clock.mode() == TimeMode::Real {
        // If that fails the next write fails, too, and tells the program.
        let _ = host.flush();
    }
    scheduler(vm).clock.wait_until(when, || {
        interrupted |= host.interrupted();
        interrupted
    });
    vm.host = host;
    scheduler(vm).check_virtual(&vm.heap)?;
    if interrupted { vm.interrupt() } else { Ok(()) }
}
