//! Finds what `apy test` runs: programs beside their expected output, and files of tests.
//!
//! A program is `x.apy` or `x.py` with `x.out` beside it; a file of tests is called `test_x` or `x_test`. Which tests a file holds, only
//! running it tells (`suite`): functions may be made at run time. `file::Class::test` and `file:LINE` name some of a file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::output::words;
use super::super::project::Project;

/// The endings of files that hold expected output, in the order in which they are tried.
pub const OUTPUTS: [&str; 2] = ["out", "exp"];

/// Folders that hold no tests of the project.
const FOREIGN: [&str; 6] = [
    "node_modules",
    "__pycache__",
    "venv",
    "build",
    "dist",
    "site-packages",
];

/// A program or a file of tests.
#[derive(Clone)]
pub struct Case {
    /// What it is called: its path from this folder.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// What to do with it.
    pub kind: Kind,
}

/// What to do with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Run the program and compare what it prints.
    Golden,
    /// Load it and run its tests: those with these names or on these lines, all if there are none.
    Suite {
        /// Names as they are printed, with the file.
        ids: Vec<String>,
        /// Lines.
        lines: Vec<u32>,
    },
}

/// Which programs without tests are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Programs {
    /// Those with expected output beside them.
    WithOutput,
    /// Those, and the ones whose own path was given: their output is about to be written.
    WithOutputOrNamed,
}

/// Collects the tests under these paths. A project may name its files of tests otherwise and leave folders out.
///
/// # Errors
/// A path that cannot be read, in words.
pub fn collect(
    paths: &[PathBuf],
    programs: Programs,
    project: &Project,
) -> Result<Vec<Case>, String> {
    let patterns = &project.files[..];
    let mut cases: Vec<Case> = Vec::new();
    let mut seen = HashSet::new();
    for path in paths {
        let (path, part) = split(path);
        let mut files = Vec::new();
        let mut unreadable = Vec::new();
        if path.is_dir() {
            walk(&path, &project.left_out, &mut files, &mut unreadable);
        } else if path.exists() {
            files.push(path.clone());
        } else {
            let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
            let missing = std::fs::metadata(&path).err().unwrap_or(missing);
            return Err(format!(
                "cannot read '{}': {}",
                path.display(),
                words(&missing)
            ));
        }
        // One that cannot be read fails as a file of tests: its tests did not run.
        for folder in unreadable {
            add(&mut cases, &mut seen, whole_suite(folder));
        }
        files.sort();
        for file in files {
            let is_named = file == path;
            for mut case in cases_of(&file, programs, patterns, is_named) {
                if let Kind::Suite { ids, lines } = &mut case.kind {
                    part.add_to(&case.name, ids, lines);
                }
                add(&mut cases, &mut seen, case);
            }
        }
    }
    Ok(cases)
}

/// Adds a case; of a file that is there already, what more is asked for.
fn add(cases: &mut Vec<Case>, seen: &mut HashSet<String>, case: Case) {
    let key = match case.kind {
        Kind::Golden => case.name.clone(),
        Kind::Suite { .. } => format!("{}::", case.name),
    };
    if seen.insert(key) {
        cases.push(case);
        return;
    }
    let Kind::Suite { ids, lines } = case.kind else {
        return;
    };
    let known = cases
        .iter_mut()
        .find(|known| known.name == case.name && known.kind != Kind::Golden);
    if let Some(Case {
        kind: Kind::Suite {
            ids: known_ids,
            lines: known_lines,
        },
        ..
    }) = known
    {
        if ids.is_empty() && lines.is_empty() {
            known_ids.clear();
            known_lines.clear();
        } else if !(known_ids.is_empty() && known_lines.is_empty()) {
            known_ids.extend(ids);
            known_lines.extend(lines);
        }
    }
}

/// The part of a file that was asked for.
enum Part {
    All,
    Name(String),
    Line(u32),
}

impl Part {
    fn add_to(&self, file: &str, ids: &mut Vec<String>, lines: &mut Vec<u32>) {
        match self {
            Part::All => {}
            Part::Name(name) => ids.push(format!("{file}::{name}")),
            Part::Line(line) => lines.push(*line),
        }
    }
}

/// A path, and the part of the file that was named after it.
fn split(path: &Path) -> (PathBuf, Part) {
    let text = path.to_string_lossy();
    if path.exists() {
        return (path.to_owned(), Part::All);
    }
    if let Some((file, name)) = text.split_once("::") {
        return (file.into(), Part::Name(name.to_owned()));
    }
    match text.rsplit_once(':') {
        Some((file, line)) if !file.is_empty() => match line.parse() {
            Ok(line) => (file.into(), Part::Line(line)),
            Err(_) => (path.to_owned(), Part::All),
        },
        _ => (path.to_owned(), Part::All),
    }
}

/// The programs in a folder and those inside of it; hidden folders are left out, links to folders not followed.
fn walk(
    folder: &Path,
    left_out: &[String],
    files: &mut Vec<PathBuf>,
    unreadable: &mut Vec<PathBuf>,
) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        unreadable.push(folder.to_owned());
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let is_foreign = name.starts_with('.')
                || FOREIGN.contains(&&*name)
                || left_out.iter().any(|it| is_called(&entry.path(), it))
                || entry.path().join("pyvenv.cfg").exists();
            if !is_foreign {
                walk(&entry.path(), left_out, files, unreadable);
            }
        } else if is_program(&entry.path())
            && !is_pipe(&entry.path())
            && !left_out
                .iter()
                .any(|it| it.ends_with(".py") && is_called(&entry.path(), it))
        {
            files.push(entry.path());
        }
    }
}

/// Whether it is neither a file nor a link that leads nowhere, which fails by its name: reading it might never end.
fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|of| !of.is_file())
}

fn whole_suite(file: PathBuf) -> Case {
    Case {
        name: file
            .strip_prefix(".")
            .unwrap_or(&file)
            .display()
            .to_string(),
        file,
        kind: Kind::Suite {
            ids: Vec::new(),
            lines: Vec::new(),
        },
    }
}

/// Whether the last parts of a path are those of a pattern.
fn is_called(path: &Path, pattern: &str) -> bool {
    let parts = pattern.trim_end_matches('/').split('/').rev();
    let mut names = path.iter().rev().map(|name| name.to_string_lossy());
    parts
        .into_iter()
        .all(|part| names.next().is_some_and(|name| matches(part, &name)))
}

fn is_program(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "apy" || ending == "py")
}

/// Whether a file holds tests, by its name.
pub fn is_suite(file: &Path, patterns: &[String]) -> bool {
    if !patterns.is_empty() {
        return patterns.iter().any(|pattern| is_described(file, pattern));
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    stem.starts_with("test_") || stem.ends_with("_test")
}

/// Whether a pattern describes the name of a file, or the end of its path if there is a `/` in it; then a `*` goes beyond folders.
fn is_described(file: &Path, pattern: &str) -> bool {
    if !pattern.contains('/') {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        return matches(pattern, &name);
    }
    let full = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    matches(&format!("*/{pattern}"), &full.to_string_lossy())
}

/// Whether a name is what a pattern with `*` describes.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let mut ends = (0..=name.len()).filter(|&end| name.is_char_boundary(end));
            ends.any(|end| matches(rest, &name[end..]))
        }),
    }
}

fn cases_of(file: &Path, programs: Programs, patterns: &[String], is_named: bool) -> Vec<Case> {
    let name = name_of(file);
    let case = |kind| Case {
        name: name.clone(),
        file: file.to_owned(),
        kind,
    };
    let suite = || Kind::Suite {
        ids: Vec::new(),
        lines: Vec::new(),
    };
    let is_golden = OUTPUTS
        .iter()
        .any(|ending| file.with_extension(ending).is_file());
    let is_suite = is_suite(file, patterns);
    let mut cases = Vec::new();
    let begins = programs == Programs::WithOutputOrNamed && is_named && !is_suite;
    if is_golden || begins {
        cases.push(case(Kind::Golden));
    }
    // A file that is named is asked for its tests whatever it is called, unless it is a program.
    if is_suite || (is_named && !is_golden && !begins) {
        cases.push(case(suite()));
    }
    cases
}

/// A path as it is shown: from this folder, with `/`.
pub fn name_of(file: &Path) -> String {
    let shown = file.strip_prefix(".").unwrap_or(file).to_string_lossy();
    if cfg!(windows) {
        shown.replace('\\', "/")
    } else {
        shown.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_stars() {
        assert!(matches("*_check.py", "a_check.py") && matches("t*_*.py", "test_x.py"));
        assert!(!matches("check_*.py", "x_check.py"));
        let described = |pattern| is_described(Path::new("lib/test/test_a.py"), pattern);
        assert!(described("test/*test_*.py") && described("test_*.py"));
        assert!(!described("other/test_*.py"));
    }

    #[test]
    fn names_and_lines_stand_after_the_file() {
        let part = |text: &str| match split(Path::new(text)) {
            (file, Part::All) => (file, String::new()),
            (file, Part::Name(name)) => (file, name),
            (file, Part::Line(line)) => (file, line.to_string()),
        };
        assert_eq!(
            part("no/a.py::T::t[x:1]"),
            ("no/a.py".into(), "T::t[x:1]".into())
        );
        assert_eq!(part("no/a.py:12"), ("no/a.py".into(), "12".into()));
        assert_eq!(part("no/a.py:x"), ("no/a.py:x".into(), String::new()));
    }
}
