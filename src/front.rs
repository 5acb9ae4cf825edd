//! The front end: text to verified bytecode, on no heap and without the VM.
//!
//! A crate of its own, so that the build script of `apy` can compile the modules of `src/library` with the very compiler that the
//! program carries. `apy` shows these layers under the same paths (`crate::syntax`). The package is `grammar/`.

#![deny(clippy::disallowed_methods, clippy::disallowed_macros)]

pub mod diagnostics;
pub mod text;

pub mod syntax;

pub mod bytecode;
pub mod compile;
