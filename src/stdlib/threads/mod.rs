//! The `_thread` module: what `threading`, `queue` and `concurrent.futures` are built on (`src/library`).
//!
//! Threads are green (`sched/green.rs`): they take turns, the same in each run, and blocking calls block their thread only
//! (`sched/block.rs`). To add a primitive: its file with a `ModuleType`, one `mod` line and a word in `THREAD`.

mod handle;
mod lock;
mod rlock;

use super::arg;
use super::registry::{NativeModule, bind, class_of};
use crate::runtime::dict::Dict;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::green::{self, Start};
use crate::sched::thread_queue::ThreadId;
use crate::sched::{report, scheduler};
use crate::stdlib::io::standard;
use crate::vm::{Local, Locals, Native, Problem, Vm};

/// The module.
pub const THREAD: NativeModule = NativeModule {
    functions: &[
        &ALLOCATE_LOCK,
        &START_NEW_THREAD,
        &START,
        &GET_IDENT,
        &GET_NATIVE_ID,
        &COUNT,
        &EXIT,
        &STACK_SIZE,
        &DESCRIBE,
        &SET_NAME,
        &STORAGE,
        &AT_EXIT,
        &REPORT,
        &INTERRUPT_MAIN,
        &DAEMONS,
    ],
    types: &[&lock::LOCK, &rlock::RLOCK, &handle::HANDLE],
    constants: &[
        ("LockType", "The class of locks."),
        ("TIMEOUT_MAX", "The longest timeout, in seconds."),
        ("error", "RuntimeError."),
        ("allocate", "The same as `allocate_lock`."),
        ("start_new", "The same as `start_new_thread`."),
        ("exit_thread", "The same as `exit`."),
    ],
    init,
    ..NativeModule::of("_thread", "Threads and locks, as `threading` needs them.")
};

/// As in CPython: nanoseconds in 64 bits.
const TIMEOUT_MAX: f64 = 9_223_372_036.0;

fn init(vm: &mut Vm, module: Local) -> Result<(), Raised> {
    let lock = class_of(vm, &lock::LOCK);
    bind(vm, module, "LockType", vm.get(lock));
    bind(vm, module, "TIMEOUT_MAX", Value::float(TIMEOUT_MAX));
    let error = vm.heap.types.class(&vm.heap, Builtin::RuntimeError).value();
    bind(vm, module, "error", error);
    for (alias, name) in [
        ("allocate", "allocate_lock"),
        ("start_new", "start_new_thread"),
        ("exit_thread", "exit"),
    ] {
        let function = vm.get_attr_named(module, name)?;
        bind(vm, module, alias, vm.get(function));
    }
    Ok(())
}

const ALLOCATE_LOCK: Native = Native::vm("allocate_lock()", "A new lock.", |vm, _| {
    let class = class_of(vm, &lock::LOCK);
    Ok(lock::new_lock(vm, class))
});
const DAEMONS: Native = Native::vm(
    "daemon_threads_allowed() -> bool",
    "Return True: threads may be daemons.",
    |vm, _| Ok(vm.bool_local(true)),
);
const START_NEW_THREAD: Native = Native::vm(
    "start_new_thread(function, args, kwargs={}, /) -> int",
    "Start a thread that calls a function; its number.",
    |vm, args| {
        if !vm.is_callable(args.at(0)) {
            return Err(vm.heap.type_error("first arg must be callable"));
        }
        if !vm.get(args.at(1)).is_gc::<Tuple>() {
            return Err(vm.heap.type_error("2nd arg must be a tuple"));
        }
        if vm.get(args.at(2)).is_undef() {
            vm.set(args.at(2), vm.heap.dict().value());
        } else if !vm.get(args.at(2)).is_gc::<Dict>() {
            return Err(vm.heap.type_error("optional 3rd arg must be a dictionary"));
        }
        let start = Start {
            call: [args.at(0), args.at(1), args.at(2)],
            context: vm.local(Value::UNDEF),
            name: "a thread".to_owned(),
            daemon: true,
        };
        let thread = green::start(vm, start)?;
        Ok(vm.local(Value::small_int(thread.id.0 as i64)))
    },
);
const START: Native = Native::vm(
    "_start(function, name, daemon, /)",
    "Start a thread that calls a function without arguments; its handle.",
    |vm, args| {
        let no_args = vm.local(vm.heap.tuple(&[]).value());
        let no_keywords = vm.none();
        let start = Start {
            call: [args.at(0), no_args, no_keywords],
            context: vm.local(Value::UNDEF),
            name: name(vm, args.at(1)),
            daemon: vm.truth(args.at(2))?,
        };
        let thread = green::start(vm, start)?;
        Ok(handle::new_handle(vm, thread))
    },
);
const GET_IDENT: Native = Native::vm(
    "get_ident() -> int",
    "The number of this thread.",
    get_ident,
);
const GET_NATIVE_ID: Native = Native::vm(
    "get_native_id() -> int",
    "The number of this thread.",
    get_ident,
);
const COUNT: Native = Native::vm(
    "_count() -> int",
    "How many threads there are beside the main thread.",
    |vm, _| Ok(vm.local(Value::small_int(scheduler(vm).other_threads() as i64))),
);
const EXIT: Native = Native::vm("exit()", "End this thread: raise SystemExit.", |vm, _| {
    Err(vm.heap.raise_with(Builtin::SystemExit, &[]))
});
const STACK_SIZE: Native = Native::vm(
    "stack_size(size=0, /) -> int",
    "Return 0: the system's default. The size is not used. Raises ValueError if it is negative or too small.",
    |vm, args| {
        let size = arg::vm_index_or(vm, args.at(0), 0)?;
        if size < 0 {
            return Err(vm.heap.value_error("size must be 0 or a positive value"));
        }
        if (1..32_768).contains(&size) {
            let message = format!("size not valid: {size} bytes");
            return Err(vm.heap.value_error(message));
        }
        Ok(vm.local(Value::small_int(0)))
    },
);
const DESCRIBE: Native = Native::vm(
    "_describe() -> tuple",
    "The name of this thread, and whether it is a daemon.",
    |vm, _| {
        let thread = green::current(vm);
        let name = vm.heap.str_value(&thread.name.borrow());
        let daemon = Value::bool(thread.daemon.get());
        Ok(vm.local(vm.heap.tuple(&[name, daemon]).value()))
    },
);
const SET_NAME: Native = Native::vm(
    "_set_name(ident, name, /)",
    "Change what reports call a thread.",
    |vm, args| {
        let id = arg::vm_index_or(vm, args.at(0), 0)?;
        let name = name(vm, args.at(1));
        if let Some(thread) = green::find(vm, ThreadId(id as u64)) {
            *thread.name.borrow_mut() = name;
        }
        Ok(vm.none())
    },
);
const STORAGE: Native = Native::vm(
    "_storage() -> dict",
    "The dict of this thread's own data.",
    |vm, _| {
        let thread = green::current(vm);
        if thread.storage.is_undef() {
            thread.storage.set(vm.heap.dict().value());
        }
        Ok(vm.local(thread.storage.get(&vm.heap)))
    },
);
const AT_EXIT: Native = Native::vm(
    "_at_exit(function, /)",
    "Have a function called when the main program is over, before its threads are waited for.",
    |vm, args| {
        scheduler(vm).call_at_exit(vm.get(args.at(0)));
        Ok(vm.none())
    },
);
const REPORT: Native = Native::vm(
    "_report(exception, name, /)",
    "Report an exception that ends a thread of this name. False: sys.stderr is the program's own, which should have it.",
    |vm, args| {
        if standard::redirects_errors(vm) {
            return Ok(vm.local(Value::FALSE));
        }
        let name = name(vm, args.at(1));
        report::report(vm, Problem::Thread(name), args.at(0));
        Ok(vm.local(Value::TRUE))
    },
);

fn get_ident(vm: &mut Vm, _: Locals) -> Result<Local, Raised> {
    Ok(vm.local(Value::small_int(green::current(vm).id.0 as i64)))
}

fn name(vm: &Vm, text: Local) -> String {
    vm.get_gc::<Str>(text)
        .map_or_else(|| "a thread".to_owned(), |s| s.as_str().to_owned())
}

/// Until when a call with `blocking` and `timeout` waits: the outer None says "not at all", the inner one "for ever".
fn deadline(vm: &mut Vm, blocking: Local, timeout: Local) -> Result<Option<Option<f64>>, Raised> {
    let blocking = arg::truth_or(vm, blocking, true)?;
    let given = vm.get(timeout);
    let seconds = if given.is_undef() {
        -1.0
    } else {
        vm.to_float(timeout)?
    };
    if !blocking && seconds != -1.0 {
        let message = "can't specify a timeout for a non-blocking call";
        return Err(vm.heap.value_error(message));
    }
    if seconds.is_nan() {
        return Err(vm.heap.value_error("Invalid value NaN (not a number)"));
    }
    if seconds < 0.0 && seconds != -1.0 {
        let message = "timeout value must be a non-negative number";
        return Err(vm.heap.value_error(message));
    }
    if seconds > i64::MAX as f64 / 1e9 {
        let message = "timestamp out of range for platform time_t";
        return Err(vm.heap.raise(Builtin::OverflowError, message));
    }
    if seconds > TIMEOUT_MAX {
        let message = "timeout value is too large";
        return Err(vm.heap.raise(Builtin::OverflowError, message));
    }
    if !blocking {
        return Ok(None);
    }
    Ok(Some(
        (seconds >= 0.0).then(|| scheduler(vm).in_future(seconds)),
    ))
}

const INTERRUPT_MAIN: Native = Native::vm(
    "interrupt_main(signum=2, /)",
    "Have the main thread handle a signal, as if it had arrived.",
    |vm, args| {
        let number = arg::vm_index_or(vm, args.at(0), 2)?;
        if !(1..=64).contains(&number) {
            return Err(vm.heap.value_error("signal number out of range"));
        }
        scheduler(vm).signals.pretend(number as i32);
        if let Some(signals) = vm.host.signals() {
            signals.recall();
        }
        // Called in the main thread the handler runs at once.
        if !vm.is_green() {
            vm.check_interrupt()?;
        }
        Ok(vm.none())
    },
);
