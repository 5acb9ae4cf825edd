//! `object`: what every class inherits.
//!
//! Construction checks arguments as CPython does: extra ones are an error only where neither `__new__` nor `__init__` is
//! overridden. To add a method: a `Native`, its function, a word in the table.

use super::module;
use crate::runtime::class::{Class, class_flag};
use crate::runtime::descriptor::{Descriptor, DescriptorKind};
use crate::runtime::dict::Dict;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::ViewTag;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg::{as_str, plain, plain_value};
use crate::stdlib::reduce;
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[NativeType {
    new: Some(&NEW),
    methods: &[
        &INIT,
        &EQ,
        &NE,
        &LT,
        &LE,
        &GT,
        &GE,
        &HASH,
        &REPR,
        &STR,
        &FORMAT,
        &SETATTR,
        &GETATTRIBUTE,
        &DELATTR,
        &DIR,
        &reduce::GETSTATE,
        &reduce::REDUCE,
        &reduce::REDUCE_EX,
        &reduce::SIZEOF,
    ],
    class_methods: &[&INIT_SUBCLASS, &SUBCLASSHOOK],
    getters: &[
        Getter::vm("__class__", "the object's class", class).with_vm_set(set_class),
        Getter::vm("__dict__", "the attributes of the object itself", dict).with_vm_set(set_dict),
    ],
    ..NativeType::of(
        Builtin::Object,
        "The base class of the class hierarchy.\n\nWhen called, it accepts no arguments and returns a new featureless\n\
         instance that has no instance attributes and cannot be given any.\n",
    )
}];

/// `__dict__` and `__weakref__` of classes whose instances have them: `vm/classes/bases.rs` makes copies of these.
pub const OF_INSTANCES: &[Getter] = &[
    Getter::vm("__dict__", "dictionary for instance variables", dict).with_vm_set(set_dict),
    Getter::leaf(
        "__weakref__",
        "list of weak references to the object",
        |heap, args| {
            Ok(heap
                .weak_references(args.get(0))
                .first()
                .copied()
                .unwrap_or(Value::NONE))
        },
    ),
];

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    new,
);
const INIT: Native = Native::leaf(
    "__init__(self, /, *args, **kwargs)",
    "Initialize self.  See help(type(self)) for accurate signature.",
    init,
);
const EQ: Native = Native::leaf("__eq__(self, value, /)", "Return self==value.", eq);
const NE: Native = Native::vm("__ne__(self, value, /)", "Return self!=value.", ne);
const LT: Native = Native::leaf(
    "__lt__(self, value, /)",
    "Return self<value.",
    not_implemented,
);
const LE: Native = Native::leaf(
    "__le__(self, value, /)",
    "Return self<=value.",
    not_implemented,
);
const GT: Native = Native::leaf(
    "__gt__(self, value, /)",
    "Return self>value.",
    not_implemented,
);
const GE: Native = Native::leaf(
    "__ge__(self, value, /)",
    "Return self>=value.",
    not_implemented,
);
const HASH: Native = Native::leaf("__hash__(self, /)", "Return hash(self).", hash);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    vm.object_repr(args.at(0))
});
const STR: Native = Native::vm("__str__(self, /)", "Return str(self).", str);
const FORMAT: Native = Native::vm(
    "__format__(self, format_spec, /)",
    "Default object formatter.",
    format,
);
const SETATTR: Native = Native::vm(
    "__setattr__(self, name, value, /)",
    "Implement setattr(self, name, value).",
    setattr,
);
const GETATTRIBUTE: Native = Native::vm(
    "__getattribute__(self, name, /)",
    "Return getattr(self, name).",
    getattribute,
);
const DELATTR: Native = Native::vm(
    "__delattr__(self, name, /)",
    "Implement delattr(self, name).",
    delattr,
);
const DIR: Native = Native::vm("__dir__(self, /)", "Default dir() implementation.", dir);
const INIT_SUBCLASS: Native = Native::leaf(
    "__init_subclass__(cls, /, **kwargs)",
    "This method is called when a class is subclassed.",
    init_subclass,
);
const SUBCLASSHOOK: Native = Native::leaf(
    "__subclasshook__(cls, subclass, /)",
    "Abstract classes can override this to customize issubclass().",
    not_implemented,
);

/// `object.__new__`: an instance without attributes. Surplus arguments are an error unless `__init__` takes them.
fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let Some(class) = vm.get_gc::<Class>(args.at(0)) else {
        let given = heap.type_name(vm.get(args.at(0)));
        return Err(heap.type_error(format!(
            "object.__new__(X): X is not a type object ({given})"
        )));
    };
    let name = class.name(heap).as_str();
    if has_surplus(vm, args) {
        if defined_by_program(heap, class, Sym::New) {
            return Err(heap.type_error(
                "object.__new__() takes exactly one argument (the type to instantiate)",
            ));
        }
        if !defined_by_program(heap, class, Sym::Init) {
            return Err(heap.type_error(format!("{name}() takes no arguments")));
        }
    }
    vm.check_abstract(class)?;
    if class.layout != Kind::Instance || class.builtin.is_some_and(|b| b != Builtin::Object) {
        return Err(heap.type_error(format!(
            "object.__new__({name}) is not safe, use {name}.__new__()"
        )));
    }
    let instance = heap.instance(class).value();
    vm.note_finaliser(instance);
    Ok(vm.local(instance))
}

fn has_surplus(vm: &Vm, args: Locals) -> bool {
    vm.get_gc::<Tuple>(args.at(1))
        .is_some_and(|t| !t.is_empty())
        || vm
            .get_gc::<Dict>(args.at(2))
            .is_some_and(|d| !d.table.is_empty(&vm.heap))
}

/// Whether the class's method of this name is another than `object`'s.
fn defined_by_program(heap: &Heap, class: Gc<'_, Class>, sym: Sym) -> bool {
    class
        .lookup_in(heap, heap.sym(sym))
        .is_some_and(|(owner, _)| !owner.builtin_is(Builtin::Object))
}

fn init<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let (positional, keywords) = (args.get(1).as_gc::<Tuple>(), args.get(2).as_gc::<Dict>());
    if positional.is_none_or(|t| t.is_empty()) && keywords.is_none_or(|d| d.table.is_empty(heap)) {
        return Ok(Value::NONE);
    }
    let class = heap.class_of(args.get(0));
    if defined_by_program(heap, class, Sym::Init) {
        return Err(heap.type_error(
            "object.__init__() takes exactly one argument (the instance to initialize)",
        ));
    }
    let makes_instances = class.builtin.is_none() || class.builtin_is(Builtin::Object);
    if makes_instances && !defined_by_program(heap, class, Sym::New) {
        let name = class.name(heap).as_str();
        return Err(heap.type_error(format!(
            "{name}.__init__() takes exactly one argument (the instance to initialize)"
        )));
    }
    Ok(Value::NONE)
}

fn eq<'h>(_: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    Ok(if args.get(0).is(args.get(1)) {
        Value::TRUE
    } else {
        Value::NOT_IMPLEMENTED
    })
}

fn ne(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let equal = vm.call_special(args.at(0), Sym::Eq, &[args.at(1)])?;
    match equal {
        Some(equal) if !vm.get(equal).is(Value::NOT_IMPLEMENTED) => {
            let differs = !vm.truth(equal)?;
            Ok(vm.local(Value::bool(differs)))
        }
        _ => Ok(vm.local(Value::NOT_IMPLEMENTED)),
    }
}

fn not_implemented<'h>(_: &'h Heap, _: Args<'h>) -> Result<Value<'h>, Raised> {
    Ok(Value::NOT_IMPLEMENTED)
}

fn init_subclass<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    if args
        .get(1)
        .as_gc::<Dict>()
        .is_some_and(|kwargs| !kwargs.table.is_empty(heap))
    {
        let name = args
            .get(0)
            .as_gc::<Class>()
            .map_or("object", |class| class.qualname(heap).as_str());
        return Err(heap.type_error(format!(
            "{name}.__init_subclass__() takes no keyword arguments"
        )));
    }
    Ok(Value::NONE)
}

fn hash<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    Ok(heap.int(heap.id_of(args.get(0))))
}

fn str(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    vm.repr(args.at(0))
}

fn format(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let given = vm.get(args.at(1));
    let Some(spec) = as_str(heap, given) else {
        return Err(heap.type_error(format!(
            "__format__() argument must be str, not {}",
            heap.argument_name(given)
        )));
    };
    if !spec.as_str().is_empty() {
        let class = heap.type_name(vm.get(args.at(0)));
        return Err(heap.type_error(format!(
            "unsupported format string passed to {class}.__format__"
        )));
    }
    vm.str(args.at(0))
}

fn setattr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = attribute_name(vm, args.at(1))?;
    vm.store_attr(args.at(0), name, Some(args.at(2)))?;
    Ok(vm.none())
}

fn getattribute(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = attribute_name(vm, args.at(1))?;
    match vm.lookup_attr(args.at(0), name)? {
        Some(value) => Ok(value),
        None => Err(vm.attribute_error(args.at(0), name)),
    }
}

fn delattr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = attribute_name(vm, args.at(1))?;
    vm.store_attr(args.at(0), name, None)?;
    Ok(vm.none())
}

fn attribute_name(vm: &Vm, name: Local) -> Result<Local, Raised> {
    let text = plain(vm, name);
    if vm.get(text).is_gc::<Str>() {
        return Ok(text);
    }
    let given = vm.heap.type_name(vm.get(name));
    Err(vm
        .heap
        .type_error(format!("attribute name must be string, not '{given}'")))
}

fn dir(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let value = vm.get(args.at(0));
    let mut names: Vec<Value<'_>> = own_names(vm, value);
    names.extend(names_in_classes(heap, heap.class_of(value)));
    Ok(vm.local(sorted_names(heap, names)))
}

/// The names of the attributes of a class and its bases. `object` has a `__dict__` for the classes that bring one without saying so;
/// only functions and exceptions show it.
pub fn names_in_classes<'h>(
    heap: &'h Heap,
    class: Gc<'h, Class>,
) -> impl Iterator<Item = Value<'h>> {
    let shows = class.builtin_is(Builtin::Function) || class.layout == Kind::Exception;
    class.mro(heap).flat_map(move |class| {
        let hidden = !shows && class.builtin_is(Builtin::Object);
        let hidden = hidden.then(|| heap.intern("__dict__").value());
        let names = class.attrs.entries(heap).into_iter();
        let names = names.map(|(name, _)| name.value());
        names.filter(move |name| hidden.is_none_or(|hidden| !name.is(hidden)))
    })
}

/// The names of the attributes of an object itself.
fn own_names<'h>(vm: &'h Vm, value: Value<'h>) -> Vec<Value<'h>> {
    let heap = &vm.heap;
    match value.as_gc::<Instance>() {
        Some(instance) => instance
            .attrs(heap)
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        None => vm
            .attr_dict(value)
            .map_or_else(Vec::new, |dict| dict.table.keys(heap)),
    }
}

/// A list of these names, sorted, each once.
pub fn sorted_names<'h>(heap: &'h Heap, mut names: Vec<Value<'h>>) -> Value<'h> {
    names.retain(|name| name.is_gc::<Str>());
    names.sort_by_key(|name| name.as_gc::<Str>().map(|s| s.as_str()));
    names.dedup_by_key(|name| name.as_gc::<Str>().map(|s| s.as_str()));
    heap.list(names).value()
}

fn class(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    Ok(vm.local(vm.heap.class_of(vm.get(args.at(0))).value()))
}

/// `x.__class__ = C`: instances may move between classes of the program that lay them out alike.
fn set_class(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let (object, given) = (vm.get(args.at(0)), vm.get(args.at(1)));
    if given.is_undef() {
        return Err(heap.type_error("can't delete __class__ attribute"));
    }
    if !given.is_gc::<Class>() {
        let name = heap.type_name(given);
        return Err(heap.type_error(format!(
            "__class__ must be set to a class, not '{name}' object"
        )));
    };
    if module::set_class(heap, object, given) {
        return Ok(vm.none());
    }
    vm.set_class(args.at(0), args.at(1))?;
    Ok(vm.none())
}

fn dict(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let value = vm.get(args.at(0));
    // A metaclass with a base that is no metaclass finds this getter first.
    if let Some(class) = value.as_gc::<Class>() {
        let names = class.dict(heap);
        return Ok(vm.local(heap.view(ViewTag::Proxy, names.value()).value()));
    }
    let found = match value.as_gc::<Instance>() {
        _ if heap.class_of(value).has(class_flag::NO_DICT) => None,
        Some(instance) => {
            let class = heap.class_of(value);
            Some(instance.dict_beside_members(heap, |name| is_member(heap, class, name)))
        }
        None => vm.attr_dict_made(value),
    };
    match found {
        Some(dict) => Ok(vm.local(dict.value())),
        None => Err(no_dict(vm, args.at(0))),
    }
}

/// Whether this is the name of an attribute that `__slots__` declares.
fn is_member<'h>(heap: &'h Heap, class: Gc<'h, Class>, name: Value<'h>) -> bool {
    let found = name
        .as_gc::<Str>()
        .and_then(|name| class.lookup(heap, heap.intern_str(name)));
    found
        .and_then(|found| found.as_gc::<Descriptor>())
        .is_some_and(|d| d.kind == DescriptorKind::Member)
}

fn no_dict(vm: &Vm, object: Local) -> Raised {
    let name = vm.local(vm.heap.sym(Sym::Dict).value());
    vm.attribute_error(object, name)
}

fn set_dict(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let (value, given) = (vm.get(args.at(0)), vm.get(args.at(1)));
    if given.is_undef() {
        return match value.as_gc::<Instance>() {
            Some(instance) if !heap.class_of(value).has(class_flag::NO_DICT) => {
                let class = heap.class_of(value);
                instance.replace_dict(heap, heap.dict(), |name| is_member(heap, class, name));
                Ok(vm.none())
            }
            _ => Err(heap.type_error("cannot delete __dict__")),
        };
    }
    // `self.__dict__ = self` of a dict's subclass: the items become the attributes.
    let Some(dict) = plain_value(heap, given).as_gc::<Dict>() else {
        let name = heap.type_name(given);
        return Err(heap.type_error(format!(
            "__dict__ must be set to a dictionary, not a '{name}'"
        )));
    };
    match value.as_gc::<Instance>() {
        Some(instance) if !heap.class_of(value).has(class_flag::NO_DICT) => {
            let class = heap.class_of(value);
            instance.replace_dict(heap, dict, |name| is_member(heap, class, name));
            Ok(vm.none())
        }
        _ if value.is_gc::<Descriptor>() || heap.class_of(value).has(class_flag::NO_DICT) => {
            Err(no_dict(vm, args.at(0)))
        }
        _ if vm.set_attr_dict(value, dict) => Ok(vm.none()),
        _ => Err(no_dict(vm, args.at(0))),
    }
}
