//! Arguments into which bytes are read: `readinto(buffer)`.
//!
//! What can be written is a bytearray, a writable memoryview or an array. Bytes are copied in while no user code runs.

use crate::runtime::Raised;
use crate::runtime::array::Array;
use crate::runtime::bytes::ByteArray;
use crate::stdlib::arg::plain_value;
use crate::stdlib::memoryview;
use crate::vm::{Local, Vm};

/// How many bytes fit into a writable buffer.
pub fn writable_len(vm: &Vm, target: Local) -> Result<usize, Raised> {
    if let Some(len) = with_bytes(vm, target, |bytes| bytes.len()) {
        return Ok(len);
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
        let mut all = view.bytes(&vm.heap)?;
        if let Some(room) = all.get_mut(at..at + data.len()) {
            room.copy_from_slice(data);
        }
        view.store(&vm.heap, &all);
        return Ok(());
    }
    let stored = with_bytes(vm, target, |bytes| {
        if let Some(room) = bytes.get_mut(at..at + data.len()) {
            room.copy_from_slice(data);
        }
    });
    stored.ok_or_else(|| not_writable(vm, target))
}

/// Does something with the bytes of a bytearray or an array; None: the target is neither.
fn with_bytes<T>(vm: &Vm, target: Local, change: impl FnOnce(&mut [u8]) -> T) -> Option<T> {
    if let Some(array) = vm.find_payload::<Array>(target) {
        return Some(change(&mut array.write(&vm.heap)));
    }
    let value = plain_value(&vm.heap, vm.get(target));
    let array = value.as_gc::<ByteArray>()?;
    Some(change(&mut array.write(&vm.heap)))
}

fn not_writable(vm: &Vm, target: Local) -> Raised {
    let class = vm.heap.type_name(vm.get(target));
    vm.heap.type_error(format!(
        "readinto() argument must be read-write bytes-like object, not {class}"
    ))
}
