//! The terminal that program and line editor share: what is printed never garbles what is typed.
//!
//! While the editor has the terminal, text is kept and a thread hands it to the editor, which shows it above the prompt. Else it
//! goes to the terminal at once. The interpreter's thread never waits for the editor. Only strings pass between threads.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::PROMPT;
use crate::cli::host::Around;
use crate::cli::signals::Signals;
use crate::cli::style::Style;
use crate::diagnostics::fitted;
use crate::embed::Sources;
use crate::embed::os_files::OsFiles;
use crate::embed::os_processes::OsProcesses;
use crate::embed::present::report;
use crate::runtime::heap::Outside;
use crate::vm::files::Files;
use crate::vm::processes::Processes;
use crate::vm::{Host, Report};

/// What is printed within this time is shown at once: each time redraws the prompt.
const PACE: Duration = Duration::from_millis(4);

/// The terminal.
#[derive(Clone, Default)]
pub struct Screen(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Whether the editor has the terminal.
    editing: bool,
    /// Whether the editor can show text above the prompt.
    has_printer: bool,
    /// Text for the editor.
    kept: String,
    /// Whether the last line that was printed is not ended.
    in_line: bool,
}

/// Which of the standard streams.
#[derive(Clone, Copy)]
enum Stream {
    Out,
    Error,
}

impl Screen {
    /// Shows text as soon as possible, on standard output.
    ///
    /// # Errors
    /// The system's.
    pub fn print(&self, text: &str) -> io::Result<()> {
        self.write(text, Stream::Out)
    }

    /// The editor gets the terminal; what was printed before ends its line.
    pub fn lend(&self) {
        let mut state = self.state();
        if std::mem::take(&mut state.in_line) {
            // There is nobody to tell if that fails.
            let _ = write_to(Stream::Out, "\n");
        }
        state.editing = true;
        self.0.changed.notify_all();
    }

    /// The editor gave the terminal back.
    pub fn take_back(&self) {
        let mut state = self.state();
        state.editing = false;
        let kept = std::mem::take(&mut state.kept);
        let _ = write_to(Stream::Out, &kept);
    }

    /// The editor can show text above the prompt: `show` does it.
    pub fn show_by(&self, mut show: impl FnMut(String) + Send + 'static) {
        self.state().has_printer = true;
        let screen = self.clone();
        thread::spawn(move || {
            loop {
                show(screen.wait_for_text());
                thread::sleep(PACE);
            }
        });
    }

    fn wait_for_text(&self) -> String {
        let mut state = self.state();
        while !state.editing || state.kept.is_empty() {
            let waited = self.0.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::take(&mut state.kept)
    }

    fn write(&self, text: &str, stream: Stream) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let mut state = self.state();
        if !state.editing {
            state.in_line = !text.ends_with('\n');
            return write_to(stream, text);
        }
        if state.has_printer {
            state.kept.push_str(text);
            self.0.changed.notify_all();
            return Ok(());
        }
        // A terminal that can do nothing: the prompt is written again below.
        if io::stdin().is_terminal() {
            let end = if text.ends_with('\n') { "" } else { "\n" };
            return write_to(stream, &format!("\n{text}{end}{PROMPT}"));
        }
        write_to(stream, text)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_to(stream: Stream, text: &str) -> io::Result<()> {
    match stream {
        Stream::Out => {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()
        }
        Stream::Error => io::stderr().lock().write_all(text.as_bytes()),
    }
}

/// The host of a program under a prompt.
pub struct Terminal {
    screen: Screen,
    signals: Signals,
    sources: Sources,
    style: Style,
    /// Printed, and not yet ended by a new line.
    line: String,
    files: Rc<OsFiles>,
}

impl Terminal {
    /// The host on this screen.
    pub fn new(screen: Screen, signals: Signals, sources: Sources, style: Style) -> Terminal {
        Terminal {
            screen,
            signals,
            sources,
            style,
            line: String::new(),
            files: Rc::default(),
        }
    }
}

impl Host for Terminal {
    fn report(&mut self, report: Report) {
        // What fails here fails again at the next write, which tells the program.
        let text = fitted(&report::render(&report, &self.sources.borrow(), self.style));
        let _ = self.print_error(&text);
    }

    fn print(&mut self, text: &str) -> io::Result<()> {
        self.line.push_str(text);
        if text.contains('\n') {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn print_error(&mut self, text: &str) -> io::Result<()> {
        self.flush()?;
        self.screen.write(text, Stream::Error)
    }

    fn flush(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.screen.write(&line, Stream::Out)
    }

    fn read_line(&mut self) -> io::Result<String> {
        if self.screen.state().editing {
            return Err(io::Error::other(
                "the prompt has the terminal: await what calls input()",
            ));
        }
        self.flush()?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        self.screen.state().in_line = false;
        Ok(line)
    }

    /// While the editor has the terminal nothing can be read; else the file of the standard input hears of Ctrl-C.
    fn reads_lines(&self) -> bool {
        self.screen.state().editing
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        std::env::vars_os().collect()
    }

    fn files(&self) -> Rc<dyn Files> {
        Rc::clone(&self.files) as Rc<dyn Files>
    }

    fn interrupted(&mut self) -> bool {
        let pressed = self.signals.any();
        if pressed && io::stdin().is_terminal() {
            // The terminal showed the key where the cursor was.
            self.line.push('\n');
            // If that fails the next write fails, too, and tells the program.
            let _ = self.flush();
        }
        pressed
    }

    fn outside(&self) -> Rc<dyn Outside> {
        Rc::new(Around(self.signals.clone()))
    }

    fn signals(&self) -> Option<Rc<dyn crate::vm::signals::Signals>> {
        Some(Rc::new(self.signals.clone()))
    }

    fn processes(&self) -> Rc<dyn Processes> {
        Rc::new(OsProcesses)
    }
}
