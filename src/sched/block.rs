//! Blocking a thread until another one wakes it, or for a time.
//!
//! A green thread that blocks leaves its stacks where they are and costs nothing until it is woken. While the main thread blocks,
//! the others run; when nothing can run, time passes; when nothing will, that is a deadlock. A primitive keeps those that wait in a
//! `ThreadQueue` and calls `wait`: "try to enter; if that fails, queue up, and try again when woken". A waiter that is woken
//! competes with threads that run: nothing is handed over, as with the locks of CPython.

use std::rc::Rc;

use super::green::{self, State, Thread};
use super::thread_queue::{BlockedOn, ThreadQueue};
use super::{deadlock, pause, reactor, report, scheduler, signals, slow_step};
use crate::runtime::{Raised, Slot, Value};
use crate::vm::{Local, Vm};

/// A wait of the thread that runs now.
pub struct BlockingWait {
    /// What for: "Lock.acquire".
    pub what: &'static str,
    /// The object that is waited for, or Undef.
    pub object: Local,
    /// No longer than until this moment, as `clock.monotonic` counts; none: for ever.
    pub until: Option<f64>,
}

/// Waits until `enter` says yes; false: it took too long.
///
/// # Errors
/// KeyboardInterrupt on the main thread; the end of the program after a deadlock.
pub fn wait(
    vm: &mut Vm,
    wait: &BlockingWait,
    queue: fn(&Vm, Local) -> &ThreadQueue,
    enter: fn(&Vm, Local) -> bool,
) -> Result<bool, Raised> {
    let mut again = false;
    loop {
        if enter(vm, wait.object) {
            return Ok(true);
        }
        if wait.until.is_some_and(|until| until <= scheduler(vm).now()) {
            return Ok(false);
        }
        let me = green::current(vm).id;
        {
            let mut waiters = queue(vm, wait.object).waiters.borrow_mut();
            match again {
                true => waiters.push_front(me),
                false => waiters.push_back(me),
            }
        }
        let result = block(vm, wait);
        let mut waiters = queue(vm, wait.object).waiters.borrow_mut();
        again = !waiters.contains(&me);
        waiters.retain(|&id| id != me);
        drop(waiters);
        if result.is_err() && again && enter(vm, wait.object) {
            // Woken and interrupted at once: the wake-up goes to the next one.
            return result.map(|()| true);
        }
        result?;
    }
}

/// Blocks the thread that runs now until it is woken.
pub(super) fn block(vm: &mut Vm, wait: &BlockingWait) -> Result<(), Raised> {
    let me = green::current(vm);
    *me.blocked_on.borrow_mut() = Some(BlockedOn {
        what: wait.what,
        object: Slot::new(vm.get(wait.object)),
    });
    let until = wait.until.unwrap_or(f64::INFINITY);
    me.state.set(State::Blocked(until));
    let result = match vm.is_green() {
        true => {
            vm.suspend_thread();
            Ok(())
        }
        false => run_others(vm, &me, until),
    };
    me.state.set(State::Running);
    *me.blocked_on.borrow_mut() = None;
    result
}

/// The main thread is blocked: the others run.
fn run_others(vm: &mut Vm, me: &Thread, until: f64) -> Result<(), Raised> {
    slow_step::pulse(vm);
    let result = loop {
        if let Err(raised) = vm.check_interrupt() {
            break Err(raised);
        }
        if me.state.get() == State::Running || until <= scheduler(vm).now() {
            break Ok(());
        }
        if green::run_slices(vm)? {
            continue;
        }
        let next = scheduler(vm).green.next_wake();
        let next = next.map_or(until, |wake| wake.min(until));
        if reactor::may_go_on(vm) {
            pause::wait_for_io(vm, next.is_finite().then_some(next))?;
        } else if next.is_finite() {
            pause::sleep_until(vm, next)?;
        } else if signals::is_expected(vm) {
            pause::wait_for_signal(vm)?;
        } else {
            break Err(deadlock::deadlock(vm));
        }
    };
    slow_step::pulse(vm);
    result
}

/// `time.sleep`: the thread that runs now waits, others run meanwhile.
///
/// # Errors
/// As `wait`.
pub fn sleep(vm: &mut Vm, seconds: f64) -> Result<(), Raised> {
    if seconds <= 0.0 {
        // Others get a chance, as when CPython gives its lock away.
        if vm.is_green() {
            green::give_way(vm);
            return Ok(());
        }
        return green::run_slices(vm).map(drop);
    }
    let sleep = BlockingWait {
        what: "time.sleep",
        object: vm.local(Value::UNDEF),
        until: Some(scheduler(vm).in_future(seconds)),
    };
    block(vm, &sleep)
}

/// Blocks a green thread whose loop has nothing to do, until it has or this moment has come.
///
/// # Errors
/// As `wait`.
pub(super) fn until_ready(vm: &mut Vm, until: Option<f64>) -> Result<(), Raised> {
    let turn = BlockingWait {
        what: "the event loop",
        object: vm.local(Value::UNDEF),
        until,
    };
    let me = green::current(vm);
    me.waits_for_handles.set(true);
    let result = block(vm, &turn);
    me.waits_for_handles.set(false);
    result
}

/// Waits for the end of a thread; false: it took too long.
///
/// # Errors
/// As `wait`.
pub fn join(vm: &mut Vm, thread: &Rc<Thread>, until: Option<f64>) -> Result<bool, Raised> {
    let wait = BlockingWait {
        what: "Thread.join",
        object: vm.local(Value::UNDEF),
        until,
    };
    let me = green::current(vm).id;
    while !thread.is_done() {
        if until.is_some_and(|until| until <= scheduler(vm).now()) {
            return Ok(false);
        }
        thread.joiners.waiters.borrow_mut().push_back(me);
        let result = block(vm, &wait);
        thread.joiners.waiters.borrow_mut().retain(|&id| id != me);
        result?;
    }
    Ok(true)
}

/// Waits for the threads without which the program does not end.
///
/// # Errors
/// KeyboardInterrupt; the end of the program if they wait for ever.
pub fn join_all(vm: &mut Vm) -> Result<(), Raised> {
    loop {
        let function = scheduler(vm).green.at_exit.borrow_mut().pop();
        let Some(function) = function else {
            break;
        };
        let function = vm.local(function.get(&vm.heap));
        let outcome = vm.call(function, &[]).map(drop);
        report::unraisable(vm, outcome, "a function that is called at the end");
    }
    loop {
        let threads = scheduler(vm).green.alive();
        let Some(thread) = threads.into_iter().find(|t| !t.daemon.get()) else {
            return Ok(());
        };
        join(vm, &thread, None)?;
    }
}
