//! The functions of `sys` that set trace and profile functions, for debuggers, profilers and tools that measure coverage.
//!
//! `vm/exec/tracing.rs` calls what is set here.

use crate::runtime::tuple::Tuple;
use crate::vm::{Local, Native, Watcher};

pub(super) const SET_TRACE: Native = Native::vm(
    "settrace(function, /)",
    "Set the function that is called with each event: (frame, event, arg) with the events call, line, return and exception. What it returns for a call is called with the events of that frame. None ends it.",
    |vm, args| {
        vm.watch(Watcher::Trace, args.at(0));
        Ok(vm.none())
    },
);
pub(super) const GET_TRACE: Native = Native::vm(
    "gettrace()",
    "Return what settrace() was given in this thread, or None.",
    |vm, _| Ok(vm.watching(Watcher::Trace)),
);
pub(super) const SET_PROFILE: Native = Native::vm(
    "setprofile(function, /)",
    "Set the function that is called with the events call, return, c_call, c_return and c_exception. None ends it.",
    |vm, args| {
        vm.watch(Watcher::Profile, args.at(0));
        Ok(vm.none())
    },
);
pub(super) const GET_PROFILE: Native = Native::vm(
    "getprofile()",
    "Return what setprofile() was given in this thread, or None.",
    |vm, _| Ok(vm.watching(Watcher::Profile)),
);
pub(super) const CALL_TRACING: Native = Native::vm(
    "call_tracing(func, args, /)",
    "Call func(*args) with tracing enabled, from within a trace function.",
    |vm, args| {
        let Some(given) = vm.get_gc::<Tuple>(args.at(1)) else {
            let name = vm.heap.type_name(vm.get(args.at(1)));
            let message = format!("call_tracing() argument 2 must be tuple, not {name}");
            return Err(vm.heap.type_error(message));
        };
        let given: Vec<_> = given.to_vec(&vm.heap);
        let given: Vec<Local> = given.into_iter().map(|value| vm.local(value)).collect();
        vm.call_traced(args.at(0), &given)
    },
);
pub(super) const SET_ORIGIN_DEPTH: Native = Native::vm(
    "set_coroutine_origin_tracking_depth(depth)",
    "Say how many calls of the place that makes a coroutine are kept in its cr_origin; 0: none. Raises ValueError if depth is negative.",
    |vm, args| {
        let depth = vm.index(args.at(0))?;
        let Ok(depth) = u32::try_from(depth) else {
            return Err(vm.heap.value_error("depth must be >= 0"));
        };
        vm.heap.origin_depth.set(depth);
        Ok(vm.none())
    },
);
pub(super) const GET_ORIGIN_DEPTH: Native = Native::vm(
    "get_coroutine_origin_tracking_depth()",
    "Return what set_coroutine_origin_tracking_depth() was given; 0 at first.",
    |vm, _| Ok(vm.local(vm.heap.int(i64::from(vm.heap.origin_depth.get())))),
);
