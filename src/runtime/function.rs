//! Functions written in apy, and methods bound to their receiver.

#![expect(unsafe_code, reason = "declares the slots of the types")]

use super::code::CodeObj;
use super::heap::{Gc, Heap, Kind, Object, Slot, Tracer};
use super::value::Value;

/// A function: code and what it closes over. The cells of the closure are its tail.
pub struct Function {
    /// The code, a `CodeObj`.
    pub code: Slot,
    /// Defaults of the last positional parameters: a tuple, or Undef.
    pub defaults: Slot,
    /// Defaults of keyword-only parameters: a dict, or Undef.
    pub kwdefaults: Slot,
    /// `__name__`, a string.
    pub name: Slot,
    /// `__qualname__`, a string.
    pub qualname: Slot,
    /// `__doc__`.
    pub doc: Slot,
    /// `__annotations__`: a dict, or Undef.
    pub annotations: Slot,
    /// Other attributes: a dict, or Undef.
    pub attrs: Slot,
    /// Number of cells.
    pub ncells: u32,
}

// SAFETY: paired with `Kind::Function` in `kinds!`; reports its slots, the cells being the tail.
unsafe impl Object for Function {
    const KIND: Kind = Kind::Function;

    fn trace(&self, tracer: &mut Tracer<'_>) {
        for slot in [
            &self.code,
            &self.defaults,
            &self.kwdefaults,
            &self.name,
            &self.qualname,
            &self.doc,
            &self.annotations,
            &self.attrs,
        ] {
            tracer.slot(slot);
        }
    }

    #[inline(always)]
    fn tail_len(&self) -> usize {
        self.ncells as usize
    }
}

impl<'h> Gc<'h, Function> {
    /// The function's code.
    #[inline(always)]
    pub fn code(self, heap: &'h Heap) -> Gc<'h, CodeObj> {
        self.code.expect(heap)
    }
}

/// A function and its first argument.
pub struct BoundMethod {
    /// What is called.
    pub function: Slot,
    /// What it gets as first argument.
    pub receiver: Slot,
}

// SAFETY: paired with `Kind::BoundMethod` in `kinds!`; reports its two slots.
unsafe impl Object for BoundMethod {
    const KIND: Kind = Kind::BoundMethod;

    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.slot(&self.function);
        tracer.slot(&self.receiver);
    }
}

impl Heap {
    /// A method bound to its receiver.
    pub fn bound_method<'h>(&'h self, function: Value<'h>, receiver: Value<'h>) -> Gc<'h, BoundMethod> {
        self.alloc(BoundMethod { function: Slot::new(function), receiver: Slot::new(receiver) })
    }
}
