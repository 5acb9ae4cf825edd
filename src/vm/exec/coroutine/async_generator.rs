//! Async generators: `__anext__`, `asend`, `athrow`, `aclose`.
//!
//! An operation is an object (`AsyncStep`) that is awaited; its registers are the generator, the value or exception, and which operation
//! it is. `async for` over an async generator needs no such object.

use super::awaiting::enter_child;
use super::{
    AsyncStepKind, Message, STEP_GENERATOR, STEP_KIND, STEP_REGS, STEP_VALUE, Started, Step,
};
use crate::bytecode::{Instr, Op};
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::exception::Exception;
use crate::runtime::future::Future;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::vm::Vm;
use crate::vm::exec::Exec;
use crate::vm::exec::call::plain_coroutine;
use crate::vm::local::Local;

impl Vm {
    /// The awaitable of one operation of an async generator. `value`: what is sent or thrown.
    pub fn async_step(&mut self, generator: Local, kind: AsyncStepKind, value: Local) -> Local {
        let heap = &self.heap;
        let fields = Coroutine::new(CoroutineKind::AsyncStep, STEP_REGS, Value::UNDEF, 0);
        let class = if kind == AsyncStepKind::Send {
            Builtin::AsyncGenASend
        } else {
            Builtin::AsyncGenAThrow
        };
        let state = [
            self.get(generator),
            self.get(value),
            Value::small_int(kind as i64),
        ];
        let step = heap.alloc_tail(fields, heap.types.shape_of(class), |n| state[n]);
        let step = self.local(step.value());
        self.note_local(step);
        step
    }

    pub(in crate::vm) fn get_anext_op(&mut self, i: Instr) -> Result<(), Raised> {
        if self.enter_async_generator(i) || self.make_anext(i) {
            return Ok(());
        }
        let mark = self.mark();
        let source = self.reg_local(i.b);
        let native = self
            .get_gc::<Coroutine>(source)
            .is_some_and(|c| c.kind == CoroutineKind::AsyncGenerator);
        let step = if native {
            self.note_first_iteration(source)?;
            let none = self.none();
            self.async_step(source, AsyncStepKind::Send, none)
        } else {
            match self.call_special(source, Sym::ANext, &[])? {
                Some(step) if self.is_awaitable(step) => step,
                Some(step) => {
                    let class = self.heap.type_name(self.get(step));
                    let cause = format!("object {class} can't be used in 'await' expression");
                    let message =
                        format!("'async for' received an invalid object from __anext__: {class}");
                    let cause = self.heap.type_error(cause);
                    return Err(self.type_error_from(message, cause));
                }
                None => {
                    let class = self.heap.type_name(self.get(source));
                    let message = format!(
                        "'async for' requires an iterator with __anext__ method, got {class}"
                    );
                    return Err(self.heap.type_error(message));
                }
            }
        };
        self.finish(mark, i.a, step);
        Ok(())
    }

    /// Whether `await` takes it.
    fn is_awaitable(&self, local: Local) -> bool {
        match self.get_gc::<Coroutine>(local).map(|c| c.kind) {
            Some(kind) => !matches!(
                kind,
                CoroutineKind::Generator | CoroutineKind::AsyncGenerator | CoroutineKind::Wrapper
            ),
            None => {
                self.get(local).is_gc::<Future>()
                    || self.special(self.get(local), Sym::Await).is_some()
            }
        }
    }

    /// `async for` over an async generator that is free: it goes on at once, in the place of the frame that awaits it, without a
    /// step object; the `Await` that follows is done with.
    fn enter_async_generator(&mut self, i: Instr) -> bool {
        if !self.exec.finalisation.first_iteration.is_undef() {
            return false;
        }
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let heap = &*heap;
        let frame = stack.top();
        let next = frame.ip.peek();
        let Some(generator) = frame.window.get(heap, i.b).as_gc::<Coroutine>() else {
            return false;
        };
        let created = generator.state.get() == CoroutineState::Created;
        let free = generator.kind == CoroutineKind::AsyncGenerator
            && (created || generator.state.get() == CoroutineState::Suspended)
            && generator.parent.is_undef()
            && generator.delegate.is_undef();
        if !free || next.op != Op::Await || next.b != i.a || !enter_child(heap, stack, generator, 1)
        {
            return false;
        }
        if created {
            heap.finalise(generator.value());
        } else {
            let frame = stack.top();
            frame.window.set(frame.ip.previous().a, Value::NONE);
        }
        true
    }

    /// `__anext__` of a class that has an async function for it: makes the coroutine.
    fn make_anext(&self, i: Instr) -> bool {
        let heap = &self.heap;
        let source = self.reg(i.b);
        let args = self.exec.stack.top().window.slots(i.b as usize, 1);
        let coroutine = self
            .special(source, Sym::ANext)
            .and_then(|method| method.as_gc())
            .and_then(|function| plain_coroutine(heap, function, args));
        if let Some(coroutine) = coroutine {
            self.set_reg(i.a, coroutine.value());
        }
        coroutine.is_some()
    }

    /// Awaits a step: `parent` gets the generator itself as delegate where nothing must be done to the outcome.
    pub(super) fn link_step(&mut self, parent: Local, step: Local) -> Result<Started, Raised> {
        let heap = &self.heap;
        let this = self.coroutine(step);
        match this.state.get() {
            CoroutineState::Created => {}
            CoroutineState::Done => return Err(self.reused_step(this)),
            _ => {
                return Err(heap.raise(Builtin::RuntimeError, "coroutine is being awaited already"));
            }
        }
        if this.tail()[STEP_KIND].get(heap).as_int() != Some(AsyncStepKind::Send as i64) {
            return self.link(parent, step).map(Started::Linked);
        }
        this.state.set(CoroutineState::Done);
        match self.begin_step(step)? {
            None => Ok(Started::Ready(self.none())),
            Some(generator) => self.link(parent, generator).map(Started::Linked),
        }
    }

    /// Prepares the generator of a step to be resumed: what it gets is in `result`. None: `aclose()` has nothing to do.
    pub(super) fn begin_step(&mut self, step: Local) -> Result<Option<Local>, Raised> {
        let heap = &self.heap;
        let this = self.coroutine(step);
        let generator: Gc<'_, Coroutine> = this.tail()[STEP_GENERATOR].expect(heap);
        let value = this.tail()[STEP_VALUE].get(heap);
        let kind = this.tail()[STEP_KIND].get(heap).as_int().unwrap_or(0);
        let close = kind == AsyncStepKind::Close as i64;
        let throw = close || kind == AsyncStepKind::Throw as i64;
        match generator.state.get() {
            // An exception that nothing can take any more is dropped: CPython's steps end with None.
            CoroutineState::Done if throw => return Ok(None),
            CoroutineState::Done => return Err(heap.raise_with(Builtin::StopAsyncIteration, &[])),
            CoroutineState::Created if close => {
                generator.state.set(CoroutineState::Done);
                return Ok(None);
            }
            CoroutineState::Created if !throw && !value.is_none() => {
                return Err(
                    heap.type_error("can't send non-None value to a just-started async generator")
                );
            }
            CoroutineState::Created if !throw => {
                heap.finalise(generator.value());
            }
            CoroutineState::Running => return Err(self.already_running(kind)),
            _ if !generator.parent.is_undef() => return Err(self.already_running(kind)),
            _ => {}
        }
        let sent = if close && !value.is_gc::<Exception>() {
            heap.exception(heap.types.class(heap, Builtin::GeneratorExit), &[])
                .value()
        } else {
            value
        };
        self.exec.result.set(sent);
        let generator = self.local(generator.value());
        self.exec.throwing = throw;
        Ok(Some(generator))
    }

    /// The async generators that were begun and are not over, oldest first.
    pub fn open_async_generators(&self) -> Vec<Local> {
        let open = |v: &Value<'_>| {
            v.as_gc::<Coroutine>().is_some_and(|this| {
                this.kind == CoroutineKind::AsyncGenerator
                    && this.state.get() == CoroutineState::Suspended
            })
        };
        let registered = self.heap.finalisable();
        let open = registered.into_iter().filter(open);
        open.map(|v| self.local(v)).collect()
    }

    pub(super) fn already_running(&self, kind: i64) -> Raised {
        let what = ["anext()", "athrow()", "aclose()"][kind.clamp(0, 2) as usize];
        self.heap.raise(
            Builtin::RuntimeError,
            format!("{what}: asynchronous generator is already running"),
        )
    }

    /// An `AsyncStep` as part of a chain: driven by a task, or one whose outcome needs a look (`athrow`, `aclose`).
    pub(super) fn step_async(
        &mut self,
        step: Local,
        first: bool,
        message: Message,
    ) -> Result<Step, Raised> {
        let kind = self.coroutine(step).tail()[STEP_KIND]
            .get(&self.heap)
            .as_int()
            .unwrap_or(0);
        let close = kind == AsyncStepKind::Close as i64;
        if first {
            return match self.begin_step(step)? {
                None => Ok(Step::Return(self.none())),
                // `start_await` of a generator is refused for programs; here it is what is meant.
                Some(generator) => Ok(Step::Await(generator)),
            };
        }
        match message {
            Message::Value(_) if close => Err(self.heap.raise(
                Builtin::RuntimeError,
                "async generator ignored GeneratorExit",
            )),
            Message::Value(value) => Ok(Step::Return(value)),
            Message::Raised(raised)
                if close
                    && (self.is_raised(&raised, Builtin::StopAsyncIteration)
                        || self.is_raised(&raised, Builtin::GeneratorExit)) =>
            {
                self.heap.take_raised(raised);
                Ok(Step::Return(self.none()))
            }
            Message::Raised(raised) => Err(raised),
        }
    }
}
