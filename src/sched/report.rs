//! When things go wrong: callbacks that fail, tasks whose exception nobody took, tasks that are left behind.
//!
//! These are for the user's eyes and go through the host; the program sees them only if it set an exception handler.

use super::future::future;
use super::{scheduler, task};
use crate::runtime::dict::Dict;
use crate::runtime::future::FutureState;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised, Value};
use crate::vm::{Local, Problem, Report, Vm};

/// Reports an exception that has nowhere to go.
pub(super) fn unraisable(vm: &mut Vm, outcome: Result<(), Raised>, of: &str) {
    if let Err(raised) = outcome {
        let exception = vm.take_local(raised);
        if vm.tell_unraisable(exception, None) {
            return;
        }
        report(vm, Problem::Unraisable(of.to_owned()), exception);
    }
}

/// The name of the task that runs now.
pub(super) fn current_name(vm: &mut Vm) -> Option<String> {
    let task = vm.local(scheduler(vm).current_task(&vm.heap)?);
    Some(text(vm, task))
}

/// A task's name.
pub(super) fn text(vm: &mut Vm, task: Local) -> String {
    let name = task::name(vm, task);
    vm.get_gc::<Str>(name)
        .map_or(String::new(), |s| s.as_str().to_owned())
}

/// A callback of the program raised: the loop goes on. `handle`: its object, or Undef.
///
/// # Errors
/// KeyboardInterrupt and SystemExit from the program's exception handler.
pub fn callback_failed(
    vm: &mut Vm,
    callback: Local,
    handle: Local,
    exception: Local,
) -> Result<(), Raised> {
    let text = match scheduler(vm).face.get() {
        Some(face) => (face.callback_text)(vm, callback),
        None => vm.repr_text(callback),
    };
    let what = match text {
        Ok(text) => text,
        Err(raised) => {
            vm.heap.take_raised(raised);
            "<callback>".to_owned()
        }
    };
    let message = format!("Exception in callback {what}");
    tell(
        vm,
        Problem::Callback(what),
        &message,
        exception,
        ("handle", handle),
    )
}

/// The task of a server's client failed.
///
/// # Errors
/// As `callback_failed`.
pub fn client_failed(vm: &mut Vm, exception: Local) -> Result<(), Raised> {
    tell_of(
        vm,
        Problem::Client,
        "Unhandled exception in client_connected_cb",
        exception,
    )
}

/// A server could not accept a client: the system is out of something.
///
/// # Errors
/// As `callback_failed`.
pub fn accept_failed(vm: &mut Vm, exception: Local) -> Result<(), Raised> {
    tell_of(
        vm,
        Problem::Accept,
        "socket.accept() out of system resource",
        exception,
    )
}

fn tell_of(vm: &mut Vm, problem: Problem, message: &str, exception: Local) -> Result<(), Raised> {
    let nothing = vm.local(Value::UNDEF);
    tell(vm, problem, message, exception, ("", nothing))
}

/// A task that `asyncio.run` cancelled at its end failed with something else.
///
/// # Errors
/// As `callback_failed`.
pub fn failed_at_exit(vm: &mut Vm, task: Local) -> Result<(), Raised> {
    let this = future(vm, task);
    if this.state.get(&vm.heap) != FutureState::Failed {
        return Ok(());
    }
    this.retrieved.set(&vm.heap, true);
    let exception = vm.local(this.result.get(&vm.heap));
    let name = text(vm, task);
    tell(
        vm,
        Problem::Shutdown(name),
        "unhandled exception during asyncio.run() shutdown",
        exception,
        ("task", task),
    )
}

/// An async generator that was left unfinished failed when the loop closed it.
///
/// # Errors
/// As `callback_failed`.
pub fn closing_failed(vm: &mut Vm, generator: Local, exception: Local) -> Result<(), Raised> {
    let what = vm.repr_text(generator)?;
    let what = format!("closing of asynchronous generator {what}");
    let message = format!("an error occurred during {what}");
    let extra = ("asyncgen", generator);
    tell(vm, Problem::Unraisable(what), &message, exception, extra)
}

/// Tells the program, or the user if the program has no say.
fn tell(
    vm: &mut Vm,
    problem: Problem,
    message: &str,
    exception: Local,
    extra: (&str, Local),
) -> Result<(), Raised> {
    let Some(face) = scheduler(vm).face.get() else {
        report(vm, problem, exception);
        return Ok(());
    };
    let source = (face.source)(vm, extra.1);
    let heap = &vm.heap;
    let context = heap.dict();
    context.set_str(heap, heap.intern("message"), heap.str_value(message));
    context.set_str(heap, heap.intern("exception"), vm.get(exception));
    if let Some(value) = vm.get(extra.1).defined() {
        context.set_str(heap, heap.intern(extra.0), value);
    }
    if let Some(source) = source {
        context.set_str(heap, heap.intern("source_traceback"), vm.get(source));
    }
    let context = vm.local(context.value());
    if !(face.tell_program)(vm, context)? {
        report(vm, problem, exception);
    }
    Ok(())
}

/// Calls the program's exception handler, which is set; what it raises is reported, not raised.
///
/// # Errors
/// KeyboardInterrupt and SystemExit.
pub fn call_handler(vm: &mut Vm, context: Local) -> Result<(), Raised> {
    let scheduler = scheduler(vm);
    let handler = vm.local(scheduler.settings.exception_handler.get(&vm.heap));
    let the_loop = match scheduler.face.get() {
        Some(face) => (face.loop_object)(vm)?,
        None => vm.none(),
    };
    let outcome = match context_of(vm, context)? {
        Some(run) => vm.call(run, &[handler, the_loop, context]),
        None => vm.call(handler, &[the_loop, context]),
    };
    let Err(raised) = outcome else {
        return Ok(());
    };
    let leaves = [Builtin::KeyboardInterrupt, Builtin::SystemExit]
        .iter()
        .any(|&b| vm.is_raised(&raised, b));
    if leaves || vm.is_halting() {
        return Err(raised);
    }
    let exception = vm.take_local(raised);
    handler_failed(vm, context, exception)
}

/// `run` of the context of the task, future or handle that a handler hears of.
fn context_of(vm: &mut Vm, context: Local) -> Result<Option<Local>, Raised> {
    for name in ["task", "future", "handle"] {
        let found = vm
            .get_gc::<Dict>(context)
            .and_then(|context| context.get_str(&vm.heap, vm.heap.intern(name)));
        let Some(thing) = found.filter(|thing| !thing.is_none()) else {
            continue;
        };
        let thing = vm.local(thing);
        let Some(method) = vm.find_attr(thing, "get_context")? else {
            return Ok(None);
        };
        let own = vm.call(method, &[])?;
        return match vm.get(own).is_none() {
            true => Ok(None),
            false => vm.find_attr(own, "run"),
        };
    }
    Ok(None)
}

/// The program's exception handler failed itself.
fn handler_failed(vm: &mut Vm, context: Local, exception: Local) -> Result<(), Raised> {
    if let Some(face) = scheduler(vm).face.get() {
        let heap = &vm.heap;
        let failure = heap.dict();
        let message = heap.str_value("Unhandled error in exception handler");
        failure.set_str(heap, heap.intern("message"), message);
        failure.set_str(heap, heap.intern("exception"), vm.get(exception));
        failure.set_str(heap, heap.intern("context"), vm.get(context));
        let failure = vm.local(failure.value());
        if (face.tell_default)(vm, failure)? {
            return Ok(());
        }
    }
    let problem = Problem::Unraisable("the exception handler of the event loop".to_owned());
    report(vm, problem, exception);
    Ok(())
}

/// The program is over: reports the tasks and futures whose exception nobody took, in the order in which they failed.
pub fn failures_at_exit(vm: &mut Vm) {
    for future in scheduler(vm).failures(vm) {
        unretrieved(vm, future);
    }
}

/// A run of the current loop is over: tells the program's exception handler, if there is one, of the loop's futures whose exception
/// nobody took.
///
/// # Errors
/// As `callback_failed`.
pub fn failures_at_close(vm: &mut Vm) -> Result<(), Raised> {
    if scheduler(vm).settings.exception_handler.is_undef() {
        return Ok(());
    }
    let number = scheduler(vm).loop_number();
    for failed in scheduler(vm).failures(vm) {
        let this = future(vm, failed);
        if this.loop_number.get() != number {
            continue;
        }
        if this.state.get(&vm.heap) != FutureState::Failed || this.retrieved.replace(&vm.heap, true)
        {
            continue;
        }
        let exception = vm.local(this.result.get(&vm.heap));
        let class = vm.heap.short_type_name(vm.get(failed));
        let message = format!("{class} exception was never retrieved");
        let problem = Problem::NeverRetrieved(class.to_owned());
        tell(vm, problem, &message, exception, ("future", failed))?;
    }
    Ok(())
}

/// The collector found a future that failed: its loop hears of it.
///
/// # Errors
/// None: what a handler raises is reported.
pub fn lost_failure(vm: &mut Vm, failed: Local) -> Result<(), Raised> {
    unretrieved(vm, failed);
    Ok(())
}

/// Reports a task or future with an exception that nobody took.
fn unretrieved(vm: &mut Vm, task: Local) {
    let this = future(vm, task);
    if this.state.get(&vm.heap) != FutureState::Failed || this.retrieved.get(&vm.heap) {
        return;
    }
    this.retrieved.set(&vm.heap, true);
    let is_task = this.task().is_some();
    let exception = vm.local(this.result.get(&vm.heap));
    // A group whose member was cancelled: nothing is wrong with the member, but nothing awaited the group.
    if vm
        .heap
        .is_instance(vm.get(exception), Builtin::CancelledError)
    {
        return vm.report_future(task);
    }
    let name = if is_task {
        text(vm, task)
    } else {
        "Future".to_owned()
    };
    let class = vm.heap.short_type_name(vm.get(task));
    let message = format!("{class} exception was never retrieved");
    let problem = Problem::NeverRetrieved(name);
    let outcome = tell(vm, problem, &message, exception, ("future", task));
    unraisable(vm, outcome, "the exception handler of the event loop");
}

/// Tells the user of an exception.
pub fn report(vm: &mut Vm, problem: Problem, exception: Local) {
    let failure = vm.describe(exception);
    vm.host.report(Report::Failed { problem, failure });
}
