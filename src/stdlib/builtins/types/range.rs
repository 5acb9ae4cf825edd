//! `range`: its constructor and methods.
//!
//! The representation, with all its arithmetic, is `runtime/range.rs`. To add a method: a `Native`, its function, a name in the
//! table.

use super::receiver::{given, this, this_of};
use super::special::Special;
use crate::runtime::iter::IterTag;
use crate::runtime::range::Range;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[RANGE];

const RANGE: NativeType = NativeType {
    new: Some(&NEW),
    methods: &[
        &COUNT,
        &INDEX,
        &BOOL,
        &Special::<Range>::CONTAINS,
        &Special::<Range>::EQ,
        &Special::<Range>::GETITEM,
        &Special::<Range>::HASH,
        &Special::<Range>::ITER,
        &Special::<Range>::LEN,
        &Special::<Range>::NE,
        &Special::<Range>::REPR,
        &REVERSED,
    ],
    getters: &[
        Getter::leaf("start", "The first integer.", |heap, args| {
            Ok(heap.int(this::<Range>(heap, args)?.start))
        }),
        Getter::leaf(
            "stop",
            "The integer that the range ends before.",
            |heap, args| Ok(heap.int(this::<Range>(heap, args)?.stop)),
        ),
        Getter::leaf("step", "The difference of neighbours.", |heap, args| {
            Ok(heap.int(this::<Range>(heap, args)?.step))
        }),
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

fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let first = vm.index(args.at(1))?;
    let (start, stop) = match given(vm, args.at(2)) {
        Some(stop) => (first, vm.index(stop)?),
        None => (0, first),
    };
    let step = match given(vm, args.at(3)) {
        Some(step) => vm.index(step)?,
        None => 1,
    };
    if step == 0 {
        return Err(vm.heap.value_error("range() arg 3 must not be zero"));
    }
    Ok(vm.local(vm.heap.alloc(Range { start, stop, step }).value()))
}

const COUNT: Native = Native::vm(
    "count(self, object, /) -> int",
    "rangeobject.count(value) -> integer -- return number of occurrences of value",
    |vm, args| {
        this_of::<Range>(vm, args)?;
        let found = position(vm, args)?;
        Ok(vm.local(Value::small_int(i64::from(found.is_some()))))
    },
);

const INDEX: Native = Native::vm(
    "index(self, object, /) -> int",
    "rangeobject.index(value) -> integer -- return index of value.\nRaise ValueError if the value is not present.",
    |vm, args| {
        this_of::<Range>(vm, args)?;
        if let Some(i) = position(vm, args)? {
            return Ok(vm.local(vm.heap.int(i)));
        }
        if vm.get(args.at(1)).as_any_int().is_none() {
            return Err(vm.heap.value_error("sequence.index(x): x not in sequence"));
        }
        let text = vm.text_of(args.at(1))?;
        Err(vm.heap.value_error(format!("{text} is not in range")))
    },
);

/// Where the range has the argument. Integers are computed, anything else is compared to each item.
fn position(vm: &mut Vm, args: Locals) -> Result<Option<i64>, Raised> {
    let range = *this_of::<Range>(vm, args)?;
    let wanted = vm.get(args.at(1));
    if wanted.as_any_int().is_some() {
        return Ok(wanted
            .as_i64()
            .and_then(|n| range.index(n))
            .map(|i| i as i64));
    }
    for i in 0..range.len() {
        let mark = vm.mark();
        let item = vm.local(vm.heap.int(range.at(i)));
        let equal = vm.equal(item, args.at(1))?;
        vm.release(mark);
        if equal {
            return Ok(Some(i as i64));
        }
    }
    Ok(None)
}

const BOOL: Native = Native::leaf(
    "__bool__(self, /) -> bool",
    "True if self else False",
    |heap, args| Ok(Value::bool(!this::<Range>(heap, args)?.is_empty())),
);

const REVERSED: Native = Native::leaf(
    "__reversed__(self, /)",
    "Return a reverse iterator.",
    reversed,
);

fn reversed<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let range = *this::<Range>(heap, args)?;
    let len = range.len();
    let last = len.checked_sub(1).map_or(range.start, |i| range.at(i));
    let end = i64::try_from(len).unwrap_or(i64::MAX);
    let iterator = heap.iter(IterTag::Range, Value::NONE, Value::UNDEF, last, end);
    iterator.step.set(range.step.wrapping_neg());
    Ok(iterator.value())
}
