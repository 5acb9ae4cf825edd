//! The event loop as programs see it: an object with a clock, callbacks, timers, and ways to run until something is done.
//!
//! There is one scheduler, so at most one loop is open at a time; a loop that was closed gives way to a new object, and what was still
//! scheduled is forgotten with it. To add a method: its `const`, one word in `METHODS`.

use std::cell::Cell;

use super::super::builtins::functions::object::is_callable;
use super::super::registry::{ModuleType, NativeType, class_of};
use super::{check_running, sleep};
use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::heap::traced;
use crate::runtime::list::List;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::context;
use crate::sched::future::new_future;
use crate::sched::handle::{Handle, HandleState};
use crate::sched::{self, green, report, scheduler, task};
use crate::vm::{AsyncStepKind, Input, Local, Locals, Native, NativeCoroutine, Problem, Step, Vm};

/// The class of event loops.
pub const EVENT_LOOP: ModuleType = ModuleType {
    name: "EventLoop",
    module: "asyncio",
    body: NativeType {
        methods: METHODS,
        ..NativeType::of(Builtin::Opaque, "The scheduler of the program.")
    },
};

const METHODS: &[&Native] = &[
    &TIME,
    &CALL_SOON,
    &CALL_SOON_THREADSAFE,
    &CALL_LATER,
    &CALL_AT,
    &CREATE_TASK,
    &CREATE_FUTURE,
    &RUN_IN_EXECUTOR,
    &RUN_UNTIL_COMPLETE,
    &RUN_FOREVER,
    &STOP,
    &CLOSE,
    &IS_RUNNING,
    &IS_CLOSED,
    &GET_DEBUG,
    &SET_DEBUG,
    &SET_EXCEPTION_HANDLER,
    &GET_EXCEPTION_HANDLER,
    &CALL_EXCEPTION_HANDLER,
    &DEFAULT_EXCEPTION_HANDLER,
    &SHUTDOWN_ASYNCGENS,
    &SHUTDOWN_DEFAULT_EXECUTOR,
];

/// The class of what `call_soon` returns.
pub const HANDLE: ModuleType = ModuleType {
    name: "Handle",
    module: "asyncio.events",
    body: NativeType {
        methods: &[&CANCEL, &CANCELLED],
        ..NativeType::of(
            Builtin::Opaque,
            "A callback that was scheduled; it can be cancelled.",
        )
    },
};

/// The class of what `call_later` and `call_at` return.
pub const TIMER_HANDLE: ModuleType = ModuleType {
    name: "TimerHandle",
    module: "asyncio.events",
    body: NativeType {
        methods: &[&CANCEL, &CANCELLED, &WHEN],
        ..NativeType::of(
            Builtin::Opaque,
            "A callback that was scheduled for a moment; it can be cancelled.",
        )
    },
};

/// `get_running_loop()`.
pub const GET_RUNNING_LOOP: Native = Native::vm(
    "get_running_loop()",
    "The loop that runs now; RuntimeError if none does.",
    |vm, _| {
        check_running(vm)?;
        the_loop(vm)
    },
);
/// `get_event_loop()`.
pub const GET_EVENT_LOOP: Native = Native::vm(
    "get_event_loop()",
    "The loop that runs now, or the one that is open.",
    |vm, _| the_loop(vm),
);
/// `new_event_loop()`.
pub const NEW_EVENT_LOOP: Native = Native::vm("new_event_loop()", "A new loop.", |vm, _| {
    if !scheduler(vm).is_running() {
        scheduler(vm).loop_object.clear();
    }
    the_loop(vm)
});
/// `set_event_loop(loop)`.
pub const SET_EVENT_LOOP: Native = Native::vm(
    "set_event_loop(loop, /)",
    "Nothing: the open loop is the only one.",
    |vm, _| Ok(vm.none()),
);

struct Loop {
    closed: Cell<bool>,
}

traced!(Loop {} plain { closed });

impl Payload for Loop {}

/// The loop that is open; a new one if none is.
pub fn the_loop(vm: &mut Vm) -> Result<Local, Raised> {
    let known = vm.local(scheduler(vm).loop_object.get(&vm.heap));
    if !vm.get(known).is_undef() && !is_closed(vm, known) {
        return Ok(known);
    }
    let class = class_of(vm, &EVENT_LOOP);
    let class = vm.get_gc(class).expect("a class");
    let object = vm.local(
        vm.heap
            .opaque(
                class,
                Loop {
                    closed: Cell::new(false),
                },
            )
            .value(),
    );
    scheduler(vm).loop_object.set(vm.get(object));
    Ok(object)
}

/// Makes way for a new loop; the object is made when the program asks for it.
pub fn open(vm: &Vm) {
    scheduler(vm).loop_object.clear();
}

/// Closes the open loop. From a thread beside a running loop there is none to close.
///
/// # Errors
/// KeyboardInterrupt and SystemExit from the program's exception handler, which hears of tasks that are still pending.
pub fn close(vm: &mut Vm) -> Result<(), Raised> {
    if vm.can_park() {
        return Ok(());
    }
    let mut result = Ok(());
    // A prompt's tasks and timers live on; its loop object is made anew when the program asks for it.
    if !scheduler(vm).is_attended() {
        result = report::destroyed(vm);
        scheduler(vm).clear();
    }
    let scheduler = scheduler(vm);
    if let Some(state) = scheduler
        .loop_object
        .get(&vm.heap)
        .as_gc::<Opaque>()
        .and_then(|o| o.payload::<Loop>())
    {
        state.closed.set(true);
    }
    result
}

fn is_closed(vm: &Vm, this: Local) -> bool {
    vm.get_gc::<Opaque>(this)
        .and_then(|o| o.payload::<Loop>())
        .is_none_or(|state| state.closed.get())
}

fn is_current(vm: &Vm, this: Local) -> bool {
    scheduler(vm).loop_object.get(&vm.heap).is(vm.get(this))
}

fn check_open(vm: &Vm, this: Local) -> Result<(), Raised> {
    if is_closed(vm, this) {
        Err(vm.heap.raise(Builtin::RuntimeError, "Event loop is closed"))
    } else {
        Ok(())
    }
}

/// The loop may begin to run.
fn check_startable(vm: &Vm, this: Local) -> Result<(), Raised> {
    check_open(vm, this)?;
    let message = if !scheduler(vm).is_running() {
        return Ok(());
    } else if is_current(vm, this) {
        "This event loop is already running"
    } else {
        "Cannot run the event loop while another loop is running"
    };
    Err(vm.heap.raise(Builtin::RuntimeError, message))
}

const TIME: Native = Native::vm(
    "time(self, /) -> float",
    "Seconds on the loop's clock.",
    |vm, _| {
        let now = scheduler(vm).now();
        Ok(vm.local(Value::float(now)))
    },
);
const CALL_SOON: Native = Native::vm(
    "call_soon(self, callback, /, *args, context=None)",
    "Call callback(*args) in the next turn.",
    call_soon,
);
const CALL_SOON_THREADSAFE: Native = Native::vm(
    "call_soon_threadsafe(self, callback, /, *args, context=None)",
    "Call callback(*args) in the next turn.",
    call_soon,
);
const CALL_LATER: Native = Native::vm(
    "call_later(self, delay, callback, /, *args, context=None)",
    "Call callback(*args) after delay seconds.",
    |vm, args| {
        if vm.get(args.at(1)).is_none() {
            return Err(vm.heap.type_error("delay must not be None"));
        }
        let delay = sleep::seconds(vm, args.at(1))?;
        let when = scheduler(vm).now() + delay;
        schedule(vm, args, when)
    },
);
const CALL_AT: Native = Native::vm(
    "call_at(self, when, callback, /, *args, context=None)",
    "Call callback(*args) at a moment of the loop's clock.",
    |vm, args| {
        if vm.get(args.at(1)).is_none() {
            return Err(vm.heap.type_error("when cannot be None"));
        }
        let when = sleep::seconds(vm, args.at(1))?;
        schedule(vm, args, when)
    },
);
const CREATE_TASK: Native = Native::vm(
    "create_task(self, coro, *, name=None, context=None)",
    "Run a coroutine as a task.",
    |vm, args| {
        check_open(vm, args.at(0))?;
        super::task::spawn(vm, args.at(1), args.at(2), args.at(3))
    },
);
const CREATE_FUTURE: Native = Native::vm("create_future(self, /)", "A pending future.", |vm, _| {
    Ok(new_future(vm))
});
const RUN_IN_EXECUTOR: Native = Native::vm(
    "run_in_executor(self, executor, func, /, *args)",
    "Run func(*args) in a thread of its own; a future for its result.",
    |vm, args| {
        check_open(vm, args.at(0))?;
        let kwargs = vm.local(vm.heap.dict().value());
        // A worker thread has a context of its own.
        let context = vm.local(Value::UNDEF);
        green::spawn(vm, args.at(2), args.at(3), kwargs, context)
    },
);
const RUN_UNTIL_COMPLETE: Native = Native::vm(
    "run_until_complete(self, future)",
    "Run until a future is done; give its result. Raises RuntimeError if the loop runs already or stops before.",
    |vm, args| {
        check_startable(vm, args.at(0))?;
        scheduler(vm).loop_object.set(vm.get(args.at(0)));
        let awaited = task::ensure_future(vm, args.at(1))?;
        sched::event_loop::run_until_complete(vm, awaited)
    },
);
const RUN_FOREVER: Native = Native::vm(
    "run_forever(self, /)",
    "Run until stop() is called.",
    |vm, args| {
        check_startable(vm, args.at(0))?;
        scheduler(vm).loop_object.set(vm.get(args.at(0)));
        sched::event_loop::run_forever(vm)?;
        Ok(vm.none())
    },
);
const STOP: Native = Native::vm("stop(self, /)", "End the loop after this turn.", |vm, _| {
    scheduler(vm).stop();
    Ok(vm.none())
});
const CLOSE: Native = Native::vm(
    "close(self, /)",
    "Close the loop; what is scheduled will not run. Raises RuntimeError while it runs.",
    |vm, args| {
        if scheduler(vm).is_running() && is_current(vm, args.at(0)) {
            return Err(vm
                .heap
                .raise(Builtin::RuntimeError, "Cannot close a running event loop"));
        }
        if is_current(vm, args.at(0)) {
            close(vm)?;
        } else if let Some(state) = vm
            .get_gc::<Opaque>(args.at(0))
            .and_then(|o| o.payload::<Loop>())
        {
            state.closed.set(true);
        }
        Ok(vm.none())
    },
);
const IS_RUNNING: Native = Native::vm(
    "is_running(self, /) -> bool",
    "Whether the loop runs.",
    |vm, args| {
        let running = scheduler(vm).is_running() && is_current(vm, args.at(0));
        Ok(vm.local(Value::bool(running)))
    },
);
const IS_CLOSED: Native = Native::vm(
    "is_closed(self, /) -> bool",
    "Whether the loop was closed.",
    |vm, args| Ok(vm.local(Value::bool(is_closed(vm, args.at(0))))),
);
const GET_DEBUG: Native = Native::vm(
    "get_debug(self, /) -> bool",
    "Whether debug mode is on.",
    |vm, _| Ok(vm.local(Value::FALSE)),
);
const SET_DEBUG: Native = Native::vm(
    "set_debug(self, enabled)",
    "Nothing: there is no debug mode.",
    |vm, _| Ok(vm.none()),
);
const SET_EXCEPTION_HANDLER: Native = Native::vm(
    "set_exception_handler(self, handler)",
    "Have handler(loop, context) called for exceptions that reach nobody; None for the default.",
    |vm, args| {
        let handler = vm.get(args.at(1));
        if !handler.is_none() && !is_callable(vm, args.at(1)) {
            let text = vm.repr_text(args.at(1))?;
            return Err(vm
                .heap
                .type_error(format!("A callable object or None is expected, got {text}")));
        }
        scheduler(vm).exception_handler.set(if handler.is_none() {
            Value::UNDEF
        } else {
            handler
        });
        Ok(vm.none())
    },
);
const GET_EXCEPTION_HANDLER: Native = Native::vm(
    "get_exception_handler(self, /)",
    "The exception handler, or None for the default.",
    |vm, _| {
        Ok(vm.local(
            scheduler(vm)
                .exception_handler
                .get(&vm.heap)
                .or(Value::NONE),
        ))
    },
);
const CALL_EXCEPTION_HANDLER: Native = Native::vm(
    "call_exception_handler(self, context)",
    "Tell the exception handler.",
    |vm, args| {
        if scheduler(vm).exception_handler.is_undef() {
            report_context(vm, args.at(1));
        } else {
            report::call_handler(vm, args.at(1))?;
        }
        Ok(vm.none())
    },
);
const DEFAULT_EXCEPTION_HANDLER: Native = Native::vm(
    "default_exception_handler(self, context)",
    "Tell the user.",
    |vm, args| {
        report_context(vm, args.at(1));
        Ok(vm.none())
    },
);
const SHUTDOWN_ASYNCGENS: Native = Native::vm(
    "shutdown_asyncgens(self, /) -> coroutine",
    "Close the async generators that were left unfinished.",
    |vm, _| {
        let none = vm.none();
        Ok(vm.native_coroutine(&CLOSING, &[none, none]))
    },
);
const SHUTDOWN_DEFAULT_EXECUTOR: Native = Native::vm(
    "shutdown_default_executor(self, timeout=None) -> coroutine",
    "A coroutine that has nothing to do.",
    |vm, _| Ok(vm.native_coroutine(&NOTHING, &[])),
);
const CANCEL: Native = Native::vm("cancel(self, /)", "Do not call it.", |vm, args| {
    let state = state(vm, args.at(0));
    state.cancelled.set(true);
    if let Some((_, timer)) = state.timer.get() {
        scheduler(vm).cancel_timer(&vm.heap, timer);
    }
    Ok(vm.none())
});
const CANCELLED: Native = Native::vm(
    "cancelled(self, /) -> bool",
    "Whether it was cancelled.",
    |vm, args| Ok(vm.local(Value::bool(state(vm, args.at(0)).cancelled.get()))),
);
const WHEN: Native = Native::vm("when(self, /) -> float", "When it is due.", |vm, args| {
    let when = state(vm, args.at(0))
        .timer
        .get()
        .map_or(0.0, |(when, _)| when);
    Ok(vm.local(Value::float(when)))
});

/// Closes the async generators that were left unfinished: a coroutine, or nothing if there are none.
pub fn closing_generators(vm: &mut Vm) -> Option<Local> {
    let generators = vm.open_async_generators();
    if generators.is_empty() {
        return None;
    }
    let list = vm.heap.list(generators.iter().map(|&g| vm.get(g))).value();
    let (none, list) = (vm.none(), vm.local(list));
    Some(vm.native_coroutine(&CLOSING, &[list, none]))
}

/// Closes an async generator that the collector found: in a task of the loop that runs, else at once.
pub fn abandon_generator(vm: &mut Vm, generator: Local) -> Result<(), Raised> {
    let undef = vm.local(Value::UNDEF);
    let closing = vm.async_step(generator, AsyncStepKind::Close, undef);
    if scheduler(vm).is_running() {
        task::create(vm, closing, undef, undef)?;
        return Ok(());
    }
    vm.drive_to_end(closing)
}

/// Registers: the generators (None: all that are unfinished when it begins), then the tasks that close them.
static CLOSING: NativeCoroutine =
    NativeCoroutine::new("EventLoop.shutdown_asyncgens", close_generators);

fn close_generators(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let at = vm.step_state(this) as usize;
    if at == 0 {
        begin_closing(vm, this)?;
    }
    let [generators, tasks] = [0, 1].map(|i| vm.local(vm.step_slot(this, i).get(&vm.heap)));
    if let (Some(done), Input::Throw(exception)) = (at.checked_sub(1), input)
        && let Some(generator) = item(vm, generators, done)
    {
        report::closing_failed(vm, generator, exception)?;
    }
    vm.set_step_state(this, at as u32 + 1);
    Ok(match item(vm, tasks, at) {
        Some(task) => Step::Await(task),
        None => Step::Return(vm.none()),
    })
}

fn begin_closing(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    let given = vm.step_slot(this, 0).get(&vm.heap).as_gc::<List>();
    let generators: Vec<Local> = match given {
        Some(list) => {
            let items = list.items.to_vec(&vm.heap);
            items.into_iter().map(|g| vm.local(g)).collect()
        }
        None => vm.open_async_generators(),
    };
    let undef = vm.local(Value::UNDEF);
    let mut tasks = Vec::with_capacity(generators.len());
    for &generator in &generators {
        let closing = vm.async_step(generator, AsyncStepKind::Close, undef);
        tasks.push(task::create(vm, closing, undef, undef)?);
    }
    for (i, items) in [generators, tasks].into_iter().enumerate() {
        let list = vm.heap.list(items.iter().map(|&v| vm.get(v))).value();
        vm.step_slot(this, i).set(list);
    }
    Ok(())
}

fn item(vm: &Vm, list: Local, at: usize) -> Option<Local> {
    let list: Gc<'_, List> = vm.get_gc(list)?;
    list.items.get(&vm.heap, at).map(|v| vm.local(v))
}

static NOTHING: NativeCoroutine =
    NativeCoroutine::new("EventLoop.shutdown", |vm, _, _| Ok(Step::Return(vm.none())));

fn state(vm: &Vm, handle: Local) -> &HandleState {
    vm.get_gc::<Opaque>(handle)
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}

fn handle_object(vm: &mut Vm, class: &'static ModuleType) -> Local {
    let class = class_of(vm, class);
    let class = vm.get_gc(class).expect("a class");
    let object: Gc<'_, Opaque> = vm.heap.opaque(class, HandleState::default());
    vm.local(object.value())
}

fn call_soon(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    check_open(vm, args.at(0))?;
    let object = handle_object(vm, &HANDLE);
    let handle = call_handle(vm, args.at(1), args.at(2), args.at(3), object);
    scheduler(vm).call_soon(handle);
    Ok(object)
}

fn schedule(vm: &mut Vm, args: Locals, when: f64) -> Result<Local, Raised> {
    check_open(vm, args.at(0))?;
    let object = handle_object(vm, &TIMER_HANDLE);
    let handle = call_handle(vm, args.at(2), args.at(3), args.at(4), object);
    let timer = scheduler(vm).call_at(when, handle);
    state(vm, object).timer.set(Some((when, timer)));
    Ok(object)
}

/// A handle that calls the program, unless its object was cancelled.
fn call_handle(vm: &Vm, callback: Local, args: Local, context: Local, object: Local) -> Handle {
    let given = vm.get(context);
    let context = if given.is_undef() || given.is_none() {
        context::fork(vm)
    } else {
        context
    };
    state(vm, object).context.set(vm.get(context));
    let object = vm.get_gc(object).expect("a handle object");
    Handle::of_object(vm.get(callback), vm.get(args), object)
}

/// What a program tells the default exception handler is shown to the user if there is an exception in it.
fn report_context(vm: &mut Vm, context: Local) {
    let heap = &vm.heap;
    let Some(context) = vm.get_gc::<Dict>(context) else {
        return;
    };
    let Some(exception) = context
        .get_str(heap, heap.intern("exception"))
        .filter(|e| e.is_gc::<Exception>())
    else {
        return;
    };
    let exception = vm.local(exception);
    report::report(
        vm,
        Problem::Unraisable("the event loop".to_owned()),
        exception,
    );
}
