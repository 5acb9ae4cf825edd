//! Tasks: coroutines that the loop drives.
//!
//! A step resumes the coroutine; what it gives decides what comes next: a bare yield means the next turn, a future means "wake
//! me when it is done". Cancelling throws CancelledError at the innermost await, after asking what is awaited to cancel first.

use std::cell::Cell;
use std::rc::Rc;

use super::context;
use super::future::{self, future};
use super::handle::{Action, Handle};
use super::{Scheduler, scheduler};
use crate::runtime::code::CodeObj;
use crate::runtime::coroutine::{Coroutine, CoroutineKind};
use crate::runtime::exception::{Exception, TraceEntry};
use crate::runtime::future::{Callback, Future, FutureState, TaskPart};
use crate::runtime::intern::Sym;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::vm::{Input, Local, Mention, NativeCoroutine, Place, Resumed, Step, Vm};

/// Makes a task of a coroutine and schedules its first step. `name`, `context`: Undef for the default.
///
/// # Errors
/// TypeError if it is no coroutine.
pub fn create(vm: &mut Vm, coroutine: Local, name: Local, context: Local) -> Result<Local, Raised> {
    if !is_coroutine(vm, coroutine) {
        let text = vm.repr(coroutine)?;
        let text = vm
            .get_gc::<Str>(text)
            .map_or(String::new(), |s| s.as_str().to_owned());
        return Err(vm
            .heap
            .type_error(format!("a coroutine was expected, got {text}")));
    }
    let scheduler = scheduler(vm);
    let heap = &vm.heap;
    let number = scheduler.next_task.get();
    scheduler.next_task.set(number + 1);
    let context = match vm.get(context).defined() {
        Some(given) => given,
        None => context::copy(heap, scheduler.context(heap)),
    };
    let (spawned_in, spawned_at) = vm.place_object();
    let row = scheduler.tasks.borrow().next_row();
    let is_named = !vm.get(name).is_undef() && !vm.get(name).is_none();
    let name_number = scheduler.next_name.get();
    if !is_named {
        scheduler.skip_task_number();
    }
    let part = TaskPart {
        coroutine: Slot::new(vm.get(coroutine)),
        number,
        name_number,
        waiting_for: Slot::undef(),
        context: Slot::new(context),
        spawned_in: Slot::new(spawned_in),
        spawned_at,
        row,
        cancel_requests: Cell::new(0),
        must_cancel: Cell::new(false),
        in_cancel: Cell::new(false),
    };
    let task = heap.task(part);
    if is_named {
        task.extra().name.set(vm.get(name));
    }
    let task = task.value();
    scheduler.tasks.borrow_mut().insert(heap, task);
    scheduler.call_soon(Handle::new(Action::Step, task, Value::UNDEF));
    Ok(vm.local(task))
}

/// Whether something is a coroutine object.
pub fn is_coroutine(vm: &Vm, local: Local) -> bool {
    vm.get_gc::<Coroutine>(local).is_some_and(|c| {
        matches!(
            c.kind,
            CoroutineKind::Coroutine | CoroutineKind::Native | CoroutineKind::AsyncStep
        )
    })
}

/// A future for something awaitable: futures themselves, a task for a coroutine, a task around an object with `__await__`.
///
/// # Errors
/// TypeError if it is not awaitable.
pub fn ensure_future(vm: &mut Vm, awaitable: Local) -> Result<Local, Raised> {
    if vm.get(awaitable).is_gc::<Future>() {
        return Ok(awaitable);
    }
    let none = vm.local(Value::UNDEF);
    if is_coroutine(vm, awaitable) {
        return create(vm, awaitable, none, none);
    }
    if vm.special(vm.get(awaitable), Sym::Await).is_some() {
        let wrapper = vm.native_coroutine(&WRAP_AWAITABLE, &[awaitable]);
        return create(vm, wrapper, none, none);
    }
    Err(vm
        .heap
        .type_error("An asyncio.Future, a coroutine or an awaitable is required"))
}

/// Awaits the awaitable in its first register.
static WRAP_AWAITABLE: NativeCoroutine =
    NativeCoroutine::new("_wrap_awaitable", wrap_awaitable).mentioned(Mention::Never);

fn wrap_awaitable(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    match (vm.step_state(this), input) {
        (0, Input::Send(_)) => {
            vm.set_step_state(this, 1);
            Ok(Step::Await(vm.local(vm.step_slot(this, 0).get(&vm.heap))))
        }
        (_, Input::Send(value)) => Ok(Step::Return(value)),
        (_, Input::Throw(exception)) => Err(vm.raise_local(exception)),
    }
}

/// The task part of a local that is known to hold a task.
pub fn part(vm: &Vm, task: Local) -> &TaskPart {
    future(vm, task)
        .task()
        .expect("the caller knows that it is a task")
}

/// Where a task was made.
pub fn spawned(vm: &Vm, task: Local) -> Option<Place> {
    let part = part(vm, task);
    let code: Gc<'_, CodeObj> = part.spawned_in.get(&vm.heap).as_gc()?;
    Some((Rc::clone(&code.code), part.spawned_at))
}

/// The message of the last `cancel(msg)`, or Undef.
fn cancel_message(vm: &Vm, task: Local) -> Value<'_> {
    let extra = future(vm, task).get().find_extra();
    extra.map_or(Value::UNDEF, |extra| extra.cancel_message.get(&vm.heap))
}

/// The task's name: the one it was given, or `Task-N`.
pub fn name(vm: &mut Vm, task: Local) -> Local {
    let name = &future(vm, task).get().extra().name;
    if name.is_undef() {
        let number = part(vm, task).name_number;
        name.set(vm.heap.str_value(&format!("Task-{number}")));
    }
    vm.local(name.get(&vm.heap))
}

/// `task.cancel(msg)`; false: it was done. What a task waits for is asked first, so this follows a chain of tasks to its end; in a
/// circle the last one is taken out of its wait.
pub fn cancel(vm: &mut Vm, task: Local, message: Local) -> bool {
    let mut way: Vec<Local> = Vec::new();
    let mut next = Some(task);
    let mut cancelled = false;
    while let Some(at) = next.take() {
        if future(vm, at).is_done() {
            break;
        }
        let part = part(vm, at);
        if part.in_cancel.get() {
            cancelled = way.last().is_some_and(|&last| leave_wait(vm, last, at));
            break;
        }
        part.cancel_requests.set(part.cancel_requests.get() + 1);
        part.in_cancel.set(true);
        way.push(at);
        if let Some(awaited) = part.waiting_for.get(&vm.heap).defined() {
            let awaited = vm.local(awaited);
            if future(vm, awaited).task().is_some() {
                next = Some(awaited);
            } else {
                cancelled = future::cancel(vm, awaited, message);
            }
        }
    }
    for at in way.into_iter().rev() {
        let part = part(vm, at);
        part.in_cancel.set(false);
        if !std::mem::replace(&mut cancelled, true) {
            part.must_cancel.set(true);
            future(vm, at).extra().cancel_message.set(vm.get(message));
        }
    }
    cancelled
}

/// Whether a future is a task that a cancellation is on its way through.
pub fn is_in_cancel(vm: &Vm, awaited: Local) -> bool {
    let part = future(vm, awaited).task();
    part.is_some_and(|part| part.in_cancel.get())
}

/// A task does not wait for `awaited` any longer: its next step is soon. False, for the caller to have it raise there.
fn leave_wait(vm: &Vm, task: Local, awaited: Local) -> bool {
    future::remove_callback(vm, awaited, Action::Wake, vm.get(task));
    part(vm, task).waiting_for.clear();
    scheduler(vm).call_soon(Handle::new(Action::Step, vm.get(task), Value::UNDEF));
    false
}

/// `task.uncancel()`: takes one request to cancel back; how many are left.
pub fn uncancel(vm: &Vm, task: Local) -> u32 {
    let part = part(vm, task);
    let left = part.cancel_requests.get().saturating_sub(1);
    part.cancel_requests.set(left);
    if left == 0 {
        part.must_cancel.set(false);
    }
    left
}

/// The future that a task waited for is done.
pub fn wake(vm: &mut Vm, turn: &Turn<'_>, task: Local, awaited: Local) -> Result<(), Raised> {
    let done = future(vm, awaited);
    match done.state.get() {
        FutureState::Failed | FutureState::Cancelled => {
            let raised = match vm.future_result(awaited) {
                Ok(_) => return step(vm, turn, task, None),
                Err(raised) => raised,
            };
            let exception = vm.take_local(raised);
            note_crossing(vm, awaited, exception);
            step(vm, turn, task, Some(exception))
        }
        _ => step(vm, turn, task, None),
    }
}

/// Notes in a traceback that the exception came from another task.
pub fn note_crossing(vm: &mut Vm, awaited: Local, exception: Local) {
    if future(vm, awaited).task().is_none() {
        return;
    }
    let text = name(vm, awaited);
    let text: Rc<str> = vm
        .get_gc::<Str>(text)
        .map_or("".into(), |s| s.as_str().into());
    let spawned = spawned(vm, awaited);
    if let Some(exception) = vm.get_gc::<Exception>(exception) {
        exception.traceback.borrow_mut().push(TraceEntry::Task {
            name: text,
            spawned,
        });
    }
}

/// The turn that a step belongs to.
pub struct Turn<'s> {
    /// The VM's scheduler.
    pub scheduler: &'s Scheduler,
    /// Outside of its steps: the task that runs (a loop within a task), and the context.
    task: Local,
    context: Local,
}

impl Turn<'_> {
    /// A turn that begins now.
    pub fn new<'s>(vm: &Vm, scheduler: &'s Scheduler) -> Turn<'s> {
        Turn {
            scheduler,
            task: vm.local(scheduler.current.get(&vm.heap)),
            context: vm.local(scheduler.context.get(&vm.heap)),
        }
    }
}

/// Resumes a task's coroutine, throwing `exception` if there is one.
pub fn step(
    vm: &mut Vm,
    turn: &Turn<'_>,
    task: Local,
    exception: Option<Local>,
) -> Result<(), Raised> {
    let heap = &vm.heap;
    let this = future(vm, task);
    if this.is_done() {
        return Ok(());
    }
    let part = part(vm, task);
    let mut thrown = exception;
    if part.must_cancel.get() {
        part.must_cancel.set(false);
        let cancelled =
            exception.is_some_and(|e| heap.is_instance(vm.get(e), Builtin::CancelledError));
        if !cancelled {
            thrown = Some(new_cancelled_error(vm, task));
        }
    }
    part.waiting_for.clear();
    let scheduler = turn.scheduler;
    scheduler.current.set(this.value());
    scheduler.context.set(part.context.get(heap));
    let coroutine = vm.local(part.coroutine.get(heap));
    let outcome = match thrown {
        Some(exception) => vm.resume(coroutine, Input::Throw(exception)),
        None => vm.go_on(coroutine),
    };
    // What the coroutine set in its context is the task's for good.
    self::part(vm, task)
        .context
        .set(scheduler.context.get(&vm.heap));
    scheduler.current.set(vm.get(turn.task));
    scheduler.context.set(vm.get(turn.context));
    match outcome {
        Ok(Resumed::Returned(value)) => returned(vm, task, value),
        Ok(Resumed::Yielded(value)) => yielded(vm, scheduler, task, value),
        Err(raised) => failed(vm, task, raised),
    }
}

fn new_cancelled_error(vm: &Vm, task: Local) -> Local {
    let heap = &vm.heap;
    let message = cancel_message(vm, task);
    let class = heap.types.class(heap, Builtin::CancelledError);
    let args: &[Value<'_>] = if message.is_undef() || message.is_none() {
        &[]
    } else {
        &[message]
    };
    vm.local(heap.exception(class, args).value())
}

fn returned(vm: &mut Vm, task: Local, value: Local) -> Result<(), Raised> {
    finish(vm, task);
    let part = part(vm, task);
    if part.must_cancel.get() {
        part.must_cancel.set(false);
        let message = vm.local(cancel_message(vm, task));
        future::cancel_now(vm, task, message);
        return Ok(());
    }
    future::set_result(vm, task, value)
}

fn failed(vm: &mut Vm, task: Local, raised: Raised) -> Result<(), Raised> {
    finish(vm, task);
    let leaves = vm.is_raised(&raised, Builtin::KeyboardInterrupt)
        || vm.is_raised(&raised, Builtin::SystemExit);
    let cancelled = vm.is_raised(&raised, Builtin::CancelledError);
    let exception = vm.take_local(raised);
    if vm.is_halting() {
        return Err(vm.raise_local(exception));
    }
    if cancelled {
        let none = vm.none();
        future(vm, task)
            .extra()
            .cancelled_error
            .set(vm.get(exception));
        future::cancel_now(vm, task, none);
        return Ok(());
    }
    future::set_exception(vm, task, exception)?;
    if leaves {
        Err(vm.raise_local(exception))
    } else {
        Ok(())
    }
}

/// The task will not run again.
fn finish(vm: &Vm, task: Local) {
    let row = part(vm, task).row;
    scheduler(vm).tasks.borrow_mut().remove(row);
}

fn yielded(vm: &mut Vm, scheduler: &Scheduler, task: Local, value: Local) -> Result<(), Raised> {
    let this = future(vm, task);
    let awaited: Option<Gc<'_, Future>> = vm.get_gc(value);
    let Some(awaited) = awaited else {
        if vm.get(value).is_none() {
            scheduler.call_soon(Handle::new(Action::Step, this.value(), Value::UNDEF));
            return Ok(());
        }
        let text = vm.repr(value)?;
        let text = vm
            .get_gc::<Str>(text)
            .map_or(String::new(), |s| s.as_str().to_owned());
        return throw_soon(vm, task, format!("Task got bad yield: {text}"));
    };
    if awaited == this {
        let text = vm.repr(task)?;
        let text = vm
            .get_gc::<Str>(text)
            .map_or(String::new(), |s| s.as_str().to_owned());
        return throw_soon(vm, task, format!("Task cannot await on itself: {text}"));
    }
    part(vm, task).waiting_for.set(awaited.value());
    // The step itself enters the task's context.
    if awaited.is_done() {
        scheduler.call_soon(Handle::new(Action::Wake, this.value(), awaited.value()));
    } else {
        awaited.push_callback(Callback {
            kind: Action::Wake.to_number(),
            target: Slot::new(this.value()),
            context: Slot::undef(),
        });
    }
    let part = part(vm, task);
    if part.must_cancel.get() {
        let message = vm.local(cancel_message(vm, task));
        if future::cancel(vm, value, message) {
            self::part(vm, task).must_cancel.set(false);
        }
    }
    Ok(())
}

fn throw_soon(vm: &mut Vm, task: Local, message: String) -> Result<(), Raised> {
    let raised = vm.heap.raise(Builtin::RuntimeError, message);
    let exception = vm.take_local(raised);
    scheduler(vm).call_soon(Handle::new(Action::Step, vm.get(task), vm.get(exception)));
    Ok(())
}
