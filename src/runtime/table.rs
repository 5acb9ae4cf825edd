//! The ordered hash table under dict and set: entries in insertion order, and an index from hashes to entries.
//!
//! Hash and equality come from the caller: the table compares keys only by `leaf::equal`, and where the program may have a say
//! it answers `Found::Ask` with the candidates, which the VM compares itself (user code may change the table meanwhile, so the
//! VM looks again afterwards). Up to eight entries are searched without an index. Removed entries leave holes until the
//! table next grows.

use std::cell::RefCell;

use hashbrown::HashTable;
use smallvec::SmallVec;

use super::heap::{Heap, Slot, Tracer};
use super::leaf;
use super::value::Value;

/// Up to this many entries the table is searched from front to back.
const LINEAR: usize = 8;

/// An ordered hash table.
#[derive(Default)]
pub struct Table {
    inner: RefCell<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: Vec<Entry>,
    /// Empty while the entries are at most `LINEAR`.
    index: HashTable<u32>,
    live: usize,
    /// All entries below this position are holes: taking the first one again and again (a queue, an LRU cache) stays linear.
    first: usize,
}

/// A hole has an Undef key.
struct Entry {
    hash: u64,
    key: Slot,
    value: Slot,
}

/// Where a key is.
pub enum Found {
    /// In the entry at this position.
    At(usize),
    /// Nowhere.
    Missing,
    /// These entries have the same hash, and whether one is equal is for the program to say.
    Ask(SmallVec<[usize; 2]>),
}

impl Table {
    /// An empty table with room for `n` entries.
    pub fn with_capacity(n: usize) -> Table {
        Table {
            inner: RefCell::new(Inner {
                entries: Vec::with_capacity(n),
                ..Inner::default()
            }),
        }
    }

    /// Number of keys.
    #[inline]
    pub fn len(&self) -> usize {
        self.inner.borrow().live
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of entries, holes included: the end of a walk by position.
    pub fn end(&self) -> usize {
        self.inner.borrow().entries.len()
    }

    /// Finds a key.
    #[inline]
    pub fn find(&self, heap: &Heap, hash: u64, key: Value<'_>) -> Found {
        let inner = self.inner.borrow();
        let mut ask = SmallVec::new();
        let at = inner.position(hash, |i| {
            let other = inner.entries[i].key.get(heap);
            if other.is(key) {
                return true;
            }
            leaf::equal(heap, other, key).unwrap_or_else(|| {
                ask.push(i);
                false
            })
        });
        match at {
            Some(i) => Found::At(i),
            None if ask.is_empty() => Found::Missing,
            None => Found::Ask(ask),
        }
    }

    /// The key and value at a position, unless it is a hole or past the end.
    #[inline]
    pub fn entry<'h>(&self, heap: &'h Heap, at: usize) -> Option<(Value<'h>, Value<'h>)> {
        let inner = self.inner.borrow();
        let entry = inner.entries.get(at)?;
        let key = entry.key.get(heap).defined()?;
        Some((key, entry.value.get(heap)))
    }

    /// The value at a position that `find` gave.
    #[inline]
    pub fn value_at<'h>(&self, heap: &'h Heap, at: usize) -> Value<'h> {
        self.inner.borrow().entries[at].value.get(heap)
    }

    /// The hash stored at a position.
    pub fn hash_at(&self, at: usize) -> u64 {
        self.inner.borrow().entries[at].hash
    }

    /// Replaces the value at a position that `find` gave.
    #[inline]
    pub fn set_value(&self, at: usize, value: Value<'_>) {
        self.inner.borrow().entries[at].value.set(value);
    }

    /// Appends an entry whose key is known to be missing.
    pub fn push(&self, heap: &Heap, hash: u64, key: Value<'_>, value: Value<'_>) {
        let mut inner = self.inner.borrow_mut();
        if inner.entries.len() == inner.entries.capacity() {
            inner.grow(heap);
        }
        let at = inner.entries.len();
        inner.entries.push(Entry {
            hash,
            key: Slot::new(key),
            value: Slot::new(value),
        });
        inner.live += 1;
        if at == LINEAR {
            inner.rebuild_index();
        } else if at > LINEAR {
            inner.add_to_index(at);
        }
    }

    /// Removes the entry at a position that `find` or a walk gave; returns its key and value.
    pub fn remove<'h>(&self, heap: &'h Heap, at: usize) -> (Value<'h>, Value<'h>) {
        let mut inner = self.inner.borrow_mut();
        let entry = &inner.entries[at];
        let (key, value, hash) = (entry.key.get(heap), entry.value.get(heap), entry.hash);
        entry.key.clear();
        entry.value.clear();
        inner.live -= 1;
        if let Ok(found) = inner.index.find_entry(spread(hash), |&i| i as usize == at) {
            found.remove();
        }
        if inner.live == 0 {
            inner.entries.clear();
            inner.index.clear();
            inner.first = 0;
        } else if at == inner.first {
            inner.first = inner.next_position(at).unwrap_or(0);
        } else if at + 1 == inner.entries.len() {
            while inner.entries.last().is_some_and(|e| e.key.is_undef()) {
                inner.entries.pop();
            }
        }
        (key, value)
    }

    /// Removes all.
    pub fn clear(&self) {
        *self.inner.borrow_mut() = Inner::default();
    }

    /// The first position at or after `from` that is not a hole.
    #[inline]
    pub fn next_position(&self, from: usize) -> Option<usize> {
        self.inner.borrow().next_position(from)
    }

    /// The last position below `before` that is not a hole.
    pub fn previous_position(&self, before: usize) -> Option<usize> {
        let inner = self.inner.borrow();
        (0..before.min(inner.entries.len()))
            .rev()
            .find(|&i| !inner.entries[i].key.is_undef())
    }

    /// All keys and values, in order.
    pub fn entries<'h>(&self, heap: &'h Heap) -> Vec<(Value<'h>, Value<'h>)> {
        let inner = self.inner.borrow();
        inner
            .entries
            .iter()
            .filter(|e| !e.key.is_undef())
            .map(|e| (e.key.get(heap), e.value.get(heap)))
            .collect()
    }

    /// All keys, in order.
    pub fn keys<'h>(&self, heap: &'h Heap) -> Vec<Value<'h>> {
        let inner = self.inner.borrow();
        inner
            .entries
            .iter()
            .filter(|e| !e.key.is_undef())
            .map(|e| e.key.get(heap))
            .collect()
    }

    /// A table with the same entries.
    pub fn copy(&self, heap: &Heap) -> Table {
        let inner = self.inner.borrow();
        let table = Table::with_capacity(inner.live);
        heap.charge(inner.live * size_of::<Entry>());
        for e in inner.entries.iter().filter(|e| !e.key.is_undef()) {
            table.push(heap, e.hash, e.key.get(heap), e.value.get(heap));
        }
        table
    }

    /// Reports the slots to the collector.
    pub fn trace(&self, tracer: &mut Tracer<'_>) {
        let inner = self.inner.borrow();
        tracer.external(inner.entries.capacity() * size_of::<Entry>() + inner.index.capacity() * 5);
        for entry in &inner.entries {
            tracer.slot(&entry.key);
            tracer.slot(&entry.value);
        }
    }
}

impl Inner {
    #[inline]
    fn next_position(&self, from: usize) -> Option<usize> {
        (from.max(self.first)..self.entries.len()).find(|&i| !self.entries[i].key.is_undef())
    }

    /// The first entry with this hash that `matches`.
    #[inline]
    fn position(&self, hash: u64, mut matches: impl FnMut(usize) -> bool) -> Option<usize> {
        if self.entries.len() <= LINEAR {
            let same = |e: &Entry| e.hash == hash && !e.key.is_undef();
            return (0..self.entries.len()).find(|&i| same(&self.entries[i]) && matches(i));
        }
        self.index
            .find(spread(hash), |&i| {
                self.entries[i as usize].hash == hash && matches(i as usize)
            })
            .map(|&i| i as usize)
    }

    fn add_to_index(&mut self, at: usize) {
        let entries = &self.entries;
        self.index
            .insert_unique(spread(entries[at].hash), at as u32, |&i| {
                spread(entries[i as usize].hash)
            });
    }

    fn rebuild_index(&mut self) {
        self.index.clear();
        if self.entries.len() <= LINEAR {
            return;
        }
        for at in 0..self.entries.len() {
            self.add_to_index(at);
        }
    }

    /// Makes room: closes the holes if they are many, else doubles.
    #[cold]
    fn grow(&mut self, heap: &Heap) {
        let holes = self.entries.len() - self.live;
        if holes > self.entries.len() / 4 {
            self.entries.retain(|e| !e.key.is_undef());
            self.first = 0;
            self.rebuild_index();
            return;
        }
        let more = self.entries.capacity().max(4);
        heap.charge(more * (size_of::<Entry>() + 5));
        self.entries.reserve_exact(more);
    }
}

/// Spreads a hash over all bits: the index takes its position from the low ones and its tag from the high ones.
#[inline]
fn spread(hash: u64) -> u64 {
    (hash ^ (hash >> 32))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(20)
}
