//! The state of streams in memory, as `pickle` and `copy` carry it: what `__setstate__` takes apart.
//!
//! BytesIO and StringIO share these steps; each reads its own fields.

use super::closed_error;
use crate::runtime::dict::Dict;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Raised, Value};
use crate::stdlib::arg::as_int;
use crate::vm::{Local, Locals, Vm};

/// The parts of a state tuple.
///
/// # Errors
/// ValueError of a closed stream; TypeError of anything but a tuple of so many items.
pub fn state_parts(vm: &mut Vm, args: Locals, count: usize) -> Result<Vec<Local>, Raised> {
    let closed = vm.get_attr_named(args.at(0), "closed")?;
    if vm.truth(closed)? {
        return Err(closed_error(vm));
    }
    let state = vm.get_gc::<Tuple>(args.at(1));
    let parts: Vec<Value<'_>> = state.map_or_else(Vec::new, |state| state.iter(&vm.heap).collect());
    let class = vm.heap.type_name(vm.get(args.at(0)));
    let class = class.rsplit('.').next().unwrap_or(class);
    if parts.len() < count {
        let given = vm.heap.type_name(vm.get(args.at(1)));
        let message = format!("{class}.__setstate__ argument should be {count}-tuple, got {given}");
        return Err(vm.heap.type_error(message));
    }
    Ok(parts.into_iter().map(|part| vm.local(part)).collect())
}

/// The part that is a position.
///
/// # Errors
/// TypeError of anything but an integer, ValueError of a negative one.
pub fn position_part(vm: &mut Vm, part: Local, complaint: &str) -> Result<usize, Raised> {
    if as_int(&vm.heap, vm.get(part)).is_none() {
        let class = vm.heap.type_name(vm.get(part));
        let message = format!("{complaint} {class}");
        return Err(vm.heap.type_error(message));
    }
    let at = vm.index(part)?;
    usize::try_from(at).map_err(|_| vm.heap.value_error("position value cannot be negative"))
}

/// Sets the attributes of a state: a dict or None.
pub fn set_attributes(
    vm: &mut Vm,
    this: Local,
    attributes: Local,
    which: &str,
) -> Result<Local, Raised> {
    if vm.get(attributes).is_none() {
        return Ok(vm.none());
    }
    if vm.get_gc::<Dict>(attributes).is_none() {
        let class = vm.heap.type_name(vm.get(attributes));
        let message = format!("{which} item of state should be a dict, got a {class}");
        return Err(vm.heap.type_error(message));
    }
    let dict = vm.get_attr_named(this, "__dict__")?;
    vm.call_method(dict, "update", &[attributes])
}
