//! What methods of builtin types share: their receiver as its Rust type, and special methods that only delegate to the VM.
//!
//! A method that is called through its class may get any first argument, so the receiver is checked here. An argument that is an
//! instance of a subclass (`class Stack(list)`) stands for the builtin object inside it: `plain` takes it out.
//! To add a delegating special method: a function here, and in the type's file a `Native` that names it.

use crate::runtime::heap::Object;
use crate::runtime::instance::Instance;
use crate::runtime::{Gc, Heap, Raised, Value};
use crate::vm::arith::Operator;
use crate::vm::compare::Comparison;
use crate::vm::{Args, Local, Locals, Vm};

/// The receiver of a leaf method.
#[inline]
pub fn this<'h, T: Object>(heap: &'h Heap, args: Args<'h>) -> Result<Gc<'h, T>, Raised> {
    match args.get(0).as_gc() {
        Some(this) => Ok(this),
        None => Err(wrong_receiver::<T>(heap, args.get(0))),
    }
}

/// The receiver of a method that may call the program.
#[inline]
pub fn this_of<T: Object>(vm: &Vm, args: Locals) -> Result<Gc<'_, T>, Raised> {
    match vm.get_gc(args.at(0)) {
        Some(this) => Ok(this),
        None => Err(wrong_receiver::<T>(&vm.heap, vm.get(args.at(0)))),
    }
}

#[cold]
fn wrong_receiver<T: Object>(heap: &Heap, value: Value<'_>) -> Raised {
    let class = heap.shape_class(heap.types.shape_of_kind(T::KIND)).name(heap).as_str();
    heap.type_error(format!("descriptor requires a '{class}' object but received a '{}'", heap.type_name(value)))
}

/// The builtin object inside an instance of a subclass of a builtin type; any other value as it is.
#[inline]
pub fn plain_value<'h>(heap: &'h Heap, value: Value<'h>) -> Value<'h> {
    value.as_gc::<Instance>().and_then(|instance| instance.payload(heap)).unwrap_or(value)
}

/// `plain_value` of what a local holds.
pub fn plain(vm: &Vm, local: Local) -> Local {
    vm.local(plain_value(&vm.heap, vm.get(local)))
}

/// The local, unless the caller omitted the argument.
#[inline]
pub fn given(vm: &Vm, local: Local) -> Option<Local> {
    if vm.get(local).is_undef() { None } else { Some(local) }
}

/// Items of a sequence argument such as `*others`, each in a local of its own.
pub fn spread(vm: &Vm, tuple: Local) -> Vec<Local> {
    let items = vm.get_gc::<crate::runtime::tuple::Tuple>(tuple).map(|t| t.to_vec(&vm.heap)).unwrap_or_default();
    items.into_iter().map(|item| vm.local(item)).collect()
}

/// `__len__`.
pub fn len(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let len = vm.len(args.at(0))?;
    Ok(vm.local(vm.heap.usize(len)))
}

/// `__iter__`.
pub fn iter(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    vm.iter(args.at(0))
}

/// `__repr__`.
pub fn repr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    vm.repr(args.at(0))
}

/// `__contains__`.
pub fn contains(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let found = vm.contains(args.at(0), args.at(1))?;
    Ok(vm.local(Value::bool(found)))
}

/// `__getitem__`.
pub fn get_item(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    vm.get_item(args.at(0), args.at(1))
}

/// `__setitem__`.
pub fn set_item(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    vm.set_item(args.at(0), args.at(1), args.at(2))?;
    Ok(vm.none())
}

/// `__delitem__`.
pub fn del_item(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    vm.del_item(args.at(0), args.at(1))?;
    Ok(vm.none())
}

/// `__hash__`.
pub fn hash(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let hash = vm.hash(args.at(0))?;
    Ok(vm.local(vm.heap.int(hash as i64)))
}

/// A comparison with an object of the same kind; `NotImplemented` for any other.
pub fn compare<T: Object>(vm: &mut Vm, args: Locals, comparison: Comparison) -> Result<Local, Raised> {
    this_of::<T>(vm, args)?;
    let other = plain(vm, args.at(1));
    if !vm.get(other).is_gc::<T>() {
        return Ok(not_implemented(vm));
    }
    vm.compare(comparison, args.at(0), other)
}

/// An operator whose right operand may be anything.
pub fn binary<T: Object>(vm: &mut Vm, args: Locals, operator: Operator) -> Result<Local, Raised> {
    this_of::<T>(vm, args)?;
    let other = plain(vm, args.at(1));
    vm.binary(operator, args.at(0), other)
}

/// `NotImplemented`.
pub fn not_implemented(vm: &Vm) -> Local {
    vm.local(Value::NOT_IMPLEMENTED)
}
