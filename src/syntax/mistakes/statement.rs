//! Mistakes with the forms of single statements.
//!
//! Each function looks at the place (`context`) and answers a diagnostic or nothing. To explain another mistake: such a
//! function, and a row in `RECOGNISERS`.

use super::super::token::{Lexeme, Token};
use super::context::Context;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// `print "hello"`
pub(super) fn print(context: &Context<'_>) -> Option<Diagnostic> {
    let name = context.index.checked_sub(1)?;
    let text = context.text_at(name);
    let is_statement =
        name == context.statement() || context.at(name.checked_sub(1)?) == Some(Token::Colon);
    if !is_statement || !["print", "exec"].contains(&text) || !context.token()?.starts_expression()
    {
        return None;
    }
    let end = statement_end(context);
    let rest = context.lexemes.get(context.index..).unwrap_or_default();
    let goes_on = |it: &&Lexeme| !matches!(it.token, Token::Newline | Token::Semicolon);
    let argument = rest.iter().take_while(goes_on).count();
    if !context.is_expression(&rest[..argument]) {
        return None;
    }
    let message = format!("Missing parentheses in call to '{text}'. Did you mean {text}(...)?");
    let argument = Span::new(context.span().start, end).text(context.source);
    let diagnostic = Diagnostic::error(
        ErrorCode::PrintStatement,
        Span::new(context.span_at(name).start, end),
        message,
    );
    Some(diagnostic.help(format!("write {text}({argument})")))
}

/// Where the statement with the refused token ends.
fn statement_end(context: &Context<'_>) -> u32 {
    let rest = &context.lexemes[context.index..];
    let ends = |token| matches!(token, Token::Newline | Token::Semicolon);
    let len = rest
        .iter()
        .position(|lexeme| ends(lexeme.token))
        .unwrap_or(rest.len());
    context.span_at(context.index + len.saturating_sub(1)).end
}

/// `import` without a name
pub(super) fn missing_names(context: &Context<'_>) -> Option<Diagnostic> {
    if context.token() != Some(Token::Newline) || context.before() != Some(Token::Import) {
        return None;
    }
    let span = context.span_at(context.index - 1);
    let diagnostic = Diagnostic::error(
        ErrorCode::InvalidImport,
        span,
        "Expected one or more names after 'import'",
    );
    Some(
        diagnostic
            .quoted(Span::at(context.span().start))
            .label("what is imported?"),
    )
}

/// `except*:`
pub(super) fn missing_types(context: &Context<'_>) -> Option<Diagnostic> {
    let star = context.before() == Some(Token::Star) && context.first() == Some(Token::Except);
    if !star
        || context.index != context.line + 2
        || !matches!(context.token()?, Token::Colon | Token::Newline)
    {
        return None;
    }
    let diagnostic = Diagnostic::error(
        ErrorCode::ExceptClause,
        context.span(),
        "expected one or more exception types",
    );
    Some(diagnostic.help("except* handles only named types; for all write except* Exception"))
}

/// `f(a=)`, `def f(a=)`, `{a:}`
pub(super) fn missing_value(context: &Context<'_>) -> Option<Diagnostic> {
    let (token, before) = (context.token()?, context.before()?);
    let ends = matches!(
        token,
        Token::Comma | Token::RParen | Token::RBrace | Token::Colon
    );
    if !ends || !context.expected.expression() {
        return None;
    }
    let is_params = context.in_params();
    let in_lambda = context.bracket() != Some(Token::LParen) || token == Token::Colon;
    let inside = context.top_level(context.open.last().map_or(context.line, |open| open + 1));
    let comma = inside
        .iter()
        .rposition(|&at| context.at(at) == Some(Token::Comma));
    let mark = inside.get(comma.map_or(0, |at| at + 1)).copied();
    let message = match (before, context.bracket()) {
        (Token::Equal, _)
            if is_params && mark.and_then(|at| context.at(at)) == Some(Token::Star) =>
        {
            "var-positional argument cannot have default value"
        }
        (Token::Equal, Some(Token::LParen)) if !is_params && !in_lambda => {
            "expected argument value expression"
        }
        (Token::Equal, Some(Token::LBracket)) => return None,
        (Token::Equal, _) if is_params || in_lambda => "expected default value expression",
        (Token::Colon, Some(Token::LBrace)) if token != Token::Colon => {
            "expression expected after dictionary key and ':'"
        }
        _ => return None,
    };
    let span = context.span_at(context.index - 1);
    let quoted = match message {
        "expected argument value expression" => {
            context.span_at(context.index.saturating_sub(2)).to(span)
        }
        _ => span,
    };
    Some(
        Diagnostic::error(ErrorCode::MissingValue, span, message)
            .quoted(quoted)
            .label("no value follows")
            .help("write a value here, or remove what asks for one"),
    )
}

/// `def f:`
pub(super) fn missing_paren(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.line + usize::from(context.first() == Some(Token::Async));
    if context.at(at) != Some(Token::Def)
        || !context.open.is_empty()
        || !context.expected.has("(")
        || context.index != at + 2
    {
        return None;
    }
    let name = context.text_at(at + 1);
    let diagnostic =
        Diagnostic::error(ErrorCode::MissingParameters, context.span(), "expected '('");
    Some(
        diagnostic
            .label("the list of parameters is missing")
            .help(format!("write def {name}():, even without parameters")),
    )
}

/// `class = 1`, `for = 2`: a keyword that the rest of the line takes for a name.
pub(super) fn keyword_assigned(context: &Context<'_>) -> Option<Diagnostic> {
    let keyword = context.index.checked_sub(1)?;
    let is_name = context.token() == Some(Token::Equal)
        && keyword == context.statement()
        && context.at(keyword)?.is_keyword();
    if !is_name {
        return None;
    }
    let text = context.text_at(keyword);
    let message = format!("`{text}` is a keyword and cannot be a name");
    let diagnostic = Diagnostic::error(ErrorCode::KeywordAsName, context.span_at(keyword), message);
    Some(
        diagnostic
            .quoted(context.span())
            .label("assigned to here")
            .help(format!("choose another name, such as `{text}_`")),
    )
}

/// `def class():`
pub(super) fn keyword_as_name(context: &Context<'_>) -> Option<Diagnostic> {
    let token = context.token()?;
    if !token.is_keyword() || !context.expected.has("name") || context.expected.statement() {
        return None;
    }
    let text = token.text();
    let (message, label) = if context.expected.expression() {
        (
            format!("`{text}` is a keyword and cannot start a value"),
            "a value is wanted here",
        )
    } else {
        (
            format!("`{text}` is a keyword and cannot be a name"),
            "a name is wanted here",
        )
    };
    let diagnostic = Diagnostic::error(ErrorCode::KeywordAsName, context.span(), message);
    Some(
        diagnostic
            .label(label)
            .help(format!("choose another name, such as `{text}_`")),
    )
}

/// `with (a as b, c) as d:`
pub(super) fn as_in_tuple(context: &Context<'_>) -> Option<Diagnostic> {
    let is_with = matches!(context.first(), Some(Token::With | Token::Async));
    if context.token() != Some(Token::As) || !is_with || context.open.len() != 1 {
        return None;
    }
    let message = "`as` cannot stand in a tuple";
    let diagnostic = Diagnostic::error(ErrorCode::AsInTuple, context.span(), message);
    Some(
        diagnostic
            .label("names a part of a tuple")
            .help("put `as` behind the whole item, or separate the items by commas"),
    )
}

/// `import a from b`
pub(super) fn import_from(context: &Context<'_>) -> Option<Diagnostic> {
    let start = context.statement();
    let is_import = context.at(start) == Some(Token::Import) && context.index > start + 1;
    if context.token() != Some(Token::From) || !is_import {
        return None;
    }
    let names = Span::new(
        context.span_at(start + 1).start,
        context.span_at(context.index - 1).end,
    );
    let module = Span::new(context.span().end, statement_end(context));
    let span = context.span_at(start).to(module);
    let message = "Did you mean to use 'from ... import ...' instead?";
    let (names, module) = (
        names.text(context.source),
        module.text(context.source).trim(),
    );
    let diagnostic = Diagnostic::error(ErrorCode::ImportOrder, span, message);
    Some(diagnostic.help(format!("write from {module} import {names}")))
}

/// `def f[](): ...`
pub(super) fn empty_type_params(context: &Context<'_>) -> Option<Diagnostic> {
    let first = context.at(context.line + usize::from(context.first() == Some(Token::Async)));
    let is_list =
        matches!(first, Some(Token::Def | Token::Class | Token::Type)) && context.open.len() == 1;
    if context.token() != Some(Token::RBracket)
        || context.before() != Some(Token::LBracket)
        || !is_list
    {
        return None;
    }
    let span = context.span_at(context.index - 1).to(context.span());
    let diagnostic = Diagnostic::error(
        ErrorCode::TypeParameters,
        span,
        "Type parameter list cannot be empty",
    );
    Some(diagnostic.help("remove the brackets"))
}
