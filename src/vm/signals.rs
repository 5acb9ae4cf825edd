//! The door to the signals of the system.
//!
//! A host that has a process to itself owns a `Signals`; embedders usually have none, and then programs have only Ctrl-C. Numbers are the
//! system's. The real one is `cli/signals.rs`; handlers of programs are in `sched/signals.rs`.

use std::any::Any;
use std::io;
use std::os::unix::net::UnixStream;

/// SIGINT: Ctrl-C.
pub const INTERRUPT: i32 = 2;

/// What happens when a signal arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// What the system does without the program: mostly, it ends the process.
    Default,
    /// Nothing.
    Ignore,
    /// The program is told by `take`.
    Catch,
}

/// A pipe to which the system's handler writes a byte for each signal. Dropping the guard ends that.
pub struct SignalPipe {
    /// The end to read from; it does not block.
    pub reader: UnixStream,
    /// Keeps the other end connected.
    pub guard: Box<dyn Any + Send>,
}

/// Signals of a process.
pub trait Signals {
    /// Says what happens when a signal arrives.
    ///
    /// # Errors
    /// The system's: there is no such signal, or it cannot be caught.
    fn set(&self, number: i32, disposition: Disposition) -> io::Result<()>;
    /// What happens when a signal arrives.
    fn disposition(&self, number: i32) -> Disposition;
    /// The signals that were caught since the last call, in order of their numbers.
    fn take(&self) -> Vec<i32>;
    /// Has `Host::interrupted` say once more that there are signals.
    fn recall(&self);
    /// Sends a signal to this thread.
    ///
    /// # Errors
    /// The system's: there is no such signal.
    fn raise(&self, number: i32) -> io::Result<()>;
    /// A pipe that is told of a signal, whatever else happens.
    ///
    /// # Errors
    /// The system's.
    fn pipe(&self, number: i32) -> io::Result<SignalPipe>;
    /// Sends SIGALRM after so many seconds, then each `interval` seconds; 0 for never. What was left of the timer before.
    fn set_timer(&self, seconds: f64, interval: f64) -> (f64, f64);
    /// What is left of the timer, and its interval.
    fn timer(&self) -> (f64, f64);
    /// Blocks or unblocks signals for this thread: the new mask, or None to only ask. The mask before.
    ///
    /// # Errors
    /// The system's.
    fn mask(&self, change: Option<MaskChange<'_>>) -> io::Result<Vec<i32>>;
    /// Waits until one of some signals is pending, and takes it.
    ///
    /// # Errors
    /// The system's.
    fn wait(&self, numbers: &[i32]) -> io::Result<i32>;
}

/// A change of the mask of blocked signals.
#[derive(Clone, Copy, Debug)]
pub enum MaskChange<'n> {
    /// Block these, too.
    Block(&'n [i32]),
    /// Block these no longer.
    Unblock(&'n [i32]),
    /// Block exactly these.
    Set(&'n [i32]),
}
