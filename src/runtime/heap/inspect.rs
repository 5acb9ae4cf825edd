//! What the `gc` module asks: all objects, and what an object refers to.
//!
//! Children are found by the collector's own tracing, with a tracer to which the mark of live objects is that of objects not reached:
//! it lists them and leaves the marks as they are. Permanent objects are not listed.

#![expect(unsafe_code, reason = "walks the cells of the heap")]

use std::ptr::NonNull;

use rustc_hash::FxHashSet;

use super::gc::{Gc, Header};
use super::trace::Tracer;
use super::{Heap, Kind, kinds};
use crate::runtime::value::Value;

impl Heap {
    /// The objects that a value refers to directly, in the order in which the collector finds them.
    pub fn referents<'h>(&'h self, value: Value<'h>) -> Vec<Value<'h>> {
        let Some(object) = value.as_object().filter(|o| is_visible(o.kind())) else {
            return Vec::new();
        };
        let mut grey = Vec::new();
        let mut tracer = Tracer {
            heap: self,
            grey: &mut grey,
            old: self.mark.get(),
            mark: self.mark.get(),
            external: 0,
            overflowed: false,
            shared: FxHashSet::default(),
        };
        // SAFETY: the value lives, and so does all that it refers to.
        unsafe { kinds::trace(NonNull::from(object.header()), &mut tracer) };
        grey.into_iter().map(|at| object_at(at).value()).collect()
    }

    /// All objects that programs can see and that may refer to others. Those that nothing reaches any more are among them
    /// unless a collection came just before.
    pub fn visible_objects(&mut self) -> Vec<Value<'_>> {
        let mut found = Vec::new();
        self.space.for_each(&mut |at| found.push(at));
        let objects = found.into_iter().map(object_at);
        let seen =
            objects.filter(|o| is_visible(o.kind()) && o.header().mark.get() == self.mark.get());
        seen.map(Gc::value).collect()
    }

    /// Whether a value may refer to others.
    pub fn may_refer(&self, value: Value<'_>) -> bool {
        value.as_object().is_some_and(|o| is_visible(o.kind()))
    }

    /// Bytes allocated since the last collection.
    pub fn allocated_bytes(&self) -> usize {
        self.allocated.get()
    }
}

/// The object in a cell that the tracing or the walk over the heap found.
fn object_at<'h>(at: NonNull<Header>) -> Gc<'h, Header> {
    // SAFETY: both pass cells of objects, and nothing is freed while their list is in use.
    unsafe { Gc::from_header(at) }
}

fn is_visible(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::List
            | Kind::Dict
            | Kind::Tuple
            | Kind::Set
            | Kind::Instance
            | Kind::Function
            | Kind::BoundMethod
            | Kind::Class
            | Kind::Module
            | Kind::Coroutine
            | Kind::Exception
            | Kind::Opaque
            | Kind::Future
            | Kind::Cell
            | Kind::Descriptor
    )
}
