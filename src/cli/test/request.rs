//! What a worker is asked to do: a JSON object that `library/pytest/_worker.apy` reads.
//!
//! A new option of `apy test` that concerns single tests is one more key here and one more `request.get` there.

use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::path::Path;

use super::super::args::TestOptions;
use super::collect::{Case, Kind};
use super::human::INDENT;
use crate::cli::markup::quote;
use crate::diagnostics::width;

/// The request for the tests of a file, from the one with this number on.
pub fn json(case: &Case, options: &TestOptions, events: &Path, start: usize) -> String {
    let (ids, lines) = match &case.kind {
        Kind::Suite { ids, lines } => (ids.as_slice(), lines.as_slice()),
        Kind::Golden => (&[][..], &[][..]),
    };
    let path = |path: &Path| quote(&path.to_string_lossy());
    let numbers: Vec<String> = lines.iter().map(u32::to_string).collect();
    let mut out = format!(
        "{{\"events\": {}, \"file\": {}, \"shown\": {}, \"root\": {}, \"mode\": \"{}\", \"start\": {start}, \"capture\": {}",
        path(events),
        path(&case.file),
        quote(&case.name),
        path(&options.settings.root),
        if options.lists { "list" } else { "run" },
        options.captures,
    );
    let _ = write!(
        out,
        ", \"setup_show\": {}, \"verbose\": {}, \"keyword\": {}, \"marks\": {}, \"ids\": {}, \"lines\": [{}]",
        options.shows_setup,
        options.verbosity,
        quote(&options.keyword()),
        quote(options.marks.as_deref().unwrap_or_default()),
        texts(ids),
        numbers.join(", ")
    );
    if let Some(columns) = width().filter(|_| io::stdout().is_terminal()) {
        let columns = columns.saturating_sub(INDENT.len());
        let _ = write!(out, ", \"columns\": {columns}");
    }
    if let Some(failed) = &options.only {
        let failed: Vec<String> = failed.iter().cloned().collect();
        let _ = write!(out, ", \"failed\": {}", texts(&failed));
    }
    if let Some((part, parts)) = options.shard {
        let _ = write!(out, ", \"shard\": [{part}, {parts}]");
    }
    let _ = write!(
        out,
        ", \"pythonpath\": {}, \"ini\": {{\"xfail_strict\": {}, \"filterwarnings\": {}, \"python_classes\": {}, \"python_functions\": {}, \"markers\": {}}}}}",
        texts(&options.settings.path),
        options.settings.xfail_strict,
        texts(&options.settings.filters),
        texts(&options.settings.classes),
        texts(&options.settings.functions),
        texts(&options.settings.declared)
    );
    out
}

fn texts(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", quoted.join(", "))
}
