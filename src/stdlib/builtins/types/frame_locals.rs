//! `f_locals` of a function's frame: a mapping that reads and writes the variables themselves (PEP 667).
//!
//! Reading goes through a dict of the variables as they are now, writing to the registers, cells or, for names that the function does
//! not have, to a dict beside them. Variables cannot be removed.

use crate::runtime::dict::Dict;
use crate::runtime::frame_object::FrameObject;
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::stdlib::arg::as_str;
use crate::stdlib::receiver::given;
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Native, Vm};

/// The class.
const PROXY: ModuleType = ModuleType {
    name: "FrameLocalsProxy",
    module: "builtins",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &GETITEM,
            &CONTAINS,
            &LEN,
            &ITER,
            &REVERSED,
            &KEYS,
            &VALUES,
            &ITEMS,
            &COPY,
            &REPR,
            &SETITEM,
            &DELITEM,
            &GET,
            &SETDEFAULT,
            &UPDATE,
            &OR,
            &ROR,
            &IOR,
            &EQ,
            &NE,
        ],
        ..NativeType::of(Builtin::Opaque, "The local variables of a frame.")
    },
};

struct FrameLocals {
    frame: Slot,
}

traced!(FrameLocals { frame } plain {});

impl Payload for FrameLocals {}

/// The mapping of a frame's variables.
pub fn proxy(vm: &mut Vm, frame: Local) -> Local {
    let class = class_of(vm, &PROXY);
    let frame = Slot::new(vm.get(frame));
    vm.new_opaque(class, FrameLocals { frame })
}

fn frame_of(vm: &Vm, this: Local) -> Local {
    vm.local(vm.payload::<FrameLocals>(this).frame.get(&vm.heap))
}

/// The variables as a dict, with what was stored under other keys.
fn copy(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    let frame = frame_of(vm, this);
    let names = vm.frame_locals(frame);
    let beside = vm.beside_frame(frame);
    vm.call_method(names, "update", &[beside])?;
    Ok(names)
}

/// A value, or the dict of a proxy's variables.
fn mapping(vm: &mut Vm, value: Local) -> Result<Option<Local>, Raised> {
    if vm.find_payload::<FrameLocals>(value).is_some() {
        return copy(vm, value).map(Some);
    }
    Ok(vm.get(value).is_gc::<Dict>().then_some(value))
}

fn on_copy(vm: &mut Vm, this: Local, method: &str, args: &[Local]) -> Result<Local, Raised> {
    let copy = copy(vm, this)?;
    vm.call_method(copy, method, args)
}

/// What a method of the dict returns, as a list.
fn listed(vm: &mut Vm, this: Local, method: &str) -> Result<Local, Raised> {
    let view = on_copy(vm, this, method, &[])?;
    vm.to_list(view)
}

const NEW: Native = Native::vm(
    "__new__(cls, frame, /)",
    "Create and return a new object.",
    |vm, args| {
        if !vm.get(args.at(1)).is_gc::<FrameObject>() {
            let given = vm.heap.type_name(vm.get(args.at(1)));
            return Err(vm.heap.type_error(format!("expect frame, not {given}")));
        }
        Ok(proxy(vm, args.at(1)))
    },
);
const GETITEM: Native = Native::vm(
    "__getitem__(self, key, /)",
    "Return self[key].",
    |vm, args| {
        let names = copy(vm, args.at(0))?;
        let found = vm.call_method(names, "__contains__", &[args.at(1)])?;
        if vm.get(found).is(Value::TRUE) {
            return vm.call_method(names, "__getitem__", &[args.at(1)]);
        }
        let repr = vm.repr_text(args.at(1))?;
        let message = format!("local variable '{repr}' is not defined");
        Err(vm.heap.raise(Builtin::KeyError, message))
    },
);
const CONTAINS: Native = Native::vm(
    "__contains__(self, key, /)",
    "Return key in self.",
    |vm, args| on_copy(vm, args.at(0), "__contains__", &[args.at(1)]),
);
const LEN: Native = Native::vm("__len__(self, /)", "Return len(self).", |vm, args| {
    on_copy(vm, args.at(0), "__len__", &[])
});
const ITER: Native = Native::vm("__iter__(self, /)", "Implement iter(self).", |vm, args| {
    on_copy(vm, args.at(0), "__iter__", &[])
});
const REVERSED: Native = Native::vm(
    "__reversed__(self, /)",
    "Iterate over the names, the last one first.",
    |vm, args| listed(vm, args.at(0), "__reversed__"),
);
const KEYS: Native = Native::vm("keys(self, /)", "The names.", |vm, args| {
    listed(vm, args.at(0), "keys")
});
const VALUES: Native = Native::vm("values(self, /)", "The values.", |vm, args| {
    listed(vm, args.at(0), "values")
});
const ITEMS: Native = Native::vm(
    "items(self, /)",
    "The names with their values.",
    |vm, args| listed(vm, args.at(0), "items"),
);
const COPY: Native = Native::vm(
    "copy(self, /)",
    "A dict with the same items.",
    |vm, args| on_copy(vm, args.at(0), "copy", &[]),
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let mut text = String::new();
    vm.write_once(args.at(0), "{...}", &mut text, |vm, out| {
        let copy = copy(vm, args.at(0))?;
        *out = vm.repr_text(copy)?;
        Ok(())
    })?;
    Ok(vm.local(vm.heap.str_value(&text)))
});
const SETITEM: Native = Native::vm(
    "__setitem__(self, key, value, /)",
    "Set self[key] to value.",
    |vm, args| {
        store(vm, args.at(0), args.at(1), args.at(2))?;
        Ok(vm.none())
    },
);
const DELITEM: Native = Native::vm("__delitem__(self, key, /)", "Raises TypeError.", |vm, _| {
    Err(refused(vm))
});
const GET: Native = Native::vm(
    "get(self, key, default=None, /)",
    "The value of a name, or the default.",
    |vm, args| {
        let default = given(vm, args.at(2)).unwrap_or_else(|| vm.none());
        on_copy(vm, args.at(0), "get", &[args.at(1), default])
    },
);
const SETDEFAULT: Native = Native::vm(
    "setdefault(self, key, default=None, /)",
    "The value of a name, which becomes the default if it has none.",
    |vm, args| {
        let found = on_copy(vm, args.at(0), "__contains__", &[args.at(1)])?;
        if vm.get(found).is(Value::TRUE) {
            return on_copy(vm, args.at(0), "__getitem__", &[args.at(1)]);
        }
        let default = given(vm, args.at(2)).unwrap_or_else(|| vm.none());
        store(vm, args.at(0), args.at(1), default)?;
        Ok(default)
    },
);
const UPDATE: Native = Native::vm(
    "update(self, other, /)",
    "Set the names that a mapping has.",
    |vm, args| {
        update(vm, args.at(0), args.at(1))?;
        Ok(vm.none())
    },
);
const IOR: Native = Native::vm(
    "__ior__(self, value, /)",
    "Return self|=value.",
    |vm, args| {
        update(vm, args.at(0), args.at(1))?;
        Ok(args.at(0))
    },
);
const OR: Native = Native::vm(
    "__or__(self, value, /)",
    "Return self|value.",
    |vm, args| union(vm, args.at(0), args.at(1)),
);
const ROR: Native = Native::vm(
    "__ror__(self, value, /)",
    "Return value|self.",
    |vm, args| union(vm, args.at(1), args.at(0)),
);
const EQ: Native = Native::vm(
    "__eq__(self, value, /)",
    "Return self==value.",
    |vm, args| compare(vm, args.at(0), args.at(1), Comparison::Eq),
);
const NE: Native = Native::vm(
    "__ne__(self, value, /)",
    "Return self!=value.",
    |vm, args| compare(vm, args.at(0), args.at(1), Comparison::Ne),
);

fn refused(vm: &Vm) -> Raised {
    let message = "cannot remove variables from FrameLocalsProxy";
    vm.heap.type_error(message)
}

/// Stores a variable: a key that equals its name stands for it. What no variable has goes beside the frame.
fn store(vm: &mut Vm, this: Local, key: Local, value: Local) -> Result<(), Raised> {
    let frame = frame_of(vm, this);
    let names = vm.frame_variables(frame);
    let known = vm.call_method(names, "get", &[key])?;
    let Some(name) = as_str(&vm.heap, vm.get(known)) else {
        let beside = vm.beside_frame(frame);
        return vm.set_item(beside, key, value);
    };
    let name = name.as_str().to_owned();
    vm.store_in_frame(frame, &name, value);
    Ok(())
}

fn update(vm: &mut Vm, this: Local, other: Local) -> Result<(), Raised> {
    let given = vm.local(vm.heap.dict().value());
    let other = mapping(vm, other)?.unwrap_or(other);
    vm.call_method(given, "update", &[other])?;
    let items = match vm.get_gc::<Dict>(given) {
        Some(dict) => dict.table.entries(&vm.heap),
        None => Vec::new(),
    };
    let items: Vec<(Local, Local)> = items
        .into_iter()
        .map(|(key, value)| (vm.local(key), vm.local(value)))
        .collect();
    for (key, value) in items {
        store(vm, this, key, value)?;
    }
    Ok(())
}

fn union(vm: &mut Vm, a: Local, b: Local) -> Result<Local, Raised> {
    match (mapping(vm, a)?, mapping(vm, b)?) {
        (Some(a), Some(b)) => vm.call_method(a, "__or__", &[b]),
        _ => Ok(vm.local(Value::NOT_IMPLEMENTED)),
    }
}

fn compare(vm: &mut Vm, this: Local, other: Local, how: Comparison) -> Result<Local, Raised> {
    let Some(other) = mapping(vm, other)? else {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    };
    let method = match how {
        Comparison::Eq => "__eq__",
        _ => "__ne__",
    };
    on_copy(vm, this, method, &[other])
}
