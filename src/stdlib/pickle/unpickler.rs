//! `Unpickler`: the class, its options and its state.
//!
//! How codes become objects is in `load.rs` and `load_call.rs`. `loads` uses an unpickler without a file, of which no program knows.

use std::cell::{Cell, RefCell};

use super::input::{self, Input};
use super::memo::LoadedMemo;
use super::pickler::is_inherited;
use super::{UNPICKLING_ERROR, find_class, load, memo_proxy, set_file};
use crate::runtime::heap::{SlotVec, traced};
use crate::runtime::opaque::Payload;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised, Slot};
use crate::stdlib::arg::truth_or;
use crate::stdlib::receiver::given;
use crate::stdlib::registry::{Getter, ModuleType, NativeType, raise_text};
use crate::vm::{Local, Locals, Native, Vm};

/// The state of an unpickler.
pub struct Unpickler {
    /// Methods of the file; Undef: there is none.
    pub read: Slot,
    pub readline: Slot,
    pub peek: Slot,
    /// An iterator over what protocol 5 kept out of the pickle; Undef: none.
    pub buffers: Slot,
    /// A program's `persistent_load`, while an object is loaded; Undef: the default.
    pub persistent_load: Slot,
    /// A program's `find_class`, while an object is loaded; Undef: the default.
    pub find_class: Slot,
    pub memo: LoadedMemo,
    pub stack: SlotVec,
    /// Heights of the stack.
    pub marks: RefCell<Vec<usize>>,
    pub input: RefCell<Input>,
    pub protocol: Cell<i64>,
    pub fix_imports: Cell<bool>,
    /// Of strings of Python 2.
    pub encoding: RefCell<String>,
    pub errors: RefCell<String>,
    is_ready: Cell<bool>,
}

traced!(Unpickler { read, readline, peek, buffers, persistent_load, find_class, memo, stack }
    plain { marks, input, protocol, fix_imports, encoding, errors, is_ready });

impl Payload for Unpickler {}

impl Default for Unpickler {
    fn default() -> Unpickler {
        Unpickler {
            read: Slot::undef(),
            readline: Slot::undef(),
            peek: Slot::undef(),
            buffers: Slot::undef(),
            persistent_load: Slot::undef(),
            find_class: Slot::undef(),
            memo: LoadedMemo::default(),
            stack: SlotVec::new(),
            marks: RefCell::default(),
            input: RefCell::default(),
            protocol: Cell::new(0),
            fix_imports: Cell::new(true),
            encoding: RefCell::new("ASCII".to_owned()),
            errors: RefCell::new("strict".to_owned()),
            is_ready: Cell::new(false),
        }
    }
}

/// The class.
pub const UNPICKLER: ModuleType = ModuleType {
    name: "_pickle.Unpickler",
    module: "_pickle",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&INIT, &LOAD, &PERSISTENT_LOAD, &FIND_CLASS],
        getters: &[
            Getter::vm("memo", "What was loaded, by number.", |vm, args| {
                Ok(memo_proxy::of_unpickler(vm, args.at(0)))
            })
            .with_vm_set(|vm, args| {
                memo_proxy::set_of_unpickler(vm, args.at(0), args.at(1))?;
                Ok(vm.none())
            }),
        ],
        ..NativeType::of(
            Builtin::Opaque,
            "Loads objects from a file. encoding and errors are for strings of Python 2; buffers has those that were kept out of the data.",
        )
    },
};

/// The state of an unpickler.
#[inline]
pub fn unpickler(vm: &Vm, this: Local) -> &Unpickler {
    vm.payload(this)
}

const NEW: Native = Native::vm(
    "Unpickler(cls, /, *args, **kwargs)",
    "An unpickler.",
    |vm, args| Ok(vm.new_opaque(args.at(0), Unpickler::default())),
);

const INIT: Native = Native::vm(
    "__init__(self, file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())",
    "Initialize self. Raises TypeError if file has no methods read and readline.",
    |vm, args| {
        let this = args.at(0);
        set_file(vm, this, args.at(1))?;
        set_options(vm, this, [args.at(2), args.at(3), args.at(4), args.at(5)])?;
        let state = unpickler(vm, this);
        state.memo.clear();
        *state.input.borrow_mut() = Input::default();
        state.is_ready.set(true);
        Ok(vm.none())
    },
);

/// Sets fix_imports, encoding, errors and buffers.
///
/// # Errors
/// TypeError.
pub fn set_options(
    vm: &mut Vm,
    this: Local,
    [fix, encoding, errors, buffers]: [Local; 4],
) -> Result<(), Raised> {
    let fix_imports = truth_or(vm, fix, true)?;
    unpickler(vm, this).fix_imports.set(fix_imports);
    for (name, option) in [("encoding", encoding), ("errors", errors)] {
        let Some(option) = given(vm, option) else {
            continue;
        };
        let Some(text) = vm.get_gc::<Str>(option).map(Gc::as_str) else {
            let class = vm.heap.argument_name(vm.get(option));
            let message = format!("Unpickler() argument '{name}' must be str, not {class}");
            return Err(vm.heap.type_error(message));
        };
        let state = unpickler(vm, this);
        let place = if name == "encoding" {
            &state.encoding
        } else {
            &state.errors
        };
        text.clone_into(&mut place.borrow_mut());
    }
    match given(vm, buffers).filter(|&buffers| !vm.get(buffers).is_none()) {
        Some(buffers) => {
            let buffers = vm.iter(buffers)?;
            unpickler(vm, this).buffers.set(vm.get(buffers));
        }
        None => unpickler(vm, this).buffers.clear(),
    }
    Ok(())
}

const LOAD: Native = Native::vm(
    "load(self, /)",
    "Return the next object of the file. Raises UnpicklingError or EOFError if the data is wrong.",
    load_next,
);

fn load_next(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    if !unpickler(vm, this).is_ready.get() {
        let class = vm.heap.type_name(vm.get(this));
        let message = format!("Unpickler.__init__() was not called by {class}.__init__()");
        return Err(raise_text(vm, &UNPICKLING_ERROR, &message));
    }
    let persistent = vm.get_attr_named(this, "persistent_load")?;
    if !is_inherited(vm, &PERSISTENT_LOAD, persistent) {
        unpickler(vm, this).persistent_load.set(vm.get(persistent));
    }
    let find = vm.get_attr_named(this, "find_class")?;
    if !is_inherited(vm, &FIND_CLASS, find) {
        unpickler(vm, this).find_class.set(vm.get(find));
    }
    let state = unpickler(vm, this);
    state.stack.clear();
    state.marks.borrow_mut().clear();
    state.protocol.set(0);
    let result = load::load(vm, this);
    let state = unpickler(vm, this);
    state.persistent_load.clear();
    state.find_class.clear();
    state.stack.clear();
    let value = result?;
    input::skip_consumed(vm, this)?;
    Ok(value)
}

const PERSISTENT_LOAD: Native = Native::vm(
    "persistent_load(self, pid, /)",
    "Return the object that was saved by a name of its own. For subclasses to override; raises UnpicklingError.",
    |vm, _| {
        let message = "A load persistent id instruction was encountered, but no persistent_load function was specified.";
        Err(raise_text(vm, &UNPICKLING_ERROR, message))
    },
);

const FIND_CLASS: Native = Native::vm(
    "find_class(self, module_name, global_name, /)",
    "Return an object that a module has under a name; the module is imported. Subclasses may allow only some.",
    |vm, args| find_class::find_class(vm, args.at(0), args.at(1), args.at(2)),
);
