//! The class `time`: a time of the day, with or without a zone.
//!
//! Its zone is asked with None in the place of a moment: zones whose offset depends on the day have none then. Results of `replace` and
//! `fromisoformat` are of the class that they were called on.

use super::arguments::{self, c_int, int_or, ints_or, replacing_int, zone_or};
use super::calendar::TimeOfDay;
use super::date::invalid_text;
use super::datetime::push_zone;
use super::duration::Duration;
use super::parse::{self, ParsedTime};
use super::state::{
    DayTime, class_of, day_time_of, is_exactly, make_time, this_time, time_of_class,
};
use super::text::{self, Precision};
use super::{format, offset, pickle};
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::as_str;
use crate::stdlib::comparisons::comparisons;
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The class.
pub const TIME: ModuleType = ModuleType {
    name: "datetime.time",
    module: "datetime",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &UTCOFFSET,
            &DST,
            &TZNAME,
            &ISOFORMAT,
            &STR,
            &REPR,
            &STRFTIME,
            &FORMAT,
            &REPLACE,
            &REPLACE_FIELDS,
            &EQ,
            &NE,
            &LT,
            &LE,
            &GT,
            &GE,
            &HASH,
            &REDUCE,
            &REDUCE_EX,
        ],
        class_methods: &[&FROMISOFORMAT],
        getters: &[
            Getter::leaf("hour", "0 to 23.", |heap, args| {
                field(heap, args, |t| t.clock.hour.into())
            }),
            Getter::leaf("minute", "0 to 59.", |heap, args| {
                field(heap, args, |t| t.clock.minute.into())
            }),
            Getter::leaf("second", "0 to 59.", |heap, args| {
                field(heap, args, |t| t.clock.second.into())
            }),
            Getter::leaf("microsecond", "0 to 999999.", |heap, args| {
                field(heap, args, |t| t.clock.micro.into())
            }),
            Getter::leaf("tzinfo", "The zone, or None.", |heap, args| {
                Ok(this_time(heap, args.get(0))?.zone.get(heap))
            }),
            Getter::leaf(
                "fold",
                "1 for the second of two equal times when clocks are set back.",
                |heap, args| field(heap, args, |t| t.fold.into()),
            ),
        ],
        has_no_dict: true,
        ..NativeType::of(
            Builtin::Opaque,
            "A time of the day, with or without a zone.",
        )
    },
};

fn field<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    part: fn(&DayTime) -> i64,
) -> Result<Value<'h>, Raised> {
    let time = this_time(heap, args.get(0))?;
    Ok(Value::small_int(part(time)))
}

const NEW: Native = Native::vm(
    "time(cls, /, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)",
    "The time with these fields. Raises ValueError if there is none.",
    |vm, args| {
        if let Some((parts, zone)) = pickle::time(vm, args)? {
            return Ok(make_time(vm, args.at(0), parts, zone));
        }
        let fields = ints_or(vm, (args, 1), [0; 4], c_int)?;
        let fold = int_or(vm, args.at(6), 0, c_int)?;
        let parts = arguments::clock(vm, fields, fold)?;
        let zone = arguments::zone(vm, args.at(5))?;
        Ok(make_time(vm, args.at(0), parts, zone))
    },
);
const FROMISOFORMAT: Native = Native::vm(
    "fromisoformat(cls, string, /)",
    "The time of a text in an ISO 8601 format. Raises ValueError for other texts.",
    |vm, args| {
        let Some(given) = as_str(&vm.heap, vm.get(args.at(1))) else {
            return Err(vm.heap.type_error("fromisoformat: argument must be str"));
        };
        let Some(parsed) = parse::time(given.as_str().as_bytes()) else {
            return Err(invalid_text(vm, args.at(1)));
        };
        let zone = zone_of_text(vm, parsed)?;
        let parts = arguments::clock(vm, parsed.fields, 0)?;
        time_of_class(vm, args.at(0), parts, zone)
    },
);

/// The zone that a text says, or None.
pub fn zone_of_text(vm: &mut Vm, time: ParsedTime) -> Result<Local, Raised> {
    let Some((seconds, micros)) = time.offset else {
        return Ok(vm.none());
    };
    // CPython looks at the seconds alone.
    if seconds == 0 {
        return Ok(offset::utc(vm));
    }
    offset::fixed(vm, seconds * 1_000_000 + micros, None)
}

/// The zone of a time.
fn zone_of(vm: &Vm, time: Local) -> Result<Local, Raised> {
    let time = this_time(&vm.heap, vm.get(time))?;
    Ok(vm.local(time.zone.get(&vm.heap)))
}

/// The offset of a time; None if it has no zone, or one that depends on the day.
fn offset_of(vm: &mut Vm, time: Local) -> Result<Option<Duration>, Raised> {
    let (zone, none) = (zone_of(vm, time)?, vm.none());
    offset::ask(vm, zone, "utcoffset", none)
}

const UTCOFFSET: Native = Native::vm(
    "utcoffset(self, /)",
    "The zone's offset from UTC, or None.",
    |vm, args| {
        let (zone, none) = (zone_of(vm, args.at(0))?, vm.none());
        offset::answer(vm, zone, "utcoffset", none)
    },
);
const DST: Native = Native::vm(
    "dst(self, /)",
    "The zone's daylight saving, or None.",
    |vm, args| {
        let (zone, none) = (zone_of(vm, args.at(0))?, vm.none());
        offset::answer(vm, zone, "dst", none)
    },
);
const TZNAME: Native = Native::vm(
    "tzname(self, /)",
    "The zone's name, or None.",
    |vm, args| {
        let (zone, none) = (zone_of(vm, args.at(0))?, vm.none());
        offset::name(vm, zone, none)
    },
);
const ISOFORMAT: Native = Native::vm(
    "isoformat(self, timespec='auto')",
    "'HH:MM:SS.ffffff+hh:mm'; timespec: hours, minutes, seconds, milliseconds, microseconds or auto.",
    |vm, args| {
        let precision = format::precision(vm, args.at(1), "isoformat() argument 1")?;
        iso_text(vm, args.at(0), precision)
    },
);

fn iso_text(vm: &mut Vm, this: Local, precision: Precision) -> Result<Local, Raised> {
    let (zone, none) = (zone_of(vm, this)?, vm.none());
    let clock = this_time(&vm.heap, vm.get(this))?.clock;
    let mut text = String::with_capacity(24);
    text::iso_clock(&mut text, clock, precision);
    offset::write(vm, &mut text, (zone, none), ":")?;
    Ok(vm.local(vm.heap.str_value(&text)))
}

const STR: Native = Native::vm(
    "__str__(self, /)",
    "Return str(self).",
    |vm, args| match is_exactly(vm, args.at(0), |c| &c.time) {
        true => iso_text(vm, args.at(0), Precision::Auto),
        false => vm.call_method(args.at(0), "isoformat", &[]),
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let zone = zone_of(vm, args.at(0))?;
    let time = this_time(&vm.heap, vm.get(args.at(0)))?;
    let (clock, fold) = (time.clock, time.fold);
    let class = vm.heap.type_name(vm.get(args.at(0)));
    let mut text = format!("{class}({}, {}", clock.hour, clock.minute);
    text::repr_seconds(&mut text, clock);
    push_zone(vm, &mut text, zone)?;
    text.push_str(if fold > 0 { ", fold=1)" } else { ")" });
    Ok(vm.local(vm.heap.str_value(&text)))
});
const STRFTIME: Native = Native::vm(
    "strftime(self, format)",
    "The time in this format; dates in it are those of 1900-01-01.",
    |vm, args| format::time(vm, args.at(0), args.at(1)),
);
const FORMAT: Native = Native::vm(
    "__format__(self, format_spec, /)",
    "strftime() of the format; without one str().",
    |vm, args| format::format(vm, args.at(0), args.at(1)),
);
const REPLACE: Native = Native::vm(
    "replace(self, hour=None, minute=None, second=None, microsecond=None, tzinfo=None, *, fold=None)",
    "A time with some fields replaced.",
    replace,
);
const REPLACE_FIELDS: Native = Native::vm(
    "__replace__(self, hour=None, minute=None, second=None, microsecond=None, tzinfo=None, *, fold=None)",
    "The same as replace().",
    replace,
);

fn replace(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let zone = zone_of(vm, args.at(0))?;
    let time = this_time(&vm.heap, vm.get(args.at(0)))?;
    let (clock, fold) = (time.clock, time.fold);
    let own = [
        clock.hour.into(),
        clock.minute.into(),
        clock.second.into(),
        clock.micro.into(),
    ];
    let fields = ints_or(vm, (args, 1), own, replacing_int)?;
    let fold = int_or(vm, args.at(6), fold.into(), replacing_int)?;
    let parts = arguments::clock(vm, fields, fold)?;
    let zone = zone_or(vm, args.at(5), zone)?;
    let class = class_of(vm, args.at(0));
    time_of_class(vm, class, parts, zone)
}

comparisons!(vm, compare);

/// Two times, and whether they have the same zone object, or both none.
fn pair(heap: &Heap, a: Value<'_>, b: Value<'_>) -> Option<(TimeOfDay, TimeOfDay, bool)> {
    let (x, y) = (day_time_of(a)?, day_time_of(b)?);
    let shared = x.zone.get(heap).is(y.zone.get(heap));
    Some((x.clock, y.clock, shared))
}

/// The whole seconds of an offset.
fn seconds(offset: Option<Duration>) -> i64 {
    offset.map_or(0, Duration::whole_seconds)
}

fn compare(vm: &mut Vm, args: Locals, how: Comparison) -> Result<Local, Raised> {
    let found = pair(&vm.heap, vm.get(args.at(0)), vm.get(args.at(1)));
    let Some((a, b, shared)) = found else {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    };
    if shared {
        return Ok(vm.local(Value::bool(how.holds(Some(a.cmp(&b))))));
    }
    let (x, y) = (offset_of(vm, args.at(0))?, offset_of(vm, args.at(1))?);
    let holds = match (x == y, x.is_some() && y.is_some()) {
        (true, _) => how.holds(Some(a.cmp(&b))),
        // As in CPython the microseconds of offsets do not count.
        (_, true) => {
            let (a, b) = (
                (a.seconds() - seconds(x), a.micro),
                (b.seconds() - seconds(y), b.micro),
            );
            how.holds(Some(a.cmp(&b)))
        }
        _ if how == Comparison::Eq => false,
        _ if how == Comparison::Ne => true,
        _ => {
            let message = "can't compare offset-naive and offset-aware times";
            return Err(vm.heap.type_error(message));
        }
    };
    Ok(vm.local(Value::bool(holds)))
}

const HASH: Native = Native::vm("__hash__(self, /)", "Return hash(self).", |vm, args| {
    let micros = this_time(&vm.heap, vm.get(args.at(0)))?.clock.micros();
    let offset = offset_of(vm, args.at(0))?;
    let hash = micros - offset.and_then(Duration::short).unwrap_or(0);
    Ok(vm.local(vm.heap.int(hash)))
});
const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    reduce(vm, args.at(0), 2)
});
const REDUCE_EX: Native = Native::vm(
    "__reduce_ex__(self, proto, /)",
    "Helper for pickle.",
    |vm, args| {
        let protocol = c_int(vm, args.at(1))?;
        reduce(vm, args.at(0), protocol)
    },
);

fn reduce(vm: &mut Vm, this: Local, protocol: i64) -> Result<Local, Raised> {
    let zone = zone_of(vm, this)?;
    let time = this_time(&vm.heap, vm.get(this))?;
    let mut state = pickle::clock_state(time.clock);
    state[0] |= pickle::fold_bit(time.fold, protocol);
    pickle::reduced(vm, this, &state, Some(zone))
}
