//! Line ends, and backslashes that join a line to the next one.
//!
//! A backslash must be the last character of its line, and there must be a next line: else the text is a mistake here.

use super::unclosed::unclosed;
use super::{End, Layouter};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

impl Layouter<'_> {
    /// Goes on behind the line end that follows a backslash.
    pub(super) fn backslash(&mut self, span: Span) {
        let bytes = self.source.as_bytes();
        let end = span.end as usize;
        let ending = line_end(bytes, end);
        if end + ending == bytes.len() {
            if let Some(diagnostic) = unclosed(&self.open) {
                return self.fail(diagnostic, End::InBracket);
            }
            let diagnostic = Diagnostic::error(
                ErrorCode::LineContinuation,
                span,
                "unexpected EOF while parsing",
            )
            .quoted(Span::at(span.end));
            return self.fail(
                diagnostic.label("joins this line to a line that is not there"),
                End::InLine,
            );
        }
        if ending == 0 {
            let message = "unexpected character after line continuation character";
            let diagnostic = Diagnostic::error(ErrorCode::LineContinuation, span, message)
                .quoted(Span::at(span.end))
                .label("must be the last character of its line")
                .help("remove what follows it, even spaces; or put the expression in parentheses");
            self.report(diagnostic);
            let line = &bytes[end..];
            let rest = line
                .iter()
                .position(|byte| matches!(byte, b'\n' | b'\r'))
                .unwrap_or(line.len());
            self.abandon_line();
            return self.seek(end + rest);
        }
        self.seek(end + ending);
    }
}

/// Whether the backslash at `at` joins its line to the next one.
pub(super) fn joins_lines(bytes: &[u8], at: usize) -> bool {
    let ending = line_end(bytes, at + 1);
    ending > 0 && at + 1 + ending < bytes.len()
}

/// Length of the line end at `at`; 0 if there is none.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => 2,
        Some(b'\n' | b'\r') => 1,
        _ => 0,
    }
}
