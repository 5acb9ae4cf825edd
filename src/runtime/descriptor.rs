//! property, staticmethod, classmethod, native attributes, and super.
//!
//! All are one layout with a kind, for attribute access asks them the same questions. What they do when an attribute is read
//! or set is in `vm/protocol/attribute.rs` and `vm/protocol/attribute_assign.rs`. A new sort of descriptor is a variant of `DescriptorKind`.

use std::cell::Cell;

use super::heap::{Slot, traced};

/// What a `Descriptor` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescriptorKind {
    /// `property(get, set, delete)`: the three slots; `extra` is the name, a docstring of its own is in `attrs`.
    Property,
    /// `staticmethod(get)`.
    Static,
    /// `classmethod(get)`.
    Class,
    /// A native attribute: `get` and `set` are native functions of the receiver (and the value), `extra` the name.
    GetSet,
    /// A `__slots__` member: `extra` is its name; the value is in the instance's shape slots.
    Member,
}

/// An attribute of a class that decides what reading or writing it through an instance means.
pub struct Descriptor {
    /// Which of them.
    pub kind: DescriptorKind,
    /// The getter, or the wrapped function.
    pub get: Slot,
    /// The setter; Undef for none.
    pub set: Slot,
    /// The deleter; Undef for none.
    pub delete: Slot,
    /// Docstring or name.
    pub extra: Slot,
    /// Other attributes: a dict, or Undef.
    pub attrs: Slot,
    /// The class that a native attribute or member belongs to; Undef for the others.
    pub owner: Slot,
    /// Whether the docstring was taken from the getter.
    pub getter_doc: Cell<bool>,
}

traced!(Descriptor { get, set, delete, extra, attrs, owner } plain { kind, getter_doc });

impl Descriptor {
    /// A descriptor with a getter (or wrapped function) only.
    pub fn new(kind: DescriptorKind, get: Slot) -> Descriptor {
        Descriptor {
            kind,
            get,
            set: Slot::undef(),
            delete: Slot::undef(),
            extra: Slot::undef(),
            attrs: Slot::undef(),
            owner: Slot::undef(),
            getter_doc: Cell::new(false),
        }
    }
}

/// `super(class, object)`.
pub struct Super {
    /// The search begins after this class.
    pub class: Slot,
    /// The receiver: an instance or a class.
    pub object: Slot,
    /// The class whose MRO is searched.
    pub object_class: Slot,
    /// Attributes of an instance of a subclass: a dict, or Undef.
    pub attrs: Slot,
}

traced!(Super {
    class,
    object,
    object_class,
    attrs
});
