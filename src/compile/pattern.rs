//! `match`: tests that jump to the next case, and captures that are bound when a whole pattern has matched.
//!
//! Contract: the subject is evaluated once to a temporary. Captured values wait in temporaries; names are bound, in
//! order, after the last test and before the guard, as in CPython. A new form of pattern needs its arm in `pattern`.

use super::emitter::Emitter;
use super::expr::NOTHING;
use super::fold::{fold, literal, small_int};
use super::registers::row;
use crate::bytecode::{Const, Label, Op, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{Constant, Expr, Ident, MatchCase, Pattern, PatternKind};

/// The names to bind and the registers that hold their values.
type Captures<'a> = Vec<(&'a Ident, Reg)>;

impl<'a> Emitter<'_, 'a> {
    /// The whole statement.
    pub fn match_stmt(&mut self, subject: &'a Expr, cases: &'a [MatchCase]) {
        let end = self.label();
        self.scratch(|e| {
            let subject = e.expr_temp(subject);
            for case in cases {
                if e.is_reachable() {
                    e.scratch(|e| e.case(case, subject, end));
                }
            }
        });
        self.bind(end);
    }

    fn case(&mut self, case: &'a MatchCase, subject: Reg, end: Label) {
        let next = self.label();
        self.note(case.pattern.span);
        let mut captures = Captures::new();
        self.scratch(|e| {
            e.pattern(&case.pattern, subject, next, &mut captures);
            for (name, reg) in captures {
                e.store_name(&name.name, name.span, reg);
            }
        });
        if let Some(guard) = &case.guard {
            self.jump_if(guard, false, next);
        }
        self.block(&case.body);
        self.goto(end);
        self.bind(next);
    }

    /// Jumps to `fail` unless the pattern matches. Temporaries stay taken: captures are in them.
    fn pattern(
        &mut self,
        pattern: &'a Pattern,
        subject: Reg,
        fail: Label,
        captures: &mut Captures<'a>,
    ) {
        let span = pattern.span;
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Star(None) => {}
            PatternKind::Capture(name) | PatternKind::Star(Some(name)) => {
                captures.push((name, subject))
            }
            PatternKind::Value(value) => self.value_pattern(value, subject, span, fail),
            PatternKind::Singleton(constant) => {
                self.singleton_pattern(constant, subject, span, fail)
            }
            PatternKind::Sequence(items) => {
                self.sequence_pattern(items, subject, span, fail, captures)
            }
            PatternKind::Mapping { items, rest } => {
                self.mapping_pattern(items, rest.as_ref(), subject, span, fail, captures);
            }
            PatternKind::Class {
                class,
                positional,
                keywords,
            } => {
                let parts = positional
                    .iter()
                    .chain(keywords.iter().map(|(_, pattern)| pattern))
                    .collect();
                let names = keywords
                    .iter()
                    .map(|(name, _)| Const::Str(name.name.clone()))
                    .collect();
                let found = self.match_class(class, positional.len(), names, subject, (span, fail));
                self.parts(parts, found, span, fail, captures);
            }
            PatternKind::Or(alternatives) => self.or_pattern(alternatives, subject, fail, captures),
            PatternKind::As { pattern, name } => {
                self.pattern(pattern, subject, fail, captures);
                captures.push((name, subject));
            }
        }
    }

    fn value_pattern(&mut self, value: &'a Expr, subject: Reg, span: Span, fail: Label) {
        self.scratch(|e| {
            if let Some(value) = small_int(value).and_then(|value| i8::try_from(value).ok()) {
                e.b.set_span(span);
                return e.jump(Op::JmpEqI, subject, value as u8, 0, fail);
            }
            let value = e.operand(value, NOTHING);
            e.b.set_span(span);
            e.jump(Op::JmpEq, subject, value, 0, fail);
        });
    }

    fn singleton_pattern(&mut self, constant: &Constant, subject: Reg, span: Span, fail: Label) {
        self.b.set_span(span);
        if *constant == Constant::None {
            return self.jump(Op::JmpIfNone, subject, 0, 0, fail);
        }
        self.scratch(|e| {
            let value = e.temp();
            e.load_const(value, literal(constant));
            e.jump(Op::JmpIs, subject, value, 0, fail);
        });
    }

    fn sequence_pattern(
        &mut self,
        items: &'a [Pattern],
        subject: Reg,
        span: Span,
        fail: Label,
        captures: &mut Captures<'a>,
    ) {
        let star = items
            .iter()
            .position(|item| matches!(item.kind, PatternKind::Star(_)));
        self.test(Op::MatchSeq, subject, span, fail);
        let len = self.temp();
        self.op(Op::GetLen, len, subject, 0, 0);
        match star {
            None => self.compare_len(Op::JmpEqI, Op::JmpEq, len, items.len(), fail),
            Some(_) if items.len() > 1 => {
                self.compare_len(Op::JmpGeI, Op::JmpGe, len, items.len() - 1, fail)
            }
            Some(_) => {}
        }
        if items.iter().all(is_wildcard) {
            return;
        }
        match star {
            None => {
                let first = self.temps(items.len());
                self.op_at(span, Op::UnpackSeq, subject, first, 0, items.len() as i32);
                row(first)
                    .zip(items)
                    .for_each(|(reg, item)| self.pattern(item, reg, fail, captures));
            }
            Some(at) if is_wildcard(&items[at]) => {
                self.items_by_index(items, at, subject, len, fail, captures)
            }
            Some(at) => {
                let first = self.temps(items.len());
                self.op_at(
                    span,
                    Op::UnpackEx,
                    subject,
                    first,
                    at as u8,
                    (items.len() - at - 1) as i32,
                );
                row(first)
                    .zip(items)
                    .for_each(|(reg, item)| self.pattern(item, reg, fail, captures));
            }
        }
    }

    /// `[a, *_, b]` needs no list of what is between.
    fn items_by_index(
        &mut self,
        items: &'a [Pattern],
        star: usize,
        subject: Reg,
        len: Reg,
        fail: Label,
        captures: &mut Captures<'a>,
    ) {
        for (index, item) in items
            .iter()
            .enumerate()
            .filter(|(_, item)| !is_wildcard(item))
        {
            let reg = self.temp();
            if index < star {
                self.op(Op::LoadInt, reg, 0, 0, index as i32);
            } else {
                self.op(Op::SubI, reg, len, 0, (items.len() - index) as i32);
            }
            self.op_at(item.span, Op::GetItem, reg, subject, reg, 0);
            self.pattern(item, reg, fail, captures);
        }
    }

    fn mapping_pattern(
        &mut self,
        items: &'a [(Expr, Pattern)],
        rest: Option<&'a Ident>,
        subject: Reg,
        span: Span,
        fail: Label,
        captures: &mut Captures<'a>,
    ) {
        self.test(Op::MatchMap, subject, span, fail);
        let keys = self.temp();
        if !items.is_empty() {
            self.scratch(|e| {
                let len = e.temp();
                e.op(Op::GetLen, len, subject, 0, 0);
                e.compare_len(Op::JmpGeI, Op::JmpGe, len, items.len(), fail);
            });
            self.mapping_keys(items, keys);
            let found = self.temp();
            self.op_at(span, Op::MatchKeys, found, subject, keys, 0);
            self.jump(Op::JmpIfNone, found, 0, 1, fail);
            self.parts(
                items.iter().map(|(_, pattern)| pattern).collect(),
                found,
                span,
                fail,
                captures,
            );
        }
        if let Some(rest) = rest {
            let dict = self.temp();
            self.op_at(span, Op::BuildDict, dict, dict, 0, 0);
            self.op(Op::DictUpdate, dict, subject, 0, 0);
            self.without_keys(dict, keys, items.len());
            captures.push((rest, dict));
        }
    }

    fn mapping_keys(&mut self, items: &'a [(Expr, Pattern)], dest: Reg) {
        let constants: Option<Vec<Const>> = items.iter().map(|(key, _)| fold(key)).collect();
        if let Some(constants) = constants {
            return self.load_const(dest, Const::Tuple(constants));
        }
        self.scratch(|e| {
            let first = e.temps(items.len());
            row(first)
                .zip(items)
                .for_each(|(reg, (key, _))| e.expr_to(key, reg));
            e.op(Op::BuildTuple, dest, first, 0, items.len() as i32);
        });
    }

    fn without_keys(&mut self, dict: Reg, keys: Reg, count: usize) {
        if count == 0 {
            return;
        }
        self.scratch(|e| {
            let first = e.temps(count);
            e.op(Op::UnpackSeq, keys, first, 0, count as i32);
            row(first)
                .take(count)
                .for_each(|key| e.op(Op::DelItem, dict, key, 0, 0));
        });
    }

    /// The register with the attributes that the sub-patterns look at.
    fn match_class(
        &mut self,
        class: &'a Expr,
        positional: usize,
        names: Vec<Const>,
        subject: Reg,
        (span, fail): (Span, Label),
    ) -> Reg {
        let found = self.temp();
        self.scratch(|e| {
            let class_reg = e.temps(2);
            e.expr_to(class, class_reg);
            e.load_const(class_reg + 1, Const::Tuple(names));
            e.op_at(
                span,
                Op::MatchClass,
                found,
                subject,
                class_reg,
                positional as i32,
            );
            e.jump(Op::JmpIfNone, found, 0, 1, fail);
        });
        found
    }

    /// Matches the items of a tuple of the compiler's own.
    fn parts(
        &mut self,
        patterns: Vec<&'a Pattern>,
        tuple: Reg,
        span: Span,
        fail: Label,
        captures: &mut Captures<'a>,
    ) {
        if patterns.iter().all(|pattern| is_wildcard(pattern)) {
            return;
        }
        let first = self.temps(patterns.len());
        self.op_at(span, Op::UnpackSeq, tuple, first, 0, patterns.len() as i32);
        for (reg, pattern) in row(first).zip(patterns) {
            self.pattern(pattern, reg, fail, captures);
        }
    }

    /// Every alternative leaves its captures in the registers of the first one's names.
    fn or_pattern(
        &mut self,
        alternatives: &'a [Pattern],
        subject: Reg,
        fail: Label,
        captures: &mut Captures<'a>,
    ) {
        let done = self.label();
        let mut names = Vec::new();
        bound_names(&alternatives[0], &mut names);
        let first = self.temps(names.len());
        for (index, alternative) in alternatives.iter().enumerate() {
            let is_last = index + 1 == alternatives.len();
            let next = if is_last { fail } else { self.label() };
            self.scratch(|e| {
                let mut found = Captures::new();
                e.pattern(alternative, subject, next, &mut found);
                for (dest, name) in row(first).zip(&names) {
                    let source = found.iter().find(|(other, _)| other.name == name.name);
                    source.into_iter().for_each(|&(_, reg)| e.copy(dest, reg));
                }
            });
            if !is_last {
                self.goto(done);
                self.bind(next);
            }
        }
        self.bind(done);
        captures.extend(names.into_iter().zip(row(first)));
    }

    fn test(&mut self, op: Op, subject: Reg, span: Span, fail: Label) {
        self.scratch(|e| {
            let matches = e.temp();
            e.op_at(span, op, matches, subject, 0, 0);
            e.jump(Op::JmpIfNot, matches, 0, 0, fail);
        });
    }

    fn compare_len(&mut self, immediate: Op, general: Op, len: Reg, count: usize, fail: Label) {
        match i8::try_from(count) {
            Ok(count) => self.jump(immediate, len, count as u8, 0, fail),
            Err(_) => self.scratch(|e| {
                let wanted = e.temp();
                e.op(Op::LoadInt, wanted, 0, 0, count as i32);
                e.jump(general, len, wanted, 0, fail);
            }),
        }
    }
}

fn is_wildcard(pattern: &Pattern) -> bool {
    matches!(
        pattern.kind,
        PatternKind::Wildcard | PatternKind::Star(None)
    )
}

/// The names that a pattern binds, each once.
fn bound_names<'a>(pattern: &'a Pattern, names: &mut Vec<&'a Ident>) {
    match &pattern.kind {
        PatternKind::Wildcard
        | PatternKind::Value(_)
        | PatternKind::Singleton(_)
        | PatternKind::Star(None) => {}
        PatternKind::Capture(name) | PatternKind::Star(Some(name)) => names.push(name),
        PatternKind::Sequence(items) => items.iter().for_each(|item| bound_names(item, names)),
        PatternKind::Mapping { items, rest } => {
            items.iter().for_each(|(_, item)| bound_names(item, names));
            names.extend(rest);
        }
        PatternKind::Class {
            positional,
            keywords,
            ..
        } => {
            positional.iter().for_each(|item| bound_names(item, names));
            keywords
                .iter()
                .for_each(|(_, item)| bound_names(item, names));
        }
        PatternKind::Or(alternatives) => bound_names(&alternatives[0], names),
        PatternKind::As { pattern, name } => {
            bound_names(pattern, names);
            names.push(name);
        }
    }
}
