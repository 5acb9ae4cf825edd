//! `_heapq`: a priority queue on a list, for `heapq` (library/heapq.apy).
//!
//! Items are compared in the order in which CPython's compares them, so equal items come out in the same order. Where no comparison takes
//! user code an operation finds its path first and moves the items afterwards (`Native::quick`); otherwise it moves them step by step and
//! complains about a list that changes its size meanwhile.

use smallvec::SmallVec;

use super::registry::NativeModule;
use crate::runtime::list::List;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg::plain;
use crate::vm::protocol::compare::{self, Comparison};
use crate::vm::{Local, Native, Vm};

/// The module.
pub const HEAPQ: NativeModule = NativeModule {
    functions: &[
        &HEAPPUSH,
        &HEAPPOP,
        &HEAPREPLACE,
        &HEAPPUSHPOP,
        &HEAPIFY,
        &HEAPPOP_MAX,
        &HEAPREPLACE_MAX,
        &HEAPIFY_MAX,
    ],
    ..NativeModule::of("_heapq", "Heap queue algorithm (a.k.a. priority queue).")
};

/// Which item is at the top.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Top {
    Smallest,
    Largest,
}

const HEAPPUSH: Native = Native::vm(
    "heappush(heap, item, /)",
    "Push item onto heap, maintaining the heap invariant.",
    |vm, args| {
        let heap = list_arg(vm, args.at(0), "heappush() argument 1")?;
        list(vm, heap).push(&vm.heap, vm.get(args.at(1)))?;
        let last = list(vm, heap).len(&vm.heap) - 1;
        sift_down(vm, heap, 0, last, Top::Smallest)?;
        Ok(vm.none())
    },
)
.quick(|heap, args| {
    let this: Gc<'_, List> = args.get(0).as_gc()?;
    let (item, mut at) = (args.get(1), this.len(heap));
    let mut path: SmallVec<[usize; 24]> = SmallVec::new();
    while at > 0 {
        let parent = (at - 1) / 2;
        if !leaf_less(heap, item, this.item(heap, parent)?)? {
            break;
        }
        path.push(parent);
        at = parent;
    }
    this.push(heap, item).ok()?;
    let mut at = this.len(heap) - 1;
    for parent in path {
        this.swap(heap, at, parent);
        at = parent;
    }
    Some(Value::NONE)
});

const HEAPPOP: Native = Native::vm(
    "heappop(heap, /)",
    "Pop the smallest item off the heap, maintaining the heap invariant. Raises IndexError if there is none.",
    |vm, args| pop(vm, args.at(0), "heappop() argument", Top::Smallest),
)
.quick(|heap, args| {
    let this: Gc<'_, List> = args.get(0).as_gc()?;
    let len = this.len(heap).checked_sub(1)?;
    let last = this.item(heap, len)?;
    if len == 0 {
        return this.pop(heap);
    }
    let path = leaf_path(heap, this, last, len)?;
    this.pop(heap);
    Some(move_along(heap, this, last, &path))
});

const HEAPREPLACE: Native = Native::vm(
    "heapreplace(heap, item, /)",
    "Pop and return the current smallest value, and add the new item. Raises IndexError if there is none.",
    |vm, args| replace(vm, args.at(0), args.at(1), "heapreplace() argument 1", Top::Smallest),
)
.quick(|heap, args| {
    let this: Gc<'_, List> = args.get(0).as_gc()?;
    let path = leaf_path(heap, this, args.get(1), this.len(heap))?;
    Some(move_along(heap, this, args.get(1), &path))
});

const HEAPPUSHPOP: Native = Native::vm(
    "heappushpop(heap, item, /)",
    "Push item on the heap, then pop and return the smallest item from the heap.",
    |vm, args| {
        let heap = list_arg(vm, args.at(0), "heappushpop() argument 1")?;
        let Some(first) = item(vm, heap, 0) else {
            return Ok(args.at(1));
        };
        // The comparison may empty the heap, which is not the error that it is further down.
        if !vm.compare_truth(Comparison::Lt, first, args.at(1))? {
            return Ok(args.at(1));
        }
        replace(
            vm,
            heap,
            args.at(1),
            "heappushpop() argument 1",
            Top::Smallest,
        )
    },
)
.quick(|heap, args| {
    let this: Gc<'_, List> = args.get(0).as_gc()?;
    let Some(first) = this.item(heap, 0) else {
        return Some(args.get(1));
    };
    if !leaf_less(heap, first, args.get(1))? {
        return Some(args.get(1));
    }
    let path = leaf_path(heap, this, args.get(1), this.len(heap))?;
    Some(move_along(heap, this, args.get(1), &path))
});

const HEAPIFY: Native = Native::vm(
    "heapify(heap, /)",
    "Transform list into a heap, in-place, in O(len(heap)) time.",
    |vm, args| heapify(vm, args.at(0), "heapify() argument", Top::Smallest),
);

const HEAPPOP_MAX: Native = Native::vm(
    "_heappop_max(heap, /)",
    "Maxheap variant of heappop.",
    |vm, args| pop(vm, args.at(0), "_heappop_max() argument", Top::Largest),
);

const HEAPREPLACE_MAX: Native = Native::vm(
    "_heapreplace_max(heap, item, /)",
    "Maxheap variant of heapreplace.",
    |vm, args| {
        replace(
            vm,
            args.at(0),
            args.at(1),
            "_heapreplace_max() argument 1",
            Top::Largest,
        )
    },
);

const HEAPIFY_MAX: Native = Native::vm(
    "_heapify_max(heap, /)",
    "Maxheap variant of heapify.",
    |vm, args| heapify(vm, args.at(0), "_heapify_max() argument", Top::Largest),
);

/// `a < b`, where that takes no user code.
#[inline]
fn leaf_less<'h>(heap: &'h Heap, a: Value<'h>, b: Value<'h>) -> Option<bool> {
    compare::leaf(heap, Comparison::Lt, a, b)
}

/// The places that items leave when `item` comes to the top of the first `len`: each gets the item of the next one, the last gets `item`.
fn leaf_path<'h>(
    heap: &'h Heap,
    list: Gc<'h, List>,
    item: Value<'h>,
    len: usize,
) -> Option<SmallVec<[usize; 24]>> {
    if len == 0 {
        return None;
    }
    let mut path: SmallVec<[usize; 24]> = SmallVec::new();
    let mut at = 0;
    path.push(at);
    while 2 * at + 1 < len {
        let (left, right) = (2 * at + 1, 2 * at + 2);
        let is_right =
            right < len && !leaf_less(heap, list.item(heap, left)?, list.item(heap, right)?)?;
        at = if is_right { right } else { left };
        path.push(at);
    }
    // The item goes up again from the leaf.
    while let Some(&above) = path.last().filter(|_| path.len() > 1) {
        if !leaf_less(heap, item, list.item(heap, above)?)? {
            break;
        }
        path.pop();
    }
    Some(path)
}

/// Moves the items along a path up by one, and puts `item` at its end; the item that was at the top.
fn move_along<'h>(
    heap: &'h Heap,
    list: Gc<'h, List>,
    item: Value<'h>,
    path: &[usize],
) -> Value<'h> {
    let top = list.item(heap, 0).unwrap_or(Value::NONE);
    for pair in path.windows(2) {
        if let Some(moved) = list.item(heap, pair[1]) {
            list.set_item(heap, pair[0], moved);
        }
    }
    if let Some(&last) = path.last() {
        list.set_item(heap, last, item);
    }
    top
}

/// The list that an argument must be, or that is inside of it.
fn list_arg(vm: &mut Vm, argument: Local, what: &str) -> Result<Local, Raised> {
    let inner = plain(vm, argument);
    if vm.get_gc::<List>(inner).is_some() {
        return Ok(inner);
    }
    let class = vm.heap.argument_name(vm.get(argument));
    let message = format!("{what} must be list, not {class}");
    Err(vm.heap.type_error(message))
}

fn list(vm: &Vm, heap: Local) -> Gc<'_, List> {
    vm.get_gc(heap).expect("checked by `list_arg`")
}

fn item(vm: &Vm, heap: Local, at: usize) -> Option<Local> {
    list(vm, heap).item(&vm.heap, at).map(|item| vm.local(item))
}

/// `a < b`; RuntimeError if the list changes its size meanwhile.
fn less(vm: &mut Vm, heap: Local, a: Local, b: Local) -> Result<bool, Raised> {
    if let Some(answer) = leaf_less(&vm.heap, vm.get(a), vm.get(b)) {
        return Ok(answer);
    }
    let len = list(vm, heap).len(&vm.heap);
    let answer = vm.compare_truth(Comparison::Lt, a, b)?;
    if list(vm, heap).len(&vm.heap) != len {
        let message = "list changed size during iteration";
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    Ok(answer)
}

/// Whether the item at `a` belongs above that at `b`.
fn is_above(vm: &mut Vm, heap: Local, a: usize, b: usize, top: Top) -> Result<bool, Raised> {
    let mark = vm.mark();
    let (Some(a), Some(b)) = (item(vm, heap, a), item(vm, heap, b)) else {
        return Ok(false);
    };
    let answer = match top {
        Top::Smallest => less(vm, heap, a, b),
        Top::Largest => less(vm, heap, b, a),
    };
    vm.release(mark);
    answer
}

/// Moves the item at `at` up to its place.
fn sift_down(
    vm: &mut Vm,
    heap: Local,
    start: usize,
    mut at: usize,
    top: Top,
) -> Result<(), Raised> {
    while at > start {
        let parent = (at - 1) / 2;
        if !is_above(vm, heap, at, parent, top)? {
            break;
        }
        list(vm, heap).swap(&vm.heap, at, parent);
        at = parent;
    }
    Ok(())
}

/// Moves the item at `start` down to a leaf, over the children that belong above, and up again to its place.
fn sift_up(vm: &mut Vm, heap: Local, start: usize, top: Top) -> Result<(), Raised> {
    let len = list(vm, heap).len(&vm.heap);
    let mut at = start;
    while 2 * at + 1 < len {
        let (left, right) = (2 * at + 1, 2 * at + 2);
        let is_right = right < len && !is_above(vm, heap, left, right, top)?;
        let child = if is_right { right } else { left };
        list(vm, heap).swap(&vm.heap, at, child);
        at = child;
    }
    sift_down(vm, heap, start, at, top)
}

fn pop(vm: &mut Vm, argument: Local, what: &str, top: Top) -> Result<Local, Raised> {
    let heap = list_arg(vm, argument, what)?;
    let last = list(vm, heap).pop(&vm.heap).map(|last| vm.local(last));
    let Some(last) = last else {
        return Err(empty(vm));
    };
    match item(vm, heap, 0) {
        None => Ok(last),
        Some(first) => {
            list(vm, heap).set_item(&vm.heap, 0, vm.get(last));
            sift_up(vm, heap, 0, top)?;
            Ok(first)
        }
    }
}

fn replace(
    vm: &mut Vm,
    argument: Local,
    new: Local,
    what: &str,
    top: Top,
) -> Result<Local, Raised> {
    let heap = list_arg(vm, argument, what)?;
    let Some(first) = item(vm, heap, 0) else {
        return Err(empty(vm));
    };
    list(vm, heap).set_item(&vm.heap, 0, vm.get(new));
    sift_up(vm, heap, 0, top)?;
    Ok(first)
}

fn empty(vm: &Vm) -> Raised {
    vm.heap.raise(Builtin::IndexError, "index out of range")
}

fn heapify(vm: &mut Vm, argument: Local, what: &str, top: Top) -> Result<Local, Raised> {
    let heap = list_arg(vm, argument, what)?;
    let len = list(vm, heap).len(&vm.heap);
    for at in (0..len / 2).rev() {
        vm.native_safepoint()?;
        sift_up(vm, heap, at, top)?;
    }
    Ok(vm.none())
}
