//! Attributes of classes as the program changes them, and the attribute dicts of other native objects.
//!
//! Contract: whatever a class attribute's change may have made stale in an inline cache is forgotten (`Gc<Class>::bind`), and the
//! class's flags are right afterwards.

use crate::runtime::class::{Class, class_flag};
use crate::runtime::dict::Dict;
use crate::runtime::heap::Kind;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::attribute::own_dict;

impl Vm {
    /// `class.name = value`, or `del class.name` without a value.
    pub fn class_store(
        &mut self,
        class: Local,
        name: Local,
        value: Option<Local>,
    ) -> Result<(), Raised> {
        let heap = &self.heap;
        let this: Gc<'_, Class> = self
            .get_gc(class)
            .expect("the caller checked that it is a class");
        let attr = heap.intern_str(
            self.get_gc::<Str>(name)
                .expect("attribute names are strings"),
        );
        let is_fixed = this.has(class_flag::NATIVE) && !this.has(class_flag::OPEN)
            || this.has(class_flag::STATIC);
        if this.builtin.is_some() || is_fixed {
            let (verb, text, owner) = (
                if value.is_some() { "set" } else { "delete" },
                attr.as_str(),
                this.name(heap).as_str(),
            );
            return Err(heap.type_error(format!(
                "cannot {verb} '{text}' attribute of immutable type '{owner}'"
            )));
        }
        if this.has(class_flag::OPEN) {
            this.add_flags(class_flag::CHANGED);
        }
        match value {
            Some(value) => this.bind(heap, attr, self.get(value)),
            None if this.unbind(heap, attr) => {}
            None => return Err(self.attribute_error(class, name)),
        }
        if Gc::<Class>::is_flagged(heap, attr) {
            this.refresh_flags(heap);
        }
        Ok(())
    }

    /// Sets a class attribute from Rust, also of classes that programs cannot change.
    pub fn class_set_attr(&mut self, class: Local, name: &str, value: Local) {
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class).expect("the caller has a class");
        let attr = heap.intern(name);
        this.bind(heap, attr, self.get(value));
        if Gc::<Class>::is_flagged(heap, attr) {
            this.refresh_flags(heap);
        }
    }

    /// The dict in which an object that is no plain instance keeps attributes of its own, if it has any.
    pub fn attr_dict<'h>(&'h self, value: Value<'h>) -> Option<Gc<'h, Dict>> {
        own_dict(&self.heap, value)?.get(&self.heap).as_gc()
    }

    /// The same, made if the object may have attributes but has none yet.
    pub fn attr_dict_made<'h>(&'h self, value: Value<'h>) -> Option<Gc<'h, Dict>> {
        let slot = own_dict(&self.heap, value)?;
        if slot.is_undef() {
            slot.set(self.heap.dict().value());
            self.forget_shape(value);
        }
        slot.get(&self.heap).as_gc()
    }

    /// Inline caches know the methods of some natives by shape: with attributes of its own, one must be looked at again.
    fn forget_shape(&self, value: Value<'_>) {
        if let Some(object) = value
            .as_object()
            .filter(|o| matches!(o.kind(), Kind::Opaque | Kind::Future))
        {
            object.set_shape(self.heap.class_of(value).dict_shape());
        }
    }

    /// Makes `dict` the place of an object's attributes; false: it has no such place.
    pub fn set_attr_dict(&self, value: Value<'_>, dict: Gc<'_, Dict>) -> bool {
        let Some(slot) = own_dict(&self.heap, value) else {
            return false;
        };
        slot.set(dict.value());
        self.forget_shape(value);
        true
    }
}
