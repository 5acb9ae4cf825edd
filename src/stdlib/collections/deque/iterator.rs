//! The iterators over a deque, in both directions.
//!
//! An iterator that finds another version of its deque than it began with refuses to go on.

use std::cell::Cell;

use super::deque;
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Gc, Slot};
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Native, Vm};

const ITERATOR: ModuleType = ModuleType {
    name: "collections._deque_iterator",
    module: "collections",
    body: NativeType {
        methods: &[&ITERATOR_ITER, &ITERATOR_NEXT, &ITERATOR_HINT],
        ..NativeType::of(Builtin::Opaque, "An iterator over a deque.")
    },
};

const REVERSE_ITERATOR: ModuleType = ModuleType {
    name: "collections._deque_reverse_iterator",
    module: "collections",
    body: NativeType {
        methods: &[&ITERATOR_ITER, &ITERATOR_NEXT, &ITERATOR_HINT],
        ..NativeType::of(Builtin::Opaque, "An iterator over a deque from its end.")
    },
};

/// Walks a deque; `step` is 1 or, from the end, -1.
struct Walk {
    deque: Slot,
    version: u64,
    at: Cell<i64>,
    step: i64,
}

traced!(Walk { deque } plain { version, at, step });

impl Payload for Walk {}

const ITERATOR_ITER: Native =
    Native::vm("__iter__(self, /)", "Implement iter(self).", |_, args| {
        Ok(args.at(0))
    });
const ITERATOR_NEXT: Native = Native::step(|vm, iter, into| {
    let walk = walker(vm, iter);
    let owner = walk.deque.get(&vm.heap);
    if deque(owner).version() != walk.version {
        let message = "deque mutated during iteration";
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    let at = walk.at.replace(walk.at.get() + walk.step);
    let item = usize::try_from(at)
        .ok()
        .and_then(|at| deque(owner).item(&vm.heap, at));
    match item {
        Some(item) => {
            vm.set(into, item);
            Ok(true)
        }
        None => Ok(false),
    }
});
const ITERATOR_HINT: Native = Native::vm(
    "__length_hint__(self, /)",
    "How many items are left.",
    |vm, args| {
        let walk = walker(vm, args.at(0));
        let len = deque(walk.deque.get(&vm.heap)).len(&vm.heap) as i64;
        let left = if walk.step > 0 {
            len - walk.at.get()
        } else {
            walk.at.get() + 1
        };
        Ok(vm.local(vm.heap.usize(left.max(0) as usize)))
    },
);

fn walker(vm: &Vm, local: Local) -> &Walk {
    vm.payload(local)
}

/// An iterator that begins at a position; `step` is 1 or -1.
pub(super) fn walk(vm: &mut Vm, owner: Local, at: i64, step: i64) -> Local {
    let class = class_of(
        vm,
        if step > 0 {
            &ITERATOR
        } else {
            &REVERSE_ITERATOR
        },
    );
    let walk = Walk {
        deque: Slot::new(vm.get(owner)),
        version: deque(vm.get(owner)).version(),
        at: Cell::new(at),
        step,
    };
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    vm.local(vm.heap.opaque(class, walk).value())
}
