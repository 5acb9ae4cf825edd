//! `_signal`: what the module `signal` is made of.
//!
//! Numbers are plain ints here; `src/library/signal.apy` makes enums of them. Handlers are kept by the scheduler (`sched/signals.rs`),
//! the system's side is the host's. To add a function: a `Native` here and its wrapper there.

use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::rc::Rc;

use super::path::system_error;
use super::posix::descriptor_of;
use super::registry::{ModuleType, NativeModule, NativeType, class_of};
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::native::NativeFunction;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::reactor::poller::{Poller, Sides};
use crate::sched::scheduler;
use crate::sched::thread_wait;
use crate::vm::signals::{Disposition, INTERRUPT, MaskChange, SignalPipe, Signals};
use crate::vm::{Local, Locals, Native, Vm};

/// The module.
pub const SIGNAL: NativeModule = NativeModule {
    functions: &[
        &SET,
        &GET,
        &RAISE,
        &DEFAULT_INT_HANDLER,
        &SET_WAKEUP_FD,
        &PTHREAD_SIGMASK,
        &SIGWAIT,
        &PAUSE,
        &SETITIMER,
        &GETITIMER,
        &COUNT,
        &LISTEN,
    ],
    types: &[&LISTENER],
    ..NativeModule::of("_signal", "Signals of the system; signal has them all.")
};

/// SIG_DFL and SIG_IGN.
const DEFAULT: i64 = 0;
const IGNORE: i64 = 1;
/// Signals that are ignored from the start: a failed write says that nobody reads.
const PIPE: i32 = 13;
const FILE_SIZE: i32 = 25;
/// The highest number of a signal.
const LAST: i64 = 64;

const SET: Native = Native::vm(
    "signal(signalnum, handler, /)",
    "Set what happens when a signal arrives: SIG_DFL, SIG_IGN, or a function of its number and the frame. What was set before.",
    set,
);
const GET: Native = Native::vm(
    "getsignal(signalnum, /)",
    "What happens when a signal arrives.",
    |vm, args| {
        let number = number(vm, args.at(0))?;
        handler(vm, number)
    },
);
const RAISE: Native = Native::vm(
    "raise_signal(signalnum, /)",
    "Send a signal to this process.",
    |vm, args| {
        let number = vm.index(args.at(0))? as i32;
        // What was printed before comes before the end, if that is what the signal does.
        let _ = vm.host.flush();
        let allowed = vm.host.check_signal();
        allowed.map_err(|error| system_error(vm, &error))?;
        let raised = signals(vm)?.raise(number);
        raised.map_err(|error| system_error(vm, &error))?;
        vm.check_interrupt()?;
        Ok(vm.none())
    },
);
const DEFAULT_INT_HANDLER: Native = Native::vm(
    "default_int_handler(signalnum, frame, /)",
    "The handler of SIGINT: raises KeyboardInterrupt.",
    |vm, _| Err(vm.heap.raise_with(Builtin::KeyboardInterrupt, &[])),
);
const SET_WAKEUP_FD: Native = Native::vm(
    "set_wakeup_fd(fd, /, *, warn_on_full_buffer=True)",
    "Have the number of each signal that arrives written to a descriptor; -1 for none. The descriptor before.",
    |vm, args| {
        main_thread_only(
            vm,
            "set_wakeup_fd only works in main thread of the main interpreter",
        )?;
        let fd = vm.index(args.at(0))?;
        let wakeup = match fd {
            -1 => None,
            fd => {
                let descriptor = descriptor_of(vm, fd);
                let descriptor = descriptor.map_err(|error| system_error(vm, &error))?;
                Some((fd, File::from(descriptor)))
            }
        };
        let before = scheduler(vm).signals.set_wakeup(wakeup);
        Ok(vm.local(vm.heap.int(before.unwrap_or(-1))))
    },
);
const PTHREAD_SIGMASK: Native = Native::vm(
    "pthread_sigmask(how, mask, /)",
    "Block signals (how is 0), unblock them (1), or block exactly these (2). A list of those that were blocked before.",
    |vm, args| {
        let how = vm.index(args.at(0))?;
        let numbers = numbers(vm, args.at(1))?;
        let change = match how {
            0 => MaskChange::Block(&numbers),
            1 => MaskChange::Unblock(&numbers),
            2 => MaskChange::Set(&numbers),
            _ => return Err(invalid(vm)),
        };
        let before = signals(vm)?.mask(Some(change));
        let before = before.map_err(|error| system_error(vm, &error))?;
        vm.check_interrupt()?;
        let items = before.into_iter().map(|n| Value::small_int(n.into()));
        Ok(vm.local(vm.heap.list(items).value()))
    },
);
const SIGWAIT: Native = Native::vm(
    "sigwait(sigset, /)",
    "Wait until one of some signals, which have to be blocked, is pending; its number.",
    |vm, args| {
        let numbers = numbers(vm, args.at(0))?;
        let _ = vm.host.flush();
        let number = signals(vm)?.wait(&numbers);
        let number = number.map_err(|error| system_error(vm, &error))?;
        Ok(vm.local(Value::small_int(number.into())))
    },
);
const PAUSE: Native = Native::vm(
    "pause()",
    "Wait until a signal arrives and was handled.",
    |vm, _| {
        let _ = vm.host.flush();
        let before = scheduler(vm).signals.count();
        while scheduler(vm).signals.count() == before {
            crate::sched::reactor::pause(vm, PATIENCE)?;
            vm.check_interrupt()?;
        }
        Ok(vm.none())
    },
);
const SETITIMER: Native = Native::vm(
    "setitimer(which, seconds, interval=0.0, /)",
    "Send SIGALRM after so many seconds, then each interval; 0 stops it. What was left before, and the interval.",
    |vm, args| {
        let which = vm.index(args.at(0))?;
        let seconds = vm.to_float(args.at(1))?;
        let interval = match vm.get(args.at(2)).is_undef() {
            true => 0.0,
            false => vm.to_float(args.at(2))?,
        };
        if which != 0 || !(seconds >= 0.0 && interval >= 0.0) {
            return Err(invalid(vm));
        }
        let allowed = vm.host.check_signal();
        allowed.map_err(|error| system_error(vm, &error))?;
        let (left, interval) = signals(vm)?.set_timer(seconds, interval);
        Ok(pair(vm, left, interval))
    },
);
const GETITIMER: Native = Native::vm(
    "getitimer(which, /)",
    "What is left of the timer, and its interval.",
    |vm, args| {
        if vm.index(args.at(0))? != 0 {
            return Err(invalid(vm));
        }
        let (left, interval) = signals(vm)?.timer();
        Ok(pair(vm, left, interval))
    },
);
const COUNT: Native = Native::vm(
    "count()",
    "How many signals were delivered to the program so far.",
    |vm, _| Ok(vm.local(vm.heap.int(scheduler(vm).signals.count() as i64))),
);
const LISTEN: Native = Native::vm(
    "listen(signalnum, /)",
    "A descriptor that can be read whenever a signal has arrived, whatever its handler.",
    |vm, args| {
        let number = number(vm, args.at(0))?;
        let pipe = signals(vm)?.pipe(number);
        let pipe = pipe.map_err(|error| system_error(vm, &error))?;
        let class = class_of(vm, &LISTENER);
        let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
        let payload = Listener(RefCell::new(Some(pipe)));
        Ok(vm.local(vm.heap.opaque(class, payload).value()))
    },
);

/// How long one wait of `pause` takes at most.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(100);

/// What `listen` returns.
const LISTENER: ModuleType = ModuleType {
    name: "_signal.Listener",
    module: "_signal",
    body: NativeType {
        methods: &[&FILENO, &DRAIN, &WAIT, &CLOSE],
        ..NativeType::of(Builtin::Opaque, "Tells of a signal by its descriptor.")
    },
};

struct Listener(RefCell<Option<SignalPipe>>);

traced!(plain Listener);

impl Payload for Listener {}

const FILENO: Native = Native::vm("fileno(self, /) -> int", "The descriptor.", |vm, args| {
    let pipe = listener(vm, args.at(0)).0.borrow();
    let number = pipe.as_ref().map_or(-1, |pipe| pipe.reader.as_raw_fd());
    Ok(vm.local(Value::small_int(number.into())))
});
const DRAIN: Native = Native::vm(
    "drain(self, /)",
    "Forget what has arrived until now.",
    |vm, args| {
        drain(vm, args.at(0));
        Ok(vm.none())
    },
);
const WAIT: Native = Native::vm(
    "wait(self, seconds, /) -> bool",
    "Block the thread until the signal arrives, no longer than so many seconds (None: for ever); whether it has.",
    |vm, args| {
        let seconds = match vm.get(args.at(1)).is_none() {
            true => None,
            false => Some(vm.to_float(args.at(1))?),
        };
        let fd = listener(vm, args.at(0))
            .0
            .borrow()
            .as_ref()
            .map(|pipe| pipe.reader.as_raw_fd());
        let Some(fd) = fd else {
            return Ok(vm.local(Value::TRUE));
        };
        let wanted = Sides {
            read: true,
            ..Sides::default()
        };
        let poller =
            Poller::new().and_then(|poller| poller.set(fd, wanted).map(|()| Rc::new(poller)));
        let poller = poller.map_err(|error| system_error(vm, &error))?;
        let until = seconds.map(|seconds| scheduler(vm).in_future(seconds));
        let found = thread_wait::wait(vm, &poller, "a child process", until)?;
        drain(vm, args.at(0));
        Ok(vm.local(Value::bool(!found.is_empty())))
    },
);
const CLOSE: Native = Native::vm("close(self, /)", "Listen no longer.", |vm, args| {
    let pipe = listener(vm, args.at(0)).0.take();
    drop(pipe);
    Ok(vm.none())
});

fn listener(vm: &Vm, this: Local) -> &Listener {
    vm.get_gc::<Opaque>(this)
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}

fn drain(vm: &Vm, this: Local) {
    let mut pipe = listener(vm, this).0.borrow_mut();
    let mut bytes = [0; 256];
    if let Some(pipe) = &mut *pipe {
        while pipe
            .reader
            .read(&mut bytes)
            .is_ok_and(|count| count == bytes.len())
        {}
    }
}

fn signals(vm: &Vm) -> Result<Rc<dyn Signals>, Raised> {
    vm.host.signals().ok_or_else(|| {
        vm.heap
            .raise(Builtin::OSError, "this program has no signals of its own")
    })
}

fn number(vm: &mut Vm, local: Local) -> Result<i32, Raised> {
    let number = vm.index(local)?;
    match (1..=LAST).contains(&number) {
        true => Ok(number as i32),
        false => Err(vm.heap.value_error("signal number out of range")),
    }
}

fn numbers(vm: &mut Vm, iterable: Local) -> Result<Vec<i32>, Raised> {
    let list = vm.to_list(iterable)?;
    let items: Gc<'_, crate::runtime::list::List> = vm.get_gc(list).expect("to_list makes a list");
    let items: Vec<Local> = items
        .to_vec(&vm.heap)
        .into_iter()
        .map(|v| vm.local(v))
        .collect();
    let mut numbers = Vec::with_capacity(items.len());
    for item in items {
        let number = vm.index(item)?;
        if !(1..=LAST).contains(&number) {
            let message = format!("signal number {number} out of range [1; {LAST}]");
            return Err(vm.heap.value_error(message));
        }
        numbers.push(number as i32);
    }
    Ok(numbers)
}

fn invalid(vm: &Vm) -> Raised {
    system_error(vm, &std::io::Error::from_raw_os_error(22))
}

fn pair(vm: &Vm, left: f64, interval: f64) -> Local {
    vm.tuple_of(&[
        vm.local(Value::float(left)),
        vm.local(Value::float(interval)),
    ])
}

fn main_thread_only(vm: &Vm, message: &str) -> Result<(), Raised> {
    match vm.is_green() {
        true => Err(vm.heap.value_error(message)),
        false => Ok(()),
    }
}

/// What a program sees as the handler of a signal.
fn handler(vm: &mut Vm, number: i32) -> Result<Local, Raised> {
    if let Some(handler) = scheduler(vm).signals.get(vm, number) {
        return Ok(handler);
    }
    let disposition = vm.host.signals().map(|signals| signals.disposition(number));
    Ok(match (disposition, number) {
        (Some(Disposition::Ignore), _) => vm.local(Value::small_int(IGNORE)),
        (Some(Disposition::Catch), INTERRUPT) | (None, INTERRUPT) => {
            let module = vm.import_module("_signal")?;
            vm.get_attr_named(module, "default_int_handler")?
        }
        (Some(Disposition::Default), PIPE | FILE_SIZE) => vm.local(Value::small_int(IGNORE)),
        _ => vm.local(Value::small_int(DEFAULT)),
    })
}

fn set(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    main_thread_only(
        vm,
        "signal only works in main thread of the main interpreter",
    )?;
    let number = number(vm, args.at(0))?;
    let given = vm.get(args.at(1));
    let native = given.as_gc::<NativeFunction>();
    let is_own = native.is_some_and(|function| {
        number == INTERRUPT && vm.native(function.id).name() == DEFAULT_INT_HANDLER.name()
    });
    let (disposition, keep) = match given.as_int() {
        Some(DEFAULT) => (Disposition::Default, false),
        Some(IGNORE) => (Disposition::Ignore, false),
        _ if vm.is_callable(args.at(1)) => (Disposition::Catch, !is_own),
        _ => {
            return Err(vm.heap.type_error(
                "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object",
            ));
        }
    };
    vm.check_interrupt()?;
    let before = handler(vm, number)?;
    let outcome = signals(vm)?.set(number, disposition);
    outcome.map_err(|error| system_error(vm, &error))?;
    let kept = if keep {
        vm.get(args.at(1))
    } else {
        Value::UNDEF
    };
    if number == INTERRUPT {
        vm.heap.guard.interrupts.set(kept.is_undef());
    }
    scheduler(vm).signals.set(number, kept);
    Ok(before)
}
