//! `typing.TypeAliasType`: what a `type` statement makes.
//!
//! The value is a function until user code asks for it. An alias with parameters is subscripted like a generic class and then is a
//! `GenericAlias` with the alias as its origin.

use super::type_var::{evaluated, name_text};
use super::{field, own};
use crate::runtime::instance::Instance;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised};
use crate::stdlib::arg;
use crate::stdlib::receiver::given;
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{EVALUATE, Local, Locals, Native, Vm};

pub(super) const TYPE_ALIAS_TYPE: NativeType = NativeType {
    new: Some(&NEW),
    methods: &[
        &REPR,
        &GETITEM,
        &super::union::OR,
        &super::union::ROR,
        &REDUCE,
    ],
    getters: &[
        Getter::vm(
            "__value__",
            "The type that the alias stands for; computed when it is first asked for.",
            |vm, args| {
                let value = evaluated(vm, args.at(0), VALUE, EVALUATE)?;
                Ok(value.unwrap_or(vm.none()))
            },
        ),
        Getter::vm(
            "__parameters__",
            "The type parameters, a tuple.",
            |vm, args| {
                let params = field(vm, args.at(0), "__type_params__");
                Ok(match vm.get(params).is_gc::<Tuple>() {
                    true => params,
                    false => vm.tuple_of(&[]),
                })
            },
        ),
    ],
    ..NativeType::of(
        Builtin::TypeAliasType,
        "Type alias.\n\nType aliases are created through the type statement: type Alias = int",
    )
};

/// Where a value is kept that is known already.
const VALUE: &str = ".value";

const NEW: Native = Native::vm(
    "__new__(cls, name, value, *, type_params=())",
    "Create and return a new object.",
    new,
);
const REPR: Native = Native::leaf("__repr__(self, /)", "Return repr(self).", |heap, args| {
    Ok(heap.str_value(name_text(heap, args.get(0))))
});
const GETITEM: Native = Native::vm(
    "__getitem__(self, key, /)",
    "Return self[key].",
    |vm, args| {
        let params =
            own(vm, args.at(0), "__type_params__").and_then(|params| params.as_gc::<Tuple>());
        if params.is_none_or(|params| params.is_empty()) {
            return Err(vm
                .heap
                .type_error("Only generic type aliases are subscriptable"));
        }
        vm.generic_alias(args.at(0), args.at(1))
    },
);
const REDUCE: Native = Native::vm(
    "__reduce__(self, /)",
    "Helper for copy and pickle.",
    |vm, args| Ok(field(vm, args.at(0), "__name__")),
);

fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let name = arg::as_str(heap, vm.get(args.at(1)));
    let Some(name) = name else {
        let given = heap.argument_name(vm.get(args.at(1)));
        return Err(heap.type_error(format!(
            "typealias() argument 'name' must be str, not {given}"
        )));
    };
    let name = vm.local(name.value());
    let params = given(vm, args.at(3)).unwrap_or_else(|| vm.tuple_of(&[]));
    if !vm.get(params).is_gc::<Tuple>() {
        return Err(vm.heap.type_error("type_params must be a tuple"));
    }
    let heap = &vm.heap;
    let made = heap.instance(heap.types.class(heap, Builtin::TypeAliasType));
    let fields = [
        ("__name__", name),
        ("__type_params__", params),
        (VALUE, args.at(2)),
    ];
    for (field, value) in fields {
        made.set_attr(heap, heap.intern(field), vm.get(value));
    }
    let made = vm.local(made.value());
    set_module(vm, made);
    Ok(made)
}

/// `__module__`: the module whose code makes the object.
pub(super) fn set_module(vm: &Vm, object: Local) {
    let heap = &vm.heap;
    let name = vm
        .get_gc::<crate::runtime::module::Module>(vm.running_module())
        .and_then(|module| module.globals.get(heap, heap.intern("__name__")));
    if let (Some(object), Some(name)) = (vm.get_gc::<Instance>(object), name) {
        object.set_attr(heap, heap.intern("__module__"), name);
    }
}
