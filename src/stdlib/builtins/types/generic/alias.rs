//! `types.GenericAlias`: what `list[int]` makes.
//!
//! An alias behaves like its origin: calls, attributes and bases go there. `__unpacked__` marks what `*tuple[int]` in brackets makes.

use super::{field, own, substitute};
use crate::runtime::class::Class;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::receiver::spread;
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Local, Locals, Native, UNPACKED, Vm};

pub(super) const GENERIC_ALIAS: NativeType = NativeType {
    new: Some(&NEW),
    methods: &[
        &REPR,
        &CALL,
        &GETATTR,
        &GETITEM,
        &ITER,
        &MRO_ENTRIES,
        &EQ,
        &HASH,
        &super::union::OR,
        &super::union::ROR,
        &INSTANCECHECK,
        &SUBCLASSCHECK,
        &REDUCE,
        &DIR,
    ],
    getters: &[
        Getter::leaf(
            "__unpacked__",
            "Whether a star stands before the alias.",
            |heap, args| {
                let alias: Option<_> = args.get(0).as_gc::<Instance>();
                let mark = alias.and_then(|alias| alias.attr(heap, heap.intern(UNPACKED)));
                Ok(mark.unwrap_or(Value::FALSE))
            },
        )
        .as_member(),
        Getter::vm(
            "__typing_unpacked_tuple_args__",
            "The items of an unpacked tuple, else None.",
            unpacked_tuple_args,
        ),
    ],
    ..NativeType::of(
        Builtin::GenericAlias,
        "Represent a PEP 585 generic type\n\nE.g. for t = list[int], t.__origin__ is list and t.__args__ is (int,).",
    )
};

const NEW: Native = Native::vm(
    "__new__(cls, origin, args, /)",
    "Create and return a new object.",
    |vm, args| vm.generic_alias_of(args.at(0), args.at(1), args.at(2)),
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", repr);
const CALL: Native = Native::vm(
    "__call__(self, /, *args, **kwargs)",
    "Call self as a function.",
    call,
);
const GETATTR: Native = Native::vm(
    "__getattr__(self, name, /)",
    "An attribute of the origin.",
    getattr,
);
const GETITEM: Native = Native::vm("__getitem__(self, key, /)", "Return self[key].", getitem);
const ITER: Native = Native::vm(
    "__iter__(self, /)",
    "Yields the alias once, unpacked.",
    |vm, args| {
        let (origin, members) = (
            field(vm, args.at(0), "__origin__"),
            field(vm, args.at(0), "__args__"),
        );
        let alias = vm.generic_alias(origin, members)?;
        mark_unpacked(vm, alias);
        let only = vm.tuple_of(&[alias]);
        vm.iter(only)
    },
);
const MRO_ENTRIES: Native = Native::vm(
    "__mro_entries__(self, bases, /)",
    "The classes that the alias stands for.",
    mro_entries,
);
const EQ: Native = Native::vm("__eq__(self, value, /)", "Return self==value.", eq);
const HASH: Native = Native::vm("__hash__(self, /)", "Return hash(self).", |vm, args| {
    let (origin, members) = (
        field(vm, args.at(0), "__origin__"),
        field(vm, args.at(0), "__args__"),
    );
    let hash = vm.hash(origin)? ^ vm.hash(members)?;
    Ok(vm.local(vm.heap.int(hash as i64 >> 16)))
});
const INSTANCECHECK: Native = Native::leaf(
    "__instancecheck__(self, instance, /)",
    "Raises TypeError: what the items of a list are is not checked.",
    |heap, _| Err(heap.type_error("isinstance() argument 2 cannot be a parameterized generic")),
);
const SUBCLASSCHECK: Native = Native::leaf(
    "__subclasscheck__(self, subclass, /)",
    "Raises TypeError: what the items of a list are is not checked.",
    |heap, _| Err(heap.type_error("issubclass() argument 2 cannot be a parameterized generic")),
);
const REDUCE: Native = Native::vm(
    "__reduce__(self, /)",
    "Helper for copy and pickle.",
    |vm, args| {
        let class = vm.local(vm.heap.class_of(vm.get(args.at(0))).value());
        let (origin, members) = (
            field(vm, args.at(0), "__origin__"),
            field(vm, args.at(0), "__args__"),
        );
        let state = vm.tuple_of(&[origin, members]);
        Ok(vm.tuple_of(&[class, state]))
    },
);
const DIR: Native = Native::vm(
    "__dir__(self, /)",
    "The names of the origin, and those of the alias itself.",
    dir,
);

/// The attributes that an alias has itself; all others but `__bases__` are the origin's.
const OWN: [&str; 14] = [
    "__args__",
    "__class__",
    "__copy__",
    "__deepcopy__",
    "__mro_entries__",
    "__origin__",
    "__parameters__",
    "__reduce__",
    "__reduce_ex__",
    "__typing_unpacked_tuple_args__",
    "__typing_subst__",
    "__typing_prepare_subst__",
    "__typing_is_unpacked_typevartuple__",
    "__unpacked__",
];

pub(super) fn mark_unpacked(vm: &Vm, alias: Local) {
    if let Some(alias) = vm.get_gc::<Instance>(alias) {
        alias.set_attr(&vm.heap, vm.heap.intern(UNPACKED), Value::TRUE);
    }
}

/// Calls the origin; the instance remembers the alias where it can.
fn call(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let origin = field(vm, args.at(0), "__origin__");
    let made = vm.call_ex(origin, args.at(1), Some(args.at(2)))?;
    match vm.set_attr_named(made, "__orig_class__", args.at(0)) {
        Ok(()) => {}
        Err(raised)
            if vm.is_raised(&raised, Builtin::AttributeError)
                || vm.is_raised(&raised, Builtin::TypeError) =>
        {
            vm.heap.take_raised(raised);
        }
        Err(raised) => return Err(raised),
    }
    Ok(made)
}

fn getattr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = vm
        .get_gc::<Str>(args.at(1))
        .map_or("", |name| name.as_str())
        .to_owned();
    let origin = field(vm, args.at(0), "__origin__");
    let is_own = OWN.contains(&&*name) || name == "__bases__";
    let found = match is_own {
        true => None,
        false => vm.find_attr(origin, &name)?,
    };
    match found {
        Some(value) => Ok(value),
        None => Err(vm.attribute_error(args.at(0), args.at(1))),
    }
}

/// `Alias[X]`: the type parameters among the arguments are replaced.
fn getitem(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let replaced = substitute::replace_parameters(vm, args.at(0), args.at(1))?;
    let origin = field(vm, args.at(0), "__origin__");
    let alias = vm.generic_alias(origin, replaced)?;
    if own(vm, args.at(0), UNPACKED).is_some() {
        mark_unpacked(vm, alias);
    }
    Ok(alias)
}

fn unpacked_tuple_args(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let origin = field(vm, args.at(0), "__origin__");
    let is_tuple = vm
        .get_gc::<Class>(origin)
        .is_some_and(|class| class.builtin_is(Builtin::Tuple));
    Ok(match is_tuple && own(vm, args.at(0), UNPACKED).is_some() {
        true => field(vm, args.at(0), "__args__"),
        false => vm.none(),
    })
}

/// `Generic[T]`, which a generic class's syntax adds to the bases, stands for nothing beside `Protocol`.
fn mro_entries(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let origin = field(vm, args.at(0), "__origin__");
    let is_generic = vm
        .get_gc::<Class>(origin)
        .is_some_and(|class| class.builtin_is(Builtin::Generic));
    let is_protocol = |base: Local| {
        vm.get_gc::<Class>(base).is_some_and(|class| {
            let module = class.attrs.get(&vm.heap, vm.heap.sym(Sym::Module));
            class.qualname(&vm.heap).as_str() == "Protocol"
                && module
                    .and_then(|module| module.as_gc::<Str>())
                    .is_some_and(|module| module.as_str() == "typing")
        })
    };
    let bases = spread(vm, args.at(1));
    Ok(match is_generic && bases.into_iter().any(is_protocol) {
        true => vm.tuple_of(&[]),
        false => vm.tuple_of(&[origin]),
    })
}

fn eq(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let (a, b) = (args.at(0), args.at(1));
    let alias = vm.heap.types.class(&vm.heap, Builtin::GenericAlias);
    if !vm.heap.class_of(vm.get(b)).is_subclass(&vm.heap, alias) {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    }
    let starred = |alias| own(vm, alias, UNPACKED).is_some();
    if starred(a) != starred(b) {
        return Ok(vm.bool_local(false));
    }
    let mut equal = true;
    for name in ["__origin__", "__args__"] {
        let (a, b) = (field(vm, a, name), field(vm, b, name));
        equal = equal && vm.equal(a, b)?;
    }
    Ok(vm.bool_local(equal))
}

fn dir(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let origin = field(vm, args.at(0), "__origin__");
    let names = match vm.call_special(origin, Sym::Dir, &[])? {
        Some(names) => names,
        None => vm.tuple_of(&[]),
    };
    let mut names = vm.to_vec(names)?;
    let heap = &vm.heap;
    let has = |name: &str| {
        names.iter().any(|&known| {
            vm.get_gc::<Str>(known)
                .is_some_and(|known| known.as_str() == name)
        })
    };
    let hidden = |name: &str| {
        ["subst", "typevartuple", "copy"]
            .iter()
            .any(|part| name.contains(part))
    };
    let more: Vec<Local> = OWN
        .iter()
        .filter(|name| !hidden(name) && !has(name))
        .map(|name| vm.local(heap.intern(name).value()))
        .collect();
    names.extend(more);
    let values: Vec<Value<'_>> = names.iter().map(|&name| vm.get(name)).collect();
    Ok(vm.local(vm.heap.list(values).value()))
}

fn repr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let members = spread(vm, field(vm, args.at(0), "__args__"));
    let mut parts = Vec::with_capacity(members.len());
    for member in members {
        parts.push(vm.nested(|vm| type_text(vm, member))?);
    }
    let shown = if parts.is_empty() {
        "()".to_owned()
    } else {
        parts.join(", ")
    };
    let star = if own(vm, args.at(0), UNPACKED).is_some() {
        "*"
    } else {
        ""
    };
    let origin = field(vm, args.at(0), "__origin__");
    let text = format!("{star}{}[{shown}]", type_text(vm, origin)?);
    Ok(vm.local(vm.heap.str_value(&text)))
}

/// How something that is no class shows inside a type: functions by name, too.
fn named_text(vm: &mut Vm, value: Local) -> Result<String, Raised> {
    if vm.find_attr(value, "__origin__")?.is_none()
        && let Some(qualname) = vm.find_attr(value, "__qualname__")?
        && let Some(module) = vm.find_attr(value, "__module__")?
        && let (Some(qualname), Some(module)) =
            (vm.get_gc::<Str>(qualname), vm.get_gc::<Str>(module))
    {
        let (qualname, module) = (qualname.as_str(), module.as_str());
        return Ok(match module {
            "builtins" => qualname.to_owned(),
            _ => format!("{module}.{qualname}"),
        });
    }
    vm.repr_text(value)
}

/// How a type shows inside another: classes by name, lists item by item.
pub(super) fn type_text(vm: &mut Vm, ty: Local) -> Result<String, Raised> {
    let heap = &vm.heap;
    let value = vm.get(ty);
    if value.is(Value::ELLIPSIS) {
        return Ok("...".to_owned());
    }
    if value.is_gc::<List>() || value.is_gc::<Tuple>() {
        let items = vm.to_vec(ty)?;
        let mut parts = Vec::new();
        for item in items {
            parts.push(vm.nested(|vm| type_text(vm, item))?);
        }
        return Ok(format!("[{}]", parts.join(", ")));
    }
    let Some(class) = value.as_gc::<Class>() else {
        return named_text(vm, ty);
    };
    let qualname = class.qualname(heap).as_str();
    let module = class
        .attrs
        .get(heap, heap.sym(Sym::Module))
        .and_then(|module| module.as_gc::<Str>())
        .map(|module| module.as_str());
    Ok(match module {
        Some(module) if module != "builtins" => format!("{module}.{qualname}"),
        _ => qualname.to_owned(),
    })
}
