//! Walks over the direct children of an expression.
//!
//! One place that knows where expressions contain expressions: measuring depth, searching for `await` or `yield` and
//! the like need not repeat the list of forms. A new form of expression gets an arm here.

use super::ast::{Arg, Comprehension, DictItem, Expr, ExprKind, FPart, Lambda, Params};

/// Calls `f` for each direct child of an expression of this form, in source order.
pub fn children<'a>(kind: &'a ExprKind, f: &mut impl FnMut(&'a Expr)) {
    match kind {
        ExprKind::Constant(_) | ExprKind::Name(_) | ExprKind::Yield(None) => {}
        ExprKind::FString(parts) => format_children(parts, f),
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
            items.iter().for_each(f)
        }
        ExprKind::Dict(items) => items.iter().for_each(|item| dict_item(item, f)),
        ExprKind::ListComp { element, clauses }
        | ExprKind::SetComp { element, clauses }
        | ExprKind::GeneratorExp { element, clauses } => {
            f(element);
            clauses.iter().for_each(|clause| clause_children(clause, f));
        }
        ExprKind::DictComp {
            key,
            value,
            clauses,
        } => {
            f(key);
            f(value);
            clauses.iter().for_each(|clause| clause_children(clause, f));
        }
        ExprKind::BoolOp { values, .. } => values.iter().for_each(f),
        ExprKind::BinOp { left, right, .. } => {
            f(left);
            f(right);
        }
        ExprKind::Compare { left, rest } => {
            f(left);
            rest.iter().for_each(|(_, right)| f(right));
        }
        ExprKind::IfExp { test, body, orelse } => {
            f(body);
            f(test);
            f(orelse);
        }
        ExprKind::Lambda(lambda) => lambda_children(lambda, f),
        ExprKind::Call { func, args } => {
            f(func);
            args.iter().map(Arg::value).for_each(f);
        }
        ExprKind::Subscript { value, index } => {
            f(value);
            f(index);
        }
        ExprKind::Slice { lower, upper, step } => [lower, upper, step]
            .into_iter()
            .flatten()
            .for_each(|it| f(it)),
        ExprKind::Named { value, .. }
        | ExprKind::UnaryOp { operand: value, .. }
        | ExprKind::Attribute { value, .. }
        | ExprKind::Starred(value)
        | ExprKind::Await(value)
        | ExprKind::Yield(Some(value))
        | ExprKind::YieldFrom(value) => f(value),
    }
}

fn format_children<'a>(parts: &'a [FPart], f: &mut impl FnMut(&'a Expr)) {
    for part in parts {
        if let FPart::Interp { expr, spec, .. } = part {
            f(expr);
            if let Some(spec) = spec {
                format_children(&spec.parts, f);
            }
        }
    }
}

fn dict_item<'a>(item: &'a DictItem, f: &mut impl FnMut(&'a Expr)) {
    match item {
        DictItem::Pair(key, value) => {
            f(key);
            f(value);
        }
        DictItem::DoubleStar(value) => f(value),
    }
}

fn clause_children<'a>(clause: &'a Comprehension, f: &mut impl FnMut(&'a Expr)) {
    f(&clause.target);
    f(&clause.iter);
    clause.ifs.iter().for_each(f);
}

fn lambda_children<'a>(lambda: &'a Lambda, f: &mut impl FnMut(&'a Expr)) {
    defaults(&lambda.params, f);
    f(&lambda.body);
}

/// Calls `f` for each default value, in source order.
pub fn defaults<'a>(params: &'a Params, f: &mut impl FnMut(&'a Expr)) {
    let Params {
        posonly,
        regular,
        kwonly,
        ..
    } = params;
    let all = posonly.iter().chain(regular).chain(kwonly);
    all.filter_map(|param| param.default.as_ref()).for_each(f);
}
