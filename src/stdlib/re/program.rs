//! The program that a pattern becomes, and the compiler that makes it from the tree.
//!
//! Instructions are numbered; a jump names its target. A greedy repetition of one character is one instruction; all other
//! repetitions are loops with a counter. Groups save their ends in slots: `2n - 2` and `2n - 1` for group `n`.

use super::ast::{
    ASCII, At, Category, Greed, IGNORECASE, Item, LOCALE, MAX_REPEAT, MULTILINE, Node, Polarity,
    Seq, TYPE_FLAGS, UNICODE, width,
};
use super::charset::{Case, CharSet, Letters};
use super::complaint::{Complaint, Reading};
use super::parse::Parsed;
use super::source::TextKind;

/// Matches one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum One {
    /// This one.
    Char(u32),
    /// Any but a newline.
    NotNewline,
    /// Any.
    Any,
    /// One of the set with this number.
    Set(u32),
}

/// A condition on the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The start of the text.
    Start,
    /// The start of a line.
    LineStart,
    /// The end, or before a newline at the end.
    NearEnd,
    /// The end of a line.
    LineEnd,
    /// The end of the text.
    End,
    /// Between a word and what is none.
    Boundary(Letters),
    /// Not there.
    NotBoundary(Letters),
}

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatchOp {
    /// One character.
    One(One),
    /// These bytes of the text.
    Literal(Box<[u8]>),
    /// A condition on the place.
    Look(Look),
    /// Goes on at the first; if that fails, at the second.
    Split(u32, u32),
    /// Goes on there.
    Jump(u32),
    /// Saves the place in a slot.
    Save(u32),
    /// So many of one character.
    Repeat(One, u32, u32, Greed),
    /// Sets a loop's counter up.
    LoopStart(u32),
    /// The end of a loop's body, where it also begins.
    LoopEnd(Loop),
    /// The text of a group again.
    Ref(u32, Case, Letters),
    /// Goes on if the group matched, else goes there.
    Cond(u32, u32),
    /// Remembers the place and how much there is to undo.
    Guard(u32),
    /// Goes back so many characters, or fails.
    Back(u32),
    /// Forgets what could have been tried since the guard.
    Commit(u32),
    /// Forgets it, and goes back to the guard's place.
    Return(u32),
    /// Undoes all since the guard, and fails.
    Refuse(u32),
    /// Fails.
    Fail,
    /// The pattern has matched.
    Match,
}

/// A loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Its number.
    pub id: u32,
    /// The least count.
    pub min: u32,
    /// The greatest count.
    pub max: u32,
    /// What it tries first.
    pub greed: Greed,
    /// Where the body begins.
    pub body: u32,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Program {
    /// The instructions.
    pub ops: Vec<MatchOp>,
    /// The sets.
    pub sets: Vec<CharSet>,
    /// How many slots the groups have.
    pub slots: usize,
    /// How many loops there are.
    pub loops: usize,
    /// How many guards there are.
    pub guards: usize,
    /// The bytes that a match begins with; empty if they vary.
    pub prefix: Box<[u8]>,
    /// The bytes that a match can begin with; `None`: any, or it can be empty.
    pub first: Option<Box<[bool; 256]>>,
    /// Whether a match begins at the start of the text only.
    pub is_anchored: bool,
    /// The least number of characters of a match.
    pub min_width: usize,
}

struct Compiler {
    kind: TextKind,
    ops: Vec<MatchOp>,
    sets: Vec<CharSet>,
    loops: u32,
    guards: u32,
}

/// Compiles a pattern.
pub fn compile(parsed: &Parsed, kind: TextKind) -> Reading<Program> {
    let mut compiler = Compiler {
        kind,
        ops: Vec::new(),
        sets: Vec::new(),
        loops: 0,
        guards: 0,
    };
    compiler.seq(&parsed.body, parsed.flags)?;
    compiler.ops.push(MatchOp::Match);
    let prefix = match compiler.ops.first() {
        Some(MatchOp::Literal(text)) => text.clone(),
        Some(MatchOp::One(One::Char(c))) => compiler.encode(*c).unwrap_or_default().into(),
        _ => Box::default(),
    };
    let min_width = width(&parsed.body).min;
    let first = if min_width == 0 {
        None
    } else {
        super::first::first_bytes(&compiler.ops, &compiler.sets, kind)
    };
    Ok(Program {
        is_anchored: matches!(compiler.ops.first(), Some(MatchOp::Look(Look::Start))),
        ops: compiler.ops,
        sets: compiler.sets,
        slots: parsed.groups as usize * 2,
        loops: compiler.loops as usize,
        guards: compiler.guards as usize,
        prefix,
        first,
        min_width: usize::try_from(min_width).unwrap_or(usize::MAX),
    })
}

/// What a letter is under these flags.
fn letters(flags: u32) -> Letters {
    if flags & UNICODE != 0 {
        Letters::Unicode
    } else {
        Letters::Ascii
    }
}

fn case(flags: u32) -> Case {
    if flags & IGNORECASE != 0 {
        Case::Ignored
    } else {
        Case::Exact
    }
}

impl Compiler {
    fn here(&self) -> u32 {
        self.ops.len() as u32
    }

    /// The bytes of a character in the text.
    fn encode(&self, c: u32) -> Option<Vec<u8>> {
        match self.kind {
            TextKind::Bytes => u8::try_from(c).ok().map(|byte| vec![byte]),
            TextKind::Str => {
                let c = char::from_u32(c)?;
                Some(c.encode_utf8(&mut [0; 4]).as_bytes().to_vec())
            }
        }
    }

    fn seq(&mut self, seq: &[Node], flags: u32) -> Reading<()> {
        let mut i = 0;
        while i < seq.len() {
            let run = self.literal(&seq[i..], flags);
            if run > 1 {
                i += run;
                continue;
            }
            self.node(&seq[i], flags)?;
            i += 1;
        }
        Ok(())
    }

    /// Emits the characters at the start of a sequence as one text, if there are some; how many.
    fn literal(&mut self, seq: &[Node], flags: u32) -> usize {
        let mut text = Vec::new();
        let mut count = 0;
        for node in seq {
            let Node::Char(c) = node else { break };
            if !matches!(self.one(node, flags), Some(One::Char(_))) {
                break;
            }
            let Some(bytes) = self.encode(*c) else { break };
            text.extend(bytes);
            count += 1;
        }
        if count > 1 {
            self.ops.push(MatchOp::Literal(text.into()));
        }
        count
    }

    /// The single character that a node matches, if it is such a node.
    fn one(&mut self, node: &Node, flags: u32) -> Option<One> {
        use super::ast::DOTALL;
        Some(match node {
            Node::Char(c) => {
                let items = [Item::Char(*c)];
                let set = CharSet::new(&items, Polarity::Positive, letters(flags), case(flags));
                let is_exact =
                    set == CharSet::new(&items, Polarity::Positive, letters(flags), Case::Exact);
                if is_exact {
                    One::Char(*c)
                } else {
                    self.add_set(set)
                }
            }
            Node::NotChar(c) => self.set(&[Item::Char(*c)], Polarity::Negative, flags),
            Node::Set(polarity, items) => self.set(items, *polarity, flags),
            Node::Any if flags & DOTALL != 0 => One::Any,
            Node::Any => One::NotNewline,
            _ => return None,
        })
    }

    fn set(&mut self, items: &[Item], polarity: Polarity, flags: u32) -> One {
        if let ([Item::Category(category)], Polarity::Negative) = (items, polarity) {
            let opposite = [Item::Category(opposite(*category))];
            return self.set(&opposite, Polarity::Positive, flags);
        }
        let set = CharSet::new(items, polarity, letters(flags), case(flags));
        self.add_set(set)
    }

    fn add_set(&mut self, set: CharSet) -> One {
        let known = self.sets.iter().position(|known| *known == set);
        let at = known.unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        One::Set(at as u32)
    }

    fn node(&mut self, node: &Node, flags: u32) -> Reading<()> {
        if let Some(one) = self.one(node, flags) {
            self.ops.push(MatchOp::One(one));
            return Ok(());
        }
        match node {
            Node::At(at) => self.ops.push(MatchOp::Look(look(*at, flags))),
            Node::Group {
                index,
                add,
                del,
                body,
            } => self.group(*index, combine(flags, *add, *del), body)?,
            Node::Atomic(body) => self.atomic(|this| this.seq(body, flags))?,
            Node::Repeat {
                min,
                max,
                greed,
                body,
            } => self.repeat((*min, *max), *greed, body, flags)?,
            Node::Branch(items) => self.branch(items, flags)?,
            Node::Ref(group, _) => {
                self.ops
                    .push(MatchOp::Ref(group - 1, case(flags), letters(flags)));
            }
            Node::Cond(group, yes, no) => self.cond(*group, yes, no.as_deref(), flags)?,
            Node::Ahead(polarity, body) => self.look_around(*polarity, None, body, flags)?,
            Node::Behind(polarity, body) => {
                let width = width(body);
                if width.min > u128::from(u32::MAX) {
                    return Err(Complaint::Pattern("looks too much behind".into(), None));
                }
                if width.min != width.max {
                    let message = "look-behind requires fixed-width pattern";
                    return Err(Complaint::Pattern(message.into(), None));
                }
                self.look_around(*polarity, Some(width.min as u32), body, flags)?;
            }
            _ => self.ops.push(MatchOp::Fail),
        }
        Ok(())
    }

    fn group(&mut self, index: Option<u32>, flags: u32, body: &Seq) -> Reading<()> {
        if let Some(index) = index {
            self.ops.push(MatchOp::Save(index * 2 - 2));
        }
        self.seq(body, flags)?;
        if let Some(index) = index {
            self.ops.push(MatchOp::Save(index * 2 - 1));
        }
        Ok(())
    }

    fn atomic(&mut self, body: impl FnOnce(&mut Compiler) -> Reading<()>) -> Reading<()> {
        let guard = self.guard();
        self.ops.push(MatchOp::Guard(guard));
        body(self)?;
        self.ops.push(MatchOp::Commit(guard));
        Ok(())
    }

    fn guard(&mut self) -> u32 {
        self.guards += 1;
        self.guards - 1
    }

    fn repeat(
        &mut self,
        (min, max): (u32, u32),
        greed: Greed,
        body: &Seq,
        flags: u32,
    ) -> Reading<()> {
        if let [node] = body.as_slice()
            && let Some(one) = self.simple(node, flags)
        {
            self.ops.push(MatchOp::Repeat(one, min, max, greed));
            return Ok(());
        }
        if greed != Greed::Possessive {
            return self.looped(min, max, greed, |this| this.seq(body, flags));
        }
        self.atomic(|this| {
            this.looped(min, max, Greed::Greedy, |this| {
                this.atomic(|this| this.seq(body, flags))
            })
        })
    }

    /// The single character that a node matches, also in a group that does not capture.
    fn simple(&mut self, node: &Node, flags: u32) -> Option<One> {
        match node {
            Node::Group {
                index: None,
                add,
                del,
                body,
            } => match body.as_slice() {
                [node] => self.simple(node, combine(flags, *add, *del)),
                _ => None,
            },
            node => self.one(node, flags),
        }
    }

    fn looped(
        &mut self,
        min: u32,
        max: u32,
        greed: Greed,
        body: impl FnOnce(&mut Compiler) -> Reading<()>,
    ) -> Reading<()> {
        if (min, max) == (0, 1) {
            return self.optional(greed, body);
        }
        let id = self.loops;
        self.loops += 1;
        self.ops.push(MatchOp::LoopStart(id));
        let entry = self.ops.len();
        self.ops.push(MatchOp::Fail);
        let start = self.here();
        body(self)?;
        self.ops[entry] = MatchOp::Jump(self.here());
        self.ops.push(MatchOp::LoopEnd(Loop {
            id,
            min,
            max,
            greed,
            body: start,
        }));
        Ok(())
    }

    /// A repetition of at most one needs no counter.
    fn optional(
        &mut self,
        greed: Greed,
        body: impl FnOnce(&mut Compiler) -> Reading<()>,
    ) -> Reading<()> {
        let split = self.ops.len();
        self.ops.push(MatchOp::Fail);
        let start = self.here();
        body(self)?;
        let end = self.here();
        self.ops[split] = match greed {
            Greed::Lazy => MatchOp::Split(end, start),
            Greed::Greedy | Greed::Possessive => MatchOp::Split(start, end),
        };
        Ok(())
    }

    fn branch(&mut self, items: &[Seq], flags: u32) -> Reading<()> {
        let mut jumps = Vec::new();
        for (n, item) in items.iter().enumerate() {
            if n + 1 == items.len() {
                self.seq(item, flags)?;
                break;
            }
            let split = self.ops.len();
            self.ops.push(MatchOp::Fail);
            self.seq(item, flags)?;
            jumps.push(self.ops.len());
            self.ops.push(MatchOp::Fail);
            self.ops[split] = MatchOp::Split(split as u32 + 1, self.here());
        }
        let end = self.here();
        for jump in jumps {
            self.ops[jump] = MatchOp::Jump(end);
        }
        Ok(())
    }

    fn cond(&mut self, group: u32, yes: &Seq, no: Option<&[Node]>, flags: u32) -> Reading<()> {
        let test = self.ops.len();
        self.ops.push(MatchOp::Fail);
        self.seq(yes, flags)?;
        let Some(no) = no else {
            self.ops[test] = MatchOp::Cond(group - 1, self.here());
            return Ok(());
        };
        let jump = self.ops.len();
        self.ops.push(MatchOp::Fail);
        self.ops[test] = MatchOp::Cond(group - 1, self.here());
        self.seq(no, flags)?;
        self.ops[jump] = MatchOp::Jump(self.here());
        Ok(())
    }

    fn look_around(
        &mut self,
        polarity: Polarity,
        back: Option<u32>,
        body: &Seq,
        flags: u32,
    ) -> Reading<()> {
        let guard = self.guard();
        self.ops.push(MatchOp::Guard(guard));
        let split = self.ops.len();
        if polarity == Polarity::Negative {
            self.ops.push(MatchOp::Fail);
        }
        if let Some(back) = back {
            self.ops.push(MatchOp::Back(back));
        }
        self.seq(body, flags)?;
        match polarity {
            Polarity::Positive => self.ops.push(MatchOp::Return(guard)),
            Polarity::Negative => {
                self.ops.push(MatchOp::Refuse(guard));
                self.ops[split] = MatchOp::Split(split as u32 + 1, self.here());
            }
        }
        Ok(())
    }
}

/// The flags inside of a group that adds and removes some.
fn combine(flags: u32, add: u32, del: u32) -> u32 {
    let kept = if add & TYPE_FLAGS != 0 {
        flags & !TYPE_FLAGS
    } else {
        flags
    };
    (kept | add) & !del
}

fn look(at: At, flags: u32) -> Look {
    let is_multiline = flags & MULTILINE != 0;
    let letters = if flags & (LOCALE | ASCII) != 0 {
        Letters::Ascii
    } else {
        letters(flags)
    };
    match at {
        At::Caret if is_multiline => Look::LineStart,
        At::Caret | At::Start => Look::Start,
        At::Dollar if is_multiline => Look::LineEnd,
        At::Dollar => Look::NearEnd,
        At::End => Look::End,
        At::Boundary => Look::Boundary(letters),
        At::NotBoundary => Look::NotBoundary(letters),
    }
}

fn opposite(category: Category) -> Category {
    match category {
        Category::Digit => Category::NotDigit,
        Category::NotDigit => Category::Digit,
        Category::Space => Category::NotSpace,
        Category::NotSpace => Category::Space,
        Category::Word => Category::NotWord,
        Category::NotWord => Category::Word,
    }
}

/// Whether a repetition has no upper bound.
pub fn is_endless(max: u32) -> bool {
    max == MAX_REPEAT
}
