//! Assignment, augmented assignment, annotations of names, `del`.
//!
//! Contract: the value is evaluated before its targets, targets from left to right, each target's own expressions
//! just before it is stored. A plain variable is computed in place. A new kind of target needs an arm in `assign` and
//! in `delete`.

use super::emitter::Emitter;
use super::expr::{NOTHING, binary_op, immediate_op};
use super::fold::{fold, small_int};
use super::registers::row;
use crate::bytecode::{Const, Op, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{BinOp, Expr, ExprKind};

/// Most items of `a, b = c, d` that are moved without making a tuple.
const MAX_DIRECT: usize = 32;

/// Where the value of one item of `a, b = c, d` waits.
enum Pending {
    Reg(Reg),
    Const(Const),
    Stored,
}

impl<'a> Emitter<'_, 'a> {
    /// `target = ... = value`
    pub fn assign_stmt(&mut self, targets: &'a [Expr], value: &'a Expr) {
        if let [target] = targets {
            return self.assign_one(target, value);
        }
        self.scratch(|e| {
            let variables: Option<Vec<Reg>> = targets
                .iter()
                .map(|target| e.plain_target(target))
                .collect();
            if let Some([first, rest @ ..]) = variables.as_deref() {
                e.expr_to(value, *first);
                e.has_value(*first);
                for &reg in rest {
                    e.copy(reg, *first);
                    e.has_value(reg);
                }
                return;
            }
            let value = e.expr_temp(value);
            targets.iter().for_each(|target| e.assign(target, value));
        });
    }

    fn assign_one(&mut self, target: &'a Expr, value: &'a Expr) {
        if let Some(reg) = self.plain_target(target) {
            self.expr_to(value, reg);
            return self.has_value(reg);
        }
        if let (
            ExprKind::Tuple(targets) | ExprKind::List(targets),
            ExprKind::Tuple(values) | ExprKind::List(values),
        ) = (&target.kind, &value.kind)
            && self.can_pair(targets, values)
        {
            return self.scratch(|e| e.assign_pairs(targets, values, value.span));
        }
        self.scratch(|e| {
            let value = e.operand(value, target.span);
            e.assign(target, value);
        });
    }

    fn can_pair(&self, targets: &[Expr], values: &[Expr]) -> bool {
        let is_starred = |item: &Expr| matches!(item.kind, ExprKind::Starred(_));
        !targets.is_empty()
            && targets.len() == values.len()
            && targets.len() <= MAX_DIRECT
            && self.regs.has_room(targets.len())
            && !targets.iter().chain(values).any(is_starred)
    }

    /// `a, b = c, d` without a tuple.
    fn assign_pairs(&mut self, targets: &'a [Expr], values: &'a [Expr], span: Span) {
        match self.distinct_variables(targets) {
            Some(variables) => self.assign_variables(&variables, values, span),
            None => {
                let later = span.to(targets[targets.len() - 1].span).to(targets[0].span);
                let binds = targets.iter().any(|target| {
                    !matches!(
                        target.kind,
                        ExprKind::Attribute { .. } | ExprKind::Subscript { .. }
                    )
                });
                let evaluate = |e: &mut Self, value: &'a Expr| {
                    if binds {
                        e.expr_temp(value)
                    } else {
                        e.operand(value, later)
                    }
                };
                let values: Vec<Reg> = values.iter().map(|value| evaluate(self, value)).collect();
                targets
                    .iter()
                    .zip(values)
                    .for_each(|(target, value)| self.assign(target, value));
            }
        }
    }

    fn distinct_variables(&self, targets: &[Expr]) -> Option<Vec<Reg>> {
        let variables: Vec<Reg> = targets
            .iter()
            .map(|target| self.plain_target(target))
            .collect::<Option<_>>()?;
        let is_distinct = (1..variables.len()).all(|i| !variables[..i].contains(&variables[i]));
        is_distinct.then_some(variables)
    }

    /// Old values of the targets are copied out of the way; the last value goes straight to its variable.
    fn assign_variables(&mut self, variables: &[Reg], values: &'a [Expr], span: Span) {
        let mut waiting = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            waiting.push(if let Some(constant) = fold(value) {
                Pending::Const(constant)
            } else if index + 1 == values.len() {
                self.expr_to(value, variables[index]);
                Pending::Stored
            } else {
                let reg = self.operand(value, span);
                Pending::Reg(if variables.contains(&reg) {
                    self.copy_of(reg)
                } else {
                    reg
                })
            });
        }
        for (&variable, value) in variables.iter().zip(waiting) {
            match value {
                Pending::Reg(reg) => self.copy(variable, reg),
                Pending::Const(value) => self.load_const(variable, value),
                Pending::Stored => {}
            }
            self.has_value(variable);
        }
    }

    fn copy_of(&mut self, reg: Reg) -> Reg {
        let copy = self.temp();
        self.copy(copy, reg);
        copy
    }

    /// `target := R[source]`
    pub fn assign(&mut self, target: &'a Expr, source: Reg) {
        self.scratch(|e| match &target.kind {
            ExprKind::Name(name) => e.store_name(name, target.span, source),
            ExprKind::Tuple(items) | ExprKind::List(items) => e.unpack(items, source, target.span),
            ExprKind::Attribute { value, attr } => {
                let object = e.operand(value, NOTHING);
                let name = e.here().mangle(&attr.name);
                let cache = e.b.cache(&name);
                let span = e.span_of_link(target.span, attr);
                e.op_at(span, Op::SetAttr, object, source, 0, cache);
            }
            ExprKind::Subscript { value, index } => {
                let object = e.operand(value, index.span);
                if let ExprKind::Slice { lower, upper, step } = &index.kind {
                    let first = e.bounds([lower, upper, step]);
                    e.op_at(target.span, Op::SetSlice, object, first, source, 0);
                    return;
                }
                let index = e.operand(index, NOTHING);
                e.op_at(target.span, Op::SetItem, object, index, source, 0);
            }
            _ => {}
        });
    }

    fn unpack(&mut self, items: &'a [Expr], source: Reg, span: Span) {
        let star = items
            .iter()
            .position(|item| matches!(item.kind, ExprKind::Starred(_)));
        if let (None, Some(first)) = (star, self.variables_in_a_row(items)) {
            self.op_at(span, Op::UnpackSeq, source, first, 0, items.len() as i32);
            return row(first)
                .take(items.len())
                .for_each(|reg| self.has_value(reg));
        }
        if !self.regs.has_room(items.len()) {
            return self.unpack_by_list(items, star, source, span);
        }
        // `() = nothing` unpacks into no register, but names one.
        let first = self.temps(items.len().max(1));
        match star {
            None => self.op_at(span, Op::UnpackSeq, source, first, 0, items.len() as i32),
            Some(before) => {
                let after = items.len() - before - 1;
                self.op_at(
                    span,
                    Op::UnpackEx,
                    source,
                    first,
                    before as u8,
                    after as i32,
                );
            }
        }
        for (reg, item) in row(first).zip(items) {
            match &item.kind {
                ExprKind::Starred(inner) => self.assign(inner, reg),
                _ => self.assign(item, reg),
            }
        }
    }

    /// More targets than registers: the items wait in a list.
    fn unpack_by_list(&mut self, items: &'a [Expr], star: Option<usize>, source: Reg, span: Span) {
        let list = self.temp();
        self.items_in_list(items.len(), star, source, span, list);
        for (index, item) in (0..).zip(items) {
            self.scratch(|e| {
                let value = e.temp();
                e.op(Op::LoadInt, value, 0, 0, index);
                e.op(Op::GetItem, value, list, value, 0);
                match &item.kind {
                    ExprKind::Starred(inner) => e.assign(inner, value),
                    _ => e.assign(item, value),
                }
            });
        }
    }

    /// `R[list] :=` a list of the items that a source is unpacked into, where `star` is the place of a starred target.
    pub fn items_in_list(
        &mut self,
        count: usize,
        star: Option<usize>,
        source: Reg,
        span: Span,
        list: Reg,
    ) {
        let Some(before) = star else {
            return self.op_at(span, Op::UnpackList, source, list, 0, count as i32);
        };
        let after = (count - before - 1) as i32;
        match u8::try_from(before) {
            Ok(before) => self.op_at(span, Op::UnpackListEx, source, list, before, after),
            Err(_) => self.refuse(
                span,
                "too many expressions in star-unpacking assignment",
                "unpack at most 255 values before the star",
            ),
        }
    }

    /// The first of variables that can be unpacked to directly: an exception half way is seen by nobody.
    fn variables_in_a_row(&self, items: &[Expr]) -> Option<Reg> {
        let variables = self.distinct_variables(items)?;
        let is_row = variables
            .windows(2)
            .all(|pair| pair[0].checked_add(1) == Some(pair[1]));
        (is_row && self.is_unguarded())
            .then(|| variables.first().copied())
            .flatten()
    }

    /// `target op= value`
    pub fn aug_assign(&mut self, target: &'a Expr, op: BinOp, value: &'a Expr, span: Span) {
        self.scratch(|e| match &target.kind {
            ExprKind::Attribute {
                value: object,
                attr,
            } => {
                let object = e.operand(object, value.span);
                let result = e.temp();
                let link = e.span_of_link(target.span, attr);
                e.get_attr(&attr.name, object, link, result);
                e.augment(result, result, op, value, span);
                let name = e.here().mangle(&attr.name);
                let cache = e.b.cache(&name);
                e.op_at(link, Op::SetAttr, object, result, 0, cache);
            }
            ExprKind::Subscript {
                value: object,
                index,
            } => {
                let object = e.operand(object, index.span.to(value.span));
                let index = e.operand(index, value.span);
                let result = e.temp();
                e.op_at(target.span, Op::GetItem, result, object, index, 0);
                e.augment(result, result, op, value, span);
                e.op_at(target.span, Op::SetItem, object, index, result, 0);
            }
            _ => e.aug_assign_name(target, op, value, span),
        });
    }

    fn aug_assign_name(&mut self, target: &'a Expr, op: BinOp, value: &'a Expr, span: Span) {
        let ExprKind::Name(name) = &target.kind else {
            return;
        };
        let old = self.operand(target, value.span);
        match self.variable(name) {
            Some(variable) => self.augment(variable, old, op, value, span),
            None => {
                self.augment(old, old, op, value, span);
                self.store_name(name, target.span, old);
            }
        }
    }

    /// `R[dest] := R[old] op= value`
    fn augment(&mut self, dest: Reg, old: Reg, op: BinOp, value: &'a Expr, span: Span) {
        if let (Some(op), Some(value)) = (immediate_op(op), small_int(value)) {
            return self.op_at(span, op, dest, old, 1, value);
        }
        let value = self.operand(value, NOTHING);
        self.op_at(span, binary_op(op), dest, old, value, 1);
    }

    /// `target: annotation = value`
    pub fn ann_assign(
        &mut self,
        target: &'a Expr,
        annotation: &'a Expr,
        value: Option<&'a Expr>,
        simple: bool,
    ) {
        match (value, &target.kind) {
            (Some(value), _) => self.assign_one(target, value),
            (None, ExprKind::Attribute { value, .. }) => self.effect(value),
            (None, ExprKind::Subscript { value, index }) => {
                self.effect(value);
                self.effect(index);
            }
            _ => {}
        }
        if !self.is_namespace() {
            return;
        }
        self.scratch(|e| match &target.kind {
            ExprKind::Name(name) if simple => {
                let value = e.annotation(annotation);
                let (dict, key) = (e.temp(), e.temp());
                e.load_annotations(dict, annotation.span);
                let name = e.here().mangle(name);
                e.load_str(key, &name);
                e.op_at(annotation.span, Op::SetItem, dict, key, value, 0);
            }
            _ => {
                e.annotation(annotation);
            }
        });
    }

    /// `del target`
    pub fn delete(&mut self, target: &'a Expr) {
        self.scratch(|e| match &target.kind {
            ExprKind::Name(name) => e.delete_name(name, target.span),
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| e.delete(item))
            }
            ExprKind::Attribute { value, attr } => {
                let object = e.operand(value, NOTHING);
                let name = e.here().mangle(&attr.name);
                let name = e.b.name(&name);
                let span = e.span_of_link(target.span, attr);
                e.op_at(span, Op::DelAttr, object, 0, 0, name);
            }
            ExprKind::Subscript { value, index } => {
                let object = e.operand(value, index.span);
                let index = e.operand(index, NOTHING);
                e.op_at(target.span, Op::DelItem, object, index, 0, 0);
            }
            _ => {}
        });
    }
}
