//! Expressions of the tree.
//!
//! A node holds the fields that CPython's has, in its order. Names know whether they are read or bound by the context that goes
//! along. To add a form of expression: an arm in `expr`.

use super::Builder;
use crate::diagnostics::Span;
use crate::runtime::Value;
use crate::runtime::complex::Complex;
use crate::syntax::ast::{
    Arg, BinOp, BoolOp, CmpOp, Comprehension, Constant, DictItem, Expr, ExprKind, FPart, FText,
    UnaryOp,
};
use crate::syntax::literal::is_unicode;

impl<'h> Builder<'h, '_> {
    /// An expression whose value is taken.
    pub(super) fn load(&self, expr: &Expr) -> Value<'h> {
        self.expr(expr, "Load")
    }

    /// A target of an assignment.
    pub(super) fn store(&self, expr: &Expr) -> Value<'h> {
        self.expr(expr, "Store")
    }

    pub(super) fn maybe(&self, expr: Option<&Expr>) -> Value<'h> {
        expr.map_or(Value::NONE, |expr| self.load(expr))
    }

    fn loads(&self, exprs: &[Expr]) -> Value<'h> {
        self.list(exprs.iter().map(|expr| self.load(expr)))
    }

    /// An expression in a context: Load, Store or Del.
    pub(super) fn expr(&self, expr: &Expr, context: &str) -> Value<'h> {
        let place = || self.node(context, None, &[]);
        let (class, fields) = match &expr.kind {
            ExprKind::Name(name) => ("Name", vec![self.name(name), place()]),
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                let items = self.list(items.iter().map(|item| self.expr(item, context)));
                let is_tuple = matches!(expr.kind, ExprKind::Tuple(_));
                let class = if is_tuple { "Tuple" } else { "List" };
                (class, vec![items, place()])
            }
            ExprKind::Attribute { value, attr } => {
                let attr = self.name(&attr.name);
                ("Attribute", vec![self.load(value), attr, place()])
            }
            ExprKind::Subscript { value, index } => {
                let parts = vec![self.load(value), self.load(index), place()];
                ("Subscript", parts)
            }
            ExprKind::Starred(value) => ("Starred", vec![self.expr(value, context), place()]),
            _ => self.value(expr),
        };
        self.node(class, Some(expr.span), &fields)
    }

    /// An expression that can be no target.
    fn value(&self, expr: &Expr) -> (&'static str, Vec<Value<'h>>) {
        match &expr.kind {
            ExprKind::Constant(constant) => {
                let is_unicode = matches!(constant, Constant::Str(_))
                    && is_unicode(expr.span.text(self.text.text()));
                let fields = vec![self.constant(constant), self.kind(is_unicode)];
                ("Constant", fields)
            }
            ExprKind::FString(parts) => ("JoinedStr", vec![self.pieces(parts)]),
            ExprKind::Set(items) => ("Set", vec![self.loads(items)]),
            ExprKind::Dict(items) => self.dict(items),
            ExprKind::BoolOp { op, values } => {
                let class = match op {
                    BoolOp::And => "And",
                    BoolOp::Or => "Or",
                };
                (
                    "BoolOp",
                    vec![self.node(class, None, &[]), self.loads(values)],
                )
            }
            ExprKind::BinOp { left, op, right } => {
                let op = self.operator(*op);
                ("BinOp", vec![self.load(left), op, self.load(right)])
            }
            ExprKind::UnaryOp { op, operand } => {
                let class = match op {
                    UnaryOp::Not => "Not",
                    UnaryOp::Neg => "USub",
                    UnaryOp::Pos => "UAdd",
                    UnaryOp::Invert => "Invert",
                };
                let op = self.node(class, None, &[]);
                ("UnaryOp", vec![op, self.load(operand)])
            }
            ExprKind::Compare { left, rest } => {
                let ops = rest.iter().map(|(op, _)| self.comparison(*op));
                let ops = self.list(ops);
                let others = self.list(rest.iter().map(|(_, other)| self.load(other)));
                ("Compare", vec![self.load(left), ops, others])
            }
            ExprKind::IfExp { test, body, orelse } => {
                let parts = [test, body, orelse].map(|part| self.load(part));
                ("IfExp", parts.to_vec())
            }
            ExprKind::Lambda(lambda) => {
                let params = self.params(&lambda.params);
                ("Lambda", vec![params, self.load(&lambda.body)])
            }
            ExprKind::Named { target, value } => {
                let store = self.node("Store", None, &[]);
                let name = [self.name(&target.name), store];
                let target = self.node("Name", Some(target.span), &name);
                ("NamedExpr", vec![target, self.load(value)])
            }
            ExprKind::Call { func, args } => {
                let (args, keywords) = self.arguments(args);
                ("Call", vec![self.load(func), args, keywords])
            }
            ExprKind::Slice { lower, upper, step } => {
                let parts = [lower, upper, step].map(|part| self.maybe(part.as_deref()));
                ("Slice", parts.to_vec())
            }
            ExprKind::Await(value) => ("Await", vec![self.load(value)]),
            ExprKind::Yield(value) => ("Yield", vec![self.maybe(value.as_deref())]),
            ExprKind::YieldFrom(value) => ("YieldFrom", vec![self.load(value)]),
            _ => self.comprehension(expr),
        }
    }

    fn comprehension(&self, expr: &Expr) -> (&'static str, Vec<Value<'h>>) {
        let of = |element: &Expr, clauses: &[Comprehension]| {
            vec![self.load(element), self.clauses(clauses)]
        };
        match &expr.kind {
            ExprKind::ListComp { element, clauses } => ("ListComp", of(element, clauses)),
            ExprKind::SetComp { element, clauses } => ("SetComp", of(element, clauses)),
            ExprKind::GeneratorExp { element, clauses } => ("GeneratorExp", of(element, clauses)),
            ExprKind::DictComp {
                key,
                value,
                clauses,
            } => {
                let parts = vec![self.load(key), self.load(value), self.clauses(clauses)];
                ("DictComp", parts)
            }
            _ => unreachable!("`expr` and `value` have all other expressions"),
        }
    }

    fn clauses(&self, clauses: &[Comprehension]) -> Value<'h> {
        self.list(clauses.iter().map(|clause| {
            let is_async = Value::small_int(i64::from(clause.is_async));
            let (target, iter) = (self.store(&clause.target), self.load(&clause.iter));
            let fields = [target, iter, self.loads(&clause.ifs), is_async];
            self.node("comprehension", None, &fields)
        }))
    }

    fn dict(&self, items: &[DictItem]) -> (&'static str, Vec<Value<'h>>) {
        let keys = items.iter().map(|item| match item {
            DictItem::Pair(key, _) => self.load(key),
            DictItem::DoubleStar(_) => Value::NONE,
        });
        let values = items.iter().map(|item| match item {
            DictItem::Pair(_, value) | DictItem::DoubleStar(value) => self.load(value),
        });
        ("Dict", vec![self.list(keys), self.list(values)])
    }

    /// The positional arguments and the keywords of a call.
    pub(super) fn arguments(&self, args: &[Arg]) -> (Value<'h>, Value<'h>) {
        let (mut positional, mut keywords) = (Vec::new(), Vec::new());
        for arg in args {
            match arg {
                Arg::Pos(value) => positional.push(self.load(value)),
                Arg::Star(value) => {
                    // The star is right before it, but for spaces.
                    let span = self.after_stars(value.span, "*");
                    let load = self.node("Load", None, &[]);
                    positional.push(self.node("Starred", Some(span), &[self.load(value), load]));
                }
                Arg::Keyword { name, value } => {
                    let span = Span::new(name.span.start, value.span.end);
                    let fields = [self.name(&name.name), self.load(value)];
                    keywords.push(self.node("keyword", Some(span), &fields));
                }
                Arg::DoubleStar(value) => {
                    let span = self.after_stars(value.span, "**");
                    let fields = [Value::NONE, self.load(value)];
                    keywords.push(self.node("keyword", Some(span), &fields));
                }
            }
        }
        (self.list(positional), self.list(keywords))
    }

    /// The span of an expression with the stars before it.
    fn after_stars(&self, span: Span, stars: &str) -> Span {
        let before = &self.text.text()[..span.start as usize];
        let start = before.rfind(stars).unwrap_or(span.start as usize);
        Span::new(start as u32, span.end)
    }

    pub(super) fn constant(&self, constant: &Constant) -> Value<'h> {
        let heap = self.heap;
        match constant {
            Constant::None => Value::NONE,
            Constant::Bool(truth) => Value::bool(*truth),
            Constant::Ellipsis => Value::ELLIPSIS,
            Constant::Int(n) => heap.int(*n),
            Constant::BigInt(n) => heap.big_int(n.clone()),
            Constant::Float(x) => Value::float(*x),
            Constant::Complex(imag) => heap.alloc(Complex { re: 0.0, im: *imag }).value(),
            Constant::Str(text) => heap.str_value(text),
            Constant::Bytes(data) => heap.bytes(data.to_vec()).value(),
        }
    }

    /// `"u"` for text written as `u"text"`, else None.
    fn kind(&self, is_unicode: bool) -> Value<'h> {
        if is_unicode {
            self.heap.str_value("u")
        } else {
            Value::NONE
        }
    }

    /// The values of an f-string; texts that follow one another are one.
    fn pieces(&self, parts: &[FPart]) -> Value<'h> {
        let mut values = Vec::new();
        let mut text: Option<FText> = None;
        let extend = |text: &mut Option<FText>, more: &FText| match text {
            None => *text = Some(more.clone()),
            Some(text) => {
                text.text = [&*text.text, &*more.text].concat().into();
                text.span = Span::new(text.span.start, more.span.end);
            }
        };
        let flush = |text: &mut Option<FText>, values: &mut Vec<Value<'h>>| {
            if let Some(text) = text.take() {
                let fields = [self.heap.str_value(&text.text), self.kind(text.is_unicode)];
                values.push(self.node("Constant", Some(text.span), &fields));
            }
        };
        for part in parts {
            match part {
                FPart::Literal(literal) => extend(&mut text, literal),
                FPart::Interp {
                    expr,
                    debug_text,
                    conversion,
                    spec,
                    span,
                } => {
                    if let Some(literal) = debug_text {
                        extend(&mut text, literal);
                    }
                    flush(&mut text, &mut values);
                    let by_repr = debug_text.is_some() && spec.is_none();
                    let conversion = match conversion {
                        None if by_repr => i64::from(b'r'),
                        None => -1,
                        Some(letter) => i64::from(u32::from(*letter)),
                    };
                    let spec = spec.as_ref().map_or(Value::NONE, |spec| {
                        self.node("JoinedStr", Some(spec.span), &[self.pieces(&spec.parts)])
                    });
                    let fields = [self.load(expr), Value::small_int(conversion), spec];
                    values.push(self.node("FormattedValue", Some(*span), &fields));
                }
            }
        }
        flush(&mut text, &mut values);
        self.list(values)
    }

    pub(super) fn operator(&self, op: BinOp) -> Value<'h> {
        let class = match op {
            BinOp::Add => "Add",
            BinOp::Sub => "Sub",
            BinOp::Mul => "Mult",
            BinOp::MatMul => "MatMult",
            BinOp::Div => "Div",
            BinOp::FloorDiv => "FloorDiv",
            BinOp::Mod => "Mod",
            BinOp::Pow => "Pow",
            BinOp::LShift => "LShift",
            BinOp::RShift => "RShift",
            BinOp::BitAnd => "BitAnd",
            BinOp::BitOr => "BitOr",
            BinOp::BitXor => "BitXor",
        };
        self.node(class, None, &[])
    }

    fn comparison(&self, op: CmpOp) -> Value<'h> {
        let class = match op {
            CmpOp::Eq => "Eq",
            CmpOp::NotEq => "NotEq",
            CmpOp::Lt => "Lt",
            CmpOp::LtE => "LtE",
            CmpOp::Gt => "Gt",
            CmpOp::GtE => "GtE",
            CmpOp::Is => "Is",
            CmpOp::IsNot => "IsNot",
            CmpOp::In => "In",
            CmpOp::NotIn => "NotIn",
        };
        self.node(class, None, &[])
    }
}
