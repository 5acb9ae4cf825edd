//! Operators of datetimes: differences, sums with timedeltas, comparisons and hashes.
//!
//! Two moments with the same zone object compare as their clocks show; others by the time in UTC. A moment whose offset depends on the fold
//! equals no moment of another zone.

use super::datetime::moved;
use super::duration::Duration;
use super::offset::{offset_of, offset_with_fold};
use super::state::{fits, length_of, moment_of, new_delta, this_moment};
use crate::runtime::{Raised, Value};
use crate::stdlib::comparisons::comparisons;
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Locals, Native, Vm};

comparisons!(vm, compare);

/// `self + value`
pub const ADD: Native = Native::vm("__add__(self, value, /)", "Return self+value.", |vm, a| {
    add(vm, a, 1)
});
/// `value + self`
pub const RADD: Native = Native::vm("__radd__(self, value, /)", "Return value+self.", |vm, a| {
    add(vm, a, 1)
});
/// `self - value`
pub const SUB: Native = Native::vm("__sub__(self, value, /)", "Return self-value.", |vm, a| {
    if length_of(vm.get(a.at(1))).is_some() {
        return add(vm, a, -1);
    }
    subtract(vm, a.at(0), a.at(1))
});
/// `value - self`
pub const RSUB: Native = Native::vm("__rsub__(self, value, /)", "Return value-self.", |vm, a| {
    subtract(vm, a.at(1), a.at(0))
});
/// `hash(self)`
pub const HASH: Native = Native::vm("__hash__(self, /)", "Return hash(self).", |vm, args| {
    let micros = this_moment(&vm.heap, vm.get(args.at(0)))?.micros();
    let offset = offset_with_fold(vm, args.at(0), 0)?;
    Ok(vm.local(vm.heap.int(micros - short(offset))))
});

fn not_implemented(vm: &Vm) -> Local {
    vm.local(Value::NOT_IMPLEMENTED)
}

/// The microseconds of an offset.
fn short(offset: Option<Duration>) -> i64 {
    offset.and_then(Duration::short).unwrap_or(0)
}

fn add(vm: &mut Vm, args: Locals, sign: i128) -> Result<Local, Raised> {
    let (moment, length) = (moment_of(vm.get(args.at(0))), length_of(vm.get(args.at(1))));
    match (moment, length) {
        (Some(_), Some(length)) => moved(vm, args.at(0), length.long() * sign),
        _ => Ok(not_implemented(vm)),
    }
}

/// Whether two moments have the same zone object, or both none; None: one is no moment.
fn share_zone(vm: &Vm, a: Local, b: Local) -> Option<bool> {
    let (x, y) = (moment_of(vm.get(a))?, moment_of(vm.get(b))?);
    Some(x.zone.get(&vm.heap).is(y.zone.get(&vm.heap)))
}

/// The microseconds from the second moment to the first one, as their clocks show them.
fn apart(vm: &Vm, a: Local, b: Local) -> i64 {
    match (moment_of(vm.get(a)), moment_of(vm.get(b))) {
        (Some(x), Some(y)) => x.micros() - y.micros(),
        _ => 0,
    }
}

fn subtract(vm: &mut Vm, a: Local, b: Local) -> Result<Local, Raised> {
    let Some(shared) = share_zone(vm, a, b) else {
        return Ok(not_implemented(vm));
    };
    let mut micros = apart(vm, a, b);
    if !shared {
        let (x, y) = (offset_of(vm, a)?, offset_of(vm, b)?);
        if x.is_some() != y.is_some() {
            let message = "can't subtract offset-naive and offset-aware datetimes";
            return Err(vm.heap.type_error(message));
        }
        micros -= short(x) - short(y);
    }
    let length = fits(&vm.heap, Duration::of_micros(micros))?;
    Ok(new_delta(vm, length))
}

fn compare(vm: &mut Vm, args: Locals, how: Comparison) -> Result<Local, Raised> {
    let (a, b) = (args.at(0), args.at(1));
    let Some(shared) = share_zone(vm, a, b) else {
        return Ok(not_implemented(vm));
    };
    let mut micros = apart(vm, a, b);
    if !shared {
        let (x, y) = (offset_of(vm, a)?, offset_of(vm, b)?);
        let is_order = !matches!(how, Comparison::Eq | Comparison::Ne);
        if x.is_some() != y.is_some() {
            if is_order {
                let message = "can't compare offset-naive and offset-aware datetimes";
                return Err(vm.heap.type_error(message));
            }
            return Ok(vm.local(Value::bool(how == Comparison::Ne)));
        }
        micros -= short(x) - short(y);
        if micros == 0 && !is_order && (depends_on_fold(vm, a, x)? || depends_on_fold(vm, b, y)?) {
            micros = 1;
        }
    }
    Ok(vm.local(Value::bool(how.holds(Some(micros.cmp(&0))))))
}

/// Whether a moment with this offset has another one with the other fold.
fn depends_on_fold(vm: &mut Vm, moment: Local, offset: Option<Duration>) -> Result<bool, Raised> {
    let Some(fold) = moment_of(vm.get(moment)).map(|insides| insides.fold) else {
        return Ok(false);
    };
    Ok(offset_with_fold(vm, moment, 1 - fold)? != offset)
}
