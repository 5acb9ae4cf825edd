//! The iterators over a deque, in both directions.
//!
//! An iterator that finds another version of its deque than it began with refuses to go on.

use std::cell::Cell;

use super::deque;
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Gc, Raised, Slot};
use crate::stdlib::arg::vm_index_or;
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Locals, Native, Vm};

pub const ITERATOR: ModuleType = ModuleType {
    name: "collections._deque_iterator",
    module: "collections",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&ITERATOR_ITER, &ITERATOR_NEXT, &ITERATOR_HINT, &REDUCE],
        ..NativeType::of(Builtin::Opaque, "An iterator over a deque.")
    },
};

const REVERSE_ITERATOR: ModuleType = ModuleType {
    name: "collections._deque_reverse_iterator",
    module: "collections",
    body: NativeType {
        new: Some(&NEW_REVERSE),
        methods: &[&ITERATOR_ITER, &ITERATOR_NEXT, &ITERATOR_HINT, &REDUCE],
        ..NativeType::of(Builtin::Opaque, "An iterator over a deque from its end.")
    },
};

/// From which end a deque is walked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Left,
    Right,
}

/// Walks a deque.
struct Walk {
    deque: Slot,
    version: u64,
    /// How many items were given.
    given: Cell<usize>,
    /// How many are left; none once the deque has changed.
    left: Cell<usize>,
    from: Start,
}

traced!(Walk { deque } plain { version, given, left, from });

impl Payload for Walk {}

const ITERATOR_ITER: Native =
    Native::vm("__iter__(self, /)", "Implement iter(self).", |_, args| {
        Ok(args.at(0))
    });
const ITERATOR_NEXT: Native = Native::step(|vm, iter, into| {
    let walk = walker(vm, iter);
    let owner = walk.deque.get(&vm.heap);
    if deque(owner).version() != walk.version {
        walk.left.set(0);
        let message = "deque mutated during iteration";
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    let (given, left) = (walk.given.get(), walk.left.get());
    if left == 0 {
        return Ok(false);
    }
    let at = match walk.from {
        Start::Left => given,
        Start::Right => left - 1,
    };
    let Some(item) = deque(owner).item(&vm.heap, at) else {
        return Ok(false);
    };
    walk.given.set(given + 1);
    walk.left.set(left - 1);
    vm.set(into, item);
    Ok(true)
});
const ITERATOR_HINT: Native = Native::vm(
    "__length_hint__(self, /)",
    "How many items are left.",
    |vm, args| Ok(vm.local(vm.heap.usize(walker(vm, args.at(0)).left.get()))),
);
const REDUCE: Native = Native::vm(
    "__reduce__(self, /)",
    "Return state information for pickling.",
    |vm, args| {
        let heap = &vm.heap;
        let walk = walker(vm, args.at(0));
        let owner = walk.deque.get(heap);
        let given = deque(owner).len(heap).saturating_sub(walk.left.get());
        let class = heap.class_of(vm.get(args.at(0))).value();
        let given = heap.tuple(&[owner, heap.usize(given)]).value();
        Ok(vm.local(heap.tuple(&[class, given]).value()))
    },
);
const NEW: Native = Native::vm(
    "_deque_iterator(cls, deque, index=0, /)",
    "Create and return a new object.",
    |vm, args| make(vm, args, Start::Left),
);
const NEW_REVERSE: Native = Native::vm(
    "_deque_reverse_iterator(cls, deque, index=0, /)",
    "Create and return a new object.",
    |vm, args| make(vm, args, Start::Right),
);

/// An iterator that has given so many items already.
fn make(vm: &mut Vm, args: Locals, from: Start) -> Result<Local, Raised> {
    if super::try_deque(vm.get(args.at(1))).is_none() {
        let given = vm.heap.type_name(vm.get(args.at(1)));
        let message = format!("argument 1 must be collections.deque, not {given}");
        return Err(vm.heap.type_error(message));
    }
    let given = vm_index_or(vm, args.at(2), 0)?;
    let made = walk(vm, args.at(1), from);
    let walk = walker(vm, made);
    let given = usize::try_from(given).unwrap_or(0).min(walk.left.get());
    walk.given.set(given);
    walk.left.set(walk.left.get() - given);
    Ok(made)
}

fn walker(vm: &Vm, local: Local) -> &Walk {
    vm.payload(local)
}

/// An iterator over a whole deque.
pub(super) fn walk(vm: &mut Vm, owner: Local, from: Start) -> Local {
    let class = match from {
        Start::Left => class_of(vm, &ITERATOR),
        Start::Right => class_of(vm, &REVERSE_ITERATOR),
    };
    let items = deque(vm.get(owner));
    let walk = Walk {
        deque: Slot::new(vm.get(owner)),
        version: items.version(),
        given: Cell::new(0),
        left: Cell::new(items.len(&vm.heap)),
        from,
    };
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    vm.local(vm.heap.opaque(class, walk).value())
}
