//! `asyncio.to_thread`: a blocking function beside the loop, on a green thread.
//!
//! The function gets a stack of its own in the same VM and a slice at once, as a new thread would.
//! What blocks it parks only it; see `sched/green.rs`.

use super::executor;
use crate::runtime::Raised;
use crate::sched::context;
use crate::vm::{Input, Local, Native, NativeCoroutine, Step, Vm};

/// `to_thread(func, /, *args, **kwargs)`.
pub const TO_THREAD: Native = Native::vm(
    "to_thread(func, /, *args, **kwargs) -> coroutine",
    "Run a blocking function in a thread of its own; give its result.",
    |vm, args| Ok(vm.native_coroutine(&RUNNING, &[args.at(0), args.at(1), args.at(2)])),
);

static RUNNING: NativeCoroutine = NativeCoroutine::new("to_thread", step);

fn step(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    match (vm.step_state(this), input) {
        (0, Input::Send(_)) => {
            vm.set_step_state(this, 1);
            let [function, args, kwargs] =
                [0, 1, 2].map(|i| vm.local(vm.step_slot(this, i).get(&vm.heap)));
            let context = context::fork(vm);
            executor::in_default_executor(vm, function, args, Some(kwargs), context)
                .map(Step::Await)
        }
        (_, Input::Send(value)) => Ok(Step::Return(value)),
        (_, Input::Throw(exception)) => Err(vm.raise_local(exception)),
    }
}
