//! Iteration: `iter()`, `next()`, and the instructions that loop.
//!
//! Builtin containers are walked by `Iter` objects, whose `next` needs no call (`builtin.rs`) or calls the program from Rust
//! (`adaptor.rs`); generators go through `coroutine/`; all else through `__iter__`, `__next__` or `__getitem__`. To take all items
//! at once is in `collect.rs`, to take a known number of them in `unpack.rs`.
//! Any `next` may run the program and may collect: what the caller holds must be in locals.

mod adaptor;
mod builtin;
mod collect;
mod ordered;
mod unpack;

use crate::runtime::coroutine::{Coroutine, CoroutineKind};
use crate::runtime::heap::Kind;
use crate::runtime::intern::Sym;
use crate::runtime::iter::{Iter, IterTag};
use crate::runtime::native::NativeFunction;
use crate::runtime::opaque::Opaque;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::native::{Args, NativeFn, QuickFn, StepFn};
pub use builtin::{Advance, leaf_next, plain_iter};
pub(in crate::vm) use builtin::{next_of_list, next_of_range, next_of_tuple, next_pair};
pub use ordered::{Walk, ordered_iter};

/// Units of work that count as a safepoint.
const STEP: usize = 64;

/// How an iterator written in Rust gives its next item.
pub(in crate::vm) enum NativeNext {
    /// Each step of it is this.
    Step(StepFn),
    /// Mostly by this; where that has none, by a call.
    Quick(QuickFn),
}

impl Vm {
    /// `iter(source)`.
    pub fn iter(&mut self, source: Local) -> Result<Local, Raised> {
        self.iter_or(source, |name| format!("'{name}' object is not iterable"))
    }

    /// `iter(source)`, with a message of the caller's own where the class, whose name it gets, has nothing to iterate by.
    fn iter_or(&mut self, source: Local, complaint: fn(&str) -> String) -> Result<Local, Raised> {
        if let Some(iter) = self.builtin_iter(self.get(source)) {
            return Ok(self.local(iter));
        }
        if let Some(mapping) = self.proxied(source) {
            return self.nested(|vm| vm.iter(mapping));
        }
        let (value, class) = (self.get(source), self.heap.class_of(self.get(source)));
        match class.lookup(&self.heap, self.heap.sym(Sym::Iter)) {
            Some(method) if method.is_none() => Err(self.heap.type_error(format!(
                "'{}' object is not iterable",
                self.heap.type_name(value)
            ))),
            Some(_) => self.iter_by_method(source),
            None if self.is_sequence(value) => Ok(self.local(
                self.heap
                    .iter(IterTag::Sequence, value, Value::UNDEF, 0, 0)
                    .value(),
            )),
            None => Err(self.heap.type_error(complaint(self.heap.type_name(value)))),
        }
    }

    fn iter_by_method(&mut self, source: Local) -> Result<Local, Raised> {
        let iter = self.call_special(source, Sym::Iter, &[])?.unwrap_or(source);
        self.check_iterator(iter)?;
        Ok(iter)
    }

    /// Refuses what `__iter__` returned if it is no iterator.
    pub(in crate::vm) fn check_iterator(&self, iter: Local) -> Result<(), Raised> {
        let value = self.get(iter);
        if self.is_iterator(value) {
            return Ok(());
        }
        Err(self.heap.type_error(format!(
            "iter() returned non-iterator of type '{}'",
            self.heap.type_name(value)
        )))
    }

    /// Whether the class's `__getitem__` makes it iterable: the program's own does, those of mappings in Rust do not.
    fn is_sequence(&self, value: Value<'_>) -> bool {
        self.special(value, Sym::GetItem)
            .is_some_and(|method| !method.is_gc::<NativeFunction>())
    }

    /// Whether `next()` can be asked of a value.
    pub fn is_iterator(&self, value: Value<'_>) -> bool {
        value.is_gc::<Iter>() || is_generator(value) || self.special(value, Sym::Next).is_some()
    }

    /// Takes the next item into a local that the caller made; false at the end, which is not an exception.
    pub fn next(&mut self, iter: Local, into: Local) -> Result<bool, Raised> {
        self.native_safepoint()?;
        let value = self.get(iter);
        if let Some(walker) = value.as_gc::<Iter>() {
            return match leaf_next(&self.heap, walker)? {
                Advance::Item(item) => {
                    self.set(into, item);
                    Ok(true)
                }
                Advance::End => Ok(false),
                Advance::Program => self.nested(|vm| vm.step_by_program(iter, into)),
            };
        }
        if is_generator(value) {
            return self.next_generator(iter, into);
        }
        match self.native_next(value) {
            Some(NativeNext::Step(step)) => return self.take_step(step, iter, into),
            Some(NativeNext::Quick(quick))
                if self.take_quickly(quick, value, |item| self.set(into, item)) =>
            {
                return Ok(true);
            }
            _ => {}
        }
        self.next_by_method(iter, into)
    }

    fn next_by_method(&mut self, iter: Local, into: Local) -> Result<bool, Raised> {
        let mark = self.mark();
        let more = match self.call_special(iter, Sym::Next, &[]) {
            Ok(Some(item)) => {
                self.set(into, self.get(item));
                true
            }
            Ok(None) => {
                let name = self.heap.type_name(self.get(iter));
                return Err(self
                    .heap
                    .type_error(format!("'{name}' object is not iterable")));
            }
            Err(raised) => {
                self.take_if(raised, Builtin::StopIteration)?;
                false
            }
        };
        self.release(mark);
        Ok(more)
    }

    /// How an iterator written in Rust gives its next item without a call, unless a class of the program has its own
    /// `__next__`.
    pub(in crate::vm) fn native_next(&self, value: Value<'_>) -> Option<NativeNext> {
        if !value.is_gc::<Opaque>() {
            return None;
        }
        let method = self.special(value, Sym::Next)?;
        let native = self.native(method.as_gc::<NativeFunction>()?.id);
        match native.call {
            NativeFn::Step(step) => Some(NativeNext::Step(step)),
            _ => native.quick.map(NativeNext::Quick),
        }
    }

    /// Gives the next item where the fast path of `__next__` has it; false: the general path must find it.
    #[inline]
    pub(in crate::vm) fn take_quickly(
        &self,
        quick: QuickFn,
        iter: Value<'_>,
        give: impl FnOnce(Value<'_>),
    ) -> bool {
        let slot = [Slot::new(iter)];
        let item = quick(&self.heap, Args::new(&self.heap, &slot));
        item.map(give).is_some()
    }

    /// Takes a step of an iterator written in Rust.
    pub(in crate::vm) fn take_step(
        &mut self,
        step: StepFn,
        iter: Local,
        into: Local,
    ) -> Result<bool, Raised> {
        self.native_safepoint()?;
        let mark = self.mark();
        let more = self.nested(|vm| step(vm, iter, into))?;
        self.release(mark);
        Ok(more)
    }

    /// `next()` of an iterator written in Rust: its end is StopIteration.
    pub(in crate::vm) fn next_of_step(
        &mut self,
        step: StepFn,
        iter: Local,
    ) -> Result<Local, Raised> {
        let into = self.local(Value::UNDEF);
        if self.take_step(step, iter, into)? {
            Ok(into)
        } else {
            Err(self.heap.raise_with(Builtin::StopIteration, &[]))
        }
    }

    /// Answers for an exception if it is of this class, else hands it on.
    pub fn take_if(&self, raised: Raised, class: Builtin) -> Result<(), Raised> {
        if !self.is_raised(&raised, class) {
            return Err(raised);
        }
        self.heap.take_raised(raised);
        Ok(())
    }

    /// The safepoint of loops in Rust that may be long: collects if it is time, and lets Ctrl-C through. Preemption waits.
    pub fn native_safepoint(&mut self) -> Result<(), Raised> {
        if !self.budget_ends() {
            return Ok(());
        }
        self.attend_native()
    }

    #[cold]
    #[inline(never)]
    fn attend_native(&mut self) -> Result<(), Raised> {
        // A slice that is over stays over: the next safepoint of the loop ends it.
        let goes_on = self.heap.budget.resume();
        if !goes_on {
            self.heap.poll(STEP)?;
        }
        self.attend_memory()?;
        if goes_on && self.heap.stress() {
            self.heap.budget.hasten();
        }
        self.check_interrupt()
    }

    /// A tuple of what the locals hold.
    pub fn tuple_of(&self, items: &[Local]) -> Local {
        let values: Vec<Value<'_>> = items.iter().map(|&item| self.get(item)).collect();
        self.local(self.heap.tuple(&values).value())
    }
}

/// Whether a value is a generator that `next` resumes.
pub(in crate::vm) fn is_generator(value: Value<'_>) -> bool {
    let object = value
        .as_object()
        .filter(|object| object.kind() == Kind::Coroutine);
    let coroutine: Option<Gc<'_, Coroutine>> = object.and_then(Gc::downcast);
    coroutine.is_some_and(|coroutine| coroutine.kind == CoroutineKind::Generator)
}
