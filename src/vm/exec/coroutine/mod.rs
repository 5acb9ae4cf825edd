//! Coroutines: awaiting, yielding, resuming; the chain from a root to its innermost coroutine.
//!
//! While coroutine A awaits B, both are linked (`A.delegate`, `B.parent`) and B's frame takes A's place on the stack, so an await
//! costs no stack and resuming touches only the innermost. A *root* is what something outside drives: a task, `next()`, a
//! `for` loop; its frame carries it in `extra`. A value or exception that moves along the chain is a `Message`; `chain.rs` delivers
//! it to a coroutine, whatever its kind, and goes on until bytecode must run or the root gives control up. Native awaitables
//! (`sleep`, `Queue.get`) are coroutines too: `NativeCoroutine` is a step function over state in registers. What programs do all the
//! time (await a new coroutine, return to the one that awaits, yield to a `for` loop) has a fast path that the instruction tries first.

mod async_generator;
mod awaiting;
mod chain;
mod drive;
mod generator;
mod throw;

use crate::runtime::coroutine::{Coroutine, CoroutineKind};
use crate::runtime::exception::Exception;
use crate::runtime::future::Future;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::registry::Named;

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
    /// Give this to the driver of the chain (None: a bare yield to the loop), and come back.
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
    /// How reports of waiting tasks mention it.
    pub mention: Mention,
}

/// How reports of waiting tasks mention a native coroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mention {
    /// By this name; the object in its first register may know what it waits for (`Payload::obstacle`).
    As(&'static str),
    /// Not at all: it awaits something for the program, which is what counts.
    Never,
    /// Beside what it awaits: "Event.wait, in wait_for".
    Around(&'static str),
}

impl Named for NativeCoroutine {
    fn name(&self) -> &'static str {
        self.name
    }
}

impl NativeCoroutine {
    /// A coroutine that reports mention by its name.
    pub const fn new(name: &'static str, step: StepFn) -> NativeCoroutine {
        NativeCoroutine {
            name,
            step,
            mention: Mention::As(name),
        }
    }

    /// The same with another mention in reports.
    pub const fn mentioned(self, mention: Mention) -> NativeCoroutine {
        NativeCoroutine { mention, ..self }
    }
}

/// What a waiter waits in: a native coroutine function that is awaited on the spot and waits without a coroutine of its own. When the
/// waiter is done the call is taken once more (`Direct`).
pub struct Waiting {
    /// The function's `__qualname__`.
    pub name: &'static str,
    /// An exception ended the wait: leaves the queue, and gives on what the waiter was given. `owner`: what it waited for.
    pub give_up: for<'h> fn(&'h Vm, owner: Value<'h>, waiter: Gc<'h, Future>),
}

impl Named for Waiting {
    fn name(&self) -> &'static str {
        self.name
    }
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
pub(in crate::vm) enum Message {
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
const STEP_REGS: u16 = 3;

// Native coroutines.
impl Vm {
    /// A native coroutine with its state registers.
    pub fn native_coroutine(&mut self, native: &'static NativeCoroutine, state: &[Local]) -> Local {
        self.native_awaitable(native, Builtin::Coroutine, state)
    }

    /// The same as an object of another builtin class.
    pub fn native_awaitable(
        &mut self,
        native: &'static NativeCoroutine,
        class: Builtin,
        state: &[Local],
    ) -> Local {
        let id = self.step_id(native);
        let fields = Coroutine::new(CoroutineKind::Native, state.len() as u16, Value::UNDEF, id);
        let heap = &self.heap;
        let object = heap.alloc_tail(fields, heap.types.shape_of(class), |n| self.get(state[n]));
        let made = self.local(object.value());
        if class == Builtin::Coroutine {
            self.note_local(made);
        }
        made
    }

    /// What `coroutine.__await__()` returns.
    pub fn coroutine_wrapper(&self, coroutine: Local) -> Local {
        let heap = &self.heap;
        let fields = Coroutine::new(CoroutineKind::Wrapper, 1, Value::UNDEF, 0);
        let shape = heap.types.shape_of(Builtin::CoroutineWrapper);
        let object = heap.alloc_tail(fields, shape, |_| self.get(coroutine));
        self.local(object.value())
    }

    /// The coroutine inside a wrapper; anything else itself.
    pub fn unwrapped(&self, iterator: Local) -> Local {
        match self.get_gc::<Coroutine>(iterator) {
            Some(this) if this.kind == CoroutineKind::Wrapper => {
                self.local(this.tail()[0].get(&self.heap))
            }
            _ => iterator,
        }
    }

    /// A new waiter for something.
    pub fn waiter<'h>(&'h self, waiting: &'static Waiting, owner: Value<'h>) -> Gc<'h, Future> {
        let row = self.registry.waits.number(waiting);
        let waiter = self.heap.future();
        let place = u8::try_from(row + 1).expect("the library has fewer kinds of waiting");
        waiter.waits_in.set(place);
        waiter.attrs.set(owner);
        waiter
    }

    /// What a future that is a waiter waits in.
    pub(in crate::vm) fn waiting(&self, future: Gc<'_, Future>) -> Option<&'static Waiting> {
        let row = usize::from(future.waits_in.get()).checked_sub(1)?;
        self.registry.waits.get(row)
    }

    fn step_id(&mut self, native: &'static NativeCoroutine) -> u16 {
        let number = self.registry.steps.number(native);
        u16::try_from(number).expect("the library has fewer native coroutines")
    }

    /// The native coroutine with this number.
    #[inline]
    pub(in crate::vm) fn step_row(&self, id: u16) -> &'static NativeCoroutine {
        let row = self.registry.steps.get(usize::from(id));
        row.expect("numbers come from the registry")
    }

    /// The name of a native coroutine.
    pub fn native_coroutine_name(&self, id: u16) -> &'static str {
        self.step_row(id).name
    }

    /// How reports mention a native coroutine.
    pub(in crate::vm) fn mention(&self, id: u16) -> Mention {
        self.step_row(id).mention
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

    fn exception(&self, local: Local) -> Gc<'_, Exception> {
        self.get_gc(local)
            .expect("what is thrown is an exception instance")
    }
}

/// The async generator of a step, and the name of the method that made it.
pub(in crate::vm) fn step_name<'h>(
    heap: &'h Heap,
    step: Gc<'h, Coroutine>,
) -> Option<(Gc<'h, Coroutine>, &'static str)> {
    let generator = step.tail()[STEP_GENERATOR].get(heap).as_gc()?;
    let kind = step.tail()[STEP_KIND].get(heap).as_int()?;
    let is = |wanted: AsyncStepKind| kind == wanted as i64;
    let method = match () {
        () if is(AsyncStepKind::Throw) => "athrow",
        () if is(AsyncStepKind::Close) => "aclose",
        () => "asend",
    };
    Some((generator, method))
}

fn kind_name(kind: CoroutineKind) -> &'static str {
    match kind {
        CoroutineKind::Coroutine | CoroutineKind::Native | CoroutineKind::Wrapper => "coroutine",
        CoroutineKind::Generator => "generator",
        CoroutineKind::AsyncGenerator => "async generator",
        CoroutineKind::AsyncStep => "async_generator_asend",
    }
}
