//! asyncio: one primitive a file, built on the tasks, futures and wait queues of `sched`.
//!
//! What waits is a native coroutine: a `static NAME: NativeCoroutine` with a step function, its variables in registers. To add a
//! primitive: its file, one `mod` line, one word in the tables below.

mod as_completed;
mod barrier;
mod condition;
mod event;
mod event_loop;
mod exception_handler;
mod executor;
pub mod future;
mod gather;
mod general;
mod lock;
mod names;
mod queue;
pub mod run;
mod runner;
mod semaphore;
mod shield;
mod sleep;
pub mod streams;
mod task;
mod task_group;
mod timeout;
mod to_thread;
mod told;
mod wait;
mod wait_for;
mod waiting;

use std::rc::Rc;

pub use event_loop::abandon_generator;
pub use names::{has_submodule, submodule};
pub use sleep::SLEEP_NAME;

use super::registry::{NativeModule, bind};
use crate::runtime::module::Module;
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::{Face, scheduler};
use crate::vm::{Local, Vm};

/// The module.
pub const ASYNCIO: NativeModule = NativeModule {
    functions: &[
        &run::RUN,
        &sleep::SLEEP,
        &task::CREATE_TASK,
        &task::CURRENT_TASK,
        &task::ALL_TASKS,
        &task::ENSURE_FUTURE,
        &task::ISFUTURE,
        &task::ISCOROUTINE,
        &task::ISCOROUTINEFUNCTION,
        &gather::GATHER,
        &wait::WAIT,
        &wait_for::WAIT_FOR,
        &timeout::TIMEOUT,
        &timeout::TIMEOUT_AT,
        &shield::SHIELD,
        &as_completed::AS_COMPLETED,
        &to_thread::TO_THREAD,
        &executor::WRAP_FUTURE,
        &executor::RUN_COROUTINE_THREADSAFE,
        &streams::OPEN_CONNECTION,
        &streams::OPEN_UNIX_CONNECTION,
        &streams::START_SERVER,
        &streams::START_UNIX_SERVER,
        &task::AWAITED_BY,
        &task::AWAIT_CHAIN,
        &told::PLACE,
        &names::GETATTR,
        &event_loop::GET_RUNNING_LOOP,
        &event_loop::FIND_RUNNING_LOOP,
        &event_loop::GET_EVENT_LOOP,
        &event_loop::NEW_EVENT_LOOP,
        &event_loop::SET_EVENT_LOOP,
        &event_loop::THREAD_LOOP,
    ],
    types: &[
        &event_loop::ABSTRACT_EVENT_LOOP,
        &event_loop::BASE_EVENT_LOOP,
        &event_loop::BASE_SELECTOR_EVENT_LOOP,
        &event_loop::EVENT_LOOP,
        &event_loop::HANDLE,
        &event_loop::TIMER_HANDLE,
        &runner::RUNNER,
        &task_group::TASK_GROUP,
        &timeout::TIMEOUT_CLASS,
        &as_completed::ITERATOR,
        &lock::LOCK,
        &event::EVENT,
        &condition::CONDITION,
        &semaphore::SEMAPHORE,
        &semaphore::BOUNDED_SEMAPHORE,
        &barrier::BARRIER,
        &queue::QUEUE,
        &queue::LIFO_QUEUE,
        &queue::PRIORITY_QUEUE,
        &streams::STREAM_READER,
        &streams::STREAM_WRITER,
        &streams::SERVER,
    ],
    builtins: &[
        Builtin::Future,
        Builtin::Task,
        Builtin::CancelledError,
        Builtin::TimeoutError,
        Builtin::InvalidStateError,
    ],
    exceptions: &[
        &queue::QUEUE_EMPTY,
        &queue::QUEUE_FULL,
        &queue::QUEUE_SHUT_DOWN,
        &streams::INCOMPLETE_READ_ERROR,
        &streams::LIMIT_OVERRUN_ERROR,
        &barrier::BROKEN_BARRIER_ERROR,
    ],
    constants: &[
        (
            "FIRST_COMPLETED",
            "For wait(): return when any future is done.",
        ),
        (
            "FIRST_EXCEPTION",
            "For wait(): return when any future has an exception, or all are done.",
        ),
        (
            "EventLoop",
            "The class of the loops that new_event_loop() makes.",
        ),
        ("SelectorEventLoop", "Another name of EventLoop."),
        (
            "ALL_COMPLETED",
            "For wait(): return when all futures are done.",
        ),
    ],
    init,
    ..NativeModule::of(
        "asyncio",
        "Coroutines, tasks and what they wait for, on the interpreter's own scheduler.",
    )
};

/// The names that are builtins, too.
pub const BUILTIN_NAMES: &[&str] = &[
    "sleep",
    "gather",
    "wait",
    "wait_for",
    "create_task",
    "run",
    "Queue",
    "Semaphore",
];

/// Binds those of the builtin names that stand among `names` (the global names of a module that is being loaded), and `asyncio`
/// itself: programs that name none of them do not pay for the module. Once bound they are the program's, which may bind them anew.
pub fn bind_builtins(vm: &mut Vm, names: &[Rc<str>]) {
    let wanted = |name: &Rc<str>| **name == *ASYNCIO.name || BUILTIN_NAMES.contains(&&**name);
    let heap = &vm.heap;
    let is_bound = vm
        .builtins()
        .globals
        .get(heap, heap.intern(ASYNCIO.name))
        .is_some();
    if is_bound || !names.iter().any(wanted) {
        return;
    }
    let mark = vm.mark();
    let module = match vm.import_module(ASYNCIO.name) {
        Ok(module) => module,
        Err(raised) => {
            // Too deep in recursion to import anything: so is the import that asks.
            vm.heap.take_raised(raised);
            return;
        }
    };
    let builtins = vm.local(vm.builtins().value());
    bind(vm, builtins, ASYNCIO.name, vm.get(module));
    for &name in BUILTIN_NAMES {
        let value = vm
            .get_gc::<Module>(module)
            .and_then(|module| module.globals.get(&vm.heap, vm.heap.intern(name)));
        bind(vm, builtins, name, value.unwrap_or(Value::UNDEF));
    }
    vm.release(mark);
}

/// What the scheduler asks of this module.
static FACE: Face = Face {
    loop_object: event_loop::the_loop,
    handle_object: event_loop::handle_object,
    enter_loop: event_loop::enter_current,
    note_source: told::note_source,
    source: told::source,
    tell_program: exception_handler::tell_program,
    tell_default: exception_handler::by_default,
    log_slow: exception_handler::log_slow,
    callback_text: told::callback,
};

fn init(vm: &mut Vm, module: Local) -> Result<(), Raised> {
    scheduler(vm).face.set(Some(&FACE));
    let asks = |(name, value): &(std::ffi::OsString, std::ffi::OsString)| {
        name == "PYTHONASYNCIODEBUG" && !value.is_empty()
    };
    let debug = vm.host.environment().iter().any(asks);
    scheduler(vm).default_debug.set(debug);
    for name in ["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"] {
        bind(vm, module, name, vm.heap.str_value(name));
    }
    names::init(vm, module);
    Ok(())
}

/// RuntimeError unless a loop is running.
fn check_running(vm: &Vm) -> Result<(), Raised> {
    if scheduler(vm).has_loop() {
        return Ok(());
    }
    Err(vm
        .heap
        .raise(Builtin::RuntimeError, "no running event loop"))
}

/// A state register of a native coroutine.
fn register(vm: &Vm, this: Local, at: usize) -> Local {
    vm.local(vm.step_slot(this, at).get(&vm.heap))
}

/// `<asyncio.locks.Lock object at 0x... [state, waiters:n]>`.
fn described(vm: &mut Vm, this: Local, state: &str, waiters: usize) -> Result<Local, Raised> {
    let text = vm.object_repr(this)?;
    let text = vm.text_of(text)?;
    let waiters = if waiters > 0 {
        format!(", waiters:{waiters}")
    } else {
        String::new()
    };
    Ok(vm.local(vm.heap.str_value(&format!(
        "{} [{state}{waiters}]>",
        text.trim_end_matches('>')
    ))))
}
