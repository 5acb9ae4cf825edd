//! The class `date`: constructors, attributes, methods, operators. `datetime` extends it, so its methods read days of both.
//!
//! Results are of the class that a method was called on; classes of user code are called with the fields, as in CPython.

use super::arguments::{self, c_int, ints_or, quick_ints, replacing_int};
use super::calendar::{Date, TimeOfDay, date_of_ordinal, iso_ordinal};
use super::parse::{self, ParsedDate};
use super::state::{
    DateState, bare_date_of, class_of, date_of, date_of_class, fits, is_exactly, length_of,
    moment_of, new_delta, out_of_range, this_date, valid,
};
use super::{duration::Duration, format, iso_calendar, local_time, pickle, text};
use crate::runtime::class::Class;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::as_str;
use crate::stdlib::comparisons::comparisons;
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The class.
pub const DATE: ModuleType = ModuleType {
    name: "datetime.date",
    module: "datetime",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &REPR,
            &STR,
            &CTIME,
            &STRFTIME,
            &FORMAT,
            &ISOFORMAT,
            &TIMETUPLE,
            &TOORDINAL,
            &REPLACE,
            &REPLACE_FIELDS,
            &WEEKDAY,
            &ISOWEEKDAY,
            &ISOCALENDAR,
            &EQ,
            &NE,
            &LT,
            &LE,
            &GT,
            &GE,
            &HASH,
            &ADD,
            &RADD,
            &SUB,
            &RSUB,
            &REDUCE,
        ],
        class_methods: &[
            &FROMTIMESTAMP,
            &TODAY,
            &FROMORDINAL,
            &FROMISOFORMAT,
            &FROMISOCALENDAR,
        ],
        getters: &[
            Getter::leaf("year", "1 to 9999.", |heap, args| {
                field(heap, args, |date| date.year.into())
            }),
            Getter::leaf("month", "1 to 12.", |heap, args| {
                field(heap, args, |date| date.month.into())
            }),
            Getter::leaf(
                "day",
                "1 to the number of days of the month.",
                |heap, args| field(heap, args, |date| date.day.into()),
            ),
        ],
        has_no_dict: true,
        ..NativeType::of(
            Builtin::Opaque,
            "A day of the calendar that is in use, extended to all years from 1 to 9999.",
        )
    },
};

fn field<'h>(heap: &'h Heap, args: Args<'h>, part: fn(Date) -> i64) -> Result<Value<'h>, Raised> {
    let date = this_date(heap, args.get(0))?;
    Ok(Value::small_int(part(date)))
}

// All are needed, unless the first one is the state of a pickle.
const NEW: Native = Native::vm(
    "date(cls, /, year=None, month=None, day=None)",
    "The day with these numbers. Raises ValueError if there is none.",
    |vm, args| {
        if let Some(date) = pickle::date(vm, args)? {
            return Ok(vm.new_opaque(args.at(0), DateState { date }));
        }
        let fields = arguments::needed_ints(vm, args, ["year", "month", "day"])?;
        let date = arguments::date(vm, fields)?;
        Ok(vm.new_opaque(args.at(0), DateState { date }))
    },
)
.quick(|heap, args| {
    if args.len() != 4 {
        return None;
    }
    let class = args.get(0).as_gc::<Class>()?;
    let [year, month, day] = quick_ints(args, 1, [0; 3])?;
    let date = Date::new(year, month, day).ok()?;
    Some(heap.opaque(class, DateState { date }).value())
});

const FROMTIMESTAMP: Native = Native::vm(
    "fromtimestamp(cls, timestamp, /)",
    "The local date of a POSIX time stamp.",
    |vm, args| {
        let seconds = local_time::floor_seconds(vm, args.at(1))?;
        let (date, _) = local_time::local(vm, seconds)?;
        date_of_class(vm, args.at(0), date)
    },
);
const TODAY: Native = Native::vm("today(cls, /)", "The current local date.", |vm, args| {
    let module = vm.import_module("time")?;
    let now = vm.call_method(module, "time", &[])?;
    vm.call_method(args.at(0), "fromtimestamp", &[now])
});
const FROMORDINAL: Native = Native::vm(
    "fromordinal(cls, ordinal, /)",
    "The date of an ordinal; 1 is the first of January of year 1. Raises ValueError if it is out of range.",
    |vm, args| {
        let ordinal = c_int(vm, args.at(1))?;
        if ordinal < 1 {
            return Err(vm.heap.value_error("ordinal must be >= 1"));
        }
        let date = valid(&vm.heap, date_of_ordinal(ordinal))?;
        date_of_class(vm, args.at(0), date)
    },
);
const FROMISOFORMAT: Native = Native::vm(
    "fromisoformat(cls, string, /)",
    "The date of a text in an ISO 8601 format. Raises ValueError for other texts.",
    |vm, args| {
        let Some(given) = as_str(&vm.heap, vm.get(args.at(1))) else {
            return Err(vm.heap.type_error("fromisoformat: argument must be str"));
        };
        let parsed = parse::date(given.as_str().as_bytes());
        let date = checked_date(vm, parsed, args.at(1))?;
        date_of_class(vm, args.at(0), date)
    },
);
const FROMISOCALENDAR: Native = Native::vm(
    "fromisocalendar(cls, year, week, day)",
    "The date of an ISO year, week and weekday. Raises ValueError if there is none.",
    |vm, args| {
        let mut fields = [0; 3];
        for (i, field) in fields.iter_mut().enumerate() {
            *field = iso_component(vm, args.at(i + 1))?;
        }
        let [year, week, day] = fields;
        let ordinal = valid(&vm.heap, iso_ordinal(year, week, day))?;
        let date = valid(&vm.heap, date_of_ordinal(ordinal))?;
        date_of_class(vm, args.at(0), date)
    },
);

fn iso_component(vm: &mut Vm, argument: Local) -> Result<i64, Raised> {
    let exact = vm.index_value(argument)?;
    let number = vm.get(exact).as_i64();
    match number.filter(|&number| i32::try_from(number).is_ok()) {
        Some(number) => Ok(number),
        None => Err(vm.heap.value_error("ISO calendar component out of range")),
    }
}

/// The date that a text says.
///
/// # Errors
/// ValueError, which shows the text where that is no date at all.
pub fn checked_date(vm: &mut Vm, parsed: Option<ParsedDate>, text: Local) -> Result<Date, Raised> {
    match parsed {
        Some(ParsedDate::Month(year, month, day)) => arguments::date(vm, [year, month, day]),
        Some(ParsedDate::Week(year, week, day)) => match iso_ordinal(year, week, day) {
            Ok(ordinal) => valid(&vm.heap, date_of_ordinal(ordinal)),
            Err(_) => Err(invalid_text(vm, text)),
        },
        None => Err(invalid_text(vm, text)),
    }
}

/// ValueError: a text is in no ISO format.
pub fn invalid_text(vm: &mut Vm, text: Local) -> Raised {
    match vm.repr_text(text) {
        Ok(shown) => {
            let message = format!("Invalid isoformat string: {shown}");
            vm.heap.value_error(message)
        }
        Err(raised) => raised,
    }
}

const REPR: Native = Native::leaf("__repr__(self, /)", "Return repr(self).", |heap, args| {
    let date = this_date(heap, args.get(0))?;
    let class = heap.type_name(args.get(0));
    let text = format!("{class}({}, {}, {})", date.year, date.month, date.day);
    Ok(heap.str_value(&text))
});
const STR: Native = Native::vm("__str__(self, /)", "Return str(self).", |vm, args| {
    if is_exactly(vm, args.at(0), |c| &c.date) {
        let date = this_date(&vm.heap, vm.get(args.at(0)))?;
        return Ok(vm.local(iso_text(&vm.heap, date)));
    }
    vm.call_method(args.at(0), "isoformat", &[])
});
const CTIME: Native = Native::leaf(
    "ctime(self, /)",
    "A text such as 'Sun Nov 29 00:00:00 2026'.",
    |heap, args| {
        let date = this_date(heap, args.get(0))?;
        Ok(heap.str_value(&text::ctime(date, TimeOfDay::default())))
    },
);
const STRFTIME: Native = Native::vm(
    "strftime(self, format)",
    "The date in this format: %Y-%m-%d and the like.",
    |vm, args| format::date(vm, args.at(0), args.at(1)),
);
const FORMAT: Native = Native::vm(
    "__format__(self, format_spec, /)",
    "strftime() of the format; without one str().",
    |vm, args| format::format(vm, args.at(0), args.at(1)),
);

fn iso_text(heap: &Heap, date: Date) -> Value<'_> {
    let mut text = String::with_capacity(10);
    text::iso_date(&mut text, date);
    heap.str_value(&text)
}

const ISOFORMAT: Native = Native::leaf("isoformat(self, /)", "'YYYY-MM-DD'.", |heap, args| {
    Ok(iso_text(heap, this_date(heap, args.get(0))?))
});
const TIMETUPLE: Native = Native::vm(
    "timetuple(self, /)",
    "The fields as the time module has them, at midnight.",
    |vm, args| {
        let date = this_date(&vm.heap, vm.get(args.at(0)))?;
        format::time_tuple(vm, date, TimeOfDay::default(), -1)
    },
);
const TOORDINAL: Native = Native::leaf(
    "toordinal(self, /)",
    "The ordinal of the day; the first of January of year 1 is 1.",
    |heap, args| {
        let date = this_date(heap, args.get(0))?;
        Ok(Value::small_int(date.ordinal()))
    },
);
const REPLACE: Native = Native::vm(
    "replace(self, year=None, month=None, day=None)",
    "A date with some fields replaced.",
    replace,
);
const REPLACE_FIELDS: Native = Native::vm(
    "__replace__(self, year=None, month=None, day=None)",
    "The same as replace().",
    replace,
);

fn replace(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let date = this_date(&vm.heap, vm.get(args.at(0)))?;
    let own = [date.year.into(), date.month.into(), date.day.into()];
    let fields = ints_or(vm, (args, 1), own, replacing_int)?;
    let date = arguments::date(vm, fields)?;
    let class = class_of(vm, args.at(0));
    date_of_class(vm, class, date)
}

const WEEKDAY: Native = Native::leaf(
    "weekday(self, /)",
    "The day of the week; Monday is 0.",
    |heap, args| {
        let date = this_date(heap, args.get(0))?;
        Ok(Value::small_int(date.weekday()))
    },
);
const ISOWEEKDAY: Native = Native::leaf(
    "isoweekday(self, /)",
    "The day of the week; Monday is 1.",
    |heap, args| {
        let date = this_date(heap, args.get(0))?;
        Ok(Value::small_int(date.weekday() + 1))
    },
);
const ISOCALENDAR: Native = Native::vm(
    "isocalendar(self, /)",
    "ISO year, week and weekday, a named tuple.",
    |vm, args| {
        let date = this_date(&vm.heap, vm.get(args.at(0)))?;
        Ok(iso_calendar::make(vm, date.iso()))
    },
);
comparisons!(leaf, compare);

/// Compares days; a datetime is no day to compare with.
fn compare<'h>(heap: &'h Heap, args: Args<'h>, how: Comparison) -> Result<Value<'h>, Raised> {
    let this = this_date(heap, args.get(0))?;
    Ok(match bare_date_of(args.get(1)) {
        Some(other) => Value::bool(how.holds(Some(this.cmp(&other)))),
        None => Value::NOT_IMPLEMENTED,
    })
}

const HASH: Native = Native::leaf("__hash__(self, /)", "Return hash(self).", |heap, args| {
    let date = this_date(heap, args.get(0))?;
    Ok(Value::small_int(date.ordinal()))
});
const ADD: Native = Native::vm("__add__(self, value, /)", "Return self+value.", |vm, a| {
    add(vm, a, Duration::days)
});
const RADD: Native = Native::vm("__radd__(self, value, /)", "Return value+self.", |vm, a| {
    add(vm, a, Duration::days)
});
const SUB: Native = Native::vm("__sub__(self, value, /)", "Return self-value.", |vm, a| {
    if length_of(vm.get(a.at(1))).is_some() {
        return add(vm, a, |length| -length.days());
    }
    subtract(vm, a.at(0), a.at(1))
});
const RSUB: Native = Native::vm("__rsub__(self, value, /)", "Return value-self.", |vm, a| {
    subtract(vm, a.at(1), a.at(0))
});

fn not_implemented(vm: &Vm) -> Local {
    vm.local(Value::NOT_IMPLEMENTED)
}

/// The date so many days later as a timedelta says.
fn add(vm: &mut Vm, args: Locals, days: fn(Duration) -> i64) -> Result<Local, Raised> {
    let (this, other) = (vm.get(args.at(0)), vm.get(args.at(1)));
    let (Some(date), Some(length), None) = (date_of(this), length_of(other), moment_of(this))
    else {
        return Ok(not_implemented(vm));
    };
    let there = Date::from_ordinal(date.ordinal() + days(length));
    let there = there.ok_or_else(|| out_of_range(&vm.heap))?;
    let class = class_of(vm, args.at(0));
    date_of_class(vm, class, there)
}

/// The difference of two dates of which none is a datetime.
fn subtract(vm: &mut Vm, a: Local, b: Local) -> Result<Local, Raised> {
    let (Some(x), Some(y)) = (bare_date_of(vm.get(a)), bare_date_of(vm.get(b))) else {
        return Ok(not_implemented(vm));
    };
    let days = Duration::of_days_only(x.ordinal() - y.ordinal());
    let length = fits(&vm.heap, days)?;
    Ok(new_delta(vm, length))
}

const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    let date = this_date(&vm.heap, vm.get(args.at(0)))?;
    let state = pickle::date_state(date);
    pickle::reduced(vm, args.at(0), &state, None)
});
