//! Local variables that are assigned to and never read.
//!
//! Only plain assignments and `except ... as name` count: names of a tuple, of a loop or of a `with` say what is there. A value that a
//! call returns may be kept so that it lives on; a name that begins with `_` says that it is not used.

use super::Lint;
use super::known::Known;
use super::walk::{At, Visit, walk};
use crate::compile::scope::{ScopeId, ScopeKind};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{Expr, ExprKind, Module, Name, Stmt, StmtKind};

/// Adds what it finds.
pub fn lint<'a>(module: &'a Module, lint: &mut Lint<'a, '_>) {
    let mut unused = Unused {
        known: lint.known,
        found: Vec::new(),
        dynamic: Vec::new(),
    };
    walk(module, lint.known.tree, &mut unused);
    let Unused { found, dynamic, .. } = unused;
    // A coroutine that nothing awaits has been told already.
    let told: Vec<Span> = lint
        .found
        .iter()
        .filter(|it| it.code == ErrorCode::NeverAwaited)
        .map(Diagnostic::span)
        .collect();
    let sure = found.into_iter().filter(|(scope, _, span, _)| {
        let is_told = told
            .iter()
            .any(|it| it.start > span.end && it.start <= span.end + 3);
        !dynamic.contains(scope) && !is_told
    });
    lint.found.extend(sure.map(|(_, name, span, help)| {
        Diagnostic::error(
            ErrorCode::UnusedVariable,
            span,
            format!("variable '{name}' is assigned to and never read"),
        )
        .help(help)
        .as_warning()
    }));
}

struct Unused<'a, 'k> {
    known: &'k Known<'a>,
    found: Vec<(ScopeId, &'a Name, Span, &'static str)>,
    /// The scopes whose names something may look up by text.
    dynamic: Vec<ScopeId>,
}

impl<'a> Visit<'a> for Unused<'a, '_> {
    fn stmt(&mut self, stmt: &'a Stmt, at: At) {
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                if let [target] = &targets[..]
                    && let ExprKind::Name(name) = &target.kind
                    && !is_kept(value)
                {
                    let help = "remove it, or begin its name with `_` to say that it is not used";
                    self.variable(name, target.span, at, help);
                }
            }
            StmtKind::Try { handlers, .. } => {
                for name in handlers.iter().filter_map(|handler| handler.name.as_ref()) {
                    self.variable(&name.name, name.span, at, "leave out the `as`");
                }
            }
            _ => {}
        }
    }

    fn expr(&mut self, expr: &'a Expr, at: At) {
        if let ExprKind::Name(name) = &expr.kind
            && matches!(&**name, "locals" | "vars" | "exec" | "eval" | "dir")
        {
            self.dynamic.push(self.known.tree.get(at.scope).frame);
        }
    }
}

impl<'a> Unused<'a, '_> {
    fn variable(&mut self, name: &'a Name, span: Span, at: At, help: &'static str) {
        let scope = self.known.tree.get(at.scope);
        if scope.kind != ScopeKind::Function || name.starts_with('_') {
            return;
        }
        let Some(home) = self
            .known
            .home(at.scope, name)
            .filter(|home| home.0 == at.scope)
        else {
            return;
        };
        let symbol = self.known.tree.symbol(home.0, home.1);
        let is_plain = symbol.bindings == 1 && !symbol.is_param && symbol.global.is_none();
        if is_plain && !self.known.is_used(home) && !self.known.is_rebound(home) {
            self.found.push((at.scope, name, span, help));
        }
    }
}

/// Whether a value may be there so that it lives on: an object, a task, a reference.
fn is_kept(value: &Expr) -> bool {
    let called = match &value.kind {
        ExprKind::Yield(_) | ExprKind::YieldFrom(_) => return true,
        ExprKind::Call { func, .. } => func,
        ExprKind::Await(value) => match &value.kind {
            ExprKind::Call { func, .. } => func,
            _ => return false,
        },
        _ => return false,
    };
    let name = match &called.kind {
        ExprKind::Name(name) => name,
        ExprKind::Attribute { attr, .. } => &attr.name,
        _ => return true,
    };
    let makes = [
        "task", "future", "ref", "handle", "open", "call_", "start", "lock", "keep",
    ];
    name.starts_with(|c: char| c.is_uppercase() || c == '_')
        || makes.iter().any(|word| name.contains(word))
}
