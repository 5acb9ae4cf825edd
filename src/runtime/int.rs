//! Integers too large for a value's 48 bits: an `i64` where it suffices, else limbs.
//!
//! Contract: an integer that fits 48 bits is never a heap object, one that fits 64 never has limbs; so equal integers have
//! equal representations. `heap.int*` normalise.

#![expect(unsafe_code, reason = "declares that the type has no slots")]

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::heap::{Gc, Heap, Trace, Tracer, plain};
use super::value::Value;
use crate::text::{self, IntRef};

/// An integer outside of the 48-bit range.
pub enum Int {
    /// Fits 64 bits.
    Wide(i64),
    /// Does not.
    Big(BigInt),
}

// SAFETY: an integer has no slots.
unsafe impl Trace for Int {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        plain(self);
        if let Int::Big(n) = self {
            tracer.external(n.bits() as usize / 8);
        }
    }
}

impl<'h> Value<'h> {
    /// The integer, of any size; booleans count.
    pub fn as_any_int(self) -> Option<IntRef<'h>> {
        if let Some(n) = self.as_int_or_bool() {
            return Some(IntRef::Small(n));
        }
        let gc: Gc<'h, Int> = self.as_gc()?;
        Some(match gc.get() {
            Int::Wide(n) => IntRef::Small(*n),
            Int::Big(n) => IntRef::Big(n),
        })
    }

    /// The integer if it fits 64 bits; booleans count.
    #[inline]
    pub fn as_i64(self) -> Option<i64> {
        if let Some(n) = self.as_int() {
            return Some(n);
        }
        match self.as_any_int()? {
            IntRef::Small(n) => Some(n),
            IntRef::Big(_) => None,
        }
    }
}

impl Heap {
    /// An integer value.
    #[inline(always)]
    pub fn int(&self, n: i64) -> Value<'_> {
        match Value::try_int(n) {
            Some(value) => value,
            None => self.wide_int(n),
        }
    }

    #[inline(never)]
    fn wide_int(&self, n: i64) -> Value<'_> {
        self.alloc(Int::Wide(n)).value()
    }

    /// An integer value of any size.
    pub fn big_int(&self, n: BigInt) -> Value<'_> {
        match n.to_i64() {
            Some(small) => self.int(small),
            None => {
                self.charge(n.bits() as usize / 8);
                self.alloc(Int::Big(n)).value()
            }
        }
    }

    /// An integer value from plain data.
    pub fn any_int(&self, n: text::Int) -> Value<'_> {
        match n {
            text::Int::Small(n) => self.int(n),
            text::Int::Big(n) => self.big_int(n),
        }
    }

    /// An integer value from a machine size.
    pub fn usize(&self, n: usize) -> Value<'_> {
        self.int(n as i64)
    }
}
