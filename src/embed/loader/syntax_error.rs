//! Mistakes in a text as exceptions of the program: SyntaxError with the place, as CPython's parser raises it.
//!
//! The first mistake counts. `offset` and `end_offset` are columns from 1 in characters; `text` is the line with its end. Where
//! apy's own diagnostics are more specific than CPython's messages, programs get CPython's, which they may print or compare.

use super::sources;
use crate::diagnostics::{Diagnostic, ErrorCode, FileId, Finder, SourceFile};
use crate::runtime::{Builtin, Raised, Value};
use crate::vm::{Goal, Vm};

/// Where the text of a mistake comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A file: the exception quotes the line.
    File,
    /// A text that the program made. CPython's parser quotes its line.
    Text(Goal),
    /// The same, and the mistake is found after parsing: CPython would look for a file of that name, and finds none.
    Compiled,
}

/// Raises SyntaxError, IndentationError or TabError for the first of the mistakes.
pub(super) fn syntax_error(
    vm: &Vm,
    file: FileId,
    mistakes: &[Diagnostic],
    origin: Place,
) -> Raised {
    let Some(first) = raised_first(mistakes) else {
        return vm.heap.raise(Builtin::SyntaxError, "invalid syntax");
    };
    let class = match first.exception() {
        "IndentationError" => Builtin::IndentationError,
        "TabError" => Builtin::TabError,
        _ => Builtin::SyntaxError,
    };
    let sources = sources(vm).borrow();
    let source = sources.file(file);
    let ((line, column), (end_line, end_column)) = place_of(source, first, origin);
    let heap = &vm.heap;
    let text = line_of(source, first, (line, end_line), origin);
    let place = [
        heap.str_value(source.name()),
        heap.int(line),
        heap.int(column),
        text.map_or(Value::NONE, |text| heap.str_value(&text)),
        heap.int(end_line),
        heap.int(end_column),
    ];
    let place = heap.tuple(&place).value();
    let message = match first.code {
        ErrorCode::LineContinuation if origin == Place::Text(Goal::Expression) => {
            "unexpected character after line continuation character"
        }
        _ => message_of(first),
    };
    let message = heap.str_value(message);
    heap.raise_with(class, &[message, place])
}

/// The mistake that CPython raises: its parser reads on for mistakes of the tokenizer before it raises its own.
fn raised_first(mistakes: &[Diagnostic]) -> Option<&Diagnostic> {
    let rank = |mistake: &&Diagnostic| match mistake.finder {
        Finder::Tokenizer => 0,
        Finder::Parser => 1,
        Finder::Compiler => 2,
    };
    mistakes.iter().min_by_key(rank)
}

/// What CPython says.
fn message_of(mistake: &Diagnostic) -> &str {
    let is_own = matches!(
        mistake.code,
        ErrorCode::InvalidSyntax
            | ErrorCode::IncompleteStatement
            | ErrorCode::ForeignSyntax
            | ErrorCode::ForeignStatement
            | ErrorCode::KeywordAsName
            | ErrorCode::OrphanClause
            | ErrorCode::MixedBraces
            | ErrorCode::AsInTuple
    );
    let is_own = is_own || mistake.message.starts_with('`');
    if is_own && !mistake.message.starts_with("invalid syntax") {
        "invalid syntax"
    } else {
        &mistake.message
    }
}

/// Line and column where the mistake begins and where it ends.
fn place_of(source: &SourceFile, mistake: &Diagnostic, origin: Place) -> ((i64, i64), (i64, i64)) {
    let span = mistake.quoted.unwrap_or(mistake.span());
    let whole = i64::from(source.text().len() as u32);
    if origin == Place::Text(Goal::Expression) && i64::from(span.start) == whole {
        let line = i64::from(whole > 0);
        return ((line, 0), (line, 0));
    }
    let (start, end) = (
        source.line_column(span.start),
        source.line_column(span.end.max(span.start)),
    );
    let (line, column) = (i64::from(start.line), i64::from(start.column));
    let (end_line, end_column) = (i64::from(end.line), i64::from(end.column));
    match mistake.code {
        _ if mistake.finder == Finder::Tokenizer => ((line, column), (line, end_column)),
        ErrorCode::UnclosedBracket => ((line, column), (line, 0)),
        ErrorCode::LineContinuation if mistake.message.starts_with("unexpected EOF") => {
            ((line, column), (line, -1))
        }
        ErrorCode::LineContinuation => ((line, column), (line, 0)),
        ErrorCode::UnmatchedDedent => {
            let length = source.line_text(start.line).chars().count() as i64;
            ((line, length + 1), (line, -1))
        }
        ErrorCode::MixedTabs => ((line, column), (line, 0)),
        ErrorCode::ExpectedToken if mistake.quoted.is_some() => ((line, column), (line, 0)),
        ErrorCode::TryWithoutHandler if span.is_empty() => ((line, column), (line, -1)),
        ErrorCode::InvalidImport if mistake.message.starts_with("Expected") => {
            ((line, column), (line, column))
        }
        ErrorCode::UnexpectedIndent => ((line, (end_column - 1).max(1)), (line, -1)),
        _ if span.is_empty() => ((line, column), (end_line, end_column + 1)),
        _ => ((line, column), (end_line, end_column)),
    }
}

/// The line, with its end where CPython's tokenizer is still in it when the parser raises; the last line of statements gets one, as
/// the tokenizer adds it.
fn line_of(
    source: &SourceFile,
    mistake: &Diagnostic,
    (line, end_line): (i64, i64),
    origin: Place,
) -> Option<String> {
    let is_late = mistake.finder == Finder::Compiler && origin != Place::File;
    if origin == Place::Compiled || is_late {
        return None;
    }
    let is_past = end_line > line
        || mistake.code == ErrorCode::UnclosedBracket
            && line < source.text().lines().count() as i64;
    let line = u32::try_from(line).unwrap_or(0).max(1);
    let mut text = source.line_text(line).to_owned();
    if mistake.finder == Finder::Tokenizer || is_past {
        return Some(text);
    }
    if line < source.line_count() || origin != Place::Text(Goal::Expression) {
        text.push('\n');
    }
    Some(text)
}
