//! The text under the cursor: when it is whole, where new lines begin, what keys do to indentation.
//!
//! A line editor draws the lines of a text from the first column on; after the prompt of the first line they would not stand
//! under each other. So each further line that is typed begins with a gutter of `MARK`s, drawn as `...`, and is indented with
//! tabs, drawn as four blanks, so that keys move by levels. `clean` makes a program of such a text. Plain functions on text: the
//! editor's keys are bound to them in `editor`.

use crate::syntax::layout::{End, lex};
use crate::syntax::parser::{ReplInput, parse_repl};
use crate::syntax::token::{Lexeme, Token};

/// What a gutter is made of: a character for private use, which no program has.
pub const MARK: char = '\u{F5C1}';
/// How the gutter is drawn; it has as many marks.
pub const CONTINUATION: &str = "... ";
/// A level of indentation.
pub const LEVEL: &str = "    ";

/// The program that a text stands for, without the prompts of a talk that was pasted.
pub fn program(text: &str) -> String {
    without_prompts(&clean(text))
}

/// A text that was copied from a talk, without its prompts and without what was printed between them.
fn without_prompts(text: &str) -> String {
    let is_talk = text.trim_start().starts_with(">>> ");
    if !is_talk {
        return text.to_owned();
    }
    let code = |line: &'_ str| {
        let line = line.trim_start();
        let rest = line
            .strip_prefix(">>> ")
            .or_else(|| line.strip_prefix("... "));
        match rest {
            Some(rest) => Some(rest.to_owned()),
            None if matches!(line, ">>>" | "...") || line.is_empty() => Some(String::new()),
            None => None,
        }
    };
    text.split('\n')
        .filter_map(code)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether a talk that was copied arrives line by line: then lines without a prompt are what was printed between them.
#[derive(Default)]
pub struct Copied(bool);

impl Copied {
    /// A text as it came, or nothing if it is printed text of a talk that another program sends.
    pub fn without_output(&mut self, text: String, pace: Pace) -> String {
        let has_prompt = clean(&text).trim_start().starts_with(">>> ");
        let is_output = self.0 && pace == Pace::Sent && !has_prompt;
        self.0 = has_prompt || is_output;
        if is_output { String::new() } else { text }
    }
}

/// A text without what the editor put into it, line by line.
pub fn clean(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let code = line.replace(MARK, "");
        if !line.starts_with(MARK) {
            return code;
        }
        let body = code.trim_start_matches('\t');
        LEVEL.repeat(code.len() - body.len()) + body
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The text that stands for a program.
pub fn with_gutters(code: &str) -> String {
    let lines = code.split('\n').enumerate().map(|(i, line)| match i {
        0 => line.to_owned(),
        _ => {
            let body = line.trim_start_matches(' ');
            gutter() + &indentation(line.len() - body.len()) + body
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn gutter() -> String {
    CONTINUATION.chars().map(|_| MARK).collect()
}

fn indentation(columns: usize) -> String {
    "\t".repeat(columns / LEVEL.len()) + &" ".repeat(columns % LEVEL.len())
}

/// Whether the text can run as it is: a command, nothing at all, whole statements, or what is wrong whatever follows.
pub fn is_whole(text: &str) -> bool {
    let text = program(text);
    is_command(&text)
        || text.trim().is_empty()
        || !matches!(parse_repl(&text), ReplInput::Incomplete)
}

/// Whether the text is for the prompt itself.
pub fn is_command(text: &str) -> bool {
    text.trim_start().starts_with(':')
}

/// How a key came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A person pressed it.
    Typed,
    /// It came in one piece with what was before it: another program sends the text, indented as it is to be.
    Sent,
}

/// What Enter inserts at `at`; None: it runs the text.
pub fn enter(text: &str, at: usize, pace: Pace) -> Option<String> {
    let (before, after) = text.split_at_checked(at)?;
    if !after.contains('\n') && is_whole(text) {
        return None;
    }
    let columns = match pace {
        Pace::Typed => indent_behind(before),
        Pace::Sent => 0,
    };
    Some(format!("\n{}{}", gutter(), indentation(columns)))
}

/// Whether nothing stands between the cursor after `before` and the gutter of its line.
pub fn is_behind_gutter(before: &str) -> bool {
    before.ends_with(MARK)
}

/// Whether the cursor after `before` is in a line with a gutter.
pub fn has_gutter(before: &str) -> bool {
    before
        .rsplit('\n')
        .next()
        .is_some_and(|line| line.starts_with(MARK))
}

/// Whether Tab indents: nothing but indentation stands before the cursor, on a further line.
pub fn is_indentation(before: &str) -> bool {
    before.contains('\n')
        && before
            .rsplit('\n')
            .next()
            .is_some_and(|line| line.trim_start_matches(MARK).trim().is_empty())
}

/// The indentation of a line that follows this text.
fn indent_behind(before: &str) -> usize {
    let text = clean(before);
    let line = text.rsplit('\n').next().unwrap_or_default();
    if line.trim().is_empty() {
        return width(line);
    }
    let layout = lex(&text);
    let is_layout = |token| matches!(token, Token::Newline | Token::Indent | Token::Dedent);
    let last = layout.lexemes.iter().rposition(|l| !is_layout(l.token));
    let statement = last.map_or(line, |last| statement(&text, &layout.lexemes[..=last]));
    match (layout.end, last.map(|last| layout.lexemes[last].token)) {
        (End::InString, _) => 0,
        (End::InBracket, Some(Token::LParen | Token::LBracket | Token::LBrace)) => {
            width(line) + LEVEL.len()
        }
        (End::InBracket, _) => width(line),
        (_, Some(Token::Colon)) => width(statement) + LEVEL.len(),
        _ if leaves_block(statement) => width(statement).saturating_sub(LEVEL.len()),
        _ => width(statement),
    }
}

/// The last statement from the beginning of its first line on.
fn statement<'a>(text: &'a str, lexemes: &[Lexeme]) -> &'a str {
    let newline = lexemes.iter().rposition(|l| l.token == Token::Newline);
    let mut own = lexemes[newline.map_or(0, |at| at + 1)..].iter();
    let first = own.find(|l| !matches!(l.token, Token::Indent | Token::Dedent));
    let start = first.map_or(0, |lexeme| lexeme.span.start as usize);
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    &text[line..]
}

/// How many blanks a line begins with.
fn width(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Whether nothing of the same block can follow the statement.
fn leaves_block(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    ["return", "pass", "break", "continue", "raise"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indent(code: &str) -> usize {
        indent_behind(&with_gutters(code))
    }

    #[test]
    fn a_program_and_its_text_stand_for_each_other() {
        let code = "def f():\n    if a:\n        b\n\n      c";
        assert_eq!(clean(&with_gutters(code)), code);
        assert_eq!(clean("pasted:\n\ttab"), "pasted:\n\ttab");
        let mut copied = Copied::default();
        let mut left = |text: &str, pace| copied.without_output(text.to_owned(), pace);
        assert_eq!(left("1", Pace::Sent), "1");
        assert_eq!(left(">>> 1", Pace::Sent), ">>> 1");
        assert_eq!(left("1", Pace::Sent), "");
        assert_eq!(left("2", Pace::Typed), "2");
        assert_eq!(left("3", Pace::Sent), "3");
        let talk = ">>> def f():\n...     return 1\n...\n>>> f()\n1\n";
        assert_eq!(program(talk), "def f():\n    return 1\n\nf()\n");
    }

    #[test]
    fn enter_runs_what_is_whole_and_indents_the_rest() {
        let sent = enter("def f():", 8, Pace::Sent);
        assert_eq!(sent, Some(format!("\n{}", gutter())));
        let enter = |text: &str, at| enter(text, at, Pace::Typed);
        assert_eq!(enter("1 + 1", 5), None);
        assert_eq!(enter(":help", 5), None);
        assert_eq!(enter("", 0), None);
        assert_eq!(enter("x = = 1", 7), None);
        let line = format!("\n{}\t", gutter());
        assert_eq!(enter("def f():", 8).as_ref(), Some(&line));
        let body = with_gutters("def f():\n    return 1\n");
        assert_eq!(enter(&body, body.len()), None);
        assert_eq!(enter(&body, 8), Some(line));
    }

    #[test]
    fn indentation_follows_the_code() {
        assert_eq!(indent("while True:"), 4);
        assert_eq!(indent("while True:  # for ever"), 4);
        assert_eq!(indent("if a:\n    while b:"), 8);
        assert_eq!(indent("def f():\n    return 1"), 0);
        assert_eq!(indent("x = [\n    1,"), 4);
        assert_eq!(indent("x = ["), 4);
        assert_eq!(indent("x = '''"), 0);
        assert_eq!(indent("def f():\n    return [1,\n        2]"), 0);
        assert_eq!(indent("def f(a,\n        b):"), 4);
    }

    #[test]
    fn keys_know_where_they_are() {
        let line = |text: &str| format!("if a:\n{}{text}", gutter());
        assert!(is_behind_gutter(&line("")) && !is_behind_gutter(&line("\t")));
        assert!(has_gutter(&line("ab")) && !has_gutter("ab"));
        assert!(is_indentation(&line("\t")) && !is_indentation(&line("x")));
        assert!(!is_indentation("    "));
    }

    #[test]
    fn any_text_is_taken() {
        for text in ["\"", "\u{F5C1}", "\n\n", "🦀\n🦀", "f'{", "\\", "\t:"] {
            for at in 0..=text.len() {
                let _ = (
                    enter(text, at, Pace::Typed),
                    clean(text),
                    with_gutters(text),
                );
            }
        }
    }
}
