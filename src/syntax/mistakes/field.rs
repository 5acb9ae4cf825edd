//! Mistakes within the replacement fields of f-strings.
//!
//! CPython's messages name the f-string, so these come before the general ones. To explain another mistake: a function, and
//! a row in `RECOGNISERS`.

use super::super::token::Token;
use super::context::Context;
use crate::diagnostics::{Diagnostic, ErrorCode};

/// Directly in a field, not in brackets inside of it.
pub(super) fn in_field(context: &Context<'_>) -> Option<Diagnostic> {
    if context.bracket() != Some(Token::FLBrace) {
        return None;
    }
    let (token, before) = (context.token()?, context.before()?);
    let message = match (before, token) {
        (Token::FLBrace, Token::FRBrace | Token::Equal | Token::Bang | Token::FColon) => {
            let message = format!(
                "f-string: valid expression required before '{}'",
                token.text()
            );
            return Some(
                Diagnostic::error(ErrorCode::EmptyField, context.span(), message)
                    .label("nothing to show")
                    .help("put an expression between the braces; for braces in the text write {{ and }}"),
            );
        }
        (_, Token::FColon) if in_lambda(context) => {
            "f-string: lambda expressions are not allowed without parentheses".to_owned()
        }
        (Token::Bang, Token::FRBrace | Token::FColon) => {
            "f-string: missing conversion character".to_owned()
        }
        (Token::Bang, _) => "f-string: invalid conversion character".to_owned(),
        _ if starts_another(context, token, before) => return None,
        _ => format!("f-string: {}", what_is_missing(context)),
    };
    let help = "a field is {expression}, {expression=}, {expression!r} or {expression:format}; for a brace in the text write {{ or }}";
    Some(Diagnostic::error(ErrorCode::FString, context.span(), message).help(help))
}

fn what_is_missing(context: &Context<'_>) -> &'static str {
    let expected = &context.expected;
    match (
        expected.has("f}"),
        expected.has("="),
        expected.has("!"),
        expected.has("f:"),
    ) {
        (true, true, true, true) => "expecting '=', or '!', or ':', or '}'",
        (true, _, true, true) => "expecting '!', or ':', or '}'",
        (true, _, _, true) => "expecting ':' or '}'",
        (true, ..) => "expecting '}'",
        _ if expected.expression() => "expecting a valid expression after '{'",
        _ => "invalid syntax",
    }
}

/// The colon of a lambda was taken for the start of the format.
fn in_lambda(context: &Context<'_>) -> bool {
    let from = context.open.last().map_or(context.line, |open| open + 1);
    context
        .top_level(from)
        .iter()
        .any(|&at| context.at(at) == Some(Token::Lambda))
}

/// Two values side by side: a comma is missing rather than the end of the field.
fn starts_another(context: &Context<'_>, token: Token, before: Token) -> bool {
    let is_name_string = before == Token::Name && matches!(token, Token::String | Token::FStart);
    context.expected.has("f}")
        && context.expected.has("+")
        && token.starts_expression()
        && before.ends_expression()
        && !is_name_string
}
