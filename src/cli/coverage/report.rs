//! The lines of a project's files: which hold statements, which of these ran.
//!
//! All files of the sources count, those that no test imports too; files of tests do not.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::lines;
use super::record::ENDING;

/// What is measured.
#[derive(Clone, Debug, Default)]
pub struct MeasuredPaths {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// Files that are tests.
    pub tests: HashSet<PathBuf>,
}

/// One file.
pub struct Measured {
    /// Its path as people read it.
    pub name: String,
    /// Each line with a statement, and whether it ran.
    pub lines: BTreeMap<u32, bool>,
}

impl Measured {
    /// How many lines ran.
    #[must_use]
    pub fn ran(&self) -> usize {
        self.lines.values().filter(|ran| **ran).count()
    }

    /// The lines that did not run, as ranges: lines without statements do not part them.
    #[must_use]
    pub fn missing(&self) -> Vec<(u32, u32)> {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        let mut goes_on = false;
        for (&line, &ran) in &self.lines {
            match ranges.last_mut() {
                Some(last) if goes_on && !ran => last.1 = line,
                _ if !ran => ranges.push((line, line)),
                _ => {}
            }
            goes_on = !ran;
        }
        ranges
    }
}

/// All files.
pub struct Measurement {
    /// In the order of their names.
    pub files: Vec<Measured>,
}

impl Measurement {
    /// How many lines with statements there are, and how many ran.
    #[must_use]
    pub fn total(&self) -> (usize, usize) {
        let all = self.files.iter().map(|file| file.lines.len()).sum();
        (all, self.files.iter().map(Measured::ran).sum())
    }

    /// The part that ran, of 100.
    #[must_use]
    pub fn percent(&self) -> f64 {
        percent(self.total())
    }
}

/// A part of a whole, of 100; all of nothing is 100.
#[must_use]
pub fn percent((all, ran): (usize, usize)) -> f64 {
    match all {
        0 => 100.0,
        all => 100.0 * ran as f64 / all as f64,
    }
}

/// Puts the notes in a folder and the files of the sources together. `is_test` knows files of tests by their names: not all of them
/// need to have been chosen.
#[must_use]
pub fn report(
    notes: &Path,
    sources: &MeasuredPaths,
    is_test: impl Fn(&Path) -> bool,
) -> Measurement {
    let ran = read_notes(notes);
    let mut files = BTreeSet::new();
    sources.paths.iter().for_each(|path| walk(path, &mut files));
    let here = std::env::current_dir().unwrap_or_default();
    let measured = files
        .iter()
        .filter(|path| !sources.tests.contains(*path) && !is_of_tests(path) && !is_test(path))
        .filter_map(|path| measure(path, &here, ran.get(path)));
    Measurement {
        files: measured.collect(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the files that are measured are read here"
)]
fn measure(path: &Path, here: &Path, ran: Option<&HashSet<u32>>) -> Option<Measured> {
    let text = String::from_utf8_lossy(&std::fs::read(path).ok()?).into_owned();
    let mut lines: BTreeMap<u32, bool> = BTreeMap::new();
    for (offset, line) in lines::of(&text)? {
        let did = ran.is_some_and(|ran| ran.contains(&offset));
        *lines.entry(line).or_default() |= did;
    }
    let shown = path.strip_prefix(here).unwrap_or(path);
    (!lines.is_empty()).then(|| Measured {
        name: shown.display().to_string(),
        lines,
    })
}

/// The offsets of what ran, by file.
#[expect(
    clippy::disallowed_methods,
    reason = "the notes of processes are read here"
)]
fn read_notes(folder: &Path) -> HashMap<PathBuf, HashSet<u32>> {
    let mut found: HashMap<PathBuf, HashSet<u32>> = HashMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_notes = path.extension().is_some_and(|ending| ending == ENDING);
        let text = std::fs::read_to_string(&path).ok().filter(|_| is_notes);
        for line in text.unwrap_or_default().lines() {
            if let Some((path, offsets)) = line.split_once('\t') {
                let offsets = offsets
                    .split_whitespace()
                    .filter_map(|it| it.parse::<u32>().ok());
                found
                    .entry(PathBuf::from(path))
                    .or_default()
                    .extend(offsets);
            }
        }
    }
    found
}

/// Folders that hold no source of the project.
const FOREIGN: [&str; 6] = [
    "node_modules",
    "__pycache__",
    "venv",
    "build",
    "dist",
    "site-packages",
];

fn walk(path: &Path, files: &mut BTreeSet<PathBuf>) {
    if path.is_file() {
        let is_source = path
            .extension()
            .is_some_and(|ending| ending == "apy" || ending == "py");
        if is_source {
            files.extend(std::path::absolute(path));
        }
        return;
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if !name.starts_with('.') && !FOREIGN.contains(&&*name) && !is_link {
            walk(&entry.path(), files);
        }
    }
}

/// Whether a file is there for tests without holding any.
fn is_of_tests(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default();
    stem == "conftest" || stem == "setup"
}
