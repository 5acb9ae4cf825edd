//! Classes.

use super::Vm;
use super::attribute::own_dict;
use super::local::Local;
use crate::bytecode::Instr;
use crate::runtime::dict::Dict;
use crate::runtime::{Gc, Raised, Value};

// The attribute dicts of objects that are no `Instance`.
impl Vm {
    /// The dict in which such an object keeps attributes of its own, if it has any.
    pub fn attr_dict<'h>(&'h self, value: Value<'h>) -> Option<Gc<'h, Dict>> {
        own_dict(&self.heap, value)?.get(&self.heap).as_gc()
    }

    /// The same, made if the object may have attributes but has none yet.
    pub fn attr_dict_made<'h>(&'h self, value: Value<'h>) -> Option<Gc<'h, Dict>> {
        let slot = own_dict(&self.heap, value)?;
        if slot.is_undef() {
            slot.set(self.heap.dict().value());
        }
        slot.get(&self.heap).as_gc()
    }

    /// Makes `dict` the place of an object's attributes; false: it has no such place.
    pub fn set_attr_dict(&self, value: Value<'_>, dict: Gc<'_, Dict>) -> bool {
        let Some(slot) = own_dict(&self.heap, value) else { return false };
        slot.set(dict.value());
        true
    }
}
