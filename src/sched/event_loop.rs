//! The loop: turns, until a future is done.
//!
//! A turn: wait for the next timer, not at all if something is ready; move what is due to the ready queue; run what was ready at
//! that moment. Green threads get their slices between turns. When nothing is ready, no timer is set and no thread can run, nothing
//! ever will: the loop reports a deadlock instead of hanging.

use super::clock::TimeMode;
use super::future::{self, future};
use super::green;
use super::handle::{Action, Handle};
use super::report;
use super::{Scheduler, scheduler, task};
use crate::runtime::heap::Kind;
use crate::runtime::list::List;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::vm::{Local, Vm};

/// Runs the loop until a future is done; its result.
///
/// # Errors
/// What the future failed with; KeyboardInterrupt and SystemExit of any task; the end of the program after a deadlock.
pub fn run_until_complete(vm: &mut Vm, awaited: Local) -> Result<Local, Raised> {
    let outer = scheduler(vm).running.replace(true);
    let result = run_turns(vm, awaited);
    scheduler(vm).running.set(outer);
    result?;
    vm.future_result(awaited)
}

/// As in CPython the future's done callback stops the loop, so the turn in which that callback stands still runs to its end.
fn run_turns(vm: &mut Vm, awaited: Local) -> Result<(), Raised> {
    let stop = vm.heap.list([Value::FALSE]).value();
    let stop = vm.local(stop);
    let action = scheduler(vm).callback(|vm, stop, _| {
        if let Some(list) = vm.get_gc::<List>(stop) {
            list.items.set(0, Value::TRUE);
        }
        Ok(())
    });
    future::add_callback(vm, awaited, action, stop);
    let stopped = |vm: &Vm| {
        let list: Gc<'_, List> = vm.get_gc(stop).expect("made above");
        list.items.get(&vm.heap, 0).and_then(|v| v.as_bool()) == Some(true)
    };
    let mut result = Ok(());
    while result.is_ok() && !stopped(vm) {
        result = turn(vm);
    }
    future::remove_callback(vm, awaited, action, vm.get(stop));
    result
}

/// One turn.
fn turn(vm: &mut Vm) -> Result<(), Raised> {
    let mark = vm.mark();
    wait(vm)?;
    let scheduler = scheduler(vm);
    let now = scheduler.now();
    while let Some(handle) = scheduler.timers.pop_due(now) {
        scheduler.call_soon(handle);
    }
    let count = scheduler.ready.borrow().len();
    for _ in 0..count {
        let Some(handle) = self::scheduler(vm).ready.borrow_mut().pop_front() else {
            break;
        };
        run_handle(vm, handle)?;
        vm.release(mark);
    }
    green::run_slices(vm)?;
    vm.release(mark);
    Ok(())
}

/// Waits until something is ready or due.
fn wait(vm: &mut Vm) -> Result<(), Raised> {
    loop {
        let scheduler = scheduler(vm);
        if !scheduler.ready.borrow().is_empty() {
            return Ok(());
        }
        if green::run_slices(vm)? {
            continue;
        }
        match next_event(self::scheduler(vm)) {
            Some(when) => {
                if when > self::scheduler(vm).now() {
                    sleep_until(vm, when)?;
                }
                green::wake_sleepers(vm);
                let scheduler = self::scheduler(vm);
                if scheduler
                    .timers
                    .next_due()
                    .is_some_and(|due| due <= scheduler.now())
                {
                    return Ok(());
                }
            }
            None => return Err(report::deadlock(vm)),
        }
    }
}

/// The earliest moment at which a timer is due or a sleeping thread wakes.
fn next_event(scheduler: &Scheduler) -> Option<f64> {
    let timer = scheduler.timers.next_due();
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
    if interrupted {
        Err(vm.heap.raise_with(Builtin::KeyboardInterrupt, &[]))
    } else {
        Ok(())
    }
}

/// `time.sleep` where nothing else of the calling thread may go on: other green threads run meanwhile.
pub fn block_for(vm: &mut Vm, seconds: f64) -> Result<(), Raised> {
    let until = scheduler(vm).now() + seconds;
    loop {
        if green::run_slices(vm)? {
            continue;
        }
        let scheduler = scheduler(vm);
        let next = scheduler
            .green
            .next_wake()
            .map_or(until, |wake| wake.min(until));
        sleep_until(vm, next)?;
        green::wake_sleepers(vm);
        if self::scheduler(vm).now() >= until {
            return Ok(());
        }
    }
}

fn run_handle(vm: &mut Vm, handle: Handle) -> Result<(), Raised> {
    let heap = &vm.heap;
    let target = vm.local(handle.target.get(heap));
    let argument = vm.local(handle.argument.get(heap));
    match handle.action {
        Action::Step => {
            let exception = vm.get(argument).defined().is_some().then_some(argument);
            task::step(vm, target, exception)
        }
        Action::Wake => task::wake(vm, target, argument),
        Action::Native(n) => {
            let callback = scheduler(vm).natives.borrow()[n as usize];
            callback(vm, target, argument)
        }
        Action::Call => call_handle(vm, &handle, target, argument),
    }
}

/// Runs a callback of the program; an exception in it is reported, not raised.
fn call_handle(vm: &mut Vm, handle: &Handle, target: Local, argument: Local) -> Result<(), Raised> {
    let outer = vm.local(scheduler(vm).context(&vm.heap));
    scheduler(vm).set_context(handle.context.get(&vm.heap));
    let args: Vec<Local> = match vm.get(argument).as_object().map(Gc::kind) {
        Some(Kind::Tuple) => {
            let tuple: Gc<'_, Tuple> = vm.get_gc(argument).expect("the kind was just checked");
            tuple.iter(&vm.heap).map(|v| vm.local(v)).collect()
        }
        _ => vec![argument],
    };
    let outcome = vm.call(target, &args);
    scheduler(vm).set_context(vm.get(outer));
    match outcome {
        Ok(_) => Ok(()),
        Err(raised)
            if vm.is_halting()
                || vm.is_raised(&raised, Builtin::KeyboardInterrupt)
                || vm.is_raised(&raised, Builtin::SystemExit) =>
        {
            Err(raised)
        }
        Err(raised) => {
            let exception = vm.take_local(raised);
            report::callback_failed(vm, target, exception);
            Ok(())
        }
    }
}

/// Runs a coroutine as a task until it is done.
pub fn run_task(vm: &mut Vm, coroutine: Local) -> Result<Local, Raised> {
    let undef = vm.local(Value::UNDEF);
    let task = task::create(vm, coroutine, undef, undef)?;
    run_until_complete(vm, task)
}

/// Cancels what is still pending and lets it finish: the end of `asyncio.run`.
pub fn cancel_all(vm: &mut Vm) -> Result<(), Raised> {
    let tasks = scheduler(vm).pending_tasks(vm);
    if tasks.is_empty() {
        return Ok(());
    }
    let none = vm.none();
    for &task in &tasks {
        task::cancel(vm, task, none);
    }
    let all_done = |vm: &Vm| tasks.iter().all(|&t| future(vm, t).is_done());
    let outer = scheduler(vm).running.replace(true);
    let mut result = Ok(());
    while result.is_ok() && !all_done(vm) {
        result = turn(vm);
    }
    scheduler(vm).running.set(outer);
    result?;
    for &task in &tasks {
        report::failed_at_exit(vm, task);
    }
    Ok(())
}
