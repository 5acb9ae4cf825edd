//! Mistakes with blocks: indentation, colons, clauses.
//!
//! Each function looks at the place (`context`) and answers a diagnostic or nothing. To explain another mistake: such a
//! function, and a row in `RECOGNISERS`.

use super::super::token::Token;
use super::context::Context;
use crate::diagnostics::source_map::line_of;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// An INDENT that no colon asked for.
pub(super) fn unexpected_indent(context: &Context<'_>) -> Option<Diagnostic> {
    if context.token() != Some(Token::Indent) {
        return None;
    }
    let diagnostic = Diagnostic::error(
        ErrorCode::UnexpectedIndent,
        context.span(),
        "unexpected indent",
    );
    Some(
        diagnostic
            .label("deeper than the line above")
            .help("only the block behind a line that ends in a colon is indented"),
    )
}

/// A colon and a new line, but no INDENT.
pub(super) fn missing_block(context: &Context<'_>) -> Option<Diagnostic> {
    if !context.expected.has("indent") || context.index < 2 {
        return None;
    }
    let newline = context.index - 1;
    let line = context.lexemes[..newline]
        .iter()
        .rposition(|lexeme| matches!(lexeme.token, Token::Newline | Token::Indent | Token::Dedent));
    let header = line.map_or(0, |index| index + 1);
    let (name, at) = clause_name(context, header)?;
    let keyword = context.span_at(at);
    let line = line_of(context.source, keyword.start);
    let message = format!("expected an indented block after {name} on line {line}");
    let rest = &context.source[context.span().start as usize..];
    // Where the text ends its last line is shown, not the empty one behind it.
    let (place, label) = if rest.trim().is_empty() {
        let text = context.source;
        let end = text.strip_suffix('\n').unwrap_or(text).len() as u32;
        (Span::at(end), "the text ends without it")
    } else {
        (context.span(), "this line is not deeper")
    };
    let diagnostic = Diagnostic::error(ErrorCode::ExpectedBlock, place, message)
        .label(label)
        .also(
            Span::new(
                context.span_at(header).start,
                context.span_at(newline - 1).end,
            ),
            "this needs a block",
        );
    Some(diagnostic.help("indent the lines that belong to it; write `pass` if there are none"))
}

/// What a line that starts at `header` begins, and where its keyword is.
fn clause_name(context: &Context<'_>, header: usize) -> Option<(&'static str, usize)> {
    let at = header + usize::from(context.at(header) == Some(Token::Async));
    let name = match context.at(at)? {
        Token::If => "'if' statement",
        Token::Elif => "'elif' statement",
        Token::Else => "'else' statement",
        Token::For => "'for' statement",
        Token::While => "'while' statement",
        Token::With => "'with' statement",
        Token::Try => "'try' statement",
        Token::Except if context.at(at + 1) == Some(Token::Star) => "'except*' statement",
        Token::Except => "'except' statement",
        Token::Finally => "'finally' statement",
        Token::Match => "'match' statement",
        Token::Case => "'case' statement",
        Token::Def => "function definition",
        Token::Class => "class definition",
        _ => return None,
    };
    Some((name, at))
}

/// `else:` with no statement that it could belong to.
pub(super) fn orphan_clause(context: &Context<'_>) -> Option<Diagnostic> {
    let (clause, owners) = match context.token()? {
        Token::Else => ("else", "`if`, `for`, `while` or `try`"),
        Token::Elif => ("elif", "`if`"),
        Token::Except => ("except", "`try`"),
        Token::Finally => ("finally", "`try`"),
        Token::Case => ("case", "`match`"),
        _ => return None,
    };
    if !context.expected.statement() || context.before().is_some() {
        return None;
    }
    let message = format!("this `{clause}` belongs to no {owners}");
    let diagnostic = Diagnostic::error(ErrorCode::OrphanClause, context.span(), message)
        .label(format!("no {owners} at this depth just before it"));
    Some(diagnostic.help(format!(
        "indent `{clause}` like the statement it belongs to, with nothing in between"
    )))
}

/// A `try` block followed by neither `except` nor `finally`.
pub(super) fn lone_try(context: &Context<'_>) -> Option<Diagnostic> {
    let expected = &context.expected;
    if !(expected.has("except") && expected.has("finally"))
        || expected.statement()
        || expected.has("dedent")
    {
        return None;
    }
    let message = "expected 'except' or 'finally' block";
    let diagnostic = Diagnostic::error(ErrorCode::TryWithoutHandler, context.span(), message)
        .label("the `try` above has neither");
    let diagnostic = match matching_try(context) {
        Some(at) => diagnostic.also(context.span_at(at), "this `try`"),
        None => diagnostic,
    };
    Some(diagnostic.help("add `except SomeError:` with a block, or remove the `try`"))
}

/// The `try` whose block ended just before the refused token.
fn matching_try(context: &Context<'_>) -> Option<usize> {
    let mut depth = 0;
    (0..context.index).rev().find(|&at| {
        match context.at(at) {
            Some(Token::Dedent) => depth += 1,
            Some(Token::Indent) => depth -= 1,
            Some(Token::Try) => return depth <= 0,
            _ => {}
        }
        false
    })
}

/// What the colon of a header that starts with a keyword stands after.
const fn behind_what(keyword: Token) -> &'static str {
    match keyword {
        Token::If => "after the condition of this `if`",
        Token::Elif => "after the condition of this `elif`",
        Token::While => "after the condition of this `while`",
        Token::Else => "after this `else`",
        Token::For => "after what this `for` goes through",
        Token::With => "after the items of this `with`",
        Token::Try => "after this `try`",
        Token::Except => "after the exceptions of this `except`",
        Token::Finally => "after this `finally`",
        Token::Match => "after the subject of this `match`",
        Token::Case => "after the pattern of this `case`",
        Token::Def => "after the parameters of this `def`",
        Token::Class => "after the head of this `class`",
        _ => "at the end of this header",
    }
}

/// `'if' statement` as "an `if` statement".
fn with_article(name: &str) -> String {
    let word = name.trim_start_matches('\'');
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {}", name.replace('\'', "`"))
}

/// A header that goes on, or ends, where its colon should be.
pub(super) fn missing_colon(context: &Context<'_>) -> Option<Diagnostic> {
    if !context.expected.has(":") || !context.open.is_empty() {
        return None;
    }
    let at = context.line + usize::from(context.first() == Some(Token::Async));
    let (name, keyword) = clause_name(context, at)?;
    let keyword = context.at(keyword)?;
    let header = context.top_level(context.line);
    if header
        .iter()
        .any(|&at| context.at(at) == Some(Token::Colon))
    {
        return None;
    }
    let insists = matches!(
        keyword,
        Token::Else | Token::Try | Token::Finally | Token::Def
    );
    if context.token() != Some(Token::Newline) && !insists {
        return None;
    }
    if context.token() == Some(Token::If) && keyword == Token::Else {
        let diagnostic = Diagnostic::error(ErrorCode::ElseIf, context.span(), "expected ':'");
        return Some(
            diagnostic
                .label("`else if` is one word here")
                .help("write `elif`"),
        );
    }
    let end = context.span_at(context.index.saturating_sub(1)).end;
    let place = if context.token() == Some(Token::Newline) {
        Span::new(end, context.span().start.max(end))
    } else {
        context.span()
    };
    let diagnostic = Diagnostic::error(ErrorCode::MissingColon, place, "expected ':'");
    let label = format!("expected `:` {}", behind_what(keyword));
    Some(diagnostic.label(label).help(format!(
        "the header of {} ends in a colon",
        with_article(name)
    )))
}
