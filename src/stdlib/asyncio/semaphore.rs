//! `asyncio.Semaphore` and `BoundedSemaphore`.
//!
//! Fair: whoever comes while others wait stands behind them, even where a place is free.
//! A place given to a waiter that was cancelled meanwhile goes to the next.

use std::cell::Cell;

use super::super::registry::{ModuleType, NativeType};
use crate::runtime::class::Class;
use crate::runtime::future::{Future, FutureState};
use crate::runtime::heap::Tracer;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::future::future;
use crate::sched::wait_queue::WaitQueue;
use crate::vm::{Direct, Input, Local, Locals, Native, NativeCoroutine, Step, Vm, Waiting};

/// `asyncio.Semaphore`.
pub const SEMAPHORE: ModuleType = ModuleType {
    name: "Semaphore",
    module: "asyncio.locks",
    body: NativeType {
        new: Some(&NEW),
        methods: METHODS,
        ..NativeType::of(Builtin::Opaque, "Lets a limited number of tasks in.")
    },
};

/// `asyncio.BoundedSemaphore`.
pub const BOUNDED_SEMAPHORE: ModuleType = ModuleType {
    name: "BoundedSemaphore",
    module: "asyncio.locks",
    body: NativeType {
        new: Some(&NEW_BOUNDED),
        methods: METHODS,
        ..NativeType::of(
            Builtin::Opaque,
            "A semaphore that refuses more releases than acquisitions.",
        )
    },
};

const METHODS: &[&Native] = &[&INIT, &ACQUIRE, &RELEASE, &LOCKED, &ENTER, &EXIT, &REPR];

struct Semaphore {
    value: Cell<i64>,
    /// Of a bounded one: its value at first.
    bound: Cell<Option<i64>>,
    waiters: WaitQueue,
}

impl Payload for Semaphore {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.waiters.trace(tracer);
    }
}

impl Semaphore {
    /// Nobody may enter, or somebody came first.
    fn is_locked(&self, vm: &Vm) -> bool {
        self.value.get() == 0 || self.waiters.any_alive(vm)
    }

    /// Gives a place to the first who waits.
    fn wake_next(&self, vm: &Vm) -> bool {
        let woken = self.waiters.wake_next(vm);
        if woken {
            self.value.set(self.value.get() - 1);
        }
        woken
    }
}

const NEW: Native = Native::vm(
    "Semaphore(cls, /, *args, **kwargs)",
    "A semaphore with value places.",
    |vm, args| Ok(new(vm, args, None)),
);
const NEW_BOUNDED: Native = Native::vm(
    "BoundedSemaphore(cls, /, *args, **kwargs)",
    "A semaphore with value places.",
    |vm, args| Ok(new(vm, args, Some(1))),
);
const INIT: Native = Native::vm(
    "__init__(self, value=1)",
    "Let value tasks in. Raises ValueError if value is negative.",
    init,
);
const ACQUIRE: Native = Native::coroutine(
    "acquire(self, /) -> coroutine",
    "Take a place; wait until there is one.",
    |vm, args| {
        let (none, result) = (vm.none(), vm.local(Value::TRUE));
        Ok(vm.native_coroutine(&ACQUIRING, &[args.at(0), none, result]))
    },
    |vm, args, woken| Ok(acquire_directly(vm, args.get(0), woken, Value::TRUE)),
);
const RELEASE: Native = Native::vm(
    "release(self, /)",
    "Give a place back. A BoundedSemaphore raises ValueError where there are as many as in the beginning.",
    |vm, args| {
        release(vm, semaphore(vm, args.at(0)))?;
        Ok(vm.none())
    },
);
const LOCKED: Native = Native::vm(
    "locked(self, /) -> bool",
    "Whether acquire would wait.",
    |vm, args| Ok(vm.local(Value::bool(semaphore(vm, args.at(0)).is_locked(vm)))),
);
const ENTER: Native = Native::coroutine(
    "__aenter__(self, /) -> coroutine",
    "Take a place.",
    |vm, args| {
        let none = vm.none();
        Ok(vm.native_coroutine(&ACQUIRING, &[args.at(0), none, none]))
    },
    |vm, args, woken| Ok(acquire_directly(vm, args.get(0), woken, Value::NONE)),
);
const EXIT: Native = Native::coroutine(
    "__aexit__(self, exc_type, exc, tb, /) -> coroutine",
    "Give the place back.",
    |vm, args| Ok(vm.native_coroutine(&RELEASING, &[args.at(0)])),
    |vm, args, _| {
        release(vm, payload(args.get(0)))?;
        Ok(Direct::Done(Value::NONE))
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = semaphore(vm, args.at(0));
    let state = if this.is_locked(vm) {
        "locked".to_owned()
    } else {
        format!("unlocked, value:{}", this.value.get())
    };
    let waiters = this.waiters.len();
    super::described(vm, args.at(0), &state, waiters)
});

static ACQUIRING: NativeCoroutine = NativeCoroutine {
    name: "Semaphore.acquire",
    step: step_acquire,
};
static RELEASING: NativeCoroutine = NativeCoroutine {
    name: "Semaphore.__aexit__",
    step: |vm, this, input| match input {
        Input::Send(_) => {
            let owner = vm.local(vm.step_slot(this, OWNER).get(&vm.heap));
            release(vm, semaphore(vm, owner))?;
            Ok(Step::Return(vm.none()))
        }
        Input::Throw(exception) => Err(vm.raise_local(exception)),
    },
};

// Registers: the semaphore, the waiter, what acquire gives.
const OWNER: usize = 0;
const WAITER: usize = 1;
const RESULT: usize = 2;

fn new(vm: &mut Vm, args: Locals, bound: Option<i64>) -> Local {
    let class: Gc<'_, Class> = vm.get_gc(args.at(0)).expect("`__new__` gets the class");
    let semaphore = Semaphore {
        value: Cell::new(1),
        bound: Cell::new(bound),
        waiters: WaitQueue::default(),
    };
    vm.local(vm.heap.opaque(class, semaphore).value())
}

fn init(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let value = if vm.get(args.at(1)).is_undef() {
        1
    } else {
        vm.index(args.at(1))?
    };
    if value < 0 {
        return Err(vm.heap.value_error("Semaphore initial value must be >= 0"));
    }
    let this = semaphore(vm, args.at(0));
    this.value.set(value);
    this.bound.set(this.bound.get().map(|_| value));
    Ok(vm.none())
}

fn semaphore(vm: &Vm, this: Local) -> &Semaphore {
    payload(vm.get(this))
}

fn payload(this: Value<'_>) -> &Semaphore {
    this.as_gc::<Opaque>()
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}

static IN_ACQUIRE: Waiting = Waiting {
    name: "Semaphore.acquire",
    give_up: |vm, owner, waiter| {
        let this = payload(owner);
        if waiter.state.get() == FutureState::Done {
            // A place was given to it that it will not take.
            this.value.set(this.value.get() + 1);
        }
        leave(vm, this, waiter);
    },
};

/// Takes a place that is free, or waits for one.
fn acquire_directly<'h>(
    vm: &'h Vm,
    owner: Value<'h>,
    woken: Option<Gc<'h, Future>>,
    result: Value<'h>,
) -> Direct<'h> {
    let this = payload(owner);
    if let Some(waiter) = woken {
        leave(vm, this, waiter);
    } else if this.is_locked(vm) {
        return Direct::Wait(this.waiters.join_as(vm, &IN_ACQUIRE, owner));
    } else {
        this.value.set(this.value.get() - 1);
    }
    Direct::Done(result)
}

/// A waiter leaves the queue. Those who came meanwhile had to queue; lets in as many as may enter.
fn leave(vm: &Vm, this: &Semaphore, waiter: Gc<'_, Future>) {
    this.waiters.leave(vm, waiter.value());
    while this.value.get() > 0 && this.wake_next(vm) {}
}

fn release(vm: &Vm, this: &Semaphore) -> Result<(), Raised> {
    if this
        .bound
        .get()
        .is_some_and(|bound| this.value.get() >= bound)
    {
        return Err(vm
            .heap
            .value_error("BoundedSemaphore released too many times"));
    }
    this.value.set(this.value.get() + 1);
    this.wake_next(vm);
    Ok(())
}

fn step_acquire(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let owner = vm.local(vm.step_slot(this, OWNER).get(&vm.heap));
    let result = vm.local(vm.step_slot(this, RESULT).get(&vm.heap));
    let semaphore = semaphore(vm, owner);
    if vm.step_state(this) == 0 {
        if !semaphore.is_locked(vm) {
            semaphore.value.set(semaphore.value.get() - 1);
            return Ok(Step::Return(result));
        }
        let waiter = semaphore.waiters.join(vm);
        vm.step_slot(this, WAITER).set(vm.get(waiter));
        vm.set_step_state(this, 1);
        return Ok(Step::Await(waiter));
    }
    let waiter = vm.local(vm.step_slot(this, WAITER).get(&vm.heap));
    let interrupted = matches!(input, Input::Throw(_));
    if interrupted && future(vm, waiter).state.get() == FutureState::Done {
        // A place was given to it that it will not take.
        semaphore.value.set(semaphore.value.get() + 1);
    }
    leave(vm, semaphore, future(vm, waiter));
    match input {
        Input::Send(_) => Ok(Step::Return(result)),
        Input::Throw(exception) => Err(vm.raise_local(exception)),
    }
}
