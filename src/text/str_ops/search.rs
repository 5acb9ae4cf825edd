//! `find`, `rfind`, `count`, `startswith`, `endswith`, `replace`, `partition`, and texts indexed by code point.
//!
//! Searching is memchr's and std's; this file translates between the program's code points and their bytes, which are the same for
//! ASCII. Bounds are as written: absent, negative (from the end) or beyond the text.

use std::ops::Range;

use memchr::memmem;

use super::limit;
use super::split::check_separator;
use crate::text::pause::{Pause, Work};
use crate::text::positions::Indexed;
use crate::text::{TextResult, check_text_size, push_text};

impl Indexed<'_> {
    /// `text.find(needle, start, end)`
    pub fn find(&self, needle: &str, start: Option<i64>, end: Option<i64>) -> Option<usize> {
        let bytes = self.bounds(start, end)?;
        let at = memmem::find(&self.text().as_bytes()[bytes.clone()], needle.as_bytes())?;
        Some(self.index_of(bytes.start + at))
    }

    /// `text.rfind(needle, start, end)`
    pub fn rfind(&self, needle: &str, start: Option<i64>, end: Option<i64>) -> Option<usize> {
        let bytes = self.bounds(start, end)?;
        let at = self.text()[bytes.clone()].rfind(needle)?;
        Some(self.index_of(bytes.start + at))
    }

    /// `text.count(needle, start, end)`: occurrences that do not overlap.
    pub fn count(&self, needle: &str, start: Option<i64>, end: Option<i64>) -> usize {
        self.bounds(start, end).map_or(0, |bytes| {
            let part = &self.text()[bytes];
            if needle.is_empty() {
                part.chars().count() + 1
            } else {
                memmem::find_iter(part.as_bytes(), needle).count()
            }
        })
    }

    /// `text.startswith(prefix, start, end)`
    pub fn starts_with(&self, prefix: &str, start: Option<i64>, end: Option<i64>) -> bool {
        self.bounds(start, end)
            .is_some_and(|bytes| self.text()[bytes].starts_with(prefix))
    }

    /// `text.endswith(suffix, start, end)`
    pub fn ends_with(&self, suffix: &str, start: Option<i64>, end: Option<i64>) -> bool {
        self.bounds(start, end)
            .is_some_and(|bytes| self.text()[bytes].ends_with(suffix))
    }

    /// The bytes between two bounds; `None` when the first lies after the second, where not even "" is found.
    fn bounds(&self, start: Option<i64>, end: Option<i64>) -> Option<Range<usize>> {
        if start.is_none() && end.is_none() {
            return Some(0..self.text().len());
        }
        let from_start = |bound: i64| match usize::try_from(bound) {
            Ok(bound) => bound,
            Err(_) => self.len().saturating_sub(bound.unsigned_abs() as usize),
        };
        let start = start.map_or(0, from_start);
        let end = end.map_or(self.len(), from_start).min(self.len());
        (start <= end).then(|| self.byte_of(start)..self.byte_of(end))
    }
}

/// `text.replace(old, new, count)`: an empty `old` is found before each character and at the end.
pub fn replace(
    text: &str,
    old: &str,
    new: &str,
    count: i64,
    pause: &mut Pause<'_>,
) -> TextResult<String> {
    let mut work = Work::new(pause);
    let count = limit(count);
    if old.is_empty() {
        let times = text.chars().count().saturating_add(1).min(count);
        check_text_size(times.saturating_mul(new.len()).saturating_add(text.len()))?;
        return insert(text, new, times, &mut work);
    }
    check_text_size(text.len())?;
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for at in memmem::find_iter(text.as_bytes(), old).take(count) {
        push_text(&mut out, &text[done..at])?;
        work.bytes(at - done + new.len() + 1)?;
        done = at + old.len();
        push_text(&mut out, new)?;
    }
    push_text(&mut out, &text[done..])?;
    Ok(out)
}

/// `new` before each character of a text and at its end, `times` times.
fn insert(text: &str, new: &str, times: usize, work: &mut Work<'_, '_>) -> TextResult<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    for _ in 0..times {
        push_text(&mut out, new)?;
        let width = rest.chars().next().map_or(0, char::len_utf8);
        push_text(&mut out, &rest[..width])?;
        rest = &rest[width..];
        work.bytes(new.len() + width)?;
    }
    push_text(&mut out, rest)?;
    Ok(out)
}

/// `text.partition(sep)`: what is before the first `sep`, it, and what is after; the text and two empty ones without.
pub fn partition<'a>(text: &'a str, sep: &str) -> TextResult<(&'a str, &'a str, &'a str)> {
    check_separator(sep)?;
    Ok(text
        .find(sep)
        .map_or((text, "", ""), |at| cut(text, at, sep)))
}

/// `text.rpartition(sep)`: the same at the last `sep`; two empty texts and the text without.
pub fn rpartition<'a>(text: &'a str, sep: &str) -> TextResult<(&'a str, &'a str, &'a str)> {
    check_separator(sep)?;
    Ok(text
        .rfind(sep)
        .map_or(("", "", text), |at| cut(text, at, sep)))
}

fn cut<'a>(text: &'a str, at: usize, sep: &str) -> (&'a str, &'a str, &'a str) {
    let end = at + sep.len();
    (&text[..at], &text[at..end], &text[end..])
}

/// What a table of `str.translate` says about a character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Translation {
    /// It is not in the table.
    Keep,
    /// Its entry is None.
    Delete,
    /// Its entry is a code point.
    Char(char),
    /// Its entry is a text.
    Text(String),
}

/// `text.translate(table)`, the table being asked for each character in turn.
pub fn translate<E>(
    text: &str,
    mut look_up: impl FnMut(char) -> Result<Translation, E>,
) -> Result<String, E> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match look_up(c)? {
            Translation::Keep => out.push(c),
            Translation::Delete => {}
            Translation::Char(c) => out.push(c),
            Translation::Text(text) => out.push_str(&text),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::pause::unpaused;

    #[test]
    fn translation_asks_once_a_character() {
        let mut asked = Vec::new();
        let result: Result<String, ()> = translate("abcd", |c| {
            asked.push(c);
            Ok(match c {
                'a' => Translation::Delete,
                'b' => Translation::Char('x'),
                'c' => Translation::Text("yz".to_owned()),
                _ => Translation::Keep,
            })
        });
        assert_eq!(result.as_deref(), Ok("xyzd"));
        assert_eq!(asked, ['a', 'b', 'c', 'd']);
    }

    #[test]
    fn replacements_beyond_memory_are_errors() {
        let (text, new) = ("a".repeat(1 << 16), "b".repeat(1 << 16));
        assert!(replace(&text, "a", &new, -1, &mut unpaused).is_err());
        assert_eq!(
            replace(&text, "a", &new, 1, &mut unpaused).map(|text| text.len()),
            Ok((1 << 17) - 1)
        );
    }
}
