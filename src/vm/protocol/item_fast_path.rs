//! Subscripts and concatenation on values alone: what the loop tries while its state stays in registers.
//!
//! Contract: no frame, no locals, no collection, nothing raised; None or false means that nothing was done and the full form
//! (`subscript.rs`, `arith.rs`) has to look.

use crate::runtime::array::Array;
use crate::runtime::dict::Dict;
use crate::runtime::opaque::Opaque;
use crate::runtime::{Gc, Value};
use crate::vm::Vm;
use crate::vm::protocol::subscript::{item_at, resolve};

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
            || self.set_array_item(object, key, value)
    }

    /// `array[position] = value` for numbers of plain type that fit; whether it was done.
    fn set_array_item(&self, object: Value<'_>, key: Value<'_>, value: Value<'_>) -> bool {
        let (Some(array), Some(position)) = (plain_array(object), key.as_int()) else {
            return false;
        };
        let place = resolve(position, array.len(&self.heap));
        place.is_some_and(|place| array.set_item(&self.heap, place, value))
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

/// The array that a value is, if its class is `array.array` itself.
#[inline]
pub(in crate::vm) fn plain_array(value: Value<'_>) -> Option<&Array> {
    let array = value.as_gc::<Opaque>()?.payload::<Array>()?;
    array.is_plain().then_some(array)
}
