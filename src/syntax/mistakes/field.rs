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
    let open = *context.open.last()?;
    let mut place = context.span();
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
        (Token::FColon | Token::FMiddle, Token::FEnd) => {
            "f-string: expecting '}', or format specs".to_owned()
        }
        (_, Token::FEnd) if spec_started(context, open) => "f-string: expecting '}'".to_owned(),
        (_, Token::FColon) if in_lambda(context) => {
            place = context.span_at(lambda_at(context)?).to(place);
            "f-string: lambda expressions are not allowed without parentheses".to_owned()
        }
        (Token::Bang, Token::FRBrace | Token::FColon | Token::FEnd) => {
            "f-string: missing conversion character".to_owned()
        }
        (Token::Bang, _) => "f-string: invalid conversion character".to_owned(),
        _ if starts_another(context, token, before) => return None,
        _ if context.expected.expression() => return around(context),
        _ => format!("f-string: {}", what_is_missing(context)),
    };
    let help = "a field is {expression}, {expression=}, {expression!r} or {expression:format}; for a brace in the text write {{ or }}";
    Some(
        Diagnostic::error(ErrorCode::FString, context.span(), message)
            .quoted(place)
            .help(help),
    )
}

/// In a field, perhaps in brackets inside of it, with nothing else to say: CPython names the token that follows the longest
/// expression at the start of the field.
pub(super) fn around(context: &Context<'_>) -> Option<Diagnostic> {
    let field = *context
        .open
        .iter()
        .rfind(|&&at| context.at(at) == Some(Token::FLBrace))?;
    let inside = context.top_level(field + 1);
    let ends = |at: &&usize| context.at(**at).is_some_and(Token::ends_expression);
    let (place, what) = match inside.iter().rposition(|at| ends(&at)) {
        Some(last) => (
            inside.get(last + 1).copied().unwrap_or(context.index),
            "expecting '=', or '!', or ':', or '}'",
        ),
        None => (field + 1, "expecting a valid expression after '{'"),
    };
    let message = format!("f-string: {what}");
    let diagnostic = Diagnostic::error(ErrorCode::FString, context.span(), message);
    Some(
        diagnostic
            .quoted(context.span_at(place))
            .label("does not fit here"),
    )
}

/// Whether the format of the field has begun.
fn spec_started(context: &Context<'_>, open: usize) -> bool {
    context
        .top_level(open + 1)
        .iter()
        .any(|&at| context.at(at) == Some(Token::FColon))
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
        _ => "invalid syntax",
    }
}

/// The colon of a lambda was taken for the start of the format.
fn in_lambda(context: &Context<'_>) -> bool {
    lambda_at(context).is_some()
}

fn lambda_at(context: &Context<'_>) -> Option<usize> {
    let from = context.open.last().map_or(context.line, |open| open + 1);
    context
        .top_level(from)
        .into_iter()
        .find(|&at| context.at(at) == Some(Token::Lambda))
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
