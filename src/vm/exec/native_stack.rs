//! Native stacks: where Rust code runs, and how deep it may.
//!
//! The VM brings the stack that it runs on: a mapping of its own, backed by memory only where it is used. So its depth does not depend
//! on the thread of the host, be that of 256 KB or of 512 MB, and its bounds are known. What may recurse without end goes through
//! `Vm::nested`, which compares the address of a local with the floor of the stack; a quarter of the stack, at most `MARGIN`, lies
//! below the floor for what does not.

use std::io;

use corosensei::stack::{DefaultStack, Stack};

use crate::vm::{NESTING_LIMIT, Vm};

/// The memory of a native stack.
pub(in crate::vm) type NativeStack = DefaultStack;

/// Address space of the main stack: enough for `NESTING_LIMIT` in any build.
const MAIN_STACK: usize = 512 << 20;
/// What a stack has at least.
const LEAST_STACK: usize = 1 << 20;
/// Address space of a thread's native stack, where there is enough.
pub(in crate::vm) const THREAD_STACK: usize = MAIN_STACK / THREADS;
/// The main stack is as large as so many stacks of threads.
const THREADS: usize = 16;
/// What lies below the floor of a large stack.
const MARGIN: usize = 4 << 20;
/// The main stack takes at most one part in so many of the address space that is left.
const SHARE: usize = 6;

/// What is used of the host's stack where there is none to be had.
const HOSTS_STACK: usize = 96 << 10;

/// Maps a native stack.
///
/// # Errors
/// The system's.
pub(in crate::vm) fn new(size: usize) -> io::Result<NativeStack> {
    DefaultStack::new(size)
}

/// How large the stack of one more thread is. Where the address space is limited, stacks become smaller the more threads there are, so
/// that hundreds of them fit into what the main stack takes a few times.
pub(in crate::vm) fn for_thread(size: usize, others: usize) -> usize {
    if size >= THREAD_STACK {
        return size;
    }
    let part = size / (1 + others / THREADS);
    part.max(LEAST_STACK).min(size) & !0xffff
}

/// The address below which code that is counted must not use a stack.
pub(in crate::vm) fn floor(stack: &NativeStack) -> usize {
    let (low, high) = (stack.limit().get(), stack.base().get());
    low + ((high - low) / 4).min(MARGIN)
}

/// Maps as large a stack as leaves most of the address space to others; at most `most` bytes.
fn largest(most: usize) -> io::Result<NativeStack> {
    let mut size = most;
    while size > LEAST_STACK {
        if DefaultStack::new(size * SHARE).is_ok() {
            return DefaultStack::new(size);
        }
        size /= 2;
    }
    DefaultStack::new(LEAST_STACK)
}

/// Runs something on a stack of its own of so many bytes, or of as many as there is address space for.
///
/// # Errors
/// The system's, if there is no address space even for the smallest stack.
#[cfg(feature = "cli")]
pub fn on_stack<T>(size: usize, body: impl FnOnce() -> T) -> io::Result<T> {
    Ok(corosensei::on_stack(largest(size)?, body))
}

/// The VM's own native stack, for a run on it.
pub struct OwnStack(NativeStack);

impl OwnStack {
    /// Runs something on it.
    pub fn run<T>(&mut self, body: impl FnOnce() -> T) -> T {
        corosensei::on_stack(&mut self.0, body)
    }
}

impl Vm {
    /// The VM's own native stack, for a run from the stack of the host. `None`: the VM runs on it already, or there is none to be had;
    /// then the VM uses little of the host's.
    pub fn take_stack(&mut self) -> Option<OwnStack> {
        if self.exec.stack_floor != 0 {
            return None;
        }
        let stack = self.exec.native_stack.take();
        let Some(stack) = stack.or_else(|| largest(MAIN_STACK).ok()) else {
            self.exec.stack_floor = here().saturating_sub(HOSTS_STACK);
            return None;
        };
        self.exec.stack_floor = floor(&stack);
        self.exec.thread_stack = (stack.base().get() - stack.limit().get()) / THREADS;
        Some(OwnStack(stack))
    }

    /// The run is over.
    pub fn put_stack(&mut self, stack: OwnStack) {
        self.exec.stack_floor = 0;
        self.exec.native_stack = Some(stack.0);
    }

    /// Whether Rust code must not call deeper.
    #[inline]
    pub(in crate::vm) fn is_too_deep(&self) -> bool {
        self.exec.nesting >= NESTING_LIMIT || here() < self.exec.stack_floor
    }
}

/// About where the stack ends now.
#[inline(always)]
fn here() -> usize {
    let local = 0_u8;
    (&raw const local).addr()
}
