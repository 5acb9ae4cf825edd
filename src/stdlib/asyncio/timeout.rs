//! `asyncio.timeout`, `timeout_at` and the `Timeout` that they return.
//!
//! When time is up the task is cancelled; on the way out of the block that cancellation becomes TimeoutError, unless somebody else
//! asked for one, too. `wait_for` is a timeout around an await.

use std::cell::Cell;

use super::super::registry::{ModuleType, NativeType, class_of};
use super::{check_running, register};
use crate::runtime::exception::Exception;
use crate::runtime::heap::{Field, traced};
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::sched::handle::Handle;
use crate::sched::handle::NativeCallback;
use crate::sched::handle::TimerId;
use crate::sched::{cancel, custom_loop, future, scheduler};
use crate::vm::protocol::arith::Operator;
use crate::vm::{Input, Local, Native, NativeCoroutine, Step, Vm};

/// `asyncio.Timeout`.
pub const TIMEOUT_CLASS: ModuleType = ModuleType {
    name: "Timeout",
    module: "asyncio.timeouts",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&INIT, &WHEN, &RESCHEDULE, &EXPIRED, &ENTER, &EXIT, &REPR],
        ..NativeType::of(
            Builtin::Opaque,
            "Cancels a block that takes too long. The block then raises TimeoutError.",
        )
    },
};
/// `timeout(delay)`.
pub const TIMEOUT: Native = Native::vm(
    "timeout(delay)",
    "A context that may take delay seconds; None for no limit.",
    |vm, args| {
        check_running(vm)?;
        after(vm, args.at(0))
    },
);
/// `timeout_at(when)`.
pub const TIMEOUT_AT: Native = Native::vm(
    "timeout_at(when)",
    "A context that may take until a moment of the loop's clock; None for no limit.",
    |vm, args| {
        let class = class_of(vm, &TIMEOUT_CLASS);
        Ok(new_timeout(vm, class, args.at(0)))
    },
);

#[derive(Clone, Copy, PartialEq)]
enum State {
    Created,
    Entered,
    Expiring,
    Expired,
    Exited,
}

struct Timeout {
    state: Field<State>,
    /// As it was given: a number or None.
    when: Slot,
    task: Slot,
    /// The task's requests to cancel at the start.
    cancelling: Field<u32>,
    timer: Cell<Option<TimerId>>,
    /// Which deadline is in force: a handle of an earlier one that is already on its way does nothing.
    deadline: Field<i64>,
}

traced!(Timeout { when, task } plain { state, cancelling, timer, deadline });

impl Payload for Timeout {}

/// A timeout after a delay: a number of seconds, or None.
pub fn after(vm: &mut Vm, delay: Local) -> Result<Local, Raised> {
    let mut when = delay;
    if !vm.get(delay).is_none() {
        let now = custom_loop::time(vm)?;
        let now = vm.local(Value::float(now));
        when = vm.binary(Operator::Add, now, delay)?;
    }
    let class = class_of(vm, &TIMEOUT_CLASS);
    Ok(new_timeout(vm, class, when))
}

/// Begins the block.
pub fn enter(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    if timeout(vm, this).state.get(&vm.heap) != State::Created {
        return Err(vm
            .heap
            .raise(Builtin::RuntimeError, "Timeout has already been entered"));
    }
    let Some(current) = scheduler(vm).current_task(&vm.heap).map(|t| vm.local(t)) else {
        return Err(vm.heap.raise(
            Builtin::RuntimeError,
            "Timeout should be used inside a task",
        ));
    };
    let state = timeout(vm, this);
    state.state.set(&vm.heap, State::Entered);
    state.task.set(vm.get(current));
    state.cancelling.set(
        &vm.heap,
        future::part(vm, current).cancel_requests.get(&vm.heap),
    );
    set_deadline(vm, this)
}

/// Ends the block, which `exception` leaves if there is one.
///
/// # Errors
/// TimeoutError instead of the timeout's own cancellation.
pub fn exit(vm: &mut Vm, this: Local, exception: Option<Local>) -> Result<(), Raised> {
    cancel_timer(vm, this);
    let state = timeout(vm, this);
    if state.state.get(&vm.heap) != State::Expiring {
        state.state.set(&vm.heap, State::Exited);
        return Ok(());
    }
    state.state.set(&vm.heap, State::Expired);
    let current = vm.local(state.task.get(&vm.heap));
    let others = cancel::uncancel(vm, current) > timeout(vm, this).cancelling.get(&vm.heap);
    let Some(exception) = exception.filter(|_| !others) else {
        return Ok(());
    };
    if vm
        .heap
        .is_instance(vm.get(exception), Builtin::CancelledError)
    {
        return Err(timeout_error(vm, exception));
    }
    insert_timeout_error(vm, exception);
    if vm
        .heap
        .is_instance(vm.get(exception), Builtin::ExceptionGroup)
    {
        for member in vm.members_of_group(exception) {
            insert_timeout_error(vm, member);
        }
    }
    Ok(())
}

/// TimeoutError from the CancelledError that it stands for.
pub fn timeout_error(vm: &Vm, cancelled: Local) -> Raised {
    let raised = vm.heap.raise_with(Builtin::TimeoutError, &[]);
    let error = vm.heap.peek_raised(&raised);
    error.cause.set(vm.get(cancelled));
    error.context.set(vm.get(cancelled));
    error.suppress_context.set(true);
    raised
}

const NEW: Native = Native::vm(
    "Timeout(cls, /, *args, **kwargs)",
    "A timeout without a deadline, which __init__() sets.",
    |vm, args| {
        let none = vm.none();
        Ok(new_timeout(vm, args.at(0), none))
    },
);
const INIT: Native = Native::vm(
    "__init__(self, when)",
    "A timeout at a moment; None for no limit.",
    |vm, args| {
        timeout(vm, args.at(0)).when.set(vm.get(args.at(1)));
        Ok(vm.none())
    },
);
const WHEN: Native = Native::vm("when(self, /)", "The deadline, or None.", |vm, args| {
    Ok(vm.local(timeout(vm, args.at(0)).when.get(&vm.heap)))
});
const RESCHEDULE: Native = Native::vm(
    "reschedule(self, when)",
    "Move the deadline. Raises RuntimeError outside of the block.",
    |vm, args| {
        match timeout(vm, args.at(0)).state.get(&vm.heap) {
            State::Entered => {}
            State::Created => {
                return Err(vm
                    .heap
                    .raise(Builtin::RuntimeError, "Timeout has not been entered"));
            }
            other => {
                let message = format!("Cannot change state of {} Timeout", name(other));
                return Err(vm.heap.raise(Builtin::RuntimeError, message));
            }
        }
        timeout(vm, args.at(0)).when.set(vm.get(args.at(1)));
        set_deadline(vm, args.at(0))?;
        Ok(vm.none())
    },
);
const EXPIRED: Native = Native::vm(
    "expired(self, /) -> bool",
    "Whether time was up before the block ended.",
    |vm, args| {
        let expired = matches!(
            timeout(vm, args.at(0)).state.get(&vm.heap),
            State::Expiring | State::Expired
        );
        Ok(vm.local(Value::bool(expired)))
    },
);
const ENTER: Native = Native::vm(
    "__aenter__(self, /) -> coroutine",
    "Begin the block.",
    |vm, args| Ok(vm.native_coroutine(&ENTERING, &[args.at(0)])),
);
const EXIT: Native = Native::vm(
    "__aexit__(self, exc_type, exc_val, exc_tb, /) -> coroutine",
    "End the block.",
    |vm, args| Ok(vm.native_coroutine(&EXITING, &[args.at(0), args.at(2)])),
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = timeout(vm, args.at(0));
    let state = this.state.get(&vm.heap);
    let when = vm.local(this.when.get(&vm.heap));
    let mut text = format!("<Timeout [{}]", name(state));
    if state == State::Entered {
        let rounded = if vm.get(when).is_none() {
            when
        } else {
            round(vm, when)?
        };
        text.push_str(&format!(" when={}", vm.repr_text(rounded)?));
    }
    Ok(vm.local(vm.heap.str_value(&(text + ">"))))
});

static ENTERING: NativeCoroutine = NativeCoroutine::new("Timeout.__aenter__", |vm, this, _| {
    let owner = register(vm, this, OWNER);
    enter(vm, owner)?;
    Ok(Step::Return(owner))
});
static EXITING: NativeCoroutine =
    NativeCoroutine::new("Timeout.__aexit__", |vm, this, _: Input| {
        let (owner, exception) = (register(vm, this, OWNER), register(vm, this, EXCEPTION));
        let exception = (!vm.get(exception).is_none()).then_some(exception);
        exit(vm, owner, exception)?;
        Ok(Step::Return(vm.none()))
    });

// Registers: the timeout; what leaves the block, or None.
const OWNER: usize = 0;
const EXCEPTION: usize = 1;

fn new_timeout(vm: &Vm, class: Local, when: Local) -> Local {
    let class = vm.get_gc(class).expect("a class");
    let timeout = Timeout {
        state: Field::new(State::Created),
        when: Slot::new(vm.get(when)),
        task: Slot::undef(),
        cancelling: Field::new(0),
        timer: Cell::new(None),
        deadline: Field::new(0),
    };
    vm.local(vm.heap.opaque(class, timeout).value())
}

fn timeout(vm: &Vm, this: Local) -> &Timeout {
    vm.payload(this)
}

fn name(state: State) -> &'static str {
    match state {
        State::Created => "created",
        State::Entered => "active",
        State::Expiring => "expiring",
        State::Expired => "expired",
        State::Exited => "finished",
    }
}

fn round(vm: &mut Vm, when: Local) -> Result<Local, Raised> {
    let digits = vm.local(Value::small_int(3));
    vm.call_method(when, "__round__", &[digits])
}

fn cancel_timer(vm: &Vm, this: Local) {
    let state = timeout(vm, this);
    state
        .deadline
        .set(&vm.heap, state.deadline.get(&vm.heap) + 1);
    if let Some(timer) = state.timer.take() {
        scheduler(vm).cancel_timer(&vm.heap, timer);
    }
}

/// Sets the timer for `when`; a moment that is past comes in the next turn.
fn set_deadline(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    cancel_timer(vm, this);
    let when = vm.local(timeout(vm, this).when.get(&vm.heap));
    if vm.get(when).is_none() {
        return Ok(());
    }
    let when = super::sleep::seconds(vm, when)?;
    let action = scheduler(vm).callback(const { &NativeCallback::new("timeout.expire", expire) });
    let deadline = vm.local(Value::small_int(timeout(vm, this).deadline.get(&vm.heap)));
    if when <= custom_loop::time(vm)? {
        let handle = Handle::new(action, vm.get(this), vm.get(deadline));
        scheduler(vm).call_soon(handle);
    } else {
        let timer = custom_loop::call_at(vm, when, (action, this, deadline))?;
        timeout(vm, this).timer.set(Some(timer));
    }
    Ok(())
}

/// Time is up, if the deadline with this number is still in force.
fn expire(vm: &mut Vm, this: Local, deadline: Local) -> Result<(), Raised> {
    let state = timeout(vm, this);
    if state.state.get(&vm.heap) != State::Entered
        || vm.get(deadline).as_int() != Some(state.deadline.get(&vm.heap))
    {
        return Ok(());
    }
    state.state.set(&vm.heap, State::Expiring);
    let current = vm.local(state.task.get(&vm.heap));
    let unsaid = vm.local(Value::UNDEF);
    cancel::cancel(vm, current, unsaid)?;
    Ok(())
}

/// Something else left the block, raised while the cancellation was handled: TimeoutError goes between the two.
fn insert_timeout_error(vm: &Vm, exception: Local) {
    let heap = &vm.heap;
    let mut link: Option<Gc<'_, Exception>> = vm.get_gc(exception);
    while let Some(this) = link {
        let Some(context) = this.context(heap) else {
            return;
        };
        if heap.is_instance(context.value(), Builtin::CancelledError) {
            let raised = timeout_error(vm, vm.local(context.value()));
            let error = heap.take_raised(raised);
            this.context.set(error.value());
            return;
        }
        link = Some(context);
    }
}
