//! `frame` and `traceback`: what can be asked of a call, and of the way of an exception.
//!
//! `vm/exec/introspect.rs` finds frames, `runtime/traceback.rs` keeps what exceptions pass. To add an attribute: a `Getter`.

use super::frame_locals;
use crate::runtime::frame_object::FrameObject;
use crate::runtime::traceback::Traceback;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::receiver::{this, this_of};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[
    NativeType {
        methods: &[&CLEAR, &FRAME_REPR],
        getters: &[
            Getter::vm(
                "f_back",
                "The frame that called this one, or None.",
                |vm, args| Ok(vm.frame_back(args.at(0)).unwrap_or_else(|| vm.none())),
            ),
            Getter::leaf("f_code", "The code object.", |heap, args| {
                Ok(this::<FrameObject>(heap, args)?.code(heap).value())
            }),
            Getter::leaf(
                "f_globals",
                "The global variables, a dict.",
                |heap, args| {
                    let module = this::<FrameObject>(heap, args)?.code(heap).module(heap);
                    Ok(module.dict(heap).value())
                },
            ),
            Getter::vm("f_builtins", "The builtin names, a dict.", builtins),
            Getter::vm(
                "f_locals",
                "The local variables, a mapping; what is stored in it the frame sees.",
                |vm, args| {
                    this_of::<FrameObject>(vm, args)?;
                    Ok(match vm.frame_has_namespace(args.at(0)) {
                        true => vm.frame_locals(args.at(0)),
                        false => frame_locals::proxy(vm, args.at(0)),
                    })
                },
            ),
            Getter::vm("f_lineno", "The current line number.", line),
            Getter::vm(
                "f_lasti",
                "The last instruction, -1 before the first.",
                last_instruction,
            ),
            Getter::leaf(
                "f_trace",
                "The function that is called with the events of this frame, or None.",
                |heap, args| {
                    Ok(this::<FrameObject>(heap, args)?
                        .tracer
                        .get(heap)
                        .or(Value::NONE))
                },
            )
            .with_set(|heap, args| {
                let function = args.get(1);
                let none = function.is_none() || function.is_undef();
                let function = if none { Value::UNDEF } else { function };
                this::<FrameObject>(heap, args)?.tracer.set(function);
                Ok(Value::NONE)
            }),
            Getter::leaf(
                "f_trace_lines",
                "Whether the trace function is told of lines.",
                |heap, args| {
                    let lines = &this::<FrameObject>(heap, args)?.get().trace_lines;
                    Ok(Value::bool(lines.get()))
                },
            )
            .with_set(|heap, args| {
                let this = this::<FrameObject>(heap, args)?;
                this.trace_lines.set(flag(heap, args.get(1))?);
                Ok(Value::NONE)
            }),
            Getter::leaf(
                "f_trace_opcodes",
                "What was set: there are no events for instructions.",
                |heap, args| {
                    let opcodes = &this::<FrameObject>(heap, args)?.get().trace_opcodes;
                    Ok(Value::bool(opcodes.get()))
                },
            )
            .with_set(|heap, args| {
                let this = this::<FrameObject>(heap, args)?;
                this.trace_opcodes.set(flag(heap, args.get(1))?);
                Ok(Value::NONE)
            }),
        ],
        ..NativeType::of(Builtin::Frame, "A call, running or over.")
    },
    NativeType {
        new: Some(&TRACEBACK_NEW),
        getters: &[
            Getter::leaf(
                "tb_next",
                "The traceback one frame further in, or None.",
                |heap, args| {
                    Ok(this::<Traceback>(heap, args)?
                        .next
                        .get(heap)
                        .or(Value::NONE))
                },
            )
            .with_set(set_next),
            Getter::vm("tb_frame", "The frame.", |vm, args| {
                this_of::<Traceback>(vm, args)?;
                let frame = vm.frame_of_traceback(args.at(0));
                Ok(frame.unwrap_or_else(|| vm.none()))
            }),
            Getter::leaf("tb_lasti", "The instruction that failed.", |heap, args| {
                Ok(heap.int(offset(this::<Traceback>(heap, args)?.ip)))
            }),
            Getter::vm("tb_lineno", "The line that failed.", |vm, args| {
                let this = this_of::<Traceback>(vm, args)?;
                let line = match this.line.get() {
                    0 => vm.line_of(&this.code(&vm.heap).code, Some(this.ip)),
                    given => given,
                };
                Ok(vm.local(vm.heap.int(line)))
            }),
        ],
        ..NativeType::of(Builtin::Traceback, "Create a new traceback object.")
    },
];

/// How CPython would count an instruction: by code units of two bytes.
pub fn offset(ip: u32) -> i64 {
    2 * i64::from(ip)
}

const CLEAR: Native = Native::vm(
    "clear(self, /)",
    "F.clear(): clear most references held by the frame",
    |vm, args| {
        this_of::<FrameObject>(vm, args)?;
        vm.clear_frame(args.at(0))?;
        Ok(vm.none())
    },
);
const FRAME_REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = this_of::<FrameObject>(vm, args)?;
    let code = this.code(&vm.heap);
    let file = vm
        .locate(&code.code, 0)
        .map_or_else(|| "?".into(), |place| place.file);
    let line = vm.line_of(&code.code, vm.frame_instruction(args.at(0)));
    let id = vm.heap.id_of(vm.get(args.at(0)));
    let name = &code.code.name;
    let text = format!("<frame at {id:#x}, file '{file}', line {line}, code {name}>");
    Ok(vm.local(vm.heap.str_value(&text)))
});

fn builtins(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let module = this_of::<FrameObject>(vm, args)?.code(heap).module(heap);
    let own = module.builtins.get(heap).defined();
    Ok(vm.local(own.unwrap_or_else(|| vm.builtins().dict(heap).value())))
}

/// What must be a bool.
fn flag(heap: &Heap, value: Value<'_>) -> Result<bool, Raised> {
    match value {
        value if value.is(Value::TRUE) => Ok(true),
        value if value.is(Value::FALSE) => Ok(false),
        _ => Err(heap.type_error("attribute value type must be bool")),
    }
}

fn line(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = this_of::<FrameObject>(vm, args)?;
    if this.line.get() != 0 {
        return Ok(vm.local(vm.heap.int(this.line.get())));
    }
    let code = this.code(&vm.heap);
    let line = vm.line_of(&code.code, vm.frame_instruction(args.at(0)));
    Ok(vm.local(vm.heap.int(line)))
}

fn last_instruction(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    this_of::<FrameObject>(vm, args)?;
    let at = vm.frame_instruction(args.at(0));
    Ok(vm.local(vm.heap.int(at.map_or(-1, offset))))
}

const TRACEBACK_NEW: Native = Native::vm(
    "__new__(cls, tb_next, tb_frame, tb_lasti, tb_lineno)",
    "Create and return a new object.",
    traceback_new,
);

fn traceback_new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let next = next_of(&vm.heap, vm.get(args.at(1)))?;
    let next = vm.local(next);
    if vm.get_gc::<FrameObject>(args.at(2)).is_none() {
        let given = vm.heap.type_name(vm.get(args.at(2)));
        let message = format!("TracebackType() argument 'tb_frame' must be frame, not {given}");
        return Err(vm.heap.type_error(message));
    }
    let (last, line) = (vm.index(args.at(3))?, vm.index(args.at(4))?);
    let frame = vm
        .get_gc::<FrameObject>(args.at(2))
        .expect("as checked above");
    let last = u32::try_from(last / 2).unwrap_or(0);
    let made = vm.heap.traceback(vm.get(next), frame, last, line);
    Ok(vm.local(made.value()))
}

/// What `tb_next` may be set to; Undef for None.
fn next_of<'h>(heap: &'h Heap, value: Value<'h>) -> Result<Value<'h>, Raised> {
    if value.is_undef() {
        return Err(heap.type_error("can't delete tb_next attribute"));
    }
    if value.is_none() {
        return Ok(Value::UNDEF);
    }
    if value.is_gc::<Traceback>() {
        return Ok(value);
    }
    let given = heap.type_name(value);
    Err(heap.type_error(format!("expected traceback object, got '{given}'")))
}

fn set_next<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let this = this::<Traceback>(heap, args)?;
    let next = next_of(heap, args.get(1))?;
    let mut link = next.as_gc::<Traceback>();
    while let Some(traceback) = link {
        if traceback == this {
            return Err(heap.value_error("traceback loop detected"));
        }
        link = traceback.next(heap);
    }
    this.get().next.set(next);
    Ok(Value::NONE)
}
