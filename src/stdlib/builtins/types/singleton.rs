//! The small types: None, Ellipsis, NotImplemented, cells.
//!
//! One table each, small enough to share a file. A type that grows methods of its own moves to a file of its own.

use crate::runtime::cell::CellObj;
use crate::runtime::dict::Dict;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Heap, Raised, Slot, Value};
use crate::stdlib::receiver::this;
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Args, Native};

/// The types of this file.
pub const TYPES: &[NativeType] = &[
    NativeType {
        new: Some(&NONE_NEW),
        methods: &[&NONE_BOOL, &REPR],
        ..NativeType::of(Builtin::NoneType, "The type of the None singleton.")
    },
    NativeType {
        new: Some(&ELLIPSIS_NEW),
        methods: &[&REPR, &REDUCE],
        ..NativeType::of(Builtin::EllipsisType, "The type of the Ellipsis singleton.")
    },
    NativeType {
        new: Some(&NOT_IMPLEMENTED_NEW),
        methods: &[&REPR, &REDUCE],
        ..NativeType::of(
            Builtin::NotImplementedType,
            "The type of the NotImplemented singleton.",
        )
    },
    NativeType {
        new: Some(&CELL_NEW),
        getters: &[Getter::leaf(
            "cell_contents",
            "What the variable holds. Raises ValueError if the cell is empty.",
            contents,
        )
        .with_set(set_contents)],
        ..NativeType::of(Builtin::Cell, "Create a new cell object.")
    },
];

const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    vm.builtin_repr(args.at(0))
});
const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    vm.builtin_repr(args.at(0))
});
const NONE_BOOL: Native = Native::leaf("__bool__(self, /)", "True if self else False", |_, _| {
    Ok(Value::FALSE)
});
const NONE_NEW: Native = Native::leaf(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |heap, args| singleton(heap, args, "NoneType", Value::NONE),
);
const ELLIPSIS_NEW: Native = Native::leaf(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |heap, args| singleton(heap, args, "EllipsisType", Value::ELLIPSIS),
);
const NOT_IMPLEMENTED_NEW: Native = Native::leaf(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |heap, args| singleton(heap, args, "NotImplementedType", Value::NOT_IMPLEMENTED),
);

fn singleton<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    name: &str,
    value: Value<'h>,
) -> Result<Value<'h>, Raised> {
    if args
        .get(1)
        .as_gc::<Tuple>()
        .is_some_and(|items| !items.is_empty())
        || args
            .get(2)
            .as_gc::<Dict>()
            .is_some_and(|keywords| !keywords.table.is_empty(heap))
    {
        return Err(heap.type_error(format!("{name} takes no arguments")));
    }
    Ok(value)
}

// Cells.

const CELL_NEW: Native = Native::leaf(
    "__new__(cls, contents=None, /)",
    "Create and return a new object.",
    |heap, args| {
        let cell = heap.alloc(CellObj {
            value: Slot::undef(),
        });
        cell.value.set(args.get(1));
        Ok(cell.value())
    },
);

fn contents<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let value = this::<CellObj>(heap, args)?.get().value.get(heap);
    value
        .defined()
        .ok_or_else(|| heap.value_error("Cell is empty"))
}

fn set_contents<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    this::<CellObj>(heap, args)?.get().value.set(args.get(1));
    Ok(Value::NONE)
}
