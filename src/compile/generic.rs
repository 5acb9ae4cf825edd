//! Type parameters (PEP 695): generic functions and classes, type aliases.
//!
//! Contract: type parameters are variables of a hidden function around the generic one; it makes the parameters, then
//! the function or class, and gives it `__type_params__`. Bounds, defaults and alias values are functions that are called when
//! user code asks for them.

use super::emitter::{Emitter, Header};
use super::registers::row;
use super::scope::{Role, ScopeId};
use crate::bytecode::{Const, Imm, Op, Params, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{ClassDef, Expr, ExprKind, FunctionDef, Ident, TypeParam, TypeParamKind};

impl<'a> Emitter<'_, 'a> {
    /// A generic function: the hidden function takes its defaults, which are evaluated out here.
    pub fn generic_function(&mut self, def: &'a FunctionDef, dest: Reg) {
        let scope = self.unit.tree.of(def, Role::TypeParams);
        self.hidden_call(scope, def.header, dest, Some(def), |inner| {
            let function = inner.temp();
            inner.type_params(&def.type_params, function);
            inner.scratch(|e| {
                let params = e.copy_of_top(function);
                let extras = e.temps(3);
                e.copy(extras, 0);
                e.copy(extras + 1, 1);
                e.make_function(def, extras, function);
                let cache = e.b.cache(&"__type_params__".into());
                e.op(Op::SetAttr, function, params, 0, cache);
            });
            function
        });
    }

    fn copy_of_top(&mut self, reg: Reg) -> Reg {
        let copy = self.temp();
        self.copy(copy, reg);
        copy
    }

    /// A generic class: its body finds the tuple of parameters as a hidden variable.
    pub fn generic_class(&mut self, def: &'a ClassDef, dest: Reg) {
        let scope = self.unit.tree.of(def, Role::TypeParams);
        self.hidden_call(scope, def.header, dest, None, |inner| {
            let class = inner.temp();
            inner.type_params(&def.type_params, class);
            inner.store_name(&".type_params".into(), def.header, class);
            inner.build_class(def, class);
            class
        });
    }

    /// `type Name[T] = value`
    pub fn type_alias(&mut self, name: &'a Ident, type_params: &'a [TypeParam], value: &'a Expr) {
        self.scratch(|e| {
            let alias = e.temp();
            if type_params.is_empty() {
                e.make_alias(name, type_params, value, alias);
            } else {
                let scope = e.unit.tree.of(name, Role::TypeParams);
                e.hidden_call(scope, name.span, alias, None, |inner| {
                    let alias = inner.temp();
                    inner.make_alias(name, type_params, value, alias);
                    alias
                });
            }
            e.store_name(&name.name, name.span, alias);
        });
    }

    fn make_alias(
        &mut self,
        name: &'a Ident,
        type_params: &'a [TypeParam],
        value: &'a Expr,
        dest: Reg,
    ) {
        self.scratch(|e| {
            let (params, function) = (e.temp(), e.temp());
            e.type_params(type_params, params);
            e.lazy_value(value, function);
            let key = e.b.name(&name.name);
            e.op_at(name.span, Op::TypeAlias, dest, params, function, key);
        });
    }

    /// Makes and binds the parameters; their tuple goes to `dest`.
    fn type_params(&mut self, params: &'a [TypeParam], dest: Reg) {
        if params.is_empty() {
            return self.load_const(dest, Const::Tuple(Vec::new()));
        }
        if !self.regs.has_room(params.len()) {
            return self.type_params_by_list(params, dest);
        }
        self.scratch(|e| {
            let first = e.temps(params.len());
            for (reg, param) in row(first).zip(params) {
                e.type_param(param, reg);
                e.store_name(&param.name.name, param.name.span, reg);
            }
            e.op(Op::BuildTuple, dest, first, 0, params.len() as i32);
        });
    }

    /// More parameters than registers: they wait in a list.
    fn type_params_by_list(&mut self, params: &'a [TypeParam], dest: Reg) {
        self.scratch(|e| {
            let (list, made) = (e.temp(), e.temp());
            e.op(Op::BuildList, list, list, 0, 0);
            for param in params {
                e.type_param(param, made);
                e.store_name(&param.name.name, param.name.span, made);
                e.op(Op::ListAppend, list, made, 0, 0);
            }
            e.op(Op::ListToTuple, dest, list, 0, 0);
        });
    }

    fn type_param(&mut self, param: &'a TypeParam, dest: Reg) {
        self.scratch(|e| {
            let functions = e.temps(2);
            let (bound, kind) = match &param.kind {
                TypeParamKind::TypeVar { bound } => match bound {
                    Some(value) if matches!(value.kind, ExprKind::Tuple(_)) => (Some(value), 3),
                    bound => (bound.as_ref(), 0),
                },
                TypeParamKind::TypeVarTuple => (None, 1),
                TypeParamKind::ParamSpec => (None, 2),
            };
            for (value, reg) in [(bound, functions), (param.default.as_ref(), functions + 1)] {
                match value {
                    Some(value) => e.lazy_value(value, reg),
                    None => e.imm(reg, Imm::Undef),
                }
            }
            let name = e.b.name(&param.name.name);
            e.op_at(param.name.span, Op::TypeParam, dest, functions, kind, name);
        });
    }

    /// Calls a function of the frame of type parameters, once.
    fn hidden_call(
        &mut self,
        scope: ScopeId,
        span: Span,
        dest: Reg,
        defaults_of: Option<&'a FunctionDef>,
        body: impl FnOnce(&mut Emitter<'_, 'a>) -> Reg,
    ) {
        self.scratch(|e| {
            let base = e.run_start(dest);
            let args = if defaults_of.is_some() { 2 } else { 0 };
            let code = e.nested(scope, |inner| {
                inner.b.set_span(span);
                let result = body(inner);
                inner.return_reg(result, span);
                let names = [".defaults", ".kwdefaults"]
                    .into_iter()
                    .take(args)
                    .map(Into::into)
                    .collect();
                let params = Params {
                    names,
                    posonly: args as u16,
                    positional: args as u16,
                    ..Params::default()
                };
                Header {
                    span,
                    begin: span.start,
                    params,
                    doc: None,
                }
            });
            e.b.set_span(span);
            e.make_plain_function(base, code);
            if let Some(def) = defaults_of {
                let defaults = e.temps(2);
                e.defaults(&def.params, defaults);
                e.no_defaults_are_empty(def, defaults);
            }
            e.op_at(span, Op::Call, base, args as u8, 0, 0);
            e.copy(dest, base);
        });
    }

    /// Undef cannot be passed as an argument.
    fn no_defaults_are_empty(&mut self, def: &FunctionDef, defaults: Reg) {
        let params = &def.params;
        if params
            .posonly
            .iter()
            .chain(&params.regular)
            .all(|param| param.default.is_none())
        {
            self.load_const(defaults, Const::Tuple(Vec::new()));
        }
        if params.kwonly.iter().all(|param| param.default.is_none()) {
            self.op(Op::BuildDict, defaults + 1, defaults + 1, 0, 0);
        }
    }
}
