//! Attributes: lookup through instances, classes and descriptors. What inline caches learn from it is in `cache.rs`.
//!
//! `find` decides, without running the program, what reading an attribute means (`Found`); `get_attr` then does it, which may
//! call a property or a `__get__`. Assignment and deletion are in `attribute_assign.rs`.

use crate::bytecode::Instr;
use crate::runtime::class::{Class, class_flag};
use crate::runtime::descriptor::{Descriptor, DescriptorKind, Super};
use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::function::Function;
use crate::runtime::future::Future;
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::module::Module;
use crate::runtime::native::NativeFunction;
use crate::runtime::opaque::Opaque;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::local::Local;

/// What reading an attribute means.
enum Found<'h> {
    /// This value.
    Value(Value<'h>),
    /// This function, bound to the object.
    Method(Value<'h>),
    /// This function, bound to the object's class (or to the class that the object is).
    ClassMethod(Value<'h>, Gc<'h, Class>),
    /// What this getter returns for the object.
    Getter(Value<'h>),
    /// What this descriptor's `__get__` returns.
    Descriptor(Value<'h>),
    /// There is no such attribute.
    Missing,
}

/// What a value found in a class does when it is read through an instance.
pub(in crate::vm) enum Binding {
    /// Nothing: it is the attribute.
    Plain,
    /// It binds, but the instance's own attribute goes before it.
    Binds,
    /// It also takes stores, so it goes before the instance's own attribute.
    Data,
}

pub(in crate::vm) fn binding(heap: &Heap, value: Value<'_>) -> Binding {
    match value.as_object().map(Gc::kind) {
        Some(Kind::Function | Kind::Coroutine) => Binding::Binds,
        Some(Kind::Native) => match value.as_gc::<NativeFunction>() {
            Some(native) if !native.owner.is_undef() && !native.is_new => Binding::Binds,
            _ => Binding::Plain,
        },
        Some(Kind::Descriptor) => match value.as_gc::<Descriptor>().map(|d| d.kind) {
            Some(DescriptorKind::Static | DescriptorKind::Class) => Binding::Binds,
            _ => Binding::Data,
        },
        Some(Kind::Instance | Kind::Opaque | Kind::Super) => {
            let class = heap.class_of(value);
            let has = |sym| class.lookup(heap, heap.sym(sym)).is_some();
            if has(Sym::Set) || has(Sym::Delete) {
                Binding::Data
            } else if has(Sym::Get) {
                Binding::Binds
            } else {
                Binding::Plain
            }
        }
        _ => Binding::Plain,
    }
}

/// Whether a value found in a class is read before the object's own attribute: a data descriptor that also answers reads.
fn goes_first(heap: &Heap, value: Value<'_>) -> bool {
    matches!(binding(heap, value), Binding::Data)
        && (value.is_gc::<Descriptor>() || special_get(heap, value))
}

/// What a value found in `class` (the object's class) means for the object.
fn bind<'h>(
    heap: &'h Heap,
    object: Value<'h>,
    class: Gc<'h, Class>,
    value: Value<'h>,
) -> Found<'h> {
    match value.as_object().map(Gc::kind) {
        Some(Kind::Function) => Found::Method(value),
        Some(Kind::Native) if matches!(binding(heap, value), Binding::Binds) => {
            Found::Method(value)
        }
        Some(Kind::Descriptor) => {
            let descriptor: Gc<'_, Descriptor> = value.as_gc().expect("the kind was just checked");
            match descriptor.kind {
                DescriptorKind::Static => Found::Value(descriptor.get.get(heap)),
                DescriptorKind::Class => Found::ClassMethod(descriptor.get.get(heap), class),
                DescriptorKind::Member => member(heap, object, descriptor),
                DescriptorKind::Property | DescriptorKind::GetSet => Found::Getter(value),
            }
        }
        _ if is_user_descriptor(heap, value) => Found::Descriptor(value),
        _ => Found::Value(value),
    }
}

/// Whether it is an object whose class defines `__get__`.
fn is_user_descriptor(heap: &Heap, value: Value<'_>) -> bool {
    let kind = value.as_object().map(Gc::kind);
    matches!(kind, Some(Kind::Instance | Kind::Opaque | Kind::Super)) && special_get(heap, value)
}

fn special_get(heap: &Heap, value: Value<'_>) -> bool {
    heap.class_of(value)
        .lookup(heap, heap.sym(Sym::Get))
        .is_some()
}

/// The value of a `__slots__` member.
fn member<'h>(heap: &'h Heap, object: Value<'h>, descriptor: Gc<'h, Descriptor>) -> Found<'h> {
    let name: Gc<'h, Str> = descriptor.extra.expect(heap);
    own_member(heap, object, name).map_or(Found::Missing, Found::Value)
}

/// The value of an attribute that `__slots__` declares.
fn own_member<'h>(heap: &'h Heap, object: Value<'h>, name: Gc<'h, Str>) -> Option<Value<'h>> {
    match object.as_gc::<Instance>() {
        Some(instance) => instance.member(heap, name),
        None => own_attr(heap, object, name),
    }
}

/// The attribute dict of objects that are no `Instance` but may carry attributes.
pub(in crate::vm) fn own_dict<'h>(heap: &'h Heap, object: Value<'h>) -> Option<&'h Slot> {
    let object = object.as_object()?;
    let _ = heap;
    Some(match object.kind() {
        Kind::Exception => &object.downcast::<Exception>()?.get().attrs,
        Kind::Opaque => &object.downcast::<Opaque>()?.get().attrs,
        Kind::Future => &object.downcast::<Future>()?.get().attrs,
        Kind::Function => &object.downcast::<Function>()?.get().attrs,
        Kind::Descriptor => &object.downcast::<Descriptor>()?.get().attrs,
        Kind::Super => &object.downcast::<Super>()?.get().attrs,
        _ => return None,
    })
}

/// An attribute of the object itself.
fn own_attr<'h>(heap: &'h Heap, object: Value<'h>, name: Gc<'h, Str>) -> Option<Value<'h>> {
    if let Some(instance) = object.as_gc::<Instance>() {
        return instance.attr(heap, name);
    }
    own_dict(heap, object)?
        .get(heap)
        .as_gc::<Dict>()?
        .get_str(heap, name)
}

/// Decides what reading an attribute of any object means. The name is interned.
fn find<'h>(heap: &'h Heap, object: Value<'h>, name: Gc<'h, Str>) -> Found<'h> {
    match object.as_object().map(Gc::kind) {
        Some(Kind::Class) => find_in_class(
            heap,
            object.as_gc().expect("the kind was just checked"),
            name,
        ),
        Some(Kind::Module) => find_in_module(
            heap,
            object.as_gc().expect("the kind was just checked"),
            name,
        ),
        Some(Kind::Super) => find_in_super(
            heap,
            object.as_gc().expect("the kind was just checked"),
            name,
        ),
        _ => find_in_object(heap, object, heap.class_of(object), name),
    }
}

fn find_in_object<'h>(
    heap: &'h Heap,
    object: Value<'h>,
    class: Gc<'h, Class>,
    name: Gc<'h, Str>,
) -> Found<'h> {
    let in_class = class.lookup(heap, name);
    if let Some(value) = in_class
        && goes_first(heap, value)
    {
        return bind(heap, object, class, value);
    }
    if let Some(value) = own_attr(heap, object, name) {
        return Found::Value(value);
    }
    in_class.map_or(Found::Missing, |value| bind(heap, object, class, value))
}

fn find_in_module<'h>(heap: &'h Heap, module: Gc<'h, Module>, name: Gc<'h, Str>) -> Found<'h> {
    if let Some(found) = data_of_module(heap, module, name) {
        return bind(heap, module.value(), heap.class_of(module.value()), found);
    }
    match module.globals.get(heap, name) {
        Some(value) => Found::Value(value),
        None => find_in_object(heap, module.value(), heap.class_of(module.value()), name),
    }
}

/// The data descriptor that decides on this attribute of a module whose class the program defined.
pub(in crate::vm) fn data_of_module<'h>(
    heap: &'h Heap,
    module: Gc<'h, Module>,
    name: Gc<'h, Str>,
) -> Option<Value<'h>> {
    let class = heap.class_of(module.value());
    if class.builtin.is_some() {
        return None;
    }
    let found = class.lookup(heap, name);
    found.filter(|value| matches!(binding(heap, *value), Binding::Data))
}

fn find_in_class<'h>(heap: &'h Heap, class: Gc<'h, Class>, name: Gc<'h, Str>) -> Found<'h> {
    let meta = heap.class_of(class.value());
    let in_meta = meta.lookup(heap, name);
    if let Some(value) = in_meta
        && goes_first(heap, value)
    {
        return bind(heap, class.value(), meta, value);
    }
    if let Some(value) = class.lookup(heap, name) {
        return match value.as_gc::<Descriptor>() {
            Some(d) if d.kind == DescriptorKind::Static => Found::Value(d.get.get(heap)),
            Some(d) if d.kind == DescriptorKind::Class => {
                Found::ClassMethod(d.get.get(heap), class)
            }
            Some(_) => Found::Value(value),
            None if special_get(heap, value)
                && !value.is_gc::<Function>()
                && !value.is_gc::<NativeFunction>() =>
            {
                Found::Descriptor(value)
            }
            None => Found::Value(value),
        };
    }
    in_meta.map_or(Found::Missing, |value| {
        bind(heap, class.value(), meta, value)
    })
}

fn find_in_super<'h>(heap: &'h Heap, this: Gc<'h, Super>, name: Gc<'h, Str>) -> Found<'h> {
    let (object, start) = (this.object.get(heap), this.class.get(heap));
    if name == heap.sym(Sym::Class) || this.object_class.is_undef() {
        return find_in_object(heap, this.value(), heap.class_of(this.value()), name);
    }
    let class: Gc<'h, Class> = this.object_class.expect(heap);
    let behind = class.mro(heap).skip_while(|c| !c.value().is(start)).skip(1);
    let mut found = behind.filter_map(|c| c.attrs.get(heap, name));
    match found.next() {
        // super(C, cls).method: an unbound function, unless it is a class method.
        Some(value) if object.is(class.value()) => match value.as_gc::<Descriptor>() {
            Some(d) if d.kind == DescriptorKind::Class => {
                Found::ClassMethod(d.get.get(heap), class)
            }
            Some(d) if d.kind == DescriptorKind::Static => Found::Value(d.get.get(heap)),
            None if is_user_descriptor(heap, value) => Found::Descriptor(value),
            _ => Found::Value(value),
        },
        Some(value) => bind(heap, object, class, value),
        None => find_in_object(heap, this.value(), heap.class_of(this.value()), name),
    }
}

// Reading.
impl Vm {
    /// `object.name`, the name a string.
    pub fn get_attr(&mut self, object: Local, name: Local) -> Result<Local, Raised> {
        let class = self.heap.class_of(self.get(object));
        if class.has(class_flag::GETATTR | class_flag::GETATTRIBUTE) {
            return self.get_attr_hooked(object, name);
        }
        match self.lookup_attr(object, name) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => self.missing_attr(object, name),
            Err(raised) => Err(self.with_attribute(raised, object, name)),
        }
    }

    /// `object.name`.
    pub fn get_attr_named(&mut self, object: Local, name: &str) -> Result<Local, Raised> {
        let name = self.local(self.heap.intern(name).value());
        self.get_attr(object, name)
    }

    /// `object.name`, or nothing where that raises AttributeError.
    pub fn find_attr(&mut self, object: Local, name: &str) -> Result<Option<Local>, Raised> {
        let name = self.local(self.heap.intern(name).value());
        self.find_attr_local(object, name)
    }

    /// The same with the name in a local.
    pub fn find_attr_local(&mut self, object: Local, name: Local) -> Result<Option<Local>, Raised> {
        let class = self.heap.class_of(self.get(object));
        if !class.has(class_flag::GETATTR | class_flag::GETATTRIBUTE)
            && !self.get(object).is_gc::<Module>()
            && let Some(plain) = self.lookup_plain(object, name)
        {
            return Ok(plain);
        }
        match self.get_attr(object, name) {
            Ok(value) => Ok(Some(value)),
            Err(raised) if self.is_raised(&raised, Builtin::AttributeError) => {
                self.heap.take_raised(raised);
                Ok(None)
            }
            Err(raised) => Err(raised),
        }
    }

    /// `object.name`, if it can be had without running the program.
    pub fn peek_attr(&mut self, object: Local, name: &str) -> Option<Local> {
        let class = self.heap.class_of(self.get(object));
        if class.has(class_flag::GETATTR | class_flag::GETATTRIBUTE) {
            return None;
        }
        let name = self.local(self.heap.intern(name).value());
        self.lookup_plain(object, name).flatten()
    }

    /// The attribute, where finding it runs nothing; the outer None: it may.
    fn lookup_plain(&mut self, object: Local, name: Local) -> Option<Option<Local>> {
        let name = self.interned(name);
        match find(&self.heap, self.get(object), name) {
            Found::Value(value) => Some(Some(self.local(value))),
            Found::Missing => Some(None),
            _ => None,
        }
    }

    pub(in crate::vm) fn interned(&self, name: Local) -> Gc<'_, Str> {
        self.heap
            .intern_str(self.get_gc(name).expect("attribute names are strings"))
    }

    /// `object.__getattribute__`'s own work: no hooks.
    pub fn lookup_attr(&mut self, object: Local, name: Local) -> Result<Option<Local>, Raised> {
        let heap = &self.heap;
        let value = self.get(object);
        let found = match find(heap, value, self.interned(name)) {
            Found::Missing => return Ok(None),
            Found::Value(value) => self.local(value),
            Found::Method(function) => {
                let receiver = value.as_gc::<Super>().map_or(value, |s| s.object.get(heap));
                self.local(heap.bound_method(function, receiver).value())
            }
            Found::ClassMethod(function, class) => {
                self.local(heap.bound_method(function, class.value()).value())
            }
            Found::Getter(descriptor) => {
                // What a super object itself has, like its class, is not the object's.
                let of_object = value
                    .as_gc::<Super>()
                    .filter(|s| !s.object.is_undef() && self.interned(name) != heap.sym(Sym::Class))
                    .map(|s| s.object.get(heap));
                let receiver = of_object.unwrap_or(value);
                let (descriptor, receiver) = (self.local(descriptor), self.local(receiver));
                self.call_getter(descriptor, receiver)?
            }
            Found::Descriptor(descriptor) => {
                let descriptor = self.local(descriptor);
                self.bind_descriptor(descriptor, object)?
            }
        };
        Ok(Some(found))
    }

    /// The name of a property, quoted for messages: that of its attribute, else that of its getter.
    pub(in crate::vm) fn property_name(&self, property: &Descriptor) -> String {
        let heap = &self.heap;
        let getter = property.get.get(heap);
        let name = match property.extra.get(heap).as_gc::<Str>() {
            Some(name) => Some(name.as_str()),
            None => match getter.as_gc::<Function>() {
                Some(function) => function
                    .name
                    .get(heap)
                    .as_gc::<Str>()
                    .map(|name| name.as_str()),
                None => getter
                    .as_gc::<NativeFunction>()
                    .map(|native| self.native(native.id).name()),
            },
        };
        name.map_or(String::new(), |name| format!(" '{name}'"))
    }

    fn call_getter(&mut self, descriptor: Local, receiver: Local) -> Result<Local, Raised> {
        let heap = &self.heap;
        let this: Gc<'_, Descriptor> = self
            .get_gc(descriptor)
            .expect("the caller found a descriptor");
        let getter = this.get.get(heap);
        if getter.is_undef() || getter.is_none() {
            let class = heap.class_of(self.get(receiver)).qualname(heap).as_str();
            let name = self.property_name(this.get());
            return Err(heap.raise(
                Builtin::AttributeError,
                format!("property{name} of '{class}' object has no getter"),
            ));
        }
        let getter = self.local(getter);
        let receiver = self.receiver_of(descriptor, receiver)?;
        self.call(getter, &[receiver])
    }

    /// The object that a descriptor's native function works on: for an instance of a subclass of a builtin type the builtin object
    /// inside. TypeError if the object is of another class than the descriptor's.
    pub(in crate::vm) fn receiver_of(
        &self,
        descriptor: Local,
        object: Local,
    ) -> Result<Local, Raised> {
        let heap = &self.heap;
        let this: Gc<'_, Descriptor> = self
            .get_gc(descriptor)
            .expect("the caller found a descriptor");
        let Some(owner) = this.owner.get(heap).as_gc::<Class>() else {
            return Ok(object);
        };
        let value = self.get(object);
        if !heap.class_of(value).is_subclass(heap, owner) {
            let name = this.extra.get(heap).as_gc::<Str>().map_or("", Gc::as_str);
            return Err(heap.type_error(format!(
                "descriptor '{name}' for '{}' objects doesn't apply to a '{}' object",
                owner.name(heap).as_str(),
                heap.type_name(value)
            )));
        }
        let inner = value
            .as_gc::<Instance>()
            .filter(|_| {
                owner.builtin.is_some_and(|b| b != Builtin::Object) || owner.has(class_flag::NATIVE)
            })
            .and_then(|instance| instance.payload(heap));
        Ok(inner.map_or(object, |inner| self.local(inner)))
    }

    /// The value that a descriptor found in the object's class has for the object.
    pub fn bind_descriptor(&mut self, descriptor: Local, object: Local) -> Result<Local, Raised> {
        let heap = &self.heap;
        let value = self.get(object);
        let (receiver, class) = match (value.as_gc::<Class>(), value.as_gc::<Super>()) {
            (Some(class), _) => (Value::NONE, class.value()),
            (_, Some(of)) => match (of.object.get(heap), of.object_class.get(heap)) {
                (object, class) if object.is(class) => (Value::NONE, class),
                bound => bound,
            },
            _ => (value, heap.class_of(value).value()),
        };
        if let Some(d) = self.get_gc::<Descriptor>(descriptor) {
            return match d.kind {
                DescriptorKind::Static => Ok(self.local(d.get.get(heap))),
                DescriptorKind::Class => {
                    Ok(self.local(heap.bound_method(d.get.get(heap), class).value()))
                }
                DescriptorKind::Member if value.is_gc::<Class>() => Ok(descriptor),
                DescriptorKind::Member => {
                    self.receiver_of(descriptor, object)?;
                    let name: Gc<'_, Str> = d.extra.expect(heap);
                    match own_member(heap, value, name) {
                        Some(found) => Ok(self.local(found)),
                        None => self.missing_attr(object, self.local(name.value())),
                    }
                }
                _ => self.call_getter(descriptor, object),
            };
        }
        let (receiver, class) = (self.local(receiver), self.local(class));
        let result = self.call_special(descriptor, Sym::Get, &[receiver, class])?;
        Ok(result.unwrap_or(descriptor))
    }

    /// The same for a class with hooks: each is looked up once, before user code runs, which may delete it.
    fn get_attr_hooked(&mut self, object: Local, name: Local) -> Result<Local, Raised> {
        let heap = &self.heap;
        let class = heap.class_of(self.get(object));
        let hook = |sym| class.lookup(heap, heap.sym(sym)).map(|v| self.local(v));
        let fallback = hook(Sym::GetAttr);
        let custom = class
            .has(class_flag::GETATTRIBUTE)
            .then(|| hook(Sym::GetAttribute))
            .flatten();
        let first = match custom {
            Some(custom) => self.call_found(custom, object, &[name]),
            None => match self.lookup_attr(object, name) {
                Ok(Some(value)) => return Ok(value),
                Ok(None) => match fallback {
                    Some(fallback) => return self.call_fallback(fallback, object, name),
                    None => self.missing_attr(object, name),
                },
                Err(raised) => Err(raised),
            },
        };
        match (first, fallback) {
            (Err(raised), Some(fallback)) if self.is_raised(&raised, Builtin::AttributeError) => {
                self.heap.take_raised(raised);
                self.call_fallback(fallback, object, name)
            }
            (first, _) => first.map_err(|raised| self.with_attribute(raised, object, name)),
        }
    }

    /// `__getattr__`
    fn call_fallback(
        &mut self,
        fallback: Local,
        object: Local,
        name: Local,
    ) -> Result<Local, Raised> {
        let found = self.call_found(fallback, object, &[name]);
        found.map_err(|raised| self.with_attribute(raised, object, name))
    }

    /// A module's `__getattr__`, or AttributeError.
    fn missing_attr(&mut self, object: Local, name: Local) -> Result<Local, Raised> {
        let heap = &self.heap;
        if let Some(module) = self.get_gc::<Module>(object)
            && let Some(hook) = module.globals.get(heap, heap.sym(Sym::GetAttr))
        {
            let hook = self.local(hook);
            // In CPython the modules of the library have no such function.
            let is_file = module.globals.get(heap, heap.sym(Sym::File)).is_some();
            let found = self.call(hook, &[name]);
            return match is_file {
                true => found,
                false => found.map_err(|raised| self.with_attribute(raised, object, name)),
            };
        }
        Err(self.attribute_error(object, name))
    }
}

// Instructions.
impl Vm {
    /// The method that an instruction calls, and whether it is bound already (else the receiver goes first).
    pub(in crate::vm) fn find_method(
        &mut self,
        receiver: Local,
        i: Instr,
    ) -> Result<(Local, bool), Raised> {
        let (value, name) = (self.get(receiver), self.cache_name(i));
        if let Some(method) = method_of(&self.heap, value, name) {
            return Ok((self.local(method), false));
        }
        let name = self.local(name.value());
        Ok((self.get_attr(receiver, name)?, true))
    }
}

/// The function that `super(start, object).name(...)` calls with the object as its first argument, if it is as simple as that.
pub(in crate::vm) fn method_behind<'h>(
    heap: &'h Heap,
    start: Gc<'h, Class>,
    object: Value<'h>,
    name: Gc<'h, Str>,
) -> Option<Value<'h>> {
    let class = heap.class_of(object);
    if object.is_gc::<Class>() || !class.is_subclass(heap, start) {
        return None;
    }
    let behind = class.mro(heap).skip_while(|&c| c != start).skip(1);
    let method = behind.filter_map(|c| c.attrs.get(heap, name)).next()?;
    let callable = method.is_gc::<Function>() || method.is_gc::<NativeFunction>();
    (callable && matches!(binding(heap, method), Binding::Binds)).then_some(method)
}

/// The function that `value.name(...)` calls with the value as its first argument, if it is as simple as that.
pub(in crate::vm) fn method_of<'h>(
    heap: &'h Heap,
    value: Value<'h>,
    name: Gc<'h, Str>,
) -> Option<Value<'h>> {
    let class = heap.class_of(value);
    let kind = value.as_object().map(Gc::kind);
    if class.has(class_flag::GETATTRIBUTE)
        || matches!(kind, Some(Kind::Class | Kind::Module | Kind::Super))
    {
        return None;
    }
    let method = class.lookup(heap, name)?;
    let binds = method.is_gc::<Function>()
        || method.is_gc::<NativeFunction>() && matches!(binding(heap, method), Binding::Binds);
    (binds && own_attr(heap, value, name).is_none()).then_some(method)
}
