//! Many coroutines on one VM: ready queue, timers, clock, tasks, green threads, input and output.
//!
//! The order of events is asyncio's: a turn runs exactly the handles that were ready when it began, first in first out; what they
//! make ready runs in the next turn; a finished future schedules its callbacks and never calls them. Everything is here that
//! `stdlib/asyncio` builds on, and nothing that it builds: no gather, no queue.

pub mod at_exit;
pub mod awaitable;
pub mod block;
pub mod blocking;
pub mod callback;
pub mod cancel;
pub mod clock;
pub mod context;
pub mod custom_loop;
pub mod deadlock;
pub mod event_loop;
mod foreground;
pub mod future;
pub mod green;
pub mod handle;
mod importing;
pub mod loop_state;
mod pause;
pub mod prompt;
pub mod reactor;
pub mod ready_queue;
pub mod report;
pub mod run;
pub mod signals;
pub mod slow_step;
pub mod task;
pub mod thread_queue;
pub mod thread_wait;
pub mod timer_heap;
pub mod wait_queue;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::runtime::future::{Future, FutureState, NO_ROW};
use crate::runtime::heap::{LimitKind, traced};
use crate::runtime::{Gc, Heap, Raised, Slot, Value};
use crate::vm::registry::Rows;
use crate::vm::{Extension, Layer, LayerPlace, Local, Vm};
use clock::{Clock, TimeMode};
use green::GreenThreads;
use handle::{Action, Handle, NativeCallback, TimerId};
use loop_state::{FIRST_LOOP, IdleLoop, Settings};
use reactor::Reactor;
use ready_queue::{Choose, ReadyQueue};
use signals::SignalHandlers;
use slow_step::Watch;
use timer_heap::TimerHeap;

/// Whether a loop runs.
#[derive(Clone, Copy, PartialEq)]
pub enum Running {
    /// Turns are under way.
    Now,
    /// They are over.
    No,
}

/// The scheduler's state.
pub struct Scheduler {
    /// The clock of the program.
    pub clock: Clock,
    ready: ReadyQueue,
    timers: TimerHeap,
    /// Callbacks in Rust, by number.
    natives: Rows<NativeCallback>,
    /// The task that runs now; Undef outside of tasks.
    current: Slot,
    /// The context of the code that runs now; Undef for the empty one.
    context: Slot,
    /// Tasks that are not done: the scheduler keeps them alive.
    tasks: RefCell<TaskTable>,
    next_task: Cell<u64>,
    /// The number in the default name of the next task that gets no other.
    next_name: Cell<u64>,
    /// The number of the current loop: the one whose handles and timers are in `ready` and `timers`.
    loop_number: Cell<u16>,
    next_loop: Cell<u16>,
    /// How loops and handles look to programs; set when the library is imported.
    pub face: Cell<Option<&'static Face>>,
    /// What the program set on the current loop.
    pub settings: Settings,
    /// The other loops, by number.
    idle: RefCell<BTreeMap<u16, IdleLoop>>,
    /// The loops as objects of the program, by number; Undef until it asks for one.
    loops: RefCell<Vec<Slot>>,
    /// The number of the loop that `set_event_loop` set; 0 for none.
    pub policy_loop: Cell<u16>,
    /// Whether `set_event_loop` was called: then `get_event_loop` makes no loop any more.
    pub policy_set: Cell<bool>,
    /// Tasks that were pending when their loop was closed; their coroutines are closed when the program ends.
    abandoned: RefCell<Vec<Slot>>,
    /// How long the step that runs now has held the loop.
    watch: Watch,
    running: Cell<bool>,
    /// What `sys.setswitchinterval` was given, in seconds.
    pub switch_interval: Cell<f64>,
    green: GreenThreads,
    /// Input and output; made when first needed.
    pub(in crate::sched) reactor: OnceCell<Reactor>,
    /// Whether a prompt attends the loop: tasks live on from one input to the next.
    attended: Cell<bool>,
    /// The task that the innermost run of the loop waits for; Undef for none.
    foreground: Slot,
    /// Whether Ctrl-C has cancelled it already.
    interrupted: Cell<bool>,
    /// Whether new loops are in debug mode.
    pub default_debug: Cell<bool>,
    /// What the program does when signals arrive.
    pub signals: SignalHandlers,
}

impl Scheduler {
    /// A scheduler with a clock of its own.
    fn new(mode: TimeMode) -> Scheduler {
        Scheduler {
            clock: Clock::new(mode),
            ready: ReadyQueue::default(),
            timers: TimerHeap::default(),
            natives: Rows::default(),
            current: Slot::undef(),
            context: Slot::undef(),
            tasks: RefCell::default(),
            next_task: Cell::new(1),
            next_name: Cell::new(1),
            loop_number: Cell::new(FIRST_LOOP),
            next_loop: Cell::new(FIRST_LOOP + 1),
            face: Cell::new(None),
            settings: Settings::default(),
            idle: RefCell::default(),
            loops: RefCell::default(),
            policy_loop: Cell::new(0),
            policy_set: Cell::new(false),
            abandoned: RefCell::default(),
            watch: Watch::default(),
            running: Cell::new(false),
            switch_interval: Cell::new(0.005),
            green: GreenThreads::default(),
            reactor: OnceCell::new(),
            attended: Cell::new(false),
            foreground: Slot::undef(),
            interrupted: Cell::new(false),
            default_debug: Cell::new(false),
            signals: SignalHandlers::default(),
        }
    }

    /// What runs a Rust callback.
    pub fn callback(&self, callback: &'static NativeCallback) -> Action {
        Action::Native(self.natives.number(callback) as u32)
    }

    /// The number that the next task gets.
    pub fn task_count(&self) -> u64 {
        self.next_task.get()
    }

    /// When the earliest timer of the current loop is due, as `now` counts.
    fn next_timer(&self, heap: &Heap) -> Option<f64> {
        let due = self.timers.next_due(heap);
        due.map(|due| due + self.settings.shift.get())
    }

    /// Whether an event loop is running.
    pub fn is_running(&self) -> bool {
        self.running.get()
    }

    /// User code runs the turns of a loop itself, or is done with that.
    pub fn note_running(&self, state: Running) {
        self.running.set(state == Running::Now);
    }

    /// Whether there is a loop that will run what is scheduled: it runs now, or a prompt attends it.
    pub fn has_loop(&self) -> bool {
        self.running.get() || self.attended.get()
    }

    /// How many threads there are beside the main thread.
    pub fn other_threads(&self) -> usize {
        self.green.others()
    }

    /// Whether a prompt attends the loop.
    pub fn is_attended(&self) -> bool {
        self.attended.get()
    }

    /// Ends the loop after the turn that it is in.
    pub fn stop(&self) {
        self.settings.stopping.set(true);
    }

    /// Forgets handles and timers and closes what is connected: the loop is closed.
    pub fn clear(&self) {
        self.ready.clear();
        self.timers.clear();
        self.settings.exception_handler.clear();
        self.settings.task_factory.clear();
        self.settings.makes_eager_tasks.set(false);
        self.settings.default_executor.clear();
        // What is connected belongs to the loop of the main thread.
        if let Some(reactor) = self.reactor.get()
            && self.green.current().id == green::MAIN
        {
            reactor.clear();
        }
    }

    /// Changes the order in which handles, timers and threads come that could come in any.
    pub fn set_order(&self, order: Box<dyn Choose>) {
        self.ready.set_order(order);
    }

    /// The program's objects of the handles that are ready; None for a handle without one.
    pub fn ready_objects<'h>(&self, heap: &'h Heap) -> Vec<Value<'h>> {
        let mut objects = Vec::new();
        self.ready
            .visit(|handle| objects.push(handle.object(heap).or(Value::NONE)));
        objects
    }

    /// The program's objects of the timers, earliest first; None for a timer without one.
    pub fn timer_objects<'h>(&self, heap: &'h Heap) -> Vec<Value<'h>> {
        let mut objects = Vec::new();
        self.timers.visit(heap, |handle| {
            objects.push(handle.map_or(Value::NONE, |handle| handle.object(heap).or(Value::NONE)));
        });
        objects
    }

    /// How many cancelled timers have still their place in the heap.
    pub fn cancelled_timer_count(&self) -> usize {
        self.timers.cancelled_count()
    }

    /// Makes room for one more handle in the ready queue.
    ///
    /// # Errors
    /// MemoryError.
    #[inline]
    pub fn room_for_one(&self, heap: &Heap) -> Result<(), Raised> {
        self.ready.room_for_one(heap)
    }

    /// Makes room for one more task and its first step.
    ///
    /// # Errors
    /// MemoryError.
    #[inline]
    pub(in crate::sched) fn room_for_task(&self, heap: &Heap) -> Result<(), Raised> {
        let table = &mut *self.tasks.borrow_mut();
        let has_row = table.free.is_some() || table.rows.len() < table.rows.capacity();
        if !has_row && table.rows.try_reserve(1).is_err() {
            return Err(heap.memory_error());
        }
        self.room_for_one(heap)
    }

    /// Puts a handle at the end of the ready queue.
    pub fn call_soon(&self, handle: Handle) {
        self.ready.push(handle);
    }

    /// Sets a timer for a moment, as `clock.monotonic` counts.
    ///
    /// # Errors
    /// MemoryError.
    pub fn call_at(&self, heap: &Heap, when: f64, handle: Handle) -> Result<TimerId, Raised> {
        self.timers.add(heap, when, handle)
    }

    /// Has a function called when the main program is over; the last one first.
    pub fn call_at_exit(&self, function: Value<'_>) {
        self.green.at_exit.borrow_mut().push(Slot::new(function));
    }

    /// Cancels a timer.
    pub fn cancel_timer(&self, heap: &Heap, id: TimerId) {
        self.timers.cancel(heap, id);
    }

    /// Seconds, as `loop.time()` counts.
    pub fn now(&self) -> f64 {
        self.clock.monotonic()
    }

    /// Looks at the limit of virtual time.
    ///
    /// # Errors
    /// The end of the program.
    pub(in crate::sched) fn check_virtual(&self, heap: &Heap) -> Result<(), Raised> {
        let limit = heap.guard.limits().virtual_time;
        let is_over =
            self.clock.mode() == TimeMode::Virtual && limit.is_some_and(|limit| self.now() > limit);
        if is_over {
            return Err(heap.end(LimitKind::VirtualTime));
        }
        Ok(())
    }

    /// The moment in so many seconds; later than now if that is any time at all.
    pub fn in_future(&self, seconds: f64) -> f64 {
        let now = self.now();
        let when = now + seconds;
        if seconds > 0.0 && when <= now {
            now.next_up()
        } else {
            when
        }
    }

    /// The task that runs now.
    pub fn current_task<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        self.current.get(heap).defined()
    }

    /// The context of the code that runs now; Undef for the empty one.
    pub fn context<'h>(&self, heap: &'h Heap) -> Value<'h> {
        self.context.get(heap)
    }

    /// Changes the context of the code that runs now.
    pub fn set_context(&self, context: Value<'_>) {
        self.context.set(context);
    }

    /// The futures that failed and whose exception nobody took, oldest first.
    fn failures(&self, vm: &Vm) -> Vec<Local> {
        let is_failure = |value: &Value<'_>| {
            value.as_gc::<Future>().is_some_and(|future| {
                future.state.get(&vm.heap) == FutureState::Failed && !future.retrieved.get(&vm.heap)
            })
        };
        let found = vm.heap.finalisable().into_iter().filter(is_failure);
        found.map(|future| vm.local(future)).collect()
    }

    /// Takes a task that nobody can finish off the table of those that the loop drives.
    fn abandon(&self, task: Gc<'_, Future>) {
        if let Some(part) = task.task() {
            self.tasks.borrow_mut().remove(part.row.get());
        }
        self.abandoned.borrow_mut().push(Slot::new(task.value()));
    }

    /// The tasks that nobody can finish; they are forgotten here.
    fn take_abandoned(&self, vm: &Vm) -> Vec<Local> {
        let tasks = self.abandoned.take();
        tasks
            .iter()
            .map(|slot| vm.local(slot.get(&vm.heap)))
            .collect()
    }

    /// Counts a task that CPython makes here and this scheduler need not, so that the next has the same name.
    pub fn skip_task_number(&self) {
        self.next_name.set(self.next_name.get() + 1);
    }

    /// The tasks of a loop that are not done, in order of creation.
    pub fn pending_tasks_of(&self, vm: &Vm, number: u16) -> Vec<Local> {
        let mut tasks = self.pending_tasks(vm);
        tasks.retain(|&task| future::future(vm, task).loop_number.get() == number);
        tasks
    }

    /// The tasks that are not done, in order of creation.
    pub fn pending_tasks(&self, vm: &Vm) -> Vec<Local> {
        let heap = &vm.heap;
        let table = self.tasks.borrow();
        let rows = table.rows.iter().map(|row| row.get(heap));
        let mut tasks: Vec<Gc<'_, Future>> = rows.filter_map(|v| v.as_gc()).collect();
        tasks.sort_unstable_by_key(|f| f.task().map(|part| part.number.get()));
        tasks.into_iter().map(|f| vm.local(f.value())).collect()
    }
}

/// The scheduler as an extension of the VM. The loop shares it for a turn, during which it need not ask the VM for it again.
struct Shared(Rc<Scheduler>);

impl Layer for Shared {
    const PLACE: LayerPlace = LayerPlace::Scheduler;
}

impl Extension for Shared {}

traced!(Shared { 0 });
traced!(
    Scheduler {
        ready, timers, watch, current, foreground, settings, idle, loops, context, tasks, abandoned, green,
        reactor, signals,
    }
    plain { clock, natives, next_task, next_name, running, switch_interval, attended, interrupted, default_debug, loop_number, next_loop, policy_loop, policy_set, face }
);
traced!(TaskTable { rows } plain { free, alive });

/// Tasks by row; a row that is free holds the next free one.
#[derive(Default)]
struct TaskTable {
    rows: Vec<Slot>,
    free: Option<u32>,
    /// How many rows have a task.
    alive: usize,
}

impl TaskTable {
    /// The row that the next task gets.
    fn next_row(&self) -> u32 {
        self.free.unwrap_or(self.rows.len() as u32)
    }

    /// Puts a task into the row that `next_row` gave.
    #[inline]
    fn insert(&mut self, heap: &Heap, task: Value<'_>) {
        self.alive += 1;
        match self.free {
            Some(row) => {
                let row = &self.rows[row as usize];
                self.free = row.get(heap).as_int().map(|next| next as u32);
                row.set(task);
            }
            None => self.rows.push(Slot::new(task)),
        }
    }

    #[inline]
    fn remove(&mut self, row: u32) {
        if row == NO_ROW {
            return;
        }
        self.alive -= 1;
        let next = self
            .free
            .map_or(Value::NONE, |n| Value::small_int(i64::from(n)));
        self.rows[row as usize].set(next);
        self.free = Some(row);
    }
}

/// What the scheduler asks of the library that shows loops and handles to programs.
pub struct Face {
    /// The object of the current loop.
    pub loop_object: fn(&mut Vm) -> Result<Local, Raised>,
    /// A handle object for a callback with its arguments and its context.
    pub handle_object: fn(&mut Vm, [Local; 3]) -> Local,
    /// Makes the loop current in which futures are made outside of runs; RuntimeError if there is none.
    pub enter_loop: fn(&mut Vm) -> Result<(), Raised>,
    /// Notes where a task was made, for debug mode.
    pub note_source: fn(&mut Vm, Local) -> Result<(), Raised>,
    /// Where a future or a handle was made, if that was noted.
    pub source: fn(&Vm, Local) -> Option<Local>,
    /// Tells the program of a context if it has a say: an exception handler, overridden methods, a log; whether it has.
    pub tell_program: fn(&mut Vm, Local) -> Result<bool, Raised>,
    /// The same without the exception handler.
    pub tell_default: fn(&mut Vm, Local) -> Result<bool, Raised>,
    /// In debug mode: a callback took so many seconds.
    pub log_slow: fn(&mut Vm, Local, f64) -> Result<(), Raised>,
    /// A callback as messages name it: `name() at file:line`.
    pub callback_text: fn(&mut Vm, Local) -> Result<String, Raised>,
}

/// Gives a VM its scheduler.
pub fn install(vm: &mut Vm, mode: TimeMode) {
    vm.extend(Shared(Rc::new(Scheduler::new(mode))));
    vm.set_slice_end(green::slice_end);
    vm.set_interrupt(signals::deliver);
    vm.set_name_task(report::current_name);
    vm.set_import_threads(importing::Importing);
}

/// The VM's scheduler.
#[inline]
pub fn scheduler(vm: &Vm) -> &Scheduler {
    &vm.extension::<Shared>().0
}

/// The VM's scheduler, to be kept while the VM runs.
fn shared(vm: &Vm) -> Rc<Scheduler> {
    Rc::clone(&vm.extension::<Shared>().0)
}
