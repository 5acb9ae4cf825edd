//! Futures and tasks: results to come, and who wants to know.
//!
//! Representation and state only; when callbacks run is the scheduler's business (`sched/`).

#![expect(unsafe_code, reason = "declares the slots of the type")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use smallvec::SmallVec;

use super::heap::{Gc, Heap, Kind, Object, Slot, Tracer};
use super::types::Builtin;
use super::value::Value;
use crate::bytecode::Code;

/// How far a future is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FutureState {
    /// Neither result nor exception yet.
    Pending,
    /// Cancelled.
    Cancelled,
    /// `result` holds the result.
    Done,
    /// `result` holds the exception.
    Failed,
}

/// What is to happen in the turn after a future is done.
pub struct Callback {
    /// What to do with `target`, as `sched::handle::Action` numbers it.
    pub kind: u32,
    /// Whom to tell.
    pub target: Slot,
    /// The context to run it in; Undef for none.
    pub context: Slot,
}

/// A future; a task, if `task` is there.
pub struct Future {
    /// How far it is.
    pub state: Cell<FutureState>,
    /// Whether somebody took the exception, so that it need not be reported.
    pub retrieved: Cell<bool>,
    /// The result, the exception, or the message of the cancellation.
    pub result: Slot,
    /// The exception object of a cancellation, to be raised once.
    pub cancelled_error: Slot,
    /// In the order they were added.
    pub callbacks: RefCell<SmallVec<[Callback; 1]>>,
    /// Attributes that the program set: a dict, or Undef.
    pub attrs: Slot,
    /// The members of a group (`gather`), a list: cancelling it means cancelling them. Else Undef.
    pub group: Slot,
    /// Whether a group was cancelled: it ends as cancelled when its members are done.
    pub cancel_requested: Cell<bool>,
    /// What only tasks have.
    pub task: Option<Box<TaskPart>>,
}

/// What a task has beyond a future.
pub struct TaskPart {
    /// The coroutine that it drives.
    pub coroutine: Slot,
    /// Its name; Undef until asked for, then from `number`.
    pub name: Slot,
    /// Its place in the order of creation, for the default name.
    pub number: u64,
    /// The future that it waits for; Undef while it is ready or running.
    pub waiting_for: Slot,
    /// The context that its code runs in; Undef for the empty one.
    pub context: Slot,
    /// Whether the next resumption throws CancelledError.
    pub must_cancel: Cell<bool>,
    /// `cancelling()`.
    pub cancel_requests: Cell<u32>,
    /// The message of the last `cancel(msg)`.
    pub cancel_message: Slot,
    /// Where it was made.
    pub spawned: Option<(Rc<Code>, u32)>,
}

// SAFETY: paired with `Kind::Future` in `kinds!`; reports all slots, those of callbacks and of the task part included.
unsafe impl Object for Future {
    const KIND: Kind = Kind::Future;

    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.slot(&self.result);
        tracer.slot(&self.cancelled_error);
        tracer.slot(&self.attrs);
        tracer.slot(&self.group);
        for callback in self.callbacks.borrow().iter() {
            tracer.slot(&callback.target);
            tracer.slot(&callback.context);
        }
        if let Some(task) = &self.task {
            for slot in [
                &task.coroutine,
                &task.name,
                &task.waiting_for,
                &task.context,
                &task.cancel_message,
            ] {
                tracer.slot(slot);
            }
            tracer.external(size_of::<TaskPart>());
        }
    }
}

impl Heap {
    /// A pending future.
    pub fn future(&self) -> Gc<'_, Future> {
        self.alloc(Future::pending(None))
    }

    /// A pending task.
    pub fn task(&self, part: TaskPart) -> Gc<'_, Future> {
        self.charge(size_of::<TaskPart>());
        self.alloc_shaped(
            Future::pending(Some(Box::new(part))),
            self.types.shape_of(Builtin::Task),
        )
    }
}

impl Future {
    fn pending(task: Option<Box<TaskPart>>) -> Future {
        Future {
            state: Cell::new(FutureState::Pending),
            retrieved: Cell::new(true),
            result: Slot::undef(),
            cancelled_error: Slot::undef(),
            callbacks: RefCell::default(),
            attrs: Slot::undef(),
            group: Slot::undef(),
            cancel_requested: Cell::new(false),
            task,
        }
    }

    /// Whether it has a result, an exception, or was cancelled.
    #[inline]
    pub fn is_done(&self) -> bool {
        self.state.get() != FutureState::Pending
    }
}

impl<'h> Gc<'h, Future> {
    /// The task part; futures that are no tasks have none.
    pub fn task(self) -> Option<&'h TaskPart> {
        self.get().task.as_deref()
    }

    /// The result, if it is done with one.
    pub fn result(self, heap: &'h Heap) -> Option<Value<'h>> {
        (self.state.get() == FutureState::Done).then(|| self.get().result.get(heap))
    }
}
