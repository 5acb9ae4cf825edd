//! The `contextvars` module: variables of which each task has its own value.
//!
//! How contexts are kept and copied is in `sched/context.rs`; here is what programs see: ContextVar, Token, Context and
//! `copy_context`. A variable is found in a context by its identity.

use std::cell::Cell;

use super::receiver::spread;
use super::registry::{Getter, ModuleType, NativeModule, NativeType, class_of};
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::str::Str;
use crate::runtime::table::{Found, Table};
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::sched::context::{self, new_context};
use crate::sched::future::part;
use crate::sched::scheduler;
use crate::vm::{Args, Local, Locals, Native, Vm, payload_of};

/// The module.
pub const CONTEXTVARS: NativeModule = NativeModule {
    functions: &[&COPY_CONTEXT],
    types: &[&CONTEXT, &CONTEXT_VAR, &TOKEN],
    init,
    ..NativeModule::of("contextvars", "Context variables.")
};

/// The class of contexts.
pub const CONTEXT: ModuleType = ModuleType {
    name: "_contextvars.Context",
    module: "_contextvars",
    body: NativeType {
        new: Some(&NEW_CONTEXT),
        methods: &[
            &RUN, &COPY, &GET, &KEYS, &VALUES, &ITEMS, &GETITEM, &CONTAINS, &ITER, &LEN, &EQ,
        ],
        is_final: true,
        ..NativeType::of(Builtin::Opaque, "What the context variables hold.")
    },
};

const CONTEXT_VAR: ModuleType = ModuleType {
    name: "_contextvars.ContextVar",
    module: "_contextvars",
    body: NativeType {
        new: Some(&NEW_VAR),
        methods: &[&VAR_GET, &VAR_SET, &VAR_RESET, &VAR_REPR],
        class_methods: &[&CLASS_GETITEM],
        getters: &[
            Getter::leaf("name", "The name of the variable.", |heap, args| {
                Ok(var(args.get(0)).name.get(heap))
            })
            .as_member(),
        ],
        is_final: true,
        ..NativeType::of(
            Builtin::Opaque,
            "A variable of which each context has its own value.",
        )
    },
};

const TOKEN: ModuleType = ModuleType {
    name: "_contextvars.Token",
    module: "_contextvars",
    body: NativeType {
        is_final: true,
        new: Some(&NEW_TOKEN),
        methods: &[&TOKEN_REPR],
        class_methods: &[&CLASS_GETITEM],
        getters: &[
            Getter::leaf("var", "The variable that was set.", |heap, args| {
                Ok(token(args.get(0)).var.get(heap))
            }),
            Getter::leaf(
                "old_value",
                "What it was before, or Token.MISSING.",
                |heap, args| Ok(token(args.get(0)).old.get(heap)),
            ),
        ],
        ..NativeType::of(
            Builtin::Opaque,
            "What ContextVar.set returns and ContextVar.reset wants.",
        )
    },
};

/// What `Token.MISSING` is.
const MISSING: ModuleType = ModuleType {
    name: "Token.MISSING",
    module: "_contextvars",
    body: NativeType {
        methods: &[&MISSING_REPR],
        ..NativeType::of(Builtin::Opaque, "Stands for no value.")
    },
};

struct Var {
    name: Slot,
    /// Undef for none.
    default: Slot,
}

struct VarToken {
    var: Slot,
    /// What it was before; `Token.MISSING` for nothing.
    old: Slot,
    /// The context that was changed.
    context: Slot,
    used: Cell<bool>,
}

struct Missing;

traced!(Var { name, default });

impl Payload for Var {}

traced!(VarToken { var, old, context } plain { used });

impl Payload for VarToken {}

traced!(Missing {});

impl Payload for Missing {}

fn var<'h>(value: Value<'h>) -> &'h Var {
    payload(value)
}

fn token<'h>(value: Value<'h>) -> &'h VarToken {
    payload(value)
}

fn payload<'h, T: Payload>(value: Value<'h>) -> &'h T {
    payload_of(value)
}

fn init(vm: &mut Vm, _: Local) -> Result<(), Raised> {
    let missing = class_of(vm, &MISSING);
    let missing: Gc<'_, Class> = vm.get_gc(missing).expect("just made");
    let missing = vm.local(vm.heap.opaque(missing, Missing).value());
    let tokens = class_of(vm, &TOKEN);
    if let Some(class) = vm.get_gc::<Class>(tokens) {
        class.bind(&vm.heap, vm.heap.intern("MISSING"), vm.get(missing));
    }
    Ok(())
}

const COPY_CONTEXT: Native = Native::vm(
    "copy_context()",
    "A copy of the current context.",
    |vm, _| {
        let current = vm.local(scheduler(vm).context(&vm.heap));
        copied(vm, current)
    },
);

/// A copy of a context, as an object in any case.
fn copied(vm: &mut Vm, original: Local) -> Result<Local, Raised> {
    let class = class_of(vm, &CONTEXT);
    let heap = &vm.heap;
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    let values = context::values(heap, vm.get(original)).map_or(Value::UNDEF, Gc::value);
    Ok(vm.local(new_context(heap, class, values)))
}

/// The present context as an object; the empty one gets its object now.
fn current(vm: &mut Vm) -> Local {
    let known = vm.local(scheduler(vm).context(&vm.heap));
    if !vm.get(known).is_undef() {
        return known;
    }
    let class = class_of(vm, &CONTEXT);
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    let made = vm.local(new_context(&vm.heap, class, Value::UNDEF));
    scheduler(vm).set_context(vm.get(made));
    made
}

/// The context of a task as an object; the empty one gets its object now.
pub fn context_of(vm: &mut Vm, task: Local) -> Result<Local, Raised> {
    let running = scheduler(vm).current_task(&vm.heap);
    if running.is_some_and(|running| running.is(vm.get(task))) {
        return Ok(current(vm));
    }
    context_in(vm, |vm| &part(vm, task).context)
}

/// The context in a slot as an object; the empty one gets its object now.
pub fn context_in(vm: &mut Vm, slot: impl for<'v> Fn(&'v Vm) -> &'v Slot) -> Result<Local, Raised> {
    let known = vm.local(slot(vm).get(&vm.heap));
    if !vm.get(known).is_undef() {
        return Ok(known);
    }
    let made = copied(vm, known)?;
    slot(vm).set(vm.get(made));
    Ok(made)
}

// Variables.

const NEW_VAR: Native = Native::vm(
    "ContextVar(cls, name, /, *, default=None)",
    "A variable with this name.",
    |vm, args| {
        if !vm.get(args.at(1)).is_gc::<Str>() {
            return Err(vm.heap.type_error("context variable name must be a str"));
        }
        let made = Var {
            name: Slot::new(vm.get(args.at(1))),
            default: Slot::new(vm.get(args.at(2))),
        };
        Ok(vm.new_opaque(args.at(0), made))
    },
);
const VAR_GET: Native = Native::vm(
    "get(self, default=None, /)",
    "Its value in the current context; else the default given here or when it was made; else LookupError.",
    |vm, args| {
        let heap = &vm.heap;
        let this = vm.get(args.at(0));
        let found = lookup(heap, scheduler(vm).context(heap), this)
            .or_else(|| vm.get(args.at(1)).defined())
            .or_else(|| var(this).default.get(heap).defined());
        match found {
            Some(value) => Ok(vm.local(value)),
            None => Err(heap.raise_with(Builtin::LookupError, &[this])),
        }
    },
);
const VAR_SET: Native = Native::vm(
    "set(self, value, /)",
    "Change its value in the current context; a token that undoes it.",
    |vm, args| {
        let context = current(vm);
        let old = store(vm, context, args.at(0), Some(args.at(1)))?;
        make_token(vm, args.at(0), old, context)
    },
);
const VAR_RESET: Native = Native::vm(
    "reset(self, token, /)",
    "Make it what it was before the `set` that gave the token. Raises ValueError for the token of another variable or context, RuntimeError for one that was used.",
    reset,
);
const VAR_REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = var(vm.get(args.at(0)));
    let (name, default) = (
        vm.local(this.name.get(&vm.heap)),
        vm.local(this.default.get(&vm.heap)),
    );
    let name = vm.repr_text(name)?;
    let default = if vm.get(default).is_undef() {
        String::new()
    } else {
        format!(" default={}", vm.repr_text(default)?)
    };
    let at = address(vm, args.at(0))?;
    Ok(vm.local(
        vm.heap
            .str_value(&format!("<ContextVar name={name}{default} at {at}>")),
    ))
});
const CLASS_GETITEM: Native = Native::vm(
    "__class_getitem__(cls, key, /)",
    "See PEP 585.",
    |vm, args| vm.generic_alias(args.at(0), args.at(1)),
);

/// What `object.__repr__` shows as the address.
fn address(vm: &mut Vm, object: Local) -> Result<String, Raised> {
    let text = vm.object_repr(object)?;
    let text = vm.text_of(text)?;
    let at = text.rsplit(' ').next().unwrap_or_default();
    Ok(at.trim_end_matches('>').to_owned())
}

/// The value of a variable in a context.
fn lookup<'h>(heap: &'h Heap, context: Value<'h>, var: Value<'h>) -> Option<Value<'h>> {
    let values = context::values(heap, context)?;
    match values.table.find(heap, identity(var), var) {
        Found::At(at) => Some(values.get().table.value_at(heap, at)),
        _ => None,
    }
}

/// A variable for a module written in Rust.
pub fn new_variable(vm: &mut Vm, name: &str) -> Local {
    let class = class_of(vm, &CONTEXT_VAR);
    let made = Var {
        name: Slot::new(vm.heap.str_value(name)),
        default: Slot::undef(),
    };
    vm.new_opaque(class, made)
}

/// The value of a variable in the current context.
pub fn value_of<'v>(vm: &'v Vm, var: Value<'v>) -> Option<Value<'v>> {
    lookup(&vm.heap, scheduler(vm).context(&vm.heap), var)
}

/// Changes the value of a variable in the current context.
///
/// # Errors
/// MemoryError.
pub fn set_value(vm: &mut Vm, var: Local, value: Local) -> Result<(), Raised> {
    let context = current(vm);
    store(vm, context, var, Some(value)).map(drop)
}

/// The hash under which contexts keep a variable; objects do not move.
fn identity(var: Value<'_>) -> u64 {
    var.as_object().map_or(0, |object| object.address() as u64)
}

/// Gives a variable another value in a context, or none; the value that it had.
fn store(
    vm: &Vm,
    context: Local,
    var: Local,
    value: Option<Local>,
) -> Result<Option<Local>, Raised> {
    let heap = &vm.heap;
    let Some(insides) = context::context(vm.get(context)) else {
        return Ok(None);
    };
    let table = match context::values(heap, vm.get(context)) {
        Some(values) => values.table.copy(heap)?,
        None => Table::default(),
    };
    let hash = identity(vm.get(var));
    let mut old = None;
    match (table.find(heap, hash, vm.get(var)), value) {
        (Found::At(at), Some(value)) => {
            old = Some(vm.local(table.value_at(heap, at)));
            table.set_value(&vm.heap, at, vm.get(value));
        }
        (Found::At(at), None) => old = Some(vm.local(table.remove(heap, at).1)),
        (_, Some(value)) => table.push(heap, hash, vm.get(var), vm.get(value))?,
        (_, None) => {}
    }
    insides.values.set(heap.alloc(Dict { table }).value());
    Ok(old)
}

// Tokens.

const NEW_TOKEN: Native = Native::vm(
    "Token(cls, /, *args, **kwargs)",
    "Raises RuntimeError: tokens are made by ContextVar.set().",
    |vm, _| {
        Err(vm.heap.raise(
            Builtin::RuntimeError,
            "Tokens can only be created by ContextVars",
        ))
    },
);
const TOKEN_REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = token(vm.get(args.at(0)));
    let used = if this.used.get() { " used" } else { "" };
    let var = vm.local(this.var.get(&vm.heap));
    let var = vm.repr_text(var)?;
    let at = address(vm, args.at(0))?;
    Ok(vm.local(
        vm.heap
            .str_value(&format!("<Token{used} var={var} at {at}>")),
    ))
});
const MISSING_REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, _| {
    Ok(vm.local(vm.heap.str_value("<Token.MISSING>")))
});

fn make_token(
    vm: &mut Vm,
    var: Local,
    old: Option<Local>,
    context: Local,
) -> Result<Local, Raised> {
    let class = class_of(vm, &TOKEN);
    let old = match old {
        Some(old) => old,
        None => vm.get_attr_named(class, "MISSING")?,
    };
    let made = VarToken {
        var: Slot::new(vm.get(var)),
        old: Slot::new(vm.get(old)),
        context: Slot::new(vm.get(context)),
        used: Cell::new(false),
    };
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    Ok(vm.local(vm.heap.opaque(class, made).value()))
}

fn reset(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let given = vm.get(args.at(1));
    let Some(this) = given
        .as_gc::<Opaque>()
        .and_then(|o| o.payload::<VarToken>())
    else {
        let text = vm.repr_text(args.at(1))?;
        return Err(vm
            .heap
            .type_error(format!("expected an instance of Token, got {text}")));
    };
    if this.used.get() {
        let text = vm.repr_text(args.at(1))?;
        let message = format!("{text} has already been used once");
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    if !this.var.get(heap).is(vm.get(args.at(0))) {
        let text = vm.repr_text(args.at(1))?;
        return Err(vm
            .heap
            .value_error(format!("{text} was created by a different ContextVar")));
    }
    let context = vm.local(this.context.get(heap));
    if !vm.get(context).is(scheduler(vm).context(heap)) {
        let text = vm.repr_text(args.at(1))?;
        return Err(vm
            .heap
            .value_error(format!("{text} was created in a different Context")));
    }
    this.used.set(true);
    let old = vm.local(this.old.get(heap));
    let none_before = vm
        .get_gc::<Opaque>(old)
        .is_some_and(|o| o.payload::<Missing>().is_some());
    store(vm, context, args.at(0), (!none_before).then_some(old))?;
    Ok(vm.none())
}

// Contexts.

const NEW_CONTEXT: Native = Native::vm("Context(cls, /)", "An empty context.", |vm, args| {
    let class: Gc<'_, Class> = vm.get_gc(args.at(0)).expect("`__new__` gets the class");
    Ok(vm.local(new_context(&vm.heap, class, Value::UNDEF)))
});
const RUN: Native = Native::vm(
    "run(self, /, *args, **kwargs)",
    "Call something in this context; what it sets stays here. Raises RuntimeError if the context is entered already.",
    run,
);
const COPY: Native = Native::vm("copy(self, /)", "A copy.", |vm, args| {
    copied(vm, args.at(0))
});
const GET: Native = Native::vm(
    "get(self, key, default=None, /)",
    "The value of a variable; default where it has none.",
    |vm, args| {
        check_var(vm, args.at(1))?;
        let found = lookup(&vm.heap, vm.get(args.at(0)), vm.get(args.at(1)));
        let found = found.or_else(|| vm.get(args.at(2)).defined());
        Ok(vm.local(found.unwrap_or(Value::NONE)))
    },
);
const GETITEM: Native = Native::vm(
    "__getitem__(self, key, /)",
    "Return self[key].",
    |vm, args| {
        check_var(vm, args.at(1))?;
        match lookup(&vm.heap, vm.get(args.at(0)), vm.get(args.at(1))) {
            Some(value) => Ok(vm.local(value)),
            None => Err(vm.heap.raise_with(Builtin::KeyError, &[vm.get(args.at(1))])),
        }
    },
);
const CONTAINS: Native = Native::vm(
    "__contains__(self, key, /)",
    "Return key in self.",
    |vm, args| {
        check_var(vm, args.at(1))?;
        let found = lookup(&vm.heap, vm.get(args.at(0)), vm.get(args.at(1)));
        Ok(vm.local(Value::bool(found.is_some())))
    },
);
const KEYS: Native = Native::leaf("keys(self, /)", "The variables.", keys);
const VALUES: Native = Native::leaf("values(self, /)", "Their values.", |heap, args| {
    let entries = entries(heap, args);
    Ok(heap
        .list(entries.into_iter().map(|(_, value)| value))
        .value())
});
const ITEMS: Native = Native::leaf(
    "items(self, /)",
    "The variables and their values.",
    |heap, args| {
        let pairs = entries(heap, args)
            .into_iter()
            .map(|(var, value)| heap.tuple(&[var, value]).value());
        let pairs: Vec<Value<'_>> = pairs.collect();
        Ok(heap.list(pairs).value())
    },
);
const ITER: Native = Native::vm("__iter__(self, /)", "Implement iter(self).", |vm, args| {
    let vars = entries_of(&vm.heap, vm.get(args.at(0)));
    let vars = vm.local(vm.heap.list(vars.into_iter().map(|(var, _)| var)).value());
    vm.iter(vars)
});
const LEN: Native = Native::leaf("__len__(self, /)", "Return len(self).", |heap, args| {
    Ok(heap.usize(entries(heap, args).len()))
});
const EQ: Native = Native::vm(
    "__eq__(self, value, /)",
    "Return self==value.",
    |vm, args| {
        let heap = &vm.heap;
        if context::context(vm.get(args.at(1))).is_none() {
            return Ok(vm.local(Value::NOT_IMPLEMENTED));
        }
        let [a, b] = [0, 1].map(|i| {
            let values = context::values(heap, vm.get(args.at(i)));
            vm.local(values.map_or_else(|| heap.dict().value(), Gc::value))
        });
        let equal = vm.equal(a, b)?;
        Ok(vm.local(Value::bool(equal)))
    },
);

fn keys<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let entries = entries(heap, args);
    Ok(heap.list(entries.into_iter().map(|(var, _)| var)).value())
}

fn entries<'h>(heap: &'h Heap, args: Args<'h>) -> Vec<(Value<'h>, Value<'h>)> {
    entries_of(heap, args.get(0))
}

fn entries_of<'h>(heap: &'h Heap, context: Value<'h>) -> Vec<(Value<'h>, Value<'h>)> {
    context::values(heap, context).map_or_else(Vec::new, |values: Gc<'_, Dict>| {
        values.get().table.entries(heap)
    })
}

fn check_var(vm: &mut Vm, key: Local) -> Result<(), Raised> {
    let is_var = vm
        .get_gc::<Opaque>(key)
        .is_some_and(|o| o.payload::<Var>().is_some());
    if is_var {
        return Ok(());
    }
    let text = vm.repr_text(key)?;
    Err(vm
        .heap
        .type_error(format!("a ContextVar key was expected, got {text}")))
}

fn run(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let Some((callable, rest)) = spread(vm, args.at(1))
        .split_first()
        .map(|(c, r)| (*c, r.to_vec()))
    else {
        return Err(vm
            .heap
            .type_error("run() missing 1 required positional argument"));
    };
    let rest = vm
        .heap
        .tuple(&rest.iter().map(|&r| vm.get(r)).collect::<Vec<_>>())
        .value();
    let rest = vm.local(rest);
    let outer = vm.local(scheduler(vm).context(&vm.heap));
    let entered = context::context(vm.get(this)).is_none_or(|c| c.entered.get());
    if entered || vm.get(outer).is(vm.get(this)) {
        let text = vm.repr_text(this)?;
        let message = format!("cannot enter context: {text} is already entered");
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    // Both are under way: the one that is left for now, and the new one.
    let was = set_entered(vm, outer, true);
    set_entered(vm, this, true);
    scheduler(vm).set_context(vm.get(this));
    let outcome = vm.call_ex(callable, rest, Some(args.at(2)));
    scheduler(vm).set_context(vm.get(outer));
    set_entered(vm, this, false);
    set_entered(vm, outer, was);
    outcome
}

fn set_entered(vm: &Vm, context: Local, entered: bool) -> bool {
    context::context(vm.get(context)).is_some_and(|c| c.entered.replace(entered))
}
