//! The Rust side of natives: functions, the steps of native coroutines, what waiters wait in.
//!
//! Objects on the heap hold a row's number instead of a pointer, so that a heap holds plain data. Rows are known by their names: a row
//! is added when something with its name is first needed, and a name is one row's only.

use std::cell::RefCell;

/// A row that is registered by name.
pub trait Named {
    /// A name that no other row of its kind has: the same in every build and every run.
    fn name(&self) -> &'static str;
}

/// Rows that objects on the heap refer to by number.
pub struct Rows<T: 'static> {
    rows: RefCell<Vec<&'static T>>,
}

impl<T> Default for Rows<T> {
    fn default() -> Rows<T> {
        Rows {
            rows: RefCell::default(),
        }
    }
}

impl<T: Named> Rows<T> {
    /// The number of a row, which is added if there is none of its name.
    pub fn number(&self, row: &'static T) -> usize {
        let mut rows = self.rows.borrow_mut();
        // The same row may have two addresses, if two parts of the program were compiled apart.
        let known = rows
            .iter()
            .position(|&known| std::ptr::eq(known, row))
            .or_else(|| rows.iter().position(|known| known.name() == row.name()));
        known.unwrap_or_else(|| {
            rows.push(row);
            rows.len() - 1
        })
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
