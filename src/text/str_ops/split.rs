//! `split`, `rsplit`, `splitlines`.
//!
//! Contract: the parts are slices of the text, in order from its start, whichever side they were found from.

use memchr::memmem;

use super::limit;
use crate::text::unicode::is_space;
use crate::text::{
    TextError, TextResult,
    pause::{Pause, Work},
    push_item,
};

/// Bytes of work that a part takes besides those of its text.
const ITEM: usize = 32;

/// `text.split(sep, maxsplit)`
pub fn split<'a>(
    text: &'a str,
    sep: &str,
    maxsplit: i64,
    pause: &mut Pause<'_>,
) -> TextResult<Vec<&'a str>> {
    check_separator(sep)?;
    let splits = limit(maxsplit);
    match *sep.as_bytes() {
        [byte] => cut_at(
            text,
            1,
            places_of(byte, text.as_bytes()).take(splits),
            pause,
        ),
        _ => cut_at(
            text,
            sep.len(),
            memmem::find_iter(text.as_bytes(), sep).take(splits),
            pause,
        ),
    }
}

/// Where a byte stands. Eight bytes at a time, and all hits among them at once: words are short, and a search that starts anew
/// at each separator, as `memchr_iter` does, takes three times as long on them.
fn places_of(byte: u8, text: &[u8]) -> impl Iterator<Item = usize> {
    const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    let (chunks, rest) = text.as_chunks::<8>();
    let hits = move |chunk: [u8; 8]| {
        // The high bit of each byte that is equal: its difference is zero, in the low bits and in the high one.
        let difference = u64::from_le_bytes(chunk) ^ (u64::from(byte) * 0x0101_0101_0101_0101);
        !(((difference & LOW) + LOW) | difference | LOW)
    };
    let mut at = 0;
    let mut found = 0_u64;
    let mut next = 0;
    let in_chunks = std::iter::from_fn(move || {
        while found == 0 {
            found = hits(*chunks.get(next)?);
            at = next * 8;
            next += 1;
        }
        let place = at + found.trailing_zeros() as usize / 8;
        found &= found - 1;
        Some(place)
    });
    let after = text.len() - rest.len();
    in_chunks.chain(
        rest.iter()
            .enumerate()
            .filter(move |&(_, &b)| b == byte)
            .map(move |(i, _)| after + i),
    )
}

/// The parts between separators of `width` bytes that begin at these places.
fn cut_at<'a>(
    text: &'a str,
    width: usize,
    places: impl Iterator<Item = usize>,
    pause: &mut Pause<'_>,
) -> TextResult<Vec<&'a str>> {
    let mut work = Work::new(pause);
    let mut parts = Vec::new();
    let mut from = 0;
    for at in places {
        push_item(&mut parts, &text[from..at])?;
        work.bytes(at - from + ITEM)?;
        from = at + width;
    }
    push_item(&mut parts, &text[from..])?;
    Ok(parts)
}

/// `text.rsplit(sep, maxsplit)`
pub fn rsplit<'a>(
    text: &'a str,
    sep: &str,
    maxsplit: i64,
    pause: &mut Pause<'_>,
) -> TextResult<Vec<&'a str>> {
    check_separator(sep)?;
    let mut work = Work::new(pause);
    let mut parts = Vec::new();
    for part in text.rsplitn(limit(maxsplit).saturating_add(1), sep) {
        push_item(&mut parts, part)?;
        work.bytes(part.len() + ITEM)?;
    }
    parts.reverse();
    Ok(parts)
}

/// The error of an empty separator.
pub(super) fn check_separator(sep: &str) -> TextResult<()> {
    if sep.is_empty() {
        Err(TextError::value("empty separator"))
    } else {
        Ok(())
    }
}

/// `text.split(None, maxsplit)`: words between runs of white space; what is left at the limit keeps its trailing space.
pub fn split_space<'a>(
    text: &'a str,
    maxsplit: i64,
    pause: &mut Pause<'_>,
) -> TextResult<Vec<&'a str>> {
    let mut work = Work::new(pause);
    let mut left = limit(maxsplit);
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        let end = if left == 0 { None } else { rest.find(is_space) };
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        push_item(&mut words, word)?;
        work.bytes(word.len() + ITEM)?;
        rest = after.trim_start_matches(is_space);
        left = left.saturating_sub(1);
    }
    Ok(words)
}

/// `text.rsplit(None, maxsplit)`: the same from the end.
pub fn rsplit_space<'a>(
    text: &'a str,
    maxsplit: i64,
    pause: &mut Pause<'_>,
) -> TextResult<Vec<&'a str>> {
    let mut work = Work::new(pause);
    let mut left = limit(maxsplit);
    let mut words = Vec::new();
    let mut rest = text.trim_end_matches(is_space);
    while !rest.is_empty() {
        let last_space = if left == 0 {
            None
        } else {
            rest.char_indices().rfind(|(_, c)| is_space(*c))
        };
        let start = last_space.map_or(0, |(at, c)| at + c.len_utf8());
        let (before, word) = rest.split_at(start);
        push_item(&mut words, word)?;
        work.bytes(word.len() + ITEM)?;
        rest = before.trim_end_matches(is_space);
        left = left.saturating_sub(1);
    }
    words.reverse();
    Ok(words)
}

/// Whether lines keep what ends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnds {
    /// `keepends=True`
    Keep,
    /// `keepends=False`
    Drop,
}

/// `text.splitlines(keepends)`: at every line boundary of Unicode, of which `\r\n` is one.
pub fn splitlines<'a>(
    text: &'a str,
    ends: LineEnds,
    pause: &mut Pause<'_>,
) -> TextResult<Vec<&'a str>> {
    let mut work = Work::new(pause);
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_line_end).unwrap_or(rest.len());
        let after = skip_line_end(&rest[end..]);
        let whole = rest.len() - after.len();
        let end = if ends == LineEnds::Keep { whole } else { end };
        push_item(&mut lines, &rest[..end])?;
        work.bytes(whole + ITEM)?;
        rest = after;
    }
    Ok(lines)
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn skip_line_end(text: &str) -> &str {
    let one = |text: &'_ str| text.chars().next().map_or(0, char::len_utf8);
    text.strip_prefix("\r\n")
        .unwrap_or_else(|| &text[one(text)..])
}
