//! Cancellation: of futures, groups and tasks.
//!
//! To cancel a task is to ask what it waits for first, and that may be a task, too, or a group whose members are tasks. What has been
//! asked answers for the rest; a task that waits for nothing gets CancelledError at its next step.

use super::future::{self, future, part};
use super::handle::{Action, Handle};
use super::scheduler;
use crate::runtime::list::List;
use crate::runtime::{Raised, Value};
use crate::vm::{Local, Vm};

/// `future.cancel(msg)`, by the method of its class. `message`: Undef to give none.
///
/// # Errors
/// Of an overridden method.
pub fn cancel(vm: &mut Vm, local: Local, message: Local) -> Result<bool, Raised> {
    if future::is_exact(vm, local) {
        return cancel_own(vm, local, message);
    }
    let method = vm.get_attr_named(local, "cancel")?;
    let given = !vm.get(message).is_undef();
    let result = match given {
        true => vm.call_kw(method, &[], &["msg"], &[message])?,
        false => vm.call(method, &[])?,
    };
    vm.truth(result)
}

/// `Future.cancel(msg)` itself, whatever a class overrides: a task is asked to cancel itself, a group cancels its members. False: it was done.
///
/// # Errors
/// Of an overridden `cancel` of a member.
pub fn cancel_own(vm: &mut Vm, local: Local, message: Local) -> Result<bool, Raised> {
    let message = vm.local(vm.get(message).or(Value::NONE));
    let this = future(vm, local);
    if this.task().is_some() {
        return cancel_task(vm, local, message);
    }
    if this.is_done(&vm.heap) {
        return Ok(false);
    }
    let group = this
        .get()
        .find_extra()
        .and_then(|extra| extra.group.get(&vm.heap).as_gc::<List>());
    if let Some(members) = group {
        let members: Vec<Local> = members
            .to_vec(&vm.heap)
            .into_iter()
            .map(|v| vm.local(v))
            .collect();
        // A member that waits for this group would wait for ever.
        let is_circle = members.iter().any(|&m| is_in_cancel(vm, m));
        let mut any = false;
        for member in members {
            any |= !is_in_cancel(vm, member) && cancel(vm, member, message)?;
        }
        if is_circle {
            future::cancel_now(vm, local, message);
            return Ok(true);
        }
        if any {
            // The group ends as cancelled once its members are done.
            future(vm, local).cancel_requested.set(&vm.heap, true);
        }
        return Ok(any);
    }
    future::cancel_now(vm, local, message);
    Ok(true)
}

/// Asks a task to cancel itself; false: it was done. What a task waits for is asked first, so this follows a chain of tasks to its
/// end; in a circle the last one is taken out of its wait.
///
/// # Errors
/// Of an overridden `cancel` of what it waits for.
fn cancel_task(vm: &mut Vm, task: Local, message: Local) -> Result<bool, Raised> {
    let mut way: Vec<Local> = Vec::new();
    let mut next = Some(task);
    let mut cancelled = false;
    let mut outcome = Ok(false);
    while let Some(at) = next.take() {
        if future(vm, at).is_done(&vm.heap) {
            break;
        }
        let part = part(vm, at);
        if part.in_cancel.get() {
            cancelled = way.last().is_some_and(|&last| leave_wait(vm, last, at));
            break;
        }
        part.cancel_requests
            .set(&vm.heap, part.cancel_requests.get(&vm.heap) + 1);
        part.in_cancel.set(true);
        way.push(at);
        if let Some(awaited) = part.waiting_for.get(&vm.heap).defined() {
            let awaited = vm.local(awaited);
            if future(vm, awaited).task().is_some() && future::is_exact(vm, awaited) {
                next = Some(awaited);
            } else {
                outcome = cancel(vm, awaited, message);
                cancelled = matches!(outcome, Ok(true));
            }
        }
    }
    for at in way.into_iter().rev() {
        let part = part(vm, at);
        part.in_cancel.set(false);
        if !std::mem::replace(&mut cancelled, true) {
            part.must_cancel.set(&vm.heap, true);
            future(vm, at)
                .extra()
                .cancel_message
                .set(&vm.heap, vm.get(message));
        }
    }
    outcome.map(|_| cancelled)
}

/// Whether a future is a task that a cancellation is on its way through.
fn is_in_cancel(vm: &Vm, awaited: Local) -> bool {
    let part = future(vm, awaited).task();
    part.is_some_and(|part| part.in_cancel.get())
}

/// A task does not wait for `awaited` any longer: its next step is soon. False, for the caller to have it raise there.
fn leave_wait(vm: &Vm, task: Local, awaited: Local) -> bool {
    future::remove_callback(vm, awaited, Action::Wake, vm.get(task));
    part(vm, task).waiting_for.clear(&vm.heap);
    scheduler(vm).call_soon(Handle::new(Action::Step, vm.get(task), Value::UNDEF));
    false
}

/// `task.uncancel()`: takes one request to cancel back; how many are left.
pub fn uncancel(vm: &Vm, task: Local) -> u32 {
    let part = part(vm, task);
    let left = part.cancel_requests.get(&vm.heap).saturating_sub(1);
    part.cancel_requests.set(&vm.heap, left);
    if left == 0 {
        part.must_cancel.set(&vm.heap, false);
    }
    left
}
