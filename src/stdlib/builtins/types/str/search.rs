//! Finding, counting and replacing parts of a text.
//!
//! Positions count code points; the algorithms are in `text/str_ops/search.rs`. To add a method: a `Native`, its
//! function, a word in the table of `str/mod.rs`.

use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::arg::{self, Out, checked, plain_value};
use crate::stdlib::receiver::this;
use crate::text::positions::Indexed;
use crate::text::str_ops::search;
use crate::vm::{Args, Native};

pub const FIND: Native = Native::leaf(
    "find(self, sub, start=None, end=None, /) -> int",
    "Return the lowest index in S[start:end] where the substring is found, -1 if it is not.",
    |heap, a| {
        position(
            heap,
            a,
            |text, part, start, end| text.find(part, start, end),
            "find() argument 1",
            Missing::MinusOne,
        )
    },
);

pub const RFIND: Native = Native::leaf(
    "rfind(self, sub, start=None, end=None, /) -> int",
    "Return the highest index in S[start:end] where the substring is found, -1 if it is not.",
    |heap, a| {
        position(
            heap,
            a,
            |text, part, start, end| text.rfind(part, start, end),
            "rfind() argument 1",
            Missing::MinusOne,
        )
    },
);

pub const INDEX: Native = Native::leaf(
    "index(self, sub, start=None, end=None, /) -> int",
    "Return the lowest index in S[start:end] where the substring is found; ValueError if it is not.",
    |heap, a| {
        position(
            heap,
            a,
            |text, part, start, end| text.find(part, start, end),
            "index() argument 1",
            Missing::Raises,
        )
    },
);

pub const RINDEX: Native = Native::leaf(
    "rindex(self, sub, start=None, end=None, /) -> int",
    "Return the highest index in S[start:end] where the substring is found; ValueError if it is not.",
    |heap, a| {
        position(
            heap,
            a,
            |text, part, start, end| text.rfind(part, start, end),
            "rindex() argument 1",
            Missing::Raises,
        )
    },
);

pub const COUNT: Native = Native::leaf(
    "count(self, sub, start=None, end=None, /) -> int",
    "Return the number of occurrences of the substring in S[start:end] that do not overlap.",
    count,
);

pub const STARTSWITH: Native = Native::leaf(
    "startswith(self, prefix, start=None, end=None, /) -> bool",
    "Return True if the string starts with the prefix, or with one of a tuple of prefixes.",
    |heap, a| {
        affix(
            heap,
            a,
            |text, part, start, end| text.starts_with(part, start, end),
            "startswith",
        )
    },
);

pub const ENDSWITH: Native = Native::leaf(
    "endswith(self, suffix, start=None, end=None, /) -> bool",
    "Return True if the string ends with the suffix, or with one of a tuple of suffixes.",
    |heap, a| {
        affix(
            heap,
            a,
            |text, part, start, end| text.ends_with(part, start, end),
            "endswith",
        )
    },
);

pub const REPLACE: Native = Native::leaf(
    "replace(self, old, new, /, count=-1) -> str",
    "Return a copy with all occurrences of old replaced by new; with a count only the first so many.",
    replace,
);

pub const PARTITION: Native = Native::leaf(
    "partition(self, sep, /) -> tuple",
    "Return the part before the first separator, the separator, and the part after it; the string and two empty ones if it \
     is not found. Raises ValueError if the separator is empty.",
    |heap, a| parts(heap, a, search::partition),
);

pub const RPARTITION: Native = Native::leaf(
    "rpartition(self, sep, /) -> tuple",
    "Return the part before the last separator, the separator, and the part after it; two empty strings and the string if it \
     is not found. Raises ValueError if the separator is empty.",
    |heap, a| parts(heap, a, search::rpartition),
);

/// The result of a search without success.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    MinusOne,
    Raises,
}

type Find = for<'a> fn(&Indexed<'a>, &str, Option<i64>, Option<i64>) -> Option<usize>;
type Test = for<'a> fn(&Indexed<'a>, &str, Option<i64>, Option<i64>) -> bool;
type Cut = for<'a> fn(&'a str, &str) -> crate::text::TextResult<(&'a str, &'a str, &'a str)>;

fn indexed<'h>(heap: &'h Heap, a: Args<'h>) -> Result<Indexed<'h>, Raised> {
    let text = this::<Str>(heap, a)?;
    Ok(heap.indexed(text))
}

fn position<'h>(heap: &'h Heap, a: Args<'h>, find: Find, what: &str, missing: Missing) -> Out<'h> {
    let (text, needle) = (indexed(heap, a)?, arg::text(heap, a.get(1), what)?);
    let (start, end) = (arg::bound(heap, a.get(2))?, arg::bound(heap, a.get(3))?);
    let found = find(&text, needle, start, end);
    let from = usize::try_from(start.unwrap_or(0)).unwrap_or(0);
    heap.note_bytes(found.unwrap_or(text.len()).saturating_sub(from));
    match found {
        Some(at) => Ok(heap.usize(at)),
        None if missing == Missing::MinusOne => Ok(heap.int(-1)),
        None => Err(heap.value_error("substring not found")),
    }
}

fn count<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let (text, needle) = (
        indexed(heap, a)?,
        arg::text(heap, a.get(1), "count() argument 1")?,
    );
    let (start, end) = (arg::bound(heap, a.get(2))?, arg::bound(heap, a.get(3))?);
    heap.poll_bytes(text.len())?;
    Ok(heap.usize(text.count(needle, start, end)))
}

fn affix<'h>(heap: &'h Heap, a: Args<'h>, test: Test, name: &str) -> Out<'h> {
    let (text, wanted) = (indexed(heap, a)?, a.get(1));
    let (start, end) = (arg::bound(heap, a.get(2))?, arg::bound(heap, a.get(3))?);
    if let Some(affix) = arg::as_str(heap, wanted) {
        heap.note_bytes(affix.byte_len());
        return Ok(Value::bool(test(&text, affix.as_str(), start, end)));
    }
    let Some(tuple) = plain_value(heap, wanted).as_gc::<Tuple>() else {
        let found = heap.type_name(wanted);
        return Err(heap.type_error(format!(
            "{name} first arg must be str or a tuple of str, not {found}"
        )));
    };
    for affix in tuple.iter(heap) {
        let Some(affix) = arg::as_str(heap, affix) else {
            let found = heap.type_name(affix);
            return Err(heap.type_error(format!(
                "tuple for {name} must only contain str, not {found}"
            )));
        };
        if test(&text, affix.as_str(), start, end) {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

fn replace<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let text = this::<Str>(heap, a)?.as_str();
    let old = arg::text(heap, a.get(1), "replace() argument 1")?;
    let new = arg::text(heap, a.get(2), "replace() argument 2")?;
    let count = arg::index_or(heap, a.get(3), -1)?;
    if !text.contains(old) {
        heap.note_bytes(text.len());
        return Ok(a.get(0));
    }
    let replaced = search::replace(text, old, new, count, &mut |units| heap.pause(units));
    heap.adopt_text(checked(heap, replaced)?)
}

fn parts<'h>(heap: &'h Heap, a: Args<'h>, cut: Cut) -> Out<'h> {
    let (text, sep) = (
        this::<Str>(heap, a)?.as_str(),
        arg::text(heap, a.get(1), "")?,
    );
    let (before, found, after) = checked(heap, cut(text, sep))?;
    heap.note_bytes(before.len().min(after.len()));
    Ok(heap
        .tuple(&[before, found, after].map(|part| heap.str_value(part)))
        .value())
}
