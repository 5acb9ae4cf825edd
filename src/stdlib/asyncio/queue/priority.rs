//! The heap inside a priority queue.
//!
//! The program's `<` keeps it, which may do anything to the queue meanwhile: no borrow lives while it runs, and positions are
//! looked up again after it. After Python's heapq: the hole goes down to a leaf and the item up from there.

use super::queue;
use crate::runtime::{Raised, Value};
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Vm};

/// Takes the smallest item; there is one.
pub(super) fn pop(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    let smallest = {
        let mut items = queue(vm, this).items.borrow_mut();
        let last = items.len() - 1;
        items.swap(0, last);
        items.pop_back()
    };
    let smallest = vm.local(smallest.map_or(Value::NONE, |item| item.get(&vm.heap)));
    let mut hole = 0;
    loop {
        let mut child = 2 * hole + 1;
        let count = queue(vm, this).items.borrow().len();
        if child >= count {
            break;
        }
        if child + 1 < count && !less(vm, this, child, child + 1)? {
            child += 1;
        }
        swap(vm, this, hole, child);
        hole = child;
    }
    sift_up(vm, this, hole)?;
    Ok(smallest)
}

/// Moves an item up to where its parent is not greater.
pub(super) fn sift_up(vm: &mut Vm, this: Local, mut at: usize) -> Result<(), Raised> {
    while at > 0 {
        let parent = (at - 1) / 2;
        if !less(vm, this, at, parent)? {
            break;
        }
        swap(vm, this, at, parent);
        at = parent;
    }
    Ok(())
}

fn swap(vm: &Vm, this: Local, a: usize, b: usize) {
    let mut items = queue(vm, this).items.borrow_mut();
    if a.max(b) < items.len() {
        items.swap(a, b);
    }
}

fn less(vm: &mut Vm, this: Local, a: usize, b: usize) -> Result<bool, Raised> {
    let mark = vm.mark();
    let pair = {
        let items = queue(vm, this).items.borrow();
        items
            .get(a)
            .zip(items.get(b))
            .map(|(a, b)| (vm.local(a.get(&vm.heap)), vm.local(b.get(&vm.heap))))
    };
    let Some((a, b)) = pair else { return Ok(false) };
    let answer = vm.compare_truth(Comparison::Lt, a, b);
    vm.release(mark);
    answer
}
