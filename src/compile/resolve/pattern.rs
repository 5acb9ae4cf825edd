//! Patterns of `match`: the names they use and bind.
//!
//! The rules about patterns themselves (what may follow one that always fits, alternatives that bind different names)
//! need no scopes: the parser has checked them.

use super::Resolver;
use crate::syntax::ast::{Pattern, PatternKind};

impl Resolver {
    /// The pattern of a case.
    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Singleton(_) | PatternKind::Star(None) => {}
            PatternKind::Capture(name) | PatternKind::Star(Some(name)) => self.bind_ident(name),
            PatternKind::Value(value) => self.expr(value),
            PatternKind::Sequence(items) | PatternKind::Or(items) => {
                items.iter().for_each(|item| self.pattern(item));
            }
            PatternKind::Mapping { items, rest } => {
                for (key, value) in items {
                    self.expr(key);
                    self.pattern(value);
                }
                rest.iter().for_each(|rest| self.bind_ident(rest));
            }
            PatternKind::Class {
                class,
                positional,
                keywords,
            } => {
                self.expr(class);
                positional.iter().for_each(|pattern| self.pattern(pattern));
                keywords
                    .iter()
                    .for_each(|(_, pattern)| self.pattern(pattern));
            }
            PatternKind::As { pattern, name } => {
                self.pattern(pattern);
                self.bind_ident(name);
            }
        }
    }
}
