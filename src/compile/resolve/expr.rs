//! Expressions: the names they use, and what may not stand where.
//!
//! Contract: visits in the order of evaluation. The warnings about literals are CPython's, in its words.

use super::function::GENERATOR;
use super::{AsyncForm, Resolver};
use crate::bytecode::Const;
use crate::compile::fold::fold;
use crate::compile::scope::ScopeKind;
use crate::diagnostics::{ErrorCode, Span};
use crate::syntax::ast::{Arg, CmpOp, Constant, DictItem, Expr, ExprKind, FPart};

impl Resolver {
    pub(super) fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Constant(_) => {}
            ExprKind::Name(name) => self.use_name(name, expr.span),
            ExprKind::FString(parts) => self.fstring(parts),
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
                self.exprs(items)
            }
            ExprKind::Dict(items) => items.iter().for_each(|item| match item {
                DictItem::Pair(key, value) => self.exprs([key, value]),
                DictItem::DoubleStar(mapping) => self.expr(mapping),
            }),
            ExprKind::ListComp { element, clauses } => {
                self.comprehension("list comprehension", &[element], clauses, expr.span);
            }
            ExprKind::SetComp { element, clauses } => {
                self.comprehension("set comprehension", &[element], clauses, expr.span);
            }
            ExprKind::DictComp {
                key,
                value,
                clauses,
            } => {
                self.comprehension("dict comprehension", &[key, value], clauses, expr.span);
            }
            ExprKind::GeneratorExp { element, clauses } => {
                self.comprehension(GENERATOR, &[element], clauses, expr.span);
            }
            ExprKind::BoolOp { values, .. } => self.exprs(values),
            ExprKind::BinOp { left, right, .. } => self.exprs([&**left, right]),
            ExprKind::UnaryOp { operand, .. } => self.expr(operand),
            ExprKind::Compare { left, rest } => self.compare(left, rest, expr.span),
            ExprKind::IfExp { test, body, orelse } => self.exprs([&**test, body, orelse]),
            ExprKind::Lambda(lambda) => self.lambda(lambda),
            ExprKind::Named { target, value } => {
                self.expr(value);
                self.bind_walrus(target);
            }
            ExprKind::Call { func, args } => self.call(func, args, expr.span),
            ExprKind::Attribute { value, .. } => self.expr(value),
            ExprKind::Subscript { value, index } => {
                self.check_subscript(value, index, expr.span);
                self.exprs([&**value, index]);
            }
            ExprKind::Slice { lower, upper, step } => {
                self.exprs(
                    [lower, upper, step]
                        .into_iter()
                        .flatten()
                        .map(|part| &**part),
                );
            }
            ExprKind::Starred(value) => self.expr(value),
            ExprKind::Await(value) => {
                self.needs_async(AsyncForm::Await, expr.span);
                self.expr(value);
            }
            ExprKind::Yield(value) => {
                self.exprs(value.as_deref());
                self.yields(expr.span, "'yield'");
            }
            ExprKind::YieldFrom(value) => {
                self.expr(value);
                self.yields(expr.span, "'yield from'");
            }
        }
    }

    fn fstring(&mut self, parts: &[FPart]) {
        for part in parts {
            if let FPart::Interp { expr, spec, .. } = part {
                self.expr(expr);
                if let Some(spec) = spec {
                    self.fstring(&spec.parts);
                }
            }
        }
    }

    fn call(&mut self, func: &Expr, args: &[Arg], span: Span) {
        let is_lambda = matches!(func.kind, ExprKind::Lambda(_));
        if let Some(kind) = literal_kind(&func.kind).filter(|_| !is_lambda) {
            let message = format!("'{kind}' object is not callable; perhaps you missed a comma?");
            self.warn(
                ErrorCode::NotCallable,
                span,
                message,
                "two values side by side, the second in parentheses, are a call",
            );
        }
        self.expr(func);
        for arg in args {
            self.expr(arg.value());
        }
    }

    fn check_subscript(&mut self, value: &Expr, index: &Expr, span: Span) {
        let is_sequence = matches!(
            value.kind,
            ExprKind::List(_)
                | ExprKind::ListComp { .. }
                | ExprKind::Tuple(_)
                | ExprKind::FString(_)
                | ExprKind::Constant(Constant::Str(_) | Constant::Bytes(_))
        );
        let is_mapping = matches!(value.kind, ExprKind::Dict(_) | ExprKind::DictComp { .. });
        let help = "two values side by side, the second in brackets, are a subscript";
        match (literal_kind(&value.kind), literal_kind(&index.kind)) {
            (Some(kind), _) if !is_sequence && !is_mapping => {
                self.warn(
                    ErrorCode::NotSubscriptable,
                    span,
                    format!("'{kind}' object is not subscriptable; perhaps you missed a comma?"),
                    help,
                );
            }
            (Some(kind), Some(index))
                if is_sequence && !matches!(index, "int" | "bool" | "slice") =>
            {
                let message = format!(
                    "{kind} indices must be integers or slices, not {index}; perhaps you missed a comma?"
                );
                self.warn(ErrorCode::BadIndex, span, message, help);
            }
            _ => {}
        }
    }

    fn compare(&mut self, left: &Expr, rest: &[(CmpOp, Expr)], span: Span) {
        let mut before = left;
        let mut warned = false;
        self.expr(left);
        for (op, right) in rest {
            let literal = [before, right].into_iter().find_map(compared_by_value);
            if let (CmpOp::Is | CmpOp::IsNot, Some(kind)) = (op, literal)
                && !std::mem::replace(&mut warned, true)
            {
                let (word, instead) = if *op == CmpOp::Is {
                    ("is", "==")
                } else {
                    ("is not", "!=")
                };
                let message =
                    format!("\"{word}\" with '{kind}' literal. Did you mean \"{instead}\"?");
                self.warn(
                    ErrorCode::IsLiteral,
                    span,
                    message,
                    "`is` asks whether both are the very same object, not whether they are equal",
                );
            }
            self.expr(right);
            before = right;
        }
    }

    fn yields(&mut self, span: Span, what: &str) {
        let scope = self.here_mut();
        let is_async = scope.is_async;
        match scope.kind {
            ScopeKind::Function | ScopeKind::Lambda => {
                scope.is_generator = true;
                if is_async && what == "'yield from'" {
                    let problem = self.error(
                        ErrorCode::YieldFromAsync,
                        span,
                        "'yield from' inside async function",
                    );
                    problem.help = Some("loop over it: `async for x in ...: yield x`".to_owned());
                }
            }
            ScopeKind::Comprehension | ScopeKind::Generator => {
                let form = scope.comprehension_form().to_owned();
                let problem = self.error(
                    ErrorCode::YieldOutside,
                    span,
                    format!("'yield' inside {form}"),
                );
                problem.help = Some("write a loop: `for x in ...: yield x`".to_owned());
            }
            ScopeKind::TypeParams | ScopeKind::Bound | ScopeKind::AliasValue => {
                let place = scope.type_place().unwrap_or_default();
                self.refuse_in_type("yield", place, span);
            }
            ScopeKind::Module | ScopeKind::Class => {
                self.error(
                    ErrorCode::YieldOutside,
                    span,
                    format!("{what} outside function"),
                );
            }
        }
    }
}

/// The type of a literal that two programs may or may not share one object for.
fn compared_by_value(expr: &Expr) -> Option<&'static str> {
    Some(match fold(expr)? {
        Const::Int(_) | Const::BigInt(_) => "int",
        Const::Float(_) => "float",
        Const::Complex(..) => "complex",
        Const::Str(_) => "str",
        Const::Bytes(_) => "bytes",
        Const::Tuple(_) => "tuple",
        Const::None | Const::Bool(_) | Const::Ellipsis | Const::FrozenSet(_) | Const::Code(_) => {
            return None;
        }
    })
}

/// The type of a literal or display.
pub(in crate::compile) fn literal_kind(kind: &ExprKind) -> Option<&'static str> {
    Some(match kind {
        ExprKind::Constant(constant) => match constant {
            Constant::None => "NoneType",
            Constant::Bool(_) => "bool",
            Constant::Ellipsis => "ellipsis",
            Constant::Int(_) | Constant::BigInt(_) => "int",
            Constant::Float(_) => "float",
            Constant::Complex(_) => "complex",
            Constant::Str(_) => "str",
            Constant::Bytes(_) => "bytes",
        },
        ExprKind::FString(_) => "str",
        ExprKind::Tuple(_) => "tuple",
        ExprKind::List(_) | ExprKind::ListComp { .. } => "list",
        ExprKind::Set(_) | ExprKind::SetComp { .. } => "set",
        ExprKind::Dict(_) | ExprKind::DictComp { .. } => "dict",
        ExprKind::GeneratorExp { .. } => "generator",
        ExprKind::Lambda(_) => "function",
        ExprKind::Slice { .. } => "slice",
        _ => return None,
    })
}
