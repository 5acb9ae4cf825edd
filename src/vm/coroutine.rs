//! Coroutines: awaiting, yielding, resuming; the chain from a root to its innermost coroutine.
//!
//! While coroutine A awaits B, both are linked (`A.delegate`, `B.parent`) and B's frame takes A's place on the stack, so an await
//! costs no stack and resuming touches only the innermost. A *root* is what something outside drives: a task, `next()`, a
//! `for` loop; its frame carries it in `extra`. A value or exception that moves along the chain is a `Message`;
//! `advance` delivers it to a coroutine, whatever its kind, and goes on until bytecode must run or the root gives control up.
//! Native awaitables (`sleep`, `Queue.get`) are coroutines too: `NativeCoroutine` is a step function over state in registers.

use std::rc::Rc;

use super::Vm;
use super::frame::{Cursor, Frame, Window, frame_flag};
use super::local::Local;
use super::trap::Trap;
use crate::bytecode::{Instr, Op};
use crate::runtime::code::CodeObj;
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::exception::{Exception, TraceEntry};
use crate::runtime::future::{Future, FutureState};
use crate::runtime::heap::Kind;
use crate::runtime::intern::Sym;
use crate::runtime::iter::Iter;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};

/// What a native coroutine is given when it goes on.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// The result of what it awaited; None at the start.
    Send(Local),
    /// An exception, thrown into it or raised by what it awaited.
    Throw(Local),
}

/// What a native coroutine wants next.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// It is finished, with this result.
    Return(Local),
    /// Give this to whoever drives the chain (None: a bare yield to the loop), and come back.
    Yield(Local),
    /// Await this awaitable for it, and come back with the result or the exception.
    Await(Local),
}

/// One step of a native coroutine. Its state: `vm.step_state(this)`, and registers (`vm.step_slot`).
pub type StepFn = fn(&mut Vm, Local, Input) -> Result<Step, Raised>;

/// A coroutine written in Rust.
pub struct NativeCoroutine {
    /// `__qualname__`, as CPython's coroutine of that function has it.
    pub name: &'static str,
    /// What runs at each resumption.
    pub step: StepFn,
}

/// What a root did when it was resumed.
#[derive(Clone, Copy, Debug)]
pub enum Resumed {
    /// It yielded, or awaits something that is not ready.
    Yielded(Local),
    /// It returned.
    Returned(Local),
}

/// Which operation of an async generator an awaitable stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsyncStepKind {
    /// `__anext__()`, `asend(value)`.
    Send,
    /// `athrow(exception)`.
    Throw,
    /// `aclose()`.
    Close,
}

/// What moves along a chain.
pub(super) enum Message {
    /// A value: sent, or the result of what was awaited.
    Value(Local),
    /// An exception on its way.
    Raised(Raised),
}

/// What `advance` ended with.
enum Flow {
    /// The top frame runs the coroutine that got the message.
    Run,
    /// The top frame's coroutine got an exception: unwind there.
    Unwind(Raised),
    /// The root gave this to its driver.
    Yield(Local),
    /// The root returned.
    Finish(Local),
    /// The root raised.
    Fail(Raised),
}

/// What beginning to await something came to.
enum Started {
    /// The result is there.
    Ready(Local),
    /// This coroutine is linked and goes on next.
    Linked(Local),
    /// Not ready: this goes to the driver.
    Yield(Local),
}

// Registers of an `AsyncStep`: the generator, the value or exception, and which operation.
const STEP_GENERATOR: usize = 0;
const STEP_VALUE: usize = 1;
const STEP_KIND: usize = 2;
const STEP_REGS: u32 = 3;

// Native coroutines.
impl Vm {
    /// A native coroutine with its state registers.
    pub fn native_coroutine(&mut self, native: &'static NativeCoroutine, state: &[Local]) -> Local {
        let id = self.step_id(native);
        let fields = Coroutine::new(
            CoroutineKind::Native,
            state.len() as u32,
            Value::UNDEF,
            Value::UNDEF,
            id,
        );
        let heap = &self.heap;
        let object = heap.alloc_tail(fields, heap.types.shape_of(Builtin::Coroutine), |n| {
            self.get(state[n])
        });
        self.local(object.value())
    }

    fn step_id(&mut self, native: &'static NativeCoroutine) -> u32 {
        let known = self.steps.iter().position(|&s| std::ptr::eq(s, native));
        known.unwrap_or_else(|| {
            self.steps.push(native);
            self.steps.len() - 1
        }) as u32
    }

    /// The name of a native coroutine.
    pub fn native_coroutine_name(&self, id: u32) -> &'static str {
        self.steps[id as usize].name
    }

    /// The state number of a native coroutine; 0 at the start.
    pub fn step_state(&self, this: Local) -> u32 {
        self.coroutine(this).ip.get()
    }

    /// Changes the state number of a native coroutine.
    pub fn set_step_state(&self, this: Local, state: u32) {
        self.coroutine(this).ip.set(state);
    }

    /// A state register of a native coroutine.
    pub fn step_slot(&self, this: Local, i: usize) -> &Slot {
        &self.coroutine(this).tail()[i]
    }

    fn coroutine(&self, local: Local) -> Gc<'_, Coroutine> {
        self.get_gc(local)
            .expect("the caller knows that it is a coroutine")
    }
}

// Driving from outside.
impl Vm {
    /// Resumes a coroutine, generator or native coroutine from Rust code.
    pub fn resume(&mut self, root: Local, input: Input) -> Result<Resumed, Raised> {
        let mark = self.mark();
        let message = self.begin_resume(root, input)?;
        let flow = self.advance(root, message, None);
        let trap = match flow {
            Flow::Yield(value) => return Ok(Resumed::Yielded(self.keep(mark, value))),
            Flow::Finish(value) => return Ok(Resumed::Returned(self.keep(mark, value))),
            Flow::Fail(raised) => return Err(raised),
            Flow::Run => self.run_bounded()?,
            Flow::Unwind(raised) => match self.unwind_from(raised, false) {
                None => self.run_bounded()?,
                Some(Trap::Raised) => return Err(self.heap.raise_pending()),
                Some(trap) => trap,
            },
        };
        let value = self.local(self.result.get(&self.heap));
        let value = self.keep(mark, value);
        match trap {
            Trap::Yielded => Ok(Resumed::Yielded(value)),
            Trap::Returned => Ok(Resumed::Returned(value)),
            Trap::Parked | Trap::Preempted | Trap::Raised => unreachable!(
                "a resumption from Rust is not preemptible, and `run` gives exceptions as errors"
            ),
        }
    }

    /// Checks that the root may go on, and turns the input into a message.
    fn begin_resume(&mut self, root: Local, input: Input) -> Result<Message, Raised> {
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
                    Message::Raised(heap.raise_exception(self.exception(exception)))
                }
            }),
        }
    }

    fn exception(&self, local: Local) -> Gc<'_, Exception> {
        self.get_gc(local)
            .expect("what is thrown is an exception instance")
    }

    fn reused_step(&self, step: Gc<'_, Coroutine>) -> Raised {
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

    /// `ForIter` over a generator: its frame runs in this loop.
    pub(super) fn for_iter_generator(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let mark = self.mark();
        let generator = self.reg_local(i.a);
        if self.coroutine(generator).state.get() == CoroutineState::Done {
            self.release(mark);
            return Ok(None);
        }
        let none = self.none();
        let message = self.begin_resume(generator, Input::Send(none))?;
        let result = match self.advance(generator, message, Some(frame_flag::FOR_ITER)) {
            Flow::Run | Flow::Finish(_) => Ok(None),
            Flow::Yield(value) => {
                self.give_to_for(value);
                Ok(None)
            }
            Flow::Fail(raised) => Err(raised),
            Flow::Unwind(raised) => Ok(self.unwind_from(raised, false)),
        };
        self.release(mark);
        result
    }

    /// The loop of the top frame, which stands behind its `ForIter`, gets an item.
    fn give_to_for(&mut self, value: Local) {
        let i = self.stack.top().ip.previous();
        debug_assert!(i.op == Op::ForIter);
        self.set_reg(i.b, self.get(value));
        self.stack.top_mut().ip.jump(i.d);
    }

    /// `close()` of a generator or coroutine; its result.
    pub fn close_generator(&mut self, generator: Local) -> Result<Local, Raised> {
        let this = self.coroutine(generator);
        match this.state.get() {
            CoroutineState::Done => return Ok(self.none()),
            CoroutineState::Created => {
                this.state.set(CoroutineState::Done);
                return Ok(self.none());
            }
            _ => {}
        }
        let what = kind_name(this.kind);
        let heap = &self.heap;
        let exit = heap
            .exception(heap.types.class(heap, Builtin::GeneratorExit), &[])
            .value();
        let exit = self.local(exit);
        match self.resume(generator, Input::Throw(exit)) {
            Ok(Resumed::Yielded(_)) => Err(self.heap.raise(
                Builtin::RuntimeError,
                format!("{what} ignored GeneratorExit"),
            )),
            Ok(Resumed::Returned(value)) => Ok(value),
            Err(raised)
                if self.is_raised(&raised, Builtin::GeneratorExit)
                    || self.is_raised(&raised, Builtin::StopIteration) =>
            {
                self.heap.take_raised(raised);
                Ok(self.none())
            }
            Err(raised) => Err(raised),
        }
    }
}

fn kind_name(kind: CoroutineKind) -> &'static str {
    match kind {
        CoroutineKind::Coroutine | CoroutineKind::Native => "coroutine",
        CoroutineKind::Generator => "generator",
        CoroutineKind::AsyncGenerator => "async generator",
        CoroutineKind::AsyncStep => "async_generator_asend",
    }
}

// Along the chain.
impl Vm {
    /// Delivers a message to the end of a root's chain and goes on until bytecode must run or the root is done for now.
    /// `enter`: the flags of the frame to push (none: Rust drives, `BOUNDARY`).
    fn advance(&mut self, root: Local, message: Message, enter: Option<u32>) -> Flow {
        let heap = &self.heap;
        let this = self.coroutine(root);
        let current = this
            .innermost
            .get(heap)
            .as_gc::<Coroutine>()
            .unwrap_or(this);
        this.innermost.clear();
        // Whoever else drives a part of the chain finds it running.
        this.state
            .set(if this.state.get() == CoroutineState::Created {
                CoroutineState::Created
            } else {
                CoroutineState::Running
            });
        let current = self.local(current.value());
        let flags = enter.unwrap_or(frame_flag::BOUNDARY) | frame_flag::COROUTINE;
        self.deliver(root, current, message, Some(flags))
    }

    /// Delivers a message to `current`, in the chain of `root`. `push`: the flags of a frame to push for bytecode; else the top
    /// frame is the chain's.
    fn deliver(
        &mut self,
        root: Local,
        mut current: Local,
        mut message: Message,
        push: Option<u32>,
    ) -> Flow {
        loop {
            // What it awaited without being linked to it: a future, or a foreign iterator.
            if !self.coroutine(current).delegate.is_undef() {
                match self.step_delegate(current, message) {
                    Ok(Started::Yield(value)) => return self.suspend(root, current, value),
                    Ok(Started::Ready(value)) => message = Message::Value(value),
                    Ok(Started::Linked(child)) => {
                        current = child;
                        message = Message::Value(self.none());
                        continue;
                    }
                    Err(raised) => message = Message::Raised(raised),
                }
            }
            let kind = self.coroutine(current).kind;
            if !matches!(kind, CoroutineKind::Native | CoroutineKind::AsyncStep) {
                return self.deliver_to_code(root, current, message, push);
            }
            let outcome = self.step_native(current, message);
            let started = match outcome {
                Ok(Step::Return(value)) => Err(Message::Value(value)),
                Ok(Step::Yield(value)) => return self.suspend(root, current, value),
                Ok(Step::Await(awaitable)) => match self.start_await(current, awaitable) {
                    Ok(started) => Ok(started),
                    Err(raised) => {
                        message = Message::Raised(raised);
                        continue;
                    }
                },
                Err(raised) => Err(Message::Raised(raised)),
            };
            match started {
                Ok(Started::Ready(value)) => message = Message::Value(value),
                Ok(Started::Yield(value)) => return self.suspend(root, current, value),
                Ok(Started::Linked(child)) => {
                    current = child;
                    message = self.first_message(child);
                }
                Err(end) => match self.end(root, current, end) {
                    Ok((parent, next)) => {
                        current = parent;
                        message = next;
                    }
                    Err(flow) => return flow,
                },
            }
        }
    }

    /// What a coroutine that was just linked gets first.
    fn first_message(&mut self, child: Local) -> Message {
        let heap = &self.heap;
        let this = self.coroutine(child);
        // An async generator is told by the step that resumes it.
        let pending = this.kind == CoroutineKind::AsyncGenerator && !self.result.is_undef();
        if pending {
            let value = self.result.get(heap);
            self.result.clear();
            if let Some(exception) = value.as_gc::<Exception>().filter(|_| self.throwing) {
                self.throwing = false;
                return Message::Raised(heap.raise_exception(exception));
            }
            return Message::Value(self.local(value));
        }
        Message::Value(self.none())
    }

    fn deliver_to_code(
        &mut self,
        root: Local,
        current: Local,
        message: Message,
        push: Option<u32>,
    ) -> Flow {
        let heap = &self.heap;
        let this = self.coroutine(current);
        let created = this.state.get() == CoroutineState::Created;
        if created && let Message::Raised(raised) = message {
            return self.fail_unstarted(root, current, raised, push);
        }
        this.state.set(CoroutineState::Running);
        self.coroutine(root).state.set(CoroutineState::Running);
        let code = this.code.expect(heap);
        match push {
            Some(flags) => {
                let mut frame = Frame::new(code, Window::of_coroutine(this), this.value(), flags);
                frame.ip = Cursor::at(code, this.ip.get());
                frame.extra.set(self.get(root));
                let pushed = self.push_coroutine_frame(frame);
                if let Err(raised) = pushed {
                    return Flow::Fail(raised);
                }
            }
            None => {
                let Vm {
                    heap,
                    stack,
                    locals,
                    ..
                } = self;
                let this = locals
                    .get(heap, current.index())
                    .and_then(|v| v.as_gc::<Coroutine>());
                let this = this.expect("a coroutine, as above");
                stack.top_mut().switch(this.code.expect(heap), this);
            }
        }
        match message {
            Message::Value(value) => {
                if !created {
                    let i = self.stack.top().ip.previous();
                    self.set_reg(i.a, self.get(value));
                }
                Flow::Run
            }
            Message::Raised(raised) => Flow::Unwind(raised),
        }
    }

    fn push_coroutine_frame(&mut self, frame: Frame) -> Result<(), Raised> {
        let Vm { heap, stack, .. } = self;
        if !stack.reserve(heap, 0) {
            return Err(heap.raise(Builtin::RecursionError, "maximum recursion depth exceeded"));
        }
        stack.push_coroutine(heap, frame);
        Ok(())
    }

    /// An exception thrown into a coroutine that never ran ends it at once.
    fn fail_unstarted(
        &mut self,
        root: Local,
        current: Local,
        raised: Raised,
        push: Option<u32>,
    ) -> Flow {
        let heap = &self.heap;
        let this = self.coroutine(current);
        if let Some(code) = this.code.get(heap).as_gc::<CodeObj>() {
            let entry = TraceEntry::Frame {
                code: Rc::clone(&code.code),
                ip: 0,
            };
            heap.peek_raised(&raised).traceback.borrow_mut().push(entry);
        }
        match self.end(root, current, Message::Raised(raised)) {
            Ok((parent, message)) => self.deliver(root, parent, message, push),
            Err(flow) => flow,
        }
    }

    /// The coroutine of the top frame is finished: its driver or its parent gets the message.
    pub(super) fn complete(&mut self, current: Local, message: Message) -> Option<Trap> {
        let root = self.local(self.stack.top().extra.get(&self.heap));
        let flow = match self.end(root, current, message) {
            Ok((parent, message)) => self.deliver(root, parent, message, None),
            Err(flow) => flow,
        };
        self.settle(flow)
    }

    /// Marks a coroutine finished. `Ok`: its parent and what it gets; `Err`: it was the root.
    fn end(
        &mut self,
        root: Local,
        current: Local,
        message: Message,
    ) -> Result<(Local, Message), Flow> {
        let heap = &self.heap;
        let this = self.coroutine(current);
        this.state.set(CoroutineState::Done);
        this.delegate.clear();
        if this.value().is(self.get(root)) {
            return Err(match message {
                Message::Value(value) => Flow::Finish(value),
                Message::Raised(raised) => Flow::Fail(raised),
            });
        }
        let message = match (this.kind, message) {
            (CoroutineKind::AsyncGenerator, Message::Value(_)) => {
                Message::Raised(heap.raise_with(Builtin::StopAsyncIteration, &[]))
            }
            (_, message) => message,
        };
        let parent: Gc<'_, Coroutine> = this.parent.expect(heap);
        this.parent.clear();
        parent.delegate.clear();
        Ok((self.local(parent.value()), message))
    }

    /// The root gives a value to its driver; `current` goes on later.
    fn suspend(&mut self, root: Local, current: Local, value: Local) -> Flow {
        let this = self.coroutine(current);
        this.state.set(CoroutineState::Suspended);
        let top = self.coroutine(root);
        top.state.set(CoroutineState::Suspended);
        if top != this {
            top.innermost.set(this.value());
        }
        Flow::Yield(value)
    }

    /// Ends what `deliver` came to, the chain's frame being on top. A trap: the run is over.
    fn settle(&mut self, flow: Flow) -> Option<Trap> {
        let (value, trap) = match flow {
            Flow::Run => return None,
            Flow::Unwind(raised) => return self.unwind_from(raised, false),
            Flow::Fail(raised) => {
                let for_loop = self.stack.pop().flags & frame_flag::FOR_ITER != 0;
                return if for_loop {
                    self.unwind_from(raised, false)
                } else {
                    Some(Trap::Raised)
                };
            }
            Flow::Yield(value) => (value, Trap::Yielded),
            Flow::Finish(value) => (value, Trap::Returned),
        };
        if self.stack.pop().flags & frame_flag::FOR_ITER == 0 {
            self.result.set(self.get(value));
            return Some(trap);
        }
        if trap == Trap::Yielded {
            self.give_to_for(value);
        }
        None
    }

    fn step_native(&mut self, current: Local, message: Message) -> Result<Step, Raised> {
        let this = self.coroutine(current);
        let created = this.state.get() == CoroutineState::Created;
        if created && let Message::Raised(raised) = message {
            return Err(raised);
        }
        this.state.set(CoroutineState::Running);
        if this.kind == CoroutineKind::AsyncStep {
            return self.step_async(current, created, message);
        }
        let step = self.steps[this.native as usize].step;
        let input = match message {
            Message::Value(value) => Input::Send(value),
            Message::Raised(raised) => {
                let exception = self.heap.take_raised(raised).value();
                Input::Throw(self.local(exception))
            }
        };
        step(self, current, input)
    }
}

// Awaiting.
impl Vm {
    /// Begins to await something on behalf of `parent`.
    fn start_await(&mut self, parent: Local, awaitable: Local) -> Result<Started, Raised> {
        let heap = &self.heap;
        let value = self.get(awaitable);
        match value.as_object().map(Gc::kind) {
            Some(Kind::Future) => self.await_future(parent, awaitable),
            Some(Kind::Coroutine) => match self.coroutine(awaitable).kind {
                CoroutineKind::Coroutine | CoroutineKind::Native => {
                    self.link(parent, awaitable).map(Started::Linked)
                }
                CoroutineKind::AsyncStep => self.link_step(parent, awaitable),
                CoroutineKind::AsyncGenerator
                    if self.coroutine(parent).kind == CoroutineKind::AsyncStep =>
                {
                    self.link(parent, awaitable).map(Started::Linked)
                }
                CoroutineKind::Generator | CoroutineKind::AsyncGenerator => {
                    Err(not_awaitable(heap, value))
                }
            },
            _ => {
                let Some(iterator) = self.call_special(awaitable, Sym::Await, &[])? else {
                    return Err(not_awaitable(&self.heap, self.get(awaitable)));
                };
                self.delegate_to(parent, iterator)
            }
        }
    }

    /// Goes on with an iterator that `__await__` gave.
    fn delegate_to(&mut self, parent: Local, iterator: Local) -> Result<Started, Raised> {
        if let Some(coroutine) = self.get_gc::<Coroutine>(iterator) {
            match coroutine.kind {
                CoroutineKind::Generator | CoroutineKind::Native => {
                    return self.link(parent, iterator).map(Started::Linked);
                }
                CoroutineKind::Coroutine => {
                    return Err(self.heap.type_error("__await__() returned a coroutine"));
                }
                _ => {}
            }
        } else if self.special(self.get(iterator), Sym::Next).is_none() {
            let class = self.heap.type_name(self.get(iterator));
            return Err(self.heap.type_error(format!(
                "__await__() returned non-iterator of type '{class}'"
            )));
        }
        self.coroutine(parent).delegate.set(self.get(iterator));
        let none = self.none();
        self.step_delegate(parent, Message::Value(none))
    }

    fn await_future(&mut self, parent: Local, future: Local) -> Result<Started, Raised> {
        let this: Gc<'_, Future> = self.get_gc(future).expect("the caller checked the kind");
        if this.is_done() {
            return self.future_result(future).map(Started::Ready);
        }
        self.coroutine(parent).delegate.set(this.value());
        Ok(Started::Yield(future))
    }

    /// The result of a future that is done, or its exception, raised.
    pub fn future_result(&mut self, future: Local) -> Result<Local, Raised> {
        let heap = &self.heap;
        let this: Gc<'_, Future> = self.get_gc(future).expect("the caller checked the kind");
        this.retrieved.set(true);
        match this.state.get() {
            FutureState::Done => Ok(self.local(this.result.get(heap))),
            FutureState::Failed => Err(heap.raise_exception(this.result.expect(heap))),
            FutureState::Cancelled => Err(self.cancelled_error(this)),
            FutureState::Pending => {
                Err(heap.raise(Builtin::InvalidStateError, "Result is not set."))
            }
        }
    }

    /// The CancelledError of a cancelled future: the one that ended the task, the first time; a new one after that.
    pub fn cancelled_error(&self, future: Gc<'_, Future>) -> Raised {
        let heap = &self.heap;
        if let Some(exception) = future.cancelled_error.get(heap).as_gc::<Exception>() {
            future.cancelled_error.clear();
            return heap.raise_exception(exception);
        }
        let message = future.result.get(heap);
        if message.is_undef() || message.is_none() {
            return heap.raise_with(Builtin::CancelledError, &[]);
        }
        heap.raise_with(Builtin::CancelledError, &[message])
    }

    /// Goes on with what `parent` awaits without being linked to it.
    fn step_delegate(&mut self, parent: Local, message: Message) -> Result<Started, Raised> {
        let delegate = self.local(self.coroutine(parent).delegate.get(&self.heap));
        if self.get(delegate).is_gc::<Future>() {
            self.coroutine(parent).delegate.clear();
            return match message {
                Message::Raised(raised) => Err(raised),
                Message::Value(_)
                    if !self.get_gc::<Future>(delegate).is_some_and(|f| f.is_done()) =>
                {
                    Err(self
                        .heap
                        .raise(Builtin::RuntimeError, "await wasn't used with future"))
                }
                Message::Value(_) => self.future_result(delegate).map(Started::Ready),
            };
        }
        let result = self.step_iterator(delegate, message);
        match result {
            Ok(Some(value)) => return Ok(Started::Yield(value)),
            Ok(None) => {}
            Err(raised) if self.is_raised(&raised, Builtin::StopIteration) => {
                self.coroutine(parent).delegate.clear();
                let stop = self.heap.take_raised(raised);
                let value = stop.arg(&self.heap, 0).unwrap_or(Value::NONE);
                return Ok(Started::Ready(self.local(value)));
            }
            Err(raised) => {
                self.coroutine(parent).delegate.clear();
                return Err(raised);
            }
        }
        self.coroutine(parent).delegate.clear();
        Ok(Started::Ready(self.none()))
    }

    /// One step of a foreign iterator: what it yields, None at its end.
    fn step_iterator(
        &mut self,
        iterator: Local,
        message: Message,
    ) -> Result<Option<Local>, Raised> {
        match message {
            Message::Value(value) if self.get(value).is_none() => {
                let into = self.none();
                // StopIteration carries the result, so `__next__` is called as such.
                match self.get(iterator).is_gc::<Iter>() {
                    true => Ok(self.next(iterator, into)?.then_some(into)),
                    false => self.call_special(iterator, Sym::Next, &[]),
                }
            }
            Message::Value(value) => self.call_method(iterator, "send", &[value]).map(Some),
            Message::Raised(raised) => {
                let exception = self.heap.take_raised(raised).value();
                let exception = self.local(exception);
                match self.find_attr(iterator, "throw")? {
                    Some(throw) => self.call(throw, &[exception]).map(Some),
                    None => Err(self.heap.raise_exception(self.exception(exception))),
                }
            }
        }
    }

    /// Links a coroutine or generator below `parent`; the one that goes on next.
    fn link(&mut self, parent: Local, child: Local) -> Result<Local, Raised> {
        let heap = &self.heap;
        let (above, below) = (self.coroutine(parent), self.coroutine(child));
        match below.state.get() {
            CoroutineState::Done if below.kind == CoroutineKind::Generator => {}
            CoroutineState::Done => {
                return Err(heap.raise(
                    Builtin::RuntimeError,
                    "cannot reuse already awaited coroutine",
                ));
            }
            _ if !below.parent.is_undef() => {
                return Err(match below.kind {
                    CoroutineKind::Generator => {
                        heap.raise(Builtin::ValueError, "generator already executing")
                    }
                    _ => heap.raise(Builtin::RuntimeError, "coroutine is being awaited already"),
                });
            }
            CoroutineState::Running => {
                let what = kind_name(below.kind);
                return Err(heap.raise(Builtin::ValueError, format!("{what} already executing")));
            }
            _ => {}
        }
        let depth = above.depth.get() + 1;
        if depth as usize + self.stack.depth() > self.stack.limit() {
            return Err(self.recursion_error());
        }
        below.depth.set(depth);
        below.parent.set(above.value());
        above.delegate.set(below.value());
        let next = below
            .innermost
            .get(heap)
            .as_gc::<Coroutine>()
            .unwrap_or(below);
        below.innermost.clear();
        Ok(self.local(next.value()))
    }

    pub(super) fn await_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let mark = self.mark();
        let this = self.owner();
        let awaitable = self.reg_local(i.b);
        self.save_ip(this);
        let started = self.start_await(this, awaitable);
        self.settle_started(mark, this, started, i)
    }

    /// The coroutine of the running frame.
    fn owner(&self) -> Local {
        self.local(self.stack.top().owner.get(&self.heap))
    }

    /// Stores where the running coroutine goes on.
    fn save_ip(&self, this: Local) {
        let frame = self.stack.top();
        self.coroutine(this).ip.set(frame.index(&self.heap));
    }

    fn settle_started(
        &mut self,
        mark: super::Mark,
        this: Local,
        started: Result<Started, Raised>,
        i: Instr,
    ) -> Result<Option<Trap>, Raised> {
        let result = match started {
            Ok(Started::Ready(value)) => {
                self.set_reg(i.a, self.get(value));
                Ok(None)
            }
            Ok(Started::Linked(child)) => {
                let root = self.local(self.stack.top().extra.get(&self.heap));
                let message = self.first_message(child);
                let flow = self.deliver(root, child, message, None);
                Ok(self.settle(flow))
            }
            Ok(Started::Yield(value)) => {
                let root = self.local(self.stack.top().extra.get(&self.heap));
                let flow = self.suspend(root, this, value);
                Ok(self.settle(flow))
            }
            Err(raised) => Err(raised),
        };
        self.release(mark);
        result
    }

    pub(super) fn yield_from_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let mark = self.mark();
        let this = self.owner();
        let source = self.reg_local(i.b);
        self.save_ip(this);
        let started = self.start_yield_from(this, source);
        self.settle_started(mark, this, started, i)
    }

    fn start_yield_from(&mut self, parent: Local, source: Local) -> Result<Started, Raised> {
        let iterator = match self.get_gc::<Coroutine>(source).map(|c| c.kind) {
            Some(CoroutineKind::Generator) => source,
            Some(CoroutineKind::Coroutine | CoroutineKind::Native) => {
                return Err(self.heap.type_error(
                    "cannot 'yield from' a coroutine object in a non-coroutine generator",
                ));
            }
            _ => self.iter(source)?,
        };
        if self.get(iterator).is_gc::<Coroutine>() {
            if self.coroutine(iterator).state.get() == CoroutineState::Done {
                return Ok(Started::Ready(self.none()));
            }
            return self.link(parent, iterator).map(Started::Linked);
        }
        self.coroutine(parent).delegate.set(self.get(iterator));
        let none = self.none();
        self.step_delegate(parent, Message::Value(none))
    }

    pub(super) fn yield_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let mark = self.mark();
        let this = self.owner();
        let value = self.reg_local(i.b);
        self.save_ip(this);
        let heap = &self.heap;
        let coroutine = self.coroutine(this);
        let root = self.local(self.stack.top().extra.get(heap));
        let flow = match coroutine.parent.get(heap).as_gc::<Coroutine>() {
            // An async generator's item is the result of the step that its consumer awaits.
            Some(parent) if coroutine.kind == CoroutineKind::AsyncGenerator => {
                coroutine.state.set(CoroutineState::Suspended);
                coroutine.parent.clear();
                parent.delegate.clear();
                let parent = self.local(parent.value());
                self.deliver(root, parent, Message::Value(value), None)
            }
            _ => self.suspend(root, this, value),
        };
        let result = self.settle(flow);
        self.release(mark);
        Ok(result)
    }

    pub(super) fn ret_coro(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let mark = self.mark();
        let (this, value) = (self.owner(), self.reg_local(i.a));
        let result = self.complete(this, Message::Value(value));
        self.release(mark);
        Ok(result)
    }
}

fn not_awaitable(heap: &Heap, value: Value<'_>) -> Raised {
    heap.type_error(format!(
        "object {} can't be used in 'await' expression",
        heap.type_name(value)
    ))
}

// Async generators.
impl Vm {
    /// The awaitable of one operation of an async generator. `value`: what is sent or thrown.
    pub fn async_step(&mut self, generator: Local, kind: AsyncStepKind, value: Local) -> Local {
        let heap = &self.heap;
        let fields = Coroutine::new(
            CoroutineKind::AsyncStep,
            STEP_REGS,
            Value::UNDEF,
            Value::UNDEF,
            0,
        );
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
        self.local(step.value())
    }

    pub(super) fn get_anext_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let source = self.reg_local(i.b);
        let native = self
            .get_gc::<Coroutine>(source)
            .is_some_and(|c| c.kind == CoroutineKind::AsyncGenerator);
        let step = if native {
            let none = self.none();
            self.async_step(source, AsyncStepKind::Send, none)
        } else {
            match self.call_special(source, Sym::ANext, &[])? {
                Some(step) => step,
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

    /// Awaits a step: `parent` gets the generator itself as delegate where nothing must be done to the outcome.
    fn link_step(&mut self, parent: Local, step: Local) -> Result<Started, Raised> {
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
    fn begin_step(&mut self, step: Local) -> Result<Option<Local>, Raised> {
        let heap = &self.heap;
        let this = self.coroutine(step);
        let generator: Gc<'_, Coroutine> = this.tail()[STEP_GENERATOR].expect(heap);
        let value = this.tail()[STEP_VALUE].get(heap);
        let kind = this.tail()[STEP_KIND].get(heap).as_int().unwrap_or(0);
        let close = kind == AsyncStepKind::Close as i64;
        let throw = close || kind == AsyncStepKind::Throw as i64;
        match generator.state.get() {
            CoroutineState::Done if close => return Ok(None),
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
            CoroutineState::Created if !throw => self.note_begun(generator),
            CoroutineState::Running => return Err(self.already_running(kind)),
            _ if !generator.parent.is_undef() => return Err(self.already_running(kind)),
            _ => {}
        }
        let sent = if close {
            heap.exception(heap.types.class(heap, Builtin::GeneratorExit), &[])
                .value()
        } else {
            value
        };
        self.result.set(sent);
        let generator = self.local(generator.value());
        self.throwing = throw;
        Ok(Some(generator))
    }

    /// Remembers an async generator so that the loop can close it if nobody exhausts it.
    fn note_begun(&self, generator: Gc<'_, Coroutine>) {
        let mut begun = self.async_generators.borrow_mut();
        if begun.len() == begun.capacity() {
            begun.retain(|slot| {
                let this: Gc<'_, Coroutine> = slot.expect(&self.heap);
                this.state.get() != CoroutineState::Done
            });
        }
        begun.push(Slot::new(generator.value()));
    }

    /// The async generators that were begun and are not over, oldest first; they are forgotten here.
    pub fn take_async_generators(&self) -> Vec<Local> {
        let begun = self.async_generators.take();
        let open = begun.iter().filter(|slot| {
            let this: Gc<'_, Coroutine> = slot.expect(&self.heap);
            this.state.get() == CoroutineState::Suspended
        });
        open.map(|slot| self.local(slot.get(&self.heap))).collect()
    }

    fn already_running(&self, kind: i64) -> Raised {
        let what = ["anext()", "athrow()", "aclose()"][kind.clamp(0, 2) as usize];
        self.heap.raise(
            Builtin::RuntimeError,
            format!("{what}: asynchronous generator is already running"),
        )
    }

    /// An `AsyncStep` as part of a chain: driven by a task, or one whose outcome needs a look (`athrow`, `aclose`).
    fn step_async(&mut self, step: Local, first: bool, message: Message) -> Result<Step, Raised> {
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
