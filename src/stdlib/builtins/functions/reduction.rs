//! Builtin functions that make one thing of many: `all`, `any`, `max`, `min`, `sum`, `sorted`.
//!
//! To add one: a `Native`, its function, a name in the table.

use super::scope::absent;
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::list::List;
use crate::runtime::range::Range;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::builtins::types::sort;
use crate::stdlib::receiver::{given, spread};
use crate::vm::protocol::arith::Operator;
use crate::vm::protocol::compare::{self, Comparison};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The functions of this file.
pub const FUNCTIONS: &[&Native] = &[&ALL, &ANY, &MAX, &MIN, &SORTED, &SUM];

const ALL: Native = Native::vm(
    "all(iterable, /) -> bool",
    "Return True if bool(x) is True for all values x in the iterable.\n\nIf the iterable is empty, return True.",
    |vm, args| {
        let found = find_truth(vm, args.at(0), false)?;
        Ok(vm.local(Value::bool(!found)))
    },
);

const ANY: Native = Native::vm(
    "any(iterable, /) -> bool",
    "Return True if bool(x) is True for any x in the iterable.\n\nIf the iterable is empty, return False.",
    |vm, args| {
        let found = find_truth(vm, args.at(0), true)?;
        Ok(vm.local(Value::bool(found)))
    },
);

/// Whether an item has this truth value.
fn find_truth(vm: &mut Vm, iterable: Local, wanted: bool) -> Result<bool, Raised> {
    let iterator = vm.iter(iterable)?;
    let item = vm.local(Value::UNDEF);
    while vm.next(iterator, item)? {
        let mark = vm.mark();
        let truth = vm.truth(item)?;
        vm.release(mark);
        if truth == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

const MAX: Native = Native::vm(
    "max(*args, key=None, default=<unrepresentable>)",
    "max(iterable, *[, default=obj, key=func]) -> value\nmax(arg1, arg2, *args, *[, key=func]) -> value\n\n\
     With a single iterable argument, return its biggest item. The\n\
     default keyword-only argument specifies an object to return if\nthe provided iterable is empty.\n\
     With two or more positional arguments, return the largest argument.\n\nRaises ValueError if there is nothing to choose from.",
    |vm, args| extreme(vm, args, "max", Comparison::Gt),
)
.quick(|heap, args| quick_extreme(heap, args, Comparison::Gt));

const MIN: Native = Native::vm(
    "min(*args, key=None, default=<unrepresentable>)",
    "min(iterable, *[, default=obj, key=func]) -> value\nmin(arg1, arg2, *args, *[, key=func]) -> value\n\n\
     With a single iterable argument, return its smallest item. The\n\
     default keyword-only argument specifies an object to return if\nthe provided iterable is empty.\n\
     With two or more positional arguments, return the smallest argument.\n\nRaises ValueError if there is nothing to choose from.",
    |vm, args| extreme(vm, args, "min", Comparison::Lt),
)
.quick(|heap, args| quick_extreme(heap, args, Comparison::Lt));

/// `min` or `max` of several values, or of a list or tuple, that compare without the program.
fn quick_extreme<'h>(heap: &'h Heap, args: Args<'h>, c: Comparison) -> Option<Value<'h>> {
    if args.len() != 1 {
        return best_leaf(heap, args.iter(), c);
    }
    match args.get(0).as_gc::<List>() {
        Some(list) => best_leaf(
            heap,
            (0..list.len(heap)).map_while(|i| list.item(heap, i)),
            c,
        ),
        None => best_leaf(heap, args.get(0).as_gc::<Tuple>()?.iter(heap), c),
    }
}

fn best_leaf<'h>(
    heap: &'h Heap,
    mut items: impl Iterator<Item = Value<'h>>,
    c: Comparison,
) -> Option<Value<'h>> {
    let mut best = items.next()?;
    let mut count = 0;
    for item in items {
        if compare::leaf(heap, c, item, best)? {
            best = item;
        }
        count += 1;
    }
    heap.note_work(count);
    Some(best)
}

/// The first item that no other one beats in `comparison`.
fn extreme(
    vm: &mut Vm,
    args: Locals,
    function: &str,
    comparison: Comparison,
) -> Result<Local, Raised> {
    let items = spread(vm, args.at(0));
    let default = given(vm, args.at(2));
    let iterable = match items.len() {
        0 => {
            return Err(vm
                .heap
                .type_error(format!("{function} expected at least 1 argument, got 0")));
        }
        1 => items[0],
        _ if default.is_some() => {
            let message = format!(
                "Cannot specify a default for {function}() with multiple positional arguments"
            );
            return Err(vm.heap.type_error(message));
        }
        _ => args.at(0),
    };
    let key = (!absent(vm, args.at(1))).then_some(args.at(1));
    match best_of(vm, iterable, key, comparison)? {
        Some(best) => Ok(best),
        None => default.ok_or_else(|| {
            vm.heap
                .value_error(format!("{function}() iterable argument is empty"))
        }),
    }
}

fn best_of(
    vm: &mut Vm,
    iterable: Local,
    key: Option<Local>,
    comparison: Comparison,
) -> Result<Option<Local>, Raised> {
    let iterator = vm.iter(iterable)?;
    let (item, best, best_rank) = (
        vm.local(Value::UNDEF),
        vm.local(Value::UNDEF),
        vm.local(Value::UNDEF),
    );
    while vm.next(iterator, item)? {
        let mark = vm.mark();
        let rank = match key {
            Some(key) => vm.call(key, &[item])?,
            None => item,
        };
        if vm.get(best).is_undef() || vm.compare_truth(comparison, rank, best_rank)? {
            vm.set(best, vm.get(item));
            vm.set(best_rank, vm.get(rank));
        }
        vm.release(mark);
    }
    Ok(given(vm, best))
}

const SORTED: Native = Native::vm(
    "sorted(iterable, /, *, key=None, reverse=False) -> list",
    "Return a new list containing all items from the iterable in ascending order.\n\n\
     A custom key function can be supplied to customize the sort order, and the\n\
     reverse flag can be set to request the result in descending order.",
    |vm, args| {
        let list = vm.to_list(args.at(0))?;
        let order = sort::order_of(vm, args.at(2))?;
        sort::sort_list(vm, list, args.at(1), order)?;
        Ok(list)
    },
);

const SUM: Native = Native::vm(
    "sum(iterable, /, start=0)",
    "Return the sum of a 'start' value (default: 0) plus an iterable of numbers\n\n\
     When the iterable is empty, return the start value.\n\
     This function is intended specifically for use with numeric values and may\nreject non-numeric types.",
    sum,
)
.quick(|heap, args| {
    let start = args.get(1).or(Value::small_int(0));
    (1..=2).contains(&args.len()).then(|| sum_known(heap, args.get(0), start))?
});

fn sum(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let start = given(vm, args.at(1)).unwrap_or_else(|| vm.local(Value::small_int(0)));
    check_start(&vm.heap, vm.get(start))?;
    if let Some(total) = sum_known(&vm.heap, vm.get(args.at(0)), vm.get(start)) {
        return Ok(vm.local(total));
    }
    let iterator = vm.iter(args.at(0))?;
    let (item, total) = (vm.local(Value::UNDEF), vm.local(vm.get(start)));
    let mut sum = Sum::new(vm.get(start));
    while vm.next(iterator, item)? {
        if sum.add(vm.get(item)) {
            continue;
        }
        let mark = vm.mark();
        let so_far = sum.value(&vm.heap).map_or(total, |value| vm.local(value));
        let next = vm.binary(Operator::Add, so_far, item)?;
        vm.set(total, vm.get(next));
        sum = sum.after_object(vm.get(next));
        vm.release(mark);
    }
    Ok(sum.value(&vm.heap).map_or(total, |value| vm.local(value)))
}

/// Sums of texts are refused: joining is linear, adding is not.
fn check_start(heap: &Heap, start: Value<'_>) -> Result<(), Raised> {
    let (what, how) = if start.is_gc::<Str>() {
        ("strings", "''")
    } else if start.is_gc::<Bytes>() {
        ("bytes", "b''")
    } else if start.is_gc::<ByteArray>() {
        ("bytearray", "b''")
    } else {
        return Ok(());
    };
    Err(heap.type_error(format!(
        "sum() can't sum {what} [use {how}.join(seq) instead]"
    )))
}

/// The sum of a list, tuple or range of plain numbers, without iterators.
fn sum_known<'h>(heap: &'h Heap, iterable: Value<'h>, start: Value<'h>) -> Option<Value<'h>> {
    let mut sum = Sum::new(start);
    if let Some(list) = iterable.as_gc::<List>() {
        for i in 0..list.len(heap) {
            sum.add(list.item(heap, i)?).then_some(())?;
        }
        heap.note_work(list.len(heap));
    } else if let Some(tuple) = iterable.as_gc::<Tuple>() {
        for item in tuple.iter(heap) {
            sum.add(item).then_some(())?;
        }
        heap.note_work(tuple.len());
    } else {
        let range = *iterable.as_gc::<Range>()?.get();
        let Sum::Int(start) = sum else { return None };
        let len = range.len();
        let last = len.checked_sub(1).map_or(0, |i| i128::from(range.at(i)));
        let twice = (i128::from(range.start) + last).checked_mul(i128::from(len))?;
        let total = i128::from(start) + if len == 0 { 0 } else { twice / 2 };
        return Some(heap.any_int(total.into()));
    }
    sum.value(heap)
}

/// A sum so far.
#[derive(Clone, Copy)]
enum Sum {
    /// Only integers yet, and they fit.
    Int(i64),
    /// Floats: the sum and its error so far (Neumaier's variant of Kahan summation).
    Float { sum: f64, error: f64 },
    /// Not for us to add: for good, as in CPython, once integers became too large.
    Object,
}

impl Sum {
    fn new(start: Value<'_>) -> Sum {
        match (start.as_float(), start.is_bool()) {
            (Some(sum), _) => Sum::Float { sum, error: 0.0 },
            (None, false) => start.as_i64().map_or(Sum::Object, Sum::Int),
            (None, true) => Sum::Object,
        }
    }

    /// What to go on with after the program, or the slow path, added an item: only integers may still turn into a float sum.
    fn after_object(self, total: Value<'_>) -> Sum {
        match (self, total.as_float()) {
            (Sum::Int(_), Some(sum)) => Sum::Float { sum, error: 0.0 },
            _ => Sum::Object,
        }
    }

    /// Adds an item; `false`: it takes the slow path.
    #[inline]
    fn add(&mut self, item: Value<'_>) -> bool {
        match self {
            Sum::Int(sum) => match item.as_i64().and_then(|n| sum.checked_add(n)) {
                Some(total) => {
                    *sum = total;
                    true
                }
                None => false,
            },
            Sum::Float { sum, error } => {
                if let Some(x) = item.as_float() {
                    let total = *sum + x;
                    *error += if sum.abs() >= x.abs() {
                        (*sum - total) + x
                    } else {
                        (x - total) + *sum
                    };
                    *sum = total;
                    return true;
                }
                match item.as_i64() {
                    Some(n) => {
                        *sum += n as f64;
                        true
                    }
                    None => false,
                }
            }
            Sum::Object => false,
        }
    }

    /// The sum, unless the program adds.
    fn value<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        match *self {
            Sum::Int(n) => Some(heap.int(n)),
            // Adding an error of zero would lose the sign of -0.0.
            Sum::Float { sum, error } if error != 0.0 && error.is_finite() => {
                Some(Value::float(sum + error))
            }
            Sum::Float { sum, .. } => Some(Value::float(sum)),
            Sum::Object => None,
        }
    }
}
