//! Bytes of objects that export memory: of builtin ones, and of classes with a `__buffer__` method.
//!
//! Contract: the result is a copy. Natives that may not call the program use `stdlib/arg.rs`, `Buffer`, which knows builtin
//! objects only.

use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::opaque::Opaque;
use crate::runtime::{Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;

impl Vm {
    /// The bytes of a bytes-like object; None for other objects.
    ///
    /// # Errors
    /// What `__buffer__` raises; TypeError if it returns no view.
    pub fn exported_bytes(&mut self, object: Local) -> Result<Option<Vec<u8>>, Raised> {
        let plain = self.plain(object);
        if let Some(data) = self.leaf_bytes(self.get(plain))? {
            return Ok(Some(data));
        }
        let class = self.heap.class_of(self.get(object));
        let exports = class.lookup(&self.heap, self.heap.intern("__buffer__"));
        if exports.is_none() {
            return Ok(None);
        }
        let flags = self.local(Value::small_int(0));
        let view = self.call_method(object, "__buffer__", &[flags])?;
        match self.leaf_bytes(self.get(view))? {
            Some(data) => Ok(Some(data)),
            None => Err(self
                .heap
                .type_error("__buffer__ returned non-memoryview object")),
        }
    }

    fn leaf_bytes(&self, value: Value<'_>) -> Result<Option<Vec<u8>>, Raised> {
        let heap = &self.heap;
        if let Some(bytes) = value.as_gc::<Bytes>() {
            return heap.copy_of(bytes.get().as_slice()).map(Some);
        }
        if let Some(array) = value.as_gc::<ByteArray>() {
            return heap.copy_of(&array.get().read(heap)).map(Some);
        }
        match value.as_gc::<Opaque>() {
            Some(object) => object.try_exported(heap),
            None => Ok(None),
        }
    }
}
