//! Lists: representation only; the methods are in `stdlib/builtins/types/list.rs`.
//!
//! A growable vector of slots. Whoever iterates asks for the length each time, since the program may change the list
//! meanwhile.

use super::heap::{Gc, Heap, SlotVec, traced};
use super::value::Value;

/// A list.
#[derive(Default)]
pub struct List {
    /// The items.
    pub items: SlotVec,
}

traced!(List { items });

impl Heap {
    /// A list of these values.
    pub fn list<'h>(&'h self, values: impl IntoIterator<Item = Value<'h>>) -> Gc<'h, List> {
        let items = SlotVec::from_values(values);
        self.charge(items.len() * 8);
        self.alloc(List { items })
    }
}
