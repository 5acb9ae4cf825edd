//! `strftime`, `strptime` and tuples of fields: what dates and times share with the module `time`.
//!
//! Directives that ask for the zone or for microseconds are replaced here; the rest is the format of `time.strftime`.

use super::calendar::{Date, TimeOfDay, fields_of};
use super::state::{Wall, bare_date_of, day_time_of, is_exactly, moment_of, moment_of_class};
use super::{local_time, offset, text};
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Raised, Value};
use crate::stdlib::arg::{as_str, plain_value};
use crate::stdlib::time::calendar::read_time;
use crate::stdlib::time::civil::Fields;
use crate::stdlib::time::strftime::strftime;
use crate::vm::{Local, Vm};

/// The fields as `time.struct_time`; the last one is about daylight saving.
pub fn time_tuple(vm: &mut Vm, date: Date, clock: TimeOfDay, dst: i64) -> Result<Local, Raised> {
    let fields = fields_of(date, clock);
    let numbers = [
        fields.year,
        fields.month,
        fields.day,
        fields.hour,
        fields.minute,
        fields.second,
        fields.weekday,
        fields.yearday,
        dst,
    ];
    let tuple = vm.local(vm.heap.tuple(&numbers.map(Value::small_int)).value());
    let module = vm.import_module("time")?;
    vm.call_method(module, "struct_time", &[tuple])
}

/// The text of an argument that must be a string.
fn string(vm: &Vm, argument: Local, what: &str) -> Result<String, Raised> {
    match as_str(&vm.heap, vm.get(argument)) {
        Some(text) => Ok(text.as_str().to_owned()),
        None => {
            let value = vm.get(argument);
            Err(super::arguments::wrong_type(vm, what, "str", value))
        }
    }
}

/// `__format__` of dates and times: by the instance's own `strftime`, or `str`.
pub fn format(vm: &mut Vm, this: Local, spec: Local) -> Result<Local, Raised> {
    let text = string(vm, spec, "__format__() argument 1")?;
    match text.is_empty() {
        true => vm.str(this),
        false => vm.call_method(this, "strftime", &[spec]),
    }
}

/// `strftime` of a date or datetime.
pub fn date(vm: &mut Vm, this: Local, format: Local) -> Result<Local, Raised> {
    let format = string(vm, format, "strftime() argument 1")?;
    let value = vm.get(this);
    let (date, clock) = match (moment_of(value), bare_date_of(value)) {
        (Some(moment), _) => (moment.date, moment.clock),
        (None, Some(date)) => (date, TimeOfDay::default()),
        _ => {
            let message = "descriptor 'strftime' requires a 'datetime.date' object";
            return Err(vm.heap.type_error(message));
        }
    };
    let own = is_exactly(vm, this, |c| &c.datetime) || is_exactly(vm, this, |c| &c.date);
    let fields = match own {
        true => fields_of(date, clock),
        false => tuple_fields(vm, this)?,
    };
    let zone = match moment_of(vm.get(this)) {
        Some(_) => offset::zone_of(vm, this),
        None => vm.none(),
    };
    if own {
        // No directive shows it, but the zone may refuse.
        offset::ask(vm, zone, "dst", this)?;
    }
    write(vm, &format, fields, (clock.micro, (zone, this)))
}

/// `strftime` of a time, on the first of January 1900.
pub fn time(vm: &mut Vm, this: Local, format: Local) -> Result<Local, Raised> {
    let format = string(vm, format, "strftime() argument 1")?;
    let Some(time) = day_time_of(vm.get(this)) else {
        let message = "descriptor 'strftime' requires a 'datetime.time' object";
        return Err(vm.heap.type_error(message));
    };
    let day = Date {
        year: 1900,
        month: 1,
        day: 1,
    };
    let (clock, zone) = (time.clock, vm.local(time.zone.get(&vm.heap)));
    let fields = Fields {
        weekday: 0,
        ..fields_of(day, clock)
    };
    let asked = (zone, vm.none());
    write(vm, &format, fields, (clock.micro, asked))
}

/// The fields that the method `timetuple` of an instance of user code returns.
fn tuple_fields(vm: &mut Vm, this: Local) -> Result<Fields, Raised> {
    let tuple = vm.call_method(this, "timetuple", &[])?;
    let items = plain_value(&vm.heap, vm.get(tuple)).as_gc::<Tuple>();
    let items = items.map_or_else(Vec::new, |items| items.to_vec(&vm.heap));
    let numbers: Vec<i64> = items.iter().filter_map(|item| item.as_int()).collect();
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
        ..,
    ] = numbers[..]
    else {
        let message = "strftime(): illegal time tuple argument";
        return Err(vm.heap.type_error(message));
    };
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
        ..Fields::default()
    })
}

/// Writes a format; `micro` and the zone with the moment that it is asked about are for the directives that `time` does not have.
fn write(
    vm: &mut Vm,
    format: &str,
    mut fields: Fields,
    (micro, asked): (u32, (Local, Local)),
) -> Result<Local, Raised> {
    let is_plain = !format.contains(['z', 'Z', 'f', 's']);
    if !is_plain {
        let replaced = replaced(vm, format, micro, asked)?;
        if replaced.contains('s') {
            fields.offset = local_offset_of(vm, &fields);
        }
        fields.zone = Some(String::new());
        return Ok(vm.local(vm.heap.str_value(&strftime(&replaced, &fields))));
    }
    Ok(vm.local(vm.heap.str_value(&strftime(format, &fields))))
}

/// How far the local clock is ahead when it shows these fields, for `%s`.
fn local_offset_of(vm: &Vm, fields: &Fields) -> Option<i64> {
    let date = Date::new(fields.year, fields.month, fields.day).ok()?;
    let clock = TimeOfDay::new(fields.hour, fields.minute, fields.second, 0).ok()?;
    let wall = Wall {
        date,
        clock,
        fold: 0,
    };
    let shown = (date.ordinal() - super::calendar::EPOCH) * 86_400 + clock.seconds();
    match local_time::of_wall(vm, wall) {
        Ok(seconds) => Some(shown - seconds),
        Err(raised) => {
            vm.heap.take_raised(raised);
            None
        }
    }
}

/// The format with zone and microseconds in the place of their directives.
fn replaced(
    vm: &mut Vm,
    format: &str,
    micro: u32,
    (zone, moment): (Local, Local),
) -> Result<String, Raised> {
    let mut out = String::with_capacity(format.len() + 16);
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let directive: String = rest.chars().take(2).collect();
        match directive.as_str() {
            "%z" => offset::write(vm, &mut out, (zone, moment), "")?,
            "%Z" => {
                let name = offset::name(vm, zone, moment)?;
                if !vm.get(name).is_none() {
                    out.push_str(&escaped(vm, name)?);
                }
            }
            "%f" => out.push_str(&format!("{micro:06}")),
            "%:" if rest.starts_with("%:z") => {
                offset::write(vm, &mut out, (zone, moment), ":")?;
                rest = &rest[1..];
            }
            other => out.push_str(other),
        }
        rest = &rest[directive.len()..];
    }
    out.push_str(rest);
    Ok(out)
}

/// The name of a zone in a format: percent signs are doubled, by the method of a class of user code.
fn escaped(vm: &mut Vm, name: Local) -> Result<String, Raised> {
    if let Some(name) = vm.get_gc::<Str>(name) {
        return Ok(name.as_str().replace('%', "%%"));
    }
    let signs = ["%", "%%"].map(|sign| vm.local(vm.heap.str_value(sign)));
    let replaced = vm.call_method(name, "replace", &signs)?;
    match as_str(&vm.heap, vm.get(replaced)) {
        Some(text) => Ok(text.as_str().to_owned()),
        None => {
            let message = "tzname.replace() did not return a string";
            Err(vm.heap.type_error(message))
        }
    }
}

/// `strptime`
pub fn parse(vm: &mut Vm, class: Local, args: [Local; 2]) -> Result<Local, Raised> {
    string(vm, args[0], "strptime() argument 1")?;
    string(vm, args[1], "strptime() argument 2")?;
    let parsed = read_time(vm, args[0], args[1])?;
    if parsed.is_ambiguous {
        let module = vm.import_module("_time")?;
        let level = vm.local(vm.heap.int(2));
        vm.call_method(module, "_warn_of_day_without_year", &[level])?;
    }
    let zone = match parsed.offset {
        Some(seconds) => {
            let micros = seconds * 1_000_000 + parsed.offset_fraction;
            let name = parsed.zone.as_deref().filter(|name| !name.is_empty());
            Some(offset::fixed(vm, micros, name)?)
        }
        None => None,
    };
    let [year, month, day, hour, minute, second, ..] = parsed.fields;
    let own = super::state::is_class(vm, class, |c| &c.datetime);
    if !own || second > 59 {
        // A class of user code, or a leap second, which the constructor refuses.
        let numbers = [year, month, day, hour, minute, second, parsed.fraction];
        let mut fields: Vec<Local> = Vec::with_capacity(8);
        for number in numbers {
            fields.push(vm.local(vm.heap.int(number)));
        }
        fields.extend(zone);
        return vm.call(class, &fields);
    }
    let date = super::arguments::date(vm, [year, month, day])?;
    let (clock, fold) = super::arguments::clock(vm, [hour, minute, second, parsed.fraction], 0)?;
    let wall = Wall { date, clock, fold };
    let zone = zone.unwrap_or_else(|| vm.none());
    moment_of_class(vm, class, wall, zone)
}

/// The precision that a name says, of an argument of `isoformat`.
pub fn precision(vm: &Vm, argument: Local, what: &str) -> Result<text::Precision, Raised> {
    if vm.get(argument).is_undef() {
        return Ok(text::Precision::Auto);
    }
    let name = string(vm, argument, what)?;
    text::Precision::named(&name).ok_or_else(|| vm.heap.value_error("Unknown timespec value"))
}
