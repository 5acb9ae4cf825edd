//! `a[key]`, its assignment and deletion: positions and slices.
//!
//! The VM answers positions of plain arrays before it comes here (`vm/protocol/subscript.rs`).

use super::item::{bits_of, item_at};
use super::{array, same_type_bytes, try_array, with_bytes};
use crate::runtime::slice::{Selection, Slice};
use crate::runtime::{Builtin, Raised};
use crate::vm::{Local, Locals, Native, Vm};

/// `__getitem__`
pub const GETITEM: Native = Native::vm("__getitem__(self, key, /)", "Return self[key].", get);
/// `__setitem__`
pub const SETITEM: Native = Native::vm(
    "__setitem__(self, key, value, /)",
    "Set self[key] to value.",
    set,
);
/// `__delitem__`
pub const DELITEM: Native = Native::vm(
    "__delitem__(self, key, /)",
    "Delete self[key].",
    |vm, args| {
        if vm.get_gc::<Slice>(args.at(1)).is_some() {
            let selected = vm.selection(args.at(1), |vm| array(vm, args.at(0)).len(&vm.heap))?;
            remove_selected(vm, args.at(0), selected)?;
            return Ok(vm.none());
        }
        let at = position(
            vm,
            args.at(0),
            args.at(1),
            "array assignment index out of range",
        )?;
        array(vm, args.at(0)).remove(&vm.heap, at..at + 1);
        Ok(vm.none())
    },
);

/// A position that exists; `missing` is the message where it does not.
fn position(vm: &mut Vm, owner: Local, key: Local, missing: &str) -> Result<usize, Raised> {
    if !vm.is_index(key) {
        return Err(vm.heap.type_error("array indices must be integers"));
    }
    let at = vm.index_or(key, Builtin::IndexError)?;
    resolve(vm, owner, at).ok_or_else(|| vm.heap.raise(Builtin::IndexError, missing))
}

/// The position counted from the front, if it exists.
pub fn resolve(vm: &Vm, owner: Local, at: i64) -> Option<usize> {
    let len = array(vm, owner).len(&vm.heap);
    let at = if at < 0 { at + len as i64 } else { at };
    usize::try_from(at).ok().filter(|&at| at < len)
}

fn get(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let owner = args.at(0);
    if vm.get_gc::<Slice>(args.at(1)).is_some() {
        let selected = vm.selection(args.at(1), |vm| array(vm, owner).len(&vm.heap))?;
        let (code, data) = (
            array(vm, owner).code(),
            selected_bytes(vm, owner, selected)?,
        );
        return Ok(with_bytes(vm, code, data));
    }
    let at = position(vm, owner, args.at(1), "array index out of range")?;
    let item = item_at(vm, owner, at)?;
    item.ok_or_else(|| {
        let message = "array index out of range";
        vm.heap.raise(Builtin::IndexError, message)
    })
}

fn selected_bytes(vm: &Vm, owner: Local, selected: Selection) -> Result<Vec<u8>, Raised> {
    let items = array(vm, owner);
    let size = items.item_size();
    vm.heap.room_for(selected.count * size)?;
    let data = items.bytes(&vm.heap);
    if selected.count == 0 {
        return Ok(Vec::new());
    }
    if selected.step == 1 {
        let start = selected.start as usize * size;
        return Ok(data[start..start + selected.count * size].to_vec());
    }
    let mut part = Vec::with_capacity(selected.count * size);
    for at in selected.positions() {
        part.extend_from_slice(&data[at * size..(at + 1) * size]);
    }
    Ok(part)
}

fn set(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let owner = args.at(0);
    if vm.get_gc::<Slice>(args.at(1)).is_some() {
        set_slice(vm, owner, args.at(1), args.at(2))?;
        return Ok(vm.none());
    }
    let missing = "array assignment index out of range";
    let at = position(vm, owner, args.at(1), missing)?;
    let code = array(vm, owner).code();
    let bits = bits_of(vm, code, args.at(2))?;
    if !array(vm, owner).set_bits(&vm.heap, at, bits) {
        return Err(vm.heap.raise(Builtin::IndexError, missing));
    }
    Ok(vm.none())
}

fn set_slice(vm: &mut Vm, owner: Local, key: Local, value: Local) -> Result<(), Raised> {
    let selected = vm.selection(key, |vm| array(vm, owner).len(&vm.heap))?;
    if try_array(vm, value).is_none() {
        let class = vm.heap.type_name(vm.get(value));
        let message = format!("can only assign array (not \"{class}\") to array slice");
        return Err(vm.heap.type_error(message));
    }
    let Some(new) = same_type_bytes(vm, owner, value) else {
        return Err(bad_argument(vm));
    };
    let new = new?;
    let items = array(vm, owner);
    if selected.step == 1 {
        let start = selected.start as usize;
        return items.splice(&vm.heap, start..start + selected.count, &new);
    }
    let (size, count) = (items.item_size(), selected.count);
    if new.len() != count * size {
        let message = format!(
            "attempt to assign array of size {} to extended slice of size {count}",
            new.len() / size
        );
        return Err(vm.heap.value_error(message));
    }
    let mut data = items.write(&vm.heap);
    for (at, item) in selected.positions().zip(new.chunks(size)) {
        data[at * size..(at + 1) * size].copy_from_slice(item);
    }
    Ok(())
}

/// TypeError: CPython's word for an array of another type.
#[cold]
pub fn bad_argument(vm: &Vm) -> Raised {
    let message = "bad argument type for built-in operation";
    vm.heap.type_error(message)
}

fn remove_selected(vm: &Vm, owner: Local, selected: Selection) -> Result<(), Raised> {
    let items = array(vm, owner);
    if selected.count == 0 {
        return Ok(());
    }
    if selected.step == 1 {
        let start = selected.start as usize;
        items.remove(&vm.heap, start..start + selected.count);
        return Ok(());
    }
    let size = items.item_size();
    let mut gone: Vec<usize> = selected.positions().collect();
    gone.sort_unstable();
    let mut gone = gone.into_iter().peekable();
    let mut left = Vec::new();
    vm.heap.room_for(items.len(&vm.heap) * size)?;
    for (at, item) in items.bytes(&vm.heap).chunks(size).enumerate() {
        if gone.next_if_eq(&at).is_none() {
            left.extend_from_slice(item);
        }
    }
    items.replace(&vm.heap, left);
    Ok(())
}
