//! `_count_elements`: counts items in a dict, for `collections.Counter`.
//!
//! A mapping whose class overrides neither `get` nor `__setitem__` is counted in as the dict that it is; others through these methods.

use crate::runtime::dict::Dict;
use crate::runtime::table::Found;
use crate::runtime::{Builtin, Raised, Value, builtin_eq};
use crate::stdlib::arg::plain;
use crate::vm::{Local, Native, Operator, Vm};

pub const COUNT_ELEMENTS: Native = Native::vm(
    "_count_elements(mapping, iterable, /)",
    "Count elements in the iterable, updating the mapping.",
    |vm, args| {
        let (mapping, one) = (args.at(0), vm.local(vm.heap.int(1)));
        let inner = plain(vm, mapping);
        let is_dict = vm.get_gc::<Dict>(inner).is_some() && inherits(vm, mapping);
        let iterator = vm.iter(args.at(1))?;
        let item = vm.local(Value::UNDEF);
        loop {
            let mark = vm.mark();
            vm.set(item, Value::UNDEF);
            if !vm.next(iterator, item)? {
                return Ok(vm.none());
            }
            match is_dict {
                true if count_leaf(vm, inner, item)? => {}
                true => count(vm, inner, item, one)?,
                false => count_by_methods(vm, mapping, item, one)?,
            }
            vm.release(mark);
        }
    },
);

/// Whether the class of a mapping has the methods of dict.
fn inherits(vm: &Vm, mapping: Local) -> bool {
    let heap = &vm.heap;
    let (class, dict) = (
        heap.class_of(vm.get(mapping)),
        heap.types.class(heap, Builtin::Dict),
    );
    let same = |name: &str| {
        let name = heap.intern(name);
        let own = class.lookup(heap, name);
        own.zip(dict.lookup(heap, name))
            .is_some_and(|(a, b)| a.is(b))
    };
    same("get") && same("__setitem__")
}

/// Counts an item whose count is a small integer; false: it takes user code.
fn count_leaf(vm: &Vm, mapping: Local, item: Local) -> Result<bool, Raised> {
    let (heap, key) = (&vm.heap, vm.get(item));
    let Some(dict) = vm.get_gc::<Dict>(mapping) else {
        return Ok(false);
    };
    match dict.table.find_leaf(heap, key) {
        Some(Found::At(at)) => {
            let Some(count) = dict.table.value_at(heap, at).as_int() else {
                return Ok(false);
            };
            dict.table.set_value(heap, at, heap.int(count + 1));
            Ok(true)
        }
        Some(Found::Missing) => {
            let Some(hash) = builtin_eq::hash(heap, key) else {
                return Ok(false);
            };
            dict.table.push(heap, hash, key, heap.int(1))?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn count(vm: &mut Vm, mapping: Local, item: Local, one: Local) -> Result<(), Raised> {
    let hash = vm.hash(item)?;
    let next = match vm.dict_get_hashed(mapping, hash, item)? {
        Some(count) => vm.binary(Operator::Add, count, one)?,
        None => one,
    };
    vm.dict_set_hashed(mapping, hash, item, next)
}

fn count_by_methods(vm: &mut Vm, mapping: Local, item: Local, one: Local) -> Result<(), Raised> {
    let zero = vm.local(vm.heap.int(0));
    let count = vm.call_method(mapping, "get", &[item, zero])?;
    let next = vm.binary(Operator::Add, count, one)?;
    vm.set_item(mapping, item, next)
}
