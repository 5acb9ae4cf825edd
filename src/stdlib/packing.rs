//! Numbers as the machine keeps them: single items of `struct` formats, memoryviews and arrays.
//!
//! An item has a letter (`b`, `H`, `d` ...), a size, which for `l` and `n` depends on whether it is native, and an order of bytes. What
//! does not fit is told as data; each module words its own error. To add a letter: a row in `size_of` and an arm in `unpack` and `pack`.

use num_bigint::BigInt;

use crate::runtime::bytes::Bytes;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::{as_int, plain};
use crate::text::num::bytes::ByteOrder;
use crate::vm::{Local, Vm};

/// Whether sizes are those of the machine or the standard ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizes {
    /// The machine's: `long` has 8 bytes.
    Native,
    /// The same everywhere: `long` has 4 bytes.
    Standard,
}

/// Why a value cannot be packed.
pub enum PackError {
    /// An exception that the program's own code raised.
    Raised(Raised),
    /// An integer is wanted.
    NotInteger,
    /// The integer is too small or too large for the letter.
    OutOfRange,
    /// A number is wanted.
    NotFloat,
    /// The float is too large for the letter.
    FloatTooLarge,
    /// One byte is wanted.
    NotByte,
}

impl From<Raised> for PackError {
    fn from(raised: Raised) -> PackError {
        PackError::Raised(raised)
    }
}

/// The order of bytes of this machine.
pub fn native_order() -> ByteOrder {
    if cfg!(target_endian = "little") {
        ByteOrder::Little
    } else {
        ByteOrder::Big
    }
}

/// How many bytes an item with this letter has; None: there is no such letter.
pub fn size_of(letter: u8, sizes: Sizes) -> Option<usize> {
    let native = sizes == Sizes::Native;
    Some(match letter {
        b'x' | b'c' | b'b' | b'B' | b'?' | b's' | b'p' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' => {
            if native {
                8
            } else {
                4
            }
        }
        b'q' | b'Q' | b'd' => 8,
        b'n' | b'N' | b'P' if native => 8,
        _ => return None,
    })
}

fn is_signed(letter: u8) -> bool {
    matches!(letter, b'b' | b'h' | b'i' | b'l' | b'q' | b'n')
}

/// The least and the greatest integer of a letter.
pub fn range_of(letter: u8, size: usize) -> (i128, i128) {
    let bits = size as u32 * 8;
    if is_signed(letter) {
        (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    } else {
        (0, (1 << bits) - 1)
    }
}

/// The value of an item; `bytes` has its size.
pub fn unpack<'h>(heap: &'h Heap, letter: u8, bytes: &[u8], order: ByteOrder) -> Value<'h> {
    let mut word = [0; 8];
    let len = bytes.len().min(8);
    word[..len].copy_from_slice(&bytes[..len]);
    if order == ByteOrder::Big {
        word[..len].reverse();
    }
    let raw = u64::from_le_bytes(word);
    match letter {
        b'c' => heap.bytes(bytes).value(),
        b'?' => Value::bool(raw != 0),
        b'e' => Value::float(half_to_float(raw as u16)),
        b'f' => Value::float(f64::from(f32::from_bits(raw as u32))),
        b'd' => Value::float(f64::from_bits(raw)),
        letter if is_signed(letter) => {
            let unused = 64 - len as u32 * 8;
            heap.int((raw << unused) as i64 >> unused)
        }
        _ => match i64::try_from(raw) {
            Ok(n) => heap.int(n),
            Err(_) => heap.big_int(BigInt::from(raw)),
        },
    }
}

/// Appends the bytes of an item.
///
/// # Errors
/// The value is of the wrong type or out of range.
pub fn pack(
    vm: &mut Vm,
    out: &mut Vec<u8>,
    (letter, size): (u8, usize),
    order: ByteOrder,
    value: Local,
) -> Result<(), PackError> {
    let word = match letter {
        b'c' => match vm.get_gc::<Bytes>(plain(vm, value)) {
            Some(bytes) if bytes.as_slice().len() == 1 => u64::from(bytes.as_slice()[0]),
            _ => return Err(PackError::NotByte),
        },
        b'?' => u64::from(vm.truth(value)?),
        b'e' | b'f' | b'd' => float_bits(letter, float_of(vm, value)?)?,
        _ => integer_bits(vm, letter, size, value)?,
    };
    let mut bytes = word.to_le_bytes();
    if order == ByteOrder::Big {
        bytes[..size].reverse();
    }
    out.extend_from_slice(&bytes[..size]);
    Ok(())
}

fn integer_bits(vm: &mut Vm, letter: u8, size: usize, value: Local) -> Result<u64, PackError> {
    let number = if as_int(&vm.heap, vm.get(value)).is_some() {
        value
    } else if vm.special(vm.get(value), Sym::Index).is_some() {
        vm.index_value(value)?
    } else {
        return Err(PackError::NotInteger);
    };
    let number = as_int(&vm.heap, vm.get(number)).ok_or(PackError::NotInteger)?;
    let number = match number.to_i64() {
        Some(number) => i128::from(number),
        None => i128::try_from(&*number.to_big()).map_err(|_| PackError::OutOfRange)?,
    };
    let (least, greatest) = range_of(letter, size);
    if number < least || number > greatest {
        return Err(PackError::OutOfRange);
    }
    Ok(number as u64)
}

fn float_of(vm: &mut Vm, value: Local) -> Result<f64, PackError> {
    vm.to_float(value).map_err(|raised| {
        if vm.is_raised(&raised, Builtin::TypeError) {
            vm.heap.take_raised(raised);
            return PackError::NotFloat;
        }
        PackError::Raised(raised)
    })
}

fn float_bits(letter: u8, x: f64) -> Result<u64, PackError> {
    Ok(match letter {
        b'd' => x.to_bits(),
        b'f' => {
            let small = x as f32;
            if small.is_infinite() && x.is_finite() {
                return Err(PackError::FloatTooLarge);
            }
            u64::from(small.to_bits())
        }
        _ => u64::from(float_to_half(x).ok_or(PackError::FloatTooLarge)?),
    })
}

/// A number of 16 bits (IEEE 754 binary16) as a float.
fn half_to_float(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN.copysign(sign),
        _ => sign * (fraction + 1024.0) * 2f64.powi(exponent - 25),
    }
}

/// The nearest number of 16 bits, ties to even; None: too large.
fn float_to_half(x: f64) -> Option<u16> {
    let sign = if x.is_sign_negative() { 0x8000 } else { 0 };
    if x.is_nan() {
        return Some(sign | 0x7e00);
    }
    if x.is_infinite() {
        return Some(sign | 0x7c00);
    }
    let size = x.abs();
    if size < 2f64.powi(-14) {
        return Some(sign | (size * 2f64.powi(24)).round_ties_even() as u16);
    }
    let exponent = (size.to_bits() >> 52) as i32 - 1023;
    let fraction = (size * 2f64.powi(10 - exponent)).round_ties_even() as i32;
    let (exponent, fraction) = match fraction {
        2048 => (exponent + 1, 1024),
        _ => (exponent, fraction),
    };
    if exponent > 15 {
        return None;
    }
    Some(sign | ((exponent + 15) as u16) << 10 | (fraction - 1024) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_come_back() {
        for bits in 0..=u16::MAX {
            let x = half_to_float(bits);
            if !x.is_nan() {
                assert_eq!(float_to_half(x), Some(bits));
            }
        }
        assert_eq!(float_to_half(65520.0), None);
        assert_eq!(float_to_half(65519.0), Some(0x7bff));
    }
}
