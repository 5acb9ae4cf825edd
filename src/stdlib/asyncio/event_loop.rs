//! The event loop as programs see it: an object with a clock and `call_soon`, `call_later`, `call_at`.
//!
//! There is one loop a program, made when it is first asked for; the turns themselves are in `sched/event_loop.rs`. To add a
//! method: a `Native` and a word in `EVENT_LOOP`.

use std::cell::Cell;

use super::super::registry::{ModuleType, NativeType, class_of};
use super::{check_running, sleep};
use crate::runtime::heap::Tracer;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::sched::future::new_future;
use crate::sched::handle::{Action, Handle};
use crate::sched::{scheduler, task};
use crate::vm::{Local, Locals, Native, Vm};

/// The class of the running loop.
pub const EVENT_LOOP: ModuleType = ModuleType {
    name: "EventLoop",
    module: "asyncio",
    body: NativeType {
        methods: &[
            &TIME,
            &CALL_SOON,
            &CALL_LATER,
            &CALL_AT,
            &CREATE_TASK,
            &CREATE_FUTURE,
            &IS_RUNNING,
            &IS_CLOSED,
            &GET_DEBUG,
        ],
        ..NativeType::of(Builtin::Opaque, "The scheduler of the program.")
    },
};

/// The class of what `call_soon` and its kin return.
pub const HANDLE: ModuleType = ModuleType {
    name: "Handle",
    module: "asyncio",
    body: NativeType {
        methods: &[&CANCEL, &CANCELLED, &WHEN],
        ..NativeType::of(
            Builtin::Opaque,
            "A callback that was scheduled; it can be cancelled.",
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
    "The loop that runs now; RuntimeError if none does.",
    |vm, _| {
        check_running(vm)?;
        the_loop(vm)
    },
);

struct Loop;

impl Payload for Loop {
    fn trace(&self, _: &mut Tracer<'_>) {}
}

/// What a handle object knows: whether it was cancelled, and when it is due.
pub struct HandleState {
    cancelled: Cell<bool>,
    when: f64,
}

impl Payload for HandleState {
    fn trace(&self, _: &mut Tracer<'_>) {}
}

/// The loop object: one a program.
pub fn the_loop(vm: &mut Vm) -> Result<Local, Raised> {
    let known = scheduler(vm).loop_object.get(&vm.heap);
    if !known.is_undef() {
        return Ok(vm.local(known));
    }
    let class = class_of(vm, &EVENT_LOOP);
    let class = vm.get_gc(class).expect("a class");
    let object = vm.local(vm.heap.opaque(class, Loop).value());
    scheduler(vm).loop_object.set(vm.get(object));
    Ok(object)
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
    |vm, args| {
        let object = handle_object(vm, 0.0);
        let handle = call_handle(vm, args.at(1), args.at(2), args.at(3), object);
        scheduler(vm).call_soon(handle);
        Ok(object)
    },
);
const CALL_LATER: Native = Native::vm(
    "call_later(self, delay, callback, /, *args, context=None)",
    "Call callback(*args) after delay seconds.",
    |vm, args| {
        let delay = sleep::seconds(vm, args.at(1))?;
        let when = scheduler(vm).now() + delay;
        schedule(vm, args, when)
    },
);
const CALL_AT: Native = Native::vm(
    "call_at(self, when, callback, /, *args, context=None)",
    "Call callback(*args) at a moment of the loop's clock.",
    |vm, args| {
        let when = sleep::seconds(vm, args.at(1))?;
        schedule(vm, args, when)
    },
);
const CREATE_TASK: Native = Native::vm(
    "create_task(self, coro, *, name=None, context=None)",
    "Run a coroutine as a task.",
    |vm, args| {
        for i in [2, 3] {
            if vm.get(args.at(i)).is_none() {
                vm.set(args.at(i), Value::UNDEF);
            }
        }
        task::create(vm, args.at(1), args.at(2), args.at(3))
    },
);
const CREATE_FUTURE: Native = Native::vm("create_future(self, /)", "A pending future.", |vm, _| {
    Ok(new_future(vm))
});
const IS_RUNNING: Native = Native::vm(
    "is_running(self, /) -> bool",
    "Whether the loop runs.",
    |vm, _| {
        let running = scheduler(vm).is_running();
        Ok(vm.local(Value::bool(running)))
    },
);
const IS_CLOSED: Native = Native::vm(
    "is_closed(self, /) -> bool",
    "Whether the loop was closed.",
    |vm, _| Ok(vm.local(Value::FALSE)),
);
const GET_DEBUG: Native = Native::vm(
    "get_debug(self, /) -> bool",
    "Whether debug mode is on.",
    |vm, _| Ok(vm.local(Value::FALSE)),
);
const CANCEL: Native = Native::vm("cancel(self, /)", "Do not call it.", |vm, args| {
    state(vm, args.at(0)).cancelled.set(true);
    Ok(vm.none())
});
const CANCELLED: Native = Native::vm(
    "cancelled(self, /) -> bool",
    "Whether it was cancelled.",
    |vm, args| Ok(vm.local(Value::bool(state(vm, args.at(0)).cancelled.get()))),
);
const WHEN: Native = Native::vm("when(self, /) -> float", "When it is due.", |vm, args| {
    Ok(vm.local(Value::float(state(vm, args.at(0)).when)))
});

fn state(vm: &Vm, handle: Local) -> &HandleState {
    vm.get_gc::<Opaque>(handle)
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}

fn handle_object(vm: &mut Vm, when: f64) -> Local {
    let class = class_of(vm, &HANDLE);
    let class = vm.get_gc(class).expect("a class");
    let object: Gc<'_, Opaque> = vm.heap.opaque(
        class,
        HandleState {
            cancelled: Cell::new(false),
            when,
        },
    );
    vm.local(object.value())
}

fn schedule(vm: &mut Vm, args: Locals, when: f64) -> Result<Local, Raised> {
    let object = handle_object(vm, when);
    let handle = call_handle(vm, args.at(2), args.at(3), args.at(4), object);
    scheduler(vm).call_at(when, handle);
    Ok(object)
}

/// A handle that calls the program. It first asks its object whether it was cancelled.
fn call_handle(vm: &Vm, callback: Local, args: Local, context: Local, object: Local) -> Handle {
    let mut handle = Handle::new(Action::Call, vm.get(callback), vm.get(args));
    let context = vm.get(context);
    let context = if context.is_undef() || context.is_none() {
        scheduler(vm).context(&vm.heap)
    } else {
        context
    };
    handle.context = Slot::new(context);
    handle.object = Slot::new(vm.get(object));
    handle
}
