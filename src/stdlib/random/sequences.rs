//! Random elements, orders and samples of the program's sequences, as methods of `Random`.
//!
//! The generator gives indices; the elements are looked up as the program would, so any sequence will do.

use super::class::{derived, draw};
use crate::runtime::heap::Kind;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::{Gc, Raised};
use crate::stdlib::arg::{given, plain, vm_index_or};
use crate::vm::protocol::arith::Operator;
use crate::vm::{Local, Locals, Native, Vm};

pub const CHOICE: Native = Native::vm(
    "choice(self, seq)",
    "Return a random element of a sequence that is not empty. Raises IndexError if it is empty.",
    |vm, a| {
        derived(vm, a, "choice", &["seq"], |vm, a| {
            // Twice, as `choice` of CPython does: whether there are any, then how many.
            vm.len(a.at(1))?;
            let len = vm.len(a.at(1))?;
            let at = draw(vm, a, |random| random.choice(len))?;
            element(vm, a.at(1), at)
        })
    },
);

pub const CHOICES: Native = Native::vm(
    "choices(self, population, weights=None, *, cum_weights=None, k=1) -> list",
    "Return a list of k random elements of the population, each of which may come up again. Weights, or their running sums, say \
     how likely each is. Raises IndexError if the population is empty, ValueError if the weights do not fit it.",
    |vm, a| {
        derived(
            vm,
            a,
            "choices",
            &["population", "weights", "cum_weights", "k"],
            choices,
        )
    },
);

pub const SHUFFLE: Native = Native::vm(
    "shuffle(self, x)",
    "Shuffle the list x in place.",
    |vm, a| derived(vm, a, "shuffle", &["x"], shuffle),
);

pub const SAMPLE: Native = Native::vm(
    "sample(self, population, k, *, counts=None) -> list",
    "Return a list of k random elements of the sequence, each chosen once, in the order of choice. counts says how often each \
     element stands in the population. Raises ValueError if k is negative or larger than the population.",
    |vm, a| derived(vm, a, "sample", &["population", "k", "counts"], sample),
);

fn element(vm: &mut Vm, sequence: Local, at: usize) -> Result<Local, Raised> {
    let index = vm.local(vm.heap.usize(at));
    vm.get_item(sequence, index)
}

/// A list of the elements at these indices.
fn elements(vm: &mut Vm, sequence: Local, indices: &[usize]) -> Result<Local, Raised> {
    let list = vm.heap.list([]).value();
    let list = vm.local(list);
    for &at in indices {
        let mark = vm.mark();
        let element = element(vm, sequence, at)?;
        if let Some(list) = vm.get_gc::<List>(list) {
            list.push(&vm.heap, vm.get(element))?;
        }
        vm.release(mark);
    }
    Ok(list)
}

fn shuffle(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let len = vm.len(a.at(1))?;
    let swaps: Vec<(usize, usize)> = draw(vm, a, |random| Ok(random.swaps(len).collect()))?;
    for (i, j) in swaps {
        if let Some(list) = vm.get_gc::<List>(a.at(1)) {
            list.swap(&vm.heap, i, j);
            continue;
        }
        let mark = vm.mark();
        let [i, j] = [i, j].map(|n| vm.local(vm.heap.usize(n)));
        let (x, y) = (vm.get_item(a.at(1), i)?, vm.get_item(a.at(1), j)?);
        vm.set_item(a.at(1), i, y)?;
        vm.set_item(a.at(1), j, x)?;
        vm.release(mark);
    }
    Ok(vm.none())
}

fn sample(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    if !is_sequence(vm, a.at(1)) {
        return Err(vm
            .heap
            .type_error("Population must be a sequence.  For dicts or sets, use sorted(d)."));
    }
    let len = vm.len(a.at(1))?;
    let counts = match given(vm, a.at(3)).filter(|&counts| !vm.get(counts).is_none()) {
        Some(counts) => Some(counts_of(vm, counts, len)?),
        None => None,
    };
    let k = vm.index(a.at(2))?;
    let indices = draw(vm, a, |random| match counts {
        Some(counts) => random.sample_counts(&counts, k),
        None => random.sample(len, k),
    })?;
    elements(vm, a.at(1), &indices)
}

/// Whether a value counts as a sequence: sets, dicts and iterators do not.
fn is_sequence(vm: &Vm, value: Local) -> bool {
    let plain = plain(vm, value);
    match vm.get(plain).as_object().map(Gc::kind) {
        Some(Kind::Dict | Kind::Set | Kind::View | Kind::Iter | Kind::Coroutine) => false,
        _ => {
            vm.special(vm.get(value), Sym::GetItem).is_some()
                && vm.special(vm.get(value), Sym::Len).is_some()
        }
    }
}

fn counts_of(vm: &mut Vm, counts: Local, len: usize) -> Result<Vec<i64>, Raised> {
    let counts = vm.to_list(counts)?;
    let Some(list) = vm.get_gc::<List>(counts) else {
        return Ok(Vec::new());
    };
    let values = list.to_vec(&vm.heap);
    if values.len() != len {
        let integers = values.iter().all(|value| value.as_any_int().is_some());
        return Err(if integers || values.is_empty() {
            vm.heap
                .value_error("The number of counts does not match the population")
        } else {
            vm.heap.type_error("Counts must be integers")
        });
    }
    let counts: Option<Vec<i64>> = values.iter().map(|value| value.as_i64()).collect();
    counts.ok_or_else(|| vm.heap.type_error("Counts must be integers"))
}

fn choices(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let len = vm.len(a.at(1))?;
    let [weights, sums] =
        [a.at(2), a.at(3)].map(|l| given(vm, l).filter(|&l| !vm.get(l).is_none()));
    let k = vm_index_or(vm, a.at(4), 1)?;
    let sums = match (weights, sums) {
        (Some(_), Some(_)) => {
            return Err(vm
                .heap
                .type_error("Cannot specify both weights and cumulative weights"));
        }
        (Some(weights), None) => Some(running_sums(vm, weights)?),
        (None, Some(sums)) => Some(reals(vm, sums)?),
        (None, None) => None,
    };
    if sums.as_ref().is_some_and(|sums| sums.len() != len) {
        return Err(vm
            .heap
            .value_error("The number of weights does not match the population"));
    }
    let indices = draw(vm, a, |random| match sums {
        Some(sums) => random.choices_weighted(&sums, k),
        None => random.choices(len, k),
    })?;
    elements(vm, a.at(1), &indices)
}

/// The sums of the first so many weights, added as the program would add them.
fn running_sums(vm: &mut Vm, weights: Local) -> Result<Vec<f64>, Raised> {
    if let Some(k) = vm.get(weights).as_i64() {
        let message = format!("The number of choices must be a keyword argument: k={k}");
        return Err(vm.heap.type_error(message));
    }
    let iter = vm.iter(weights)?;
    let (item, total) = (vm.none(), vm.none());
    let mut sums = Vec::new();
    while vm.next(iter, item)? {
        let mark = vm.mark();
        let sum = if sums.is_empty() {
            item
        } else {
            vm.binary(Operator::Add, total, item)?
        };
        sums.push(vm.to_float(sum)?);
        vm.set(total, vm.get(sum));
        vm.release(mark);
    }
    Ok(sums)
}

fn reals(vm: &mut Vm, items: Local) -> Result<Vec<f64>, Raised> {
    let iter = vm.iter(items)?;
    let item = vm.none();
    let mut reals = Vec::new();
    while vm.next(iter, item)? {
        reals.push(vm.to_float(item)?);
    }
    Ok(reals)
}
