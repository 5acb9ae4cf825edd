//! Arrays of numbers: representation only; the class is in `stdlib/array/`.
//!
//! The items stand in a row of bytes in the machine's order, as buffers show them. A letter says their type, as in `struct`; `u` and `w`
//! are code points of four bytes. A value of plain type that fits is stored by `set_item` and `push` at once; `stdlib/array/item.rs`
//! converts the others and words the errors. As with bytearrays, what makes an array longer fails with MemoryError.

use std::cell::{Ref, RefCell, RefMut};
use std::ops::Range;

use num_bigint::BigInt;

use super::heap::{Heap, Part, traced};
use super::opaque::Payload;
use super::raised::Raised;
use super::value::Value;
use crate::text::surrogate;

/// Whether a class is `array.array` itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrayClass {
    /// It is: the VM reaches the items without a call.
    Own,
    /// A class of the program, whose methods may be others.
    Extended,
}

/// A row of numbers of one type.
pub struct Array {
    code: u8,
    class: ArrayClass,
    data: RefCell<Vec<u8>>,
}

traced!(Array {} plain { code, class, data } owns |this| this.data.borrow().capacity());

impl Payload for Array {
    fn exported(&self, _: &Heap) -> Option<Vec<u8>> {
        Some(self.data.borrow().clone())
    }

    fn storage(&self) -> Option<&RefCell<Vec<u8>>> {
        Some(&self.data)
    }

    fn is_sequence(&self) -> bool {
        true
    }
}

/// How many bytes an item has; None: there is no such type.
pub fn item_size(code: u8) -> Option<usize> {
    Some(match code {
        b'b' | b'B' => 1,
        b'h' | b'H' => 2,
        b'i' | b'I' | b'f' | b'u' | b'w' => 4,
        b'l' | b'L' | b'q' | b'Q' | b'd' => 8,
        _ => return None,
    })
}

/// The item at a place of a row.
fn at<const N: usize>(data: &[u8], place: usize) -> Option<[u8; N]> {
    let start = place.checked_mul(N)?;
    data.get(start..start.checked_add(N)?)?.try_into().ok()
}

/// The value of an item; None where there is none, or none that a string can hold.
#[inline]
pub fn value_at<'h>(heap: &'h Heap, code: u8, data: &[u8], place: usize) -> Option<Value<'h>> {
    Some(match code {
        b'd' => Value::float(f64::from_ne_bytes(at(data, place)?)),
        b'f' => Value::float(f64::from(f32::from_ne_bytes(at(data, place)?))),
        b'b' => heap.int(i64::from(i8::from_ne_bytes(at(data, place)?))),
        b'B' => heap.int(i64::from(u8::from_ne_bytes(at(data, place)?))),
        b'h' => heap.int(i64::from(i16::from_ne_bytes(at(data, place)?))),
        b'H' => heap.int(i64::from(u16::from_ne_bytes(at(data, place)?))),
        b'i' => heap.int(i64::from(i32::from_ne_bytes(at(data, place)?))),
        b'I' => heap.int(i64::from(u32::from_ne_bytes(at(data, place)?))),
        b'l' | b'q' => heap.int(i64::from_ne_bytes(at(data, place)?)),
        b'L' | b'Q' => {
            let n = u64::from_ne_bytes(at(data, place)?);
            match i64::try_from(n) {
                Ok(n) => heap.int(n),
                Err(_) => heap.big_int(BigInt::from(n)),
            }
        }
        _ => heap.char_value(surrogate::character(u32::from_ne_bytes(at(data, place)?))?),
    })
}

/// The bits of an item for a value of plain type that fits.
#[inline]
fn bits_of(code: u8, value: Value<'_>) -> Option<u64> {
    match code {
        b'd' => float_of(value).map(f64::to_bits),
        b'f' => float_of(value).map(|x| u64::from((x as f32).to_bits())),
        b'u' | b'w' => None,
        _ => fitting_bits(code, value.as_i64()?),
    }
}

/// The bits of an item for an integer, if it fits.
#[inline]
pub fn fitting_bits(code: u8, n: i64) -> Option<u64> {
    let fits = match code {
        b'b' => i8::try_from(n).is_ok(),
        b'B' => u8::try_from(n).is_ok(),
        b'h' => i16::try_from(n).is_ok(),
        b'H' => u16::try_from(n).is_ok(),
        b'i' => i32::try_from(n).is_ok(),
        b'I' => u32::try_from(n).is_ok(),
        b'L' | b'Q' => n >= 0,
        _ => true,
    };
    fits.then_some(n as u64)
}

#[inline]
fn float_of(value: Value<'_>) -> Option<f64> {
    match value.as_float() {
        Some(x) => Some(x),
        None => value.as_int().map(|n| n as f64),
    }
}

/// Writes the low bytes of `bits` over an item.
#[inline]
fn store(bits: u64, item: &mut [u8]) {
    match item.len() {
        1 => item.copy_from_slice(&(bits as u8).to_ne_bytes()),
        2 => item.copy_from_slice(&(bits as u16).to_ne_bytes()),
        4 => item.copy_from_slice(&(bits as u32).to_ne_bytes()),
        _ => item.copy_from_slice(&bits.to_ne_bytes()),
    }
}

/// Reads.
impl Array {
    /// An empty array. The caller has checked the letter.
    pub fn new(code: u8, class: ArrayClass) -> Array {
        Array {
            code,
            class,
            data: RefCell::default(),
        }
    }

    /// The letter of its type.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// Whether the VM may reach the items without asking the class.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.class == ArrayClass::Own
    }

    /// How many bytes an item has.
    #[inline]
    pub fn item_size(&self) -> usize {
        item_size(self.code).unwrap_or(1)
    }

    /// Number of items.
    #[inline]
    pub fn len(&self, heap: &Heap) -> usize {
        heap.reads(self, Part::Len);
        self.data.borrow().len() / self.item_size()
    }

    /// The item at a position, if there is one that a value can be made of.
    #[inline]
    pub fn item<'h>(&self, heap: &'h Heap, place: usize) -> Option<Value<'h>> {
        heap.reads(self, Part::Item(place));
        value_at(heap, self.code, &self.data.borrow(), place)
    }

    /// The bytes of all items.
    pub fn bytes(&self, heap: &Heap) -> Ref<'_, Vec<u8>> {
        heap.reads(self, Part::All);
        self.data.borrow()
    }
}

/// Writes after which the array is not longer than before.
impl Array {
    /// Replaces the item at a position by a value of plain type; false: there is none, or the value takes converting.
    #[inline]
    pub fn set_item(&self, heap: &Heap, place: usize, value: Value<'_>) -> bool {
        bits_of(self.code, value).is_some_and(|bits| self.set_bits(heap, place, bits))
    }

    /// Replaces the item at a position; says whether there is one.
    #[inline]
    pub fn set_bits(&self, heap: &Heap, place: usize, bits: u64) -> bool {
        heap.writes(self, Part::Item(place));
        let mut data = self.data.borrow_mut();
        let size = self.item_size();
        let start = place.saturating_mul(size);
        let item = data.get_mut(start..start.saturating_add(size));
        item.map(|item| store(bits, item)).is_some()
    }

    /// The bytes of all items, to be changed in place.
    pub fn write(&self, heap: &Heap) -> RefMut<'_, [u8]> {
        heap.writes(self, Part::All);
        RefMut::map(self.data.borrow_mut(), Vec::as_mut_slice)
    }

    /// Removes a range of items, which lies inside.
    pub fn remove(&self, heap: &Heap, items: Range<usize>) {
        heap.writes(self, Part::All);
        let range = self.byte_range(&items);
        self.data.borrow_mut().drain(range);
    }

    /// Puts these bytes, for which there is room, in place of all.
    pub fn replace(&self, heap: &Heap, data: Vec<u8>) {
        heap.writes(self, Part::All);
        heap.charge(data.capacity());
        self.data.replace(data);
    }

    fn byte_range(&self, items: &Range<usize>) -> Range<usize> {
        items.start * self.item_size()..items.end * self.item_size()
    }
}

/// Writes that may make it longer.
impl Array {
    /// Adds a value of plain type at the end; false: it takes converting.
    ///
    /// # Errors
    /// MemoryError.
    #[inline]
    pub fn push(&self, heap: &Heap, value: Value<'_>) -> Result<bool, Raised> {
        match bits_of(self.code, value) {
            Some(bits) => self.push_bits(heap, bits).map(|()| true),
            None => Ok(false),
        }
    }

    /// Adds an item at the end.
    ///
    /// # Errors
    /// MemoryError.
    #[inline]
    pub fn push_bits(&self, heap: &Heap, bits: u64) -> Result<(), Raised> {
        heap.writes(self, Part::All);
        let size = self.item_size();
        let mut item = [0; 8];
        store(bits, &mut item[..size]);
        heap.charge(size);
        heap.append_bytes(&mut self.data.borrow_mut(), &item[..size])
    }

    /// Replaces a range of items, which lies inside, by the items that the bytes are.
    ///
    /// # Errors
    /// MemoryError.
    pub fn splice(&self, heap: &Heap, items: Range<usize>, new: &[u8]) -> Result<(), Raised> {
        heap.writes(self, Part::All);
        heap.charge(new.len());
        let range = self.byte_range(&items);
        let mut data = self.data.borrow_mut();
        heap.grow_vec(&mut data, new.len())?;
        data.splice(range, new.iter().copied());
        Ok(())
    }

    /// Puts an item before the one at a position, which is at most the length.
    ///
    /// # Errors
    /// MemoryError.
    pub fn insert_bits(&self, heap: &Heap, place: usize, bits: u64) -> Result<(), Raised> {
        let size = self.item_size();
        let mut item = [0; 8];
        store(bits, &mut item[..size]);
        self.splice(heap, place..place, &item[..size])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::heap::Access;

    #[test]
    fn items_come_back() {
        let heap = Heap::new();
        for code in *b"bBhHiIlLqQfd" {
            let array = Array::new(code, ArrayClass::Own);
            assert_eq!(array.push(&heap, heap.int(100)).ok(), Some(true));
            let item = array.item(&heap, 0).expect("there is one");
            assert_eq!(float_of(item), Some(100.0), "{}", char::from(code));
            assert!(array.item(&heap, 1).is_none());
        }
    }

    #[test]
    fn what_does_not_fit_is_left_to_others() {
        let heap = Heap::new();
        let array = Array::new(b'b', ArrayClass::Own);
        assert_eq!(array.push(&heap, heap.int(128)).ok(), Some(false));
        assert_eq!(array.push(&heap, Value::float(1.0)).ok(), Some(false));
        assert_eq!(array.len(&heap), 0);
    }

    #[test]
    fn accesses_are_recorded_by_part() {
        let heap = Heap::new();
        let array = Array::new(b'i', ArrayClass::Own);
        assert!(array.push(&heap, heap.int(1)).is_ok());
        let records = heap.recorded(|| {
            array.set_item(&heap, 0, heap.int(2));
            array.item(&heap, 0);
        });
        let parts: Vec<(Access, Part)> = records.iter().map(|r| (r.access, r.part)).collect();
        let expected = [
            (Access::Write, Part::Item(0)),
            (Access::Read, Part::Item(0)),
        ];
        assert_eq!(parts, expected);
    }
}
