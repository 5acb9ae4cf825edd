//! What bounds a run from outside: the memory of the system, Ctrl-C, and the limits of the host.
//!
//! Safepoints look at it in the VM (`Vm::attend`). Natives cannot wait for the next safepoint: those that may work long call
//! `Heap::poll` in their loops with the number of items that they handle, and those that know the size of a result ask `Heap::room_for`
//! first. Both return an ordinary `Raised`. Those that cannot raise call `Heap::note_work` afterwards. A limit that ends the program is noted in `ended`; from then on no exception finds a
//! handler (`vm/exec/unwind.rs`).

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::Heap;
use crate::runtime::raised::Raised;
use crate::runtime::types::Builtin;
use crate::text::{TextError, TextResult};

/// Units of work between two looks at the outside: about a tenth of a millisecond.
const WORK: i32 = 1 << 13;
/// Units of work that count as one safepoint.
const UNITS_OF_STEP: i32 = 64;
/// Bytes that count as one unit of work.
const BYTES_OF_UNIT: usize = 16;

/// Room that `grow_text` leaves for separators and brackets.
const SLACK: usize = 64;

/// The process around the heap, as natives see it.
pub trait Outside {
    /// Whether so many bytes can be had without the memory that is put by.
    fn has_room(&self, bytes: usize) -> bool {
        let mut probe = Vec::<u8>::new();
        let done = probe.try_reserve_exact(bytes).is_ok();
        // Without this the compiler leaves the question out.
        std::hint::black_box(&probe);
        done
    }

    /// How much of the memory that is put by had to be used.
    fn shortage(&self) -> Shortage {
        Shortage::None
    }

    /// Puts memory by again, as much as there is; whether that is too little to go on with.
    fn refill(&self) -> Shortage {
        Shortage::None
    }

    /// Takes a press of Ctrl-C that nothing has taken yet.
    fn take_interrupt(&self) -> bool {
        false
    }

    /// Whether a signal has arrived that the program has not heard of.
    fn is_signalled(&self) -> bool {
        false
    }

    /// For how long the program has computed; waiting does not count.
    fn running_time(&self) -> Duration {
        Duration::ZERO
    }
}

/// How much of the memory that is put by had to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// Nothing.
    None,
    /// Some: the next safepoint collects, and raises MemoryError if that does not make up for it.
    Drawn,
    /// Half of it: natives raise MemoryError, too.
    Low,
    /// So much that the program must end.
    Critical,
}

/// Outside of which nothing is known.
pub struct Plain;

impl Outside for Plain {}

/// How much a program may use; see docs/limits.md.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Safepoints passed, and what natives charge.
    pub steps: Option<u64>,
    /// Time of computing.
    pub time: Option<Duration>,
    /// Bytes of objects and of what they own.
    pub memory: Option<usize>,
    /// Bytes written to the standard streams.
    pub output: Option<u64>,
    /// Tasks and green threads that are not done.
    pub tasks: Option<usize>,
    /// Virtual time, in seconds from its start.
    pub virtual_time: Option<f64>,
    /// Calls inside each other.
    pub depth: Option<usize>,
}

impl LimitKind {
    /// The limit as the option of the command line names it.
    #[must_use]
    pub fn option(self) -> Option<&'static str> {
        Some(match self {
            LimitKind::Steps => "--max-steps",
            LimitKind::Time => "--max-time",
            LimitKind::Memory => "--max-memory",
            LimitKind::Output => "--max-output",
            LimitKind::Tasks => "--max-tasks",
            LimitKind::VirtualTime => "--max-virtual",
            LimitKind::SystemMemory => return None,
        })
    }
}

impl Limits {
    /// No limits.
    pub const NONE: Limits = Limits {
        steps: None,
        time: None,
        memory: None,
        output: None,
        tasks: None,
        virtual_time: None,
        depth: None,
    };
}

/// Which limit ended a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// `Limits::steps`
    Steps,
    /// `Limits::time`
    Time,
    /// `Limits::memory`
    Memory,
    /// The memory of the system.
    SystemMemory,
    /// `Limits::output`
    Output,
    /// `Limits::tasks`
    Tasks,
    /// `Limits::virtual_time`
    VirtualTime,
}

/// The state of the limits.
pub struct Guard {
    outside: RefCell<Rc<dyn Outside>>,
    /// Units of work until natives look at the outside.
    work: Cell<i32>,
    limits: Cell<Limits>,
    /// Safepoints of all slices that were begun, and what natives charged.
    steps: Cell<u64>,
    /// What `Outside::running_time` was when the run began.
    began: Cell<Duration>,
    /// Bytes that went through the host.
    output: Cell<u64>,
    /// Tasks that were refused.
    refused: Cell<usize>,
    /// How many collections after each other made little room.
    pub cramped: Cell<u32>,
    /// Whether memory is over its limit, the MemoryError was raised, and what is put by is being used.
    pub(super) warned: Cell<bool>,
    ended: Cell<Option<LimitKind>>,
    /// Whether the end was reported.
    reported: Cell<bool>,
    /// Whether there was no memory for an object (`Heap::fail`).
    failed: Cell<bool>,
    /// Whether the main thread runs, which alone takes Ctrl-C.
    pub on_main_thread: Cell<bool>,
    /// Whether Ctrl-C raises KeyboardInterrupt: the program has no handler of its own, which natives could not call.
    pub interrupts: Cell<bool>,
    /// Work that can begin again.
    pub attempt: Attempt,
}

/// Work that stops for a signal that the program handles, and begins again after that (`Vm::restarted`).
#[derive(Default)]
pub struct Attempt {
    /// Units of work done since it began.
    pub done: Cell<u64>,
    /// How many units it does before it may stop: each attempt does more than the last one.
    pub least: Cell<u64>,
    /// Whether it stopped: the exception that was raised is to be dropped.
    pub stopped: Cell<bool>,
}

impl Default for Guard {
    fn default() -> Guard {
        Guard {
            outside: RefCell::new(Rc::new(Plain)),
            work: Cell::new(WORK),
            limits: Cell::new(Limits::NONE),
            steps: Cell::new(0),
            began: Cell::new(Duration::ZERO),
            output: Cell::new(0),
            refused: Cell::new(0),
            cramped: Cell::new(0),
            warned: Cell::new(false),
            ended: Cell::new(None),
            reported: Cell::new(false),
            failed: Cell::new(false),
            on_main_thread: Cell::new(true),
            interrupts: Cell::new(true),
            attempt: Attempt::default(),
        }
    }
}

impl Guard {
    /// Says what is around the heap.
    pub fn set_outside(&self, outside: Rc<dyn Outside>) {
        *self.outside.borrow_mut() = outside;
    }

    /// What is around the heap.
    pub fn outside(&self) -> Rc<dyn Outside> {
        Rc::clone(&self.outside.borrow())
    }

    /// Sets the limits; what was used so far counts.
    pub fn set_limits(&self, limits: Limits) {
        self.limits.set(limits);
    }

    /// The limits.
    pub fn limits(&self) -> Limits {
        self.limits.get()
    }

    /// Whether the end by a limit is to be reported now: the first question is answered with yes.
    pub fn take_unreported(&self) -> Option<LimitKind> {
        let kind = self.ended.get()?;
        (!self.reported.replace(true)).then_some(kind)
    }

    /// Which limit has ended the program.
    #[inline]
    pub fn ended(&self) -> Option<LimitKind> {
        self.ended.get()
    }

    /// A new run begins: a limit that ended the last one is forgotten, and what was used of all but memory.
    pub fn resume(&self) {
        self.steps.set(0);
        self.output.set(0);
        self.refused.set(0);
        self.began.set(self.outside().running_time());
        self.ended.set(None);
        self.reported.set(false);
        self.warned.set(false);
    }

    /// Counts tasks that were refused; how many there were.
    pub fn count_refusal(&self) -> usize {
        self.refused.set(self.refused.get() + 1);
        self.refused.get()
    }

    /// Counts bytes of output; how many of them are within the limit.
    pub fn count_output(&self, bytes: usize) -> usize {
        let Some(limit) = self.limits.get().output else {
            return bytes;
        };
        let used = self.output.get();
        self.output.set(used.saturating_add(bytes as u64));
        bytes.min(usize::try_from(limit.saturating_sub(used)).unwrap_or(usize::MAX))
    }
}

impl Heap {
    /// Counts items that a native handles. Natives call it in each loop over what user code may make long.
    ///
    /// # Errors
    /// KeyboardInterrupt, MemoryError, or the end of the program by a limit.
    #[inline(always)]
    pub fn poll(&self, items: usize) -> Result<(), Raised> {
        let left = i64::from(self.guard.work.get()) - items.min(1 << 40) as i64;
        if left >= 0 {
            self.guard.work.set(left as i32);
            return Ok(());
        }
        self.look_outside((i64::from(WORK) - left) as u64)
    }

    /// `poll` for algorithms on plain data (`text/num/long_product.rs`), whose errors have no heap.
    ///
    /// # Errors
    /// `TextError::ended`, the exception being pending.
    pub fn pause(&self, items: u64) -> TextResult<()> {
        let raised = self.poll(usize::try_from(items).unwrap_or(usize::MAX));
        raised.map_err(|_| TextError::ended())
    }

    /// The same for bytes that are copied or searched.
    ///
    /// # Errors
    /// As for `poll`.
    #[inline]
    pub fn poll_bytes(&self, bytes: usize) -> Result<(), Raised> {
        self.poll(bytes / BYTES_OF_UNIT + 1)
    }

    /// Counts items that were handled at a stroke, where nothing can be raised: the next safepoint looks at the outside.
    #[inline]
    pub fn note_work(&self, items: usize) {
        let left = i64::from(self.guard.work.get()) - items.min(1 << 40) as i64;
        if left >= 0 {
            self.guard.work.set(left as i32);
        } else {
            self.settle_work((i64::from(WORK) - left) as u64);
            self.budget.hasten();
        }
    }

    /// The same for bytes.
    #[inline]
    pub fn note_bytes(&self, bytes: usize) {
        self.note_work(bytes / BYTES_OF_UNIT);
    }

    /// The same for items of a container that make room for others, or close a gap.
    #[inline]
    pub fn note_moved(&self, items: usize) {
        self.note_bytes(items * size_of::<u64>());
    }

    #[cold]
    #[inline(never)]
    fn settle_work(&self, done: u64) {
        self.guard.work.set(WORK);
        let steps = done / UNITS_OF_STEP as u64;
        self.guard.steps.set(self.guard.steps.get() + steps);
    }

    #[cold]
    #[inline(never)]
    fn look_outside(&self, done: u64) -> Result<(), Raised> {
        self.settle_work(done);
        self.check_limits()?;
        match self.guard.outside().shortage() {
            Shortage::None => {}
            Shortage::Drawn => self.note_growth(),
            Shortage::Low | Shortage::Critical => return Err(self.memory_error()),
        }
        let hears = self.guard.on_main_thread.get() && self.guard.interrupts.get();
        if hears && self.guard.outside().take_interrupt() {
            return Err(self.raise_with(Builtin::KeyboardInterrupt, &[]));
        }
        Ok(())
    }

    /// `poll` for work of which each caller begins again (`Vm::restarted`): it also stops for signals.
    ///
    /// # Errors
    /// As for `poll`, and to stop.
    pub fn poll_or_stop(&self, items: u64) -> Result<(), Raised> {
        self.poll(usize::try_from(items).unwrap_or(usize::MAX))?;
        let attempt = &self.guard.attempt;
        attempt.done.set(attempt.done.get().saturating_add(items));
        if attempt.done.get() < attempt.least.get() || !self.is_signalled() {
            return Ok(());
        }
        attempt.stopped.set(true);
        Err(self.memory_error())
    }

    /// Whether a signal has arrived that the program may handle: work that can go on later stops for it.
    pub fn is_signalled(&self) -> bool {
        self.guard.on_main_thread.get() && self.guard.outside().is_signalled()
    }

    /// Looks at the limits of steps and time.
    ///
    /// # Errors
    /// The end of the program.
    pub fn check_limits(&self) -> Result<(), Raised> {
        let limits = self.guard.limits.get();
        if self.guard.ended().is_some() {
            return Err(self.memory_error());
        }
        if limits.steps.is_some_and(|limit| self.steps() >= limit) {
            return Err(self.end(LimitKind::Steps));
        }
        if limits.time.is_some_and(|limit| {
            self.guard.outside().running_time() - self.guard.began.get() >= limit
        }) {
            return Err(self.end(LimitKind::Time));
        }
        Ok(())
    }

    /// Safepoints passed so far, and what natives charged.
    pub fn steps(&self) -> u64 {
        self.guard.steps.get().saturating_sub(self.budget.left())
    }

    /// Starts a time slice of so many safepoints, or of as many as the limit of steps leaves; what was left of the last one.
    pub fn start_slice(&self, safepoints: i32) -> i32 {
        let limit = self.guard.limits.get().steps.unwrap_or(u64::MAX);
        let left = limit.saturating_sub(self.steps());
        let safepoints = safepoints.min(i32::try_from(left).unwrap_or(i32::MAX));
        let rest = self.budget.start(safepoints);
        let steps = (self.guard.steps.get() + safepoints as u64).saturating_sub(rest as u64);
        self.guard.steps.set(steps);
        rest
    }

    /// Ends the program by a limit: what is returned reaches no handler.
    #[cold]
    pub fn end(&self, kind: LimitKind) -> Raised {
        if self.guard.ended().is_none() {
            self.guard.ended.set(Some(kind));
        }
        self.budget.hasten();
        self.memory_error()
    }

    /// Ends the program by a limit where the native that runs returns, which goes on until then.
    #[cold]
    pub fn end_at_return(&self, kind: LimitKind) {
        let raised = self.end(kind);
        self.raise_later(raised);
        self.fail();
    }

    /// Makes room in a text that is being written for so many more bytes, and for more ahead.
    ///
    /// # Errors
    /// MemoryError; and as for `poll`.
    #[inline]
    pub fn grow_text(&self, text: &mut String, more: usize) -> Result<(), Raised> {
        let more = more + SLACK;
        if text.capacity() - text.len() >= more {
            return Ok(());
        }
        self.poll_bytes(text.len() + more)?;
        let ahead = more.max(text.len());
        let grown = self.fits(ahead) && text.try_reserve_exact(ahead).is_ok();
        if !grown && (!self.fits(more) || text.try_reserve_exact(more).is_err()) {
            return Err(self.memory_error());
        }
        self.note_growth();
        Ok(())
    }

    /// The same for a vector of plain data.
    ///
    /// # Errors
    /// As for `grow_text`.
    #[inline]
    pub fn grow_vec<T>(&self, vec: &mut Vec<T>, more: usize) -> Result<(), Raised> {
        if vec.capacity() - vec.len() >= more {
            return Ok(());
        }
        let bytes = |count: usize| count.saturating_mul(size_of::<T>());
        self.poll_bytes(bytes(vec.len() + more))?;
        let ahead = more.max(vec.len());
        let grown = self.fits(bytes(ahead)) && vec.try_reserve_exact(ahead).is_ok();
        if !grown && (!self.fits(bytes(more)) || vec.try_reserve_exact(more).is_err()) {
            return Err(self.memory_error());
        }
        self.note_growth();
        Ok(())
    }

    /// A copy of bytes.
    ///
    /// # Errors
    /// As for `grow_text`.
    pub fn copy_of(&self, bytes: &[u8]) -> Result<Vec<u8>, Raised> {
        let mut copy = Vec::new();
        self.room_for(bytes.len())?;
        if copy.try_reserve_exact(bytes.len()).is_err() {
            return Err(self.memory_error());
        }
        copy.extend_from_slice(bytes);
        Ok(copy)
    }

    /// Appends a text to one that is being written.
    ///
    /// # Errors
    /// As for `grow_text`.
    #[inline]
    pub fn append_text(&self, text: &mut String, more: &str) -> Result<(), Raised> {
        self.grow_text(text, more.len())?;
        text.push_str(more);
        Ok(())
    }

    /// The same for bytes.
    ///
    /// # Errors
    /// As for `grow_text`.
    #[inline]
    pub fn append_bytes(&self, bytes: &mut Vec<u8>, more: &[u8]) -> Result<(), Raised> {
        self.grow_vec(bytes, more.len())?;
        bytes.extend_from_slice(more);
        Ok(())
    }

    /// There is no memory for an object that the caller must have: it gets another one, and MemoryError is raised where its native
    /// returns (`check_failed`).
    #[cold]
    pub(in crate::runtime) fn fail(&self) {
        self.guard.failed.set(true);
        self.space.short.set(true);
        self.budget.hasten();
    }

    /// Whether the native that returns now had no memory for what it made.
    ///
    /// # Errors
    /// MemoryError.
    #[inline(always)]
    pub fn check_failed(&self) -> Result<(), Raised> {
        if self.guard.failed.get() {
            return self.raise_failed();
        }
        Ok(())
    }

    /// The same where another path will raise.
    #[inline(always)]
    pub fn take_failed(&self) -> bool {
        self.guard.failed.get() && self.raise_failed().is_err()
    }

    #[cold]
    #[inline(never)]
    fn raise_failed(&self) -> Result<(), Raised> {
        self.guard.failed.set(false);
        self.space.short.set(false);
        Err(self.memory_error())
    }

    /// Whether memory that was put by had to be used; then the next safepoint raises MemoryError.
    pub fn note_growth(&self) {
        if self.guard.outside.borrow().shortage() != Shortage::None {
            self.space.short.set(true);
            self.budget.hasten();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_cut_at_the_limit() {
        let guard = Guard::default();
        guard.set_limits(Limits {
            output: Some(10),
            ..Limits::NONE
        });
        assert_eq!([4, 4, 4, 4].map(|n| guard.count_output(n)), [4, 4, 2, 0]);
    }

    #[test]
    fn natives_charge_steps() {
        let heap = Heap::new();
        heap.guard.set_limits(Limits {
            steps: Some(1000),
            ..Limits::NONE
        });
        let polls = (0..1_000_000)
            .take_while(|_| heap.poll(100).is_ok())
            .count();
        assert!((500..800).contains(&polls), "{polls}");
        assert_eq!(heap.guard.ended(), Some(LimitKind::Steps));
        heap.pending.clear();
    }
}
