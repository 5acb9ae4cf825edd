//! Type parameters as objects: TypeVar, TypeVarTuple and ParamSpec.
//!
//! Bounds, constraints and defaults that stand in the source are functions that run when someone asks. The protocol of substitution
//! is in `substitute.rs`; the rules of each kind are written in apy, in `library/typing`.

use super::alias_type::set_module;
use super::{call_typing, field, own, typing_name};
use crate::runtime::class::Class;
use crate::runtime::instance::Instance;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg;
use crate::stdlib::receiver::{given, spread};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{
    Args, EVALUATE, EVALUATE_CONSTRAINTS, EVALUATE_DEFAULT, Local, Locals, Native, Vm,
};

pub(super) const TYPE_VAR: NativeType = NativeType {
    new: Some(&TYPE_VAR_NEW),
    methods: &[
        &REPR,
        &OR,
        &ROR,
        &HAS_DEFAULT,
        &REDUCE,
        &TYPE_VAR_SUBST,
        &TYPE_VAR_PREPARE,
        &MRO_ENTRIES,
    ],
    getters: &[
        BOUND,
        Getter::vm(
            "__constraints__",
            "The types that the variable may stand for, a tuple.",
            |vm, args| {
                let kept = evaluated(vm, args.at(0), KEPT_CONSTRAINTS, EVALUATE_CONSTRAINTS)?;
                Ok(kept.unwrap_or_else(|| vm.tuple_of(&[])))
            },
        ),
        DEFAULT,
    ],
    ..NativeType::of(Builtin::TypeVar, "Type variable.")
};
pub(super) const TYPE_VAR_TUPLE: NativeType = NativeType {
    new: Some(&TUPLE_NEW),
    methods: &[
        &REPR,
        &HAS_DEFAULT,
        &REDUCE,
        &TUPLE_ITER,
        &TUPLE_SUBST,
        &TUPLE_PREPARE,
        &MRO_ENTRIES,
    ],
    getters: &[DEFAULT],
    ..NativeType::of(
        Builtin::TypeVarTuple,
        "Type variable tuple. A specialized form of type variable that enables variadic generics.",
    )
};
pub(super) const PARAM_SPEC: NativeType = NativeType {
    new: Some(&PARAM_SPEC_NEW),
    methods: &[
        &REPR,
        &OR,
        &ROR,
        &HAS_DEFAULT,
        &REDUCE,
        &PARAM_SPEC_SUBST,
        &PARAM_SPEC_PREPARE,
        &MRO_ENTRIES,
    ],
    getters: &[
        BOUND,
        DEFAULT,
        Getter::vm("args", "Represents positional arguments.", |vm, args| {
            let class = typing_name(vm, "ParamSpecArgs")?;
            vm.call(class, &[args.at(0)])
        }),
        Getter::vm("kwargs", "Represents keyword arguments.", |vm, args| {
            let class = typing_name(vm, "ParamSpecKwargs")?;
            vm.call(class, &[args.at(0)])
        }),
    ],
    ..NativeType::of(Builtin::ParamSpec, "Parameter specification variable.")
};

/// Where values are kept that are known already.
const KEPT_BOUND: &str = ".bound";
const KEPT_CONSTRAINTS: &str = ".constraints";
const KEPT_DEFAULT: &str = ".default";

const BOUND: Getter = Getter::vm(
    "__bound__",
    "The upper bound of a type variable, or None.",
    |vm, args| {
        let bound = evaluated(vm, args.at(0), KEPT_BOUND, EVALUATE)?;
        Ok(bound.unwrap_or(vm.none()))
    },
);
const DEFAULT: Getter = Getter::vm(
    "__default__",
    "The default value of the type parameter, or NoDefault.",
    |vm, args| match evaluated(vm, args.at(0), KEPT_DEFAULT, EVALUATE_DEFAULT)? {
        Some(default) => Ok(default),
        None => typing_name(vm, "NoDefault"),
    },
);
const HAS_DEFAULT: Native = Native::vm(
    "has_default(self, /)",
    "Return whether the type parameter has a default value.",
    |vm, args| {
        let has = [KEPT_DEFAULT, EVALUATE_DEFAULT]
            .iter()
            .any(|name| own(vm, args.at(0), name).is_some());
        Ok(vm.bool_local(has))
    },
);
const TYPE_VAR_NEW: Native = Native::vm(
    "__new__(cls, name, *constraints, bound=None, default=typing.NoDefault, covariant=False, contravariant=False, infer_variance=False)",
    "Create and return a new object.",
    type_var_new,
);
const TUPLE_NEW: Native = Native::vm(
    "__new__(cls, name, *, default=typing.NoDefault)",
    "Create and return a new object.",
    |vm, args| {
        let made = named(vm, Builtin::TypeVarTuple, args.at(1))?;
        keep_default(vm, made, args.at(2))?;
        Ok(made)
    },
);
const PARAM_SPEC_NEW: Native = Native::vm(
    "__new__(cls, name, *, bound=None, default=typing.NoDefault, covariant=False, contravariant=False, infer_variance=False)",
    "Create and return a new object.",
    |vm, args| {
        let made = named(vm, Builtin::ParamSpec, args.at(1))?;
        keep_bound(vm, made, args.at(2))?;
        keep_default(vm, made, args.at(3))?;
        keep_variance(vm, made, [4, 5, 6].map(|i| args.at(i)))?;
        Ok(made)
    },
);
const REPR: Native = Native::leaf("__repr__(self, /)", "Return repr(self).", repr);
const OR: Native = Native::vm(
    "__or__(self, value, /)",
    "Return self|value.",
    |vm, args| call_typing(vm, "_make_union", &[args.at(0), args.at(1)]),
);
const ROR: Native = Native::vm(
    "__ror__(self, value, /)",
    "Return value|self.",
    |vm, args| call_typing(vm, "_make_union", &[args.at(1), args.at(0)]),
);
const REDUCE: Native = Native::vm(
    "__reduce__(self, /)",
    "Helper for copy and pickle.",
    |vm, args| Ok(field(vm, args.at(0), "__name__")),
);
const MRO_ENTRIES: Native = Native::leaf(
    "__mro_entries__(self, bases, /)",
    "Raises TypeError: a type parameter is no base.",
    |heap, args| {
        let class = heap.short_type_name(args.get(0));
        Err(heap.type_error(format!("Cannot subclass an instance of {class}")))
    },
);
const TYPE_VAR_SUBST: Native = Native::vm(
    "__typing_subst__(self, arg, /)",
    "The argument, checked.",
    |vm, args| call_typing(vm, "_typevar_subst", &[args.at(0), args.at(1)]),
);
const TYPE_VAR_PREPARE: Native = Native::vm(
    "__typing_prepare_subst__(self, alias, args, /)",
    "The arguments, with the default where one is missing.",
    type_var_prepare,
);
const TUPLE_ITER: Native = Native::vm(
    "__iter__(self, /)",
    "Yields the variable once, unpacked.",
    |vm, args| {
        let unpack = typing_name(vm, "Unpack")?;
        let only = vm.get_item(unpack, args.at(0))?;
        let only = vm.tuple_of(&[only]);
        vm.iter(only)
    },
);
const TUPLE_SUBST: Native = Native::leaf(
    "__typing_subst__(self, arg, /)",
    "Raises TypeError: only an unpacked one can be replaced.",
    |heap, _| Err(heap.type_error("Substitution of bare TypeVarTuple is not supported")),
);
const TUPLE_PREPARE: Native = Native::vm(
    "__typing_prepare_subst__(self, alias, args, /)",
    "The arguments, those of the variable as one tuple.",
    |vm, args| {
        let args = [0, 1, 2].map(|i| args.at(i));
        call_typing(vm, "_typevartuple_prepare_subst", &args)
    },
);
const PARAM_SPEC_SUBST: Native = Native::vm(
    "__typing_subst__(self, arg, /)",
    "The argument, checked.",
    |vm, args| call_typing(vm, "_paramspec_subst", &[args.at(0), args.at(1)]),
);
const PARAM_SPEC_PREPARE: Native = Native::vm(
    "__typing_prepare_subst__(self, alias, args, /)",
    "The arguments, the list of parameters as one tuple.",
    |vm, args| {
        let args = [0, 1, 2].map(|i| args.at(i));
        call_typing(vm, "_paramspec_prepare_subst", &args)
    },
);

/// The name of a type parameter or alias.
pub(super) fn name_text<'h>(heap: &'h Heap, value: Value<'h>) -> &'h str {
    let name = value
        .as_gc::<Instance>()
        .and_then(|this| this.attr(heap, heap.intern("__name__")));
    name.and_then(|name| name.as_gc::<Str>())
        .map_or("?", Gc::as_str)
}

/// What the function under `function` computes, once; nothing where there is no such function.
pub(super) fn evaluated(
    vm: &mut Vm,
    object: Local,
    kept: &str,
    function: &str,
) -> Result<Option<Local>, Raised> {
    if let Some(value) = own(vm, object, kept) {
        return Ok(Some(vm.local(value)));
    }
    let Some(function) = own(vm, object, function) else {
        return Ok(None);
    };
    let function = vm.local(function);
    let value = vm.call(function, &[])?;
    keep(vm, object, kept, value);
    Ok(Some(value))
}

fn keep(vm: &Vm, object: Local, name: &str, value: Local) {
    if let Some(object) = vm.get_gc::<Instance>(object) {
        object.set_attr(&vm.heap, vm.heap.intern(name), vm.get(value));
    }
}

fn repr<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let this: Option<Gc<'h, Instance>> = args.get(0).as_gc();
    let flag = |name| {
        this.and_then(|this| this.attr(heap, heap.intern(name)))
            .and_then(|flag| flag.as_bool())
            .unwrap_or(false)
    };
    let has_variance = !heap.class_of(args.get(0)).builtin_is(Builtin::TypeVarTuple);
    let sign = match () {
        () if !has_variance || flag("__infer_variance__") => "",
        () if flag("__covariant__") => "+",
        () if flag("__contravariant__") => "-",
        () => "~",
    };
    let name = name_text(heap, args.get(0));
    Ok(heap.str_value(&format!("{sign}{name}")))
}

/// An object with a name, and the module whose code makes it.
fn named(vm: &mut Vm, class: Builtin, name: Local) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let Some(name) = arg::as_str(heap, vm.get(name)) else {
        let (given, class) = (
            heap.argument_name(vm.get(name)),
            class.short_name().to_lowercase(),
        );
        return Err(heap.type_error(format!(
            "{class}() argument 'name' must be str, not {given}"
        )));
    };
    let made = heap.instance(heap.types.class(heap, class));
    made.set_attr(heap, heap.intern("__name__"), name.value());
    let made = vm.local(made.value());
    set_module(vm, made);
    Ok(made)
}

fn type_var_new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let made = named(vm, Builtin::TypeVar, args.at(1))?;
    let constraints = spread(vm, args.at(2));
    let bound = given(vm, args.at(3)).filter(|&bound| !vm.get(bound).is_none());
    match (constraints.len(), bound) {
        (1, _) => return Err(vm.heap.type_error("A single constraint is not allowed")),
        (2.., Some(_)) => {
            return Err(vm
                .heap
                .type_error("Constraints cannot be combined with bound=..."));
        }
        (2.., None) => {
            let mut checked = Vec::with_capacity(constraints.len());
            for constraint in constraints {
                let message = "TypeVar(name, constraint, ...): constraints must be types.";
                checked.push(checked_type(vm, constraint, message)?);
            }
            let checked = vm.tuple_of(&checked);
            keep(vm, made, KEPT_CONSTRAINTS, checked);
        }
        (0, _) => {}
    }
    keep_bound(vm, made, args.at(3))?;
    keep_default(vm, made, args.at(4))?;
    keep_variance(vm, made, [5, 6, 7].map(|i| args.at(i)))?;
    Ok(made)
}

fn checked_type(vm: &mut Vm, ty: Local, message: &str) -> Result<Local, Raised> {
    if vm.get(ty).is_gc::<Class>() {
        return Ok(ty);
    }
    let message = vm.local(vm.heap.str_value(message));
    call_typing(vm, "_type_check", &[ty, message])
}

fn keep_bound(vm: &mut Vm, made: Local, bound: Local) -> Result<(), Raised> {
    if let Some(bound) = given(vm, bound).filter(|&bound| !vm.get(bound).is_none()) {
        let bound = checked_type(vm, bound, "Bound must be a type.")?;
        keep(vm, made, KEPT_BOUND, bound);
    }
    Ok(())
}

fn keep_default(vm: &mut Vm, made: Local, default: Local) -> Result<(), Raised> {
    let Some(default) = given(vm, default) else {
        return Ok(());
    };
    let nothing = typing_name(vm, "NoDefault")?;
    if !vm.get(default).is(vm.get(nothing)) {
        keep(vm, made, KEPT_DEFAULT, default);
    }
    Ok(())
}

/// Covariant, contravariant, inferred: at most one of them.
fn keep_variance(vm: &mut Vm, made: Local, flags: [Local; 3]) -> Result<(), Raised> {
    let mut truths = [false; 3];
    for (truth, flag) in truths.iter_mut().zip(flags) {
        *truth = arg::truth_or(vm, flag, false)?;
    }
    match truths {
        [true, true, _] => {
            return Err(vm.heap.value_error("Bivariant types are not supported."));
        }
        [true, _, true] | [_, true, true] => {
            return Err(vm
                .heap
                .value_error("Variance cannot be specified with infer_variance."));
        }
        _ => {}
    }
    let names = ["__covariant__", "__contravariant__", "__infer_variance__"];
    for (name, truth) in names.into_iter().zip(truths) {
        let truth = vm.bool_local(truth);
        keep(vm, made, name, truth);
    }
    Ok(())
}

fn type_var_prepare(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let (this, alias) = (args.at(0), args.at(1));
    let parameters = vm.find_attr(alias, "__parameters__")?;
    let parameters = parameters.map_or_else(Vec::new, |tuple| spread(vm, tuple));
    let index = parameters
        .iter()
        .position(|&parameter| vm.get(parameter).is(vm.get(this)));
    let mut items = vm.to_vec(args.at(2))?;
    let index = index.unwrap_or(items.len());
    if index < items.len() {
        return Ok(args.at(2));
    }
    let default = evaluated(vm, this, KEPT_DEFAULT, EVALUATE_DEFAULT)?;
    match default.filter(|_| index == items.len()) {
        Some(default) => {
            items.push(default);
            Ok(vm.tuple_of(&items))
        }
        None => {
            let shown = vm.str(alias)?;
            let shown = vm.text_of(shown)?;
            let (given, wanted) = (items.len(), index + 1);
            Err(vm.heap.type_error(format!(
                "Too few arguments for {shown}; actual {given}, expected at least {wanted}"
            )))
        }
    }
}
