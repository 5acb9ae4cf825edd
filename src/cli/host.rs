//! The process around a program: standard streams, files, signals, other processes.
//!
//! Output is kept back: until a new line on a terminal, else until the buffer is full; and always flushed before anything goes to
//! standard error, so that both are in order where they go to the same place. When the reader of the output is gone there is
//! nothing left to do: the process ends without a word. Signals are in `signals.rs`.

use std::ffi::OsString;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use super::args::{Flushing, Inspect, Settings};
use super::coverage::record::Recorder;
use super::inspection::Inspection;
use super::notices::Notices;
use super::reserve::{Reserve, reserve};
use super::signals::Signals;
use super::status;
use super::style::{Style, say};
use crate::diagnostics::fitted;
use crate::embed::Sources;
use crate::embed::present::failure::{self, asserted};
use crate::embed::present::report;
use crate::embed::sandbox::StandardStreams;
use crate::embed::world::World;
use crate::runtime::heap::{Outside, Plain, Shortage};
use crate::vm::files::Files;
use crate::vm::processes::Processes;
use crate::vm::{Failure, Host, Place, Report, Values};

/// This process as natives see it.
pub(super) struct Around(pub Signals);

impl Outside for Around {
    fn has_room(&self, bytes: usize) -> bool {
        reserve().map_or_else(|| Plain.has_room(bytes), |reserve| reserve.has_room(bytes))
    }

    fn shortage(&self) -> Shortage {
        reserve().map_or(Shortage::None, Reserve::shortage)
    }

    fn refill(&self) -> Shortage {
        reserve().map_or(Shortage::None, Reserve::refill)
    }

    fn take_interrupt(&self) -> bool {
        self.0.take_interrupt()
    }

    fn is_signalled(&self) -> bool {
        self.0.is_any()
    }

    fn running_time(&self) -> Duration {
        let time = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID);
        time.map_or(Duration::ZERO, Duration::from)
    }
}

/// Output that is kept back at most.
const BUFFER: usize = 1 << 16;

/// The process as a host.
pub struct Process {
    buffer: Vec<u8>,
    by_line: bool,
    flushing: Flushing,
    signals: Signals,
    sources: Sources,
    style: Style,
    notices: Notices,
    /// Reports that the runner of tests takes, if it runs.
    kept: Option<Vec<String>>,
    world: World,
    /// The socket for `apy ps`, if the program may be inspected.
    inspection: Option<Inspection>,
    /// Notes which statements ran, if `apy test --cov` asks for it.
    recorder: Option<Recorder>,
}

impl Process {
    /// This process.
    #[must_use]
    pub fn new(
        signals: Signals,
        sources: Sources,
        settings: &Settings,
        notices: Notices,
    ) -> Process {
        let by_line = io::stdout().is_terminal();
        let inspection = match settings.inspect {
            Inspect::Refuse => None,
            Inspect::Answer => Inspection::open_or_complain(&signals),
        };
        Process {
            buffer: Vec::new(),
            by_line,
            flushing: settings.output,
            signals,
            sources: Rc::clone(&sources),
            style: settings.style,
            notices,
            kept: None,
            world: World::new(settings.sandbox.clone(), StandardStreams::Open),
            inspection,
            recorder: Recorder::of_this_process(),
        }
    }

    fn write_out(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(&self.buffer).and_then(|()| stdout.flush());
        self.buffer.clear();
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                std::process::exit(status::BROKEN_PIPE.into())
            }
            other => other,
        }
    }
}

impl Host for Process {
    fn report(&mut self, report: Report) {
        if let (Report::Inspection(_), Some(inspection)) = (&report, &mut self.inspection) {
            let text = report::render(&report, &self.sources.borrow(), Style::PLAIN);
            inspection.answer(text);
            return;
        }
        // What fails here fails again at the next write, which tells the program.
        let _ = self.flush();
        let sources = self.sources.borrow();
        // The end of the program is no warning.
        if let Report::Deadlock { .. } | Report::Limit { .. } = report {
            say(&fitted(&report::render(&report, &sources, self.style)));
        } else if let Some(kept) = &mut self.kept {
            kept.push(report::render(&report, &sources, self.style));
        } else {
            self.notices
                .tell(|style| fitted(&report::render(&report, &sources, style)));
        }
    }

    fn draw(&mut self, failure: &Failure, values: Values) -> String {
        let sources = self.sources.borrow();
        let failure = failure::without_runner(failure, &sources);
        failure::render_with(&failure, &sources, self.style, values)
    }

    fn tests_equality(&mut self, place: &Place) -> bool {
        asserted::is_equality(place, &self.sources.borrow())
    }

    fn take_reports(&mut self) -> Vec<String> {
        self.kept.replace(Vec::new()).unwrap_or_default()
    }

    fn keeps_reports(&self) -> bool {
        self.kept.is_some()
    }

    fn print(&mut self, text: &str) -> io::Result<()> {
        self.buffer.extend_from_slice(text.as_bytes());
        let now = self.flushing == Flushing::AtOnce || self.by_line && text.contains('\n');
        if now || self.buffer.len() >= BUFFER {
            self.write_out()
        } else {
            Ok(())
        }
    }

    fn print_error(&mut self, text: &str) -> io::Result<()> {
        self.write_out()?;
        io::stderr().lock().write_all(text.as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out()
    }

    fn read_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        Ok(line)
    }

    fn interrupted(&mut self) -> bool {
        self.signals.any()
    }

    fn is_inspected(&mut self) -> bool {
        let inspection = self.inspection.as_mut();
        inspection.is_some_and(Inspection::is_asked)
    }

    fn signals(&self) -> Option<Rc<dyn crate::vm::signals::Signals>> {
        Some(Rc::new(self.signals.clone()))
    }

    fn processes(&self) -> Rc<dyn Processes> {
        self.world.processes()
    }

    fn check_import(&self, path: &Path) -> io::Result<()> {
        self.world.check_import(path)
    }

    fn check_signal(&self) -> io::Result<()> {
        self.world.check_signal()
    }

    fn check_network(&self) -> io::Result<()> {
        self.world.check_network()
    }

    fn reads_lines(&self) -> bool {
        false
    }

    fn outside(&self) -> Rc<dyn Outside> {
        Rc::new(Around(self.signals.clone()))
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        self.world.environment()
    }

    fn files(&self) -> Rc<dyn Files> {
        self.world.files()
    }

    fn covers(&mut self, file: u32, name: &str) -> bool {
        let recorder = self.recorder.as_mut();
        recorder.is_some_and(|recorder| recorder.begin(file, name))
    }

    fn covered(&mut self, file: u32, offset: u32) {
        if let Some(recorder) = &mut self.recorder {
            recorder.note(file, offset);
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.inspection = None;
        let noted = self.recorder.as_ref().map_or(Ok(()), Recorder::write);
        self.flush().and(noted)
    }

    fn take_kept(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }
}
