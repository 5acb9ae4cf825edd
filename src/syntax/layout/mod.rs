//! Characters to the tokens that the grammar sees: lines, indentation, brackets, soft keywords.
//!
//! Drives the logos lexer and adds what a regular language cannot know: NEWLINE, INDENT and DEDENT (none of them
//! inside of brackets), where strings end, the inside of f-strings (`fstring`), whether `match`, `case` and
//! `type` are keywords here, whether `with (` opens a list of items. Never fails: mistakes become
//! diagnostics. Columns follow CPython: a tab goes to the next multiple of 8, and must not matter.

pub mod fstring;
mod joined_lines;
mod unclosed;

use logos::{Lexer, Logos};

use self::fstring::FStringMode;
use self::joined_lines::{joins_lines, line_end};
use self::unclosed::unclosed;
use super::literal::{self, Prefix};
use super::token::{Lexeme, Token};
use crate::diagnostics::source_map::line_of;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};

/// CPython's limit for open brackets.
const MAX_BRACKETS: usize = 200;
/// CPython's limit for levels of indentation, the outermost included.
const MAX_INDENTS: usize = 100;
/// Behind this many mistakes the rest is most likely noise.
const MAX_DIAGNOSTICS: usize = 20;

/// The tokens of a source text.
#[derive(Debug)]
pub struct Layout {
    /// In order; ends with NEWLINE and DEDENTs unless empty.
    pub lexemes: Vec<Lexeme>,
    /// What is wrong with the text, in order.
    pub diagnostics: Vec<Diagnostic>,
    /// How the text ends.
    pub end: End,
    /// Where the first of the mistakes was found.
    pub first: Option<FirstMistake>,
}

/// Where the pass was when it found the first mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstMistake {
    /// Number of tokens before it.
    pub tokens: usize,
    /// Whether an f-string was being read.
    pub in_fstring: bool,
}

/// How a source text ends: more lines could make sense of all but `Whole`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Between two statements, or in the middle of nothing that could go on.
    Whole,
    /// Inside of brackets.
    InBracket,
    /// Inside of a triple-quoted string.
    InString,
    /// Behind a backslash.
    InLine,
}

/// Splits a source text into tokens.
#[must_use]
pub fn lex(source: &str) -> Layout {
    let mut layouter = Layouter::new(source);
    layouter.run();
    Layout {
        lexemes: layouter.out,
        diagnostics: layouter.diagnostics,
        end: layouter.end,
        first: layouter.first,
    }
}

/// The state of the pass; `fstring` has the rest of its methods.
pub(super) struct Layouter<'s> {
    pub(super) source: &'s str,
    raw: Lexer<'s, Token>,
    pub(super) out: Vec<Lexeme>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Open brackets and replacement fields, outermost first.
    pub(super) open: Vec<Open>,
    /// F-strings being read, outermost first.
    fstrings: Vec<FStringMode>,
    levels: Vec<Level>,
    /// Index in `out` of the first token of this logical line.
    line_first: usize,
    /// Whether the logical line that just ended is the header of a match statement.
    after_match: bool,
    /// Index in `out` of the bracket that the last closing bracket closed.
    last_closed: usize,
    end: End,
    first: Option<FirstMistake>,
    stopped: bool,
}

/// An open bracket.
#[derive(Clone, Copy)]
pub(super) struct Open {
    /// `LParen`, `LBracket`, `LBrace` or `FLBrace`.
    pub(super) token: Token,
    pub(super) span: Span,
    /// Index in `Layouter::out`.
    pub(super) index: usize,
}

/// One level of indentation.
#[derive(Clone, Copy)]
struct Level {
    /// With tabs to multiples of 8.
    column: u32,
    /// With tabs as one column: must tell the same story.
    strict: u32,
    /// Whether it is the body of a match statement, where `case` is a keyword.
    in_match: bool,
}

impl<'s> Layouter<'s> {
    fn new(source: &'s str) -> Self {
        Self {
            source,
            raw: Token::lexer(source),
            out: Vec::with_capacity(source.len() / 4 + 4),
            diagnostics: Vec::new(),
            open: Vec::new(),
            fstrings: Vec::new(),
            levels: vec![Level {
                column: 0,
                strict: 0,
                in_match: false,
            }],
            line_first: 0,
            after_match: false,
            last_closed: usize::MAX,
            end: End::Whole,
            first: None,
            stopped: false,
        }
    }

    fn run(&mut self) {
        self.start_line();
        while !self.stopped
            && let Some(result) = self.raw.next()
        {
            let range = self.raw.span();
            let span = Span::new(range.start as u32, range.end as u32);
            match result {
                Ok(token) => self.token(token, span),
                Err(()) => self.bad_character(span),
            }
        }
        self.finish();
    }

    fn token(&mut self, token: Token, span: Span) {
        match token {
            Token::Name => self.name(span),
            Token::Newline if self.open.is_empty() => self.end_line(span),
            Token::Newline | Token::Comment => {}
            Token::LParen | Token::LBracket | Token::LBrace => self.open(token, span),
            Token::RParen | Token::RBracket | Token::RBrace => self.close(token, span),
            Token::Colon | Token::Walrus if self.in_field() => self.start_spec(span),
            Token::Colon => {
                self.find_with_paren();
                self.push(token, span);
            }
            Token::Number => self.number(span),
            Token::String => self.string(span),
            Token::FStart => self.start_fstring(span),
            Token::Backslash => self.backslash(span),
            Token::Unknown => self.unknown(span),
            _ => self.push(token, span),
        }
    }

    pub(super) fn push(&mut self, token: Token, span: Span) {
        self.out.push(Lexeme { token, span });
    }

    /// Records a mistake; too many end the pass.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.first.get_or_insert(FirstMistake {
            tokens: self.out.len(),
            in_fstring: !self.fstrings.is_empty(),
        });
        self.diagnostics.push(diagnostic);
        self.stopped |= self.diagnostics.len() >= MAX_DIAGNOSTICS;
    }

    /// Records a mistake after which nothing can be made out.
    pub(super) fn fail(&mut self, diagnostic: Diagnostic, end: End) {
        self.report(diagnostic);
        self.end = end;
        self.stopped = true;
        self.abandon_line();
    }

    /// Lets the logical line end here, whatever is open.
    pub(super) fn abandon_line(&mut self) {
        self.open.clear();
        self.fstrings.clear();
    }

    /// Makes the lexer go on at `offset`, which is not before the end of its current token.
    pub(super) fn seek(&mut self, offset: usize) {
        self.raw.bump(offset - self.raw.span().end);
    }

    fn end_line(&mut self, span: Span) {
        if self.out.len() > self.line_first {
            self.after_match = self.is_match_header();
            if self.after_match {
                self.out[self.line_first].token = Token::Match;
            }
            self.find_with_paren();
            self.push(Token::Newline, span);
        }
        self.line_first = self.out.len();
        self.start_line();
    }

    /// Reads the indentation of the next line that is not blank, and skips the blank ones.
    fn start_line(&mut self) {
        let bytes = self.source.as_bytes();
        let mut at = self.raw.span().end;
        if at == 0 && self.source.starts_with('\u{FEFF}') {
            at = '\u{FEFF}'.len_utf8();
        }
        loop {
            let start = at;
            let (mut column, mut strict) = (0, 0);
            let mut continued = None;
            loop {
                match bytes.get(at) {
                    Some(b' ') => (column, strict) = (column + 1, strict + 1),
                    Some(b'\t') => (column, strict) = ((column / 8 + 1) * 8, strict + 1),
                    Some(0x0C) => (column, strict) = (0, 0),
                    // At the end of the text it joins nothing: that is told when it is a token.
                    Some(b'\\') if joins_lines(bytes, at) => {
                        continued.get_or_insert((column, strict));
                        at += line_end(bytes, at + 1);
                    }
                    _ => break,
                }
                at += 1;
            }
            if bytes.get(at) == Some(&b'#') {
                let rest = &bytes[at..];
                at += rest
                    .iter()
                    .position(|byte| matches!(byte, b'\n' | b'\r'))
                    .unwrap_or(rest.len());
            }
            let ending = line_end(bytes, at);
            at += ending;
            if ending == 0 {
                self.seek(at);
                if at < bytes.len() {
                    let (column, strict) = continued.unwrap_or((column, strict));
                    self.indentation(column, strict, Span::new(start as u32, at as u32));
                }
                return;
            }
        }
    }

    fn indentation(&mut self, column: u32, strict: u32, span: Span) {
        let in_match = std::mem::take(&mut self.after_match);
        let top = self.level();
        if column > top.column {
            if strict <= top.strict {
                self.mixed_tabs(span);
            }
            if self.levels.len() >= MAX_INDENTS {
                let message = "too many levels of indentation";
                let diagnostic = Diagnostic::error(ErrorCode::TooManyLevels, span, message);
                return self.fail(
                    diagnostic.help("move the inner blocks to functions of their own"),
                    End::Whole,
                );
            }
            self.levels.push(Level {
                column,
                strict,
                in_match,
            });
            self.push(Token::Indent, span);
            self.line_first = self.out.len();
            return;
        }
        while column < self.level().column {
            self.levels.pop();
            self.push(Token::Dedent, Span::at(span.end));
        }
        self.line_first = self.out.len();
        let level = self.level();
        if column > level.column {
            self.unmatched_dedent(span);
        } else if strict != level.strict {
            self.mixed_tabs(span);
        }
    }

    fn level(&self) -> Level {
        *self
            .levels
            .last()
            .expect("the outermost level is never left")
    }

    fn mixed_tabs(&mut self, span: Span) {
        let message = "inconsistent use of tabs and spaces in indentation";
        let diagnostic =
            Diagnostic::error(ErrorCode::MixedTabs, span, message).label("tabs and spaces");
        self.report(
            diagnostic.help("indent all lines of a block alike, best with four spaces a level"),
        );
    }

    fn unmatched_dedent(&mut self, span: Span) {
        let columns: Vec<String> = self
            .levels
            .iter()
            .map(|level| level.column.to_string())
            .collect();
        let message = "unindent does not match any outer indentation level";
        let diagnostic = Diagnostic::error(ErrorCode::UnmatchedDedent, span, message)
            .label("this depth fits no block")
            .help(format!(
                "the enclosing blocks start at column {}",
                columns.join(", ")
            ));
        self.report(diagnostic);
    }

    fn name(&mut self, span: Span) {
        let text = span.text(self.source);
        if !text.is_ascii() && !self.is_name(text, span) {
            return;
        }
        let token =
            match self.out.len() == self.line_first && text == "case" && self.level().in_match {
                true => Token::Case,
                false => Token::Name,
            };
        self.find_type_keyword();
        self.push(token, span);
    }

    /// `type` is a keyword if it starts a statement and a name follows, which is about to be pushed.
    fn find_type_keyword(&mut self) {
        let Some((last, before)) = self.out.split_last_mut() else {
            return;
        };
        if last.token != Token::Name
            || !self.open.is_empty()
            || last.span.text(self.source) != "type"
        {
            return;
        }
        let starts = |lexeme: &Lexeme| matches!(lexeme.token, Token::Semicolon | Token::Colon);
        if before.len() == self.line_first || before.last().is_some_and(starts) {
            last.token = Token::Type;
        }
    }

    /// Whether the line that ends here is `match subject:`, or is meant to be.
    fn is_match_header(&self) -> bool {
        let line = &self.out[self.line_first..];
        let [first, second, .., last] = line else {
            return line.len() == 2
                && self.starts_with_match(line[0])
                && line[1].token.starts_operand();
        };
        self.starts_with_match(*first)
            && (last.token == Token::Colon || second.token.starts_operand())
    }

    fn starts_with_match(&self, first: Lexeme) -> bool {
        first.token == Token::Name && first.span.text(self.source) == "match"
    }

    pub(super) fn open(&mut self, token: Token, span: Span) {
        if self.open.len() >= MAX_BRACKETS {
            let diagnostic =
                Diagnostic::error(ErrorCode::TooNested, span, "too many nested parentheses")
                    .by_tokenizer(span.start)
                    .label(format!("inside of {MAX_BRACKETS} other brackets"))
                    .help("give the inner parts names of their own");
            return self.fail(diagnostic, End::Whole);
        }
        self.open.push(Open {
            token,
            span,
            index: self.out.len(),
        });
        self.push(token, span);
    }

    fn close(&mut self, token: Token, span: Span) {
        match self.open.pop() {
            Some(open) if closes(open.token, token) => {
                self.last_closed = open.index;
                if open.token == Token::FLBrace {
                    self.push(Token::FRBrace, span);
                    self.fstring_text(span.end as usize);
                } else {
                    self.push(token, span);
                }
            }
            Some(open) => self.mismatch(open, token, span),
            None => {
                let message = format!("unmatched '{}'", token.text());
                let diagnostic = Diagnostic::error(ErrorCode::UnmatchedBracket, span, message)
                    .by_tokenizer(span.start);
                self.report(diagnostic.label("nothing is open that this could close"));
            }
        }
    }

    fn mismatch(&mut self, open: Open, token: Token, span: Span) {
        let (line, open_line) = (
            line_of(self.source, span.start),
            line_of(self.source, open.span.start),
        );
        let message = if open.token == Token::FLBrace {
            format!("f-string: unmatched '{}'", token.text())
        } else {
            let on_line = if line == open_line {
                String::new()
            } else {
                format!(" on line {open_line}")
            };
            let (closing, opening) = (token.text(), open.token.text());
            format!(
                "closing parenthesis '{closing}' does not match opening parenthesis '{opening}'{on_line}"
            )
        };
        let diagnostic = Diagnostic::error(ErrorCode::MismatchedBracket, span, message)
            .by_tokenizer(span.start)
            .label(format!("this `{}` closes nothing", token.text()))
            .also(
                open.span,
                format!("this `{}` is still open", open.token.text()),
            )
            .help(format!("write '{}' to close it", closing(open.token)));
        self.fail(diagnostic, End::Whole);
    }

    /// A `)` before the colon may be the end of `with (items)`: then its opening gets a token of its own.
    fn find_with_paren(&mut self) {
        let after_paren = self
            .out
            .last()
            .is_some_and(|lexeme| lexeme.token == Token::RParen);
        let before = self.last_closed.wrapping_sub(1);
        if after_paren
            && self.open.is_empty()
            && self
                .out
                .get(before)
                .is_some_and(|it| it.token == Token::With)
        {
            self.out[self.last_closed].token = Token::WithParen;
        }
    }

    fn number(&mut self, span: Span) {
        let end = match literal::scan_number(self.source, span.start as usize) {
            Ok(end) => end,
            Err((diagnostic, end)) => {
                self.report(*diagnostic);
                end
            }
        };
        self.seek(end);
        self.push(Token::Number, Span::new(span.start, end as u32));
    }

    fn string(&mut self, span: Span) {
        let prefix = Prefix::of(span.text(self.source));
        match literal::scan_string(self.source, span.end as usize, prefix) {
            Ok(end) => {
                self.seek(end);
                self.push(Token::String, Span::new(span.start, end as u32));
            }
            Err(end) => self.unterminated_string(span, end, prefix),
        }
    }

    fn unterminated_string(&mut self, span: Span, end: usize, prefix: Prefix) {
        if self
            .fstrings
            .last()
            .is_some_and(|it| it.prefix.quote == prefix.quote && it.prefix.triple == prefix.triple)
        {
            return self.unclosed_field(span);
        }
        self.unterminated(span, end, prefix, "string");
    }

    /// Reports a string or f-string (`what`) that starts with `span` and finds no end before `end`.
    pub(super) fn unterminated(&mut self, span: Span, end: usize, prefix: Prefix, what: &str) {
        let text = &self.source[span.start as usize..end];
        let line = line_of(
            self.source,
            span.start + text.trim_end_matches(['\n', '\r']).len() as u32,
        );
        let triple = if prefix.triple { "triple-quoted " } else { "" };
        let quotes = &span.text(self.source)[prefix.len - prefix.quotes()..];
        let escaped = what == "string" && text.contains(&format!("\\{quotes}"));
        let perhaps = if escaped && !prefix.triple {
            "; perhaps you escaped the end quote?"
        } else {
            ""
        };
        let message =
            format!("unterminated {triple}{what} literal (detected at line {line}){perhaps}");
        let advice = match escaped {
            true => {
                format!("a backslash makes {quotes} part of the text: for a backslash write two")
            }
            false => format!("close it with {quotes}"),
        };
        let code = if prefix.triple {
            ErrorCode::UnterminatedBlock
        } else {
            ErrorCode::UnterminatedString
        };
        let diagnostic = Diagnostic::error(code, span, message)
            .by_tokenizer(span.start)
            .label(format!("this {what} starts here and never ends"))
            .help(advice);
        if prefix.triple {
            return self.fail(diagnostic, End::InString);
        }
        self.report(diagnostic);
        self.abandon_line();
        self.push(Token::String, Span::new(span.start, end as u32));
        self.seek(end);
    }

    fn finish(&mut self) {
        if let Some(diagnostic) = unclosed(&self.open) {
            self.fail(diagnostic, End::InBracket);
        }
        let end = Span::at(self.source.len() as u32);
        if self.out.len() > self.line_first {
            if self.is_match_header() {
                self.out[self.line_first].token = Token::Match;
            }
            self.push(Token::Newline, end);
        }
        for _ in 1..self.levels.len() {
            self.push(Token::Dedent, end);
        }
    }
}

fn closes(open: Token, close: Token) -> bool {
    closing(open) == close.text()
}

pub(super) const fn closing(open: Token) -> &'static str {
    match open {
        Token::LParen => ")",
        Token::LBracket => "]",
        _ => "}",
    }
}
