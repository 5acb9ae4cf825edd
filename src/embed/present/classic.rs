//! `--traceback=python`: an uncaught exception in the form that CPython 3.13 prints.
//!
//! For tools that read tracebacks and for eyes that are used to them. What CPython has no words for (a task that the exception
//! came from) is left out. `carets` draws the source lines; `failure` is apy's own form.

use std::fmt::Write;

use super::carets;
use super::failure::{raised_span, source_of};
use crate::diagnostics::{SourceMap, Span};
use crate::runtime::traceback::TraceEntry;
use crate::vm::{Failure, Place, Written};

/// After so many equal lines CPython counts the rest.
const REPEATS: usize = 3;
/// Members of a group that CPython shows.
const MAX_WIDTH: usize = 15;
/// Groups within groups that CPython shows.
const MAX_DEPTH: usize = 10;

const CAUSE: &str = "\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT: &str = "\nDuring handling of the above exception, another exception occurred:\n\n";
const TITLE: &str = "Traceback (most recent call last):\n";

/// An exception as text.
#[must_use]
pub fn render(failure: &Failure, sources: &SourceMap) -> String {
    let mut printer = Printer {
        sources,
        out: String::new(),
        depth: 0,
        needs_close: false,
    };
    printer.chain(failure);
    printer.out
}

struct Printer<'a> {
    sources: &'a SourceMap,
    out: String,
    /// Groups that are open around what is printed.
    depth: usize,
    /// Whether the last member of the open group has still to be closed.
    needs_close: bool,
}

impl Printer<'_> {
    /// An exception after those that led to it.
    fn chain(&mut self, failure: &Failure) {
        for (link, words) in [(&failure.cause, CAUSE), (&failure.context, CONTEXT)] {
            if let Some(other) = link {
                self.chain(other);
                self.emit(words, '|');
            }
        }
        if failure.members.is_empty() {
            self.traceback(failure, TITLE, '|');
        } else if self.depth > MAX_DEPTH {
            self.emit(&format!("... (max_group_depth is {MAX_DEPTH})\n"), '|');
        } else {
            self.group(failure);
        }
    }

    fn traceback(&mut self, failure: &Failure, title: &str, margin: char) {
        let frames = frames(failure, self.sources);
        if !frames.is_empty() {
            self.emit(title, margin);
            self.emit(&frames, '|');
        }
        if let Some(written) = &failure.written {
            self.emit(&quoted(written), '|');
        }
        self.emit(&last_line(failure), '|');
    }

    fn group(&mut self, failure: &Failure) {
        let is_outermost = self.depth == 0;
        self.depth += usize::from(is_outermost);
        let margin = if is_outermost { '+' } else { '|' };
        self.traceback(failure, &format!("Exception Group {TITLE}"), margin);
        self.needs_close = false;
        let shown = failure.members.len().min(MAX_WIDTH + 1);
        for (i, member) in failure.members[..shown].iter().enumerate() {
            let is_last = i + 1 == shown;
            // A group within the last member closes the frame of both.
            self.needs_close |= is_last;
            self.member(i, member, failure.members.len());
            if is_last && self.needs_close {
                let rule = format!("{}+{}\n", self.indent(), "-".repeat(36));
                self.out.push_str(&rule);
                self.needs_close = false;
            }
            self.depth -= 1;
        }
        self.depth -= usize::from(is_outermost);
    }

    /// A member under its number, one level deeper.
    fn member(&mut self, i: usize, member: &Failure, total: usize) {
        let corner = if i == 0 { "+-" } else { "  " };
        let is_cut = i >= MAX_WIDTH;
        let number = if is_cut {
            "...".to_owned()
        } else {
            (i + 1).to_string()
        };
        let rule = "-".repeat(16);
        let title = format!("{}{corner}+{rule} {number} {rule}\n", self.indent());
        self.out.push_str(&title);
        self.depth += 1;
        if is_cut {
            let rest = total - MAX_WIDTH;
            let plural = if rest == 1 { "" } else { "s" };
            self.emit(&format!("and {rest} more exception{plural}\n"), '|');
        } else {
            self.chain(member);
        }
    }

    fn indent(&self) -> String {
        " ".repeat(2 * self.depth)
    }

    /// Adds lines, after the margin of the groups around.
    fn emit(&mut self, text: &str, margin: char) {
        if self.depth == 0 {
            self.out.push_str(text);
            return;
        }
        let indent = self.indent();
        for line in text.lines() {
            let _ = writeln!(self.out, "{indent}{margin} {line}");
        }
    }
}

fn last_line(failure: &Failure) -> String {
    let mut out = failure.class.clone();
    // CPython shows the place of a mistake above, not in the message.
    let message = match &failure.written {
        Some(written) => &written.message,
        None => &failure.message,
    };
    if !message.is_empty() {
        let _ = write!(out, ": {message}");
    }
    // CPython does not look for modules with a similar name.
    let hint = failure.hint.as_ref();
    if let Some(hint) = hint.filter(|_| failure.class != "ModuleNotFoundError") {
        let _ = write!(out, ". {hint}");
    }
    out.push('\n');
    for note in &failure.notes {
        let _ = writeln!(out, "{note}");
    }
    out
}

/// The line that a SyntaxError quotes, with its mark.
fn quoted(written: &Written) -> String {
    let title = format!("  File \"{}\", line {}\n", written.file, written.line);
    let Some(text) = written
        .text
        .as_deref()
        .filter(|text| !text.trim().is_empty())
    else {
        return title;
    };
    let line = text.trim_end();
    let shown = line.trim_start();
    let indent = (line.chars().count() - shown.chars().count()) as u32;
    let start = written.column.saturating_sub(1).saturating_sub(indent);
    let width = written.end_column.saturating_sub(written.column).max(1);
    let (space, marks) = (" ".repeat(start as usize), "^".repeat(width as usize));
    format!("{title}    {shown}\n    {space}{marks}\n")
}

fn frames(failure: &Failure, sources: &SourceMap) -> String {
    let mut out = String::new();
    let mut last = String::new();
    let mut count = 0;
    for (i, entry) in failure.trace.iter().enumerate().rev() {
        let TraceEntry::Frame { code, ip } = entry else {
            continue;
        };
        let place = (code.clone(), *ip);
        let span = if i == 0 {
            raised_span(failure, &place, sources)
        } else {
            code.span_at(*ip)
        };
        let (place, text) = frame(&place, span, sources);
        if place == last {
            count += 1;
        } else {
            note_repeats(&mut out, count);
            count = 1;
        }
        if count <= REPEATS {
            out.push_str(&place);
            out.push_str(&text);
        }
        last = place;
    }
    note_repeats(&mut out, count);
    out
}

fn note_repeats(out: &mut String, count: usize) {
    if count > REPEATS {
        let more = count - REPEATS;
        let plural = if more == 1 { "" } else { "s" };
        let _ = writeln!(out, "  [Previous line repeated {more} more time{plural}]");
    }
}

/// The line that says where a call was, and the source under it.
fn frame(place: &Place, span: Span, sources: &SourceMap) -> (String, String) {
    let file = source_of(place, sources);
    let (line, name) = (file.line(span.start), &place.0.name);
    let title = format!("  File \"{}\", line {line}, in {name}\n", file.name());
    (title, carets::excerpt(file, span))
}
