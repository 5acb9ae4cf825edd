//! What the loop runs: handles, in the ready queue and in timers.
//!
//! The program's own callbacks have an object (`asyncio.Handle`) that says whether they were cancelled; the loop looks there before it
//! calls them.

use std::cell::{Cell, OnceCell};

use crate::runtime::future::Callback;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Gc, Heap, Raised, Slot, Value};
use crate::vm::registry::Named;
use crate::vm::{Local, Vm};

/// A timer that can be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerId {
    pub(super) index: u32,
    pub(super) number: u64,
}

impl TimerId {
    /// A timer that is in no heap.
    pub const NONE: TimerId = TimerId {
        index: u32::MAX,
        number: u64::MAX,
    };

    /// As two integers, for state registers of native coroutines.
    pub fn to_parts(self) -> (i64, i64) {
        (i64::from(self.index), self.number as i64)
    }

    /// From `to_parts`.
    pub fn from_parts(index: i64, number: i64) -> TimerId {
        TimerId {
            index: index as u32,
            number: number as u64,
        }
    }
}

/// A callback written in Rust.
pub struct NativeCallback {
    name: &'static str,
    /// Gets what it was registered for, and what the call is about (the future that is done).
    pub run: fn(&mut Vm, Local, Local) -> Result<(), Raised>,
}

impl NativeCallback {
    /// A callback with a name of its own: `function.what_happened`.
    pub const fn new(
        name: &'static str,
        run: fn(&mut Vm, Local, Local) -> Result<(), Raised>,
    ) -> NativeCallback {
        NativeCallback { name, run }
    }
}

impl Named for NativeCallback {
    fn name(&self) -> &'static str {
        self.name
    }
}

/// What a handle does with its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Resume the task.
    Step,
    /// Resume the task with the outcome of the future that it waited for.
    Wake,
    /// Call the program's callable with the arguments (a tuple, or a future).
    Call,
    /// Give the future the result None, unless it is done.
    Finish,
    /// Run the Rust callback with this number.
    Native(u32),
}

const FIRST_NATIVE: u32 = 4;

impl Action {
    /// As `Callback::kind` stores it.
    pub fn to_number(self) -> u32 {
        match self {
            Action::Step => 0,
            Action::Wake => 1,
            Action::Call => 2,
            Action::Finish => 3,
            Action::Native(n) => FIRST_NATIVE + n,
        }
    }

    /// From `to_number`.
    pub fn from_number(number: u32) -> Action {
        match number {
            0 => Action::Step,
            1 => Action::Wake,
            2 => Action::Call,
            3 => Action::Finish,
            n => Action::Native(n - FIRST_NATIVE),
        }
    }
}

/// Something to run in a turn of the loop.
pub struct Handle {
    /// What to do.
    pub action: Action,
    /// With what: a task, a callable, a callback's own object.
    pub target: Slot,
    /// Arguments: an exception to throw, a future, a tuple; Undef for none.
    pub argument: Slot,
    /// The program's handle object, if it has one (its payload is a `HandleState`); else the context to run in, Undef for the
    /// empty one.
    more: Slot,
}

traced!(Handle { target, argument, more } plain { action });

// A program may have a million of them.
const _: () = assert!(size_of::<Handle>() == 32);

impl Handle {
    /// A handle without context and object.
    pub fn new(action: Action, target: Value<'_>, argument: Value<'_>) -> Handle {
        Handle {
            action,
            target: Slot::new(target),
            argument: Slot::new(argument),
            more: Slot::undef(),
        }
    }

    /// A handle that calls the program, unless its handle object says that it was cancelled.
    pub fn of_object(target: Value<'_>, argument: Value<'_>, object: Gc<'_, Opaque>) -> Handle {
        Handle {
            more: Slot::new(object.value()),
            ..Handle::new(Action::Call, target, argument)
        }
    }

    /// The handle that tells a callback that a future is done.
    pub fn of_callback(callback: &Callback, future: Value<'_>) -> Handle {
        Handle {
            action: Action::from_number(callback.kind),
            target: Slot::copy(&callback.target),
            argument: Slot::new(future),
            more: Slot::copy(&callback.context),
        }
    }

    /// Whether the program cancelled it.
    #[inline]
    pub fn is_cancelled(&self, heap: &Heap) -> bool {
        !self.more.is_undef() && self.state(heap).is_some_and(|state| state.cancelled.get())
    }

    /// Has the program's handle object say that it was cancelled.
    pub(super) fn note_cancelled(&self, heap: &Heap) {
        if let Some(state) = self.state(heap) {
            state.cancelled.set(true);
        }
    }

    fn state<'h>(&self, heap: &'h Heap) -> Option<&'h HandleState> {
        self.more.get(heap).as_gc::<Opaque>()?.payload()
    }

    /// The program's handle object; Undef if it has none.
    pub fn object<'h>(&self, heap: &'h Heap) -> Value<'h> {
        match self.state(heap) {
            Some(_) => self.more.get(heap),
            None => Value::UNDEF,
        }
    }

    /// The context to run in; Undef for the empty one.
    pub fn context<'h>(&self, heap: &'h Heap) -> Value<'h> {
        let own = self.state(heap).map(|state| state.context.get(heap));
        own.unwrap_or_else(|| self.more.get(heap))
    }
}

/// What a handle object knows.
#[derive(Default)]
pub struct HandleState {
    /// Whether it was cancelled.
    pub cancelled: Cell<bool>,
    /// When it is due, and its timer; None for `call_soon`.
    pub timer: Cell<Option<(f64, TimerId)>>,
    /// When it is due; None for `call_soon`.
    pub due: Cell<Option<f64>>,
    /// The context to run in; Undef for the empty one.
    pub context: Slot,
    /// What it calls; None once it was cancelled.
    pub callback: Slot,
    /// The arguments: a tuple.
    pub args: Slot,
    /// In debug mode: where it was made, a list of frames; else Undef.
    pub source_traceback: Slot,
    /// The number of its loop.
    pub loop_number: Cell<u16>,
    rare: OnceCell<Box<RareFacts>>,
}

traced!(HandleState { context, callback, args, source_traceback, rare } plain { cancelled, timer, due, loop_number });

impl HandleState {
    /// The facts that few handle objects have, for a change.
    pub fn rare(&self) -> &RareFacts {
        self.rare.get_or_init(Box::default)
    }

    /// The same if anything was written.
    pub fn find_rare(&self) -> Option<&RareFacts> {
        self.rare.get().map(|rare| &**rare)
    }
}

/// Facts that few handle objects have; each is Undef if there is none.
#[derive(Default)]
pub struct RareFacts {
    /// A loop of another kind that it was made for.
    pub foreign_loop: Slot,
    /// The repr of a handle that was cancelled in debug mode.
    pub kept_repr: Slot,
    /// When it is due, as user code gave it, if that was an integer.
    pub given_due: Slot,
}

traced!(RareFacts {
    foreign_loop,
    kept_repr,
    given_due
});

impl Payload for HandleState {}
