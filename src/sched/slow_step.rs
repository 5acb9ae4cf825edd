//! Slow steps: finds steps that hold the loop while other handles are ready.
//!
//! Real time only, and no clock of its own: it looks at the time when the VM's budget of safepoints is used up (`pulse`), around calls
//! that block, and takes over what a turn reads for its timers (`turn`). A step's start is the first clock
//! reading inside it, so durations are under-estimated, never over-estimated. A turn of a single step that was long is found at the
//! next one, after the fact. Each place is named once in a program, and only so many of them.

use std::cell::{Cell, RefCell};

use super::clock::TimeMode;
use super::{Scheduler, reactor, report, scheduler};
use crate::runtime::future::Future;
use crate::runtime::heap::traced;
use crate::runtime::{Slot, Value};
use crate::vm::{HeldAt, Place, Report, Vm};

/// How long a step may hold the loop, in seconds: `slow_callback_duration` of CPython's loop.
const LIMIT: f64 = 0.1;

/// How many places are named.
const MOST: usize = 20;

/// What is known of the step that runs now.
#[derive(Default)]
pub(super) struct Watch {
    /// Steps so far, the one that runs now included.
    steps: Cell<u64>,
    /// The step of the last readings, and when the first of them was.
    seen: Cell<(u64, f64)>,
    /// Of the last turn that read the clock: steps so far at its begin, and when that was; before a wait it is forgotten.
    turn: Cell<Option<(u64, f64)>>,
    /// Whom the only step of the last turn ran: a task, or what a callback was about.
    only: Slot,
    /// Whether the step that runs now has taken too long.
    over: Cell<bool>,
    found: RefCell<Option<Found>>,
    /// The places that were named.
    named: RefCell<Vec<Option<Place>>>,
}

/// A step that takes too long.
struct Found {
    task: Option<String>,
    place: Option<Place>,
}

traced!(Watch { only, found, named } plain { steps, seen, turn, over });
traced!(Found { place } plain { task });

impl Watch {
    /// A step begins.
    #[inline]
    pub(super) fn begin(&self) {
        self.steps.set(self.steps.get() + 1);
    }

    /// The only step of a turn is over.
    pub(super) fn note_only(&self, target: Value<'_>) {
        self.only.set(target);
    }

    /// The loop is about to wait, or its run is over: the time until the next turn is nobody's, and no task is kept alive for it.
    pub(super) fn forget(&self) {
        self.turn.set(None);
        self.only.clear();
    }

    /// Whether the step that runs now has taken too long.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// Whether the step that runs now has gone on for too long at this moment.
    fn is_long(&self, now: f64) -> bool {
        let (step, since) = self.seen.get();
        if step != self.steps.get() {
            self.seen.set((self.steps.get(), now));
            return false;
        }
        now - since > LIMIT
    }

    /// Whether a place is named for the first time.
    fn is_new(&self, place: &Option<Place>) -> bool {
        let mut named = self.named.borrow_mut();
        let is_new = named.len() < MOST && !named.contains(place);
        if is_new {
            named.push(place.clone());
        }
        is_new
    }
}

/// A turn has read the clock: its first step begins now. Tells the user if the last turn was one long step.
#[inline]
pub(super) fn turn(vm: &mut Vm, scheduler: &Scheduler, now: f64) {
    let watch = &scheduler.watch;
    let steps = watch.steps.get();
    watch.seen.set((steps + 1, now));
    let last = watch.turn.replace(Some((steps, now)));
    if let Some((first, began)) = last
        && now - began > LIMIT
        && steps - first == STEPS_OF_ONE
    {
        only_was_long(vm, began, now);
    }
}

/// How far `steps` goes on in a turn of one step: what comes between turns counts, too.
const STEPS_OF_ONE: u64 = 2;

/// The last turn was one long step. Others waited if a timer should have ended in the middle of it.
#[cold]
fn only_was_long(vm: &mut Vm, began: f64, now: f64) {
    let scheduler = scheduler(vm);
    let due = scheduler.timers.next_due(&vm.heap);
    if scheduler.clock.mode() == TimeMode::Virtual
        || vm.heap.stress()
        || due.is_none_or(|due| due > now - LIMIT / 2.0)
    {
        return;
    }
    let mark = vm.mark();
    let target = vm.local(scheduler.watch.only.get(&vm.heap));
    let part = vm.get_gc::<Future>(target).and_then(|f| f.task());
    let coroutine = part.map(|part| vm.local(part.coroutine.get(&vm.heap)));
    let found = Found {
        place: coroutine.and_then(|coroutine| vm.place_of(coroutine)),
        task: coroutine.map(|_| report::text(vm, target)),
    };
    vm.release(mark);
    tell(vm, found, now - began, HeldAt::End);
}

/// The program is running: looks how long its step has.
pub fn pulse(vm: &mut Vm) {
    let scheduler = scheduler(vm);
    // Green threads and what runs before the loop hold nobody up.
    // Nor does the time of a program say anything while each safepoint collects.
    if !scheduler.is_running() || scheduler.clock.mode() == TimeMode::Virtual || vm.heap.stress() {
        return;
    }
    let now = scheduler.now();
    let watch = &scheduler.watch;
    if watch.is_long(now) && !watch.is_over() && others_wait(vm, now) {
        watch.over.set(true);
        let mark = vm.mark();
        let found = Found {
            task: report::current_name(vm),
            place: vm.place(),
        };
        vm.release(mark);
        self::scheduler(vm).watch.found.replace(Some(found));
    }
}

/// Whether somebody could run instead.
fn others_wait(vm: &Vm, now: f64) -> bool {
    let scheduler = scheduler(vm);
    let due = scheduler.timers.next_due(&vm.heap);
    !scheduler.ready.is_empty()
        || due.is_some_and(|due| due <= now)
        || scheduler.green.any_runnable()
        || reactor::may_go_on(vm)
}

/// A step that took too long is over: tells the user.
#[cold]
pub(super) fn end(vm: &mut Vm) {
    let scheduler = scheduler(vm);
    let watch = &scheduler.watch;
    watch.over.set(false);
    watch.forget();
    let held = scheduler.now() - watch.seen.get().1;
    if let Some(found) = watch.found.take() {
        tell(vm, found, held, HeldAt::Middle);
    }
}

fn tell(vm: &mut Vm, found: Found, held: f64, at: HeldAt) {
    if scheduler(vm).watch.is_new(&found.place) {
        vm.host.report(Report::Held {
            task: found.task,
            milliseconds: (held * 1000.0) as u64,
            place: found.place,
            at,
        });
    }
}
