//! Iterators over an `OrderedDict`: any change of its keys or their order ends them with an error.
//!
//! Each knows the key that comes next, so that a change after the last item is no error. `pos`: where that key is; `extra`: the key,
//! Undef after the last; `end`: what the table's size was; `step`: see `Walk`.

use std::cell::Cell;

use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::heap::{Gc, Heap};
use crate::runtime::iter::{Iter, IterTag};
use crate::runtime::view::ViewTag;
use crate::runtime::{Builtin, Raised, Slot, Value};

/// What an iterator gives, and in which direction.
#[derive(Clone, Copy)]
pub struct Walk {
    /// Keys, values or pairs.
    pub gives: ViewTag,
    /// Whether the last item comes first.
    pub is_reverse: bool,
}

impl Walk {
    fn code(self) -> i64 {
        let gives = match self.gives {
            ViewTag::Keys | ViewTag::Proxy => 0,
            ViewTag::Values => 1,
            ViewTag::Items => 2,
        };
        gives << 1 | i64::from(self.is_reverse)
    }

    fn read(code: i64) -> (IterTag, bool) {
        let gives = match code >> 1 {
            0 => IterTag::DictKeys,
            1 => IterTag::DictValues,
            _ => IterTag::DictItems,
        };
        (gives, code & 1 == 1)
    }
}

/// An iterator of the given class, whose base is a builtin iterator's.
pub fn ordered_iter<'h>(
    heap: &'h Heap,
    class: Gc<'h, Class>,
    dict: Gc<'h, Dict>,
    walk: Walk,
) -> Value<'h> {
    let fields = Iter {
        tag: IterTag::Ordered,
        pos: Cell::new(0),
        end: Cell::new(size(heap, dict)),
        step: Cell::new(walk.code()),
        source: Slot::new(dict.value()),
        extra: Slot::undef(),
    };
    let iter = heap.alloc_shaped(fields, class.root_shape());
    let first = match walk.is_reverse {
        true => dict.table.previous_position(heap, dict.table.end(heap)),
        false => dict.table.next_position(heap, 0),
    };
    aim(heap, iter, dict, first);
    iter.value()
}

/// The number of keys and that of places for them: one of them differs after a key was added, removed or moved to the end.
fn size<'h>(heap: &'h Heap, dict: Gc<'h, Dict>) -> i64 {
    (dict.table.len(heap) as i64) << 32 | dict.table.end(heap) as i64
}

/// Sets which position comes next.
fn aim<'h>(heap: &'h Heap, iter: Gc<'h, Iter>, dict: Gc<'h, Dict>, at: Option<usize>) {
    match at.and_then(|at| Some((at, dict.table.entry(heap, at)?))) {
        Some((at, (key, _))) => {
            iter.pos.set(at as i64);
            iter.extra.set(key);
        }
        None => iter.extra.clear(),
    }
}

/// The next item.
pub(super) fn next_of_ordered<'h>(
    heap: &'h Heap,
    iter: Gc<'h, Iter>,
) -> Result<Option<Value<'h>>, Raised> {
    let Some(dict) = iter.source.get(heap).as_gc::<Dict>() else {
        return Ok(None);
    };
    let Some(expected) = iter.extra.get(heap).defined() else {
        iter.source.clear();
        return Ok(None);
    };
    let at = iter.pos.get() as usize;
    let entry = dict.table.entry(heap, at);
    let entry = entry.filter(|(key, _)| key.is(expected) && size(heap, dict) == iter.end.get());
    let Some(entry) = entry else {
        iter.source.clear();
        let message = "OrderedDict mutated during iteration";
        return Err(heap.raise(Builtin::RuntimeError, message));
    };
    let (gives, is_reverse) = Walk::read(iter.step.get());
    let next = match is_reverse {
        true => dict.table.previous_position(heap, at),
        false => dict.table.next_position(heap, at + 1),
    };
    aim(heap, iter, dict, next);
    Ok(Some(item_of(heap, entry, gives)))
}

/// What a walk over keys, values or items gives for an entry.
pub(super) fn item_of<'h>(
    heap: &'h Heap,
    (key, value): (Value<'h>, Value<'h>),
    tag: IterTag,
) -> Value<'h> {
    match tag {
        IterTag::DictValues => value,
        IterTag::DictItems => heap.tuple(&[key, value]).value(),
        _ => key,
    }
}
