//! Arithmetic on plain numbers, with the results and the errors of CPython.
//!
//! What std or num-bigint does the same way as Python (addition, multiplication, bitwise operations) is not here.
//! Contract: nothing panics for any operands; a result that no memory could hold is a `MemoryError` before the work.

pub mod bytes;
pub mod combinatorics;
pub mod complex;
pub mod complex_functions;
pub mod convert;
pub mod division;
pub mod elementary;
pub mod exact_sum;
pub mod float_digits;
pub mod float_parts;
pub mod gamma;
pub mod hash;
pub mod long_product;
pub mod power;
pub mod rounding;
pub mod scale;
pub mod shift;

use super::{TextError, TextResult};

/// The most bits that the result of a power, shift or factorial may have: half a gigabyte.
pub const MAX_INT_BITS: u64 = 1 << 32;

/// Refuses a result of more than [`MAX_INT_BITS`] before anything is computed.
fn check_bits(bits: u128) -> TextResult<()> {
    if bits > u128::from(MAX_INT_BITS) {
        Err(TextError::memory())
    } else {
        Ok(())
    }
}
