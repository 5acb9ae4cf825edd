//! The operators of Decimal: `+`, `-`, comparisons and the rest, with operands that are decimals or integers.
//!
//! Other operands are NotImplemented. Comparisons also take floats, complex numbers without an imaginary part (for equality), and what is a
//! `numbers.Rational`.

use std::cmp::Ordering;

use super::convert::{of_float, of_int};
use super::environment::Env;
use super::environment::condition::{FLOAT_OPERATION, INVALID_OPERATION};
use super::methods::{Binary, Unary};
use super::number::{Kind, Number};
use super::operand::{compute, compute_decimal, current, new_decimal, note, operand, receiver};
use super::{arithmetic, division, power};
use crate::runtime::builtin_eq::Number as Other;
use crate::runtime::{Raised, Value};
use crate::stdlib::arg::{as_int, plain_value};
use crate::stdlib::comparisons::comparisons;
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Locals, Native, Vm};

/// `self + value`
pub const ADD: Native = Native::vm("__add__(self, value, /)", "Return self+value.", |vm, a| {
    operate(vm, a.at(0), a.at(1), arithmetic::add)
});
/// `value + self`
pub const RADD: Native = Native::vm("__radd__(self, value, /)", "Return value+self.", |vm, a| {
    operate(vm, a.at(1), a.at(0), arithmetic::add)
});
/// `self - value`
pub const SUB: Native = Native::vm("__sub__(self, value, /)", "Return self-value.", |vm, a| {
    operate(vm, a.at(0), a.at(1), arithmetic::subtract)
});
/// `value - self`
pub const RSUB: Native = Native::vm("__rsub__(self, value, /)", "Return value-self.", |vm, a| {
    operate(vm, a.at(1), a.at(0), arithmetic::subtract)
});
/// `self * value`
pub const MUL: Native = Native::vm("__mul__(self, value, /)", "Return self*value.", |vm, a| {
    operate(vm, a.at(0), a.at(1), arithmetic::multiply)
});
/// `value * self`
pub const RMUL: Native = Native::vm("__rmul__(self, value, /)", "Return value*self.", |vm, a| {
    operate(vm, a.at(1), a.at(0), arithmetic::multiply)
});
/// `self / value`
pub const TRUEDIV: Native = Native::vm(
    "__truediv__(self, value, /)",
    "Return self/value.",
    |vm, a| operate(vm, a.at(0), a.at(1), division::divide),
);
/// `value / self`
pub const RTRUEDIV: Native = Native::vm(
    "__rtruediv__(self, value, /)",
    "Return value/self.",
    |vm, a| operate(vm, a.at(1), a.at(0), division::divide),
);
/// `self // value`
pub const FLOORDIV: Native = Native::vm(
    "__floordiv__(self, value, /)",
    "Return self//value.",
    |vm, a| operate(vm, a.at(0), a.at(1), division::divide_int),
);
/// `value // self`
pub const RFLOORDIV: Native = Native::vm(
    "__rfloordiv__(self, value, /)",
    "Return value//self.",
    |vm, a| operate(vm, a.at(1), a.at(0), division::divide_int),
);
/// `self % value`
pub const MOD: Native = Native::vm("__mod__(self, value, /)", "Return self%value.", |vm, a| {
    operate(vm, a.at(0), a.at(1), division::remainder)
});
/// `value % self`
pub const RMOD: Native = Native::vm("__rmod__(self, value, /)", "Return value%self.", |vm, a| {
    operate(vm, a.at(1), a.at(0), division::remainder)
});
/// `divmod(self, value)`
pub const DIVMOD: Native = Native::vm(
    "__divmod__(self, value, /)",
    "Return divmod(self, value).",
    |vm, a| divide_mod(vm, a.at(0), a.at(1)),
);
/// `divmod(value, self)`
pub const RDIVMOD: Native = Native::vm(
    "__rdivmod__(self, value, /)",
    "Return divmod(value, self).",
    |vm, a| divide_mod(vm, a.at(1), a.at(0)),
);
/// `pow(self, value, mod)`
pub const POW: Native = Native::vm(
    "__pow__(self, value, mod=None, /)",
    "Return pow(self, value, mod).",
    |vm, a| raise_to(vm, a.at(0), a.at(1), a.at(2)),
);
/// `pow(value, self, mod)`
pub const RPOW: Native = Native::vm(
    "__rpow__(self, value, mod=None, /)",
    "Return pow(value, self, mod).",
    |vm, a| raise_to(vm, a.at(1), a.at(0), a.at(2)),
);
/// `-self`
pub const NEG: Native = Native::vm("__neg__(self, /)", "-self", |vm, a| {
    unary(vm, a, arithmetic::minus)
});
/// `+self`
pub const POS: Native = Native::vm("__pos__(self, /)", "+self", |vm, a| {
    unary(vm, a, arithmetic::plus)
});
/// `abs(self)`
pub const ABS: Native = Native::vm("__abs__(self, /)", "abs(self)", |vm, a| {
    unary(vm, a, arithmetic::absolute)
});
comparisons!(vm, compare);

fn not_implemented(vm: &Vm) -> Local {
    vm.local(Value::NOT_IMPLEMENTED)
}

#[inline]
fn operate(vm: &mut Vm, a: Local, b: Local, op: Binary) -> Result<Local, Raised> {
    let heap = &vm.heap;
    if operand(heap, vm.get(a)).is_none() || operand(heap, vm.get(b)).is_none() {
        return Ok(not_implemented(vm));
    }
    let context = current(vm)?;
    compute_decimal(vm, context, |vm, env| {
        let heap = &vm.heap;
        Ok(match (operand(heap, vm.get(a)), operand(heap, vm.get(b))) {
            (Some(x), Some(y)) => op(env, &x, &y),
            _ => Ok(Number::nan()),
        })
    })
}

fn unary(vm: &mut Vm, args: Locals, op: Unary) -> Result<Local, Raised> {
    let context = current(vm)?;
    compute_decimal(vm, context, |vm, env| {
        Ok(op(env, receiver(vm, args.at(0))?))
    })
}

fn divide_mod(vm: &mut Vm, a: Local, b: Local) -> Result<Local, Raised> {
    let heap = &vm.heap;
    if operand(heap, vm.get(a)).is_none() || operand(heap, vm.get(b)).is_none() {
        return Ok(not_implemented(vm));
    }
    let context = current(vm)?;
    let (whole, rest) = compute(vm, context, |vm, env| {
        Ok(division::divide_mod(
            env,
            &*super::operand::needed(vm, a)?,
            &*super::operand::needed(vm, b)?,
        ))
    })?;
    let (whole, rest) = (new_decimal(vm, whole), new_decimal(vm, rest));
    Ok(vm.local(vm.heap.tuple(&[vm.get(whole), vm.get(rest)]).value()))
}

fn raise_to(vm: &mut Vm, a: Local, b: Local, modulo: Local) -> Result<Local, Raised> {
    let has_modulo = !vm.get(modulo).is_undef() && !vm.get(modulo).is_none();
    if !has_modulo {
        return operate(vm, a, b, power::power);
    }
    let heap = &vm.heap;
    if [a, b, modulo]
        .iter()
        .any(|&n| operand(heap, vm.get(n)).is_none())
    {
        return Ok(not_implemented(vm));
    }
    let context = current(vm)?;
    compute_decimal(vm, context, |vm, env| {
        let needed = |n| super::operand::needed(vm, n);
        Ok(division::power_modulo(
            env,
            &*needed(a)?,
            &*needed(b)?,
            &*needed(modulo)?,
        ))
    })
}

/// Whether an order is one of those that a comparison asks for.
fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Lt => order.is_lt(),
        Comparison::Le => order.is_le(),
        Comparison::Eq => order.is_eq(),
        Comparison::Ne => order.is_ne(),
        Comparison::Gt => order.is_gt(),
        Comparison::Ge => order.is_ge(),
    }
}

fn compare(vm: &mut Vm, args: Locals, comparison: Comparison) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let (this, value) = (receiver(vm, args.at(0))?, vm.get(args.at(1)));
    if let Some(other) = operand(heap, value) {
        if !this.is_nan() && !other.is_nan() {
            return Ok(vm.local(Value::bool(holds(comparison, this.compare(&other)))));
        }
        return compare_nan(vm, [this.kind, other.kind], comparison);
    }
    let is_equality = matches!(comparison, Comparison::Eq | Comparison::Ne);
    let float = match plain_value(heap, value).as_number() {
        Some(Other::Float(x)) => Some(x),
        Some(Other::Complex(c)) if is_equality && c.im == 0.0 => Some(c.re),
        Some(_) => return Ok(not_implemented(vm)),
        None => None,
    };
    match float {
        Some(x) => compare_float(vm, args, x, comparison),
        None => compare_rational(vm, args, comparison),
    }
}

fn compare_nan(vm: &mut Vm, kinds: [Kind; 2], comparison: Comparison) -> Result<Local, Raised> {
    let is_equality = matches!(comparison, Comparison::Eq | Comparison::Ne);
    if !is_equality || kinds.contains(&Kind::Signaling) {
        let context = current(vm)?;
        note(vm, context, INVALID_OPERATION)?;
    }
    Ok(vm.local(Value::bool(comparison == Comparison::Ne)))
}

fn compare_float(
    vm: &mut Vm,
    args: Locals,
    x: f64,
    comparison: Comparison,
) -> Result<Local, Raised> {
    let context = current(vm)?;
    if matches!(comparison, Comparison::Eq | Comparison::Ne) {
        // Equality is asked by containers, too: the flag is raised, but nothing is trapped.
        vm.payload::<super::context::Context>(context)
            .note(FLOAT_OPERATION);
    } else {
        note(vm, context, FLOAT_OPERATION)?;
    }
    let heap = &vm.heap;
    let other = of_float(x, &|n| heap.pause(n)).map_err(|error| heap.raise_text(error))?;
    let this = receiver(vm, args.at(0))?;
    if this.is_nan() || other.is_nan() {
        return compare_nan(vm, [this.kind, other.kind], comparison);
    }
    Ok(vm.local(Value::bool(holds(comparison, this.compare(&other)))))
}

/// Compares with what has a numerator and a denominator.
fn compare_rational(vm: &mut Vm, args: Locals, comparison: Comparison) -> Result<Local, Raised> {
    let module = vm.import_module("numbers")?;
    let rational = vm.get_attr_named(module, "Rational")?;
    if !vm.is_instance(args.at(1), rational)? {
        return Ok(not_implemented(vm));
    }
    let numerator = vm.get_attr_named(args.at(1), "numerator")?;
    let denominator = vm.get_attr_named(args.at(1), "denominator")?;
    let this = receiver(vm, args.at(0))?;
    if this.is_nan() {
        return compare_nan(vm, [this.kind, Kind::Finite], comparison);
    }
    let heap = &vm.heap;
    let (Some(n), Some(d)) = (
        as_int(heap, vm.get(numerator)),
        as_int(heap, vm.get(denominator)),
    ) else {
        return Ok(not_implemented(vm));
    };
    let pause = |n| heap.pause(n);
    let env = Env::exact(&pause);
    let scaled =
        arithmetic::multiply(&env, this, &of_int(d)).map_err(|error| heap.raise_text(error))?;
    Ok(vm.local(Value::bool(holds(comparison, scaled.compare(&of_int(n))))))
}
