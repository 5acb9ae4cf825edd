//! `asyncio.as_completed`: awaitables in the order in which they get done.
//!
//! `for` gives coroutines, each for the result of the next one that is done; `async for` gives the futures themselves.

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;

use super::super::registry::{ModuleType, NativeType, class_of};
use super::{queue, register, sleep};
use crate::runtime::future::Future;
use crate::runtime::heap::{Field, traced};
use crate::runtime::intern::Sym;
use crate::runtime::opaque::{Obstacle, Payload};
use crate::runtime::{Builtin, Heap, Raised, Slot, Value};
use crate::sched::handle::{NativeCallback, TimerId};
use crate::sched::{awaitable, custom_loop, future, scheduler, task};
use crate::vm::{Input, Local, Locals, Mention, Native, NativeCoroutine, Step, Vm};

/// `as_completed(fs, *, timeout=None)`.
pub const AS_COMPLETED: Native = Native::vm(
    "as_completed(fs, *, timeout=None)",
    "An iterator of awaitables, or of their results, in the order in which they get done. Once the timeout is over, the next raises TimeoutError.",
    as_completed,
);

/// The class of what `as_completed` returns.
pub const ITERATOR: ModuleType = ModuleType {
    name: "_AsCompletedIterator",
    module: "asyncio.tasks",
    body: NativeType {
        methods: &[&ITER, &NEXT, &AITER, &ANEXT],
        ..NativeType::of(
            Builtin::Opaque,
            "Awaitables in the order in which they get done.",
        )
    },
};

struct AsCompleted {
    /// A queue of those that are done; None for each that time ran out for.
    done: Slot,
    /// Those that are not, by address.
    todo: RefCell<FxHashMap<usize, Slot>>,
    /// How many the iteration has still to give.
    left: Field<usize>,
    timer: Cell<Option<TimerId>>,
}

traced!(AsCompleted { done, todo } plain { left, timer });

impl Payload for AsCompleted {
    fn obstacle<'h>(&self, heap: &'h Heap) -> Option<Obstacle<'h>> {
        let todo = self.todo.borrow();
        let mut todo: Vec<Value<'h>> = todo.values().map(|slot| slot.get(heap)).collect();
        // In the order of their making: that of the table is by chance.
        todo.sort_by_key(|v| {
            v.as_gc::<Future>()
                .and_then(|f| f.task())
                .map(|t| t.number.get())
        });
        Some(Obstacle::new("", todo))
    }
}

const ITER: Native = Native::vm("__iter__(self, /)", "Itself.", |_, args| Ok(args.at(0)));
const AITER: Native = Native::vm("__aiter__(self, /)", "Itself.", |_, args| Ok(args.at(0)));
const NEXT: Native = Native::vm(
    "__next__(self, /)",
    "A coroutine for the next result.",
    |vm, args| {
        if !take_one(vm, args.at(0)) {
            return Err(vm.heap.raise_with(Builtin::StopIteration, &[]));
        }
        let resolve = vm.local(Value::TRUE);
        Ok(vm.native_coroutine(&WAITING_FOR_ONE, &[args.at(0), resolve]))
    },
);
const ANEXT: Native = Native::vm(
    "__anext__(self, /) -> coroutine",
    "The next future that is done.",
    |vm, args| {
        let resolve = vm.local(Value::FALSE);
        Ok(vm.native_coroutine(&WAITING_FOR_ONE, &[args.at(0), resolve]))
    },
);

static WAITING_FOR_ONE: NativeCoroutine =
    NativeCoroutine::new("_AsCompletedIterator._wait_for_one", step)
        .mentioned(Mention::As("as_completed"));

// Registers: the iterator, whether to give the result and not the future.
const OWNER: usize = 0;
const RESOLVE: usize = 1;

fn as_completed(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let given = vm.get(args.at(0));
    if given.is_gc::<Future>()
        || task::is_coroutine(vm, args.at(0))
        || vm.special(given, Sym::Await).is_some()
    {
        let message = format!(
            "expects an iterable of awaitables, not {}",
            vm.heap.short_type_name(given)
        );
        return Err(vm.heap.type_error(message));
    }
    let mut seen = rustc_hash::FxHashSet::default();
    let mut given = vm.to_vec(args.at(0))?;
    given.retain(|&l| {
        vm.get(l)
            .as_object()
            .is_none_or(|o| seen.insert(o.address()))
    });
    let mut awaited = Vec::with_capacity(given.len());
    for awaitable in given {
        awaited.push(awaitable::ensure_future(vm, awaitable)?);
    }
    let slot = |l: Local| {
        (
            vm.get(l).as_object().map_or(0, |o| o.address()),
            Slot::new(vm.get(l)),
        )
    };
    let todo: FxHashMap<usize, Slot> = awaited.iter().map(|&l| slot(l)).collect();
    let done = queue::new_fifo(vm);
    let class = class_of(vm, &ITERATOR);
    let left = Field::new(todo.len());
    let state = AsCompleted {
        done: Slot::new(vm.get(done)),
        todo: RefCell::new(todo),
        left,
        timer: Cell::new(None),
    };
    let class = vm.get_gc(class).expect("a class");
    let this = vm.local(vm.heap.opaque(class, state).value());
    let action = scheduler(vm).callback(ONE_DONE);
    for &one in &awaited {
        future::add_callback(vm, one, action, this);
    }
    set_timer(vm, this, args.at(1))?;
    Ok(this)
}

const ONE_DONE: &NativeCallback = &NativeCallback::new("as_completed.one_done", one_done);

fn set_timer(vm: &mut Vm, this: Local, timeout: Local) -> Result<(), Raised> {
    let given = vm.get(timeout);
    if given.is_undef() || given.is_none() || state(vm, this).left.get(&vm.heap) == 0 {
        return Ok(());
    }
    let delay = sleep::seconds(vm, timeout)?;
    let action = scheduler(vm)
        .callback(const { &NativeCallback::new("as_completed.time_is_up", time_is_up) });
    let nothing = vm.local(Value::UNDEF);
    let timer = custom_loop::call_later(vm, delay, (action, this, nothing))?;
    state(vm, this).timer.set(Some(timer));
    Ok(())
}

fn state(vm: &Vm, this: Local) -> &AsCompleted {
    vm.payload(this)
}

/// Counts one that the iteration gives; false if all were given.
fn take_one(vm: &Vm, this: Local) -> bool {
    let left = &state(vm, this).left;
    let any = left.get(&vm.heap) > 0;
    left.set(&vm.heap, left.get(&vm.heap).saturating_sub(1));
    any
}

fn done_queue(vm: &Vm, this: Local) -> Local {
    vm.local(state(vm, this).done.get(&vm.heap))
}

fn one_done(vm: &mut Vm, this: Local, awaited: Local) -> Result<(), Raised> {
    let address = vm.get(awaited).as_object().map_or(0, |o| o.address());
    let state = state(vm, this);
    if state.todo.borrow_mut().remove(&address).is_none() {
        // Time ran out before.
        return Ok(());
    }
    let done = done_queue(vm, this);
    queue::add(vm, done, awaited)?;
    let state = self::state(vm, this);
    if let (true, Some(timer)) = (state.todo.borrow().is_empty(), state.timer.get()) {
        scheduler(vm).cancel_timer(&vm.heap, timer);
    }
    Ok(())
}

fn time_is_up(vm: &mut Vm, this: Local, _: Local) -> Result<(), Raised> {
    let todo = state(vm, this).todo.take();
    let action = scheduler(vm).callback(ONE_DONE);
    let done = done_queue(vm, this);
    let none = vm.none();
    for awaited in todo.values() {
        let awaited = vm.local(awaited.get(&vm.heap));
        future::remove_callback(vm, awaited, action, vm.get(this));
        queue::add(vm, done, none)?;
    }
    Ok(())
}

fn step(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let owner = register(vm, this, OWNER);
    let resolve = vm.step_slot(this, RESOLVE).get(&vm.heap).as_bool() == Some(true);
    match (vm.step_state(this), input) {
        (0, Input::Send(_)) => {
            if !resolve && !take_one(vm, owner) {
                return Err(vm.heap.raise_with(Builtin::StopAsyncIteration, &[]));
            }
            vm.set_step_state(this, 1);
            let done = done_queue(vm, owner);
            Ok(Step::Await(queue::get(vm, done)))
        }
        (_, Input::Send(awaited)) if vm.get(awaited).is_none() => {
            Err(vm.heap.raise_with(Builtin::TimeoutError, &[]))
        }
        (_, Input::Send(awaited)) if resolve => vm.future_result(awaited).map(Step::Return),
        (_, Input::Send(awaited)) => Ok(Step::Return(awaited)),
        (_, Input::Throw(exception)) => Err(vm.raise_local(exception)),
    }
}
