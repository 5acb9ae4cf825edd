//! Parts of an XML document, cut from text: start tags, and references.
//!
//! Pure functions. What is not well-formed, or needs a document type, is `Unusual`: the parser in apy says what is wrong with it.

use std::borrow::Cow;

use smallvec::SmallVec;

/// A name and a value as the text has them.
pub type RawAttribute<'t> = (&'t str, &'t str);

/// The beginning of a text.
pub enum Cut<T> {
    /// It is complete.
    Found(T),
    /// The text ends within it.
    Wait,
    /// See the file's header.
    Unusual,
}

/// A start tag.
pub struct StartTag<'t> {
    /// As the text has it.
    pub name: &'t str,
    /// In order.
    pub attributes: SmallVec<[RawAttribute<'t>; 4]>,
    /// Whether the element ends with it.
    pub is_empty: bool,
    /// How many bytes it has.
    pub len: usize,
}

fn begins_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || byte >= 0x80
}

fn is_in_name(byte: u8) -> bool {
    begins_name(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
}

/// Whether a byte is white space.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether a text has a character that no document has: a control character, U+FFFE or U+FFFF.
pub fn has_forbidden(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Without an early end this takes many bytes at once.
    let control = bytes.iter().fold(false, |found, &byte| {
        found | (byte < b' ' && !is_space(byte))
    });
    let has = |sought: &str| memchr::memmem::find(bytes, sought.as_bytes()).is_some();
    control || has("\u{fffe}") || has("\u{ffff}")
}

/// A place in a text that moves on.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes white space; says whether there was any.
    fn space(&mut self) -> bool {
        let from = self.at;
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
        self.at > from
    }

    fn name(&mut self) -> Cut<&'t str> {
        let from = self.at;
        match self.peek() {
            None => return Cut::Wait,
            Some(byte) if !begins_name(byte) => return Cut::Unusual,
            Some(_) => {}
        }
        while self.peek().is_some_and(is_in_name) {
            self.at += 1;
        }
        match self.peek() {
            None => Cut::Wait,
            Some(_) => Cut::Found(&self.text[from..self.at]),
        }
    }

    /// `= "value"`
    fn value(&mut self) -> Cut<&'t str> {
        self.space();
        match self.peek() {
            None => return Cut::Wait,
            Some(b'=') => self.at += 1,
            Some(_) => return Cut::Unusual,
        }
        self.space();
        let quote = match self.peek() {
            None => return Cut::Wait,
            Some(quote @ (b'"' | b'\'')) => quote,
            Some(_) => return Cut::Unusual,
        };
        let from = self.at + 1;
        let rest = &self.text.as_bytes()[from..];
        let Some(len) = memchr::memchr(quote, rest) else {
            return Cut::Wait;
        };
        self.at = from + len + 1;
        let value = &self.text[from..from + len];
        if memchr::memchr(b'<', value.as_bytes()).is_some() {
            return Cut::Unusual;
        }
        Cut::Found(value)
    }
}

/// The start tag that a text begins with; its first byte is `<`.
pub fn start_tag(text: &str) -> Cut<StartTag<'_>> {
    let mut cursor = Cursor { text, at: 1 };
    let name = match cursor.name() {
        Cut::Found(name) => name,
        Cut::Wait => return Cut::Wait,
        Cut::Unusual => return Cut::Unusual,
    };
    let mut attributes = SmallVec::new();
    loop {
        let spaced = cursor.space();
        let is_empty = match cursor.peek() {
            None => return Cut::Wait,
            Some(b'>') => false,
            Some(b'/') => match text.as_bytes().get(cursor.at + 1) {
                None => return Cut::Wait,
                Some(b'>') => true,
                Some(_) => return Cut::Unusual,
            },
            Some(_) if !spaced => return Cut::Unusual,
            Some(_) => {
                match (cursor.name(), cursor.value()) {
                    (Cut::Found(name), Cut::Found(value)) => attributes.push((name, value)),
                    (Cut::Unusual, _) | (_, Cut::Unusual) => return Cut::Unusual,
                    _ => return Cut::Wait,
                }
                continue;
            }
        };
        return Cut::Found(StartTag {
            name,
            attributes,
            is_empty,
            len: cursor.at + 1 + usize::from(is_empty),
        });
    }
}

/// The value of an attribute: white space is blanks, references are what they stand for; None: a reference is unusual.
pub fn attribute_value(raw: &str) -> Option<Cow<'_, str>> {
    let spaced = raw.bytes().any(|byte| matches!(byte, b'\t' | b'\n'));
    let raw = match spaced {
        true => Cow::Owned(raw.replace(['\t', '\n'], " ")),
        false => Cow::Borrowed(raw),
    };
    if memchr::memchr(b'&', raw.as_bytes()).is_none() {
        return Some(raw);
    }
    let mut value = String::new();
    resolve(&raw, &mut value)?;
    Some(Cow::Owned(value))
}

/// Appends a text with what its references stand for; None: one is unusual, and nothing is appended.
pub fn resolve(text: &str, out: &mut String) -> Option<()> {
    let before = out.len();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let end = memchr::memchr(b';', &rest.as_bytes()[at..]);
        let character = end.and_then(|end| reference(&rest[at + 1..at + end]));
        let (Some(end), Some(character)) = (end, character) else {
            out.truncate(before);
            return None;
        };
        out.push(character);
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    Some(())
}

/// What stands between `&` and `;`.
fn reference(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let (digits, radix) = match number.strip_prefix('x') {
                Some(digits) => (digits, 16),
                None => (number, 10),
            };
            if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return None;
            }
            let c = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
            let is_allowed = matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
            is_allowed.then_some(c)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_tags_are_complete_unfinished_or_unusual() {
        let Cut::Found(tag) = start_tag("<a b='1' c = \"x>\" />rest") else {
            panic!("it is complete");
        };
        assert_eq!((tag.name, tag.is_empty, tag.len), ("a", true, 20));
        assert_eq!(tag.attributes[..], [("b", "1"), ("c", "x>")]);
        for unfinished in ["<a", "<a ", "<a b", "<a b='", "<a b='1'", "<a/", "<"] {
            assert!(matches!(start_tag(unfinished), Cut::Wait), "{unfinished}");
        }
        for unusual in [
            "< a>",
            "<a b>",
            "<a b=1>",
            "<a b='1'c='2'>",
            "<a b='<'>",
            "<a/b>",
        ] {
            assert!(matches!(start_tag(unusual), Cut::Unusual), "{unusual}");
        }
    }

    #[test]
    fn references_stand_for_characters() {
        let value = attribute_value("a\tb&amp;&#65;&#x42;");
        assert_eq!(value.as_deref(), Some("a b&AB"));
        for unusual in ["&nbsp;", "&#0;", "& ", "&#xd800;", "&#x;", "&#+1;"] {
            assert_eq!(attribute_value(unusual), None, "{unusual}");
        }
    }
}
