//! Signals: which conditions raise which exceptions of `decimal`, and the dicts `flags` and `traps` of a context.
//!
//! The exceptions are written in apy, in the module `decimal`; they are looked up when one is raised or named. Several conditions raise the
//! exception of the first one in `SIGNALS`, whose argument lists all.

use super::context::{Context, bits_of};
use super::environment::condition;
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Locals, Native, Vm};

/// The signals with their conditions, in the order in which one of several is raised.
pub const SIGNALS: [(&str, u32); 9] = [
    ("InvalidOperation", condition::ALL_INVALID),
    ("FloatOperation", condition::FLOAT_OPERATION),
    ("DivisionByZero", condition::DIVISION_BY_ZERO),
    ("Overflow", condition::OVERFLOW),
    ("Underflow", condition::UNDERFLOW),
    ("Subnormal", condition::SUBNORMAL),
    ("Inexact", condition::INEXACT),
    ("Rounded", condition::ROUNDED),
    ("Clamped", condition::CLAMPED),
];

/// The kinds of invalid operations, in the order in which exceptions list them.
const INVALID: [(&str, u32); 5] = [
    ("InvalidOperation", condition::INVALID_OPERATION),
    ("ConversionSyntax", condition::CONVERSION_SYNTAX),
    ("DivisionImpossible", condition::DIVISION_IMPOSSIBLE),
    ("DivisionUndefined", condition::DIVISION_UNDEFINED),
    ("InvalidContext", condition::INVALID_CONTEXT),
];

/// The order in which the text of a context lists signals.
pub const SHOWN: [usize; 9] = [8, 0, 2, 6, 1, 3, 7, 5, 4];

/// The class of a signal.
pub fn signal_class(vm: &mut Vm, name: &str) -> Result<Local, Raised> {
    let module = vm.import_module("decimal")?;
    vm.get_attr_named(module, name)
}

/// The conditions of a signal that a program names; None for what is no signal.
pub fn conditions_of(vm: &mut Vm, signal: Local) -> Result<Option<u32>, Raised> {
    for (name, bits) in SIGNALS {
        let mark = vm.mark();
        let class = signal_class(vm, name)?;
        let is_same = vm.get(class).is(vm.get(signal));
        vm.release(mark);
        if is_same {
            return Ok(Some(bits));
        }
    }
    Ok(None)
}

/// Raises the exception for conditions that are trapped.
#[cold]
pub fn raise(vm: &mut Vm, conditions: u32) -> Raised {
    match exception(vm, conditions) {
        Ok(made) => vm.raise_local(made),
        Err(raised) => raised,
    }
}

fn exception(vm: &mut Vm, conditions: u32) -> Result<Local, Raised> {
    let met = |(_, bits): &&(&str, u32)| bits & conditions != 0;
    let name = SIGNALS
        .iter()
        .find(met)
        .map_or("DecimalException", |(name, _)| name);
    let class = signal_class(vm, name)?;
    let list = vm.local(vm.heap.list([]).value());
    for (name, _) in INVALID.iter().chain(&SIGNALS[1..]).filter(met) {
        let condition = signal_class(vm, name)?;
        vm.call_method(list, "append", &[condition])?;
    }
    vm.call(class, &[list])
}

/// Which conditions of a context a dict shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that were met.
    Flags,
    /// Those that raise.
    Traps,
}

/// The insides of `flags` and `traps`.
struct SignalDict {
    context: Slot,
    which: Which,
}

traced!(SignalDict { context } plain { which });

impl Payload for SignalDict {}

/// The class of `flags` and `traps`.
const SIGNAL_DICT: ModuleType = ModuleType {
    name: "decimal.SignalDict",
    module: "decimal",
    body: NativeType {
        methods: &[
            &GETITEM, &SETITEM, &DELITEM, &CONTAINS, &ITER, &LEN, &REPR, &EQ, &COPY, &KEYS,
            &VALUES, &ITEMS, &GET,
        ],
        ..NativeType::of(Builtin::Opaque, "Which signals are set: one bool for each.")
    },
};

/// The dict of a context.
pub fn signal_dict(vm: &mut Vm, context: Local, which: Which) -> Local {
    let class = class_of(vm, &SIGNAL_DICT);
    let made = SignalDict {
        context: Slot::new(vm.get(context)),
        which,
    };
    vm.new_opaque(class, made)
}

/// The conditions that a dict shows; None if it is none.
pub fn conditions_in(vm: &Vm, dict: Local) -> Option<u32> {
    let dict = vm.find_payload::<SignalDict>(dict)?;
    let context = dict.context.get(&vm.heap);
    let context: &Context = crate::vm::payload_of(context);
    Some(bits_of(context, dict.which).get())
}

fn conditions(vm: &Vm, args: Locals) -> u32 {
    conditions_in(vm, args.at(0)).unwrap_or(0)
}

fn known(vm: &mut Vm, signal: Local) -> Result<u32, Raised> {
    let found = conditions_of(vm, signal)?;
    found.ok_or_else(|| not_a_signal(vm))
}

/// KeyError: what is given is no signal.
pub fn not_a_signal(vm: &Vm) -> Raised {
    let message = "valid values for signals are:\n  [InvalidOperation, FloatOperation, DivisionByZero,\n   \
         Overflow, Underflow, Subnormal, Inexact, Rounded,\n   Clamped]";
    vm.heap.raise(Builtin::KeyError, message)
}

const GETITEM: Native = Native::vm(
    "__getitem__(self, key, /)",
    "Return self[key].",
    |vm, args| {
        let bits = known(vm, args.at(1))?;
        Ok(vm.local(Value::bool(conditions(vm, args) & bits != 0)))
    },
);
const SETITEM: Native = Native::vm(
    "__setitem__(self, key, value, /)",
    "Set self[key] to value.",
    |vm, args| {
        let bits = known(vm, args.at(1))?;
        let is_set = vm.truth(args.at(2))?;
        if let Some(dict) = vm.find_payload::<SignalDict>(args.at(0)) {
            let context: &Context = crate::vm::payload_of(dict.context.get(&vm.heap));
            let place = bits_of(context, dict.which);
            place.set(if is_set {
                place.get() | bits
            } else {
                place.get() & !bits
            });
        }
        Ok(vm.none())
    },
);
const DELITEM: Native = Native::vm(
    "__delitem__(self, key, /)",
    "Raises ValueError.",
    |vm, _| Err(vm.heap.value_error("signal keys cannot be deleted")),
);
const CONTAINS: Native = Native::vm(
    "__contains__(self, key, /)",
    "Return key in self.",
    |vm, args| {
        let found = conditions_of(vm, args.at(1))?;
        Ok(vm.local(Value::bool(found.is_some())))
    },
);
const ITER: Native = Native::vm("__iter__(self, /)", "Implement iter(self).", |vm, _| {
    let keys = keys(vm)?;
    vm.iter(keys)
});
const LEN: Native = Native::vm("__len__(self, /)", "Return len(self).", |vm, _| {
    Ok(vm.local(vm.heap.usize(SIGNALS.len())))
});
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let set = conditions(vm, args);
    let rows: Vec<String> = SIGNALS
        .iter()
        .map(|(name, bits)| {
            format!(
                "<class 'decimal.{name}'>:{}",
                if set & bits != 0 { "True" } else { "False" }
            )
        })
        .collect();
    Ok(vm.local(vm.heap.str_value(&format!("{{{}}}", rows.join(", ")))))
});
const EQ: Native = Native::vm(
    "__eq__(self, other, /)",
    "Return self==other.",
    |vm, args| {
        if let Some(other) = conditions_in(vm, args.at(1)) {
            let is_equal = SIGNALS
                .iter()
                .all(|(_, bits)| (other & bits != 0) == (conditions(vm, args) & bits != 0));
            return Ok(vm.local(Value::bool(is_equal)));
        }
        let copy = to_dict(vm, args)?;
        let is_equal = vm.compare_truth(Comparison::Eq, copy, args.at(1))?;
        Ok(vm.local(Value::bool(is_equal)))
    },
);
const COPY: Native = Native::vm("copy(self, /)", "A dict with the same items.", to_dict);
const KEYS: Native = Native::vm("keys(self, /)", "The signals.", |vm, args| {
    let dict = to_dict(vm, args)?;
    vm.call_method(dict, "keys", &[])
});
const VALUES: Native = Native::vm(
    "values(self, /)",
    "Whether each signal is set.",
    |vm, args| {
        let dict = to_dict(vm, args)?;
        vm.call_method(dict, "values", &[])
    },
);
const ITEMS: Native = Native::vm(
    "items(self, /)",
    "The signals, each with whether it is set.",
    |vm, args| {
        let dict = to_dict(vm, args)?;
        vm.call_method(dict, "items", &[])
    },
);
const GET: Native = Native::vm(
    "get(self, key, default=None, /)",
    "self[key], or default for what is no signal.",
    |vm, args| {
        let found = conditions_of(vm, args.at(1))?;
        Ok(match found {
            Some(bits) => vm.local(Value::bool(conditions(vm, args) & bits != 0)),
            None => vm.local(vm.get(args.at(2)).or(Value::NONE)),
        })
    },
);

/// A list of the classes of these conditions' signals.
pub fn list_of(vm: &mut Vm, conditions: u32) -> Result<Local, Raised> {
    let list = vm.local(vm.heap.list([]).value());
    for (name, bits) in SIGNALS {
        if bits & conditions != 0 {
            let class = signal_class(vm, name)?;
            vm.call_method(list, "append", &[class])?;
        }
    }
    Ok(list)
}

fn keys(vm: &mut Vm) -> Result<Local, Raised> {
    list_of(vm, u32::MAX)
}

fn to_dict(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let dict = vm.local(
        vm.heap
            .dict_of(crate::runtime::table::Table::default())
            .value(),
    );
    for (name, bits) in SIGNALS {
        let class = signal_class(vm, name)?;
        let value = vm.local(Value::bool(conditions(vm, args) & bits != 0));
        vm.set_item(dict, class, value)?;
    }
    Ok(dict)
}
