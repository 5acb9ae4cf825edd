//! The tree of a text as plain objects, which `ast` (library/ast) makes its nodes of.
//!
//! A node is a tuple: the name of its class, its place (a tuple of line, column, end line and end column, columns in bytes; or None),
//! then its fields in the order of CPython's classes. Lists of nodes are lists. Nothing here runs user code, so values are held plainly.
//! Statements are here, expressions, parameters and patterns beside.

mod expr;
mod parts;

use crate::diagnostics::{SourceFile, Span};
use crate::runtime::{Heap, Value};
use crate::syntax::ast::{
    Alias, Block, ClassDef, Expr, FunctionDef, Ident, IfBranch, ImportNames, Module, Stmt, StmtKind,
};

/// Makes the objects of one text.
struct Builder<'h, 'a> {
    heap: &'h Heap,
    text: &'a SourceFile,
}

/// The tree of a module, or of the one expression that it consists of.
pub(super) fn module<'h>(
    heap: &'h Heap,
    text: &SourceFile,
    module: &Module,
    class: &str,
) -> Value<'h> {
    let builder = Builder { heap, text };
    let body = match &module.body[..] {
        [
            Stmt {
                kind: StmtKind::Expr(expr),
                ..
            },
        ] if class == "Expression" => return builder.node(class, None, &[builder.load(expr)]),
        body => builder.block(body),
    };
    let ignores = builder.list([]);
    match class {
        "Module" => builder.node(class, None, &[body, ignores]),
        _ => builder.node(class, None, &[body]),
    }
}

impl<'h> Builder<'h, '_> {
    fn node(&self, class: &str, span: Option<Span>, fields: &[Value<'h>]) -> Value<'h> {
        let place = span.map_or(Value::NONE, |span| self.place(span));
        let mut all = vec![self.heap.intern(class).value(), place];
        all.extend_from_slice(fields);
        self.heap.tuple(&all).value()
    }

    fn place(&self, span: Span) -> Value<'h> {
        let number = |n: u32| Value::small_int(i64::from(n));
        let [start, end] = [span.start, span.end].map(|offset| {
            let line = self.text.line(offset);
            [
                number(line),
                number(offset - self.text.line_span(line).start),
            ]
        });
        let place = [start[0], start[1], end[0], end[1]];
        self.heap.tuple(&place).value()
    }

    fn list(&self, items: impl IntoIterator<Item = Value<'h>>) -> Value<'h> {
        self.heap.list(items).value()
    }

    fn name(&self, name: &str) -> Value<'h> {
        self.heap.intern(name).value()
    }

    fn maybe_name(&self, ident: Option<&Ident>) -> Value<'h> {
        ident.map_or(Value::NONE, |ident| self.name(&ident.name))
    }

    fn names(&self, idents: &[Ident]) -> Value<'h> {
        self.list(idents.iter().map(|ident| self.name(&ident.name)))
    }

    fn block(&self, block: &[Stmt]) -> Value<'h> {
        self.list(block.iter().map(|stmt| self.stmt(stmt)))
    }

    fn stmt(&self, stmt: &Stmt) -> Value<'h> {
        let span = Some(stmt.span);
        match &stmt.kind {
            StmtKind::FunctionDef(function) => self.function(function, stmt.span),
            StmtKind::ClassDef(class) => self.class(class, stmt.span),
            StmtKind::If { branches, orelse } => self.branches(branches, orelse, stmt.span),
            StmtKind::While { test, body, orelse } => {
                let fields = [self.load(test), self.block(body), self.block(orelse)];
                self.node("While", span, &fields)
            }
            StmtKind::For {
                is_async,
                target,
                iter,
                body,
                orelse,
            } => {
                let class = if *is_async { "AsyncFor" } else { "For" };
                let (target, iter) = (self.store(target), self.load(iter));
                let (body, orelse) = (self.block(body), self.block(orelse));
                self.node(class, span, &[target, iter, body, orelse, Value::NONE])
            }
            StmtKind::With {
                is_async,
                items,
                body,
            } => {
                let class = if *is_async { "AsyncWith" } else { "With" };
                let items = self.list(items.iter().map(|item| self.with_item(item)));
                self.node(class, span, &[items, self.block(body), Value::NONE])
            }
            StmtKind::Try {
                body,
                handlers,
                is_star,
                orelse,
                finally,
            } => {
                let class = if *is_star { "TryStar" } else { "Try" };
                let handlers = self.list(handlers.iter().map(|handler| self.handler(handler)));
                let (body, orelse) = (self.block(body), self.block(orelse));
                self.node(class, span, &[body, handlers, orelse, self.block(finally)])
            }
            StmtKind::Match { subject, cases } => {
                let cases = self.list(cases.iter().map(|case| self.case(case)));
                self.node("Match", span, &[self.load(subject), cases])
            }
            _ => self.simple(stmt),
        }
    }

    fn simple(&self, stmt: &Stmt) -> Value<'h> {
        let (class, fields) = match &stmt.kind {
            StmtKind::Expr(value) => ("Expr", vec![self.load(value)]),
            StmtKind::Assign { targets, value } => {
                let targets = self.list(targets.iter().map(|target| self.store(target)));
                ("Assign", vec![targets, self.load(value), Value::NONE])
            }
            StmtKind::AugAssign { target, op, value } => {
                let op = self.operator(*op);
                ("AugAssign", vec![self.store(target), op, self.load(value)])
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => {
                let (target, annotation) = (self.store(target), self.load(annotation));
                let simple = Value::small_int(i64::from(*simple));
                let value = self.maybe(value.as_ref());
                ("AnnAssign", vec![target, annotation, value, simple])
            }
            StmtKind::TypeAlias {
                name,
                type_params,
                value,
            } => {
                let store = self.node("Store", None, &[]);
                let name = self.node("Name", Some(name.span), &[self.name(&name.name), store]);
                let params = self.type_params(type_params);
                ("TypeAlias", vec![name, params, self.load(value)])
            }
            StmtKind::Return(value) => ("Return", vec![self.maybe(value.as_ref())]),
            StmtKind::Del(targets) => {
                let targets = targets.iter().map(|target| self.expr(target, "Del"));
                ("Delete", vec![self.list(targets)])
            }
            StmtKind::Pass => ("Pass", vec![]),
            StmtKind::Break => ("Break", vec![]),
            StmtKind::Continue => ("Continue", vec![]),
            StmtKind::Raise { exc, cause } => {
                let parts = [exc, cause].map(|part| self.maybe(part.as_ref()));
                ("Raise", parts.to_vec())
            }
            StmtKind::Assert { test, msg } => {
                ("Assert", vec![self.load(test), self.maybe(msg.as_ref())])
            }
            StmtKind::Global(names) => ("Global", vec![self.names(names)]),
            StmtKind::Nonlocal(names) => ("Nonlocal", vec![self.names(names)]),
            StmtKind::Import(names) => ("Import", vec![self.aliases(names)]),
            StmtKind::ImportFrom {
                module,
                level,
                names,
            } => {
                let names = match names {
                    ImportNames::Star(span) => {
                        let star = [self.name("*"), Value::NONE];
                        self.list([self.node("alias", Some(*span), &star)])
                    }
                    ImportNames::Names(names) => self.aliases(names),
                };
                let level = Value::small_int(i64::from(*level));
                let module = self.maybe_name(module.as_ref());
                ("ImportFrom", vec![module, names, level])
            }
            _ => unreachable!("`stmt` has the statements with blocks"),
        };
        self.node(class, Some(stmt.span), &fields)
    }

    fn aliases(&self, names: &[Alias]) -> Value<'h> {
        self.list(names.iter().map(|alias| {
            let end = alias.asname.as_ref().map_or(alias.name.span, |n| n.span);
            let span = Span::new(alias.name.span.start, end.end);
            let asname = self.maybe_name(alias.asname.as_ref());
            self.node("alias", Some(span), &[self.name(&alias.name.name), asname])
        }))
    }

    /// `elif` is an `if` in the `else` of the one before it.
    fn branches(&self, branches: &[IfBranch], orelse: &Block, whole: Span) -> Value<'h> {
        let mut rest = self.block(orelse);
        for branch in branches.iter().skip(1).rev() {
            let span = Span::new(branch.span.start, whole.end);
            let fields = [self.load(&branch.test), self.block(&branch.body), rest];
            rest = self.list([self.node("If", Some(span), &fields)]);
        }
        let first = &branches[0];
        let fields = [self.load(&first.test), self.block(&first.body), rest];
        self.node("If", Some(whole), &fields)
    }

    fn decorators(&self, decorators: &[Expr]) -> Value<'h> {
        self.list(decorators.iter().map(|decorator| self.load(decorator)))
    }

    fn function(&self, function: &FunctionDef, whole: Span) -> Value<'h> {
        let class = if function.is_async {
            "AsyncFunctionDef"
        } else {
            "FunctionDef"
        };
        let fields = [
            self.name(&function.name.name),
            self.params(&function.params),
            self.block(&function.body),
            self.decorators(&function.decorators),
            self.maybe(function.returns.as_ref()),
            Value::NONE,
            self.type_params(&function.type_params),
        ];
        let span = Span::new(function.header.start, whole.end);
        self.node(class, Some(span), &fields)
    }

    fn class(&self, class: &ClassDef, whole: Span) -> Value<'h> {
        let (bases, keywords) = self.arguments(&class.args);
        let fields = [
            self.name(&class.name.name),
            bases,
            keywords,
            self.block(&class.body),
            self.decorators(&class.decorators),
            self.type_params(&class.type_params),
        ];
        let span = Span::new(class.header.start, whole.end);
        self.node("ClassDef", Some(span), &fields)
    }
}
