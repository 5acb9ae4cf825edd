//! `_base64`: Base32, Base85 and Ascii85, which `base64` (library/base64.apy) builds on.
//!
//! Base64 and Base16 are in `binascii.rs`. The alphabets come from the module in apy, which also raises for digits that are none: a decoder
//! returns the place of such a digit in the place of bytes.

use super::arg::Buffer;
use super::registry::NativeModule;
use crate::runtime::{Heap, Raised, Value};
use crate::vm::{Args, Native};

/// The module.
pub const BASE64: NativeModule = NativeModule {
    functions: &[
        &ENCODE_32,
        &DECODE_32,
        &ENCODE_85,
        &DECODE_85,
        &DECODE_ASCII85,
    ],
    ..NativeModule::of("_base64", "The native part of base64.")
};

const ENCODE_32: Native = Native::leaf(
    "encode32(data, alphabet, /)",
    "Base32 of bytes.",
    |heap, args| {
        let (data, alphabet) = buffers(heap, args, 32)?;
        heap.room_for(data.len() * 2)?;
        heap.poll_bytes(data.len() * 16)?;
        let mut out = Vec::with_capacity(data.len() / 5 * 8 + 8);
        for group in data.chunks(5) {
            let mut word = [0; 8];
            word[3..3 + group.len()].copy_from_slice(group);
            let n = u64::from_be_bytes(word);
            let digits = (group.len() * 8).div_ceil(5);
            for at in 0..8 {
                out.push(match at < digits {
                    true => alphabet[(n >> (35 - 5 * at) & 31) as usize],
                    false => b'=',
                });
            }
        }
        Ok(heap.bytes(out).value())
    },
);
const DECODE_32: Native = Native::leaf(
    "decode32(data, alphabet, /)",
    "The bytes of Base32 without padding, or the place of a digit that is none.",
    |heap, args| {
        let (data, alphabet) = buffers(heap, args, 32)?;
        heap.room_for(data.len())?;
        heap.poll_bytes(data.len() * 16)?;
        let values = values_of(&alphabet);
        let mut out = Vec::with_capacity(data.len() / 8 * 5 + 5);
        for (n, group) in data.chunks(8).enumerate() {
            let mut word = 0_u64;
            for (at, digit) in group.iter().enumerate() {
                match values[*digit as usize] {
                    NO_DIGIT => return Ok(heap.usize(n * 8 + at)),
                    value => word |= u64::from(value) << (35 - 5 * at),
                }
            }
            out.extend_from_slice(&word.to_be_bytes()[3..3 + group.len() * 5 / 8]);
        }
        Ok(heap.bytes(out).value())
    },
);
const ENCODE_85: Native = Native::leaf(
    "encode85(data, alphabet, pad, zeros, spaces, /)",
    "Base85 of bytes; `zeros` and `spaces` say whether groups of those are one letter.",
    encode_85,
);
const DECODE_85: Native = Native::leaf(
    "decode85(data, alphabet, /)",
    "The bytes of Base85, the place of a digit that is none, or -1 less the place of a group that is too large.",
    |heap, args| {
        let (data, alphabet) = buffers(heap, args, 85)?;
        heap.room_for(data.len())?;
        heap.poll_bytes(data.len() * 16)?;
        let values = values_of(&alphabet);
        let mut out = Vec::with_capacity(data.len() / 5 * 4 + 4);
        for (n, group) in data.chunks(5).enumerate() {
            let mut word = 0_u64;
            for at in 0..5 {
                let value = match group.get(at) {
                    Some(&digit) => values[digit as usize],
                    None => 84,
                };
                if value == NO_DIGIT {
                    return Ok(heap.usize(n * 5 + at));
                }
                word = word * 85 + u64::from(value);
            }
            let Ok(word) = u32::try_from(word) else {
                return Ok(heap.int(-1 - (n * 5) as i64));
            };
            let kept = 4 - (5 - group.len());
            out.extend_from_slice(&word.to_be_bytes()[..kept]);
        }
        Ok(heap.bytes(out).value())
    },
);
const DECODE_ASCII85: Native = Native::leaf(
    "decode_ascii85(data, spaces, ignored, /)",
    "The bytes of Ascii85; `spaces` says whether y is four spaces, and characters of `ignored` are skipped.",
    decode_ascii85,
);

/// No digit has this value.
const NO_DIGIT: u8 = u8::MAX;

fn values_of(alphabet: &[u8]) -> [u8; 256] {
    let mut values = [NO_DIGIT; 256];
    for (value, &digit) in (0..).zip(alphabet) {
        values[digit as usize] = value;
    }
    values
}

/// The data, and an alphabet of so many digits.
fn buffers<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    digits: usize,
) -> Result<(Buffer<'h>, Buffer<'h>), Raised> {
    let (data, alphabet) = (
        Buffer::arg(heap, args.get(0))?,
        Buffer::arg(heap, args.get(1))?,
    );
    match alphabet.len() == digits {
        true => Ok((data, alphabet)),
        false => Err(heap.value_error("an alphabet of another length was expected")),
    }
}

fn encode_85<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let (data, alphabet) = buffers(heap, args, 85)?;
    let is_set = |at| args.get(at).is(Value::TRUE);
    let (pad, zeros, spaces) = (is_set(2), is_set(3), is_set(4));
    heap.room_for(data.len() * 2)?;
    heap.poll_bytes(data.len() * 16)?;
    let mut out = Vec::with_capacity(data.len() / 4 * 5 + 5);
    for group in data.chunks(4) {
        let mut word = [0; 4];
        word[..group.len()].copy_from_slice(group);
        let mut n = u32::from_be_bytes(word);
        let kept = if pad { 5 } else { group.len() + 1 };
        if zeros && n == 0 && kept == 5 {
            out.push(b'z');
            continue;
        }
        if spaces && n == 0x2020_2020 {
            out.push(b'y');
            continue;
        }
        let mut digits = [0; 5];
        for digit in digits.iter_mut().rev() {
            *digit = alphabet[(n % 85) as usize];
            n /= 85;
        }
        out.extend_from_slice(&digits[..kept]);
    }
    Ok(heap.bytes(out).value())
}

fn decode_ascii85<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let data = Buffer::arg(heap, args.get(0))?;
    let spaces = args.get(1).is(Value::TRUE);
    let ignored = Buffer::arg(heap, args.get(2))?;
    heap.room_for(data.len())?;
    heap.poll_bytes(data.len() * 16)?;
    let mut out = Vec::new();
    let (mut word, mut count) = (0_u64, 0);
    // The last group is filled up; what the filling stands for is taken off again.
    for &byte in data.iter().chain(b"uuuu") {
        match byte {
            b'!'..=b'u' => {
                (word, count) = (word * 85 + u64::from(byte - b'!'), count + 1);
                if count == 5 {
                    let group = u32::try_from(word);
                    let group = group.map_err(|_| heap.value_error("Ascii85 overflow"))?;
                    out.extend_from_slice(&group.to_be_bytes());
                    (word, count) = (0, 0);
                }
            }
            b'z' | b'y' if byte == b'z' || spaces => {
                if count > 0 {
                    let letter = char::from(byte);
                    return Err(heap.value_error(format!("{letter} inside Ascii85 5-tuple")));
                }
                let group = if byte == b'z' { [0; 4] } else { [b' '; 4] };
                out.extend_from_slice(&group);
            }
            _ if ignored.contains(&byte) => {}
            _ => {
                let message = format!("Non-Ascii85 digit found: {}", char::from(byte));
                return Err(heap.value_error(message));
            }
        }
    }
    out.truncate(out.len().saturating_sub(4 - count));
    Ok(heap.bytes(out).value())
}
