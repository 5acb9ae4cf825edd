//! `_weakref`: references that do not keep their object alive. `weakref` (library/weakref.apy) builds its containers on them.
//!
//! The collector clears a reference when it frees the object, and makes its callback due (`runtime/heap/finalize.rs`). A plain
//! reference without a callback is made once for each object.

use std::cell::Cell;

use super::arg::given;
use super::registry::{Getter, ModuleType, NativeModule, NativeType, class_of};
use crate::runtime::class::{Class, class_flag};
use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::function::BoundMethod;
use crate::runtime::heap::{Kind, WeakSlot, traced};
use crate::runtime::instance::Instance;
use crate::runtime::native::NativeFunction;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Locals, Native, Vm};

/// The module that `weakref` takes it from.
pub const WEAKREF: NativeModule = NativeModule {
    functions: &[&GETWEAKREFCOUNT, &GETWEAKREFS],
    types: &[&REF],
    ..NativeModule::of("_weakref", "Weak-reference support module.")
};

const REF: ModuleType = ModuleType {
    name: "weakref.ReferenceType",
    module: "weakref",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&INIT, &CALL, &EQ, &NE, &HASH, &REPR],
        class_methods: &[&CLASS_GETITEM],
        getters: &[Getter::leaf(
            "__callback__",
            "What is called when the object is gone, or None.",
            |heap, args| Ok(reference(args.get(0)).callback.get(heap).or(Value::NONE)),
        )
        .as_member()],
        ..NativeType::of(
            Builtin::Opaque,
            "A reference to an object that does not keep it alive; calling it gives the object, or None.",
        )
    },
};

struct Reference {
    target: WeakSlot,
    /// Undef: none.
    callback: Slot,
    /// The object's hash, once it was asked.
    hash: Cell<Option<i64>>,
}

traced!(Reference { callback } plain { target, hash });

impl Payload for Reference {}

fn reference<'h>(value: Value<'h>) -> &'h Reference {
    try_reference(value).expect("methods are called on instances of their class")
}

fn try_reference<'h>(value: Value<'h>) -> Option<&'h Reference> {
    value.as_gc::<Opaque>().and_then(|o| o.payload())
}

/// The object that a reference refers to, if it lives.
fn target(vm: &Vm, reference_to: Local) -> Option<Local> {
    let this = reference(vm.get(reference_to));
    this.target.get(&vm.heap).map(|target| vm.local(target))
}

const NEW: Native = Native::vm(
    "__new__(type, object, callback=None, /, *args, **kwargs)",
    "Create and return a new object.",
    new,
);

fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let plain_class = class_of(vm, &REF);
    let heap = &vm.heap;
    let class: Gc<'_, Class> = vm.get_gc(args.at(0)).expect("`__new__` gets the class");
    let named = vm
        .get_gc::<Dict>(args.at(4))
        .is_some_and(|named| named.get().table.len(heap) > 0);
    if named && class.value().is(vm.get(plain_class)) {
        return Err(heap.type_error("ReferenceType() takes no keyword arguments"));
    }
    let object = vm.get(args.at(1));
    if !is_referable(heap, object) {
        let name = heap.type_name(object);
        return Err(heap.type_error(format!("cannot create weak reference to '{name}' object")));
    }
    let callback = given(vm, args.at(2)).map_or(Value::NONE, |callback| vm.get(callback));
    if callback.is_none() && class.value().is(vm.get(plain_class)) {
        let known = heap.weak_references(object).into_iter().find(|&known| {
            heap.class_of(known) == class
                && try_reference(known).is_some_and(|known| known.callback.is_undef())
        });
        if let Some(known) = known {
            return Ok(vm.local(known));
        }
    }
    let made = heap.opaque(
        class,
        Reference {
            target: WeakSlot::new(object),
            callback: Slot::new(if callback.is_none() {
                Value::UNDEF
            } else {
                callback
            }),
            hash: Cell::new(None),
        },
    );
    heap.watch(&reference(made.value()).target, made.value());
    Ok(vm.local(made.value()))
}

/// Builtin classes whose objects can be referred to weakly, those of classes that extend them, too.
const REFERABLE: [Builtin; 6] = [
    Builtin::TypeVar,
    Builtin::TypeVarTuple,
    Builtin::ParamSpec,
    Builtin::GenericAlias,
    Builtin::Set,
    Builtin::FrozenSet,
];

/// Whether objects like this one can be referred to weakly: CPython's table.
fn is_referable(heap: &Heap, value: Value<'_>) -> bool {
    let Some(object) = value.as_object() else {
        return false;
    };
    let class = heap.class_of(value);
    let of_program =
        class.builtin.is_none() && class.attrs.get(heap, heap.intern("__module__")).is_some();
    let mut builtins = class.mro(heap).filter_map(|class| class.builtin);
    if builtins.any(|builtin| REFERABLE.contains(&builtin)) {
        return true;
    }
    match object.kind() {
        Kind::Class
        | Kind::Function
        | Kind::Module
        | Kind::Coroutine
        | Kind::Set
        | Kind::Code
        | Kind::Opaque
        | Kind::Future => true,
        Kind::Native => value
            .as_gc::<NativeFunction>()
            .is_some_and(|native| native.owner.is_undef()),
        Kind::BoundMethod => value
            .as_gc::<BoundMethod>()
            .is_some_and(|_| !class.builtin_is(Builtin::MethodWrapper)),
        Kind::Instance => {
            of_program
                && (!class.has(class_flag::NO_DICT) || has_weak_slot(heap, class))
                && value.as_gc::<Instance>().is_some()
        }
        Kind::Exception => of_program && value.as_gc::<Exception>().is_some(),
        _ => false,
    }
}

/// Whether `__slots__` of a class, or of one of its bases, names `__weakref__`.
fn has_weak_slot<'h>(heap: &'h Heap, class: Gc<'h, Class>) -> bool {
    let name = heap.intern("__weakref__");
    class
        .mro(heap)
        .any(|class| class.attrs.get(heap, name).is_some())
}

const INIT: Native = Native::leaf(
    "__init__(self, /, *args, **kwargs) -> None",
    "Initialize self.  See help(type(self)) for accurate signature.",
    |heap, args| match args.get(1).as_gc::<Tuple>().map_or(0, |given| given.len()) {
        0..=2 => Ok(Value::NONE),
        n => Err(heap.type_error(format!("__init__ expected at most 2 arguments, got {n}"))),
    },
);

const CALL: Native = Native::leaf(
    "__call__(self, /)",
    "Return the object, or None if it is gone.",
    |heap, args| {
        let target = reference(args.get(0)).target.get(heap);
        Ok(target.unwrap_or(Value::NONE))
    },
);

const EQ: Native = Native::vm(
    "__eq__(self, value, /)",
    "Return self==value.",
    |vm, args| compare(vm, args, Comparison::Eq),
);

const NE: Native = Native::vm(
    "__ne__(self, value, /)",
    "Return self!=value.",
    |vm, args| compare(vm, args, Comparison::Ne),
);

/// As long as both objects live, they are compared; after that, the references themselves.
fn compare(vm: &mut Vm, args: Locals, comparison: Comparison) -> Result<Local, Raised> {
    if try_reference(vm.get(args.at(1))).is_none() {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    }
    match (target(vm, args.at(0)), target(vm, args.at(1))) {
        (Some(left), Some(right)) => vm.compare(comparison, left, right),
        _ => {
            let same = vm.get(args.at(0)).is(vm.get(args.at(1)));
            Ok(vm.local(Value::bool(same == (comparison == Comparison::Eq))))
        }
    }
}

const HASH: Native = Native::vm(
    "__hash__(self, /) -> int",
    "Return hash(self).",
    |vm, args| {
        if let Some(hash) = reference(vm.get(args.at(0))).hash.get() {
            return Ok(vm.local(vm.heap.int(hash)));
        }
        let Some(target) = target(vm, args.at(0)) else {
            return Err(vm.heap.type_error("weak object has gone away"));
        };
        let hash = vm.hash(target)? as i64;
        reference(vm.get(args.at(0))).hash.set(Some(hash));
        Ok(vm.local(vm.heap.int(hash)))
    },
);

const REPR: Native = Native::vm(
    "__repr__(self, /) -> str",
    "Return repr(self).",
    |vm, args| {
        let at = vm.address_text(args.at(0));
        let text = match target(vm, args.at(0)) {
            None => format!("<weakref at {at}; dead>"),
            Some(target) => {
                let name = vm.find_attr(target, "__name__").ok().flatten();
                let name = match name.and_then(|name| vm.get_gc::<Str>(name)) {
                    Some(name) => format!(" ({})", name.as_str()),
                    None => String::new(),
                };
                let class = vm.heap.type_name(vm.get(target));
                format!(
                    "<weakref at {at}; to '{class}' at {}{name}>",
                    vm.address_text(target)
                )
            }
        };
        Ok(vm.local(vm.heap.str_value(&text)))
    },
);

const CLASS_GETITEM: Native = Native::vm(
    "__class_getitem__(cls, item, /)",
    "See PEP 585",
    |vm, args| vm.generic_alias(args.at(0), args.at(1)),
);

const GETWEAKREFCOUNT: Native = Native::leaf(
    "getweakrefcount(object, /) -> int",
    "Return the number of weak references to an object.",
    |heap, args| Ok(heap.usize(heap.weak_references(args.get(0)).len())),
);

const GETWEAKREFS: Native = Native::leaf(
    "getweakrefs(object, /) -> list",
    "Return a list of the weak references to an object.",
    |heap, args| Ok(heap.list(heap.weak_references(args.get(0))).value()),
);
