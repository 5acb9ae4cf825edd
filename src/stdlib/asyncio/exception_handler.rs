//! Where exceptions that reach nobody go: the loop's exception handler, methods that a loop overrides, the program's log.
//!
//! The scheduler asks here before it tells the user itself (`Face::tell_program`). The log counts once the program has configured
//! `logging`, so that the logger `asyncio` has a handler, or put something of its own into `sys.stderr`; else apy's own words are the better ones.

use super::general;
use crate::runtime::function::BoundMethod;
use crate::runtime::native::NativeFunction;
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::{report, scheduler};
use crate::stdlib::io::standard;
use crate::vm::{Local, Problem, Vm};

/// Tells the program of a context, if it has a say; whether it has.
///
/// # Errors
/// KeyboardInterrupt and SystemExit, and those of an overridden `call_exception_handler`.
pub fn tell_program(vm: &mut Vm, context: Local) -> Result<bool, Raised> {
    if let Some(method) = overridden(vm, "call_exception_handler")? {
        return vm.call(method, &[context]).map(|_| true);
    }
    if !scheduler(vm).settings.exception_handler.is_undef() {
        return report::call_handler(vm, context).map(|()| true);
    }
    by_default(vm, context)
}

/// The same without the loop's exception handler.
///
/// # Errors
/// KeyboardInterrupt and SystemExit.
pub fn by_default(vm: &mut Vm, context: Local) -> Result<bool, Raised> {
    let Some(method) = overridden(vm, "default_exception_handler")? else {
        return log(vm, context);
    };
    match vm.call(method, &[context]) {
        Ok(_) => {}
        Err(raised) => default_failed(vm, raised, context)?,
    }
    Ok(true)
}

/// `default_exception_handler` raised when it was told of a context: that goes to the log, or to the user.
///
/// # Errors
/// KeyboardInterrupt and SystemExit.
pub fn default_failed(vm: &mut Vm, raised: Raised, context: Local) -> Result<(), Raised> {
    let leaves = [Builtin::KeyboardInterrupt, Builtin::SystemExit];
    if vm.is_halting() || leaves.iter().any(|&class| vm.is_raised(&raised, class)) {
        return Err(raised);
    }
    let exception = vm.take_local(raised);
    if !(has_logging(vm) && call_log(vm, "log_failure", &[exception, context])?) {
        let problem = Problem::Unraisable("the default exception handler".to_owned());
        report::report(vm, problem, exception);
    }
    Ok(())
}

/// Writes a context to the program's log; whether it has one.
///
/// # Errors
/// Of the program's logging.
pub fn log(vm: &mut Vm, context: Local) -> Result<bool, Raised> {
    Ok(has_logging(vm) && call_log(vm, "log_context", &[context])?)
}

/// In debug mode: a callback took so many seconds.
///
/// # Errors
/// Of the program's logging.
pub fn log_slow(vm: &mut Vm, target: Local, seconds: f64) -> Result<(), Raised> {
    if has_logging(vm) {
        let seconds = vm.local(Value::float(seconds));
        call_log(vm, "log_slow", &[target, seconds])?;
    }
    Ok(())
}

/// There is a new loop: programs that log at the level DEBUG see it, as in CPython.
///
/// # Errors
/// Of the program's logging.
pub fn log_new_loop(vm: &mut Vm) -> Result<(), Raised> {
    if vm.loaded_module("logging").is_none() {
        return Ok(());
    }
    let logger = general::find(vm, "asyncio.log", "logger")?;
    let texts =
        ["Using selector: %s", "EpollSelector"].map(|text| vm.local(vm.heap.str_value(text)));
    vm.call_method(logger, "debug", &texts).map(drop)
}

fn has_logging(vm: &mut Vm) -> bool {
    vm.loaded_module("logging").is_some() || standard::redirects_errors(vm)
}

fn call_log(vm: &mut Vm, function: &str, args: &[Local]) -> Result<bool, Raised> {
    let logged = general::call(vm, general::LOOP, function, args)?;
    vm.truth(logged)
}

/// A method of the current loop, if a class or the object itself overrides the native one.
fn overridden(vm: &mut Vm, name: &str) -> Result<Option<Local>, Raised> {
    let number = scheduler(vm).loop_number();
    let object = scheduler(vm).loop_object(&vm.heap, number);
    let Some(object) = object.map(|object| vm.local(object)) else {
        return Ok(None);
    };
    let method = vm.get_attr_named(object, name)?;
    let is_native = vm
        .get_gc::<BoundMethod>(method)
        .is_some_and(|m| m.function.get(&vm.heap).is_gc::<NativeFunction>());
    Ok((!is_native).then_some(method))
}
