//! apy: an interpreter for an async Python-like language that owns its scheduler.
//!
//! The crate shows its facade and nothing else: [`embed`] to run programs, [`cli`] for the program `apy`. Behind it are layers, each of
//! which names only those above it in this list (`tests/architecture.rs`); docs/internals/architecture.md is the map.

#![deny(clippy::disallowed_methods, clippy::disallowed_macros)]

pub(crate) use apy_front::{bytecode, compile, diagnostics, syntax, text};

pub(crate) mod runtime;
pub(crate) mod vm;

pub(crate) mod sched;
pub(crate) mod stdlib;

pub mod embed;

#[cfg(feature = "cli")]
pub mod cli;

/// The declarations of what programs can name: `tests/library.rs` writes docs/library from them. No part of the facade.
#[doc(hidden)]
pub mod reference {
    pub use crate::runtime::Builtin;
    pub use crate::stdlib::asyncio::{ASYNCIO, streams};
    pub use crate::stdlib::builtins;
    pub use crate::stdlib::registry::{ModuleType, NativeModule, NativeType};
    pub use crate::stdlib::{MODULES, collections};
    pub use crate::vm::Native;
}
