//! The methods of Context: the operations of Decimal, rounded by this context.
//!
//! Each row names the function on plain data that also a method of Decimal names, so that both do the same. To add one: a row, and a
//! row in `methods.rs`.

use super::class::{asks, text_in};
use super::construct::{CREATE_DECIMAL, CREATE_DECIMAL_FROM_FLOAT};
use super::context::{self, Context};
use super::methods::{Binary, Unary, number_class};
use super::notation::{Notation, to_text};
use super::number::{Kind, Number};
use super::operand::{compute, compute_decimal, decimal, needed, new_decimal};
use super::signals::Which;
use super::{arithmetic, digitwise, division, elementary, power, quantum};
use crate::runtime::{Raised, Value};
use crate::vm::{Local, Locals, Native, Vm};

/// All methods.
#[rustfmt::skip]
pub const METHODS: &[&Native] = &[
    &context::REPR, &context::REDUCE, &CREATE_DECIMAL, &CREATE_DECIMAL_FROM_FLOAT,
    &Native::vm("copy(self)", "A copy with flags and traps of its own.", context::copy),
    &Native::vm("__copy__(self)", "A copy with flags and traps of its own.", context::copy),
    &Native::vm("clear_flags(self)", "Lower all flags.", |vm, a| context::clear(vm, a, Which::Flags)),
    &Native::vm("clear_traps(self)", "Switch all traps off.", |vm, a| context::clear(vm, a, Which::Traps)),
    &Native::vm("_apply(self, x, /)", "x, rounded.", |vm, a| unary(vm, a, |env, x| env.fix(x))),
    &Native::vm("plus(self, x, /)", "+x", |vm, a| unary(vm, a, arithmetic::plus)),
    &Native::vm("minus(self, x, /)", "-x", |vm, a| unary(vm, a, arithmetic::minus)),
    &Native::vm("abs(self, x, /)", "abs(x)", |vm, a| unary(vm, a, arithmetic::absolute)),
    &Native::vm("to_integral_exact(self, x, /)", "The number rounded to an integer, with the signals Inexact and Rounded.", |vm, a| unary(vm, a, quantum::to_integral_exact)),
    &Native::vm("to_integral_value(self, x, /)", "The number rounded to an integer, without signals.", |vm, a| unary(vm, a, quantum::to_integral_value)),
    &Native::vm("to_integral(self, x, /)", "The number rounded to an integer, without signals.", |vm, a| unary(vm, a, quantum::to_integral_value)),
    &Native::vm("exp(self, x, /)", "e to this power.", |vm, a| unary(vm, a, elementary::exp)),
    &Native::vm("ln(self, x, /)", "The natural logarithm.", |vm, a| unary(vm, a, elementary::ln)),
    &Native::vm("log10(self, x, /)", "The logarithm to base ten.", |vm, a| unary(vm, a, elementary::log10)),
    &Native::vm("sqrt(self, x, /)", "The square root.", |vm, a| unary(vm, a, elementary::sqrt)),
    &Native::vm("logb(self, x, /)", "The exponent of the first digit, as a decimal.", |vm, a| unary(vm, a, quantum::logb)),
    &Native::vm("next_plus(self, x, /)", "The smallest number of the context that is greater.", |vm, a| unary(vm, a, quantum::next_plus)),
    &Native::vm("next_minus(self, x, /)", "The greatest number of the context that is smaller.", |vm, a| unary(vm, a, quantum::next_minus)),
    &Native::vm("normalize(self, x, /)", "The number without zeros at its end.", |vm, a| unary(vm, a, quantum::normalize)),
    &Native::vm("logical_invert(self, x, /)", "Zeros to ones and ones to zeros, in `prec` digits.", |vm, a| unary(vm, a, digitwise::logical_invert)),
    &Native::vm("add(self, x, y, /)", "x + y", |vm, a| binary(vm, a, arithmetic::add)),
    &Native::vm("subtract(self, x, y, /)", "x - y", |vm, a| binary(vm, a, arithmetic::subtract)),
    &Native::vm("multiply(self, x, y, /)", "x * y", |vm, a| binary(vm, a, arithmetic::multiply)),
    &Native::vm("divide(self, x, y, /)", "x / y", |vm, a| binary(vm, a, division::divide)),
    &Native::vm("divide_int(self, x, y, /)", "The whole part of x / y.", |vm, a| binary(vm, a, division::divide_int)),
    &Native::vm("remainder(self, x, y, /)", "The remainder of x / y.", |vm, a| binary(vm, a, division::remainder)),
    &Native::vm("quantize(self, x, y, /)", "The number rounded to the exponent of another one.", |vm, a| binary(vm, a, quantum::quantize)),
    &Native::vm("copy_sign(self, x, y, /)", "The number with the sign of another one.", |vm, a| binary(vm, a, |_, x, y| Ok(x.with_sign(y.sign)))),
    &Native::vm("compare(self, x, y, /)", "-1, 0 or 1 as a decimal, or a NaN.", |vm, a| binary(vm, a, arithmetic::compare)),
    &Native::vm("compare_signal(self, x, y, /)", "compare(), where each NaN is an invalid operation.", |vm, a| binary(vm, a, arithmetic::compare_signal)),
    &Native::vm("compare_total(self, x, y, /)", "compare() by the total order of all representations.", |vm, a| binary(vm, a, arithmetic::compare_total)),
    &Native::vm("compare_total_mag(self, x, y, /)", "compare_total() of the absolute values.", |vm, a| binary(vm, a, arithmetic::compare_total_mag)),
    &Native::vm("max(self, x, y, /)", "The greater one; a number rather than a NaN.", |vm, a| binary(vm, a, arithmetic::max)),
    &Native::vm("max_mag(self, x, y, /)", "The one with the greater absolute value.", |vm, a| binary(vm, a, arithmetic::max_mag)),
    &Native::vm("min(self, x, y, /)", "The smaller one; a number rather than a NaN.", |vm, a| binary(vm, a, arithmetic::min)),
    &Native::vm("min_mag(self, x, y, /)", "The one with the smaller absolute value.", |vm, a| binary(vm, a, arithmetic::min_mag)),
    &Native::vm("remainder_near(self, x, y, /)", "The remainder for the nearest whole quotient, ties to the even one.", |vm, a| binary(vm, a, division::remainder_near)),
    &Native::vm("next_toward(self, x, y, /)", "The next number of the context in the direction of another one.", |vm, a| binary(vm, a, quantum::next_toward)),
    &Native::vm("scaleb(self, x, y, /)", "The number with an integer added to its exponent.", |vm, a| binary(vm, a, quantum::scaleb)),
    &Native::vm("shift(self, x, y, /)", "The digits moved to the left, or to the right where `other` is negative.", |vm, a| binary(vm, a, digitwise::shift)),
    &Native::vm("rotate(self, x, y, /)", "The digits moved to the left in a circle of `prec` digits, or to the right.", |vm, a| binary(vm, a, digitwise::rotate)),
    &Native::vm("logical_and(self, x, y, /)", "And, digit by digit, of numbers with digits 0 and 1 only.", |vm, a| binary(vm, a, digitwise::logical_and)),
    &Native::vm("logical_or(self, x, y, /)", "Or, digit by digit.", |vm, a| binary(vm, a, digitwise::logical_or)),
    &Native::vm("logical_xor(self, x, y, /)", "Exclusive or, digit by digit.", |vm, a| binary(vm, a, digitwise::logical_xor)),
    &Native::vm("copy_abs(self, x, /)", "The absolute value, not rounded.", |vm, a| changed(vm, a, Number::magnitude)),
    &Native::vm("copy_negate(self, x, /)", "The number with the other sign, not rounded.", |vm, a| changed(vm, a, Number::negated)),
    &Native::vm("copy_decimal(self, x, /)", "The number as a decimal, not rounded.", |vm, a| changed(vm, a, Number::clone)),
    &Native::vm("is_finite(self, x, /)", "Whether it is neither infinite nor NaN.", |vm, a| asks(vm, a.at(0), a.at(1), |_, n| n.is_finite())),
    &Native::vm("is_infinite(self, x, /)", "Whether it is infinite.", |vm, a| asks(vm, a.at(0), a.at(1), |_, n| n.is_infinite())),
    &Native::vm("is_nan(self, x, /)", "Whether it is a NaN of either kind.", |vm, a| asks(vm, a.at(0), a.at(1), |_, n| n.is_nan())),
    &Native::vm("is_qnan(self, x, /)", "Whether it is a quiet NaN.", |vm, a| asks(vm, a.at(0), a.at(1), |_, n| n.kind == Kind::Quiet)),
    &Native::vm("is_snan(self, x, /)", "Whether it is a signaling NaN.", |vm, a| asks(vm, a.at(0), a.at(1), |_, n| n.kind == Kind::Signaling)),
    &Native::vm("is_signed(self, x, /)", "Whether its sign is negative.", |vm, a| asks(vm, a.at(0), a.at(1), |_, n| n.sign.is_minus())),
    &Native::vm("is_zero(self, x, /)", "Whether it is zero.", |vm, a| asks(vm, a.at(0), a.at(1), |_, n| n.is_zero())),
    &Native::vm("is_normal(self, x, /)", "Whether it is finite, not zero and not subnormal.", |vm, a| asks(vm, a.at(0), a.at(1), quantum::is_normal)),
    &Native::vm("is_subnormal(self, x, /)", "Whether it is finite, not zero and its exponent is below `Emin`.", |vm, a| asks(vm, a.at(0), a.at(1), quantum::is_subnormal)),
    &DIVMOD, &FMA, &POWER, &SAME_QUANTUM, &NUMBER_CLASS, &TO_SCI_STRING, &TO_ENG_STRING, &RADIX, &IS_CANONICAL, &CANONICAL, &ETINY, &ETOP,
];

fn unary(vm: &mut Vm, args: Locals, op: Unary) -> Result<Local, Raised> {
    compute_decimal(vm, args.at(0), |vm, env| {
        Ok(op(env, &*needed(vm, args.at(1))?))
    })
}

fn binary(vm: &mut Vm, args: Locals, op: Binary) -> Result<Local, Raised> {
    compute_decimal(vm, args.at(0), |vm, env| {
        Ok(op(
            env,
            &*needed(vm, args.at(1))?,
            &*needed(vm, args.at(2))?,
        ))
    })
}

fn changed(vm: &mut Vm, args: Locals, change: fn(&Number) -> Number) -> Result<Local, Raised> {
    let number = change(&*needed(vm, args.at(1))?);
    Ok(new_decimal(vm, number))
}

const DIVMOD: Native = Native::vm("divmod(self, x, y, /)", "divmod(x, y)", |vm, args| {
    let (whole, rest) = compute(vm, args.at(0), |vm, env| {
        Ok(division::divide_mod(
            env,
            &*needed(vm, args.at(1))?,
            &*needed(vm, args.at(2))?,
        ))
    })?;
    let (whole, rest) = (new_decimal(vm, whole), new_decimal(vm, rest));
    Ok(vm.local(vm.heap.tuple(&[vm.get(whole), vm.get(rest)]).value()))
});
const FMA: Native = Native::vm(
    "fma(self, x, y, z, /)",
    "x * y + z, rounded once.",
    |vm, args| {
        compute_decimal(vm, args.at(0), |vm, env| {
            let (x, y, z) = (
                needed(vm, args.at(1))?,
                needed(vm, args.at(2))?,
                needed(vm, args.at(3))?,
            );
            Ok(arithmetic::fma(env, &x, &y, &z))
        })
    },
);
const POWER: Native = Native::vm("power(self, /, a, b, modulo=None)", "a ** b", |vm, args| {
    compute_decimal(vm, args.at(0), |vm, env| {
        let (a, b) = (needed(vm, args.at(1))?, needed(vm, args.at(2))?);
        let modulo = vm.get(args.at(3));
        if modulo.is_undef() || modulo.is_none() {
            return Ok(power::power(env, &a, &b));
        }
        Ok(division::power_modulo(
            env,
            &a,
            &b,
            &*needed(vm, args.at(3))?,
        ))
    })
});
const SAME_QUANTUM: Native = Native::vm(
    "same_quantum(self, x, y, /)",
    "Whether both have the same exponent, or both are infinite, or both NaN.",
    |vm, args| {
        let is_same = quantum::same_quantum(&*needed(vm, args.at(1))?, &*needed(vm, args.at(2))?);
        Ok(vm.local(Value::bool(is_same)))
    },
);
const NUMBER_CLASS: Native = Native::vm(
    "number_class(self, x, /)",
    "The class as text, such as \"+Normal\".",
    |vm, args| number_class(vm, args.at(0), args.at(1)),
);
const TO_SCI_STRING: Native = Native::vm(
    "to_sci_string(self, x, /)",
    "The number as text.",
    |vm, args| text(vm, args, Notation::Scientific),
);
const TO_ENG_STRING: Native = Native::vm(
    "to_eng_string(self, x, /)",
    "The number as text, with an exponent that is a multiple of three.",
    |vm, args| text(vm, args, Notation::Engineering),
);

fn text(vm: &mut Vm, args: Locals, notation: Notation) -> Result<Local, Raised> {
    if decimal(vm.get(args.at(1))).is_some() {
        return text_in(vm, args.at(1), args.at(0), notation);
    }
    let heap = &vm.heap;
    let mark = vm.payload::<Context>(args.at(0)).mark();
    let text = to_text(&*needed(vm, args.at(1))?, notation, mark, &|n| {
        heap.pause(n)
    });
    let text = text.map_err(|error| heap.raise_text(error))?;
    Ok(vm.local(heap.str_value(&text)))
}

const RADIX: Native = Native::vm("radix(self)", "Ten.", |vm, _| {
    Ok(new_decimal(vm, Number::int(10)))
});
const IS_CANONICAL: Native = Native::vm(
    "is_canonical(self, x, /)",
    "True for a decimal.",
    |vm, args| {
        this_decimal(vm, args)?;
        Ok(vm.local(Value::TRUE))
    },
);
const CANONICAL: Native = Native::vm("canonical(self, x, /)", "The number itself.", this_decimal);

fn this_decimal(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    match decimal(vm.get(args.at(1))) {
        Some(_) => Ok(args.at(1)),
        None => Err(vm.heap.type_error("argument must be a Decimal")),
    }
}

const ETINY: Native = Native::vm(
    "Etiny(self)",
    "The least exponent of a subnormal number.",
    |vm, args| {
        let exp = vm.payload::<Context>(args.at(0)).etiny();
        Ok(vm.local(vm.heap.int(exp)))
    },
);
const ETOP: Native = Native::vm(
    "Etop(self)",
    "The greatest exponent of a number with all digits.",
    |vm, args| {
        let exp = vm.payload::<Context>(args.at(0)).etop();
        Ok(vm.local(vm.heap.int(exp)))
    },
);
