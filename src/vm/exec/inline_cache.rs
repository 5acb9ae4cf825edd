//! Inline caches: what the attribute instructions learn, and how.
//!
//! The loop takes an instruction the quick way where its cache's guard (shape and class epoch) is that of the object. Where it is
//! not, the methods here try to learn what would hold for this object and then let the loop take the instruction again; only
//! what cannot be cached takes the general path (`attribute.rs`, `call/`). So a place that sees objects of several shapes pays
//! for learning, not for a general lookup.
//!
//! Contract: `learn` is called only with what holds for every object of the shape until a class changes; and an instruction is
//! taken again only if its guard was wrong before, so that it cannot go round for ever. What one place has learned of a shape, others
//! recall (`recalls`) before they ask anybody.

use std::cell::Cell;

use crate::bytecode::Instr;
use crate::runtime::class::{Class, class_flag};
use crate::runtime::code::{CLASS_VALUE, Cache, GETTER};
use crate::runtime::descriptor::{Descriptor, DescriptorKind};
use crate::runtime::function::Function;
use crate::runtime::heap::{Header, Kind};
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::module::Module;
use crate::runtime::native::NativeFunction;
use crate::runtime::opaque::Opaque;
use crate::runtime::shape::NO_SHAPE;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::exec::special_call::Asked;
use crate::vm::protocol::attribute::{Binding, binding, data_of_module, method_behind, method_of};

/// What an attribute instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vm) enum Access {
    Get,
    Set,
    Method,
}

/// What was learned for a shape and a name anywhere: a place that sees many shapes need not learn each of them anew.
/// Two entries share a place, so that two facts which are needed in turn do not push each other out.
pub(in crate::vm) struct Learned {
    places: Box<[[Entry; 2]]>,
}

/// As `Cache`, with what the site of a cache says by itself.
struct Entry {
    guard: Cell<u64>,
    name: Cell<usize>,
    access: Cell<Access>,
    slot: Cell<u32>,
    next_shape: Cell<u32>,
    value: Slot,
}

impl Entry {
    /// Whether it speaks of this access.
    #[inline]
    fn tells(&self, guard: u64, name: Gc<'_, Str>, access: Access) -> bool {
        self.guard.get() == guard
            && self.name.get() == name.address()
            && self.access.get() == access
    }

    fn become_like(&self, heap: &Heap, other: &Entry) {
        self.guard.set(other.guard.get());
        self.name.set(other.name.get());
        self.access.set(other.access.get());
        self.slot.set(other.slot.get());
        self.next_shape.set(other.next_shape.get());
        self.value.set(other.value.get(heap));
    }
}

impl Learned {
    /// Number of places: two to the power of this.
    const BITS: u32 = 8;

    pub(in crate::vm) fn new() -> Learned {
        let empty = || Entry {
            guard: Cell::new(0),
            name: Cell::new(0),
            access: Cell::new(Access::Get),
            slot: Cell::new(0),
            next_shape: Cell::new(NO_SHAPE),
            value: Slot::undef(),
        };
        Learned {
            places: std::iter::repeat_with(|| [empty(), empty()])
                .take(1 << Self::BITS)
                .collect(),
        }
    }

    /// Forgets everything; before each collection, so that entries keep nothing alive.
    pub(in crate::vm) fn clear(&self) {
        for entry in self.places.iter().flatten() {
            entry.guard.set(0);
        }
    }

    /// Where a fact may be: in one of the two.
    #[inline]
    fn place(&self, guard: u64, name: Gc<'_, Str>, access: Access) -> &[Entry; 2] {
        let key = guard ^ (name.address() as u64) << 20 ^ (access as u64) << 16;
        // Fibonacci hashing: the upper bits of the product depend on all bits of the key.
        let hash = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        &self.places[(hash >> (u64::BITS - Self::BITS)) as usize]
    }

    /// Copies what is known into a cache; whether anything is.
    #[inline]
    fn recall(&self, heap: &Heap, cache: &Cache, guard: u64, access: Access) -> bool {
        let name = cache.name.get(heap);
        let mut place = self.place(guard, name, access).iter();
        let Some(entry) = place.find(|entry| entry.tells(guard, name, access)) else {
            return false;
        };
        cache.guard.set(guard);
        cache.slot.set(entry.slot.get());
        cache.next_shape.set(entry.next_shape.get());
        cache.value.set(entry.value.get(heap));
        true
    }

    fn remember(&self, heap: &Heap, cache: &Cache, access: Access) {
        let (guard, name) = (cache.guard.get(), cache.name.get(heap));
        let [first, second] = self.place(guard, name, access);
        let entry = if first.guard.get() == 0 || first.tells(guard, name, access) {
            first
        } else if second.guard.get() == 0 || second.tells(guard, name, access) {
            second
        } else {
            second.become_like(heap, first);
            first
        };
        entry.guard.set(guard);
        entry.name.set(name.address());
        entry.access.set(access);
        entry.slot.set(cache.slot.get());
        entry.next_shape.set(cache.next_shape.get());
        entry.value.set(cache.value.get(heap));
    }
}

impl Vm {
    /// The cache of an attribute instruction of the running frame.
    pub(in crate::vm) fn cache(&self, i: Instr) -> &Cache {
        self.exec.stack.top().code(&self.heap).cache(i.d)
    }

    /// The name that an attribute instruction looks up.
    pub(in crate::vm) fn cache_name(&self, i: Instr) -> Gc<'_, Str> {
        self.cache(i).name.get(&self.heap)
    }

    /// Whether the cache speaks of objects of this shape.
    fn knows(&self, i: Instr, shape: u32) -> bool {
        self.cache(i).guard.get() == self.guard(shape)
    }

    /// Makes a cache that does not speak of this object do so, if its shape is known from another place; then the instruction is to be
    /// taken again.
    #[inline(never)]
    pub(in crate::vm) fn recalls(
        &self,
        cache: &Cache,
        object: Gc<'_, Header>,
        access: Access,
    ) -> bool {
        let guard = self.guard(object.shape());
        self.caches.recall(&self.heap, cache, guard, access)
    }

    /// Remembers what the cache has learned for other places, if it has.
    fn teach(&self, i: Instr, access: Access, learned: bool) -> bool {
        if learned {
            self.caches.remember(&self.heap, self.cache(i), access);
        }
        learned
    }

    fn learn(&self, i: Instr, shape: u32, slot: u32, value: Value<'_>) {
        let cache = self.cache(i);
        cache.guard.set(self.guard(shape));
        cache.slot.set(slot);
        cache.next_shape.set(NO_SHAPE);
        cache.value.set(value);
    }

    /// `R[a] := R[b].name`
    #[inline(never)]
    pub(in crate::vm) fn get_attr_op(&mut self, i: Instr) -> Result<(), Raised> {
        if let Some(object) = self.reg(i.b).as_object() {
            if !self.knows(i, object.shape()) {
                if self.teach(i, Access::Get, self.learns_get(i, object)) {
                    self.exec.stack.top_mut().ip.retry();
                    return Ok(());
                }
            } else if self.cache(i).slot.get() == GETTER && self.ask_getter(i)? == Asked::Yes {
                return Ok(());
            }
        }
        let mark = self.mark();
        let (object, name) = (self.reg_local(i.b), self.local(self.cache_name(i).value()));
        let value = self.get_attr(object, name)?;
        self.finish(mark, i.a, value);
        Ok(())
    }

    fn learns_get(&self, i: Instr, object: Gc<'_, Header>) -> bool {
        if let Some(module) = object.downcast::<Module>() {
            return self.learns_global(i, module);
        }
        let (heap, name, shape) = (&self.heap, self.cache_name(i), object.shape());
        let class = heap.shape_class(shape);
        if class.has(class_flag::GETATTRIBUTE) || object.kind() == Kind::Super {
            return false;
        }
        let in_class = class.lookup(heap, name).map(|v| (v, binding(heap, v)));
        // A getter that raises AttributeError asks `__getattr__`: the general path does.
        if let Some((found, Binding::Data)) = in_class
            && !class.has(class_flag::GETATTR)
            && let Some(getter) = getter(heap, object, found)
        {
            self.learn(i, shape, GETTER, getter);
            return true;
        }
        let is_instance = object.kind() == Kind::Instance;
        if !is_instance || heap.is_dict_shape(shape) {
            return false;
        }
        let (slot, value) = match (in_class, heap.slot_in(shape, name)) {
            (Some((member, Binding::Data)), Some(slot)) if is_member(member) => {
                (slot as u32, Value::UNDEF)
            }
            (Some((_, Binding::Data)), _) => return false,
            (_, Some(slot)) => (slot as u32, Value::UNDEF),
            (Some((value, Binding::Plain)), None) => (CLASS_VALUE, value),
            _ => return false,
        };
        self.learn(i, shape, slot, value);
        true
    }

    fn learns_global(&self, i: Instr, module: Gc<'_, Module>) -> bool {
        let (heap, name) = (&self.heap, self.cache_name(i));
        let is_hooked = heap.class_of(module.value()).has(class_flag::GETATTRIBUTE);
        if is_hooked
            || module.globals.get(heap, name).is_none()
            || data_of_module(heap, module, name).is_some()
        {
            return false;
        }
        let slot = module
            .globals
            .index_of(name)
            .expect("a bound name has an index");
        self.learn(i, module.shape(), slot as u32, Value::UNDEF);
        true
    }

    /// `R[a].name := R[b]`
    #[inline(never)]
    pub(in crate::vm) fn set_attr_op(&mut self, i: Instr) -> Result<(), Raised> {
        if let Some(instance) = self.reg(i.a).as_gc::<Instance>()
            && !self.knows(i, instance.shape())
            && self.teach(i, Access::Set, self.learns_set(i, instance))
        {
            self.exec.stack.top_mut().ip.retry();
            return Ok(());
        }
        let mark = self.mark();
        let (object, name, value) = (
            self.reg_local(i.a),
            self.local(self.cache_name(i).value()),
            self.reg_local(i.b),
        );
        self.set_attr(object, name, value)?;
        self.release(mark);
        Ok(())
    }

    fn learns_set(&self, i: Instr, instance: Gc<'_, Instance>) -> bool {
        let (heap, name, before) = (&self.heap, self.cache_name(i), instance.shape());
        let class = heap.shape_class(before);
        if class.has(class_flag::SETATTR) || heap.is_dict_shape(before) {
            return false;
        }
        let allowed = match class.lookup(heap, name) {
            Some(v) if is_member(v) => true,
            Some(v) if matches!(binding(heap, v), Binding::Data) => false,
            _ => !class.has(class_flag::NO_DICT),
        };
        if !allowed {
            return false;
        }
        if let Some(slot) = heap.slot_in(before, name) {
            self.learn(i, before, slot as u32, Value::UNDEF);
            return true;
        }
        let Some(after) = heap.shape_with(before, name) else {
            return false;
        };
        let slots = heap.layout(after).slots() as u32;
        class.want_capacity(slots);
        self.learn(i, before, slots - 1, Value::UNDEF);
        self.cache(i).next_shape.set(after);
        true
    }

    /// Whether the cache of a method instruction speaks of the receiver in `R[a+1]`, and of an attribute of its own.
    pub(in crate::vm) fn knows_receiver(&self, i: Instr) -> bool {
        let receiver = self.reg(i.a + 1).as_object();
        receiver.is_some_and(|o| self.knows(i, o.shape())) && self.cache(i).value.is_undef()
    }

    /// Whether `CallMethod` or `GetMethod` on `R[a+1]` has learned something, and is to be taken again.
    pub(in crate::vm) fn learns_method(&self, i: Instr) -> bool {
        let receiver = self.reg(i.a + 1);
        let Some(object) = receiver.as_object() else {
            return false;
        };
        !self.knows(i, object.shape())
            && self.teach(
                i,
                Access::Method,
                self.learns_method_of(i, receiver, object),
            )
    }

    /// Whether `GetSuper` has learned something, and is to be taken again. The cache speaks of one class to start after, too.
    pub(in crate::vm) fn learns_super(&self, i: Instr) -> bool {
        let (heap, object) = (&self.heap, self.reg(i.a + 2));
        let (Some(start), Some(header)) = (self.reg(i.a + 1).as_gc::<Class>(), object.as_object())
        else {
            return false;
        };
        let cache = self.cache(i);
        let known = self.knows(i, header.shape()) && cache.slot.get() == start.root_shape();
        if known || !heap.types.is_super(self.reg(i.a)) {
            return false;
        }
        let Some(method) = method_behind(heap, start, object, self.cache_name(i)) else {
            return false;
        };
        self.learn(i, header.shape(), start.root_shape(), method);
        true
    }

    fn learns_method_of(&self, i: Instr, receiver: Value<'_>, object: Gc<'_, Header>) -> bool {
        if let Some(module) = object.downcast::<Module>() {
            return self.learns_global(i, module);
        }
        let (heap, name, shape) = (&self.heap, self.cache_name(i), object.shape());
        let Some(method) = method_of(heap, receiver, name) else {
            return self.learns_callable_attribute(i, object);
        };
        let cacheable = match object.kind() {
            Kind::Instance => !heap.is_dict_shape(shape) && method.is_gc::<Function>(),
            Kind::Exception | Kind::Function | Kind::Descriptor => false,
            Kind::Opaque | Kind::Future => !heap.is_dict_shape(shape),
            _ => true,
        };
        if cacheable {
            self.learn(i, shape, CLASS_VALUE, method);
        }
        cacheable
    }

    /// `self.callback(...)`, an attribute of the instance itself.
    fn learns_callable_attribute(&self, i: Instr, object: Gc<'_, Header>) -> bool {
        let (heap, name, shape) = (&self.heap, self.cache_name(i), object.shape());
        if object.kind() != Kind::Instance || heap.is_dict_shape(shape) {
            return false;
        }
        let class = heap.shape_class(shape);
        let blocked = |v| matches!(binding(heap, v), Binding::Data);
        if class.has(class_flag::GETATTRIBUTE) || class.lookup(heap, name).is_some_and(blocked) {
            return false;
        }
        let Some(slot) = heap.slot_in(shape, name) else {
            return false;
        };
        self.learn(i, shape, slot as u32, Value::UNDEF);
        true
    }
}

fn is_member(value: Value<'_>) -> bool {
    value
        .as_gc::<Descriptor>()
        .is_some_and(|d| d.kind == DescriptorKind::Member)
}

/// What answers a read of a data descriptor, if `ask_getter` can ask it: the function of a property, the native of an attribute of a
/// builtin type, or the descriptor itself, which has a method `__get__`.
fn getter<'h>(heap: &'h Heap, object: Gc<'h, Header>, value: Value<'h>) -> Option<Value<'h>> {
    let Some(descriptor) = value.as_gc::<Descriptor>() else {
        // A class that has such a descriptor in its metaclass is asked by the general path.
        let asks = object.kind() != Kind::Class && has_known_get(heap, value);
        return asks.then_some(value);
    };
    let getter = descriptor.get.get(heap);
    let is_known = match descriptor.kind {
        DescriptorKind::Property => getter.is_gc::<Function>(),
        DescriptorKind::GetSet => {
            getter.is_gc::<NativeFunction>() && takes_itself(heap, object, descriptor)
        }
        _ => false,
    };
    is_known.then_some(getter)
}

/// Whether a descriptor's `__get__` is a function, or a native one of its own class.
fn has_known_get(heap: &Heap, descriptor: Value<'_>) -> bool {
    let get = heap.class_of(descriptor).lookup(heap, heap.sym(Sym::Get));
    get.is_some_and(|get| match get.is_gc::<Function>() {
        true => descriptor.is_gc::<Instance>(),
        false => descriptor.is_gc::<Opaque>() && get.is_gc::<NativeFunction>(),
    })
}

/// Whether a native attribute is read of the object itself, and not of a builtin object inside of it.
fn takes_itself(heap: &Heap, object: Gc<'_, Header>, descriptor: Gc<'_, Descriptor>) -> bool {
    let Some(owner) = descriptor.get().owner.get(heap).as_gc::<Class>() else {
        return true;
    };
    let of_object = owner.builtin_is(Builtin::Object);
    let is_its_own = of_object || object.kind() != Kind::Instance;
    is_its_own && heap.shape_class(object.shape()).is_subclass(heap, owner)
}
