//! Iterators that need little or no input: `count`, `repeat` and `cycle`.
//!
//! `count` keeps its next number as a value: small integers step without a call, all other numbers by `+`.

use std::cell::Cell;

use super::reduce::{Reduce, Reduced, parts};
use super::{ITER, body, class, held, held_if, make, slot, state};
use crate::runtime::heap::{SlotVec, traced};
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::stdlib::arg::{given, plain, plain_value};
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::{Local, Locals, Native, Operator, Vm};

struct Count {
    next: Slot,
    step: Slot,
}

traced!(Count { next, step });

impl Payload for Count {}

impl Reduce for Count {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let next = held(vm, iter, |c: &Count| &c.next);
        let step = held(vm, iter, |c: &Count| &c.step);
        let is_small = |n: Local| vm.get(n).is_int() && vm.get(n).as_i64().is_some();
        let by_one = is_small(next) && is_small(step) && vm.get(step).as_i64() == Some(1);
        Ok(match by_one {
            true => Reduced::of(&[next]),
            false => Reduced::of(&[next, step]),
        })
    }
}

pub const COUNT: ModuleType = class(
    "itertools.count",
    NativeType {
        methods: &[&ITER, &COUNT_NEXT, &COUNT_REPR, &Count::REDUCE],
        ..body(
            &COUNT_NEW,
            "Return a count object whose .__next__() method returns consecutive values.\n\nEquivalent to:\n    def count(firstval=0, step=1):\n        x = firstval\n        while 1:\n            yield x\n            x += step",
        )
    },
);

const COUNT_NEW: Native = Native::vm(
    "count(cls, start=0, step=1)",
    "Create and return a new object.",
    |vm, args| {
        let [next, step] = [(1, 0), (2, 1)].map(|(n, default)| {
            given(vm, args.at(n)).unwrap_or_else(|| vm.local(Value::small_int(default)))
        });
        for number in [next, step] {
            if !is_number(vm, number) {
                return Err(vm.heap.type_error("a number is required"));
            }
        }
        // Small numbers count as plain integers, whatever their class.
        let first = plain_value(&vm.heap, vm.get(next));
        let first = first.as_i64().filter(|_| !first.is_float());
        let payload = Count {
            next: Slot::new(first.map_or(vm.get(next), |n| vm.heap.int(n))),
            step: slot(vm, step),
        };
        make(vm, args.at(0), payload)
    },
);

/// Whether a value is or can become a number.
fn is_number(vm: &Vm, local: Local) -> bool {
    let value = vm.get(local);
    let has = |name| vm.special(value, name).is_some();
    has(Sym::Index) || has(Sym::Int) || has(Sym::Float) || has(Sym::Complex)
}

const COUNT_NEXT: Native = Native::step(|vm, iter, into| {
    let this = state::<Count>(vm, iter);
    let (next, step) = (this.next.get(&vm.heap), this.step.get(&vm.heap));
    if let Some(sum) = Value::add_ints(next, step) {
        this.next.set(sum);
        vm.set(into, next);
        return Ok(true);
    }
    let (next, step) = (vm.local(next), vm.local(step));
    let sum = vm.binary(Operator::Add, next, step)?;
    state::<Count>(vm, iter).next.set(vm.get(sum));
    vm.set(into, vm.get(next));
    Ok(true)
});

const COUNT_REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let name = class_name(vm, args.at(0));
    let next = held(vm, args.at(0), |c: &Count| &c.next);
    let step = held(vm, args.at(0), |c: &Count| &c.step);
    let next = vm.nested(|vm| vm.repr_text(next))?;
    let is_one = vm.get(step).is_int() && vm.get(step).as_i64() == Some(1);
    let text = if is_one {
        format!("{name}({next})")
    } else {
        let step = vm.nested(|vm| vm.repr_text(step))?;
        format!("{name}({next}, {step})")
    };
    Ok(vm.local(vm.heap.str_value(&text)))
});

/// The last part of a class's name.
fn class_name(vm: &Vm, local: Local) -> String {
    let name = vm.heap.type_name(vm.get(local));
    name.rsplit('.').next().unwrap_or(name).to_owned()
}

struct Repeat {
    object: Slot,
    /// How many times are left; None: without end.
    left: Cell<Option<i64>>,
}

traced!(Repeat { object } plain { left });

impl Payload for Repeat {}

impl Reduce for Repeat {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let object = held(vm, iter, |r: &Repeat| &r.object);
        Ok(match state::<Repeat>(vm, iter).left.get() {
            Some(left) => Reduced::of(&[object, vm.local(vm.heap.int(left))]),
            None => Reduced::of(&[object]),
        })
    }
}

pub const REPEAT: ModuleType = class(
    "itertools.repeat",
    NativeType {
        methods: &[
            &ITER,
            &REPEAT_NEXT,
            &REPEAT_REPR,
            &REPEAT_HINT,
            &Repeat::REDUCE,
        ],
        ..body(
            &REPEAT_NEW,
            "repeat(object [,times]) -> create an iterator which returns the object\nfor the specified number of times.  If not specified, returns the object\nendlessly.",
        )
    },
);

const REPEAT_NEW: Native = Native::vm(
    "repeat(cls, object, times=None)",
    "Create and return a new object.",
    |vm, args| {
        let left = match given(vm, args.at(2)) {
            Some(times) => Some(vm.index(times)?.max(0)),
            None => None,
        };
        let payload = Repeat {
            object: slot(vm, args.at(1)),
            left: Cell::new(left),
        };
        make(vm, args.at(0), payload)
    },
);

const REPEAT_NEXT: Native = Native::step(|vm, iter, into| {
    let this = state::<Repeat>(vm, iter);
    match this.left.get() {
        Some(0) => return Ok(false),
        Some(left) => this.left.set(Some(left - 1)),
        None => {}
    }
    vm.set(into, this.object.get(&vm.heap));
    Ok(true)
});

const REPEAT_REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let name = class_name(vm, args.at(0));
    let object = held(vm, args.at(0), |r: &Repeat| &r.object);
    let object = vm.nested(|vm| vm.repr_text(object))?;
    let text = match state::<Repeat>(vm, args.at(0)).left.get() {
        Some(left) => format!("{name}({object}, {left})"),
        None => format!("{name}({object})"),
    };
    Ok(vm.local(vm.heap.str_value(&text)))
});

const REPEAT_HINT: Native = Native::vm(
    "__length_hint__(self, /)",
    "Private method returning an estimate of len(list(it)).",
    |vm, args| match state::<Repeat>(vm, args.at(0)).left.get() {
        Some(left) => Ok(vm.local(vm.heap.int(left))),
        None => Err(vm.heap.type_error("len() of unsized object")),
    },
);

struct Cycle {
    /// Unset once all items are saved.
    source: Slot,
    saved: SlotVec,
    /// Whether what the source still has is among the saved items: it comes from a copy of the iterator.
    has_all: Cell<bool>,
    at: Cell<usize>,
}

traced!(Cycle { source, saved } plain { has_all, at });

impl Payload for Cycle {}

impl Reduce for Cycle {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let this = state::<Cycle>(vm, iter);
        let (at, has_all) = (this.at.get(), this.has_all.get());
        let saved = vm.local(vm.heap.list(this.saved.to_vec(&vm.heap)).value());
        let (source, has_all) = match held_if(vm, iter, |c: &Cycle| &c.source) {
            Some(source) => (source, has_all),
            None => {
                let rest = vm.iter(saved)?;
                let at = vm.local(vm.heap.usize(at));
                vm.call_method(rest, "__setstate__", &[at])?;
                (rest, true)
            }
        };
        let has_all = vm.bool_local(has_all);
        let state = vm.tuple_of(&[saved, has_all]);
        Ok(Reduced::of(&[source]).with_state(state))
    }

    fn restore(vm: &mut Vm, iter: Local, given: Local) -> Result<(), Raised> {
        let given = parts(vm, given, 2, 2)?;
        let Some(saved) = vm.get_gc::<List>(plain(vm, given[0])) else {
            let given = vm.heap.type_name(vm.get(given[0]));
            let message = format!("argument 1 must be list, not {given}");
            return Err(vm.heap.raise(Builtin::TypeError, &message));
        };
        let saved = saved.to_vec(&vm.heap);
        let this = state::<Cycle>(vm, iter);
        this.saved.clear();
        this.saved.extend(&vm.heap, saved)?;
        this.at.set(0);
        let has_all = vm.index(given[1])? != 0;
        state::<Cycle>(vm, iter).has_all.set(has_all);
        Ok(())
    }
}

pub const CYCLE: ModuleType = class(
    "itertools.cycle",
    NativeType {
        methods: &[&ITER, &CYCLE_NEXT, &Cycle::REDUCE, &Cycle::SETSTATE],
        ..body(
            &CYCLE_NEW,
            "Return elements from the iterable until it is exhausted. Then repeat the sequence indefinitely.",
        )
    },
);

const CYCLE_NEW: Native = Native::vm(
    "cycle(cls, iterable, /)",
    "Create and return a new object.",
    |vm, args| {
        let source = vm.iter(args.at(1))?;
        let payload = Cycle {
            source: slot(vm, source),
            saved: SlotVec::new(),
            has_all: Cell::new(false),
            at: Cell::new(0),
        };
        make(vm, args.at(0), payload)
    },
);

const CYCLE_NEXT: Native = Native::step(next_of_cycle);

fn next_of_cycle(vm: &mut Vm, iter: Local, into: Local) -> Result<bool, Raised> {
    if let Some(source) = held_if(vm, iter, |c: &Cycle| &c.source) {
        if vm.next(source, into)? {
            let this = state::<Cycle>(vm, iter);
            if !this.has_all.get() {
                this.saved.reserve(&vm.heap, 1)?;
                this.saved.push(&vm.heap, vm.get(into));
            }
            return Ok(true);
        }
        state::<Cycle>(vm, iter).source.clear();
    }
    let this = state::<Cycle>(vm, iter);
    let at = this.at.get();
    let Some(item) = this.saved.get(&vm.heap, at) else {
        return Ok(false);
    };
    let next = at + 1;
    this.at.set(if next < this.saved.len() { next } else { 0 });
    vm.set(into, item);
    Ok(true)
}

/// The arguments of a class's `__new__` after the class, which its only other parameter collected.
pub fn rest(vm: &Vm, args: Locals) -> Vec<Local> {
    crate::stdlib::receiver::spread(vm, args.at(1))
}
