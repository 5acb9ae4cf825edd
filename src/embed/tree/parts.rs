//! Parameters, type parameters, patterns and clauses of the tree.
//!
//! What is no statement and no expression of its own. Each function makes one node with its fields and its position, as CPython's
//! parser does.

use super::Builder;
use crate::diagnostics::Span;
use crate::runtime::Value;
use crate::syntax::ast::{
    ExceptHandler, MatchCase, Param, Params, Pattern, PatternKind, TypeParam, TypeParamKind,
    WithItem,
};

impl<'h> Builder<'h, '_> {
    pub(super) fn params(&self, params: &Params) -> Value<'h> {
        let list = |params: &[Param]| self.list(params.iter().map(|param| self.param(param)));
        let one = |param: &Option<Box<Param>>| {
            let param = param.as_deref();
            param.map_or(Value::NONE, |param| self.param(param))
        };
        let keyword_defaults = params.kwonly.iter().map(|p| self.maybe(p.default.as_ref()));
        let positional = params.posonly.iter().chain(&params.regular);
        let defaults = positional.filter_map(|p| p.default.as_ref());
        let fields = [
            list(&params.posonly),
            list(&params.regular),
            one(&params.vararg),
            list(&params.kwonly),
            self.list(keyword_defaults),
            one(&params.kwarg),
            self.list(defaults.map(|default| self.load(default))),
        ];
        self.node("arguments", None, &fields)
    }

    fn param(&self, param: &Param) -> Value<'h> {
        let annotation = param.annotation.as_ref();
        let end = annotation.map_or(param.name.span.end, |expr| expr.span.end);
        let span = Span::new(param.name.span.start, end);
        let name = self.name(&param.name.name);
        self.node(
            "arg",
            Some(span),
            &[name, self.maybe(annotation), Value::NONE],
        )
    }

    pub(super) fn type_params(&self, params: &[TypeParam]) -> Value<'h> {
        self.list(params.iter().map(|param| {
            let (name, default) = (
                self.name(&param.name.name),
                self.maybe(param.default.as_ref()),
            );
            let span = Some(param.span);
            match &param.kind {
                TypeParamKind::TypeVar { bound } => {
                    let fields = [name, self.maybe(bound.as_ref()), default];
                    self.node("TypeVar", span, &fields)
                }
                TypeParamKind::TypeVarTuple => self.node("TypeVarTuple", span, &[name, default]),
                TypeParamKind::ParamSpec => self.node("ParamSpec", span, &[name, default]),
            }
        }))
    }

    pub(super) fn with_item(&self, item: &WithItem) -> Value<'h> {
        let target = item.target.as_ref();
        let target = target.map_or(Value::NONE, |target| self.store(target));
        self.node("withitem", None, &[self.load(&item.context), target])
    }

    pub(super) fn handler(&self, handler: &ExceptHandler) -> Value<'h> {
        let fields = [
            self.maybe(handler.ty.as_ref()),
            self.maybe_name(handler.name.as_ref()),
            self.block(&handler.body),
        ];
        self.node("ExceptHandler", Some(handler.span), &fields)
    }

    pub(super) fn case(&self, case: &MatchCase) -> Value<'h> {
        let fields = [
            self.pattern(&case.pattern),
            self.maybe(case.guard.as_ref()),
            self.block(&case.body),
        ];
        self.node("match_case", None, &fields)
    }

    fn patterns(&self, patterns: &[Pattern]) -> Value<'h> {
        self.list(patterns.iter().map(|pattern| self.pattern(pattern)))
    }

    fn pattern(&self, pattern: &Pattern) -> Value<'h> {
        let (class, fields) = match &pattern.kind {
            PatternKind::Wildcard => ("MatchAs", vec![Value::NONE, Value::NONE]),
            PatternKind::Capture(name) => ("MatchAs", vec![Value::NONE, self.name(&name.name)]),
            PatternKind::As { pattern, name } => {
                let fields = vec![self.pattern(pattern), self.name(&name.name)];
                ("MatchAs", fields)
            }
            PatternKind::Value(value) => ("MatchValue", vec![self.load(value)]),
            PatternKind::Singleton(value) => ("MatchSingleton", vec![self.constant(value)]),
            PatternKind::Sequence(items) => ("MatchSequence", vec![self.patterns(items)]),
            PatternKind::Star(name) => ("MatchStar", vec![self.maybe_name(name.as_ref())]),
            PatternKind::Or(patterns) => ("MatchOr", vec![self.patterns(patterns)]),
            PatternKind::Mapping { items, rest } => {
                let keys = self.list(items.iter().map(|(key, _)| self.load(key)));
                let values = self.list(items.iter().map(|(_, value)| self.pattern(value)));
                (
                    "MatchMapping",
                    vec![keys, values, self.maybe_name(rest.as_ref())],
                )
            }
            PatternKind::Class {
                class,
                positional,
                keywords,
            } => {
                let names = self.list(keywords.iter().map(|(name, _)| self.name(&name.name)));
                let values = self.list(keywords.iter().map(|(_, value)| self.pattern(value)));
                let (class, positional) = (self.load(class), self.patterns(positional));
                ("MatchClass", vec![class, positional, names, values])
            }
        };
        self.node(class, Some(pattern.span), &fields)
    }
}
