//! `type`: classes as objects, and how they are made and called.
//!
//! `type(x)` and `type(name, bases, namespace)` are one constructor, as in CPython; making a class is in `vm/classes/class.rs`. To
//! add a method: a `Native`, its function, a word in the table.

use super::object::{names_in_classes, sorted_names};
use super::type_facts;
use crate::runtime::class::Class;
use crate::runtime::descriptor::{Descriptor, DescriptorKind};
use crate::runtime::dict::Dict;
use crate::runtime::intern::Sym;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::ViewTag;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg::{as_str, plain_value};
use crate::stdlib::receiver::{given, this, this_of};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::bases::best_base;
use crate::vm::order::default_order;
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[NativeType {
    new: Some(&NEW),
    methods: &[
        &INIT,
        &CALL,
        &REPR,
        &MRO,
        &SUBCLASSES,
        &DIR,
        &INSTANCECHECK,
        &SUBCLASSCHECK,
        &OR,
        &ROR,
    ],
    class_methods: &[&PREPARE],
    getters: &[
        Getter::leaf("__name__", "The name of the class.", name).with_set(set_name),
        Getter::leaf(
            "__qualname__",
            "The name with those of the classes and functions around it.",
            qualname,
        )
        .with_set(set_qualname),
        Getter::leaf(
            "__module__",
            "The name of the module that the class was made in.",
            module,
        )
        .with_vm_set(set_module),
        Getter::vm("__doc__", "What the class says of itself, or None.", doc)
            .with_vm_set(|vm, args| store_kept(vm, args, Sym::Doc)),
        Getter::leaf(
            "__bases__",
            "The classes that it derives from, a tuple.",
            |heap, args| Ok(this::<Class>(heap, args)?.bases(heap).value()),
        )
        .with_vm_set(|vm, args| {
            vm.set_bases(args.at(0), given(vm, args.at(1)))?;
            Ok(vm.none())
        }),
        Getter::leaf(
            "__base__",
            "The class that decides on the layout of instances.",
            base,
        )
        .as_member(),
        Getter::leaf(
            "__flags__",
            "Bits that say what kind of class it is.",
            type_facts::flags,
        )
        .as_member(),
        Getter::leaf(
            "__basicsize__",
            "Size of an instance, in bytes: about.",
            type_facts::basic_size,
        )
        .as_member(),
        Getter::leaf(
            "__itemsize__",
            "Size of an item, in bytes: about.",
            type_facts::item_size,
        )
        .as_member(),
        Getter::leaf(
            "__dictoffset__",
            "Not 0 if instances have a __dict__.",
            type_facts::dict_offset,
        )
        .as_member(),
        Getter::leaf(
            "__weakrefoffset__",
            "Not 0 if weak references to instances are possible.",
            type_facts::dict_offset,
        )
        .as_member(),
        Getter::vm(
            "__text_signature__",
            "The parameters of a builtin class, or None.",
            type_facts::text_signature,
        ),
        Getter::leaf(
            "__mro__",
            "The classes in which attributes are looked up, in order, a tuple.",
            mro_tuple,
        ),
        Getter::leaf(
            "__dict__",
            "The attributes of the class: a read-only view.",
            dict,
        ),
        Getter::leaf(
            "__annotations__",
            "The annotations of the class body, a dict.",
            annotations,
        )
        .with_vm_set(|vm, args| store(vm, args, Sym::Annotations)),
        Getter::leaf(
            "__type_params__",
            "The type parameters of a generic class, a tuple.",
            type_params,
        )
        .with_vm_set(|vm, args| store_kept(vm, args, Sym::TypeParams)),
        Getter::leaf(
            "__abstractmethods__",
            "The names of the abstract methods.",
            abstract_methods,
        )
        .with_vm_set(|vm, args| store(vm, args, Sym::AbstractMethods)),
    ],
    ..NativeType::of(
        Builtin::Type,
        "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type",
    )
}];

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    new,
)
.quick(|heap, args| (args.len() == 2).then(|| heap.class_of(args.get(1)).value()));
const INIT: Native = Native::leaf(
    "__init__(self, /, *args, **kwargs)",
    "Initialize self.",
    |_, _| Ok(Value::NONE),
);
const CALL: Native = Native::vm(
    "__call__(self, /, *args, **kwargs)",
    "Call self as a function.",
    |vm, args| vm.type_call(args.at(0), args.at(1), args.at(2)),
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    vm.builtin_repr(args.at(0))
});
const MRO: Native = Native::leaf(
    "mro(self, /)",
    "Return a type's method resolution order.",
    |heap, args| {
        let order = default_order(heap, this::<Class>(heap, args)?)?;
        Ok(heap.list(order.into_iter().map(Gc::value)).value())
    },
);
const SUBCLASSES: Native = Native::leaf(
    "__subclasses__(self, /)",
    "Return a list of immediate subclasses.",
    |heap, args| {
        Ok(heap
            .list(this::<Class>(heap, args)?.subclasses.to_vec(heap))
            .value())
    },
);
const DIR: Native = Native::leaf(
    "__dir__(self, /)",
    "Specialized __dir__ implementation for types.",
    dir,
);
const INSTANCECHECK: Native = Native::vm(
    "__instancecheck__(self, instance, /)",
    "Check if an object is an instance.",
    |vm, args| {
        let answer = vm.plain_is_instance(args.at(1), args.at(0))?;
        Ok(vm.bool_local(answer))
    },
);
const SUBCLASSCHECK: Native = Native::vm(
    "__subclasscheck__(self, subclass, /)",
    "Check if a class is a subclass.",
    |vm, args| {
        let answer = vm.plain_is_subclass(args.at(1), args.at(0))?;
        Ok(vm.bool_local(answer))
    },
);
const OR: Native = Native::vm(
    "__or__(self, value, /)",
    "Return self|value.",
    |vm, args| super::generic::union_of(vm, args.at(0), args.at(1)),
);
const ROR: Native = Native::vm(
    "__ror__(self, value, /)",
    "Return value|self.",
    |vm, args| super::generic::union_of(vm, args.at(1), args.at(0)),
);
const PREPARE: Native = Native::leaf(
    "__prepare__(cls, name=None, bases=None, /, **kwds)",
    "__prepare__() -> dict\nused to create the namespace for the class statement",
    |heap, _| Ok(heap.dict().value()),
);

/// `type(object)`, or a new class.
fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let meta: Option<Gc<'_, Class>> = vm.get_gc(args.at(0));
    let is_type = meta.is_some_and(|meta| meta.builtin_is(Builtin::Type));
    let items: Gc<'_, Tuple> = vm.get_gc(args.at(1)).expect("*args is a tuple");
    let plain = vm
        .get_gc::<Dict>(args.at(2))
        .is_none_or(|kwargs| kwargs.table.is_empty(heap));
    let items = items.to_vec(heap);
    if let ([object], true, true) = (&items[..], is_type, plain) {
        return Ok(vm.local(heap.class_of(*object).value()));
    }
    let [name, bases, namespace] = items[..] else {
        let given = items.len();
        return Err(heap.type_error(match is_type {
            true => "type() takes 1 or 3 arguments".to_owned(),
            false => format!("type.__new__() takes exactly 3 arguments ({given} given)"),
        }));
    };
    let (plain_name, plain_bases) = (plain_value(heap, name), plain_value(heap, bases));
    let expected = [
        (name, "str", plain_name.is_gc::<Str>()),
        (bases, "tuple", plain_bases.is_gc::<Tuple>()),
        (
            namespace,
            "dict",
            plain_value(heap, namespace).is_gc::<Dict>(),
        ),
    ];
    for (i, (value, class, fits)) in expected.into_iter().enumerate() {
        if !fits {
            let given = heap.argument_name(value);
            return Err(heap.type_error(format!(
                "type.__new__() argument {} must be {class}, not {given}",
                i + 1
            )));
        }
    }
    let (name, bases, namespace) = (
        vm.local(plain_name),
        vm.local(plain_bases),
        vm.local(namespace),
    );
    vm.new_class(args.at(0), name, bases, namespace, args.at(2))
}

fn name<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let class = this::<Class>(heap, args)?;
    let name = class.name(heap);
    let short = class.short_name(heap);
    if short.len() == name.as_str().len() {
        return Ok(name.value());
    }
    Ok(heap.str_value(short))
}

fn set_name<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let (class, name) = changed(heap, args, "__name__")?;
    class.name.set(name.value());
    Ok(Value::NONE)
}

fn qualname<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    Ok(this::<Class>(heap, args)?.qualname(heap).value())
}

fn set_qualname<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let (class, name) = changed(heap, args, "__qualname__")?;
    class.qualname.set(name.value());
    Ok(Value::NONE)
}

/// A class of the program and the string that one of its names shall be.
fn changed<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    attr: &str,
) -> Result<(Gc<'h, Class>, Gc<'h, Str>), Raised> {
    let (class, value) = (this::<Class>(heap, args)?, args.get(1));
    let name = class.name(heap).as_str();
    if class.builtin.is_some() {
        return Err(heap.type_error(format!(
            "cannot set '{attr}' attribute of immutable type '{name}'"
        )));
    }
    match as_str(heap, value) {
        Some(text) => Ok((class, heap.intern_str(text))),
        None if value.is_undef() => Err(heap.type_error(format!(
            "cannot delete '{attr}' attribute of immutable type '{name}'"
        ))),
        None => {
            let given = heap.type_name(value);
            Err(heap.type_error(format!(
                "can only assign string to {name}.{attr}, not '{given}'"
            )))
        }
    }
}

fn module<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let class = this::<Class>(heap, args)?;
    let own = class.attrs.get(heap, heap.sym(Sym::Module));
    // The class of functions has a getter of this name, which is for its instances.
    let own = own.filter(|own| class.builtin.is_none() || own.is_gc::<Str>());
    Ok(own.unwrap_or_else(|| heap.sym(Sym::Builtins).value()))
}

/// Stores an attribute that has a getter into the class itself.
fn store(vm: &mut Vm, args: Locals, name: Sym) -> Result<Local, Raised> {
    let name = vm.local(vm.heap.sym(name).value());
    vm.class_store(args.at(0), name, given(vm, args.at(1)))?;
    Ok(vm.none())
}

/// The same for an attribute that every class has: it cannot be deleted.
fn store_kept(vm: &mut Vm, args: Locals, name: Sym) -> Result<Local, Raised> {
    if given(vm, args.at(1)).is_none()
        && let Some(class) = vm.get_gc::<Class>(args.at(0))
    {
        let (attr, owner) = (name.text(), class.name(&vm.heap).as_str());
        return Err(vm.heap.type_error(format!(
            "cannot delete '{attr}' attribute of immutable type '{owner}'"
        )));
    }
    store(vm, args, name)
}

/// `__module__ = ...`: the line of the class statement is one of another module from now on.
fn set_module(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let none = store_kept(vm, args, Sym::Module)?;
    if let Some(class) = vm.get_gc::<Class>(args.at(0)) {
        class.unbind(&vm.heap, vm.heap.sym(Sym::FirstLine));
    }
    Ok(none)
}

/// A builtin class says what its declaration does, whatever its instances find under the name.
fn doc(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let class = this_of::<Class>(vm, args)?;
    let heap = &vm.heap;
    if let Some(builtin) = class.builtin {
        let doc = super::doc(builtin).map(|doc| heap.str_value(doc));
        return Ok(vm.local(doc.unwrap_or(Value::NONE)));
    }
    let own = class.attrs.get(heap, heap.sym(Sym::Doc));
    let own = vm.local(own.unwrap_or(Value::NONE));
    match vm.get_gc::<Descriptor>(own).map(|found| found.kind) {
        Some(DescriptorKind::Static | DescriptorKind::Class) => vm.bind_descriptor(own, args.at(0)),
        // A slot or a property is for the instances.
        Some(_) => Ok(own),
        None => match vm.special(vm.get(own), Sym::Get) {
            Some(_) => vm.bind_descriptor(own, args.at(0)),
            None => Ok(own),
        },
    }
}

fn base<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let base = best_base(heap, this::<Class>(heap, args)?);
    Ok(base.map_or(Value::NONE, Gc::value))
}

fn mro_tuple<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let order: Vec<Value<'h>> = this::<Class>(heap, args)?
        .mro(heap)
        .map(Gc::value)
        .collect();
    if order.is_empty() {
        return Ok(Value::NONE);
    }
    Ok(heap.tuple(&order).value())
}

fn dict<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let names = this::<Class>(heap, args)?.dict(heap);
    Ok(heap.view(ViewTag::Proxy, names.value()).value())
}

fn annotations<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let class = this::<Class>(heap, args)?;
    let name = heap.sym(Sym::Annotations);
    if class.builtin.is_some() {
        let text = class.name(heap).as_str();
        return Err(heap.raise(
            Builtin::AttributeError,
            format!("type object '{text}' has no attribute '__annotations__'"),
        ));
    }
    if let Some(own) = class.attrs.get(heap, name) {
        return Ok(own);
    }
    let empty = heap.dict().value();
    class.bind(heap, name, empty);
    Ok(empty)
}

fn type_params<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let class = this::<Class>(heap, args)?;
    let own = class.attrs.get(heap, heap.sym(Sym::TypeParams));
    // The class `type` has the getter itself there.
    // A native class may show the `__module__` of its instances by that name.
    let own = own.filter(|own| class.builtin.is_none() || own.as_gc::<Str>().is_some());
    Ok(own.unwrap_or_else(|| heap.tuple(&[]).value()))
}

fn abstract_methods<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let class = this::<Class>(heap, args)?;
    class
        .attrs
        .get(heap, heap.sym(Sym::AbstractMethods))
        .filter(|_| !class.builtin_is(Builtin::Type))
        .ok_or_else(|| {
            let name = class.name(heap).as_str();
            heap.raise(
                Builtin::AttributeError,
                format!("type object '{name}' has no attribute '__abstractmethods__'"),
            )
        })
}

fn dir<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let names = names_in_classes(heap, this::<Class>(heap, args)?);
    Ok(sorted_names(heap, names.collect()))
}
