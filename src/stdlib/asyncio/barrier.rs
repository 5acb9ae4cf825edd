//! `asyncio.Barrier`: tasks that wait for each other.
//!
//! Built on a condition. A round fills, drains when the last party has come, and fills again once all have left; `reset()` sends those
//! who wait away, `abort()` everybody.

use super::super::registry::{Getter, ModuleType, NativeType, class_of};
use super::condition::{self, CONDITION};
use super::register;

use crate::runtime::heap::{Field, traced};
use crate::runtime::opaque::{Obstacle, Payload};
use crate::runtime::{Builtin, Heap, Raised, Slot, Value};
use crate::stdlib::registry;
use crate::vm::{Args, Input, Local, Locals, Native, NativeCoroutine, Step, Vm, payload_of};

/// `asyncio.Barrier`.
pub const BARRIER: ModuleType = ModuleType {
    name: "Barrier",
    module: "asyncio.locks",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&INIT, &WAIT, &RESET, &ABORT, &ENTER, &EXIT, &REPR],
        getters: &[PARTIES, N_WAITING, BROKEN, COUNT],
        general: Some((super::general::LOCKS, "Barrier")),
        ..NativeType::of(
            Builtin::Opaque,
            "Lets tasks through once so many of them have come.",
        )
    },
};

#[derive(Clone, Copy, PartialEq)]
enum State {
    Filling,
    Draining,
    Resetting,
    Broken,
}

struct Barrier {
    condition: Slot,
    parties: Field<i64>,
    state: Field<State>,
    /// Tasks inside `wait`.
    count: Field<i64>,
}

traced!(Barrier { condition } plain { parties, state, count });

impl Payload for Barrier {
    fn obstacle<'h>(&self, heap: &'h Heap) -> Option<Obstacle<'h>> {
        let words = format!(
            "{} of {} parties have come",
            self.waiting(heap),
            self.parties.get(heap)
        );
        Some(Obstacle::new(&words, None))
    }
}

impl Barrier {
    fn waiting(&self, heap: &Heap) -> i64 {
        if self.state.get(heap) == State::Filling {
            self.count.get(heap)
        } else {
            0
        }
    }

    fn is_leaving(&self, heap: &Heap) -> bool {
        matches!(self.state.get(heap), State::Draining | State::Resetting)
    }
}

const NEW: Native = Native::vm(
    "Barrier(cls, /, *args, **kwargs)",
    "A barrier for one task.",
    new,
);
const INIT: Native = Native::vm(
    "__init__(self, parties)",
    "Let so many tasks through at a time. Raises ValueError if parties is below 1.",
    init,
);
const WAIT: Native = Native::vm(
    "wait(self, /) -> coroutine",
    "Wait until all parties have come; give one's number. Raises BrokenBarrierError if the barrier is or gets broken.",
    |vm, args| Ok(waiting(vm, args.at(0))),
);
const ENTER: Native = Native::vm(
    "__aenter__(self, /) -> coroutine",
    "Wait until all parties have come.",
    |vm, args| Ok(waiting(vm, args.at(0))),
);
const EXIT: Native = Native::vm(
    "__aexit__(self, /, *args) -> coroutine",
    "Nothing.",
    |vm, _| Ok(vm.native_coroutine(&EXITING, &[])),
);
const RESET: Native = Native::vm(
    "reset(self, /) -> coroutine",
    "Send those who wait away with BrokenBarrierError.",
    |vm, args| Ok(vm.native_coroutine(&RESETTING, &[args.at(0)])),
);
const ABORT: Native = Native::vm(
    "abort(self, /) -> coroutine",
    "Let nobody through any more.",
    |vm, args| Ok(vm.native_coroutine(&ABORTING, &[args.at(0)])),
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = barrier(vm, args.at(0));
    let waiters = format!(
        ", waiters:{}/{}",
        this.waiting(&vm.heap),
        this.parties.get(&vm.heap)
    );
    let text = match this.state.get(&vm.heap) {
        State::Filling => format!("filling{waiters}"),
        State::Draining => format!("draining{waiters}"),
        State::Resetting => format!("resetting{waiters}"),
        State::Broken => "broken".to_owned(),
    };
    super::described(vm, args.at(0), &text, 0)
});
const PARTIES: Getter = Getter::leaf("parties", "Tasks that it takes.", |heap, args| {
    Ok(Value::small_int(of(heap, args).parties.get(heap)))
});
const COUNT: Getter = Getter::leaf("_count", "Tasks inside wait().", |heap, args| {
    Ok(Value::small_int(of(heap, args).count.get(heap)))
});
const N_WAITING: Getter = Getter::leaf("n_waiting", "Tasks that wait now.", |heap, args| {
    Ok(Value::small_int(of(heap, args).waiting(heap)))
});
const BROKEN: Getter = Getter::leaf("broken", "Whether it was aborted.", |heap, args| {
    Ok(Value::bool(of(heap, args).state.get(heap) == State::Broken))
});

static WAITING: NativeCoroutine = NativeCoroutine::new("Barrier.wait", step);
static EXITING: NativeCoroutine =
    NativeCoroutine::new("Barrier.__aexit__", |vm, _, _| Ok(Step::Return(vm.none())));
static RESETTING: NativeCoroutine = NativeCoroutine::new("Barrier.reset", |vm, this, input| {
    change(vm, this, input, |vm, barrier| {
        let next = if barrier.count.get(&vm.heap) > 0 {
            State::Resetting
        } else {
            State::Filling
        };
        barrier.state.set(&vm.heap, next);
    })
});
static ABORTING: NativeCoroutine = NativeCoroutine::new("Barrier.abort", |vm, this, input| {
    change(vm, this, input, |vm, barrier| {
        barrier.state.set(&vm.heap, State::Broken)
    })
});

// Registers: the barrier; of wait: one's number.
const OWNER: usize = 0;
const INDEX: usize = 1;

// What a waiting coroutine awaits.
const START: u32 = 0;
/// The lock.
const ENTERS: u32 = 1;
/// The end of the round before.
const BLOCKED: u32 = 2;
/// The other parties.
const WAITS: u32 = 3;

fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let condition_class = class_of(vm, &CONDITION);
    let condition = condition::new_condition(vm, condition_class);
    let barrier = Barrier {
        condition: Slot::new(vm.get(condition)),
        parties: Field::new(1),
        state: Field::new(State::Filling),
        count: Field::new(0),
    };
    Ok(vm.new_opaque(args.at(0), barrier))
}

fn init(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let parties = vm.index(args.at(1))?;
    if parties < 1 {
        return Err(vm.heap.value_error("parties must be > 0"));
    }
    barrier(vm, args.at(0)).parties.set(&vm.heap, parties);
    Ok(vm.none())
}

fn of<'h>(_: &'h Heap, args: Args<'h>) -> &'h Barrier {
    payload_of(args.get(0))
}

fn barrier(vm: &Vm, this: Local) -> &Barrier {
    vm.payload(this)
}

fn waiting(vm: &mut Vm, this: Local) -> Local {
    let none = vm.none();
    vm.native_coroutine(&WAITING, &[this, none])
}

fn condition_of(vm: &Vm, owner: Local) -> Local {
    vm.local(barrier(vm, owner).condition.get(&vm.heap))
}

/// A party left, or the barrier was aborted or reset.
pub const BROKEN_BARRIER_ERROR: ModuleType = ModuleType::exception(
    "BrokenBarrierError",
    "asyncio.exceptions",
    Builtin::RuntimeError,
    "Barrier is broken by barrier.abort() call.",
);

fn broken(vm: &mut Vm, message: &str) -> Raised {
    registry::raise_text(vm, &BROKEN_BARRIER_ERROR, message)
}

fn step(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let owner = register(vm, this, OWNER);
    let condition = condition_of(vm, owner);
    let state = vm.step_state(this);
    if state == START {
        vm.set_step_state(this, ENTERS);
        return condition::acquire(vm, condition).map(Step::Await);
    }
    let outcome = match input {
        Input::Send(_) if state == WAITS => round(vm, this, owner),
        Input::Send(_) => enter(vm, this, owner),
        Input::Throw(exception) => Err(vm.raise_local(exception)),
    };
    if matches!(outcome, Ok(Step::Await(_))) || state == ENTERS && matches!(input, Input::Throw(_))
    {
        return outcome;
    }
    if vm.step_state(this) == WAITS {
        leave(vm, owner);
    }
    let outcome = outcome.map_err(|raised| vm.take_local(raised));
    condition::release(vm, condition)?;
    outcome.map_err(|exception| vm.raise_local(exception))
}

/// With the lock: takes part in the next round, as soon as the one before is over.
fn enter(vm: &mut Vm, this: Local, owner: Local) -> Result<Step, Raised> {
    if barrier(vm, owner).is_leaving(&vm.heap) {
        vm.set_step_state(this, BLOCKED);
        let condition = condition_of(vm, owner);
        return Ok(Step::Await(condition::wait(vm, condition)));
    }
    let barrier = barrier(vm, owner);
    if barrier.state.get(&vm.heap) == State::Broken {
        return Err(broken(vm, "Barrier aborted"));
    }
    let index = barrier.count.get(&vm.heap);
    barrier.count.set(&vm.heap, index + 1);
    vm.step_slot(this, INDEX).set(Value::small_int(index));
    vm.set_step_state(this, WAITS);
    if index + 1 == barrier.parties.get(&vm.heap) {
        barrier.state.set(&vm.heap, State::Draining);
        let condition = condition_of(vm, owner);
        condition::notify_all(vm, condition);
        return Ok(Step::Return(vm.local(Value::small_int(index))));
    }
    round(vm, this, owner)
}

/// Waits until the round is full; one's number.
fn round(vm: &mut Vm, this: Local, owner: Local) -> Result<Step, Raised> {
    match barrier(vm, owner).state.get(&vm.heap) {
        State::Filling => {
            let condition = condition_of(vm, owner);
            Ok(Step::Await(condition::wait(vm, condition)))
        }
        State::Broken | State::Resetting => Err(broken(vm, "Abort or reset of barrier")),
        State::Draining => Ok(Step::Return(register(vm, this, INDEX))),
    }
}

/// One task fewer; the last one out opens the barrier for the next round.
fn leave(vm: &Vm, owner: Local) {
    let barrier = barrier(vm, owner);
    barrier.count.set(&vm.heap, barrier.count.get(&vm.heap) - 1);
    if barrier.count.get(&vm.heap) > 0 {
        return;
    }
    if barrier.is_leaving(&vm.heap) {
        barrier.state.set(&vm.heap, State::Filling);
    }
    let condition = condition_of(vm, owner);
    condition::notify_all(vm, condition);
}

/// Changes the state with the lock held, and tells all waiters.
fn change(
    vm: &mut Vm,
    this: Local,
    input: Input,
    change: fn(&Vm, &Barrier),
) -> Result<Step, Raised> {
    if let Input::Throw(exception) = input {
        return Err(vm.raise_local(exception));
    }
    let owner = register(vm, this, OWNER);
    let condition = condition_of(vm, owner);
    if vm.step_state(this) == START {
        vm.set_step_state(this, ENTERS);
        return condition::acquire(vm, condition).map(Step::Await);
    }
    change(vm, barrier(vm, owner));
    condition::notify_all(vm, condition);
    condition::release(vm, condition)?;
    Ok(Step::Return(vm.none()))
}
