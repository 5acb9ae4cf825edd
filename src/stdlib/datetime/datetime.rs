//! The class `datetime`: constructors, attributes and methods. Its operators are in `datetime_operators.rs`.
//!
//! Results are of the class that a method was called on; classes of user code are called with the fields, as in CPython.

use super::arguments::{self, c_int, int_or, ints_or, quick_ints, replacing_int, zone_or};
use super::calendar::{DAY_MICROS, Date, EPOCH, TimeOfDay, micros_of, moment_of as wall_of};
use super::date::{checked_date, invalid_text};
use super::datetime_operators as operators;
use super::parse;
use super::state::{
    Moment, Wall, class_of, date_of, day_time_of, is_exactly, moment_of, moment_of_class, new_date,
    new_time, out_of_range, this_moment,
};
use super::text::{self, Precision};
use super::{format, local_time, offset, pickle};
use crate::runtime::class::Class;
use crate::runtime::{Builtin, Heap, Raised, Slot, Value};
use crate::stdlib::arg::as_str;
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The class.
pub const DATETIME: ModuleType = ModuleType {
    name: "datetime.datetime",
    module: "datetime",
    body: NativeType {
        base: Some(&super::date::DATE),
        new: Some(&NEW),
        methods: &[
            &DATE,
            &TIME,
            &TIMETZ,
            &TIMESTAMP,
            &TIMETUPLE,
            &UTCTIMETUPLE,
            &UTCOFFSET,
            &DST,
            &TZNAME,
            &ASTIMEZONE,
            &REPLACE,
            &REPLACE_FIELDS,
            &CTIME,
            &ISOFORMAT,
            &STR,
            &REPR,
            &REDUCE,
            &REDUCE_EX,
            &operators::EQ,
            &operators::NE,
            &operators::LT,
            &operators::LE,
            &operators::GT,
            &operators::GE,
            &operators::HASH,
            &operators::ADD,
            &operators::RADD,
            &operators::SUB,
            &operators::RSUB,
        ],
        class_methods: &[
            &NOW,
            &UTCNOW,
            &FROMTIMESTAMP,
            &UTCFROMTIMESTAMP,
            &COMBINE,
            &FROMISOFORMAT,
            &STRPTIME,
        ],
        getters: &[
            Getter::leaf("hour", "0 to 23.", |heap, args| {
                field(heap, args, |m| m.clock.hour.into())
            }),
            Getter::leaf("minute", "0 to 59.", |heap, args| {
                field(heap, args, |m| m.clock.minute.into())
            }),
            Getter::leaf("second", "0 to 59.", |heap, args| {
                field(heap, args, |m| m.clock.second.into())
            }),
            Getter::leaf("microsecond", "0 to 999999.", |heap, args| {
                field(heap, args, |m| m.clock.micro.into())
            }),
            Getter::leaf("tzinfo", "The zone, or None.", |heap, args| {
                Ok(this_moment(heap, args.get(0))?.zone.get(heap))
            }),
            Getter::leaf(
                "fold",
                "1 for the second of two equal times when clocks are set back.",
                |heap, args| field(heap, args, |m| m.fold.into()),
            ),
        ],
        has_no_dict: true,
        ..NativeType::of(
            Builtin::Opaque,
            "A moment: a date and a time of the day, with or without a zone.",
        )
    },
};

fn field<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    part: fn(&Moment) -> i64,
) -> Result<Value<'h>, Raised> {
    let moment = this_moment(heap, args.get(0))?;
    Ok(Value::small_int(part(moment)))
}

// Three are needed, unless the first one is the state of a pickle.
const NEW: Native = Native::vm(
    "datetime(cls, /, year=None, month=None, day=None, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)",
    "The moment with these fields. Raises ValueError if there is none.",
    |vm, args| {
        if let Some((wall, zone)) = pickle::moment(vm, args)? {
            return Ok(super::state::make_moment(vm, args.at(0), wall, zone));
        }
        let day = arguments::needed_ints(vm, args, ["year", "month", "day"])?;
        let clock = ints_or(vm, (args, 4), [0; 4], c_int)?;
        let fold = int_or(vm, args.at(9), 0, c_int)?;
        let date = arguments::date(vm, day)?;
        let (clock, fold) = arguments::clock(vm, clock, fold)?;
        let zone = arguments::zone(vm, args.at(8))?;
        let wall = Wall { date, clock, fold };
        Ok(super::state::make_moment(vm, args.at(0), wall, zone))
    },
)
.quick(|heap, args| {
    let has_zone = args.len() == 9 && !args.get(8).is_none();
    if !(4..=9).contains(&args.len()) || has_zone {
        return None;
    }
    let class = args.get(0).as_gc::<Class>()?;
    let [year, month, day] = quick_ints(args, 1, [0; 3])?;
    let mut clock = [0; 4];
    for (at, value) in clock.iter_mut().enumerate().take(args.len() - 4) {
        *value = args.get(at + 4).as_int()?;
    }
    let [hour, minute, second, micro] = clock;
    let moment = Moment {
        date: Date::new(year, month, day).ok()?,
        clock: TimeOfDay::new(hour, minute, second, micro).ok()?,
        fold: 0,
        zone: Slot::new(Value::NONE),
    };
    Some(heap.opaque(class, moment).value())
});

const NOW: Native = Native::vm(
    "now(cls, tz=None)",
    "The current moment, local time or that of the zone tz.",
    |vm, args| local_time::now(vm, args.at(0), args.at(1)),
);
const UTCNOW: Native = Native::vm(
    "utcnow(cls, /)",
    "The current moment in UTC, without a zone. Deprecated: use now(UTC).",
    |vm, args| {
        warn(vm, "utcnow", "now(datetime.UTC)")?;
        local_time::utc_moment(vm, args.at(0), None)
    },
);
const FROMTIMESTAMP: Native = Native::vm(
    "fromtimestamp(cls, timestamp, tz=None)",
    "The moment of a POSIX time stamp, local time or that of the zone tz.",
    |vm, args| local_time::from_stamp(vm, args.at(0), args.at(1), args.at(2)),
);
const UTCFROMTIMESTAMP: Native = Native::vm(
    "utcfromtimestamp(cls, timestamp, /)",
    "The moment of a POSIX time stamp in UTC, without a zone. Deprecated: use fromtimestamp(timestamp, UTC).",
    |vm, args| {
        warn(
            vm,
            "utcfromtimestamp",
            "fromtimestamp(timestamp, datetime.UTC)",
        )?;
        local_time::utc_moment(vm, args.at(0), Some(args.at(1)))
    },
);

fn warn(vm: &mut Vm, name: &str, instead: &str) -> Result<(), Raised> {
    let message = format!(
        "datetime.datetime.{name}() is deprecated and scheduled for removal in a future version. Use timezone-aware objects to represent \
         datetimes in UTC: datetime.datetime.{instead}."
    );
    vm.warn(Builtin::DeprecationWarning, &message)
}

const COMBINE: Native = Native::vm(
    "combine(cls, date, time, tzinfo=None)",
    "The moment of a date and a time; the zone is the time's unless one is given.",
    |vm, args| {
        let Some(date) = date_of(vm.get(args.at(1))) else {
            let value = vm.get(args.at(1));
            let what = "combine() argument 1";
            return Err(arguments::wrong_type(vm, what, "datetime.date", value));
        };
        let Some(time) = day_time_of(vm.get(args.at(2))) else {
            let value = vm.get(args.at(2));
            let what = "combine() argument 2";
            return Err(arguments::wrong_type(vm, what, "datetime.time", value));
        };
        let wall = Wall {
            date,
            clock: time.clock,
            fold: time.fold,
        };
        let own = vm.local(time.zone.get(&vm.heap));
        let zone = zone_or(vm, args.at(3), own)?;
        moment_of_class(vm, args.at(0), wall, zone)
    },
);
const FROMISOFORMAT: Native = Native::vm(
    "fromisoformat(cls, string, /)",
    "The moment of a text in an ISO 8601 format. Raises ValueError for other texts.",
    |vm, args| {
        let Some(given) = as_str(&vm.heap, vm.get(args.at(1))) else {
            return Err(vm.heap.type_error("fromisoformat: argument must be str"));
        };
        let Some((date, time)) = parse::moment(given.as_str().as_bytes()) else {
            return Err(invalid_text(vm, args.at(1)));
        };
        // An ISO week that there is not makes the text invalid before its zone is looked at.
        let is_week = matches!(date, parse::ParsedDate::Week(..));
        let week = match is_week {
            true => Some(checked_date(vm, Some(date), args.at(1))?),
            false => None,
        };
        let zone = super::time::zone_of_text(vm, time)?;
        let date = match week {
            Some(date) => date,
            None => checked_date(vm, Some(date), args.at(1))?,
        };
        let (clock, fold) = arguments::clock(vm, time.fields, 0)?;
        moment_of_class(vm, args.at(0), Wall { date, clock, fold }, zone)
    },
);
const STRPTIME: Native = Native::vm(
    "strptime(cls, date_string, format, /)",
    "The moment that a text in this format says. Raises ValueError if it does not fit.",
    |vm, args| format::parse(vm, args.at(0), [args.at(1), args.at(2)]),
);

const DATE: Native = Native::vm("date(self, /)", "The date.", |vm, args| {
    let date = this_moment(&vm.heap, vm.get(args.at(0)))?.date;
    Ok(new_date(vm, date))
});
const TIME: Native = Native::vm(
    "time(self, /)",
    "The time of the day, without a zone.",
    |vm, args| {
        let wall = this_moment(&vm.heap, vm.get(args.at(0)))?.wall();
        let none = vm.none();
        Ok(new_time(vm, (wall.clock, wall.fold), none))
    },
);
const TIMETZ: Native = Native::vm(
    "timetz(self, /)",
    "The time of the day, with the zone.",
    |vm, args| {
        let moment = this_moment(&vm.heap, vm.get(args.at(0)))?;
        let (wall, zone) = (moment.wall(), vm.local(moment.zone.get(&vm.heap)));
        Ok(new_time(vm, (wall.clock, wall.fold), zone))
    },
);
const TIMESTAMP: Native = Native::vm(
    "timestamp(self, /)",
    "The POSIX time stamp; a moment without a zone is local time.",
    |vm, args| {
        let moment = this_moment(&vm.heap, vm.get(args.at(0)))?;
        let wall = moment.wall();
        if moment.zone.get(&vm.heap).is_none() {
            return naive_stamp(vm, wall);
        }
        let micros = moment.micros() - EPOCH * DAY_MICROS;
        match offset::offset_of(vm, args.at(0))? {
            Some(length) => {
                let micros = micros - length.short().unwrap_or(0);
                Ok(vm.local(Value::float(micros as f64 / 1e6)))
            }
            None => {
                let message = "can't subtract offset-naive and offset-aware datetimes";
                Err(vm.heap.type_error(message))
            }
        }
    },
);

fn naive_stamp(vm: &Vm, wall: Wall) -> Result<Local, Raised> {
    let seconds = local_time::of_wall(vm, wall)?;
    let stamp = seconds as f64 + f64::from(wall.clock.micro) / 1e6;
    Ok(vm.local(Value::float(stamp)))
}

const TIMETUPLE: Native = Native::vm(
    "timetuple(self, /)",
    "The fields as the time module has them.",
    |vm, args| {
        let wall = this_moment(&vm.heap, vm.get(args.at(0)))?.wall();
        let zone = offset::zone_of(vm, args.at(0));
        let saving = offset::ask(vm, zone, "dst", args.at(0))?;
        let dst = saving.map_or(-1, |saving| i64::from(saving.long() != 0));
        format::time_tuple(vm, wall.date, wall.clock, dst)
    },
);
const UTCTIMETUPLE: Native = Native::vm(
    "utctimetuple(self, /)",
    "The fields in UTC as the time module has them.",
    |vm, args| {
        let mut micros = this_moment(&vm.heap, vm.get(args.at(0)))?.micros();
        if let Some(length) = offset::offset_of(vm, args.at(0))? {
            micros -= length.short().unwrap_or(0);
        }
        let (date, clock) = wall_of(micros).ok_or_else(|| out_of_range(&vm.heap))?;
        format::time_tuple(vm, date, clock, 0)
    },
);
const UTCOFFSET: Native = Native::vm(
    "utcoffset(self, /)",
    "The zone's offset from UTC at this moment, or None.",
    |vm, args| ask(vm, args, "utcoffset"),
);
const DST: Native = Native::vm(
    "dst(self, /)",
    "The zone's daylight saving at this moment, or None.",
    |vm, args| ask(vm, args, "dst"),
);

fn ask(vm: &mut Vm, args: Locals, method: &str) -> Result<Local, Raised> {
    this_moment(&vm.heap, vm.get(args.at(0)))?;
    let zone = offset::zone_of(vm, args.at(0));
    offset::answer(vm, zone, method, args.at(0))
}

const TZNAME: Native = Native::vm(
    "tzname(self, /)",
    "The zone's name at this moment, or None.",
    |vm, args| {
        this_moment(&vm.heap, vm.get(args.at(0)))?;
        let zone = offset::zone_of(vm, args.at(0));
        offset::name(vm, zone, args.at(0))
    },
);
const ASTIMEZONE: Native = Native::vm(
    "astimezone(self, tz=None)",
    "The same moment in another zone; None: the local one.",
    |vm, args| {
        let zone = arguments::zone(vm, args.at(1))?;
        let moment = this_moment(&vm.heap, vm.get(args.at(0)))?;
        let wall = moment.wall();
        let own = vm.local(moment.zone.get(&vm.heap));
        let mut known = None;
        if !vm.get(own).is_none() {
            if vm.get(own).is(vm.get(zone)) {
                return Ok(args.at(0));
            }
            known = offset::ask(vm, own, "utcoffset", args.at(0))?;
        }
        let ahead = match known {
            Some(length) => length.long(),
            None => i128::from(local_time::ahead_at(vm, wall)?) * 1_000_000,
        };
        in_zone(vm, args.at(0), ahead, zone)
    },
);

/// A moment whose clock is so many microseconds ahead of UTC, in another zone.
fn in_zone(vm: &mut Vm, this: Local, ahead: i128, zone: Local) -> Result<Local, Raised> {
    let utc = moved(vm, this, -ahead)?;
    let Some(moment) = moment_of(vm.get(utc)) else {
        return vm.call_method(zone, "fromutc", &[utc]);
    };
    let zone = match vm.get(zone).is_none() {
        true => {
            let seconds = (moment.micros() - EPOCH * DAY_MICROS).div_euclid(1_000_000);
            local_time::zone(vm, seconds)?
        }
        false => zone,
    };
    if let Some(moment) = moment_of(vm.get(utc)) {
        moment.zone.set(vm.get(zone));
    }
    vm.call_method(zone, "fromutc", &[utc])
}

/// The moment so many microseconds later, in the same zone and of the same class.
///
/// # Errors
/// OverflowError beyond the years 1 to 9999.
pub fn moved(vm: &mut Vm, moment: Local, micros: i128) -> Result<Local, Raised> {
    let Some(insides) = moment_of(vm.get(moment)) else {
        return Err(vm.heap.type_error("a datetime was expected"));
    };
    let there = i64::try_from(micros)
        .ok()
        .and_then(|micros| micros_of(insides.date, insides.clock).checked_add(micros))
        .and_then(wall_of);
    let Some((date, clock)) = there else {
        return Err(out_of_range(&vm.heap));
    };
    let wall = Wall {
        date,
        clock,
        fold: 0,
    };
    let (zone, class) = (offset::zone_of(vm, moment), class_of(vm, moment));
    moment_of_class(vm, class, wall, zone)
}

const REPLACE: Native = Native::vm(
    "replace(self, year=None, month=None, day=None, hour=None, minute=None, second=None, microsecond=None, tzinfo=None, *, fold=None)",
    "A moment with some fields replaced.",
    replace,
);
const REPLACE_FIELDS: Native = Native::vm(
    "__replace__(self, year=None, month=None, day=None, hour=None, minute=None, second=None, microsecond=None, tzinfo=None, *, fold=None)",
    "The same as replace().",
    replace,
);

fn replace(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let wall = this_moment(&vm.heap, vm.get(args.at(0)))?.wall();
    let (date, clock) = (wall.date, wall.clock);
    let own = [
        date.year.into(),
        date.month.into(),
        date.day.into(),
        clock.hour.into(),
        clock.minute.into(),
        clock.second.into(),
        clock.micro.into(),
    ];
    let [year, month, day, hour, minute, second, micro] =
        ints_or(vm, (args, 1), own, replacing_int)?;
    let fold = int_or(vm, args.at(9), wall.fold.into(), replacing_int)?;
    let date = arguments::date(vm, [year, month, day])?;
    let (clock, fold) = arguments::clock(vm, [hour, minute, second, micro], fold)?;
    let zone = offset::zone_of(vm, args.at(0));
    let zone = zone_or(vm, args.at(8), zone)?;
    let class = class_of(vm, args.at(0));
    moment_of_class(vm, class, Wall { date, clock, fold }, zone)
}

const CTIME: Native = Native::leaf(
    "ctime(self, /)",
    "A text such as 'Sun Nov 29 21:15:00 2026'.",
    |heap, args| {
        let moment = this_moment(heap, args.get(0))?;
        Ok(heap.str_value(&text::ctime(moment.date, moment.clock)))
    },
);
const ISOFORMAT: Native = Native::vm(
    "isoformat(self, sep='T', timespec='auto')",
    "'YYYY-MM-DDTHH:MM:SS.ffffff+hh:mm'; timespec: hours, minutes, seconds, milliseconds, microseconds or auto.",
    |vm, args| {
        let separator = separator(vm, args.at(1))?;
        let precision = format::precision(vm, args.at(2), "isoformat() argument 2")?;
        iso_text(vm, args.at(0), separator, precision)
    },
);

fn separator(vm: &Vm, argument: Local) -> Result<char, Raised> {
    let value = vm.get(argument);
    if value.is_undef() {
        return Ok('T');
    }
    let text = as_str(&vm.heap, value).map_or("", |text| text.as_str());
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(separator), None) => Ok(separator),
        _ => {
            let what = "isoformat() argument 1";
            Err(arguments::wrong_type(
                vm,
                what,
                "a unicode character",
                value,
            ))
        }
    }
}

fn iso_text(
    vm: &mut Vm,
    this: Local,
    separator: char,
    precision: Precision,
) -> Result<Local, Raised> {
    let moment = this_moment(&vm.heap, vm.get(this))?;
    let mut text = String::with_capacity(32);
    text::iso_date(&mut text, moment.date);
    text.push(separator);
    text::iso_clock(&mut text, moment.clock, precision);
    let zone = vm.local(moment.zone.get(&vm.heap));
    offset::write(vm, &mut text, (zone, this), ":")?;
    Ok(vm.local(vm.heap.str_value(&text)))
}

const STR: Native = Native::vm("__str__(self, /)", "Return str(self).", |vm, args| {
    if is_exactly(vm, args.at(0), |c| &c.datetime) {
        return iso_text(vm, args.at(0), ' ', Precision::Auto);
    }
    let space = vm.local(vm.heap.str_value(" "));
    vm.call_method(args.at(0), "isoformat", &[space])
});
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let moment = this_moment(&vm.heap, vm.get(args.at(0)))?;
    let (date, clock, fold) = (moment.date, moment.clock, moment.fold);
    let zone = vm.local(moment.zone.get(&vm.heap));
    let class = vm.heap.type_name(vm.get(args.at(0)));
    let mut text = format!(
        "{class}({}, {}, {}, {}, {}",
        date.year, date.month, date.day, clock.hour, clock.minute
    );
    text::repr_seconds(&mut text, clock);
    if fold > 0 {
        text.push_str(", fold=1");
    }
    push_zone(vm, &mut text, zone)?;
    text.push(')');
    Ok(vm.local(vm.heap.str_value(&text)))
});

/// The zone in `repr` of a datetime or time, if there is one.
pub fn push_zone(vm: &mut Vm, text: &mut String, zone: Local) -> Result<(), Raised> {
    if !vm.get(zone).is_none() {
        text.push_str(", tzinfo=");
        text.push_str(&vm.repr_text(zone)?);
    }
    Ok(())
}

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
    let wall = this_moment(&vm.heap, vm.get(this))?.wall();
    let mut state = pickle::date_state(wall.date).to_vec();
    state.extend(pickle::clock_state(wall.clock));
    state[2] |= pickle::fold_bit(wall.fold, protocol);
    let zone = offset::zone_of(vm, this);
    pickle::reduced(vm, this, &state, Some(zone))
}
