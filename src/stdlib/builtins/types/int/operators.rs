//! The special methods of int: what operators and builtin functions do, callable by name and by subclasses.
//!
//! The VM has fast paths for all of them; they answer NotImplemented to what is no integer, so that the other operand is
//! asked. To add one: a `Native` and a word in the table of `int/mod.rs`.

use crate::runtime::builtin_eq::{Number, hash_number};
use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::arg::{self, Out, checked, given, plain, plain_value};
use crate::stdlib::builtins::types::number::{
    Tower, binary, compare, power, reflected, reflected_power, this_int, wrong_receiver,
};
use crate::stdlib::receiver;
use crate::text::format_spec::FormatSpec;
use crate::text::int_text::int_to_long_str;
use crate::text::num::convert::int_to_float;
use crate::text::num::rounding::int_round_digits;
use crate::text::{Int, IntRef};
use crate::vm::protocol::arith::Operator;
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The operators.
#[rustfmt::skip]
pub const OPERATORS: &[&Native] = &[
    &Native::vm("__add__(self, value, /) -> int", "Return self+value.", |vm, a| binary(vm, a, Tower::Int, Operator::Add)),
    &Native::vm("__radd__(self, value, /) -> int", "Return value+self.", |vm, a| reflected(vm, a, Tower::Int, Operator::Add)),
    &Native::vm("__sub__(self, value, /) -> int", "Return self-value.", |vm, a| binary(vm, a, Tower::Int, Operator::Sub)),
    &Native::vm("__rsub__(self, value, /) -> int", "Return value-self.", |vm, a| reflected(vm, a, Tower::Int, Operator::Sub)),
    &Native::vm("__mul__(self, value, /) -> int", "Return self*value.", |vm, a| binary(vm, a, Tower::Int, Operator::Mul)),
    &Native::vm("__rmul__(self, value, /) -> int", "Return value*self.", |vm, a| reflected(vm, a, Tower::Int, Operator::Mul)),
    &Native::vm("__truediv__(self, value, /) -> float", "Return self/value.", |vm, a| binary(vm, a, Tower::Int, Operator::Div)),
    &Native::vm("__rtruediv__(self, value, /) -> float", "Return value/self.", |vm, a| reflected(vm, a, Tower::Int, Operator::Div)),
    &Native::vm("__floordiv__(self, value, /) -> int", "Return self//value.", |vm, a| binary(vm, a, Tower::Int, Operator::FloorDiv)),
    &Native::vm("__rfloordiv__(self, value, /) -> int", "Return value//self.", |vm, a| reflected(vm, a, Tower::Int, Operator::FloorDiv)),
    &Native::vm("__mod__(self, value, /) -> int", "Return self%value.", |vm, a| binary(vm, a, Tower::Int, Operator::Mod)),
    &Native::vm("__rmod__(self, value, /) -> int", "Return value%self.", |vm, a| reflected(vm, a, Tower::Int, Operator::Mod)),
    &Native::vm("__divmod__(self, value, /) -> tuple", "Return divmod(self, value).", |vm, a| binary(vm, a, Tower::Int, Operator::DivMod)),
    &Native::vm("__rdivmod__(self, value, /) -> tuple", "Return divmod(value, self).", |vm, a| reflected(vm, a, Tower::Int, Operator::DivMod)),
    &Native::vm("__lshift__(self, value, /) -> int", "Return self<<value.", |vm, a| binary(vm, a, Tower::Int, Operator::Shl)),
    &Native::vm("__rlshift__(self, value, /) -> int", "Return value<<self.", |vm, a| reflected(vm, a, Tower::Int, Operator::Shl)),
    &Native::vm("__rshift__(self, value, /) -> int", "Return self>>value.", |vm, a| binary(vm, a, Tower::Int, Operator::Shr)),
    &Native::vm("__rrshift__(self, value, /) -> int", "Return value>>self.", |vm, a| reflected(vm, a, Tower::Int, Operator::Shr)),
    &Native::vm("__and__(self, value, /) -> int", "Return self&value.", |vm, a| binary(vm, a, Tower::Int, Operator::BitAnd)),
    &Native::vm("__rand__(self, value, /) -> int", "Return value&self.", |vm, a| reflected(vm, a, Tower::Int, Operator::BitAnd)),
    &Native::vm("__or__(self, value, /) -> int", "Return self|value.", |vm, a| binary(vm, a, Tower::Int, Operator::BitOr)),
    &Native::vm("__ror__(self, value, /) -> int", "Return value|self.", |vm, a| reflected(vm, a, Tower::Int, Operator::BitOr)),
    &Native::vm("__xor__(self, value, /) -> int", "Return self^value.", |vm, a| binary(vm, a, Tower::Int, Operator::BitXor)),
    &Native::vm("__rxor__(self, value, /) -> int", "Return value^self.", |vm, a| reflected(vm, a, Tower::Int, Operator::BitXor)),
    &Native::vm("__pow__(self, value, mod=None, /) -> int", "Return pow(self, value, mod).", |vm, a| power(vm, a, Tower::Int)),
    &Native::vm("__rpow__(self, value, mod=None, /) -> int", "Return pow(value, self, mod).", |vm, a| reflected_power(vm, a, Tower::Int)),
    &Native::vm("__eq__(self, value, /) -> bool", "Return self==value.", |vm, a| compare(vm, a, Tower::Int, Comparison::Eq)),
    &Native::vm("__ne__(self, value, /) -> bool", "Return self!=value.", |vm, a| compare(vm, a, Tower::Int, Comparison::Ne)),
    &Native::vm("__lt__(self, value, /) -> bool", "Return self<value.", |vm, a| compare(vm, a, Tower::Int, Comparison::Lt)),
    &Native::vm("__le__(self, value, /) -> bool", "Return self<=value.", |vm, a| compare(vm, a, Tower::Int, Comparison::Le)),
    &Native::vm("__gt__(self, value, /) -> bool", "Return self>value.", |vm, a| compare(vm, a, Tower::Int, Comparison::Gt)),
    &Native::vm("__ge__(self, value, /) -> bool", "Return self>=value.", |vm, a| compare(vm, a, Tower::Int, Comparison::Ge)),
    &Native::vm("__neg__(self, /) -> int", "Return -self.", |vm, a| { let this = plain(vm, a.at(0)); vm.negate(this) }),
    &Native::vm("__invert__(self, /) -> int", "Return ~self.", |vm, a| { let this = plain(vm, a.at(0)); vm.invert(this) }),
    &Native::leaf("__pos__(self, /) -> int", "Return +self.", itself),
    &Native::leaf("__abs__(self, /) -> int", "Return abs(self).", absolute),
    &Native::leaf("__bool__(self, /) -> bool", "Return True if self is not zero.", |heap, a| Ok(Value::bool(!this_int(heap, a)?.is_zero()))),
    &Native::leaf("__hash__(self, /) -> int", "Return hash(self).", |heap, a| Ok(heap.int(hash_number(Number::Int(this_int(heap, a)?))))),
    &Native::leaf("__repr__(self, /) -> str", "Return repr(self).", repr),
    &Native::vm("__format__(self, format_spec, /) -> str", "Convert to a string according to format_spec.", |vm, args| receiver::format(vm, args, format)).on_instance(),
    &Native::leaf("__int__(self, /) -> int", "Return int(self).", itself),
    &Native::leaf("__index__(self, /) -> int", "Return self as an integer for use as an index.", itself),
    &Native::leaf("__trunc__(self, /) -> int", "Truncating an int gives itself.", itself),
    &Native::leaf("__floor__(self, /) -> int", "The floor of an int is itself.", itself),
    &Native::leaf("__ceil__(self, /) -> int", "The ceiling of an int is itself.", itself),
    &Native::vm("__round__(self, ndigits=None, /) -> int", "Round to a multiple of 10**-ndigits, halves to even.", round),
    &Native::leaf("__float__(self, /) -> float", "Return float(self).", |heap, a| Ok(Value::float(checked(heap, int_to_float(this_int(heap, a)?))?))),
    &Native::leaf("__getnewargs__(self, /) -> tuple", "Return the arguments that make an equal integer.", |heap, a| Ok(heap.tuple(&[itself(heap, a)?]).value())),
    &Native::leaf("__sizeof__(self, /) -> int", "Return the size of the integer in memory, in bytes.", |heap, a| Ok(heap.int(8 + this_int(heap, a)?.bit_length().div_ceil(64) as i64 * 8))),
];

/// The integer itself; a bool as the integer that it is.
pub fn itself<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let value = plain_value(heap, a.get(0));
    match this_int(heap, a)? {
        IntRef::Small(n) => Ok(heap.int(n)),
        IntRef::Big(_) => Ok(value),
    }
}

fn absolute<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let n = this_int(heap, a)?;
    if n.is_negative() {
        Ok(heap.any_int(Int::from(n.magnitude().into_owned())))
    } else {
        itself(heap, a)
    }
}

fn repr<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let pause = &mut |digits| heap.pause(digits);
    let text = int_to_long_str(this_int(heap, a)?, heap.digit_limit.get(), pause);
    let text = checked(heap, text)?;
    Ok(heap.str_value(&text))
}

fn format<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let (value, n) = (plain_value(heap, a.get(0)), this_int(heap, a)?);
    let spec = arg::text(heap, a.get(1), "__format__() argument")?;
    if spec.is_empty() {
        return match value.as_bool() {
            Some(truth) => Ok(heap.str_value(if truth { "True" } else { "False" })),
            None => repr(heap, a),
        };
    }
    let name = heap.type_name(value);
    let pause = &mut |digits| heap.pause(digits);
    let formatted = FormatSpec::parse(spec, name)
        .and_then(|spec| spec.format_int(n, name, heap.digit_limit.get(), pause));
    heap.try_str(&checked(heap, formatted)?)
}

fn round(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let this = plain(vm, a.at(0));
    let Some(digits) = given(vm, a.at(1)) else {
        return vm.index_value(this);
    };
    let digits = vm.index_value(digits)?;
    let heap = &vm.heap;
    let Some(n) = vm.get(this).as_any_int() else {
        return Err(wrong_receiver(heap, Tower::Int, vm.get(this)));
    };
    let digits = vm.get(digits).as_any_int().map_or(0, |d| {
        d.to_i64()
            .unwrap_or(if d.is_negative() { i64::MIN } else { i64::MAX })
    });
    Ok(vm.local(heap.any_int(int_round_digits(n, digits))))
}
