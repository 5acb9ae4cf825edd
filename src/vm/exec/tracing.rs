//! `sys.settrace` and `sys.setprofile`: what the functions given there are told of, and when.
//!
//! While no function is set nothing here runs. Once one is, `Traced` stands at the places where there may be an event, in copies of
//! the instructions of all code (`runtime/traced_code.rs`). `traced_op` tells the functions, has the instruction itself stand there
//! again, and steps back to it; the next event elsewhere puts `Traced` back: on every way round to the same instruction there is a jump
//! backwards, a call or a `yield`, which are such places. Exceptions are told of by `unwind`.
//!
//! Each thread has its own functions, as in CPython: they are in its `Stack`. While one runs there are no events.

use crate::bytecode::Op;
use crate::runtime::code::CodeObj;
use crate::runtime::exception::Exception;
use crate::runtime::frame_object::{FrameObject, Phase};
use crate::runtime::heap::traced;
use crate::runtime::module::Module;
use crate::runtime::native::NativeFunction;
use crate::runtime::traced_code::place;
use crate::runtime::{Gc, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::exec::cursor::Cursor;
use crate::vm::exec::unwind::TopFrame;
use crate::vm::local::Local;

/// The state of tracing.
pub(in crate::vm) struct Tracing {
    /// Whether a trace or profile function runs.
    busy: bool,
    /// The code that has an instruction without its event, or Undef.
    passed: Slot,
    /// The index of that instruction.
    index: u32,
    /// The events that functions of other threads wait for.
    elsewhere: u8,
    /// The native function whose call the profile function was told of last, or Undef.
    callee: Slot,
}

traced!(Tracing { passed, callee } plain { busy, index, elsewhere });

impl Tracing {
    /// Nothing is traced.
    pub fn new() -> Tracing {
        Tracing {
            busy: false,
            passed: Slot::undef(),
            index: 0,
            elsewhere: 0,
            callee: Slot::undef(),
        }
    }
}

/// Whose functions: those of `settrace` or those of `setprofile`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Watcher {
    /// `sys.settrace`
    Trace,
    /// `sys.setprofile`
    Profile,
}

// Setting.
impl Vm {
    /// Sets the running thread's trace or profile function; None ends it.
    pub fn watch(&mut self, watcher: Watcher, function: Local) {
        let function = self.get(function);
        let function = if function.is_none() {
            Value::UNDEF
        } else {
            function
        };
        self.watcher(watcher).set(function);
        let stacks = self.stacks();
        let set = stacks.fold(0, |all, stack| {
            let of = |slot: &Slot, events| if slot.is_undef() { 0 } else { events };
            all | of(&stack.tracer, place::TRACE) | of(&stack.profiler, place::PROFILE)
        });
        if self.is_green() {
            self.exec.tracing.elsewhere |= set;
        }
        self.arm(set | self.exec.tracing.elsewhere);
    }

    /// The running thread's trace or profile function, or None.
    pub fn watching(&self, watcher: Watcher) -> Local {
        self.local(self.watcher(watcher).get(&self.heap).or(Value::NONE))
    }

    fn watcher(&self, watcher: Watcher) -> &Slot {
        match watcher {
            Watcher::Trace => &self.exec.stack.tracer,
            Watcher::Profile => &self.exec.stack.profiler,
        }
    }

    fn arm(&mut self, events: u8) {
        if self.heap.traced_events.replace(events) == events {
            return;
        }
        self.heap
            .for_each::<CodeObj>(&mut |code| code.get().arm(events));
        let heap = &self.heap;
        for frame in self.exec.stack.frames_mut() {
            let code = frame.code(heap);
            frame.ip = Cursor::at(code, frame.ip.index(code));
        }
    }

    /// Calls a function with events of its own while a trace function runs (`sys.call_tracing`).
    ///
    /// # Errors
    /// What the function raises.
    pub fn call_traced(&mut self, function: Local, args: &[Local]) -> Result<Local, Raised> {
        let busy = std::mem::replace(&mut self.exec.tracing.busy, false);
        let result = self.call(function, args);
        self.exec.tracing.busy = busy;
        result
    }
}

// Events.
impl Vm {
    /// There may be an event at the instruction of the top frame that was taken last; it is taken again afterwards.
    #[cold]
    #[inline(never)]
    pub(in crate::vm) fn traced_op(&mut self) -> Result<(), Raised> {
        let at = self.exec.stack.top().index(&self.heap) - 1;
        if self.is_watched() {
            self.scoped(|vm| vm.events_at(at))?;
        }
        self.renew_event();
        let heap = &self.heap;
        let tracing = &mut self.exec.tracing;
        let code = self.exec.stack.top().code(heap);
        code.pass_event(at);
        tracing.passed.set(code.value());
        tracing.index = at;
        self.exec.stack.top_mut().ip.retry();
        Ok(())
    }

    /// Has the event that has happened last happen again the next time: the instruction was done.
    #[inline]
    pub(in crate::vm) fn renew_event(&self) {
        if self.heap.traced_events.get() != 0 {
            let tracing = &self.exec.tracing;
            if let Some(code) = tracing.passed.get(&self.heap).as_gc::<CodeObj>() {
                code.renew_event(tracing.index);
            }
        }
    }

    /// Whether the running thread has a function that may be called now.
    pub(in crate::vm) fn is_watched(&self) -> bool {
        let stack = &self.exec.stack;
        self.heap.traced_events.get() != 0
            && !self.exec.tracing.busy
            && (!stack.tracer.is_undef() || !stack.profiler.is_undef())
            && !self.is_halting()
    }

    fn events_at(&mut self, at: u32) -> Result<(), Raised> {
        let Some(frame) = self.frame_at(0) else {
            return Ok(());
        };
        let code = self.exec.stack.top().code(&self.heap);
        let (places, instr) = (code.places_at(at), code.code.instrs[at as usize]);
        // What returns None by itself has the span of the definition: the line stays that of the last statement.
        let own = code.code.span_at(at) != code.code.span;
        let line = self.line_of(&code.code, Some(at));
        let marks = code.code.marks_at(at).map(|mark| mark.start);
        let marks: Vec<i64> = marks.map(|at| self.line_at(&code.code, at)).collect();
        let (this, phase) = self.object_with_phase(frame);
        if this.jumps_to.replace(0) == at + 1 {
            this.last_line.set(0);
        }
        if places & place::CALLED != 0 {
            self.native_call_ends("c_return", frame)?;
        }
        let enters = places & place::ENTRY != 0 && phase == Phase::New
            || places & place::RESUME != 0 && phase == Phase::Suspended;
        if enters {
            let before = at.checked_sub(1);
            let from = self.line_of(&self.frame_object(frame).code(&self.heap).code, before);
            // The line of the `yield` was told of before it.
            let last = if at == 0 { 0 } else { from };
            self.frame_object(frame).last_line.set(last);
            self.call_event(frame, from)?;
        }
        for mark in marks {
            self.frame_object(frame).line.set(mark);
            let told = self.line_event(frame, mark);
            self.frame_object(frame).line.set(0);
            told?;
        }
        if places & place::LINE != 0 && own {
            self.line_event(frame, line)?;
        }
        if places & place::BACK != 0 {
            let target = (i64::from(at) + 1 + i64::from(instr.d)) as u32;
            let code = self.frame_object(frame).code(&self.heap);
            if self.line_of(&code.code, Some(target)) == line {
                self.frame_object(frame).jumps_to.set(target + 1);
            }
        }
        if !own {
            let this = self.frame_object(frame);
            this.line.set(this.last_line.get());
        }
        match instr.op {
            Op::Ret | Op::RetCoro => self.return_event(frame, self.reg_local(instr.a)),
            Op::Yield => {
                self.frame_object(frame).phase.set(Phase::Suspended);
                self.return_event(frame, self.reg_local(instr.b))
            }
            _ if places & place::CALL != 0 => self.native_call_begins(frame, at),
            _ => Ok(()),
        }
    }

    /// The frame begins, or goes on after a `yield`.
    fn call_event(&mut self, frame: Local, line: i64) -> Result<(), Raised> {
        self.frame_object(frame).phase.set(Phase::Running);
        let (event, none) = (self.event("call"), self.none());
        self.frame_object(frame).line.set(line);
        let mut told = Ok(());
        if !self.exec.stack.tracer.is_undef() {
            let function = self.watching(Watcher::Trace);
            told = self.tell(Watcher::Trace, function, &[frame, event, none], frame);
        }
        if told.is_ok() {
            told = self.tell_profiler(frame, event, none);
        }
        self.frame_object(frame).line.set(0);
        told
    }

    fn line_event(&mut self, frame: Local, line: i64) -> Result<(), Raised> {
        let this = self.frame_object(frame);
        if this.phase.get() == Phase::New {
            this.phase.set(Phase::Running);
        }
        let last = this.last_line.replace(line);
        if last == line || !this.trace_lines.get() {
            return Ok(());
        }
        let (event, none) = (self.event("line"), self.none());
        self.tell_frame(frame, event, none)
    }

    fn return_event(&mut self, frame: Local, value: Local) -> Result<(), Raised> {
        let event = self.event("return");
        self.tell_frame(frame, event, value)?;
        self.tell_profiler(frame, event, value)
    }

    /// An exception is at instruction `at` of the top frame; `leaves`: it leaves it. The exception that goes on, and whether the frame
    /// has its line in the traceback.
    pub(in crate::vm) fn exception_event(
        &mut self,
        raised: Raised,
        at: u32,
        top_frame: TopFrame,
        leaves: bool,
    ) -> (Raised, TopFrame) {
        let exception = self.heap.peek_raised(&raised);
        self.pass_frame(exception, at, top_frame, false);
        let exception = self.heap.take_raised(raised).value();
        let exception = self.local(exception);
        let told = self.scoped(|vm| vm.tell_of_exception(exception, top_frame, leaves));
        match told {
            Ok(()) => (
                self.heap.raise_exception(self.exception_in(exception)),
                TopFrame::AlreadyRecorded,
            ),
            Err(other) => (other, TopFrame::Record),
        }
    }

    fn tell_of_exception(
        &mut self,
        exception: Local,
        top_frame: TopFrame,
        leaves: bool,
    ) -> Result<(), Raised> {
        let Some(frame) = self.frame_at(0) else {
            return Ok(());
        };
        if !self.exec.tracing.callee.is_undef() {
            self.native_call_ends("c_exception", frame)?;
        }
        if top_frame == TopFrame::Record {
            let heap = &self.heap;
            let class = heap.class_of(self.get(exception)).value();
            let traceback = self.exception_in(exception).traceback(heap);
            let row = heap.tuple(&[class, self.get(exception), traceback]);
            let (event, row) = (self.event("exception"), self.local(row.value()));
            self.tell_frame(frame, event, row)?;
        }
        if leaves {
            let none = self.none();
            self.return_event(frame, none)?;
        }
        Ok(())
    }

    fn exception_in(&self, exception: Local) -> Gc<'_, Exception> {
        self.get_gc(exception).expect("it was raised")
    }

    fn object_with_phase(&self, frame: Local) -> (Gc<'_, FrameObject>, Phase) {
        let this = self.frame_object(frame);
        (this, this.phase.get())
    }

    fn frame_object(&self, frame: Local) -> Gc<'_, FrameObject> {
        self.get_gc(frame).expect("the caller found the frame")
    }

    fn event(&self, name: &str) -> Local {
        self.local(self.heap.intern(name).value())
    }
}

// Telling.
impl Vm {
    /// Calls the frame's own function, if it has one and the thread is traced.
    fn tell_frame(&mut self, frame: Local, event: Local, arg: Local) -> Result<(), Raised> {
        let function = self.frame_object(frame).tracer.get(&self.heap);
        if function.is_undef() || self.exec.stack.tracer.is_undef() {
            return Ok(());
        }
        let function = self.local(function);
        self.tell(Watcher::Trace, function, &[frame, event, arg], frame)
    }

    fn tell_profiler(&mut self, frame: Local, event: Local, arg: Local) -> Result<(), Raised> {
        if self.exec.stack.profiler.is_undef() {
            return Ok(());
        }
        let function = self.watching(Watcher::Profile);
        self.tell(Watcher::Profile, function, &[frame, event, arg], frame)
    }

    /// Calls a function; one that raises is not called again. What a trace function returns becomes the frame's own.
    fn tell(
        &mut self,
        watcher: Watcher,
        function: Local,
        args: &[Local],
        frame: Local,
    ) -> Result<(), Raised> {
        self.exec.tracing.busy = true;
        let result = self.call(function, args);
        self.exec.tracing.busy = false;
        match result {
            Ok(result) => {
                if watcher == Watcher::Trace && !self.get(result).is_none() {
                    self.frame_object(frame).tracer.set(self.get(result));
                }
                Ok(())
            }
            Err(raised) => {
                let exception = self.heap.take_raised(raised).value();
                let (exception, none) = (self.local(exception), self.none());
                self.watch(watcher, none);
                Err(self.heap.raise_exception(self.exception_in(exception)))
            }
        }
    }
}

// Calls of natives, which only profile functions are told of.
impl Vm {
    fn native_call_begins(&mut self, frame: Local, at: u32) -> Result<(), Raised> {
        if self.exec.stack.profiler.is_undef() {
            return Ok(());
        }
        let heap = &self.heap;
        let code = self.exec.stack.top().code(heap);
        let instr = code.code.instrs[at as usize];
        let callee = match instr.op {
            Op::CallMethod => {
                let (object, name) = (self.reg(instr.a + 1), code.cache(instr.d).name.get(heap));
                match object.as_gc::<Module>() {
                    Some(module) => module.globals.get(heap, name),
                    None => heap.class_of(object).lookup(heap, name),
                }
            }
            _ => Some(self.reg(instr.a)),
        };
        let Some(callee) = callee.filter(|callee| callee.is_gc::<NativeFunction>()) else {
            return Ok(());
        };
        self.exec.tracing.callee.set(callee);
        let (event, callee) = (self.event("c_call"), self.local(callee));
        self.tell_profiler(frame, event, callee)
    }

    /// The native function that the frame has called is over.
    fn native_call_ends(&mut self, event: &str, frame: Local) -> Result<(), Raised> {
        let callee = self.exec.tracing.callee.get(&self.heap);
        if callee.is_undef() {
            return Ok(());
        }
        let callee = self.local(callee);
        self.exec.tracing.callee.clear();
        let event = self.event(event);
        self.tell_profiler(frame, event, callee)
    }
}
