//! Conditions and comparisons: jumps that test, and comparisons as values.
//!
//! Contract: `jump_if(e, sense, label)` jumps when the truth of `e` is `sense` and falls through otherwise. `a < b`
//! is never turned into `not a >= b`: with NaN and with user types these differ. Each operand of a chain is evaluated
//! once.

use super::emitter::Emitter;
use super::expr::NOTHING;
use super::fold::{fold, fold_all, small_int, truth};
use crate::bytecode::{Const, Label, Op, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{BoolOp, CmpOp, Constant, Expr, ExprKind, UnaryOp};

impl<'a> Emitter<'_, 'a> {
    /// Jumps if the truth of the expression is `sense`.
    pub fn jump_if(&mut self, expr: &'a Expr, sense: bool, target: Label) {
        if let Some(value) = fold(expr) {
            if truth(&value) == sense {
                self.goto(target);
            }
            return;
        }
        self.scratch(|e| match &expr.kind {
            ExprKind::UnaryOp {
                op: UnaryOp::Not,
                operand,
            } => e.jump_if(operand, !sense, target),
            ExprKind::BoolOp { op, values } => e.jump_if_all(values, *op, sense, target),
            ExprKind::Compare { left, rest } if rest.len() == 1 => {
                let left_reg = e.operand(left, rest[0].1.span);
                e.jump_if_compares(left_reg, rest[0].0, &rest[0].1, expr.span, sense, target);
            }
            ExprKind::Compare { left, rest } => {
                e.jump_if_chain(left, rest, expr.span, sense, target)
            }
            _ => {
                let value = e.operand(expr, NOTHING);
                e.b.set_span(expr.span);
                e.jump(
                    if sense { Op::JmpIf } else { Op::JmpIfNot },
                    value,
                    0,
                    0,
                    target,
                );
            }
        });
    }

    /// Jumps if what is asserted holds. Falls through with what the failure is about: the registers of both sides of a
    /// comparison, or of the value that was tested; none where several were.
    pub fn jump_if_holds(&mut self, test: &'a Expr, sense: bool, fine: Label) -> [Option<Reg>; 2] {
        if fold(test).is_some() {
            self.jump_if(test, sense, fine);
            return [None; 2];
        }
        match &test.kind {
            ExprKind::UnaryOp {
                op: UnaryOp::Not,
                operand,
            } => self.jump_if_holds(operand, !sense, fine),
            ExprKind::Compare { left, rest } if rest.len() == 1 => {
                let (op, right) = &rest[0];
                let left = self.operand(left, right.span);
                if is_constant_side(*op, right) {
                    self.jump_if_compares(left, *op, right, test.span, sense, fine);
                    return [Some(left), Some(self.operand(right, NOTHING))];
                }
                let right = self.operand(right, NOTHING);
                self.compare_and_jump(left, *op, right, test.span, sense, fine);
                [Some(left), Some(right)]
            }
            ExprKind::BoolOp { .. } | ExprKind::Compare { .. } => {
                self.jump_if(test, sense, fine);
                [None; 2]
            }
            _ => {
                let value = self.operand(test, NOTHING);
                self.b.set_span(test.span);
                let op = if sense { Op::JmpIf } else { Op::JmpIfNot };
                self.jump(op, value, 0, 0, fine);
                [Some(value), None]
            }
        }
    }

    /// `a and b` is false as soon as one is; `a or b` is true as soon as one is.
    fn jump_if_all(&mut self, values: &'a [Expr], op: BoolOp, sense: bool, target: Label) {
        let decides = op == BoolOp::Or;
        let Some((last, first)) = values.split_last() else {
            return;
        };
        let end = self.label();
        let on_decision = if sense == decides { target } else { end };
        for value in first {
            if self.is_reachable() {
                self.jump_if(value, decides, on_decision);
            }
        }
        if self.is_reachable() {
            self.jump_if(last, sense, target);
        }
        self.bind(end);
    }

    fn jump_if_chain(
        &mut self,
        left: &'a Expr,
        rest: &'a [(CmpOp, Expr)],
        span: Span,
        sense: bool,
        target: Label,
    ) {
        let end = self.label();
        let on_failure = if sense { end } else { target };
        let mut left = self.operand(left, span);
        let mut scratch = Vec::new();
        for (index, (op, right)) in rest.iter().enumerate() {
            if index + 1 == rest.len() {
                self.jump_if_compares(left, *op, right, span, sense, target);
                break;
            }
            let middle = self.middle_of_chain(right, span, &mut scratch);
            self.compare_and_jump(left, *op, middle, span, false, on_failure);
            left = middle;
        }
        self.bind(end);
    }

    /// An operand between two comparisons; only it and the one before it are alive, so two temporaries serve all.
    fn middle_of_chain(&mut self, expr: &'a Expr, later: Span, scratch: &mut Vec<Reg>) -> Reg {
        let reg = if scratch.len() < 2 {
            self.temp()
        } else {
            scratch[scratch.len() % 2]
        };
        scratch.push(reg);
        self.operand_in(expr, later, reg)
    }

    /// One comparison of a chain; the right side is evaluated here.
    fn jump_if_compares(
        &mut self,
        left: Reg,
        op: CmpOp,
        right: &'a Expr,
        span: Span,
        sense: bool,
        target: Label,
    ) {
        if let (CmpOp::Is | CmpOp::IsNot, ExprKind::Constant(Constant::None)) = (op, &right.kind) {
            self.b.set_span(span);
            let sense = sense == (op == CmpOp::Is);
            return self.jump(Op::JmpIfNone, left, 0, sense.into(), target);
        }
        if let (Some(op), Some(value)) = (
            immediate_jump(op),
            small_int(right).and_then(|v| i8::try_from(v).ok()),
        ) {
            self.b.set_span(span);
            return self.jump(op, left, value as u8, sense.into(), target);
        }
        let right = self.right_of(op, right);
        self.compare_and_jump(left, op, right, span, sense, target);
    }

    pub fn compare_and_jump(
        &mut self,
        left: Reg,
        op: CmpOp,
        right: Reg,
        span: Span,
        sense: bool,
        target: Label,
    ) {
        let (op, negated) = match op {
            CmpOp::Lt => (Op::JmpLt, false),
            CmpOp::LtE => (Op::JmpLe, false),
            CmpOp::Gt => (Op::JmpGt, false),
            CmpOp::GtE => (Op::JmpGe, false),
            CmpOp::Eq => (Op::JmpEq, false),
            CmpOp::NotEq => (Op::JmpNe, false),
            CmpOp::Is => (Op::JmpIs, false),
            CmpOp::IsNot => (Op::JmpIs, true),
            CmpOp::In => (Op::JmpIn, false),
            CmpOp::NotIn => (Op::JmpIn, true),
        };
        self.b.set_span(span);
        self.jump(op, left, right, (sense != negated).into(), target);
    }

    /// The right operand; a display of constants that is only searched becomes a constant.
    fn right_of(&mut self, op: CmpOp, right: &'a Expr) -> Reg {
        let constants = match &right.kind {
            ExprKind::List(items) if is_membership(op) => fold_all(items).map(Const::Tuple),
            ExprKind::Set(items) if is_membership(op) => fold_all(items).map(Const::FrozenSet),
            _ => None,
        };
        match constants {
            Some(value) => {
                let reg = self.temp();
                self.load_const(reg, value);
                reg
            }
            None => self.operand(right, NOTHING),
        }
    }

    /// A comparison as a value.
    pub fn compare(&mut self, left: &'a Expr, rest: &'a [(CmpOp, Expr)], span: Span, dest: Reg) {
        if let [(op, right)] = rest {
            let left = self.operand_in(left, right.span, dest);
            let right = self.right_of(*op, right);
            return self.compare_to(left, *op, right, span, dest);
        }
        let result = if self.regs.is_temporary(dest) {
            dest
        } else {
            self.temp()
        };
        let (end, mut scratch) = (self.label(), Vec::new());
        let mut left = self.operand(left, span);
        for (index, (op, right)) in rest.iter().enumerate() {
            let is_last = index + 1 == rest.len();
            let right = if is_last {
                self.right_of(*op, right)
            } else {
                self.middle_of_chain(right, span, &mut scratch)
            };
            self.compare_to(left, *op, right, span, result);
            if !is_last {
                self.jump(Op::JmpIfNot, result, 0, 0, end);
            }
            left = right;
        }
        self.bind(end);
        self.copy(dest, result);
    }

    fn compare_to(&mut self, left: Reg, op: CmpOp, right: Reg, span: Span, dest: Reg) {
        let (op, negated) = match op {
            CmpOp::Lt => (Op::Lt, 0),
            CmpOp::LtE => (Op::Le, 0),
            CmpOp::Gt => (Op::Gt, 0),
            CmpOp::GtE => (Op::Ge, 0),
            CmpOp::Eq => (Op::Eq, 0),
            CmpOp::NotEq => (Op::Ne, 0),
            CmpOp::Is => (Op::Is, 0),
            CmpOp::IsNot => (Op::Is, 1),
            CmpOp::In => (Op::In, 0),
            CmpOp::NotIn => (Op::In, 1),
        };
        self.op_at(span, op, dest, left, right, negated);
    }
}

/// Whether the right side of a comparison costs nothing to make once more.
fn is_constant_side(op: CmpOp, right: &Expr) -> bool {
    match &right.kind {
        ExprKind::List(items) | ExprKind::Set(items) if is_membership(op) => {
            fold_all(items).is_some()
        }
        _ => fold(right).is_some(),
    }
}

fn is_membership(op: CmpOp) -> bool {
    matches!(op, CmpOp::In | CmpOp::NotIn)
}

fn immediate_jump(op: CmpOp) -> Option<Op> {
    Some(match op {
        CmpOp::Lt => Op::JmpLtI,
        CmpOp::LtE => Op::JmpLeI,
        CmpOp::Gt => Op::JmpGtI,
        CmpOp::GtE => Op::JmpGeI,
        CmpOp::Eq => Op::JmpEqI,
        CmpOp::NotEq => Op::JmpNeI,
        CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn => return None,
    })
}
