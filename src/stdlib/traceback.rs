//! `_traceback`: what the module `traceback`, which is written in apy, needs of the interpreter.
//!
//! Positions of instructions, source texts that are in no file, the marks under source lines (a hook of the facade draws them: they
//! take a parser), and what an exception most likely should have been. To add a function: a `Native` and a word in `TRACEBACK`.

use crate::bytecode::Op;
use crate::runtime::traceback::Traceback;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::stdlib::arg;
use crate::stdlib::registry::NativeModule;
use crate::vm::{Local, Locals, Native, Vm};

/// The module.
pub const TRACEBACK: NativeModule = NativeModule {
    functions: &[&POSITION, &SOURCE, &MARKED, &CALLEE, &HINT],
    ..NativeModule::of("_traceback", "What traceback needs of the interpreter.")
};

const POSITION: Native = Native::vm(
    "position(traceback, /)",
    "(line, end line, column, end column, is it a method call) of what a traceback is about; columns count bytes.",
    position,
);
const SOURCE: Native = Native::vm(
    "source(name, /)",
    "The text of this name that the interpreter has loaded, or None.",
    |vm, args| {
        let name = text(vm, args.at(0))?;
        Ok(match vm.source_text(&name) {
            Some(text) => vm.local(vm.heap.str_value(&text)),
            None => vm.none(),
        })
    },
);
const MARKED: Native = Native::vm(
    "marked(text, start, end, /)",
    "The lines that a traceback shows of a text, with marks under the bytes from `start` in the first line to `end` in the last.",
    |vm, args| {
        let lines = text(vm, args.at(0))?;
        let start = usize::try_from(vm.index(args.at(1))?).unwrap_or(0);
        let end = usize::try_from(vm.index(args.at(2))?).unwrap_or(0);
        let marked = vm.marked_lines(&lines, start, end);
        Ok(vm.local(vm.heap.str_value(&marked)))
    },
);
const CALLEE: Native = Native::vm(
    "callee(text, /)",
    "(start, end) of the bytes of a call's text that are what is called; None if it is no call.",
    |vm, args| {
        let call = text(vm, args.at(0))?;
        let Some(callee) = vm.callee(&call) else {
            return Ok(vm.none());
        };
        let ends = [callee.start, callee.end].map(|at| vm.local(vm.heap.usize(at)));
        Ok(vm.tuple_of(&ends))
    },
);
const HINT: Native = Native::vm(
    "hint(exception, has_traceback, /)",
    "What the program most likely wanted (\"Did you mean: 'x'?\"), or None. Without a traceback no variables are known.",
    |vm, args| {
        // CPython does not look for modules with a similar name.
        let is_module = vm
            .heap
            .is_instance(vm.get(args.at(0)), Builtin::ModuleNotFoundError);
        let knows_variables = vm.truth(args.at(1))?;
        let hint = match is_module {
            true => None,
            false if knows_variables => vm.hint(args.at(0)),
            false => vm.hint_without_variables(args.at(0)),
        };
        Ok(match hint {
            Some(hint) => vm.local(vm.heap.str_value(&hint)),
            None => vm.none(),
        })
    },
);

fn text(vm: &Vm, value: Local) -> Result<String, Raised> {
    let text = arg::text(&vm.heap, vm.get(value), "the argument")?;
    Ok(text.to_owned())
}

fn position(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let Some(this): Option<Gc<'_, Traceback>> = vm.get_gc(args.at(0)) else {
        return Err(heap.type_error("a traceback was expected"));
    };
    if this.line.get() != 0 {
        let line = heap.int(this.line.get());
        let parts = [line, line, Value::NONE, Value::NONE, Value::FALSE];
        return Ok(vm.local(heap.tuple(&parts).value()));
    }
    let code = &this.code(heap).code;
    let span = code.span_at(this.ip);
    let (start, end) = (vm.locate(code, span.start), vm.locate(code, span.end));
    let part = |part: Option<usize>| part.map_or(Value::NONE, |part| heap.usize(part));
    let instr = code.instrs.get(this.ip as usize);
    let parts = [
        part(start.as_ref().map(|place| place.line)),
        part(end.as_ref().map(|place| place.line)),
        part(start.as_ref().map(|place| place.column)),
        part(end.as_ref().map(|place| place.column)),
        Value::bool(instr.is_some_and(|i| i.op == Op::CallMethod)),
    ];
    Ok(vm.local(heap.tuple(&parts).value()))
}
