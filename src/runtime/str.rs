//! Strings: UTF-8 after the object, or in a buffer that several strings share.
//!
//! The shared buffer makes `s = s + t` in a loop linear: the result of a concatenation owns a buffer with room to spare, and
//! a string that ends where the buffer's used part ends can be continued in place. Text never changes once a `Str` shows it.
//! Positions are code points, as in Python; texts that are all ASCII (`is_ascii`) need no search to find one.

#![expect(
    unsafe_code,
    reason = "one of the core's wrapper types: text that lives in a cell or in a shared buffer"
)]

use std::cell::{Cell, UnsafeCell};
use std::hash::Hasher;
use std::ptr::NonNull;

use rustc_hash::FxHasher;

use super::heap::{Gc, Heap, Kind, LARGE_REQUEST, Slot, Trace, Tracer, plain};
use super::raised::Raised;
use super::types::Builtin;
use super::value::Value;
use crate::text::Decimal;

/// The longest text in bytes.
const MAX_LEN: usize = u32::MAX as usize - 1;
/// Concatenations shorter than this are copied: a buffer would cost more.
const MIN_SHARED: usize = 128;
const UNKNOWN: u32 = u32::MAX;

/// A string.
pub struct Str {
    /// 0: not computed yet.
    hash: Cell<u64>,
    data: NonNull<u8>,
    len: u32,
    /// Number of code points, or `UNKNOWN`.
    chars: Cell<u32>,
    /// The `StrBuf` that holds the text; Undef when it is right after the object.
    owner: Slot,
}

/// Text memory that strings share: bytes up to `used` belong to some string and do not change any more.
pub struct StrBuf {
    bytes: UnsafeCell<Vec<u8>>,
}

// SAFETY: `owner` is the only slot; the other fields are numbers and an address of bytes.
unsafe impl Trace for Str {
    #[inline]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.slot(&self.owner);
    }
}

// SAFETY: bytes hold no slots.
unsafe impl Trace for StrBuf {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        plain(self);
        // SAFETY: no other borrow exists: the methods below let go of theirs before they return.
        tracer.external(unsafe { (*self.bytes.get()).capacity() });
    }
}

impl<'h> Gc<'h, Str> {
    /// The text.
    #[inline(always)]
    pub fn as_str(self) -> &'h str {
        let this = self.get();
        // SAFETY: `data .. data + len` is UTF-8 (it was copied from a `str`), never changes, and lives as long as the object
        // or its owner, which the object keeps.
        unsafe {
            std::str::from_utf8_unchecked(std::slice::from_raw_parts(
                this.data.as_ptr(),
                this.len as usize,
            ))
        }
    }

    /// The hash of the text; never 0.
    #[inline]
    pub fn hash(self) -> u64 {
        let known = self.get().hash.get();
        if known != 0 {
            return known;
        }
        let hash = hash_text(self.as_str());
        self.get().hash.set(hash);
        hash
    }

    /// Length in code points.
    #[inline]
    pub fn char_len(self) -> usize {
        let known = self.get().chars.get();
        if known != UNKNOWN {
            return known as usize;
        }
        let count = self.as_str().chars().count();
        self.get().chars.set(count as u32);
        count
    }

    /// Length in bytes.
    #[inline(always)]
    pub fn byte_len(self) -> usize {
        self.get().len as usize
    }

    /// Whether the texts are equal. Short ones, such as keys, are compared on the spot: calling `memcmp` costs more.
    #[inline]
    pub fn same_text(self, other: Gc<'h, Str>) -> bool {
        let (a, b) = (self.as_str().as_bytes(), other.as_str().as_bytes());
        if a.len() != b.len() {
            return false;
        }
        // The first and the last bytes may overlap.
        if let (Some(x), Some(y)) = (a.first_chunk::<8>(), b.first_chunk::<8>()) {
            return x == y
                && if a.len() <= 16 {
                    a.last_chunk::<8>() == b.last_chunk::<8>()
                } else {
                    a == b
                };
        }
        if let (Some(x), Some(y)) = (a.first_chunk::<4>(), b.first_chunk::<4>()) {
            return x == y && a.last_chunk::<4>() == b.last_chunk::<4>();
        }
        a.iter().eq(b)
    }

    /// Whether each code point is one byte.
    #[inline]
    pub fn is_ascii(self) -> bool {
        self.char_len() == self.byte_len()
    }
}

/// Makes the strings of one ASCII character.
pub(super) fn create_ascii(heap: &Heap) {
    for byte in 0..128_u8 {
        let text = heap.new_str(char::from(byte).encode_utf8(&mut [0; 4]));
        heap.ascii.push(heap, text.value());
    }
}

/// Whether a text is ASCII and short: one so long is asked only when its length in code points is.
#[inline(always)]
fn is_short_ascii(text: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let Some(last) = text.last_chunk::<8>() else {
        return text.iter().fold(0, |bits, &b| bits | b) < 0x80;
    };
    // The last eight bytes may overlap those before.
    let (chunks, _) = text.as_chunks::<8>();
    text.len() < 64
        && chunks
            .iter()
            .chain([last])
            .fold(0, |bits, &c| bits | u64::from_ne_bytes(c))
            & HIGH
            == 0
}

/// The hash of a text: the same in each run, never 0.
pub fn hash_text(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish().max(1)
}

impl Heap {
    /// A string with this text.
    #[inline]
    pub fn str(&self, text: &str) -> Gc<'_, Str> {
        if let [byte] = *text.as_bytes()
            && let Some(known) = self.ascii.get(self, byte as usize)
        {
            return known.as_gc().expect("the table holds strings");
        }
        self.new_str(text)
    }

    fn new_str(&self, text: &str) -> Gc<'_, Str> {
        let chars = if is_short_ascii(text.as_bytes()) {
            text.len() as u32
        } else {
            UNKNOWN
        };
        self.str_of_parts(text.len(), chars, [text.as_bytes()])
    }

    /// The string of a few ASCII characters; `None` where they are not ASCII, or not few.
    #[inline]
    pub fn ascii_str(&self, text: &[u8]) -> Option<Value<'_>> {
        if let [byte] = *text {
            return self.ascii.get(self, byte as usize);
        }
        is_short_ascii(text).then(|| {
            self.str_of_parts(text.len(), text.len() as u32, [text])
                .value()
        })
    }

    /// The decimal digits of an integer.
    pub fn decimal(&self, n: i64) -> Value<'_> {
        self.ascii_str(Decimal::new(n).as_bytes())
            .expect("digits and a sign are ASCII, and twenty at most")
    }

    /// The string of several texts, one after the other; `None` where it is too long for one.
    #[inline]
    pub fn joined<'p, I: Iterator<Item = &'p str>>(
        &self,
        texts: impl Fn() -> I,
    ) -> Option<Value<'_>> {
        let mut len = 0_usize;
        let mut ascii = true;
        for text in texts() {
            len = len.checked_add(text.len()).filter(|&n| n <= MAX_LEN)?;
            ascii &= is_short_ascii(text.as_bytes());
        }
        let chars = if ascii { len as u32 } else { UNKNOWN };
        Some(
            self.str_of_parts(len, chars, texts().map(str::as_bytes))
                .value(),
        )
    }

    /// A string with a cell of its own. The parts are UTF-8 together, of `len` bytes; `chars` is their number of code points, if known.
    #[inline(always)]
    fn str_of_parts<'p>(
        &self,
        len: usize,
        chars: u32,
        parts: impl IntoIterator<Item = &'p [u8]>,
    ) -> Gc<'_, Str> {
        if len >= LARGE_REQUEST && (len > MAX_LEN || !self.fits(len)) {
            self.fail();
            return self.str_of_parts(0, 0, []);
        }
        self.alloc_bytes(len, parts, self.types.shape_of_kind(Kind::Str), |data| {
            Str {
                hash: Cell::new(0),
                data,
                len: len as u32,
                chars: Cell::new(chars),
                owner: Slot::undef(),
            }
        })
    }

    /// A string value with this text.
    #[inline]
    pub fn str_value(&self, text: &str) -> Value<'_> {
        self.str(text).value()
    }

    /// A string value, or MemoryError where the text is too long for one.
    pub fn try_str(&self, text: &str) -> Result<Value<'_>, Raised> {
        if text.len() > MAX_LEN {
            return Err(self.string_too_long());
        }
        self.room_for(text.len())?;
        Ok(self.str_value(text))
    }

    /// A string value of a text that was made for it: a long one is not copied.
    ///
    /// # Errors
    /// MemoryError
    pub fn adopt_text(&self, text: String) -> Result<Value<'_>, Raised> {
        if text.len() < LARGE_REQUEST || text.len() > MAX_LEN {
            return self.try_str(&text);
        }
        self.room_for(text.len())?;
        let len = text.len() as u32;
        let mut bytes = text.into_bytes();
        self.charge(bytes.capacity());
        let data = NonNull::from(&mut *bytes).cast();
        let bytes = UnsafeCell::new(bytes);
        let owner = self.alloc(StrBuf { bytes });
        let fields = Str {
            hash: Cell::new(0),
            data,
            len,
            chars: Cell::new(UNKNOWN),
            owner: Slot::new(owner.value()),
        };
        Ok(self.alloc(fields).value())
    }

    /// The error about a text that no string can hold.
    #[cold]
    pub fn string_too_long(&self) -> Raised {
        self.raise(Builtin::MemoryError, "string longer than 4 GiB")
    }

    /// The string of one code point.
    pub fn char_value(&self, c: char) -> Value<'_> {
        match self.ascii.get(self, c as usize) {
            Some(known) => known,
            None => self.str_value(c.encode_utf8(&mut [0; 4])),
        }
    }

    /// `a + b`, or MemoryError where the text is too long for one.
    pub fn str_concat<'h>(&'h self, a: Gc<'h, Str>, b: Gc<'h, Str>) -> Result<Gc<'h, Str>, Raised> {
        self.try_concat(a, b).ok_or_else(|| {
            if a.byte_len() + b.byte_len() > MAX_LEN {
                return self.string_too_long();
            }
            self.memory_error()
        })
    }

    /// `a + b`, if it is not too long for a string and there is memory for it.
    pub fn try_concat<'h>(&'h self, a: Gc<'h, Str>, b: Gc<'h, Str>) -> Option<Gc<'h, Str>> {
        let (x, y) = (a.as_str(), b.as_str());
        if y.is_empty() {
            return Some(a);
        }
        if x.is_empty() {
            return Some(b);
        }
        let total = x.len() + y.len();
        if total > MAX_LEN {
            return None;
        }
        let chars = match (a.get().chars.get(), b.get().chars.get()) {
            (UNKNOWN, _) | (_, UNKNOWN) => UNKNOWN,
            (m, n) => m + n,
        };
        if total < MIN_SHARED {
            return Some(self.str_of_parts(total, chars, [x.as_bytes(), y.as_bytes()]));
        }
        let (owner, data) = match a.get().owner.get(self).as_gc::<StrBuf>() {
            Some(buffer) if buffer.get().append(a.get().data, x.len(), y) => (buffer, a.get().data),
            _ => self.str_buffer(x, y)?,
        };
        let fields = Str {
            hash: Cell::new(0),
            data,
            len: total as u32,
            chars: Cell::new(chars),
            owner: Slot::new(owner.value()),
        };
        Some(self.alloc(fields))
    }

    /// A new buffer that begins with `x` and `y`, with room for as much again if there is memory for that. `None`: there is none.
    fn str_buffer(&self, x: &str, y: &str) -> Option<(Gc<'_, StrBuf>, NonNull<u8>)> {
        let total = x.len() + y.len();
        let mut bytes = Vec::new();
        let ahead = self.fits(total * 2) && bytes.try_reserve_exact(total * 2).is_ok();
        if !ahead {
            if !self.fits(total) {
                return None;
            }
            bytes.try_reserve_exact(total).ok()?;
        }
        let capacity = bytes.capacity();
        bytes.extend_from_slice(x.as_bytes());
        bytes.extend_from_slice(y.as_bytes());
        self.charge(capacity);
        let data = NonNull::from(&mut *bytes).cast();
        let bytes = UnsafeCell::new(bytes);
        Some((self.alloc(StrBuf { bytes }), data))
    }
}

impl StrBuf {
    /// Continues the text at `data`, of `len` bytes, with `more`, if it ends where the used part ends and there is room.
    fn append(&self, data: NonNull<u8>, len: usize, more: &str) -> bool {
        // SAFETY: the only borrow, ended before the method returns; the vector never reallocates, as room is checked, so the
        // pointers that strings hold into it stay valid.
        let bytes = unsafe { &mut *self.bytes.get() };
        let end = data.as_ptr() as usize + len;
        if end != bytes.as_ptr() as usize + bytes.len()
            || bytes.capacity() - bytes.len() < more.len()
        {
            return false;
        }
        bytes.extend_from_slice(more.as_bytes());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concatenation_shares_but_never_changes_text() {
        let heap = Heap::new();
        let long = heap.str(&"x".repeat(200));
        let a = heap.str_concat(long, heap.str("1")).expect("short enough");
        let b = heap.str_concat(a, heap.str("2")).expect("short enough");
        let c = heap.str_concat(a, heap.str("3")).expect("short enough");
        assert!(
            b.as_str().ends_with("x12")
                && c.as_str().ends_with("x13")
                && a.as_str().ends_with("x1")
        );
        assert_eq!(b.char_len(), 202);
    }

    #[test]
    fn positions_are_code_points() {
        let heap = Heap::new();
        let s = heap.str("aé漢🙂z");
        assert_eq!(s.char_len(), 5);
        let s = heap.indexed(s);
        assert_eq!((s.slice(1, 4), s.slice(4, 9)), ("é漢🙂", "z"));
        assert_eq!(s.index_of(s.byte_of(3)), 3);
    }
}
