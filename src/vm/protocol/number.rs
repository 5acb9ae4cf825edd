//! Arithmetic of int, bool, float and complex on values: leaf functions, no program code.
//!
//! Three layers by speed: integers of one machine word (sums and products through 128 bits, no limbs), floats and words
//! mixed, and everything else through `text/num`. `None` from `binary` and `unary` means: these operands do
//! not know the operator.
//!
//! The four functions on pairs of small integers are the fast paths of the loop; there `None` only means: take the slow path.

use num_bigint::{BigInt, BigUint};

use crate::runtime::builtin_eq::Number;
use crate::runtime::complex::Complex;
use crate::runtime::intern::Sym;
use crate::runtime::{Heap, Raised, Value};
use crate::text::num::MAX_INT_BITS;
use crate::text::num::complex::{complex_div, complex_mul, complex_pow};
use crate::text::num::convert::int_to_float;
use crate::text::num::division::{
    float_div, float_divmod, float_floor_div, float_mod, int_divmod, int_floor_div, int_mod,
    int_true_div,
};
use crate::text::num::long_product::{self, PIECE};
use crate::text::num::power::{Power, float_pow, int_pow};
use crate::text::num::shift::{int_shl, int_shr};
use crate::text::{Int, IntRef, TextError, TextResult};
use crate::vm::protocol::arith::Operator;

/// What an operator makes of two numbers; None: it does not know them.
type Outcome<'h> = Option<Result<Value<'h>, Raised>>;

/// `a op b`
#[inline]
pub(in crate::vm) fn binary<'h>(
    heap: &'h Heap,
    op: Operator,
    a: Value<'h>,
    b: Value<'h>,
) -> Outcome<'h> {
    if let (Some(x), Some(y)) = (a.as_i64(), b.as_i64()) {
        return if a.is_bool() && b.is_bool() {
            bools(heap, op, x, y)
        } else {
            words(heap, op, x, y)
        };
    }
    if let (Some(x), Some(y)) = (word_or_float(a), word_or_float(b)) {
        return floats(heap, op, x, y);
    }
    mixed(heap, op, a.as_number()?, b.as_number()?)
}

/// Floats, and integers that are small enough to be one.
#[inline]
fn word_or_float(value: Value<'_>) -> Option<f64> {
    value
        .as_float()
        .or_else(|| value.as_int().map(|n| n as f64))
}

/// Bit operators keep booleans booleans.
fn bools<'h>(heap: &'h Heap, op: Operator, x: i64, y: i64) -> Outcome<'h> {
    let bit = match op {
        Operator::BitAnd => x & y,
        Operator::BitOr => x | y,
        Operator::BitXor => x ^ y,
        _ => return words(heap, op, x, y),
    };
    Some(Ok(Value::bool(bit != 0)))
}

/// Integers of one machine word.
fn words<'h>(heap: &'h Heap, op: Operator, x: i64, y: i64) -> Outcome<'h> {
    let wide = |n: i128| heap.any_int(Int::from(n));
    let result = match op {
        Operator::Add => x
            .checked_add(y)
            .map_or_else(|| wide(i128::from(x) + i128::from(y)), |n| heap.int(n)),
        Operator::Sub => x
            .checked_sub(y)
            .map_or_else(|| wide(i128::from(x) - i128::from(y)), |n| heap.int(n)),
        Operator::Mul => x
            .checked_mul(y)
            .map_or_else(|| wide(i128::from(x) * i128::from(y)), |n| heap.int(n)),
        Operator::BitAnd => heap.int(x & y),
        Operator::BitOr => heap.int(x | y),
        Operator::BitXor => heap.int(x ^ y),
        Operator::Shl if (0..64).contains(&y) => wide(i128::from(x) << y),
        Operator::Shr if y >= 0 => heap.int(x >> y.min(63)),
        Operator::Pow => match u32::try_from(y).ok().and_then(|y| x.checked_pow(y)) {
            Some(power) => heap.int(power),
            None => return ints(heap, op, IntRef::Small(x), IntRef::Small(y)),
        },
        _ => return ints(heap, op, IntRef::Small(x), IntRef::Small(y)),
    };
    Some(Ok(result))
}

/// Integers of any size.
#[inline(never)]
fn ints<'h>(heap: &'h Heap, op: Operator, x: IntRef<'_>, y: IntRef<'_>) -> Outcome<'h> {
    if let Err(raised) = heap.room_for(size_of_result(op, x, y)) {
        return Some(Err(raised));
    }
    if let Some(result) = long_result(heap, op, x, y) {
        return Some(result.map(|n| heap.any_int(n)));
    }
    let result = match op {
        Operator::Add => Ok(sum(x, y)),
        Operator::Sub => Ok(difference(x, y)),
        Operator::Mul => Ok(product(x, y)),
        Operator::FloorDiv => int_floor_div(x, y),
        Operator::Mod => int_mod(x, y),
        Operator::Shl => int_shl(x, y),
        Operator::Shr => int_shr(x, y),
        Operator::BitAnd => Ok(Int::from(&*x.to_big() & &*y.to_big())),
        Operator::BitOr => Ok(Int::from(&*x.to_big() | &*y.to_big())),
        Operator::BitXor => Ok(Int::from(&*x.to_big() ^ &*y.to_big())),
        Operator::Div => return Some(lift(heap, int_true_div(x, y)).map(Value::float)),
        Operator::DivMod => {
            return Some(
                lift(heap, int_divmod(x, y))
                    .map(|(q, r)| pair(heap, heap.any_int(q), heap.any_int(r))),
            );
        }
        Operator::Pow => return Some(power(heap, int_pow(x, y))),
        Operator::MatMul => return None,
    };
    Some(lift(heap, result).map(|n| heap.any_int(n)))
}

/// About how many bytes an operation takes, its result and what it needs on the way.
fn size_of_result(op: Operator, x: IntRef<'_>, y: IntRef<'_>) -> usize {
    let (m, n) = (x.bit_length(), y.bit_length());
    let small = || y.to_i64().map_or(u64::MAX, |n| n.clamp(0, i64::MAX) as u64);
    let bits = match op {
        Operator::Mul => m.saturating_add(n).saturating_mul(3),
        Operator::Shl => m.saturating_add(small()),
        Operator::Pow => m.saturating_mul(small()).saturating_mul(3),
        _ => m.max(n),
    };
    match op {
        // Refused for other reasons, with messages of their own.
        Operator::Shl | Operator::Pow if bits > 3 * MAX_INT_BITS => 0,
        Operator::Pow if m < 2 => 0,
        _ => usize::try_from(bits / 8).unwrap_or(usize::MAX),
    }
}

/// Products, powers and quotients that take so long that the outside must be heard meanwhile.
fn long_result(
    heap: &Heap,
    op: Operator,
    x: IntRef<'_>,
    y: IntRef<'_>,
) -> Option<Result<Int, Raised>> {
    let (m, n) = (x.bit_length(), y.bit_length());
    heap.guard.attempt.done.set(0);
    let mut pause = |digits: u64| heap.poll_or_stop(digits);
    match op {
        Operator::Mul if m.max(n) > PIECE => {
            Some(long_product::product(&x.to_big(), &y.to_big(), &mut pause).map(Int::from))
        }
        Operator::Pow if m > 1 && !y.is_negative() => {
            let exponent = u32::try_from(y.to_i64()?).ok()?;
            if !(PIECE..MAX_INT_BITS).contains(&(m * u64::from(exponent))) {
                return None;
            }
            let size = x.magnitude();
            let zeros = size.trailing_zeros().unwrap_or(0);
            let odd: BigUint = size.as_ref() >> zeros;
            let power = long_product::power(&odd, exponent, &mut pause);
            Some(power.map(|power| {
                let size = BigInt::from(power << (zeros * u64::from(exponent)));
                Int::from(if x.is_negative() && y.is_odd() {
                    -size
                } else {
                    size
                })
            }))
        }
        Operator::FloorDiv | Operator::Mod | Operator::DivMod
            if n > 64
                && m.saturating_sub(n).saturating_mul(n) > 1 << 34
                && op != Operator::DivMod =>
        {
            let divided = long_product::quotient(&x.magnitude(), &y.magnitude(), &mut pause);
            Some(divided.map(|(q, r)| floored(op, (x, y), q.into(), r.into())))
        }
        _ => None,
    }
}

/// Quotient or rest, as Python rounds, from those of the absolute values.
fn floored(op: Operator, (x, y): (IntRef<'_>, IntRef<'_>), quotient: BigInt, rest: BigInt) -> Int {
    let differ = x.is_negative() != y.is_negative();
    let is_exact = rest == BigInt::ZERO;
    if op == Operator::FloorDiv {
        return match (differ, is_exact) {
            (false, _) => quotient.into(),
            (true, true) => (-quotient).into(),
            (true, false) => (-quotient - 1_u32).into(),
        };
    }
    let size = if differ && !is_exact {
        BigInt::from(y.magnitude().into_owned()) - rest
    } else {
        rest
    };
    if y.is_negative() {
        (-size).into()
    } else {
        size.into()
    }
}

fn sum(x: IntRef<'_>, y: IntRef<'_>) -> Int {
    match (x, y) {
        (IntRef::Small(x), IntRef::Small(y)) => Int::from(i128::from(x) + i128::from(y)),
        (IntRef::Big(x), IntRef::Big(y)) => Int::from(x + y),
        (IntRef::Big(x), IntRef::Small(y)) | (IntRef::Small(y), IntRef::Big(x)) => Int::from(x + y),
    }
}

fn difference(x: IntRef<'_>, y: IntRef<'_>) -> Int {
    match (x, y) {
        (IntRef::Small(x), IntRef::Small(y)) => Int::from(i128::from(x) - i128::from(y)),
        (IntRef::Big(x), IntRef::Big(y)) => Int::from(x - y),
        (IntRef::Big(x), IntRef::Small(y)) => Int::from(x - y),
        (IntRef::Small(x), IntRef::Big(y)) => Int::from(x - y),
    }
}

fn product(x: IntRef<'_>, y: IntRef<'_>) -> Int {
    match (x, y) {
        (IntRef::Small(x), IntRef::Small(y)) => Int::from(i128::from(x) * i128::from(y)),
        (IntRef::Big(x), IntRef::Big(y)) => Int::from(x * y),
        (IntRef::Big(x), IntRef::Small(y)) | (IntRef::Small(y), IntRef::Big(x)) => Int::from(x * y),
    }
}

fn floats<'h>(heap: &'h Heap, op: Operator, x: f64, y: f64) -> Outcome<'h> {
    let result = match op {
        Operator::Add => Ok(x + y),
        Operator::Sub => Ok(x - y),
        Operator::Mul => Ok(x * y),
        Operator::Div => float_div(x, y),
        Operator::FloorDiv => float_floor_div(x, y),
        Operator::Mod => float_mod(x, y),
        Operator::Pow => return Some(power(heap, float_pow(x, y))),
        Operator::DivMod => {
            return Some(
                lift(heap, float_divmod(x, y))
                    .map(|(q, r)| pair(heap, Value::float(q), Value::float(r))),
            );
        }
        _ => return None,
    };
    Some(lift(heap, result).map(Value::float))
}

/// Numbers of two types, or of the rarer ones.
#[cold]
#[inline(never)]
fn mixed<'h>(heap: &'h Heap, op: Operator, x: Number<'_>, y: Number<'_>) -> Outcome<'h> {
    use Operator::{BitAnd, BitOr, BitXor, MatMul, Shl, Shr};
    match (x, y) {
        (Number::Int(x), Number::Int(y)) => ints(heap, op, x, y),
        _ if matches!(op, BitAnd | BitOr | BitXor | MatMul | Shl | Shr) => None,
        (Number::Complex(_), _) | (_, Number::Complex(_)) => complexes(heap, op, x, y),
        _ => match (real(x), real(y)) {
            (Ok(x), Ok(y)) => floats(heap, op, x, y),
            (Err(error), _) | (_, Err(error)) => Some(Err(heap.raise_text(error))),
        },
    }
}

fn complexes<'h>(heap: &'h Heap, op: Operator, x: Number<'_>, y: Number<'_>) -> Outcome<'h> {
    if matches!(op, Operator::FloorDiv | Operator::Mod | Operator::DivMod) {
        return None;
    }
    let result = parts(x)
        .and_then(|a| Ok((a, parts(y)?)))
        .and_then(|(a, b)| match op {
            Operator::Add => Ok((a.0 + b.0, a.1 + b.1)),
            Operator::Sub => Ok((a.0 - b.0, a.1 - b.1)),
            Operator::Mul => Ok(complex_mul(a, b)),
            Operator::Div => complex_div(a, b),
            _ => complex_pow(a, b),
        });
    Some(lift(heap, result).map(|(re, im)| heap.alloc(Complex { re, im }).value()))
}

fn real(x: Number<'_>) -> TextResult<f64> {
    match x {
        Number::Int(n) => int_to_float(n),
        Number::Float(x) => Ok(x),
        Number::Complex(_) => Err(TextError::type_error("a real number is required")),
    }
}

fn parts(x: Number<'_>) -> TextResult<(f64, f64)> {
    match x {
        Number::Complex(c) => Ok((c.re, c.im)),
        _ => Ok((real(x)?, 0.0)),
    }
}

/// `x ** y` where nothing can go wrong; else `None`.
#[inline(never)]
pub fn plain_power(x: f64, y: f64) -> Option<f64> {
    let power = if x > 0.0 { x.powf(y) } else { return None };
    power.is_normal().then_some(power)
}

fn power(heap: &Heap, power: TextResult<Power>) -> Result<Value<'_>, Raised> {
    Ok(match lift(heap, power)? {
        Power::Int(n) => heap.any_int(n),
        Power::Float(x) => Value::float(x),
        Power::Complex(re, im) => heap.alloc(Complex { re, im }).value(),
    })
}

fn pair<'h>(heap: &'h Heap, quotient: Value<'h>, rest: Value<'h>) -> Value<'h> {
    heap.tuple(&[quotient, rest]).value()
}

fn lift<T>(heap: &Heap, result: TextResult<T>) -> Result<T, Raised> {
    result.map_err(|error| heap.raise_text(error))
}

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vm) enum Unary {
    /// `-`
    Neg,
    /// `+`
    Pos,
    /// `~`
    Invert,
}

impl Unary {
    /// How the program writes it.
    pub(in crate::vm) fn symbol(self) -> char {
        match self {
            Unary::Neg => '-',
            Unary::Pos => '+',
            Unary::Invert => '~',
        }
    }

    /// The special method behind it.
    pub(in crate::vm) fn method(self) -> Sym {
        match self {
            Unary::Neg => Sym::Neg,
            Unary::Pos => Sym::Pos,
            Unary::Invert => Sym::Invert,
        }
    }
}

/// `op x`; None: not a number, or not one that knows the operator.
pub(in crate::vm) fn unary<'h>(heap: &'h Heap, op: Unary, x: Value<'h>) -> Option<Value<'h>> {
    if let Some(n) = x.as_int() {
        return Some(heap.int(match op {
            Unary::Neg => -n,
            Unary::Pos => n,
            Unary::Invert => !n,
        }));
    }
    // `~True` warns first: see `Vm::unary`.
    if op == Unary::Invert && x.as_bool().is_some() {
        return None;
    }
    match (op, x.as_number()?) {
        (Unary::Neg, Number::Float(x)) => Some(Value::float(-x)),
        (Unary::Neg, Number::Int(IntRef::Small(n))) => {
            Some(heap.any_int(Int::from(-i128::from(n))))
        }
        (Unary::Neg, Number::Int(IntRef::Big(n))) => Some(heap.big_int(-n)),
        (Unary::Neg, Number::Complex(c)) => Some(
            heap.alloc(Complex {
                re: -c.re,
                im: -c.im,
            })
            .value(),
        ),
        (Unary::Pos, Number::Int(IntRef::Small(n))) => Some(heap.int(n)),
        (Unary::Pos, _) => Some(x),
        (Unary::Invert, Number::Int(IntRef::Small(n))) => Some(heap.int(!n)),
        (Unary::Invert, Number::Int(IntRef::Big(n))) => Some(heap.big_int(!n)),
        (Unary::Invert, _) => None,
    }
}

/// `x // y`
#[inline(always)]
pub fn floor_div<'h>((x, y): (i64, i64)) -> Option<Value<'h>> {
    let quotient = x.checked_div(y)?;
    let inexact = quotient * y != x;
    Value::try_int(quotient - i64::from(inexact && (x < 0) != (y < 0)))
}

/// `x % y`
#[inline(always)]
pub fn floor_mod<'h>((x, y): (i64, i64)) -> Option<Value<'h>> {
    let rest = x.checked_rem(y)?;
    Some(Value::small_int(if rest != 0 && (rest < 0) != (y < 0) {
        rest + y
    } else {
        rest
    }))
}

/// `x << y`
#[inline(always)]
pub fn shift_left<'h>((x, y): (i64, i64)) -> Option<Value<'h>> {
    if !(0..=47).contains(&y) {
        return None;
    }
    let shifted = x << y;
    if shifted >> y == x {
        Value::try_int(shifted)
    } else {
        None
    }
}

/// `x >> y`
#[inline(always)]
pub fn shift_right<'h>((x, y): (i64, i64)) -> Option<Value<'h>> {
    if y < 0 {
        None
    } else {
        Some(Value::small_int(x >> y.min(63)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::value::{INT_MAX, INT_MIN};

    fn ints_of(heap: &Heap, op: Operator, x: i64, y: i64) -> String {
        let value = binary(heap, op, heap.int(x), heap.int(y))
            .expect("integers know it")
            .expect("no error");
        match value.as_any_int() {
            Some(IntRef::Small(n)) => n.to_string(),
            Some(IntRef::Big(n)) => n.to_string(),
            None => format!("{value:?}"),
        }
    }

    #[test]
    fn words_widen_without_loss() {
        let heap = Heap::new();
        let numbers = [
            0,
            1,
            -1,
            7,
            -8,
            INT_MAX,
            INT_MIN,
            INT_MAX + 1,
            i64::MAX,
            i64::MIN,
            1 << 40,
        ];
        for x in numbers {
            for y in numbers {
                let (a, b) = (i128::from(x), i128::from(y));
                assert_eq!(ints_of(&heap, Operator::Add, x, y), (a + b).to_string());
                assert_eq!(ints_of(&heap, Operator::Sub, x, y), (a - b).to_string());
                assert_eq!(ints_of(&heap, Operator::Mul, x, y), (a * b).to_string());
                assert_eq!(ints_of(&heap, Operator::BitXor, x, y), (a ^ b).to_string());
            }
        }
    }

    #[test]
    fn fast_paths_agree_with_the_slow_one() {
        let heap = Heap::new();
        let numbers = [0, 1, -1, 2, -3, 7, 46, 47, INT_MAX, INT_MIN, 1 << 40];
        for x in numbers {
            for y in numbers {
                for (fast, op) in [
                    (floor_div((x, y)), Operator::FloorDiv),
                    (floor_mod((x, y)), Operator::Mod),
                    (shift_left((x, y)), Operator::Shl),
                    (shift_right((x, y)), Operator::Shr),
                ] {
                    if let Some(n) = fast.and_then(Value::as_int) {
                        assert_eq!(ints_of(&heap, op, x, y), n.to_string(), "{x} {op:?} {y}");
                    }
                }
            }
        }
    }

    #[test]
    fn booleans_stay_booleans_under_bit_operators_only() {
        let heap = Heap::new();
        let of = |op| {
            binary(&heap, op, Value::TRUE, Value::TRUE)
                .expect("known")
                .expect("no error")
        };
        assert!(of(Operator::BitAnd).is(Value::TRUE));
        assert_eq!(of(Operator::Add).as_int(), Some(2));
    }

    #[test]
    fn operators_that_a_type_lacks_are_nobodys() {
        let heap = Heap::new();
        assert!(binary(&heap, Operator::Shl, Value::float(1.5), heap.int(1)).is_none());
        assert!(binary(&heap, Operator::MatMul, heap.int(1), heap.int(1)).is_none());
        assert!(binary(&heap, Operator::Add, heap.int(1), heap.str_value("a")).is_none());
        assert!(unary(&heap, Unary::Invert, Value::float(1.5)).is_none());
    }
}
