//! What failed the last time, for `--last-failed`.
//!
//! One file a folder, in the user's cache (`$XDG_CACHE_HOME/apy/tests`, else `~/.cache/apy/tests`): no project gets files that it must
//! ignore. Names that did not run keep their state. Without a place to write, nothing is remembered.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use super::Done;

/// The memory of one folder.
pub struct Memory {
    file: Option<PathBuf>,
}

impl Memory {
    /// That of the folder in which `apy` was started.
    pub fn of_this_folder() -> Memory {
        Memory { file: file() }
    }

    /// The names of the tests that failed.
    #[expect(clippy::disallowed_methods, reason = "the memory lives in a file")]
    pub fn failed(&self) -> BTreeSet<String> {
        let text = self.file.as_ref().map(std::fs::read_to_string);
        let text = text.and_then(Result::ok).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Takes in what came of a run.
    #[expect(clippy::disallowed_methods, reason = "the memory lives in a file")]
    pub fn remember(&self, done: &[Done]) {
        let Some(file) = &self.file else { return };
        let before = self.failed();
        let mut failed = before.clone();
        for done in done {
            if done.failure().is_some() {
                failed.insert(done.name.clone());
            } else {
                failed.remove(&done.name);
            }
        }
        if failed == before {
            return;
        }
        let text: String = failed.iter().flat_map(|name| [name, "\n"]).collect();
        // The tests have run: a cache that cannot be written is not their failure.
        let _ = file.parent().map(std::fs::create_dir_all);
        let _ = std::fs::write(file, text);
    }
}

fn file() -> Option<PathBuf> {
    let variable = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")))?;
    let mut hasher = DefaultHasher::new();
    std::env::current_dir().ok()?.hash(&mut hasher);
    let name = format!("{:016x}.failed", hasher.finish());
    Some(cache.join("apy").join("tests").join(name))
}
