//! What `bytes(...)` and `bytearray(...)` make of their arguments: text, a count, bytes, or an iterable of numbers.
//!
//! Both constructors accept the same things and complain in the same words, each under its own name. An iterable may run the
//! program, so nothing is borrowed while it does.

use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::{self, Buffer, checked};
use crate::stdlib::codecs::convert::encode;
use crate::text::check_text_size;
use crate::vm::{Local, Locals, Vm};

/// The name of the type, and what it says about numbers that are no bytes.
pub struct Made {
    /// `bytes` or `bytearray`.
    pub name: &'static str,
    /// The subject of "must be in range(0, 256)".
    pub items: &'static str,
}

/// The bytes for `cls(source, encoding, errors)`.
pub fn make(vm: &mut Vm, a: Locals, made: &Made) -> Result<Vec<u8>, Raised> {
    let (source, encoding, errors) = (vm.get(a.at(1)), vm.get(a.at(2)), vm.get(a.at(3)));
    let is_exact = vm.heap.class_of(source).builtin_is(Builtin::Str);
    // A subclass of str may say itself what its bytes are.
    let says = !is_exact
        && encoding.is_undef()
        && errors.is_undef()
        && vm.special(source, Sym::Bytes).is_some();
    if arg::as_str(&vm.heap, source).is_some() && !says {
        return encoded(vm, a.at(1), [a.at(2), a.at(3)], made);
    }
    for (value, part) in [(encoding, "encoding"), (errors, "errors")] {
        if !value.is_undef() {
            let what = format!("{}() argument '{part}'", made.name);
            arg::text(&vm.heap, value, &what)?;
        }
    }
    if !encoding.is_undef() {
        return Err(vm.heap.type_error("encoding without a string argument"));
    }
    if !errors.is_undef() {
        return Err(vm.heap.type_error("errors without a string argument"));
    }
    if source.is_undef() {
        return Ok(Vec::new());
    }
    // A bytearray asks no `__bytes__`.
    let asked = match made.name == Builtin::Bytes.name() {
        true => vm.call_special(a.at(1), Sym::Bytes, &[])?,
        false => None,
    };
    match asked {
        Some(result) => of_bytes_method(&vm.heap, vm.get(result)),
        None if is_count(vm, a.at(1)) => match zeros(vm, a.at(1)) {
            // An object that is no number after all may be bytes.
            Err(raised) if vm.is_raised(&raised, Builtin::TypeError) => {
                vm.heap.take_raised(raised);
                of_object(vm, a.at(1), made)
            }
            zeros => zeros,
        },
        None => of_object(vm, a.at(1), made),
    }
}

/// The bytes that an object has or gives as numbers: what `int.from_bytes` reads.
pub fn of_source(vm: &mut Vm, source: Local) -> Result<Vec<u8>, Raised> {
    const BYTES: Made = Made {
        name: "bytes",
        items: "bytes",
    };
    match vm.call_special(source, Sym::Bytes, &[])? {
        Some(result) => of_bytes_method(&vm.heap, vm.get(result)),
        None if is_count(vm, source) || arg::as_str(&vm.heap, vm.get(source)).is_some() => {
            Err(cannot_convert(vm, source, &BYTES))
        }
        None => of_object(vm, source, &BYTES),
    }
}

fn is_count(vm: &Vm, source: Local) -> bool {
    vm.special(vm.get(source), Sym::Index).is_some()
}

fn cannot_convert(vm: &Vm, source: Local, made: &Made) -> Raised {
    let found = vm.heap.type_name(vm.get(source));
    vm.heap
        .type_error(format!("cannot convert '{found}' object to {}", made.name))
}

fn encoded(
    vm: &mut Vm,
    text: Local,
    [encoding, errors]: [Local; 2],
    made: &Made,
) -> Result<Vec<u8>, Raised> {
    let heap = &vm.heap;
    if vm.get(encoding).is_undef() {
        return Err(heap.type_error("string argument without an encoding"));
    }
    let what = |part: &str| format!("{}() argument '{part}'", made.name);
    let encoding = arg::text(heap, vm.get(encoding), &what("encoding"))?.to_owned();
    let errors = arg::text_or(heap, vm.get(errors), "strict", &what("errors"))?.to_owned();
    let bytes = encode(vm, text, &encoding, &errors)?;
    Ok(vm.get(bytes).to_bytes().unwrap_or_default())
}

fn of_bytes_method<'h>(heap: &'h Heap, result: Value<'h>) -> Result<Vec<u8>, Raised> {
    match Buffer::of(heap, result) {
        Some(data) => Ok(data.to_vec()),
        None => {
            let found = heap.type_name(result);
            Err(heap.type_error(format!("__bytes__ returned non-bytes (type {found})")))
        }
    }
}

/// Bytes, or an iterable of numbers.
fn of_object(vm: &mut Vm, source: Local, made: &Made) -> Result<Vec<u8>, Raised> {
    if let Some(data) = Buffer::of(&vm.heap, vm.get(source)) {
        return Ok(data.to_vec());
    }
    // A class of the program that exports its memory.
    let exports = vm
        .heap
        .class_of(vm.get(source))
        .lookup(&vm.heap, vm.heap.intern("__buffer__"));
    if exports.is_some() {
        let builtins = vm.import_module("builtins")?;
        let view = vm.call_method(builtins, "memoryview", &[source])?;
        let data = vm.call_method(view, "tobytes", &[])?;
        return Ok(vm.get(data).to_bytes().unwrap_or_default());
    }
    let iter = match vm.iter(source) {
        Ok(iter) => iter,
        Err(raised)
            if vm.is_raised(&raised, Builtin::TypeError)
                && vm
                    .special(vm.get(source), Sym::Iter)
                    .is_none_or(Value::is_none) =>
        {
            vm.heap.take_raised(raised);
            return Err(cannot_convert(vm, source, made));
        }
        Err(raised) => return Err(raised),
    };
    if made.name == Builtin::Bytes.name() {
        vm.ask_length(source)?;
    }
    bytes_of(vm, iter, made.items)
}

fn zeros(vm: &mut Vm, count: Local) -> Result<Vec<u8>, Raised> {
    let count = vm.index_value(count)?;
    let count = arg::as_int(&vm.heap, vm.get(count)).and_then(|n| n.to_i64());
    let Some(count) = count else {
        return Err(vm.heap.raise(
            Builtin::OverflowError,
            "cannot fit 'int' into an index-sized integer",
        ));
    };
    let Ok(count) = usize::try_from(count) else {
        return Err(vm.heap.value_error("negative count"));
    };
    checked(&vm.heap, check_text_size(count))?;
    Ok(vec![0; count])
}

/// The bytes that an iterator returns as numbers; `items` is what the message calls them.
pub fn bytes_of(vm: &mut Vm, iter: Local, items: &str) -> Result<Vec<u8>, Raised> {
    let (mut data, item) = (Vec::new(), vm.none());
    while vm.next(iter, item)? {
        let byte = match vm.get(item).as_int() {
            Some(n) => u8::try_from(n).ok(),
            None => {
                let mark = vm.mark();
                let n = vm.index_value(item)?;
                let byte = vm.get(n).as_i64().and_then(|n| u8::try_from(n).ok());
                vm.release(mark);
                byte
            }
        };
        let Some(byte) = byte else {
            let message = format!("{items} must be in range(0, 256)");
            return Err(vm.heap.value_error(message));
        };
        vm.heap.grow_vec(&mut data, 1)?;
        data.push(byte);
        vm.native_safepoint()?;
    }
    Ok(data)
}
