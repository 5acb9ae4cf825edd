//! The `builtins` module: functions by area, one table each, and the classes that programs name without an import.
//!
//! To add a function: `functions/mod.rs` says how. To add a class: its file in `types/` and one word in `types/mod.rs`; if programs name it, one in `NAMED`.

pub mod functions;
pub mod types;

use super::memoryview::MEMORYVIEW;
use super::registry::{self, NativeType, bind};
use crate::runtime::{Builtin, Value};
use crate::vm::Vm;

/// The classes that are builtin names; exceptions are, too, unless `types::exception` says where they live.
pub const NAMED: &[Builtin] = &[
    Builtin::Object,
    Builtin::Type,
    Builtin::Int,
    Builtin::Bool,
    Builtin::Float,
    Builtin::Complex,
    Builtin::Str,
    Builtin::Bytes,
    Builtin::ByteArray,
    Builtin::List,
    Builtin::Tuple,
    Builtin::Dict,
    Builtin::Set,
    Builtin::FrozenSet,
    Builtin::Range,
    Builtin::Slice,
    Builtin::Property,
    Builtin::StaticMethod,
    Builtin::ClassMethod,
    Builtin::Super,
    Builtin::Enumerate,
    Builtin::Zip,
    Builtin::Map,
    Builtin::Filter,
    Builtin::Reversed,
];

/// The builtin names that are neither functions nor classes.
pub const CONSTANTS: &[(&str, &str)] = &[
    ("None", "The absence of a value."),
    ("True", "The truth, and the integer 1."),
    ("False", "The untruth, and the integer 0."),
    ("Ellipsis", "The object that `...` stands for."),
    (
        "NotImplemented",
        "What an operator returns that leaves the answer to the other operand.",
    ),
    ("__debug__", "True."),
    (
        "memoryview",
        "A view of the bytes of another object: a class.",
    ),
    ("EnvironmentError", "Another name of OSError."),
    ("IOError", "Another name of OSError."),
];

/// The names of all builtin functions and classes.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let functions = functions::ALL.iter().copied().flatten();
    let classes = NAMED.iter().copied().chain(types::exception::named());
    functions
        .map(|native| native.name())
        .chain(classes.map(Builtin::name))
        .collect()
}

const DOC: &str = "Built-in functions, types, exceptions, and other objects.\n\n\
    This module provides direct access to all 'built-in'\n\
    identifiers of Python; for example, builtins.len is\nthe full name for the built-in function len().";

/// Fills the builtin classes and the `builtins` module. `others`: builtin classes that modules declare.
pub fn install(vm: &mut Vm, others: &'static [NativeType]) {
    types::install(vm, others);
    let mark = vm.mark();
    let module = vm.local(vm.builtins().value());
    let name = vm.local(vm.heap.intern("builtins").value());
    for native in functions::ALL.iter().copied().flatten() {
        registry::add_function(vm, module, name, native);
    }
    for builtin in NAMED.iter().copied().chain(types::exception::named()) {
        bind(
            vm,
            module,
            builtin.name(),
            vm.heap.types.class(&vm.heap, builtin).value(),
        );
    }
    let class = registry::class_of(vm, &MEMORYVIEW);
    bind(vm, module, "memoryview", vm.get(class));
    for alias in ["EnvironmentError", "IOError"] {
        bind(
            vm,
            module,
            alias,
            vm.heap.types.class(&vm.heap, Builtin::OSError).value(),
        );
    }
    bind(vm, module, "__name__", vm.get(name));
    bind(vm, module, "__doc__", vm.heap.str_value(DOC));
    vm.add_module("builtins", module);
    bind(vm, module, "__debug__", Value::TRUE);
    bind(vm, module, "None", Value::NONE);
    bind(vm, module, "True", Value::TRUE);
    bind(vm, module, "False", Value::FALSE);
    bind(vm, module, "Ellipsis", Value::ELLIPSIS);
    bind(vm, module, "NotImplemented", Value::NOT_IMPLEMENTED);
    vm.release(mark);
}
