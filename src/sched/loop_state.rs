//! Several loops on one scheduler: each keeps its own handles, timers and settings, and one at a time is current.
//!
//! The scheduler works on the state of the current loop only, so that a turn costs the same however many loops there are. Another
//! loop's state rests in a table by the loop's number; `switch` exchanges the two. Only the current loop can run.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::Scheduler;
use super::handle::Handle;
use super::timer_heap::TimerHeap;
use crate::runtime::heap::traced;
use crate::runtime::{Heap, Slot, Value};

/// The number of the first loop; 0 stands for no loop.
pub(super) const FIRST_LOOP: u16 = 1;

/// How long a callback may take in debug mode before it is reported, in seconds.
const SLOW_CALLBACK: f64 = 0.1;

/// What a program can set on a loop.
pub struct Settings {
    /// What the loop tells about exceptions that reach nobody: a callable, or Undef for the user's eyes.
    pub exception_handler: Slot,
    /// What makes the loop's tasks: a callable, or Undef for the default.
    pub task_factory: Slot,
    /// Whether that makes what `task::create_eagerly` makes.
    pub makes_eager_tasks: Cell<bool>,
    /// The executor that the program set as the default; Undef for green threads without one.
    pub default_executor: Slot,
    /// Debug mode.
    pub debug: Cell<bool>,
    /// `slow_callback_duration`.
    pub slow_callback: Cell<f64>,
    /// Whether the loop's class overrides what the scheduler else does itself.
    pub is_custom: Cell<bool>,
    /// How far the scheduler's clock is ahead of the loop's own, in seconds.
    pub shift: Cell<f64>,
    /// Whether the loop stops after this turn.
    pub stopping: Cell<bool>,
    /// Whether it was closed: its state is not kept.
    pub closed: Cell<bool>,
}

traced!(
    Settings { exception_handler, task_factory, default_executor }
    plain { makes_eager_tasks, debug, slow_callback, is_custom, shift, stopping, closed }
);

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            exception_handler: Slot::undef(),
            task_factory: Slot::undef(),
            makes_eager_tasks: Cell::new(false),
            default_executor: Slot::undef(),
            debug: Cell::new(false),
            slow_callback: Cell::new(SLOW_CALLBACK),
            is_custom: Cell::new(false),
            shift: Cell::new(0.0),
            stopping: Cell::new(false),
            closed: Cell::new(false),
        }
    }
}

impl Settings {
    /// Whether the scheduler makes the loop's tasks: neither the loop's class nor the program's factory does.
    #[inline]
    pub fn makes_tasks_itself(&self, heap: &Heap) -> bool {
        !self.is_custom.get() && self.task_factory.get(heap).is_undef()
    }

    fn exchange(&self, heap: &Heap, other: &Settings) {
        exchange(heap, &self.exception_handler, &other.exception_handler);
        exchange(heap, &self.task_factory, &other.task_factory);
        exchange(heap, &self.default_executor, &other.default_executor);
        self.makes_eager_tasks.swap(&other.makes_eager_tasks);
        self.debug.swap(&other.debug);
        self.slow_callback.swap(&other.slow_callback);
        self.is_custom.swap(&other.is_custom);
        self.shift.swap(&other.shift);
        self.stopping.swap(&other.stopping);
        self.closed.swap(&other.closed);
    }
}

fn exchange(heap: &Heap, a: &Slot, b: &Slot) {
    let (left, right) = (a.get(heap), b.get(heap));
    a.set(right);
    b.set(left);
}

/// The state of a loop that is not current.
#[derive(Default)]
pub(super) struct IdleLoop {
    handles: RefCell<VecDeque<Handle>>,
    timers: TimerHeap,
    settings: Settings,
}

traced!(IdleLoop {
    handles,
    timers,
    settings
});

impl Scheduler {
    /// The number of the current loop.
    #[inline]
    pub fn loop_number(&self) -> u16 {
        self.loop_number.get()
    }

    /// Whether a loop has handles that are ready.
    pub(super) fn has_ready(&self, number: u16) -> bool {
        if number == self.loop_number.get() {
            return !self.ready.is_empty();
        }
        let idle = self.idle.borrow();
        idle.get(&number)
            .is_some_and(|state| !state.handles.borrow().is_empty())
    }

    /// A number for a new loop. After 65,534 loops they begin anew, so that a very old loop may share its number with a new one.
    pub fn new_loop_number(&self) -> u16 {
        let number = self.next_loop.get();
        self.next_loop
            .set(number.checked_add(1).unwrap_or(FIRST_LOOP));
        number
    }

    /// Makes another loop current; the number of the one that was.
    #[inline]
    pub fn switch(&self, heap: &Heap, number: u16) -> u16 {
        let current = self.loop_number.get();
        if current != number {
            self.exchange(heap, current, number);
        }
        current
    }

    #[cold]
    fn exchange(&self, heap: &Heap, current: u16, number: u16) {
        let mut idle = self.idle.borrow_mut();
        let state = idle.remove(&number).unwrap_or_default();
        self.ready.exchange(&state.handles);
        self.timers.exchange(&state.timers);
        self.settings.exchange(heap, &state.settings);
        if !state.settings.closed.get() {
            idle.insert(current, state);
        }
        self.loop_number.set(number);
    }

    /// Forgets what a loop that is not current has scheduled: it was closed.
    pub fn forget_loop(&self, number: u16) {
        let state = self.idle.borrow_mut().remove(&number);
        drop(state);
    }

    /// The object of a loop, if the program has it.
    pub fn loop_object<'h>(&self, heap: &'h Heap, number: u16) -> Option<Value<'h>> {
        let loops = self.loops.borrow();
        loops.get(usize::from(number))?.get(heap).defined()
    }

    /// Notes the object of a loop.
    pub fn set_loop_object(&self, number: u16, object: Value<'_>) {
        let mut loops = self.loops.borrow_mut();
        while loops.len() <= usize::from(number) {
            loops.push(Slot::undef());
        }
        loops[usize::from(number)].set(object);
    }
}
