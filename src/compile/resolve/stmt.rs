//! Statements: what each binds and uses, and where it may stand.
//!
//! Contract: visits every expression once, in the order of evaluation, so that `global` declarations are checked
//! against what comes before them.

use super::{AsyncForm, Resolver};
use crate::bytecode::Annotations;
use crate::compile::scope::ScopeKind;
use crate::diagnostics::{ErrorCode, Span};
use crate::syntax::ast::{
    Alias, ExceptHandler, Expr, ExprKind, Ident, ImportNames, MatchCase, Stmt, StmtKind, WithItem,
};

/// The features that `from __future__ import` knows; all but one have no effect any more.
const FEATURES: &[&str] = &[
    "nested_scopes",
    "generators",
    "division",
    "absolute_import",
    "with_statement",
    "print_function",
    "unicode_literals",
    "barry_as_FLUFL",
    "generator_stop",
    "annotations",
];

/// Whether `from __future__` may come after this statement: only after a docstring and its like.
pub(super) fn may_precede_future(stmt: &Stmt, index: usize) -> bool {
    match &stmt.kind {
        StmtKind::ImportFrom {
            module: Some(module),
            level: 0,
            ..
        } => &*module.name == "__future__",
        StmtKind::Expr(Expr {
            kind: ExprKind::Constant(_),
            ..
        }) => index == 0,
        _ => false,
    }
}

impl Resolver {
    pub(super) fn block(&mut self, body: &[Stmt]) {
        body.iter().for_each(|stmt| self.stmt(stmt));
    }

    pub(super) fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(value) => self.expr(value),
            StmtKind::Assign { targets, value } => {
                self.expr(value);
                targets.iter().for_each(|target| self.target(target));
            }
            StmtKind::AugAssign { target, value, .. } => self.aug_assign(target, value),
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => {
                self.ann_assign(target, annotation, value.as_ref(), *simple);
            }
            StmtKind::TypeAlias {
                name,
                type_params,
                value,
            } => self.type_alias(name, type_params, value),
            StmtKind::Return(value) => self.return_stmt(value.as_ref(), stmt.span),
            StmtKind::Del(targets) => targets.iter().for_each(|target| self.del_target(target)),
            StmtKind::Pass => {}
            StmtKind::Break => self.loop_exit(stmt.span, "'break' outside loop"),
            StmtKind::Continue => self.loop_exit(stmt.span, "'continue' not properly in loop"),
            StmtKind::Raise { exc, cause } => self.exprs(exc.iter().chain(cause)),
            StmtKind::Assert { test, msg } => self.assert(test, msg.as_ref()),
            StmtKind::Global(names) => {
                names
                    .iter()
                    .for_each(|name| self.declare_global(name, stmt.span));
            }
            StmtKind::Nonlocal(names) => {
                names
                    .iter()
                    .for_each(|name| self.declare_nonlocal(name, stmt.span));
            }
            StmtKind::Import(names) => names.iter().for_each(|alias| self.import(alias)),
            StmtKind::ImportFrom {
                module,
                level,
                names,
            } => self.import_from(module.as_ref(), *level, names, stmt.span),
            StmtKind::If { branches, orelse } => {
                for branch in branches {
                    self.expr(&branch.test);
                    self.block(&branch.body);
                }
                self.block(orelse);
            }
            StmtKind::While { test, body, orelse } => {
                self.expr(test);
                self.loop_body(body);
                self.block(orelse);
            }
            StmtKind::For {
                is_async,
                target,
                iter,
                body,
                orelse,
            } => {
                if *is_async {
                    self.needs_async(AsyncForm::For, stmt.span);
                }
                self.expr(iter);
                self.target(target);
                self.loop_body(body);
                self.block(orelse);
            }
            StmtKind::With {
                is_async,
                items,
                body,
            } => {
                if *is_async {
                    self.needs_async(AsyncForm::With, stmt.span);
                }
                items.iter().for_each(|item| self.with_item(item));
                self.block(body);
            }
            StmtKind::Try {
                body,
                handlers,
                is_star,
                orelse,
                finally,
            } => {
                self.block(body);
                handlers
                    .iter()
                    .for_each(|handler| self.handler(handler, *is_star));
                self.block(orelse);
                self.block(finally);
            }
            StmtKind::Match { subject, cases } => {
                self.expr(subject);
                self.cases(cases);
            }
            StmtKind::FunctionDef(def) => self.function_def(def),
            StmtKind::ClassDef(def) => self.class_def(def),
        }
    }

    fn aug_assign(&mut self, target: &Expr, value: &Expr) {
        if let ExprKind::Name(name) = &target.kind {
            self.use_name(name, target.span);
        }
        self.target(target);
        self.expr(value);
    }

    fn ann_assign(&mut self, target: &Expr, annotation: &Expr, value: Option<&Expr>, simple: bool) {
        self.exprs(value);
        match &target.kind {
            ExprKind::Name(name) if simple => self.annotate(name, target.span),
            // `(x): int` alone neither binds nor reads x.
            ExprKind::Name(_) if value.is_none() => {}
            _ => self.target(target),
        }
        let is_evaluated = matches!(self.here().kind, ScopeKind::Module | ScopeKind::Class);
        if self.tree.annotations == Annotations::Values && is_evaluated {
            self.expr(annotation);
        }
    }

    fn return_stmt(&mut self, value: Option<&Expr>, span: Span) {
        self.exprs(value);
        if self.here().kind != ScopeKind::Function {
            let problem = self.error(ErrorCode::ReturnOutside, span, "'return' outside function");
            problem.help =
                Some("only a `def` can return; to end a script early call `exit()`".to_owned());
        } else if self.flow.in_star_handler {
            self.star_handler_exit(span);
        }
        if let Some(value) = value {
            self.valued_returns
                .push((self.scope, value.span, span.to(value.span)));
        }
    }

    fn loop_exit(&mut self, span: Span, message: &str) {
        if self.flow.in_loop {
            return;
        }
        if self.flow.in_star_handler {
            self.star_handler_exit(span);
        } else {
            let problem = self.error(ErrorCode::OutsideLoop, span, message);
            *problem = problem
                .clone()
                .label("no `for` or `while` around it in this function");
        }
    }

    fn star_handler_exit(&mut self, span: Span) {
        let message = "'break', 'continue' and 'return' cannot appear in an except* block";
        let problem = self.error(ErrorCode::ExceptStarExit, span, message);
        problem.help = Some(
            "an exception group may match several `except*` blocks: all of them must run"
                .to_owned(),
        );
    }

    fn loop_body(&mut self, body: &[Stmt]) {
        let around = std::mem::replace(&mut self.flow.in_loop, true);
        self.block(body);
        self.flow.in_loop = around;
    }

    fn handler(&mut self, handler: &ExceptHandler, is_star: bool) {
        self.exprs(&handler.ty);
        if let Some(name) = &handler.name {
            self.bind_ident(name);
            self.will_be_unbound(&name.name, name.span);
        }
        let around = self.flow;
        if is_star {
            (self.flow.in_star_handler, self.flow.in_loop) = (true, false);
        }
        self.block(&handler.body);
        self.flow = around;
    }

    fn with_item(&mut self, item: &WithItem) {
        self.expr(&item.context);
        if let Some(target) = &item.target {
            self.target(target);
        }
    }

    fn assert(&mut self, test: &Expr, msg: Option<&Expr>) {
        if matches!(&test.kind, ExprKind::Tuple(items) if !items.is_empty()) {
            let message = "assertion is always true, perhaps remove parentheses?";
            self.warn(
                ErrorCode::AssertTuple,
                test.span,
                message,
                "a tuple that is not empty is true: write `assert condition, message`",
            );
        }
        self.expr(test);
        self.exprs(msg);
    }

    fn import(&mut self, alias: &Alias) {
        let bound = alias.asname.as_ref().unwrap_or(&alias.name);
        let top = bound.name.split('.').next().unwrap_or_default();
        self.bind(&top.into(), bound.span);
    }

    fn import_from(
        &mut self,
        module: Option<&Ident>,
        level: u32,
        names: &ImportNames,
        whole: Span,
    ) {
        let future = module.filter(|module| level == 0 && &*module.name == "__future__");
        match names {
            ImportNames::Star(span) if self.here().kind != ScopeKind::Module => {
                let problem = self.error(
                    ErrorCode::StarImport,
                    *span,
                    "import * only allowed at module level",
                );
                problem.help = Some("name what you need: `from module import a, b`".to_owned());
            }
            ImportNames::Star(_) if future.is_some() => {
                self.error(
                    ErrorCode::FutureFeature,
                    whole,
                    "future feature * is not defined",
                );
            }
            ImportNames::Star(_) => {}
            ImportNames::Names(names) => {
                for alias in names {
                    self.bind_ident(alias.asname.as_ref().unwrap_or(&alias.name));
                    if future.is_some() {
                        self.feature(&alias.name, whole);
                    }
                }
            }
        }
    }

    fn feature(&mut self, feature: &Ident, whole: Span) {
        let name = &*feature.name;
        if name == "annotations" {
            self.tree.annotations = Annotations::Texts;
        }
        if name == "braces" {
            self.error(ErrorCode::FutureFeature, whole, "not a chance");
        } else if !FEATURES.contains(&name) {
            self.error(
                ErrorCode::FutureFeature,
                whole,
                format!("future feature {name} is not defined"),
            );
        } else if !self.at_top {
            let message = "from __future__ imports must occur at the beginning of the file";
            self.error(ErrorCode::FutureTooLate, whole, message);
        }
    }

    fn cases(&mut self, cases: &[MatchCase]) {
        for case in cases {
            self.pattern(&case.pattern);
            self.exprs(&case.guard);
            self.block(&case.body);
        }
    }

    /// A target of an assignment: binds its names, uses the expressions in it.
    pub(super) fn target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => self.bind(name, target.span),
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| self.target(item));
            }
            ExprKind::Starred(inner) => self.target(inner),
            ExprKind::Attribute { value, .. } => self.expr(value),
            ExprKind::Subscript { value, index } => self.exprs([&**value, index]),
            _ => self.expr(target),
        }
    }

    fn del_target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => self.unbind(name, target.span),
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| self.del_target(item))
            }
            ExprKind::Attribute { value, .. } => self.expr(value),
            ExprKind::Subscript { value, index } => self.exprs([&**value, index]),
            _ => self.expr(target),
        }
    }
}
