//! Replacement templates: `\1`, `\g<name>` and escapes in what `sub` and `expand` insert.
//!
//! The grammar is smaller than that of patterns, but positions and messages follow the same rules.

use std::sync::Arc;

use super::complaint::{Complaint, Reading};
use super::escape::control;
use super::parse::MAX_GROUPS;
use super::source::{PatternChar, PatternText, TextKind, is_octal, show};
use crate::text::str_repr::str_repr;

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A text as it is, in the bytes of the kind of text.
    Literal(Vec<u8>),
    /// The text of a group.
    Group(u32),
}

/// The groups that a template may name.
pub struct Groups<'a> {
    /// How many there are.
    pub count: u32,
    /// Their names.
    pub names: &'a [(Arc<str>, u32)],
}

struct Reader<'a> {
    source: PatternText,
    groups: &'a Groups<'a>,
    literal: Vec<u8>,
    parts: Vec<Part>,
}

/// Reads a template.
pub fn parse(chars: Vec<u32>, kind: TextKind, groups: &Groups<'_>) -> Reading<Vec<Part>> {
    let mut reader = Reader {
        source: PatternText::new(chars, kind)?,
        groups,
        literal: Vec::new(),
        parts: Vec::new(),
    };
    while let Some(token) = reader.source.get()? {
        match token {
            PatternChar::Char(c) => reader.push(c),
            PatternChar::Escape(c) => reader.escape(c)?,
        }
    }
    reader.end_literal();
    Ok(reader.parts)
}

impl Reader<'_> {
    fn push(&mut self, c: u32) {
        match self.source.kind {
            TextKind::Bytes => self.literal.push(c as u8),
            TextKind::Str => {
                let c = show(c);
                let mut buffer = [0; 4];
                self.literal
                    .extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            }
        }
    }

    fn end_literal(&mut self) {
        if !self.literal.is_empty() {
            let literal = std::mem::take(&mut self.literal);
            self.parts.push(Part::Literal(literal));
        }
    }

    fn add_group(&mut self, group: u64, digits: &str, offset: usize) -> Reading<()> {
        if group > u64::from(self.groups.count) {
            let digits = match digits.trim_start_matches('0') {
                "" => "0",
                digits => digits,
            };
            let message = format!("invalid group reference {digits}");
            return Err(self.source.error(message, offset));
        }
        self.end_literal();
        self.parts.push(Part::Group(group as u32));
        Ok(())
    }

    fn escape(&mut self, c: u32) -> Reading<()> {
        let byte = u8::try_from(c).ok().filter(u8::is_ascii);
        match byte {
            Some(b'g') => self.named(),
            Some(b'0') => {
                let digits = self.source.take_while(2, is_octal)?;
                let value = u32::from_str_radix(&format!("0{digits}"), 8).unwrap_or(0);
                self.push(value & 0xff);
                Ok(())
            }
            Some(first @ b'1'..=b'9') => self.number(first),
            Some(byte) => match control(byte) {
                Some(code) => {
                    self.push(code);
                    Ok(())
                }
                None if byte.is_ascii_alphabetic() => {
                    let message = format!("bad escape \\{}", char::from(byte));
                    Err(self.source.error(message, 2))
                }
                None => {
                    self.push(u32::from(b'\\'));
                    self.push(c);
                    Ok(())
                }
            },
            None => {
                self.push(u32::from(b'\\'));
                self.push(c);
                Ok(())
            }
        }
    }

    fn number(&mut self, first: u8) -> Reading<()> {
        let mut digits = char::from(first).to_string();
        let second = self.source.take_while(1, |c| c.is_ascii_digit())?;
        digits += &second;
        if is_octal(first) && second.bytes().next().is_some_and(is_octal) {
            let third = self.source.take_while(1, is_octal)?;
            if !third.is_empty() {
                digits += &third;
                let value = u32::from_str_radix(&digits, 8).unwrap_or(u32::MAX);
                if value > 0o377 {
                    let message = format!("octal escape value \\{digits} outside of range 0-0o377");
                    return Err(self.source.error(message, digits.len() + 1));
                }
                self.push(value);
                return Ok(());
            }
        }
        let group = digits.parse().unwrap_or(u64::MAX);
        self.add_group(group, &digits, digits.len())
    }

    /// `\g<name>`
    fn named(&mut self) -> Reading<()> {
        if !self.source.eat('<')? {
            return Err(self.source.error("missing <", 0));
        }
        let name = self.source.until('>', "group name")?;
        let len = name.chars().count();
        if name.bytes().all(|c| c.is_ascii_digit()) {
            let group = name.parse().unwrap_or(u64::MAX);
            if group >= MAX_GROUPS {
                let digits = name.trim_start_matches('0');
                let message = format!("invalid group reference {digits}");
                return Err(self.source.error(message, len + 1));
            }
            return self.add_group(group, &name, len + 1);
        }
        self.source.check_name(&name, 1)?;
        let found = self.groups.names.iter().find(|(known, _)| **known == *name);
        match found {
            Some(&(_, group)) => self.add_group(u64::from(group), "", len + 1),
            None => Err(Complaint::Index(format!(
                "unknown group name {}",
                str_repr(&name)
            ))),
        }
    }
}
