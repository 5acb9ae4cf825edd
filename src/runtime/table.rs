//! The ordered hash table under dicts: entries in insertion order, and an index from hashes to entries (sets: `members.rs`).
//!
//! Hash and equality come from the caller: the table compares keys only by `builtin_eq::equal`, and where the program may have a say
//! it answers `Found::Ask` with the candidates, which the VM compares itself (user code may change the table meanwhile, so the
//! VM looks again afterwards). Up to eight entries are searched without an index. Removed entries leave holes until the
//! table next grows. The methods are the only door to the contents of dicts: each reports which part it reads or writes
//! (`heap/record.rs`), and those that add entries fail with MemoryError.

#![expect(
    unsafe_code,
    reason = "reports its slots itself: it forgets one of them"
)]

mod index;
mod link;

use std::cell::{Cell, RefCell};

use smallvec::SmallVec;

pub use index::Index;
use index::Probe;

use super::builtin_eq;
use super::heap::{Gc, Heap, Part, RECORDING, Slot, Trace, Tracer, traced};
use super::raised::Raised;
use super::str::Str;
use super::value::Value;

/// Up to this many entries the table is searched from front to back.
const LINEAR: usize = 8;
/// Bytes of the index for an entry.
const INDEXED: usize = 16;
/// Tables with fewer entries keep the places of removed ones.
const KEPT_HOLES: usize = 8;

/// An ordered hash table.
#[derive(Default)]
pub struct Table {
    inner: RefCell<Inner>,
    /// The key that was found or added last, and where: programs ask for the same key twice or three times in a row (`d[k] += 1`).
    /// Not traced but forgotten when the collector comes, and whenever an entry leaves its place.
    recent: Slot,
    recent_at: Cell<u32>,
    /// The module or class whose names the string keys are (`link.rs`); Undef for a table of its own.
    owner: Slot,
}

#[derive(Default)]
struct Inner {
    entries: Vec<Entry>,
    /// Empty while the entries are at most `LINEAR`.
    index: Index,
    live: u32,
    /// All entries below this position are holes: taking the first one again and again (a queue, an LRU cache) stays linear.
    first: u32,
}

/// A hole has an Undef key. Undef as the value of a dict's entry: it is in the owner's slot.
struct Entry {
    hash: u64,
    key: Slot,
    value: Slot,
}

// SAFETY: reports keys and values. `recent`, which is not reported, is forgotten.
unsafe impl Trace for Table {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        let Table {
            inner,
            recent,
            recent_at: _,
            owner,
        } = self;
        recent.clear();
        owner.trace(tracer);
        inner.trace(tracer);
    }
}

traced!(Inner { entries } plain { index, live, first } owns |this| this.index.bytes());
traced!(Entry { key, value } plain { hash });

/// Where a key is.
pub enum Found {
    /// In the entry at this position.
    At(usize),
    /// Nowhere.
    Missing,
    /// These entries have the same hash, and whether one is equal is for the program to say.
    Ask(Box<Undecided>),
}

/// Positions of entries, in order.
pub type Undecided = SmallVec<[usize; 2]>;

/// A walk over the entries with one hash, holes included.
struct Candidates<'a> {
    entries: &'a [Entry],
    hash: u64,
    /// Where the walk goes on in a table without an index.
    next: usize,
    probe: Option<Probe<'a>>,
}

impl<'a> Iterator for Candidates<'a> {
    type Item = (usize, &'a Entry);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, &'a Entry)> {
        loop {
            let at = match &mut self.probe {
                Some(probe) => probe.next()?,
                None => {
                    self.next += 1;
                    self.next - 1
                }
            };
            let entry = self.entries.get(at)?;
            if entry.hash == self.hash {
                return Some((at, entry));
            }
        }
    }
}

impl Table {
    /// An empty table with room for `n` entries.
    pub fn with_capacity(n: usize) -> Table {
        Table {
            inner: RefCell::new(Inner {
                entries: Vec::with_capacity(n),
                ..Inner::default()
            }),
            ..Table::default()
        }
    }

    /// Number of keys.
    #[inline]
    pub fn len(&self, heap: &Heap) -> usize {
        heap.reads(self, Part::Len);
        self.inner.borrow().live as usize
    }

    /// Whether there are no keys.
    pub fn is_empty(&self, heap: &Heap) -> bool {
        self.len(heap) == 0
    }

    /// Number of entries, holes included: the end of a walk by position.
    pub fn end(&self, heap: &Heap) -> usize {
        heap.reads(self, Part::Order);
        self.inner.borrow().entries.len()
    }

    /// Finds a key whose hash takes no program code; `None`: it may take some, or there is none.
    #[inline]
    pub fn find_leaf(&self, heap: &Heap, key: Value<'_>) -> Option<Found> {
        // The hash of a text or an integer is as it was.
        if !RECORDING && self.recent.get(heap).is(key) && (key.is_int() || key.is_gc::<Str>()) {
            return Some(Found::At(self.recent_at.get() as usize));
        }
        Some(self.find(heap, builtin_eq::hash(heap, key)?, key))
    }

    /// Finds a key.
    pub fn find(&self, heap: &Heap, hash: u64, key: Value<'_>) -> Found {
        heap.reads(self, Part::Key(hash));
        let inner = self.inner.borrow();
        let recent = self.recent.get(heap);
        if recent.is(key) && !recent.is_undef() {
            let at = self.recent_at.get() as usize;
            if inner.entries[at].hash == hash {
                return Found::At(at);
            }
        }
        let found = match key.as_gc::<Str>() {
            Some(text) => inner.find_text(heap, hash, text),
            None => None,
        };
        let found = found.unwrap_or_else(|| inner.find_any(heap, hash, key));
        if let Found::At(at) = found {
            self.recent.set(key);
            self.recent_at.set(at as u32);
        }
        found
    }

    /// The key and value at a position, unless it is a hole or past the end.
    #[inline]
    pub fn entry<'h>(&self, heap: &'h Heap, at: usize) -> Option<(Value<'h>, Value<'h>)> {
        let inner = self.inner.borrow();
        heap.reads(self, Part::Order);
        let entry = inner.entries.get(at)?;
        let key = entry.key.get(heap).defined()?;
        heap.reads(self, Part::Key(entry.hash));
        Some((key, self.resolve(heap, entry)))
    }

    /// The value at a position that `find` gave.
    #[inline]
    pub fn value_at<'h>(&self, heap: &'h Heap, at: usize) -> Value<'h> {
        let inner = self.inner.borrow();
        let entry = &inner.entries[at];
        heap.reads(self, Part::Key(entry.hash));
        self.resolve(heap, entry)
    }

    /// The hash stored at a position.
    pub fn hash_at(&self, heap: &Heap, at: usize) -> u64 {
        heap.reads(self, Part::Order);
        self.inner.borrow().entries[at].hash
    }

    /// Replaces the value at a position that `find` gave.
    #[inline]
    pub fn set_value(&self, heap: &Heap, at: usize, value: Value<'_>) {
        let entry = &self.inner.borrow().entries[at];
        heap.writes(self, Part::Key(entry.hash));
        if entry.value.is_undef() {
            self.set_linked(heap, entry, value);
        } else {
            entry.value.set(value);
        }
    }

    /// Appends an entry whose key is known to be missing.
    ///
    /// # Errors
    /// MemoryError.
    pub fn push(
        &self,
        heap: &Heap,
        hash: u64,
        key: Value<'_>,
        value: Value<'_>,
    ) -> Result<(), Raised> {
        if self.owner.is_undef() {
            return self.append(heap, hash, key, value);
        }
        self.push_linked(heap, hash, key, value)
    }

    /// `push` for Rust code that cannot fail: without memory the MemoryError comes at the next safepoint.
    pub fn add(&self, heap: &Heap, hash: u64, key: Value<'_>, value: Value<'_>) {
        if let Err(raised) = self.push(heap, hash, key, value) {
            heap.raise_later(raised);
        }
    }

    #[inline(always)]
    fn append(
        &self,
        heap: &Heap,
        hash: u64,
        key: Value<'_>,
        value: Value<'_>,
    ) -> Result<(), Raised> {
        heap.writes(self, Part::Key(hash));
        heap.writes(self, Part::Len);
        heap.writes(self, Part::Order);
        let mut inner = self.inner.borrow_mut();
        if inner.entries.len() == inner.entries.capacity() {
            inner.grow(heap)?;
        }
        let at = inner.entries.len();
        self.recent.set(key);
        self.recent_at.set(at as u32);
        inner.entries.push(Entry {
            hash,
            key: Slot::new(key),
            value: Slot::new(value),
        });
        inner.live += 1;
        if at == LINEAR {
            inner.rebuild_index();
        } else if at > LINEAR {
            inner.index.insert(hash, at);
        }
        Ok(())
    }

    /// Removes the entry at a position that `find` or a walk gave; returns its key and value.
    pub fn remove<'h>(&self, heap: &'h Heap, at: usize) -> (Value<'h>, Value<'h>) {
        let mut inner = self.inner.borrow_mut();
        self.recent.clear();
        let entry = &inner.entries[at];
        heap.writes(self, Part::Key(entry.hash));
        heap.writes(self, Part::Len);
        heap.writes(self, Part::Order);
        let (key, value, hash) = (entry.key.get(heap), self.resolve(heap, entry), entry.hash);
        if entry.value.is_undef() {
            self.set_linked(heap, entry, Value::UNDEF);
        }
        entry.key.clear();
        entry.value.clear();
        inner.live -= 1;
        inner.index.remove(hash, at);
        if inner.entries.len() < KEPT_HOLES {
            // As in CPython, an iterator sees what takes the place of a removed entry.
            if at == inner.first as usize {
                inner.first = inner.next_position(at).unwrap_or(0) as u32;
            }
        } else if inner.live == 0 {
            inner.entries.clear();
            inner.index.clear();
            inner.first = 0;
        } else if at == inner.first as usize {
            inner.first = inner.next_position(at).unwrap_or(0) as u32;
        } else if at + 1 == inner.entries.len() {
            while inner.entries.last().is_some_and(|e| e.key.is_undef()) {
                inner.entries.pop();
            }
        }
        (key, value)
    }

    /// Moves the entry at a position before all others.
    ///
    /// # Errors
    /// MemoryError.
    pub fn move_to_front(&self, heap: &Heap, at: usize) -> Result<(), Raised> {
        heap.writes(self, Part::Order);
        self.recent.clear();
        self.inner.borrow_mut().move_to_front(heap, at)
    }

    /// Removes all.
    pub fn clear(&self, heap: &Heap) {
        heap.writes(self, Part::All);
        self.recent.clear();
        self.clear_linked(heap);
        *self.inner.borrow_mut() = Inner::default();
    }

    /// The first position at or after `from` that is not a hole.
    #[inline]
    pub fn next_position(&self, heap: &Heap, from: usize) -> Option<usize> {
        heap.reads(self, Part::Order);
        self.inner.borrow().next_position(from)
    }

    /// The last position below `before` that is not a hole.
    pub fn previous_position(&self, heap: &Heap, before: usize) -> Option<usize> {
        heap.reads(self, Part::Order);
        let inner = self.inner.borrow();
        (0..before.min(inner.entries.len()))
            .rev()
            .find(|&i| !inner.entries[i].key.is_undef())
    }

    /// All keys and values, in order.
    pub fn entries<'h>(&self, heap: &'h Heap) -> Vec<(Value<'h>, Value<'h>)> {
        heap.reads(self, Part::All);
        let inner = self.inner.borrow();
        inner
            .entries
            .iter()
            .filter(|e| !e.key.is_undef())
            .map(|e| (e.key.get(heap), self.resolve(heap, e)))
            .collect()
    }

    /// All keys, in order.
    pub fn keys<'h>(&self, heap: &'h Heap) -> Vec<Value<'h>> {
        heap.reads(self, Part::All);
        let inner = self.inner.borrow();
        inner
            .entries
            .iter()
            .filter(|e| !e.key.is_undef())
            .map(|e| e.key.get(heap))
            .collect()
    }

    /// A table with the same entries.
    ///
    /// # Errors
    /// MemoryError.
    pub fn copy(&self, heap: &Heap) -> Result<Table, Raised> {
        heap.reads(self, Part::All);
        let inner = self.inner.borrow();
        let live = inner.live as usize;
        heap.room_for(live * (size_of::<Entry>() + INDEXED))?;
        let table = Table::with_capacity(live);
        heap.charge(live * size_of::<Entry>());
        for e in inner.entries.iter().filter(|e| !e.key.is_undef()) {
            heap.poll(1)?;
            table.push(heap, e.hash, e.key.get(heap), self.resolve(heap, e))?;
        }
        Ok(table)
    }
}

impl Inner {
    #[inline]
    fn next_position(&self, from: usize) -> Option<usize> {
        (from.max(self.first as usize)..self.entries.len())
            .find(|&i| !self.entries[i].key.is_undef())
    }

    /// The entries with this hash.
    #[inline(always)]
    fn candidates(&self, hash: u64) -> Candidates<'_> {
        Candidates {
            entries: &self.entries,
            hash,
            next: 0,
            probe: (self.entries.len() > LINEAR).then(|| self.index.probe(hash)),
        }
    }

    /// Finds a text: most keys are texts. `None`: another kind of key has the same hash.
    #[inline(always)]
    fn find_text(&self, heap: &Heap, hash: u64, text: Gc<'_, Str>) -> Option<Found> {
        let equal = |entry: &Entry| {
            let key = entry.key.get(heap);
            match key.as_gc::<Str>() {
                Some(other) => Some(other == text || other.same_text(text)),
                None => key.is_undef().then_some(false),
            }
        };
        if self.entries.len() <= LINEAR {
            for (at, entry) in self.entries.iter().enumerate() {
                if entry.hash == hash && equal(entry)? {
                    return Some(Found::At(at));
                }
            }
        } else {
            for at in self.index.probe(hash) {
                let entry = &self.entries[at];
                if entry.hash == hash && equal(entry)? {
                    return Some(Found::At(at));
                }
            }
        }
        Some(Found::Missing)
    }

    #[inline(never)]
    fn find_any(&self, heap: &Heap, hash: u64, key: Value<'_>) -> Found {
        let mut ask = Undecided::new();
        for (at, entry) in self.candidates(hash) {
            let Some(other) = entry.key.get(heap).defined() else {
                continue;
            };
            if other.is(key) {
                return Found::At(at);
            }
            match builtin_eq::equal(heap, other, key) {
                Some(true) => return Found::At(at),
                Some(false) => {}
                None => ask.push(at),
            }
        }
        if ask.is_empty() {
            Found::Missing
        } else {
            Found::Ask(Box::new(ask))
        }
    }

    fn move_to_front(&mut self, heap: &Heap, mut at: usize) -> Result<(), Raised> {
        if self.next_position(0) == Some(at) {
            return Ok(());
        }
        if self.next_position(0) == Some(0) {
            at = self.open_front(heap, at)?;
        }
        let target = self.next_position(0).map_or(0, |first| first - 1);
        let hole = Entry {
            hash: 0,
            key: Slot::undef(),
            value: Slot::undef(),
        };
        let entry = std::mem::replace(&mut self.entries[at], hole);
        if self.entries.len() > LINEAR {
            self.index.remove(entry.hash, at);
            self.index.insert(entry.hash, target);
        }
        self.entries[target] = entry;
        self.first = target as u32;
        Ok(())
    }

    /// Makes holes at the front and room at the end, each half as many as there are entries, so that many moves share the cost. Closes
    /// all other holes. Returns where the entry at a position is now.
    fn open_front(&mut self, heap: &Heap, at: usize) -> Result<usize, Raised> {
        let room = (self.live as usize / 2).max(8);
        let before = self.entries.capacity();
        let wanted = self.live as usize + 2 * room;
        heap.room_for(wanted.saturating_sub(before) * (size_of::<Entry>() + INDEXED))?;
        let has_room = (wanted <= LINEAR || self.index.reserve(wanted))
            && self
                .entries
                .try_reserve_exact(wanted.saturating_sub(self.entries.len()))
                .is_ok();
        heap.charge((self.entries.capacity() - before) * (size_of::<Entry>() + INDEXED));
        if !has_room {
            return Err(heap.memory_error());
        }
        let is_live = |entry: &Entry| !entry.key.is_undef();
        let rank = self.entries[..at].iter().filter(|e| is_live(e)).count();
        self.entries.retain(is_live);
        let holes = (0..room).map(|_| Entry {
            hash: 0,
            key: Slot::undef(),
            value: Slot::undef(),
        });
        self.entries.splice(0..0, holes);
        self.first = room as u32;
        self.rebuild_index();
        Ok(room + rank)
    }

    fn rebuild_index(&mut self) {
        if self.entries.len() <= LINEAR {
            self.index.clear();
            return;
        }
        // As large as the entries may get before they grow.
        self.index.reset(self.entries.capacity());
        for (at, entry) in self.entries.iter().enumerate() {
            if !entry.key.is_undef() {
                self.index.insert(entry.hash, at);
            }
        }
    }

    /// Makes room for an entry: closes the holes if they are many, else doubles.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, heap: &Heap) -> Result<(), Raised> {
        let holes = self.entries.len() - self.live as usize;
        if holes > self.entries.len() / 4 {
            self.entries.retain(|e| !e.key.is_undef());
            self.first = 0;
            self.rebuild_index();
            return Ok(());
        }
        let more = self.entries.capacity().max(4);
        heap.room_for(more * (size_of::<Entry>() + INDEXED))?;
        heap.charge(more * (size_of::<Entry>() + INDEXED));
        heap.note_growth();
        // The index first: once the entries have room, adding one must not fail.
        let room = (self.entries.len() < LINEAR || self.index.reserve(self.entries.len() + more))
            && self.entries.try_reserve_exact(more).is_ok();
        room.then_some(()).ok_or_else(|| heap.memory_error())
    }
}
