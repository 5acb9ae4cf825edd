//! asyncio: one primitive a file, built on the tasks, futures and wait queues of `sched`.
//!
//! What waits is a native coroutine: a `static NAME: NativeCoroutine` with a step function, its variables in registers. To add a
//! primitive: its file, one `mod` line, one word in the tables below.

mod event_loop;
pub mod future;
mod gather;
mod queue;
mod run;
mod semaphore;
mod sleep;
mod task;
mod to_thread;
mod wait;
mod wait_for;

use super::registry::{NativeModule, bind};
use crate::runtime::{Builtin, Raised};
use crate::vm::{Local, Vm};

/// The module.
pub const ASYNCIO: NativeModule = NativeModule {
    functions: &[
        &run::RUN,
        &sleep::SLEEP,
        &task::CREATE_TASK,
        &task::CURRENT_TASK,
        &task::ALL_TASKS,
        &task::ENSURE_FUTURE,
        &task::ISFUTURE,
        &task::ISCOROUTINE,
        &task::ISCOROUTINEFUNCTION,
        &gather::GATHER,
        &wait::WAIT,
        &wait_for::WAIT_FOR,
        &to_thread::TO_THREAD,
        &event_loop::GET_RUNNING_LOOP,
        &event_loop::GET_EVENT_LOOP,
    ],
    types: &[&event_loop::EVENT_LOOP, &event_loop::HANDLE, &queue::QUEUE, &queue::LIFO_QUEUE, &semaphore::SEMAPHORE, &semaphore::BOUNDED_SEMAPHORE],
    builtins: &[
        Builtin::Future,
        Builtin::Task,
        Builtin::CancelledError,
        Builtin::TimeoutError,
        Builtin::InvalidStateError,
        Builtin::QueueEmpty,
        Builtin::QueueFull,
        Builtin::QueueShutDown,
        Builtin::IncompleteReadError,
        Builtin::LimitOverrunError,
        Builtin::BrokenBarrierError,
    ],
    init,
    ..NativeModule::of("asyncio", "Coroutines, tasks and what they wait for, on the interpreter's own scheduler.")
};

/// The names that are builtins, too.
pub const BUILTIN_NAMES: &[&str] =
    &["sleep", "gather", "wait", "wait_for", "create_task", "run", "Queue", "Semaphore"];

fn init(vm: &mut Vm, module: Local) -> Result<(), Raised> {
    for name in ["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"] {
        bind(vm, module, name, vm.heap.str_value(name));
    }
    Ok(())
}

/// RuntimeError unless a loop is running.
fn check_running(vm: &Vm) -> Result<(), Raised> {
    if crate::sched::scheduler(vm).is_running() {
        return Ok(());
    }
    Err(vm.heap.raise(Builtin::RuntimeError, "no running event loop"))
}
