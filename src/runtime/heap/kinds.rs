//! The one table of Rust types that live on the heap.
//!
//! To add a kind: one row here, and `traced!` beside the type. `tail`: the field that holds the number of slots after the fields;
//! `FINAL`: no slot changes once the object is made.

#![expect(
    unsafe_code,
    reason = "one of the core's wrapper types: picks trace and drop by kind"
)]

use std::ptr::NonNull;

use super::gc::{Gc, Header, Object};
use super::trace::Tracer;
use crate::runtime::*;

macro_rules! kinds {
    ($($kind:ident = $type:ty $(, tail $len:ident)? $([$final:ident])?;)*) => {
        /// Which Rust type a heap object is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Kind {
            /// No object: a free cell.
            Free,
            $(#[doc = concat!("A `", stringify!($type), "`.")] $kind,)*
        }

        impl Kind {
            /// Whether objects of this kind own memory outside of their cells.
            #[inline(always)]
            pub(super) fn needs_drop(self) -> bool {
                const NEEDS: &[bool] = &[false, $(std::mem::needs_drop::<$type>()),*];
                NEEDS[self as usize]
            }

            /// Whether slots of objects of this kind never change.
            pub(super) fn is_final(self) -> bool {
                const FINAL: &[bool] = &[true, $(<$type as Object>::FINAL),*];
                FINAL[self as usize]
            }
        }

        $(
            // SAFETY: the row pairs kind and type. The number of slots is a field of the type that is no cell, so it never changes:
            // objects are shared, hence only read. The rows that say `FINAL` are upheld by their types' files.
            unsafe impl Object for $type {
                const KIND: Kind = Kind::$kind;
                $(const FINAL: bool = kinds!(@$final);)?

                $(
                    #[inline(always)]
                    fn tail_len(&self) -> usize {
                        self.$len as usize
                    }
                )?
            }
        )*

        /// Reports the slots of the object at `at`.
        ///
        /// # Safety
        /// It is a live object.
        pub(super) unsafe fn trace(at: NonNull<Header>, tracer: &mut Tracer<'_>) {
            // SAFETY: the caller's promise.
            let gc: Gc<'_, Header> = unsafe { Gc::from_header(at) };
            match gc.kind() {
                Kind::Free => {}
                $(Kind::$kind => trace_as::<$type>(gc, tracer),)*
            }
        }

        /// Drops the fields of the object at `at`.
        ///
        /// # Safety
        /// `at` is a live object that nothing refers to any more; it must not be used afterwards.
        pub(super) unsafe fn drop_fields(at: NonNull<Header>) {
            // SAFETY: the caller's promise: a live object.
            match unsafe { at.as_ref() }.kind {
                Kind::Free => {}
                $(Kind::$kind => {
                    if std::mem::needs_drop::<$type>() {
                        // SAFETY: the header's kind says that this type follows it, and the caller gives the object up.
                        unsafe { payload::<$type>(at).drop_in_place() }
                    }
                })*
            }
        }
    };
    (@FINAL) => { true };
}

fn trace_as<T: Object>(gc: Gc<'_, Header>, tracer: &mut Tracer<'_>) {
    gc.downcast::<T>()
        .expect("the header's kind chose this arm")
        .trace_all(tracer);
}

/// The fields after a header.
///
/// # Safety
/// `at` must be a cell with room for a `T` after its header.
pub(super) unsafe fn payload<T: Object>(at: NonNull<Header>) -> *mut T {
    // SAFETY: the caller's promise.
    unsafe { at.as_ptr().cast::<u8>().add(Gc::<T>::PAYLOAD).cast() }
}

kinds! {
    Str = str::Str [FINAL];
    StrBuf = str::StrBuf;
    Bytes = bytes::Bytes;
    ByteArray = bytes::ByteArray;
    Int = int::Int;
    Complex = complex::Complex;
    List = list::List;
    Tuple = tuple::Tuple, tail len [FINAL];
    Dict = dict::Dict;
    Set = set::Set;
    Range = range::Range;
    Slice = slice::Slice;
    Cell = cell::CellObj;
    Spill = cell::Spill;
    Code = code::CodeObj;
    Function = function::Function, tail ncells;
    Native = native::NativeFunction [FINAL];
    BoundMethod = function::BoundMethod;
    Descriptor = descriptor::Descriptor;
    Super = descriptor::Super;
    Class = class::Class;
    Instance = instance::Instance, tail capacity;
    Module = module::Module;
    Exception = exception::Exception;
    Traceback = traceback::Traceback;
    Frame = frame_object::FrameObject, tail nregs;
    Coroutine = coroutine::Coroutine, tail nregs;
    Iter = iter::Iter;
    View = view::View;
    Future = future::Future;
    Opaque = opaque::Opaque;
}
