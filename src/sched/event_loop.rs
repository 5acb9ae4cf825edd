//! The loop: turns, until a future is done.
//!
//! A turn: wait for input and output no longer than the next timer, not at all if something is ready; move what completed and then
//! what is due to the ready queue; run what was ready at that moment. Green threads get their slices between turns. When nothing is
//! ready, no timer is set, no thread can run and no socket is open, nothing ever will: the loop reports a deadlock instead of hanging.

use std::time::Duration;

use super::block;
use super::clock::TimeMode;
use super::custom_loop;
use super::deadlock;
use super::future::{self, future};
use super::green;
use super::handle::{Action, Handle, HandleState};
use super::prompt;
use super::reactor::{self, Expects};
use super::report;
use super::task::Turn;
use super::{Scheduler, scheduler, shared, signals, slow_step, task};
use crate::runtime::future::FutureState;
use crate::runtime::heap::Kind;
use crate::runtime::opaque::Opaque;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::handle::NativeCallback;
use crate::vm::{Local, Vm};

/// Runs the loop until a future is done; its result.
///
/// # Errors
/// What the future failed with; KeyboardInterrupt and SystemExit of any task; the end of the program after a deadlock;
/// RuntimeError if the program stopped the loop before.
pub fn run_until_complete(vm: &mut Vm, awaited: Local) -> Result<Local, Raised> {
    match scheduler(vm).is_attended() {
        true => run_main(vm, awaited),
        false => run(vm, awaited, |vm, _| run_forever(vm)),
    }
}

/// The same for the main task of a program: the first Ctrl-C cancels it.
///
/// # Errors
/// As `run_until_complete`; KeyboardInterrupt once it was cancelled so.
pub fn run_main(vm: &mut Vm, task: Local) -> Result<Local, Raised> {
    run(vm, task, |vm, task| {
        let outer = prompt::enter(vm, task);
        let result = run_forever(vm);
        prompt::leave(vm, task, outer, result)
    })
}

fn run(
    vm: &mut Vm,
    awaited: Local,
    turns: fn(&mut Vm, Local) -> Result<(), Raised>,
) -> Result<Local, Raised> {
    let action =
        scheduler(vm).callback(const { &NativeCallback::new("loop.stop_after", stop_after) });
    future::add_callback(vm, awaited, action, awaited);
    let result = turns(vm, awaited);
    future::remove_callback(vm, awaited, action, vm.get(awaited));
    if result.is_err() {
        future(vm, awaited).retrieved.set(true);
    }
    result?;
    if !future(vm, awaited).is_done() {
        return Err(vm.heap.raise(
            Builtin::RuntimeError,
            "Event loop stopped before Future completed.",
        ));
    }
    vm.future_result(awaited)
}

/// Runs the loop until it is stopped. As in CPython, the turn in which that happens still runs to its end.
///
/// # Errors
/// As `run_until_complete`.
pub fn run_forever(vm: &mut Vm) -> Result<(), Raised> {
    let outer = scheduler(vm).running.replace(true);
    let mut result = Ok(());
    while result.is_ok() {
        result = match scheduler(vm).settings.is_custom.get() {
            true => custom_loop::turn(vm),
            false => turn(vm),
        };
        if scheduler(vm).settings.stopping.replace(false) {
            break;
        }
    }
    scheduler(vm).running.set(outer);
    result
}

/// The awaited future is done. An exception that leaves the loop by itself must not stop the next one.
fn stop_after(vm: &mut Vm, _: Local, awaited: Local) -> Result<(), Raised> {
    let this = future(vm, awaited);
    let leaves = this.state.get() == FutureState::Failed
        && [Builtin::KeyboardInterrupt, Builtin::SystemExit]
            .iter()
            .any(|&b| vm.heap.is_instance(this.result.get(&vm.heap), b));
    if !leaves {
        scheduler(vm).stop();
    }
    Ok(())
}

/// Timers that are due within this many seconds run in the same turn, as with the resolution of CPython's clock.
const RESOLUTION: f64 = 1e-9;

/// One turn.
pub(super) fn turn(vm: &mut Vm) -> Result<(), Raised> {
    let mark = vm.mark();
    wait(vm)?;
    vm.release(mark);
    turn_now(vm)
}

/// One turn that does not wait for anything.
pub(super) fn turn_now(vm: &mut Vm) -> Result<(), Raised> {
    let mut end = f64::NEG_INFINITY;
    let scheduler = scheduler(vm);
    if !scheduler.timers.is_empty() {
        end = scheduler.now() + RESOLUTION;
        slow_step::turn(vm, end - RESOLUTION);
    }
    run_due(vm, end)
}

/// Runs what is ready and the timers that are due by a moment of the loop's clock.
pub(super) fn run_due(vm: &mut Vm, end: f64) -> Result<(), Raised> {
    let begin = vm.mark();
    let scheduler = shared(vm);
    let turn = Turn::new(vm, &scheduler);
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
    if green::run_slices(vm)? {
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
            if !awaited.is_done() {
                future::finish(vm, awaited, Value::NONE);
            }
            Ok(())
        }
        Action::Native(n) => {
            let callback = turn.scheduler.natives.get(n as usize);
            let callback = callback.expect("numbers come from `Scheduler::callback`");
            (callback.run)(vm, target, argument)
        }
        Action::Call => call_handle(vm, turn.scheduler, &handle, target, argument),
    }
}

/// Calls what a handle object calls, unless it was cancelled.
///
/// # Errors
/// As a turn of the loop.
pub fn run_object(vm: &mut Vm, object: Local) -> Result<(), Raised> {
    let Some(known) = vm.get_gc::<Opaque>(object) else {
        return Ok(());
    };
    let Some(state) = known.payload::<HandleState>() else {
        return Ok(());
    };
    if state.cancelled.get() {
        return Ok(());
    }
    let target = vm.local(state.callback.get(&vm.heap));
    let argument = vm.local(state.args.get(&vm.heap));
    let handle = Handle::of_object(vm.get(target), vm.get(argument), known);
    let scheduler = shared(vm);
    call_handle(vm, &scheduler, &handle, target, argument)
}

/// Runs a callback of the program; an exception in it is reported, not raised.
fn call_handle(
    vm: &mut Vm,
    scheduler: &Scheduler,
    handle: &Handle,
    target: Local,
    argument: Local,
) -> Result<(), Raised> {
    let outer = vm.local(scheduler.context(&vm.heap));
    // The handle is in no queue any more: what is asked of it after the call must be in locals.
    let object = vm.local(handle.object(&vm.heap));
    let context = vm.local(handle.context(&vm.heap));
    scheduler.set_context(vm.get(context));
    let args: Vec<Local> = match vm.get(argument).as_object().map(Gc::kind) {
        Some(Kind::Tuple) => {
            let tuple: Gc<'_, Tuple> = vm.get_gc(argument).expect("the kind was just checked");
            tuple.iter(&vm.heap).map(|v| vm.local(v)).collect()
        }
        _ => vec![argument],
    };
    let outcome = vm.call(target, &args);
    scheduler.set_context(vm.get(outer));
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
            let object = match scheduler.face.get() {
                Some(face) if vm.get(object).is_undef() => {
                    (face.handle_object)(vm, [target, argument, context])
                }
                _ => object,
            };
            report::callback_failed(vm, target, object, exception)
        }
    }
}

/// Runs a coroutine as a task until it is done.
pub fn run_task(vm: &mut Vm, coroutine: Local) -> Result<Local, Raised> {
    let undef = vm.local(Value::UNDEF);
    let task = task::create(vm, coroutine, undef, undef)?;
    run_until_complete(vm, task)
}

/// The same for the main task of a program.
///
/// # Errors
/// As `run_main`.
pub fn run_main_task(vm: &mut Vm, coroutine: Local) -> Result<Local, Raised> {
    let undef = vm.local(Value::UNDEF);
    let task = task::create(vm, coroutine, undef, undef)?;
    run_main(vm, task)
}

/// Turns of the loop after the last task is done, when CPython's closes: until the gathering of the cancelled tasks hears of it, and
/// two each for shutting async generators and the executor down.
const TURNS_TO_GATHER: usize = 2;
const TURNS_TO_CLOSE: usize = 4;

/// The same for the tasks made since there were `count`: the end of `asyncio.run`, which leaves the tasks of a prompt alone.
///
/// # Errors
/// As `cancel_all`.
pub fn cancel_since(vm: &mut Vm, count: u64) -> Result<(), Raised> {
    let outer = scheduler(vm).running.replace(true);
    let result = cancel_and_drain(vm, count);
    scheduler(vm).running.set(outer);
    result
}

fn cancel_and_drain(vm: &mut Vm, count: u64) -> Result<(), Raised> {
    let mut tasks = scheduler(vm).pending_tasks_of(vm, scheduler(vm).loop_number());
    tasks.retain(|&t| task::part(vm, t).number.get() >= count);
    let unsaid = vm.local(Value::UNDEF);
    for &task in &tasks {
        future::cancel(vm, task, unsaid)?;
    }
    while tasks.iter().any(|&t| !future(vm, t).is_done()) {
        turn(vm)?;
    }
    if !tasks.is_empty() {
        for _ in 0..TURNS_TO_GATHER {
            turn_now(vm)?;
        }
    }
    for &task in &tasks {
        report::failed_at_exit(vm, task)?;
    }
    for _ in 0..TURNS_TO_CLOSE {
        turn_now(vm)?;
    }
    scheduler(vm).settings.stopping.set(false);
    Ok(())
}
