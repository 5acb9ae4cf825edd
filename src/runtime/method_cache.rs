//! Method cache: memoises MRO lookups by (class, name).
//!
//! Special methods are looked up at each operator, iteration and call; walking the MRO each time is most of their cost. Contract:
//! an entry holds while its `epoch` is the heap's, which grows whenever any class changes (`Gc<Class>::bind`, `unbind`), and until
//! the next collection, which empties the table (so entries keep nothing alive and no address is used twice).

use std::cell::Cell;

use super::class::Class;
use super::heap::{Gc, Heap, Slot};
use super::str::Str;
use super::value::Value;

/// Number of entries, a power of two.
const SIZE: usize = 512;

/// The table.
pub struct MethodCache {
    entries: Box<[Entry]>,
}

struct Entry {
    class: Cell<usize>,
    name: Cell<usize>,
    epoch: Cell<u64>,
    /// The class in the MRO that has the attribute; Undef if none has.
    owner: Slot,
    /// The attribute.
    value: Slot,
}

impl MethodCache {
    pub(super) fn new() -> MethodCache {
        let empty = || Entry {
            class: Cell::new(0),
            name: Cell::new(0),
            epoch: Cell::new(0),
            owner: Slot::undef(),
            value: Slot::undef(),
        };
        MethodCache {
            entries: std::iter::repeat_with(empty).take(SIZE).collect(),
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        for entry in &self.entries {
            entry.class.set(0);
        }
    }

    #[inline]
    fn entry(&self, class: Gc<'_, Class>, name: Gc<'_, Str>) -> &Entry {
        let hash = (class.address() >> 4) ^ (name.address() >> 3);
        &self.entries[(hash ^ hash >> 9) % SIZE]
    }

    /// What is known of an attribute: nothing, or where it was found and what it is.
    #[inline]
    #[expect(
        clippy::option_option,
        reason = "not known, known to be missing, known"
    )]
    pub(super) fn get<'h>(
        &self,
        heap: &'h Heap,
        class: Gc<'h, Class>,
        name: Gc<'h, Str>,
    ) -> Option<Option<(Gc<'h, Class>, Value<'h>)>> {
        let entry = self.entry(class, name);
        if entry.class.get() != class.address()
            || entry.name.get() != name.address()
            || entry.epoch.get() != heap.class_epoch()
        {
            return None;
        }
        let owner = entry.owner.get(heap).as_gc();
        Some(owner.map(|owner| (owner, entry.value.get(heap))))
    }

    /// Remembers what a lookup found.
    pub(super) fn put<'h>(
        &self,
        heap: &'h Heap,
        class: Gc<'h, Class>,
        name: Gc<'h, Str>,
        found: Option<(Gc<'h, Class>, Value<'h>)>,
    ) {
        let entry = self.entry(class, name);
        entry.class.set(class.address());
        entry.name.set(name.address());
        entry.epoch.set(heap.class_epoch());
        match found {
            Some((owner, value)) => {
                entry.owner.set(owner.value());
                entry.value.set(value);
            }
            None => entry.owner.clear(),
        }
    }
}
