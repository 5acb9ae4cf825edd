//! The global names of one module: each has a fixed slot.
//!
//! The compiler hands out slots while it compiles a module; the VM sizes the module's table of values by it and finds
//! names by it at run time (`import *`, `globals()`). A REPL passes the same table to every input, so slots never
//! move. Builtins need no entry: the VM fills a slot that the module leaves unbound.

use std::rc::Rc;

use rustc_hash::FxHashMap;

/// The names with a slot, in the order of their first mention.
#[derive(Clone, Debug, Default)]
pub struct GlobalNames {
    names: Vec<Rc<str>>,
    index: FxHashMap<Rc<str>, u32>,
}

impl GlobalNames {
    /// Without any name.
    pub fn new() -> GlobalNames {
        GlobalNames::default()
    }

    /// The slot of a name, a new one if it has none yet.
    pub fn slot(&mut self, name: &Rc<str>) -> u32 {
        if let Some(&slot) = self.index.get(name) {
            return slot;
        }
        let slot = u32::try_from(self.names.len()).expect("fewer than 2^32 global names");
        self.names.push(name.clone());
        self.index.insert(name.clone(), slot);
        slot
    }

    /// The slot of a name, if it has one.
    pub fn get(&self, name: &str) -> Option<u32> {
        self.index.get(name).copied()
    }

    /// All names; a name's position is its slot.
    pub fn names(&self) -> &[Rc<str>] {
        &self.names
    }

    /// Number of slots.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no slot.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_slot() {
        let mut globals = GlobalNames::new();
        let (a, b): (Rc<str>, Rc<str>) = ("a".into(), "b".into());
        assert_eq!(
            (globals.slot(&a), globals.slot(&b), globals.slot(&a)),
            (0, 1, 0)
        );
        assert_eq!(
            (globals.get("b"), globals.get("c"), globals.len()),
            (Some(1), None, 2)
        );
        assert_eq!(globals.names(), [a, b]);
    }
}
