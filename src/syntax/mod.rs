//! Text to AST. The only layer that names logos and lalrpop.
//!
//! The pipeline, in order: `token` (characters to tokens), `layout` with `fstring` (lines, indentation and f-strings),
//! the grammar in `grammar/apy.lalrpop`, `build_ast` with `literal` (what its actions call), `ast` (the
//! result). `parser` drives it all; `recovery`, `mistakes` and `expected` are for programs with syntax errors; `visit`
//! and `dump` are for readers of the result.

pub mod ast;
pub mod build_ast;
mod character;
pub mod dump;
mod expected;
pub mod layout;
pub mod literal;
mod mistakes;
mod odd_literals;
mod operator;
pub mod parser;
mod recovery;
pub mod token;
pub mod visit;

pub use dump::{dump_module, dump_tokens};
pub use parser::{Parsed, ReplInput, decode_source, decode_utf8, parse_module, parse_repl};
