//! Goldens: one test for each program in `tests/golden/<area>/`, and one more for each under gc-stress.
//!
//! What a program must print comes from CPython 3.13 (`tests/oracle.py`); `tests/golden/README.md` says how to add one.
//! The folder `later` holds programs whose modules do not exist yet; they are run by the oracle only.

mod harness;

use std::process::ExitCode;

use harness::case;

/// Folders under `tests/golden` that wait for modules to come.
const LATER: [&str; 1] = ["later"];

fn main() -> ExitCode {
    let mut tests = case::cases_under("tests/golden", &LATER);
    tests.extend(case::stressed("tests/golden", &LATER));
    harness::main(tests)
}
