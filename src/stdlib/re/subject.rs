//! The texts that patterns are matched with: strings and bytes-like objects, and parts of them.
//!
//! A subject borrows from its object: drop it before user code runs.

use super::error::not_text;
use super::source::TextKind;
use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::arg::{Buffer, as_str};
use crate::text::positions::Indexed;
use crate::vm::{Local, Vm};

/// A text, borrowed from its object.
pub enum Subject<'h> {
    /// A string.
    Str(Indexed<'h>),
    /// Bytes.
    Bytes(Buffer<'h>),
}

impl<'h> Subject<'h> {
    /// The text of a value, if it has one.
    pub fn of(heap: &'h Heap, value: Value<'h>) -> Option<Subject<'h>> {
        if let Some(string) = as_str(heap, value) {
            return Some(Subject::Str(heap.indexed(string)));
        }
        Buffer::of(heap, value).map(Subject::Bytes)
    }

    /// The text of an argument for a pattern of this kind.
    pub fn arg(vm: &'h Vm, value: Local, kind: TextKind) -> Result<Subject<'h>, Raised> {
        let value = vm.get(value);
        match (Subject::of(&vm.heap, value), kind) {
            (None, _) => Err(not_text(vm, value)),
            (Some(Subject::Str(_)), TextKind::Bytes) => Err(vm
                .heap
                .type_error("cannot use a bytes pattern on a string-like object")),
            (Some(Subject::Bytes(_)), TextKind::Str) => Err(vm
                .heap
                .type_error("cannot use a string pattern on a bytes-like object")),
            (Some(subject), _) => Ok(subject),
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Subject::Str(string) => string.text().as_bytes(),
            Subject::Bytes(bytes) => bytes,
        }
    }

    /// Whether a byte is a character.
    pub fn is_narrow(&self) -> bool {
        match self {
            Subject::Str(string) => string.is_ascii(),
            Subject::Bytes(_) => true,
        }
    }

    /// Whether it is a string.
    pub fn kind(&self) -> TextKind {
        match self {
            Subject::Str(_) => TextKind::Str,
            Subject::Bytes(_) => TextKind::Bytes,
        }
    }

    /// Its length in characters.
    pub fn len(&self) -> usize {
        self.index_of(self.bytes().len())
    }

    /// Which character begins at a byte offset.
    pub fn index_of(&self, offset: usize) -> usize {
        match self {
            Subject::Str(string) => string.index_of(offset),
            Subject::Bytes(_) => offset,
        }
    }

    /// Where a character begins; the end for one that is not there.
    pub fn offset_of(&self, index: usize) -> usize {
        match self {
            Subject::Str(string) => string.byte_of(index),
            Subject::Bytes(bytes) => index.min(bytes.len()),
        }
    }

    /// The part between two offsets as an object.
    pub fn slice<'g>(&self, heap: &'g Heap, start: usize, end: usize) -> Value<'g> {
        match self {
            Subject::Str(string) => {
                heap.str_value(string.text().get(start..end).unwrap_or_default())
            }
            Subject::Bytes(bytes) => heap
                .bytes(bytes.get(start..end).unwrap_or_default())
                .value(),
        }
    }

    /// Its characters as code points.
    pub fn chars(&self) -> Vec<u32> {
        match self {
            Subject::Str(string) => string.text().chars().map(u32::from).collect(),
            Subject::Bytes(bytes) => bytes.iter().map(|&byte| u32::from(byte)).collect(),
        }
    }
}
