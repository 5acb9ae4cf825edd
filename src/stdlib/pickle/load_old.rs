//! The codes of protocol 0, which stand in lines of text, and those for strings of Python 2.
//!
//! A code that is none is refused here.

use super::input::refuse;
use super::load_call::{Done, push, take_bytes, take_line, take_number};
use super::opcode as op;
use super::unpickler::unpickler;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::codec_error;
use crate::text::codec::{self, Encoding, escapes};
use crate::text::float_repr::parse_float;
use crate::text::int_text::int_from_str;
use crate::vm::{Local, Vm};

/// Does what a code says.
///
/// # Errors
/// UnpicklingError; ValueError.
pub fn load_old(vm: &mut Vm, this: Local, code: u8) -> Done {
    match code {
        op::INT => load_int(vm, this),
        op::LONG => load_long(vm, this),
        op::FLOAT => load_float(vm, this),
        op::STRING => load_string(vm, this),
        op::BINSTRING | op::SHORT_BINSTRING => load_sized_string(vm, this, code),
        op::UNICODE => load_unicode(vm, this),
        op::GET => {
            let number = decimal_line(vm, this)?;
            let known = usize::try_from(number).ok();
            let known = known.and_then(|n| unpickler(vm, this).memo.get(&vm.heap, n));
            match known.map(|value| vm.local(value)) {
                Some(value) => push(vm, this, value),
                None => {
                    let message = format!("Memo value not found at index {number}");
                    Err(refuse(vm, &message))
                }
            }
        }
        op::PUT => {
            let number = decimal_line(vm, this)?;
            let state = unpickler(vm, this);
            let Some(top) = state.top(&vm.heap) else {
                return Err(super::load::underflow(vm, this));
            };
            let Ok(number) = usize::try_from(number) else {
                return Err(vm.heap.value_error("negative PUT argument"));
            };
            state.memo.set(&vm.heap, number, top)
        }
        _ => {
            let shown = match code {
                b'\'' | b'\\' => format!("\\x{code:02x}"),
                0x20..=0x7e => char::from(code).to_string(),
                _ => format!("\\x{code:02x}"),
            };
            Err(refuse(vm, &format!("invalid load key, '{shown}'.")))
        }
    }
}

/// A line with an integer.
fn decimal_line(vm: &mut Vm, this: Local) -> Result<i64, Raised> {
    let line = text_line(vm, this)?;
    let value = int_from_str(&line, 10, vm.heap.digit_limit.get());
    let value = value.map_err(|error| vm.heap.raise_text(error))?;
    match value {
        crate::text::Int::Small(n) => Ok(n),
        crate::text::Int::Big(_) => Err(vm.heap.raise(
            Builtin::OverflowError,
            "Python int too large to convert to C ssize_t",
        )),
    }
}

/// A line that is not empty, as text.
fn text_line(vm: &mut Vm, this: Local) -> Result<String, Raised> {
    let line = take_line(vm, this)?;
    if line.is_empty() {
        return Err(refuse(vm, "pickle data was truncated"));
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

fn load_int(vm: &mut Vm, this: Local) -> Done {
    let line = text_line(vm, this)?;
    let value = match line.as_str() {
        "00" => vm.local(Value::FALSE),
        "01" => vm.local(Value::TRUE),
        _ => {
            let is_octal =
                line.len() > 1 && line.starts_with('0') && line.bytes().all(|b| b.is_ascii_digit());
            let parsed = match (is_octal, line.parse::<i64>()) {
                (true, _) => i64::from_str_radix(&line, 8).ok().map(|n| vm.heap.int(n)),
                (false, Ok(n)) => Some(vm.heap.int(n)),
                _ => int_from_str(&line, 0, vm.heap.digit_limit.get())
                    .ok()
                    .map(|n| vm.heap.any_int(n)),
            };
            match parsed {
                Some(value) => vm.local(value),
                None => return Err(vm.heap.value_error("could not convert string to int")),
            }
        }
    };
    push(vm, this, value)
}

fn load_long(vm: &mut Vm, this: Local) -> Done {
    let line = text_line(vm, this)?;
    let digits = line.strip_suffix('L').unwrap_or(&line);
    let value = int_from_str(digits, 0, vm.heap.digit_limit.get());
    let value = value.map_err(|error| vm.heap.raise_text(error))?;
    let value = vm.local(vm.heap.any_int(value));
    push(vm, this, value)
}

fn load_float(vm: &mut Vm, this: Local) -> Done {
    let line = text_line(vm, this)?;
    let Some(x) = parse_float(&line) else {
        return Err(vm.heap.value_error("could not convert string to float"));
    };
    let value = vm.local(Value::float(x));
    push(vm, this, value)
}

/// A string of Python 2: decoded, unless the encoding is "bytes".
fn push_old_string(vm: &mut Vm, this: Local, data: Vec<u8>) -> Done {
    let data = vm.local(vm.heap.bytes(data).value());
    let state = unpickler(vm, this);
    let (encoding, errors) = (
        state.encoding.borrow().clone(),
        state.errors.borrow().clone(),
    );
    if encoding == "bytes" {
        return push(vm, this, data);
    }
    let encoding = vm.local(vm.heap.str_value(&encoding));
    let errors = vm.local(vm.heap.str_value(&errors));
    let text = vm.call_method(data, "decode", &[encoding, errors])?;
    push(vm, this, text)
}

fn load_string(vm: &mut Vm, this: Local) -> Done {
    let line = take_line(vm, this)?;
    let inner = match *line.as_slice() {
        [b'\'', ref inner @ .., b'\''] | [b'"', ref inner @ .., b'"'] => inner,
        _ => return Err(refuse(vm, "the STRING opcode argument must be quoted")),
    };
    match escapes::decode_bytes(inner, "strict") {
        Ok(data) => push_old_string(vm, this, data),
        Err(message) => Err(vm.heap.value_error(message)),
    }
}

fn load_sized_string(vm: &mut Vm, this: Local, code: u8) -> Done {
    let width = if code == op::SHORT_BINSTRING { 1 } else { 4 };
    let len = take_number(vm, this, width)?;
    // The length stands where the code of what follows would.
    unpickler(vm, this).input.borrow_mut().at -= 1;
    if len > i32::MAX as u64 {
        return Err(refuse(vm, "BINSTRING pickle has negative byte count"));
    }
    let data = take_bytes(vm, this, len as usize)?;
    push_old_string(vm, this, data)
}

fn load_unicode(vm: &mut Vm, this: Local) -> Done {
    let line = take_line(vm, this)?;
    vm.heap.room_for(line.len())?;
    match codec::decode(&line, Encoding::RawUnicodeEscape, "strict") {
        Ok(text) => {
            let text = vm.local(vm.heap.try_str(&text)?);
            push(vm, this, text)
        }
        Err(error) => Err(codec_error(&vm.heap, error, vm.heap.bytes(line).value())),
    }
}
