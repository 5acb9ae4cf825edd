//! Instances of classes that the program defines: attributes in slots, by shape.
//!
//! The first `capacity` slots are the object's tail, further ones are in `extra` (a list); in dict shape `extra` is the
//! attribute dict. Accesses are reported as those of containers are (`heap/record.rs`): a slot is an item, and which attributes there are
//! is their order. Attributes that `__slots__` declares are stored with the others until `__dict__` is asked for: then they move to a
//! dict of their own, which the attribute dict's table holds as its owner. An instance of a subclass of a builtin type (`class Stack(list)`) holds the builtin's object in slot 0.

#![expect(unsafe_code, reason = "knows interned names by their addresses")]

use super::builtin_eq;
use super::class::Class;
use super::dict::Dict;
use super::heap::{Gc, Heap, Part, Slot, traced};
use super::list::List;
use super::str::Str;
use super::table::{Found, Table};
use super::value::Value;

/// An instance.
pub struct Instance {
    /// Number of slots after the object.
    pub(super) capacity: u32,
    /// Whether slot 0 holds the builtin object that this one extends.
    payload: bool,
    /// Undef, or a list of further slots, or the attribute dict.
    extra: Slot,
}

traced!(Instance { extra } plain { capacity, payload });

impl Heap {
    /// An instance of a class without attributes.
    #[inline]
    pub fn instance<'h>(&'h self, class: Gc<'h, Class>) -> Gc<'h, Instance> {
        let fields = Instance {
            capacity: class.capacity(),
            payload: false,
            extra: Slot::undef(),
        };
        self.alloc_tail(fields, class.root_shape(), |_| Value::UNDEF)
    }

    /// An instance of a class that extends a builtin type, around the builtin's object.
    pub fn instance_around<'h>(
        &'h self,
        class: Gc<'h, Class>,
        payload: Value<'h>,
    ) -> Gc<'h, Instance> {
        let fields = Instance {
            capacity: class.capacity().max(1),
            payload: true,
            extra: Slot::undef(),
        };
        let instance = self.alloc_tail(fields, class.root_shape(), |_| Value::UNDEF);
        instance.tail()[0].set(payload);
        instance
    }
}

impl<'h> Gc<'h, Instance> {
    /// Whether the instance extends a builtin object.
    #[inline]
    pub fn has_payload(self) -> bool {
        self.get().payload
    }

    /// The builtin object that it extends.
    pub fn payload(self, heap: &'h Heap) -> Option<Value<'h>> {
        if self.has_payload() {
            Some(self.tail()[0].get(heap))
        } else {
            None
        }
    }

    /// The value in a slot of the instance's shape; Undef if it has none.
    #[inline(always)]
    pub fn slot(self, heap: &'h Heap, i: usize) -> Value<'h> {
        heap.reads(self.get(), Part::Item(i));
        match self.tail().get(i) {
            Some(slot) => slot.get(heap),
            None => self.extra_slot(heap, i),
        }
    }

    /// The value in a slot of the instance's shape, if the slot is one of those that follow the object.
    #[inline(always)]
    pub fn near_slot(self, heap: &'h Heap, i: usize) -> Option<Value<'h>> {
        heap.reads(self.get(), Part::Item(i));
        self.tail().get(i).map(|slot| slot.get(heap))
    }

    #[cold]
    fn extra_slot(self, heap: &'h Heap, i: usize) -> Value<'h> {
        let extra = self.extra.get(heap).as_gc::<List>();
        extra
            .and_then(|list| list.item(heap, i - self.tail().len()))
            .unwrap_or(Value::UNDEF)
    }

    /// Replaces the value in a slot of the instance's shape.
    #[inline(always)]
    pub fn set_slot(self, heap: &'h Heap, i: usize, value: Value<'h>) {
        heap.writes(self.get(), Part::Item(i));
        match self.tail().get(i) {
            Some(slot) => slot.set(value),
            None => self.set_extra_slot(heap, i, value),
        }
    }

    #[cold]
    fn set_extra_slot(self, heap: &'h Heap, i: usize, value: Value<'h>) {
        if self.extra.is_undef() {
            self.extra.set(heap.list([]).value());
        }
        let list: Gc<'h, List> = self.extra.expect(heap);
        let at = i - self.tail().len();
        list.pad(heap, at + 1);
        list.set_item(heap, at, value);
    }

    /// The value of an attribute of the instance itself.
    pub fn attr(self, heap: &'h Heap, name: Gc<'h, Str>) -> Option<Value<'h>> {
        if heap.is_dict_shape(self.shape()) {
            return self.extra.expect::<Dict>(heap).get_str(heap, name);
        }
        let Some(i) = heap.slot_in(self.shape(), name) else {
            heap.reads(self.get(), Part::Order);
            return None;
        };
        self.slot(heap, i).defined()
    }

    /// Binds an attribute of the instance itself.
    pub fn set_attr(self, heap: &'h Heap, name: Gc<'h, Str>, value: Value<'h>) {
        if heap.is_dict_shape(self.shape()) {
            return self.extra.expect::<Dict>(heap).set_str(heap, name, value);
        }
        if let Some(i) = heap.slot_in(self.shape(), name) {
            return self.set_slot(heap, i, value);
        }
        match heap.shape_with(self.shape(), name) {
            Some(shape) => self.add_slot(heap, shape, value),
            None => self.dict(heap).set_str(heap, name, value),
        }
    }

    /// Moves to `shape`, which has one slot more, and puts `value` there.
    #[inline]
    pub fn add_slot(self, heap: &'h Heap, shape: u32, value: Value<'h>) {
        heap.writes(self.get(), Part::Order);
        let slots = heap.layout(shape).slots();
        self.set_slot(heap, slots - 1, value);
        self.set_shape(shape);
        if slots > self.get().capacity as usize {
            heap.shape_class(shape).want_capacity(slots as u32);
        }
    }

    /// Unbinds an attribute of the instance itself; says whether it was bound.
    pub fn remove_attr(self, heap: &'h Heap, name: Gc<'h, Str>) -> bool {
        if !heap.is_dict_shape(self.shape()) && heap.slot_in(self.shape(), name).is_none() {
            return false;
        }
        self.dict(heap).remove_str(heap, name)
    }

    /// The attributes of the instance itself, in order.
    pub fn attrs(self, heap: &'h Heap) -> Vec<(Value<'h>, Value<'h>)> {
        heap.reads(self.get(), Part::All);
        if let Some(dict) = self.extra.get(heap).as_gc::<Dict>() {
            let mut entries = dict.table.entries(heap);
            let members = self.members(heap);
            entries.extend(members.into_iter().flat_map(|m| m.table.entries(heap)));
            return entries;
        }
        let layout = heap.layout(self.shape());
        let named = layout.names().iter().enumerate().map(|(i, &address)| {
            (
                // SAFETY: layouts name interned strings, which live as long as the heap.
                Value::object(unsafe { Gc::<Str>::from_address(address) }),
                self.slot(heap, i + layout.reserved as usize),
            )
        });
        named.filter(|(_, value)| !value.is_undef()).collect()
    }

    /// `__dict__`: from now on the attributes live there.
    pub fn dict(self, heap: &'h Heap) -> Gc<'h, Dict> {
        if let Some(dict) = self.extra.get(heap).as_gc::<Dict>() {
            return dict;
        }
        let attrs = self.attrs(heap);
        let table = Table::with_capacity(attrs.len());
        for (name, value) in attrs {
            // No name is in a layout twice.
            let hash = builtin_eq::hash(heap, name).unwrap_or(0);
            table.add(heap, hash, name, value);
        }
        let dict = heap.dict_of(table);
        self.take_dict(heap, dict);
        dict
    }

    /// `__dict__` without the attributes that `__slots__` declares, which move to a dict of their own.
    pub fn dict_beside_members(
        self,
        heap: &'h Heap,
        is_member: impl Fn(Value<'h>) -> bool,
    ) -> Gc<'h, Dict> {
        let dict = self.dict(heap);
        if self.members(heap).is_some() {
            return dict;
        }
        let entries = dict.table.entries(heap);
        let members = entries.into_iter().filter(|&(name, _)| is_member(name));
        for (name, value) in members {
            if let Some(Found::At(at)) = dict.table.find_leaf(heap, name) {
                dict.table.remove(heap, at);
                self.members_made(heap, dict).set_leaf(heap, name, value);
            }
        }
        dict
    }

    /// Replaces `__dict__`; what `__slots__` declares stays.
    pub fn replace_dict(
        self,
        heap: &'h Heap,
        dict: Gc<'h, Dict>,
        is_member: impl Fn(Value<'h>) -> bool,
    ) {
        self.dict_beside_members(heap, is_member);
        let members = self.members(heap);
        self.take_dict(heap, dict);
        if let Some(members) = members {
            dict.table.keep_beside(heap, members.value());
        }
    }

    /// The attributes that `__slots__` declares, if they are stored apart.
    fn members(self, heap: &'h Heap) -> Option<Gc<'h, Dict>> {
        let dict = self.extra.get(heap).as_gc::<Dict>()?;
        dict.table.owner(heap)?.as_gc::<Dict>()
    }

    fn members_made(self, heap: &'h Heap, dict: Gc<'h, Dict>) -> Gc<'h, Dict> {
        self.members(heap).unwrap_or_else(|| {
            let members = heap.dict();
            dict.table.keep_beside(heap, members.value());
            members
        })
    }

    /// The value of an attribute that `__slots__` declares.
    pub fn member(self, heap: &'h Heap, name: Gc<'h, Str>) -> Option<Value<'h>> {
        match self.members(heap) {
            Some(members) => members.get_str(heap, name),
            None => self.attr(heap, name),
        }
    }

    /// Binds an attribute that `__slots__` declares.
    pub fn set_member(self, heap: &'h Heap, name: Gc<'h, Str>, value: Value<'h>) {
        match self.members(heap) {
            Some(members) => members.set_str(heap, name, value),
            None => self.set_attr(heap, name, value),
        }
    }

    /// Unbinds an attribute that `__slots__` declares; says whether it was bound.
    pub fn remove_member(self, heap: &'h Heap, name: Gc<'h, Str>) -> bool {
        if let Some(members) = self.members(heap) {
            return members.remove_str(heap, name);
        }
        match heap.slot_in(self.shape(), name) {
            Some(i) if self.slot(heap, i).is_undef() => false,
            Some(i) => {
                self.set_slot(heap, i, Value::UNDEF);
                true
            }
            None => heap.is_dict_shape(self.shape()) && self.remove_attr(heap, name),
        }
    }

    /// Makes `dict` the place of all attributes.
    pub fn take_dict(self, heap: &'h Heap, dict: Gc<'h, Dict>) {
        heap.writes(self.get(), Part::All);
        let payload = self.payload(heap);
        for slot in self.tail() {
            slot.clear();
        }
        if let Some(payload) = payload {
            self.tail()[0].set(payload);
        }
        self.extra.set(dict.value());
        self.set_shape(heap.shape_class(self.shape()).dict_shape());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Builtin;
    use crate::runtime::heap::{Access, Record};

    #[test]
    fn accesses_are_recorded_by_slot() {
        let heap = Heap::new();
        let class = heap.types.class(&heap, Builtin::Object);
        let instance = heap.instance(class);
        let name = heap.intern("name");
        let records = heap.recorded(|| {
            assert!(instance.attr(&heap, name).is_none());
            instance.set_attr(&heap, name, Value::TRUE);
            assert!(instance.attr(&heap, name).is_some());
        });
        let own = std::ptr::from_ref(instance.get()).addr();
        let own: Vec<(Access, Part)> = records
            .iter()
            .filter(|record| record.object == own)
            .map(|&Record { access, part, .. }| (access, part))
            .collect();
        // Whoever asked in vain hears of the attribute that comes.
        assert_eq!(own[0], (Access::Read, Part::Order));
        assert!(own.contains(&(Access::Write, Part::Order)));
        assert!(matches!(own.last(), Some((Access::Read, Part::Item(_)))));
    }
}
