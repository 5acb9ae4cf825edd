//! `_percent`: `%xx` escapes of URLs, for `urllib.parse` (library/urllib/parse.apy).
//!
//! Both directions on bytes; characters, encodings and spaces are the module's.

use super::registry::NativeModule;
use crate::stdlib::arg::Buffer;
use crate::vm::Native;

/// The module.
pub const PERCENT: NativeModule = NativeModule {
    functions: &[&QUOTE, &UNQUOTE],
    ..NativeModule::of("_percent", "The native part of urllib.parse.")
};

/// Characters that are never escaped, beside letters and digits.
const PLAIN: &[u8] = b"_.-~";

const QUOTE: Native = Native::leaf(
    "quote(data, safe, /) -> str",
    "Bytes as a text with %xx for all but letters, digits, `_.-~` and the ASCII bytes of safe.",
    |heap, args| {
        let data = Buffer::arg(heap, args.get(0))?;
        let safe = Buffer::arg(heap, args.get(1))?;
        let mut keeps = [false; 256];
        for byte in 0..128 {
            keeps[byte as usize] =
                u8::is_ascii_alphanumeric(&byte) || PLAIN.contains(&byte) || safe.contains(&byte);
        }
        let mut text = String::new();
        heap.grow_text(&mut text, data.len())?;
        for &byte in data.iter() {
            if keeps[usize::from(byte)] {
                heap.grow_text(&mut text, 1)?;
                text.push(char::from(byte));
                continue;
            }
            heap.grow_text(&mut text, 3)?;
            text.push('%');
            for nibble in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(nibble.into(), 16).map(|c| c.to_ascii_uppercase()));
            }
        }
        heap.adopt_text(text)
    },
);

const UNQUOTE: Native = Native::leaf(
    "unquote(data, /) -> bytes",
    "Bytes with their %xx escapes replaced; what is no escape stays.",
    |heap, args| {
        let data = Buffer::arg(heap, args.get(0))?;
        let mut out = Vec::new();
        heap.grow_vec(&mut out, data.len())?;
        let mut at = 0;
        while let Some(&byte) = data.get(at) {
            match data
                .get(at + 1..at + 3)
                .filter(|_| byte == b'%')
                .and_then(pair)
            {
                Some(value) => {
                    out.push(value);
                    at += 3;
                }
                None => {
                    out.push(byte);
                    at += 1;
                }
            }
        }
        Ok(heap.bytes(out).value())
    },
);

/// The byte of two hexadecimal digits.
fn pair(digits: &[u8]) -> Option<u8> {
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    let [high, low] = digits else {
        return None;
    };
    u8::try_from(value(high)? * 16 + value(low)?).ok()
}
