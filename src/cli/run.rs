//! Running a program: reads its text, runs it, turns its end into messages and an exit status.
//!
//! A file that cannot be read is one line and status 2; mistakes in the text are drawn and status 1, as in CPython. Statuses are
//! listed in `status`.

use std::fmt::Write;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

use super::args::{Settings, Source, Tracebacks};
use super::host::{Process, Signals};
use super::style::{Style, complain, say};
use super::{classic, failure, status};
use crate::diagnostics::{Diagnostic, FileId, SourceMap, render};
use crate::interpreter::{Interpreter, Mode, Options, Outcome, Sources};
use crate::vm::Failure;

/// Runs a program; the exit status.
pub fn run(source: Source, args: Vec<String>, settings: &Settings) -> u8 {
    let (name, text) = match read(&source) {
        Ok(read) => read,
        Err(problem) => {
            complain(&problem);
            return status::USAGE;
        }
    };
    let sources = Sources::default();
    let script = if let Source::File(path) = source {
        Some(path)
    } else {
        None
    };
    let Some(options) = options(settings, &sources, args, script) else {
        return status::USAGE;
    };
    let mut interpreter = Interpreter::new(options);
    let outcome = interpreter.run(&name, &text, Mode::Script);
    interpreter.finish();
    let status = conclude(outcome, &sources.borrow(), settings);
    // Freeing every object one by one is of no use to a process that ends.
    std::mem::forget(interpreter);
    status
}

/// How an interpreter is made in this process.
pub fn options(
    settings: &Settings,
    sources: &Sources,
    args: Vec<String>,
    script: Option<std::path::PathBuf>,
) -> Option<Options> {
    let signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            complain(&format!("cannot listen to Ctrl-C: {error}"));
            return None;
        }
    };
    Some(options_with(signals, settings, sources, args, script))
}

/// The same, with Ctrl-C taken over already.
pub fn options_with(
    signals: Signals,
    settings: &Settings,
    sources: &Sources,
    args: Vec<String>,
    script: Option<std::path::PathBuf>,
) -> Options {
    Options {
        host: Box::new(Process::new(signals, Rc::clone(sources), settings.style)),
        sources: Rc::clone(sources),
        warn: if settings.style.0 == crate::diagnostics::Color::Always {
            warn_in_color
        } else {
            warn
        },
        time: settings.time,
        seed: settings.seed,
        args,
        script,
        gc_stress: settings.gc_stress,
    }
}

fn warn(sources: &SourceMap, file: FileId, warning: &Diagnostic) {
    say(&render(
        warning,
        sources,
        file,
        crate::diagnostics::Color::Never,
    ));
}

fn warn_in_color(sources: &SourceMap, file: FileId, warning: &Diagnostic) {
    say(&render(
        warning,
        sources,
        file,
        crate::diagnostics::Color::Always,
    ));
}

/// The name and the bytes of a program.
///
/// # Errors
/// What is wrong with its file, in words.
pub fn read(source: &Source) -> Result<(String, Vec<u8>), String> {
    match source {
        Source::Code(code) => Ok(("<string>".to_owned(), code.clone().into_bytes())),
        Source::Stdin => {
            let mut text = Vec::new();
            match std::io::stdin().lock().read_to_end(&mut text) {
                Ok(_) => Ok(("<stdin>".to_owned(), text)),
                Err(error) => Err(format!("cannot read standard input: {}", words(&error))),
            }
        }
        Source::File(path) => read_file(path),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program that the user names is read here"
)]
fn read_file(path: &Path) -> Result<(String, Vec<u8>), String> {
    let name = path.to_string_lossy().into_owned();
    match std::fs::read(path) {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(format!("can't open file '{name}': {}", words(&error))),
    }
}

/// The system's words without Rust's "(os error 2)" behind them.
fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Says how a program ended; the exit status.
pub fn conclude(outcome: Outcome, sources: &SourceMap, settings: &Settings) -> u8 {
    match outcome {
        Outcome::Done => status::OK,
        Outcome::Mistakes(file, mistakes) => {
            say(&draw(&mistakes, sources, file, settings.style));
            status::FAILURE
        }
        Outcome::Failed(failure) => {
            say(&describe(&failure, sources, settings));
            status::FAILURE
        }
        Outcome::Exit(status, message) => {
            if let Some(message) = message {
                say(&(message + "\n"));
            }
            // What the system does with the number that a process exits with.
            (status & 0xFF) as u8
        }
        Outcome::Deadlock => status::DEADLOCK,
        Outcome::Interrupted(failure) => {
            say(&describe(&failure, sources, settings));
            status::INTERRUPTED
        }
    }
}

/// Draws diagnostics of one file.
pub fn draw(diagnostics: &[Diagnostic], sources: &SourceMap, file: FileId, style: Style) -> String {
    diagnostics
        .iter()
        .fold(String::new(), |mut out, diagnostic| {
            let _ = write!(out, "{}", render(diagnostic, sources, file, style.0));
            out
        })
}

/// An exception in the form that the user chose.
pub fn describe(failure: &Failure, sources: &SourceMap, settings: &Settings) -> String {
    match settings.tracebacks {
        Tracebacks::Source => failure::render(failure, sources, settings.style),
        Tracebacks::Python => classic::render(failure, sources),
    }
}
