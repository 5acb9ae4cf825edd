//! The hash table under sets: members lie where CPython's table would have them, so that what equal programs print is equal.
//!
//! Open addressing; a probe looks at some neighbours before it jumps; removed members leave places that a later one may take. Small integers come sorted; the order of texts depends on their hashes, which are fixed here and random there.
//! Hash and equality come from the caller, as for the tables of dicts (`table.rs`), and so does the report of what is read and written.
//! The sets that `asyncio.wait` returns keep the order of insertion instead: theirs is such a table.

use std::cell::RefCell;

use super::builtin_eq;
use super::heap::{Heap, Part, Slot, traced};
use super::raised::Raised;
use super::str::Str;
use super::table::{Found, Table, Undecided};
use super::value::Value;

/// The smallest table.
const SMALLEST: usize = 8;
/// How many neighbours a probe looks at before it jumps.
const NEIGHBOURS: usize = 9;
/// By how much a jump shifts the hash.
const SHIFT: u32 = 5;
/// Tables with more members than this double when they grow; smaller ones quadruple.
const LARGE: usize = 50_000;
/// The hash of a place whose member was removed: no object has it.
const REMOVED: u64 = u64::MAX;

/// The members of a set.
#[derive(Default)]
pub struct Members {
    hashed: RefCell<Hashed>,
    /// The members of a set that keeps the order of insertion, as keys; `hashed` is then empty.
    ordered: Option<Box<Table>>,
}

#[derive(Default)]
struct Hashed {
    /// A power of two; none as long as there was no member.
    places: Vec<Place>,
    /// How many members there are.
    used: usize,
    /// The same with the places of removed ones.
    filled: usize,
    /// Where `pop` looks first.
    finger: usize,
}

/// Of a member; or free, with Undef and the hash 0; or of a removed member, with Undef and `REMOVED`.
struct Place {
    hash: u64,
    key: Slot,
}

traced!(Members { hashed, ordered });
traced!(Hashed { places } plain { used, filled, finger });
traced!(Place { key } plain { hash });

impl Place {
    fn free() -> Place {
        Place {
            hash: 0,
            key: Slot::undef(),
        }
    }

    #[inline(always)]
    fn is_free(&self) -> bool {
        self.hash == 0 && self.key.is_undef()
    }
}

/// The places where a hash is looked for, in order: runs of neighbours.
struct Probe {
    at: usize,
    mask: usize,
    perturb: u64,
}

impl Probe {
    #[inline(always)]
    fn new(hash: u64, places: usize) -> Probe {
        let mask = places - 1;
        Probe {
            at: hash as usize & mask,
            mask,
            perturb: hash,
        }
    }

    /// The next run.
    #[inline(always)]
    fn run(&mut self) -> std::ops::RangeInclusive<usize> {
        let first = self.at;
        self.perturb >>= SHIFT;
        self.at = first
            .wrapping_mul(5)
            .wrapping_add(1)
            .wrapping_add(self.perturb as usize)
            & self.mask;
        let last = first + NEIGHBOURS;
        first..=if last <= self.mask { last } else { first }
    }
}

impl Members {
    /// No members yet, which will keep the order of insertion.
    pub fn in_order() -> Members {
        Members {
            ordered: Some(Box::default()),
            ..Members::default()
        }
    }

    /// How many there are.
    #[inline]
    pub fn len(&self, heap: &Heap) -> usize {
        if let Some(table) = &self.ordered {
            return table.len(heap);
        }
        heap.reads(self, Part::Len);
        self.hashed.borrow().used
    }

    /// Whether there are none.
    pub fn is_empty(&self, heap: &Heap) -> bool {
        self.len(heap) == 0
    }

    /// The end of a walk by position.
    pub fn end(&self, heap: &Heap) -> usize {
        if let Some(table) = &self.ordered {
            return table.end(heap);
        }
        heap.reads(self, Part::Order);
        self.hashed.borrow().places.len()
    }

    /// Finds a member whose hash takes no program code; `None`: it may take some, or there is none.
    #[inline]
    pub fn find_leaf(&self, heap: &Heap, key: Value<'_>) -> Option<Found> {
        Some(self.find(heap, builtin_eq::hash(heap, key)?, key))
    }

    /// Finds a member.
    #[inline]
    pub fn find(&self, heap: &Heap, hash: u64, key: Value<'_>) -> Found {
        if let Some(table) = &self.ordered {
            return table.find(heap, hash, key);
        }
        heap.reads(self, Part::Key(hash));
        self.hashed.borrow().find(heap, hash, key)
    }

    /// Whether each is a member of another set; None: the program may have a say.
    pub fn is_subset(&self, heap: &Heap, other: &Members) -> Option<bool> {
        let mut position = 0;
        while let Some((at, hash, key)) = self.next(heap, position) {
            match other.find(heap, hash, key) {
                Found::At(_) => {}
                Found::Missing => return Some(false),
                Found::Ask(_) => return None,
            }
            position = at + 1;
        }
        Some(true)
    }

    /// The first member at or after a position: its position and hash, and itself.
    #[inline]
    pub fn next<'h>(&self, heap: &'h Heap, from: usize) -> Option<(usize, u64, Value<'h>)> {
        if let Some(table) = &self.ordered {
            let at = table.next_position(heap, from)?;
            return Some((at, table.hash_at(heap, at), table.entry(heap, at)?.0));
        }
        heap.reads(self, Part::Order);
        let hashed = self.hashed.borrow();
        let places = hashed.places.get(from..)?;
        let found = places.iter().position(|place| !place.key.is_undef())?;
        let place = &places[found];
        heap.reads(self, Part::Key(place.hash));
        Some((from + found, place.hash, place.key.get(heap)))
    }

    /// The member at a position, if there is one.
    pub fn at<'h>(&self, heap: &'h Heap, position: usize) -> Option<Value<'h>> {
        if let Some(table) = &self.ordered {
            return Some(table.entry(heap, position)?.0);
        }
        heap.reads(self, Part::Order);
        let hashed = self.hashed.borrow();
        let place = hashed.places.get(position)?;
        heap.reads(self, Part::Key(place.hash));
        place.key.get(heap).defined()
    }

    /// All of them, in order.
    pub fn keys<'h>(&self, heap: &'h Heap) -> Vec<Value<'h>> {
        if let Some(table) = &self.ordered {
            return table.keys(heap);
        }
        heap.reads(self, Part::All);
        let hashed = self.hashed.borrow();
        let keys = hashed.places.iter().filter(|it| !it.key.is_undef());
        keys.map(|place| place.key.get(heap)).collect()
    }

    /// Adds one that is known to be missing.
    ///
    /// # Errors
    /// MemoryError.
    #[inline]
    pub fn push(&self, heap: &Heap, hash: u64, key: Value<'_>) -> Result<(), Raised> {
        if let Some(table) = &self.ordered {
            return table.push(heap, hash, key, Value::UNDEF);
        }
        self.writes_one(heap, hash);
        let mut hashed = self.hashed.borrow_mut();
        if hashed.filled > hashed.used
            && let Some(at) = hashed.place_of_removed(hash)
        {
            hashed.used += 1;
            hashed.places[at] = Place {
                hash,
                key: Slot::new(key),
            };
            return Ok(());
        }
        if hashed.has_room() {
            hashed.put(hash, Slot::new(key));
            return Ok(());
        }
        hashed.put_and_grow(heap, hash, key)
    }

    /// `push` for Rust code that cannot fail: without memory the MemoryError comes at the next safepoint.
    pub fn add(&self, heap: &Heap, hash: u64, key: Value<'_>) {
        if let Err(raised) = self.push(heap, hash, key) {
            heap.raise_later(raised);
        }
    }

    /// Removes the one at a position that `find` or a walk gave.
    pub fn remove<'h>(&self, heap: &'h Heap, at: usize) -> Value<'h> {
        if let Some(table) = &self.ordered {
            return table.remove(heap, at).0;
        }
        let mut hashed = self.hashed.borrow_mut();
        self.writes_one(heap, hashed.places[at].hash);
        hashed.used -= 1;
        let place = &mut hashed.places[at];
        let key = place.key.get(heap);
        place.hash = REMOVED;
        place.key.clear();
        key
    }

    /// Removes one, whichever; None: there is none.
    pub fn pop<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        if let Some(table) = &self.ordered {
            let first = table.next_position(heap, 0)?;
            return Some(table.remove(heap, first).0);
        }
        let at = {
            let hashed = self.hashed.borrow();
            let start = hashed.finger & hashed.places.len().checked_sub(1)?;
            let (before, after) = hashed.places.split_at(start);
            let taken = |place: &Place| !place.key.is_undef();
            let later = after.iter().position(taken).map(|at| start + at);
            later.or_else(|| before.iter().position(taken))?
        };
        self.hashed.borrow_mut().finger = at + 1;
        Some(self.remove(heap, at))
    }

    /// Removes all.
    pub fn clear(&self, heap: &Heap) {
        if let Some(table) = &self.ordered {
            return table.clear(heap);
        }
        heap.writes(self, Part::All);
        let finger = self.hashed.borrow().finger;
        *self.hashed.borrow_mut() = Hashed {
            finger,
            ..Hashed::default()
        };
    }

    /// Makes room for so many more at once, as adding a whole set or dict does.
    ///
    /// # Errors
    /// MemoryError.
    pub fn make_room(&self, heap: &Heap, more: usize) -> Result<(), Raised> {
        let mut hashed = self.hashed.borrow_mut();
        if self.ordered.is_some() || (hashed.filled + more) * 5 < hashed.mask() * 3 {
            return Ok(());
        }
        heap.writes(self, Part::Order);
        let wanted = (hashed.used + more) * 2;
        hashed.rehash(heap, wanted)
    }

    /// Makes the table anew if more than a quarter of its places are of removed members, as removing a whole set does.
    ///
    /// # Errors
    /// MemoryError.
    pub fn close_gaps(&self, heap: &Heap) -> Result<(), Raised> {
        let mut hashed = self.hashed.borrow_mut();
        if hashed.filled - hashed.used <= hashed.mask() / 4 {
            return Ok(());
        }
        heap.writes(self, Part::Order);
        let wanted = hashed.grown();
        hashed.rehash(heap, wanted)
    }

    /// The same members, in a set of its own that does not keep the order of insertion.
    ///
    /// # Errors
    /// MemoryError.
    pub fn copy(&self, heap: &Heap) -> Result<Members, Raised> {
        let copy = Members::default();
        heap.poll(self.len(heap))?;
        copy.make_room(heap, self.len(heap))?;
        copy.fill(heap, self)?;
        Ok(copy)
    }

    /// Adds the members of another set to this one, which never had any and has room for them.
    ///
    /// # Errors
    /// MemoryError.
    pub fn fill(&self, heap: &Heap, source: &Members) -> Result<(), Raised> {
        if self.ordered.is_none() && source.ordered.is_none() {
            heap.reads(source, Part::All);
            heap.writes(self, Part::All);
            return (self.hashed.borrow_mut()).fill(heap, &source.hashed.borrow());
        }
        let mut position = 0;
        while let Some((at, hash, key)) = source.next(heap, position) {
            self.push(heap, hash, key)?;
            position = at + 1;
        }
        Ok(())
    }

    /// Whether no member was ever added, or all were taken away at once.
    pub fn is_unused(&self, heap: &Heap) -> bool {
        match &self.ordered {
            Some(table) => table.is_empty(heap),
            None => self.hashed.borrow().filled == 0,
        }
    }

    /// Takes the members of another set, which is used no more.
    ///
    /// # Errors
    /// MemoryError.
    pub fn take(&self, heap: &Heap, other: &Members) -> Result<(), Raised> {
        if self.ordered.is_some() || other.ordered.is_some() {
            self.clear(heap);
            return self.fill(heap, other);
        }
        heap.writes(self, Part::All);
        heap.writes(other, Part::All);
        let taken = other.hashed.take();
        let mut hashed = self.hashed.borrow_mut();
        *hashed = Hashed {
            finger: hashed.finger,
            ..taken
        };
        Ok(())
    }

    fn writes_one(&self, heap: &Heap, hash: u64) {
        heap.writes(self, Part::Key(hash));
        heap.writes(self, Part::Len);
        heap.writes(self, Part::Order);
    }
}

impl Hashed {
    /// CPython's table has the smallest size from the beginning.
    fn mask(&self) -> usize {
        self.places.len().max(SMALLEST) - 1
    }

    #[inline(always)]
    fn find(&self, heap: &Heap, hash: u64, key: Value<'_>) -> Found {
        if self.places.is_empty() {
            return Found::Missing;
        }
        let mut ask: Option<Box<Undecided>> = None;
        let mut probe = Probe::new(hash, self.places.len());
        loop {
            for at in probe.run() {
                let place = &self.places[at];
                if place.hash != hash {
                    if place.is_free() {
                        return ask.map_or(Found::Missing, Found::Ask);
                    }
                    continue;
                }
                let other = place.key.get(heap);
                if other.is(key) {
                    return Found::At(at);
                }
                if other.is_undef() {
                    if hash == 0 {
                        return ask.map_or(Found::Missing, Found::Ask);
                    }
                    continue;
                }
                match equal(heap, other, key) {
                    Some(true) => return Found::At(at),
                    Some(false) => {}
                    None => ask.get_or_insert_default().push(at),
                }
            }
        }
    }

    /// Whether one more can be put without growing after it.
    #[inline(always)]
    fn has_room(&self) -> bool {
        (self.filled + 1) * 5 < self.places.len().saturating_sub(1) * 3
    }

    /// Puts one into a table without places of removed members: into the first free place of its probe.
    #[inline]
    fn put(&mut self, hash: u64, key: Slot) {
        self.used += 1;
        self.filled += 1;
        let mut probe = Probe::new(hash, self.places.len());
        loop {
            for at in probe.run() {
                if self.places[at].is_free() {
                    self.places[at] = Place { hash, key };
                    return;
                }
            }
        }
    }

    /// The last place of a removed member that the probe of a missing one passes.
    fn place_of_removed(&self, hash: u64) -> Option<usize> {
        let mut found = None;
        let mut probe = Probe::new(hash, self.places.len());
        loop {
            for at in probe.run() {
                let place = &self.places[at];
                if place.is_free() {
                    return found;
                }
                if place.key.is_undef() {
                    found = Some(at);
                }
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn put_and_grow(&mut self, heap: &Heap, hash: u64, key: Value<'_>) -> Result<(), Raised> {
        if self.places.is_empty() {
            self.places = new_places(heap, SMALLEST)?;
        }
        if self.has_room() {
            self.put(hash, Slot::new(key));
            return Ok(());
        }
        // The memory first: once it is there, nothing fails.
        let larger = Hashed {
            used: self.used + 1,
            ..Hashed::default()
        };
        let places = new_places(heap, size_beyond(larger.grown()))?;
        self.put(hash, Slot::new(key));
        self.move_to(places);
        Ok(())
    }

    /// For how many members a table grows.
    fn grown(&self) -> usize {
        self.used * if self.used > LARGE { 2 } else { 4 }
    }

    /// Makes the table anew, with more than so many places.
    fn rehash(&mut self, heap: &Heap, wanted: usize) -> Result<(), Raised> {
        let places = new_places(heap, size_beyond(wanted))?;
        self.move_to(places);
        Ok(())
    }

    fn move_to(&mut self, places: Vec<Place>) {
        let old = std::mem::replace(&mut self.places, places);
        (self.used, self.filled) = (0, 0);
        for place in old.into_iter().filter(|place| !place.key.is_undef()) {
            self.put(place.hash, place.key);
        }
    }

    fn fill(&mut self, heap: &Heap, source: &Hashed) -> Result<(), Raised> {
        if source.used == 0 {
            return Ok(());
        }
        if self.places.is_empty() {
            self.places = new_places(heap, SMALLEST)?;
        }
        let same = self.places.len() == source.places.len() && source.filled == source.used;
        if same {
            heap.note_work(self.places.len());
            for (place, other) in self.places.iter_mut().zip(&source.places) {
                place.hash = other.hash;
                place.key.assign(&other.key);
            }
            (self.used, self.filled) = (source.used, source.filled);
            return Ok(());
        }
        for place in source.places.iter().filter(|place| !place.key.is_undef()) {
            heap.poll(1)?;
            self.put(place.hash, Slot::copy(&place.key));
        }
        Ok(())
    }
}

/// Whether two keys with the same hash are equal; None: the program may have a say.
#[inline]
fn equal(heap: &Heap, a: Value<'_>, b: Value<'_>) -> Option<bool> {
    if let (Some(a), Some(b)) = (a.as_gc::<Str>(), b.as_gc::<Str>()) {
        return Some(a.same_text(b));
    }
    builtin_eq::equal(heap, a, b)
}

/// The smallest size of a table that is larger than so many places.
fn size_beyond(places: usize) -> usize {
    (places + 1).next_power_of_two().max(SMALLEST)
}

fn new_places(heap: &Heap, count: usize) -> Result<Vec<Place>, Raised> {
    let bytes = count * size_of::<Place>();
    heap.charge(bytes);
    if count > SMALLEST {
        heap.room_for(bytes)?;
        heap.note_growth();
    }
    let mut places = Vec::new();
    if places.try_reserve_exact(count).is_err() {
        return Err(heap.memory_error());
    }
    places.resize_with(count, Place::free);
    Ok(places)
}
