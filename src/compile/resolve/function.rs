//! What opens a scope: functions, lambdas, classes, type parameters, comprehensions.
//!
//! Contract: defaults and decorators are walked in the scope around, annotations there too (or among the type
//! parameters), bodies inside. The names that begin with a dot are the compiler's own and cannot clash.

use super::{AsyncForm, Resolver};
use crate::bytecode::Annotations;
use crate::compile::scope::{NodeKey, Role, ScopeId, ScopeKind};
use crate::diagnostics::{ErrorCode, Span};
use crate::syntax::ast::{
    ClassDef, Comprehension, Expr, ExprKind, FunctionDef, Ident, Lambda, Name, Param, Params,
    TypeParam, TypeParamKind,
};

/// What generator expressions are called.
pub(super) const GENERATOR: &str = "<genexpr>";

/// All parameters in the order of their registers.
pub(in crate::compile) fn params_in_order(params: &Params) -> impl Iterator<Item = &Param> {
    let positional = params.posonly.iter().chain(&params.regular);
    positional
        .chain(&params.kwonly)
        .chain(params.vararg.as_deref())
        .chain(params.kwarg.as_deref())
}

/// All parameters as they are written.
pub(in crate::compile) fn params_in_source(params: &Params) -> impl Iterator<Item = &Param> {
    let positional = params.posonly.iter().chain(&params.regular);
    positional
        .chain(params.vararg.as_deref())
        .chain(&params.kwonly)
        .chain(params.kwarg.as_deref())
}

/// What the scope of type parameters is for.
struct Generic<'g> {
    params: &'g [TypeParam],
    key: NodeKey,
    /// The function, class or alias.
    name: &'g Name,
    /// Parameters of the hidden function.
    hidden: &'g [&'g str],
    /// The class whose private names the parameters may be.
    private: Option<&'g Name>,
}

impl Resolver {
    pub(super) fn function_def(&mut self, def: &FunctionDef) {
        self.bind_ident(&def.name);
        self.exprs(&def.decorators);
        self.defaults(&def.params);
        let generic = Generic {
            params: &def.type_params,
            key: NodeKey::of(def, Role::TypeParams),
            name: &def.name.name,
            hidden: &[".defaults", ".kwdefaults"],
            private: None,
        };
        self.with_type_params(generic, |r| {
            if r.tree.annotations == Annotations::Values {
                r.exprs(
                    params_in_source(&def.params)
                        .filter_map(|param| param.annotation.as_ref())
                        .chain(&def.returns),
                );
            }
            r.function_body(def);
        });
    }

    fn function_body(&mut self, def: &FunctionDef) {
        let key = NodeKey::of(def, Role::Body);
        let id = self.inside(ScopeKind::Function, key, &def.name.name, |r| {
            r.here_mut().is_async = def.is_async;
            r.params(&def.params);
            r.block(&def.body);
        });
        self.check_async_generator(id);
    }

    fn check_async_generator(&mut self, id: ScopeId) {
        let returns = self
            .valued_returns
            .extract_if(.., |(scope, ..)| *scope == id)
            .collect::<Vec<_>>();
        let scope = self.tree.get(id);
        if scope.is_async && scope.is_generator {
            for (_, span, whole) in returns {
                let problem = self.error(
                    ErrorCode::AsyncGeneratorReturn,
                    span,
                    "'return' with value in async generator",
                );
                problem.quoted = Some(whole);
                problem.help = Some(
                    "an async generator only yields: use a bare `return` to end it".to_owned(),
                );
            }
        }
    }

    pub(super) fn lambda(&mut self, lambda: &Lambda) {
        self.defaults(&lambda.params);
        self.inside(
            ScopeKind::Lambda,
            NodeKey::of(lambda, Role::Body),
            &"<lambda>".into(),
            |r| {
                r.params(&lambda.params);
                r.expr(&lambda.body);
            },
        );
    }

    fn defaults(&mut self, params: &Params) {
        self.exprs(params_in_source(params).filter_map(|param| param.default.as_ref()));
    }

    fn params(&mut self, params: &Params) {
        params_in_order(params).for_each(|param| self.param(&param.name));
    }

    pub(super) fn class_def(&mut self, def: &ClassDef) {
        self.bind_ident(&def.name);
        self.exprs(&def.decorators);
        let generic = Generic {
            params: &def.type_params,
            key: NodeKey::of(def, Role::TypeParams),
            name: &def.name.name,
            hidden: &[],
            private: Some(&def.name.name),
        };
        self.with_type_params(generic, |r| {
            r.exprs(def.args.iter().map(|arg| arg.value()));
            let is_generic = !def.type_params.is_empty();
            if is_generic {
                r.bind_hidden(".type_params");
            }
            r.inside(
                ScopeKind::Class,
                NodeKey::of(def, Role::Body),
                &def.name.name,
                |r| {
                    if is_generic {
                        r.use_hidden(".type_params");
                    }
                    r.block(&def.body);
                },
            );
        });
    }

    pub(super) fn type_alias(&mut self, name: &Ident, type_params: &[TypeParam], value: &Expr) {
        self.bind_ident(name);
        let generic = Generic {
            params: type_params,
            key: NodeKey::of(name, Role::TypeParams),
            name: &name.name,
            hidden: &[],
            private: None,
        };
        self.with_type_params(generic, |r| {
            r.lazy(ScopeKind::AliasValue, value, &name.name);
        });
    }

    /// Walks something inside of the scope of type parameters, if there are any.
    fn with_type_params(&mut self, generic: Generic<'_>, walk: impl FnOnce(&mut Resolver)) {
        if generic.params.is_empty() {
            return walk(self);
        }
        let name = format!("<generic parameters of {}>", generic.name).into();
        self.inside(ScopeKind::TypeParams, generic.key, &name, |r| {
            if let Some(class) = generic.private {
                let names = generic.params.iter().map(|param| param.name.name.clone());
                let scope = r.here_mut();
                (scope.private, scope.private_only) = (Some(class.clone()), Some(names.collect()));
            }
            generic.hidden.iter().for_each(|name| r.hidden_param(name));
            generic.params.iter().for_each(|param| r.type_param(param));
            walk(r);
        });
    }

    fn type_param(&mut self, param: &TypeParam) {
        let scope = self.here();
        let mangled = scope.mangle(&param.name.name);
        if let Some(first) = scope
            .symbol(&mangled)
            .filter(|symbol| symbol.is_bound)
            .map(|symbol| symbol.span)
        {
            let message = format!("duplicate type parameter '{}'", param.name.name);
            let problem = self.error(ErrorCode::DuplicateName, param.name.span, message);
            *problem = problem.clone().also(first, "first here");
        }
        self.bind_ident(&param.name);
        if let TypeParamKind::TypeVar { bound: Some(bound) } = &param.kind {
            let part = match bound.kind {
                ExprKind::Tuple(_) => "a TypeVar constraint",
                _ => "a TypeVar bound",
            };
            self.part_of_parameter(part, bound, &param.name.name);
        }
        if let Some(default) = &param.default {
            let part = match param.kind {
                TypeParamKind::TypeVar { .. } => "a TypeVar default",
                TypeParamKind::TypeVarTuple => "a TypeVarTuple default",
                TypeParamKind::ParamSpec => "a ParamSpec default",
            };
            self.part_of_parameter(part, default, &param.name.name);
        }
    }

    fn part_of_parameter(&mut self, part: &'static str, value: &Expr, name: &Name) {
        let key = NodeKey::of(value, Role::Lazy);
        self.inside(ScopeKind::Bound, key, name, |r| {
            r.here_mut().type_part = part;
            r.expr(value)
        });
    }

    fn lazy(&mut self, kind: ScopeKind, value: &Expr, name: &Name) {
        self.inside(kind, NodeKey::of(value, Role::Lazy), name, |r| {
            r.expr(value)
        });
    }

    /// A comprehension or generator expression; its first iterable belongs to the scope around it.
    pub(super) fn comprehension(
        &mut self,
        form: &str,
        elements: &[&Expr],
        clauses: &Vec<Comprehension>,
        span: Span,
    ) {
        let Some((first, rest)) = clauses.split_first() else {
            return;
        };
        self.iterable(&first.iter);
        let key = NodeKey::of(clauses, Role::Body);
        let kind = if form == GENERATOR {
            ScopeKind::Generator
        } else {
            ScopeKind::Comprehension
        };
        self.inside(kind, key, &form.into(), |r| {
            if kind == ScopeKind::Generator {
                r.hidden_param(".0");
            }
            r.clause(first, span);
            for clause in rest {
                r.clause_target(clause, span);
                r.iterable(&clause.iter);
                r.exprs(&clause.ifs);
            }
            elements.iter().for_each(|element| r.expr(element));
        });
    }

    fn clause(&mut self, clause: &Comprehension, span: Span) {
        self.clause_target(clause, span);
        self.exprs(&clause.ifs);
    }

    fn clause_target(&mut self, clause: &Comprehension, span: Span) {
        if clause.is_async {
            self.needs_async(AsyncForm::For, span);
        }
        self.target(&clause.target);
    }

    fn iterable(&mut self, iter: &Expr) {
        let around = std::mem::replace(&mut self.flow.in_iterable, true);
        self.expr(iter);
        self.flow.in_iterable = around;
    }
}
