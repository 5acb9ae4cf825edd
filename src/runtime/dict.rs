//! Dicts: representation only; the methods are in `stdlib/builtins/types/dict.rs`, lookups that may run code in `vm/protocol/subscript.rs`.
//!
//! Insertion order is iteration order. Hash and equality come from the caller, for they may run the program; only keys that
//! are strings can be looked up from here.

use super::builtin_eq;
use super::heap::{Gc, Heap, traced};
use super::str::Str;
use super::table::{Found, Table};
use super::value::Value;

/// A dict.
#[derive(Default)]
pub struct Dict {
    /// Keys and values.
    pub table: Table,
}

traced!(Dict { table });

impl Heap {
    /// An empty dict.
    pub fn dict(&self) -> Gc<'_, Dict> {
        self.alloc(Dict::default())
    }

    /// A dict with these entries.
    pub fn dict_of(&self, table: Table) -> Gc<'_, Dict> {
        self.alloc(Dict { table })
    }
}

impl<'h> Gc<'h, Dict> {
    /// The value of a string key; the program has no say in it as long as no key is an object with `__eq__`.
    pub fn get_str(self, heap: &'h Heap, name: Gc<'h, Str>) -> Option<Value<'h>> {
        match self.table.find(heap, name.hash(), name.value()) {
            Found::At(i) => Some(self.table.value_at(heap, i)),
            _ => None,
        }
    }

    /// Binds a string key.
    pub fn set_str(self, heap: &'h Heap, name: Gc<'h, Str>, value: Value<'h>) {
        self.set_leaf(heap, name.value(), value);
    }

    /// Binds a key whose hash and equality need no program code (else: by identity). For what Rust code stores: without memory the
    /// MemoryError comes at the next safepoint.
    pub fn set_leaf(self, heap: &'h Heap, key: Value<'h>, value: Value<'h>) {
        let hash = builtin_eq::hash(heap, key).unwrap_or(0);
        match self.table.find(heap, hash, key) {
            Found::At(i) => self.table.set_value(heap, i, value),
            _ => self.table.add(heap, hash, key, value),
        }
    }

    /// Removes a string key; says whether it was there.
    pub fn remove_str(self, heap: &'h Heap, name: Gc<'h, Str>) -> bool {
        match self.table.find(heap, name.hash(), name.value()) {
            Found::At(i) => {
                self.table.remove(heap, i);
                true
            }
            _ => false,
        }
    }
}
