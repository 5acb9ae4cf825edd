//! `sys.meta_path`: finders of the program's own.
//!
//! As long as the list is the one that `sys` was made with, `import` asks `finder` directly. Otherwise each finder is asked for a spec
//! in turn, and the loader of the first spec makes and runs the module.

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
        Some((parent, _)) => vm
            .loaded_module(parent)
            .and_then(|parent| vm.find_global(parent, "__path__")),
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
