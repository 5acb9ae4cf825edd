//! Running a program: reads its text, runs it, turns its end into messages and an exit status.
//!
//! A file that cannot be read is one line and status 2; mistakes in the text are drawn and status 1, as in CPython. Statuses are
//! listed in `status`.

use std::fmt::Write;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::args::{ProgramText, Settings, Talk, Tracebacks};
use super::host::Process;
use super::misspelt::guesses;
use super::notices::Notices;
use super::output::{output_failed, words};
use super::signals::Signals;
use super::status;
use super::style::{Style, complain, say};
use crate::diagnostics::{Diagnostic, FileId, SourceMap, fitted, render};
use crate::embed::module_store::BesideSource;
use crate::embed::present::{classic, failure};
use crate::embed::{Interpreter, Mode, Options, Outcome, Sources};
use crate::sched::clock::TimeMode;
use crate::vm::Failure;

/// Runs a program; the exit status.
pub fn run(source: ProgramText, args: Vec<String>, settings: &Settings) -> u8 {
    let module = match &source {
        ProgramText::Module(module) => Some(module.clone()),
        _ => None,
    };
    execute(
        source,
        args,
        settings,
        |interpreter, name, text| match module {
            Some(module) => interpreter.run_module(&module),
            None if text.is_empty() && Path::new(name).is_dir() => interpreter.run_container(name),
            None if is_archive(text) => interpreter.run_container(name),
            None => interpreter.run(name, text, Mode::Script),
        },
    )
}

fn execute(
    source: ProgramText,
    args: Vec<String>,
    settings: &Settings,
    run: impl FnOnce(&mut Interpreter, &str, &[u8]) -> Outcome,
) -> u8 {
    let folder = match &source {
        ProgramText::File(path) if path.is_dir() => Some(path.to_string_lossy().into_owned()),
        _ => None,
    };
    let (name, text) = match folder.map_or_else(|| read(&source), |name| Ok((name, Vec::new()))) {
        Ok(read) => read,
        Err(problem) => {
            complain(&problem);
            return status::USAGE;
        }
    };
    let sources = Sources::default();
    let script = match source {
        ProgramText::File(path) if path.is_dir() => Some(path.join("__main__.py")),
        ProgramText::File(path) => Some(path),
        _ => None,
    };
    let Some(signals) = listen() else {
        return status::USAGE;
    };
    let notices = Notices::new(settings);
    let options = options(signals, settings, &notices, &sources, args, script);
    if settings.talk == Talk::Verbose {
        complain(&format!("running {name}, {}", conditions(settings)));
    }
    let mut interpreter = Interpreter::new(options);
    let outcome = run(&mut interpreter, &name, &text);
    let written = interpreter.finish();
    let mut status = notices.judge(conclude(outcome, &sources.borrow(), settings));
    if let Err(error) = written {
        let failed = output_failed(&error);
        status = if status == status::OK { failed } else { status };
    }
    if settings.talk == Talk::Verbose {
        complain(&format!("{name} ended with status {status}"));
    }
    // Freeing every object one by one is of no use to a process that ends.
    std::mem::forget(interpreter);
    status
}

/// Whether a program is a zip file, perhaps after a line that names its interpreter: the record that ends one is near the end.
fn is_archive(text: &[u8]) -> bool {
    const END: &[u8] = b"PK\x05\x06";
    const LONGEST_COMMENT: usize = 0x1_0000 + 22;
    let tail = &text[text.len().saturating_sub(LONGEST_COMMENT)..];
    matches!(text.first_chunk(), Some(b"PK" | b"#!")) && tail.windows(4).any(|four| four == END)
}

/// The clock and the seed, in words.
fn conditions(settings: &Settings) -> String {
    let time = match settings.time {
        TimeMode::Real => "real",
        TimeMode::Virtual => "virtual",
    };
    let seed = settings
        .seed
        .map_or("no seed".to_owned(), |seed| format!("seed {seed}"));
    format!("{time} time, {seed}")
}

/// Takes over Ctrl-C from the system.
fn listen() -> Option<Signals> {
    match Signals::install() {
        Ok(signals) => Some(signals),
        Err(error) => {
            complain(&format!("cannot listen to Ctrl-C: {error}"));
            None
        }
    }
}

/// How an interpreter is made for a prompt, whose warnings have no effect on the end.
pub fn options_with(
    signals: Signals,
    settings: &Settings,
    sources: &Sources,
    args: Vec<String>,
    script: Option<PathBuf>,
) -> Options {
    let notices = Notices::new(settings);
    options(signals, settings, &notices, sources, args, script)
}

/// How an interpreter is made in this process.
fn options(
    signals: Signals,
    settings: &Settings,
    notices: &Notices,
    sources: &Sources,
    args: Vec<String>,
    script: Option<PathBuf>,
) -> Options {
    let host = Process::new(signals, Rc::clone(sources), settings, notices.clone());
    let notices = notices.clone();
    Options {
        host: Box::new(host),
        sources: Rc::clone(sources),
        warn: Box::new(move |sources, file, warning| notices.diagnose(sources, file, warning)),
        time: settings.time,
        seed: settings.seed,
        args,
        script,
        path: settings.path.clone(),
        store: match settings.sandbox {
            None => Some(Arc::new(BesideSource::of_environment(settings.storing))),
            Some(_) => None,
        },
        warn_options: settings.warn_options.clone(),
        gc_stress: settings.gc_stress,
        limits: settings.limits,
    }
}

/// The name and the bytes of a program.
///
/// # Errors
/// What is wrong with its file, in words.
pub fn read(source: &ProgramText) -> Result<(String, Vec<u8>), String> {
    match source {
        ProgramText::Code(code) => Ok(("<string>".to_owned(), code.clone().into_bytes())),
        ProgramText::Stdin => {
            let mut text = Vec::new();
            match std::io::stdin().lock().read_to_end(&mut text) {
                Ok(_) => Ok(("<stdin>".to_owned(), text)),
                Err(error) => Err(format!("cannot read standard input: {}", words(&error))),
            }
        }
        ProgramText::Module(name) => Ok((name.clone(), Vec::new())),
        ProgramText::File(path) => read_file(path),
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
        Err(error) if error.kind() == ErrorKind::IsADirectory => {
            Err(format!("can't find '__main__' module in '{name}'"))
        }
        Err(error) => {
            let guess = match error.kind() {
                ErrorKind::NotFound => guesses(path),
                _ => String::new(),
            };
            Err(format!(
                "can't open file '{name}': {}{guess}",
                words(&error)
            ))
        }
    }
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
        Outcome::Limit(_) => status::LIMIT,
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
        Tracebacks::Source => fitted(&failure::render(failure, sources, settings.style)),
        Tracebacks::Python => classic::render(failure, sources),
    }
}
