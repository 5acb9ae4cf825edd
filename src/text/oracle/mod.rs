//! Reads the tables of expected values that `generate.py` took from CPython 3.13.
//!
//! A table is lines of tab-separated cells; `#` begins a comment line. A cell that holds arbitrary text is written with
//! Python's `unicode_escape`, which [`unescape`] undoes. README.md says how to add a table.

use num_bigint::BigInt;

use crate::text::Int;

/// The rows of a table, each as its cells.
pub fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
}

/// The text of a cell written with Python's `unicode_escape`.
pub fn unescape(cell: &str) -> String {
    let mut text = String::new();
    let mut rest = cell.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let digits = match rest.next().expect("an escape has a letter") {
            'n' => {
                text.push('\n');
                continue;
            }
            't' => {
                text.push('\t');
                continue;
            }
            'r' => {
                text.push('\r');
                continue;
            }
            '\\' => {
                text.push('\\');
                continue;
            }
            'x' => 2,
            'u' => 4,
            'U' => 8,
            other => panic!("unknown escape {other:?} in {cell:?}"),
        };
        let code: String = rest.by_ref().take(digits).collect();
        let code = u32::from_str_radix(&code, 16).expect("hex digits");
        text.push(char::from_u32(code).expect("no surrogates in the tables"));
    }
    text
}

/// A float written as the 16 hex digits of its bits.
pub fn float(cell: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(cell, 16).expect("16 hex digits"))
}

/// Checks a result against a cell: the text, or `!` and the error's class and message.
pub fn check(result: crate::text::TextResult<String>, expected: &str, what: &dyn std::fmt::Debug) {
    let got = match result {
        Ok(text) => text,
        Err(error) => format!("!{}: {}", error.kind.class_name(), error.message),
    };
    assert_eq!(got, unescape(expected), "{what:?}");
}

/// A number of a table: `i` and its digits, or `f` and the bits of a float.
pub enum Number {
    /// An integer.
    Int(Int),
    /// A float.
    Float(f64),
}

impl Number {
    /// The number of a cell.
    pub fn read(cell: &str) -> Self {
        match cell.split_at(1) {
            ("i", digits) => Self::Int(digits.parse::<BigInt>().expect("an integer").into()),
            (_, bits) => Self::Float(float(bits)),
        }
    }

    /// The integer that it is.
    pub fn int(self) -> Int {
        match self {
            Self::Int(value) => value,
            Self::Float(value) => panic!("{value} is no integer"),
        }
    }

    /// The number as a float.
    pub fn float(&self) -> f64 {
        match self {
            Self::Int(value) => {
                crate::text::num::convert::int_to_float(value.as_ref()).expect("of a float's size")
            }
            Self::Float(value) => *value,
        }
    }
}

/// An integer as a cell shows it.
pub fn show_int(value: Int) -> String {
    format!("i{}", value.into_big())
}

/// A float as a cell shows it; all not-a-numbers are one.
pub fn show_float(value: f64) -> String {
    if value.is_nan() {
        "fnan".to_owned()
    } else {
        format!("f{:016x}", value.to_bits())
    }
}
