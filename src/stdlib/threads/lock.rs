//! `_thread.lock`, the lock of `threading`.
//!
//! A release wakes the first thread that waits, which tries again: a thread that runs may be faster, as in CPython.

use std::cell::Cell;

use super::deadline;

use crate::runtime::heap::traced;
use crate::runtime::opaque::{Obstacle, Payload};
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::sched::block::{self, BlockingWait};
use crate::sched::thread_queue::ThreadId;
use crate::sched::thread_queue::ThreadQueue;
use crate::sched::{green, scheduler};
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::{Local, Locals, Native, Vm};

/// `_thread.lock`.
pub const LOCK: ModuleType = ModuleType {
    name: "_thread.lock",
    module: "_thread",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &ACQUIRE,
            &RELEASE,
            &LOCKED,
            &ENTER,
            &EXIT,
            &REPR,
            &ACQUIRE_LOCK,
            &RELEASE_LOCK,
            &LOCKED_LOCK,
        ],
        ..NativeType::of(
            Builtin::Opaque,
            "A lock that one thread has at a time; any thread may release it.",
        )
    },
};

#[derive(Default)]
struct Lock {
    locked: Cell<bool>,
    /// The thread that took it, for reports.
    holder: Cell<u64>,
    waiters: ThreadQueue,
}

traced!(Lock { waiters } plain { locked, holder });

impl Payload for Lock {
    fn obstacle<'h>(&self, _: &'h Heap) -> Option<Obstacle<'h>> {
        let obstacle = Obstacle::new("held by", []);
        self.locked
            .get()
            .then(|| obstacle.with_thread(self.holder.get()))
    }
}

fn lock(vm: &Vm, this: Local) -> &Lock {
    vm.payload(this)
}

/// A lock of this class.
pub fn new_lock(vm: &Vm, class: Local) -> Local {
    vm.new_opaque(class, Lock::default())
}

const NEW: Native = Native::vm("lock(cls, /)", "An open lock.", |vm, args| {
    Ok(new_lock(vm, args.at(0)))
});
const ACQUIRE: Native = Native::vm(
    "acquire(self, blocking=True, timeout=-1) -> bool",
    "Take the lock, waiting until it is free, but no longer than timeout seconds; whether it was taken.",
    acquire,
);
const ACQUIRE_LOCK: Native = Native::vm(
    "acquire_lock(self, blocking=True, timeout=-1) -> bool",
    "An old name of acquire().",
    acquire,
);
const RELEASE: Native = Native::vm(
    "release(self, /)",
    "Give the lock back. Raises RuntimeError if it is open.",
    release,
);
const RELEASE_LOCK: Native = Native::vm(
    "release_lock(self, /)",
    "An old name of release().",
    release,
);
const LOCKED: Native = Native::vm(
    "locked(self, /) -> bool",
    "Whether a thread has the lock.",
    locked,
);
const LOCKED_LOCK: Native = Native::vm(
    "locked_lock(self, /) -> bool",
    "An old name of locked().",
    locked,
);
const ENTER: Native = Native::vm(
    "__enter__(self, /) -> bool",
    "Take the lock.",
    |vm, args| take(vm, args.at(0), None),
);
const EXIT: Native = Native::vm("__exit__(self, /, *exc)", "Give the lock back.", release);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let state = if lock(vm, args.at(0)).locked.get() {
        "locked"
    } else {
        "unlocked"
    };
    let text = vm.object_repr(args.at(0))?;
    let text = vm.text_of(text)?;
    let text = format!("<{state} {}", text.trim_start_matches('<'));
    Ok(vm.local(vm.heap.str_value(&text)))
});

fn acquire(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    match deadline(vm, args.at(1), args.at(2))? {
        Some(until) => take(vm, args.at(0), until),
        None => {
            let taken = enter(vm, args.at(0));
            Ok(vm.local(Value::bool(taken)))
        }
    }
}

fn take(vm: &mut Vm, this: Local, until: Option<f64>) -> Result<Local, Raised> {
    if enter(vm, this) {
        return Ok(vm.local(Value::TRUE));
    }
    let wait = BlockingWait {
        what: "Lock.acquire",
        object: this,
        until,
    };
    let taken = block::wait(vm, &wait, |vm, this| &lock(vm, this).waiters, enter)?;
    Ok(vm.local(Value::bool(taken)))
}

fn enter(vm: &Vm, this: Local) -> bool {
    let lock = lock(vm, this);
    let was_locked = lock.locked.replace(true);
    if !was_locked {
        let ThreadId(holder) = green::current(vm).id;
        lock.holder.set(holder);
    }
    !was_locked
}

fn release(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let lock = lock(vm, args.at(0));
    if !lock.locked.replace(false) {
        return Err(vm
            .heap
            .raise(Builtin::RuntimeError, "release unlocked lock"));
    }
    lock.waiters.wake_next(scheduler(vm));
    Ok(vm.none())
}

fn locked(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    Ok(vm.local(Value::bool(lock(vm, args.at(0)).locked.get())))
}
