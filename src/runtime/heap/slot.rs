//! Places in heap objects: `Slot` (holds a value), `Fixed` (holds one object for ever), `Exchanged` (always holds an object of one
//! kind), `SlotVec` (a growable run of slots).
//!
//! A `Slot` is neither `Copy` nor `Clone` and is read and written only with the heap in hand. Every store of a value into an object
//! goes through `Slot::set` or `SlotVec`: the place where a write barrier would stand.

#![expect(
    unsafe_code,
    reason = "one of the core's wrapper types: makes references of what places hold"
)]

use std::cell::{Cell, UnsafeCell};
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::Heap;
use super::gc::{Gc, Header, Object};
use super::trace::{Trace, Tracer};
use crate::runtime::raised::Raised;
use crate::runtime::value::Value;

/// A place inside a heap object (or a traced root) that holds a value. It is not `Send`, by which `traced!` knows it.
#[repr(transparent)]
pub struct Slot(Cell<u64>, PhantomData<*const Header>);

impl Slot {
    /// A slot that holds a value; it goes into a type that `traced!` knows (reason 2 of `heap/mod.rs`).
    #[inline(always)]
    pub fn new(value: Value<'_>) -> Slot {
        Slot(Cell::new(value.bits()), PhantomData)
    }

    /// A slot that holds Undef.
    #[inline(always)]
    pub fn undef() -> Slot {
        Slot::new(Value::UNDEF)
    }

    /// A slot that holds what another one holds.
    pub fn copy(other: &Slot) -> Slot {
        Slot(Cell::new(other.0.get()), PhantomData)
    }

    /// Makes it hold what another one holds.
    #[inline(always)]
    pub fn assign(&self, other: &Slot) {
        self.0.set(other.0.get());
    }

    /// Its value.
    #[inline(always)]
    pub fn get<'h>(&self, heap: &'h Heap) -> Value<'h> {
        heap.check(self.0.get());
        // SAFETY: slots are read only where the collector finds them, with their own heap (reason 2 of `heap/mod.rs`).
        unsafe { Value::from_bits(self.0.get()) }
    }

    /// Its value, as a `T` that the caller knows it to be.
    #[inline(always)]
    pub fn expect<'h, T: Object>(&self, heap: &'h Heap) -> Gc<'h, T> {
        self.get(heap)
            .as_gc()
            .expect("the slot holds an object of the kind its owner stored")
    }

    /// Its value, as a `T`, unchecked in release builds.
    ///
    /// # Safety
    /// It holds a `T`: its owner stores nothing else.
    #[inline(always)]
    pub(in crate::runtime) unsafe fn trusted<'h, T: Object>(&self, heap: &'h Heap) -> Gc<'h, T> {
        // SAFETY: as above.
        unsafe { self.get(heap).trusted() }
    }

    /// Puts a value into it.
    #[inline(always)]
    pub fn set(&self, value: Value<'_>) {
        self.0.set(value.bits());
    }

    /// Whether it holds Undef.
    #[inline(always)]
    pub fn is_undef(&self) -> bool {
        self.0.get() == Value::UNDEF.bits()
    }

    /// Makes it what it is in zeroed memory: the float 0.0.
    #[inline(always)]
    pub fn reset(&self) {
        self.0.set(0);
    }

    /// Forgets the value.
    #[inline(always)]
    pub fn clear(&self) {
        self.set(Value::UNDEF);
    }

    pub(super) fn bits(&self) -> u64 {
        self.0.get()
    }
}

impl Default for Slot {
    fn default() -> Slot {
        Slot::undef()
    }
}

/// A place inside a heap object that holds the same `T` all its life; reading it checks and decodes nothing.
#[repr(transparent)]
pub struct Fixed<T>(NonNull<Header>, PhantomData<*const T>);

impl<T: Object> Fixed<T> {
    /// A place that holds this object; as for `Slot::new`.
    #[inline(always)]
    pub fn new(object: Gc<'_, T>) -> Fixed<T> {
        Fixed(object.header, PhantomData)
    }

    /// Its object.
    #[inline(always)]
    pub fn get<'h>(&self, heap: &'h Heap) -> Gc<'h, T> {
        heap.check_object(self.0.as_ptr() as usize);
        // SAFETY: as for `Slot::get`; `new` got a `T`.
        unsafe { Gc::from_header(self.0) }
    }
}

/// A place inside a heap object that always holds a `T`, which is exchanged seldom; reading it checks and decodes nothing.
#[repr(transparent)]
pub struct Exchanged<T>(Cell<NonNull<Header>>, PhantomData<*const T>);

impl<T: Object> Exchanged<T> {
    /// A place that holds this object; as for `Slot::new`.
    #[inline(always)]
    pub fn new(object: Gc<'_, T>) -> Exchanged<T> {
        Exchanged(Cell::new(object.header), PhantomData)
    }

    /// Its object.
    #[inline(always)]
    pub fn get<'h>(&self, heap: &'h Heap) -> Gc<'h, T> {
        heap.check_object(self.0.get().as_ptr() as usize);
        // SAFETY: as for `Slot::get`; `new` and `set` got a `T`.
        unsafe { Gc::from_header(self.0.get()) }
    }

    /// Puts another object into it.
    pub fn set(&self, object: Gc<'_, T>) {
        self.0.set(object.header);
    }
}

/// A growable run of slots: what a list is made of.
#[derive(Default)]
pub struct SlotVec(UnsafeCell<Vec<u64>>, PhantomData<*const Header>);

/// From so many slots on, growth looks whether memory that is put by had to be used.
const LARGE_GROWTH: usize = 1 << 13;
/// By how many values a vector grows where there is no room for twice as many.
const SMALL_GROWTH: usize = 1 << 10;

impl SlotVec {
    /// An empty run.
    pub const fn new() -> SlotVec {
        SlotVec(UnsafeCell::new(Vec::new()), PhantomData)
    }

    /// A run with the given values.
    pub fn from_values<'h>(values: impl IntoIterator<Item = Value<'h>>) -> SlotVec {
        SlotVec(
            UnsafeCell::new(values.into_iter().map(Value::bits).collect()),
            PhantomData,
        )
    }

    /// The vector inside. Every method below takes it once and lets go before it returns; none hands a reference out or runs
    /// foreign code meanwhile.
    #[expect(
        clippy::mut_from_ref,
        reason = "see the comment: the borrow never leaves a method"
    )]
    #[inline(always)]
    fn vec(&self) -> &mut Vec<u64> {
        // SAFETY: single thread (`UnsafeCell` makes the type `!Sync`) and no two borrows at a time, by the comment above.
        unsafe { &mut *self.0.get() }
    }

    /// A value of the run.
    #[inline(always)]
    fn value(heap: &Heap, bits: u64) -> Value<'_> {
        heap.check(bits);
        // SAFETY: as for `Slot::get`: the bits are those of a value that `self` reports.
        unsafe { Value::from_bits(bits) }
    }

    /// Number of slots.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.vec().len()
    }

    /// Whether memory was ever taken for slots.
    pub fn has_memory(&self) -> bool {
        self.vec().capacity() > 0
    }

    /// Whether there are none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.vec().is_empty()
    }

    /// The value at `i`, if there is one.
    #[inline(always)]
    pub fn get<'h>(&self, heap: &'h Heap, i: usize) -> Option<Value<'h>> {
        self.vec().get(i).map(|&bits| SlotVec::value(heap, bits))
    }

    /// The last value.
    pub fn last<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        self.vec().last().map(|&bits| SlotVec::value(heap, bits))
    }

    /// Replaces the value at `i`; says whether there is such a slot.
    #[inline(always)]
    pub fn set(&self, i: usize, value: Value<'_>) -> bool {
        match self.vec().get_mut(i) {
            Some(slot) => {
                *slot = value.bits();
                true
            }
            None => false,
        }
    }

    /// Appends a value. Long runs `reserve` first.
    #[inline(always)]
    pub fn push(&self, heap: &Heap, value: Value<'_>) {
        let vec = self.vec();
        if vec.len() == vec.capacity() {
            let mut more = vec.capacity().max(4);
            if vec.try_reserve_exact(more).is_err() {
                // Large vectors can grow by little where there is no room for twice as much.
                more = more.min(SMALL_GROWTH);
                vec.reserve_exact(more);
            }
            heap.charge(more * 8);
            if more >= LARGE_GROWTH {
                heap.note_growth();
            }
        }
        vec.push(value.bits());
    }

    /// Makes room for so many more values, and for more ahead.
    ///
    /// # Errors
    /// MemoryError.
    #[inline(always)]
    pub fn reserve(&self, heap: &Heap, more: usize) -> Result<(), Raised> {
        let vec = self.vec();
        if vec.capacity() - vec.len() >= more {
            return Ok(());
        }
        SlotVec::grow(vec, heap, more)
    }

    /// Makes room for so many more values, and for no more than that.
    pub fn expect(&self, heap: &Heap, more: usize) {
        let vec = self.vec();
        let before = vec.capacity();
        vec.reserve_exact(more);
        heap.charge((vec.capacity() - before) * 8);
    }

    /// `expect` where there may be too little memory: whether there was enough.
    pub fn try_expect(&self, heap: &Heap, more: usize) -> bool {
        let vec = self.vec();
        let before = vec.capacity();
        let done = vec.try_reserve_exact(more).is_ok();
        heap.charge((vec.capacity() - before) * 8);
        done
    }

    #[cold]
    #[inline(never)]
    fn grow(vec: &mut Vec<u64>, heap: &Heap, more: usize) -> Result<(), Raised> {
        let ahead = vec.capacity().max(4).max(more);
        // Where there is no room ahead, there may be for what is needed now.
        if heap.fits(ahead * 8) && vec.try_reserve_exact(ahead).is_ok() {
            heap.charge(ahead * 8);
            heap.note_growth();
            return Ok(());
        }
        let ahead = (vec.capacity() / 8).max(more);
        heap.room_for(ahead * 8)?;
        if vec.try_reserve_exact(ahead).is_err() {
            return Err(heap.memory_error());
        }
        heap.charge((vec.capacity() - vec.len()) * 8);
        heap.note_growth();
        Ok(())
    }

    /// Takes the last value off.
    pub fn pop<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        self.vec().pop().map(|bits| SlotVec::value(heap, bits))
    }

    /// Inserts before `i`, which must not exceed the length.
    pub fn insert(&self, heap: &Heap, i: usize, value: Value<'_>) {
        heap.charge(8);
        self.vec().insert(i, value.bits());
    }

    /// Takes the value at `i`, which must exist, out.
    pub fn remove<'h>(&self, heap: &'h Heap, i: usize) -> Value<'h> {
        SlotVec::value(heap, self.vec().remove(i))
    }

    /// Appends all of an iterator, which must not touch this run.
    ///
    /// # Errors
    /// MemoryError; then some may have been appended.
    pub fn extend<'h>(
        &self,
        heap: &'h Heap,
        values: impl IntoIterator<Item = Value<'h>>,
    ) -> Result<(), Raised> {
        let values = values.into_iter();
        self.reserve(heap, values.size_hint().0)?;
        for value in values {
            self.reserve(heap, 1)?;
            self.vec().push(value.bits());
        }
        Ok(())
    }

    /// Replaces the range by the given values, for which there is room.
    pub fn splice(&self, range: std::ops::Range<usize>, values: &[Value<'_>]) {
        self.vec().splice(range, values.iter().map(|v| v.bits()));
    }

    /// Keeps the first `len`.
    pub fn truncate(&self, len: usize) {
        self.vec().truncate(len);
    }

    /// Removes all and gives the memory back.
    pub fn clear(&self) {
        *self.vec() = Vec::new();
    }

    /// Turns the order around.
    pub fn reverse(&self) {
        self.vec().reverse();
    }

    /// Exchanges two values.
    pub fn swap(&self, i: usize, j: usize) {
        self.vec().swap(i, j);
    }

    /// Appends the values of another run.
    pub fn append_copy(&self, other: &SlotVec) {
        if !std::ptr::eq(self, other) {
            self.vec().extend_from_slice(other.vec());
        }
    }

    /// Appends a part of another run; the range must lie inside.
    pub fn append_part(&self, other: &SlotVec, range: std::ops::Range<usize>) {
        if !std::ptr::eq(self, other) {
            self.vec().extend_from_slice(&other.vec()[range]);
        }
    }

    /// Replaces the range by the values of another run, for which there is room.
    pub fn splice_run(&self, range: std::ops::Range<usize>, other: &SlotVec) {
        if std::ptr::eq(self, other) {
            return;
        }
        let (vec, new) = (self.vec(), other.vec());
        if range.len() == new.len() {
            vec[range].copy_from_slice(new);
        } else {
            vec.splice(range, new.iter().copied());
        }
    }

    /// Exchanges all values with those of another run.
    pub fn exchange(&self, other: &SlotVec) {
        if !std::ptr::eq(self, other) {
            std::mem::swap(self.vec(), other.vec());
        }
    }

    /// A copy of the values.
    pub fn to_vec<'h>(&self, heap: &'h Heap) -> Vec<Value<'h>> {
        self.vec()
            .iter()
            .map(|&bits| SlotVec::value(heap, bits))
            .collect()
    }

    /// A copy of a part of the values; the range must lie inside.
    pub fn copy_range<'h>(&self, heap: &'h Heap, range: std::ops::Range<usize>) -> Vec<Value<'h>> {
        self.vec()[range]
            .iter()
            .map(|&bits| SlotVec::value(heap, bits))
            .collect()
    }

    /// Reports the slots but for the first ones, whose objects are permanent.
    pub(in crate::runtime) fn trace_from(&self, permanent: usize, tracer: &mut Tracer<'_>) {
        tracer.external(self.vec().capacity() * 8);
        for &bits in self.vec().iter().skip(permanent) {
            tracer.bits(bits);
        }
    }

    /// The bits of the value at `i`, which must exist: for the collector, which may have found its object dead.
    pub(in crate::runtime) fn bits_at(&self, i: usize) -> u64 {
        self.vec()[i]
    }

    /// Keeps the values whose objects the marking has reached: for runs that are not reported.
    pub(in crate::runtime) fn retain_reached(&self, tracer: &Tracer<'_>) {
        self.vec().retain(|&bits| tracer.reaches(bits));
    }
}

// SAFETY: reports every slot.
unsafe impl Trace for SlotVec {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.trace_from(0, tracer);
    }
}
