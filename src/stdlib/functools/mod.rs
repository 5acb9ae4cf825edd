//! `_functools`: what `functools` (library/functools.apy) has in Rust, because programs call it where speed matters.
//!
//! Each file holds one tool; the others are written in apy and import these.

mod cache;
mod compare;
mod partial;

use super::registry::NativeModule;
use crate::runtime::{Builtin, Value};
use crate::stdlib::receiver::given;
use crate::vm::Native;

/// The module that `functools` takes it from.
pub const FUNCTOOLS: NativeModule = NativeModule {
    functions: &[&REDUCE, &compare::CMP_TO_KEY],
    types: &[&partial::PARTIAL, &cache::CACHE, &compare::KEY],
    ..NativeModule::of("_functools", "Tools that operate on functions.")
};

const REDUCE: Native = Native::vm(
    "reduce(function, iterable, initial=None, /)",
    "Combine the items from the left with a function of two arguments. Raises TypeError for no items without an initial value.",
    |vm, args| {
        let iterator = match vm.iter(args.at(1)) {
            Ok(iterator) => iterator,
            Err(raised) if vm.is_raised(&raised, Builtin::TypeError) => {
                vm.heap.take_raised(raised);
                let message = "reduce() arg 2 must support iteration";
                return Err(vm.heap.type_error(message));
            }
            Err(raised) => return Err(raised),
        };
        let (result, item) = (vm.local(Value::UNDEF), vm.local(Value::UNDEF));
        match given(vm, args.at(2)) {
            Some(initial) => vm.set(result, vm.get(initial)),
            None => {
                if !vm.next(iterator, result)? {
                    let message = "reduce() of empty iterable with no initial value";
                    return Err(vm.heap.type_error(message));
                }
            }
        }
        loop {
            let mark = vm.mark();
            vm.set(item, Value::UNDEF);
            if !vm.next(iterator, item)? {
                return Ok(result);
            }
            let made = vm.call(args.at(0), &[result, item])?;
            vm.set(result, vm.get(made));
            vm.release(mark);
        }
    },
);
