//! The tests of one file, in a process of their own.
//!
//! The process runs `pytest._worker` (in apy), which loads the file, picks the tests that are asked for and runs them; it writes what
//! happens to a file that is read here (`records`). When it dies, hangs or deadlocks, that is the failure of the test that ran, and
//! another process goes on with the next one.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::super::args::TestOptions;
use super::super::output::words;
use super::super::status;
use super::child::{Stream, now, read_aside};
use super::collect::{Case, Kind};
use super::control::Control;
use super::request;
use super::verdict::{Verdict, indented};
use super::{Done, Event};
use crate::diagnostics::Color;

/// A field ends with this byte, a record with `RECORD`.
const FIELD: char = '\x1f';
const RECORD: u8 = 0x1e;
/// What separates the warnings of a record.
const WARNING: char = '\x1d';

/// The program of a process.
const WORKER: &str = "import sys; from pytest._worker import main; main(sys.argv[1])";

/// Runs the tests of a file.
pub fn run(case: &Case, options: &TestOptions, control: &Control, tell: &mut dyn FnMut(Event)) {
    let mut progress = Progress::default();
    loop {
        let begun = progress.next;
        match process(case, options, control, &mut progress, tell) {
            Ok(End::Over) => return,
            // A process that got no further would not the next time.
            Ok(End::Again) if progress.next > begun => {}
            Ok(End::Again) => return,
            Err(error) => {
                let why = format!("cannot run it: {}\n", words(&error));
                tell(Event::Done(failed(case, &case.name, why)));
                return;
            }
        }
    }
}

/// What is known of a file's tests.
#[derive(Default)]
struct Progress {
    /// Whether it is known how many there are.
    collected: bool,
    /// The first that was not begun.
    next: usize,
    /// The one that runs, and its own time limit.
    running: Option<(String, Option<Duration>)>,
    /// Whether the process said that all is told.
    ended: bool,
    /// Whether KeyboardInterrupt ended the process.
    interrupted: bool,
}

/// How a process ended.
enum End {
    /// Nothing is left to do.
    Over,
    /// A test ended it: the next ones are to run.
    Again,
}

/// How a process stopped.
enum Stop {
    Exit(ExitStatus),
    TimedOut(Duration),
    Unwanted,
}

fn process(
    case: &Case,
    options: &TestOptions,
    control: &Control,
    progress: &mut Progress,
    tell: &mut dyn FnMut(Event),
) -> io::Result<End> {
    let folder = Folder::new()?;
    let events = folder.0.join("events");
    File::create(&events)?;
    let request = folder.0.join("request");
    put(
        &request,
        &request::json(case, options, &events, progress.next),
    )?;
    let mut child = command(options, &request).spawn()?;
    let streams = [
        child.stdout.take().map(|pipe| read_aside(Some(pipe))),
        child.stderr.take().map(|pipe| read_aside(Some(pipe))),
    ];
    (progress.ended, progress.interrupted) = (false, false);
    let mut records = Records {
        file: File::open(&events)?,
        rest: Vec::new(),
    };
    let stop = follow(
        &mut child,
        &mut records,
        case,
        options,
        control,
        progress,
        tell,
    )?;
    if progress.ended && progress.running.is_none() {
        child.wait()?;
        return Ok(End::Over);
    }
    let texts = streams.map(|stream| stream.map_or_else(Vec::new, received));
    // Ctrl-C reaches the process, too: its end is no result of the test.
    if control.is_interrupted() {
        return Ok(End::Over);
    }
    Ok(died(case, &stop, &texts, progress, tell))
}

fn received(stream: Stream) -> Vec<u8> {
    stream
        .recv_timeout(Duration::from_secs(1))
        .unwrap_or_default()
}

/// Tells of each record until the process is over.
fn follow(
    child: &mut Child,
    records: &mut Records,
    case: &Case,
    options: &TestOptions,
    control: &Control,
    progress: &mut Progress,
    tell: &mut dyn FnMut(Event),
) -> io::Result<Stop> {
    let mut since = now();
    let mut pause = SHORTEST;
    loop {
        // In this order: what a process wrote before its end is read.
        let status = child.try_wait()?;
        let found = records.take_new()?;
        if !found.is_empty() {
            (since, pause) = (now(), SHORTEST);
        }
        for fields in found {
            // What a file told after the last failure that was wanted does not count.
            if !control.is_over() {
                apply(&fields, case, control, progress, tell);
            }
        }
        let late = now() - since > limit(options, progress);
        if status.is_none() && (control.is_over() || late) {
            child.kill()?;
            child.wait()?;
        }
        // A run that is over wants no result any more, however the process ended.
        if control.is_over() {
            return Ok(Stop::Unwanted);
        }
        if let Some(status) = status {
            return Ok(Stop::Exit(status));
        }
        if late {
            return Ok(Stop::TimedOut(limit(options, progress)));
        }
        thread::sleep(pause);
        pause = (pause * 3 / 2).min(LONGEST);
    }
}

/// Loading a file may take longer than a test.
const LOADING: Duration = Duration::from_secs(20);
const SHORTEST: Duration = Duration::from_micros(300);
const LONGEST: Duration = Duration::from_millis(10);

fn limit(options: &TestOptions, progress: &Progress) -> Duration {
    match &progress.running {
        Some((_, Some(own))) => options.timeout.max(*own),
        Some((_, None)) => options.timeout,
        None => options.timeout + LOADING,
    }
}

/// Takes in one record.
fn apply(
    fields: &[String],
    case: &Case,
    control: &Control,
    progress: &mut Progress,
    tell: &mut dyn FnMut(Event),
) {
    let field = |at: usize| fields.get(at).map_or("", String::as_str);
    match field(0) {
        "collected" if !progress.collected => {
            progress.collected = true;
            let count = |at| field(at).parse().unwrap_or(0);
            tell(Event::Expected(count(1), count(2)));
        }
        "item" => tell(Event::Listed(field(1).to_owned())),
        "note" => tell(Event::Note(format!("{}\n", field(1)))),
        "start" => {
            progress.next = field(1).parse::<usize>().unwrap_or(0) + 1;
            let own = field(3).parse().ok().filter(|&seconds: &f64| seconds > 0.0);
            let own = own.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            progress.running = Some((field(2).to_owned(), own));
            tell(Event::Running(field(2).to_owned()));
        }
        "done" => {
            progress.running = None;
            tell(Event::Done(done_of(fields, case)));
        }
        "exit" => {
            progress.running = None;
            control.stop();
            tell(Event::Note(format!("a test ended the run: {}\n", field(1))));
        }
        "interrupted" => progress.interrupted = true,
        "end" => progress.ended = true,
        _ => {}
    }
}

/// The result in a record: name, outcome, seconds, text, reason, warnings.
fn done_of(fields: &[String], case: &Case) -> Done {
    let field = |at: usize| fields.get(at).cloned().unwrap_or_default();
    let text = without_folder(field(4));
    let reason = field(5);
    let verdict = match field(2).as_str() {
        "passed" => Verdict::Passed,
        "skipped" => Verdict::Skipped(reason),
        "xfailed" => Verdict::ExpectedFailure(reason),
        "xpassed" => Verdict::UnexpectedPass(reason),
        _ => Verdict::Failed(text),
    };
    let seconds = field(3).parse().unwrap_or(0.0);
    let warnings = field(6);
    let warnings = warnings.split(WARNING).filter(|text| !text.is_empty());
    Done {
        name: field(1),
        file: case.file.clone(),
        verdict,
        took: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
        warnings: warnings
            .map(|text| without_folder(text.to_owned()))
            .collect(),
    }
}

/// Paths inside of this folder as they were given.
fn without_folder(text: String) -> String {
    match std::env::current_dir() {
        Ok(here) => text.replace(&format!("{}/", here.display()), ""),
        Err(_) => text,
    }
}

/// The process ended before it had told all: the test that ran failed.
fn died(
    case: &Case,
    stop: &Stop,
    texts: &[Vec<u8>; 2],
    progress: &mut Progress,
    tell: &mut dyn FnMut(Event),
) -> End {
    if let Stop::Unwanted = stop {
        return End::Over;
    }
    let mut why = match stop {
        Stop::TimedOut(limit) => format!(
            "it still ran after {} s and was ended (--timeout)\n",
            limit.as_secs_f64()
        ),
        Stop::Exit(_) if progress.interrupted => {
            "KeyboardInterrupt was raised, and ended the process\n".to_owned()
        }
        Stop::Exit(status) => ended_with(status, &texts[1]),
        Stop::Unwanted => String::new(),
    };
    let errors = without_folder(String::from_utf8_lossy(&texts[1]).into_owned());
    why.push_str(&errors);
    if !why.is_empty() && !why.ends_with('\n') {
        why.push('\n');
    }
    if !texts[0].is_empty() {
        why.push_str("it printed:\n");
        why.push_str(&indented(&texts[0]));
    }
    match progress.running.take() {
        Some((name, _)) => {
            tell(Event::Done(failed(case, &name, why)));
            End::Again
        }
        None => {
            let when = if progress.collected {
                "after its tests"
            } else {
                "before its tests"
            };
            if !progress.collected {
                tell(Event::Expected(1, 0));
            }
            tell(Event::Done(failed(
                case,
                &case.name,
                format!("{when}: {why}"),
            )));
            End::Over
        }
    }
}

/// A deadlock says itself what it is, on standard error.
fn ended_with(status: &ExitStatus, errors: &[u8]) -> String {
    match status.code() {
        Some(code) if code == i32::from(status::DEADLOCK) && !errors.is_empty() => String::new(),
        Some(code) => format!("the process ended with exit status {code}\n"),
        None => format!("it crashed: {status}\n"),
    }
}

fn failed(case: &Case, name: &str, why: String) -> Done {
    Done {
        name: name.to_owned(),
        file: case.file.clone(),
        verdict: Verdict::Failed(why),
        took: Duration::ZERO,
        warnings: Vec::new(),
    }
}

fn command(options: &TestOptions, request: &Path) -> Command {
    let apy = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("apy"));
    let mut command = Command::new(apy);
    command.args(["--time=virtual", "--seed=0"]);
    command.args(
        options
            .inherited
            .iter()
            .filter(|option| *option != "--strict"),
    );
    let color = match options.style.0 {
        Color::Always => "always",
        Color::Never => "never",
    };
    command.arg(format!("--color={color}"));
    command.args(["-c", WORKER]).arg(request);
    command.stdin(Stdio::null());
    super::covered::tell(&mut command, options);
    if options.captures {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
    }
    command
}

/// The records that a process writes.
struct Records {
    file: File,
    rest: Vec<u8>,
}

impl Records {
    /// Those that were written since the last call, each as its fields.
    fn take_new(&mut self) -> io::Result<Vec<Vec<String>>> {
        self.file.read_to_end(&mut self.rest)?;
        let Some(end) = self.rest.iter().rposition(|&byte| byte == RECORD) else {
            return Ok(Vec::new());
        };
        let rest = self.rest.split_off(end + 1);
        let whole = std::mem::replace(&mut self.rest, rest);
        let records = whole[..end].split(|&byte| byte == RECORD);
        Ok(records
            .map(|record| {
                let text = String::from_utf8_lossy(record);
                text.split(FIELD).map(str::to_owned).collect()
            })
            .collect())
    }
}

/// A folder for one process, removed when that is over.
struct Folder(PathBuf);

impl Folder {
    #[expect(
        clippy::disallowed_methods,
        reason = "the records of a process go through files"
    )]
    fn new() -> io::Result<Folder> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("apy-worker-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The system clears its folder for temporary files, too.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the request is read by a process"
)]
fn put(path: &Path, text: &str) -> io::Result<()> {
    std::fs::write(path, text)
}

/// Whether a case is a file of tests.
pub fn is_suite(case: &Case) -> bool {
    matches!(case.kind, Kind::Suite { .. })
}
