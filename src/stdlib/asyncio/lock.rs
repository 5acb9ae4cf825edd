//! `asyncio.Lock`.
//!
//! Fair: a task that finds others waiting queues after them. A release wakes the first waiter only; the lock is taken when that one runs, so it
//! looks free in between.

use super::super::registry::{Getter, ModuleType, NativeType};
use super::register;
use super::waiting::{self, Attempt, Wait};

use crate::runtime::future::Future;
use crate::runtime::heap::{Field, traced};
use crate::runtime::opaque::{Obstacle, Payload};
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::sched::scheduler;
use crate::sched::wait_queue::WaitQueue;
use crate::vm::{Direct, Input, Local, Native, NativeCoroutine, Step, Vm, Waiting, payload_of};

/// `asyncio.Lock`.
pub const LOCK: ModuleType = ModuleType {
    name: "Lock",
    module: "asyncio.locks",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&INIT, &ACQUIRE, &RELEASE, &LOCKED, &ENTER, &EXIT, &REPR],
        getters: &[Getter::vm(
            "_waiters",
            "The futures of those that wait.",
            waiting::waiters_of::<Lock>,
        )],
        general: Some((super::general::LOCKS, "Lock")),
        ..NativeType::of(Builtin::Opaque, "Lets one task in at a time.")
    },
};

struct Lock {
    locked: Field<bool>,
    /// The task that took it, for reports; Undef while it is open and where no task did.
    holder: Slot,
    waiters: WaitQueue,
}

traced!(Lock { holder, waiters } plain { locked });

impl Payload for Lock {
    fn obstacle<'h>(&self, heap: &'h Heap) -> Option<Obstacle<'h>> {
        if !self.locked.get(heap) {
            return None;
        }
        let holder = self.holder.get(heap).defined();
        let words = if holder.is_some() {
            "held by"
        } else {
            "held outside of tasks"
        };
        Some(Obstacle::new(words, holder))
    }
}

impl Lock {
    fn take(&self, vm: &Vm) {
        self.locked.set(&vm.heap, true);
        self.holder
            .set(scheduler(vm).current_task(&vm.heap).unwrap_or(Value::UNDEF));
    }
}

impl Wait for Lock {
    type Owner = Lock;
    const WAITING: &'static Waiting = &Waiting {
        name: "Lock.acquire",
        give_up: waiting::give_up::<Lock>,
    };

    fn queue(owner: &Lock) -> &WaitQueue {
        &owner.waiters
    }

    fn enter<'h>(vm: &'h Vm, owner: &'h Lock, given: Value<'h>) -> Attempt<'h> {
        if owner.locked.get(&vm.heap) || owner.waiters.any_alive(vm) {
            return Attempt::Blocked;
        }
        owner.take(vm);
        Attempt::Entered(given)
    }

    fn resume<'h>(vm: &'h Vm, owner: &'h Lock, given: Value<'h>) -> Attempt<'h> {
        owner.take(vm);
        Attempt::Entered(given)
    }

    /// It may have been woken already: the next in the queue gets its turn.
    fn abandon(vm: &Vm, owner: &Lock, _: Gc<'_, Future>) {
        if !owner.locked.get(&vm.heap) {
            owner.waiters.wake_first(vm);
        }
    }
}

/// A lock of this class.
pub fn new_lock(vm: &Vm, class: Local) -> Local {
    vm.new_opaque(
        class,
        Lock {
            locked: Field::new(false),
            holder: Slot::undef(),
            waiters: WaitQueue::default(),
        },
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
        let result = vm.local(Value::TRUE);
        Ok(waiting::coroutine(vm, &ACQUIRING, args.at(0), result))
    },
    |vm, args, woken| Ok(waiting::direct::<Lock>(vm, args.get(0), woken, Value::TRUE)),
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
    |vm, args| Ok(vm.local(Value::bool(lock(vm, args.at(0)).locked.get(&vm.heap)))),
);
const ENTER: Native = Native::coroutine(
    "__aenter__(self, /) -> coroutine",
    "Take the lock.",
    |vm, args| {
        let result = vm.none();
        Ok(waiting::coroutine(vm, &ACQUIRING, args.at(0), result))
    },
    |vm, args, woken| Ok(waiting::direct::<Lock>(vm, args.get(0), woken, Value::NONE)),
);
const EXIT: Native = Native::coroutine(
    "__aexit__(self, exc_type, exc, tb, /) -> coroutine",
    "Give the lock back. Raises RuntimeError if nobody has it.",
    |vm, args| Ok(vm.native_coroutine(&RELEASING, &[args.at(0)])),
    |vm, args, _| {
        release(vm, payload_of(args.get(0)))?;
        Ok(Direct::Done(Value::NONE))
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = lock(vm, args.at(0));
    let state = if this.locked.get(&vm.heap) {
        "locked"
    } else {
        "unlocked"
    };
    let waiters = this.waiters.len();
    super::described(vm, args.at(0), state, waiters)
});

static ACQUIRING: NativeCoroutine = NativeCoroutine::new("Lock.acquire", waiting::step::<Lock>);
static RELEASING: NativeCoroutine =
    NativeCoroutine::new("Lock.__aexit__", |vm, this, input| match input {
        Input::Send(_) => {
            let owner = register(vm, this, 0);
            release(vm, lock(vm, owner))?;
            Ok(Step::Return(vm.none()))
        }
        Input::Throw(exception) => Err(vm.raise_local(exception)),
    });

fn lock(vm: &Vm, this: Local) -> &Lock {
    vm.payload(this)
}

fn release(vm: &Vm, this: &Lock) -> Result<(), Raised> {
    if !this.locked.replace(&vm.heap, false) {
        return Err(vm
            .heap
            .raise(Builtin::RuntimeError, "Lock is not acquired."));
    }
    this.holder.clear();
    this.waiters.wake_first(vm);
    Ok(())
}
