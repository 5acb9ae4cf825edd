//! Deques: representation only; the methods are in `stdlib/collections/deque/`.
//!
//! A ring of slots, perhaps with a bound. Each change of the length or the order counts as a version, by which an iterator sees that
//! its deque is not what it was. As with lists, each access reports the part that it reads or writes, and what makes the deque longer
//! fails with MemoryError. To add an access, add a method.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::heap::{Gc, Heap, Part, Slot, traced};
use super::list::List;
use super::opaque::Payload;
use super::raised::Raised;
use super::value::Value;

/// A list with two open ends.
#[derive(Default)]
pub struct Deque {
    items: RefCell<VecDeque<Slot>>,
    maxlen: Cell<Option<usize>>,
    version: Cell<u64>,
}

traced!(Deque { items } plain { maxlen, version });

impl Payload for Deque {
    fn is_sequence(&self) -> bool {
        true
    }
}

/// An end of a deque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Index 0.
    Left,
    /// The last index.
    Right,
}

/// Reads.
impl Deque {
    /// Number of items.
    pub fn len(&self, heap: &Heap) -> usize {
        heap.reads(self, Part::Len);
        self.items.borrow().len()
    }

    /// The item at a position, if there is one.
    pub fn item<'h>(&self, heap: &'h Heap, at: usize) -> Option<Value<'h>> {
        heap.reads(self, Part::Item(at));
        self.items.borrow().get(at).map(|slot| slot.get(heap))
    }

    /// A list of the items.
    ///
    /// # Errors
    /// MemoryError.
    pub fn to_list<'h>(&self, heap: &'h Heap) -> Result<Gc<'h, List>, Raised> {
        heap.reads(self, Part::All);
        let items = self.items.borrow();
        heap.long_list(items.iter().map(|slot| slot.get(heap)))
    }

    /// How many items it may hold, if there is a bound.
    pub fn maxlen(&self) -> Option<usize> {
        self.maxlen.get()
    }

    /// A number that changes with the length and the order.
    pub fn version(&self) -> u64 {
        self.version.get()
    }
}

/// Writes after which the deque is not longer than before.
impl Deque {
    /// Replaces the item at a position; says whether there is one.
    pub fn set_item(&self, heap: &Heap, at: usize, value: Value<'_>) -> bool {
        heap.writes(self, Part::Item(at));
        let items = self.items.borrow();
        items.get(at).map(|slot| slot.set(value)).is_some()
    }

    /// Takes the item at one end off.
    pub fn pop<'h>(&self, heap: &'h Heap, end: End) -> Option<Value<'h>> {
        heap.writes(self, Part::All);
        let mut items = self.items.borrow_mut();
        let taken = match end {
            End::Left => items.pop_front(),
            End::Right => items.pop_back(),
        };
        self.version
            .set(self.version.get() + u64::from(taken.is_some()));
        taken.map(|slot| slot.get(heap))
    }

    /// Removes the item at a position; says whether there was one.
    pub fn remove(&self, heap: &Heap, at: usize) -> bool {
        heap.writes(self, Part::All);
        let removed = self.items.borrow_mut().remove(at).is_some();
        self.version.set(self.version.get() + u64::from(removed));
        removed
    }

    /// Removes all items.
    pub fn clear(&self, heap: &Heap) {
        heap.writes(self, Part::All);
        self.items.borrow_mut().clear();
        self.touch();
    }

    /// Removes all items and sets the bound.
    pub fn reset(&self, heap: &Heap, maxlen: Option<usize>) {
        self.clear(heap);
        self.maxlen.set(maxlen);
    }

    /// Turns the order around.
    pub fn reverse(&self, heap: &Heap) {
        heap.writes(self, Part::All);
        let mut items = self.items.borrow_mut();
        heap.note_moved(items.len());
        items.make_contiguous().reverse();
    }

    /// Moves the `n` rightmost items to the left.
    pub fn rotate(&self, heap: &Heap, n: i64) {
        heap.writes(self, Part::All);
        let mut items = self.items.borrow_mut();
        if !items.is_empty() {
            let n = n.rem_euclid(items.len() as i64) as usize;
            heap.note_moved(n.min(items.len() - n));
            items.rotate_right(n);
            self.touch();
        }
    }

    fn touch(&self) {
        self.version.set(self.version.get() + 1);
    }
}

/// Writes that may make it longer.
impl Deque {
    /// Adds an item at one end; what is too much leaves at the other.
    ///
    /// # Errors
    /// MemoryError; the deque is as before.
    pub fn push(&self, heap: &Heap, end: End, value: Value<'_>) -> Result<(), Raised> {
        heap.writes(self, Part::All);
        let mut items = self.items.borrow_mut();
        if items.len() == items.capacity() {
            grow(&mut items, heap)?;
        }
        match end {
            End::Left => items.push_front(Slot::new(value)),
            End::Right => items.push_back(Slot::new(value)),
        }
        if self.maxlen.get().is_some_and(|max| items.len() > max) {
            match end {
                End::Left => items.pop_back(),
                End::Right => items.pop_front(),
            };
        }
        self.touch();
        Ok(())
    }

    /// Adds an item before the position, which is at most the length.
    ///
    /// # Errors
    /// MemoryError; the deque is as before.
    pub fn insert(&self, heap: &Heap, at: usize, value: Value<'_>) -> Result<(), Raised> {
        heap.writes(self, Part::All);
        let mut items = self.items.borrow_mut();
        if items.len() == items.capacity() {
            grow(&mut items, heap)?;
        }
        heap.note_moved(at.min(items.len() - at));
        items.insert(at, Slot::new(value));
        self.touch();
        Ok(())
    }
}

/// Makes room for as many items again, or for an eighth more where there is not so much.
#[cold]
#[inline(never)]
fn grow(items: &mut VecDeque<Slot>, heap: &Heap) -> Result<(), Raised> {
    let wanted = items.capacity().max(4);
    for more in [wanted, wanted / 8 + 1] {
        let bytes = more * size_of::<Slot>();
        if heap.fits(bytes) && items.try_reserve_exact(more).is_ok() {
            heap.charge(bytes);
            return Ok(());
        }
    }
    Err(heap.memory_error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::heap::{Access, Record};

    #[test]
    fn accesses_are_recorded_by_part() {
        let heap = Heap::new();
        let deque = Deque::default();
        let records = heap.recorded(|| {
            assert!(deque.push(&heap, End::Left, Value::NONE).is_ok());
            deque.item(&heap, 0);
            deque.set_item(&heap, 0, Value::TRUE);
            deque.len(&heap);
        });
        let object = std::ptr::from_ref(&deque).addr();
        let record = |access, part| Record {
            object,
            access,
            part,
        };
        assert_eq!(
            records,
            [
                record(Access::Write, Part::All),
                record(Access::Read, Part::Item(0)),
                record(Access::Write, Part::Item(0)),
                record(Access::Read, Part::Len),
            ]
        );
    }
}
