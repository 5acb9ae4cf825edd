//! States of pickles: the fields of dates and times as bytes, which the constructors take, too.
//!
//! A fold is the highest bit of the month, or of the hour of a time. The fields of a state are not checked, but for the month or hour. A text
//! is the state of a pickle by Python 2.

use std::borrow::Cow;

use super::arguments::is_zone;
use super::calendar::{Date, TimeOfDay};
use super::state::{Wall, class_of};
use crate::runtime::bytes::Bytes;
use crate::runtime::str::Str;
use crate::runtime::{Raised, Value};
use crate::vm::{Local, Locals, Vm};

/// The bit of a fold.
const FOLD: u8 = 0x80;

/// The state of a date.
pub fn date_state(date: Date) -> [u8; 4] {
    let [high, low] = date.year.to_be_bytes();
    [high, low, date.month, date.day]
}

/// The state of a time.
pub fn clock_state(clock: TimeOfDay) -> [u8; 6] {
    let [_, high, middle, low] = clock.micro.to_be_bytes();
    [clock.hour, clock.minute, clock.second, high, middle, low]
}

fn read_date(state: &[u8]) -> Date {
    Date {
        year: u16::from_be_bytes([state[0], state[1]]),
        month: state[2] & !FOLD,
        day: state[3],
    }
}

fn read_clock(state: &[u8]) -> TimeOfDay {
    TimeOfDay {
        hour: state[0] & !FOLD,
        minute: state[1],
        second: state[2],
        micro: u32::from_be_bytes([0, state[3], state[4], state[5]]),
    }
}

/// The result of `__reduce__`: the class, and the state with the zone if there is one.
pub fn reduced(vm: &Vm, this: Local, state: &[u8], zone: Option<Local>) -> Result<Local, Raised> {
    let class = class_of(vm, this);
    let state = vm.local(vm.heap.bytes(state.to_vec()).value());
    let arguments = match zone.filter(|&zone| !vm.get(zone).is_none()) {
        Some(zone) => vm.tuple_of(&[state, zone]),
        None => vm.tuple_of(&[state]),
    };
    Ok(vm.tuple_of(&[class, arguments]))
}

/// The fold as the bit of a state: protocols before the fourth do not know it.
pub fn fold_bit(fold: u8, protocol: i64) -> u8 {
    if protocol > 3 && fold > 0 { FOLD } else { 0 }
}

/// The bytes of the first argument, if they are the state of an object: so many, with a sane byte at a place.
fn state_of<'v>(
    vm: &'v Vm,
    argument: Local,
    size: usize,
    is_sane: fn(u8) -> bool,
    (at, what): (usize, &str),
) -> Result<Option<Cow<'v, [u8]>>, Raised> {
    let value: Value<'v> = vm.get(argument);
    if let Some(bytes) = value.as_gc::<Bytes>() {
        let state = bytes.get().as_slice();
        let is_state = state.len() == size && is_sane(state[at] & !FOLD);
        return Ok(is_state.then_some(Cow::Borrowed(state)));
    }
    let Some(text) = value.as_gc::<Str>().filter(|text| text.char_len() == size) else {
        return Ok(None);
    };
    let chars: Vec<u32> = text.as_str().chars().map(u32::from).collect();
    let marker = chars[at] & !u32::from(FOLD);
    if !u8::try_from(marker).is_ok_and(is_sane) {
        return Ok(None);
    }
    let state: Result<Vec<u8>, _> = chars.into_iter().map(u8::try_from).collect();
    state.map(|state| Some(Cow::Owned(state))).map_err(|_| {
        vm.heap.value_error(format!(
            "Failed to encode latin1 string when unpickling a {what} object. \
             pickle.load(data, encoding='latin1') is assumed."
        ))
    })
}

fn is_month(byte: u8) -> bool {
    (1..=12).contains(&byte)
}

fn is_hour(byte: u8) -> bool {
    byte < 24
}

/// Whether the arguments from this one on were omitted.
fn are_omitted(vm: &Vm, args: Locals, from: usize, to: usize) -> bool {
    (from..=to).all(|at| vm.get(args.at(at)).is_undef())
}

/// The date of a state that is the only argument of the constructor.
pub fn date(vm: &Vm, args: Locals) -> Result<Option<Date>, Raised> {
    if vm.get(args.at(1)).is_int() || !are_omitted(vm, args, 2, 3) {
        return Ok(None);
    }
    let state = state_of(vm, args.at(1), 4, is_month, (2, "date"))?;
    Ok(state.map(|state| read_date(&state)))
}

/// The zone beside a state.
fn zone_beside(vm: &Vm, argument: Local) -> Result<Local, Raised> {
    let value = vm.get(argument);
    if value.is_undef() || value.is_none() {
        return Ok(vm.none());
    }
    match is_zone(vm, argument) {
        true => Ok(argument),
        false => Err(vm.heap.type_error("bad tzinfo state arg")),
    }
}

/// The moment and zone of a state that is the first argument of the constructor, alone or before the zone.
pub fn moment(vm: &Vm, args: Locals) -> Result<Option<(Wall, Local)>, Raised> {
    if vm.get(args.at(1)).is_int() || !are_omitted(vm, args, 3, 9) {
        return Ok(None);
    }
    let state = state_of(vm, args.at(1), 10, is_month, (2, "datetime"))?;
    let Some(state) = state else {
        return Ok(None);
    };
    let wall = Wall {
        date: read_date(&state),
        clock: read_clock(&state[4..]),
        fold: u8::from(state[2] & FOLD != 0),
    };
    Ok(Some((wall, zone_beside(vm, args.at(2))?)))
}

/// A time, its fold and its zone.
type ReadTime = ((TimeOfDay, u8), Local);

/// The time, fold and zone of a state, likewise.
pub fn time(vm: &Vm, args: Locals) -> Result<Option<ReadTime>, Raised> {
    let first = vm.get(args.at(1));
    if first.is_undef() || first.is_int() || !are_omitted(vm, args, 3, 6) {
        return Ok(None);
    }
    let Some(state) = state_of(vm, args.at(1), 6, is_hour, (0, "time"))? else {
        return Ok(None);
    };
    let fold = u8::from(state[0] & FOLD != 0);
    Ok(Some((
        (read_clock(&state), fold),
        zone_beside(vm, args.at(2))?,
    )))
}
