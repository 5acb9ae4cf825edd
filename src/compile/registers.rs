//! Registers of one frame: fixed ones for variables first, a stack of temporaries above them.
//!
//! Temporaries are taken from the top and given back to a mark, so a call's window (everything from its base on) never
//! holds anything alive. Running out is noted, not fatal: the function gets a diagnostic and the register that comes
//! back is one that exists.

use crate::bytecode::Reg;
use crate::bytecode::op::MAX_REG;

/// Most variables that get registers of their own; the rest of the window is for temporaries.
pub const MAX_FIXED: usize = 160;

/// How many variables keep registers when there are more than `MAX_FIXED`.
pub const KEPT_FIXED: usize = 120;

/// How many registers must be left for an expression; those that need more ask `has_room`.
const CROWD: usize = 50;

/// As few temporaries are not worth setting aside.
const WORTHWHILE: u16 = 12;

/// Which registers of the window are in use.
#[derive(Debug, Default)]
pub struct Registers {
    fixed: u16,
    top: u16,
    max: u16,
    overflow: bool,
}

/// A height of the stack of temporaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark(u16);

/// Registers in a row; where a row did not fit, the frame has been refused and they only must not panic.
pub fn row(first: Reg) -> impl Iterator<Item = Reg> {
    (0..=Reg::MAX).map(move |i| first.wrapping_add(i))
}

impl Registers {
    /// Takes the next register for the whole life of the frame; before any temporary.
    pub fn fix(&mut self) -> Reg {
        let reg = self.take(1);
        self.fixed = self.top;
        reg
    }

    /// Takes `n` registers in a row.
    pub fn take(&mut self, n: usize) -> Reg {
        let end = usize::from(self.top) + n;
        if end > MAX_REG + 1 {
            self.overflow = true;
            return 0;
        }
        let first = self.top;
        self.top = end as u16;
        self.max = self.max.max(self.top);
        first as Reg
    }

    /// Whether `n` more fit and leave room for what their evaluation needs.
    pub fn has_room(&self, n: usize) -> bool {
        usize::from(self.top) + n + 16 <= MAX_REG
    }

    /// Whether so many temporaries above a mark are in use that some should be set aside.
    pub fn is_crowded(&self, floor: Mark) -> bool {
        usize::from(self.top) + CROWD > MAX_REG && self.top >= floor.0 + WORTHWHILE
    }

    /// The temporaries above a mark.
    pub fn above(&self, floor: Mark) -> std::ops::Range<Reg> {
        floor.0 as Reg..self.top as Reg
    }

    /// The register that the next `take` will give.
    pub fn next(&self) -> Reg {
        self.top.min(MAX_REG as u16) as Reg
    }

    /// The height now.
    pub fn mark(&self) -> Mark {
        Mark(self.top)
    }

    /// Gives back everything above a mark.
    pub fn release(&mut self, mark: Mark) {
        self.top = mark.0;
    }

    /// Whether it is a temporary: nobody reads it before the expression that owns it is done.
    pub fn is_temporary(&self, reg: Reg) -> bool {
        u16::from(reg) >= self.fixed
    }

    /// Whether it is the temporary on top.
    pub fn is_top(&self, reg: Reg) -> bool {
        self.is_temporary(reg) && u16::from(reg) + 1 == self.top
    }

    /// Size of the window.
    pub fn window(&self) -> u16 {
        self.max
    }

    /// Whether something did not fit.
    pub fn overflowed(&self) -> bool {
        self.overflow
    }
}
