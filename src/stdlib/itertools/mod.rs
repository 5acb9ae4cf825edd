//! `itertools`: iterators as native classes, one file a few related ones.
//!
//! Each class is an opaque object whose `__next__` is a `Native::step`, so that loops and adaptors take its steps without a call.
//! A step holds no borrow of its payload while user code runs: it copies slots to locals first.
//! To add an iterator: its payload, a `ModuleType` in the file of its relatives, a word in `ITERTOOLS`.

mod combine;
mod counting;
mod group;
mod join;
mod pick;
mod reduce;
mod tee;
mod window;

use super::registry::{ModuleType, NativeModule, NativeType};

use crate::runtime::heap::SlotVec;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Slot};
use crate::vm::{Local, Native, Vm};

/// The module `itertools`.
pub const ITERTOOLS: NativeModule = NativeModule {
    functions: &[&tee::TEE],
    types: &[
        &window::ACCUMULATE,
        &window::BATCHED,
        &join::CHAIN,
        &combine::COMBINATIONS,
        &combine::COMBINATIONS_WITH_REPLACEMENT,
        &pick::COMPRESS,
        &counting::COUNT,
        &counting::CYCLE,
        &pick::DROPWHILE,
        &pick::FILTERFALSE,
        &group::GROUPBY,
        &pick::ISLICE,
        &window::PAIRWISE,
        &combine::PERMUTATIONS,
        &combine::PRODUCT,
        &counting::REPEAT,
        &pick::STARMAP,
        &pick::TAKEWHILE,
        &join::ZIP_LONGEST,
        &group::GROUPER,
        &tee::TEE_CLASS,
        &tee::BLOCK,
    ],
    ..NativeModule::of(
        "itertools",
        "Functional tools for creating and using iterators.\n\n>>> from itertools import batched, chain\n\
         >>> list(batched(chain([1, 2], [3]), 2))\n[(1, 2), (3,)]",
    )
};

const ITER: Native = Native::leaf("__iter__(self, /)", "Implement iter(self).", |_, args| {
    Ok(args.get(0))
});

/// A class of this module.
const fn class(name: &'static str, body: NativeType) -> ModuleType {
    ModuleType {
        name,
        module: "itertools",
        body,
    }
}

/// What a class of this module starts from.
const fn body(new: &'static Native, doc: &'static str) -> NativeType {
    NativeType {
        new: Some(new),
        ..NativeType::of(Builtin::Opaque, doc)
    }
}

/// A new iterator.
fn make<T: Payload>(vm: &Vm, class: Local, payload: T) -> Result<Local, Raised> {
    Ok(vm.new_opaque(class, payload))
}

/// The payload of an iterator.
fn state<T: Payload>(vm: &Vm, iter: Local) -> &T {
    vm.payload(iter)
}

/// What a slot of an iterator's payload holds.
fn held<T: Payload>(vm: &Vm, iter: Local, slot: impl FnOnce(&T) -> &Slot) -> Local {
    vm.local(slot(state(vm, iter)).get(&vm.heap))
}

/// The same, unless it is unset: most iterators unset their source at the end.
fn held_if<T: Payload>(vm: &Vm, iter: Local, slot: impl FnOnce(&T) -> &Slot) -> Option<Local> {
    let value = slot(state(vm, iter)).get(&vm.heap);
    value.defined().map(|value| vm.local(value))
}

/// A slot with what a local holds.
fn slot(vm: &Vm, local: Local) -> Slot {
    Slot::new(vm.get(local))
}

/// A run of slots with what locals hold.
fn slots(vm: &Vm, locals: &[Local]) -> SlotVec {
    SlotVec::from_values(locals.iter().map(|&local| vm.get(local)))
}
