//! A measurement as text for people, for lcov, and as Cobertura's XML.
//!
//! A new form is a variant of `CoverageForm` (`args/testing.rs`), its name in `named`, and a function here.

use std::fmt::Write;

use super::super::args::CoverageForm;
use super::super::markup::escape;
use super::super::style::Style;
use super::report::{Measured, Measurement, percent};

/// The report in this form.
#[must_use]
pub fn write(report: &Measurement, form: CoverageForm, style: Style) -> String {
    match form {
        CoverageForm::Missing | CoverageForm::Table => table(report, form, style),
        CoverageForm::Lcov => lcov(report),
        CoverageForm::Xml => xml(report),
    }
}

fn table(report: &Measurement, form: CoverageForm, style: Style) -> String {
    let names = report.files.iter().map(|file| file.name.chars().count());
    let width = names.chain([5]).max().unwrap_or(5);
    let mut out = format!("{:width$}   Lines  Missed  Covered\n", "Coverage");
    let row = |name: &str, (all, ran): (usize, usize)| {
        let part = percent((all, ran)).floor();
        format!("{name:width$}  {all:6}  {:6}  {part:6}%", all - ran)
    };
    for file in &report.files {
        let counts = (file.lines.len(), file.ran());
        let line = row(&file.name, counts);
        let line = if counts.0 == counts.1 {
            line
        } else {
            style.warning(&line)
        };
        let missing = match form {
            CoverageForm::Missing => missing(file),
            _ => String::new(),
        };
        let _ = writeln!(out, "{}", format!("{line}  {missing}").trim_end());
    }
    let _ = writeln!(out, "{}", row("Total", report.total()));
    out
}

fn missing(file: &Measured) -> String {
    let ranges = file.missing();
    let texts = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    texts.collect::<Vec<_>>().join(", ")
}

fn lcov(report: &Measurement) -> String {
    let mut out = String::new();
    for file in &report.files {
        let _ = writeln!(out, "TN:\nSF:{}", file.name);
        for (line, ran) in &file.lines {
            let _ = writeln!(out, "DA:{line},{}", u8::from(*ran));
        }
        let (all, ran) = (file.lines.len(), file.ran());
        let _ = writeln!(out, "LF:{all}\nLH:{ran}\nend_of_record");
    }
    out
}

fn xml(report: &Measurement) -> String {
    let (all, ran) = report.total();
    let rate = |counts| percent(counts) / 100.0;
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<coverage line-rate=\"{:.4}\" lines-covered=\"{ran}\" \
         lines-valid=\"{all}\" branch-rate=\"0\" complexity=\"0\" version=\"apy\">\n  <sources><source>.</source></sources>\n  \
         <packages>\n    <package name=\".\">\n      <classes>\n",
        rate((all, ran))
    );
    for file in &report.files {
        let name = escape(&file.name);
        let _ = writeln!(
            out,
            "        <class name=\"{name}\" filename=\"{name}\" line-rate=\"{:.4}\">\n          <methods/>\n          <lines>",
            rate((file.lines.len(), file.ran()))
        );
        for (line, ran) in &file.lines {
            let hits = u8::from(*ran);
            let _ = writeln!(out, "            <line number=\"{line}\" hits=\"{hits}\"/>");
        }
        out.push_str("          </lines>\n        </class>\n");
    }
    out.push_str("      </classes>\n    </package>\n  </packages>\n</coverage>\n");
    out
}
