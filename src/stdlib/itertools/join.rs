//! Iterators over several iterables: `chain` (one after the other) and `zip_longest` (side by side).
//!
//! `chain` takes its iterables from an iterator, which for the constructor is one over its arguments.

use std::cell::Cell;

use super::counting::rest;
use super::reduce::{Reduce, Reduced, parts};
use super::{ITER, body, class, held_if, make, slot, slots, state};
use crate::runtime::heap::{SlotVec, traced};
use crate::runtime::opaque::Payload;
use crate::runtime::{Raised, Slot, Value};
use crate::stdlib::arg::given;
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::{Local, Native, Vm};

struct Chain {
    /// An iterator over iterables; unset once it is exhausted.
    source: Slot,
    /// The iterator that is walked; unset between two.
    active: Slot,
}

traced!(Chain { source, active });

impl Payload for Chain {}

impl Reduce for Chain {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let Some(source) = held_if(vm, iter, |c: &Chain| &c.source) else {
            return Ok(Reduced::of(&[]));
        };
        let mut state = vec![source];
        state.extend(held_if(vm, iter, |c: &Chain| &c.active));
        Ok(Reduced::of(&[]).with_state(vm.tuple_of(&state)))
    }

    fn restore(vm: &mut Vm, iter: Local, given: Local) -> Result<(), Raised> {
        let given = parts(vm, given, 1, 2)?;
        if !given.iter().all(|&given| vm.is_iterator(vm.get(given))) {
            return Err(vm.heap.type_error("Arguments must be iterators."));
        }
        let this = state::<Chain>(vm, iter);
        this.source.set(vm.get(given[0]));
        match given.get(1) {
            Some(&active) => this.active.set(vm.get(active)),
            None => this.active.clear(),
        }
        Ok(())
    }
}

pub const CHAIN: ModuleType = class(
    "itertools.chain",
    NativeType {
        methods: &[&ITER, &CHAIN_NEXT, &Chain::REDUCE, &Chain::SETSTATE],
        class_methods: &[&FROM_ITERABLE, &CLASS_GETITEM],
        ..body(
            &CHAIN_NEW,
            "Return a chain object whose .__next__() method returns elements from the\nfirst iterable until it is exhausted, then elements from the next\niterable, until all of the iterables are exhausted.",
        )
    },
);

const CHAIN_NEW: Native = Native::vm(
    "chain(cls, /, *iterables)",
    "Create and return a new object.",
    |vm, args| chain(vm, args.at(0), args.at(1)),
);

const FROM_ITERABLE: Native = Native::vm(
    "from_iterable(cls, iterable, /)",
    "Alternative chain() constructor taking a single iterable argument that evaluates lazily.",
    |vm, args| chain(vm, args.at(0), args.at(1)),
);

const CLASS_GETITEM: Native = Native::vm(
    "__class_getitem__(cls, item, /)",
    "See PEP 585",
    |vm, args| vm.generic_alias(args.at(0), args.at(1)),
);

fn chain(vm: &mut Vm, class: Local, iterables: Local) -> Result<Local, Raised> {
    let source = vm.iter(iterables)?;
    let payload = Chain {
        source: slot(vm, source),
        active: Slot::undef(),
    };
    make(vm, class, payload)
}

const CHAIN_NEXT: Native = Native::step(next_of_chain);

fn next_of_chain(vm: &mut Vm, iter: Local, into: Local) -> Result<bool, Raised> {
    let mark = vm.mark();
    loop {
        if let Some(active) = held_if(vm, iter, |c: &Chain| &c.active) {
            if vm.next(active, into)? {
                return Ok(true);
            }
            state::<Chain>(vm, iter).active.clear();
        }
        let Some(source) = held_if(vm, iter, |c: &Chain| &c.source) else {
            return Ok(false);
        };
        let more = vm.next(source, into);
        let active = match more {
            Ok(true) => vm.iter(into),
            Ok(false) => {
                state::<Chain>(vm, iter).source.clear();
                return Ok(false);
            }
            Err(raised) => Err(raised),
        };
        match active {
            Ok(active) => state::<Chain>(vm, iter).active.set(vm.get(active)),
            Err(raised) => {
                state::<Chain>(vm, iter).source.clear();
                return Err(raised);
            }
        }
        vm.release(mark);
        vm.native_safepoint()?;
    }
}

struct ZipLongest {
    /// Iterators; None for one that is exhausted.
    sources: SlotVec,
    fill: Slot,
    /// How many are not exhausted.
    active: Cell<usize>,
}

traced!(ZipLongest { sources, fill } plain { active });

impl Payload for ZipLongest {}

impl Reduce for ZipLongest {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let this = state::<ZipLongest>(vm, iter);
        let sources = this.sources.to_vec(&vm.heap);
        let fill = vm.local(this.fill.get(&vm.heap));
        let sources: Vec<Local> = sources.into_iter().map(|it| vm.local(it)).collect();
        let args = sources.into_iter().map(|it| match vm.get(it).is_none() {
            true => vm.tuple_of(&[]),
            false => it,
        });
        Ok(Reduced::of(&args.collect::<Vec<_>>()).with_state(fill))
    }

    fn restore(vm: &mut Vm, iter: Local, fill: Local) -> Result<(), Raised> {
        state::<ZipLongest>(vm, iter).fill.set(vm.get(fill));
        Ok(())
    }
}

pub const ZIP_LONGEST: ModuleType = class(
    "itertools.zip_longest",
    NativeType {
        methods: &[&ITER, &ZIP_NEXT, &ZipLongest::REDUCE, &ZipLongest::SETSTATE],
        ..body(
            &ZIP_NEW,
            "Return a zip_longest object whose .__next__() method returns a tuple where\nthe i-th element comes from the i-th iterable argument.  The .__next__()\nmethod continues until the longest iterable in the argument sequence\nis exhausted and then it raises StopIteration.  When the shorter iterables\nare exhausted, the fillvalue is substituted in their place.  The fillvalue\ndefaults to None or can be specified by a keyword argument.",
        )
    },
);

const ZIP_NEW: Native = Native::vm(
    "zip_longest(cls, /, *iterables, fillvalue=None)",
    "Create and return a new object.",
    |vm, args| {
        let mut sources = rest(vm, args);
        for source in &mut sources {
            *source = vm.iter(*source)?;
        }
        let fill = given(vm, args.at(2)).map_or(Value::NONE, |fill| vm.get(fill));
        let payload = ZipLongest {
            fill: Slot::new(fill),
            active: Cell::new(sources.len()),
            sources: slots(vm, &sources),
        };
        make(vm, args.at(0), payload)
    },
);

const ZIP_NEXT: Native = Native::step(next_of_zip);

fn next_of_zip(vm: &mut Vm, iter: Local, into: Local) -> Result<bool, Raised> {
    let count = state::<ZipLongest>(vm, iter).sources.len();
    if state::<ZipLongest>(vm, iter).active.get() == 0 {
        return Ok(false);
    }
    let mut items = Vec::with_capacity(count);
    for n in 0..count {
        let item = vm.local(state::<ZipLongest>(vm, iter).fill.get(&vm.heap));
        items.push(item);
        let source = state::<ZipLongest>(vm, iter).sources.get(&vm.heap, n);
        let Some(source) = source.filter(|source| !source.is_none()) else {
            continue;
        };
        let (source, found) = (vm.local(source), vm.none());
        match vm.next(source, found) {
            Ok(true) => vm.set(item, vm.get(found)),
            Ok(false) => {
                let this = state::<ZipLongest>(vm, iter);
                this.active.set(this.active.get().saturating_sub(1));
                if this.active.get() == 0 {
                    return Ok(false);
                }
                this.sources.set(n, Value::NONE);
            }
            Err(raised) => {
                state::<ZipLongest>(vm, iter).active.set(0);
                return Err(raised);
            }
        }
    }
    let tuple = vm.tuple_of(&items);
    vm.set(into, vm.get(tuple));
    Ok(true)
}
