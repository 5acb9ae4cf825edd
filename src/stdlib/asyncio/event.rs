//! `asyncio.Event`: a flag that tasks can wait for.
//!
//! Waiters stand in a wait queue; `set` wakes all of them, and each leaves the queue by itself.
//! `wait` does not yield where the event is set already.

use std::cell::Cell;

use super::super::registry::{ModuleType, NativeType};
use super::register;
use crate::runtime::class::Class;
use crate::runtime::heap::Tracer;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::wait_queue::WaitQueue;
use crate::vm::{Direct, Input, Local, Native, NativeCoroutine, Step, Vm, Waiting};

/// `asyncio.Event`.
pub const EVENT: ModuleType = ModuleType {
    name: "Event",
    module: "asyncio.locks",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&INIT, &SET, &CLEAR, &IS_SET, &WAIT, &REPR],
        ..NativeType::of(Builtin::Opaque, "A flag that tasks can wait for.")
    },
};

struct Event {
    is_set: Cell<bool>,
    waiters: WaitQueue,
}

impl Payload for Event {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.waiters.trace(tracer);
    }
}

/// Only refuses arguments, which `__new__` leaves to a subclass's `__init__`.
const INIT: Native = Native::vm("__init__(self)", "Initialize self.", |vm, _| Ok(vm.none()));
const NEW: Native = Native::vm(
    "Event(cls, /, *args, **kwargs)",
    "An event that has not happened.",
    |vm, args| {
        let class: Gc<'_, Class> = vm.get_gc(args.at(0)).expect("`__new__` gets the class");
        Ok(vm.local(
            vm.heap
                .opaque(
                    class,
                    Event {
                        is_set: Cell::new(false),
                        waiters: WaitQueue::default(),
                    },
                )
                .value(),
        ))
    },
);
const SET: Native = Native::vm(
    "set(self, /)",
    "It happened: wake all who wait.",
    |vm, args| {
        let event = event(vm, args.at(0));
        if !event.is_set.replace(true) {
            event.waiters.wake(vm, usize::MAX);
        }
        Ok(vm.none())
    },
);
const CLEAR: Native = Native::vm(
    "clear(self, /)",
    "Whoever waits from now on waits for the next set().",
    |vm, args| {
        event(vm, args.at(0)).is_set.set(false);
        Ok(vm.none())
    },
);
const IS_SET: Native = Native::vm(
    "is_set(self, /) -> bool",
    "Whether it happened.",
    |vm, args| Ok(vm.local(Value::bool(event(vm, args.at(0)).is_set.get()))),
);
const WAIT: Native = Native::coroutine(
    "wait(self, /) -> coroutine",
    "Wait until it happens; at once if it did.",
    |vm, args| {
        let none = vm.none();
        Ok(vm.native_coroutine(&WAITING, &[args.at(0), none]))
    },
    |vm, args, woken| {
        let owner = args.get(0);
        let event = payload(owner);
        if let Some(waiter) = woken {
            event.waiters.leave(vm, waiter.value());
        } else if !event.is_set.get() {
            return Ok(Direct::Wait(event.waiters.join_as(vm, &IN_WAIT, owner)));
        }
        Ok(Direct::Done(Value::TRUE))
    },
);
static IN_WAIT: Waiting = Waiting {
    name: "Event.wait",
    give_up: |vm, owner, waiter| payload(owner).waiters.leave(vm, waiter.value()),
};
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = event(vm, args.at(0));
    let state = if this.is_set.get() { "set" } else { "unset" };
    let waiters = this.waiters.len();
    super::described(vm, args.at(0), state, waiters)
});

static WAITING: NativeCoroutine = NativeCoroutine {
    name: "Event.wait",
    step,
};

// Registers: the event, the waiter.
const OWNER: usize = 0;
const WAITER: usize = 1;

fn event(vm: &Vm, this: Local) -> &Event {
    payload(vm.get(this))
}

fn payload(this: Value<'_>) -> &Event {
    this.as_gc::<Opaque>()
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}

fn step(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let owner = register(vm, this, OWNER);
    let event = event(vm, owner);
    if vm.step_state(this) == 0 {
        if event.is_set.get() {
            return Ok(Step::Return(vm.local(Value::TRUE)));
        }
        let waiter = event.waiters.join(vm);
        vm.step_slot(this, WAITER).set(vm.get(waiter));
        vm.set_step_state(this, 1);
        return Ok(Step::Await(waiter));
    }
    let waiter = register(vm, this, WAITER);
    event.waiters.leave(vm, vm.get(waiter));
    match input {
        Input::Send(_) => Ok(Step::Return(vm.local(Value::TRUE))),
        Input::Throw(exception) => Err(vm.raise_local(exception)),
    }
}
