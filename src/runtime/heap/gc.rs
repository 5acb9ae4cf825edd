//! Heap objects as code holds them: the `Header` that each begins with, and `Gc`, a reference to one.
//!
//! Contract: a `Gc<'h, T>` or `Value<'h>` exists only while the heap `'h` is borrowed, and collecting takes `&mut Heap`; so
//! none of them outlives a collection unless a traced `Slot` keeps the object.

#![expect(
    unsafe_code,
    reason = "one of the core's wrapper types: dereferences heap cells"
)]

use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;

use super::slot::Slot;
use super::trace::{Trace, Tracer};
use super::{Heap, Kind};
use crate::runtime::value::Value;

/// The first word of each heap object.
#[repr(C)]
pub struct Header {
    /// Class and layout in one number, so that one compare guards both.
    pub(super) shape: Cell<u32>,
    /// Which Rust type follows.
    pub(super) kind: Kind,
    /// The collection that reached it last, or `PERMANENT`.
    pub(super) mark: Cell<u8>,
    /// Which size class its cell is of; `LARGE` for none.
    pub(super) size_class: u8,
    /// `flag::*`.
    pub(super) flags: Cell<u8>,
}

const _: () = assert!(size_of::<Header>() == 8);

/// `Header::mark` of objects that live as long as the heap.
pub(super) const PERMANENT: u8 = 3;

/// Bits of `Header::flags`.
pub mod flag {
    /// `id()` was asked: the table of ids must forget the object when it dies.
    pub const HAS_ID: u8 = 1;
    /// A string that is in the intern table.
    pub const INTERNED: u8 = 2;
    /// The object is being printed (self-containing lists).
    pub const IN_REPR: u8 = 4;
    /// A native coroutine that `__await__()` of a future made: nobody forgets it.
    pub const BY_HAND: u8 = 8;
    /// It has a finaliser that did not run yet.
    pub const FINALISES: u8 = 16;
    /// A generator that a `for` loop made for itself alone.
    pub const OWNED: u8 = 32;
    /// An async generator that the program's hooks were told of.
    pub const HOOKED: u8 = 64;
    /// A coroutine that a task or a report answers for: that it never started is no news.
    pub const ANSWERED: u8 = 128;
}

/// A Rust type that lives in heap cells.
///
/// # Safety
/// `KIND` must be the `Kind` that the `kinds!` table pairs with this very type, `tail_len` always the same number, and `FINAL`
/// true only if no slot changes after the object was made. `kinds!` writes all implementations.
pub unsafe trait Object: Trace + 'static {
    /// Its row in the `kinds!` table.
    const KIND: Kind;
    /// Whether its slots never change, so that of one that is permanent they need not be reported.
    const FINAL: bool = false;

    /// How many slots follow the fields; fixed when the object is made.
    #[inline(always)]
    fn tail_len(&self) -> usize {
        0
    }
}

// SAFETY: a header alone is never allocated; it stands for "an object of any kind", whose real kind the tracer looks up.
unsafe impl Object for Header {
    const KIND: Kind = Kind::Free;
}

// SAFETY: as above.
unsafe impl Trace for Header {
    fn trace(&self, _: &mut Tracer<'_>) {}
}

/// A reference to a heap object of type `T`.
#[repr(transparent)]
pub struct Gc<'h, T: ?Sized> {
    pub(super) header: NonNull<Header>,
    life: PhantomData<(&'h Heap, *const T)>,
}

impl<T: ?Sized> Clone for Gc<'_, T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Gc<'_, T> {}

impl<'h, T: Object> Gc<'h, T> {
    /// Where the payload of an object begins, counted from its header.
    pub(super) const PAYLOAD: usize = size_of::<Header>();

    /// The object's fields, for as long as the heap does not collect.
    #[inline(always)]
    pub fn get(self) -> &'h T {
        // SAFETY: a `Gc` is made by `Heap::alloc`, by a checked `downcast`, or by an unsafe function whose caller vouches for the
        // same: a live cell with a `T` right after its header. Objects do not move, and freeing them takes `&mut Heap`.
        unsafe {
            &*self
                .header
                .as_ptr()
                .cast::<u8>()
                .add(Self::PAYLOAD)
                .cast::<T>()
        }
    }

    /// The value that refers to this object.
    #[inline(always)]
    pub fn value(self) -> Value<'h> {
        Value::object(self)
    }

    /// The slots after the object's fields: as many as `T::tail_len` says.
    #[inline(always)]
    pub fn tail(self) -> &'h [Slot] {
        // SAFETY: `Heap::alloc_tail` placed `tail_len` initialised slots right after the payload, and the length does not change.
        unsafe {
            let first = self
                .header
                .as_ptr()
                .cast::<u8>()
                .add(Self::PAYLOAD + size_of::<T>())
                .cast::<Slot>();
            std::slice::from_raw_parts(first, self.get().tail_len())
        }
    }
}

impl<'h, T: ?Sized> Gc<'h, T> {
    /// The object's address: its identity.
    #[inline(always)]
    pub fn address(self) -> usize {
        self.header.as_ptr() as usize
    }

    /// From the address of an object.
    ///
    /// # Safety
    /// It is that of a `T` that lives as long as `'h` borrows its heap.
    #[inline(always)]
    pub(in crate::runtime) unsafe fn from_address(address: usize) -> Gc<'h, T> {
        debug_assert!(address != 0 && address.is_multiple_of(8));
        // SAFETY: no object is at address zero.
        let header = unsafe { NonNull::new_unchecked(address as *mut Header) };
        Gc {
            header,
            life: PhantomData,
        }
    }

    /// From an object's header.
    ///
    /// # Safety
    /// It is that of a `T` that lives as long as `'h` borrows its heap.
    #[inline(always)]
    pub(super) unsafe fn from_header(header: NonNull<Header>) -> Gc<'h, T> {
        Gc {
            header,
            life: PhantomData,
        }
    }

    /// The header.
    #[inline(always)]
    pub fn header(self) -> &'h Header {
        // SAFETY: as in `get`: the cell is live while `'h` borrows the heap, and every cell begins with a header.
        unsafe { self.header.as_ref() }
    }

    /// Which Rust type the object is.
    #[inline(always)]
    pub fn kind(self) -> Kind {
        self.header().kind
    }

    /// The object's shape: class and layout.
    #[inline(always)]
    pub fn shape(self) -> u32 {
        self.header().shape.get()
    }

    /// Gives the object another class or layout.
    #[inline(always)]
    pub fn set_shape(self, shape: u32) {
        self.header().shape.set(shape);
    }

    /// Whether a flag is set.
    pub fn has_flag(self, flag: u8) -> bool {
        self.header().flags.get() & flag != 0
    }

    /// Sets or clears a flag.
    pub fn set_flag(self, flag: u8, on: bool) {
        let flags = &self.header().flags;
        flags.set(if on {
            flags.get() | flag
        } else {
            flags.get() & !flag
        });
    }

    /// The same object as a `U`, if it is one.
    #[inline(always)]
    pub fn downcast<U: Object>(self) -> Option<Gc<'h, U>> {
        if self.kind() == U::KIND {
            Some(Gc {
                header: self.header,
                life: PhantomData,
            })
        } else {
            None
        }
    }

    /// The same object, its type forgotten.
    #[inline(always)]
    pub fn erase(self) -> Gc<'h, Header> {
        Gc {
            header: self.header,
            life: PhantomData,
        }
    }
}

impl<T: Object> Deref for Gc<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        self.get()
    }
}

impl<T: ?Sized> PartialEq for Gc<'_, T> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.header == other.header
    }
}

impl<T: ?Sized> Eq for Gc<'_, T> {}
