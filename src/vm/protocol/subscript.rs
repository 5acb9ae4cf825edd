//! `object[key]`, its assignment and deletion, and `len()`.
//!
//! `leaf_item` settles positions and plain slices of builtin sequences; dicts go through `lookup.rs`; a dict subclass may have
//! `__missing__`, a class `__class_getitem__`. Slices are computed in `slice.rs` and assigned in `slice_assign.rs`.
//!
//! Each sequence type words its errors differently: `Words` is the table.

use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::opaque::Opaque;
use crate::runtime::range::Range;
use crate::runtime::set::Set;
use crate::runtime::slice::Slice;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::arith::Provider;
use crate::vm::protocol::item_fast_path::plain_array;
use crate::vm::protocol::slice::{leaf_bounds, sliced};

/// The wording of a sequence type's errors.
struct Words {
    /// Before "indices must be integers".
    indices: &'static str,
    /// Whole message of a position that does not exist.
    range: &'static str,
}

/// The wording for a sequence; None for what is none.
fn words(value: Value<'_>) -> Option<Words> {
    let (indices, range) = match value.as_object()?.kind() {
        Kind::List => ("list", "list index out of range"),
        Kind::Tuple => ("tuple", "tuple index out of range"),
        Kind::Str => ("string", "string index out of range"),
        Kind::Bytes => ("byte", "index out of range"),
        Kind::ByteArray => ("bytearray", "bytearray index out of range"),
        Kind::Range => ("range", "range object index out of range"),
        Kind::Opaque => {
            plain_array(value)?;
            ("array", "array index out of range")
        }
        _ => return None,
    };
    Some(Words { indices, range })
}

// Reading.
impl Vm {
    /// `object[key]`
    pub fn get_item(&mut self, object: Local, key: Local) -> Result<Local, Raised> {
        match leaf_item(&self.heap, self.get(object), self.get(key)) {
            Some(item) => Ok(self.local(item?)),
            None => self.get_item_slow(object, key),
        }
    }

    #[cold]
    #[inline(never)]
    pub(in crate::vm) fn get_item_slow(
        &mut self,
        object: Local,
        key: Local,
    ) -> Result<Local, Raised> {
        let found = match self.provider(self.get(object), Sym::GetItem) {
            Provider::Builtin => self.builtin_get_item(object, key)?,
            Provider::Method => self.call_special(object, Sym::GetItem, &[key])?,
            Provider::Nobody if self.get(object).is_gc::<Class>() => {
                return self.class_get_item(object, key);
            }
            Provider::Nobody => None,
        };
        found.ok_or_else(|| {
            let class = self.heap.type_name(self.get(object));
            self.heap
                .type_error(format!("'{class}' object is not subscriptable"))
        })
    }

    /// What `dict.__getitem__` and its like answer; None: the type has no items.
    pub fn builtin_get_item(&mut self, object: Local, key: Local) -> Result<Option<Local>, Raised> {
        let plain = self.plain(object);
        if let Some(item) = leaf_item(&self.heap, self.get(plain), self.get(key)) {
            return Ok(Some(self.local(item?)));
        }
        match self.get(plain).as_object().map(Gc::kind) {
            Some(Kind::Dict) => match self.dict_get(plain, key)? {
                Some(value) => Ok(Some(value)),
                None => self.missing(object, key).map(Some),
            },
            Some(Kind::View) => self.proxy_get_item(plain, key),
            Some(_) if words(self.get(plain)).is_some() => {
                self.sequence_get_item(plain, key).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// `__missing__` of a dict's subclass, else KeyError.
    fn missing(&mut self, object: Local, key: Local) -> Result<Local, Raised> {
        if self.get(object).is_gc::<Instance>()
            && let Some(value) = self.call_special(object, Sym::Missing, &[key])?
        {
            return Ok(value);
        }
        Err(self.key_error(key))
    }

    /// KeyError with the key itself as argument.
    #[cold]
    pub fn key_error(&self, key: Local) -> Raised {
        self.heap.raise_with(Builtin::KeyError, &[self.get(key)])
    }

    fn proxy_get_item(&mut self, view: Local, key: Local) -> Result<Option<Local>, Raised> {
        let Some(source) = self.proxied(view) else {
            return Ok(None);
        };
        if self.get(source).is_gc::<Class>() {
            return self
                .class_attribute(source, key)
                .ok_or_else(|| self.key_error(key))
                .map(Some);
        }
        self.get_item(source, key).map(Some)
    }

    /// A position or slice that only the program can tell, by `__index__`.
    fn sequence_get_item(&mut self, sequence: Local, key: Local) -> Result<Local, Raised> {
        if self.get(key).is_gc::<Slice>() {
            let bounds = self.slice_bounds(key)?;
            return Ok(self.local(sliced(&self.heap, self.get(sequence), bounds)?));
        }
        let position = self.position(sequence, key)?;
        let value = self.get(sequence);
        match item_at(&self.heap, value, position) {
            Some(item) => Ok(self.local(item)),
            None => Err(out_of_range(&self.heap, value)),
        }
    }

    /// The position that a key means in a sequence.
    fn position(&mut self, sequence: Local, key: Local) -> Result<i64, Raised> {
        if !self.is_index(key) {
            return Err(self.bad_index(sequence, key));
        }
        // Ranges take integers of any size, and say of large ones that they are out of range.
        if self.get(sequence).is_gc::<Range>() {
            self.index_clipped(key)
        } else {
            self.index_or(key, Builtin::IndexError)
        }
    }

    #[cold]
    fn bad_index(&self, sequence: Local, key: Local) -> Raised {
        let class = self.heap.type_name(self.get(key));
        let sequence = self.get(sequence);
        let indices = words(sequence).map_or("sequence", |words| words.indices);
        self.heap.type_error(match sequence.is_gc::<Str>() {
            true => format!("{indices} indices must be integers, not '{class}'"),
            false => format!("{indices} indices must be integers or slices, not {class}"),
        })
    }

    /// `Class[key]`: `__class_getitem__`.
    fn class_get_item(&mut self, class: Local, key: Local) -> Result<Local, Raised> {
        if self
            .get_gc::<Class>(class)
            .is_some_and(|class| class.builtin_is(Builtin::Type))
        {
            return self.generic_alias(class, key);
        }
        match self.find_attr(class, Sym::ClassGetItem.text())? {
            Some(method) if !self.get(method).is_none() => self.call(method, &[key]),
            _ => {
                let name = self
                    .get_gc::<Class>(class)
                    .map_or("type", |class| class.name(&self.heap).as_str());
                Err(self
                    .heap
                    .type_error(format!("type '{name}' is not subscriptable")))
            }
        }
    }
}

/// `object[key]` of a builtin sequence by a position or a slice of plain numbers; None: the VM has to look closer.
pub fn leaf_item<'h>(
    heap: &'h Heap,
    object: Value<'h>,
    key: Value<'h>,
) -> Option<Result<Value<'h>, Raised>> {
    if let Some(position) = key.as_i64() {
        words(object)?;
        return match item_at(heap, object, position) {
            Some(item) => Some(Ok(item)),
            // A number in it that is no character is told by its method.
            None if object.is_gc::<Opaque>() => None,
            None => Some(Err(out_of_range(heap, object))),
        };
    }
    let slice = key.as_gc::<Slice>()?.get();
    slice_by(heap, object, [&slice.start, &slice.stop, &slice.step])
}

/// The same of a slice that has no object: its three bounds.
pub(in crate::vm) fn leaf_slice<'h>(
    heap: &'h Heap,
    object: Value<'h>,
    bounds: &[Slot],
) -> Option<Result<Value<'h>, Raised>> {
    let [start, stop, step] = bounds else {
        return None;
    };
    slice_by(heap, object, [start, stop, step])
}

fn slice_by<'h>(
    heap: &'h Heap,
    object: Value<'h>,
    bounds: [&Slot; 3],
) -> Option<Result<Value<'h>, Raised>> {
    if object.is_gc::<Opaque>() {
        return None;
    }
    words(object)?;
    Some(sliced(heap, object, leaf_bounds(heap, bounds)?))
}

/// The item at a position, counted from the end if negative.
pub(in crate::vm) fn item_at<'h>(
    heap: &'h Heap,
    sequence: Value<'h>,
    position: i64,
) -> Option<Value<'h>> {
    let resolve = |len: usize| resolve(position, len);
    match sequence.as_object()?.kind() {
        Kind::Str => char_at(heap, sequence.as_gc()?, position),
        Kind::List => {
            let list = sequence.as_gc::<List>()?.get();
            list.item(heap, resolve(list.len(heap))?)
        }
        Kind::Tuple => {
            let tuple = sequence.as_gc::<Tuple>()?;
            tuple.at(heap, resolve(tuple.len())?)
        }
        Kind::Bytes => {
            let data = sequence.as_gc::<Bytes>()?.get().as_slice();
            Some(Value::small_int(i64::from(data[resolve(data.len())?])))
        }
        Kind::ByteArray => {
            let array = sequence.as_gc::<ByteArray>()?.get();
            let byte = array.byte(heap, resolve(array.len(heap))?)?;
            Some(Value::small_int(i64::from(byte)))
        }
        Kind::Range => {
            let range = *sequence.as_gc::<Range>()?.get();
            let at = if position < 0 {
                i128::from(position) + i128::from(range.len())
            } else {
                i128::from(position)
            };
            let at = u64::try_from(at).ok().filter(|&at| at < range.len())?;
            Some(heap.int(range.at(at)))
        }
        Kind::Opaque => {
            let array = plain_array(sequence)?;
            array.item(heap, resolve(array.len(heap))?)
        }
        _ => None,
    }
}

/// The position counted from the front, if it exists.
pub(in crate::vm) fn resolve(position: i64, len: usize) -> Option<usize> {
    let at = if position < 0 {
        position.checked_add(len as i64)?
    } else {
        position
    };
    usize::try_from(at).ok().filter(|&at| at < len)
}

fn char_at<'h>(heap: &'h Heap, text: Gc<'h, Str>, position: i64) -> Option<Value<'h>> {
    let at = resolve(position, text.char_len())?;
    let start = heap.indexed(text).byte_of(at);
    text.as_str()[start..]
        .chars()
        .next()
        .map(|c| heap.char_value(c))
}

#[cold]
fn out_of_range(heap: &Heap, sequence: Value<'_>) -> Raised {
    heap.raise(
        Builtin::IndexError,
        words(sequence).map_or("index out of range", |words| words.range),
    )
}

// Writing.
impl Vm {
    /// `object[key] = value`
    pub fn set_item(&mut self, object: Local, key: Local, value: Local) -> Result<(), Raised> {
        let done = match self.provider(self.get(object), Sym::SetItem) {
            Provider::Builtin => self.builtin_set_item(object, key, value)?,
            Provider::Method => self
                .call_special(object, Sym::SetItem, &[key, value])?
                .is_some(),
            Provider::Nobody => false,
        };
        if done {
            return Ok(());
        }
        if self.provider(self.get(object), Sym::DelItem) == Provider::Method {
            return Err(self.half_a_slot(Sym::SetItem));
        }
        let class = self.heap.type_name(self.get(object));
        Err(self
            .heap
            .type_error(format!("'{class}' object does not support item assignment")))
    }

    /// What `list.__setitem__` and its like do; false: the type has no item assignment.
    pub fn builtin_set_item(
        &mut self,
        object: Local,
        key: Local,
        value: Local,
    ) -> Result<bool, Raised> {
        let plain = self.plain(object);
        match self.get(plain).as_object().map(Gc::kind) {
            Some(Kind::Dict) => self.dict_set(plain, key, value)?,
            Some(Kind::List | Kind::ByteArray) if self.get(key).is_gc::<Slice>() => {
                self.assign_slice(plain, key, value)?
            }
            Some(Kind::List) => {
                let position = self.position(plain, key)?;
                let items = self.list_items(plain);
                match resolve(position, items.len(&self.heap)) {
                    Some(at) => items.set_item(&self.heap, at, self.get(value)),
                    None => {
                        return Err(self
                            .heap
                            .raise(Builtin::IndexError, "list assignment index out of range"));
                    }
                };
            }
            Some(Kind::ByteArray) => self.set_byte(plain, key, value)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_byte(&mut self, array: Local, key: Local, value: Local) -> Result<(), Raised> {
        let position = self.position(array, key)?;
        let byte = self.byte_of(value)?;
        let Some(array) = self.get_gc::<ByteArray>(array) else {
            return Ok(());
        };
        let at = resolve(position, array.get().len(&self.heap));
        match at.is_some_and(|at| array.get().set_byte(&self.heap, at, byte)) {
            true => Ok(()),
            false => Err(self
                .heap
                .raise(Builtin::IndexError, "bytearray index out of range")),
        }
    }

    /// An integer that fits a byte.
    pub fn byte_of(&mut self, value: Local) -> Result<u8, Raised> {
        let n = self.index_clipped(value)?;
        u8::try_from(n).map_err(|_| self.heap.value_error("byte must be in range(0, 256)"))
    }

    /// `del object[key]`
    pub fn del_item(&mut self, object: Local, key: Local) -> Result<(), Raised> {
        let done = match self.provider(self.get(object), Sym::DelItem) {
            Provider::Builtin => self.builtin_del_item(object, key)?,
            Provider::Method => self.call_special(object, Sym::DelItem, &[key])?.is_some(),
            Provider::Nobody => false,
        };
        if done {
            Ok(())
        } else {
            Err(self.no_deletion(object, key))
        }
    }

    /// In CPython assignment and deletion share a slot: a class with one of the methods is told that the other is missing.
    #[cold]
    fn half_a_slot(&self, missing: Sym) -> Raised {
        self.heap.raise(Builtin::AttributeError, missing.text())
    }

    /// CPython has two wordings: one of the sequence protocol, which integers as keys lead to, one of the mapping protocol.
    #[cold]
    fn no_deletion(&self, object: Local, key: Local) -> Raised {
        if self.provider(self.get(object), Sym::SetItem) == Provider::Method {
            return self.half_a_slot(Sym::DelItem);
        }
        let value = self.get(object);
        let kind = value.as_object().map(Gc::kind);
        let sequence = matches!(
            kind,
            Some(Kind::Str | Kind::Bytes | Kind::Tuple | Kind::Range | Kind::Instance | Kind::Set)
        );
        let verb = if sequence && self.is_index(key) {
            "doesn't"
        } else {
            "does not"
        };
        let class = self.heap.type_name(value);
        self.heap
            .type_error(format!("'{class}' object {verb} support item deletion"))
    }

    /// What `list.__delitem__` and its like do; false: the type has no item deletion.
    pub fn builtin_del_item(&mut self, object: Local, key: Local) -> Result<bool, Raised> {
        let plain = self.plain(object);
        match self.get(plain).as_object().map(Gc::kind) {
            Some(Kind::Dict) => {
                self.dict_remove(plain, key)?
                    .ok_or_else(|| self.key_error(key))?;
            }
            Some(Kind::List | Kind::ByteArray) if self.get(key).is_gc::<Slice>() => {
                self.delete_slice(plain, key)?
            }
            Some(Kind::List) => {
                let position = self.position(plain, key)?;
                let items = self.list_items(plain);
                match resolve(position, items.len(&self.heap)) {
                    Some(at) => items.remove(&self.heap, at),
                    None => {
                        return Err(self
                            .heap
                            .raise(Builtin::IndexError, "list assignment index out of range"));
                    }
                };
            }
            Some(Kind::ByteArray) => {
                let position = self.position(plain, key)?;
                let array: Option<Gc<'_, ByteArray>> = self.get_gc(plain);
                let Some(array) = array else {
                    return Ok(false);
                };
                match resolve(position, array.get().len(&self.heap)) {
                    Some(at) => array.get().remove(&self.heap, at),
                    None => {
                        return Err(self
                            .heap
                            .raise(Builtin::IndexError, "bytearray index out of range"));
                    }
                };
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The items of a local that holds a list.
    pub(in crate::vm) fn list_items(&self, list: Local) -> Gc<'_, List> {
        self.get_gc(list).expect("the caller checked the kind")
    }
}

// Length.
impl Vm {
    /// Whether a value is an integer below those of 64 bits.
    fn is_huge_negative(&self, l: Local) -> bool {
        let value = self.plain_value(self.get(l));
        value
            .as_any_int()
            .is_some_and(|n| n.to_i64().is_none() && n.is_negative())
    }

    /// `len(l)`
    pub fn len(&mut self, l: Local) -> Result<usize, Raised> {
        if let Some(len) = leaf_len(&self.heap, self.get(l)) {
            return Ok(len);
        }
        match self.provider(self.get(l), Sym::Len) {
            Provider::Method => {
                if let Some(result) = self.call_special(l, Sym::Len, &[])? {
                    let len = match self.index_or(result, Builtin::OverflowError) {
                        Err(raised) if self.is_huge_negative(result) => {
                            self.heap.take_raised(raised);
                            -1
                        }
                        len => len?,
                    };
                    return usize::try_from(len)
                        .map_err(|_| self.heap.value_error("__len__() should return >= 0"));
                }
            }
            Provider::Builtin => {
                let plain = self.plain(l);
                if self.get(plain).is_gc::<Range>() {
                    return Err(self.heap.raise(
                        Builtin::OverflowError,
                        "Python int too large to convert to C ssize_t",
                    ));
                }
                if let Some(mapping) = self.proxied(plain) {
                    return self.len(mapping);
                }
                if let Some(len) = leaf_len(&self.heap, self.get(plain)) {
                    return Ok(len);
                }
            }
            Provider::Nobody => {}
        }
        let class = self.heap.type_name(self.get(l));
        Err(self
            .heap
            .type_error(format!("object of type '{class}' has no len()")))
    }
}

/// The length of a builtin container.
pub fn leaf_len(heap: &Heap, value: Value<'_>) -> Option<usize> {
    match value.as_object()?.kind() {
        Kind::Str => value.as_gc::<Str>().map(Gc::char_len),
        Kind::List => value.as_gc::<List>().map(|list| list.get().len(heap)),
        Kind::Tuple => value.as_gc::<Tuple>().map(Gc::len),
        Kind::Dict => value.as_gc::<Dict>().map(|dict| dict.get().table.len(heap)),
        Kind::Set => value.as_gc::<Set>().map(|set| set.get().members.len(heap)),
        Kind::Bytes => value
            .as_gc::<Bytes>()
            .map(|bytes| bytes.get().as_slice().len()),
        Kind::ByteArray => value
            .as_gc::<ByteArray>()
            .map(|array| array.get().len(heap)),
        Kind::Opaque => plain_array(value).map(|array| array.len(heap)),
        Kind::Range => i64::try_from(value.as_gc::<Range>()?.get().len())
            .ok()
            .map(|len| len as usize),
        Kind::View => {
            let view = value.as_gc::<View>()?;
            let source = view.get().source.get(heap);
            match source.as_gc::<Class>() {
                Some(class) if view.get().tag == ViewTag::Proxy => {
                    Some(class.get().attrs.entries(heap).len())
                }
                _ => source
                    .as_gc::<Dict>()
                    .map(|dict| dict.get().table.len(heap)),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_either_end() {
        let heap = Heap::new();
        let text = heap.str_value("aé漢");
        let at = |i: i64| {
            let item = leaf_item(&heap, text, heap.int(i)).expect("a position");
            item.ok().and_then(|v| v.as_gc::<Str>()).map(Gc::as_str)
        };
        assert_eq!((at(1), at(-1), at(-3)), (Some("é"), Some("漢"), Some("a")));
        assert_eq!((at(3), at(-4), at(i64::MIN)), (None, None, None));
        heap.pending.clear();
    }

    #[test]
    fn ranges_are_indexed_without_overflow() {
        let heap = Heap::new();
        let range = heap
            .alloc(Range {
                start: i64::MIN,
                stop: i64::MAX,
                step: 1,
            })
            .value();
        let last = leaf_item(&heap, range, heap.int(-1))
            .expect("a position")
            .expect("it exists");
        assert_eq!(last.as_i64(), Some(i64::MAX - 1));
        assert_eq!(leaf_len(&heap, range), None);
    }
}
