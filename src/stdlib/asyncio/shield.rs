//! `asyncio.shield`: awaiting something without passing a cancellation on to it.
//!
//! The future that it returns follows the inner one; the pair of the two is what both callbacks know.

use crate::runtime::future::FutureState;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Raised, Value};
use crate::sched::future::{self, future, new_future};
use crate::sched::handle::NativeCallback;
use crate::sched::{awaitable, scheduler};
use crate::vm::{Local, Locals, Native, Vm};

/// `shield(arg)`.
pub const SHIELD: Native = Native::vm(
    "shield(arg)",
    "A future for arg; cancelling it leaves arg alone.",
    shield,
);

fn shield(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let inner = awaitable::ensure_future(vm, args.at(0))?;
    if future(vm, inner).is_done(&vm.heap) {
        return Ok(inner);
    }
    let outer = new_future(vm);
    let extra = future(vm, outer).get().extra();
    extra.follows.set(&vm.heap, vm.get(inner));
    extra.made_by.set("shield");
    let pair: [Value<'_>; 2] = [vm.get(inner), vm.get(outer)];
    let pair = vm.local(vm.heap.tuple(&pair).value());
    let scheduler = scheduler(vm);
    let (inner_action, outer_action) = (
        scheduler.callback(INNER_DONE),
        scheduler.callback(const { &NativeCallback::new("shield.outer_done", outer_done) }),
    );
    future::add_callback(vm, inner, inner_action, pair);
    future::add_callback(vm, outer, outer_action, pair);
    Ok(outer)
}

const INNER_DONE: &NativeCallback = &NativeCallback::new("shield.inner_done", inner_done);

fn member(vm: &Vm, pair: Local, i: usize) -> Local {
    let pair: Gc<'_, Tuple> = vm.get_gc(pair).expect("the callback's target is the pair");
    vm.local(pair.at(&vm.heap, i).expect("a pair has two members"))
}

fn inner_done(vm: &mut Vm, pair: Local, inner: Local) -> Result<(), Raised> {
    let outer = member(vm, pair, 1);
    let this = future(vm, inner);
    this.retrieved.set(&vm.heap, true);
    if future(vm, outer).is_done(&vm.heap) {
        return Ok(());
    }
    let result = vm.local(this.result.get(&vm.heap));
    match this.state.get(&vm.heap) {
        FutureState::Cancelled => {
            let none = vm.none();
            future::cancel_now(vm, outer, none);
            Ok(())
        }
        FutureState::Failed => future::set_exception(vm, outer, result),
        FutureState::Done | FutureState::Pending => future::set_result(vm, outer, result),
    }
}

/// Nobody waits any more: whether the inner future fails is its own business again.
fn outer_done(vm: &mut Vm, pair: Local, _: Local) -> Result<(), Raised> {
    let inner = member(vm, pair, 0);
    if !future(vm, inner).is_done(&vm.heap) {
        let action = scheduler(vm).callback(INNER_DONE);
        future::remove_callback(vm, inner, action, vm.get(pair));
    }
    Ok(())
}
