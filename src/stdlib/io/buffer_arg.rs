//! Arguments into which bytes are read: `readinto(buffer)`.
//!
//! What can be written is a bytearray, a writable memoryview or an array. Bytes are copied in while no user code runs.

use crate::runtime::bytes::ByteArray;
use crate::runtime::{Gc, Raised};
use crate::stdlib::arg::{plain_value, storage_of};
use crate::stdlib::memoryview;
use crate::vm::{Local, Vm};

/// How many bytes fit into a writable buffer.
pub fn writable_len(vm: &Vm, target: Local) -> Result<usize, Raised> {
    if let Some(array) = array_of(vm, target) {
        return Ok(array.len(&vm.heap));
    }
    match memoryview::try_view(vm.get(target)) {
        Some(view) if view.is_released() => Err(memoryview::released(&vm.heap)),
        Some(view) => view.writable_len().ok_or_else(|| not_writable(vm, target)),
        None => Err(not_writable(vm, target)),
    }
}

/// Puts bytes at the start of a writable buffer, which has room for them.
pub fn store_into(vm: &Vm, target: Local, data: &[u8]) -> Result<(), Raised> {
    store_at(vm, target, 0, data)
}

/// Puts bytes at a place of a writable buffer, which has room for them.
pub fn store_at(vm: &Vm, target: Local, at: usize, data: &[u8]) -> Result<(), Raised> {
    if let Some(view) = memoryview::try_view(vm.get(target)) {
        let mut all = view.bytes(&vm.heap);
        if let Some(room) = all.get_mut(at..at + data.len()) {
            room.copy_from_slice(data);
        }
        view.store(&vm.heap, &all);
        return Ok(());
    }
    let Some(array) = array_of(vm, target) else {
        return Err(not_writable(vm, target));
    };
    if let Some(room) = array.write(&vm.heap).get_mut(at..at + data.len()) {
        room.copy_from_slice(data);
    }
    Ok(())
}

/// The bytearray that a target is or keeps its items in.
fn array_of(vm: &Vm, target: Local) -> Option<Gc<'_, ByteArray>> {
    let value = plain_value(&vm.heap, vm.get(target));
    value.as_gc().or_else(|| storage_of(&vm.heap, value))
}

fn not_writable(vm: &Vm, target: Local) -> Raised {
    let class = vm.heap.type_name(vm.get(target));
    vm.heap.type_error(format!(
        "readinto() argument must be read-write bytes-like object, not {class}"
    ))
}
