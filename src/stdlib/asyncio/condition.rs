//! `asyncio.Condition`: waiting for a change to what a lock protects.
//!
//! The lock is whatever object was given, used through its methods. Who waits has the lock again when the wait is over, however it
//! ends; a wait that ends badly passes a notification that it may have got on to the next.

use super::super::registry::{Getter, ModuleType, NativeType, class_of};
use super::lock::{LOCK, new_lock};
use super::register;
use super::waiting::{self, Attempt, Wait};

use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::sched::future::future;
use crate::sched::wait_queue::WaitQueue;
use crate::vm::{Input, Local, Mention, Native, NativeCoroutine, Step, Vm, Waiting};

/// `asyncio.Condition`.
pub const CONDITION: ModuleType = ModuleType {
    name: "Condition",
    module: "asyncio.locks",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &INIT,
            &ACQUIRE,
            &RELEASE,
            &LOCKED,
            &WAIT,
            &WAIT_FOR,
            &NOTIFY,
            &NOTIFY_ALL,
            &ENTER,
            &EXIT,
            &REPR,
        ],
        getters: &[
            Getter::vm(
                "_waiters",
                "The futures of those that wait.",
                waiting::waiters_of::<Notification>,
            ),
            Getter::vm("_lock", "The lock.", |vm, args| {
                let this: &Condition = vm.payload(args.at(0));
                Ok(vm.local(this.lock.get(&vm.heap)))
            }),
        ],
        general: Some((super::general::LOCKS, "Condition")),
        ..NativeType::of(
            Builtin::Opaque,
            "Lets tasks wait until another one notifies them.",
        )
    },
};

struct Condition {
    lock: Slot,
    waiters: WaitQueue,
}

traced!(Condition { lock, waiters });

impl Payload for Condition {}

/// `Condition.wait`, between the two moments at which the lock changes hands.
struct Notification;

impl Wait for Notification {
    type Owner = Condition;
    const WAITING: &'static Waiting = &Waiting {
        name: "Condition.wait",
        give_up: waiting::give_up::<Notification>,
    };

    fn queue(owner: &Condition) -> &WaitQueue {
        &owner.waiters
    }

    fn enter<'h>(_: &'h Vm, _: &'h Condition, _: Value<'h>) -> Attempt<'h> {
        Attempt::Blocked
    }
}

/// A condition of this class, with a lock of its own.
pub fn new_condition(vm: &mut Vm, class: Local) -> Local {
    let lock_class = class_of(vm, &LOCK);
    let lock = new_lock(vm, lock_class);
    let condition = Condition {
        lock: Slot::new(vm.get(lock)),
        waiters: WaitQueue::default(),
    };
    vm.new_opaque(class, condition)
}

/// A coroutine that takes the lock.
pub fn acquire(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    let lock = lock(vm, this);
    vm.call_method(lock, "acquire", &[])
}

/// Gives the lock back.
pub fn release(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    let lock = lock(vm, this);
    vm.call_method(lock, "release", &[])
}

/// A coroutine that waits for a notification.
pub fn wait(vm: &mut Vm, this: Local) -> Local {
    let none = vm.none();
    vm.native_coroutine(&WAITING, &[this, none, none, none])
}

/// Wakes all waiters; the caller has the lock.
pub fn notify_all(vm: &Vm, this: Local) {
    condition(vm, this).waiters.wake(vm, usize::MAX);
}

const NEW: Native = Native::vm(
    "Condition(cls, /, *args, **kwargs)",
    "A condition with a lock.",
    |vm, args| Ok(new_condition(vm, args.at(0))),
);
const INIT: Native = Native::vm(
    "__init__(self, lock=None)",
    "Use this lock, or a new one.",
    |vm, args| {
        let lock = args.at(1);
        if !vm.get(lock).is_undef() && !vm.get(lock).is_none() {
            for method in ["locked", "acquire", "release"] {
                vm.get_attr_named(lock, method)?;
            }
            condition(vm, args.at(0)).lock.set(vm.get(lock));
        }
        Ok(vm.none())
    },
);
const ACQUIRE: Native = Native::vm(
    "acquire(self, /) -> coroutine",
    "Take the lock; wait until it is free.",
    |vm, args| acquire(vm, args.at(0)),
);
const RELEASE: Native = Native::vm("release(self, /)", "Give the lock back.", |vm, args| {
    release(vm, args.at(0))
});
const LOCKED: Native = Native::vm(
    "locked(self, /) -> bool",
    "Whether somebody has the lock.",
    |vm, args| {
        let lock = lock(vm, args.at(0));
        vm.call_method(lock, "locked", &[])
    },
);
const WAIT: Native = Native::vm(
    "wait(self, /) -> coroutine",
    "Give the lock back, wait for a notification, take the lock again. Raises RuntimeError if the lock is not held.",
    |vm, args| Ok(wait(vm, args.at(0))),
);
const WAIT_FOR: Native = Native::vm(
    "wait_for(self, predicate) -> coroutine",
    "Wait until predicate() is true after a notification; give what it returned.",
    |vm, args| Ok(vm.native_coroutine(&WAITING_FOR, &[args.at(0), args.at(1)])),
);
const NOTIFY: Native = Native::vm(
    "notify(self, n=1)",
    "Wake the first n who wait. Raises RuntimeError if the lock is not held.",
    |vm, args| {
        let count = if vm.get(args.at(1)).is_undef() {
            1
        } else {
            vm.index(args.at(1))?
        };
        notify(vm, args.at(0), usize::try_from(count).unwrap_or(0))
    },
);
const NOTIFY_ALL: Native = Native::vm(
    "notify_all(self, /)",
    "Wake all who wait. Raises RuntimeError if the lock is not held.",
    |vm, args| notify(vm, args.at(0), usize::MAX),
);
const ENTER: Native = Native::vm(
    "__aenter__(self, /) -> coroutine",
    "Take the lock.",
    |vm, args| Ok(vm.native_coroutine(&ENTERING, &[args.at(0)])),
);
const EXIT: Native = Native::vm(
    "__aexit__(self, exc_type, exc, tb, /) -> coroutine",
    "Give the lock back.",
    |vm, args| Ok(vm.native_coroutine(&EXITING, &[args.at(0)])),
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let state = if is_locked(vm, args.at(0))? {
        "locked"
    } else {
        "unlocked"
    };
    let waiters = condition(vm, args.at(0)).waiters.len();
    super::described(vm, args.at(0), state, waiters)
});

static WAITING: NativeCoroutine = NativeCoroutine::new("Condition.wait", step_wait);
static WAITING_FOR: NativeCoroutine = NativeCoroutine::new("Condition.wait_for", step_wait_for);
static ENTERING: NativeCoroutine =
    NativeCoroutine::new("Condition.__aenter__", step_enter).mentioned(Mention::Never);
static EXITING: NativeCoroutine =
    NativeCoroutine::new("Condition.__aexit__", |vm, this, input| match input {
        Input::Send(_) => {
            let owner = register(vm, this, OWNER);
            release(vm, owner)?;
            Ok(Step::Return(vm.none()))
        }
        Input::Throw(exception) => Err(vm.raise_local(exception)),
    });

// Registers: the condition; of wait: the waiter, what ended the wait, what interrupted the return of the lock; of wait_for: the
// predicate.
const OWNER: usize = 0;
const WAITER: usize = 1;
const FAILED: usize = 2;
const INTERRUPTED: usize = 3;
const PREDICATE: usize = 1;

const START: u32 = 0;
const WAITS: u32 = 1;

fn condition(vm: &Vm, this: Local) -> &Condition {
    vm.payload(this)
}

fn lock(vm: &Vm, this: Local) -> Local {
    vm.local(condition(vm, this).lock.get(&vm.heap))
}

fn is_locked(vm: &mut Vm, this: Local) -> Result<bool, Raised> {
    let lock = lock(vm, this);
    let locked = vm.call_method(lock, "locked", &[])?;
    vm.truth(locked)
}

fn notify(vm: &mut Vm, this: Local, count: usize) -> Result<Local, Raised> {
    if !is_locked(vm, this)? {
        return Err(vm
            .heap
            .raise(Builtin::RuntimeError, "cannot notify on un-acquired lock"));
    }
    condition(vm, this).waiters.wake(vm, count);
    Ok(vm.none())
}

fn step_enter(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    match (vm.step_state(this), input) {
        (START, Input::Send(_)) => {
            vm.set_step_state(this, WAITS);
            let owner = register(vm, this, OWNER);
            acquire(vm, owner).map(Step::Await)
        }
        (_, Input::Send(_)) => Ok(Step::Return(vm.none())),
        (_, Input::Throw(exception)) => Err(vm.raise_local(exception)),
    }
}

fn step_wait(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let owner = register(vm, this, OWNER);
    match vm.step_state(this) {
        START => {
            if !is_locked(vm, owner)? {
                return Err(vm
                    .heap
                    .raise(Builtin::RuntimeError, "cannot wait on un-acquired lock"));
            }
            waiting::check_loop::<Notification>(vm, owner)?;
            release(vm, owner)?;
            Ok(waiting::begin::<Notification>(vm, this, owner))
        }
        WAITS => {
            let waiter = register(vm, this, WAITER);
            waiting::give_up::<Notification>(vm, vm.get(owner), future(vm, waiter));
            if let Input::Throw(exception) = input {
                vm.step_slot(this, FAILED).set(vm.get(exception));
            }
            vm.set_step_state(this, WAITS + 1);
            take_lock_again(vm, owner)
        }
        _ => after_acquire(vm, this, owner, input),
    }
}

fn take_lock_again(vm: &mut Vm, owner: Local) -> Result<Step, Raised> {
    let outcome = acquire(vm, owner);
    if outcome.is_err() {
        condition(vm, owner).waiters.wake(vm, 1);
    }
    outcome.map(Step::Await)
}

/// The lock is back, or a cancellation came while it was awaited: then the wait for the lock goes on.
fn after_acquire(vm: &mut Vm, this: Local, owner: Local, input: Input) -> Result<Step, Raised> {
    if let Input::Throw(exception) = input {
        if vm
            .heap
            .is_instance(vm.get(exception), Builtin::CancelledError)
        {
            vm.step_slot(this, INTERRUPTED).set(vm.get(exception));
            return take_lock_again(vm, owner);
        }
        condition(vm, owner).waiters.wake(vm, 1);
        return Err(vm.raise_local(exception));
    }
    for at in [INTERRUPTED, FAILED] {
        let exception = register(vm, this, at);
        if !vm.get(exception).is_none() {
            condition(vm, owner).waiters.wake(vm, 1);
            return Err(vm.raise_local(exception));
        }
    }
    Ok(Step::Return(vm.local(Value::TRUE)))
}

fn step_wait_for(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    if let Input::Throw(exception) = input {
        return Err(vm.raise_local(exception));
    }
    let predicate = register(vm, this, PREDICATE);
    let result = vm.call(predicate, &[])?;
    if vm.truth(result)? {
        return Ok(Step::Return(result));
    }
    let owner = register(vm, this, OWNER);
    Ok(Step::Await(wait(vm, owner)))
}
