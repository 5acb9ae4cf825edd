//! Objects whose insides are a Rust type, as natives make and read them.
//!
//! A class of the library keeps its state in a `Payload` (`runtime/opaque.rs`). Methods are only ever called on instances of their
//! class, so they read it without a check of their own.

use super::{Local, Vm};
use crate::runtime::class::Class;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Value};

impl Vm {
    /// The state of the object that a method was called on.
    ///
    /// # Panics
    /// If it has none of this type: the table of a class names a method of another one.
    pub fn payload<T: Payload>(&self, object: Local) -> &T {
        payload_of(self.get(object))
    }

    /// The state of an object; None if it has none of this type.
    pub fn find_payload<T: Payload>(&self, object: Local) -> Option<&T> {
        self.get_gc::<Opaque>(object)?.payload()
    }

    /// An object of this class with this state: what `__new__` returns.
    pub fn new_opaque<T: Payload>(&self, class: Local, payload: T) -> Local {
        let class: Gc<'_, Class> = self.get_gc(class).expect("`__new__` gets the class");
        self.local(self.heap.opaque(class, payload).value())
    }

    /// An object with this state that no program sees.
    pub fn new_inner<T: Payload>(&self, payload: T) -> Local {
        let class = self.heap.types.class(&self.heap, Builtin::Opaque);
        self.local(self.heap.opaque(class, payload).value())
    }
}

/// As `Vm::payload`, of a value.
///
/// # Panics
/// As there.
pub fn payload_of<T: Payload>(object: Value<'_>) -> &T {
    object
        .as_gc::<Opaque>()
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}
