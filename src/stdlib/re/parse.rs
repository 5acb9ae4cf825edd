//! The reader of Python's pattern syntax: text to tree, with CPython's messages and positions.
//!
//! One function a construct; `escape.rs` reads what follows a backslash, `set.rs` what stands in brackets, `group.rs` what begins with
//! a parenthesis. Groups nest to a fixed depth, so that no pattern overflows the stack.

use std::sync::Arc;

use super::ast::{
    ASCII, At, DEBUG, Greed, LOCALE, MAX_REPEAT, Node, Polarity, Seq, UNICODE, VERBOSE, Width,
};
use super::complaint::{Complaint, Reading};
use super::source::{PatternChar, PatternText, TextKind, is_digit};

/// How deep groups may nest: about what CPython's recursion limit allows.
const MAX_DEPTH: usize = 400;
/// The greatest number of a group, and one.
pub const MAX_GROUPS: u64 = 1_073_741_823;

/// What is known of the groups read so far.
pub struct Reader {
    /// The tokens.
    pub source: PatternText,
    /// The flags of all of the pattern, as far as they are known.
    pub flags: u32,
    /// The width of each closed group; `None` while it is open. Group 0 is never closed.
    pub widths: Vec<Option<Width>>,
    /// The names of groups, in order.
    pub names: Vec<(Arc<str>, u32)>,
    /// How many groups there were where the outermost look-behind began.
    pub behind: Option<usize>,
    /// Groups that conditions name, and where.
    pub conditions: Vec<(u64, usize)>,
    depth: usize,
}

/// A pattern that was read.
pub struct Parsed {
    /// Its tree.
    pub body: Seq,
    /// All flags that hold for it.
    pub flags: u32,
    /// How many groups it has.
    pub groups: u32,
    /// The names of groups, in order.
    pub names: Vec<(Arc<str>, u32)>,
}

/// Reads a pattern.
pub fn parse(chars: Vec<u32>, kind: TextKind, flags: u32) -> Reading<Parsed> {
    let mut reader = Reader {
        source: PatternText::new(chars, kind)?,
        flags,
        widths: vec![None],
        names: Vec::new(),
        behind: None,
        conditions: Vec::new(),
        depth: 0,
    };
    let body = reader.alternatives(flags & VERBOSE != 0, Place::Top)?;
    reader.flags = fix_flags(kind, reader.flags)?;
    if reader.source.next.is_some() {
        return Err(reader.source.error("unbalanced parenthesis", 0));
    }
    for &(group, at) in &reader.conditions {
        if group >= reader.widths.len() as u64 {
            let message = format!("invalid group reference {group}");
            return Err(Complaint::Pattern(message, Some(at)));
        }
    }
    Ok(Parsed {
        body,
        flags: reader.flags,
        groups: reader.widths.len() as u32 - 1,
        names: reader.names,
    })
}

/// Adds the flags that the kind of the pattern implies; those that exclude each other are an error.
fn fix_flags(kind: TextKind, flags: u32) -> Reading<u32> {
    match kind {
        TextKind::Str if flags & LOCALE != 0 => Err(Complaint::Value(
            "cannot use LOCALE flag with a str pattern",
        )),
        TextKind::Str if flags & ASCII == 0 => Ok(flags | UNICODE),
        TextKind::Str if flags & UNICODE != 0 => {
            Err(Complaint::Value("ASCII and UNICODE flags are incompatible"))
        }
        TextKind::Bytes if flags & UNICODE != 0 => Err(Complaint::Value(
            "cannot use UNICODE flag with a bytes pattern",
        )),
        TextKind::Bytes if flags & LOCALE != 0 && flags & ASCII != 0 => {
            Err(Complaint::Value("ASCII and LOCALE flags are incompatible"))
        }
        TextKind::Str | TextKind::Bytes => Ok(flags),
    }
}

/// Where a sequence stands: global flags are allowed at the start of the pattern only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first alternative of the pattern itself.
    Start,
    /// In the pattern itself.
    Top,
    /// In a group.
    Inside,
}

impl Reader {
    /// `a|b|c`
    pub fn alternatives(&mut self, mut verbose: bool, place: Place) -> Reading<Seq> {
        let mut items = Vec::new();
        loop {
            let here = match place {
                Place::Top if items.is_empty() => Place::Start,
                place => place,
            };
            items.push(self.sequence(verbose, here)?);
            if !self.source.eat('|')? {
                break;
            }
            if place != Place::Inside {
                verbose = self.flags & VERBOSE != 0;
            }
        }
        if items.len() == 1 {
            return Ok(items.pop().unwrap_or_default());
        }
        Ok(vec![one_set(&items).unwrap_or(Node::Branch(items))])
    }

    /// What stands between bars and parentheses.
    pub fn sequence(&mut self, verbose: bool, place: Place) -> Reading<Seq> {
        if self.depth >= MAX_DEPTH {
            return Err(Complaint::TooDeep);
        }
        self.depth += 1;
        let seq = self.items(verbose, place);
        self.depth -= 1;
        seq
    }

    fn items(&mut self, mut verbose: bool, place: Place) -> Reading<Seq> {
        let mut seq = Seq::new();
        while let Some(this) = self.source.next.filter(|t| !t.is('|') && !t.is(')')) {
            self.source.get()?;
            if verbose && self.is_blank(this)? {
                continue;
            }
            match this {
                PatternChar::Escape(c) => {
                    let node = self.escape(c)?;
                    seq.push(node);
                }
                _ => match this.ascii() {
                    Some(b'[') => {
                        let set = self.set()?;
                        seq.push(set);
                    }
                    Some(c @ (b'?' | b'*' | b'+' | b'{')) => self.repeat(c, &mut seq)?,
                    Some(b'.') => seq.push(Node::Any),
                    Some(b'^') => seq.push(Node::At(At::Caret)),
                    Some(b'$') => seq.push(Node::At(At::Dollar)),
                    Some(b'(') => {
                        let is_first = place == Place::Start && seq.is_empty();
                        self.group(&mut verbose, is_first, &mut seq)?;
                    }
                    _ => seq.push(Node::Char(plain(this))),
                },
            }
        }
        Ok(unpack(seq))
    }

    /// Whether the token is space or begins a comment, which is skipped.
    fn is_blank(&mut self, this: PatternChar) -> Reading<bool> {
        match this.ascii() {
            Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c) => Ok(true),
            Some(b'#') => {
                while let Some(token) = self.source.get()? {
                    if token.is('\n') {
                        break;
                    }
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// A quantifier: it takes the last item of the sequence.
    fn repeat(&mut self, this: u8, seq: &mut Seq) -> Reading<()> {
        let here = self.source.tell();
        let (min, max) = match this {
            b'?' => (0, 1),
            b'*' => (0, MAX_REPEAT),
            b'+' => (1, MAX_REPEAT),
            _ => match self.bounds(here)? {
                Some(bounds) => bounds,
                None => {
                    seq.push(Node::Char(u32::from(this)));
                    return Ok(());
                }
            },
        };
        let offset = self.source.tell() - here + 1;
        let item = match seq.pop() {
            None | Some(Node::At(_)) => return Err(self.source.error("nothing to repeat", offset)),
            Some(Node::Repeat { .. }) => return Err(self.source.error("multiple repeat", offset)),
            Some(item) => item,
        };
        let greed = if self.source.eat('?')? {
            Greed::Lazy
        } else if self.source.eat('+')? {
            Greed::Possessive
        } else {
            Greed::Greedy
        };
        let body = unpack(vec![item]);
        seq.push(Node::Repeat {
            min,
            max,
            greed,
            body,
        });
        Ok(())
    }

    /// The bounds in braces; `None` where the brace is a plain character, and the next token is the one after it.
    fn bounds(&mut self, here: usize) -> Reading<Option<(u32, u32)>> {
        if self.source.next.is_some_and(|t| t.is('}')) {
            return Ok(None);
        }
        let lo = self.source.take_while(usize::MAX, is_digit)?;
        let hi = if self.source.eat(',')? {
            self.source.take_while(usize::MAX, is_digit)?
        } else {
            lo.clone()
        };
        if !self.source.eat('}')? {
            self.source.seek(here)?;
            return Ok(None);
        }
        let number = |digits: &str| {
            let number = digits.parse::<u32>().ok().filter(|&n| n < MAX_REPEAT);
            number.ok_or(Complaint::Overflow("the repetition number is too large"))
        };
        let min = if lo.is_empty() { 0 } else { number(&lo)? };
        let max = if hi.is_empty() {
            MAX_REPEAT
        } else {
            number(&hi)?
        };
        if max < min {
            let offset = self.source.tell() - here;
            let message = "min repeat greater than max repeat";
            return Err(self.source.error(message, offset));
        }
        Ok(Some((min, max)))
    }

    /// Whether a group is closed already.
    pub fn is_closed(&self, group: u32) -> bool {
        let width = self.widths.get(group as usize);
        width.is_some_and(Option::is_some)
    }

    /// A reference to a group that must be closed; `offset`: where the reference begins.
    pub fn reference(&mut self, group: u32, offset: usize) -> Reading<Node> {
        match self.widths.get(group as usize) {
            Some(&Some(width)) => {
                self.check_behind(u64::from(group))?;
                Ok(Node::Ref(group, width))
            }
            _ => Err(self.source.error("cannot refer to an open group", offset)),
        }
    }

    /// A look-behind may refer to groups before it only.
    pub fn check_behind(&self, group: u64) -> Reading<()> {
        let Some(groups) = self.behind else {
            return Ok(());
        };
        let small = u32::try_from(group).unwrap_or(u32::MAX);
        if !self.is_closed(small) {
            return Err(self.source.error("cannot refer to an open group", 0));
        }
        if group >= groups as u64 {
            let message = "cannot refer to group defined in the same lookbehind subpattern";
            return Err(self.source.error(message, 0));
        }
        Ok(())
    }

    /// The number of the group of this name.
    pub fn named(&self, name: &str) -> Reading<u32> {
        let found = self.names.iter().find(|(known, _)| **known == *name);
        found.map(|&(_, group)| group).ok_or_else(|| {
            let shown = crate::text::str_repr::str_repr(name);
            let offset = name.chars().count() + 1;
            self.source
                .error(format!("unknown group name {shown}"), offset)
        })
    }
}

/// The code point of a plain token.
pub fn plain(token: PatternChar) -> u32 {
    match token {
        PatternChar::Char(c) | PatternChar::Escape(c) => c,
    }
}

/// Alternatives of one character each are one set.
fn one_set(items: &[Seq]) -> Option<Node> {
    let mut members = Vec::new();
    for item in items {
        match item.as_slice() {
            [Node::Char(c)] => members.push(super::ast::Item::Char(*c)),
            [Node::Set(Polarity::Positive, more)] => members.extend_from_slice(more),
            _ => return None,
        }
    }
    Some(Node::Set(Polarity::Positive, members))
}

/// Takes groups apart that neither capture nor change flags.
fn unpack(seq: Seq) -> Seq {
    let mut out = Seq::with_capacity(seq.len());
    for node in seq {
        match node {
            Node::Group {
                index: None,
                add: 0,
                del: 0,
                body,
            } => out.extend(body),
            node => out.push(node),
        }
    }
    out
}

/// The flags that letters in a pattern stand for.
pub fn flag_of(c: u32) -> Option<u32> {
    use super::ast::{DOTALL, IGNORECASE, MULTILINE};
    Some(match u8::try_from(c).ok()? {
        b'i' => IGNORECASE,
        b'L' => LOCALE,
        b'm' => MULTILINE,
        b's' => DOTALL,
        b'x' => VERBOSE,
        b'a' => ASCII,
        b'u' => UNICODE,
        _ => return None,
    })
}

/// Whether the flags name only what a pattern can have.
pub const ALL_FLAGS: u32 = super::ast::TYPE_FLAGS
    | super::ast::IGNORECASE
    | super::ast::MULTILINE
    | super::ast::DOTALL
    | VERBOSE
    | DEBUG;
