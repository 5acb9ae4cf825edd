//! Along the chain: delivering a message to a coroutine, ending one, stopping all.
//!
//! The long way, which knows every kind of coroutine and every outcome. While it works the chain's frame, if it has one, is on top of the
//! stack; `settle` turns what came of it into the state in which the loop goes on.

use super::{Flow, Input, Message, STEP_VALUE, Started, Step};
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::exception::Exception;
use crate::runtime::{Builtin, Gc, Raised};
use crate::vm::Vm;
use crate::vm::exec::Exec;
use crate::vm::exec::call::too_deep;
use crate::vm::exec::cursor::Cursor;
use crate::vm::exec::frame::{Frame, Window, frame_flag};
use crate::vm::exec::trap::Trap;
use crate::vm::exec::unwind::TopFrame;
use crate::vm::local::Local;

impl Vm {
    /// Delivers a message to the end of a root's chain and goes on until bytecode must run or the root is done for now.
    /// `enter`: the flags of the frame to push (none: Rust drives, `BOUNDARY`).
    pub(super) fn advance(&mut self, root: Local, message: Message, enter: Option<u32>) -> Flow {
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
    pub(super) fn deliver(
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
                    Err(raised) => {
                        self.chain_awaited(current, self.heap.peek_raised(&raised));
                        message = Message::Raised(raised);
                    }
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
    pub(super) fn first_message(&mut self, child: Local) -> Message {
        let heap = &self.heap;
        let this = self.coroutine(child);
        // An async generator is told by the step that resumes it.
        let pending = this.kind == CoroutineKind::AsyncGenerator && !self.exec.result.is_undef();
        if pending {
            let value = self.exec.result.get(heap);
            self.exec.result.clear();
            if let Some(exception) = value.as_gc::<Exception>().filter(|_| self.exec.throwing) {
                self.exec.throwing = false;
                self.chain_thrown(child, exception);
                self.exec.thrown.set(exception.address());
                return Message::Raised(heap.raise_exception(exception));
            }
            return Message::Value(self.local(value));
        }
        Message::Value(self.none())
    }

    pub(super) fn deliver_to_code(
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
        let code = this.running_code(heap);
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
                    exec: Exec { stack, locals, .. },
                    ..
                } = self;
                let this = locals
                    .get(heap, current.index())
                    .and_then(|v| v.as_gc::<Coroutine>());
                let this = this.expect("a coroutine, as above");
                heap.budget.count();
                stack.top_mut().switch(heap, this);
            }
        }
        match message {
            Message::Value(value) => {
                if !created {
                    let i = self.exec.stack.top().ip.previous();
                    self.set_reg(i.a, self.get(value));
                }
                Flow::Run
            }
            Message::Raised(raised) => Flow::Unwind(raised),
        }
    }

    pub(super) fn push_coroutine_frame(&mut self, frame: Frame) -> Result<(), Raised> {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        if !stack.reserve(heap, 0) {
            return Err(too_deep(heap));
        }
        stack.push_coroutine(heap, frame);
        Ok(())
    }

    /// An exception thrown into a coroutine that never ran ends it at once.
    pub(super) fn fail_unstarted(
        &mut self,
        root: Local,
        current: Local,
        raised: Raised,
        push: Option<u32>,
    ) -> Flow {
        let heap = &self.heap;
        let this = self.coroutine(current);
        if let Some(code) = this.code(heap) {
            let exception = heap.peek_raised(&raised);
            exception.note_frame(heap, code, 0, this.value());
        }
        match self.end(root, current, Message::Raised(raised)) {
            Ok((parent, message)) => self.deliver(root, parent, message, push),
            Err(flow) => flow,
        }
    }

    /// The coroutine of the top frame is finished: its driver or its parent gets the message.
    ///
    /// # Errors
    /// As for `settle_flow`.
    pub(in crate::vm) fn complete(
        &mut self,
        current: Local,
        message: Message,
    ) -> Result<Option<Trap>, Raised> {
        let root = self.local(self.exec.stack.top().extra.get(&self.heap));
        let flow = match self.end(root, current, message) {
            Ok((parent, message)) => self.deliver(root, parent, message, None),
            Err(flow) => flow,
        };
        self.settle_flow(flow)
    }

    /// Marks a coroutine finished. `Ok`: its parent and what it gets; `Err`: it was the root.
    pub(super) fn end(
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
        let parent = self.local(parent.value());
        // What entered the chain from outside, or was raised by Rust code, has no context yet.
        if let Message::Raised(raised) = &message {
            let exception = heap.peek_raised(raised);
            if exception.address() == self.exec.thrown.get() {
                self.chain_thrown(parent, exception);
            } else if exception.context.is_undef() && !exception.was_raised() {
                self.chain_awaited(parent, exception);
            }
        }
        Ok((parent, message))
    }

    /// The root gives a value to its driver; `current` goes on later.
    pub(super) fn suspend(&mut self, root: Local, current: Local, value: Local) -> Flow {
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
    pub(super) fn settle(&mut self, flow: Flow) -> Option<Trap> {
        let settled = self.settle_flow(flow);
        settled.unwrap_or_else(|raised| self.unwind_from(raised, TopFrame::Record))
    }

    /// The same where the caller unwinds.
    ///
    /// # Errors
    /// An exception that is to be unwound from the frame that is on top now.
    fn settle_flow(&mut self, flow: Flow) -> Result<Option<Trap>, Raised> {
        let (value, trap) = match flow {
            Flow::Run => return Ok(None),
            Flow::Unwind(raised) => return Err(raised),
            Flow::Fail(raised) => {
                let for_loop = self.exec.stack.pop().flags.get() & frame_flag::FOR_ITER != 0;
                return if for_loop {
                    Err(raised)
                } else {
                    Ok(Some(Trap::Raised))
                };
            }
            Flow::Yield(value) => (value, Trap::Yielded),
            Flow::Finish(value) => (value, Trap::Returned),
        };
        if self.exec.stack.pop().flags.get() & frame_flag::FOR_ITER == 0 {
            self.exec.result.set(self.get(value));
            return Ok(Some(trap));
        }
        if trap == Trap::Yielded {
            self.give_to_for(value);
        }
        Ok(None)
    }

    pub(super) fn step_native(&mut self, current: Local, message: Message) -> Result<Step, Raised> {
        let this = self.coroutine(current);
        let created = this.state.get() == CoroutineState::Created;
        if created && let Message::Raised(raised) = message {
            return Err(raised);
        }
        this.state.set(CoroutineState::Running);
        if this.kind == CoroutineKind::AsyncStep {
            // What the first `send` of a step carries goes in place of the value that `asend` was given.
            if created
                && let Message::Value(value) = message
                && !self.get(value).is_none()
            {
                this.tail()[STEP_VALUE].set(self.get(value));
            }
            return self.step_async(current, created, message);
        }
        let step = self.step_row(this.native).step;
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
