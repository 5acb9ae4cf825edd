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

/// The names to bind and where their values wait.
#[derive(Default)]
struct Captures<'a> {
    names: Vec<(&'a Ident, Kept)>,
    /// The spill area of a pattern with too many parts for registers.
    area: Option<Reg>,
    /// The next free slot of that area.
    slot: i32,
}

/// Where a captured value waits.
#[derive(Clone, Copy)]
enum Kept {
    Reg(Reg),
    Slot(i32),
}

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
        self.scratch(|e| {
            let mut captures = e.captures(&case.pattern);
            e.pattern(&case.pattern, subject, next, &mut captures);
            let Captures { names, area, .. } = captures;
            for (name, kept) in names {
                e.scratch(|e| {
                    let value = e.kept(kept, area);
                    e.store_name(&name.name, name.span, value);
                });
            }
        });
        if let Some(guard) = &case.guard {
            self.jump_if(guard, false, next);
        }
        self.block(&case.body);
        self.goto(end);
        self.bind(next);
    }

    /// No captures yet, and a spill area for them if the pattern has many parts.
    fn captures(&mut self, pattern: &Pattern) -> Captures<'a> {
        let parts = parts_of(pattern);
        if self.regs.has_room(3 * parts) {
            return Captures::default();
        }
        let area = self.temp();
        self.op(Op::SpillNew, area, 0, 0, parts as i32);
        Captures {
            area: Some(area),
            ..Captures::default()
        }
    }

    /// Notes what a name will be bound to.
    fn keep(&mut self, name: &'a Ident, value: Reg, captures: &mut Captures<'a>) {
        let kept = match captures.area {
            None => Kept::Reg(value),
            Some(area) => {
                let slot = captures.slot;
                captures.slot += 1;
                self.op(Op::SpillSet, value, area, 0, slot);
                Kept::Slot(slot)
            }
        };
        captures.names.push((name, kept));
    }

    /// The register of a captured value.
    fn kept(&mut self, kept: Kept, area: Option<Reg>) -> Reg {
        match kept {
            Kept::Reg(reg) => reg,
            Kept::Slot(slot) => {
                let value = self.temp();
                self.op(Op::SpillGet, value, area.unwrap_or_default(), 0, slot);
                value
            }
        }
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
                self.keep(name, subject, captures)
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
                self.keep(name, subject, captures);
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
        // `[*_]` and `[*rest]` match a sequence of any length: CPython does not ask for it.
        if star.is_none() || items.len() > 1 {
            self.op(Op::GetLen, len, subject, 0, 0);
        }
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
        if captures.area.is_some() {
            let list = self.temp();
            self.items_in_list(items.len(), star, subject, span, list);
            return self.listed_parts(items.iter().collect(), list, fail, captures);
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
            self.keep(rest, dict, captures);
        }
    }

    fn mapping_keys(&mut self, items: &'a [(Expr, Pattern)], dest: Reg) {
        let constants: Option<Vec<Const>> = items.iter().map(|(key, _)| fold(key)).collect();
        if let Some(constants) = constants {
            return self.load_const(dest, Const::Tuple(constants));
        }
        self.op(Op::BuildList, dest, dest, 0, 0);
        for (key, _) in items {
            self.scratch(|e| {
                let key = e.operand(key, NOTHING);
                e.op(Op::ListAppend, dest, key, 0, 0);
            });
        }
        self.op(Op::ListToTuple, dest, dest, 0, 0);
    }

    fn without_keys(&mut self, dict: Reg, keys: Reg, count: usize) {
        for index in 0..count as i32 {
            self.scratch(|e| {
                let key = e.temp();
                e.op(Op::LoadInt, key, 0, 0, index);
                e.op(Op::GetItem, key, keys, key, 0);
                e.op(Op::DelItem, dict, key, 0, 0);
            });
        }
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
        if captures.area.is_some() {
            return self.listed_parts(patterns, tuple, fail, captures);
        }
        let first = self.temps(patterns.len());
        self.op_at(span, Op::UnpackSeq, tuple, first, 0, patterns.len() as i32);
        for (reg, pattern) in row(first).zip(patterns) {
            self.pattern(pattern, reg, fail, captures);
        }
    }

    /// Matches the items of a list or tuple of the compiler's own one by one, which takes few registers.
    fn listed_parts(
        &mut self,
        patterns: Vec<&'a Pattern>,
        list: Reg,
        fail: Label,
        captures: &mut Captures<'a>,
    ) {
        for (index, pattern) in (0..).zip(patterns) {
            if is_wildcard(pattern) {
                continue;
            }
            self.scratch(|e| {
                let item = e.temp();
                e.op(Op::LoadInt, item, 0, 0, index);
                e.op(Op::GetItem, item, list, item, 0);
                e.pattern(pattern, item, fail, captures);
            });
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
        if captures.area.is_some() {
            return self.spilled_or_pattern(alternatives, names, subject, fail, captures);
        }
        let first = self.temps(names.len());
        for (index, alternative) in alternatives.iter().enumerate() {
            let is_last = index + 1 == alternatives.len();
            let next = if is_last { fail } else { self.label() };
            self.scratch(|e| {
                let mut found = Captures::default();
                e.pattern(alternative, subject, next, &mut found);
                for (dest, name) in row(first).zip(&names) {
                    if let Some(Kept::Reg(source)) = found.find(name) {
                        e.copy(dest, source);
                    }
                }
            });
            if !is_last {
                self.goto(done);
                self.bind(next);
            }
        }
        self.bind(done);
        let kept = row(first).map(Kept::Reg);
        captures.names.extend(names.into_iter().zip(kept));
    }

    /// Every alternative leaves its captures in the slots of the first one's names.
    fn spilled_or_pattern(
        &mut self,
        alternatives: &'a [Pattern],
        names: Vec<&'a Ident>,
        subject: Reg,
        fail: Label,
        captures: &mut Captures<'a>,
    ) {
        let (done, first) = (self.label(), captures.slot);
        captures.slot += names.len() as i32;
        for (index, alternative) in alternatives.iter().enumerate() {
            let is_last = index + 1 == alternatives.len();
            let next = if is_last { fail } else { self.label() };
            self.scratch(|e| {
                let mut found = Captures {
                    names: Vec::new(),
                    ..*captures
                };
                e.pattern(alternative, subject, next, &mut found);
                captures.slot = found.slot;
                for (dest, name) in (first..).zip(&names) {
                    if let Some(kept) = found.find(name) {
                        e.scratch(|e| {
                            let value = e.kept(kept, found.area);
                            let area = found.area.unwrap_or_default();
                            e.op(Op::SpillSet, value, area, 0, dest);
                        });
                    }
                }
            });
            if !is_last {
                self.goto(done);
                self.bind(next);
            }
        }
        self.bind(done);
        let kept = (first..).map(Kept::Slot);
        captures.names.extend(names.into_iter().zip(kept));
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

impl Captures<'_> {
    fn find(&self, name: &Ident) -> Option<Kept> {
        let same = self.names.iter().find(|(other, _)| other.name == name.name);
        same.map(|&(_, kept)| kept)
    }
}

/// An upper bound of the values that a pattern keeps at once.
fn parts_of(pattern: &Pattern) -> usize {
    let all = |patterns: &[Pattern]| patterns.iter().map(parts_of).sum::<usize>();
    1 + match &pattern.kind {
        PatternKind::Sequence(items) => all(items),
        PatternKind::Mapping { items, .. } => {
            1 + items.iter().map(|(_, item)| parts_of(item)).sum::<usize>()
        }
        PatternKind::Class {
            positional,
            keywords,
            ..
        } => {
            let keywords = keywords.iter().map(|(_, item)| parts_of(item));
            all(positional) + keywords.sum::<usize>()
        }
        PatternKind::Or(alternatives) => {
            let mut names = Vec::new();
            bound_names(&alternatives[0], &mut names);
            names.len() + all(alternatives)
        }
        PatternKind::As { pattern, .. } => 1 + parts_of(pattern),
        PatternKind::Wildcard
        | PatternKind::Value(_)
        | PatternKind::Singleton(_)
        | PatternKind::Capture(_)
        | PatternKind::Star(_) => 0,
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
