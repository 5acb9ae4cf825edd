//! Operators of arrays: `+`, `*`, comparisons, and copies.
//!
//! Results are of the class `array` itself, whatever class the operands are of.

use super::change::extend;
use super::item::item_at;
use super::subscript::bad_argument;
use super::{array, same_type_bytes, try_array, with_bytes};
use crate::runtime::intern::Sym;
use crate::runtime::native::NativeFunction;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::comparisons::comparisons;
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Locals, Native, Vm};

/// `__add__`
pub const ADD: Native = Native::vm("__add__(self, value, /)", "Return self+value.", add);
/// `__iadd__`
pub const IADD: Native = Native::vm(
    "__iadd__(self, value, /)",
    "Implement self+=value.",
    |vm, args| {
        if try_array(vm, args.at(1)).is_none() {
            let class = vm.heap.type_name(vm.get(args.at(1)));
            let message = format!("can only extend array with array (not \"{class}\")");
            return Err(vm.heap.type_error(message));
        }
        extend(vm, args.at(0), args.at(1))?;
        Ok(args.at(0))
    },
);
/// `__mul__`
pub const MUL: Native = Native::vm("__mul__(self, value, /)", "Return self*value.", mul);
/// `__rmul__`
pub const RMUL: Native = Native::vm("__rmul__(self, value, /)", "Return value*self.", mul);
/// `__imul__`
pub const IMUL: Native = Native::vm(
    "__imul__(self, value, /)",
    "Implement self*=value.",
    |vm, args| match repeated(vm, args)? {
        Some(data) => {
            array(vm, args.at(0)).replace(&vm.heap, data);
            Ok(args.at(0))
        }
        None => Ok(vm.local(Value::NOT_IMPLEMENTED)),
    },
);
comparisons!(vm, compare);

/// `__copy__`
pub const COPY: Native = Native::vm(
    "__copy__(self, /)",
    "Return a copy of the array.",
    |vm, args| copy(vm, args.at(0)),
);
/// `__deepcopy__`
pub const DEEPCOPY: Native = Native::vm(
    "__deepcopy__(self, unused, /)",
    "Return a copy of the array.",
    |vm, args| copy(vm, args.at(0)),
);

fn copy(vm: &mut Vm, owner: Local) -> Result<Local, Raised> {
    let items = array(vm, owner);
    vm.heap.room_for(items.bytes(&vm.heap).len())?;
    let (code, data) = (items.code(), items.bytes(&vm.heap).clone());
    Ok(with_bytes(vm, code, data))
}

fn add(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if try_array(vm, args.at(1)).is_none() {
        let class = vm.heap.type_name(vm.get(args.at(1)));
        let message = format!("can only append array (not \"{class}\") to array");
        return Err(vm.heap.type_error(message));
    }
    let Some(more) = same_type_bytes(vm, args.at(0), args.at(1)) else {
        return Err(bad_argument(vm));
    };
    let more = more?;
    let sum = copy(vm, args.at(0))?;
    let items = array(vm, sum);
    let end = items.len(&vm.heap);
    items.splice(&vm.heap, end..end, &more)?;
    Ok(sum)
}

fn mul(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let code = array(vm, args.at(0)).code();
    match repeated(vm, args)? {
        Some(data) => Ok(with_bytes(vm, code, data)),
        None => Ok(vm.local(Value::NOT_IMPLEMENTED)),
    }
}

/// The bytes of the array as often as the argument says; None: the argument's own class has to know.
fn repeated(vm: &mut Vm, args: Locals) -> Result<Option<Vec<u8>>, Raised> {
    if !vm.is_index(args.at(1)) {
        let reflected = vm.special(vm.get(args.at(1)), Sym::RMul);
        if reflected.is_some_and(|method| !method.is_gc::<NativeFunction>()) {
            return Ok(None);
        }
        let class = vm.heap.type_name(vm.get(args.at(1)));
        let message = format!("can't multiply sequence by non-int of type '{class}'");
        return Err(vm.heap.type_error(message));
    }
    let count = vm.index_or(args.at(1), Builtin::OverflowError)?;
    let count = usize::try_from(count).unwrap_or(0);
    let data = array(vm, args.at(0)).bytes(&vm.heap);
    let total = data.len().checked_mul(count);
    let Some(total) = total.filter(|&total| i64::try_from(total).is_ok()) else {
        return Err(vm.heap.memory_error());
    };
    vm.heap.room_for(total)?;
    Ok(Some(data.repeat(count)))
}

fn compare(vm: &mut Vm, args: Locals, how: Comparison) -> Result<Local, Raised> {
    let Some(other) = try_array(vm, args.at(1)) else {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    };
    let this = array(vm, args.at(0));
    let lengths = (this.len(&vm.heap), other.len(&vm.heap));
    let by_bytes = this.code() == other.code() && !matches!(this.code(), b'f' | b'd');
    let same_bytes = by_bytes && *this.bytes(&vm.heap) == *other.bytes(&vm.heap);
    let holds = match how {
        Comparison::Eq if lengths.0 != lengths.1 => false,
        Comparison::Ne if lengths.0 != lengths.1 => true,
        Comparison::Eq if by_bytes => same_bytes,
        Comparison::Ne if by_bytes => !same_bytes,
        _ => compare_items(vm, args, how)?,
    };
    Ok(vm.local(Value::bool(holds)))
}

/// Compares the first items that differ, else the lengths.
fn compare_items(vm: &mut Vm, args: Locals, how: Comparison) -> Result<bool, Raised> {
    let mut at = 0;
    loop {
        let mark = vm.mark();
        let (x, y) = (item_at(vm, args.at(0), at)?, item_at(vm, args.at(1), at)?);
        let (Some(x), Some(y)) = (x, y) else {
            let len = |owner| vm.heap.usize(array(vm, owner).len(&vm.heap));
            let (x, y) = (vm.local(len(args.at(0))), vm.local(len(args.at(1))));
            return vm.compare_truth(how, x, y);
        };
        // Items are made anew for each look: a NaN is never itself.
        if !vm.compare_truth(Comparison::Eq, x, y)? {
            return match how {
                Comparison::Eq => Ok(false),
                Comparison::Ne => Ok(true),
                _ => vm.compare_truth(how, x, y),
            };
        }
        vm.release(mark);
        vm.heap.poll(1)?;
        at += 1;
    }
}
