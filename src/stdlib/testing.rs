//! `_testing`: what the runner of tests (`library/pytest`) asks of the interpreter.
//!
//! The report of an exception as the user would see it, the values of a failed `assert`, warnings that would go to the user, and the
//! clock. The host draws; here is only the way there.

use super::registry::NativeModule;
use crate::diagnostics::fit_to;
use crate::runtime::exception::Exception;
use crate::runtime::list::List;
use crate::runtime::traceback::TraceEntry;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Raised, Value};
use crate::sched::clock::TimeMode;
use crate::sched::scheduler;
use crate::vm::{Local, Native, Values, Vm};

/// The module.
pub const TESTING: NativeModule = NativeModule {
    functions: &[
        &RENDER,
        &COMPARED,
        &LOSE_FORGOTTEN,
        &TAKE_REPORTS,
        &SECONDS,
        &SET_REAL_TIME,
        &FIT,
    ],
    ..NativeModule::of("_testing", "What the runner of tests needs.")
};

const RENDER: Native = Native::vm(
    "render(exception, short) -> str",
    "Return an exception as text, with its source. `short`: cut the values of an assert.",
    |vm, args| {
        exception(vm, args.at(0))?;
        let failure = vm.describe(args.at(0));
        let values = match vm.truth(args.at(1))? {
            true => Values::Short,
            false => Values::Long,
        };
        let text = vm.host.draw(&failure, values);
        Ok(vm.local(vm.heap.str_value(&text)))
    },
);

const COMPARED: Native = Native::vm(
    "compared(exception)",
    "Return both sides of the `==` of a failed assert, None for everything else.",
    |vm, args| {
        let none = vm.none();
        let heap = &vm.heap;
        let this = exception(vm, args.at(0))?;
        let Some(sides) = this.compared.get(heap).as_gc::<Tuple>() else {
            return Ok(none);
        };
        let pair: Vec<Value<'_>> = sides.tail().iter().take(2).map(|s| s.get(heap)).collect();
        let both = pair.len() == 2 && pair.iter().all(|side| !side.is_undef());
        let place = this.trace(heap).into_iter().find_map(|entry| match entry {
            TraceEntry::Frame { code, ip, .. } => Some((code, ip)),
            TraceEntry::Task { .. } => None,
        });
        let sides = vm.local(heap.tuple(&pair).value());
        let equal = place.is_some_and(|place| vm.host.tests_equality(&place));
        Ok(if both && equal { sides } else { none })
    },
);

fn exception<'h>(vm: &'h Vm, local: Local) -> Result<Gc<'h, Exception>, Raised> {
    let found = vm.get_gc::<Exception>(local);
    found.ok_or_else(|| vm.heap.type_error("an exception was expected"))
}

const LOSE_FORGOTTEN: Native = Native::vm(
    "lose_forgotten()",
    "Look for coroutines that nothing refers to any more and that nothing awaited.",
    |vm, _| {
        if !vm.heap.unstarted().is_empty() {
            vm.collect_and_finalise();
        }
        Ok(vm.none())
    },
);

const TAKE_REPORTS: Native = Native::vm(
    "take_reports(collect) -> list",
    "Return the warnings for the user since the last call, which are kept back from now on. `collect`: look for coroutines that nobody awaits.",
    |vm, args| {
        if vm.truth(args.at(0))? && !vm.heap.unstarted().is_empty() {
            vm.collect_and_finalise();
        }
        let texts = vm.host.take_reports();
        let list = vm.local(vm.heap.list([]).value());
        for text in texts {
            let text = vm.heap.str_value(&text);
            let list: Gc<'_, List> = vm.get_gc(list).expect("it was just made");
            list.push(&vm.heap, text)?;
        }
        Ok(list)
    },
);

const SECONDS: Native = Native::vm(
    "seconds() -> float",
    "Return the real time since the start, whatever clock the program has.",
    |vm, _| {
        let seconds = scheduler(vm).clock.real();
        Ok(vm.local(Value::float(seconds)))
    },
);

const FIT: Native = Native::vm(
    "fit(columns)",
    "Have reports fit so many columns.",
    |vm, args| {
        let columns = vm.index(args.at(0))?;
        fit_to(usize::try_from(columns).unwrap_or(0));
        Ok(vm.none())
    },
);

const SET_REAL_TIME: Native = Native::vm(
    "set_real_time(real) -> bool",
    "Switch to the real or the virtual clock; whether it was the real one.",
    |vm, args| {
        let mode = match vm.truth(args.at(0))? {
            true => TimeMode::Real,
            false => TimeMode::Virtual,
        };
        let clock = &scheduler(vm).clock;
        let was_real = clock.mode() == TimeMode::Real;
        clock.set_mode(mode);
        Ok(vm.local(Value::bool(was_real)))
    },
);
