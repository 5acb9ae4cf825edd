//! The Rust side of natives: functions, the steps of native coroutines, what waiters wait in.
//!
//! Objects on the heap hold a row's number instead of a pointer, so that a heap holds plain data. Rows are known by their names: a row
//! is added when something with its name is first needed, and a name is one row's only.

use std::cell::{Cell, RefCell};

/// A row that is registered by name.
pub trait Named {
    /// A name that no other row of its kind has: the same in every build and every run.
    fn name(&self) -> &'static str;
}

/// Rows that objects on the heap refer to by number.
pub struct Rows<T: 'static> {
    rows: RefCell<Vec<&'static T>>,
    /// Rows that were asked for lately, with their numbers: at the place that the row's address has.
    recent: [Cell<Option<(&'static T, u32)>>; RECENT],
}

/// How many rows are kept at hand; a power of two.
const RECENT: usize = 64;

/// The place at hand of a row.
fn place<T>(row: &'static T) -> usize {
    let address = std::ptr::from_ref(row).addr();
    (address >> 3) % RECENT
}

impl<T> Default for Rows<T> {
    fn default() -> Rows<T> {
        Rows {
            rows: RefCell::default(),
            recent: [const { Cell::new(None) }; RECENT],
        }
    }
}

impl<T: Named> Rows<T> {
    /// The number of a row, which is added if there is none of its name.
    #[inline]
    pub fn number(&self, row: &'static T) -> usize {
        match self.recent[place(row)].get() {
            Some((known, number)) if std::ptr::eq(known, row) => number as usize,
            _ => self.find_number(row),
        }
    }

    #[inline(never)]
    fn find_number(&self, row: &'static T) -> usize {
        let mut rows = self.rows.borrow_mut();
        // The same row may have two addresses, if two parts of the program were compiled apart.
        let known = rows
            .iter()
            .position(|&known| std::ptr::eq(known, row))
            .or_else(|| rows.iter().position(|known| known.name() == row.name()));
        let number = known.unwrap_or_else(|| {
            rows.push(row);
            rows.len() - 1
        });
        self.recent[place(row)].set(Some((row, number as u32)));
        number
    }

    /// The row with a number.
    pub fn get(&self, number: usize) -> Option<&'static T> {
        self.rows.borrow().get(number).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Row(&'static str);

    impl Named for Row {
        fn name(&self) -> &'static str {
            self.0
        }
    }

    #[test]
    fn a_name_has_one_number() {
        static FIRST: Row = Row("first");
        static SECOND: Row = Row("second");
        static AGAIN: Row = Row("first");
        let rows = Rows::default();
        let numbers = [&FIRST, &SECOND, &AGAIN].map(|row| rows.number(row));
        assert_eq!(numbers, [0, 1, 0]);
        assert_eq!(rows.get(1).map(Row::name), Some("second"));
        assert!(rows.get(2).is_none());
    }
}
