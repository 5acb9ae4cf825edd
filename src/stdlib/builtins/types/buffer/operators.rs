//! The special methods that bytes and bytearray share.
//!
//! The VM has fast paths for most of them; these are what programs find by name and what subclasses inherit. To add one: a
//! `Native` and a word in the table of `buffer/mod.rs`.

use super::{this, this_of};
use crate::runtime::Raised;
use crate::runtime::Value;
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::stdlib::arg::{Buffer, plain};
use crate::stdlib::receiver::or_not_implemented;
use crate::vm::protocol::arith::Operator;
use crate::vm::{Local, Locals, Native, Vm};

pub const STR: Native = Native::vm("__str__(self, /) -> str", "Return str(self).", |vm, a| {
    vm.repr(a.at(0))
});

pub const LEN: Native = Native::leaf("__len__(self, /) -> int", "Return len(self).", |heap, a| {
    Ok(heap.usize(this(heap, a)?.len()))
});

pub const ADD: Native = Native::vm(
    "__add__(self, value, /) -> Self",
    "Return self+value.",
    |vm, a| {
        let (heap, this, other) = (&vm.heap, this_of(vm, a)?, vm.get(a.at(1)));
        match Buffer::of(heap, other) {
            Some(other) => Ok(vm.local(this.same(heap, [&*this, &*other].concat()))),
            None => {
                let (found, own) = (heap.type_name(other), heap.type_name(vm.get(a.at(0))));
                Err(heap.type_error(format!("can't concat {found} to {own}")))
            }
        }
    },
);

pub const MUL: Native = Native::vm(
    "__mul__(self, value, /) -> Self",
    "Return self*value.",
    repeat,
);

pub const RMUL: Native = Native::vm(
    "__rmul__(self, value, /) -> Self",
    "Return value*self.",
    repeat,
);

pub const MOD: Native = Native::vm(
    "__mod__(self, value, /) -> Self",
    "Return self%value.",
    |vm, a| vm.percent_format(a.at(0), a.at(1)),
);

pub const RMOD: Native = Native::vm(
    "__rmod__(self, value, /) -> Self",
    "Return value%self.",
    |vm, a| {
        let template = plain(vm, a.at(1));
        if !is_buffer(vm.get(template)) {
            return Ok(vm.local(Value::NOT_IMPLEMENTED));
        }
        vm.percent_format(template, a.at(0))
    },
);

fn is_buffer(value: Value<'_>) -> bool {
    value.is_gc::<Bytes>() || value.is_gc::<ByteArray>()
}

fn repeat(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    drop(this_of(vm, a)?);
    let times = vm.index_value(a.at(1))?;
    let result = vm.builtin_binary(Operator::Mul, a.at(0), times)?;
    Ok(or_not_implemented(vm, result))
}
