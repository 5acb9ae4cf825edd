//! The statements of a file, and on which lines they begin.
//!
//! The same places as the compiler marks with `Cover`: statements, the conditions of `elif`, the types of `except`, the patterns of
//! `case`. Left out is what needs no test: docstrings and `...`, `global`, what is under `if TYPE_CHECKING`, and all that
//! a comment `# pragma: no cover` excludes, with its block.

use std::collections::BTreeMap;

use crate::diagnostics::{SourceFile, Span};
use crate::syntax::ast::{Expr, ExprKind, Stmt, StmtKind};
use crate::syntax::parser::parse_module;

/// The comment that excludes a statement.
const PRAGMA: &str = "pragma: no cover";

/// The offsets of the statements of a text, each with its line; None if it does not parse.
#[must_use]
pub fn of(text: &str) -> Option<BTreeMap<u32, u32>> {
    let module = parse_module(text).module?;
    let mut found = Found {
        file: SourceFile::new("", text),
        lines: BTreeMap::new(),
    };
    found.block(&module.body);
    Some(found.lines)
}

struct Found {
    file: SourceFile,
    lines: BTreeMap<u32, u32>,
}

impl Found {
    fn add(&mut self, span: Span) {
        self.lines.insert(span.start, self.file.line(span.start));
    }

    fn block(&mut self, body: &[Stmt]) {
        body.iter().for_each(|stmt| self.stmt(stmt));
    }

    /// Whether a comment in the lines from `start` up to the block excludes it.
    fn is_excluded(&self, start: u32, body: &[Stmt]) -> bool {
        let first = self.file.line(start);
        let end = body
            .first()
            .map_or(first + 1, |stmt| self.file.line(stmt.span.start));
        (first..end.max(first + 1)).any(|line| has_pragma(self.file.line_text(line)))
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let start = stmt.span.start;
        match &stmt.kind {
            StmtKind::Global(_) | StmtKind::Nonlocal(_) => return,
            StmtKind::Expr(value) if matches!(value.kind, ExprKind::Constant(_)) => return,
            StmtKind::If { branches, orelse } => {
                for (at, branch) in branches.iter().enumerate() {
                    let excluded = self.is_excluded(branch.span.start, &branch.body);
                    if !excluded && !is_for_checkers(&branch.test) {
                        self.add(if at == 0 { stmt.span } else { branch.test.span });
                        self.block(&branch.body);
                    }
                }
                return self.last_block(orelse);
            }
            _ => {}
        }
        if self.is_excluded(start, body_of(stmt)) {
            return;
        }
        self.add(stmt.span);
        self.inside(stmt);
    }

    /// The block of an `else` or `finally`, whose keyword is not in the tree.
    fn last_block(&mut self, body: &[Stmt]) {
        let Some(first) = body.first() else { return };
        let line = self.file.line(first.span.start);
        let above = self.file.line_text(line.saturating_sub(1).max(1));
        let is_header =
            above.trim_start().starts_with("else") || above.trim_start().starts_with("finally");
        if !(is_header && has_pragma(above)) {
            self.block(body);
        }
    }

    /// The blocks of a statement that has some.
    fn inside(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::While { body, orelse, .. } | StmtKind::For { body, orelse, .. } => {
                self.block(body);
                self.last_block(orelse);
            }
            StmtKind::With { body, .. } => self.block(body),
            StmtKind::FunctionDef(def) => self.block(&def.body),
            StmtKind::ClassDef(def) => self.block(&def.body),
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally,
                ..
            } => {
                self.block(body);
                for handler in handlers {
                    if !self.is_excluded(handler.span.start, &handler.body) {
                        if let Some(ty) = &handler.ty {
                            self.add(ty.span);
                        }
                        self.block(&handler.body);
                    }
                }
                self.last_block(orelse);
                self.last_block(finally);
            }
            StmtKind::Match { cases, .. } => {
                for case in cases {
                    if !self.is_excluded(case.span.start, &case.body) {
                        self.add(case.pattern.span);
                        self.block(&case.body);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The first block of a statement.
fn body_of(stmt: &Stmt) -> &[Stmt] {
    match &stmt.kind {
        StmtKind::While { body, .. }
        | StmtKind::For { body, .. }
        | StmtKind::With { body, .. }
        | StmtKind::Try { body, .. } => body,
        StmtKind::FunctionDef(def) => &def.body,
        StmtKind::ClassDef(def) => &def.body,
        _ => &[],
    }
}

fn has_pragma(line: &str) -> bool {
    let comment = line.split_once('#').map_or("", |(_, comment)| comment);
    comment.to_lowercase().contains(PRAGMA)
}

/// Whether a condition is that of code for type checkers, which never runs.
fn is_for_checkers(test: &Expr) -> bool {
    match &test.kind {
        ExprKind::Name(name) => &**name == "TYPE_CHECKING",
        ExprKind::Attribute { attr, .. } => &*attr.name == "TYPE_CHECKING",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    fn lines(text: &str) -> Vec<u32> {
        let mut lines: Vec<u32> = of(text).into_iter().flatten().map(|it| it.1).collect();
        lines.dedup();
        lines
    }

    #[test]
    fn statements_and_branches_count() {
        let text =
            "\"doc\"\nx = 1\nif x:\n    y = 2\nelif y:\n    ...\nelse:\n    z = (\n        3)\n";
        assert_eq!(lines(text), [2, 3, 4, 5, 8]);
        let text =
            "try:\n    a\nexcept E:\n    b\nfinally:\n    c\nmatch a:\n    case 1:\n        d\n";
        assert_eq!(lines(text), [1, 2, 3, 4, 6, 7, 8, 9]);
    }

    #[test]
    fn comments_exclude_blocks() {
        let text = "def f():  # pragma: no cover\n    return 1\nif a:  # pragma: no cover\n    b\nelse:\n    c\n\
                    if TYPE_CHECKING:\n    import x\ny = 1  # pragma: no cover\n";
        assert_eq!(lines(text), [6]);
    }
}
