//! property, staticmethod, classmethod, and the descriptors of native attributes and slots.
//!
//! A property's functions are set by `__init__`, so that subclasses can wrap it. Its `extra` is its name, its docstring (if it has
//! one of its own) is the attribute `__doc__`.

use super::special::Special;
use crate::runtime::class::Class;
use crate::runtime::descriptor::{Descriptor, DescriptorKind};
use crate::runtime::dict::Dict;
use crate::runtime::intern::Sym;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::stdlib::receiver::{given, plain, spread, this, this_of};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[
    NativeType {
        new: Some(&PROPERTY_NEW),
        methods: &[
            &PROPERTY_INIT,
            &GETTER,
            &SETTER,
            &DELETER,
            &GET,
            &SET,
            &DELETE,
            &SET_NAME,
        ],
        getters: &[
            Getter::leaf(
                "fget",
                "The function that gets the attribute, or None.",
                |heap, args| slot(heap, args, |d| &d.get),
            )
            .as_member(),
            Getter::leaf(
                "fset",
                "The function that sets the attribute, or None.",
                |heap, args| slot(heap, args, |d| &d.set),
            )
            .as_member(),
            Getter::leaf(
                "fdel",
                "The function that deletes the attribute, or None.",
                |heap, args| slot(heap, args, |d| &d.delete),
            )
            .as_member(),
            Getter::vm("__doc__", "The documentation.", doc)
                .with_set(set_doc)
                .as_member(),
            Getter::vm("__name__", "The name.", property_name).with_set(set_property_name),
            Getter::vm(
                "__isabstractmethod__",
                "Whether a function inside is abstract.",
                is_abstract,
            ),
        ],
        ..NativeType::of(Builtin::Property, "Property attribute.")
    },
    NativeType {
        new: Some(&STATIC_NEW),
        methods: &[
            &Special::<Descriptor>::REPR,
            &STATIC_INIT,
            &GET,
            &STATIC_CALL,
        ],
        getters: &WRAPPER_GETTERS,
        ..NativeType::of(
            Builtin::StaticMethod,
            "Convert a function to be a static method.",
        )
    },
    NativeType {
        new: Some(&CLASS_NEW),
        methods: &[&Special::<Descriptor>::REPR, &CLASS_INIT, &GET],
        getters: &WRAPPER_GETTERS,
        ..NativeType::of(
            Builtin::ClassMethod,
            "Convert a function to be a class method.",
        )
    },
    NativeType {
        methods: &[&GET, &SET, &DELETE],
        getters: &MEMBER_GETTERS,
        ..NativeType::of(
            Builtin::GetSetDescriptor,
            "A computed attribute of a builtin type.",
        )
    },
    NativeType {
        methods: &[&GET, &SET, &DELETE],
        getters: &MEMBER_GETTERS,
        ..NativeType::of(
            Builtin::MemberDescriptor,
            "An attribute that __slots__ names.",
        )
    },
];

const WRAPPER_GETTERS: [Getter; 8] = [
    Getter::leaf("__func__", "The function inside.", |heap, args| {
        slot(heap, args, |d| &d.get)
    })
    .as_member(),
    Getter::leaf("__wrapped__", "The function inside.", |heap, args| {
        slot(heap, args, |d| &d.get)
    })
    .as_member(),
    Getter::vm("__doc__", "The documentation.", |vm, args| {
        of_wrapped(vm, args, "__doc__")
    }),
    Getter::vm("__name__", "The name.", |vm, args| {
        of_wrapped(vm, args, "__name__")
    }),
    Getter::vm(
        "__annotations__",
        "The annotations of the function inside.",
        |vm, args| of_wrapped(vm, args, "__annotations__"),
    ),
    Getter::vm(
        "__qualname__",
        "The qualified name of the function inside.",
        |vm, args| of_wrapped(vm, args, "__qualname__"),
    ),
    Getter::vm(
        "__module__",
        "The module of the function inside.",
        |vm, args| of_wrapped(vm, args, "__module__"),
    ),
    Getter::vm(
        "__isabstractmethod__",
        "Whether a function inside is abstract.",
        is_abstract,
    ),
];

const MEMBER_GETTERS: [Getter; 4] = [
    Getter::leaf(
        "__objclass__",
        "The class that the attribute belongs to.",
        |heap, args| slot(heap, args, |d| &d.owner),
    )
    .as_member(),
    Getter::leaf(
        "__qualname__",
        "The name with that of the class.",
        member_qualname,
    ),
    Getter::leaf("__name__", "The name.", |heap, args| {
        slot(heap, args, |d| &d.extra)
    })
    .as_member(),
    Getter::vm("__doc__", "The documentation.", |vm, args| {
        of_function(vm, args, "__doc__")
    }),
];

const PROPERTY_NEW: Native = Native::leaf(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |heap, _| Ok(make(heap, DescriptorKind::Property).value()),
);
const PROPERTY_INIT: Native = Native::vm(
    "__init__(self, fget=None, fset=None, fdel=None, doc=None)",
    "Initialize self.",
    property_init,
)
.on_instance();
const GETTER: Native = Native::vm(
    "getter(self, fget, /)",
    "Descriptor to obtain a copy of the property with a different getter.",
    |vm, args| changed(vm, args, 0),
)
.on_instance();
const SETTER: Native = Native::vm(
    "setter(self, fset, /)",
    "Descriptor to obtain a copy of the property with a different setter.",
    |vm, args| changed(vm, args, 1),
)
.on_instance();
const DELETER: Native = Native::vm(
    "deleter(self, fdel, /)",
    "Descriptor to obtain a copy of the property with a different deleter.",
    |vm, args| changed(vm, args, 2),
)
.on_instance();
const GET: Native = Native::vm(
    "__get__(self, instance, owner=None, /)",
    "Return an attribute of instance, which is of type owner.",
    get,
);
const SET: Native = Native::vm(
    "__set__(self, instance, value, /)",
    "Set an attribute of instance to value.",
    |vm, args| store(vm, args, Some(args.at(2))),
);
const DELETE: Native = Native::vm(
    "__delete__(self, instance, /)",
    "Delete an attribute of instance.",
    |vm, args| store(vm, args, None),
);
const SET_NAME: Native = Native::leaf(
    "__set_name__(self, /, *args)",
    "Method to set name of a property.",
    |heap, args| {
        let given = args
            .get(1)
            .as_gc::<Tuple>()
            .map_or(Vec::new(), |given| given.to_vec(heap));
        let [_, name] = given.as_slice() else {
            let count = given.len();
            let message =
                format!("__set_name__() takes 2 positional arguments but {count} were given");
            return Err(heap.type_error(message));
        };
        this::<Descriptor>(heap, args)?.extra.set(*name);
        Ok(Value::NONE)
    },
);
const STATIC_NEW: Native = Native::leaf(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |heap, _| Ok(make(heap, DescriptorKind::Static).value()),
);
const STATIC_INIT: Native = Native::vm(
    "__init__(self, /, *args, **kwargs)",
    "Initialize self.",
    |vm, args| wrapper_init(vm, args, "staticmethod"),
)
.on_instance();
const STATIC_CALL: Native = Native::vm(
    "__call__(self, /, *args, **kwargs)",
    "Call self as a function.",
    |vm, args| {
        let function = wrapped(vm, args)?;
        vm.call_ex(function, args.at(1), Some(args.at(2)))
    },
);
const CLASS_NEW: Native = Native::leaf(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |heap, _| Ok(make(heap, DescriptorKind::Class).value()),
);
const CLASS_INIT: Native = Native::vm(
    "__init__(self, /, *args, **kwargs)",
    "Initialize self.",
    |vm, args| wrapper_init(vm, args, "classmethod"),
)
.on_instance();

fn make(heap: &Heap, kind: DescriptorKind) -> Gc<'_, Descriptor> {
    let class = match kind {
        DescriptorKind::Static => Builtin::StaticMethod,
        DescriptorKind::Class => Builtin::ClassMethod,
        _ => Builtin::Property,
    };
    heap.alloc_shaped(
        Descriptor::new(kind, Slot::undef()),
        heap.types.shape_of(class),
    )
}

fn slot<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    which: fn(&Descriptor) -> &Slot,
) -> Result<Value<'h>, Raised> {
    Ok(which(this::<Descriptor>(heap, args)?.get())
        .get(heap)
        .or(Value::NONE))
}

fn member_qualname<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let this = this::<Descriptor>(heap, args)?;
    let name = this.extra.get(heap).as_gc::<Str>().map_or("?", Gc::as_str);
    let owner = this.owner.get(heap).as_gc::<Class>();
    let owner = owner.map_or("?", |class| class.qualname(heap).as_str());
    Ok(heap.str_value(&format!("{owner}.{name}")))
}

// property

/// The descriptor that a property is or, as an instance of a subclass, has inside.
fn inner(vm: &Vm, this: Local) -> Result<Gc<'_, Descriptor>, Raised> {
    match vm.get_gc(plain(vm, this)) {
        Some(descriptor) => Ok(descriptor),
        None => {
            let given = vm.heap.type_name(vm.get(this));
            let message = format!("descriptor doesn't apply to a '{given}' object");
            Err(vm.heap.type_error(message))
        }
    }
}

/// Sets the functions. The docstring is the getter's where none is given; a subclass keeps it in its own `__doc__`.
fn property_init(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = inner(vm, args.at(0))?;
    for (slot, n) in [(&this.get, 1), (&this.set, 2), (&this.delete, 3)] {
        let value = vm.get(args.at(n));
        slot.set(if value.is_none() { Value::UNDEF } else { value });
    }
    this.attrs.set(Value::UNDEF);
    this.extra.set(Value::UNDEF);
    this.getter_doc.set(false);
    let own = given(vm, args.at(4)).filter(|&doc| !vm.get(doc).is_none());
    let doc = match own {
        Some(doc) => Some(doc),
        None => doc_of_getter(vm, args)?,
    };
    if vm.get(plain(vm, args.at(0))).is(vm.get(args.at(0))) {
        let this = inner(vm, args.at(0))?;
        if let Some(doc) = doc {
            own_attrs(&vm.heap, this).set_str(&vm.heap, vm.heap.sym(Sym::Doc), vm.get(doc));
        }
        return Ok(vm.none());
    }
    let doc = doc.unwrap_or_else(|| vm.none());
    let is_getters = inner(vm, args.at(0))?.getter_doc.get();
    match vm.set_attr_named(args.at(0), "__doc__", doc) {
        // A docstring that the getter does not bring is dropped where the subclass has no place for it.
        Err(raised) if !is_getters => vm.take_if(raised, Builtin::AttributeError)?,
        result => result?,
    }
    Ok(vm.none())
}

/// The docstring of the getter; that it has one is noted in the property.
fn doc_of_getter(vm: &mut Vm, args: Locals) -> Result<Option<Local>, Raised> {
    let getter = vm.local(inner(vm, args.at(0))?.get().get.get(&vm.heap));
    if vm.get(getter).is_undef() {
        return Ok(None);
    }
    let doc = vm.find_attr(getter, "__doc__")?;
    let doc = doc.filter(|&doc| !vm.get(doc).is_none());
    inner(vm, args.at(0))?.getter_doc.set(doc.is_some());
    Ok(doc)
}

fn own_attrs<'h>(heap: &'h Heap, descriptor: Gc<'h, Descriptor>) -> Gc<'h, Dict> {
    let attrs = &descriptor.get().attrs;
    if attrs.is_undef() {
        attrs.set(heap.dict().value());
    }
    attrs.expect(heap)
}

/// A property of the same class with another getter (0), setter (1) or deleter (2).
fn changed(vm: &mut Vm, args: Locals, which: usize) -> Result<Local, Raised> {
    let this = inner(vm, args.at(0))?;
    let slots = [&this.get().get, &this.get().set, &this.get().delete];
    let mut functions = slots.map(|slot| vm.local(slot.get(&vm.heap).or(Value::NONE)));
    let (from_getter, name) = (
        this.getter_doc.get(),
        vm.local(this.get().extra.get(&vm.heap)),
    );
    if !vm.get(args.at(1)).is_none() {
        functions[which] = args.at(1);
    }
    let doc = if from_getter && !vm.get(functions[0]).is_none() {
        vm.none()
    } else {
        let doc = vm.find_attr(args.at(0), "__doc__")?;
        doc.unwrap_or_else(|| vm.none())
    };
    let class = vm.local(vm.heap.class_of(vm.get(args.at(0))).value());
    let made = vm.call(class, &[functions[0], functions[1], functions[2], doc])?;
    if let Ok(copy) = inner(vm, made) {
        copy.extra.set(vm.get(name));
    }
    Ok(made)
}

fn doc(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let own = this_of::<Descriptor>(vm, args)?
        .get()
        .attrs
        .get(heap)
        .as_gc::<Dict>()
        .and_then(|attrs| attrs.get_str(heap, heap.sym(Sym::Doc)));
    Ok(vm.local(own.unwrap_or(Value::NONE)))
}

fn set_doc<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    own_attrs(heap, this::<Descriptor>(heap, args)?).set_str(
        heap,
        heap.sym(Sym::Doc),
        args.get(1).or(Value::NONE),
    );
    Ok(Value::NONE)
}

fn property_name(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = this_of::<Descriptor>(vm, args)?;
    if let Some(name) = this.get().extra.get(&vm.heap).defined() {
        return Ok(vm.local(name));
    }
    let getter = vm.local(this.get().get.get(&vm.heap).or(Value::NONE));
    match vm.find_attr(getter, "__name__")? {
        Some(name) => Ok(name),
        None => {
            let name = vm.local(vm.heap.sym(Sym::Name).value());
            Err(vm.attribute_error(args.at(0), name))
        }
    }
}

fn set_property_name<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    this::<Descriptor>(heap, args)?.extra.set(args.get(1));
    Ok(Value::NONE)
}

/// Whether one of the functions is abstract.
fn is_abstract(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = this_of::<Descriptor>(vm, args)?;
    let functions = [&this.get, &this.set, &this.delete]
        .map(|slot| vm.local(slot.get(&vm.heap).or(Value::NONE)));
    for function in functions {
        if let Some(mark) = vm.find_attr(function, "__isabstractmethod__")?
            && vm.truth(mark)?
        {
            return Ok(vm.bool_local(true));
        }
    }
    Ok(vm.bool_local(false))
}

// All descriptors.

fn get(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let kind = this_of::<Descriptor>(vm, args)?.get().kind;
    let no_instance = vm.get(args.at(1)).is_none();
    if no_instance && !matches!(kind, DescriptorKind::Static | DescriptorKind::Class) {
        return Ok(args.at(0));
    }
    match kind {
        DescriptorKind::Class => {
            let class = match given(vm, args.at(2)).filter(|&owner| !vm.get(owner).is_none()) {
                Some(owner) => owner,
                None => vm.local(vm.heap.class_of(vm.get(args.at(1))).value()),
            };
            let function = wrapped(vm, args)?;
            Ok(vm.local(
                vm.heap
                    .bound_method(vm.get(function), vm.get(class))
                    .value(),
            ))
        }
        DescriptorKind::Static => wrapped(vm, args),
        _ => vm.bind_descriptor(args.at(0), args.at(1)),
    }
}

fn store(vm: &mut Vm, args: Locals, value: Option<Local>) -> Result<Local, Raised> {
    let name = this_of::<Descriptor>(vm, args)?
        .get()
        .extra
        .get(&vm.heap)
        .defined();
    let name = name.unwrap_or_else(|| vm.heap.sym(Sym::Empty).value());
    let name = vm.local(name);
    vm.store_through(args.at(0), args.at(1), name, value)?;
    Ok(vm.none())
}

// staticmethod and classmethod

/// Sets the function. An instance of a subclass, whose class has a docstring of its own or none, gets the function's.
fn wrapper_init(vm: &mut Vm, args: Locals, name: &str) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let keywords = vm.get_gc::<Dict>(args.at(2));
    if keywords.is_some_and(|kwargs| !kwargs.table.is_empty(heap)) {
        return Err(heap.type_error(format!("{name}() takes no keyword arguments")));
    }
    let given = spread(vm, args.at(1));
    let [function] = given[..] else {
        return Err(heap.type_error(format!("{name} expected 1 argument, got {}", given.len())));
    };
    inner(vm, args.at(0))?.get.set(vm.get(function));
    if !vm.get(args.at(0)).is_gc::<Descriptor>()
        && let Some(doc) = vm.find_attr(function, "__doc__")?
    {
        vm.set_attr_named(args.at(0), "__doc__", doc)?;
    }
    Ok(vm.none())
}

fn wrapped(vm: &Vm, args: Locals) -> Result<Local, Raised> {
    let this = this_of::<Descriptor>(vm, args)?;
    Ok(vm.local(this.get().get.get(&vm.heap).or(Value::NONE)))
}

/// An attribute of the function that a `staticmethod` or `classmethod` wraps; AttributeError where it has none.
fn of_wrapped(vm: &mut Vm, args: Locals, name: &str) -> Result<Local, Raised> {
    let function = wrapped(vm, args)?;
    match vm.nested(|vm| vm.find_attr(function, name))? {
        Some(found) => Ok(found),
        None => {
            let name = vm.local(vm.heap.str_value(name));
            Err(vm.attribute_error(args.at(0), name))
        }
    }
}

fn of_function(vm: &mut Vm, args: Locals, name: &str) -> Result<Local, Raised> {
    let function = wrapped(vm, args)?;
    if vm.get(function).is_none() || vm.get(function).is_undef() {
        // A slot has no function.
        return Ok(vm.none());
    }
    let found = vm.nested(|vm| vm.find_attr(function, name))?;
    Ok(found.unwrap_or_else(|| vm.none()))
}
