//! Runs of the loop: turn after turn, until a future is done, until it is stopped, until the tasks of a run are gone.
//!
//! A run of the program's main task attends to Ctrl-C (`foreground.rs`). A loop whose class overrides parts of its turn is driven by
//! `custom_loop.rs`, every other one by `event_loop.rs`.

use super::event_loop::{turn, turn_now};
use super::future::{self, future};
use super::handle::NativeCallback;
use super::{cancel, custom_loop, foreground, report, scheduler, shared, task};
use crate::runtime::future::FutureState;
use crate::runtime::{Builtin, Raised, Value};
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
        let outer = foreground::enter(vm, task);
        let result = run_forever(vm);
        foreground::leave(vm, task, outer, result)
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
    scheduler(vm).watch.forget();
    future::remove_callback(vm, awaited, action, vm.get(awaited));
    if result.is_err() {
        future(vm, awaited).retrieved.set(&vm.heap, true);
    }
    result?;
    if !future(vm, awaited).is_done(&vm.heap) {
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
    let scheduler = shared(vm);
    let outer = scheduler.running.replace(true);
    let depth = vm.heap.origin_depth.get();
    if scheduler.settings.debug.get() {
        track_origins(vm);
    }
    let mut result = Ok(());
    while result.is_ok() {
        result = match scheduler.settings.is_custom.get() {
            true => custom_loop::turn(vm),
            false => turn(vm, &scheduler),
        };
        if scheduler.settings.stopping.replace(false) {
            break;
        }
    }
    vm.heap.origin_depth.set(depth);
    scheduler.running.set(outer);
    result
}

/// How many calls debug mode keeps of the place that makes a coroutine.
const DEBUG_STACK_DEPTH: u32 = 10;

/// Has coroutines note where they are made in debug mode, and not else.
pub fn track_origins(vm: &Vm) {
    let debug = scheduler(vm).settings.debug.get();
    let depth = if debug { DEBUG_STACK_DEPTH } else { 0 };
    vm.heap.origin_depth.set(depth);
}

/// The awaited future is done. An exception that leaves the loop by itself must not stop the next one.
fn stop_after(vm: &mut Vm, _: Local, awaited: Local) -> Result<(), Raised> {
    let this = future(vm, awaited);
    let leaves = this.state.get(&vm.heap) == FutureState::Failed
        && [Builtin::KeyboardInterrupt, Builtin::SystemExit]
            .iter()
            .any(|&b| vm.heap.is_instance(this.result.get(&vm.heap), b));
    if !leaves {
        scheduler(vm).stop();
    }
    Ok(())
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
    tasks.retain(|&t| future::part(vm, t).number.get() >= count);
    let unsaid = vm.local(Value::UNDEF);
    for &task in &tasks {
        let mark = vm.mark();
        cancel::cancel(vm, task, unsaid)?;
        vm.release(mark);
    }
    let shared = shared(vm);
    while tasks.iter().any(|&t| !future(vm, t).is_done(&vm.heap)) {
        turn(vm, &shared)?;
    }
    if !tasks.is_empty() {
        for _ in 0..TURNS_TO_GATHER {
            turn_now(vm, &shared)?;
        }
    }
    for &task in &tasks {
        let mark = vm.mark();
        report::failed_at_exit(vm, task)?;
        vm.release(mark);
    }
    for _ in 0..TURNS_TO_CLOSE {
        turn_now(vm, &shared)?;
    }
    shared.settings.stopping.set(false);
    Ok(())
}
