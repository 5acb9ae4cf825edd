//! A table from interned names to values: what class bodies and modules are made of.
//!
//! Modules and classes bind and unbind names through methods of their own, which keep their `__dict__` in step.
//! A name keeps its index for good, deleted or not (its value is then Undef): compiled code refers to globals by index.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::heap::{Gc, Heap, SlotVec, traced};
use super::raised::Raised;
use super::str::Str;
use super::value::Value;

/// Names and values in order of their first binding.
#[derive(Default)]
pub struct NameTable {
    index: RefCell<FxHashMap<usize, u32>>,
    names: SlotVec,
    /// The values; indices as in `names`.
    pub values: SlotVec,
}

traced!(NameTable { names, values } plain { index } owns |this| this.index.borrow().capacity() * 16);

impl NameTable {
    /// The index of a name that was ever bound or reserved.
    #[inline]
    pub fn index_of(&self, name: Gc<'_, Str>) -> Option<usize> {
        self.index
            .borrow()
            .get(&name.address())
            .map(|&i| i as usize)
    }

    /// The index of a name, reserved now if need be.
    pub fn reserve<'h>(&self, heap: &'h Heap, name: Gc<'h, Str>) -> usize {
        if let Some(i) = self.index_of(name) {
            return i;
        }
        let i = self.names.len();
        self.index.borrow_mut().insert(name.address(), i as u32);
        self.names.push(heap, name.value());
        self.values.push(heap, Value::UNDEF);
        i
    }

    /// Makes room for so many more names.
    pub fn expect(&self, heap: &Heap, more: usize) {
        self.index.borrow_mut().reserve(more);
        self.names.expect(heap, more);
        self.values.expect(heap, more);
    }

    /// Makes room for one more name.
    fn make_room(&self, heap: &Heap) -> Result<(), Raised> {
        let mut index = self.index.borrow_mut();
        if index.len() == index.capacity() && index.try_reserve(1).is_err() {
            return Err(heap.memory_error());
        }
        drop(index);
        self.names.reserve(heap, 1)?;
        self.values.reserve(heap, 1)
    }

    /// The value of an interned name.
    #[inline]
    pub fn get<'h>(&self, heap: &'h Heap, name: Gc<'h, Str>) -> Option<Value<'h>> {
        self.values.get(heap, self.index_of(name)?)?.defined()
    }

    /// Binds an interned name. Where there is no memory for a new one, MemoryError is raised where the native returns.
    pub(super) fn set<'h>(&self, heap: &'h Heap, name: Gc<'h, Str>, value: Value<'h>) {
        if self.index_of(name).is_none()
            && let Err(raised) = self.make_room(heap)
        {
            heap.raise_later(raised);
            return;
        }
        let i = self.reserve(heap, name);
        self.values.set(i, value);
    }

    /// Whether the name of this index is bound.
    #[inline]
    pub fn is_bound(&self, heap: &Heap, at: usize) -> bool {
        self.values.get(heap, at).is_some_and(|v| !v.is_undef())
    }

    /// Unbinds a name; says whether it was bound.
    pub(super) fn remove<'h>(&self, heap: &'h Heap, name: Gc<'h, Str>) -> bool {
        let bound = self.get(heap, name).is_some();
        if let (true, Some(i)) = (bound, self.index_of(name)) {
            self.values.set(i, Value::UNDEF);
        }
        bound
    }

    /// Number of indices.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The name at an index.
    pub fn name<'h>(&self, heap: &'h Heap, i: usize) -> Option<Gc<'h, Str>> {
        self.names.get(heap, i)?.as_gc()
    }

    /// The bound names and their values, in order.
    pub fn entries<'h>(&self, heap: &'h Heap) -> Vec<(Gc<'h, Str>, Value<'h>)> {
        (0..self.len())
            .filter_map(|i| Some((self.name(heap, i)?, self.values.get(heap, i)?.defined()?)))
            .collect()
    }
}
