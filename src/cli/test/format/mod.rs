//! The results as other programs read them: one file a format, each one function from a summary to a text.
//!
//! To add a format: a file here, a variant of `args::Format`, a value of `--format`, an arm in `test::test`.

pub mod json;
pub mod junit;
pub mod tap;
