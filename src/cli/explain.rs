//! `apy explain E0106`: what a kind of mistake is, with a wrong and a right example.
//!
//! The texts are the pages under `docs/errors`, which the table in `diagnostics::codes` carries; without a number all kinds are
//! listed. Zeros and the letter may be left out. An unknown number gets the nearest one as a suggestion.

use std::fmt::Write;
use std::io::{self, IsTerminal};

use super::output::write_listing;
use super::status;
use super::style::complain;
use crate::diagnostics::similar::nearest;
use crate::diagnostics::{ErrorCode, fitted, width};

/// Explains kinds by their numbers, or lists all; the exit status.
pub fn explain(numbers: &[String]) -> u8 {
    if numbers.is_empty() {
        return write_listing(&list());
    }
    let mut status = status::OK;
    for (index, number) in numbers.iter().enumerate() {
        if index > 0 {
            write_listing("\n");
        }
        status = status.max(one(number));
    }
    status
}

/// `E0106`, `e106`, `[E0106]` and `106` are one number.
fn full(number: &str) -> String {
    let bare = number.trim_matches(['[', ']', ',', ':']).to_uppercase();
    let digits = bare.strip_prefix('E').unwrap_or(&bare);
    match digits.parse::<u16>() {
        Ok(n) => format!("E{n:04}"),
        Err(_) => bare,
    }
}

fn one(number: &str) -> u8 {
    let wanted = full(number);
    if let Some(code) = ErrorCode::from_id(&wanted) {
        return write_listing(&plain(code.explanation()));
    }
    let ids = ErrorCode::ALL.iter().map(|code| code.id());
    let hint = nearest(&wanted, ids).map_or_else(
        || "`apy explain` lists all".to_owned(),
        |id| format!("did you mean {id}? `apy explain` lists all"),
    );
    complain(&format!(
        "no kind of mistake is numbered '{number}'; {hint}"
    ));
    status::USAGE
}

fn list() -> String {
    ErrorCode::ALL.iter().fold(String::new(), |mut out, code| {
        let _ = writeln!(out, "{}  {}: {}", code.id(), code.exception(), code.title());
        out
    })
}

/// A page without its marks: a terminal shows examples by their indentation, and its width breaks the lines of paragraphs.
fn plain(page: &str) -> String {
    let reflows = width().is_some() && io::stdout().is_terminal();
    let text = without_marks(page, reflows);
    if reflows { fitted(&text) } else { text }
}

fn without_marks(page: &str, joins: bool) -> String {
    let mut in_example = false;
    let mut out = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            in_example = !in_example;
        } else if in_example {
            let _ = writeln!(out, "{}", format!("    {line}").trim_end());
        } else {
            out.push_str(line.trim_start_matches("# "));
            let begins = |next: &str| {
                next.is_empty() || next.starts_with("```") || next.starts_with(['-', '|', '#'])
            };
            let goes_on = joins && !begins(line) && lines.peek().is_some_and(|next| !begins(next));
            out.push(if goes_on { ' ' } else { '\n' });
        }
    }
    // The blank lines around a fence and the one that it leaves are one.
    out.replace("\n\n\n", "\n\n")
}
