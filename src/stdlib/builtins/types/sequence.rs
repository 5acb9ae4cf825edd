//! Searching lists and tuples: `index`, `count` and `remove`, which may call `__eq__` of the items.
//!
//! The sequence may change while the program compares, so each step looks the item up anew.

use crate::runtime::list::List;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::receiver::given;
use crate::vm::{Local, Vm};

/// The position of the first item in `from .. to` that equals `wanted`.
pub fn find(
    vm: &mut Vm,
    sequence: Local,
    wanted: Local,
    from: usize,
    to: usize,
) -> Result<Option<usize>, Raised> {
    for i in from..to {
        match equals(vm, sequence, i, wanted)? {
            None => break,
            Some(true) => return Ok(Some(i)),
            Some(false) => {}
        }
    }
    Ok(None)
}

/// How many items equal `wanted`.
pub fn count(vm: &mut Vm, sequence: Local, wanted: Local) -> Result<usize, Raised> {
    let mut count = 0;
    for i in 0.. {
        match equals(vm, sequence, i, wanted)? {
            None => break,
            Some(equal) => count += usize::from(equal),
        }
    }
    Ok(count)
}

/// Whether the item at `i` equals `wanted`; `None` past the end.
fn equals(vm: &mut Vm, sequence: Local, i: usize, wanted: Local) -> Result<Option<bool>, Raised> {
    vm.heap.poll(1)?;
    let mark = vm.mark();
    let Some(item) = item(&vm.heap, vm.get(sequence), i).map(|item| vm.local(item)) else {
        return Ok(None);
    };
    let equal = vm.equal(item, wanted)?;
    vm.release(mark);
    Ok(Some(equal))
}

fn item<'h>(heap: &'h Heap, sequence: Value<'h>, i: usize) -> Option<Value<'h>> {
    match sequence.as_gc::<List>() {
        Some(list) => list.get().item(heap, i),
        None => sequence.as_gc::<Tuple>()?.at(heap, i),
    }
}

/// A `start` or `stop` argument, clipped to a sequence of `len` items; negative ones count from the end.
pub fn bound(vm: &mut Vm, local: Local, omitted: usize, len: usize) -> Result<usize, Raised> {
    let Some(local) = given(vm, local) else {
        return Ok(omitted);
    };
    if !vm.is_index(local) {
        return Err(vm
            .heap
            .type_error("slice indices must be integers or have an __index__ method"));
    }
    let index = vm.index_clipped(local)?;
    let index = if index < 0 {
        index.saturating_add(len as i64).max(0)
    } else {
        index
    };
    Ok((index as usize).min(len))
}
