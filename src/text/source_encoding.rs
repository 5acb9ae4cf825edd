//! The encoding of a source text: byte order mark and coding cookie, as PEP 263 has them.
//!
//! A cookie is a comment in one of the first two lines that names an encoding; a line before it may hold nothing but a comment. The
//! result is UTF-8, which is checked elsewhere. Only encodings that keep ASCII as it is can be named.

use std::borrow::Cow;

use super::codec::{self, CodecError, Encoding};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a source text cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No such encoding; its name as written.
    Unknown(String),
    /// A text with the mark of UTF-8 names another encoding.
    WithMark(String),
    /// The text is not of the encoding with this name; what the codec says.
    Undecodable(String, String),
}

impl Problem {
    /// The message where the text is a file.
    pub fn of_file(&self) -> String {
        match self {
            Problem::Unknown(name) | Problem::Undecodable(name, _) => {
                format!("encoding problem: {name}")
            }
            Problem::WithMark(name) => format!("encoding problem: {name} with BOM"),
        }
    }

    /// The message where user code compiles bytes.
    pub fn of_bytes(&self) -> String {
        match self {
            Problem::Unknown(name) => format!("unknown encoding: {name}"),
            Problem::WithMark(name) => format!("encoding problem: {name} with BOM"),
            Problem::Undecodable(_, said) => said.clone(),
        }
    }
}

/// The bytes of a source text in UTF-8.
///
/// # Errors
/// The cookie names an unknown or wrong encoding.
pub fn to_utf8(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Problem> {
    let (marked, text) = match bytes.strip_prefix(MARK) {
        Some(text) => (true, text),
        None => (false, bytes),
    };
    let Some(name) = cookie(text).map(normal_name) else {
        return Ok(Cow::Borrowed(bytes));
    };
    if name == "utf-8" {
        return Ok(Cow::Borrowed(bytes));
    }
    if marked {
        return Err(Problem::WithMark(name.into_owned()));
    }
    let encoding = match Encoding::named(&name) {
        Ok(Encoding::Utf16(_) | Encoding::Utf32(_) | Encoding::Punycode | Encoding::Idna)
        | Err(_) => return Err(Problem::Unknown(name.into_owned())),
        Ok(encoding) => encoding,
    };
    match codec::decode(text, encoding, "strict") {
        Ok(text) => Ok(Cow::Owned(text.into_bytes())),
        Err(error) => Err(Problem::Undecodable(
            name.into_owned(),
            said(&error, encoding, text),
        )),
    }
}

fn said(error: &CodecError, encoding: Encoding, text: &[u8]) -> String {
    let CodecError::Invalid(fault) = error else {
        return format!("'{}' codec can't decode the text", encoding.name());
    };
    let at = fault.range.start;
    let byte = text.get(at).copied().unwrap_or_default();
    format!(
        "'{}' codec can't decode byte 0x{byte:02x} in position {at}: {}",
        fault.codec, fault.reason
    )
}

/// The encoding that a cookie names.
fn cookie(text: &[u8]) -> Option<&str> {
    let mut rest = text;
    for _ in 0..2 {
        let end = rest.iter().position(|b| matches!(b, b'\n' | b'\r'));
        let line = &rest[..end.unwrap_or(rest.len())];
        let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\x0c');
        let written = &line[line.iter().take_while(|b| blank(b)).count()..];
        match written.first() {
            Some(b'#') => {
                if let Some(name) = named(written) {
                    return Some(name);
                }
            }
            None => {}
            Some(_) => return None,
        }
        let end = end?;
        let both = rest[end..].starts_with(b"\r\n");
        rest = &rest[end + 1 + usize::from(both)..];
    }
    None
}

/// What follows `coding:` or `coding=` in a comment.
fn named(comment: &[u8]) -> Option<&str> {
    const WORD: &[u8] = b"coding";
    let places = comment.windows(WORD.len()).enumerate();
    let mut places = places.filter(|(_, window)| *window == WORD);
    places.find_map(|(at, _)| {
        let rest = comment[at + WORD.len()..].strip_prefix(b":");
        let rest = rest.or_else(|| comment[at + WORD.len()..].strip_prefix(b"="))?;
        let start = rest
            .iter()
            .position(|b| !matches!(b, b' ' | b'\t'))
            .unwrap_or(rest.len());
        let rest = &rest[start..];
        let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let name = &rest[..rest.iter().take_while(|b| part(b)).count()];
        let name = std::str::from_utf8(name).ok()?;
        (!name.is_empty()).then_some(name)
    })
}

/// The usual spellings of UTF-8 and Latin-1, with or without the name of a system behind them, under one name.
fn normal_name(name: &str) -> Cow<'_, str> {
    let plain: String = name
        .chars()
        .take(12)
        .map(|c| {
            if c == '_' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect();
    let is = |known: &str| {
        plain
            .strip_prefix(known)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    if is("utf-8") {
        Cow::Borrowed("utf-8")
    } else if ["latin-1", "iso-8859-1", "iso-latin-1"]
        .iter()
        .any(|known| is(known))
    {
        Cow::Borrowed("iso-8859-1")
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_stand_in_the_first_two_lines() {
        assert_eq!(cookie(b"# -*- coding: koi8-r -*-\n"), Some("koi8-r"));
        assert_eq!(
            cookie(b"#!/bin/x\n# vim: fileencoding=cp1252 :"),
            Some("cp1252")
        );
        assert_eq!(cookie(b"\r# coding=a"), Some("a"));
        assert_eq!(cookie(b"x = 1\n# coding: a"), None);
        assert_eq!(cookie(b"#\n#\n# coding: a"), None);
        assert_eq!(cookie(b"# coding : a"), None);
    }

    #[test]
    fn texts_become_utf8() {
        let text = to_utf8(b"# coding: latin-1-unix\n\xe9").expect("Latin-1");
        assert_eq!(&*text, "# coding: latin-1-unix\n\u{e9}".as_bytes());
        let unknown = to_utf8(b"# coding: nope\n").expect_err("no such encoding");
        assert_eq!(unknown.of_file(), "encoding problem: nope");
        let marked = to_utf8(b"\xef\xbb\xbf# coding: latin-1\n").expect_err("it is UTF-8");
        assert_eq!(marked.of_bytes(), "encoding problem: iso-8859-1 with BOM");
    }
}
