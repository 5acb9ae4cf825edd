//! A value in 64 bits.
//!
//! Floats are themselves; everything else hides in the negative quiet NaNs. The top 16 bits tell:
//! `0xFFFF` a 48-bit integer, `0xFFFC` a pointer to a heap object, `0xFFFB` a singleton (None, False, True, Ellipsis,
//! NotImplemented, Undef), all else a float, whose NaN is below all tags. "Both are small ints" is one AND and one
//! compare; sums work on the integers shifted left by 16, so that their overflow is the CPU's flag.
//!
//! `'h` borrows the heap: a value cannot be held while the heap collects.

#![expect(
    unsafe_code,
    reason = "one of the core's wrapper types: takes addresses out of its bits"
)]

use std::marker::PhantomData;

use super::heap::{Gc, Header, Heap, Object};
use crate::bytecode::Imm;

const TAG_SHIFT: u32 = 48;
const INT_TAG: u64 = 0xFFFF << TAG_SHIFT;
const PTR_TAG: u64 = 0xFFFC << TAG_SHIFT;
const IMM_TAG: u64 = 0xFFFB << TAG_SHIFT;
const CANONICAL_NAN: u64 = 0x7FF8 << TAG_SHIFT;
/// The bits that tell NaNs apart.
const NAN_NUMBERS: u64 = (1 << TAG_SHIFT) - 1;

/// The largest integer that needs no heap object.
pub const INT_MAX: i64 = (1 << 47) - 1;
/// The smallest integer that needs no heap object.
pub const INT_MIN: i64 = -(1 << 47);

/// Any apy value, valid while the heap `'h` does not collect.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Value<'h>(u64, PhantomData<&'h Heap>);

const _: () = assert!(size_of::<Value<'_>>() == 8);

/// A value taken apart, for slow paths.
#[derive(Clone, Copy)]
pub enum Unpacked<'h> {
    /// No value: an unbound local, an omitted argument.
    Undef,
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// `...`.
    Ellipsis,
    /// `NotImplemented`.
    NotImplemented,
    /// A small integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A heap object; its kind tells which.
    Object(Gc<'h, Header>),
}

impl<'h> Value<'h> {
    /// No value.
    pub const UNDEF: Value<'static> = Value::immediate(Imm::Undef as u32);
    /// `None`.
    pub const NONE: Value<'static> = Value::immediate(Imm::None as u32);
    /// `False`.
    pub const FALSE: Value<'static> = Value::immediate(Imm::False as u32);
    /// `True`.
    pub const TRUE: Value<'static> = Value::immediate(Imm::True as u32);
    /// `...`.
    pub const ELLIPSIS: Value<'static> = Value::immediate(Imm::Ellipsis as u32);
    /// `NotImplemented`.
    pub const NOT_IMPLEMENTED: Value<'static> = Value::immediate(Imm::NotImplemented as u32);

    /// A boolean.
    #[inline(always)]
    pub const fn bool(b: bool) -> Value<'h> {
        Value::immediate(Imm::False as u32 + b as u32)
    }

    /// The singleton numbered as `bytecode::Imm` numbers it.
    #[inline(always)]
    pub const fn immediate(n: u32) -> Value<'h> {
        Value(IMM_TAG | n as u64, PhantomData)
    }

    /// An integer that is known to fit 48 bits.
    #[inline(always)]
    pub const fn small_int(n: i64) -> Value<'h> {
        debug_assert!(n >= INT_MIN && n <= INT_MAX);
        Value::from_shifted((n as u64) << 16)
    }

    /// An integer, given shifted left by 16.
    #[inline(always)]
    const fn from_shifted(n: u64) -> Value<'h> {
        Value(INT_TAG | n >> 16, PhantomData)
    }

    /// An integer, if it fits 48 bits.
    #[inline(always)]
    pub const fn try_int(n: i64) -> Option<Value<'h>> {
        if n >= INT_MIN && n <= INT_MAX {
            Some(Value::small_int(n))
        } else {
            None
        }
    }

    /// A float.
    #[inline(always)]
    pub fn float(x: f64) -> Value<'h> {
        Value(
            if x.is_nan() {
                CANONICAL_NAN
            } else {
                x.to_bits()
            },
            PhantomData,
        )
    }

    /// A NaN that is another object than NaNs with another number.
    pub fn nan(number: u64) -> Value<'h> {
        Value(CANONICAL_NAN | number & NAN_NUMBERS, PhantomData)
    }

    /// What `+ - * /` made of floats that were values. Its NaN is one of theirs or the processor's default one, whose bits are below
    /// all tags: it need not be made canonical.
    #[inline(always)]
    pub fn float_result(x: f64) -> Value<'h> {
        debug_assert!(x.to_bits() < IMM_TAG);
        Value(x.to_bits(), PhantomData)
    }

    /// A heap object.
    #[inline(always)]
    pub fn object<T: ?Sized + Object>(gc: Gc<'h, T>) -> Value<'h> {
        Value(PTR_TAG | gc.address() as u64, PhantomData)
    }

    /// The bits, for registers and slots.
    #[inline(always)]
    pub(in crate::runtime) const fn bits(self) -> u64 {
        self.0
    }

    /// From bits that a slot or register holds.
    ///
    /// # Safety
    /// They are those of a value whose object, if it is one, lives as long as `'h` borrows its heap.
    #[inline(always)]
    pub(in crate::runtime) const unsafe fn from_bits(bits: u64) -> Value<'h> {
        Value(bits, PhantomData)
    }

    /// Whether two values are the same object (`is`): equal bits, except that small floats are compared by bits too.
    #[inline(always)]
    pub fn is(self, other: Value<'_>) -> bool {
        self.0 == other.0
    }

    /// The integer in it, if it is a small one.
    #[inline(always)]
    pub fn as_int(self) -> Option<i64> {
        if self.0 >= INT_TAG {
            Some(((self.0 << 16) as i64) >> 16)
        } else {
            None
        }
    }

    /// The integer in it, booleans counting as 0 and 1.
    #[inline]
    pub fn as_int_or_bool(self) -> Option<i64> {
        self.as_int().or_else(|| self.as_bool().map(i64::from))
    }

    /// The float in it.
    #[inline(always)]
    pub fn as_float(self) -> Option<f64> {
        if self.is_float() {
            Some(f64::from_bits(self.0))
        } else {
            None
        }
    }

    /// The boolean in it.
    #[inline(always)]
    pub fn as_bool(self) -> Option<bool> {
        if self.0 == Self::TRUE.0 {
            Some(true)
        } else if self.0 == Self::FALSE.0 {
            Some(false)
        } else {
            None
        }
    }

    /// Truthiness of bool, small int and None; `None` (Rust) for all else.
    #[inline(always)]
    pub fn plain_truth(self) -> Option<bool> {
        match self.as_bool() {
            None if self.is_int() => Some(self.0 != INT_TAG),
            None if self.is_none() => Some(false),
            truth => truth,
        }
    }

    /// Whether it is a small integer.
    #[inline(always)]
    pub fn is_int(self) -> bool {
        self.0 >= INT_TAG
    }

    /// Whether it is a float.
    #[inline(always)]
    pub fn is_float(self) -> bool {
        self.0 < IMM_TAG
    }

    /// Whether it is a heap object.
    #[inline(always)]
    pub fn is_object(self) -> bool {
        self.0 >> TAG_SHIFT == 0xFFFC
    }

    /// Whether it is `None`.
    #[inline(always)]
    pub fn is_none(self) -> bool {
        self.0 == Self::NONE.0
    }

    /// Whether it is no value at all.
    #[inline(always)]
    pub fn is_undef(self) -> bool {
        self.0 == Self::UNDEF.0
    }

    /// Whether it is `True` or `False`.
    #[inline(always)]
    pub fn is_bool(self) -> bool {
        self.0 == Self::TRUE.0 || self.0 == Self::FALSE.0
    }

    /// This value, or `other` where this is Undef (an omitted argument).
    #[inline]
    pub fn or(self, other: Value<'h>) -> Value<'h> {
        if self.is_undef() { other } else { self }
    }

    /// This value, unless it is Undef.
    #[inline]
    pub fn defined(self) -> Option<Value<'h>> {
        if self.is_undef() { None } else { Some(self) }
    }

    /// Whether these bits are those of an object.
    #[inline(always)]
    pub(in crate::runtime) fn is_address(bits: u64) -> bool {
        bits.wrapping_sub(PTR_TAG) >> TAG_SHIFT == 0
    }

    /// The address in the bits of an object.
    #[inline(always)]
    pub(in crate::runtime) fn address_in(bits: u64) -> usize {
        bits.wrapping_sub(PTR_TAG) as usize
    }

    /// The heap object, of whatever kind.
    #[inline(always)]
    pub fn as_object(self) -> Option<Gc<'h, Header>> {
        // The difference is the address if the tag is this one, and larger than any address if not.
        let address = self.0.wrapping_sub(PTR_TAG);
        if address >> TAG_SHIFT == 0 {
            // SAFETY: with this tag the bits are an address that `object` took from a `Gc<'h>`.
            Some(unsafe { Gc::from_address(address as usize) })
        } else {
            None
        }
    }

    /// The `T` in it.
    ///
    /// # Safety
    /// There is one.
    #[inline(always)]
    pub(in crate::runtime) unsafe fn trusted<T: Object>(self) -> Gc<'h, T> {
        debug_assert!(self.is_gc::<T>());
        // SAFETY: the caller knows that the bits are the address of a `T`, which `object` took from a `Gc<'h>`.
        unsafe { Gc::from_address(self.0.wrapping_sub(PTR_TAG) as usize) }
    }

    /// The heap object, if it is of kind `T`.
    #[inline(always)]
    pub fn as_gc<T: Object>(self) -> Option<Gc<'h, T>> {
        self.as_object()?.downcast()
    }

    /// Whether it is a heap object of kind `T`.
    #[inline(always)]
    pub fn is_gc<T: Object>(self) -> bool {
        self.as_gc::<T>().is_some()
    }

    /// Takes the value apart.
    pub fn unpack(self) -> Unpacked<'h> {
        if let Some(n) = self.as_int() {
            return Unpacked::Int(n);
        }
        if let Some(x) = self.as_float() {
            return Unpacked::Float(x);
        }
        if let Some(o) = self.as_object() {
            return Unpacked::Object(o);
        }
        const NONE: u64 = Value::NONE.0;
        const FALSE: u64 = Value::FALSE.0;
        const TRUE: u64 = Value::TRUE.0;
        const ELLIPSIS: u64 = Value::ELLIPSIS.0;
        const NOT_IMPLEMENTED: u64 = Value::NOT_IMPLEMENTED.0;
        match self.0 {
            NONE => Unpacked::None,
            FALSE => Unpacked::Bool(false),
            TRUE => Unpacked::Bool(true),
            ELLIPSIS => Unpacked::Ellipsis,
            NOT_IMPLEMENTED => Unpacked::NotImplemented,
            _ => Unpacked::Undef,
        }
    }

    /// Both as floats, if both are.
    #[inline(always)]
    pub fn both_floats(a: Value<'_>, b: Value<'_>) -> Option<(f64, f64)> {
        if a.is_float() && b.is_float() {
            Some((f64::from_bits(a.0), f64::from_bits(b.0)))
        } else {
            None
        }
    }

    /// Both as floats, if one is a float and the other a small integer, which every float type holds without loss.
    #[inline(always)]
    pub fn mixed_floats(a: Value<'_>, b: Value<'_>) -> Option<(f64, f64)> {
        match (a.as_float(), b.as_float()) {
            (Some(x), None) => b.as_int().map(|n| (x, n as f64)),
            (None, Some(y)) => a.as_int().map(|n| (n as f64, y)),
            _ => None,
        }
    }

    /// Whether both are small integers.
    #[inline(always)]
    pub fn both_ints(a: Value<'_>, b: Value<'_>) -> bool {
        a.0 & b.0 >= INT_TAG
    }

    /// `a + b`, if both are small integers and so is the sum.
    #[inline(always)]
    pub fn add_ints(a: Value<'_>, b: Value<'_>) -> Option<Value<'h>> {
        if !Value::both_ints(a, b) {
            return None;
        }
        let (sum, overflow) = ((a.0 << 16) as i64).overflowing_add((b.0 << 16) as i64);
        if overflow {
            None
        } else {
            Some(Value::from_shifted(sum as u64))
        }
    }

    /// `a - b`, if both are small integers and so is the difference.
    #[inline(always)]
    pub fn sub_ints(a: Value<'_>, b: Value<'_>) -> Option<Value<'h>> {
        if !Value::both_ints(a, b) {
            return None;
        }
        let (diff, overflow) = ((a.0 << 16) as i64).overflowing_sub((b.0 << 16) as i64);
        if overflow {
            None
        } else {
            Some(Value::from_shifted(diff as u64))
        }
    }

    /// `a * b`, if both are small integers and so is the product.
    #[inline(always)]
    pub fn mul_ints(a: Value<'_>, b: Value<'_>) -> Option<Value<'h>> {
        if !Value::both_ints(a, b) {
            return None;
        }
        let x = ((a.0 << 16) as i64) >> 16;
        let (product, overflow) = ((b.0 << 16) as i64).overflowing_mul(x);
        if overflow {
            None
        } else {
            Some(Value::from_shifted(product as u64))
        }
    }

    /// The two small integers, if both are.
    #[inline(always)]
    pub fn int_pair(a: Value<'_>, b: Value<'_>) -> Option<(i64, i64)> {
        if Value::both_ints(a, b) {
            Some((((a.0 << 16) as i64) >> 16, ((b.0 << 16) as i64) >> 16))
        } else {
            None
        }
    }
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.unpack() {
            Unpacked::Undef => f.write_str("Undef"),
            Unpacked::None => f.write_str("None"),
            Unpacked::Bool(b) => write!(f, "{b}"),
            Unpacked::Ellipsis => f.write_str("Ellipsis"),
            Unpacked::NotImplemented => f.write_str("NotImplemented"),
            Unpacked::Int(n) => write!(f, "{n}"),
            Unpacked::Float(x) => write!(f, "{x:?}"),
            Unpacked::Object(o) => write!(f, "<{:?}>", o.kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_ints_survive_packing() {
        for n in [0, 1, -1, 42, INT_MAX, INT_MIN, 1 << 40, -(1 << 40)] {
            let v = Value::small_int(n);
            assert_eq!(v.as_int(), Some(n));
            assert!(!v.is_float() && !v.is_object() && !v.is_none());
            assert_eq!(v.plain_truth(), Some(n != 0));
        }
        assert!(Value::try_int(INT_MAX + 1).is_none());
    }

    #[test]
    fn every_float_is_a_float() {
        for x in [
            0.0,
            -0.0,
            1.5,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            -f64::NAN,
            f64::MIN,
            f64::MAX,
        ] {
            let v = Value::float(x);
            assert!(v.is_float() && !v.is_int() && !v.is_object(), "{x}");
        }
    }

    #[test]
    fn sums_overflow_into_none() {
        let (max, one) = (Value::small_int(INT_MAX), Value::small_int(1));
        assert!(Value::add_ints(max, one).is_none());
        assert!(Value::sub_ints(Value::small_int(INT_MIN), one).is_none());
        assert_eq!(
            Value::add_ints(max, Value::small_int(-1)).and_then(Value::as_int),
            Some(INT_MAX - 1)
        );
        assert!(Value::mul_ints(max, max).is_none());
        assert_eq!(
            Value::mul_ints(Value::small_int(-3), Value::small_int(7)).and_then(Value::as_int),
            Some(-21)
        );
        assert!(Value::add_ints(one, Value::float(1.0)).is_none());
    }
}
