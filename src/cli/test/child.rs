//! One run of `apy` on one program: its options, its streams, and an end to programs that hang.
//!
//! The process runs in the file's folder with the bare file name, so that messages are the same wherever `apy test` was started.
//! One that is over its time is killed; one that writes without end loses its reader and ends by that.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::super::args::TestOptions;
use super::collect::Case;
use super::directives::Directives;

/// So much of each stream is read.
const LIMIT: u64 = 16 << 20;

/// What a run did.
pub struct Ran {
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub end: End,
    /// How long it ran, in real time.
    pub took: Duration,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With this status.
    Exit(i32),
    /// By a signal (in words): it crashed.
    Crash(String),
    /// It was killed at its time limit.
    TimedOut,
}

/// Runs a test.
///
/// # Errors
/// The system's, if the process cannot be started or watched.
pub fn run(case: &Case, options: &TestOptions) -> io::Result<Ran> {
    let started = now();
    let mut child = command(case, options)?.spawn()?;
    let streams = [
        read_aside(child.stdout.take()),
        read_aside(child.stderr.take()),
    ];
    let deadline = started + options.timeout;
    let end = watch(&mut child, deadline)?;
    let [stdout, stderr] = streams.map(|stream| stream.recv().unwrap_or_default());
    Ok(Ran {
        stdout,
        stderr,
        end,
        took: now() - started,
    })
}

/// The moment, in real time.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are timed from outside of any program"
)]
pub fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests that the user names are read here"
)]
fn command(case: &Case, options: &TestOptions) -> io::Result<Command> {
    let source = std::fs::read(&case.file)?;
    let directives = Directives::of(&String::from_utf8_lossy(&source));
    let mut command = Command::new(std::env::current_exe()?);
    match directives.command() {
        Some(name) => command.arg(name),
        None => command.args(["run", "--time=virtual", "--seed=0"]),
    };
    command.args(directives.options()).args(&options.inherited);
    command.arg("--color=never");
    // After `--` a name may begin with a hyphen.
    command
        .arg("--")
        .arg(case.file.file_name().unwrap_or_default());
    command.args(&directives.arguments);
    super::covered::tell(&mut command, options);
    if let Some(folder) = case.file.parent().filter(|folder| *folder != Path::new("")) {
        command.current_dir(folder);
    }
    let input = File::open(case.file.with_extension("in"));
    command
        .stdin(input.map_or_else(|_| Stdio::null(), Stdio::from))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(command)
}

/// What a pipe has held when it is closed.
pub type Stream = Receiver<Vec<u8>>;

/// Reads a pipe to its end on a thread of its own: two pipes read in turn could block each other.
pub fn read_aside(pipe: Option<impl Read + Send + 'static>) -> Stream {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before a failure is still worth showing.
            let _ = pipe.take(LIMIT).read_to_end(&mut bytes);
        }
        // Nobody listens if the process could not be watched.
        let _ = sender.send(bytes);
    });
    receiver
}

/// Waits for the end, at most until the deadline.
fn watch(child: &mut Child, deadline: Instant) -> io::Result<End> {
    // Short tests end within milliseconds: look often at first.
    let mut pause = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait()? {
            let crash = || End::Crash(status.to_string());
            return Ok(status.code().map_or_else(crash, End::Exit));
        }
        let left = deadline.saturating_duration_since(now());
        if left.is_zero() {
            child.kill()?;
            child.wait()?;
            return Ok(End::TimedOut);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 3 / 2).min(Duration::from_millis(20));
    }
}
