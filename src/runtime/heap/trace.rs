//! Marking: finds every object that the roots reach.
//!
//! The mark stack is explicit, so the depth of the object graph costs heap, not Rust stack.

use std::ptr::NonNull;

use super::gc::{Fixed, Gc, Header, Object, Slot};
use crate::runtime::value::Value;

/// The state of one marking phase.
pub struct Tracer<'a> {
    /// Marked objects whose slots were not looked at yet.
    pub(super) grey: &'a mut Vec<NonNull<Header>>,
    /// The mark of objects that were not reached yet.
    pub(super) old: u8,
    /// The mark of those that were.
    pub(super) mark: u8,
    /// Bytes that the reached objects own outside of their cells.
    pub(super) external: usize,
}

/// What can report the slots it owns: the roots of a collection.
pub trait Trace {
    /// Reports each slot.
    fn trace(&self, tracer: &mut Tracer<'_>);
}

impl Tracer<'_> {
    /// Reports a slot.
    #[inline]
    pub fn slot(&mut self, slot: &Slot) {
        self.bits(slot.bits());
    }

    /// Reports a slot that never changes.
    pub fn fixed<T: Object>(&mut self, slot: &Fixed<T>) {
        self.object(Gc::from_header(slot.header()));
    }

    /// Reports several slots.
    pub fn slots(&mut self, slots: &[Slot]) {
        for slot in slots {
            self.slot(slot);
        }
    }

    /// Reports bytes that the object owns outside of its cell.
    pub fn external(&mut self, bytes: usize) {
        self.external += bytes;
    }

    #[inline]
    pub(in crate::runtime) fn bits(&mut self, bits: u64) {
        if let Some(object) = Value::from_bits(bits).as_object() {
            self.object(object);
        }
    }

    #[inline]
    fn object(&mut self, object: Gc<'_, Header>) {
        let header = object.header();
        if header.mark.get() == self.old {
            header.mark.set(self.mark);
            self.grey.push(NonNull::from(header));
        }
    }
}
