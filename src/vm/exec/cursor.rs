//! Instructions of running code: `Cursor` (where one is) and `Fetched` (the one that runs).
//!
//! The contract under which their functions are safe is written in `frame.rs`.

#![expect(unsafe_code, reason = "the core's wrapper types around verified code")]

use crate::bytecode::{Instr, Op};
use crate::runtime::Gc;
use crate::runtime::code::CodeObj;

/// Where an instruction is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cursor(*const Instr);

impl Cursor {
    /// The first instruction of a code object.
    #[inline(always)]
    pub fn start(code: Gc<'_, CodeObj>) -> Cursor {
        Cursor(code.entry.get())
    }

    /// The instruction with this index.
    #[inline(always)]
    pub fn at(code: Gc<'_, CodeObj>, index: u32) -> Cursor {
        debug_assert!((index as usize) < code.code.instrs.len());
        // SAFETY: indices come from this code's own frames and tables, which the verifier checked.
        Cursor(unsafe { code.entry.get().add(index as usize) })
    }

    /// The instruction here.
    #[inline(always)]
    pub fn fetched(self) -> Fetched {
        Fetched(self.0)
    }

    /// Goes on to the next instruction.
    #[inline(always)]
    pub fn step(&mut self) {
        *self = self.next();
    }

    /// The instruction after this one.
    #[inline(always)]
    pub fn next(self) -> Cursor {
        // SAFETY: verified code ends with a terminator, so the cursor never passes its last instruction: one past it at most.
        Cursor(unsafe { self.0.add(1) })
    }

    /// Takes the last instruction again: a cache has learned what it needs.
    #[inline(always)]
    pub fn retry(&mut self) {
        // SAFETY: contract 3: there is an instruction before this one.
        self.0 = unsafe { self.0.sub(1) };
    }

    /// Goes on after the `Await` that is next (`Vm::is_awaited` has seen it).
    #[inline(always)]
    pub fn skip_await(&mut self) {
        debug_assert!(self.peek().op == Op::Await);
        self.step();
    }

    /// Goes back to the call whose `Await` was taken last. The two stand one after the other: only where they do is the call
    /// entered without a coroutine (`Vm::is_awaited`).
    #[inline(always)]
    pub fn retake_awaited_call(&mut self) {
        debug_assert!(self.previous().op == Op::Await);
        // SAFETY: the two instructions taken last are a call and its `Await`, as said above.
        self.0 = unsafe { self.0.sub(2) };
    }

    /// Moves by as many instructions as the operand of the instruction just taken says.
    #[inline(always)]
    pub fn jump(&mut self, distance: i32) {
        // SAFETY: contract 2: the verifier checked that the target is inside the code.
        self.0 = unsafe { self.0.offset(distance as isize) };
    }

    /// The instruction taken last.
    #[inline(always)]
    pub fn previous(self) -> Instr {
        // SAFETY: contract 3: there is an instruction before this one.
        Fetched(unsafe { self.0.sub(1) }).instr()
    }

    /// The next instruction, not taken yet.
    #[inline(always)]
    pub fn peek(self) -> Instr {
        // Contract 3: there is one.
        Fetched(self.0).instr()
    }

    /// The instruction at a distance from the next one, not taken yet.
    #[inline(always)]
    pub fn at_distance(self, distance: i32) -> Instr {
        let mut target = self;
        target.jump(distance);
        target.peek()
    }

    /// The index of the next instruction in its code.
    #[inline]
    pub fn index(self, code: Gc<'_, CodeObj>) -> u32 {
        let distance = (self.0 as usize).wrapping_sub(code.entry.get() as usize);
        let index = distance / size_of::<Instr>();
        if index <= code.count as usize {
            return index as u32;
        }
        // It was made before trace functions copied the instructions.
        let start = code.code.instrs.as_ptr();
        ((self.0 as usize - start as usize) / size_of::<Instr>()) as u32
    }
}

/// An instruction that the loop has taken, still in place: each operand is read from memory where it is used. (Decoding the
/// word at once costs every instruction the shifts of all four operands.)
#[derive(Clone, Copy)]
pub struct Fetched(*const Instr);

impl Fetched {
    /// The whole instruction, for methods that finish it.
    #[inline(always)]
    pub fn instr(self) -> Instr {
        // SAFETY: made only by a `Cursor` for an instruction of verified code, which its frame keeps alive.
        unsafe { *self.0 }
    }

    /// What to do.
    #[inline(always)]
    pub fn op(self) -> Op {
        // SAFETY: as for `instr`.
        unsafe { (*self.0).op }
    }

    /// First operand.
    #[inline(always)]
    pub fn a(self) -> u8 {
        // SAFETY: as for `instr`.
        unsafe { (*self.0).a }
    }

    /// Second operand.
    #[inline(always)]
    pub fn b(self) -> u8 {
        // SAFETY: as for `instr`.
        unsafe { (*self.0).b }
    }

    /// Third operand.
    #[inline(always)]
    pub fn c(self) -> u8 {
        // SAFETY: as for `instr`.
        unsafe { (*self.0).c }
    }

    /// The wide operand.
    #[inline(always)]
    pub fn d(self) -> i32 {
        // SAFETY: as for `instr`.
        unsafe { (*self.0).d }
    }
}
