//! Programs beside their expected output: `apy test` judges them, as it does for users.
//!
//! [`areas_under`] makes one test a folder of programs; [`stressed`] makes the second pass of the same programs, with a collection at
//! every safepoint. The format is the users' (docs/testing.md), and so is its way to accept an output, `apy test --bless FILE`;
//! `tests/oracle.py` is the better author wherever CPython can run the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Test;
use super::process::{End, Invocation, package_root};

/// For one program: far more than any needs on virtual time; a hang must not hold up the suite for minutes.
const LIMIT: Duration = Duration::from_secs(90);
/// Under gc-stress: collecting at every safepoint is hundreds of times slower.
const STRESS_LIMIT: Duration = Duration::from_secs(120);

/// One test for each folder of programs under `folder` (relative to the package), called as its path.
pub fn areas_under(folder: &str) -> Vec<Test> {
    let test = |(area, programs): (PathBuf, Vec<PathBuf>)| Test {
        name: name_of(Path::new(folder), &area),
        check: Box::new(move || run(&programs, LIMIT, false)),
    };
    areas(Path::new(folder)).into_iter().map(test).collect()
}

/// The programs that [`areas_under`] finds, once more under gc-stress; those that opt out are left out.
pub fn stressed(folder: &str) -> Vec<Test> {
    let test = |(area, mut programs): (PathBuf, Vec<PathBuf>)| {
        programs.retain(|program| !opts_out(program));
        Test {
            name: format!("gc_stress::{}", name_of(Path::new(folder), &area)),
            check: Box::new(move || match programs.is_empty() {
                true => Ok(()),
                false => run(&programs, STRESS_LIMIT, true),
            }),
        }
    };
    areas(Path::new(folder)).into_iter().map(test).collect()
}

/// The folders that hold programs, each with its programs. An unreadable folder has none; the suite's count is in its report.
fn areas(folder: &Path) -> Vec<(PathBuf, Vec<PathBuf>)> {
    let entries = fs::read_dir(package_root().join(folder));
    let mut programs = Vec::new();
    let mut areas = Vec::new();
    for entry in entries.into_iter().flatten().flatten() {
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            areas.extend(self::areas(&path));
        } else if path.extension().is_some_and(|extension| extension == "apy") {
            programs.push(path);
        }
    }
    if !programs.is_empty() {
        programs.sort();
        areas.push((folder.to_owned(), programs));
    }
    areas
}

fn name_of(folder: &Path, area: &Path) -> String {
    match area.strip_prefix(folder) {
        Ok(inside) if inside != Path::new("") => {
            inside.to_string_lossy().replace(['/', '\\'], "::")
        }
        _ => folder.to_string_lossy().replace(['/', '\\'], "::"),
    }
}

/// Whether the head of a program has a comment `# apy-no-stress: why`.
fn opts_out(program: &Path) -> bool {
    fs::read_to_string(package_root().join(program)).is_ok_and(|source| {
        source
            .lines()
            .take_while(|line| line.is_empty() || line.starts_with('#'))
            .any(|line| line.starts_with("# apy-no-stress:"))
    })
}

fn run(programs: &[PathBuf], each: Duration, gc_stress: bool) -> Result<(), String> {
    let seconds = each.as_secs().to_string();
    let mut arguments = ["test", "--quiet", "-j1", "--timeout", &seconds]
        .map(str::to_owned)
        .to_vec();
    arguments.extend(
        programs
            .iter()
            .map(|program| program.to_string_lossy().into_owned()),
    );
    let outcome = Invocation {
        arguments,
        stdin: Vec::new(),
        gc_stress,
        limit: each * u32::try_from(programs.len()).unwrap_or(u32::MAX),
    }
    .run()?;
    if outcome.end == End::Exit(0) {
        return Ok(());
    }
    Err(format!(
        "{}{}{:?} (to accept what was found: check it against CPython, then `apy test --bless FILE`)\n",
        outcome.stdout, outcome.stderr, outcome.end
    ))
}
