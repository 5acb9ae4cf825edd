//! Mistakes within expressions.
//!
//! Each function looks at the place (`context`) and answers a diagnostic or nothing. To explain another mistake: such a
//! function, and a row in `RECOGNISERS`.

use super::super::token::Token;
use super::context::Context;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// `[a, b for a, b in c]`
pub(super) fn unparenthesized_target(context: &Context<'_>) -> Option<Diagnostic> {
    if !matches!(context.token(), Some(Token::For | Token::Async)) {
        return None;
    }
    let &open = context.open.last()?;
    let inside = context.top_level(open + 1);
    let &comma = inside
        .iter()
        .find(|&&at| context.at(at) == Some(Token::Comma))?;
    if !matches!(context.at(open), Some(Token::LBracket | Token::LBrace)) || comma == open + 1 {
        return None;
    }
    let span = context
        .span_at(open + 1)
        .to(context.span_at(context.index - 1));
    let message = "did you forget parentheses around the comprehension target?";
    let text = span.text(context.source);
    Some(
        Diagnostic::error(ErrorCode::ComprehensionTarget, span, message)
            .label("several values for one item")
            .help(format!("write ({text})")),
    )
}

/// Two operands side by side within brackets.
pub(super) fn missing_comma(context: &Context<'_>) -> Option<Diagnostic> {
    let (token, before) = (context.token()?, context.before()?);
    let starts = token.starts_operand();
    if context.open.is_empty() || !starts || !before.ends_expression() || context.in_params() {
        return None;
    }
    if let Some(diagnostic) = missing_dict_colon(context) {
        return Some(diagnostic);
    }
    if before == Token::Name && matches!(token, Token::String | Token::FStart) {
        return None;
    }
    let start = context.operand_start(context.index - 1);
    let span = context.span_at(start).to(context.span());
    let message = "invalid syntax. Perhaps you forgot a comma?";
    let diagnostic =
        Diagnostic::error(ErrorCode::MissingComma, span, message).label("two values side by side");
    Some(diagnostic.help("separate them with a comma, or put an operator between them"))
}

/// `{1: 2, 3 4}`: a key of a dict, and no colon.
fn missing_dict_colon(context: &Context<'_>) -> Option<Diagnostic> {
    let &open = context.open.last()?;
    let inside = context.top_level(open + 1);
    let is = |at: &usize, token| context.at(*at) == Some(token);
    let item = inside.iter().rposition(|at| is(at, Token::Comma))?;
    let (before, item) = inside.split_at(item);
    if context.at(open) != Some(Token::LBrace)
        || !before.iter().any(|at| is(at, Token::Colon))
        || item.iter().any(|at| is(at, Token::Colon))
    {
        return None;
    }
    let key = context.span_at(context.index - 1);
    let message = "':' expected after dictionary key";
    let diagnostic = Diagnostic::error(ErrorCode::ExpectedToken, Span::at(key.end), message);
    Some(
        diagnostic
            .quoted(Span::at(key.end.saturating_sub(1)))
            .help("write key: value"),
    )
}

/// `a if b` without an `else`
pub(super) fn missing_else(context: &Context<'_>) -> Option<Diagnostic> {
    if !context.expected.has("else")
        || context.expected.statement()
        || context.token() == Some(Token::Colon)
    {
        return None;
    }
    let from = context.open.last().map_or(context.line, |open| open + 1);
    let at = context
        .top_level(from)
        .into_iter()
        .rfind(|&at| context.at(at) == Some(Token::If))?;
    if at == context.line {
        return None;
    }
    let end = context.span_at(context.index - 1);
    let span = context.span_at(context.operand_start(at - 1)).to(end);
    let diagnostic = Diagnostic::error(
        ErrorCode::MissingElse,
        span,
        "expected 'else' after 'if' expression",
    );
    Some(
        diagnostic
            .label("has no value if the condition does not hold")
            .help("write: value if condition else other"),
    )
}

/// `=` where only a value can stand
pub(super) fn assignment(context: &Context<'_>) -> Option<Diagnostic> {
    if context.token() != Some(Token::Equal) || !context.before()?.ends_expression() {
        return None;
    }
    if context.open.is_empty() && !is_condition(context) {
        return None;
    }
    let last = context.index - 1;
    let start = context.operand_start(last);
    let span = context.span_at(start).to(context.span_at(last));
    let what = match context.at(last)? {
        Token::Name if start == last => {
            let message = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
            let diagnostic = Diagnostic::error(
                ErrorCode::AssignInExpression,
                span.to(context.span()),
                message,
            );
            let value = context.span_at(context.operand_end(context.index + 1));
            return Some(
                diagnostic
                    .quoted(span.to(value))
                    .label("a value is wanted here, not an assignment")
                    .help("write == to compare, := to assign"),
            );
        }
        Token::Name => "attribute",
        Token::Number | Token::String => "literal",
        Token::FEnd => "f-string expression",
        Token::Ellipsis => "ellipsis",
        Token::RParen if context.opening(last) > start => "function call",
        Token::RBracket if context.opening(last) > start => "subscript",
        Token::RBrace => "set display",
        _ => return None,
    };
    let message = format!("cannot assign to {what} here. Maybe you meant '==' instead of '='?");
    let diagnostic = Diagnostic::error(ErrorCode::AssignInExpression, span, message);
    Some(
        diagnostic
            .label("a value is wanted here, not an assignment")
            .help("write == to compare"),
    )
}

/// Whether the statement is one in which no `=` can stand.
fn is_condition(context: &Context<'_>) -> bool {
    use Token::*;
    let first = context.at(context.statement());
    matches!(first, Some(If | Elif | While | Match | Case))
}

/// `def f(a, (b, c)):`
pub(super) fn parenthesized_params(context: &Context<'_>) -> Option<Diagnostic> {
    if context.token() != Some(Token::LParen) || !context.expected.has("/") {
        return None;
    }
    let is_lambda = context.bracket() != Some(Token::LParen) || context.first() != Some(Token::Def);
    let what = if is_lambda {
        "Lambda expression"
    } else {
        "Function"
    };
    let message = format!("{what} parameters cannot be parenthesized");
    let diagnostic = Diagnostic::error(ErrorCode::Parameters, context.span(), message);
    let whole = context
        .span()
        .to(context.span_at(context.operand_end(context.index)));
    Some(
        diagnostic
            .quoted(whole)
            .help("take one parameter and unpack it inside"),
    )
}

/// `1 + not x`
pub(super) fn not_after_operator(context: &Context<'_>) -> Option<Diagnostic> {
    let operator = matches!(
        context.before()?,
        Token::Plus
            | Token::Minus
            | Token::Star
            | Token::Slash
            | Token::DoubleSlash
            | Token::Percent
            | Token::At
            | Token::Tilde
            | Token::LeftShift
            | Token::RightShift
            | Token::Ampersand
            | Token::Pipe
            | Token::Caret
    );
    if context.token() != Some(Token::Not) || !operator {
        return None;
    }
    let span = context.span_at(context.index - 1).to(context.span());
    let diagnostic = Diagnostic::error(
        ErrorCode::NotAfterOperator,
        span,
        "'not' after an operator must be parenthesized",
    );
    let operand = context.span_at(context.operand_end(context.index));
    Some(
        diagnostic
            .quoted(context.span().to(operand))
            .help("write (not ...)"),
    )
}

/// `f(*)`
pub(super) fn bare_star(context: &Context<'_>) -> Option<Diagnostic> {
    let star = context.index.checked_sub(1)?;
    let ends = matches!(
        context.token()?,
        Token::RParen | Token::RBracket | Token::Colon | Token::Comma
    );
    let starts = matches!(
        context.at(star.checked_sub(1)?)?,
        Token::LParen | Token::LBracket | Token::Comma
    );
    if context.before() != Some(Token::Star) || !starts || !ends || !context.expected.expression() {
        return None;
    }
    let diagnostic = Diagnostic::error(
        ErrorCode::MisplacedStar,
        context.span_at(star),
        "Invalid star expression",
    );
    Some(
        diagnostic
            .quoted(context.span())
            .label("what should be unpacked here?"),
    )
}

/// `a[*(1:2)]`: what is unpacked cannot be read.
pub(super) fn starred_group(context: &Context<'_>) -> Option<Diagnostic> {
    let follows_star = |&&open: &&usize| {
        let before = |back: usize| open.checked_sub(back).and_then(|at| context.at(at));
        before(1) == Some(Token::Star)
            && matches!(
                before(2),
                Some(Token::LParen | Token::LBracket | Token::Comma)
            )
    };
    context.open.iter().find(follows_star)?;
    let message = "Invalid star expression";
    Some(Diagnostic::error(
        ErrorCode::MisplacedStar,
        context.span(),
        message,
    ))
}

/// `f(*args=[])`
pub(super) fn starred_keyword(context: &Context<'_>) -> Option<Diagnostic> {
    let name = context.index.checked_sub(1)?;
    if context.token() != Some(Token::Equal) || context.open.is_empty() {
        return None;
    }
    let start = context.operand_start(name).checked_sub(1)?;
    let what = match context.at(start)? {
        Token::Star => "iterable",
        Token::DoubleStar => "keyword",
        _ => return None,
    };
    let span = context.span_at(start).to(context.span());
    let message = format!("cannot assign to {what} argument unpacking");
    Some(
        Diagnostic::error(ErrorCode::CallArguments, span, message)
            .help("give a name or unpack, not both"),
    )
}

/// `[x for x if y]`
pub(super) fn missing_in(context: &Context<'_>) -> Option<Diagnostic> {
    if !context.expected.has("in")
        || context.expected.has("==")
        || !matches!(context.token()?, Token::If | Token::Colon)
    {
        return None;
    }
    let from = context.open.last().map_or(context.line, |open| open + 1);
    let keyword = context
        .top_level(from)
        .into_iter()
        .rfind(|&at| context.at(at) == Some(Token::For))?;
    let span = context
        .span_at(keyword)
        .to(context.span_at(context.index - 1));
    let is_statement = context.open.is_empty() && keyword == context.statement();
    let (message, quoted) = match is_statement {
        true => (
            "`in` is missing after the variables of the loop",
            context.span(),
        ),
        false => ("'in' expected after for-loop variables", span),
    };
    let diagnostic = Diagnostic::error(ErrorCode::MissingIn, span, message).quoted(quoted);
    Some(diagnostic.help("write: for item in items"))
}

/// `f(a = i for i in x)`
pub(super) fn keyword_generator(context: &Context<'_>) -> Option<Diagnostic> {
    if context.token() != Some(Token::For) || context.bracket() != Some(Token::LParen) {
        return None;
    }
    let inside = context.top_level(context.open.last()? + 1);
    let comma = inside
        .iter()
        .rposition(|&at| context.at(at) == Some(Token::Comma));
    let argument = &inside[comma.map_or(0, |at| at + 1)..];
    let [name, equal, ..] = argument else {
        return None;
    };
    if context.at(*name) != Some(Token::Name) || context.at(*equal) != Some(Token::Equal) {
        return None;
    }
    let span = context.span_at(*name).to(context.span_at(*equal));
    let message = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
    let diagnostic = Diagnostic::error(ErrorCode::AssignInExpression, span, message);
    Some(
        diagnostic
            .label("gives the argument a name")
            .help("put parentheses around the generator expression"),
    )
}

/// `def f(a, /*, b):`
pub(super) fn slash_star(context: &Context<'_>) -> Option<Diagnostic> {
    if context.token() != Some(Token::Star)
        || context.before() != Some(Token::Slash)
        || !context.expected.has(",")
    {
        return None;
    }
    let span = context.span_at(context.index - 1).to(context.span());
    Some(
        Diagnostic::error(
            ErrorCode::Parameters,
            span,
            "expected comma between / and *",
        )
        .help("write /, *"),
    )
}
