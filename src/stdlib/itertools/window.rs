//! Iterators that look at several items of one iterable: `accumulate`, `batched` and `pairwise`.
//!
//! Each keeps what it has seen in a payload and takes one step for each item that is asked of it. A step calls the program's functions
//! with no borrow of the payload alive.

use super::join::CHAIN;
use super::pick::ISLICE;
use super::reduce::{Reduce, Reduced};
use super::{ITER, body, class, held, held_if, make, slot, state};
use crate::runtime::heap::traced;
use crate::runtime::list::List;
use crate::runtime::opaque::Payload;
use crate::runtime::{Gc, Raised, Slot, Value};
use crate::stdlib::arg::{given, truth_or};
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Native, Operator, Vm};

struct Accumulate {
    source: Slot,
    /// None: `+`.
    function: Slot,
    /// Unset before the first item.
    total: Slot,
    /// Unset if there is none or it was taken.
    initial: Slot,
}

traced!(Accumulate {
    source,
    function,
    total,
    initial
});

impl Payload for Accumulate {}

impl Reduce for Accumulate {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let source = held(vm, iter, |a: &Accumulate| &a.source);
        let function = held(vm, iter, |a: &Accumulate| &a.function);
        let chain = class_of(vm, &CHAIN);
        if let Some(initial) = held_if(vm, iter, |a: &Accumulate| &a.initial) {
            let initial = vm.tuple_of(&[initial]);
            let source = vm.call(chain, &[initial, source])?;
            return Ok(Reduced::of(&[source, function]).with_state(vm.none()));
        }
        let total = held_if(vm, iter, |a: &Accumulate| &a.total);
        let total = total.unwrap_or_else(|| vm.none());
        if !vm.get(total).is_none() || state::<Accumulate>(vm, iter).total.is_undef() {
            return Ok(Reduced::of(&[source, function]).with_state(total));
        }
        // A state of None says that there is no total yet: a total that is None comes again as the first item, which is left out.
        let first = vm.tuple_of(&[total]);
        let source = vm.call(chain, &[first, source])?;
        let class = vm.local(vm.heap.class_of(vm.get(iter)).value());
        let again = vm.call(class, &[source, function])?;
        let one = vm.local(Value::small_int(1));
        Ok(Reduced {
            function: Some(class_of(vm, &ISLICE)),
            ..Reduced::of(&[again, one, total])
        })
    }

    fn restore(vm: &mut Vm, iter: Local, total: Local) -> Result<(), Raised> {
        state::<Accumulate>(vm, iter).total.set(vm.get(total));
        Ok(())
    }
}

pub const ACCUMULATE: ModuleType = class(
    "itertools.accumulate",
    NativeType {
        methods: &[
            &ITER,
            &ACCUMULATE_NEXT,
            &Accumulate::REDUCE,
            &Accumulate::SETSTATE,
        ],
        ..body(
            &ACCUMULATE_NEW,
            "Return series of accumulated sums (or other binary function results).",
        )
    },
);

const ACCUMULATE_NEW: Native = Native::vm(
    "accumulate(cls, iterable, func=None, *, initial=None)",
    "Create and return a new object.",
    |vm, args| {
        let source = vm.iter(args.at(1))?;
        let or_none = |local| given(vm, local).map_or(Value::NONE, |local| vm.get(local));
        let initial = or_none(args.at(3));
        let payload = Accumulate {
            source: slot(vm, source),
            function: Slot::new(or_none(args.at(2))),
            total: Slot::undef(),
            initial: Slot::new(if initial.is_none() {
                Value::UNDEF
            } else {
                initial
            }),
        };
        make(vm, args.at(0), payload)
    },
);

const ACCUMULATE_NEXT: Native = Native::step(next_of_accumulate);

fn next_of_accumulate(vm: &mut Vm, iter: Local, into: Local) -> Result<bool, Raised> {
    if let Some(initial) = held_if(vm, iter, |a: &Accumulate| &a.initial) {
        let this = state::<Accumulate>(vm, iter);
        this.initial.clear();
        this.total.set(vm.get(initial));
        vm.set(into, vm.get(initial));
        return Ok(true);
    }
    let source = held(vm, iter, |a: &Accumulate| &a.source);
    if !vm.next(source, into)? {
        return Ok(false);
    }
    if let Some(total) = held_if(vm, iter, |a: &Accumulate| &a.total) {
        let function = held(vm, iter, |a: &Accumulate| &a.function);
        let sum = if vm.get(function).is_none() {
            vm.binary(Operator::Add, total, into)?
        } else {
            vm.call(function, &[total, into])?
        };
        vm.set(into, vm.get(sum));
    }
    state::<Accumulate>(vm, iter).total.set(vm.get(into));
    Ok(true)
}

struct Batched {
    /// Unset at the end.
    source: Slot,
    size: usize,
    strict: bool,
}

traced!(Batched { source } plain { size, strict });

impl Payload for Batched {}

pub const BATCHED: ModuleType = class(
    "itertools.batched",
    NativeType {
        methods: &[&ITER, &BATCHED_NEXT],
        ..body(
            &BATCHED_NEW,
            "Batch data into tuples of length n. The last batch may be shorter than n.\n\nLoops over the input iterable and accumulates data into tuples\nup to size n.  The input is consumed lazily, just enough to\nfill a batch.  The result is yielded as soon as a batch is full\nor when the input iterable is exhausted.\n\n    >>> for batch in batched('ABCDEFG', 3):\n    ...     print(batch)\n    ...\n    ('A', 'B', 'C')\n    ('D', 'E', 'F')\n    ('G',)\n\nIf \"strict\" is True, raises a ValueError if the final batch is shorter\nthan n.",
        )
    },
);

const BATCHED_NEW: Native = Native::vm(
    "batched(cls, iterable, n, *, strict=False)",
    "Create and return a new object.",
    |vm, args| {
        let size = vm.index(args.at(2))?;
        let strict = truth_or(vm, args.at(3), false)?;
        let Some(size) = usize::try_from(size).ok().filter(|&n| n > 0) else {
            return Err(vm.heap.value_error("n must be at least one"));
        };
        let source = vm.iter(args.at(1))?;
        let payload = Batched {
            source: slot(vm, source),
            size,
            strict,
        };
        make(vm, args.at(0), payload)
    },
);

const BATCHED_NEXT: Native = Native::step(next_of_batched);

fn next_of_batched(vm: &mut Vm, iter: Local, into: Local) -> Result<bool, Raised> {
    let Some(source) = held_if(vm, iter, |b: &Batched| &b.source) else {
        return Ok(false);
    };
    let size = state::<Batched>(vm, iter).size;
    let (items, item) = (vm.local(vm.heap.list([]).value()), vm.none());
    let mut count = 0;
    while count < size {
        let more = vm.next(source, item);
        if !matches!(more, Ok(true)) {
            state::<Batched>(vm, iter).source.clear();
            more?;
            break;
        }
        batch(vm, items).push(&vm.heap, vm.get(item))?;
        count += 1;
        vm.native_safepoint()?;
    }
    if count == 0 {
        return Ok(false);
    }
    if count < size && state::<Batched>(vm, iter).strict {
        return Err(vm.heap.value_error("batched(): incomplete batch"));
    }
    let item = |at| batch(vm, items).item(&vm.heap, at).unwrap_or(Value::NONE);
    vm.set(into, vm.heap.tuple_with(count, item).value());
    Ok(true)
}

fn batch(vm: &Vm, items: Local) -> Gc<'_, List> {
    vm.get_gc(items).expect("a list")
}

struct Pairwise {
    /// Unset at the end.
    source: Slot,
    /// The last item; unset before the first.
    old: Slot,
}

traced!(Pairwise { source, old });

impl Payload for Pairwise {}

pub const PAIRWISE: ModuleType = class(
    "itertools.pairwise",
    NativeType {
        methods: &[&ITER, &PAIRWISE_NEXT],
        ..body(
            &PAIRWISE_NEW,
            "Return an iterator of overlapping pairs taken from the input iterator.\n\n    s -> (s0,s1), (s1,s2), (s2, s3), ...",
        )
    },
);

const PAIRWISE_NEW: Native = Native::vm(
    "pairwise(cls, iterable, /)",
    "Create and return a new object.",
    |vm, args| {
        let source = vm.iter(args.at(1))?;
        let payload = Pairwise {
            source: slot(vm, source),
            old: Slot::undef(),
        };
        make(vm, args.at(0), payload)
    },
);

const PAIRWISE_NEXT: Native = Native::step(next_of_pairwise);

fn next_of_pairwise(vm: &mut Vm, iter: Local, into: Local) -> Result<bool, Raised> {
    let Some(source) = held_if(vm, iter, |p: &Pairwise| &p.source) else {
        return Ok(false);
    };
    let old = match held_if(vm, iter, |p: &Pairwise| &p.old) {
        Some(old) => old,
        None => {
            let first = vm.none();
            if !vm.next(source, first)? {
                return end_of_pairwise(vm, iter);
            }
            // A step that ran meanwhile, from inside the source, may have ended the iteration.
            state::<Pairwise>(vm, iter).old.set(vm.get(first));
            if state::<Pairwise>(vm, iter).source.is_undef() {
                return end_of_pairwise(vm, iter);
            }
            first
        }
    };
    if !vm.next(source, into)? {
        return end_of_pairwise(vm, iter);
    }
    let pair = vm.tuple_of(&[old, into]);
    state::<Pairwise>(vm, iter).old.set(vm.get(into));
    vm.set(into, vm.get(pair));
    Ok(true)
}

fn end_of_pairwise(vm: &Vm, iter: Local) -> Result<bool, Raised> {
    let this = state::<Pairwise>(vm, iter);
    this.source.clear();
    this.old.clear();
    Ok(false)
}
