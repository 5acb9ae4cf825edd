//! `assert`: what it tests, and which values its failure shows.
//!
//! A single comparison or value is kept where it was tested. Of `and`, `or` and chains each part has a register of its own, which holds
//! Undef until the part is evaluated. With a single one go the variables of the function that it names. `asserted` names the parts in the same order: whoever draws the report asks it for their text.

use super::emitter::Emitter;
use super::expr::NOTHING;
use super::fold::fold;
use crate::bytecode::{Imm, Label, Op, Reg};
use crate::syntax::ast::{BoolOp, CmpOp, Expr, ExprKind, UnaryOp};

/// How many values of one `assert` are kept.
const MOST: usize = 16;

/// What the values are that a failed `assert` shows.
pub enum Asserted<'a> {
    /// That of this test, or of both sides of its comparison; then those of these variables, Undef for what is none of the function.
    Sides(&'a Expr, Vec<&'a Expr>),
    /// Those of these parts, in order.
    Parts(Vec<&'a Expr>),
}

/// What the values are that a failure of this test shows.
#[must_use]
pub fn asserted(test: &Expr) -> Asserted<'_> {
    match &test.kind {
        ExprKind::UnaryOp {
            op: UnaryOp::Not,
            operand,
        } => asserted(operand),
        ExprKind::BoolOp { .. } => Asserted::Parts(parts(test)),
        ExprKind::Compare { rest, .. } if rest.len() > 1 => Asserted::Parts(parts(test)),
        _ => Asserted::Sides(test, variables(test)),
    }
}

/// How many variables are shown beside the sides.
const MOST_VARIABLES: usize = 4;

/// The names inside of a test that are surely evaluated; those that are a side themselves are none of them.
fn variables(test: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    match &test.kind {
        ExprKind::Compare { left, rest } => {
            let sides = [&**left].into_iter().chain(rest.iter().map(|it| &it.1));
            for side in sides.filter(|side| !matches!(side.kind, ExprKind::Name(_))) {
                collect_names(side, &mut found);
            }
            let is_side = |name: &&Expr| {
                let same = |side: &Expr| side.kind == name.kind;
                same(left) || rest.iter().any(|it| same(&it.1))
            };
            found.retain(|name| !is_side(name));
        }
        ExprKind::Name(_) => {}
        _ => collect_names(test, &mut found),
    }
    found.truncate(MOST_VARIABLES);
    found
}

fn collect_names<'e>(expr: &'e Expr, found: &mut Vec<&'e Expr>) {
    match &expr.kind {
        ExprKind::Name(_) if !found.iter().any(|known| known.kind == expr.kind) => found.push(expr),
        ExprKind::Attribute { value, .. } | ExprKind::UnaryOp { operand: value, .. } => {
            collect_names(value, found);
        }
        ExprKind::Call { func, args } => {
            // The name of a function says nothing by its value.
            if !matches!(func.kind, ExprKind::Name(_)) {
                collect_names(func, found);
            }
            args.iter()
                .for_each(|arg| collect_names(arg.value(), found));
        }
        ExprKind::Subscript { value, index } => {
            collect_names(value, found);
            collect_names(index, found);
        }
        ExprKind::BinOp { left, right, .. } => {
            collect_names(left, found);
            collect_names(right, found);
        }
        _ => {}
    }
}

/// The parts that are not constant, in the order of evaluation.
fn parts(test: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    collect(test, &mut found);
    found
}

fn collect<'e>(test: &'e Expr, found: &mut Vec<&'e Expr>) {
    match &test.kind {
        _ if fold(test).is_some() => {}
        ExprKind::UnaryOp {
            op: UnaryOp::Not,
            operand,
        } => collect(operand, found),
        ExprKind::BoolOp { values, .. } => values.iter().for_each(|value| collect(value, found)),
        ExprKind::Compare { left, rest } => {
            let sides = [&**left]
                .into_iter()
                .chain(rest.iter().map(|(_, right)| right));
            found.extend(sides.filter(|side| fold(side).is_none()));
        }
        _ => found.push(test),
    }
}

impl<'a> Emitter<'_, 'a> {
    /// `assert test, msg`
    pub fn assert(&mut self, test: &'a Expr, msg: Option<&'a Expr>) {
        // A tuple is constant to the folder, but its parts may still be wanted.
        if let ExprKind::Tuple(items) = &test.kind
            && !items.is_empty()
        {
            return self.effect(test);
        }
        let fine = self.label();
        self.scratch(|e| {
            let (first, count) = match asserted(test) {
                Asserted::Parts(parts) if (1..=MOST).contains(&parts.len()) => {
                    e.jump_if_parts_hold(test, parts.len(), fine)
                }
                _ => e.jump_if_sides_hold(test, fine),
            };
            if e.is_reachable() {
                let value = match msg {
                    Some(msg) => e.operand(msg, NOTHING),
                    None => e.undef(),
                };
                e.op_at(test.span, Op::AssertFail, value, first, 0, count as i32);
            }
        });
        self.bind(fine);
    }

    fn undef(&mut self) -> Reg {
        let reg = self.temp();
        self.imm(reg, Imm::Undef);
        reg
    }

    /// Jumps if the test holds; falls through with its sides in a row of registers: the first, and how many.
    fn jump_if_sides_hold(&mut self, test: &'a Expr, fine: Label) -> (Reg, usize) {
        let sides = self.jump_if_holds(test, true, fine);
        if !self.is_reachable() {
            return (0, 0);
        }
        let mut values: Vec<Option<Reg>> = sides.into_iter().flatten().map(Some).collect();
        if let Asserted::Sides(_, names) = asserted(test)
            && !values.is_empty()
        {
            values.extend(names.iter().map(|name| match &name.kind {
                ExprKind::Name(name) => self.variable(name),
                _ => None,
            }));
        }
        let first = self.temps(values.len().max(1));
        for (at, &value) in values.iter().enumerate() {
            match value {
                Some(value) => self.copy(first + at as Reg, value),
                None => self.imm(first + at as Reg, Imm::Undef),
            }
        }
        if values.is_empty() {
            self.imm(first, Imm::Undef);
        }
        (first, values.len())
    }

    /// The same with its parts.
    fn jump_if_parts_hold(&mut self, test: &'a Expr, count: usize, fine: Label) -> (Reg, usize) {
        let first = self.temps(count);
        for at in 0..count {
            self.imm(first + at as Reg, Imm::Undef);
        }
        let mut next = first;
        self.jump_if_part(test, true, fine, &mut next);
        (first, count)
    }

    /// `jump_if`, keeping the values of the parts from the register `next` on.
    fn jump_if_part(&mut self, test: &'a Expr, sense: bool, target: Label, next: &mut Reg) {
        match &test.kind {
            _ if fold(test).is_some() => self.jump_if(test, sense, target),
            ExprKind::UnaryOp {
                op: UnaryOp::Not,
                operand,
            } => self.jump_if_part(operand, !sense, target, next),
            ExprKind::BoolOp { op, values } => {
                self.jump_if_all_parts(values, *op, sense, target, next);
            }
            ExprKind::Compare { left, rest } => {
                self.jump_if_compared_parts(test, (left, rest), sense, target, next);
            }
            _ => {
                let value = self.part(test, next);
                self.b.set_span(test.span);
                let op = if sense { Op::JmpIf } else { Op::JmpIfNot };
                self.jump(op, value, 0, 0, target);
            }
        }
    }

    fn jump_if_all_parts(
        &mut self,
        values: &'a [Expr],
        op: BoolOp,
        sense: bool,
        target: Label,
        next: &mut Reg,
    ) {
        let decides = op == BoolOp::Or;
        let end = self.label();
        let on_decision = if sense == decides { target } else { end };
        for (at, value) in values.iter().enumerate() {
            if !self.is_reachable() {
                *next += parts(value).len() as Reg;
            } else if at + 1 < values.len() {
                self.jump_if_part(value, decides, on_decision, next);
            } else {
                self.jump_if_part(value, sense, target, next);
            }
        }
        self.bind(end);
    }

    fn jump_if_compared_parts(
        &mut self,
        test: &'a Expr,
        (left, rest): (&'a Expr, &'a [(CmpOp, Expr)]),
        sense: bool,
        target: Label,
        next: &mut Reg,
    ) {
        let end = self.label();
        let on_failure = if sense { end } else { target };
        let mut left = self.part(left, next);
        for (at, (op, right)) in rest.iter().enumerate() {
            let right = self.part(right, next);
            if at + 1 < rest.len() {
                self.compare_and_jump(left, *op, right, test.span, false, on_failure);
            } else {
                self.compare_and_jump(left, *op, right, test.span, sense, target);
            }
            left = right;
        }
        self.bind(end);
    }

    /// A part's value, in the next register unless it is constant.
    fn part(&mut self, part: &'a Expr, next: &mut Reg) -> Reg {
        if fold(part).is_some() {
            return self.operand(part, NOTHING);
        }
        let reg = *next;
        *next += 1;
        self.expr_to(part, reg);
        reg
    }
}
