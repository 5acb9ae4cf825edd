//! The values that a failed `assert` was about.
//!
//! Both sides of a comparison, or the value that was tested; of `and`, `or` and chains the text of each part that was evaluated beside
//! its value. The compiler says in which order (`compile::asserted`).

use std::fmt::Write;

use super::failure::{raised_at, source_of};
use crate::compile::{Asserted, asserted};
use crate::diagnostics::SourceMap;
use crate::syntax::ast::{Expr, StmtKind};
use crate::syntax::parse_module;
use crate::vm::{Failure, Values};

/// How much of a part's text and of a value is shown.
const LONGEST_TEXT: usize = 40;
const LONGEST_VALUE: usize = 2_000;
/// The same where the difference follows.
const LONGEST_BEGINNING: usize = 240;

/// Adds the values, one below the other.
pub fn values(out: &mut String, failure: &Failure, sources: &SourceMap, much: Values) {
    let names = names(failure, sources);
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for (name, value) in names.iter().zip(&failure.compared) {
        // A display of constants says it all by itself.
        if let Some(value) = value
            && name != value
            && !rows.contains(&(name, value))
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

/// The text of each part; None for a single comparison or value, and where the text is not that of the test.
fn parts(failure: &Failure, sources: &SourceMap) -> Option<Vec<String>> {
    let place = raised_at(failure)?;
    let text = place
        .0
        .span_at(place.1)
        .text(source_of(&place, sources).text());
    // In parentheses: the test may go over several lines.
    let text = format!("({text})");
    let module = parse_module(&text).module?;
    let StmtKind::Expr(test) = &module.body.first()?.kind else {
        return None;
    };
    let Asserted::Parts(parts) = asserted(test) else {
        return None;
    };
    (parts.len() == failure.compared.len())
        .then(|| parts.iter().map(|part| shown(part, &text)).collect())
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
