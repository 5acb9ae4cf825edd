//! The end: tasks that are still pending when their loop or the program is over.
//!
//! Nobody can finish them any more. The user hears of them; their coroutines are closed, so that their `finally` blocks run.

use super::future::{future, part};
use super::report::{text, unraisable};
use super::{deadlock, scheduler};
use crate::runtime::Raised;
use crate::vm::{Local, Report, Vm};

/// The loop is gone: tells of the tasks that are pending, which nobody can finish any more.
///
/// # Errors
/// As `callback_failed`.
pub fn destroyed(vm: &mut Vm) -> Result<(), Raised> {
    let tasks = scheduler(vm).pending_tasks_of(vm, scheduler(vm).loop_number());
    destroy(vm, tasks)
}

fn destroy(vm: &mut Vm, tasks: Vec<Local>) -> Result<(), Raised> {
    for task in tasks {
        scheduler(vm).abandon(future(vm, task));
        let Some(face) = scheduler(vm).face.get() else {
            continue;
        };
        let source = (face.source)(vm, task);
        let heap = &vm.heap;
        let context = heap.dict();
        context.set_str(heap, heap.intern("task"), vm.get(task));
        let message = heap.str_value("Task was destroyed but it is pending!");
        context.set_str(heap, heap.intern("message"), message);
        if let Some(source) = source {
            context.set_str(heap, heap.intern("source_traceback"), vm.get(source));
        }
        let context = vm.local(context.value());
        if !(face.tell_program)(vm, context)? {
            let task = deadlock::waits(vm, task);
            vm.host.report(Report::Destroyed { task });
        }
    }
    Ok(())
}

/// The program is over: what is still pending is pending for good. Its coroutines are closed, so that their `finally` blocks run.
pub fn pending_at_exit(vm: &mut Vm) {
    let tasks = scheduler(vm).pending_tasks(vm);
    let outcome = destroy(vm, tasks);
    unraisable(vm, outcome, "the exception handler of the event loop");
    for task in scheduler(vm).take_abandoned(vm) {
        let coroutine = vm.local(part(vm, task).coroutine.get(&vm.heap));
        let outcome = vm.close_generator(coroutine).map(drop);
        if outcome.is_err() {
            let what = format!("the coroutine of task '{}'", text(vm, task));
            unraisable(vm, outcome, &what);
        }
    }
}
