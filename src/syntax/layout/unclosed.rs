//! Brackets that stay open at the end of the text.
//!
//! As in CPython the message is about the innermost one; the others are shown beside it, since the one that is missing its end may be
//! any of them.

use super::{Open, closing};
use crate::diagnostics::{Diagnostic, ErrorCode};

/// How many brackets around the innermost are shown.
const SHOWN: usize = 3;

/// What is to be said of brackets that are never closed, outermost first; None if there are none.
pub(super) fn unclosed(open: &[Open]) -> Option<Diagnostic> {
    let (innermost, outer) = open.split_last()?;
    let text = innermost.token.text();
    let message = format!("'{text}' was never closed");
    let mut diagnostic = Diagnostic::error(ErrorCode::UnclosedBracket, innermost.span, message)
        .label(format!("this `{text}` is never closed"));
    for open in outer.iter().rev().take(SHOWN) {
        let text = open.token.text();
        diagnostic = diagnostic.also(open.span, format!("this `{text}` is not closed either"));
    }
    let missing: String = open.iter().rev().map(|o| closing(o.token)).collect();
    Some(diagnostic.help(match outer.len() {
        0 => format!("add the missing '{missing}'"),
        n if n <= SHOWN => format!("add the missing '{missing}', each where it belongs"),
        n => format!("{} brackets are open here; add what closes each", n + 1),
    }))
}
