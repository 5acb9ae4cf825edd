//! Subscripts and concatenation on values alone: what the loop tries while its state stays in registers.
//!
//! Contract: no frame, no locals, no collection, nothing raised; None or false means that nothing was done and the full form
//! (`subscript.rs`, `arith.rs`) has to look.

use crate::runtime::dict::Dict;
use crate::runtime::{Gc, Value};
use crate::vm::Vm;
use crate::vm::protocol::subscript::item_at;

impl Vm {
    /// `object[key]` for dicts by a plain key and sequences by position.
    #[inline(never)]
    pub(in crate::vm) fn item_of<'h>(
        &'h self,
        object: Value<'h>,
        key: Value<'h>,
    ) -> Option<Value<'h>> {
        match object.as_gc::<Dict>() {
            Some(dict) => self.dict_get_leaf(dict, key),
            None => item_at(&self.heap, object, key.as_int()?),
        }
    }

    /// `object[key] = value` for dicts by a plain key; whether it was done.
    #[inline(never)]
    pub(in crate::vm) fn set_item_of<'h>(
        &'h self,
        object: Value<'h>,
        key: Value<'h>,
        value: Value<'h>,
    ) -> bool {
        object
            .as_gc::<Dict>()
            .is_some_and(|dict| self.dict_set_leaf(dict, key, value))
    }

    /// `a + b` of two texts.
    #[inline(never)]
    pub(in crate::vm) fn joined_texts<'h>(
        &'h self,
        a: Value<'h>,
        b: Value<'h>,
    ) -> Option<Value<'h>> {
        self.heap.try_concat(a.as_gc()?, b.as_gc()?).map(Gc::value)
    }
}
