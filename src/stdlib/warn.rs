//! Warnings that natives issue: they go through the module `warnings`, so that a program filters, records and shows them.
//!
//! A native is no call that frames show, so the warning is about the line that calls it.

use crate::runtime::{Builtin, Raised};
use crate::vm::Vm;

/// Issues a warning of a builtin class.
///
/// # Errors
/// The warning itself, where a filter makes it an exception.
pub fn warn(vm: &mut Vm, category: Builtin, message: &str) -> Result<(), Raised> {
    vm.warn(category, message)
}
