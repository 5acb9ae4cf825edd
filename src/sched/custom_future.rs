//! Futures of user classes: a task that waits for one registers itself by `add_done_callback`.
//!
//! Where a class overrides that method, its callback wakes the task as a handle of its own; else the task is registered without a call.

use super::future::future;
use super::handle::Action;
use super::shared;
use super::task::{self, Turn};
use crate::runtime::function::BoundMethod;
use crate::runtime::future::Callback;
use crate::runtime::native::NativeFunction;
use crate::runtime::{Raised, Slot};
use crate::vm::{Local, Native, NativeRole, Vm};

/// `_wakeup(task, future)`: the callback that a future gets whose class has an `add_done_callback` of its own.
const WAKEUP: Native = Native::vm(
    "_wakeup(task, future, /)",
    "Resume a task that waited for a future.",
    |vm, args| {
        let scheduler = shared(vm);
        let turn = Turn::new(vm, &scheduler);
        task::wake(vm, &turn, args.at(0), args.at(1))?;
        Ok(vm.none())
    },
);

/// Has a future of a user class wake a task: by the method of its class, where that is no native one.
///
/// # Errors
/// Of the method.
pub(super) fn wait(vm: &mut Vm, task: Local, awaited: Local) -> Result<(), Raised> {
    let method = vm.get_attr_named(awaited, "add_done_callback")?;
    let is_native = vm
        .get_gc::<BoundMethod>(method)
        .is_some_and(|m| m.function.get(&vm.heap).is_gc::<NativeFunction>());
    if is_native {
        future(vm, awaited).push_callback(Callback {
            kind: Action::Wake.to_number(),
            target: Slot::new(vm.get(task)),
            context: Slot::undef(),
        });
        return Ok(());
    }
    let wakeup = vm.native_function(&WAKEUP, NativeRole::Free);
    let callback = vm.heap.bound_method(vm.get(wakeup), vm.get(task)).value();
    let callback = vm.local(callback);
    vm.call(method, &[callback]).map(drop)
}
