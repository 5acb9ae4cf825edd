//! Cells of captured variables, and the spill area of functions with more locals than registers.
//!
//! A cell is one slot, shared by the frames and functions that captured the variable; Undef while it is unbound. A spill area
//! is reached by its index alone and never seen by the program.

#![expect(unsafe_code, reason = "declares the slots of the types")]

use super::heap::{Kind, Object, Slot, SlotVec, Tracer};

/// A variable that closures share.
pub struct CellObj {
    /// Its value; Undef while unbound.
    pub value: Slot,
}

/// Locals that found no register.
pub struct Spill {
    /// Their values.
    pub slots: SlotVec,
}

// SAFETY: paired with `Kind::Cell` in `kinds!`; reports its slot.
unsafe impl Object for CellObj {
    const KIND: Kind = Kind::Cell;

    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.slot(&self.value);
    }
}

// SAFETY: paired with `Kind::Spill` in `kinds!`; reports its slots.
unsafe impl Object for Spill {
    const KIND: Kind = Kind::Spill;

    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.slots.trace(tracer);
    }
}
