//! `asyncio.Semaphore` and `BoundedSemaphore`.
//!
//! Fair: a task that comes while others wait queues after them, even where a place is free.
//! A place given to a waiter that was cancelled meanwhile goes to the next.

use super::super::registry::{Getter, ModuleType, NativeType};
use super::register;
use super::waiting::{self, Attempt, Wait};

use crate::runtime::future::{Future, FutureState};
use crate::runtime::heap::{Field, traced};
use crate::runtime::opaque::{Obstacle, Payload};
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::sched::wait_queue::WaitQueue;
use crate::vm::{
    Direct, Input, Local, Locals, Native, NativeCoroutine, Step, Vm, Waiting, payload_of,
};

/// `asyncio.Semaphore`.
pub const SEMAPHORE: ModuleType = ModuleType {
    name: "Semaphore",
    module: "asyncio.locks",
    body: NativeType {
        new: Some(&NEW),
        methods: METHODS,
        getters: &[
            Getter::vm(
                "_waiters",
                "The futures of those that wait.",
                waiting::waiters_of::<Semaphore>,
            ),
            Getter::vm("_value", "How many more may enter.", |vm, args| {
                let this: &Semaphore = vm.payload(args.at(0));
                Ok(vm.local(Value::small_int(this.value.get(&vm.heap))))
            }),
        ],
        general: Some((super::general::LOCKS, "Semaphore")),
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
        base: Some(&SEMAPHORE),
        general: Some((super::general::LOCKS, "BoundedSemaphore")),
        ..NativeType::of(
            Builtin::Opaque,
            "A semaphore that refuses more releases than acquisitions.",
        )
    },
};

const METHODS: &[&Native] = &[&INIT, &ACQUIRE, &RELEASE, &LOCKED, &ENTER, &EXIT, &REPR];

struct Semaphore {
    value: Field<i64>,
    /// Its value at first, for reports.
    places: Field<i64>,
    /// Of a bounded one: its value at first.
    bound: Field<Option<i64>>,
    waiters: WaitQueue,
}

traced!(Semaphore { waiters } plain { value, places, bound });

impl Payload for Semaphore {
    fn obstacle<'h>(&self, heap: &'h Heap) -> Option<Obstacle<'h>> {
        let places = self.places.get(heap);
        let taken = places - self.value.get(heap);
        Some(Obstacle::new(
            &format!("{taken} of {places} places are taken"),
            None,
        ))
    }
}

impl Wait for Semaphore {
    type Owner = Semaphore;
    const WAITING: &'static Waiting = &Waiting {
        name: "Semaphore.acquire",
        give_up: waiting::give_up::<Semaphore>,
    };

    fn queue(owner: &Semaphore) -> &WaitQueue {
        &owner.waiters
    }

    fn enter<'h>(vm: &'h Vm, owner: &'h Semaphore, given: Value<'h>) -> Attempt<'h> {
        if owner.is_locked(vm) {
            return Attempt::Blocked;
        }
        owner.value.set(&vm.heap, owner.value.get(&vm.heap) - 1);
        Attempt::Entered(given)
    }

    fn resume<'h>(vm: &'h Vm, owner: &'h Semaphore, given: Value<'h>) -> Attempt<'h> {
        owner.let_in(vm);
        Attempt::Entered(given)
    }

    fn abandon(vm: &Vm, owner: &Semaphore, waiter: Gc<'_, Future>) {
        if waiter.state.get(&vm.heap) == FutureState::Done {
            // A place was given to it that it will not take.
            owner.value.set(&vm.heap, owner.value.get(&vm.heap) + 1);
        }
        owner.let_in(vm);
    }
}

impl Semaphore {
    /// Nobody may enter, or somebody came first.
    fn is_locked(&self, vm: &Vm) -> bool {
        self.value.get(&vm.heap) == 0 || self.waiters.any_alive(vm)
    }

    /// Tasks that came meanwhile had to queue; lets in as many as may enter.
    fn let_in(&self, vm: &Vm) {
        while self.value.get(&vm.heap) > 0 && self.wake_next(vm) {}
    }

    /// Gives a place to the first waiter.
    fn wake_next(&self, vm: &Vm) -> bool {
        let woken = self.waiters.wake_next(vm);
        if woken {
            self.value.set(&vm.heap, self.value.get(&vm.heap) - 1);
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
        let result = vm.local(Value::TRUE);
        Ok(waiting::coroutine(vm, &ACQUIRING, args.at(0), result))
    },
    |vm, args, woken| {
        Ok(waiting::direct::<Semaphore>(
            vm,
            args.get(0),
            woken,
            Value::TRUE,
        ))
    },
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
        let result = vm.none();
        Ok(waiting::coroutine(vm, &ACQUIRING, args.at(0), result))
    },
    |vm, args, woken| {
        Ok(waiting::direct::<Semaphore>(
            vm,
            args.get(0),
            woken,
            Value::NONE,
        ))
    },
);
const EXIT: Native = Native::coroutine(
    "__aexit__(self, exc_type, exc, tb, /) -> coroutine",
    "Give the place back.",
    |vm, args| Ok(vm.native_coroutine(&RELEASING, &[args.at(0)])),
    |vm, args, _| {
        release(vm, payload_of(args.get(0)))?;
        Ok(Direct::Done(Value::NONE))
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = semaphore(vm, args.at(0));
    let state = if this.is_locked(vm) {
        "locked".to_owned()
    } else {
        format!("unlocked, value:{}", this.value.get(&vm.heap))
    };
    let waiters = this.waiters.len();
    super::described(vm, args.at(0), &state, waiters)
});

static ACQUIRING: NativeCoroutine =
    NativeCoroutine::new("Semaphore.acquire", waiting::step::<Semaphore>);
static RELEASING: NativeCoroutine =
    NativeCoroutine::new("Semaphore.__aexit__", |vm, this, input| match input {
        Input::Send(_) => {
            let owner = register(vm, this, 0);
            release(vm, semaphore(vm, owner))?;
            Ok(Step::Return(vm.none()))
        }
        Input::Throw(exception) => Err(vm.raise_local(exception)),
    });

fn new(vm: &mut Vm, args: Locals, bound: Option<i64>) -> Local {
    let semaphore = Semaphore {
        value: Field::new(1),
        places: Field::new(1),
        bound: Field::new(bound),
        waiters: WaitQueue::default(),
    };
    vm.new_opaque(args.at(0), semaphore)
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
    this.value.set(&vm.heap, value);
    this.places.set(&vm.heap, value);
    this.bound
        .set(&vm.heap, this.bound.get(&vm.heap).map(|_| value));
    Ok(vm.none())
}

fn semaphore(vm: &Vm, this: Local) -> &Semaphore {
    vm.payload(this)
}

fn release(vm: &Vm, this: &Semaphore) -> Result<(), Raised> {
    if this
        .bound
        .get(&vm.heap)
        .is_some_and(|bound| this.value.get(&vm.heap) >= bound)
    {
        return Err(vm
            .heap
            .value_error("BoundedSemaphore released too many times"));
    }
    this.value.set(&vm.heap, this.value.get(&vm.heap) + 1);
    this.wake_next(vm);
    Ok(())
}
