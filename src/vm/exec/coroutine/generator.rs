//! Generators: `for` loops over them, `yield`, `yield from`, and the return of any coroutine.
//!
//! A `for` loop resumes a generator inside the loop that runs it, so that generators of generators cost no Rust stack.
//! `go_on` is the fast path to resume any chain.

use super::awaiting::leave_child;
use super::{Flow, Input, Message, Started};
use crate::bytecode::{Instr, Op};
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::future::Future;
use crate::runtime::{Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::exec::Exec;
use crate::vm::exec::cursor::Cursor;
use crate::vm::exec::frame::{Frame, Stack, Window, frame_flag};
use crate::vm::exec::trap::Trap;
use crate::vm::exec::unwind::TopFrame;
use crate::vm::local::Local;

impl Vm {
    /// `ForIter` over a generator: its frame runs in this loop; a safepoint.
    pub(in crate::vm) fn for_iter_generator_op(
        &mut self,
        i: Instr,
    ) -> Result<Option<Trap>, Raised> {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let flags = frame_flag::FOR_ITER | frame_flag::COROUTINE;
        if let Some(root) = stack.top().window.get(heap, i.a).as_gc::<Coroutine>()
            && go_on(heap, stack, root, Value::NONE, flags)
        {
            return Ok(None);
        }
        let mark = self.mark();
        let generator = self.reg_local(i.a);
        let generator = self.unwrapped(generator);
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
            Flow::Unwind(raised) => Ok(self.unwind_from(raised, TopFrame::Record)),
        };
        self.release(mark);
        result
    }

    /// The loop of the top frame, which comes after its `ForIter`, gets an item.
    pub(super) fn give_to_for(&mut self, value: Local) {
        let i = self.exec.stack.top().ip.previous();
        debug_assert!(i.op == Op::ForIter);
        self.set_reg(i.b, self.get(value));
        self.exec.stack.top_mut().ip.jump(i.d);
    }

    pub(in crate::vm) fn yield_from_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let mark = self.mark();
        let this = self.owner();
        let source = self.reg_local(i.b);
        self.save_ip(this);
        let started = self.start_yield_from(this, source);
        self.settle_started(mark, this, started, i)
    }

    pub(super) fn start_yield_from(
        &mut self,
        parent: Local,
        source: Local,
    ) -> Result<Started, Raised> {
        let iterator = match self.get_gc::<Coroutine>(source).map(|c| c.kind) {
            Some(CoroutineKind::Generator) => source,
            Some(CoroutineKind::Wrapper) => self.unwrapped(source),
            Some(CoroutineKind::Coroutine | CoroutineKind::Native) => {
                return Err(self.heap.type_error(
                    "cannot 'yield from' a coroutine object in a non-coroutine generator",
                ));
            }
            _ => {
                let iterator = self.iter(source)?;
                self.unwrapped(iterator)
            }
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

    pub(in crate::vm) fn yield_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        if let Some(next) = self.yield_shortly(i) {
            return Ok(next);
        }
        let mark = self.mark();
        let this = self.owner();
        let value = self.reg_local(i.b);
        self.save_ip(this);
        let heap = &self.heap;
        let coroutine = self.coroutine(this);
        let root = self.local(self.exec.stack.top().extra.get(heap));
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

    /// The fast paths: a generator gives a value to its driver, an async generator to the coroutine that awaits it. `None`: the
    /// general path.
    fn yield_shortly(&mut self, i: Instr) -> Option<Option<Trap>> {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let heap = &*heap;
        let frame = stack.top();
        let value = frame.window.get(heap, i.b);
        let this: Gc<'_, Coroutine> = frame.owner.expect(heap);
        match this.kind {
            CoroutineKind::Generator => {
                let for_loop = frame.flags.get() & frame_flag::FOR_ITER != 0;
                self.exec.result.set(value);
                self.pause();
                if !for_loop {
                    return Some(Some(Trap::Yielded));
                }
                let value = self.exec.take_result(&self.heap);
                let frame = self.exec.stack.top_mut();
                let i = frame.ip.previous();
                frame.window.set(i.b, value);
                frame.ip.jump(i.d);
                Some(None)
            }
            CoroutineKind::AsyncGenerator => {
                this.ip.set(frame.index(heap));
                let left = leave_child(heap, stack, this, value);
                if left {
                    this.state.set(CoroutineState::Suspended);
                }
                left.then_some(None)
            }
            _ => None,
        }
    }

    pub(in crate::vm) fn ret_coro(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        self.renew_event();
        if let Some(next) = self.return_shortly(i) {
            return Ok(next);
        }
        let mark = self.mark();
        let (this, value) = (self.owner(), self.reg_local(i.a));
        let completed = self.complete(this, Message::Value(value));
        let result = completed.unwrap_or_else(|raised| self.unwind_from(raised, TopFrame::Record));
        self.release(mark);
        Ok(result)
    }

    /// The fast paths: a root returns to its driver, another coroutine to the one that awaits it. `None`: the general path.
    fn return_shortly(&mut self, i: Instr) -> Option<Option<Trap>> {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let heap = &*heap;
        let frame = stack.top();
        let this: Gc<'_, Coroutine> = frame.owner.expect(heap);
        let value = frame.window.get(heap, i.a);
        if frame.extra.get(heap).is(this.value()) {
            this.state.set(CoroutineState::Done);
            let flags = frame.flags.get();
            self.exec.result.set(value);
            stack.pop();
            return Some((flags & frame_flag::FOR_ITER == 0).then_some(Trap::Returned));
        }
        if this.kind == CoroutineKind::AsyncGenerator || !leave_child(heap, stack, this, value) {
            return None;
        }
        this.state.set(CoroutineState::Done);
        Some(None)
    }
}

/// Pushes a frame in which a chain goes on with `value`, if that is all there is to do: its end runs bytecode and waits for nothing, or
/// for a future that has its result. False: the general path.
#[inline]
pub(super) fn go_on(
    heap: &Heap,
    stack: &mut Stack,
    root: Gc<'_, Coroutine>,
    value: Value<'_>,
    flags: u32,
) -> bool {
    let created = match root.state.get() {
        CoroutineState::Suspended => false,
        CoroutineState::Created => true,
        _ => return false,
    };
    let current = root.innermost.get(heap).as_gc().unwrap_or(root);
    if !current.runs_code() || created && !value.is_none() {
        return false;
    }
    if !stack.reserve(heap, 0) {
        return false;
    }
    let mut value = Some(value);
    if let Some(delegate) = current.get().delegate.get(heap).defined() {
        let Some(future) = delegate.as_gc::<Future>() else {
            return false;
        };
        let Some(result) = future.result(heap) else {
            return false;
        };
        if future.waits_in.get() == 0 {
            future.retrieved.set(heap, true);
            current.delegate.clear();
            value = Some(result);
        } else {
            value = None;
        }
    }
    root.innermost.clear();
    root.state.set(CoroutineState::Running);
    current.state.set(CoroutineState::Running);
    let mut frame = Frame::new(
        current.running_code(heap),
        Window::of_coroutine(current),
        current.value(),
        flags,
    );
    frame.extra.set(root.value());
    if !created {
        frame.ip = Cursor::at(frame.code(heap), current.ip.get());
        match value {
            Some(value) => frame.window.set(frame.ip.previous().a, value),
            // A waiter is done: back to the call, which stands before its `Await`.
            None => frame.ip.retake_awaited_call(),
        }
    }
    stack.push_coroutine(heap, frame);
    true
}
