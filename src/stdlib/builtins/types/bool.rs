//! `bool`: what it has beside int. `&`, `|` and `^` of two bools are bools.
//!
//! Everything else is int's, for bool derives from it. To add a method: a `Native`, its function, a word in the table.

use super::number::{Tower, binary, reflected};
use crate::runtime::{Builtin, Value};
use crate::stdlib::arg::{given, plain_value};
use crate::stdlib::registry::NativeType;
use crate::vm::Native;
use crate::vm::protocol::arith::Operator;

/// The table.
pub const TYPES: &[NativeType] = &[NativeType {
    new: Some(&NEW),
    methods: OPERATORS,
    ..NativeType::of(
        Builtin::Bool,
        "Return True when the argument is true, False otherwise. True and False are the only instances, and are integers.",
    )
}];

/// The special methods.
#[rustfmt::skip]
const OPERATORS: &[&Native] = &[
    &REPR,
    &Native::vm("__and__(self, value, /)", "Return self&value.", |vm, a| binary(vm, a, Tower::Int, Operator::BitAnd)),
    &Native::vm("__rand__(self, value, /)", "Return value&self.", |vm, a| reflected(vm, a, Tower::Int, Operator::BitAnd)),
    &Native::vm("__or__(self, value, /)", "Return self|value.", |vm, a| binary(vm, a, Tower::Int, Operator::BitOr)),
    &Native::vm("__ror__(self, value, /)", "Return value|self.", |vm, a| reflected(vm, a, Tower::Int, Operator::BitOr)),
    &Native::vm("__xor__(self, value, /)", "Return self^value.", |vm, a| binary(vm, a, Tower::Int, Operator::BitXor)),
    &Native::vm("__rxor__(self, value, /)", "Return value^self.", |vm, a| reflected(vm, a, Tower::Int, Operator::BitXor)),
];

const NEW: Native = Native::vm(
    "__new__(cls, object=False, /)",
    "Create and return a new object.",
    |vm, a| {
        let truth = match given(vm, a.at(1)) {
            Some(object) => vm.truth(object)?,
            None => false,
        };
        Ok(vm.local(Value::bool(truth)))
    },
);

const REPR: Native = Native::leaf(
    "__repr__(self, /) -> str",
    "Return repr(self).",
    |heap, a| {
        let truth = plain_value(heap, a.get(0)).as_bool().unwrap_or(false);
        Ok(heap.str_value(if truth { "True" } else { "False" }))
    },
);
