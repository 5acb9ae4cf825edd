//! Names, operators and everything else that is made of expressions and needs little checking.
//!
//! What the grammar calls while it reduces; also the one place that counts how deep expressions nest. A new expression is a
//! variant of the AST and, if it needs checks, a function here.

use super::super::ast::{BinOp, BoolOp, CmpOp, Constant, Expr, ExprKind, Ident, Lambda};
use super::super::{literal, odd_literals};
use super::params::ParamItem;
use super::target::describe;
use super::{Builder, placeholder};
use crate::diagnostics::{Diagnostic, ErrorCode};

use super::super::ast::UnaryOp;

impl Builder<'_> {
    /// A name as a value or target.
    pub fn name(&mut self, ident: Ident) -> Expr {
        Expr {
            kind: ExprKind::Name(ident.name),
            span: ident.span,
            depth: 1,
            parenthesized: false,
        }
    }

    /// A decoded literal.
    pub fn constant(&mut self, l: u32, value: Constant, r: u32) -> Expr {
        self.expr(l, ExprKind::Constant(value), r)
    }

    /// A number as it stands in the source.
    pub fn number(&mut self, l: u32, r: u32) -> Expr {
        let span = self.span(l, r);
        match literal::number(self.source, span) {
            Ok(value) => {
                if let Some(warning) = odd_literals::number(self.source, span) {
                    self.warn(warning);
                }
                self.constant(l, value, r)
            }
            Err(diagnostic) => {
                self.report(*diagnostic);
                placeholder(span)
            }
        }
    }

    /// `left op right`
    pub fn binary(&mut self, l: u32, left: Expr, op: BinOp, right: Expr, r: u32) -> Expr {
        self.expr(
            l,
            ExprKind::BinOp {
                left: left.into(),
                op,
                right: right.into(),
            },
            r,
        )
    }

    /// `op operand`
    pub fn unary(&mut self, l: u32, op: UnaryOp, operand: Expr, r: u32) -> Expr {
        self.expr(
            l,
            ExprKind::UnaryOp {
                op,
                operand: operand.into(),
            },
            r,
        )
    }

    /// `first op a op b`
    pub fn bool_op(&mut self, l: u32, op: BoolOp, first: Expr, rest: Vec<Expr>, r: u32) -> Expr {
        let values = std::iter::once(first).chain(rest).collect();
        self.expr(l, ExprKind::BoolOp { op, values }, r)
    }

    /// `left op a op b`
    pub fn compare(&mut self, l: u32, left: Expr, rest: Vec<(CmpOp, Expr)>, r: u32) -> Expr {
        self.expr(
            l,
            ExprKind::Compare {
                left: left.into(),
                rest,
            },
            r,
        )
    }

    /// `body if test else orelse`
    pub fn if_exp(&mut self, l: u32, body: Expr, test: Expr, orelse: Expr, r: u32) -> Expr {
        let (test, body, orelse) = (test.into(), body.into(), orelse.into());
        self.expr(l, ExprKind::IfExp { test, body, orelse }, r)
    }

    /// `lambda params: body`
    pub fn lambda(&mut self, l: u32, params: Vec<ParamItem>, body: Expr, r: u32) -> Expr {
        let params = self.params(params);
        self.expr(l, ExprKind::Lambda(Box::new(Lambda { params, body })), r)
    }

    /// `target := value`
    pub fn named(&mut self, l: u32, target: Expr, value: Expr, r: u32) -> Expr {
        let ExprKind::Name(name) = &target.kind else {
            let message = format!(
                "cannot use assignment expressions with {}",
                describe(&target.kind)
            );
            self.report(
                Diagnostic::error(ErrorCode::InvalidWalrus, target.span, message)
                    .label("not a plain name"),
            );
            return value;
        };
        if target.parenthesized {
            let message = "cannot use assignment expressions with name";
            self.report(
                Diagnostic::error(ErrorCode::InvalidWalrus, target.span, message)
                    .label("in parentheses"),
            );
        }
        self.check_debug_name(name, target.span);
        let target = Ident {
            name: name.clone(),
            span: target.span,
        };
        self.expr(
            l,
            ExprKind::Named {
                target,
                value: value.into(),
            },
            r,
        )
    }

    /// `value.attr`
    pub fn attribute(&mut self, value: Expr, attr: Ident) -> Expr {
        let (l, r) = (value.span.start, attr.span.end);
        self.attribute_at(l, value, attr, r)
    }

    /// `value.attr`, where parentheses around the value count.
    pub fn attribute_at(&mut self, l: u32, value: Expr, attr: Ident, r: u32) -> Expr {
        self.expr(
            l,
            ExprKind::Attribute {
                value: value.into(),
                attr,
            },
            r,
        )
    }

    /// `value[index]`
    pub fn subscript(&mut self, l: u32, value: Expr, index: Expr, r: u32) -> Expr {
        let index = match index.kind {
            ExprKind::Starred(_) => {
                let span = index.span;
                self.tuple(span.start, vec![index], span.end)
            }
            _ => index,
        };
        self.expr(
            l,
            ExprKind::Subscript {
                value: value.into(),
                index: index.into(),
            },
            r,
        )
    }

    /// `lower:upper:step`; `step` is Some(None) for a second colon with nothing after it.
    pub fn slice(
        &mut self,
        l: u32,
        lower: Option<Expr>,
        upper: Option<Expr>,
        step: Option<Option<Expr>>,
        r: u32,
    ) -> Expr {
        let kind = ExprKind::Slice {
            lower: lower.map(Box::new),
            upper: upper.map(Box::new),
            step: step.flatten().map(Box::new),
        };
        self.expr(l, kind, r)
    }

    /// `*value`
    pub fn starred(&mut self, l: u32, value: Expr, r: u32) -> Expr {
        self.expr(l, ExprKind::Starred(value.into()), r)
    }

    /// `await value`
    pub fn await_value(&mut self, l: u32, value: Expr, r: u32) -> Expr {
        self.expr(l, ExprKind::Await(value.into()), r)
    }

    /// `yield value`
    pub fn yield_value(&mut self, l: u32, value: Option<Expr>, r: u32) -> Expr {
        let value = self.optional_value(value).map(Box::new);
        self.expr(l, ExprKind::Yield(value), r)
    }

    /// `yield from value`
    pub fn yield_from(&mut self, l: u32, value: Expr, r: u32) -> Expr {
        self.expr(l, ExprKind::YieldFrom(value.into()), r)
    }

    /// Refuses `*x` where one value is wanted.
    pub fn value(&mut self, value: Expr) -> Expr {
        match value.kind {
            ExprKind::Starred(inner) => {
                self.misplaced_star(value.span, "can't use starred expression here");
                *inner
            }
            _ => value,
        }
    }

    /// As `value`, if there is one.
    pub fn optional_value(&mut self, value: Option<Expr>) -> Option<Expr> {
        value.map(|value| self.value(value))
    }

    /// Parentheses around one value or tuple.
    pub fn parenthesized(&mut self, l: u32, mut value: Expr, r: u32) -> Expr {
        match value.kind {
            ExprKind::Starred(inner) => {
                self.misplaced_star(value.span, "cannot use starred expression here");
                return *inner;
            }
            ExprKind::Tuple(_) | ExprKind::GeneratorExp { .. } if !value.parenthesized => {
                value.span = self.span(l, r)
            }
            _ => {}
        }
        value.parenthesized = true;
        value
    }

    pub(super) fn misplaced_star(&mut self, span: crate::diagnostics::Span, message: &str) {
        let diagnostic = Diagnostic::error(ErrorCode::MisplacedStar, span, message)
            .label("one value is wanted here");
        let diagnostic = match message {
            "can't use starred expression here" => diagnostic.by_compiler(),
            _ => diagnostic,
        }
        .help("for a tuple add a comma: (*x,); to call with the items write f(*x)");
        self.report(diagnostic);
    }
}
