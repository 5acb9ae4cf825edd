//! Membership: `in` and `not in`.
//!
//! Contract: items are compared by identity, then by `==`, the item of the container on the left. Containers that the runtime can
//! search by itself never call the program; what has no `__contains__` is iterated.

use crate::runtime::builtin_eq::{self, Number};
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::heap::Kind;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::range::Range;
use crate::runtime::set::Set;
use crate::runtime::str::Str;
use crate::runtime::table::Found;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::text::IntRef;
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::arith::Provider;

/// How many items are searched between two looks at the outside.
const STRETCH: usize = 1 << 14;

impl Vm {
    /// `item in container`
    pub fn contains(&mut self, container: Local, item: Local) -> Result<bool, Raised> {
        match leaf_contains(&self.heap, self.get(container), self.get(item)) {
            Some(found) => Ok(found),
            None => self.contains_slow(container, item),
        }
    }

    #[cold]
    #[inline(never)]
    pub(in crate::vm) fn contains_slow(
        &mut self,
        container: Local,
        item: Local,
    ) -> Result<bool, Raised> {
        match self.provider(self.get(container), Sym::Contains) {
            Provider::Builtin => {
                let plain = self.plain(container);
                match self.get(plain).as_object().map(Gc::kind) {
                    // An iterator has no method of its own: what is iterated is the instance.
                    Some(Kind::Iter) => self.iterate_for(container, item),
                    _ => self.builtin_contains(plain, item),
                }
            }
            Provider::Method if self.refuses(self.get(container), Sym::Contains) => {
                let class = self.heap.type_name(self.get(container));
                Err(self
                    .heap
                    .type_error(format!("'{class}' object is not a container")))
            }
            Provider::Method => match self.call_special(container, Sym::Contains, &[item])? {
                Some(result) => self.truth(result),
                None => self.iterate_for(container, item),
            },
            Provider::Nobody => self.iterate_for(container, item),
        }
    }

    /// What `list.__contains__` and its like answer.
    pub fn builtin_contains(&mut self, container: Local, item: Local) -> Result<bool, Raised> {
        match self.get(container).as_object().map(Gc::kind) {
            Some(Kind::List | Kind::Tuple) => self.search(container, item),
            Some(Kind::Dict) => Ok(self.dict_get(container, item)?.is_some()),
            Some(Kind::Set) => self.set_contains(container, item),
            Some(Kind::Str) => self.search_text(container, item),
            Some(Kind::Bytes | Kind::ByteArray) => self.search_bytes(container, item),
            Some(Kind::View) => self.search_view(container, item),
            _ => self.iterate_for(container, item),
        }
    }

    /// A list or tuple, item by item; the program may change the list meanwhile.
    fn search(&mut self, container: Local, item: Local) -> Result<bool, Raised> {
        let mut i = 0_usize;
        loop {
            if i.is_multiple_of(STRETCH) {
                match self.search_stretch(container, item, i)? {
                    Some(true) => return Ok(true),
                    Some(false) => {
                        i += STRETCH;
                        continue;
                    }
                    None => {}
                }
            }
            let value = self.get(container);
            let candidate = match value.as_gc::<List>() {
                Some(list) => list.get().item(&self.heap, i),
                None => value
                    .as_gc::<Tuple>()
                    .and_then(|tuple| tuple.at(&self.heap, i)),
            };
            let Some(candidate) = candidate else {
                return Ok(false);
            };
            let mark = self.mark();
            let candidate = self.local(candidate);
            let equal = self.equal(candidate, item)?;
            self.release(mark);
            if equal {
                return Ok(true);
            }
            i += 1;
        }
    }

    /// Looks at `STRETCH` items from `start` on without the program. `None`: the program must take part, or they are fewer.
    fn search_stretch(
        &self,
        container: Local,
        item: Local,
        start: usize,
    ) -> Result<Option<bool>, Raised> {
        let heap = &self.heap;
        let (value, item) = (self.get(container), self.get(item));
        let range = start..start + STRETCH;
        heap.poll(STRETCH)?;
        Ok(match value.as_gc::<List>() {
            Some(list) if list.len(heap) >= range.end => {
                search_leaf(heap, range.filter_map(|i| list.get().item(heap, i)), item)
            }
            None => value.as_gc::<Tuple>().and_then(|tuple| {
                let items =
                    (tuple.len() >= range.end).then(|| range.filter_map(|i| tuple.at(heap, i)));
                search_leaf(heap, items?, item)
            }),
            _ => None,
        })
    }

    fn search_text(&self, container: Local, item: Local) -> Result<bool, Raised> {
        let (text, part) = (
            self.get(container).as_gc::<Str>(),
            self.plain_value(self.get(item)).as_gc::<Str>(),
        );
        match (text, part) {
            (Some(text), Some(part)) => Ok(has_part(&self.heap, text.as_str(), part.as_str())),
            _ => {
                let class = self.heap.type_name(self.get(item));
                Err(self.heap.type_error(format!(
                    "'in <string>' requires string as left operand, not {class}"
                )))
            }
        }
    }

    fn search_bytes(&mut self, container: Local, item: Local) -> Result<bool, Raised> {
        if let Some(part) = self.exported_bytes(item)? {
            return Ok(with_bytes(&self.heap, self.get(container), |data| {
                self.heap.note_bytes(data.len());
                find_bytes(data, &part)
            }));
        }
        if !self.is_index(item) {
            let class = self.heap.type_name(self.get(item));
            return Err(self
                .heap
                .type_error(format!("a bytes-like object is required, not '{class}'")));
        }
        let byte = self.index_clipped(item)?;
        match u8::try_from(byte) {
            Ok(byte) => Ok(with_bytes(&self.heap, self.get(container), |data| {
                self.heap.note_bytes(data.len());
                data.contains(&byte)
            })),
            Err(_) => Err(self.heap.value_error("byte must be in range(0, 256)")),
        }
    }

    fn search_view(&mut self, container: Local, item: Local) -> Result<bool, Raised> {
        let Some(view) = self.get_gc::<View>(container) else {
            return Ok(false);
        };
        let tag = view.get().tag;
        let source = self.local(view.get().source.get(&self.heap));
        match tag {
            ViewTag::Keys => Ok(self.dict_get(source, item)?.is_some()),
            ViewTag::Items => self.contains_pair(source, item),
            ViewTag::Values => self.iterate_for(container, item),
            ViewTag::Proxy if self.get(source).is_gc::<Class>() => {
                Ok(self.class_attribute(source, item).is_some())
            }
            ViewTag::Proxy => self.contains(source, item),
        }
    }

    fn contains_pair(&mut self, dict: Local, item: Local) -> Result<bool, Raised> {
        let plain = self.plain(item);
        let Some(pair) = self.get_gc::<Tuple>(plain).filter(|pair| pair.len() == 2) else {
            return Ok(false);
        };
        let [Some(key), Some(value)] =
            [pair.at(&self.heap, 0), pair.at(&self.heap, 1)].map(|v| v.map(|v| self.local(v)))
        else {
            return Ok(false);
        };
        match self.dict_get(dict, key)? {
            Some(found) => self.equal(found, value),
            None => Ok(false),
        }
    }

    /// What a class itself binds under a name.
    pub(in crate::vm) fn class_attribute(&self, class: Local, name: Local) -> Option<Local> {
        let (class, name) = (self.get_gc::<Class>(class)?, self.get_gc::<Str>(name)?);
        let value = class
            .get()
            .attrs
            .get(&self.heap, self.heap.intern_str(name))?;
        Some(self.local(value))
    }

    /// Looks at one item after the other.
    fn iterate_for(&mut self, container: Local, item: Local) -> Result<bool, Raised> {
        let iterator = match self.iter(container) {
            Ok(iterator) => iterator,
            Err(raised) if self.is_type_error(&raised) => {
                let _ = self.heap.take_raised(raised);
                let class = self.heap.type_name(self.get(container));
                return Err(self
                    .heap
                    .type_error(format!("argument of type '{class}' is not iterable")));
            }
            Err(raised) => return Err(raised),
        };
        let candidate = self.none();
        loop {
            let mark = self.mark();
            if !self.next(iterator, candidate)? {
                return Ok(false);
            }
            let equal = self.equal(candidate, item)?;
            self.release(mark);
            if equal {
                return Ok(true);
            }
        }
    }

    /// Whether what is being raised is a TypeError.
    pub(in crate::vm) fn is_type_error(&self, raised: &Raised) -> bool {
        self.heap
            .is_instance(self.heap.peek_raised(raised).value(), Builtin::TypeError)
    }
}

/// `item in container`, if no program code takes part and nothing is to be raised.
pub(in crate::vm) fn leaf_contains(
    heap: &Heap,
    container: Value<'_>,
    item: Value<'_>,
) -> Option<bool> {
    match container.as_object()?.kind() {
        Kind::Dict => answer(
            container
                .as_gc::<Dict>()?
                .get()
                .table
                .find_leaf(heap, item)?,
        ),
        Kind::Set => answer(
            container
                .as_gc::<Set>()?
                .get()
                .members
                .find_leaf(heap, item)?,
        ),
        Kind::Str => Some(has_part(
            heap,
            container.as_gc::<Str>()?.as_str(),
            item.as_gc::<Str>()?.as_str(),
        )),
        Kind::List => {
            let list = container.as_gc::<List>()?;
            if list.len(heap) > STRETCH {
                return None;
            }
            search_leaf(
                heap,
                (0..list.len(heap)).map_while(|i| list.get().item(heap, i)),
                item,
            )
        }
        Kind::Tuple => {
            let tuple = container.as_gc::<Tuple>()?;
            if tuple.len() > STRETCH {
                return None;
            }
            search_leaf(heap, tuple.iter(heap), item)
        }
        Kind::Range => range_contains(*container.as_gc::<Range>()?.get(), item),
        _ => None,
    }
}

#[inline]
fn answer(found: Found) -> Option<bool> {
    match found {
        Found::At(_) => Some(true),
        Found::Missing => Some(false),
        Found::Ask(_) => None,
    }
}

fn search_leaf<'h>(
    heap: &'h Heap,
    items: impl Iterator<Item = Value<'h>>,
    wanted: Value<'h>,
) -> Option<bool> {
    for item in items {
        if item.is(wanted) || builtin_eq::equal(heap, item, wanted)? {
            return Some(true);
        }
    }
    Some(false)
}

/// Numbers by arithmetic; other values that the runtime compares are equal to none.
fn range_contains(range: Range, item: Value<'_>) -> Option<bool> {
    match item.as_number() {
        Some(Number::Int(IntRef::Small(n))) => Some(range.contains(n)),
        Some(Number::Int(IntRef::Big(_))) => Some(false),
        Some(Number::Float(x)) => {
            Some(x.fract() == 0.0 && x.abs() < 9.2e18 && range.contains(x as i64))
        }
        Some(Number::Complex(c)) => Some(
            c.im == 0.0
                && c.re.fract() == 0.0
                && c.re.abs() < 9.2e18
                && range.contains(c.re as i64),
        ),
        None if item.as_object().is_none_or(|o| o.kind() == Kind::Str) => Some(false),
        None => None,
    }
}

fn with_bytes<T>(heap: &Heap, value: Value<'_>, read: impl FnOnce(&[u8]) -> T) -> T {
    if let Some(bytes) = value.as_gc::<Bytes>() {
        return read(bytes.get().as_slice());
    }
    match value.as_gc::<ByteArray>() {
        Some(array) => read(&array.get().read(heap)),
        None => read(&[]),
    }
}

fn find_bytes(data: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(data, part).is_some()
}

/// Whether a text has another one inside.
fn has_part(heap: &Heap, text: &str, part: &str) -> bool {
    heap.note_bytes(text.len());
    text.contains(part)
}
