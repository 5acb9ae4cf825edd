//! Constant folding: what an expression of literals is worth, if that is certain, small and cannot raise.
//!
//! Contract: the result is what the VM would compute; anything doubtful (overflow, division by zero, long strings)
//! is left to run time. Negative numbers and complex literals such as `1+2j` become constants here.

use std::rc::Rc;

use num_bigint::BigInt;

use crate::bytecode::Const;
use crate::syntax::ast::{BinOp, Constant, Expr, ExprKind, UnaryOp};

/// The longest string or bytes that folding makes.
const MAX_TEXT: usize = 4096;

/// Integers beyond this are not exact as floats.
const EXACT: i64 = 1 << 53;

/// The value of a constant expression.
pub(super) fn fold(expr: &Expr) -> Option<Const> {
    match &expr.kind {
        ExprKind::Constant(constant) => Some(literal(constant)),
        ExprKind::Name(name) if &**name == "__debug__" => Some(Const::Bool(true)),
        ExprKind::Tuple(items) => Some(Const::Tuple(fold_all(items)?)),
        ExprKind::UnaryOp { op, operand } => unary(*op, fold(operand)?),
        // The right side first: in a long chain it is the shallow one.
        ExprKind::BinOp { left, op, right } => {
            let right = fold(right)?;
            binary(fold(left)?, *op, right)
        }
        _ => None,
    }
}

/// The values of constant expressions, if all are.
pub(super) fn fold_all(items: &[Expr]) -> Option<Vec<Const>> {
    items.iter().map(fold).collect()
}

/// A small integer, for instructions that hold one.
pub(super) fn small_int(expr: &Expr) -> Option<i32> {
    match fold_number(expr)? {
        Const::Int(value) => i32::try_from(value).ok(),
        _ => None,
    }
}

fn fold_number(expr: &Expr) -> Option<Const> {
    match &expr.kind {
        ExprKind::Constant(Constant::Int(value)) => Some(Const::Int(*value)),
        ExprKind::UnaryOp {
            op: UnaryOp::Neg, ..
        }
        | ExprKind::BinOp { .. } => fold(expr),
        _ => None,
    }
}

/// Whether a constant counts as true.
pub(super) fn truth(value: &Const) -> bool {
    match value {
        Const::None => false,
        Const::Bool(value) => *value,
        Const::Ellipsis | Const::Code(_) => true,
        Const::Int(value) => *value != 0,
        Const::BigInt(value) => *value != BigInt::ZERO,
        Const::Float(value) => *value != 0.0,
        Const::Complex(re, im) => *re != 0.0 || *im != 0.0,
        Const::Str(text) => !text.is_empty(),
        Const::Bytes(bytes) => !bytes.is_empty(),
        Const::Tuple(items) | Const::FrozenSet(items) => !items.is_empty(),
    }
}

/// The constant of a literal.
pub(super) fn literal(constant: &Constant) -> Const {
    match constant {
        Constant::None => Const::None,
        Constant::Bool(value) => Const::Bool(*value),
        Constant::Ellipsis => Const::Ellipsis,
        Constant::Int(value) => Const::Int(*value),
        Constant::BigInt(value) => Const::BigInt(value.clone()),
        Constant::Float(value) => Const::Float(*value),
        Constant::Complex(imag) => Const::Complex(0.0, *imag),
        Constant::Str(text) => Const::Str(text.clone()),
        Constant::Bytes(bytes) => Const::Bytes(bytes.clone()),
    }
}

fn unary(op: UnaryOp, operand: Const) -> Option<Const> {
    Some(match (op, operand) {
        (UnaryOp::Neg, Const::Int(value)) => Const::Int(value.checked_neg()?),
        (UnaryOp::Neg, Const::BigInt(value)) => narrow(-value),
        (UnaryOp::Neg, Const::Float(value)) => Const::Float(-value),
        (UnaryOp::Neg, Const::Complex(re, im)) => Const::Complex(-re, -im),
        (UnaryOp::Pos, value @ (Const::Int(_) | Const::Float(_))) => value,
        (UnaryOp::Invert, Const::Int(value)) => Const::Int(!value),
        (UnaryOp::Not, value) => Const::Bool(!truth(&value)),
        _ => return None,
    })
}

fn narrow(value: BigInt) -> Const {
    i64::try_from(&value).map_or(Const::BigInt(value), Const::Int)
}

fn binary(left: Const, op: BinOp, right: Const) -> Option<Const> {
    match (left, right) {
        (Const::Int(a), Const::Int(b)) => ints(a, op, b),
        (Const::Float(a), Const::Float(b)) => floats(a, op, b),
        (Const::Float(a), Const::Int(b)) => floats(a, op, exact(b)?),
        (Const::Int(a), Const::Float(b)) => floats(exact(a)?, op, b),
        (Const::Int(a), Const::Complex(re, im)) => complexes((exact(a)?, 0.0), op, (re, im)),
        (Const::Float(a), Const::Complex(re, im)) => complexes((a, 0.0), op, (re, im)),
        (Const::Str(a), Const::Str(b)) if op == BinOp::Add && a.len() + b.len() <= MAX_TEXT => {
            Some(Const::Str(format!("{a}{b}").into()))
        }
        (Const::Str(a), Const::Int(n)) if op == BinOp::Mul => {
            Some(Const::Str(a.repeat(times(a.len(), n)?).into()))
        }
        (Const::Bytes(a), Const::Bytes(b)) if op == BinOp::Add && a.len() + b.len() <= MAX_TEXT => {
            Some(Const::Bytes(Rc::from([&a[..], &b[..]].concat())))
        }
        _ => None,
    }
}

/// How often a text is repeated, unless that makes it long.
fn times(len: usize, n: i64) -> Option<usize> {
    let n = usize::try_from(n.max(0)).ok()?;
    (len.checked_mul(n)? <= MAX_TEXT).then_some(n)
}

fn exact(value: i64) -> Option<f64> {
    (-EXACT..=EXACT).contains(&value).then_some(value as f64)
}

fn ints(a: i64, op: BinOp, b: i64) -> Option<Const> {
    Some(Const::Int(match op {
        BinOp::Add => a.checked_add(b)?,
        BinOp::Sub => a.checked_sub(b)?,
        BinOp::Mul => a.checked_mul(b)?,
        BinOp::Div if b != 0 => return Some(Const::Float(exact(a)? / exact(b)?)),
        BinOp::FloorDiv => floor_div(a, b)?,
        BinOp::Mod => a.checked_sub(floor_div(a, b)?.checked_mul(b)?)?,
        BinOp::Pow => a.checked_pow(u32::try_from(b).ok()?)?,
        BinOp::LShift => return shift_left(a, b),
        BinOp::RShift => a >> u32::try_from(b).ok()?.min(63),
        BinOp::BitAnd => a & b,
        BinOp::BitOr => a | b,
        BinOp::BitXor => a ^ b,
        BinOp::Div | BinOp::MatMul => return None,
    }))
}

fn floor_div(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) {
        quotient - 1
    } else {
        quotient
    })
}

fn shift_left(a: i64, b: i64) -> Option<Const> {
    let wide = i128::from(a).checked_shl(u32::try_from(b).ok().filter(|&b| b < 64)?)?;
    Some(i64::try_from(wide).map_or_else(|_| Const::BigInt(BigInt::from(wide)), Const::Int))
}

fn floats(a: f64, op: BinOp, b: f64) -> Option<Const> {
    Some(Const::Float(match op {
        BinOp::Add => a + b,
        BinOp::Sub => a - b,
        BinOp::Mul => a * b,
        BinOp::Div if b != 0.0 => a / b,
        _ => return None,
    }))
}

fn complexes(a: (f64, f64), op: BinOp, b: (f64, f64)) -> Option<Const> {
    Some(match op {
        BinOp::Add => Const::Complex(a.0 + b.0, a.1 + b.1),
        BinOp::Sub => Const::Complex(a.0 - b.0, a.1 - b.1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_divide_as_in_python() {
        assert_eq!(ints(-7, BinOp::FloorDiv, 2), Some(Const::Int(-4)));
        assert_eq!(ints(-7, BinOp::Mod, 2), Some(Const::Int(1)));
        assert_eq!(ints(7, BinOp::Mod, -2), Some(Const::Int(-1)));
        assert_eq!(ints(7, BinOp::Div, 2), Some(Const::Float(3.5)));
        assert_eq!(ints(i64::MIN, BinOp::FloorDiv, -1), None);
    }

    #[test]
    fn what_may_raise_or_grow_is_left_to_run_time() {
        assert_eq!(ints(1, BinOp::Div, 0), None);
        assert_eq!(ints(1, BinOp::Mod, 0), None);
        assert_eq!(ints(2, BinOp::Pow, 64), None);
        assert_eq!(ints(2, BinOp::Pow, -1), None);
        assert_eq!(ints(1, BinOp::LShift, -1), None);
        assert_eq!(floats(1.0, BinOp::Div, 0.0), None);
        assert_eq!(
            binary(Const::Str("ab".into()), BinOp::Mul, Const::Int(1 << 40)),
            None
        );
    }

    #[test]
    fn shifts_widen() {
        assert_eq!(ints(1, BinOp::LShift, 62), Some(Const::Int(1 << 62)));
        assert_eq!(
            ints(1, BinOp::LShift, 63),
            Some(Const::BigInt(BigInt::from(1_u64 << 63)))
        );
        assert_eq!(ints(-1, BinOp::RShift, 200), Some(Const::Int(-1)));
    }
}
