//! Drives the pipeline from text to AST.
//!
//! Never panics and never fails: the result is a module, or diagnostics, on any text. When the grammar refuses a
//! token, the mistake is explained (`mistakes`) and parsing starts anew at the next statement (`recovery`), so one
//! run reports the independent mistakes of a file. Mistakes in the text itself (open strings and
//! brackets, bad indentation) end parsing before the line they are on: what follows would be guesswork.

use lalrpop_util::{ParseError, lalrpop_mod};

use super::ast::{Module, Stmt, StmtKind};
use super::build_ast::Builder;
use super::layout::{self, End, FirstMistake, Layout};
use super::mistakes::{self, Stop};
use super::recovery::Resumed;
use super::token::{Lexeme, Token};
use crate::diagnostics::source_map::line_of;
use crate::diagnostics::{Diagnostic, ErrorCode, Finder, Span};
use crate::text::source_encoding;

lalrpop_mod!(
    #[expect(
        clippy::all,
        clippy::allow_attributes_without_reason,
        clippy::unwrap_used,
        unused_qualifications,
        reason = "generated"
    )]
    grammar,
    "/apy.rs"
);

/// Behind this many mistakes the rest is most likely noise.
const MAX_DIAGNOSTICS: usize = 20;

/// The result of parsing.
#[derive(Debug)]
pub struct Parsed {
    /// Present if nothing is wrong.
    pub module: Option<Module>,
    /// What is wrong, in source order.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a text typed at a prompt is.
#[derive(Debug)]
pub enum ReplInput {
    /// Statements that can run.
    Complete(Module),
    /// The start of something: ask for another line.
    Incomplete,
    /// Wrong, whatever follows.
    Invalid(Vec<Diagnostic>),
}

/// Parses a whole file.
#[must_use]
pub fn parse_module(source: &str) -> Parsed {
    let Err(too_large) = check_size(source.len()) else {
        return parse_lexemes(source, layout::lex(source)).0;
    };
    Parsed {
        module: None,
        diagnostics: vec![too_large],
    }
}

/// Parses what was typed so far at a prompt; lines end in `\n`, the last line need not.
///
/// As in Python, a statement with a block is complete only when a blank line follows it.
#[must_use]
pub fn parse_repl(source: &str) -> ReplInput {
    if let Err(too_large) = check_size(source.len()) {
        return ReplInput::Invalid(vec![too_large]);
    }
    let layout = layout::lex(source);
    if layout.end != End::Whole && layout.diagnostics.len() == 1 {
        return ReplInput::Incomplete;
    }
    let is_cut = layout.first.is_some();
    let (parsed, stopped) = parse_lexemes(source, layout);
    let ended = source
        .rsplit('\n')
        .next()
        .is_some_and(|line| line.trim().is_empty())
        && source.contains('\n');
    match parsed.module {
        Some(module) if ended || !module.body.last().is_some_and(has_block) => {
            ReplInput::Complete(module)
        }
        Some(_) => ReplInput::Incomplete,
        None if stopped == Stopped::AtEnd && !ended && !is_cut => ReplInput::Incomplete,
        None => ReplInput::Invalid(parsed.diagnostics),
    }
}

/// The text of a source file, decoded as its coding cookie says, or why it is none; the span then counts in the bytes given.
pub fn decode_source(bytes: &[u8]) -> Result<String, Box<Diagnostic>> {
    check_size(bytes.len())?;
    match source_encoding::to_utf8(bytes) {
        Ok(bytes) => decode_utf8(&bytes),
        Err(problem) => Err(Box::new(
            Diagnostic::error(ErrorCode::NotUtf8, Span::at(0), problem.of_file())
                .help("the comment with `coding` in it names the encoding of the file"),
        )),
    }
}

/// The same of bytes that are UTF-8, whatever a cookie says.
pub fn decode_utf8(bytes: &[u8]) -> Result<String, Box<Diagnostic>> {
    check_size(bytes.len())?;
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let byte = bytes.get(at).copied().unwrap_or(0);
        let line = 1 + bytes[..at].iter().filter(|&&byte| byte == b'\n').count();
        let message = format!("(unicode error) 'utf-8' codec can't decode byte 0x{byte:02x} in position {at} (line {line})");
        Diagnostic::error(ErrorCode::NotUtf8, Span::at(at as u32), message).help("save the file as UTF-8")
    })?;
    if let Some(at) = text.find('\0') {
        let span = Span::new(at as u32, at as u32 + 1);
        let message = "source code cannot contain null bytes";
        return Err(Box::new(
            Diagnostic::error(ErrorCode::NullByte, span, message)
                .help("is this a source file, and is it UTF-8?"),
        ));
    }
    Ok(text.to_owned())
}

fn check_size(bytes: usize) -> Result<(), Diagnostic> {
    if u32::try_from(bytes).is_ok() {
        return Ok(());
    }
    Err(Diagnostic::error(
        ErrorCode::FileTooLarge,
        Span::default(),
        "the source text is larger than 4 GB",
    ))
}

/// Where the first run over the tokens stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stopped {
    Nowhere,
    InBetween,
    AtEnd,
}

/// Parses the tokens of a text up to the first mistake in the text itself.
fn parse_lexemes(source: &str, layout: Layout) -> (Parsed, Stopped) {
    let Layout {
        mut lexemes,
        diagnostics: wrong,
        first,
        ..
    } = layout;
    let is_cut = first.is_some();
    if let Some(first) = first {
        lexemes.truncate(first.tokens);
    }
    let mut builder = Builder::new(source);
    let mut diagnostics = Vec::new();
    let mut refused = None;
    let mut stopped = Stopped::Nowhere;
    let mut start = 0;
    let module = loop {
        let tokens = Resumed::new(&lexemes, start)
            .map(|Lexeme { token, span }| Ok((span.start, token, span.end)));
        let error = match grammar::ModuleParser::new().parse(&mut builder, tokens) {
            Ok(body) => {
                let warnings = builder.take_warnings();
                break Module { body, warnings };
            }
            Err(error) => error,
        };
        let (index, expected) = place(&lexemes, error);
        let rest = lexemes.get(index..).unwrap_or_default();
        let at_end = rest.iter().all(|lexeme| lexeme.token == Token::Dedent);
        if stopped == Stopped::Nowhere {
            stopped = if at_end {
                Stopped::AtEnd
            } else {
                Stopped::InBetween
            };
        }
        refused = Some(index);
        if !(is_cut && index == lexemes.len()) {
            diagnostics.push(mistakes::explain(&Stop {
                source,
                lexemes: &lexemes,
                index,
                expected: &expected,
                is_expression,
            }));
        }
        start = super::recovery::next_statement(&lexemes, start, index);
        if start >= lexemes.len() || diagnostics.len() >= MAX_DIAGNOSTICS {
            break Module {
                body: Vec::new(),
                warnings: Vec::new(),
            };
        }
    };
    diagnostics.extend(builder.into_diagnostics());
    if let Some(first) = first {
        join_mistakes(source, &lexemes, refused, first, wrong, &mut diagnostics);
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.span().start);
    let module = (diagnostics.is_empty() && stopped == Stopped::Nowhere).then_some(module);
    (
        Parsed {
            module,
            diagnostics,
        },
        stopped,
    )
}

/// Adds the mistakes in the text itself to those of the grammar. On the line where both found one, one counts: as in CPython that
/// of the tokenizer, except where the parser stops before it needs the token.
fn join_mistakes(
    source: &str,
    lexemes: &[Lexeme],
    refused: Option<usize>,
    first: FirstMistake,
    mut wrong: Vec<Diagnostic>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let newline = lexemes.iter().rposition(|it| it.token == Token::Newline);
    let line = newline.map_or(0, |index| index + 1);
    let start = lexemes.get(line).map_or(u32::MAX, |first| first.span.start);
    let last = diagnostics
        .iter()
        .rposition(|it| it.finder == Finder::Parser);
    let parser_wins = matches!((refused, last), (Some(index), Some(last)) if index >= line
        && index < lexemes.len()
        && !tokenizer_wins(source, lexemes, index, first, &wrong[0], &diagnostics[last]));
    if parser_wins {
        wrong.remove(0);
    } else {
        diagnostics.retain(|diagnostic| diagnostic.span().start < start);
    }
    diagnostics.append(&mut wrong);
}

/// Whether a mistake in the text comes before one that the grammar found at the token `index` of the same line.
fn tokenizer_wins(
    source: &str,
    lexemes: &[Lexeme],
    index: usize,
    first: FirstMistake,
    in_text: &Diagnostic,
    in_grammar: &Diagnostic,
) -> bool {
    let looks_ahead = in_grammar.code == ErrorCode::MissingComma;
    let end = lexemes.last().map_or(0, |last| last.span.end);
    let needs_value = in_grammar.code == ErrorCode::AssignInExpression
        && in_grammar.quoted.is_some_and(|quoted| quoted.end >= end);
    if looks_ahead && index + 1 >= lexemes.len() || needs_value {
        return true;
    }
    match in_text.finder {
        Finder::Tokenizer => !first.in_fstring,
        _ if in_text.code == ErrorCode::UnclosedBracket => {
            let last = lexemes[(index + usize::from(looks_ahead)).min(lexemes.len() - 1)];
            line_of(source, last.span.start) > line_of(source, in_text.span().start)
        }
        _ => false,
    }
}

/// Whether tokens of one line are an expression.
fn is_expression(source: &str, lexemes: &[Lexeme]) -> bool {
    let Some(last) = lexemes.last() else {
        return false;
    };
    let newline = Lexeme {
        token: Token::Newline,
        span: Span::at(last.span.end),
    };
    let tokens = lexemes
        .iter()
        .chain([&newline])
        .map(|Lexeme { token, span }| Ok((span.start, *token, span.end)));
    let mut builder = Builder::new(source);
    let parsed = grammar::ModuleParser::new().parse(&mut builder, tokens);
    let is_one = |body: &Vec<Stmt>| {
        matches!(
            body.as_slice(),
            [Stmt {
                kind: StmtKind::Expr(_),
                ..
            }]
        )
    };
    parsed.is_ok_and(|body| is_one(&body))
}

/// Index of the token that the grammar refused (the number of tokens for the end), and what it would have taken.
fn place(lexemes: &[Lexeme], error: ParseError<u32, Token, ()>) -> (usize, Vec<String>) {
    match error {
        ParseError::UnrecognizedToken {
            token: (start, token, _),
            expected,
        } => {
            let first = lexemes.partition_point(|lexeme| lexeme.span.start < start);
            let same = lexemes[first..]
                .iter()
                .position(|lexeme| lexeme.token == token);
            (first + same.unwrap_or(0), expected)
        }
        ParseError::UnrecognizedEof { expected, .. } => (lexemes.len(), expected),
        ParseError::ExtraToken { .. }
        | ParseError::InvalidToken { .. }
        | ParseError::User { .. } => (lexemes.len(), Vec::new()),
    }
}

/// Whether a statement is one with blocks: `if`, `def` and their kin.
pub fn has_block(stmt: &Stmt) -> bool {
    use StmtKind::*;
    matches!(
        stmt.kind,
        If { .. }
            | While { .. }
            | For { .. }
            | With { .. }
            | Try { .. }
            | Match { .. }
            | FunctionDef(_)
            | ClassDef(_)
    )
}
