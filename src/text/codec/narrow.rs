//! Encodings of one byte a character: ASCII, Latin-1 and those by a table.
//!
//! Decoding and encoding stop at what the encoding lacks with a `Fault`, whose handler decides how it goes on. The
//! tables stand elsewhere (`Charmap::table`).

use super::{Charmap, Fault};

/// An encoding of the first code points.
pub struct Narrow {
    /// Its name in error messages.
    codec: &'static str,
    /// The last character that it has.
    last: char,
    /// What is wrong with the others.
    reason: &'static str,
}

/// `ascii`
pub const ASCII: Narrow = Narrow {
    codec: "ascii",
    last: '\u{7f}',
    reason: "ordinal not in range(128)",
};
/// `latin-1`
pub const LATIN_1: Narrow = Narrow {
    codec: "latin-1",
    last: '\u{ff}',
    reason: "ordinal not in range(256)",
};

/// Decodes ASCII from byte `at` on.
pub fn decode_ascii(bytes: &[u8], at: usize, text: &mut String) -> Result<(), Fault> {
    let rest = &bytes[at..];
    let good = rest.iter().position(|byte| !byte.is_ascii());
    let end = good.unwrap_or(rest.len());
    text.extend(rest[..end].iter().map(|&byte| char::from(byte)));
    match good {
        None => Ok(()),
        Some(_) => Err(Fault::new(
            ASCII.codec,
            at + end..at + end + 1,
            ASCII.reason,
        )),
    }
}

/// Encodes characters up to a last one. Neighbours that cannot be encoded are one fault.
pub fn encode_below(
    rest: &str,
    at: usize,
    narrow: &Narrow,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    for (start, c) in (at..).zip(rest.chars()) {
        if c > narrow.last {
            let behind = rest.chars().skip(start - at + 1);
            let more = behind.take_while(|&c| c > narrow.last).count();
            return Err(Fault::new(
                narrow.codec,
                start..start + 1 + more,
                narrow.reason,
            ));
        }
        out.push(u32::from(c) as u8);
    }
    Ok(())
}

/// Decodes by a table from byte `at` on.
pub fn decode_charmap(
    bytes: &[u8],
    at: usize,
    map: &Charmap,
    text: &mut String,
) -> Result<(), Fault> {
    let table = map.table();
    for (i, &byte) in bytes.iter().enumerate().skip(at) {
        match table[byte as usize] {
            Some(c) => text.push(c),
            None => {
                return Err(Fault::new(
                    "charmap",
                    i..i + 1,
                    "character maps to <undefined>",
                ));
            }
        }
    }
    Ok(())
}

/// Encodes by a table. Neighbours that cannot be encoded are one fault.
pub fn encode_charmap(
    rest: &str,
    at: usize,
    map: &Charmap,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let table = map.table();
    let byte_of = |c: char| {
        let same = u8::try_from(u32::from(c)).ok();
        let same = same.filter(|&byte| table[byte as usize] == Some(c));
        same.or_else(|| {
            let found = table.iter().position(|&entry| entry == Some(c));
            found.map(|byte| byte as u8)
        })
    };
    for (start, c) in (at..).zip(rest.chars()) {
        match byte_of(c) {
            Some(byte) => out.push(byte),
            None => {
                let behind = rest.chars().skip(start - at + 1);
                let more = behind.take_while(|&c| byte_of(c).is_none()).count();
                let range = start..start + 1 + more;
                return Err(Fault::new(
                    "charmap",
                    range,
                    "character maps to <undefined>",
                ));
            }
        }
    }
    Ok(())
}
