//! `typing.Generic`: the base of classes with type parameters, whether they say it or their syntax does.
//!
//! Making a subclass finds its parameters; subscripting one is the work of `typing` (`library/typing/_generic.apy`), which is imported
//! only then.

use super::{call_typing, own};
use crate::runtime::class::Class;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Raised};
use crate::stdlib::receiver::spread;
use crate::stdlib::registry::NativeType;
use crate::vm::{Local, Locals, Native, Vm};

pub(super) const GENERIC: NativeType = NativeType {
    class_methods: &[&CLASS_GETITEM, &INIT_SUBCLASS],
    ..NativeType::of(
        Builtin::Generic,
        "Abstract base class for generic types.\n\nclass Mapping[KT, VT]: ... and class Mapping(Generic[KT, VT]): ... derive from it.",
    )
};

const CLASS_GETITEM: Native = Native::vm(
    "__class_getitem__(cls, item, /)",
    "Parameterizes a generic class.",
    |vm, args| call_typing(vm, "_generic_class_getitem", &[args.at(0), args.at(1)]),
);
const INIT_SUBCLASS: Native = Native::vm(
    "__init_subclass__(cls, /, **kwargs)",
    "Finds the type parameters of a new subclass.",
    init_subclass,
);

/// `super(Generic, cls).__init_subclass__(**kwargs)`, then `cls.__parameters__`.
fn init_subclass(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let class = args.at(0);
    let generic = vm.local(heap.types.class(heap, Builtin::Generic).value());
    let super_class = vm.local(heap.types.class(heap, Builtin::Super).value());
    let next = vm.call(super_class, &[generic, class])?;
    let next = vm.get_attr_named(next, Sym::InitSubclass.text())?;
    let none = vm.tuple_of(&[]);
    vm.call_ex(next, none, Some(args.at(1)))?;
    let parameters = match vm.loaded_module("typing") {
        Some(typing) if vm.find_attr(typing, "_parameters_of_class")?.is_some() => {
            call_typing(vm, "_parameters_of_class", &[class])?
        }
        _ => parameters_by_syntax(vm, class)?,
    };
    vm.class_set_attr(class, "__parameters__", parameters);
    Ok(vm.none())
}

/// Where `typing` was never imported, only the class's own syntax can have brought parameters in.
fn parameters_by_syntax(vm: &mut Vm, class: Local) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let bases = vm
        .get_gc::<Class>(class)
        .and_then(|class| class.attrs.get(heap, heap.sym(Sym::OrigBases)))
        .map(|bases| vm.local(bases));
    for base in bases.map_or_else(Vec::new, |bases| spread(vm, bases)) {
        if let Some(parameters) = own(vm, base, "__parameters__") {
            return Ok(vm.local(parameters));
        }
    }
    Ok(vm.tuple_of(&[]))
}
