//! The memory of pickles: the objects that were saved, by identity, and the values that were loaded, by number.
//!
//! Both hold on to what they name, so that an address stays that of the same object. A number that a hostile pickle makes up costs no
//! more than one entry: numbers far beyond the end go into a dict.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::runtime::dict::Dict;
use crate::runtime::heap::{SlotVec, traced};
use crate::runtime::{Gc, Heap, Raised, Slot, Value};

/// The objects that a pickler saved.
#[derive(Default)]
pub struct SavedMemo {
    numbers: RefCell<FxHashMap<u64, u32>>,
    objects: SlotVec,
}

traced!(SavedMemo { objects } plain { numbers });

impl SavedMemo {
    /// The number of an object, if it was saved.
    #[inline]
    pub fn number(&self, value: Value<'_>) -> Option<u32> {
        let address = value.as_object()?.address() as u64;
        self.numbers.borrow().get(&address).copied()
    }

    /// Remembers an object; its number.
    ///
    /// # Errors
    /// MemoryError.
    pub fn add(&self, heap: &Heap, value: Value<'_>) -> Result<u32, Raised> {
        self.objects.reserve(heap, 1)?;
        let number = self.objects.len() as u32;
        let key = match value.as_object() {
            Some(object) => object.address() as u64,
            // Never looked up, but counted.
            None => u64::MAX - u64::from(number),
        };
        let mut numbers = self.numbers.borrow_mut();
        if numbers.len() == numbers.capacity() {
            heap.room_for((numbers.len() + 4) * 32)?;
            heap.charge((numbers.len() + 4) * 16);
        }
        self.objects.push(heap, value);
        numbers.insert(key, number);
        Ok(number)
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.numbers.borrow_mut().clear();
        self.objects.clear();
    }

    /// The objects in the order of their numbers.
    pub fn objects<'h>(&self, heap: &'h Heap) -> Vec<Value<'h>> {
        self.objects.to_vec(heap)
    }
}

/// How far beyond the end a number may be to be stored in a row.
const GAP: usize = 1 << 10;

/// The values that an unpickler remembers.
pub struct LoadedMemo {
    /// By number; Undef where there is none.
    row: SlotVec,
    /// A dict for numbers that are far out, or Undef.
    far: Slot,
    /// How many there are.
    count: std::cell::Cell<usize>,
}

traced!(LoadedMemo { row, far } plain { count });

impl Default for LoadedMemo {
    fn default() -> LoadedMemo {
        LoadedMemo {
            row: SlotVec::new(),
            far: Slot::undef(),
            count: std::cell::Cell::new(0),
        }
    }
}

impl LoadedMemo {
    /// How many values are remembered.
    #[inline]
    pub fn len(&self) -> usize {
        self.count.get()
    }

    /// The value with a number.
    #[inline]
    pub fn get<'h>(&self, heap: &'h Heap, number: usize) -> Option<Value<'h>> {
        if let Some(value) = self.row.get(heap, number) {
            return value.defined().or_else(|| self.far_out(heap, number));
        }
        self.far_out(heap, number)
    }

    fn far_out<'h>(&self, heap: &'h Heap, number: usize) -> Option<Value<'h>> {
        use crate::runtime::table::Found;
        let far: Gc<'_, Dict> = self.far.get(heap).as_gc()?;
        match far.table.find_leaf(heap, heap.usize(number))? {
            Found::At(at) => Some(far.table.value_at(heap, at)),
            _ => None,
        }
    }

    /// Remembers a value.
    ///
    /// # Errors
    /// MemoryError.
    #[inline]
    pub fn set(&self, heap: &Heap, number: usize, value: Value<'_>) -> Result<(), Raised> {
        let len = self.row.len();
        if number == len {
            self.row.reserve(heap, 1)?;
            self.row.push(heap, value);
            self.count.set(self.count.get() + 1);
            return Ok(());
        }
        if self.get(heap, number).is_none() {
            self.count.set(self.count.get() + 1);
        }
        if number < len {
            self.row.set(number, value);
            return Ok(());
        }
        if number - len < GAP {
            self.row.reserve(heap, number - len + 1)?;
            while self.row.len() < number {
                self.row.push(heap, Value::UNDEF);
            }
            self.row.push(heap, value);
            return Ok(());
        }
        if self.far.is_undef() {
            self.far.set(heap.dict().value());
        }
        let far: Gc<'_, Dict> = self.far.expect(heap);
        far.set_leaf(heap, heap.usize(number), value);
        Ok(())
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.row.clear();
        self.far.clear();
        self.count.set(0);
    }

    /// Numbers and values.
    pub fn entries<'h>(&self, heap: &'h Heap) -> Vec<(Value<'h>, Value<'h>)> {
        let row = self.row.to_vec(heap).into_iter().enumerate();
        let row = row.filter(|(_, value)| !value.is_undef());
        let mut entries: Vec<_> = row.map(|(n, value)| (heap.usize(n), value)).collect();
        if let Some(far) = self.far.get(heap).as_gc::<Dict>() {
            entries.extend(far.table.entries(heap));
        }
        entries
    }
}
