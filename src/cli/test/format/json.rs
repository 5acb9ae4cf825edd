//! One JSON object: counts, and a list of the tests with name, file, status, seconds and the reason of a failure.
//!
//! docs/testing.md names the keys. New ones may come; those that are there keep their meaning.

use std::fmt::Write;

use super::super::super::markup::quote;
use super::super::Summary;
use super::super::verdict::Verdict;

/// The summary as JSON.
pub fn write(summary: &Summary) -> String {
    let failed = summary.failed();
    let mut out = format!(
        "{{\"passed\": {}, \"failed\": {failed}, \"not_run\": {}, \"seconds\": {:.3}, \"tests\": [",
        summary.count(|verdict| matches!(verdict, Verdict::Passed | Verdict::Blessed(_))),
        summary.left_out,
        summary.took.as_secs_f64()
    );
    for (index, done) in summary.done.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let (status, reason) = match &done.verdict {
            Verdict::Failed(_) => ("failed", None),
            Verdict::Skipped(reason) => ("skipped", Some(reason)),
            Verdict::ExpectedFailure(reason) => ("xfailed", Some(reason)),
            Verdict::UnexpectedPass(reason) => ("xpassed", Some(reason)),
            Verdict::Passed | Verdict::Blessed(_) => ("passed", None),
        };
        let _ = write!(
            out,
            "{comma}\n  {{\"name\": {}, \"file\": {}, \"status\": \"{status}\", \"seconds\": {:.3}",
            quote(&done.name),
            quote(&done.file.to_string_lossy()),
            done.took.as_secs_f64()
        );
        if let Some(why) = done.failure() {
            let _ = write!(out, ", \"message\": {}", quote(why));
        }
        if let Some(reason) = reason {
            let _ = write!(out, ", \"reason\": {}", quote(reason));
        }
        if !done.warnings.is_empty() {
            let texts: Vec<String> = done.warnings.iter().map(|text| quote(text)).collect();
            let _ = write!(out, ", \"warnings\": [{}]", texts.join(", "));
        }
        out.push('}');
    }
    out + "\n]}\n"
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings_are_quoted() {
        assert_eq!(super::quote("a\"\\\n\x1b"), r#""a\"\\\n\u001b""#);
    }
}
