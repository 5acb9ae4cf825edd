//! The names of `time` that are written in apy: `library/_time.apy` is imported when one of them is first asked for.
//!
//! To add one: write it there and add a row to `NAMES`.

use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised};
use crate::stdlib::receiver::given;
use crate::stdlib::registry::bind;
use crate::vm::{Local, Locals, Native, Vm};

/// The names, with what the reference says of them.
pub(super) const NAMES: &[(&str, &str)] = &[
    (
        "struct_time",
        "The class of what `localtime` returns: a tuple whose items have names.",
    ),
    (
        "mktime",
        "`mktime(tuple)`: the POSIX time of a time in the local zone.",
    ),
    (
        "strftime",
        "`strftime(format[, tuple])`: a time, by default now, as a text in a format.",
    ),
    (
        "strptime",
        "`strptime(text, format)`: what a text in a format says, as struct_time.",
    ),
    (
        "asctime",
        "`asctime([tuple])`: a time as a text like 'Sat Jun 06 16:26:11 1998'.",
    ),
    (
        "ctime",
        "`ctime([seconds])`: the same of a POSIX time in the local zone.",
    ),
    (
        "get_clock_info",
        "`get_clock_info(name)`: what is known of the clock of a function.",
    ),
    (
        "tzset",
        "`tzset()`: take the zone of the variable `TZ` of the environment.",
    ),
    (
        "timezone",
        "How far the local zone is west of UTC, in seconds, without daylight saving.",
    ),
    (
        "_STRUCT_TM_ITEMS",
        "How many fields a struct_time has, with the named ones.",
    ),
    ("altzone", "The same with daylight saving."),
    ("daylight", "Whether the local zone knows daylight saving."),
    (
        "tzname",
        "The names of the local zone, without and with daylight saving.",
    ),
    (
        "thread_time",
        "`thread_time()`: seconds that the thread ran.",
    ),
    (
        "thread_time_ns",
        "`thread_time_ns()`: the same in nanoseconds.",
    ),
    (
        "clock_gettime",
        "`clock_gettime(clock)`: the time of a clock, in seconds.",
    ),
    (
        "clock_gettime_ns",
        "`clock_gettime_ns(clock)`: the same in nanoseconds.",
    ),
    (
        "clock_getres",
        "`clock_getres(clock)`: how fine a clock is, in seconds.",
    ),
    (
        "clock_settime",
        "`clock_settime(clock, seconds)`: not permitted.",
    ),
    (
        "clock_settime_ns",
        "`clock_settime_ns(clock, nanoseconds)`: not permitted.",
    ),
    (
        "pthread_getcpuclockid",
        "`pthread_getcpuclockid(thread)`: the clock of a thread.",
    ),
    ("CLOCK_REALTIME", "The clock of `time`."),
    ("CLOCK_MONOTONIC", "The clock of `monotonic`."),
    ("CLOCK_MONOTONIC_RAW", "The same here."),
    ("CLOCK_BOOTTIME", "The same here."),
    (
        "CLOCK_TAI",
        "The clock of `time`, without leap seconds here.",
    ),
    ("CLOCK_PROCESS_CPUTIME_ID", "The clock of `process_time`."),
    ("CLOCK_THREAD_CPUTIME_ID", "The clock of `thread_time`."),
];

pub(super) const GET_ATTR: Native = Native::vm(
    "__getattr__(name, /)",
    "The attribute of this name, bound when it is first asked for.",
    get_attr,
);
pub(super) const DIR: Native = Native::vm("__dir__()", "The names of the module.", dir);

pub(super) const LOCALTIME: Native = Native::vm(
    "localtime(seconds=None, /)",
    "Return a POSIX time, by default now, in the local zone.",
    |vm, args| call(vm, "localtime", args.at(0)),
);
pub(super) const GMTIME: Native = Native::vm(
    "gmtime(seconds=None, /)",
    "Return a POSIX time, by default now, in UTC.",
    |vm, args| call(vm, "gmtime", args.at(0)),
);

/// Calls a function of `_time`. These two are natives so that a class whose attribute they are does not bind them, as
/// `logging.Formatter.converter`.
fn call(vm: &mut Vm, name: &str, seconds: Local) -> Result<Local, Raised> {
    let seconds = given(vm, seconds).unwrap_or(vm.none());
    let seldom = vm.import_module("_time")?;
    let function = vm.get_attr_named(seldom, name)?;
    match vm.get(seconds).is_undef() {
        true => vm.call(function, &[]),
        false => vm.call(function, &[seconds]),
    }
}

fn get_attr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = vm
        .get_gc::<Str>(args.at(0))
        .map_or("", |name| name.as_str());
    let Some((name, _)) = NAMES.iter().find(|(known, _)| *known == name) else {
        let message = format!("module 'time' has no attribute '{name}'");
        return Err(vm.heap.raise(Builtin::AttributeError, message));
    };
    let seldom = vm.import_module("_time")?;
    let value = vm.get_attr_named(seldom, name)?;
    let own = vm.import_module("time")?;
    bind(vm, own, name, vm.get(value));
    Ok(value)
}

fn dir(vm: &mut Vm, _: Locals) -> Result<Local, Raised> {
    let own = vm.import_module("time")?;
    let heap = &vm.heap;
    let bound = vm
        .get_gc::<Module>(own)
        .map_or(Vec::new(), |own| own.entries(heap));
    let bound = bound.into_iter().map(|(name, _)| name.as_str().to_owned());
    let seldom = NAMES.iter().map(|(name, _)| (*name).to_owned());
    let mut names: Vec<String> = bound.chain(seldom).collect();
    names.retain(|name| !name.starts_with('_') || matches!(name.as_str(), "__doc__" | "__name__"));
    names.sort();
    names.dedup();
    let names = heap.list(names.iter().map(|name| heap.str_value(name)));
    Ok(vm.local(names.value()))
}
