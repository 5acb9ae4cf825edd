//! `super`: the search for an attribute goes on behind a class. Calls without arguments get theirs from the compiler.
//!
//! The search itself is in `vm/protocol/attribute.rs`. Here are construction, the checks that CPython makes, and the attributes of the
//! object.

use super::receiver::{given as if_given, this};
use crate::runtime::class::Class;
use crate::runtime::descriptor::Super;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[NativeType {
    new: Some(&NEW),
    methods: &[&INIT, &REPR],
    getters: &[
        Getter::leaf(
            "__thisclass__",
            "the class invoking super()",
            |heap, args| Ok(this::<Super>(heap, args)?.class.get(heap).or(Value::NONE)),
        ),
        Getter::leaf(
            "__self__",
            "the instance invoking super(); may be None",
            |heap, args| Ok(this::<Super>(heap, args)?.object.get(heap).or(Value::NONE)),
        ),
        Getter::leaf(
            "__self_class__",
            "the type of the instance invoking super(); may be None",
            |heap, args| {
                Ok(this::<Super>(heap, args)?
                    .object_class
                    .get(heap)
                    .or(Value::NONE))
            },
        ),
    ],
    ..NativeType::of(
        Builtin::Super,
        "super() -> same as super(__class__, <first argument>)\nsuper(type) -> unbound super object\n\
         super(type, obj) -> bound super object; requires isinstance(obj, type)\n\
         super(type, type2) -> bound super object; requires issubclass(type2, type)",
    )
}];

const NEW: Native = Native::vm(
    "__new__(cls, type=None, obj=None, /)",
    "Create and return a new object.",
    new,
);
const INIT: Native = Native::leaf("__init__(self, /, *args)", "Initialize self.", |_, _| {
    Ok(Value::NONE)
});
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    vm.builtin_repr(args.at(0))
});

fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let Some(class) = if_given(vm, args.at(1)) else {
        return Err(heap.raise(Builtin::RuntimeError, "super(): no arguments"));
    };
    let start = vm.get(class);
    if !start.is_gc::<Class>() {
        let given = heap.type_name(start);
        return Err(heap.type_error(format!("super() argument 1 must be a type, not {given}")));
    }
    let object = if_given(vm, args.at(2)).filter(|&object| !vm.get(object).is_none());
    let object_class = match object {
        Some(object) => Some(searched_class(vm, class, object)?),
        None => None,
    };
    let heap = &vm.heap;
    let value = |local: Option<Local>| Slot::new(local.map_or(Value::UNDEF, |local| vm.get(local)));
    let made = Super {
        class: Slot::new(vm.get(class)),
        object: value(object),
        object_class: value(object_class),
    };
    Ok(vm.local(heap.alloc(made).value()))
}

/// The class whose order is searched: the object itself if it is a subclass, else its class.
fn searched_class(vm: &mut Vm, class: Local, object: Local) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let start: Gc<'_, Class> = vm.get_gc(class).expect("the caller checked the kind");
    let value = vm.get(object);
    let itself = value
        .as_gc::<Class>()
        .filter(|c| c.is_subclass(heap, start));
    let found =
        itself.or_else(|| Some(heap.class_of(value)).filter(|c| c.is_subclass(heap, start)));
    if let Some(found) = found {
        return Ok(vm.local(found.value()));
    }
    let claimed = vm.find_attr(object, Sym::Class.text())?;
    let heap = &vm.heap;
    let start: Gc<'_, Class> = vm.get_gc(class).expect("the caller checked the kind");
    if let Some(claimed) = claimed.filter(|&c| {
        vm.get_gc::<Class>(c)
            .is_some_and(|c| c.is_subclass(heap, start))
    }) {
        return Ok(claimed);
    }
    let what = match vm.get_gc::<Class>(object) {
        Some(class) => format!("type {}", class.name(heap).as_str()),
        None => format!("instance of {}", heap.type_name(vm.get(object))),
    };
    let name = start.name(heap).as_str();
    Err(heap.type_error(format!(
        "super(type, obj): obj ({what}) is not an instance or subtype of type ({name})."
    )))
}
