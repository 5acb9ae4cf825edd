//! Ranges whose bounds, step or positions do not fit 64 bits.
//!
//! Such a range is an opaque object of the class `range`, so the fast paths, which look for `Range`, never see one; its methods are in
//! `stdlib/builtins/types/wide_range.rs`. `Heap::any_range` makes whichever of the two fits.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::heap::{Heap, traced};
use super::opaque::{Opaque, Payload};
use super::range::Range;
use super::types::Builtin;
use super::value::Value;

/// A range of integers of any size, as numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WideRange {
    /// First item.
    pub start: BigInt,
    /// Where it ends, exclusive.
    pub stop: BigInt,
    /// Distance of two items, not zero.
    pub step: BigInt,
}

traced!(WideRange {} plain { start, stop, step });

impl Payload for WideRange {
    fn is_sequence(&self) -> bool {
        true
    }
}

impl WideRange {
    /// The numbers of a range of either kind.
    pub fn of(value: Value<'_>) -> Option<WideRange> {
        if let Some(range) = value.as_gc::<Range>() {
            return Some(WideRange {
                start: range.start.into(),
                stop: range.stop.into(),
                step: range.step.into(),
            });
        }
        value.as_gc::<Opaque>()?.payload::<WideRange>().cloned()
    }

    /// Number of items.
    pub fn len(&self) -> BigInt {
        let span = match self.step.is_negative() {
            true => &self.start - &self.stop,
            false => &self.stop - &self.start,
        };
        match span.is_positive() {
            true => (span - BigInt::one()) / self.step.abs() + BigInt::one(),
            false => BigInt::zero(),
        }
    }

    /// The item at a position.
    pub fn at(&self, position: &BigInt) -> BigInt {
        &self.start + position * &self.step
    }

    /// The position of a number.
    pub fn index(&self, n: &BigInt) -> Option<BigInt> {
        let (position, rest) = (n - &self.start).div_rem(&self.step);
        let inside = !position.is_negative() && position < self.len();
        (rest.is_zero() && inside).then_some(position)
    }
}

impl Heap {
    /// `range(start, stop, step)` of numbers of any size.
    pub fn any_range(&self, range: WideRange) -> Value<'_> {
        let [start, stop, step] = [&range.start, &range.stop, &range.step].map(ToPrimitive::to_i64);
        if let (Some(start), Some(stop), Some(step)) = (start, stop, step) {
            let narrow = Range { start, stop, step };
            if i64::try_from(narrow.len()).is_ok() {
                return self.alloc(narrow).value();
            }
        }
        let class = self.types.class(self, Builtin::Range);
        self.opaque(class, range).value()
    }
}
