//! One item of an array: from any value to bits, with CPython's complaints, and back.
//!
//! `runtime/array.rs` stores plain values that fit by itself; here are the others: `__index__`, `__float__`, characters, and numbers that
//! are too large. To add a type: an arm in `integer_bits` or in `bits_of`.

use super::array;
use crate::runtime::array::fitting_bits;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Heap, Raised};
use crate::stdlib::arg::plain;
use crate::text::{IntRef, surrogate};
use crate::vm::{Local, Vm};

/// The item at a place, in a local; None: there is none.
///
/// # Errors
/// ValueError: the item is no character.
pub fn item_at(vm: &Vm, owner: Local, place: usize) -> Result<Option<Local>, Raised> {
    let items = array(vm, owner);
    match items.item(&vm.heap, place) {
        Some(value) => Ok(Some(vm.local(value))),
        None if place < items.len(&vm.heap) => Err(no_character(&vm.heap)),
        None => Ok(None),
    }
}

/// ValueError: a number in an array of characters is none.
#[cold]
pub fn no_character(heap: &Heap) -> Raised {
    heap.value_error("chr() arg not in range(0x110000)")
}

/// The bits of an item of this type for a value.
///
/// # Errors
/// TypeError, OverflowError; what the conversion raises.
pub fn bits_of(vm: &mut Vm, code: u8, value: Local) -> Result<u64, Raised> {
    match code {
        b'u' | b'w' => character_bits(vm, value),
        b'd' => vm.to_float(value).map(f64::to_bits),
        b'f' => {
            let x = vm.to_float(value)?;
            Ok(u64::from((x as f32).to_bits()))
        }
        _ => integer_bits(vm, code, value),
    }
}

fn character_bits(vm: &Vm, value: Local) -> Result<u64, Raised> {
    let text = vm.get_gc::<Str>(plain(vm, value));
    let mut characters = text.map_or("", Gc::as_str).chars();
    match (characters.next(), characters.next()) {
        (Some(c), None) => Ok(u64::from(surrogate::code_point(c))),
        _ => Err(vm.heap.type_error("array item must be unicode character")),
    }
}

fn integer_bits(vm: &mut Vm, code: u8, value: Local) -> Result<u64, Raised> {
    let number = vm.index_value(value)?;
    let number = vm.get(number).as_any_int().unwrap_or(IntRef::Small(0));
    let fitting = match number.to_i64() {
        Some(n) => fitting_bits(code, n),
        None if matches!(code, b'L' | b'Q') => u64::try_from(&*number.to_big()).ok(),
        None => None,
    };
    fitting.ok_or_else(|| {
        vm.heap
            .raise(Builtin::OverflowError, too_large(code, number))
    })
}

/// The message for an integer that does not fit.
#[cold]
fn too_large(code: u8, n: IntRef<'_>) -> String {
    let bound = if n.is_negative() {
        "less than minimum"
    } else {
        "greater than maximum"
    };
    let Some(small) = n.to_i64() else {
        let fits_unsigned = u64::try_from(&*n.to_big()).is_ok();
        return match code {
            b'I' if fits_unsigned => "unsigned int is greater than maximum".to_owned(),
            _ => beyond_64_bits(code, n.is_negative()).to_owned(),
        };
    };
    let kind = match code {
        b'b' if i16::try_from(small).is_ok() => "signed char",
        b'b' | b'h' => "signed short integer",
        b'B' => "unsigned byte integer",
        b'H' if i32::try_from(small).is_ok() => "unsigned short",
        b'H' | b'i' => "signed integer",
        b'I' if small >= 0 => "unsigned int",
        b'I' | b'L' => return "can't convert negative value to unsigned int".to_owned(),
        _ => return "can't convert negative int to unsigned".to_owned(),
    };
    format!("{kind} is {bound}")
}

fn beyond_64_bits(code: u8, negative: bool) -> &'static str {
    match code {
        b'I' | b'L' if negative => "can't convert negative value to unsigned int",
        b'I' | b'L' => "Python int too large to convert to C unsigned long",
        b'Q' if negative => "can't convert negative int to unsigned",
        b'q' | b'Q' => "int too big to convert",
        _ => "Python int too large to convert to C long",
    }
}
