//! The event loop as programs see it: its classes, the loop that runs, and the one that `set_event_loop` set.
//!
//! A loop object is a number; the scheduler keeps the state of each loop under it (`sched/loop_state.rs`). The object of a run is made
//! when the program asks for it. What a loop can do is in `methods.rs`; the handles that it returns are in `handles.rs`; methods that
//! are written in apy are named in `forwarded.rs`.

mod abstract_methods;
mod closing;
mod forwarded;
mod handles;
mod methods;

use std::cell::Cell;

pub use closing::{abandon_generator, closing_generators};
pub(super) use handles::check_callback;
pub use handles::{HANDLE, TIMER_HANDLE, handle_object, handle_parts};

use super::super::registry::{Getter, ModuleType, NativeType, class_of};
use super::{check_running, exception_handler, general};
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::sched::{at_exit, green, report, scheduler};
use crate::vm::{Local, Native, Vm};

/// `asyncio.AbstractEventLoop`; its methods say that a subclass has to define them.
pub const ABSTRACT_EVENT_LOOP: ModuleType = ModuleType {
    name: "AbstractEventLoop",
    module: "asyncio.events",
    body: NativeType {
        new: Some(&methods::NEW),
        methods: abstract_methods::METHODS,
        is_open: true,
        ..NativeType::of(Builtin::Opaque, "Abstract event loop.")
    },
};

const ALL_METHODS: [&Native; methods::METHODS.len() + forwarded::OF_BASE.len()] = {
    let mut all = [methods::METHODS[0]; methods::METHODS.len() + forwarded::OF_BASE.len()];
    let mut i = 0;
    while i < all.len() {
        let more = i.checked_sub(methods::METHODS.len());
        all[i] = match more {
            Some(at) => forwarded::OF_BASE[at],
            None => methods::METHODS[i],
        };
        i += 1;
    }
    all
};

/// `asyncio.BaseEventLoop`.
pub const BASE_EVENT_LOOP: ModuleType = ModuleType {
    name: "BaseEventLoop",
    module: "asyncio.base_events",
    body: NativeType {
        methods: &ALL_METHODS,
        getters: methods::GETTERS,
        is_open: true,
        base: Some(&ABSTRACT_EVENT_LOOP),
        ..NativeType::of(Builtin::Opaque, "The scheduler of the program.")
    },
};

/// `asyncio.selector_events.BaseSelectorEventLoop`.
pub const BASE_SELECTOR_EVENT_LOOP: ModuleType = ModuleType {
    name: "BaseSelectorEventLoop",
    module: "asyncio.selector_events",
    body: NativeType {
        methods: forwarded::OF_SELECTOR,
        getters: &[EXTRAS],
        is_open: true,
        base: Some(&BASE_EVENT_LOOP),
        ..NativeType::of(Builtin::Opaque, "An event loop that waits for sockets.")
    },
};

/// `asyncio.SelectorEventLoop`, `asyncio.EventLoop`: the class of the loops that there are.
pub const EVENT_LOOP: ModuleType = ModuleType {
    name: "_UnixSelectorEventLoop",
    module: "asyncio.unix_events",
    body: NativeType {
        methods: forwarded::OF_UNIX,
        is_open: true,
        base: Some(&BASE_SELECTOR_EVENT_LOOP),
        ..NativeType::of(Builtin::Opaque, "The scheduler of the program.")
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
/// `_get_running_loop()`.
pub const FIND_RUNNING_LOOP: Native = Native::vm(
    "_get_running_loop()",
    "The loop that runs now, or None.",
    |vm, _| {
        if scheduler(vm).has_loop() {
            the_loop(vm)
        } else {
            Ok(vm.none())
        }
    },
);
/// `get_event_loop()`.
pub const GET_EVENT_LOOP: Native = Native::vm(
    "get_event_loop()",
    "The loop that runs now, or the one that set_event_loop() set; RuntimeError if there is none.",
    |vm, _| current(vm),
);
/// `_thread_loop()`.
pub const THREAD_LOOP: Native = Native::vm(
    "_thread_loop()",
    "Whether set_event_loop() was called in this thread, and the loop that it set.",
    |vm, _| {
        let was_set = scheduler(vm).policy_set.get();
        let the_loop = match scheduler(vm).policy_loop.get() {
            0 => vm.none(),
            number => loop_of(vm, number),
        };
        let pair = [Value::bool(was_set), vm.get(the_loop)];
        Ok(vm.local(vm.heap.tuple(&pair).value()))
    },
);
/// `new_event_loop()`.
pub const NEW_EVENT_LOOP: Native = Native::vm("new_event_loop()", "A new loop.", |vm, _| {
    if let Some(policy) = policy(vm)? {
        return vm.call_method(policy, "new_event_loop", &[]);
    }
    let class = class_of(vm, &EVENT_LOOP);
    new_loop(vm, class)
});
/// `set_event_loop(loop)`.
pub const SET_EVENT_LOOP: Native = Native::vm(
    "set_event_loop(loop, /)",
    "Have get_event_loop() return this loop outside of runs; None for no loop.",
    |vm, args| {
        let given = args.at(0);
        if let Some(policy) = policy(vm)? {
            return vm.call_method(policy, "set_event_loop", &[given]);
        }
        let number = match vm.get(given).is_none() {
            true => Some(0),
            false => number_of(vm, given),
        };
        let Some(number) = number else {
            let class = vm.heap.short_type_name(vm.get(given));
            return Err(vm.heap.type_error(format!(
                "loop must be an instance of AbstractEventLoop or None, not '{class}'"
            )));
        };
        set_policy_loop(vm, number);
        Ok(vm.none())
    },
);

pub(super) struct Loop {
    number: Cell<u16>,
    closed: Cell<bool>,
    /// What the methods in apy keep, a dict by names; Undef until they keep something.
    extras: Slot,
}

traced!(Loop { extras } plain { number, closed });

const EXTRAS: Getter = Getter::vm(
    "_extras",
    "What the methods in apy keep, a dict by names.",
    |vm, args| {
        if let Some(state) = payload(vm.get(args.at(0)))
            && state.extras.is_undef()
        {
            state.extras.set(vm.heap.dict().value());
        }
        match payload(vm.get(args.at(0))) {
            Some(state) => Ok(vm.local(state.extras.get(&vm.heap))),
            None => Ok(vm.none()),
        }
    },
);

impl Payload for Loop {}

/// A new loop of a class.
///
/// # Errors
/// Of the program's logging.
pub fn new_loop(vm: &mut Vm, class: Local) -> Result<Local, Raised> {
    let exact = class_of(vm, &EVENT_LOOP);
    if vm.get(exact).is(vm.get(class)) {
        exception_handler::log_new_loop(vm)?;
    }
    let number = scheduler(vm).new_loop_number();
    let made = make_object(vm, class, number);
    if scheduler(vm).default_debug.get() {
        within(vm, made, |vm| scheduler(vm).settings.debug.set(true));
    }
    Ok(made)
}

fn make_object(vm: &mut Vm, class: Local, number: u16) -> Local {
    let exact = class_of(vm, &EVENT_LOOP);
    let is_custom = !vm.get(exact).is(vm.get(class));
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    let payload = Loop {
        number: Cell::new(number),
        closed: Cell::new(false),
        extras: Slot::undef(),
    };
    let object = vm.heap.opaque(class, payload).value();
    scheduler(vm).set_loop_object(number, object);
    let object = vm.local(object);
    if is_custom {
        within(vm, object, |vm| {
            scheduler(vm).settings.is_custom.set(true);
        });
    }
    object
}

/// The current loop: the one that runs, or was opened last.
pub fn the_loop(vm: &mut Vm) -> Result<Local, Raised> {
    let number = scheduler(vm).loop_number();
    Ok(loop_of(vm, number))
}

/// The loop with a number; its object is made now if there was none.
pub fn loop_of(vm: &mut Vm, number: u16) -> Local {
    if let Some(known) = scheduler(vm).loop_object(&vm.heap, number) {
        return vm.local(known);
    }
    let class = class_of(vm, &EVENT_LOOP);
    make_object(vm, class, number)
}

/// The program's event loop policy, if there is one: it says which loop is the current one.
///
/// # Errors
/// Of a module `asyncio.events` that the program has changed.
pub fn policy(vm: &mut Vm) -> Result<Option<Local>, Raised> {
    let Some(module) = vm.loaded_module(general::EVENTS) else {
        return Ok(None);
    };
    let policy = vm.find_attr(module, "_event_loop_policy")?;
    Ok(policy.filter(|&policy| !vm.get(policy).is_none()))
}

/// The loop that runs, or else the one that `set_event_loop` set.
///
/// # Errors
/// RuntimeError if there is none.
pub fn current(vm: &mut Vm) -> Result<Local, Raised> {
    let number = scheduler(vm).policy_loop.get();
    if scheduler(vm).has_loop() {
        the_loop(vm)
    } else if let Some(policy) = policy(vm)? {
        vm.call_method(policy, "get_event_loop", &[])
    } else if number != 0 {
        Ok(loop_of(vm, number))
    } else if scheduler(vm).policy_set.get() {
        let thread = green::current(vm).name.borrow().clone();
        let message = format!("There is no current event loop in thread '{thread}'.");
        Err(vm.heap.raise(Builtin::RuntimeError, message))
    } else {
        let class = class_of(vm, &EVENT_LOOP);
        let made = new_loop(vm, class)?;
        let number = number_of(vm, made).unwrap_or_default();
        set_policy_loop(vm, number);
        Ok(made)
    }
}

/// Makes the loop current in which futures are made outside of runs: see `current`.
///
/// # Errors
/// As `current`.
pub fn enter_current(vm: &mut Vm) -> Result<(), Raised> {
    if scheduler(vm).has_loop() {
        return Ok(());
    }
    let current = current(vm)?;
    within(vm, current, |_| ());
    Ok(())
}

/// Makes a loop current that was given as an argument; None and Undef mean the one of `enter_current`.
///
/// # Errors
/// As `current`; TypeError if it is no loop.
pub fn enter_given(vm: &mut Vm, given: Local) -> Result<u16, Raised> {
    if vm.get(given).is_undef() || vm.get(given).is_none() {
        enter_current(vm)?;
        return Ok(scheduler(vm).loop_number());
    }
    match number_of(vm, given) {
        Some(number) => Ok(number),
        None => Err(vm.heap.type_error(format!(
            "an event loop is required, not '{}'",
            vm.heap.type_name(vm.get(given))
        ))),
    }
}

fn set_policy_loop(vm: &Vm, number: u16) {
    scheduler(vm).policy_loop.set(number);
    scheduler(vm).policy_set.set(true);
}

/// A run begins on a loop of its own; the object is made when the program asks for it.
///
/// # Errors
/// Of the program's logging.
pub fn open(vm: &mut Vm) -> Result<(), Raised> {
    if scheduler(vm).is_attended() {
        // A prompt's tasks live on in the one loop; it only gets a new object.
        let number = scheduler(vm).loop_number();
        scheduler(vm).set_loop_object(number, Value::UNDEF);
        return Ok(());
    }
    exception_handler::log_new_loop(vm)?;
    let number = scheduler(vm).new_loop_number();
    scheduler(vm).switch(&vm.heap, number);
    let debug = scheduler(vm).default_debug.get();
    scheduler(vm).settings.debug.set(debug);
    set_policy_loop(vm, number);
    Ok(())
}

/// The run that `open` began is over: there is no current loop.
pub fn leave(vm: &Vm) {
    set_policy_loop(vm, 0);
}

/// Closes the current loop. From a thread beside a running loop there is none to close.
///
/// # Errors
/// KeyboardInterrupt and SystemExit from the program's exception handler, which hears of tasks that are still pending.
pub fn close(vm: &mut Vm) -> Result<(), Raised> {
    let mut result = Ok(());
    // A prompt's tasks and timers live on; its loop object is made anew when the program asks for it.
    if !scheduler(vm).is_attended() {
        result = report::failures_at_close(vm).and(at_exit::destroyed(vm));
        scheduler(vm).clear();
        scheduler(vm).settings.closed.set(true);
    }
    let number = scheduler(vm).loop_number();
    let object = scheduler(vm).loop_object(&vm.heap, number);
    let object = object.map(|object| vm.local(object));
    if let Some(object) = object {
        result = result.and(close_extras(vm, object));
        if let Some(state) = payload(vm.get(object)) {
            state.closed.set(true);
        }
    }
    result
}

/// What the methods in apy do at the end of a loop: its signals, its selector.
fn close_extras(vm: &mut Vm, the_loop: Local) -> Result<(), Raised> {
    let Some(module) = vm.loaded_module(general::SELECTOR_EVENTS) else {
        return Ok(());
    };
    let class = class_of(vm, &BASE_SELECTOR_EVENT_LOOP);
    if !vm.is_instance(the_loop, class)? {
        return Ok(());
    }
    let close = vm.get_attr_named(module, "close_loop")?;
    vm.call(close, &[the_loop]).map(drop)
}

fn payload<'h>(value: Value<'h>) -> Option<&'h Loop> {
    value.as_gc::<Opaque>()?.payload()
}

/// The number of a loop object; None for anything else.
pub fn number_of(vm: &Vm, this: Local) -> Option<u16> {
    payload(vm.get(this)).map(|state| state.number.get())
}

/// Does something with a loop as the current one. Where another one runs, that is current again afterwards.
pub(super) fn within<T>(vm: &mut Vm, this: Local, act: impl FnOnce(&mut Vm) -> T) -> T {
    let number = number_of(vm, this).unwrap_or_else(|| scheduler(vm).loop_number());
    within_number(vm, number, act)
}

/// The same by the loop's number.
pub fn within_number<T>(vm: &mut Vm, number: u16, act: impl FnOnce(&mut Vm) -> T) -> T {
    let outer = scheduler(vm).switch(&vm.heap, number);
    let result = act(vm);
    if scheduler(vm).is_running() {
        scheduler(vm).switch(&vm.heap, outer);
    }
    result
}

fn is_closed(vm: &Vm, this: Local) -> bool {
    payload(vm.get(this)).is_none_or(|state| state.closed.get())
}

fn is_current(vm: &Vm, this: Local) -> bool {
    number_of(vm, this) == Some(scheduler(vm).loop_number())
}

pub(super) fn check_open(vm: &Vm, this: Local) -> Result<(), Raised> {
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
