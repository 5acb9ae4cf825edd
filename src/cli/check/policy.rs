//! What `apy.toml` says of findings: how bad each is, and which files are left out.
//!
//! The nearest `apy.toml` in the folders above a file counts; its folder is the root of the project.
//!
//! ```toml
//! [check]
//! exclude = ["vendor"]
//! roots = ["src"]
//!
//! [check.severity]
//! E0410 = "ignore"    # or "warning", "error"
//! ```

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::super::output::words;
use crate::diagnostics::{Diagnostic, ErrorCode, Severity};

const FILE: &str = "apy.toml";

/// What holds for the file that is being checked.
#[derive(Default)]
pub struct Policy {
    /// The folder of the last file, so that its neighbours need not search again.
    folder: Option<PathBuf>,
    root: Option<PathBuf>,
    severities: HashMap<ErrorCode, Option<Severity>>,
    exclude: Vec<String>,
    sources: Vec<String>,
}

impl Policy {
    /// Goes on to a file: reads the `apy.toml` that counts for it.
    ///
    /// # Errors
    /// It cannot be read, in words.
    pub fn enter(&mut self, file: Option<&Path>) -> Result<(), String> {
        let folder = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let folder = std::path::absolute(if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        });
        let folder = folder.map_err(|error| words(&error))?;
        if self.folder.as_ref() == Some(&folder) {
            return Ok(());
        }
        let mut ancestors = folder.ancestors();
        let root = ancestors
            .find(|folder| folder.join(FILE).is_file())
            .map(Path::to_path_buf);
        if root != self.root || self.folder.is_none() {
            *self = Policy {
                root,
                ..Policy::default()
            };
            self.read()?;
        }
        self.folder = Some(folder);
        Ok(())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the project's own settings are read here"
    )]
    fn read(&mut self) -> Result<(), String> {
        let Some(file) = self.root.as_ref().map(|root| root.join(FILE)) else {
            return Ok(());
        };
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("cannot read '{}': {}", file.display(), words(&error)))?;
        self.take(&text)
            .map_err(|problem| format!("{}: {problem}", file.display()))
    }

    fn take(&mut self, text: &str) -> Result<(), String> {
        let table = DeTable::parse(text).map_err(|error| error.message().to_owned())?;
        let Some(check) = table
            .get_ref()
            .get("check")
            .and_then(|it| it.get_ref().as_table())
        else {
            return Ok(());
        };
        for (key, value) in check {
            let value = value.get_ref();
            match &**key.get_ref() {
                "exclude" => self.exclude = texts("exclude", value)?,
                "roots" => self.sources = texts("roots", value)?,
                "severity" => self.severities(value)?,
                other => {
                    return Err(format!(
                        "[check] has no '{other}'; there are exclude, roots and severity"
                    ));
                }
            }
        }
        Ok(())
    }

    fn severities(&mut self, value: &DeValue<'_>) -> Result<(), String> {
        let table = value.as_table().ok_or("severity must be a table")?;
        for (key, value) in table {
            let number = &**key.get_ref();
            let code = ErrorCode::from_id(number)
                .ok_or_else(|| format!("there is no {number}; `apy explain` lists all numbers"))?;
            if !is_adjustable(code) {
                return Err(format!(
                    "{number} keeps a program from running: it is an error in every project"
                ));
            }
            let severity = match value.get_ref().as_str() {
                Some("ignore") => None,
                Some("warning") => Some(Severity::Warning),
                Some("error") => Some(Severity::Error),
                _ => {
                    return Err(format!(
                        "{number} must be \"ignore\", \"warning\" or \"error\""
                    ));
                }
            };
            self.severities.insert(code, severity);
        }
        Ok(())
    }

    /// Whether a file that is found in a folder is not to be checked.
    pub fn leaves_out(&self, file: &Path) -> bool {
        let full = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
        let Some(inside) = self
            .root
            .as_ref()
            .and_then(|root| full.strip_prefix(root).ok())
        else {
            return false;
        };
        self.exclude
            .iter()
            .any(|pattern| inside.starts_with(pattern))
    }

    /// The folders of the project in which imports look.
    pub fn roots(&self) -> Vec<PathBuf> {
        let Some(root) = &self.root else {
            return Vec::new();
        };
        let sources = self.sources.iter().map(|source| root.join(source));
        std::iter::once(root.clone()).chain(sources).collect()
    }

    /// The findings that are to be told, each as bad as the project says.
    pub fn judge(&self, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let judged = found.into_iter().filter_map(|mut finding| {
            if let Some(&severity) = self.severities.get(&finding.code) {
                finding.severity = severity?;
            }
            Some(finding)
        });
        judged.collect()
    }
}

/// Whether a project may say how bad a kind is; what keeps a program from running is an error in all.
fn is_adjustable(code: ErrorCode) -> bool {
    code >= ErrorCode::IsLiteral && code != ErrorCode::Internal
}

fn texts(name: &str, value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let wrong = || format!("{name} must be a list of strings");
    let items = value.as_array().ok_or_else(wrong)?;
    let texts = items
        .iter()
        .map(|item| item.get_ref().as_str().map(str::to_owned).ok_or_else(wrong));
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Span;

    fn policy(text: &str) -> Result<Policy, String> {
        let mut policy = Policy::default();
        policy.take(text).map(|()| policy)
    }

    #[test]
    fn the_project_says_how_bad_findings_are() {
        let policy = policy("[check.severity]\nE0410 = \"ignore\"\nE0411 = \"error\"\n")
            .expect("it is right");
        let found = [
            ErrorCode::UnusedImport,
            ErrorCode::UnusedVariable,
            ErrorCode::InvalidSyntax,
        ];
        let found = found.map(|code| Diagnostic::error(code, Span::default(), "").as_warning());
        let judged = policy.judge(found.to_vec());
        let codes: Vec<_> = judged.iter().map(|it| (it.code, it.is_warning())).collect();
        assert_eq!(
            codes,
            [
                (ErrorCode::UnusedVariable, false),
                (ErrorCode::InvalidSyntax, true)
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("[check]\nexclud = []\n", "exclud"),
            ("[check.severity]\nE9999 = \"error\"\n", "E9999"),
            ("[check.severity]\nE0410 = \"loud\"\n", "E0410"),
            ("[check.severity]\nE0106 = \"ignore\"\n", "E0106"),
            ("[check]\nexclude = 1\n", "exclude"),
        ] {
            let problem = policy(text).err().expect(text);
            assert!(problem.contains(part), "{problem}");
        }
    }
}
