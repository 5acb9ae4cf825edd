//! Cells of captured variables, and the spill area of functions with more locals than registers.
//!
//! A cell is one slot, shared by the frames and functions that captured the variable; Undef while it is unbound. A spill area
//! is reached by its index alone and never seen by the program.

use super::heap::{Slot, SlotVec, traced};

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

traced!(CellObj { value });

traced!(Spill { slots });
