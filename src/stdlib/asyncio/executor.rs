//! Between loops and threads: executors, and futures that another thread waits for.
//!
//! The default executor is a green thread for each call. What follows the futures of `concurrent.futures` is written in apy,
//! `src/library/_asyncio_threads.apy`, and imported when it is first needed.

use super::event_loop::{check_callback, check_open, within};
use crate::runtime::tuple::Tuple;
use crate::runtime::{Raised, Value};
use crate::sched::{green, scheduler};
use crate::vm::{Local, Native, Vm};

/// The module with the functions in apy.
const BRIDGE: &str = "_asyncio_threads";

/// `wrap_future(future, *, loop=None)`.
pub const WRAP_FUTURE: Native = Native::vm(
    "wrap_future(future, *, loop=None)",
    "A future of the loop that follows a future of concurrent.futures.",
    |vm, args| {
        let the_loop = optional(vm, args.at(1));
        let function = bridge(vm, "wrap_future")?;
        vm.call_kw(function, &[args.at(0)], &["loop"], &[the_loop])
    },
);
/// `run_coroutine_threadsafe(coro, loop)`.
pub const RUN_COROUTINE_THREADSAFE: Native = Native::vm(
    "run_coroutine_threadsafe(coro, loop)",
    "Run a coroutine in the loop of another thread; a concurrent.futures.Future for its result. Raises TypeError if it is no coroutine.",
    |vm, args| {
        let function = bridge(vm, "run_coroutine_threadsafe")?;
        vm.call(function, &[args.at(0), args.at(1)])
    },
);
/// `loop.run_in_executor(executor, func, *args)`.
pub const RUN_IN_EXECUTOR: Native = Native::vm(
    "run_in_executor(self, executor, func, /, *args)",
    "Run func(*args) in a thread of the executor, None for the default one; a future for its result.",
    |vm, args| {
        check_open(vm, args.at(0))?;
        check_callback(vm, args.at(0), args.at(2), "run_in_executor")?;
        let executor = optional(vm, args.at(1));
        if vm.get(executor).is_none() {
            return within(vm, args.at(0), |vm| {
                // A worker thread has a context of its own.
                let context = vm.local(Value::UNDEF);
                in_default_executor(vm, args.at(2), args.at(3), None, context)
            });
        }
        submit(vm, args.at(0), executor, args.at(2), args.at(3))
    },
);
/// `loop.set_default_executor(executor)`.
pub const SET_DEFAULT_EXECUTOR: Native = Native::vm(
    "set_default_executor(self, executor)",
    "Have run_in_executor(None, ...) and to_thread() use this executor. Raises TypeError unless it is a ThreadPoolExecutor.",
    |vm, args| {
        let function = bridge(vm, "checked_executor")?;
        let executor = vm.call(function, &[args.at(1)])?;
        within(vm, args.at(0), |vm| {
            let settings = &scheduler(vm).settings;
            settings.default_executor.set(vm.get(executor));
        });
        Ok(vm.none())
    },
);

/// Has a function called by the default executor; a future for its result. `args`: a tuple, `kwargs`: a dict.
///
/// # Errors
/// RuntimeError if there can be no more threads; what the program's executor raises.
pub fn in_default_executor(
    vm: &mut Vm,
    function: Local,
    args: Local,
    kwargs: Option<Local>,
    context: Local,
) -> Result<Local, Raised> {
    let executor = vm.local(scheduler(vm).settings.default_executor.get(&vm.heap));
    if vm.get(executor).is_undef() {
        let kwargs = kwargs.unwrap_or_else(|| vm.local(vm.heap.dict().value()));
        return green::spawn(vm, function, args, kwargs, context);
    }
    let the_loop = vm.none();
    let Some(kwargs) = kwargs else {
        return submit(vm, the_loop, executor, function, args);
    };
    let bind = bridge(vm, "in_context")?;
    let context = optional(vm, context);
    let call = vm.call(bind, &[context, function, args, kwargs])?;
    let none = vm.local(vm.heap.tuple(&[]).value());
    submit(vm, the_loop, executor, call, none)
}

/// Has an executor of the program call a function.
fn submit(
    vm: &mut Vm,
    the_loop: Local,
    executor: Local,
    function: Local,
    args: Local,
) -> Result<Local, Raised> {
    debug_assert!(vm.get(args).is_gc::<Tuple>());
    let run = bridge(vm, "run_in_executor")?;
    vm.call(run, &[the_loop, executor, function, args])
}

/// None for an argument that was not given.
fn optional(vm: &Vm, given: Local) -> Local {
    vm.local(vm.get(given).or(Value::NONE))
}

fn bridge(vm: &mut Vm, name: &str) -> Result<Local, Raised> {
    let module = vm.import_module(BRIDGE)?;
    vm.get_attr_named(module, name)
}
