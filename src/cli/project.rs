//! The settings that a project has for its tests, from apy.toml, pyproject.toml, or pytest's part of pytest.ini, tox.ini and setup.cfg.
//!
//! ```toml
//! [test]
//! testpaths = ["tests"]                 # where to look if no path is given
//! pythonpath = ["lib"]                  # more folders for sys.path
//! python_files = ["check_*.py"]         # other names for files of tests
//! python_classes = ["*Test"]            # other names for classes of tests
//! python_functions = ["check_*"]        # other names for functions of tests
//! norecursedirs = ["tests/data"]        # folders that are not looked into
//! filterwarnings = ["error::DeprecationWarning"]
//! xfail_strict = true
//! ```
//!
//! Keys of pytest that mean nothing here are passed over; of apy's own tables an unknown key is refused.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::ini;
use super::output::words;

/// The files that mark the root of a project, the ones with settings first.
const MARKS: [&str; 7] = [
    "apy.toml",
    "pyproject.toml",
    "pytest.ini",
    ".pytest.ini",
    "tox.ini",
    "setup.cfg",
    "setup.py",
];

/// The settings that a project has for its tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Its folder, which stands on `sys.path`.
    pub root: PathBuf,
    /// Where its tests are.
    pub paths: Vec<PathBuf>,
    /// More folders for `sys.path`.
    pub path: Vec<String>,
    /// Other names for files of tests: patterns with `*`.
    pub files: Vec<String>,
    /// Other names for classes of tests: patterns with `*`, or beginnings.
    pub classes: Vec<String>,
    /// The same for functions.
    pub functions: Vec<String>,
    /// The tests to choose by their marks, if the command line says nothing.
    pub marks: Option<String>,
    /// The same by their names.
    pub names: Option<String>,
    /// Folders that are not looked into: names or ends of paths, with `*`.
    pub left_out: Vec<String>,
    /// Filters for warnings.
    pub filters: Vec<String>,
    /// The marks of the project's own, each perhaps with what it means.
    pub declared: Vec<String>,
    /// Whether an unexpected pass is a failure.
    pub xfail_strict: bool,
}

/// Whether a folder has the name of those that hold a project's tests.
fn is_for_tests(folder: &&Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| ["tests", "test", "testing"].contains(&name))
}

/// The owner of a table of settings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Apy,
    Pytest,
}

impl Project {
    /// That of this folder: the nearest one above with a file that marks a project. Else the one of the first path that is given.
    /// Else, for either, the one that holds the folder of tests that this is, or is in; then both stand on `sys.path`. Else this
    /// folder itself.
    ///
    /// # Errors
    /// Settings that cannot be read, in words.
    pub fn of_this_folder(paths: &[PathBuf]) -> Result<Project, String> {
        let here = std::env::current_dir().unwrap_or_default();
        let given = paths
            .first()
            .map_or_else(|| here.clone(), |path| here.join(path));
        let marked = |folder: &&Path| MARKS.iter().any(|mark| folder.join(mark).is_file());
        let mut starts = [&here, &given].into_iter();
        let marked = starts.find_map(|start| start.ancestors().find(marked));
        let above = |start: &'_ PathBuf| {
            let tests = start.ancestors().find(is_for_tests);
            tests.and_then(Path::parent).map(Path::to_owned)
        };
        let root = marked.map(Path::to_owned);
        let root = root.or_else(|| above(&here)).or_else(|| above(&given));
        let mut project = Project {
            root: root.unwrap_or_else(|| here.clone()),
            ..Project::default()
        };
        if marked.is_none() && project.root != here {
            project.path.push(here.display().to_string());
        }
        project.read_ini()?;
        for (file, tables) in [
            ("pyproject.toml", &PYPROJECT[..]),
            ("apy.toml", &[(&["test"][..], Owner::Apy)]),
        ] {
            let path = project.root.join(file);
            if path.is_file() {
                project
                    .read(&path, tables)
                    .map_err(|problem| format!("{}: {problem}", path.display()))?;
            }
        }
        Ok(project)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the project's own settings are read here"
    )]
    fn read(&mut self, path: &Path, tables: &[(&[&str], Owner)]) -> Result<(), String> {
        let text = std::fs::read_to_string(path).map_err(|error| words(&error))?;
        self.take(&text, tables)
    }

    /// Reads the first file of the old form that says something to pytest.
    #[expect(
        clippy::disallowed_methods,
        reason = "the project's own settings are read here"
    )]
    fn read_ini(&mut self) -> Result<(), String> {
        for (file, name) in INI {
            let path = self.root.join(file);
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            let Some(values) = ini::section(&text, name) else {
                continue;
            };
            for (key, value) in values {
                let value = DeValue::String(value.into());
                self.set(&key, &value, Owner::Pytest)
                    .map_err(|problem| format!("{}: {problem}", path.display()))?;
            }
            break;
        }
        Ok(())
    }

    /// Takes the options of pytest that apy has: which tests to choose, and which paths to leave out.
    fn add_options(&mut self, options: &[String]) {
        let mut words = options.iter();
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let mut value = || value.clone().or_else(|| words.next().cloned());
            match name {
                "-m" => self.marks = value(),
                "-k" => self.names = value(),
                "--ignore" => self.left_out.extend(value()),
                _ => {}
            }
        }
    }

    fn take(&mut self, text: &str, tables: &[(&[&str], Owner)]) -> Result<(), String> {
        let parsed = DeTable::parse(text).map_err(|error| error.message().to_owned())?;
        for (names, owner) in tables {
            let mut table = Some(parsed.get_ref());
            for name in *names {
                table = table
                    .and_then(|table| table.get(*name))
                    .and_then(|value| value.get_ref().as_table());
            }
            for (key, value) in table.into_iter().flatten() {
                self.set(key.get_ref(), value.get_ref(), *owner)?;
            }
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: &DeValue<'_>, owner: Owner) -> Result<(), String> {
        match key {
            "testpaths" => {
                let paths = texts(key, value)?;
                self.paths = paths.iter().map(|path| self.root.join(path)).collect();
                self.paths.retain(|path| path.exists());
                self.paths = self.paths.iter().map(|path| shown(path)).collect();
            }
            "pythonpath" => self.path = texts(key, value)?,
            "python_files" => self.files = texts(key, value)?,
            "python_classes" => self.classes = texts(key, value)?,
            "python_functions" => self.functions = texts(key, value)?,
            "addopts" if owner == Owner::Pytest => match value.as_str() {
                Some(text) => self.add_options(&ini::split(text)),
                None => self.add_options(&texts(key, value)?),
            },
            "norecursedirs" => self.left_out = texts(key, value)?,
            "filterwarnings" => self.filters = texts(key, value)?,
            "markers" => self.declared = texts(key, value)?,
            "xfail_strict" => {
                let text = value.as_str().map(str::to_lowercase);
                let truth = value.as_bool().or_else(|| match text.as_deref()? {
                    "true" | "1" | "yes" | "on" => Some(true),
                    "false" | "0" | "no" | "off" => Some(false),
                    _ => None,
                });
                self.xfail_strict = truth.ok_or("xfail_strict must be true or false")?;
            }
            _ if owner == Owner::Apy => {
                return Err(format!(
                    "the table of tests has no '{key}'; there are testpaths, pythonpath, python_files, python_classes, python_functions, norecursedirs, filterwarnings, markers and xfail_strict"
                ));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The files of the old form with the section that is for pytest, the one that counts most first.
const INI: [(&str, &str); 4] = [
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
];

/// The tables of pyproject.toml, the ones that count most last.
const PYPROJECT: [(&[&str], Owner); 3] = [
    (&["tool", "pytest"], Owner::Pytest),
    (&["tool", "pytest", "ini_options"], Owner::Pytest),
    (&["tool", "apy", "test"], Owner::Apy),
];

/// A path from this folder, if it is inside.
fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}

/// A list of strings, or one string with words.
fn texts(name: &str, value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let wrong = || format!("{name} must be a list of strings");
    if let Some(text) = value.as_str() {
        let lines = if matches!(name, "filterwarnings" | "markers") {
            text.lines().map(str::trim).map(str::to_owned).collect()
        } else {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        return Ok(lines.into_iter().filter(|line| !line.is_empty()).collect());
    }
    let items = value.as_array().ok_or_else(wrong)?;
    let texts = items
        .iter()
        .map(|item| item.get_ref().as_str().map(str::to_owned).ok_or_else(wrong));
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pytest_is_understood_and_apy_is_strict() {
        let mut project = Project::default();
        let text = "[tool.pytest.ini_options]\npythonpath = 'lib src'\naddopts = '-ra'\n\
                    filterwarnings = ['error']\n[tool.apy.test]\nxfail_strict = true\n";
        assert_eq!(project.take(text, &PYPROJECT), Ok(()));
        assert_eq!(project.path, ["lib", "src"]);
        assert_eq!(project.filters, ["error"]);
        assert!(project.xfail_strict);
        let wrong = project.take("[tool.apy.test]\nx = 1\n", &PYPROJECT);
        assert!(wrong.is_err_and(|why| why.contains("has no 'x'")));
    }
}
