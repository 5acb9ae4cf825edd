//! Calls whose arguments do not fit: of functions and classes of this file, and of functions of the library.
//!
//! Only what a signature surely refuses is told. A class is looked at if all its bases are known, for a metaclass may have any call.

use super::Lint;
use super::known::{Bind, Callee, Known};
use super::signature::{Bound, Signature};
use super::walk::{At, Guards, Visit, walk};
use crate::compile::scope::Role;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{Arg, ClassDef, Expr, ExprKind, FunctionDef, Module, StmtKind};

/// Adds what it finds.
pub fn lint<'a>(module: &'a Module, lint: &mut Lint<'a, '_>) {
    let tree = lint.known.tree;
    walk(module, tree, &mut Arguments { lint });
}

struct Arguments<'a, 'l, 'w> {
    lint: &'l mut Lint<'a, 'w>,
}

impl<'a> Visit<'a> for Arguments<'a, '_, '_> {
    fn expr(&mut self, expr: &'a Expr, at: At) {
        let ExprKind::Call { func, args } = &expr.kind else {
            return;
        };
        if at.guards.has(Guards::TYPE) || at.guards.has(Guards::PROBED) {
            return;
        }
        let known: &Known<'a> = self.lint.known;
        match known.callee(func, at.scope) {
            // `__new__` and its like are bound in ways of their own; what only raises is there to be overridden.
            Some(Callee::Def(def, _, Bound::ToInstance))
                if def.name.name.starts_with("__") || is_abstract(def) => {}
            Some(Callee::Def(def, _, bound)) => {
                let signature = Signature::of_def(&def.params, bound);
                let place = Some((def.header, "defined here"));
                self.hold(&def.name.name, &signature, args, expr.span, place);
            }
            Some(Callee::Class(class)) => {
                if let Some(signature) = constructor(known, class, at) {
                    let place = Some((class.header, "defined here"));
                    self.hold(&class.name.name, &signature, args, expr.span, place);
                }
            }
            Some(Callee::Member(module, name)) => {
                let text = self.lint.world.signature(module, name);
                if let Some(signature) = text.as_deref().and_then(Signature::of_text) {
                    self.hold(name, &signature, args, expr.span, None);
                }
            }
            None => {}
        }
    }
}

impl Arguments<'_, '_, '_> {
    fn hold(
        &mut self,
        name: &str,
        signature: &Signature,
        args: &[Arg],
        span: Span,
        place: Option<(Span, &str)>,
    ) {
        let Some(problem) = signature.refuse(args) else {
            return;
        };
        let mut finding = Diagnostic::error(
            ErrorCode::WrongArguments,
            span,
            format!("{name}() cannot be called so: {problem}"),
        )
        .label("this call raises TypeError");
        if let Some((span, text)) = place {
            finding = finding.also(span, text);
        }
        self.lint.found.push(finding);
    }
}

/// How a class of this file is called, if nothing but its own `__init__` has a say in it.
fn constructor(known: &Known<'_>, class: &ClassDef, at: At) -> Option<Signature> {
    let scope = known.tree.of(class, Role::Body);
    let body = known.tree.get(scope);
    let defines = |name: &str| body.symbol(name).is_some_and(|symbol| symbol.is_bound);
    if !class.args.iter().all(|base| is_plain(known, base, at)) || defines("__new__") {
        return None;
    }
    if let Some((init, _)) = known.method_of(class, "__init__") {
        return Some(Signature::of_def(&init.params, Bound::ToInstance));
    }
    (class.args.is_empty() && !defines("__init__")).then(Signature::default)
}

/// Whether a base is a class of this file whose bases are, or one of the builtins whose classes are called as usual.
fn is_plain(known: &Known<'_>, base: &Arg, at: At) -> bool {
    let Arg::Pos(Expr {
        kind: ExprKind::Name(name),
        ..
    }) = base
    else {
        return false;
    };
    match known.bind(at.scope, name) {
        Some(Bind::Class(class)) => {
            let body = known.tree.get(known.tree.of(class, Role::Body));
            let makes = body.symbol("__new__").is_some_and(|symbol| symbol.is_bound);
            !makes && class.args.iter().all(|base| is_plain(known, base, at))
        }
        Some(_) => false,
        None => {
            known.is_builtin(at.scope, name)
                && matches!(
                    &**name,
                    "object" | "Exception" | "ValueError" | "RuntimeError"
                )
        }
    }
}

/// Whether a method does nothing, or raises and nothing else.
fn is_abstract(def: &FunctionDef) -> bool {
    def.body.iter().all(|stmt| {
        matches!(
            &stmt.kind,
            StmtKind::Raise { .. }
                | StmtKind::Pass
                | StmtKind::Expr(Expr {
                    kind: ExprKind::Constant(_),
                    ..
                })
        )
    })
}
