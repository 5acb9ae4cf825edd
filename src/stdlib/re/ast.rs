//! The tree of a regular expression: what the reader makes of a pattern and the compiler turns into a program.
//!
//! Characters are code points (`u32`), because a pattern may name surrogates, which no Rust `char` holds; in bytes patterns they are
//! byte values. Flags stay on the groups that set them: which global flags hold is known only when all of the pattern is read.

/// `re.IGNORECASE`
pub const IGNORECASE: u32 = 2;
/// `re.LOCALE`
pub const LOCALE: u32 = 4;
/// `re.MULTILINE`
pub const MULTILINE: u32 = 8;
/// `re.DOTALL`
pub const DOTALL: u32 = 16;
/// `re.UNICODE`
pub const UNICODE: u32 = 32;
/// `re.VERBOSE`
pub const VERBOSE: u32 = 64;
/// `re.DEBUG`
pub const DEBUG: u32 = 128;
/// `re.ASCII`
pub const ASCII: u32 = 256;
/// The flags that say what a letter is; one excludes the others.
pub const TYPE_FLAGS: u32 = ASCII | LOCALE | UNICODE;
/// "Without end" as the upper bound of a repetition.
pub const MAX_REPEAT: u32 = u32::MAX;
/// Widths are counted up to here.
pub const MAX_WIDTH: u128 = 1 << 64;

/// Nodes that must match one after the other.
pub type Seq = Vec<Node>;

/// A class of characters: `\d` and its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// `\d`
    Digit,
    /// `\D`
    NotDigit,
    /// `\s`
    Space,
    /// `\S`
    NotSpace,
    /// `\w`
    Word,
    /// `\W`
    NotWord,
}

/// A member of a character set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// One character.
    Char(u32),
    /// All from the first to the second.
    Range(u32, u32),
    /// A class.
    Category(Category),
}

/// Whether a set holds its members or all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// The members; what a look-around finds must be there.
    Positive,
    /// All others; what a look-around finds must not be there.
    Negative,
}

/// A place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// `^`
    Caret,
    /// `\A`
    Start,
    /// `$`
    Dollar,
    /// `\Z`
    End,
    /// `\b`
    Boundary,
    /// `\B`
    NotBoundary,
}

/// In which order a repetition tries its counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greed {
    /// The most first.
    Greedy,
    /// The fewest first.
    Lazy,
    /// The most and nothing else.
    Possessive,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// One character.
    Char(u32),
    /// Any character but this one.
    NotChar(u32),
    /// `.`
    Any,
    /// `[...]`, `\d`
    Set(Polarity, Vec<Item>),
    /// A place.
    At(At),
    /// `(...)`, `(?P<name>...)`, `(?i:...)`, `(?:...)`
    Group {
        /// The number of a group that captures.
        index: Option<u32>,
        /// Flags that hold inside.
        add: u32,
        /// Flags that do not hold inside.
        del: u32,
        /// What is inside.
        body: Seq,
    },
    /// `(?>...)`
    Atomic(Seq),
    /// `x{min,max}`
    Repeat {
        /// The least count.
        min: u32,
        /// The greatest count, or `MAX_REPEAT`.
        max: u32,
        /// The order of the counts.
        greed: Greed,
        /// What is repeated.
        body: Seq,
    },
    /// `a|b|c`
    Branch(Vec<Seq>),
    /// `\1`, with the width of that group.
    Ref(u32, Width),
    /// `(?(1)yes|no)`
    Cond(u32, Seq, Option<Seq>),
    /// `(?=...)`, `(?!...)`
    Ahead(Polarity, Seq),
    /// `(?<=...)`, `(?<!...)`
    Behind(Polarity, Seq),
    /// Matches nothing: `(?!)`.
    Fail,
}

/// The least and greatest number of characters that a part matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Width {
    /// The least.
    pub min: u128,
    /// The greatest, at most `MAX_WIDTH`.
    pub max: u128,
}

impl Width {
    const fn of(min: u128, max: u128) -> Width {
        Width { min, max }
    }

    fn either(self, other: Width) -> Width {
        Width::of(self.min.min(other.min), self.max.max(other.max))
    }
}

/// The width of a sequence.
pub fn width(seq: &[Node]) -> Width {
    let mut sum = Width::of(0, 0);
    for node in seq {
        let one = node_width(node);
        sum = Width::of(
            (sum.min + one.min).min(MAX_WIDTH),
            (sum.max + one.max).min(MAX_WIDTH),
        );
    }
    sum
}

fn node_width(node: &Node) -> Width {
    match node {
        Node::Char(_) | Node::NotChar(_) | Node::Any | Node::Set(..) => Width::of(1, 1),
        Node::At(_) | Node::Ahead(..) | Node::Behind(..) | Node::Fail => Width::of(0, 0),
        Node::Group { body, .. } | Node::Atomic(body) => width(body),
        Node::Repeat { min, max, body, .. } => {
            let one = width(body);
            let most = match *max {
                MAX_REPEAT if one.max > 0 => MAX_WIDTH,
                max => one.max * u128::from(max),
            };
            Width::of(one.min * u128::from(*min), most)
        }
        Node::Branch(items) => {
            let widths = items.iter().map(|item| width(item));
            widths.reduce(Width::either).unwrap_or(Width::of(0, 0))
        }
        Node::Ref(_, width) => *width,
        Node::Cond(_, yes, no) => match no {
            Some(no) => width(yes).either(width(no)),
            None => Width::of(0, width(yes).max),
        },
    }
}
