//! Finds the tests: `x.apy` with `x.out` beside it, and the `test_*` functions of `test_*.apy`.
//!
//! Functions are found by parsing, so that nothing runs before its test does. Names are paths from this folder, with `::function`
//! behind them; the order is that of the paths, then of the source.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::host::words;
use crate::syntax::ast::StmtKind;
use crate::syntax::parser::{decode_source, parse_module};

/// The endings of files that hold expected output, in the order in which they are tried.
pub const OUTPUTS: [&str; 2] = ["out", "exp"];

/// One test.
#[derive(Clone)]
pub struct Case {
    /// What it is called, and what `-k` looks at.
    pub name: String,
    /// The program's file.
    pub file: PathBuf,
    /// What to do with it.
    pub kind: Kind,
}

/// The kinds of tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Run the program and compare what it prints.
    Golden,
    /// Run the file as a module, then this function of it.
    Function(String),
    /// Show what is wrong with a file of functions that does not parse.
    Broken,
}

/// Which programs without functions are tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Programs {
    /// Those with expected output beside them.
    WithOutput,
    /// Those, and the ones whose own path was given: their output is about to be written.
    WithOutputOrNamed,
}

/// The tests under these paths.
///
/// # Errors
/// A path that cannot be read, in words.
pub fn collect(paths: &[PathBuf], programs: Programs) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    let mut seen = HashSet::new();
    for path in paths {
        let mut files = Vec::new();
        if path.is_dir() {
            walk(path, &mut files)?;
        } else {
            files.push(path.clone());
        }
        files.sort();
        for file in files {
            // Two paths may lead to the same test.
            let wanted = match programs {
                Programs::WithOutputOrNamed if file != *path => Programs::WithOutput,
                other => other,
            };
            let found = cases_of(&file, wanted)?;
            cases.extend(
                found
                    .into_iter()
                    .filter(|case| seen.insert(case.name.clone())),
            );
        }
    }
    Ok(cases)
}

/// The programs in a folder and those inside of it; hidden folders are left out, links to folders not followed.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let cannot = |error| format!("cannot read '{}': {}", folder.display(), words(&error));
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if entry.file_type().map_err(cannot)?.is_dir() {
            if !is_hidden {
                walk(&entry.path(), files)?;
            }
        } else if is_program(&entry.path()) {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn is_program(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "apy")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests that the user names are read here"
)]
fn cases_of(file: &Path, programs: Programs) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    let name = name_of(file);
    let case = |name: String, kind| Case {
        name,
        file: file.to_owned(),
        kind,
    };
    let is_golden = OUTPUTS
        .iter()
        .any(|ending| file.with_extension(ending).is_file());
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let has_functions = stem.starts_with("test_");
    if is_golden || (programs == Programs::WithOutputOrNamed && !has_functions) {
        cases.push(case(name.clone(), Kind::Golden));
    }
    if !has_functions && file.exists() {
        return Ok(cases);
    }
    let text = std::fs::read(file)
        .map_err(|error| format!("cannot read '{}': {}", file.display(), words(&error)))?;
    match functions(&text) {
        Some(functions) => cases.extend(
            functions
                .into_iter()
                .map(|function| case(format!("{name}::{function}"), Kind::Function(function))),
        ),
        None if is_golden => {}
        None => cases.push(case(name, Kind::Broken)),
    }
    Ok(cases)
}

/// The `test_*` functions of a text, if it is a program.
fn functions(text: &[u8]) -> Option<Vec<String>> {
    let text = decode_source(text).ok()?;
    let module = parse_module(&text).module?;
    let mut names: Vec<String> = Vec::new();
    for stmt in &module.body {
        if let StmtKind::FunctionDef(def) = &stmt.kind
            && def.name.name.starts_with("test_")
            && !names.iter().any(|name| **name == *def.name.name)
        {
            names.push(def.name.name.to_string());
        }
    }
    Some(names)
}

/// A path as it is shown: from this folder, with `/`.
fn name_of(file: &Path) -> String {
    let shown = file.strip_prefix(".").unwrap_or(file).to_string_lossy();
    if cfg!(windows) {
        shown.replace('\\', "/")
    } else {
        shown.into_owned()
    }
}
