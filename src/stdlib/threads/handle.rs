//! `_thread._ThreadHandle`: a started thread, to be waited for.
//!
//! It keeps what the scheduler knows of the thread, also when that is over.

use std::rc::Rc;

use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Gc, Value};
use crate::sched::green::{self, Thread};
use crate::sched::{block, scheduler};
use crate::stdlib::registry::{Getter, ModuleType, NativeType, class_of};
use crate::vm::{Local, Native, Vm};

/// `_thread._ThreadHandle`.
pub const HANDLE: ModuleType = ModuleType {
    name: "_thread._ThreadHandle",
    module: "_thread",
    body: NativeType {
        methods: &[&JOIN, &IS_DONE],
        getters: &[Getter::vm("ident", "The thread's number.", |vm, args| {
            let id = thread(vm, args.at(0)).id.0;
            Ok(vm.local(Value::small_int(id as i64)))
        })],
        ..NativeType::of(Builtin::Opaque, "A thread that was started.")
    },
};

struct ThreadHandle {
    thread: Rc<Thread>,
}

traced!(ThreadHandle { thread });

impl Payload for ThreadHandle {}

/// The handle of a thread.
pub fn new_handle(vm: &mut Vm, thread: Rc<Thread>) -> Local {
    let class = class_of(vm, &HANDLE);
    let class: Gc<'_, Class> = vm.get_gc(class).expect("`class_of` returns a class");
    vm.local(vm.heap.opaque(class, ThreadHandle { thread }).value())
}

fn thread(vm: &Vm, this: Local) -> Rc<Thread> {
    let handle: &ThreadHandle = vm.payload(this);
    Rc::clone(&handle.thread)
}

const JOIN: Native = Native::vm(
    "join(self, timeout=None, /)",
    "Wait until the thread is over, but no longer than timeout seconds. Raises RuntimeError if it is this thread.",
    |vm, args| {
        let thread = thread(vm, args.at(0));
        if thread.id == green::current(vm).id {
            let message = "Cannot join current thread";
            return Err(vm.heap.raise(Builtin::RuntimeError, message));
        }
        let timeout = vm.get(args.at(1));
        let until = if timeout.is_undef() || timeout.is_none() {
            None
        } else {
            let seconds = vm.to_float(args.at(1))?;
            (seconds >= 0.0).then(|| scheduler(vm).in_future(seconds))
        };
        block::join(vm, &thread, until)?;
        Ok(vm.none())
    },
);
const IS_DONE: Native = Native::vm(
    "is_done(self, /) -> bool",
    "Whether the thread is over.",
    |vm, args| {
        let done = thread(vm, args.at(0)).is_done();
        Ok(vm.local(Value::bool(done)))
    },
);
