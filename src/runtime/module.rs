//! Modules: global names with fixed slots, and the builtins behind them.
//!
//! Compiled code names a global by its index, so an index never moves. A name that the module leaves unbound falls back to
//! the builtin of that name. The module's `__dict__` is a dict whose string keys live in the slots (`table/link.rs`).

use std::cell::RefCell;

use super::dict::Dict;
use super::heap::{Gc, Heap, Slot, traced};
use super::names::NameTable;
use super::str::Str;
use super::types::Builtin;
use super::value::Value;

/// A module: what `import` returns, and the home of code that `exec` runs with a dict of the program's own.
pub struct Module {
    /// Its name, a string.
    pub name: Slot,
    /// The global names; compiled code refers to them by index.
    pub globals: NameTable,
    /// The live `__dict__`: names in order of binding, linked to `globals`.
    dict: Slot,
    /// A mapping that replaces the builtin names for this code (`__builtins__` when it was loaded), else Undef.
    pub builtins: Slot,
    /// The instance of a subclass of dict whose dict this module has: code asks it for the names that the dict lacks. Else Undef;
    /// where it is set, `builtins` is set too.
    pub mapping: Slot,
    /// For each global name the index in the builtins module, `UNKNOWN` before it was asked; may be shorter than `globals`.
    fallbacks: RefCell<Vec<u32>>,
}

traced!(Module { name, globals, dict, builtins, mapping } plain { fallbacks });

/// The builtin of this global name was not looked up yet.
const UNKNOWN: u32 = u32::MAX;

impl Heap {
    /// An empty module. It has a shape of its own, so that inline caches can tell modules apart.
    pub fn module(&self, name: &str) -> Gc<'_, Module> {
        let class = self.types.class(self, Builtin::Module);
        self.module_of(class.value(), self.intern(name))
    }

    /// An empty module of a class that derives from the module type.
    pub fn module_of<'h>(&'h self, class: Value<'h>, name: Gc<'h, Str>) -> Gc<'h, Module> {
        let shape = self.add_shape(class, true, 0);
        self.new_module(name, self.dict(), shape)
    }

    /// The module whose `__dict__` is this dict. One that the program made gets a nameless module, so that code can run in it.
    pub fn module_around<'h>(&'h self, dict: Gc<'h, Dict>) -> Gc<'h, Module> {
        if let Some(module) = dict.table.owner(self).and_then(|owner| owner.as_gc()) {
            return module;
        }
        // No instruction sees this module as an object, so that it needs no shape of its own.
        let shape = self.types.shape_of(Builtin::Module);
        self.new_module(self.intern(""), dict, shape)
    }

    fn new_module<'h>(
        &'h self,
        name: Gc<'h, Str>,
        dict: Gc<'h, Dict>,
        shape: u32,
    ) -> Gc<'h, Module> {
        let module = self.alloc_shaped(
            Module {
                name: Slot::new(name.value()),
                globals: NameTable::default(),
                dict: Slot::new(dict.value()),
                builtins: Slot::undef(),
                mapping: Slot::undef(),
                fallbacks: RefCell::default(),
            },
            shape,
        );
        dict.table.link(self, module.value());
        module
    }
}

impl<'h> Gc<'h, Module> {
    /// The module's name.
    pub fn name(self, heap: &'h Heap) -> Gc<'h, Str> {
        self.name.expect(heap)
    }

    /// The live `__dict__`.
    pub fn dict(self, heap: &'h Heap) -> Gc<'h, Dict> {
        self.get().dict.expect(heap)
    }

    /// Makes it an instance of another class, one that derives from the module type.
    pub fn set_class(self, heap: &'h Heap, class: Value<'h>) {
        self.set_shape(heap.add_shape(class, true, 0));
    }

    /// Binds a global name.
    pub fn set(self, heap: &'h Heap, name: &str, value: Value<'h>) {
        self.bind(heap, heap.intern(name), value);
    }

    /// Binds an interned global name.
    pub fn bind(self, heap: &'h Heap, name: Gc<'h, Str>, value: Value<'h>) {
        let at = self.globals.reserve(heap, name);
        self.bind_at(heap, at, value);
    }

    /// Binds the global name of this index.
    pub fn bind_at(self, heap: &'h Heap, at: usize, value: Value<'h>) {
        let is_bound = self.globals.is_bound(heap, at);
        self.globals.values.set(at, value);
        if !is_bound && let Some(name) = self.globals.name(heap, at) {
            self.dict(heap).table.note_bound(heap, name);
        }
    }

    /// Unbinds a global name; says whether it was bound.
    pub fn unbind(self, heap: &'h Heap, name: Gc<'h, Str>) -> bool {
        self.dict(heap).remove_str(heap, name)
    }

    /// The bound names and their values, in order of binding.
    pub fn entries(self, heap: &'h Heap) -> Vec<(Gc<'h, Str>, Value<'h>)> {
        let entries = self.dict(heap).table.entries(heap).into_iter();
        entries
            .filter_map(|(name, value)| Some((name.as_gc()?, value)))
            .collect()
    }

    /// What the global name of this index means while the module leaves it unbound.
    pub fn builtin(self, heap: &'h Heap, at: usize, builtins: Gc<'h, Module>) -> Option<Value<'h>> {
        if let Some(own) = self.get().builtins.get(heap).as_gc::<Dict>() {
            return own.get_str(heap, self.globals.name(heap, at)?);
        }
        let mut fallbacks = self.get().fallbacks.borrow_mut();
        if fallbacks.len() <= at {
            fallbacks.resize(self.globals.len().max(at + 1), UNKNOWN);
        }
        if fallbacks[at] == UNKNOWN {
            let name = self.globals.name(heap, at)?;
            fallbacks[at] = u32::try_from(builtins.globals.index_of(name)?).ok()?;
        }
        builtins
            .globals
            .values
            .get(heap, fallbacks[at] as usize)?
            .defined()
    }
}
