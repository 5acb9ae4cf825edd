//! Where the compiled code of imported modules outlives the run: the folder `__pycache__` beside the source, as CPython has it.
//!
//! The store moves bytes; what they mean and whether they still hold is for the loader (`loader/stored.rs`). A store that cannot
//! be read or written is as good as none: the next run compiles again. Files are written whole under another name and then renamed,
//! so that no reader ever sees a part of one.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

/// Keeps bytes for source files.
pub trait ModuleStore: Send + Sync {
    /// The bytes that were stored for the file, if there are any.
    fn read(&self, source: &Path) -> Option<Vec<u8>>;

    /// Stores this for the file, if that is possible.
    fn write(&self, source: &Path, stored: &[u8]);

    /// Whether `write` stores anything: `not sys.dont_write_bytecode`.
    fn writes(&self) -> bool;

    /// `sys.pycache_prefix`.
    fn prefix(&self) -> Option<&Path>;
}

/// The folders `__pycache__`.
pub struct BesideSource {
    /// A folder that has the tree of stored files instead.
    prefix: Option<PathBuf>,
    writing: Writing,
}

/// Whether a store takes anything in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// It does.
    Allow,
    /// It returns what others have stored.
    Refuse,
}

/// The mark that tells the files of this interpreter from those of others in the same folder.
const TAG: &str = "apy-313";

impl BesideSource {
    /// The store that the variables of the environment ask for: PYTHONPYCACHEPREFIX names a folder that has the tree of stored files
    /// instead, PYTHONDONTWRITEBYTECODE refuses writing, too.
    #[must_use]
    pub fn of_environment(writing: Writing) -> BesideSource {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        BesideSource {
            prefix: variable("PYTHONPYCACHEPREFIX").map(PathBuf::from),
            writing: match variable("PYTHONDONTWRITEBYTECODE") {
                Some(_) => Writing::Refuse,
                None => writing,
            },
        }
    }

    fn place(&self, source: &Path) -> Option<PathBuf> {
        let folder = source.parent()?;
        let folder = match &self.prefix {
            Some(prefix) => {
                let folder = std::path::absolute(folder).ok()?;
                prefix.join(folder.strip_prefix("/").ok()?)
            }
            None => folder.join("__pycache__"),
        };
        let mut name = source.file_stem()?.to_os_string();
        name.push(format!(".{TAG}.pyc"));
        Some(folder.join(name))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the store's own way to the disk, which programs cannot reach"
)]
impl ModuleStore for BesideSource {
    fn read(&self, source: &Path) -> Option<Vec<u8>> {
        fs::read(self.place(source)?).ok()
    }

    fn writes(&self) -> bool {
        self.writing == Writing::Allow
    }

    fn prefix(&self) -> Option<&Path> {
        self.prefix.as_deref()
    }

    fn write(&self, source: &Path, stored: &[u8]) {
        if !self.writes() {
            return;
        }
        let Some(place) = self.place(source) else {
            return;
        };
        let temporary = other_name(&place);
        let folder = place.parent().unwrap_or(Path::new("."));
        let written = fs::create_dir_all(folder)
            .and_then(|()| fs::write(&temporary, stored))
            .and_then(|()| fs::rename(&temporary, &place));
        if written.is_err() {
            // Nothing may be there to remove.
            let _ = fs::remove_file(&temporary);
        }
    }
}

/// A name in the same folder that no other process uses.
fn other_name(place: &Path) -> PathBuf {
    let mut name: OsString = place.file_name().unwrap_or(OsStr::new("")).to_owned();
    name.push(format!(".{}", std::process::id()));
    place.with_file_name(name)
}
