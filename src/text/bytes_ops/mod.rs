//! What the methods of bytes and bytearray do, on `&[u8]`: letters, digits and white space are ASCII's.
//!
//! Parts come back as slices, new contents as `Vec<u8>`. Optional arguments are resolved by the caller: a `maxsplit` or
//! `count` below zero means no limit. The siblings of `str_ops`, with the same names.

pub mod case;
pub mod hex;
pub mod pad;
pub mod search;
pub mod split;

/// How often an operation may happen: a count below zero sets no limit.
fn limit(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// White space as bytes know it.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
