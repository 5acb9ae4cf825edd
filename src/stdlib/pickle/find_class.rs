//! The values of names in modules: how an unpickler finds classes and functions.
//!
//! Pickles of protocols below 3 have the names of Python 2, which `_compat_pickle` translates; from protocol 4 on names may have dots.

use super::unpickler::unpickler;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised};
use crate::vm::{Local, Vm};

/// The object that a module has under a name.
///
/// # Errors
/// ImportError; AttributeError; TypeError if the names are no strings.
pub fn find_class(vm: &mut Vm, this: Local, module: Local, name: Local) -> Result<Local, Raised> {
    let state = unpickler(vm, this);
    let protocol = state.protocol.get();
    let (mut module, mut name) = (module, name);
    if protocol < 3 && state.fix_imports.get() {
        (module, name) = new_names(vm, module, name)?;
    }
    let (Some(module_name), Some(dotted)) = (text(vm, module), text(vm, name)) else {
        return Err(vm.heap.type_error("names of classes must be strings"));
    };
    let module = vm.import_module(&module_name)?;
    let path: Vec<&str> = match protocol {
        4.. => dotted.split('.').collect(),
        _ => vec![&dotted],
    };
    let mut found = module;
    for part in path {
        if protocol >= 4 && part == "<locals>" {
            return Err(missing(vm, "Can't get local attribute", name, module)?);
        }
        match vm.find_attr(found, part)? {
            Some(next) => found = next,
            None => return Err(missing(vm, "Can't get attribute", name, module)?),
        }
    }
    Ok(found)
}

fn text(vm: &Vm, local: Local) -> Option<String> {
    vm.get_gc::<Str>(local).map(|text| text.as_str().to_owned())
}

fn missing(vm: &mut Vm, what: &str, name: Local, module: Local) -> Result<Raised, Raised> {
    let (name, module) = (vm.repr_text(name)?, vm.repr_text(module)?);
    let message = format!("{what} {name} on {module}");
    Ok(vm.heap.raise(Builtin::AttributeError, message))
}

/// The module and the name that Python 3 has.
fn new_names(vm: &mut Vm, module: Local, name: Local) -> Result<(Local, Local), Raised> {
    let compat = vm.import_module("_compat_pickle")?;
    let names = vm.get_attr_named(compat, "NAME_MAPPING")?;
    let key = vm.tuple_of(&[module, name]);
    if let Some(pair) = vm.dict_get(names, key)?
        && let Some(tuple) = vm.get_gc::<Tuple>(pair).filter(|pair| Gc::len(*pair) == 2)
        && let (Some(module), Some(name)) = (tuple.at(&vm.heap, 0), tuple.at(&vm.heap, 1))
    {
        return Ok((vm.local(module), vm.local(name)));
    }
    let modules = vm.get_attr_named(compat, "IMPORT_MAPPING")?;
    let module = vm.dict_get(modules, module)?.unwrap_or(module);
    Ok((module, name))
}
