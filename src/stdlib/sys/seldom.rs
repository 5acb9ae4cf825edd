//! The names of `sys` that few programs ask for: they are written in apy (`library/_sys.apy`) and bound when one is first needed.
//!
//! That keeps `import sys` cheap. To add a name: in `_sys.apy`, and a word in `NAMES`.

use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised};
use crate::vm::{Local, Locals, Native, Vm};

/// The names, with a sentence on each for docs/library.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("abiflags", "The empty string."),
    ("api_version", "The version of CPython's C interface."),
    ("base_exec_prefix", "The folder of the installation."),
    ("base_prefix", "The folder of the installation."),
    (
        "builtin_module_names",
        "The names of the modules that are written in Rust, a tuple.",
    ),
    ("copyright", "Whose the interpreter is."),
    (
        "dont_write_bytecode",
        "Whether the code of imported files is not stored in `__pycache__`: -B, PYTHONDONTWRITEBYTECODE.",
    ),
    ("exec_prefix", "The folder of the installation."),
    ("executable", "The path of the interpreter."),
    (
        "flags",
        "The options of the command line as CPython names them.",
    ),
    ("float_info", "The limits of floats."),
    (
        "float_repr_style",
        "'short': the fewest digits that mean the same float.",
    ),
    ("hash_info", "How numbers are hashed."),
    ("hexversion", "The version of Python as one number."),
    ("implementation", "The name and version of the interpreter."),
    ("int_info", "How large integers are stored."),
    (
        "monitoring",
        "Events of PEP 669: nothing can be monitored, each tool's number is taken.",
    ),
    ("orig_argv", "The command line."),
    ("platlibdir", "'lib'."),
    ("prefix", "The folder of the installation."),
    (
        "pycache_prefix",
        "The folder for stored code, from PYTHONPYCACHEPREFIX; None: beside the sources.",
    ),
    (
        "stdlib_module_names",
        "The names of the modules of the library, a frozenset.",
    ),
    ("thread_info", "How threads are made."),
    ("_xoptions", "The options given with -X: none."),
    ("_git", "Which sources the interpreter was made from."),
    ("_framework", "The empty string."),
    ("_home", "None."),
    ("_stdlib_dir", "None: the library is in the interpreter."),
    ("_base_executable", "The path of the interpreter."),
    (
        "activate_stack_trampoline",
        "Raises ValueError: there are no trampolines.",
    ),
    ("addaudithook", "Add a function that audit() calls."),
    (
        "audit",
        "Call the audit hooks with the name of an event and its arguments.",
    ),
    ("breakpointhook", "What breakpoint() calls."),
    (
        "__breakpointhook__",
        "What breakpoint() calls unless it was changed.",
    ),
    ("deactivate_stack_trampoline", "Nothing."),
    (
        "displayhook",
        "What a prompt calls with the value of an expression.",
    ),
    (
        "__displayhook__",
        "What a prompt calls unless it was changed.",
    ),
    (
        "excepthook",
        "What is called with an exception that ends the program.",
    ),
    ("__excepthook__", "What is called unless it was changed."),
    (
        "get_asyncgen_hooks",
        "The hooks that set_asyncgen_hooks() was given.",
    ),
    (
        "get_int_max_str_digits",
        "How many digits int() and str() convert.",
    ),
    ("getallocatedblocks", "How many objects there are."),
    ("getdefaultencoding", "'utf-8'."),
    ("getdlopenflags", "The flags for C extensions."),
    ("getfilesystemencodeerrors", "'surrogateescape'."),
    ("getfilesystemencoding", "'utf-8'."),
    (
        "getrefcount",
        "A number such as CPython's: objects are not counted.",
    ),
    ("getsizeof", "How many bytes CPython's object takes."),
    ("getunicodeinternedsize", "How many strings are interned."),
    ("is_finalizing", "Whether the interpreter is being ended."),
    ("is_stack_trampoline_active", "False."),
    ("set_asyncgen_hooks", "Keep hooks for get_asyncgen_hooks()."),
    (
        "set_int_max_str_digits",
        "Set how many digits int() and str() convert.",
    ),
    ("setdlopenflags", "Set the flags for C extensions."),
    (
        "unraisablehook",
        "What is called with an exception that has nowhere to go.",
    ),
    (
        "__unraisablehook__",
        "What is called unless it was changed.",
    ),
    (
        "version_info",
        "The version of Python as a tuple with names.",
    ),
    ("warnoptions", "The options given with -W, a list."),
    ("__interactivehook__", "What a prompt calls first: nothing."),
    ("_clear_type_cache", "Nothing."),
    ("_clear_internal_caches", "Nothing."),
    ("_debugmallocstats", "Nothing."),
    ("_is_gil_enabled", "True: one thread runs at a time."),
    ("_is_interned", "Whether a string is interned."),
    ("_get_cpu_count_config", "-1."),
    ("_setprofileallthreads", "The same as setprofile()."),
    ("_settraceallthreads", "The same as settrace()."),
];

pub(super) const GET_ATTR: Native = Native::vm(
    "__getattr__(name, /)",
    "The attribute of this name, bound when it is first asked for.",
    get_attr,
);
pub(super) const DIR: Native = Native::vm("__dir__()", "The names of the module.", dir);

/// The names that CPython's module does not have.
const HIDDEN: [&str; 7] = [
    "__getattr__",
    "__dir__",
    "_get_max_digits",
    "_module_names",
    "_set_asyncgen_hooks",
    "_set_max_digits",
    "_warn_options",
];

fn get_attr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = vm
        .get_gc::<Str>(args.at(0))
        .map_or("", |name| name.as_str());
    let Some((name, _)) = NAMES.iter().find(|(known, _)| *known == name) else {
        let message = format!("module 'sys' has no attribute '{name}'");
        return Err(vm.heap.raise(Builtin::AttributeError, message));
    };
    let seldom = vm.import_module("_sys")?;
    let value = vm.get_attr_named(seldom, name)?;
    let own = vm.import_module("sys")?;
    super::bind(vm, own, name, vm.get(value));
    Ok(value)
}

fn dir(vm: &mut Vm, _: Locals) -> Result<Local, Raised> {
    let own = vm.import_module("sys")?;
    let heap = &vm.heap;
    let bound = vm
        .get_gc::<Module>(own)
        .map_or(Vec::new(), |own| own.entries(heap));
    let bound = bound.into_iter().map(|(name, _)| name.as_str().to_owned());
    let seldom = NAMES.iter().map(|(name, _)| (*name).to_owned());
    let mut names: Vec<String> = bound.chain(seldom).collect();
    names.retain(|name| !HIDDEN.contains(&name.as_str()));
    names.sort();
    names.dedup();
    let names = heap.list(names.iter().map(|name| heap.str_value(name)));
    Ok(vm.local(names.value()))
}
