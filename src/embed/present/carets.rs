//! The source lines of a classic traceback and the marks under them, as CPython 3.13 draws them.
//!
//! `~~~^^^` under a call, subscript or operation tells its important part (the arguments, the operator) from the rest; other
//! expressions get `^^^`, and none where the whole line is meant anyway. Of an expression over many lines the first, the last and
//! those around the important part are shown. The rules are those of CPython's Lib/traceback.py.

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::diagnostics::{SourceFile, Span};
use crate::syntax::ast::{Expr, ExprKind, Stmt, StmtKind};
use crate::syntax::parser::parse_module;

/// The lines of a span with marks, each indented by four blanks.
pub fn excerpt(file: &SourceFile, span: Span) -> String {
    let span = whole_class(file, span);
    let (first, last) = (file.line(span.start), file.line(span.end.max(span.start)));
    let lines: Vec<&str> = (first..=last).map(|line| file.line_text(line)).collect();
    let margin = common_margin(&lines);
    let lines: Vec<&str> = lines
        .iter()
        .map(|line| line.get(margin..).unwrap_or_default())
        .collect();
    let offset = |at: u32, line: u32| {
        let start = file.line_span(line).start as usize + margin;
        (at as usize).saturating_sub(start)
    };
    let excerpt = Marked {
        start: offset(span.start, first),
        end: offset(span.end, last),
        lines,
    };
    excerpt.draw()
}

/// As `excerpt`, of lines that are in no file: the bytes from `start` in the first to `end` in the last.
pub fn marked(text: &str, start: usize, end: usize) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let margin = common_margin(&lines);
    let lines: Vec<&str> = lines
        .iter()
        .map(|line| line.get(margin..).unwrap_or_default())
        .collect();
    let last = lines.last().map_or(0, |line| line.len());
    let excerpt = Marked {
        start: start.saturating_sub(margin).min(lines[0].len()),
        end: end.saturating_sub(margin).min(last),
        lines,
    };
    excerpt.draw()
}

/// Which bytes of the text of a call are what is called.
pub fn callee(text: &str) -> Option<Range<usize>> {
    let module = parse_module(text).module?;
    match &module.body.first()?.kind {
        StmtKind::Expr(Expr {
            kind: ExprKind::Call { func, .. },
            ..
        }) => Some(func.span.range()),
        _ => None,
    }
}

/// The instruction that makes a class stands for all of its text, not only for its header.
fn whole_class(file: &SourceFile, span: Span) -> Span {
    if !span.text(file.text()).starts_with("class ") {
        return span;
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    let header = file.line(span.start);
    let depth = indent(file.line_text(header));
    let body = (header + 1..=file.line_count())
        .map(|line| (line, file.line_text(line)))
        .filter(|(_, text)| !text.trim().is_empty())
        .take_while(|(_, text)| indent(text) > depth);
    let end = body.last().map_or(span.end, |(line, text)| {
        file.line_span(line).start + text.trim_end().len() as u32
    });
    Span::new(span.start, end.max(span.end))
}

/// How many bytes of blanks all lines begin with.
fn common_margin(lines: &[&str]) -> usize {
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let margins = filled.map(|line| line.len() - line.trim_start().len());
    margins.min().unwrap_or(0)
}

/// Lines without their margin, and which bytes of the first and the last are meant.
struct Marked<'a> {
    lines: Vec<&'a str>,
    start: usize,
    end: usize,
}

/// The important part of an expression, by line and byte within that line.
struct Anchors {
    from: (usize, usize),
    to: (usize, usize),
}

impl Marked<'_> {
    fn draw(&self) -> String {
        if self.lines.iter().all(|line| line.trim().is_empty()) {
            return String::new();
        }
        let anchors = self.anchors();
        let with_marks = self.shows_marks(anchors.is_some());
        let mut shown = BTreeSet::from([0, self.lines.len() - 1]);
        if let Some(Anchors { from, to }) = &anchors {
            shown.extend(
                [from.0, to.0]
                    .iter()
                    .flat_map(|at| at.saturating_sub(1)..at + 2),
            );
        }
        shown.retain(|&line| line < self.lines.len());
        let mut out: Vec<String> = Vec::new();
        let mut before = 0;
        for line in shown {
            match line.saturating_sub(before) {
                2 => self.line(line - 1, &anchors, with_marks, &mut out),
                0 | 1 => {}
                gap => out.push(format!("...<{} lines>...", gap - 1)),
            }
            self.line(line, &anchors, with_marks, &mut out);
            before = line;
        }
        out.iter()
            .fold(String::new(), |text, line| text + "    " + line + "\n")
    }

    fn line(&self, at: usize, anchors: &Option<Anchors>, with_marks: bool, out: &mut Vec<String>) {
        let text = self.lines[at];
        out.push(text.to_owned());
        if !with_marks {
            return;
        }
        let from = if at == 0 { self.start } else { 0 };
        let to = if at + 1 == self.lines.len() {
            self.end
        } else {
            text.len()
        };
        let blanks = text.len() - text.trim_start().len();
        let mut marks = String::new();
        for (byte, c) in text.char_indices().take_while(|&(byte, _)| byte < to) {
            let mark = match anchors {
                _ if byte < blanks || byte < from => ' ',
                Some(Anchors { from, to }) if (at, byte) >= *from && (at, byte) < *to => '^',
                Some(_) => '~',
                None => '^',
            };
            marks.extend(std::iter::repeat_n(mark, columns(c)));
        }
        out.push(marks);
    }

    /// The bytes of the lines, joined by new lines, that are meant.
    fn range(&self) -> Range<usize> {
        let last = self.lines.len() - 1;
        let before: usize = self.lines[..last].iter().map(|line| line.len() + 1).sum();
        self.start..before + self.end
    }

    /// Marks say nothing where they would be under the whole line, nor where the line is only a call.
    fn shows_marks(&self, has_anchors: bool) -> bool {
        let text = self.lines.join("\n");
        let module = parse_module(&text).module;
        let statement = module.as_ref().and_then(|module| module.body.first());
        if statement.and_then(lone_call) == Some(self.range()) {
            return false;
        }
        let before = self.lines[0].get(..self.start).unwrap_or_default();
        let behind = self.lines[self.lines.len() - 1]
            .get(self.end..)
            .unwrap_or_default();
        has_anchors || !before.trim().is_empty() || !behind.trim().is_empty()
    }

    fn anchors(&self) -> Option<Anchors> {
        let text = self.lines.join("\n");
        let meant = text.get(self.range())?;
        // In parentheses, so that an expression over several lines is one.
        let wrapped = format!("({meant}\n)");
        let module = parse_module(&wrapped).module?;
        let [
            Stmt {
                kind: StmtKind::Expr(expr),
                ..
            },
        ] = &module.body[..]
        else {
            return None;
        };
        let important = important(expr, &wrapped, 1 + meant.len())?;
        let place = |at: usize| {
            let before = &text[..self.start + at - 1];
            let line = before.matches('\n').count();
            (
                line,
                before.len() - before.rfind('\n').map_or(0, |at| at + 1),
            )
        };
        Some(Anchors {
            from: place(important.start),
            to: place(important.end),
        })
    }
}

/// Where the call is that a statement consists of: `return name(...)`, `target = call(...)`.
fn lone_call(statement: &Stmt) -> Option<Range<usize>> {
    let value = match &statement.kind {
        StmtKind::Return(Some(value)) => match &value.kind {
            ExprKind::Call { func, .. } if matches!(func.kind, ExprKind::Name(_)) => value,
            _ => return None,
        },
        StmtKind::Assign { targets, value }
            if matches!(value.kind, ExprKind::Call { .. })
                && matches!(&targets[..], [target] if matches!(target.kind, ExprKind::Name(_))) =>
        {
            value
        }
        _ => return None,
    };
    Some(value.span.range())
}

/// The part of a call, subscript or operation that gets `^`; the expression ends at `end`.
fn important(expr: &Expr, text: &str, end: usize) -> Option<Range<usize>> {
    let behind = |part: &Expr, wanted: char| {
        let from = part.span.end as usize;
        text[from..].find(wanted).map(|at| from + at)
    };
    match &expr.kind {
        ExprKind::Call { func, .. } => Some(behind(func, '(')?..end),
        ExprKind::Subscript { value, .. } => Some(behind(value, '[')?..end),
        ExprKind::BinOp { left, right, .. } => {
            let end = right.span.start as usize;
            let operator = from_operator(&text[left.span.end as usize..end]);
            let start = end - operator.len();
            let is_long = operator
                .chars()
                .nth(1)
                .is_some_and(|c| !c.is_whitespace() && !"(\\#".contains(c));
            Some(start..start + 1 + usize::from(is_long))
        }
        _ => None,
    }
}

/// The rest of a text from the operator on: without blanks, brackets, joined lines and comments before it.
fn from_operator(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || ")\\".contains(c));
        if !text.starts_with('#') {
            return text;
        }
        text = text.find('\n').map_or("", |end| &text[end..]);
    }
}

/// How many columns CPython gives a character.
fn columns(c: char) -> usize {
    if c.width() == Some(2) { 2 } else { 1 }
}
