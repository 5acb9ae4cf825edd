//! Bytes and bytearrays.
//!
//! Bytes are immutable and own their data; a bytearray's data is behind a `RefCell` that no one holds while the program runs.
//! A bytearray's bytes are reached only through the methods here, as the items of a list are. The methods of both types are in
//! `stdlib/builtins/types/buffer/`.

use std::borrow::Cow;
use std::cell::{Ref, RefCell, RefMut};
use std::ops::Range;

use super::heap::{Gc, Heap, Part, traced};
use super::raised::Raised;
use super::value::Value;

/// An immutable run of bytes.
pub struct Bytes {
    data: Box<[u8]>,
}

/// A growable run of bytes.
pub struct ByteArray {
    data: RefCell<Vec<u8>>,
}

traced!(Bytes {} plain { data } owns |this| this.data.len());

traced!(ByteArray {} plain { data } owns |this| this.data.borrow().capacity());

impl Heap {
    /// A bytes object. Where there is no memory for a copy it is an empty one, and MemoryError is raised where the native returns.
    pub fn bytes<'d>(&self, data: impl Into<Cow<'d, [u8]>>) -> Gc<'_, Bytes> {
        let data = match data.into() {
            Cow::Borrowed(data) if !self.fits(data.len()) => {
                self.fail();
                Box::default()
            }
            data => data.into_owned().into_boxed_slice(),
        };
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

impl Bytes {
    /// The bytes.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        &self.data
    }
}

/// Reads, and writes after which it is not longer than before. What is borrowed is given back before program code runs.
impl ByteArray {
    /// The bytes.
    #[inline]
    pub fn read(&self, heap: &Heap) -> Ref<'_, Vec<u8>> {
        heap.reads(self, Part::All);
        self.data.borrow()
    }

    /// How many there are.
    #[inline]
    pub fn len(&self, heap: &Heap) -> usize {
        heap.reads(self, Part::Len);
        self.data.borrow().len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self, heap: &Heap) -> bool {
        self.len(heap) == 0
    }

    /// The byte at `at`, if there is one.
    #[inline]
    pub fn byte(&self, heap: &Heap, at: usize) -> Option<u8> {
        heap.reads(self, Part::Item(at));
        self.data.borrow().get(at).copied()
    }

    /// The bytes, to be changed in place.
    #[inline]
    pub fn write(&self, heap: &Heap) -> RefMut<'_, [u8]> {
        heap.writes(self, Part::All);
        RefMut::map(self.data.borrow_mut(), Vec::as_mut_slice)
    }

    /// Replaces the byte at `at`; says whether there is one.
    #[inline]
    pub fn set_byte(&self, heap: &Heap, at: usize, byte: u8) -> bool {
        heap.writes(self, Part::Item(at));
        let mut data = self.data.borrow_mut();
        let place = data.get_mut(at);
        let is_there = place.is_some();
        if let Some(place) = place {
            *place = byte;
        }
        is_there
    }

    /// Takes the byte at `at`, which must exist, out.
    pub fn remove(&self, heap: &Heap, at: usize) -> u8 {
        heap.writes(self, Part::All);
        self.data.borrow_mut().remove(at)
    }

    /// Takes all bytes out.
    pub fn take(&self, heap: &Heap) -> Vec<u8> {
        heap.writes(self, Part::All);
        self.data.take()
    }

    /// Other bytes in place of all, which somebody has found room for.
    pub fn replace(&self, heap: &Heap, data: Vec<u8>) {
        heap.writes(self, Part::All);
        heap.charge(data.capacity());
        self.data.replace(data);
    }
}

/// Writes that may make it longer.
impl ByteArray {
    /// Adds a byte at the end.
    ///
    /// # Errors
    /// MemoryError.
    #[inline]
    pub fn push(&self, heap: &Heap, byte: u8) -> Result<(), Raised> {
        let mut data = self.data.borrow_mut();
        heap.writes(self, Part::Len);
        heap.writes(self, Part::Item(data.len()));
        heap.grow_vec(&mut data, 1)?;
        data.push(byte);
        drop(data);
        heap.charge(1);
        Ok(())
    }

    /// Puts a byte before the one at `at`, which is at most the length.
    ///
    /// # Errors
    /// MemoryError.
    pub fn insert(&self, heap: &Heap, at: usize, byte: u8) -> Result<(), Raised> {
        self.splice(heap, at..at, &[byte])
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// MemoryError.
    pub fn extend(&self, heap: &Heap, more: &[u8]) -> Result<(), Raised> {
        heap.writes(self, Part::All);
        heap.charge(more.len());
        heap.append_bytes(&mut self.data.borrow_mut(), more)
    }

    /// Replaces a range, which lies inside, by other bytes.
    ///
    /// # Errors
    /// MemoryError.
    pub fn splice(&self, heap: &Heap, range: Range<usize>, new: &[u8]) -> Result<(), Raised> {
        heap.writes(self, Part::All);
        heap.charge(new.len());
        let mut data = self.data.borrow_mut();
        heap.grow_vec(&mut data, new.len())?;
        heap.note_bytes(data.len() - range.start);
        data.splice(range, new.iter().copied());
        Ok(())
    }
}

impl<'h> Value<'h> {
    /// The answer of a function about the bytes of a bytes object or bytearray.
    pub fn with_bytes<R>(self, look: impl FnOnce(&[u8]) -> R) -> Option<R> {
        if let Some(bytes) = self.as_gc::<Bytes>() {
            return Some(look(&bytes.data));
        }
        self.as_gc::<ByteArray>()
            .map(|array| look(&array.data.borrow()))
    }

    /// A copy of the bytes of a bytes object or bytearray.
    pub fn to_bytes(self) -> Option<Vec<u8>> {
        if let Some(bytes) = self.as_gc::<Bytes>() {
            return Some(bytes.data.to_vec());
        }
        self.as_gc::<ByteArray>()
            .map(|array| array.data.borrow().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::heap::{Access, Record};

    #[test]
    fn accesses_are_recorded_by_part() {
        let heap = Heap::new();
        let array = heap.bytearray(vec![1, 2]);
        let records = heap.recorded(|| {
            assert_eq!(array.byte(&heap, 1), Some(2));
            assert!(array.push(&heap, 3).is_ok());
        });
        let parts: Vec<(Access, Part)> = records
            .iter()
            .map(|&Record { access, part, .. }| (access, part))
            .collect();
        let push = [(Access::Write, Part::Len), (Access::Write, Part::Item(2))];
        assert_eq!(
            parts,
            [&[(Access::Read, Part::Item(1))][..], &push].concat()
        );
    }

    #[test]
    fn growing_beyond_all_memory_is_an_exception() {
        let heap = Heap::new();
        let array = heap.bytearray(vec![1]);
        let mut data = array.data.borrow_mut();
        assert!(heap.grow_vec(&mut data, usize::MAX / 2).is_err());
        assert_eq!(data[..], [1]);
    }
}
