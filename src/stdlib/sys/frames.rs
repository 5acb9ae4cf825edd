//! The functions of `sys` that look at the calls which run.
//!
//! `vm/exec/introspect.rs` finds the frames. To add one: a `Native` and a word in `FUNCTIONS`.

use crate::runtime::exception::Exception;
use crate::runtime::frame_object::FrameObject;
use crate::runtime::intern::Sym;
use crate::runtime::{Gc, Raised, Value};
use crate::stdlib::receiver::given;
use crate::vm::{Local, Locals, Native, Vm};

pub(super) const GET_FRAME: Native = Native::vm(
    "_getframe(depth=0, /)",
    "The frame of the call that is so many calls above the caller. Raises ValueError if there are fewer.",
    |vm, args| match frame_above(vm, args)? {
        Some(frame) => Ok(frame),
        None => Err(vm.heap.value_error("call stack is not deep enough")),
    },
);
pub(super) const GET_FRAME_MODULE_NAME: Native = Native::vm(
    "_getframemodulename(depth=0)",
    "The name of the module of a call, None if there are fewer calls.",
    |vm, args| {
        let Some(frame) = frame_above(vm, args)? else {
            return Ok(vm.none());
        };
        let heap = &vm.heap;
        let frame: Gc<'_, FrameObject> = vm.get_gc(frame).expect("it is a frame");
        let name = frame
            .code(heap)
            .module(heap)
            .globals
            .get(heap, heap.sym(Sym::Name));
        Ok(vm.local(name.unwrap_or(Value::NONE)))
    },
);
pub(super) const CURRENT_FRAMES: Native = Native::vm(
    "_current_frames()",
    "The frame of the running thread by its number: the other threads are not shown.",
    |vm, _| {
        let frame = vm.frame_at(0).unwrap_or_else(|| vm.none());
        by_thread(vm, frame)
    },
);
pub(super) const CURRENT_EXCEPTIONS: Native = Native::vm(
    "_current_exceptions()",
    "The exception that the running thread handles by its number.",
    |vm, _| {
        let handled = vm.local(vm.handled().map_or(Value::NONE, Gc::value));
        by_thread(vm, handled)
    },
);
pub(super) const EXCEPTION: Native = Native::vm(
    "exception()",
    "The exception that is being handled, or None.",
    |vm, _| Ok(vm.local(vm.handled().map_or(Value::NONE, Gc::value))),
);
pub(super) const EXC_INFO: Native = Native::vm(
    "exc_info()",
    "(type, value, traceback) of the exception that is being handled.",
    |vm, _| {
        let Some(exception): Option<Gc<'_, Exception>> = vm.handled() else {
            return Ok(vm.local(vm.heap.tuple(&[Value::NONE; 3]).value()));
        };
        let value = exception.value();
        let class = vm.heap.class_of(value).value();
        let traceback = exception.traceback(&vm.heap);
        Ok(vm.local(vm.heap.tuple(&[class, value, traceback]).value()))
    },
);

fn frame_above(vm: &mut Vm, args: Locals) -> Result<Option<Local>, Raised> {
    let depth = match given(vm, args.at(0)) {
        Some(depth) => vm.index(depth)?,
        None => 0,
    };
    Ok(vm.frame_at(usize::try_from(depth).unwrap_or(0)))
}

/// A dict with one row: the running thread.
fn by_thread(vm: &mut Vm, value: Local) -> Result<Local, Raised> {
    let threads = vm.import_module("_thread")?;
    let number = vm.call_method(threads, "get_ident", &[])?;
    let rows = vm.heap.dict();
    rows.set_leaf(&vm.heap, vm.get(number), vm.get(value));
    Ok(vm.local(rows.value()))
}
