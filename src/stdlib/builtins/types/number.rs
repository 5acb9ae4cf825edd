//! What the methods of int, float and complex share: operators by name, and which types may be the other operand.
//!
//! A number type answers NotImplemented to operands that are none of its own or of a narrower type: `(1).__add__(1.5)` leaves
//! the sum to float. To add an operator: one `Native` in the type's file, which calls `binary` or `reflected` here.

use crate::runtime::builtin_eq::Number;
use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::arg::plain_value;
use crate::stdlib::receiver::{or_not_implemented, plain};
use crate::text::IntRef;
use crate::vm::protocol::arith::Operator;
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Args, Local, Locals, Vm};

/// The number types, each of which takes those before it as operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tower {
    /// `int`, and `bool`.
    Int,
    /// `float`.
    Float,
    /// `complex`.
    Complex,
}

impl Tower {
    fn name(self) -> &'static str {
        match self {
            Tower::Int => "int",
            Tower::Float => "float",
            Tower::Complex => "complex",
        }
    }

    /// Where a value stands, if it is a number.
    fn of(value: Value<'_>) -> Option<Tower> {
        value.as_number().map(|number| match number {
            Number::Int(_) => Tower::Int,
            Number::Float(_) => Tower::Float,
            Number::Complex(_) => Tower::Complex,
        })
    }
}

/// TypeError: the receiver is no number of this type.
#[cold]
pub fn wrong_receiver(heap: &Heap, wanted: Tower, value: Value<'_>) -> Raised {
    heap.type_error(format!(
        "descriptor requires a '{}' object but received a '{}'",
        wanted.name(),
        heap.type_name(value)
    ))
}

/// The receiver of a method of int.
pub fn this_int<'h>(heap: &'h Heap, a: Args<'h>) -> Result<IntRef<'h>, Raised> {
    let value = plain_value(heap, a.get(0));
    value
        .as_any_int()
        .ok_or_else(|| wrong_receiver(heap, Tower::Int, value))
}

/// The receiver of a method of float.
pub fn this_float<'h>(heap: &'h Heap, a: Args<'h>) -> Result<f64, Raised> {
    let value = plain_value(heap, a.get(0));
    value
        .as_float()
        .ok_or_else(|| wrong_receiver(heap, Tower::Float, value))
}

/// Receiver and operand, out of instances of subclasses; None where the operand is not this type's business.
fn operands(vm: &mut Vm, a: Locals, tower: Tower) -> Result<Option<[Local; 2]>, Raised> {
    let [this, other] = [plain(vm, a.at(0)), plain(vm, a.at(1))];
    if Tower::of(vm.get(this)) != Some(tower) {
        return Err(wrong_receiver(&vm.heap, tower, vm.get(this)));
    }
    let fits = Tower::of(vm.get(other)).is_some_and(|other| other <= tower);
    Ok(fits.then_some([this, other]))
}

/// `__add__` and its like.
pub fn binary(vm: &mut Vm, a: Locals, tower: Tower, op: Operator) -> Result<Local, Raised> {
    let result = match operands(vm, a, tower)? {
        Some([this, other]) => vm.builtin_binary(op, this, other)?,
        None => None,
    };
    Ok(or_not_implemented(vm, result))
}

/// `__radd__` and its like.
pub fn reflected(vm: &mut Vm, a: Locals, tower: Tower, op: Operator) -> Result<Local, Raised> {
    let result = match operands(vm, a, tower)? {
        Some([this, other]) => vm.builtin_binary(op, other, this)?,
        None => None,
    };
    Ok(or_not_implemented(vm, result))
}

/// `__lt__` and its like.
pub fn compare(
    vm: &mut Vm,
    a: Locals,
    tower: Tower,
    comparison: Comparison,
) -> Result<Local, Raised> {
    let result = match operands(vm, a, tower)? {
        Some([this, other]) => vm.builtin_compare(comparison, this, other)?,
        None => None,
    };
    Ok(or_not_implemented(vm, result))
}

/// `__pow__(self, value, mod=None, /)`.
pub fn power(vm: &mut Vm, a: Locals, tower: Tower) -> Result<Local, Raised> {
    let Some([this, other]) = operands(vm, a, tower)? else {
        return Ok(or_not_implemented(vm, None));
    };
    modular(vm, this, other, a.at(2))
}

/// `__rpow__(self, value, mod=None, /)`.
pub fn reflected_power(vm: &mut Vm, a: Locals, tower: Tower) -> Result<Local, Raised> {
    let Some([this, other]) = operands(vm, a, tower)? else {
        return Ok(or_not_implemented(vm, None));
    };
    modular(vm, other, this, a.at(2))
}

fn modular(vm: &mut Vm, base: Local, exponent: Local, modulus: Local) -> Result<Local, Raised> {
    let modulus = plain(vm, modulus);
    let value = vm.get(modulus);
    if value.is_undef() || value.is_none() {
        let power = vm.builtin_binary(Operator::Pow, base, exponent)?;
        return Ok(or_not_implemented(vm, power));
    }
    if Tower::of(value).is_none() {
        return Ok(or_not_implemented(vm, None));
    }
    vm.pow3(base, exponent, modulus)
}
