//! Between the clock and dates: POSIX time stamps, now, and the local zone.
//!
//! The clock is the scheduler's, so now is virtual where time is. Clocks that are set back show some times twice: the fold says which of
//! two moments is meant. Algorithms: CPython's, by which a fold or gap is at most a day long.

use super::calendar::{Date, EPOCH, TimeOfDay};
use super::state::{Wall, moment_of_class};
use super::{arguments, offset};
use crate::runtime::{Builtin, Raised};
use crate::sched::scheduler;
use crate::stdlib::arg::plain_value;
use crate::stdlib::time::calendar::{local_offset, zone_at};
use crate::stdlib::time::civil::{MAX_SECONDS, date_of};
use crate::vm::{Local, Vm};

/// The longest fold or gap.
const LONGEST: i64 = 86_400;
const SECOND: i64 = 1_000_000;

/// The object that a time stamp is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Seconds, rounded down.
    Floor,
    /// Seconds and microseconds, rounded to the nearest.
    Nearest,
}

fn too_large(vm: &Vm) -> Raised {
    let message = "timestamp out of range for platform time_t";
    vm.heap.raise(Builtin::OverflowError, message)
}

/// The seconds and microseconds of a time stamp.
fn stamp(vm: &mut Vm, argument: Local, reading: Reading) -> Result<(i64, i64), Raised> {
    let value = plain_value(&vm.heap, vm.get(argument));
    let Some(x) = value.as_float() else {
        let exact = vm.index_value(argument)?;
        let seconds = vm.get(exact).as_i64();
        return Ok((seconds.ok_or_else(|| too_large(vm))?, 0));
    };
    if x.is_nan() {
        return Err(vm.heap.value_error("Invalid value NaN (not a number)"));
    }
    let (mut seconds, mut micros) = match reading {
        Reading::Floor => (x.floor(), 0.0),
        Reading::Nearest => (x.trunc(), ((x - x.trunc()) * 1e6).round_ties_even()),
    };
    if micros >= 1e6 {
        micros -= 1e6;
        seconds += 1.0;
    } else if micros < 0.0 {
        micros += 1e6;
        seconds -= 1.0;
    }
    let limit = -(i64::MIN as f64);
    if !(-limit..limit).contains(&seconds) {
        return Err(too_large(vm));
    }
    Ok((seconds as i64, micros as i64))
}

/// The seconds of a time stamp, rounded down.
pub fn floor_seconds(vm: &mut Vm, argument: Local) -> Result<i64, Raised> {
    Ok(stamp(vm, argument, Reading::Floor)?.0)
}

/// The day and time of seconds after 1970 on a clock that is so many seconds ahead of UTC.
///
/// # Errors
/// OSError, ValueError for years that are out of range.
fn at(vm: &Vm, seconds: i64, ahead: i64) -> Result<(Date, TimeOfDay), Raised> {
    if seconds.abs() > MAX_SECONDS {
        let text = vm.heap.str_value("Value too large for defined data type");
        let number = vm.heap.int(75);
        return Err(vm.heap.raise_with(Builtin::OSError, &[number, text]));
    }
    let seconds = seconds + ahead;
    let days = seconds.div_euclid(LONGEST);
    let Some(date) = Date::from_ordinal(days + EPOCH) else {
        return Err(year_out_of_range(vm, days));
    };
    let clock = TimeOfDay::from_micros(seconds.rem_euclid(LONGEST) * SECOND);
    Ok((date, clock))
}

#[cold]
fn year_out_of_range(vm: &Vm, days: i64) -> Raised {
    let year = date_of(days).0;
    vm.heap.value_error(format!("year {year} is out of range"))
}

/// The local day and time of seconds after 1970.
pub fn local(vm: &Vm, seconds: i64) -> Result<(Date, TimeOfDay), Raised> {
    let ahead = match seconds.abs() > MAX_SECONDS {
        true => 0,
        false => local_offset(vm, seconds),
    };
    at(vm, seconds, ahead)
}

/// The local clock at a moment, in seconds after 1970.
///
/// # Errors
/// ValueError for years that are out of range.
fn wall(vm: &Vm, seconds: i64) -> Result<i64, Raised> {
    let shown = seconds + local_offset(vm, seconds);
    let days = shown.div_euclid(LONGEST);
    match Date::from_ordinal(days + EPOCH) {
        Some(_) => Ok(shown),
        None => Err(year_out_of_range(vm, days)),
    }
}

/// Whether the local clock shows a time for the second time.
fn fold_at(vm: &Vm, seconds: i64) -> Result<u8, Raised> {
    let shown = wall(vm, seconds)?;
    let transition = shown - wall(vm, seconds - LONGEST)? - LONGEST;
    if transition >= 0 {
        return Ok(0);
    }
    Ok(u8::from(wall(vm, seconds + transition)? == shown))
}

/// The moment of seconds and microseconds after 1970: local without a zone, else what the zone makes of it.
fn moment_at(
    vm: &mut Vm,
    class: Local,
    (seconds, micros): (i64, i64),
    zone: Local,
) -> Result<Local, Raised> {
    let is_local = vm.get(zone).is_none();
    let (date, mut clock) = match is_local {
        true => local(vm, seconds)?,
        false => at(vm, seconds, 0)?,
    };
    clock.micro = micros as u32;
    let fold = if is_local { fold_at(vm, seconds)? } else { 0 };
    let wall = Wall { date, clock, fold };
    let made = moment_of_class(vm, class, wall, zone)?;
    if is_local {
        return Ok(made);
    }
    vm.call_method(zone, "fromutc", &[made])
}

/// `fromtimestamp`
pub fn from_stamp(
    vm: &mut Vm,
    class: Local,
    argument: Local,
    zone: Local,
) -> Result<Local, Raised> {
    let zone = arguments::zone(vm, zone)?;
    let stamp = stamp(vm, argument, Reading::Nearest)?;
    moment_at(vm, class, stamp, zone)
}

/// `now`
pub fn now(vm: &mut Vm, class: Local, zone: Local) -> Result<Local, Raised> {
    let zone = arguments::zone(vm, zone)?;
    let micros = clock_micros(vm);
    let stamp = (micros.div_euclid(SECOND), micros.rem_euclid(SECOND));
    moment_at(vm, class, stamp, zone)
}

/// The program's clock, in microseconds after 1970.
fn clock_micros(vm: &Vm) -> i64 {
    (scheduler(vm).clock.wall() * 1e6).round() as i64
}

/// `utcfromtimestamp`, or `utcnow` for None: without a zone.
pub fn utc_moment(vm: &mut Vm, class: Local, argument: Option<Local>) -> Result<Local, Raised> {
    let (seconds, micros) = match argument {
        Some(argument) => stamp(vm, argument, Reading::Nearest)?,
        None => {
            let micros = clock_micros(vm);
            (micros.div_euclid(SECOND), micros.rem_euclid(SECOND))
        }
    };
    let (date, mut clock) = at(vm, seconds, 0)?;
    clock.micro = micros as u32;
    let wall = Wall {
        date,
        clock,
        fold: 0,
    };
    let zone = vm.none();
    moment_of_class(vm, class, wall, zone)
}

/// The moment at which the local clock shows a time, in seconds after 1970.
pub fn of_wall(vm: &Vm, moment: Wall) -> Result<i64, Raised> {
    let shown = (moment.date.ordinal() - EPOCH) * LONGEST + moment.clock.seconds();
    let is_second = moment.fold > 0;
    let ahead = wall(vm, shown)? - shown;
    let first = shown - ahead;
    let first_shows = wall(vm, first)?;
    let other = if first_shows == shown {
        // One solution; an earlier or later one may be the wanted one.
        let near = first + if is_second { LONGEST } else { -LONGEST };
        let other = wall(vm, near)? - near;
        if other == ahead {
            return Ok(first);
        }
        other
    } else {
        first_shows - first
    };
    let second = shown - other;
    if wall(vm, second)? == shown {
        return Ok(second);
    }
    if first_shows == shown {
        return Ok(first);
    }
    // The time is in a gap: the clock never shows it.
    Ok(match is_second {
        true => first.min(second),
        false => first.max(second),
    })
}

/// How far the local clock is ahead of UTC when it shows a time, in seconds. In a gap it is what holds before it for the first of two times.
pub fn ahead_at(vm: &Vm, moment: Wall) -> Result<i64, Raised> {
    let other = Wall {
        fold: 1 - moment.fold,
        ..moment
    };
    let (seconds, others) = (of_wall(vm, moment)?, of_wall(vm, other)?);
    let is_gap = (others > seconds) == (moment.fold > 0);
    Ok(local_offset(vm, if is_gap { others } else { seconds }))
}

/// The local zone as it is at a moment.
pub fn zone(vm: &mut Vm, seconds: i64) -> Result<Local, Raised> {
    let (ahead, _, name) = zone_at(vm, seconds);
    offset::fixed(vm, ahead * SECOND, Some(&name))
}
