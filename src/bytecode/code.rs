//! What a compiled function is: instructions and plain data, immutable, independent of any heap.
//!
//! A `Code` is made only by `verify` from a `Builder`'s draft, so every jump, register, constant and cache index in it
//! is in range and its last instruction is a terminator: this is what lets the VM's cursor and window skip checks.
//! Its fields are private to the crate's bytecode layer for writing: `Code` derefs to a read-only `Draft`.

use std::cell::OnceCell;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use num_bigint::BigInt;

use super::op::{Instr, Op, Reg};
use crate::diagnostics::span::Span;

/// A verified function, module body or class body. The code of a module of the library is read and verified when somebody first
/// looks into it.
pub struct Code {
    draft: OnceCell<Draft>,
    unread: Option<Box<dyn Unread>>,
}

/// Code that nobody has looked into yet, and what is known of it before.
pub(super) trait Unread {
    /// The facts that making its function needs.
    fn head(&self) -> Head<'_>;

    /// Its docstring.
    fn doc(&self) -> Option<Rc<str>>;

    /// As `Code::stored_in_self`.
    fn stored_in_self(&self) -> Vec<Rc<str>>;

    /// As `Code::is_library`.
    fn is_library(&self) -> bool;

    /// All of it.
    fn read(&self) -> Draft;
}

/// In the place of an instruction's index: the header of the definition.
pub const HEADER: u32 = u32::MAX;

/// The facts about a code object that making its function needs: known before the code is read.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    /// The bare name.
    pub name: &'a Rc<str>,
    /// The dotted name.
    pub qualname: &'a Rc<str>,
    /// Where its cells come from.
    pub captures: &'a [Capture],
}

/// A place that the user gave to a code object: the texts of tracebacks name it instead of the true one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToldPlace {
    /// The file's name; unset: the true one.
    pub file: Option<Rc<str>>,
    /// A number that is added to the number of each line.
    pub lines: i64,
}

/// What a `Code` is made from: the same data before verification.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The bare name (`<module>`, `<lambda>`, `<listcomp>` for what has none).
    pub name: Rc<str>,
    /// The dotted name from the module down (`C.method.<locals>.inner`).
    pub qualname: Rc<str>,
    /// Which file the spans point into: the number the source map gave it.
    pub file: u32,
    /// The file and line that `code.replace` put in the place of the true ones.
    pub told: Option<Box<ToldPlace>>,
    /// The header of the definition.
    pub span: Span,
    /// Where the definition begins: at its first decorator, if it has one.
    pub begin: u32,
    /// What a call makes: a result, a coroutine, a generator.
    pub kind: CodeKind,
    /// The parameters; their registers are the first ones, in this order: positional, keyword-only, *args, **kwargs.
    pub params: Params,
    /// Size of the register window.
    pub nregs: u16,
    /// The instructions; the last is a terminator.
    pub instrs: Box<[Instr]>,
    /// Constants, plain data.
    pub consts: Box<[Const]>,
    /// For each inline cache the constant (a string) that names the attribute.
    pub caches: Box<[u32]>,
    /// The exception table, inner handlers before outer ones.
    pub handlers: Box<[Handler]>,
    /// Where, while a handler's body runs, the handled exception is found; inner before outer.
    pub handling: Box<[Handling]>,
    /// Where the cells of a new function of this code come from, in the enclosing frame.
    pub captures: Box<[Capture]>,
    /// The names of the captured cells.
    pub free_names: Box<[Rc<str>]>,
    /// The names of locals that have registers, for messages and listings.
    pub locals: Box<[(Rc<str>, Reg)]>,
    /// Sorted by instruction: from this instruction on, this span. Of several rows for one instruction the last counts; the others
    /// are statements without instructions of their own.
    pub spans: Box<[(u32, Span)]>,
    /// The docstring, if the body begins with one.
    pub doc: Option<Rc<str>>,
    /// How many global slots the module must have before this code runs.
    pub nglobals: u32,
    /// Whether it names a builtin that shows its variables: then none may hold what an earlier frame left there.
    pub shows_locals: bool,
    /// How its annotations are read; texts that it compiles inherit that.
    pub annotations: Annotations,
}

/// How annotations are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Annotations {
    /// The values of their expressions.
    #[default]
    Values,
    /// The texts of their expressions: `from __future__ import annotations`.
    Texts,
}

/// Whether `await` may be outside of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TopLevelAwait {
    /// It is a SyntaxError.
    Refused,
    /// Running the code makes a coroutine.
    Allowed,
}

/// What running the code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// A plain function (also a lambda or a comprehension's body).
    Function,
    /// `async def` without `yield`: a call makes a coroutine.
    Coroutine,
    /// A function with `yield`, or a generator expression.
    Generator,
    /// `async def` with `yield`.
    AsyncGenerator,
    /// A module body.
    Module,
    /// A module body that awaits at top level: run as a coroutine, ends with `RetCoro`.
    AsyncModule,
    /// A module body whose names are in a mapping, as `exec` with locals of its own runs it: register 0 holds the mapping.
    Mapped,
    /// A class body: register 0 holds the namespace; returns the `__class__` cell or None.
    Class,
}

impl CodeKind {
    /// Whether a call makes an object that owns its registers, instead of running at once.
    pub fn suspends(self) -> bool {
        matches!(
            self,
            CodeKind::Coroutine
                | CodeKind::Generator
                | CodeKind::AsyncGenerator
                | CodeKind::AsyncModule
        )
    }

    /// Whether register 0 holds the mapping that names are bound in.
    pub fn has_namespace(self) -> bool {
        matches!(self, CodeKind::Class | CodeKind::Mapped)
    }

    /// Whether it is the body of a module.
    pub fn is_module(self) -> bool {
        matches!(
            self,
            CodeKind::Module | CodeKind::AsyncModule | CodeKind::Mapped
        )
    }
}

/// The parameters of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    /// Names in register order.
    pub names: Vec<Rc<str>>,
    /// How many are positional-only.
    pub posonly: u16,
    /// How many may be given by position (positional-only included).
    pub positional: u16,
    /// How many are keyword-only.
    pub kwonly: u16,
    /// Whether `*args` exists; its register follows the keyword-only ones.
    pub varargs: bool,
    /// Whether `**kwargs` exists; its register is the last.
    pub varkw: bool,
}

/// Most parameters that a function finds in registers.
pub const MOST_IN_REGISTERS: usize = 150;

impl Params {
    /// Number of parameters.
    pub fn count(&self) -> usize {
        usize::from(self.positional + self.kwonly)
            + usize::from(self.varargs)
            + usize::from(self.varkw)
    }

    /// Whether a call with exactly `positional` plain arguments needs no binding at all.
    pub fn is_simple(&self) -> bool {
        self.kwonly == 0 && !self.varargs && !self.varkw && !self.are_boxed()
    }

    /// Whether there are too many for registers: then register 0 holds a spill area with all of them.
    pub fn are_boxed(&self) -> bool {
        self.count() > MOST_IN_REGISTERS
    }

    /// Number of registers that the parameters occupy.
    pub fn registers(&self) -> usize {
        if self.are_boxed() { 1 } else { self.count() }
    }
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// `...`.
    Ellipsis,
    /// An integer of 64 bits.
    Int(i64),
    /// A larger integer.
    BigInt(BigInt),
    /// A float; pooled by bits.
    Float(f64),
    /// A complex number.
    Complex(f64, f64),
    /// A string.
    Str(Rc<str>),
    /// Bytes.
    Bytes(Rc<[u8]>),
    /// A tuple of constants.
    Tuple(Vec<Const>),
    /// A frozenset of constants (`x in {1, 2}`).
    FrozenSet(Vec<Const>),
    /// The code of a nested function.
    Code(Rc<Code>),
}

/// One row of the exception table: an exception raised in `start..end` goes to `target` with the exception in `reg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    /// First instruction covered.
    pub start: u32,
    /// One past the last instruction covered.
    pub end: u32,
    /// Where the handler begins.
    pub target: u32,
    /// The register that receives the exception.
    pub reg: Reg,
}

/// While an instruction in `start..end` runs, the exception in `reg` is being handled: bare `raise` raises it, new
/// exceptions get it as `__context__`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handling {
    /// First instruction of the handler's body.
    pub start: u32,
    /// One past its last instruction.
    pub end: u32,
    /// The register that holds the exception.
    pub reg: Reg,
}

/// Where a captured cell comes from when the function is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// A register of the enclosing frame, which holds a cell.
    Local(Reg),
    /// A cell of the enclosing function's own closure.
    Free(u16),
    /// A slot of the spill area in a register of the enclosing frame, which holds a cell.
    Spilled {
        /// The register of the spill area.
        area: Reg,
        /// The slot.
        slot: u32,
    },
}

impl Code {
    /// Wraps what `verify` has checked.
    pub(super) fn trusted(draft: Draft) -> Code {
        Code {
            draft: OnceCell::from(draft),
            unread: None,
        }
    }

    /// Code that is in an image.
    pub(super) fn unread(unread: impl Unread + 'static) -> Code {
        Code {
            draft: OnceCell::new(),
            unread: Some(Box::new(unread)),
        }
    }

    /// Whether it is the library's own code, which is built into the program.
    #[inline]
    pub fn is_library(&self) -> bool {
        self.unread
            .as_ref()
            .is_some_and(|unread| unread.is_library())
    }

    /// Whether nobody has looked into it yet.
    pub fn is_unread(&self) -> bool {
        self.draft.get().is_none()
    }

    /// The facts that making a function needs; does not read the code.
    pub fn head(&self) -> Head<'_> {
        match &self.unread {
            Some(unread) => unread.head(),
            None => Head {
                name: &self.name,
                qualname: &self.qualname,
                captures: &self.captures,
            },
        }
    }

    /// The docstring, if there is one; does not read the code.
    pub fn docstring(&self) -> Option<Rc<str>> {
        match &self.unread {
            Some(unread) => unread.doc(),
            None => self.doc.clone(),
        }
    }

    /// The names of the attributes that a method stores in its `self`; does not read the code.
    pub fn stored_in_self(&self) -> Vec<Rc<str>> {
        match &self.unread {
            Some(unread) => unread.stored_in_self(),
            None => self.find_stored_in_self(),
        }
    }

    /// The draft that it was made from.
    pub(super) fn into_draft(self) -> Draft {
        let Code { draft, unread } = self;
        draft
            .into_inner()
            .unwrap_or_else(|| read(unread.as_deref()))
    }
}

#[cold]
fn read(unread: Option<&dyn Unread>) -> Draft {
    unread.expect("what has no draft is in an image").read()
}

impl PartialEq for Code {
    fn eq(&self, other: &Code) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Code").field(&**self).finish()
    }
}

impl Deref for Code {
    type Target = Draft;

    #[inline]
    fn deref(&self) -> &Draft {
        self.draft.get_or_init(|| read(self.unread.as_deref()))
    }
}

impl Draft {
    /// The names of the attributes that its instructions store in `self`, if that is its first parameter.
    pub(super) fn find_stored_in_self(&self) -> Vec<Rc<str>> {
        let mut found: Vec<Rc<str>> = Vec::new();
        if self
            .params
            .names
            .first()
            .is_none_or(|first| &**first != "self")
        {
            return found;
        }
        let stores = self
            .instrs
            .iter()
            .filter(|i| i.op == Op::SetAttr && i.a == 0);
        for store in stores {
            let name = self.caches.get(store.d as usize);
            let name = name.and_then(|&name| self.consts.get(name as usize));
            if let Some(Const::Str(name)) = name
                && !found.contains(name)
            {
                found.push(Rc::clone(name));
            }
        }
        found
    }

    /// The span of the instruction at `ip`; of `HEADER` the header of the definition.
    pub fn span_at(&self, ip: u32) -> Span {
        if ip == HEADER {
            return self.span;
        }
        let i = self.spans.partition_point(|&(at, _)| at <= ip);
        if i == 0 {
            self.span
        } else {
            self.spans[i - 1].1
        }
    }

    /// The spans of the statements without instructions of their own that begin at `ip`.
    pub fn marks_at(&self, ip: u32) -> impl Iterator<Item = Span> {
        let rows = self.spans.partition_point(|&(at, _)| at < ip)..self.spans.len();
        let mut rows = self.spans[rows]
            .iter()
            .take_while(move |row| row.0 == ip)
            .peekable();
        std::iter::from_fn(move || {
            let row = rows.next()?;
            rows.peek().map(|_| row.1)
        })
    }

    /// The handler for an exception raised by the instruction at `ip`: the first row that covers it.
    pub fn handler_at(&self, ip: u32) -> Option<&Handler> {
        self.handlers
            .iter()
            .find(|h| (h.start..h.end).contains(&ip))
    }

    /// The register with the exception that is being handled at `ip`.
    pub fn handling_at(&self, ip: u32) -> Option<Reg> {
        self.handling
            .iter()
            .find(|h| (h.start..h.end).contains(&ip))
            .map(|h| h.reg)
    }
}
