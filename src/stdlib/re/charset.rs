//! Sets of characters as the matcher asks them: a bitmap for the first 256, ranges and classes beyond.
//!
//! Where case is ignored, a set holds lower-case characters and each character is put into lower case before it is looked up; the
//! bitmap has that done already. Some characters that are different in lower case are the same in upper case: `SAME_UPPER`.

use super::ast::{Category, Item, Polarity};
use super::source::show;
use crate::text::surrogate;
use crate::text::unicode::{is_alpha, is_decimal, is_numeric, is_space};

/// What a letter is, and which letters are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// ASCII's.
    Ascii,
    /// Unicode's.
    Unicode,
}

/// Whether case matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// It does.
    Exact,
    /// It does not.
    Ignored,
}

/// A set of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharSet {
    low: [u64; 4],
    ranges: Vec<(u32, u32)>,
    categories: Vec<Category>,
    polarity: Polarity,
    letters: Letters,
    case: Case,
}

impl CharSet {
    /// The set of these items.
    pub fn new(items: &[Item], polarity: Polarity, letters: Letters, case: Case) -> CharSet {
        let case = match case {
            Case::Ignored if items.iter().any(|&item| has_case(item, letters)) => Case::Ignored,
            _ => Case::Exact,
        };
        let mut set = CharSet {
            low: [0; 4],
            ranges: Vec::new(),
            categories: Vec::new(),
            polarity,
            letters,
            case,
        };
        for &item in items {
            set.add(item);
        }
        set.ranges.sort_unstable();
        set.merge();
        for code in 0..256 {
            if set.find(code) {
                set.low[code as usize >> 6] |= 1 << (code & 63);
            }
        }
        set
    }

    fn add(&mut self, item: Item) {
        match item {
            Item::Category(category) => self.categories.push(category),
            Item::Char(c) => self.add_range(c, c),
            Item::Range(lo, hi) => {
                for (lo, hi) in surrogate::range(lo, hi) {
                    self.add_range(lo, hi);
                }
            }
        }
    }

    fn add_range(&mut self, lo: u32, hi: u32) {
        if self.case == Case::Exact {
            self.ranges.push((lo, hi));
            return;
        }
        for code in lo..=hi.min(0x0010_ffff) {
            let lower = fold(code, self.letters);
            match self.ranges.last_mut() {
                Some((_, end)) if *end + 1 == lower => *end = lower,
                Some((start, end)) if (*start..=*end).contains(&lower) => {}
                _ => self.ranges.push((lower, lower)),
            }
            if self.letters == Letters::Unicode {
                for &other in same_upper(lower) {
                    self.ranges.push((other, other));
                }
            }
        }
    }

    fn merge(&mut self) {
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(self.ranges.len());
        for &(lo, hi) in &self.ranges {
            match merged.last_mut() {
                Some((_, end)) if lo <= end.saturating_add(1) => *end = hi.max(*end),
                _ => merged.push((lo, hi)),
            }
        }
        self.ranges = merged;
    }

    /// Whether a character is in the set.
    #[inline(always)]
    pub fn contains(&self, code: u32) -> bool {
        if code < 256 {
            return self.low[code as usize >> 6] >> (code & 63) & 1 != 0;
        }
        self.find(code)
    }

    fn find(&self, code: u32) -> bool {
        let code = match self.case {
            Case::Exact => code,
            Case::Ignored => fold(code, self.letters),
        };
        let after = self.ranges.partition_point(|&(lo, _)| lo <= code);
        let in_range = after > 0 && code <= self.ranges[after - 1].1;
        let found = in_range
            || self
                .categories
                .iter()
                .any(|&category| is_in(category, code, self.letters));
        found == (self.polarity == Polarity::Positive)
    }
}

/// Whether a character belongs to a class.
pub fn is_in(category: Category, code: u32, letters: Letters) -> bool {
    match category {
        Category::Digit => is_digit(code, letters),
        Category::NotDigit => !is_digit(code, letters),
        Category::Space => is_blank(code, letters),
        Category::NotSpace => !is_blank(code, letters),
        Category::Word => is_word(code, letters),
        Category::NotWord => !is_word(code, letters),
    }
}

fn ascii(code: u32) -> Option<u8> {
    u8::try_from(code).ok().filter(u8::is_ascii)
}

fn is_digit(code: u32, letters: Letters) -> bool {
    match ascii(code) {
        Some(byte) => byte.is_ascii_digit(),
        None => letters == Letters::Unicode && is_decimal(show(code)),
    }
}

fn is_blank(code: u32, letters: Letters) -> bool {
    match letters {
        Letters::Ascii => matches!(code, 9..=13 | 32),
        Letters::Unicode => is_space(show(code)),
    }
}

/// Whether a character can stand in a word.
#[inline]
pub fn is_word(code: u32, letters: Letters) -> bool {
    match ascii(code) {
        Some(byte) => byte.is_ascii_alphanumeric() || byte == b'_',
        None => letters == Letters::Unicode && is_alnum(show(code)),
    }
}

fn is_alnum(c: char) -> bool {
    is_alpha(c) || is_numeric(c)
}

/// A character in lower case, as single characters have one.
#[inline]
pub fn fold(code: u32, letters: Letters) -> u32 {
    match ascii(code) {
        Some(byte) => u32::from(byte.to_ascii_lowercase()),
        None if letters == Letters::Ascii => code,
        None => show_fold(code),
    }
}

fn show_fold(code: u32) -> u32 {
    char::from_u32(code).map_or(code, |c| c.to_lowercase().next().unwrap_or(c) as u32)
}

/// Whether a character has two cases.
fn has_two_cases(code: u32, letters: Letters) -> bool {
    if letters == Letters::Ascii || code < 128 {
        return ascii(code).is_some_and(|byte| byte.is_ascii_alphabetic());
    }
    char::from_u32(code)
        .is_some_and(|c| c.to_lowercase().next() != Some(c) || c.to_uppercase().next() != Some(c))
}

fn has_case(item: Item, letters: Letters) -> bool {
    match item {
        Item::Char(c) => has_two_cases(c, letters),
        Item::Range(lo, hi) => (lo..=hi.min(0x0010_ffff)).any(|c| has_two_cases(c, letters)),
        Item::Category(_) => false,
    }
}

/// The characters with the same upper case as this lower-case one, itself among them; empty if it is alone.
pub fn same_upper(lower: u32) -> &'static [u32] {
    let group = SAME_UPPER.iter().find(|group| group.contains(&lower));
    group.copied().unwrap_or_default()
}

/// Lower-case characters that share their upper case.
const SAME_UPPER: &[&[u32]] = &[
    &[0x0069, 0x0131],
    &[0x0073, 0x017f],
    &[0x00b5, 0x03bc],
    &[0x0345, 0x03b9, 0x1fbe],
    &[0x0390, 0x1fd3],
    &[0x03b0, 0x1fe3],
    &[0x03b2, 0x03d0],
    &[0x03b5, 0x03f5],
    &[0x03b8, 0x03d1],
    &[0x03ba, 0x03f0],
    &[0x03c0, 0x03d6],
    &[0x03c1, 0x03f1],
    &[0x03c2, 0x03c3],
    &[0x03c6, 0x03d5],
    &[0x0432, 0x1c80],
    &[0x0434, 0x1c81],
    &[0x043e, 0x1c82],
    &[0x0441, 0x1c83],
    &[0x0442, 0x1c84, 0x1c85],
    &[0x044a, 0x1c86],
    &[0x0463, 0x1c87],
    &[0x1c88, 0xa64b],
    &[0x1e61, 0x1e9b],
    &[0xfb05, 0xfb06],
];
