//! `except` clauses that an earlier one of the same `try` hides: it catches the class, or a base of it; and `except A or B`, which
//! catches one of the two.
//!
//! Classes of the file and of the library are known with their bases. A class that only running would show hides nothing, and nothing
//! hides it.

use super::Lint;
use super::known::{Callee, Known};
use super::members::{Base, base, derives};
use super::rule::Rule;
use super::walk::{At, Visit};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{BoolOp, ClassDef, ExceptHandler, Expr, ExprKind, Stmt, StmtKind};

/// The rule, for a walk.
pub fn rule<'a, 'k>(lint: &Lint<'a, 'k>) -> Box<dyn Rule<'a> + 'k> {
    Box::new(Handlers {
        known: lint.known,
        found: Vec::new(),
    })
}

struct Handlers<'a, 'k> {
    known: &'k Known<'a>,
    found: Vec<Diagnostic>,
}

/// A class that a handler catches.
enum Caught<'a> {
    /// One of this file.
    File(&'a ClassDef),
    /// One of the library: the names of itself and its bases.
    Library(Vec<String>),
}

impl<'a> Rule<'a> for Handlers<'a, '_> {
    fn found(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.found)
    }
}

impl<'a> Visit<'a> for Handlers<'a, '_> {
    fn stmt(&mut self, stmt: &'a Stmt, at: At) {
        if let StmtKind::Try {
            handlers,
            is_star: false,
            ..
        } = &stmt.kind
        {
            self.order(handlers, at);
        }
    }
}

impl<'a> Handlers<'a, '_> {
    fn order(&mut self, handlers: &'a [ExceptHandler], at: At) {
        let mut earlier: Vec<(Caught<'a>, Span)> = Vec::new();
        for handler in handlers {
            let Some(ty) = &handler.ty else {
                return;
            };
            self.connected(ty, at);
            let items = match &ty.kind {
                ExprKind::Tuple(items) => &items[..],
                _ => std::slice::from_ref(ty),
            };
            let classes: Vec<_> = items.iter().map(|it| self.class(it, at)).collect();
            let hiding: Option<Vec<Span>> = classes
                .iter()
                .map(|class| {
                    let class = class.as_ref()?;
                    let hides = |it: &&(Caught<'a>, Span)| self.catches(&it.0, class);
                    earlier.iter().find(hides).map(|it| it.1)
                })
                .collect();
            if let Some(place) = hiding.and_then(|all| all.first().copied()) {
                self.found.push(
                    Diagnostic::error(
                        ErrorCode::HandlerOrder,
                        ty.span,
                        "an earlier `except` catches this already",
                    )
                    .label("this block never runs")
                    .also(place, "catches it first")
                    .help("put the more special class first")
                    .as_warning(),
                );
            }
            let spans = items.iter().map(|it| it.span);
            earlier.extend(classes.into_iter().flatten().zip(spans));
        }
    }

    /// Classes are true: `A or B` is A, `A and B` is B.
    fn connected(&mut self, ty: &'a Expr, at: At) {
        let ExprKind::BoolOp { op, values } = &ty.kind else {
            return;
        };
        if !values.iter().all(|it| self.class(it, at).is_some()) {
            return;
        }
        let which = match op {
            BoolOp::Or => "first",
            BoolOp::And => "last",
        };
        self.found.push(
            Diagnostic::error(
                ErrorCode::BooleanHandler,
                ty.span,
                format!("this catches only the {which} of the classes"),
            )
            .label("one class, not several")
            .help("write `except (A, B):`")
            .as_warning(),
        );
    }

    fn class(&self, expr: &'a Expr, at: At) -> Option<Caught<'a>> {
        match self.known.callee(expr, at.scope)? {
            Callee::Class(class) => Some(Caught::File(class)),
            Callee::Member(module, name) => {
                let ancestors = self.known.world.ancestors(module, name);
                (!ancestors.is_empty()).then_some(Caught::Library(ancestors))
            }
            _ => None,
        }
    }

    /// Whether the handler of one class catches all of another.
    fn catches(&self, one: &Caught<'a>, other: &Caught<'a>) -> bool {
        match (one, other) {
            (Caught::File(one), Caught::File(other)) => derives(self.known, other, one),
            (Caught::Library(one), Caught::Library(other)) => other.contains(&one[0]),
            (Caught::Library(one), Caught::File(other)) => {
                let of_bases = self.library_bases(other, 8);
                of_bases.contains(&one[0])
            }
            (Caught::File(_), Caught::Library(_)) => false,
        }
    }

    fn library_bases(&self, class: &'a ClassDef, depth: u32) -> Vec<String> {
        let (Some(depth), Some(facts)) = (depth.checked_sub(1), self.known.class(class)) else {
            return Vec::new();
        };
        let bases = class
            .args
            .iter()
            .map(|arg| match base(self.known, facts, arg) {
                Base::File(base) => self.library_bases(base, depth),
                Base::Library(module, name) => self.known.world.ancestors(module, name),
                _ => Vec::new(),
            });
        bases.flatten().collect()
    }
}
