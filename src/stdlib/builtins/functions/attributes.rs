//! Builtin functions that read and write attributes: `getattr`, `hasattr`, `setattr`, `delattr`, `vars`, `dir`.
//!
//! To add one: a `Native`, its function, a name in the table.

use crate::runtime::Builtin;
use crate::runtime::Raised;
use crate::runtime::dict::Dict;
use crate::runtime::str::Str;
use crate::stdlib::builtins::types::sort::{self, Order};
use crate::stdlib::receiver::{given, plain};
use crate::vm::{Local, Locals, Native, Vm};

use super::scope;

/// The functions of this file.
pub const FUNCTIONS: &[&Native] = &[&DELATTR, &DIR, &GETATTR, &HASATTR, &SETATTR, &VARS];

const GETATTR: Native = Native::vm(
    "getattr(object, name, default=<unrepresentable>, /)",
    "Get a named attribute from an object.\n\ngetattr(x, 'y') is equivalent to x.y\n\n\
     When a default argument is given, it is returned when the attribute doesn't\n\
     exist; without it, AttributeError is raised in that case.",
    |vm, args| {
        let name = attribute_name(vm, args.at(1))?;
        match given(vm, args.at(2)) {
            None => vm.get_attr(args.at(0), name),
            Some(default) => Ok(vm.find_attr_local(args.at(0), name)?.unwrap_or(default)),
        }
    },
);

/// The name of an attribute, which must be a string.
fn attribute_name(vm: &Vm, name: Local) -> Result<Local, Raised> {
    let text = plain(vm, name);
    if vm.get(text).is_gc::<Str>() {
        return Ok(text);
    }
    let class = vm.heap.type_name(vm.get(name));
    Err(vm
        .heap
        .type_error(format!("attribute name must be string, not '{class}'")))
}

const HASATTR: Native = Native::vm(
    "hasattr(obj, name, /) -> bool",
    "Return whether the object has an attribute with the given name.\n\n\
     This is done by calling getattr(obj, name) and catching AttributeError.",
    |vm, args| {
        let name = attribute_name(vm, args.at(1))?;
        let found = vm.find_attr_local(args.at(0), name)?;
        Ok(vm.local(crate::runtime::Value::bool(found.is_some())))
    },
);

const SETATTR: Native = Native::vm(
    "setattr(obj, name, value, /) -> None",
    "Sets the named attribute on the given object to the specified value.\n\nsetattr(x, 'y', v) is equivalent to ``x.y = v``",
    |vm, args| {
        let name = attribute_name(vm, args.at(1))?;
        vm.set_attr(args.at(0), name, args.at(2))?;
        Ok(vm.none())
    },
);

const DELATTR: Native = Native::vm(
    "delattr(obj, name, /) -> None",
    "Deletes the named attribute from the given object.\n\ndelattr(x, 'y') is equivalent to ``del x.y``",
    |vm, args| {
        let name = attribute_name(vm, args.at(1))?;
        vm.del_attr(args.at(0), name)?;
        Ok(vm.none())
    },
);

const VARS: Native = Native::vm(
    "vars(object=<unrepresentable>, /)",
    "vars([object]) -> dictionary\n\nWithout arguments, equivalent to locals().\n\
     With an argument, equivalent to object.__dict__.",
    |vm, args| {
        let Some(object) = given(vm, args.at(0)) else {
            return scope::scope_names(vm);
        };
        match vm.find_attr(object, "__dict__")? {
            Some(names) => Ok(names),
            None => Err(vm
                .heap
                .type_error("vars() argument must have __dict__ attribute")),
        }
    },
);

const DIR: Native = Native::vm(
    "dir(object=<unrepresentable>, /) -> list",
    "dir([object]) -> list of strings\n\n\
     If called without an argument, return the names in the current scope.\n\
     Else, return an alphabetized list of names comprising (some of) the attributes\n\
     of the given object, and of attributes reachable from it.",
    dir,
);

fn dir(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let names = match given(vm, args.at(0)) {
        Some(object) => match vm.call_special(object, crate::runtime::intern::Sym::Dir, &[])? {
            Some(names) => names,
            None => {
                return Err(vm
                    .heap
                    .raise(Builtin::TypeError, "object does not provide __dir__"));
            }
        },
        None => match scope::scope_names(vm)? {
            names if vm.get(names).is_gc::<Dict>() => names,
            // A mapping that stands for local variables.
            names => vm.call_method(names, "keys", &[])?,
        },
    };
    let list = vm.to_list(names)?;
    let key = vm.none();
    sort::sort_list(vm, list, key, Order::Ascending)?;
    Ok(list)
}
