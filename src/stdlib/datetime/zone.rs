//! The classes `tzinfo`, which zones of user code extend, and `timezone`, a fixed offset from UTC.
//!
//! `tzinfo` has no insides of its own, so that instances of its subclasses are as those of any class of user code.

use super::datetime::moved;
use super::duration::Duration;
use super::offset::{ask, fixed_name, offset_of, slot, too_far, utc, zone_of};
use super::state::{
    Classes, FixedZone, class, class_of, fixed_zone_of, length_of, moment_of, this_zone,
};
use crate::runtime::class::Class;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::stdlib::arg::as_str;
use crate::stdlib::receiver::given;
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Locals, Native, Vm};

/// `tzinfo`
pub const TZINFO: ModuleType = ModuleType {
    name: "datetime.tzinfo",
    module: "datetime",
    body: NativeType {
        new: Some(&Native::vm(
            "tzinfo(cls, /, *args, **kwargs)",
            "A zone that knows nothing: classes of user code extend it.",
            |vm, args| {
                let class: Gc<'_, Class> = vm.get_gc(args.at(0)).expect("`__new__` gets a class");
                Ok(vm.local(vm.heap.instance(class).value()))
            },
        )),
        methods: &[
            &Native::vm(
                "tzname(self, dt, /)",
                "The zone's name at a moment.",
                |vm, _| Err(not_implemented(vm, "tzname")),
            ),
            &Native::vm(
                "utcoffset(self, dt, /)",
                "The offset from UTC at a moment, a timedelta, positive east of it.",
                |vm, _| Err(not_implemented(vm, "utcoffset")),
            ),
            &Native::vm(
                "dst(self, dt, /)",
                "The daylight saving part of the offset at a moment.",
                |vm, _| Err(not_implemented(vm, "dst")),
            ),
            &FROMUTC,
            &REDUCE,
        ],
        has_no_dict: true,
        ..NativeType::of(
            Builtin::Object,
            "The base of zones: a subclass says the offset from UTC, daylight saving and name of a zone at a moment.",
        )
    },
};

/// `timezone`
pub const TIMEZONE: ModuleType = ModuleType {
    name: "datetime.timezone",
    module: "datetime",
    body: NativeType {
        base: Some(&TZINFO),
        new: Some(&NEW),
        methods: &[
            &UTCOFFSET,
            &DST,
            &TZNAME,
            &FIXED_FROMUTC,
            &INITARGS,
            &EQ,
            &NE,
            &HASH,
            &REPR,
            &STR,
        ],
        is_final: true,
        has_no_dict: true,
        ..NativeType::of(Builtin::Opaque, "A zone with a fixed offset from UTC.")
    },
};

fn not_implemented(vm: &Vm, method: &str) -> Raised {
    let message = format!("a tzinfo subclass must implement {method}()");
    vm.heap.raise(Builtin::NotImplementedError, message)
}

/// The moment of a `fromutc`: a datetime that has this zone.
fn check_moment(vm: &Vm, zone: Local, moment: Local) -> Result<(), Raised> {
    let Some(insides) = moment_of(vm.get(moment)) else {
        let message = "fromutc: argument must be a datetime";
        return Err(vm.heap.type_error(message));
    };
    if !insides.zone.get(&vm.heap).is(vm.get(zone)) {
        return Err(vm.heap.value_error("fromutc: dt.tzinfo is not self"));
    }
    Ok(())
}

const FROMUTC: Native = Native::vm(
    "fromutc(self, dt, /)",
    "The local time of a datetime in UTC that has this zone.",
    |vm, args| {
        let (zone, moment) = (args.at(0), args.at(1));
        check_moment(vm, zone, moment)?;
        let Some(offset) = offset_of(vm, moment)? else {
            let message = "fromutc: non-None utcoffset() result required";
            return Err(vm.heap.value_error(message));
        };
        let Some(saving) = ask(vm, zone, "dst", moment)? else {
            let message = "fromutc: non-None dst() result required";
            return Err(vm.heap.value_error(message));
        };
        let standard = offset.long() - saving.long();
        let local = moved(vm, moment, standard)?;
        let zone = zone_of(vm, moment);
        match ask(vm, zone, "dst", local)? {
            Some(saving) if saving == Duration::default() => Ok(local),
            Some(saving) => moved(vm, local, saving.long()),
            None => {
                let message = "fromutc: tz.dst() gave inconsistent results; cannot convert";
                Err(vm.heap.value_error(message))
            }
        }
    },
);

const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    let this = args.at(0);
    let arguments = match vm.find_attr(this, "__getinitargs__")? {
        Some(method) => vm.call(method, &[])?,
        None => vm.tuple_of(&[]),
    };
    let state = vm.call_method(this, "__getstate__", &[])?;
    let class = class_of(vm, this);
    Ok(vm.tuple_of(&[class, arguments, state]))
});

const NEW: Native = Native::vm(
    "timezone(cls, /, offset, name=None)",
    "The zone with this offset, a timedelta of less than a day. Raises ValueError for longer ones.",
    |vm, args| {
        let (offset, name) = (args.at(1), given(vm, args.at(2)));
        let Some(length) = length_of(vm.get(offset)) else {
            let value = vm.get(offset);
            let what = "timezone() argument 1";
            return Err(super::arguments::wrong_type(
                vm,
                what,
                "datetime.timedelta",
                value,
            ));
        };
        if let Some(name) = name
            && as_str(&vm.heap, vm.get(name)).is_none()
        {
            let value = vm.get(name);
            return Err(super::arguments::wrong_type(
                vm,
                "timezone() argument 2",
                "str",
                value,
            ));
        }
        if !length.is_offset() {
            let shown = vm.repr_text(offset)?;
            return Err(too_far(vm, &shown));
        }
        match name {
            None if length == Duration::default() => Ok(utc(vm)),
            None => Ok(make(vm, length, (offset, vm.none()))),
            Some(name) => Ok(make(vm, length, (offset, name))),
        }
    },
);

/// A timezone; its name may be None.
pub fn make(vm: &Vm, length: Duration, (offset, name): (Local, Local)) -> Local {
    let class = vm.local(class(vm, |c| &c.timezone).value());
    let zone = FixedZone {
        length,
        offset: slot(vm, offset),
        name: slot(vm, name),
    };
    vm.new_opaque(class, zone)
}

/// Checks the argument of a method of a timezone, which is not looked at otherwise.
fn check_argument(vm: &Vm, method: &str, moment: Local) -> Result<(), Raised> {
    let value = vm.get(moment);
    if value.is_none() || moment_of(value).is_some() {
        return Ok(());
    }
    let given = vm.heap.argument_name(value);
    let message = format!("{method}(dt) argument must be a datetime instance or None, not {given}");
    Err(vm.heap.type_error(message))
}

const UTCOFFSET: Native = Native::vm(
    "utcoffset(self, dt, /)",
    "The offset from UTC.",
    |vm, args| {
        check_argument(vm, "utcoffset", args.at(1))?;
        let zone = this_zone(&vm.heap, vm.get(args.at(0)))?;
        Ok(vm.local(zone.offset.get(&vm.heap)))
    },
);
const DST: Native = Native::vm(
    "dst(self, dt, /)",
    "None: a fixed offset has no daylight saving.",
    |vm, args| {
        check_argument(vm, "dst", args.at(1))?;
        Ok(vm.none())
    },
);
const TZNAME: Native = Native::vm(
    "tzname(self, dt, /)",
    "The name; without one `UTC` and the offset.",
    |vm, args| {
        check_argument(vm, "tzname", args.at(1))?;
        Ok(fixed_name(vm, args.at(0)))
    },
);
const FIXED_FROMUTC: Native = Native::vm(
    "fromutc(self, dt, /)",
    "The local time of a datetime in UTC that has this zone.",
    |vm, args| {
        check_moment(vm, args.at(0), args.at(1))?;
        let length = this_zone(&vm.heap, vm.get(args.at(0)))?.length;
        moved(vm, args.at(1), length.long())
    },
);
const INITARGS: Native = Native::vm(
    "__getinitargs__(self, /)",
    "The arguments that make this zone: pickle asks for them.",
    |vm, args| {
        let zone = this_zone(&vm.heap, vm.get(args.at(0)))?;
        let (offset, name) = (zone.offset.get(&vm.heap), zone.name.get(&vm.heap));
        let parts = [offset, name];
        let count = if name.is_none() { 1 } else { 2 };
        Ok(vm.local(vm.heap.tuple(&parts[..count]).value()))
    },
);
const EQ: Native = Native::vm(
    "__eq__(self, value, /)",
    "Return self==value.",
    |vm, args| compare(vm, args, Comparison::Eq),
);
const NE: Native = Native::vm(
    "__ne__(self, value, /)",
    "Return self!=value.",
    |vm, args| compare(vm, args, Comparison::Ne),
);

fn compare(vm: &mut Vm, args: Locals, how: Comparison) -> Result<Local, Raised> {
    let this = this_zone(&vm.heap, vm.get(args.at(0)))?.length;
    Ok(vm.local(match fixed_zone_of(vm.get(args.at(1))) {
        Some(other) => Value::bool(how.holds(Some(this.cmp(&other.length)))),
        None => Value::NOT_IMPLEMENTED,
    }))
}

const HASH: Native = Native::vm("__hash__(self, /)", "Return hash(self).", |vm, args| {
    let length = this_zone(&vm.heap, vm.get(args.at(0)))?.length;
    let hash = super::delta::hash(length);
    Ok(vm.local(vm.heap.int(hash)))
});
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let this = args.at(0);
    let utc = &vm.extension::<Classes>().utc;
    if utc.get(&vm.heap).is(vm.get(this)) {
        return Ok(vm.local(vm.heap.str_value("datetime.timezone.utc")));
    }
    let zone = this_zone(&vm.heap, vm.get(this))?;
    let offset = vm.local(zone.offset.get(&vm.heap));
    let name = vm.local(zone.name.get(&vm.heap));
    let mut text = format!(
        "{}({}",
        vm.heap.type_name(vm.get(this)).to_owned(),
        vm.repr_text(offset)?
    );
    if !vm.get(name).is_none() {
        text.push_str(", ");
        text.push_str(&vm.repr_text(name)?);
    }
    text.push(')');
    Ok(vm.local(vm.heap.str_value(&text)))
});
const STR: Native = Native::vm("__str__(self, /)", "Return str(self).", |vm, args| {
    this_zone(&vm.heap, vm.get(args.at(0)))?;
    Ok(fixed_name(vm, args.at(0)))
});
