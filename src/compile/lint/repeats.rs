//! What is written twice, so that the first has no effect: keys of a dict display, functions and classes of one block.
//!
//! A definition is told only if nothing between it and the later one names it; with decorators it may have been put somewhere.

use std::collections::HashMap;

use super::Lint;
use super::rule::Rule;
use super::walk::{At, Visit};
use super::{blocks, members};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{Block, Constant, DictItem, Expr, ExprKind, Module, Stmt, StmtKind};

/// The rule, for a walk over this module.
pub fn rule<'a, 'k>(module: &'a Module, lint: &Lint<'a, 'k>) -> Box<dyn Rule<'a> + 'k> {
    let mut repeats = Repeats {
        text: lint.text,
        found: Vec::new(),
    };
    repeats.block(&module.body);
    Box::new(repeats)
}

struct Repeats<'t> {
    text: &'t str,
    found: Vec<Diagnostic>,
}

impl<'a> Rule<'a> for Repeats<'_> {
    fn found(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.found)
    }
}

impl<'a> Visit<'a> for Repeats<'_> {
    fn stmt(&mut self, stmt: &'a Stmt, _: At) {
        blocks(stmt, &mut |inner| self.block(inner));
    }

    fn expr(&mut self, expr: &'a Expr, _: At) {
        if let ExprKind::Dict(items) = &expr.kind {
            self.keys(items);
        }
    }
}

impl Repeats<'_> {
    fn source(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    fn keys(&mut self, items: &[DictItem]) {
        let mut seen: HashMap<String, (&Expr, &Expr)> = HashMap::new();
        for item in items {
            let DictItem::Pair(key, value) = item else {
                // What it brings may be overwritten on purpose.
                seen.clear();
                continue;
            };
            let Some(name) = key_text(key) else {
                continue;
            };
            if let Some((first, old)) = seen.insert(name, (key, value))
                && self.source(old.span) != self.source(value.span)
            {
                self.found.push(
                    Diagnostic::error(
                        ErrorCode::DuplicateKey,
                        key.span,
                        format!(
                            "the key {} occurs twice in this dict",
                            self.source(key.span)
                        ),
                    )
                    .label("this value counts")
                    .also(first.span, "this one is lost")
                    .as_warning(),
                );
            }
        }
    }

    fn block(&mut self, body: &[Stmt]) {
        let mut last: HashMap<&str, (usize, Span)> = HashMap::new();
        for (index, stmt) in body.iter().enumerate() {
            let (name, header, decorators) = match &stmt.kind {
                StmtKind::FunctionDef(def) => (&def.name.name, def.header, &def.decorators),
                StmtKind::ClassDef(def) => (&def.name.name, def.header, &def.decorators),
                _ => continue,
            };
            let earlier = last.remove(&**name);
            if let Some((before, first)) = earlier
                && !self.is_named(name, &body[before], stmt)
            {
                self.found.push(
                    Diagnostic::error(
                        ErrorCode::Redefinition,
                        header,
                        format!("'{name}' is defined twice: the first definition is never used"),
                    )
                    .label("replaces it")
                    .also(first, "defined here before")
                    .help("rename one of them, or remove the first")
                    .as_warning(),
                );
            }
            if decorators.is_empty() && &**name != "_" && !is_stub(stmt) {
                last.insert(name, (index, header));
            }
        }
    }

    /// Whether something from the end of one definition to the `def` of the next one has the name.
    fn is_named(&self, name: &str, first: &Stmt, second: &Stmt) -> bool {
        let end = match &second.kind {
            StmtKind::FunctionDef(def) => def.header.start,
            StmtKind::ClassDef(def) => def.header.start,
            _ => second.span.start,
        };
        let between = self.source(Span::new(first.span.end, end));
        // A class may derive from the one that it replaces.
        let head = match &second.kind {
            StmtKind::ClassDef(def) => self.source(Span::new(def.name.span.end, def.header.end)),
            StmtKind::FunctionDef(def) => self.source(Span::new(def.name.span.end, def.header.end)),
            _ => "",
        };
        let is_part = |c: char| c == '_' || c.is_alphanumeric();
        let mut words = between
            .split(|c| !is_part(c))
            .chain(head.split(|c| !is_part(c)));
        words.any(|word| word == name)
    }
}

/// Whether a definition may only be there to be replaced.
fn is_stub(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::FunctionDef(def) => members::is_abstract(def),
        // A base may do something with the classes that extend it.
        StmtKind::ClassDef(def) => is_empty(&def.body) || !def.args.is_empty(),
        _ => false,
    }
}

fn is_empty(body: &Block) -> bool {
    body.iter().all(|stmt| matches!(stmt.kind, StmtKind::Pass))
}

/// A key as text, the same for equal keys of one type.
fn key_text(key: &Expr) -> Option<String> {
    match &key.kind {
        ExprKind::Constant(Constant::Str(text)) => Some(format!("s{text}")),
        ExprKind::Constant(Constant::Bytes(bytes)) => Some(format!("b{bytes:?}")),
        ExprKind::Constant(Constant::Int(n)) => Some(format!("i{n}")),
        _ => None,
    }
}
