//! Taking bytes apart and putting them together; cutting off their ends.
//!
//! Shared by bytes and bytearray; the work is in `text/bytes_ops/split.rs`. To add a method: a `Native`, its
//! function, a word in the table of `buffer/mod.rs`.

use super::{this, this_of};
use crate::runtime::bytes::Bytes;
use crate::runtime::list::List;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::arg::{self, Buffer, Out, checked};
use crate::stdlib::builtins::types::str::joinable;
use crate::text::bytes_ops::split;
use crate::text::str_ops::Side;
use crate::text::str_ops::split::LineEnds;
use crate::vm::{Args, Local, Locals, Native, Vm};

pub const SPLIT: Native = Native::leaf(
    "split(self, /, sep=None, maxsplit=-1) -> list",
    "Return the parts between separators; without a separator the runs between ASCII white space. At most maxsplit splits are \
     done, from the left. Raises ValueError if the separator is empty.",
    |heap, a| {
        let (data, limit) = (this(heap, a)?, arg::index_or(heap, a.get(2), -1)?);
        match optional(heap, a.get(1))? {
            Some(sep) => list(
                heap,
                &data,
                checked(
                    heap,
                    split::split(&data, &sep, limit, &mut |units| heap.pause(units)),
                )?,
            ),
            None => list(
                heap,
                &data,
                checked(
                    heap,
                    split::split_space(&data, limit, &mut |units| heap.pause(units)),
                )?,
            ),
        }
    },
);

pub const RSPLIT: Native = Native::leaf(
    "rsplit(self, /, sep=None, maxsplit=-1) -> list",
    "Return the parts between separators; without a separator the runs between ASCII white space. At most maxsplit splits are \
     done, from the right. Raises ValueError if the separator is empty.",
    |heap, a| {
        let (data, limit) = (this(heap, a)?, arg::index_or(heap, a.get(2), -1)?);
        match optional(heap, a.get(1))? {
            Some(sep) => list(
                heap,
                &data,
                checked(
                    heap,
                    split::rsplit(&data, &sep, limit, &mut |units| heap.pause(units)),
                )?,
            ),
            None => list(
                heap,
                &data,
                checked(
                    heap,
                    split::rsplit_space(&data, limit, &mut |units| heap.pause(units)),
                )?,
            ),
        }
    },
);

pub const SPLITLINES: Native = Native::vm(
    "splitlines(self, /, keepends=False) -> list",
    "Return a list of the lines; what ends them is kept only if keepends is true.",
    splitlines,
);

pub const JOIN: Native = Native::vm(
    "join(self, iterable_of_bytes, /) -> Self",
    "Return the bytes-like objects of the iterable as one, with this one between them.",
    join,
);

pub const STRIP: Native = Native::leaf(
    "strip(self, bytes=None, /) -> Self",
    "Return a copy without leading and trailing ASCII white space, or without any of the bytes given.",
    |heap, a| cut(heap, a, Side::Both),
);

pub const LSTRIP: Native = Native::leaf(
    "lstrip(self, bytes=None, /) -> Self",
    "Return a copy without leading ASCII white space, or without any of the bytes given.",
    |heap, a| cut(heap, a, Side::Left),
);

pub const RSTRIP: Native = Native::leaf(
    "rstrip(self, bytes=None, /) -> Self",
    "Return a copy without trailing ASCII white space, or without any of the bytes given.",
    |heap, a| cut(heap, a, Side::Right),
);

pub const REMOVEPREFIX: Native = Native::leaf(
    "removeprefix(self, prefix, /) -> Self",
    "Return a copy without the prefix, if it has it.",
    |heap, a| {
        let (data, prefix) = (this(heap, a)?, Buffer::arg(heap, a.get(1))?);
        Ok(data.same(heap, data.strip_prefix(&*prefix).unwrap_or(&data)))
    },
);

pub const REMOVESUFFIX: Native = Native::leaf(
    "removesuffix(self, suffix, /) -> Self",
    "Return a copy without the suffix, if it has it.",
    |heap, a| {
        let (data, suffix) = (this(heap, a)?, Buffer::arg(heap, a.get(1))?);
        Ok(data.same(heap, data.strip_suffix(&*suffix).unwrap_or(&data)))
    },
);

/// An argument that may be omitted or None.
fn optional<'h>(heap: &'h Heap, value: Value<'h>) -> Result<Option<Buffer<'h>>, Raised> {
    if value.is_undef() || value.is_none() {
        Ok(None)
    } else {
        Buffer::arg(heap, value).map(Some)
    }
}

fn list<'h>(heap: &'h Heap, data: &Buffer<'h>, parts: Vec<&[u8]>) -> Out<'h> {
    let parts = parts.into_iter().map(|part| data.same(heap, part));
    Ok(heap.long_list(parts)?.value())
}

fn splitlines(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let ends = if arg::truth_or(vm, a.at(1), false)? {
        LineEnds::Keep
    } else {
        LineEnds::Drop
    };
    let data = this_of(vm, a)?;
    let heap = &vm.heap;
    let lines = split::splitlines(&data, ends, &mut |units| heap.pause(units));
    let lines = checked(heap, lines)?;
    Ok(vm.local(list(heap, &data, lines)?))
}

fn cut<'h>(heap: &'h Heap, a: Args<'h>, side: Side) -> Out<'h> {
    let (data, chars) = (this(heap, a)?, optional(heap, a.get(1))?);
    let kept = split::strip(&data, chars.as_deref(), side);
    heap.note_bytes(data.len() - kept.len());
    if kept.len() == data.len() && a.get(0).is_gc::<Bytes>() {
        return Ok(a.get(0));
    }
    Ok(data.same(heap, kept))
}

fn join(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let items = joinable(vm, a.at(1))?;
    let (heap, sep) = (&vm.heap, this_of(vm, a)?);
    let items = match vm.get_gc::<List>(items) {
        Some(list) => list.to_vec(heap),
        None => vm
            .get_gc::<Tuple>(items)
            .map(|tuple| tuple.to_vec(heap))
            .unwrap_or_default(),
    };
    let mut joined = Vec::new();
    for (i, &item) in items.iter().enumerate() {
        let Some(part) = Buffer::of(heap, item) else {
            let found = heap.type_name(item);
            return Err(heap.type_error(format!(
                "sequence item {i}: expected a bytes-like object, {found} found"
            )));
        };
        heap.poll(1)?;
        heap.grow_vec(&mut joined, sep.len() + part.len())?;
        if i > 0 {
            joined.extend_from_slice(&sep);
        }
        joined.extend_from_slice(&part);
    }
    Ok(vm.local(sep.same(heap, joined)))
}
