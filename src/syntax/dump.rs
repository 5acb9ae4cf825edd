//! Tokens and trees as text, for `apy tokens`, `apy ast` and the golden tests.
//!
//! One token or node a line: its role in the node above (if that needs saying), its form, its own text, its span in bytes
//! after `@`. Children are indented by two spaces. Goldens depend on every character of it. A new form
//! gets an arm here; `Node` lines are written by `line`, children by `child`, `children` and `maybe`.

use std::fmt::{Display, Write};

use super::ast::{
    Alias, Arg, Block, Comprehension, Constant, DictItem, Expr, ExprKind, FPart, FunctionDef,
    Ident, ImportNames, MatchCase, Module, Param, Params, Pattern, PatternKind, Stmt, StmtKind,
    TypeParam, TypeParamKind,
};
use super::layout;
use super::token::Token;
use crate::diagnostics::Span;

/// All tokens of a text, a line each.
#[must_use]
pub fn dump_tokens(source: &str) -> String {
    let mut out = String::new();
    for lexeme in layout::lex(source).lexemes {
        let text = match lexeme.token {
            Token::Newline | Token::Indent | Token::Dedent => String::new(),
            _ => format!(" {}", quoted(lexeme.span.text(source))),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:?} {}{text}", lexeme.span, lexeme.token.name());
    }
    out
}

/// A whole tree.
#[must_use]
pub fn dump_module(module: &Module) -> String {
    let mut dumper = Dumper::default();
    module.body.iter().for_each(|stmt| dumper.stmt(stmt));
    dumper.out
}

#[derive(Default)]
struct Dumper {
    out: String,
    depth: usize,
}

impl Dumper {
    /// Writes one line.
    fn line(&mut self, text: impl Display, span: Option<Span>) {
        let depth = self.depth * 2;
        let _ = write!(self.out, "{:depth$}{text}", "");
        if let Some(span) = span {
            let _ = write!(self.out, " @{span:?}");
        }
        self.out.push('\n');
    }

    /// Writes a line and, deeper, what belongs to it.
    fn group(&mut self, text: impl Display, span: Option<Span>, inside: impl FnOnce(&mut Self)) {
        self.line(text, span);
        self.depth += 1;
        inside(self);
        self.depth -= 1;
    }

    fn block(&mut self, role: &str, block: &Block) {
        if !block.is_empty() {
            self.group(role, None, |d| block.iter().for_each(|stmt| d.stmt(stmt)));
        }
    }

    fn ident(&mut self, role: &str, ident: &Ident) {
        self.line(format_args!("{role}: {}", ident.name), Some(ident.span));
    }

    fn maybe(&mut self, role: &str, expr: Option<&Expr>) {
        if let Some(expr) = expr {
            self.child(role, expr);
        }
    }

    fn children(&mut self, role: &str, exprs: &[Expr]) {
        exprs.iter().for_each(|expr| self.child(role, expr));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let (head, span) = (stmt_head(&stmt.kind), Some(stmt.span));
        self.group(head, span, |d| match &stmt.kind {
            StmtKind::If { branches, orelse } => {
                for branch in branches {
                    d.child("test", &branch.test);
                    d.block("then", &branch.body);
                }
                d.block("else", orelse);
            }
            StmtKind::While { test, body, orelse } => {
                d.child("test", test);
                d.block("body", body);
                d.block("else", orelse);
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
                ..
            } => {
                d.child("target", target);
                d.child("iter", iter);
                d.block("body", body);
                d.block("else", orelse);
            }
            StmtKind::With { items, body, .. } => {
                for item in items {
                    d.child("context", &item.context);
                    d.maybe("target", item.target.as_ref());
                }
                d.block("body", body);
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally,
                ..
            } => {
                d.block("body", body);
                for handler in handlers {
                    d.group("except", Some(handler.span), |d| {
                        d.maybe("type", handler.ty.as_ref());
                        handler.name.iter().for_each(|name| d.ident("name", name));
                        d.block("body", &handler.body);
                    });
                }
                d.block("else", orelse);
                d.block("finally", finally);
            }
            StmtKind::Match { subject, cases } => {
                d.child("subject", subject);
                cases.iter().for_each(|case| d.case(case));
            }
            StmtKind::FunctionDef(function) => d.function(function),
            StmtKind::ClassDef(class) => {
                d.children("decorator", &class.decorators);
                d.type_params(&class.type_params);
                class.args.iter().for_each(|arg| d.arg(arg));
                d.block("body", &class.body);
            }
            simple => d.simple(simple),
        });
    }

    fn simple(&mut self, kind: &StmtKind) {
        match kind {
            StmtKind::Expr(value) => self.child("", value),
            StmtKind::Assign { targets, value } => {
                self.children("target", targets);
                self.child("value", value);
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.child("target", target);
                self.child("value", value);
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                ..
            } => {
                self.child("target", target);
                self.child("annotation", annotation);
                self.maybe("value", value.as_ref());
            }
            StmtKind::TypeAlias {
                type_params, value, ..
            } => {
                self.type_params(type_params);
                self.child("value", value);
            }
            StmtKind::Return(value) => self.maybe("value", value.as_ref()),
            StmtKind::Del(targets) => self.children("target", targets),
            StmtKind::Raise { exc, cause } => {
                self.maybe("exc", exc.as_ref());
                self.maybe("cause", cause.as_ref());
            }
            StmtKind::Assert { test, msg } => {
                self.child("test", test);
                self.maybe("msg", msg.as_ref());
            }
            StmtKind::Global(names) | StmtKind::Nonlocal(names) => {
                names.iter().for_each(|name| self.ident("name", name))
            }
            StmtKind::Import(names) => names.iter().for_each(|alias| self.alias(alias)),
            StmtKind::ImportFrom {
                names: ImportNames::Names(names),
                ..
            } => names.iter().for_each(|alias| self.alias(alias)),
            StmtKind::ImportFrom {
                names: ImportNames::Star(span),
                ..
            } => self.line("name: *", Some(*span)),
            _ => {}
        }
    }

    fn alias(&mut self, alias: &Alias) {
        self.ident("name", &alias.name);
        alias.asname.iter().for_each(|name| self.ident("as", name));
    }

    fn function(&mut self, function: &FunctionDef) {
        self.children("decorator", &function.decorators);
        self.type_params(&function.type_params);
        self.params(&function.params);
        self.maybe("returns", function.returns.as_ref());
        self.block("body", &function.body);
    }

    fn params(&mut self, params: &Params) {
        let Params {
            posonly,
            regular,
            vararg,
            kwonly,
            kwarg,
        } = params;
        posonly
            .iter()
            .for_each(|param| self.param("posonly", param));
        regular.iter().for_each(|param| self.param("param", param));
        vararg.iter().for_each(|param| self.param("vararg", param));
        kwonly.iter().for_each(|param| self.param("kwonly", param));
        kwarg.iter().for_each(|param| self.param("kwarg", param));
    }

    fn param(&mut self, role: &str, param: &Param) {
        self.group(
            format_args!("{role}: {}", param.name.name),
            Some(param.name.span),
            |d| {
                d.maybe("annotation", param.annotation.as_ref());
                d.maybe("default", param.default.as_ref());
            },
        );
    }

    fn type_params(&mut self, params: &[TypeParam]) {
        for param in params {
            let (stars, bound) = match &param.kind {
                TypeParamKind::TypeVar { bound } => ("", bound.as_ref()),
                TypeParamKind::TypeVarTuple => ("*", None),
                TypeParamKind::ParamSpec => ("**", None),
            };
            self.group(
                format_args!("type param: {stars}{}", param.name.name),
                Some(param.name.span),
                |d| {
                    d.maybe("bound", bound);
                    d.maybe("default", param.default.as_ref());
                },
            );
        }
    }

    fn arg(&mut self, arg: &Arg) {
        match arg {
            Arg::Pos(value) => self.child("arg", value),
            Arg::Star(value) => self.child("arg *", value),
            Arg::DoubleStar(value) => self.child("arg **", value),
            Arg::Keyword { name, value } => self.child(&format!("arg {}=", name.name), value),
        }
    }

    fn case(&mut self, case: &MatchCase) {
        self.group("case", Some(case.span), |d| {
            d.pattern("pattern", &case.pattern);
            d.maybe("guard", case.guard.as_ref());
            d.block("body", &case.body);
        });
    }

    fn pattern(&mut self, role: &str, pattern: &Pattern) {
        let head = match &pattern.kind {
            PatternKind::Wildcard => "Wildcard".to_owned(),
            PatternKind::Capture(name) => format!("Capture {}", name.name),
            PatternKind::Value(_) => "Value".to_owned(),
            PatternKind::Singleton(value) => format!("Singleton {}", constant(value)),
            PatternKind::Sequence(_) => "Sequence".to_owned(),
            PatternKind::Star(name) => {
                format!("Star {}", name.as_ref().map_or("_", |name| &name.name))
            }
            PatternKind::Mapping { .. } => "Mapping".to_owned(),
            PatternKind::Class { .. } => "Class".to_owned(),
            PatternKind::Or(_) => "Or".to_owned(),
            PatternKind::As { name, .. } => format!("As {}", name.name),
        };
        self.group(
            format_args!("{role}: {head}"),
            Some(pattern.span),
            |d| match &pattern.kind {
                PatternKind::Value(value) => d.child("value", value),
                PatternKind::Sequence(items) | PatternKind::Or(items) => {
                    items.iter().for_each(|item| d.pattern("item", item))
                }
                PatternKind::Mapping { items, rest } => {
                    for (key, pattern) in items {
                        d.child("key", key);
                        d.pattern("value", pattern);
                    }
                    rest.iter().for_each(|rest| d.ident("rest", rest));
                }
                PatternKind::Class {
                    class,
                    positional,
                    keywords,
                } => {
                    d.child("class", class);
                    positional.iter().for_each(|item| d.pattern("item", item));
                    keywords
                        .iter()
                        .for_each(|(name, item)| d.pattern(&format!("{}=", name.name), item));
                }
                PatternKind::As { pattern, .. } => d.pattern("pattern", pattern),
                _ => {}
            },
        );
    }

    fn child(&mut self, role: &str, expr: &Expr) {
        let colon = if role.is_empty() { "" } else { ": " };
        self.line(
            format_args!("{role}{colon}{}", expr_head(&expr.kind)),
            Some(expr.span),
        );
        self.depth += 1;
        self.inside(expr);
        self.depth -= 1;
    }

    /// The children of an expression.
    fn inside(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Constant(_) | ExprKind::Name(_) | ExprKind::Yield(None) => {}
            ExprKind::FString(parts) => self.parts(parts),
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
                self.children("", items)
            }
            ExprKind::Dict(items) => items.iter().for_each(|item| self.dict_item(item)),
            ExprKind::ListComp { element, clauses }
            | ExprKind::SetComp { element, clauses }
            | ExprKind::GeneratorExp { element, clauses } => {
                self.child("element", element);
                self.clauses(clauses);
            }
            ExprKind::DictComp {
                key,
                value,
                clauses,
            } => {
                self.child("key", key);
                self.child("value", value);
                self.clauses(clauses);
            }
            ExprKind::BoolOp { values, .. } => self.children("", values),
            ExprKind::BinOp { left, right, .. } => {
                self.child("", left);
                self.child("", right);
            }
            ExprKind::Compare { left, rest } => {
                self.child("", left);
                rest.iter()
                    .for_each(|(op, right)| self.child(op.symbol(), right));
            }
            ExprKind::IfExp { test, body, orelse } => {
                self.child("test", test);
                self.child("then", body);
                self.child("else", orelse);
            }
            ExprKind::Lambda(lambda) => {
                self.params(&lambda.params);
                self.child("body", &lambda.body);
            }
            ExprKind::Call { func, args } => {
                self.child("func", func);
                args.iter().for_each(|arg| self.arg(arg));
            }
            ExprKind::Subscript { value, index } => {
                self.child("value", value);
                self.child("index", index);
            }
            ExprKind::Slice { lower, upper, step } => {
                self.maybe("lower", lower.as_deref());
                self.maybe("upper", upper.as_deref());
                self.maybe("step", step.as_deref());
            }
            ExprKind::Named { value, .. }
            | ExprKind::UnaryOp { operand: value, .. }
            | ExprKind::Attribute { value, .. }
            | ExprKind::Starred(value)
            | ExprKind::Await(value)
            | ExprKind::Yield(Some(value))
            | ExprKind::YieldFrom(value) => self.child("", value),
        }
    }

    fn dict_item(&mut self, item: &DictItem) {
        match item {
            DictItem::Pair(key, value) => {
                self.child("key", key);
                self.child("value", value);
            }
            DictItem::DoubleStar(value) => self.child("**", value),
        }
    }

    fn clauses(&mut self, clauses: &[Comprehension]) {
        for clause in clauses {
            self.group(
                if clause.is_async { "async for" } else { "for" },
                None,
                |d| {
                    d.child("target", &clause.target);
                    d.child("iter", &clause.iter);
                    d.children("if", &clause.ifs);
                },
            );
        }
    }

    fn parts(&mut self, parts: &[FPart]) {
        for part in parts {
            match part {
                FPart::Literal(literal) => {
                    self.line(format_args!("text: {}", quoted(&literal.text)), None);
                }
                FPart::Interp {
                    expr,
                    debug_text,
                    conversion,
                    spec,
                    span,
                } => {
                    let conversion = conversion.map(|c| format!(" !{c}")).unwrap_or_default();
                    let debug = debug_text
                        .as_ref()
                        .map(|literal| format!(" {}", quoted(&literal.text)))
                        .unwrap_or_default();
                    self.group(format_args!("field{conversion}{debug}"), Some(*span), |d| {
                        d.child("", expr);
                        if let Some(spec) = spec {
                            d.group("format", None, |d| d.parts(&spec.parts));
                        }
                    });
                }
            }
        }
    }
}

fn stmt_head(kind: &StmtKind) -> String {
    let starred = |flag: bool, name: &str, other: &str| if flag { name } else { other }.to_owned();
    match kind {
        StmtKind::Expr(_) => "Expr".to_owned(),
        StmtKind::Assign { .. } => "Assign".to_owned(),
        StmtKind::AugAssign { op, .. } => format!("AugAssign {}=", op.symbol()),
        StmtKind::AnnAssign { simple, .. } => starred(*simple, "AnnAssign simple", "AnnAssign"),
        StmtKind::TypeAlias { name, .. } => format!("TypeAlias {}", name.name),
        StmtKind::Return(_) => "Return".to_owned(),
        StmtKind::Del(_) => "Del".to_owned(),
        StmtKind::Pass => "Pass".to_owned(),
        StmtKind::Break => "Break".to_owned(),
        StmtKind::Continue => "Continue".to_owned(),
        StmtKind::Raise { .. } => "Raise".to_owned(),
        StmtKind::Assert { .. } => "Assert".to_owned(),
        StmtKind::Global(_) => "Global".to_owned(),
        StmtKind::Nonlocal(_) => "Nonlocal".to_owned(),
        StmtKind::Import(_) => "Import".to_owned(),
        StmtKind::ImportFrom { module, level, .. } => {
            let dots = ".".repeat(*level as usize);
            format!(
                "ImportFrom {dots}{}",
                module.as_ref().map_or("", |module| &module.name)
            )
        }
        StmtKind::If { .. } => "If".to_owned(),
        StmtKind::While { .. } => "While".to_owned(),
        StmtKind::For { is_async, .. } => starred(*is_async, "AsyncFor", "For"),
        StmtKind::With { is_async, .. } => starred(*is_async, "AsyncWith", "With"),
        StmtKind::Try { is_star, .. } => starred(*is_star, "TryStar", "Try"),
        StmtKind::Match { .. } => "Match".to_owned(),
        StmtKind::FunctionDef(function) => {
            format!(
                "{} {}",
                starred(function.is_async, "AsyncFunctionDef", "FunctionDef"),
                function.name.name
            )
        }
        StmtKind::ClassDef(class) => format!("ClassDef {}", class.name.name),
    }
}

fn expr_head(kind: &ExprKind) -> String {
    match kind {
        ExprKind::Constant(value) => constant(value),
        ExprKind::Name(name) => format!("Name {name}"),
        ExprKind::FString(_) => "FString".to_owned(),
        ExprKind::Tuple(_) => "Tuple".to_owned(),
        ExprKind::List(_) => "List".to_owned(),
        ExprKind::Set(_) => "Set".to_owned(),
        ExprKind::Dict(_) => "Dict".to_owned(),
        ExprKind::ListComp { .. } => "ListComp".to_owned(),
        ExprKind::SetComp { .. } => "SetComp".to_owned(),
        ExprKind::DictComp { .. } => "DictComp".to_owned(),
        ExprKind::GeneratorExp { .. } => "GeneratorExp".to_owned(),
        ExprKind::BoolOp { op, .. } => format!("BoolOp {}", op.symbol()),
        ExprKind::BinOp { op, .. } => format!("BinOp {}", op.symbol()),
        ExprKind::UnaryOp { op, .. } => format!("UnaryOp {}", op.symbol()),
        ExprKind::Compare { .. } => "Compare".to_owned(),
        ExprKind::IfExp { .. } => "IfExp".to_owned(),
        ExprKind::Lambda(_) => "Lambda".to_owned(),
        ExprKind::Named { target, .. } => format!("Named {}", target.name),
        ExprKind::Call { .. } => "Call".to_owned(),
        ExprKind::Attribute { attr, .. } => format!("Attribute {}", attr.name),
        ExprKind::Subscript { .. } => "Subscript".to_owned(),
        ExprKind::Slice { .. } => "Slice".to_owned(),
        ExprKind::Starred(_) => "Starred".to_owned(),
        ExprKind::Await(_) => "Await".to_owned(),
        ExprKind::Yield(_) => "Yield".to_owned(),
        ExprKind::YieldFrom(_) => "YieldFrom".to_owned(),
    }
}

fn constant(value: &Constant) -> String {
    match value {
        Constant::None => "None".to_owned(),
        Constant::Bool(true) => "True".to_owned(),
        Constant::Bool(false) => "False".to_owned(),
        Constant::Ellipsis => "Ellipsis".to_owned(),
        Constant::Int(value) => format!("Int {value}"),
        Constant::BigInt(value) => format!("BigInt 0x{value:x}"),
        Constant::Float(value) => format!("Float {value:?}"),
        Constant::Complex(imag) => format!("Complex {imag:?}"),
        Constant::Str(text) => format!("Str {}", quoted(text)),
        Constant::Bytes(bytes) => format!("Bytes b\"{}\"", bytes.escape_ascii()),
    }
}

/// Text in quotes, on one line.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\u{7F}'..='\u{A0}' | '\u{2028}' | '\u{2029}' | '\0'..'\u{20}' => {
                out.extend(c.escape_unicode())
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
