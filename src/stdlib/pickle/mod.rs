//! `_pickle`: what `pickle` (library/pickle.apy) takes from Rust, because programs move much data through it.
//!
//! `Pickler` writes objects by `save*.rs` into an `Output`; `Unpickler` reads codes from an `Input` by `load*.rs` onto a stack. Both have a
//! memo. Nothing recurses without a count while saving, and loading does not recurse; sizes in a pickle are believed only when the
//! bytes are there.

mod buffer;
mod find_class;
mod input;
mod load;
mod load_call;
mod load_items;
mod load_object;
mod load_old;
mod memo;
mod memo_proxy;
mod opcode;
mod output;
mod pickler;
mod save;
mod save_global;
mod save_leaf;
mod save_reduce;
mod unpickler;

use self::pickler::{Pickler, pickler};
use self::unpickler::{Unpickler, unpickler};
use super::registry::{ModuleType, NativeModule, NativeType};
use crate::runtime::{Builtin, Raised, Slot};
use crate::stdlib::arg::Buffer;
use crate::vm::{Local, Locals, Native, Vm};

/// The module.
pub const PICKLE: NativeModule = NativeModule {
    functions: &[&DUMP, &DUMPS, &LOAD, &LOADS],
    types: &[
        &pickler::PICKLER,
        &unpickler::UNPICKLER,
        &buffer::PICKLE_BUFFER,
    ],
    exceptions: &[&PICKLE_ERROR, &PICKLING_ERROR, &UNPICKLING_ERROR],
    ..NativeModule::of(
        "_pickle",
        "Optimized C implementation for the Python pickle module.",
    )
};

/// The class from which the others derive.
pub const PICKLE_ERROR: ModuleType = ModuleType::exception(
    "PickleError",
    "_pickle",
    Builtin::Exception,
    "What the exceptions of this module derive from.",
);

/// An object cannot be saved.
pub const PICKLING_ERROR: ModuleType = ModuleType {
    name: "PicklingError",
    module: "_pickle",
    body: NativeType {
        base: Some(&PICKLE_ERROR),
        ..NativeType::of(Builtin::Exception, "An object that cannot be saved.")
    },
};

/// Data cannot be loaded.
pub const UNPICKLING_ERROR: ModuleType = ModuleType {
    name: "UnpicklingError",
    module: "_pickle",
    body: NativeType {
        base: Some(&PICKLE_ERROR),
        ..NativeType::of(Builtin::Exception, "Data that cannot be loaded.")
    },
};

const DUMP: Native = Native::vm(
    "dump(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None)",
    "Save an object to a file that is open for writing bytes. Raises PicklingError.",
    |vm, args| {
        let this = vm.new_inner(Pickler::default());
        pickler::set_options(vm, this, [args.at(2), args.at(3), args.at(4)])?;
        let Some(write) = vm.find_attr(args.at(1), "write")? else {
            return Err(vm.heap.type_error("file must have a 'write' attribute"));
        };
        pickler(vm, this).write.set(vm.get(write));
        pickler::dump_object(vm, this, args.at(0))?;
        save::flush(vm, this)?;
        Ok(vm.none())
    },
);

const DUMPS: Native = Native::vm(
    "dumps(obj, protocol=None, *, fix_imports=True, buffer_callback=None)",
    "Return an object as bytes. Raises PicklingError.",
    |vm, args| {
        let this = vm.new_inner(Pickler::default());
        pickler::set_options(vm, this, [args.at(1), args.at(2), args.at(3)])?;
        pickler::dump_object(vm, this, args.at(0))?;
        let data = pickler(vm, this).out.borrow_mut().take();
        Ok(vm.local(vm.heap.bytes(data).value()))
    },
);

const LOAD: Native = Native::vm(
    "load(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())",
    "Return the object that a file has, open for reading bytes. Raises UnpicklingError.",
    |vm, args| {
        let this = vm.new_inner(Unpickler::default());
        set_file(vm, this, args.at(0))?;
        load_with(vm, this, args)
    },
);

const LOADS: Native = Native::vm(
    "loads(data, /, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())",
    "Return the object of such bytes. Raises UnpicklingError.",
    |vm, args| {
        let this = vm.new_inner(Unpickler::default());
        let source = crate::stdlib::arg::exported(vm, args.at(0))?;
        let data = Buffer::copied(&vm.heap, vm.get(source))?;
        unpickler(vm, this).input.borrow_mut().data = data;
        load_with(vm, this, args)
    },
);

fn load_with(vm: &mut Vm, this: Local, args: Locals) -> Result<Local, Raised> {
    let options = [args.at(1), args.at(2), args.at(3), args.at(4)];
    unpickler::set_options(vm, this, options)?;
    let value = load::load(vm, this)?;
    input::skip_consumed(vm, this)?;
    Ok(value)
}

/// Sets the file that an unpickler reads.
///
/// # Errors
/// TypeError if it has no methods `read` and `readline`.
fn set_file(vm: &mut Vm, this: Local, file: Local) -> Result<(), Raised> {
    let peek = vm.find_attr(file, "peek")?;
    let read = vm.find_attr(file, "read")?;
    let readline = vm.find_attr(file, "readline")?;
    let (Some(read), Some(readline)) = (read, readline) else {
        let message = "file must have 'read' and 'readline' attributes";
        return Err(vm.heap.type_error(message));
    };
    let state = unpickler(vm, this);
    state.read.set(vm.get(read));
    state.readline.set(vm.get(readline));
    let undef = Slot::undef();
    state.peek.assign(&undef);
    if let Some(peek) = peek.filter(|&peek| !vm.get(peek).is_none()) {
        state.peek.set(vm.get(peek));
    }
    Ok(())
}
