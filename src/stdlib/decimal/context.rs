//! The class Context: its attributes, and the functions that say which context is the current one.
//!
//! Its methods that compute are in `context_methods.rs`.

use std::cell::Cell;

use super::coefficient::Pause;
use super::context_methods::METHODS;
use super::environment::{Env, Rounding, condition};
use super::number::MAX_EXPONENT;
use super::operand::{current, set_current};
use super::signals::{
    self, SHOWN, SIGNALS, Which, conditions_in, conditions_of, list_of, signal_dict,
};
use crate::runtime::dict::Dict;
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::stdlib::arg::{as_int, as_str, given};
use crate::stdlib::registry::{Getter, ModuleType, NativeType, class_of};
use crate::vm::{Local, Locals, Native, Vm};

/// The insides of a context.
pub struct Context {
    prec: Cell<i64>,
    emin: Cell<i64>,
    emax: Cell<i64>,
    rounding: Cell<Rounding>,
    capitals: Cell<bool>,
    clamp: Cell<bool>,
    /// Conditions that were met.
    flags: Cell<u32>,
    /// Conditions that raise.
    traps: Cell<u32>,
    /// The dicts that show them, once they were asked for.
    shown_flags: Slot,
    shown_traps: Slot,
}

traced!(Context { shown_flags, shown_traps } plain { prec, emin, emax, rounding, capitals, clamp, flags, traps });

impl Payload for Context {}

/// The conditions of a context that a dict shows.
pub fn bits_of(context: &Context, which: Which) -> &Cell<u32> {
    match which {
        Which::Flags => &context.flags,
        Which::Traps => &context.traps,
    }
}

impl Context {
    /// What contexts are that are given nothing.
    fn usual() -> Context {
        Context {
            prec: Cell::new(28),
            emin: Cell::new(-999_999),
            emax: Cell::new(999_999),
            rounding: Cell::new(Rounding::HalfEven),
            capitals: Cell::new(true),
            clamp: Cell::new(false),
            flags: Cell::new(0),
            traps: Cell::new(
                condition::ALL_INVALID | condition::DIVISION_BY_ZERO | condition::OVERFLOW,
            ),
            shown_flags: Slot::undef(),
            shown_traps: Slot::undef(),
        }
    }

    /// A copy with dicts of its own.
    fn copied(&self) -> Context {
        Context {
            prec: self.prec.clone(),
            emin: self.emin.clone(),
            emax: self.emax.clone(),
            rounding: self.rounding.clone(),
            capitals: self.capitals.clone(),
            clamp: self.clamp.clone(),
            flags: self.flags.clone(),
            traps: self.traps.clone(),
            shown_flags: Slot::undef(),
            shown_traps: Slot::undef(),
        }
    }

    /// What operations compute under.
    #[inline]
    pub fn env<'a>(&self, pause: &'a Pause<'a>) -> Env<'a> {
        Env {
            prec: self.prec.get(),
            emax: self.emax.get(),
            emin: self.emin.get(),
            rounding: self.rounding.get(),
            clamp: self.clamp.get(),
            status: Cell::new(0),
            pause,
        }
    }

    /// Notes conditions; those that are trapped.
    #[inline]
    pub fn note(&self, conditions: u32) -> u32 {
        self.flags.set(self.flags.get() | conditions);
        conditions & self.traps.get()
    }

    /// The letter before exponents.
    pub fn mark(&self) -> char {
        if self.capitals.get() { 'E' } else { 'e' }
    }

    /// The most digits of a NaN's payload.
    pub fn payload_digits(&self) -> i64 {
        self.prec.get() - i64::from(self.clamp.get())
    }

    /// The least exponent of a subnormal number.
    pub fn etiny(&self) -> i64 {
        self.emin.get() - self.prec.get() + 1
    }

    /// The greatest exponent of a number with all digits.
    pub fn etop(&self) -> i64 {
        self.emax.get() - self.prec.get() + 1
    }
}

/// The class.
pub const CONTEXT: ModuleType = ModuleType {
    name: "decimal.Context",
    module: "decimal",
    body: NativeType {
        new: Some(&NEW),
        methods: METHODS,
        getters: &[
            Getter::vm("prec", "Digits of results.", |vm, args| {
                int_attribute(vm, args, |c| c.prec.get())
            })
            .with_vm_set(|vm, args| {
                set_int(
                    vm,
                    args,
                    (1, MAX_EXPONENT),
                    "valid range for prec is [1, MAX_PREC]",
                    |c| &c.prec,
                )
            }),
            Getter::vm(
                "Emin",
                "The least exponent of normal numbers.",
                |vm, args| int_attribute(vm, args, |c| c.emin.get()),
            )
            .with_vm_set(|vm, args| {
                set_int(
                    vm,
                    args,
                    (-MAX_EXPONENT, 0),
                    "valid range for Emin is [MIN_EMIN, 0]",
                    |c| &c.emin,
                )
            }),
            Getter::vm("Emax", "The greatest exponent.", |vm, args| {
                int_attribute(vm, args, |c| c.emax.get())
            })
            .with_vm_set(|vm, args| {
                set_int(
                    vm,
                    args,
                    (0, MAX_EXPONENT),
                    "valid range for Emax is [0, MAX_EMAX]",
                    |c| &c.emax,
                )
            }),
            Getter::vm(
                "capitals",
                "1 if exponents are written with E, 0 for e.",
                |vm, args| int_attribute(vm, args, |c| i64::from(c.capitals.get())),
            )
            .with_vm_set(|vm, args| {
                set_bit(vm, args, "valid values for capitals are 0 or 1", |c| {
                    &c.capitals
                })
            }),
            Getter::vm("clamp", "1 if exponents are at most Etop().", |vm, args| {
                int_attribute(vm, args, |c| i64::from(c.clamp.get()))
            })
            .with_vm_set(|vm, args| {
                set_bit(vm, args, "valid values for clamp are 0 or 1", |c| &c.clamp)
            }),
            Getter::vm("rounding", "How results are rounded.", |vm, args| {
                let name = vm.payload::<Context>(args.at(0)).rounding.get().name();
                Ok(vm.local(vm.heap.intern(name).value()))
            })
            .with_vm_set(set_rounding),
            Getter::vm("flags", "The signals that were met.", |vm, args| {
                Ok(shown(vm, args.at(0), Which::Flags))
            })
            .with_vm_set(|vm, args| set_signals(vm, args, Which::Flags)),
            Getter::vm("traps", "The signals that raise exceptions.", |vm, args| {
                Ok(shown(vm, args.at(0), Which::Traps))
            })
            .with_vm_set(|vm, args| set_signals(vm, args, Which::Traps)),
        ],
        ..NativeType::of(
            Builtin::Opaque,
            "Precision, rounding, exponent limits, flags and traps. Its methods are those of Decimal, rounded by this context.",
        )
    },
};

fn int_attribute(vm: &mut Vm, args: Locals, get: fn(&Context) -> i64) -> Result<Local, Raised> {
    Ok(vm.local(vm.heap.int(get(vm.payload::<Context>(args.at(0))))))
}

/// The value that a setter got.
fn new_value(vm: &Vm, args: Locals) -> Result<Local, Raised> {
    given(vm, args.at(1)).ok_or_else(|| {
        vm.heap.raise(
            Builtin::AttributeError,
            "context attributes cannot be deleted",
        )
    })
}

fn int_value(vm: &Vm, value: Local) -> Result<Option<i64>, Raised> {
    let heap = &vm.heap;
    match as_int(heap, vm.get(value)) {
        Some(n) => Ok(n.to_i64()),
        None => Err(heap.type_error("an integer is required")),
    }
}

fn set_int(
    vm: &mut Vm,
    args: Locals,
    (least, most): (i64, i64),
    message: &str,
    place: for<'c> fn(&'c Context) -> &'c Cell<i64>,
) -> Result<Local, Raised> {
    let value = new_value(vm, args)?;
    match int_value(vm, value)?.filter(|n| (least..=most).contains(n)) {
        Some(n) => place(vm.payload(args.at(0))).set(n),
        None => return Err(vm.heap.value_error(message)),
    }
    Ok(vm.none())
}

fn set_bit(
    vm: &mut Vm,
    args: Locals,
    message: &str,
    place: for<'c> fn(&'c Context) -> &'c Cell<bool>,
) -> Result<Local, Raised> {
    let value = new_value(vm, args)?;
    match int_value(vm, value)? {
        Some(n @ (0 | 1)) => place(vm.payload(args.at(0))).set(n == 1),
        _ => return Err(vm.heap.value_error(message)),
    }
    Ok(vm.none())
}

/// The rounding that an argument names.
///
/// # Errors
/// TypeError.
pub fn rounding_of(vm: &Vm, argument: Local) -> Result<Rounding, Raised> {
    let name = as_str(&vm.heap, vm.get(argument));
    name.and_then(|name| Rounding::named(name.as_str())).ok_or_else(|| {
        let message = "valid values for rounding are:\n  [ROUND_CEILING, ROUND_FLOOR, ROUND_UP, ROUND_DOWN,\n   \
             ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN,\n   ROUND_05UP]";
        vm.heap.type_error(message)
    })
}

fn set_rounding(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let value = new_value(vm, args)?;
    let rounding = rounding_of(vm, value)?;
    vm.payload::<Context>(args.at(0)).rounding.set(rounding);
    Ok(vm.none())
}

/// The dict that shows conditions of a context.
fn shown(vm: &mut Vm, context: Local, which: Which) -> Local {
    let place = |vm: &Vm| {
        let context = vm.payload::<Context>(context);
        let slot = if which == Which::Flags {
            &context.shown_flags
        } else {
            &context.shown_traps
        };
        Slot::copy(slot)
    };
    let known = vm.local(place(vm).get(&vm.heap));
    if !vm.get(known).is_undef() {
        return known;
    }
    let made = signal_dict(vm, context, which);
    let insides = vm.payload::<Context>(context);
    let slot = if which == Which::Flags {
        &insides.shown_flags
    } else {
        &insides.shown_traps
    };
    slot.set(vm.get(made));
    made
}

fn set_signals(vm: &mut Vm, args: Locals, which: Which) -> Result<Local, Raised> {
    let value = new_value(vm, args)?;
    let is_dict = vm.heap.is_instance(vm.get(value), Builtin::Dict);
    if !is_dict && conditions_in(vm, value).is_none() {
        return Err(vm.heap.type_error("argument must be a signal dict"));
    }
    let bits = signals_in(vm, value)?;
    bits_of(vm.payload(args.at(0)), which).set(bits);
    Ok(vm.none())
}

/// The conditions that a dict of all signals or a list of some stands for.
fn signals_in(vm: &mut Vm, value: Local) -> Result<u32, Raised> {
    if let Some(bits) = conditions_in(vm, value) {
        return Ok(bits);
    }
    let mut set = 0;
    if vm.heap.is_instance(vm.get(value), Builtin::Dict) {
        let dict = crate::stdlib::arg::plain(vm, value);
        let count = vm
            .get_gc::<Dict>(dict)
            .map_or(0, |dict| dict.table.len(&vm.heap));
        for (name, bits) in SIGNALS {
            let class = signals::signal_class(vm, name)?;
            let Some(is_set) = vm.dict_get(dict, class)?.filter(|_| count == SIGNALS.len()) else {
                return Err(vm.heap.raise(Builtin::KeyError, "invalid signal dict"));
            };
            if vm.truth(is_set)? {
                set |= bits;
            }
        }
        return Ok(set);
    }
    let items = vm.iter(value)?;
    let item = vm.local(Value::UNDEF);
    while vm.next(items, item)? {
        match conditions_of(vm, item)? {
            Some(bits) => set |= bits,
            None => return Err(signals::not_a_signal(vm)),
        }
    }
    Ok(set)
}

const NEW: Native = Native::vm(
    "Context(cls, prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
    "A context; what is omitted is as in a new one.",
    |vm, args| {
        let made = vm.new_opaque(args.at(0), Context::usual());
        let names = [
            "prec", "rounding", "Emin", "Emax", "capitals", "clamp", "flags", "traps",
        ];
        for (i, name) in names.into_iter().enumerate() {
            let value = vm.get(args.at(i + 1));
            if matches!(name, "flags" | "traps") && vm.heap.is_instance(value, Builtin::List) {
                let which = if name == "flags" {
                    Which::Flags
                } else {
                    Which::Traps
                };
                let bits = signals_in(vm, args.at(i + 1))?;
                bits_of(vm.payload(made), which).set(bits);
            } else if !value.is_undef() && !value.is_none() {
                let name = vm.local(vm.heap.intern(name).value());
                vm.set_attr(made, name, args.at(i + 1))?;
            }
        }
        Ok(made)
    },
);

/// `repr(context)`
pub const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let context = vm.payload::<Context>(args.at(0));
    let names = |set: u32| {
        let shown = SHOWN
            .iter()
            .map(|&i| SIGNALS[i])
            .filter(|(_, bits)| bits & set != 0);
        shown.map(|(name, _)| name).collect::<Vec<_>>().join(", ")
    };
    let text = format!(
        "Context(prec={}, rounding={}, Emin={}, Emax={}, capitals={}, clamp={}, flags=[{}], traps=[{}])",
        context.prec.get(),
        context.rounding.get().name(),
        context.emin.get(),
        context.emax.get(),
        i32::from(context.capitals.get()),
        i32::from(context.clamp.get()),
        names(context.flags.get()),
        names(context.traps.get()),
    );
    Ok(vm.local(vm.heap.str_value(&text)))
});

/// `Context.copy` and `copy.copy`
pub fn copy(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let copied = vm.payload::<Context>(args.at(0)).copied();
    let class = class_of(vm, &CONTEXT);
    Ok(vm.new_opaque(class, copied))
}

/// What pickles a context.
pub const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    let [flags, traps] =
        [Which::Flags, Which::Traps].map(|which| bits_of(vm.payload(args.at(0)), which).get());
    let (flags, traps) = (list_of(vm, flags)?, list_of(vm, traps)?);
    let heap = &vm.heap;
    let context = vm.payload::<Context>(args.at(0));
    let fields = [
        heap.int(context.prec.get()),
        heap.intern(context.rounding.get().name()).value(),
        heap.int(context.emin.get()),
        heap.int(context.emax.get()),
        heap.int(i64::from(context.capitals.get())),
        heap.int(i64::from(context.clamp.get())),
        vm.get(flags),
        vm.get(traps),
    ];
    let class = heap.class_of(vm.get(args.at(0))).value();
    Ok(vm.local(heap.tuple(&[class, heap.tuple(&fields).value()]).value()))
});

/// Lowers all flags, or switches all traps off.
pub fn clear(vm: &mut Vm, args: Locals, which: Which) -> Result<Local, Raised> {
    bits_of(vm.payload(args.at(0)), which).set(0);
    Ok(vm.none())
}

/// The context of a task that has none yet: a copy of `DefaultContext`.
pub fn new_current(vm: &mut Vm) -> Result<Local, Raised> {
    let module = vm.import_module("decimal")?;
    let template = vm.get_attr_named(module, "DefaultContext")?;
    Ok(fresh(vm, template))
}

/// A copy without flags.
fn fresh(vm: &mut Vm, template: Local) -> Local {
    let copied = vm
        .find_payload::<Context>(template)
        .map_or_else(Context::usual, Context::copied);
    copied.flags.set(0);
    let class = class_of(vm, &CONTEXT);
    vm.new_opaque(class, copied)
}

/// `getcontext()`
pub const GETCONTEXT: Native = Native::vm(
    "getcontext()",
    "The context of the running task.",
    |vm, _| current(vm),
);

/// `setcontext(context)`
pub const SETCONTEXT: Native = Native::vm(
    "setcontext(context, /)",
    "Set the context of the running task.",
    |vm, args| {
        if vm.find_payload::<Context>(args.at(0)).is_none() {
            return Err(vm.heap.type_error("argument must be a context"));
        }
        let module = vm.import_module("decimal")?;
        let mut context = args.at(0);
        for name in ["DefaultContext", "BasicContext", "ExtendedContext"] {
            let template = vm.get_attr_named(module, name)?;
            if vm.get(template).is(vm.get(args.at(0))) {
                context = fresh(vm, template);
            }
        }
        set_current(vm, context)?;
        Ok(vm.none())
    },
);
