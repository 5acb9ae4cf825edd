//! `apy check`: what can be said of programs without running them.
//!
//! Mistakes are those that running would report first. Warnings are the compiler's and those of `compile::lint`. `files` finds the
//! programs of a folder, `comments` and `policy` say what is not to be told or how bad it is, `output` writes the findings, `mend`
//! applies fixes. Status 1 if there is anything to say.

mod comments;
mod files;
mod mend;
mod output;
mod policy;

use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::{CheckOptions, Fixes, ProgramText, Settings, Talk, Warnings};
use super::run::read;
use super::status;
use super::style::complain;
use crate::bytecode::GlobalNames;
use crate::compile::{Mode, Subject, compile_module, lint};
use crate::diagnostics::{Diagnostic, SourceFile};
use crate::embed::Surroundings;
use crate::syntax::parser::{decode_source, parse_module};
use policy::Policy;

/// One text and what is to be said about it.
struct Checked {
    file: SourceFile,
    findings: Vec<Diagnostic>,
}

/// Checks programs; the exit status.
pub fn check(options: CheckOptions, settings: &Settings) -> u8 {
    let mut check = Check {
        surroundings: Surroundings::new(),
        policy: Policy::default(),
        settings,
        mended: 0,
    };
    let mut status = status::OK;
    let mut all = Vec::new();
    let mut last_problem = None;
    for source in options.files {
        let (named, folder) = match source {
            ProgramText::File(path) if path.is_dir() => (Vec::new(), Some(path)),
            other => (vec![other], None),
        };
        let found = match folder.as_deref().map(files::programs) {
            Some((found, problems)) => {
                for problem in problems {
                    complain(&problem);
                    status = status::USAGE;
                }
                found.into_iter().map(ProgramText::File).collect()
            }
            None => named,
        };
        for program in found {
            // A file that was named is checked, whatever apy.toml leaves out.
            let is_named = folder.is_none();
            match check.program(&program, options.fixes, is_named) {
                Ok(Some(checked)) => all.push(checked),
                Ok(None) => {}
                Err(problem) => {
                    // An `apy.toml` that is wrong is wrong for all its files.
                    if last_problem.as_ref() != Some(&problem) {
                        complain(&problem);
                    }
                    last_problem = Some(problem);
                    status = status::USAGE;
                }
            }
        }
    }
    output::write(&all, options.format, settings.style);
    let count: usize = all.iter().map(|checked| checked.findings.len()).sum();
    if check.mended > 0 {
        let plural = if check.mended == 1 { "" } else { "s" };
        complain(&format!("mended {} finding{plural}", check.mended));
    }
    if count > 0 {
        status.max(status::FAILURE)
    } else {
        status
    }
}

struct Check<'s> {
    surroundings: Surroundings,
    policy: Policy,
    settings: &'s Settings,
    mended: usize,
}

impl Check<'_> {
    fn program(
        &mut self,
        program: &ProgramText,
        fixes: Fixes,
        is_named: bool,
    ) -> Result<Option<Checked>, String> {
        let path = match program {
            ProgramText::File(path) => Some(path.as_path()),
            _ => None,
        };
        self.policy.enter(path)?;
        if !is_named && path.is_some_and(|path| self.policy.leaves_out(path)) {
            return Ok(None);
        }
        let (name, mut bytes) = read(program)?;
        self.surroundings.look_in(self.folders(path));
        let mut findings = self.findings(&name, &bytes);
        if let (Fixes::Apply, Some(path)) = (fixes, path) {
            let before = findings.len();
            let mended = mend::mend(&bytes, findings.clone(), |text| self.findings(&name, text));
            if let Some(text) = mended {
                write_file(path, &text)?;
                findings = self.findings(&name, &text);
                bytes = text;
                self.mended += before.saturating_sub(findings.len());
            }
        }
        if self.settings.talk == Talk::Verbose && findings.is_empty() {
            complain(&format!("{name}: nothing to say"));
        }
        let file = SourceFile::new(name, String::from_utf8_lossy(&bytes));
        Ok(Some(Checked { file, findings }))
    }

    /// All that is to be told about a text, in source order.
    fn findings(&self, name: &str, bytes: &[u8]) -> Vec<Diagnostic> {
        let found = examine(name, bytes, &self.surroundings);
        let text = String::from_utf8_lossy(bytes);
        let found = comments::without_silenced(found, &text);
        let mut found = self.policy.judge(found);
        if self.settings.warnings == Warnings::Ignore {
            found.retain(|finding| !finding.is_warning());
        }
        found
    }

    /// Where the imports of a file are looked for: beside it, from the roots around it, and where `apy` looks.
    fn folders(&self, path: Option<&Path>) -> Vec<PathBuf> {
        let beside = path.and_then(Path::parent).map(Path::to_path_buf);
        let beside = beside.unwrap_or_default();
        let full = std::path::absolute(&beside).unwrap_or_else(|_| beside.clone());
        let mut folders = vec![beside];
        // A file in a package, or in its folder of tests, names its modules from the folder that the package is in.
        let packages = full.ancestors().filter(|folder| is_package(folder));
        let outside = packages.filter_map(Path::parent);
        let outside = outside.filter(|folder| !is_package(folder));
        folders.extend(outside.map(Path::to_path_buf));
        folders.push(PathBuf::new());
        folders.extend(self.policy.roots());
        folders.extend(self.settings.path.iter().cloned());
        folders
    }
}

fn is_package(folder: &Path) -> bool {
    ["py", "apy"]
        .iter()
        .any(|ending| folder.join(format!("__init__.{ending}")).is_file())
}

fn examine(name: &str, bytes: &[u8], surroundings: &Surroundings) -> Vec<Diagnostic> {
    let text = match decode_source(bytes) {
        Ok(text) => text,
        Err(mistake) => return vec![*mistake],
    };
    let parsed = parse_module(&text);
    let Some(module) = parsed.module else {
        return parsed.diagnostics;
    };
    match compile_module(&module, 0, &text, Mode::Script, &mut GlobalNames::new()) {
        Err(mistakes) => mistakes,
        Ok((_, mut found)) => {
            let subject = Subject {
                module: &module,
                text: &text,
                name,
            };
            found.extend(lint(&subject, surroundings));
            found.sort_by_key(Diagnostic::span);
            found
        }
    }
}

fn write_file(path: &Path, text: &[u8]) -> Result<(), String> {
    let written = std::fs::File::create(path).and_then(|mut file| file.write_all(text));
    written.map_err(|error| {
        format!(
            "cannot write '{}': {}",
            path.display(),
            super::output::words(&error)
        )
    })
}
