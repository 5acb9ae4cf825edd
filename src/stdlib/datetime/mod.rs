//! `_datetime`: the classes of the module `datetime`, which takes them from here.
//!
//! Lowest first: `calendar`, `duration`, `text` and `parse` work on plain data; `state` has the insides of objects and makes them; `offset`
//! asks zones, `local_time` the clock and the local zone, `format` is what is shared with `time`, `pickle` states as bytes. Then a file for
//! each class. To add a method: its `Native` in the file of its class, and a word in the table there.

mod arguments;
mod calendar;
mod date;
#[expect(
    clippy::module_inception,
    reason = "the class has the name of its module"
)]
mod datetime;
mod datetime_operators;
mod delta;
mod delta_operators;
mod duration;
mod format;
mod iso_calendar;
mod local_time;
mod offset;
mod parse;
mod pickle;
mod state;
mod text;
mod time;
mod zone;

use self::calendar::{Date, TimeOfDay};
use self::duration::Duration;
pub use self::state::Classes;
use self::state::{Wall, new_date, new_delta, new_moment, new_time};
use super::registry::{NativeModule, class_of};
use crate::runtime::Raised;
use crate::runtime::class::Class;
use crate::vm::{Local, Vm};

/// The module.
pub const DATETIME: NativeModule = NativeModule {
    types: &[
        &date::DATE,
        &time::TIME,
        &datetime::DATETIME,
        &delta::TIMEDELTA,
        &zone::TZINFO,
        &zone::TIMEZONE,
        &iso_calendar::ISO_CALENDAR_DATE,
    ],
    init,
    ..NativeModule::of("_datetime", "The native part of datetime.")
};

fn init(vm: &mut Vm, _: Local) -> Result<(), Raised> {
    let classes = [
        &date::DATE,
        &time::TIME,
        &datetime::DATETIME,
        &delta::TIMEDELTA,
        &zone::TZINFO,
        &zone::TIMEZONE,
        &iso_calendar::ISO_CALENDAR_DATE,
    ]
    .map(|class| class_of(vm, class));
    let kept = vm.extension::<Classes>();
    let slots = [
        &kept.date,
        &kept.time,
        &kept.datetime,
        &kept.timedelta,
        &kept.tzinfo,
        &kept.timezone,
        &kept.iso_date,
    ];
    for (slot, class) in slots.into_iter().zip(classes) {
        slot.set(vm.get(class));
    }
    let [date, time, datetime, timedelta, _, timezone, _] = classes;
    add_zones(vm, timezone);
    add_limits(vm, [date, time, datetime, timedelta]);
    Ok(())
}

fn set(vm: &Vm, class: Local, name: &str, value: Local) {
    if let Some(class) = vm.get_gc::<Class>(class) {
        class.bind(&vm.heap, vm.heap.intern(name), vm.get(value));
    }
}

/// `timezone.utc`, `min` and `max`.
fn add_zones(vm: &mut Vm, class: Local) {
    for (name, minutes) in [("utc", 0), ("min", -(24 * 60 - 1)), ("max", 24 * 60 - 1)] {
        let length = Duration::of_micros(minutes * 60_000_000).unwrap_or_default();
        let (offset, unnamed) = (new_delta(vm, length), vm.none());
        let zone = zone::make(vm, length, (offset, unnamed));
        set(vm, class, name, zone);
        if minutes == 0 {
            vm.extension::<Classes>().utc.set(vm.get(zone));
        }
    }
}

/// `min`, `max` and `resolution` of the other classes.
fn add_limits(vm: &mut Vm, [date, time, datetime, timedelta]: [Local; 4]) {
    let none = vm.none();
    let days = [(1, 1, 1), (9999, 12, 31)];
    let last = TimeOfDay {
        hour: 23,
        minute: 59,
        second: 59,
        micro: 999_999,
    };
    let times = [TimeOfDay::default(), last];
    let lengths = [Duration::MIN, Duration::MAX];
    for (at, name) in ["min", "max"].into_iter().enumerate() {
        let (year, month, day) = days[at];
        let day = Date { year, month, day };
        let wall = Wall {
            date: day,
            clock: times[at],
            fold: 0,
        };
        let value = new_date(vm, day);
        set(vm, date, name, value);
        let value = new_time(vm, (times[at], 0), none);
        set(vm, time, name, value);
        let value = new_moment(vm, wall, none);
        set(vm, datetime, name, value);
        let value = new_delta(vm, lengths[at]);
        set(vm, timedelta, name, value);
    }
    let units = [
        (date, calendar::DAY_MICROS),
        (time, 1),
        (datetime, 1),
        (timedelta, 1),
    ];
    for (class, micros) in units {
        let length = Duration::of_micros(micros).unwrap_or_default();
        let value = new_delta(vm, length);
        set(vm, class, "resolution", value);
    }
}
