//! What the actions of the grammar call to make nodes.
//!
//! Each method makes one node and checks what the grammar cannot say: whether targets are assignable, arguments and
//! parameters in order, literals readable. A mistake becomes a diagnostic and some node stands in, so that
//! parsing goes on. `expr` keeps trees shallow enough for code that recurses over them. One file a topic; each adds
//! methods to `Builder`.

pub mod call;
pub mod collection;
mod expression;
pub mod params;
pub mod pattern;
pub mod statement;
pub mod string;
mod target;

use rustc_hash::FxHashMap;

use super::ast::{Constant, Expr, ExprKind, Ident, MAX_EXPR_DEPTH, Name};
use super::literal::Prefix;
use super::visit;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// Behind this many mistakes the rest is most likely noise.
const MAX_DIAGNOSTICS: usize = 20;

/// Makes nodes for one source text.
pub struct Builder<'s> {
    source: &'s str,
    names: FxHashMap<&'s str, Name>,
    /// How the f-strings being parsed begin, outermost first.
    fstrings: Vec<Prefix>,
    diagnostics: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// One message about depth is enough.
    too_deep: bool,
}

impl<'s> Builder<'s> {
    /// For this source text.
    #[must_use]
    pub fn new(source: &'s str) -> Self {
        Self {
            source,
            names: FxHashMap::default(),
            fstrings: Vec::new(),
            diagnostics: Vec::new(),
            warnings: Vec::new(),
            too_deep: false,
        }
    }

    /// The mistakes found so far.
    #[must_use]
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// What is likely not as meant.
    pub fn take_warnings(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings)
    }

    /// A span.
    #[must_use]
    pub fn span(&self, l: u32, r: u32) -> Span {
        Span::new(l, r.max(l))
    }

    /// An expression whose children are done.
    pub fn expr(&mut self, l: u32, kind: ExprKind, r: u32) -> Expr {
        let span = self.span(l, r);
        let mut deepest = 0;
        visit::children(&kind, &mut |child| deepest = deepest.max(child.depth));
        if deepest >= MAX_EXPR_DEPTH {
            self.report_depth(span);
            return placeholder(span);
        }
        Expr {
            kind,
            span,
            depth: deepest + 1,
            parenthesized: false,
        }
    }

    /// A name where it stands.
    pub fn ident(&mut self, l: u32, r: u32) -> Ident {
        let span = self.span(l, r);
        let text = span.text(self.source);
        let name = self
            .names
            .entry(text)
            .or_insert_with(|| normal_name(text))
            .clone();
        Ident { name, span }
    }

    /// `a.b.c` as one identifier; spaces around the dots are left out.
    pub fn dotted_name(&mut self, l: u32, r: u32) -> Ident {
        let text = self.span(l, r).text(self.source);
        if text.bytes().all(|byte| {
            byte == b'.' || byte == b'_' || byte.is_ascii_alphanumeric() || !byte.is_ascii()
        }) {
            return self.ident(l, r);
        }
        let is_part = |lexeme: &super::token::Lexeme| {
            matches!(
                lexeme.token,
                super::token::Token::Name | super::token::Token::Dot
            )
        };
        let lexemes = super::layout::lex(text).lexemes;
        let name: String = lexemes
            .iter()
            .filter(|it| is_part(it))
            .map(|it| it.span.text(text))
            .collect();
        Ident {
            name: name.into(),
            span: self.span(l, r),
        }
    }

    /// Records a mistake; of too many the first will do.
    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Records a warning; of too many the first will do.
    fn warn(&mut self, warning: Diagnostic) {
        if self.warnings.len() < MAX_DIAGNOSTICS {
            self.warnings.push(warning);
        }
    }

    fn report_depth(&mut self, span: Span) {
        if !std::mem::replace(&mut self.too_deep, true) {
            let diagnostic = Diagnostic::error(
                ErrorCode::TooNested,
                span,
                "too many nested operations in one expression",
            )
            .label(format!(
                "more than {MAX_EXPR_DEPTH} operations within one another"
            ))
            .help("give the parts names of their own, or compute them in a loop");
            self.report(diagnostic);
        }
    }
}

/// Stands where a node could not be made; never reaches a consumer, because there is a diagnostic.
fn placeholder(span: Span) -> Expr {
    Expr {
        kind: ExprKind::Constant(Constant::None),
        span,
        depth: 1,
        parenthesized: false,
    }
}

/// The name that an identifier spells: its NFKC form.
fn normal_name(text: &str) -> Name {
    use unicode_normalization::UnicodeNormalization;
    if text.is_ascii() {
        return Name::from(text);
    }
    Name::from(text.nfkc().collect::<String>())
}
