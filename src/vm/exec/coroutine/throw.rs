//! Throwing into a chain from outside, and closing one.
//!
//! An exception goes to the innermost coroutine at once, GeneratorExit does not: what a coroutine waits for is closed first, from
//! the inside out, and then GeneratorExit (or what closing raised) is thrown into the coroutine itself. A foreign iterator at the
//! end of the chain is asked by its own `throw` and `close`, with the arguments as they were given.

use super::{AsyncStepKind, Input, Resumed, STEP_GENERATOR, STEP_KIND, STEP_VALUE, kind_name};
use crate::bytecode::Instr;
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::exception::Exception;
use crate::runtime::function::Function;
use crate::runtime::future::Future;
use crate::runtime::heap::flag;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::local::Local;

impl Vm {
    /// `close()` of a generator or coroutine; its result.
    pub fn close_generator(&mut self, generator: Local) -> Result<Local, Raised> {
        let heap = &self.heap;
        let this = self.coroutine(generator);
        match this.state.get() {
            CoroutineState::Done => return Ok(self.none()),
            CoroutineState::Created => {
                this.state.set(CoroutineState::Done);
                return Ok(self.none());
            }
            CoroutineState::Running => {
                let what = kind_name(this.kind);
                return Err(heap.raise(Builtin::ValueError, format!("{what} already executing")));
            }
            CoroutineState::Suspended => {}
        }
        let exit = self.generator_exit();
        let thrown = self.close_delegates(generator, exit)?;
        self.close_one(generator, thrown)
    }

    /// Throws `arguments` (as `throw` takes them) into a chain; `make` turns them into the exception.
    pub fn throw_into(
        &mut self,
        root: Local,
        arguments: &[Local],
        make: fn(&mut Vm, &[Local]) -> Result<Local, Raised>,
    ) -> Result<Resumed, Raised> {
        let exits = self.is_generator_exit(self.get(arguments[0]));
        if !exits
            && let Some((waiting, iterator)) = self.foreign_delegate(root)
            && let Some(throw) = self.find_attr(iterator, "throw")?
        {
            return self.throw_by_method(root, waiting, throw, arguments);
        }
        let exception = make(self, arguments)?;
        self.check_step_is_free(root)?;
        if self.is_new_step(root) {
            return self.throw_into_new_step(root, exception);
        }
        let steps = self.coroutine(root).kind == CoroutineKind::AsyncStep;
        let suspended = self.coroutine(root).state.get() == CoroutineState::Suspended;
        let exception = if exits && suspended && !steps {
            self.close_delegates(root, exception)?
        } else {
            exception
        };
        self.resume(root, Input::Throw(exception))
    }

    fn is_new_step(&self, root: Local) -> bool {
        let this = self.coroutine(root);
        this.kind == CoroutineKind::AsyncStep && this.state.get() == CoroutineState::Created
    }

    /// A step that was not begun throws the exception into its generator, whatever else it would have done.
    fn throw_into_new_step(&mut self, root: Local, exception: Local) -> Result<Resumed, Raised> {
        let heap = &self.heap;
        let this = self.coroutine(root);
        let kind = this.tail()[STEP_KIND].get(heap).as_int().unwrap_or(0);
        let closes = kind == AsyncStepKind::Close as i64;
        let generator: Gc<'_, Coroutine> = this.tail()[STEP_GENERATOR].expect(heap);
        if generator.state.get() != CoroutineState::Suspended {
            this.state.set(CoroutineState::Done);
            generator.state.set(CoroutineState::Done);
            let raised = heap.raise_exception(self.exception(exception));
            if closes && self.ends_quietly(&raised) {
                self.heap.take_raised(raised);
                return Ok(Resumed::Returned(self.none()));
            }
            return Err(raised);
        }
        this.tail()[STEP_VALUE].set(self.get(exception));
        if !closes {
            this.tail()[STEP_KIND].set(Value::small_int(AsyncStepKind::Throw as i64));
        }
        let none = self.none();
        let outcome = self.resume(root, Input::Send(none));
        self.coroutine(root).tail()[STEP_KIND].set(Value::small_int(kind));
        outcome
    }

    /// A step of an async generator that was not begun cannot be thrown into while another one runs.
    fn check_step_is_free(&self, root: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let this = self.coroutine(root);
        if this.kind != CoroutineKind::AsyncStep || this.state.get() != CoroutineState::Created {
            return Ok(());
        }
        let generator: Gc<'_, Coroutine> = this.tail()[STEP_GENERATOR].expect(heap);
        if generator.parent.is_undef() {
            return Ok(());
        }
        this.state.set(CoroutineState::Done);
        Err(self.already_running(this.tail()[STEP_KIND].get(heap).as_int().unwrap_or(0)))
    }

    /// `CloseIter`: a loop was left before its generator ended, and nothing else can refer to the generator. One that is
    /// asynchronous is handed to the event loop, which closes it in a task of its own.
    #[cold]
    #[inline(never)]
    pub(in crate::vm) fn close_iter_op(&mut self, i: Instr) {
        let value = self.reg(i.a);
        let owned = value.as_gc::<Coroutine>().is_some_and(|this| {
            this.has_flag(flag::OWNED) && this.state.get() == CoroutineState::Suspended
        });
        let exits = || self.heap.is_instance(self.reg(i.b), Builtin::GeneratorExit);
        if !owned || i.c == 1 && !exits() {
            return;
        }
        if value.as_gc::<Coroutine>().map(|this| this.kind) == Some(CoroutineKind::AsyncGenerator) {
            self.heap.make_due(value);
            if !self.exec.finalisation.held_back {
                self.finalise_due();
            }
            return;
        }
        let mark = self.mark();
        let generator = self.reg_local(i.a);
        if let Err(raised) = self.close_generator(generator) {
            let raised = self.heap.take_raised(raised).value();
            let raised = self.local(raised);
            let raised = self.heap.raise_exception(self.exception(raised));
            self.report_unraisable(generator, raised);
        }
        self.release(mark);
    }

    fn generator_exit(&self) -> Local {
        let heap = &self.heap;
        let class = heap.types.class(heap, Builtin::GeneratorExit);
        self.local(heap.exception(class, &[]).value())
    }

    /// Whether what is thrown is GeneratorExit: the class, a subclass, or an instance.
    fn is_generator_exit(&self, thrown: Value<'_>) -> bool {
        let heap = &self.heap;
        let exit = heap.types.class(heap, Builtin::GeneratorExit);
        match thrown.as_gc() {
            Some(class) => Gc::<crate::runtime::class::Class>::is_subclass(class, heap, exit),
            None => heap.is_instance(thrown, Builtin::GeneratorExit),
        }
    }

    /// The innermost coroutine of a suspended chain and the iterator that it waits for, if that is nothing of ours.
    fn foreign_delegate(&self, root: Local) -> Option<(Local, Local)> {
        let heap = &self.heap;
        let this = self.coroutine(root);
        if this.state.get() != CoroutineState::Suspended {
            return None;
        }
        let innermost = this.innermost.get(heap).as_gc().unwrap_or(this);
        let delegate = innermost.get().delegate.get(heap).defined()?;
        let ours = delegate.is_gc::<Future>() || delegate.is_gc::<Coroutine>();
        (!ours).then(|| (self.local(innermost.value()), self.local(delegate)))
    }

    /// The iterator's own `throw` answers: an item, its end, or an exception for the coroutine that waits for it.
    fn throw_by_method(
        &mut self,
        root: Local,
        waiting: Local,
        throw: Local,
        arguments: &[Local],
    ) -> Result<Resumed, Raised> {
        self.coroutine(root).state.set(CoroutineState::Running);
        let outcome = self.call(throw, arguments);
        self.coroutine(root).state.set(CoroutineState::Suspended);
        let raised = match outcome {
            Ok(item) => return Ok(Resumed::Yielded(item)),
            Err(raised) => raised,
        };
        self.coroutine(waiting).delegate.clear();
        let stops = self.is_raised(&raised, Builtin::StopIteration);
        let exception = self.heap.take_raised(raised);
        let input = if stops {
            Input::Send(self.local(exception.arg(&self.heap, 0).unwrap_or(Value::NONE)))
        } else {
            Input::Throw(self.local(exception.value()))
        };
        self.resume(root, input)
    }

    /// Closes what a suspended coroutine waits for, innermost first; what is then to be thrown into the coroutine itself: `exit`, or
    /// what closing raised.
    fn close_delegates(&mut self, root: Local, exit: Local) -> Result<Local, Raised> {
        let mut chain = vec![root];
        let mut last = root;
        while let Some(child) = self.linked_child(last) {
            chain.push(child);
            last = child;
        }
        let mut thrown = self.close_foreign(last, exit)?;
        for pair in (1..chain.len()).rev() {
            let (parent, child) = (chain[pair - 1], chain[pair]);
            self.unlink(parent, child);
            let closed = self.close_one(child, thrown);
            self.coroutine(parent).state.set(CoroutineState::Suspended);
            thrown = match closed {
                Ok(_) => exit,
                Err(raised) => self.local(self.heap.take_raised(raised).value()),
            };
        }
        let this = self.coroutine(root);
        this.innermost.clear();
        this.state.set(CoroutineState::Suspended);
        Ok(thrown)
    }

    /// The coroutine that another one waits for by a link.
    fn linked_child(&self, parent: Local) -> Option<Local> {
        let heap = &self.heap;
        let child = self
            .coroutine(parent)
            .delegate
            .get(heap)
            .as_gc::<Coroutine>()?;
        let linked = child.parent.get(heap).is(self.get(parent));
        linked.then(|| self.local(child.value()))
    }

    /// Takes a suspended coroutine out of its chain: from now on it is a root, and its parent counts as running.
    fn unlink(&self, parent: Local, child: Local) {
        let (above, below) = (self.coroutine(parent), self.coroutine(child));
        above.delegate.clear();
        above.state.set(CoroutineState::Running);
        below.parent.clear();
        below.innermost.clear();
        below.state.set(CoroutineState::Suspended);
    }

    /// Calls the `close` of a foreign iterator; what is to be thrown into the coroutine that waits for it.
    fn close_foreign(&mut self, waiting: Local, exit: Local) -> Result<Local, Raised> {
        let heap = &self.heap;
        let delegate = self.coroutine(waiting).delegate.get(heap);
        if delegate.is_undef() || delegate.is_gc::<Future>() || delegate.is_gc::<Coroutine>() {
            return Ok(exit);
        }
        let iterator = self.local(delegate);
        self.coroutine(waiting).delegate.clear();
        let state = self
            .coroutine(waiting)
            .state
            .replace(CoroutineState::Running);
        let outcome = match self.find_attr(iterator, "close") {
            Ok(Some(close)) => self.call(close, &[]).map(|_| ()),
            Ok(None) => Ok(()),
            // A `close` that cannot be read is none.
            Err(raised) => {
                self.heap.take_raised(raised);
                Ok(())
            }
        };
        self.coroutine(waiting).state.set(state);
        match outcome {
            Ok(()) => Ok(exit),
            Err(raised) => Ok(self.local(self.heap.take_raised(raised).value())),
        }
    }

    /// Throws into a coroutine that waits for nothing, and expects it to end.
    fn close_one(&mut self, this: Local, thrown: Local) -> Result<Local, Raised> {
        let kind = self.coroutine(this).kind;
        match self.resume(this, Input::Throw(thrown)) {
            Ok(Resumed::Yielded(_)) if kind == CoroutineKind::AsyncGenerator => Ok(self.none()),
            Ok(Resumed::Yielded(_)) => Err(self.heap.raise(
                Builtin::RuntimeError,
                format!("{} ignored GeneratorExit", kind_name(kind)),
            )),
            Ok(Resumed::Returned(value)) => Ok(value),
            Err(raised) if self.ends_quietly(&raised) => {
                self.heap.take_raised(raised);
                Ok(self.none())
            }
            Err(raised) => Err(raised),
        }
    }

    fn ends_quietly(&self, raised: &Raised) -> bool {
        [
            Builtin::GeneratorExit,
            Builtin::StopIteration,
            Builtin::StopAsyncIteration,
        ]
        .into_iter()
        .any(|class| self.is_raised(raised, class))
    }
}

// What is being handled in suspended frames.
impl Vm {
    /// An exception enters a suspended coroutine: it gets what that coroutine handles as context, as if raised there.
    pub(super) fn chain_thrown(&self, current: Local, exception: Gc<'_, Exception>) {
        if let Some(handled) = handled_in(&self.heap, self.coroutine(current)) {
            self.link_context(exception, handled);
        }
    }

    /// What a coroutine awaits fails: the exception is raised there, and so gets what the coroutine, or one that awaits it, handles.
    pub(super) fn chain_awaited(&self, current: Local, exception: Gc<'_, Exception>) {
        let heap = &self.heap;
        let mut next = Some(self.coroutine(current));
        while let Some(this) = next {
            if let Some(handled) = handled_in(heap, this) {
                return self.link_context(exception, handled);
            }
            next = this.get().parent.get(heap).as_gc();
        }
    }
}

/// What a suspended coroutine handles itself.
fn handled_in<'h>(heap: &'h Heap, this: Gc<'h, Coroutine>) -> Option<Gc<'h, Exception>> {
    let at = this.ip.get().checked_sub(1)?;
    let reg = this
        .code(heap)
        .filter(|_| this.runs_code())?
        .code
        .handling_at(at)?;
    this.tail()[reg as usize].get(heap).as_gc()
}

// Names.
impl Vm {
    /// Gives a coroutine or generator a name of its own: from then on it runs a copy of its function.
    pub fn rename_coroutine(&self, this: Local, rename: impl Fn(&Function) -> &Slot, name: Local) {
        let heap = &self.heap;
        let coroutine = self.coroutine(this);
        let Some(function) = coroutine.function.get(heap).as_gc::<Function>() else {
            return;
        };
        let copy = function.private_copy(heap);
        copy.attrs.set(function.get().attrs.get(heap));
        rename(copy.get()).set(self.get(name));
        coroutine.get().function.set(copy.value());
    }
}
