//! The one error type of running code.
//!
//! A `Raised` says only that an exception is on its way; the exception itself waits in `heap.pending`, which the collector
//! knows. Whoever handles a `Raised` takes it from there (`take_raised`).

use super::exception::Exception;
use super::heap::{Gc, Heap};
use super::types::Builtin;
use super::value::Value;
use crate::text::num::power::range_error;
use crate::text::{ErrorKind, TextError};

/// An exception is in `heap.pending`.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an exception was raised and must reach a handler"]
pub struct Raised(());

impl Heap {
    /// Raises a builtin exception with a message as its only argument.
    #[cold]
    #[inline(never)]
    pub fn raise(&self, class: Builtin, message: impl AsRef<str>) -> Raised {
        let message = self.str_value(message.as_ref());
        self.raise_with(class, &[message])
    }

    /// Raises a builtin exception with these arguments.
    #[cold]
    #[inline(never)]
    pub fn raise_with<'h>(&'h self, class: Builtin, args: &[Value<'h>]) -> Raised {
        let exception = self.exception(self.types.class(self, class), args);
        self.raise_exception(exception)
    }

    /// Raises an exception object.
    #[cold]
    pub fn raise_exception(&self, exception: Gc<'_, Exception>) -> Raised {
        self.pending.set(exception.value());
        Raised(())
    }

    /// TypeError with a message.
    #[cold]
    #[inline(never)]
    pub fn type_error(&self, message: impl AsRef<str>) -> Raised {
        self.raise(Builtin::TypeError, message)
    }

    /// ValueError with a message.
    #[cold]
    #[inline(never)]
    pub fn value_error(&self, message: impl AsRef<str>) -> Raised {
        self.raise(Builtin::ValueError, message)
    }

    /// MemoryError, without a message as in CPython.
    #[cold]
    #[inline(never)]
    pub fn memory_error(&self) -> Raised {
        self.raise_with(Builtin::MemoryError, &[])
    }

    /// What an algorithm on plain data found wrong, as an exception.
    #[cold]
    #[inline(never)]
    pub fn raise_text(&self, error: TextError) -> Raised {
        let class = match error.kind {
            ErrorKind::Value => Builtin::ValueError,
            ErrorKind::Type => Builtin::TypeError,
            ErrorKind::Overflow if error == range_error() => {
                // C's errno and its text are two arguments.
                let text = self.str_value("Numerical result out of range");
                return self.raise_with(Builtin::OverflowError, &[Value::small_int(34), text]);
            }
            ErrorKind::Overflow => Builtin::OverflowError,
            ErrorKind::ZeroDivision => Builtin::ZeroDivisionError,
            ErrorKind::Index => Builtin::IndexError,
            ErrorKind::Memory => return self.memory_error(),
            ErrorKind::Ended => return self.raise_pending(),
        };
        self.raise(class, error.message)
    }

    /// Announces the exception in `pending` again, after it was passed on in other ways.
    pub fn raise_pending(&self) -> Raised {
        debug_assert!(!self.pending.is_undef());
        Raised(())
    }

    /// The exception that a `Raised` announced; the caller now answers for it.
    pub fn take_raised(&self, _: Raised) -> Gc<'_, Exception> {
        let exception = self.pending.expect(self);
        self.pending.clear();
        exception
    }

    /// The exception that a `Raised` announces, left where it is.
    pub fn peek_raised(&self, _: &Raised) -> Gc<'_, Exception> {
        self.pending.expect(self)
    }
}
