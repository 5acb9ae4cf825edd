//! Drives the pipeline from text to AST.

use lalrpop_util::{ParseError, lalrpop_mod};

use super::ast::Module;
use super::build_ast::Builder;
use super::layout;
use super::token::{Lexeme, Token};
use crate::diagnostics::{Code, Diagnostic, Span};

lalrpop_mod!(
    #[expect(clippy::all, unused_qualifications, reason = "generated")]
    grammar,
    "/apy.rs"
);

/// The result of parsing.
#[derive(Debug)]
pub struct Parsed {
    /// Present if nothing is wrong.
    pub module: Option<Module>,
    /// What is wrong, in source order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a whole file.
#[must_use]
pub fn parse_module(source: &str) -> Parsed {
    let layout = layout::lex(source);
    if !layout.diagnostics.is_empty() {
        return Parsed {
            module: None,
            diagnostics: layout.diagnostics,
        };
    }
    let mut builder = Builder::new(source);
    let tokens = layout
        .lexemes
        .iter()
        .map(|Lexeme { token, span }| Ok((span.start, *token, span.end)));
    let result = grammar::ModuleParser::new().parse(&mut builder, tokens);
    let mut diagnostics = builder.into_diagnostics();
    match result {
        Ok(body) if diagnostics.is_empty() => Parsed {
            module: Some(Module { body }),
            diagnostics,
        },
        Ok(_) => Parsed {
            module: None,
            diagnostics,
        },
        Err(error) => {
            diagnostics.push(generic(error));
            Parsed {
                module: None,
                diagnostics,
            }
        }
    }
}

fn generic(error: ParseError<u32, Token, ()>) -> Diagnostic {
    let span = match error {
        ParseError::UnrecognizedToken {
            token: (l, _, r), ..
        }
        | ParseError::ExtraToken { token: (l, _, r) } => Span::new(l, r),
        ParseError::UnrecognizedEof { location, .. } | ParseError::InvalidToken { location } => {
            Span::at(location)
        }
        ParseError::User { .. } => Span::default(),
    };
    Diagnostic::error(Code::InvalidSyntax, span, "invalid syntax")
}

/// The text of a source file, or why it is none.
pub fn decode_source(bytes: &[u8]) -> Result<String, Diagnostic> {
    Ok(std::str::from_utf8(bytes)
        .map_err(|_| Diagnostic::error(Code::NotUtf8, Span::at(0), "not UTF-8"))?
        .to_owned())
}
