//! Tasks: coroutines that the loop drives.
//!
//! A step resumes the coroutine; what it gives decides what comes next: a bare yield means the next turn, a future means "wake
//! me when it is done". A cancelled task gets CancelledError at its innermost await (`cancel.rs`). A future of a user class is asked to
//! wake the task by the `add_done_callback` that the class has.

use std::cell::Cell;
use std::rc::Rc;

use super::cancel::cancel;
use super::context;
use super::future::{self, future, part};
use super::handle::{Action, Handle};
use super::{Scheduler, scheduler, shared};
use crate::runtime::code::CodeObj;
use crate::runtime::coroutine::{Coroutine, CoroutineKind};
use crate::runtime::exception::Exception;
use crate::runtime::function::BoundMethod;
use crate::runtime::future::{Callback, Future, FutureState, NO_ROW, TaskPart};
use crate::runtime::heap::flag;
use crate::runtime::native::NativeFunction;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::vm::{Input, Local, Native, NativeRole, Place, Resumed, Vm};

/// Makes a task of a coroutine and schedules its first step. `name`, `context`: Undef or None for the default.
///
/// # Errors
/// TypeError if it is no coroutine.
pub fn create(vm: &mut Vm, coroutine: Local, name: Local, context: Local) -> Result<Local, Raised> {
    if !is_coroutine(vm, coroutine) {
        return Err(not_a_coroutine(vm, coroutine));
    }
    let scheduler = scheduler(vm);
    admit(vm, scheduler)?;
    let given = [coroutine, name, context].map(|local| vm.get(local));
    let task = vm.heap.task(new_part(vm, scheduler, given));
    settle(scheduler, task, given[1]);
    schedule(vm, scheduler, task);
    let task = vm.local(task.value());
    match scheduler.settings.debug.get() {
        true => with_source(vm, task),
        false => Ok(task),
    }
}

/// The same as asyncio's `eager_task_factory` does: if the loop runs, so does the first step of the task, at once. As in CPython 3.13.0 the
/// task gets its name after that, and is called 'None' without one.
fn create_eagerly(
    vm: &mut Vm,
    coroutine: Local,
    name: Local,
    context: Local,
) -> Result<Local, Raised> {
    if !is_coroutine(vm, coroutine) {
        return Err(not_a_coroutine(vm, coroutine));
    }
    let scheduler = scheduler(vm);
    admit(vm, scheduler)?;
    let given = [vm.get(coroutine), Value::UNDEF, vm.get(context)];
    let task = vm.heap.task(new_part(vm, scheduler, given));
    settle(scheduler, task, Value::UNDEF);
    let (debug, runs) = (scheduler.settings.debug.get(), scheduler.is_running());
    let task = vm.local(task.value());
    if debug {
        with_source(vm, task)?;
    }
    match runs {
        true => start_eagerly(vm, task)?,
        false => begin_scheduled(vm, task),
    }
    let this = future(vm, task);
    if is_given(vm.get(name)) {
        this.get().extra().name.set(vm.get(name));
    } else {
        part(vm, task).name_number.set(NAMED_NONE);
        if let Some(extra) = this.get().find_extra() {
            extra.name.clear();
        }
    }
    Ok(task)
}

/// `TaskPart::name_number` of a task that is called 'None'.
const NAMED_NONE: u64 = u64::MAX;

/// In debug mode: notes where a task was made.
#[cold]
fn with_source(vm: &mut Vm, task: Local) -> Result<Local, Raised> {
    if let Some(face) = scheduler(vm).face.get() {
        (face.note_source)(vm, task)?;
    }
    Ok(task)
}

/// One more task or green thread is to be made.
///
/// # Errors
/// As `Vm::admit_task`.
#[inline]
pub fn admit(vm: &Vm, scheduler: &Scheduler) -> Result<(), Raised> {
    let alive = scheduler.tasks.borrow().alive + scheduler.other_threads();
    if alive >= MANY && alive.is_power_of_two() {
        // The tables of tasks, handles and timers double now and then, and cannot fail then.
        vm.heap.room_for(alive * BYTES_OF_TASK)?;
    }
    scheduler.room_for_task(&vm.heap)?;
    vm.admit_task(alive)
}

/// From so many tasks on the scheduler's tables are large.
const MANY: usize = 1 << 12;
/// What a task takes in the scheduler's tables.
const BYTES_OF_TASK: usize = 256;

/// Makes a task of the current loop as the loop's `create_task` does: by the loop's own method where its class overrides it, by the
/// task factory if there is one. `name`, `context`: Undef or None for the default.
///
/// # Errors
/// As `create`, and of what the program set.
pub fn make(vm: &mut Vm, coroutine: Local, name: Local, context: Local) -> Result<Local, Raised> {
    let scheduler = scheduler(vm);
    if scheduler.settings.makes_tasks_itself(&vm.heap) {
        return create(vm, coroutine, name, context);
    }
    if scheduler.settings.is_custom.get()
        && let Some(face) = scheduler.face.get()
    {
        let the_loop = (face.loop_object)(vm)?;
        let method = vm.get_attr_named(the_loop, "create_task")?;
        return make_by(
            vm,
            method,
            &[coroutine],
            &[("name", name), ("context", context)],
        );
    }
    make_by_factory(vm, coroutine, name, context)
}

/// The same without asking for a method of the loop.
///
/// # Errors
/// As `make`.
pub fn make_by_factory(
    vm: &mut Vm,
    coroutine: Local,
    name: Local,
    context: Local,
) -> Result<Local, Raised> {
    let scheduler = scheduler(vm);
    if scheduler.settings.makes_eager_tasks.get() {
        return create_eagerly(vm, coroutine, name, context);
    }
    let factory = scheduler.settings.task_factory.get(&vm.heap).defined();
    let (Some(factory), Some(face)) = (factory, scheduler.face.get()) else {
        return create(vm, coroutine, name, context);
    };
    let factory = vm.local(factory);
    let the_loop = (face.loop_object)(vm)?;
    let task = make_by(vm, factory, &[the_loop, coroutine], &[("context", context)])?;
    let name = vm.local(vm.get(name).or(Value::NONE));
    vm.call_method(task, "set_name", &[name])?;
    Ok(task)
}

/// Calls what makes a task, without the keywords that have no value.
fn make_by(
    vm: &mut Vm,
    maker: Local,
    args: &[Local],
    keywords: &[(&str, Local)],
) -> Result<Local, Raised> {
    let given = keywords.iter().filter(|(_, value)| {
        let value = vm.get(*value);
        !value.is_undef() && !value.is_none()
    });
    let (names, values): (Vec<&str>, Vec<Local>) = given.copied().unzip();
    vm.call_kw(maker, args, &names, &values)
}

/// TypeError unless it is a coroutine.
pub fn check_coroutine(vm: &mut Vm, coroutine: Local) -> Result<(), Raised> {
    match is_coroutine(vm, coroutine) {
        true => Ok(()),
        false => Err(not_a_coroutine(vm, coroutine)),
    }
}

#[cold]
fn not_a_coroutine(vm: &mut Vm, given: Local) -> Raised {
    match vm.repr_text(given) {
        Ok(text) => vm
            .heap
            .type_error(format!("a coroutine was expected, got {text}")),
        Err(raised) => raised,
    }
}

/// Initialises a task of the current loop, which `begin_scheduled` then has to schedule.
pub fn begin(vm: &Vm, task: Local, coroutine: Local, name: Local, context: Local) {
    let scheduler = scheduler(vm);
    let given = [coroutine, name, context].map(|local| vm.get(local));
    part(vm, task).replace(&vm.heap, &new_part(vm, scheduler, given));
    settle(scheduler, future(vm, task), given[1]);
}

/// What a new task has beyond a future: of a coroutine, a name and a context, which are Undef or None for the default.
#[inline]
fn new_part<'h>(
    vm: &'h Vm,
    scheduler: &Scheduler,
    [coroutine, _, context]: [Value<'h>; 3],
) -> TaskPart {
    let heap = &vm.heap;
    let number = scheduler.next_task.get();
    scheduler.next_task.set(number + 1);
    let context = match is_given(context) {
        true => context,
        false => context::copy(heap, scheduler.context(heap)),
    };
    if let Some(coroutine) = coroutine.as_object() {
        coroutine.set_flag(flag::ANSWERED, true);
        heap.forget_unstarted(coroutine);
    }
    let (spawned_in, spawned_at) = vm.place_object();
    TaskPart {
        coroutine: Slot::new(coroutine),
        number: Cell::new(number),
        name_number: Cell::new(scheduler.next_name.get()),
        context: Slot::new(context),
        spawned_in: Slot::new(spawned_in),
        spawned_at: Cell::new(spawned_at),
        ..TaskPart::bare()
    }
}

/// Gives a new task its loop and its name.
#[inline]
fn settle(scheduler: &Scheduler, task: Gc<'_, Future>, name: Value<'_>) {
    task.loop_number.set(scheduler.loop_number());
    match is_given(name) {
        true => task.get().extra().name.set(name),
        false => scheduler.skip_task_number(),
    }
}

fn is_given(value: Value<'_>) -> bool {
    !value.is_undef() && !value.is_none()
}

/// Has the scheduler keep a task that was begun, and schedules its first step.
pub fn begin_scheduled(vm: &Vm, task: Local) {
    schedule(vm, scheduler(vm), future(vm, task));
}

#[inline]
fn schedule(vm: &Vm, scheduler: &Scheduler, task: Gc<'_, Future>) {
    keep(vm, scheduler, task);
    scheduler.call_soon(Handle::new(Action::Step, task.value(), Value::UNDEF));
}

#[inline]
fn keep(vm: &Vm, scheduler: &Scheduler, task: Gc<'_, Future>) {
    let mut tasks = scheduler.tasks.borrow_mut();
    let part = task.task().expect("the caller knows that it is a task");
    part.row.set(tasks.next_row());
    tasks.insert(&vm.heap, task.value());
}

/// Runs the first step of a task that was begun, now instead of in the next turn; the scheduler keeps it if it has to wait.
///
/// # Errors
/// KeyboardInterrupt and SystemExit.
pub fn start_eagerly(vm: &mut Vm, task: Local) -> Result<(), Raised> {
    let scheduler = shared(vm);
    keep(vm, &scheduler, future(vm, task));
    let turn = Turn::new(vm, &scheduler);
    step(vm, &turn, task, None)
}

/// Whether something is a coroutine object.
#[inline]
pub fn is_coroutine(vm: &Vm, local: Local) -> bool {
    vm.get_gc::<Coroutine>(local).is_some_and(|c| {
        matches!(
            c.kind,
            CoroutineKind::Coroutine | CoroutineKind::Native | CoroutineKind::AsyncStep
        )
    })
}

/// Where a task was made.
pub fn spawned(vm: &Vm, task: Local) -> Option<Place> {
    let part = part(vm, task);
    let code: Gc<'_, CodeObj> = part.spawned_in.get(&vm.heap).as_gc()?;
    Some((Rc::clone(&code.code), part.spawned_at.get()))
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
        let text = match part(vm, task).name_number.get() {
            NAMED_NONE => "None".to_owned(),
            number => format!("Task-{number}"),
        };
        name.set(vm.heap.str_value(&text));
    }
    vm.local(name.get(&vm.heap))
}

/// The future that a task waited for is done.
pub fn wake(vm: &mut Vm, turn: &Turn<'_>, task: Local, awaited: Local) -> Result<(), Raised> {
    let done = future(vm, awaited);
    match done.state.get(&vm.heap) {
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
        exception.note_task(text, spawned);
    }
}

/// The turn that a step belongs to.
pub struct Turn<'s> {
    /// The VM's scheduler.
    pub scheduler: &'s Scheduler,
    /// The task that runs outside of its steps (a loop within a task) and the context there; None where there is neither.
    outside: Option<[Local; 2]>,
}

impl Turn<'_> {
    /// A turn that begins now.
    #[inline]
    pub fn new<'s>(vm: &Vm, scheduler: &'s Scheduler) -> Turn<'s> {
        let (task, context) = (&scheduler.current, &scheduler.context);
        let is_outermost = task.is_undef() && context.is_undef();
        let outside =
            (!is_outermost).then(|| [task, context].map(|slot| vm.local(slot.get(&vm.heap))));
        Turn { scheduler, outside }
    }

    /// A step is over.
    #[inline]
    fn leave_step(&self, vm: &Vm) {
        let [task, context] = match self.outside {
            None => [Value::UNDEF; 2],
            Some(outside) => outside.map(|local| vm.get(local)),
        };
        self.scheduler.current.set(task);
        self.scheduler.context.set(context);
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
    if this.is_done(&vm.heap) {
        return Ok(());
    }
    let part = part(vm, task);
    let mut thrown = exception;
    if part.must_cancel.get(&vm.heap) {
        part.must_cancel.set(&vm.heap, false);
        let cancelled =
            exception.is_some_and(|e| heap.is_instance(vm.get(e), Builtin::CancelledError));
        if !cancelled {
            thrown = Some(new_cancelled_error(vm, task));
        }
    }
    part.waiting_for.clear(&vm.heap);
    let scheduler = turn.scheduler;
    scheduler.current.set(this.value());
    scheduler.context.set(part.context.get(heap));
    let coroutine = vm.local(part.coroutine.get(heap));
    let outcome = match thrown {
        Some(exception) => vm.resume(coroutine, Input::Throw(exception)),
        None => vm.go_on(coroutine),
    };
    // What the coroutine set in its context is the task's for good.
    future::part(vm, task)
        .context
        .set(scheduler.context.get(&vm.heap));
    turn.leave_step(vm);
    match outcome {
        Ok(Resumed::Returned(value)) => returned(vm, scheduler, task, value),
        Ok(Resumed::Yielded(value)) => yielded(vm, scheduler, task, value),
        Err(raised) => failed(vm, scheduler, task, raised),
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

fn returned(vm: &mut Vm, scheduler: &Scheduler, task: Local, value: Local) -> Result<(), Raised> {
    let this = future(vm, task);
    let part = finish(scheduler, this);
    if part.must_cancel.get(&vm.heap) {
        part.must_cancel.set(&vm.heap, false);
        let message = vm.local(cancel_message(vm, task));
        future::cancel_now(vm, task, message);
        return Ok(());
    }
    future::set_result_of(vm, this, vm.get(value))
}

fn failed(vm: &mut Vm, scheduler: &Scheduler, task: Local, raised: Raised) -> Result<(), Raised> {
    finish(scheduler, future(vm, task));
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
            .set(&vm.heap, vm.get(exception));
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
fn finish<'h>(scheduler: &Scheduler, task: Gc<'h, Future>) -> &'h TaskPart {
    let part = task.task().expect("the caller knows that it is a task");
    let row = part.row.replace(NO_ROW);
    scheduler.tasks.borrow_mut().remove(row);
    part
}

fn yielded(vm: &mut Vm, scheduler: &Scheduler, task: Local, value: Local) -> Result<(), Raised> {
    let this = future(vm, task);
    let awaited: Option<Gc<'_, Future>> = vm.get_gc(value);
    let Some(awaited) = awaited else {
        if vm.get(value).is_none() {
            scheduler.call_soon(Handle::new(Action::Step, this.value(), Value::UNDEF));
            return Ok(());
        }
        let text = vm.repr_text(value)?;
        return throw_soon(vm, task, format!("Task got bad yield: {text}"));
    };
    if awaited == this {
        let text = vm.repr_text(task)?;
        return throw_soon(vm, task, format!("Task cannot await on itself: {text}"));
    }
    let number = awaited.loop_number.get();
    if number != scheduler.loop_number() && number != 0 {
        let (task_text, text) = (vm.repr_text(task)?, vm.repr_text(value)?);
        let message = format!("Task {task_text} got Future {text} attached to a different loop");
        return throw_soon(vm, task, message);
    }
    part(vm, task).waiting_for.set(&vm.heap, awaited.value());
    // The step itself enters the task's context.
    if !awaited.is_done(&vm.heap) && !future::has_exact_class(&vm.heap, awaited) {
        wait_for_custom(vm, task, value)?;
    } else if awaited.is_done(&vm.heap) {
        scheduler.call_soon(Handle::new(Action::Wake, this.value(), awaited.value()));
    } else {
        awaited.push_callback(
            &vm.heap,
            Callback {
                kind: Action::Wake.to_number(),
                target: Slot::new(this.value()),
                context: Slot::undef(),
            },
        );
    }
    let part = part(vm, task);
    if part.must_cancel.get(&vm.heap) {
        let message = vm.local(cancel_message(vm, task));
        if cancel(vm, value, message)? {
            future::part(vm, task).must_cancel.set(&vm.heap, false);
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

/// `_wakeup(task, future)`: the callback that a future gets whose class has an `add_done_callback` of its own.
const WAKEUP: Native = Native::vm(
    "_wakeup(task, future, /)",
    "Resume a task that waited for a future.",
    |vm, args| {
        let scheduler = shared(vm);
        let turn = Turn::new(vm, &scheduler);
        wake(vm, &turn, args.at(0), args.at(1))?;
        Ok(vm.none())
    },
);

/// Has a future of a user class wake a task: by the method of its class, where that is no native one.
///
/// # Errors
/// Of the method.
fn wait_for_custom(vm: &mut Vm, task: Local, awaited: Local) -> Result<(), Raised> {
    let method = vm.get_attr_named(awaited, "add_done_callback")?;
    let is_native = vm
        .get_gc::<BoundMethod>(method)
        .is_some_and(|m| m.function.get(&vm.heap).is_gc::<NativeFunction>());
    if is_native {
        future(vm, awaited).push_callback(
            &vm.heap,
            Callback {
                kind: Action::Wake.to_number(),
                target: Slot::new(vm.get(task)),
                context: Slot::undef(),
            },
        );
        return Ok(());
    }
    let wakeup = vm.native_function(&WAKEUP, NativeRole::Free);
    let callback = vm.heap.bound_method(vm.get(wakeup), vm.get(task)).value();
    let callback = vm.local(callback);
    vm.call(method, &[callback]).map(drop)
}
