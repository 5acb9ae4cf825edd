//! Code objects: what can be asked of them, as far as CPython's `inspect` looks at them.
//!
//! They are what a function's `__code__` gives; programs cannot make any. To add an attribute: a `Getter`.

use super::receiver::this;
use crate::bytecode::{CodeKind, Params};
use crate::runtime::code::CodeObj;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::Args;

/// The types of this file.
pub const TYPES: &[NativeType] = &[NativeType {
    getters: &[
        Getter::leaf("co_name", "The name of the function.", |heap, args| {
            Ok(heap.str_value(&this::<CodeObj>(heap, args)?.get().code.name))
        }),
        Getter::leaf(
            "co_qualname",
            "The qualified name of the function.",
            |heap, args| Ok(heap.str_value(&this::<CodeObj>(heap, args)?.get().code.qualname)),
        ),
        Getter::leaf(
            "co_argcount",
            "How many parameters positional arguments may fill.",
            |heap, args| count(heap, args, |p| p.positional),
        ),
        Getter::leaf(
            "co_posonlyargcount",
            "How many parameters are positional-only.",
            |heap, args| count(heap, args, |p| p.posonly),
        ),
        Getter::leaf(
            "co_kwonlyargcount",
            "How many parameters are keyword-only.",
            |heap, args| count(heap, args, |p| p.kwonly),
        ),
        Getter::leaf(
            "co_varnames",
            "The names of the parameters and local variables, a tuple.",
            varnames,
        ),
        Getter::leaf(
            "co_freevars",
            "The names of the free variables, a tuple.",
            freevars,
        ),
        Getter::leaf(
            "co_flags",
            "Bits that say what kind of function it is.",
            flags,
        ),
    ],
    ..NativeType::of(Builtin::Code, "Create a code object.")
}];

fn count<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    which: fn(&Params) -> u16,
) -> Result<Value<'h>, Raised> {
    Ok(heap.int(i64::from(which(
        &this::<CodeObj>(heap, args)?.get().code.params,
    ))))
}

fn varnames<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let code = &this::<CodeObj>(heap, args)?.get().code;
    let others = code
        .locals
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !code.params.names.contains(name));
    let names: Vec<Value<'h>> = code
        .params
        .names
        .iter()
        .chain(others)
        .map(|name| heap.str_value(name))
        .collect();
    Ok(heap.tuple(&names).value())
}

fn freevars<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let names: Vec<Value<'h>> = this::<CodeObj>(heap, args)?
        .get()
        .code
        .free_names
        .iter()
        .map(|name| heap.str_value(name))
        .collect();
    Ok(heap.tuple(&names).value())
}

/// CPython's flags, as far as `inspect` looks at them.
fn flags<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let code = &this::<CodeObj>(heap, args)?.get().code;
    let kind = match code.kind {
        CodeKind::Generator => 0x20,
        CodeKind::Coroutine | CodeKind::AsyncModule => 0x80,
        CodeKind::AsyncGenerator => 0x200,
        _ => 0,
    };
    let (varargs, varkw) = (
        i64::from(code.params.varargs) * 4,
        i64::from(code.params.varkw) * 8,
    );
    Ok(heap.int(3 + varargs + varkw + kind))
}
