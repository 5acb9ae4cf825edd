//! The abstract base classes of `io`, which are written in apy: `library/_io_bases.apy` is imported when one of them is first asked for.
//!
//! They are classes of `ABCMeta` over the native bases, so that programs may register classes with them.

use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised};
use crate::stdlib::registry::bind;
use crate::vm::{Local, Locals, Native, Vm};

/// The names, with what the reference says of them.
pub(super) const NAMES: [(&str, &str); 4] = [
    (
        "IOBase",
        "The abstract base class of all streams. A subclass with `read` gets `readline`, iteration and `with`.",
    ),
    (
        "RawIOBase",
        "The abstract base class of raw streams of bytes, over `readinto` and `write`.",
    ),
    (
        "BufferedIOBase",
        "The abstract base class of streams of bytes with a buffer.",
    ),
    (
        "TextIOBase",
        "The abstract base class of streams of text: `encoding`, `errors`, `newlines` are None.",
    ),
];

pub(super) const GET_ATTR: Native = Native::vm(
    "__getattr__(name, /)",
    "The abstract base class of this name, bound when it is first asked for.",
    get_attr,
);
pub(super) const DIR: Native = Native::vm("__dir__()", "The names of the module.", dir);

fn get_attr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = vm.get_gc::<Str>(args.at(0));
    let name = name.map_or_else(String::new, |name| name.as_str().to_owned());
    if !NAMES.iter().any(|(known, _)| *known == name) {
        let message = format!("module 'io' has no attribute '{name}'");
        return Err(vm.heap.raise(Builtin::AttributeError, message));
    }
    let bases = vm.import_module("_io_bases")?;
    let own = vm.import_module("io")?;
    for (each, _) in NAMES {
        let class = vm.get_attr_named(bases, each)?;
        bind(vm, own, each, vm.get(class));
    }
    vm.get_attr_named(bases, &name)
}

fn dir(vm: &mut Vm, _: Locals) -> Result<Local, Raised> {
    let own = vm.import_module("io")?;
    let heap = &vm.heap;
    let bound = vm
        .get_gc::<Module>(own)
        .map_or(Vec::new(), |own| own.entries(heap));
    let bound = bound.into_iter().map(|(name, _)| name.as_str().to_owned());
    let bases = NAMES.iter().map(|(name, _)| (*name).to_owned());
    let mut names: Vec<String> = bound.chain(bases).collect();
    names.retain(|name| name != "__getattr__" && name != "__dir__");
    names.sort();
    names.dedup();
    let names = heap.list(names.iter().map(|name| heap.str_value(name)));
    Ok(vm.local(names.value()))
}
