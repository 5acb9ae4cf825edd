//! Classes: how a `class` statement makes one, where attributes of a class are found, and which objects are its instances.
//!
//! The representation of a class is `runtime/class.rs`; here is what may run user code: metaclasses, `__init_subclass__`,
//! `__set_name__`, `__instancecheck__`. To add a topic: a file named after it and a line here.

pub mod bases;
pub(in crate::vm) mod class;
pub(in crate::vm) mod class_attr;
pub(in crate::vm) mod instance_check;
pub(in crate::vm) mod mro;
mod new_class;
pub mod order;
pub(in crate::vm) mod slots;
pub(in crate::vm) mod type_param;
