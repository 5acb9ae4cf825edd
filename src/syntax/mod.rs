//! Text to AST. The only layer that names logos and lalrpop.
//!
//! The pipeline, in order: `token` (characters to tokens), `layout` (lines and indentation to tokens),
//! the grammar in `grammar/apy.lalrpop`, `build_ast` (what its actions call), `ast` (the result).

pub mod ast;
