//! Modules of the standard library that are written in apy: their texts are part of the binary.
//!
//! A text is compiled when a program first imports it; until then it costs nothing. A module of the same name beside the program
//! wins, as in CPython. A module that must be fast, or needs the insides of the VM, is native instead (`stdlib/`).
//! To add one: its file in `src/library/`, with a docstring that says what it is, and a row in `MODULES`; a package is a folder with
//! `__init__.apy`.

/// A module written in apy.
pub(super) struct Module {
    /// Its full name; what stands before the last dot is a package of this table.
    pub name: &'static str,
    /// Whether other modules are inside of it.
    pub is_package: bool,
    /// Its program.
    pub text: &'static str,
}

const MODULES: &[Module] = &[
    module("abc", include_str!("../library/abc.apy")),
    package(
        "collections",
        include_str!("../library/collections/__init__.apy"),
    ),
    module(
        "collections.abc",
        include_str!("../library/collections/abc.apy"),
    ),
    module("contextlib", include_str!("../library/contextlib.apy")),
    module("dataclasses", include_str!("../library/dataclasses.apy")),
    module("enum", include_str!("../library/enum.apy")),
    module("functools", include_str!("../library/functools.apy")),
    module("heapq", include_str!("../library/heapq.apy")),
    module("itertools", include_str!("../library/itertools.apy")),
    module("re", include_str!("../library/re.apy")),
];

const fn module(name: &'static str, text: &'static str) -> Module {
    Module {
        name,
        is_package: false,
        text,
    }
}

const fn package(name: &'static str, text: &'static str) -> Module {
    Module {
        name,
        is_package: true,
        text,
    }
}

/// The names of all of them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|module| module.name)
}

/// The module of this name, if it is part of the library.
pub(super) fn find(name: &str) -> Option<&'static Module> {
    MODULES.iter().find(|module| module.name == name)
}
