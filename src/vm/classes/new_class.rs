//! `type.__new__`: a class from its name, bases and namespace.
//!
//! It knows what a class is made of; the order of its bases (`mro.rs`) and stores into it (`class_attr.rs`) are next door.

use crate::runtime::cell::CellObj;
use crate::runtime::class::{Class, class_flag};
use crate::runtime::descriptor::{Descriptor, DescriptorKind};
use crate::runtime::dict::Dict;
use crate::runtime::function::Function;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::ViewTag;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::classes::mro;
use crate::vm::local::Local;

impl Vm {
    /// `type.__call__(class, *args, **kwargs)`: `__new__`, then `__init__`.
    pub fn type_call(&mut self, class: Local, args: Local, kwargs: Local) -> Result<Local, Raised> {
        if !self.get(class).is_gc::<Class>() {
            let given = self.heap.type_name(self.get(class));
            return Err(self.heap.type_error(format!(
                "descriptor '__call__' for 'type' objects doesn't apply to a '{given}' object"
            )));
        }
        let args = self.spread(args, Some(kwargs))?;
        self.instantiate(class, args)
    }

    /// `type.__new__(metaclass, name, bases, namespace, **keywords)`: a string, a tuple, a dict, a dict.
    pub fn new_class(
        &mut self,
        metaclass: Local,
        name: Local,
        bases: Local,
        namespace: Local,
        keywords: Local,
    ) -> Result<Local, Raised> {
        let bases = self.some_bases(bases)?;
        let winner = self.most_derived_metaclass(metaclass, bases)?;
        if let Some(new) = self.other_new(winner, metaclass) {
            let args = self.tuple_of(&[winner, name, bases, namespace]);
            return self.call_ex(new, args, Some(keywords));
        }
        self.check_bases(bases)?;
        let slots = self.slot_names(namespace, name, bases)?;
        let class = self.make_class(winner, name, bases)?;
        self.fill_class(class, namespace)?;
        let (adds_dict, adds_weak) = match &slots {
            Some(slots) => (slots.has_dict(), slots.has_weak()),
            None => (!self.bases_have_dict(bases), !self.bases_have_weak(bases)),
        };
        self.add_instance_attributes(class, adds_dict.then_some(Sym::Dict));
        self.add_instance_attributes(class, adds_weak.then_some(Sym::Weakref));
        self.add_members(class, bases, slots)?;
        self.add_defaults(class);
        self.renew_order(class)?;
        self.get_gc::<Class>(class)
            .expect("just made")
            .refresh_flags(&self.heap);
        self.set_names(class, namespace)?;
        self.init_subclass(class, keywords)?;
        Ok(class)
    }

    /// The `__new__` of the winning metaclass, if it is another one's than `type`'s and was not the one called.
    fn other_new(&self, winner: Local, metaclass: Local) -> Option<Local> {
        let heap = &self.heap;
        if self.get(winner).is(self.get(metaclass)) {
            return None;
        }
        let (owner, new) = self
            .get_gc::<Class>(winner)?
            .lookup_in(heap, heap.sym(Sym::New))?;
        let new = new.as_gc::<Descriptor>().map_or(new, |d| d.get.get(heap));
        (!owner.builtin_is(Builtin::Type)).then(|| self.local(new))
    }

    /// The bases, `object` where there are none.
    fn some_bases(&mut self, bases: Local) -> Result<Local, Raised> {
        let heap = &self.heap;
        let tuple: Gc<'_, Tuple> = self
            .get_gc(bases)
            .expect("the caller checked that it is a tuple");
        if tuple.is_empty() {
            let object = heap.types.class(heap, Builtin::Object).value();
            return Ok(self.local(heap.tuple(&[object]).value()));
        }
        if tuple
            .iter(heap)
            .any(|base| !base.is_gc::<Class>() && self.special(base, Sym::MroEntries).is_some())
        {
            return Err(heap
                .type_error("type() doesn't support MRO entry resolution; use types.new_class()"));
        }
        Ok(bases)
    }

    fn check_bases(&self, bases: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        for base in self
            .get_gc::<Tuple>(bases)
            .into_iter()
            .flat_map(|t| t.iter(heap))
        {
            let Some(class) = base.as_gc::<Class>() else {
                return Err(heap.type_error("bases must be types"));
            };
            if class.has(class_flag::FINAL) {
                let name = class.name(heap).as_str();
                return Err(
                    heap.type_error(format!("type '{name}' is not an acceptable base type"))
                );
            }
        }
        Ok(())
    }

    /// A class with bases and layout, but without order and attributes.
    fn make_class(&mut self, metaclass: Local, name: Local, bases: Local) -> Result<Local, Raised> {
        let heap = &self.heap;
        let tuple: Gc<'_, Tuple> = self
            .get_gc(bases)
            .expect("the caller checked that it is a tuple");
        let classes: Vec<Gc<'_, Class>> = tuple.iter(heap).filter_map(|v| v.as_gc()).collect();
        let layout = mro::layout(heap, &classes)
            .ok_or_else(|| heap.type_error("multiple bases have instance lay-out conflict"))?;
        let name = self
            .get_gc::<Str>(name)
            .expect("the caller checked that it is a string")
            .as_str();
        if name.contains('\0') {
            return Err(heap.value_error("type name must not contain null characters"));
        }
        let meta_shape = self
            .get_gc::<Class>(metaclass)
            .expect("a metaclass is a class")
            .root_shape();
        let class = heap.new_class(name, &tuple.to_vec(heap), layout, None, meta_shape);
        Ok(self.local(class.value()))
    }

    /// Copies the namespace into the class, with the changes that `type` makes to some names.
    fn fill_class(&mut self, class: Local, namespace: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class).expect("the caller made it");
        let dict = self.namespace_dict(namespace);
        let mut has_odd_key = false;
        for (key, value) in dict.table.entries(heap) {
            let Some(key) = key.as_gc::<Str>() else {
                has_odd_key = true;
                continue;
            };
            match key.as_str() {
                "__qualname__" => {
                    // A text of a subclass of str counts as its text.
                    let text = self.plain_value(value);
                    if !text.is_gc::<Str>() {
                        let given = heap.type_name(value);
                        return Err(heap
                            .type_error(format!("type __qualname__ must be a str, not {given}")));
                    }
                    this.qualname.set(text);
                }
                "__classdictcell__" if value.is_gc::<CellObj>() => {
                    if let Some(cell) = value.as_gc::<CellObj>() {
                        cell.value
                            .set(heap.view(ViewTag::Proxy, this.dict(heap).value()).value());
                    }
                }
                "__classcell__" => match value.as_gc::<CellObj>() {
                    Some(cell) => cell.value.set(this.value()),
                    None => {
                        let given = heap.type_name(value);
                        let message = format!(
                            "type.__new__: __classcell__ must be a nonlocal cell, not {given}"
                        );
                        return Err(heap.type_error(message));
                    }
                },
                name => this.bind(heap, heap.intern_str(key), wrapped(heap, name, value)),
            }
        }
        if has_odd_key {
            let name = this.name(heap).as_str();
            let message = format!("non-string key in the __dict__ of class {name}");
            self.warn(Builtin::RuntimeWarning, &message)?;
        }
        Ok(())
    }

    /// What a class has although its body does not say so.
    fn add_defaults(&self, class: Local) {
        let heap = &self.heap;
        let class: Gc<'_, Class> = self.get_gc(class).expect("the caller made it");
        let has = |sym| class.attrs.get(heap, heap.sym(sym)).is_some();
        if !has(Sym::Module) {
            let module = self
                .exec
                .stack
                .frames()
                .last()
                .map(|frame| frame.code(heap).module(heap));
            if let Some(name) = module.and_then(|m| m.globals.get(heap, heap.sym(Sym::Name))) {
                class.bind(heap, heap.sym(Sym::Module), name);
            }
        }
        if !has(Sym::Doc) {
            class.bind(heap, heap.sym(Sym::Doc), Value::NONE);
        }
        if has(Sym::Eq) && !has(Sym::Hash) {
            class.bind(heap, heap.sym(Sym::Hash), Value::NONE);
        }
    }

    /// A class namespace as a dict: one, or an instance around one.
    fn namespace_dict(&self, namespace: Local) -> Gc<'_, Dict> {
        let value = self.get(namespace);
        let inner = value
            .as_gc::<Instance>()
            .and_then(|i| i.payload(&self.heap))
            .unwrap_or(value);
        inner
            .as_gc()
            .expect("the caller checked that the namespace is a dict")
    }

    /// Calls `__set_name__` of what the body bound.
    fn set_names(&mut self, class: Local, namespace: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let named = |value: Value<'_>| match value.as_object().map(Gc::kind) {
            Some(Kind::Instance | Kind::Opaque | Kind::Descriptor) => {
                self.special(value, Sym::SetName).is_some()
            }
            _ => false,
        };
        let entries = self
            .namespace_dict(namespace)
            .table
            .entries(heap)
            .into_iter()
            .filter(|&(_, value)| named(value));
        let entries: Vec<(Local, Local)> = entries
            .map(|(name, value)| (self.local(name), self.local(value)))
            .collect();
        for (name, value) in entries {
            if let Err(raised) = self.call_special(value, Sym::SetName, &[class, name]) {
                return Err(self.note_set_name(raised, class, name, value)?);
            }
        }
        Ok(())
    }

    fn note_set_name(
        &mut self,
        raised: Raised,
        class: Local,
        name: Local,
        value: Local,
    ) -> Result<Raised, Raised> {
        let exception = self.local(self.heap.take_raised(raised).value());
        let name = self.repr(name)?;
        let name = self.text_of(name)?;
        let owner = self
            .get_gc::<Class>(class)
            .map_or("?", |c| c.name(&self.heap).as_str());
        let what = self.heap.type_name(self.get(value));
        let note = self.local(self.heap.str_value(&format!(
            "Error calling __set_name__ on '{what}' instance {name} in '{owner}'"
        )));
        self.call_method(exception, "add_note", &[note])?;
        Ok(self.heap.raise_exception(
            self.get_gc(exception)
                .expect("what was raised is an exception"),
        ))
    }

    /// `super(class, class).__init_subclass__(**keywords)`.
    fn init_subclass(&mut self, class: Local, keywords: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class).expect("the caller made it");
        let hook = heap.sym(Sym::InitSubclass);
        if !this.mro(heap).any(|class| class == this) {
            let name = this.name(heap).as_str();
            return Err(heap.type_error(format!(
                "super(type, obj): obj (type {name}) is not an instance or subtype of type ({name})."
            )));
        }
        let found = this
            .mro(heap)
            .skip_while(|class| *class != this)
            .skip(1)
            .find_map(|c| Some((c, c.attrs.get(heap, hook)?)));
        let Some((owner, hook)) = found else {
            return Ok(());
        };
        if owner.builtin_is(Builtin::Object) {
            if self
                .get_gc::<Dict>(keywords)
                .is_some_and(|d| !d.table.is_empty(heap))
            {
                let name = this.qualname(heap).as_str();
                return Err(heap.type_error(format!(
                    "{name}.__init_subclass__() takes no keyword arguments"
                )));
            }
            return Ok(());
        }
        let hook = self.local(hook);
        let bound = self.bind_descriptor(hook, class)?;
        let args = self.tuple_of(&[]);
        self.call_ex(bound, args, Some(keywords))?;
        Ok(())
    }
}

/// `__new__` is static, `__init_subclass__` and `__class_getitem__` are class methods without saying so.
fn wrapped<'h>(heap: &'h Heap, name: &str, value: Value<'h>) -> Value<'h> {
    let (kind, class) = match name {
        "__new__" => (DescriptorKind::Static, Builtin::StaticMethod),
        "__init_subclass__" | "__class_getitem__" => (DescriptorKind::Class, Builtin::ClassMethod),
        _ => return value,
    };
    if !value.is_gc::<Function>() {
        return value;
    }
    heap.alloc_shaped(
        Descriptor::new(kind, Slot::new(value)),
        heap.types.shape_of(class),
    )
    .value()
}
