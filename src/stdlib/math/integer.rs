//! Number theory.
//!
//! Arguments are integers of any size or objects with `__index__`. To add a function: a `Native`, its function, a word in the
//! table of `math/mod.rs`.

use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Heap, Raised};
use crate::stdlib::arg::{checked, given};
use crate::text::num::combinatorics;
use crate::text::pause::Pause;
use crate::text::{Int, IntRef, TextResult};
use crate::vm::{Local, Locals, Native, Vm};

pub const FACTORIAL: Native = Native::vm(
    "factorial(n, /) -> int",
    "Return the product of all integers from 1 to n. Raises ValueError if n is negative.",
    |vm, a| {
        let n = int_arg(vm, a.at(0))?;
        result(
            vm,
            combinatorics::factorial(n.as_ref(), &mut pausing(&vm.heap)),
        )
    },
);

pub const COMB: Native = Native::vm(
    "comb(n, k, /) -> int",
    "Number of ways to choose k items from n items, without repetition and without order. Raises ValueError if either is negative.",
    |vm, a| {
        let (n, k) = (int_arg(vm, a.at(0))?, int_arg(vm, a.at(1))?);
        result(
            vm,
            combinatorics::comb(n.as_ref(), k.as_ref(), &mut pausing(&vm.heap)),
        )
    },
);

pub const PERM: Native = Native::vm(
    "perm(n, k=None, /) -> int",
    "Number of ways to choose k items from n items, without repetition and with order; all of them without k. Raises ValueError if either is negative.",
    |vm, a| match given(vm, a.at(1)).filter(|&k| !vm.get(k).is_none()) {
        None => {
            let n = int_arg(vm, a.at(0))?;
            result(
                vm,
                combinatorics::factorial(n.as_ref(), &mut pausing(&vm.heap)),
            )
        }
        Some(k) => {
            let (n, k) = (int_arg(vm, a.at(0))?, int_arg(vm, k)?);
            result(
                vm,
                combinatorics::perm(n.as_ref(), k.as_ref(), &mut pausing(&vm.heap)),
            )
        }
    },
);

pub const GCD: Native = Native::vm(
    "gcd(*integers) -> int",
    "Greatest common divisor.",
    |vm, a| fold(vm, a, 0, combinatorics::gcd),
);

pub const LCM: Native = Native::vm(
    "lcm(*integers) -> int",
    "Least common multiple.",
    |vm, a| fold(vm, a, 1, combinatorics::lcm),
);

pub const ISQRT: Native = Native::vm(
    "isqrt(n, /) -> int",
    "Return the integer part of the square root of n. Raises ValueError if n is negative.",
    |vm, a| {
        let n = int_arg(vm, a.at(0))?;
        result(vm, combinatorics::isqrt(n.as_ref(), &mut pausing(&vm.heap)))
    },
);

/// An integer argument of any size, as plain data.
fn int_arg(vm: &mut Vm, local: Local) -> Result<Int, Raised> {
    let n = vm.index_value(local)?;
    Ok(vm.get(n).as_any_int().map_or(Int::Small(0), IntRef::to_int))
}

fn result(vm: &Vm, result: TextResult<Int>) -> Result<Local, Raised> {
    Ok(vm.local(vm.heap.any_int(checked(&vm.heap, result)?)))
}

/// A function of two integers that may be interrupted.
type Step = fn(IntRef<'_>, IntRef<'_>, &mut Pause<'_>) -> TextResult<Int>;

/// The pause of long work on integers.
fn pausing(heap: &Heap) -> impl FnMut(u64) -> TextResult<()> + '_ {
    |units| heap.pause(units)
}

fn fold(vm: &mut Vm, a: Locals, start: i64, step: Step) -> Result<Local, Raised> {
    let count = vm.get_gc::<Tuple>(a.at(0)).map_or(0, Gc::len);
    let mut total = Int::Small(start);
    for i in 0..count {
        let mark = vm.mark();
        let Some(item) = vm
            .get_gc::<Tuple>(a.at(0))
            .and_then(|tuple| tuple.at(&vm.heap, i))
        else {
            break;
        };
        let item = vm.local(item);
        let item = int_arg(vm, item)?;
        let heap = &vm.heap;
        let next = step(total.as_ref(), item.as_ref(), &mut pausing(heap));
        total = checked(heap, next)?;
        vm.release(mark);
    }
    result(vm, Ok(total))
}
