//! Which names asyncio has beside its native ones, and which of them its submodules have.
//!
//! A program that imports asyncio pays for none of this: names that are written in apy are imported when the module is asked for them
//! (`__getattr__`), and so are submodules. To add a name: a word in the row of its module in `LAZY`, and one in `SUBMODULES`.

use super::super::registry::{bind, class_of};
use super::event_loop;
use super::general;
use crate::runtime::module::Module;
use crate::runtime::native::NativeFunction;
use crate::runtime::{Raised, Value};
use crate::vm::{Local, Native, NativeRole, Vm};

/// Names that modules written in apy define.
const LAZY: &[(&str, &[&str])] = &[
    (
        "asyncio.events",
        &[
            "AbstractServer",
            "AbstractEventLoopPolicy",
            "BaseDefaultEventLoopPolicy",
            "get_event_loop_policy",
            "set_event_loop_policy",
            "get_child_watcher",
            "set_child_watcher",
            "_set_running_loop",
        ],
    ),
    (
        "asyncio.unix_events",
        &[
            "DefaultEventLoopPolicy",
            "AbstractChildWatcher",
            "SafeChildWatcher",
            "FastChildWatcher",
            "PidfdChildWatcher",
            "MultiLoopChildWatcher",
            "ThreadedChildWatcher",
            "_UnixSelectorEventLoop",
            "_UnixReadPipeTransport",
            "_UnixWritePipeTransport",
        ],
    ),
    (
        "asyncio._bridges",
        &[
            "create_eager_task_factory",
            "eager_task_factory",
            "SendfileNotAvailableError",
            "_register_task",
            "_unregister_task",
            "_enter_task",
            "_leave_task",
        ],
    ),
    (
        "asyncio.protocols",
        &[
            "BaseProtocol",
            "Protocol",
            "BufferedProtocol",
            "DatagramProtocol",
            "SubprocessProtocol",
        ],
    ),
    (
        "asyncio.transports",
        &[
            "BaseTransport",
            "ReadTransport",
            "WriteTransport",
            "Transport",
            "DatagramTransport",
            "SubprocessTransport",
        ],
    ),
    ("asyncio._loop", &["_run_until_complete_cb"]),
    ("asyncio.stream_protocols", &["StreamReaderProtocol"]),
    (
        "asyncio.graph",
        &[
            "capture_call_graph",
            "format_call_graph",
            "print_call_graph",
            "FrameCallGraphEntry",
            "FutureCallGraph",
            "future_add_to_awaited_by",
            "future_discard_from_awaited_by",
        ],
    ),
    ("asyncio.base_subprocess", &["_UnixSubprocessTransport"]),
    (
        "asyncio.subprocess",
        &["create_subprocess_exec", "create_subprocess_shell"],
    ),
];

/// Submodules whose names are all names of asyncio, too: what they are, their public names, then others.
const SUBMODULES: &[(&str, &str, &[&str], &[&str])] = &[
    (
        "coroutines",
        "What coroutines are.",
        &["iscoroutinefunction", "iscoroutine"],
        &["_is_coroutine"],
    ),
    (
        "exceptions",
        "The exceptions of asyncio.",
        &[
            "BrokenBarrierError",
            "CancelledError",
            "InvalidStateError",
            "TimeoutError",
            "IncompleteReadError",
            "LimitOverrunError",
            "SendfileNotAvailableError",
        ],
        &[],
    ),
    (
        "futures",
        "Results to come.",
        &["Future", "wrap_future", "isfuture"],
        &[],
    ),
    (
        "locks",
        "Locks, events, semaphores, conditions, barriers.",
        &[
            "Lock",
            "Event",
            "Condition",
            "Semaphore",
            "BoundedSemaphore",
            "Barrier",
        ],
        &[],
    ),
    (
        "queues",
        "Queues between tasks.",
        &[
            "Queue",
            "PriorityQueue",
            "LifoQueue",
            "QueueFull",
            "QueueEmpty",
            "QueueShutDown",
        ],
        &[],
    ),
    (
        "runners",
        "Running a program's main coroutine.",
        &["Runner", "run"],
        &[],
    ),
    (
        "streams",
        "Reading from and writing to connections.",
        &[
            "StreamReader",
            "StreamWriter",
            "StreamReaderProtocol",
            "open_connection",
            "start_server",
            "open_unix_connection",
            "start_unix_server",
        ],
        &[],
    ),
    (
        "tasks",
        "Coroutines that a loop drives.",
        &[
            "Task",
            "create_task",
            "FIRST_COMPLETED",
            "FIRST_EXCEPTION",
            "ALL_COMPLETED",
            "wait",
            "wait_for",
            "as_completed",
            "sleep",
            "gather",
            "shield",
            "ensure_future",
            "run_coroutine_threadsafe",
            "current_task",
            "all_tasks",
            "create_eager_task_factory",
            "eager_task_factory",
            "_register_task",
            "_unregister_task",
            "_enter_task",
            "_leave_task",
        ],
        &["futures", "events", "exceptions"],
    ),
    ("taskgroups", "Groups of tasks.", &["TaskGroup"], &[]),
    ("threads", "Calls in threads.", &["to_thread"], &[]),
    (
        "timeouts",
        "Limits of time.",
        &["Timeout", "timeout", "timeout_at"],
        &[],
    ),
];

/// Modules whose public names make up `asyncio.__all__`, in CPython's order.
const PUBLIC: &[&str] = &[
    "base_events",
    "coroutines",
    "events",
    "exceptions",
    "futures",
    "locks",
    "protocols",
    "runners",
    "queues",
    "streams",
    "subprocess",
    "tasks",
    "taskgroups",
    "threads",
    "timeouts",
    "transports",
    "unix_events",
];

/// The public names of submodules that are written in apy, where not all are names of one row of `LAZY`.
const PUBLIC_NAMES: &[(&str, &[&str])] = &[
    ("base_events", &["BaseEventLoop", "Server"]),
    (
        "events",
        &[
            "AbstractEventLoopPolicy",
            "AbstractEventLoop",
            "AbstractServer",
            "Handle",
            "TimerHandle",
            "get_event_loop_policy",
            "set_event_loop_policy",
            "get_event_loop",
            "set_event_loop",
            "new_event_loop",
            "get_child_watcher",
            "set_child_watcher",
            "_set_running_loop",
            "get_running_loop",
            "_get_running_loop",
        ],
    ),
    (
        "unix_events",
        &[
            "SelectorEventLoop",
            "AbstractChildWatcher",
            "SafeChildWatcher",
            "FastChildWatcher",
            "PidfdChildWatcher",
            "MultiLoopChildWatcher",
            "ThreadedChildWatcher",
            "DefaultEventLoopPolicy",
            "EventLoop",
        ],
    ),
];

/// Submodules that are written in apy.
const WRITTEN: &[&str] = &[
    "base_events",
    "events",
    "selector_events",
    "unix_events",
    "protocols",
    "transports",
    "subprocess",
    "base_subprocess",
    "trsock",
    "graph",
    "constants",
    "mixins",
    "log",
    "staggered",
    "base_futures",
    "base_tasks",
    "format_helpers",
];

/// `asyncio.__getattr__`.
pub(super) const GETATTR: Native = Native::vm(
    "__getattr__(name, /)",
    "Names that are imported when they are asked for.",
    |vm, args| {
        let name = vm.text_of(args.at(0))?;
        let module = vm.import_module("asyncio")?;
        let Some(value) = lazy(vm, &name)? else {
            return Err(vm.attribute_error(module, args.at(0)));
        };
        bind(vm, module, &name, vm.get(value));
        Ok(value)
    },
);

/// `__getattr__` of submodules: names that CPython's have beside their public ones.
const GETATTR_OF_SUBMODULE: Native = Native::vm(
    "__getattr__(module, name, /)",
    "Names that are imported when they are asked for.",
    |vm, args| {
        let name = vm.text_of(args.at(1))?;
        if name.starts_with("__") {
            return Err(vm.attribute_error(args.at(0), args.at(1)));
        }
        let module = vm.import_module("asyncio._private")?;
        match vm.find_attr(module, &name)? {
            Some(value) => Ok(value),
            None => Err(vm.attribute_error(args.at(0), args.at(1))),
        }
    },
);

/// Binds what needs no import.
pub(super) fn init(vm: &mut Vm, asyncio: Local) {
    let class = class_of(vm, &event_loop::EVENT_LOOP);
    for name in ["EventLoop", "SelectorEventLoop"] {
        bind(vm, asyncio, name, vm.get(class));
    }
    let made = SUBMODULES.iter().map(|row| (row.0, row.2));
    for (module, public) in made.chain(PUBLIC_NAMES.iter().copied()) {
        let home = vm.local(vm.heap.intern(&format!("asyncio.{module}")).value());
        for name in public {
            let function = vm
                .get_gc::<Module>(asyncio)
                .and_then(|m| m.globals.get(&vm.heap, vm.heap.intern(name)));
            if let Some(function) = function.and_then(|f| f.as_gc::<NativeFunction>()) {
                function.get().module.set(vm.get(home));
            }
        }
    }
    let path = vm.heap.list([vm.heap.str_value("<apy>/asyncio")]).value();
    bind(vm, asyncio, "__path__", path);
    // The mark of callables that are to count as coroutine functions; only its identity matters.
    let mark = vm.get_gc::<Module>(asyncio).and_then(|m| {
        m.globals
            .get(&vm.heap, vm.heap.intern("iscoroutinefunction"))
    });
    if let Some(mark) = mark {
        bind(vm, asyncio, "_is_coroutine", mark);
    }
}

fn lazy(vm: &mut Vm, name: &str) -> Result<Option<Local>, Raised> {
    if name == "__all__" {
        return Ok(Some(all(vm)));
    }
    if let Some((module, _)) = LAZY.iter().find(|(_, names)| names.contains(&name)) {
        return general::find(vm, module, name).map(Some);
    }
    let is_module = WRITTEN.contains(&name) || SUBMODULES.iter().any(|row| row.0 == name);
    if !is_module {
        return Ok(None);
    }
    vm.import_module(&format!("asyncio.{name}")).map(Some)
}

fn public_names(module: &str) -> Vec<&'static str> {
    if let Some(row) = PUBLIC_NAMES.iter().find(|row| row.0 == module) {
        return row.1.to_vec();
    }
    if let Some(row) = SUBMODULES.iter().find(|row| row.0 == module) {
        return row.2.to_vec();
    }
    let full = format!("asyncio.{module}");
    let row = LAZY.iter().find(|row| row.0 == full);
    row.map_or(Vec::new(), |row| row.1.to_vec())
}

fn all(vm: &Vm) -> Local {
    let names = PUBLIC.iter().flat_map(|module| public_names(module));
    let names: Vec<Value<'_>> = names.map(|name| vm.heap.str_value(name)).collect();
    vm.local(vm.heap.tuple(&names).value())
}

/// Whether there is such a submodule of asyncio.
#[must_use]
pub fn has_submodule(name: &str) -> bool {
    let short = name.strip_prefix("asyncio.");
    short.is_some_and(|short| SUBMODULES.iter().any(|row| row.0 == short))
}

/// Makes a submodule that has no text of its own; None for any other name.
///
/// # Errors
/// Of the modules that define its names.
pub fn submodule(vm: &mut Vm, name: &str) -> Result<Option<Local>, Raised> {
    let Some(short) = name.strip_prefix("asyncio.") else {
        return Ok(None);
    };
    let Some(&(_, doc, public, others)) = SUBMODULES.iter().find(|row| row.0 == short) else {
        return Ok(None);
    };
    let module = vm.local(vm.heap.module(name).value());
    for (attribute, text) in [
        ("__name__", name),
        ("__package__", "asyncio"),
        ("__doc__", doc),
    ] {
        bind(vm, module, attribute, vm.heap.str_value(text));
    }
    let names: Vec<Value<'_>> = public.iter().map(|name| vm.heap.str_value(name)).collect();
    let names = vm.heap.tuple(&names).value();
    bind(vm, module, "__all__", names);
    let getattr = vm.native_function(&GETATTR_OF_SUBMODULE, NativeRole::Free);
    let getattr = vm.heap.bound_method(vm.get(getattr), vm.get(module));
    bind(vm, module, "__getattr__", getattr.value());
    // Modules that name each other find this one half done, as files would.
    vm.add_module(name, module);
    let parent = vm.import_module("asyncio")?;
    for name in public.iter().chain(others) {
        let mark = vm.mark();
        let value = vm.get_attr_named(parent, name)?;
        bind(vm, module, name, vm.get(value));
        vm.release(mark);
    }
    Ok(Some(module))
}
