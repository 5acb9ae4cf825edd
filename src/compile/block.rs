//! Blocks: what surrounds the statement that is being emitted, and what leaving it early takes.
//!
//! Data only; `unwind.rs` opens and closes the regions and emits the ways out. A new kind of guarded statement needs a `BlockKind`
//! and its arm in `unwind.rs`.

use crate::bytecode::{Label, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{Name, Stmt};

/// Something that surrounds the current statement.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    pub kind: BlockKind<'a>,
    pub region: Option<Region>,
}

/// The kinds of blocks: each says how the code leaves it early.
#[derive(Clone, Debug)]
pub(super) enum BlockKind<'a> {
    /// A loop: nothing, but `break` and `continue` lead somewhere.
    Loop { exit: Label, next: Label },
    /// A loop over a generator that only the loop refers to, in a register: it is closed.
    Owner { iterator: Reg, span: Span },
    /// The body of a `try` with handlers, or a handler: nothing.
    Plain,
    /// `finally` runs.
    Finally(&'a [Stmt]),
    /// The context manager in a register exits.
    With {
        manager: Reg,
        is_async: bool,
        span: Span,
    },
    /// The name that an `except` clause has bound is unbound.
    Named { name: &'a Name, span: Span },
}

/// A range of the exception table that is being emitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    pub start: u32,
    pub kind: RegionKind,
}

/// What a range does.
#[derive(Clone, Copy, Debug)]
pub(super) enum RegionKind {
    /// Exceptions go to a handler, in a register.
    Guarded(Label, Reg),
    /// The exception in a register is being handled.
    Handling(Reg),
}
