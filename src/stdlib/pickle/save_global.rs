//! Saving classes and functions: by the module and the dotted name under which loading will find them.
//!
//! The name must lead to the same object, or PicklingError says so. Before protocol 3 names are those of Python 2, which `_compat_pickle`
//! (library/_compat_pickle.apy) lists; before protocol 4 a name with dots is saved as calls of `getattr`.

use super::PICKLING_ERROR;
use super::opcode as op;
use super::pickler::pickler;
use super::save::{put, remember, save};
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised};
use crate::stdlib::registry::raise_text;
use crate::vm::{Local, Vm};

type Done = Result<(), Raised>;

/// Where an object is found.
struct Place {
    module_name: Local,
    name: Local,
    /// Whether the name has no dots: the module itself has it.
    is_top: bool,
}

/// Saves an object by its name: `name`, or its qualified name.
///
/// # Errors
/// PicklingError if that name means something else; AttributeError for a local object.
pub fn save_global(vm: &mut Vm, this: Local, object: Local, name: Option<Local>) -> Done {
    let place = find_place(vm, object, name)?;
    if pickler(vm, this).protocol.get() >= 2
        && let Some(code) = extension_code(vm, &place)?
    {
        return put(vm, this, &extension_bytes(code));
    }
    let protocol = pickler(vm, this).protocol.get();
    if protocol >= 4 {
        save(vm, this, place.module_name)?;
        save(vm, this, place.name)?;
        put(vm, this, &[op::STACK_GLOBAL])?;
    } else if !place.is_top {
        save_dotted(vm, this, &place)?;
    } else {
        save_top(vm, this, place.module_name, place.name)?;
    }
    remember(vm, this, object)
}

fn text(vm: &Vm, local: Local) -> String {
    vm.get_gc::<Str>(local).map_or("", Gc::as_str).to_owned()
}

fn find_place(vm: &mut Vm, object: Local, name: Option<Local>) -> Result<Place, Raised> {
    let name = match name {
        Some(name) => name,
        None => match vm.find_attr(object, "__qualname__")? {
            Some(name) => name,
            None => vm.get_attr_named(object, "__name__")?,
        },
    };
    let dotted = text(vm, name);
    let parts: Vec<&str> = dotted.split('.').collect();
    if parts.contains(&"<locals>") {
        let shown = vm.repr_text(name)?;
        let message = format!("Can't get local object {shown}");
        return Err(vm.heap.raise(Builtin::AttributeError, message));
    }
    let module_name = module_of(vm, object, &parts)?;
    let module_text = text(vm, module_name);
    let Ok(module) = imported(vm, &module_text) else {
        let (shown, module_name) = (vm.repr_text(object)?, vm.repr_text(module_name)?);
        let message = format!("Can't pickle {shown}: import of module {module_name} failed");
        return Err(raise_text(vm, &PICKLING_ERROR, &message));
    };
    let Some(found) = deep_attribute(vm, module, &parts)? else {
        let shown = vm.repr_text(object)?;
        let message =
            format!("Can't pickle {shown}: attribute lookup {dotted} on {module_text} failed");
        return Err(raise_text(vm, &PICKLING_ERROR, &message));
    };
    if !vm.get(found).is(vm.get(object)) {
        let shown = vm.repr_text(object)?;
        let message =
            format!("Can't pickle {shown}: it's not the same object as {module_text}.{dotted}");
        return Err(raise_text(vm, &PICKLING_ERROR, &message));
    }
    let is_top = parts.len() == 1;
    Ok(Place {
        module_name,
        name,
        is_top,
    })
}

/// A module by its full name, imported if it was not yet.
fn imported(vm: &mut Vm, name: &str) -> Result<Local, ()> {
    let found = vm.import_module(name);
    found.map_err(|raised| {
        vm.heap.take_raised(raised);
    })
}

/// The value at a path of names in an object; None: a name is missing.
fn deep_attribute(vm: &mut Vm, object: Local, path: &[&str]) -> Result<Option<Local>, Raised> {
    let mut found = object;
    for name in path {
        match vm.find_attr(found, name)? {
            Some(next) => found = next,
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// The name of the module of an object: its `__module__`, or that of a loaded module that has it.
fn module_of(vm: &mut Vm, object: Local, path: &[&str]) -> Result<Local, Raised> {
    let own = vm.find_attr(object, "__module__")?;
    if let Some(own) = own.filter(|&own| !vm.get(own).is_none()) {
        return Ok(own);
    }
    let modules: Vec<(Local, Local)> = {
        let entries = vm.modules().table.entries(&vm.heap);
        entries
            .into_iter()
            .map(|(name, module)| (vm.local(name), vm.local(module)))
            .collect()
    };
    for (name, module) in modules {
        let is_main = ["__main__", "__mp_main__"].contains(&text(vm, name).as_str());
        if is_main || vm.get(module).is_none() {
            continue;
        }
        let mark = vm.mark();
        let found = deep_attribute(vm, module, path)?;
        let is_it = found.is_some_and(|found| vm.get(found).is(vm.get(object)));
        vm.release(mark);
        if is_it {
            return Ok(name);
        }
    }
    Ok(vm.local(vm.heap.intern("__main__").value()))
}

/// The code that `copyreg` has for a place.
fn extension_code(vm: &mut Vm, place: &Place) -> Result<Option<i64>, Raised> {
    let copyreg = vm.import_module("copyreg")?;
    let registry = vm.get_attr_named(copyreg, "_extension_registry")?;
    if vm.len(registry)? == 0 {
        return Ok(None);
    }
    let key = vm.tuple_of(&[place.module_name, place.name]);
    let Some(code) = vm.dict_get(registry, key)? else {
        return Ok(None);
    };
    let code = vm.index(code)?;
    if !(1..=0x7fff_ffff).contains(&code) {
        let message = format!("extension code {code} is out of range");
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    Ok(Some(code))
}

fn extension_bytes(code: i64) -> Vec<u8> {
    let [a, b, c, d, ..] = code.to_le_bytes();
    match code {
        0..=0xff => vec![op::EXT1, a],
        0x100..=0xffff => vec![op::EXT2, a, b],
        _ => vec![op::EXT4, a, b, c, d],
    }
}

/// A name with dots, for protocols below 4: calls of `getattr` inside each other.
fn save_dotted(vm: &mut Vm, this: Local, place: &Place) -> Done {
    let dotted = text(vm, place.name);
    let mut parts = dotted.split('.');
    let first = parts.next().unwrap_or_default();
    let (first, rest) = (
        vm.local(vm.heap.str_value(first)),
        parts.collect::<Vec<_>>(),
    );
    let (before, after): (&[u8], &[u8]) = match pickler(vm, this).protocol.get() {
        0 | 1 => (&[op::MARK], &[op::TUPLE, op::REDUCE]),
        _ => (&[], &[op::TUPLE2, op::REDUCE]),
    };
    let builtins = vm.local(vm.builtins().value());
    let getattr = vm.get_attr_named(builtins, "getattr")?;
    for _ in &rest {
        save(vm, this, getattr)?;
        put(vm, this, before)?;
    }
    save_top(vm, this, place.module_name, first)?;
    for part in rest {
        let part = vm.local(vm.heap.str_value(part));
        save(vm, this, part)?;
        put(vm, this, after)?;
    }
    Ok(())
}

/// A name without dots, for protocols below 4.
fn save_top(vm: &mut Vm, this: Local, module: Local, name: Local) -> Done {
    let protocol = pickler(vm, this).protocol.get();
    let (mut module, mut name) = (module, name);
    if pickler(vm, this).fix_imports.get() {
        (module, name) = old_names(vm, module, name)?;
    }
    let mut line = vec![op::GLOBAL];
    for (part, what) in [(module, "module"), (name, "global")] {
        let part = text(vm, part);
        if protocol != 3 && !part.is_ascii() {
            let message =
                format!("can't pickle {what} identifier '{part}' using pickle protocol {protocol}");
            return Err(raise_text(vm, &PICKLING_ERROR, &message));
        }
        line.extend_from_slice(part.as_bytes());
        line.push(b'\n');
    }
    put(vm, this, &line)?;
    Ok(())
}

/// The module and the name that Python 2 had.
fn old_names(vm: &mut Vm, module: Local, name: Local) -> Result<(Local, Local), Raised> {
    let compat = vm.import_module("_compat_pickle")?;
    let names = vm.get_attr_named(compat, "REVERSE_NAME_MAPPING")?;
    let key = vm.tuple_of(&[module, name]);
    if let Some(pair) = vm.dict_get(names, key)?
        && let Some(tuple) = vm.get_gc::<Tuple>(pair)
        && let (Some(module), Some(name)) = (tuple.at(&vm.heap, 0), tuple.at(&vm.heap, 1))
    {
        return Ok((vm.local(module), vm.local(name)));
    }
    let modules = vm.get_attr_named(compat, "REVERSE_IMPORT_MAPPING")?;
    let module = vm.dict_get(modules, module)?.unwrap_or(module);
    Ok((module, name))
}
