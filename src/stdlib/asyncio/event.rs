//! `asyncio.Event`: a flag that tasks can wait for.
//!
//! Waiters stand in a wait queue; `set` wakes all of them, and each leaves the queue by itself.
//! `wait` does not yield where the event is set already.

use super::super::registry::{Getter, ModuleType, NativeType};
use super::waiting::{self, Attempt, Wait};

use crate::runtime::heap::{Field, traced};
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Value};
use crate::sched::wait_queue::WaitQueue;
use crate::vm::{Local, Native, NativeCoroutine, Vm, Waiting};

/// `asyncio.Event`.
pub const EVENT: ModuleType = ModuleType {
    name: "Event",
    module: "asyncio.locks",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&INIT, &SET, &CLEAR, &IS_SET, &WAIT, &REPR],
        getters: &[Getter::vm(
            "_waiters",
            "The futures of those that wait.",
            waiting::waiters_of::<Event>,
        )],
        general: Some((super::general::LOCKS, "Event")),
        ..NativeType::of(Builtin::Opaque, "A flag that tasks can wait for.")
    },
};

struct Event {
    is_set: Field<bool>,
    waiters: WaitQueue,
}

traced!(Event { waiters } plain { is_set });

impl Payload for Event {}

impl Wait for Event {
    type Owner = Event;
    const WAITING: &'static Waiting = &Waiting {
        name: "Event.wait",
        give_up: waiting::give_up::<Event>,
    };

    fn queue(owner: &Event) -> &WaitQueue {
        &owner.waiters
    }

    fn enter<'h>(vm: &'h Vm, owner: &'h Event, given: Value<'h>) -> Attempt<'h> {
        if owner.is_set.get(&vm.heap) {
            Attempt::Entered(given)
        } else {
            Attempt::Blocked
        }
    }
}

/// Only refuses arguments, which `__new__` leaves to a subclass's `__init__`.
const INIT: Native = Native::vm("__init__(self)", "Initialize self.", |vm, _| Ok(vm.none()));
const NEW: Native = Native::vm(
    "Event(cls, /, *args, **kwargs)",
    "An event that has not happened.",
    |vm, args| {
        Ok(vm.new_opaque(
            args.at(0),
            Event {
                is_set: Field::new(false),
                waiters: WaitQueue::default(),
            },
        ))
    },
);
const SET: Native = Native::vm(
    "set(self, /)",
    "It happened: wake all who wait.",
    |vm, args| {
        let event = event(vm, args.at(0));
        if !event.is_set.replace(&vm.heap, true) {
            event.waiters.wake(vm, usize::MAX);
        }
        Ok(vm.none())
    },
);
const CLEAR: Native = Native::vm(
    "clear(self, /)",
    "Whoever waits from now on waits for the next set().",
    |vm, args| {
        event(vm, args.at(0)).is_set.set(&vm.heap, false);
        Ok(vm.none())
    },
);
const IS_SET: Native = Native::vm(
    "is_set(self, /) -> bool",
    "Whether it happened.",
    |vm, args| Ok(vm.local(Value::bool(event(vm, args.at(0)).is_set.get(&vm.heap)))),
);
const WAIT: Native = Native::coroutine(
    "wait(self, /) -> coroutine",
    "Wait until it happens; at once if it did.",
    |vm, args| {
        let result = vm.local(Value::TRUE);
        Ok(waiting::coroutine(vm, &WAITING, args.at(0), result))
    },
    |vm, args, woken| {
        Ok(waiting::direct::<Event>(
            vm,
            args.get(0),
            woken,
            Value::TRUE,
        ))
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = event(vm, args.at(0));
    let state = if this.is_set.get(&vm.heap) {
        "set"
    } else {
        "unset"
    };
    let waiters = this.waiters.len();
    super::described(vm, args.at(0), state, waiters)
});

static WAITING: NativeCoroutine = NativeCoroutine::new("Event.wait", waiting::step::<Event>);

fn event(vm: &Vm, this: Local) -> &Event {
    vm.payload(this)
}
