//! Literals that are legal and odd, of which CPython warns: backslashes that escape nothing, such as `"\d"`, and numbers that run
//! into a word, such as `1if`.
//!
//! Both look at literals that `literal` has let through already. As in CPython only the first odd escape of a literal is told of. In
//! bytes `\N`, `\u` and `\U` are none either.

use super::literal::Prefix;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// The first odd escape in the inside of a literal, whose first byte is at `offset`; of an f-string a piece of its text, which may end
/// in front of a brace.
pub(super) fn escape(source: &str, inner: Span, prefix: Prefix) -> Option<Diagnostic> {
    if prefix.raw {
        return None;
    }
    let text = inner.text(source);
    let mut at = 0;
    while let Some(len) = text[at..].find('\\') {
        at += len;
        let start = inner.start as usize + at;
        let escaped = source[start + 1..].chars().next()?;
        let octal = octal_digits(&text[at + 1..]);
        if octal.len() == 3 && octal > "377" {
            let message = format!("invalid octal escape sequence '\\{octal}'");
            let help = "a character has at most three octal digits, up to \\377: write \\x with its two hexadecimal ones";
            let (start, len) = place(source, inner, at, 1 + octal.len());
            let warning = warning(start, len, message, help.to_owned());
            return Some(warning.label("more than a byte holds"));
        }
        if octal.is_empty() && !is_known(escaped, prefix.bytes) {
            let message = format!("invalid escape sequence '\\{escaped}'");
            let help =
                format!("write \\\\{escaped} for a backslash, or put r in front of the string");
            let (start, len) = place(source, inner, at, 1 + escaped.len_utf8());
            return Some(warning(start, len, message, help));
        }
        at += 1 + escaped.len_utf8();
        if at > text.len() {
            break;
        }
    }
    None
}

/// Where the warning points: at the escape or, as in CPython, at the first line of a literal of several lines.
fn place(source: &str, inner: Span, at: usize, len: usize) -> (usize, usize) {
    let start = inner.start as usize;
    if !source[start..start + at].contains('\n') {
        return (start + at, len);
    }
    let before = source[..start].trim_end_matches(['"', '\'']);
    let before = before.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    (before.len(), start - before.len())
}

/// The warning about a number with a word right after it.
pub(super) fn number(source: &str, span: Span) -> Option<Diagnostic> {
    let behind = source[span.end as usize..].bytes().next()?;
    if !behind.is_ascii_alphabetic() {
        return None;
    }
    let text = span.text(source);
    let kind = match (text.as_bytes().get(1), text.as_bytes().last()) {
        (Some(b'x' | b'X'), _) => "hexadecimal",
        (Some(b'o' | b'O'), _) => "octal",
        (Some(b'b' | b'B'), _) => "binary",
        (_, Some(b'j' | b'J')) => "imaginary",
        _ => "decimal",
    };
    let warning = Diagnostic::error(
        ErrorCode::GluedNumber,
        span,
        format!("invalid {kind} literal"),
    )
    .as_warning()
    .label("a word follows at once")
    .help("put a space between the number and the word");
    Some(warning)
}

fn warning(start: usize, len: usize, message: String, help: String) -> Diagnostic {
    let span = Span::new(start as u32, (start + len) as u32);
    Diagnostic::error(ErrorCode::OddEscape, span, message)
        .as_warning()
        .label("the backslash stays in the text")
        .help(help)
}

/// The octal digits of an escape.
fn octal_digits(text: &str) -> &str {
    let digit = |b: &u8| (b'0'..=b'7').contains(b);
    let count = text.bytes().take(3).take_while(|b| digit(b)).count();
    &text[..count]
}

/// Whether a backslash in front of this character means something.
fn is_known(escaped: char, bytes: bool) -> bool {
    match escaped {
        '\n' | '\r' | '\\' | '\'' | '"' | 'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | 'x' => true,
        'N' | 'u' | 'U' => !bytes,
        // CPython does not warn of these.
        other => !bytes && !other.is_ascii(),
    }
}
