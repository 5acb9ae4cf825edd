//! Green threads: what `to_thread` runs beside the loop.
//!
//! Each has a stack of its own in the same VM. It runs in slices, by the safepoint budget, between the turns of the loop; a blocking
//! call parks it (`Park`), so that it costs nothing until it may go on. There is concurrency and no parallelism, as under a GIL, and
//! it is the same in each run.

use std::cell::RefCell;

use super::future::{self, future};
use super::handle::Handle;
use super::ready_queue::ChoicePoint;
use super::{Scheduler, scheduler};
use crate::runtime::heap::traced;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Raised, Slot, Value};
use crate::vm::{GreenStack, Local, Park, Trap, Vm};

/// All green threads.
#[derive(Default)]
pub(super) struct GreenThreads {
    threads: RefCell<Vec<Thread>>,
}

struct Thread {
    stack: GreenStack,
    /// Gets what the thread's function returns or raises.
    future: Slot,
    /// What its context variables hold.
    context: Slot,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Runnable,
    /// Until then, as `clock.monotonic` counts.
    Sleeping(f64),
}

traced!(GreenThreads { threads });
traced!(Thread { stack, future, context } plain { state });

impl GreenThreads {
    /// Whether a thread could go on now.
    pub(super) fn any_runnable(&self) -> bool {
        let threads = self.threads.borrow();
        threads.iter().any(|t| t.state == State::Runnable)
    }

    /// When the next sleeping thread wakes.
    pub(super) fn next_wake(&self) -> Option<f64> {
        let threads = self.threads.borrow();
        let times = threads.iter().filter_map(|t| {
            if let State::Sleeping(when) = t.state {
                Some(when)
            } else {
                None
            }
        });
        times.min_by(f64::total_cmp)
    }
}

/// Starts a thread that calls a function in a context; a future for its result. Its first slice runs at once, as a new OS thread's would.
pub fn spawn(
    vm: &mut Vm,
    function: Local,
    args: Local,
    kwargs: Local,
    context: Local,
) -> Result<Local, Raised> {
    let result = future::new_future(vm);
    let thread = Thread {
        stack: vm.green_stack(function, args, kwargs),
        future: Slot::new(vm.get(result)),
        context: Slot::new(vm.get(context)),
        state: State::Runnable,
    };
    run_slice(vm, thread)?;
    Ok(result)
}

/// Gives each runnable thread a slice; whether there was one.
pub fn run_slices(vm: &mut Vm) -> Result<bool, Raised> {
    let count = scheduler(vm).green.threads.borrow().len();
    if count == 0 {
        return Ok(false);
    }
    wake_sleepers(vm);
    let mut any = false;
    for _ in 0..count {
        let Some(thread) = take_next(scheduler(vm)) else {
            break;
        };
        any = true;
        run_slice(vm, thread)?;
    }
    Ok(any)
}

/// Takes the thread that runs next out of the table.
fn take_next(scheduler: &Scheduler) -> Option<Thread> {
    let mut threads = scheduler.green.threads.borrow_mut();
    let is_runnable = |t: &Thread| t.state == State::Runnable;
    let count = threads.iter().filter(|t| is_runnable(t)).count();
    let nth = scheduler.ready.choose(ChoicePoint::Thread, count);
    let (at, _) = threads
        .iter()
        .enumerate()
        .filter(|(_, t)| is_runnable(t))
        .nth(nth)?;
    Some(threads.remove(at))
}

/// Makes the threads runnable whose sleep is over, earliest first.
pub fn wake_sleepers(vm: &Vm) {
    let scheduler = scheduler(vm);
    let now = scheduler.now();
    let mut threads = scheduler.green.threads.borrow_mut();
    let wakes = |t: &Thread| {
        if let State::Sleeping(when) = t.state {
            when
        } else {
            f64::INFINITY
        }
    };
    // Stable: threads that wake at the same moment keep their order.
    threads.sort_by(|a, b| wakes(a).total_cmp(&wakes(b)));
    for thread in threads.iter_mut() {
        if matches!(thread.state, State::Sleeping(when) if when <= now) {
            thread.state = State::Runnable;
        }
    }
}

fn run_slice(vm: &mut Vm, mut thread: Thread) -> Result<(), Raised> {
    let mark = vm.mark();
    let result = vm.local(thread.future.get(&vm.heap));
    // Threads run outside of any task.
    let task = vm.local(scheduler(vm).current.get(&vm.heap));
    let context = vm.local(scheduler(vm).context(&vm.heap));
    scheduler(vm).current.clear();
    let running = scheduler(vm).running.replace(false);
    scheduler(vm).set_context(thread.context.get(&vm.heap));
    let outcome = vm.run_green(&mut thread.stack);
    thread.context.set(scheduler(vm).context(&vm.heap));
    scheduler(vm).running.set(running);
    scheduler(vm).current.set(vm.get(task));
    scheduler(vm).set_context(vm.get(context));
    match outcome {
        Ok(Trap::Parked) => {
            let Some(Park::Sleep(seconds)) = vm.take_park() else {
                unreachable!("threads park to sleep only")
            };
            thread.state = State::Sleeping(scheduler(vm).now() + seconds);
            scheduler(vm).green.threads.borrow_mut().push(thread);
        }
        Ok(Trap::Preempted) => scheduler(vm).green.threads.borrow_mut().push(thread),
        Ok(Trap::Raised) => unreachable!("`run` gives exceptions as errors"),
        Ok(Trap::Returned | Trap::Yielded) => {
            let value = vm.take_result();
            finish(vm, result, value, false);
        }
        Err(raised) if vm.is_halting() => return Err(raised),
        Err(raised) => {
            let exception = vm.take_local(raised);
            let exception = future::without_stop_iteration(vm, exception);
            finish(vm, result, exception, true);
        }
    }
    vm.release(mark);
    Ok(())
}

/// The thread is over: the loop hears of it as of another thread's call, a turn later.
fn finish(vm: &mut Vm, result: Local, outcome: Local, failed: bool) {
    let pair = vm
        .heap
        .tuple(&[vm.get(outcome), Value::bool(failed)])
        .value();
    let action = scheduler(vm).callback(|vm, result, pair| {
        if future(vm, result).is_done() {
            return Ok(());
        }
        let pair: Gc<'_, Tuple> = vm.get_gc(pair).expect("made by `finish`");
        let outcome = vm.local(pair.at(&vm.heap, 0).unwrap_or(Value::NONE));
        match pair.at(&vm.heap, 1).and_then(|v| v.as_bool()) {
            Some(true) => future::set_exception(vm, result, outcome),
            _ => future::set_result(vm, result, outcome),
        }
    });
    scheduler(vm).call_soon(Handle::new(action, vm.get(result), pair));
}
