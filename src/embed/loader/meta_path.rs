//! `sys.meta_path`: finders of the program's own.
//!
//! As long as the list is the one that `sys` was made with, `import` asks `finder` directly. Otherwise each finder is asked for a spec
//! in turn, and the loader of the first spec makes and runs the module. Entries of `sys.path` that are no folders are left to
//! `library/importlib/_path_hooks.apy`, after all others.

use std::path::{Path, PathBuf};

use super as loader;
use super::finder;
use crate::runtime::Raised;
use crate::runtime::list::List;
use crate::stdlib::importlib;
use crate::vm::{Local, Vm};

/// Whether the program put finders into the list, or took some out of it.
pub(super) fn is_changed(vm: &mut Vm) -> bool {
    let Some(list) = finders(vm) else {
        return false;
    };
    let default = importlib::default_finders(vm);
    list.len() != default.len()
        || list
            .iter()
            .zip(default)
            .any(|(&one, other)| !vm.get(one).is(vm.get(other)))
}

fn finders(vm: &Vm) -> Option<Vec<Local>> {
    let sys = vm.loaded_module("sys")?;
    let list = vm.find_global(sys, "meta_path")?;
    let items = vm.get_gc::<List>(list)?.to_vec(&vm.heap);
    Some(items.into_iter().map(|item| vm.local(item)).collect())
}

/// Asks the finders for the module, and loads it.
pub(super) fn import(vm: &mut Vm, name: &str) -> Result<Option<Local>, Raised> {
    let path = match name.rsplit_once('.') {
        Some((parent, _)) => vm.package_path(parent),
        None => None,
    };
    let path = path.unwrap_or_else(|| vm.none());
    let text = vm.local(vm.heap.str_value(name));
    let default = importlib::default_finders(vm);
    for finder in finders(vm).unwrap_or_default() {
        if default.iter().any(|&one| vm.get(one).is(vm.get(finder))) {
            // The three share one search, and none of them is asked for a spec.
            match finder::find(vm, name, None) {
                Some(found) => return loader::load(vm, name, found).map(Some),
                None if vm.get(finder).is(vm.get(default[2])) => match import_hooked(vm, name)? {
                    Some(module) => return Ok(Some(module)),
                    None => continue,
                },
                None => continue,
            }
        }
        let Some(find) = vm.find_attr(finder, "find_spec")? else {
            continue;
        };
        let none = vm.none();
        let spec = vm.call(find, &[text, path, none])?;
        if !vm.get(spec).is_none() {
            return from_spec(vm, name, spec).map(Some);
        }
    }
    Ok(None)
}

/// Loads the module from an entry of the path that is no folder: a zip file, or what a hook of `sys.path_hooks` knows.
pub(super) fn import_hooked(vm: &mut Vm, name: &str) -> Result<Option<Local>, Raised> {
    match hooked_spec(vm, name, None)? {
        Some(spec) => from_spec(vm, name, spec).map(Some),
        None => Ok(None),
    }
}

/// The spec that the finder of such an entry returns.
pub(super) fn hooked_spec(
    vm: &mut Vm,
    name: &str,
    folders: Option<Vec<PathBuf>>,
) -> Result<Option<Local>, Raised> {
    let entries = finder::other_entries(vm, name, folders);
    if entries.is_empty() || (!has_hooks(vm) && !entries.iter().any(|entry| is_in_file(entry))) {
        return Ok(None);
    }
    let entries = entries
        .iter()
        .map(|entry| vm.heap.str_value(&entry.to_string_lossy()));
    let entries = vm.local(vm.heap.list(entries).value());
    let hooks = vm.import_module("importlib._path_hooks")?;
    let find = vm.get_attr_named(hooks, "find")?;
    let name = vm.local(vm.heap.str_value(name));
    let spec = vm.call(find, &[name, entries])?;
    Ok((!vm.get(spec).is_none()).then_some(spec))
}

fn has_hooks(vm: &Vm) -> bool {
    let sys = vm.loaded_module("sys");
    let list = sys.and_then(|sys| vm.find_global(sys, "path_hooks"));
    let list = list.and_then(|list| vm.get_gc::<List>(list));
    list.is_some_and(|list| !list.to_vec(&vm.heap).is_empty())
}

/// Whether a path is that of a file, or goes on inside of one.
fn is_in_file(path: &Path) -> bool {
    path.ancestors().any(Path::is_file)
}

/// Makes the module of a spec, registers it and has its loader run it.
fn from_spec(vm: &mut Vm, name: &str, spec: Local) -> Result<Local, Raised> {
    let util = vm.import_module("importlib.util")?;
    let make = vm.get_attr_named(util, "module_from_spec")?;
    let module = vm.call(make, &[spec])?;
    vm.add_module(name, module);
    let loader = vm.get_attr_named(spec, "loader")?;
    if !vm.get(loader).is_none() {
        vm.call_method(loader, "exec_module", &[module])?;
    }
    Ok(vm.loaded_module(name).unwrap_or(module))
}
