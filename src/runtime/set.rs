//! Sets and frozensets, in insertion order: representation only; the methods are in `stdlib/builtins/types/set.rs`.
//!
//! CPython's order is that of hashes; here it is that of insertion, so that nothing visible depends on hashes.

use super::heap::{Gc, Heap, traced};
use super::table::Table;
use super::types::Builtin;

/// A set or, by its class, a frozenset. The table's values are Undef.
#[derive(Default)]
pub struct Set {
    /// The members are its keys.
    pub table: Table,
}

traced!(Set { table });

impl Heap {
    /// A set with this table.
    pub fn set(&self, table: Table) -> Gc<'_, Set> {
        self.alloc(Set { table })
    }

    /// A frozenset with this table.
    pub fn frozenset(&self, table: Table) -> Gc<'_, Set> {
        self.alloc_shaped(Set { table }, self.types.shape_of(Builtin::FrozenSet))
    }
}
