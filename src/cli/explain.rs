//! `apy explain E0106`: what a kind of mistake is, with a wrong and a right example.
//!
//! The texts are the pages under `docs/errors`, which the table in `diagnostics::codes` carries; without a number all kinds are
//! listed. An unknown number gets the nearest one as a suggestion.

use std::fmt::Write;

use super::host::write_listing;
use super::status;
use super::style::complain;
use crate::diagnostics::Code;
use crate::diagnostics::similar::nearest;

/// Explains a kind by its number, or lists all; the exit status.
pub fn explain(number: Option<&str>) -> u8 {
    let Some(number) = number else {
        return write_listing(&list());
    };
    let wanted = number.trim_matches(['[', ']']).to_uppercase();
    if let Some(code) = Code::from_id(&wanted) {
        return write_listing(&plain(code.explanation()));
    }
    let ids = Code::ALL.iter().map(|code| code.id());
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
    Code::ALL.iter().fold(String::new(), |mut out, code| {
        let _ = writeln!(out, "{}  {}: {}", code.id(), code.exception(), code.title());
        out
    })
}

/// A page without its marks: a terminal shows examples by their indentation.
fn plain(page: &str) -> String {
    let mut in_example = false;
    let mut out = String::new();
    for line in page.lines() {
        if line.starts_with("```") {
            in_example = !in_example;
        } else if in_example {
            let _ = writeln!(out, "{}", format!("    {line}").trim_end());
        } else {
            let _ = writeln!(out, "{}", line.trim_start_matches("# "));
        }
    }
    // The blank lines around a fence and the one that it leaves are one.
    out.replace("\n\n\n", "\n\n")
}
