//! Recording: which parts of which objects a stretch of the program reads and writes.
//!
//! Objects report each access where they give out their contents (`List`, `Dict`, `Set` ...), so nothing else can forget to. A
//! search over schedules asks which steps touch the same part; an undo log and incremental marking hang on the same places.
//! While `RECORDING` is false the compiler removes all of it.

use std::cell::RefCell;

use super::Heap;

/// Whether accesses are recorded: only the tests do.
pub const RECORDING: bool = cfg!(test);

/// What is done with a part of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its value is used.
    Read,
    /// It gets another value, is made or removed.
    Write,
}

/// A part of an object's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The item at this position, of a sequence.
    Item(usize),
    /// The key with this hash, present or not, and its value.
    Key(u64),
    /// How many items there are.
    Len,
    /// In which order they are.
    Order,
    /// All of the above.
    All,
}

impl Part {
    /// Whether an access to one part may touch the other.
    #[cfg(test)]
    pub fn meets(self, other: Part) -> bool {
        self == other || self == Part::All || other == Part::All
    }
}

/// One access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The object, by the address of its fields.
    pub object: usize,
    /// Read or write.
    pub access: Access,
    /// Which part.
    pub part: Part,
}

/// The accesses so far, while somebody wants to know them.
#[derive(Default)]
pub struct Recorder {
    records: RefCell<Option<Vec<Record>>>,
}

impl Heap {
    /// Reports a read of a part of an object's fields.
    #[inline(always)]
    pub(in crate::runtime) fn reads<T>(&self, object: &T, part: Part) {
        if RECORDING {
            self.record(object, Access::Read, part);
        }
    }

    /// Reports a write.
    #[inline(always)]
    pub(in crate::runtime) fn writes<T>(&self, object: &T, part: Part) {
        if RECORDING {
            self.record(object, Access::Write, part);
        }
    }

    #[cold]
    fn record<T>(&self, object: &T, access: Access, part: Part) {
        if let Some(records) = &mut *self.recorder.records.borrow_mut() {
            records.push(Record {
                object: std::ptr::from_ref(object).addr(),
                access,
                part,
            });
        }
    }

    /// Records what `run` reads and writes.
    #[cfg(test)]
    pub fn recorded(&self, run: impl FnOnce()) -> Vec<Record> {
        *self.recorder.records.borrow_mut() = Some(Vec::new());
        run();
        self.recorder.records.take().unwrap_or_default()
    }
}
