//! Proposes names where no file has the name of a program: programs near it, folders on the way to it, commands of `apy`.
//!
//! A name may be short for one (`man` for `manual`, `main` for `main.apy`) or have a slip (`mani.apy`, `exmaples/hello.apy`).

use std::path::{Path, PathBuf};

use super::args::commands_like;
use crate::diagnostics::similar::nearest;

const ENDINGS: [&str; 2] = [".apy", ".py"];

/// "; did you mean ..?" with what is near, or nothing.
pub fn guesses(path: &Path) -> String {
    let files = programs_like(path)
        .into_iter()
        .map(|file| format!("'{}'", file.display()));
    let commands = commands_like(&path.to_string_lossy())
        .into_iter()
        .map(|command| format!("'apy {command}'"));
    match files.chain(commands).collect::<Vec<_>>().join(" or ") {
        near if near.is_empty() => near,
        near => format!("; did you mean {near}?"),
    }
}

/// The programs that a path may mean, each a path that can be typed.
fn programs_like(path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else {
        return Vec::new();
    };
    let Some(folder) = folder_like(path.parent().unwrap_or(Path::new(""))) else {
        return Vec::new();
    };
    if folder.join(&*name).is_file() {
        return vec![folder.join(&*name)];
    }
    let names = names_in(&folder, |entry| {
        let is_program = |name: &str| ENDINGS.iter().any(|ending| name.ends_with(ending));
        is_program(&entry.file_name().to_string_lossy())
            || ENDINGS
                .iter()
                .any(|ending| entry.path().join(format!("__main__{ending}")).is_file())
    });
    let complete = |found: &&String| {
        ENDINGS
            .iter()
            .any(|ending| **found == format!("{name}{ending}"))
    };
    let whole: Vec<&String> = names.iter().filter(complete).collect();
    let near = match whole.is_empty() {
        true => nearest(&name, names.iter().map(String::as_str))
            .or_else(|| nearest(&format!("{name}.apy"), names.iter().map(String::as_str)))
            .into_iter()
            .collect(),
        false => whole.into_iter().map(String::as_str).collect::<Vec<_>>(),
    };
    near.into_iter().map(|near| folder.join(near)).collect()
}

/// The folder that a path means: itself, or one whose names are near; empty for the current one.
fn folder_like(path: &Path) -> Option<PathBuf> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Some(path.to_owned());
    }
    let parent = folder_like(path.parent()?)?;
    let wrong = path.file_name()?.to_string_lossy().into_owned();
    let names = names_in(&parent, |entry| entry.path().is_dir());
    let near = nearest(&wrong, names.iter().map(String::as_str))?;
    Some(parent.join(near))
}

/// The names in a folder that are of a kind, in order.
fn names_in(folder: &Path, kind: impl Fn(&std::fs::DirEntry) -> bool) -> Vec<String> {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(kind)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
