//! Where the program is: its frames, what its coroutines wait in; and its end by `halt`.
//!
//! Places are plain data (`report.rs`): they outlive the frames that they were taken from.

use std::rc::Rc;

use super::coroutine::Mention;
use super::frame::{Frame, Stack};
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::function::Function;
use crate::runtime::future::Future;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::report::Place;

/// Where the calls on a stack are, innermost first.
pub(in crate::vm) fn trail(stack: &Stack, heap: &Heap, most: usize) -> Vec<Place> {
    let frames = stack.frames().iter().rev();
    let place = |frame: &Frame| {
        let code = Rc::clone(&frame.code(heap).code);
        (code, frame.index(heap).saturating_sub(1))
    };
    frames.take(most.min(TRAIL)).map(place).collect()
}

/// Whether a coroutine runs code of the library.
fn is_library(coroutine: Gc<'_, Coroutine>, heap: &Heap) -> bool {
    coroutine
        .code(heap)
        .is_some_and(|code| code.code.is_library())
}

/// How many calls of a thread are told.
const TRAIL: usize = 50;

// Exceptions between `Raised` and locals.
impl Vm {
    /// The exception of a `Raised`, in a local; the caller now answers for it.
    pub fn take_local(&self, raised: Raised) -> Local {
        let exception = self.heap.take_raised(raised).value();
        self.local(exception)
    }

    /// Raises the exception instance in a local.
    pub fn raise_local(&self, exception: Local) -> Raised {
        self.heap.raise_exception(
            self.get_gc(exception)
                .expect("the caller knows that it is an exception"),
        )
    }

    /// Ends the program: from now on exceptions find no handlers.
    pub fn halt(&mut self) {
        self.exec.halting = true;
    }

    /// Whether the program is being ended.
    pub fn is_halting(&self) -> bool {
        self.exec.halting || self.heap.guard.ended().is_some()
    }

    /// The program may run again (the next input of a REPL).
    pub fn resume_after_halt(&mut self) {
        self.exec.halting = false;
        self.heap.guard.resume();
        // What is left of the slice does not count for the new run twice.
        let rest = self.heap.start_slice(0);
        self.heap.guard.resume();
        self.heap.start_slice(rest.max(1));
    }

    /// Where the program is now.
    pub fn place(&self) -> Option<Place> {
        let frame = self.exec.stack.frames().last()?;
        Some((
            Rc::clone(&frame.code(&self.heap).code),
            frame.index(&self.heap).saturating_sub(1),
        ))
    }

    /// Where the calls of the thread are that runs now, innermost first, at most so many.
    pub fn trail(&self, most: usize) -> Vec<Place> {
        trail(&self.exec.stack, &self.heap, most)
    }

    /// Where the program is now: the code object, Undef if none runs, and the index of the instruction.
    pub fn place_object(&self) -> (Value<'_>, u32) {
        match self.exec.stack.frames().last() {
            Some(frame) => (
                frame.code(&self.heap).value(),
                frame.index(&self.heap).saturating_sub(1),
            ),
            None => (Value::UNDEF, 0),
        }
    }

    /// Where a coroutine waits: the innermost of the chain that is not the library's, else the innermost.
    pub fn place_of(&self, coroutine: Local) -> Option<Place> {
        let running = self.running_in(coroutine);
        let user = running.iter().rfind(|it| !is_library(**it, &self.heap));
        let at = user.or(running.last())?;
        let code = Rc::clone(&at.code(&self.heap)?.code);
        Some((code, at.ip.get().saturating_sub(1)))
    }

    /// What user code waits in, if that is a coroutine of the library's in apy: the one that it called, by its qualified name.
    pub fn library_call_in(&self, coroutine: Local) -> Option<String> {
        let heap = &self.heap;
        let running = self.running_in(coroutine);
        let inside = running.iter().rev().take_while(|it| is_library(**it, heap));
        let function: Gc<'_, Function> = inside.last()?.function.get(heap).as_gc()?;
        let name: Gc<'_, Str> = function.qualname.get(heap).as_gc()?;
        Some(name.as_str().to_owned())
    }

    /// Whether a coroutine has run at all.
    pub fn has_begun(&self, coroutine: Local) -> bool {
        let this = self.get_gc::<Coroutine>(coroutine);
        this.is_none_or(|it| it.state.get() != CoroutineState::Created)
    }

    /// Those of a chain of coroutines that run code and have begun, outermost first.
    fn running_in(&self, coroutine: Local) -> Vec<Gc<'_, Coroutine>> {
        let heap = &self.heap;
        let mut running = Vec::new();
        let mut next = self.get_gc::<Coroutine>(coroutine);
        while let Some(at) = next {
            if at.code(heap).is_some() && at.state.get() != CoroutineState::Created {
                running.push(at);
            }
            next = at.delegate.get(heap).as_gc();
        }
        running
    }

    /// The native awaitables that a coroutine waits in (`sleep`, `Queue.get`), outermost first, how reports mention each and
    /// the object that it waits for, or Undef.
    pub fn waits_in(&self, coroutine: Local) -> Vec<(Mention, Local)> {
        let heap = &self.heap;
        let mut chain = Vec::new();
        let mut next = self.get_gc::<Coroutine>(coroutine);
        while let Some(at) = next {
            if at.kind == CoroutineKind::Native && at.state.get() != CoroutineState::Created {
                let object = at
                    .tail()
                    .first()
                    .map_or(Value::UNDEF, |slot| slot.get(heap));
                chain.push((self.mention(at.native), self.local(object)));
            }
            let delegate = at.delegate.get(heap);
            if let Some(future) = delegate.as_gc::<Future>() {
                if let Some(waiting) = self.waiting(future) {
                    let owner = self.local(future.get().attrs.get(heap));
                    chain.push((Mention::As(waiting.name), owner));
                } else if future.timed.get() {
                    let mention = Mention::As(self.hooks.timer_mention);
                    chain.push((mention, self.local(Value::UNDEF)));
                }
            }
            next = delegate.as_gc();
        }
        chain
    }
}
