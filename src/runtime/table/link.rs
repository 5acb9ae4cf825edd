//! A table whose string keys are the names of a module or class: the live `__dict__`.
//!
//! Compiled code reaches a global by its fixed slot, so the slot holds the value. The entry of such a key has an Undef value,
//! which means: ask the owner's slot. The table keeps what slots do not have: the order of binding, and keys that are no strings.
//! Contract: a slot of the owner is bound exactly when the table has an entry for its name. Writers keep it by binding an unbound
//! name through `push` and unbinding it through `remove`.

use super::{Entry, Found, Table};
use crate::runtime::class::Class;
use crate::runtime::heap::{Gc, Heap};
use crate::runtime::module::Module;
use crate::runtime::names::NameTable;
use crate::runtime::raised::Raised;
use crate::runtime::str::Str;
use crate::runtime::value::Value;

impl Table {
    /// The module or class whose names the string keys are.
    pub fn owner<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        self.owner.get(heap).defined()
    }

    /// Makes `owner` the holder of the values of string keys, and moves those that are here to it; what it binds already gets an
    /// entry.
    pub fn link(&self, heap: &Heap, owner: Value<'_>) {
        self.owner.set(owner);
        let Some(names) = names_of(owner) else {
            return;
        };
        let inner = self.inner.borrow();
        for entry in &inner.entries {
            if let Some(key) = entry.key.get(heap).as_gc::<Str>() {
                let key = heap.intern_str(key);
                entry.key.set(key.value());
                names.set(heap, key, entry.value.get(heap));
                entry.value.clear();
            }
        }
        drop(inner);
        for (name, _) in names.entries(heap) {
            self.note_bound(heap, name);
        }
    }

    /// Keeps `beside` alive with the table: a dict of what belongs to the same object and is no entry here. A table that has an owner
    /// already keeps that one.
    pub fn keep_beside(&self, heap: &Heap, beside: Value<'_>) {
        if self.owner(heap).is_none() {
            self.owner.set(beside);
        }
    }

    /// The owner has bound this name: its entry, last in order if it is new.
    pub fn note_bound(&self, heap: &Heap, name: Gc<'_, Str>) {
        if !self.has_text(heap, name)
            && let Err(raised) = self.append(heap, name.hash(), name.value(), Value::UNDEF)
        {
            heap.raise_later(raised);
        }
    }

    /// The value of an entry.
    #[inline(always)]
    pub(super) fn resolve<'h>(&self, heap: &'h Heap, entry: &Entry) -> Value<'h> {
        let value = entry.value.get(heap);
        if value.is_undef() {
            return self.linked(heap, entry);
        }
        value
    }

    #[cold]
    #[inline(never)]
    fn linked<'h>(&self, heap: &'h Heap, entry: &Entry) -> Value<'h> {
        let names = names_of(self.owner.get(heap));
        let key = entry.key.get(heap).as_gc::<Str>();
        match (names, key) {
            (Some(names), Some(key)) => names.get(heap, key).unwrap_or(Value::UNDEF),
            // A set's entries have no values.
            _ => Value::UNDEF,
        }
    }

    /// Stores the value of an entry whose own value is Undef; Undef unbinds the name.
    #[cold]
    #[inline(never)]
    pub(super) fn set_linked(&self, heap: &Heap, entry: &Entry, value: Value<'_>) {
        let names = names_of(self.owner.get(heap));
        let key = entry.key.get(heap).as_gc::<Str>();
        if let (Some(names), Some(key)) = (names, key)
            && let Some(at) = names.index_of(key)
        {
            names.values.set(at, value);
        }
    }

    /// Appends an entry to a table with an owner; a name is bound there.
    #[cold]
    #[inline(never)]
    pub(super) fn push_linked(
        &self,
        heap: &Heap,
        hash: u64,
        key: Value<'_>,
        value: Value<'_>,
    ) -> Result<(), Raised> {
        let (Some(names), Some(name)) = (names_of(self.owner.get(heap)), key.as_gc::<Str>()) else {
            return self.append(heap, hash, key, value);
        };
        let name = heap.intern_str(name);
        self.append(heap, name.hash(), name.value(), Value::UNDEF)?;
        names.set(heap, name, value);
        Ok(())
    }

    /// Unbinds all names.
    pub(super) fn clear_linked(&self, heap: &Heap) {
        if self.owner.is_undef() {
            return;
        }
        for entry in &self.inner.borrow().entries {
            if entry.value.is_undef() {
                self.set_linked(heap, entry, Value::UNDEF);
            }
        }
    }

    fn has_text(&self, heap: &Heap, name: Gc<'_, Str>) -> bool {
        matches!(self.find(heap, name.hash(), name.value()), Found::At(_))
    }
}

/// The names of a module or a class.
fn names_of(owner: Value<'_>) -> Option<&NameTable> {
    match owner.as_gc::<Module>() {
        Some(module) => Some(&module.get().globals),
        None => Some(&owner.as_gc::<Class>()?.get().attrs),
    }
}
