//! The methods of Decimal: its table, and the named operations.
//!
//! Operators and conversions are in `operators.rs` and `class.rs`. Each method takes an optional context and computes in the current one
//! without it. To add one: a row of the table.

use super::class::{self, asks};
use super::context::rounding_of;
use super::environment::{Computed, Env};
use super::notation::Notation;
use super::number::{Kind, Number};
use super::operand::{compute, compute_decimal, given_context, needed, new_decimal, receiver};
use super::{arithmetic, digitwise, division, elementary, operators, quantum};
use crate::runtime::{Raised, Value};
use crate::stdlib::arg::given;
use crate::vm::{Local, Locals, Native, Vm};

/// An operation on one number.
pub type Unary = fn(&Env<'_>, &Number) -> Computed;
/// An operation on two numbers.
pub type Binary = fn(&Env<'_>, &Number, &Number) -> Computed;

/// All methods.
#[rustfmt::skip]
pub const METHODS: &[&Native] = &[
    &operators::ADD, &operators::RADD, &operators::SUB, &operators::RSUB, &operators::MUL, &operators::RMUL,
    &operators::TRUEDIV, &operators::RTRUEDIV, &operators::FLOORDIV, &operators::RFLOORDIV, &operators::MOD, &operators::RMOD,
    &operators::DIVMOD, &operators::RDIVMOD, &operators::POW, &operators::RPOW, &operators::NEG, &operators::POS, &operators::ABS,
    &operators::EQ, &operators::NE, &operators::LT, &operators::LE, &operators::GT, &operators::GE,
    &class::STR, &class::REPR, &class::FORMAT, &class::HASH, &class::BOOL, &class::INT, &class::TRUNC, &class::FLOOR, &class::CEIL,
    &class::ROUND, &class::FLOAT, &class::COMPLEX, &class::REDUCE, &class::AS_TUPLE, &class::AS_INTEGER_RATIO,
    &Native::vm("__copy__(self, /)", "A copy.", class::copy),
    &Native::vm("__deepcopy__(self, memo, /)", "A copy.", class::copy),
    &Native::vm("exp(self, context=None)", "e to this power.", |vm, a| unary(vm, a, elementary::exp)),
    &Native::vm("ln(self, context=None)", "The natural logarithm.", |vm, a| unary(vm, a, elementary::ln)),
    &Native::vm("log10(self, context=None)", "The logarithm to base ten.", |vm, a| unary(vm, a, elementary::log10)),
    &Native::vm("sqrt(self, context=None)", "The square root.", |vm, a| unary(vm, a, elementary::sqrt)),
    &Native::vm("logb(self, context=None)", "The exponent of the first digit, as a decimal.", |vm, a| unary(vm, a, quantum::logb)),
    &Native::vm("next_plus(self, context=None)", "The smallest number of the context that is greater.", |vm, a| unary(vm, a, quantum::next_plus)),
    &Native::vm("next_minus(self, context=None)", "The greatest number of the context that is smaller.", |vm, a| unary(vm, a, quantum::next_minus)),
    &Native::vm("normalize(self, context=None)", "The number without zeros at its end.", |vm, a| unary(vm, a, quantum::normalize)),
    &Native::vm("logical_invert(self, context=None)", "Zeros to ones and ones to zeros, in `prec` digits.", |vm, a| unary(vm, a, digitwise::logical_invert)),
    &Native::vm("compare(self, other, context=None)", "-1, 0 or 1 as a decimal, or a NaN.", |vm, a| binary(vm, a, arithmetic::compare)),
    &Native::vm("compare_signal(self, other, context=None)", "compare(), where each NaN is an invalid operation.", |vm, a| binary(vm, a, arithmetic::compare_signal)),
    &Native::vm("compare_total(self, other, context=None)", "compare() by the total order of all representations.", |vm, a| binary(vm, a, arithmetic::compare_total)),
    &Native::vm("compare_total_mag(self, other, context=None)", "compare_total() of the absolute values.", |vm, a| binary(vm, a, arithmetic::compare_total_mag)),
    &Native::vm("max(self, other, context=None)", "The greater one; a number rather than a NaN.", |vm, a| binary(vm, a, arithmetic::max)),
    &Native::vm("max_mag(self, other, context=None)", "The one with the greater absolute value.", |vm, a| binary(vm, a, arithmetic::max_mag)),
    &Native::vm("min(self, other, context=None)", "The smaller one; a number rather than a NaN.", |vm, a| binary(vm, a, arithmetic::min)),
    &Native::vm("min_mag(self, other, context=None)", "The one with the smaller absolute value.", |vm, a| binary(vm, a, arithmetic::min_mag)),
    &Native::vm("remainder_near(self, other, context=None)", "The remainder for the nearest whole quotient, ties to the even one.", |vm, a| binary(vm, a, division::remainder_near)),
    &Native::vm("next_toward(self, other, context=None)", "The next number of the context in the direction of another one.", |vm, a| binary(vm, a, quantum::next_toward)),
    &Native::vm("scaleb(self, other, context=None)", "The number with an integer added to its exponent.", |vm, a| binary(vm, a, quantum::scaleb)),
    &Native::vm("shift(self, other, context=None)", "The digits moved to the left, or to the right where `other` is negative.", |vm, a| binary(vm, a, digitwise::shift)),
    &Native::vm("rotate(self, other, context=None)", "The digits moved to the left in a circle of `prec` digits, or to the right.", |vm, a| binary(vm, a, digitwise::rotate)),
    &Native::vm("logical_and(self, other, context=None)", "And, digit by digit, of numbers with digits 0 and 1 only.", |vm, a| binary(vm, a, digitwise::logical_and)),
    &Native::vm("logical_or(self, other, context=None)", "Or, digit by digit.", |vm, a| binary(vm, a, digitwise::logical_or)),
    &Native::vm("logical_xor(self, other, context=None)", "Exclusive or, digit by digit.", |vm, a| binary(vm, a, digitwise::logical_xor)),
    &Native::vm("copy_abs(self)", "The absolute value, not rounded.", |vm, a| changed(vm, a, Number::magnitude)),
    &Native::vm("copy_negate(self)", "The number with the other sign, not rounded.", |vm, a| changed(vm, a, Number::negated)),
    &Native::vm("is_finite(self)", "Whether it is neither infinite nor NaN.", |vm, a| question(vm, a, |_, n| n.is_finite())),
    &Native::vm("is_infinite(self)", "Whether it is infinite.", |vm, a| question(vm, a, |_, n| n.is_infinite())),
    &Native::vm("is_nan(self)", "Whether it is a NaN of either kind.", |vm, a| question(vm, a, |_, n| n.is_nan())),
    &Native::vm("is_qnan(self)", "Whether it is a quiet NaN.", |vm, a| question(vm, a, |_, n| n.kind == Kind::Quiet)),
    &Native::vm("is_snan(self)", "Whether it is a signaling NaN.", |vm, a| question(vm, a, |_, n| n.kind == Kind::Signaling)),
    &Native::vm("is_signed(self)", "Whether its sign is negative.", |vm, a| question(vm, a, |_, n| n.sign.is_minus())),
    &Native::vm("is_zero(self)", "Whether it is zero.", |vm, a| question(vm, a, |_, n| n.is_zero())),
    &Native::vm("is_normal(self, context=None)", "Whether it is finite, not zero and not subnormal.", |vm, a| {
        let context = given_context(vm, a.at(1))?;
        asks(vm, context, a.at(0), quantum::is_normal)
    }),
    &Native::vm("is_subnormal(self, context=None)", "Whether it is finite, not zero and its exponent is below `Emin`.", |vm, a| {
        let context = given_context(vm, a.at(1))?;
        asks(vm, context, a.at(0), quantum::is_subnormal)
    }),
    &ADJUSTED, &CANONICAL, &CONJUGATE, &RADIX, &IS_CANONICAL, &COPY_SIGN, &SAME_QUANTUM, &NUMBER_CLASS, &FMA, &QUANTIZE,
    &TO_ENG_STRING, &TO_INTEGRAL, &TO_INTEGRAL_VALUE, &TO_INTEGRAL_EXACT,
];

fn unary(vm: &mut Vm, args: Locals, op: Unary) -> Result<Local, Raised> {
    let context = given_context(vm, args.at(1))?;
    compute_decimal(vm, context, |vm, env| {
        Ok(op(env, receiver(vm, args.at(0))?))
    })
}

fn binary(vm: &mut Vm, args: Locals, op: Binary) -> Result<Local, Raised> {
    let context = given_context(vm, args.at(2))?;
    compute_decimal(vm, context, |vm, env| {
        Ok(op(
            env,
            receiver(vm, args.at(0))?,
            &*needed(vm, args.at(1))?,
        ))
    })
}

fn changed(vm: &mut Vm, args: Locals, change: fn(&Number) -> Number) -> Result<Local, Raised> {
    let number = change(receiver(vm, args.at(0))?);
    Ok(new_decimal(vm, number))
}

fn question(
    vm: &mut Vm,
    args: Locals,
    ask: fn(&Env<'_>, &Number) -> bool,
) -> Result<Local, Raised> {
    let answer = ask(&Env::exact(&|_| Ok(())), receiver(vm, args.at(0))?);
    Ok(vm.local(Value::bool(answer)))
}

const ADJUSTED: Native = Native::vm(
    "adjusted(self)",
    "The exponent of the first digit.",
    |vm, args| {
        let number = receiver(vm, args.at(0))?;
        let exp = if number.is_finite() {
            number.adjusted()
        } else {
            0
        };
        Ok(vm.local(vm.heap.int(exp)))
    },
);
const CANONICAL: Native = Native::vm("canonical(self)", "The number itself.", |_, args| {
    Ok(args.at(0))
});
const CONJUGATE: Native = Native::vm("conjugate(self)", "The number itself.", |_, args| {
    Ok(args.at(0))
});
const RADIX: Native = Native::vm("radix(self)", "Ten.", |vm, _| {
    Ok(new_decimal(vm, Number::int(10)))
});
const IS_CANONICAL: Native = Native::vm("is_canonical(self)", "True.", |vm, _| {
    Ok(vm.local(Value::TRUE))
});
const COPY_SIGN: Native = Native::vm(
    "copy_sign(self, other, context=None)",
    "The number with the sign of another one.",
    |vm, args| {
        given_context(vm, args.at(2))?;
        let number = receiver(vm, args.at(0))?.with_sign(needed(vm, args.at(1))?.sign);
        Ok(new_decimal(vm, number))
    },
);
const SAME_QUANTUM: Native = Native::vm(
    "same_quantum(self, other, context=None)",
    "Whether both have the same exponent, or both are infinite, or both NaN.",
    |vm, args| {
        given_context(vm, args.at(2))?;
        let is_same = quantum::same_quantum(receiver(vm, args.at(0))?, &*needed(vm, args.at(1))?);
        Ok(vm.local(Value::bool(is_same)))
    },
);
const NUMBER_CLASS: Native = Native::vm(
    "number_class(self, context=None)",
    "The class as text, such as \"+Normal\".",
    |vm, args| {
        let context = given_context(vm, args.at(1))?;
        number_class(vm, context, args.at(0))
    },
);
const FMA: Native = Native::vm(
    "fma(self, other, third, context=None)",
    "self * other + third, rounded once.",
    |vm, args| {
        let context = given_context(vm, args.at(3))?;
        compute_decimal(vm, context, |vm, env| {
            let (other, third) = (needed(vm, args.at(1))?, needed(vm, args.at(2))?);
            Ok(arithmetic::fma(
                env,
                receiver(vm, args.at(0))?,
                &other,
                &third,
            ))
        })
    },
);
const QUANTIZE: Native = Native::vm(
    "quantize(self, exp, rounding=None, context=None)",
    "The number rounded to the exponent of another one. Raises InvalidOperation if that takes more digits than `prec`.",
    |vm, args| {
        let context = given_context(vm, args.at(3))?;
        with_rounding(vm, context, args.at(2), |vm, env| {
            Ok(quantum::quantize(
                env,
                receiver(vm, args.at(0))?,
                &*needed(vm, args.at(1))?,
            ))
        })
    },
);
const TO_ENG_STRING: Native = Native::vm(
    "to_eng_string(self, context=None)",
    "The number as text, with an exponent that is a multiple of three.",
    |vm, args| {
        let context = given_context(vm, args.at(1))?;
        class::text_in(vm, args.at(0), context, Notation::Engineering)
    },
);
const TO_INTEGRAL: Native = Native::vm(
    "to_integral(self, rounding=None, context=None)",
    "The number rounded to an integer, without signals.",
    |vm, args| to_integral(vm, args, quantum::to_integral_value),
);
const TO_INTEGRAL_VALUE: Native = Native::vm(
    "to_integral_value(self, rounding=None, context=None)",
    "The number rounded to an integer, without signals.",
    |vm, args| to_integral(vm, args, quantum::to_integral_value),
);
const TO_INTEGRAL_EXACT: Native = Native::vm(
    "to_integral_exact(self, rounding=None, context=None)",
    "The number rounded to an integer, with the signals Inexact and Rounded.",
    |vm, args| to_integral(vm, args, quantum::to_integral_exact),
);

fn to_integral(vm: &mut Vm, args: Locals, op: Unary) -> Result<Local, Raised> {
    let context = given_context(vm, args.at(2))?;
    with_rounding(vm, context, args.at(1), |vm, env| {
        Ok(op(env, receiver(vm, args.at(0))?))
    })
}

/// Computes in a context, with a rounding that may be given.
fn with_rounding(
    vm: &mut Vm,
    context: Local,
    rounding: Local,
    run: impl FnOnce(&Vm, &Env<'_>) -> Result<Computed, Raised>,
) -> Result<Local, Raised> {
    let rounding = match given(vm, rounding).filter(|&rounding| !vm.get(rounding).is_none()) {
        Some(rounding) => Some(rounding_of(vm, rounding)?),
        None => None,
    };
    compute_decimal(vm, context, |vm, env| {
        let Some(rounding) = rounding else {
            return run(vm, env);
        };
        let changed = env.with_rounding(rounding);
        let result = run(vm, &changed);
        env.note(changed.status.get());
        result
    })
}

/// The name of the class that a number belongs to in a context.
pub fn number_class(vm: &mut Vm, context: Local, number: Local) -> Result<Local, Raised> {
    let name = compute(vm, context, |vm, env| {
        let number = needed(vm, number)?;
        let name = match number.kind {
            Kind::Signaling => return Ok(Ok("sNaN".to_owned())),
            Kind::Quiet => return Ok(Ok("NaN".to_owned())),
            Kind::Infinite => "Infinity",
            Kind::Finite if number.coef.is_zero() => "Zero",
            Kind::Finite if quantum::is_subnormal(env, &number) => "Subnormal",
            Kind::Finite => "Normal",
        };
        Ok(Ok(format!(
            "{}{name}",
            if number.sign.is_minus() { '-' } else { '+' }
        )))
    })?;
    Ok(vm.local(vm.heap.str_value(&name)))
}
