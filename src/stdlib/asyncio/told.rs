//! How futures, tasks, handles and callbacks look in texts.
//!
//! The texts are put together in apy (`asyncio/_format.apy`), from attributes that CPython has, too (`_state`, `_callbacks` ...) and
//! from `_place`, the line of code that an object stands for.

use std::rc::Rc;

use super::general::{self, FORMAT};
use crate::bytecode::Code;
use crate::runtime::code::CodeObj;
use crate::runtime::coroutine::{Coroutine, CoroutineState};
use crate::runtime::function::Function;
use crate::runtime::future::Future;
use crate::runtime::{Raised, Value};
use crate::sched::handle::HandleState;
use crate::sched::scheduler;
use crate::vm::{Local, Locals, Native, SourcePlace, Vm};

/// `repr()` of a future.
pub const FUTURE_REPR: Native =
    Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
        general::call(vm, FORMAT, "future_repr", &[args.at(0)])
    });
/// `repr()` of a task.
pub const TASK_REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    general::call(vm, FORMAT, "task_repr", &[args.at(0)])
});
/// `_place(object)`: for `_format.apy`.
pub const PLACE: Native = Native::vm(
    "_place(object, /)",
    "Where a function or coroutine is defined, where a coroutine waits, and whether it runs: file:line, file:line or None, bool.",
    place,
);

/// `repr()` of a handle.
pub fn handle(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    let state = super::event_loop::handle_parts(vm, this);
    let mut parts = vec![this];
    parts.extend(state);
    general::call(vm, FORMAT, "handle_repr", &parts)
}

/// A callback as messages name it: `name() at file:line`.
pub fn callback(vm: &mut Vm, callback: Local) -> Result<String, Raised> {
    let args = vm.local(vm.heap.tuple(&[]).value());
    let text = general::call(vm, FORMAT, "callback_source", &[callback, args])?;
    vm.text_of(text)
}

/// A bool as CPython prints it.
pub fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// In debug mode, notes where a future or a handle was made.
///
/// # Errors
/// Of the frames.
pub fn note_source(vm: &mut Vm, object: Local) -> Result<(), Raised> {
    match scheduler(vm).settings.debug.get() {
        true => always_note_source(vm, object),
        false => Ok(()),
    }
}

/// The same in any mode.
///
/// # Errors
/// Of the frames.
pub fn always_note_source(vm: &mut Vm, object: Local) -> Result<(), Raised> {
    let frames = general::call(vm, FORMAT, "source_traceback", &[])?;
    if let Some(future) = vm.get_gc::<Future>(object) {
        future.get().extra().source_traceback.set(vm.get(frames));
    } else if let Some(state) = vm.find_payload::<HandleState>(object) {
        state.source_traceback.set(vm.get(frames));
    }
    Ok(())
}

/// Where a future or a handle was made, if that was noted.
pub fn source(vm: &Vm, object: Local) -> Option<Local> {
    let frames = match vm.get_gc::<Future>(object) {
        Some(future) => future.get().find_extra()?.source_traceback.get(&vm.heap),
        None => {
            let state = vm.find_payload::<HandleState>(object)?;
            state.source_traceback.get(&vm.heap)
        }
    };
    frames.defined().map(|frames| vm.local(frames))
}

fn place(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let object = args.at(0);
    let code: Option<Rc<Code>> = {
        let heap = &vm.heap;
        let function = vm.get_gc::<Function>(object);
        let coroutine = vm.get_gc::<Coroutine>(object);
        let own: Option<crate::runtime::Gc<'_, CodeObj>> = match (function, coroutine) {
            (Some(function), _) => Some(function.code(heap)),
            (_, Some(coroutine)) => coroutine.code(heap),
            _ => None,
        };
        own.map(|code| Rc::clone(&code.code))
    };
    let Some(code) = code else {
        return Ok(vm.none());
    };
    let defined = vm.locate(&code, code.begin);
    let (mut now, mut running) = (None, false);
    if let Some(coroutine) = vm.get_gc::<Coroutine>(object) {
        running = coroutine.state.get() == CoroutineState::Running;
        now = match coroutine.state.get() {
            CoroutineState::Done => None,
            CoroutineState::Created => defined.clone(),
            _ => {
                let at = coroutine.ip.get().saturating_sub(1);
                vm.locate(&code, code.span_at(at).start)
            }
        };
    }
    let heap = &vm.heap;
    let text = |place: Option<SourcePlace>| match place {
        Some(SourcePlace { file, line, .. }) => heap.str_value(&format!("{file}:{line}")),
        None => Value::NONE,
    };
    let parts = [text(defined), text(now), Value::bool(running)];
    Ok(vm.local(heap.tuple(&parts).value()))
}
