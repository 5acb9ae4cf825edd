//! Builtin functions about the running code and its module: `globals`, `locals`, `__import__`.
//!
//! To add one: a `Native`, its function, a name in the table.

use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Raised, Value};
use crate::stdlib::receiver::{given, plain};
use crate::vm::{Local, Locals, Native, Vm};

/// The functions of this file.
pub const FUNCTIONS: &[&Native] = &[&IMPORT, &GLOBALS, &LOCALS];

const GLOBALS: Native = Native::vm(
    "globals() -> dict",
    "Return the dictionary containing the current scope's global variables.",
    |vm, _| module_names(vm),
);

const LOCALS: Native = Native::vm(
    "locals() -> dict",
    "Return a dictionary containing the current scope's local variables.",
    |vm, _| scope_names(vm),
);

/// The variables of the function or class body that runs, or the names of the module.
pub fn scope_names(vm: &mut Vm) -> Result<Local, Raised> {
    match vm.running_locals() {
        Some(names) => Ok(names),
        None => module_names(vm),
    }
}

/// The names of the module that runs, as its `__dict__`.
pub fn module_names(vm: &mut Vm) -> Result<Local, Raised> {
    let module = vm.running_module();
    let module: Gc<'_, Module> = vm.get_gc(module).expect("code runs in a module");
    Ok(vm.local(module.dict(&vm.heap).value()))
}

const IMPORT: Native = Native::vm(
    "__import__(name, globals=None, locals=None, fromlist=(), level=0)",
    "Import a module.\n\n\
     Because this function is meant for use by the Python interpreter and not for\n\
     general use, it is better to use importlib.import_module() to programmatically\nimport a module.",
    import,
);

fn import(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let Some(name) = vm.get_gc::<Str>(args.at(0)) else {
        return Err(vm.heap.type_error("module name must be a string"));
    };
    let name = name.as_str().to_owned();
    let level = match given(vm, args.at(4)) {
        Some(level) => vm.index(level)?,
        None => 0,
    };
    let Ok(level) = usize::try_from(level) else {
        return Err(vm.heap.value_error("level must be >= 0"));
    };
    if name.is_empty() && level == 0 {
        return Err(vm.heap.value_error("Empty module name"));
    }
    let from = match (!absent(vm, args.at(3))).then(|| args.at(3)) {
        Some(names) => vm.to_vec(names)?,
        None => Vec::new(),
    };
    let globals = if absent(vm, args.at(1)) {
        vm.local(vm.heap.dict().value())
    } else {
        plain(vm, args.at(1))
    };
    vm.import_name(&name, level, globals, &from)
}

/// Whether an argument was omitted or is None.
pub fn absent(vm: &Vm, local: Local) -> bool {
    let value: Value<'_> = vm.get(local);
    value.is_undef() || value.is_none()
}
