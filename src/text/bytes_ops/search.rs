//! `find`, `rfind`, `count`, `startswith`, `endswith`, `replace`, `partition`, `translate`; bounds as written.
//!
//! Pure work on byte slices, shared by bytes and bytearray; `text/str_ops/search.rs` is the same for text, by code points.
//! Empty needles are found everywhere, as in CPython.

use std::ops::Range;

use memchr::memmem;

use super::limit;
use crate::text::pause::{Pause, Work};
use crate::text::{TextError, TextResult, check_text_size};

/// Where `needle` first stands.
pub fn find(data: &[u8], needle: &[u8]) -> Option<usize> {
    memmem::find(data, needle)
}

/// Where `needle` last stands.
pub fn rfind(data: &[u8], needle: &[u8]) -> Option<usize> {
    memmem::rfind(data, needle)
}

/// How often `needle` occurs, not overlapping; an empty one before each byte and at the end.
pub fn count(data: &[u8], needle: &[u8]) -> usize {
    if needle.is_empty() {
        return data.len() + 1;
    }
    memmem::find_iter(data, needle).count()
}

/// The bytes between two bounds; `None` when the first lies after the second, where not even an empty needle is found.
pub fn bounds(len: usize, start: Option<i64>, end: Option<i64>) -> Option<Range<usize>> {
    let from_start = |bound: i64| match usize::try_from(bound) {
        Ok(bound) => bound,
        Err(_) => len.saturating_sub(bound.unsigned_abs() as usize),
    };
    let start = start.map_or(0, from_start);
    let end = end.map_or(len, from_start).min(len);
    (start <= end).then_some(start..end)
}

/// `data.replace(old, new, count)`
pub fn replace(
    data: &[u8],
    old: &[u8],
    new: &[u8],
    times: i64,
    pause: &mut Pause<'_>,
) -> TextResult<Vec<u8>> {
    let mut work = Work::new(pause);
    let times = limit(times).min(count(data, old));
    check_text_size(times.saturating_mul(new.len()).saturating_add(data.len()))?;
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    for _ in 0..times {
        if old.is_empty() {
            out.extend_from_slice(new);
            work.bytes(new.len() + 1)?;
            if let Some((&byte, tail)) = rest.split_first() {
                out.push(byte);
                rest = tail;
            }
        } else if let Some(at) = find(rest, old) {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(new);
            work.bytes(at + new.len() + 1)?;
            rest = &rest[at + old.len()..];
        }
    }
    out.extend_from_slice(rest);
    Ok(out)
}

/// `data.partition(sep)`
pub fn partition<'a>(data: &'a [u8], sep: &[u8]) -> TextResult<[&'a [u8]; 3]> {
    check_separator(sep)?;
    Ok(find(data, sep).map_or([data, &[], &[]], |at| cut(data, at, sep)))
}

/// `data.rpartition(sep)`
pub fn rpartition<'a>(data: &'a [u8], sep: &[u8]) -> TextResult<[&'a [u8]; 3]> {
    check_separator(sep)?;
    Ok(rfind(data, sep).map_or([&[], &[], data], |at| cut(data, at, sep)))
}

/// `data.translate(table, delete=delete)`; the table has 256 bytes.
pub fn translate(data: &[u8], table: Option<&[u8]>, delete: &[u8]) -> Vec<u8> {
    let kept = data.iter().filter(|byte| !delete.contains(byte));
    kept.map(|&byte| table.map_or(byte, |table| table[usize::from(byte)]))
        .collect()
}

/// `bytes.maketrans(from, to)`
pub fn make_translation(from: &[u8], to: &[u8]) -> TextResult<Vec<u8>> {
    if from.len() != to.len() {
        return Err(TextError::value(
            "maketrans arguments must have same length",
        ));
    }
    let mut table: Vec<u8> = (0..=255).collect();
    for (&from, &to) in from.iter().zip(to) {
        table[usize::from(from)] = to;
    }
    Ok(table)
}

/// The error of an empty separator.
pub(super) fn check_separator(sep: &[u8]) -> TextResult<()> {
    if sep.is_empty() {
        Err(TextError::value("empty separator"))
    } else {
        Ok(())
    }
}

fn cut<'a>(data: &'a [u8], at: usize, sep: &[u8]) -> [&'a [u8]; 3] {
    let end = at + sep.len();
    [&data[..at], &data[at..end], &data[end..]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::pause::unpaused;

    #[test]
    fn needles_are_found() {
        assert_eq!(
            (
                find(b"abcabc", b"ca"),
                rfind(b"abcabc", b"bc"),
                find(b"ab", b"abc")
            ),
            (Some(2), Some(4), None)
        );
        assert_eq!(
            (find(b"", b""), rfind(b"ab", b""), rfind(b"a", b"ab")),
            (Some(0), Some(2), None)
        );
        assert_eq!((count(b"aaaa", b"aa"), count(b"abc", b"")), (2, 4));
    }

    #[test]
    fn replacing_nothing_inserts() {
        assert_eq!(
            replace(b"ab", b"", b"-", -1, &mut unpaused).as_deref(),
            Ok(&b"-a-b-"[..])
        );
        assert_eq!(
            replace(b"ab", b"", b"-", 2, &mut unpaused).as_deref(),
            Ok(&b"-a-b"[..])
        );
        assert_eq!(
            replace(b"aXbX", b"X", b"yy", 1, &mut unpaused).as_deref(),
            Ok(&b"ayybX"[..])
        );
    }

    #[test]
    fn partitions_and_tables() {
        assert_eq!(
            partition(b"a-b-c", b"-").ok(),
            Some([&b"a"[..], b"-", b"b-c"])
        );
        assert_eq!(rpartition(b"abc", b"-").ok(), Some([&b""[..], b"", b"abc"]));
        let table = make_translation(b"ab", b"xy").expect("same length");
        assert_eq!(translate(b"abcd", Some(&table), b"d"), b"xyc");
        assert_eq!(
            (
                bounds(5, Some(-3), None),
                bounds(5, Some(6), None),
                bounds(5, Some(4), Some(2))
            ),
            (Some(2..5), None, None)
        );
    }
}
