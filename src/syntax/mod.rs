//! Text to AST. The only layer that names logos and lalrpop.
//!
//! The pipeline, in order: `token` (characters to tokens), `layout` with `fstring` (lines, indentation and f-strings),
//! the grammar in `grammar/apy.lalrpop`, `build_ast` with `literal` (what its actions call), `ast` (the
//! result). `parser` drives it all; `visit` and `dump` are for those who read the result.

pub mod ast;
pub mod build_ast;
mod fstring;
pub mod layout;
pub mod literal;
pub mod parser;
pub mod token;
pub mod visit;

pub use parser::{Parsed, decode_source, parse_module};
