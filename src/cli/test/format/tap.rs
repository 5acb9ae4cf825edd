//! The Test Anything Protocol, version 14: a line a test, and the reason of a failure as a YAML block.
//!
//! <https://testanything.org/tap-version-14-specification.html>

use std::fmt::Write;

use super::super::Summary;
use super::super::verdict::Verdict;

/// The summary as TAP.
pub fn write(summary: &Summary) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", summary.done.len());
    for (index, done) in summary.done.iter().enumerate() {
        let verdict = if done.failure().is_some() {
            "not ok"
        } else {
            "ok"
        };
        // A `#` in a description would begin a directive.
        let name = done.name.replace('\\', "\\\\").replace('#', "\\#");
        let directive = match &done.verdict {
            Verdict::Skipped(reason) => format!(" # SKIP {reason}"),
            Verdict::ExpectedFailure(reason) => format!(" # TODO {reason}"),
            _ => String::new(),
        };
        let directive = directive.replace('\n', " ");
        let _ = writeln!(out, "{verdict} {} - {name}{directive}", index + 1);
        let _ = writeln!(
            out,
            "  ---\n  duration_ms: {:.3}",
            done.took.as_secs_f64() * 1e3
        );
        if let Some(why) = done.failure() {
            out.push_str("  message: |\n");
            for line in why.lines() {
                let _ = writeln!(out, "    {line}");
            }
        }
        out.push_str("  ...\n");
    }
    out
}
