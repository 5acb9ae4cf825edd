//! The order of sort keys in which the program has no say: numbers, strings, and tuples of them.
//!
//! `Columns::of` looks at all keys once. If each column (a plain key is its own only column) holds one sort of value, comparing
//! is a total order that needs no program code, and any stable algorithm gives what CPython's gives. Each key gets a rank, 64
//! bits that order it by its first column as far as they reach, so that most comparisons look at nothing else.

use std::cmp::Ordering;

use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Heap, Value};

/// What all values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// Small integers or booleans.
    Int,
    /// Floats, without NaN; among them small integers, which are floats without loss.
    Float,
    /// Strings.
    Str,
}

/// What keys consist of.
pub struct Columns {
    columns: Vec<Column>,
    tuples: bool,
}

/// A key with its rank and its place before the sort.
#[derive(Clone, Copy)]
pub struct Ranked<'h> {
    rank: u64,
    key: Value<'h>,
    /// The place.
    pub at: u32,
}

impl Column {
    fn of(value: Value<'_>) -> Option<Column> {
        if value.as_int_or_bool().is_some() {
            return Some(Column::Int);
        }
        match value.as_float() {
            Some(x) => (!x.is_nan()).then_some(Column::Float),
            None => value.is_gc::<Str>().then_some(Column::Str),
        }
    }

    /// The column that holds this one's values and another's.
    fn with(self, other: Column) -> Option<Column> {
        match (self, other) {
            _ if self == other => Some(self),
            (Column::Str, _) | (_, Column::Str) => None,
            _ => Some(Column::Float),
        }
    }

    /// Orders as the values do, as far as 64 bits reach; entirely for numbers.
    fn rank(self, value: Value<'_>) -> u64 {
        const SIGN: u64 = 1 << 63;
        match self {
            Column::Int => value.as_int_or_bool().unwrap_or(0) as u64 ^ SIGN,
            Column::Float => {
                // Adding zero makes -0.0 the same as 0.0.
                let bits = (float_of(value) + 0.0).to_bits();
                if bits & SIGN == 0 { bits | SIGN } else { !bits }
            }
            Column::Str => {
                let mut prefix = [0; 8];
                let text = text_of(value).as_bytes();
                let len = text.len().min(8);
                prefix[..len].copy_from_slice(&text[..len]);
                u64::from_be_bytes(prefix)
            }
        }
    }

    fn compare(self, a: Value<'_>, b: Value<'_>) -> Ordering {
        match self {
            Column::Str => text_of(a).cmp(text_of(b)),
            _ => self.rank(a).cmp(&self.rank(b)),
        }
    }
}

impl Columns {
    /// What the keys consist of; None: the program may have a say in their order.
    pub fn of<'h>(heap: &'h Heap, keys: &[Value<'h>]) -> Option<Columns> {
        let mut this = Columns {
            columns: Vec::new(),
            tuples: keys.first()?.is_gc::<Tuple>(),
        };
        for &key in keys {
            match key.as_gc::<Tuple>() {
                Some(tuple) if this.tuples => this.widen(tuple.iter(heap))?,
                None if !this.tuples => this.widen([key])?,
                _ => return None,
            }
        }
        Some(this)
    }

    fn widen<'h>(&mut self, values: impl IntoIterator<Item = Value<'h>>) -> Option<()> {
        for (n, value) in values.into_iter().enumerate() {
            let column = Column::of(value)?;
            match self.columns.get_mut(n) {
                Some(known) => *known = known.with(column)?,
                None => self.columns.push(column),
            }
        }
        Some(())
    }

    /// A key, ready to be compared.
    pub fn ranked<'h>(&self, heap: &'h Heap, key: Value<'h>, at: u32) -> Ranked<'h> {
        let first = match key.as_gc::<Tuple>() {
            Some(tuple) => tuple.at(heap, 0),
            None => Some(key),
        };
        let rank = match (self.columns.first(), first) {
            (Some(column), Some(value)) => column.rank(value),
            _ => 0,
        };
        Ranked { rank, key, at }
    }

    /// The order of two keys.
    #[inline]
    pub fn compare<'h>(&self, heap: &'h Heap, a: &Ranked<'h>, b: &Ranked<'h>) -> Ordering {
        let first = a.rank.cmp(&b.rank);
        if first != Ordering::Equal {
            return first;
        }
        match (a.key.as_gc::<Tuple>(), b.key.as_gc::<Tuple>()) {
            (Some(x), Some(y)) => self.compare_tuples(heap, x, y),
            _ if self.columns.first() == Some(&Column::Str) => text_of(a.key).cmp(text_of(b.key)),
            _ => Ordering::Equal,
        }
    }

    fn compare_tuples<'h>(&self, heap: &'h Heap, a: Gc<'h, Tuple>, b: Gc<'h, Tuple>) -> Ordering {
        for ((column, x), y) in self.columns.iter().zip(a.iter(heap)).zip(b.iter(heap)) {
            if x.is(y) {
                continue;
            }
            let order = column.compare(x, y);
            if order != Ordering::Equal {
                return order;
            }
        }
        a.len().cmp(&b.len())
    }
}

fn float_of(value: Value<'_>) -> f64 {
    value
        .as_float()
        .unwrap_or_else(|| value.as_int_or_bool().unwrap_or(0) as f64)
}

fn text_of(value: Value<'_>) -> &str {
    value.as_gc::<Str>().map_or("", Gc::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_order_as_the_values_do() {
        let floats = [f64::NEG_INFINITY, -1.5, -0.0, 1e-300, 2.0, f64::INFINITY];
        for pair in floats.windows(2) {
            let [a, b] = [pair[0], pair[1]].map(|x| Column::Float.rank(Value::float(x)));
            assert!(a < b, "{pair:?}");
        }
        let zero = Column::Float.rank(Value::float(0.0));
        assert_eq!(zero, Column::Float.rank(Value::float(-0.0)));
        assert_eq!(zero, Column::Float.rank(Value::small_int(0)));
        let ints = [-5, -1, 0, 1, 7].map(|n| Column::Int.rank(Value::small_int(n)));
        assert!(ints.is_sorted());
    }

    #[test]
    fn mixed_columns_are_the_programs() {
        let heap = Heap::new();
        let text = heap.str_value("a");
        assert!(Columns::of(&heap, &[Value::small_int(1), text]).is_none());
        assert!(Columns::of(&heap, &[Value::float(f64::NAN)]).is_none());
        assert!(Columns::of(&heap, &[Value::small_int(1), Value::float(0.5)]).is_some());
        assert!(Columns::of(&heap, &[heap.tuple(&[text]).value(), text]).is_none());
    }
}
