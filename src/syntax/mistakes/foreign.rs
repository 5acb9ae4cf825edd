//! Forms of other languages.
//!
//! `&&`, `else if`, `x++`: what people type who come from elsewhere, with what to write instead. To add one: a function, and
//! a row in `RECOGNISERS`.

use super::super::token::Token;
use super::context::Context;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// Operators that are spelled otherwise here: the text as written and what to write.
const OPERATORS: &[(&str, &str)] = &[
    ("&&", "and"),
    ("||", "or"),
    ("===", "=="),
    ("!==", "!="),
    ("<>", "!="),
    ("=>", "a lambda (lambda x: ...) or a def"),
    ("++", "x += 1"),
    ("--", "x -= 1"),
    ("!", "not"),
    ("->", "a dot"),
    ("::", "a dot"),
];

/// Words that start statements elsewhere, and what to write.
const WORDS: &[(&str, &str)] = &[
    ("function", "def"),
    ("func", "def"),
    ("fn", "def"),
    ("fun", "def"),
    ("let", "only the name: x = 1"),
    ("var", "only the name: x = 1"),
    ("const", "only the name: x = 1"),
    ("elseif", "elif"),
    ("elsif", "elif"),
    ("foreach", "for x in items:"),
    ("switch", "match"),
    ("catch", "except"),
    ("throw", "raise"),
    ("unless", "if not"),
    ("until", "while not"),
    ("include", "import"),
    ("using", "import, or with"),
    ("require", "import"),
    ("new", "only the class: C()"),
    ("do", "while True: with a break at the end"),
    ("struct", "class"),
    ("interface", "class"),
];

/// An operator of another language ends or starts with the refused token.
pub(super) fn operator(context: &Context<'_>) -> Option<Diagnostic> {
    let start = context.span().start as usize;
    let end = context.span().end;
    let from = start
        .saturating_sub(2)
        .max(context.span_at(context.line).start as usize);
    let before = context.source.get(from..start).unwrap_or_default();
    let operator = |text: &str| {
        text.trim_start_matches(|c: char| c.is_alphanumeric() || c.is_whitespace() || c == '_')
            .len()
    };
    let first = start - operator(before).min(2);
    let rest = context.source.get(first..).unwrap_or_default();
    let &(text, instead) = OPERATORS
        .iter()
        .find(|(text, _)| rest.starts_with(text) && first + text.len() >= end as usize)?;
    if (text == "!" && context.source.get(end as usize..)?.starts_with('='))
        || context.bracket() == Some(Token::FLBrace)
    {
        return None;
    }
    if text == "->" && matches!(context.first(), Some(Token::Def | Token::Async)) {
        return None;
    }
    let span = Span::new(first as u32, (first + text.len()) as u32);
    let message = format!("`{text}` is not an operator of this language");
    let diagnostic = Diagnostic::error(ErrorCode::ForeignSyntax, span, message)
        .quoted(if text == "<>" { span } else { context.span() });
    Some(
        diagnostic
            .label("unknown operator")
            .help(format!("write {instead}")),
    )
}

/// A character that no token starts with.
pub(super) fn unknown(context: &Context<'_>) -> Option<Diagnostic> {
    if context.token() != Some(Token::Unknown) {
        return None;
    }
    let label = format!(
        "`{}` has no meaning outside of strings and comments",
        context.text()
    );
    let message = "invalid syntax";
    Some(Diagnostic::error(ErrorCode::InvalidCharacter, context.span(), message).label(label))
}

/// A statement starts with a word that means nothing here.
pub(super) fn statement(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.statement();
    if context.at(at) != Some(Token::Name) || context.index != at + 1 {
        return None;
    }
    let &(word, instead) = WORDS
        .iter()
        .find(|(word, _)| *word == context.text_at(at))?;
    if !matches!(
        context.token()?,
        Token::Name | Token::LBrace | Token::String | Token::Number | Token::Colon | Token::If
    ) {
        return None;
    }
    let diagnostic = Diagnostic::error(
        ErrorCode::ForeignStatement,
        context.span_at(at),
        format!("`{word}` is not a keyword of this language"),
    );
    Some(
        diagnostic
            .label("starts no statement here")
            .help(format!("write {instead}")),
    )
}
