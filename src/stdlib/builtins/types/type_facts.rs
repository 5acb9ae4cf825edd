//! What can be asked of a class beside its names and bases: flags, sizes, signature.
//!
//! Sizes and offsets are CPython's words; here they tell whether there is such a thing, not where it lies.

use crate::runtime::class::{Class, class_flag};
use crate::runtime::heap::Kind;
use crate::runtime::intern::Sym;
use crate::runtime::native::NativeFunction;
use crate::runtime::set::Set;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::receiver::{this, this_of};
use crate::vm::{Args, Local, Locals, Vm};

/// The bits of `__flags__` that programs test.
mod bit {
    pub const MANAGED_DICT: u32 = 1 << 4;
    pub const SEQUENCE: u32 = 1 << 5;
    pub const MAPPING: u32 = 1 << 6;
    pub const IMMUTABLE: u32 = 1 << 8;
    pub const HEAP: u32 = 1 << 9;
    pub const BASE: u32 = 1 << 10;
    pub const READY: u32 = 1 << 12;
    pub const GC: u32 = 1 << 14;
    pub const ABSTRACT: u32 = 1 << 20;
}

/// The bit that each of these classes, and all that derive from it, have.
const SUBCLASS: [(Builtin, u32); 8] = [
    (Builtin::Int, 1 << 24),
    (Builtin::List, 1 << 25),
    (Builtin::Tuple, 1 << 26),
    (Builtin::Bytes, 1 << 27),
    (Builtin::Str, 1 << 28),
    (Builtin::Dict, 1 << 29),
    (Builtin::BaseException, 1 << 30),
    (Builtin::Type, 1 << 31),
];

/// `__flags__`
pub fn flags<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let class = this::<Class>(heap, args)?;
    let is_native = (class.builtin.is_some() || class.has(class_flag::NATIVE))
        && !class.builtin_is(Builtin::Generic);
    let mut flags = bit::READY;
    flags |= if is_native {
        bit::IMMUTABLE
    } else {
        bit::HEAP | bit::GC
    };
    if !class.has(class_flag::FINAL) {
        flags |= bit::BASE;
    }
    if !is_native && !class.has(class_flag::NO_DICT) {
        flags |= bit::MANAGED_DICT;
    }
    let abstract_ = class.attrs.get(heap, heap.sym(Sym::AbstractMethods));
    if abstract_
        .and_then(|names| names.as_gc::<Set>())
        .is_some_and(|set| !set.members.is_empty(heap))
    {
        flags |= bit::ABSTRACT;
    }
    let derives = |builtin| class.is_subclass(heap, heap.types.class(heap, builtin));
    for (builtin, bit) in SUBCLASS {
        if derives(builtin) {
            flags |= bit;
        }
    }
    let sequences = [Builtin::List, Builtin::Tuple, Builtin::Range];
    if sequences.into_iter().any(derives) {
        flags |= bit::SEQUENCE;
    }
    if [Builtin::Dict, Builtin::MappingProxy]
        .into_iter()
        .any(derives)
    {
        flags |= bit::MAPPING;
    }
    Ok(heap.int(i64::from(flags)))
}

/// `__basicsize__`
pub fn basic_size<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let class = this::<Class>(heap, args)?;
    let words = match class.layout {
        Kind::Instance => 2,
        _ => 3,
    };
    Ok(heap.int(8 * words + if has_dict(class) { 16 } else { 0 }))
}

/// `__itemsize__`
pub fn item_size<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let class = this::<Class>(heap, args)?;
    let size = match class.layout {
        Kind::Tuple => 8,
        Kind::Int => 4,
        Kind::Bytes => 1,
        Kind::Class => 40,
        _ => 0,
    };
    Ok(heap.int(size))
}

/// `__dictoffset__`
pub fn dict_offset<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let has = has_dict(this::<Class>(heap, args)?);
    Ok(heap.int(if has { -1 } else { 0 }))
}

fn has_dict(class: Gc<'_, Class>) -> bool {
    class.builtin.is_none() && !class.has(class_flag::NO_DICT | class_flag::NATIVE)
}

/// `__text_signature__`
pub fn text_signature(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let class = this_of::<Class>(vm, args)?;
    let is_native = class.builtin.is_some() || class.has(class_flag::NATIVE);
    let new = class.attrs.get(&vm.heap, vm.heap.sym(Sym::New));
    let new = new.and_then(|new| new.as_gc::<NativeFunction>());
    let (Some(new), true) = (new, is_native) else {
        return Ok(vm.none());
    };
    let signature = vm.native(new.id).signature;
    let params = signature.split_once("(cls, ").map(|(_, params)| params);
    let params = params.and_then(|params| params.split(" ->").next());
    // A constructor that takes anything says nothing.
    match params.filter(|params| !params.contains('*')) {
        Some(params) => {
            let text = format!("({}", params.trim_start_matches("/, "));
            Ok(vm.local(vm.heap.str_value(&text)))
        }
        None => Ok(vm.none()),
    }
}
