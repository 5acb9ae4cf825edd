//! JUnit's XML, as continuous integration servers read it: one suite, a `testcase` a test.
//!
//! XML has no way to write most control characters: they become U+FFFD.

use std::fmt::Write;

use super::super::super::markup::escape;
use super::super::Summary;
use super::super::verdict::Verdict;

/// The summary as XML.
pub fn write(summary: &Summary) -> String {
    let seconds = summary.took.as_secs_f64();
    let skipped =
        |verdict: &Verdict| matches!(verdict, Verdict::Skipped(_) | Verdict::ExpectedFailure(_));
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" skipped=\"{}\" time=\"{seconds:.3}\"",
        summary.done.len(),
        summary.failed(),
        summary.count(skipped)
    );
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite name=\"apy\" {counts}>\n"
    );
    for done in &summary.done {
        let file = done.file.to_string_lossy();
        let _ = write!(
            out,
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
            escape(&file),
            escape(&done.name),
            done.took.as_secs_f64()
        );
        match done.failure() {
            None => match &done.verdict {
                Verdict::Skipped(reason) | Verdict::ExpectedFailure(reason) => {
                    let _ = writeln!(
                        out,
                        ">\n      <skipped message=\"{}\"/>\n    </testcase>",
                        escape(reason)
                    );
                }
                _ => out.push_str("/>\n"),
            },
            Some(why) => {
                let first = why.lines().next().unwrap_or_default();
                let _ = writeln!(
                    out,
                    ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                    escape(first),
                    escape(why)
                );
            }
        }
    }
    out + "  </testsuite>\n</testsuites>\n"
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(
            super::escape("a<b & \"c\"\x1b\n"),
            "a&lt;b &amp; &quot;c&quot;\u{fffd}\n"
        );
    }
}
