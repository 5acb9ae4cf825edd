//! What the language can do to values: arithmetic, comparison, attributes, subscripts, iteration, text.
//!
//! Each file holds one topic in two sorts of methods: `*_op(instr)` for an instruction's slow path, and the operation itself on
//! locals (`vm.get_attr(object, name)`), which natives use as well. An operation looks for the special method of the operand's
//! class and calls it. To add an operation: a file named after it and a line here.

pub mod arith;
pub(in crate::vm) mod attribute;
pub(in crate::vm) mod attribute_assign;
pub(in crate::vm) mod attribute_error;
pub(in crate::vm) mod buffer;
pub mod compare;
pub(in crate::vm) mod concat;
pub(in crate::vm) mod contains;
pub(in crate::vm) mod convert;
pub(in crate::vm) mod dict_lookup;
pub(in crate::vm) mod equality;
pub(in crate::vm) mod item_fast_path;
pub mod iterate;
pub(in crate::vm) mod number;
pub(in crate::vm) mod order;
pub(in crate::vm) mod restart;
mod set_compare;
pub(in crate::vm) mod set_ops;
mod set_views;
pub(in crate::vm) mod slice;
pub(in crate::vm) mod slice_assign;
pub(in crate::vm) mod subscript;
pub(in crate::vm) mod text;
pub(in crate::vm) mod warning;
