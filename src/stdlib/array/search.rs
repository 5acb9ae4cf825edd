//! What looks for a value in an array: `in`, `count`, `index`, `remove`.
//!
//! Items are compared by `==`, which may run the program and change the array: each step reads its length anew.

use super::array;
use super::item::item_at;
use crate::runtime::{Raised, Value};
use crate::stdlib::receiver::given;
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Locals, Native, Vm};

/// `__contains__`
pub const CONTAINS: Native = Native::vm(
    "__contains__(self, key, /)",
    "Return bool(key in self).",
    |vm, args| {
        let found = find(vm, args, 0, usize::MAX)?;
        Ok(vm.local(Value::bool(found.is_some())))
    },
);
/// `count`
pub const COUNT: Native = Native::vm(
    "count(self, v, /)",
    "Return number of occurrences of v in the array.",
    |vm, args| {
        let (mut count, mut at) = (0, 0);
        while let Some(found) = find(vm, args, at, usize::MAX)? {
            count += 1;
            at = found + 1;
        }
        Ok(vm.local(vm.heap.usize(count)))
    },
);
/// `index`
pub const INDEX: Native = Native::vm(
    "index(self, v, start=0, stop=9223372036854775807, /)",
    "Return index of first occurrence of v in the array. Raises ValueError if there is none.",
    index,
);
/// `remove`
pub const REMOVE: Native = Native::vm(
    "remove(self, v, /)",
    "Remove the first occurrence of v in the array. Raises ValueError if there is none.",
    |vm, args| match find(vm, args, 0, usize::MAX)? {
        Some(at) => {
            let items = array(vm, args.at(0));
            if at < items.len(&vm.heap) {
                items.remove(&vm.heap, at..at + 1);
            }
            Ok(vm.none())
        }
        None => Err(vm.heap.value_error("array.remove(x): x not in array")),
    },
);

/// The first place from `start` to before `stop` whose item equals the first argument.
fn find(vm: &mut Vm, args: Locals, start: usize, stop: usize) -> Result<Option<usize>, Raised> {
    let mut at = start;
    while at < stop {
        let mark = vm.mark();
        let Some(item) = item_at(vm, args.at(0), at)? else {
            return Ok(None);
        };
        if vm.compare_truth(Comparison::Eq, item, args.at(1))? {
            return Ok(Some(at));
        }
        vm.release(mark);
        vm.heap.poll(1)?;
        at += 1;
    }
    Ok(None)
}

fn index(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let start = bound(vm, args.at(2))?.unwrap_or(0);
    let stop = bound(vm, args.at(3))?.unwrap_or(i64::MAX);
    let len = array(vm, args.at(0)).len(&vm.heap) as i64;
    let place = |at: i64| if at < 0 { (at + len).max(0) } else { at };
    match find(vm, args, place(start) as usize, place(stop) as usize)? {
        Some(at) => Ok(vm.local(vm.heap.usize(at))),
        None => Err(vm.heap.value_error("array.index(x): x not in array")),
    }
}

fn bound(vm: &mut Vm, value: Local) -> Result<Option<i64>, Raised> {
    let Some(value) = given(vm, value) else {
        return Ok(None);
    };
    if !vm.is_index(value) {
        let message = "slice indices must be integers or have an __index__ method";
        return Err(vm.heap.type_error(message));
    }
    vm.index_clipped(value).map(Some)
}
