//! Coroutines and tasks that a statement makes and drops, and awaits of what is surely nothing.
//!
//! Looks at calls of names that `known` answers for. What a call gives is never followed through variables.

use super::blocks;
use super::known::{Callee, Kind, Known};
use crate::compile::scope::{Role, ScopeId, ScopeTree};
use crate::diagnostics::{Code, Diagnostic, Span};
use crate::syntax::ast::{Expr, ExprKind, Module, Stmt, StmtKind};
use crate::syntax::visit::children;

/// Coroutine functions of asyncio.
const COROUTINES: &[&str] = &[
    "sleep",
    "wait",
    "wait_for",
    "to_thread",
    "open_connection",
    "start_server",
    "open_unix_connection",
    "start_unix_server",
    "create_subprocess_exec",
    "create_subprocess_shell",
];
/// Functions of asyncio whose result is there to be awaited.
const FUTURES: &[&str] = &["gather", "shield", "wrap_future"];
/// Functions of asyncio that make a task.
const TASKS: &[&str] = &["create_task", "ensure_future"];

/// Adds what it finds.
pub fn lint(module: &Module, tree: &ScopeTree, found: &mut Vec<Diagnostic>) {
    let known = Known::of(module, tree);
    let mut lint = Calls {
        known: &known,
        tree,
        found,
    };
    lint.block(&module.body, ScopeTree::MODULE);
}

struct Calls<'a, 'f> {
    known: &'a Known<'a>,
    tree: &'a ScopeTree,
    found: &'f mut Vec<Diagnostic>,
}

impl<'a> Calls<'a, '_> {
    fn block(&mut self, body: &'a [Stmt], scope: ScopeId) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::FunctionDef(def) => {
                    self.block(&def.body, self.tree.of(&**def, Role::Body));
                }
                StmtKind::ClassDef(def) => {
                    self.block(&def.body, self.tree.of(&**def, Role::Body));
                }
                StmtKind::Expr(value) => {
                    self.dropped(value, scope);
                    self.awaits(value, scope);
                }
                StmtKind::Assign { value, .. } | StmtKind::Return(Some(value)) => {
                    self.awaits(value, scope);
                }
                _ => blocks(stmt, &mut |body| self.block(body, scope)),
            }
        }
    }

    /// A call whose result no one gets.
    fn dropped(&mut self, value: &'a Expr, scope: ScopeId) {
        let ExprKind::Call { func, .. } = &value.kind else {
            return;
        };
        match self.known.callee(func, scope) {
            Some(Callee::Def(def, Kind::Coroutine)) => {
                self.never_awaited(&def.name.name, value.span);
            }
            Some(Callee::Asyncio(name)) if COROUTINES.contains(&name) => {
                self.never_awaited(name, value.span);
            }
            Some(Callee::Asyncio(name)) if FUTURES.contains(&name) => self.found.push(
                Diagnostic::error(
                    Code::NeverAwaited,
                    value.span,
                    format!("nothing awaits what '{name}' returns"),
                )
                .label("the program goes on at once")
                .help(format!("write `await {name}(...)`"))
                .as_warning(),
            ),
            Some(Callee::Asyncio(name)) if TASKS.contains(&name) => self.found.push(
                Diagnostic::error(Code::DroppedTask, value.span, "nothing keeps this task")
                    .label("its result and its exception are lost")
                    .help(format!(
                        "keep it (`task = {name}(...)`) and await it later, or use asyncio.TaskGroup; CPython may collect a task that nothing keeps"
                    ))
                    .as_warning(),
            ),
            _ => {}
        }
    }

    fn never_awaited(&mut self, name: &str, span: Span) {
        let warning = Diagnostic::error(
            Code::NeverAwaited,
            span,
            format!("coroutine '{name}' is never awaited"),
        );
        self.found.push(
            warning
                .label("makes a coroutine and drops it")
                .help(format!(
                    "`await {name}(...)` runs it here; asyncio.create_task({name}(...)) runs it beside what follows"
                ))
                .as_warning(),
        );
    }

    /// Awaits inside of an expression; scopes of their own are left out.
    fn awaits(&mut self, expr: &'a Expr, scope: ScopeId) {
        if let ExprKind::Await(awaited) = &expr.kind {
            self.awaited(awaited, scope);
        }
        if !has_scope(expr) {
            children(&expr.kind, &mut |child| self.awaits(child, scope));
        }
    }

    fn awaited(&mut self, value: &'a Expr, scope: ScopeId) {
        let what = match &value.kind {
            ExprKind::Constant(_)
            | ExprKind::FString(_)
            | ExprKind::Tuple(_)
            | ExprKind::List(_)
            | ExprKind::Dict(_)
            | ExprKind::Set(_)
            | ExprKind::ListComp { .. }
            | ExprKind::DictComp { .. }
            | ExprKind::SetComp { .. } => "this cannot be awaited".to_owned(),
            ExprKind::Call { func, .. } => match self.known.callee(func, scope) {
                Some(Callee::Def(def, Kind::Nothing)) => {
                    format!(
                        "'{}' is no coroutine function, and returns nothing to await",
                        def.name.name
                    )
                }
                _ => return,
            },
            _ => return,
        };
        self.found.push(
            Diagnostic::error(Code::NeedlessAwait, value.span, what)
                .label("`await` raises TypeError here")
                .help("leave the `await` out; for several coroutines in a list write `await asyncio.gather(*coroutines)`")
                .as_warning(),
        );
    }
}

/// Whether names inside of an expression may mean something else than around it.
fn has_scope(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Lambda(_)
            | ExprKind::ListComp { .. }
            | ExprKind::SetComp { .. }
            | ExprKind::DictComp { .. }
            | ExprKind::GeneratorExp { .. }
    )
}
