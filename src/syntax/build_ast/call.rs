//! Arguments of calls and class statements.
//!
//! What the grammar calls while it reduces. Orders that no grammar can forbid (a positional argument after a keyword one)
//! are reported here, and the node is made all the same.

use super::super::ast::{Arg, Expr, ExprKind, Ident};
use super::Builder;
use super::target::describe;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// What stands between the parentheses of a call.
pub struct Arguments {
    /// Those followed by a comma.
    pub items: Vec<Arg>,
    /// The one that is not.
    pub last: Option<Arg>,
    /// Where the closing parenthesis stands.
    pub end: u32,
}

impl Builder<'_> {
    /// `func(args)`, with the parenthesis at `open`.
    pub fn call(&mut self, l: u32, func: Expr, open: u32, args: Arguments, r: u32) -> Expr {
        let mut args = self.arguments(args);
        if let [Arg::Pos(only)] = args.as_mut_slice()
            && matches!(only.kind, ExprKind::GeneratorExp { .. })
            && !only.parenthesized
        {
            only.span = self.span(open, r);
        }
        self.expr(
            l,
            ExprKind::Call {
                func: func.into(),
                args,
            },
            r,
        )
    }

    /// `name=value`
    pub fn keyword(&mut self, name: Expr, value: Expr) -> Arg {
        if let ExprKind::Name(text) = &name.kind
            && !name.parenthesized
        {
            if &**text == "__debug__" {
                self.check_debug_name(text, name.span.to(value.span));
            }
            return Arg::Keyword {
                name: Ident {
                    name: text.clone(),
                    span: name.span,
                },
                value,
            };
        }
        let word = describe(&name.kind);
        let equal = self.source[name.span.end as usize..].find('=').unwrap_or(0) as u32;
        let quoted = Span::new(name.span.start, name.span.end + equal + 1);
        let diagnostic = if ["True", "False", "None"].contains(&word) {
            Diagnostic::error(
                ErrorCode::CallArguments,
                name.span,
                format!("cannot assign to {word}"),
            )
            .label("a keyword of the language, not the name of a parameter")
        } else {
            let message = "expression cannot contain assignment, perhaps you meant \"==\"?";
            Diagnostic::error(ErrorCode::ArgumentName, name.span.to(value.span), message)
                .label("only a parameter's name can stand before `=`")
        };
        self.report(diagnostic.quoted(quoted));
        Arg::Pos(value)
    }

    /// Puts the arguments in one list and checks their order.
    pub fn arguments(&mut self, args: Arguments) -> Vec<Arg> {
        let Arguments {
            mut items,
            last,
            end,
        } = args;
        if !items.is_empty() {
            items
                .iter()
                .chain(&last)
                .for_each(|arg| self.check_bare_generator(arg));
        }
        items.extend(last);
        if items
            .iter()
            .any(|arg| matches!(arg, Arg::Keyword { .. } | Arg::DoubleStar(_)))
        {
            self.check_order(&items, Span::new(end, end + 1));
            self.check_repeated(&items);
        }
        items
    }

    fn check_bare_generator(&mut self, arg: &Arg) {
        if let Arg::Pos(Expr {
            kind: ExprKind::GeneratorExp { .. },
            parenthesized: false,
            span,
            ..
        }) = arg
        {
            let diagnostic = Diagnostic::error(
                ErrorCode::BareGenerator,
                *span,
                "Generator expression must be parenthesized",
            )
            .label("not the only argument")
            .help("put parentheses around it");
            self.report(diagnostic);
        }
    }

    fn check_order(&mut self, args: &[Arg], end: Span) {
        let (mut keyword, mut unpacking) = (None, None);
        for arg in args {
            match arg {
                Arg::Keyword { name, .. } => keyword = keyword.or(Some(name.span)),
                Arg::DoubleStar(value) => unpacking = unpacking.or(Some(value.span)),
                Arg::Star(value) => {
                    if let Some(before) = unpacking {
                        let message =
                            "iterable argument unpacking follows keyword argument unpacking";
                        let comma =
                            self.source[before.end as usize..].find(',').unwrap_or(0) as u32;
                        let quoted = Span::new(before.end + comma, value.span.end);
                        return self.wrong_order(value.span, before, quoted, message);
                    }
                }
                Arg::Pos(value) => {
                    if let Some(before) = unpacking {
                        let message = "positional argument follows keyword argument unpacking";
                        return self.wrong_order(value.span, before, end, message);
                    }
                    if let Some(before) = keyword {
                        return self.wrong_order(
                            value.span,
                            before,
                            end,
                            "positional argument follows keyword argument",
                        );
                    }
                }
            }
        }
    }

    fn wrong_order(&mut self, span: Span, before: Span, quoted: Span, message: &str) {
        let diagnostic = Diagnostic::error(ErrorCode::PositionalAfterKeyword, span, message)
            .quoted(quoted)
            .label("has no name")
            .also(before, "given by name before")
            .help("move the positional arguments to the front, or give this one a name too");
        self.report(diagnostic);
    }

    fn check_repeated(&mut self, args: &[Arg]) {
        let mut seen = rustc_hash::FxHashMap::default();
        for arg in args {
            let Arg::Keyword { name, value } = arg else {
                continue;
            };
            if let Some(first) = seen.insert(&name.name, name.span) {
                let message = format!("keyword argument repeated: {}", name.name);
                let diagnostic = Diagnostic::error(ErrorCode::RepeatedKeyword, name.span, message)
                    .by_compiler()
                    .quoted(name.span.to(value.span))
                    .label("given again")
                    .also(first, "given here");
                self.report(diagnostic.help("remove one of them"));
            }
        }
    }
}
