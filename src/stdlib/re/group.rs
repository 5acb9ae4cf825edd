//! What begins with a parenthesis: groups, look-around, conditions, comments, flags.
//!
//! `alternatives` in `parse.rs` reads the contents; names, numbers and widths of groups are kept in the reader.

use std::sync::Arc;

use super::ast::{DEBUG, Node, Polarity, Seq, TYPE_FLAGS, VERBOSE, width};
use super::complaint::{Complaint, Reading};
use super::parse::{MAX_GROUPS, Place, Reader, flag_of, plain};
use super::source::{PatternChar, show};
use crate::text::str_repr::str_repr;

/// What a parenthesis opens, when its contents are to be read.
enum Opened {
    Capture(Option<String>),
    Plain { add: u32, del: u32 },
    Atomic,
}

impl Reader {
    /// A parenthesis; `is_first`: nothing stands before it in the pattern.
    pub fn group(&mut self, verbose: &mut bool, is_first: bool, seq: &mut Seq) -> Reading<()> {
        let start = self.source.tell() - 1;
        let opened = if self.source.eat('?')? {
            match self.extension(start, verbose, is_first, seq)? {
                Some(opened) => opened,
                None => return Ok(()),
            }
        } else {
            Opened::Capture(None)
        };
        let node = self.contents(opened, *verbose, start)?;
        seq.push(node);
        Ok(())
    }

    /// The contents of a group, and its end.
    fn contents(&mut self, opened: Opened, verbose: bool, start: usize) -> Reading<Node> {
        let (index, add, del) = match &opened {
            Opened::Capture(name) => (Some(self.open_group(name.as_deref())?), 0, 0),
            Opened::Plain { add, del } => (None, *add, *del),
            Opened::Atomic => (None, 0, 0),
        };
        let verbose = (verbose || add & VERBOSE != 0) && del & VERBOSE == 0;
        let body = self.alternatives(verbose, Place::Inside)?;
        self.close(start)?;
        if let Some(index) = index {
            self.widths[index as usize] = Some(width(&body));
        }
        Ok(match opened {
            Opened::Atomic => Node::Atomic(body),
            _ => Node::Group {
                index,
                add,
                del,
                body,
            },
        })
    }

    fn open_group(&mut self, name: Option<&str>) -> Reading<u32> {
        let index = self.widths.len() as u32;
        self.widths.push(None);
        let Some(name) = name else {
            return Ok(index);
        };
        let known = self.names.iter().find(|(known, _)| **known == *name);
        if let Some((_, old)) = known {
            let shown = str_repr(name);
            let message =
                format!("redefinition of group name {shown} as group {index}; was group {old}");
            return Err(self.source.error(message, name.chars().count() + 1));
        }
        self.names.push((Arc::from(name), index));
        Ok(index)
    }

    fn close(&mut self, start: usize) -> Reading<()> {
        if self.source.eat(')')? {
            return Ok(());
        }
        let offset = self.source.tell() - start;
        Err(self
            .source
            .error("missing ), unterminated subpattern", offset))
    }

    /// What follows `(?`: the group that it opens, or None where it is complete.
    fn extension(
        &mut self,
        start: usize,
        verbose: &mut bool,
        is_first: bool,
        seq: &mut Seq,
    ) -> Reading<Option<Opened>> {
        let char = self.required()?;
        match char.ascii() {
            Some(b'P') => return self.python_extension(seq),
            Some(b':') => return Ok(Some(Opened::Plain { add: 0, del: 0 })),
            Some(b'>') => return Ok(Some(Opened::Atomic)),
            Some(b'#') => self.comment(start)?,
            Some(c @ (b'=' | b'!')) => {
                let body = self.look(*verbose, start)?;
                seq.push(look_ahead(polarity(c), body));
            }
            Some(b'<') => {
                let node = self.look_behind(*verbose, start)?;
                seq.push(node);
            }
            Some(b'(') => {
                let node = self.condition(*verbose, start)?;
                seq.push(node);
            }
            _ if char.is('-') || flag_of(letter(char)).is_some() => {
                let Some((add, del)) = self.group_flags(char)? else {
                    if !is_first {
                        let offset = self.source.tell() - start;
                        let message = "global flags not at the start of the expression";
                        return Err(self.source.error(message, offset));
                    }
                    *verbose = self.flags & VERBOSE != 0;
                    return Ok(None);
                };
                return Ok(Some(Opened::Plain { add, del }));
            }
            _ => {
                let message = format!("unknown extension ?{}", char.text());
                return Err(self.source.error(message, char.len() + 1));
            }
        }
        Ok(None)
    }

    fn required(&mut self) -> Reading<PatternChar> {
        match self.source.get()? {
            Some(token) => Ok(token),
            None => Err(self.source.error("unexpected end of pattern", 0)),
        }
    }

    /// What follows `(?P`.
    fn python_extension(&mut self, seq: &mut Seq) -> Reading<Option<Opened>> {
        if self.source.eat('<')? {
            let name = self.source.until('>', "group name")?;
            self.source.check_name(&name, 1)?;
            return Ok(Some(Opened::Capture(Some(name))));
        }
        if self.source.eat('=')? {
            let name = self.source.until(')', "group name")?;
            self.source.check_name(&name, 1)?;
            let group = self.named(&name)?;
            let node = self.reference(group, name.chars().count() + 1)?;
            seq.push(node);
            return Ok(None);
        }
        let char = self.required()?;
        let message = format!("unknown extension ?P{}", char.text());
        Err(self.source.error(message, char.len() + 2))
    }

    fn comment(&mut self, start: usize) -> Reading<()> {
        loop {
            if self.source.next.is_none() {
                let offset = self.source.tell() - start;
                return Err(self.source.error("missing ), unterminated comment", offset));
            }
            if self.source.get()?.is_some_and(|t| t.is(')')) {
                return Ok(());
            }
        }
    }

    /// The contents of a look-around, and its end.
    fn look(&mut self, verbose: bool, start: usize) -> Reading<Seq> {
        let body = self.alternatives(verbose, Place::Inside)?;
        self.close(start)?;
        Ok(body)
    }

    fn look_behind(&mut self, verbose: bool, start: usize) -> Reading<Node> {
        let char = self.required()?;
        let Some(c @ (b'=' | b'!')) = char.ascii() else {
            let message = format!("unknown extension ?<{}", char.text());
            return Err(self.source.error(message, char.len() + 2));
        };
        let outer = self.behind;
        self.behind = outer.or(Some(self.widths.len()));
        let body = self.look(verbose, start)?;
        self.behind = outer;
        Ok(match (polarity(c), body) {
            (Polarity::Negative, body) if body.is_empty() => Node::Fail,
            (polarity, body) => Node::Behind(polarity, body),
        })
    }

    /// `(?(name)yes|no)`
    fn condition(&mut self, verbose: bool, start: usize) -> Reading<Node> {
        let name = self.source.until(')', "group name")?;
        let len = name.chars().count();
        let group = if name.bytes().all(|c| c.is_ascii_digit()) {
            let group: u64 = name.parse().unwrap_or(u64::MAX);
            if group == 0 {
                return Err(self.source.error("bad group number", len + 1));
            }
            if group >= MAX_GROUPS {
                let digits = name.trim_start_matches('0');
                let message = format!("invalid group reference {digits}");
                return Err(self.source.error(message, len + 1));
            }
            if !self.conditions.iter().any(|&(known, _)| known == group) {
                self.conditions.push((group, self.source.tell() - len - 1));
            }
            group
        } else {
            self.source.check_name(&name, 1)?;
            u64::from(self.named(&name)?)
        };
        self.check_behind(group)?;
        let yes = self.sequence(verbose, Place::Inside)?;
        let mut no = None;
        if self.source.eat('|')? {
            no = Some(self.sequence(verbose, Place::Inside)?);
            if self.source.next.is_some_and(|t| t.is('|')) {
                let message = "conditional backref with more than two branches";
                return Err(self.source.error(message, 0));
            }
        }
        self.close(start)?;
        Ok(Node::Cond(group as u32, yes, no))
    }

    /// The flags after `(?`: what a group adds and removes, or None where they are global.
    fn group_flags(&mut self, first: PatternChar) -> Reading<Option<(u32, u32)>> {
        let mut char = first;
        let mut add = 0;
        if !char.is('-') {
            loop {
                add |= self.added_flag(char, add)?;
                char = self.flag_token("missing -, : or )")?;
                if char.is(')') || char.is('-') || char.is(':') {
                    break;
                }
                self.check_flag(char, "missing -, : or )")?;
            }
        }
        if char.is(')') {
            self.flags |= add;
            return Ok(None);
        }
        if add & DEBUG != 0 {
            let message = "bad inline flags: cannot turn on global flag";
            return Err(self.source.error(message, 1));
        }
        let del = if char.is('-') {
            self.removed_flags()?
        } else {
            0
        };
        if add & del != 0 {
            let message = "bad inline flags: flag turned on and off";
            return Err(self.source.error(message, 1));
        }
        Ok(Some((add, del)))
    }

    fn added_flag(&self, char: PatternChar, add: u32) -> Reading<u32> {
        let flag = flag_of(letter(char)).unwrap_or(0);
        let kind = self.source.is_text();
        let message = match char.ascii() {
            Some(b'L') if kind => "bad inline flags: cannot use 'L' flag with a str pattern",
            Some(b'u') if !kind => "bad inline flags: cannot use 'u' flag with a bytes pattern",
            _ if flag & TYPE_FLAGS != 0 && (add | flag) & TYPE_FLAGS != flag => {
                "bad inline flags: flags 'a', 'u' and 'L' are incompatible"
            }
            _ => return Ok(flag),
        };
        Err(self.source.error(message, 0))
    }

    fn removed_flags(&mut self) -> Reading<u32> {
        let mut del = 0;
        let mut char = self.flag_token("missing flag")?;
        self.check_flag(char, "missing flag")?;
        loop {
            let flag = flag_of(letter(char)).unwrap_or(0);
            if flag & TYPE_FLAGS != 0 {
                let message = "bad inline flags: cannot turn off flags 'a', 'u' and 'L'";
                return Err(self.source.error(message, 0));
            }
            del |= flag;
            char = self.flag_token("missing :")?;
            if char.is(':') {
                return Ok(del);
            }
            self.check_flag(char, "missing :")?;
        }
    }

    fn flag_token(&mut self, missing: &str) -> Reading<PatternChar> {
        match self.source.get()? {
            Some(token) => Ok(token),
            None => Err(self.source.error(missing, 0)),
        }
    }

    fn check_flag(&self, char: PatternChar, missing: &str) -> Result<(), Complaint> {
        if flag_of(letter(char)).is_some() {
            return Ok(());
        }
        let is_letter = match char {
            PatternChar::Char(c) => show(c).is_alphabetic(),
            PatternChar::Escape(_) => false,
        };
        let message = if is_letter { "unknown flag" } else { missing };
        Err(self.source.error(message, char.len()))
    }
}

/// The code point of a plain token; 0 of an escape, which is no flag.
fn letter(token: PatternChar) -> u32 {
    match token {
        PatternChar::Char(_) => plain(token),
        PatternChar::Escape(_) => 0,
    }
}

fn polarity(c: u8) -> Polarity {
    if c == b'=' {
        Polarity::Positive
    } else {
        Polarity::Negative
    }
}

fn look_ahead(polarity: Polarity, body: Seq) -> Node {
    match polarity {
        Polarity::Negative if body.is_empty() => Node::Fail,
        polarity => Node::Ahead(polarity, body),
    }
}
