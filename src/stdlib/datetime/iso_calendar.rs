//! The result of `isocalendar`: a tuple of ISO year, week and weekday with names.
//!
//! Its objects are tuples in all respects but `repr` and the three attributes; pickles hold plain tuples, as in CPython.

use super::state::class;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::plain_value;
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::{Args, Local, Native, Vm};

/// The class.
pub const ISO_CALENDAR_DATE: ModuleType = ModuleType {
    name: "datetime.IsoCalendarDate",
    module: "datetime",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&REPR, &REDUCE],
        getters: &[
            Getter::leaf("year", "The ISO year.", |heap, args| item(heap, args, 0)),
            Getter::leaf("week", "The ISO week.", |heap, args| item(heap, args, 1)),
            Getter::leaf(
                "weekday",
                "The day of the week; Monday is 1.",
                |heap, args| item(heap, args, 2),
            ),
        ],
        ..NativeType::of(Builtin::Tuple, "ISO year, week and weekday.")
    },
};

const NEW: Native = Native::leaf(
    "IsoCalendarDate(cls, /, year, week, weekday)",
    "The tuple of these.",
    |heap, args| {
        let items = [args.get(1), args.get(2), args.get(3)];
        Ok(heap.tuple(&items).value())
    },
);

fn item<'h>(heap: &'h Heap, args: Args<'h>, at: usize) -> Result<Value<'h>, Raised> {
    let items = plain_value(heap, args.get(0)).as_gc::<Tuple>();
    let item = items.and_then(|items| items.at(heap, at));
    Ok(item.unwrap_or(Value::NONE))
}

const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let mut text = "datetime.IsoCalendarDate(".to_owned();
    for (at, name) in ["year=", ", week=", ", weekday="].iter().enumerate() {
        let items = plain_value(&vm.heap, vm.get(args.at(0))).as_gc::<Tuple>();
        let item = items.and_then(|items| items.at(&vm.heap, at));
        let item = vm.local(item.unwrap_or(Value::NONE));
        text.push_str(name);
        text.push_str(&vm.repr_text(item)?);
    }
    text.push(')');
    Ok(vm.local(vm.heap.str_value(&text)))
});
const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    let heap = &vm.heap;
    let class = heap.types.class(heap, Builtin::Tuple).value();
    let items = plain_value(heap, vm.get(args.at(0)));
    let items = heap.tuple(&[items]).value();
    Ok(vm.local(heap.tuple(&[class, items]).value()))
});

/// The tuple of ISO year, week and weekday.
pub fn make(vm: &Vm, (year, week, day): (i64, i64, i64)) -> Local {
    let heap = &vm.heap;
    let items = heap.tuple(&[year, week, day].map(Value::small_int));
    let class = class(vm, |c| &c.iso_date);
    vm.local(heap.instance_around(class, items.value()).value())
}
