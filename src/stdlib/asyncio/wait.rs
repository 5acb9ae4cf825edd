//! `asyncio.wait`: until all, the first, or the first failure of several futures is done, or time is up.
//!
//! The result sets keep order: done by completion, pending as given.
//! Each future tells the shared `Waiter` when it is done; one that is given twice is waited for once.

use super::sleep::{finish_after, load_timer, seconds, store_timer};
use super::task::future_set;
use crate::runtime::future::{Future, FutureState};
use crate::runtime::heap::{Field, traced};
use crate::runtime::list::List;
use crate::runtime::opaque::Payload;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::sched::future::{self, future, new_future};
use crate::sched::handle::Action;
use crate::sched::handle::NativeCallback;
use crate::sched::scheduler;
use crate::sched::task::is_coroutine;
use crate::vm::{Input, Local, Native, NativeCoroutine, Step, Vm};

/// `wait(fs, *, timeout=None, return_when='ALL_COMPLETED')`.
pub const WAIT: Native = Native::vm(
    "wait(fs, *, timeout=None, return_when='ALL_COMPLETED') -> coroutine",
    "Wait for futures; give two sets, those done in the order of completion and those pending in the order given. Raises TypeError for coroutines, ValueError for nothing to wait for.",
    |vm, args| {
        let none = vm.none();
        let all = vm.local(vm.heap.str_value("ALL_COMPLETED"));
        let when = if vm.get(args.at(2)).is_undef() {
            all
        } else {
            args.at(2)
        };
        let timeout = if vm.get(args.at(1)).is_undef() {
            none
        } else {
            args.at(1)
        };
        Ok(vm.native_coroutine(&WAITING, &[args.at(0), timeout, when, none, none, none]))
    },
);

static WAITING: NativeCoroutine = NativeCoroutine::new("wait", step);

// Registers: what is waited for (then: a list of distinct futures), timeout, return_when, timer (two), the waiter's state.
const FUTURES: usize = 0;
const TIMEOUT: usize = 1;
const RETURN_WHEN: usize = 2;
const TIMER: usize = 3;
const STATE: usize = 5;

/// What the callbacks of the futures share.
struct Waiter {
    /// Done when the wait is over.
    over: Slot,
    /// The futures that got done meanwhile, in order.
    finished: List,
    left: Field<usize>,
    when: ReturnWhen,
}

#[derive(Clone, Copy, PartialEq)]
enum ReturnWhen {
    FirstCompleted,
    FirstException,
    AllCompleted,
}

traced!(Waiter { over, finished } plain { left, when });

impl Payload for Waiter {}

fn step(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    if vm.step_state(this) == 0 {
        return begin(vm, this);
    }
    if !vm.step_slot(this, TIMER).get(&vm.heap).is_none() {
        scheduler(vm).cancel_timer(&vm.heap, load_timer(vm, this, TIMER));
    }
    let state = vm.local(vm.step_slot(this, STATE).get(&vm.heap));
    let action = scheduler(vm).callback(ONE_DONE);
    for awaited in futures(vm, this) {
        future::remove_callback(vm, awaited, action, vm.get(state));
    }
    match input {
        Input::Send(_) => Ok(Step::Return(outcome(vm, this, state))),
        Input::Throw(exception) => Err(vm.raise_local(exception)),
    }
}

const ONE_DONE: &NativeCallback = &NativeCallback::new("wait.one_done", one_done);

fn begin(vm: &mut Vm, this: Local) -> Result<Step, Raised> {
    let given = vm.local(vm.step_slot(this, FUTURES).get(&vm.heap));
    let distinct = distinct_futures(vm, given)?;
    let when = return_when(vm, this)?;
    check_no_coroutines(vm, distinct)?;
    vm.step_slot(this, FUTURES).set(vm.get(distinct));
    let all = futures(vm, this);
    let over = new_future(vm);
    let timeout = vm.local(vm.step_slot(this, TIMEOUT).get(&vm.heap));
    if !vm.get(timeout).is_none() {
        let delay = seconds(vm, timeout)?;
        let timer = finish_after(vm, delay, over)?;
        store_timer(vm, this, TIMER, timer);
    }
    let waiter = Waiter {
        over: Slot::new(vm.get(over)),
        finished: List::default(),
        left: Field::new(all.len()),
        when,
    };
    let state = vm.new_inner(waiter);
    vm.step_slot(this, STATE).set(vm.get(state));
    let action: Action = scheduler(vm).callback(ONE_DONE);
    for awaited in all {
        future::add_callback(vm, awaited, action, state);
    }
    vm.set_step_state(this, 1);
    Ok(Step::Await(over))
}

/// The futures given, each once, in order.
fn distinct_futures(vm: &mut Vm, given: Local) -> Result<Local, Raised> {
    if vm.get(given).is_gc::<Future>() || is_coroutine(vm, given) {
        let message = format!(
            "expect a list of futures, not {}",
            vm.heap.short_type_name(vm.get(given))
        );
        return Err(vm.heap.type_error(message));
    }
    let list = vm.to_list(given)?;
    let list: Gc<'_, List> = vm.get_gc(list).expect("to_list gives a list");
    let mut seen = rustc_hash::FxHashSet::default();
    let items = list.to_vec(&vm.heap);
    if items.is_empty() {
        return Err(vm.heap.value_error("Set of Tasks/Futures is empty."));
    }
    let items = items
        .into_iter()
        .filter(|v| v.as_object().is_none_or(|o| seen.insert(o.address())));
    Ok(vm.local(vm.heap.list(items).value()))
}

fn check_no_coroutines(vm: &Vm, distinct: Local) -> Result<(), Raised> {
    let list: Gc<'_, List> = vm.get_gc(distinct).expect("made by distinct_futures");
    for item in list.to_vec(&vm.heap) {
        if is_coroutine(vm, vm.local(item)) {
            return Err(vm
                .heap
                .type_error("Passing coroutines is forbidden, use tasks explicitly."));
        }
        if !item.is_gc::<Future>() {
            let class = vm.heap.type_name(item);
            return Err(vm.heap.raise(
                Builtin::AttributeError,
                format!("'{class}' object has no attribute 'add_done_callback'"),
            ));
        }
    }
    Ok(())
}

fn return_when(vm: &mut Vm, this: Local) -> Result<ReturnWhen, Raised> {
    let value = vm.local(vm.step_slot(this, RETURN_WHEN).get(&vm.heap));
    match vm.get_gc::<Str>(value).map(|s| s.as_str()) {
        Some("FIRST_COMPLETED") => Ok(ReturnWhen::FirstCompleted),
        Some("FIRST_EXCEPTION") => Ok(ReturnWhen::FirstException),
        Some("ALL_COMPLETED") => Ok(ReturnWhen::AllCompleted),
        _ => {
            let text = vm.str(value)?;
            let text = vm
                .get_gc::<Str>(text)
                .map_or(String::new(), |s| s.as_str().to_owned());
            Err(vm
                .heap
                .value_error(format!("Invalid return_when value: {text}")))
        }
    }
}

fn futures(vm: &Vm, this: Local) -> Vec<Local> {
    let list: Gc<'_, List> = vm.step_slot(this, FUTURES).expect(&vm.heap);
    list.to_vec(&vm.heap)
        .into_iter()
        .map(|v| vm.local(v))
        .collect()
}

fn waiter(vm: &Vm, state: Local) -> &Waiter {
    vm.payload(state)
}

/// One of the futures is done.
fn one_done(vm: &mut Vm, state: Local, awaited: Local) -> Result<(), Raised> {
    let this = waiter(vm, state);
    this.finished.push(&vm.heap, vm.get(awaited))?;
    this.left.set(&vm.heap, this.left.get(&vm.heap) - 1);
    let failed = future(vm, awaited).state.get(&vm.heap) == FutureState::Failed;
    let over = this.left.get(&vm.heap) == 0
        || this.when == ReturnWhen::FirstCompleted
        || this.when == ReturnWhen::FirstException && failed;
    let end = vm.local(this.over.get(&vm.heap));
    if over && !future(vm, end).is_done(&vm.heap) {
        if failed && this.when == ReturnWhen::FirstException {
            future(vm, awaited).retrieved.set(&vm.heap, true);
        }
        let none = vm.none();
        future::set_result(vm, end, none)?;
    }
    Ok(())
}

/// The two sets: done in order of completion, then those done whose callback is still to come; pending in the order given.
fn outcome(vm: &Vm, this: Local, state: Local) -> Local {
    let heap = &vm.heap;
    let all = futures(vm, this);
    let is_done = |f: &Local| future(vm, *f).is_done(&vm.heap);
    let finished = waiter(vm, state).finished.to_vec(heap);
    let late = all.iter().filter(|f| is_done(f)).map(|&f| vm.get(f));
    let done = future_set(heap, finished.into_iter().chain(late));
    let pending = future_set(heap, all.iter().filter(|f| !is_done(f)).map(|&f| vm.get(f)));
    let pair: [Value<'_>; 2] = [done, pending];
    vm.local(heap.tuple(&pair).value())
}
