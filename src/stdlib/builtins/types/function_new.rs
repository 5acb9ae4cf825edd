//! Functions made by hand: `types.FunctionType(code, globals, ...)` and `f.__code__ = code`.
//!
//! A function's code is linked to the module of its globals, so that the same code object may serve several functions.

use crate::runtime::cell::CellObj;
use crate::runtime::code::CodeObj;
use crate::runtime::dict::Dict;
use crate::runtime::function::Function;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Raised, Value};
use crate::stdlib::arg::{as_str, plain_value};
use crate::stdlib::receiver::given;
use crate::vm::{Local, Locals, Native, Vm};

/// `function.__new__`
pub const NEW: Native = Native::vm(
    "__new__(cls, code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)",
    "Create a function object.",
    new,
);

fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    check(vm, args)?;
    let given = |vm: &Vm, n| given(vm, args.at(n)).filter(|&value| !vm.get(value).is_none());
    let (name, defaults) = (given(vm, 3), given(vm, 4));
    let (closure, kwdefaults) = (given(vm, 5), given(vm, 6));
    let module = vm.module_for(args.at(2));
    let code = vm.linked(args.at(1), module);
    let function = vm.closure_of(code, closure);
    if let Some(this) = vm.get_gc::<Function>(function) {
        let fields = [
            (&this.name, name),
            (&this.defaults, defaults),
            (&this.kwdefaults, kwdefaults),
        ];
        for (slot, value) in fields {
            if let Some(value) = value {
                slot.set(plain_value(&vm.heap, vm.get(value)));
            }
        }
    }
    Ok(function)
}

/// Refuses arguments of wrong types, as CPython words it.
fn check(vm: &Vm, args: Locals) -> Result<(), Raised> {
    let heap = &vm.heap;
    let value = |n: usize| plain_value(heap, vm.get(args.at(n)));
    let absent = |n: usize| value(n).is_undef() || value(n).is_none();
    let Some(code) = value(1).as_gc::<CodeObj>() else {
        let class = heap.argument_name(value(1));
        let message = format!("function() argument 'code' must be code, not {class}");
        return Err(heap.type_error(message));
    };
    if !value(2).is_gc::<Dict>() {
        let class = heap.argument_name(value(2));
        let message = format!("function() argument 'globals' must be dict, not {class}");
        return Err(heap.type_error(message));
    }
    if !absent(3) && as_str(heap, value(3)).is_none() {
        return Err(heap.type_error("arg 3 (name) must be None or string"));
    }
    if !absent(4) && !value(4).is_gc::<Tuple>() {
        return Err(heap.type_error("arg 4 (defaults) must be None or tuple"));
    }
    if !absent(6) && !value(6).is_gc::<Dict>() {
        return Err(heap.type_error("arg 6 (kwdefaults) must be None or dict"));
    }
    let wanted = code.code.free_names.len();
    let Some(cells) = value(5).as_gc::<Tuple>() else {
        return match (wanted, absent(5)) {
            (0, true) => Ok(()),
            (_, true) => Err(heap.type_error("arg 5 (closure) must be tuple")),
            (_, false) => Err(heap.type_error("arg 5 (closure) must be None or tuple")),
        };
    };
    if cells.len() != wanted {
        let (name, count) = (&code.code.name, cells.len());
        let message = format!("{name} requires closure of length {wanted}, not {count}");
        return Err(heap.value_error(message));
    }
    let cell = |value: &Value<'_>| value.is_gc::<CellObj>();
    match cells.iter(heap).find(|value| !cell(value)) {
        Some(other) => {
            let class = heap.type_name(other);
            Err(heap.type_error(format!("arg 5 (closure) expected cell, found {class}")))
        }
        None => Ok(()),
    }
}

/// The setter of `__code__`.
pub fn set_code(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if !vm.get(args.at(0)).is_gc::<Function>() || !vm.get(args.at(1)).is_gc::<CodeObj>() {
        return Err(vm.heap.type_error("__code__ must be set to a code object"));
    }
    vm.replace_code(args.at(0), args.at(1))?;
    Ok(vm.none())
}
