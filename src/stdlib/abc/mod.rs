//! `_abc`: the metaclass of abstract base classes, natively, because `isinstance` with an abstract class asks it each time.
//!
//! The rest of `abc` is written in apy (`library/abc.apy`). Making a class collects its abstract methods; registering and
//! checking are in `check.rs`. As in CPython a class keeps what it knows under `_abc_impl`.

mod check;

use std::cell::Cell;

use super::receiver::spread;
use super::registry::{ModuleType, NativeModule, NativeType};
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::heap::traced;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::members::Members;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::vm::{Args, Extension, Layer, LayerPlace, Local, Locals, Native, Vm};

/// The module that `abc` takes its metaclass from.
pub const ABC: NativeModule = NativeModule {
    functions: &[
        &GET_CACHE_TOKEN,
        &UPDATE_ABSTRACTMETHODS,
        &HAS_METHODS,
        &IS_SEARCHING,
        &check::GET_DUMP,
    ],
    types: &[&ABC_META],
    ..NativeModule::of("_abc", "The native part of abc.")
};

const ABC_META: ModuleType = ModuleType {
    name: "ABCMeta",
    module: "abc",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &check::REGISTER,
            &check::INSTANCECHECK,
            &check::SUBCLASSCHECK,
            &check::DUMP_REGISTRY,
            &check::REGISTRY_CLEAR,
            &check::CACHES_CLEAR,
        ],
        ..NativeType::of(
            Builtin::Type,
            "Metaclass for defining Abstract Base Classes (ABCs).",
        )
    },
};

const NEW: Native = Native::vm(
    "__new__(mcls, name, bases, namespace, /, **kwargs)",
    "Create and return a new class.",
    new,
);
const GET_CACHE_TOKEN: Native = Native::vm(
    "get_cache_token()",
    "Returns the current ABC cache token: it changes with every call of register() on any ABC.",
    |vm, _| {
        let count = vm.extension::<Registrations>().count.get();
        Ok(vm.local(vm.heap.usize(count)))
    },
);
const UPDATE_ABSTRACTMETHODS: Native = Native::vm(
    "update_abstractmethods(cls)",
    "Recalculate the set of abstract methods of an abstract class.",
    update_abstractmethods,
);

const HAS_METHODS: Native = Native::leaf(
    "_has_methods(cls, *names)",
    "True if the class or its bases define all of these methods, NotImplemented otherwise. None under a name hides it.",
    has_methods,
);

const IS_SEARCHING: Native = Native::vm(
    "_is_searching()",
    "Whether an abstract class is asking its subclasses and registered classes now.",
    |vm, _| {
        let searches = vm.extension::<Registrations>().searches.get();
        Ok(vm.bool_local(searches > 0))
    },
);

/// The attribute by which a function says that it is abstract.
const MARK: &str = "__isabstractmethod__";

/// How often `register` was called: classes that an abstract class once denied must be asked anew after it.
#[derive(Default)]
pub struct Registrations {
    count: Cell<usize>,
    /// How many checks look through subclasses and registered classes now.
    searches: Cell<usize>,
}

impl Layer for Registrations {
    const PLACE: LayerPlace = LayerPlace::AbstractClasses;
}

traced!(plain Registrations);

impl Extension for Registrations {}

fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let [metaclass, name, bases, namespace, keywords] = [0, 1, 2, 3, 4].map(|i| args.at(i));
    check_arguments(vm, [name, bases, namespace])?;
    let class = vm.new_class(metaclass, name, bases, namespace, keywords)?;
    if vm.get(class).is_gc::<Class>() {
        let names = own_abstract_names(vm, namespace)?;
        let names = with_inherited(vm, class, names)?;
        set_abstract(vm, class, names);
        check::init(vm, class);
    }
    Ok(class)
}

fn check_arguments(vm: &Vm, args: [Local; 3]) -> Result<(), Raised> {
    let heap = &vm.heap;
    let [name, bases, namespace] = args.map(|arg| vm.get(arg));
    let inner = namespace
        .as_gc::<Instance>()
        .and_then(|instance| instance.payload(heap));
    let fits = [
        (name, "str", super::arg::as_str(heap, name).is_some()),
        (bases, "tuple", bases.is_gc::<Tuple>()),
        (
            namespace,
            "dict",
            inner.unwrap_or(namespace).is_gc::<Dict>(),
        ),
    ];
    match fits.iter().position(|(_, _, fits)| !fits) {
        None => Ok(()),
        Some(i) => {
            let (value, wanted, _) = fits[i];
            let (at, given) = (i + 1, heap.type_name(value));
            Err(heap.type_error(format!(
                "type.__new__() argument {at} must be {wanted}, not {given}"
            )))
        }
    }
}

/// The names of a class body that are bound to something abstract.
fn own_abstract_names(vm: &mut Vm, namespace: Local) -> Result<Vec<Local>, Raised> {
    let namespace = super::arg::plain(vm, namespace);
    let entries = vm
        .get_gc::<Dict>(namespace)
        .map_or_else(Vec::new, |dict| dict.table.entries(&vm.heap));
    let entries: Vec<(Local, Local)> = entries
        .into_iter()
        .filter(|(name, value)| name.is_gc::<Str>() && may_be_abstract(*value))
        .map(|(name, value)| (vm.local(name), vm.local(value)))
        .collect();
    let mut names = Vec::new();
    for (name, value) in entries {
        if is_abstract(vm, value)? {
            names.push(name);
        }
    }
    Ok(names)
}

/// A function without attributes of its own is not abstract, nor is a number or a string.
fn may_be_abstract(value: Value<'_>) -> bool {
    value.is_object() && !value.is_gc::<Str>()
}

fn is_abstract(vm: &mut Vm, value: Local) -> Result<bool, Raised> {
    match vm.find_attr(value, MARK)? {
        Some(mark) => vm.truth(mark),
        None => Ok(false),
    }
}

/// Adds the abstract methods of the bases that the class does not implement.
fn with_inherited(vm: &mut Vm, class: Local, mut names: Vec<Local>) -> Result<Vec<Local>, Raised> {
    let bases = vm
        .get_gc::<Class>(class)
        .map(|class| class.bases(&vm.heap).value());
    let bases = bases.map_or_else(Vec::new, |bases| spread(vm, vm.local(bases)));
    for base in bases {
        for name in abstract_of(vm, base)? {
            if still_abstract(vm, class, name)? {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// The names in a class's `__abstractmethods__`.
fn abstract_of(vm: &mut Vm, class: Local) -> Result<Vec<Local>, Raised> {
    match vm.find_attr(class, Sym::AbstractMethods.text())? {
        Some(names) => vm.to_vec(names),
        None => Ok(Vec::new()),
    }
}

fn still_abstract(vm: &mut Vm, class: Local, name: Local) -> Result<bool, Raised> {
    if !vm.get(name).is_gc::<Str>() {
        return Ok(false);
    }
    match vm.find_attr_local(class, name)? {
        Some(value) => is_abstract(vm, value),
        None => Ok(false),
    }
}

fn set_abstract(vm: &mut Vm, class: Local, names: Vec<Local>) {
    let set = vm.local(vm.heap.frozenset(Members::default()).value());
    for name in names {
        // Strings have a hash: adding one cannot fail.
        let _ = vm.set_add(set, name);
    }
    vm.class_set_attr(class, Sym::AbstractMethods.text(), set);
}

fn update_abstractmethods(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let class = args.at(0);
    if !vm.get(class).is_gc::<Class>()
        || vm.find_attr(class, Sym::AbstractMethods.text())?.is_none()
    {
        return Ok(class);
    }
    let heap = &vm.heap;
    let own = heap.dict();
    for (name, value) in vm
        .get_gc::<Class>(class)
        .map_or_else(Vec::new, |class| class.attrs.entries(heap))
    {
        own.set_str(heap, name, value);
    }
    let own = vm.local(own.value());
    let names = own_abstract_names(vm, own)?;
    let names = with_inherited(vm, class, names)?;
    set_abstract(vm, class, names);
    Ok(class)
}

fn has_methods<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let class = super::receiver::this::<Class>(heap, args)?;
    let names = args.get(1).as_gc::<Tuple>();
    let has_all = names
        .into_iter()
        .flat_map(|names| names.iter(heap))
        .all(|name| {
            let name = name.as_gc::<Str>().map(|name| heap.intern_str(name));
            let found = name.and_then(|name| class.lookup(heap, name));
            found.is_some_and(|method| !method.is_none())
        });
    Ok(if has_all {
        Value::TRUE
    } else {
        Value::NOT_IMPLEMENTED
    })
}
