//! What is likely not as meant, as far as the text itself shows it: no types, no running.
//!
//! Each lint is a file: `calls` (coroutines and tasks that a statement drops, awaits of nothing), `reach` (statements that no path
//! leads to), `shadow` (names that hide a builtin). They look at a program that resolves, and stay silent where they would have to
//! guess. To add one: a file, a row in `diagnostics/codes.rs`, a line in `lint`.

mod calls;
mod known;
mod reach;
mod shadow;

use super::resolve::{Resolved, resolve};
use crate::diagnostics::Diagnostic;
use crate::syntax::ast::{Block, Module, Stmt, StmtKind};

/// The warnings about a module. `builtins`: the names that are there without a definition.
#[must_use]
pub fn lint(module: &Module, builtins: &[&str]) -> Vec<Diagnostic> {
    let Resolved { tree, errors, .. } = resolve(module);
    let mut found = Vec::new();
    if errors.is_empty() {
        calls::lint(module, &tree, &mut found);
        reach::lint(module, &mut found);
        shadow::lint(&tree, builtins, &mut found);
    }
    found
}

/// Calls `f` for each block directly inside of a statement; the bodies of functions and classes are blocks, too.
fn blocks<'a>(stmt: &'a Stmt, f: &mut impl FnMut(&'a Block)) {
    match &stmt.kind {
        StmtKind::If { branches, orelse } => {
            branches.iter().for_each(|branch| f(&branch.body));
            f(orelse);
        }
        StmtKind::While { body, orelse, .. } | StmtKind::For { body, orelse, .. } => {
            f(body);
            f(orelse);
        }
        StmtKind::With { body, .. } => f(body),
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finally,
            ..
        } => {
            f(body);
            handlers.iter().for_each(|handler| f(&handler.body));
            f(orelse);
            f(finally);
        }
        StmtKind::Match { cases, .. } => cases.iter().for_each(|case| f(&case.body)),
        StmtKind::FunctionDef(def) => f(&def.body),
        StmtKind::ClassDef(def) => f(&def.body),
        _ => {}
    }
}

/// Calls `f` for each block inside of a statement that runs in the same frame.
fn blocks_of_frame<'a>(stmt: &'a Stmt, f: &mut impl FnMut(&'a Block)) {
    if !matches!(stmt.kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_)) {
        blocks(stmt, f);
    }
}
