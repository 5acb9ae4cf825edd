//! What futures and tasks are to a program.
//!
//! The state lives in `runtime/future.rs`, its transitions in `sched`; here are the methods by name.
//! To add one: a `const`, and a word in the table of its class.

use super::super::contextvars;
use super::super::registry::{Getter, NativeType};
use super::{event_loop, general, told};
use crate::runtime::class::Class;
use crate::runtime::future::FutureState;
use crate::runtime::heap::flag;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::cancel;
use crate::sched::context;
use crate::sched::future::{self, future};
use crate::sched::handle::Action;
use crate::sched::task;
use crate::vm::{Input, Local, Locals, Mention, Native, NativeCoroutine, Step, Vm};

/// `asyncio.Future` and `asyncio.Task`.
pub const TYPES: &[NativeType] = &[FUTURE, TASK];

const FUTURE: NativeType = NativeType {
    new: Some(&NEW),
    methods: &[
        &RESULT,
        &EXCEPTION,
        &DONE,
        &CANCELLED,
        &CANCEL,
        &SET_RESULT,
        &SET_EXCEPTION,
        &ADD_DONE_CALLBACK,
        &REMOVE_DONE_CALLBACK,
        &AWAIT,
        &ITER,
        &GET_LOOP,
        &INIT,
        &told::FUTURE_REPR,
    ],
    getters: GETTERS,
    ..NativeType::of(Builtin::Future, "A result that is not there yet.")
};

const TASK: NativeType = NativeType {
    new: Some(&super::task::NEW_TASK),
    methods: &[
        &GET_NAME,
        &SET_NAME,
        &GET_CORO,
        &GET_CONTEXT,
        &CANCELLING,
        &UNCANCEL,
        &super::task::INIT_TASK,
        &told::TASK_REPR,
        &GET_STACK,
        &PRINT_STACK,
    ],
    getters: TASK_GETTERS,
    ..NativeType::of(Builtin::Task, "A coroutine that the event loop runs.")
};

/// Attributes that CPython's futures have, too: some programs look at them.
const GETTERS: &[Getter] = &[
    Getter::vm("_state", "PENDING, CANCELLED or FINISHED.", |vm, args| {
        let state = match future(vm, args.at(0)).state.get(&vm.heap) {
            FutureState::Pending => "PENDING",
            FutureState::Cancelled => "CANCELLED",
            FutureState::Done | FutureState::Failed => "FINISHED",
        };
        Ok(vm.local(vm.heap.str_value(state)))
    }),
    Getter::vm("_result", "The result, or None.", |vm, args| {
        let this = future(vm, args.at(0));
        Ok(vm.local(this.result(&vm.heap).unwrap_or(Value::NONE)))
    }),
    Getter::vm("_exception", "The exception, or None.", |vm, args| {
        let this = future(vm, args.at(0));
        let failed = this.state.get(&vm.heap) == FutureState::Failed;
        let exception = this.result.get(&vm.heap).defined().filter(|_| failed);
        Ok(vm.local(exception.unwrap_or(Value::NONE)))
    }),
    Getter::vm(
        "_callbacks",
        "The callbacks with their contexts, or None.",
        callbacks,
    ),
    Getter::vm("_loop", "The event loop.", get_loop),
    Getter::vm(
        "_log_traceback",
        "Whether an exception waits to be retrieved.",
        |vm, args| {
            let this = future(vm, args.at(0));
            let waits =
                this.state.get(&vm.heap) == FutureState::Failed && !this.retrieved.get(&vm.heap);
            Ok(vm.local(Value::bool(waits)))
        },
    )
    .with_vm_set(|vm, args| {
        if vm.truth(args.at(1))? {
            return Err(vm
                .heap
                .value_error("_log_traceback can only be set to False"));
        }
        future(vm, args.at(0)).retrieved.set(&vm.heap, true);
        Ok(vm.none())
    }),
    Getter::vm(
        "_source_traceback",
        "In debug mode where it was made, else None.",
        |vm, args| {
            let source = told::source(vm, args.at(0));
            Ok(source.unwrap_or_else(|| vm.none()))
        },
    ),
    Getter::vm(
        "_cancel_message",
        "The message of the cancellation, or None.",
        |vm, args| {
            let this = future(vm, args.at(0));
            let message = match (this.state.get(&vm.heap), this.get().find_extra()) {
                (FutureState::Cancelled, _) => this.result.get(&vm.heap),
                (_, Some(extra)) => extra.cancel_message.get(&vm.heap),
                (_, None) => Value::NONE,
            };
            Ok(vm.local(message.or(Value::NONE)))
        },
    )
    .with_vm_set(|vm, args| {
        let this = future(vm, args.at(0));
        match this.state.get(&vm.heap) {
            FutureState::Cancelled => this.result.set(&vm.heap, vm.get(args.at(1))),
            _ => this
                .get()
                .extra()
                .cancel_message
                .set(&vm.heap, vm.get(args.at(1))),
        }
        Ok(vm.none())
    }),
    Getter::vm("_asyncio_future_blocking", "Marks futures.", |vm, _| {
        Ok(vm.local(Value::FALSE))
    })
    .with_vm_set(|vm, _| Ok(vm.none())),
];

const TASK_GETTERS: &[Getter] = &[
    Getter::vm("_coro", "The coroutine, or None.", get_coro),
    Getter::vm(
        "_must_cancel",
        "Whether the next step raises CancelledError.",
        |vm, args| {
            let must = future::part(vm, args.at(0)).must_cancel.get(&vm.heap);
            Ok(vm.local(Value::bool(must)))
        },
    ),
    Getter::vm(
        "_fut_waiter",
        "The future that it waits for, or None.",
        |vm, args| {
            let awaited = future::part(vm, args.at(0)).waiting_for.get(&vm.heap);
            Ok(vm.local(awaited.or(Value::NONE)))
        },
    ),
];

const NEW: Native = Native::vm(
    "Future(cls, /, *args, **kwargs)",
    "A pending future that __init__() has to initialise.",
    |vm, args| {
        let class: Gc<'_, Class> = vm.get_gc(args.at(0)).expect("`__new__` gets the class");
        Ok(vm.local(vm.heap.future_of(class).value()))
    },
);
const INIT: Native = Native::vm(
    "__init__(self, *, loop=None)",
    "A pending future.",
    |vm, args| {
        let number = event_loop::enter_given(vm, args.at(1))?;
        future(vm, args.at(0)).loop_number.set(number);
        event_loop::within_number(vm, number, |vm| told::note_source(vm, args.at(0)))?;
        Ok(vm.none())
    },
);
const GET_STACK: Native = Native::vm(
    "get_stack(self, *, limit=None)",
    "The frames of the task's coroutine, the oldest first.",
    |vm, args| {
        let limit = general::or_none(vm, args.at(1));
        general::call(vm, general::FORMAT, "get_stack", &[args.at(0), limit])
    },
);
const PRINT_STACK: Native = Native::vm(
    "print_stack(self, *, limit=None, file=None)",
    "Print where the task is.",
    |vm, args| {
        let (limit, file) = (
            general::or_none(vm, args.at(1)),
            general::or_none(vm, args.at(2)),
        );
        general::call(
            vm,
            general::FORMAT,
            "print_stack",
            &[args.at(0), limit, file],
        )
    },
);
const RESULT: Native = Native::vm(
    "result(self, /)",
    "The result; raises the exception if there is one. Raises CancelledError if it was cancelled, InvalidStateError if it is not done.",
    |vm, args| {
        check_initialised_as(vm, args.at(0), Builtin::InvalidStateError)?;
        vm.future_result(args.at(0))
    },
);
const EXCEPTION: Native = Native::vm(
    "exception(self, /)",
    "The exception, or None. Raises CancelledError if it was cancelled, InvalidStateError if it is not done.",
    exception,
);
const DONE: Native = Native::vm(
    "done(self, /) -> bool",
    "Whether there is an outcome.",
    |vm, args| Ok(vm.local(Value::bool(future(vm, args.at(0)).is_done(&vm.heap)))),
);
const CANCELLED: Native = Native::vm(
    "cancelled(self, /) -> bool",
    "Whether it was cancelled.",
    |vm, args| {
        Ok(vm.local(Value::bool(
            future(vm, args.at(0)).state.get(&vm.heap) == FutureState::Cancelled,
        )))
    },
);
const CANCEL: Native = Native::vm(
    "cancel(self, msg=None) -> bool",
    "Ask it to be cancelled; False if it is done.",
    |vm, args| {
        check_initialised(vm, args.at(0))?;
        let cancelled = cancel::cancel_own(vm, args.at(0), args.at(1))?;
        Ok(vm.local(Value::bool(cancelled)))
    },
);
const SET_RESULT: Native = Native::vm(
    "set_result(self, result, /)",
    "Give it its result. Raises InvalidStateError if it is done already.",
    |vm, args| {
        refuse_task(vm, args.at(0), "set_result")?;
        future::set_result(vm, args.at(0), args.at(1))?;
        Ok(vm.none())
    },
);
const SET_EXCEPTION: Native = Native::vm(
    "set_exception(self, exception, /)",
    "Give it an exception instead of a result. Raises InvalidStateError if it is done already.",
    set_exception,
);
const ADD_DONE_CALLBACK: Native = Native::vm(
    "add_done_callback(self, fn, /, *, context=None)",
    "Have fn(future) called in the turn after the future is done.",
    add_done_callback,
);
const REMOVE_DONE_CALLBACK: Native = Native::vm(
    "remove_done_callback(self, fn, /) -> int",
    "Take a callback off again.",
    |vm, args| {
        let count = future::remove_equal_callbacks(vm, args.at(0), args.at(1))?;
        Ok(vm.local(vm.heap.usize(count)))
    },
);
const AWAIT: Native = Native::vm("__await__(self, /)", "What await iterates over.", wait);
const ITER: Native = Native::vm("__iter__(self, /)", "What yield from iterates over.", wait);
const GET_LOOP: Native = Native::vm("get_loop(self, /)", "The event loop.", get_loop);
const GET_NAME: Native = Native::vm(
    "get_name(self, /) -> str",
    "The task's name.",
    |vm, args| Ok(task::name(vm, args.at(0))),
);
const SET_NAME: Native = Native::vm(
    "set_name(self, value, /)",
    "Rename the task.",
    |vm, args| {
        let text = vm.str(args.at(1))?;
        future(vm, args.at(0)).extra().name.set(vm.get(text));
        Ok(vm.none())
    },
);
const GET_CORO: Native = Native::vm("get_coro(self, /)", "The coroutine that it runs.", get_coro);
const GET_CONTEXT: Native = Native::vm(
    "get_context(self, /)",
    "The context that it runs in.",
    |vm, args| contextvars::context_of(vm, args.at(0)),
);
const CANCELLING: Native = Native::vm(
    "cancelling(self, /) -> int",
    "How many cancellations were requested.",
    |vm, args| {
        Ok(vm.local(Value::small_int(i64::from(
            future::part(vm, args.at(0)).cancel_requests.get(&vm.heap),
        ))))
    },
);
const UNCANCEL: Native = Native::vm(
    "uncancel(self, /) -> int",
    "Take one request to cancel back.",
    |vm, args| {
        let left = cancel::uncancel(vm, args.at(0));
        Ok(vm.local(Value::small_int(i64::from(left))))
    },
);

/// RuntimeError for an instance whose class has its own `__init__`, which did not call the one of Future.
fn check_initialised(vm: &Vm, this: Local) -> Result<(), Raised> {
    check_initialised_as(vm, this, Builtin::RuntimeError)
}

fn check_initialised_as(vm: &Vm, this: Local, class: Builtin) -> Result<(), Raised> {
    if future(vm, this).loop_number.get() != 0 || future::is_exact(vm, this) {
        return Ok(());
    }
    let message = format!(
        "{} object is not initialized.",
        match future(vm, this).task() {
            Some(_) => "Task",
            None => "Future",
        }
    );
    Err(vm.heap.raise(class, message))
}

fn get_loop(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    check_initialised(vm, args.at(0))?;
    match future(vm, args.at(0)).loop_number.get() {
        0 => event_loop::the_loop(vm),
        number => Ok(event_loop::loop_of(vm, number)),
    }
}

fn get_coro(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    Ok(vm.local(future::part(vm, args.at(0)).coroutine.get(&vm.heap)))
}

/// A list of pairs; the scheduler's own callbacks are named.
fn callbacks(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let mut pairs = Vec::new();
    future(vm, args.at(0))
        .get()
        .each_callback(&vm.heap, |callback| {
            let target = match Action::from_number(callback.kind) {
                Action::Call => callback.target.get(heap),
                Action::Wake => heap.str_value("Task.task_wakeup()"),
                _ => heap.str_value("_done_callback()"),
            };
            let pair = [target, callback.context.get(heap).or(Value::NONE)];
            pairs.push(vm.local(heap.tuple(&pair).value()));
        });
    if pairs.is_empty() {
        return Ok(vm.none());
    }
    Ok(vm.local(heap.list(pairs.iter().map(|&pair| vm.get(pair))).value()))
}

fn exception(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    check_initialised_as(vm, args.at(0), Builtin::InvalidStateError)?;
    let this = future(vm, args.at(0));
    match this.state.get(&vm.heap) {
        FutureState::Pending => Err(vm
            .heap
            .raise(Builtin::InvalidStateError, "Exception is not set.")),
        FutureState::Cancelled => Err(vm.cancelled_error(this)),
        FutureState::Done => Ok(vm.none()),
        FutureState::Failed => {
            this.retrieved.set(&vm.heap, true);
            Ok(vm.local(this.result.get(&vm.heap)))
        }
    }
}

fn refuse_task(vm: &Vm, this: Local, method: &str) -> Result<(), Raised> {
    check_initialised(vm, this)?;
    if future(vm, this).task().is_none() {
        return Ok(());
    }
    Err(vm.heap.raise(
        Builtin::RuntimeError,
        format!("Task does not support {method} operation"),
    ))
}

fn set_exception(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    refuse_task(vm, args.at(0), "set_exception")?;
    if future(vm, args.at(0)).is_done(&vm.heap) {
        return Err(vm.heap.raise(Builtin::InvalidStateError, "invalid state"));
    }
    let exception = vm.make_exception(args.at(1), "invalid exception object")?;
    let exception = future::without_stop_iteration(vm, exception);
    future::set_exception(vm, args.at(0), exception)?;
    Ok(vm.none())
}

fn add_done_callback(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    check_initialised(vm, args.at(0))?;
    let context = vm.get(args.at(2));
    if context.is_undef() || context.is_none() {
        let context = context::fork(vm);
        future::add_callback_in(vm, args.at(0), Action::Call, args.at(1), context);
    } else {
        future::add_callback_in(vm, args.at(0), Action::Call, args.at(1), args.at(2));
    }
    Ok(vm.none())
}

static WAIT: NativeCoroutine = NativeCoroutine::new("Future.__await__", |vm, this, input| {
    match (vm.step_state(this), input) {
        (0, Input::Send(_)) => {
            vm.set_step_state(this, 1);
            Ok(Step::Await(vm.local(vm.step_slot(this, 0).get(&vm.heap))))
        }
        (_, Input::Send(value)) => Ok(Step::Return(value)),
        (_, Input::Throw(exception)) => Err(vm.raise_local(exception)),
    }
})
.mentioned(Mention::Never);

fn wait(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    debug_assert!(vm.special(vm.get(args.at(0)), Sym::Await).is_some());
    let made = vm.native_coroutine(&WAIT, &[args.at(0)]);
    if let Some(object) = vm.get(made).as_object() {
        object.set_flag(flag::BY_HAND, true);
    }
    Ok(vm.coroutine_wrapper(made))
}
