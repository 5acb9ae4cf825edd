//! What was most likely meant where the grammar refused a token.
//!
//! The grammar only says "not this token". Here a list of recognisers looks at the tokens around the place; the first
//! that knows the mistake explains it, in CPython's words where CPython has words for it. To teach a
//! new mistake: a function from `Context` in the file of its topic, and a row in `RECOGNISERS`, specific before general.

mod block;
mod context;
mod expression;
mod field;
mod foreign;
mod statement;

use context::Context;
pub use context::Stop;

use super::token::Token;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// From the most specific to the most general.
const RECOGNISERS: &[fn(&Context<'_>) -> Option<Diagnostic>] = &[
    block::unexpected_indent,
    block::missing_block,
    block::lone_try,
    block::orphan_clause,
    field::in_field,
    foreign::operator,
    foreign::unknown,
    foreign::statement,
    statement::keyword_assigned,
    statement::print,
    statement::missing_names,
    statement::missing_types,
    statement::missing_value,
    statement::import_from,
    statement::as_in_tuple,
    statement::empty_type_params,
    expression::not_after_operator,
    expression::bare_star,
    expression::starred_keyword,
    expression::missing_in,
    expression::unparenthesized_target,
    expression::keyword_generator,
    expression::missing_comma,
    expression::missing_else,
    expression::assignment,
    expression::parenthesized_params,
    expression::slash_star,
    block::missing_colon,
    statement::missing_paren,
    statement::keyword_as_name,
    expression::starred_group,
];

/// Explains why the grammar refused a token.
#[must_use]
pub fn explain(stop: &Stop<'_>) -> Diagnostic {
    let context = Context::new(stop);
    let known = RECOGNISERS.iter().find_map(|recognise| recognise(&context));
    known
        .or_else(|| field::around(&context))
        .unwrap_or_else(|| generic(&context))
}

fn generic(context: &Context<'_>) -> Diagnostic {
    let expected = context.expected.sentence();
    let (code, message) = match context.token() {
        None => (
            ErrorCode::IncompleteStatement,
            "the text ends in the middle of a statement".to_owned(),
        ),
        Some(Token::Newline) => (
            ErrorCode::IncompleteStatement,
            "the line ends in the middle of a statement".to_owned(),
        ),
        Some(Token::Indent | Token::Dedent) => (
            ErrorCode::InvalidSyntax,
            "this line does not fit here".to_owned(),
        ),
        Some(_) => (
            ErrorCode::InvalidSyntax,
            format!("`{}` does not fit here", context.text()),
        ),
    };
    let diagnostic = Diagnostic::error(code, place(context), message);
    let diagnostic = match context.token() {
        Some(Token::Newline) => diagnostic.quoted(Span::at(context.span().start)),
        _ => diagnostic,
    };
    match (expected, context.before()) {
        (Some(sentence), _) => diagnostic.label(sentence),
        (None, Some(_)) => diagnostic.label(format!(
            "cannot follow `{}`",
            context.text_at(context.index - 1)
        )),
        (None, None) => diagnostic.label("cannot start a statement"),
    }
}

/// The refused token; where that is the end of a line, the place after the last word.
fn place(context: &Context<'_>) -> Span {
    let is_end = matches!(context.token(), None | Some(Token::Newline));
    match context.index.checked_sub(1) {
        Some(before) if is_end && before >= context.line => Span::at(context.span_at(before).end),
        _ => context.span(),
    }
}
