//! Combinatoric iterators: `product`, `permutations`, `combinations` and `combinations_with_replacement`.
//!
//! Each keeps the positions of the items of its last result and derives the next ones from them, in lexicographic order. No step
//! runs user code.

use std::cell::RefCell;

use super::counting::rest;
use super::reduce::{Reduce, Reduced, numbers, parts, positions};
use super::{ITER, body, class, make, state};
use crate::runtime::heap::{SlotVec, traced};
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised};
use crate::stdlib::arg::{given, vm_index_or};
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::{Local, Locals, Native, Vm};

/// Items and the positions of the result.
struct Choice {
    pool: SlotVec,
    positions: RefCell<Positions>,
}

traced!(Choice { pool } plain { positions });

impl Payload for Choice {}

impl Reduce for Choice {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let this = state::<Choice>(vm, iter);
        let positions = this.positions.borrow();
        let Positions {
            stage, at, left, ..
        } = &*positions;
        let tuple = |range| {
            vm.local(
                vm.heap
                    .tuple(&this.pool.copy_range(&vm.heap, range))
                    .value(),
            )
        };
        let never_began = at.len() < positions.places;
        let is_over = *stage == Stage::Over && !never_began;
        let all = 0..this.pool.len();
        let (args, state) = if positions.kind == Kind::Product {
            let pools = positions.pools.iter();
            let args = match is_over {
                true => vec![tuple(0..0)],
                false => pools
                    .clone()
                    .map(|&(at, len)| tuple(at..at + len))
                    .collect(),
            };
            (
                args,
                numbers(vm, at.iter().zip(pools).map(|(at, pool)| at - pool.0)),
            )
        } else {
            let pool = tuple(if is_over { 0..0 } else { all });
            let args = vec![pool, vm.local(vm.heap.usize(positions.places))];
            let at = numbers(vm, at.iter().copied());
            match positions.kind {
                Kind::Permutations => {
                    let left = numbers(vm, left.iter().copied());
                    (args, vm.tuple_of(&[at, left]))
                }
                _ => (args, at),
            }
        };
        Ok(Reduced {
            state: (*stage == Stage::Begun).then_some(state),
            ..Reduced::of(&args)
        })
    }

    fn restore(vm: &mut Vm, iter: Local, given: Local) -> Result<(), Raised> {
        let this = state::<Choice>(vm, iter);
        let n = this.pool.len();
        let (kind, r, pools) = {
            let positions = this.positions.borrow();
            (positions.kind, positions.places, positions.pools.clone())
        };
        // There is no result, whatever the positions.
        let has_none = match kind {
            Kind::Product => pools.iter().any(|&(_, len)| len == 0),
            Kind::Replacement => n == 0 && r > 0,
            Kind::Combinations | Kind::Permutations => r > n,
        };
        if has_none {
            return Ok(());
        }
        let mut left = Vec::new();
        let at = match kind {
            Kind::Product => {
                let most = |place: usize| (0, pools[place].1 - 1);
                let mut at = positions(vm, given, r, most)?;
                for (at, pool) in at.iter_mut().zip(&pools) {
                    *at += pool.0;
                }
                at
            }
            Kind::Combinations => positions(vm, given, r, |place| (0, place + n - r))?,
            Kind::Replacement => positions(vm, given, r, |_| (0, n - 1))?,
            Kind::Permutations => {
                let given = parts(vm, given, 2, 2)?;
                left = positions(vm, given[1], r, |place| (1, n - place))?;
                positions(vm, given[0], n, |_| (0, n - 1))?
            }
        };
        let mut positions = state::<Choice>(vm, iter).positions.borrow_mut();
        positions.stage = Stage::Begun;
        positions.at = at;
        positions.left = left;
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Combinations,
    Replacement,
    Permutations,
    Product,
}

struct Positions {
    kind: Kind,
    /// How many items a result has.
    places: usize,
    /// Before the first result, at one, or over.
    stage: Stage,
    /// Into the pool, one for each place of a result; for `permutations` the whole pool, of which the first places count.
    at: Vec<usize>,
    /// `permutations`: how many exchanges are left at each place.
    left: Vec<usize>,
    /// `product`: where each place's own pool begins, and its length.
    pools: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Begun,
    Over,
}

fn choice(vm: &mut Vm, class: Local, pool: Local, positions: Positions) -> Result<Local, Raised> {
    let items = vm.to_vec(pool)?;
    make(
        vm,
        class,
        Choice {
            pool: super::slots(vm, &items),
            positions: RefCell::new(positions),
        },
    )
}

/// The result at the positions that `forward` moves to; it says whether there are any.
fn step(vm: &Vm, iter: Local, into: Local, forward: fn(&mut Positions, usize) -> bool) -> bool {
    let this = state::<Choice>(vm, iter);
    let mut positions = this.positions.borrow_mut();
    let more = match positions.stage {
        Stage::New => true,
        Stage::Begun => forward(&mut positions, this.pool.len()),
        Stage::Over => false,
    };
    positions.stage = if more { Stage::Begun } else { Stage::Over };
    if more {
        let heap = &vm.heap;
        let tuple = heap.tuple_with(positions.places, |place| {
            let item = this.pool.get(heap, positions.at[place]);
            item.expect("positions lie inside the pool")
        });
        vm.set(into, tuple.value());
    }
    more
}

/// The argument `r`, which must not be negative.
fn places(vm: &mut Vm, r: Local) -> Result<usize, Raised> {
    let r = vm.index(r)?;
    usize::try_from(r).map_err(|_| vm.heap.value_error("r must be non-negative"))
}

/// MemoryError for so many places that a result could not be.
fn room_for(vm: &Vm, places: usize) -> Result<(), Raised> {
    vm.heap
        .room_for(places.saturating_mul(2 * size_of::<usize>()))
}

pub const COMBINATIONS: ModuleType = class(
    "itertools.combinations",
    NativeType {
        methods: &[
            &ITER,
            &COMBINATIONS_NEXT,
            &Choice::REDUCE,
            &Choice::SETSTATE,
        ],
        ..body(
            &COMBINATIONS_NEW,
            "Return successive r-length combinations of elements in the iterable.\n\ncombinations(range(4), 3) --> (0,1,2), (0,1,3), (0,2,3), (1,2,3)",
        )
    },
);

const COMBINATIONS_NEW: Native = Native::vm(
    "combinations(cls, iterable, r)",
    "Create and return a new object.",
    |vm, args| {
        let pool = vm.to_list(args.at(1))?;
        let (n, r) = (vm.len(pool)?, places(vm, args.at(2))?);
        let positions = if r > n {
            over(Kind::Combinations, r)
        } else {
            starting(Kind::Combinations, r, (0..r).collect())
        };
        choice(vm, args.at(0), pool, positions)
    },
);

fn over(kind: Kind, places: usize) -> Positions {
    Positions {
        stage: Stage::Over,
        ..starting(kind, places, Vec::new())
    }
}

fn starting(kind: Kind, places: usize, at: Vec<usize>) -> Positions {
    Positions {
        kind,
        places,
        stage: Stage::New,
        at,
        left: Vec::new(),
        pools: Vec::new(),
    }
}

const COMBINATIONS_NEXT: Native = Native::step(|vm, iter, into| {
    Ok(step(vm, iter, into, |positions, n| {
        let at = &mut positions.at;
        let r = at.len();
        let Some(place) = (0..r).rev().find(|&place| at[place] != place + n - r) else {
            return false;
        };
        at[place] += 1;
        for later in place + 1..r {
            at[later] = at[later - 1] + 1;
        }
        true
    }))
});

pub const COMBINATIONS_WITH_REPLACEMENT: ModuleType = class(
    "itertools.combinations_with_replacement",
    NativeType {
        methods: &[&ITER, &REPLACEMENT_NEXT, &Choice::REDUCE, &Choice::SETSTATE],
        ..body(
            &REPLACEMENT_NEW,
            "Return successive r-length combinations of elements in the iterable allowing individual elements to have successive repeats.\n\ncombinations_with_replacement('ABC', 2) --> ('A','A'), ('A','B'), ('A','C'), ('B','B'), ('B','C'), ('C','C')",
        )
    },
);

const REPLACEMENT_NEW: Native = Native::vm(
    "combinations_with_replacement(cls, iterable, r)",
    "Create and return a new object.",
    |vm, args| {
        let pool = vm.to_list(args.at(1))?;
        let (n, r) = (vm.len(pool)?, places(vm, args.at(2))?);
        room_for(vm, r)?;
        let positions = if n == 0 && r > 0 {
            over(Kind::Replacement, r)
        } else {
            starting(Kind::Replacement, r, vec![0; r])
        };
        choice(vm, args.at(0), pool, positions)
    },
);

const REPLACEMENT_NEXT: Native = Native::step(|vm, iter, into| {
    Ok(step(vm, iter, into, |positions, n| {
        let at = &mut positions.at;
        let Some(place) = at.iter().rposition(|&position| position + 1 != n) else {
            return false;
        };
        let position = at[place] + 1;
        at[place..].fill(position);
        true
    }))
});

pub const PERMUTATIONS: ModuleType = class(
    "itertools.permutations",
    NativeType {
        methods: &[
            &ITER,
            &PERMUTATIONS_NEXT,
            &Choice::REDUCE,
            &Choice::SETSTATE,
        ],
        ..body(
            &PERMUTATIONS_NEW,
            "Return successive r-length permutations of elements in the iterable.\n\npermutations(range(3), 2) --> (0,1), (0,2), (1,0), (1,2), (2,0), (2,1)",
        )
    },
);

const PERMUTATIONS_NEW: Native = Native::vm(
    "permutations(cls, iterable, r=None)",
    "Create and return a new object.",
    |vm, args| {
        let pool = vm.to_list(args.at(1))?;
        let n = vm.len(pool)?;
        let r = match given(vm, args.at(2)).filter(|&r| !vm.get(r).is_none()) {
            Some(r) if !vm.get(r).is_int() && vm.get(r).as_any_int().is_none() => {
                return Err(vm.heap.type_error("Expected int as r"));
            }
            Some(r) => places(vm, r)?,
            None => n,
        };
        let positions = if r > n {
            over(Kind::Permutations, r)
        } else {
            Positions {
                left: (0..r).map(|place| n - place).collect(),
                ..starting(Kind::Permutations, r, (0..n).collect())
            }
        };
        choice(vm, args.at(0), pool, positions)
    },
);

const PERMUTATIONS_NEXT: Native = Native::step(|vm, iter, into| {
    Ok(step(vm, iter, into, |positions, n| {
        let Positions { at, left, .. } = positions;
        for place in (0..left.len()).rev() {
            left[place] -= 1;
            if left[place] > 0 {
                at.swap(place, n - left[place]);
                return true;
            }
            at[place..].rotate_left(1);
            left[place] = n - place;
        }
        false
    }))
});

pub const PRODUCT: ModuleType = class(
    "itertools.product",
    NativeType {
        methods: &[&ITER, &PRODUCT_NEXT, &Choice::REDUCE, &Choice::SETSTATE],
        ..body(
            &PRODUCT_NEW,
            "Cartesian product of input iterables.  Equivalent to nested for-loops.\n\nFor example, product(A, B) returns the same as:  ((x,y) for x in A for y in B).\nThe leftmost iterators are in the outermost for-loop, so the output tuples\ncycle in a manner similar to an odometer (with the rightmost element changing\non every iteration).\n\nTo compute the product of an iterable with itself, specify the number\nof repetitions with the optional repeat keyword argument. For example,\nproduct(A, repeat=4) means the same as product(A, A, A, A).\n\nproduct('ab', range(3)) --> ('a',0) ('a',1) ('a',2) ('b',0) ('b',1) ('b',2)\nproduct((0,1), (0,1), (0,1)) --> (0,0,0) (0,0,1) (0,1,0) (0,1,1) (1,0,0) ...",
        )
    },
);

const PRODUCT_NEW: Native = Native::vm(
    "product(cls, /, *iterables, repeat=1)",
    "Create and return a new object.",
    new_product,
);

fn new_product(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let repeat = vm_index_or(vm, args.at(2), 1)?;
    let Ok(repeat) = usize::try_from(repeat) else {
        return Err(vm.heap.value_error("repeat argument cannot be negative"));
    };
    let iterables = if repeat == 0 {
        Vec::new()
    } else {
        rest(vm, args)
    };
    let count = iterables.len().checked_mul(repeat.max(1));
    let Some(count) = count.filter(|&count| count <= isize::MAX as usize / size_of::<usize>())
    else {
        let message = "repeat argument too large";
        return Err(vm.heap.raise(Builtin::OverflowError, message));
    };
    room_for(vm, count)?;
    let all = vm.local(vm.heap.list([]).value());
    let mut pools = Vec::new();
    for iterable in iterables {
        let begin = vm.len(all)?;
        vm.call_method(all, "extend", &[iterable])?;
        pools.push((begin, vm.len(all)? - begin));
    }
    let pools: Vec<_> = (0..repeat.min(count)).flat_map(|_| pools.clone()).collect();
    let stage = match pools.iter().any(|&(_, len)| len == 0) {
        true => Stage::Over,
        false => Stage::New,
    };
    let positions = Positions {
        stage,
        pools: pools.clone(),
        ..starting(
            Kind::Product,
            pools.len(),
            pools.iter().map(|&(begin, _)| begin).collect(),
        )
    };
    choice(vm, args.at(0), all, positions)
}

const PRODUCT_NEXT: Native = Native::step(|vm, iter, into| {
    Ok(step(vm, iter, into, |positions, _| {
        let Positions { at, pools, .. } = positions;
        for (position, &(begin, len)) in at.iter_mut().zip(pools.iter()).rev() {
            *position += 1;
            if *position < begin + len {
                return true;
            }
            *position = begin;
        }
        false
    }))
});
