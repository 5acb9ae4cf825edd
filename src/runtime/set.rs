//! Sets and frozensets: representation only; the methods are in `stdlib/builtins/types/set.rs`.
//!
//! Members are stored in the order of insertion and brought into that of CPython's table where it shows (`set_order.rs`).

use std::cell::Cell;

use super::heap::{Gc, Heap, traced};
use super::raised::Raised;
use super::table::Table;
use super::types::Builtin;

/// A set or, by its class, a frozenset. The table's values are Undef.
#[derive(Default)]
pub struct Set {
    /// The members are its keys.
    pub table: Table,
    /// What the table looked like when its order was that of CPython's last.
    pub(super) settled: Cell<(usize, u64)>,
    /// The size of CPython's table at the beginning; 0: the smallest.
    pub(super) first_size: Cell<usize>,
    /// Whether the members stay in the order of insertion, as in the sets that `asyncio.wait` returns.
    pub keeps_insertion: Cell<bool>,
}

traced!(Set { table } plain { settled, first_size, keeps_insertion });

impl Set {
    fn new(table: Table) -> Set {
        Set {
            table,
            ..Set::default()
        }
    }
}

impl Heap {
    /// A set with this table.
    pub fn set(&self, table: Table) -> Gc<'_, Set> {
        self.alloc(Set::new(table))
    }

    /// A frozenset with this table.
    pub fn frozenset(&self, table: Table) -> Gc<'_, Set> {
        self.alloc_shaped(Set::new(table), self.types.shape_of(Builtin::FrozenSet))
    }
}

impl<'h> Gc<'h, Set> {
    /// A set or frozenset, as this one is, with the same members.
    ///
    /// # Errors
    /// MemoryError.
    pub fn copy(self, heap: &'h Heap) -> Result<Gc<'h, Set>, Raised> {
        self.copy_as(heap, heap.is_instance(self.value(), Builtin::FrozenSet))
    }

    /// A set with the same members.
    ///
    /// # Errors
    /// MemoryError.
    pub fn copy_mutable(self, heap: &'h Heap) -> Result<Gc<'h, Set>, Raised> {
        self.copy_as(heap, false)
    }

    fn copy_as(self, heap: &'h Heap, frozen: bool) -> Result<Gc<'h, Set>, Raised> {
        self.settle(heap);
        let table = self.table.copy(heap)?;
        let copy = if frozen {
            heap.frozenset(table)
        } else {
            heap.set(table)
        };
        copy.expect_members(copy.table.len(heap));
        Ok(copy)
    }
}
