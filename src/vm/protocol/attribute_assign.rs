//! Assigning and deleting attributes.
//!
//! The same order as in reading (`attribute.rs`): hooks of the class (`__setattr__`), data descriptors, the object's own place, and
//! an error that says what is missing. A store without a value is a deletion.

use crate::runtime::class::{Class, class_flag};
use crate::runtime::descriptor::{Descriptor, DescriptorKind};
use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::function::Function;
use crate::runtime::future::Future;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::module::Module;
use crate::runtime::native::NativeFunction;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::attribute::{Binding, binding, own_dict};

impl Vm {
    /// `object.name = value`.
    pub fn set_attr(&mut self, object: Local, name: Local, value: Local) -> Result<(), Raised> {
        if self
            .heap
            .class_of(self.get(object))
            .has(class_flag::SETATTR)
        {
            self.call_special(object, Sym::SetAttr, &[name, value])?;
            return Ok(());
        }
        self.store_attr(object, name, Some(value))
    }

    /// `object.name = value`.
    pub fn set_attr_named(
        &mut self,
        object: Local,
        name: &str,
        value: Local,
    ) -> Result<(), Raised> {
        let name = self.local(self.heap.intern(name).value());
        self.set_attr(object, name, value)
    }

    /// `del object.name`.
    pub fn del_attr(&mut self, object: Local, name: Local) -> Result<(), Raised> {
        if self
            .heap
            .class_of(self.get(object))
            .has(class_flag::DELATTR)
        {
            self.call_special(object, Sym::DelAttr, &[name])?;
            return Ok(());
        }
        self.store_attr(object, name, None)
    }

    /// `object.__setattr__` and `object.__delattr__`'s own work: no hooks. No value: delete.
    pub fn store_attr(
        &mut self,
        object: Local,
        name: Local,
        value: Option<Local>,
    ) -> Result<(), Raised> {
        let heap = &self.heap;
        let this = self.get(object);
        let attr = self.interned(name);
        if let Some(class) = this.as_gc::<Class>() {
            let in_meta = heap.class_of(class.value()).lookup(heap, attr);
            if let Some(descriptor) = in_meta.filter(|v| matches!(binding(heap, *v), Binding::Data))
            {
                let descriptor = self.local(descriptor);
                return self.store_through(descriptor, object, name, value);
            }
            return self.class_store(object, name, value);
        }
        if let Some(module) = this.as_gc::<Module>() {
            let in_class = heap.class_of(this).lookup(heap, attr);
            if let Some(descriptor) =
                in_class.filter(|v| matches!(binding(heap, *v), Binding::Data))
            {
                let descriptor = self.local(descriptor);
                return self.store_through(descriptor, object, name, value);
            }
            return match value {
                Some(value) => {
                    module.bind(heap, attr, self.get(value));
                    Ok(())
                }
                None if module.unbind(heap, attr) => Ok(()),
                None => Err(self.attribute_error(object, name)),
            };
        }
        let class = heap.class_of(this);
        if let Some(found) = class
            .lookup(heap, attr)
            .filter(|v| matches!(binding(heap, *v), Binding::Data))
        {
            let descriptor = self.local(found);
            return self.store_through(descriptor, object, name, value);
        }
        self.store_own(object, name, value)
    }

    /// Stores into the object itself.
    fn store_own(
        &mut self,
        object: Local,
        name: Local,
        value: Option<Local>,
    ) -> Result<(), Raised> {
        let heap = &self.heap;
        let (this, attr) = (self.get(object), self.interned(name));
        if let Some(instance) = this.as_gc::<Instance>() {
            if heap.class_of(this).has(class_flag::NO_DICT) {
                return Err(self.no_dict_error(object, name));
            }
            match value {
                Some(value) => instance.set_attr(heap, attr, self.get(value)),
                None if instance.remove_attr(heap, attr) => {}
                None => return Err(self.attribute_error(object, name)),
            }
            return Ok(());
        }
        let Some(slot) = own_dict(heap, this) else {
            return Err(self.no_dict_error(object, name));
        };
        let class = heap.class_of(this);
        if class.has(class_flag::NO_DICT) {
            return Err(self.no_dict_error(object, name));
        }
        if class.builtin.is_some()
            && this.as_gc::<Exception>().is_none()
            && !this.is_gc::<Function>()
            && !this.is_gc::<Future>()
            && !is_method_wrapper(this)
        {
            return Err(self.no_dict_error(object, name));
        }
        if slot.is_undef() {
            slot.set(heap.dict().value());
            // Inline caches that know the class's methods must look again.
            if let Some(o) = this
                .as_object()
                .filter(|o| matches!(o.kind(), Kind::Opaque | Kind::Future))
            {
                o.set_shape(class.dict_shape());
            }
        }
        let dict: Gc<'_, Dict> = slot.expect(heap);
        match value {
            Some(value) => dict.set_str(heap, attr, self.get(value)),
            None if dict.remove_str(heap, attr) => {}
            None => return Err(self.attribute_error(object, name)),
        }
        Ok(())
    }

    fn no_dict_error(&self, object: Local, name: Local) -> Raised {
        let heap = &self.heap;
        let (value, text) = (self.get(object), self.interned(name).as_str());
        let class = heap.class_of(value);
        let message = match class.lookup(heap, self.interned(name)) {
            Some(_) => format!(
                "'{}' object attribute '{text}' is read-only",
                class.name(heap).as_str()
            ),
            None => {
                let tail = " and no __dict__ for setting new attributes";
                format!(
                    "'{}' object has no attribute '{text}'{tail}",
                    class.name(heap).as_str()
                )
            }
        };
        self.attribute_error_with(value, text, message)
    }

    /// Stores through a data descriptor.
    pub fn store_through(
        &mut self,
        descriptor: Local,
        object: Local,
        name: Local,
        value: Option<Local>,
    ) -> Result<(), Raised> {
        let heap = &self.heap;
        let Some(d) = self.get_gc::<Descriptor>(descriptor) else {
            let (sym, args) = match value {
                Some(value) => (Sym::Set, vec![object, value]),
                None => (Sym::Delete, vec![object]),
            };
            return match self.call_special(descriptor, sym, &args)? {
                Some(_) => Ok(()),
                None => {
                    let what = if value.is_some() {
                        "__set__"
                    } else {
                        "__delete__"
                    };
                    Err(self.heap.raise(Builtin::AttributeError, what))
                }
            };
        };
        if d.kind == DescriptorKind::Member {
            self.receiver_of(descriptor, object)?;
            return self.store_member(object, name, value);
        }
        let function = if value.is_some() {
            d.set.get(heap)
        } else {
            d.delete.get(heap)
        };
        if function.is_undef() || function.is_none() {
            let of_property = d.kind == DescriptorKind::Property;
            let class = if of_property {
                heap.class_of(self.get(object)).qualname(heap).as_str()
            } else {
                heap.type_name(self.get(object))
            };
            let text = self.interned(name).as_str();
            let text = match text.is_empty() {
                true => d
                    .get
                    .get(heap)
                    .as_gc::<NativeFunction>()
                    .map_or(text, |f| self.registry.natives.get(f.id).name()),
                false => text,
            };
            let message = match (d.kind, value) {
                (DescriptorKind::Property, value) => {
                    let what = if value.is_some() { "setter" } else { "deleter" };
                    let name = self.property_name(d.get());
                    format!("property{name} of '{class}' object has no {what}")
                }
                _ if heap
                    .class_of(d.value())
                    .builtin_is(Builtin::MemberDescriptor) =>
                {
                    "readonly attribute".to_owned()
                }
                _ => {
                    let owner = d.owner.get(heap).as_gc::<Class>();
                    let class = owner.map_or(class, |owner| owner.name(heap).as_str());
                    format!("attribute '{text}' of '{class}' objects is not writable")
                }
            };
            return Err(heap.raise(Builtin::AttributeError, message));
        }
        let function = self.local(function);
        let mut args = vec![self.receiver_of(descriptor, object)?];
        args.extend(value);
        self.call(function, &args)?;
        Ok(())
    }

    /// A `__slots__` member lives in the instance's shape slots like any attribute.
    fn store_member(
        &mut self,
        object: Local,
        name: Local,
        value: Option<Local>,
    ) -> Result<(), Raised> {
        let heap = &self.heap;
        let attr = self.interned(name);
        let Some(instance) = self.get_gc::<Instance>(object) else {
            return self.store_member_aside(object, name, value);
        };
        match value {
            Some(value) => instance.set_member(heap, attr, self.get(value)),
            None if instance.remove_member(heap, attr) => {}
            None => return Err(heap.raise(Builtin::AttributeError, attr.as_str())),
        }
        Ok(())
    }
}

/// Whether this is a `classmethod` or `staticmethod`: they take attributes, as functions do.
fn is_method_wrapper(value: Value<'_>) -> bool {
    let descriptor = value.as_gc::<Descriptor>();
    descriptor.is_some_and(|d| matches!(d.kind, DescriptorKind::Class | DescriptorKind::Static))
}

// Members of what is no instance.
impl Vm {
    /// Exceptions and opaque natives keep their members with their other attributes.
    fn store_member_aside(
        &mut self,
        object: Local,
        name: Local,
        value: Option<Local>,
    ) -> Result<(), Raised> {
        let attr = self.interned(name);
        let Some(dict) = self.attr_dict_made(self.get(object)) else {
            return Err(self.attribute_error(object, name));
        };
        match value {
            Some(value) => dict.set_str(&self.heap, attr, self.get(value)),
            None if dict.remove_str(&self.heap, attr) => {}
            None => return Err(self.heap.raise(Builtin::AttributeError, attr.as_str())),
        }
        Ok(())
    }
}
