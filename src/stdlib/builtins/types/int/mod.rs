//! `int`: its table, its constructor and its methods; the operators are in `operators.rs`.
//!
//! A bool is an integer, too: what a method returns is always a plain int.

mod operators;

use super::buffer;
use super::number::this_int;
use crate::runtime::class::Class;
use crate::runtime::intern::Sym;
use crate::runtime::opaque::Opaque;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::{self, Buffer, Out, checked, given, plain};
use crate::stdlib::registry::{Getter, NativeType};
use crate::text::int_text::{int_from_long_str, invalid_literal};
use crate::text::num::bytes::{ByteOrder, Signedness, from_bytes, to_bytes};
use crate::text::str_repr::bytes_repr;
use crate::text::{IntRef, TextError, TextResult};
use crate::vm::{Local, Locals, Native, Vm};

const DOC: &str = "int([x]) -> integer\nint(x, base=10) -> integer\n\nConvert a number or string to an integer, or return 0 if no \
    arguments are given. Floats are truncated towards zero. A string is read in the base given, 2 to 36; base 0 reads the \
    base from the string, as in a literal.\n\n\
    Raises ValueError for a string that is no integer, OverflowError for an infinity.";

/// The tables.
pub const TYPES: &[NativeType] = &[
    NativeType {
        methods: operators::OPERATORS,
        ..NativeType::of(Builtin::Int, DOC)
    },
    NativeType {
        new: Some(&NEW),
        methods: &[
            &CONJUGATE,
            &BIT_LENGTH,
            &BIT_COUNT,
            &TO_BYTES,
            &AS_INTEGER_RATIO,
            &IS_INTEGER,
        ],
        class_methods: &[&FROM_BYTES],
        getters: &[
            Getter::leaf("real", "The integer itself.", operators::itself),
            Getter::leaf(
                "imag",
                "The imaginary part of an integer, which is 0.",
                |heap, a| this_int(heap, a).map(|_| heap.int(0)),
            ),
            Getter::leaf("numerator", "The integer itself.", operators::itself),
            Getter::leaf(
                "denominator",
                "The denominator of an integer, which is 1.",
                |heap, a| this_int(heap, a).map(|_| heap.int(1)),
            ),
        ],
        ..NativeType::of(Builtin::Int, DOC)
    },
];

const NEW: Native = Native::vm(
    "__new__(cls, x=0, /, base=10)",
    "Create and return a new object.",
    new,
)
.quick(|heap, args| {
    let x = args.get(1);
    if args.len() != 2 {
        return None;
    }
    if let Some(x) = x.as_float() {
        // Casting cuts the fraction off, as `int` does.
        return (x.abs() < 1e15).then(|| heap.int(x as i64));
    }
    match x.as_gc::<Str>() {
        Some(text) => short_decimal(text.as_str()).map(|n| heap.int(n)),
        None => x.as_int_or_bool().map(|n| heap.int(n)),
    }
});

/// The number that up to 17 digits spell, and nothing else.
fn short_decimal(text: &str) -> Option<i64> {
    if !(1..=17).contains(&text.len()) {
        return None;
    }
    text.bytes().try_fold(0, |n, byte| {
        byte.is_ascii_digit()
            .then(|| n * 10 + i64::from(byte - b'0'))
    })
}

const CONJUGATE: Native = Native::leaf(
    "conjugate(self, /) -> int",
    "Return the integer itself.",
    operators::itself,
);

const BIT_LENGTH: Native = Native::leaf(
    "bit_length(self, /) -> int",
    "Return the number of bits that the absolute value needs.",
    |heap, a| Ok(heap.int(this_int(heap, a)?.bit_length() as i64)),
);

const BIT_COUNT: Native = Native::leaf(
    "bit_count(self, /) -> int",
    "Return the number of ones in the absolute value.",
    |heap, a| {
        let n = this_int(heap, a)?.magnitude();
        heap.note_bytes((n.bits() / 8) as usize);
        Ok(heap.int(n.count_ones() as i64))
    },
);

const AS_INTEGER_RATIO: Native = Native::leaf(
    "as_integer_ratio(self, /) -> tuple",
    "Return the integer and 1.",
    |heap, a| {
        Ok(heap
            .tuple(&[operators::itself(heap, a)?, heap.int(1)])
            .value())
    },
);

const IS_INTEGER: Native =
    Native::leaf("is_integer(self, /) -> bool", "Return True.", |heap, a| {
        this_int(heap, a).map(|_| Value::TRUE)
    });

const TO_BYTES: Native = Native::vm(
    "to_bytes(self, /, length=1, byteorder='big', *, signed=False) -> bytes",
    "Return the integer as so many bytes; 'big' puts the most significant one first, 'little' last. signed allows negative \
     integers, in two's complement. OverflowError if the integer does not fit.",
    into_bytes,
);

const FROM_BYTES: Native = Native::vm(
    "from_bytes(cls, /, bytes, byteorder='big', *, signed=False) -> int",
    "Return the integer that bytes (or an iterable of their numbers) stand for; 'big' says that the most significant one comes \
     first, 'little' last. signed reads two's complement.",
    of_bytes,
);

fn new(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let (x, base) = (given(vm, a.at(1)), given(vm, a.at(2)));
    match (x, base) {
        (None, None) => Ok(vm.local(vm.heap.int(0))),
        (None, Some(_)) => Err(vm.heap.type_error("int() missing string argument")),
        (Some(x), None) => to_int(vm, x),
        (Some(x), Some(base)) => {
            let base = vm.index_value(base)?;
            let base = vm.get(base).as_i64().unwrap_or(-1);
            if base != 0 && !(2..=36).contains(&base) {
                let message = "int() base must be >= 2 and <= 36, or 0";
                return Err(vm.heap.value_error(message));
            }
            let value = vm.get(x);
            let is_text = value.as_gc::<Opaque>().is_none();
            match parse(&vm.heap, value, base).filter(|_| is_text) {
                Some(n) => Ok(vm.local(n?)),
                None => Err(vm
                    .heap
                    .type_error("int() can't convert non-string with explicit base")),
            }
        }
    }
}

/// `int(x)`.
fn to_int(vm: &mut Vm, x: Local) -> Result<Local, Raised> {
    if let Some(n) = vm.get(x).as_any_int() {
        return Ok(vm.local(vm.heap.any_int(n.to_int())));
    }
    if let Some(result) = vm.call_special(x, Sym::Int, &[])? {
        return integer_result(vm, result, "__int__ returned non-int");
    }
    if vm.special(vm.get(x), Sym::Index).is_some() {
        let result = vm.index_value(x)?;
        return integer_result(vm, result, "__index__ returned non-int");
    }
    if vm.special(vm.get(x), Sym::Trunc).is_some() {
        let message = "The delegation of int() to __trunc__ is deprecated.";
        vm.warn(Builtin::DeprecationWarning, message)?;
    }
    if let Some(result) = vm.call_special(x, Sym::Trunc, &[])? {
        if vm.special(vm.get(result), Sym::Index).is_some() {
            let result = vm.index_value(result)?;
            return integer_result(vm, result, "__index__ returned non-int");
        }
        return integer_result(vm, result, "__trunc__ returned non-Integral");
    }
    match parse(&vm.heap, vm.get(x), 10) {
        Some(n) => Ok(vm.local(n?)),
        None => {
            let found = vm.heap.type_name(vm.get(x));
            Err(vm.heap.type_error(format!(
                "int() argument must be a string, a bytes-like object or a real number, not '{found}'"
            )))
        }
    }
}

fn integer_result(vm: &mut Vm, result: Local, complaint: &str) -> Result<Local, Raised> {
    let value = plain(vm, result);
    match vm.get(value).as_any_int() {
        Some(n) => {
            let n = n.to_int();
            if !vm.is_exactly(result, Builtin::Int) && complaint.starts_with("__int__") {
                vm.warn_of_subclass(result, ("__int__", "int"))?;
            }
            Ok(vm.local(vm.heap.any_int(n)))
        }
        None => {
            let found = vm.heap.type_name(vm.get(result));
            Err(vm.heap.type_error(format!("{complaint} (type {found})")))
        }
    }
}

/// The integer that a text or bytes spell; None for other values.
fn parse<'h>(heap: &'h Heap, x: Value<'h>, base: i64) -> Option<Out<'h>> {
    let read = |text: &str| {
        let pause = &mut |digits| heap.pause(digits);
        int_from_long_str(text, base, heap.digit_limit.get(), pause)
    };
    let number = match arg::as_str(heap, x) {
        Some(text) => read(text.as_str()),
        None => {
            let data = Buffer::of(heap, x)?;
            parse_bytes(&data, base, read)
        }
    };
    Some(checked(heap, number).map(|n| heap.any_int(n)))
}

fn parse_bytes<T>(
    data: &[u8],
    base: i64,
    read: impl FnOnce(&str) -> TextResult<T>,
) -> TextResult<T> {
    let spelled = || invalid_literal(&bytes_repr(data), u32::try_from(base).unwrap_or(10));
    match std::str::from_utf8(data) {
        Ok(text) if text.is_ascii() => read(text).map_err(|error: TextError| {
            // The message about the base itself and about the number of digits stay as they are.
            if error.message.starts_with("invalid literal") {
                spelled()
            } else {
                error
            }
        }),
        _ => Err(spelled()),
    }
}

fn signedness(vm: &mut Vm, signed: Local) -> Result<Signedness, Raised> {
    Ok(if arg::truth_or(vm, signed, false)? {
        Signedness::Signed
    } else {
        Signedness::Unsigned
    })
}

fn byte_order<'h>(heap: &'h Heap, order: Value<'h>, what: &str) -> Result<ByteOrder, Raised> {
    checked(
        heap,
        ByteOrder::named(arg::text_or(heap, order, "big", what)?),
    )
}

fn into_bytes(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let length = arg::vm_index_or(vm, a.at(1), 1)?;
    let signed = signedness(vm, a.at(3))?;
    let order = byte_order(&vm.heap, vm.get(a.at(2)), "to_bytes() argument 'byteorder'")?;
    let this = plain(vm, a.at(0));
    let n = vm.get(this).as_any_int().unwrap_or(IntRef::Small(0));
    let data = checked(&vm.heap, to_bytes(n, length, order, signed))?;
    vm.heap.poll_bytes(data.len())?;
    Ok(vm.local(vm.heap.bytes(data).value()))
}

fn of_bytes(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let signed = signedness(vm, a.at(3))?;
    let order = byte_order(
        &vm.heap,
        vm.get(a.at(2)),
        "from_bytes() argument 'byteorder'",
    )?;
    let data = buffer::make::of_source(vm, a.at(1))?;
    vm.heap.poll_bytes(data.len())?;
    let n = vm.local(vm.heap.any_int(from_bytes(&data, order, signed)));
    let is_int = vm
        .get_gc::<Class>(a.at(0))
        .is_none_or(|class| class.builtin_is(Builtin::Int));
    if is_int {
        Ok(n)
    } else {
        vm.call(a.at(0), &[n])
    }
}
