//! Statements other than assignments: spans, and what clauses can stand together.
//!
//! What the grammar calls while it reduces. A new statement is a grammar rule, a variant of the AST and, if it needs checks,
//! a function here.

use super::super::ast::{
    Alias, Arg, Block, ClassDef, ExceptHandler, Expr, ExprKind, FunctionDef, Ident, IfBranch,
    ImportNames, Stmt, StmtKind, TypeParam, WithItem,
};
use super::Builder;
use super::call::Arguments;
use super::params::ParamItem;
use super::target::Use;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// A function without its decorators.
pub type FunctionParts = Box<FunctionDef>;

/// An `except` clause.
pub struct Handler {
    handler: ExceptHandler,
    /// `except*`
    is_star: bool,
    /// Its keyword.
    keyword: Span,
}

/// What can stand between the parentheses of `with (...):`.
pub enum WithElement {
    /// `value`
    Value(Expr),
    /// `context as target`
    Item(WithItem),
}

impl Builder<'_> {
    /// A simple statement.
    pub fn stmt(&mut self, l: u32, kind: StmtKind, r: u32) -> Stmt {
        Stmt {
            kind,
            span: self.span(l, r),
        }
    }

    /// A statement with blocks; it ends where its last block ends.
    pub fn compound(&mut self, l: u32, kind: StmtKind) -> Stmt {
        let r = compound_end(&kind).unwrap_or(l);
        self.stmt(l, kind, r)
    }

    /// One `if` or `elif`.
    pub fn branch(&mut self, l: u32, test: Expr, body: Block) -> IfBranch {
        let span = self.span(l, block_end(&body).unwrap_or(l));
        IfBranch { test, body, span }
    }

    /// `for`
    pub fn for_loop(&mut self, target: Expr, iter: Expr, body: Block, orelse: Block) -> StmtKind {
        self.check_target(&target, Use::Assign);
        StmtKind::For {
            is_async: false,
            target,
            iter: self.value(iter),
            body,
            orelse,
        }
    }

    /// `context as target`
    pub fn with_item(&mut self, context: Expr, target: Expr) -> WithItem {
        self.check_target(&target, Use::Assign);
        WithItem {
            context,
            target: Some(target),
        }
    }

    /// `with (elements):`, which is a list of items unless it can only be a tuple.
    pub fn with_group(
        &mut self,
        l: u32,
        elements: Vec<WithElement>,
        r: u32,
        body: Block,
    ) -> StmtKind {
        let is_item = |element: &WithElement| match element {
            WithElement::Item(_) => true,
            WithElement::Value(value) => {
                value.parenthesized
                    || !matches!(value.kind, ExprKind::Starred(_) | ExprKind::Named { .. })
            }
        };
        if !elements.is_empty() && elements.iter().all(is_item) {
            let items = elements.into_iter().map(into_item).collect();
            return StmtKind::With {
                is_async: false,
                items,
                body,
            };
        }
        let ends_in_comma = self.source[..r as usize - 1].trim_end().ends_with(',');
        let mut values: Vec<Expr> = elements
            .into_iter()
            .map(|element| self.tuple_element(element))
            .collect();
        let value = match values.len() {
            1 if !ends_in_comma => values.pop().expect("one value"),
            _ => self.tuple(l, values, r),
        };
        let value = self.parenthesized(l, value, r);
        self.with_value(value, body)
    }

    fn tuple_element(&mut self, element: WithElement) -> Expr {
        match element {
            WithElement::Value(value) => value,
            WithElement::Item(item) => {
                let target = item.target.map_or(item.context.span, |target| target.span);
                let diagnostic =
                    Diagnostic::error(ErrorCode::AsInTuple, target, "`as` cannot stand in a tuple");
                self.report(
                    diagnostic
                        .label("names a part of a tuple")
                        .help("put `as` behind the whole item, or separate the items by commas"),
                );
                item.context
            }
        }
    }

    /// `with value:`
    pub fn with_value(&mut self, context: Expr, body: Block) -> StmtKind {
        StmtKind::With {
            is_async: false,
            items: vec![WithItem {
                context,
                target: None,
            }],
            body,
        }
    }

    /// `except:`
    pub fn bare_handler(&mut self, l: u32, body: Block) -> Handler {
        let span = self.span(l, block_end(&body).unwrap_or(l));
        let keyword = Span::new(l, l + "except".len() as u32);
        Handler {
            handler: ExceptHandler {
                ty: None,
                name: None,
                body,
                span,
            },
            is_star: false,
            keyword,
        }
    }

    /// `except ty as name:` or `except* ...`; `star` is where the star stands.
    pub fn handler(
        &mut self,
        l: u32,
        star: Option<u32>,
        ty: Expr,
        name: Option<Ident>,
        body: Block,
    ) -> Handler {
        if matches!(ty.kind, ExprKind::Tuple(_)) && !ty.parenthesized {
            let message = "multiple exception types must be parenthesized";
            let diagnostic = Diagnostic::error(ErrorCode::ExceptTypes, ty.span, message);
            let types = ty.span.text(self.source);
            let end = name.as_ref().map_or(ty.span, |name| name.span);
            let diagnostic = diagnostic.quoted(ty.span.to(end));
            self.report(diagnostic.help(format!("write except ({types}):")));
        }
        let mut made = self.bare_handler(l, body);
        made.handler.ty = Some(ty);
        made.handler.name = name;
        made.is_star = star.is_some();
        made.keyword.end = star.map_or(made.keyword.end, |at| at + 1);
        made
    }

    /// `try` with handlers.
    pub fn try_except(
        &mut self,
        body: Block,
        handlers: Vec<Handler>,
        orelse: Block,
        finally: Option<Block>,
    ) -> StmtKind {
        let is_star = handlers.first().is_some_and(|first| first.is_star);
        for (index, handler) in handlers.iter().enumerate() {
            if handler.is_star != is_star {
                let message = "cannot have both 'except' and 'except*' on the same 'try'";
                self.wrong_handler(handler, message);
            } else if handler.handler.ty.is_none() && index + 1 < handlers.len() {
                self.wrong_handler(handler, "default 'except:' must be last");
            }
        }
        let handlers = handlers
            .into_iter()
            .map(|handler| handler.handler)
            .collect();
        StmtKind::Try {
            body,
            handlers,
            is_star,
            orelse,
            finally: finally.unwrap_or_default(),
        }
    }

    /// `try` with only a `finally`.
    pub fn try_finally(&mut self, body: Block, finally: Block) -> StmtKind {
        StmtKind::Try {
            body,
            handlers: Vec::new(),
            is_star: false,
            orelse: Vec::new(),
            finally,
        }
    }

    fn wrong_handler(&mut self, handler: &Handler, message: &str) {
        let diagnostic = Diagnostic::error(ErrorCode::ExceptClause, handler.keyword, message);
        self.report(match message.starts_with("default") {
            true => diagnostic.by_compiler().quoted(handler.handler.span),
            false => diagnostic,
        });
    }

    /// `raise exc from cause`
    pub fn raise(&mut self, raised: Option<(Expr, Option<Expr>)>) -> StmtKind {
        let (exc, cause) = raised.map_or((None, None), |(exc, cause)| (Some(exc), cause));
        StmtKind::Raise { exc, cause }
    }

    /// `assert test, msg`
    pub fn assert(&mut self, test: Expr, msg: Option<Expr>) -> StmtKind {
        StmtKind::Assert { test, msg }
    }

    /// `from module import names`, with as many dots as `level` before the module; the second keyword is at `keyword`.
    pub fn import_from(
        &mut self,
        level: u32,
        module: Option<Ident>,
        keyword: u32,
        names: ImportNames,
    ) -> StmtKind {
        if level == 0 && module.is_none() {
            let span = Span::new(keyword, keyword + "import".len() as u32);
            let message = "invalid syntax";
            let diagnostic = Diagnostic::error(ErrorCode::InvalidImport, span, message);
            self.report(diagnostic.label("names no module to import from"));
        }
        StmtKind::ImportFrom {
            module,
            level,
            names,
        }
    }

    /// The names of a `from` import without parentheses, where no comma may end the list.
    pub fn from_names(&mut self, names: Vec<Alias>, r: u32) -> ImportNames {
        let comma = Span::new(r.saturating_sub(1), r);
        if comma.text(self.source) == "," {
            let message = "trailing comma not allowed without surrounding parentheses";
            let diagnostic =
                Diagnostic::error(ErrorCode::InvalidImport, comma, message).quoted(Span::at(r));
            self.report(diagnostic.help("remove the comma, or put parentheses around the names"));
        }
        ImportNames::Names(names)
    }

    /// `def name(params): body`; `l` and `r` enclose the header.
    #[expect(
        clippy::too_many_arguments,
        reason = "one argument a part of the form, in source order"
    )]
    pub fn function_parts(
        &mut self,
        l: u32,
        name: Ident,
        type_params: Option<Vec<TypeParam>>,
        params: Vec<ParamItem>,
        returns: Option<Expr>,
        r: u32,
        body: Block,
    ) -> FunctionParts {
        let params = self.params(params);
        self.check_debug_name(&name.name, name.span);
        Box::new(FunctionDef {
            is_async: false,
            name,
            decorators: Vec::new(),
            type_params: type_params.unwrap_or_default(),
            params,
            returns,
            body,
            header: self.span(l, r),
        })
    }

    /// A function with its decorators.
    pub fn function(&mut self, decorators: Vec<Expr>, mut parts: FunctionParts) -> StmtKind {
        parts.decorators = decorators;
        StmtKind::FunctionDef(parts)
    }

    /// `async def`, with `async` at `start`.
    pub fn async_function(
        &mut self,
        decorators: Vec<Expr>,
        start: u32,
        parts: FunctionParts,
    ) -> StmtKind {
        let function = self.function(decorators, parts);
        self.make_async(start, function)
    }

    /// Puts `async`, which stands at `start`, before a `def`, `for` or `with`.
    pub fn make_async(&mut self, start: u32, mut kind: StmtKind) -> StmtKind {
        match &mut kind {
            StmtKind::FunctionDef(function) => {
                function.is_async = true;
                function.header.start = start;
            }
            StmtKind::For { is_async, .. } | StmtKind::With { is_async, .. } => *is_async = true,
            _ => {}
        }
        kind
    }

    /// `class name(args): body`; `l` and `r` enclose the header.
    pub fn class_def(
        &mut self,
        l: u32,
        name: Ident,
        type_params: Option<Vec<TypeParam>>,
        args: Option<Arguments>,
        r: u32,
        body: Block,
    ) -> ClassDef {
        let args: Vec<Arg> = args.map(|args| self.arguments(args)).unwrap_or_default();
        for arg in &args {
            if let Arg::Pos(Expr {
                kind: ExprKind::GeneratorExp { .. },
                parenthesized: false,
                span,
                ..
            }) = arg
            {
                self.report(
                    Diagnostic::error(ErrorCode::BareGenerator, *span, "invalid syntax")
                        .label("a generator expression cannot be a base class"),
                );
            }
        }
        self.check_debug_name(&name.name, name.span);
        let header = self.span(l, r);
        ClassDef {
            name,
            decorators: Vec::new(),
            type_params: type_params.unwrap_or_default(),
            args,
            body,
            header,
        }
    }

    /// A class with its decorators.
    pub fn class(&mut self, decorators: Vec<Expr>, class: ClassDef) -> StmtKind {
        StmtKind::ClassDef(Box::new(ClassDef {
            decorators,
            ..class
        }))
    }
}

fn into_item(element: WithElement) -> WithItem {
    match element {
        WithElement::Value(context) => WithItem {
            context,
            target: None,
        },
        WithElement::Item(item) => item,
    }
}

/// Where a block ends: after its last statement.
pub(super) fn block_end(block: &[Stmt]) -> Option<u32> {
    block.last().map(|stmt| stmt.span.end)
}

fn compound_end(kind: &StmtKind) -> Option<u32> {
    match kind {
        StmtKind::If { branches, orelse } => {
            block_end(orelse).or_else(|| branches.last().map(|it| it.span.end))
        }
        StmtKind::While { body, orelse, .. } | StmtKind::For { body, orelse, .. } => {
            block_end(orelse).or_else(|| block_end(body))
        }
        StmtKind::With { body, .. } => block_end(body),
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finally,
            ..
        } => block_end(finally)
            .or_else(|| block_end(orelse))
            .or_else(|| handlers.last().map(|it| it.span.end))
            .or_else(|| block_end(body)),
        StmtKind::Match { cases, .. } => cases.last().map(|it| it.span.end),
        StmtKind::FunctionDef(function) => block_end(&function.body),
        StmtKind::ClassDef(class) => block_end(&class.body),
        _ => None,
    }
}
