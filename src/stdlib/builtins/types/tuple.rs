//! `tuple`: its constructor and methods.
//!
//! The representation is `runtime/tuple.rs`; operators and subscripts are the VM's, and the special methods here only lead there,
//! for explicit calls and subclasses. To add a method: a `Native`, its function, a name in the table.

use super::list::plain_items;
use super::sequence;
use super::special::Special;
use crate::runtime::heap::Kind;
use crate::runtime::list::List;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised};
use crate::stdlib::receiver::{given, this, this_of};
use crate::stdlib::registry::NativeType;
use crate::vm::{Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[TUPLE];

const TUPLE: NativeType = NativeType {
    new: Some(&NEW),
    methods: &[
        &COUNT,
        &INDEX,
        &Special::<Tuple>::ADD,
        &Special::<Tuple>::CONTAINS,
        &Special::<Tuple>::EQ,
        &Special::<Tuple>::GE,
        &Special::<Tuple>::GETITEM,
        &GETNEWARGS,
        &Special::<Tuple>::GT,
        &Special::<Tuple>::HASH,
        &Special::<Tuple>::ITER,
        &Special::<Tuple>::LE,
        &Special::<Tuple>::LEN,
        &Special::<Tuple>::LT,
        &Special::<Tuple>::MUL,
        &Special::<Tuple>::NE,
        &Special::<Tuple>::REPR,
        &Special::<Tuple>::RMUL,
    ],
    ..NativeType::of(
        Builtin::Tuple,
        "Built-in immutable sequence.\n\nIf no argument is given, the constructor returns an empty tuple.\n\
         If iterable is specified the tuple is initialized from iterable's items.\n\n\
         If the argument is a tuple, the return value is the same object.",
    )
};

const NEW: Native = Native::vm(
    "tuple(cls, iterable=(), /)",
    "Create and return a new object.  See help(type) for accurate signature.",
    |vm, args| match given(vm, args.at(1)) {
        Some(iterable) => tuple_of(vm, iterable),
        None => Ok(vm.local(vm.heap.tuple(&[]).value())),
    },
)
.quick(|heap, args| {
    let items = plain_items(heap, args.get(1))?;
    (args.len() == 2 && !args.get(1).is_gc::<Tuple>()).then(|| heap.tuple(&items).value())
});

/// A tuple of an iterable's items; a tuple itself as it is.
pub fn tuple_of(vm: &mut Vm, iterable: Local) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let value = vm.get(iterable);
    if value.as_object().is_some_and(|o| {
        o.kind() == Kind::Tuple && o.shape() == heap.types.shape_of_kind(Kind::Tuple)
    }) {
        return Ok(iterable);
    }
    let list = if value.is_gc::<List>() {
        iterable
    } else {
        vm.to_list(iterable)?
    };
    let heap = &vm.heap;
    let items = vm
        .get_gc::<List>(list)
        .map(|list| list.to_vec(heap))
        .unwrap_or_default();
    Ok(vm.local(heap.tuple(&items).value()))
}

const COUNT: Native = Native::vm(
    "count(self, value, /) -> int",
    "Return number of occurrences of value.",
    |vm, args| {
        this_of::<Tuple>(vm, args)?;
        let count = sequence::count(vm, args.at(0), args.at(1))?;
        Ok(vm.local(vm.heap.usize(count)))
    },
);

const INDEX: Native = Native::vm(
    "index(self, value, start=0, stop=sys.maxsize, /) -> int",
    "Return first index of value.\n\nRaises ValueError if the value is not present.",
    index,
);

fn index(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let len = this_of::<Tuple>(vm, args)?.len();
    let from = sequence::bound(vm, args.at(2), 0, len)?;
    let to = sequence::bound(vm, args.at(3), len, len)?;
    match sequence::find(vm, args.at(0), args.at(1), from, to)? {
        Some(i) => Ok(vm.local(vm.heap.usize(i))),
        None => Err(vm.heap.value_error("tuple.index(x): x not in tuple")),
    }
}

const GETNEWARGS: Native = Native::leaf(
    "__getnewargs__(self, /) -> tuple",
    "Arguments of __new__ for a copy.",
    |heap, args| {
        let items = this::<Tuple>(heap, args)?.to_vec(heap);
        Ok(heap.tuple(&[heap.tuple(&items).value()]).value())
    },
);
