//! Receivers and arguments of native methods.
//!
//! A method that is called through its class may get any first argument, so each checks its receiver here. An argument that is an
//! instance of a subclass (`class Stack(list)`) stands for the builtin object inside it: `plain` takes it out.

use crate::runtime::heap::Object;
use crate::runtime::instance::Instance;
use crate::runtime::shape::NO_SHAPE;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Heap, Raised, Slot, Value};
use crate::vm::{Args, LeafFn, Local, Locals, Vm};

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

/// `__format__` of a number or string: without a spec a subclass is formatted by its `__str__`.
pub fn format(vm: &mut Vm, args: Locals, leaf: LeafFn) -> Result<Local, Raised> {
    let spec = vm.get_gc::<Str>(args.at(1));
    let has_no_spec = spec.is_some_and(|spec| spec.as_str().is_empty());
    if has_no_spec && vm.get(args.at(0)).is_gc::<Instance>() {
        return vm.str(args.at(0));
    }
    let heap = &vm.heap;
    // A message may quote it.
    heap.room_for(spec.map_or(0, |spec| spec.byte_len().saturating_mul(3)))?;
    let value = vm.get(plain(vm, args.at(0)));
    let slots = [Slot::new(value), Slot::new(vm.get(args.at(1)))];
    Ok(vm.local(leaf(heap, Args::new(heap, &slots))?))
}

#[cold]
fn wrong_receiver<T: Object>(heap: &Heap, value: Value<'_>) -> Raised {
    let given = heap.type_name(value);
    let shape = heap.types.shape_of_kind(T::KIND);
    // Several builtin classes share a kind that belongs to none of them, such as that of descriptors.
    if shape == NO_SHAPE {
        return heap.type_error(format!("descriptor doesn't apply to a '{given}' object"));
    }
    let class = heap.shape_class(shape).name(heap).as_str();
    heap.type_error(format!(
        "descriptor requires a '{class}' object but received a '{given}'"
    ))
}

/// The builtin object inside an instance of a subclass of a builtin type; any other value as it is.
pub fn plain(vm: &Vm, local: Local) -> Local {
    let inner = vm
        .get_gc::<Instance>(local)
        .and_then(|instance| instance.payload(&vm.heap));
    inner.map_or(local, |inner| vm.local(inner))
}

/// The local, unless the caller omitted the argument.
#[inline]
pub fn given(vm: &Vm, local: Local) -> Option<Local> {
    if vm.get(local).is_undef() {
        None
    } else {
        Some(local)
    }
}

/// The arguments that `*args` collected, each in a local of its own.
pub fn spread(vm: &Vm, tuple: Local) -> Vec<Local> {
    let Some(tuple) = vm.get_gc::<Tuple>(tuple) else {
        return Vec::new();
    };
    tuple.iter(&vm.heap).map(|item| vm.local(item)).collect()
}

/// What an operation that knows no answer for its operands returns.
pub fn or_not_implemented(vm: &Vm, result: Option<Local>) -> Local {
    result.unwrap_or_else(|| vm.local(Value::NOT_IMPLEMENTED))
}
