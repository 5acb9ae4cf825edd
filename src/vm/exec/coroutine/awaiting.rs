//! Awaiting: what `await` does to coroutines, futures and objects with `__await__`.
//!
//! A coroutine is linked into the chain; a future is kept as `delegate` and given to the driver; anything else is an iterator that is
//! stepped from here. A native coroutine function whose call is awaited on the spot may answer without a coroutine (`Direct`).

use super::{Message, Started, kind_name};
use crate::bytecode::{Instr, Op};
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::exception::Exception;
use crate::runtime::future::{Future, FutureState};
use crate::runtime::heap::Kind;
use crate::runtime::intern::Sym;
use crate::runtime::iter::Iter;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::exec::Exec;
use crate::vm::exec::frame::{Stack, frame_flag};
use crate::vm::exec::trap::Trap;
use crate::vm::local::{Local, Mark};
use crate::vm::native::{Args, Direct, DirectFn};

impl Vm {
    /// Begins to await something on behalf of `parent`.
    pub(super) fn start_await(
        &mut self,
        parent: Local,
        awaitable: Local,
    ) -> Result<Started, Raised> {
        let heap = &self.heap;
        let value = self.get(awaitable);
        match value.as_object().map(Gc::kind) {
            Some(Kind::Future) => self.await_future(parent, awaitable),
            Some(Kind::Coroutine) => match self.coroutine(awaitable).kind {
                CoroutineKind::Coroutine if self.is_waiting(awaitable) => {
                    let message = "coroutine is being awaited already";
                    Err(heap.raise(Builtin::RuntimeError, message))
                }
                CoroutineKind::Coroutine | CoroutineKind::Native => {
                    self.link(parent, awaitable).map(Started::Linked)
                }
                CoroutineKind::AsyncStep => self.link_step(parent, awaitable),
                CoroutineKind::AsyncGenerator
                    if self.coroutine(parent).kind == CoroutineKind::AsyncStep =>
                {
                    self.link(parent, awaitable).map(Started::Linked)
                }
                CoroutineKind::Generator
                | CoroutineKind::AsyncGenerator
                | CoroutineKind::Wrapper => Err(self.not_awaitable(value)),
            },
            _ => {
                let Some(iterator) = self.call_special(awaitable, Sym::Await, &[])? else {
                    return Err(self.not_awaitable(self.get(awaitable)));
                };
                self.delegate_to(parent, iterator)
            }
        }
    }

    /// Whether a coroutine is suspended in what it awaits.
    fn is_waiting(&self, coroutine: Local) -> bool {
        let this = self.coroutine(coroutine);
        this.state.get() == CoroutineState::Suspended && !this.delegate.is_undef()
    }

    /// TypeError for what cannot be awaited. If a method of `async with` returned it, the message says so.
    fn not_awaitable(&self, value: Value<'_>) -> Raised {
        let heap = &self.heap;
        let frame = self.exec.stack.top();
        let code = frame.code(heap);
        let call = (frame.index(heap) as usize).checked_sub(2);
        let call = call.and_then(|at| code.code.instrs.get(at));
        match call.filter(|call| call.op == Op::CallSpecial) {
            Some(call)
                if frame.ip.previous().op == Op::Await
                    && code.name(heap, call.d).as_str().starts_with("__a") =>
            {
                let (method, class) = (code.name(heap, call.d), heap.type_name(value));
                heap.type_error(format!(
                    "'async with' received an object from {} that does not implement __await__: {class}",
                    method.as_str()
                ))
            }
            _ => not_awaitable(heap, value),
        }
    }

    /// Goes on with an iterator that `__await__` gave.
    pub(super) fn delegate_to(
        &mut self,
        parent: Local,
        iterator: Local,
    ) -> Result<Started, Raised> {
        if let Some(coroutine) = self.get_gc::<Coroutine>(iterator) {
            match coroutine.kind {
                CoroutineKind::Generator | CoroutineKind::Native => {
                    return self.link(parent, iterator).map(Started::Linked);
                }
                CoroutineKind::Wrapper => {
                    let coroutine = self.unwrapped(iterator);
                    return self.link(parent, coroutine).map(Started::Linked);
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

    pub(super) fn await_future(&mut self, parent: Local, future: Local) -> Result<Started, Raised> {
        let this: Gc<'_, Future> = self.get_gc(future).expect("the caller checked the kind");
        if this.is_done(&self.heap) {
            return self.future_result(future).map(Started::Ready);
        }
        self.coroutine(parent).delegate.set(this.value());
        Ok(Started::Yield(future))
    }

    /// The result of a future that is done, or its exception, raised.
    pub fn future_result(&mut self, future: Local) -> Result<Local, Raised> {
        let heap = &self.heap;
        let this: Gc<'_, Future> = self.get_gc(future).expect("the caller checked the kind");
        this.retrieved.set(&self.heap, true);
        match this.state.get(&self.heap) {
            FutureState::Done => Ok(self.local(this.result.get(heap))),
            FutureState::Failed => {
                let exception: Gc<'_, Exception> = this.result.expect(heap);
                match this.get().find_extra() {
                    Some(extra) => exception.return_to_mark(heap, &extra.failed_at),
                    None => exception.set_traceback(Value::NONE),
                }
                Err(heap.raise_exception(exception))
            }
            FutureState::Cancelled => Err(self.cancelled_error(this)),
            FutureState::Pending => {
                Err(heap.raise(Builtin::InvalidStateError, "Result is not set."))
            }
        }
    }

    /// The CancelledError of a cancelled future: the one that ended the task, the first time; a new one after that.
    pub fn cancelled_error(&self, future: Gc<'_, Future>) -> Raised {
        let heap = &self.heap;
        if let Some(extra) = future.get().find_extra()
            && let Some(exception) = extra.cancelled_error.get(heap).as_gc::<Exception>()
        {
            extra.cancelled_error.clear(&self.heap);
            return heap.raise_exception(exception);
        }
        let message = future.result.get(heap);
        if message.is_undef() || message.is_none() {
            return heap.raise_with(Builtin::CancelledError, &[]);
        }
        heap.raise_with(Builtin::CancelledError, &[message])
    }

    /// Goes on with what `parent` awaits without being linked to it.
    pub(super) fn step_delegate(
        &mut self,
        parent: Local,
        message: Message,
    ) -> Result<Started, Raised> {
        let delegate = self.local(self.coroutine(parent).delegate.get(&self.heap));
        if let Some(future) = self.get_gc::<Future>(delegate) {
            self.coroutine(parent).delegate.clear();
            if let Some(waiting) = self.waiting(future) {
                (waiting.give_up)(self, future.get().attrs.get(&self.heap), future);
            }
            return match message {
                Message::Raised(raised) => {
                    // An exception from elsewhere than the future itself ends a sleep: its timer is not needed any more.
                    future.timed.set(false);
                    Err(raised)
                }
                Message::Value(_)
                    if !self
                        .get_gc::<Future>(delegate)
                        .is_some_and(|f| f.is_done(&self.heap)) =>
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
    pub(super) fn step_iterator(
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
    pub(super) fn link(&mut self, parent: Local, child: Local) -> Result<Local, Raised> {
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
        if depth as usize + self.exec.stack.depth() > self.exec.stack.limit() {
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

    pub(in crate::vm) fn await_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        if let Some(next) = self.await_shortly(i) {
            return Ok(next);
        }
        let mark = self.mark();
        let this = self.owner();
        let awaitable = self.reg_local(i.b);
        self.save_ip(this);
        let started = self.start_await(this, awaitable);
        self.settle_started(mark, this, started, i)
    }

    /// The fast paths: a new coroutine takes the place of the frame that awaits it; a future with a result gives it; a
    /// pending one goes to the driver. `None`: the general path.
    fn await_shortly(&mut self, i: Instr) -> Option<Option<Trap>> {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let heap = &*heap;
        let frame = stack.top();
        let awaitable = frame.window.get(heap, i.b);
        if let Some(child) = awaitable.as_gc::<Coroutine>() {
            let new = child.kind == CoroutineKind::Coroutine
                && child.state.get() == CoroutineState::Created
                && child.parent.is_undef();
            return (new && enter_child(heap, stack, child, 0)).then_some(None);
        }
        let future = awaitable.as_gc::<Future>()?;
        match future.state.get(heap) {
            FutureState::Done => {
                future.retrieved.set(heap, true);
                frame.window.set(i.a, future.get().result.get(heap));
                Some(None)
            }
            FutureState::Pending if frame.flags.get() & frame_flag::FOR_ITER == 0 => {
                frame
                    .owner
                    .expect::<Coroutine>(heap)
                    .delegate
                    .set(awaitable);
                self.exec.result.set(awaitable);
                Some(Some(self.pause()))
            }
            _ => None,
        }
    }

    /// Whether the call that the top frame takes now is awaited on the spot, where a `Direct` outcome can take its place.
    pub(in crate::vm) fn is_awaited(&self, i: Instr) -> bool {
        let frame = self.exec.stack.top();
        let next = frame.ip.peek();
        next.op == Op::Await && next.b == i.a && frame.flags.get() & frame_flag::FOR_ITER == 0
    }

    /// Calls a coroutine function, with the registers from `first` on, where `is_awaited` said yes: call and `Await` in one. `None`: it
    /// needs a coroutine.
    pub(in crate::vm) fn call_awaited(
        &mut self,
        direct: DirectFn,
        first: usize,
        count: usize,
    ) -> Result<Option<Option<Trap>>, Raised> {
        let frame = self.exec.stack.top();
        let (w, next) = (frame.window, frame.ip.peek());
        let heap = &self.heap;
        let this: Gc<'_, Coroutine> = frame.owner.expect(heap);
        let woken: Option<Gc<'_, Future>> = this.get().delegate.get(heap).as_gc();
        this.delegate.clear();
        match direct(self, Args::new(heap, w.slots(first, count)), woken)? {
            Direct::Coroutine => return Ok(None),
            Direct::Done(value) => {
                w.set(next.a, value);
                self.exec.stack.top_mut().ip.skip_await();
                return Ok(Some(None));
            }
            Direct::Yield => self.exec.result.set(Value::NONE),
            Direct::Wait(future) => {
                this.delegate.set(future.value());
                self.exec.result.set(future.value());
            }
        }
        self.exec.stack.top_mut().ip.skip_await();
        Ok(Some(Some(self.pause())))
    }

    /// The running chain gives control to its driver, which finds `result`: the trap to leave with, unless that is a `for` loop.
    pub(in crate::vm) fn pause(&mut self) -> Trap {
        let heap = &self.heap;
        let frame = self.exec.stack.pop();
        let this: Gc<'_, Coroutine> = frame.owner.expect(heap);
        let root: Gc<'_, Coroutine> = frame.extra.expect(heap);
        this.ip.set(frame.index(heap));
        this.state.set(CoroutineState::Suspended);
        root.state.set(CoroutineState::Suspended);
        if root != this {
            root.innermost.set(this.value());
        }
        Trap::Yielded
    }

    /// The coroutine of the running frame.
    pub(super) fn owner(&self) -> Local {
        self.local(self.exec.stack.top().owner.get(&self.heap))
    }

    /// Stores where the running coroutine goes on.
    pub(super) fn save_ip(&self, this: Local) {
        let frame = self.exec.stack.top();
        self.coroutine(this).ip.set(frame.index(&self.heap));
    }

    pub(super) fn settle_started(
        &mut self,
        mark: Mark,
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
                let root = self.local(self.exec.stack.top().extra.get(&self.heap));
                let message = self.first_message(child);
                let flow = self.deliver(root, child, message, None);
                Ok(self.settle(flow))
            }
            Ok(Started::Yield(value)) => {
                let root = self.local(self.exec.stack.top().extra.get(&self.heap));
                let flow = self.suspend(root, this, value);
                Ok(self.settle(flow))
            }
            Err(raised) => Err(raised),
        };
        self.release(mark);
        result
    }
}

/// Links `child`, which nothing else awaits, below the coroutine of the top frame, which goes on `skip` instructions later, and
/// puts it in that frame. False: too deep, the general path says so.
pub(super) fn enter_child(
    heap: &Heap,
    stack: &mut Stack,
    child: Gc<'_, Coroutine>,
    skip: u32,
) -> bool {
    let frame = stack.top();
    let this: Gc<'_, Coroutine> = frame.owner.expect(heap);
    let depth = this.depth.get() + 1;
    if depth as usize + stack.depth() > stack.limit() {
        return false;
    }
    this.ip.set(frame.index(heap) + skip);
    this.delegate.set(child.value());
    child.depth.set(depth);
    child.parent.set(this.value());
    child.state.set(CoroutineState::Running);
    heap.budget.count();
    stack.top_mut().switch(heap, child);
    true
}

/// Ends the stay of `child`, the coroutine of the top frame, in its chain: the one that awaits it goes on with `value`, its frame in the same
/// place. False: that one is not bytecode.
pub(super) fn leave_child(
    heap: &Heap,
    stack: &mut Stack,
    child: Gc<'_, Coroutine>,
    value: Value<'_>,
) -> bool {
    let Some(parent) = child.parent.get(heap).as_gc::<Coroutine>() else {
        return false;
    };
    if !parent.runs_code() {
        return false;
    }
    child.parent.clear();
    parent.delegate.clear();
    let frame = stack.top_mut();
    frame.switch(heap, parent);
    frame.window.set(frame.ip.previous().a, value);
    true
}

fn not_awaitable(heap: &Heap, value: Value<'_>) -> Raised {
    heap.type_error(format!(
        "object {} can't be used in 'await' expression",
        heap.type_name(value)
    ))
}
