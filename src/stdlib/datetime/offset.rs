//! Questions to zones: offset, daylight saving and name at a moment, checked as CPython checks them.
//!
//! A zone of user code is called through its instance. A `timezone` cannot be derived from, so its offset is read.

use super::duration::Duration;
use super::state::{
    Wall, class_of, fits, fixed_zone_of, length_of, make_moment, moment_of, new_delta,
};
use super::text;
use crate::runtime::{Raised, Slot, Value};
use crate::stdlib::arg::as_str;
use crate::vm::{Local, Vm};

/// The answer of a zone's `utcoffset` or `dst` about a moment, or about None.
///
/// # Errors
/// TypeError, ValueError for what is no offset; what the zone raises.
pub fn ask(
    vm: &mut Vm,
    zone: Local,
    method: &str,
    moment: Local,
) -> Result<Option<Duration>, Raised> {
    Ok(ask_object(vm, zone, method, moment)?.map(|(length, _)| length))
}

/// The same with the object, or None.
fn ask_object(
    vm: &mut Vm,
    zone: Local,
    method: &str,
    moment: Local,
) -> Result<Option<(Duration, Local)>, Raised> {
    if vm.get(zone).is_none() {
        return Ok(None);
    }
    if let Some(fixed) = fixed_zone_of(vm.get(zone)) {
        let offset = (fixed.length, vm.local(fixed.offset.get(&vm.heap)));
        return Ok((method == "utcoffset").then_some(offset));
    }
    let said = vm.call_method(zone, method, &[moment])?;
    let value = vm.get(said);
    if value.is_none() {
        return Ok(None);
    }
    let Some(length) = length_of(value) else {
        let given = vm.heap.type_name(value);
        let message = format!("tzinfo.{method}() must return None or timedelta, not '{given}'");
        return Err(vm.heap.type_error(message));
    };
    if !length.is_offset() {
        let message = "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24).";
        return Err(vm.heap.value_error(message));
    }
    Ok(Some((length, said)))
}

/// The offset of a moment; None if it has no zone or the zone says so.
pub fn offset_of(vm: &mut Vm, moment: Local) -> Result<Option<Duration>, Raised> {
    let zone = zone_of(vm, moment);
    ask(vm, zone, "utcoffset", moment)
}

/// The zone of a datetime.
pub fn zone_of(vm: &Vm, moment: Local) -> Local {
    let zone = moment_of(vm.get(moment)).map(|moment| moment.zone.get(&vm.heap));
    vm.local(zone.unwrap_or(Value::NONE))
}

/// The offset that a moment has with a fold.
pub fn offset_with_fold(vm: &mut Vm, moment: Local, fold: u8) -> Result<Option<Duration>, Raised> {
    let Some(insides) = moment_of(vm.get(moment)) else {
        return Ok(None);
    };
    if insides.fold == fold {
        return offset_of(vm, moment);
    }
    let wall = Wall {
        fold,
        ..insides.wall()
    };
    let (zone, class) = (zone_of(vm, moment), class_of(vm, moment));
    let other = make_moment(vm, class, wall, zone);
    offset_of(vm, other)
}

/// The result of a method `utcoffset` or `dst`, checked.
pub fn answer(vm: &mut Vm, zone: Local, method: &str, moment: Local) -> Result<Local, Raised> {
    Ok(match ask_object(vm, zone, method, moment)? {
        Some((_, object)) => object,
        None => vm.none(),
    })
}

/// The result of a method `tzname`, checked.
pub fn name(vm: &mut Vm, zone: Local, moment: Local) -> Result<Local, Raised> {
    if vm.get(zone).is_none() {
        return Ok(vm.none());
    }
    if fixed_zone_of(vm.get(zone)).is_some() {
        return Ok(fixed_name(vm, zone));
    }
    let name = vm.call_method(zone, "tzname", &[moment])?;
    let value = vm.get(name);
    if value.is_none() || as_str(&vm.heap, value).is_some() {
        return Ok(name);
    }
    let given = vm.heap.type_name(value);
    let message = format!("tzinfo.tzname() must return None or a string, not '{given}'");
    Err(vm.heap.type_error(message))
}

/// The name of a fixed zone: the one that it was given, or `UTC` and its offset.
pub fn fixed_name(vm: &Vm, zone: Local) -> Local {
    let Some(fixed) = fixed_zone_of(vm.get(zone)) else {
        return vm.none();
    };
    let name = fixed.name.get(&vm.heap);
    if !name.is_none() {
        return vm.local(name);
    }
    vm.local(vm.heap.str_value(&text::zone_name(fixed.length)))
}

/// Writes the offset of a moment or time, if there is one.
pub fn write(
    vm: &mut Vm,
    text: &mut String,
    (zone, moment): (Local, Local),
    separator: &str,
) -> Result<(), Raised> {
    if let Some(length) = ask(vm, zone, "utcoffset", moment)? {
        text::offset(text, length, separator);
    }
    Ok(())
}

/// The zone of so many microseconds, which a text says; that of UTC for none.
///
/// # Errors
/// ValueError for a day or more.
pub fn fixed(vm: &Vm, micros: i64, name: Option<&str>) -> Result<Local, Raised> {
    let length = fits(&vm.heap, Duration::of_micros(micros))?;
    if !length.is_offset() {
        let shown = text::duration_repr("datetime.timedelta", length);
        return Err(too_far(vm, &shown));
    }
    if micros == 0 && name.is_none() {
        return Ok(utc(vm));
    }
    let offset = new_delta(vm, length);
    let name = match name {
        Some(name) => vm.local(vm.heap.str_value(name)),
        None => vm.none(),
    };
    Ok(super::zone::make(vm, length, (offset, name)))
}

/// ValueError: an offset, which is shown, is a day or longer.
pub fn too_far(vm: &Vm, shown: &str) -> Raised {
    vm.heap.value_error(format!(
        "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not {shown}."
    ))
}

/// `timezone.utc`
pub fn utc(vm: &Vm) -> Local {
    let utc = &vm.extension::<super::state::Classes>().utc;
    vm.local(utc.get(&vm.heap))
}

/// A slot with the value of a local.
pub fn slot(vm: &Vm, value: Local) -> Slot {
    Slot::new(vm.get(value))
}
