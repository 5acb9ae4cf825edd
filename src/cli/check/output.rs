//! How findings are written: drawings for people, and JSON, commands of GitHub's log, or SARIF for programs.
//!
//! What people read goes to standard error, as all of apy's messages do; what programs read to standard output. Lines and columns
//! are counted from 1, columns in characters.

use std::fmt::Write;

use super::super::args::Findings;
use super::super::markup::quote;
use super::super::output::write_listing;
use super::super::style::{Style, say};
use super::Checked;
use crate::diagnostics::{Diagnostic, ErrorCode, Severity, SourceFile, render_in};

/// Writes all findings.
pub fn write(all: &[Checked], form: Findings, style: Style) {
    let text = match form {
        Findings::Human => return human(all, style),
        Findings::Json => json(all),
        Findings::Github => github(all),
        Findings::Sarif => sarif(all),
    };
    write_listing(&text);
}

fn human(all: &[Checked], style: Style) {
    for checked in all {
        for finding in &checked.findings {
            say(&render_in(finding, &checked.file, style.0));
        }
    }
    let count: usize = all.iter().map(|checked| checked.findings.len()).sum();
    let files = all
        .iter()
        .filter(|checked| !checked.findings.is_empty())
        .count();
    if all.len() > 1 && count > 0 {
        let word =
            |n: usize, one: &'static str, more: &'static str| if n == 1 { one } else { more };
        say(&format!(
            "{count} {} in {files} {}\n",
            word(count, "finding", "findings"),
            word(files, "file", "files")
        ));
    }
}

/// Calls `f` with each finding and its file.
fn each(all: &[Checked], f: &mut impl FnMut(&SourceFile, &Diagnostic)) {
    for checked in all {
        checked
            .findings
            .iter()
            .for_each(|finding| f(&checked.file, finding));
    }
}

/// Where a finding begins and ends.
fn place(file: &SourceFile, finding: &Diagnostic) -> [u32; 4] {
    let (start, end) = (
        file.line_column(finding.span().start),
        file.line_column(finding.span().end),
    );
    [start.line, start.column, end.line, end.column]
}

fn severity(finding: &Diagnostic) -> &'static str {
    match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn json(all: &[Checked]) -> String {
    let mut out = String::from("[");
    let mut comma = "";
    each(all, &mut |file, finding| {
        let [line, column, end_line, end_column] = place(file, finding);
        let help = finding
            .help
            .as_ref()
            .map_or("null".to_owned(), |help| quote(help));
        let fix = finding.fix.as_ref().map_or("null".to_owned(), |fix| {
            let (start, end) = (fix.span.start, fix.span.end);
            format!(
                "{{\"start\": {start}, \"end\": {end}, \"text\": {}}}",
                quote(&fix.text)
            )
        });
        let _ = write!(
            out,
            "{comma}\n  {{\"file\": {}, \"line\": {line}, \"column\": {column}, \"end_line\": {end_line}, \"end_column\": {end_column}, \
             \"code\": \"{}\", \"severity\": \"{}\", \"message\": {}, \"help\": {help}, \"fix\": {fix}}}",
            quote(file.name()),
            finding.code.id(),
            severity(finding),
            quote(&finding.message),
        );
        comma = ",";
    });
    out + "\n]\n"
}

fn github(all: &[Checked]) -> String {
    // The characters that end a property or a line of a command.
    let escape = |text: &str| {
        let text = text
            .replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A");
        text.replace(':', "%3A").replace(',', "%2C")
    };
    let mut out = String::new();
    each(all, &mut |file, finding| {
        let [line, column, end_line, end_column] = place(file, finding);
        let text = finding.message.replace('%', "%25").replace('\n', "%0A");
        let _ = writeln!(
            out,
            "::{} file={},line={line},col={column},endLine={end_line},endColumn={end_column},title={}::{text}",
            severity(finding),
            escape(file.name()),
            escape(finding.code.id()),
        );
    });
    out
}

fn sarif(all: &[Checked]) -> String {
    let mut results = String::new();
    let mut rules: Vec<ErrorCode> = Vec::new();
    let mut comma = "";
    each(all, &mut |file, finding| {
        let [line, column, end_line, end_column] = place(file, finding);
        rules.push(finding.code);
        let _ = write!(
            results,
            "{comma}\n      {{\"ruleId\": \"{}\", \"level\": \"{}\", \"message\": {{\"text\": {}}}, \"locations\": [{{\"physicalLocation\": \
             {{\"artifactLocation\": {{\"uri\": {}}}, \"region\": {{\"startLine\": {line}, \"startColumn\": {column}, \"endLine\": {end_line}, \
             \"endColumn\": {end_column}}}}}}}]}}",
            finding.code.id(),
            severity(finding),
            quote(&finding.message),
            quote(file.name()),
        );
        comma = ",";
    });
    rules.sort();
    rules.dedup();
    let rules: Vec<String> = rules
        .iter()
        .map(|code| {
            format!(
                "{{\"id\": \"{}\", \"shortDescription\": {{\"text\": {}}}}}",
                code.id(),
                quote(code.title())
            )
        })
        .collect();
    format!(
        "{{\n  \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n  \"version\": \"2.1.0\",\n  \"runs\": [{{\n    \"tool\": \
         {{\"driver\": {{\"name\": \"apy\", \"version\": \"{}\", \"rules\": [{}]}}}},\n    \"results\": [{results}\n    ]\n  }}]\n}}\n",
        env!("CARGO_PKG_VERSION"),
        rules.join(", "),
    )
}
