//! What futures and tasks are to a program.
//!
//! The state lives in `runtime/future.rs`, its transitions in `sched`; here are the methods by name.
//! To add one: a `const`, and a word in the table of its class.

use super::super::contextvars;
use super::super::registry::NativeType;
use crate::runtime::future::FutureState;
use crate::runtime::heap::flag;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Raised, Value};
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
    ],
    ..NativeType::of(Builtin::Future, "A result that is not there yet.")
};

const TASK: NativeType = NativeType {
    new: Some(&NEW_TASK),
    methods: &[
        &GET_NAME,
        &SET_NAME,
        &GET_CORO,
        &GET_CONTEXT,
        &CANCELLING,
        &UNCANCEL,
    ],
    ..NativeType::of(Builtin::Task, "A coroutine that the event loop runs.")
};

const NEW: Native = Native::vm("Future(cls, *, loop=None)", "A pending future.", |vm, _| {
    Ok(future::new_future(vm))
});
const NEW_TASK: Native = Native::vm(
    "Task(cls, coro, *, loop=None, name=None, context=None, eager_start=False)",
    "A task that runs a coroutine.",
    |vm, args| super::task::spawn(vm, args.at(1), args.at(3), args.at(4)),
);
const RESULT: Native = Native::vm(
    "result(self, /)",
    "The result; raises the exception if there is one. Raises CancelledError if it was cancelled, InvalidStateError if it is not done.",
    |vm, args| vm.future_result(args.at(0)),
);
const EXCEPTION: Native = Native::vm(
    "exception(self, /)",
    "The exception, or None. Raises CancelledError if it was cancelled, InvalidStateError if it is not done.",
    exception,
);
const DONE: Native = Native::vm(
    "done(self, /) -> bool",
    "Whether there is an outcome.",
    |vm, args| Ok(vm.local(Value::bool(future(vm, args.at(0)).is_done()))),
);
const CANCELLED: Native = Native::vm(
    "cancelled(self, /) -> bool",
    "Whether it was cancelled.",
    |vm, args| {
        Ok(vm.local(Value::bool(
            future(vm, args.at(0)).state.get() == FutureState::Cancelled,
        )))
    },
);
const CANCEL: Native = Native::vm(
    "cancel(self, msg=None) -> bool",
    "Ask it to be cancelled; False if it is done.",
    |vm, args| {
        if vm.get(args.at(1)).is_undef() {
            vm.set(args.at(1), Value::NONE);
        }
        let cancelled = future::cancel(vm, args.at(0), args.at(1));
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
        let count = future::remove_callback(vm, args.at(0), Action::Call, vm.get(args.at(1)));
        Ok(vm.local(vm.heap.usize(count)))
    },
);
const AWAIT: Native = Native::vm("__await__(self, /)", "What await iterates over.", wait);
const ITER: Native = Native::vm("__iter__(self, /)", "What yield from iterates over.", wait);
const GET_LOOP: Native = Native::vm("get_loop(self, /)", "The event loop.", |vm, _| {
    super::event_loop::the_loop(vm)
});
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
const GET_CORO: Native = Native::vm(
    "get_coro(self, /)",
    "The coroutine that it runs.",
    |vm, args| Ok(vm.local(task::part(vm, args.at(0)).coroutine.get(&vm.heap))),
);
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
            task::part(vm, args.at(0)).cancel_requests.get(),
        ))))
    },
);
const UNCANCEL: Native = Native::vm(
    "uncancel(self, /) -> int",
    "Take one request to cancel back.",
    |vm, args| {
        let left = task::uncancel(vm, args.at(0));
        Ok(vm.local(Value::small_int(i64::from(left))))
    },
);

fn exception(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = future(vm, args.at(0));
    match this.state.get() {
        FutureState::Pending => Err(vm
            .heap
            .raise(Builtin::InvalidStateError, "Exception is not set.")),
        FutureState::Cancelled => Err(vm.cancelled_error(this)),
        FutureState::Done => Ok(vm.none()),
        FutureState::Failed => {
            this.retrieved.set(true);
            Ok(vm.local(this.result.get(&vm.heap)))
        }
    }
}

fn refuse_task(vm: &Vm, this: Local, method: &str) -> Result<(), Raised> {
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
    let exception = vm.make_exception(args.at(1), "invalid exception object")?;
    let exception = future::without_stop_iteration(vm, exception);
    future::set_exception(vm, args.at(0), exception)?;
    Ok(vm.none())
}

fn add_done_callback(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
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
    Ok(made)
}
