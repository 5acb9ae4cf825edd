//! Modules of the standard library that are written in apy: `src/library`, compiled when apy was built.
//!
//! Each is its text and the image of its code in the binary; loading one makes its constants and runs its body, nothing is parsed.
//! A module of the same name beside the program wins, as in CPython. A module that must be fast, or needs the insides of the VM, is
//! native instead (`stdlib/`). To add one: its file in `src/library/`, with a docstring that says what it is; a package is a folder
//! with `__init__.apy`. The build script beside them, `src/library/build.rs`, makes the table.

/// A module written in apy.
pub(super) struct Module {
    /// Its full name; the part before the last dot is a package of this table.
    pub name: &'static str,
    /// Whether other modules are inside of it.
    pub is_package: bool,
    /// Its source.
    pub text: &'static str,
    /// Its compiled code: `bytecode::image`.
    pub image: &'static [u8],
}

/// All modules, sorted by name.
const MODULES: &[Module] = include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// Modules whose functions CPython has in C: they have no lines in tracebacks.
pub(super) const IN_C: [&str; 20] = [
    "_os_environ",
    "_os_more",
    "_os_seldom",
    "_queue",
    "_struct",
    "_time",
    "bisect",
    "collections",
    "csv",
    "datetime",
    "decimal",
    "functools",
    "heapq",
    "operator",
    "os",
    "sqlite3._adapt",
    "sqlite3._blob",
    "sqlite3._connection",
    "sqlite3._cursor",
    "sqlite3._row",
];

/// The names of all of them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|module| module.name)
}

/// The module of this name, if it is part of the library.
pub(super) fn find(name: &str) -> Option<&'static Module> {
    let at = MODULES.binary_search_by(|module| module.name.cmp(name));
    at.ok().map(|at| &MODULES[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytecode::image::{Image, read};

    #[test]
    fn every_image_is_whole() {
        for module in MODULES {
            let image = Image::Built(module.image);
            read(image, 0).unwrap_or_else(|error| panic!("{}: {error}", module.name));
        }
    }
}
