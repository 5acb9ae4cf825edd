//! Arithmetic on plain numbers, with the results and the errors of CPython.
//!
//! What std or num-bigint does the same way as Python (addition, multiplication, bitwise operations) is not here.
//! Contract: nothing panics for any operands; a result that no memory could hold is a `MemoryError` before the work.

pub mod convert;
pub mod scale;
