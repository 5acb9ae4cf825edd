//! apy: an interpreter for an async Python-like language that owns its scheduler.
//!
//! The modules are layers: each names only modules above it in this list (`tests/architecture.rs` enforces it). To embed apy, begin
//! at `embed`; docs/internals/architecture.md is the map.

#![deny(clippy::disallowed_methods, clippy::disallowed_macros)]

pub use apy_front::{bytecode, compile, diagnostics, syntax, text};

pub mod runtime;
pub mod vm;

pub mod sched;
pub mod stdlib;

pub mod embed;

pub mod cli;
