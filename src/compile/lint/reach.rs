//! Statements that no path leads to.
//!
//! A statement ends its block if it leaves it whatever happens: `return`, `raise`, `break`, `continue`, an `if` all of whose branches
//! do, an endless loop. What conditions mean is not asked, but for `while True`.

use super::{blocks, blocks_of_frame};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{Block, Constant, Expr, ExprKind, Module, Stmt, StmtKind};

/// Adds what it finds.
pub fn lint(module: &Module, found: &mut Vec<Diagnostic>) {
    block(&module.body, found);
}

fn block(body: &[Stmt], found: &mut Vec<Diagnostic>) {
    if let Some(at) = body.iter().position(ends)
        && let Some(next) = body.get(at + 1)
        // `return` and then `yield`: how an empty generator is written.
        && !matches!(&next.kind, StmtKind::Expr(Expr { kind: ExprKind::Yield(_), .. }))
    {
        found.push(
            Diagnostic::error(ErrorCode::Unreachable, shown(next), "this can never run")
                .also(shown(&body[at]), "because this never goes on to it")
                .help("remove it, or move it to where it can run")
                .as_warning(),
        );
    }
    for stmt in body {
        blocks(stmt, &mut |inner| block(inner, found));
    }
}

/// What to mark of a statement: of a long one what it starts with.
fn shown(stmt: &Stmt) -> Span {
    match &stmt.kind {
        StmtKind::FunctionDef(def) => def.header,
        StmtKind::ClassDef(def) => def.header,
        StmtKind::If { branches, .. } => {
            branches.first().map_or(stmt.span, |first| first.test.span)
        }
        StmtKind::While { test, .. } => test.span,
        StmtKind::For { iter, .. } => iter.span,
        StmtKind::Match { subject, .. } => subject.span,
        StmtKind::With { items, .. } => items.first().map_or(stmt.span, |first| first.context.span),
        StmtKind::Try { body, .. } => body.first().map_or(stmt.span, shown),
        _ => stmt.span,
    }
}

/// Whether nothing after the statement in its block can run.
fn ends(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Return(_) | StmtKind::Raise { .. } | StmtKind::Break | StmtKind::Continue => true,
        StmtKind::If { branches, orelse } => {
            ends_somewhere(orelse) && branches.iter().all(|branch| ends_somewhere(&branch.body))
        }
        StmtKind::While { test, body, .. } => {
            matches!(
                test.kind,
                ExprKind::Constant(Constant::Bool(true) | Constant::Int(1))
            ) && !breaks(body)
        }
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finally,
            ..
        } => {
            ends_somewhere(finally)
                || ((ends_somewhere(body) || ends_somewhere(orelse))
                    && handlers.iter().all(|handler| ends_somewhere(&handler.body)))
        }
        _ => false,
    }
}

fn ends_somewhere(body: &Block) -> bool {
    body.iter().any(ends)
}

/// Whether a `break` in the block leaves the loop around it.
fn breaks(body: &Block) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Break => true,
        // A `break` in there leaves that loop; one in its `else` this one.
        StmtKind::While { orelse, .. } | StmtKind::For { orelse, .. } => breaks(orelse),
        _ => {
            let mut found = false;
            blocks_of_frame(stmt, &mut |inner| found |= breaks(inner));
            found
        }
    })
}
