//! Frames as programs see them: from a place on a stack, a suspended coroutine or a traceback to a frame object, and back.
//!
//! A frame object is made when somebody asks; `frame_object` says how frames are known until then. A frame on the stack that has
//! an object is flagged `OBSERVED`, so that its end, by return (`run`) or exception (`unwind`), copies its registers into the object.
//! The calls of a chain of awaits count as frames, although only the innermost is on the stack.

use crate::bytecode::{Code, CodeKind};
use crate::runtime::cell::CellObj;
use crate::runtime::code::CodeObj;
use crate::runtime::coroutine::{Coroutine, CoroutineState};
use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::frame_object::FrameObject;
use crate::runtime::traceback::Traceback;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::exec::frame::{Frame, Stack, frame_flag};
use crate::vm::exec::unwind::TopFrame;
use crate::vm::local::Local;

// While frames come and go.
impl Vm {
    /// An exception passes the top frame at instruction `at`: it is noted there, unless it was; `leaves`: no handler of the
    /// frame takes it.
    pub(super) fn pass_frame(
        &self,
        exception: Gc<'_, Exception>,
        at: u32,
        top_frame: TopFrame,
        leaves: bool,
    ) {
        let heap = &self.heap;
        let frame = self.exec.stack.top();
        let code = frame.code(heap);
        if heap.is_short() && !frame.is_coroutine() {
            // Millions of frames may be left here before the next safepoint: a traceback with gaps is better than no memory.
            return;
        }
        if frame.is_coroutine() {
            let coroutine: Gc<'_, Coroutine> = frame.owner.expect(heap);
            coroutine.ip.set(at + 1);
            if top_frame == TopFrame::Record {
                exception.note_frame(heap, code, at, coroutine.value());
            }
            return;
        }
        let stamp = frame.stamp();
        let reference = if leaves {
            let object = self.ended(frame, at);
            if stamp != 0 {
                exception.replace_frame(heap, heap.int(i64::from(stamp)), object);
            }
            object.value()
        } else {
            heap.int(i64::from(self.stamp(frame)))
        };
        if top_frame == TopFrame::Record && !self.is_left_out(code.code.file) {
            exception.note_frame(heap, code, at, reference);
        }
    }

    /// The frame, which is `OBSERVED`, has returned at instruction `at`.
    #[cold]
    #[inline(never)]
    pub(super) fn observed_ends(&self, frame: &Frame, at: u32) {
        self.renew_event();
        let object = self.ended(frame, at);
        if let Some(below) = self.exec.stack.frames().last() {
            object.back.set(self.reference(below));
        }
    }

    /// The object of a frame that is left now, with its registers.
    fn ended<'h>(&'h self, frame: &Frame, at: u32) -> Gc<'h, FrameObject> {
        let heap = &self.heap;
        let code = frame.code(heap);
        let known = (frame.flags.get() & frame_flag::OBSERVED != 0)
            .then(|| self.exec.stack.forget_observed(heap, frame.stamp()))
            .flatten();
        let object = match known {
            Some(object) => {
                for (n, slot) in object.tail().iter().enumerate() {
                    slot.assign(frame.window.slot(n));
                }
                object
            }
            None => heap.frame_object(code, frame.owner.get(heap), 0, code.nregs, |n| {
                frame.window.slot(n).get(heap)
            }),
        };
        object.is_live.set(false);
        object.ip.set(at);
        object
    }

    /// The number of a frame that runs no coroutine.
    fn stamp(&self, frame: &Frame) -> u32 {
        if frame.stamp() == 0 {
            let next = self.exec.stamps.get().wrapping_add(1).max(1);
            self.exec.stamps.set(next);
            frame.set_stamp(next);
        }
        frame.stamp()
    }

    /// A reference to a frame on a stack.
    fn reference(&self, frame: &Frame) -> Value<'_> {
        if frame.is_coroutine() {
            frame.owner.get(&self.heap)
        } else {
            self.heap.int(i64::from(self.stamp(frame)))
        }
    }
}

impl Stack {
    /// The frame object of the frame with this number, if there is one.
    fn observed<'h>(&self, heap: &'h Heap, stamp: u32) -> Option<Gc<'h, FrameObject>> {
        let observed = self.observed.borrow();
        let mut objects = observed
            .iter()
            .rev()
            .map(|slot| slot.expect::<FrameObject>(heap));
        objects.find(|object| object.stamp == stamp)
    }

    /// The same; the frame is left.
    fn forget_observed<'h>(&self, heap: &'h Heap, stamp: u32) -> Option<Gc<'h, FrameObject>> {
        let object = self.observed(heap, stamp)?;
        let mut observed = self.observed.borrow_mut();
        observed.retain(|slot| !slot.get(heap).is(object.value()));
        Some(object)
    }

    /// Where the frame with this number is.
    fn place_of(&self, stamp: u32) -> Option<usize> {
        let frames = self.frames();
        frames
            .iter()
            .rposition(|frame| !frame.is_coroutine() && frame.stamp() == stamp)
    }
}

// From references to objects.
impl Vm {
    /// The frame that is `depth` calls above the running one.
    pub fn frame_at(&self, depth: usize) -> Option<Local> {
        let mut next = self.top_frame();
        for _ in 0..depth {
            next = self.frame_back(next?);
        }
        next
    }

    /// The frame that runs.
    fn top_frame(&self) -> Option<Local> {
        let at = self.exec.stack.depth().checked_sub(1)?;
        self.frame_below(&self.exec.stack, at + 1)
    }

    /// The frame of a coroutine: None for one written in Rust and one that is over.
    pub fn frame_of_coroutine(&self, coroutine: Local) -> Option<Local> {
        let this: Gc<'_, Coroutine> = self.get_gc(coroutine)?;
        if this.state.get() == CoroutineState::Done || !this.runs_code() {
            return None;
        }
        let frame = self.heap.coroutine_frame(this)?;
        Some(self.local(frame.value()))
    }

    /// `cr_origin`: (file, line, function) of the calls that made a coroutine, the innermost first; None if they were not kept.
    ///
    /// # Errors
    /// None in practice: attributes of code objects are read.
    pub fn coroutine_origin(&mut self, coroutine: Local) -> Result<Option<Local>, Raised> {
        let heap = &self.heap;
        let frame = self.get_gc(coroutine).and_then(|c| heap.coroutine_frame(c));
        let Some(calls) = frame.and_then(|frame| frame.get().origin.get(heap).as_gc::<Tuple>())
        else {
            return Ok(None);
        };
        let calls = calls
            .to_vec(heap)
            .into_iter()
            .filter_map(|row| row.as_gc::<Tuple>());
        let calls: Vec<_> = calls.map(|row| row.to_vec(heap)).collect();
        let calls: Vec<(Local, u32)> = calls
            .iter()
            .map(|row| (self.local(row[0]), row[1].as_int().unwrap_or(0) as u32))
            .collect();
        let mut rows = Vec::new();
        for (code, at) in calls {
            let file = self.find_attr(code, "co_filename")?;
            let file = file.unwrap_or_else(|| self.none());
            let heap = &self.heap;
            let this: Gc<'_, CodeObj> = self.get_gc(code).expect("a row begins with code");
            let line = heap.int(self.line_of(&this.code, Some(at)));
            let name = heap.str_value(&this.code.name);
            let row = heap.tuple(&[self.get(file), line, name]).value();
            rows.push(self.local(row));
        }
        Ok(Some(self.tuple_of(&rows)))
    }

    /// `tb_frame`.
    pub fn frame_of_traceback(&self, traceback: Local) -> Option<Local> {
        let heap = &self.heap;
        let this: Gc<'_, Traceback> = self.get_gc(traceback)?;
        let reference = this.frame.get(heap);
        let object = match self.resolve(reference) {
            Some(object) => object,
            None => {
                // The frame is over, and nobody looked at it in time: what is left is its code.
                let code = this.code(heap);
                let object = heap.frame_object(code, Value::UNDEF, 0, 0, |_| Value::UNDEF);
                object.ip.set(this.ip);
                object
            }
        };
        this.frame.set(object.value());
        Some(self.local(object.value()))
    }

    /// `f_back`.
    pub fn frame_back(&self, frame: Local) -> Option<Local> {
        let heap = &self.heap;
        let this: Gc<'_, FrameObject> = self.get_gc(frame)?;
        if let Some(coroutine) = this.coroutine(heap) {
            return self.back_of_coroutine(coroutine);
        }
        if !this.is_live.get() {
            let back = self.resolve(this.back.get(heap))?;
            return Some(self.local(back.value()));
        }
        let mut stacks = self.stacks();
        stacks.find_map(|stack| self.frame_below(stack, stack.place_of(this.stamp)?))
    }

    /// The frame that drives a coroutine, if it runs: that of the coroutine which awaits it, or the one below on the stack.
    fn back_of_coroutine(&self, coroutine: Gc<'_, Coroutine>) -> Option<Local> {
        let heap = &self.heap;
        if coroutine.state.get() != CoroutineState::Running {
            return None;
        }
        let mut root = coroutine;
        while let Some(parent) = root.get().parent.get(heap).as_gc::<Coroutine>() {
            if parent.runs_code() {
                return Some(self.local(heap.coroutine_frame(parent)?.value()));
            }
            root = parent;
        }
        let drives = |frame: &Frame| frame.is_coroutine() && frame.extra.get(heap).is(root.value());
        let mut stacks = self.stacks();
        stacks.find_map(|stack| self.frame_below(stack, stack.frames().iter().rposition(drives)?))
    }

    /// The frame under the one at `at` on a stack.
    fn frame_below(&self, stack: &Stack, at: usize) -> Option<Local> {
        let heap = &self.heap;
        let frame = &stack.frames()[at.checked_sub(1)?];
        let object = match frame.owner.get(heap).as_gc::<Coroutine>() {
            Some(coroutine) if frame.is_coroutine() => heap.coroutine_frame(coroutine)?,
            _ => self.observe(stack, frame),
        };
        Some(self.local(object.value()))
    }

    /// The object of a frame on a stack that runs no coroutine.
    fn observe<'h>(&'h self, stack: &Stack, frame: &Frame) -> Gc<'h, FrameObject> {
        let heap = &self.heap;
        let stamp = self.stamp(frame);
        if let Some(known) = stack.observed(heap, stamp) {
            return known;
        }
        let code = frame.code(heap);
        let owner = frame.owner.get(heap);
        let object = heap.frame_object(code, owner, stamp, code.nregs, |_| Value::UNDEF);
        object.is_live.set(true);
        stack.observed.borrow_mut().push(Slot::new(object.value()));
        frame.flags.set(frame.flags.get() | frame_flag::OBSERVED);
        object
    }

    /// The object that a frame reference means, as far as there still is one.
    fn resolve<'h>(&'h self, reference: Value<'h>) -> Option<Gc<'h, FrameObject>> {
        if let Some(coroutine) = reference.as_gc::<Coroutine>() {
            return self.heap.coroutine_frame(coroutine);
        }
        let Some(stamp) = reference.as_int() else {
            return reference.as_gc();
        };
        let stamp = u32::try_from(stamp).ok()?;
        self.stacks().find_map(|stack| {
            let frame = &stack.frames()[stack.place_of(stamp)?];
            Some(self.observe(stack, frame))
        })
    }

    /// The stacks of the running thread and of those that wait for it to yield.
    pub(super) fn stacks(&self) -> impl Iterator<Item = &Stack> {
        std::iter::once(&self.exec.stack)
            .chain(self.exec.suspended.iter().map(|state| state.stack()))
    }

    /// Calls `look` with a frame object's place on its stack, if it is there.
    fn on_stack<'h, T>(
        &'h self,
        object: Gc<'h, FrameObject>,
        look: impl FnOnce(&Frame) -> T,
    ) -> Option<T> {
        let heap = &self.heap;
        let coroutine = object.coroutine(heap);
        let runs = |frame: &Frame| match coroutine {
            Some(coroutine) => frame.is_coroutine() && frame.owner.get(heap).is(coroutine.value()),
            None => !frame.is_coroutine() && frame.stamp() == object.stamp,
        };
        if coroutine.is_none() && !object.is_live.get() {
            return None;
        }
        let mut stacks = self.stacks();
        stacks
            .find_map(|stack| stack.frames().iter().rfind(|frame| runs(frame)))
            .map(look)
    }
}

// What frame objects say.
impl Vm {
    /// The instruction where a frame is, or was last; None before the first.
    pub fn frame_instruction(&self, frame: Local) -> Option<u32> {
        let heap = &self.heap;
        let this: Gc<'_, FrameObject> = self.get_gc(frame)?;
        if let Some(next) = self.on_stack(this, |frame| frame.index(heap)) {
            return next.checked_sub(1);
        }
        match this.coroutine(heap) {
            Some(coroutine) => coroutine.ip.get().checked_sub(1),
            None => Some(this.ip.get()),
        }
    }

    /// Whether the frame's names are in a mapping: that of a module or a class.
    pub fn frame_has_namespace(&self, frame: Local) -> bool {
        let this: Option<Gc<'_, FrameObject>> = self.get_gc(frame);
        this.is_some_and(|this| {
            let kind = this.code(&self.heap).code.kind;
            kind.is_module() || kind.has_namespace()
        })
    }

    /// Gives a variable of a function's frame a value; a name that the function does not have is kept beside them.
    pub fn store_in_frame(&self, frame: Local, name: &str, value: Local) {
        let heap = &self.heap;
        let this: Gc<'_, FrameObject> =
            self.get_gc(frame).expect("the caller knows that it is one");
        let code = &this.code(heap).code;
        let value = self.get(value);
        let put = |slot: &Slot| match slot.get(heap).as_gc::<CellObj>() {
            Some(cell) => cell.get().value.set(value),
            None => slot.set(value),
        };
        let known = code.locals.iter().find(|(local, _)| **local == *name);
        if let Some(&(_, reg)) = known {
            let reg = usize::from(reg);
            if self
                .on_stack(this, |frame| put(frame.window.slot(reg)))
                .is_none()
            {
                let kept = this.coroutine(heap).map_or(this.tail(), |c| c.tail());
                kept.get(reg).into_iter().for_each(put);
            }
            return;
        }
        let free = code.free_names.iter().position(|free| **free == *name);
        let function = this.function(heap);
        if let (Some(at), Some(function)) = (free, function) {
            function.tail().get(at).into_iter().for_each(put);
            return;
        }
        let beside: Option<Gc<'_, Dict>> = self.get_gc(self.beside_frame(frame));
        if let Some(beside) = beside {
            beside.set_str(heap, heap.intern(name), value);
        }
    }

    /// The dict of what was stored in a frame's variables under other names.
    pub fn beside_frame(&self, frame: Local) -> Local {
        let this: Gc<'_, FrameObject> =
            self.get_gc(frame).expect("the caller knows that it is one");
        if this.extra.is_undef() {
            this.extra.set(self.heap.dict().value());
        }
        self.local(this.get().extra.get(&self.heap))
    }

    /// The names of a frame's variables, whether they have values or not: a dict of each to itself.
    pub fn frame_variables(&self, frame: Local) -> Local {
        let heap = &self.heap;
        let this: Gc<'_, FrameObject> =
            self.get_gc(frame).expect("the caller knows that it is one");
        let code = &this.code(heap).code;
        let names = heap.dict();
        let locals = code.locals.iter().map(|(name, _)| name);
        for name in locals.chain(code.free_names.iter()) {
            let name = heap.intern(name);
            names.set_str(heap, name, name.value());
        }
        self.local(names.value())
    }

    /// The local variables of a frame as they are now: of a module or class its namespace, of a function a new dict.
    pub fn frame_locals(&self, frame: Local) -> Local {
        let heap = &self.heap;
        let this: Gc<'_, FrameObject> =
            self.get_gc(frame).expect("the caller knows that it is one");
        let code = this.code(heap);
        let registers = self.on_stack(this, |frame| {
            (0..code.nregs as usize)
                .map(|n| frame.window.slot(n).get(heap))
                .collect::<Vec<_>>()
        });
        let registers = registers.unwrap_or_else(|| {
            let kept = this.coroutine(heap).map_or(this.tail(), |c| c.tail());
            kept.iter().map(|slot| slot.get(heap)).collect()
        });
        match code.code.kind {
            CodeKind::Module | CodeKind::AsyncModule => {
                return self.local(code.module(heap).dict(heap).value());
            }
            CodeKind::Class | CodeKind::Mapped => {
                let namespace = registers.first().copied().unwrap_or(Value::UNDEF);
                return self.local(namespace.defined().unwrap_or(heap.dict().value()));
            }
            _ => {}
        }
        let at = self.frame_instruction(frame);
        let names = heap.dict();
        let written = code
            .code
            .written_before(at.map_or(0, |at| at), code.nregs - code.undef_count);
        for (name, reg) in &code.code.locals {
            let value = registers.get(usize::from(*reg)).copied();
            let value = value.map_or(Value::UNDEF, |value| content(heap, value));
            if !value.is_undef() && written.has(*reg) && !name.starts_with('.') {
                names.set_str(heap, heap.intern(name), value);
            }
        }
        if let Some(function) = this.function(heap) {
            for (name, cell) in code.code.free_names.iter().zip(function.tail()) {
                let value = content(heap, cell.get(heap));
                if !value.is_undef() {
                    names.set_str(heap, heap.intern(name), value);
                }
            }
        }
        if let Some(extra) = this.get().extra.get(heap).as_gc::<Dict>() {
            for (name, value) in extra.table.entries(heap) {
                if let Some(name) = name.as_gc() {
                    names.set_str(heap, name, value);
                }
            }
        }
        self.local(names.value())
    }

    /// `frame.clear()`.
    ///
    /// # Errors
    /// RuntimeError while it runs or is suspended.
    pub fn clear_frame(&mut self, frame: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let this: Gc<'_, FrameObject> =
            self.get_gc(frame).expect("the caller knows that it is one");
        let state = this.coroutine(heap).map(|coroutine| coroutine.state.get());
        let what = match state {
            _ if this.is_live.get() => "cannot clear an executing frame",
            Some(CoroutineState::Running) => "cannot clear an executing frame",
            Some(CoroutineState::Suspended) => "cannot clear a suspended frame",
            Some(CoroutineState::Created) => {
                let coroutine = self.local(this.owner.get(heap));
                self.close_generator(coroutine)?;
                return Ok(());
            }
            Some(CoroutineState::Done) | None => {
                let kept = this.coroutine(heap).map_or(this.tail(), |c| c.tail());
                kept.iter().for_each(Slot::clear);
                if this.coroutine(heap).is_none() {
                    // The function has the variables of the functions around it.
                    this.owner.clear();
                }
                return Ok(());
            }
        };
        Err(heap.raise(Builtin::RuntimeError, what))
    }

    /// The line of an instruction; without one, that of the definition.
    pub fn line_of(&self, code: &Code, ip: Option<u32>) -> i64 {
        self.line_at(code, ip.map_or(code.begin, |ip| code.span_at(ip).start))
    }

    /// The line of a place in the source of a code.
    pub fn line_at(&self, code: &Code, offset: u32) -> i64 {
        self.locate(code, offset)
            .map_or(0, |place| place.line as i64)
    }
}

/// What a variable holds, whose register may hold the cell that it shares with other functions.
pub(super) fn content<'h>(heap: &'h Heap, value: Value<'h>) -> Value<'h> {
    match value.as_gc::<CellObj>() {
        Some(cell) => cell.get().value.get(heap),
        None => value,
    }
}
