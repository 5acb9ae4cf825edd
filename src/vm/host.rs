//! The program around the VM: where output goes, where input comes from, what of the world there is.
//!
//! Everything that a program does to the world passes through this trait, so that tests, the prompt and embedders see the same
//! language with another outside. The code that makes a VM gives it its host.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::rc::Rc;

use super::files::{Files, NoFiles};
use super::processes::{NoProcesses, Processes};
use super::report::{Failure, Place, Report};
use super::signals::Signals;
use crate::runtime::heap::{Outside, Plain};

/// How much of the values of a failed `assert` is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// All that is sensible.
    Long,
    /// The beginnings: where they differ is told apart.
    Short,
}

/// What the VM asks of the program around it.
pub trait Host {
    /// Tells the user something about the program, beside its output.
    fn report(&mut self, report: Report);
    /// Writes to standard output.
    fn print(&mut self, text: &str) -> io::Result<()>;
    /// Writes to standard error.
    fn print_error(&mut self, text: &str) -> io::Result<()>;
    /// Hands on what `print` has kept back: before waits, and at the end.
    fn flush(&mut self) -> io::Result<()>;
    /// Reads a line of standard input, its end included; empty at the end of the input.
    fn read_line(&mut self) -> io::Result<String>;
    /// Whether Ctrl-C was pressed, or another signal was caught, since the last call.
    fn interrupted(&mut self) -> bool;
    /// Whether somebody outside asks for the program's tasks; the answer is a `Report::Inspection`. Asked when signals are delivered.
    fn is_inspected(&mut self) -> bool {
        false
    }
    /// Whether `input` asks `read_line` rather than the file of the standard input.
    fn reads_lines(&self) -> bool {
        true
    }
    /// The file system that the program sees; by default one that refuses everything.
    fn files(&self) -> Rc<dyn Files> {
        Rc::new(NoFiles)
    }
    /// Whether modules may be read from a folder, or from a file.
    ///
    /// # Errors
    /// What the program sees where they may not.
    fn check_import(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
    /// Whether the program may send signals to itself.
    ///
    /// # Errors
    /// What the program sees where it may not.
    fn check_signal(&self) -> io::Result<()> {
        Ok(())
    }
    /// The variables of the environment; by default none.
    fn environment(&self) -> Vec<(OsString, OsString)> {
        Vec::new()
    }
    /// The signals of the process; by default none, so that there is only Ctrl-C.
    fn signals(&self) -> Option<Rc<dyn Signals>> {
        None
    }
    /// Other processes; by default they are refused.
    fn processes(&self) -> Rc<dyn Processes> {
        Rc::new(NoProcesses)
    }
    /// Whether sockets may be used.
    ///
    /// # Errors
    /// They may not; the text says what allows them.
    fn check_network(&self) -> io::Result<()> {
        Ok(())
    }
    /// What natives that cannot reach the host ask of the process.
    fn outside(&self) -> Rc<dyn Outside> {
        Rc::new(Plain)
    }
    /// An exception as the user would see it.
    fn draw(&mut self, failure: &Failure, _: Values) -> String {
        format!("{}: {}\n", failure.class, failure.message)
    }
    /// Whether the failed `assert` at a place was about one `==`.
    fn tests_equality(&mut self, _: &Place) -> bool {
        false
    }
    /// Takes the reports since the last call as texts; from the first call on they are kept back instead of being shown.
    fn take_reports(&mut self) -> Vec<String> {
        Vec::new()
    }
    /// Whether reports are kept back for `take_reports`.
    fn keeps_reports(&self) -> bool {
        false
    }
    /// The program is over: hands on what is kept back.
    ///
    /// # Errors
    /// The system's.
    fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }
    /// Whether the statements of a text that begins to run are to be noted by `covered`.
    fn covers(&mut self, _file: u32, _name: &str) -> bool {
        false
    }
    /// The statement at this offset of a text runs.
    fn covered(&mut self, _file: u32, _offset: u32) {}
    /// Takes what `print` has kept back, so that the caller writes it.
    fn take_kept(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// A host that swallows everything: stands in while the real one is borrowed.
pub struct NoHost;

impl Host for NoHost {
    fn report(&mut self, _: Report) {}

    fn print(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn print_error(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn read_line(&mut self) -> io::Result<String> {
        Ok(String::new())
    }

    fn interrupted(&mut self) -> bool {
        false
    }

    fn check_import(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}
