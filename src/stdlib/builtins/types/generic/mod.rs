//! `list[int]`, `int | str`, type parameters and aliases: types as values, for annotations.
//!
//! All are plain instances of their builtin classes; what they consist of is in attributes (`__origin__`, `__args__` ...).
//! `vm/classes/type_param.rs` makes those that syntax makes. What is rare or long is written in apy, in `library/typing`: natives here
//! import it when they need it.

mod alias;
mod alias_type;
mod base;
mod substitute;
mod type_var;
mod union;

pub use union::union_of;

use crate::runtime::descriptor::{Descriptor, DescriptorKind};
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::module::Module;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::stdlib::registry::{NativeModule, NativeType};
use crate::vm::{Local, Native, NativeRole, Vm};

/// The types of this folder.
pub const TYPES: &[NativeType] = &[
    alias::GENERIC_ALIAS,
    union::UNION_TYPE,
    base::GENERIC,
    type_var::TYPE_VAR,
    type_var::TYPE_VAR_TUPLE,
    type_var::PARAM_SPEC,
    alias_type::TYPE_ALIAS_TYPE,
];

/// The module that `typing` takes the classes from.
pub const TYPING: NativeModule = NativeModule {
    functions: &[&CALLER],
    builtins: &[
        Builtin::Generic,
        Builtin::ParamSpec,
        Builtin::TypeAliasType,
        Builtin::TypeVar,
        Builtin::TypeVarTuple,
    ],
    ..NativeModule::of("_typing", "The native part of typing.")
};

const CALLER: Native = Native::vm(
    "_caller()",
    "The name of the module whose code called into the module that runs.",
    |vm, _| {
        let module = vm.calling_module();
        let name = vm
            .get_gc::<Module>(module)
            .and_then(|module| module.globals.get(&vm.heap, vm.heap.sym(Sym::Name)));
        Ok(vm.local(name.unwrap_or(Value::NONE)))
    },
);

/// The builtin classes that take parameters.
const PARAMETRISED: [Builtin; 14] = [
    Builtin::List,
    Builtin::Tuple,
    Builtin::Dict,
    Builtin::Set,
    Builtin::FrozenSet,
    Builtin::Enumerate,
    Builtin::Filter,
    Builtin::Map,
    Builtin::Zip,
    Builtin::Generator,
    Builtin::Coroutine,
    Builtin::AsyncGenerator,
    Builtin::Future,
    Builtin::Task,
];

/// Makes a class generic: `list[int]`.
pub const CLASS_GETITEM: Native = Native::vm(
    "__class_getitem__(cls, item, /)",
    "See PEP 585",
    |vm, args| vm.generic_alias(args.at(0), args.at(1)),
);

/// Lets the builtin classes be subscripted.
pub fn install(vm: &mut Vm) {
    let mark = vm.mark();
    let function = vm.native_function(&CLASS_GETITEM, NativeRole::Free);
    let heap = &vm.heap;
    let made = Descriptor::new(DescriptorKind::Class, Slot::new(vm.get(function)));
    let method = heap.alloc_shaped(made, heap.types.shape_of(Builtin::ClassMethod));
    for builtin in PARAMETRISED {
        heap.types
            .class(heap, builtin)
            .bind(heap, heap.sym(Sym::ClassGetItem), method.value());
    }
    let generic = heap.types.class(heap, Builtin::Generic);
    generic.bind(heap, heap.sym(Sym::Slots), heap.tuple(&[]).value());
    vm.release(mark);
}

/// An attribute of one of these objects; None where it has none.
fn field(vm: &Vm, object: Local, name: &str) -> Local {
    vm.local(own(vm, object, name).unwrap_or(Value::NONE))
}

/// An attribute in the object itself.
fn own<'h>(vm: &'h Vm, object: Local, name: &str) -> Option<Value<'h>> {
    let heap = &vm.heap;
    vm.get_gc::<Instance>(object)
        .and_then(|object| object.attr(heap, heap.intern(name)))
}

/// Calls a function of the module `typing`, importing it if need be.
fn call_typing(vm: &mut Vm, function: &str, args: &[Local]) -> Result<Local, Raised> {
    let function = typing_name(vm, function)?;
    vm.call(function, args)
}

/// A name of the module `typing`.
fn typing_name(vm: &mut Vm, name: &str) -> Result<Local, Raised> {
    let typing = vm.import_module("typing")?;
    vm.get_attr_named(typing, name)
}
