//! Functions of many numbers: sums, products, norms.
//!
//! They iterate over anything, so they may run the program. Sums of floats are as exact as CPython's. To add a function: a
//! `Native`, its function, a word in the table of `math/mod.rs`.

use super::{float, real_arg};
use crate::runtime::builtin_eq::Number;
use crate::runtime::list::List;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Raised, Value};
use crate::stdlib::arg::{checked, given};
use crate::text::num::convert::int_to_float;
use crate::text::num::exact_sum::{DotProduct, ExactSum, norm};
use crate::vm::protocol::arith::Operator;
use crate::vm::{Local, Locals, Native, Vm};

pub const FSUM: Native = Native::vm(
    "fsum(seq, /) -> float",
    "Return an exact sum of the floats that the iterable gives, rounded once at the end.",
    fsum,
);

pub const PROD: Native = Native::vm(
    "prod(iterable, /, *, start=1)",
    "Return the product of all items; the start value if there are none.",
    prod,
);

pub const SUMPROD: Native = Native::vm(
    "sumprod(p, q, /)",
    "Return the sum of the products of the items of two iterables of the same length; of floats without losing precision. Raises ValueError if the lengths differ.",
    sumprod,
);

pub const HYPOT: Native = Native::vm(
    "hypot(*coordinates) -> float",
    "Euclidean distance of a point from the origin: the square root of the sum of the squares.",
    |vm, a| {
        let coordinates = reals(vm, a.at(0))?;
        float(vm, norm(&coordinates))
    },
);

pub const DIST: Native = Native::vm(
    "dist(p, q, /) -> float",
    "Euclidean distance of two points, each an iterable of coordinates. Raises ValueError if they have different dimensions.",
    dist,
);

/// Item `i` of a list or tuple.
fn item<'h>(vm: &'h Vm, items: Local, i: usize) -> Option<Value<'h>> {
    match vm.get_gc::<List>(items) {
        Some(list) => list.item(&vm.heap, i),
        None => vm.get_gc::<Tuple>(items)?.at(&vm.heap, i),
    }
}

/// The items of a list or tuple as floats.
fn reals(vm: &mut Vm, items: Local) -> Result<Vec<f64>, Raised> {
    let mut reals = Vec::new();
    while let Some(value) = item(vm, items, reals.len()) {
        let mark = vm.mark();
        let value = vm.local(value);
        vm.heap.poll(1)?;
        reals.push(real_arg(vm, value)?);
        vm.release(mark);
    }
    Ok(reals)
}

fn fsum(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let iter = vm.iter(a.at(0))?;
    let item = vm.none();
    let mut sum = ExactSum::default();
    while vm.next(iter, item)? {
        let x = real_arg(vm, item)?;
        checked(&vm.heap, sum.add(x))?;
    }
    float(vm, checked(&vm.heap, sum.finish())?)
}

fn prod(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let iter = vm.iter(a.at(0))?;
    let item = vm.none();
    let product = match given(vm, a.at(1)) {
        Some(start) => start,
        None => vm.local(vm.heap.int(1)),
    };
    while vm.next(iter, item)? {
        let mark = vm.mark();
        let result = vm.binary(Operator::Mul, product, item)?;
        vm.set(product, vm.get(result));
        vm.release(mark);
    }
    Ok(product)
}

fn dist(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let [p, q] = [point(vm, a.at(0))?, point(vm, a.at(1))?];
    let (p, q) = (reals(vm, p)?, reals(vm, q)?);
    if p.len() != q.len() {
        return Err(vm
            .heap
            .value_error("both points must have the same number of dimensions"));
    }
    let differences: Vec<f64> = p.iter().zip(&q).map(|(p, q)| (p - q).abs()).collect();
    float(vm, norm(&differences))
}

fn point(vm: &mut Vm, iterable: Local) -> Result<Local, Raised> {
    if vm.get(iterable).is_gc::<Tuple>() {
        Ok(iterable)
    } else {
        vm.to_list(iterable)
    }
}

/// How the products so far were added up.
enum Part {
    /// With the operators of the items.
    Plain,
    /// Floats, with more than a float's precision.
    Float(DotProduct),
}

fn sumprod(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let [p, q] = [vm.to_list(a.at(0))?, vm.to_list(a.at(1))?];
    let total = vm.local(vm.heap.int(0));
    let mut part = Part::Plain;
    for i in 0.. {
        vm.heap.poll(1)?;
        let mark = vm.mark();
        let (x, y) = match (item(vm, p, i), item(vm, q, i)) {
            (Some(x), Some(y)) => (x, y),
            (None, None) => break,
            _ => return Err(vm.heap.value_error("Inputs are not the same length")),
        };
        if let Some((x, y)) = float_pair(x, y) {
            let mut dot = if let Part::Float(dot) = part {
                dot
            } else {
                DotProduct::default()
            };
            dot.add(x, y);
            part = Part::Float(dot);
            continue;
        }
        let [x, y] = [vm.local(x), vm.local(y)];
        settle(vm, total, &mut part)?;
        let product = vm.binary(Operator::Mul, x, y)?;
        add(vm, total, product)?;
        vm.release(mark);
    }
    settle(vm, total, &mut part)?;
    Ok(total)
}

/// Two floats, or a float and an integer as one.
fn float_pair(x: Value<'_>, y: Value<'_>) -> Option<(f64, f64)> {
    match (x.as_number()?, y.as_number()?) {
        (Number::Float(x), Number::Float(y)) => Some((x, y)),
        (Number::Float(x), Number::Int(y)) => Some((x, int_to_float(y).ok()?)),
        (Number::Int(x), Number::Float(y)) => Some((int_to_float(x).ok()?, y)),
        _ => None,
    }
}

/// Adds what was summed in floats to the total.
fn settle(vm: &mut Vm, total: Local, part: &mut Part) -> Result<(), Raised> {
    if let Part::Float(dot) = std::mem::replace(part, Part::Plain) {
        let sum = vm.local(Value::float(dot.value()));
        add(vm, total, sum)?;
    }
    Ok(())
}

fn add(vm: &mut Vm, total: Local, term: Local) -> Result<(), Raised> {
    let sum = vm.binary(Operator::Add, total, term)?;
    vm.set(total, vm.get(sum));
    Ok(())
}
