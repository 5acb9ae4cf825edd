//! Where an output is not the expected one: the lines that differ, with a little around them.
//!
//! Blanks at the end of a changed line and carriage returns are made visible: two lines that look alike explain nothing. Long
//! differences are cut.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use super::super::style::Style;

/// Lines around a change that are shown.
const CONTEXT: usize = 3;
/// More lines than that are cut.
const LONGEST: usize = 200;
/// After so long a coarser difference will do.
const PATIENCE: Duration = Duration::from_millis(500);

/// The lines of both texts that differ: `-` for expected only, `+` for found only.
pub fn diff(expected: &str, found: &str, style: Style) -> String {
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(expected, found);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push(style.dim("  ..."));
        }
        let changes = group.iter().flat_map(|op| diff.iter_changes(op));
        lines.extend(changes.map(|change| line(change.tag(), change.value(), style)));
    }
    let hidden = lines.len().saturating_sub(LONGEST);
    if hidden > 0 {
        lines.truncate(LONGEST);
        lines.push(style.dim(&format!("  ... {hidden} more lines ...")));
    }
    lines
        .into_iter()
        .flat_map(|line| [line, "\n".to_owned()])
        .collect()
}

fn line(tag: ChangeTag, text: &str, style: Style) -> String {
    let (body, end) = match text.strip_suffix('\n') {
        Some(body) => (body, ""),
        None => (text, "  (no new line at the end)"),
    };
    match tag {
        ChangeTag::Equal => format!("  {body}{end}"),
        ChangeTag::Delete => style.removed(&format!("- {}{end}", visible(body))),
        ChangeTag::Insert => style.added(&format!("+ {}{end}", visible(body))),
    }
}

fn visible(line: &str) -> String {
    let line = line.replace('\r', "␍").replace('\x1b', "␛");
    let kept = line.trim_end_matches(' ');
    format!("{kept}{}", "·".repeat(line.len() - kept.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Color;

    #[test]
    fn shows_what_differs_with_what_cannot_be_seen() {
        let plain = Style(Color::Never);
        assert_eq!(diff("a\nb\n", "a\nb \n", plain), "  a\n- b\n+ b·\n");
        assert_eq!(
            diff("a\n", "a", plain),
            "- a\n+ a  (no new line at the end)\n"
        );
        let (long, other) = ("x\n".repeat(1000), "y\n".repeat(1000));
        assert!(diff(&long, &other, plain).ends_with("  ... 1800 more lines ...\n"));
    }
}
