//! The builtin function about files: `open`.
//!
//! It is the function of the module `io`, where it is written; here it only gets its place among the builtins.

use crate::stdlib::io::OPEN;
use crate::vm::Native;

/// The functions of this file.
pub const FUNCTIONS: &[&Native] = &[&OPEN];
