//! Saving what needs no user code: numbers, None, strings, bytes, and objects that are saved already.
//!
//! `save_leaf` takes values and answers false where `save.rs` must do it, with locals.

use num_bigint::BigInt;

use super::opcode as op;
use super::output::{FRAME_SIZE, Framing};
use super::pickler::Pickler;
use crate::runtime::bytes::Bytes;
use crate::runtime::heap::Kind;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::text::codec::escapes::{self, Style};
use crate::text::codec::{self, Encoding};
use crate::text::float_repr::float_repr;
use crate::text::{IntRef, surrogate};

impl Pickler {
    /// Saves a value that takes no user code and no locals; false: nothing was written.
    #[inline]
    pub fn save_leaf<'h>(&self, heap: &'h Heap, value: Value<'h>) -> Result<bool, Raised> {
        if self.out.borrow().is_full() {
            return Ok(false);
        }
        if let Some(n) = value.as_int() {
            self.save_small(heap, n)?;
            return Ok(true);
        }
        let Some(object) = value.as_object() else {
            return self.save_immediate(heap, value);
        };
        match object.kind() {
            Kind::Int => return self.save_int(heap, value),
            Kind::Free => return Ok(false),
            _ => {}
        }
        if let Some(number) = self.memo.number(value) {
            self.save_remembered(heap, number)?;
            return Ok(true);
        }
        if let Some(text) = value.as_gc::<Str>() {
            return self.save_text(heap, value, text.as_str());
        }
        if self.protocol.get() >= 3
            && let Some(bytes) = value.as_gc::<Bytes>()
        {
            let data = bytes.get().as_slice();
            if data.len() >= FRAME_SIZE {
                return Ok(false);
            }
            self.put(heap, bytes_header(data.len()).as_slice())?;
            self.put(heap, data)?;
            self.remember(heap, value)?;
            return Ok(true);
        }
        Ok(false)
    }

    fn save_immediate(&self, heap: &Heap, value: Value<'_>) -> Result<bool, Raised> {
        if value.is_none() {
            self.put(heap, &[op::NONE])?;
        } else if let Some(truth) = value.as_bool() {
            let (new, old): (u8, &[u8]) = match truth {
                true => (op::NEWTRUE, b"I01\n"),
                false => (op::NEWFALSE, b"I00\n"),
            };
            match self.protocol.get() {
                2.. => self.put(heap, &[new])?,
                _ => self.put(heap, old)?,
            }
        } else if let Some(x) = value.as_float() {
            self.save_float(heap, x)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn save_float(&self, heap: &Heap, x: f64) -> Result<(), Raised> {
        if self.is_binary() {
            let [a, b, c, d, e, f, g, h] = x.to_be_bytes();
            return self.put(heap, &[op::BINFLOAT, a, b, c, d, e, f, g, h]);
        }
        self.put(heap, format!("F{}\n", float_repr(x)).as_bytes())
    }

    fn save_small(&self, heap: &Heap, n: i64) -> Result<(), Raised> {
        let Ok(word) = i32::try_from(n) else {
            return match self.protocol.get() {
                2.. => self.save_long(heap, &BigInt::from(n).to_signed_bytes_le()),
                _ => self.put(heap, format!("L{n}L\n").as_bytes()),
            };
        };
        if !self.is_binary() {
            return self.put(heap, format!("I{n}\n").as_bytes());
        }
        let [a, b, c, d] = word.to_le_bytes();
        match word {
            0..=0xff => self.put(heap, &[op::BININT1, a]),
            0x100..=0xffff => self.put(heap, &[op::BININT2, a, b]),
            _ => self.put(heap, &[op::BININT, a, b, c, d]),
        }
    }

    fn save_int(&self, heap: &Heap, value: Value<'_>) -> Result<bool, Raised> {
        match value.as_any_int() {
            Some(IntRef::Small(n)) => self.save_small(heap, n)?,
            Some(IntRef::Big(n)) if self.protocol.get() >= 2 => {
                self.save_long(heap, &n.to_signed_bytes_le())?;
            }
            // Its digits may be too many.
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn save_long(&self, heap: &Heap, bytes: &[u8]) -> Result<(), Raised> {
        match u8::try_from(bytes.len()) {
            Ok(len) => self.put(heap, &[op::LONG1, len])?,
            Err(_) => {
                let Ok(len) = i32::try_from(bytes.len()) else {
                    return Err(heap.raise(Builtin::OverflowError, "int too large to pickle"));
                };
                self.put(heap, &[op::LONG4])?;
                self.put(heap, &len.to_le_bytes())?;
            }
        }
        self.put(heap, bytes)
    }

    fn save_text<'h>(&self, heap: &'h Heap, value: Value<'h>, text: &str) -> Result<bool, Raised> {
        if !self.is_binary() {
            let mut line = vec![op::UNICODE];
            heap.grow_vec(&mut line, text.len())?;
            escape_line(text, &mut line);
            line.push(b'\n');
            self.put(heap, &line)?;
            self.remember(heap, value)?;
            return Ok(true);
        }
        if text.len() >= FRAME_SIZE {
            return Ok(false);
        }
        match surrogate::find(text) {
            None => self.save_utf8(heap, text.as_bytes())?,
            Some(_) => self.save_utf8(heap, &with_surrogates(text))?,
        }
        self.remember(heap, value)?;
        Ok(true)
    }

    fn save_utf8(&self, heap: &Heap, data: &[u8]) -> Result<(), Raised> {
        self.put(
            heap,
            text_header(data.len(), self.protocol.get()).as_slice(),
        )?;
        self.put(heap, data)
    }

    /// Writes the code that loads what has this number.
    pub fn save_remembered(&self, heap: &Heap, number: u32) -> Result<(), Raised> {
        if !self.is_binary() {
            return self.put(heap, format!("g{number}\n").as_bytes());
        }
        let [a, b, c, d] = number.to_le_bytes();
        match number {
            0..=0xff => self.put(heap, &[op::BINGET, a]),
            _ => self.put(heap, &[op::LONG_BINGET, a, b, c, d]),
        }
    }

    /// Remembers a value, and writes the code for that.
    pub fn remember(&self, heap: &Heap, value: Value<'_>) -> Result<(), Raised> {
        if self.fast.get() {
            return Ok(());
        }
        let number = self.memo.add(heap, value)?;
        if self.protocol.get() >= 4 {
            return self.put(heap, &[op::MEMOIZE]);
        }
        if !self.is_binary() {
            return self.put(heap, format!("p{number}\n").as_bytes());
        }
        let [a, b, c, d] = number.to_le_bytes();
        match number {
            0..=0xff => self.put(heap, &[op::BINPUT, a]),
            _ => self.put(heap, &[op::LONG_BINPUT, a, b, c, d]),
        }
    }

    /// Switches frames off if they are on; returns how it was.
    pub fn pause_frames(&self) -> Framing {
        let mut out = self.out.borrow_mut();
        out.commit();
        out.set_framing(Framing::Off)
    }
}

/// A code and a length.
pub struct SizeHeader {
    bytes: [u8; 9],
    len: usize,
}

impl SizeHeader {
    /// A code before the lowest `width` bytes of a length.
    pub fn new(code: u8, size: usize, width: usize) -> SizeHeader {
        let mut bytes = [0; 9];
        bytes[0] = code;
        bytes[1..=width].copy_from_slice(&size.to_le_bytes()[..width]);
        SizeHeader {
            bytes,
            len: width + 1,
        }
    }

    /// Its bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// The header of so many bytes.
pub fn bytes_header(size: usize) -> SizeHeader {
    match size {
        0..=0xff => SizeHeader::new(op::SHORT_BINBYTES, size, 1),
        0x100..=0xffff_ffff => SizeHeader::new(op::BINBYTES, size, 4),
        _ => SizeHeader::new(op::BINBYTES8, size, 8),
    }
}

/// The header of so many bytes of UTF-8.
pub fn text_header(size: usize, protocol: i64) -> SizeHeader {
    match size {
        0..=0xff if protocol >= 4 => SizeHeader::new(op::SHORT_BINUNICODE, size, 1),
        0..=0xffff_ffff => SizeHeader::new(op::BINUNICODE, size, 4),
        _ => SizeHeader::new(op::BINUNICODE8, size, 8),
    }
}

/// UTF-8 with surrogates as they are in other languages.
pub fn with_surrogates(text: &str) -> Vec<u8> {
    codec::encode(text, Encoding::Utf8, "surrogatepass")
        .unwrap_or_else(|_| text.as_bytes().to_vec())
}

/// `raw_unicode_escape` with what would end a line escaped, too.
fn escape_line(text: &str, line: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '\0', '\n', '\r', '\u{1a}']) {
        escapes::encode(&rest[..at], Style::Raw, line);
        line.extend_from_slice(format!("\\u{:04x}", rest.as_bytes()[at]).as_bytes());
        rest = &rest[at + 1..];
    }
    escapes::encode(rest, Style::Raw, line);
}
