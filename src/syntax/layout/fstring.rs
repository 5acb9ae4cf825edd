//! The inside of f-strings (PEP 701), as part of the layout pass.
//!
//! An f-string becomes FStart, then FMiddle (text) and fields, then FEnd. A field is FLBrace, ordinary tokens, perhaps
//! FColon and a format made of FMiddle and fields again, FRBrace. So quotes, comments, new lines and further f-strings
//! inside of fields need no rules of their own. Braces are tracked on the stack of open brackets: a colon or
//! a closing brace belongs to the field if nothing inside of the field is open.

use super::{End, Layouter, Open};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::literal::Prefix;
use crate::syntax::token::Token;

/// CPython's limit for f-strings in fields of f-strings.
const MAX_FSTRINGS: usize = 150;
/// CPython's limit for fields in formats of fields.
const MAX_FIELDS: usize = 3;

/// An f-string being read.
#[derive(Clone, Copy)]
pub(super) struct FStringMode {
    pub(super) prefix: Prefix,
    /// Prefix and opening quotes.
    start: Span,
    /// Number of brackets open outside of it.
    base: usize,
}

impl Layouter<'_> {
    /// Starts the f-string whose prefix and quotes are `span`, and reads its text up to the first field.
    pub(super) fn start_fstring(&mut self, span: Span) {
        if self.fstrings.len() >= MAX_FSTRINGS {
            let diagnostic =
                Diagnostic::error(ErrorCode::TooNested, span, "too many nested f-strings");
            return self.fail(
                diagnostic.help("give the inner parts names of their own"),
                End::Whole,
            );
        }
        let prefix = Prefix::of(span.text(self.source));
        self.fstrings.push(FStringMode {
            prefix,
            start: span,
            base: self.open.len(),
        });
        self.push(Token::FStart, span);
        self.fstring_text(span.end as usize);
    }

    /// Whether a colon here would start a format.
    pub(super) fn in_field(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.token == Token::FLBrace)
    }

    /// Starts the format of the innermost field; of the token at `span` only the first byte is its colon.
    pub(super) fn start_spec(&mut self, span: Span) {
        self.push(Token::FColon, Span::new(span.start, span.start + 1));
        self.fstring_text(span.start as usize + 1);
    }

    /// Reads text from `from` up to the start of a field or past the end of the string.
    pub(super) fn fstring_text(&mut self, from: usize) {
        let Some(mode) = self.fstrings.last().copied() else {
            return;
        };
        let bytes = self.source.as_bytes();
        let (mut from, mut at) = (from, from);
        loop {
            let in_spec = self.open.len() > mode.base;
            let next = bytes.get(at + 1).copied();
            match bytes.get(at).copied() {
                None => return self.unterminated(mode.start, bytes.len(), mode.prefix, "f-string"),
                Some(b'\n' | b'\r') if !mode.prefix.triple => {
                    return self.unterminated(mode.start, at, mode.prefix, "f-string");
                }
                Some(b'\\') => at = escape_end(bytes, at, mode.prefix.raw),
                Some(b'{') if next == Some(b'{') && !in_spec => at += 2,
                Some(b'}') if next == Some(b'}') && !in_spec => at += 2,
                Some(b'{') => {
                    self.middle(from, at);
                    return self.start_field(at, mode);
                }
                Some(b'}') if in_spec => {
                    self.middle(from, at);
                    self.push(Token::FRBrace, byte_span(at));
                    self.open.pop();
                    at += 1;
                    from = at;
                }
                Some(b'}') => {
                    let message = "f-string: single '}' is not allowed";
                    let diagnostic =
                        Diagnostic::error(ErrorCode::LoneBrace, byte_span(at), message)
                            .by_tokenizer(at as u32);
                    self.report(
                        diagnostic
                            .label("closes no field")
                            .help("write }} for a brace in the text"),
                    );
                    at += 1;
                }
                Some(byte) if byte == mode.prefix.quote && mode.prefix.closes_at(bytes, at) => {
                    self.middle(from, at);
                    self.open.truncate(mode.base);
                    return self.end_fstring(at, mode);
                }
                Some(_) => at += 1,
            }
        }
    }

    fn middle(&mut self, from: usize, to: usize) {
        if from < to {
            self.push(Token::FMiddle, Span::new(from as u32, to as u32));
        }
    }

    fn start_field(&mut self, at: usize, mode: FStringMode) {
        let fields = self.open[mode.base..]
            .iter()
            .filter(|open| open.token == Token::FLBrace)
            .count();
        if fields >= MAX_FIELDS {
            let diagnostic = Diagnostic::error(
                ErrorCode::TooNested,
                byte_span(at),
                "f-string: expressions nested too deeply",
            )
            .by_tokenizer(at as u32 - 1);
            return self.fail(diagnostic.help("compute the format before"), End::Whole);
        }
        self.seek(at + 1);
        self.open(Token::FLBrace, byte_span(at));
    }

    fn end_fstring(&mut self, at: usize, mode: FStringMode) {
        let end = at + mode.prefix.quotes();
        self.push(Token::FEnd, Span::new(at as u32, end as u32));
        self.fstrings.pop();
        self.seek(end);
    }

    /// The string ends at `quote`, inside of a field.
    pub(super) fn unclosed_field(&mut self, quote: Span) {
        let base = self.fstrings.last().map_or(0, |mode| mode.base);
        let inner = self
            .open
            .iter()
            .skip(base)
            .find(|open| open.token == Token::FLBrace);
        let opening = inner.map_or(quote, |open: &Open| open.span);
        let message = "f-string: expecting '}'";
        let diagnostic = Diagnostic::error(ErrorCode::FString, opening, message)
            .by_tokenizer(quote.start)
            .label("this field is not closed")
            .also(quote, "before the string ends here")
            .help("close the field with }; for a brace in the text write {{");
        self.fail(diagnostic, End::Whole);
    }
}

fn byte_span(at: usize) -> Span {
    Span::new(at as u32, at as u32 + 1)
}

/// The end of the escape at `at`, as far as braces and quotes are concerned.
fn escape_end(bytes: &[u8], at: usize, raw: bool) -> usize {
    match bytes.get(at + 1) {
        Some(b'{' | b'}') => at + 1,
        Some(b'\r') if bytes.get(at + 2) == Some(&b'\n') => at + 3,
        Some(b'N') if !raw && bytes.get(at + 2) == Some(&b'{') => named_end(bytes, at + 3),
        _ => at + 2,
    }
}

/// Behind the brace that ends a character's name, or where the name stops to look like one.
pub fn named_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let len = rest
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-'))
        .count();
    start + len + usize::from(rest.get(len) == Some(&b'}'))
}
