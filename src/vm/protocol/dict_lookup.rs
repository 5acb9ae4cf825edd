//! Dicts and sets by key: lookups that may have to ask the program whether two keys are equal.
//!
//! The table compares what it can itself and names the other candidates (`Found::Ask`); `find_key` calls their `__eq__`. That may
//! change the table, so each answer counts only if the entry is still there, and a table that changed is searched again. The
//! `*_leaf` forms never run code: they are what the loop tries first.

use crate::runtime::dict::Dict;
use crate::runtime::members::Members;
use crate::runtime::set::Set;
use crate::runtime::table::{Found, Table};
use crate::runtime::{Gc, Heap, Raised, Value, builtin_eq};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::compare::Comparison;
use crate::vm::protocol::equality::hash_frozenset;

/// What the program said about the candidates.
enum Answer {
    At(usize),
    Missing,
    /// The table is not the one that was searched.
    Changed,
}

// Without program code.
impl Vm {
    /// The value of a key; None: missing, or the program may have a say.
    #[inline]
    pub fn dict_get_leaf<'h>(&'h self, dict: Gc<'h, Dict>, key: Value<'h>) -> Option<Value<'h>> {
        match dict.get().table.find_leaf(&self.heap, key)? {
            Found::At(at) => Some(dict.get().table.value_at(&self.heap, at)),
            _ => None,
        }
    }

    /// Binds a key; false: nothing was done, the program may have a say.
    #[inline]
    pub fn dict_set_leaf<'h>(
        &'h self,
        dict: Gc<'h, Dict>,
        key: Value<'h>,
        value: Value<'h>,
    ) -> bool {
        let (heap, table) = (&self.heap, &dict.get().table);
        match table.find_leaf(heap, key) {
            Some(Found::At(at)) => table.set_value(heap, at, value),
            Some(Found::Missing) => {
                let hash = builtin_eq::hash(heap, key).expect("what was looked for has a hash");
                // Without memory the general path raises.
                return table.push(heap, hash, key, value).is_ok();
            }
            Some(Found::Ask(_)) | None => return false,
        }
        true
    }
}

// Dicts.
impl Vm {
    /// `dict.get(key)`; None: missing.
    pub fn dict_get(&mut self, dict: Local, key: Local) -> Result<Option<Local>, Raised> {
        let hash = self.hash(key)?;
        let at = self.find_key(dict, hash, key)?;
        Ok(at.map(|at| self.local(self.table(dict).value_at(&self.heap, at))))
    }

    /// `dict.get(key)`, the hash known.
    pub fn dict_get_hashed(
        &mut self,
        dict: Local,
        hash: u64,
        key: Local,
    ) -> Result<Option<Local>, Raised> {
        let at = self.find_key(dict, hash, key)?;
        Ok(at.map(|at| self.local(self.table(dict).value_at(&self.heap, at))))
    }

    /// `dict.setdefault(key, value)`: the key is hashed and compared once.
    pub fn dict_set_default(
        &mut self,
        dict: Local,
        key: Local,
        value: Local,
    ) -> Result<Local, Raised> {
        let hash = self.hash(key)?;
        if let Some(found) = self.dict_get_hashed(dict, hash, key)? {
            return Ok(found);
        }
        self.table(dict)
            .push(&self.heap, hash, self.get(key), self.get(value))?;
        Ok(value)
    }

    /// `dict[key] = value`
    pub fn dict_set(&mut self, dict: Local, key: Local, value: Local) -> Result<(), Raised> {
        let hash = self.hash(key)?;
        self.dict_set_hashed(dict, hash, key, value)
    }

    /// `dict[key] = value`, the hash known.
    pub fn dict_set_hashed(
        &mut self,
        dict: Local,
        hash: u64,
        key: Local,
        value: Local,
    ) -> Result<(), Raised> {
        match self.find_key(dict, hash, key)? {
            Some(at) => self.table(dict).set_value(&self.heap, at, self.get(value)),
            None => self
                .table(dict)
                .push(&self.heap, hash, self.get(key), self.get(value))?,
        }
        Ok(())
    }

    /// Moves the entry of a key to the end of a dict, or to its beginning; says whether the dict has the key. The key that is stored
    /// stays the same object.
    pub fn dict_move(&mut self, dict: Local, key: Local, to: DictEnd) -> Result<bool, Raised> {
        let hash = self.hash(key)?;
        let Some(at) = self.find_key(dict, hash, key)? else {
            return Ok(false);
        };
        let table = self.table(dict);
        match to {
            DictEnd::Last => {
                let (key, value) = table.remove(&self.heap, at);
                table.push(&self.heap, hash, key, value)?;
            }
            DictEnd::First => {
                table.move_to_front(&self.heap, at)?;
            }
        }
        Ok(true)
    }

    /// Removes a key and returns its value; None: missing.
    pub fn dict_remove(&mut self, dict: Local, key: Local) -> Result<Option<Local>, Raised> {
        let hash = self.hash(key)?;
        self.dict_remove_hashed(dict, hash, key)
    }

    /// The same, the hash known.
    pub fn dict_remove_hashed(
        &mut self,
        dict: Local,
        hash: u64,
        key: Local,
    ) -> Result<Option<Local>, Raised> {
        let at = self.find_key(dict, hash, key)?;
        Ok(at.map(|at| self.local(self.table(dict).remove(&self.heap, at).1)))
    }
}

/// An end of a dict.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum DictEnd {
    First,
    Last,
}

// Sets.
impl Vm {
    /// `item in set`
    pub fn set_contains(&mut self, set: Local, item: Local) -> Result<bool, Raised> {
        let hash = self.member_hash(item)?;
        Ok(self.find_key(set, hash, item)?.is_some())
    }

    /// `set.add(item)`; says whether it is new.
    pub fn set_add(&mut self, set: Local, item: Local) -> Result<bool, Raised> {
        let hash = self.hash(item)?;
        self.set_add_hashed(set, hash, item)
    }

    pub(in crate::vm) fn set_add_hashed(
        &mut self,
        set: Local,
        hash: u64,
        item: Local,
    ) -> Result<bool, Raised> {
        let missing = self.find_key(set, hash, item)?.is_none();
        if missing {
            self.members(set).push(&self.heap, hash, self.get(item))?;
        }
        Ok(missing)
    }

    /// `set.discard(item)`; says whether it was there.
    pub fn set_discard(&mut self, set: Local, item: Local) -> Result<bool, Raised> {
        let hash = self.member_hash(item)?;
        self.set_discard_hashed(set, hash, item)
    }

    pub(in crate::vm) fn set_discard_hashed(
        &mut self,
        set: Local,
        hash: u64,
        item: Local,
    ) -> Result<bool, Raised> {
        let at = self.find_key(set, hash, item)?;
        if let Some(at) = at {
            self.members(set).remove(&self.heap, at);
        }
        Ok(at.is_some())
    }

    /// The hash to look for in a set: a set stands for the frozenset with its members.
    fn member_hash(&mut self, item: Local) -> Result<u64, Raised> {
        if let Some(set) = self.get_gc::<Set>(item) {
            return Ok(hash_frozenset(&self.heap, &set.get().members));
        }
        match self.hash(item) {
            // A subclass of set with a hash of its own has that one.
            Err(raised) if self.is_type_error(&raised) => {
                let Some(set) = self.plain_value(self.get(item)).as_gc::<Set>() else {
                    return Err(raised);
                };
                self.heap.take_raised(raised);
                Ok(hash_frozenset(&self.heap, &set.get().members))
            }
            hash => hash,
        }
    }
}

/// The keys of a dict, or the members of a set.
pub(in crate::vm) enum Keys<'a> {
    Dict(&'a Table),
    Set(&'a Members),
}

/// A key in a walk over some.
pub(in crate::vm) struct Key<'h> {
    pub position: usize,
    pub hash: u64,
    pub key: Value<'h>,
    /// Undef in a set.
    pub value: Value<'h>,
}

impl Keys<'_> {
    /// How many there are.
    pub fn len(&self, heap: &Heap) -> usize {
        match self {
            Keys::Dict(table) => table.len(heap),
            Keys::Set(members) => members.len(heap),
        }
    }

    /// Where a key is.
    #[inline]
    pub fn find(&self, heap: &Heap, hash: u64, key: Value<'_>) -> Found {
        match self {
            Keys::Dict(table) => table.find(heap, hash, key),
            Keys::Set(members) => members.find(heap, hash, key),
        }
    }

    /// The first key at or after a position.
    #[inline]
    pub fn next<'h>(&self, heap: &'h Heap, from: usize) -> Option<Key<'h>> {
        let (position, hash, key, value) = match self {
            Keys::Dict(table) => {
                let at = table.next_position(heap, from)?;
                let (key, value) = table.entry(heap, at)?;
                (at, table.hash_at(heap, at), key, value)
            }
            Keys::Set(members) => {
                let (at, hash, key) = members.next(heap, from)?;
                (at, hash, key, Value::UNDEF)
            }
        };
        Some(Key {
            position,
            hash,
            key,
            value,
        })
    }

    /// The key at a position.
    fn at<'h>(&self, heap: &'h Heap, position: usize) -> Option<Value<'h>> {
        match self {
            Keys::Dict(table) => table.entry(heap, position).map(|(key, _)| key),
            Keys::Set(members) => members.at(heap, position),
        }
    }

    /// What a change of the keys changes: the end of a walk, and their number.
    fn state(&self, heap: &Heap) -> (usize, usize) {
        let end = match self {
            Keys::Dict(table) => table.end(heap),
            Keys::Set(members) => members.end(heap),
        };
        (end, self.len(heap))
    }
}

// Tables.
impl Vm {
    /// The table of a dict, or of an instance around one.
    pub(in crate::vm) fn table(&self, dict: Local) -> &Table {
        let plain = self.plain_value(self.get(dict));
        let dict = plain.as_gc::<Dict>();
        &dict.expect("the caller knows it to be a dict").get().table
    }

    /// The members of a set, or of an instance around one.
    pub(in crate::vm) fn members(&self, set: Local) -> &Members {
        let plain = self.plain_value(self.get(set));
        let set = plain.as_gc::<Set>();
        &set.expect("the caller knows it to be a set").get().members
    }

    /// The keys of a dict or set, or of an instance around one.
    pub(in crate::vm) fn keys(&self, holder: Local) -> Keys<'_> {
        let plain = self.plain_value(self.get(holder));
        match plain.as_gc::<Dict>() {
            Some(dict) => Keys::Dict(&dict.get().table),
            None => Keys::Set(self.members(holder)),
        }
    }

    /// Where a key is.
    #[inline]
    pub(in crate::vm) fn find_key(
        &mut self,
        holder: Local,
        hash: u64,
        key: Local,
    ) -> Result<Option<usize>, Raised> {
        loop {
            let candidates = match self.keys(holder).find(&self.heap, hash, self.get(key)) {
                Found::At(at) => return Ok(Some(at)),
                Found::Missing => return Ok(None),
                Found::Ask(candidates) => candidates,
            };
            match self.ask(holder, key, &candidates)? {
                Answer::At(at) => return Ok(Some(at)),
                Answer::Missing => return Ok(None),
                Answer::Changed => {}
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn ask(&mut self, holder: Local, key: Local, candidates: &[usize]) -> Result<Answer, Raised> {
        let before = self.keys(holder).state(&self.heap);
        for &at in candidates {
            let Some(other) = self.keys(holder).at(&self.heap, at) else {
                return Ok(Answer::Changed);
            };
            let mark = self.mark();
            let other = self.local(other);
            let equal = self.compare_truth(Comparison::Eq, other, key)?;
            let keys = self.keys(holder);
            let unchanged = keys
                .at(&self.heap, at)
                .is_some_and(|now| now.is(self.get(other)))
                && keys.state(&self.heap) == before;
            self.release(mark);
            if !unchanged {
                return Ok(Answer::Changed);
            }
            if equal {
                return Ok(Answer::At(at));
            }
        }
        Ok(Answer::Missing)
    }

    /// The next entry at or after `position`, which moves after it: hash, key, value in new locals.
    pub(in crate::vm) fn next_entry(
        &self,
        holder: Local,
        position: &mut usize,
    ) -> Option<(u64, Local, Local)> {
        let next = self.keys(holder).next(&self.heap, *position)?;
        *position = next.position + 1;
        Some((next.hash, self.local(next.key), self.local(next.value)))
    }
}
