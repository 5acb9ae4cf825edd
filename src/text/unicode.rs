//! Properties of single characters, as Python's str methods ask for them.
//!
//! General categories come from `unicode-general-category` and simple case from std; what neither has (decimal values,
//! titlecase, full case folding) is a table taken from CPython's own database (`unicode_tables.rs`).
//! Every function answers for ASCII first, without a table.

use std::borrow::Cow;

use unicode_general_category::{GeneralCategory as Category, get_general_category};

use super::unicode_tables::{CASE_FOLD, DECIMAL_ZEROS, DIGITS, NUMERICS, TITLE, UNASSIGNED};

/// The general category. The crate knows a later version of Unicode than CPython.
fn category(c: char) -> Category {
    if is_unassigned(c) {
        Category::Unassigned
    } else {
        get_general_category(c)
    }
}

/// Whether CPython's version of Unicode has no such character.
fn is_unassigned(c: char) -> bool {
    !c.is_ascii() && in_ranges(UNASSIGNED, c)
}

/// Whether the character is uppercase: Unicode's Uppercase.
pub fn is_upper(c: char) -> bool {
    c.is_uppercase() && !is_unassigned(c)
}

/// Whether the character is lowercase: Unicode's Lowercase. U+0295 is no letter of either case in later versions.
pub fn is_lower(c: char) -> bool {
    c == '\u{295}' || c.is_lowercase() && !is_unassigned(c)
}

/// Whether the character may begin an identifier.
pub fn starts_identifier(c: char) -> bool {
    c == '_' || unicode_ident::is_xid_start(c) && !is_unassigned(c)
}

/// Whether the character may go on with an identifier.
pub fn continues_identifier(c: char) -> bool {
    unicode_ident::is_xid_continue(c) && !is_unassigned(c)
}

/// Appends the uppercase.
pub fn push_upper(text: &mut String, c: char) {
    push_mapped(text, c, c.to_uppercase());
}

/// Appends the lowercase.
pub fn push_lower(text: &mut String, c: char) {
    push_mapped(text, c, c.to_lowercase());
}

/// Appends what a character maps to, unless one of them is no character yet.
fn push_mapped(text: &mut String, c: char, mapped: impl Iterator<Item = char> + Clone) {
    if is_new_letter(c) || mapped.clone().any(is_new_letter) {
        text.push(c);
    } else {
        text.extend(mapped);
    }
}

/// Whether a text has a letter that does not exist yet, so that std may map it, or has mapped something to it.
pub fn has_new_letter(text: &str) -> bool {
    text.chars().any(is_new_letter)
}

/// `is_unassigned` for letters with case: newer versions add them in few places below U+10000.
fn is_new_letter(c: char) -> bool {
    matches!(c, '\u{1c80}'..='\u{1c8f}' | '\u{a7c0}'..='\u{a7ff}' | '\u{10000}'..)
        && is_unassigned(c)
}

/// Whether `repr()` shows the character as it is: `str.isprintable`.
pub fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    use Category::*;
    !matches!(
        category(c),
        Control
            | Format
            | Surrogate
            | PrivateUse
            | Unassigned
            | LineSeparator
            | ParagraphSeparator
            | SpaceSeparator
    )
}

/// `str.isspace`: Unicode's white space and the four ASCII separators.
pub fn is_space(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, '\t'..='\r' | '\x1c'..=' ');
    }
    c.is_whitespace()
}

/// `str.isalpha`: the letters, which is less than Unicode's Alphabetic.
pub fn is_alpha(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    use Category::*;
    matches!(
        category(c),
        UppercaseLetter | LowercaseLetter | TitlecaseLetter | ModifierLetter | OtherLetter
    )
}

/// `str.isdecimal`
pub fn is_decimal(c: char) -> bool {
    decimal_value(c).is_some()
}

/// `str.isdigit`: decimals, and figures such as superscripts.
pub fn is_digit(c: char) -> bool {
    is_decimal(c) || (!c.is_ascii() && in_ranges(DIGITS, c))
}

/// `str.isnumeric`: everything with a number as its value, fractions and CJK numerals included.
pub fn is_numeric(c: char) -> bool {
    is_digit(c) || (!c.is_ascii() && in_ranges(NUMERICS, c))
}

/// The value of a decimal digit of any script.
pub fn decimal_value(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let code = c as u32;
    let after = DECIMAL_ZEROS.partition_point(|zero| *zero <= code);
    let zero = DECIMAL_ZEROS.get(after.checked_sub(1)?)?;
    Some(code - zero).filter(|value| *value < 10)
}

/// Whether the character has case: Unicode's Cased.
pub fn is_cased(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    is_upper(c) || is_lower(c) || is_title(c)
}

/// Whether the character is a titlecase letter such as U+01C5.
pub fn is_title(c: char) -> bool {
    !c.is_ascii() && category(c) == Category::TitlecaseLetter
}

/// Whether a final sigma looks past the character: Unicode's Case_Ignorable.
pub fn is_case_ignorable(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, '\'' | '.' | ':' | '^' | '`');
    }
    use Category::*;
    matches!(
        c,
        '\u{b7}'
            | '\u{387}'
            | '\u{55f}'
            | '\u{5f4}'
            | '\u{2018}'
            | '\u{2019}'
            | '\u{2024}'
            | '\u{2027}'
            | '\u{fe13}'
            | '\u{fe52}'
            | '\u{fe55}'
            | '\u{ff07}'
            | '\u{ff0e}'
            | '\u{ff1a}'
    ) || matches!(
        category(c),
        NonspacingMark | EnclosingMark | Format | ModifierLetter | ModifierSymbol
    )
}

/// Appends the titlecase form: the form at the start of a word.
pub fn push_title(text: &mut String, c: char) {
    match lookup(TITLE, c) {
        Some(title) => text.push_str(title),
        None => push_upper(text, c),
    }
}

/// Appends the form that caseless comparison uses: `str.casefold`.
pub fn push_fold(text: &mut String, c: char) {
    match lookup(CASE_FOLD, c) {
        Some(folded) => text.push_str(folded),
        None => push_lower(text, c),
    }
}

/// The text as `int()` and `float()` read it: decimal digits of any script become ASCII ones, white space beyond ASCII
/// becomes a space, and any other character beyond ASCII becomes a `?`, which no number contains.
pub fn to_ascii_number(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let ascii = |c: char| match decimal_value(c) {
        _ if c.is_ascii() => c,
        Some(value) => char::from_digit(value, 10).expect("a decimal value is below ten"),
        None if is_space(c) => ' ',
        None => '?',
    };
    Cow::Owned(text.chars().map(ascii).collect())
}

fn in_ranges(ranges: &[(u32, u32)], c: char) -> bool {
    let code = c as u32;
    let after = ranges.partition_point(|(first, _)| *first <= code);
    after > 0 && code <= ranges[after - 1].1
}

fn lookup(table: &[(char, &'static str)], c: char) -> Option<&'static str> {
    if c.is_ascii() {
        return None;
    }
    table
        .binary_search_by_key(&c, |(from, _)| *from)
        .ok()
        .map(|at| table[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::oracle;

    /// Each row is a property and the ranges of characters that have it in CPython's database, Unicode 15.1.
    #[test]
    fn properties_agree_with_cpython() {
        let mut differing = Vec::new();
        for row in oracle::rows(include_str!("oracle/unicode.tsv")) {
            let property: fn(char) -> bool = match row[0] {
                "isprintable" => is_printable,
                "isspace" => is_space,
                "isalpha" => is_alpha,
                "isdecimal" => is_decimal,
                "isdigit" => is_digit,
                "isnumeric" => is_numeric,
                "islower" => is_lower,
                "isupper" => is_upper,
                "istitle" => is_title,
                "isidentifier" => starts_identifier,
                other => panic!("unknown property {other}"),
            };
            let expected = ranges(row[1]);
            for c in '\0'..=char::MAX {
                if property(c) != in_ranges(&expected, c) {
                    differing.push((row[0], c));
                }
            }
        }
        assert_eq!(differing, []);
    }

    fn ranges(cell: &str) -> Vec<(u32, u32)> {
        let code = |text: &str| u32::from_str_radix(text, 16).expect("hex");
        let range = |text: &str| match text.split_once('-') {
            Some((first, last)) => (code(first), code(last)),
            None => (code(text), code(text)),
        };
        cell.split(' ').map(range).collect()
    }

    #[test]
    fn numbers_become_ascii() {
        assert_eq!(to_ascii_number("\u{967}\u{2003}x\u{bd}"), "1 x?");
        assert!(matches!(to_ascii_number("12"), Cow::Borrowed("12")));
    }
}
