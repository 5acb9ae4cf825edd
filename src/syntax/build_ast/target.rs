//! What can be assigned to, and the assigning statements.
//!
//! The grammar reads a target as an expression; here it is checked and its context set. What cannot be assigned to is
//! reported in CPython's words.

use super::super::ast::{BinOp, Constant, Expr, ExprKind, StmtKind, UnaryOp};
use super::Builder;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// What a target is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// `for`, `with ... as`, parts of tuples.
    Assign,
    /// The left side of `=`, where `==` may have been meant.
    Equals,
    /// One of several left sides.
    Chain,
    /// `del`
    Delete,
}

impl Builder<'_> {
    /// A statement that is one expression.
    pub fn expression_statement(&mut self, value: Expr) -> StmtKind {
        StmtKind::Expr(self.value(value))
    }

    /// `first = rest[0] = ... = value`
    pub fn assign(&mut self, first: Expr, mut rest: Vec<Expr>) -> StmtKind {
        let value = rest.pop().expect("the grammar wants one right side");
        let targets: Vec<Expr> = std::iter::once(first).chain(rest).collect();
        let usage = if targets.len() == 1 {
            Use::Equals
        } else {
            Use::Chain
        };
        for target in &targets {
            self.check_target(target, usage);
        }
        StmtKind::Assign {
            targets,
            value: self.value(value),
        }
    }

    /// `target op= value`
    pub fn aug_assign(&mut self, target: Expr, op: BinOp, value: Expr) -> StmtKind {
        if !is_single_target(&target) {
            let message = format!(
                "'{}' is an illegal expression for augmented assignment",
                describe(&target.kind)
            );
            let diagnostic = Diagnostic::error(ErrorCode::AugmentedTarget, target.span, message);
            let label = format!("`{}=` changes one name, attribute or item", op.symbol());
            self.report(diagnostic.label(label));
        }
        self.check_debug_target(&target);
        StmtKind::AugAssign {
            target,
            op,
            value: self.value(value),
        }
    }

    /// `target: annotation = value`
    pub fn ann_assign(&mut self, target: Expr, annotation: Expr, value: Option<Expr>) -> StmtKind {
        if !is_single_target(&target) {
            let message = match target.kind {
                ExprKind::List(_) => "only single target (not list) can be annotated",
                ExprKind::Tuple(_) => "only single target (not tuple) can be annotated",
                _ => "illegal target for annotation",
            };
            let diagnostic = Diagnostic::error(ErrorCode::AnnotationTarget, target.span, message);
            self.report(diagnostic.label("only one name, attribute or item can have a type"));
        }
        self.check_debug_target(&target);
        let simple = matches!(target.kind, ExprKind::Name(_)) && !target.parenthesized;
        StmtKind::AnnAssign {
            target,
            annotation,
            value: self.optional_value(value),
            simple,
        }
    }

    /// `del targets`
    pub fn delete(&mut self, targets: Vec<Expr>) -> StmtKind {
        for target in &targets {
            self.check_target(target, Use::Delete);
        }
        StmtKind::Del(targets)
    }

    /// Checks that a whole target can be assigned or deleted.
    pub(super) fn check_target(&mut self, target: &Expr, usage: Use) {
        match &target.kind {
            ExprKind::Starred(inner) if usage != Use::Delete => {
                let message = "starred assignment target must be in a list or tuple";
                let diagnostic = Diagnostic::error(ErrorCode::StarredTargets, target.span, message)
                    .by_compiler();
                self.report(diagnostic.help("add a comma: *x, = ..."));
                self.check_part(inner, usage);
            }
            _ => self.check_part(target, usage),
        }
    }

    fn check_part(&mut self, target: &Expr, usage: Use) {
        match &target.kind {
            ExprKind::Name(name) if usage == Use::Delete && &**name == "__debug__" => {
                let message = "cannot delete __debug__";
                self.report(
                    Diagnostic::error(ErrorCode::DeleteTarget, target.span, message)
                        .label("a constant of the language"),
                );
            }
            ExprKind::Name(_) | ExprKind::Attribute { .. } => self.check_debug_target(target),
            ExprKind::Subscript { .. } => {}
            ExprKind::Tuple(items) | ExprKind::List(items) => self.check_items(items, usage),
            _ => self.wrong_target(target, usage),
        }
    }

    fn check_items(&mut self, items: &[Expr], usage: Use) {
        let part = if usage == Use::Delete {
            Use::Delete
        } else {
            Use::Assign
        };
        let mut star = None;
        for item in items {
            match &item.kind {
                ExprKind::Starred(inner) if part == Use::Assign => {
                    if let Some(first) = star.replace(item.span) {
                        let message = "multiple starred expressions in assignment";
                        let diagnostic =
                            Diagnostic::error(ErrorCode::StarredTargets, item.span, message)
                                .by_compiler();
                        self.report(
                            diagnostic
                                .label("a second one")
                                .also(first, "already collects the rest"),
                        );
                    }
                    self.check_part(inner, part);
                }
                _ => self.check_part(item, part),
            }
        }
    }

    fn wrong_target(&mut self, target: &Expr, usage: Use) {
        let what = describe(&target.kind);
        let is_yield = matches!(target.kind, ExprKind::Yield(_) | ExprKind::YieldFrom(_));
        let is_keyword = ["True", "False", "None"].contains(&what);
        let is_compound = matches!(
            target.kind,
            ExprKind::GeneratorExp { .. }
                | ExprKind::Compare { .. }
                | ExprKind::BoolOp { .. }
                | ExprKind::IfExp { .. }
                | ExprKind::Lambda(_)
                | ExprKind::UnaryOp {
                    op: UnaryOp::Not,
                    ..
                }
        );
        let message = match usage {
            Use::Delete => format!("cannot delete {what}"),
            Use::Equals | Use::Chain if is_yield && !target.parenthesized => {
                "assignment to yield expression not possible".to_owned()
            }
            Use::Equals if !is_keyword && !is_compound => {
                format!("cannot assign to {what} here. Maybe you meant '==' instead of '='?")
            }
            _ => format!("cannot assign to {what}"),
        };
        let verb = if usage == Use::Delete {
            "deleted"
        } else {
            "assigned to"
        };
        let code = if usage == Use::Delete {
            ErrorCode::DeleteTarget
        } else {
            ErrorCode::InvalidTarget
        };
        let diagnostic = Diagnostic::error(code, target.span, message)
            .label("not a name, attribute or item")
            .help(format!(
                "only names, attributes and items can be {verb}, or lists and tuples of them"
            ));
        self.report(diagnostic);
    }

    fn check_debug_target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => self.check_debug_name(name, target.span),
            ExprKind::Attribute { attr, .. } => self.check_debug_name(&attr.name, target.span),
            _ => {}
        }
    }

    /// `__debug__` is a constant of the language.
    pub(super) fn check_debug_name(&mut self, name: &str, span: Span) {
        if name == "__debug__" {
            let message = "cannot assign to __debug__";
            self.report(Diagnostic::error(ErrorCode::InvalidTarget, span, message).by_compiler());
        }
    }
}

const fn is_single_target(target: &Expr) -> bool {
    matches!(
        target.kind,
        ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. }
    )
}

/// What a form is called in messages.
pub(super) const fn describe(kind: &ExprKind) -> &'static str {
    match kind {
        ExprKind::Constant(Constant::None) => "None",
        ExprKind::Constant(Constant::Bool(true)) => "True",
        ExprKind::Constant(Constant::Bool(false)) => "False",
        ExprKind::Constant(Constant::Ellipsis) => "ellipsis",
        ExprKind::Constant(_) => "literal",
        ExprKind::Name(_) => "name",
        ExprKind::FString(_) => "f-string expression",
        ExprKind::Tuple(_) => "tuple",
        ExprKind::List(_) => "list",
        ExprKind::Set(_) => "set display",
        ExprKind::Dict(_) => "dict literal",
        ExprKind::ListComp { .. } => "list comprehension",
        ExprKind::SetComp { .. } => "set comprehension",
        ExprKind::DictComp { .. } => "dict comprehension",
        ExprKind::GeneratorExp { .. } => "generator expression",
        ExprKind::BoolOp { .. } | ExprKind::BinOp { .. } | ExprKind::UnaryOp { .. } => "expression",
        ExprKind::Compare { .. } => "comparison",
        ExprKind::IfExp { .. } => "conditional expression",
        ExprKind::Lambda(_) => "lambda",
        ExprKind::Named { .. } => "named expression",
        ExprKind::Call { .. } => "function call",
        ExprKind::Attribute { .. } => "attribute",
        ExprKind::Subscript { .. } | ExprKind::Slice { .. } => "subscript",
        ExprKind::Starred(_) => "starred",
        ExprKind::Await(_) => "await expression",
        ExprKind::Yield(_) | ExprKind::YieldFrom(_) => "yield expression",
    }
}
