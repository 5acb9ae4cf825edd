//! Changing what a class derives from, and which class an object is of: `C.__bases__ = ...`, `x.__class__ = ...`.
//!
//! Both are allowed where the old and the new class lay instances out alike (`same_layout`), with CPython's messages where not. A change
//! of the bases gives the class and all that derive from it a new order; if one of them has none, nothing changes.

use crate::runtime::class::{Class, class_flag};
use crate::runtime::descriptor::{Descriptor, DescriptorKind};
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::classes::mro;
use crate::vm::local::Local;

/// The base that decides on the layout of a class's instances: `__base__`.
pub fn best_base<'h>(heap: &'h Heap, class: Gc<'h, Class>) -> Option<Gc<'h, Class>> {
    let bases: Vec<Gc<'h, Class>> = class
        .bases(heap)
        .iter(heap)
        .filter_map(|v| v.as_gc())
        .collect();
    let mut best: Option<(Gc<'h, Class>, Gc<'h, Class>)> = None;
    for base in bases {
        let solid = solid(heap, base);
        best = match best {
            Some((_, known)) if solid != known && solid.is_subclass(heap, known) => {
                Some((base, solid))
            }
            None => Some((base, solid)),
            other => other,
        };
    }
    best.map(|(base, _)| base)
}

/// The nearest of a class and its `__base__`s that adds something to instances: slots, or a builtin's data.
pub(super) fn solid<'h>(heap: &'h Heap, class: Gc<'h, Class>) -> Gc<'h, Class> {
    let mut at = class;
    loop {
        if at.builtin.is_some() || !slots_of(heap, at).is_empty() {
            return at;
        }
        match best_base(heap, at) {
            Some(base) => at = base,
            None => return at,
        }
    }
}

/// Whether `class` comes above `below` by the bases that decide on layouts: orders may be about to change.
fn is_under<'h>(heap: &'h Heap, below: Gc<'h, Class>, class: Gc<'h, Class>) -> bool {
    let mut at = Some(below);
    while let Some(here) = at {
        if here == class {
            return true;
        }
        at = best_base(heap, here);
    }
    false
}

/// The names of the slots that a class itself adds, sorted.
fn slots_of<'h>(heap: &'h Heap, class: Gc<'h, Class>) -> Vec<&'h str> {
    let is_own = |value: Value<'h>| {
        value.as_gc::<Descriptor>().is_some_and(|d| {
            d.kind == DescriptorKind::Member && d.owner.get(heap).is(class.value())
        })
    };
    let entries = class.attrs.entries(heap).into_iter();
    let mut names: Vec<&str> = entries
        .filter(|(name, value)| is_own(*value) && name.as_str() != "__weakref__")
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    names
}

/// Whether instances of two classes look alike.
fn same_layout<'h>(heap: &'h Heap, one: Gc<'h, Class>, two: Gc<'h, Class>) -> bool {
    if one.layout != two.layout || one.has(class_flag::NO_DICT) != two.has(class_flag::NO_DICT) {
        return false;
    }
    let (a, b) = (solid(heap, one), solid(heap, two));
    let under = |class| best_base(heap, class).map(|base| solid(heap, base));
    a == b
        || a.builtin.is_none()
            && b.builtin.is_none()
            && slots_of(heap, a) == slots_of(heap, b)
            && under(a) == under(b)
}

// Bases.
impl Vm {
    /// `class.__bases__ = bases`
    pub fn set_bases(&mut self, class: Local, bases: Option<Local>) -> Result<(), Raised> {
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class).expect("the caller has a class");
        let name = this.name(heap).as_str();
        if this.builtin.is_some() || this.has(class_flag::NATIVE) {
            return Err(heap.type_error(format!(
                "cannot set '__bases__' attribute of immutable type '{name}'"
            )));
        }
        let Some(bases) = bases else {
            return Err(heap.type_error(format!(
                "cannot delete '__bases__' attribute of immutable type '{name}'"
            )));
        };
        self.checked_bases(this, self.get(bases))?;
        let old = self.local(this.get().bases.get(heap));
        this.get().bases.set(self.get(bases));
        let mut done = Vec::new();
        if let Err(raised) = self.renew_orders(class, &mut done) {
            self.undo_orders(&done)?;
            if self.has_bases(class, bases) {
                self.class_of_local(class).get().bases.set(self.get(old));
            }
            return Err(raised);
        }
        if self.has_bases(class, bases) {
            self.move_below(class, old, bases);
        }
        self.heap.class_changed();
        self.class_of_local(class).refresh_flags(&self.heap);
        Ok(())
    }

    fn class_of_local(&self, class: Local) -> Gc<'_, Class> {
        self.get_gc(class).expect("the caller has a class")
    }

    /// Whether the bases are still this tuple: a `mro()` may have assigned others.
    fn has_bases(&self, class: Local, bases: Local) -> bool {
        let class = self.class_of_local(class);
        class.get().bases.get(&self.heap).is(self.get(bases))
    }

    /// The new bases know the class as a subclass, the old ones no longer.
    fn move_below(&self, class: Local, old: Local, new: Local) {
        let heap = &self.heap;
        let this = self.class_of_local(class);
        for base in self.classes_in(old) {
            let known = base.subclasses.to_vec(heap);
            if let Some(at) = known.iter().position(|sub| sub.is(this.value())) {
                base.subclasses.remove(heap, at);
            }
        }
        for base in self.classes_in(new) {
            let known = base.subclasses.to_vec(heap);
            if !known.iter().any(|sub| sub.is(this.value())) {
                base.subclasses.push(heap, this.value());
            }
            this.want_capacity(base.capacity());
        }
    }

    fn classes_in(&self, tuple: Local) -> Vec<Gc<'_, Class>> {
        let tuple = self.get_gc::<Tuple>(tuple);
        let items = tuple.into_iter().flat_map(|t| t.iter(&self.heap));
        items.filter_map(|item| item.as_gc()).collect()
    }

    fn checked_bases<'h>(&'h self, this: Gc<'h, Class>, bases: Value<'h>) -> Result<(), Raised> {
        let heap = &self.heap;
        let name = this.name(heap).as_str();
        let Some(tuple) = bases.as_gc::<Tuple>() else {
            let given = heap.type_name(bases);
            return Err(heap.type_error(format!(
                "can only assign tuple to {name}.__bases__, not {given}"
            )));
        };
        if tuple.is_empty() {
            return Err(heap.type_error(format!(
                "can only assign non-empty tuple to {name}.__bases__, not ()"
            )));
        }
        let mut classes: Vec<Gc<'_, Class>> = Vec::new();
        for base in tuple.iter(heap) {
            let Some(base) = base.as_gc::<Class>() else {
                let given = heap.type_name(base);
                return Err(heap.type_error(format!(
                    "{name}.__bases__ must be tuple of classes, not '{given}'"
                )));
            };
            if base.is_subclass(heap, this) || is_under(heap, base, this) {
                return Err(heap.type_error("a __bases__ item causes an inheritance cycle"));
            }
            classes.push(base);
        }
        for base in &classes {
            if base.has(class_flag::FINAL) {
                let name = base.name(heap).as_str();
                return Err(
                    heap.type_error(format!("type '{name}' is not an acceptable base type"))
                );
            }
        }
        if mro::layout(heap, &classes).is_none() {
            return Err(heap.type_error("multiple bases have instance lay-out conflict"));
        }
        self.check_new_base(this, &classes)
    }

    /// Whether instances of the class could have been made by the new base.
    fn check_new_base<'h>(
        &'h self,
        this: Gc<'h, Class>,
        classes: &[Gc<'h, Class>],
    ) -> Result<(), Raised> {
        let heap = &self.heap;
        let old = best_base(heap, this).unwrap_or(this);
        let new = classes
            .iter()
            .copied()
            .reduce(|best, base| {
                match solid(heap, base) != solid(heap, best)
                    && solid(heap, base).is_subclass(heap, solid(heap, best))
                {
                    true => base,
                    false => best,
                }
            })
            .unwrap_or(old);
        let (from, to) = (old.name(heap).as_str(), new.name(heap).as_str());
        let plain = |class: Gc<'_, Class>| class.builtin_is(Builtin::Object);
        if old != new
            && (plain(old) || plain(new) || old.layout != new.layout && old.builtin.is_none())
        {
            return Err(heap.type_error(format!(
                "__bases__ assignment: '{to}' deallocator differs from '{from}'"
            )));
        }
        if !same_layout(heap, old, new) {
            return Err(heap.type_error(format!(
                "__bases__ assignment: '{to}' object layout differs from '{from}'"
            )));
        }
        Ok(())
    }
}

// The class of an object.
impl Vm {
    /// `object.__class__ = class` for what is no module.
    pub fn set_class(&mut self, object: Local, class: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let value = self.get(object);
        let new: Gc<'_, Class> = self.get_gc(class).expect("the caller has a class");
        let old = heap.class_of(value);
        let fixed = |class: Gc<'_, Class>| class.builtin.is_some() || class.has(class_flag::NATIVE);
        if let Some(class) = value.as_gc::<Class>().filter(|class| fixed(*class)) {
            let name = class.name(heap).as_str();
            return Err(heap.type_error(format!(
                "cannot set '__class__' attribute of immutable type '{name}'"
            )));
        }
        if fixed(old) || fixed(new) {
            let message =
                "__class__ assignment only supported for mutable types or ModuleType subclasses";
            return Err(heap.type_error(message));
        }
        let is_weak = |class: Gc<'_, Class>| class.lookup(heap, heap.sym(Sym::Weakref)).is_some();
        if !same_layout(heap, old, new) || is_weak(old) != is_weak(new) {
            let (from, to) = (old.name(heap).as_str(), new.name(heap).as_str());
            return Err(heap.type_error(format!(
                "__class__ assignment: '{to}' object layout differs from '{from}'"
            )));
        }
        match (value.as_gc::<Instance>(), value.as_object()) {
            (Some(instance), _) => {
                instance.dict(heap);
                instance.set_shape(new.dict_shape());
            }
            (None, Some(plain)) => {
                let keeps_dict = matches!(plain.kind(), Kind::Opaque | Kind::Future);
                plain.set_shape(match keeps_dict {
                    true => new.dict_shape(),
                    false => new.root_shape(),
                });
                heap.class_changed();
            }
            (None, None) => {}
        }
        Ok(())
    }
}

// What a class has although its body does not say so.
impl Vm {
    /// `__dict__` or `__weakref__`, where instances have it and those of the bases have not.
    pub(in crate::vm) fn add_instance_attributes(&self, class: Local, name: Option<Sym>) {
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class).expect("the caller has a class");
        let Some(name) = name.map(|name| heap.sym(name)) else {
            return;
        };
        if matches!(this.layout, Kind::Class | Kind::Module) || this.attrs.get(heap, name).is_some()
        {
            return;
        }
        let model = heap.types.class(heap, Builtin::Opaque);
        if let Some(copy) = own_descriptor(heap, this, model, name) {
            this.bind(heap, name, copy);
        }
    }
}

/// The model's descriptor of this name, as an attribute of another class.
fn own_descriptor<'h>(
    heap: &'h Heap,
    class: Gc<'h, Class>,
    model: Gc<'h, Class>,
    name: Gc<'h, Str>,
) -> Option<Value<'h>> {
    let found = model.attrs.get(heap, name)?.as_gc::<Descriptor>()?;
    let copy = Descriptor::new(
        DescriptorKind::GetSet,
        crate::runtime::Slot::new(found.get().get.get(heap)),
    );
    copy.set.set(found.get().set.get(heap));
    copy.delete.set(found.get().delete.get(heap));
    copy.extra.set(name.value());
    copy.owner.set(class.value());
    Some(
        heap.alloc_shaped(copy, heap.types.shape_of(Builtin::GetSetDescriptor))
            .value(),
    )
}
