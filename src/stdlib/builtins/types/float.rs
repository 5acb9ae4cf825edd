//! `float`: its table, its constructor, its methods and its operators.
//!
//! The algorithms are in `text`. To add a method: a `Native`, its function, a word in the table.

use super::number::{
    Tower, binary, compare, power, reflected, reflected_power, this_float, wrong_receiver,
};
use crate::runtime::builtin_eq::{Number, hash_number};
use crate::runtime::class::Class;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::{self, Buffer, Out, checked, given, plain};
use crate::stdlib::receiver;
use crate::stdlib::registry::{Getter, NativeType};
use crate::text::float_repr::{float_from_str, float_fromhex, float_hex, float_repr, parse_float};
use crate::text::format_spec::FormatSpec;
use crate::text::num::convert::{float_to_int, float_to_ratio};
use crate::text::num::rounding::{float_round, float_round_digits};
use crate::text::str_repr::bytes_repr;
use crate::vm::protocol::arith::Operator;
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Args, Local, Locals, Native, Vm};

const DOC: &str = "Convert a string or number to a floating-point number, if possible.\n\n\
    Raises ValueError for a string that is no number, OverflowError for an integer that is too large.";

/// The tables.
pub const TYPES: &[NativeType] = &[
    NativeType {
        methods: OPERATORS,
        ..NativeType::of(Builtin::Float, DOC)
    },
    NativeType {
        new: Some(&NEW),
        methods: &[&CONJUGATE, &IS_INTEGER, &AS_INTEGER_RATIO, &HEX],
        class_methods: &[&FROMHEX, &GETFORMAT],
        getters: &[
            Getter::leaf("real", "The float itself.", itself),
            Getter::leaf(
                "imag",
                "The imaginary part of a float, which is 0.0.",
                |heap, a| this_float(heap, a).map(|_| Value::float(0.0)),
            ),
        ],
        ..NativeType::of(Builtin::Float, DOC)
    },
];

/// The special methods.
#[rustfmt::skip]
const OPERATORS: &[&Native] = &[
    &Native::vm("__add__(self, value, /) -> float", "Return self+value.", |vm, a| binary(vm, a, Tower::Float, Operator::Add)),
    &Native::vm("__radd__(self, value, /) -> float", "Return value+self.", |vm, a| reflected(vm, a, Tower::Float, Operator::Add)),
    &Native::vm("__sub__(self, value, /) -> float", "Return self-value.", |vm, a| binary(vm, a, Tower::Float, Operator::Sub)),
    &Native::vm("__rsub__(self, value, /) -> float", "Return value-self.", |vm, a| reflected(vm, a, Tower::Float, Operator::Sub)),
    &Native::vm("__mul__(self, value, /) -> float", "Return self*value.", |vm, a| binary(vm, a, Tower::Float, Operator::Mul)),
    &Native::vm("__rmul__(self, value, /) -> float", "Return value*self.", |vm, a| reflected(vm, a, Tower::Float, Operator::Mul)),
    &Native::vm("__truediv__(self, value, /) -> float", "Return self/value.", |vm, a| binary(vm, a, Tower::Float, Operator::Div)),
    &Native::vm("__rtruediv__(self, value, /) -> float", "Return value/self.", |vm, a| reflected(vm, a, Tower::Float, Operator::Div)),
    &Native::vm("__floordiv__(self, value, /) -> float", "Return self//value.", |vm, a| binary(vm, a, Tower::Float, Operator::FloorDiv)),
    &Native::vm("__rfloordiv__(self, value, /) -> float", "Return value//self.", |vm, a| reflected(vm, a, Tower::Float, Operator::FloorDiv)),
    &Native::vm("__mod__(self, value, /) -> float", "Return self%value.", |vm, a| binary(vm, a, Tower::Float, Operator::Mod)),
    &Native::vm("__rmod__(self, value, /) -> float", "Return value%self.", |vm, a| reflected(vm, a, Tower::Float, Operator::Mod)),
    &Native::vm("__divmod__(self, value, /) -> tuple", "Return divmod(self, value).", |vm, a| binary(vm, a, Tower::Float, Operator::DivMod)),
    &Native::vm("__rdivmod__(self, value, /) -> tuple", "Return divmod(value, self).", |vm, a| reflected(vm, a, Tower::Float, Operator::DivMod)),
    &Native::vm("__pow__(self, value, mod=None, /) -> float", "Return pow(self, value, mod).", |vm, a| power(vm, a, Tower::Float)),
    &Native::vm("__rpow__(self, value, mod=None, /) -> float", "Return pow(value, self, mod).", |vm, a| reflected_power(vm, a, Tower::Float)),
    &Native::vm("__eq__(self, value, /) -> bool", "Return self==value.", |vm, a| compare(vm, a, Tower::Float, Comparison::Eq)),
    &Native::vm("__ne__(self, value, /) -> bool", "Return self!=value.", |vm, a| compare(vm, a, Tower::Float, Comparison::Ne)),
    &Native::vm("__lt__(self, value, /) -> bool", "Return self<value.", |vm, a| compare(vm, a, Tower::Float, Comparison::Lt)),
    &Native::vm("__le__(self, value, /) -> bool", "Return self<=value.", |vm, a| compare(vm, a, Tower::Float, Comparison::Le)),
    &Native::vm("__gt__(self, value, /) -> bool", "Return self>value.", |vm, a| compare(vm, a, Tower::Float, Comparison::Gt)),
    &Native::vm("__ge__(self, value, /) -> bool", "Return self>=value.", |vm, a| compare(vm, a, Tower::Float, Comparison::Ge)),
    &Native::leaf("__neg__(self, /) -> float", "Return -self.", |heap, a| Ok(Value::float(-this_float(heap, a)?))),
    &Native::leaf("__pos__(self, /) -> float", "Return +self.", itself),
    &Native::leaf("__abs__(self, /) -> float", "Return abs(self).", |heap, a| Ok(Value::float(this_float(heap, a)?.abs()))),
    &Native::leaf("__bool__(self, /) -> bool", "Return True if self is not zero.", |heap, a| Ok(Value::bool(this_float(heap, a)? != 0.0))),
    &Native::leaf("__hash__(self, /) -> int", "Return hash(self).", |heap, a| Ok(heap.int(hash_number(Number::Float(this_float(heap, a)?))))),
    &Native::leaf("__repr__(self, /) -> str", "Return repr(self).", |heap, a| Ok(heap.str_value(&float_repr(this_float(heap, a)?)))),
    &Native::vm("__format__(self, format_spec, /) -> str", "Format the float according to format_spec.", |vm, args| receiver::format(vm, args, format)).on_instance(),
    &Native::leaf("__float__(self, /) -> float", "Return float(self).", itself),
    &Native::leaf("__int__(self, /) -> int", "Return int(self).", |heap, a| to_int(heap, a, f64::trunc)),
    &Native::leaf("__trunc__(self, /) -> int", "Return the integer part.", |heap, a| to_int(heap, a, f64::trunc)),
    &Native::leaf("__floor__(self, /) -> int", "Return the largest integer that is not larger.", |heap, a| to_int(heap, a, f64::floor)),
    &Native::leaf("__ceil__(self, /) -> int", "Return the smallest integer that is not smaller.", |heap, a| to_int(heap, a, f64::ceil)),
    &Native::vm("__round__(self, ndigits=None, /)", "Round to ndigits digits after the point, halves to even; without ndigits to an integer.", round),
    &Native::leaf("__getnewargs__(self, /) -> tuple", "Return the arguments that make an equal float.", |heap, a| Ok(heap.tuple(&[itself(heap, a)?]).value())),
];

const NEW: Native = Native::vm(
    "__new__(cls, x=0, /)",
    "Create and return a new object.",
    new,
);

const CONJUGATE: Native = Native::leaf(
    "conjugate(self, /) -> float",
    "Return the float itself.",
    itself,
);

const IS_INTEGER: Native = Native::leaf(
    "is_integer(self, /) -> bool",
    "Return True if the float is an integer.",
    |heap, a| {
        let x = this_float(heap, a)?;
        Ok(Value::bool(x.is_finite() && x == x.floor()))
    },
);

const AS_INTEGER_RATIO: Native = Native::leaf(
    "as_integer_ratio(self, /) -> tuple",
    "Return two integers whose ratio is exactly the float, in lowest terms, the second one positive. Raises OverflowError for an infinity, ValueError for NaN.",
    |heap, a| {
        let (above, below) = checked(heap, float_to_ratio(this_float(heap, a)?))?;
        Ok(heap
            .tuple(&[heap.any_int(above), heap.any_int(below)])
            .value())
    },
);

const HEX: Native = Native::leaf(
    "hex(self, /) -> str",
    "Return the float in hexadecimal, exactly.",
    |heap, a| Ok(heap.str_value(&float_hex(this_float(heap, a)?))),
);

const FROMHEX: Native = Native::vm(
    "fromhex(cls, string, /) -> float",
    "Make a float from a hexadecimal string. Raises ValueError if it is none.",
    from_hex,
);

const GETFORMAT: Native = Native::leaf(
    "__getformat__(cls, typestr, /) -> str",
    "Say how 'double' or 'float' numbers are represented.",
    |heap, a| match arg::text(heap, a.get(1), "__getformat__() argument")? {
        "double" | "float" => Ok(heap.str_value("IEEE, little-endian")),
        _ => Err(heap.value_error("__getformat__() argument 1 must be 'double' or 'float'")),
    },
);

fn itself<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    this_float(heap, a).map(Value::float)
}

fn to_int<'h>(heap: &'h Heap, a: Args<'h>, rounding: fn(f64) -> f64) -> Out<'h> {
    Ok(heap.any_int(checked(heap, float_to_int(rounding(this_float(heap, a)?)))?))
}

fn format<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let (x, spec) = (
        this_float(heap, a)?,
        arg::text(heap, a.get(1), "__format__() argument")?,
    );
    if spec.is_empty() {
        return Ok(heap.str_value(&float_repr(x)));
    }
    let formatted = FormatSpec::parse(spec, "float").and_then(|spec| spec.format_float(x, "float"));
    heap.try_str(&checked(heap, formatted)?)
}

fn round(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let this = plain(vm, a.at(0));
    let Some(x) = vm.get(this).as_float() else {
        return Err(wrong_receiver(&vm.heap, Tower::Float, vm.get(this)));
    };
    let digits = given(vm, a.at(1)).filter(|&digits| !vm.get(digits).is_none());
    let Some(digits) = digits else {
        return Ok(vm.local(vm.heap.any_int(checked(&vm.heap, float_round(x))?)));
    };
    let digits = vm.index(digits)?;
    Ok(vm.local(Value::float(checked(
        &vm.heap,
        float_round_digits(x, digits),
    )?)))
}

fn new(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let Some(x) = given(vm, a.at(1)) else {
        return Ok(vm.local(Value::float(0.0)));
    };
    if vm.get(x).is_float() {
        return Ok(x);
    }
    let is_plain = vm.is_exactly(x, Builtin::Str);
    if (is_plain || vm.special(vm.get(x), Sym::Float).is_none())
        && let Some(number) = parse(&vm.heap, vm.get(x))
    {
        return Ok(vm.local(number?));
    }
    let value = vm.get(x);
    if vm.special(value, Sym::Float).is_none() && vm.special(value, Sym::Index).is_none() {
        let found = vm.heap.type_name(value);
        return Err(vm.heap.type_error(format!(
            "float() argument must be a string or a real number, not '{found}'"
        )));
    }
    if let Some(result) = vm.overridden_float(x)? {
        return Ok(vm.local(Value::float(result)));
    }
    let number = vm.to_float(x)?;
    Ok(vm.local(Value::float(number)))
}

/// A float; each NaN that is made of a text is an object of its own.
fn new_float(heap: &Heap, x: f64) -> Value<'_> {
    if x.is_nan() {
        Value::nan(heap.next_number())
    } else {
        Value::float(x)
    }
}

/// The float that a text or bytes spell; None for other values.
fn parse<'h>(heap: &'h Heap, x: Value<'h>) -> Option<Out<'h>> {
    if let Some(text) = arg::as_str(heap, x) {
        return Some(checked(heap, float_from_str(text.as_str())).map(|x| new_float(heap, x)));
    }
    let data = Buffer::of(heap, x)?;
    let number = std::str::from_utf8(&data)
        .ok()
        .filter(|text| text.is_ascii())
        .and_then(parse_float);
    Some(match number {
        Some(number) => Ok(Value::float(number)),
        None => Err(heap.value_error(format!(
            "could not convert string to float: {}",
            bytes_repr(&data)
        ))),
    })
}

fn from_hex(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let Some(text) = arg::as_str(&vm.heap, vm.get(a.at(1))) else {
        return Err(vm
            .heap
            .type_error("bad argument type for built-in operation"));
    };
    let x = vm.local(Value::float(checked(
        &vm.heap,
        float_fromhex(text.as_str()),
    )?));
    let is_float = vm
        .get_gc::<Class>(a.at(0))
        .is_none_or(|class| class.builtin_is(Builtin::Float));
    if is_float {
        Ok(x)
    } else {
        vm.call(a.at(0), &[x])
    }
}
