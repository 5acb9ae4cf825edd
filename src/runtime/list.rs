//! Lists: representation only; the methods are in `stdlib/builtins/types/list.rs`.
//!
//! A growable vector of slots. Whoever iterates asks for the length each time, since the program may change the list
//! meanwhile.

#![expect(unsafe_code, reason = "declares the slots of the type")]

use super::heap::{Gc, Heap, Kind, Object, SlotVec, Tracer};
use super::value::Value;

/// A list.
#[derive(Default)]
pub struct List {
    /// The items.
    pub items: SlotVec,
}

// SAFETY: paired with `Kind::List` in `kinds!`; reports all items.
unsafe impl Object for List {
    const KIND: Kind = Kind::List;

    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.items.trace(tracer);
    }
}

impl Heap {
    /// A list of these values.
    pub fn list<'h>(&'h self, values: impl IntoIterator<Item = Value<'h>>) -> Gc<'h, List> {
        let items = SlotVec::from_values(values);
        self.charge(items.len() * 8);
        self.alloc(List { items })
    }
}
