//! Making and finding tasks; what futures and tasks are to a program is in `future.rs`.
//!
//! The state of a task lives in `runtime/future.rs`, how it is driven in `sched/task.rs`.
//! To add a function about tasks: a `const` here and a word in the module's table.

use crate::bytecode::CodeKind;
use crate::runtime::coroutine::{Coroutine, CoroutineKind};
use crate::runtime::function::{BoundMethod, Function};
use crate::runtime::future::Future;
use crate::runtime::heap::Gc;
use crate::runtime::table::{Found, Table};
use crate::runtime::{Heap, Raised, Value, builtin_eq};
use crate::sched::{scheduler, task};
use crate::vm::{Args, Local, Locals, Native, Vm};

use super::check_running;

/// `create_task(coro, *, name=None, context=None)`.
pub const CREATE_TASK: Native = Native::vm(
    "create_task(coro, *, name=None, context=None)",
    "Schedule a coroutine to run as a task. Raises RuntimeError if no loop runs.",
    create_task,
);
/// `current_task(loop=None)`.
pub const CURRENT_TASK: Native = Native::vm(
    "current_task(loop=None)",
    "The task that runs now, or None. Raises RuntimeError if no loop runs.",
    current_task,
);
/// `all_tasks(loop=None)`.
pub const ALL_TASKS: Native = Native::vm(
    "all_tasks(loop=None)",
    "The set of tasks that are not done. Raises RuntimeError if no loop runs.",
    all_tasks,
);
/// `ensure_future(coro_or_future, *, loop=None)`.
pub const ENSURE_FUTURE: Native = Native::vm(
    "ensure_future(coro_or_future, *, loop=None)",
    "A future for something awaitable: itself, or a task that runs it. Raises TypeError if it cannot be awaited.",
    |vm, args| task::ensure_future(vm, args.at(0)),
);
/// `isfuture(obj, /)`.
pub const ISFUTURE: Native = Native::leaf(
    "isfuture(obj, /) -> bool",
    "Whether obj is a future.",
    |_, args| Ok(Value::bool(args.get(0).is_gc::<Future>())),
);
/// `iscoroutine(obj, /)`.
pub const ISCOROUTINE: Native = Native::leaf(
    "iscoroutine(obj, /) -> bool",
    "Whether obj is a coroutine object.",
    iscoroutine,
);
/// `iscoroutinefunction(func, /)`.
pub const ISCOROUTINEFUNCTION: Native = Native::leaf(
    "iscoroutinefunction(func, /) -> bool",
    "Whether func is an async function.",
    iscoroutinefunction,
);

fn create_task(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    check_running(vm)?;
    spawn(vm, args.at(0), args.at(1), args.at(2))
}

/// A task that runs a coroutine. `name`, `context`: None or Undef for the default.
pub fn spawn(vm: &mut Vm, coroutine: Local, name: Local, context: Local) -> Result<Local, Raised> {
    none_to_undef(vm, name);
    none_to_undef(vm, context);
    let name = if vm.get(name).is_undef() {
        name
    } else {
        vm.str(name)?
    };
    task::create(vm, coroutine, name, context)
}

/// For optional arguments where None means: not given.
fn none_to_undef(vm: &Vm, local: Local) {
    if vm.get(local).is_none() {
        vm.set(local, Value::UNDEF);
    }
}

fn current_task(vm: &mut Vm, _: Locals) -> Result<Local, Raised> {
    check_running(vm)?;
    Ok(vm.local(scheduler(vm).current_task(&vm.heap).unwrap_or(Value::NONE)))
}

fn all_tasks(vm: &mut Vm, _: Locals) -> Result<Local, Raised> {
    check_running(vm)?;
    let heap = &vm.heap;
    let tasks = scheduler(vm).pending_tasks(vm);
    Ok(vm.local(future_set(heap, tasks.iter().map(|&t| vm.get(t)))))
}

/// A set of futures, in this order.
pub fn future_set<'h>(heap: &'h Heap, futures: impl Iterator<Item = Value<'h>>) -> Value<'h> {
    let table = Table::default();
    for future in futures {
        let hash = builtin_eq::hash(heap, future).expect("futures hash by identity");
        if !matches!(table.find(heap, hash, future), Found::At(_)) {
            table.push(heap, hash, future, Value::UNDEF);
        }
    }
    let set = heap.set(table);
    set.keeps_insertion.set(true);
    set.value()
}

fn iscoroutine<'h>(_: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let coroutine: Option<Gc<'_, Coroutine>> = args.get(0).as_gc();
    Ok(Value::bool(coroutine.is_some_and(|c| {
        matches!(c.kind, CoroutineKind::Coroutine | CoroutineKind::Native)
    })))
}

fn iscoroutinefunction<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let function = args
        .get(0)
        .as_gc::<BoundMethod>()
        .map_or(args.get(0), |m| m.function.get(heap));
    let function: Option<Gc<'_, Function>> = function.as_gc();
    Ok(Value::bool(function.is_some_and(|f| {
        f.code(heap).code.kind == CodeKind::Coroutine
    })))
}
