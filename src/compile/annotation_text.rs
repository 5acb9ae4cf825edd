//! An expression as text, as `from __future__ import annotations` keeps annotations.
//!
//! The text is CPython's: written from the tree with its spacing, its quotes and only the parentheses that are needed, not copied from the
//! source. Each form knows its precedence (`Level`); a part whose form binds less than its place wants is put in parentheses.

use std::fmt::{self, Write};

use crate::syntax::ast::{
    Arg, BinOp, BoolOp, Comprehension, Constant, DictItem, Expr, ExprKind, FPart, Lambda, Param,
    UnaryOp,
};
use crate::text::float_repr::float_repr;
use crate::text::str_repr::{bytes_repr, str_repr};

/// How strongly forms bind, the weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Tuple,
    Test,
    Or,
    And,
    Not,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Arith,
    Term,
    Factor,
    Power,
    Await,
    Atom,
}

impl Level {
    /// The next stronger one.
    const fn above(self) -> Level {
        use Level::*;
        match self {
            Tuple => Test,
            Test => Or,
            Or => And,
            And => Not,
            Not => Compare,
            Compare => BitOr,
            BitOr => BitXor,
            BitXor => BitAnd,
            BitAnd => Shift,
            Shift => Arith,
            Arith => Term,
            Term => Factor,
            Factor => Power,
            Power => Await,
            Await | Atom => Atom,
        }
    }
}

/// The text of an annotation.
pub(super) fn annotation_text(annotation: &Expr) -> String {
    let mut text = Text(String::new());
    // Writing to a String does not fail.
    let _ = text.expr(annotation, Level::Test);
    text.0
}

struct Text(String);

impl Text {
    fn put(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }

    /// Calls `write`, and puts its text in parentheses if a form of level `own` stands where at least `level` is wanted.
    fn grouped(
        &mut self,
        own: Level,
        level: Level,
        write: impl FnOnce(&mut Self) -> fmt::Result,
    ) -> fmt::Result {
        if level <= own {
            return write(self);
        }
        self.put("(")?;
        write(self)?;
        self.put(")")
    }

    fn list<T>(
        &mut self,
        items: &[T],
        mut write: impl FnMut(&mut Self, &T) -> fmt::Result,
    ) -> fmt::Result {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.put(", ")?;
            }
            write(self, item)?;
        }
        Ok(())
    }

    fn tests(&mut self, items: &[Expr]) -> fmt::Result {
        self.list(items, |t, item| t.expr(item, Level::Test))
    }

    fn expr(&mut self, expr: &Expr, level: Level) -> fmt::Result {
        match &expr.kind {
            ExprKind::Constant(constant) => self.constant(constant),
            ExprKind::Name(name) => self.put(name),
            ExprKind::FString(parts) => {
                let body = format_body(parts);
                write!(self.0, "f{}", str_repr(&body))
            }
            ExprKind::Tuple(items) if items.is_empty() => self.put("()"),
            ExprKind::Tuple(items) => self.grouped(Level::Tuple, level, |t| {
                t.tests(items)?;
                t.put(if items.len() == 1 { "," } else { "" })
            }),
            ExprKind::List(items) => {
                self.put("[")?;
                self.tests(items)?;
                self.put("]")
            }
            ExprKind::Set(items) => {
                self.put("{")?;
                self.tests(items)?;
                self.put("}")
            }
            ExprKind::Dict(items) => {
                self.put("{")?;
                self.list(items, Self::entry)?;
                self.put("}")
            }
            ExprKind::ListComp { element, clauses } => {
                self.comprehension("[", element, None, clauses, "]")
            }
            ExprKind::SetComp { element, clauses } => {
                self.comprehension("{", element, None, clauses, "}")
            }
            ExprKind::DictComp {
                key,
                value,
                clauses,
            } => self.comprehension("{", key, Some(value), clauses, "}"),
            ExprKind::GeneratorExp { element, clauses } => {
                self.comprehension("(", element, None, clauses, ")")
            }
            _ => self.operation(expr, level),
        }
    }

    fn operation(&mut self, expr: &Expr, level: Level) -> fmt::Result {
        match &expr.kind {
            ExprKind::BoolOp { op, values } => {
                let own = match op {
                    BoolOp::And => Level::And,
                    BoolOp::Or => Level::Or,
                };
                self.grouped(own, level, |t| {
                    for (index, value) in values.iter().enumerate() {
                        if index > 0 {
                            write!(t.0, " {} ", op.symbol())?;
                        }
                        t.expr(value, own.above())?;
                    }
                    Ok(())
                })
            }
            ExprKind::BinOp { left, op, right } => {
                let own = level_of(*op);
                let (of_left, of_right) = match op {
                    BinOp::Pow => (own.above(), own),
                    _ => (own, own.above()),
                };
                self.grouped(own, level, |t| {
                    t.expr(left, of_left)?;
                    write!(t.0, " {} ", op.symbol())?;
                    t.expr(right, of_right)
                })
            }
            ExprKind::UnaryOp { op, operand } => {
                let (own, text) = match op {
                    UnaryOp::Not => (Level::Not, "not "),
                    _ => (Level::Factor, op.symbol()),
                };
                self.grouped(own, level, |t| {
                    t.put(text)?;
                    t.expr(operand, own)
                })
            }
            ExprKind::Compare { left, rest } => self.grouped(Level::Compare, level, |t| {
                t.expr(left, Level::Compare.above())?;
                for (op, right) in rest {
                    write!(t.0, " {} ", op.symbol())?;
                    t.expr(right, Level::Compare.above())?;
                }
                Ok(())
            }),
            ExprKind::IfExp { test, body, orelse } => self.grouped(Level::Test, level, |t| {
                t.expr(body, Level::Test.above())?;
                t.put(" if ")?;
                t.expr(test, Level::Test.above())?;
                t.put(" else ")?;
                t.expr(orelse, Level::Test)
            }),
            ExprKind::Lambda(lambda) => self.grouped(Level::Test, level, |t| t.lambda(lambda)),
            ExprKind::Named { target, value } => self.grouped(Level::Tuple, level, |t| {
                write!(t.0, "{} := ", target.name)?;
                t.expr(value, Level::Atom)
            }),
            ExprKind::Await(value) => self.grouped(Level::Await, level, |t| {
                t.put("await ")?;
                t.expr(value, Level::Atom)
            }),
            _ => self.primary(expr),
        }
    }

    fn primary(&mut self, expr: &Expr) -> fmt::Result {
        match &expr.kind {
            ExprKind::Call { func, args } => {
                self.expr(func, Level::Atom)?;
                if let [Arg::Pos(only)] = args.as_slice()
                    && matches!(only.kind, ExprKind::GeneratorExp { .. })
                {
                    return self.expr(only, Level::Test);
                }
                self.put("(")?;
                self.list(args, Self::argument)?;
                self.put(")")
            }
            ExprKind::Attribute { value, attr } => {
                self.expr(value, Level::Atom)?;
                let is_int = matches!(
                    value.kind,
                    ExprKind::Constant(Constant::Int(_) | Constant::BigInt(_))
                );
                write!(self.0, "{}.{}", if is_int { " " } else { "" }, attr.name)
            }
            ExprKind::Subscript { value, index } => {
                self.expr(value, Level::Atom)?;
                self.put("[")?;
                self.expr(index, Level::Tuple)?;
                self.put("]")
            }
            ExprKind::Slice { lower, upper, step } => {
                self.optional(lower.as_deref())?;
                self.put(":")?;
                self.optional(upper.as_deref())?;
                if step.is_some() {
                    self.put(":")?;
                }
                self.optional(step.as_deref())
            }
            ExprKind::Starred(value) => {
                self.put("*")?;
                self.expr(value, Level::BitOr)
            }
            ExprKind::Yield(None) => self.put("(yield)"),
            ExprKind::Yield(Some(value)) => self.suspended("(yield ", value),
            ExprKind::YieldFrom(value) => self.suspended("(yield from ", value),
            // `expr` and `operation` have written all others.
            _ => Ok(()),
        }
    }

    fn suspended(&mut self, start: &str, value: &Expr) -> fmt::Result {
        self.put(start)?;
        self.expr(value, Level::Test)?;
        self.put(")")
    }

    fn optional(&mut self, value: Option<&Expr>) -> fmt::Result {
        value.map_or(Ok(()), |value| self.expr(value, Level::Test))
    }

    fn constant(&mut self, constant: &Constant) -> fmt::Result {
        match constant {
            Constant::None => self.put("None"),
            Constant::Bool(true) => self.put("True"),
            Constant::Bool(false) => self.put("False"),
            Constant::Ellipsis => self.put("..."),
            Constant::Int(value) => write!(self.0, "{value}"),
            Constant::BigInt(value) => write!(self.0, "{value}"),
            Constant::Float(value) => self.put(&number(*value)),
            Constant::Complex(value) => {
                let text = number(*value);
                write!(self.0, "{}j", text.strip_suffix(".0").unwrap_or(&text))
            }
            Constant::Str(text) => self.put(&str_repr(text)),
            Constant::Bytes(bytes) => self.put(&bytes_repr(bytes)),
        }
    }

    fn entry(&mut self, item: &DictItem) -> fmt::Result {
        match item {
            DictItem::Pair(key, value) => {
                self.expr(key, Level::Test)?;
                self.put(": ")?;
                self.expr(value, Level::Test)
            }
            DictItem::DoubleStar(value) => {
                self.put("**")?;
                self.expr(value, Level::BitOr)
            }
        }
    }

    fn argument(&mut self, arg: &Arg) -> fmt::Result {
        match arg {
            Arg::Pos(value) => self.expr(value, Level::Test),
            Arg::Star(value) => {
                self.put("*")?;
                self.expr(value, Level::BitOr)
            }
            Arg::Keyword { name, value } => {
                write!(self.0, "{}=", name.name)?;
                self.expr(value, Level::Test)
            }
            Arg::DoubleStar(value) => {
                self.put("**")?;
                self.expr(value, Level::Test)
            }
        }
    }

    fn comprehension(
        &mut self,
        open: &str,
        element: &Expr,
        value: Option<&Expr>,
        clauses: &[Comprehension],
        close: &str,
    ) -> fmt::Result {
        self.put(open)?;
        self.expr(element, Level::Test)?;
        if let Some(value) = value {
            self.put(": ")?;
            self.expr(value, Level::Test)?;
        }
        for clause in clauses {
            self.put(if clause.is_async {
                " async for "
            } else {
                " for "
            })?;
            self.expr(&clause.target, Level::Tuple)?;
            self.put(" in ")?;
            self.expr(&clause.iter, Level::Test.above())?;
            for condition in &clause.ifs {
                self.put(" if ")?;
                self.expr(condition, Level::Test.above())?;
            }
        }
        self.put(close)
    }

    fn lambda(&mut self, lambda: &Lambda) -> fmt::Result {
        let params = &lambda.params;
        let mut items: Vec<String> = params.posonly.iter().map(param_text).collect();
        if !items.is_empty() {
            items.push("/".to_owned());
        }
        items.extend(params.regular.iter().map(param_text));
        match &params.vararg {
            Some(vararg) => items.push(format!("*{}", vararg.name.name)),
            None if !params.kwonly.is_empty() => items.push("*".to_owned()),
            None => {}
        }
        items.extend(params.kwonly.iter().map(param_text));
        items.extend(
            params
                .kwarg
                .iter()
                .map(|kwarg| format!("**{}", kwarg.name.name)),
        );
        let space = if items.is_empty() { "" } else { " " };
        write!(self.0, "lambda{space}{}: ", items.join(", "))?;
        self.expr(&lambda.body, Level::Test)
    }
}

fn param_text(param: &Param) -> String {
    match &param.default {
        Some(default) => format!("{}={}", param.name.name, annotation_text(default)),
        None => param.name.name.to_string(),
    }
}

/// Text of an f-string with its braces doubled.
fn doubled(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// The text between the quotes of an f-string.
fn format_body(parts: &[FPart]) -> String {
    let mut body = String::new();
    for part in parts {
        match part {
            FPart::Literal(literal) => body.push_str(&doubled(&literal.text)),
            FPart::Interp {
                expr,
                debug_text,
                conversion,
                spec,
                ..
            } => {
                if let Some(literal) = debug_text {
                    body.push_str(&doubled(&literal.text));
                }
                let value = annotation_text(expr);
                body.push_str(if value.starts_with('{') { "{ " } else { "{" });
                body.push_str(&value);
                let shown = conversion.or((debug_text.is_some() && spec.is_none()).then_some('r'));
                if let Some(conversion) = shown {
                    body.push('!');
                    body.push(conversion);
                }
                if let Some(spec) = spec {
                    body.push(':');
                    body.push_str(&format_body(&spec.parts));
                }
                body.push('}');
            }
        }
    }
    body
}

/// A float as source text: an infinite one as a number that is too large.
fn number(value: f64) -> String {
    match value.is_infinite() {
        true => "1e309".to_owned(),
        false => float_repr(value),
    }
}

const fn level_of(op: BinOp) -> Level {
    match op {
        BinOp::Add | BinOp::Sub => Level::Arith,
        BinOp::Mul | BinOp::MatMul | BinOp::Div | BinOp::FloorDiv | BinOp::Mod => Level::Term,
        BinOp::Pow => Level::Power,
        BinOp::LShift | BinOp::RShift => Level::Shift,
        BinOp::BitAnd => Level::BitAnd,
        BinOp::BitOr => Level::BitOr,
        BinOp::BitXor => Level::BitXor,
    }
}
