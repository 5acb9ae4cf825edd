//! Code on the heap: a verified `Code`, its constants as values, its inline caches.

#![expect(unsafe_code, reason = "declares the slots of the type")]

use std::cell::Cell;
use std::rc::Rc;

use super::heap::{Kind, Object, Slot, Tracer};
use super::shape::NO_SHAPE;
use crate::bytecode::{Code, Instr};

/// `CodeObj::plain_args` of code that a call cannot enter directly.
pub const NOT_PLAIN: u32 = u32::MAX;

/// A code object, linked to the module that it runs in.
pub struct CodeObj {
    /// The first instruction; the instructions live as long as `code`.
    pub entry: *const Instr,
    /// If a call with exactly this many positional arguments can start running at once: how many; else `NOT_PLAIN`.
    pub plain_args: u32,
    /// Size of the register window.
    pub nregs: u32,
    /// The registers from here on must be made Undef when a frame is entered; `nregs` if none need be.
    pub undef_from: u32,
    /// The module whose globals it uses.
    pub module: Slot,
    /// The constants.
    pub consts: Box<[Slot]>,
    /// The inline caches.
    pub caches: Box<[Cache]>,
    /// The code.
    pub code: Rc<Code>,
}

/// What one attribute access has learned. Valid while the object's shape is `shape` and, where a class took part, the VM's
/// class epoch is `epoch`.
pub struct Cache {
    /// The shape that it is about; `NO_SHAPE` while it knows nothing.
    pub shape: Cell<u32>,
    /// The class epoch in which `value` was looked up.
    pub epoch: Cell<u32>,
    /// The slot in the instance; for a store that adds an attribute, the new slot.
    pub slot: Cell<u32>,
    /// For a store that adds an attribute: the shape afterwards; else `NO_SHAPE`.
    pub next_shape: Cell<u32>,
    /// What the class gave: a function for method calls, a value for reads; Undef when `slot` counts.
    pub value: Slot,
    /// The attribute's name, an interned string.
    pub name: Slot,
}

// SAFETY: paired with `Kind::Code` in `kinds!`; reports module, constants and the slots of the caches.
unsafe impl Object for CodeObj {
    const KIND: Kind = Kind::Code;

    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.slot(&self.module);
        tracer.slots(&self.consts);
        for cache in &self.caches {
            tracer.slot(&cache.value);
            tracer.slot(&cache.name);
        }
        tracer.external(self.consts.len() * 8 + self.caches.len() * size_of::<Cache>());
    }
}

impl Cache {
    /// A cache for a name, knowing nothing yet.
    pub fn new(name: Slot) -> Cache {
        Cache {
            shape: Cell::new(NO_SHAPE),
            epoch: Cell::new(0),
            slot: Cell::new(0),
            next_shape: Cell::new(NO_SHAPE),
            value: Slot::undef(),
            name,
        }
    }
}
