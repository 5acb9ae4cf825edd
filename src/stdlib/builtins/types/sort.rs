//! Sorting: the algorithm behind `list.sort` and `sorted`.
//!
//! Stable and adaptive: runs are found (a falling one is turned around), short ones extended by binary insertion to `MIN_RUN`
//! items, then neighbours merged: Tim Peters's list sort without galloping. Up to 63 items the program sees the very comparisons
//! that CPython makes. Keys that are all integers, floats, strings or tuples of them are sorted without asking the program. What is sorted
//! is a permutation; the list stays empty meanwhile, so that a change by the program is noticed, and gets its items back
//! whatever happens.

use std::cmp::Ordering;

use super::rank::{Columns, Ranked};
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Heap, Raised, Value, builtin_eq};
use crate::stdlib::receiver::given;
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Vm};

/// Lists below this size are sorted by binary insertion alone.
const MIN_RUN: usize = 64;

/// Which way to sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The smallest first.
    Ascending,
    /// The largest first; equal items keep their order.
    Descending,
}

/// The order that a `reverse` argument asks for.
pub fn order_of(vm: &mut Vm, reverse: Local) -> Result<Order, Raised> {
    Ok(match given(vm, reverse) {
        Some(reverse) if vm.truth(reverse)? => Order::Descending,
        _ => Order::Ascending,
    })
}

/// Sorts a list in place. `key`: a function or None; Undef counts as None.
pub fn sort_list(vm: &mut Vm, list: Local, key: Local, order: Order) -> Result<(), Raised> {
    let mark = vm.mark();
    let work = vm.local(vm.heap.list([]).value());
    items(vm, list).exchange(&vm.heap, &items(vm, work));
    let sorted = sort_work(vm, work, key, order);
    let outcome = match sorted {
        Ok(()) if items(vm, list).was_filled(&vm.heap) => {
            Err(vm.heap.value_error("list modified during sort"))
        }
        other => other,
    };
    items(vm, list).exchange(&vm.heap, &items(vm, work));
    vm.release(mark);
    outcome
}

fn items(vm: &Vm, list: Local) -> Gc<'_, List> {
    vm.get_gc(list).expect("the caller checked the kind")
}

fn sort_work(vm: &mut Vm, work: Local, key: Local, order: Order) -> Result<(), Raised> {
    let no_key = vm.get(key).is_undef() || vm.get(key).is_none();
    let keys = if no_key {
        work
    } else {
        make_keys(vm, work, key)?
    };
    if no_key && sort_plain(&vm.heap, &items(vm, work), order)? {
        return Ok(());
    }
    let len = items(vm, keys).len(&vm.heap);
    vm.heap.room_for(len * 2 * size_of::<Ranked<'_>>())?;
    let leaf_order = leaf_permutation(&vm.heap, &items(vm, keys).to_vec(&vm.heap), order)?;
    let (permutation, outcome) = match leaf_order {
        Some(permutation) => (permutation, Ok(())),
        None => {
            let count = items(vm, keys).len(&vm.heap);
            let mut sorter = Sorter {
                vm,
                keys,
                order: (0..count as u32).collect(),
                spare: Vec::new(),
            };
            let outcome = sorter.sort(order);
            (sorter.order, outcome)
        }
    };
    let heap = &vm.heap;
    let old = items(vm, work).to_vec(heap);
    let new: Vec<_> = permutation.iter().map(|&i| old[i as usize]).collect();
    items(vm, work).replace(heap, &new)?;
    outcome
}

/// A list of what `key` makes of each item.
fn make_keys(vm: &mut Vm, work: Local, key: Local) -> Result<Local, Raised> {
    let keys = vm.local(vm.heap.list([]).value());
    for i in 0..items(vm, work).len(&vm.heap) {
        let mark = vm.mark();
        let item = vm.local(
            items(vm, work)
                .item(&vm.heap, i)
                .expect("nobody else knows the work list"),
        );
        let made = vm.call(key, &[item])?;
        items(vm, keys).push(&vm.heap, vm.get(made))?;
        vm.release(mark);
    }
    Ok(keys)
}

/// Sorts integers by value; `false`: there is something else in the list.
fn sort_plain(heap: &Heap, items: &List, order: Order) -> Result<bool, Raised> {
    let Some(mut numbers) = items
        .to_vec(heap)
        .into_iter()
        .map(Value::as_int)
        .collect::<Option<Vec<i64>>>()
    else {
        return Ok(false);
    };
    sort_in_stretches(heap, &mut numbers, |a, b| a.cmp(b))?;
    if order == Order::Descending {
        numbers.reverse();
    }
    let sorted: Vec<_> = numbers.into_iter().map(Value::small_int).collect();
    items.replace(heap, &sorted)?;
    Ok(true)
}

/// The sorting permutation of keys that the runtime can order by itself: see `rank.rs`.
fn leaf_permutation<'h>(
    heap: &'h Heap,
    keys: &[Value<'h>],
    order: Order,
) -> Result<Option<Vec<u32>>, Raised> {
    let Some(columns) = Columns::of(heap, keys) else {
        return Ok(None);
    };
    let mut ranked: Vec<Ranked<'h>> = keys
        .iter()
        .zip(0u32..)
        .map(|(&key, at)| columns.ranked(heap, key, at))
        .collect();
    match order {
        Order::Ascending => {
            sort_in_stretches(heap, &mut ranked, |a, b| columns.compare(heap, a, b))?;
        }
        Order::Descending => {
            sort_in_stretches(heap, &mut ranked, |a, b| columns.compare(heap, b, a))?;
        }
    }
    Ok(Some(ranked.into_iter().map(|ranked| ranked.at).collect()))
}

/// How many items are sorted or merged between two looks at the outside.
const STRETCH: usize = 1 << 14;

/// A stable sort, which looks at the outside now and then: stretches are sorted, then merged.
fn sort_in_stretches<T: Copy>(
    heap: &Heap,
    items: &mut Vec<T>,
    mut compare: impl FnMut(&T, &T) -> Ordering,
) -> Result<(), Raised> {
    for stretch in items.chunks_mut(STRETCH) {
        heap.poll(stretch.len() * 8)?;
        stretch.sort_by(&mut compare);
    }
    let mut len = STRETCH;
    let mut merged = Vec::new();
    if len < items.len() {
        heap.grow_vec(&mut merged, items.len())?;
    }
    while len < items.len() {
        merged.clear();
        for pair in items.chunks(2 * len) {
            let (left, right) = pair.split_at(len.min(pair.len()));
            merge(heap, left, right, &mut merged, &mut compare)?;
        }
        std::mem::swap(items, &mut merged);
        len *= 2;
    }
    Ok(())
}

/// Appends the items of two sorted runs in order; of equal ones those of the left run come first.
fn merge<T: Copy>(
    heap: &Heap,
    left: &[T],
    right: &[T],
    merged: &mut Vec<T>,
    compare: &mut impl FnMut(&T, &T) -> Ordering,
) -> Result<(), Raised> {
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        if merged.len().is_multiple_of(STRETCH) {
            heap.poll(STRETCH)?;
        }
        if compare(&right[j], &left[i]) == Ordering::Less {
            merged.push(right[j]);
            j += 1;
        } else {
            merged.push(left[i]);
            i += 1;
        }
    }
    merged.extend_from_slice(&left[i..]);
    merged.extend_from_slice(&right[j..]);
    Ok(())
}

/// `a < b`, if the program has no say in it.
fn leaf_less(heap: &Heap, a: Value<'_>, b: Value<'_>) -> Option<bool> {
    if let Some((x, y)) = Value::int_pair(a, b) {
        return Some(x < y);
    }
    if let Some((x, y)) = Value::both_floats(a, b) {
        return Some(x < y);
    }
    if let (Some(x), Some(y)) = (a.as_gc::<Str>(), b.as_gc::<Str>()) {
        return Some(x.as_str() < y.as_str());
    }
    let (x, y) = (a.as_gc::<Tuple>()?, b.as_gc::<Tuple>()?);
    for (p, q) in x.iter(heap).zip(y.iter(heap)) {
        let nested = p.is_gc::<Tuple>() || q.is_gc::<Tuple>();
        if nested {
            return None;
        }
        if !p.is(q) && !builtin_eq::equal(heap, p, q)? {
            return leaf_less(heap, p, q);
        }
    }
    Some(x.len() < y.len())
}

/// A sort that may call the program: positions of `keys`, brought into order.
struct Sorter<'a> {
    vm: &'a mut Vm,
    keys: Local,
    order: Vec<u32>,
    spare: Vec<u32>,
}

impl Sorter<'_> {
    /// Sorts; after an error `order` is still a permutation.
    fn sort(&mut self, order: Order) -> Result<(), Raised> {
        if order == Order::Descending {
            self.order.reverse();
        }
        let outcome = self.sort_ascending();
        if order == Order::Descending {
            self.order.reverse();
        }
        outcome
    }

    fn sort_ascending(&mut self) -> Result<(), Raised> {
        let len = self.order.len();
        let min_run = min_run(len);
        let mut runs = vec![0];
        let mut start = 0;
        while start < len {
            let found = self.find_run(start)?;
            let end = found.max((start + min_run).min(len));
            self.insert_rest(start, found, end)?;
            runs.push(end);
            start = end;
        }
        self.merge_runs(runs)
    }

    /// Merges neighbours until one run is left; `bounds` are the starts of the runs and the end.
    fn merge_runs(&mut self, mut bounds: Vec<usize>) -> Result<(), Raised> {
        while bounds.len() > 2 {
            let mut merged = vec![0];
            let mut i = 0;
            while i + 2 < bounds.len() {
                self.merge(bounds[i], bounds[i + 1], bounds[i + 2])?;
                merged.push(bounds[i + 2]);
                i += 2;
            }
            if i + 1 < bounds.len() {
                merged.push(bounds[i + 1]);
            }
            bounds = merged;
        }
        Ok(())
    }

    /// The end of the run that begins at `start`; a falling run is turned around, its equal items kept in order.
    fn find_run(&mut self, start: usize) -> Result<usize, Raised> {
        let len = self.order.len();
        let mut end = start + 1;
        while end < len && !self.less(end, end - 1)? {
            end += 1;
        }
        if end >= len {
            return Ok(len);
        }
        if end > start + 1 {
            if self.less(start, end - 1)? {
                return Ok(end);
            }
            // All equal so far, and now falling: turned around here, they are in order again after the whole run is.
            self.order[start..end].reverse();
        }
        end = self.falling_end(end + 1)?;
        self.order[start..end].reverse();
        while end < len && !self.less(end, end - 1)? {
            end += 1;
        }
        Ok(end)
    }

    /// The end of the falling run that reaches `end` at least; groups of equal items in it are turned around.
    fn falling_end(&mut self, mut end: usize) -> Result<usize, Raised> {
        let mut equal = 0;
        while end < self.order.len() {
            if self.less(end, end - 1)? {
                self.order[end - 1 - equal..end].reverse();
                equal = 0;
            } else if self.less(end - 1, end)? {
                break;
            } else {
                equal += 1;
            }
            end += 1;
        }
        self.order[end - 1 - equal..end].reverse();
        Ok(end)
    }

    /// Inserts `sorted .. end` into the run `start .. sorted`.
    fn insert_rest(&mut self, start: usize, sorted: usize, end: usize) -> Result<(), Raised> {
        for next in sorted..end {
            let (mut low, mut high) = (start, next);
            while low < high {
                let middle = (low + high) / 2;
                if self.less(next, middle)? {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            self.order[low..=next].rotate_right(1);
        }
        Ok(())
    }

    /// Merges the runs `start .. middle` and `middle .. end`.
    fn merge(&mut self, start: usize, middle: usize, end: usize) -> Result<(), Raised> {
        if !self.less(middle, middle - 1)? {
            return Ok(());
        }
        let mut merged = std::mem::take(&mut self.spare);
        merged.clear();
        let (mut left, mut right) = (start, middle);
        let mut outcome = Ok(());
        while left < middle && right < end {
            match self.less(right, left) {
                Ok(true) => {
                    merged.push(self.order[right]);
                    right += 1;
                }
                Ok(false) => {
                    merged.push(self.order[left]);
                    left += 1;
                }
                Err(raised) => {
                    outcome = Err(raised);
                    break;
                }
            }
        }
        merged.extend_from_slice(&self.order[left..middle]);
        merged.extend_from_slice(&self.order[right..end]);
        self.order[start..end].copy_from_slice(&merged);
        self.spare = merged;
        outcome
    }

    /// Whether the key at position `a` of the order is less than the one at `b`.
    fn less(&mut self, a: usize, b: usize) -> Result<bool, Raised> {
        let vm = &mut *self.vm;
        let keys = items(vm, self.keys);
        let at = |i: usize| {
            keys.item(&vm.heap, self.order[i] as usize)
                .expect("the order is a permutation of the keys")
        };
        let (x, y) = (at(a), at(b));
        if let Some(less) = leaf_less(&vm.heap, x, y) {
            return Ok(less);
        }
        let mark = vm.mark();
        let (x, y) = (vm.local(x), vm.local(y));
        let less = vm.compare_truth(Comparison::Lt, x, y)?;
        vm.release(mark);
        Ok(less)
    }
}

/// The least size of a run: so that the number of runs is a power of two, or just below one.
fn min_run(mut len: usize) -> usize {
    let mut odd = 0;
    while len >= MIN_RUN {
        odd |= len & 1;
        len >>= 1;
    }
    len + odd
}
