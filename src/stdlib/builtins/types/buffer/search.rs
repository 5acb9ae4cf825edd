//! Finding, counting and replacing parts of bytes; a byte may be sought by its number.
//!
//! Shared by bytes and bytearray; the work is in `text/bytes_ops/search.rs`. To add a method: a `Native`, its
//! function, a word in the table of `buffer/mod.rs`.

use std::ops::Deref;

use super::this;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::arg::{self, Buffer, Out, checked, plain_value};
use crate::text::TextResult;
use crate::text::bytes_ops::search;
use crate::vm::{Args, Native};

pub const FIND: Native = Native::leaf(
    "find(self, sub, start=None, end=None, /) -> int",
    "Return the lowest index in B[start:end] where the bytes (or the byte of this number) are found, -1 if they are not.",
    |heap, a| position(heap, a, search::find, Missing::MinusOne),
);

pub const RFIND: Native = Native::leaf(
    "rfind(self, sub, start=None, end=None, /) -> int",
    "Return the highest index in B[start:end] where the bytes (or the byte of this number) are found, -1 if they are not.",
    |heap, a| position(heap, a, search::rfind, Missing::MinusOne),
);

pub const INDEX: Native = Native::leaf(
    "index(self, sub, start=None, end=None, /) -> int",
    "Return the lowest index in B[start:end] where the bytes (or the byte of this number) are found; ValueError if they are not.",
    |heap, a| position(heap, a, search::find, Missing::Raises),
);

pub const RINDEX: Native = Native::leaf(
    "rindex(self, sub, start=None, end=None, /) -> int",
    "Return the highest index in B[start:end] where the bytes (or the byte of this number) are found; ValueError if they are not.",
    |heap, a| position(heap, a, search::rfind, Missing::Raises),
);

pub const COUNT: Native = Native::leaf(
    "count(self, sub, start=None, end=None, /) -> int",
    "Return the number of occurrences in B[start:end] that do not overlap.",
    count,
);

pub const STARTSWITH: Native = Native::leaf(
    "startswith(self, prefix, start=None, end=None, /) -> bool",
    "Return True if it starts with the prefix, or with one of a tuple of prefixes.",
    |heap, a| affix(heap, a, <[u8]>::starts_with, "startswith"),
);

pub const ENDSWITH: Native = Native::leaf(
    "endswith(self, suffix, start=None, end=None, /) -> bool",
    "Return True if it ends with the suffix, or with one of a tuple of suffixes.",
    |heap, a| affix(heap, a, <[u8]>::ends_with, "endswith"),
);

pub const REPLACE: Native = Native::leaf(
    "replace(self, old, new, count=-1, /) -> Self",
    "Return a copy with all occurrences of old replaced by new; with a count only the first so many.",
    replace,
);

pub const PARTITION: Native = Native::leaf(
    "partition(self, sep, /) -> tuple",
    "Return the part before the first separator, the separator, and the part after it; a copy and two empty parts if it is \
     not found. Raises ValueError if the separator is empty.",
    |heap, a| parts(heap, a, search::partition),
);

pub const RPARTITION: Native = Native::leaf(
    "rpartition(self, sep, /) -> tuple",
    "Return the part before the last separator, the separator, and the part after it; two empty parts and a copy if it is \
     not found. Raises ValueError if the separator is empty.",
    |heap, a| parts(heap, a, search::rpartition),
);

/// The result of a search without success.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    MinusOne,
    Raises,
}

type Cut = for<'a> fn(&'a [u8], &[u8]) -> TextResult<[&'a [u8]; 3]>;

/// What is sought: bytes, or one byte.
enum Needle<'h> {
    Bytes(Buffer<'h>),
    One([u8; 1]),
}

impl Deref for Needle<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Needle::Bytes(data) => data,
            Needle::One(byte) => byte,
        }
    }
}

fn needle<'h>(heap: &'h Heap, value: Value<'h>) -> Result<Needle<'h>, Raised> {
    if let Some(data) = Buffer::of(heap, value) {
        return Ok(Needle::Bytes(data));
    }
    if arg::as_int(heap, value).is_some() {
        return Ok(Needle::One([arg::byte(heap, value)?]));
    }
    let found = heap.type_name(value);
    Err(heap.type_error(format!(
        "argument should be integer or bytes-like object, not '{found}'"
    )))
}

fn position<'h>(
    heap: &'h Heap,
    a: Args<'h>,
    find: fn(&[u8], &[u8]) -> Option<usize>,
    missing: Missing,
) -> Out<'h> {
    let (data, needle) = (this(heap, a)?, needle(heap, a.get(1))?);
    let range = search::bounds(
        data.len(),
        arg::bound(heap, a.get(2))?,
        arg::bound(heap, a.get(3))?,
    );
    let found = range
        .clone()
        .and_then(|range| find(&data[range.clone()], &needle).map(|at| at + range.start));
    if let Some(range) = range {
        heap.note_bytes(found.map_or(range.len(), |at| at - range.start));
    }
    match found {
        Some(at) => Ok(heap.usize(at)),
        None if missing == Missing::MinusOne => Ok(heap.int(-1)),
        None => Err(heap.value_error("subsection not found")),
    }
}

fn count<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let (data, needle) = (this(heap, a)?, needle(heap, a.get(1))?);
    let range = search::bounds(
        data.len(),
        arg::bound(heap, a.get(2))?,
        arg::bound(heap, a.get(3))?,
    );
    let part = range.map_or(&[][..], |range| &data[range]);
    heap.poll_bytes(part.len())?;
    Ok(heap.usize(search::count(part, &needle)))
}

fn affix<'h>(heap: &'h Heap, a: Args<'h>, test: fn(&[u8], &[u8]) -> bool, name: &str) -> Out<'h> {
    let (data, wanted) = (this(heap, a)?, a.get(1));
    let range = search::bounds(
        data.len(),
        arg::bound(heap, a.get(2))?,
        arg::bound(heap, a.get(3))?,
    );
    let fits = |affix: &[u8]| {
        heap.note_bytes(affix.len());
        range.clone().is_some_and(|range| test(&data[range], affix))
    };
    if let Some(affix) = Buffer::of(heap, wanted) {
        return Ok(Value::bool(fits(&affix)));
    }
    let Some(tuple) = plain_value(heap, wanted).as_gc::<Tuple>() else {
        let found = heap.type_name(wanted);
        return Err(heap.type_error(format!(
            "{name} first arg must be bytes or a tuple of bytes, not {found}"
        )));
    };
    for affix in tuple.iter(heap) {
        if fits(&Buffer::arg(heap, affix)?) {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

fn replace<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let data = this(heap, a)?;
    let (old, new) = (Buffer::arg(heap, a.get(1))?, Buffer::arg(heap, a.get(2))?);
    let count = arg::index_or(heap, a.get(3), -1)?;
    Ok(data.same(
        heap,
        checked(
            heap,
            search::replace(&data, &old, &new, count, &mut |units| heap.pause(units)),
        )?,
    ))
}

fn parts<'h>(heap: &'h Heap, a: Args<'h>, cut: Cut) -> Out<'h> {
    let (data, sep) = (this(heap, a)?, Buffer::arg(heap, a.get(1))?);
    let parts = checked(heap, cut(&data, &sep))?;
    heap.note_bytes(parts[0].len().min(parts[2].len()));
    Ok(heap.tuple(&parts.map(|part| data.same(heap, part))).value())
}
