//! Characters that stand where they mean nothing, as part of the layout pass.
//!
//! Identifiers follow Unicode's XID_Start and XID_Continue, as in CPython. Typographic characters that editors and web
//! pages put in place of plain ones are recognised; to add one, add it to `ascii_twin`.

use super::layout::Layouter;
use super::token::Token;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::text::unicode;

impl Layouter<'_> {
    /// Whether the text is an identifier; reports the first character that cannot be in one.
    pub(super) fn is_name(&mut self, text: &str, span: Span) -> bool {
        let valid = |(at, c): &(usize, char)| match at {
            0 => unicode::starts_identifier(*c),
            _ => unicode::continues_identifier(*c),
        };
        let Some((at, c)) = text.char_indices().find(|pair| !valid(pair)) else {
            return true;
        };
        let start = span.start + at as u32;
        self.invalid_character(c, Span::new(start, start + c.len_utf8() as u32));
        false
    }

    /// A character that starts no token.
    pub(super) fn bad_character(&mut self, span: Span) {
        let c = span.text(self.source).chars().next().unwrap_or('\u{FFFD}');
        self.invalid_character(c, span);
    }

    fn invalid_character(&mut self, c: char, span: Span) {
        let number = u32::from(c);
        let message = if is_printable(c) {
            format!("invalid character '{c}' (U+{number:04X})")
        } else {
            format!("invalid non-printable character U+{number:04X}")
        };
        let diagnostic =
            Diagnostic::error(ErrorCode::InvalidCharacter, span, message).by_tokenizer(span.start);
        let diagnostic = match ascii_twin(c) {
            Some(twin) => diagnostic
                .label(format!("looks like {twin}"))
                .help(format!("write {twin}")),
            None => {
                diagnostic.label("this character has no meaning outside of strings and comments")
            }
        };
        self.report(diagnostic);
    }

    /// A character of ASCII that the language has no use for: the grammar refuses it.
    pub(super) fn unknown(&mut self, span: Span) {
        let text = span.text(self.source);
        if let Some(c) = text.chars().next().filter(char::is_ascii_control) {
            return self.invalid_character(c, span);
        }
        self.push(Token::Unknown, span);
    }
}

fn is_printable(c: char) -> bool {
    use unicode_general_category::GeneralCategory::{
        Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, SpaceSeparator, Surrogate,
        Unassigned,
    };
    !matches!(
        unicode_general_category::get_general_category(c),
        Control
            | Format
            | LineSeparator
            | ParagraphSeparator
            | PrivateUse
            | SpaceSeparator
            | Surrogate
            | Unassigned
    )
}

/// What the writer of a typographic character most likely meant.
const fn ascii_twin(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{AB}' | '\u{BB}' | '\u{FF02}' => "\"",
        '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{2032}' | '\u{B4}' => "'",
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}' => "-",
        '\u{A0}' | '\u{2000}'..='\u{200B}' | '\u{202F}' | '\u{3000}' | '\u{FEFF}' => {
            "a plain space"
        }
        '\u{D7}' | '\u{2217}' => "*",
        '\u{F7}' | '\u{2215}' => "/",
        '\u{2264}' => "<=",
        '\u{2265}' => ">=",
        '\u{2260}' => "!=",
        '\u{FF08}' => "(",
        '\u{FF09}' => ")",
        '\u{FF0C}' => ",",
        '\u{FF1A}' => ":",
        '\u{FF1B}' => ";",
        '\u{FF1D}' => "=",
        '\u{2192}' => "->",
        _ => return None,
    })
}
