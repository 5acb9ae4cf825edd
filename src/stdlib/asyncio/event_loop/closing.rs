//! The end of a loop: closing the async generators that it left unfinished.
//!
//! Each is closed by a task of its own, as in CPython; errors go to the exception handler.

use crate::runtime::list::List;
use crate::runtime::{Gc, Raised, Value};
use crate::sched::handle::{Action, Handle};
use crate::sched::{report, scheduler, task};
use crate::vm::{AsyncStepKind, Input, Local, Native, NativeCoroutine, NativeRole, Step, Vm};

/// Closes the async generators that were left unfinished: a coroutine, or nothing if there are none.
pub fn closing_generators(vm: &mut Vm) -> Option<Local> {
    let generators = vm.open_async_generators();
    if generators.is_empty() {
        return None;
    }
    let list = vm.heap.list(generators.iter().map(|&g| vm.get(g))).value();
    let (none, list) = (vm.none(), vm.local(list));
    Some(vm.native_coroutine(&CLOSING, &[list, none]))
}

/// Closes an async generator that nobody uses any more: in a task that the loop makes in its next turn if it runs, else at once.
pub fn abandon_generator(vm: &mut Vm, generator: Local) -> Result<(), Raised> {
    let undef = vm.local(Value::UNDEF);
    let closing = vm.async_step(generator, AsyncStepKind::Close, undef);
    if !scheduler(vm).is_running() {
        return vm.drive_to_end(closing);
    }
    let function = vm.native_function(&CREATE_TASK, NativeRole::Free);
    let args = vm.tuple_of(&[closing]);
    let handle = Handle::new(Action::Call, vm.get(function), vm.get(args));
    scheduler(vm).room_for_one(&vm.heap)?;
    scheduler(vm).call_soon(handle);
    Ok(())
}

const CREATE_TASK: Native = Native::vm(
    "create_task(closing, /)",
    "Run the closing of an async generator as a task.",
    |vm, args| {
        let undef = vm.local(Value::UNDEF);
        task::create(vm, args.at(0), undef, undef)
    },
);

/// Registers: the generators (None: all that are unfinished when it begins), then the tasks that close them.
static CLOSING: NativeCoroutine =
    NativeCoroutine::new("BaseEventLoop.shutdown_asyncgens", close_generators);

fn close_generators(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let at = vm.step_state(this) as usize;
    if at == 0 {
        begin_closing(vm, this)?;
    }
    let [generators, tasks] = [0, 1].map(|i| vm.local(vm.step_slot(this, i).get(&vm.heap)));
    if let (Some(done), Input::Throw(exception)) = (at.checked_sub(1), input)
        && let Some(generator) = item(vm, generators, done)
    {
        report::closing_failed(vm, generator, exception)?;
    }
    vm.set_step_state(this, at as u32 + 1);
    Ok(match item(vm, tasks, at) {
        Some(task) => Step::Await(task),
        None => Step::Return(vm.none()),
    })
}

fn begin_closing(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    let given = vm.step_slot(this, 0).get(&vm.heap).as_gc::<List>();
    let generators: Vec<Local> = match given {
        Some(list) => {
            let items = list.to_vec(&vm.heap);
            items.into_iter().map(|g| vm.local(g)).collect()
        }
        None => vm.open_async_generators(),
    };
    let undef = vm.local(Value::UNDEF);
    let mut tasks = Vec::with_capacity(generators.len());
    for &generator in &generators {
        let closing = vm.async_step(generator, AsyncStepKind::Close, undef);
        tasks.push(task::create(vm, closing, undef, undef)?);
    }
    for (i, items) in [generators, tasks].into_iter().enumerate() {
        let list = vm.heap.list(items.iter().map(|&v| vm.get(v))).value();
        vm.step_slot(this, i).set(list);
    }
    Ok(())
}

fn item(vm: &Vm, list: Local, at: usize) -> Option<Local> {
    let list: Gc<'_, List> = vm.get_gc(list)?;
    list.item(&vm.heap, at).map(|v| vm.local(v))
}

static NOTHING: NativeCoroutine =
    NativeCoroutine::new("BaseEventLoop.shutdown_default_executor", |vm, _, _| {
        Ok(Step::Return(vm.none()))
    });

/// `shutdown_asyncgens()`: closes what is unfinished when it begins.
pub fn closing_all(vm: &mut Vm) -> Local {
    let none = vm.none();
    vm.native_coroutine(&CLOSING, &[none, none])
}

/// A coroutine that has nothing to do.
pub fn nothing(vm: &mut Vm) -> Local {
    vm.native_coroutine(&NOTHING, &[])
}
