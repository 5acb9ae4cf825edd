//! Applies the fixes of findings to a text, and looks at the text anew until there are none left.
//!
//! Fixes that overlap are applied one after another. A change after which the text has more findings than before is taken back.

use crate::diagnostics::{Diagnostic, Fix};

/// More rounds than any text needs: each removes one name of every import.
const ROUNDS: usize = 100;

/// The text after all fixes; None if there were none.
pub fn mend(
    text: &[u8],
    found: Vec<Diagnostic>,
    look: impl Fn(&[u8]) -> Vec<Diagnostic>,
) -> Option<Vec<u8>> {
    let mut best: Option<Vec<u8>> = None;
    let mut found = found;
    for _ in 0..ROUNDS {
        let text = best.as_deref().unwrap_or(text);
        let mut fixes: Vec<Fix> = found
            .iter()
            .filter_map(|finding| finding.fix.clone())
            .collect();
        if fixes.is_empty() {
            break;
        }
        fixes.sort_by_key(|fix| fix.span);
        let changed = apply(text, &fixes);
        let now = look(&changed);
        if now.len() >= found.len() {
            break;
        }
        found = now;
        best = Some(changed);
    }
    best
}

/// A text with those of some fixes, in order, that do not overlap one before.
fn apply(text: &[u8], fixes: &[Fix]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for fix in fixes {
        let (start, end) = (fix.span.start as usize, fix.span.end as usize);
        if start < at {
            continue;
        }
        out.extend_from_slice(text.get(at..start).unwrap_or_default());
        out.extend_from_slice(fix.text.as_bytes());
        at = end;
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Span;

    #[test]
    fn fixes_that_overlap_wait_for_the_next_round() {
        let fix = |start, end| Fix {
            span: Span::new(start, end),
            text: String::new(),
        };
        assert_eq!(
            apply(b"0123456789", &[fix(1, 4), fix(3, 5), fix(6, 8)]),
            b"04589"
        );
    }
}
