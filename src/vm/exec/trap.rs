//! Why the loop stopped: the whole answer to "how can running code give up control?".
//!
//! Inside the VM an exception that leaves the outermost frame of a run is a trap as well; `Vm::run` turns it into its `Err`.

/// Why `Vm::run` returned; the value that goes with it is in `Vm::result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// The frame that the run began with returned `result`.
    Returned,
    /// The coroutine that the run resumed gave `result` to who resumes it: a value of `yield`, or what it awaits.
    Yielded,
    /// A green thread called something that blocks; `Vm::take_park` says what. It goes on after `Vm::unpark`.
    Parked,
    /// A green thread used up its time slice.
    Preempted,
    /// The exception in `heap.pending` left the frame that the run began with.
    Raised,
}

/// What a green thread blocks on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Park {
    /// `time.sleep`: so many seconds.
    Sleep(f64),
    /// A job of the blocking pool, by its number.
    Job(u64),
}
