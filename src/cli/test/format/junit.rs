//! JUnit's XML, as continuous integration servers read it: one suite, a `testcase` a test, with the names that pytest writes.
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
        let (class, name) = names(&done.file.to_string_lossy(), &done.name);
        let _ = write!(
            out,
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
            escape(&class),
            escape(name),
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

/// The names of class and test: of `tests/test_a.py::TestB::test_c[1]` they are `tests.test_a.TestB` and `test_c[1]`.
fn names<'n>(file: &str, id: &'n str) -> (String, &'n str) {
    let file = file.strip_prefix("./").unwrap_or(file);
    let inside = id.strip_prefix(file).and_then(|it| it.strip_prefix("::"));
    let Some(inside) = inside else {
        return (file.to_owned(), id);
    };
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let module = stem.replace('/', ".");
    // Parameters may hold colons, too.
    let end = inside.find('[').unwrap_or(inside.len());
    match inside[..end].rfind("::") {
        Some(at) => {
            let class = inside[..at].replace("::", ".");
            (format!("{module}.{class}"), &inside[at + 2..])
        }
        None => (module, inside),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_those_of_pytest() {
        let both = |id| super::names("tests/test_a.py", id);
        assert_eq!(
            both("tests/test_a.py::TestB::test_c[a::b]"),
            ("tests.test_a.TestB".to_owned(), "test_c[a::b]")
        );
        assert_eq!(
            super::names("./tests/test_a.py", "tests/test_a.py::test_d"),
            ("tests.test_a".to_owned(), "test_d")
        );
        assert_eq!(
            both("tests/test_a.py"),
            ("tests/test_a.py".to_owned(), "tests/test_a.py")
        );
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(
            super::escape("a<b & \"c\"\x1b\n"),
            "a&lt;b &amp; &quot;c&quot;\u{fffd}\n"
        );
    }
}
