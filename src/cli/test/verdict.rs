//! Whether a test passed, and if not what its author wants to know.
//!
//! A program is compared stream by stream with the files beside it; with `--bless` it writes those files instead, unless it crashed or
//! hung. The tests of a file are judged where they run (`suite`).

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::args::TestOptions;
use super::super::output::words;
use super::child::{self, End, Ran};
use super::collect::{Case, OUTPUTS};
use super::diff::diff;

/// What came of a test.
pub enum Verdict {
    /// All as expected.
    Passed,
    /// Its expected files were written; those that changed.
    Blessed(Vec<PathBuf>),
    /// What is wrong, in lines that end.
    Failed(String),
    /// It did not run, for this reason.
    Skipped(String),
    /// It failed, as is expected for this reason.
    ExpectedFailure(String),
    /// It passed, and was expected to fail for this reason.
    UnexpectedPass(String),
}

/// Runs a test and judges it.
pub fn of(case: &Case, options: &TestOptions) -> (Verdict, Duration) {
    match child::run(case, options) {
        Ok(ran) => (judge(case, &ran, options), ran.took),
        Err(error) => {
            let why = format!("cannot run it: {}\n", words(&error));
            (Verdict::Failed(why), Duration::ZERO)
        }
    }
}

fn judge(case: &Case, ran: &Ran, options: &TestOptions) -> Verdict {
    match &ran.end {
        End::Exit(status) if options.bless => bless(&case.file, ran, *status)
            .unwrap_or_else(|error| Verdict::Failed(format!("cannot write: {}\n", words(&error)))),
        end => judge_golden(&case.file, ran, end, options),
    }
}

/// A crash or a hang, in words.
fn abnormal(end: &End, options: &TestOptions) -> Option<String> {
    match end {
        End::Exit(_) => None,
        End::Crash(signal) => Some(format!("it crashed: {signal}")),
        End::TimedOut => Some(format!(
            "it still ran after {} s and was ended (--timeout)",
            options.timeout.as_secs_f64()
        )),
    }
}

/// What the files beside a program expect.
struct Expected {
    out: (PathBuf, Option<String>),
    err: Option<String>,
    exit: Option<String>,
}

impl Expected {
    fn of(file: &Path) -> Expected {
        let out = OUTPUTS
            .iter()
            .map(|ending| file.with_extension(ending))
            .find(|path| path.is_file());
        let out = out.unwrap_or_else(|| file.with_extension(OUTPUTS[0]));
        Expected {
            err: read(&file.with_extension("err")),
            exit: read(&file.with_extension("exit")),
            out: (out.clone(), read(&out)),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "expected output is read beside the test"
)]
fn read(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn judge_golden(file: &Path, ran: &Ran, end: &End, options: &TestOptions) -> Verdict {
    let expected = Expected::of(file);
    let mut why = String::new();
    if let Some(how) = abnormal(end, options) {
        let _ = writeln!(why, "{how}");
    }
    let stdout = String::from_utf8_lossy(&ran.stdout);
    let out = expected.out.1.unwrap_or_default();
    if stdout != out {
        let name = expected
            .out
            .0
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let _ = write!(
            why,
            "standard output is not {name} (- expected, + found):\n{}",
            diff(&out, &stdout, options.style)
        );
    }
    let exit = expected.exit.as_deref().map_or("0", str::trim);
    if let End::Exit(status) = end
        && exit != status.to_string()
    {
        let _ = writeln!(why, "exit status {status}, expected {exit}");
    }
    judge_stderr(
        &mut why,
        ran,
        expected.err.as_deref(),
        expected.exit.is_some(),
        options,
    );
    if why.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Failed(why)
    }
}

/// Without `.err`, standard error must be empty if the program is to end well, and may be anything if it is to fail.
fn judge_stderr(
    why: &mut String,
    ran: &Ran,
    expected: Option<&str>,
    fails: bool,
    options: &TestOptions,
) {
    let stderr = String::from_utf8_lossy(&ran.stderr);
    match expected {
        Some(expected) if expected != stderr => {
            let _ = write!(
                why,
                "standard error is not as expected (- expected, + found):\n{}",
                diff(expected, &stderr, options.style)
            );
        }
        None if !stderr.is_empty() && (!fails || !why.is_empty()) => {
            let _ = write!(
                why,
                "it wrote to standard error:\n{}",
                indented(&ran.stderr)
            );
        }
        _ => {}
    }
}

/// Writes what a program did into the files beside it, as few as say it.
fn bless(file: &Path, ran: &Ran, status: i32) -> io::Result<Verdict> {
    let expected = Expected::of(file);
    let exit = (status != 0).then(|| format!("{status}\n").into_bytes());
    let keeps_err = !ran.stderr.is_empty()
        && (status == 0 || expected.err.is_some() || expected.exit.is_none());
    let wanted = [
        (expected.out.0, Some(ran.stdout.clone())),
        (
            file.with_extension("err"),
            keeps_err.then(|| ran.stderr.clone()),
        ),
        (file.with_extension("exit"), exit),
    ];
    let mut changed = Vec::new();
    for (path, content) in wanted {
        if put(&path, content)? {
            changed.push(path);
        }
    }
    Ok(if changed.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Blessed(changed)
    })
}

/// Makes a file hold this, or not be there; whether that changed something.
#[expect(
    clippy::disallowed_methods,
    reason = "expected output is written beside the test"
)]
fn put(path: &Path, content: Option<Vec<u8>>) -> io::Result<bool> {
    let before = std::fs::read(path).ok();
    if before == content {
        return Ok(false);
    }
    match content {
        Some(content) => std::fs::write(path, content)?,
        None => std::fs::remove_file(path)?,
    }
    Ok(true)
}

/// Lines, each a little to the right.
pub fn indented(text: &[u8]) -> String {
    String::from_utf8_lossy(text)
        .lines()
        .map(|line| format!("  {line}\n"))
        .collect()
}
