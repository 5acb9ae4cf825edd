//! `+` and `*` of sequences: str, bytes, bytearray, list, tuple; and the forms of list and bytearray that change them in place.
//!
//! `binary` is the leaf part. `sequence_operator` comes after both operands' methods have declined: it knows counts with
//! `__index__` and the messages that name the sequence type. Contract: a result that no memory could hold is a MemoryError
//! before anything is allocated.

use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::heap::Kind;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::opaque::Opaque;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::text::pause::Work;
use crate::text::{IntRef, MAX_TEXT};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::arith::{Operator, Provider};

/// Texts shorter than so many bytes are repeated in one go.
const QUICK: usize = 1 << 15;
/// The most items that a repetition may make: 2 GiB of slots.
const MAX_ITEMS: usize = 1 << 28;

/// What an operator makes of its operands; None: it does not know them.
type Outcome<'h> = Option<Result<Value<'h>, Raised>>;

/// `a + b` of two sequences of one type, `a * b` of a sequence and an integer.
pub(in crate::vm) fn binary<'h>(
    heap: &'h Heap,
    op: Operator,
    a: Value<'h>,
    b: Value<'h>,
) -> Outcome<'h> {
    match op {
        Operator::Add => concat(heap, a, b),
        Operator::Mul => match (b.as_any_int(), a.as_any_int()) {
            (Some(count), None) => repeat_by(heap, a, count),
            (None, Some(count)) => repeat_by(heap, b, count),
            _ => None,
        },
        _ => None,
    }
}

/// A copy of the bytes of an object such as a memoryview.
fn exported<'h>(heap: &'h Heap, value: Value<'h>) -> Option<Vec<u8>> {
    value.as_gc::<Opaque>()?.exported(heap)
}

fn concat<'h>(heap: &'h Heap, a: Value<'h>, b: Value<'h>) -> Outcome<'h> {
    if let (Some(x), Some(y)) = (a.as_gc::<Str>(), b.as_gc::<Str>()) {
        return Some(heap.str_concat(x, y).map(Gc::value));
    }
    let (kind_a, kind_b) = (a.as_object()?.kind(), b.as_object()?.kind());
    match (kind_a, kind_b) {
        (Kind::List, Kind::List) => {
            let (a, b) = (a.as_gc::<List>()?.get(), b.as_gc::<List>()?.get());
            Some(a.joined(heap, b).map(Gc::value))
        }
        (Kind::Tuple, Kind::Tuple) => {
            let (a, b) = (a.as_gc::<Tuple>()?, b.as_gc::<Tuple>()?);
            let (len, more) = (a.len(), b.len());
            for (whole, other) in [(a, more), (b, len)] {
                if other == 0 && heap.class_of(whole.value()).builtin_is(Builtin::Tuple) {
                    return Some(Ok(whole.value()));
                }
            }
            if let Err(raised) = heap.room_for((len + more) * size_of::<Value<'_>>()) {
                return Some(Err(raised));
            }
            let joined = heap.tuple_with(len + more, |i| {
                let (tuple, i) = if i < len { (a, i) } else { (b, i - len) };
                tuple.tail()[i].get(heap)
            });
            Some(Ok(joined.value()))
        }
        (Kind::Bytes | Kind::ByteArray, Kind::Bytes | Kind::ByteArray) => {
            let len = |value| crate::vm::leaf_len(heap, value).unwrap_or(0);
            if let Err(raised) = heap.room_for(2 * (len(a) + len(b))) {
                return Some(Err(raised));
            }
            let mut data = Vec::with_capacity(len(a) + len(b));
            for part in [a, b] {
                match part.as_gc::<Bytes>() {
                    Some(bytes) => data.extend_from_slice(bytes.get().as_slice()),
                    None => data.extend_from_slice(&part.as_gc::<ByteArray>()?.get().read(heap)),
                }
            }
            Some(Ok(bytes_like(heap, kind_a, data)))
        }
        (Kind::Bytes | Kind::ByteArray, Kind::Opaque) => {
            let mut data = a.to_bytes()?;
            data.extend(exported(heap, b)?);
            Some(Ok(bytes_like(heap, kind_a, data)))
        }
        _ => None,
    }
}

/// The items of a list or tuple.
pub(in crate::vm) fn items_of<'h>(heap: &'h Heap, value: Value<'h>) -> Option<Vec<Value<'h>>> {
    match value.as_gc::<List>() {
        Some(list) => Some(list.get().to_vec(heap)),
        None => value.as_gc::<Tuple>().map(|tuple| tuple.to_vec(heap)),
    }
}

/// A bytes object, or a bytearray where `kind` says so.
pub(in crate::vm) fn bytes_like(heap: &Heap, kind: Kind, data: Vec<u8>) -> Value<'_> {
    if kind == Kind::ByteArray {
        heap.bytearray(data).value()
    } else {
        heap.bytes(data).value()
    }
}

fn repeat_by<'h>(heap: &'h Heap, sequence: Value<'h>, count: IntRef<'_>) -> Outcome<'h> {
    if !is_sequence(sequence) {
        return None;
    }
    let IntRef::Small(count) = count else {
        return Some(Err(heap.raise(
            Builtin::OverflowError,
            "cannot fit 'int' into an index-sized integer",
        )));
    };
    Some(repeat(heap, sequence, count))
}

/// `sequence * count`
fn repeat<'h>(heap: &'h Heap, sequence: Value<'h>, count: i64) -> Result<Value<'h>, Raised> {
    let count = usize::try_from(count).unwrap_or(0);
    if let Some(text) = sequence.as_gc::<Str>() {
        if text
            .char_len()
            .checked_mul(count)
            .is_none_or(|n| n > isize::MAX as usize)
        {
            return Err(heap.raise(Builtin::OverflowError, "repeated string is too long"));
        }
        check_size(heap, text.byte_len(), count, MAX_TEXT)?;
        return match (count, text.byte_len().saturating_mul(count)) {
            (1, _) => Ok(sequence),
            (_, ..QUICK) => Ok(heap.str_value(&text.as_str().repeat(count))),
            (_, size) => {
                let mut out = String::with_capacity(size);
                let mut pause = |units| heap.pause(units);
                let filled = Work::new(&mut pause).fill(&mut out, text.as_str(), count);
                filled.map_err(|error| heap.raise_text(error))?;
                heap.adopt_text(out)
            }
        };
    }
    if let Some(data) = sequence.to_bytes() {
        check_size(heap, data.len(), count, MAX_TEXT)?;
        let kind = if sequence.is_gc::<Bytes>() {
            Kind::Bytes
        } else {
            Kind::ByteArray
        };
        let mut out = Vec::with_capacity(data.len() * count);
        let mut pause = |units| heap.pause(units);
        let filled = Work::new(&mut pause).fill_bytes(&mut out, &data, count);
        filled.map_err(|error| heap.raise_text(error))?;
        return Ok(bytes_like(heap, kind, out));
    }
    let items = items_of(heap, sequence).unwrap_or_default();
    check_size(heap, items.len(), count, MAX_ITEMS)?;
    if sequence.is_gc::<Tuple>() {
        return Ok(if count == 1 {
            sequence
        } else {
            heap.tuple(&items.repeat(count)).value()
        });
    }
    let list = match items[..] {
        // By far the most frequent: a list of one value, such as zeros.
        [item] => heap.long_list(std::iter::repeat_n(item, count)),
        _ => heap.long_list(items.repeat(count)),
    };
    list.map(Gc::value)
}

/// Refuses a result of more than `limit`, or than there is memory for, before anything is allocated.
fn check_size(heap: &Heap, len: usize, count: usize, limit: usize) -> Result<(), Raised> {
    let unit = if limit == MAX_ITEMS {
        size_of::<Value<'_>>()
    } else {
        1
    };
    match len.checked_mul(count) {
        Some(total) if total <= limit => heap.room_for(2 * unit * total),
        _ => Err(heap.memory_error()),
    }
}

fn is_sequence(value: Value<'_>) -> bool {
    let kind = value.as_object().map(Gc::kind);
    matches!(
        kind,
        Some(Kind::Str | Kind::Bytes | Kind::ByteArray | Kind::List | Kind::Tuple)
    )
}

impl Vm {
    /// `+` and `*` by the sequence protocol, which CPython tries last; None: neither operand is a sequence.
    pub(in crate::vm) fn sequence_operator(
        &mut self,
        op: Operator,
        a: Local,
        b: Local,
    ) -> Result<Option<Local>, Raised> {
        let (left, right) = (self.plain(a), self.plain(b));
        match op {
            Operator::Add if is_sequence(self.get(left)) => self.concat_exported(left, b).map(Some),
            Operator::Mul if is_sequence(self.get(left)) => self.repeat_any(left, b).map(Some),
            Operator::Mul if is_sequence(self.get(right)) => self.repeat_any(right, a).map(Some),
            _ => Ok(None),
        }
    }

    /// Bytes and the bytes of an object that exports some by a method.
    fn concat_exported(&mut self, left: Local, b: Local) -> Result<Local, Raised> {
        let kind = self.get(left).as_object().map(Gc::kind);
        let Some(kind @ (Kind::Bytes | Kind::ByteArray)) = kind else {
            return Err(self.concat_error(left, b));
        };
        let Some(more) = self.exported_bytes(b)? else {
            return Err(self.concat_error(left, b));
        };
        let mut data = self.get(left).to_bytes().unwrap_or_default();
        self.heap.room_for(data.len() + more.len())?;
        data.extend(more);
        Ok(self.local(bytes_like(&self.heap, kind, data)))
    }

    fn repeat_any(&mut self, sequence: Local, count: Local) -> Result<Local, Raised> {
        let count = self.repeat_count(count)?;
        Ok(self.local(repeat(&self.heap, self.get(sequence), count)?))
    }

    /// What `__mul__` of a sequence does with any right operand; None: the receiver is none.
    pub fn repeat_by_method(
        &mut self,
        sequence: Local,
        count: Local,
    ) -> Result<Option<Local>, Raised> {
        let sequence = self.plain(sequence);
        if !is_sequence(self.get(sequence)) {
            return Ok(None);
        }
        let count = self.index_or(count, Builtin::OverflowError)?;
        let made = repeat(&self.heap, self.get(sequence), count)?;
        Ok(Some(self.local(made)))
    }

    fn repeat_count(&mut self, count: Local) -> Result<i64, Raised> {
        if !self.is_index(count) {
            let class = self.heap.type_name(self.get(count));
            return Err(self.heap.type_error(format!(
                "can't multiply sequence by non-int of type '{class}'"
            )));
        }
        self.index_or(count, Builtin::OverflowError)
    }

    #[cold]
    pub fn concat_error(&self, sequence: Local, other: Local) -> Raised {
        let (value, other) = (self.get(sequence), self.heap.type_name(self.get(other)));
        let name = self.heap.type_name(value);
        if value.is_gc::<Bytes>() || value.is_gc::<ByteArray>() {
            return self
                .heap
                .type_error(format!("can't concat {other} to {name}"));
        }
        self.heap.type_error(format!(
            "can only concatenate {name} (not \"{other}\") to {name}"
        ))
    }

    /// `list += b`, `list *= b` and the like for bytearrays; false: not an operator of sequences.
    pub(in crate::vm) fn inplace_sequence(
        &mut self,
        op: Operator,
        target: Local,
        b: Local,
    ) -> Result<bool, Raised> {
        // CPython asks the right operand's reflected method first here, too: it is a slot of another protocol.
        if self.provider(self.get(b), op.reflected()) == Provider::Method {
            return Ok(false);
        }
        match op {
            Operator::Add if self.get(target).is_gc::<ByteArray>() => self.extend_bytes(target, b),
            Operator::Add => self.extend_list(target, b).map(|()| true),
            Operator::Mul => {
                let count = self.repeat_count(b)?;
                self.replace_by_repetition(target, count).map(|()| true)
            }
            _ => Ok(false),
        }
    }

    /// `list.extend(b)`
    pub fn extend_list(&mut self, list: Local, b: Local) -> Result<(), Raised> {
        // A list that is extended by itself ends, whatever its `__iter__` does.
        let plain = self.plain(b);
        let b = if self.get(plain).is(self.get(list)) {
            plain
        } else {
            b
        };
        self.extend_or(list, b, |name| format!("'{name}' object is not iterable"))
    }

    fn extend_bytes(&mut self, target: Local, b: Local) -> Result<bool, Raised> {
        let plain = self.plain(b);
        let len = crate::vm::leaf_len(&self.heap, self.get(plain));
        self.heap.room_for(len.unwrap_or(0))?;
        let more = self.get(plain).to_bytes();
        let more = more.or_else(|| exported(&self.heap, self.get(plain)));
        let Some(more) = more else {
            return Err(self.concat_error(target, b));
        };
        if let Some(array) = self.get_gc::<ByteArray>(target) {
            array.get().extend(&self.heap, &more)?;
        }
        Ok(true)
    }

    fn replace_by_repetition(&self, target: Local, count: i64) -> Result<(), Raised> {
        let repeated = repeat(&self.heap, self.get(target), count)?;
        if let (Some(list), Some(items)) =
            (self.get_gc::<List>(target), items_of(&self.heap, repeated))
        {
            list.get().replace(&self.heap, &items)?;
        } else if let (Some(array), Some(data)) =
            (self.get_gc::<ByteArray>(target), repeated.to_bytes())
        {
            array.get().replace(&self.heap, data);
        }
        Ok(())
    }

    /// Whether a value can stand where an index is wanted.
    pub fn is_index(&self, l: Local) -> bool {
        let plain = self.plain(l);
        self.get(plain).as_any_int().is_some() || self.special(self.get(l), Sym::Index).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_sizes_are_errors_before_the_work() {
        let heap = Heap::new();
        let huge = heap.int(1 << 60);
        for value in [
            heap.str_value("ab"),
            heap.list([Value::NONE]).value(),
            heap.bytes(b"x".as_slice()).value(),
        ] {
            assert!(
                binary(&heap, Operator::Mul, value, huge)
                    .expect("sequences repeat")
                    .is_err()
            );
            heap.pending.clear();
        }
    }

    #[test]
    fn negative_counts_give_nothing() {
        let heap = Heap::new();
        let text = binary(&heap, Operator::Mul, heap.int(-3), heap.str_value("ab"))
            .expect("known")
            .expect("no error");
        assert_eq!(text.as_gc::<Str>().map(Gc::as_str), Some(""));
    }
}
