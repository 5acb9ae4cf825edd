//! Rules: visitors that find mistakes and share one walk, so that one more costs no walk of its own.
//!
//! A rule sees every statement and expression once and keeps what it finds until the walk is over.

use super::walk::{At, Visit};
use crate::diagnostics::Diagnostic;
use crate::syntax::ast::{Expr, Stmt};

/// A visitor that finds mistakes. Rules share one walk.
pub trait Rule<'a>: Visit<'a> {
    /// Takes what it has found so far.
    fn found(&mut self) -> Vec<Diagnostic>;
}

impl<'a> Visit<'a> for Vec<Box<dyn Rule<'a> + '_>> {
    fn stmt(&mut self, stmt: &'a Stmt, at: At) {
        self.iter_mut().for_each(|rule| rule.stmt(stmt, at));
    }

    fn expr(&mut self, expr: &'a Expr, at: At) {
        self.iter_mut().for_each(|rule| rule.expr(expr, at));
    }

    fn target(&mut self, target: &'a Expr, at: At) {
        self.iter_mut().for_each(|rule| rule.target(target, at));
    }
}
