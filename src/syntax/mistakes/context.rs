//! The place where the grammar refused a token, and what stands around it.
//!
//! What the functions that explain mistakes ask: which token, what precedes it, in which bracket, on which line. They see
//! tokens only; there is no AST where parsing failed.

use super::super::expected::Expected;
use super::super::token::{Lexeme, Token};
use crate::diagnostics::Span;

/// A refusal: the parser's part of the story.
pub struct Stop<'a> {
    /// The whole text.
    pub source: &'a str,
    /// All its tokens.
    pub lexemes: &'a [Lexeme],
    /// Which of them was refused; their number if it was the end.
    pub index: usize,
    /// What would have been taken, as lalrpop lists it.
    pub expected: &'a [String],
    /// Whether tokens are an expression, as the parser tells.
    pub is_expression: fn(&str, &[Lexeme]) -> bool,
}

/// A refusal with the surroundings that recognisers ask about.
pub(super) struct Context<'a> {
    pub(super) source: &'a str,
    pub(super) lexemes: &'a [Lexeme],
    pub(super) index: usize,
    pub(super) expected: Expected<'a>,
    is_expression: fn(&str, &[Lexeme]) -> bool,
    /// Index of the first token of the logical line.
    pub(super) line: usize,
    /// Indices of the brackets that are open on the line before the refused token, outermost first.
    pub(super) open: Vec<usize>,
}

impl<'a> Context<'a> {
    pub(super) fn new(stop: &Stop<'a>) -> Self {
        let Stop {
            source,
            lexemes,
            index,
            expected,
            is_expression,
        } = *stop;
        let line = line_start(lexemes, index);
        let open = open_brackets(lexemes, line, index);
        Self {
            source,
            lexemes,
            index,
            expected: Expected::new(expected),
            is_expression,
            line,
            open,
        }
    }

    /// The refused token; None at the end of the text.
    pub(super) fn token(&self) -> Option<Token> {
        self.at(self.index)
    }

    /// Whether these tokens are an expression.
    pub(super) fn is_expression(&self, tokens: &[Lexeme]) -> bool {
        (self.is_expression)(self.source, tokens)
    }

    /// The token at an index.
    pub(super) fn at(&self, index: usize) -> Option<Token> {
        self.lexemes.get(index).map(|lexeme| lexeme.token)
    }

    /// The token before the refused one, on the same line.
    pub(super) fn before(&self) -> Option<Token> {
        (self.index > self.line)
            .then(|| self.at(self.index - 1))
            .flatten()
    }

    /// The first token of the logical line.
    pub(super) fn first(&self) -> Option<Token> {
        self.at(self.line)
    }

    /// Where the refused token stands.
    pub(super) fn span(&self) -> Span {
        self.span_at(self.index)
    }

    /// Where a token stands.
    pub(super) fn span_at(&self, index: usize) -> Span {
        let end = Span::at(self.source.len() as u32);
        self.lexemes.get(index).map_or(end, |lexeme| lexeme.span)
    }

    /// The text of the refused token.
    pub(super) fn text(&self) -> &'a str {
        self.text_at(self.index)
    }

    /// The text of a token.
    pub(super) fn text_at(&self, index: usize) -> &'a str {
        self.span_at(index).text(self.source)
    }

    /// The innermost open bracket.
    pub(super) fn bracket(&self) -> Option<Token> {
        self.open.last().and_then(|&index| self.at(index))
    }

    /// Index of the first token of the statement, after `async` and decorations such as `x = 1;`.
    pub(super) fn statement(&self) -> usize {
        let line = &self.lexemes[self.line..self.index.min(self.lexemes.len())];
        let simple = line
            .iter()
            .rposition(|lexeme| lexeme.token == Token::Semicolon);
        self.line + simple.map_or(0, |index| index + 1)
    }

    /// Index of the first token of the operand (name, literal, call, bracket ...) whose last token is at `last`.
    pub(super) fn operand_start(&self, last: usize) -> usize {
        let mut at = last;
        loop {
            at = match self.at(at) {
                Some(Token::RParen | Token::RBracket | Token::RBrace | Token::FEnd) => {
                    self.opening(at)
                }
                _ => at,
            };
            if at <= self.line {
                return self.line;
            }
            let is_trailer = matches!(self.at(at), Some(Token::LParen | Token::LBracket));
            match self.at(at - 1) {
                Some(Token::Dot) if at >= self.line + 2 => at -= 2,
                Some(before) if is_trailer && before.ends_expression() => at -= 1,
                _ => return at,
            }
        }
    }

    /// Index of the last token of the operand, without comparisons, that starts at `first`.
    pub(super) fn operand_end(&self, first: usize) -> usize {
        use Token::*;
        let mut depth = 0;
        for at in first..self.lexemes.len() {
            let token = self.lexemes[at].token;
            let closes = matches!(token, RParen | RBracket | RBrace | FRBrace | FEnd);
            let ends = matches!(
                token,
                Newline
                    | Comma
                    | Colon
                    | Equal
                    | Semicolon
                    | Walrus
                    | And
                    | Or
                    | In
                    | Is
                    | Less
                    | LessEqual
                    | Greater
                    | GreaterEqual
                    | EqualEqual
                    | NotEqual
                    | If
                    | Else
                    | For
                    | As
                    | Unknown
            );
            let is_not = token == Not && at > first;
            if depth == 0 && (closes || ends || is_not) {
                return at.saturating_sub(1).max(first);
            }
            depth += usize::from(opens(token) || token == FStart);
            depth -= usize::from(closes);
        }
        self.lexemes.len().saturating_sub(1)
    }

    /// Whether the innermost bracket holds the parameters of a `def`.
    pub(super) fn in_params(&self) -> bool {
        matches!(self.first(), Some(Token::Def | Token::Async)) && self.open.len() == 1
    }

    /// Index of the bracket that the one at `closing` closes.
    pub(super) fn opening(&self, closing: usize) -> usize {
        let mut depth = 0;
        for at in (self.line..=closing).rev() {
            match self.lexemes[at].token {
                Token::RParen | Token::RBracket | Token::RBrace | Token::FRBrace | Token::FEnd => {
                    depth += 1
                }
                token if opens(token) || token == Token::FStart => {
                    depth -= 1;
                    if depth == 0 {
                        return at;
                    }
                }
                _ => {}
            }
        }
        self.line
    }

    /// Indices of the tokens from `from` up to the refused one that stand in no bracket opened after `from`.
    pub(super) fn top_level(&self, from: usize) -> Vec<usize> {
        let mut depth = 0;
        let mut found = Vec::new();
        for at in from..self.index.min(self.lexemes.len()) {
            let token = self.lexemes[at].token;
            if matches!(
                token,
                Token::RParen | Token::RBracket | Token::RBrace | Token::FRBrace | Token::FEnd
            ) {
                depth -= 1;
            }
            if depth == 0 {
                found.push(at);
            }
            if opens(token) || token == Token::FStart {
                depth += 1;
            }
        }
        found
    }
}

fn line_start(lexemes: &[Lexeme], index: usize) -> usize {
    let before = &lexemes[..index.min(lexemes.len())];
    let starts =
        |lexeme: &Lexeme| matches!(lexeme.token, Token::Newline | Token::Indent | Token::Dedent);
    before.iter().rposition(starts).map_or(0, |index| index + 1)
}

fn open_brackets(lexemes: &[Lexeme], from: usize, to: usize) -> Vec<usize> {
    let mut open = Vec::new();
    for (at, lexeme) in lexemes.iter().enumerate().take(to).skip(from) {
        match lexeme.token {
            token if opens(token) => open.push(at),
            Token::RParen | Token::RBracket | Token::RBrace | Token::FRBrace => {
                open.pop();
            }
            _ => {}
        }
    }
    open
}

const fn opens(token: Token) -> bool {
    matches!(
        token,
        Token::LParen | Token::WithParen | Token::LBracket | Token::LBrace | Token::FLBrace
    )
}
