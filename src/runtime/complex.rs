//! Complex numbers.
//!
//! Two floats, immutable. Arithmetic is in `text/num/complex.rs`, operators and methods in
//! `stdlib/builtins/types/complex.rs`.

use super::heap::traced;

/// A complex number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Complex {
    /// The real part.
    pub re: f64,
    /// The imaginary part.
    pub im: f64,
}

traced!(Complex {} plain { re, im });
