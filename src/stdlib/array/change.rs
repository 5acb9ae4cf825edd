//! Methods that add, remove and move items.
//!
//! Converting a value may run the program, so an array is borrowed only after its items are bits.

use super::item::{bits_of, item_at};
use super::subscript::resolve;
use super::{array, same_type_bytes, try_array};
use crate::runtime::array::Array;
use crate::runtime::opaque::Opaque;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::vm_index_or;
use crate::vm::{Local, Locals, Native, Vm};

/// `append`
pub const APPEND: Native = Native::vm(
    "append(self, v, /)",
    "Append new value v to the end of the array.",
    |vm, args| {
        append(vm, args.at(0), args.at(1))?;
        Ok(vm.none())
    },
)
.quick(|heap, args| {
    let items = args.get(0).as_gc::<Opaque>()?.payload::<Array>()?;
    match items.push(heap, args.get(1)) {
        Ok(true) => Some(Value::NONE),
        Ok(false) => None,
        Err(raised) => {
            heap.take_raised(raised);
            None
        }
    }
});
/// `byteswap`
pub const BYTESWAP: Native = Native::vm(
    "byteswap(self, /)",
    "Byteswap all items of the array.",
    |vm, args| {
        let items = array(vm, args.at(0));
        let size = items.item_size();
        let mut data = items.write(&vm.heap);
        vm.heap.poll_bytes(data.len())?;
        for item in data.chunks_mut(size) {
            item.reverse();
        }
        drop(data);
        Ok(vm.none())
    },
);
/// `clear`
pub const CLEAR: Native = Native::vm(
    "clear(self, /)",
    "Remove all items from the array.",
    |vm, args| {
        array(vm, args.at(0)).replace(&vm.heap, Vec::new());
        Ok(vm.none())
    },
);
/// `extend`
pub const EXTEND: Native = Native::vm(
    "extend(self, bb, /)",
    "Append items to the end of the array. Raises TypeError for an array of another type.",
    |vm, args| {
        extend(vm, args.at(0), args.at(1))?;
        Ok(vm.none())
    },
);
/// `insert`
pub const INSERT: Native = Native::vm(
    "insert(self, i, v, /)",
    "Insert a new item v into the array before position i.",
    |vm, args| {
        let at = vm.index(args.at(1))?;
        let code = array(vm, args.at(0)).code();
        let bits = bits_of(vm, code, args.at(2))?;
        let items = array(vm, args.at(0));
        let len = items.len(&vm.heap) as i64;
        let at = if at < 0 { at + len } else { at };
        items.insert_bits(&vm.heap, at.clamp(0, len) as usize, bits)?;
        Ok(vm.none())
    },
);
/// `pop`
pub const POP: Native = Native::vm(
    "pop(self, i=-1, /)",
    "Return the i-th element and delete it from the array. Raises IndexError.",
    pop,
);
/// `reverse`
pub const REVERSE: Native = Native::vm(
    "reverse(self, /)",
    "Reverse the order of the items in the array.",
    |vm, args| {
        let items = array(vm, args.at(0));
        let size = items.item_size();
        let mut data = items.write(&vm.heap);
        data.reverse();
        for item in data.chunks_mut(size) {
            item.reverse();
        }
        drop(data);
        Ok(vm.none())
    },
);

/// Appends a value of any type.
pub fn append(vm: &mut Vm, owner: Local, value: Local) -> Result<(), Raised> {
    let items = array(vm, owner);
    if items.push(&vm.heap, vm.get(value))? {
        return Ok(());
    }
    let code = items.code();
    let bits = bits_of(vm, code, value)?;
    array(vm, owner).push_bits(&vm.heap, bits)
}

/// Appends the items of an iterable; an array must be of the same type.
pub fn extend(vm: &mut Vm, owner: Local, iterable: Local) -> Result<(), Raised> {
    let code = array(vm, owner).code();
    if try_array(vm, iterable).is_some_and(|other| other.code() != code) {
        let message = "can only extend with array of same kind";
        return Err(vm.heap.type_error(message));
    }
    extend_by(vm, owner, iterable)
}

/// Appends the items of an iterable.
pub fn extend_by(vm: &mut Vm, owner: Local, iterable: Local) -> Result<(), Raised> {
    if let Some(data) = same_type_bytes(vm, owner, iterable) {
        let items = array(vm, owner);
        let end = items.len(&vm.heap);
        return items.splice(&vm.heap, end..end, &data?);
    }
    let iter = vm.iter(iterable)?;
    let item = vm.none();
    while vm.next(iter, item)? {
        append(vm, owner, item)?;
    }
    Ok(())
}

fn pop(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let at = vm_index_or(vm, args.at(1), -1)?;
    let owner = args.at(0);
    if array(vm, owner).len(&vm.heap) == 0 {
        let message = "pop from empty array";
        return Err(vm.heap.raise(Builtin::IndexError, message));
    }
    let item = match resolve(vm, owner, at) {
        Some(at) => item_at(vm, owner, at)?.map(|item| (at, item)),
        None => None,
    };
    let Some((at, item)) = item else {
        let message = "pop index out of range";
        return Err(vm.heap.raise(Builtin::IndexError, message));
    };
    array(vm, owner).remove(&vm.heap, at..at + 1);
    Ok(item)
}
