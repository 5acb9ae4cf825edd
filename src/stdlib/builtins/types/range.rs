//! `range`: its constructor and methods.
//!
//! The representation, with all its arithmetic, is `runtime/range.rs`; ranges beyond 64 bits are in `wide_range.rs`. To add a method: a `Native`, its function, a name in the
//! table.

use num_bigint::BigInt;
use num_traits::{One, Zero};

use super::special::Special;
use super::wide_range::{self, number};
use crate::runtime::iter::IterTag;
use crate::runtime::opaque::Opaque;
use crate::runtime::range::Range;
use crate::runtime::wide_range::WideRange;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::receiver::{given, this};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::native::NativeFn;
use crate::vm::{Args, Local, Locals, Native, Vm, VmFn};

/// The types of this file.
pub const TYPES: &[NativeType] = &[RANGE];

const RANGE: NativeType = NativeType {
    new: Some(&NEW),
    methods: &[
        &COUNT, &INDEX, &BOOL, &CONTAINS, &EQ, &GETITEM, &HASH, &ITER, &LEN, &NE, &REDUCE, &REPR,
        &REVERSED,
    ],
    getters: &[
        Getter::leaf("start", "The first integer.", |heap, args| {
            bound(heap, args, |range| range.start, |range| &range.start)
        })
        .as_member(),
        Getter::leaf(
            "stop",
            "The integer that the range ends before.",
            |heap, args| bound(heap, args, |range| range.stop, |range| &range.stop),
        )
        .as_member(),
        Getter::leaf("step", "The difference of neighbours.", |heap, args| {
            bound(heap, args, |range| range.step, |range| &range.step)
        })
        .as_member(),
    ],
    ..NativeType::of(
        Builtin::Range,
        "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\n\
         Return an object that produces a sequence of integers from start (inclusive)\n\
         to stop (exclusive) by step.  range(i, j) produces i, i+1, i+2, ..., j-1.\n\
         start defaults to 0, and stop is omitted!  range(4) produces 0, 1, 2, 3.\n\
         These are exactly the valid indices for a list of 4 elements.\n\
         When step is given, it specifies the increment (or decrement).",
    )
};

const NEW: Native = Native::vm(
    "range(cls, start, stop=None, step=None, /)",
    "Create and return a new object.  See help(type) for accurate signature.",
    new,
)
.quick(|heap, args| {
    let first = args.get(1).as_int()?;
    let (start, stop, step) = match args.len() {
        2 => (0, first, 1),
        3 => (first, args.get(2).as_int()?, 1),
        4 => (first, args.get(2).as_int()?, args.get(3).as_int()?),
        _ => return None,
    };
    (step != 0).then(|| heap.alloc(Range { start, stop, step }).value())
});

/// A number of a range of either kind.
fn bound<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    narrow: fn(&Range) -> i64,
    wide: fn(&WideRange) -> &BigInt,
) -> Result<Value<'h>, Raised> {
    if let Some(range) = args.get(0).as_gc::<Opaque>()
        && let Some(range) = range.payload::<WideRange>()
    {
        return Ok(heap.big_int(wide(range).clone()));
    }
    Ok(heap.int(narrow(this::<Range>(heap, args)?.get())))
}

fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let first = number(vm, args.at(1))?;
    let (start, stop) = match given(vm, args.at(2)) {
        Some(stop) => (first, number(vm, stop)?),
        None => (BigInt::zero(), first),
    };
    let step = match given(vm, args.at(3)) {
        Some(step) => number(vm, step)?,
        None => BigInt::one(),
    };
    if step.is_zero() {
        return Err(vm.heap.value_error("range() arg 3 must not be zero"));
    }
    Ok(vm.local(vm.heap.any_range(WideRange { start, stop, step })))
}

/// Calls the method of ranges that fit 64 bits for such a one, else the general one.
fn either(vm: &mut Vm, args: Locals, narrow: &Native, wide: VmFn) -> Result<Local, Raised> {
    match narrow.call {
        NativeFn::Vm(narrow) if vm.get(args.at(0)).is_gc::<Range>() => narrow(vm, args),
        _ => wide(vm, args),
    }
}

const CONTAINS: Native = Native::vm(
    "__contains__(self, key, /)",
    "Return bool(key in self).",
    |vm, args| {
        either(vm, args, &Special::<Range>::CONTAINS, |vm, args| {
            let found = wide_range::position(vm, args)?.is_some();
            Ok(vm.bool_local(found))
        })
    },
);
const EQ: Native = Native::vm(
    "__eq__(self, value, /)",
    "Return self==value.",
    |vm, args| {
        Ok(match wide_range::equal(vm, args)? {
            Some(equal) => vm.bool_local(equal),
            None => vm.local(Value::NOT_IMPLEMENTED),
        })
    },
);
const NE: Native = Native::vm(
    "__ne__(self, value, /)",
    "Return self!=value.",
    |vm, args| {
        Ok(match wide_range::equal(vm, args)? {
            Some(equal) => vm.bool_local(!equal),
            None => vm.local(Value::NOT_IMPLEMENTED),
        })
    },
);
const GETITEM: Native = Native::vm(
    "__getitem__(self, key, /)",
    "Return self[key].",
    |vm, args| either(vm, args, &Special::<Range>::GETITEM, wide_range::item),
);
const HASH: Native = Native::vm("__hash__(self, /)", "Return hash(self).", wide_range::hash);
const ITER: Native = Native::vm("__iter__(self, /)", "Implement iter(self).", |vm, args| {
    either(vm, args, &Special::<Range>::ITER, wide_range::iter)
});
const LEN: Native = Native::vm("__len__(self, /)", "Return len(self).", |vm, args| {
    either(vm, args, &Special::<Range>::LEN, wide_range::len)
});
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", wide_range::repr);

const COUNT: Native = Native::vm(
    "count(self, object, /) -> int",
    "rangeobject.count(value) -> integer -- return number of occurrences of value",
    count,
);

/// An integer is there once or not; of anything else the equal items are counted.
fn count(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if vm.get(args.at(1)).as_any_int().is_some() {
        let found = wide_range::position(vm, args)?;
        return Ok(vm.local(Value::small_int(i64::from(found.is_some()))));
    }
    wide_range::this(vm, args)?;
    let iterator = vm.iter(args.at(0))?;
    let (item, mut count) = (vm.none(), 0);
    let mark = vm.mark();
    while vm.next(iterator, item)? {
        count += i64::from(vm.equal(item, args.at(1))?);
        vm.release(mark);
    }
    Ok(vm.local(vm.heap.int(count)))
}

const INDEX: Native = Native::vm(
    "index(self, object, /) -> int",
    "rangeobject.index(value) -> integer -- return index of value.\nRaise ValueError if the value is not present.",
    |vm, args| {
        if let Some(i) = wide_range::position(vm, args)? {
            return Ok(vm.local(vm.heap.big_int(i)));
        }
        if vm.get(args.at(1)).as_any_int().is_none() {
            return Err(vm.heap.value_error("sequence.index(x): x not in sequence"));
        }
        let text = vm.text_of(args.at(1))?;
        Err(vm.heap.value_error(format!("{text} is not in range")))
    },
);

const BOOL: Native = Native::vm(
    "__bool__(self, /) -> bool",
    "True if self else False",
    wide_range::truth,
);

const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    let WideRange { start, stop, step } = wide_range::this(vm, args)?;
    let numbers = [start, stop, step].map(|n| vm.local(vm.heap.big_int(n)));
    let class = vm.local(vm.heap.types.class(&vm.heap, Builtin::Range).value());
    let args = vm.tuple_of(&numbers);
    Ok(vm.tuple_of(&[class, args]))
});

const REVERSED: Native = Native::vm(
    "__reversed__(self, /)",
    "Return a reverse iterator.",
    reversed,
);

fn reversed(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let Some(range) = vm.get_gc::<Range>(args.at(0)) else {
        return wide_range::reversed(vm, args);
    };
    let len = range.len();
    let (Ok(end), Some(step)) = (i64::try_from(len), range.step.checked_neg()) else {
        return wide_range::reversed(vm, args);
    };
    let last = len.checked_sub(1).map_or(range.start, |i| range.at(i));
    let heap = &vm.heap;
    let iterator = heap.iter(IterTag::Range, Value::NONE, Value::UNDEF, last, end);
    iterator.step.set(step);
    Ok(vm.local(iterator.value()))
}
