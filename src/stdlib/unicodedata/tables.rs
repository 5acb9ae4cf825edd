//! The tables of Unicode 15.1, as `generate.py` writes them from CPython's own database.
//!
//! They are searched where they lie in the binary; nothing is built at the start.

/// The version of Unicode.
pub const VERSION: &str = "15.1.0";

const RUNS: &[u8] = include_bytes!("runs.bin");
const RECORDS: &str = include_str!("records.txt");
const NUMBERS: &[u8] = include_bytes!("numbers.bin");
const DECOMPOSITIONS: &[u8] = include_bytes!("decompositions.bin");
const PAIRS: &[u8] = include_bytes!("pairs.bin");

/// What `generate.py` writes for a record.
const RECORD_LEN: usize = 16;

/// The properties of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The general category.
    pub category: &'static str,
    /// The bidirectional class; empty if there is none.
    pub bidirectional: &'static str,
    /// The canonical combining class.
    pub combining: u8,
    /// The width in East Asian text.
    pub width: &'static str,
    /// Whether it is mirrored in text from right to left.
    pub is_mirrored: bool,
}

fn word(table: &[u8], at: usize) -> u32 {
    let bytes = table.get(at * 4..).and_then(|rest| rest.first_chunk());
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// The first of `count` numbers for which the test fails.
fn partition(count: usize, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = (low + high) / 2;
        if is_before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// The properties of a character.
pub fn record(code: u32) -> Record {
    let after = partition(RUNS.len() / 4, |at| word(RUNS, at) >> 11 <= code);
    let number = (word(RUNS, after.saturating_sub(1)) & 0x7ff) as usize;
    let line = RECORDS
        .get(number * RECORD_LEN..(number + 1) * RECORD_LEN)
        .unwrap_or_default()
        .trim_start_matches(' ');
    let field = |from: usize, to: usize| line.get(from..to).unwrap_or_default().trim();
    Record {
        category: field(0, 2),
        bidirectional: field(3, 6),
        combining: field(7, 10).parse().unwrap_or(0),
        width: field(11, 13),
        is_mirrored: field(14, 15) == "1",
    }
}

/// The value of a character as a number, and what sort of number it is: 1 numeric, 3 a digit, 7 a decimal digit.
pub fn number(code: u32) -> Option<(u32, f64)> {
    let row = partition(NUMBERS.len() / 16, |at| word(NUMBERS, at * 4) < code);
    if row * 16 >= NUMBERS.len() || word(NUMBERS, row * 4) != code {
        return None;
    }
    let value = NUMBERS.get(row * 16 + 8..)?.first_chunk()?;
    Some((word(NUMBERS, row * 4 + 1), f64::from_le_bytes(*value)))
}

/// The decomposition of a character as the database writes it: a tag in angle brackets where it is no canonical one, and code points.
pub fn decomposition(code: u32) -> &'static str {
    let count = word(DECOMPOSITIONS, 0) as usize;
    let at = partition(count, |at| word(DECOMPOSITIONS, at + 1) < code);
    if at >= count || word(DECOMPOSITIONS, at + 1) != code {
        return "";
    }
    let texts = (2 + 2 * count) * 4;
    let start = texts + word(DECOMPOSITIONS, 1 + count + at) as usize;
    let end = texts + word(DECOMPOSITIONS, 2 + count + at) as usize;
    let text = DECOMPOSITIONS.get(start..end).unwrap_or_default();
    std::str::from_utf8(text).unwrap_or_default()
}

/// The character that two compose to.
pub fn composed(first: u32, second: u32) -> Option<u32> {
    let key = |at: usize| (word(PAIRS, at * 3), word(PAIRS, at * 3 + 1));
    let row = partition(PAIRS.len() / 12, |at| key(at) < (first, second));
    (row * 12 < PAIRS.len() && key(row) == (first, second)).then(|| word(PAIRS, row * 3 + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_those_of_the_database() {
        let record = record('(' as u32);
        assert_eq!((record.category, record.bidirectional), ("Ps", "ON"));
        assert!(record.is_mirrored && record.width == "Na" && record.combining == 0);
        assert_eq!(super::record(0x0301).combining, 230);
        assert_eq!(number(0x00bd), Some((1, 0.5)));
        assert_eq!(decomposition(0x00e9), "0065 0301");
        assert_eq!(composed(0x65, 0x301), Some(0xe9));
    }
}
