//! Values between SQL and the heap.
//!
//! SQL has NULL, integers of 64 bits, floats, text in UTF-8 and bytes. Text and bytes are copied in both directions; nothing is
//! converted: what has no type in SQL is refused, and the caller says how.

use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};

use crate::runtime::heap::Heap;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::{Buffer, codec_error, plain_value};
use crate::text::codec::{self, Encoding};
use crate::text::{IntRef, surrogate};
use crate::vm::{Local, Vm};

/// A value of SQL as the program sees it: text is decoded.
///
/// # Errors
/// UnicodeDecodeError; MemoryError.
pub fn to_local(vm: &Vm, value: ValueRef<'_>) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let made = match value {
        ValueRef::Text(bytes) => match text(heap, bytes)? {
            Some(text) => text,
            None => {
                let error = codec::decode(bytes, Encoding::Utf8, "strict").err();
                let input = heap.bytes(bytes).value();
                return Err(match error {
                    Some(error) => codec_error(heap, error, input),
                    None => heap.memory_error(),
                });
            }
        },
        other => plain(heap, other)?,
    };
    Ok(vm.local(made))
}

/// A text; None if it is no UTF-8.
///
/// # Errors
/// MemoryError.
#[inline]
pub fn text<'h>(heap: &'h Heap, bytes: &[u8]) -> Result<Option<Value<'h>>, Raised> {
    match std::str::from_utf8(bytes) {
        Ok(text) => heap.try_str(text).map(Some),
        Err(_) => Ok(None),
    }
}

/// A value of SQL, text as its bytes.
///
/// # Errors
/// MemoryError.
#[inline]
pub fn plain<'h>(heap: &'h Heap, value: ValueRef<'_>) -> Result<Value<'h>, Raised> {
    Ok(match value {
        ValueRef::Null => Value::NONE,
        ValueRef::Integer(n) => heap.int(n),
        ValueRef::Real(x) => Value::float(x),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            heap.room_for(bytes.len())?;
            heap.bytes(bytes).value()
        }
    })
}

/// Hands a value of the program to SQL, borrowed; None if SQL has no such type.
///
/// # Errors
/// OverflowError for an integer of more than 64 bits, UnicodeEncodeError for a lone surrogate.
pub fn lend<T>(
    heap: &Heap,
    value: Value<'_>,
    take: impl FnOnce(ToSqlOutput<'_>) -> T,
) -> Result<Option<T>, Raised> {
    let value = plain_value(heap, value);
    let lent = if value.is_none() {
        ValueRef::Null
    } else if let Some(x) = value.as_float() {
        ValueRef::Real(x)
    } else if let Some(int) = value.as_int_or_bool() {
        ValueRef::Integer(int)
    } else if let Some(int) = value.as_any_int() {
        ValueRef::Integer(narrow(heap, int)?)
    } else if let Some(text) = value.as_gc::<Str>() {
        if surrogate::find(text.as_str()).is_some()
            && let Err(error) = codec::encode(text.as_str(), Encoding::Utf8, "strict")
        {
            return Err(codec_error(heap, error, value));
        }
        ValueRef::Text(text.as_str().as_bytes())
    } else if let Some(buffer) = Buffer::of(heap, value) {
        return Ok(Some(take(ToSqlOutput::Borrowed(ValueRef::Blob(&buffer)))));
    } else {
        return Ok(None);
    };
    Ok(Some(take(ToSqlOutput::Borrowed(lent))))
}

fn narrow(heap: &Heap, int: IntRef<'_>) -> Result<i64, Raised> {
    int.to_i64().ok_or_else(|| {
        let message = "Python int too large to convert to SQLite INTEGER";
        heap.raise(Builtin::OverflowError, message)
    })
}

/// What a function of the program returned, for SQL; None if SQL has no such type.
///
/// # Errors
/// As `lend`; what `__buffer__` raises.
pub fn to_sql(heap: &Heap, value: Value<'_>) -> Result<Option<SqlValue>, Raised> {
    lend(heap, value, |lent| match lent {
        ToSqlOutput::Borrowed(value) => value.try_into().unwrap_or(SqlValue::Null),
        _ => SqlValue::Null,
    })
}
