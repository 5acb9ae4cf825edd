//! `--traceback=python`: an uncaught exception in the form that CPython 3.13 prints.
//!
//! For tools that read tracebacks and for eyes that are used to them. What CPython has no words for (a task that the exception
//! came from) is left out. `failure` is apy's own form.

use std::fmt::Write;

use super::failure::source_of;
use crate::diagnostics::SourceMap;
use crate::runtime::exception::TraceEntry;
use crate::syntax::ast::ExprKind;
use crate::syntax::ast::StmtKind;
use crate::syntax::parser::parse_module;
use crate::vm::{Failure, Place};

/// After so many equal lines CPython counts the rest.
const REPEATS: usize = 3;

/// An exception as text.
#[must_use]
pub fn render(failure: &Failure, sources: &SourceMap) -> String {
    render_as(failure, sources, "Traceback (most recent call last):")
}

fn render_as(failure: &Failure, sources: &SourceMap, title: &str) -> String {
    let mut out = String::new();
    let links = [
        (
            &failure.cause,
            "The above exception was the direct cause of the following exception:",
        ),
        (
            &failure.context,
            "During handling of the above exception, another exception occurred:",
        ),
    ];
    for (link, words) in links {
        if let Some(other) = link {
            let _ = write!(out, "{}\n{words}\n\n", render_as(other, sources, title));
        }
    }
    let title = if failure.members.is_empty() {
        title.to_owned()
    } else {
        format!("  + Exception Group {title}")
    };
    let mut own = String::new();
    frames(&mut own, &failure.trace, sources);
    if !own.is_empty() {
        let _ = writeln!(out, "{title}");
    }
    own.push_str(&last_line(failure));
    if failure.members.is_empty() {
        return out + &own;
    }
    for line in own.lines() {
        let _ = writeln!(out, "  | {line}");
    }
    out + &members(failure, sources)
}

fn last_line(failure: &Failure) -> String {
    let mut out = failure.class.clone();
    if !failure.message.is_empty() {
        let _ = write!(out, ": {}", failure.message);
    }
    out.push('\n');
    for note in &failure.notes {
        let _ = writeln!(out, "{note}");
    }
    out
}

fn members(failure: &Failure, sources: &SourceMap) -> String {
    let mut out = String::new();
    for (i, member) in failure.members.iter().enumerate() {
        let corner = if i == 0 { "+-" } else { "  " };
        let _ = writeln!(
            out,
            "  {corner}+---------------- {} ----------------",
            i + 1
        );
        for line in render_as(member, sources, "Traceback (most recent call last):").lines() {
            let line = line
                .strip_prefix("  + ")
                .map_or_else(|| format!("    | {line}"), |line| format!("    + {line}"));
            let _ = writeln!(out, "{line}");
        }
    }
    out + "    +------------------------------------\n"
}

fn frames(out: &mut String, trace: &[TraceEntry], sources: &SourceMap) {
    let mut last = String::new();
    let mut count = 0;
    for entry in trace.iter().rev() {
        let TraceEntry::Frame { code, ip } = entry else {
            continue;
        };
        let text = frame(&(code.clone(), *ip), sources);
        if text == last {
            count += 1;
        } else {
            note_repeats(out, count);
            count = 1;
        }
        if count <= REPEATS {
            out.push_str(&text);
        }
        last = text;
    }
    note_repeats(out, count);
}

fn note_repeats(out: &mut String, count: usize) {
    if count > REPEATS {
        let more = count - REPEATS;
        let plural = if more == 1 { "" } else { "s" };
        let _ = writeln!(out, "  [Previous line repeated {more} more time{plural}]");
    }
}

fn frame(place: &Place, sources: &SourceMap) -> String {
    let (file, span) = (source_of(place, sources), place.0.span_at(place.1));
    let line = file.line(span.start);
    let mut out = format!(
        "  File \"{}\", line {line}, in {}\n",
        file.name(),
        place.0.qualname
    );
    let full = file.line_text(line);
    let text = full.trim();
    if text.is_empty() {
        return out;
    }
    let _ = writeln!(out, "    {text}");
    let begin = file.line_span(line).start as usize + (full.len() - full.trim_start().len());
    let end = (span.end as usize).min(begin + text.len());
    let Some(before) = (span.start as usize).checked_sub(begin) else {
        return out;
    };
    let Some(marked) = text.get(before..end.saturating_sub(begin)) else {
        return out;
    };
    let anchors = if span.end as usize == end {
        anchors(marked)
    } else {
        None
    };
    if anchors.is_some() || marked.len() < text.len() {
        let marks = anchors.unwrap_or_else(|| "^".repeat(marked.chars().count()));
        let _ = writeln!(
            out,
            "    {}{marks}",
            " ".repeat(text[..before].chars().count())
        );
    }
    out
}

/// `~~~^^`: what of a call, subscript or operation is marked by which character.
fn anchors(text: &str) -> Option<String> {
    let module = parse_module(text).module?;
    let [only] = &module.body[..] else {
        return None;
    };
    let StmtKind::Expr(expr) = &only.kind else {
        return None;
    };
    let important = match &expr.kind {
        ExprKind::Call { func, .. } => func.span.end as usize..text.len(),
        ExprKind::Subscript { value, .. } => value.span.end as usize..text.len(),
        ExprKind::BinOp { left, right, .. } => {
            let between = &text[left.span.end as usize..right.span.start as usize];
            let operator = between.trim_matches([' ', '(', ')']);
            let start = left.span.end as usize + between.find(operator)?;
            start..start + operator.len()
        }
        _ => return None,
    };
    let mark = |(at, _)| if important.contains(&at) { '^' } else { '~' };
    Some(text.char_indices().map(mark).collect())
}
