//! Futures and tasks: results to come, and the callbacks that hear of them.
//!
//! Representation and state only; when callbacks run is the scheduler's business (`sched/`).

use std::cell::{Cell, OnceCell, RefCell};

use super::class::Class;
use super::heap::{Field, Gc, Heap, Part, Slot, SlotField, traced};
use super::traceback::TraceMark;
use super::types::Builtin;
use super::value::Value;

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

/// `Future::first_kind` when there is no callback.
const NO_CALLBACK: u8 = u8::MAX;

/// `TaskPart::row` of a task that the scheduler does not keep: one that is done, or was never initialised.
pub const NO_ROW: u32 = u32::MAX;

/// A future; a task, if `task` is there. Most have one callback, without a context, and no more: what is rare is in `extra`.
pub struct Future {
    /// How far it is.
    pub state: Field<FutureState>,
    /// Whether somebody took the exception, so that it need not be reported.
    pub retrieved: Field<bool>,
    /// Whether a group was cancelled: it ends as cancelled when its members are done. Of a waiter: whether it has left its queue.
    pub cancel_requested: Field<bool>,
    /// Whether a timer finishes it that nobody else knows of: that of a sleep.
    pub timed: Cell<bool>,
    /// Of a waiter: one more than the row of what it waits in, in the VM's table; 0 for all other futures. Programs never see a waiter.
    pub waits_in: Cell<u8>,
    /// The number of the loop that it belongs to; 0 for none yet.
    pub loop_number: Cell<u16>,
    /// `Callback::kind` of the first callback, or `NO_CALLBACK`.
    first_kind: Cell<u8>,
    first_target: Slot,
    /// The result, the exception, or the message of the cancellation.
    pub result: SlotField,
    /// Attributes that the program set: a dict, or Undef. Of a waiter: what it waits for.
    pub attrs: Slot,
    extra: OnceCell<Box<Extra>>,
    /// What only tasks have.
    task: Option<Box<TaskPart>>,
}

/// What few futures have.
#[derive(Default)]
pub struct Extra {
    /// The callbacks after the first, or all if the first has a context, in the order they were added.
    callbacks: RefCell<Vec<Callback>>,
    /// The exception object of a cancellation, to be raised once.
    pub cancelled_error: SlotField,
    /// The members of a group, a list: cancelling it means cancelling them. Else Undef.
    pub group: SlotField,
    /// The future whose outcome it takes over; cancelling it leaves that one alone. Else Undef.
    pub follows: SlotField,
    /// The function that made it, for reports; empty if they need not tell.
    pub made_by: Cell<&'static str>,
    /// The code that called that, a `CodeObj`, or Undef.
    pub made_in: Slot,
    /// And at which of its instructions.
    pub made_at: Cell<u32>,
    /// In debug mode: where it was made, a list of frames.
    pub source_traceback: Slot,
    /// How far its exception had come when it failed.
    pub failed_at: TraceMark,
    /// Of a task: the message of the last `cancel(msg)`.
    pub cancel_message: SlotField,
    /// Of a task: its name, if it was given one or asked for the default, which comes from `TaskPart::name_number`; else Undef.
    pub name: Slot,
}

/// What a task has beyond a future.
pub struct TaskPart {
    /// The coroutine that it drives.
    pub coroutine: Slot,
    /// Its place in the order of creation.
    pub number: Cell<u64>,
    /// The number in its default name: given names use up none.
    pub name_number: Cell<u64>,
    /// The future that it waits for; Undef while it is ready or running.
    pub waiting_for: SlotField,
    /// The context that its code runs in; Undef for the empty one.
    pub context: Slot,
    /// Where it was made: the code, a `CodeObj`, or Undef.
    pub spawned_in: Slot,
    /// Where it was made: the index of the instruction.
    pub spawned_at: Cell<u32>,
    /// Its row in the scheduler's table of tasks, or `NO_ROW`.
    pub row: Cell<u32>,
    /// `cancelling()`.
    pub cancel_requests: Field<u32>,
    /// Whether the next resumption throws CancelledError.
    pub must_cancel: Field<bool>,
    /// Whether a cancellation is on its way through it: meeting it again means a circle.
    pub in_cancel: Cell<bool>,
}

traced!(
    Future { first_target, result, attrs, extra, task }
    plain { state, retrieved, cancel_requested, timed, waits_in, loop_number, first_kind }
);
traced!(
    Extra { callbacks, cancelled_error, group, follows, source_traceback, failed_at, cancel_message, name, made_in }
    plain { made_by, made_at }
);
traced!(Callback { target, context } plain { kind });
traced!(
    TaskPart { coroutine, waiting_for, context, spawned_in }
    plain { number, name_number, spawned_at, row, cancel_requests, must_cancel, in_cancel }
);

impl Heap {
    /// A pending future.
    pub fn future(&self) -> Gc<'_, Future> {
        self.alloc(Future::pending(None))
    }

    /// A pending future of a class that extends Future.
    pub fn future_of<'h>(&'h self, class: Gc<'h, Class>) -> Gc<'h, Future> {
        self.alloc_shaped(Future::pending(None), class.root_shape())
    }

    /// A pending task.
    #[inline]
    pub fn task(&self, part: TaskPart) -> Gc<'_, Future> {
        self.charge(size_of::<TaskPart>());
        self.alloc_shaped(
            Future::pending(Some(Box::new(part))),
            self.types.shape_of(Builtin::Task),
        )
    }

    /// A task of Task or of a class that extends it, which `Task.__init__` has still to initialise.
    pub fn bare_task<'h>(&'h self, class: Gc<'h, Class>) -> Gc<'h, Future> {
        self.charge(size_of::<TaskPart>());
        let future = Future::pending(Some(Box::new(TaskPart::bare())));
        self.alloc_shaped(future, class.root_shape())
    }
}

impl TaskPart {
    /// What a task has before it is initialised.
    #[inline]
    pub fn bare() -> TaskPart {
        TaskPart {
            coroutine: Slot::new(Value::NONE),
            number: Cell::new(0),
            name_number: Cell::new(0),
            waiting_for: SlotField::undef(),
            context: Slot::undef(),
            spawned_in: Slot::undef(),
            spawned_at: Cell::new(0),
            row: Cell::new(NO_ROW),
            cancel_requests: Field::new(0),
            must_cancel: Field::new(false),
            in_cancel: Cell::new(false),
        }
    }

    /// Takes over all that another one has.
    pub fn replace(&self, heap: &Heap, new: &TaskPart) {
        let TaskPart {
            coroutine,
            number,
            name_number,
            waiting_for,
            context,
            spawned_in,
            spawned_at,
            row,
            cancel_requests,
            must_cancel,
            in_cancel,
        } = self;
        coroutine.assign(&new.coroutine);
        number.set(new.number.get());
        name_number.set(new.name_number.get());
        waiting_for.set(heap, new.waiting_for.get(heap));
        context.assign(&new.context);
        spawned_in.assign(&new.spawned_in);
        spawned_at.set(new.spawned_at.get());
        row.set(new.row.get());
        cancel_requests.set(heap, new.cancel_requests.get(heap));
        must_cancel.set(heap, new.must_cancel.get(heap));
        in_cancel.set(new.in_cancel.get());
    }
}

impl Future {
    fn pending(task: Option<Box<TaskPart>>) -> Future {
        Future {
            state: Field::new(FutureState::Pending),
            retrieved: Field::new(true),
            cancel_requested: Field::new(false),
            timed: Cell::new(false),
            waits_in: Cell::new(0),
            loop_number: Cell::new(0),
            first_kind: Cell::new(NO_CALLBACK),
            first_target: Slot::undef(),
            result: SlotField::undef(),
            attrs: Slot::undef(),
            extra: OnceCell::new(),
            task,
        }
    }

    /// What few futures have; makes it.
    pub fn extra(&self) -> &Extra {
        self.extra.get_or_init(Box::default)
    }

    /// What few futures have, if this one has.
    #[inline]
    pub fn find_extra(&self) -> Option<&Extra> {
        self.extra.get().map(|extra| &**extra)
    }

    /// Adds a callback after the others.
    pub fn push_callback(&self, heap: &Heap, callback: Callback) {
        heap.writes(self, Part::Order);
        let more = self
            .find_extra()
            .is_some_and(|extra| !extra.callbacks.borrow().is_empty());
        let first = self.first_kind.get() == NO_CALLBACK && !more;
        let short = callback.context.is_undef() && callback.kind < u32::from(NO_CALLBACK);
        if !first || !short {
            self.extra().callbacks.borrow_mut().push(callback);
            return;
        }
        self.first_kind.set(callback.kind as u8);
        self.first_target.assign(&callback.target);
    }

    /// Takes the first callback off, and a list of the others.
    pub fn take_callbacks(&self, heap: &Heap) -> (Option<Callback>, Vec<Callback>) {
        heap.writes(self, Part::Order);
        let first = self.take_first();
        let others = self
            .find_extra()
            .map_or(Vec::new(), |extra| extra.callbacks.take());
        (first, others)
    }

    fn take_first(&self) -> Option<Callback> {
        let kind = self.first_kind.replace(NO_CALLBACK);
        if kind == NO_CALLBACK {
            return None;
        }
        let callback = Callback {
            kind: u32::from(kind),
            target: Slot::copy(&self.first_target),
            context: Slot::undef(),
        };
        self.first_target.clear();
        Some(callback)
    }

    /// Has `look` see each callback, in order.
    pub fn each_callback(&self, heap: &Heap, mut look: impl FnMut(&Callback)) {
        let (first, others) = self.take_callbacks(heap);
        for callback in first.into_iter().chain(others) {
            look(&callback);
            self.push_callback(heap, callback);
        }
    }

    /// Keeps the callbacks for which `keep` says so; how many went.
    pub fn retain_callbacks(&self, heap: &Heap, keep: impl Fn(&Callback) -> bool) -> usize {
        let (first, others) = self.take_callbacks(heap);
        let before = usize::from(first.is_some()) + others.len();
        let kept: Vec<Callback> = first
            .into_iter()
            .chain(others)
            .filter(|c| keep(c))
            .collect();
        let after = kept.len();
        for callback in kept {
            self.push_callback(heap, callback);
        }
        before - after
    }

    /// Whether it has a result, an exception, or was cancelled.
    #[inline]
    pub fn is_done(&self, heap: &Heap) -> bool {
        self.state.get(heap) != FutureState::Pending
    }
}

impl<'h> Gc<'h, Future> {
    /// The task part; futures that are no tasks have none.
    pub fn task(self) -> Option<&'h TaskPart> {
        self.get().task.as_deref()
    }

    /// The result, if it is done with one.
    pub fn result(self, heap: &'h Heap) -> Option<Value<'h>> {
        (self.state.get(heap) == FutureState::Done).then(|| self.get().result.get(heap))
    }
}

const _: () = assert!(size_of::<Future>() == 48 && size_of::<TaskPart>() == 64);
