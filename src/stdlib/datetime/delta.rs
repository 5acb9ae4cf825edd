//! The class `timedelta`: how it is made, its attributes, texts, hash and comparisons. Its arithmetic is in `delta_operators.rs`.
//!
//! Arguments that all are integers are added in 64 bits where these hold the sum. Floats are added in the order of CPython, so that they are
//! rounded as there.

use num_bigint::BigInt;

use super::arguments::quick_ints;
use super::delta_operators as operators;
use super::duration::{Duration, clipped};
use super::state::{Delta, fits, length_of, this_length};
use super::text;
use crate::runtime::class::Class;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::{as_int, plain_value};
use crate::stdlib::comparisons::comparisons;
use crate::stdlib::receiver::given;
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::text::IntRef;
use crate::text::num::convert::float_to_int;
use crate::text::num::division::int_true_div;
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The class.
pub const TIMEDELTA: ModuleType = ModuleType {
    name: "datetime.timedelta",
    module: "datetime",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &TOTAL_SECONDS,
            &REPR,
            &STR,
            &HASH,
            &BOOL,
            &EQ,
            &NE,
            &LT,
            &LE,
            &GT,
            &GE,
            &operators::ADD,
            &operators::RADD,
            &operators::SUB,
            &operators::RSUB,
            &operators::NEG,
            &operators::POS,
            &operators::ABS,
            &operators::MUL,
            &operators::RMUL,
            &operators::TRUEDIV,
            &operators::RTRUEDIV,
            &operators::FLOORDIV,
            &operators::RFLOORDIV,
            &operators::MOD,
            &operators::RMOD,
            &operators::DIVMOD,
            &operators::RDIVMOD,
            &REDUCE,
        ],
        getters: &[
            Getter::leaf("days", "Number of days.", |heap, args| {
                field(heap, args, |length| length.days)
            }),
            Getter::leaf(
                "seconds",
                "Number of seconds (>= 0 and less than 1 day).",
                |heap, args| field(heap, args, |length| length.seconds),
            ),
            Getter::leaf(
                "microseconds",
                "Number of microseconds (>= 0 and less than 1 second).",
                |heap, args| field(heap, args, |length| length.micros),
            ),
        ],
        has_no_dict: true,
        ..NativeType::of(
            Builtin::Opaque,
            "A duration in days, seconds and microseconds, of which the last two are never negative. The arguments are integers or floats.",
        )
    },
};

/// The arguments of the constructor by position, and their microseconds.
const UNITS: [(&str, i64); 7] = [
    ("days", 86_400_000_000),
    ("seconds", 1_000_000),
    ("microseconds", 1),
    ("milliseconds", 1000),
    ("minutes", 60_000_000),
    ("hours", 3_600_000_000),
    ("weeks", 604_800_000_000),
];
/// The order in which CPython adds them, which counts where floats are rounded.
const ORDER: [usize; 7] = [2, 3, 1, 4, 5, 0, 6];

const NEW: Native = Native::vm(
    "timedelta(cls, /, days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0)",
    "A duration. Raises OverflowError if it is too long.",
    |vm, args| {
        let length = match short_sum(vm, args) {
            Some(micros) => Duration::of_micros(micros),
            None => Duration::of_big(&sum(vm, args)?),
        };
        let length = fits(&vm.heap, length)?;
        Ok(vm.new_opaque(args.at(0), Delta { length }))
    },
)
.quick(|heap, args| {
    let class = args.get(0).as_gc::<Class>()?;
    let given = quick_ints(args, 1, [0; 7])?;
    if args.len() > 8 {
        return None;
    }
    let length = Duration::of_micros(short_total(given)?).ok()?;
    Some(heap.opaque(class, Delta { length }).value())
});

/// The microseconds of integers, if 64 bits hold them.
fn short_total(values: [i64; 7]) -> Option<i64> {
    let mut total = 0_i64;
    for (value, (_, unit)) in values.iter().zip(UNITS) {
        if *value != 0 {
            total = total.checked_add(value.checked_mul(unit)?)?;
        }
    }
    Some(total)
}

/// The same of arguments that all are integers.
fn short_sum(vm: &Vm, args: Locals) -> Option<i64> {
    let mut values = [0; 7];
    for (i, value) in values.iter_mut().enumerate() {
        let argument = vm.get(args.at(i + 1));
        if !argument.is_undef() {
            *value = argument.as_int()?;
        }
    }
    short_total(values)
}

/// The microseconds of any arguments.
fn sum(vm: &Vm, args: Locals) -> Result<BigInt, Raised> {
    let heap = &vm.heap;
    let (mut whole, mut part) = (BigInt::from(0), 0.0);
    for at in ORDER {
        let (name, unit) = UNITS[at];
        let Some(argument) = given(vm, args.at(at + 1)) else {
            continue;
        };
        let value = plain_value(heap, vm.get(argument));
        if let Some(n) = as_int(heap, value) {
            whole += n.to_big().as_ref() * unit;
        } else if let Some(x) = value.as_float() {
            let integer = float_to_int(x).map_err(|error| heap.raise_text(error))?;
            whole += integer.into_big() * unit;
            let fraction = (x - x.trunc()) * unit as f64;
            whole += fraction.trunc() as i64;
            part += fraction - fraction.trunc();
        } else {
            let given = heap.type_name(value);
            let message = format!("unsupported type for timedelta {name} component: {given}");
            return Err(heap.type_error(message));
        }
    }
    if part != 0.0 {
        let mut more = part.round();
        if (more - part).abs() == 0.5 {
            let odd = (clipped(&whole) & 1) as f64;
            more = 2.0 * ((part + odd) * 0.5).round() - odd;
        }
        whole += more as i64;
    }
    Ok(whole)
}

fn field<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    part: fn(Duration) -> i32,
) -> Result<Value<'h>, Raised> {
    let length = this_length(heap, args.get(0))?;
    Ok(Value::small_int(part(length).into()))
}

const TOTAL_SECONDS: Native = Native::leaf(
    "total_seconds(self, /)",
    "Total seconds in the duration.",
    |heap, args| {
        let length = this_length(heap, args.get(0))?;
        /// Floats hold such numbers of microseconds exactly.
        const EXACT: i64 = 1 << 53;
        if let Some(micros) = length.short().filter(|micros| micros.abs() < EXACT) {
            return Ok(Value::float(micros as f64 / 1e6));
        }
        let micros = BigInt::from(length.long());
        let quotient = int_true_div(IntRef::Big(&micros), IntRef::Small(1_000_000));
        let seconds = quotient.map_err(|error| heap.raise_text(error))?;
        Ok(Value::float(seconds))
    },
);
const REPR: Native = Native::leaf("__repr__(self, /)", "Return repr(self).", |heap, args| {
    let length = this_length(heap, args.get(0))?;
    let class = heap.type_name(args.get(0));
    Ok(heap.str_value(&text::duration_repr(class, length)))
});
const STR: Native = Native::leaf("__str__(self, /)", "Return str(self).", |heap, args| {
    let length = this_length(heap, args.get(0))?;
    Ok(heap.str_value(&text::duration(length)))
});

/// The hash of a duration: its microseconds, and what is equal modulo a prime.
pub fn hash(length: Duration) -> i64 {
    const PRIME: i128 = (1 << 61) - 1;
    (length.long() % PRIME) as i64
}

const HASH: Native = Native::leaf("__hash__(self, /)", "Return hash(self).", |heap, args| {
    let length = this_length(heap, args.get(0))?;
    Ok(heap.int(hash(length)))
});
const BOOL: Native = Native::leaf(
    "__bool__(self, /)",
    "True if self else False",
    |heap, args| {
        let length = this_length(heap, args.get(0))?;
        Ok(Value::bool(length != Duration::default()))
    },
);
comparisons!(leaf, compare);

fn compare<'h>(heap: &'h Heap, args: Args<'h>, how: Comparison) -> Result<Value<'h>, Raised> {
    let this = this_length(heap, args.get(0))?;
    Ok(match length_of(args.get(1)) {
        Some(other) => Value::bool(how.holds(Some(this.cmp(&other)))),
        None => Value::NOT_IMPLEMENTED,
    })
}

const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    let this: Local = args.at(0);
    let length = this_length(&vm.heap, vm.get(this))?;
    let parts = [length.days, length.seconds, length.micros];
    let parts = parts.map(|n| Value::small_int(n.into()));
    let class = vm.heap.class_of(vm.get(this)).value();
    let arguments = vm.heap.tuple(&parts).value();
    Ok(vm.local(vm.heap.tuple(&[class, arguments]).value()))
});
