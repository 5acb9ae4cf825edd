//! The builtin types: one file a type (or a family of them), each with its `NativeType` tables on top.
//!
//! To add a type: its file, one `mod` line, one word in `TYPES`.

mod bool;
mod buffer;
mod bytearray;
mod bytes;
mod code;
mod complex;
mod dict;
pub mod exception;
mod float;
mod frame;
mod frame_locals;
mod function;
mod function_new;
mod generator;
pub mod generic;
pub use generic::CLASS_GETITEM;
mod int;
mod iterator_state;
mod iterators;
mod list;
pub mod module;
mod native_getters;
mod number;
mod object;
mod property;
mod range;
mod rank;
mod sequence;
mod set;
mod singleton;
mod slice;
pub mod sort;
mod special;
mod str;
mod super_;
mod tuple;
mod type_;
mod type_facts;
mod view;
mod wide_range;

use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Value};
use crate::stdlib::registry::{NativeType, add_getter, install_type};
use crate::vm::Vm;

/// The tables of all types, by file.
const TYPES: &[&[NativeType]] = &[
    object::TYPES,
    type_::TYPES,
    function::TYPES,
    code::TYPES,
    frame::TYPES,
    property::TYPES,
    super_::TYPES,
    singleton::TYPES,
    module::TYPES,
    generic::TYPES,
    int::TYPES,
    bool::TYPES,
    float::TYPES,
    complex::TYPES,
    str::TYPES,
    bytes::TYPES,
    bytearray::TYPES,
    list::TYPES,
    tuple::TYPES,
    dict::TYPES,
    set::TYPES,
    range::TYPES,
    slice::TYPES,
    view::TYPES,
    iterators::TYPES,
    generator::TYPES,
];

/// A text; `str` alone is a module here.
type Name = &'static std::primitive::str;

/// Classes that live elsewhere than in `builtins`, as `__module__` tells.
const MODULES: &[(Name, &[Builtin])] = &[
    (
        "asyncio.exceptions",
        &[Builtin::CancelledError, Builtin::InvalidStateError],
    ),
    ("_asyncio", &[Builtin::Future, Builtin::Task]),
    ("types", &[Builtin::GenericAlias, Builtin::UnionType]),
    (
        "typing",
        &[
            Builtin::Generic,
            Builtin::TypeVar,
            Builtin::TypeVarTuple,
            Builtin::ParamSpec,
            Builtin::TypeAliasType,
        ],
    ),
];

/// The builtin classes whose instances have no hash, which `__hash__ = None` says.
const UNHASHABLE: [Builtin; 6] = [
    Builtin::List,
    Builtin::Dict,
    Builtin::Set,
    Builtin::ByteArray,
    Builtin::DictKeys,
    Builtin::DictItems,
];

/// The declarations of all builtin classes that have one.
pub fn declared() -> impl Iterator<Item = &'static NativeType> {
    TYPES.iter().chain(exception::FAMILIES).copied().flatten()
}

/// What a builtin class is, in its own words.
pub fn doc(class: Builtin) -> Option<Name> {
    declared()
        .find(|ty| ty.class == class)
        .map(|ty| ty.doc)
        .or_else(|| exception::doc::doc(class))
}

/// Gives the builtin classes their methods and attributes. `others`: those that modules declare.
pub fn install(vm: &mut Vm, others: &'static [NativeType]) {
    for ty in declared().chain(others) {
        install_type(vm, ty);
    }
    let heap = &vm.heap;
    for ty in others {
        let class = heap.types.class(heap, ty.class);
        class.bind(heap, heap.intern("__doc__"), heap.str_value(ty.doc));
    }
    generic::install(vm);
    let model = vm.local(vm.heap.types.class(&vm.heap, Builtin::Opaque).value());
    for getter in object::OF_INSTANCES {
        add_getter(vm, model, getter);
    }
    let heap = &vm.heap;
    for (module, classes) in MODULES {
        for &class in *classes {
            let class = heap.types.class(heap, class);
            class.bind(heap, heap.intern("__module__"), heap.intern(module).value());
            let name = class.name(heap).as_str();
            class
                .qualname
                .set(heap.intern(name.rsplit('.').next().unwrap_or(name)).value());
        }
    }
    for class in UNHASHABLE {
        let class = heap.types.class(heap, class);
        class.bind(heap, heap.sym(Sym::Hash), Value::NONE);
    }
    heap.types.class(heap, Builtin::Object).refresh_flags(heap);
}
