//! The regular expressions of `re`: CPython's syntax, messages and results.
//!
//! A pattern goes through `parse` (text to `ast`, with `escape` and `group`), `program` (tree to instructions, with `charset` and
//! `first`) and `matcher` (instructions on a `text`): no Value is known there. `pattern`, `match_object`, `scanner`, `replace` and
//! `functions` are what programs see. `library/re.apy` adds the flags and the lexical scanner. Why the matcher is our own says
//! docs/decisions/0003.

mod ast;
mod charset;
mod complaint;
mod error;
mod escape;
mod first;
mod functions;
mod group;
mod match_object;
mod matcher;
mod parse;
mod pattern;
mod program;
mod replace;
mod scanner;
mod search;
mod source;
mod subject;
mod template;
mod text;
mod tree;

use super::registry::NativeModule;

/// The module that `re` takes its functions from.
pub const RE: NativeModule = NativeModule {
    functions: &[
        &functions::COMPILE,
        &functions::MATCH,
        &functions::FULLMATCH,
        &functions::SEARCH,
        &functions::FINDALL,
        &functions::FINDITER,
        &functions::SUB,
        &functions::SUBN,
        &functions::SPLIT,
        &functions::ESCAPE,
        &functions::PURGE,
        &tree::TREE,
    ],
    types: &[
        &pattern::PATTERN,
        &match_object::MATCH,
        &error::PATTERN_ERROR,
        &scanner::SCANNER_CLASS,
    ],
    ..NativeModule::of("_re", "Regular expressions.")
};
