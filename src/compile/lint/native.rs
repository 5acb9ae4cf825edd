//! What functions and classes of the library return, as far as their signatures do not say it: tables.
//!
//! To add a function: a row where its kind is listed. A signature with `-> type` needs none.

use super::evident::Evident;
use crate::diagnostics::Span;
use crate::syntax::ast::{Arg, Constant, ExprKind};

/// Coroutine functions of asyncio.
const COROUTINES: &[&str] = &[
    "sleep",
    "wait",
    "wait_for",
    "to_thread",
    "open_connection",
    "start_server",
    "open_unix_connection",
    "start_unix_server",
    "create_subprocess_exec",
    "create_subprocess_shell",
];
/// Functions of asyncio whose result is there to be awaited.
const FUTURES: &[&str] = &["gather", "shield", "wrap_future"];
/// Functions of asyncio that make a task.
pub const TASKS: &[&str] = &["create_task", "ensure_future"];
/// Functions of asyncio that return an event loop.
pub const LOOPS: &[&str] = &["get_running_loop", "get_event_loop", "new_event_loop"];
/// Functions and classes of asyncio for `async with`.
const MANAGERS: &[&str] = &["timeout", "timeout_at", "TaskGroup"];
/// Coroutine methods of asyncio's classes.
const METHODS: &[(&str, &[&str])] = &[
    ("Queue", &["put", "get", "join"]),
    ("PriorityQueue", &["put", "get", "join"]),
    ("LifoQueue", &["put", "get", "join"]),
    ("Lock", &["acquire"]),
    ("Semaphore", &["acquire"]),
    ("BoundedSemaphore", &["acquire"]),
    ("Condition", &["acquire", "wait", "wait_for"]),
    ("Event", &["wait"]),
    ("Barrier", &["wait", "reset", "abort"]),
];
/// The classes of asyncio that only `async with` takes.
pub const LOCKS: &[&str] = &[
    "Lock",
    "Semaphore",
    "BoundedSemaphore",
    "Condition",
    "Barrier",
];
/// Functions that surely return nothing to await, nor anything else that an await could take.
const PLAIN: &[(&str, &[&str])] = &[
    (
        "builtins",
        &[
            "print",
            "input",
            "len",
            "open",
            "sorted",
            "range",
            "isinstance",
            "abs",
            "round",
            "repr",
            "enumerate",
            "zip",
            "str",
            "int",
            "float",
            "list",
            "dict",
            "set",
            "tuple",
        ],
    ),
    ("time", &["sleep", "time", "monotonic", "perf_counter"]),
    (
        "os",
        &[
            "listdir", "remove", "mkdir", "makedirs", "system", "getenv", "getcwd", "rename",
        ],
    ),
    (
        "subprocess",
        &["run", "call", "check_call", "check_output", "Popen"],
    ),
    (
        "random",
        &["random", "randint", "randrange", "uniform", "shuffle"],
    ),
    ("json", &["dumps", "dump"]),
    (
        "asyncio",
        &[
            "Queue",
            "PriorityQueue",
            "LifoQueue",
            "Lock",
            "Semaphore",
            "BoundedSemaphore",
            "Condition",
            "Event",
            "Barrier",
            "TaskGroup",
            "get_running_loop",
            "get_event_loop",
            "new_event_loop",
            "current_task",
            "all_tasks",
            "timeout",
            "as_completed",
        ],
    ),
];
/// Methods of asyncio's classes that return at once.
const AT_ONCE: &[&str] = &[
    "put_nowait",
    "task_done",
    "qsize",
    "empty",
    "full",
    "set",
    "clear",
    "is_set",
    "release",
    "locked",
    "notify",
    "notify_all",
];
/// Functions that return None, and whose signature does not say so.
const NOTHING: &[(&str, &str)] = &[
    ("random", "shuffle"),
    ("builtins", "print"),
    ("time", "sleep"),
    ("heapq", "heapify"),
    ("heapq", "heappush"),
];

/// What a call of a function or class of asyncio returns.
pub fn of_asyncio(name: &str, span: Span) -> Evident<'_> {
    if COROUTINES.contains(&name) {
        Evident::Coroutine(name, span)
    } else if FUTURES.contains(&name) || TASKS.contains(&name) {
        Evident::Future(name)
    } else if MANAGERS.contains(&name) {
        Evident::AsyncManager(name)
    } else {
        Evident::Of("asyncio", name)
    }
}

/// Whether a method of a class of asyncio makes a coroutine.
pub fn is_coroutine_method(class: &str, name: &str) -> bool {
    let row = METHODS.iter().find(|row| row.0 == class);
    row.is_some_and(|row| row.1.contains(&name))
}

/// Whether what a function returns can surely not be awaited.
pub fn is_plain(module: &str, name: &str) -> bool {
    PLAIN
        .iter()
        .any(|row| row.0 == module && row.1.contains(&name))
}

/// Whether a method of a class of asyncio returns at once.
pub fn is_plain_method(class: &str, name: &str) -> bool {
    METHODS.iter().any(|row| row.0 == class) && AT_ONCE.contains(&name)
}

/// The builtin type of what a function returns, though its signature does not say so.
pub fn returned_type(module: &str, name: &str) -> Option<&'static str> {
    (module == "builtins" && name == "input").then_some("str")
}

/// The class of the file that `open` makes; None where the mode is not in sight.
pub fn file(args: &[Arg]) -> Option<&'static str> {
    let mode = args.iter().enumerate().find_map(|(index, arg)| match arg {
        Arg::Pos(value) if index == 1 => Some(&value.kind),
        Arg::Keyword { name, value } if &*name.name == "mode" => Some(&value.kind),
        Arg::Star(_) | Arg::DoubleStar(_) => Some(&ExprKind::Constant(Constant::None)),
        _ => None,
    });
    match mode {
        None => Some("TextIOWrapper"),
        Some(ExprKind::Constant(Constant::Str(mode))) if !mode.contains('b') => {
            Some("TextIOWrapper")
        }
        _ => None,
    }
}

/// Whether a function returns None, though its signature does not say so.
pub fn returns_nothing(module: &str, name: &str) -> bool {
    NOTHING.contains(&(module, name))
}

/// What the end of a signature says of the result of `class`'s method or of a function: `... -> list[str]`.
pub fn of_signature<'a>(text: &str, name: &'a str, span: Span) -> Option<Evident<'a>> {
    const TYPES: &[&str] = &[
        "int",
        "bool",
        "float",
        "str",
        "complex",
        "tuple",
        "list",
        "bytes",
        "dict",
        "bytearray",
        "set",
        "frozenset",
    ];
    let result = text.rsplit_once(") -> ")?.1;
    let result = result.split('[').next().unwrap_or_default().trim();
    match result {
        "None" => Some(Evident::Nothing(name)),
        "coroutine" => Some(Evident::Coroutine(name, span)),
        _ => {
            let of = TYPES.iter().find(|it| **it == result)?;
            Some(Evident::Of("builtins", of))
        }
    }
}
