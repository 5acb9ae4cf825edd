//! Frame objects: what a program sees of a call, running or over.
//!
//! Running code pays nothing for them: one is made when a program asks, or when an exception leaves a frame. Until then a frame is
//! known by what costs nothing, in the fields that are called "the frame" here and in `traceback`: a *frame reference*, which is
//! a `FrameObject`, a `Coroutine` (its frame), the number of a frame on a stack (`Frame::stamp`), or Undef where it is unknown.
//! `vm/exec/introspect.rs` turns references into objects. While a frame runs its registers are on the stack; at its end they are copied
//! into the object's tail. A coroutine's registers stay where they are.

use std::cell::Cell;

use super::code::CodeObj;
use super::coroutine::Coroutine;
use super::function::Function;
use super::heap::{Fixed, Gc, Heap, Slot, traced};
use super::types::Builtin;
use super::value::Value;

/// A frame.
pub struct FrameObject {
    /// The code that runs.
    code: Fixed<CodeObj>,
    /// The function or coroutine that runs it.
    pub owner: Slot,
    /// Of a frame that is over: a reference to the one that called it.
    pub back: Slot,
    /// `f_trace`; Undef for None.
    pub tracer: Slot,
    /// Of a coroutine: the calls that made it, a tuple of code and instruction each, innermost first; Undef if that is not tracked.
    pub origin: Slot,
    /// Names that user code added to `f_locals`: a dict, or Undef.
    pub extra: Slot,
    /// The number that the frame has on its stack; 0 for a coroutine's.
    pub stamp: u32,
    /// Whether it is on a stack: its registers and instruction are there.
    pub is_live: Cell<bool>,
    /// Of a frame that is over: its last instruction.
    pub ip: Cell<u32>,
    /// How many registers are kept.
    pub nregs: u32,
    /// For trace functions: how far it is.
    pub phase: Cell<Phase>,
    /// The line that `f_lineno` says while a trace function is told of a call; 0: the instruction's.
    pub line: Cell<i64>,
    /// The line that trace functions were told of last, or 0.
    pub last_line: Cell<i64>,
    /// After a jump backwards inside a line: the index where it leads, and one more; else 0.
    pub jumps_to: Cell<u32>,
    /// `f_trace_lines`
    pub trace_lines: Cell<bool>,
    /// `f_trace_opcodes`
    pub trace_opcodes: Cell<bool>,
}

/// How far a frame is, as trace functions are told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// No event happened in it.
    New,
    /// It runs.
    Running,
    /// It is at a `yield`.
    Suspended,
}

traced!(
    FrameObject { code, owner, back, tracer, origin, extra }
    plain { stamp, is_live, ip, nregs, phase, line, last_line, jumps_to, trace_lines, trace_opcodes }
);

impl Heap {
    /// A frame object. `nregs`: how many registers it keeps, `registers` what is in them.
    pub fn frame_object<'h>(
        &'h self,
        code: Gc<'h, CodeObj>,
        owner: Value<'h>,
        stamp: u32,
        nregs: u32,
        registers: impl FnMut(usize) -> Value<'h>,
    ) -> Gc<'h, FrameObject> {
        let fields = FrameObject {
            code: Fixed::new(code),
            owner: Slot::new(owner),
            back: Slot::undef(),
            tracer: Slot::undef(),
            origin: Slot::undef(),
            extra: Slot::undef(),
            stamp,
            is_live: Cell::new(false),
            ip: Cell::new(0),
            nregs,
            phase: Cell::new(Phase::New),
            line: Cell::new(0),
            last_line: Cell::new(0),
            jumps_to: Cell::new(0),
            trace_lines: Cell::new(true),
            trace_opcodes: Cell::new(false),
        };
        self.alloc_tail(fields, self.types.shape_of(Builtin::Frame), registers)
    }

    /// The frame of a coroutine. The coroutine runs a copy of its function from then on, which no program sees and which keeps the frame.
    pub fn coroutine_frame<'h>(
        &'h self,
        coroutine: Gc<'h, Coroutine>,
    ) -> Option<Gc<'h, FrameObject>> {
        let function: Gc<'h, Function> = coroutine.get().function.get(self).as_gc()?;
        if let Some(known) = function.get().attrs.get(self).as_gc() {
            return Some(known);
        }
        let made = self.frame_object(function.code(self), coroutine.value(), 0, 0, |_| {
            Value::UNDEF
        });
        let copy = function.private_copy(self);
        copy.attrs.set(made.value());
        coroutine.function.set(copy.value());
        Some(made)
    }
}

impl<'h> Gc<'h, FrameObject> {
    /// The code that runs.
    pub fn code(self, heap: &'h Heap) -> Gc<'h, CodeObj> {
        self.get().code.get(heap)
    }

    /// The coroutine whose frame it is.
    pub fn coroutine(self, heap: &'h Heap) -> Option<Gc<'h, Coroutine>> {
        self.get().owner.get(heap).as_gc()
    }

    /// The function that runs.
    pub fn function(self, heap: &'h Heap) -> Option<Gc<'h, Function>> {
        match self.coroutine(heap) {
            Some(coroutine) => coroutine.get().function.get(heap).as_gc(),
            None => self.get().owner.get(heap).as_gc(),
        }
    }
}
