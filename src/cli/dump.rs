//! `apy tokens | ast | scopes | dis`: what each stage makes of a program.
//!
//! The listings themselves are written by the stages; the tests compare them with files under `tests/dumps`. A text with mistakes
//! has tokens and nothing else: the mistakes are drawn, status 1. A new stage is a row in `args::command::DUMPS` and an arm in `list`.

use super::args::{Dump, ProgramText, Settings};
use super::run::{draw, read};
use super::style::{complain, say};
use super::{output, status};
use crate::bytecode::{GlobalNames, dis};
use crate::compile::{Mode, compile_module, dump as scopes};
use crate::diagnostics::{Diagnostic, FileId, SourceMap};
use crate::syntax::parser::{decode_source, parse_module};
use crate::syntax::{dump_module, dump_tokens};

/// Prints a listing; the exit status.
pub fn dump(dump: Dump, source: ProgramText, settings: &Settings) -> u8 {
    let (name, bytes) = match read(&source) {
        Ok(read) => read,
        Err(problem) => {
            complain(&problem);
            return status::USAGE;
        }
    };
    let mut sources = SourceMap::new();
    let file = sources.add(name, String::from_utf8_lossy(&bytes));
    match decode_source(&bytes)
        .map_err(|mistake| vec![*mistake])
        .and_then(|text| list(dump, &text, &sources, file))
    {
        Ok(listing) => output::write_listing(&listing),
        Err(mistakes) => {
            say(&draw(&mistakes, &sources, file, settings.style));
            status::FAILURE
        }
    }
}

fn list(
    dump: Dump,
    text: &str,
    sources: &SourceMap,
    file: FileId,
) -> Result<String, Vec<Diagnostic>> {
    if dump == Dump::Tokens {
        return Ok(dump_tokens(text));
    }
    let parsed = parse_module(text);
    let Some(module) = parsed.module else {
        return Err(parsed.diagnostics);
    };
    match dump {
        Dump::Tokens | Dump::Ast => Ok(dump_module(&module)),
        Dump::Scopes => Ok(scopes::scopes(&module)),
        Dump::Dis => {
            let mut globals = GlobalNames::new();
            let (code, _) = compile_module(&module, file.0, text, Mode::Script, &mut globals)?;
            Ok(dis::listing(&code, sources.file(file), &globals))
        }
    }
}
