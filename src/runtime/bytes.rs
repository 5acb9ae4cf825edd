//! Bytes and bytearrays.
//!
//! Bytes are immutable and own their data; a bytearray's data is behind a `RefCell` that no one holds while the program runs.
//! The methods of both are in `stdlib/builtins/types/buffer/`.

#![expect(unsafe_code, reason = "declares that the types have no slots")]

use std::cell::RefCell;

use super::heap::{Gc, Heap, Kind, Object, Tracer};
use super::value::Value;

/// An immutable run of bytes.
pub struct Bytes {
    /// The bytes.
    pub data: Box<[u8]>,
}

/// A growable run of bytes.
pub struct ByteArray {
    /// The bytes; borrowed only while no program code runs.
    pub data: RefCell<Vec<u8>>,
}

// SAFETY: paired with `Kind::Bytes` in `kinds!`; no slots.
unsafe impl Object for Bytes {
    const KIND: Kind = Kind::Bytes;

    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.external(self.data.len());
    }
}

// SAFETY: paired with `Kind::ByteArray` in `kinds!`; no slots.
unsafe impl Object for ByteArray {
    const KIND: Kind = Kind::ByteArray;

    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.external(self.data.borrow().capacity());
    }
}

impl Heap {
    /// A bytes object.
    pub fn bytes(&self, data: impl Into<Box<[u8]>>) -> Gc<'_, Bytes> {
        let data = data.into();
        self.charge(data.len());
        self.alloc(Bytes { data })
    }

    /// A bytearray.
    pub fn bytearray(&self, data: Vec<u8>) -> Gc<'_, ByteArray> {
        self.charge(data.capacity());
        self.alloc(ByteArray {
            data: RefCell::new(data),
        })
    }
}

impl<'h> Value<'h> {
    /// A copy of the bytes of a bytes object or bytearray.
    pub fn to_bytes(self) -> Option<Vec<u8>> {
        if let Some(bytes) = self.as_gc::<Bytes>() {
            return Some(bytes.data.to_vec());
        }
        self.as_gc::<ByteArray>()
            .map(|array| array.data.borrow().clone())
    }
}
