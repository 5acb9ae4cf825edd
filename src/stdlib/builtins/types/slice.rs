//! `slice`: its constructor, `indices` and comparison.
//!
//! What a slice selects is computed in `runtime/slice.rs`. To add a method: a `Native`, its function, a name in the table.

use num_traits::Signed;

use super::special::Special;
use super::wide_range::{indices as indices_of, number};
use crate::runtime::slice::Slice;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::receiver::{this, this_of};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[SLICE];

const SLICE: NativeType = NativeType {
    new: Some(&NEW),
    methods: &[
        &INDICES,
        &REDUCE,
        &Special::<Slice>::EQ,
        &Special::<Slice>::GE,
        &Special::<Slice>::GT,
        &Special::<Slice>::HASH,
        &Special::<Slice>::LE,
        &Special::<Slice>::LT,
        &Special::<Slice>::NE,
        &Special::<Slice>::REPR,
    ],
    getters: &[
        Getter::leaf("start", "Where the slice begins, or None.", |heap, args| {
            Ok(this::<Slice>(heap, args)?.start.get(heap))
        })
        .as_member(),
        Getter::leaf(
            "stop",
            "What the slice ends before, or None.",
            |heap, args| Ok(this::<Slice>(heap, args)?.stop.get(heap)),
        )
        .as_member(),
        Getter::leaf("step", "The step, or None.", |heap, args| {
            Ok(this::<Slice>(heap, args)?.step.get(heap))
        })
        .as_member(),
    ],
    ..NativeType::of(
        Builtin::Slice,
        "slice(stop)\nslice(start, stop[, step])\n\n\
         Create a slice object.  This is used for extended slicing (e.g. a[0:10:2]).",
    )
};

const NEW: Native = Native::leaf(
    "slice(cls, start, stop=None, step=None, /)",
    "Create and return a new object.  See help(type) for accurate signature.",
    |heap, args| {
        let (start, stop) = match args.get(2).defined() {
            Some(stop) => (args.get(1), stop),
            None => (Value::NONE, args.get(1)),
        };
        let step = args.get(3).or(Value::NONE);
        Ok(heap.slice(start, stop, step).value())
    },
);

const INDICES: Native = Native::vm(
    "indices(self, object, /) -> tuple",
    "S.indices(len) -> (start, stop, stride)\n\n\
     Assuming a sequence of length len, calculate the start and stop\n\
     indices, and the stride length of the extended slice described by\n\
     S. Out of bounds indices are clipped in a manner consistent with the\nhandling of normal slices.",
    indices,
);

fn indices(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    this_of::<Slice>(vm, args)?;
    let len = number(vm, args.at(1))?;
    if len.is_negative() {
        return Err(vm.heap.value_error("length should not be negative"));
    }
    let parts = indices_of(vm, args.at(0), &len)?;
    let parts = parts.map(|n| vm.local(vm.heap.big_int(n)));
    Ok(vm.tuple_of(&parts))
}

const REDUCE: Native = Native::leaf(
    "__reduce__(self, /)",
    "Return state information for pickling.",
    |heap, args| {
        let this = this::<Slice>(heap, args)?.get();
        let parts = [&this.start, &this.stop, &this.step].map(|slot| slot.get(heap));
        let class = heap.types.class(heap, Builtin::Slice).value();
        Ok(heap.tuple(&[class, heap.tuple(&parts).value()]).value())
    },
);
