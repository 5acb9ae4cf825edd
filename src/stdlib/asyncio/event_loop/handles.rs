//! `asyncio.Handle` and `TimerHandle`: callbacks that were scheduled and can be cancelled.
//!
//! The object knows what it calls, for its repr, and whether it was cancelled; the loop looks there before it calls.

use super::super::super::registry::{Getter, ModuleType, NativeType, class_of};
use super::super::{general, told};
use super::{check_open, enter_given, within_number};
use crate::runtime::class::Class;
use crate::runtime::opaque::Opaque;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::sched::handle::{Handle, HandleState, RareFacts};
use crate::sched::{callback, context, green, scheduler};
use crate::stdlib::contextvars;
use crate::vm::{Local, Locals, Native, Vm};

/// The class of what `call_soon` returns.
pub const HANDLE: ModuleType = ModuleType {
    name: "Handle",
    module: "asyncio.events",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&CANCEL, &CANCELLED, &GET_CONTEXT, &REPR, &RUN, &FORGET],
        getters: &[CALLBACK, ARGS, IS_CANCELLED, CONTEXT, SOURCE, LOOP],
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
        new: Some(&NEW_TIMER),
        methods: &[&WHEN, &LT, &LE, &GT, &GE, &EQ, &HASH],
        base: Some(&HANDLE),
        ..NativeType::of(
            Builtin::Opaque,
            "A callback that was scheduled for a moment; it can be cancelled.",
        )
    },
};

const NEW: Native = Native::vm(
    "Handle(cls, callback, args, loop, context=None)",
    "A handle that no loop runs.",
    |vm, args| {
        let made = new_handle(vm, args.at(0));
        fill(vm, made, [args.at(1), args.at(2), args.at(4)]);
        enter(vm, made, args.at(3))?;
        Ok(made)
    },
);
const NEW_TIMER: Native = Native::vm(
    "TimerHandle(cls, when, callback, args, loop, context=None)",
    "A handle that no loop runs, for a moment.",
    |vm, args| {
        let when = vm.to_float(args.at(1))?;
        let made = new_handle(vm, args.at(0));
        fill(vm, made, [args.at(2), args.at(3), args.at(5)]);
        enter(vm, made, args.at(4))?;
        state(vm, made).due.set(Some(when));
        if vm.get(args.at(1)).is_int() {
            state(vm, made).rare().given_due.set(vm.get(args.at(1)));
        }
        Ok(made)
    },
);
const CANCEL: Native = Native::vm("cancel(self, /)", "Do not call it.", |vm, args| {
    if state(vm, args.at(0)).cancelled.replace(true) {
        return Ok(vm.none());
    }
    if foreign_loop(vm, args.at(0)).is_some() {
        let function = match state(vm, args.at(0)).due.get() {
            Some(_) => "cancel_foreign_timer",
            None => "cancel_foreign",
        };
        return general::call(vm, general::BRIDGES, function, &[args.at(0)]);
    }
    let (number, timer) = {
        let this = state(vm, args.at(0));
        (this.loop_number.get(), this.timer.get())
    };
    within_number(vm, number, |vm| -> Result<(), Raised> {
        if scheduler(vm).settings.debug.get() {
            keep_repr(vm, args.at(0))?;
        }
        forget_call(vm, args.at(0));
        if let Some((_, timer)) = timer {
            scheduler(vm).cancel_timer(&vm.heap, timer);
        }
        Ok(())
    })?;
    Ok(vm.none())
});
const FORGET: Native = Native::vm(
    "_forget(self, keep_repr, /)",
    "What cancelling does to the handle of a foreign loop.",
    |vm, args| {
        if vm.truth(args.at(1))? {
            keep_repr(vm, args.at(0))?;
        }
        forget_call(vm, args.at(0));
        Ok(vm.none())
    },
);
const CANCELLED: Native = Native::vm(
    "cancelled(self, /) -> bool",
    "Whether it was cancelled.",
    |vm, args| Ok(vm.local(Value::bool(state(vm, args.at(0)).cancelled.get()))),
);
const GET_CONTEXT: Native = Native::vm(
    "get_context(self, /)",
    "The context that it is called in.",
    |vm, args| contextvars::context_in(vm, |vm| &state(vm, args.at(0)).context),
);
const REPR: Native = Native::vm(
    "__repr__(self, /)",
    "Return repr(self).",
    |vm, args| match rare(vm, args.at(0), |rare| &rare.kept_repr) {
        Some(kept) => Ok(kept),
        None => told::handle(vm, args.at(0)),
    },
);
const RUN: Native = Native::vm(
    "_run(self, /)",
    "Call it now; an exception goes to the exception handler of its loop.",
    |vm, args| {
        if foreign_loop(vm, args.at(0)).is_some() {
            return general::call(vm, general::BRIDGES, "run_foreign", &[args.at(0)]);
        }
        let number = state(vm, args.at(0)).loop_number.get();
        within_number(vm, number, |vm| callback::run_object(vm, args.at(0)))?;
        Ok(vm.none())
    },
);
const CALLBACK: Getter = Getter::vm("_callback", "What it calls, or None.", |vm, args| {
    let callback = state(vm, args.at(0)).callback.get(&vm.heap);
    Ok(vm.local(callback.or(Value::NONE)))
});
const ARGS: Getter = Getter::vm("_args", "The arguments, or None.", |vm, args| {
    let given = state(vm, args.at(0)).args.get(&vm.heap);
    Ok(vm.local(given.or(Value::NONE)))
});
const IS_CANCELLED: Getter = Getter::vm("_cancelled", "Whether it was cancelled.", |vm, args| {
    Ok(vm.local(Value::bool(state(vm, args.at(0)).cancelled.get())))
});
const CONTEXT: Getter = Getter::vm(
    "_context",
    "The context that it is called in.",
    |vm, args| contextvars::context_in(vm, |vm| &state(vm, args.at(0)).context),
);
const SOURCE: Getter = Getter::vm(
    "_source_traceback",
    "In debug mode where it was made, else None.",
    |vm, args| {
        let source = told::source(vm, args.at(0));
        Ok(source.unwrap_or_else(|| vm.none()))
    },
);
const LOOP: Getter = Getter::vm("_loop", "Its loop.", |vm, args| {
    if let Some(foreign) = foreign_loop(vm, args.at(0)) {
        return Ok(foreign);
    }
    let number = state(vm, args.at(0)).loop_number.get();
    Ok(super::loop_of(vm, number))
});
const WHEN: Native = Native::vm("when(self, /) -> float", "When it is due.", |vm, args| {
    let given = rare(vm, args.at(0), |rare| &rare.given_due);
    Ok(given.unwrap_or_else(|| vm.local(Value::float(due(vm, args.at(0))))))
});
const LT: Native = Native::vm(
    "__lt__(self, other, /)",
    "Return self<value.",
    |vm, args| compare(vm, args, |a, b| a < b),
);
const LE: Native = Native::vm(
    "__le__(self, other, /)",
    "Return self<=value.",
    |vm, args| compare(vm, args, |a, b| a <= b),
);
const GT: Native = Native::vm(
    "__gt__(self, other, /)",
    "Return self>value.",
    |vm, args| compare(vm, args, |a, b| a > b),
);
const GE: Native = Native::vm(
    "__ge__(self, other, /)",
    "Return self>=value.",
    |vm, args| compare(vm, args, |a, b| a >= b),
);
const EQ: Native = Native::vm(
    "__eq__(self, other, /)",
    "Return self==value.",
    |vm, args| {
        if find_state(vm, args.at(1)).is_none_or(|other| other.due.get().is_none()) {
            return Ok(vm.local(Value::NOT_IMPLEMENTED));
        }
        let (a, b) = (state(vm, args.at(0)), state(vm, args.at(1)));
        let heap = &vm.heap;
        let same = a.due.get() == b.due.get()
            && a.cancelled.get() == b.cancelled.get()
            && a.callback.get(heap).is(b.callback.get(heap));
        let (left, right) = (vm.local(a.args.get(heap)), vm.local(b.args.get(heap)));
        let same = same && vm.equal(left, right)?;
        Ok(vm.local(Value::bool(same)))
    },
);
const HASH: Native = Native::vm("__hash__(self, /)", "Return hash(self).", |vm, args| {
    let when = vm.local(Value::float(due(vm, args.at(0))));
    let hash = vm.hash(when)?;
    Ok(vm.local(vm.heap.int(hash as i64)))
});

/// Puts what a handle object calls into the ready queue.
pub(super) fn run_soon(vm: &Vm, object: Local) {
    let Some(known) = vm.get_gc::<Opaque>(object) else {
        return;
    };
    if let Some(state) = known.payload::<HandleState>() {
        let (callback, given) = (state.callback.get(&vm.heap), state.args.get(&vm.heap));
        scheduler(vm).call_soon(Handle::of_object(callback, given, known));
    }
}

fn compare(vm: &mut Vm, args: Locals, holds: fn(f64, f64) -> bool) -> Result<Local, Raised> {
    let other = find_state(vm, args.at(1)).and_then(|other| other.due.get());
    let Some(other) = other else {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    };
    Ok(vm.local(Value::bool(holds(due(vm, args.at(0)), other))))
}

fn due(vm: &Vm, this: Local) -> f64 {
    state(vm, this).due.get().unwrap_or_default()
}

/// The state of a handle object.
pub fn state(vm: &Vm, handle: Local) -> &HandleState {
    find_state(vm, handle).expect("methods are called on instances of their class")
}

fn find_state(vm: &Vm, value: Local) -> Option<&HandleState> {
    vm.get_gc::<Opaque>(value)?.payload()
}

fn new_handle(vm: &Vm, class: Local) -> Local {
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    let object: Gc<'_, Opaque> = vm.heap.opaque(class, HandleState::default());
    let object = vm.local(object.value());
    state(vm, object)
        .loop_number
        .set(scheduler(vm).loop_number());
    object
}

/// Has a new handle belong to a loop: one of ours, or an object that behaves as one.
fn enter(vm: &mut Vm, made: Local, given: Local) -> Result<(), Raised> {
    let is_ours = vm.get(given).is_undef()
        || vm.get(given).is_none()
        || super::number_of(vm, given).is_some();
    if is_ours {
        let number = enter_given(vm, given)?;
        state(vm, made).loop_number.set(number);
        return within_number(vm, number, |vm| told::note_source(vm, made));
    }
    state(vm, made).rare().foreign_loop.set(vm.get(given));
    let debug = vm.call_method(given, "get_debug", &[])?;
    if vm.truth(debug)? {
        told::always_note_source(vm, made)?;
    }
    Ok(())
}

/// The loop of a handle if that is none of ours.
fn foreign_loop(vm: &Vm, this: Local) -> Option<Local> {
    rare(vm, this, |rare| &rare.foreign_loop)
}

/// One of the facts that few handles have.
fn rare(vm: &Vm, this: Local, fact: fn(&RareFacts) -> &Slot) -> Option<Local> {
    let value = fact(state(vm, this).find_rare()?).get(&vm.heap);
    value.defined().map(|value| vm.local(value))
}

/// The handle no longer knows what it calls.
fn forget_call(vm: &Vm, this: Local) {
    let this = state(vm, this);
    this.callback.set(Value::NONE);
    this.args.set(Value::NONE);
}

/// Keeps the handle's repr as it is now.
fn keep_repr(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    let text = told::handle(vm, this)?;
    state(vm, this).rare().kept_repr.set(vm.get(text));
    Ok(())
}

/// Stores what a handle calls: the callback, its arguments (a tuple, or one argument), its context.
fn fill(vm: &Vm, object: Local, [callback, args, context]: [Local; 3]) {
    let given = vm.get(context);
    let context = if given.is_undef() || given.is_none() {
        context::fork(vm)
    } else {
        context
    };
    let state = state(vm, object);
    state.callback.set(vm.get(callback));
    state.args.set(vm.get(args));
    state.context.set(vm.get(context));
}

/// Of a handle, for its repr: callback, arguments, whether it was cancelled, and when it is due or None.
pub fn handle_parts(vm: &Vm, this: Local) -> [Local; 4] {
    let state = state(vm, this);
    let given = rare(vm, this, |rare| &rare.given_due);
    let due = || vm.local(state.due.get().map_or(Value::NONE, Value::float));
    [
        vm.local(state.callback.get(&vm.heap)),
        vm.local(state.args.get(&vm.heap)),
        vm.local(Value::bool(state.cancelled.get())),
        given.unwrap_or_else(due),
    ]
}

/// The handle object of a callback that has none: for reports.
pub fn handle_object(vm: &mut Vm, [callback, args, context]: [Local; 3]) -> Local {
    let class = class_of(vm, &HANDLE);
    let object = new_handle(vm, class);
    fill(vm, object, [callback, args, context]);
    object
}

/// `call_soon(callback, *args, context)`.
pub(super) fn call_soon(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    check_open(vm, args.at(0))?;
    check_callback(vm, args.at(0), args.at(1), "call_soon")?;
    if !is_threadsafe(vm, args.at(0)) {
        let message =
            "Non-thread-safe operation invoked on an event loop other than the current one";
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    call_soon_threadsafe(vm, args)
}

/// Whether a method may be called in this thread; only debug mode asks.
fn is_threadsafe(vm: &mut Vm, the_loop: Local) -> bool {
    let debug = super::within(vm, the_loop, |vm| scheduler(vm).settings.debug.get());
    !debug
        || !super::number_of(vm, the_loop).is_some_and(|number| green::runs_elsewhere(vm, number))
}

/// `call_soon_threadsafe(callback, *args, context)`.
pub(super) fn call_soon_threadsafe(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    check_open(vm, args.at(0))?;
    check_callback(vm, args.at(0), args.at(1), "call_soon_threadsafe")?;
    super::within(vm, args.at(0), |vm| {
        let class = class_of(vm, &HANDLE);
        let object = new_handle(vm, class);
        let handle = call_handle(vm, [args.at(1), args.at(2), args.at(3)], object);
        scheduler(vm).room_for_one(&vm.heap)?;
        scheduler(vm).call_soon(handle);
        told::note_source(vm, object)?;
        Ok(object)
    })
}

/// `call_at(when, callback, *args, context)`.
pub(super) fn schedule(vm: &mut Vm, args: Locals, when: f64) -> Result<Local, Raised> {
    check_open(vm, args.at(0))?;
    check_callback(vm, args.at(0), args.at(2), "call_at")?;
    if !is_threadsafe(vm, args.at(0)) {
        let message =
            "Non-thread-safe operation invoked on an event loop other than the current one";
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    super::within(vm, args.at(0), |vm| {
        let class = class_of(vm, &TIMER_HANDLE);
        let object = new_handle(vm, class);
        let handle = call_handle(vm, [args.at(2), args.at(3), args.at(4)], object);
        let timer = scheduler(vm).call_at(&vm.heap, when, handle)?;
        let state = state(vm, object);
        state.timer.set(Some((when, timer)));
        state.due.set(Some(when));
        told::note_source(vm, object)?;
        Ok(object)
    })
}

/// `call_later` of a loop whose class may override `time` and `call_at`.
pub(super) fn schedule_by_method(vm: &mut Vm, args: Locals, delay: f64) -> Result<Local, Raised> {
    let now = vm.call_method(args.at(0), "time", &[])?;
    let when = vm.to_float(now)? + delay;
    let mut given = vec![vm.local(Value::float(when)), args.at(2)];
    let tuple: Gc<'_, Tuple> = vm.get_gc(args.at(3)).expect("`*args` is a tuple");
    given.extend(tuple.iter(&vm.heap).map(|value| vm.local(value)));
    let method = vm.get_attr_named(args.at(0), "call_at")?;
    match vm.get(args.at(4)).is_undef() || vm.get(args.at(4)).is_none() {
        true => vm.call(method, &given),
        false => vm.call_kw(method, &given, &["context"], &[args.at(4)]),
    }
}

/// In debug mode CPython refuses coroutines and what cannot be called.
pub fn check_callback(
    vm: &mut Vm,
    the_loop: Local,
    callback: Local,
    method: &str,
) -> Result<(), Raised> {
    if !super::within(vm, the_loop, |vm| scheduler(vm).settings.debug.get()) {
        return Ok(());
    }
    let (module, method) = (general::FORMAT, vm.local(vm.heap.str_value(method)));
    general::call(vm, module, "check_callback", &[callback, method]).map(drop)
}

/// A handle that calls the program, unless its object was cancelled.
fn call_handle(vm: &Vm, parts: [Local; 3], object: Local) -> Handle {
    fill(vm, object, parts);
    let [callback, args, _] = parts;
    let object = vm.get_gc(object).expect("a handle object");
    Handle::of_object(vm.get(callback), vm.get(args), object)
}
