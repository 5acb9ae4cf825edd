//! Driving a coroutine or generator from outside: `resume`, `close`, the next item.
//!
//! The driver is the root's boundary: Rust code here, a `for` loop in `generator.rs`. Driving checks what state the root
//! is in and says so in CPython's words where it cannot go on.

use super::generator::go_on;
use super::{Flow, Input, Message, Resumed, STEP_KIND, kind_name};
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::vm::Vm;
use crate::vm::exec::Exec;
use crate::vm::exec::frame::frame_flag;
use crate::vm::exec::trap::Trap;
use crate::vm::exec::unwind::TopFrame;
use crate::vm::local::Local;

impl Vm {
    /// Resumes a coroutine, generator or native coroutine from Rust code.
    pub fn resume(&mut self, root: Local, input: Input) -> Result<Resumed, Raised> {
        let mark = self.mark();
        let goes_on = matches!(input, Input::Send(value) if self.goes_on(root, Some(value)));
        let trap = if goes_on {
            self.run_bounded()?
        } else {
            let message = self.begin_resume(root, input)?;
            match self.advance(root, message, None) {
                Flow::Yield(value) => return Ok(Resumed::Yielded(self.keep(mark, value))),
                Flow::Finish(value) => return Ok(Resumed::Returned(self.keep(mark, value))),
                Flow::Fail(raised) => return Err(raised),
                Flow::Run => self.run_bounded()?,
                Flow::Unwind(raised) => match self.unwind_from(raised, TopFrame::Record) {
                    None => self.run_bounded()?,
                    Some(Trap::Raised) => return Err(self.heap.raise_pending()),
                    Some(trap) => trap,
                },
            }
        };
        self.release(mark);
        Ok(self.resumed(trap))
    }

    /// The same as sending None.
    #[inline(always)]
    pub fn go_on(&mut self, root: Local) -> Result<Resumed, Raised> {
        if self.goes_on(root, None) {
            let trap = self.run_bounded()?;
            return Ok(self.resumed(trap));
        }
        let none = self.none();
        self.resume(root, Input::Send(none))
    }

    #[inline(always)]
    fn resumed(&self, trap: Trap) -> Resumed {
        let value = self.local(self.exec.take_result(&self.heap));
        match trap {
            Trap::Yielded => Resumed::Yielded(value),
            Trap::Returned => Resumed::Returned(value),
            Trap::Raised => unreachable!("`run` gives exceptions as errors"),
        }
    }

    /// The fast path to send a value, or None: pushes the frame, if that is all there is to do.
    #[inline]
    fn goes_on(&mut self, root: Local, value: Option<Local>) -> bool {
        let Vm {
            heap,
            exec: Exec { stack, locals, .. },
            ..
        } = self;
        let value = value.map_or(Value::NONE, |value| value.value(locals, heap));
        let flags = frame_flag::BOUNDARY | frame_flag::COROUTINE;
        root.value(locals, heap)
            .as_gc()
            .is_some_and(|root| go_on(heap, stack, root, value, flags))
    }

    /// Checks that the root may go on, and turns the input into a message.
    pub(super) fn begin_resume(&mut self, root: Local, input: Input) -> Result<Message, Raised> {
        let heap = &self.heap;
        let this = self.coroutine(root);
        let what = kind_name(this.kind);
        match this.state.get() {
            CoroutineState::Running => {
                Err(heap.raise(Builtin::ValueError, format!("{what} already executing")))
            }
            CoroutineState::Done => Err(match (this.kind, input) {
                (CoroutineKind::Coroutine | CoroutineKind::Native, _) => heap.raise(
                    Builtin::RuntimeError,
                    "cannot reuse already awaited coroutine",
                ),
                (CoroutineKind::AsyncStep, _) => self.reused_step(this),
                (_, Input::Send(_)) => heap.raise_with(Builtin::StopIteration, &[]),
                (_, Input::Throw(exception)) => heap.raise_exception(self.exception(exception)),
            }),
            CoroutineState::Created => match input {
                Input::Send(value)
                    if !self.get(value).is_none() && this.kind != CoroutineKind::AsyncStep =>
                {
                    Err(heap.type_error(format!(
                        "can't send non-None value to a just-started {what}"
                    )))
                }
                Input::Send(value) => Ok(Message::Value(value)),
                Input::Throw(exception) => Ok(Message::Raised(
                    heap.raise_exception(self.exception(exception)),
                )),
            },
            CoroutineState::Suspended => Ok(match input {
                Input::Send(value) => Message::Value(value),
                Input::Throw(exception) => {
                    let innermost = this.innermost.get(heap).as_gc().unwrap_or(this);
                    let exception = self.exception(exception);
                    self.chain_thrown(self.local(innermost.value()), exception);
                    self.exec.thrown.set(exception.address());
                    Message::Raised(heap.raise_exception(exception))
                }
            }),
        }
    }

    pub(super) fn reused_step(&self, step: Gc<'_, Coroutine>) -> Raised {
        let what = match step.tail()[STEP_KIND].get(&self.heap).as_int() {
            Some(1) | Some(2) => "aclose()/athrow()",
            _ => "__anext__()/asend()",
        };
        self.heap.raise(
            Builtin::RuntimeError,
            format!("cannot reuse already awaited {what}"),
        )
    }

    /// The next item of a generator, for loops in Rust; false at its end.
    pub fn next_generator(&mut self, generator: Local, into: Local) -> Result<bool, Raised> {
        if self.coroutine(generator).state.get() == CoroutineState::Done {
            return Ok(false);
        }
        if self.goes_on(generator, None) {
            let going_on = self.run_bounded()? == Trap::Yielded;
            if going_on {
                self.set(into, self.exec.take_result(&self.heap));
            }
            return Ok(going_on);
        }
        let mark = self.mark();
        let none = self.none();
        let resumed = self.resume(generator, Input::Send(none))?;
        let going_on = match resumed {
            Resumed::Yielded(value) => {
                self.set(into, self.get(value));
                true
            }
            Resumed::Returned(_) => false,
        };
        self.release(mark);
        Ok(going_on)
    }
}
