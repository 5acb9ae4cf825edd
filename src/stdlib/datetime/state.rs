//! The insides of the objects of `datetime`, their classes, and how objects are made and read.
//!
//! A datetime is a date, too: `date_of` reads both. Whether a class is the module's own is asked of `Classes`, which the module fills when
//! it is imported; results of other classes are made by calling these, as in CPython.

use super::calendar::{Date, TimeOfDay};
use super::duration::{Duration, TooLong};
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::{Extension, Layer, LayerPlace, Local, Vm};

/// The insides of a date that is no datetime.
pub struct DateState {
    /// The day.
    pub date: Date,
}
traced!(plain DateState);
impl Payload for DateState {}

/// The insides of a datetime.
pub struct Moment {
    /// Its day.
    pub date: Date,
    /// Its time of the day.
    pub clock: TimeOfDay,
    /// 1 for the second of two equal times.
    pub fold: u8,
    /// Its zone, or None.
    pub zone: Slot,
}
traced!(Moment { zone } plain { date, clock, fold });
impl Payload for Moment {}

/// The insides of a time.
pub struct DayTime {
    /// The time of the day.
    pub clock: TimeOfDay,
    /// 1 for the second of two equal times.
    pub fold: u8,
    /// Its zone, or None.
    pub zone: Slot,
}
traced!(DayTime { zone } plain { clock, fold });
impl Payload for DayTime {}

/// The insides of a timedelta.
pub struct Delta {
    /// Its length.
    pub length: Duration,
}
traced!(plain Delta);
impl Payload for Delta {}

/// The insides of a timezone.
pub struct FixedZone {
    /// The offset from UTC.
    pub length: Duration,
    /// The offset as the object that made the zone.
    pub offset: Slot,
    /// Its name, or None.
    pub name: Slot,
}
traced!(FixedZone { offset, name } plain { length });
impl Payload for FixedZone {}

/// The classes of the module, and its zone of UTC.
#[derive(Default)]
pub struct Classes {
    /// `date`
    pub date: Slot,
    /// `time`
    pub time: Slot,
    /// `datetime`
    pub datetime: Slot,
    /// `timedelta`
    pub timedelta: Slot,
    /// `tzinfo`
    pub tzinfo: Slot,
    /// `timezone`
    pub timezone: Slot,
    /// `IsoCalendarDate`
    pub iso_date: Slot,
    /// `timezone.utc`
    pub utc: Slot,
}

impl Layer for Classes {
    const PLACE: LayerPlace = LayerPlace::Dates;
}
traced!(Classes {
    date,
    time,
    datetime,
    timedelta,
    tzinfo,
    timezone,
    iso_date,
    utc
});
impl Extension for Classes {}

/// A class of the module.
pub fn class<'h>(vm: &'h Vm, slot: fn(&Classes) -> &Slot) -> Gc<'h, Class> {
    slot(vm.extension::<Classes>()).expect(&vm.heap)
}

/// Whether a class is this one of the module.
pub fn is_class(vm: &Vm, given: Local, slot: fn(&Classes) -> &Slot) -> bool {
    vm.get(given).is(class(vm, slot).value())
}

/// The class of an object.
pub fn class_of(vm: &Vm, object: Local) -> Local {
    vm.local(vm.heap.class_of(vm.get(object)).value())
}

/// Whether an object is of exactly this class of the module.
pub fn is_exactly(vm: &Vm, object: Local, slot: fn(&Classes) -> &Slot) -> bool {
    vm.heap.class_of(vm.get(object)) == class(vm, slot)
}

fn find<'h, T: Payload>(value: Value<'h>) -> Option<&'h T> {
    value.as_gc::<Opaque>()?.payload()
}

/// The day of a date or datetime.
#[inline]
pub fn date_of(value: Value<'_>) -> Option<Date> {
    match find::<DateState>(value) {
        Some(state) => Some(state.date),
        None => find::<Moment>(value).map(|moment| moment.date),
    }
}

/// The day of a date that is no datetime.
#[inline]
pub fn bare_date_of(value: Value<'_>) -> Option<Date> {
    find::<DateState>(value).map(|state| state.date)
}

/// The insides of a datetime.
#[inline]
pub fn moment_of<'h>(value: Value<'h>) -> Option<&'h Moment> {
    find(value)
}

/// The insides of a time.
#[inline]
pub fn day_time_of<'h>(value: Value<'h>) -> Option<&'h DayTime> {
    find(value)
}

/// The length of a timedelta.
#[inline]
pub fn length_of(value: Value<'_>) -> Option<Duration> {
    find::<Delta>(value).map(|delta| delta.length)
}

/// The insides of a timezone.
#[inline]
pub fn fixed_zone_of<'h>(value: Value<'h>) -> Option<&'h FixedZone> {
    find(value)
}

/// The receiver's payload, or the TypeError of a method that got another object.
pub fn needed<'h, T>(
    heap: &'h Heap,
    value: Value<'h>,
    found: Option<T>,
    class: &str,
) -> Result<T, Raised> {
    found.ok_or_else(|| {
        let given = heap.type_name(value);
        heap.type_error(format!(
            "descriptor requires a '{class}' object but received a '{given}'"
        ))
    })
}

/// The day that a method was called on.
#[inline]
pub fn this_date(heap: &Heap, value: Value<'_>) -> Result<Date, Raised> {
    needed(heap, value, date_of(value), "datetime.date")
}

/// The moment that a method was called on.
#[inline]
pub fn this_moment<'h>(heap: &'h Heap, value: Value<'h>) -> Result<&'h Moment, Raised> {
    needed(heap, value, moment_of(value), "datetime.datetime")
}

/// The time that a method was called on.
#[inline]
pub fn this_time<'h>(heap: &'h Heap, value: Value<'h>) -> Result<&'h DayTime, Raised> {
    needed(heap, value, day_time_of(value), "datetime.time")
}

/// The length that a method was called on.
#[inline]
pub fn this_length(heap: &Heap, value: Value<'_>) -> Result<Duration, Raised> {
    needed(heap, value, length_of(value), "datetime.timedelta")
}

/// The timezone that a method was called on.
pub fn this_zone<'h>(heap: &'h Heap, value: Value<'h>) -> Result<&'h FixedZone, Raised> {
    needed(heap, value, fixed_zone_of(value), "datetime.timezone")
}

/// The OverflowError of a duration that is too long.
pub fn fits<T>(heap: &Heap, made: Result<T, TooLong>) -> Result<T, Raised> {
    made.map_err(|TooLong(message)| heap.raise(Builtin::OverflowError, message))
}

/// A result whose error is the message of a ValueError.
pub fn valid<T>(heap: &Heap, made: Result<T, impl Into<String>>) -> Result<T, Raised> {
    made.map_err(|message| heap.value_error(message.into()))
}

/// OverflowError: a date would be in no year from 1 to 9999.
#[cold]
pub fn out_of_range(heap: &Heap) -> Raised {
    heap.raise(Builtin::OverflowError, "date value out of range")
}

/// A timedelta.
#[inline]
pub fn new_delta(vm: &Vm, length: Duration) -> Local {
    let class = class(vm, |c| &c.timedelta);
    vm.local(vm.heap.opaque(class, Delta { length }).value())
}

/// A date.
pub fn new_date(vm: &Vm, date: Date) -> Local {
    let class = class(vm, |c| &c.date);
    vm.local(vm.heap.opaque(class, DateState { date }).value())
}

/// A date, a time of the day and a fold, of which a datetime is made with a zone.
#[derive(Clone, Copy)]
pub struct Wall {
    /// The day.
    pub date: Date,
    /// The time of the day.
    pub clock: TimeOfDay,
    /// 1 for the second of two equal times.
    pub fold: u8,
}

impl Moment {
    /// All of it but the zone.
    pub fn wall(&self) -> Wall {
        Wall {
            date: self.date,
            clock: self.clock,
            fold: self.fold,
        }
    }

    /// Microseconds from day 0, as the clock shows them.
    pub fn micros(&self) -> i64 {
        super::calendar::micros_of(self.date, self.clock)
    }
}

/// A datetime of a class that is given.
pub fn make_moment(vm: &Vm, class: Local, wall: Wall, zone: Local) -> Local {
    let moment = Moment {
        date: wall.date,
        clock: wall.clock,
        fold: wall.fold,
        zone: Slot::new(vm.get(zone)),
    };
    vm.new_opaque(class, moment)
}

/// A datetime.
#[inline]
pub fn new_moment(vm: &Vm, wall: Wall, zone: Local) -> Local {
    let class = vm.local(class(vm, |c| &c.datetime).value());
    make_moment(vm, class, wall, zone)
}

/// A time of a class that is given.
pub fn make_time(vm: &Vm, class: Local, (clock, fold): (TimeOfDay, u8), zone: Local) -> Local {
    let time = DayTime {
        clock,
        fold,
        zone: Slot::new(vm.get(zone)),
    };
    vm.new_opaque(class, time)
}

/// A time.
pub fn new_time(vm: &Vm, parts: (TimeOfDay, u8), zone: Local) -> Local {
    let class = vm.local(class(vm, |c| &c.time).value());
    make_time(vm, class, parts, zone)
}

/// Integers as arguments of a call.
fn ints<const N: usize>(vm: &Vm, numbers: [i64; N]) -> Vec<Local> {
    numbers.iter().map(|&n| vm.local(vm.heap.int(n))).collect()
}

/// A date of a class, which may be one of user code: that is called with the fields.
pub fn date_of_class(vm: &mut Vm, class: Local, date: Date) -> Result<Local, Raised> {
    if is_class(vm, class, |c| &c.date) {
        return Ok(new_date(vm, date));
    }
    let none = vm.none();
    if is_class(vm, class, |c| &c.datetime) {
        let wall = Wall {
            date,
            clock: TimeOfDay::default(),
            fold: 0,
        };
        return Ok(new_moment(vm, wall, none));
    }
    let fields = ints(vm, [date.year.into(), date.month.into(), date.day.into()]);
    vm.call(class, &fields)
}

/// Calls a class of user code with fields, and with the fold if that is 1.
fn call(vm: &mut Vm, class: Local, fields: &[Local], fold: u8) -> Result<Local, Raised> {
    if fold == 0 {
        return vm.call(class, fields);
    }
    let fold = vm.local(vm.heap.int(fold.into()));
    vm.call_kw(class, fields, &["fold"], &[fold])
}

/// A datetime of a class, which may be one of user code: that is called with the fields.
pub fn moment_of_class(
    vm: &mut Vm,
    class: Local,
    wall: Wall,
    zone: Local,
) -> Result<Local, Raised> {
    if is_class(vm, class, |c| &c.datetime) {
        return Ok(new_moment(vm, wall, zone));
    }
    let (date, clock) = (wall.date, wall.clock);
    let mut fields = ints(
        vm,
        [
            date.year.into(),
            date.month.into(),
            date.day.into(),
            clock.hour.into(),
            clock.minute.into(),
            clock.second.into(),
            clock.micro.into(),
        ],
    );
    fields.push(zone);
    call(vm, class, &fields, wall.fold)
}

/// A time of a class, likewise.
pub fn time_of_class(
    vm: &mut Vm,
    class: Local,
    (clock, fold): (TimeOfDay, u8),
    zone: Local,
) -> Result<Local, Raised> {
    if is_class(vm, class, |c| &c.time) {
        return Ok(new_time(vm, (clock, fold), zone));
    }
    let mut fields = ints(
        vm,
        [
            clock.hour.into(),
            clock.minute.into(),
            clock.second.into(),
            clock.micro.into(),
        ],
    );
    fields.push(zone);
    call(vm, class, &fields, fold)
}
