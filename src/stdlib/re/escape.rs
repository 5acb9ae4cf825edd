//! What follows a backslash in a pattern, outside of brackets and inside.
//!
//! To add an escape: an arm in `character` if it means one character everywhere, else in `escape` or `class_escape`.

use super::ast::{At, Category, Item, Node, Polarity};
use super::complaint::Reading;
use super::parse::Reader;
use super::source::{PatternChar, is_hex, is_octal, show};
use crate::text::surrogate;

impl Reader {
    /// A backslash and the character after it, outside of brackets.
    pub fn escape(&mut self, c: u32) -> Reading<Node> {
        let Some(byte) = u8::try_from(c).ok().filter(u8::is_ascii) else {
            return Ok(Node::Char(c));
        };
        if let Some(category) = category(byte) {
            let items = vec![Item::Category(category)];
            return Ok(Node::Set(Polarity::Positive, items));
        }
        match byte {
            b'A' => return Ok(Node::At(At::Start)),
            b'Z' => return Ok(Node::At(At::End)),
            b'b' => return Ok(Node::At(At::Boundary)),
            b'B' => return Ok(Node::At(At::NotBoundary)),
            b'0' => {
                let digits = self.source.take_while(2, is_octal)?;
                let value = u32::from_str_radix(&format!("0{digits}"), 8);
                return Ok(Node::Char(value.unwrap_or(0)));
            }
            b'1'..=b'9' => return self.number(byte),
            _ => {}
        }
        self.character(byte).map(Node::Char)
    }

    /// A group reference, or an octal escape of three digits.
    fn number(&mut self, first: u8) -> Reading<Node> {
        let mut digits = char::from(first).to_string();
        let second = self.source.take_while(1, |c| c.is_ascii_digit())?;
        digits += &second;
        if is_octal(first) && second.bytes().next().is_some_and(is_octal) {
            let third = self.source.take_while(1, is_octal)?;
            if !third.is_empty() {
                digits += &third;
                return self.octal(&digits).map(Node::Char);
            }
        }
        let group: u32 = digits.parse().unwrap_or(u32::MAX);
        if (group as usize) < self.widths.len() {
            return self.reference(group, digits.len() + 1);
        }
        let message = format!("invalid group reference {group}");
        Err(self.source.error(message, digits.len()))
    }

    fn octal(&mut self, digits: &str) -> Reading<u32> {
        let value = u32::from_str_radix(digits, 8).unwrap_or(u32::MAX);
        if value > 0o377 {
            let message = format!("octal escape value \\{digits} outside of range 0-0o377");
            return Err(self.source.error(message, digits.len() + 1));
        }
        Ok(value)
    }

    /// A backslash and the character after it, in brackets.
    pub fn class_escape(&mut self, c: u32) -> Reading<Item> {
        let Some(byte) = u8::try_from(c).ok().filter(u8::is_ascii) else {
            return Ok(Item::Char(c));
        };
        if let Some(category) = category(byte) {
            return Ok(Item::Category(category));
        }
        match byte {
            b'b' => Ok(Item::Char(8)),
            b'0'..=b'7' => {
                let mut digits = char::from(byte).to_string();
                digits += &self.source.take_while(2, is_octal)?;
                self.octal(&digits).map(Item::Char)
            }
            b'8' | b'9' => Err(self.bad_escape(&format!("\\{}", char::from(byte)))),
            _ => self.character(byte).map(Item::Char),
        }
    }

    /// An escape that means one character everywhere.
    fn character(&mut self, byte: u8) -> Reading<u32> {
        match byte {
            b'x' => self.hex('x', 2),
            b'u' if self.source.is_text() => self.hex('u', 4),
            b'U' if self.source.is_text() => {
                let value = self.hex('U', 8)?;
                if value > 0x0010_ffff {
                    return Err(self.bad_escape(&format!("\\U{value:08x}")));
                }
                Ok(value)
            }
            b'N' if self.source.is_text() => self.named_character(),
            _ => match control(byte) {
                Some(code) => Ok(code),
                None if byte.is_ascii_alphabetic() => {
                    Err(self.bad_escape(&format!("\\{}", char::from(byte))))
                }
                None => Ok(u32::from(byte)),
            },
        }
    }

    fn hex(&mut self, letter: char, digits: usize) -> Reading<u32> {
        let text = self.source.take_while(digits, is_hex)?;
        match u32::from_str_radix(&text, 16) {
            // A surrogate is compared with the character that stands for it.
            Ok(value) if text.len() == digits => {
                Ok(surrogate::character(value).map_or(value, u32::from))
            }
            _ => {
                let message = format!("incomplete escape \\{letter}{text}");
                Err(self.source.error(message, text.len() + 2))
            }
        }
    }

    fn named_character(&mut self) -> Reading<u32> {
        if !self.source.eat('{')? {
            return Err(self.source.error("missing {", 0));
        }
        let name = self.source.until('}', "character name")?;
        match unicode_names2::character(&name) {
            Some(c) => Ok(c as u32),
            None => {
                let shown = crate::text::str_repr::str_repr(&name);
                let message = format!("undefined character name {shown}");
                Err(self.source.error(message, name.chars().count() + 4))
            }
        }
    }

    fn bad_escape(&self, escape: &str) -> super::complaint::Complaint {
        let message = format!("bad escape {escape}");
        self.source.error(message, escape.chars().count())
    }
}

/// The class that a letter stands for.
fn category(byte: u8) -> Option<Category> {
    Some(match byte {
        b'd' => Category::Digit,
        b'D' => Category::NotDigit,
        b's' => Category::Space,
        b'S' => Category::NotSpace,
        b'w' => Category::Word,
        b'W' => Category::NotWord,
        _ => return None,
    })
}

/// The control character that a letter stands for.
pub fn control(byte: u8) -> Option<u32> {
    Some(match byte {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => 10,
        b'r' => 13,
        b't' => 9,
        b'v' => 11,
        b'\\' => 92,
        _ => return None,
    })
}

impl Reader {
    /// What stands in brackets.
    pub fn set(&mut self) -> Reading<Node> {
        let here = self.source.tell() - 1;
        let polarity = if self.source.eat('^')? {
            Polarity::Negative
        } else {
            Polarity::Positive
        };
        let mut items: Vec<Item> = Vec::new();
        loop {
            let this = self.set_token(here)?;
            if this.is(']') && !items.is_empty() {
                break;
            }
            let first = self.set_item(this)?;
            if !self.source.eat('-')? {
                items.push(first);
                continue;
            }
            let that = self.set_token(here)?;
            if that.is(']') {
                items.push(first);
                items.push(Item::Char(u32::from(b'-')));
                break;
            }
            let second = self.set_item(that)?;
            match (first, second) {
                (Item::Char(lo), Item::Char(hi)) if surrogate::of(lo) <= surrogate::of(hi) => {
                    items.push(Item::Range(lo, hi));
                }
                _ => {
                    let (a, b) = (self.shown(this), self.shown(that));
                    let message = format!("bad character range {a}-{b}");
                    let offset = a.chars().count() + 1 + b.chars().count();
                    return Err(self.source.error(message, offset));
                }
            }
        }
        Ok(match (polarity, items.as_slice()) {
            (Polarity::Positive, [Item::Char(c)]) => Node::Char(*c),
            (Polarity::Negative, [Item::Char(c)]) => Node::NotChar(*c),
            _ => Node::Set(polarity, items),
        })
    }

    fn set_token(&mut self, here: usize) -> Reading<PatternChar> {
        match self.source.get()? {
            Some(token) => Ok(token),
            None => {
                let offset = self.source.tell() - here;
                Err(self.source.error("unterminated character set", offset))
            }
        }
    }

    fn set_item(&mut self, token: PatternChar) -> Reading<Item> {
        match token {
            PatternChar::Char(c) => Ok(Item::Char(c)),
            PatternChar::Escape(c) => self.class_escape(c),
        }
    }

    /// A token as messages show it.
    fn shown(&self, token: PatternChar) -> String {
        match token {
            PatternChar::Char(c) => show(c).to_string(),
            PatternChar::Escape(c) => format!("\\{}", show(c)),
        }
    }
}
