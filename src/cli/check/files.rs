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
/// Folders that cannot be read are left out; the second part says why, a line each.
pub fn programs(folder: &Path) -> (Vec<PathBuf>, Vec<String>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    walk(folder, &mut found, &mut problems);
    found.sort();
    (found, problems)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>, problems: &mut Vec<String>) {
    if let Err(error) = entries(folder, found, problems) {
        let why = words(&error);
        problems.push(format!("cannot read '{}': {why}", folder.display()));
    }
}

fn entries(
    folder: &Path,
    found: &mut Vec<PathBuf>,
    problems: &mut Vec<String>,
) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && !OTHERS.contains(&&*name) {
                walk(&entry.path(), found, problems);
            }
        } else if entry
            .path()
            .extension()
            .is_some_and(|it| it == "apy" || it == "py")
            // Reading a pipe might never end.
            && std::fs::metadata(entry.path()).map_or(true, |of| of.is_file())
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
