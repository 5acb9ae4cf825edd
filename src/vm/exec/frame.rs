//! Frames, and the wrappers through which the loop touches their memory: `Window` (registers), `Stack` (one thread's registers and
//! frames); `cursor.rs` has those for instructions.
//!
//! A callee's window begins at its arguments in the caller's window, so calls copy nothing. Registers above the top frame are
//! dead; `trace` clears them, calls do not: what a new window finds in them was written after the last collection and is still
//! valid.
//!
//! Contract of the safe functions here, which `exec` and the `*_op` methods of `protocol` keep (nothing outside of `vm` sees them):
//! 1. A `Cursor` and a `Window` belong to the frame that they were made for or taken from, and are used only while it is on a
//!    stack, and not after its stack has moved registers (`reserve`). The frame's `owner`, which is a root, keeps code and registers.
//! 2. The code is verified (`bytecode/verify.rs`). Register numbers are operands of its instructions, or below a count that such an
//!    operand gives; jump distances are operands of the instruction just taken.
//! 3. `previous` and `retry` are asked of frames that have taken an instruction; `peek` after instructions that are no terminators.

#![expect(
    unsafe_code,
    reason = "the core's wrapper types around verified code and its registers"
)]

use std::alloc::{Layout, alloc_zeroed};
use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use super::cursor::Cursor;
use crate::bytecode::{Instr, Op};
use crate::runtime::code::{CodeObj, CodePtr};
use crate::runtime::coroutine::Coroutine;
use crate::runtime::function::Function;
use crate::runtime::heap::{Trace, Tracer};
use crate::runtime::{Gc, Heap, Slot, Value};

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

    /// The register at an index.
    #[inline(always)]
    pub fn slot<'a>(self, reg: usize) -> &'a Slot {
        // SAFETY: contract 2: it is below the window's `nregs`. Contract 1: the registers are there as long as the frame.
        unsafe { &*self.0.add(reg) }
    }

    /// `count` registers from `first` on.
    #[inline(always)]
    pub fn slots<'a>(self, first: usize, count: usize) -> &'a [Slot] {
        // SAFETY: as for `slot`, for each of them; none is written through anything but a cell.
        unsafe { std::slice::from_raw_parts(self.0.add(first), count) }
    }

    /// The window of a callee whose first argument is register `reg`.
    #[inline(always)]
    pub fn from(self, reg: usize) -> Window {
        // SAFETY: contract 2: inside the caller's window, or one past its end.
        Window(unsafe { self.0.add(reg) })
    }
}

/// The code of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RunningCode(CodePtr);

impl RunningCode {
    /// The code object.
    #[inline(always)]
    pub fn get(self, heap: &Heap) -> Gc<'_, CodeObj> {
        // SAFETY: contract 1: the frame is on a stack, so its owner is reported to the collector, and the owner keeps the code.
        unsafe { self.0.get(heap) }
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
    /// It runs a method that an instruction asks: `answer.rs` finishes the instruction; `extra` is its own.
    pub const ANSWER: u32 = 16;
    /// It caught an exception, so that it may be handling one now; a coroutine's frame may be anyway.
    pub const CAUGHT: u32 = 32;
    /// A program has its frame object: its end must tell that.
    pub const OBSERVED: u32 = 64;
}

/// One running function.
#[repr(C)]
pub struct Frame {
    /// The next instruction; current only while another frame runs or a slow path does.
    pub ip: Cursor,
    /// Its registers.
    pub window: Window,
    /// Its code.
    pub code: RunningCode,
    /// The function or coroutine that runs.
    pub owner: Slot,
    /// See `frame_flag`.
    pub extra: Slot,
    /// See `frame_flag`.
    pub flags: Cell<u32>,
    /// For a coroutine's frame, whose registers are not on the stack: the first register of the stack above everything live.
    /// For others: the number by which tracebacks and frame objects know it, 0 until it needs one.
    free: Cell<u32>,
}

impl Frame {
    /// A frame at the start of a code object.
    #[inline(always)]
    pub fn new(code: Gc<'_, CodeObj>, window: Window, owner: Value<'_>, flags: u32) -> Frame {
        Frame {
            ip: Cursor::start(code),
            window,
            code: RunningCode(CodePtr::new(code)),
            owner: Slot::new(owner),
            extra: Slot::undef(),
            flags: Cell::new(flags),
            free: Cell::new(0),
        }
    }

    /// What the loop keeps of the running frame.
    #[inline(always)]
    pub fn state(&self) -> (Cursor, Window, RunningCode) {
        (self.ip, self.window, self.code)
    }

    /// Its code.
    #[inline(always)]
    pub fn code<'h>(&self, heap: &'h Heap) -> Gc<'h, CodeObj> {
        self.code.get(heap)
    }

    /// Whether it runs a coroutine.
    pub fn is_coroutine(&self) -> bool {
        self.flags.get() & frame_flag::COROUTINE != 0
    }

    /// Its number, 0 if it has none; for frames that run no coroutine.
    pub fn stamp(&self) -> u32 {
        debug_assert!(!self.is_coroutine());
        self.free.get()
    }

    /// Gives it a number.
    pub fn set_stamp(&self, stamp: u32) {
        debug_assert!(!self.is_coroutine());
        self.free.set(stamp);
    }

    /// The frame now runs another coroutine of the same chain.
    pub fn switch(&mut self, heap: &Heap, coroutine: Gc<'_, Coroutine>) {
        let code = coroutine.running_code(heap);
        self.ip = Cursor::at(code, coroutine.ip.get());
        self.window = Window::of_coroutine(coroutine);
        self.code = RunningCode(CodePtr::new(code));
        self.owner.set(coroutine.value());
    }

    /// The index of the next instruction.
    pub fn index(&self, heap: &Heap) -> u32 {
        self.ip.index(self.code(heap))
    }

    /// The instruction taken last, also where trace functions have `Traced` stand in its place.
    pub fn last_instr(&self, heap: &Heap) -> Instr {
        let instr = self.ip.previous();
        if instr.op != Op::Traced {
            return instr;
        }
        self.code(heap).code.instrs[self.index(heap) as usize - 1]
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
/// A block for more frames than these is given back when most of it is not used any more.
const DEEP: usize = 1 << 15;
/// More frames than these are too deep whatever limit the program sets.
const MOST_FRAMES: usize = 1 << 22;
/// More registers than any frame has.
const WINDOW_LIMIT: usize = 256;

/// The registers and frames of one thread of execution (the main program, or a green thread).
pub struct Stack {
    /// One after the running frame.
    end: *mut Frame,
    /// Where `end` must not go beyond without `reserve`.
    full: *mut Frame,
    /// A window that begins less than so many bytes after the first register has room for any frame.
    room: Cell<usize>,
    /// Zeroed, hence lazily backed by memory. Never changes its length; a `Vec` because moving a `Box` claims that nothing else
    /// points into it, which windows do.
    registers: Vec<Slot>,
    /// Registers from here on were not used since the last collection.
    soft_end: Cell<usize>,
    /// The block that `end` and `full` point into; all below `end` are initialised.
    frames: Vec<MaybeUninit<Frame>>,
    limit: usize,
    /// The frame objects of frames that are `OBSERVED`.
    pub observed: RefCell<Vec<Slot>>,
    /// What `sys.settrace` was given in this thread; Undef for None.
    pub tracer: Slot,
    /// What `sys.setprofile` was given in this thread; Undef for None.
    pub profiler: Slot,
    /// Of a thread: the call of the user that started it, a `CodeObj` or Undef.
    pub origin: Slot,
    /// And at which of its instructions.
    pub origin_at: u32,
}

impl Stack {
    /// A stack for at most `limit` frames.
    pub fn new(limit: usize, registers: usize) -> Stack {
        let mut stack = Stack {
            end: std::ptr::null_mut(),
            full: std::ptr::null_mut(),
            room: Cell::new(0),
            registers: zeroed(registers).unwrap_or_default(),
            soft_end: Cell::new(0),
            frames: Vec::new(),
            limit,
            observed: RefCell::default(),
            tracer: Slot::undef(),
            profiler: Slot::undef(),
            origin: Slot::undef(),
            origin_at: 0,
        };
        stack.place_frames(limit.min(16));
        stack.use_registers(STRIDE.min(registers));
        stack
    }

    /// Changes how many frames there may be.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
        self.set_full();
    }

    /// How many frames there may be.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Number of frames.
    #[inline(always)]
    pub fn depth(&self) -> usize {
        (self.end as usize - self.frames.as_ptr() as usize) / size_of::<Frame>()
    }

    /// The running frame.
    #[inline(always)]
    pub fn top(&self) -> &Frame {
        debug_assert!(self.depth() > 0);
        // SAFETY: the loop runs only while there is a frame, and all below `end` are initialised.
        unsafe { &*self.end.sub(1) }
    }

    /// The running frame.
    #[inline(always)]
    pub fn top_mut(&mut self) -> &mut Frame {
        debug_assert!(self.depth() > 0);
        // SAFETY: as for `top`.
        unsafe { &mut *self.end.sub(1) }
    }

    /// The frames, outermost first.
    pub fn frames(&self) -> &[Frame] {
        // SAFETY: all below `end` are initialised.
        unsafe { std::slice::from_raw_parts(self.frames.as_ptr().cast(), self.depth()) }
    }

    /// The frames, outermost first.
    pub fn frames_mut(&mut self) -> &mut [Frame] {
        // SAFETY: all below `end` are initialised.
        unsafe { std::slice::from_raw_parts_mut(self.frames.as_mut_ptr().cast(), self.depth()) }
    }

    /// Whether a frame with this window can be pushed right now: the window lies on this stack (a coroutine's does not) and
    /// there is room for it and for the frame.
    #[inline(always)]
    pub fn has_room(&self, window: Window) -> bool {
        let offset = (window.0 as usize).wrapping_sub(self.registers.as_ptr() as usize);
        offset < self.room.get() && self.end < self.full
    }

    /// Pushes a frame for which `has_room` or `reserve` said yes.
    #[inline(always)]
    pub fn push(&mut self, frame: Frame) {
        debug_assert!(self.depth() < self.frames.len());
        // SAFETY: `has_room` or `reserve` saw to the capacity.
        unsafe {
            self.end.write(frame);
            self.end = self.end.add(1);
        }
    }

    /// Pushes a coroutine's frame, for which `reserve` said yes.
    #[inline]
    pub fn push_coroutine(&mut self, heap: &Heap, frame: Frame) {
        heap.budget.count();
        frame.free.set(self.free_offset(heap) as u32);
        self.push(frame);
    }

    /// Removes the top frame.
    #[inline(always)]
    pub fn pop(&mut self) -> Frame {
        debug_assert!(self.depth() > 0);
        // SAFETY: there is a frame, as asserted: the loop pops what it has pushed. All below `end` are initialised.
        unsafe {
            self.end = self.end.sub(1);
            self.end.read()
        }
    }

    /// The window of a callee whose `count` arguments stand in the running frame's registers from `first` on: in place if
    /// that is on this stack, else they are copied to its free part. `None`: too deep.
    pub fn callee_window(&mut self, heap: &Heap, first: usize, count: usize) -> Option<Window> {
        heap.budget.count();
        let window = self.top().window.from(first);
        if self.has_room(window) {
            return Some(window);
        }
        if !self.reserve(heap, 0) {
            return None;
        }
        let given = self.top().window.slots(first, count);
        let window = self.free_window(heap);
        for (n, slot) in given.iter().enumerate() {
            window.slot(n).assign(slot);
        }
        Some(window)
    }

    /// The first register above everything live.
    #[inline]
    pub fn free_window(&self, heap: &Heap) -> Window {
        Window(self.registers[self.free_offset(heap)..].as_ptr())
    }

    #[inline]
    fn free_offset(&self, heap: &Heap) -> usize {
        if self.depth() == 0 {
            return 0;
        }
        let frame = self.top();
        if frame.flags.get() & frame_flag::COROUTINE != 0 {
            return frame.free.get() as usize;
        }
        let offset = (frame.window.0 as usize).wrapping_sub(self.registers.as_ptr() as usize) / 8;
        offset + frame.code(heap).nregs as usize
    }

    /// Makes room for one more frame with `nregs` registers above everything live; windows may move. False: too deep.
    #[inline]
    pub fn reserve(&mut self, heap: &Heap, nregs: u32) -> bool {
        debug_assert!(nregs as usize <= WINDOW_LIMIT);
        if self.end < self.full && self.free_offset(heap) * 8 < self.room.get() {
            return true;
        }
        self.grow(heap)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, heap: &Heap) -> bool {
        let depth = self.depth();
        if depth >= self.limit.min(MOST_FRAMES) {
            return false;
        }
        if depth == self.frames.len() {
            let capacity = (depth * 2).max(16);
            if !heap.fits(capacity * size_of::<Frame>()) || !self.place_frames(capacity) {
                return false;
            }
        }
        let needed = self.free_offset(heap) + WINDOW_LIMIT + STRIDE;
        if needed > self.registers.len() {
            let size = needed.max(self.registers.len() * 2);
            if !heap.fits(size * size_of::<Slot>()) || !self.relocate(size) {
                return false;
            }
        }
        self.use_registers(self.soft_end.get().max(needed));
        true
    }

    /// Gives memory back that a deep recursion left behind; windows may move.
    #[inline]
    pub fn shrink(&mut self, heap: &Heap) {
        if self.frames.len() > DEEP && self.depth() < self.frames.len() / 8 {
            self.give_back(heap);
        }
    }

    #[cold]
    fn give_back(&mut self, heap: &Heap) {
        // Where there is no memory for the smaller block, the larger one stays.
        self.place_frames((self.depth() * 2).max(16));
        let needed = self.free_offset(heap) + WINDOW_LIMIT + STRIDE;
        if needed < self.registers.len() / 8 {
            self.soft_end.set(needed);
            self.relocate(needed * 2);
            self.use_registers(needed);
        }
    }

    /// Moves the frames to a block for `capacity` of them; false: there is no memory.
    fn place_frames(&mut self, capacity: usize) -> bool {
        let depth = if self.frames.is_empty() {
            0
        } else {
            self.depth()
        };
        let mut frames = Vec::new();
        if frames.try_reserve_exact(capacity).is_err() {
            return false;
        }
        frames.extend(self.frames.drain(..depth));
        frames.resize_with(capacity, MaybeUninit::uninit);
        self.frames = frames;
        // SAFETY: at most `capacity` frames were moved.
        self.end = unsafe { self.frames.as_mut_ptr().cast::<Frame>().add(depth) };
        self.set_full();
        true
    }

    fn set_full(&mut self) {
        let most = self.limit.min(self.frames.len());
        // SAFETY: inside the block, or right after it.
        self.full = unsafe { self.frames.as_mut_ptr().cast::<Frame>().add(most) };
    }

    fn use_registers(&self, soft_end: usize) {
        self.soft_end.set(soft_end);
        self.room.set(soft_end.saturating_sub(WINDOW_LIMIT) * 8);
    }

    /// Moves all registers to a larger block and sets the frames' windows right; false: there is no memory.
    fn relocate(&mut self, size: usize) -> bool {
        let old_start = self.registers.as_ptr() as usize;
        let old_bytes = self.registers.len() * 8;
        let Some(registers) = zeroed(size) else {
            return false;
        };
        for (new, old) in registers.iter().zip(&self.registers[..self.soft_end.get()]) {
            new.assign(old);
        }
        let depth = self.depth();
        for frame in &mut self.frames[..depth] {
            // SAFETY: all below `depth` are initialised.
            let frame = unsafe { frame.assume_init_mut() };
            let offset = (frame.window.0 as usize).wrapping_sub(old_start);
            if offset < old_bytes {
                frame.window = Window(registers[offset / 8..].as_ptr());
            }
        }
        self.registers = registers;
        true
    }
}

// SAFETY: reports the frames' slots and the live registers; the other registers are forgotten.
unsafe impl Trace for Stack {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.external(self.soft_end.get() * size_of::<Slot>());
        tracer.external(self.frames.len() * size_of::<Frame>());
        let live = self.free_offset(tracer.heap());
        tracer.slots(&self.registers[..live]);
        for register in &self.registers[live..self.soft_end.get()] {
            register.reset();
        }
        self.use_registers((live + STRIDE).min(self.registers.len()));
        for frame in self.frames() {
            (&frame.owner, &frame.extra).trace(tracer);
        }
        (&self.observed, &self.tracer, &self.profiler, &self.origin).trace(tracer);
    }
}

/// Registers from memory that the system hands out zeroed, page by page as it is touched. `None`: it has no more.
fn zeroed(len: usize) -> Option<Vec<Slot>> {
    if len == 0 {
        return Some(Vec::new());
    }
    let layout = Layout::array::<Slot>(len).ok()?;
    // SAFETY: the layout has a size.
    let at = NonNull::new(unsafe { alloc_zeroed(layout) })?;
    // SAFETY: the memory of so many slots from the global allocator. A slot is a transparent cell around a `u64`, which zero is.
    Some(unsafe { Vec::from_raw_parts(at.as_ptr().cast(), len, len) })
}
