//! When to stop: after so many failures, when a test asks for it, at Ctrl-C.
//!
//! All threads of a run share one `Control` and look at it between tests and while a process runs. Once it says that the run is over,
//! it says so for good.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::super::signals::interrupt_flag;
use super::Done;

/// What all workers look at.
pub struct Control {
    failures: AtomicUsize,
    /// So many failures end the run.
    most: Option<usize>,
    stopped: AtomicBool,
    interrupted: Arc<AtomicBool>,
}

impl Control {
    /// One that listens to Ctrl-C.
    ///
    /// # Errors
    /// The system's.
    pub fn new(most: Option<usize>) -> io::Result<Control> {
        Ok(Control {
            failures: AtomicUsize::new(0),
            most,
            stopped: AtomicBool::new(false),
            interrupted: interrupt_flag()?,
        })
    }

    /// Takes in a result.
    pub fn count(&self, done: &Done) {
        if done.failure().is_some() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ends the run.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether Ctrl-C was pressed.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Whether nothing more is to run.
    pub fn is_over(&self) -> bool {
        let failures = self.failures.load(Ordering::Relaxed);
        self.stopped.load(Ordering::Relaxed)
            || self.is_interrupted()
            || self.most.is_some_and(|most| failures >= most)
    }
}
