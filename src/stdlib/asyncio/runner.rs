//! `asyncio.Runner`: several coroutines, one after the other, on one loop.
//!
//! A context manager around the same loop as `asyncio.run`, for several coroutines one after the other.
//! Closing it cancels what is left.

use std::cell::Cell;

use super::super::registry::{ModuleType, NativeType, class_of};
use super::task::as_coroutine;
use super::{event_loop, general, run};

use crate::runtime::dict::Dict;
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::sched::{self, context, future, scheduler, task};
use crate::vm::{Local, Locals, Native, Vm};

/// `asyncio.Runner`.
pub const RUNNER: ModuleType = ModuleType {
    name: "Runner",
    module: "asyncio.runners",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&INIT, &RUN, &CLOSE, &GET_LOOP, &ENTER, &EXIT],
        general: Some((general::LOOP, "Runner")),
        ..NativeType::of(
            Builtin::Opaque,
            "Runs coroutines one after the other on one loop.",
        )
    },
};

#[derive(Clone, Copy, PartialEq)]
enum State {
    Created,
    Open,
    Closed,
}

struct Runner {
    state: Cell<State>,
    /// What one run left in its context is there for the next; Undef for the empty one.
    context: Slot,
    /// The number of its loop.
    number: Cell<u16>,
    /// `debug`, as it was given.
    debug: Slot,
    /// How many tasks there were when it opened: those are not its own.
    count: Cell<u64>,
}

traced!(Runner { context, debug } plain { state, number, count });

impl Payload for Runner {}

const NEW: Native = Native::vm(
    "Runner(cls, /, *args, **kwargs)",
    "A runner; one with a loop factory is of a class written in apy.",
    |vm, args| {
        let mut class = args.at(0);
        let kwargs: Option<Gc<'_, Dict>> = vm.get_gc(args.at(2));
        let factory = kwargs.and_then(|k| k.get_str(&vm.heap, vm.heap.intern("loop_factory")));
        let has_factory = factory.is_some_and(|factory| !factory.is_none());
        let exact = class_of(vm, &RUNNER);
        let is_general = has_factory || event_loop::policy(vm)?.is_some();
        if is_general && vm.get(exact).is(vm.get(class)) {
            class = general::find(vm, general::LOOP, "FactoryRunner")?;
        }
        let runner = Runner {
            state: Cell::new(State::Created),
            context: Slot::undef(),
            number: Cell::new(0),
            debug: Slot::undef(),
            count: Cell::new(0),
        };
        Ok(vm.new_opaque(class, runner))
    },
);
const INIT: Native = Native::vm(
    "__init__(self, *, debug=None, loop_factory=None)",
    "Initialize self.",
    |vm, args| {
        runner(vm, args.at(0)).debug.set(vm.get(args.at(1)));
        Ok(vm.none())
    },
);
const RUN: Native = Native::vm(
    "run(self, coro, *, context=None)",
    "Run a coroutine; give its result. Raises RuntimeError if a loop runs already.",
    run_one,
);
const CLOSE: Native = Native::vm(
    "close(self, /)",
    "Cancel what is left and close the loop.",
    |vm, args| {
        close(vm, args.at(0))?;
        Ok(vm.none())
    },
);
const GET_LOOP: Native = Native::vm("get_loop(self, /)", "The runner's loop.", |vm, args| {
    open(vm, args.at(0))?;
    let number = runner(vm, args.at(0)).number.get();
    Ok(event_loop::loop_of(vm, number))
});
const ENTER: Native = Native::vm("__enter__(self, /)", "Open the loop.", |vm, args| {
    open(vm, args.at(0))?;
    Ok(args.at(0))
});
const EXIT: Native = Native::vm(
    "__exit__(self, exc_type, exc_val, exc_tb, /)",
    "Close the loop.",
    |vm, args| {
        close(vm, args.at(0))?;
        Ok(vm.none())
    },
);

fn runner(vm: &Vm, this: Local) -> &Runner {
    vm.payload(this)
}

fn open(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    let runner = runner(vm, this);
    match runner.state.get() {
        State::Closed => Err(vm.heap.raise(Builtin::RuntimeError, "Runner is closed")),
        State::Open => Ok(()),
        State::Created => {
            runner.state.set(State::Open);
            let context = context::fork(vm);
            self::runner(vm, this).context.set(vm.get(context));
            let count = scheduler(vm).task_count();
            self::runner(vm, this).count.set(count);
            event_loop::open(vm)?;
            let number = scheduler(vm).loop_number();
            self::runner(vm, this).number.set(number);
            let debug = vm.local(self::runner(vm, this).debug.get(&vm.heap));
            run::set_debug(vm, debug)
        }
    }
}

fn close(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    if runner(vm, this).state.get() != State::Open {
        return Ok(());
    }
    let number = runner(vm, this).number.get();
    scheduler(vm).switch(&vm.heap, number);
    let result = run::shut_down(vm, runner(vm, this).count.get());
    runner(vm, this).state.set(State::Closed);
    result
}

fn run_one(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let owner = args.at(0);
    let coroutine = as_coroutine(vm, args.at(1))?;
    if !task::is_coroutine(vm, coroutine) {
        let text = vm.repr_text(coroutine)?;
        return Err(vm
            .heap
            .value_error(format!("a coroutine was expected, got {text}")));
    }
    if scheduler(vm).is_running() {
        return Err(vm.heap.raise(
            Builtin::RuntimeError,
            "Runner.run() cannot be called from a running event loop",
        ));
    }
    open(vm, owner)?;
    let number = runner(vm, owner).number.get();
    scheduler(vm).switch(&vm.heap, number);
    let given = vm.get(args.at(2));
    let own = given.is_undef() || given.is_none();
    let context = if own {
        vm.local(runner(vm, owner).context.get(&vm.heap))
    } else {
        args.at(2)
    };
    let undef = vm.local(Value::UNDEF);
    let task = task::make_by_factory(vm, coroutine, undef, context)?;
    let outcome = sched::run::run_main(vm, task);
    if own {
        runner(vm, owner)
            .context
            .set(future::part(vm, task).context.get(&vm.heap));
    }
    outcome
}
