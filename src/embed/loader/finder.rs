//! Where a module comes from: the search that `import` and `importlib.util.find_spec` share.
//!
//! Modules that CPython has built in come first, then the files of `sys.path` (or of the package's `__path__`), then the modules of
//! the library, so that a file beside the program hides a library module as it does in CPython (but for `OWN`). A folder without `__init__` is a
//! namespace package if nothing else has the name. `.apy` is looked for before `.py`.

use std::path::{Path, PathBuf};

use super::Loader;
use crate::embed::library;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::stdlib;
use crate::vm::{Local, Vm};

/// The endings of source files, in the order in which they are tried.
const ENDINGS: [&str; 2] = ["apy", "py"];
/// The native modules that no file can hide, as in CPython.
const BUILT_IN: [&str; 9] = [
    "sys",
    "builtins",
    "time",
    "gc",
    "errno",
    "atexit",
    "itertools",
    "signal",
    "posix",
];

/// Library modules that no file can hide: `apy test` runs tests with its own `pytest`, whatever is installed.
const OWN: [&str; 2] = ["pytest", "pytest_asyncio"];

/// Where a module comes from.
pub(in crate::embed) enum Found {
    /// Written in Rust.
    Native,
    /// Written in apy, part of the binary.
    Library(&'static library::Module),
    /// A file; of a package the `__init__` file and the folder.
    File {
        file: PathBuf,
        folder: Option<PathBuf>,
    },
    /// Folders without `__init__`.
    Namespace(Vec<PathBuf>),
}

/// Finds a module by its full name. `folders`: where to look for its file; none: where its package or `sys.path` says.
pub(in crate::embed) fn find(vm: &Vm, name: &str, folders: Option<Vec<PathBuf>>) -> Option<Found> {
    let is_native = stdlib::has_module(name);
    if is_built_in(name) {
        return Some(Found::Native);
    }
    if OWN.contains(&name)
        && let Some(module) = library::find(name)
    {
        return Some(Found::Library(module));
    }
    let leaf = name.rsplit_once('.').map_or(name, |(_, leaf)| leaf);
    let folders = folders.unwrap_or_else(|| match name.rsplit_once('.') {
        Some((parent, _)) => package_path(vm, parent),
        None => search_path(vm),
    });
    let mut namespace = Vec::new();
    let open = |folder: &PathBuf| vm.host.check_import(folder).is_ok();
    for folder in folders.into_iter().filter(open) {
        if let Some(found) = find_in(&folder, leaf) {
            return Some(found);
        }
        let inside = folder.join(leaf);
        if inside.is_dir() {
            namespace.push(absolute(&inside));
        }
    }
    if is_native {
        return Some(Found::Native);
    }
    if let Some(module) = library::find(name) {
        return Some(Found::Library(module));
    }
    (!namespace.is_empty()).then_some(Found::Namespace(namespace))
}

/// The entries of the path for a module that are no folders: files such as zip files, folders inside of them, names that only hooks know.
pub(in crate::embed) fn other_entries(
    vm: &Vm,
    name: &str,
    folders: Option<Vec<PathBuf>>,
) -> Vec<PathBuf> {
    let folders = folders.unwrap_or_else(|| match name.rsplit_once('.') {
        Some((parent, _)) => package_path(vm, parent),
        None => search_path(vm),
    });
    let is_other = |path: &PathBuf| {
        let is_folder = path.as_os_str().is_empty() || path.is_dir();
        !is_folder && vm.host.check_import(path).is_ok()
    };
    folders.into_iter().filter(is_other).collect()
}

/// Whether no file can hide the module of this name.
pub(in crate::embed) fn is_built_in(name: &str) -> bool {
    stdlib::has_module(name) && (BUILT_IN.contains(&name) || name.starts_with('_'))
}

/// Whether a folder has a file or package of this name.
pub(in crate::embed) fn is_module_of(folder: &Path, leaf: &str) -> bool {
    find_in(folder, leaf).is_some()
}

/// The full names of the modules that can be imported, of those directly inside of a package; `""`: outside of any.
pub(in crate::embed) fn importable(vm: &Vm, package: &str) -> Vec<String> {
    let own = stdlib::module_names().chain(library::names());
    let mut names: Vec<String> = own.map(str::to_owned).collect();
    let loaded = vm.modules();
    let entries =
        (0..loaded.table.end(&vm.heap)).filter_map(|n| loaded.get().table.entry(&vm.heap, n));
    let loaded = entries.filter_map(|(name, _)| name.as_gc::<Str>());
    names.extend(loaded.map(|name| name.as_str().to_owned()));
    let folders = match package {
        "" => search_path(vm),
        _ if vm.loaded_module(package).is_some() => package_path(vm, package),
        _ => {
            let inside = |folder: &PathBuf| folder.join(package.replace('.', "/"));
            search_path(vm).iter().map(inside).collect()
        }
    };
    let open = |folder: &PathBuf| vm.host.check_import(folder).is_ok();
    let in_folders = folders.into_iter().filter(open);
    let leaves: Vec<String> = in_folders.flat_map(|it| leaves(&it)).collect();
    let prefix = match package {
        "" => String::new(),
        _ => format!("{package}."),
    };
    names.extend(leaves.iter().map(|leaf| format!("{prefix}{leaf}")));
    names.retain(|name| {
        name.strip_prefix(&prefix)
            .is_some_and(|leaf| !leaf.contains('.'))
    });
    names
}

/// The names of the modules and packages whose files are in a folder.
fn leaves(folder: &Path) -> Vec<String> {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let leaf = |path: PathBuf| {
        let is_source = path
            .extension()
            .is_some_and(|e| ENDINGS.iter().any(|it| e == *it));
        let is_package = || {
            ENDINGS
                .iter()
                .any(|e| path.join(format!("__init__.{e}")).is_file())
        };
        let name = match is_source {
            true => path.file_stem(),
            false if is_package() => path.file_name(),
            false => None,
        };
        let name = name.and_then(|name| name.to_str())?;
        let is_word = name.chars().all(|c| c == '_' || c.is_alphanumeric());
        (is_word && !name.starts_with("__")).then(|| name.to_owned())
    };
    entries.filter_map(|entry| leaf(entry.path())).collect()
}

fn find_in(folder: &Path, leaf: &str) -> Option<Found> {
    let inside = folder.join(leaf);
    let package = ENDINGS
        .iter()
        .map(|ending| inside.join(format!("__init__.{ending}")))
        .find(|file| file.is_file());
    if let Some(file) = package {
        return Some(Found::File {
            file: absolute(&file),
            folder: Some(absolute(&inside)),
        });
    }
    let file = ENDINGS
        .iter()
        .map(|ending| folder.join(format!("{leaf}.{ending}")))
        .find(|file| file.is_file())?;
    Some(Found::File {
        file: absolute(&file),
        folder: None,
    })
}

/// A path from the root; the path itself where the working folder is gone.
pub(in crate::embed) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// `sys.path` as the program left it; as it was at the start if the program never looked at it.
fn search_path(vm: &Vm) -> Vec<PathBuf> {
    let changed = vm
        .loaded_module("sys")
        .and_then(|sys| vm.find_global(sys, "path"))
        .map(|path| list_of_paths(vm, path));
    changed.unwrap_or_else(|| vm.extension::<Loader>().path.clone())
}

fn package_path(vm: &Vm, package: &str) -> Vec<PathBuf> {
    vm.package_path(package)
        .map(|path| list_of_paths(vm, path))
        .unwrap_or_default()
}

/// The strings in a list, as paths; the empty string is the working folder.
pub(in crate::embed) fn list_of_paths(vm: &Vm, list: Local) -> Vec<PathBuf> {
    let Some(list) = vm.get_gc::<List>(list) else {
        return Vec::new();
    };
    let items = list.to_vec(&vm.heap).into_iter();
    items
        .filter_map(|item| item.as_gc::<Str>())
        .map(|text| PathBuf::from(text.as_str()))
        .collect()
}
