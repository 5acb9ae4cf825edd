//! The special methods that bytes and bytearray share.

use super::{this, this_of};
use crate::runtime::Value;
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::Raised;
use crate::stdlib::arg::plain;
use crate::stdlib::builtins::types::receiver::{contains, get_item, iter};
use crate::vm::arith::Operator;
use crate::vm::compare::Comparison;
use crate::vm::{Local, Locals, Native, Vm};

pub const REPR: Native = Native::vm("__repr__(self, /) -> str", "Return repr(self).", |vm, a| vm.repr(a.at(0)));

pub const STR: Native = Native::vm("__str__(self, /) -> str", "Return str(self).", |vm, a| vm.repr(a.at(0)));

pub const LEN: Native =
    Native::leaf("__len__(self, /) -> int", "Return len(self).", |heap, a| Ok(heap.usize(this(heap, a)?.len())));

pub const ITER: Native = Native::vm("__iter__(self, /) -> iterator", "Implement iter(self).", iter);

pub const CONTAINS: Native = Native::vm("__contains__(self, key, /) -> bool", "Return bool(key in self).", contains);

pub const GETITEM: Native = Native::vm("__getitem__(self, key, /)", "Return self[key].", get_item);

pub const ADD: Native = Native::vm("__add__(self, value, /) -> Self", "Return self+value.", |vm, a| {
    drop(this_of(vm, a)?);
    let other = plain(vm, a.at(1));
    vm.binary(Operator::Add, a.at(0), other)
});

pub const MUL: Native = Native::vm("__mul__(self, value, /) -> Self", "Return self*value.", repeat);

pub const RMUL: Native = Native::vm("__rmul__(self, value, /) -> Self", "Return value*self.", repeat);

pub const MOD: Native =
    Native::vm("__mod__(self, value, /) -> Self", "Return self%value.", |vm, a| vm.binary(Operator::Mod, a.at(0), a.at(1)));

pub const RMOD: Native = Native::vm("__rmod__(self, value, /) -> Self", "Return value%self.", |vm, a| {
    let template = plain(vm, a.at(1));
    if !is_buffer(vm.get(template)) {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    }
    vm.binary(Operator::Mod, template, a.at(0))
});

pub const EQ: Native =
    Native::vm("__eq__(self, value, /) -> bool", "Return self==value.", |vm, a| compare(vm, a, Comparison::Eq));

pub const NE: Native =
    Native::vm("__ne__(self, value, /) -> bool", "Return self!=value.", |vm, a| compare(vm, a, Comparison::Ne));

pub const LT: Native =
    Native::vm("__lt__(self, value, /) -> bool", "Return self<value.", |vm, a| compare(vm, a, Comparison::Lt));

pub const LE: Native =
    Native::vm("__le__(self, value, /) -> bool", "Return self<=value.", |vm, a| compare(vm, a, Comparison::Le));

pub const GT: Native =
    Native::vm("__gt__(self, value, /) -> bool", "Return self>value.", |vm, a| compare(vm, a, Comparison::Gt));

pub const GE: Native =
    Native::vm("__ge__(self, value, /) -> bool", "Return self>=value.", |vm, a| compare(vm, a, Comparison::Ge));

fn is_buffer(value: Value<'_>) -> bool {
    value.is_gc::<Bytes>() || value.is_gc::<ByteArray>()
}

fn repeat(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    drop(this_of(vm, a)?);
    let times = vm.index_value(a.at(1))?;
    vm.binary(Operator::Mul, a.at(0), times)
}

fn compare(vm: &mut Vm, a: Locals, comparison: Comparison) -> Result<Local, Raised> {
    drop(this_of(vm, a)?);
    let other = plain(vm, a.at(1));
    if !is_buffer(vm.get(other)) {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    }
    vm.compare(comparison, a.at(0), other)
}
