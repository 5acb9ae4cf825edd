//! Colours of the text under the cursor, with the lexer's own idea of what it is.
//!
//! The text is cut into runs of one colour; nothing is added to it but colours, and the gutter of further lines is drawn as dots of
//! the same width. A bracket at the cursor and the one that it belongs to stand out. To colour a token: a row in `colour`.

use super::input::{CONTINUATION, LEVEL, MARK, clean};
use crate::cli::style::Style;
use crate::syntax::layout::{End, lex};
use crate::syntax::token::{Lexeme, Token};

/// SGR codes.
const KEYWORD: &str = "35";
const CONSTANT: &str = "36";
const STRING: &str = "32";
const NUMBER: &str = "36";
const COMMENT: &str = "2;3";
const DEFINED: &str = "34";
const COMMAND: &str = "33";
const BRACKETS: &str = "1;7";
const PLAIN: &str = "";
const DOTS: &str = "2";

/// A text as it is typed, the cursor at byte `at`; None: no cursor.
pub fn paint(text: &str, at: Option<usize>, style: Style) -> String {
    let code = clean(text);
    let mut colours = vec![PLAIN; code.len()];
    if code.trim_start().starts_with(':') {
        let word = code.find(' ').unwrap_or(code.len());
        colours[..word].fill(COMMAND);
    } else {
        let cursor = at
            .and_then(|at| text.get(..at))
            .map(|text| clean(text).len());
        colour_code(&code, cursor, &mut colours);
    }
    render(text, &colours, style)
}

fn colour_code(code: &str, cursor: Option<usize>, colours: &mut [&'static str]) {
    let layout = lex(code);
    let mut end = 0;
    let mut before = None;
    for lexeme in &layout.lexemes {
        let (start, stop) = (lexeme.span.start as usize, lexeme.span.end as usize);
        colour_comments(code, end, start, colours);
        if let Some(run) = colours.get_mut(start..stop) {
            run.fill(colour(lexeme.token, before));
        }
        end = end.max(stop);
        before = Some(lexeme.token);
    }
    if layout.end == End::InString {
        let start = code[end..]
            .find(['"', '\''])
            .map_or(code.len(), |at| end + at);
        colours[start..].fill(STRING);
    } else {
        colour_comments(code, end, code.len(), colours);
    }
    for place in cursor
        .into_iter()
        .flat_map(|at| brackets(&layout.lexemes, at))
    {
        colours[place] = BRACKETS;
    }
}

/// Between tokens stand only blanks and comments.
fn colour_comments(code: &str, start: usize, end: usize, colours: &mut [&'static str]) {
    let Some(gap) = code.get(start..end) else {
        return;
    };
    let mut at = start;
    for line in gap.split_inclusive('\n') {
        if let Some(hash) = line.find('#') {
            colours[at + hash..at + line.len()].fill(COMMENT);
        }
        at += line.len();
    }
}

fn colour(token: Token, before: Option<Token>) -> &'static str {
    match token {
        Token::True | Token::False | Token::None => CONSTANT,
        Token::Match | Token::Case | Token::Type => KEYWORD,
        Token::String | Token::FStart | Token::FMiddle | Token::FEnd => STRING,
        Token::Number => NUMBER,
        Token::Name if matches!(before, Some(Token::Def | Token::Class)) => DEFINED,
        token if token.is_keyword() => KEYWORD,
        _ => PLAIN,
    }
}

/// The bracket at or before the cursor and the one that it belongs to; none if there is no pair.
fn brackets(lexemes: &[Lexeme], cursor: usize) -> Vec<usize> {
    let mut open = Vec::new();
    for lexeme in lexemes {
        let at = lexeme.span.start as usize;
        match lexeme.token {
            Token::LParen | Token::WithParen | Token::LBracket | Token::LBrace | Token::FLBrace => {
                open.push(at);
            }
            Token::RParen | Token::RBracket | Token::RBrace | Token::FRBrace => {
                let Some(start) = open.pop() else {
                    return Vec::new();
                };
                if [start, start + 1, at, at + 1].contains(&cursor) {
                    return vec![start, at];
                }
            }
            _ => {}
        }
    }
    Vec::new()
}

/// Puts the colours of the code around the text, whose lines may have gutters and tabs beside.
fn render(text: &str, colours: &[&'static str], style: Style) -> String {
    let mut out = String::new();
    let mut at = 0;
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
            at += 1;
        }
        let body = line.trim_start_matches(MARK);
        let marks = line[..line.len() - body.len()].chars().count();
        let mut rest = body;
        if marks > 0 {
            let dots: String = CONTINUATION.chars().cycle().take(marks).collect();
            out.push_str(&style.paint(DOTS, &dots));
            rest = body.trim_start_matches('\t');
            let tabs = body.len() - rest.len();
            out.push_str(&LEVEL.repeat(tabs));
            at += tabs * LEVEL.len();
        }
        at = render_line(&mut out, rest, at, colours, style);
    }
    out
}

/// The rest of a line, the code from `at` on; where the code goes on.
fn render_line(
    out: &mut String,
    mut rest: &str,
    mut at: usize,
    colours: &[&'static str],
    style: Style,
) -> usize {
    // The prompt, gutters and indentation are all as wide as some levels.
    let mut column = 0;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(MARK) {
            out.push('.');
            rest = after;
            continue;
        }
        let (piece, after) = rest.split_at(run_length(rest, &colours[at..]));
        let shown = expand_tabs(piece, &mut column);
        match colours[at] {
            PLAIN => out.push_str(&shown),
            code => out.push_str(&style.paint(code, &shown)),
        }
        at += piece.len();
        rest = after;
    }
    at
}

/// Tabs as the editor counts them: up to the next multiple of a level.
fn expand_tabs(piece: &str, column: &mut usize) -> String {
    let mut out = String::new();
    for c in piece.chars() {
        let blanks = LEVEL.len() - *column % LEVEL.len();
        if c == '\t' {
            out.push_str(&LEVEL[..blanks]);
            *column += blanks;
        } else {
            out.push(c);
            *column += 1;
        }
    }
    out
}

/// How many bytes from here on have one colour, up to the next mark.
fn run_length(text: &str, colours: &[&'static str]) -> usize {
    let limit = text.find(MARK).unwrap_or(text.len());
    let same = colours
        .iter()
        .take_while(|&&code| code == colours[0])
        .count();
    let mut end = same.clamp(1, limit.max(1));
    while !text.is_char_boundary(end) {
        end += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::super::input::with_gutters;
    use super::*;
    use crate::diagnostics::Color;

    const COLOUR: Style = Style(Color::Always);
    const NO_COLOUR: Style = Style(Color::Never);

    #[test]
    fn words_have_colours_and_brackets_find_each_other() {
        let shown = paint("def f(): return '1'  # one", None, COLOUR);
        assert!(
            shown.contains("\x1b[35mdef\x1b[0m \x1b[34mf\x1b[0m"),
            "{shown}"
        );
        assert!(shown.contains("\x1b[32m'1'\x1b[0m"), "{shown}");
        assert!(shown.contains("\x1b[2;3m# one\x1b[0m"), "{shown}");
        let pair = paint("f(')')", Some(6), COLOUR);
        assert_eq!(
            pair,
            "f\x1b[1;7m(\x1b[0m\x1b[32m')'\x1b[0m\x1b[1;7m)\x1b[0m"
        );
    }

    #[test]
    fn nothing_is_lost_of_any_text() {
        let texts = [
            "",
            "x = '''é",
            "\"🦀",
            ")(",
            "f'{a!r:>{w}}",
            "#\n#",
            "\\\n",
            "é#é",
            ":help me",
            "\0",
            "if a:\n    b",
        ];
        for text in texts {
            for at in 0..=text.len() {
                assert_eq!(paint(text, Some(at), NO_COLOUR), text);
            }
            let typed = with_gutters(text);
            let shown = paint(&typed, Some(typed.len()), NO_COLOUR);
            assert_eq!(shown.replace("\n... ", "\n"), text);
        }
    }
}
