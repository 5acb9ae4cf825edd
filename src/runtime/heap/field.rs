//! Fields of objects that several coroutines reach: plain data and values whose reads and writes are reported (`record.rs`).
//!
//! A `Field` is a `Cell`, a `SlotField` a `Slot`, that cannot be looked at without the heap: so nobody can forget to report. What only
//! the scheduler itself keeps, such as the number of a loop, is a plain `Cell`. While `RECORDING` is false both are what they wrap.

use std::cell::Cell;

use super::{Gc, Heap, Object, Part, Slot, traced};
use crate::runtime::value::Value;

/// Plain data.
#[derive(Default)]
pub struct Field<T>(Cell<T>);

impl<T: Copy> Field<T> {
    /// With its first value.
    pub const fn new(value: T) -> Field<T> {
        Field(Cell::new(value))
    }

    /// The value.
    #[inline(always)]
    pub fn get(&self, heap: &Heap) -> T {
        heap.reads(self, Part::All);
        self.0.get()
    }

    /// Replaces it.
    #[inline(always)]
    pub fn set(&self, heap: &Heap, value: T) {
        heap.writes(self, Part::All);
        self.0.set(value);
    }

    /// Replaces it; the value before.
    #[inline(always)]
    pub fn replace(&self, heap: &Heap, value: T) -> T {
        heap.reads(self, Part::All);
        heap.writes(self, Part::All);
        self.0.replace(value)
    }
}

/// A value.
#[derive(Default)]
pub struct SlotField(Slot);

traced!(SlotField { 0 });

impl SlotField {
    /// With its first value.
    pub fn new(value: Value<'_>) -> SlotField {
        SlotField(Slot::new(value))
    }

    /// Undef.
    pub fn undef() -> SlotField {
        SlotField(Slot::undef())
    }

    /// The value.
    #[inline(always)]
    pub fn get<'h>(&self, heap: &'h Heap) -> Value<'h> {
        heap.reads(self, Part::All);
        self.0.get(heap)
    }

    /// The value, which is known to be a `T`.
    #[inline(always)]
    pub fn expect<'h, T: Object>(&self, heap: &'h Heap) -> Gc<'h, T> {
        heap.reads(self, Part::All);
        self.0.expect(heap)
    }

    /// Replaces it.
    #[inline(always)]
    pub fn set(&self, heap: &Heap, value: Value<'_>) {
        heap.writes(self, Part::All);
        self.0.set(value);
    }

    /// Makes it Undef.
    #[inline(always)]
    pub fn clear(&self, heap: &Heap) {
        heap.writes(self, Part::All);
        self.0.clear();
    }

    /// Whether it is Undef.
    #[inline(always)]
    pub fn is_undef(&self, heap: &Heap) -> bool {
        heap.reads(self, Part::All);
        self.0.is_undef()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::heap::{Access, Record};

    #[test]
    fn each_field_is_a_cell_of_its_own() {
        let heap = Heap::new();
        let (flag, value) = (Field::new(1), SlotField::undef());
        let records = heap.recorded(|| {
            flag.set(&heap, flag.get(&heap) + 1);
            assert!(value.is_undef(&heap));
        });
        let accesses: Vec<(bool, Access)> = records
            .iter()
            .map(|&Record { object, access, .. }| {
                (object == std::ptr::from_ref(&flag).addr(), access)
            })
            .collect();
        let expected = [
            (true, Access::Read),
            (true, Access::Write),
            (false, Access::Read),
        ];
        assert_eq!(accesses, expected);
    }
}
