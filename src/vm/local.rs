//! Locals: the rooted handles in which Rust code holds values while the program runs and the heap collects.
//!
//! A `Local` is an index into the VM's stack of locals. Natives get their arguments as locals and make more with `vm.local(value)`;
//! the call that entered the native drops them all when it returns. Loops that make many take `mark` and `release`.

use crate::runtime::heap::{Object, SlotVec};
use crate::runtime::{Gc, Heap, Value};
use crate::vm::Vm;

/// A rooted handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local(pub(in crate::vm) u32);

/// A height of the stack of locals.
#[derive(Clone, Copy, Debug)]
pub struct Mark(u32);

impl Local {
    pub(in crate::vm) const fn at(index: u32) -> Local {
        Local(index)
    }

    /// Pushes a value where the VM's fields are borrowed apart.
    pub(in crate::vm) fn push(locals: &SlotVec, heap: &Heap, value: Value<'_>) -> Local {
        locals.push(heap, value);
        Local(locals.len() as u32 - 1)
    }

    /// The value in it, where the VM's fields are borrowed apart.
    #[inline]
    pub(in crate::vm) fn value<'h>(self, locals: &SlotVec, heap: &'h Heap) -> Value<'h> {
        locals
            .get(heap, self.index())
            .expect("a local lives as long as the native that made it")
    }

    pub(in crate::vm) fn index(self) -> usize {
        self.0 as usize
    }
}

impl Vm {
    /// The index that the next local will get.
    pub(in crate::vm) fn local_count(&self) -> u32 {
        self.exec.locals.len() as u32
    }

    /// Holds on to a value.
    #[inline]
    pub fn local(&self, value: Value<'_>) -> Local {
        let at = self.exec.locals.len() as u32;
        self.exec.locals.push(&self.heap, value);
        Local(at)
    }

    /// The value in a local.
    #[inline]
    pub fn get(&self, local: Local) -> Value<'_> {
        local.value(&self.exec.locals, &self.heap)
    }

    /// The object in a local, if it is a `T`.
    #[inline]
    pub fn get_gc<T: Object>(&self, local: Local) -> Option<Gc<'_, T>> {
        self.get(local).as_gc()
    }

    /// Changes what a local holds.
    #[inline]
    pub fn set(&self, local: Local, value: Value<'_>) {
        self.exec.locals.set(local.0 as usize, value);
    }

    /// A local with `None`.
    #[inline]
    pub fn none(&self) -> Local {
        self.local(Value::NONE)
    }

    /// The present height.
    #[inline]
    pub fn mark(&self) -> Mark {
        Mark(self.exec.locals.len() as u32)
    }

    /// Drops the locals made since `mark`.
    #[inline]
    pub fn release(&self, mark: Mark) {
        self.exec.locals.truncate(mark.0 as usize);
    }

    /// Drops the locals made since `mark`, but for the value of one, which gets a new local.
    #[inline]
    pub fn keep(&self, mark: Mark, local: Local) -> Local {
        let value = self.get(local);
        self.release(mark);
        self.local(value)
    }
}
