//! The scheduler against CPython's: random asyncio programs must print the same events in the same order.
//!
//! `tests/schedule/generate.py SEED` writes such a program; the ones in `tests/schedule/` are frozen with the output
//! of CPython 3.13 on a virtual clock (`tests/oracle.py`). A program that found a bug is worth adding: generate it with
//! its seed and commit it with its `.out`.

mod harness;

use std::process::ExitCode;

use harness::case;

fn main() -> ExitCode {
    let mut tests = case::areas_under("tests/schedule");
    tests.extend(case::stressed("tests/schedule"));
    harness::main(tests)
}
