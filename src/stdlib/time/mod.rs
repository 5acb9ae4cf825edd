//! The `time` module, on the scheduler's clock.
//!
//! All of its clocks are the scheduler's, so that under `--time virtual` they agree with sleeps and timers. To add a
//! function: a `Native` and a word in `TIME`. Calendar time is in `calendar.rs`, on pure functions; what programs see of it is
//! written in apy (`library/_time.apy`), from which `seldom.rs` takes it when it is first asked for.

pub mod calendar;
pub mod civil;
mod seldom;
pub mod strftime;
mod strptime;

use super::registry::NativeModule;
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::clock::TimeMode;
use crate::sched::{block, scheduler};
use crate::vm::{Local, Locals, Native, Vm};

/// The module.
pub const TIME: NativeModule = NativeModule {
    functions: &[
        &TIME_FN,
        &TIME_NS,
        &MONOTONIC,
        &MONOTONIC_NS,
        &PERF_COUNTER,
        &PERF_COUNTER_NS,
        &PROCESS_TIME,
        &SLEEP,
        &PROCESS_TIME_NS,
        &calendar::ZONE,
        &calendar::SET_ZONE,
        &calendar::UTC,
        &calendar::LOCAL,
        &calendar::MKTIME,
        &calendar::STRFTIME,
        &calendar::STRPTIME,
        &seldom::LOCALTIME,
        &seldom::GMTIME,
        &seldom::GET_ATTR,
        &seldom::DIR,
    ],
    constants: seldom::NAMES,
    ..NativeModule::of(
        "time",
        "The clock of the program: real or virtual, as --time says.",
    )
};

const TIME_FN: Native = Native::vm("time() -> float", "Seconds since 1970.", |vm, _| {
    Ok(float(vm, scheduler(vm).clock.wall()))
});
const TIME_NS: Native = Native::vm("time_ns() -> int", "Nanoseconds since 1970.", |vm, _| {
    Ok(nanos(vm, scheduler(vm).clock.wall()))
});
const MONOTONIC: Native = Native::vm(
    "monotonic() -> float",
    "Seconds on a clock that never goes back.",
    |vm, _| Ok(float(vm, scheduler(vm).now())),
);
const MONOTONIC_NS: Native = Native::vm(
    "monotonic_ns() -> int",
    "Nanoseconds on a clock that never goes back.",
    |vm, _| Ok(nanos(vm, scheduler(vm).now())),
);
const PERF_COUNTER: Native = Native::vm(
    "perf_counter() -> float",
    "Seconds on the finest clock.",
    |vm, _| Ok(float(vm, scheduler(vm).now())),
);
const PERF_COUNTER_NS: Native = Native::vm(
    "perf_counter_ns() -> int",
    "Nanoseconds on the finest clock.",
    |vm, _| Ok(nanos(vm, scheduler(vm).now())),
);
const PROCESS_TIME: Native = Native::vm(
    "process_time() -> float",
    "Seconds of processor time that the program used.",
    |vm, _| Ok(float(vm, processor_seconds(vm))),
);
const PROCESS_TIME_NS: Native = Native::vm(
    "process_time_ns() -> int",
    "Nanoseconds of processor time that the program used.",
    |vm, _| Ok(nanos(vm, processor_seconds(vm))),
);
const SLEEP: Native = Native::vm(
    "sleep(seconds, /)",
    "Wait; on the event loop's thread nothing else runs meanwhile. Raises ValueError if the time is negative.",
    sleep,
);

/// Processor time of the process. Runs that repeat themselves have the virtual time instead.
fn processor_seconds(vm: &Vm) -> f64 {
    if scheduler(vm).clock.mode() == TimeMode::Virtual {
        return scheduler(vm).now();
    }
    vm.heap.guard.outside().running_time().as_secs_f64()
}

fn float(vm: &Vm, seconds: f64) -> Local {
    vm.local(Value::float(seconds))
}

fn nanos(vm: &Vm, seconds: f64) -> Local {
    vm.local(vm.heap.int((seconds * 1e9) as i64))
}

/// Seconds that CPython's count of nanoseconds in 64 bits does not hold.
const LONGEST_SLEEP: f64 = (1_u64 << 63) as f64 / 1e9;

fn sleep(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let seconds = vm.to_float(args.at(0))?;
    if seconds.is_nan() {
        return Err(vm.heap.value_error("Invalid value NaN (not a number)"));
    }
    if seconds < 0.0 {
        return Err(vm.heap.value_error("sleep length must be non-negative"));
    }
    if seconds >= LONGEST_SLEEP {
        let message = "timestamp out of range for platform time_t";
        return Err(vm.heap.raise(Builtin::OverflowError, message));
    }
    block::sleep(vm, seconds)?;
    Ok(vm.none())
}
