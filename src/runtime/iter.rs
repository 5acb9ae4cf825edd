//! Iterators over builtin types, and the iterator adaptors: one kind of object, told apart by a tag.
//!
//! `next` is in `vm/protocol/iterate.rs`: some of them call the program.

use std::cell::Cell;

use super::heap::{Gc, Heap, Slot, traced};
use super::types::Builtin;
use super::value::Value;

/// What an iterator walks over, and what its fields mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IterTag {
    /// `source`: a list; `pos`.
    List,
    /// `source`: a list; `pos` counts down; exhausted below 0.
    ListReverse,
    /// `source`: a tuple; `pos`.
    Tuple,
    /// `pos`, `pos + step`, ... `end` items in all are left.
    Range,
    /// `source`: a string; `pos`: byte offset.
    Str,
    /// `source`: bytes or a bytearray; `pos`.
    Bytes,
    /// `source`: an array of the module `array`; `pos`.
    Array,
    /// `source`: a dict; `pos`: entry; `end`: its length at the start; `step`: one more than the keys given.
    DictKeys,
    /// The same, giving values.
    DictValues,
    /// The same, giving pairs.
    DictItems,
    /// `source`: a dict; `pos` counts down from its end; `end`: its length at the start; `step`: one more than the keys given;
    /// `extra`: Undef to give keys, 1 values, 2 pairs.
    DictReverse,
    /// `source`: a dict; see `vm/protocol/iterate/ordered.rs`.
    Ordered,
    /// `source`: a set; `pos`: entry; `end`: its length at the start; `step`: one more than the items given.
    Set,
    /// `source`: an object with `__getitem__`; `pos`.
    Sequence,
    /// `source`: an object with `__getitem__`; `pos` counts down.
    SequenceReverse,
    /// `source`: called until it returns `extra`.
    Call,
    /// `source`: an iterator; `extra`: the count as a value.
    Enumerate,
    /// `source`: a tuple of iterators; `pos`: 1 for strict.
    Zip,
    /// `source`: a tuple of iterators; `extra`: the function.
    Map,
    /// `source`: an iterator; `extra`: the predicate or None.
    Filter,
}

/// An iterator.
pub struct Iter {
    /// Which kind.
    pub tag: IterTag,
    /// See `IterTag`.
    pub pos: Cell<i64>,
    /// See `IterTag`.
    pub end: Cell<i64>,
    /// See `IterTag`.
    pub step: Cell<i64>,
    /// What it walks over; Undef once it is exhausted.
    pub source: Slot,
    /// See `IterTag`.
    pub extra: Slot,
}

traced!(Iter { source, extra } plain { tag, pos, end, step });

impl IterTag {
    /// Whether such iterators walk over a container by themselves, asking neither the program nor another iterator.
    #[inline]
    pub fn is_plain(self) -> bool {
        use IterTag::{Call, Enumerate, Filter, Map, Sequence, SequenceReverse, Zip};
        !matches!(
            self,
            Sequence | SequenceReverse | Call | Enumerate | Zip | Map | Filter
        )
    }

    /// The class of such iterators.
    fn class(self, source: Value<'_>) -> Builtin {
        match self {
            IterTag::List => Builtin::ListIterator,
            IterTag::ListReverse => Builtin::ListReverseIterator,
            IterTag::Tuple => Builtin::TupleIterator,
            IterTag::Range => Builtin::RangeIterator,
            IterTag::Str => Builtin::StrIterator,
            IterTag::Bytes if source.is_gc::<super::bytes::ByteArray>() => {
                Builtin::ByteArrayIterator
            }
            IterTag::Bytes => Builtin::BytesIterator,
            IterTag::Array => Builtin::ArrayIterator,
            IterTag::DictKeys | IterTag::Ordered => Builtin::DictKeyIterator,
            IterTag::DictValues => Builtin::DictValueIterator,
            IterTag::DictItems => Builtin::DictItemIterator,
            IterTag::DictReverse => Builtin::DictReverseKeyIterator,
            IterTag::Set => Builtin::SetIterator,
            IterTag::Sequence => Builtin::Iterator,
            IterTag::SequenceReverse => Builtin::Reversed,
            IterTag::Call => Builtin::CallableIterator,
            IterTag::Enumerate => Builtin::Enumerate,
            IterTag::Zip => Builtin::Zip,
            IterTag::Map => Builtin::Map,
            IterTag::Filter => Builtin::Filter,
        }
    }
}

impl Heap {
    /// An iterator; `pos` and `end` as the tag says, `step` 1.
    pub fn iter<'h>(
        &'h self,
        tag: IterTag,
        source: Value<'h>,
        extra: Value<'h>,
        pos: i64,
        end: i64,
    ) -> Gc<'h, Iter> {
        let fields = Iter {
            tag,
            pos: Cell::new(pos),
            end: Cell::new(end),
            step: Cell::new(1),
            source: Slot::new(source),
            extra: Slot::new(extra),
        };
        self.alloc_shaped(fields, self.types.shape_of(tag.class(source)))
    }
}
