//! Running the built `apy` on one program: flags, stdin, captured output, and an end to programs that hang.
//!
//! The child runs in the package's folder with the program's path relative to it, so that paths in tracebacks are the
//! same on every machine. A child over its time limit or its output limit is killed; that is an [`Outcome`], not an
//! error, so that the report can show what it printed.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// One run of `apy`.
pub struct Invocation {
    /// Everything after the name `apy`.
    pub arguments: Vec<String>,
    /// What the program reads from stdin.
    pub stdin: Vec<u8>,
    /// Collect garbage at every safepoint.
    pub gc_stress: bool,
    /// Kill it after this long.
    pub limit: Duration,
}

/// What one run did.
pub struct Outcome {
    /// All of stdout, up to [`OUTPUT_LIMIT`].
    pub stdout: String,
    /// All of stderr, up to [`OUTPUT_LIMIT`].
    pub stderr: String,
    /// How it ended.
    pub end: End,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// It exited with this status.
    Exit(i32),
    /// A signal ended it: it crashed.
    Signal(String),
    /// It was killed at the time limit.
    TimedOut(Duration),
}

/// A program that prints more than this is stopped by a full pipe and then by its time limit.
const OUTPUT_LIMIT: u64 = 16 << 20;

/// Where the package is; the working directory of every run.
pub fn package_root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

impl Invocation {
    /// Runs it to its end, or to its time limit.
    pub fn run(&self) -> Result<Outcome, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_apy"));
        command
            .args(&self.arguments)
            .current_dir(package_root())
            .env("NO_COLOR", "1")
            .env_remove("FORCE_COLOR")
            .env_remove("APY_GC_STRESS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.gc_stress {
            command.env("APY_GC_STRESS", "1");
        }
        let child = command
            .spawn()
            .map_err(|error| format!("cannot start apy: {error}"))?;
        self.watch(child)
            .map_err(|error| format!("cannot run apy: {error}"))
    }

    fn watch(&self, mut child: Child) -> std::io::Result<Outcome> {
        let started = Instant::now();
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ends without reading its input closes the pipe; that is not the test's concern.
            let _ = stdin.write_all(&self.stdin);
        }
        let stdout = read_aside(child.stdout.take());
        let stderr = read_aside(child.stderr.take());
        let out = stdout.recv_timeout(self.limit);
        let err = stderr.recv_timeout(
            self.limit
                .saturating_sub(started.elapsed())
                .max(Duration::from_millis(10)),
        );
        if let (Ok(stdout), Ok(stderr)) = (&out, &err) {
            // Both pipes are closed, so it has ended or is about to.
            let status = child.wait()?;
            let end = status
                .code()
                .map_or_else(|| End::Signal(status.to_string()), End::Exit);
            return Ok(Outcome {
                stdout: stdout.clone(),
                stderr: stderr.clone(),
                end,
            });
        }
        child.kill()?;
        child.wait()?;
        Ok(Outcome {
            stdout: out.or_else(|_| stdout.recv()).unwrap_or_default(),
            stderr: err.or_else(|_| stderr.recv()).unwrap_or_default(),
            end: End::TimedOut(self.limit),
        })
    }
}

/// Reads a pipe to its end on a thread of its own: two pipes read in turn could block each other.
fn read_aside(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before a failure is still worth showing.
            let _ = pipe.take(OUTPUT_LIMIT).read_to_end(&mut bytes);
        }
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}
