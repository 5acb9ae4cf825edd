//! Frames, and the three wrappers through which the loop touches raw memory: `Cursor` (instructions), `Window` (registers),
//! `Stack` (one thread's registers and frames).
//!
//! Contract: a `Cursor` and a `Window` are made only for verified code (`bytecode/verify.rs`): jumps stay inside it, operands
//! below its `nregs`. Debug builds check all the same. A callee's window begins at its arguments in the caller's
//! window, so calls copy nothing. Registers above the top frame are dead; `trace` clears them, calls do not: what a new window
//! finds in them was written after the last collection and is therefore still valid.

#![expect(
    unsafe_code,
    reason = "the core's wrapper types around verified code and its registers"
)]

use crate::bytecode::Instr;
use crate::runtime::code::{CodeObj, CodePtr};
use crate::runtime::coroutine::Coroutine;
use crate::runtime::function::Function;
use crate::runtime::heap::{Trace, Tracer};
use crate::runtime::{Gc, Heap, Slot, Value};

/// Where the next instruction is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cursor(*const Instr);

impl Cursor {
    /// The first instruction of a code object.
    #[inline(always)]
    pub fn start(code: Gc<'_, CodeObj>) -> Cursor {
        Cursor(code.entry)
    }

    /// The instruction with this index.
    #[inline(always)]
    pub fn at(code: Gc<'_, CodeObj>, index: u32) -> Cursor {
        debug_assert!((index as usize) < code.code.instrs.len());
        // SAFETY: indices come from this code's own frames and tables, which the verifier checked.
        Cursor(unsafe { code.entry.add(index as usize) })
    }

    /// Takes the next instruction.
    #[inline(always)]
    pub fn fetch(&mut self) -> Instr {
        // SAFETY: verified code ends with a terminator, so the cursor never passes its last instruction.
        let instr = unsafe { *self.0 };
        // SAFETY: one past the last instruction at most.
        self.0 = unsafe { self.0.add(1) };
        instr
    }

    /// Jumps, relative to the next instruction.
    #[inline(always)]
    pub fn jump(&mut self, distance: i32) {
        // SAFETY: the verifier checked that the target is inside the code.
        self.0 = unsafe { self.0.offset(distance as isize) };
    }

    /// The instruction taken last.
    #[inline(always)]
    pub fn previous(self) -> Instr {
        // SAFETY: only asked of frames that have taken an instruction.
        unsafe { *self.0.sub(1) }
    }

    /// The index of the next instruction in its code.
    #[inline]
    pub fn index(self, code: Gc<'_, CodeObj>) -> u32 {
        // SAFETY: the cursor points into this code.
        unsafe { self.0.offset_from(code.entry) as u32 }
    }
}

/// The registers of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Window(*const Slot);

impl Window {
    /// The registers of a coroutine.
    #[inline(always)]
    pub fn of_coroutine(coroutine: Gc<'_, Coroutine>) -> Window {
        Window(coroutine.tail().as_ptr())
    }

    /// A register's value.
    #[inline(always)]
    pub fn get<'h>(self, heap: &'h Heap, reg: u8) -> Value<'h> {
        self.slot(reg as usize).get(heap)
    }

    /// Changes a register.
    #[inline(always)]
    pub fn set(self, reg: u8, value: Value<'_>) {
        self.slot(reg as usize).set(value);
    }

    /// The register at an index that the verifier or the frame's code vouches for.
    #[inline(always)]
    pub fn slot<'a>(self, reg: usize) -> &'a Slot {
        // SAFETY: below the window's `nregs` by verification; stack and coroutines outlive the frame that the window belongs to.
        unsafe { &*self.0.add(reg) }
    }

    /// `count` registers from `first` on.
    #[inline(always)]
    pub fn slots<'a>(self, first: usize, count: usize) -> &'a [Slot] {
        // SAFETY: as for `slot`, for each of them.
        unsafe { std::slice::from_raw_parts(self.0.add(first), count) }
    }

    /// The window of a callee whose first argument is register `reg`.
    #[inline(always)]
    pub fn from(self, reg: usize) -> Window {
        // SAFETY: inside the caller's window, or right behind it.
        Window(unsafe { self.0.add(reg) })
    }
}

/// Bits of `Frame::flags`.
pub mod frame_flag {
    /// Its end returns to Rust.
    pub const BOUNDARY: u32 = 1;
    /// It runs a coroutine: `owner` is the coroutine, `extra` the root of its chain.
    pub const COROUTINE: u32 = 2;
    /// It runs `__init__`: the call's result is `extra`, the instance.
    pub const INIT: u32 = 4;
    /// It runs a generator for a `ForIter`.
    pub const FOR_ITER: u32 = 8;
}

/// One running function.
#[repr(C)]
pub struct Frame {
    /// The next instruction; current only while another frame runs or a slow path does.
    pub ip: Cursor,
    /// Its registers.
    pub window: Window,
    /// Its code.
    pub code: CodePtr,
    /// The function or coroutine that runs.
    pub owner: Slot,
    /// See `frame_flag`.
    pub extra: Slot,
    /// See `frame_flag`.
    pub flags: u32,
}

impl Frame {
    /// A frame at the start of a code object.
    #[inline(always)]
    pub fn new(code: Gc<'_, CodeObj>, window: Window, owner: Value<'_>, flags: u32) -> Frame {
        Frame {
            ip: Cursor::start(code),
            window,
            code: CodePtr::new(code),
            owner: Slot::new(owner),
            extra: Slot::undef(),
            flags,
        }
    }

    /// Its code.
    #[inline(always)]
    pub fn code<'h>(&self, heap: &'h Heap) -> Gc<'h, CodeObj> {
        self.code.get(heap)
    }

    /// The frame now runs another coroutine of the same chain.
    pub fn switch(&mut self, code: Gc<'_, CodeObj>, coroutine: Gc<'_, Coroutine>) {
        self.ip = Cursor::at(code, coroutine.ip.get());
        self.window = Window::of_coroutine(coroutine);
        self.code = CodePtr::new(code);
        self.owner.set(coroutine.value());
    }

    /// The index of the next instruction.
    pub fn index(&self, heap: &Heap) -> u32 {
        self.ip.index(self.code(heap))
    }

    /// The closure's cells: of the function, or of the function that the coroutine runs.
    #[inline]
    pub fn function<'h>(&self, heap: &'h Heap) -> Gc<'h, Function> {
        let owner = self.owner.get(heap);
        match owner.as_gc::<Function>() {
            Some(function) => function,
            None => owner
                .as_gc::<Coroutine>()
                .expect("a frame's owner is a function or a coroutine")
                .function
                .expect(heap),
        }
    }
}

/// How many registers `soft_end` is kept ahead of what is live.
const STRIDE: usize = 4096;

/// The registers and frames of one thread of execution (the main program, or a green thread).
pub struct Stack {
    /// Zeroed, hence lazily backed by memory; zero bits are the float 0.0, a valid value.
    registers: Box<[u64]>,
    /// Registers from here on were not used since the last collection.
    soft_end: usize,
    frames: Vec<Frame>,
    limit: usize,
}

impl Stack {
    /// A stack for at most `limit` frames.
    pub fn new(limit: usize, registers: usize) -> Stack {
        Stack {
            registers: zeroed(registers),
            soft_end: STRIDE.min(registers),
            frames: Vec::with_capacity(16),
            limit,
        }
    }

    /// Changes how many frames there may be.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// How many frames there may be.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Number of frames.
    #[inline(always)]
    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    /// The running frame.
    #[inline(always)]
    pub fn top(&self) -> &Frame {
        debug_assert!(!self.frames.is_empty());
        // SAFETY: the loop runs only while there is a frame.
        unsafe { self.frames.get_unchecked(self.frames.len() - 1) }
    }

    /// The running frame.
    #[inline(always)]
    pub fn top_mut(&mut self) -> &mut Frame {
        debug_assert!(!self.frames.is_empty());
        let last = self.frames.len() - 1;
        // SAFETY: the loop runs only while there is a frame.
        unsafe { self.frames.get_unchecked_mut(last) }
    }

    /// The frames, outermost first.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Whether a frame with this window of `nregs` registers can be pushed right now: the window lies on this stack (a
    /// coroutine's does not) and there is room for it and for the frame.
    #[inline(always)]
    pub fn has_room(&self, window: Window, nregs: u32) -> bool {
        let offset = (window.0 as usize).wrapping_sub(self.registers.as_ptr() as usize);
        offset.saturating_add(nregs as usize * 8) <= self.soft_end * 8
            && self.frames.len() < self.limit.min(self.frames.capacity())
    }

    /// Pushes a frame for which `has_room` said yes.
    #[inline(always)]
    pub fn push(&mut self, frame: Frame) {
        debug_assert!(self.frames.len() < self.frames.capacity());
        let depth = self.frames.len();
        // SAFETY: `has_room` or `reserve` saw to the capacity.
        unsafe {
            self.frames.as_mut_ptr().add(depth).write(frame);
            self.frames.set_len(depth + 1);
        }
    }

    /// Removes the top frame.
    #[inline(always)]
    pub fn pop(&mut self) -> Frame {
        debug_assert!(!self.frames.is_empty());
        let depth = self.frames.len() - 1;
        // SAFETY: the loop pops only what was pushed.
        unsafe {
            self.frames.set_len(depth);
            self.frames.as_ptr().add(depth).read()
        }
    }

    /// The first register above everything live.
    pub fn free_window(&self, heap: &Heap) -> Window {
        Window(self.registers[self.free_offset(heap)..].as_ptr().cast())
    }

    fn free_offset(&self, heap: &Heap) -> usize {
        for frame in self.frames.iter().rev() {
            let offset =
                (frame.window.0 as usize).wrapping_sub(self.registers.as_ptr() as usize) / 8;
            if offset < self.registers.len() && frame.flags & frame_flag::COROUTINE == 0 {
                return offset + frame.code(heap).nregs as usize;
            }
        }
        0
    }

    /// Makes room for one more frame with `nregs` registers above everything live; windows may move. False: too deep.
    #[cold]
    pub fn reserve(&mut self, heap: &Heap, nregs: u32) -> bool {
        if self.frames.len() >= self.limit {
            return false;
        }
        self.frames.reserve(1);
        let needed = self.free_offset(heap) + nregs as usize + 256;
        if needed > self.registers.len() {
            self.relocate(needed.max(self.registers.len() * 2));
        }
        self.soft_end = self.soft_end.max(needed + STRIDE).min(self.registers.len());
        true
    }

    /// Moves all registers to a larger block and sets the frames' windows right.
    fn relocate(&mut self, size: usize) {
        let old_start = self.registers.as_ptr() as usize;
        let old_bytes = self.registers.len() * 8;
        let mut registers = zeroed(size);
        registers[..self.soft_end].copy_from_slice(&self.registers[..self.soft_end]);
        for frame in &mut self.frames {
            let offset = (frame.window.0 as usize).wrapping_sub(old_start);
            if offset < old_bytes {
                frame.window = Window(registers[offset / 8..].as_ptr().cast());
            }
        }
        self.registers = registers;
    }

    /// Reports what is live and clears what is not.
    pub fn trace_live(&mut self, heap: &Heap, tracer: &mut Tracer<'_>) {
        let live = self.free_offset(heap);
        for register in &self.registers[..live] {
            // SAFETY: `Slot` is a transparent cell around a `u64`.
            tracer.slot(unsafe { &*std::ptr::from_ref(register).cast::<Slot>() });
        }
        self.registers[live..self.soft_end].fill(0);
        self.soft_end = (live + STRIDE).min(self.registers.len());
        self.frames.shrink_to(self.frames.len() + 16);
        self.trace(tracer);
    }
}

impl Trace for Stack {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        for frame in &self.frames {
            tracer.slot(&frame.owner);
            tracer.slot(&frame.extra);
        }
    }
}

/// Memory that the system hands out zeroed, page by page as it is touched.
fn zeroed(len: usize) -> Box<[u64]> {
    vec![0; len].into_boxed_slice()
}
