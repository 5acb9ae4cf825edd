//! `apy check`: what can be said of a program without running it.
//!
//! Mistakes are those that running would report first. Warnings are the compiler's and those of `compile::lint`, which needs no
//! types: it says only what the text itself shows. Status 1 if there is anything to say.

use super::args::{Settings, Source, Talk, Warnings};
use super::run::{draw, read};
use super::status;
use super::style::{complain, say};
use crate::bytecode::GlobalNames;
use crate::compile::{Mode, compile_module, lint};
use crate::diagnostics::{Diagnostic, SourceMap};
use crate::stdlib::builtins;
use crate::syntax::parser::{decode_source, parse_module};

/// Checks programs; the exit status.
pub fn check(programs: Vec<Source>, settings: &Settings) -> u8 {
    let mut status = status::OK;
    for program in programs {
        let (name, bytes) = match read(&program) {
            Ok(read) => read,
            Err(problem) => {
                complain(&problem);
                status = status::USAGE;
                continue;
            }
        };
        let mut sources = SourceMap::new();
        let file = sources.add(name.clone(), String::from_utf8_lossy(&bytes));
        let mut found = findings(&bytes, file.0);
        if settings.warnings == Warnings::Ignore {
            found.retain(|finding| !finding.is_warning());
        }
        say(&draw(&found, &sources, file, settings.style));
        if !found.is_empty() {
            status = status.max(status::FAILURE);
        } else if settings.talk == Talk::Verbose {
            complain(&format!("{name}: nothing to say"));
        }
    }
    status
}

/// All that is to be said about a text, in source order.
fn findings(bytes: &[u8], file: u32) -> Vec<Diagnostic> {
    let text = match decode_source(bytes) {
        Ok(text) => text,
        Err(mistake) => return vec![*mistake],
    };
    let parsed = parse_module(&text);
    let Some(module) = parsed.module else {
        return parsed.diagnostics;
    };
    let mut globals = GlobalNames::new();
    match compile_module(&module, file, &text, Mode::Script, &mut globals) {
        Err(mistakes) => mistakes,
        Ok((_, mut warnings)) => {
            warnings.extend(lint(&module, &builtins::names()));
            warnings.sort_by_key(Diagnostic::span);
            warnings
        }
    }
}
