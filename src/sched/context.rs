//! Contexts: what the context variables hold while a task, a callback or a thread runs.
//!
//! A context is an object around a dict that is never changed: setting a variable replaces the dict, so that copying a context
//! costs the same however many variables are set. Undef stands for the empty context, which needs no object: programs without
//! context variables pay one slot a task and nothing else. What programs see of it is `stdlib/contextvars.rs`.

use std::cell::Cell;

use super::scheduler;
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Gc, Heap, Slot, Value};
use crate::vm::{Local, Vm};

/// The insides of a context.
pub struct Context {
    /// A dict from variables to their values; Undef while it is empty.
    pub values: Slot,
    /// Whether `Context.run` is under way in it.
    pub entered: Cell<bool>,
}

traced!(Context { values } plain { entered });

impl Payload for Context {}

/// The insides of a context object.
pub fn context<'h>(value: Value<'h>) -> Option<&'h Context> {
    value.as_gc::<Opaque>().and_then(|o| o.payload())
}

/// An object of a class for a context with these values (a dict that nobody changes, or Undef).
pub fn new_context<'h>(heap: &'h Heap, class: Gc<'h, Class>, values: Value<'h>) -> Value<'h> {
    let insides = Context {
        values: Slot::new(values),
        entered: Cell::new(false),
    };
    heap.opaque(class, insides).value()
}

/// A copy of a context; of the empty one, nothing.
pub fn copy<'h>(heap: &'h Heap, original: Value<'h>) -> Value<'h> {
    match context(original) {
        Some(insides) => new_context(heap, heap.class_of(original), insides.values.get(heap)),
        None => original,
    }
}

/// A copy of the context of the code that runs now: what a new task or callback gets.
pub fn fork(vm: &Vm) -> Local {
    vm.local(copy(&vm.heap, scheduler(vm).context(&vm.heap)))
}

/// The values of a context, if it has any.
pub fn values<'h>(heap: &'h Heap, value: Value<'h>) -> Option<Gc<'h, Dict>> {
    context(value)?.values.get(heap).as_gc()
}
