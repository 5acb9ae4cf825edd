//! `_statistics`: exact sums for `statistics` (library/statistics.apy).
//!
//! A float is a whole number times a power of two, so sums of floats and of their squares are kept by power, in 128 bits as long as they fit,
//! and put together at the end. What is neither an integer of 64 bits nor a finite float is left to the module in apy.

use num_bigint::BigInt;
use rustc_hash::FxHashMap;

use super::registry::NativeModule;
use crate::runtime::list::List;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::vm::Native;

/// The module.
pub const STATISTICS: NativeModule = NativeModule {
    functions: &[&SUMS],
    ..NativeModule::of("_statistics", "The native part of statistics.")
};

const SUMS: Native = Native::leaf(
    "_sums(data, /)",
    "The type of a list's or tuple's numbers, numerator and denominator of their sum and of the sum of their squares, and their count. \
     None: not all of them are small integers or finite floats.",
    |heap, args| {
        let data = args.get(0);
        let values = match (data.as_gc::<List>(), data.as_gc::<Tuple>()) {
            (Some(list), _) => list.to_vec(heap),
            (_, Some(tuple)) => tuple.to_vec(heap),
            _ => return Ok(Value::NONE),
        };
        heap.poll(values.len())?;
        let mut sums = Sums::default();
        if values.is_empty() || !values.iter().all(|&value| sums.add(value)) {
            return Ok(Value::NONE);
        }
        sums.result(heap, values.len())
    },
);

/// A sum in 128 bits, and what went beyond.
#[derive(Default)]
struct Wide {
    near: i128,
    far: BigInt,
}

impl Wide {
    fn add(&mut self, n: i128) {
        match self.near.checked_add(n) {
            Some(sum) => self.near = sum,
            None => {
                self.far += self.near;
                self.near = n;
            }
        }
    }

    fn total(&self) -> BigInt {
        &self.far + self.near
    }
}

/// The sums of numbers that are multiples of one power of two.
#[derive(Default)]
struct Power {
    values: Wide,
    squares: Wide,
}

#[derive(Default)]
struct Sums {
    by_exponent: FxHashMap<i32, Power>,
    has_floats: bool,
}

/// The bits of a float's fraction.
const FRACTION: u32 = 52;

impl Sums {
    /// Adds a number; false: it is of another kind.
    fn add(&mut self, value: Value<'_>) -> bool {
        let (number, exponent) = match (value.as_float(), value.is_bool()) {
            (Some(x), _) if x.is_finite() => {
                self.has_floats = true;
                parts(x)
            }
            (None, false) => match value.as_i64() {
                Some(n) => (n, 0),
                None => return false,
            },
            _ => return false,
        };
        let power = self.by_exponent.entry(exponent).or_default();
        power.values.add(i128::from(number));
        power.squares.add(i128::from(number) * i128::from(number));
        true
    }

    fn result<'h>(&self, heap: &'h Heap, count: usize) -> Result<Value<'h>, Raised> {
        let least = self.by_exponent.keys().copied().min().unwrap_or(0).min(0);
        let (mut sum, mut squares) = (BigInt::default(), BigInt::default());
        for (exponent, power) in &self.by_exponent {
            let shift = (exponent - least).unsigned_abs();
            sum += power.values.total() << shift;
            squares += power.squares.total() << (2 * shift);
        }
        let bits = least.unsigned_abs();
        let kind = match self.has_floats {
            true => Builtin::Float,
            false => Builtin::Int,
        };
        let [sum, sum_of] = reduced(heap, sum, u64::from(bits));
        let [squares, squares_of] = reduced(heap, squares, 2 * u64::from(bits));
        let parts = [
            heap.types.class(heap, kind).value(),
            sum,
            sum_of,
            squares,
            squares_of,
            heap.usize(count),
        ];
        Ok(heap.tuple(&parts).value())
    }
}

/// A whole number and the power of two by which it must be multiplied.
fn parts(x: f64) -> (i64, i32) {
    let bits = x.to_bits();
    let fraction = (bits & ((1 << FRACTION) - 1)) as i64;
    let exponent = (bits >> FRACTION & 0x7ff) as i32;
    let (number, exponent) = match exponent {
        0 => (fraction, -1074),
        _ => (fraction | 1 << FRACTION, exponent - 1075),
    };
    let zeros = number.trailing_zeros().min(FRACTION) as i32;
    let (number, exponent) = match number {
        0 => (0, 0),
        // Whole numbers share one row.
        _ if exponent < 0 && zeros >= -exponent => (number >> -exponent, 0),
        _ => (number, exponent),
    };
    (if x < 0.0 { -number } else { number }, exponent)
}

/// A number over a power of two, in lowest terms.
fn reduced(heap: &Heap, number: BigInt, bits: u64) -> [Value<'_>; 2] {
    let zeros = number.trailing_zeros().unwrap_or(bits).min(bits);
    let denominator = BigInt::from(1) << (bits - zeros);
    [heap.big_int(number >> zeros), heap.big_int(denominator)]
}
