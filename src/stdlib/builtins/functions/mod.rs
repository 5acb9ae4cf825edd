//! The builtin functions, by area.
//!
//! Each file has its table, `FUNCTIONS`, on top. To add a function: its `Native` and plain `fn` in the file of its area, one name in
//! that table. A new area is a file, a `mod` line and a word in `ALL`.

mod attributes;
pub mod code;
mod conversion;
mod files;
mod iteration;
pub mod number;
pub mod object;
pub mod output;
pub mod program;
mod reduction;
mod scope;

use crate::vm::Native;

/// All tables.
pub const ALL: &[&[&Native]] = &[
    attributes::FUNCTIONS,
    code::FUNCTIONS,
    conversion::FUNCTIONS,
    files::FUNCTIONS,
    iteration::FUNCTIONS,
    number::FUNCTIONS,
    object::FUNCTIONS,
    output::FUNCTIONS,
    program::FUNCTIONS,
    reduction::FUNCTIONS,
    scope::FUNCTIONS,
];
