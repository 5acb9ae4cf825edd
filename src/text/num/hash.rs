//! Hashes of numbers: equal numbers of any type hash alike, as in CPython.
//!
//! A number is reduced modulo the prime 2**61 - 1; the method is described in "Hashing of numeric types" of Python's
//! library reference. -1 is never a hash. NaN, which CPython hashes by address, hashes to 0: the caller may do better.

use num_traits::ToPrimitive;

use super::convert::decompose;
use crate::text::IntRef;

/// The prime that numbers are reduced by.
pub const MODULUS: u64 = (1 << BITS) - 1;
const BITS: i64 = 61;
const INFINITY: i64 = 314_159;
const IMAGINARY: i64 = 1_000_003;

/// `hash(value)` of an integer.
pub fn hash_int(value: IntRef<'_>) -> i64 {
    let size = match value {
        IntRef::Small(value) => value.unsigned_abs() % MODULUS,
        IntRef::Big(value) => (value.magnitude() % MODULUS)
            .to_u64()
            .expect("less than the modulus"),
    };
    finish(size, value.is_negative())
}

/// `hash(value)` of a float.
pub fn hash_float(value: f64) -> i64 {
    if value.is_nan() {
        return 0;
    }
    if value.is_infinite() {
        return if value > 0.0 { INFINITY } else { -INFINITY };
    }
    let (mantissa, exponent) = decompose(value.abs());
    // Doubling modulo 2**61 - 1 rotates the 61 bits.
    let turn = exponent.rem_euclid(BITS);
    let rotated = (mantissa << turn & MODULUS) | mantissa >> (BITS - turn);
    finish(rotated % MODULUS, value < 0.0)
}

/// `hash(complex(re, im))`
pub fn hash_complex(re: f64, im: f64) -> i64 {
    not_minus_one(hash_float(re).wrapping_add(IMAGINARY.wrapping_mul(hash_float(im))))
}

fn finish(size: u64, negative: bool) -> i64 {
    let size = size as i64;
    not_minus_one(if negative { -size } else { size })
}

/// -1 says "error" in CPython's C functions, so that no hash has this value.
fn not_minus_one(hash: i64) -> i64 {
    if hash == -1 { -2 } else { hash }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::oracle::{self, Number};

    #[test]
    fn hashes_agree_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/num_hash.tsv")) {
            let hash = match (Number::read(row[0]), &row[1..row.len() - 1]) {
                (Number::Int(value), _) => hash_int(value.as_ref()),
                (Number::Float(value), []) => hash_float(value),
                (Number::Float(re), [im, ..]) => hash_complex(re, Number::read(im).float()),
            };
            oracle::check(Ok(hash.to_string()), row[row.len() - 1], &row);
        }
    }
}
