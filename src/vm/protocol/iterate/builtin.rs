//! Iterators over builtin types: how they begin, and each step that needs no program code.
//!
//! To add a kind of iterator: a row of `IterTag`, an arm in `leaf_iter` if `iter()` makes it, an arm in `plain_next`; one that calls
//! the program answers `Advance::Program` there and has its step in `adaptor.rs`. `enumerate` and `zip` are here as far as they
//! stand over containers, and in `adaptor.rs` over anything else.

use smallvec::SmallVec;

use super::ordered::{item_of, next_of_ordered};
use crate::runtime::array::Array;
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::dict::Dict;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::iter::{Iter, IterTag};
use crate::runtime::list::List;
use crate::runtime::native::NativeFunction;
use crate::runtime::opaque::Opaque;
use crate::runtime::range::Range;
use crate::runtime::set::Set;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::protocol::item_fast_path::plain_array;

/// What a step of an iterator gave.
pub enum Advance<T> {
    /// The next item.
    Item(T),
    /// There is none.
    End,
    /// It takes the program to say: see `adaptor.rs`.
    Program,
}

impl<T> Advance<T> {
    fn of(item: Option<T>) -> Advance<T> {
        item.map_or(Advance::End, Advance::Item)
    }

    fn map<U>(self, change: impl FnOnce(T) -> U) -> Advance<U> {
        match self {
            Advance::Item(item) => Advance::Item(change(item)),
            Advance::End => Advance::End,
            Advance::Program => Advance::Program,
        }
    }
}

impl Vm {
    /// The iterator over a builtin object; iterators and generators are their own.
    pub(in crate::vm) fn builtin_iter<'h>(&'h self, value: Value<'h>) -> Option<Value<'h>> {
        if let Some(iter) = leaf_iter(&self.heap, value) {
            return Some(iter);
        }
        let payload = self.underlying(value, Sym::Iter);
        if payload.is(value) || payload.is_gc::<Iter>() {
            return None;
        }
        self.builtin_iter(payload)
    }

    /// The builtin object inside an instance that extends one, unless the program gave the class its own `method`; else the value.
    pub(in crate::vm) fn underlying<'h>(&'h self, value: Value<'h>, method: Sym) -> Value<'h> {
        let Some(payload) = value
            .as_gc::<Instance>()
            .and_then(|instance| instance.payload(&self.heap))
        else {
            return value;
        };
        match self.special(value, method) {
            Some(method) if method.is_gc::<NativeFunction>() => payload,
            _ => value,
        }
    }
}

/// The iterator over a builtin object that no program class extends.
pub fn leaf_iter<'h>(heap: &'h Heap, value: Value<'h>) -> Option<Value<'h>> {
    let walk = |tag, end: usize| Some(heap.iter(tag, value, Value::UNDEF, 0, end as i64).value());
    match value.as_object()?.kind() {
        Kind::List => walk(IterTag::List, 0),
        Kind::Tuple => walk(IterTag::Tuple, 0),
        Kind::Range => Some(range_iter(heap, *value.as_gc::<Range>()?.get())),
        Kind::Str => walk(IterTag::Str, 0),
        Kind::Bytes | Kind::ByteArray => walk(IterTag::Bytes, 0),
        Kind::Dict => walk(IterTag::DictKeys, value.as_gc::<Dict>()?.table.len(heap)),
        Kind::Set => walk(IterTag::Set, value.as_gc::<Set>()?.members.len(heap)),
        Kind::View => view_iter(heap, value.as_gc()?),
        Kind::Opaque => {
            plain_array(value)?;
            walk(IterTag::Array, 0)
        }
        Kind::Iter => Some(value),
        Kind::Coroutine if super::is_generator(value) => Some(value),
        _ => None,
    }
}

fn view_iter<'h>(heap: &'h Heap, view: Gc<'h, View>) -> Option<Value<'h>> {
    let (tag, class) = match view.tag {
        ViewTag::Keys => (IterTag::DictKeys, Builtin::DictKeys),
        ViewTag::Values => (IterTag::DictValues, Builtin::DictValues),
        ViewTag::Items => (IterTag::DictItems, Builtin::DictItems),
        ViewTag::Proxy => return leaf_iter(heap, view.get().source.get(heap)),
    };
    // The views of an OrderedDict have iterators of their own.
    if view.value().as_object()?.shape() != heap.types.shape_of(class) {
        return None;
    }
    let source = view.get().source.get(heap);
    let len = source.as_gc::<Dict>()?.table.len(heap);
    Some(heap.iter(tag, source, Value::UNDEF, 0, len as i64).value())
}

/// The iterator over a builtin object whose steps take no program code, whatever it holds.
pub fn plain_iter<'h>(heap: &'h Heap, value: Value<'h>) -> Option<Gc<'h, Iter>> {
    let iter = leaf_iter(heap, value)?.as_gc::<Iter>()?;
    is_leaf(heap, iter).then_some(iter)
}

/// Whether no step will answer `Program`.
fn is_leaf<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> bool {
    match iter.tag {
        IterTag::Enumerate => plain_source(iter.source.get(heap)).is_some(),
        IterTag::Zip => iter.pos.get() == 0 && zipped(heap, iter).is_some(),
        tag => tag.is_plain(),
    }
}

/// One step, unless the program takes part in it.
#[inline]
pub fn leaf_next<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Result<Advance<Value<'h>>, Raised> {
    match iter.tag {
        IterTag::Enumerate => next_of_enumerate(heap, iter),
        IterTag::Zip => next_of_zip(heap, iter),
        _ => plain_next(heap, iter),
    }
}

/// A step of an iterator over a container.
fn plain_next<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Result<Advance<Value<'h>>, Raised> {
    let item = match iter.tag {
        IterTag::Range => next_of_range(heap, iter),
        IterTag::List => next_of_list(heap, iter),
        IterTag::Tuple => next_of_tuple(heap, iter),
        IterTag::Bytes => next_at(iter, |source, n| byte_at(heap, source, n), heap),
        IterTag::Array => next_of_array(heap, iter)?,
        IterTag::ListReverse => previous_in_list(heap, iter),
        IterTag::Str => next_char(heap, iter),
        IterTag::DictKeys | IterTag::DictValues | IterTag::DictItems => next_of_dict(heap, iter)?,
        IterTag::DictReverse => previous_of_dict(heap, iter)?,
        IterTag::Ordered => next_of_ordered(heap, iter)?,
        IterTag::Set => next_of_set(heap, iter)?,
        IterTag::Sequence
        | IterTag::SequenceReverse
        | IterTag::Call
        | IterTag::Enumerate
        | IterTag::Zip
        | IterTag::Map
        | IterTag::Filter => return Ok(Advance::Program),
    };
    Ok(Advance::of(item))
}

/// A plain iterator under an adaptor.
fn plain_source(value: Value<'_>) -> Option<Gc<'_, Iter>> {
    value.as_gc::<Iter>().filter(|iter| iter.tag.is_plain())
}

/// One step of an iterator whose items are pairs, not put into a tuple yet; `Program` where `leaf_next` has to say.
pub fn next_pair<'h>(
    heap: &'h Heap,
    iter: Gc<'h, Iter>,
) -> Result<Advance<(Value<'h>, Value<'h>)>, Raised> {
    match iter.tag {
        IterTag::Enumerate => pair_of_enumerate(heap, iter),
        IterTag::DictItems => Ok(Advance::of(next_entry(heap, iter)?)),
        IterTag::Zip => pair_of_zip(heap, iter),
        _ => Ok(Advance::Program),
    }
}

fn next_of_enumerate<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Result<Advance<Value<'h>>, Raised> {
    let step = pair_of_enumerate(heap, iter)?;
    Ok(step.map(|(count, item)| heap.tuple(&[count, item]).value()))
}

/// `enumerate` over a container; the count fits a small integer.
fn pair_of_enumerate<'h>(
    heap: &'h Heap,
    iter: Gc<'h, Iter>,
) -> Result<Advance<(Value<'h>, Value<'h>)>, Raised> {
    let count = iter.extra.get(heap);
    let (Some(source), Some(next)) = (
        plain_source(iter.source.get(heap)),
        Value::add_ints(count, Value::small_int(1)),
    ) else {
        return Ok(Advance::Program);
    };
    Ok(plain_next(heap, source)?.map(|item| {
        iter.extra.set(next);
        (count, item)
    }))
}

/// `zip` of two containers, not strict.
fn pair_of_zip<'h>(
    heap: &'h Heap,
    iter: Gc<'h, Iter>,
) -> Result<Advance<(Value<'h>, Value<'h>)>, Raised> {
    let sources = iter.source.get(heap).as_gc::<Tuple>();
    let Some([x, y]) = sources.map(Gc::tail) else {
        return Ok(Advance::Program);
    };
    let (Some(x), Some(y)) = (plain_source(x.get(heap)), plain_source(y.get(heap))) else {
        return Ok(Advance::Program);
    };
    if iter.pos.get() != 0 {
        return Ok(Advance::Program);
    }
    let Advance::Item(first) = plain_next(heap, x)? else {
        return Ok(Advance::End);
    };
    Ok(plain_next(heap, y)?.map(|second| (first, second)))
}

/// The containers' iterators under a `zip`, if all are such.
fn zipped<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Option<Gc<'h, Tuple>> {
    let sources = iter.source.get(heap).as_gc::<Tuple>()?;
    sources
        .iter(heap)
        .all(|source| plain_source(source).is_some())
        .then_some(sources)
}

/// `zip` of containers, not strict.
fn next_of_zip<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Result<Advance<Value<'h>>, Raised> {
    if iter.pos.get() != 0 {
        return Ok(Advance::Program);
    }
    let Some(sources) = zipped(heap, iter) else {
        return Ok(Advance::Program);
    };
    let mut items: SmallVec<[Value<'h>; 4]> = SmallVec::new();
    for source in sources.iter(heap).filter_map(plain_source) {
        match plain_next(heap, source)? {
            Advance::Item(item) => items.push(item),
            _ => return Ok(Advance::End),
        }
    }
    Ok(if items.is_empty() {
        Advance::End
    } else {
        Advance::Item(heap.tuple(&items).value())
    })
}

fn range_iter(heap: &Heap, range: Range) -> Value<'_> {
    let len = i64::try_from(range.len()).unwrap_or(i64::MAX);
    let iter = heap.iter(IterTag::Range, Value::UNDEF, Value::UNDEF, range.start, len);
    iter.step.set(range.step);
    iter.value()
}

// The three that the loop takes by itself, because most loops are over them.

#[inline(always)]
pub fn next_of_list<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Option<Value<'h>> {
    next_at(
        iter,
        |source, n| source.as_gc::<List>()?.item(heap, n),
        heap,
    )
}

#[inline(always)]
pub fn next_of_tuple<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Option<Value<'h>> {
    next_at(iter, |source, n| source.as_gc::<Tuple>()?.at(heap, n), heap)
}

#[inline(always)]
pub fn next_of_range<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Option<Value<'h>> {
    let (left, n) = (iter.end.get(), iter.pos.get());
    if left <= 0 {
        return None;
    }
    iter.end.set(left - 1);
    iter.pos.set(n.wrapping_add(iter.step.get()));
    Some(heap.int(n))
}

/// A step over something with positions; the end is final, even if the source grows.
#[inline(always)]
fn next_at<'h>(
    iter: Gc<'h, Iter>,
    item: impl FnOnce(Value<'h>, usize) -> Option<Value<'h>>,
    heap: &'h Heap,
) -> Option<Value<'h>> {
    let n = iter.pos.get();
    let item = item(iter.source.get(heap), n as usize);
    match item {
        Some(_) => iter.pos.set(n + 1),
        None => iter.source.clear(),
    }
    item
}

fn byte_at<'h>(heap: &Heap, source: Value<'h>, n: usize) -> Option<Value<'h>> {
    let byte = match source.as_gc::<Bytes>() {
        Some(bytes) => bytes.as_slice().get(n).copied(),
        None => source.as_gc::<ByteArray>()?.byte(heap, n),
    };
    byte.map(|byte| Value::small_int(i64::from(byte)))
}

/// A step over an array of the module `array`.
fn next_of_array<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Result<Option<Value<'h>>, Raised> {
    let source = iter.source.get(heap).as_gc::<Opaque>();
    let Some(array) = source.and_then(|array| array.payload::<Array>()) else {
        return Ok(None);
    };
    let place = iter.pos.get() as usize;
    match array.item(heap, place) {
        Some(item) => {
            iter.pos.set(iter.pos.get() + 1);
            Ok(Some(item))
        }
        None if place < array.len(heap) => {
            Err(heap.value_error("chr() arg not in range(0x110000)"))
        }
        None => {
            iter.source.clear();
            Ok(None)
        }
    }
}

fn previous_in_list<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Option<Value<'h>> {
    let n = iter.pos.get();
    let list = iter.source.get(heap).as_gc::<List>()?;
    let item = usize::try_from(n).ok().and_then(|n| list.item(heap, n));
    match item {
        Some(_) => iter.pos.set(n - 1),
        None => iter.source.clear(),
    }
    item
}

fn next_char<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Option<Value<'h>> {
    let text = iter.source.get(heap).as_gc::<Str>()?.as_str();
    let at = iter.pos.get() as usize;
    match text[at..].chars().next() {
        Some(c) => {
            iter.pos.set((at + c.len_utf8()) as i64);
            Some(heap.char_value(c))
        }
        None => {
            iter.source.clear();
            None
        }
    }
}

fn next_of_dict<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Result<Option<Value<'h>>, Raised> {
    let entry = next_entry(heap, iter)?;
    Ok(entry.map(|entry| item_of(heap, entry, iter.tag)))
}

/// The next key and value. One more than a dict's items were given: keys were exchanged for others meanwhile. `step` counts them,
/// from 1.
#[inline]
fn next_entry<'h>(
    heap: &'h Heap,
    iter: Gc<'h, Iter>,
) -> Result<Option<(Value<'h>, Value<'h>)>, Raised> {
    let Some(dict) = iter.source.get(heap).as_gc::<Dict>() else {
        return Ok(None);
    };
    check_dict_size(heap, iter, dict)?;
    let Some(at) = dict.table.next_position(heap, iter.pos.get() as usize) else {
        iter.source.clear();
        return Ok(None);
    };
    if iter.step.get() > iter.end.get() {
        iter.source.clear();
        return Err(heap.raise(
            Builtin::RuntimeError,
            "dictionary keys changed during iteration",
        ));
    }
    iter.step.set(iter.step.get() + 1);
    iter.pos.set(at as i64 + 1);
    Ok(dict.table.entry(heap, at))
}

fn previous_of_dict<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Result<Option<Value<'h>>, Raised> {
    let Some(dict) = iter.source.get(heap).as_gc::<Dict>() else {
        return Ok(None);
    };
    check_dict_size(heap, iter, dict)?;
    let Some(at) = dict.table.previous_position(heap, iter.pos.get() as usize) else {
        iter.source.clear();
        return Ok(None);
    };
    iter.pos.set(at as i64);
    iter.step.set(iter.step.get() + 1);
    let tag = match iter.extra.get(heap).as_int() {
        Some(1) => IterTag::DictValues,
        Some(_) => IterTag::DictItems,
        None => IterTag::DictKeys,
    };
    Ok(dict
        .table
        .entry(heap, at)
        .map(|entry| item_of(heap, entry, tag)))
}

/// The error repeats: the iterator is of no more use.
fn check_dict_size<'h>(
    heap: &'h Heap,
    iter: Gc<'h, Iter>,
    dict: Gc<'h, Dict>,
) -> Result<(), Raised> {
    if dict.table.len(heap) as i64 == iter.end.get() {
        return Ok(());
    }
    iter.end.set(-1);
    Err(heap.raise(
        Builtin::RuntimeError,
        "dictionary changed size during iteration",
    ))
}

fn next_of_set<'h>(heap: &'h Heap, iter: Gc<'h, Iter>) -> Result<Option<Value<'h>>, Raised> {
    let Some(set) = iter.source.get(heap).as_gc::<Set>() else {
        return Ok(None);
    };
    if set.members.len(heap) as i64 != iter.end.get() {
        iter.end.set(-1);
        return Err(heap.raise(Builtin::RuntimeError, "Set changed size during iteration"));
    }
    let Some((at, _, member)) = set.members.next(heap, iter.pos.get() as usize) else {
        iter.source.clear();
        return Ok(None);
    };
    iter.pos.set(at as i64 + 1);
    iter.step.set(iter.step.get() + 1);
    Ok(Some(member))
}
