//! Functions that are named and not called: `if ready:`, `total == compute`, `file.close` as a statement; comparisons nobody looks at.
//!
//! A function of this file must be meant: a name with one definition, or a method of an object whose class is evident.

use super::Lint;
use super::class_facts::How;
use super::evident::{Evident, evident};
use super::known::Known;
use super::members::{Found, find, is_abstract};
use super::rule::Rule;
use super::walk::{At, Guards, Visit};
use super::world::{Entity, Member};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{BinOp, CmpOp, Expr, ExprKind, Stmt, StmtKind, UnaryOp};

/// The rule, for a walk.
pub fn rule<'a, 'k>(lint: &Lint<'a, 'k>) -> Box<dyn Rule<'a> + 'k> {
    Box::new(Functions {
        known: lint.known,
        found: Vec::new(),
    })
}

struct Functions<'a, 'k> {
    known: &'k Known<'a>,
    found: Vec<Diagnostic>,
}

impl<'a> Rule<'a> for Functions<'a, '_> {
    fn found(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.found)
    }
}

impl<'a> Visit<'a> for Functions<'a, '_> {
    fn stmt(&mut self, stmt: &'a Stmt, at: At) {
        match &stmt.kind {
            StmtKind::Expr(value) => self.dropped(value, at),
            StmtKind::If { branches, .. } => {
                branches.iter().for_each(|it| self.tested(&it.test, at));
            }
            StmtKind::While { test, .. } => self.tested(test, at),
            _ => {}
        }
    }

    fn expr(&mut self, expr: &'a Expr, at: At) {
        if at.guards.has(Guards::TYPE) || at.guards.has(Guards::PROBED) {
            return;
        }
        match &expr.kind {
            ExprKind::Compare { left, rest } => {
                if let [(op, right)] = &rest[..]
                    && !matches!(op, CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn)
                {
                    for (function, other) in [(&**left, right), (right, &**left)] {
                        if matches!(other.kind, ExprKind::Constant(_)) {
                            self.meant(function, at, "this compares");
                        }
                    }
                }
            }
            ExprKind::BinOp { left, op, right } => {
                if matches!(op, BinOp::Add | BinOp::Sub | BinOp::Mul | BinOp::Div) {
                    self.meant(left, at, "this calculates with");
                    self.meant(right, at, "this calculates with");
                }
            }
            ExprKind::UnaryOp {
                op: UnaryOp::Not,
                operand,
            } => self.tested(operand, at),
            ExprKind::Subscript { value, .. } => {
                if let Some(Evident::Function(_)) = evident(self.known, value, at.scope) {
                    self.meant(value, at, "this takes an item of");
                }
            }
            _ => {}
        }
    }
}

impl<'a> Functions<'a, '_> {
    /// The function that an expression names without calling it.
    fn function(&self, value: &'a Expr, at: At) -> Option<String> {
        match evident(self.known, value, at.scope) {
            Some(Evident::Function(def)) => Some(def.name.name.to_string()),
            Some(Evident::Member(module, name)) => {
                let is_function = self.known.world.entity(module, name) == Entity::Function;
                is_function.then(|| name.to_owned())
            }
            _ => self.method(value, at),
        }
    }

    fn method(&self, value: &'a Expr, at: At) -> Option<String> {
        let ExprKind::Attribute {
            value: object,
            attr,
        } = &value.kind
        else {
            return None;
        };
        if self.known.stores(&attr.name) > 0 || attr.name.starts_with("__") {
            return None;
        }
        let is_method = match evident(self.known, object, at.scope)? {
            Evident::Instance(class) => {
                let found = find(self.known, class, &attr.name);
                matches!(found, Found::Method(def, _, How::Instance)
                    if !is_abstract(def) && def.decorators.is_empty())
            }
            Evident::Of(module, class) => {
                self.known.world.entity(module, class) == Entity::Class
                    && matches!(
                        self.known.world.member(module, class, &attr.name),
                        Member::Method(_)
                    )
            }
            _ => false,
        };
        is_method.then(|| attr.name.to_string())
    }

    fn meant(&mut self, value: &'a Expr, at: At, does: &str) {
        if let Some(name) = self.function(value, at) {
            self.tell(
                value.span,
                format!("{does} the function '{name}', not its result"),
            );
        }
    }

    fn tested(&mut self, test: &'a Expr, at: At) {
        if at.guards.has(Guards::PROBED) {
            return;
        }
        let is_builtin =
            |name: &str| self.known.world.has_attribute("builtins", name) == Some(true);
        if matches!(&test.kind, ExprKind::Name(name) if is_builtin(name)) {
            return;
        }
        if let Some(name) = self.function(test, at) {
            self.tell(
                test.span,
                format!("this tests the function '{name}', which is always true"),
            );
        }
    }

    fn tell(&mut self, span: Span, message: String) {
        self.found.push(
            Diagnostic::error(ErrorCode::FunctionAsValue, span, message)
                .label("not called")
                .help("add parentheses to call it")
                .as_warning(),
        );
    }

    /// A statement that is a value and nothing else.
    fn dropped(&mut self, value: &'a Expr, at: At) {
        if at.guards.has(Guards::ANY) {
            return;
        }
        let (message, help) = match &value.kind {
            ExprKind::Compare { left, rest } => {
                let [(op, right)] = &rest[..] else {
                    return;
                };
                // Its own methods may do something.
                let is_object = |it| {
                    let it = evident(self.known, it, at.scope);
                    matches!(it, Some(Evident::Instance(_)))
                };
                if is_object(left) || is_object(right) {
                    return;
                }
                let help = match op {
                    CmpOp::Eq => "`=` assigns; `==` compares",
                    _ => "use the result, or remove the statement",
                };
                (
                    "this compares, and nothing looks at the result".to_owned(),
                    help,
                )
            }
            ExprKind::Name(name) => {
                let is_end = matches!(&**name, "exit" | "quit");
                match self.function(value, at) {
                    Some(name) if !is_end || self.known.is_builtin(at.scope, &name) => (
                        format!("this names the function '{name}' and does not call it"),
                        "add parentheses to call it",
                    ),
                    _ => return,
                }
            }
            ExprKind::Attribute { .. } => match self.function(value, at) {
                Some(name) => (
                    format!("this names the function '{name}' and does not call it"),
                    "add parentheses to call it",
                ),
                None => return,
            },
            _ => return,
        };
        self.found.push(
            Diagnostic::error(ErrorCode::NoEffect, value.span, message)
                .label("does nothing")
                .help(help)
                .as_warning(),
        );
    }
}
