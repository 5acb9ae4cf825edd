//! `split`, `rsplit`, `splitlines`, `strip`: slices of the data, in order from its start.
//!
//! Pure work on byte slices, shared by bytes and bytearray. Nothing is copied here: the caller makes objects of the slices.

use super::search::{check_separator, find, rfind};
use super::{is_space, limit};
use crate::text::str_ops::Side;
use crate::text::str_ops::split::LineEnds;
use crate::text::{
    TextResult,
    pause::{Pause, Work},
    push_item,
};

/// Bytes of work that a part takes besides its own.
const ITEM: usize = 32;

/// `data.split(sep, maxsplit)`
pub fn split<'a>(
    data: &'a [u8],
    sep: &[u8],
    maxsplit: i64,
    pause: &mut Pause<'_>,
) -> TextResult<Vec<&'a [u8]>> {
    check_separator(sep)?;
    let mut work = Work::new(pause);
    let (mut parts, mut rest) = (Vec::new(), data);
    while parts.len() < limit(maxsplit)
        && let Some(at) = find(rest, sep)
    {
        push_item(&mut parts, &rest[..at])?;
        work.bytes(at + ITEM)?;
        rest = &rest[at + sep.len()..];
    }
    push_item(&mut parts, rest)?;
    Ok(parts)
}

/// `data.rsplit(sep, maxsplit)`
pub fn rsplit<'a>(
    data: &'a [u8],
    sep: &[u8],
    maxsplit: i64,
    pause: &mut Pause<'_>,
) -> TextResult<Vec<&'a [u8]>> {
    check_separator(sep)?;
    let mut work = Work::new(pause);
    let (mut parts, mut rest) = (Vec::new(), data);
    while parts.len() < limit(maxsplit)
        && let Some(at) = rfind(rest, sep)
    {
        push_item(&mut parts, &rest[at + sep.len()..])?;
        work.bytes(rest.len() - at + ITEM)?;
        rest = &rest[..at];
    }
    push_item(&mut parts, rest)?;
    parts.reverse();
    Ok(parts)
}

/// `data.split(None, maxsplit)`
pub fn split_space<'a>(
    data: &'a [u8],
    maxsplit: i64,
    pause: &mut Pause<'_>,
) -> TextResult<Vec<&'a [u8]>> {
    let mut work = Work::new(pause);
    let (mut parts, mut rest) = (Vec::new(), trim_start(data, is_space));
    while !rest.is_empty() {
        let end = rest
            .iter()
            .position(|&byte| is_space(byte))
            .filter(|_| parts.len() < limit(maxsplit));
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        push_item(&mut parts, word)?;
        work.bytes(word.len() + ITEM)?;
        rest = trim_start(after, is_space);
    }
    Ok(parts)
}

/// `data.rsplit(None, maxsplit)`
pub fn rsplit_space<'a>(
    data: &'a [u8],
    maxsplit: i64,
    pause: &mut Pause<'_>,
) -> TextResult<Vec<&'a [u8]>> {
    let mut work = Work::new(pause);
    let (mut parts, mut rest) = (Vec::new(), trim_end(data, is_space));
    while !rest.is_empty() {
        let space = rest
            .iter()
            .rposition(|&byte| is_space(byte))
            .filter(|_| parts.len() < limit(maxsplit));
        let (before, word) = rest.split_at(space.map_or(0, |at| at + 1));
        push_item(&mut parts, word)?;
        work.bytes(word.len() + ITEM)?;
        rest = trim_end(before, is_space);
    }
    parts.reverse();
    Ok(parts)
}

/// `data.splitlines(keepends)`: at `\n`, `\r` and `\r\n`.
pub fn splitlines<'a>(
    data: &'a [u8],
    ends: LineEnds,
    pause: &mut Pause<'_>,
) -> TextResult<Vec<&'a [u8]>> {
    let mut work = Work::new(pause);
    let (mut lines, mut rest) = (Vec::new(), data);
    while !rest.is_empty() {
        let end = rest
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .unwrap_or(rest.len());
        let whole = end
            + if rest[end..].starts_with(b"\r\n") {
                2
            } else {
                usize::from(end < rest.len())
            };
        let end = if ends == LineEnds::Keep { whole } else { end };
        push_item(&mut lines, &rest[..end])?;
        work.bytes(whole + ITEM)?;
        rest = &rest[whole..];
    }
    Ok(lines)
}

/// `data.strip(chars)`, `lstrip(chars)`, `rstrip(chars)`; white space for `None`.
pub fn strip<'a>(data: &'a [u8], chars: Option<&[u8]>, side: Side) -> &'a [u8] {
    let gone = |byte: u8| chars.map_or_else(|| is_space(byte), |chars| chars.contains(&byte));
    let data = if side == Side::Right {
        data
    } else {
        trim_start(data, gone)
    };
    if side == Side::Left {
        data
    } else {
        trim_end(data, gone)
    }
}

fn trim_start(data: &[u8], gone: impl Fn(u8) -> bool) -> &[u8] {
    let start = data.iter().position(|&byte| !gone(byte));
    &data[start.unwrap_or(data.len())..]
}

fn trim_end(data: &[u8], gone: impl Fn(u8) -> bool) -> &[u8] {
    let end = data.iter().rposition(|&byte| !gone(byte));
    &data[..end.map_or(0, |at| at + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::pause::unpaused;

    #[test]
    fn parts_stand_in_order() {
        assert_eq!(
            split(b"a,b,,c", b",", 2, &mut unpaused),
            Ok(vec![&b"a"[..], b"b", b",c"])
        );
        assert_eq!(
            rsplit(b"a,b,,c", b",", 2, &mut unpaused),
            Ok(vec![&b"a,b"[..], b"", b"c"])
        );
        assert_eq!(
            split_space(b"  a  b c ", 1, &mut unpaused),
            Ok(vec![&b"a"[..], b"b c "])
        );
        assert_eq!(
            rsplit_space(b"  a  b c ", 1, &mut unpaused),
            Ok(vec![&b"  a  b"[..], b"c"])
        );
        assert_eq!(
            splitlines(b"a\r\nb\n\rc", LineEnds::Drop, &mut unpaused),
            Ok(vec![&b"a"[..], b"b", b"", b"c"])
        );
        assert_eq!(
            splitlines(b"a\r\nb\n", LineEnds::Keep, &mut unpaused),
            Ok(vec![&b"a\r\n"[..], b"b\n"])
        );
        assert_eq!(strip(b"xxaxx", Some(b"x"), Side::Left), b"axx");
        assert_eq!(strip(b" \x0ba ", None, Side::Both), b"a");
    }
}
