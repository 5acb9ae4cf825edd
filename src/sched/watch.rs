//! Who holds the loop: finds steps that take long while others could run.
//!
//! Real time only, and no clock of its own: it looks at the time when the VM's budget of safepoints is used up (`pulse`), around calls
//! that block, and takes over what a turn reads for its timers. A step is known to have begun at the first of these readings that
//! fell into it, so a long one is found a little too short, never too long. Each function is named once in a program.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::clock::TimeMode;
use super::{reactor, report, scheduler};
use crate::bytecode::Code;
use crate::vm::{Place, Report, Vm};

/// How long a step may hold the loop, in seconds: `slow_callback_duration` of CPython's loop.
const LIMIT: f64 = 0.1;

/// What is known of the step that runs now.
#[derive(Default)]
pub(super) struct Watch {
    /// Steps so far, the one that runs now included.
    steps: Cell<u64>,
    /// The step of the last readings, and when the first of them was.
    seen: Cell<(u64, f64)>,
    /// Whether the step that runs now has taken too long.
    over: Cell<bool>,
    found: RefCell<Option<Found>>,
    /// The functions that were named.
    named: RefCell<Vec<Rc<Code>>>,
}

/// A step that takes too long.
struct Found {
    task: Option<String>,
    place: Option<Place>,
}

impl Watch {
    /// A step begins.
    #[inline]
    pub(super) fn begin(&self) {
        self.steps.set(self.steps.get() + 1);
    }

    /// A turn has read the clock: its first step begins now.
    pub(super) fn turn(&self, now: f64) {
        self.seen.set((self.steps.get() + 1, now));
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

    /// Whether a function is named for the first time.
    fn is_new(&self, place: Option<&Place>) -> bool {
        let Some((code, _)) = place else {
            return true;
        };
        let mut named = self.named.borrow_mut();
        let is_new = !named.iter().any(|known| Rc::ptr_eq(known, code));
        if is_new {
            named.push(Rc::clone(code));
        }
        is_new
    }
}

/// The program is running: looks how long its step has.
pub fn pulse(vm: &mut Vm) {
    let scheduler = scheduler(vm);
    // Green threads and what runs before the loop hold nobody up.
    if !scheduler.is_running() || scheduler.clock.mode() == TimeMode::Virtual {
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
    !scheduler.ready.borrow().is_empty()
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
    let held = scheduler.now() - watch.seen.get().1;
    let Some(found) = watch.found.take() else {
        return;
    };
    if watch.is_new(found.place.as_ref()) {
        vm.host.report(Report::Held {
            task: found.task,
            milliseconds: (held * 1000.0) as u64,
            place: found.place,
        });
    }
}
