//! Arguments of natives as Rust data, and CPython's complaints about those that are not.
//!
//! An instance of a class that extends a builtin type counts as the builtin object inside it. Leaves take integers as they are;
//! natives that must accept any object with `__index__` or `__float__` ask the VM instead.
//! To add a conversion: a function that takes the value and, where the message names it, what the argument is called.

use std::cell::Ref;
use std::ops::Deref;

use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::instance::Instance;
use crate::runtime::opaque::Opaque;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::text::codec::{CodecError, Fault};
use crate::text::{IntRef, TextResult};
use crate::vm::{Local, Vm};

pub use super::receiver::{given, plain};

/// What a leaf returns.
pub type Out<'h> = Result<Value<'h>, Raised>;

/// The builtin object inside an instance of a class that extends a builtin type; any other value as it is.
#[inline]
pub fn plain_value<'h>(heap: &'h Heap, value: Value<'h>) -> Value<'h> {
    value
        .as_gc::<Instance>()
        .and_then(|instance| instance.payload(heap))
        .unwrap_or(value)
}

/// The object itself, or its bytes if it exports them by a method `__buffer__` of its own.
///
/// # Errors
/// What `__buffer__` raises.
pub fn exported(vm: &mut Vm, object: Local) -> Result<Local, Raised> {
    if Buffer::of(&vm.heap, vm.get(object)).is_some() {
        return Ok(object);
    }
    match vm.exported_bytes(object)? {
        Some(data) => Ok(vm.local(vm.heap.bytes(data).value())),
        None => Ok(object),
    }
}

/// A pure algorithm's result; its error becomes an exception.
#[inline]
pub fn checked<T>(heap: &Heap, result: TextResult<T>) -> Result<T, Raised> {
    result.map_err(|error| heap.raise_text(error))
}

/// The string, if it is one.
#[inline]
pub fn as_str<'h>(heap: &'h Heap, value: Value<'h>) -> Option<Gc<'h, Str>> {
    value.as_gc().or_else(|| plain_value(heap, value).as_gc())
}

/// The text of a string argument; `what` is "find() argument 1" or the like.
#[inline]
pub fn text<'h>(heap: &'h Heap, value: Value<'h>, what: &str) -> Result<&'h str, Raised> {
    match as_str(heap, value) {
        Some(string) => Ok(string.as_str()),
        None => Err(wrong_type(heap, value, what, "str")),
    }
}

/// The text of a string argument; `default` where it was omitted.
pub fn text_or<'h>(
    heap: &'h Heap,
    value: Value<'h>,
    default: &'h str,
    what: &str,
) -> Result<&'h str, Raised> {
    if value.is_undef() {
        Ok(default)
    } else {
        text(heap, value, what)
    }
}

#[cold]
fn wrong_type(heap: &Heap, value: Value<'_>, what: &str, wanted: &str) -> Raised {
    let sep = if what.is_empty() { "" } else { " " };
    heap.type_error(format!(
        "{what}{sep}must be {wanted}, not {}",
        if what.is_empty() {
            heap.type_name(value)
        } else {
            heap.argument_name(value)
        }
    ))
}

/// The integer, if it is one.
#[inline]
pub fn as_int<'h>(heap: &'h Heap, value: Value<'h>) -> Option<IntRef<'h>> {
    value
        .as_any_int()
        .or_else(|| plain_value(heap, value).as_any_int())
}

/// An integer argument of a leaf that stands for a size or a count.
pub fn index<'h>(heap: &'h Heap, value: Value<'h>) -> Result<i64, Raised> {
    match as_int(heap, value).map(IntRef::to_i64) {
        Some(Some(n)) => Ok(n),
        Some(None) => Err(heap.raise(
            Builtin::OverflowError,
            "Python int too large to convert to C ssize_t",
        )),
        None => Err(not_integer(heap, value)),
    }
}

/// `index`, or `default` where the argument was omitted.
pub fn index_or<'h>(heap: &'h Heap, value: Value<'h>, default: i64) -> Result<i64, Raised> {
    if value.is_undef() {
        Ok(default)
    } else {
        index(heap, value)
    }
}

/// TypeError: an integer is wanted.
#[cold]
pub fn not_integer(heap: &Heap, value: Value<'_>) -> Raised {
    heap.type_error(format!(
        "'{}' object cannot be interpreted as an integer",
        heap.type_name(value)
    ))
}

/// A bound such as `start` or `end`: None for none, clipped to 64 bits.
pub fn bound<'h>(heap: &'h Heap, value: Value<'h>) -> Result<Option<i64>, Raised> {
    if value.is_undef() || value.is_none() {
        return Ok(None);
    }
    match as_int(heap, value) {
        Some(n) => Ok(Some(n.to_i64().unwrap_or(if n.is_negative() {
            i64::MIN
        } else {
            i64::MAX
        }))),
        None => {
            Err(heap
                .type_error("slice indices must be integers or None or have an __index__ method"))
        }
    }
}

/// The value of a byte.
pub fn byte<'h>(heap: &'h Heap, value: Value<'h>) -> Result<u8, Raised> {
    match as_int(heap, value) {
        Some(n) => match n.to_i64().and_then(|n| u8::try_from(n).ok()) {
            Some(byte) => Ok(byte),
            None => Err(heap.value_error("byte must be in range(0, 256)")),
        },
        None => Err(not_integer(heap, value)),
    }
}

/// `index` of anything with `__index__`, or `default` where the argument was omitted.
pub fn vm_index_or(vm: &mut Vm, local: Local, default: i64) -> Result<i64, Raised> {
    match given(vm, local) {
        Some(local) => vm.index(local),
        None => Ok(default),
    }
}

/// The truth of an argument, or `default` where it was omitted.
pub fn truth_or(vm: &mut Vm, local: Local, default: bool) -> Result<bool, Raised> {
    match given(vm, local) {
        Some(local) => vm.truth(local),
        None => Ok(default),
    }
}

/// An integer of C's `int`, such as a number of the system. `default`: where it was omitted.
///
/// # Errors
/// TypeError; OverflowError if it does not fit.
pub fn c_int(vm: &mut Vm, local: Local, default: i64) -> Result<i32, Raised> {
    let number = vm_index_or(vm, local, default)?;
    fits_c_int(&vm.heap, Some(number))
}

/// A number as an integer of C's `int`; None stands for one of more than 64 bits.
///
/// # Errors
/// OverflowError if it does not fit.
pub fn fits_c_int(heap: &Heap, number: Option<i64>) -> Result<i32, Raised> {
    let limit = match number.map(|number| (number, i32::try_from(number))) {
        Some((_, Ok(number))) => return Ok(number),
        Some((number, Err(_))) if number < 0 => "signed integer is less than minimum",
        Some(_) => "signed integer is greater than maximum",
        None => "Python int too large to convert to C long",
    };
    Err(heap.raise(Builtin::OverflowError, limit))
}

/// The bytes of a bytes object or bytearray.
pub enum Buffer<'h> {
    /// Of a bytes object.
    Bytes(&'h [u8]),
    /// Of a bytearray, borrowed.
    Array(Ref<'h, Vec<u8>>),
    /// A copy of what another bytes-like object has.
    Copy(Vec<u8>),
}

/// A copy of bytes.
///
/// # Errors
/// MemoryError.
pub fn copied(heap: &Heap, bytes: &[u8]) -> Result<Vec<u8>, Raised> {
    heap.room_for(bytes.len())?;
    Ok(bytes.to_vec())
}

impl Deref for Buffer<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Buffer::Bytes(data) => data,
            Buffer::Array(data) => data,
            Buffer::Copy(data) => data,
        }
    }
}

impl<'h> Buffer<'h> {
    /// The bytes of a value, if it has any.
    #[inline]
    pub fn of(heap: &'h Heap, value: Value<'h>) -> Option<Buffer<'h>> {
        let value = plain_value(heap, value);
        if let Some(bytes) = value.as_gc::<Bytes>() {
            return Some(Buffer::Bytes(bytes.get().as_slice()));
        }
        if let Some(array) = value.as_gc::<ByteArray>() {
            return Some(Buffer::Array(array.get().read(heap)));
        }
        value.as_gc::<Opaque>()?.exported(heap).map(Buffer::Copy)
    }

    /// A copy of the bytes of an argument that must have some.
    ///
    /// # Errors
    /// TypeError; MemoryError.
    pub fn copied(heap: &'h Heap, value: Value<'h>) -> Result<Vec<u8>, Raised> {
        Buffer::arg(heap, value)?.into_vec(heap)
    }

    /// The bytes as a vector of their own.
    ///
    /// # Errors
    /// MemoryError.
    pub fn into_vec(self, heap: &Heap) -> Result<Vec<u8>, Raised> {
        match self {
            Buffer::Copy(data) => Ok(data),
            _ => copied(heap, &self),
        }
    }

    /// The bytes of an argument that must have some.
    pub fn arg(heap: &'h Heap, value: Value<'h>) -> Result<Buffer<'h>, Raised> {
        if let Some(object) = plain_value(heap, value).as_gc::<Opaque>()
            && let Some(data) = object.try_exported(heap)?
        {
            return Ok(Buffer::Copy(data));
        }
        Buffer::of(heap, value).ok_or_else(|| {
            heap.type_error(format!(
                "a bytes-like object is required, not '{}'",
                heap.type_name(value)
            ))
        })
    }

    /// An object of the same type with these bytes.
    pub fn same(&self, heap: &'h Heap, data: impl Into<Vec<u8>>) -> Value<'h> {
        match self {
            Buffer::Bytes(_) | Buffer::Copy(_) => heap.bytes(data.into()).value(),
            Buffer::Array(_) => heap.bytearray(data.into()).value(),
        }
    }
}

/// Raises what a codec reports about `input`.
#[cold]
pub fn codec_error<'h>(heap: &'h Heap, error: CodecError, input: Value<'h>) -> Raised {
    match error {
        CodecError::UnknownEncoding(name) => {
            heap.raise(Builtin::LookupError, format!("unknown encoding: {name}"))
        }
        CodecError::UnknownHandler(name) => heap.raise(
            Builtin::LookupError,
            format!("unknown error handler name '{name}'"),
        ),
        CodecError::WrongDirection(class) => heap.type_error(format!(
            "don't know how to handle {class} in error callback"
        )),
        CodecError::Invalid(Fault {
            codec,
            range,
            reason,
        }) => {
            let class = if as_str(heap, input).is_some() {
                Builtin::UnicodeEncodeError
            } else {
                Builtin::UnicodeDecodeError
            };
            let (start, end) = (heap.usize(range.start), heap.usize(range.end));
            heap.raise_with(
                class,
                &[
                    heap.str_value(codec),
                    input,
                    start,
                    end,
                    heap.str_value(&reason),
                ],
            )
        }
    }
}
