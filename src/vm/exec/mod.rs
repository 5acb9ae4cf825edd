//! Execution: the loop, its frames, calls and coroutines, and how exceptions leave them.
//!
//! `run` is the loop; `frame` the register windows it works on; `trap` the closed list of reasons why a coroutine stops. The other
//! files hold the slow paths of the loop's instructions by topic. To add an instruction: its row in `bytecode/op.rs`, its arm in
//! `run`, its slow path in the file of its topic.

pub(in crate::vm) mod bind;
pub(in crate::vm) mod build;
pub(in crate::vm) mod call;
pub(in crate::vm) mod coroutine;
mod cursor;
mod describe;
pub(in crate::vm) mod exception_group;
pub(in crate::vm) mod fast_path;
pub(in crate::vm) mod finalize;
pub(in crate::vm) mod forgotten;
pub(in crate::vm) mod frame;
pub(in crate::vm) mod green_stack;
pub(in crate::vm) mod inline_cache;
pub(in crate::vm) mod introspect;
pub(in crate::vm) mod name_lookup;
pub(in crate::vm) mod native_stack;
mod ops;
pub(in crate::vm) mod pattern;
mod place;
pub(in crate::vm) mod run;
pub(in crate::vm) mod special_call;
pub(in crate::vm) mod tracing;
pub(in crate::vm) mod trap;
pub(in crate::vm) mod unwind;

use std::cell::Cell;
use std::ptr::NonNull;

use crate::runtime::heap::{SlotVec, Trace, Tracer};
use crate::runtime::{Heap, Slot, Value};
use finalize::Finalisation;
use forgotten::Told;
use frame::Stack;
use green_stack::{Switch, ThreadState};
use native_stack::{NativeStack, THREAD_STACK};
use tracing::Tracing;

/// What runs now, and what waits to go on.
pub(in crate::vm) struct Exec {
    /// Registers and frames of the thread of execution that runs now.
    pub stack: Stack,
    /// What the threads have for themselves that wait for it.
    pub suspended: Vec<ThreadState>,
    /// The rooted handles of Rust code.
    pub locals: SlotVec,
    /// What goes with a `Trap`.
    pub result: Slot,
    /// How what is over is finalised.
    pub finalisation: Finalisation,
    /// Whether `result` is to be thrown into the async generator that goes on next.
    pub throwing: bool,
    /// The address of the exception that is being thrown into a chain, 0 if none is: it gets the context of each coroutine that it
    /// passes.
    pub thrown: Cell<usize>,
    /// The last number that a frame got: `Frame::stamp`.
    pub stamps: Cell<u32>,
    /// How many loops run inside each other.
    pub nesting: u32,
    /// The address below which the native stack must not be used; 0 where the stack is the host's.
    pub stack_floor: usize,
    /// The native stack of the main thread, while it does not run.
    pub native_stack: Option<NativeStack>,
    /// Bytes of the native stack of a green thread.
    pub thread_stack: usize,
    /// What suspends the running green thread; None on the main thread.
    pub switch: Option<NonNull<Switch>>,
    /// Native stacks of threads that ended, for the next ones.
    pub native_stacks: Vec<NativeStack>,
    /// Whether the program is being ended: exceptions find no handlers any more.
    pub halting: bool,
    /// The places whose forgotten coroutines the user was told of.
    pub told: Told,
    /// The code that functions had before user code gave them another one: frames may still run it.
    pub former_codes: SlotVec,
    /// What trace functions are told of.
    pub tracing: Tracing,
}

#[expect(
    unsafe_code,
    reason = "a native stack is not `Send`, so `traced!` cannot take it for plain"
)]
// SAFETY: the pattern has all fields: those that hold slots are reported.
unsafe impl Trace for Exec {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        let Exec {
            stack,
            suspended,
            locals,
            result,
            finalisation,
            throwing: _,
            thrown: _,
            stamps: _,
            nesting: _,
            stack_floor: _,
            native_stack: _,
            thread_stack: _,
            switch: _,
            native_stacks: _,
            halting: _,
            told: _,
            former_codes,
            tracing,
        } = self;
        (stack, suspended, locals).trace(tracer);
        (result, finalisation, former_codes, tracing).trace(tracer);
    }
}

impl Exec {
    /// What the frame that ended just now returned. Nothing else keeps it alive afterwards.
    #[inline(always)]
    pub(in crate::vm) fn take_result<'h>(&self, heap: &'h Heap) -> Value<'h> {
        let result = self.result.get(heap);
        self.result.clear();
        result
    }

    /// Nothing runs yet.
    pub fn new(stack: Stack) -> Exec {
        Exec {
            stack,
            suspended: Vec::new(),
            locals: SlotVec::new(),
            result: Slot::undef(),
            finalisation: Finalisation::default(),
            throwing: false,
            thrown: Cell::new(0),
            stamps: Cell::new(0),
            nesting: 0,
            stack_floor: 0,
            native_stack: None,
            thread_stack: THREAD_STACK,
            switch: None,
            native_stacks: Vec::new(),
            halting: false,
            told: Told::default(),
            former_codes: SlotVec::new(),
            tracing: Tracing::new(),
        }
    }
}
