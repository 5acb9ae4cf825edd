//! Why the loop stopped: the whole answer to "how can running code give up control?".
//!
//! A green thread is suspended elsewhere (`green_stack.rs`): the loop does not stop for that, it stays on the thread's native stack.
//! Inside the VM an exception that leaves the outermost frame of a run is a trap as well; `Vm::run` turns it into its `Err`.

/// Why `Vm::run` returned; the value that goes with it is in `Vm::result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// The frame that the run began with returned `result`.
    Returned,
    /// The coroutine that the run resumed gave `result` to its driver: a value of `yield`, or what it awaits.
    Yielded,
    /// The exception in `heap.pending` left the frame that the run began with.
    Raised,
}
