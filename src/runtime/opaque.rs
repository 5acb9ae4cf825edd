//! Objects whose insides are a Rust type of the standard library (a queue, a lock, a random generator).
//!
//! To make one: list the type's slots with `traced!`, implement `Payload` for it, allocate with `heap.opaque(class, payload)`, get it back with `payload::<T>()`.

use std::any::Any;
use std::cell::RefCell;

use super::class::Class;
use super::dict::Dict;
use super::heap::{Gc, Heap, Slot, Trace, known_box, traced};
use super::raised::Raised;
use super::tuple::Tuple;
use super::value::Value;

/// A Rust type inside an opaque object. Interior mutability only: the object is shared.
pub trait Payload: Trace + Any {
    /// For reports: why the tasks that wait for it cannot go on.
    fn obstacle<'h>(&self, _: &'h Heap) -> Option<Obstacle<'h>> {
        None
    }

    /// A copy of the bytes of a payload that is bytes-like, such as a memoryview.
    fn exported(&self, _: &Heap) -> Option<Vec<u8>> {
        None
    }

    /// The same for callers that can raise: a long copy hears Ctrl-C.
    ///
    /// # Errors
    /// MemoryError, KeyboardInterrupt.
    fn try_exported(&self, heap: &Heap) -> Result<Option<Vec<u8>>, Raised> {
        Ok(self.exported(heap))
    }

    /// The bytes that views of the payload see.
    fn storage(&self) -> Option<&RefCell<Vec<u8>>> {
        None
    }

    /// Whether sequence patterns match it.
    fn is_sequence(&self) -> bool {
        false
    }

    /// For an object whose call is a call of something else: of what, and with which arguments before those of the call.
    fn forward<'h>(&self, _: &'h Heap) -> Option<Forward<'h>> {
        None
    }
}

/// The target of a call that an object hands on.
pub struct Forward<'h> {
    /// The callable that is called.
    pub function: Value<'h>,
    /// The arguments that come first.
    pub args: Gc<'h, Tuple>,
    /// Keyword arguments; those of the call override them.
    pub keywords: Gc<'h, Dict>,
}

/// Why the tasks that wait for something cannot go on.
pub struct Obstacle<'h> {
    /// In words, in front of the names of the futures if there are any.
    pub words: String,
    /// The tasks and futures that have to be done, or to do something, first.
    pub futures: Vec<Value<'h>>,
    /// The number of the thread that has to do something first.
    pub thread: Option<u64>,
}

impl<'h> Obstacle<'h> {
    /// These words and futures.
    pub fn new(words: &str, futures: impl IntoIterator<Item = Value<'h>>) -> Obstacle<'h> {
        Obstacle {
            words: words.to_owned(),
            futures: futures.into_iter().collect(),
            thread: None,
        }
    }

    /// The same with a thread that has to do something first.
    pub fn with_thread(self, thread: u64) -> Obstacle<'h> {
        Obstacle {
            thread: Some(thread),
            ..self
        }
    }
}

known_box!(
    /// A payload in its box.
    struct KnownPayload of Payload
);

/// An object with Rust insides.
pub struct Opaque {
    payload: KnownPayload,
    /// Attributes that a subclass's methods set: a dict, or Undef.
    pub attrs: Slot,
}

traced!(Opaque { payload, attrs });

impl Heap {
    /// An object of a class around a Rust value.
    pub fn opaque<'h, T: Payload>(&'h self, class: Gc<'h, Class>, payload: T) -> Gc<'h, Opaque> {
        self.charge(size_of::<T>());
        self.alloc_shaped(
            Opaque {
                payload: KnownPayload::new(payload),
                attrs: Slot::undef(),
            },
            class.root_shape(),
        )
    }
}

impl<'h> Gc<'h, Opaque> {
    /// The Rust value inside, if it is a `T`.
    #[inline]
    pub fn payload<T: Payload>(self) -> Option<&'h T> {
        self.get().payload.find()
    }

    /// Why the tasks that wait for it cannot go on.
    pub fn obstacle(self, heap: &'h Heap) -> Option<Obstacle<'h>> {
        self.get().payload.obstacle(heap)
    }

    /// The callable to which a call of it is handed on.
    pub fn forward(self, heap: &'h Heap) -> Option<Forward<'h>> {
        self.get().payload.forward(heap)
    }

    /// Whether sequence patterns match it.
    pub fn is_sequence(self) -> bool {
        self.get().payload.is_sequence()
    }

    /// The bytes that views of it see.
    pub fn storage(self) -> Option<&'h RefCell<Vec<u8>>> {
        self.get().payload.storage()
    }

    /// A copy of its bytes, if it is bytes-like.
    pub fn exported(self, heap: &Heap) -> Option<Vec<u8>> {
        self.get().payload.exported(heap)
    }

    /// The same for callers that can raise.
    ///
    /// # Errors
    /// MemoryError, KeyboardInterrupt.
    pub fn try_exported(self, heap: &Heap) -> Result<Option<Vec<u8>>, Raised> {
        self.get().payload.try_exported(heap)
    }
}
