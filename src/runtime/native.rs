//! Functions written in Rust, as the heap sees them: a number in the VM's table of natives.
//!
//! The table itself is in `vm/native.rs`, because what a native does takes the VM; this layer only needs to store one.

use super::heap::{Slot, traced};

/// A builtin function or method.
pub struct NativeFunction {
    /// Its row in the VM's table.
    pub id: u32,
    /// Whether it is the `__new__` of a builtin type: what it makes is wrapped where a subclass was asked for.
    pub is_new: bool,
    /// The class whose method it is, else Undef.
    pub owner: Slot,
    /// The module that it is a function of (a string), else Undef.
    pub module: Slot,
}

traced!(NativeFunction { owner, module } plain { id, is_new });
