//! The tree of a program: all of Python 3.13's syntax, with spans.
//!
//! Contract: a tree that the parser hands out is valid where validity needs no scopes: targets are
//! assignable, parameters and arguments are in a legal order, literals are decoded, adjacent strings are
//! merged. No expression is deeper than `MAX_EXPR_DEPTH` and no block deeper than 100, so consumers may recurse.
//! Parentheses leave no node. To add a form: a variant here, a rule in `grammar/apy.lalrpop`, an arm in
//! `visit.rs` and `dump.rs`; the compiler then asks for the arms of the later passes.

mod expr;

use std::rc::Rc;

pub use self::expr::{
    Arg, Comprehension, Constant, DictItem, Expr, ExprKind, FPart, FText, FormatSpec, Lambda,
};
pub use super::operator::{BinOp, BoolOp, CmpOp, UnaryOp};
use crate::diagnostics::{Diagnostic, Span};

/// The deepest nesting of expressions that the parser lets through (`1+1+1` has depth 3).
pub const MAX_EXPR_DEPTH: u32 = 3_200;

/// An identifier's text; one allocation per distinct name in a file.
pub type Name = Rc<str>;

/// A sequence of statements; never empty, except where a field says so.
pub type Block = Vec<Stmt>;

/// A name where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Ident {
    /// The text; in imports it may contain dots.
    pub name: Name,
    /// Exactly the name.
    pub span: Span,
}

/// A whole source text.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    /// The statements; may be empty.
    pub body: Vec<Stmt>,
    /// What is likely not as meant, in source order.
    pub warnings: Vec<Diagnostic>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// From its first token to its last (decorators included, trailing newline not).
    pub span: Span,
}

/// The forms of statements.
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// `f(x)`
    Expr(Expr),
    /// `a = b, c = value`: targets from left to right.
    Assign {
        /// At least one: Name, Attribute, Subscript, Tuple, List; Starred inside of Tuple and List.
        targets: Vec<Expr>,
        /// What is assigned.
        value: Expr,
    },
    /// `target += value`
    AugAssign {
        /// Name, Attribute or Subscript.
        target: Expr,
        /// Which operator stands before the `=`.
        op: BinOp,
        /// The right side.
        value: Expr,
    },
    /// `target: annotation = value`
    AnnAssign {
        /// Name, Attribute or Subscript.
        target: Expr,
        /// The annotation, never evaluated for its effect on the target.
        annotation: Expr,
        /// Absent in `x: int`.
        value: Option<Expr>,
        /// Whether the target is a plain name without parentheses (only those go to `__annotations__`).
        simple: bool,
    },
    /// `type Name[T] = value`
    TypeAlias {
        /// The alias.
        name: Ident,
        /// Empty without brackets.
        type_params: Vec<TypeParam>,
        /// Evaluated lazily.
        value: Expr,
    },
    /// `return value`
    Return(Option<Expr>),
    /// `del a, b[0]`: Name, Attribute, Subscript, Tuple, List.
    Del(Vec<Expr>),
    /// `pass`
    Pass,
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `raise exc from cause`
    Raise {
        /// Absent in a bare `raise`; then so is `cause`.
        exc: Option<Expr>,
        /// What follows `from`.
        cause: Option<Expr>,
    },
    /// `assert test, msg`
    Assert {
        /// The condition.
        test: Expr,
        /// Evaluated only on failure.
        msg: Option<Expr>,
    },
    /// `global a, b`
    Global(Vec<Ident>),
    /// `nonlocal a, b`
    Nonlocal(Vec<Ident>),
    /// `import a.b as c, d`
    Import(Vec<Alias>),
    /// `from ..module import names`
    ImportFrom {
        /// Absent in `from . import x`; may contain dots.
        module: Option<Ident>,
        /// Number of leading dots.
        level: u32,
        /// What to bind.
        names: ImportNames,
    },
    /// `if`, with every `elif` as a further branch: chains of any length stay flat.
    If {
        /// At least one, in source order.
        branches: Vec<IfBranch>,
        /// Empty without `else`.
        orelse: Block,
    },
    /// `while test: body`
    While {
        /// The condition.
        test: Expr,
        /// The loop.
        body: Block,
        /// Empty without `else`.
        orelse: Block,
    },
    /// `[async] for target in iter: body`
    For {
        /// Whether `async` stands before it.
        is_async: bool,
        /// An assignment target.
        target: Expr,
        /// What is iterated; a Tuple may contain Starred.
        iter: Expr,
        /// The loop.
        body: Block,
        /// Empty without `else`.
        orelse: Block,
    },
    /// `[async] with items: body`
    With {
        /// Whether `async` stands before it.
        is_async: bool,
        /// At least one, entered from left to right.
        items: Vec<WithItem>,
        /// What runs inside.
        body: Block,
    },
    /// `try`: has handlers or a `finally` or both.
    Try {
        /// What is guarded.
        body: Block,
        /// In source order; a handler without type is the last.
        handlers: Vec<ExceptHandler>,
        /// Whether the handlers are `except*`; then each has a type.
        is_star: bool,
        /// Empty without `else`.
        orelse: Block,
        /// Empty without `finally`.
        finally: Block,
    },
    /// `match subject: case ...`
    Match {
        /// What is matched; `match a, b:` gives a Tuple.
        subject: Expr,
        /// At least one.
        cases: Vec<MatchCase>,
    },
    /// `[async] def`
    FunctionDef(Box<FunctionDef>),
    /// `class`
    ClassDef(Box<ClassDef>),
}

/// One `if` or `elif` with its block.
#[derive(Clone, Debug, PartialEq)]
pub struct IfBranch {
    /// The condition.
    pub test: Expr,
    /// What runs if it holds.
    pub body: Block,
    /// From `if` or `elif` to the end of the block.
    pub span: Span,
}

/// `context as target`
#[derive(Clone, Debug, PartialEq)]
pub struct WithItem {
    /// The context manager.
    pub context: Expr,
    /// An assignment target.
    pub target: Option<Expr>,
}

/// `except ty as name: body`
#[derive(Clone, Debug, PartialEq)]
pub struct ExceptHandler {
    /// Absent in a bare `except:`.
    pub ty: Option<Expr>,
    /// Unbound again after the handler.
    pub name: Option<Ident>,
    /// What runs.
    pub body: Block,
    /// From `except` to the end of the block.
    pub span: Span,
}

/// `case pattern if guard: body`
#[derive(Clone, Debug, PartialEq)]
pub struct MatchCase {
    /// What must fit.
    pub pattern: Pattern,
    /// What must hold too.
    pub guard: Option<Expr>,
    /// What runs.
    pub body: Block,
    /// From `case` to the end of the block.
    pub span: Span,
}

/// `[async] def name[type_params](params) -> returns: body`
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionDef {
    /// Whether `async` stands before `def`.
    pub is_async: bool,
    /// Its name.
    pub name: Ident,
    /// From top to bottom; applied from bottom to top.
    pub decorators: Vec<Expr>,
    /// Empty without brackets.
    pub type_params: Vec<TypeParam>,
    /// Its parameters.
    pub params: Params,
    /// The annotation after `->`.
    pub returns: Option<Expr>,
    /// Its statements; a docstring is simply the first of them.
    pub body: Block,
    /// From `def` or `async` to the `:` (what to underline when the function is meant).
    pub header: Span,
}

/// `class name[type_params](args): body`
#[derive(Clone, Debug, PartialEq)]
pub struct ClassDef {
    /// Its name.
    pub name: Ident,
    /// From top to bottom; applied from bottom to top.
    pub decorators: Vec<Expr>,
    /// Empty without brackets.
    pub type_params: Vec<TypeParam>,
    /// Bases and keywords, as in a call.
    pub args: Vec<Arg>,
    /// Its statements; a docstring is simply the first of them.
    pub body: Block,
    /// From `class` to the `:`.
    pub header: Span,
}

/// The parameters of a function or lambda, by kind; names are not checked for duplicates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    /// Before `/`.
    pub posonly: Vec<Param>,
    /// Positional or by keyword.
    pub regular: Vec<Param>,
    /// `*args`
    pub vararg: Option<Box<Param>>,
    /// Behind `*` or `*args`.
    pub kwonly: Vec<Param>,
    /// `**kwargs`
    pub kwarg: Option<Box<Param>>,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Ident,
    /// Never in a lambda; Starred is possible for `*args: *Ts`.
    pub annotation: Option<Expr>,
    /// Evaluated where the function is defined; never for `*args` and `**kwargs`.
    pub default: Option<Expr>,
}

/// A type parameter of PEP 695.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeParam {
    /// Its name.
    pub name: Ident,
    /// Which kind.
    pub kind: TypeParamKind,
    /// What follows `=`.
    pub default: Option<Expr>,
    /// All of it, with its stars.
    pub span: Span,
}

/// The kinds of type parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeParamKind {
    /// `T` or `T: bound`; a Tuple as bound means constraints.
    TypeVar {
        /// What follows the colon.
        bound: Option<Expr>,
    },
    /// `*Ts`
    TypeVarTuple,
    /// `**P`
    ParamSpec,
}

/// `name as asname` in an import.
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// What is imported; may contain dots in `import a.b`.
    pub name: Ident,
    /// What it is bound to, if another name.
    pub asname: Option<Ident>,
}

/// What `from module import` names.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportNames {
    /// `*`, and where it stands.
    Star(Span),
    /// At least one.
    Names(Vec<Alias>),
}

/// A pattern of a `case`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// From its first token to its last.
    pub span: Span,
}

/// The forms of patterns.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    /// `name`
    Capture(Ident),
    /// Compared with `==`: a number (perhaps negated or complex: UnaryOp, BinOp), string, bytes or dotted name.
    Value(Expr),
    /// `None`, `True`, `False`: compared with `is`.
    Singleton(Constant),
    /// `[a, *rest]`, `(a, b)`, `a, b`: at most one Star.
    Sequence(Vec<Pattern>),
    /// `*name` or `*_` (None), only inside of Sequence.
    Star(Option<Ident>),
    /// `{"key": pattern, **rest}`
    Mapping {
        /// Keys are values as in `Value`, or singletons.
        items: Vec<(Expr, Pattern)>,
        /// `**rest`
        rest: Option<Ident>,
    },
    /// `Class(pattern, name=pattern)`
    Class {
        /// A name or dotted name.
        class: Expr,
        /// By `__match_args__`.
        positional: Vec<Pattern>,
        /// By attribute; no name twice.
        keywords: Vec<(Ident, Pattern)>,
    },
    /// `a | b`: at least two; all bind the same names.
    Or(Vec<Pattern>),
    /// `pattern as name`
    As {
        /// What must fit.
        pattern: Box<Pattern>,
        /// What it is bound to.
        name: Ident,
    },
}
