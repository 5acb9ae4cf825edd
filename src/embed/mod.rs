//! The facade: an interpreter that runs programs, and nothing else to know.
//!
//! Here alone the front end and the VM meet. `interpreter` owns the VM with its scheduler and turns the end of a run into an
//! `Outcome`; `loader` finds what `import` names, compiles and links texts; `library` lists the modules written in apy;
//! `session` answers what a prompt asks, `surroundings` what a check of a program asks; `present` has the texts of exceptions and reports.
//! To embed apy: see `engine`. The program `apy` makes an `Interpreter` from `Options` and a host of its own.

pub mod engine;
#[doc(hidden)]
pub mod fuzzing;
mod interpreter;
#[cfg(test)]
mod latency;
mod library;
mod library_classes;
mod loader;
pub mod module_store;
pub mod os_files;
pub mod os_processes;
mod os_seldom_calls;
#[cfg(test)]
mod pairs;
pub(crate) mod present;
mod run_module;
pub mod sandbox;
mod session;
mod surroundings;
mod tree;
pub mod world;

use std::cell::RefCell;
use std::rc::Rc;

pub use crate::compile::Mode;
use crate::diagnostics::{Diagnostic, FileId, SourceMap};
pub use crate::runtime::heap::{LimitKind, Limits};
pub use interpreter::{Interpreter, Options, Outcome};
pub use session::{Found, KEY, Nothing};
pub use surroundings::Surroundings;

/// The source texts of a program, shared by the interpreter, which adds to them, and the host, which draws excerpts.
pub type Sources = Rc<RefCell<SourceMap>>;

/// Hears of a warning about source text.
pub type Warn = Box<dyn Fn(&SourceMap, FileId, &Diagnostic)>;
