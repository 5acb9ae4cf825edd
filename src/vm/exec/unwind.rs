//! Exceptions on their way: raising, finding the handler, leaving frames, and what is being handled.
//!
//! `try` costs nothing until something is raised: each code has a table of handlers by instruction range, and another of the
//! ranges in which a handler's exception "is being handled" (bare `raise`, `__context__`). Traceback entries are added while frames
//! are left. Where a coroutine ends by an exception, the search goes on in the one that awaits it (`coroutine/`).

use crate::bytecode::{Instr, Op};
use crate::runtime::class::Class;
use crate::runtime::coroutine::{Coroutine, CoroutineKind};
use crate::runtime::exception::Exception;
use crate::runtime::intern::Sym;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::exec::coroutine::Message;
use crate::vm::exec::cursor::Cursor;
use crate::vm::exec::frame::frame_flag;
use crate::vm::exec::trap::Trap;
use crate::vm::local::Local;

/// How many contexts are followed when a new link might close a cycle.
const CHAIN_LIMIT: usize = 10_000;

/// From so many on, following them takes a while.
const LONG_CHAIN: usize = 500;

/// Whether the frame where unwinding begins still needs its line in the traceback.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::vm) enum TopFrame {
    /// It gets one.
    Record,
    /// It has one: the exception passed here before.
    AlreadyRecorded,
}

impl Vm {
    /// Takes an exception to its handler: afterwards the top frame stands there. A trap: the run is over.
    #[cold]
    #[inline(never)]
    pub(in crate::vm) fn unwind(&mut self, raised: Raised) -> Option<Trap> {
        self.report_limit();
        let exception = self.heap.peek_raised(&raised);
        let top = self.exec.stack.top();
        // A frame that was entered just now has no instruction behind it: Ctrl-C and MemoryError come there, too.
        let op = (top.index(&self.heap) > 0).then(|| top.last_instr(&self.heap).op);
        let on_its_way = exception.was_raised();
        let ends_star = op == Some(Op::ExcStarFinish);
        let reraises = op.is_some_and(|op| op.info().facts.reraises);
        let again = reraises && (on_its_way || ends_star);
        let raises = matches!(op, Some(Op::Raise | Op::RaiseFrom));
        if raises || !on_its_way && !ends_star && exception.context.is_undef() {
            self.set_context(exception);
        }
        self.unwind_from(
            raised,
            if again {
                TopFrame::AlreadyRecorded
            } else {
                TopFrame::Record
            },
        )
    }

    /// As `unwind`; `top_frame`: whether the traceback gets a line for it.
    pub(in crate::vm) fn unwind_from(
        &mut self,
        mut raised: Raised,
        mut top_frame: TopFrame,
    ) -> Option<Trap> {
        loop {
            let frame = self.exec.stack.top();
            let code = frame.code(&self.heap);
            let at = frame.index(&self.heap).saturating_sub(1);
            let handler = code
                .code
                .handler_at(at)
                .copied()
                .filter(|_| !self.is_halting());
            if self.is_watched() {
                (raised, top_frame) =
                    self.exception_event(raised, at, top_frame, handler.is_none());
            }
            let heap = &self.heap;
            let frame = self.exec.stack.top();
            let code = frame.code(heap);
            let exception = heap.peek_raised(&raised);
            self.pass_frame(exception, at, top_frame, handler.is_none());
            top_frame = TopFrame::Record;
            if let Some(handler) = handler {
                frame.window.set(handler.reg, exception.value());
                let ip = Cursor::at(code, handler.target);
                heap.pending.clear();
                let frame = self.exec.stack.top_mut();
                frame.ip = ip;
                frame.flags.set(frame.flags.get() | frame_flag::CAUGHT);
                return None;
            }
            if frame.flags.get() & frame_flag::COROUTINE != 0 {
                // A chain may be of any length: the search goes on in this loop.
                let mark = self.mark();
                let failed = self.coroutine_failed(raised);
                self.release(mark);
                match failed {
                    Ok(trap) => return trap,
                    Err(next) => {
                        raised = next;
                        continue;
                    }
                }
            }
            let flags = self.exec.stack.pop().flags.get();
            if flags & frame_flag::BOUNDARY != 0 {
                return Some(Trap::Raised);
            }
            if flags & frame_flag::ANSWER != 0 && self.ends_loop(&raised) {
                self.heap.take_raised(raised);
                return None;
            }
        }
    }

    /// Links an exception to the one being handled where it is raised.
    fn set_context(&self, exception: Gc<'_, Exception>) {
        if let Some(handled) = self.handled() {
            self.link_context(exception, handled);
        }
    }

    /// Makes `handled` the context of an exception. If the exception is somewhere in the other's chain, that link is cut:
    /// chains have no cycles.
    pub(in crate::vm) fn link_context(
        &self,
        exception: Gc<'_, Exception>,
        handled: Gc<'_, Exception>,
    ) {
        let heap = &self.heap;
        if handled == exception {
            return;
        }
        let mut link = handled;
        for followed in 0..CHAIN_LIMIT {
            if followed == LONG_CHAIN {
                // Time passes here that no safepoint counts: the next one looks whether Ctrl-C was pressed.
                heap.budget.hasten();
            }
            let Some(next) = link.context(heap) else {
                break;
            };
            if next == exception {
                link.context.clear();
                break;
            }
            link = next;
        }
        exception.context.set(handled.value());
    }

    /// The exception being handled where the program is now (`sys.exception()`).
    pub fn handled(&self) -> Option<Gc<'_, Exception>> {
        let heap = &self.heap;
        for frame in self.exec.stack.frames().iter().rev() {
            // Most frames never caught anything; those that did and are past it must catch again first.
            let flags = frame.flags.get();
            if flags & (frame_flag::CAUGHT | frame_flag::COROUTINE) == 0 {
                continue;
            }
            let code = frame.code(heap);
            let at = frame.index(heap).saturating_sub(1);
            if let Some(reg) = code.code.handling_at(at) {
                return frame.window.get(heap, reg).as_gc();
            }
            frame.flags.set(flags & !frame_flag::CAUGHT);
            if flags & frame_flag::COROUTINE != 0
                && let Some(found) = handled_by_parents(heap, frame.owner.get(heap))
            {
                return Some(found);
            }
        }
        None
    }

    /// Whether a raised exception is an instance of a builtin class.
    pub fn is_raised(&self, raised: &Raised, class: Builtin) -> bool {
        self.heap
            .is_instance(self.heap.peek_raised(raised).value(), class)
    }

    /// Raises what a program gave to `raise`: an exception, or a class to make one of.
    pub fn raise_value(&mut self, value: Local) -> Raised {
        match self.make_exception(value, "exceptions must derive from BaseException") {
            Ok(exception) => self.heap.raise_exception(
                self.get_gc(exception)
                    .expect("make_exception gives exceptions"),
            ),
            Err(raised) => raised,
        }
    }

    /// An exception from an exception or an exception class.
    pub fn make_exception(&mut self, value: Local, complaint: &str) -> Result<Local, Raised> {
        if self.get(value).is_gc::<Exception>() {
            return Ok(value);
        }
        let heap = &self.heap;
        let base = heap.types.class(heap, Builtin::BaseException);
        let class = self
            .get_gc::<Class>(value)
            .filter(|class| class.is_subclass(heap, base));
        if class.is_none() {
            return Err(heap.type_error(complaint));
        }
        let made = self.call(value, &[])?;
        if self.get(made).is_gc::<Exception>() {
            return Ok(made);
        }
        let (class, actual) = (self.repr(value)?, self.heap.type_name(self.get(made)));
        let text = self.get_gc::<Str>(class).map_or("", |s| s.as_str());
        Err(self.heap.type_error(format!("calling {text} should have returned an instance of BaseException, not <class '{actual}'>")))
    }

    pub(in crate::vm) fn raise_op(&mut self, i: Instr) -> Result<(), Raised> {
        let value = self.reg_local(i.a);
        Err(self.raise_value(value))
    }

    pub(in crate::vm) fn raise_from_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let (value, cause) = (self.reg_local(i.a), self.reg_local(i.b));
        let exception = self.make_exception(value, "exceptions must derive from BaseException")?;
        let cause = if self.get(cause).is_none() {
            cause
        } else {
            self.make_exception(cause, "exception causes must derive from BaseException")?
        };
        let this: Gc<'_, Exception> = self
            .get_gc(exception)
            .expect("make_exception gives exceptions");
        let cause = self.get(cause);
        this.cause
            .set(if cause.is_none() { Value::UNDEF } else { cause });
        this.suppress_context.set(true);
        let raised = self.heap.raise_exception(this);
        self.release(mark);
        Err(raised)
    }

    /// A TypeError whose cause, and context, is another exception.
    pub(in crate::vm) fn type_error_from(&mut self, message: String, cause: Raised) -> Raised {
        let mark = self.mark();
        let cause = self.take_local(cause);
        let error = self.heap.type_error(message);
        let error = self.take_local(error);
        let this: Gc<'_, Exception> = self.get_gc(error).expect("an exception that was raised");
        this.cause.set(self.get(cause));
        this.context.set(self.get(cause));
        this.suppress_context.set(true);
        let raised = self.heap.raise_exception(this);
        self.release(mark);
        raised
    }

    pub(in crate::vm) fn reraise_op(&mut self, i: Instr) -> Result<(), Raised> {
        let exception = self
            .reg(i.a)
            .as_gc()
            .expect("the compiler re-raises what a handler received");
        Err(self.heap.raise_exception(exception))
    }

    /// The end of `async for`: StopAsyncIteration ends the loop, anything else goes on.
    pub(in crate::vm) fn end_async_for_op(&mut self, i: Instr) -> Result<(), Raised> {
        if self
            .heap
            .is_instance(self.reg(i.a), Builtin::StopAsyncIteration)
        {
            Ok(())
        } else {
            self.reraise_op(i)
        }
    }

    pub(in crate::vm) fn raise_handled_op(&mut self) -> Result<(), Raised> {
        Err(match self.handled() {
            Some(exception) => self.heap.raise_exception(exception),
            None => self
                .heap
                .raise(Builtin::RuntimeError, "No active exception to reraise"),
        })
    }

    pub(in crate::vm) fn exc_match_op(&mut self, i: Instr) -> Result<(), Raised> {
        let heap = &self.heap;
        let (exception, target) = (self.reg(i.b), self.reg(i.c));
        let matched = match self.plain_value(target).as_gc::<Tuple>() {
            Some(tuple) => {
                let mut matched = false;
                for item in tuple.iter(heap) {
                    matched |= matches_class(heap, exception, item)?;
                }
                matched
            }
            None => matches_class(heap, exception, target)?,
        };
        self.set_reg(i.a, Value::bool(matched));
        Ok(())
    }

    pub(in crate::vm) fn exc_info_op(&mut self, i: Instr) -> Result<(), Raised> {
        let exception = self.reg(i.b);
        self.set_reg(i.a, self.heap.class_of(exception).value());
        self.set_reg(i.a + 1, exception);
        let traceback = exception.as_gc::<Exception>();
        let traceback = traceback.map_or(Value::NONE, |exception| exception.traceback(&self.heap));
        self.set_reg(i.a + 2, traceback);
        Ok(())
    }

    pub(in crate::vm) fn assert_fail_op(&mut self, i: Instr) -> Result<(), Raised> {
        let value = self.reg(i.a);
        let args: &[Value<'_>] = if value.is_undef() { &[] } else { &[value] };
        let raised = self.heap.raise_with(Builtin::AssertionError, args);
        let compared: Vec<Value<'_>> = (0..i.d as u8).map(|n| self.reg(i.b + n)).collect();
        if !compared.is_empty() {
            let compared = self.heap.tuple(&compared).value();
            self.heap.peek_raised(&raised).compared.set(compared);
        }
        Err(raised)
    }

    pub(in crate::vm) fn cover_op(&mut self, i: Instr) -> Result<(), Raised> {
        let file = self.exec.stack.top().code(&self.heap).code.file;
        self.host.covered(file, i.d as u32);
        Ok(())
    }

    pub(in crate::vm) fn check_with_op(&mut self, i: Instr) -> Result<(), Raised> {
        let value = self.reg(i.a);
        let heap = &self.heap;
        let method = |sym| heap.class_of(value).lookup(heap, heap.sym(sym));
        let class = heap.type_name(value);
        let (enter, exit, what) = if i.c == 0 {
            (Sym::Enter, Sym::Exit, "context manager")
        } else {
            (Sym::AEnter, Sym::AExit, "asynchronous context manager")
        };
        if let (Some(_), Some(exit)) = (method(enter), method(exit)) {
            self.set_reg(i.b, exit);
            return Ok(());
        }
        let missing = if method(enter).is_some() {
            format!(" (missed {} method)", exit.text())
        } else {
            String::new()
        };
        Err(heap.type_error(format!(
            "'{class}' object does not support the {what} protocol{missing}"
        )))
    }

    /// The coroutine of the top frame ends by an exception: the coroutine or driver above it gets it.
    ///
    /// # Errors
    /// An exception that is to be unwound from the frame that is on top now.
    fn coroutine_failed(&mut self, raised: Raised) -> Result<Option<Trap>, Raised> {
        let this = self.local(self.exec.stack.top().owner.get(&self.heap));
        let raised = self.convert_stop(this, raised);
        self.complete(this, Message::Raised(raised))
    }

    /// A StopIteration that leaves a generator or coroutine would be taken for its end: it becomes a RuntimeError.
    pub(in crate::vm) fn convert_stop(&mut self, coroutine: Local, raised: Raised) -> Raised {
        let heap = &self.heap;
        let kind = self.get_gc::<Coroutine>(coroutine).map(|c| c.kind);
        let what = match kind {
            Some(CoroutineKind::Generator) => "generator",
            Some(CoroutineKind::AsyncGenerator) => "async generator",
            Some(CoroutineKind::Coroutine) => "coroutine",
            _ => return raised,
        };
        let stop = if self.is_raised(&raised, Builtin::StopIteration) {
            "StopIteration"
        } else if what == "async generator" && self.is_raised(&raised, Builtin::StopAsyncIteration)
        {
            "StopAsyncIteration"
        } else {
            return raised;
        };
        let cause = heap.take_raised(raised);
        let raised = heap.raise(Builtin::RuntimeError, format!("{what} raised {stop}"));
        let error = heap.peek_raised(&raised);
        error.cause.set(cause.value());
        error.context.set(cause.value());
        error.suppress_context.set(true);
        raised
    }
}

/// Whether an exception is an instance of what follows `except`.
fn matches_class<'h>(
    heap: &'h Heap,
    exception: Value<'h>,
    class: Value<'h>,
) -> Result<bool, Raised> {
    let base = heap.types.class(heap, Builtin::BaseException);
    match class.as_gc::<Class>() {
        Some(class) if class.is_subclass(heap, base) => {
            Ok(heap.class_of(exception).is_subclass(heap, class))
        }
        _ => Err(heap
            .type_error("catching classes that do not inherit from BaseException is not allowed")),
    }
}

/// What one of the coroutines that await this one is handling.
fn handled_by_parents<'h>(heap: &'h Heap, coroutine: Value<'h>) -> Option<Gc<'h, Exception>> {
    let mut next = coroutine
        .as_gc::<Coroutine>()?
        .parent
        .get(heap)
        .as_gc::<Coroutine>();
    while let Some(parent) = next {
        if let Some(code) = parent.code(heap)
            && let Some(reg) = code.code.handling_at(parent.ip.get().saturating_sub(1))
        {
            return parent.tail()[reg as usize].get(heap).as_gc();
        }
        next = parent.parent.get(heap).as_gc();
    }
    None
}
