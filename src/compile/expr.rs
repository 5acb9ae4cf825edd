//! Expressions: `expr_to` puts a value where it is wanted, `operand` names the register where it already is.
//!
//! Contract of `expr_to(e, dest)`: if `dest` holds a variable, it is written by the last instruction only, so that an
//! exception half way leaves it alone and the expression may read it; a temporary `dest` may serve as scratch space.
//! An operand's register is read later, so a variable that something evaluated in between may rebind (`:=`) is copied.
//! A new form of expression needs its arm in `expr_to`.

use super::emitter::Emitter;
use super::fold::{fold, small_int};
use super::registers::row;
use crate::bytecode::{Const, Imm, Op, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{BinOp, BoolOp, Expr, ExprKind, Ident, Name, UnaryOp};

/// The span of an operand's use when nothing is evaluated between the operand and its use.
pub(super) const NOTHING: Span = Span { start: 0, end: 0 };

impl<'a> Emitter<'_, 'a> {
    /// `R[dest] := expr`
    pub fn expr_to(&mut self, expr: &'a Expr, dest: Reg) {
        if let Some(value) = fold(expr) {
            return self.load_const(dest, value);
        }
        if self.regs.is_crowded(self.floor) && !matches!(expr.kind, ExprKind::Name(_)) {
            return self.expr_aside(expr, dest);
        }
        self.scratch(|e| e.expr_of_kind(expr, dest));
    }

    /// As `expr_to`, while the temporaries of the expressions around wait in a spill area.
    fn expr_aside(&mut self, expr: &'a Expr, dest: Reg) {
        let (floor, waiting) = (self.floor, self.regs.above(self.floor));
        let result = i32::from(waiting.end - waiting.start);
        self.scratch(|e| {
            let area = e.temp();
            e.op(Op::SpillNew, area, 0, 0, result + 1);
            for (slot, reg) in (0..).zip(waiting.clone()) {
                e.op(Op::SpillSet, reg, area, 0, slot);
            }
            e.op(Op::Move, waiting.start, area, 0, 0);
        });
        let (mark, area) = (self.regs.mark(), waiting.start);
        self.regs.release(floor);
        self.temp();
        self.scratch(|e| {
            e.floor = e.regs.mark();
            let value = e.expr_temp(expr);
            e.op(Op::SpillSet, value, area, 0, result);
        });
        (self.floor, _) = (floor, self.regs.release(mark));
        for (slot, reg) in (0..).zip(waiting).skip(1) {
            self.op(Op::SpillGet, reg, area, 0, slot);
        }
        if dest != area {
            self.op(Op::SpillGet, dest, area, 0, result);
        }
        let slot = if dest == area { result } else { 0 };
        self.op(Op::SpillGet, area, area, 0, slot);
    }

    fn expr_of_kind(&mut self, expr: &'a Expr, dest: Reg) {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Constant(_) => {}
            ExprKind::Name(name) => self.load_name(name, span, dest),
            ExprKind::FString(parts) => self.fstring(parts, span, dest),
            ExprKind::Tuple(items) => self.tuple(items, span, dest),
            ExprKind::List(items) => self.list(items, span, dest),
            ExprKind::Set(items) => self.set(items, span, dest),
            ExprKind::Dict(items) => self.dict(items, span, dest),
            ExprKind::ListComp { .. } | ExprKind::SetComp { .. } | ExprKind::DictComp { .. } => {
                self.comprehension(expr, dest);
            }
            ExprKind::GeneratorExp { element, clauses } => {
                self.generator_expression(element, clauses, span, dest)
            }
            ExprKind::BoolOp { op, values } => self.bool_op(*op, values, dest),
            ExprKind::BinOp { left, op, right } => self.bin_op(left, *op, right, span, dest),
            ExprKind::UnaryOp { op, operand } => self.unary_op(*op, operand, span, dest),
            ExprKind::Compare { left, rest } => self.compare(left, rest, span, dest),
            ExprKind::IfExp { test, body, orelse } => self.if_exp(test, body, orelse, dest),
            ExprKind::Lambda(lambda) => self.lambda(lambda, span, dest),
            ExprKind::Named { target, value } => self.named(target, value, dest),
            ExprKind::Call { .. } => self.call(expr, dest, false),
            ExprKind::Attribute { value, attr } => {
                let object = self.operand_in(value, NOTHING, dest);
                self.get_attr(&attr.name, object, self.span_of_link(span, attr), dest);
            }
            ExprKind::Subscript { value, index } => {
                let object = self.operand_in(value, index.span, dest);
                if let ExprKind::Slice { lower, upper, step } = &index.kind {
                    let first = self.bounds([lower, upper, step]);
                    self.op_at(span, Op::GetSlice, dest, first, object, 0);
                    return;
                }
                let index = self.operand(index, NOTHING);
                self.op_at(span, Op::GetItem, dest, object, index, 0);
            }
            ExprKind::Slice { lower, upper, step } => self.slice([lower, upper, step], span, dest),
            ExprKind::Starred(value) => self.expr_to(value, dest),
            ExprKind::Await(value) => {
                let awaited = self.operand_in(value, NOTHING, dest);
                self.op_at(span, Op::Await, dest, awaited, 0, 0);
            }
            ExprKind::Yield(value) => {
                let value = match value {
                    Some(value) => self.operand_in(value, NOTHING, dest),
                    None => self.none(),
                };
                self.op_at(span, Op::Yield, dest, value, 0, 0);
            }
            ExprKind::YieldFrom(value) => {
                let source = self.operand_in(value, NOTHING, dest);
                self.op_at(span, Op::YieldFrom, dest, source, 0, 0);
            }
        }
    }

    /// A temporary that holds None.
    pub fn none(&mut self) -> Reg {
        let none = self.temp();
        self.imm(none, Imm::None);
        none
    }

    /// Evaluates to a new temporary.
    pub fn expr_temp(&mut self, expr: &'a Expr) -> Reg {
        let temp = self.temp();
        self.expr_to(expr, temp);
        temp
    }

    /// Evaluates and names the register with the value: a variable's own, or a new temporary. What lies in `later` is
    /// evaluated before the operand is used.
    pub fn operand(&mut self, expr: &'a Expr, later: Span) -> Reg {
        self.operand_of_variable(expr, later)
            .unwrap_or_else(|| self.expr_temp(expr))
    }

    /// Like `operand`; a value that needs a register gets `scratch`, if that is a temporary.
    pub fn operand_in(&mut self, expr: &'a Expr, later: Span, scratch: Reg) -> Reg {
        if let Some(reg) = self.operand_of_variable(expr, later) {
            return reg;
        }
        if !self.regs.is_temporary(scratch) {
            return self.expr_temp(expr);
        }
        self.expr_to(expr, scratch);
        scratch
    }

    fn operand_of_variable(&mut self, expr: &'a Expr, later: Span) -> Option<Reg> {
        match &expr.kind {
            ExprKind::Name(name) if &**name != "__debug__" => {
                let reg = self.variable_to_hold(name, later)?;
                self.check(name, expr.span, reg, reg.into());
                Some(reg)
            }
            ExprKind::Named { target, value } => {
                let reg = self.variable_to_hold(&target.name, later)?;
                self.expr_to(value, reg);
                self.has_value(reg);
                Some(reg)
            }
            _ => None,
        }
    }

    /// The register of a variable, unless something in `later` rebinds it.
    fn variable_to_hold(&mut self, name: &Name, later: Span) -> Option<Reg> {
        let reg = self.variable(name)?;
        let frame = self.unit.tree.get(self.frame);
        let is_rebound = !frame.walrus.is_empty() && frame.has_walrus(&frame.mangle(name), later);
        (!is_rebound).then_some(reg)
    }

    /// Evaluates for the effect alone.
    pub fn effect(&mut self, expr: &'a Expr) {
        if fold(expr).is_some() {
            return;
        }
        self.scratch(|e| match &expr.kind {
            ExprKind::Call { .. } => {
                let dest = e.temp();
                e.call(expr, dest, true);
            }
            ExprKind::BoolOp { .. } | ExprKind::IfExp { .. } => {
                let dest = e.temp();
                e.expr_to(expr, dest);
            }
            _ => {
                e.operand(expr, NOTHING);
            }
        });
    }

    fn bin_op(&mut self, left: &'a Expr, op: BinOp, right: &'a Expr, span: Span, dest: Reg) {
        if let (Some(op), Some(value)) = (immediate_op(op), small_int(right)) {
            let left = self.operand_in(left, NOTHING, dest);
            return self.op_at(span, op, dest, left, 0, value);
        }
        let left = self.operand_in(left, right.span, dest);
        let right = self.operand(right, NOTHING);
        self.op_at(span, binary_op(op), dest, left, right, 0);
    }

    fn unary_op(&mut self, op: UnaryOp, operand: &'a Expr, span: Span, dest: Reg) {
        let operand = self.operand_in(operand, NOTHING, dest);
        let op = match op {
            UnaryOp::Not => Op::Not,
            UnaryOp::Neg => Op::Neg,
            UnaryOp::Pos => Op::Pos,
            UnaryOp::Invert => Op::Invert,
        };
        self.op_at(span, op, dest, operand, 0, 0);
    }

    fn bool_op(&mut self, op: BoolOp, values: &'a [Expr], dest: Reg) {
        let result = if self.can_hold_parts(values, dest) {
            dest
        } else {
            self.temp()
        };
        let end = self.label();
        let jump = if op == BoolOp::And {
            Op::JmpIfNot
        } else {
            Op::JmpIf
        };
        for (index, value) in values.iter().enumerate() {
            self.expr_to(value, result);
            if index + 1 < values.len() {
                self.b.set_span(value.span);
                self.jump(jump, result, 0, 0, end);
            }
        }
        self.bind(end);
        self.copy(dest, result);
    }

    /// Whether a variable may hold the first values of `x = a or b` already: nothing after them reads it or raises.
    fn can_hold_parts(&self, values: &[Expr], dest: Reg) -> bool {
        self.regs.is_temporary(dest)
            || values.iter().skip(1).all(|value| match &value.kind {
                ExprKind::Constant(_) => true,
                ExprKind::Name(name) => self
                    .variable(name)
                    .is_some_and(|reg| reg != dest && self.assigned.has(reg.into())),
                _ => false,
            })
    }

    fn if_exp(&mut self, test: &'a Expr, body: &'a Expr, orelse: &'a Expr, dest: Reg) {
        let (other, end) = (self.label(), self.label());
        self.jump_if(test, false, other);
        if self.is_reachable() {
            self.expr_to(body, dest);
        }
        self.goto(end);
        self.bind(other);
        if self.is_reachable() {
            self.expr_to(orelse, dest);
        }
        self.bind(end);
    }

    fn named(&mut self, target: &'a Ident, value: &'a Expr, dest: Reg) {
        if let Some(reg) = self.variable(&target.name) {
            self.expr_to(value, reg);
            self.has_value(reg);
            self.copy(dest, reg);
        } else {
            let value = self.operand_in(value, NOTHING, dest);
            self.store_name(&target.name, target.span, value);
            self.copy(dest, value);
        }
    }

    /// `R[dest] := R[object].name`
    pub fn get_attr(&mut self, name: &Name, object: Reg, span: Span, dest: Reg) {
        let name = self.here().mangle(name);
        let cache = self.b.cache(&name);
        self.op_at(span, Op::GetAttr, dest, object, 0, cache);
    }

    fn slice(&mut self, parts: [&'a Option<Box<Expr>>; 3], span: Span, dest: Reg) {
        let first = self.bounds(parts);
        self.op_at(span, Op::BuildSlice, dest, first, 0, 0);
    }

    /// The bounds of a slice in three registers; the first of these.
    pub(super) fn bounds(&mut self, parts: [&'a Option<Box<Expr>>; 3]) -> Reg {
        let first = self.temps(3);
        for (reg, part) in row(first).zip(parts) {
            match part {
                Some(part) => self.expr_to(part, reg),
                None => self.imm(reg, Imm::None),
            }
        }
        first
    }

    /// Loads a string.
    pub fn load_str(&mut self, dest: Reg, text: &Name) {
        self.load_const(dest, Const::Str(text.clone()));
    }
}

/// The instruction of a binary operator.
pub(super) fn binary_op(op: BinOp) -> Op {
    match op {
        BinOp::Add => Op::Add,
        BinOp::Sub => Op::Sub,
        BinOp::Mul => Op::Mul,
        BinOp::MatMul => Op::MatMul,
        BinOp::Div => Op::Div,
        BinOp::FloorDiv => Op::FloorDiv,
        BinOp::Mod => Op::Mod,
        BinOp::Pow => Op::Pow,
        BinOp::LShift => Op::Shl,
        BinOp::RShift => Op::Shr,
        BinOp::BitAnd => Op::BitAnd,
        BinOp::BitOr => Op::BitOr,
        BinOp::BitXor => Op::BitXor,
    }
}

/// The instruction of a binary operator with a small integer on the right.
pub(super) fn immediate_op(op: BinOp) -> Option<Op> {
    Some(match op {
        BinOp::Add => Op::AddI,
        BinOp::Sub => Op::SubI,
        BinOp::Mul => Op::MulI,
        BinOp::FloorDiv => Op::FloorDivI,
        BinOp::Mod => Op::ModI,
        BinOp::BitAnd => Op::BitAndI,
        BinOp::LShift => Op::ShlI,
        BinOp::RShift => Op::ShrI,
        BinOp::MatMul | BinOp::Div | BinOp::Pow | BinOp::BitOr | BinOp::BitXor => return None,
    })
}
