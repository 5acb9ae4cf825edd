//! Habits that surprise: defaults that all calls share and one of them changes, f-strings without fields.
//!
//! A default that a function only reads is harmless and common; one that it asks with `in` is a memory on purpose.

use super::Lint;
use super::class_facts::last_name;
use super::fix;
use super::known::Known;
use super::rule::Rule;
use super::walk::{At, Guards, Visit};
use crate::compile::resolve::params_in_source;
use crate::compile::scope::Role;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{
    Block, ClassDef, Expr, ExprKind, FPart, FunctionDef, Name, Stmt, StmtKind,
};

/// Methods that change a list, dict or set.
const CHANGES: &[&str] = &[
    "append",
    "extend",
    "insert",
    "add",
    "update",
    "setdefault",
    "pop",
    "popitem",
    "remove",
    "clear",
    "discard",
    "sort",
    "reverse",
];

/// The rule, for a walk.
pub fn rule<'a, 'k>(lint: &Lint<'a, 'k>) -> Box<dyn Rule<'a> + 'k> {
    Box::new(Habits {
        known: lint.known,
        text: lint.text,
        found: Vec::new(),
    })
}

struct Habits<'a, 'k> {
    known: &'k Known<'a>,
    text: &'k str,
    found: Vec<Diagnostic>,
}

impl<'a> Rule<'a> for Habits<'a, '_> {
    fn found(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.found)
    }
}

impl<'a> Visit<'a> for Habits<'a, '_> {
    fn stmt(&mut self, stmt: &'a Stmt, at: At) {
        if let StmtKind::FunctionDef(def) = &stmt.kind {
            self.defaults(def);
        }
        if let StmtKind::ClassDef(class) = &stmt.kind
            && !at.guards.has(Guards::VALUE)
            && class
                .decorators
                .iter()
                .any(|it| last_name(it) == Some("dataclass"))
        {
            self.fields(class);
        }
    }

    fn expr(&mut self, expr: &'a Expr, _: At) {
        let ExprKind::FString(parts) = &expr.kind else {
            return;
        };
        if parts
            .iter()
            .any(|part| matches!(part, FPart::Interp { .. }))
        {
            return;
        }
        self.found.push(
            Diagnostic::error(
                ErrorCode::NoPlaceholders,
                expr.span,
                "this f-string has no fields in braces",
            )
            .help("leave the `f` out, or put the braces in")
            .fix(fix::plain_string(self.text, expr.span))
            .as_warning(),
        );
    }
}

impl<'a> Habits<'a, '_> {
    /// `items: list = []` in a data class.
    fn fields(&mut self, class: &'a ClassDef) {
        for stmt in &class.body {
            let StmtKind::AnnAssign {
                target,
                annotation,
                value: Some(value),
                ..
            } = &stmt.kind
            else {
                continue;
            };
            let annotation = annotation.span.start as usize..annotation.span.end as usize;
            let is_field = !self
                .text
                .get(annotation)
                .is_none_or(|it| it.contains("ClassVar"));
            let ExprKind::Name(name) = &target.kind else {
                continue;
            };
            let is_display = matches!(
                value.kind,
                ExprKind::List(_) | ExprKind::Dict(_) | ExprKind::Set(_)
            );
            if is_field && is_display {
                self.found.push(
                    Diagnostic::error(
                        ErrorCode::MutableDefault,
                        value.span,
                        "a field of a data class cannot have this default: all objects would share it",
                    )
                    .label("raises ValueError when the class is made")
                    .help(format!("write `{name}: ... = field(default_factory=...)`")),
                );
            }
        }
    }

    fn defaults(&mut self, def: &'a FunctionDef) {
        for param in params_in_source(&def.params) {
            let name = &param.name.name;
            let is_cache = name.starts_with('_') || name.contains("cache") || name.contains("memo");
            let Some(default) = param
                .default
                .as_ref()
                .filter(|it| is_mutable(it) && !is_cache)
            else {
                continue;
            };
            let scope = self.known.tree.get(self.known.tree.of(def, Role::Body));
            // A function that asks what is in it remembers on purpose.
            let is_cache = self.text.contains(&format!(" in {name}:"));
            if is_cache {
                continue;
            }
            let is_own = scope
                .symbol(name)
                .is_some_and(|symbol| symbol.bindings == 1);
            let Some(change) = is_own.then(|| change_of(&def.body, name)).flatten() else {
                continue;
            };
            self.found.push(
                Diagnostic::error(
                    ErrorCode::MutableDefault,
                    default.span,
                    format!(
                        "all calls share the default of '{name}', and this function changes it"
                    ),
                )
                .label("made once, where the function is defined")
                .also(change, "changed here")
                .help(format!(
                    "write `{name}=None`, and `if {name} is None: {name} = ...` in the function"
                ))
                .as_warning(),
            );
        }
    }
}

fn is_mutable(default: &Expr) -> bool {
    match &default.kind {
        ExprKind::List(_) | ExprKind::Dict(_) | ExprKind::Set(_) => true,
        ExprKind::Call { func, args } => {
            args.is_empty()
                && matches!(&func.kind, ExprKind::Name(name) if matches!(&**name, "list" | "dict" | "set"))
        }
        _ => false,
    }
}

/// Where a block changes the object that a name stands for.
fn change_of(body: &Block, name: &Name) -> Option<Span> {
    let is_it = |expr: &Expr| matches!(&expr.kind, ExprKind::Name(it) if it == name);
    body.iter().find_map(|stmt| {
        let here = match &stmt.kind {
            StmtKind::Expr(value) => match &value.kind {
                ExprKind::Call { func, .. } => match &func.kind {
                    ExprKind::Attribute { value: of, attr } => {
                        (is_it(of) && CHANGES.contains(&&*attr.name)).then_some(value.span)
                    }
                    _ => None,
                },
                _ => None,
            },
            StmtKind::Assign { targets, .. } => {
                targets.iter().find_map(|target| match &target.kind {
                    ExprKind::Subscript { value, .. } if is_it(value) => Some(target.span),
                    _ => None,
                })
            }
            StmtKind::Del(targets) => targets.iter().find_map(|target| match &target.kind {
                ExprKind::Subscript { value, .. } if is_it(value) => Some(target.span),
                _ => None,
            }),
            _ => None,
        };
        here.or_else(|| {
            let mut found = None;
            super::blocks_of_frame(stmt, &mut |inner| {
                found = found.or_else(|| change_of(inner, name))
            });
            found
        })
    })
}
