//! Patterns of `match`: the names they bind and the rules that a grammar cannot check.
//!
//! Contract: a pattern that always fits may only be the last; alternatives bind the same names; no name is bound
//! twice. The words are CPython's.

use super::Resolver;
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{Ident, Name, Pattern, PatternKind};

/// The names that a pattern binds, with the place of each.
type Bound = Vec<(Name, Span)>;

impl Resolver {
    /// The pattern of a case; `hides_rest` if something follows that it must leave reachable.
    pub(super) fn case_pattern(&mut self, pattern: &Pattern, hides_rest: bool) {
        if hides_rest {
            self.check_refutable(pattern);
        }
        let mut bound = Bound::new();
        self.pattern(pattern, &mut bound);
    }

    /// A pattern that always fits makes what follows unreachable.
    fn check_refutable(&mut self, pattern: &Pattern) {
        let message = match &pattern.kind {
            PatternKind::Wildcard => "wildcard makes remaining patterns unreachable".to_owned(),
            PatternKind::Capture(name) => format!(
                "name capture '{}' makes remaining patterns unreachable",
                name.name
            ),
            PatternKind::As { pattern, .. } => return self.check_refutable(pattern),
            PatternKind::Or(alternatives) => {
                return alternatives
                    .last()
                    .map_or((), |last| self.check_refutable(last));
            }
            _ => return,
        };
        let problem = self.error(Code::InvalidPattern, pattern.span, message);
        problem.help = Some(
            "move it to the end; to compare with a variable write a dotted name or a guard"
                .to_owned(),
        );
    }

    fn pattern(&mut self, pattern: &Pattern, bound: &mut Bound) {
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Singleton(_) | PatternKind::Star(None) => {}
            PatternKind::Capture(name) | PatternKind::Star(Some(name)) => self.capture(name, bound),
            PatternKind::Value(value) => self.expr(value),
            PatternKind::Sequence(items) => self.sequence(items, bound),
            PatternKind::Mapping { items, rest } => {
                for (key, value) in items {
                    self.expr(key);
                    self.pattern(value, bound);
                }
                rest.iter().for_each(|rest| self.capture(rest, bound));
            }
            PatternKind::Class {
                class,
                positional,
                keywords,
            } => {
                self.expr(class);
                positional
                    .iter()
                    .for_each(|pattern| self.pattern(pattern, bound));
                keywords
                    .iter()
                    .for_each(|(_, pattern)| self.pattern(pattern, bound));
            }
            PatternKind::Or(alternatives) => self.alternatives(alternatives, bound),
            PatternKind::As { pattern, name } => {
                self.pattern(pattern, bound);
                self.capture(name, bound);
            }
        }
    }

    fn sequence(&mut self, items: &[Pattern], bound: &mut Bound) {
        let mut stars = items
            .iter()
            .filter(|item| matches!(item.kind, PatternKind::Star(_)));
        if let (Some(first), Some(second)) = (stars.next(), stars.next()) {
            let problem = self.error(
                Code::InvalidPattern,
                second.span,
                "multiple starred names in sequence pattern",
            );
            *problem = problem
                .clone()
                .also(first.span, "this one takes all that is left");
        }
        items.iter().for_each(|item| self.pattern(item, bound));
    }

    fn alternatives(&mut self, alternatives: &[Pattern], bound: &mut Bound) {
        let before = bound.len();
        let mut first: Option<Bound> = None;
        for (index, alternative) in alternatives.iter().enumerate() {
            if index + 1 < alternatives.len() {
                self.check_refutable(alternative);
            }
            let mut names = bound[..before].to_vec();
            self.pattern(alternative, &mut names);
            let names = names.split_off(before);
            match &first {
                Some(first) if !same_names(first, &names) => {
                    let message = "alternative patterns bind different names";
                    let problem = self.error(Code::InvalidPattern, alternative.span, message);
                    problem.help = Some(
                        "whichever alternative fits, the block must find the same names".to_owned(),
                    );
                }
                Some(_) => {}
                None => first = Some(names),
            }
        }
        bound.extend(first.unwrap_or_default());
    }

    fn capture(&mut self, name: &Ident, bound: &mut Bound) {
        if let Some((_, first)) = bound.iter().find(|(other, _)| *other == name.name) {
            let first = *first;
            let message = format!("multiple assignments to name '{}' in pattern", name.name);
            let problem = self.error(Code::InvalidPattern, name.span, message);
            *problem = problem
                .clone()
                .also(first, "first here")
                .help("capture under another name and compare in a guard");
        }
        bound.push((name.name.clone(), name.span));
        self.bind_ident(name);
    }
}

fn same_names(a: &Bound, b: &Bound) -> bool {
    let has = |names: &Bound, name: &Name| names.iter().any(|(other, _)| other == name);
    a.iter().all(|(name, _)| has(b, name)) && b.iter().all(|(name, _)| has(a, name))
}
