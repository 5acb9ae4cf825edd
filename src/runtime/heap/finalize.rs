//! The end of objects: weak references, and finalisers.
//!
//! When the marking is over and before anything is freed, `Endings` looks at two lists. What has a finaliser (an instance with
//! `__del__`, a suspended generator, a failed future) and was not reached is kept once more and becomes due; so does all that it reaches. What then is
//! still not reached dies: weak references to it are cleared, and those with a callback that live themselves become due.
//! User code is not run here: the VM takes what is due (`next_due`) at a place where it may.
//!
//! Contract: of objects that reach each other, the outer ones are due first, in the order in which they were registered; a circle
//! is due as a whole. An object is due at most once.

#![expect(
    unsafe_code,
    reason = "holds objects by their bits, and lets go of them before the collector frees them"
)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use rustc_hash::FxHashMap;

use super::gc::{Gc, Header, flag};
use super::slot::Slot;
use super::trace::Tracer;
use super::{Heap, kinds};
use crate::runtime::coroutine::{Coroutine, CoroutineState};
use crate::runtime::value::Value;

/// A reference that does not keep its target alive: the collector clears it before it frees the target. It holds a number, no
/// slot, so to `traced!` it is plain; only the heap turns it into a value.
pub struct WeakSlot(Arc<WeakCell>);

/// Bits of values. They are atomic only for `Send`.
struct WeakCell {
    target: AtomicU64,
    /// The object that owns the slot. Until the heap was told (`Heap::watch`), Undef: then the slot answers nothing.
    holder: AtomicU64,
}

impl WeakSlot {
    /// A reference to this object, silent until the heap watches it.
    pub fn new(target: Value<'_>) -> WeakSlot {
        WeakSlot(Arc::new(WeakCell {
            target: AtomicU64::new(target.bits()),
            holder: AtomicU64::new(Value::UNDEF.bits()),
        }))
    }

    /// The target, if it lives.
    pub fn get<'h>(&self, _: &'h Heap) -> Option<Value<'h>> {
        noted(self.0.holder()).defined()?;
        noted(self.0.target()).defined()
    }
}

impl WeakCell {
    fn target(&self) -> u64 {
        self.target.load(Ordering::Relaxed)
    }

    fn holder(&self) -> u64 {
        self.holder.load(Ordering::Relaxed)
    }
}

/// The value whose bits one of the lists or a weak slot holds.
pub(super) fn noted<'h>(bits: u64) -> Value<'h> {
    // SAFETY: the lists and slots are looked through between the marking and the freeing: bits of what dies leave them, or become
    // Undef, before its memory is used again.
    unsafe { Value::from_bits(bits) }
}

/// What is due after a collection.
pub enum Due<'h> {
    /// An object whose finaliser is to run.
    Finaliser(Value<'h>),
    /// A weak reference whose target is gone, and whose callback is to run.
    Callback(Value<'h>),
}

/// The lists of one heap.
#[derive(Default)]
pub(super) struct Endings {
    /// Slots by the address of their target.
    weak: RefCell<FxHashMap<usize, Vec<Weak<WeakCell>>>>,
    /// The objects with a finaliser, by address, in the order of their registration.
    finalisable: RefCell<Vec<u64>>,
    due: RefCell<VecDeque<Slot>>,
    callbacks: RefCell<VecDeque<Slot>>,
}

impl Heap {
    /// Registers an object whose finaliser shall run when nothing reaches it any more.
    pub fn finalise(&self, object: Value<'_>) {
        let Some(header) = object.as_object() else {
            return;
        };
        if !header.has_flag(flag::FINALISES) {
            header.set_flag(flag::FINALISES, true);
            self.endings.finalisable.borrow_mut().push(object.bits());
        }
    }

    /// The registered objects, oldest first.
    pub fn finalisable(&self) -> Vec<Value<'_>> {
        let list = self.endings.finalisable.borrow();
        list.iter().map(|&bits| noted(bits)).collect()
    }

    /// Makes all registered objects due, as at the end of a program.
    pub fn finalise_all(&self) {
        for bits in self.endings.finalisable.take() {
            self.make_due(noted(bits));
        }
    }

    /// Makes a registered object due, though something may reach it still: nobody is going to use it.
    pub fn make_due(&self, object: Value<'_>) {
        let header = object.as_object();
        if let Some(header) = header.filter(|header| header.has_flag(flag::FINALISES)) {
            header.set_flag(flag::FINALISES, false);
            self.endings.due.borrow_mut().push_back(Slot::new(object));
        }
    }

    /// Tells the collector that `holder` owns a weak reference.
    pub fn watch(&self, slot: &WeakSlot, holder: Value<'_>) {
        slot.0.holder.store(holder.bits(), Ordering::Relaxed);
        if let Some(target) = slot.get(self).and_then(Value::as_object) {
            let mut weak = self.endings.weak.borrow_mut();
            let slots = weak.entry(target.address()).or_default();
            if slots.len() == slots.capacity() {
                slots.retain(|slot| slot.strong_count() > 0);
            }
            slots.push(Arc::downgrade(&slot.0));
        }
    }

    /// The objects that hold weak references to this one, oldest first.
    pub fn weak_references(&self, target: Value<'_>) -> Vec<Value<'_>> {
        let weak = self.endings.weak.borrow();
        let slots = target.as_object().and_then(|o| weak.get(&o.address()));
        slots.map_or_else(Vec::new, |slots| {
            let alive = slots.iter().filter_map(Weak::upgrade);
            alive.map(|slot| noted(slot.holder())).collect()
        })
    }

    /// Whether something is due.
    #[inline]
    pub fn has_due(&self) -> bool {
        !self.endings.due.borrow().is_empty() || !self.endings.callbacks.borrow().is_empty()
    }

    /// What is due next; finalisers go before callbacks.
    pub fn next_due(&self) -> Option<Due<'_>> {
        if let Some(slot) = self.endings.due.borrow_mut().pop_front() {
            return Some(Due::Finaliser(slot.get(self)));
        }
        let slot = self.endings.callbacks.borrow_mut().pop_front()?;
        Some(Due::Callback(slot.get(self)))
    }
}

/// Whether a finaliser has still to run.
fn is_registered(bits: u64) -> bool {
    let object = noted(bits).as_object();
    object.is_some_and(|object| object.has_flag(flag::FINALISES))
}

impl Endings {
    /// Reports what is due: it lives until its turn has come.
    pub(super) fn trace(&self, tracer: &mut Tracer<'_>) {
        for list in [&self.due, &self.callbacks] {
            for slot in list.borrow().iter() {
                tracer.slot(slot);
            }
        }
    }

    /// After the marking: keeps what has a finaliser, clears the weak references to what dies.
    pub(super) fn settle(&self, tracer: &mut Tracer<'_>) {
        self.find_due(tracer);
        self.clear_weak(tracer);
    }

    fn find_due(&self, tracer: &mut Tracer<'_>) {
        let mut list = self.finalisable.borrow_mut();
        let dead: Vec<u64> = list
            .iter()
            .copied()
            .filter(|&bits| !tracer.reaches(bits) && state(bits) == End::Due && is_registered(bits))
            .collect();
        // What the dead reach is kept with them; a dead object that only another one reaches waits for that one.
        for &bits in &dead {
            tracer.mark_children(bits);
        }
        let outer: Vec<u64> = dead
            .iter()
            .copied()
            .filter(|&bits| !tracer.reaches(bits))
            .collect();
        let chosen = if outer.is_empty() { &dead } else { &outer };
        for &bits in chosen {
            tracer.mark_value(bits);
            if let Some(object) = noted(bits).as_object() {
                object.set_flag(flag::FINALISES, false);
            }
            self.due.borrow_mut().push_back(Slot::new(noted(bits)));
        }
        // Those chosen have lost the flag.
        list.retain(|&bits| {
            tracer.reaches(bits) && is_registered(bits) && state(bits) != End::Over
        });
    }

    fn clear_weak(&self, tracer: &Tracer<'_>) {
        self.weak.borrow_mut().retain(|_, slots| {
            slots.retain(|slot| slot.strong_count() > 0);
            let Some(first) = slots.first().and_then(Weak::upgrade) else {
                return false;
            };
            if tracer.reaches(first.target()) {
                return true;
            }
            // CPython calls the callbacks of one object newest first.
            for slot in slots.iter().rev().filter_map(Weak::upgrade) {
                slot.target.store(Value::UNDEF.bits(), Ordering::Relaxed);
                if tracer.reaches(slot.holder()) {
                    let holder = noted(slot.holder());
                    self.callbacks.borrow_mut().push_back(Slot::new(holder));
                }
            }
            false
        });
    }
}

/// How far a registered object is.
#[derive(PartialEq, Eq)]
enum End {
    /// Its finaliser must run when it dies.
    Due,
    /// A generator that was not begun: it may die as it is.
    NotYet,
    /// A generator that is finished.
    Over,
}

fn state(bits: u64) -> End {
    let object: Option<Gc<'_, Header>> = noted(bits).as_object();
    let coroutine = object.and_then(Gc::downcast::<Coroutine>);
    match coroutine.map(|coroutine| coroutine.state.get()) {
        None | Some(CoroutineState::Suspended | CoroutineState::Running) => End::Due,
        Some(CoroutineState::Created) => End::NotYet,
        Some(CoroutineState::Done) => End::Over,
    }
}

impl Tracer<'_> {
    /// Whether the marking has reached a value.
    pub(in crate::runtime) fn reaches(&self, bits: u64) -> bool {
        noted(bits)
            .as_object()
            .is_none_or(|object| object.header().mark.get() != self.old)
    }

    /// Marks a value and all that it reaches.
    fn mark_value(&mut self, bits: u64) {
        self.bits(bits);
        self.drain();
    }

    /// Marks all that an object reaches, the object itself only if it is among that.
    fn mark_children(&mut self, bits: u64) {
        if let Some(object) = noted(bits).as_object() {
            let header = NonNull::from(object.header());
            // SAFETY: the object was noted and is not freed before the marking is over.
            unsafe { kinds::trace(header, self) };
            self.drain();
        }
    }
}
