//! `set` and `frozenset`: their constructors and methods.
//!
//! Both are the Rust type `Set` (`runtime/set.rs`) and share what only reads; the algebra itself is `vm/protocol/set_ops.rs`.
//! To add a method: a `Native`, its function, a name in one or both tables.

use super::special::Special;
use crate::runtime::members::Members;
use crate::runtime::set::Set;
use crate::runtime::table::Found;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value, builtin_eq};
use crate::stdlib::receiver::{given, or_not_implemented, plain, spread, this, this_of};
use crate::stdlib::registry::NativeType;
use crate::vm::protocol::arith::Operator;
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[SET, FROZENSET];

const SET: NativeType = NativeType {
    new: Some(&NEW),
    methods: &[
        &crate::stdlib::reduce::SET_REDUCE,
        &INIT,
        &ADD,
        &CLEAR,
        &COPY,
        &DIFFERENCE,
        &DIFFERENCE_UPDATE,
        &DISCARD,
        &INTERSECTION,
        &INTERSECTION_UPDATE,
        &ISDISJOINT,
        &ISSUBSET,
        &ISSUPERSET,
        &POP,
        &REMOVE,
        &SYMMETRIC_DIFFERENCE,
        &SYMMETRIC_DIFFERENCE_UPDATE,
        &UNION,
        &UPDATE,
        &IAND,
        &IOR,
        &ISUB,
        &IXOR,
        &Special::<Set>::AND,
        &Special::<Set>::CONTAINS,
        &Special::<Set>::EQ,
        &Special::<Set>::GE,
        &Special::<Set>::GT,
        &Special::<Set>::ITER,
        &Special::<Set>::LE,
        &Special::<Set>::LEN,
        &Special::<Set>::LT,
        &Special::<Set>::NE,
        &Special::<Set>::OR,
        &Special::<Set>::RAND,
        &Special::<Set>::REPR,
        &Special::<Set>::ROR,
        &Special::<Set>::RSUB,
        &Special::<Set>::RXOR,
        &Special::<Set>::SUB,
        &Special::<Set>::XOR,
    ],
    ..NativeType::of(
        Builtin::Set,
        "Build an unordered collection of unique elements.",
    )
};

const FROZENSET: NativeType = NativeType {
    new: Some(&NEW_FROZEN),
    methods: &[
        &crate::stdlib::reduce::SET_REDUCE,
        &COPY,
        &DIFFERENCE,
        &INTERSECTION,
        &ISDISJOINT,
        &ISSUBSET,
        &ISSUPERSET,
        &SYMMETRIC_DIFFERENCE,
        &UNION,
        &Special::<Set>::AND,
        &Special::<Set>::CONTAINS,
        &Special::<Set>::EQ,
        &Special::<Set>::GE,
        &Special::<Set>::GT,
        &Special::<Set>::HASH,
        &Special::<Set>::ITER,
        &Special::<Set>::LE,
        &Special::<Set>::LEN,
        &Special::<Set>::LT,
        &Special::<Set>::NE,
        &Special::<Set>::OR,
        &Special::<Set>::RAND,
        &Special::<Set>::REPR,
        &Special::<Set>::ROR,
        &Special::<Set>::RSUB,
        &Special::<Set>::RXOR,
        &Special::<Set>::SUB,
        &Special::<Set>::XOR,
    ],
    ..NativeType::of(
        Builtin::FrozenSet,
        "Build an immutable unordered collection of unique elements.",
    )
};

const NEW: Native = Native::leaf(
    "set(cls, /, *args, **kwargs)",
    "Create and return a new object.  See help(type) for accurate signature.",
    |heap, _| Ok(heap.set(Members::default()).value()),
);

const INIT: Native = Native::vm(
    "__init__(self, iterable=(), /) -> None",
    "Initialize self.  See help(type(self)) for accurate signature.",
    |vm, args| {
        mutable(vm, args)?.members.clear(&vm.heap);
        if let Some(iterable) = given(vm, args.at(1)) {
            vm.add_all(args.at(0), iterable)?;
        }
        Ok(vm.none())
    },
);

const NEW_FROZEN: Native = Native::vm(
    "frozenset(cls, iterable=(), /)",
    "Create and return a new object.  See help(type) for accurate signature.",
    |vm, args| {
        let Some(iterable) = given(vm, args.at(1)) else {
            return Ok(vm.local(vm.heap.frozenset(Members::default()).value()));
        };
        let inner = plain(vm, iterable);
        if is_frozen(&vm.heap, vm.get(inner)) {
            return Ok(inner);
        }
        let set = vm.local(vm.heap.frozenset(Members::default()).value());
        vm.add_all(set, iterable)?;
        Ok(set)
    },
);

/// A set of an iterable's items: itself if it is one, else new.
fn members(vm: &mut Vm, iterable: Local) -> Result<Local, Raised> {
    let inner = plain(vm, iterable);
    if vm.get(inner).is_gc::<Set>() {
        Ok(inner)
    } else {
        vm.set_of(iterable)
    }
}

fn is_frozen(heap: &Heap, set: Value<'_>) -> bool {
    heap.class_of(set).builtin_is(Builtin::FrozenSet)
}

/// The receiver, which must be a set, not a frozenset.
fn mutable(vm: &Vm, args: Locals) -> Result<Gc<'_, Set>, Raised> {
    check_mutable(&vm.heap, this_of(vm, args)?)
}

fn check_mutable<'h>(heap: &'h Heap, set: Gc<'h, Set>) -> Result<Gc<'h, Set>, Raised> {
    if is_frozen(heap, set.value()) {
        return Err(
            heap.type_error("descriptor requires a 'set' object but received a 'frozenset'")
        );
    }
    Ok(set)
}

/// A copy of a set, of the same class; a frozenset itself.
fn copy<'h>(heap: &'h Heap, set: Gc<'h, Set>) -> Result<Value<'h>, Raised> {
    Ok(if is_frozen(heap, set.value()) {
        set.value()
    } else {
        set.copy_mutable(heap)?.value()
    })
}

const COPY: Native = Native::leaf(
    "copy(self, /)",
    "Return a shallow copy of a set.",
    |heap, args| copy(heap, this(heap, args)?),
);

const UNION: Native = Native::vm(
    "union(self, /, *others)",
    "Return a new set with elements from the set and all others.",
    |vm, args| {
        this_of::<Set>(vm, args)?;
        let result = vm.copy_set(args.at(0))?;
        for other in spread(vm, args.at(1)) {
            let mark = vm.mark();
            if !vm.get(other).is(vm.get(args.at(0))) {
                vm.add_all(result, other)?;
            }
            vm.release(mark);
        }
        Ok(result)
    },
);

/// Applies `step` to the receiver and each of `*others` in turn; a copy where there is none.
fn combine(
    vm: &mut Vm,
    args: Locals,
    step: fn(&mut Vm, Local, Local) -> Result<Local, Raised>,
) -> Result<Local, Raised> {
    let others = spread(vm, args.at(1));
    if others.is_empty() {
        return vm.copy_set(args.at(0));
    }
    let mut result = args.at(0);
    for other in others {
        let mark = vm.mark();
        let next = step(vm, result, other)?;
        result = vm.keep(mark, next);
    }
    Ok(result)
}

const INTERSECTION: Native = Native::vm(
    "intersection(self, /, *others)",
    "Return a new set with elements common to the set and all others.",
    |vm, args| {
        this_of::<Set>(vm, args)?;
        combine(vm, args, Vm::intersect_all)
    },
);

const DIFFERENCE: Native = Native::vm(
    "difference(self, /, *others)",
    "Return a new set with elements in the set that are not in the others.",
    |vm, args| {
        this_of::<Set>(vm, args)?;
        let others = spread(vm, args.at(1));
        let Some((&first, rest)) = others.split_first() else {
            return vm.copy_set(args.at(0));
        };
        let result = vm.subtract_all(args.at(0), first)?;
        for &other in rest {
            vm.remove_all(result, other)?;
        }
        Ok(result)
    },
);

const SYMMETRIC_DIFFERENCE: Native = Native::vm(
    "symmetric_difference(self, other, /)",
    "Return a new set with elements in either the set or other but not both.",
    |vm, args| {
        this_of::<Set>(vm, args)?;
        vm.symmetric_difference(args.at(0), args.at(1))
    },
);

const UPDATE: Native = Native::vm(
    "update(self, /, *others) -> None",
    "Update the set, adding elements from all others.",
    |vm, args| {
        mutable(vm, args)?;
        for other in spread(vm, args.at(1)) {
            let mark = vm.mark();
            vm.add_all(args.at(0), other)?;
            vm.release(mark);
        }
        Ok(vm.none())
    },
);

const INTERSECTION_UPDATE: Native = Native::vm(
    "intersection_update(self, /, *others) -> None",
    "Update the set, keeping only elements found in it and all others.",
    |vm, args| {
        mutable(vm, args)?;
        let result = combine(vm, args, Vm::intersect_all)?;
        vm.take_members(args.at(0), result)?;
        Ok(vm.none())
    },
);

const DIFFERENCE_UPDATE: Native = Native::vm(
    "difference_update(self, /, *others) -> None",
    "Update the set, removing elements found in others.",
    |vm, args| {
        mutable(vm, args)?;
        for other in spread(vm, args.at(1)) {
            let mark = vm.mark();
            vm.remove_all(args.at(0), other)?;
            vm.release(mark);
        }
        Ok(vm.none())
    },
);

const SYMMETRIC_DIFFERENCE_UPDATE: Native = Native::vm(
    "symmetric_difference_update(self, other, /) -> None",
    "Update the set, keeping only elements found in either set, but not in both.",
    |vm, args| {
        mutable(vm, args)?;
        let other = vm.keys_of(args.at(1))?;
        vm.toggle_members(args.at(0), other)?;
        Ok(vm.none())
    },
);

/// An augmented assignment with a set on the right; `NotImplemented` for anything else.
fn augmented(vm: &mut Vm, args: Locals, operator: Operator) -> Result<Local, Raised> {
    mutable(vm, args)?;
    let other = plain(vm, args.at(1));
    if !vm.get(other).is_gc::<Set>() {
        return Ok(or_not_implemented(vm, None));
    }
    vm.inplace(operator, args.at(0), other)
}

const IAND: Native = Native::vm(
    "__iand__(self, value, /)",
    "Return self&=value.",
    |vm, args| augmented(vm, args, Operator::BitAnd),
);
const IOR: Native = Native::vm(
    "__ior__(self, value, /)",
    "Return self|=value.",
    |vm, args| augmented(vm, args, Operator::BitOr),
);
const ISUB: Native = Native::vm(
    "__isub__(self, value, /)",
    "Return self-=value.",
    |vm, args| augmented(vm, args, Operator::Sub),
);
const IXOR: Native = Native::vm(
    "__ixor__(self, value, /)",
    "Return self^=value.",
    |vm, args| augmented(vm, args, Operator::BitXor),
);

const ADD: Native = Native::vm(
    "add(self, object, /) -> None",
    "Add an element to a set.\n\nThis has no effect if the element is already present.",
    |vm, args| {
        mutable(vm, args)?;
        vm.set_add(args.at(0), args.at(1))?;
        Ok(vm.none())
    },
)
.quick(|heap, args| {
    let (set, hash, found) = find(heap, args)?;
    match found {
        Found::At(_) => {}
        // Without memory the general path raises.
        Found::Missing => set.members.push(heap, hash, args.get(1)).ok()?,
        Found::Ask(_) => return None,
    }
    Some(Value::NONE)
});

/// The one argument in a set, if the program has no say about it: the set, the hash, and where it is.
fn find<'h>(heap: &'h Heap, args: Args<'h>) -> Option<(Gc<'h, Set>, u64, Found)> {
    if args.len() != 2 {
        return None;
    }
    let set = args.get(0).as_gc::<Set>()?;
    let hash = builtin_eq::hash(heap, args.get(1))?;
    let found = set.members.find(heap, hash, args.get(1));
    Some((set, hash, found))
}

/// Removes the one argument from a set; None: it is not there, or the program has a say.
fn quick_remove<'h>(heap: &'h Heap, args: Args<'h>) -> Option<Value<'h>> {
    let (set, _, found) = find(heap, args)?;
    let Found::At(at) = found else {
        return None;
    };
    set.members.remove(heap, at);
    Some(Value::NONE)
}

const DISCARD: Native = Native::vm(
    "discard(self, object, /) -> None",
    "Remove an element from a set if it is a member.\n\nUnlike set.remove(), the discard() method does not raise\n\
     an exception when an element is missing from the set.",
    |vm, args| {
        mutable(vm, args)?;
        vm.set_discard(args.at(0), args.at(1))?;
        Ok(vm.none())
    },
)
.quick(quick_remove);

const REMOVE: Native = Native::vm(
    "remove(self, object, /) -> None",
    "Remove an element from a set; it must be a member.\n\nIf the element is not a member, raise a KeyError.",
    |vm, args| {
        mutable(vm, args)?;
        if vm.set_discard(args.at(0), args.at(1))? {
            Ok(vm.none())
        } else {
            Err(vm.key_error(args.at(1)))
        }
    },
)
.quick(quick_remove);

const POP: Native = Native::leaf(
    "pop(self, /)",
    "Remove and return an arbitrary set element.\n\nRaises KeyError if the set is empty.",
    pop,
);

fn pop<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let set = check_mutable(heap, this(heap, args)?)?;
    (set.members.pop(heap)).ok_or_else(|| heap.raise(Builtin::KeyError, "pop from an empty set"))
}

const CLEAR: Native = Native::leaf(
    "clear(self, /) -> None",
    "Remove all elements from this set.",
    |heap, args| {
        check_mutable(heap, this(heap, args)?)?.members.clear(heap);
        Ok(Value::NONE)
    },
);

const ISDISJOINT: Native = Native::vm(
    "isdisjoint(self, other, /) -> bool",
    "Return True if two sets have a null intersection.",
    |vm, args| {
        this_of::<Set>(vm, args)?;
        is_disjoint(vm, args)
    },
);

/// Whether a set or view, the first argument, has no item of an iterable.
pub fn is_disjoint(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let iterator = vm.iter(args.at(1))?;
    let item = vm.local(Value::UNDEF);
    let mut disjoint = true;
    while disjoint && vm.next(iterator, item)? {
        let mark = vm.mark();
        disjoint = !vm.builtin_contains(args.at(0), item)?;
        vm.release(mark);
    }
    Ok(vm.local(Value::bool(disjoint)))
}

const ISSUBSET: Native = Native::vm(
    "issubset(self, other, /) -> bool",
    "Report whether another set contains this set.",
    |vm, args| {
        this_of::<Set>(vm, args)?;
        let other = members(vm, args.at(1))?;
        let subset = vm.is_subset(args.at(0), other)?;
        Ok(vm.local(Value::bool(subset)))
    },
);

const ISSUPERSET: Native = Native::vm(
    "issuperset(self, other, /) -> bool",
    "Report whether this set contains another set.",
    |vm, args| {
        this_of::<Set>(vm, args)?;
        let other = members(vm, args.at(1))?;
        let superset = vm.is_subset(other, args.at(0))?;
        Ok(vm.local(Value::bool(superset)))
    },
);
