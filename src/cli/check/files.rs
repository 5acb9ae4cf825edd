//! The programs in a folder: `.apy` and `.py` files, in the order of their paths.
//!
//! Hidden folders are left out, and those in which others' code is kept. Links to folders are not followed.

use std::path::{Path, PathBuf};

use super::super::output::words;

/// Folders that hold what others wrote, or what was made.
const OTHERS: [&str; 5] = [
    "__pycache__",
    "node_modules",
    "site-packages",
    "venv",
    "target",
];

/// The programs in a folder and those inside of it.
///
/// # Errors
/// The folder cannot be read, in words.
pub fn programs(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    walk(folder, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let cannot = |error| format!("cannot read '{}': {}", folder.display(), words(&error));
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().map_err(cannot)?;
        if kind.is_dir() {
            if !name.starts_with('.') && !OTHERS.contains(&&*name) {
                walk(&entry.path(), found)?;
            }
        } else if entry
            .path()
            .extension()
            .is_some_and(|it| it == "apy" || it == "py")
        {
            let path = entry.path();
            found.push(
                path.strip_prefix(".")
                    .map_or(path.clone(), Path::to_path_buf),
            );
        }
    }
    Ok(())
}
