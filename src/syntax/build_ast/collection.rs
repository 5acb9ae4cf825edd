//! Tuples, lists, sets, dicts and comprehensions.
//!
//! What the grammar calls while it reduces. Mistakes are reported and the node is made all the same, so that one run finds
//! several.

use super::super::ast::{Comprehension, DictItem, Expr, ExprKind};
use super::Builder;
use super::target::Use;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// An entry between braces.
pub enum BraceItem {
    /// Of a set.
    Value(Expr),
    /// Of a dict.
    Pair(Expr, Expr),
    /// Of a dict; where the stars stand.
    DoubleStar(u32, Expr),
}

impl Builder<'_> {
    /// `a, b`
    pub fn tuple(&mut self, l: u32, items: Vec<Expr>, r: u32) -> Expr {
        self.expr(l, ExprKind::Tuple(items), r)
    }

    /// `[a, b]`
    pub fn list(&mut self, l: u32, items: Vec<Expr>, r: u32) -> Expr {
        self.expr(l, ExprKind::List(items), r)
    }

    /// `[element for ...]`
    pub fn list_comp(
        &mut self,
        l: u32,
        element: Expr,
        clauses: Vec<Comprehension>,
        r: u32,
    ) -> Expr {
        let element = self.element(element).into();
        self.expr(l, ExprKind::ListComp { element, clauses }, r)
    }

    /// `element for ...`; the caller that sees the parentheses adds them.
    pub fn generator(
        &mut self,
        l: u32,
        element: Expr,
        clauses: Vec<Comprehension>,
        r: u32,
    ) -> Expr {
        let element = self.element(element).into();
        self.expr(l, ExprKind::GeneratorExp { element, clauses }, r)
    }

    /// A dict or set, by its first entry; nothing makes a dict.
    pub fn braces(&mut self, l: u32, items: Vec<BraceItem>, r: u32) -> Expr {
        if let Some(BraceItem::Value(_)) = items.first() {
            let items = items.into_iter().map(|item| self.set_item(item)).collect();
            return self.expr(l, ExprKind::Set(items), r);
        }
        let items = items.into_iter().map(|item| self.dict_item(item)).collect();
        self.expr(l, ExprKind::Dict(items), r)
    }

    /// `{element for ...}` or `{key: value for ...}`
    pub fn brace_comp(
        &mut self,
        l: u32,
        element: BraceItem,
        clauses: Vec<Comprehension>,
        r: u32,
    ) -> Expr {
        match element {
            BraceItem::Value(element) => {
                let element = self.element(element).into();
                self.expr(l, ExprKind::SetComp { element, clauses }, r)
            }
            BraceItem::Pair(key, value) => {
                let value = self.dict_value(value);
                self.expr(
                    l,
                    ExprKind::DictComp {
                        key: key.into(),
                        value: value.into(),
                        clauses,
                    },
                    r,
                )
            }
            BraceItem::DoubleStar(start, value) => {
                let span = Span::new(start, value.span.end);
                let message = "dict unpacking cannot be used in dict comprehension";
                self.report(
                    Diagnostic::error(ErrorCode::Unpacking, span, message)
                        .quoted(Span::new(start, start + 2))
                        .help("write {k: v for d in ... for k, v in d.items()}"),
                );
                value
            }
        }
    }

    /// `[async] for target in iter if ...`
    pub fn clause(
        &mut self,
        is_async: bool,
        target: Expr,
        iter: Expr,
        ifs: Vec<Expr>,
    ) -> Comprehension {
        self.check_target(&target, Use::Assign);
        Comprehension {
            is_async,
            target,
            iter,
            ifs,
        }
    }

    fn element(&mut self, element: Expr) -> Expr {
        match element.kind {
            ExprKind::Starred(inner) => {
                let message = "iterable unpacking cannot be used in comprehension";
                let diagnostic = Diagnostic::error(ErrorCode::Unpacking, element.span, message);
                self.report(
                    diagnostic.help("add a second loop: [x for items in ... for x in items]"),
                );
                *inner
            }
            _ => element,
        }
    }

    fn set_item(&mut self, item: BraceItem) -> Expr {
        match item {
            BraceItem::Value(value) => value,
            BraceItem::Pair(key, value) => {
                let colon = self.source[key.span.end as usize..].find(':').unwrap_or(0) as u32;
                self.mixed_braces(
                    key.span.to(value.span),
                    key.span.end + colon,
                    "a key with a value, but the entries before have none",
                );
                value
            }
            BraceItem::DoubleStar(start, value) => {
                self.mixed_braces(
                    Span::new(start, value.span.end),
                    start,
                    "unpacks a dict, but this is a set",
                );
                value
            }
        }
    }

    fn dict_item(&mut self, item: BraceItem) -> DictItem {
        match item {
            BraceItem::Pair(key, value) => DictItem::Pair(key, self.dict_value(value)),
            BraceItem::DoubleStar(_, value) => DictItem::DoubleStar(value),
            BraceItem::Value(value) => {
                let end = Span::at(value.span.end);
                let diagnostic = Diagnostic::error(
                    ErrorCode::ExpectedToken,
                    end,
                    "':' expected after dictionary key",
                );
                self.report(
                    diagnostic
                        .quoted(Span::at(value.span.end.saturating_sub(1)))
                        .also(value.span, "this key has no value")
                        .help("write key: value"),
                );
                DictItem::DoubleStar(value)
            }
        }
    }

    fn dict_value(&mut self, value: Expr) -> Expr {
        match value.kind {
            ExprKind::Starred(inner) => {
                self.misplaced_star(
                    value.span,
                    "cannot use a starred expression in a dictionary value",
                );
                *inner
            }
            _ => value,
        }
    }

    fn mixed_braces(&mut self, span: Span, refused: u32, label: &str) {
        let diagnostic = Diagnostic::error(
            ErrorCode::MixedBraces,
            span,
            "a dict and a set in the same braces",
        )
        .quoted(Span::new(refused, refused + 1))
        .label(label);
        self.report(diagnostic.help("a dict has `key: value` everywhere, a set nowhere"));
    }
}
