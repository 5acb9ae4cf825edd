//! Modules: global names with fixed slots, and the builtins behind them.
//!
//! Compiled code names a global by its index, so an index never moves. A name that the module leaves unbound falls back to
//! the builtin of that name.

use super::heap::{Gc, Heap, Slot, SlotVec, traced};
use super::names::NameTable;
use super::str::Str;
use super::types::Builtin;
use super::value::Value;

/// A module.
pub struct Module {
    /// Its name, a string.
    pub name: Slot,
    /// The global names; compiled code refers to them by index.
    pub globals: NameTable,
    /// For each global name the builtin that it means while unbound, else Undef; may be shorter than `globals`.
    pub fallbacks: SlotVec,
}

traced!(Module {
    name,
    globals,
    fallbacks
});

impl Heap {
    /// An empty module. It has a shape of its own, so that inline caches can tell modules apart.
    pub fn module(&self, name: &str) -> Gc<'_, Module> {
        let name = self.intern(name).value();
        let class = self.types.class(self, Builtin::Module).value();
        let shape = self.add_shape(class, true, 0);
        self.alloc_shaped(
            Module {
                name: Slot::new(name),
                globals: NameTable::default(),
                fallbacks: SlotVec::new(),
            },
            shape,
        )
    }
}

impl<'h> Gc<'h, Module> {
    /// The module's name.
    pub fn name(self, heap: &'h Heap) -> Gc<'h, Str> {
        self.name.expect(heap)
    }

    /// Binds a global name.
    pub fn set(self, heap: &'h Heap, name: &str, value: Value<'h>) {
        self.globals.set(heap, heap.intern(name), value);
    }
}
