//! `Pickler`: the class, its options and what it remembers between two objects.
//!
//! How objects become bytes is in `save.rs` and its siblings. `dumps` uses a pickler without a file, of which no program knows.

use std::cell::{Cell, RefCell};

use super::memo::SavedMemo;
use super::opcode::{DEFAULT_PROTOCOL, HIGHEST_PROTOCOL, PROTO, STOP};
use super::output::{Framing, Output};
use super::{PICKLING_ERROR, memo_proxy, save};
use crate::runtime::function::BoundMethod;
use crate::runtime::heap::traced;
use crate::runtime::native::NativeFunction;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::stdlib::arg::{truth_or, vm_index_or};
use crate::stdlib::receiver::given;
use crate::stdlib::registry::{Getter, ModuleType, NativeType, raise_text};
use crate::vm::{Local, Locals, Native, Vm};

/// The state of a pickler.
pub struct Pickler {
    /// `file.write`; Undef: bytes stay in `out`.
    pub write: Slot,
    /// Of PickleBuffers; Undef: their bytes go into the pickle.
    pub buffer_callback: Slot,
    /// The table that replaces that of `copyreg`; Undef: none.
    pub dispatch_table: Slot,
    /// `copyreg.dispatch_table`, once it was needed; Undef before.
    pub registered: Slot,
    /// The function that gives objects names of their own, while one is saved; Undef: none.
    pub persistent_id: Slot,
    /// `reducer_override` of a subclass, while an object is saved; Undef: none.
    pub reducer_override: Slot,
    pub memo: SavedMemo,
    pub out: RefCell<Output>,
    pub protocol: Cell<i64>,
    /// Whether nothing is remembered.
    pub fast: Cell<bool>,
    pub fix_imports: Cell<bool>,
    /// The containers that are open, in fast mode.
    pub open: RefCell<Vec<u64>>,
    is_ready: Cell<bool>,
}

traced!(Pickler { write, buffer_callback, dispatch_table, registered, persistent_id, reducer_override, memo }
    plain { out, protocol, fast, fix_imports, open, is_ready });

impl Payload for Pickler {}

impl Default for Pickler {
    fn default() -> Pickler {
        Pickler {
            write: Slot::undef(),
            buffer_callback: Slot::undef(),
            dispatch_table: Slot::undef(),
            registered: Slot::undef(),
            persistent_id: Slot::undef(),
            reducer_override: Slot::undef(),
            memo: SavedMemo::default(),
            out: RefCell::default(),
            protocol: Cell::new(DEFAULT_PROTOCOL),
            fast: Cell::new(false),
            fix_imports: Cell::new(false),
            open: RefCell::default(),
            is_ready: Cell::new(false),
        }
    }
}

impl Pickler {
    /// Whether the binary codes are used.
    #[inline]
    pub fn is_binary(&self) -> bool {
        self.protocol.get() > 0
    }

    /// Appends bytes to the pickle.
    #[inline]
    pub fn put(&self, heap: &Heap, bytes: &[u8]) -> Result<(), Raised> {
        self.out.borrow_mut().write(heap, bytes)
    }
}

/// The class.
pub const PICKLER: ModuleType = ModuleType {
    name: "_pickle.Pickler",
    module: "_pickle",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&INIT, &DUMP, &CLEAR_MEMO, &PERSISTENT_ID],
        getters: &[
            Getter::vm("memo", "What is saved already.", |vm, args| {
                Ok(memo_proxy::of_pickler(vm, args.at(0)))
            })
            .with_vm_set(|vm, args| {
                memo_proxy::set_of_pickler(vm, args.at(0), args.at(1))?;
                Ok(vm.none())
            }),
            Getter::vm("bin", "Whether the binary codes are used.", |vm, args| {
                let is_binary = pickler(vm, args.at(0)).is_binary();
                Ok(vm.local(vm.heap.int(i64::from(is_binary))))
            }),
            Getter::vm("fast", "Whether nothing is remembered.", |vm, args| {
                let fast = pickler(vm, args.at(0)).fast.get();
                Ok(vm.local(vm.heap.int(i64::from(fast))))
            })
            .with_vm_set(|vm, args| {
                let fast = vm.index(args.at(1))? != 0;
                pickler(vm, args.at(0)).fast.set(fast);
                Ok(vm.none())
            }),
            Getter::vm(
                "dispatch_table",
                "Reducers by class.",
                |vm, args| match given(vm, slot(vm, &pickler(vm, args.at(0)).dispatch_table)) {
                    Some(table) => Ok(table),
                    None => {
                        let name = vm.heap.type_name(vm.get(args.at(0)));
                        let message = format!("'{name}' object has no attribute 'dispatch_table'");
                        Err(vm.heap.raise(Builtin::AttributeError, message))
                    }
                },
            )
            .with_vm_set(|vm, args| {
                let value = vm.get(args.at(1));
                pickler(vm, args.at(0)).dispatch_table.set(value);
                Ok(vm.none())
            }),
        ],
        ..NativeType::of(
            Builtin::Opaque,
            "Saves objects to a file, one after the other. protocol is 0 to 5; negative: the newest.",
        )
    },
};

/// A local with what a slot holds.
pub fn slot(vm: &Vm, slot: &Slot) -> Local {
    vm.local(slot.get(&vm.heap))
}

/// The state of a pickler.
#[inline]
pub fn pickler(vm: &Vm, this: Local) -> &Pickler {
    vm.payload(this)
}

const NEW: Native = Native::vm(
    "Pickler(cls, /, *args, **kwargs)",
    "A pickler.",
    |vm, args| Ok(vm.new_opaque(args.at(0), Pickler::default())),
);

const INIT: Native = Native::vm(
    "__init__(self, file, protocol=None, fix_imports=True, buffer_callback=None)",
    "Initialize self. Raises TypeError if file has no method write, and ValueError for an unknown protocol.",
    |vm, args| {
        set_options(vm, args.at(0), [args.at(2), args.at(3), args.at(4)])?;
        let Some(write) = vm.find_attr(args.at(1), "write")? else {
            return Err(vm.heap.type_error("file must have a 'write' attribute"));
        };
        let this = pickler(vm, args.at(0));
        this.write.set(vm.get(write));
        this.memo.clear();
        this.is_ready.set(true);
        // A subclass may have a table of its own.
        if let Some(table) = vm.find_attr(args.at(0), "dispatch_table")? {
            pickler(vm, args.at(0)).dispatch_table.set(vm.get(table));
        }
        Ok(vm.none())
    },
);

/// Sets protocol, fix_imports and buffer_callback.
pub fn set_options(
    vm: &mut Vm,
    this: Local,
    [protocol, fix, callback]: [Local; 3],
) -> Result<(), Raised> {
    let given_protocol = given(vm, protocol).filter(|&p| !vm.get(p).is_none());
    let mut protocol = match given_protocol {
        Some(protocol) => vm_index_or(vm, protocol, 0)?,
        None => DEFAULT_PROTOCOL,
    };
    if protocol < 0 {
        protocol = HIGHEST_PROTOCOL;
    } else if protocol > HIGHEST_PROTOCOL {
        let message = format!("pickle protocol must be <= {HIGHEST_PROTOCOL}");
        return Err(vm.heap.value_error(message));
    }
    let fix_imports = truth_or(vm, fix, true)? && protocol < 3;
    let callback = given(vm, callback).filter(|&c| !vm.get(c).is_none());
    if callback.is_some() && protocol < 5 {
        return Err(vm.heap.value_error("buffer_callback needs protocol >= 5"));
    }
    let state = pickler(vm, this);
    state.protocol.set(protocol);
    state.fix_imports.set(fix_imports);
    let callback = callback.map_or(Value::UNDEF, |callback| vm.get(callback));
    state.buffer_callback.set(callback);
    Ok(())
}

const DUMP: Native = Native::vm(
    "dump(self, obj, /)",
    "Save an object. Raises PicklingError, or what saving its parts raises.",
    dump,
);

fn dump(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    if !pickler(vm, this).is_ready.get() {
        let class = vm.heap.type_name(vm.get(this));
        let message = format!("Pickler.__init__() was not called by {class}.__init__()");
        return Err(raise_text(vm, &PICKLING_ERROR, &message));
    }
    let persistent = vm.get_attr_named(this, "persistent_id")?;
    if !is_inherited(vm, &PERSISTENT_ID, persistent) {
        pickler(vm, this).persistent_id.set(vm.get(persistent));
    }
    if let Some(reduce) = vm.find_attr(this, "reducer_override")? {
        pickler(vm, this).reducer_override.set(vm.get(reduce));
    }
    let result = dump_object(vm, this, args.at(1));
    let state = pickler(vm, this);
    state.persistent_id.clear();
    state.reducer_override.clear();
    result?;
    save::flush(vm, this)?;
    Ok(vm.none())
}

/// Whether a method that was read from an instance is this native: nothing overrides it.
pub fn is_inherited(vm: &Vm, native: &'static Native, found: Local) -> bool {
    let Some(method) = vm.get_gc::<BoundMethod>(found) else {
        return false;
    };
    let function: Option<Gc<'_, NativeFunction>> = method.function.get(&vm.heap).as_gc();
    function.is_some_and(|function| std::ptr::eq(vm.native(function.id), native))
}

/// Writes one whole pickle.
pub fn dump_object(vm: &mut Vm, this: Local, object: Local) -> Result<(), Raised> {
    let state = pickler(vm, this);
    state.out.borrow_mut().reset();
    let protocol = state.protocol.get();
    if protocol >= 2 {
        state.put(&vm.heap, &[PROTO, protocol as u8])?;
    }
    if protocol >= 4 {
        state.out.borrow_mut().set_framing(Framing::On);
    }
    save::save(vm, this, object)?;
    let state = pickler(vm, this);
    state.put(&vm.heap, &[STOP])?;
    let mut out = state.out.borrow_mut();
    out.commit();
    out.set_framing(Framing::Off);
    Ok(())
}

const CLEAR_MEMO: Native = Native::vm(
    "clear_memo(self, /)",
    "Forget what is saved: it is saved anew.",
    |vm, args| {
        pickler(vm, args.at(0)).memo.clear();
        Ok(vm.none())
    },
);

const PERSISTENT_ID: Native = Native::vm(
    "persistent_id(self, obj, /)",
    "Return None, or a name by which the object is saved. For subclasses to override.",
    |vm, _| Ok(vm.none()),
);
