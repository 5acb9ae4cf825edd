//! Classes: name, bases, method resolution order, attributes, and what their instances look like.
//!
//! What instances look like is a shape (`shape.rs`) that starts at the class's root shape. Whoever changes a class in a way
//! that a cache may rely on must make the caches forget: `vm/classes/class_attr.rs` does.

#![expect(
    unsafe_code,
    reason = "reports slots itself: `traced!` has no word for permanent ones"
)]

use std::cell::Cell;

use super::dict::Dict;
use super::function::Function;
use super::heap::{Gc, Heap, Kind, Slot, SlotVec, Trace, Tracer};
use super::intern::Sym;
use super::names::NameTable;
use super::shape::NO_SHAPE;
use super::str::Str;
use super::tuple::Tuple;
use super::types::Builtin;
use super::value::Value;

/// Bits of `Class::flags`: which special methods the program defined somewhere in the class's MRO (`object`'s own do not count).
pub mod class_flag {
    /// `__eq__` or `__ne__`.
    pub const EQ: u32 = 1;
    /// `__hash__`.
    pub const HASH: u32 = 1 << 1;
    /// `__getattr__`.
    pub const GETATTR: u32 = 1 << 2;
    /// `__getattribute__`.
    pub const GETATTRIBUTE: u32 = 1 << 3;
    /// `__setattr__`.
    pub const SETATTR: u32 = 1 << 4;
    /// `__delattr__`.
    pub const DELATTR: u32 = 1 << 5;
    /// `__new__`.
    pub const NEW: u32 = 1 << 6;
    /// Instances have no `__dict__` (`__slots__` all the way up).
    pub const NO_DICT: u32 = 1 << 7;
    /// Cannot be a base (`bool`, `NoneType`, `range` ...).
    pub const FINAL: u32 = 1 << 8;
    /// `__bool__` or `__len__`.
    pub const TRUTH: u32 = 1 << 9;
    /// Written in apy for classes that extend a native one: calls of native methods on instances come here.
    pub const GENERAL: u32 = 1 << 10;
    /// `__del__`.
    pub const DEL: u32 = 1 << 11;
    /// Made by a native module: programs cannot change it, unless it is `OPEN`.
    pub const NATIVE: u32 = 1 << 12;
    /// Made by a native module in the place of a class that is written in Python elsewhere: programs can change it.
    pub const OPEN: u32 = 1 << 13;
    /// Written in apy in the place of a class that is written in C elsewhere: messages have its full name, programs cannot change it.
    pub const STATIC: u32 = 1 << 14;
    /// An `OPEN` class of which the program changed an attribute.
    pub const CHANGED: u32 = 1 << 15;
}

/// Which special method sets which flag.
const FLAGGED: [(Sym, u32); 11] = [
    (Sym::Del, class_flag::DEL),
    (Sym::Eq, class_flag::EQ),
    (Sym::Ne, class_flag::EQ),
    (Sym::Hash, class_flag::HASH),
    (Sym::GetAttr, class_flag::GETATTR),
    (Sym::GetAttribute, class_flag::GETATTRIBUTE),
    (Sym::SetAttr, class_flag::SETATTR),
    (Sym::DelAttr, class_flag::DELATTR),
    (Sym::New, class_flag::NEW),
    (Sym::Bool, class_flag::TRUTH),
    (Sym::Len, class_flag::TRUTH),
];

/// All the flags that special methods set.
const FROM_METHODS: u32 = {
    let mut all = 0;
    let mut i = 0;
    while i < FLAGGED.len() {
        all |= FLAGGED[i].1;
        i += 1;
    }
    all
};

/// A class.
pub struct Class {
    /// `__name__`, a string.
    pub name: Slot,
    /// `__qualname__`, a string.
    pub qualname: Slot,
    /// `__bases__`, a tuple.
    pub bases: Slot,
    /// The class itself first, `object` last.
    pub mro: SlotVec,
    /// What the class body bound; changed through `bind` and `unbind`.
    pub attrs: NameTable,
    /// The live `__dict__`, linked to `attrs`; Undef until it is asked for.
    dict: Slot,
    /// Direct subclasses.
    pub subclasses: SlotVec,
    /// Which of the builtin classes it is, if any.
    pub builtin: Option<Builtin>,
    /// The Rust type under its instances: `Instance` for plain classes, the builtin's kind for those that extend one.
    pub layout: Kind,
    /// What calling the class entered last, good as long as no class changes (see `Gc<Class>::entry`); Undef before the first call.
    pub entry: Slot,
    /// The class object's shape and the class epoch that `entry` holds for.
    entry_guard: Cell<u64>,
    /// Whether the classes of `mro` and all of `attrs` are permanent objects.
    permanent: Cell<bool>,
    flags: Cell<u32>,
    root_shape: Cell<u32>,
    dict_shape: Cell<u32>,
    capacity: Cell<u32>,
}

// SAFETY: the pattern has all fields. `mro` and `attrs` are left out only while all that they hold is permanent; `subclasses` is weak:
// the collector takes out what dies (`Shapes::settle`).
unsafe impl Trace for Class {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        let Class {
            name,
            qualname,
            bases,
            mro,
            attrs,
            dict,
            entry,
            permanent,
            subclasses: _,
            builtin: _,
            layout: _,
            entry_guard: _,
            flags: _,
            root_shape: _,
            dict_shape: _,
            capacity: _,
        } = self;
        (name, qualname, bases, entry).trace(tracer);
        dict.trace(tracer);
        if !permanent.get() {
            mro.trace(tracer);
            attrs.trace(tracer);
        }
    }
}

/// How the Rust object of an instance carries attributes that the program adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// The instance is an `Instance`.
    Plain,
    /// The kind has a place for attributes of its own (exceptions, futures, opaque natives, classes, modules, super objects).
    Own,
    /// The instance is an `Instance` around an object of the kind.
    Payload,
}

/// How instances of a program's class with this layout are represented.
pub fn extension_of(layout: Kind) -> Extension {
    match layout {
        Kind::Instance => Extension::Plain,
        Kind::Exception
        | Kind::Future
        | Kind::Opaque
        | Kind::Class
        | Kind::Module
        | Kind::Super => Extension::Own,
        _ => Extension::Payload,
    }
}

impl Heap {
    /// A class, its shapes made, its MRO still empty. `meta_shape` is the shape of the class object itself: its metaclass.
    pub fn new_class<'h>(
        &'h self,
        name: &str,
        bases: &[Value<'h>],
        layout: Kind,
        builtin: Option<Builtin>,
        meta_shape: u32,
    ) -> Gc<'h, Class> {
        let name = self.intern(name).value();
        let fields = Class {
            name: Slot::new(name),
            qualname: Slot::new(name),
            bases: Slot::new(self.tuple(bases).value()),
            mro: SlotVec::new(),
            attrs: NameTable::default(),
            dict: Slot::undef(),
            subclasses: SlotVec::new(),
            builtin,
            layout,
            entry: Slot::undef(),
            entry_guard: Cell::new(0),
            permanent: Cell::new(false),
            flags: Cell::new(0),
            root_shape: Cell::new(NO_SHAPE),
            dict_shape: Cell::new(NO_SHAPE),
            capacity: Cell::new(2),
        };
        let class = self.alloc_shaped(fields, meta_shape);
        let around = builtin.is_none() && extension_of(layout) == Extension::Payload;
        class
            .root_shape
            .set(self.add_shape(class.value(), false, u32::from(around)));
        class
            .dict_shape
            .set(self.add_shape(class.value(), true, u32::from(around)));
        for base in bases {
            if let Some(base) = base.as_gc::<Class>() {
                base.subclasses.push(self, class.value());
                class.want_capacity(base.capacity());
            }
        }
        class
    }

    /// The class of any value.
    #[inline]
    pub fn class_of<'h>(&'h self, value: Value<'h>) -> Gc<'h, Class> {
        match value.as_object() {
            Some(object) => self.shape_class(object.shape()),
            None => self.types.class_of_immediate(self, value),
        }
    }

    /// The name of a value's class, for messages.
    pub fn type_name<'h>(&'h self, value: Value<'h>) -> &'h str {
        self.class_of(value).name(self).as_str()
    }

    /// `type(value).__name__`: without the module that the names of native classes begin with.
    pub fn short_type_name<'h>(&'h self, value: Value<'h>) -> &'h str {
        self.class_of(value).short_name(self)
    }

    /// What messages call an argument: the name of its class, but None itself.
    pub fn argument_name<'h>(&'h self, value: Value<'h>) -> &'h str {
        if value.is_none() {
            "None"
        } else {
            self.type_name(value)
        }
    }

    /// Whether `value` is an instance of a builtin class or of a class derived from it.
    pub fn is_instance<'h>(&'h self, value: Value<'h>, class: Builtin) -> bool {
        self.class_of(value)
            .is_subclass(self, self.types.class(self, class))
    }
}

impl<'h> Gc<'h, Class> {
    /// The name of the class in messages: `__name__`, for native classes with the module before it.
    pub fn name(self, heap: &'h Heap) -> Gc<'h, Str> {
        self.name.expect(heap)
    }

    /// `__name__`.
    pub fn short_name(self, heap: &'h Heap) -> &'h str {
        let name = self.name(heap).as_str();
        let is_native = self.builtin.is_some() || self.has(class_flag::NATIVE | class_flag::STATIC);
        match name.rsplit_once('.') {
            Some((_, last)) if is_native => last,
            _ => name,
        }
    }

    /// `__qualname__`.
    pub fn qualname(self, heap: &'h Heap) -> Gc<'h, Str> {
        self.qualname.expect(heap)
    }

    /// `__bases__`.
    pub fn bases(self, heap: &'h Heap) -> Gc<'h, Tuple> {
        self.bases.expect(heap)
    }

    /// The classes in method resolution order.
    pub fn mro(self, heap: &'h Heap) -> impl Iterator<Item = Gc<'h, Class>> {
        (0..self.get().mro.len()).filter_map(move |i| self.get().mro.get(heap, i)?.as_gc())
    }

    /// Whether this is `other` or derives from it.
    #[inline]
    pub fn is_subclass(self, heap: &'h Heap, other: Gc<'h, Class>) -> bool {
        self == other || self.mro(heap).any(|c| c == other)
    }

    /// The attribute of the class or its bases, and the class that has it.
    #[inline]
    pub fn lookup_in(
        self,
        heap: &'h Heap,
        name: Gc<'h, Str>,
    ) -> Option<(Gc<'h, Class>, Value<'h>)> {
        if let Some(known) = heap.memo.get(heap, self, name) {
            return known;
        }
        self.search(heap, name)
    }

    #[inline(never)]
    fn search(self, heap: &'h Heap, name: Gc<'h, Str>) -> Option<(Gc<'h, Class>, Value<'h>)> {
        let found = self
            .mro(heap)
            .find_map(|class| Some((class, class.get().attrs.get(heap, name)?)));
        // A class that is being made has no MRO yet.
        if !self.get().mro.is_empty() {
            heap.memo.put(heap, self, name, found);
        }
        found
    }

    /// Binds an attribute of the class; the name is interned.
    pub fn bind(self, heap: &'h Heap, name: Gc<'h, Str>, value: Value<'h>) {
        self.get().permanent.set(false);
        self.get().attrs.set(heap, name, value);
        if let Some(dict) = self.get().dict.get(heap).as_gc::<Dict>() {
            dict.table.note_bound(heap, name);
        }
        heap.class_changed();
    }

    /// Makes room for so many more attributes.
    pub fn expect_attrs(self, heap: &Heap, more: usize) {
        self.get().attrs.expect(heap, more);
    }

    /// The live `__dict__`: the program sees it through a mapping proxy.
    pub fn dict(self, heap: &'h Heap) -> Gc<'h, Dict> {
        if let Some(dict) = self.get().dict.get(heap).as_gc() {
            return dict;
        }
        let dict = heap.dict();
        dict.table.link(heap, self.value());
        self.get().dict.set(dict.value());
        dict
    }

    /// Unbinds an attribute of the class; says whether it was bound.
    pub fn unbind(self, heap: &'h Heap, name: Gc<'h, Str>) -> bool {
        heap.class_changed();
        match self.get().dict.get(heap).as_gc::<Dict>() {
            Some(dict) => dict.remove_str(heap, name),
            None => self.get().attrs.remove(heap, name),
        }
    }

    /// Not all that the class refers to is permanent any more.
    pub fn make_changeable(self) {
        self.get().permanent.set(false);
    }

    /// All that the class refers to now is permanent.
    pub(super) fn make_permanent(self) {
        self.get().permanent.set(true);
    }

    /// The attribute of the class or its bases.
    #[inline]
    pub fn lookup(self, heap: &'h Heap, name: Gc<'h, Str>) -> Option<Value<'h>> {
        self.lookup_in(heap, name).map(|(_, value)| value)
    }

    /// Whether any of the flags is set.
    #[inline(always)]
    pub fn has(self, flags: u32) -> bool {
        self.get().flags.get() & flags != 0
    }

    /// Sets flags.
    pub fn add_flags(self, flags: u32) {
        self.get().flags.set(self.get().flags.get() | flags);
    }

    /// Whether the class object's own class is `type`: then the class compares and hashes by identity.
    pub fn is_type(self, heap: &'h Heap) -> bool {
        self.builtin_is(Builtin::Type) || self == heap.types.class(heap, Builtin::Type)
    }

    /// Whether it is this builtin class.
    pub fn builtin_is(self, builtin: Builtin) -> bool {
        self.get().builtin == Some(builtin)
    }

    /// The function that calling the class enters with a fresh instance, if that was remembered and no class has changed since.
    #[inline(always)]
    pub fn entry(self, heap: &'h Heap) -> Option<Gc<'h, Function>> {
        if self.get().entry_guard.get() == self.entry_guard(heap) {
            self.get().entry.get(heap).as_gc()
        } else {
            None
        }
    }

    /// Remembers the function that calling the class enters.
    pub fn set_entry(self, heap: &'h Heap, init: Gc<'h, Function>) {
        self.get().entry.set(init.value());
        self.get().entry_guard.set(self.entry_guard(heap));
    }

    #[inline(always)]
    fn entry_guard(self, heap: &'h Heap) -> u64 {
        u64::from(self.shape()) | heap.class_epoch()
    }

    /// The shape of a new instance.
    #[inline(always)]
    pub fn root_shape(self) -> u32 {
        self.get().root_shape.get()
    }

    /// The shape of instances that keep their attributes in a dict.
    pub fn dict_shape(self) -> u32 {
        self.get().dict_shape.get()
    }

    /// How many slots new instances get.
    #[inline(always)]
    pub fn capacity(self) -> u32 {
        self.get().capacity.get()
    }

    /// New instances shall have room for this many slots.
    pub fn want_capacity(self, slots: u32) {
        self.get().capacity.set(self.capacity().max(slots.min(32)));
    }

    /// Recomputes the flags of the class and all below it, after its MRO or a special method changed.
    pub fn refresh_flags(self, heap: &'h Heap) {
        let mut flags = self.get().flags.get() & !FROM_METHODS;
        if !self.builtin_is(Builtin::Object) {
            let attrs = &self.get().attrs;
            let own = FLAGGED
                .iter()
                .filter(|(sym, _)| attrs.get(heap, heap.sym(*sym)).is_some());
            flags |= own.fold(0, |flags, (_, flag)| flags | flag);
            // The classes after it in its MRO were refreshed before.
            let inherited = self
                .mro(heap)
                .skip(1)
                .fold(0, |flags, class| flags | class.get().flags.get());
            flags |= inherited & FROM_METHODS;
        }
        self.get().flags.set(flags);
        for i in 0..self.get().subclasses.len() {
            if let Some(sub) = self
                .get()
                .subclasses
                .get(heap, i)
                .and_then(|v| v.as_gc::<Class>())
            {
                sub.refresh_flags(heap);
            }
        }
    }

    /// Whether binding this attribute can change `flags`.
    pub fn is_flagged(heap: &'h Heap, name: Gc<'h, Str>) -> bool {
        FLAGGED.iter().any(|&(sym, _)| heap.sym(sym) == name)
    }
}
