//! Green threads as the VM sees them: registers and frames of their own, and a native stack for the Rust code between them.
//!
//! Exactly one thread runs. `run_green` switches to a thread's stack until the thread ends or calls `suspend_thread`, which it may do
//! anywhere: in bytecode, and in natives that called user code. The scheduler decides which thread runs (`sched/green.rs`).
//! What a thread has for itself is a `ThreadState`, exchanged with the VM's at each switch; the collector sees them all.

#![expect(
    unsafe_code,
    reason = "hands `&mut Vm` to the native stack of a thread, and traces what a thread holds"
)]

use std::io;
use std::ptr::NonNull;

use corosensei::{Coroutine, CoroutineResult, Yielder};

use crate::runtime::dict::Dict;
use crate::runtime::heap::{SlotVec, Trace, Tracer};
use crate::runtime::{Heap, Raised, Slot};
use crate::vm::exec::forgotten;
use crate::vm::exec::frame::Stack;
use crate::vm::exec::native_stack;
use crate::vm::exec::place;
use crate::vm::local::Local;
use crate::vm::report::Place;
use crate::vm::{QUANTUM, Vm};

/// Registers of a green thread's stack at first.
const REGISTERS: usize = 1 << 10;

/// Native stacks of threads that ended are kept for the next ones, up to so many.
const SPARE_STACKS: usize = 32;

/// The VM, on its way to a thread's native stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::vm) struct VmPtr(NonNull<Vm>);

/// What a thread suspends itself with.
pub(in crate::vm) type Switch = Yielder<VmPtr, ()>;

/// What each thread of execution has for itself.
pub(in crate::vm) struct ThreadState {
    stack: Stack,
    locals: SlotVec,
    result: Slot,
    throwing: bool,
    nesting: u32,
    stack_floor: usize,
    /// What suspends it: lies at the root of its native stack. None for the main thread.
    switch: Option<NonNull<Switch>>,
}

// SAFETY: the pattern has all fields: those that hold slots are reported.
unsafe impl Trace for ThreadState {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        let ThreadState {
            stack,
            locals,
            result,
            throwing: _,
            nesting: _,
            stack_floor: _,
            switch: _,
        } = self;
        stack.trace(tracer);
        locals.trace(tracer);
        result.trace(tracer);
    }
}

impl ThreadState {
    /// Its frames.
    pub(in crate::vm) fn stack(&self) -> &Stack {
        &self.stack
    }

    fn new(stack: Stack) -> ThreadState {
        ThreadState {
            stack,
            locals: SlotVec::new(),
            result: Slot::undef(),
            throwing: false,
            nesting: 0,
            stack_floor: 0,
            switch: None,
        }
    }
}

/// A thread that does not run now.
pub struct GreenStack {
    state: ThreadState,
    /// Its native stack, with the call that the thread makes.
    native: Coroutine<VmPtr, (), Result<(), Raised>>,
    /// The VM that it runs on.
    home: Option<VmPtr>,
}

// SAFETY: as for `ThreadState`; the native stack holds values in locals only, which are the state's.
unsafe impl Trace for GreenStack {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        let GreenStack {
            state,
            native: _,
            home: _,
        } = self;
        state.trace(tracer);
    }
}

impl GreenStack {
    /// Where the thread's calls are, innermost first.
    pub fn trail(&self, heap: &Heap) -> Vec<Place> {
        place::trail(&self.state.stack, heap, usize::MAX)
    }
}

/// How a thread's slice ended.
pub enum Slice {
    /// The thread called `suspend_thread`.
    Suspended,
    /// The thread's function is over.
    Over(Result<Local, Raised>),
}

/// The first locals of a thread: what it calls, the positional arguments (a tuple), the keywords (a dict).
const CALLEE: Local = Local::at(0);
const ARGS: Local = Local::at(1);
const KWARGS: Local = Local::at(2);

impl Vm {
    /// A thread that will make a call. `args`: a tuple, `kwargs`: a dict.
    ///
    /// # Errors
    /// The system has no room for one more native stack.
    pub fn green_stack(
        &mut self,
        callee: Local,
        args: Local,
        kwargs: Local,
        others: usize,
    ) -> io::Result<GreenStack> {
        let spare = self.exec.native_stacks.pop();
        let size = native_stack::for_thread(self.exec.thread_stack, others);
        let native = spare.map_or_else(|| native_stack::new(size), Ok)?;
        let mut stack = Stack::new(self.exec.stack.limit(), REGISTERS);
        if let Some((code, at)) = forgotten::user_place(&self.heap, &self.exec.stack) {
            stack.origin.set(code.value());
            stack.origin_at = at;
        }
        let mut state = ThreadState::new(stack);
        state.stack_floor = native_stack::floor(&native);
        for given in [callee, args, kwargs] {
            state.locals.push(&self.heap, self.get(given));
        }
        Ok(GreenStack {
            state,
            native: Coroutine::with_stack(native, thread_main),
            home: None,
        })
    }

    /// Runs a thread until it ends or suspends itself.
    pub fn run_green(&mut self, green: &mut GreenStack) -> Slice {
        let here = VmPtr(NonNull::from(&mut *self));
        let home = *green.home.get_or_insert(here);
        assert!(home == here, "a VM stays where it is while it has threads");
        self.exchange(&mut green.state);
        let hollow = ThreadState::new(Stack::new(0, 0));
        self.exec
            .suspended
            .push(std::mem::replace(&mut green.state, hollow));
        let rest = self.heap.start_slice(QUANTUM);
        let on_main_thread = self.heap.guard.on_main_thread.replace(false);
        let outcome = green.native.resume(here);
        self.heap.guard.on_main_thread.set(on_main_thread);
        self.heap.start_slice(rest);
        let mut outer = self.exec.suspended.pop().expect("pushed above");
        self.exchange(&mut outer);
        green.state = outer;
        match outcome {
            CoroutineResult::Yield(()) => Slice::Suspended,
            CoroutineResult::Return(Ok(())) => {
                Slice::Over(Ok(self.local(green.state.result.get(&self.heap))))
            }
            CoroutineResult::Return(Err(raised)) => Slice::Over(Err(raised)),
        }
    }

    /// Takes a thread that is over apart.
    pub fn retire(&mut self, green: GreenStack) {
        if green.native.done() && self.exec.native_stacks.len() < SPARE_STACKS {
            self.exec.native_stacks.push(green.native.into_stack());
        }
    }

    /// Exchanges what the running thread has for itself.
    fn exchange(&mut self, other: &mut ThreadState) {
        let ThreadState {
            stack,
            locals,
            result,
            throwing,
            nesting,
            stack_floor,
            switch,
        } = other;
        std::mem::swap(&mut self.exec.stack, stack);
        std::mem::swap(&mut self.exec.locals, locals);
        std::mem::swap(&mut self.exec.result, result);
        std::mem::swap(&mut self.exec.throwing, throwing);
        std::mem::swap(&mut self.exec.nesting, nesting);
        std::mem::swap(&mut self.exec.stack_floor, stack_floor);
        std::mem::swap(&mut self.exec.switch, switch);
    }

    /// Whether a green thread runs now, not the main thread.
    pub fn is_green(&self) -> bool {
        self.exec.switch.is_some()
    }

    /// Leaves the green thread that runs now, until the scheduler runs it again.
    ///
    /// # Panics
    /// On the main thread.
    pub fn suspend_thread(&mut self) {
        let switch = self
            .exec
            .switch
            .expect("the main thread is never suspended");
        // SAFETY: the switch lies at the root of the native stack that runs now, and lives until that is done. What `self` points
        // to is the same VM afterwards: `run_green` checks that it did not move.
        unsafe { switch.as_ref() }.suspend(());
    }
}

/// What runs on a thread's native stack.
fn thread_main(switch: &Switch, vm: VmPtr) -> Result<(), Raised> {
    let mut vm = vm.0;
    // SAFETY: `run_green` made the pointer from its `&mut Vm`, which it does not use until this stack suspends or is done; it
    // resumes this stack only from such a place again, with the same VM, so one `&mut Vm` is in use at any time.
    let vm = unsafe { vm.as_mut() };
    vm.exec.switch = Some(NonNull::from(switch));
    let kwargs = vm.get_gc::<Dict>(KWARGS).map(|_| KWARGS);
    let result = vm.call_ex(CALLEE, ARGS, kwargs);
    vm.exec.switch = None;
    vm.exec.result.set(vm.get(result?));
    Ok(())
}
