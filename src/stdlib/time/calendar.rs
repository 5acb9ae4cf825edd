//! Calendar time for programs: the private functions that `_time` (in apy) and `datetime` are built on.
//!
//! They take and return tuples of fields: year, month, day, hour, minute, second, weekday (0 is Monday), day of the year, daylight
//! saving (-1: unknown), and where known the zone's name and its offset.

use std::cell::RefCell;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::civil::{Fields, MAX_SECONDS, fields_of, seconds_of};
use super::strftime::strftime as format_fields;
use super::strptime::{Mismatch, Parsed, ZoneNames, strptime as parse};
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::sched::scheduler;
use crate::stdlib::arg::{fits_c_int, plain_value};
use crate::stdlib::registry::{keep, kept};
use crate::vm::{Local, Locals, Native, Vm};

pub(super) const ZONE: Native = Native::vm(
    "_zone(seconds, /) -> tuple",
    "Return what the local zone has at a POSIX time: offset from UTC in seconds, whether daylight saving holds, name.",
    zone,
);
pub(super) const SET_ZONE: Native = Native::vm(
    "_set_zone(name, /)",
    "Make a zone the local one; None for that of the system.",
    set_zone,
);
pub(super) const UTC: Native = Native::vm(
    "_utc(seconds=None, /) -> tuple",
    "The fields of a POSIX time, by default now, in UTC; None if the year is out of range.",
    utc,
);
pub(super) const LOCAL: Native = Native::vm(
    "_local(seconds=None, /) -> tuple",
    "The fields of a POSIX time, by default now, in the local zone; None if the year is out of range.",
    local,
);
pub(super) const MKTIME: Native = Native::vm(
    "_mktime(fields, /) -> float",
    "The POSIX time of fields in the local zone.",
    mktime,
);
pub(super) const STRFTIME: Native = Native::vm(
    "_strftime(format, fields, /) -> str",
    "The fields as a text in this format.",
    strftime,
);
pub(super) const STRPTIME: Native = Native::vm(
    "_strptime(text, format, /) -> tuple",
    "What a text in this format says: eleven fields, microseconds, microseconds of the offset, whether a day has no year.",
    strptime,
);

/// The local zone that the program chose by `tzset`; None: that of the system.
#[derive(Default)]
struct LocalZone {
    chosen: RefCell<Option<TimeZone>>,
}

traced!(plain LocalZone);

impl Payload for LocalZone {}

/// The name by which it is kept between calls.
const LOCAL_ZONE: &str = "time.local_zone";

fn chosen_zone(vm: &Vm) -> Option<TimeZone> {
    let zone = kept(vm, LOCAL_ZONE)?;
    vm.find_payload::<LocalZone>(zone)?.chosen.borrow().clone()
}

/// When daylight saving holds if the rules of a zone name it and do not say when, as in `GMT0BST`; glibc's.
const USUAL_CHANGES: &str = ",M3.2.0,M11.1.0";

/// A zone by its name in the database or by POSIX's rules.
fn named(name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).or_else(|_| TimeZone::posix(name));
    let zone = zone.or_else(|_| TimeZone::posix(&format!("{name}{USUAL_CHANGES}")));
    zone.ok()
}

/// The zone with which the process started.
fn system() -> TimeZone {
    static BY_RULES: LazyLock<Option<TimeZone>> = LazyLock::new(|| {
        let text = std::env::var("TZ").ok()?;
        let name = text.strip_prefix(':').unwrap_or(&text);
        named(name).filter(|zone| zone.iana_name().is_none())
    });
    BY_RULES.clone().unwrap_or_else(TimeZone::system)
}

/// Takes a zone by its name in the database or by POSIX's rules; what is neither is UTC.
fn set_zone(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let chosen = match vm.get(args.at(0)).is_none() {
        true => None,
        false => {
            let text = vm.text_of(args.at(0))?;
            let name = text.strip_prefix(':').unwrap_or(&text);
            Some(named(name).unwrap_or(TimeZone::UTC))
        }
    };
    if kept(vm, LOCAL_ZONE).is_none() {
        let made = vm.new_inner(LocalZone::default());
        keep(vm, LOCAL_ZONE, made);
    }
    let zone = kept(vm, LOCAL_ZONE).expect("it was made just now");
    if let Some(zone) = vm.find_payload::<LocalZone>(zone) {
        *zone.chosen.borrow_mut() = chosen;
    }
    Ok(vm.none())
}

/// What the local zone has at a moment: offset, whether daylight saving holds, name. Beyond the years that zones know it is the
/// zone's at the nearest moment.
pub fn zone_at(vm: &Vm, seconds: i64) -> (i64, bool, String) {
    let zone = chosen_zone(vm).unwrap_or_else(system);
    let info = zone.to_offset_info(moment_of(seconds));
    (
        info.offset().seconds().into(),
        info.dst().is_dst(),
        info.abbreviation().to_owned(),
    )
}

/// The nearest moment that zones know to so many seconds after 1970.
fn moment_of(seconds: i64) -> Timestamp {
    let seconds = seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(seconds).expect("it is in range")
}

/// The local zone's offset from UTC at a moment, in seconds.
pub fn local_offset(vm: &Vm, seconds: i64) -> i64 {
    let zone = chosen_zone(vm).unwrap_or_else(system);
    zone.to_offset(moment_of(seconds)).seconds().into()
}

/// The names of the local zone this year: standard and daylight saving; one name twice if there is no such thing.
fn zone_names(vm: &Vm) -> ZoneNames {
    let now = scheduler(vm).clock.wall() as i64;
    let year = fields_of(now).year;
    let half = |month| {
        let fields = Fields {
            year,
            month,
            day: 1,
            ..Fields::default()
        };
        zone_at(vm, seconds_of(&fields).unwrap_or(0))
    };
    let (january, july) = (half(1), half(7));
    if january.1 {
        [july.2, january.2]
    } else {
        [january.2, july.2]
    }
}

fn zone(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let seconds = vm.to_float(args.at(0))? as i64;
    let (offset, is_dst, name) = zone_at(vm, seconds);
    let heap = &vm.heap;
    let parts = [heap.int(offset), Value::bool(is_dst), heap.str_value(&name)];
    Ok(vm.local(heap.tuple(&parts).value()))
}

fn utc(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let seconds = posix_time(vm, args.at(0))?;
    if seconds.abs() > MAX_SECONDS {
        return Ok(vm.none());
    }
    let fields = Fields {
        zone: Some("GMT".to_owned()),
        offset: Some(0),
        ..fields_of(seconds)
    };
    Ok(vm.local(tuple_of(&vm.heap, &fields)))
}

fn local(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let seconds = posix_time(vm, args.at(0))?;
    if seconds.abs() > MAX_SECONDS {
        return Ok(vm.none());
    }
    let (offset, is_dst, name) = zone_at(vm, seconds);
    let fields = Fields {
        dst: is_dst.into(),
        zone: Some(name),
        offset: Some(offset),
        ..fields_of(seconds + offset)
    };
    Ok(vm.local(tuple_of(&vm.heap, &fields)))
}

/// A number of seconds, rounded down; None is now.
fn posix_time(vm: &mut Vm, seconds: Local) -> Result<i64, Raised> {
    if vm.get(seconds).is_none() {
        return Ok(scheduler(vm).clock.wall().floor() as i64);
    }
    if let Some(exact) = vm.get(seconds).as_i64() {
        return Ok(exact);
    }
    let overflow = |vm: &Vm| {
        vm.heap.raise(
            Builtin::OverflowError,
            "timestamp out of range for platform time_t",
        )
    };
    if plain_value(&vm.heap, vm.get(seconds)).as_float().is_none() {
        let exact = vm.index_value(seconds)?;
        return vm.get(exact).as_i64().ok_or_else(|| overflow(vm));
    }
    let seconds = vm.to_float(seconds)?;
    if seconds.is_nan() {
        return Err(vm.heap.value_error("Invalid value NaN (not a number)"));
    }
    let floor = seconds.floor();
    if !(-9.2e18..9.2e18).contains(&floor) {
        return Err(overflow(vm));
    }
    Ok(floor as i64)
}

fn tuple_of<'h>(heap: &'h Heap, f: &Fields) -> Value<'h> {
    let numbers = [
        f.year, f.month, f.day, f.hour, f.minute, f.second, f.weekday, f.yearday, f.dst,
    ];
    let mut values: Vec<Value<'h>> = numbers.iter().map(|n| heap.int(*n)).collect();
    values.push(match &f.zone {
        Some(name) => heap.str_value(name),
        None => Value::NONE,
    });
    values.push(f.offset.map_or(Value::NONE, |offset| heap.int(offset)));
    heap.tuple(&values).value()
}

/// The fields that a tuple of nine or eleven has. Raises TypeError, OverflowError.
fn fields_from(vm: &Vm, tuple: Local, what: &str) -> Result<Fields, Raised> {
    let heap = &vm.heap;
    let Some(items) = vm.get_gc::<Tuple>(tuple).filter(|items| items.len() >= 9) else {
        return Err(heap.type_error(format!("{what}(): illegal time tuple argument")));
    };
    let mut numbers = [0; 9];
    for (number, value) in numbers.iter_mut().zip(items.iter(heap)) {
        if value.as_any_int().is_none() {
            let name = heap.type_name(value);
            return Err(heap.type_error(format!(
                "'{name}' object cannot be interpreted as an integer"
            )));
        }
        *number = i64::from(fits_c_int(heap, value.as_i64())?);
    }
    // C counts years from 1900.
    if numbers[0] < i64::from(i32::MIN) + 1900 {
        return Err(heap.raise(Builtin::OverflowError, "year out of range"));
    }
    let [
        year,
        month,
        day,
        hour,
        minute,
        second,
        weekday,
        yearday,
        dst,
    ] = numbers;
    let zone = items.at(heap, 9).and_then(|zone| {
        let zone = zone.as_gc::<crate::runtime::str::Str>()?;
        Some(zone.as_str().to_owned())
    });
    let offset = items.at(heap, 10).and_then(Value::as_i64);
    Ok(Fields {
        year,
        month,
        day,
        hour,
        minute,
        second,
        weekday,
        yearday,
        dst,
        zone,
        offset,
    })
}

/// Looks for the moment that has these fields in the local zone: with the hint of `dst` where a clock shows them twice.
fn mktime(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let fields = fields_from(vm, args.at(0), "mktime")?;
    let seconds = seconds_of(&fields).filter(|seconds| seconds.abs() < MAX_SECONDS);
    let Some(wall) = seconds else {
        let message = "mktime argument out of range";
        return Err(vm.heap.raise(Builtin::OverflowError, message));
    };
    let before = zone_at(vm, wall - 86_400).0;
    let after = zone_at(vm, wall + 86_400).0;
    let candidates = [before, after].map(|offset| wall - offset);
    let fits = |moment: &&i64| **moment + zone_at(vm, **moment).0 == wall;
    let mut found = candidates.iter().filter(fits);
    let first = found.next().copied();
    let hinted = candidates
        .iter()
        .filter(fits)
        .find(|moment| i64::from(zone_at(vm, **moment).1) == fields.dst);
    let seconds = hinted.copied().or(first).unwrap_or(wall - before);
    Ok(vm.local(Value::float(seconds as f64)))
}

fn strftime(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let format = vm.text_of(args.at(0))?;
    let mut fields = fields_from(vm, args.at(1), "strftime")?;
    check(&vm.heap, &mut fields)?;
    if format.contains('\0') {
        return Err(vm.heap.value_error("embedded null character"));
    }
    if fields.zone.is_none() && format.contains('Z') {
        let [standard, daylight] = zone_names(vm);
        fields.zone = Some(if fields.dst > 0 { daylight } else { standard });
    }
    let text = format_fields(&format, &fields);
    Ok(vm.local(vm.heap.str_value(&text)))
}

/// Fields of zero where there is no zero stand for the first; others must be in range.
fn check(heap: &Heap, fields: &mut Fields) -> Result<(), Raised> {
    for field in [&mut fields.month, &mut fields.day, &mut fields.yearday] {
        *field += i64::from(*field == 0);
    }
    let ranges = [
        (fields.month, 1..=12, "month"),
        (fields.day, 1..=31, "day of month"),
        (fields.hour, 0..=23, "hour"),
        (fields.minute, 0..=59, "minute"),
        (fields.second, 0..=61, "seconds"),
        (fields.weekday, -1..=i64::MAX, "day of week"),
        (fields.yearday, 1..=366, "day of year"),
    ];
    for (value, allowed, what) in ranges {
        if !allowed.contains(&value) {
            return Err(heap.value_error(format!("{what} out of range")));
        }
    }
    fields.weekday = fields.weekday.rem_euclid(7);
    Ok(())
}

/// The meaning of a text in a format.
///
/// # Errors
/// ValueError.
pub fn read_time(vm: &mut Vm, text: Local, format: Local) -> Result<Parsed, Raised> {
    let given = [text, format];
    let (text, format) = (vm.text_of(text)?, vm.text_of(format)?);
    let chars: Vec<char> = text.chars().collect();
    let format_chars: Vec<char> = format.chars().collect();
    let zones = zone_names(vm);
    match parse(&chars, &format_chars, &zones) {
        Ok(parsed) => Ok(parsed),
        Err(mismatch) => Err(refuse(vm, mismatch, given, &format, &chars)?),
    }
}

fn strptime(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let parsed = read_time(vm, args.at(0), args.at(1))?;
    let heap = &vm.heap;
    let mut values: Vec<Value<'_>> = parsed.fields.iter().map(|n| heap.int(*n)).collect();
    values.push(heap.int(parsed.dst));
    values.push(match &parsed.zone {
        Some(zone) => heap.str_value(zone),
        None => Value::NONE,
    });
    values.push(parsed.offset.map_or(Value::NONE, |n| heap.int(n)));
    values.push(heap.int(parsed.fraction));
    values.push(heap.int(parsed.offset_fraction));
    values.push(Value::bool(parsed.is_ambiguous));
    Ok(vm.local(heap.tuple(&values).value()))
}

/// The ValueError of a text that cannot be read.
fn refuse(
    vm: &mut Vm,
    mismatch: Mismatch,
    given: [Local; 2],
    format: &str,
    text: &[char],
) -> Result<Raised, Raised> {
    let message = match mismatch {
        Mismatch::BadDirective(letter) => {
            format!("'{letter}' is a bad directive in format '{format}'")
        }
        Mismatch::Stray => format!("stray % in format '{format}'"),
        Mismatch::Rest(at) => {
            let rest: String = text[at..].iter().collect();
            format!("unconverted data remains: {rest}")
        }
        Mismatch::Message(message) => message,
        Mismatch::NoMatch => {
            let text = vm.repr(given[0])?;
            let format = vm.repr(given[1])?;
            let (text, format) = (vm.text_of(text)?, vm.text_of(format)?);
            format!("time data {text} does not match format {format}")
        }
    };
    Ok(vm.heap.value_error(message))
}
