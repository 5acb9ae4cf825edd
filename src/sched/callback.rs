//! Calls of the program's callbacks, each in its context.
//!
//! An exception in a callback is reported and does not stop the loop; KeyboardInterrupt and SystemExit do.

use super::handle::{Handle, HandleState};
use super::{Scheduler, report, shared};
use crate::runtime::heap::Kind;
use crate::runtime::opaque::Opaque;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised};
use crate::vm::{Local, Vm};

/// Calls what a handle object calls, unless it was cancelled.
///
/// # Errors
/// As a turn of the loop.
pub fn run_object(vm: &mut Vm, object: Local) -> Result<(), Raised> {
    let Some(known) = vm.get_gc::<Opaque>(object) else {
        return Ok(());
    };
    let Some(state) = known.payload::<HandleState>() else {
        return Ok(());
    };
    if state.cancelled.get() {
        return Ok(());
    }
    let target = vm.local(state.callback.get(&vm.heap));
    let argument = vm.local(state.args.get(&vm.heap));
    let handle = Handle::of_object(vm.get(target), vm.get(argument), known);
    let scheduler = shared(vm);
    call_handle(vm, &scheduler, &handle, target, argument)
}

/// Runs a callback of the program; an exception in it is reported, not raised.
pub(super) fn call_handle(
    vm: &mut Vm,
    scheduler: &Scheduler,
    handle: &Handle,
    target: Local,
    argument: Local,
) -> Result<(), Raised> {
    let outer = vm.local(scheduler.context(&vm.heap));
    // The handle is in no queue any more: what is asked of it after the call must be in locals.
    let object = vm.local(handle.object(&vm.heap));
    let context = vm.local(handle.context(&vm.heap));
    scheduler.set_context(vm.get(context));
    let args: Vec<Local> = match vm.get(argument).as_object().map(Gc::kind) {
        Some(Kind::Tuple) => {
            let tuple: Gc<'_, Tuple> = vm.get_gc(argument).expect("the kind was just checked");
            tuple.iter(&vm.heap).map(|v| vm.local(v)).collect()
        }
        _ => vec![argument],
    };
    let outcome = vm.call(target, &args);
    if outcome.is_err()
        && let Some(known) = vm.get_gc::<Opaque>(object)
        && let Some(state) = known.payload::<HandleState>()
    {
        // The empty context is an object only since the callback set a variable; the exception handler runs in it, too.
        state.context.set(scheduler.context(&vm.heap));
    }
    scheduler.set_context(vm.get(outer));
    match outcome {
        Ok(result) => {
            vm.note_called_back(result);
            Ok(())
        }
        Err(raised)
            if vm.is_halting()
                || vm.is_raised(&raised, Builtin::KeyboardInterrupt)
                || vm.is_raised(&raised, Builtin::SystemExit) =>
        {
            Err(raised)
        }
        Err(raised) => {
            let exception = vm.take_local(raised);
            let object = match scheduler.face.get() {
                Some(face) if vm.get(object).is_undef() => {
                    (face.handle_object)(vm, [target, argument, context])
                }
                _ => object,
            };
            report::callback_failed(vm, target, object, exception)
        }
    }
}
