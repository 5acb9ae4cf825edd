//! All items of an iterable at once: `list(x)`, `[*x]`, `list.extend(x)`.
//!
//! Builtin containers are copied without an iterator. What is iterated may run the program between two items, so the items wait in
//! a list that a local holds.

use crate::bytecode::Instr;
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::dict::Dict;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::native::NativeFunction;
use crate::runtime::opaque::Opaque;
use crate::runtime::range::Range;
use crate::runtime::set::Set;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::text::MAX_TEXT;
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::item_fast_path::plain_array;

/// The longest range that becomes a list: as many bytes as the longest text.
const MAX_ITEMS: u64 = (MAX_TEXT / size_of::<Value<'_>>()) as u64;

impl Vm {
    /// `list(iterable)`: a new list, even of a list.
    pub fn to_list(&mut self, iterable: Local) -> Result<Local, Raised> {
        self.collect_or(iterable, |name| format!("'{name}' object is not iterable"))
    }

    /// `list(iterable)`, with a message of the caller's own for what is not iterable.
    pub(super) fn collect_or(
        &mut self,
        iterable: Local,
        complaint: fn(&str) -> String,
    ) -> Result<Local, Raised> {
        if !self.asks_length(iterable)
            && let Some(items) = self.items_of(self.get(iterable))?
        {
            return Ok(self.local(self.heap.list(items).value()));
        }
        let list = self.local(self.heap.list([]).value());
        self.extend_or(list, iterable, complaint)?;
        Ok(list)
    }

    /// The items of an iterable, a local each: for those known to be few.
    pub fn to_vec(&mut self, iterable: Local) -> Result<Vec<Local>, Raised> {
        let list = self.to_list(iterable)?;
        let items = self
            .get_gc::<List>(list)
            .map(|list| list.to_vec(&self.heap))
            .unwrap_or_default();
        Ok(items.into_iter().map(|item| self.local(item)).collect())
    }

    /// `list.extend(iterable)`, with a message of the caller's own for what is not iterable.
    pub(in crate::vm) fn extend_or(
        &mut self,
        list: Local,
        iterable: Local,
        complaint: fn(&str) -> String,
    ) -> Result<(), Raised> {
        let asks = self.asks_length(iterable);
        if !asks && let Some(items) = self.items_of(self.get(iterable))? {
            return self.list_in(list).get().extend(&self.heap, items);
        }
        let mark = self.mark();
        let iter = self.iter_or(iterable, complaint)?;
        if asks {
            self.length_hint(iterable)?;
        }
        let item = self.none();
        while self.next(iter, item)? {
            self.list_in(list).push(&self.heap, self.get(item))?;
            self.native_safepoint()?;
        }
        self.release(mark);
        Ok(())
    }

    /// Whether user code says how long an iterable is.
    pub(super) fn asks_length(&self, iterable: Local) -> bool {
        let value = self.get(iterable);
        let by_user = |method: Value<'_>| !method.is_gc::<NativeFunction>();
        (value.is_gc::<Instance>() || value.is_gc::<Opaque>())
            && match self.special(value, Sym::Len) {
                Some(method) => by_user(method),
                None => self.special(value, Sym::LengthHint).is_some_and(by_user),
            }
    }

    /// Asks an iterable how long it is, as CPython does to make room: only what user code does there counts.
    pub fn ask_length(&mut self, iterable: Local) -> Result<(), Raised> {
        if self.asks_length(iterable) {
            let mark = self.mark();
            self.length_hint(iterable)?;
            self.release(mark);
        }
        Ok(())
    }

    /// The length of an iterable, else what its `__length_hint__` returns; None: neither says.
    pub fn length_hint(&mut self, iterable: Local) -> Result<Option<i64>, Raised> {
        match self.len(iterable) {
            Ok(len) => return Ok(i64::try_from(len).ok()),
            Err(raised) => self.take_if(raised, Builtin::TypeError)?,
        }
        match self.call_special(iterable, Sym::LengthHint, &[]) {
            Ok(Some(hint)) => self.check_hint(self.get(hint)),
            Ok(None) => Ok(None),
            Err(raised) => self.take_if(raised, Builtin::TypeError).map(|()| None),
        }
    }

    fn check_hint(&self, hint: Value<'_>) -> Result<Option<i64>, Raised> {
        let heap = &self.heap;
        if hint.is(Value::NOT_IMPLEMENTED) {
            return Ok(None);
        }
        if !heap.is_instance(hint, Builtin::Int) {
            let name = heap.type_name(hint);
            let message = format!("__length_hint__ must be an integer, not {name}");
            return Err(heap.type_error(message));
        }
        match self.plain_value(hint).as_i64() {
            Some(0..) => Ok(self.plain_value(hint).as_i64()),
            Some(_) => Err(heap.value_error("__length_hint__() should return >= 0")),
            None => Err(heap.raise(
                Builtin::OverflowError,
                "Python int too large to convert to C ssize_t",
            )),
        }
    }

    fn list_in(&self, list: Local) -> Gc<'_, List> {
        self.get_gc(list).expect("the caller made the list")
    }

    /// The items of a builtin container, which take no iterating.
    pub(in crate::vm) fn items_of<'h>(
        &'h self,
        value: Value<'h>,
    ) -> Result<Option<Vec<Value<'h>>>, Raised> {
        let value = self.underlying(value, Sym::Iter);
        if let Some(range) = value.as_gc::<Range>() {
            return items_of_range(&self.heap, *range.get()).map(Some);
        }
        let room = crate::vm::leaf_len(&self.heap, value)
            .unwrap_or(0)
            .saturating_mul(2 * size_of::<Value<'_>>());
        self.heap.room_for(room)?;
        self.copy_items(value).transpose()
    }

    fn copy_items<'h>(&'h self, value: Value<'h>) -> Option<Result<Vec<Value<'h>>, Raised>> {
        let heap = &self.heap;
        let byte = |byte: &u8| Value::small_int(i64::from(*byte));
        let copied = |items: Vec<Value<'h>>| {
            heap.note_work(items.len());
            Some(Ok(items))
        };
        match value.as_object()?.kind() {
            Kind::List => copied(value.as_gc::<List>()?.to_vec(heap)),
            Kind::Tuple => copied(value.as_gc::<Tuple>()?.to_vec(heap)),
            Kind::Str => {
                let text = value.as_gc::<Str>()?;
                let chars = text.as_str().chars().map(|c| heap.char_value(c));
                Some(collected(heap, text.char_len(), chars))
            }
            Kind::Bytes => {
                let bytes = value.as_gc::<Bytes>()?;
                let data = bytes.as_slice();
                Some(collected(heap, data.len(), data.iter().map(byte)))
            }
            Kind::ByteArray => {
                let array = value.as_gc::<ByteArray>()?;
                let data = array.read(heap);
                Some(collected(heap, data.len(), data.iter().map(byte)))
            }
            Kind::Dict => copied(value.as_gc::<Dict>()?.table.keys(heap)),
            Kind::Set => copied(value.as_gc::<Set>()?.members.keys(heap)),
            Kind::Opaque => {
                let array = plain_array(value)?;
                let items: Option<_> = (0..array.len(heap))
                    .map(|at| array.item(heap, at))
                    .collect();
                copied(items?)
            }
            Kind::View => copied(items_of_view(heap, value.as_gc()?)?),
            _ => None,
        }
    }

    /// `R[a].extend(R[b])`; `d`: 1 for a call's `*args`, whose callee stands in the register before the list.
    pub(in crate::vm) fn list_extend(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let (list, iterable) = (self.reg_local(i.a), self.reg_local(i.b));
        let first_of_call = i.d == 1 && self.list_in(list).is_empty(&self.heap);
        if first_of_call && !self.has_iter(iterable) {
            let callee = self.reg_local(i.a - 1);
            let callee = self.callee_text(callee)?;
            let name = self.heap.type_name(self.get(iterable));
            return Err(self.heap.type_error(format!(
                "{callee} argument after * must be an iterable, not {name}"
            )));
        }
        self.extend_or(list, iterable, |name| {
            format!("Value after * must be an iterable, not {name}")
        })?;
        self.release(mark);
        Ok(())
    }

    /// Whether the class has anything to iterate by.
    fn has_iter(&self, value: Local) -> bool {
        let value = self.get(value);
        let class = self.heap.class_of(value);
        self.builtin_iter(value).is_some()
            || class.lookup(&self.heap, self.heap.sym(Sym::Iter)).is_some()
            || self.is_sequence(value)
    }
}

fn items_of_range(heap: &Heap, range: Range) -> Result<Vec<Value<'_>>, Raised> {
    if range.len() > MAX_ITEMS {
        return Err(heap.memory_error());
    }
    heap.room_for(2 * size_of::<Value<'_>>() * range.len() as usize)?;
    let items = (0..range.len()).map(|n| heap.int(range.at(n)));
    collected(heap, range.len() as usize, items)
}

/// How many items are collected between two looks at the outside.
const STRETCH: usize = 1 << 10;

/// So many items as a vector.
fn collected<'h>(
    heap: &'h Heap,
    len: usize,
    mut items: impl Iterator<Item = Value<'h>>,
) -> Result<Vec<Value<'h>>, Raised> {
    let mut collected = Vec::with_capacity(len);
    while collected.len() < len {
        let stretch = STRETCH.min(len - collected.len());
        collected.extend(items.by_ref().take(stretch));
        heap.poll(stretch)?;
    }
    Ok(collected)
}

fn items_of_view<'h>(heap: &'h Heap, view: Gc<'h, View>) -> Option<Vec<Value<'h>>> {
    let table = &view.get().source.get(heap).as_gc::<Dict>()?.get().table;
    let entries = table.entries(heap).into_iter();
    Some(match view.tag {
        ViewTag::Keys | ViewTag::Proxy => table.keys(heap),
        ViewTag::Values => entries.map(|(_, value)| value).collect(),
        ViewTag::Items => entries
            .map(|(key, value)| heap.tuple(&[key, value]).value())
            .collect(),
    })
}
