//! What became of a program, as text: exceptions, reports, deadlocks, the tasks that are there.
//!
//! The VM tells of them in plain data (`vm::Failure`, `vm::Report`); here that meets the source texts. `failure` draws exceptions in apy's
//! own form, `classic` in CPython's, `report` the rest. The program `apy`, its tests and embedders show the same texts.

pub mod carets;
pub mod classic;
pub mod failure;
pub mod report;
pub mod style;
pub mod task_tree;
