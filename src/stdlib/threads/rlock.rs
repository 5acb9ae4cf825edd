//! `_thread.RLock`: a lock that its thread may take again.
//!
//! It is open again after as many releases. `Condition` gives it up for a wait with `_release_save` and `_acquire_restore`.

use std::cell::Cell;

use super::deadline;

use crate::runtime::heap::traced;
use crate::runtime::opaque::{Obstacle, Payload};
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::sched::block::{self, BlockingWait};
use crate::sched::thread_queue::ThreadQueue;
use crate::sched::{green, scheduler};
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::{Local, Locals, Native, Vm};

/// `_thread.RLock`.
pub const RLOCK: ModuleType = ModuleType {
    name: "_thread.RLock",
    module: "_thread",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &ACQUIRE,
            &RELEASE,
            &ENTER,
            &EXIT,
            &REPR,
            &IS_OWNED,
            &RECURSION_COUNT,
            &RELEASE_SAVE,
            &ACQUIRE_RESTORE,
        ],
        ..NativeType::of(
            Builtin::Opaque,
            "A lock that its thread may take several times.",
        )
    },
};

#[derive(Default)]
struct RLock {
    /// The thread that has it; 0: none.
    owner: Cell<u64>,
    /// How often that took it.
    count: Cell<u64>,
    waiters: ThreadQueue,
}

traced!(RLock { waiters } plain { owner, count });

impl Payload for RLock {
    fn obstacle<'h>(&self, _: &'h Heap) -> Option<Obstacle<'h>> {
        let obstacle = Obstacle::new("held by", []);
        (self.count.get() > 0).then(|| obstacle.with_thread(self.owner.get()))
    }
}

fn rlock(vm: &Vm, this: Local) -> &RLock {
    vm.payload(this)
}

const NEW: Native = Native::vm("RLock(cls, /)", "An open lock.", |vm, args| {
    Ok(vm.new_opaque(args.at(0), RLock::default()))
});
const ACQUIRE: Native = Native::vm(
    "acquire(self, blocking=True, timeout=-1) -> bool",
    "Take the lock, once more if this thread has it; else wait until it is free, but no longer than timeout seconds; whether it was taken.",
    |vm, args| match deadline(vm, args.at(1), args.at(2))? {
        Some(until) => take(vm, args.at(0), until),
        None => {
            let taken = enter(vm, args.at(0));
            Ok(vm.local(Value::bool(taken)))
        }
    },
);
const RELEASE: Native = Native::vm(
    "release(self, /)",
    "Give the lock back, once. Raises RuntimeError if this thread does not have it.",
    release,
);
const ENTER: Native = Native::vm(
    "__enter__(self, /) -> bool",
    "Take the lock.",
    |vm, args| take(vm, args.at(0), None),
);
const EXIT: Native = Native::vm("__exit__(self, /, *exc)", "Give the lock back.", release);
const IS_OWNED: Native = Native::vm(
    "_is_owned(self, /) -> bool",
    "Whether this thread has the lock.",
    |vm, args| {
        let owned = is_owned(vm, args.at(0));
        Ok(vm.local(Value::bool(owned)))
    },
);
const RECURSION_COUNT: Native = Native::vm(
    "_recursion_count(self, /) -> int",
    "How often this thread has the lock.",
    |vm, args| {
        let count = match is_owned(vm, args.at(0)) {
            true => rlock(vm, args.at(0)).count.get(),
            false => 0,
        };
        Ok(vm.local(Value::small_int(count as i64)))
    },
);
const RELEASE_SAVE: Native = Native::vm(
    "_release_save(self, /)",
    "Give the lock back altogether; what _acquire_restore needs to take it as often again.",
    |vm, args| {
        let lock = rlock(vm, args.at(0));
        if lock.count.get() == 0 {
            return Err(not_owned(vm));
        }
        let saved = [lock.count.take(), lock.owner.take()];
        let saved = saved.map(|n| Value::small_int(n as i64));
        lock.waiters.wake_next(scheduler(vm));
        Ok(vm.local(vm.heap.tuple(&saved).value()))
    },
);
const ACQUIRE_RESTORE: Native = Native::vm(
    "_acquire_restore(self, state, /)",
    "Take the lock as often as _release_save gave it back.",
    |vm, args| {
        let saved = vm.get_gc::<Tuple>(args.at(1));
        let count = saved.and_then(|t| t.at(&vm.heap, 0)?.as_int());
        take(vm, args.at(0), None)?;
        let count = count.unwrap_or(1).max(1) as u64;
        rlock(vm, args.at(0)).count.set(count);
        Ok(vm.none())
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let lock = rlock(vm, args.at(0));
    let (count, owner) = (lock.count.get(), lock.owner.get());
    let state = if count > 0 { "locked" } else { "unlocked" };
    let text = vm.object_repr(args.at(0))?;
    let text = vm.text_of(text)?;
    let (class, address) = text
        .trim_start_matches('<')
        .split_once(" object at ")
        .unwrap_or((&text, ">"));
    let text = format!("<{state} {class} object owner={owner} count={count} at {address}");
    Ok(vm.local(vm.heap.str_value(&text)))
});

fn is_owned(vm: &Vm, this: Local) -> bool {
    let lock = rlock(vm, this);
    lock.count.get() > 0 && lock.owner.get() == green::current(vm).id.0
}

fn take(vm: &mut Vm, this: Local, until: Option<f64>) -> Result<Local, Raised> {
    if enter(vm, this) {
        return Ok(vm.local(Value::TRUE));
    }
    let wait = BlockingWait {
        what: "RLock.acquire",
        object: this,
        until,
    };
    let taken = block::wait(vm, &wait, |vm, this| &rlock(vm, this).waiters, enter)?;
    Ok(vm.local(Value::bool(taken)))
}

fn enter(vm: &Vm, this: Local) -> bool {
    let lock = rlock(vm, this);
    let me = green::current(vm).id.0;
    if lock.count.get() > 0 && lock.owner.get() != me {
        return false;
    }
    lock.owner.set(me);
    lock.count.set(lock.count.get() + 1);
    true
}

fn not_owned(vm: &Vm) -> Raised {
    let message = "cannot release un-acquired lock";
    vm.heap.raise(Builtin::RuntimeError, message)
}

fn release(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if !is_owned(vm, args.at(0)) {
        return Err(not_owned(vm));
    }
    let lock = rlock(vm, args.at(0));
    lock.count.set(lock.count.get() - 1);
    if lock.count.get() == 0 {
        lock.owner.set(0);
        lock.waiters.wake_next(scheduler(vm));
    }
    Ok(vm.none())
}
