//! Expressions of the tree, with their constants, f-strings and arguments.
//!
//! To add a form: a variant of `ExprKind`, and what `mod.rs` says. A child that holds an expression is a `Box` where the variant
//! would grow otherwise: a tree has more expressions than anything else.

use std::rc::Rc;

use num_bigint::BigInt;

use super::{Ident, Name, Params};
use crate::diagnostics::Span;
use crate::syntax::operator::{BinOp, BoolOp, CmpOp, UnaryOp};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// From its first token to its last, without parentheses around it (a Tuple's own are included).
    pub span: Span,
    /// One more than its deepest child's; a leaf has 1. At most `MAX_EXPR_DEPTH`.
    pub depth: u32,
    /// Whether parentheses stand around it: only the parser's own checks ask.
    pub parenthesized: bool,
}

/// The forms of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A literal.
    Constant(Constant),
    /// `x`
    Name(Name),
    /// `f"..."`, merged with its neighbours.
    FString(Vec<FPart>),
    /// `a, b`; as value and as target it may contain Starred.
    Tuple(Vec<Expr>),
    /// `[a, b]`; may contain Starred.
    List(Vec<Expr>),
    /// `{a, b}`, never empty; may contain Starred.
    Set(Vec<Expr>),
    /// `{k: v, **d}`
    Dict(Vec<DictItem>),
    /// `[element for ...]`
    ListComp {
        /// What is collected.
        element: Box<Expr>,
        /// At least one.
        clauses: Vec<Comprehension>,
    },
    /// `{element for ...}`
    SetComp {
        /// What is collected.
        element: Box<Expr>,
        /// At least one.
        clauses: Vec<Comprehension>,
    },
    /// `{key: value for ...}`
    DictComp {
        /// Evaluated first.
        key: Box<Expr>,
        /// Evaluated second.
        value: Box<Expr>,
        /// At least one.
        clauses: Vec<Comprehension>,
    },
    /// `(element for ...)`
    GeneratorExp {
        /// What is yielded.
        element: Box<Expr>,
        /// At least one.
        clauses: Vec<Comprehension>,
    },
    /// `a and b and c`: one operator, flat.
    BoolOp {
        /// Which.
        op: BoolOp,
        /// At least two.
        values: Vec<Expr>,
    },
    /// `left + right`
    BinOp {
        /// Evaluated first.
        left: Box<Expr>,
        /// Which operator.
        op: BinOp,
        /// Evaluated second.
        right: Box<Expr>,
    },
    /// `-operand`
    UnaryOp {
        /// Which operator.
        op: UnaryOp,
        /// Its operand.
        operand: Box<Expr>,
    },
    /// `left < b <= c`: a chain, each operand evaluated at most once.
    Compare {
        /// The first operand.
        left: Box<Expr>,
        /// At least one operator with its right operand.
        rest: Vec<(CmpOp, Expr)>,
    },
    /// `body if test else orelse`
    IfExp {
        /// Evaluated first.
        test: Box<Expr>,
        /// The value if it holds.
        body: Box<Expr>,
        /// The value if not.
        orelse: Box<Expr>,
    },
    /// `lambda params: body`
    Lambda(Box<Lambda>),
    /// `target := value`
    Named {
        /// Always a plain name.
        target: Ident,
        /// What is assigned and is the result.
        value: Box<Expr>,
    },
    /// `func(args)`
    Call {
        /// What is called.
        func: Box<Expr>,
        /// In source order.
        args: Vec<Arg>,
    },
    /// `value.attr`
    Attribute {
        /// The object.
        value: Box<Expr>,
        /// The attribute.
        attr: Ident,
    },
    /// `value[index]`
    Subscript {
        /// The object.
        value: Box<Expr>,
        /// A Slice, or a Tuple that may contain Slice and Starred, or any other expression.
        index: Box<Expr>,
    },
    /// `lower:upper:step`, only as or in the index of a Subscript.
    Slice {
        /// Absent means None.
        lower: Option<Box<Expr>>,
        /// Absent means None.
        upper: Option<Box<Expr>>,
        /// Absent means None.
        step: Option<Box<Expr>>,
    },
    /// `*value`, only where the forms above say so, and in the annotation of `*args`.
    Starred(Box<Expr>),
    /// `await value`
    Await(Box<Expr>),
    /// `yield value`
    Yield(Option<Box<Expr>>),
    /// `yield from value`
    YieldFrom(Box<Expr>),
}

/// A decoded literal.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// `...`
    Ellipsis,
    /// An integer that fits (never negative: the minus sign is an operator).
    Int(i64),
    /// An integer that does not.
    BigInt(BigInt),
    /// `1.5`; may be infinite (`1e999`).
    Float(f64),
    /// `2j`: the imaginary part; the real part is 0.
    Complex(f64),
    /// `"text"`
    Str(Rc<str>),
    /// `b"bytes"`
    Bytes(Rc<[u8]>),
}

/// Text in an f-string.
#[derive(Clone, Debug, PartialEq)]
pub struct FText {
    /// The text as it comes out.
    pub text: Rc<str>,
    /// Where it is written; with its quotes if it is a plain string beside the f-string.
    pub span: Span,
    /// Whether it begins with a plain string written as `u"text"`.
    pub is_unicode: bool,
}

/// What follows the colon of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct FormatSpec {
    /// Its pieces; may be empty.
    pub parts: Vec<FPart>,
    /// From the colon to the end of the last piece.
    pub span: Span,
}

/// One piece of an f-string.
#[derive(Clone, Debug, PartialEq)]
pub enum FPart {
    /// Text as it comes out; never empty, never two in a row.
    Literal(FText),
    /// `{expr=!r:spec}`
    Interp {
        /// What is formatted.
        expr: Box<Expr>,
        /// The text to print before the value in `{expr=}`: all between `{` and the end of `=` and its spaces.
        /// With neither conversion nor spec the value is then shown by repr.
        debug_text: Option<FText>,
        /// `s`, `r` or `a`.
        conversion: Option<char>,
        /// Present if there is a colon; may be empty.
        spec: Option<FormatSpec>,
        /// From `{` to `}`.
        span: Span,
    },
}

/// One entry of a dict display.
#[derive(Clone, Debug, PartialEq)]
pub enum DictItem {
    /// `key: value`
    Pair(Expr, Expr),
    /// `**mapping`
    DoubleStar(Expr),
}

/// `[async] for target in iter if a if b`
#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    /// Whether `async` stands before `for`.
    pub is_async: bool,
    /// An assignment target.
    pub target: Expr,
    /// What is iterated.
    pub iter: Expr,
    /// All must hold, tested from left to right.
    pub ifs: Vec<Expr>,
}

/// `lambda params: body`
#[derive(Clone, Debug, PartialEq)]
pub struct Lambda {
    /// Without annotations.
    pub params: Params,
    /// The result.
    pub body: Expr,
}

/// An argument of a call or class statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// `value`
    Pos(Expr),
    /// `*value`
    Star(Expr),
    /// `name=value`; no name twice.
    Keyword {
        /// The parameter's name.
        name: Ident,
        /// Its value.
        value: Expr,
    },
    /// `**value`
    DoubleStar(Expr),
}

impl Arg {
    /// The expression whose value is passed.
    #[must_use]
    pub fn value(&self) -> &Expr {
        match self {
            Self::Pos(value)
            | Self::Star(value)
            | Self::DoubleStar(value)
            | Self::Keyword { value, .. } => value,
        }
    }
}
