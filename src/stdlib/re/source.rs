//! The tokens of a pattern or a template: characters, and backslashes with the character that they escape.
//!
//! One token is read ahead, so that a backslash at the end of the pattern is reported as soon as it is next, as in CPython.
//! Positions are code points.

use super::complaint::{Complaint, Reading};
use crate::text::str_ops::classify::is_identifier;
use crate::text::str_repr::{str_ascii, str_repr};

/// A character, or a backslash and what it escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternChar {
    /// A plain character.
    Char(u32),
    /// The character after a backslash.
    Escape(u32),
}

impl PatternChar {
    /// Its length in the pattern.
    pub fn len(self) -> usize {
        match self {
            PatternChar::Char(_) => 1,
            PatternChar::Escape(_) => 2,
        }
    }

    /// Its text in the pattern.
    pub fn text(self) -> String {
        match self {
            PatternChar::Char(c) => show(c).to_string(),
            PatternChar::Escape(c) => format!("\\{}", show(c)),
        }
    }

    /// Whether it is this plain character.
    pub fn is(self, c: char) -> bool {
        self == PatternChar::Char(c as u32)
    }

    /// The plain character that it is, if it is ASCII.
    pub fn ascii(self) -> Option<u8> {
        match self {
            PatternChar::Char(c) => u8::try_from(c).ok().filter(u8::is_ascii),
            PatternChar::Escape(_) => None,
        }
    }
}

/// A code point as a character; surrogates have none.
pub fn show(c: u32) -> char {
    char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// What a pattern is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// A string.
    Str,
    /// Bytes: each counts as the character of its value.
    Bytes,
}

/// A pattern that is being read.
pub struct PatternText {
    /// What it is made of.
    pub kind: TextKind,
    chars: Vec<u32>,
    index: usize,
    /// The token that is next.
    pub next: Option<PatternChar>,
}

impl PatternText {
    /// Reads the first token.
    pub fn new(chars: Vec<u32>, kind: TextKind) -> Reading<PatternText> {
        let mut source = PatternText {
            kind,
            chars,
            index: 0,
            next: None,
        };
        source.advance()?;
        Ok(source)
    }

    /// Whether it is a string.
    pub fn is_text(&self) -> bool {
        self.kind == TextKind::Str
    }

    fn advance(&mut self) -> Reading<()> {
        let Some(&c) = self.chars.get(self.index) else {
            self.next = None;
            return Ok(());
        };
        if c == u32::from(b'\\') {
            let Some(&escaped) = self.chars.get(self.index + 1) else {
                let message = "bad escape (end of pattern)".to_owned();
                return Err(Complaint::Pattern(message, Some(self.chars.len() - 1)));
            };
            self.index += 2;
            self.next = Some(PatternChar::Escape(escaped));
        } else {
            self.index += 1;
            self.next = Some(PatternChar::Char(c));
        }
        Ok(())
    }

    /// Takes the next token.
    pub fn get(&mut self) -> Reading<Option<PatternChar>> {
        let this = self.next;
        self.advance()?;
        Ok(this)
    }

    /// Takes the next token if it is this character.
    pub fn eat(&mut self, c: char) -> Reading<bool> {
        if self.next.is_some_and(|next| next.is(c)) {
            self.advance()?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Takes up to `n` characters that the test accepts.
    pub fn take_while(&mut self, n: usize, accepts: fn(u8) -> bool) -> Reading<String> {
        let mut taken = String::new();
        while taken.len() < n
            && let Some(c) = self
                .next
                .and_then(PatternChar::ascii)
                .filter(|&c| accepts(c))
        {
            taken.push(char::from(c));
            self.advance()?;
        }
        Ok(taken)
    }

    /// Takes what stands before a character, and the character. `name`: of what is read, for messages.
    pub fn until(&mut self, end: char, name: &str) -> Reading<String> {
        let mut taken = String::new();
        let mut len = 0;
        loop {
            match self.get()? {
                None if taken.is_empty() => return Err(self.error(format!("missing {name}"), 0)),
                None => {
                    let message = format!("missing {end}, unterminated name");
                    return Err(self.error(message, len));
                }
                Some(token) if token.is(end) => break,
                Some(token) => {
                    taken += &token.text();
                    len += token.len();
                }
            }
        }
        if taken.is_empty() {
            return Err(self.error(format!("missing {name}"), 1));
        }
        Ok(taken)
    }

    /// Where the next token begins.
    pub fn tell(&self) -> usize {
        self.index - self.next.map_or(0, PatternChar::len)
    }

    /// Goes on at a position.
    pub fn seek(&mut self, index: usize) -> Reading<()> {
        self.index = index;
        self.advance()
    }

    /// A mistake that begins `offset` characters before the next token.
    pub fn error(&self, message: impl Into<String>, offset: usize) -> Complaint {
        let mut message = message.into();
        if !self.is_text() {
            message = backslashed(&message);
        }
        Complaint::Pattern(message, Some(self.tell().saturating_sub(offset)))
    }

    /// Checks the name of a group, which ends `offset` characters before the next token.
    pub fn check_name(&self, name: &str, offset: usize) -> Reading<()> {
        let offset = name.chars().count() + offset;
        if !self.is_text() && !name.is_ascii() {
            return Err(self.error(
                format!("bad character in group name {}", str_ascii(name)),
                offset,
            ));
        }
        if !is_identifier(name) {
            return Err(self.error(
                format!("bad character in group name {}", str_repr(name)),
                offset,
            ));
        }
        Ok(())
    }
}

/// A message in ASCII, as CPython words it for bytes patterns.
fn backslashed(message: &str) -> String {
    let mut out = String::new();
    for c in message.chars() {
        match c as u32 {
            0..=0x7f => out.push(c),
            code @ 0x80..=0xff => out += &format!("\\x{code:02x}"),
            code => out += &format!("\\u{code:04x}"),
        }
    }
    out
}

/// The names of digits and hexadecimal digits, for `take_while`.
pub fn is_hex(c: u8) -> bool {
    c.is_ascii_hexdigit()
}

/// Octal digits.
pub fn is_octal(c: u8) -> bool {
    (b'0'..=b'7').contains(&c)
}

/// Decimal digits.
pub fn is_digit(c: u8) -> bool {
    c.is_ascii_digit()
}
