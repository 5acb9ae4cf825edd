//! `asyncio.run`.
//!
//! It runs the loop inside of the call, as CPython does, and cancels what is left when the main coroutine is done.
//! What a turn is, is in `sched/event_loop.rs`.

use super::task::as_coroutine;
use super::{event_loop, general};
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::{self, scheduler, task};
use crate::vm::{Local, Locals, Native, Vm};

/// `run(main, *, debug=None, loop_factory=None)`.
pub const RUN: Native = Native::vm(
    "run(main, *, debug=None, loop_factory=None)",
    "Run a coroutine in a new event loop until it is done; cancel what is left, give its result. Raises RuntimeError if a loop runs already.",
    run,
);

fn run(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if scheduler(vm).is_running() {
        let message = "asyncio.run() cannot be called from a running event loop";
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    let main = as_coroutine(vm, args.at(0))?;
    if !task::is_coroutine(vm, main) {
        let text = vm.repr_text(main)?;
        return Err(vm
            .heap
            .value_error(format!("a coroutine was expected, got {text}")));
    }
    let count = scheduler(vm).task_count();
    let (debug, factory) = (args.at(1), args.at(2));
    let has_factory = !vm.get(factory).is_undef() && !vm.get(factory).is_none();
    if has_factory || event_loop::policy(vm)?.is_some() {
        let (debug, factory) = (general::or_none(vm, debug), general::or_none(vm, factory));
        return general::call(vm, general::LOOP, "run", &[main, debug, factory]);
    }
    event_loop::open(vm)?;
    set_debug(vm, debug)?;
    let undef = vm.local(Value::UNDEF);
    let task = task::create(vm, main, undef, undef)?;
    let outcome = sched::run::run_main(vm, task);
    if vm.is_halting() {
        return outcome;
    }
    let outcome = outcome.map_err(|raised| vm.take_local(raised));
    shut_down(vm, count)?;
    outcome.map_err(|exception| vm.raise_local(exception))
}

/// The `debug` of a run; None and Undef leave it as it is.
///
/// # Errors
/// Of the argument's truth value.
pub fn set_debug(vm: &mut Vm, debug: Local) -> Result<(), Raised> {
    if !vm.get(debug).is_undef() && !vm.get(debug).is_none() {
        let debug = vm.truth(debug)?;
        scheduler(vm).settings.debug.set(debug);
    }
    Ok(())
}

/// Cancels what is left of the tasks made since there were `count`, and closes the loop.
///
/// # Errors
/// KeyboardInterrupt and SystemExit of what was left, or of the program's exception handler.
pub fn shut_down(vm: &mut Vm, count: u64) -> Result<(), Raised> {
    let mut result = sched::run::cancel_since(vm, count);
    if result.is_ok() {
        result = match event_loop::closing_generators(vm) {
            Some(closing) => sched::run::run_task(vm, closing).map(drop),
            None => {
                scheduler(vm).skip_task_number();
                Ok(())
            }
        };
        // CPython's task that shuts the executor down.
        scheduler(vm).skip_task_number();
    }
    let result = result.and(event_loop::close(vm));
    event_loop::leave(vm);
    if scheduler(vm).is_attended() {
        event_loop::open(vm)?;
    }
    result
}
