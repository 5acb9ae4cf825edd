//! Iterators over builtin types, and the adaptors enumerate, zip, map, filter and reversed.
//!
//! All are the Rust type `Iter`, whose `next` is in `vm/protocol/iterate.rs`; here are the adaptors' constructors and what all have.
//! To add an adaptor: an `IterTag`, its step in `vm/protocol/iterate.rs`, a constructor and a row here.

use smallvec::SmallVec;

use super::iterator_state::{REDUCE, SETSTATE};
use crate::runtime::array::Array;
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::dict::Dict;
use crate::runtime::intern::Sym;
use crate::runtime::iter::{Iter, IterTag};
use crate::runtime::list::List;
use crate::runtime::opaque::Opaque;
use crate::runtime::set::Set;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg::plain_value;
use crate::stdlib::receiver::{given, spread, this, this_of};
use crate::stdlib::registry::NativeType;
use crate::vm::protocol::iterate::plain_iter;
use crate::vm::{Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[
    NativeType {
        new: Some(&NEW_ENUMERATE),
        ..adaptor(Builtin::Enumerate, ENUMERATE_DOC)
    },
    NativeType {
        new: Some(&NEW_ZIP),
        methods: &[&ITER, &NEXT, &REDUCE, &SETSTATE],
        ..adaptor(Builtin::Zip, ZIP_DOC)
    },
    NativeType {
        new: Some(&NEW_MAP),
        ..adaptor(Builtin::Map, MAP_DOC)
    },
    NativeType {
        new: Some(&NEW_FILTER),
        ..adaptor(Builtin::Filter, FILTER_DOC)
    },
    NativeType {
        new: Some(&NEW_REVERSED),
        ..walk(
            Builtin::Reversed,
            "Return a reverse iterator over the values of the given sequence.",
        )
    },
    walk(
        Builtin::Iterator,
        "An iterator over an object with __getitem__.",
    ),
    walk(Builtin::ListIterator, "An iterator over a list."),
    walk(
        Builtin::ListReverseIterator,
        "An iterator over a list from its end.",
    ),
    walk(Builtin::TupleIterator, "An iterator over a tuple."),
    walk(Builtin::RangeIterator, "An iterator over a range."),
    walk(
        Builtin::StrIterator,
        "An iterator over the characters of a string.",
    ),
    walk(Builtin::BytesIterator, "An iterator over bytes."),
    walk(Builtin::ByteArrayIterator, "An iterator over a bytearray."),
    walk(Builtin::ArrayIterator, "An iterator over an array."),
    walk(
        Builtin::DictKeyIterator,
        "An iterator over the keys of a dict.",
    ),
    walk(
        Builtin::DictValueIterator,
        "An iterator over the values of a dict.",
    ),
    walk(
        Builtin::DictItemIterator,
        "An iterator over the pairs of a dict.",
    ),
    walk(
        Builtin::DictReverseKeyIterator,
        "An iterator over the keys of a dict from the last to the first.",
    ),
    walk(Builtin::SetIterator, "An iterator over a set."),
    adaptor(
        Builtin::CallableIterator,
        "What iter(callable, sentinel) makes.",
    ),
];

/// An iterator that knows how many items are left.
const fn walk(class: Builtin, doc: &'static str) -> NativeType {
    NativeType {
        methods: &[&ITER, &NEXT, &LENGTH_HINT, &REDUCE, &SETSTATE],
        ..NativeType::of(class, doc)
    }
}

/// An iterator that does not.
const fn adaptor(class: Builtin, doc: &'static str) -> NativeType {
    NativeType {
        methods: &[&ITER, &NEXT, &REDUCE],
        ..NativeType::of(class, doc)
    }
}

const ENUMERATE_DOC: &str = "Return an enumerate object.\n\n  iterable\n    an object supporting iteration\n\n\
    The enumerate object yields pairs containing a count (from start, which\ndefaults to zero) and a value yielded by the \
    iterable argument.\n\nenumerate is useful for obtaining an indexed list:\n    (0, seq[0]), (1, seq[1]), (2, seq[2]), ...";

const ZIP_DOC: &str = "The zip object yields n-length tuples, where n is the number of iterables\n\
    passed as positional arguments to zip().  The i-th element in every tuple\n\
    comes from the i-th iterable argument to zip().  This continues until the\nshortest argument is exhausted.\n\n\
    If strict is true and one of the arguments is exhausted before the others,\nraise a ValueError.\n\n   >>> list(zip('abcdefg', range(3), range(4)))\n   [('a', 0, 0), ('b', 1, 1), ('c', 2, 2)]";

const MAP_DOC: &str = "Make an iterator that computes the function using arguments from\neach of the iterables.  \
    Stops when the shortest iterable is exhausted.";

const FILTER_DOC: &str = "Return an iterator yielding those items of iterable for which function(item)\nis true. \
    If function is None, return the items that are true.";

const ITER: Native = Native::leaf(
    "__iter__(self, /)",
    "Implement iter(self).",
    |heap, args| match plain_value(heap, args.get(0)).is_gc::<Iter>() {
        true => Ok(args.get(0)),
        false => Ok(this::<Iter>(heap, args)?.value()),
    },
)
.on_instance();

const NEXT: Native = Native::vm("__next__(self, /)", "Implement next(self).", |vm, args| {
    this_of::<Iter>(vm, args)?;
    let item = vm.local(Value::UNDEF);
    if vm.next(args.at(0), item)? {
        Ok(item)
    } else {
        Err(vm.heap.raise_with(Builtin::StopIteration, &[]))
    }
});

const LENGTH_HINT: Native = Native::vm(
    "__length_hint__(self, /) -> int",
    "Private method returning an estimate of len(list(it)).",
    |vm, args| {
        let iter = this_of::<Iter>(vm, args)?;
        let source = iter.source.get(&vm.heap);
        let is_asked = matches!(iter.tag, IterTag::Sequence | IterTag::SequenceReverse);
        if is_asked && !source.is_undef() && vm.special(source, Sym::Len).is_some() {
            return left_in_sequence(vm, args.at(0));
        }
        Ok(vm.local(length_hint(&vm.heap, iter)))
    },
);

/// How many items an iterator has left whose sequence says itself how long it is.
fn left_in_sequence(vm: &mut Vm, iterator: Local) -> Result<Local, Raised> {
    let parts = |vm: &Vm| {
        let iter: Gc<'_, Iter> = vm.get_gc(iterator).expect("the caller checked it");
        (iter.tag, iter.pos.get())
    };
    let source = vm
        .get_gc::<Iter>(iterator)
        .map(|iter| iter.source.get(&vm.heap));
    let source = vm.local(source.unwrap_or(Value::NONE));
    let len = vm.len(source)? as i64;
    let left = match parts(vm) {
        (IterTag::SequenceReverse, pos) if len < pos + 1 => 0,
        (IterTag::SequenceReverse, pos) => pos + 1,
        (_, pos) => (len - pos).max(0),
    };
    Ok(vm.local(vm.heap.int(left)))
}

fn length_hint<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Value<'h> {
    let source = iter.source.get(heap);
    let (pos, end) = (iter.pos.get(), iter.end.get());
    let left = match iter.tag {
        IterTag::Range => end,
        _ if source.is_undef() => 0,
        IterTag::List => source
            .as_gc::<List>()
            .map_or(0, |list| list.len(heap) as i64 - pos),
        IterTag::Tuple => source
            .as_gc::<crate::runtime::tuple::Tuple>()
            .map_or(0, |tuple| tuple.len() as i64 - pos),
        IterTag::ListReverse => match source.as_gc::<List>() {
            Some(list) if list.len(heap) as i64 > pos => pos + 1,
            _ => 0,
        },
        IterTag::SequenceReverse => pos + 1,
        IterTag::Str => source.as_gc::<Str>().map_or(0, |text| {
            let rest = text.as_str().get(pos as usize..);
            rest.map_or(0, |rest| rest.chars().count() as i64)
        }),
        IterTag::Bytes => match source.as_gc::<Bytes>() {
            Some(bytes) => bytes.as_slice().len() as i64 - pos,
            None => source
                .as_gc::<ByteArray>()
                .map_or(0, |array| array.len(heap) as i64 - pos),
        },
        IterTag::Array => source
            .as_gc::<Opaque>()
            .and_then(|array| array.payload::<Array>())
            .map_or(0, |array| array.len(heap) as i64 - pos),
        IterTag::DictKeys
        | IterTag::DictValues
        | IterTag::DictItems
        | IterTag::DictReverse
        | IterTag::Set => {
            let now = source.as_gc::<Dict>().map(|dict| dict.table.len(heap));
            let now = now.or_else(|| source.as_gc::<Set>().map(|set| set.members.len(heap)));
            match now {
                Some(now) if now as i64 == end => end + 1 - iter.step.get(),
                _ => 0,
            }
        }
        _ => return Value::NOT_IMPLEMENTED,
    };
    heap.int(left.max(0))
}

const NEW_ENUMERATE: Native = Native::vm(
    "enumerate(cls, /, iterable, start=0)",
    "Create and return a new object.  See help(type) for accurate signature.",
    |vm, args| {
        let start = match given(vm, args.at(2)) {
            Some(start) => vm.index_value(start)?,
            None => vm.local(Value::small_int(0)),
        };
        let iterator = vm.iter(args.at(1))?;
        Ok(new_iter(vm, IterTag::Enumerate, iterator, Some(start)))
    },
)
.quick(|heap, args| {
    let source = plain_iter(heap, args.get(1))?.value();
    let zero = Value::small_int(0);
    (args.len() == 2).then(|| heap.iter(IterTag::Enumerate, source, zero, 0, 0).value())
});

/// An adaptor around `source`.
fn new_iter(vm: &Vm, tag: IterTag, source: Local, extra: Option<Local>) -> Local {
    let extra = extra.map_or(Value::UNDEF, |extra| vm.get(extra));
    vm.local(vm.heap.iter(tag, vm.get(source), extra, 0, 0).value())
}

/// A tuple of iterators over iterables.
fn iterators(vm: &mut Vm, iterables: &[Local]) -> Result<Local, Raised> {
    let mut iterators = Vec::with_capacity(iterables.len());
    for &iterable in iterables {
        iterators.push(vm.iter(iterable)?);
    }
    let values: Vec<_> = iterators.iter().map(|&iterator| vm.get(iterator)).collect();
    Ok(vm.local(vm.heap.tuple(&values).value()))
}

const NEW_ZIP: Native = Native::vm(
    "zip(cls, /, *iterables, strict=False)",
    "Create and return a new object.  See help(type) for accurate signature.",
    |vm, args| {
        let strict = match given(vm, args.at(2)) {
            Some(strict) => vm.truth(strict)?,
            None => false,
        };
        let iterables = spread(vm, args.at(1));
        let sources = iterators(vm, &iterables)?;
        let zip = new_iter(vm, IterTag::Zip, sources, None);
        if let Some(iter) = vm.get_gc::<Iter>(zip) {
            iter.pos.set(i64::from(strict));
        }
        Ok(zip)
    },
)
.quick(|heap, args| {
    let sources: Option<SmallVec<[Value<'_>; 4]>> = args
        .iter()
        .skip(1)
        .map(|source| Some(plain_iter(heap, source)?.value()))
        .collect();
    let sources = heap.tuple(&sources?).value();
    Some(heap.iter(IterTag::Zip, sources, Value::UNDEF, 0, 0).value())
});

const NEW_MAP: Native = Native::vm(
    "map(cls, /, *args)",
    "Create and return a new object.  See help(type) for accurate signature.",
    |vm, args| {
        let arguments = spread(vm, args.at(1));
        let [function, iterables @ ..] = &arguments[..] else {
            return Err(too_few_for_map(vm));
        };
        if iterables.is_empty() {
            return Err(too_few_for_map(vm));
        }
        let sources = iterators(vm, iterables)?;
        Ok(new_iter(vm, IterTag::Map, sources, Some(*function)))
    },
);

fn too_few_for_map(vm: &Vm) -> Raised {
    vm.heap
        .type_error("map() must have at least two arguments.")
}

const NEW_FILTER: Native = Native::vm(
    "filter(cls, function, iterable, /)",
    "Create and return a new object.  See help(type) for accurate signature.",
    |vm, args| {
        let iterator = vm.iter(args.at(2))?;
        Ok(new_iter(vm, IterTag::Filter, iterator, Some(args.at(1))))
    },
);

const NEW_REVERSED: Native = Native::vm(
    "reversed(cls, sequence, /)",
    "Create and return a new object.  See help(type) for accurate signature.",
    reversed,
)
.quick(|heap, args| {
    let list = args.get(1).as_gc::<List>()?;
    let last = list.len(heap) as i64 - 1;
    (args.len() == 2).then(|| {
        heap.iter(IterTag::ListReverse, list.value(), Value::UNDEF, last, 0)
            .value()
    })
});

fn reversed(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let sequence = args.at(1);
    let blocked = vm.refuses(vm.get(sequence), Sym::Reversed);
    if !blocked && let Some(iterator) = vm.call_special(sequence, Sym::Reversed, &[])? {
        return Ok(iterator);
    }
    let value = vm.get(sequence);
    let is_sequence =
        vm.special(value, Sym::GetItem).is_some() && vm.special(value, Sym::Len).is_some();
    if blocked || !is_sequence {
        return Err(vm.heap.type_error(format!(
            "'{}' object is not reversible",
            vm.heap.type_name(value)
        )));
    }
    let last = vm.len(sequence)? as i64 - 1;
    Ok(vm.local(
        vm.heap
            .iter(
                IterTag::SequenceReverse,
                vm.get(sequence),
                Value::UNDEF,
                last,
                0,
            )
            .value(),
    ))
}
