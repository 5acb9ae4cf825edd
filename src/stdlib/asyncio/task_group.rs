//! `asyncio.TaskGroup`: tasks that are all done when the block ends.
//!
//! The first task that fails has the others and the block cancelled; what failed leaves the block as an exception group. Whoever
//! cancels the task of the block meanwhile gets the cancellation through, unless the group itself was the only one to ask for it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::super::registry::{Getter, ModuleType, NativeType};
use super::register;

use super::task::{as_coroutine, future_set};
use crate::runtime::exception::Exception;
use crate::runtime::future::{Future, FutureState};
use crate::runtime::heap::{Field, traced};
use crate::runtime::list::List;
use crate::runtime::opaque::{Obstacle, Opaque, Payload};
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::sched::future::{self, future, new_future};
use crate::sched::handle::NativeCallback;
use crate::sched::{cancel, scheduler, task};
use crate::vm::{Input, Local, Locals, Mention, Native, NativeCoroutine, Step, Vm};

/// `asyncio.TaskGroup`.
pub const TASK_GROUP: ModuleType = ModuleType {
    name: "TaskGroup",
    module: "asyncio.taskgroups",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&INIT, &CREATE_TASK, &ENTER, &EXIT, &REPR],
        getters: &[TASKS],
        ..NativeType::of(
            Builtin::Opaque,
            "Tasks that are all done when the block ends. Where one fails the others are cancelled, and the block raises an ExceptionGroup.",
        )
    },
};

/// The task of the block of a group; None for anything else.
pub fn parent_of(vm: &Vm, group: Local) -> Option<Local> {
    let group: Option<&TaskGroup> = vm.get_gc::<Opaque>(group).and_then(|o| o.payload());
    let parent = group?.parent.get(&vm.heap).defined()?;
    Some(vm.local(parent))
}

const TASKS: Getter = Getter::vm("_tasks", "The tasks that are not done.", |vm, args| {
    let heap = &vm.heap;
    let tasks = group(vm, args.at(0)).tasks.borrow();
    let tasks: Vec<Value<'_>> = tasks.values().map(|task| task.get(heap)).collect();
    Ok(vm.local(future_set(heap, tasks.into_iter())))
});

struct TaskGroup {
    entered: Field<bool>,
    exiting: Field<bool>,
    aborting: Field<bool>,
    /// The task of the block.
    parent: Slot,
    /// Whether the group asked for the parent's cancellation.
    parent_cancelled: Field<bool>,
    /// Tasks that are not done, by their number.
    tasks: RefCell<BTreeMap<u64, Slot>>,
    errors: List,
    /// KeyboardInterrupt or SystemExit; Undef for none.
    base_error: Slot,
    /// What the end of the block waits for; Undef while it does not.
    completed: Slot,
}

traced!(
    TaskGroup { parent, tasks, errors, base_error, completed }
    plain { entered, exiting, aborting, parent_cancelled }
);

impl Payload for TaskGroup {
    fn obstacle<'h>(&self, heap: &'h Heap) -> Option<Obstacle<'h>> {
        let tasks = self.tasks.borrow();
        Some(Obstacle::new("", tasks.values().map(|task| task.get(heap))))
    }
}

impl TaskGroup {
    fn new() -> TaskGroup {
        TaskGroup {
            entered: Field::new(false),
            exiting: Field::new(false),
            aborting: Field::new(false),
            parent: Slot::undef(),
            parent_cancelled: Field::new(false),
            tasks: RefCell::default(),
            errors: List::default(),
            base_error: Slot::undef(),
            completed: Slot::undef(),
        }
    }

    fn is_idle(&self) -> bool {
        self.tasks.borrow().is_empty()
    }
}

/// Only refuses arguments, which `__new__` leaves to a subclass's `__init__`.
const INIT: Native = Native::vm("__init__(self)", "Initialize self.", |vm, _| Ok(vm.none()));
const NEW: Native = Native::vm(
    "TaskGroup(cls, /, *args, **kwargs)",
    "A group without tasks.",
    |vm, args| Ok(vm.new_opaque(args.at(0), TaskGroup::new())),
);
const CREATE_TASK: Native = Native::vm(
    "create_task(self, coro, *, name=None, context=None)",
    "Run a coroutine as a task of the group. Raises RuntimeError outside of the block.",
    create_task,
);
const ENTER: Native = Native::vm(
    "__aenter__(self, /) -> coroutine",
    "Begin the block.",
    |vm, args| Ok(vm.native_coroutine(&ENTERING, &[args.at(0)])),
);
const EXIT: Native = Native::vm(
    "__aexit__(self, et, exc, tb, /) -> coroutine",
    "Wait for the tasks.",
    |vm, args| {
        let none = vm.none();
        Ok(vm.native_coroutine(&EXITING, &[args.at(0), args.at(2), none]))
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let text = describe(vm, args.at(0));
    Ok(vm.local(vm.heap.str_value(&text)))
});

static ENTERING: NativeCoroutine = NativeCoroutine::new("TaskGroup.__aenter__", step_enter);
static EXITING: NativeCoroutine =
    NativeCoroutine::new("TaskGroup.__aexit__", step_exit).mentioned(Mention::As("TaskGroup"));

// Registers: the group; of the exit: what leaves the block, the cancellation to pass on (each None for none).
const OWNER: usize = 0;
const EXCEPTION: usize = 1;
const CANCELLATION: usize = 2;

fn group(vm: &Vm, this: Local) -> &TaskGroup {
    vm.payload(this)
}

fn describe(vm: &Vm, this: Local) -> String {
    let this = group(vm, this);
    let mut text = "<TaskGroup".to_owned();
    if !this.is_idle() {
        text.push_str(&format!(" tasks={}", this.tasks.borrow().len()));
    }
    if !this.errors.is_empty(&vm.heap) {
        text.push_str(&format!(" errors={}", this.errors.len(&vm.heap)));
    }
    if this.aborting.get(&vm.heap) {
        text.push_str(" cancelling");
    } else if this.entered.get(&vm.heap) {
        text.push_str(" entered");
    }
    text + ">"
}

fn create_task(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let (owner, coroutine) = (args.at(0), args.at(1));
    let this = group(vm, owner);
    let complaint = if !this.entered.get(&vm.heap) {
        Some("has not been entered")
    } else if this.exiting.get(&vm.heap) && this.is_idle() {
        Some("is finished")
    } else {
        this.aborting.get(&vm.heap).then_some("is shutting down")
    };
    if let Some(complaint) = complaint {
        vm.call_method(coroutine, "close", &[])?;
        let message = format!("TaskGroup {} {complaint}", describe(vm, owner));
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    let name = match vm.get(args.at(2)).is_none() || vm.get(args.at(2)).is_undef() {
        true => args.at(2),
        false => vm.str(args.at(2))?,
    };
    let coroutine = as_coroutine(vm, coroutine)?;
    let task = task::make(vm, coroutine, name, args.at(3))?;
    let Some(number) = key(vm, task) else {
        let class = vm.heap.short_type_name(vm.get(task));
        return Err(vm.heap.type_error(format!(
            "the task factory returned '{class}' instead of a Future"
        )));
    };
    if future(vm, task).is_done(&vm.heap) {
        task_done(vm, owner, task)?;
        return Ok(task);
    }
    group(vm, owner)
        .tasks
        .borrow_mut()
        .insert(number, Slot::new(vm.get(task)));
    let action =
        scheduler(vm).callback(const { &NativeCallback::new("TaskGroup.task_done", task_done) });
    future::add_callback(vm, task, action, owner);
    Ok(task)
}

fn step_enter(vm: &mut Vm, this: Local, _: Input) -> Result<Step, Raised> {
    let owner = register(vm, this, OWNER);
    if group(vm, owner).entered.get(&vm.heap) {
        let message = format!("TaskGroup {} has already been entered", describe(vm, owner));
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    let Some(parent) = scheduler(vm).current_task(&vm.heap) else {
        let message = format!(
            "TaskGroup {} cannot determine the parent task",
            describe(vm, owner)
        );
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    };
    let group = group(vm, owner);
    group.parent.set(parent);
    group.entered.set(&vm.heap, true);
    Ok(Step::Return(owner))
}

fn step_exit(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let owner = register(vm, this, OWNER);
    if vm.step_state(this) == 0 {
        vm.set_step_state(this, 1);
        leave_block(vm, this, owner)?;
    } else {
        // A new future next time: this one may have been cancelled.
        group(vm, owner).completed.clear();
        if let Input::Throw(exception) = input {
            if !vm
                .heap
                .is_instance(vm.get(exception), Builtin::CancelledError)
            {
                return Err(vm.raise_local(exception));
            }
            if !group(vm, owner).aborting.get(&vm.heap) {
                vm.step_slot(this, CANCELLATION).set(vm.get(exception));
                abort(vm, owner)?;
            }
        }
    }
    if group(vm, owner).is_idle() {
        return finish(vm, this, owner);
    }
    let completed = new_future(vm);
    group(vm, owner).completed.set(vm.get(completed));
    Ok(Step::Await(completed))
}

/// The block is over, with an exception or without.
fn leave_block(vm: &mut Vm, this: Local, owner: Local) -> Result<(), Raised> {
    group(vm, owner).exiting.set(&vm.heap, true);
    let exception = register(vm, this, EXCEPTION);
    if vm.get(exception).is_none() {
        return Ok(());
    }
    note_base_error(vm, owner, exception);
    if is_cancellation(vm, exception) {
        vm.step_slot(this, CANCELLATION).set(vm.get(exception));
    }
    if !group(vm, owner).aborting.get(&vm.heap) {
        abort(vm, owner)?;
    }
    Ok(())
}

fn is_cancellation(vm: &Vm, exception: Local) -> bool {
    vm.heap
        .is_instance(vm.get(exception), Builtin::CancelledError)
}

fn note_base_error(vm: &Vm, owner: Local, exception: Local) {
    let value = vm.get(exception);
    let is_base = [Builtin::SystemExit, Builtin::KeyboardInterrupt]
        .iter()
        .any(|&b| vm.heap.is_instance(value, b));
    let group = group(vm, owner);
    if is_base && group.base_error.is_undef() {
        group.base_error.set(value);
    }
}

fn abort(vm: &mut Vm, owner: Local) -> Result<(), Raised> {
    let group = group(vm, owner);
    group.aborting.set(&vm.heap, true);
    let tasks: Vec<Local> = group
        .tasks
        .borrow()
        .values()
        .map(|t| vm.local(t.get(&vm.heap)))
        .collect();
    let unsaid = vm.local(Value::UNDEF);
    for task in tasks {
        cancel::cancel(vm, task, unsaid)?;
    }
    Ok(())
}

/// All tasks are done.
fn finish(vm: &mut Vm, this: Local, owner: Local) -> Result<Step, Raised> {
    let group = group(vm, owner);
    if !group.base_error.is_undef() {
        let error: Gc<'_, Exception> = group.base_error.expect(&vm.heap);
        return Err(vm.heap.raise_exception(error));
    }
    let parent = vm.local(group.parent.get(&vm.heap));
    if group.parent_cancelled.get(&vm.heap) && cancel::uncancel(vm, parent) == 0 {
        vm.step_slot(this, CANCELLATION).set(Value::NONE);
    }
    let cancellation = register(vm, this, CANCELLATION);
    if !vm.get(cancellation).is_none() && group.errors.is_empty(&vm.heap) {
        return Err(vm.raise_local(cancellation));
    }
    let exception = register(vm, this, EXCEPTION);
    if !vm.get(exception).is_none() && !is_cancellation(vm, exception) {
        group.errors.push(&vm.heap, vm.get(exception))?;
    }
    if group.errors.is_empty(&vm.heap) {
        return Ok(Step::Return(vm.none()));
    }
    Err(failure(vm, owner, parent, exception))
}

/// Builds the ExceptionGroup. `context`: the exception that left the block, or None. Delivers a pending cancellation of the parent
/// again; its count of requests stays.
fn failure(vm: &mut Vm, owner: Local, parent: Local, context: Local) -> Raised {
    if future::part(vm, parent).cancel_requests.get(&vm.heap) > 0 {
        cancel::uncancel(vm, parent);
        let unsaid = vm.local(Value::UNDEF);
        if let Err(raised) = cancel::cancel(vm, parent, unsaid) {
            return raised;
        }
    }
    let errors = vm
        .heap
        .list(group(vm, owner).errors.to_vec(&vm.heap))
        .value();
    let errors = vm.local(errors);
    group(vm, owner).errors.clear(&vm.heap);
    let made = match vm.exception_group("unhandled errors in a TaskGroup", errors) {
        Ok(made) => made,
        Err(raised) => return raised,
    };
    if let Some(exception) = vm.get_gc::<Exception>(made) {
        exception.suppress_context.set(true);
        let context = vm.get(context);
        exception.context.set(if context.is_none() {
            Value::UNDEF
        } else {
            context
        });
    }
    vm.raise_local(made)
}

/// The place of a task among the group's: that of its making, after which come futures of a task factory that are no tasks.
fn key(vm: &Vm, task: Local) -> Option<u64> {
    let this: Gc<'_, Future> = vm.get_gc(task)?;
    Some(match this.task() {
        Some(part) => part.number.get(),
        None => (1 << 63) | vm.heap.id_of(this.value()).unsigned_abs(),
    })
}

fn task_done(vm: &mut Vm, owner: Local, task: Local) -> Result<(), Raised> {
    let number = key(vm, task).unwrap_or_default();
    let group = group(vm, owner);
    group.tasks.borrow_mut().remove(&number);
    if group.is_idle() && !group.completed.is_undef() {
        let completed = vm.local(group.completed.get(&vm.heap));
        if !future(vm, completed).is_done(&vm.heap) {
            let result = vm.local(Value::TRUE);
            future::set_result(vm, completed, result)?;
        }
    }
    let outcome = future(vm, task);
    if outcome.state.get(&vm.heap) != FutureState::Failed {
        return Ok(());
    }
    outcome.retrieved.set(&vm.heap, true);
    let error = vm.local(outcome.result.get(&vm.heap));
    task::note_crossing(vm, task, error);
    let group = self::group(vm, owner);
    group.errors.push(&vm.heap, vm.get(error))?;
    note_base_error(vm, owner, error);
    let parent = vm.local(group.parent.get(&vm.heap));
    if !group.aborting.get(&vm.heap)
        && !group.parent_cancelled.get(&vm.heap)
        && !future(vm, parent).is_done(&vm.heap)
    {
        group.parent_cancelled.set(&vm.heap, true);
        abort(vm, owner)?;
        let unsaid = vm.local(Value::UNDEF);
        cancel::cancel(vm, parent, unsaid)?;
    }
    Ok(())
}
