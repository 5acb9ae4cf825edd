//! What an uncaught exception looks like: the source first.
//!
//! The heading says what Python says, `Type: message`; under it the expression that raised, the calls that led there (innermost
//! last, tasks where they were crossed), then what it was caused by, and the members of a group as a tree. Long recursions are
//! folded. `classic` is CPython's form of the same.

mod advice;
pub mod asserted;

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::style::Style;
use crate::bytecode::Op;
use crate::diagnostics::{
    FileId, Severity, SourceFile, SourceMap, Span, excerpt, presentable_text,
};
use crate::runtime::traceback::TraceEntry;
use crate::syntax::ast::{Expr, ExprKind, StmtKind};
use crate::syntax::parser::parse_module;
use crate::vm::{Failure, Place, Values, Written};

/// So many equal lines are shown before the rest of a recursion is folded.
const REPEATS: usize = 3;
/// Recursions through more functions are not recognised.
const LONGEST_CYCLE: usize = 8;
/// What is called is quoted up to so many characters.
const LONGEST_CALLEE: usize = 40;
/// Longer stacks are shown by their two ends.
const LONGEST: usize = 40;

/// An exception as text.
#[must_use]
pub fn render(failure: &Failure, sources: &SourceMap, style: Style) -> String {
    render_with(failure, sources, style, Values::Long)
}

/// The same, with so much of the values of a failed `assert`.
#[must_use]
pub fn render_with(failure: &Failure, sources: &SourceMap, style: Style, values: Values) -> String {
    let mut out = heading(failure, style);
    if let Some(written) = &failure.written {
        let (file, span) = written_at(written);
        out.push_str(&excerpt(&file, span, "here", Severity::Error, style.0));
    }
    if let Some((place, is_innermost)) = shown_at(failure, sources) {
        let file = source_of(&place, sources);
        let (span, label) = match failure.written {
            Some(_) => (place.0.span_at(place.1), "while this ran"),
            None if !is_innermost => (place.0.span_at(place.1), "raised in this call"),
            None if is_assert(&place) => (place.0.span_at(place.1), "this does not hold"),
            None => (raised_span(failure, &place, sources), "raised here"),
        };
        out.push_str(&excerpt(file, span, label, Severity::Error, style.0));
    }
    asserted::values(&mut out, failure, sources, values);
    out.push_str(&advice::of(failure, sources, style));
    let lines = fold(&failure.trace, sources);
    // A single call says no more than the excerpt.
    if lines.len() > 1 {
        out.push_str("  Calls, innermost last:\n");
        out.push_str(&table(&lines, style));
    }
    members(&mut out, failure, sources, style);
    let links = [
        (&failure.cause, "The direct cause:"),
        (
            &failure.context,
            "It was raised while this was being handled:",
        ),
    ];
    for (link, words) in links {
        if let Some(other) = link {
            let _ = write!(out, "\n{words}\n\n{}", render(other, sources, style));
        }
    }
    out
}

/// The same exceptions without the frames of the runner of tests and of unittest, unless there are no others.
#[must_use]
#[cfg(feature = "cli")]
pub fn without_runner(failure: &Failure, sources: &SourceMap) -> Failure {
    const RUNNER: [&str; 3] = ["<apy>/pytest", "<apy>/unittest", "<apy>/asyncio"];
    let is_users = |entry: &TraceEntry| match entry {
        TraceEntry::Frame { code, ip } => {
            let place = (code.clone(), *ip);
            let name = source_of(&place, sources).name();
            !RUNNER.iter().any(|start| name.starts_with(start))
        }
        TraceEntry::Task { .. } => true,
    };
    let mut shown = failure.clone();
    let is_frame = |entry: &&TraceEntry| matches!(entry, TraceEntry::Frame { .. });
    if failure.trace.iter().filter(is_frame).any(is_users) {
        shown.trace.retain(is_users);
    } else if shown.written.is_some() {
        // The mistake is in a file that the runner imported: how says nothing.
        shown.trace.clear();
    }
    // What awaits the outermost task is the runner.
    while let Some(TraceEntry::Task { .. }) = shown.trace.last() {
        shown.trace.pop();
    }
    for link in [&mut shown.cause, &mut shown.context] {
        *link = link
            .take()
            .map(|other| Box::new(without_runner(&other, sources)));
    }
    for member in &mut shown.members {
        *member = without_runner(member, sources);
    }
    shown
}

/// `Type: message` and the notes.
fn heading(failure: &Failure, style: Style) -> String {
    let mut out = style.bad(&failure.class);
    if !failure.message.is_empty() {
        let _ = write!(out, ": {}", failure.message);
    }
    if let Some(hint) = &failure.hint {
        let _ = write!(out, ". {hint}");
    }
    out.push('\n');
    for note in &failure.notes {
        let _ = writeln!(out, "{note}");
    }
    out
}

/// Where an exception was raised.
pub fn raised_at(failure: &Failure) -> Option<Place> {
    failure.trace.iter().find_map(|entry| match entry {
        TraceEntry::Frame { code, ip } => Some((code.clone(), *ip)),
        TraceEntry::Task { .. } => None,
    })
}

/// Where the program was when an exception was raised, and whether it was raised there: one that the library raised is shown at the
/// call that led into it.
fn shown_at(failure: &Failure, sources: &SourceMap) -> Option<(Place, bool)> {
    let innermost = raised_at(failure)?;
    let places = failure.trace.iter().filter_map(|entry| match entry {
        TraceEntry::Frame { code, ip } => Some((code.clone(), *ip)),
        TraceEntry::Task { .. } => None,
    });
    let mut places = places.enumerate();
    let users = places.find(|(_, place)| !is_library(place, sources));
    Some(users.map_or((innermost, true), |(at, place)| (place, at == 0)))
}

/// Whether a failed `assert` is at this place.
fn is_assert(place: &Place) -> bool {
    let instr = place.0.instrs.get(place.1 as usize);
    instr.is_some_and(|instr| instr.op == Op::AssertFail)
}

/// The line that a SyntaxError quotes, as a file of its own, and the mistake in it.
pub fn written_at(written: &Written) -> (SourceFile, Span) {
    let text = written.text.as_deref().unwrap_or_default();
    let before = written.line.saturating_sub(1);
    let at = |column: u32| {
        let chars = text.chars().take(column.saturating_sub(1) as usize);
        before + chars.map(|c| c.len_utf8() as u32).sum::<u32>()
    };
    let (start, end) = (at(written.column), at(written.end_column));
    let file = SourceFile::new(&*written.file, "\n".repeat(before as usize) + text);
    (file, Span::new(start, end.max(start)))
}

/// The members of a group, each after its branch of the tree.
fn members(out: &mut String, failure: &Failure, sources: &SourceMap, style: Style) {
    for (i, member) in failure.members.iter().enumerate() {
        let is_last = i + 1 == failure.members.len();
        let (first, rest) = if is_last {
            ("  └─ ", "     ")
        } else {
            ("  ├─ ", "  │  ")
        };
        for (n, line) in render(member, sources, style).lines().enumerate() {
            let prefix = if n == 0 { first } else { rest };
            let _ = writeln!(out, "{}", format!("{prefix}{line}").trim_end());
        }
    }
}

/// The excerpt of a place.
pub fn draw(
    place: &Place,
    label: &str,
    severity: Severity,
    sources: &SourceMap,
    style: Style,
) -> String {
    let (file, span) = (source_of(place, sources), place.0.span_at(place.1));
    excerpt(file, span, label, severity, style.0)
}

/// What the excerpt of the innermost place underlines: of a call of a method that does not exist only the method.
pub fn raised_span(failure: &Failure, place: &Place, sources: &SourceMap) -> Span {
    let span = place.0.span_at(place.1);
    let is_method_call = place
        .0
        .instrs
        .get(place.1 as usize)
        .is_some_and(|i| i.op == Op::CallMethod);
    if failure.class != "AttributeError" || !is_method_call {
        return span;
    }
    let text = span.text(source_of(place, sources).text());
    let module = parse_module(text).module;
    match module
        .as_ref()
        .and_then(|module| module.body.first())
        .map(|first| &first.kind)
    {
        Some(StmtKind::Expr(Expr {
            kind: ExprKind::Call { func, .. },
            ..
        })) => Span::new(span.start, span.start + func.span.end),
        _ => span,
    }
}

/// The text that a place is in.
pub fn source_of<'a>(place: &Place, sources: &'a SourceMap) -> &'a SourceFile {
    sources.file(FileId(place.0.file))
}

/// How a place calls the function of this name: as the program wrote it, if that is short and ends with the name, or if the call does
/// not mention the name at all (what it calls returns the coroutine of another); else the name.
pub fn callee(name: &str, place: &Place, sources: &SourceMap) -> String {
    if !is_written_call(place) {
        return name.to_owned();
    }
    let last = |text: &str| text.rsplit('.').next().unwrap_or_default().to_owned();
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    let name_is_last = |text: &str| last(text) == last(name);
    let is_elsewhere = || {
        let mut words = place_text(place, sources).split(|c| !is_word(c));
        !words.any(|word| word == last(name))
    };
    let written = callee_text(place, sources).filter(|text| name_is_last(text) || is_elsewhere());
    written.unwrap_or_else(|| name.to_owned())
}

/// Whether the program wrote a call at a place; the end of a `with`, too, shows an expression, which it does not call.
fn is_written_call(place: &Place) -> bool {
    let instr = place.0.instrs.get(place.1 as usize);
    instr.is_none_or(|instr| instr.op != Op::CallSpecial)
}

/// The source text of a place.
fn place_text<'s>(place: &Place, sources: &'s SourceMap) -> &'s str {
    let span = place.0.span_at(place.1);
    span.text(source_of(place, sources).text())
}

/// What a place calls, as the program wrote it, if that is short.
pub fn callee_text(place: &Place, sources: &SourceMap) -> Option<String> {
    let text = place_text(place, sources);
    let module = parse_module(text).module?;
    let StmtKind::Expr(call) = &module.body.first()?.kind else {
        return None;
    };
    let ExprKind::Call { func, .. } = &call.kind else {
        return None;
    };
    let callee = func.span.text(text);
    let is_short = callee.chars().count() <= LONGEST_CALLEE && !callee.contains('\n');
    is_short.then(|| callee.to_owned())
}

/// `file:line` of a place.
pub fn location(place: &Place, sources: &SourceMap) -> String {
    let file = source_of(place, sources);
    format!(
        "{}:{}",
        file.name(),
        file.line(place.0.span_at(place.1).start)
    )
}

/// Whether a place is inside of the library's modules that are written in apy.
pub fn is_library(place: &Place, sources: &SourceMap) -> bool {
    source_of(place, sources).name().starts_with("<apy>/")
}

/// A line of the stack.
#[derive(Clone, PartialEq)]
enum Line {
    /// Where, in what, and the source line.
    Call(String, String, String),
    /// Words in between.
    Words(String),
}

/// The stack outermost first, recursions folded, the middle of a very long one left out.
fn fold(trace: &[TraceEntry], sources: &SourceMap) -> Vec<Line> {
    let outer = |i: usize| trace.get(i + 1);
    let all: Vec<Line> = (0..trace.len())
        .rev()
        .map(|i| line(&trace[i], outer(i), sources))
        .collect();
    let mut lines = Vec::new();
    let mut rest = &all[..];
    while !rest.is_empty() {
        let (period, times) = repetition(rest);
        let shown = REPEATS.div_ceil(period) * period;
        if period * times > shown + 1 {
            lines.extend_from_slice(&rest[..shown]);
            let more = times - shown / period;
            let plural = if more == 1 { "" } else { "s" };
            let what = if period == 1 {
                String::new()
            } else {
                format!("the last {period} calls ")
            };
            lines.push(Line::Words(format!(
                "... {what}repeated {more} more time{plural}"
            )));
            rest = &rest[period * times..];
        } else {
            lines.push(rest[0].clone());
            rest = &rest[1..];
        }
    }
    if lines.len() > LONGEST {
        let half = LONGEST / 2;
        let hidden = lines.len() - 2 * half;
        lines.splice(
            half..half + hidden,
            [Line::Words(format!("... {hidden} more calls ..."))],
        );
    }
    lines
}

/// How many lines at the beginning recur, and how often in a row (at least once).
fn repetition(lines: &[Line]) -> (usize, usize) {
    let times = |period: usize| {
        let pattern = &lines[..period];
        lines
            .chunks_exact(period)
            .take_while(|lines| *lines == pattern)
            .count()
    };
    (1..=LONGEST_CYCLE.min(lines.len()))
        .map(|period| (period, times(period)))
        .find(|&(_, times)| times > 2)
        .unwrap_or((1, 1))
}

/// A line for an entry; `outer` is what stands before it in the stack.
fn line(entry: &TraceEntry, outer: Option<&TraceEntry>, sources: &SourceMap) -> Line {
    match entry {
        TraceEntry::Frame { code, ip } => {
            let place = (code.clone(), *ip);
            let file = source_of(&place, sources);
            let text = file.line_text(file.line(code.span_at(*ip).start)).trim();
            Line::Call(
                location(&place, sources),
                code.qualname.to_string(),
                shorten(text),
            )
        }
        TraceEntry::Task { name, spawned } => {
            let spawned = spawned.as_ref().map_or(String::new(), |place| {
                format!(", spawned at {}", location(place, sources))
            });
            let awaited = match outer {
                Some(TraceEntry::Frame { code, ip }) => {
                    format!(", awaited at {}", location(&(code.clone(), *ip), sources))
                }
                _ => String::new(),
            };
            Line::Words(format!("in task '{name}'{spawned}{awaited}"))
        }
    }
}

/// The beginning of a line, as far as it helps.
fn shorten(text: &str) -> String {
    const WIDTH: usize = 100;
    let text = presentable_text(text);
    if text.chars().count() <= WIDTH {
        return text;
    }
    text.chars().take(WIDTH).chain(['…']).collect()
}

/// The lines in columns.
fn table(lines: &[Line], style: Style) -> String {
    let width = |column: fn(&Line) -> usize| lines.iter().map(column).max().unwrap_or(0).min(60);
    let places = width(|line| {
        if let Line::Call(place, ..) = line {
            place.width()
        } else {
            0
        }
    });
    let names = width(|line| {
        if let Line::Call(_, name, _) = line {
            name.width()
        } else {
            0
        }
    });
    let mut out = String::new();
    for line in lines {
        let text = match line {
            Line::Call(place, name, text) => {
                let padding =
                    |text: &str, column: usize| " ".repeat(column.saturating_sub(text.width()));
                let (after_place, after_name) = (padding(place, places), padding(name, names));
                format!(
                    "    {}{after_place}  {name}{after_name}  {text}",
                    style.dim(place)
                )
            }
            Line::Words(words) => format!("    {}", style.dim(words)),
        };
        let _ = writeln!(out, "{}", text.trim_end());
    }
    out
}
