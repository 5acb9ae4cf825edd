//! The Rust side of natives: functions, the steps of native coroutines, what waiters wait in.
//!
//! Objects on the heap hold a row's number instead of a pointer, so that a heap holds plain data. A row is made when something is
//! first needed.

use std::cell::RefCell;

use super::exec::coroutine::{NativeCoroutine, Waiting};
use super::native::Natives;

/// What objects on the heap name by number.
#[derive(Default)]
pub(in crate::vm) struct Registry {
    /// The native functions.
    pub natives: Natives,
    /// The native coroutines met so far.
    pub steps: Vec<&'static NativeCoroutine>,
    /// What waiters wait in, as met so far.
    pub waits: RefCell<Vec<&'static Waiting>>,
}
