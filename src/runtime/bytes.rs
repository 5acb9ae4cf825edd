//! Bytes and bytearrays.
//!
//! Bytes are immutable and own their data; a bytearray's data is behind a `RefCell` that no one holds while the program runs.
//! The methods of both are in `stdlib/builtins/types/buffer/`.

use std::cell::RefCell;

use super::heap::{Gc, Heap, traced};
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

traced!(Bytes {} plain { data } owns |this| this.data.len());

traced!(ByteArray {} plain { data } owns |this| this.data.borrow().capacity());

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
