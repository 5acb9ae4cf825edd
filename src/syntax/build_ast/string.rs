//! Strings, bytes and f-strings, and the joining of adjacent ones.
//!
//! Escapes are decoded by `literal`; adjacent pieces become one constant, or one f-string if any of them is one. Text and
//! bytes do not mix: that is reported here.

use super::super::ast::{Constant, Expr, ExprKind, FPart, FText, FormatSpec, Ident};
use super::super::layout::fstring;
use super::super::literal::{self, Prefix};
use super::super::odd_literals;
use super::{Builder, placeholder};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// What follows the expression of a field.
pub struct FormatEnd {
    /// `!r`
    pub conversion: Option<Ident>,
    /// `:spec`
    pub spec: Option<FormatSpec>,
}

impl Builder<'_> {
    /// A plain string or bytes literal.
    pub fn string(&mut self, l: u32, r: u32) -> Expr {
        let span = self.span(l, r);
        let literal = span.text(self.source);
        let prefix = Prefix::of(literal);
        let inner = literal
            .get(prefix.len..literal.len().saturating_sub(prefix.quotes()))
            .unwrap_or_default();
        let offset = l + prefix.len as u32;
        let decoded = if prefix.bytes {
            let mut bytes = Vec::new();
            literal::decode_bytes(inner, offset, prefix.raw, &mut bytes)
                .map(|()| Constant::Bytes(bytes.into()))
        } else if inner.contains(['\\', '\r']) {
            let mut text = String::with_capacity(inner.len());
            literal::decode_text(inner, offset, prefix.raw, &mut text)
                .map(|()| Constant::Str(text.into()))
        } else {
            Ok(Constant::Str(inner.into()))
        };
        match decoded {
            Ok(value) => {
                self.warn_of_escapes(offset, inner, prefix);
                self.constant(l, value, r)
            }
            Err(diagnostic) => {
                self.report(diagnostic.quoted(span));
                placeholder(span)
            }
        }
    }

    /// Warns of a backslash that escapes nothing.
    fn warn_of_escapes(&mut self, offset: u32, inner: &str, prefix: Prefix) {
        if !inner.contains('\\') {
            return;
        }
        let span = self.span(offset, offset + inner.len() as u32);
        if let Some(warning) = odd_literals::escape(self.source, span, prefix) {
            self.warn(warning);
        }
    }

    /// Remembers how the f-string that starts here is written.
    pub fn enter_fstring(&mut self, l: u32, r: u32) {
        let prefix = Prefix::of(self.span(l, r).text(self.source));
        self.fstrings.push(prefix);
    }

    /// A whole f-string.
    pub fn fstring(&mut self, l: u32, parts: Vec<FPart>, r: u32) -> Expr {
        self.fstrings.pop();
        self.expr(l, ExprKind::FString(join_parts(parts)), r)
    }

    /// Text of an f-string or of a format, with braces still doubled.
    pub fn format_text(&mut self, l: u32, r: u32) -> FPart {
        let prefix = self.fstrings.last().copied();
        let raw = prefix.is_some_and(|prefix| prefix.raw);
        let text = self.span(l, r).text(self.source);
        let mut out = String::with_capacity(text.len());
        for (at, piece) in brace_pieces(text, raw) {
            if let Err(diagnostic) = literal::decode_text(piece, l + at as u32, raw, &mut out) {
                self.report(*diagnostic);
            }
        }
        if let Some(prefix) = prefix {
            self.warn_of_escapes(l, text, prefix);
        }
        FPart::Literal(FText {
            text: out.into(),
            span: self.span(l, r),
            is_unicode: false,
        })
    }

    /// `:spec`
    pub fn format_spec(&self, l: u32, parts: Vec<FPart>, r: u32) -> FormatSpec {
        FormatSpec {
            parts: join_parts(parts),
            span: self.span(l, r),
        }
    }

    /// `{value=!conversion:spec}`; `debug` is the end of `=`, to which the spaces after it belong.
    pub fn field(
        &mut self,
        l: u32,
        value: Expr,
        debug: Option<u32>,
        end: FormatEnd,
        r: u32,
    ) -> FPart {
        let debug_text = debug.map(|end| {
            let written = self.span(l + 1, end).text(self.source);
            let rest = self.source.get(end as usize..).unwrap_or_default();
            let spaces = spaces_before_token(rest);
            FText {
                text: format!("{written}{spaces}").into(),
                span: self.span(l + 1, end + spaces.len() as u32),
                is_unicode: false,
            }
        });
        let conversion = end.conversion.and_then(|name| self.conversion(&name));
        let expr = Box::new(self.value(value));
        FPart::Interp {
            expr,
            debug_text,
            conversion,
            spec: end.spec,
            span: self.span(l, r),
        }
    }

    fn conversion(&mut self, name: &Ident) -> Option<char> {
        let before = &self.source[..name.span.start as usize];
        if !before.ends_with('!') {
            let mark = before.rfind('!').map_or(name.span.start, |at| at as u32);
            let span = self.span(mark, name.span.end);
            let message = "f-string: conversion type must come right after the exclamanation mark";
            self.report(Diagnostic::error(ErrorCode::Conversion, span, message));
        }
        match &*name.name {
            "s" => Some('s'),
            "r" => Some('r'),
            "a" => Some('a'),
            other => {
                let message = format!(
                    "f-string: invalid conversion character '{other}': expected 's', 'r', or 'a'"
                );
                self.report(
                    Diagnostic::error(ErrorCode::Conversion, name.span, message)
                        .help("a format is written behind a colon"),
                );
                None
            }
        }
    }

    /// Joins adjacent literals.
    pub fn strings(&mut self, l: u32, mut parts: Vec<Expr>, r: u32) -> Expr {
        if parts.len() == 1 {
            return parts.pop().expect("one part");
        }
        let is_bytes = |part: &Expr| matches!(part.kind, ExprKind::Constant(Constant::Bytes(_)));
        let is_fstring = |part: &Expr| matches!(part.kind, ExprKind::FString(_));
        if parts.iter().any(is_bytes) {
            return self.join_bytes(l, &parts, r);
        }
        let joined = parts.iter().any(is_fstring);
        let pieces = parts.into_iter().flat_map(|part| self.into_pieces(part));
        let pieces = join_parts(pieces.collect());
        if joined {
            return self.expr(l, ExprKind::FString(pieces), r);
        }
        let text = match pieces.into_iter().next() {
            Some(FPart::Literal(literal)) => literal.text,
            _ => "".into(),
        };
        self.constant(l, Constant::Str(text), r)
    }

    fn join_bytes(&mut self, l: u32, parts: &[Expr], r: u32) -> Expr {
        let mut bytes = Vec::new();
        for part in parts {
            let ExprKind::Constant(Constant::Bytes(more)) = &part.kind else {
                let rest = &self.source[r as usize..];
                let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
                let next = r + blank as u32;
                let diagnostic = Diagnostic::error(
                    ErrorCode::MixedBytes,
                    part.span,
                    "cannot mix bytes and nonbytes literals",
                )
                .quoted(Span::at(next))
                .label("text among bytes")
                .help("put b before each of them, or before none");
                self.report(diagnostic);
                break;
            };
            bytes.extend_from_slice(more);
        }
        self.constant(l, Constant::Bytes(bytes.into()), r)
    }

    fn into_pieces(&self, part: Expr) -> Vec<FPart> {
        match part.kind {
            ExprKind::FString(pieces) => pieces,
            ExprKind::Constant(Constant::Str(text)) => vec![FPart::Literal(FText {
                text,
                span: part.span,
                is_unicode: literal::is_unicode(part.span.text(self.source)),
            })],
            _ => Vec::new(),
        }
    }
}

/// The spaces and line ends at the start of a text, without the comments among them.
fn spaces_before_token(text: &str) -> String {
    let mut spaces = String::new();
    let mut rest = text;
    loop {
        let token = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0C']);
        spaces.push_str(&rest[..rest.len() - token.len()]);
        if !token.starts_with('#') {
            return spaces;
        }
        rest = token.find('\n').map_or("", |end| &token[end..]);
    }
}

/// Joins texts that stand side by side and leaves out empty ones.
fn join_parts(parts: Vec<FPart>) -> Vec<FPart> {
    let mut joined: Vec<FPart> = Vec::with_capacity(parts.len());
    let mut texts: Vec<FText> = Vec::new();
    let flush = |texts: &mut Vec<FText>, joined: &mut Vec<FPart>| match texts.as_slice() {
        [] => {}
        [_] => joined.extend(texts.pop().map(FPart::Literal)),
        [first, .., last] => {
            let whole = FText {
                text: texts
                    .iter()
                    .map(|piece| &*piece.text)
                    .collect::<String>()
                    .into(),
                span: Span::new(first.span.start, last.span.end),
                is_unicode: first.is_unicode,
            };
            texts.clear();
            joined.push(FPart::Literal(whole));
        }
    };
    for part in parts {
        match part {
            FPart::Literal(literal) if literal.text.is_empty() => {}
            FPart::Literal(literal) => texts.push(literal),
            field @ FPart::Interp { .. } => {
                flush(&mut texts, &mut joined);
                joined.push(field);
            }
        }
    }
    flush(&mut texts, &mut joined);
    joined
}

/// Splits text after each doubled brace's first brace and leaves out the second; with offsets.
fn brace_pieces(text: &str, raw: bool) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::with_capacity(1);
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if !raw && bytes[at + 1..].starts_with(b"N{") => {
                at = fstring::named_end(bytes, at + 3)
            }
            b'\\'
                if !raw
                    && !bytes[at + 1..].starts_with(b"{")
                    && !bytes[at + 1..].starts_with(b"}") =>
            {
                at += 2
            }
            brace @ (b'{' | b'}') if bytes.get(at + 1) == Some(&brace) => {
                pieces.push((from, &text[from..=at]));
                at += 2;
                from = at;
            }
            _ => at += 1,
        }
    }
    pieces.push((from, &text[from..]));
    pieces
}
