//! Green threads: what `to_thread` and `threading` run beside the main program.
//!
//! Each has stacks of its own in the same VM (`vm/exec/green_stack.rs`) and runs in slices, by the safepoint budget. A wait on
//! the main thread, and the loop between its turns, runs the others meanwhile. A blocking call blocks its thread only (`block.rs`).
//! There is concurrency and no parallelism, as under a GIL, and it is the same in each run.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::future::{self, future};
use super::handle::Handle;
use super::loop_state::FIRST_LOOP;
use super::ready_queue::ChoicePoint;
use super::thread_queue::{BlockedOn, ThreadId, ThreadQueue};
use super::{Scheduler, scheduler};
use crate::runtime::heap::traced;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::sched::handle::NativeCallback;
use crate::vm::{GreenStack, Local, Place, Slice, Vm};

/// The main thread's.
pub const MAIN: ThreadId = ThreadId(1);

/// What a thread does now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    /// It runs, or has started one that runs.
    Running,
    /// It could run.
    Runnable,
    /// It waits to be woken, no longer than until then, as `clock.monotonic` counts.
    Blocked(f64),
    /// Its function is over.
    Done,
}

/// A thread.
pub struct Thread {
    /// Its number.
    pub id: ThreadId,
    /// What reports call it.
    pub name: RefCell<String>,
    /// Whether the program ends without it.
    pub daemon: Cell<bool>,
    /// Those that wait for its end.
    pub joiners: ThreadQueue,
    /// Where it was started.
    pub(super) spawned: Vec<Place>,
    pub(super) state: Cell<State>,
    /// Its own data: a dict, or Undef.
    pub storage: Slot,
    /// What it waits for.
    pub(super) blocked_on: RefCell<Option<BlockedOn>>,
    /// What its context variables hold.
    context: Slot,
    /// The task of its loop that runs now.
    task: Slot,
    /// Whether it is in a loop.
    in_loop: Cell<bool>,
    /// The number of its loop, and what `set_event_loop` set in it.
    loop_number: Cell<u16>,
    policy_loop: Cell<u16>,
    policy_set: Cell<bool>,
    /// Whether it is blocked because its loop has nothing to do.
    pub(super) waits_for_handles: Cell<bool>,
    /// The future that gets what its function returns or raises; Undef if nobody wants it.
    outcome: Slot,
}

traced!(
    Thread { spawned, storage, blocked_on, context, task, outcome }
    plain { id, name, daemon, joiners, state, in_loop, loop_number, policy_loop, policy_set, waits_for_handles }
);

impl Thread {
    fn new(id: ThreadId, name: &str, state: State) -> Thread {
        Thread {
            id,
            name: RefCell::new(name.to_owned()),
            daemon: Cell::new(false),
            joiners: ThreadQueue::default(),
            spawned: Vec::new(),
            state: Cell::new(state),
            storage: Slot::undef(),
            blocked_on: RefCell::new(None),
            context: Slot::undef(),
            task: Slot::undef(),
            in_loop: Cell::new(false),
            loop_number: Cell::new(FIRST_LOOP),
            policy_loop: Cell::new(0),
            policy_set: Cell::new(id != MAIN),
            waits_for_handles: Cell::new(false),
            outcome: Slot::undef(),
        }
    }

    /// Whether its function is over.
    pub fn is_done(&self) -> bool {
        self.state.get() == State::Done
    }
}

/// All threads.
pub(super) struct GreenThreads {
    pub(super) main: Rc<Thread>,
    current: RefCell<Rc<Thread>>,
    /// Those that are not over, but for the main thread, in the order in which they are to run.
    threads: RefCell<Vec<Rc<Thread>>>,
    /// The stacks of those that do not run.
    stacks: RefCell<FxHashMap<u64, GreenStack>>,
    next: Cell<u64>,
    /// Which numbers workers of the default executor have that have nothing to do, longest idle first, and how many there are.
    idle_workers: RefCell<Vec<usize>>,
    workers: Cell<usize>,
    /// Those that wait for a module that another one loads.
    pub(super) importers: ThreadQueue,
    /// What is called when the main program is over.
    pub(super) at_exit: RefCell<Vec<Slot>>,
}

traced!(
    GreenThreads { main, current, threads, stacks, at_exit }
    plain { next, idle_workers, workers, importers }
);

impl Default for GreenThreads {
    fn default() -> GreenThreads {
        let main = Rc::new(Thread::new(MAIN, "MainThread", State::Running));
        GreenThreads {
            current: RefCell::new(Rc::clone(&main)),
            main,
            threads: RefCell::default(),
            stacks: RefCell::default(),
            next: Cell::new(MAIN.0 + 1),
            idle_workers: RefCell::default(),
            workers: Cell::new(0),
            importers: ThreadQueue::default(),
            at_exit: RefCell::default(),
        }
    }
}

impl GreenThreads {
    /// The thread that runs now.
    pub(super) fn current(&self) -> Rc<Thread> {
        Rc::clone(&self.current.borrow())
    }

    /// How many threads there are beside the main thread.
    pub(super) fn others(&self) -> usize {
        self.threads.borrow().len()
    }

    /// All that are not over, but for the main thread.
    pub(super) fn alive(&self) -> Vec<Rc<Thread>> {
        self.threads.borrow().clone()
    }

    /// Whether a thread could go on now.
    pub(super) fn any_runnable(&self) -> bool {
        let threads = self.threads.borrow();
        threads.iter().any(|t| t.state.get() == State::Runnable)
    }

    /// When the next blocked thread wakes by itself.
    pub(super) fn next_wake(&self) -> Option<f64> {
        let threads = self.threads.borrow();
        let times = threads.iter().filter_map(|t| match t.state.get() {
            State::Blocked(until) if until.is_finite() => Some(until),
            _ => None,
        });
        times.min_by(f64::total_cmp)
    }

    /// A blocked thread goes on; it is the last of those that can.
    pub(super) fn wake(&self, id: ThreadId) {
        let is_blocked = |t: &Thread| matches!(t.state.get(), State::Blocked(_));
        if id == MAIN && is_blocked(&self.main) {
            self.main.state.set(State::Running);
        }
        let mut threads = self.threads.borrow_mut();
        if let Some(at) = threads.iter().position(|t| t.id == id && is_blocked(t)) {
            let thread = threads.remove(at);
            thread.state.set(State::Runnable);
            threads.push(thread);
        }
    }
}

/// How many calls are kept of where a thread was started.
const SPAWNED: usize = 6;

/// What a new thread is like.
pub struct Start {
    /// What it calls, the positional arguments (a tuple), the keywords (a dict).
    pub call: [Local; 3],
    /// What its context variables hold at first; Undef for nothing.
    pub context: Local,
    /// What reports call it.
    pub name: String,
    /// Whether the program ends without it.
    pub daemon: bool,
}

/// Starts a thread. Its first slice runs at once, as a new OS thread's would.
///
/// # Errors
/// RuntimeError if the system has no room for one more.
pub fn start(vm: &mut Vm, start: Start) -> Result<Rc<Thread>, Raised> {
    let undef = vm.local(Value::UNDEF);
    launch(vm, start, undef)
}

fn launch(vm: &mut Vm, start: Start, outcome: Local) -> Result<Rc<Thread>, Raised> {
    super::task::admit(vm, scheduler(vm))?;
    let [callee, args, kwargs] = start.call;
    let others = scheduler(vm).green.others();
    let Ok(stack) = vm.green_stack(callee, args, kwargs, others) else {
        return Err(vm
            .heap
            .raise(Builtin::RuntimeError, "can't start new thread"));
    };
    let spawned = vm.trail(SPAWNED);
    let green = &scheduler(vm).green;
    let id = ThreadId(green.next.get());
    green.next.set(id.0 + 1);
    let thread = Rc::new(Thread {
        spawned,
        ..Thread::new(id, &start.name, State::Runnable)
    });
    thread.daemon.set(start.daemon);
    thread.loop_number.set(scheduler(vm).loop_number());
    thread.context.set(vm.get(start.context));
    thread.outcome.set(vm.get(outcome));
    green.threads.borrow_mut().push(Rc::clone(&thread));
    green.stacks.borrow_mut().insert(id.0, stack);
    run_slice(vm, &thread)?;
    Ok(thread)
}

/// Starts a job of the loop's default executor; a future for its result. Workers are named as CPython's pool names them.
///
/// # Errors
/// As `start`.
pub fn spawn(
    vm: &mut Vm,
    function: Local,
    args: Local,
    kwargs: Local,
    context: Local,
) -> Result<Local, Raised> {
    let outcome = future::new_future(vm);
    let green = &scheduler(vm).green;
    let idle = green.idle_workers.borrow_mut().pop();
    let worker = idle.unwrap_or_else(|| {
        green.workers.set(green.workers.get() + 1);
        green.workers.get() - 1
    });
    let start = Start {
        call: [function, args, kwargs],
        context,
        name: format!("asyncio_{worker}"),
        daemon: false,
    };
    launch(vm, start, outcome)?;
    Ok(outcome)
}

/// Whether there are threads beside the main thread.
#[inline]
pub(super) fn has_threads(scheduler: &Scheduler) -> bool {
    !scheduler.green.threads.borrow().is_empty()
}

/// Whether there are threads beside the running one.
pub fn has_others(vm: &Vm) -> bool {
    has_threads(scheduler(vm))
}

/// Gives each thread that can run a slice; whether there was one.
///
/// # Errors
/// The end of the program.
pub fn run_slices(vm: &mut Vm) -> Result<bool, Raised> {
    if !has_threads(scheduler(vm)) {
        return Ok(false);
    }
    wake_sleepers(vm);
    let threads = scheduler(vm).green.alive();
    let is_runnable = |t: &&Rc<Thread>| t.state.get() == State::Runnable;
    let count = threads.iter().filter(is_runnable).count();
    for _ in 0..count {
        let Some(thread) = next(scheduler(vm)) else {
            break;
        };
        run_slice(vm, &thread)?;
    }
    Ok(count > 0)
}

/// The thread that runs next.
fn next(scheduler: &Scheduler) -> Option<Rc<Thread>> {
    let threads = scheduler.green.threads.borrow();
    let is_runnable = |t: &&Rc<Thread>| t.state.get() == State::Runnable;
    let count = threads.iter().filter(is_runnable).count();
    let nth = scheduler.ready.choose(ChoicePoint::Thread, count);
    threads.iter().filter(is_runnable).nth(nth).map(Rc::clone)
}

/// Whether a loop runs in another thread than the one that runs now.
pub fn runs_elsewhere(vm: &Vm, number: u16) -> bool {
    let green = &scheduler(vm).green;
    let current = green.current();
    let mut others = green.alive();
    others.push(Rc::clone(&green.main));
    others.retain(|thread| thread.id != current.id);
    others
        .iter()
        .any(|thread| thread.in_loop.get() && thread.loop_number.get() == number)
}

/// Wakes the threads whose time is over, earliest first, and those whose loop has something to do.
pub fn wake_sleepers(vm: &Vm) {
    let scheduler = scheduler(vm);
    let now = scheduler.now();
    let is_ready =
        |t: &Thread| t.waits_for_handles.get() && scheduler.has_ready(t.loop_number.get());
    let due = |t: &Thread| match t.state.get() {
        State::Blocked(until) if until <= now => Some(until),
        State::Blocked(_) if is_ready(t) => Some(now),
        _ => None,
    };
    let all = scheduler.green.alive();
    let mut sleepers: Vec<(f64, ThreadId)> =
        all.iter().filter_map(|t| Some((due(t)?, t.id))).collect();
    // Stable: threads that wake at the same moment keep their order.
    sleepers.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (_, id) in sleepers {
        scheduler.green.wake(id);
    }
}

/// The slice of the thread that runs now is over: the others get theirs.
///
/// # Errors
/// The end of the program.
pub fn slice_end(vm: &mut Vm) -> Result<(), Raised> {
    let green = &scheduler(vm).green;
    if green.threads.borrow().is_empty() {
        return Ok(());
    }
    if !vm.is_green() {
        if !run_slices(vm)? {
            pass_time(vm);
        }
        return Ok(());
    }
    if !green.any_runnable() {
        pass_time(vm);
    }
    give_way(vm);
    Ok(())
}

/// How long a slice takes in virtual time if nobody else could run, in seconds: CPython's switch interval.
const SLICE: f64 = 0.005;

/// A thread computes while the others sleep: it may be waiting for them, so virtual time passes.
fn pass_time(vm: &Vm) {
    let scheduler = scheduler(vm);
    if scheduler.green.next_wake().is_some() {
        scheduler.clock.advance(SLICE);
        let _ = scheduler.check_virtual(&vm.heap);
    }
}

/// The green thread that runs now lets the others run.
pub(super) fn give_way(vm: &mut Vm) {
    scheduler(vm).green.current().state.set(State::Runnable);
    vm.suspend_thread();
}

/// What the scheduler keeps of the thread that runs now.
fn put_away(scheduler: &Scheduler, heap: &Heap, thread: &Thread) {
    thread.context.set(scheduler.context(heap));
    thread.task.set(scheduler.current.get(heap));
    thread.in_loop.set(scheduler.running.get());
    thread.loop_number.set(scheduler.loop_number());
    thread.policy_loop.set(scheduler.policy_loop.get());
    thread.policy_set.set(scheduler.policy_set.get());
}

fn take_up(scheduler: &Scheduler, heap: &Heap, thread: &Rc<Thread>) {
    scheduler.set_context(thread.context.get(heap));
    scheduler.current.set(thread.task.get(heap));
    scheduler.running.set(thread.in_loop.get());
    scheduler.switch(heap, thread.loop_number.get());
    scheduler.policy_loop.set(thread.policy_loop.get());
    scheduler.policy_set.set(thread.policy_set.get());
    *scheduler.green.current.borrow_mut() = Rc::clone(thread);
}

fn run_slice(vm: &mut Vm, thread: &Rc<Thread>) -> Result<(), Raised> {
    let taken = scheduler(vm).green.stacks.borrow_mut().remove(&thread.id.0);
    let Some(mut stack) = taken else {
        return Ok(());
    };
    let mark = vm.mark();
    let outer = scheduler(vm).green.current();
    put_away(scheduler(vm), &vm.heap, &outer);
    take_up(scheduler(vm), &vm.heap, thread);
    thread.state.set(State::Running);
    let slice = vm.run_green(&mut stack);
    put_away(scheduler(vm), &vm.heap, thread);
    take_up(scheduler(vm), &vm.heap, &outer);
    let outcome = match slice {
        Slice::Suspended => {
            let green = &scheduler(vm).green;
            green.stacks.borrow_mut().insert(thread.id.0, stack);
            let mut threads = green.threads.borrow_mut();
            if let Some(at) = threads.iter().position(|t| Rc::ptr_eq(t, thread)) {
                threads[at..].rotate_left(1);
            }
            Ok(())
        }
        Slice::Over(result) => {
            vm.retire(stack);
            over(vm, thread, result)
        }
    };
    vm.release(mark);
    outcome
}

/// A thread's function is over.
fn over(vm: &mut Vm, thread: &Rc<Thread>, result: Result<Local, Raised>) -> Result<(), Raised> {
    let green = &scheduler(vm).green;
    thread.state.set(State::Done);
    green
        .threads
        .borrow_mut()
        .retain(|t| !Rc::ptr_eq(t, thread));
    let name = thread.name.borrow();
    if let Some(worker) = name.strip_prefix("asyncio_").and_then(|n| n.parse().ok()) {
        green.idle_workers.borrow_mut().insert(0, worker);
    }
    thread.joiners.wake_all(scheduler(vm));
    let (outcome, failed) = match result {
        Ok(value) => (value, false),
        Err(raised) if vm.is_halting() => return Err(raised),
        Err(raised) => (vm.take_local(raised), true),
    };
    let wanted = vm.local(thread.outcome.get(&vm.heap));
    if !vm.get(wanted).is_undef() {
        let outcome = match failed {
            true => future::without_stop_iteration(vm, outcome),
            false => outcome,
        };
        finish(vm, wanted, outcome, failed);
    }
    Ok(())
}

/// The thread is over: the loop hears of it as of another thread's call, a turn later.
fn finish(vm: &mut Vm, result: Local, outcome: Local, failed: bool) {
    let pair = vm
        .heap
        .tuple(&[vm.get(outcome), Value::bool(failed)])
        .value();
    let action = scheduler(vm).callback(const { &NativeCallback::new("thread.deliver", deliver) });
    let scheduler = scheduler(vm);
    let number = future(vm, result).loop_number.get();
    let outer = scheduler.switch(&vm.heap, number.max(FIRST_LOOP));
    scheduler.call_soon(Handle::new(action, vm.get(result), pair));
    scheduler.switch(&vm.heap, outer);
}

/// Gives a future what its thread came to: a pair of the outcome and whether that is an exception.
fn deliver(vm: &mut Vm, result: Local, pair: Local) -> Result<(), Raised> {
    if future(vm, result).is_done(&vm.heap) {
        return Ok(());
    }
    let pair: Gc<'_, Tuple> = vm.get_gc(pair).expect("made by `finish`");
    let outcome = vm.local(pair.at(&vm.heap, 0).unwrap_or(Value::NONE));
    match pair.at(&vm.heap, 1).and_then(|v| v.as_bool()) {
        Some(true) => future::set_exception(vm, result, outcome),
        _ => future::set_result(vm, result, outcome),
    }
}

/// The thread that runs now.
pub fn current(vm: &Vm) -> Rc<Thread> {
    scheduler(vm).green.current()
}

/// A thread that is not over, by its number.
pub fn find(vm: &Vm, id: ThreadId) -> Option<Rc<Thread>> {
    let green = &scheduler(vm).green;
    if id == MAIN {
        return Some(Rc::clone(&green.main));
    }
    green.alive().into_iter().find(|t| t.id == id)
}

/// Where a thread's calls are, innermost first.
pub(super) fn trail(vm: &Vm, id: ThreadId) -> Vec<Place> {
    let stacks = scheduler(vm).green.stacks.borrow();
    match stacks.get(&id.0) {
        Some(stack) => stack.trail(&vm.heap),
        None if current(vm).id == id => vm.trail(usize::MAX),
        None => Vec::new(),
    }
}

/// Drops all threads: those that are not over never go on.
pub fn abandon_all(vm: &mut Vm) {
    let green = &scheduler(vm).green;
    let threads = green.threads.take();
    let stacks = green.stacks.take();
    for thread in threads {
        thread.state.set(State::Done);
    }
    drop(stacks);
}
