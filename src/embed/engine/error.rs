//! How a run ends otherwise than well, as plain data.
//!
//! Texts are drawn when the error is made, while the sources are at hand: an `Error` holds nothing of its session and can be sent to
//! other threads. A new way to end is a variant of `Outcome` and one here.

use std::fmt;

use super::data::WrongType;
use crate::diagnostics::{Diagnostic, FileId, SourceMap, render};
use crate::embed::LimitKind;
use crate::embed::present::style::Style;
use crate::embed::present::{classic, failure};
use crate::vm::Failure;

/// A mistake in a source text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// The line where it begins, from 1.
    pub line: u32,
    /// The mistake with its excerpt and advice, in several lines.
    pub report: String,
}

/// An exception that a program did not catch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The name of its class, with the module unless that is `builtins` or `__main__`.
    pub class: String,
    /// `str()` of it.
    pub message: String,
    /// The exception as `apy` shows it: the excerpt, and through which calls and awaits it came.
    pub report: String,
    /// The exception as CPython shows it.
    pub traceback: String,
}

/// How a run ended, if not well.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// It did not begin: the text is no program.
    Mistakes(Vec<Mistake>),
    /// With an exception that nothing caught.
    Raised(Box<Exception>),
    /// With SystemExit: the status, and the text that goes with it.
    Exit(i32, Option<String>),
    /// Nothing could run any more: the report says what waits for what.
    Deadlock(String),
    /// By a limit: the report says where the program was.
    Limit(LimitKind, String),
    /// `Interrupt::interrupt` was called.
    Interrupted(Box<Exception>),
    /// The result is no value of the type that Rust asked for.
    Type(WrongType),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Mistakes(mistakes) => {
                let reports = mistakes.iter().map(|mistake| mistake.report.as_str());
                f.write_str(reports.collect::<String>().trim_end())
            }
            Error::Raised(exception) | Error::Interrupted(exception) => {
                f.write_str(exception.report.trim_end())
            }
            Error::Exit(status, None) => write!(f, "the program left with status {status}"),
            Error::Exit(_, Some(text)) => f.write_str(text),
            Error::Deadlock(report) | Error::Limit(_, report) => f.write_str(report.trim_end()),
            Error::Type(wrong) => write!(f, "the result {wrong}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<WrongType> for Error {
    fn from(wrong: WrongType) -> Error {
        Error::Type(wrong)
    }
}

/// Mistakes with their excerpts.
pub(super) fn mistakes(found: &[Diagnostic], sources: &SourceMap, file: FileId) -> Error {
    let mistake = |diagnostic: &Diagnostic| Mistake {
        message: diagnostic.message.to_string(),
        line: sources.file(file).line(diagnostic.span().start),
        report: render(diagnostic, sources, file, Style::PLAIN.0),
    };
    Error::Mistakes(found.iter().map(mistake).collect())
}

/// An exception with its texts.
pub(super) fn exception(found: &Failure, sources: &SourceMap) -> Box<Exception> {
    Box::new(Exception {
        class: found.class.clone(),
        message: found.message.clone(),
        report: failure::render(found, sources, Style::PLAIN),
        traceback: classic::render(found, sources),
    })
}
