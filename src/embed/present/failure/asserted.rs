//! The values that a failed `assert` was about.
//!
//! Both sides of a comparison, or the value that was tested; of `and`, `or` and chains the text of each part that was evaluated beside
//! its value; then the variables of the function that a side names. The compiler says in which order (`compile::asserted`).

use std::fmt::Write;

use super::{raised_at, source_of};
use crate::compile::{Asserted, asserted};
use crate::diagnostics::SourceMap;
use crate::syntax::ast::{CmpOp, Expr, ExprKind, Module, StmtKind};
use crate::syntax::parse_module;
use crate::vm::{Failure, Place, Values};

/// How much of a part's text and of a value is shown.
const LONGEST_TEXT: usize = 40;
const LONGEST_VALUE: usize = 2_000;
/// The same where the difference follows.
const LONGEST_BEGINNING: usize = 240;

/// Adds the values, one below the other.
pub fn values(out: &mut String, failure: &Failure, sources: &SourceMap, much: Values) {
    let names = names(failure, sources);
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for (at, (name, value)) in names.iter().zip(&failure.compared).enumerate() {
        // A display of constants says it all by itself.
        if let Some(value) = value
            && !name.is_empty()
            && name != value
            && !rows.contains(&(name, value))
            && (at == 0 || !value.starts_with("<module '"))
        {
            rows.push((name, value));
        }
    }
    let width = rows.iter().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or(0) + 1;
    for (name, value) in rows {
        let label = format!("  {:width$} ", format!("{name}:"));
        let indent = " ".repeat(label.chars().count());
        // The lines of a long repr stand below each other.
        let value = clip(value, much).replace('\n', &format!("\n{indent}"));
        let _ = writeln!(out, "{label}{value}");
    }
}

/// What the values are called.
fn names(failure: &Failure, sources: &SourceMap) -> Vec<String> {
    let count = failure.compared.len();
    if count == 0 {
        return Vec::new();
    }
    parts(failure, sources).unwrap_or_else(|| match count {
        1 => vec!["value".to_owned()],
        2 => vec!["left".to_owned(), "right".to_owned()],
        _ => (1..=count).map(|n| format!("value {n}")).collect(),
    })
}

/// Whether the test at a place is one `==`, so that the first two values are its sides.
#[cfg(feature = "cli")]
pub fn is_equality(place: &Place, sources: &SourceMap) -> bool {
    let Some((_, module)) = parsed(place, sources) else {
        return false;
    };
    let test = module.body.first().map(|first| &first.kind);
    let Some(StmtKind::Expr(test)) = test else {
        return false;
    };
    match asserted(test) {
        Asserted::Sides(test, _) => is_about_equality(test) == Some(true),
        Asserted::Parts(_) => false,
    }
}

/// Of a comparison by `==` or `!=`, whether it is the first.
fn is_about_equality(test: &Expr) -> Option<bool> {
    match &test.kind {
        ExprKind::Compare { rest, .. } if rest.len() == 1 => match rest[0].0 {
            CmpOp::Eq => Some(true),
            CmpOp::NotEq => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// The text of the test at a place, in parentheses as it may go over several lines, and its tree.
fn parsed(place: &Place, sources: &SourceMap) -> Option<(String, Module)> {
    let span = place.0.span_at(place.1);
    let text = format!("({})", span.text(source_of(place, sources).text()));
    let module = parse_module(&text).module?;
    Some((text, module))
}

/// What the sides of a test are called.
fn sides(test: &Expr, text: &str) -> Vec<String> {
    match &test.kind {
        _ if is_about_equality(test).is_some() => vec!["left".to_owned(), "right".to_owned()],
        ExprKind::Compare { left, rest } => {
            let all = [&**left].into_iter().chain(rest.iter().map(|it| &it.1));
            let name = |side: &Expr| match is_literal(side) {
                true => String::new(),
                false => shown(side, text),
            };
            all.map(name).collect()
        }
        ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => {
            vec![shown(test, text)]
        }
        _ => vec!["value".to_owned()],
    }
}

/// Whether an expression says its value all by itself.
fn is_literal(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Constant(_) => true,
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
            items.iter().all(is_literal)
        }
        _ => false,
    }
}

/// The text of each value; None where the text is not that of the test.
fn parts(failure: &Failure, sources: &SourceMap) -> Option<Vec<String>> {
    let (text, module) = parsed(&raised_at(failure)?, sources)?;
    let StmtKind::Expr(test) = &module.body.first()?.kind else {
        return None;
    };
    let texts: Vec<String> = match asserted(test) {
        Asserted::Parts(parts) => parts.iter().map(|part| shown(part, &text)).collect(),
        Asserted::Sides(test, names) => {
            let names = names.iter().map(|name| shown(name, &text));
            sides(test, &text).into_iter().chain(names).collect()
        }
    };
    (texts.len() == failure.compared.len()).then_some(texts)
}

/// A part's text in one line.
fn shown(part: &Expr, text: &str) -> String {
    let words: Vec<&str> = part.span.text(text).split_whitespace().collect();
    let text = words.join(" ");
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The beginning of a value that is too long to read.
fn clip(value: &str, much: Values) -> String {
    let longest = match much {
        Values::Long => LONGEST_VALUE,
        Values::Short => LONGEST_BEGINNING,
    };
    match value.char_indices().nth(longest) {
        Some((end, _)) => format!("{}… ({} characters)", &value[..end], value.chars().count()),
        None => value.to_owned(),
    }
}
