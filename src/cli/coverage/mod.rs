//! Which lines of a project its tests ran: `apy test --cov`.
//!
//! The compiler leaves `Cover` instructions in code that is to be measured, and in no other: a run without `--cov` costs nothing.
//! Every process of a run notes which statements ran (`record`) and writes them to a folder when it ends; `lines` finds the
//! statements of a file, `report` puts both together, `format` writes it.

mod format;
mod lines;
pub mod record;
mod report;

pub use self::format::write;
pub use self::report::{MeasuredPaths, report};
