//! `types.UnionType`: what `int | str` makes.
//!
//! A union keeps its members in `__args__`, each once, None as its class. `isinstance` with a union is in
//! `vm/classes/instance_check.rs`; objects of `typing` join through their own `__or__`.

use super::alias::type_text;
use super::{field, substitute};
use crate::runtime::class::Class;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::receiver::spread;
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Local, Locals, Native, Operator, Vm};

pub(super) const UNION_TYPE: NativeType = NativeType {
    methods: &[
        &REPR,
        &EQ,
        &HASH,
        &OR,
        &ROR,
        &GETITEM,
        &INSTANCECHECK,
        &SUBCLASSCHECK,
    ],
    getters: &[Getter::vm(
        "__parameters__",
        "The type parameters among the members, each once.",
        |vm, args| {
            let members = field(vm, args.at(0), "__args__");
            vm.type_parameters(members)
        },
    )],
    ..NativeType::of(
        Builtin::UnionType,
        "Represent a PEP 604 union type\n\nE.g. for int | str",
    )
};

const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", repr);
const EQ: Native = Native::vm("__eq__(self, value, /)", "Return self==value.", eq);
const HASH: Native = Native::vm("__hash__(self, /)", "Return hash(self).", hash);
pub(super) const OR: Native = Native::vm(
    "__or__(self, value, /)",
    "Return self|value.",
    |vm, args| union_of(vm, args.at(0), args.at(1)),
);
pub(super) const ROR: Native = Native::vm(
    "__ror__(self, value, /)",
    "Return value|self.",
    |vm, args| union_of(vm, args.at(1), args.at(0)),
);
const GETITEM: Native = Native::vm(
    "__getitem__(self, key, /)",
    "Return self[key].",
    |vm, args| {
        let members = substitute::replace_parameters(vm, args.at(0), args.at(1))?;
        let mut members = spread(vm, members).into_iter();
        let mut union = members.next().unwrap_or(args.at(0));
        for member in members {
            union = vm.binary(Operator::BitOr, union, member)?;
        }
        Ok(union)
    },
);
const INSTANCECHECK: Native = Native::vm(
    "__instancecheck__(self, instance, /)",
    "Whether the object is an instance of one of the types.",
    |vm, args| {
        let answer = vm.is_instance(args.at(1), args.at(0))?;
        Ok(vm.bool_local(answer))
    },
);
const SUBCLASSCHECK: Native = Native::vm(
    "__subclasscheck__(self, subclass, /)",
    "Whether the class derives from one of the types.",
    |vm, args| {
        let answer = vm.is_subclass(args.at(1), args.at(0))?;
        Ok(vm.bool_local(answer))
    },
);

/// `a | b` of two types; NotImplemented where one of them is none.
pub fn union_of(vm: &mut Vm, a: Local, b: Local) -> Result<Local, Raised> {
    if !is_type(vm, a) || !is_type(vm, b) {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    }
    let mut members: Vec<Local> = Vec::new();
    for part in [a, b] {
        let parts = match is_union(vm, part) {
            true => spread(vm, field(vm, part, "__args__")),
            false => vec![part],
        };
        // The members of one union are different.
        let others = members.len();
        for part in parts {
            let part = none_as_class(vm, part);
            let mut is_known = false;
            for &member in &members[..others] {
                vm.heap.poll(1)?;
                is_known = is_known || vm.equal(member, part)?;
            }
            if !is_known {
                members.push(part);
            }
        }
    }
    if let [single] = members[..] {
        return Ok(single);
    }
    let args = vm.tuple_of(&members);
    let union = vm
        .heap
        .instance(vm.heap.types.class(&vm.heap, Builtin::UnionType));
    union.set_attr(&vm.heap, vm.heap.intern("__args__"), vm.get(args));
    Ok(vm.local(union.value()))
}

/// `None` among types stands for its class.
fn none_as_class(vm: &Vm, part: Local) -> Local {
    match vm.get(part).is_none() {
        true => vm.local(vm.heap.types.class(&vm.heap, Builtin::NoneType).value()),
        false => part,
    }
}

fn is_union(vm: &Vm, value: Local) -> bool {
    vm.heap
        .class_of(vm.get(value))
        .builtin_is(Builtin::UnionType)
}

fn is_type(vm: &Vm, value: Local) -> bool {
    let heap = &vm.heap;
    let value = vm.get(value);
    if value.is_none() || value.is_gc::<Class>() {
        return true;
    }
    let class = heap.class_of(value);
    class.builtin_is(Builtin::UnionType)
        || class.builtin_is(Builtin::TypeAliasType)
        || class.is_subclass(heap, heap.types.class(heap, Builtin::GenericAlias))
}

/// Unions are equal whatever the order of their members.
fn eq(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if !is_union(vm, args.at(1)) {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    }
    let (a, b) = (
        field(vm, args.at(0), "__args__"),
        field(vm, args.at(1), "__args__"),
    );
    let members = spread(vm, a);
    let mut equal = members.len() == spread(vm, b).len();
    for member in members {
        equal = equal && vm.contains(b, member)?;
    }
    Ok(vm.bool_local(equal))
}

fn hash(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let mut hash = 0u64;
    for member in spread(vm, field(vm, args.at(0), "__args__")) {
        // A sum, so that the order of the members does not matter.
        hash = hash.wrapping_add(vm.hash(member)?);
    }
    Ok(vm.local(vm.heap.int(hash as i64 >> 16)))
}

fn repr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let none_type = vm.heap.types.class(&vm.heap, Builtin::NoneType).value();
    let none_type = vm.local(none_type);
    let mut parts = Vec::new();
    for member in spread(vm, field(vm, args.at(0), "__args__")) {
        parts.push(match vm.get(member).is(vm.get(none_type)) {
            true => "None".to_owned(),
            false => vm.nested(|vm| type_text(vm, member))?,
        });
    }
    Ok(vm.local(vm.heap.str_value(&parts.join(" | "))))
}
