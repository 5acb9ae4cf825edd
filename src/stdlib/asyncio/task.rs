//! Making and finding tasks; what futures and tasks are to a program is in `future.rs`.
//!
//! The state of a task lives in `runtime/future.rs`, how it is driven in `sched/task.rs`.
//! To add a function about tasks: a `const` here and a word in the module's table.

use crate::bytecode::CodeKind;
use crate::runtime::class::Class;
use crate::runtime::coroutine::{Coroutine, CoroutineKind};
use crate::runtime::function::{BoundMethod, Function};
use crate::runtime::future::Future;
use crate::runtime::heap::Gc;
use crate::runtime::instance::Instance;
use crate::runtime::members::Members;
use crate::runtime::table::Found;
use crate::runtime::{Heap, Raised, Value, builtin_eq};
use crate::sched::future::future;
use crate::sched::{awaitable, scheduler, task};
use crate::vm::{Input, Local, Locals, Mention, Native, NativeCoroutine, Step, Vm};

use super::{check_running, event_loop, general, told};

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
    ensure_future,
);
/// `isfuture(obj, /)`.
pub const ISFUTURE: Native = Native::vm(
    "isfuture(obj, /) -> bool",
    "Whether obj is a future.",
    isfuture,
);
/// `iscoroutine(obj, /)`.
pub const ISCOROUTINE: Native = Native::vm(
    "iscoroutine(obj, /) -> bool",
    "Whether obj is a coroutine object.",
    iscoroutine,
);
/// `iscoroutinefunction(func, /)`.
pub const ISCOROUTINEFUNCTION: Native = Native::vm(
    "iscoroutinefunction(func, /) -> bool",
    "Whether func is an async function.",
    iscoroutinefunction,
);

/// `_awaited_by(future)`.
pub const AWAITED_BY: Native = Native::vm(
    "_awaited_by(future, /)",
    "The futures and tasks that wait for a future: a list.",
    |vm, args| {
        let Some(this) = vm.get_gc::<Future>(args.at(0)) else {
            return Ok(vm.local(vm.heap.list([]).value()));
        };
        let heap = &vm.heap;
        let mut targets = Vec::new();
        this.get().each_callback(heap, |callback| {
            targets.push(vm.local(callback.target.get(heap)));
        });
        let waiting = targets.into_iter().filter_map(|target| {
            let parent = super::task_group::parent_of(vm, target).unwrap_or(target);
            vm.get(parent).is_gc::<Future>().then_some(parent)
        });
        let waiting: Vec<Local> = waiting.collect();
        Ok(vm.local(heap.list(waiting.iter().map(|&one| vm.get(one))).value()))
    },
);
/// `_await_chain(coroutine)`.
pub const AWAIT_CHAIN: Native = Native::vm(
    "_await_chain(coroutine, /)",
    "A coroutine, what it awaits, and so on: a list.",
    |vm, args| {
        let heap = &vm.heap;
        let mut chain = Vec::new();
        let mut next = vm.get_gc::<Coroutine>(args.at(0));
        while let Some(coroutine) = next {
            chain.push(coroutine.value());
            next = coroutine.get().delegate.get(heap).as_gc();
        }
        Ok(vm.local(heap.list(chain).value()))
    },
);
/// `Task(cls, ...)`: `__init__` does the work.
pub const NEW_TASK: Native = Native::vm(
    "Task(cls, /, *args, **kwargs)",
    "A task that __init__() has to initialise.",
    |vm, args| {
        let class: Gc<'_, Class> = vm.get_gc(args.at(0)).expect("`__new__` gets the class");
        Ok(vm.local(vm.heap.bare_task(class).value()))
    },
);
/// `Task.__init__`.
pub const INIT_TASK: Native = Native::vm(
    "__init__(self, coro, *, loop=None, name=None, context=None, eager_start=False)",
    "A task that runs a coroutine.",
    |vm, args| {
        let mut parts = [1, 2, 3, 4, 5].map(|i| args.at(i));
        parts[0] = as_coroutine(vm, args.at(1))?;
        task::check_coroutine(vm, parts[0])?;
        initialise(vm, args.at(0), parts)?;
        Ok(vm.none())
    },
);

/// Makes a task run a coroutine: the coroutine, the loop, the name, the context, and whether its first step runs at once.
fn initialise(
    vm: &mut Vm,
    this: Local,
    [coroutine, the_loop, name, context, eager]: [Local; 5],
) -> Result<(), Raised> {
    let number = event_loop::enter_given(vm, the_loop)?;
    none_to_undef(vm, name);
    none_to_undef(vm, context);
    let name = match vm.get(name).is_undef() {
        true => name,
        false => vm.str(name)?,
    };
    let eager = !vm.get(eager).is_undef() && vm.truth(eager)?;
    event_loop::within_number(vm, number, |vm| {
        task::begin(vm, this, coroutine, name, context);
        told::note_source(vm, this)?;
        if eager && scheduler(vm).is_running() {
            return task::start_eagerly(vm, this);
        }
        task::begin_scheduled(vm, this);
        Ok(())
    })
}

fn create_task(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    check_running(vm)?;
    let name = match vm.get(args.at(1)).is_none() || vm.get(args.at(1)).is_undef() {
        true => args.at(1),
        false => vm.str(args.at(1))?,
    };
    let coroutine = as_coroutine(vm, args.at(0))?;
    task::make(vm, coroutine, name, args.at(2))
}

/// A coroutine for an object that only has a coroutine's methods; anything else as it is.
///
/// # Errors
/// Of the object's attributes.
pub fn as_coroutine(vm: &mut Vm, given: Local) -> Result<Local, Raised> {
    if vm.get_gc::<Instance>(given).is_none() || !has_methods(vm, given)? {
        return Ok(given);
    }
    Ok(vm.native_coroutine(&DRIVE, &[given]))
}

/// Drives the object in its first register, which has a coroutine's methods.
static DRIVE: NativeCoroutine =
    NativeCoroutine::new("_drive", step_drive).mentioned(Mention::Never);

fn step_drive(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let given = vm.local(vm.step_slot(this, 0).get(&vm.heap));
    let thrown = match (vm.step_state(this), input) {
        (0, Input::Send(_)) => vm.none(),
        (0, Input::Throw(exception)) => exception,
        (_, Input::Send(value)) => return Ok(Step::Return(value)),
        (_, Input::Throw(exception)) => return Err(vm.raise_local(exception)),
    };
    vm.set_step_state(this, 1);
    let steps = general::call(vm, general::BRIDGES, "Steps", &[given, thrown])?;
    Ok(Step::Await(steps))
}

/// What a loop's own `create_task` does.
pub fn make(vm: &mut Vm, coroutine: Local, name: Local, context: Local) -> Result<Local, Raised> {
    let name = match vm.get(name).is_none() || vm.get(name).is_undef() {
        true => name,
        false => vm.str(name)?,
    };
    let coroutine = as_coroutine(vm, coroutine)?;
    task::make_by_factory(vm, coroutine, name, context)
}

fn ensure_future(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let given = args.at(1);
    if vm.get(args.at(0)).is_gc::<Instance>() && is_future_like(vm, args.at(0))? {
        return Ok(args.at(0));
    }
    if vm.get(given).is_undef() || vm.get(given).is_none() {
        return awaitable::ensure_future(vm, args.at(0));
    }
    let number = event_loop::enter_given(vm, given)?;
    if vm.get(args.at(0)).is_gc::<Future>() {
        let own = future(vm, args.at(0)).loop_number.get();
        if own != number && own != 0 {
            return Err(vm.heap.value_error(
                "The future belongs to a different loop than the one specified as the loop argument",
            ));
        }
        return Ok(args.at(0));
    }
    event_loop::within_number(vm, number, |vm| {
        if let Err(raised) = event_loop::check_open(vm, given) {
            if task::is_coroutine(vm, args.at(0)) {
                vm.call_method(args.at(0), "close", &[])?;
            }
            return Err(raised);
        }
        awaitable::ensure_future_here(vm, args.at(0))
    })
}

/// For optional arguments where None means: not given.
fn none_to_undef(vm: &Vm, local: Local) {
    if vm.get(local).is_none() {
        vm.set(local, Value::UNDEF);
    }
}

/// The number of a loop that was given; of the running one if none was.
fn given_or_running(vm: &mut Vm, given: Local) -> Result<u16, Raised> {
    if vm.get(given).is_undef() || vm.get(given).is_none() {
        check_running(vm)?;
        return Ok(scheduler(vm).loop_number());
    }
    event_loop::enter_given(vm, given)
}

/// Whether an argument is an object that is neither a loop nor None.
fn is_foreign_loop(vm: &Vm, given: Local) -> bool {
    let value = vm.get(given);
    !value.is_undef() && !value.is_none() && event_loop::number_of(vm, given).is_none()
}

fn current_task(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if is_foreign_loop(vm, args.at(0)) {
        return general::call(vm, general::BRIDGES, "_current_task_of", &[args.at(0)]);
    }
    let number = given_or_running(vm, args.at(0))?;
    let current = scheduler(vm).current_task(&vm.heap);
    let current = current.filter(|_| number == scheduler(vm).loop_number());
    Ok(vm.local(current.unwrap_or(Value::NONE)))
}

fn all_tasks(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if is_foreign_loop(vm, args.at(0)) {
        return general::call(vm, general::BRIDGES, "_all_tasks_of", &[args.at(0)]);
    }
    let number = given_or_running(vm, args.at(0))?;
    let heap = &vm.heap;
    let tasks = scheduler(vm).pending_tasks_of(vm, number);
    Ok(vm.local(future_set(heap, tasks.iter().map(|&t| vm.get(t)))))
}

/// A set of futures, in this order.
pub fn future_set<'h>(heap: &'h Heap, futures: impl Iterator<Item = Value<'h>>) -> Value<'h> {
    let members = Members::in_order();
    for future in futures {
        let hash = builtin_eq::hash(heap, future).expect("futures hash by identity");
        if !matches!(members.find(heap, hash, future), Found::At(_)) {
            members.add(heap, hash, future);
        }
    }
    heap.set(members).value()
}

fn isfuture(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if vm.get(args.at(0)).is_gc::<Future>() {
        return Ok(vm.local(Value::TRUE));
    }
    let is_one = is_future_like(vm, args.at(0))?;
    Ok(vm.local(Value::bool(is_one)))
}

/// Whether an object says that it behaves as a future.
fn is_future_like(vm: &mut Vm, object: Local) -> Result<bool, Raised> {
    let class = vm.get_attr_named(object, "__class__")?;
    let mark = "_asyncio_future_blocking";
    if vm.find_attr(class, mark)?.is_none() {
        return Ok(false);
    }
    let value = vm.get_attr_named(object, mark)?;
    Ok(!vm.get(value).is_none())
}

fn iscoroutine(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if let Some(coroutine) = vm.get_gc::<Coroutine>(args.at(0)) {
        let is_one = matches!(
            coroutine.kind,
            CoroutineKind::Coroutine | CoroutineKind::Native
        );
        return Ok(vm.local(Value::bool(is_one)));
    }
    if vm.get_gc::<Instance>(args.at(0)).is_none() {
        return Ok(vm.local(Value::FALSE));
    }
    let is_one = has_methods(vm, args.at(0))?;
    Ok(vm.local(Value::bool(is_one)))
}

/// Whether an object's class has a coroutine's methods.
fn has_methods(vm: &mut Vm, object: Local) -> Result<bool, Raised> {
    let class = vm.local(vm.heap.class_of(vm.get(object)).value());
    let mut has_all = true;
    for method in ["__await__", "send", "throw", "close"] {
        has_all = has_all && vm.find_attr(class, method)?.is_some();
    }
    Ok(has_all)
}

/// Follows methods and partials to the function that they call.
fn iscoroutinefunction(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let partial = match vm.loaded_module("functools") {
        Some(module) => vm.find_attr(module, "partial")?,
        None => None,
    };
    let mut at = args.at(0);
    loop {
        if let Some(method) = vm.get_gc::<BoundMethod>(at) {
            at = vm.local(method.function.get(&vm.heap));
        } else if let Some(class) = partial
            && vm.is_instance(at, class)?
        {
            at = vm.get_attr_named(at, "func")?;
        } else {
            break;
        }
    }
    let function: Option<Gc<'_, Function>> = vm.get_gc(at);
    let is_one = function.is_some_and(|f| f.code(&vm.heap).code.kind == CodeKind::Coroutine);
    let is_one = is_one || is_marked(vm, args.at(0))?;
    Ok(vm.local(Value::bool(is_one)))
}

/// Whether a callable has `asyncio.coroutines._is_coroutine` as its attribute of that name: mocks and decorators set it.
fn is_marked(vm: &mut Vm, callable: Local) -> Result<bool, Raised> {
    const NAME: &str = "_is_coroutine";
    let Some(own) = vm.find_attr(callable, NAME)? else {
        return Ok(false);
    };
    let asyncio = vm.import_module("asyncio")?;
    let mark = vm.find_attr(asyncio, NAME)?;
    Ok(mark.is_some_and(|mark| vm.get(mark).is(vm.get(own))))
}
