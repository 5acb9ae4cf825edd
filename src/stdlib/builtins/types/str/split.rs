//! Taking texts apart and putting them together; cutting off their ends.
//!
//! The algorithms are in `text/str_ops`; `join` may run the program and is careful about it. To add a method: a
//! `Native`, its function, a word in the table of `str/mod.rs`.

use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg::{self, Out, checked};
use crate::stdlib::receiver::{this, this_of};
use crate::text::str_ops::split::{self, LineEnds};
use crate::text::str_ops::{Side, strip};
use crate::vm::{Args, Local, Locals, Native, Vm};

pub const SPLIT: Native = Native::leaf(
    "split(self, /, sep=None, maxsplit=-1) -> list[str]",
    "Return the parts between separators; without a separator the words between white space. At most maxsplit splits are \
     done, from the left. Raises ValueError if the separator is empty.",
    |heap, a| {
        let limit = limit(heap, a)?;
        let (text, sep) = (this::<Str>(heap, a)?.as_str(), separator(heap, a.get(1))?);
        match sep {
            Some(sep) => list(
                heap,
                checked(
                    heap,
                    split::split(text, sep, limit, &mut |units| heap.pause(units)),
                )?,
            ),
            None => list(
                heap,
                checked(
                    heap,
                    split::split_space(text, limit, &mut |units| heap.pause(units)),
                )?,
            ),
        }
    },
);

pub const RSPLIT: Native = Native::leaf(
    "rsplit(self, /, sep=None, maxsplit=-1) -> list[str]",
    "Return the parts between separators; without a separator the words between white space. At most maxsplit splits are \
     done, from the right. Raises ValueError if the separator is empty.",
    |heap, a| {
        let limit = limit(heap, a)?;
        let (text, sep) = (this::<Str>(heap, a)?.as_str(), separator(heap, a.get(1))?);
        match sep {
            Some(sep) => list(
                heap,
                checked(
                    heap,
                    split::rsplit(text, sep, limit, &mut |units| heap.pause(units)),
                )?,
            ),
            None => list(
                heap,
                checked(
                    heap,
                    split::rsplit_space(text, limit, &mut |units| heap.pause(units)),
                )?,
            ),
        }
    },
);

pub const SPLITLINES: Native = Native::vm(
    "splitlines(self, /, keepends=False) -> list[str]",
    "Return a list of the lines; what ends them is kept only if keepends is true.",
    splitlines,
);

pub const JOIN: Native = Native::vm(
    "join(self, iterable, /) -> str",
    "Return the strings of the iterable as one, with this string between them. Raises TypeError if there is anything else among them.",
    join,
)
.quick(|heap, args| {
    let sep = args.get(0).as_gc::<Str>()?.as_str();
    if args.len() != 2 {
        return None;
    }
    match args.get(1).as_gc::<List>() {
        Some(list) => {
            quick_join(heap, sep, || {
                (0..list.len(heap)).map_while(|i| list.get().item(heap, i))
            })
        }
        None => {
            let tuple = args.get(1).as_gc::<Tuple>()?;
            quick_join(heap, sep, || tuple.iter(heap))
        }
    }
});

/// Bytes beyond which strings are joined on the general path, which can be interrupted.
const QUICK: usize = 1 << 20;

/// Joins strings that fit one; None: there is something else among them.
fn quick_join<'h, I: Iterator<Item = Value<'h>>>(
    heap: &'h Heap,
    sep: &str,
    items: impl Fn() -> I,
) -> Option<Value<'h>> {
    let mut left = QUICK;
    for item in items() {
        left = left.checked_sub(item.as_gc::<Str>()?.byte_len() + 1)?;
    }
    heap.joined(|| {
        items().enumerate().flat_map(|(i, item)| {
            let sep = if i == 0 { "" } else { sep };
            [sep, item.as_gc::<Str>().map_or("", Gc::as_str)]
        })
    })
}

pub const STRIP: Native = Native::leaf(
    "strip(self, chars=None, /) -> str",
    "Return a copy without leading and trailing white space, or without any of the characters given.",
    |heap, a| cut(heap, a, Side::Both, "strip"),
);

pub const LSTRIP: Native = Native::leaf(
    "lstrip(self, chars=None, /) -> str",
    "Return a copy without leading white space, or without any of the characters given.",
    |heap, a| cut(heap, a, Side::Left, "lstrip"),
);

pub const RSTRIP: Native = Native::leaf(
    "rstrip(self, chars=None, /) -> str",
    "Return a copy without trailing white space, or without any of the characters given.",
    |heap, a| cut(heap, a, Side::Right, "rstrip"),
);

pub const REMOVEPREFIX: Native = Native::leaf(
    "removeprefix(self, prefix, /) -> str",
    "Return the string without the prefix, if it has it.",
    |heap, a| {
        let prefix = arg::text(heap, a.get(1), "removeprefix() argument")?;
        slice(
            heap,
            a,
            strip::remove_prefix(this::<Str>(heap, a)?.as_str(), prefix),
        )
    },
);

pub const REMOVESUFFIX: Native = Native::leaf(
    "removesuffix(self, suffix, /) -> str",
    "Return the string without the suffix, if it has it.",
    |heap, a| {
        let suffix = arg::text(heap, a.get(1), "removesuffix() argument")?;
        slice(
            heap,
            a,
            strip::remove_suffix(this::<Str>(heap, a)?.as_str(), suffix),
        )
    },
);

fn separator<'h>(heap: &'h Heap, sep: Value<'h>) -> Result<Option<&'h str>, Raised> {
    if sep.is_undef() || sep.is_none() {
        return Ok(None);
    }
    match arg::as_str(heap, sep) {
        Some(sep) => Ok(Some(sep.as_str())),
        None => Err(heap.type_error(format!("must be str or None, not {}", heap.type_name(sep)))),
    }
}

fn limit<'h>(heap: &'h Heap, a: Args<'h>) -> Result<i64, Raised> {
    arg::index_or(heap, a.get(2), -1)
}

fn list<'h>(heap: &'h Heap, parts: Vec<&str>) -> Out<'h> {
    let parts = parts.into_iter().map(|part| heap.str_value(part));
    Ok(heap.long_list(parts)?.value())
}

fn splitlines(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let ends = if arg::truth_or(vm, a.at(1), false)? {
        LineEnds::Keep
    } else {
        LineEnds::Drop
    };
    let (heap, text) = (&vm.heap, this_of::<Str>(vm, a)?.as_str());
    let lines = split::splitlines(text, ends, &mut |units| heap.pause(units));
    let lines = checked(&vm.heap, lines)?;
    Ok(vm.local(list(&vm.heap, lines)?))
}

fn cut<'h>(heap: &'h Heap, a: Args<'h>, side: Side, name: &str) -> Out<'h> {
    let (text, chars) = (this::<Str>(heap, a)?.as_str(), a.get(1));
    if chars.is_undef() || chars.is_none() {
        return slice(heap, a, strip::strip_space(text, side));
    }
    match arg::as_str(heap, chars) {
        Some(chars) => slice(heap, a, strip::strip_chars(text, chars.as_str(), side)),
        None => Err(heap.type_error(format!("{name} arg must be None or str"))),
    }
}

/// A part of the receiver; itself, if nothing is missing.
fn slice<'h>(heap: &'h Heap, a: Args<'h>, part: &str) -> Out<'h> {
    let whole = this::<Str>(heap, a)?;
    heap.note_bytes(whole.byte_len() - part.len());
    Ok(if part.len() == whole.byte_len() {
        whole.value()
    } else {
        heap.str_value(part)
    })
}

fn join(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let items = joinable(vm, a.at(1))?;
    let (heap, sep) = (&vm.heap, this_of::<Str>(vm, a)?.as_str());
    let joined = match vm.get_gc::<List>(items) {
        Some(list) => join_items(
            heap,
            sep,
            &mut (0..list.len(&vm.heap)).filter_map(|i| list.item(heap, i)),
        ),
        None => {
            let tuple = vm
                .get_gc::<Tuple>(items)
                .expect("joinable gives a list or a tuple");
            join_items(heap, sep, &mut tuple.iter(heap))
        }
    };
    Ok(vm.local(joined?))
}

/// What is joined as a list or tuple: itself if it is one, else a list of what it gives.
pub fn joinable(vm: &mut Vm, iterable: Local) -> Result<Local, Raised> {
    let value = arg::plain_value(&vm.heap, vm.get(iterable));
    let own_class = vm.heap.class_of(vm.get(iterable)).builtin.is_some();
    if own_class && (value.is_gc::<List>() || value.is_gc::<Tuple>()) {
        return Ok(iterable);
    }
    match vm.iter(iterable) {
        Ok(iter) => vm.to_list(iter),
        Err(raised) if vm.is_raised(&raised, Builtin::TypeError) => {
            vm.heap.take_raised(raised);
            Err(vm.heap.type_error("can only join an iterable"))
        }
        Err(raised) => Err(raised),
    }
}

fn join_items<'h>(
    heap: &'h Heap,
    sep: &str,
    items: &mut dyn Iterator<Item = Value<'h>>,
) -> Out<'h> {
    let mut text = String::new();
    for (i, item) in items.enumerate() {
        let Some(part) = arg::as_str(heap, item) else {
            let found = heap.type_name(item);
            return Err(heap.type_error(format!(
                "sequence item {i}: expected str instance, {found} found"
            )));
        };
        heap.grow_text(&mut text, sep.len() + part.byte_len())?;
        if i > 0 {
            text.push_str(sep);
        }
        text.push_str(part.as_str());
        heap.poll(1)?;
    }
    heap.adopt_text(text)
}
