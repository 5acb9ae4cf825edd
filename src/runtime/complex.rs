//! Complex numbers.
//!
//! Two floats, immutable. Arithmetic is in `text/num/complex.rs`, operators and methods in
//! `stdlib/builtins/types/complex.rs`.

#![expect(unsafe_code, reason = "declares that the type has no slots")]

use super::heap::{Kind, Object, Tracer};

/// A complex number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Complex {
    /// The real part.
    pub re: f64,
    /// The imaginary part.
    pub im: f64,
}

// SAFETY: paired with `Kind::Complex` in `kinds!`; no slots.
unsafe impl Object for Complex {
    const KIND: Kind = Kind::Complex;

    fn trace(&self, _: &mut Tracer<'_>) {}
}
