//! The host of a session: output goes to the embedding program, the world is what its doors show.
//!
//! What the program prints is collected, or handed to the receiver that the session was given. Reports become texts at once.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::embed::Sources;
use crate::embed::present::report;
use crate::embed::present::style::Style;
use crate::embed::world::World;
use crate::runtime::heap::Outside;
use crate::vm::files::Files;
use crate::vm::processes::Processes;
use crate::vm::{Host, Report};

/// A stream that a program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// `sys.stdout`
    Output,
    /// `sys.stderr`
    Error,
}

/// Receives what a program writes, in pieces.
pub type Receiver = Box<dyn FnMut(Stream, &str)>;

/// What came out of a program.
#[derive(Default)]
pub(super) struct Received {
    /// Takes what is written; none: it is collected in `output`.
    pub receiver: Option<Receiver>,
    /// What was written.
    pub output: String,
    /// Warnings, and exceptions that nothing took, as texts.
    pub warnings: Vec<String>,
    /// The report of a deadlock or limit.
    pub end: Option<String>,
}

impl Received {
    fn write(&mut self, stream: Stream, text: &str) {
        match &mut self.receiver {
            Some(receiver) => receiver(stream, text),
            None => self.output.push_str(text),
        }
    }
}

/// Stops what a session runs, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Raises KeyboardInterrupt in the program as soon as it can; in the next run if none is under way.
    pub fn interrupt(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn take(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
    }
}

/// The embedding program as natives see it.
struct Around(Interrupt);

impl Outside for Around {
    fn take_interrupt(&self) -> bool {
        self.0.take()
    }

    fn running_time(&self) -> Duration {
        let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
        time.map_or(Duration::ZERO, Duration::from)
    }
}

/// The host of a session.
pub(super) struct SessionHost {
    pub received: Rc<RefCell<Received>>,
    pub sources: Sources,
    pub interrupt: Interrupt,
    pub world: World,
}

impl Host for SessionHost {
    fn report(&mut self, report: Report) {
        let text = report::render(&report, &self.sources.borrow(), Style::PLAIN);
        let mut received = self.received.borrow_mut();
        match report {
            Report::Deadlock { .. } | Report::Limit { .. } => received.end = Some(text),
            _ => received.warnings.push(text),
        }
    }

    fn print(&mut self, text: &str) -> io::Result<()> {
        self.received.borrow_mut().write(Stream::Output, text);
        Ok(())
    }

    fn print_error(&mut self, text: &str) -> io::Result<()> {
        self.received.borrow_mut().write(Stream::Error, text);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn read_line(&mut self) -> io::Result<String> {
        Ok(String::new())
    }

    fn interrupted(&mut self) -> bool {
        self.interrupt.take()
    }

    fn files(&self) -> Rc<dyn Files> {
        self.world.files()
    }

    fn check_import(&self, path: &Path) -> io::Result<()> {
        self.world.check_import(path)
    }

    fn check_signal(&self) -> io::Result<()> {
        self.world.check_signal()
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        self.world.environment()
    }

    fn processes(&self) -> Rc<dyn Processes> {
        self.world.processes()
    }

    fn check_network(&self) -> io::Result<()> {
        self.world.check_network()
    }

    fn outside(&self) -> Rc<dyn Outside> {
        Rc::new(Around(self.interrupt.clone()))
    }
}
