//! Where things are in source text, and what to say about them.
//!
//! A `Diagnostic` is data: passes collect them and go on; only the edge of the program renders them.
//! This is the lowest layer: it names no other module of apy. To add a code for a new mistake, add
//! one row to `codes.rs`.

pub mod span;

pub use span::Span;
