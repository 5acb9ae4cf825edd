//! Lists: representation only; the methods are in `stdlib/builtins/types/list.rs`.
//!
//! A growable vector of slots. Code that iterates asks for the length each time, since user code may change the list meanwhile.
//! Contents are reached only through the methods here: each reports which part it reads or writes (`heap/record.rs`), and those
//! that make the list longer fail with MemoryError instead of ending the process. To add an access, add a method.

use std::ops::Range;

use super::heap::{Gc, Heap, Part, SlotVec, traced};
use super::raised::Raised;
use super::slice::Selection;
use super::value::Value;

/// A list.
#[derive(Default)]
pub struct List {
    items: SlotVec,
}

traced!(List { items });

impl Heap {
    /// A list of a few values.
    pub fn list<'h>(&'h self, values: impl IntoIterator<Item = Value<'h>>) -> Gc<'h, List> {
        let items = SlotVec::from_values(values);
        self.charge(items.len() * 8);
        self.alloc(List { items })
    }

    /// A list of any number of values.
    ///
    /// # Errors
    /// MemoryError.
    pub fn long_list<'h>(
        &'h self,
        values: impl IntoIterator<Item = Value<'h>>,
    ) -> Result<Gc<'h, List>, Raised> {
        let items = SlotVec::new();
        items.extend(self, values)?;
        Ok(self.alloc(List { items }))
    }
}

/// Reads.
impl List {
    /// Number of items.
    #[inline(always)]
    pub fn len(&self, heap: &Heap) -> usize {
        heap.reads(self, Part::Len);
        self.items.len()
    }

    /// Whether there are none.
    #[inline(always)]
    pub fn is_empty(&self, heap: &Heap) -> bool {
        self.len(heap) == 0
    }

    /// Whether a list that began without memory has, or had, items.
    pub fn was_filled(&self, heap: &Heap) -> bool {
        heap.reads(self, Part::Len);
        self.items.has_memory()
    }

    /// The item at `i`, if there is one.
    #[inline(always)]
    pub fn item<'h>(&self, heap: &'h Heap, i: usize) -> Option<Value<'h>> {
        heap.reads(self, Part::Item(i));
        self.items.get(heap, i)
    }

    /// The last item.
    pub fn last<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        self.item(heap, self.len(heap).checked_sub(1)?)
    }

    /// A copy of all items.
    pub fn to_vec<'h>(&self, heap: &'h Heap) -> Vec<Value<'h>> {
        heap.reads(self, Part::All);
        self.items.to_vec(heap)
    }

    /// A new list of these items and, after them, those of another list.
    ///
    /// # Errors
    /// MemoryError.
    pub fn joined<'h>(&self, heap: &'h Heap, other: &List) -> Result<Gc<'h, List>, Raised> {
        heap.reads(self, Part::All);
        heap.reads(other, Part::All);
        let items = SlotVec::new();
        items.reserve(heap, self.items.len() + other.items.len())?;
        items.append_copy(&self.items);
        items.append_copy(&other.items);
        Ok(heap.alloc(List { items }))
    }

    /// A copy of a part of the items; the range must lie inside.
    pub fn copy_range<'h>(&self, heap: &'h Heap, range: Range<usize>) -> Vec<Value<'h>> {
        heap.reads(self, Part::All);
        self.items.copy_range(heap, range)
    }

    /// A new list of the selected items.
    ///
    /// # Errors
    /// MemoryError.
    pub fn part<'h>(&self, heap: &'h Heap, selected: Selection) -> Result<Gc<'h, List>, Raised> {
        heap.reads(self, Part::All);
        let items = SlotVec::new();
        items.reserve(heap, selected.count)?;
        match selected.range() {
            Some(range) => items.append_part(&self.items, range),
            None => {
                for at in selected.positions() {
                    items.push(heap, self.items.get(heap, at).unwrap_or(Value::UNDEF));
                }
            }
        }
        Ok(heap.alloc(List { items }))
    }
}

/// Writes after which the list is not longer than before.
impl List {
    /// Replaces the item at `i`; says whether there is one.
    #[inline(always)]
    pub fn set_item(&self, heap: &Heap, i: usize, value: Value<'_>) -> bool {
        heap.writes(self, Part::Item(i));
        self.items.set(i, value)
    }

    /// Takes the last item off.
    #[inline(always)]
    pub fn pop<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        heap.writes(self, Part::Len);
        heap.writes(self, Part::Item(self.items.len().saturating_sub(1)));
        self.items.pop(heap)
    }

    /// Takes the item at `i`, which must exist, out.
    pub fn remove<'h>(&self, heap: &'h Heap, i: usize) -> Value<'h> {
        heap.writes(self, Part::All);
        heap.note_moved(self.len(heap) - i);
        self.items.remove(heap, i)
    }

    /// Removes all and gives the memory back.
    pub fn clear(&self, heap: &Heap) {
        heap.writes(self, Part::All);
        self.items.clear();
    }

    /// Turns the order around.
    pub fn reverse(&self, heap: &Heap) {
        heap.writes(self, Part::All);
        self.items.reverse();
    }

    /// Exchanges all items with those of another list.
    pub fn exchange(&self, heap: &Heap, other: &List) {
        heap.writes(self, Part::All);
        heap.writes(other, Part::All);
        self.items.exchange(&other.items);
    }

    /// Exchanges two items, which must exist.
    pub fn swap(&self, heap: &Heap, i: usize, j: usize) {
        heap.writes(self, Part::Item(i));
        heap.writes(self, Part::Item(j));
        self.items.swap(i, j);
    }
}

impl List {
    /// Appends Undef until there are `len` items: for the few attributes of an instance beyond those that it has room for.
    pub(super) fn pad(&self, heap: &Heap, len: usize) {
        while self.items.len() < len {
            self.items.push(heap, Value::UNDEF);
        }
    }
}

/// Writes that may need memory: MemoryError.
impl List {
    /// Appends an item.
    #[inline(always)]
    pub fn push(&self, heap: &Heap, value: Value<'_>) -> Result<(), Raised> {
        heap.writes(self, Part::Len);
        heap.writes(self, Part::Item(self.items.len()));
        self.items.reserve(heap, 1)?;
        self.items.push(heap, value);
        Ok(())
    }

    /// Inserts before `i`, which must not exceed the length.
    pub fn insert(&self, heap: &Heap, i: usize, value: Value<'_>) -> Result<(), Raised> {
        heap.writes(self, Part::All);
        self.items.reserve(heap, 1)?;
        heap.note_moved(self.len(heap) - i);
        self.items.insert(heap, i, value);
        Ok(())
    }

    /// Appends all of an iterator, which must not touch this list.
    pub fn extend<'h>(
        &self,
        heap: &'h Heap,
        values: impl IntoIterator<Item = Value<'h>>,
    ) -> Result<(), Raised> {
        heap.writes(self, Part::All);
        self.items.extend(heap, values)
    }

    /// Replaces the range by the given values.
    pub fn splice<'h>(
        &self,
        heap: &'h Heap,
        range: Range<usize>,
        values: &[Value<'h>],
    ) -> Result<(), Raised> {
        heap.writes(self, Part::All);
        self.items
            .reserve(heap, values.len().saturating_sub(range.len()))?;
        self.items.splice(range, values);
        Ok(())
    }

    /// Replaces the range by what another list holds.
    pub fn splice_list(
        &self,
        heap: &Heap,
        range: Range<usize>,
        other: &List,
    ) -> Result<(), Raised> {
        if std::ptr::eq(self, other) {
            return self.splice(heap, range, &self.to_vec(heap));
        }
        heap.writes(self, Part::All);
        heap.reads(other, Part::All);
        self.items
            .reserve(heap, other.items.len().saturating_sub(range.len()))?;
        self.items.splice_run(range, &other.items);
        Ok(())
    }

    /// Makes the list hold exactly these values.
    pub fn replace<'h>(&self, heap: &'h Heap, values: &[Value<'h>]) -> Result<(), Raised> {
        heap.writes(self, Part::All);
        self.items
            .reserve(heap, values.len().saturating_sub(self.items.len()))?;
        self.items.splice(0..self.items.len(), values);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Builtin;
    use crate::runtime::heap::{Access, Record};

    #[test]
    fn accesses_are_recorded_by_part() {
        let heap = Heap::new();
        let list = heap.list([Value::NONE, Value::TRUE]);
        let records = heap.recorded(|| {
            list.item(&heap, 1);
            list.set_item(&heap, 0, Value::FALSE);
            assert!(list.push(&heap, Value::NONE).is_ok());
        });
        let object = std::ptr::from_ref(list.get()).addr();
        let record = |access, part| Record {
            object,
            access,
            part,
        };
        assert_eq!(
            records,
            [
                record(Access::Read, Part::Item(1)),
                record(Access::Write, Part::Item(0)),
                record(Access::Write, Part::Len),
                record(Access::Write, Part::Item(2)),
            ]
        );
        assert!(Part::All.meets(Part::Len) && !Part::Item(0).meets(Part::Item(1)));
    }

    #[test]
    fn growing_beyond_all_memory_is_an_exception() {
        let heap = Heap::new();
        let items = SlotVec::new();
        let raised = items.reserve(&heap, usize::MAX / 16);
        let exception = raised.map_err(|raised| heap.take_raised(raised));
        let class = exception.err().map(|e| heap.class_of(e.value()));
        assert!(class.is_some_and(|c| c == heap.types.class(&heap, Builtin::MemoryError)));
    }
}
