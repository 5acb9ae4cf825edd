//! Arguments of the constructors and of `replace`: integers of C's `int`, zones, and fields with their ranges.
//!
//! Each reader raises what CPython raises, in its words and in its order: first all integers, then the ranges of the date, of the time and
//! the fold, last the zone.

use super::calendar::{Date, TimeOfDay};
use super::state::{class, valid};
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::fits_c_int;
use crate::stdlib::receiver::given;
use crate::vm::{Args, Local, Locals, Vm};

/// How an argument is read as an integer of C's `int`.
pub type ReadInt = fn(&mut Vm, Local) -> Result<i64, Raised>;

/// An integer of C's `int`, as constructors read it.
///
/// # Errors
/// TypeError; OverflowError if it does not fit.
pub fn c_int(vm: &mut Vm, argument: Local) -> Result<i64, Raised> {
    let number = match vm.get(argument).as_int() {
        Some(number) => Some(number),
        None => {
            let exact = vm.index_value(argument)?;
            vm.get(exact).as_i64()
        }
    };
    Ok(i64::from(fits_c_int(&vm.heap, number)?))
}

/// The same, as `replace` reads it: its errors are worded in another way.
///
/// # Errors
/// As `c_int`.
pub fn replacing_int(vm: &mut Vm, argument: Local) -> Result<i64, Raised> {
    let exact = vm.index_value(argument)?;
    let number = vm.get(exact).as_i64();
    number
        .filter(|&number| i32::try_from(number).is_ok())
        .ok_or_else(|| {
            let message = "Python int too large to convert to C int";
            vm.heap.raise(Builtin::OverflowError, message)
        })
}

/// An integer, or a default where the argument was omitted.
#[inline]
pub fn int_or(vm: &mut Vm, argument: Local, default: i64, read: ReadInt) -> Result<i64, Raised> {
    match given(vm, argument) {
        Some(argument) => read(vm, argument),
        None => Ok(default),
    }
}

/// Integers from an argument on, with defaults where they were omitted.
pub fn ints_or<const N: usize>(
    vm: &mut Vm,
    (args, first): (Locals, usize),
    mut values: [i64; N],
    read: ReadInt,
) -> Result<[i64; N], Raised> {
    for (i, value) in values.iter_mut().enumerate() {
        *value = int_or(vm, args.at(first + i), *value, read)?;
    }
    Ok(values)
}

/// The first arguments of a constructor, which are integers that are needed.
pub fn needed_ints<const N: usize>(
    vm: &mut Vm,
    args: Locals,
    names: [&str; N],
) -> Result<[i64; N], Raised> {
    let mut values = [0; N];
    for (i, (value, name)) in values.iter_mut().zip(names).enumerate() {
        let at = i + 1;
        if vm.get(args.at(at)).is_undef() {
            let message = format!("function missing required argument '{name}' (pos {at})");
            return Err(vm.heap.type_error(message));
        }
        *value = c_int(vm, args.at(at))?;
    }
    Ok(values)
}

/// A date with these fields.
pub fn date(vm: &Vm, [year, month, day]: [i64; 3]) -> Result<Date, Raised> {
    valid(&vm.heap, Date::new(year, month, day))
}

/// A time of the day with these fields, and a fold.
pub fn clock(
    vm: &Vm,
    [hour, minute, second, micro]: [i64; 4],
    fold: i64,
) -> Result<(TimeOfDay, u8), Raised> {
    let clock = valid(&vm.heap, TimeOfDay::new(hour, minute, second, micro))?;
    match fold {
        0 | 1 => Ok((clock, fold as u8)),
        _ => Err(vm.heap.value_error("fold must be either 0 or 1")),
    }
}

/// Whether a value is a tzinfo.
pub fn is_zone(vm: &Vm, value: Local) -> bool {
    let own = class(vm, |c| &c.tzinfo);
    vm.heap.class_of(vm.get(value)).is_subclass(&vm.heap, own)
}

/// A zone, or None where it was omitted.
///
/// # Errors
/// TypeError for what is no tzinfo.
pub fn zone(vm: &Vm, argument: Local) -> Result<Local, Raised> {
    let value = vm.get(argument);
    if value.is_undef() || value.is_none() {
        return Ok(vm.none());
    }
    if is_zone(vm, argument) {
        return Ok(argument);
    }
    let given = vm.heap.type_name(value);
    let message =
        format!("tzinfo argument must be None or of a tzinfo subclass, not type '{given}'");
    Err(vm.heap.type_error(message))
}

/// The zone of an argument where it was given, else the one that is there.
pub fn zone_or(vm: &Vm, argument: Local, default: Local) -> Result<Local, Raised> {
    match given(vm, argument) {
        Some(argument) => zone(vm, argument),
        None => Ok(default),
    }
}

/// The integers from an argument on, with defaults for those that were omitted; None if one is something else.
#[inline]
pub fn quick_ints<const N: usize>(
    args: Args<'_>,
    first: usize,
    mut values: [i64; N],
) -> Option<[i64; N]> {
    let count = args.len().saturating_sub(first);
    for (i, value) in values.iter_mut().enumerate().take(count) {
        *value = args.get(first + i).as_int()?;
    }
    Some(values)
}

/// TypeError: an argument by position is of another type.
#[cold]
pub fn wrong_type(vm: &Vm, what: &str, wanted: &str, value: Value<'_>) -> Raised {
    let given = vm.heap.argument_name(value);
    vm.heap
        .type_error(format!("{what} must be {wanted}, not {given}"))
}
