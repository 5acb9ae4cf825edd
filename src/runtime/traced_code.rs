//! Code that a trace or profile function looks at: a copy of its instructions in which `Traced` stands where there may be an event.
//!
//! `sys.settrace` and `sys.setprofile` cost nothing until they are called: then `vm/exec/tracing.rs` arms each code object, and all that
//! are made later are armed at once (`Heap::traced_events`). A copy differs from the code in operations only, never in operands
//! or length, so an instruction's index means the same in both. Without a function the operations of the code stand in the copy again;
//! the copy itself stays, since frames may be in it.

use std::cell::Cell;

use super::code::CodeObj;
use super::heap::traced;
use crate::bytecode::{Code, Instr, Op, Wide};

/// Kinds of places where there may be an event; a set of them is one byte.
pub mod place {
    /// The first instruction.
    pub const ENTRY: u8 = 1;
    /// The instruction after a `yield`.
    pub const RESUME: u8 = 2;
    /// Perhaps the first of a line: its span is another one, or jumps lead here.
    pub const LINE: u8 = 4;
    /// A return.
    pub const RETURN: u8 = 8;
    /// A `yield`.
    pub const YIELD: u8 = 16;
    /// A jump backwards.
    pub const BACK: u8 = 32;
    /// A call, for profile functions.
    pub const CALL: u8 = 64;
    /// The instruction after a call, for profile functions.
    pub const CALLED: u8 = 128;

    /// What a trace function is told of.
    pub const TRACE: u8 = ENTRY | RESUME | LINE | RETURN | YIELD | BACK;
    /// What a profile function is told of.
    pub const PROFILE: u8 = ENTRY | RESUME | RETURN | YIELD | CALL | CALLED;
}

/// The copy of a code's instructions.
pub struct TracedCode {
    instrs: Box<[Cell<Instr>]>,
    /// What each instruction is, a set of `place`.
    places: Box<[u8]>,
    /// The kinds of places where `Traced` stands.
    armed: Cell<u8>,
}

traced!(plain TracedCode);

impl TracedCode {
    fn new(code: &Code) -> TracedCode {
        TracedCode {
            instrs: code.instrs.iter().copied().map(Cell::new).collect(),
            places: places_of(code),
            armed: Cell::new(0),
        }
    }

    /// Has `Traced` stand at these kinds of places and nowhere else.
    fn arm(&self, code: &Code, events: u8) {
        self.armed.set(events);
        for index in 0..self.instrs.len() {
            self.set(code, index, self.places[index] & events != 0);
        }
    }

    fn set(&self, code: &Code, index: usize, traced: bool) {
        let instr = code.instrs[index];
        let op = if traced { Op::Traced } else { instr.op };
        self.instrs[index].set(Instr { op, ..instr });
    }
}

impl CodeObj {
    /// Has events happen at these kinds of places from now on, a set of `place`.
    pub fn arm(&self, events: u8) {
        if self.is_stub() || events == 0 && self.traced.get().is_none() {
            return;
        }
        let traced = self.traced.get_or_init(|| TracedCode::new(&self.code));
        traced.arm(&self.code, events);
        self.entry.set(traced.instrs.as_ptr().cast());
    }

    /// Has an instruction be done the next time without an event: the event has happened.
    pub fn pass_event(&self, index: u32) {
        if let Some(traced) = self.traced.get() {
            traced.set(&self.code, index as usize, false);
        }
    }

    /// Has an event happen at an instruction again.
    pub fn renew_event(&self, index: u32) {
        if let Some(traced) = self.traced.get() {
            let index = index as usize;
            let armed = traced.places[index] & traced.armed.get() != 0;
            traced.set(&self.code, index, armed);
        }
    }

    /// What an instruction is, a set of `place`.
    pub fn places_at(&self, index: u32) -> u8 {
        let traced = self.traced.get();
        traced.map_or(0, |traced| traced.places[index as usize])
    }
}

fn places_of(code: &Code) -> Box<[u8]> {
    let mut places = vec![0; code.instrs.len()];
    let mut mark = |index: usize, kind: u8| {
        if let Some(places) = places.get_mut(index) {
            *places |= kind;
        }
    };
    mark(0, place::ENTRY | place::LINE);
    for (at, _) in &code.spans {
        mark(*at as usize, place::LINE);
    }
    for handler in &code.handlers {
        mark(handler.target as usize, place::LINE);
    }
    for (index, instr) in code.instrs.iter().enumerate() {
        match instr.op {
            Op::Ret | Op::RetCoro => mark(index, place::RETURN),
            Op::Yield => {
                mark(index, place::YIELD);
                mark(index + 1, place::RESUME);
            }
            op if is_call(op) => {
                mark(index, place::CALL);
                mark(index + 1, place::CALLED);
            }
            _ => {}
        }
        if instr.op.info().wide == Wide::Jump {
            let target = index as i64 + 1 + i64::from(instr.d);
            mark(usize::try_from(target).unwrap_or(usize::MAX), place::LINE);
            if instr.d < 0 {
                mark(index, place::BACK);
            }
        }
    }
    // Calls look whether these are next.
    for (index, instr) in code.instrs.iter().enumerate().skip(1) {
        let follows = |op| matches!(op, Op::GetANext | Op::CallSpecial) || is_call(op);
        if matches!(instr.op, Op::Await | Op::GetIter) && follows(code.instrs[index - 1].op) {
            places[index] = 0;
        }
    }
    places.into()
}

fn is_call(op: Op) -> bool {
    use Op::{Call, CallEx, CallFound, CallKw, CallMethod};
    matches!(op, Call | CallMethod | CallFound | CallKw | CallEx)
}
