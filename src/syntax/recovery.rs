//! Going on after a mistake: where to start anew, and how the rest looks like a module of its own.
//!
//! Parsing restarts at the beginning of a statement, perhaps deep in blocks whose headers are lost. `Resumed` leaves out
//! what belongs to the lost part: the DEDENTs of its blocks, and `else`, `except`, `case` and the like
//! that continue a lost statement (their blocks are still parsed). So a mistake does not cause others.

use super::token::{Lexeme, Token};

/// The tokens from a restart on, as a whole module.
pub struct Resumed<'a> {
    lexemes: &'a [Lexeme],
    at: usize,
    /// Blocks open whose INDENT was handed out.
    depth: usize,
    /// Whether a statement is about to start.
    at_statement: bool,
    /// Whether the last statement outside of handed-out blocks can be continued by a clause.
    can_continue: bool,
    /// In the first run nothing is lost, so nothing is left out.
    is_first: bool,
}

impl<'a> Resumed<'a> {
    /// Starts at `start`, which is 0 or where `next_statement` said.
    #[must_use]
    pub fn new(lexemes: &'a [Lexeme], start: usize) -> Self {
        Self {
            lexemes,
            at: start,
            depth: 0,
            at_statement: true,
            can_continue: false,
            is_first: start == 0,
        }
    }

    /// Whether a clause starts here whose statement is lost.
    fn is_lost_clause(&self, token: Token) -> bool {
        let clause = matches!(
            token,
            Token::Else | Token::Elif | Token::Except | Token::Finally | Token::Case
        );
        clause && self.at_statement && self.depth == 0 && !self.can_continue
    }

    /// Skips the header of a clause, into its block if it has one.
    fn skip_header(&mut self) {
        self.at = line_end(self.lexemes, self.at);
        if self
            .lexemes
            .get(self.at)
            .is_some_and(|next| next.token == Token::Indent)
        {
            self.at += 1;
        }
    }
}

impl Iterator for Resumed<'_> {
    type Item = Lexeme;

    fn next(&mut self) -> Option<Lexeme> {
        loop {
            let lexeme = *self.lexemes.get(self.at)?;
            if self.is_first {
                self.at += 1;
                return Some(lexeme);
            }
            if lexeme.token == Token::Dedent && self.depth == 0 {
                self.at += 1;
                self.can_continue = false;
                continue;
            }
            if self.is_lost_clause(lexeme.token) {
                self.skip_header();
                continue;
            }
            self.at += 1;
            if self.at_statement && self.depth == 0 {
                self.can_continue = continues(lexeme.token);
            }
            match lexeme.token {
                Token::Indent => self.depth += 1,
                Token::Dedent => self.depth -= 1,
                _ => {}
            }
            self.at_statement =
                matches!(lexeme.token, Token::Newline | Token::Indent | Token::Dedent);
            return Some(lexeme);
        }
    }
}

/// Whether a statement that starts so, or a clause of it, can have a further clause.
const fn continues(token: Token) -> bool {
    use Token::*;
    matches!(
        token,
        If | Elif | Else | For | While | Try | Except | Finally | Async | Dedent
    )
}

/// Where to start anew if a run that began at `start` was stopped by the token at `index`.
#[must_use]
pub fn next_statement(lexemes: &[Lexeme], start: usize, index: usize) -> usize {
    let before = index.checked_sub(1).and_then(|before| lexemes.get(before));
    let starts_statement =
        before.is_some_and(|it| matches!(it.token, Token::Newline | Token::Indent | Token::Dedent));
    let next = match lexemes.get(index).map(|lexeme| lexeme.token) {
        None => return lexemes.len(),
        Some(Token::Indent | Token::Dedent) => index + 1,
        Some(_) if starts_statement && index > start => index,
        Some(_) => line_end(lexemes, index),
    };
    match lexemes.get(next) {
        Some(lexeme) if lexeme.token == Token::Indent => next + 1,
        _ => next,
    }
}

/// Index after the NEWLINE of the logical line that `index` is on.
fn line_end(lexemes: &[Lexeme], index: usize) -> usize {
    let rest = lexemes.get(index..).unwrap_or_default();
    rest.iter()
        .position(|lexeme| lexeme.token == Token::Newline)
        .map_or(lexemes.len(), |len| index + len + 1)
}
