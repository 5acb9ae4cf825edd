//! Parameters of functions and lambdas, and type parameters.
//!
//! What the grammar calls while it reduces. The grammar accepts the parts in any order; which orders Python allows is checked
//! here, for better messages.

use super::super::ast::{Expr, ExprKind, Ident, Param, Params, TypeParam, TypeParamKind};
use super::Builder;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// One item of a parameter list, with the offset of its mark.
pub enum ParamItem {
    /// `name: annotation = default`
    Plain(Param),
    /// `/`
    Slash(u32),
    /// `*`
    BareStar(u32),
    /// `*name`
    Star(u32, Param),
    /// `**name`
    DoubleStar(u32, Param),
}

impl ParamItem {
    fn span(&self) -> Span {
        match self {
            Self::Plain(param) => param.name.span,
            Self::Slash(at) | Self::BareStar(at) => Span::new(*at, at + 1),
            Self::Star(at, param) | Self::DoubleStar(at, param) => {
                Span::new(*at, param.name.span.end)
            }
        }
    }
}

/// What was seen so far of a parameter list.
#[derive(Default)]
struct Seen {
    slash: bool,
    star: Option<Span>,
    /// The first parameter with a default.
    default: Option<Span>,
}

impl Builder<'_> {
    /// `name: annotation = default`
    pub fn param(
        &mut self,
        name: Ident,
        annotation: Option<Expr>,
        default: Option<Expr>,
    ) -> ParamItem {
        self.check_debug_name(&name.name, name.span);
        ParamItem::Plain(Param {
            name,
            annotation,
            default,
        })
    }

    /// `*name: annotation`
    pub fn star_param(
        &mut self,
        l: u32,
        name: Ident,
        annotation: Option<Expr>,
        default: Option<Expr>,
    ) -> ParamItem {
        if let Some(default) = default {
            self.wrong_default(
                default.span,
                "var-positional argument cannot have default value",
            );
        }
        self.check_debug_name(&name.name, name.span);
        ParamItem::Star(
            l,
            Param {
                name,
                annotation,
                default: None,
            },
        )
    }

    /// `**name: annotation`
    pub fn double_star_param(
        &mut self,
        l: u32,
        name: Ident,
        annotation: Option<Expr>,
        default: Option<Expr>,
    ) -> ParamItem {
        if let Some(default) = default {
            self.wrong_default(
                default.span,
                "var-keyword argument cannot have default value",
            );
        }
        self.check_debug_name(&name.name, name.span);
        ParamItem::DoubleStar(
            l,
            Param {
                name,
                annotation,
                default: None,
            },
        )
    }

    /// Sorts the items by kind and checks their order.
    pub fn params(&mut self, items: Vec<ParamItem>) -> Params {
        let mut params = Params::default();
        let mut seen = Seen::default();
        for item in items {
            if params.kwarg.is_some() {
                self.wrong_params(
                    item.span(),
                    "arguments cannot follow var-keyword argument",
                    "stands behind `**`",
                );
                break;
            }
            self.add_param(item, &mut params, &mut seen);
        }
        if let Some(span) = seen.star
            && params.vararg.is_none()
            && params.kwonly.is_empty()
        {
            self.wrong_params(
                span,
                "named arguments must follow bare *",
                "nothing to pass by name follows",
            );
        }
        params
    }

    fn add_param(&mut self, item: ParamItem, params: &mut Params, seen: &mut Seen) {
        let span = item.span();
        match item {
            ParamItem::Plain(param) if seen.star.is_some() => params.kwonly.push(param),
            ParamItem::Plain(param) => {
                self.check_default(&param, seen);
                params.regular.push(param);
            }
            ParamItem::Slash(_) => {
                self.check_slash(span, params, seen);
                seen.slash = true;
                params.posonly.append(&mut params.regular);
            }
            ParamItem::BareStar(_) => self.see_star(span, seen),
            ParamItem::Star(_, param) => {
                self.see_star(span, seen);
                params.vararg = Some(param.into());
            }
            ParamItem::DoubleStar(_, param) => params.kwarg = Some(param.into()),
        }
    }

    fn check_default(&mut self, param: &Param, seen: &mut Seen) {
        match (&param.default, seen.default) {
            (Some(_), None) => seen.default = Some(param.name.span),
            (None, Some(first)) => {
                let message = "parameter without a default follows parameter with a default";
                let diagnostic =
                    Diagnostic::error(ErrorCode::DefaultOrder, param.name.span, message)
                        .label("has no default")
                        .also(first, "has a default")
                        .help("give it a default too, or move it to the front");
                self.report(diagnostic);
            }
            _ => {}
        }
    }

    fn check_slash(&mut self, span: Span, params: &Params, seen: &Seen) {
        if seen.slash {
            self.wrong_params(span, "/ may appear only once", "a second `/`");
        } else if seen.star.is_some() {
            self.wrong_params(span, "/ must be ahead of *", "stands behind `*`");
        } else if params.regular.is_empty() {
            self.wrong_params(
                span,
                "at least one argument must precede /",
                "nothing stands before it",
            );
        }
    }

    fn see_star(&mut self, span: Span, seen: &mut Seen) {
        if let Some(first) = seen.star {
            let diagnostic = Diagnostic::error(
                ErrorCode::Parameters,
                span,
                "* argument may appear only once",
            )
            .quoted(Span::new(span.start, span.start + 1));
            self.report(diagnostic.label("a second `*`").also(first, "the first"));
        }
        seen.star = Some(span);
    }

    fn wrong_default(&mut self, span: Span, message: &str) {
        let before = &self.source[..span.start as usize];
        let equal = before.rfind('=').unwrap_or(0) as u32;
        let diagnostic = Diagnostic::error(ErrorCode::Parameters, span, message)
            .quoted(Span::new(equal, equal + 1))
            .label("a default");
        self.report(diagnostic.help("the order is: a, /, b, *args or *, c, **kwargs"));
    }

    fn wrong_params(&mut self, span: Span, message: &str, label: &str) {
        let token = match span.text(self.source) {
            text if text.starts_with("**") => Span::new(span.start, span.start + 2),
            text if text.starts_with('*') => Span::new(span.start, span.start + 1),
            _ => span,
        };
        let diagnostic = Diagnostic::error(ErrorCode::Parameters, span, message)
            .quoted(token)
            .label(label);
        self.report(diagnostic.help("the order is: a, /, b, *args or *, c, **kwargs"));
    }

    /// A type parameter.
    pub fn type_param(
        &self,
        l: u32,
        name: Ident,
        kind: TypeParamKind,
        default: Option<Expr>,
        r: u32,
    ) -> TypeParam {
        TypeParam {
            name,
            kind,
            default,
            span: self.span(l, r),
        }
    }

    /// `*Ts` or `**P`, which can have no bound.
    pub fn unbounded(
        &mut self,
        l: u32,
        name: Ident,
        kind: TypeParamKind,
        bound: Option<Expr>,
        default: Option<Expr>,
        r: u32,
    ) -> TypeParam {
        if let Some(bound) = bound {
            let what = match bound.kind {
                ExprKind::Tuple(_) => "constraints",
                _ => "bound",
            };
            let with = match kind {
                TypeParamKind::TypeVarTuple => "TypeVarTuple",
                _ => "ParamSpec",
            };
            let message = format!("cannot use {what} with {with}");
            let colon = self.source[name.span.end as usize..].find(':').unwrap_or(0) as u32;
            let quoted = Span::new(name.span.end + colon, bound.span.end);
            let diagnostic = Diagnostic::error(ErrorCode::TypeParameters, bound.span, message);
            self.report(diagnostic.quoted(quoted));
        }
        self.type_param(l, name, kind, default, r)
    }

    /// The list between the brackets of a generic function, class or type.
    pub fn type_params(&mut self, params: Vec<TypeParam>) -> Vec<TypeParam> {
        let mut default = None;
        for param in &params {
            match (&param.default, default) {
                (Some(_), _) => default = Some(param.name.span),
                (None, Some(before)) => {
                    let name = &param.name.name;
                    let message = format!(
                        "non-default type parameter '{name}' follows default type parameter"
                    );
                    let diagnostic =
                        Diagnostic::error(ErrorCode::TypeParameters, param.name.span, message);
                    self.report(
                        diagnostic
                            .label("has no default")
                            .also(before, "has a default"),
                    );
                }
                (None, None) => {}
            }
        }
        params
    }
}
