//! `--cov`: has the processes of a run note which statements ran, and writes the reports at the end.
//!
//! The notes go to a folder of their own, which the environment of each process names (`coverage::record`).

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::args::{Coverage, TestOptions};
use super::super::coverage::record::VARIABLE;
use super::super::coverage::{self, MeasuredPaths};
use super::super::output::{words, write_listing};
use super::super::status;
use super::super::style::complain;
use super::collect::{Case, is_suite};

/// A measurement.
pub struct Covered {
    coverage: Coverage,
    sources: MeasuredPaths,
}

impl Covered {
    /// Begins one, if the options ask for it.
    ///
    /// # Errors
    /// A source that does not exist, or a folder that cannot be made, in words.
    pub fn begin(options: &mut TestOptions, cases: &[Case]) -> Result<Option<Covered>, String> {
        let root = options.settings.root.clone();
        let Some(coverage) = &mut options.coverage else {
            return Ok(None);
        };
        let paths = coverage.sources.iter().map(|source| path_of(source, &root));
        let sources = MeasuredPaths {
            paths: paths.collect::<Result<_, _>>()?,
            tests: cases
                .iter()
                .filter_map(|case| std::path::absolute(&case.file).ok())
                .collect(),
        };
        coverage.notes = folder().map_err(|error| {
            let why = words(&error);
            format!("cannot make a folder for what is measured: {why}")
        })?;
        Ok(Some(Covered {
            coverage: coverage.clone(),
            sources,
        }))
    }

    /// Writes the reports; the exit status.
    pub fn conclude(&self, options: &TestOptions) -> u8 {
        let report = coverage::report(&self.coverage.notes, &self.sources, |file| {
            is_suite(file, &options.settings.files)
        });
        let mut ended = status::OK;
        for (form, file) in &self.coverage.reports {
            let text = coverage::write(&report, *form, options.style);
            let Some(file) = file else {
                write_listing(&format!("\n{text}"));
                continue;
            };
            if let Err(error) = super::put(file, &text) {
                let why = words(&error);
                complain(&format!("cannot write '{}': {why}", file.display()));
                ended = status::FAILURE;
            }
        }
        let percent = report.percent();
        match self.coverage.least {
            Some(least) if percent < least => {
                complain(&format!(
                    "{percent:.2} % of the lines ran, less than {least} % (--cov-fail-under)"
                ));
                status::FAILURE
            }
            _ => ended,
        }
    }
}

impl Drop for Covered {
    fn drop(&mut self) {
        // The system clears its folder for temporary files, too.
        let _ = std::fs::remove_dir_all(&self.coverage.notes);
    }
}

/// Has a process take notes.
pub fn tell(command: &mut Command, options: &TestOptions) {
    if let Some(coverage) = &options.coverage {
        command.env(VARIABLE, &coverage.notes);
    }
}

/// The file or folder of a source: a path, or the dotted name of a package.
fn path_of(source: &str, root: &Path) -> Result<PathBuf, String> {
    if source.is_empty() {
        return Ok(root.to_owned());
    }
    let inside = source.replace('.', "/");
    let candidates = [
        PathBuf::from(source),
        root.join(&inside),
        root.join("src").join(&inside),
        root.join(format!("{inside}.py")),
        root.join(format!("{inside}.apy")),
    ];
    let found = candidates.into_iter().find(|path| path.exists());
    found.ok_or_else(|| format!("there is neither a path nor a package '{source}' (--cov)"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the notes of the processes of this run"
)]
fn folder() -> std::io::Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("apy-coverage-{}", std::process::id()));
    std::fs::create_dir_all(&path)?;
    Ok(path)
}
