//! `asyncio.Lock`.
//!
//! Fair: who finds others waiting queues behind them. A release wakes the first waiter only; the lock is taken when that one runs, so it
//! looks free in between.

use std::cell::Cell;

use super::super::registry::{ModuleType, NativeType};
use super::register;
use crate::runtime::class::Class;
use crate::runtime::future::Future;
use crate::runtime::heap::Tracer;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::wait_queue::WaitQueue;
use crate::vm::{Direct, Input, Local, Native, NativeCoroutine, Step, Vm, Waiting};

/// `asyncio.Lock`.
pub const LOCK: ModuleType = ModuleType {
    name: "Lock",
    module: "asyncio.locks",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&INIT, &ACQUIRE, &RELEASE, &LOCKED, &ENTER, &EXIT, &REPR],
        ..NativeType::of(Builtin::Opaque, "Lets one task in at a time.")
    },
};

struct Lock {
    locked: Cell<bool>,
    waiters: WaitQueue,
}

impl Payload for Lock {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.waiters.trace(tracer);
    }
}

/// A lock of this class.
pub fn new_lock(vm: &Vm, class: Local) -> Local {
    let class: Gc<'_, Class> = vm.get_gc(class).expect("`__new__` gets the class");
    vm.local(
        vm.heap
            .opaque(
                class,
                Lock {
                    locked: Cell::new(false),
                    waiters: WaitQueue::default(),
                },
            )
            .value(),
    )
}

/// Only refuses arguments, which `__new__` leaves to a subclass's `__init__`.
const INIT: Native = Native::vm("__init__(self)", "Initialize self.", |vm, _| Ok(vm.none()));
const NEW: Native = Native::vm(
    "Lock(cls, /, *args, **kwargs)",
    "An open lock.",
    |vm, args| Ok(new_lock(vm, args.at(0))),
);
const ACQUIRE: Native = Native::coroutine(
    "acquire(self, /) -> coroutine",
    "Take the lock; wait until it is free.",
    |vm, args| {
        let (none, result) = (vm.none(), vm.local(Value::TRUE));
        Ok(vm.native_coroutine(&ACQUIRING, &[args.at(0), none, result]))
    },
    |vm, args, woken| Ok(acquire_directly(vm, args.get(0), woken, Value::TRUE)),
);
const RELEASE: Native = Native::vm(
    "release(self, /)",
    "Give the lock back. Raises RuntimeError if nobody has it.",
    |vm, args| {
        release(vm, lock(vm, args.at(0)))?;
        Ok(vm.none())
    },
);
const LOCKED: Native = Native::vm(
    "locked(self, /) -> bool",
    "Whether somebody has the lock.",
    |vm, args| Ok(vm.local(Value::bool(lock(vm, args.at(0)).locked.get()))),
);
const ENTER: Native = Native::coroutine(
    "__aenter__(self, /) -> coroutine",
    "Take the lock.",
    |vm, args| {
        let none = vm.none();
        Ok(vm.native_coroutine(&ACQUIRING, &[args.at(0), none, none]))
    },
    |vm, args, woken| Ok(acquire_directly(vm, args.get(0), woken, Value::NONE)),
);
const EXIT: Native = Native::coroutine(
    "__aexit__(self, exc_type, exc, tb, /) -> coroutine",
    "Give the lock back. Raises RuntimeError if nobody has it.",
    |vm, args| Ok(vm.native_coroutine(&RELEASING, &[args.at(0)])),
    |vm, args, _| {
        release(vm, payload(args.get(0)))?;
        Ok(Direct::Done(Value::NONE))
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = lock(vm, args.at(0));
    let state = if this.locked.get() {
        "locked"
    } else {
        "unlocked"
    };
    let waiters = this.waiters.len();
    super::described(vm, args.at(0), state, waiters)
});

static ACQUIRING: NativeCoroutine = NativeCoroutine {
    name: "Lock.acquire",
    step: step_acquire,
};
static RELEASING: NativeCoroutine = NativeCoroutine {
    name: "Lock.__aexit__",
    step: |vm, this, input| match input {
        Input::Send(_) => {
            let owner = register(vm, this, OWNER);
            release(vm, lock(vm, owner))?;
            Ok(Step::Return(vm.none()))
        }
        Input::Throw(exception) => Err(vm.raise_local(exception)),
    },
};

// Registers: the lock, the waiter, what acquire gives.
const OWNER: usize = 0;
const WAITER: usize = 1;
const RESULT: usize = 2;

fn lock(vm: &Vm, this: Local) -> &Lock {
    payload(vm.get(this))
}

fn payload(this: Value<'_>) -> &Lock {
    this.as_gc::<Opaque>()
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}

static IN_ACQUIRE: Waiting = Waiting {
    name: "Lock.acquire",
    give_up: |vm, owner, waiter| {
        let this = payload(owner);
        this.waiters.leave(vm, waiter.value());
        // It may have been woken already: the next in the queue gets its turn.
        if !this.locked.get() {
            this.waiters.wake_first(vm);
        }
    },
};

/// Takes the lock where it is free and nobody waits, or waits for it.
fn acquire_directly<'h>(
    vm: &'h Vm,
    owner: Value<'h>,
    woken: Option<Gc<'h, Future>>,
    result: Value<'h>,
) -> Direct<'h> {
    let this = payload(owner);
    if let Some(waiter) = woken {
        this.waiters.leave(vm, waiter.value());
    } else if this.locked.get() || this.waiters.any_alive(vm) {
        return Direct::Wait(this.waiters.join_as(vm, &IN_ACQUIRE, owner));
    }
    this.locked.set(true);
    Direct::Done(result)
}

fn release(vm: &Vm, this: &Lock) -> Result<(), Raised> {
    if !this.locked.replace(false) {
        return Err(vm
            .heap
            .raise(Builtin::RuntimeError, "Lock is not acquired."));
    }
    this.waiters.wake_first(vm);
    Ok(())
}

fn step_acquire(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let owner = register(vm, this, OWNER);
    let result = register(vm, this, RESULT);
    let lock = lock(vm, owner);
    if vm.step_state(this) == 0 {
        if !lock.locked.get() && !lock.waiters.any_alive(vm) {
            lock.locked.set(true);
            return Ok(Step::Return(result));
        }
        let waiter = lock.waiters.join(vm);
        vm.step_slot(this, WAITER).set(vm.get(waiter));
        vm.set_step_state(this, 1);
        return Ok(Step::Await(waiter));
    }
    let waiter = register(vm, this, WAITER);
    lock.waiters.leave(vm, vm.get(waiter));
    match input {
        Input::Send(_) => {
            lock.locked.set(true);
            Ok(Step::Return(result))
        }
        Input::Throw(exception) => {
            // It may have been woken already: the next in the queue gets its turn.
            if !lock.locked.get() {
                lock.waiters.wake_first(vm);
            }
            Err(vm.raise_local(exception))
        }
    }
}
