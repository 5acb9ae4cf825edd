//! Sets and frozensets: representation only; the methods are in `stdlib/builtins/types/set.rs`.
//!
//! The members are in a table of their own kind (`members.rs`), whose order is CPython's.

use std::cell::Cell;

use super::heap::{Gc, Heap, traced};
use super::members::Members;
use super::raised::Raised;
use super::types::Builtin;

/// A set or, by its class, a frozenset.
#[derive(Default)]
pub struct Set {
    /// Its members.
    pub members: Members,
    /// The hash of a frozenset; 0 where it was not asked for yet.
    pub hash: Cell<u64>,
}

traced!(Set { members } plain { hash });

impl Heap {
    /// A set with these members.
    pub fn set(&self, members: Members) -> Gc<'_, Set> {
        self.alloc(Set {
            members,
            ..Set::default()
        })
    }

    /// A frozenset with these members.
    pub fn frozenset(&self, members: Members) -> Gc<'_, Set> {
        let set = Set {
            members,
            ..Set::default()
        };
        self.alloc_shaped(set, self.types.shape_of(Builtin::FrozenSet))
    }
}

impl<'h> Gc<'h, Set> {
    /// A set or frozenset, as this one is, with the same members.
    ///
    /// # Errors
    /// MemoryError.
    pub fn copy(self, heap: &'h Heap) -> Result<Gc<'h, Set>, Raised> {
        let members = self.members.copy(heap)?;
        Ok(match heap.is_instance(self.value(), Builtin::FrozenSet) {
            true => heap.frozenset(members),
            false => heap.set(members),
        })
    }

    /// A set with the same members.
    ///
    /// # Errors
    /// MemoryError.
    pub fn copy_mutable(self, heap: &'h Heap) -> Result<Gc<'h, Set>, Raised> {
        Ok(heap.set(self.members.copy(heap)?))
    }
}
