//! Patterns of `match`: their forms, and what they may bind.
//!
//! A pattern binds each name once, the alternatives of `|` bind the same names, and nothing may follow a pattern that
//! always fits. These rules are checked for a whole `case` and a whole `match`.

use std::collections::BTreeSet;

use logos::Logos;

use super::super::ast::{
    BinOp, Block, Constant, Expr, ExprKind, Ident, MatchCase, Name, Pattern, PatternKind, StmtKind,
    UnaryOp,
};
use super::super::token::Token;
use super::Builder;
use super::statement::block_end;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// An entry of a mapping pattern.
pub enum MappingItem {
    /// `key: pattern`
    Pair(Expr, Pattern),
    /// `**name`
    Rest(Ident),
}

/// An entry of a class pattern.
pub enum PatternArg {
    /// `pattern`
    Positional(Pattern),
    /// `name=pattern`
    Keyword(Ident, Pattern),
}

impl Builder<'_> {
    /// `match subject: cases`
    pub fn match_statement(&mut self, subject: Expr, cases: Vec<MatchCase>) -> StmtKind {
        let all_but_last = cases.len().saturating_sub(1);
        for case in cases
            .iter()
            .take(all_but_last)
            .filter(|case| case.guard.is_none())
        {
            self.check_refutable(&case.pattern);
        }
        StmtKind::Match {
            subject: self.value(subject),
            cases,
        }
    }

    /// `case pattern if guard: body`
    pub fn case(
        &mut self,
        l: u32,
        pattern: Pattern,
        guard: Option<Expr>,
        body: Block,
    ) -> MatchCase {
        self.bindings(&pattern);
        let span = self.span(l, block_end(&body).unwrap_or(l));
        MatchCase {
            pattern,
            guard,
            body,
            span,
        }
    }

    /// A pattern that stands for itself: not `*x`.
    pub fn single_pattern(&mut self, pattern: Pattern) -> Pattern {
        if matches!(pattern.kind, PatternKind::Star(_)) {
            let label = "only a sequence can collect the rest";
            self.stray_token(pattern.span, label);
        }
        pattern
    }

    /// Something in a pattern that CPython's parser notices at the token after it.
    fn stray_token(&mut self, span: Span, label: &str) {
        let (_, next) = self.token_at(span.end);
        let diagnostic = Diagnostic::error(ErrorCode::InvalidPattern, span, "invalid syntax");
        self.report(diagnostic.quoted(next).label(label));
    }

    /// The first token after an offset.
    fn token_at(&self, offset: u32) -> (Option<Token>, Span) {
        let mut tokens = Token::lexer(&self.source[offset as usize..]);
        let token = tokens.next().and_then(Result::ok);
        let at = |place: usize| offset + place as u32;
        let range = tokens.span();
        (token, Span::new(at(range.start), at(range.end)))
    }

    /// `[items]`
    pub fn sequence(&mut self, l: u32, items: Vec<Pattern>, r: u32) -> Pattern {
        let mut stars = items
            .iter()
            .filter(|item| matches!(item.kind, PatternKind::Star(_)));
        if let (Some(_), Some(second)) = (stars.next(), stars.next()) {
            let whole = self.span(l, r);
            self.late_pattern(
                second.span,
                whole,
                "multiple starred names in sequence pattern",
                "a second one",
            );
        }
        self.pattern(l, PatternKind::Sequence(items), r)
    }

    /// `*name`
    pub fn star_pattern(&mut self, l: u32, name: Ident, r: u32) -> Pattern {
        let name = (&*name.name != "_").then_some(name);
        self.pattern(l, PatternKind::Star(name), r)
    }

    /// `pattern as target`
    pub fn as_pattern(&mut self, l: u32, pattern: Pattern, target: Expr, r: u32) -> Pattern {
        let name = match target.kind {
            ExprKind::Name(name) if &*name != "_" && !target.parenthesized => Ident {
                name,
                span: target.span,
            },
            ExprKind::Name(name) if &*name == "_" => {
                self.wrong_pattern(
                    target.span,
                    "cannot use '_' as a target",
                    "`_` never keeps a value",
                );
                return pattern;
            }
            _ => {
                let label = "not a plain name";
                match self.token_at(target.span.start) {
                    (Some(Token::Name), name) if !target.parenthesized => {
                        self.stray_token(name, label);
                    }
                    _ => self.wrong_pattern(target.span, "invalid pattern target", label),
                }
                return pattern;
            }
        };
        self.pattern(
            l,
            PatternKind::As {
                pattern: pattern.into(),
                name,
            },
            r,
        )
    }

    /// `first | rest`
    pub fn or_pattern(&mut self, l: u32, first: Pattern, rest: Vec<Pattern>, r: u32) -> Pattern {
        let alternatives: Vec<Pattern> = std::iter::once(first).chain(rest).collect();
        for pattern in &alternatives[..alternatives.len() - 1] {
            self.check_refutable(pattern);
        }
        self.pattern(l, PatternKind::Or(alternatives), r)
    }

    /// A literal or dotted name.
    pub fn value_pattern(&mut self, value: Expr) -> Pattern {
        let span = value.span;
        if matches!(value.kind, ExprKind::FString(_)) {
            let message = "patterns may only match literals and attribute lookups";
            self.late_pattern(span, span, message, "its value is not fixed");
        }
        let kind = match value.kind {
            ExprKind::Constant(constant @ (Constant::None | Constant::Bool(_))) => {
                PatternKind::Singleton(constant)
            }
            _ => PatternKind::Value(value),
        };
        Pattern { kind, span }
    }

    /// `name` or `_`
    pub fn capture(&mut self, name: Ident) -> Pattern {
        let span = name.span;
        let kind = if &*name.name == "_" {
            PatternKind::Wildcard
        } else {
            PatternKind::Capture(name)
        };
        Pattern { kind, span }
    }

    /// `{key: pattern, **rest}`
    pub fn mapping(&mut self, l: u32, entries: Vec<MappingItem>, r: u32) -> Pattern {
        let mut items: Vec<(Expr, Pattern)> = Vec::new();
        let mut rest: Option<Ident> = None;
        let whole = self.span(l, r);
        for entry in entries {
            let span = match &entry {
                MappingItem::Pair(key, _) => key.span,
                MappingItem::Rest(name) => name.span,
            };
            if rest.is_some() {
                self.wrong_pattern(span, "invalid syntax", "`**rest` must be the last entry");
            }
            match entry {
                MappingItem::Pair(key, pattern) => {
                    self.check_key(&key, &items, whole);
                    items.push((key, pattern));
                }
                MappingItem::Rest(name) => {
                    if &*name.name == "_" {
                        self.wrong_pattern(
                            span,
                            "invalid syntax",
                            "`**_` binds nothing; leave it out, other keys are ignored anyway",
                        );
                    }
                    rest = Some(name);
                }
            }
        }
        self.pattern(l, PatternKind::Mapping { items, rest }, r)
    }

    fn check_key(&mut self, key: &Expr, before: &[(Expr, Pattern)], whole: Span) {
        if matches!(key.kind, ExprKind::FString(_)) {
            let message = "mapping pattern keys may only match literals and attribute lookups";
            self.late_pattern(key.span, key.span, message, "its value is not fixed");
        }
        let same = |other: &Expr| match (number(key), number(other)) {
            (Some(key), Some(other)) => key == other,
            (None, None) => matches!(
                (&key.kind, &other.kind),
                (ExprKind::Constant(key), ExprKind::Constant(other)) if key == other
            ),
            _ => false,
        };
        if before.len() < 100 && before.iter().any(|(other, _)| same(other)) {
            let text = key.span.text(self.source);
            self.late_pattern(
                whole,
                whole,
                format!("mapping pattern checks duplicate key ({text})"),
                "given before",
            );
        }
    }

    /// `class(args)`
    pub fn class_pattern(&mut self, l: u32, class: Expr, args: Vec<PatternArg>, r: u32) -> Pattern {
        let (mut positional, mut keywords) = (Vec::new(), Vec::new());
        let mut names = BTreeSet::new();
        for arg in args {
            match arg {
                PatternArg::Positional(pattern) => {
                    if !keywords.is_empty() {
                        let message = "positional patterns follow keyword patterns";
                        self.wrong_pattern(pattern.span, message, "has no name");
                    }
                    positional.push(pattern);
                }
                PatternArg::Keyword(name, pattern) => {
                    if !names.insert(name.name.clone()) {
                        let message =
                            format!("attribute name repeated in class pattern: {}", name.name);
                        self.late_pattern(name.span, pattern.span, message, "given before");
                    }
                    keywords.push((name, pattern));
                }
            }
        }
        self.pattern(
            l,
            PatternKind::Class {
                class,
                positional,
                keywords,
            },
            r,
        )
    }

    /// `left + right` as a complex number.
    pub fn complex_pattern(&mut self, l: u32, left: Expr, op: BinOp, right: Expr, r: u32) -> Expr {
        let is_imaginary = |value: &Expr| match &value.kind {
            ExprKind::UnaryOp {
                op: UnaryOp::Neg,
                operand,
            } => matches!(operand.kind, ExprKind::Constant(Constant::Complex(_))),
            other => matches!(other, ExprKind::Constant(Constant::Complex(_))),
        };
        if is_imaginary(&left) {
            self.wrong_pattern(
                left.span,
                "real number required in complex literal",
                "imaginary",
            );
        }
        if !is_imaginary(&right) {
            self.wrong_pattern(
                right.span,
                "imaginary number required in complex literal",
                "real",
            );
        }
        self.binary(l, left, op, right, r)
    }

    fn wrong_pattern(&mut self, span: Span, message: impl Into<String>, label: &str) {
        self.wrong(ErrorCode::InvalidPattern, span, message, label);
    }

    fn wrong(&mut self, code: ErrorCode, span: Span, message: impl Into<String>, label: &str) {
        let diagnostic = Diagnostic::error(code, span, message).label(label);
        self.report(match code {
            ErrorCode::InvalidPattern => diagnostic,
            _ => diagnostic.by_compiler(),
        });
    }

    /// A pattern that CPython's parser lets through and its compiler refuses, naming the place `quoted`.
    fn late_pattern(&mut self, span: Span, quoted: Span, message: impl Into<String>, label: &str) {
        let diagnostic = Diagnostic::error(ErrorCode::InvalidPattern, span, message).by_compiler();
        self.report(diagnostic.quoted(quoted).label(label));
    }

    fn pattern(&mut self, l: u32, kind: PatternKind, r: u32) -> Pattern {
        Pattern {
            kind,
            span: self.span(l, r),
        }
    }

    /// Reports a pattern that fits everything where more patterns follow.
    fn check_refutable(&mut self, pattern: &Pattern) {
        let Some(pattern) = always_fits(pattern) else {
            return;
        };
        let (message, label) = match &pattern.kind {
            PatternKind::Capture(name) => (
                format!(
                    "name capture '{}' makes remaining patterns unreachable",
                    name.name
                ),
                "a plain name fits everything",
            ),
            _ => (
                "wildcard makes remaining patterns unreachable".to_owned(),
                "fits everything",
            ),
        };
        self.wrong(ErrorCode::UnreachableCase, pattern.span, message, label);
    }

    /// The names that a pattern binds; reports names bound twice and alternatives that differ.
    fn bindings(&mut self, pattern: &Pattern) -> BTreeSet<Name> {
        let mut names = BTreeSet::new();
        match &pattern.kind {
            PatternKind::Wildcard
            | PatternKind::Value(_)
            | PatternKind::Singleton(_)
            | PatternKind::Star(None) => {}
            PatternKind::Capture(name) | PatternKind::Star(Some(name)) => {
                self.bind(name, &mut names)
            }
            PatternKind::Sequence(items) => items
                .iter()
                .for_each(|item| self.bind_all(item, &mut names)),
            PatternKind::Mapping { items, rest } => {
                items
                    .iter()
                    .for_each(|(_, item)| self.bind_all(item, &mut names));
                rest.iter().for_each(|rest| self.bind(rest, &mut names));
            }
            PatternKind::Class {
                positional,
                keywords,
                ..
            } => {
                let items = positional
                    .iter()
                    .chain(keywords.iter().map(|(_, item)| item));
                items.for_each(|item| self.bind_all(item, &mut names));
            }
            PatternKind::Or(alternatives) => {
                names = self.bind_alternatives(alternatives, pattern.span)
            }
            PatternKind::As { pattern, name } => {
                self.bind_all(pattern, &mut names);
                self.bind(name, &mut names);
            }
        }
        names
    }

    fn bind_alternatives(&mut self, alternatives: &[Pattern], span: Span) -> BTreeSet<Name> {
        let mut sets: Vec<BTreeSet<Name>> = alternatives
            .iter()
            .map(|pattern| self.bindings(pattern))
            .collect();
        if sets.windows(2).any(|pair| pair[0] != pair[1]) {
            self.wrong(
                ErrorCode::PatternNames,
                span,
                "alternative patterns bind different names",
                "each must bind the same names",
            );
        }
        sets.pop().unwrap_or_default()
    }

    fn bind_all(&mut self, pattern: &Pattern, names: &mut BTreeSet<Name>) {
        let span = pattern.span;
        for name in self.bindings(pattern) {
            self.bind(&Ident { name, span }, names);
        }
    }

    fn bind(&mut self, ident: &Ident, names: &mut BTreeSet<Name>) {
        if !names.insert(ident.name.clone()) {
            let message = format!("multiple assignments to name '{}' in pattern", ident.name);
            self.wrong(ErrorCode::PatternNames, ident.span, message, "bound before");
        }
    }
}

/// The value of a literal number, as real and imaginary part; None for others and for what a float cannot hold.
fn number(literal: &Expr) -> Option<(f64, f64)> {
    match &literal.kind {
        ExprKind::Constant(Constant::Bool(value)) => Some((f64::from(u8::from(*value)), 0.0)),
        ExprKind::Constant(Constant::Int(value)) if value.unsigned_abs() < 1 << 53 => {
            Some((*value as f64, 0.0))
        }
        ExprKind::Constant(Constant::Float(value)) => Some((*value, 0.0)),
        ExprKind::Constant(Constant::Complex(value)) => Some((0.0, *value)),
        ExprKind::UnaryOp {
            op: UnaryOp::Neg,
            operand,
        } => number(operand).map(|(real, imaginary)| (-real, -imaginary)),
        ExprKind::BinOp { left, op, right } => {
            let (left, right) = (number(left)?, number(right)?);
            match op {
                BinOp::Add => Some((left.0 + right.0, left.1 + right.1)),
                BinOp::Sub => Some((left.0 - right.0, left.1 - right.1)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The wildcard or name that makes a pattern fit everything.
fn always_fits(pattern: &Pattern) -> Option<&Pattern> {
    match &pattern.kind {
        PatternKind::Wildcard | PatternKind::Capture(_) => Some(pattern),
        PatternKind::As { pattern, .. } => always_fits(pattern),
        PatternKind::Or(alternatives) => alternatives.last().and_then(always_fits),
        _ => None,
    }
}
