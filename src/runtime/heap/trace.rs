//! Marking: finds every object that the roots reach.
//!
//! The mark stack is explicit, so the depth of the object graph costs heap, not Rust stack. A type that owns slots implements
//! `Trace`, and `traced!` writes the implementation from a list of the fields: a field that is not in the list does not
//! compile, and a field is only called plain if its type cannot hold a slot.

#![expect(
    unsafe_code,
    reason = "the core's contract with the types that own slots, and the containers of slots"
)]

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::ptr::NonNull;
use std::rc::{Rc, Weak};

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::gc::{Gc, Header, Object};
use super::slot::{Exchanged, Fixed, Slot};
use super::{Heap, kinds};
use crate::bytecode::{Code, Instr};
use crate::diagnostics::{Diagnostic, FileId, SourceMap};
use crate::runtime::value::Value;

/// The state of one marking phase.
pub struct Tracer<'a> {
    pub(super) heap: &'a Heap,
    /// Marked objects whose slots were not looked at yet.
    pub(super) grey: &'a mut Vec<NonNull<Header>>,
    /// The mark of objects that were not reached yet.
    pub(super) old: u8,
    /// The mark of those that were.
    pub(super) mark: u8,
    /// Bytes that the reached objects own outside of their cells.
    pub(super) external: usize,
    /// Whether there was no memory to note a marked object in `grey`: the slots of some were not looked at.
    pub(super) overflowed: bool,
    /// Addresses of the shared values that were reported: they may refer to each other in circles.
    pub(super) shared: FxHashSet<usize>,
}

/// A type whose slots the collector finds: objects, their parts, and the roots.
///
/// # Safety
/// `trace` reports every `Slot` and `Fixed` that the value owns, also those inside of what it owns. A slot that it does not
/// report is never read again. `traced!` upholds this by construction.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no list of its slots",
    label = "the collector would not find the slots in it",
    note = "write `traced!(Type {{ fields that hold slots }} plain {{ all other fields }});` beside the type: runtime/heap/trace.rs"
)]
pub unsafe trait Trace {
    /// Reports each slot.
    fn trace(&self, tracer: &mut Tracer<'_>);
}

/// Implements `Trace` for a struct from the list of all its fields:
/// `traced!(Lock { holder, waiters } plain { locked });` A type without any slot: `traced!(plain Order);`
///
/// - The first list has the fields that own slots; their types implement `Trace`.
/// - `plain`: fields without slots. Their types are `Send`, which no type with a slot is.
/// - `owns |this| bytes`: how many bytes the plain fields own outside of the struct, for the collector's trigger.
macro_rules! traced {
    (plain $type:ty) => {
        // SAFETY: the type is `Send`, so it holds no slot.
        #[expect(unsafe_code, reason = "`plain` checks that there are no slots")]
        unsafe impl $crate::runtime::heap::Trace for $type {
            #[inline(always)]
            fn trace(&self, _: &mut $crate::runtime::heap::Tracer<'_>) {
                $crate::runtime::heap::plain(self);
            }
        }
    };
    ($type:ty { $($field:tt),* $(,)? }
        $(plain { $($plain:tt),* $(,)? })?
        $(owns |$this:ident| $bytes:expr)?
    ) => {
        // SAFETY: the pattern names every field of the type, or it would not compile: each one is reported, or its type cannot
        // hold a slot.
        #[expect(unsafe_code, reason = "the list of fields is complete: the pattern in `trace` is checked by the compiler")]
        unsafe impl $crate::runtime::heap::Trace for $type {
            #[inline]
            fn trace(&self, tracer: &mut $crate::runtime::heap::Tracer<'_>) {
                let Self { $($field: _,)* $($($plain: _,)*)? } = self;
                let _ = &tracer;
                $($crate::runtime::heap::Trace::trace(&self.$field, tracer);)*
                $($($crate::runtime::heap::plain(&self.$plain);)*)?
                $(
                    let $this = self;
                    tracer.external($bytes);
                )?
            }
        }
    };
}
pub(crate) use traced;

/// Checks at compile time that a field holds no slot: a `Slot` is not `Send`, and so is nothing that it is a part of.
#[inline(always)]
pub fn plain<T: Send + 'static>(_: &T) {}

impl Tracer<'_> {
    /// The heap that is being marked.
    pub fn heap(&self) -> &Heap {
        self.heap
    }

    /// Reports a slot.
    #[inline]
    pub fn slot(&mut self, slot: &Slot) {
        self.bits(slot.bits());
    }

    /// Reports several slots.
    pub fn slots(&mut self, slots: &[Slot]) {
        for slot in slots {
            self.slot(slot);
        }
    }

    /// Looks at the marked objects until none is left.
    pub(super) fn drain(&mut self) {
        loop {
            self.empty_grey();
            if !std::mem::take(&mut self.overflowed) {
                return;
            }
            let (heap, mark) = (self.heap, self.mark);
            heap.space.for_each(&mut |at| {
                // SAFETY: `for_each` visits objects that were not freed yet.
                if unsafe { at.as_ref() }.mark.get() == mark {
                    // SAFETY: what was marked is live.
                    unsafe { kinds::trace(at, self) };
                    self.empty_grey();
                }
            });
        }
    }

    fn empty_grey(&mut self) {
        while let Some(object) = self.grey.pop() {
            // SAFETY: what was marked is live.
            unsafe { kinds::trace(object, self) };
            self.class_of(object);
        }
    }

    /// Reports the class of an object: shapes refer to their classes weakly.
    #[inline]
    pub(super) fn class_of(&mut self, object: NonNull<Header>) {
        // SAFETY: what was marked is live, and so is what is permanent.
        let shape = unsafe { object.as_ref() }.shape.get();
        if let Some(class) = self.heap.shapes.class_bits(shape) {
            self.bits(class);
        }
    }

    /// Reports bytes that the object owns outside of its cell.
    pub fn external(&mut self, bytes: usize) {
        self.external += bytes;
    }

    #[inline]
    pub(super) fn bits(&mut self, bits: u64) {
        self.heap.check(bits);
        // SAFETY: the bits of a slot that the collector has found in time: now.
        if let Some(object) = unsafe { Value::from_bits(bits) }.as_object() {
            self.object(object);
        }
    }

    #[inline]
    fn object(&mut self, object: Gc<'_, Header>) {
        let header = object.header();
        if header.mark.get() == self.old {
            header.mark.set(self.mark);
            if self.grey.len() == self.grey.capacity() && !self.grow() {
                return;
            }
            self.grey.push(NonNull::from(header));
        }
    }

    /// Makes room in `grey`; false: there is no memory, and the collection will look at all marked objects again.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> bool {
        if self.overflowed {
            return false;
        }
        let more = self.grey.capacity().max(1024);
        let grown = self.heap.guard.outside().has_room(more * 8)
            && self.grey.try_reserve_exact(more).is_ok();
        self.overflowed |= !grown;
        grown
    }
}

// SAFETY: the slot itself.
unsafe impl Trace for Slot {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.slot(self);
    }
}

// SAFETY: the slot itself.
unsafe impl<T: Object> Trace for Fixed<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        let object = self.get(tracer.heap).erase();
        tracer.object(object);
    }
}

// SAFETY: the slot itself.
unsafe impl<T: Object> Trace for Exchanged<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        let object = self.get(tracer.heap).erase();
        tracer.object(object);
    }
}

/// Types without slots.
macro_rules! leaves {
    ($($type:ty),*) => {$(
        // SAFETY: no slot is `Send`, so the type holds none.
        unsafe impl Trace for $type {
            #[inline(always)]
            fn trace(&self, _: &mut Tracer<'_>) {
                plain(self);
            }
        }
    )*};
}

leaves!(bool, u8, u16, u32, u64, usize, i64, f64, String);

// SAFETY: source texts are plain data, as code is.
unsafe impl Trace for SourceMap {
    #[inline(always)]
    fn trace(&self, _: &mut Tracer<'_>) {}
}

// SAFETY: such a function gets no heap, without which it cannot read a slot.
unsafe impl Trace for dyn Fn(&SourceMap, FileId, &Diagnostic) {
    #[inline(always)]
    fn trace(&self, _: &mut Tracer<'_>) {}
}

// SAFETY: an instruction is numbers.
unsafe impl Trace for std::cell::Cell<*const Instr> {
    #[inline(always)]
    fn trace(&self, _: &mut Tracer<'_>) {}
}

// SAFETY: a `str` is bytes, and a `&str`, through the row of references, too.
unsafe impl Trace for str {
    #[inline(always)]
    fn trace(&self, _: &mut Tracer<'_>) {}
}

// SAFETY: code is plain data: its layer is below this one and cannot name a slot.
unsafe impl Trace for Code {
    #[inline(always)]
    fn trace(&self, _: &mut Tracer<'_>) {}
}

/// Containers that own all that their iterator yields.
macro_rules! containers {
    ($([$($params:tt)*] $type:ty, $size:expr;)*) => {$(
        // SAFETY: reports each element, and the container owns nothing else.
        unsafe impl<$($params)*> Trace for $type {
            #[inline]
            fn trace(&self, tracer: &mut Tracer<'_>) {
                let size: fn(&Self) -> usize = $size;
                tracer.external(size(self));
                for element in self.iter() {
                    element.trace(tracer);
                }
            }
        }
    )*};
}

containers! {
    [T: Trace] [T], |_| 0;
    [T: Trace, const N: usize] [T; N], |_| 0;
    [T: Trace] Option<T>, |_| 0;
    [T: Trace] Vec<T>, |v| v.capacity() * size_of::<T>();
    [T: Trace] VecDeque<T>, |v| v.capacity() * size_of::<T>();
    [T: Trace] BinaryHeap<T>, |v| v.capacity() * size_of::<T>();
    [T: Trace, const N: usize] SmallVec<[T; N]>, |v| if v.spilled() { v.capacity() * size_of::<T>() } else { 0 };
}

// SAFETY: reports the values; the keys hold no slot, as `plain` checks.
unsafe impl<K: Send + 'static, V: Trace> Trace for BTreeMap<K, V> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.external(self.len() * size_of::<(K, V)>());
        for (key, value) in self {
            plain(key);
            value.trace(tracer);
        }
    }
}

// SAFETY: as for `BTreeMap`.
unsafe impl<K: Send + 'static, V: Trace, S> Trace for HashMap<K, V, S> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.external(self.capacity() * size_of::<(K, V)>());
        for (key, value) in self {
            plain(key);
            value.trace(tracer);
        }
    }
}

// SAFETY: a reference reports what it refers to.
unsafe impl<T: Trace + ?Sized> Trace for &T {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        (**self).trace(tracer);
    }
}

// SAFETY: reports what is in the box.
unsafe impl<T: Trace + ?Sized> Trace for Box<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.external(size_of_val(&**self));
        (**self).trace(tracer);
    }
}

// SAFETY: reports what is shared, once.
unsafe impl<T: Trace + ?Sized> Trace for Rc<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if tracer.shared.insert(Rc::as_ptr(self).addr()) {
            (**self).trace(tracer);
        }
    }
}

// SAFETY: reports what is shared as long as somebody owns it.
unsafe impl<T: Trace + ?Sized> Trace for Weak<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Some(owned) = self.upgrade() {
            owned.trace(tracer);
        }
    }
}

// SAFETY: reports what is in the cell. Should it be borrowed for writing, this panics instead of missing a slot.
unsafe impl<T: Trace> Trace for RefCell<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.borrow().trace(tracer);
    }
}

// SAFETY: reports what is in the cell, if it was filled.
unsafe impl<T: Trace> Trace for OnceCell<T> {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Some(inner) = self.get() {
            inner.trace(tracer);
        }
    }
}

/// Tuples of what implements `Trace`.
macro_rules! tuples {
    ($(($($type:ident $field:tt),*))*) => {$(
        // SAFETY: reports each part.
        unsafe impl<$($type: Trace),*> Trace for ($($type,)*) {
            #[inline]
            fn trace(&self, tracer: &mut Tracer<'_>) {
                $(self.$field.trace(tracer);)*
            }
        }
    )*};
}

tuples! {
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
}
