//! Iterators that take some of the items of one iterable, or map them: `compress`, `dropwhile`, `takewhile`, `filterfalse`, `islice`
//! and `starmap`.
//!
//! Each takes steps of the iterable inside until it has an item to give on; the program may be asked at each step.

use std::cell::Cell;

use super::counting::rest;
use super::reduce::{Reduce, Reduced};
use super::{ITER, body, class, held, held_if, make, slot, state};
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Slot};
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::{Local, Locals, Native, Vm};

/// A function and the iterator that it is asked about.
struct Test {
    function: Slot,
    source: Slot,
    /// `dropwhile`: the first item was found; `takewhile`: the end was.
    decided: Cell<bool>,
}

traced!(Test { function, source } plain { decided });

impl Payload for Test {}

impl Reduce for Test {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let (predicate, source) = parts(vm, iter);
        let decided = i64::from(state::<Test>(vm, iter).decided.get());
        let decided = vm.local(vm.heap.int(decided));
        Ok(Reduced::of(&[predicate, source]).with_state(decided))
    }

    fn restore(vm: &mut Vm, iter: Local, decided: Local) -> Result<(), Raised> {
        let decided = vm.truth(decided)?;
        state::<Test>(vm, iter).decided.set(decided);
        Ok(())
    }
}

/// `__new__(cls, function, iterable, /)`.
fn new_test(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let source = vm.iter(args.at(2))?;
    let payload = Test {
        function: slot(vm, args.at(1)),
        source: slot(vm, source),
        decided: Cell::new(false),
    };
    make(vm, args.at(0), payload)
}

fn parts(vm: &Vm, iter: Local) -> (Local, Local) {
    (
        held(vm, iter, |t: &Test| &t.function),
        held(vm, iter, |t: &Test| &t.source),
    )
}

/// What a predicate says of an item.
fn holds(vm: &mut Vm, predicate: Local, item: Local) -> Result<bool, Raised> {
    let verdict = vm.call(predicate, &[item])?;
    vm.truth(verdict)
}

pub const DROPWHILE: ModuleType = class(
    "itertools.dropwhile",
    NativeType {
        methods: &[&ITER, &DROP_NEXT, &Test::REDUCE, &Test::SETSTATE],
        ..body(
            &DROP_NEW,
            "Drop items from the iterable while predicate(item) is true.\n\nAfterwards, return every element until the iterable is exhausted.",
        )
    },
);

const DROP_NEW: Native = Native::vm(
    "dropwhile(cls, predicate, iterable, /)",
    "Create and return a new object.",
    new_test,
);

const DROP_NEXT: Native = Native::step(|vm, iter, into| {
    let (predicate, source) = parts(vm, iter);
    let mark = vm.mark();
    while vm.next(source, into)? {
        if state::<Test>(vm, iter).decided.get() {
            return Ok(true);
        }
        if !holds(vm, predicate, into)? {
            state::<Test>(vm, iter).decided.set(true);
            return Ok(true);
        }
        vm.release(mark);
        vm.native_safepoint()?;
    }
    Ok(false)
});

pub const TAKEWHILE: ModuleType = class(
    "itertools.takewhile",
    NativeType {
        methods: &[&ITER, &TAKE_NEXT, &Test::REDUCE, &Test::SETSTATE],
        ..body(
            &TAKE_NEW,
            "Return successive entries from an iterable as long as the predicate evaluates to true for each entry.",
        )
    },
);

const TAKE_NEW: Native = Native::vm(
    "takewhile(cls, predicate, iterable, /)",
    "Create and return a new object.",
    new_test,
);

const TAKE_NEXT: Native = Native::step(|vm, iter, into| {
    if state::<Test>(vm, iter).decided.get() {
        return Ok(false);
    }
    let (predicate, source) = parts(vm, iter);
    if !vm.next(source, into)? {
        return Ok(false);
    }
    let goes_on = holds(vm, predicate, into)?;
    state::<Test>(vm, iter).decided.set(!goes_on);
    Ok(goes_on)
});

/// A function and the iterator whose items it is called with.
struct Each {
    function: Slot,
    source: Slot,
}

traced!(Each { function, source });

impl Payload for Each {}

impl Reduce for Each {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let (function, source) = of_each(vm, iter);
        Ok(Reduced::of(&[function, source]))
    }
}

/// `__new__(cls, function, iterable, /)`.
fn new_each(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let source = vm.iter(args.at(2))?;
    let payload = Each {
        function: slot(vm, args.at(1)),
        source: slot(vm, source),
    };
    make(vm, args.at(0), payload)
}

fn of_each(vm: &Vm, iter: Local) -> (Local, Local) {
    (
        held(vm, iter, |e: &Each| &e.function),
        held(vm, iter, |e: &Each| &e.source),
    )
}

pub const FILTERFALSE: ModuleType = class(
    "itertools.filterfalse",
    NativeType {
        methods: &[&ITER, &FILTER_NEXT, &Each::REDUCE],
        ..body(
            &FILTER_NEW,
            "Return those items of iterable for which function(item) is false.\n\nIf function is None, return the items that are false.",
        )
    },
);

const FILTER_NEW: Native = Native::vm(
    "filterfalse(cls, function, iterable, /)",
    "Create and return a new object.",
    new_each,
);

const FILTER_NEXT: Native = Native::step(|vm, iter, into| {
    let (function, source) = of_each(vm, iter);
    let by_itself = vm.get(function).is_none()
        || vm
            .get(function)
            .is(vm.heap.types.class(&vm.heap, Builtin::Bool).value());
    let mark = vm.mark();
    while vm.next(source, into)? {
        let truth = if by_itself {
            vm.truth(into)?
        } else {
            holds(vm, function, into)?
        };
        if !truth {
            return Ok(true);
        }
        vm.release(mark);
        vm.native_safepoint()?;
    }
    Ok(false)
});

pub const STARMAP: ModuleType = class(
    "itertools.starmap",
    NativeType {
        methods: &[&ITER, &STARMAP_NEXT, &Each::REDUCE],
        ..body(
            &STARMAP_NEW,
            "Return an iterator whose values are returned from the function evaluated with an argument tuple taken from the given sequence.",
        )
    },
);

const STARMAP_NEW: Native = Native::vm(
    "starmap(cls, function, iterable, /)",
    "Create and return a new object.",
    new_each,
);

const STARMAP_NEXT: Native = Native::step(|vm, iter, into| {
    let (function, source) = of_each(vm, iter);
    if !vm.next(source, into)? {
        return Ok(false);
    }
    let items = vm.to_vec(into)?;
    let result = vm.call(function, &items)?;
    vm.set(into, vm.get(result));
    Ok(true)
});

struct Compress {
    data: Slot,
    selectors: Slot,
}

traced!(Compress { data, selectors });

impl Payload for Compress {}

impl Reduce for Compress {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let data = held(vm, iter, |c: &Compress| &c.data);
        let selectors = held(vm, iter, |c: &Compress| &c.selectors);
        Ok(Reduced::of(&[data, selectors]))
    }
}

pub const COMPRESS: ModuleType = class(
    "itertools.compress",
    NativeType {
        methods: &[&ITER, &COMPRESS_NEXT, &Compress::REDUCE],
        ..body(
            &COMPRESS_NEW,
            "Return data elements corresponding to true selector elements.\n\nForms a shorter iterator from selected data elements using the selectors to\nchoose the data elements.",
        )
    },
);

const COMPRESS_NEW: Native = Native::vm(
    "compress(cls, data, selectors)",
    "Create and return a new object.",
    |vm, args| {
        let data = vm.iter(args.at(1))?;
        let selectors = vm.iter(args.at(2))?;
        let payload = Compress {
            data: slot(vm, data),
            selectors: slot(vm, selectors),
        };
        make(vm, args.at(0), payload)
    },
);

const COMPRESS_NEXT: Native = Native::step(|vm, iter, into| {
    let data = held(vm, iter, |c: &Compress| &c.data);
    let selectors = held(vm, iter, |c: &Compress| &c.selectors);
    let selector = vm.none();
    let mark = vm.mark();
    while vm.next(data, into)? && vm.next(selectors, selector)? {
        if vm.truth(selector)? {
            return Ok(true);
        }
        vm.release(mark);
        vm.native_safepoint()?;
    }
    Ok(false)
});

struct Slice {
    /// Unset at the end.
    source: Slot,
    /// The position of the next item that is taken.
    next: Cell<u64>,
    /// None: no end.
    stop: Option<u64>,
    step: u64,
    /// How many items were read.
    read: Cell<u64>,
}

traced!(Slice { source } plain { next, stop, step, read });

impl Payload for Slice {}

impl Reduce for Slice {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let int = |vm: &Vm, n: u64| vm.local(vm.heap.int(i64::try_from(n).unwrap_or(i64::MAX)));
        let Some(source) = held_if(vm, iter, |s: &Slice| &s.source) else {
            let nothing = vm.local(vm.heap.list([]).value());
            let (nothing, zero) = (vm.iter(nothing)?, int(vm, 0));
            return Ok(Reduced::of(&[nothing, zero]).with_state(zero));
        };
        let this = state::<Slice>(vm, iter);
        let [next, step, read] = [this.next.get(), this.step, this.read.get()];
        let stop = this.stop.map_or_else(|| vm.none(), |stop| int(vm, stop));
        let args = [source, int(vm, next), stop, int(vm, step)];
        Ok(Reduced::of(&args).with_state(int(vm, read)))
    }

    fn restore(vm: &mut Vm, iter: Local, read: Local) -> Result<(), Raised> {
        let read = vm.index(read)?;
        state::<Slice>(vm, iter).read.set(read.max(0) as u64);
        Ok(())
    }
}

pub const ISLICE: ModuleType = class(
    "itertools.islice",
    NativeType {
        methods: &[&ITER, &ISLICE_NEXT, &Slice::REDUCE, &Slice::SETSTATE],
        ..body(
            &ISLICE_NEW,
            "islice(iterable, stop) --> islice object\nislice(iterable, start, stop[, step]) --> islice object\n\nReturn an iterator whose next() method returns selected values from an\niterable.  If start is specified, will skip all preceding elements;\notherwise, start defaults to zero.  Step defaults to one.  If\nspecified as another value, step determines how many values are\nskipped between successive calls.  Works like a slice() on a list\nbut returns an iterator.",
        )
    },
);

const ISLICE_NEW: Native = Native::vm(
    "islice(cls, /, *args)",
    "Create and return a new object.",
    new_islice,
);

const STOP: &str = "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
const INDICES: &str = "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
const STEP: &str = "Step for islice() must be a positive integer or None.";

fn new_islice(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let given = rest(vm, args);
    let counts = match given.len() {
        2..=4 => &given[1..],
        n @ 0..2 => {
            let message = format!("islice expected at least 2 arguments, got {n}");
            return Err(vm.heap.type_error(message));
        }
        n => {
            let message = format!("islice expected at most 4 arguments, got {n}");
            return Err(vm.heap.type_error(message));
        }
    };
    let (start, stop, step) = match *counts {
        [stop] => (0, position(vm, stop, STOP)?, 1),
        [start, stop] => {
            let stop = position(vm, stop, STOP)?;
            (position(vm, start, INDICES)?.unwrap_or(0), stop, 1)
        }
        [start, stop, step] => {
            let stop = position(vm, stop, STOP)?;
            let start = position(vm, start, INDICES)?.unwrap_or(0);
            let step = position(vm, step, STEP)?.unwrap_or(1);
            (start, stop, step)
        }
        _ => unreachable!("there are one to three"),
    };
    if step == 0 {
        return Err(vm.heap.value_error(STEP));
    }
    let source = vm.iter(given[0])?;
    let payload = Slice {
        source: slot(vm, source),
        next: Cell::new(start),
        stop,
        step,
        read: Cell::new(0),
    };
    make(vm, args.at(0), payload)
}

/// A bound: None for None, or a number that is not negative; anything else is a ValueError with this message.
fn position(vm: &mut Vm, bound: Local, message: &str) -> Result<Option<u64>, Raised> {
    if vm.get(bound).is_none() {
        return Ok(None);
    }
    match vm.index(bound) {
        Ok(n) if n >= 0 => Ok(Some(n as u64)),
        Ok(_) => Err(vm.heap.value_error(message)),
        Err(raised) => {
            vm.heap.take_raised(raised);
            Err(vm.heap.value_error(message))
        }
    }
}

const ISLICE_NEXT: Native = Native::step(next_of_islice);

fn next_of_islice(vm: &mut Vm, iter: Local, into: Local) -> Result<bool, Raised> {
    let Some(source) = held_if(vm, iter, |s: &Slice| &s.source) else {
        return Ok(false);
    };
    let this = state::<Slice>(vm, iter);
    let (next, stop) = (this.next.get(), this.stop);
    let mark = vm.mark();
    while state::<Slice>(vm, iter).read.get() < next {
        if !vm.next(source, into)? {
            state::<Slice>(vm, iter).source.clear();
            return Ok(false);
        }
        advance(vm, iter);
        vm.release(mark);
        vm.native_safepoint()?;
    }
    let is_over = stop.is_some_and(|stop| state::<Slice>(vm, iter).read.get() >= stop);
    if is_over || !vm.next(source, into)? {
        state::<Slice>(vm, iter).source.clear();
        return Ok(false);
    }
    advance(vm, iter);
    let this = state::<Slice>(vm, iter);
    let after = next.saturating_add(this.step);
    this.next.set(stop.map_or(after, |stop| after.min(stop)));
    Ok(true)
}

fn advance(vm: &Vm, iter: Local) {
    let read = &state::<Slice>(vm, iter).read;
    read.set(read.get() + 1);
}
