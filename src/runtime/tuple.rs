//! Tuples: the items follow right after the object.
//!
//! One allocation a tuple; its length never changes. Code that fills one in steps makes a list first.

use super::heap::{Gc, Heap, Kind, LARGE_REQUEST, Slot, traced};
use super::value::Value;

/// A tuple of `len` items.
pub struct Tuple {
    pub(super) len: usize,
}

traced!(Tuple {} plain { len });

impl<'h> Gc<'h, Tuple> {
    /// Number of items.
    #[inline(always)]
    pub fn len(self) -> usize {
        self.get().len
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The item at `i`, if there is one.
    #[inline(always)]
    pub fn at(self, heap: &'h Heap, i: usize) -> Option<Value<'h>> {
        self.tail().get(i).map(|slot| slot.get(heap))
    }

    /// The items in order.
    pub fn iter(
        self,
        heap: &'h Heap,
    ) -> impl ExactSizeIterator<Item = Value<'h>> + DoubleEndedIterator + 'h {
        self.tail().iter().map(move |slot| slot.get(heap))
    }

    /// A copy of the items.
    pub fn to_vec(self, heap: &'h Heap) -> Vec<Value<'h>> {
        self.iter(heap).collect()
    }
}

impl Heap {
    /// A tuple of these values.
    pub fn tuple<'h>(&'h self, values: &[Value<'h>]) -> Gc<'h, Tuple> {
        self.tuple_with(values.len(), |i| values[i])
    }

    /// A tuple of what these slots hold.
    pub fn tuple_of(&self, slots: &[Slot]) -> Gc<'_, Tuple> {
        self.tuple_with(slots.len(), |i| slots[i].get(self))
    }

    /// A tuple of `len` items that `item` returns, by position.
    pub fn tuple_with<'h>(
        &'h self,
        len: usize,
        item: impl FnMut(usize) -> Value<'h>,
    ) -> Gc<'h, Tuple> {
        if len >= LARGE_REQUEST / 8 && !self.fits(len * 8) {
            self.fail();
            return self.tuple(&[]);
        }
        self.alloc_tail(Tuple { len }, self.types.shape_of_kind(Kind::Tuple), item)
    }
}
