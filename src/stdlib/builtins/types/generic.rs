//! `list[int]`, `int | str`, type parameters and aliases: types as values, for annotations.
//!
//! All are plain instances of their builtin classes; what they consist of is in attributes (`__origin__`, `__args__` ...).
//! `vm/classes/type_param.rs` makes those that syntax makes.

use super::receiver::spread;
use crate::runtime::class::Class;
use crate::runtime::descriptor::{Descriptor, DescriptorKind};
use crate::runtime::dict::Dict;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Args, EVALUATE, Local, Locals, Native, NativeRole, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[
    NativeType {
        new: Some(&ALIAS_NEW),
        methods: &[
            &REPR,
            &CALL,
            &GETATTR,
            &GETITEM,
            &MRO_ENTRIES,
            &EQ,
            &HASH,
            &OR,
            &ROR,
            &INSTANCECHECK,
            &SUBCLASSCHECK,
        ],
        ..NativeType::of(Builtin::GenericAlias, "Represent a PEP 585 generic type")
    },
    NativeType {
        methods: &[
            &REPR,
            &EQ,
            &HASH,
            &OR,
            &ROR,
            &UNION_INSTANCECHECK,
            &UNION_SUBCLASSCHECK,
        ],
        ..NativeType::of(Builtin::UnionType, "Represent a PEP 604 union type")
    },
    NativeType {
        new: Some(&TYPEVAR_NEW),
        methods: &[&PARAM_REPR, &OR, &ROR],
        getters: &[Getter::vm(
            "__bound__",
            "The upper bound of a type variable, or None.",
            bound,
        )],
        ..NativeType::of(Builtin::TypeVar, "Type variable.")
    },
    NativeType {
        new: Some(&PARAM_NEW),
        methods: &[&PARAM_REPR, &OR, &ROR],
        ..NativeType::of(Builtin::TypeVarTuple, "Type variable tuple.")
    },
    NativeType {
        new: Some(&PARAM_NEW),
        methods: &[&PARAM_REPR, &OR, &ROR],
        ..NativeType::of(Builtin::ParamSpec, "Parameter specification variable.")
    },
    NativeType {
        methods: &[&PARAM_REPR, &GETITEM_NEW, &OR, &ROR],
        getters: &[Getter::vm(
            "__value__",
            "The type that the alias stands for; computed when it is first asked for.",
            alias_value,
        )],
        ..NativeType::of(Builtin::TypeAliasType, "Type alias.")
    },
];

/// The builtin classes that take parameters.
const GENERIC: [Builtin; 14] = [
    Builtin::List,
    Builtin::Tuple,
    Builtin::Dict,
    Builtin::Set,
    Builtin::FrozenSet,
    Builtin::Enumerate,
    Builtin::Filter,
    Builtin::Map,
    Builtin::Zip,
    Builtin::Generator,
    Builtin::Coroutine,
    Builtin::AsyncGenerator,
    Builtin::Future,
    Builtin::Task,
];

const CLASS_GETITEM: Native = Native::vm(
    "__class_getitem__(cls, item, /)",
    "See PEP 585",
    |vm, args| Ok(vm.generic_alias(args.at(0), args.at(1))),
);
const ALIAS_NEW: Native = Native::vm(
    "__new__(cls, origin, args, /)",
    "Create and return a new object.",
    |vm, args| Ok(vm.generic_alias_of(args.at(0), args.at(1), args.at(2))),
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", repr);
const CALL: Native = Native::vm(
    "__call__(self, /, *args, **kwargs)",
    "Call self as a function.",
    |vm, args| {
        let origin = field(vm, args.at(0), "__origin__");
        vm.call_ex(origin, args.at(1), Some(args.at(2)))
    },
);
const GETATTR: Native = Native::vm(
    "__getattr__(self, name, /)",
    "An attribute of the origin.",
    getattr,
);
const GETITEM: Native = Native::vm("__getitem__(self, key, /)", "Return self[key].", getitem);
const GETITEM_NEW: Native = Native::vm(
    "__getitem__(self, key, /)",
    "Return self[key].",
    |vm, args| Ok(vm.generic_alias(args.at(0), args.at(1))),
);
const MRO_ENTRIES: Native = Native::vm(
    "__mro_entries__(self, bases, /)",
    "The classes that the alias stands for.",
    |vm, args| {
        let origin = field(vm, args.at(0), "__origin__");
        Ok(vm.tuple_of(&[origin]))
    },
);
const EQ: Native = Native::vm("__eq__(self, value, /)", "Return self==value.", eq);
const HASH: Native = Native::vm("__hash__(self, /)", "Return hash(self).", hash);
const OR: Native = Native::vm(
    "__or__(self, value, /)",
    "Return self|value.",
    |vm, args| union_of(vm, args.at(0), args.at(1)),
);
const ROR: Native = Native::vm(
    "__ror__(self, value, /)",
    "Return value|self.",
    |vm, args| union_of(vm, args.at(1), args.at(0)),
);
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
const UNION_INSTANCECHECK: Native = Native::vm(
    "__instancecheck__(self, instance, /)",
    "Whether the object is an instance of one of the types.",
    |vm, args| {
        let answer = vm.is_instance(args.at(1), args.at(0))?;
        Ok(vm.bool_local(answer))
    },
);
const UNION_SUBCLASSCHECK: Native = Native::vm(
    "__subclasscheck__(self, subclass, /)",
    "Whether the class derives from one of the types.",
    |vm, args| {
        let answer = vm.is_subclass(args.at(1), args.at(0))?;
        Ok(vm.bool_local(answer))
    },
);
const TYPEVAR_NEW: Native = Native::vm(
    "__new__(cls, name, /, *constraints, bound=None, covariant=False, contravariant=False, infer_variance=False)",
    "Create and return a new object.",
    typevar_new,
);
const PARAM_NEW: Native = Native::leaf(
    "__new__(cls, name, /, **kwargs)",
    "Create and return a new object.",
    param_new,
);
const PARAM_REPR: Native = Native::leaf("__repr__(self, /)", "Return repr(self).", param_repr);

/// Lets the builtin classes be subscripted.
pub fn install(vm: &mut Vm) {
    let mark = vm.mark();
    let function = vm.native_function(&CLASS_GETITEM, NativeRole::Free);
    let heap = &vm.heap;
    let made = Descriptor::new(DescriptorKind::Class, Slot::new(vm.get(function)));
    let method = heap.alloc_shaped(made, heap.types.shape_of(Builtin::ClassMethod));
    for builtin in GENERIC {
        heap.types
            .class(heap, builtin)
            .bind(heap, heap.sym(Sym::ClassGetItem), method.value());
    }
    vm.release(mark);
}

/// An attribute that every object of these types has.
fn field(vm: &Vm, object: Local, name: &str) -> Local {
    let heap = &vm.heap;
    let value = vm
        .get_gc::<Instance>(object)
        .and_then(|object| object.attr(heap, heap.intern(name)));
    vm.local(value.unwrap_or(Value::NONE))
}

// GenericAlias

fn getattr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = vm
        .get_gc::<Str>(args.at(1))
        .map_or("", |name| name.as_str())
        .to_owned();
    let origin = field(vm, args.at(0), "__origin__");
    let hidden = name.starts_with("__")
        && name != "__name__"
        && name != "__qualname__"
        && name != "__module__"
        && name != "__doc__";
    match if hidden {
        None
    } else {
        vm.find_attr(origin, &name)?
    } {
        Some(value) => Ok(value),
        None => Err(vm.attribute_error(args.at(0), args.at(1))),
    }
}

/// `Alias[X]`: the type parameters among the arguments are replaced.
fn getitem(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let params = spread(vm, field(vm, args.at(0), "__parameters__"));
    let items = if vm.get(args.at(1)).is_gc::<Tuple>() {
        spread(vm, args.at(1))
    } else {
        vec![args.at(1)]
    };
    if params.is_empty() {
        let shown = vm.repr(args.at(0))?;
        let shown = vm.text_of(shown)?;
        return Err(vm
            .heap
            .type_error(format!("{shown} is not a generic class")));
    }
    if params.len() != items.len() {
        let shown = vm.repr(args.at(0))?;
        let shown = vm.text_of(shown)?;
        let few = if items.len() < params.len() {
            "few"
        } else {
            "many"
        };
        let (given, wanted) = (items.len(), params.len());
        return Err(vm.heap.type_error(format!(
            "Too {few} arguments for {shown}; actual {given}, expected {wanted}"
        )));
    }
    let replaced: Vec<Local> = spread(vm, field(vm, args.at(0), "__args__"))
        .into_iter()
        .map(|arg| {
            params
                .iter()
                .position(|&param| vm.get(param).is(vm.get(arg)))
                .map_or(arg, |i| items[i])
        })
        .collect();
    let (origin, replaced) = (field(vm, args.at(0), "__origin__"), vm.tuple_of(&replaced));
    Ok(vm.generic_alias(origin, replaced))
}

fn eq(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    if heap.class_of(vm.get(args.at(0))) != heap.class_of(vm.get(args.at(1))) {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    }
    let is_union = heap
        .class_of(vm.get(args.at(0)))
        .builtin_is(Builtin::UnionType);
    let [origins, members] = ["__origin__", "__args__"]
        .map(|name| [field(vm, args.at(0), name), field(vm, args.at(1), name)]);
    let equal = if is_union {
        same_members(vm, members)?
    } else {
        vm.equal(origins[0], origins[1])? && vm.equal(members[0], members[1])?
    };
    Ok(vm.bool_local(equal))
}

/// Unions are equal whatever the order of their members.
fn same_members(vm: &mut Vm, [a, b]: [Local; 2]) -> Result<bool, Raised> {
    let members = spread(vm, a);
    if members.len() != spread(vm, b).len() {
        return Ok(false);
    }
    for member in members {
        if !vm.contains(b, member)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn hash(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let origin = field(vm, args.at(0), "__origin__");
    let mut hash = vm.hash(origin)?;
    for member in spread(vm, field(vm, args.at(0), "__args__")) {
        // A sum, so that the order of a union's members does not matter.
        hash = hash.wrapping_add(vm.hash(member)?);
    }
    Ok(vm.local(vm.heap.int(hash as i64 >> 16)))
}

// Unions

/// `a | b` of two types; NotImplemented where one of them is none.
pub fn union_of(vm: &mut Vm, a: Local, b: Local) -> Result<Local, Raised> {
    if !is_type(vm, a) || !is_type(vm, b) {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    }
    let mut members: Vec<Local> = Vec::new();
    for part in [a, b] {
        let parts = if is_union(vm, part) {
            spread(vm, field(vm, part, "__args__"))
        } else {
            vec![part]
        };
        for part in parts {
            let known = vm.tuple_of(&members);
            if !vm.contains(known, part)? {
                members.push(part);
            }
        }
    }
    if let [single] = members[..] {
        return Ok(single);
    }
    let heap = &vm.heap;
    let none_type = heap.types.class(heap, Builtin::NoneType).value();
    for &member in &members {
        if vm.get(member).is(none_type) {
            vm.set(member, Value::NONE);
        }
    }
    let args = vm.tuple_of(&members);
    let union = vm
        .heap
        .instance(vm.heap.types.class(&vm.heap, Builtin::UnionType));
    union.set_attr(&vm.heap, vm.heap.intern("__args__"), vm.get(args));
    Ok(vm.local(union.value()))
}

fn is_union(vm: &Vm, value: Local) -> bool {
    vm.heap
        .class_of(vm.get(value))
        .builtin_is(Builtin::UnionType)
}

fn is_type(vm: &Vm, value: Local) -> bool {
    let value = vm.get(value);
    if value.is_none() || value.is_gc::<Class>() {
        return true;
    }
    let types = [
        Builtin::GenericAlias,
        Builtin::UnionType,
        Builtin::TypeVar,
        Builtin::TypeVarTuple,
        Builtin::ParamSpec,
        Builtin::TypeAliasType,
    ];
    types
        .iter()
        .any(|&builtin| vm.heap.class_of(value).builtin_is(builtin))
}

// Texts

fn repr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let members = spread(vm, field(vm, args.at(0), "__args__"));
    let mut parts = Vec::with_capacity(members.len());
    for member in members {
        parts.push(vm.nested(|vm| type_text(vm, member))?);
    }
    let text = if is_union(vm, args.at(0)) {
        parts.join(" | ")
    } else {
        let origin = field(vm, args.at(0), "__origin__");
        let args = if parts.is_empty() {
            "()".to_owned()
        } else {
            parts.join(", ")
        };
        format!("{}[{args}]", type_text(vm, origin)?)
    };
    Ok(vm.local(vm.heap.str_value(&text)))
}

/// How a type shows inside another: classes by name.
fn type_text(vm: &mut Vm, ty: Local) -> Result<String, Raised> {
    let heap = &vm.heap;
    let value = vm.get(ty);
    if value.is(Value::ELLIPSIS) {
        return Ok("...".to_owned());
    }
    if let Some(list) = value.as_gc::<List>() {
        let items: Vec<Local> = list
            .items
            .to_vec(heap)
            .into_iter()
            .map(|v| vm.local(v))
            .collect();
        let mut parts = Vec::new();
        for item in items {
            parts.push(vm.nested(|vm| type_text(vm, item))?);
        }
        return Ok(format!("[{}]", parts.join(", ")));
    }
    let Some(class) = value.as_gc::<Class>() else {
        return vm.repr_text(ty);
    };
    let qualname = class.qualname(heap).as_str();
    let module = class
        .attrs
        .get(heap, heap.sym(Sym::Module))
        .and_then(|m| m.as_gc::<Str>())
        .map(|m| m.as_str());
    Ok(match module {
        Some(module) if module != "builtins" => format!("{module}.{qualname}"),
        _ => qualname.to_owned(),
    })
}

// Type parameters and aliases

fn param_repr<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let this: Option<Gc<'h, Instance>> = args.get(0).as_gc();
    let attr = |name| this.and_then(|this| this.attr(heap, heap.intern(name)));
    let name = attr("__name__")
        .and_then(|name| name.as_gc::<Str>())
        .map_or("?", |name| name.as_str());
    let flag = |name| attr(name).and_then(|v| v.as_bool()).unwrap_or(false);
    let sign = match heap.class_of(args.get(0)).builtin {
        Some(Builtin::TypeVar | Builtin::ParamSpec) if !flag("__infer_variance__") => {
            if flag("__covariant__") {
                "+"
            } else if flag("__contravariant__") {
                "-"
            } else {
                "~"
            }
        }
        _ => "",
    };
    Ok(heap.str_value(&format!("{sign}{name}")))
}

fn typevar_new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let made = heap.instance(heap.types.class(heap, Builtin::TypeVar));
    let fields = [
        ("__name__", 1),
        ("__constraints__", 2),
        (BOUND, 3),
        ("__covariant__", 4),
        ("__contravariant__", 5),
        ("__infer_variance__", 6),
    ];
    for (name, i) in fields {
        let value = vm.get(args.at(i));
        let default = if i == 3 { Value::NONE } else { Value::FALSE };
        made.set_attr(heap, heap.intern(name), value.or(default));
    }
    Ok(vm.local(made.value()))
}

fn param_new<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let Some(class) = args.get(0).as_gc::<Class>() else {
        return Err(heap.type_error("__new__() argument 1 must be a type"));
    };
    let made = heap.instance(class);
    made.set_attr(heap, heap.intern("__name__"), args.get(1));
    if let Some(kwargs) = args.get(2).as_gc::<Dict>() {
        for name in ["covariant", "contravariant", "infer_variance"] {
            let value = kwargs
                .get_str(heap, heap.intern(name))
                .unwrap_or(Value::FALSE);
            made.set_attr(heap, heap.intern(&format!("__{name}__")), value);
        }
    }
    Ok(made.value())
}

/// Where a bound is kept that is known already.
const BOUND: &str = ".bound";

fn bound(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    evaluated(vm, args.at(0), BOUND)
}

fn alias_value(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    evaluated(vm, args.at(0), ".value")
}

/// What the function that the syntax left behind computes, once.
fn evaluated(vm: &mut Vm, object: Local, kept: &str) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let Some(this) = vm.get_gc::<Instance>(object) else {
        return Ok(vm.none());
    };
    if let Some(value) = this.attr(heap, heap.intern(kept)) {
        return Ok(vm.local(value));
    }
    let Some(function) = this.attr(heap, heap.intern(EVALUATE)) else {
        return Ok(vm.none());
    };
    let function = vm.local(function);
    let value = vm.call(function, &[])?;
    if let Some(this) = vm.get_gc::<Instance>(object) {
        this.set_attr(&vm.heap, vm.heap.intern(kept), vm.get(value));
    }
    Ok(value)
}
