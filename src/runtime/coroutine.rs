//! Coroutines, generators, async generators, and awaitables written in Rust: one kind of object.
//!
//! A coroutine owns its registers (its tail) and runs in place. While it awaits another one, the two are linked: `delegate` points
//! down, `parent` up. The coroutine that something outside resumes (a task, `next()`, `send()`) is the root of such a chain and
//! remembers its `innermost`, so that resuming costs the same at any depth.

#![expect(unsafe_code, reason = "trusts that what runs code has a function")]

use std::cell::Cell;

use super::code::CodeObj;
use super::function::Function;
use super::heap::{Gc, Heap, Slot, traced};
use super::value::Value;

/// What runs when it is resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoroutineKind {
    /// `async def`.
    Coroutine,
    /// A function with `yield`.
    Generator,
    /// `async def` with `yield`.
    AsyncGenerator,
    /// A state machine in Rust: `native` is its row in the VM's table, `step` its state, the registers its variables.
    Native,
    /// One step of an async generator, as `__anext__`, `asend` or `athrow` return it.
    AsyncStep,
    /// What `__await__()` of a coroutine returns: an iterator that drives the coroutine in its one register.
    Wrapper,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoroutineState {
    /// Never resumed.
    Created,
    /// Between two resumptions.
    Suspended,
    /// Running now, or waiting for its delegate to return.
    Running,
    /// Returned or raised.
    Done,
}

/// A coroutine.
pub struct Coroutine {
    /// What it is.
    pub kind: CoroutineKind,
    /// How far it is.
    pub state: Cell<CoroutineState>,
    /// Size of the register window.
    pub nregs: u16,
    /// The next instruction, by index; for a native, its own state number.
    pub ip: Cell<u32>,
    /// For a native: its row in the VM's table.
    pub native: u16,
    /// How many coroutines await it, one through the other.
    pub depth: Cell<u32>,
    /// The function that it runs; for a native, Undef.
    pub function: Slot,
    /// Who awaits it, if a coroutine does.
    pub parent: Slot,
    /// What it awaits: a coroutine linked to it, or any other awaitable's iterator.
    pub delegate: Slot,
    /// For a root: the end of the chain of delegates; else Undef.
    pub innermost: Slot,
}

traced!(
    Coroutine { function, parent, delegate, innermost }
    plain { kind, state, nregs, ip, native, depth }
);

impl Coroutine {
    /// Whether it runs a program's code, and not Rust.
    #[inline(always)]
    pub fn runs_code(&self) -> bool {
        !matches!(
            self.kind,
            CoroutineKind::Native | CoroutineKind::AsyncStep | CoroutineKind::Wrapper
        )
    }

    /// A coroutine that was not resumed yet. `native`: the row of a native one, else 0.
    pub fn new(kind: CoroutineKind, nregs: u16, function: Value<'_>, native: u16) -> Coroutine {
        Coroutine {
            kind,
            state: Cell::new(CoroutineState::Created),
            nregs,
            ip: Cell::new(0),
            native,
            depth: Cell::new(0),
            function: Slot::new(function),
            parent: Slot::undef(),
            delegate: Slot::undef(),
            innermost: Slot::undef(),
        }
    }
}

impl<'h> Gc<'h, Coroutine> {
    /// The code that it runs; a native has none.
    #[inline]
    pub fn code(self, heap: &'h Heap) -> Option<Gc<'h, CodeObj>> {
        let function: Gc<'h, Function> = self.get().function.get(heap).as_gc()?;
        Some(function.code(heap))
    }

    /// The code of one that `runs_code`.
    #[inline(always)]
    pub fn running_code(self, heap: &'h Heap) -> Gc<'h, CodeObj> {
        debug_assert!(self.runs_code());
        // SAFETY: those that run code are made by `Vm` around a function, and `function` never changes.
        let function = unsafe { self.get().function.trusted::<Function>(heap) };
        // Making the coroutine loaded it.
        function.code_or_stub(heap)
    }
}

const _: () = assert!(size_of::<Coroutine>() == 48);
