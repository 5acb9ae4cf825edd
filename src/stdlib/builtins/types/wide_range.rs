//! The methods of ranges of any size, for those that do not fit 64 bits, and their iterator.
//!
//! `range.rs` has the table: each of its methods takes the fast path for a `Range` and comes here with anything else.

use std::cell::RefCell;

use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};

use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::range::Range;
use crate::runtime::slice::Slice;
use crate::runtime::wide_range::WideRange;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::receiver::this_of;
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Locals, Native, Vm};

/// The range that a method was called on.
pub fn this(vm: &Vm, args: Locals) -> Result<WideRange, Raised> {
    match WideRange::of(vm.get(args.at(0))) {
        Some(range) => Ok(range),
        None => {
            let given = vm.heap.type_name(vm.get(args.at(0)));
            let message = format!("descriptor requires a 'range' object but received a '{given}'");
            Err(vm.heap.type_error(message))
        }
    }
}

/// The integer that an argument is or has as its `__index__`.
pub fn number(vm: &mut Vm, arg: Local) -> Result<BigInt, Raised> {
    let value = vm.index_value(arg)?;
    let int = vm.get(value).as_any_int();
    Ok(int.map_or_else(BigInt::zero, |int| int.to_big().into_owned()))
}

fn int(vm: &Vm, n: BigInt) -> Local {
    vm.local(vm.heap.big_int(n))
}

/// `len(range)`
pub fn len(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let len = this(vm, args)?.len();
    match i64::try_from(&len) {
        Ok(_) => Ok(int(vm, len)),
        Err(_) => Err(vm.heap.raise(
            Builtin::OverflowError,
            "Python int too large to convert to C ssize_t",
        )),
    }
}

/// `bool(range)`
pub fn truth(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let some = !this(vm, args)?.len().is_zero();
    Ok(vm.bool_local(some))
}

/// `repr(range)`
pub fn repr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let WideRange { start, stop, step } = this(vm, args)?;
    let text = match step.is_one() {
        true => format!("range({start}, {stop})"),
        false => format!("range({start}, {stop}, {step})"),
    };
    Ok(vm.local(vm.heap.str_value(&text)))
}

/// What tells ranges apart: the length, the first item and the step as far as they matter.
fn key(vm: &Vm, range: &WideRange) -> Local {
    let len = range.len();
    let start = match len.is_zero() {
        true => Value::NONE,
        false => vm.heap.big_int(range.start.clone()),
    };
    let step = match len <= BigInt::one() {
        true => Value::NONE,
        false => vm.heap.big_int(range.step.clone()),
    };
    let len = vm.heap.big_int(len);
    vm.local(vm.heap.tuple(&[len, start, step]).value())
}

/// `hash(range)`
pub fn hash(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let range = this(vm, args)?;
    let same = vm.local(vm.heap.any_range(shortest(&range)));
    // One that fits 64 bits has its own hash; an equal one that does not must have the same.
    let key = match vm.get(same).is_gc::<Range>() {
        true => same,
        false => key(vm, &range),
    };
    let hash = vm.hash(key)?;
    Ok(vm.local(vm.heap.int(hash as i64)))
}

/// The equal range whose bounds are nearest.
fn shortest(range: &WideRange) -> WideRange {
    let len = range.len();
    let start = match len.is_zero() {
        true => BigInt::zero(),
        false => range.start.clone(),
    };
    let step = match len <= BigInt::one() {
        true => BigInt::one(),
        false => range.step.clone(),
    };
    let stop = match len.is_zero() {
        true => BigInt::zero(),
        false => &start + (len - 1) * &step + step.signum(),
    };
    WideRange { start, stop, step }
}

/// Whether the other operand is an equal range; None: it is no range.
pub fn equal(vm: &mut Vm, args: Locals) -> Result<Option<bool>, Raised> {
    let range = this(vm, args)?;
    let Some(other) = WideRange::of(vm.get(args.at(1))) else {
        return Ok(None);
    };
    let (one, two) = (key(vm, &range), key(vm, &other));
    vm.equal(one, two).map(Some)
}

/// The position of the argument: computed for integers, searched for all else.
pub fn position(vm: &mut Vm, args: Locals) -> Result<Option<BigInt>, Raised> {
    let range = this(vm, args)?;
    let wanted = vm.get(args.at(1)).as_any_int();
    if let Some(wanted) = wanted {
        return Ok(range.index(&wanted.to_big()));
    }
    let (len, mut at) = (range.len(), BigInt::zero());
    while at < len {
        vm.native_safepoint()?;
        let mark = vm.mark();
        let item = int(vm, range.at(&at));
        let equal = vm.equal(item, args.at(1))?;
        vm.release(mark);
        if equal {
            return Ok(Some(at));
        }
        at += 1;
    }
    Ok(None)
}

/// `range[index]` and `range[slice]`
pub fn item(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let range = this(vm, args)?;
    if vm.get(args.at(1)).is_gc::<Slice>() {
        return slice(vm, &range, args.at(1));
    }
    if !vm.is_index(args.at(1)) {
        let given = vm.heap.type_name(vm.get(args.at(1)));
        let message = format!("range indices must be integers or slices, not {given}");
        return Err(vm.heap.type_error(message));
    }
    let mut at = number(vm, args.at(1))?;
    let len = range.len();
    if at.is_negative() {
        at += &len;
    }
    if at.is_negative() || at >= len {
        let message = "range object index out of range";
        return Err(vm.heap.raise(Builtin::IndexError, message));
    }
    Ok(int(vm, range.at(&at)))
}

fn slice(vm: &mut Vm, range: &WideRange, slice: Local) -> Result<Local, Raised> {
    let [start, stop, step] = indices(vm, slice, &range.len())?;
    let part = WideRange {
        start: range.at(&start),
        stop: range.at(&stop),
        step: &range.step * step,
    };
    Ok(vm.local(vm.heap.any_range(part)))
}

/// What a slice means for a sequence of a length: `slice.indices`.
pub fn indices(vm: &mut Vm, slice: Local, len: &BigInt) -> Result<[BigInt; 3], Raised> {
    let mut parts = [None, None, None];
    // The step first, as CPython asks.
    for i in [2, 0, 1] {
        let slice = vm.get_gc::<Slice>(slice).expect("the caller checked it");
        let part = [&slice.start, &slice.stop, &slice.step][i].get(&vm.heap);
        if part.is_none() {
            continue;
        }
        let part = vm.local(part);
        if !vm.is_index(part) {
            let message = "slice indices must be integers or None or have an __index__ method";
            return Err(vm.heap.type_error(message));
        }
        parts[i] = Some(number(vm, part)?);
        if i == 2 && parts[2].as_ref().is_some_and(BigInt::is_zero) {
            return Err(vm.heap.value_error("slice step cannot be zero"));
        }
    }
    let [start, stop, step] = parts;
    let step = step.unwrap_or_else(BigInt::one);
    let backwards = step.is_negative();
    let (low, high) = match backwards {
        true => (BigInt::from(-1), len - 1),
        false => (BigInt::zero(), len.clone()),
    };
    let clip = |bound: BigInt| match bound.is_negative() {
        true => (bound + len).max(low.clone()),
        false => bound.min(high.clone()),
    };
    let (first, last) = match backwards {
        true => (&high, &low),
        false => (&low, &high),
    };
    let start = start.map_or_else(|| first.clone(), clip);
    let stop = stop.map_or_else(|| last.clone(), clip);
    Ok([start, stop, step])
}

// Iteration.

const ITERATOR: ModuleType = ModuleType {
    name: "longrange_iterator",
    module: "builtins",
    body: NativeType {
        methods: &[&NEXT, &ITER, &HINT, &REDUCE, &SETSTATE],
        ..NativeType::of(
            Builtin::Opaque,
            "An iterator over a range of large integers.",
        )
    },
};

struct Walk {
    range: WideRange,
    at: RefCell<BigInt>,
}

traced!(Walk {} plain { range, at });

impl Payload for Walk {}

const NEXT: Native = Native::vm("__next__(self, /)", "Implement next(self).", |vm, args| {
    let walk = walk(vm, args)?;
    let at = walk.at.borrow().clone();
    if at >= walk.range.len() {
        return Err(vm.heap.raise_with(Builtin::StopIteration, &[]));
    }
    let item = walk.range.at(&at);
    *walk.at.borrow_mut() = at + 1;
    Ok(int(vm, item))
});
const ITER: Native = Native::leaf("__iter__(self, /)", "Implement iter(self).", |_, args| {
    Ok(args.get(0))
});
const HINT: Native = Native::vm(
    "__length_hint__(self, /)",
    "Private method returning an estimate of len(list(it)).",
    |vm, args| {
        let walk = walk(vm, args)?;
        let left = walk.range.len() - &*walk.at.borrow();
        Ok(int(vm, left))
    },
);
const REDUCE: Native = Native::vm(
    "__reduce__(self, /)",
    "Return state information for pickling.",
    |vm, args| {
        let walk = walk(vm, args)?;
        let (range, at) = (walk.range.clone(), walk.at.borrow().clone());
        let range = vm.local(vm.heap.any_range(range));
        let at = int(vm, at);
        let builtins = vm.import_module("builtins")?;
        let function = vm.get_attr_named(builtins, "iter")?;
        let args = vm.tuple_of(&[range]);
        Ok(vm.tuple_of(&[function, args, at]))
    },
);
const SETSTATE: Native = Native::vm(
    "__setstate__(self, object, /)",
    "Set state information for unpickling.",
    |vm, args| {
        let at = number(vm, args.at(1))?;
        let walk = walk(vm, args)?;
        let end = walk.range.len();
        *walk.at.borrow_mut() = at.max(BigInt::zero()).min(end);
        Ok(vm.none())
    },
);

fn walk(vm: &Vm, args: Locals) -> Result<&Walk, Raised> {
    let object = this_of::<Opaque>(vm, args)?;
    let walk = object.payload::<Walk>();
    walk.ok_or_else(|| vm.heap.type_error("a longrange_iterator was expected"))
}

/// `iter(range)`
pub fn iter(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let range = this(vm, args)?;
    Ok(iterate(vm, range))
}

/// `reversed(range)`
pub fn reversed(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let range = this(vm, args)?;
    let last = range.at(&(range.len() - 1));
    let reversed = WideRange {
        stop: &range.start - &range.step,
        start: last,
        step: -range.step,
    };
    Ok(iterate(vm, reversed))
}

fn iterate(vm: &mut Vm, range: WideRange) -> Local {
    let walk = Walk {
        range,
        at: RefCell::new(BigInt::zero()),
    };
    let class = class_of(vm, &ITERATOR);
    let class = vm.get_gc(class).expect("a class");
    vm.local(vm.heap.opaque(class, walk).value())
}
