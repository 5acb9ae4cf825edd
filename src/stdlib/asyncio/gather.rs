//! `asyncio.gather`: many awaitables at once, their results in order.
//!
//! The future that it returns is a group (`sched::future`): cancelling it cancels the members. Each member tells the group when it is
//! done; what the group needs to know is in its `Gathering`.

use rustc_hash::FxHashMap;

use super::event_loop;
use crate::runtime::future::{Future, FutureState};
use crate::runtime::heap::{Field, traced};
use crate::runtime::list::List;
use crate::runtime::opaque::Payload;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::sched::future::{self, future, new_future};
use crate::sched::handle::NativeCallback;
use crate::sched::{awaitable, scheduler, task};
use crate::vm::{Local, Locals, Native, Vm};

/// `gather(*coros_or_futures, return_exceptions=False)`.
pub const GATHER: Native = Native::vm(
    "gather(*coros_or_futures, return_exceptions=False)",
    "Run awaitables concurrently; the future gives the list of their results, in order. The first exception goes to whoever awaits it; with return_exceptions exceptions are results.",
    gather,
);

/// What the callbacks of the members share.
struct Gathering {
    outer: Slot,
    /// A list of futures, one an argument; duplicates share theirs.
    members: Slot,
    unfinished: Field<usize>,
    return_exceptions: bool,
}

traced!(Gathering { outer, members } plain { unfinished, return_exceptions });

impl Payload for Gathering {}

fn gather(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let flag = vm.get(args.at(1));
    let return_exceptions = !flag.is_undef() && vm.truth(args.at(1))?;
    let outer = new_future(vm);
    let list = vm.local(vm.heap.list([]).value());
    let own = collect_members(vm, args.at(0), list)?;
    if let Some(&first) = own.first() {
        let number = future(vm, member(vm, list, first)).loop_number.get();
        future(vm, outer).loop_number.set(number);
    } else {
        event_loop::enter_current(vm)?;
        let number = scheduler(vm).loop_number();
        future(vm, outer).loop_number.set(number);
        future::set_result(vm, outer, list)?;
        return Ok(outer);
    }
    let extra = future(vm, outer).get().extra();
    extra.group.set(&vm.heap, vm.get(list));
    extra.made_by.set("gather");
    let (code, at) = vm.place_object();
    extra.made_in.set(code);
    extra.made_at.set(at);
    let gathering = Gathering {
        outer: Slot::new(vm.get(outer)),
        members: Slot::new(vm.get(list)),
        unfinished: Field::new(own.len()),
        return_exceptions,
    };
    let state = vm.new_inner(gathering);
    let action =
        scheduler(vm).callback(const { &NativeCallback::new("gather.member_done", member_done) });
    let mut done = Vec::new();
    let context = scheduler(vm).context(&vm.heap);
    let members: Gc<'_, List> = vm.get_gc(list).expect("a list");
    for at in own {
        let member: Gc<'_, Future> = future_at(vm, members, at);
        if member.is_done(&vm.heap) {
            done.push(at);
        } else {
            future::add_callback_to(vm, member, action, [vm.get(state), context]);
        }
    }
    for at in done {
        let member = member(vm, list, at);
        member_done(vm, state, member)?;
    }
    Ok(outer)
}

/// Appends to `list` a future for each awaitable of the tuple, the same one for the same awaitable; the positions at which one stands
/// for the first time. Nothing is left in locals: there may be a million.
fn collect_members(vm: &mut Vm, awaitables: Local, list: Local) -> Result<Vec<usize>, Raised> {
    let given: Gc<'_, Tuple> = vm
        .get_gc(awaitables)
        .expect("the binder collects them in a tuple");
    let count = given.len();
    let mut own = Vec::with_capacity(count);
    let mut seen: FxHashMap<usize, usize> = FxHashMap::default();
    seen.reserve(count);
    // The number of the loop that the first member belongs to.
    let mut number = None;
    for at in 0..count {
        let given: Gc<'_, Tuple> = vm.get_gc(awaitables).expect("a tuple");
        let awaitable = given.tail()[at].get(&vm.heap);
        let address = awaitable.as_object().map(|o| o.address());
        let members: Gc<'_, List> = vm.get_gc(list).expect("a list");
        if let Some(&first) = address.and_then(|a| seen.get(&a)) {
            members.push(&vm.heap, future_at(vm, members, first).value())?;
            continue;
        }
        own.push(at);
        seen.extend(address.map(|a| (a, at)));
        match awaitable.as_gc::<Future>() {
            Some(future) if belongs(future, number) => {
                number.get_or_insert(future.loop_number.get());
                members.push(&vm.heap, awaitable)?;
            }
            _ => {
                let mark = vm.mark();
                let awaitable = vm.local(awaitable);
                let made = ensure_member(vm, awaitable, number)?;
                number.get_or_insert(future(vm, made).loop_number.get());
                let members: Gc<'_, List> = vm.get_gc(list).expect("a list");
                members.push(&vm.heap, vm.get(made))?;
                vm.release(mark);
            }
        }
    }
    Ok(own)
}

/// Whether a future may be a member of a group on the loop with this number; None: it is the first.
fn belongs(future: Gc<'_, Future>, number: Option<u16>) -> bool {
    let own = future.loop_number.get();
    number.is_none_or(|number| own == number || own == 0)
}

/// The future of a member: all belong to the loop of the first one.
fn ensure_member(vm: &mut Vm, awaitable: Local, number: Option<u16>) -> Result<Local, Raised> {
    match number {
        Some(number)
            if number != scheduler(vm).loop_number() || vm.get(awaitable).is_gc::<Future>() =>
        {
            awaitable::ensure_future_on(vm, awaitable, number)
        }
        _ => awaitable::ensure_future(vm, awaitable),
    }
}

/// The future at a position of a list of members.
fn member(vm: &Vm, list: Local, at: usize) -> Local {
    let members: Gc<'_, List> = vm.get_gc(list).expect("a list");
    vm.local(future_at(vm, members, at).value())
}

/// The same of the list itself.
fn future_at<'h>(vm: &'h Vm, members: Gc<'h, List>, at: usize) -> Gc<'h, Future> {
    let member = members.item(&vm.heap, at).and_then(Value::as_gc);
    member.expect("positions come from the list, and members are futures")
}

fn gathering(vm: &Vm, state: Local) -> &Gathering {
    vm.payload(state)
}

fn member_done(vm: &mut Vm, state: Local, member: Local) -> Result<(), Raised> {
    let this = gathering(vm, state);
    this.unfinished
        .set(&vm.heap, this.unfinished.get(&vm.heap) - 1);
    let (unfinished, return_exceptions) = (this.unfinished.get(&vm.heap), this.return_exceptions);
    let outer = vm.local(this.outer.get(&vm.heap));
    let outcome = future(vm, member);
    if future(vm, outer).is_done(&vm.heap) {
        outcome.retrieved.set(&vm.heap, true);
        return Ok(());
    }
    if !return_exceptions {
        match outcome.state.get(&vm.heap) {
            FutureState::Cancelled => {
                let raised = vm.cancelled_error(outcome);
                let error = vm.take_local(raised);
                return future::set_exception(vm, outer, error);
            }
            FutureState::Failed => {
                outcome.retrieved.set(&vm.heap, true);
                let error = vm.local(outcome.result.get(&vm.heap));
                task::note_crossing(vm, member, error);
                return future::set_exception(vm, outer, error);
            }
            _ => {}
        }
    }
    if unfinished > 0 {
        return Ok(());
    }
    let results = results(vm, state);
    if future(vm, outer).cancel_requested.get(&vm.heap) {
        let error = last_cancellation(vm, state);
        return future::set_exception(vm, outer, error);
    }
    future::set_result(vm, outer, results)
}

/// The CancelledError of a gathering that was cancelled: as in CPython that of the last member in the order of the arguments, or a
/// new one without arguments where that member ended otherwise.
fn last_cancellation(vm: &Vm, state: Local) -> Local {
    let heap = &vm.heap;
    let members: Gc<'_, List> = gathering(vm, state).members.expect(heap);
    let last = members.item(heap, members.len(heap) - 1);
    let last: Gc<'_, Future> = last.and_then(Value::as_gc).expect("members are futures");
    if last.state.get(&vm.heap) == FutureState::Cancelled {
        return vm.take_local(vm.cancelled_error(last));
    }
    vm.take_local(heap.raise_with(Builtin::CancelledError, &[]))
}

/// The outcomes of all members, exceptions as values.
fn results(vm: &Vm, state: Local) -> Local {
    let heap = &vm.heap;
    let members: Gc<'_, List> = gathering(vm, state).members.expect(heap);
    let outcomes = members.to_vec(heap).into_iter().map(|member| {
        let member: Gc<'_, Future> = member.as_gc().expect("members are futures");
        member.retrieved.set(&vm.heap, true);
        match member.state.get(&vm.heap) {
            FutureState::Cancelled => {
                let message = member.result.get(heap);
                let message = if message.is_undef() || message.is_none() {
                    heap.str_value("")
                } else {
                    message
                };
                heap.exception(heap.types.class(heap, Builtin::CancelledError), &[message])
                    .value()
            }
            _ => member.result.get(heap).or(Value::NONE),
        }
    });
    vm.local(heap.list(outcomes).value())
}
