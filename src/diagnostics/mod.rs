//! Where things are in source text, and what to say about them.
//!
//! A `Diagnostic` is data: passes collect them and go on; only the edge of the program renders them.
//! This is the lowest layer: it names no other module of apy. To add a code for a new mistake, add
//! one row to `codes.rs`.

pub mod codes;
pub mod diagnostic;
mod fit;
pub mod render;
pub mod similar;
pub mod source_map;
pub mod span;

pub use codes::ErrorCode;
pub use diagnostic::{Diagnostic, Finder, Fix, Label, Severity};
pub use fit::{fit, fit_to, fitted, width};
pub use render::{Color, excerpt, presentable_text, render, render_in};
pub use source_map::{FileId, LineColumn, SourceFile, SourceMap};
pub use span::Span;
