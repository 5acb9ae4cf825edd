//! `asyncio.sleep`.
//!
//! A delay of 0 is one bare yield; any other is a future that a timer finishes. Awaited where it is called it needs no coroutine.
//! Other files that wait with a time limit use `seconds`, `finish_at`, `store_timer` and `load_timer` from here.

use crate::runtime::future::Future;
use crate::runtime::{Gc, Raised, Slot, Value};
use crate::sched::future::{self, new_future};
use crate::sched::handle::Action;
use crate::sched::handle::TimerId;
use crate::sched::{custom_loop, scheduler};
use crate::stdlib::arg::plain_value;
use crate::vm::{Args, Direct, Input, Local, Locals, Native, NativeCoroutine, Step, Vm};

/// `sleep(delay, result=None)`.
pub const SLEEP: Native = Native::coroutine(
    "sleep(delay, result=None) -> coroutine",
    "Wait for delay seconds; give result. A delay of 0 gives way for one turn.",
    sleep,
    sleep_directly,
);

/// The function in reports, also where it waits without a coroutine.
pub const SLEEP_NAME: &str = "sleep";

static SLEEPING: NativeCoroutine = NativeCoroutine::new(SLEEP_NAME, step);

// Registers: the delay, the result; then the timer.
const DELAY: usize = 0;
const RESULT: usize = 1;
const TIMER: usize = 2;

const START: u32 = 0;
const YIELDED: u32 = 1;
const WAITING: u32 = 2;

fn sleep(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if vm.get(args.at(1)).is_undef() {
        vm.set(args.at(1), Value::NONE);
    }
    let none = vm.none();
    Ok(vm.native_coroutine(&SLEEPING, &[args.at(0), args.at(1), none, none]))
}

/// Without a result to give, a bare yield or the timer's future is all that it takes.
fn sleep_directly<'h>(
    vm: &'h Vm,
    args: Args<'h>,
    _: Option<Gc<'h, Future>>,
) -> Result<Direct<'h>, Raised> {
    let (delay, result) = (args.get(0), args.get(1));
    let seconds = match (delay.as_int(), delay.as_float()) {
        (Some(n), _) => n as f64,
        (None, Some(x)) if !x.is_nan() => x,
        _ => return Ok(Direct::Coroutine),
    };
    if !result.is_none() && !result.is_undef() {
        return Ok(Direct::Coroutine);
    }
    if seconds <= 0.0 {
        return Ok(Direct::Yield);
    }
    if scheduler(vm).settings.is_custom.get() {
        return Ok(Direct::Coroutine);
    }
    let when = scheduler(vm).now() + seconds;
    Ok(Direct::Wait(future::future_at(vm, when)?))
}

fn step(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    match (vm.step_state(this), input) {
        (START, Input::Send(_)) => begin(vm, this),
        (_, Input::Send(_)) => Ok(Step::Return(
            vm.local(vm.step_slot(this, RESULT).get(&vm.heap)),
        )),
        (state, Input::Throw(exception)) => {
            if state == WAITING {
                scheduler(vm).cancel_timer(&vm.heap, load_timer(vm, this, TIMER));
            }
            Err(vm.raise_local(exception))
        }
    }
}

fn begin(vm: &mut Vm, this: Local) -> Result<Step, Raised> {
    let delay = vm.local(vm.step_slot(this, DELAY).get(&vm.heap));
    let delay = seconds(vm, delay)?;
    if delay <= 0.0 {
        vm.set_step_state(this, YIELDED);
        return Ok(Step::Yield(vm.none()));
    }
    if delay.is_nan() {
        return Err(vm.heap.value_error("Invalid delay: NaN (not a number)"));
    }
    let done = new_future(vm);
    let timer = finish_after(vm, delay, done)?;
    store_timer(vm, this, TIMER, timer);
    vm.set_step_state(this, WAITING);
    Ok(Step::Await(done))
}

/// A number of seconds; ints, floats and whatever has `__float__`.
pub fn seconds(vm: &mut Vm, value: Local) -> Result<f64, Raised> {
    if plain_value(&vm.heap, vm.get(value)).as_number().is_none() {
        let message = format!(
            "'<=' not supported between instances of '{}' and 'int'",
            vm.heap.type_name(vm.get(value))
        );
        return Err(vm.heap.type_error(message));
    }
    vm.to_float(value)
}

/// After so many seconds, gives a future the result None unless it is done by then.
///
/// # Errors
/// Of overridden methods of the loop.
pub fn finish_after(vm: &mut Vm, delay: f64, awaited: Local) -> Result<TimerId, Raised> {
    let nothing = vm.local(Value::UNDEF);
    custom_loop::call_later(vm, delay, (Action::Finish, awaited, nothing))
}

/// Keeps a timer's number in two state registers.
pub fn store_timer(vm: &Vm, this: Local, at: usize, timer: TimerId) {
    let (index, number) = timer.to_parts();
    let put = |slot: &Slot, n| slot.set(Value::small_int(n));
    put(vm.step_slot(this, at), index);
    put(vm.step_slot(this, at + 1), number);
}

/// The timer that `store_timer` kept.
pub fn load_timer(vm: &Vm, this: Local, at: usize) -> TimerId {
    let part = |at| vm.step_slot(this, at).get(&vm.heap).as_int().unwrap_or(-1);
    TimerId::from_parts(part(at), part(at + 1))
}
